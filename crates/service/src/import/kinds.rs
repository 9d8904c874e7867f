//! What a file of members and a file of bills do differently.

use std::collections::HashMap;

use jiff::Timestamp;
use ventanilla_domain::{
    Bill, BillDecision, BillFacts, BillId, BillRefusal, BillRow, BillState, BillVersion, Company,
    CompanyId, ContractCode, Currency, Event, Given, MemberDecision, MemberFacts, MemberId,
    MemberRefusal, MemberRow, SourceLine, decide_bill, decide_member,
};
use ventanilla_store::{Counters, StoreError, Tx, View};

use super::run::LineOutcome;
use super::{
    BillRows, ImportRefusal, Judged, MemberRows, Scan, Source, Verdict, bill_refused,
    bill_repeated, contract_repeated, differing_column, member_differs, member_refused,
    replaced_elsewhere, replaced_twice,
};
use crate::Failure;
use crate::collecting::bill_by_number;

/// Takes a row with the bytes of the file read so far.
pub(super) type TakeRow<'t, R> =
    dyn FnMut(Judged<R>, u64) -> Result<(), Failure<ImportRefusal>> + 't;

/// A kind of file. The value remembers the lines seen, so that no two say a thing twice.
pub(super) trait Kind: Default + Send + Sync + 'static {
    type Row: Clone + Send + Sync + 'static;
    type Decision;
    type Refusal: Copy + Send;

    fn each_row(
        source: &mut dyn Source,
        scan: &Scan,
        currency: Currency,
        take: &mut TakeRow<'_, Self::Row>,
    ) -> Result<(), Failure<ImportRefusal>>;

    /// The verdict on a row that an earlier line of the file has said already.
    fn repeats(&mut self, line: u64, row: &Self::Row) -> Option<Verdict>;

    /// Whether a refusal rests on a bill that an earlier line of the same file brings.
    fn is_settled_by_file(&self, row: &Self::Row, refusal: Self::Refusal) -> bool;

    fn decide(
        &self,
        view: &View<'_>,
        company: &Company,
        counters: &Counters,
        row: Self::Row,
        at: SourceLine,
    ) -> Result<Result<Self::Decision, Self::Refusal>, StoreError>;

    /// The verdict on a row that says something else of a thing than an earlier line of the file.
    fn contradicts(
        &mut self,
        line: u64,
        row: &Self::Row,
        decision: &Self::Decision,
    ) -> Option<Verdict>;

    fn outcome(decision: &Self::Decision) -> LineOutcome;

    fn verdict(line: u64, refusal: Self::Refusal) -> Verdict;

    fn keep(
        tx: &mut Tx<'_>,
        company: CompanyId,
        decision: Self::Decision,
        now: Timestamp,
    ) -> Result<(), StoreError>;
}

/// A file of members.
#[derive(Default)]
pub(super) struct Members {
    contracts: HashMap<ContractCode, u64>,
    members: HashMap<MemberId, (u64, MemberRow)>,
}

impl Kind for Members {
    type Row = MemberRow;
    type Decision = MemberDecision;
    type Refusal = MemberRefusal;

    fn each_row(
        source: &mut dyn Source,
        scan: &Scan,
        _: Currency,
        take: &mut TakeRow<'_, MemberRow>,
    ) -> Result<(), Failure<ImportRefusal>> {
        let mut rows = MemberRows::new(source, scan).map_err(Failure::Refused)?;
        while let Some(row) = rows.next() {
            take(row.map_err(Failure::Refused)?, rows.bytes_read())?;
        }
        Ok(())
    }

    fn repeats(&mut self, line: u64, row: &MemberRow) -> Option<Verdict> {
        let first = *self.contracts.entry(row.code.clone()).or_insert(line);
        (first != line).then(|| contract_repeated(line, &row.code, first))
    }

    fn is_settled_by_file(&self, _: &MemberRow, _: MemberRefusal) -> bool {
        false
    }

    fn contradicts(
        &mut self,
        line: u64,
        row: &MemberRow,
        decision: &MemberDecision,
    ) -> Option<Verdict> {
        let member = decision.holder?;
        let (first, said) = self.members.entry(member).or_insert_with(|| (line, row.clone()));
        let column = differing_column(said, row)?;
        Some(member_differs(line, column, member, *first))
    }

    fn decide(
        &self,
        view: &View<'_>,
        company: &Company,
        counters: &Counters,
        row: MemberRow,
        _: SourceLine,
    ) -> Result<Result<MemberDecision, MemberRefusal>, StoreError> {
        let contract = view.contract(company.id, &row.code)?;
        let holder = row.member.or(contract.as_ref().map(|contract| contract.member));
        let member = match holder {
            Some(member) => view.member(company.id, member)?,
            None => None,
        };
        let next_member = self.free_member(view, company, counters.next_member)?;
        let next_contract = counters.next_contract;
        Ok(decide_member(MemberFacts { contract, member, next_member, next_contract }, row))
    }

    fn outcome(decision: &MemberDecision) -> LineOutcome {
        match decision {
            MemberDecision { is_new: true, .. } => LineOutcome::New(0),
            MemberDecision { member: None, contract: None, .. } => LineOutcome::Unchanged,
            MemberDecision { .. } => LineOutcome::Changed(0),
        }
    }

    fn verdict(line: u64, refusal: MemberRefusal) -> Verdict {
        member_refused(line, refusal)
    }

    fn keep(
        tx: &mut Tx<'_>,
        company: CompanyId,
        decision: MemberDecision,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(member) = decision.member {
            tx.append(company, Event::MemberKept(Box::new(member)), None, now)?;
        }
        if let Some(contract) = decision.contract {
            tx.append(company, Event::ContractKept(Box::new(contract)), None, now)?;
        }
        Ok(())
    }
}

impl Members {
    /// The first id from `next` on that neither the books nor the file have.
    fn free_member(
        &self,
        view: &View<'_>,
        company: &Company,
        next: MemberId,
    ) -> Result<MemberId, StoreError> {
        let mut next = next;
        while self.members.contains_key(&next) || view.member(company.id, next)?.is_some() {
            next = next.checked_next().map_err(|cause| StoreError::Damaged {
                what: "the members' ids are exhausted",
                cause: Some(cause.into()),
            })?;
        }
        Ok(next)
    }
}

/// A file of bills.
#[derive(Default)]
pub(super) struct Bills {
    /// The line of each bill, and whether it says that the bill is annulled.
    bills: HashMap<BillId, (u64, bool)>,
    /// The line that replaces each bill.
    replaced: HashMap<BillId, u64>,
}

impl Kind for Bills {
    type Row = BillRow;
    type Decision = BillDecision;
    type Refusal = BillRefusal;

    fn each_row(
        source: &mut dyn Source,
        scan: &Scan,
        currency: Currency,
        take: &mut TakeRow<'_, BillRow>,
    ) -> Result<(), Failure<ImportRefusal>> {
        let mut rows = BillRows::new(source, scan, currency).map_err(Failure::Refused)?;
        while let Some(row) = rows.next() {
            take(row.map_err(Failure::Refused)?, rows.bytes_read())?;
        }
        Ok(())
    }

    fn repeats(&mut self, line: u64, row: &BillRow) -> Option<Verdict> {
        let is_annulled = row.state == Given::Value(Some(BillState::Annulled));
        let (first, _) = *self.bills.entry(row.bill).or_insert((line, is_annulled));
        if first != line {
            return Some(bill_repeated(line, row.bill, first));
        }
        if let Some(by_line) = self.replaced.get(&row.bill).filter(|_| !is_annulled) {
            return Some(replaced_elsewhere(line, "factura", row.bill, *by_line));
        }
        let replaced = row.replaces?;
        if let Some((own_line, false)) = self.bills.get(&replaced) {
            return Some(replaced_elsewhere(line, "reemplaza", replaced, *own_line));
        }
        let first = *self.replaced.entry(replaced).or_insert(line);
        (first != line).then(|| replaced_twice(line, replaced, first))
    }

    fn is_settled_by_file(&self, row: &BillRow, refusal: BillRefusal) -> bool {
        refusal == BillRefusal::ReplacedUnknown
            && row.replaces.is_some_and(|replaced| self.bills.contains_key(&replaced))
    }

    fn contradicts(&mut self, _: u64, _: &BillRow, _: &BillDecision) -> Option<Verdict> {
        None
    }

    fn decide(
        &self,
        view: &View<'_>,
        company: &Company,
        _: &Counters,
        row: BillRow,
        at: SourceLine,
    ) -> Result<Result<BillDecision, BillRefusal>, StoreError> {
        let contract = view.contract(company.id, &row.contract)?.map(|contract| contract.key);
        let bill = bill_in_force(view, company, Some(row.bill))?;
        let replaced = bill_in_force(view, company, row.replaces)?;
        Ok(decide_bill(BillFacts { company, contract, bill, replaced }, row, at))
    }

    fn outcome(decision: &BillDecision) -> LineOutcome {
        match decision {
            BillDecision::Unchanged => LineOutcome::Unchanged,
            BillDecision::Paid(bill, payment) => LineOutcome::Paid(*bill, *payment),
            BillDecision::Changed(changes) => {
                let difference = changes
                    .iter()
                    .map(|change| owed(&change.version) - change.replaced.as_ref().map_or(0, owed));
                let difference = difference.sum();
                if changes.iter().any(|change| change.replaced.is_none()) {
                    LineOutcome::New(difference)
                } else {
                    LineOutcome::Changed(difference)
                }
            }
        }
    }

    fn verdict(line: u64, refusal: BillRefusal) -> Verdict {
        bill_refused(line, refusal)
    }

    fn keep(
        tx: &mut Tx<'_>,
        company: CompanyId,
        decision: BillDecision,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let BillDecision::Changed(changes) = decision else { return Ok(()) };
        for change in changes {
            let event = Event::BillVersioned(Box::new(change.version));
            tx.append(company, event, change.replaced.as_ref(), now)?;
        }
        Ok(())
    }
}

/// Hundredths that a version says are owed.
fn owed(version: &BillVersion) -> i128 {
    match version.terms.state {
        BillState::Owed => i128::from(version.terms.amount.to_minor()),
        BillState::Annulled | BillState::PaidElsewhere => 0,
    }
}

/// The bill of that number with its version in force.
fn bill_in_force(
    view: &View<'_>,
    company: &Company,
    number: Option<BillId>,
) -> Result<Option<(Bill, BillVersion)>, StoreError> {
    let Some(number) = number else { return Ok(None) };
    let Some(bill) = bill_by_number(view, company, number)? else { return Ok(None) };
    let version = view.version(company, bill.contract, number, bill.version)?;
    let version = version.ok_or(StoreError::Damaged { what: "a bill has no version", cause: None });
    Ok(Some((bill, version?)))
}
