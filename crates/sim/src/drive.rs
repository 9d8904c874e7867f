//! Doing a workload's acts at a service.

use ventanilla_domain::{PayRefusal, Payment, Reversal, ReverseRefusal};
use ventanilla_service::{
    Accepted, Caller, DayReport, Debt, Failure, LookUpRefusal, NoRefusal, PaymentState, Service,
    Session,
};

use crate::{Operation, Step};

/// What came of an act: word for word what the service answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Of [`Operation::Pay`].
    Pay(Result<Accepted<Payment>, Failure<PayRefusal>>),
    /// Of [`Operation::Reverse`].
    Reverse(Result<Accepted<Reversal>, Failure<ReverseRefusal>>),
    /// Of [`Operation::LookUp`].
    LookUp(Result<Debt, Failure<LookUpRefusal>>),
    /// Of [`Operation::Find`].
    Find(Result<Vec<PaymentState>, Failure<NoRefusal>>),
    /// Of [`Operation::Report`].
    Report(Result<DayReport, Failure<NoRefusal>>),
}

/// Sets the service's clock to the step's instant (a manual one) and does the act.
///
/// `callers` are the workload's, as this service knows them.
pub async fn apply(service: &Service, callers: &[Caller], step: &Step) -> Outcome {
    service.clock().set(step.at);
    let caller = &callers[step.caller];
    match &step.operation {
        Operation::Pay(command) => Outcome::Pay(service.pay(caller, command.clone()).await),
        Operation::Reverse(command) => {
            Outcome::Reverse(service.reverse(caller, command.clone()).await)
        }
        Operation::LookUp(code) => {
            Outcome::LookUp(session(service, caller).and_then(|session| session.debt(code)))
        }
        Operation::Find(selector) => Outcome::Find(
            session(service, caller).and_then(|session| session.find_payments(selector)),
        ),
        Operation::Report(day) => {
            Outcome::Report(session(service, caller).and_then(|session| session.day_report(*day)))
        }
    }
}

fn session<'s, R>(service: &'s Service, caller: &Caller) -> Result<Session<'s>, Failure<R>> {
    service.session_as(caller).map_err(|failure| failure.map(|never| match never {}))
}
