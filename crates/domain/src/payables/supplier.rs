//! Suppliers: whom the company owes.

use jiff::Timestamp;
use jiff::civil::Date;

use super::{Cuit, DetailText, Details, SupplierDetail};
use crate::{Company, Given, Name, SupplierId, Text, civil_at};

/// A supplier's name before the law: 1 to 60 characters.
pub type LegalName = Text<60>;

/// Whom the company buys from and owes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supplier {
    /// Its id.
    pub id: SupplierId,
    /// The name it is known by.
    pub trade_name: Name,
    /// Its name before the law.
    pub legal_name: LegalName,
    /// Its tax number, unique in the company.
    pub tax_id: Option<Cuit>,
    /// Whether the company still buys from it. What it is owed is paid all the same.
    pub is_active: bool,
    /// The company's local date when it was made.
    pub registered_on: Date,
    /// What else is known of it.
    pub details: Details<SupplierDetail>,
    /// The user who made or changed it last.
    pub changed_by: Text<128>,
}

/// A wish to make or change a supplier: what is absent is left as it is, or empty in a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierRow {
    /// The supplier to change; a new one where `None`.
    pub id: Option<SupplierId>,
    /// The name it is known by.
    pub trade_name: Option<Name>,
    /// Its name before the law.
    pub legal_name: Option<LegalName>,
    /// Its tax number.
    pub tax_id: Given<Cuit>,
    /// Whether the company still buys from it.
    pub is_active: Option<bool>,
    /// What else is said of it; `None` clears a detail.
    pub details: Vec<(SupplierDetail, Option<DetailText>)>,
}

/// A [`SupplierRow`] with the user who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierCommand {
    /// What is said.
    pub row: SupplierRow,
    /// Who says it.
    pub changed_by: Text<128>,
}

/// What must be known to decide a [`SupplierCommand`].
#[derive(Debug, Clone)]
pub struct SupplierFacts<'a> {
    /// The company.
    pub company: &'a Company,
    /// The supplier to change.
    pub known: Option<Supplier>,
    /// Who has the row's tax number.
    pub tax_id_holder: Option<SupplierId>,
    /// The id of the next supplier.
    pub next_supplier: SupplierId,
}

/// What comes of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SupplierDecision {
    /// A supplier to be kept.
    Kept(Box<Supplier>),
    /// The row says what is known; nothing is kept.
    Unchanged(Box<Supplier>),
}

/// Why a supplier was not kept, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SupplierRefusal {
    /// No supplier of that id.
    #[error("no such supplier")]
    SupplierUnknown,
    /// A new supplier needs both names.
    #[error("a supplier has two names")]
    NameMissing,
    /// Another supplier has the tax number.
    #[error("another supplier has this tax number")]
    TaxIdTaken {
        /// Which one.
        holder: SupplierId,
    },
}

/// Decides a row. Refusals in the order of [`SupplierRefusal`].
pub fn decide_supplier(
    facts: SupplierFacts<'_>,
    command: &SupplierCommand,
    now: Timestamp,
) -> Result<SupplierDecision, SupplierRefusal> {
    let SupplierCommand { row, changed_by } = command;
    let before = match (row.id, facts.known) {
        (Some(_), None) => return Err(SupplierRefusal::SupplierUnknown),
        (None, _) => None,
        (Some(_), known) => known,
    };
    let mut supplier = match &before {
        Some(known) => known.clone(),
        None => Supplier {
            id: facts.next_supplier,
            trade_name: row.trade_name.clone().ok_or(SupplierRefusal::NameMissing)?,
            legal_name: row.legal_name.clone().ok_or(SupplierRefusal::NameMissing)?,
            tax_id: None,
            is_active: true,
            registered_on: civil_at(facts.company, now).date(),
            details: Details::new(),
            changed_by: changed_by.clone(),
        },
    };
    restate(&mut supplier, row);
    if let Some(holder) = facts.tax_id_holder.filter(|holder| *holder != supplier.id) {
        return Err(SupplierRefusal::TaxIdTaken { holder });
    }
    if before.as_ref() == Some(&supplier) {
        return Ok(SupplierDecision::Unchanged(Box::new(supplier)));
    }
    supplier.changed_by = changed_by.clone();
    Ok(SupplierDecision::Kept(Box::new(supplier)))
}

fn restate(supplier: &mut Supplier, row: &SupplierRow) {
    if let Some(name) = &row.trade_name {
        supplier.trade_name = name.clone();
    }
    if let Some(name) = &row.legal_name {
        supplier.legal_name = name.clone();
    }
    supplier.tax_id = row.tax_id.clone().or(supplier.tax_id);
    supplier.is_active = row.is_active.unwrap_or(supplier.is_active);
    for (kind, text) in &row.details {
        match text {
            Some(text) => supplier.details.insert(*kind, text.clone()),
            None => supplier.details.remove(kind),
        };
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::policy::tests::company_with;

    const NOW: &str = "2024-08-17T02:30:00Z";

    fn text<const MAX: usize>(text: &str) -> Text<MAX> {
        Text::from_text(text).unwrap()
    }

    pub(crate) fn row() -> SupplierRow {
        SupplierRow {
            id: None,
            trade_name: Some(text("La Quebrada")),
            legal_name: Some(text("La Quebrada S.R.L.")),
            tax_id: Given::Value(Some(Cuit::from_text("20-12345678-6").unwrap())),
            is_active: None,
            details: vec![(SupplierDetail::Email, Some(text("ventas@quebrada.example")))],
        }
    }

    fn decide(
        change: impl FnOnce(&mut SupplierFacts<'_>, &mut SupplierRow),
    ) -> Result<SupplierDecision, SupplierRefusal> {
        let company = company_with(&[]);
        let next_supplier = SupplierId::from_i64(7).unwrap();
        let mut facts =
            SupplierFacts { company: &company, known: None, tax_id_holder: None, next_supplier };
        let mut row = row();
        change(&mut facts, &mut row);
        let changed_by = text(if facts.known.is_some() { "eva" } else { "ana" });
        decide_supplier(facts, &SupplierCommand { row, changed_by }, NOW.parse().unwrap())
    }

    fn made() -> Supplier {
        match decide(|_, _| ()) {
            Ok(SupplierDecision::Kept(supplier)) => *supplier,
            other => panic!("not kept: {other:?}"),
        }
    }

    fn edited(change: impl FnOnce(&mut SupplierRow)) -> Result<SupplierDecision, SupplierRefusal> {
        decide(|facts, row| {
            facts.known = Some(made());
            facts.tax_id_holder = Some(made().id);
            *row = SupplierRow {
                id: Some(made().id),
                trade_name: None,
                legal_name: None,
                tax_id: Given::Absent,
                is_active: None,
                details: Vec::new(),
            };
            change(row);
        })
    }

    #[test]
    fn a_new_supplier_takes_the_next_id_and_the_companys_date() {
        let supplier = made();
        assert_eq!(supplier.id.to_i64(), 7);
        assert_eq!(supplier.registered_on.to_string(), "2024-08-16");
        assert!(supplier.is_active);
        assert_eq!(supplier.details.len(), 1);
        assert_eq!(supplier.changed_by.as_str(), "ana");
    }

    #[test]
    fn what_is_absent_is_left_and_what_is_empty_is_cleared() {
        assert_eq!(edited(|_| ()), Ok(SupplierDecision::Unchanged(Box::new(made()))));
        let changed = edited(|row| {
            row.trade_name = Some(text("Quebrada"));
            row.tax_id = Given::Value(None);
            row.is_active = Some(false);
            row.details = vec![
                (SupplierDetail::Email, None),
                (SupplierDetail::Phone, Some(text("4-222-3333"))),
            ];
        });
        let expected = Supplier {
            trade_name: text("Quebrada"),
            tax_id: None,
            is_active: false,
            details: [(SupplierDetail::Phone, text("4-222-3333"))].into(),
            changed_by: text("eva"),
            ..made()
        };
        assert_eq!(changed, Ok(SupplierDecision::Kept(Box::new(expected))));
    }

    #[test]
    fn each_refusal_comes_in_its_place() {
        use SupplierRefusal as No;
        let unknown = decide(|facts, row| {
            row.id = Some(SupplierId::FIRST);
            row.trade_name = None;
            facts.tax_id_holder = Some(SupplierId::FIRST);
        });
        assert_eq!(unknown, Err(No::SupplierUnknown));
        let nameless = decide(|facts, row| {
            row.legal_name = None;
            facts.tax_id_holder = Some(SupplierId::FIRST);
        });
        assert_eq!(nameless, Err(No::NameMissing));
        let taken = decide(|facts, _| facts.tax_id_holder = Some(SupplierId::FIRST));
        assert_eq!(taken, Err(No::TaxIdTaken { holder: SupplierId::FIRST }));
    }
}
