//! What an older system had: suppliers and payouts under the ids they have.

use ventanilla_domain::{
    CompanyId, Event, Payout, PayoutCommand, PayoutDecision, PayoutFacts, PayoutId, PayoutRefusal,
    Supplier, SupplierCommand, SupplierDecision, SupplierFacts, SupplierId, SupplierRefusal,
    decide_payout, decide_supplier,
};
use ventanilla_store::StoreError;

use super::DeskRefusal;
use super::entering::{payout_facts, supplier_facts};
use crate::{Failure, Service};

/// Something with the id it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastPayable<I, T> {
    /// The id it has. The ids after it are given from now on.
    pub id: I,
    /// What it says.
    pub says: T,
}

impl Service {
    /// Keeps a supplier under the id it has. An id that is in use breaks a rule that must stand.
    ///
    /// Refuses an unknown company, then in the order of [`SupplierRefusal`].
    pub async fn record_past_supplier(
        &self,
        company: CompanyId,
        past: PastPayable<SupplierId, SupplierCommand>,
    ) -> Result<Supplier, Failure<DeskRefusal<SupplierRefusal>>> {
        self.write(move |tx, now| {
            let Some(company) = tx.company(company)? else {
                return Ok(Err(DeskRefusal::CompanyUnknown));
            };
            if tx.view().supplier(company.id, past.id)?.is_some() {
                let what = "a supplier of the past has an id that is in use";
                return Err(StoreError::Damaged { what, cause: None });
            }
            let facts = supplier_facts(tx, &company, &past.says.row)?;
            let facts = SupplierFacts { next_supplier: past.id, ..facts };
            match decide_supplier(facts, &past.says, now) {
                Err(refusal) => Ok(Err(DeskRefusal::Act(refusal))),
                Ok(SupplierDecision::Unchanged(supplier)) => Ok(Ok(*supplier)),
                Ok(SupplierDecision::Kept(supplier)) => {
                    tx.append(company.id, Event::SupplierKept(supplier.clone()), now)?;
                    Ok(Ok(*supplier))
                }
            }
        })
        .await
    }

    /// Keeps a payout under the id it has; a name of an attempt that has one tells that one. An id
    /// that is in use breaks a rule that must stand.
    ///
    /// Refuses an unknown company, then in the order of [`PayoutRefusal`].
    pub async fn record_past_payout(
        &self,
        company: CompanyId,
        past: PastPayable<PayoutId, PayoutCommand>,
    ) -> Result<Payout, Failure<DeskRefusal<PayoutRefusal>>> {
        self.write(move |tx, now| {
            let Some(company) = tx.company(company)? else {
                return Ok(Err(DeskRefusal::CompanyUnknown));
            };
            let facts = payout_facts(tx, &company, &past.says)?;
            let facts = PayoutFacts { next_payout: past.id, ..facts };
            match decide_payout(facts, past.says.clone(), now) {
                Err(refusal) => Ok(Err(DeskRefusal::Act(refusal))),
                Ok(PayoutDecision::Replayed(payout)) => Ok(Ok(*payout)),
                Ok(PayoutDecision::Accepted(payout)) => {
                    tx.append(company.id, Event::PayoutMade(payout.clone()), now)?;
                    Ok(Ok(*payout))
                }
            }
        })
        .await
    }
}
