//! Sessions of the console, second factors, recovery codes and invitations, read and written.

use jiff::Timestamp;
use ventanilla_domain::UserId;

use super::rows::{string, words};
use super::{Params, Reads, Row, SqlTx, Value};
use crate::inside::{
    ConsoleSessionRecord, InvitationRecord, OpenConsoleSession, SecondFactorRecord,
};
use crate::postgres::again_if_taken;
use crate::values::{id, instant};
use crate::{Digest, StoreError};

type Read<T> = Result<T, StoreError>;
type Write = Result<(), StoreError>;

impl Reads<'_> {
    pub(crate) fn console_session(self, digest: &Digest) -> Read<Option<OpenConsoleSession>> {
        let sql = "SELECT digest, user_id, opened_at_us, renewed_at_us, proven_at_us, address, \
                   name, is_active FROM console_session JOIN app_user USING (user_id) \
                   WHERE digest = ?1";
        self.one(sql, [digest], |row| {
            let (name, is_active) = (words(row, 6)?, row.get(7)?);
            Ok(OpenConsoleSession { session: session(row)?, name, is_active })
        })
    }

    pub(crate) fn console_sessions_of(self, user: UserId) -> Read<Vec<ConsoleSessionRecord>> {
        let sql = "SELECT digest, user_id, opened_at_us, renewed_at_us, proven_at_us, address \
                   FROM console_session WHERE user_id = ?1 ORDER BY opened_at_us, digest";
        self.many(sql, [user.to_i64()], session)
    }

    pub(crate) fn console_session_count(
        self,
        renewed_by: Timestamp,
        opened_by: Timestamp,
    ) -> Read<u64> {
        let sql = "SELECT count(*) FROM console_session JOIN app_user USING (user_id) \
                   WHERE is_active = 1 AND renewed_at_us > ?1 AND opened_at_us > ?2";
        let instants = (renewed_by.as_microsecond(), opened_by.as_microsecond());
        let count = self.one(sql, instants, |row| Ok(row.get::<i64>(0)?.unsigned_abs()))?;
        Ok(count.unwrap_or_default())
    }

    pub(crate) fn invitation(self, digest: &Digest) -> Read<Option<InvitationRecord>> {
        let sql = "SELECT digest, user_id, expires_at_us FROM invitation WHERE digest = ?1";
        self.one(sql, [digest], invitation)
    }

    pub(crate) fn invitations(self) -> Read<Vec<InvitationRecord>> {
        let sql = "SELECT digest, user_id, expires_at_us FROM invitation \
                   ORDER BY expires_at_us, digest";
        self.many(sql, (), invitation)
    }

    pub(crate) fn second_factor(self, user: UserId) -> Read<Option<SecondFactorRecord>> {
        let sql = "SELECT sealed FROM second_factor WHERE user_id = ?1";
        self.one(sql, [user.to_i64()], |row| {
            Ok(SecondFactorRecord { user, sealed: string(row, 0)?.to_owned() })
        })
    }

    pub(crate) fn recovery_codes(self, user: UserId) -> Read<Vec<Digest>> {
        let sql = "SELECT digest FROM recovery_code WHERE user_id = ?1 ORDER BY digest";
        self.many(sql, [user.to_i64()], |row| row.get(0))
    }
}

impl SqlTx<'_> {
    pub(crate) fn put_console_session(&mut self, record: &ConsoleSessionRecord) -> Write {
        let sql = "INSERT INTO console_session (digest, user_id, opened_at_us, renewed_at_us, \
                   proven_at_us, address) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        self.keep(
            sql,
            (
                record.digest,
                record.user.to_i64(),
                record.opened_at.as_microsecond(),
                record.renewed_at.as_microsecond(),
                record.proven_at.map(Timestamp::as_microsecond),
                record.address.to_string(),
            ),
        )
    }

    pub(crate) fn renew_console_session(&mut self, digest: &Digest, at: Timestamp) -> Write {
        let sql = "UPDATE console_session SET renewed_at_us = ?2 WHERE digest = ?1";
        self.keep(sql, (digest, at.as_microsecond()))
    }

    pub(crate) fn prove_console_session(&mut self, digest: &Digest, at: Timestamp) -> Write {
        let sql = "UPDATE console_session SET proven_at_us = ?2 WHERE digest = ?1";
        self.keep(sql, (digest, at.as_microsecond()))
    }

    pub(crate) fn drop_console_session(&mut self, digest: &Digest) -> Write {
        self.keep("DELETE FROM console_session WHERE digest = ?1", [digest])
    }

    pub(crate) fn drop_console_sessions(&mut self, user: UserId, but: Option<&Digest>) -> Write {
        match but {
            Some(but) => {
                let sql = "DELETE FROM console_session WHERE user_id = ?1 AND digest <> ?2";
                self.keep(sql, (user.to_i64(), but))
            }
            None => self.keep("DELETE FROM console_session WHERE user_id = ?1", [user.to_i64()]),
        }
    }

    pub(crate) fn drop_ended_console_sessions(
        &mut self,
        user: UserId,
        renewed_before: Timestamp,
        opened_before: Timestamp,
    ) -> Write {
        let sql = "DELETE FROM console_session \
                   WHERE user_id = ?1 AND (renewed_at_us < ?2 OR opened_at_us < ?3)";
        let (renewed, opened) = (renewed_before.as_microsecond(), opened_before.as_microsecond());
        self.keep(sql, (user.to_i64(), renewed, opened))
    }

    pub(crate) fn put_invitation(&mut self, record: &InvitationRecord) -> Write {
        let sql = match record.user {
            Some(_) => "DELETE FROM invitation WHERE user_id = ?1",
            None => "DELETE FROM invitation WHERE user_id IS NULL",
        };
        let user = record.user.map(UserId::to_i64);
        let values: Vec<Value<'_>> = user.into_iter().map(Value::Int).collect();
        self.keep(sql, values.as_slice())?;
        let sql = "INSERT INTO invitation (digest, user_id, expires_at_us) VALUES (?1, ?2, ?3)";
        let InvitationRecord { digest, user, expires_at } = record;
        self.keep(sql, (digest, user.map(UserId::to_i64), expires_at.as_microsecond()))
    }

    pub(crate) fn drop_invitation_of(&mut self, user: UserId) -> Write {
        self.keep("DELETE FROM invitation WHERE user_id = ?1", [user.to_i64()])
    }

    pub(crate) fn take_invitation(&mut self, digest: &Digest) -> Read<bool> {
        Ok(self.run("DELETE FROM invitation WHERE digest = ?1", [digest])? == 1)
    }

    pub(crate) fn put_second_factor(&mut self, record: &SecondFactorRecord) -> Write {
        let sql = "INSERT INTO second_factor (user_id, sealed) VALUES (?1, ?2) \
                   ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed";
        let SecondFactorRecord { user, sealed } = record;
        self.keep(sql, (Value::Int(user.to_i64()), Value::from(sealed)))
    }

    pub(crate) fn drop_second_factor(&mut self, user: UserId) -> Write {
        self.keep("DELETE FROM second_factor WHERE user_id = ?1", [user.to_i64()])?;
        self.keep("DELETE FROM recovery_code WHERE user_id = ?1", [user.to_i64()])
    }

    pub(crate) fn take_step(&mut self, user: UserId, step: i64) -> Read<bool> {
        let sql = "INSERT INTO second_factor_step (user_id, step) VALUES (?1, ?2) \
                   ON CONFLICT (user_id) DO UPDATE SET step = excluded.step \
                   WHERE second_factor_step.step < excluded.step";
        Ok(self.run(sql, (user.to_i64(), step)).map_err(again_if_taken)? == 1)
    }

    pub(crate) fn put_recovery_code(&mut self, user: UserId, digest: &Digest) -> Write {
        let sql = "INSERT INTO recovery_code (user_id, digest) VALUES (?1, ?2) \
                   ON CONFLICT (user_id, digest) DO NOTHING";
        self.keep(sql, (user.to_i64(), *digest))
    }

    pub(crate) fn take_recovery_code(&mut self, user: UserId, digest: &Digest) -> Read<bool> {
        let sql = "DELETE FROM recovery_code WHERE user_id = ?1 AND digest = ?2";
        Ok(self.run(sql, (user.to_i64(), *digest))? == 1)
    }

    fn keep<'v>(&self, sql: &str, params: impl Params<'v>) -> Write {
        self.run(sql, params).map(drop).map_err(again_if_taken)
    }
}

fn session(row: Row<'_>) -> Read<ConsoleSessionRecord> {
    let address = string(row, 5)?.parse();
    Ok(ConsoleSessionRecord {
        digest: row.get(0)?,
        user: id(UserId::from_i64, row.get(1)?)?,
        opened_at: instant(row.get(2)?)?,
        renewed_at: instant(row.get(3)?)?,
        proven_at: row.get::<Option<i64>>(4)?.map(instant).transpose()?,
        address: address.map_err(|cause| StoreError::damaged_by("an address is not one", cause))?,
    })
}

fn invitation(row: Row<'_>) -> Read<InvitationRecord> {
    Ok(InvitationRecord {
        digest: row.get(0)?,
        user: row.get::<Option<i64>>(1)?.map(|user| id(UserId::from_i64, user)).transpose()?,
        expires_at: instant(row.get(2)?)?,
    })
}
