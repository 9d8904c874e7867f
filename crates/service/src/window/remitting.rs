//! What collectors hand over, and what they hold.

use jiff::civil::Date;
use ventanilla_domain::{
    Account, CallerKey, CollectorId, Company, Event, Label, Means, Money, Reason, RemitCommand,
    RemitDecision, RemitFacts, RemitRefusal, Remittance, RemittanceId, RemittanceReversal,
    RemittanceReverseCommand, RemittanceReverseRefusal, Right, decide_remittance,
    decide_remittance_reversal,
};
use ventanilla_store::{CollectorRecord, KeptRemittance, StoreError, View};

use super::receipts::seen_company;
use super::{AtWindow, WINDOW_PAGE_LEN};
use crate::admin::shown;
use crate::payables::counters;
use crate::{Accepted, Collector, NoRefusal, Officer, Service, Subject, What};

/// What a collector handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRemittance {
    /// Who handed it over.
    pub collector: CollectorId,
    /// How much came in.
    pub amount: Money,
    /// What the collector kept for its service.
    pub commission: Money,
    /// How it came.
    pub means: Means,
    /// When it came.
    pub bank_date: Date,
    /// The bank's or the collector's word for it.
    pub reference: Option<Label>,
    /// The name of this attempt: a repeat gets the first remittance.
    pub key: Option<CallerKey>,
}

/// What a collector holds for the company.
#[derive(Debug, Clone)]
pub struct Held {
    /// The collector.
    pub collector: Collector,
    /// What it collected, less what it reversed and handed over; negative where it has paid ahead.
    pub amount: Money,
}

fn about(remittance: RemittanceId) -> Subject {
    Subject { remittance: Some(remittance), ..Subject::default() }
}

impl Service {
    /// Enters what a collector handed over. Needs [`Right::Remit`].
    ///
    /// Refusals in the order of [`crate::OfficeRefusal`] and [`RemitRefusal`].
    pub async fn remit(
        &self,
        officer: &Officer,
        new: NewRemittance,
    ) -> AtWindow<Accepted<Remittance>, RemitRefusal> {
        let (act, recorded_by) = (officer.act(What::Remit), officer.name.clone());
        self.write_for(officer, Right::Remit, move |tx, company, now| {
            let next_remittance = counters(tx, company)?.next_remittance;
            let NewRemittance { collector, amount, commission, means, bank_date, reference, key } =
                new.clone();
            let view = tx.view();
            let repeated = match &key {
                Some(key) => view.remittance_keyed(company.id, key)?,
                None => None,
            };
            let repeated = match repeated {
                Some(id) => view.remittance(company, id)?.map(|kept| kept.remittance),
                None => None,
            };
            let record = view.collector(collector)?;
            let is_collector_known = record.is_some_and(|record| record.company == company.id);
            let facts = RemitFacts { company, repeated, is_collector_known, next_remittance };
            let command = RemitCommand {
                collector,
                amount,
                commission,
                means,
                bank_date,
                reference,
                recorded_by: recorded_by.clone(),
                caller_key: key,
            };
            let made = match decide_remittance(facts, command, now) {
                Err(refusal) => return Ok(Err(refusal)),
                Ok(RemitDecision::Replayed(made)) => {
                    return Ok(Ok(Accepted { act: *made, is_replay: true }));
                }
                Ok(RemitDecision::Accepted(made)) => made,
            };
            tx.append(company.id, Event::RemittanceMade(made.clone()), now)?;
            act.keep(tx, now, Some(company.id), about(made.id))?;
            Ok(Ok(Accepted { act: *made, is_replay: false }))
        })
        .await
    }

    /// Undoes a remittance. Needs [`Right::Remit`].
    ///
    /// Refusals in the order of [`crate::OfficeRefusal`] and [`RemittanceReverseRefusal`].
    pub async fn reverse_remittance(
        &self,
        officer: &Officer,
        remittance: RemittanceId,
        reason: Reason,
    ) -> AtWindow<RemittanceReversal, RemittanceReverseRefusal> {
        let (act, reversed_by) = (officer.act(What::RemitReverse), officer.name.clone());
        self.write_for(officer, Right::Remit, move |tx, company, now| {
            let kept = tx.view().remittance(company, remittance)?;
            let is_reversed = kept.as_ref().is_some_and(|kept| kept.reversal.is_some());
            let kept = kept.map(|kept| kept.remittance);
            let (reason, reversed_by) = (reason.clone(), reversed_by.clone());
            let command = RemittanceReverseCommand { remittance, reason, reversed_by };
            let decided = decide_remittance_reversal(company, kept, is_reversed, command, now);
            let reversal = match decided {
                Ok(reversal) => reversal,
                Err(refusal) => return Ok(Err(refusal)),
            };
            tx.append(company.id, Event::RemittanceReversed(Box::new(reversal.clone())), now)?;
            act.keep(tx, now, Some(company.id), about(remittance))?;
            Ok(Ok(reversal))
        })
        .await
    }

    /// A page of remittances, all or one collector's, the latest first: those before `before`. Needs
    /// [`Right::SeeBooks`].
    pub fn remittances(
        &self,
        officer: &Officer,
        collector: Option<CollectorId>,
        before: Option<RemittanceId>,
    ) -> AtWindow<Vec<KeptRemittance>, NoRefusal> {
        self.read_for(officer, Right::SeeBooks, |view| {
            let company = seen_company(view, officer)?;
            let before = before.map_or(i64::MAX, RemittanceId::to_i64);
            view.remittances_before(&company, collector, before, WINDOW_PAGE_LEN).map(Ok)
        })
    }

    /// What each of the company's collectors holds, by id, as the ledger's balances have it. Needs
    /// [`Right::SeeBooks`].
    pub fn held(&self, officer: &Officer) -> AtWindow<Vec<Held>, NoRefusal> {
        self.settle()?;
        self.read_for(officer, Right::SeeBooks, |view| {
            let company = seen_company(view, officer)?;
            holdings(view, &company).map(Ok)
        })
    }
}

/// What each of a company's collectors holds, by id.
pub(crate) fn holdings(view: &View<'_>, company: &Company) -> Result<Vec<Held>, StoreError> {
    let records = view.collectors()?;
    let own = |record: &&CollectorRecord| record.company == company.id;
    let held = records.iter().filter(own).map(|record| {
        let minor = view.balance(company.id, &Account::Collector(record.id))?;
        let amount = Money::from_minor(minor, company.currency);
        Ok(Held { collector: shown(record), amount })
    });
    held.collect()
}
