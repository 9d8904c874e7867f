//! A file of members.

use std::collections::HashMap;

use jiff::Timestamp;
use ventanilla_domain::{
    BillVersion, Company, Contract, ContractCode, Currency, Event, FileId, MemberDecision,
    MemberFacts, MemberId, MemberRefusal, MemberRow, SourceLine, decide_member,
};
use ventanilla_store::{Counters, StoreError, Tx, View};

use super::{Kind, Outcomes, TakeRow, no_counters};
use crate::import::{
    ImportRefusal, LineOutcome, LineVerdict, MemberRows, Scan, Source, Subject, Verdict,
    code_used_before, contract_repeated, differing_column, holder_unsure, member_differs,
    member_refused,
};

/// A file of members.
#[derive(Default)]
pub(in crate::import) struct Members {
    /// The line of each contract's code.
    contracts: HashMap<ContractCode, u64>,
    /// The first line of each member, and what it says.
    said: HashMap<MemberId, (u64, MemberRow)>,
    /// Contracts that lines of the file give another code, by the code they had.
    freed: HashMap<ContractCode, Contract>,
    /// The first line that cannot be taken: it may be one that gives a contract another code.
    first_bad: Option<u64>,
    /// No id below this was free in the check: neither books nor file give one back.
    free_from: Option<MemberId>,
}

impl Kind for Members {
    type Row = MemberRow;
    type Key = ContractCode;

    fn each_row(
        source: &mut dyn Source,
        scan: &Scan,
        _: Currency,
        take: &mut TakeRow<'_, MemberRow>,
    ) -> Result<(), ImportRefusal> {
        let mut rows = MemberRows::new(source, scan)?;
        while let Some(row) = rows.next() {
            if !take(row?, rows.bytes_read()) {
                break;
            }
        }
        Ok(())
    }

    fn key(row: &MemberRow) -> ContractCode {
        row.code.clone()
    }

    fn subject(key: &ContractCode) -> Subject<'_> {
        Subject::Contract(key)
    }

    fn check(
        &mut self,
        view: &View<'_>,
        company: &Company,
        line: u64,
        row: MemberRow,
    ) -> Result<Result<LineOutcome, Verdict>, StoreError> {
        if let Some(verdict) = self.repeats(line, &row) {
            return Ok(Err(verdict));
        }
        let counters = view.counters(company.id)?.ok_or_else(no_counters)?;
        let mut free_from = self.free_from;
        let facts =
            self.facts(view, company, &counters, &row, Some(&self.freed), &mut free_from)?;
        self.free_from = free_from;
        let former = facts.former.clone();
        let known = facts.contract.clone();
        let decision = match decide_member(facts, row.clone()) {
            Ok(decision) => decision,
            Err(refusal) => return Ok(Err(member_refused(line, refusal))),
        };
        if let Some(verdict) = self.contradicts(line, &row, &decision) {
            return Ok(Err(verdict));
        }
        if let (Some(bad), true) = (self.first_bad, takes_over(known.as_ref(), &decision)) {
            return Ok(Err(holder_unsure(line, &row.code, bad)));
        }
        if let (Some(former), Some(contract)) = (former, &decision.contract)
            && former.key == contract.key
            && former.code != contract.code
        {
            self.freed.insert(former.code, contract.clone());
        }
        Ok(Ok(outcome(&decision)))
    }

    fn note_bad(&mut self, line: u64) {
        self.first_bad.get_or_insert(line);
    }

    fn prepare(
        &self,
        _: &Company,
        row: MemberRow,
        _: SourceLine,
    ) -> Result<Option<BillVersion>, MemberRow> {
        Err(row)
    }

    fn keep(
        &self,
        tx: &mut Tx<'_>,
        company: &Company,
        _: FileId,
        rows: &[(u64, MemberRow)],
        now: Timestamp,
    ) -> Result<Outcomes, StoreError> {
        let mut outcomes = Vec::with_capacity(rows.len());
        // Known of this transaction alone: if it fails, what it gave is free again.
        let mut free_from = None;
        for (line, row) in rows {
            let counters = tx.counters(company.id)?.ok_or_else(no_counters)?;
            let facts = self.facts(&tx.view(), company, &counters, row, None, &mut free_from)?;
            let is_freed = match (self.freed.get(&row.code), &facts.contract) {
                // The check gave it another code, and that was refused since.
                (Some(freed), Some(contract)) => freed.key != contract.key,
                _ => true,
            };
            let outcome = match decide_member(facts, row.clone()) {
                _ if !is_freed => Err(member_refused(*line, MemberRefusal::CodeTaken)),
                Err(refusal) => Err(member_refused(*line, refusal)),
                Ok(decision) => {
                    let outcome = outcome(&decision);
                    keep_decision(tx, company, decision, now)?;
                    Ok(outcome)
                }
            };
            outcomes.push((*line, outcome));
        }
        Ok(outcomes)
    }
}

impl Members {
    /// The verdict on a row whose code an earlier line has said already.
    fn repeats(&mut self, line: u64, row: &MemberRow) -> Option<Verdict> {
        let first = *self.contracts.entry(row.code.clone()).or_insert(line);
        if first != line {
            return Some(contract_repeated(line, &row.code, first));
        }
        let former = row.former_code.as_ref().filter(|code| **code != row.code)?;
        let first = self.contracts.get(former)?;
        Some(code_used_before(line, former, *first))
    }

    /// The verdict on a row that says something else of its member than an earlier line.
    fn contradicts(
        &mut self,
        line: u64,
        row: &MemberRow,
        decision: &MemberDecision,
    ) -> Option<Verdict> {
        let member = decision.holder?;
        let (first, said) = self.said.entry(member).or_insert_with(|| (line, row.clone()));
        let column = differing_column(said, row)?;
        Some(member_differs(line, column, member, *first))
    }

    /// What must be known of a row. A code in `freed` has no contract any more.
    fn facts(
        &self,
        view: &View<'_>,
        company: &Company,
        counters: &Counters,
        row: &MemberRow,
        freed: Option<&HashMap<ContractCode, Contract>>,
        free_from: &mut Option<MemberId>,
    ) -> Result<MemberFacts, StoreError> {
        let freed = |code: &ContractCode| freed.and_then(|freed| freed.get(code));
        let of_code = |code: &ContractCode| match freed(code) {
            Some(_) => Ok(None),
            None => view.contract(company.id, code),
        };
        let contract = of_code(&row.code)?;
        let retired = match (&contract, freed(&row.code)) {
            (Some(_), _) => None,
            (None, Some(freed)) => Some(freed.clone()),
            (None, None) => view.once_called(company.id, &row.code)?.pop(),
        };
        let mut former = None;
        let mut had_former_code = false;
        if let Some(code) = &row.former_code {
            former = of_code(code)?;
            let key = contract.as_ref().map(|contract| contract.key);
            let once = view.once_called(company.id, code)?;
            had_former_code = once.iter().any(|contract| Some(contract.key) == key);
        }
        let own = contract.as_ref().or(former.as_ref());
        let (member, next_member) = match row.member.or(own.map(|contract| contract.member)) {
            Some(member) => (view.member(company.id, member)?, counters.next_member),
            None => (None, self.free_member(view, company, counters.next_member, free_from)?),
        };
        let next_contract = counters.next_contract;
        Ok(MemberFacts {
            contract,
            retired,
            had_former_code,
            former,
            member,
            next_member,
            next_contract,
        })
    }

    /// The first id from `next` on that neither the books nor the file have, and where to begin to
    /// look for the one after it.
    fn free_member(
        &self,
        view: &View<'_>,
        company: &Company,
        next: MemberId,
        free_from: &mut Option<MemberId>,
    ) -> Result<MemberId, StoreError> {
        let mut next = free_from.map_or(next, |free_from| free_from.max(next));
        while self.said.contains_key(&next) || view.member(company.id, next)?.is_some() {
            next = next.checked_next().map_err(|cause| StoreError::Damaged {
                what: "the members' ids are exhausted",
                cause: Some(cause.into()),
            })?;
        }
        *free_from = Some(next);
        Ok(next)
    }
}

/// Whether a row takes a known contract over to another member.
fn takes_over(known: Option<&Contract>, decision: &MemberDecision) -> bool {
    let holders = known.zip(decision.contract.as_ref());
    holders.is_some_and(|(known, new)| known.key == new.key && known.member != new.member)
}

fn outcome(decision: &MemberDecision) -> LineOutcome {
    let verdict = match decision {
        MemberDecision { is_new: true, .. } => LineVerdict::New,
        MemberDecision { member: None, contract: None, .. } => LineVerdict::Unchanged,
        MemberDecision { .. } => LineVerdict::Changed,
    };
    LineOutcome { verdict, difference_minor: 0, replaced: None }
}

fn keep_decision(
    tx: &mut Tx<'_>,
    company: &Company,
    decision: MemberDecision,
    now: Timestamp,
) -> Result<(), StoreError> {
    if let Some(member) = decision.member {
        tx.append(company.id, Event::MemberKept(Box::new(member)), now)?;
    }
    if let Some(contract) = decision.contract {
        tx.append(company.id, Event::ContractKept(Box::new(contract)), now)?;
    }
    Ok(())
}
