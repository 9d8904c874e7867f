//! Bills of a synthetic company.

use std::fmt::Write as _;

use super::Installation;

/// A small file of members.
pub(crate) const MEMBERS: &str = "contrato,nombre\n1,Socio Uno\n2,Socio Dos\n";
/// Their bills.
pub(crate) const BILLS: &str =
    "factura,contrato,periodo,monto\n1001,1,202401,10.00\n1002,2,202401,20.50\n";

/// A bill that a test imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bill {
    pub(crate) id: i64,
    pub(crate) contract: u32,
    pub(crate) period: u32,
    pub(crate) amount_minor: i64,
}

impl Bill {
    /// The body of the request that pays it.
    pub(crate) fn to_payment(self, key: Option<&str>) -> String {
        let Self { id, contract, period, .. } = self;
        let amount = self.to_amount();
        let key = key.map(|key| format!(r#","IdTransaccion":"{key}""#)).unwrap_or_default();
        format!(
            r#"{{"IdFactura":{id},"Periodo":"{period}","Contrato":"{contract}","Monto":{amount}{key}}}"#
        )
    }

    /// Its amount with two decimals.
    pub(crate) fn to_amount(self) -> String {
        format!("{}.{:02}", self.amount_minor / 100, self.amount_minor % 100)
    }
}

/// Bills of a synthetic company: so many contracts, from contract 1 and bill 1001 on.
pub(crate) fn bills(contracts: u32, bills_per_contract: u32) -> Vec<Bill> {
    let bill = |contract: u32, number: u32| {
        let count = i64::from((contract - 1) * bills_per_contract + number);
        Bill {
            id: 1001 + count,
            contract,
            period: 202_401 + number,
            amount_minor: 1_000 + count * 37 % 9_000,
        }
    };
    let contracts = 1..=contracts;
    contracts
        .flat_map(|contract| (0..bills_per_contract).map(move |number| bill(contract, number)))
        .collect()
}

/// The files of bills and of the members who owe them: members first.
pub(crate) fn files(bills: &[Bill]) -> (String, String) {
    let mut members = "contrato,nombre\n".to_owned();
    let last = bills.iter().map(|bill| bill.contract).max().unwrap_or_default();
    for contract in 1..=last {
        writeln!(members, "{contract},Socio de prueba {contract}").unwrap();
    }
    let mut lines = "factura,contrato,periodo,monto\n".to_owned();
    for bill in bills {
        let Bill { id, contract, period, .. } = bill;
        writeln!(lines, "{id},{contract},{period},{}", bill.to_amount()).unwrap();
    }
    (members, lines)
}

/// Imports bills and the members who owe them into company 13 of `datos`.
pub(crate) fn import(installation: &Installation, bills: &[Bill]) {
    let (members, lines) = files(bills);
    installation.write("socios.csv", members);
    installation.write("facturas.csv", lines);
    installation.done(&["import", "members", "socios.csv", "--data", "datos"]);
    installation.done(&["import", "bills", "facturas.csv", "--data", "datos"]);
}

/// Members 1 and 2, and bills 1 to 9 of member 1, of 10.00 to 90.00.
pub(crate) fn with_bills() -> Installation {
    let installation = Installation::with_company();
    installation.write("socios.csv", MEMBERS);
    installation.done(&["import", "members", "socios.csv", "--data", "datos"]);
    let mut march = "factura,contrato,periodo,monto\n".to_owned();
    march.extend((1..=9).map(|bill| format!("{bill},1,20240{bill},{bill}0\n")));
    installation.write("marzo.csv", march);
    installation.done(&["import", "bills", "marzo.csv", "--data", "datos"]);
    installation
}

/// A file of the bills of [`with_bills`] of which every thing may come but a bad line.
pub(crate) const APRIL: &str = "factura,contrato,periodo,monto,estado,reemplaza\n\
                     1,1,202401,15.00,,\n\
                     2,1,202402,20.00,,\n\
                     3,1,202403,33.50,,\n\
                     4,1,202404,40.00,anulada,\n\
                     5,1,202405,50.00,pagada_fuera,\n\
                     10,1,202407,70.25,,6\n\
                     7,1,202407,70.00,,\n\
                     8,1,202408,80.00,,\n";
