//! Comparing what is kept of the suppliers' side with the books rebuilt.

use std::collections::BTreeMap;

use ventanilla_domain::{Account, Company, Money, MoneyError, SupplierId};

use super::{EnteredInvoice, KeptInvoice, KeptPayout, KeptSupplier, Payables};
use crate::memory::Books;
use crate::verify::{Findings, table};
use crate::{StoreError, View};

/// Compares each table with the books rebuilt, and these with their own ledger.
pub(crate) fn compare(
    view: &View<'_>,
    company: &Company,
    books: &mut Books,
    found: &mut Findings,
) -> Result<(), StoreError> {
    compare_ledger(books, found);
    let payables = std::mem::take(&mut books.payables);
    compare_documents(view, company, &payables, found)?;
    table(
        found,
        "payout_application",
        payables.applications,
        |(payout, invoice)| {
            format!("aplicación del pago {payout} a la factura de compra {invoice}")
        },
        |to| view.each_application(company, &mut |(of, amount)| to(of, amount)),
    )?;
    table(
        found,
        "payout_key",
        payables.keys,
        |(integrator, key)| format!("clave {} del integrador {integrator}", key.as_str()),
        |to| view.each_payout_key(company.id, &mut |(key, payout)| to(key, payout)),
    )?;
    table(
        found,
        "payout_reversal",
        payables.reversals,
        |payout| format!("reversión del pago {payout}"),
        |to| view.each_payout_reversal(company, &mut |(payout, reversal)| to(payout, reversal)),
    )
}

fn compare_documents(
    view: &View<'_>,
    company: &Company,
    payables: &Payables,
    found: &mut Findings,
) -> Result<(), StoreError> {
    let suppliers = payables.suppliers.iter();
    table(
        found,
        "supplier",
        suppliers.map(|(id, supplier)| (*id, KeptSupplier::of(supplier))).collect(),
        |id| format!("proveedor {id}"),
        |to| view.each_kept_supplier(company.id, &mut |(id, kept)| to(id, kept)),
    )?;
    let invoices = payables.invoices.iter();
    table(
        found,
        "purchase_invoice",
        invoices.map(|(id, entered)| (*id, KeptInvoice::of(entered))).collect(),
        |id| format!("factura de compra {id}"),
        |to| view.each_kept_invoice(company, &mut |(id, kept)| to(id, kept)),
    )?;
    let payouts = payables.payouts.iter();
    table(
        found,
        "payout",
        payouts.map(|(id, payout)| (*id, KeptPayout::of(payout))).collect(),
        |id| format!("pago {id}"),
        |to| view.each_kept_payout(company, &mut |(id, kept)| to(id, kept)),
    )
}

/// What is open of a supplier's invoices, and what its standing payouts advanced.
#[derive(Debug, Clone, Copy)]
struct Standing {
    open: Money,
    advanced: Money,
}

/// The ledger and the documents tell the same of each supplier, though each is kept by itself.
fn compare_ledger(books: &Books, found: &mut Findings) {
    if let Err(cause) = compare_suppliers(books, found) {
        found.tell(&format!("los importes de los proveedores no se pueden sumar ({cause})"));
    }
}

fn compare_suppliers(books: &Books, found: &mut Findings) -> Result<(), MoneyError> {
    let nothing = Money::zero(books.company.currency);
    let balance = |account: &Account| {
        let minor = books.balances.get(account).copied().unwrap_or(0);
        Money::from_minor(minor, nothing.currency())
    };
    for (supplier, Standing { open, advanced }) in standings(&books.payables, nothing)? {
        let (payable, advance) = (Account::Payable(supplier), Account::Advance(supplier));
        for (account, kept, told, of) in [
            (&payable, nothing.checked_sub(balance(&payable))?, open, "lo impago de sus facturas"),
            (&advance, balance(&advance), advanced, "lo que anticiparon sus pagos"),
        ] {
            if kept != told {
                let (kept, told) = (kept.to_decimal(), told.to_decimal());
                let whose = format!("proveedor {supplier}: la cuenta {account} lleva {kept}");
                found.tell(&format!("{whose} y {of} suma {told}"));
            }
        }
    }
    Ok(())
}

/// How each supplier stands by its documents alone.
fn standings(
    payables: &Payables,
    nothing: Money,
) -> Result<BTreeMap<SupplierId, Standing>, MoneyError> {
    let none = Standing { open: nothing, advanced: nothing };
    let suppliers = payables.suppliers.keys();
    let mut standings: BTreeMap<_, _> = suppliers.map(|supplier| (*supplier, none)).collect();
    for EnteredInvoice { invoice, applied } in payables.invoices.values() {
        let standing = standings.entry(invoice.terms.supplier).or_insert(none);
        let open = invoice.terms.total.checked_sub(*applied)?;
        standing.open = standing.open.checked_add(open)?;
    }
    let payouts = payables.payouts.values();
    for payout in payouts.filter(|payout| !payables.reversals.contains_key(&payout.id)) {
        let standing = standings.entry(payout.terms.supplier).or_insert(none);
        standing.advanced = standing.advanced.checked_add(payout.terms.checked_advance()?)?;
    }
    Ok(standings)
}

#[cfg(test)]
mod tests {
    use ventanilla_domain::{
        CompanyId, Currency, Details, Event, PaymentId, Policy, Supplier, Text, TimeZone,
    };

    use super::*;

    fn words<const MAX: usize>(text: &str) -> Text<MAX> {
        Text::from_text(text).unwrap()
    }

    /// Books with a supplier that has billed nothing and was paid nothing.
    fn books() -> Books {
        let company = Company {
            id: CompanyId::FIRST,
            name: words("Cooplan"),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            policy: Policy::default(),
            issuer: 0,
        };
        let first_payment = PaymentId::FIRST;
        let opened = Event::CompanyOpened { company: Box::new(company), first_payment };
        let mut books = Books::opened(&opened).unwrap();
        let supplier = Supplier {
            id: SupplierId::FIRST,
            trade_name: words("La Quebrada"),
            legal_name: words("La Quebrada S.R.L."),
            tax_id: None,
            is_active: true,
            registered_on: "2021-11-20".parse().unwrap(),
            details: Details::new(),
            changed_by: words("ana"),
        };
        books.payables.suppliers.insert(supplier.id, supplier);
        books
    }

    fn check(balances: &[(Account, i64)], expected: &[&str]) {
        let mut books = books();
        books.balances.extend(balances.iter().cloned());
        let mut found = Findings { prefix: "empresa 1".to_owned(), told: Vec::new() };
        compare_ledger(&books, &mut found);
        let expected: Vec<_> = expected.iter().map(|told| format!("empresa 1: {told}")).collect();
        assert_eq!(found.told, expected);
    }

    #[test]
    fn a_ledger_that_tells_another_debt_than_the_documents_is_told() {
        let payable = Account::Payable(SupplierId::FIRST);
        let advance = Account::Advance(SupplierId::FIRST);
        check(&[], &[]);
        check(&[(payable.clone(), 0), (advance.clone(), 0)], &[]);
        let owed =
            "proveedor 1: la cuenta payable:1 lleva 1.00 y lo impago de sus facturas suma 0.00";
        check(&[(payable.clone(), -100)], &[owed]);
        let paid =
            "proveedor 1: la cuenta advance:1 lleva -0.05 y lo que anticiparon sus pagos suma 0.00";
        check(&[(payable.clone(), -100), (advance, -5)], &[owed, paid]);
        let sum = "los importes de los proveedores no se pueden sumar (the amount is too large)";
        check(&[(payable, i64::MIN)], &[sum]);
    }
}
