//! An act as it is written: a line of JSON. Fields are added, never changed.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use ventanilla_domain::{
    BillId, DrawerId, FileId, PaymentId, PayoutId, PurchaseInvoiceId, ReceiptId, RemittanceId,
    SupplierId,
};

use super::buffer::Counted;
use super::{Act, ActOutcome, Origin, Subject, What, Who};

/// What stands for the command line where an address would.
const COMMAND_LINE: &str = "command-line";

/// An act as the trail has it: ids as numbers, words as they were written. A later version may write
/// words that this one does not know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each is named as the trail names it: docs/logging.md")]
pub struct ActRecord<'a> {
    pub at_us: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_us: Option<i64>,
    pub what: Cow<'a, str>,
    pub outcome: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collector: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub integrator: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bill: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contract: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplier: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub invoice: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payout: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drawer: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remittance: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Cow<'a, str>>,
}

impl<'a> ActRecord<'a> {
    /// An act as it is written.
    pub(crate) fn of(act: &'a Act) -> Self {
        Self {
            at_us: act.at.as_microsecond(),
            from: Some(match act.from {
                Origin::CommandLine => COMMAND_LINE.into(),
                Origin::Address(address) => address.to_string().into(),
            }),
            ..Self::about(&act.subject).doing(act.what, &act.outcome).by(&act.who)
        }
    }

    /// Acts of nobody in particular, counted.
    pub(super) fn of_counted(
        network: String,
        what: What,
        outcome: &'a ActOutcome,
        counted: &Counted,
    ) -> Self {
        let Counted { count, first, last } = counted;
        let is_one = *count == 1;
        Self {
            at_us: first.as_microsecond(),
            until_us: (!is_one).then(|| last.as_microsecond()),
            count: (!is_one).then_some(*count),
            from: Some(network.into()),
            ..Self::default().doing(what, outcome)
        }
    }

    /// Acts that found no place in memory.
    pub(super) fn of_dropped(at_us: i64, count: u64) -> Self {
        Self {
            at_us,
            count: Some(count),
            ..Self::default().doing(What::Dropped, &ActOutcome::Done)
        }
    }

    fn doing(self, what: What, outcome: &'a ActOutcome) -> Self {
        let (code, error_id) = match outcome {
            ActOutcome::Refused(code) => (Some(code), None),
            ActOutcome::Failed(id) => (None, Some(id)),
            ActOutcome::Done
            | ActOutcome::Repeated
            | ActOutcome::Unknown
            | ActOutcome::Unavailable => (None, None),
        };
        Self {
            what: what.to_word().into(),
            outcome: outcome.to_word().into(),
            code: code.map(|code| Cow::Borrowed(code.as_ref())),
            error_id: error_id.map(|id| id.as_str().into()),
            ..self
        }
    }

    fn by(self, who: &'a Who) -> Self {
        match who {
            Who::Nobody => self,
            Who::Collector(id) => Self { collector: Some(id.to_i64()), ..self },
            Who::Integrator(id) => Self { integrator: Some(id.to_i64()), ..self },
            Who::User { user, integrator } => {
                Self { user: Some(user.to_i64()), integrator: Some(integrator.to_i64()), ..self }
            }
            Who::Staff(user) => Self { user: Some(user.to_i64()), ..self },
            Who::Operator(name) => Self { operator: Some(name.as_str().into()), ..self },
        }
    }

    fn about(subject: &'a Subject) -> Self {
        Self {
            payment: subject.payment.map(PaymentId::to_i64),
            bill: subject.bill.map(BillId::to_i64),
            contract: subject.contract.as_ref().map(|code| code.as_str().into()),
            key: subject.caller_key.as_ref().map(|key| key.as_str().into()),
            supplier: subject.supplier.map(SupplierId::to_i64),
            invoice: subject.invoice.map(PurchaseInvoiceId::to_i64),
            payout: subject.payout.map(PayoutId::to_i64),
            file: subject.file.map(FileId::to_i64),
            receipt: subject.receipt.map(ReceiptId::to_i64),
            drawer: subject.drawer.map(DrawerId::to_i64),
            remittance: subject.remittance.map(RemittanceId::to_i64),
            day: subject.day.map(|day| day.to_date().to_string().into()),
            name: subject.name.as_deref().map(Cow::Borrowed),
            ..Self::default()
        }
    }

    /// The act as a line, without its end.
    pub(crate) fn to_line(&self) -> String {
        serde_json::to_string(self).expect("its fields are numbers and texts")
    }

    /// Reads a line; `None` where it is none of the trail's.
    pub(crate) fn from_line(line: &str) -> Option<ActRecord<'static>> {
        serde_json::from_str(line).ok()
    }

    /// Whether it came from the command line.
    pub fn is_of_command_line(&self) -> bool {
        self.from.as_deref() == Some(COMMAND_LINE)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use ventanilla_domain::{
        CallerKey, CollectorId, ContractCode, IdOutOfRange, IntegratorId, Label, UserId,
    };

    use super::*;

    fn id<T>(from: fn(i64) -> Result<T, IdOutOfRange>, value: i64) -> T {
        from(value).unwrap()
    }

    fn at() -> Timestamp {
        "2021-11-26T16:11:52Z".parse().unwrap()
    }

    #[test]
    fn an_act_is_written_in_the_words_of_the_trail_for_ever() {
        let paid = Act {
            at: at(),
            company: None,
            from: Origin::Address("192.0.2.7".parse().unwrap()),
            who: Who::Collector(id(CollectorId::from_i64, 3)),
            what: What::Pay,
            outcome: ActOutcome::Done,
            subject: Subject {
                payment: Some(id(PaymentId::from_i64, 4_224_408)),
                bill: Some(id(BillId::from_i64, 17)),
                contract: Some(ContractCode::from_text("0345").unwrap()),
                caller_key: Some(CallerKey::from_text("a\"b").unwrap()),
                ..Subject::default()
            },
        };
        let user =
            Who::User { user: id(UserId::from_i64, 1), integrator: id(IntegratorId::from_i64, 2) };
        let staff = Who::Staff(id(UserId::from_i64, 4));
        let no = ActOutcome::Refused("FACTURA_YA_PAGADA".into());
        let (subject, operator) = (Subject::named("caja"), Label::from_text("ana").unwrap());
        let (from, who) = (Origin::CommandLine, Who::Operator(operator));
        for (act, line) in [
            (
                paid.clone(),
                r#"{"at_us":1637943112000000,"what":"pay","outcome":"done","from":"192.0.2.7","collector":3,"payment":4224408,"bill":17,"contract":"0345","key":"a\"b"}"#,
            ),
            (
                Act { outcome: no, subject: Subject::default(), ..paid.clone() },
                r#"{"at_us":1637943112000000,"what":"pay","outcome":"refused","code":"FACTURA_YA_PAGADA","from":"192.0.2.7","collector":3}"#,
            ),
            (
                Act {
                    who: user,
                    outcome: ActOutcome::Failed("5d1b".to_owned()),
                    subject: Subject::default(),
                    ..paid.clone()
                },
                r#"{"at_us":1637943112000000,"what":"pay","outcome":"failed","error_id":"5d1b","from":"192.0.2.7","integrator":2,"user":1}"#,
            ),
            (
                Act {
                    who: staff,
                    what: What::FactorProve,
                    subject: Subject::default(),
                    ..paid.clone()
                },
                r#"{"at_us":1637943112000000,"what":"factor-prove","outcome":"done","from":"192.0.2.7","user":4}"#,
            ),
            (
                Act { from, who, what: What::CollectorAdd, subject, ..paid },
                r#"{"at_us":1637943112000000,"what":"collector-add","outcome":"done","from":"command-line","operator":"ana","name":"caja"}"#,
            ),
        ] {
            let record = ActRecord::of(&act);
            assert_eq!(record.to_line(), line);
            assert_eq!(ActRecord::from_line(line).unwrap(), record);
        }
    }

    #[test]
    fn what_a_later_version_writes_is_read_as_far_as_it_is_known() {
        let line = r#"{"at_us":1,"what":"fly","outcome":"done","wings":2}"#;
        assert_eq!(ActRecord::from_line(line).unwrap().what, "fly");
        assert_eq!(ActRecord::from_line("{"), None);
    }
}
