//! Integrators, users and their sessions, read and written.

use jiff::Timestamp;
use ventanilla_domain::{CompanyId, IdOutOfRange, IntegratorId, Role, UserId};

use super::rows::{string, words};
use super::{Params, Reads, Row, SqlTx};
use crate::postgres::again_if_taken;
use crate::users::{
    IntegratorRecord, OpenSession, PasswordHash, SessionRecord, SignInCounts, SignInName,
    SignInRecord, UserRecord,
};
use crate::values::{id, instant};
use crate::{Digest, StoreError};

type Read<T> = Result<T, StoreError>;
type Write = Result<(), StoreError>;

impl Reads<'_> {
    pub(crate) fn integrators(self) -> Read<Vec<IntegratorRecord>> {
        let sql = "SELECT integrator_id, name, password_hash, is_active FROM integrator \
                   ORDER BY integrator_id";
        self.many(sql, (), integrator)
    }

    pub(crate) fn integrator(self, id: IntegratorId) -> Read<Option<IntegratorRecord>> {
        let sql = "SELECT integrator_id, name, password_hash, is_active FROM integrator \
                   WHERE integrator_id = ?1";
        self.one(sql, [id.to_i64()], integrator)
    }

    pub(crate) fn integrator_by_name(self, name: &SignInName) -> Read<Option<IntegratorRecord>> {
        let sql = "SELECT integrator_id, name, password_hash, is_active FROM integrator \
                   WHERE name = ?1";
        self.one(sql, [name.as_str()], integrator)
    }

    pub(crate) fn users(self) -> Read<Vec<UserRecord>> {
        let sql = "SELECT user_id, name, password_hash, is_active FROM app_user ORDER BY user_id";
        self.many(sql, (), user)
    }

    pub(crate) fn user_by_name(self, name: &SignInName) -> Read<Option<UserRecord>> {
        let sql = "SELECT user_id, name, password_hash, is_active FROM app_user WHERE name = ?1";
        self.one(sql, [name.as_str()], user)
    }

    pub(crate) fn rights_of(self, user: UserId) -> Read<Vec<(CompanyId, Role)>> {
        let sql = "SELECT company_id, role FROM user_right WHERE user_id = ?1 ORDER BY company_id";
        self.many(sql, [user.to_i64()], |row| {
            Ok((id(CompanyId::from_i64, row.get(0)?)?, role(row, 1)?))
        })
    }

    pub(crate) fn right(self, user: UserId, company: CompanyId) -> Read<Option<Role>> {
        let sql = "SELECT role FROM user_right JOIN app_user USING (user_id) \
                   WHERE user_id = ?1 AND company_id = ?2 AND is_active = 1";
        self.one(sql, (user.to_i64(), company.to_i64()), |row| role(row, 0))
    }

    pub(crate) fn sign_ins(self, now: Timestamp, renewed_by: Timestamp) -> Read<SignInCounts> {
        let sql = "SELECT (SELECT count(*) FROM token JOIN collector USING (collector_id) \
                   WHERE expires_at_us > ?1 AND is_active = 1), \
                   (SELECT count(*) FROM user_session JOIN app_user USING (user_id) \
                   WHERE is_active = 1 AND (is_permanent = 1 OR renewed_at_us > ?2))";
        let counts = self.one(sql, (now.as_microsecond(), renewed_by.as_microsecond()), |row| {
            let count = |column| Ok::<_, StoreError>(row.get::<i64>(column)?.unsigned_abs());
            Ok(SignInCounts { tokens: count(0)?, sessions: count(1)? })
        });
        Ok(counts?.unwrap_or_default())
    }

    pub(crate) fn user_session(self, digest: &Digest) -> Read<Option<OpenSession>> {
        let sql = "SELECT user_id, name, is_active, renewed_at_us, is_permanent \
                   FROM user_session JOIN app_user USING (user_id) WHERE digest = ?1";
        self.one(sql, [digest], |row| {
            Ok(OpenSession {
                user: id(UserId::from_i64, row.get(0)?)?,
                name: words(row, 1)?,
                is_active: row.get(2)?,
                renewed_at: instant(row.get(3)?)?,
                is_permanent: row.get(4)?,
            })
        })
    }
}

impl SqlTx<'_> {
    pub(crate) fn put_integrator(&mut self, record: &IntegratorRecord) -> Write {
        let sql = "INSERT INTO integrator (integrator_id, name, password_hash, is_active) \
                   VALUES (?1, ?2, ?3, ?4) ON CONFLICT (integrator_id) DO UPDATE SET \
                   name = excluded.name, password_hash = excluded.password_hash, \
                   is_active = excluded.is_active";
        self.put(sql, named_row(record.id.to_i64(), record))
    }

    pub(crate) fn put_user(&mut self, record: &UserRecord) -> Write {
        let sql = "INSERT INTO app_user (user_id, name, password_hash, is_active) \
                   VALUES (?1, ?2, ?3, ?4) ON CONFLICT (user_id) DO UPDATE SET \
                   name = excluded.name, password_hash = excluded.password_hash, \
                   is_active = excluded.is_active";
        self.put(sql, named_row(record.id.to_i64(), record))
    }

    pub(crate) fn put_right(&mut self, user: UserId, company: CompanyId, role: Role) -> Write {
        if self.reads().company(company)?.is_none() {
            return Err(StoreError::damaged("a right found no company"));
        }
        let sql = "INSERT INTO user_right (user_id, company_id, role) VALUES (?1, ?2, ?3) \
                   ON CONFLICT (user_id, company_id) DO UPDATE SET role = excluded.role";
        self.put(sql, (user.to_i64(), company.to_i64(), role.to_code()))
    }

    pub(crate) fn drop_right(&mut self, user: UserId, company: CompanyId) -> Write {
        let sql = "DELETE FROM user_right WHERE user_id = ?1 AND company_id = ?2";
        self.put(sql, (user.to_i64(), company.to_i64()))
    }

    pub(crate) fn put_session(&mut self, record: &SessionRecord) -> Write {
        let sql = "INSERT INTO user_session (digest, user_id, renewed_at_us, is_permanent) \
                   VALUES (?1, ?2, ?3, ?4) ON CONFLICT (digest) DO UPDATE SET \
                   user_id = excluded.user_id, renewed_at_us = excluded.renewed_at_us, \
                   is_permanent = excluded.is_permanent";
        let SessionRecord { digest, user, renewed_at, is_permanent } = record;
        self.put(sql, (digest, user.to_i64(), renewed_at.as_microsecond(), is_permanent))
    }

    pub(crate) fn renew_session(&mut self, digest: &Digest, at: Timestamp) -> Write {
        let sql = "UPDATE user_session SET renewed_at_us = ?2 WHERE digest = ?1";
        self.put(sql, (digest, at.as_microsecond()))
    }

    pub(crate) fn drop_session(&mut self, digest: &Digest) -> Write {
        self.put("DELETE FROM user_session WHERE digest = ?1", [digest])
    }

    pub(crate) fn drop_sessions(&mut self, user: UserId) -> Write {
        self.put("DELETE FROM user_session WHERE user_id = ?1", [user.to_i64()])
    }

    pub(crate) fn drop_ended_sessions(&mut self, user: UserId, renewed_before: Timestamp) -> Write {
        let sql = "DELETE FROM user_session \
                   WHERE user_id = ?1 AND renewed_at_us < ?2 AND is_permanent = 0";
        self.put(sql, (user.to_i64(), renewed_before.as_microsecond()))
    }

    fn put<'v>(&self, sql: &str, params: impl Params<'v>) -> Write {
        self.run(sql, params).map(drop).map_err(again_if_taken)
    }
}

fn named_row<Id>(row_id: i64, record: &SignInRecord<Id>) -> impl Params<'_> {
    (row_id, record.name.as_str(), record.password_hash.as_str(), record.is_active)
}

fn integrator(row: Row<'_>) -> Read<IntegratorRecord> {
    named(row, IntegratorId::from_i64)
}

fn user(row: Row<'_>) -> Read<UserRecord> {
    named(row, UserId::from_i64)
}

fn named<Id>(row: Row<'_>, from: fn(i64) -> Result<Id, IdOutOfRange>) -> Read<SignInRecord<Id>> {
    Ok(SignInRecord {
        id: id(from, row.get(0)?)?,
        name: words(row, 1)?,
        password_hash: PasswordHash::from_phc(row.get(2)?),
        is_active: row.get(3)?,
    })
}

pub(super) fn role(row: Row<'_>, column: usize) -> Read<Role> {
    Role::from_code(string(row, column)?).ok_or_else(|| StoreError::damaged("a role is not one"))
}
