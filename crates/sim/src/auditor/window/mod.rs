//! The same bookkeeper at the company's own window: a receipt is all its payments or none, what is in a drawer is
//! what went through it, and what each collector holds is what it took and did not hand over.

mod receipts;

use std::collections::HashMap;

use ventanilla_domain::{
    ApproveRefusal, CallerKey, CloseRefusal, CollectorId, Drawer, DrawerId, Money, OpenRefusal,
    Payment, ReceiptId, RemitRefusal, Remittance, RemittanceId, RemittanceReverseRefusal, Right,
    Role, StaffName, WindowMeans, WindowReceipt, WindowReceiptKey,
};
use ventanilla_service::{Accepted, Failure, NewRemittance, OfficeRefusal, Officer};

use super::{Auditor, ensure, no_answer};
use crate::window::{Act, Outcome, Step};

/// Who is at the window, and what was answered there.
#[derive(Debug, Default)]
pub(super) struct Till {
    officers: Vec<(StaffName, Role)>,
    receipts: HashMap<ReceiptId, KnownReceipt>,
    receipt_keys: HashMap<WindowReceiptKey, ReceiptId>,
    drawers: HashMap<DrawerId, KnownDrawer>,
    remittances: HashMap<RemittanceId, (Remittance, bool)>,
    remittance_keys: HashMap<CallerKey, RemittanceId>,
    /// The window's own id, once a payment has told it.
    window: Option<CollectorId>,
    /// What approved counts were over, less what they were short.
    over_minor: i64,
}

#[derive(Debug)]
struct KnownReceipt {
    receipt: WindowReceipt,
    payments: Vec<Payment>,
    is_reversed: bool,
}

/// A drawer and the cash that should be in it.
#[derive(Debug)]
struct KnownDrawer {
    cashier: StaffName,
    /// Who counted it: its cashier, or who may approve.
    closed_by: Option<StaffName>,
    cash_minor: i64,
    /// What was counted more than there should have been.
    difference_minor: Option<i64>,
    is_approved: bool,
}

type Verdict = Result<(), String>;
type Told<'t, T, R> = &'t Result<T, Failure<OfficeRefusal<R>>>;

/// What was done, or the act's own refusal; nothing of what was not answered.
enum Heard<'t, T, R> {
    Done(&'t T),
    Refused(&'t R),
}

impl<T, R> Clone for Heard<'_, T, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, R> Copy for Heard<'_, T, R> {}

/// What is to be judged of an answer to whoever may do such acts, or may not.
fn heard<T, R>(may: bool, result: Told<'_, T, R>) -> Result<Option<Heard<'_, T, R>>, String> {
    match result {
        Err(Failure::Refused(OfficeRefusal::NotAllowed)) if !may => Ok(None),
        Ok(_) if !may => Err("an officer did what the role may not".to_owned()),
        Ok(done) => Ok(Some(Heard::Done(done))),
        Err(Failure::Refused(OfficeRefusal::Act(refusal))) => Ok(Some(Heard::Refused(refusal))),
        Err(Failure::Refused(_)) => Err("an officer was refused an act of their own".to_owned()),
        Err(failure) => no_answer(failure).map(|()| None),
    }
}

impl Till {
    fn open_drawer_of(&self, cashier: &StaffName) -> Option<DrawerId> {
        let mut all = self.drawers.iter();
        let found =
            all.find(|(_, drawer)| drawer.cashier == *cashier && drawer.difference_minor.is_none());
        found.map(|(id, _)| *id)
    }

    /// Puts cash into a drawer, or takes it out.
    fn move_cash(
        &mut self,
        drawer: Option<DrawerId>,
        receipt: &WindowReceipt,
        sign: i64,
    ) -> Verdict {
        let Some(drawer) = drawer else { return Ok(()) };
        let known = self.drawers.get_mut(&drawer).ok_or("money went through no drawer")?;
        ensure(known.difference_minor.is_none(), "money went through a closed drawer")?;
        if receipt.means == WindowMeans::Cash {
            known.cash_minor += sign * receipt.due().to_minor();
        }
        Ok(())
    }
}

impl Auditor {
    /// The same auditor, of these officers' acts too.
    #[must_use]
    pub fn with_window(mut self, officers: &[Officer]) -> Self {
        let known = officers.iter().map(|officer| (officer.name.clone(), officer.role));
        self.till.officers = known.collect();
        self
    }

    /// Judges what came of an act at the window, and takes note of it.
    pub fn observe_window(&mut self, step: &Step, outcome: &Outcome) {
        self.steps += 1;
        if let Err(finding) = self.judge_window(step, outcome) {
            let number = self.steps;
            self.findings.push(format!("step {number}: {finding}: {step:?} gave {outcome:?}"));
        }
    }

    /// How many receipts stand, and how many were reversed.
    pub fn count_receipts(&self) -> (usize, usize) {
        let reversed = self.till.receipts.values().filter(|known| known.is_reversed).count();
        (self.till.receipts.len() - reversed, reversed)
    }

    /// How many drawers were approved, and how many remittances stand.
    pub fn count_counted(&self) -> (usize, usize) {
        let approved = self.till.drawers.values().filter(|known| known.is_approved).count();
        let standing = self.till.remittances.values().filter(|(_, is_reversed)| !is_reversed);
        (approved, standing.count())
    }

    fn judge_window(&mut self, step: &Step, outcome: &Outcome) -> Verdict {
        let (at, officer) = (step.at, step.officer);
        let may = may(self.till.officers[officer].1, &step.act);
        match (&step.act, outcome) {
            (Act::Open(float), Outcome::Open(result)) => {
                let Some(heard) = heard(may, result)? else { return Ok(()) };
                self.judge_open(officer, *float, heard)
            }
            (Act::Close(drawer, counted), Outcome::Close(result)) => {
                let Some(heard) = heard(may, result)? else { return Ok(()) };
                self.judge_close(officer, *drawer, *counted, heard)
            }
            (Act::Approve(drawer), Outcome::Approve(result)) => {
                let Some(heard) = heard(may, result)? else { return Ok(()) };
                self.judge_approval(officer, *drawer, heard)
            }
            (Act::Take(payment), Outcome::Take(result)) => {
                let Some(heard) = heard(may, result)? else {
                    self.doubtful.extend(payment.bills.iter().map(|line| line.bill));
                    return Ok(());
                };
                self.judge_receipt(at, officer, payment, heard)
            }
            (Act::Reverse(receipt, reason), Outcome::Reverse(result)) => {
                let Some(heard) = heard(may, result)? else { return Ok(()) };
                self.judge_receipt_reversal(at, officer, (*receipt, reason), heard)
            }
            (Act::Remit(new), Outcome::Remit(result)) => {
                let Some(heard) = heard(may, result)? else { return Ok(()) };
                self.judge_remittance(new, heard)
            }
            (Act::ReverseRemittance(id, _), Outcome::ReverseRemittance(result)) => {
                let Some(heard) = heard(may, result)? else { return Ok(()) };
                let known = self.till.remittances.get_mut(id);
                match (heard, known) {
                    (Heard::Done(_), Some((_, is_reversed @ false))) => *is_reversed = true,
                    (
                        Heard::Refused(RemittanceReverseRefusal::AlreadyReversed),
                        Some((_, true)),
                    )
                    | (Heard::Refused(RemittanceReverseRefusal::RemittanceUnknown), None) => {}
                    _ => {
                        return Err(
                            "a remittance was undone, or was not, against what is so".into()
                        );
                    }
                }
                Ok(())
            }
            (Act::SeeHeld, Outcome::SeeHeld(Ok(held))) => self.judge_held(held),
            (Act::SeeHeld, Outcome::SeeHeld(Err(_))) => Err("what is held was not told".to_owned()),
            _ => Err("the outcome is another act's".to_owned()),
        }
    }

    fn judge_open(
        &mut self,
        officer: usize,
        float: Money,
        heard: Heard<'_, ventanilla_domain::DrawerOpening, OpenRefusal>,
    ) -> Verdict {
        let cashier = self.till.officers[officer].0.clone();
        let open = self.till.open_drawer_of(&cashier);
        match heard {
            Heard::Done(opening) => {
                ensure(open.is_none(), "a cashier opened a second drawer")?;
                let is_as_asked = opening.cashier == cashier && opening.float == float;
                ensure(is_as_asked, "the drawer is not the one asked for")?;
                let known = KnownDrawer {
                    cashier,
                    closed_by: None,
                    cash_minor: float.to_minor(),
                    difference_minor: None,
                    is_approved: false,
                };
                let before = self.till.drawers.insert(opening.id, known);
                ensure(before.is_none(), "a drawer's id was given twice")
            }
            Heard::Refused(OpenRefusal::AlreadyOpen { drawer }) => {
                ensure(open == Some(*drawer), "no drawer was opened, and none is open")
            }
            Heard::Refused(OpenRefusal::AmountOutOfRange) => Err("a float was refused".to_owned()),
        }
    }

    fn judge_close(
        &mut self,
        officer: usize,
        id: DrawerId,
        counted: Money,
        heard: Heard<'_, Box<Drawer>, CloseRefusal>,
    ) -> Verdict {
        let (closer, role) = self.till.officers[officer].clone();
        let is_anybodys = role.may(Right::ApproveDrawers);
        let known = self.till.drawers.get_mut(&id);
        match (heard, known.filter(|known| is_anybodys || known.cashier == closer)) {
            (Heard::Done(drawer), Some(known)) => {
                ensure(known.difference_minor.is_none(), "a drawer was closed twice")?;
                let told = drawer.closing.as_ref().and_then(|closing| closing.closed_by.as_ref());
                let other = (known.cashier != closer).then_some(&closer);
                ensure(told == other, "a drawer was closed by somebody else")?;
                let difference = counted.to_minor() - known.cash_minor;
                known.difference_minor = Some(difference);
                known.closed_by = Some(closer);
                let expected = drawer.checked_expected().map(Money::to_minor);
                ensure(
                    expected == Ok(known.cash_minor),
                    "a drawer expects other cash than it got",
                )?;
                let told = drawer.closing.as_ref().map(|closing| closing.difference().to_minor());
                ensure(told == Some(difference), "a drawer is over by something else")
            }
            (Heard::Refused(CloseRefusal::AlreadyClosed), Some(known)) => {
                ensure(known.difference_minor.is_some(), "an open drawer was not closed")
            }
            (Heard::Refused(CloseRefusal::DrawerUnknown), None) => Ok(()),
            _ => Err("a drawer was closed, or was not, against what is so".to_owned()),
        }
    }

    fn judge_approval(
        &mut self,
        officer: usize,
        id: DrawerId,
        heard: Heard<'_, Box<Drawer>, ApproveRefusal>,
    ) -> Verdict {
        let by = self.till.officers[officer].0.clone();
        let known = self.till.drawers.get_mut(&id).ok_or("a drawer is not known")?;
        let expected = match known {
            KnownDrawer { cashier, closed_by, .. }
                if *cashier == by || closed_by.as_ref() == Some(&by) =>
            {
                Some(ApproveRefusal::OwnDrawer)
            }
            KnownDrawer { difference_minor: None, .. } => Some(ApproveRefusal::StillOpen),
            KnownDrawer { is_approved: true, .. } => Some(ApproveRefusal::AlreadyApproved),
            KnownDrawer { .. } => None,
        };
        match heard {
            Heard::Done(_) => {
                known.is_approved = true;
                self.till.over_minor += known.difference_minor.unwrap_or(0);
                ensure(expected.is_none(), "a count was approved that could not be")
            }
            Heard::Refused(refusal) => ensure(
                expected.as_ref() == Some(refusal),
                "a count was not approved for what is not so",
            ),
        }
    }

    fn judge_remittance(
        &mut self,
        asked: &NewRemittance,
        heard: Heard<'_, Box<Accepted<Remittance>>, RemitRefusal>,
    ) -> Verdict {
        let keyed = asked.key.as_ref().and_then(|key| self.till.remittance_keys.get(key));
        let known = keyed.and_then(|id| self.till.remittances.get(id)).map(|(known, _)| known);
        let is_same = |made: &Remittance| {
            (made.collector, made.amount, made.commission)
                == (asked.collector, asked.amount, asked.commission)
        };
        match (heard, known) {
            (Heard::Done(accepted), Some(known)) => {
                let is_first = accepted.is_replay && accepted.act == *known;
                ensure(is_first && is_same(known), "a used name remitted something else")
            }
            (Heard::Done(accepted), None) => {
                let made = &accepted.act;
                ensure(!accepted.is_replay && is_same(made), "another remittance was made")?;
                if let Some(key) = asked.key.clone() {
                    self.till.remittance_keys.insert(key, made.id);
                }
                let before = self.till.remittances.insert(made.id, (made.clone(), false));
                ensure(before.is_none(), "a remittance's id was given twice")
            }
            (Heard::Refused(RemitRefusal::CallerKeyReused), Some(known)) => {
                ensure(!is_same(known), "a repeated remittance was refused")
            }
            (Heard::Refused(RemitRefusal::AmountOutOfRange), None) => {
                let nothing = asked.amount.to_minor() == 0 && asked.commission.to_minor() == 0;
                ensure(nothing, "a remittance was refused for what is not so")
            }
            (Heard::Refused(_), _) => Err("a remittance was refused for what is not so".to_owned()),
        }
    }

    /// That what each collector is said to hold is what it holds.
    fn judge_held(&self, held: &[(CollectorId, Money)]) -> Verdict {
        let mut all = held.iter();
        let is_so = all.all(|(id, amount)| amount.to_minor() == self.held_minor(*id));
        ensure(is_so, "a collector holds something else")
    }

    /// What a collector holds: what it took and did not give back, less what it handed over; the window's with
    /// what cash was rounded by and counts were over.
    pub(super) fn held_minor(&self, collector: CollectorId) -> i64 {
        let own = self.books.payments().filter(|state| state.payment.collector == collector);
        let standing = own.filter(|state| state.reversal.is_none());
        let taken: i64 = standing.map(|state| state.payment.amount.to_minor()).sum();
        let remitted = self.till.remittances.values();
        let remitted =
            remitted.filter(|(made, is_reversed)| made.collector == collector && !is_reversed);
        let remitted: i64 =
            remitted.map(|(made, _)| made.amount.to_minor() + made.commission.to_minor()).sum();
        let standing = self.till.receipts.values().filter(|known| !known.is_reversed);
        let rounding: i64 = standing.map(|known| known.receipt.rounding.to_minor()).sum();
        let is_window = self.till.window == Some(collector);
        let beside = if is_window { rounding + self.till.over_minor } else { 0 };
        taken + beside - remitted
    }
}

/// Whether a role may do an act.
fn may(role: Role, act: &Act) -> bool {
    match act {
        Act::Open(_) | Act::Take(_) => role.may(Right::Collect),
        Act::Close(..) => role.may(Right::Collect) || role.may(Right::ApproveDrawers),
        Act::Approve(_) => role.may(Right::ApproveDrawers),
        Act::Reverse(..) => role.may(Right::ReverseOwn),
        Act::Remit(_) | Act::ReverseRemittance(..) => role.may(Right::Remit),
        Act::SeeHeld => role.may(Right::SeeBooks),
    }
}
