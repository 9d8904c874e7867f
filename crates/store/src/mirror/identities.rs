//! The identity tables as one line: collectors, integrators, users, their rights and second factors. Tokens,
//! sessions and invitations are not among them: they end with a restore.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ventanilla_domain::{
    CollectorId, CollectorLimits, CompanyId, IdOutOfRange, IntegratorId, Money, Role, UserId,
};

use crate::inside::SecondFactorRecord;
use crate::keys::{from_hex, to_hex};
use crate::users::{PasswordHash, SignInRecord};
use crate::values::{currency, id, instant, text, to_limits};
use crate::{CollectorRecord, Digest, PreviousSecret, StoreError, View};

type Read<T> = Result<T, StoreError>;

/// The identity tables of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identified {
    pub(crate) version: i64,
    pub(crate) collectors: Vec<CollectorRecord>,
    pub(crate) integrators: Vec<SignInRecord<IntegratorId>>,
    pub(crate) users: Vec<SignInRecord<UserId>>,
    pub(crate) rights: Vec<(UserId, CompanyId, Role)>,
    pub(crate) factors: Vec<SecondFactorRecord>,
    pub(crate) recovery_codes: Vec<(UserId, Digest)>,
}

impl Identified {
    pub(super) fn read(view: &View<'_>, version: i64) -> Read<Self> {
        let users = view.users()?;
        let mut rights = Vec::new();
        for user in &users {
            let own = view.rights_of(user.id)?.into_iter();
            rights.extend(own.map(|(company, role)| (user.id, company, role)));
        }
        let (mut factors, mut recovery_codes) = (Vec::new(), Vec::new());
        for user in &users {
            factors.extend(view.second_factor(user.id)?);
            let codes = view.recovery_codes(user.id)?.into_iter();
            recovery_codes.extend(codes.map(|digest| (user.id, digest)));
        }
        let (collectors, integrators) = (view.collectors()?, view.integrators()?);
        Ok(Self { version, collectors, integrators, users, rights, factors, recovery_codes })
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct IdentitiesRecord {
    pub(super) version: i64,
    collectors: Vec<CollectorLine>,
    integrators: Vec<SignInLine>,
    users: Vec<SignInLine>,
    /// User, company and role.
    rights: Vec<(i64, i64, String)>,
    /// User, and what is sealed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    second_factors: Vec<(i64, String)>,
    /// User and hash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recovery_codes: Vec<(i64, String)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct CollectorLine {
    id: i64,
    company: i64,
    name: String,
    login: String,
    code_digest: String,
    secret_digest: String,
    /// Of the secret before it: its hash, and its end in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous: Option<(String, i64)>,
    can_list: bool,
    is_active: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_window: bool,
    /// A collector without limits has none, as every one had before there were limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limits: Option<LimitsLine>,
}

/// Amounts in hundredths.
#[derive(Debug, Serialize, Deserialize)]
struct LimitsLine {
    currency: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment_max: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held_max: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SignInLine {
    id: i64,
    name: String,
    password_hash: String,
    is_active: bool,
}

impl IdentitiesRecord {
    pub(super) fn of(identified: &Identified) -> Self {
        let Identified { version, collectors, integrators, users, rights, .. } = identified;
        let right = |(user, company, role): &(UserId, CompanyId, Role)| {
            (user.to_i64(), company.to_i64(), role.to_code().to_owned())
        };
        Self {
            version: *version,
            collectors: collectors.iter().map(to_collector).collect(),
            integrators: integrators.iter().map(|one| to_sign_in(one.id.to_i64(), one)).collect(),
            users: users.iter().map(|one| to_sign_in(one.id.to_i64(), one)).collect(),
            rights: rights.iter().map(right).collect(),
            second_factors: identified.factors.iter().map(to_factor).collect(),
            recovery_codes: identified.recovery_codes.iter().map(to_code).collect(),
        }
    }

    pub(super) fn to_identified(&self) -> Read<Identified> {
        let rights = self.rights.iter().map(|(user, company, role)| {
            let role = Role::from_code(role);
            let role = role.ok_or_else(|| StoreError::damaged("a role is not one"))?;
            Ok((id(UserId::from_i64, *user)?, id(CompanyId::from_i64, *company)?, role))
        });
        Ok(Identified {
            version: self.version,
            collectors: self.collectors.iter().map(from_collector).collect::<Read<_>>()?,
            integrators: from_sign_ins(&self.integrators, IntegratorId::from_i64)?,
            users: from_sign_ins(&self.users, UserId::from_i64)?,
            rights: rights.collect::<Read<_>>()?,
            factors: self.second_factors.iter().map(from_factor).collect::<Read<_>>()?,
            recovery_codes: self.recovery_codes.iter().map(from_code).collect::<Read<_>>()?,
        })
    }
}

fn to_collector(record: &CollectorRecord) -> CollectorLine {
    let previous = |previous: &PreviousSecret| {
        (to_hex(&previous.digest), Timestamp::as_microsecond(previous.until))
    };
    CollectorLine {
        id: record.id.to_i64(),
        company: record.company.to_i64(),
        name: record.name.to_string(),
        login: record.login.to_string(),
        code_digest: to_hex(&record.code_digest),
        secret_digest: to_hex(&record.secret_digest),
        previous: record.previous.as_ref().map(previous),
        can_list: record.can_list,
        is_active: record.is_active,
        is_window: record.is_window,
        limits: to_limits_line(record.limits),
    }
}

fn to_limits_line(limits: CollectorLimits) -> Option<LimitsLine> {
    let (payment_max, held_max) = (limits.payment_max(), limits.held_max());
    let currency = payment_max.or(held_max)?.currency().to_code().to_owned();
    let [payment_max, held_max] = [payment_max, held_max].map(|limit| limit.map(Money::to_minor));
    Some(LimitsLine { currency, payment_max, held_max })
}

fn from_limits_line(line: &LimitsLine) -> Read<CollectorLimits> {
    to_limits((line.payment_max, line.held_max), currency(&line.currency)?)
}

fn from_collector(line: &CollectorLine) -> Read<CollectorRecord> {
    let previous = line.previous.as_ref().map(|(hash, until)| {
        Ok::<_, StoreError>(PreviousSecret { digest: digest(hash)?, until: instant(*until)? })
    });
    Ok(CollectorRecord {
        id: id(CollectorId::from_i64, line.id)?,
        company: id(CompanyId::from_i64, line.company)?,
        name: text(&line.name)?,
        login: text(&line.login)?,
        code_digest: digest(&line.code_digest)?,
        secret_digest: digest(&line.secret_digest)?,
        previous: previous.transpose()?,
        can_list: line.can_list,
        is_active: line.is_active,
        is_window: line.is_window,
        limits: line.limits.as_ref().map(from_limits_line).transpose()?.unwrap_or_default(),
    })
}

fn to_sign_in<Id>(row_id: i64, record: &SignInRecord<Id>) -> SignInLine {
    SignInLine {
        id: row_id,
        name: record.name.to_string(),
        password_hash: record.password_hash.as_str().to_owned(),
        is_active: record.is_active,
    }
}

fn from_sign_ins<Id>(
    lines: &[SignInLine],
    from: fn(i64) -> Result<Id, IdOutOfRange>,
) -> Read<Vec<SignInRecord<Id>>> {
    let one = |line: &SignInLine| {
        Ok(SignInRecord {
            id: id(from, line.id)?,
            name: text(&line.name)?,
            password_hash: PasswordHash::from_phc(line.password_hash.clone()),
            is_active: line.is_active,
        })
    };
    lines.iter().map(one).collect()
}

fn to_factor(record: &SecondFactorRecord) -> (i64, String) {
    (record.user.to_i64(), record.sealed.clone())
}

fn from_factor((user, sealed): &(i64, String)) -> Read<SecondFactorRecord> {
    Ok(SecondFactorRecord { user: id(UserId::from_i64, *user)?, sealed: sealed.clone() })
}

fn to_code((user, hash): &(UserId, Digest)) -> (i64, String) {
    (user.to_i64(), to_hex(hash))
}

fn from_code((user, hash): &(i64, String)) -> Read<(UserId, Digest)> {
    Ok((id(UserId::from_i64, *user)?, digest(hash)?))
}

fn digest(hex: &str) -> Read<Digest> {
    from_hex(hex).ok_or_else(|| StoreError::damaged("a hash is not one"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A collector's line as it was written before there were limits.
    const OLDER: &str = r#"{"id":1,"company":13,"name":"banco","login":"banco","code_digest":"CODE","secret_digest":"SECRET","can_list":false,"is_active":true}"#;

    fn older() -> String {
        OLDER.replace("CODE", &to_hex(&[1; 32])).replace("SECRET", &to_hex(&[2; 32]))
    }

    #[test]
    fn a_collector_of_before_there_were_limits_has_none_and_is_written_as_it_was() {
        let record = from_collector(&serde_json::from_str(&older()).unwrap()).unwrap();
        assert_eq!(record.limits, CollectorLimits::NONE);
        assert_eq!(serde_json::to_string(&to_collector(&record)).unwrap(), older());
    }

    #[test]
    fn limits_come_back_as_they_were_written() {
        let record = from_collector(&serde_json::from_str(&older()).unwrap()).unwrap();
        let currency = currency("USD").unwrap();
        for limits in [(Some(1), None), (None, Some(2)), (Some(3), Some(4))] {
            let limits = to_limits(limits, currency).unwrap();
            let limited = CollectorRecord { limits, ..record.clone() };
            let line = serde_json::to_string(&to_collector(&limited)).unwrap();
            let read = from_collector(&serde_json::from_str(&line).unwrap()).unwrap();
            assert_eq!(read, limited, "{line}");
        }
        let bad = LimitsLine { currency: "BOB".to_owned(), payment_max: Some(0), held_max: None };
        assert!(from_limits_line(&bad).is_err());
    }
}
