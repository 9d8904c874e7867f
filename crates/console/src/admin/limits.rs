//! What a collector may take, beside it on the page of collectors.

use ventanilla_domain::{LimitError, Money};
use ventanilla_service::{
    AdminRefusal, Collector, Failure, LimitChange, LimitChanges, OfficeRefusal,
};

use super::collectors::{PATH, refused, to_page};
use super::texts::AdminTexts;
use super::{administration, done};
use crate::answer::Answer;
use crate::figures::{amount, minor_from};
use crate::forms::Errors;
use crate::trouble::act_refusal_of;
use crate::visit::Visit;

const COLLECTOR: &str = "recaudador";
const PAYMENT_MAX: &str = "maximo";
const HELD_MAX: &str = "cupo";

/// What a field of this form is called; `None` of another's.
pub(super) fn label(name: &str, t: &'static AdminTexts) -> Option<&'static str> {
    match name {
        PAYMENT_MAX => Some(t.payment_max),
        HELD_MAX => Some(t.held_max),
        _ => None,
    }
}

/// The form of a collector's limits.
#[derive(Debug)]
pub(super) struct LimitFields {
    /// The limits there are; empty without one.
    pub(super) payment_max: String,
    pub(super) held_max: String,
    /// What stands in the fields.
    pub(super) typed: [String; 2],
    /// Whether this is the form that was sent, and is wrong.
    pub(super) is_wrong: bool,
}

impl LimitFields {
    /// Those of a collector; none of the window.
    pub(super) fn of(visit: &Visit, collector: &Collector) -> Option<Self> {
        if collector.is_window {
            return None;
        }
        let shown = |limit: Option<Money>| limit.map(amount).unwrap_or_default();
        let payment_max = shown(collector.limits.payment_max());
        let held_max = shown(collector.limits.held_max());
        let is_wrong = visit.form.get(COLLECTOR) == collector.name.as_str();
        let typed = if is_wrong {
            [PAYMENT_MAX, HELD_MAX].map(|name| visit.form.get(name).to_owned())
        } else {
            [payment_max.clone(), held_max.clone()]
        };
        Some(Self { payment_max, held_max, typed, is_wrong })
    }
}

/// Keeps both limits of one.
pub(super) async fn save(visit: &Visit) -> Answer {
    let t = AdminTexts::of(visit.language);
    let mut errors = Errors::default();
    let mut limit = |name: &'static str| match visit.form.get(name) {
        "" => LimitChange::Lift,
        typed => minor_from(typed).map_or_else(
            || {
                errors.add(name, t.limit_wrong);
                LimitChange::Keep
            },
            LimitChange::Set,
        ),
    };
    let changes = LimitChanges { payment_max: limit(PAYMENT_MAX), held_max: limit(HELD_MAX) };
    if !errors.is_empty() {
        return to_page(visit, errors);
    }
    match administration(visit)?.limit_collector(visit.form.get(COLLECTOR), changes).await {
        Ok(_) => done(visit, PATH),
        Err(failure) => not_kept(visit, failure),
    }
}

fn not_kept(visit: &Visit, failure: Failure<OfficeRefusal<AdminRefusal>>) -> Answer {
    let t = AdminTexts::of(visit.language);
    match act_refusal_of(failure)? {
        AdminRefusal::Limit(LimitError::PaymentMax) => {
            to_page(visit, Errors::of(PAYMENT_MAX, t.limit_out_of_range))
        }
        AdminRefusal::Limit(LimitError::HeldMax) => {
            to_page(visit, Errors::of(HELD_MAX, t.limit_out_of_range))
        }
        refusal => refused(visit, &refusal),
    }
}
