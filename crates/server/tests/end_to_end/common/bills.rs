//! Bills of a synthetic company.

use std::fmt::Write as _;

use super::Installation;

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
