//! A bookkeeper of its own for the suppliers' side: what must be answered, reckoned from the acts
//! alone in the simplest terms there are.
//!
//! It knows nothing of the domain's decisions, postings, stores or journals: the rules here are
//! written a second time from docs/spec/colppy.md §3 and docs/decisions/0012, over plain numbers.

mod books;
mod compare;
mod postings;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use ventanilla_domain::{Company, CompanyId, PayoutCommand, Right, Role, SupplierCommand, UserId};
use ventanilla_service::{
    AdminRefusal, DeskRefusal, Failure, PayoutRequest, SessionRefusal, SignInName, User, UserCaller,
};

use self::books::Books;
use super::{Act, Outcome, Read, Staff, Step};

/// Compares outcomes with what the acts before them allow.
///
/// The companies' policies must be the default ones, and every act must be told, in the order in
/// which the service did them.
#[derive(Debug)]
pub struct Auditor {
    callers: Vec<UserCaller>,
    names: BTreeMap<UserId, SignInName>,
    rights: BTreeMap<(UserId, CompanyId), Role>,
    disabled: BTreeSet<UserId>,
    books: BTreeMap<CompanyId, Books>,
    findings: Vec<String>,
    steps: usize,
    /// How often each kind of answer was given.
    answers: BTreeMap<String, usize>,
}

impl Auditor {
    /// An auditor of a staff's acts for its companies, whose books are just opened.
    pub fn new(staff: &Staff, companies: [&Company; 2]) -> Self {
        let each_right = |user: &User| {
            let (id, rights) = (user.id, user.rights.clone());
            rights.into_iter().map(move |(company, role)| ((id, company), role))
        };
        Self {
            callers: staff.callers.clone(),
            names: staff.users.iter().map(|user| (user.id, user.name.clone())).collect(),
            rights: staff.users.iter().flat_map(each_right).collect(),
            disabled: BTreeSet::new(),
            books: companies.map(|company| (company.id, Books::opened(company))).into(),
            findings: Vec::new(),
            steps: 0,
            answers: BTreeMap::new(),
        }
    }

    /// Judges what came of a step, and takes note of what should have.
    pub fn observe(&mut self, step: &Step, outcome: &Outcome) {
        self.steps += 1;
        if let Some(kind) = self.breaks_a_rule(step) {
            *self.answers.entry(format!("{kind} Internal")).or_default() += 1;
            if !is_internal(outcome) {
                self.findings.push(format!("an id was given twice: {step:#?} gave {outcome:#?}"));
            }
            return;
        }
        let expected = self.answer(step);
        if *outcome != expected {
            let number = self.steps;
            let asked = format!("step {number}: {step:#?}");
            self.findings.push(format!("{asked} gave {outcome:#?}, not {expected:#?}"));
        }
        *self.answers.entry(to_kind(&expected)).or_default() += 1;
    }

    /// What did not fit so far; empty when all is well.
    pub fn findings(&self) -> &[String] {
        &self.findings
    }

    /// How often each kind of answer was due: an operation with `Ok`, `Replay` or its refusal.
    pub fn answers(&self) -> &BTreeMap<String, usize> {
        &self.answers
    }

    /// Every reading of what a company has.
    pub fn readings(&self, company: CompanyId) -> Vec<Act> {
        self.books.get(&company).map(Books::readings).unwrap_or_default()
    }

    /// Whether an act of the past brings an id that is in use: a rule that must stand, and no
    /// refusal. A payout that is refused is not kept, whatever its id.
    fn breaks_a_rule(&self, step: &Step) -> Option<&'static str> {
        let books = self.books.get(&step.company)?;
        match &step.act {
            Act::RecordSupplier(past) if books.suppliers.contains_key(&past.id) => {
                Some("RecordSupplier")
            }
            Act::RecordPayout(past) if books.payouts.contains_key(&past.id) => {
                books.judge_payout(&past.says).is_none().then_some("RecordPayout")
            }
            _ => None,
        }
    }

    fn answer(&mut self, step: &Step) -> Outcome {
        let (caller, company, at) = (self.callers[step.caller].clone(), step.company, step.at);
        match &step.act {
            Act::KeepSupplier(row) => Outcome::KeepSupplier(
                self.writable(&caller, company)
                    .and_then(|books| books.keep_supplier(None, row, &caller.name, at)),
            ),
            Act::EnterInvoice(terms) => Outcome::EnterInvoice(
                self.writable(&caller, company)
                    .and_then(|books| books.enter_invoice(terms, &caller.name, at)),
            ),
            Act::MakePayout(request) => {
                let command = to_command(request, &caller);
                Outcome::MakePayout(
                    self.writable(&caller, company)
                        .and_then(|books| books.make_payout(None, &command, at)),
                )
            }
            Act::ReversePayout(command) => Outcome::ReversePayout(
                self.open(company).and_then(|books| books.reverse_payout(command, at)),
            ),
            Act::RecordSupplier(past) => {
                let SupplierCommand { row, changed_by } = &past.says;
                Outcome::KeepSupplier(
                    self.open(company)
                        .and_then(|books| books.keep_supplier(Some(past.id), row, changed_by, at)),
                )
            }
            Act::RecordPayout(past) => {
                let made = self.open(company);
                let made = made.and_then(|books| books.make_payout(Some(past.id), &past.says, at));
                Outcome::RecordPayout(made.map(|accepted| Box::new(accepted.act)))
            }
            Act::Grant(..) | Act::Revoke(_) | Act::Disable(_) => {
                Outcome::Admin(self.administer(company, &step.act))
            }
            act => self.answer_reading(&caller, company, act),
        }
    }

    fn answer_reading(&self, caller: &UserCaller, company: CompanyId, act: &Act) -> Outcome {
        let books = self.readable(caller.user, company);
        match act {
            Act::ReadSupplier(id) => {
                Outcome::ReadSupplier(seen(books, |books| books.supplier_state(*id)))
            }
            Act::ReadInvoice(id) => {
                Outcome::ReadInvoice(seen(books, |books| books.invoice_state(*id).map(Box::new)))
            }
            Act::ListInvoices => Outcome::ListInvoices(seen(books, Books::invoice_states)),
            Act::ListPayouts(id) => {
                Outcome::ListPayouts(seen(books, |books| books.payouts_of_invoice(*id)))
            }
            Act::ReadPayout(id) => {
                Outcome::ReadPayout(seen(books, |books| books.payout_state(*id).map(Box::new)))
            }
            _ => Outcome::ListSuppliers(seen(books, Books::supplier_states)),
        }
    }

    /// The books that a user may read: the session of one who was disabled is over.
    fn readable(&self, user: UserId, company: CompanyId) -> Read<&Books> {
        if self.disabled.contains(&user) {
            return Err(Failure::Refused(SessionRefusal));
        }
        let right = self.rights.get(&(user, company));
        let right = right.filter(|role| role.may(Right::SeePayables));
        Ok(right.and_then(|_| self.books.get(&company)))
    }

    /// The books that the operator writes into.
    fn open<R>(&mut self, company: CompanyId) -> Result<&mut Books, Failure<DeskRefusal<R>>> {
        let unknown = Failure::Refused(DeskRefusal::CompanyUnknown);
        self.books.get_mut(&company).ok_or(unknown)
    }

    /// The books that a caller may write into.
    fn writable<R>(
        &mut self,
        caller: &UserCaller,
        company: CompanyId,
    ) -> Result<&mut Books, Failure<DeskRefusal<R>>> {
        if self.disabled.contains(&caller.user) {
            return Err(Failure::Refused(DeskRefusal::SessionOver));
        }
        match self.rights.get(&(caller.user, company)) {
            None => Err(Failure::Refused(DeskRefusal::CompanyUnknown)),
            Some(Role::Reader) => Err(Failure::Refused(DeskRefusal::NotAllowed)),
            Some(Role::Accountant | Role::Administrator) => self.open(company),
            Some(Role::Cashier | Role::Supervisor) => {
                Err(Failure::Refused(DeskRefusal::CompanyUnknown))
            }
        }
    }

    fn administer(&mut self, company: CompanyId, act: &Act) -> Result<User, Failure<AdminRefusal>> {
        let (Act::Grant(name, _) | Act::Revoke(name) | Act::Disable(name)) = act else {
            return Err(Failure::Unavailable);
        };
        if !matches!(act, Act::Disable(_)) && !self.books.contains_key(&company) {
            return Err(Failure::Refused(AdminRefusal::CompanyUnknown));
        }
        let known = self.names.iter().find(|(_, known)| *known == name);
        let Some((&id, _)) = known else {
            return Err(Failure::Refused(AdminRefusal::UserUnknown));
        };
        match act {
            Act::Grant(_, role) => drop(self.rights.insert((id, company), *role)),
            Act::Disable(_) => drop(self.disabled.insert(id)),
            _ if self.rights.remove(&(id, company)).is_none() => {
                return Err(Failure::Refused(AdminRefusal::RightUnknown));
            }
            _ => {}
        }
        let own = self.rights.iter().filter(|((of, _), _)| *of == id);
        let rights = own.map(|((_, company), role)| (*company, *role)).collect();
        Ok(User { id, name: name.clone(), is_active: !self.disabled.contains(&id), rights })
    }
}

fn seen<T>(books: Read<&Books>, see: impl FnOnce(&Books) -> T) -> Read<T> {
    Ok(books?.map(see))
}

fn is_internal(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::KeepSupplier(result) => matches!(result, Err(Failure::Internal(_))),
        Outcome::RecordPayout(result) => matches!(result, Err(Failure::Internal(_))),
        _ => false,
    }
}

fn to_command(request: &PayoutRequest, caller: &UserCaller) -> PayoutCommand {
    let PayoutRequest { terms, point, serial, caller_key } = request.clone();
    let (recorded_by, integrator) = (caller.name.clone(), Some(caller.integrator));
    PayoutCommand { terms, point, serial, recorded_by, integrator, caller_key }
}

/// The name of the operation with how it was answered.
fn to_kind(outcome: &Outcome) -> String {
    let answer = match outcome {
        Outcome::KeepSupplier(result) => to_answer(result),
        Outcome::EnterInvoice(result) => to_answer(result),
        Outcome::MakePayout(Ok(accepted)) if accepted.is_replay => "Replay".to_owned(),
        Outcome::MakePayout(result) => to_answer(result),
        Outcome::ReversePayout(result) => to_answer(result),
        Outcome::RecordPayout(result) => to_answer(result),
        Outcome::Admin(result) => to_answer(result),
        Outcome::ReadSupplier(read) => to_reading(read),
        Outcome::ListSuppliers(read) => to_reading(read),
        Outcome::ReadInvoice(read) => to_reading(read),
        Outcome::ListInvoices(read) => to_reading(read),
        Outcome::ListPayouts(read) => to_reading(read),
        Outcome::ReadPayout(read) => to_reading(read),
    };
    let name = format!("{outcome:?}");
    let name = name.split('(').next().unwrap_or_default();
    format!("{name} {answer}")
}

fn to_answer<T, R: std::fmt::Debug>(result: &Result<T, Failure<R>>) -> String {
    let Err(failure) = result else { return "Ok".to_owned() };
    let shown = format!("{failure:?}");
    let shown = shown.trim_start_matches("Refused(").trim_start_matches("Act(");
    shown.chars().take_while(char::is_ascii_alphabetic).collect()
}

fn to_reading<T>(read: &Read<T>) -> String {
    let answer = match read {
        Ok(Some(_)) => "Ok",
        Ok(None) => "NoDesk",
        Err(_) => "SessionOver",
    };
    answer.to_owned()
}
