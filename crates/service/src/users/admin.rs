//! Administration: integrators, users and their rights.

use std::net::IpAddr;

use jiff::Timestamp;
use ventanilla_domain::{CompanyId, IdOutOfRange, IntegratorId, Role, UserId};
use ventanilla_store::{
    IntegratorRecord, PasswordHash, SessionRecord, SignInName, SignInRecord, StoreError, Tx,
    UserRecord, View, to_hex,
};

use super::password::PasswordMd5;
use super::session::session_digest;
use super::{Integrator, IssuedPassword, User};
use crate::collecting::Decided;
use crate::trail::StaffAct;
use crate::{AdminRefusal, Failure, NoRefusal, Service, Subject, What};

impl Service {
    /// Adds an integrator; its password, issued by us where `None` (160 bits), is answered once and
    /// kept as a slow hash.
    ///
    /// Refusals in order: a password that is blank or reads as an MD5, a name that is taken.
    pub async fn add_integrator(
        &self,
        name: SignInName,
        password: Option<String>,
    ) -> Result<(Integrator, IssuedPassword), Failure<AdminRefusal>> {
        let (issued, password_hash) = self.issued(password).await?;
        let record = SignInRecord { id: IntegratorId::FIRST, name, password_hash, is_active: true };
        let act = self.operator_act(What::IntegratorAdd);
        let record = self.write(move |tx, now| {
            let added = add_integrator(tx, record.clone())?;
            if let Ok(record) = &added {
                act.keep(tx, now, None, Subject::named(record.name.as_str()))?;
            }
            Ok(added)
        });
        Ok((shown(record.await?), issued))
    }

    /// All integrators, by id.
    pub fn integrators(&self) -> Result<Vec<Integrator>, Failure<NoRefusal>> {
        self.read_decided(|view| Ok(Ok(view.integrators()?.into_iter().map(shown).collect())))
    }

    /// Gives an integrator another password, issued by us where `None`: the one before is refused
    /// from now on. It stays the integrator it was, whose caller keys are used up.
    ///
    /// Refusals in order: a password that is blank or reads as an MD5, an unknown name.
    pub async fn set_integrator_password(
        &self,
        name: &SignInName,
        password: Option<String>,
    ) -> Result<(Integrator, IssuedPassword), Failure<AdminRefusal>> {
        let (issued, password_hash) = self.issued(password).await?;
        let change = move |record| {
            let password_hash = password_hash.clone();
            IntegratorRecord { password_hash, ..record }
        };
        Ok((self.change_integrator(name, What::IntegratorPassword, change).await?, issued))
    }

    /// Disables an integrator: its calls are refused from now on. Refuses an unknown name.
    pub async fn disable_integrator(
        &self,
        name: &SignInName,
    ) -> Result<Integrator, Failure<AdminRefusal>> {
        let change = |record| IntegratorRecord { is_active: false, ..record };
        self.change_integrator(name, What::IntegratorDisable, change).await
    }

    /// Takes an integrator's calls again, with the password it has. Refuses an unknown name.
    pub async fn enable_integrator(
        &self,
        name: &SignInName,
    ) -> Result<Integrator, Failure<AdminRefusal>> {
        let change = |record| IntegratorRecord { is_active: true, ..record };
        self.change_integrator(name, What::IntegratorEnable, change).await
    }

    /// Adds a user with a right for one company; the password is kept as a slow hash.
    ///
    /// Refusals in order: a password that is blank or reads as an MD5, an unknown company, a name
    /// that is taken.
    pub async fn add_user(
        &self,
        name: SignInName,
        password: &str,
        company: CompanyId,
        role: Role,
    ) -> Result<User, Failure<AdminRefusal>> {
        let (_, password_hash) = self.hashed(password, None).await?;
        let act = self.operator_act(What::UserAdd);
        let record = SignInRecord { id: UserId::FIRST, name, password_hash, is_active: true };
        self.write(move |tx, now| {
            tx.hold_identities()?;
            if tx.company(company)?.is_none() {
                return Ok(Err(AdminRefusal::CompanyUnknown));
            }
            let record = match add_user(tx, record.clone())? {
                Ok(record) => record,
                Err(refusal) => return Ok(Err(refusal)),
            };
            tx.put_right(record.id, company, role)?;
            act.keep(tx, now, Some(company), Subject::named(record.name.as_str()))?;
            shown_user(&tx.view(), record).map(Ok)
        })
        .await
    }

    /// All users with their rights, by id.
    pub fn users(&self) -> Result<Vec<User>, Failure<NoRefusal>> {
        self.read_decided(|view| {
            let records = view.users()?.into_iter();
            let shown: Result<Vec<User>, _> =
                records.map(|record| shown_user(view, record)).collect();
            shown.map(Ok)
        })
    }

    /// Gives a user a right for a company, or another in its place; it acts at once.
    ///
    /// Refusals in order: an unknown company, an unknown name.
    pub async fn grant(
        &self,
        user: &SignInName,
        company: CompanyId,
        role: Role,
    ) -> Result<User, Failure<AdminRefusal>> {
        self.change_user(user, Some(company), What::UserGrant, granting(company, role)).await
    }

    /// Takes a user's right for a company away; it acts at once.
    ///
    /// Refusals in order: an unknown company, an unknown name, a right that is not there.
    pub async fn revoke(
        &self,
        user: &SignInName,
        company: CompanyId,
    ) -> Result<User, Failure<AdminRefusal>> {
        self.change_user(user, Some(company), What::UserRevoke, revoking(company)).await
    }

    /// Disables a user: its password is refused from now on, its sessions end, permanent ones too, and so does
    /// an invitation. Refuses an unknown name.
    pub async fn disable_user(&self, name: &SignInName) -> Result<User, Failure<AdminRefusal>> {
        self.change_user(name, None, What::UserDisable, disable).await
    }

    /// Lets a user sign in again, with the password and the rights it has. Refuses an unknown name.
    pub async fn enable_user(&self, name: &SignInName) -> Result<User, Failure<AdminRefusal>> {
        self.change_user(name, None, What::UserEnable, enable).await
    }

    /// Gives a user another password, and ends all its sessions and an invitation to choose one.
    ///
    /// Refusals in order: a password that is blank or reads as an MD5, an unknown name.
    pub async fn set_user_password(
        &self,
        name: &SignInName,
        password: &str,
    ) -> Result<User, Failure<AdminRefusal>> {
        let (_, password_hash) = self.hashed(password, None).await?;
        self.change_user(name, None, What::UserPassword, move |tx, record| {
            end_sessions(tx, record.id)?;
            tx.drop_invitation_of(record.id)?;
            tx.put_user(&UserRecord { password_hash: password_hash.clone(), ..record })?;
            Ok(Ok(()))
        })
        .await
    }

    /// Opens a session of a known key that never ends by itself: the one that the demo's data have.
    ///
    /// Refusals in order: a key that is not 32 hexadecimal digits, an unknown name.
    pub async fn open_permanent_session(
        &self,
        user: &SignInName,
        key: &str,
    ) -> Result<(), Failure<AdminRefusal>> {
        let Some(digest) = session_digest(key) else {
            return Err(Failure::Refused(AdminRefusal::SessionKey));
        };
        let name = user.clone();
        self.write(move |tx, now| {
            tx.share_identities()?;
            let Some(record) = tx.view().user_by_name(&name)? else {
                return Ok(Err(AdminRefusal::UserUnknown));
            };
            let (user, renewed_at) = (record.id, now);
            tx.put_session(&SessionRecord { digest, user, renewed_at, is_permanent: true })?;
            Ok(Ok(()))
        })
        .await
    }

    /// A password that is chosen, or else issued by us, and what is kept of it.
    pub(crate) async fn issued(
        &self,
        chosen: Option<String>,
    ) -> Result<(IssuedPassword, PasswordHash), Failure<AdminRefusal>> {
        let password = chosen.unwrap_or_else(|| to_hex(&self.entropy().bytes::<20>()));
        let (md5, hash) = self.hashed(&password, None).await?;
        Ok((IssuedPassword { password, md5: md5.as_str().to_owned() }, hash))
    }

    /// A chosen password's MD5, and what is kept of it. Whoever asks from an address waits among those of its
    /// network.
    pub(crate) async fn hashed(
        &self,
        password: &str,
        address: Option<IpAddr>,
    ) -> Result<(PasswordMd5, PasswordHash), Failure<AdminRefusal>> {
        let md5 = PasswordMd5::from_chosen(password).map_err(Failure::Refused)?;
        let (salt, hashed) = (self.entropy().bytes(), md5.clone());
        let hash = self.slowly(address, move |_| hashed.to_hash(&salt).map(Ok)).await?;
        Ok((md5, hash))
    }

    /// Changes an integrator, and answers it as it is then. Refuses an unknown name.
    async fn change_integrator(
        &self,
        name: &SignInName,
        what: What,
        change: impl Fn(IntegratorRecord) -> IntegratorRecord + Send + 'static,
    ) -> Result<Integrator, Failure<AdminRefusal>> {
        let (name, act) = (name.clone(), self.operator_act(what));
        self.write(move |tx, now| {
            tx.hold_identities()?;
            let Some(record) = tx.view().integrator_by_name(&name)? else {
                return Ok(Err(AdminRefusal::IntegratorUnknown));
            };
            let record = change(record);
            tx.put_integrator(&record)?;
            act.keep(tx, now, None, Subject::named(record.name.as_str()))?;
            Ok(Ok(shown(record)))
        })
        .await
    }

    /// Changes a user, and answers it as it is then. Refusals in order: an unknown company, an
    /// unknown name, then those of the change.
    async fn change_user(
        &self,
        name: &SignInName,
        company: Option<CompanyId>,
        what: What,
        change: impl Fn(&mut Tx<'_>, UserRecord) -> Decided<(), AdminRefusal> + Send + 'static,
    ) -> Result<User, Failure<AdminRefusal>> {
        self.write(changing_user(self.operator_act(what), name.clone(), company, change)).await
    }
}

/// What changes a user, whoever does it, and answers it as it is then. Refusals in order: an unknown company, an
/// unknown name, then those of the change.
pub(crate) fn changing_user(
    act: StaffAct,
    name: SignInName,
    company: Option<CompanyId>,
    change: impl Fn(&mut Tx<'_>, UserRecord) -> Decided<(), AdminRefusal> + Send + 'static,
) -> impl Fn(&mut Tx<'_>, Timestamp) -> Decided<User, AdminRefusal> + Send + 'static {
    move |tx, now| {
        tx.hold_identities()?;
        if let Some(company) = company
            && tx.company(company)?.is_none()
        {
            return Ok(Err(AdminRefusal::CompanyUnknown));
        }
        let Some(record) = tx.view().user_by_name(&name)? else {
            return Ok(Err(AdminRefusal::UserUnknown));
        };
        if let Err(refusal) = change(tx, record)? {
            return Ok(Err(refusal));
        }
        act.keep(tx, now, company, Subject::named(name.as_str()))?;
        let changed = tx.view().user_by_name(&name)?;
        let changed = changed.map(|record| shown_user(&tx.view(), record)).transpose()?;
        Ok(changed.ok_or(AdminRefusal::UserUnknown))
    }
}

/// Adds a user under the next id. Refuses a name that is taken.
pub(crate) fn add_user(tx: &mut Tx<'_>, record: UserRecord) -> Decided<UserRecord, AdminRefusal> {
    let records = tx.view().users()?;
    if records.iter().any(|other| other.name == record.name) {
        return Ok(Err(AdminRefusal::UserExists));
    }
    let id = next_id(&records, UserId::FIRST, UserId::checked_next)?;
    let record = UserRecord { id, ..record };
    tx.put_user(&record)?;
    Ok(Ok(record))
}

pub(crate) fn granting(
    company: CompanyId,
    role: Role,
) -> impl Fn(&mut Tx<'_>, UserRecord) -> Decided<(), AdminRefusal> + Send + 'static {
    move |tx, record| {
        tx.put_right(record.id, company, role)?;
        Ok(Ok(()))
    }
}

pub(crate) fn revoking(
    company: CompanyId,
) -> impl Fn(&mut Tx<'_>, UserRecord) -> Decided<(), AdminRefusal> + Send + 'static {
    move |tx, record| {
        let rights = tx.view().rights_of(record.id)?;
        if !rights.iter().any(|(of, _)| *of == company) {
            return Ok(Err(AdminRefusal::RightUnknown));
        }
        tx.drop_right(record.id, company)?;
        Ok(Ok(()))
    }
}

pub(crate) fn disable(tx: &mut Tx<'_>, record: UserRecord) -> Decided<(), AdminRefusal> {
    end_sessions(tx, record.id)?;
    tx.drop_invitation_of(record.id)?;
    tx.put_user(&UserRecord { is_active: false, ..record })?;
    Ok(Ok(()))
}

pub(crate) fn enable(tx: &mut Tx<'_>, record: UserRecord) -> Decided<(), AdminRefusal> {
    tx.put_user(&UserRecord { is_active: true, ..record })?;
    Ok(Ok(()))
}

/// Ends all sessions of a user, those of accounting systems and of the console.
pub(crate) fn end_sessions(tx: &mut Tx<'_>, user: UserId) -> Result<(), StoreError> {
    tx.drop_sessions(user)?;
    tx.drop_console_sessions(user, None)
}

fn add_integrator(
    tx: &mut Tx<'_>,
    record: IntegratorRecord,
) -> Decided<IntegratorRecord, AdminRefusal> {
    tx.hold_identities()?;
    let records = tx.view().integrators()?;
    if records.iter().any(|other| other.name == record.name) {
        return Ok(Err(AdminRefusal::IntegratorExists));
    }
    let id = next_id(&records, IntegratorId::FIRST, IntegratorId::checked_next)?;
    let record = IntegratorRecord { id, ..record };
    tx.put_integrator(&record)?;
    Ok(Ok(record))
}

/// The id after the last: records are never deleted, so the last id is the greatest.
fn next_id<Id: Copy>(
    records: &[SignInRecord<Id>],
    first: Id,
    next: fn(Id) -> Result<Id, IdOutOfRange>,
) -> Result<Id, StoreError> {
    let after = |last: &SignInRecord<Id>| next(last.id);
    records.last().map_or(Ok(first), after).map_err(|cause| StoreError::Damaged {
        what: "the ids of those who sign in are exhausted",
        cause: Some(cause.into()),
    })
}

fn shown(record: IntegratorRecord) -> Integrator {
    Integrator { id: record.id, name: record.name, is_active: record.is_active }
}

pub(crate) fn shown_user(view: &View<'_>, record: UserRecord) -> Result<User, StoreError> {
    let UserRecord { id, name, is_active, .. } = record;
    Ok(User { id, name, is_active, rights: view.rights_of(id)? })
}
