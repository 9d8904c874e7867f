//! A file of bills.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use ventanilla_domain::{
    Bill, BillChange, BillDecision, BillFacts, BillId, BillRefusal, BillRow, BillState,
    BillVersion, Company, ContractCode, ContractKey, Currency, FileId, Given, SourceLine,
    decide_bill,
};
use ventanilla_store::{StoreError, Tx, View};

use super::{Kind, Outcomes, TakeRow};
use crate::import::{
    BillRows, ImportRefusal, LineOutcome, LineVerdict, Replaced, Scan, Source, Subject, Verdict,
    bill_refused, bill_repeated, contract_unknown, replaced_elsewhere, replaced_twice,
};

/// A file of bills.
#[derive(Default)]
pub(in crate::import) struct Bills {
    lines: HashMap<BillId, Said>,
    /// The contracts of the bills that lines annul: another line may bring what replaces them.
    annulled: HashMap<BillId, ContractKey>,
    /// The line that replaces each bill.
    replaced: HashMap<BillId, u64>,
    /// Contracts looked up: a file has several bills of each.
    contracts: HashMap<ContractCode, ContractKey>,
}

/// What a line says of its bill. Small: a million of them are remembered.
struct Said {
    line: u32,
    is_annulled: bool,
}

impl Kind for Bills {
    type Row = BillRow;
    type Key = BillId;

    fn each_row(
        source: &mut dyn Source,
        scan: &Scan,
        currency: Currency,
        take: &mut TakeRow<'_, BillRow>,
    ) -> Result<(), ImportRefusal> {
        let mut rows = BillRows::new(source, scan, currency)?;
        while let Some(row) = rows.next() {
            if !take(row?, rows.bytes_read()) {
                break;
            }
        }
        Ok(())
    }

    fn key(row: &BillRow) -> BillId {
        row.bill
    }

    fn subject(key: &BillId) -> Subject<'_> {
        Subject::Bill(*key)
    }

    fn check(
        &mut self,
        view: &View<'_>,
        company: &Company,
        line: u64,
        row: BillRow,
    ) -> Result<Result<LineOutcome, Verdict>, StoreError> {
        if let Some(verdict) = self.repeats(line, &row) {
            return Ok(Err(verdict));
        }
        let contract = self.contract(view, company, &row.contract)?;
        // No file has the id yet: the line is only decided, not kept.
        let at = SourceLine { file: FileId::FIRST, line };
        let known = view.version_in_force(company, row.bill)?;
        if let (Some(contract), Some(known)) = (contract, &known)
            && row.restates(contract, known)
        {
            return Ok(Ok(LineOutcome::plain(LineVerdict::Unchanged, 0)));
        }
        let facts = facts(view, company, contract, known, row.replaces)?;
        let (bill, replaces) = (row.bill, row.replaces);
        let is_annulled = row.state == Given::Value(Some(BillState::Annulled));
        let code = contract.is_none().then(|| row.contract.clone());
        let replacing = row.replaces.is_some().then(|| row.clone());
        let decided = match (decide_bill(facts, row, at), replacing) {
            (Err(BillRefusal::ReplacedUnknown), Some(row)) => self.decide_by_file(company, row, at),
            (Ok(decision), _) => Ok(outcome(&decision, bill)),
            (Err(refusal), _) => Err(refusal),
        };
        // A line that is not applied replaces nothing: another may speak of the bill, or none.
        if decided.is_err()
            || matches!(decided, Ok(LineOutcome { verdict: LineVerdict::Paid(_), .. }))
        {
            replaces.and_then(|replaced| self.replaced.remove(&replaced));
        } else if is_annulled {
            self.annulled.extend(contract.map(|contract| (bill, contract)));
        }
        match decided {
            Ok(outcome) => Ok(Ok(self.beside_others(outcome, bill))),
            Err(refusal) => verdict(view, company, line, code.as_ref(), refusal).map(Err),
        }
    }

    fn note_bad(&mut self, _: u64) {}

    fn prepare(
        &self,
        company: &Company,
        row: BillRow,
        at: SourceLine,
    ) -> Result<Option<BillVersion>, BillRow> {
        let contract = self.contracts.get(&row.contract).copied();
        if contract.is_none() || row.replaces.is_some() {
            return Err(row);
        }
        let facts = BillFacts { company, contract, bill: None, replaced: None };
        Ok(match decide_bill(facts, row, at) {
            Ok(BillDecision::Changed(mut changes)) => changes.pop().map(|change| change.version),
            _ => None,
        })
    }

    fn keep(
        &self,
        tx: &mut Tx<'_>,
        company: &Company,
        file: FileId,
        rows: &[(u64, BillRow)],
        now: Timestamp,
    ) -> Result<Outcomes, StoreError> {
        let mut outcomes = Vec::with_capacity(rows.len());
        let mut waiting = Waiting::default();
        for (line, row) in rows {
            if waiting.touches(row) {
                waiting.keep(tx, company, now)?;
            }
            let at = SourceLine { file, line: *line };
            let contract = tx.view().contract(company.id, &row.contract)?;
            let contract = contract.map(|contract| contract.key);
            let known = tx.view().version_in_force(company, row.bill)?;
            let facts = facts(&tx.view(), company, contract, known, row.replaces)?;
            let outcome = match decide_bill(facts, row.clone(), at) {
                Err(refusal) => {
                    Err(verdict(&tx.view(), company, *line, Some(&row.contract), refusal)?)
                }
                Ok(decision) => {
                    let outcome = outcome(&decision, row.bill);
                    waiting.take(decision);
                    Ok(outcome)
                }
            };
            outcomes.push((*line, outcome));
        }
        waiting.keep(tx, company, now)?;
        Ok(outcomes)
    }
}

impl Bills {
    /// Whether the file has no line of a bill.
    pub(in crate::import) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether the file has a line of the bill, or one that replaces it.
    pub(in crate::import) fn speaks_of(&self, bill: BillId) -> bool {
        self.lines.contains_key(&bill) || self.replaced.contains_key(&bill)
    }

    /// The verdict on a row whose bills an earlier line has said something of already.
    fn repeats(&mut self, line: u64, row: &BillRow) -> Option<Verdict> {
        let is_annulled = row.state == Given::Value(Some(BillState::Annulled));
        match self.lines.entry(row.bill) {
            Entry::Occupied(first) => {
                return Some(bill_repeated(line, row.bill, first.get().line.into()));
            }
            Entry::Vacant(place) => {
                let line = u32::try_from(line).unwrap_or(u32::MAX);
                place.insert(Said { line, is_annulled });
            }
        }
        if let Some(by_line) = self.replaced.get(&row.bill).filter(|_| !is_annulled) {
            return Some(replaced_elsewhere(line, "factura", row.bill, *by_line));
        }
        let replaced = row.replaces?;
        if let Some(said) = self.lines.get(&replaced).filter(|said| !said.is_annulled) {
            return Some(replaced_elsewhere(line, "reemplaza", replaced, said.line.into()));
        }
        let first = *self.replaced.entry(replaced).or_insert(line);
        (first != line).then(|| replaced_twice(line, replaced, first))
    }

    /// What a line changes of what is owed where another line of the file annuls the same bill: one
    /// of the two does.
    fn beside_others(&self, outcome: LineOutcome, bill: BillId) -> LineOutcome {
        let mut outcome = outcome;
        if outcome.verdict == LineVerdict::Annulled && self.replaced.contains_key(&bill) {
            outcome.difference_minor = 0;
        }
        if let Some(replaced) = &mut outcome.replaced
            && self.annulled.contains_key(&replaced.bill)
        {
            replaced.difference_minor = 0;
        }
        outcome
    }

    /// Decides a new bill that replaces one which the books do not know: an earlier line of the file
    /// may bring it, annulled.
    fn decide_by_file(
        &self,
        company: &Company,
        row: BillRow,
        at: SourceLine,
    ) -> Result<LineOutcome, BillRefusal> {
        let contract = self.contracts.get(&row.contract).copied();
        let replaced = row.replaces.ok_or(BillRefusal::ReplacedUnknown)?;
        match self.annulled.get(&replaced) {
            None => return Err(BillRefusal::ReplacedUnknown),
            brought if brought.copied() != contract => {
                return Err(BillRefusal::ReplacedOfAnotherContract);
            }
            Some(_) => {}
        }
        let bill = row.bill;
        let facts = BillFacts { company, contract, bill: None, replaced: None };
        let decision = decide_bill(facts, BillRow { replaces: None, ..row }, at)?;
        let replaced = Some(Replaced { bill: replaced, difference_minor: 0 });
        Ok(LineOutcome { replaced, ..outcome(&decision, bill) })
    }

    fn contract(
        &mut self,
        view: &View<'_>,
        company: &Company,
        code: &ContractCode,
    ) -> Result<Option<ContractKey>, StoreError> {
        if let Some(key) = self.contracts.get(code) {
            return Ok(Some(*key));
        }
        let key = view.contract(company.id, code)?.map(|contract| contract.key);
        if let Some(key) = key {
            self.contracts.insert(code.clone(), key);
        }
        Ok(key)
    }
}

/// Changes that are decided and not kept yet: they go into one entry.
#[derive(Default)]
struct Waiting {
    changes: Vec<BillChange>,
    bills: HashSet<BillId>,
}

impl Waiting {
    /// Whether a row's decision rests on a bill whose change waits.
    fn touches(&self, row: &BillRow) -> bool {
        self.bills.contains(&row.bill)
            || row.replaces.is_some_and(|replaced| self.bills.contains(&replaced))
    }

    fn take(&mut self, decision: BillDecision) {
        if let BillDecision::Changed(changes) = decision {
            self.bills.extend(changes.iter().map(|change| change.version.bill));
            self.changes.extend(changes);
        }
    }

    fn keep(
        &mut self,
        tx: &mut Tx<'_>,
        company: &Company,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.bills.clear();
        let changes = std::mem::take(&mut self.changes);
        if changes.is_empty() { Ok(()) } else { tx.append_bills(company.id, changes, now) }
    }
}

/// What must be known of a row; `known` is the version in force of its bill.
fn facts<'c>(
    view: &View<'_>,
    company: &'c Company,
    contract: Option<ContractKey>,
    known: Option<BillVersion>,
    replaces: Option<BillId>,
) -> Result<BillFacts<'c>, StoreError> {
    let bill = standing(view, company, known)?;
    let other = match replaces {
        Some(other) => standing(view, company, view.version_in_force(company, other)?)?,
        None => None,
    };
    Ok(BillFacts { company, contract, bill, replaced: other })
}

/// The bill that a version in force is of.
pub(in crate::import) fn standing(
    view: &View<'_>,
    company: &Company,
    version: Option<BillVersion>,
) -> Result<Option<(Bill, BillVersion)>, StoreError> {
    let Some(version) = version else { return Ok(None) };
    let bill = view.bill(company, version.contract, version.bill)?;
    let no_bill = StoreError::Damaged { what: "a version has no bill", cause: None };
    bill.map(|bill| Some((bill, version))).ok_or(no_bill)
}

/// The verdict on a row that the rules refuse; it names the code that a contract has now.
fn verdict(
    view: &View<'_>,
    company: &Company,
    line: u64,
    code: Option<&ContractCode>,
    refusal: BillRefusal,
) -> Result<Verdict, StoreError> {
    let (BillRefusal::ContractUnknown, Some(code)) = (refusal, code) else {
        return Ok(bill_refused(line, refusal));
    };
    let once = view.once_called(company.id, code)?;
    let now = match once.as_slice() {
        [contract] => Some(&contract.code),
        _ => None,
    };
    Ok(contract_unknown(line, code, now))
}

fn outcome(decision: &BillDecision, bill: BillId) -> LineOutcome {
    let changes = match decision {
        BillDecision::Unchanged => return LineOutcome::plain(LineVerdict::Unchanged, 0),
        BillDecision::Paid(_, payment) => {
            return LineOutcome::plain(LineVerdict::Paid(*payment), 0);
        }
        BillDecision::Changed(changes) => changes,
    };
    let own = changes.iter().find(|change| change.version.bill == bill);
    let replaced = changes.iter().find(|change| change.version.bill != bill);
    let verdict = match own {
        // The line annuls the bill it replaces, and says of its own what is known.
        None => LineVerdict::Changed,
        Some(BillChange { replaced: None, .. }) => LineVerdict::New,
        Some(change) => match change.version.terms.state {
            BillState::Owed => LineVerdict::Changed,
            BillState::Annulled => LineVerdict::Annulled,
            BillState::PaidElsewhere => LineVerdict::PaidElsewhere,
        },
    };
    let replaced = replaced
        .map(|change| Replaced { bill: change.version.bill, difference_minor: difference(change) });
    LineOutcome { verdict, difference_minor: own.map_or(0, difference), replaced }
}

/// Hundredths by which a change moves what is owed.
pub(in crate::import) fn difference(change: &BillChange) -> i64 {
    // Each is at most a bill's greatest amount.
    let before = change.replaced.as_ref().map_or(0, BillVersion::to_owed_minor);
    change.version.to_owed_minor() - before
}
