//! What the operator reads of a company's payouts.

use std::ops::RangeInclusive;

use jiff::civil::Date;
use ventanilla_domain::{
    Company, CompanyId, DocumentNumber, Letter, Money, Name, Payout, PayoutId, PayoutNumber,
    PayoutReversal, PurchaseInvoiceId, Supplier, SupplierId,
};
use ventanilla_store::{StoreError, View};

use super::damaged;
use crate::{Failure, Service, SignInName};

/// Payouts read at a time.
const PAGE_LEN: usize = 500;

/// What names a payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayoutName {
    /// Its id.
    Id(PayoutId),
    /// Its printed number.
    Number(PayoutNumber),
}

/// Which payouts are listed: each given selector must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutSelector {
    /// To whom.
    pub supplier: Option<SupplierId>,
    /// The payouts' own dates.
    pub paid_on: RangeInclusive<Date>,
}

impl PayoutSelector {
    fn takes(&self, payout: &Payout) -> bool {
        self.supplier.is_none_or(|supplier| supplier == payout.terms.supplier)
            && self.paid_on.contains(&payout.terms.paid_on)
    }
}

/// A payout in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPayout {
    /// The payout.
    pub payout: Payout,
    /// Whether it was undone.
    pub is_reversed: bool,
    /// The name its supplier is known by now.
    pub supplier_name: Name,
}

/// All that is kept of a payout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPayout {
    /// The payout.
    pub payout: Payout,
    /// Its supplier, as it is known by now.
    pub supplier: Supplier,
    /// The name of the integrator whose program entered it.
    pub integrator: Option<SignInName>,
    /// What it settled, in the order of its terms.
    pub settled: Vec<SettledInvoice>,
    /// How it was undone.
    pub reversal: Option<PayoutReversal>,
}

/// An invoice that a payout settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledInvoice {
    /// The invoice.
    pub id: PurchaseInvoiceId,
    /// Its letter.
    pub letter: Option<Letter>,
    /// Its printed number.
    pub number: DocumentNumber,
    /// How much of it.
    pub amount: Money,
}

/// Why payouts cannot be told of, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PayoutReadRefusal {
    /// No company of that id.
    #[error("no such company")]
    CompanyUnknown,
    /// The company has no such supplier.
    #[error("no such supplier")]
    SupplierUnknown,
    /// The company has no such payout.
    #[error("no such payout")]
    PayoutUnknown,
}

type Read<T> = Result<T, Failure<PayoutReadRefusal>>;

impl Service {
    /// Hands on a company's payouts by id, those undone too, until `on_payout` wants no more and says
    /// false. Each page is of one moment: a list that is read slowly holds no snapshot. Refuses an
    /// unknown company, then an unknown supplier. Blocking.
    pub fn each_payout(
        &self,
        company: CompanyId,
        selector: &PayoutSelector,
        on_payout: &mut dyn FnMut(ListedPayout) -> bool,
    ) -> Read<()> {
        let mut after = Some(0);
        while let Some(start) = after {
            let (page, last) = self.payouts_page(company, selector, start)?;
            if !page.into_iter().all(&mut *on_payout) {
                return Ok(());
            }
            after = last;
        }
        Ok(())
    }

    /// The selected payouts among those after an id, and the last id that was looked at.
    fn payouts_page(
        &self,
        company: CompanyId,
        selector: &PayoutSelector,
        after: i64,
    ) -> Read<(Vec<ListedPayout>, Option<i64>)> {
        self.read_decided(|view| {
            let Some(company) = view.company(company)? else {
                return Ok(Err(PayoutReadRefusal::CompanyUnknown));
            };
            if let Some(supplier) = selector.supplier
                && view.supplier(company.id, supplier)?.is_none()
            {
                return Ok(Err(PayoutReadRefusal::SupplierUnknown));
            }
            let page = view.payouts_after(&company, after, PAGE_LEN)?;
            let last = page.last().map(|(payout, _)| payout.id.to_i64());
            let selected = page.into_iter().filter(|(payout, _)| selector.takes(payout));
            let listed = selected.map(|(payout, is_reversed)| {
                let supplier_name = supplier(view, &company, &payout)?.trade_name;
                Ok(ListedPayout { payout, is_reversed, supplier_name })
            });
            Ok(Ok((listed.collect::<Result<_, StoreError>>()?, last)))
        })
    }

    /// All that is kept of one payout. Refuses an unknown company, then an unknown payout.
    pub fn kept_payout(&self, company: CompanyId, name: PayoutName) -> Read<KeptPayout> {
        self.read_decided(|view| {
            let Some(company) = view.company(company)? else {
                return Ok(Err(PayoutReadRefusal::CompanyUnknown));
            };
            let id = match name {
                PayoutName::Id(id) => Some(id),
                PayoutName::Number(number) => view.payout_numbered(company.id, number)?,
            };
            let payout = match id {
                Some(id) => view.payout(&company, id)?,
                None => None,
            };
            let kept = payout.map(|payout| kept_payout(view, &company, payout)).transpose()?;
            Ok(kept.ok_or(PayoutReadRefusal::PayoutUnknown))
        })
    }
}

fn kept_payout(
    view: &View<'_>,
    company: &Company,
    payout: Payout,
) -> Result<KeptPayout, StoreError> {
    let applied = payout.terms.applied.iter();
    let settled = applied.map(|application| {
        let entered = view.invoice(company, application.invoice)?;
        let entered = entered.ok_or_else(|| damaged("a payout's invoice is missing"))?;
        let terms = entered.invoice.terms;
        let (id, amount) = (application.invoice, application.amount);
        Ok(SettledInvoice { id, letter: terms.letter, number: terms.number, amount })
    });
    let settled = settled.collect::<Result<_, StoreError>>()?;
    let integrator = match payout.integrator {
        Some(id) => view.integrator(id)?.map(|record| record.name),
        None => None,
    };
    let supplier = supplier(view, company, &payout)?;
    let reversal = view.payout_reversal(company, payout.id)?;
    Ok(KeptPayout { payout, supplier, integrator, settled, reversal })
}

fn supplier(view: &View<'_>, company: &Company, of: &Payout) -> Result<Supplier, StoreError> {
    let supplier = view.supplier(company.id, of.terms.supplier)?;
    supplier.ok_or_else(|| damaged("a payout has no supplier"))
}
