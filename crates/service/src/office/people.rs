//! The people of a company under an administrator's hand: who they are, what they may do, where they sit.

use std::net::IpAddr;

use jiff::Timestamp;
use ventanilla_domain::{CompanyId, Right, Role, UserId};
use ventanilla_store::{
    ConsoleSessionRecord, InvitationRecord, SignInName, StoreError, Tx, UserRecord, View,
};

use super::administration::{Administered, Administration};
use super::invitations::require_long;
use super::{Office, OfficeRefusal, Officer};
use crate::collecting::Decided;
use crate::users::admin::{changing_user, disable, enable, end_sessions, granting, revoking};
use crate::users::sign_in::Claim;
use crate::{
    AdminRefusal, Failure, NoRefusal, Service, SignInRefusal, Subject, TokenId, User, What,
};

/// Somebody who works for the company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Colleague {
    /// Who.
    pub id: UserId,
    /// The name.
    pub name: SignInName,
    /// What the user is for the company.
    pub role: Role,
    /// Whether the user may sign in.
    pub is_active: bool,
    /// Whether the user works for other companies too.
    pub is_elsewhere: bool,
    /// Whether the user has a second factor.
    pub has_second_factor: bool,
    /// Of who was invited and has not come: when the invitation ends, or ended.
    pub invited_until: Option<Timestamp>,
}

/// A session of the console, as it is shown: neither its key nor its whole hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSession {
    /// What it is named by.
    pub id: TokenId,
    /// Whose it is.
    pub user: SignInName,
    /// Whether it is the one that asks.
    pub is_own: bool,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was used last, to the minute.
    pub renewed_at: Timestamp,
    /// When the second factor was proven last.
    pub proven_at: Option<Timestamp>,
    /// From where it was opened.
    pub address: IpAddr,
}

/// Why a user's own password was not changed, in order of precedence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefusal {
    /// The password so far was not proven.
    #[error(transparent)]
    Present(#[from] SignInRefusal),
    /// The new one was refused.
    #[error(transparent)]
    New(#[from] AdminRefusal),
}

impl Administration<'_> {
    /// All who work for the company, by id.
    pub fn users(&self) -> Result<Vec<Colleague>, Failure<OfficeRefusal<NoRefusal>>> {
        let company = self.company();
        self.service.read_for(self.officer, Right::Administer, |view| {
            let invitations = view.invitations()?;
            let mut found = Vec::new();
            for user in view.users()? {
                found.extend(colleague(view, user, company, &invitations)?);
            }
            Ok(Ok(found))
        })
    }

    /// Gives somebody of the company another role. Needs a proof.
    ///
    /// Refusals in order: a name that nobody of the company has, an administrator who is the last.
    pub async fn set_role(&self, name: &SignInName, role: Role) -> Administered<User> {
        let is_kept = role == Role::Administrator;
        self.change(
            name,
            What::UserGrant,
            granting(self.company(), role),
            move |view, of, officer| {
                if is_kept { Ok(Ok(())) } else { require_another(view, of, officer) }
            },
        )
        .await
    }

    /// Takes somebody's right for the company away. Needs a proof. Refusals as in [`Self::set_role`].
    pub async fn remove_user(&self, name: &SignInName) -> Administered<User> {
        self.change(name, What::UserRevoke, revoking(self.company()), require_another).await
    }

    /// Disables somebody of the company: no sign-in and no session from now on. Needs a proof.
    ///
    /// Refusals in order: a name that nobody of the company has, oneself, somebody who works for a company that
    /// one does not administer.
    pub async fn disable_user(&self, name: &SignInName) -> Administered<User> {
        self.change(name, What::UserDisable, disable, require_own).await
    }

    /// Lets somebody sign in again. Needs a proof. Refusals as in [`Self::disable_user`].
    pub async fn enable_user(&self, name: &SignInName) -> Administered<User> {
        self.change(name, What::UserEnable, enable, require_own).await
    }

    /// Forgets somebody's second factor with its recovery codes, and ends the sessions: the next one enrols
    /// another. Needs a proof. Refusals as in [`Self::disable_user`].
    pub async fn reset_second_factor(&self, name: &SignInName) -> Administered<User> {
        let reset = |tx: &mut Tx<'_>, user: UserRecord| reset_factor(tx, user.id);
        self.change(name, What::FactorReset, reset, require_own).await
    }

    /// Ends all of somebody's sessions, those of accounting systems too. Refuses a name that nobody of the
    /// company has.
    pub async fn end_sessions_of(&self, name: &SignInName) -> Administered<User> {
        let end = |tx: &mut Tx<'_>, user: UserRecord| end_sessions(tx, user.id).map(Ok);
        let company = self.company();
        let end = checked(self.officer, company, end, |_, _, _| Ok(Ok(())));
        let act = self.officer.act(What::SessionEnd);
        self.allowed(changing_user(act, name.clone(), Some(company), end)).await
    }

    /// The sessions of the console that the company's people have open, by user and then by their opening.
    pub fn sessions(&self) -> Result<Vec<KeptSession>, Failure<OfficeRefusal<NoRefusal>>> {
        let (company, now) = (self.company(), self.service.clock().now());
        self.service.read_for(self.officer, Right::Administer, |view| {
            let mut kept = Vec::new();
            for (user, session) in sessions_of(view, company)? {
                if self.officer.seat.rules.is_alive(&session, now) {
                    kept.push(self.kept(&user, &session));
                }
            }
            Ok(Ok(kept))
        })
    }

    /// Ends a session of the console of somebody of the company. Refuses an id that none of them has.
    pub async fn end_session(&self, id: TokenId) -> Administered<()> {
        let (company, act) = (self.company(), self.officer.act(What::SessionEnd));
        self.allowed(move |tx, now| {
            let found = sessions_of(&tx.view(), company)?.into_iter();
            let found: Vec<_> =
                found.filter(|(_, session)| TokenId::of(&session.digest) == id).collect();
            for (user, session) in &found {
                tx.drop_console_session(&session.digest)?;
                act.keep(tx, now, Some(company), Subject::named(user.name.as_str()))?;
            }
            Ok(if found.is_empty() { Err(AdminRefusal::SessionUnknown) } else { Ok(()) })
        })
        .await
    }

    fn kept(&self, user: &UserRecord, session: &ConsoleSessionRecord) -> KeptSession {
        KeptSession {
            id: TokenId::of(&session.digest),
            user: user.name.clone(),
            is_own: session.digest == self.officer.seat.session,
            opened_at: session.opened_at,
            renewed_at: session.renewed_at,
            proven_at: session.proven_at,
            address: session.address,
        }
    }

    /// Changes somebody of the company, where `require` lets the officer.
    async fn change(
        &self,
        name: &SignInName,
        what: What,
        change: impl Fn(&mut Tx<'_>, UserRecord) -> Decided<(), AdminRefusal> + Send + 'static,
        require: impl Fn(&View<'_>, &UserRecord, &Officer) -> Decided<(), AdminRefusal> + Send + 'static,
    ) -> Administered<User> {
        let company = self.company();
        let change = checked(self.officer, company, change, require);
        let act = self.officer.act(what);
        self.proven(changing_user(act, name.clone(), Some(company), change)).await
    }
}

impl Service {
    /// Forgets a user's second factor with its recovery codes, and ends the sessions, for the operator. Refuses
    /// an unknown name.
    pub async fn reset_second_factor(
        &self,
        name: &SignInName,
    ) -> Result<User, Failure<AdminRefusal>> {
        let act = self.operator_act(What::FactorReset);
        let reset = |tx: &mut Tx<'_>, user: UserRecord| reset_factor(tx, user.id);
        self.write(changing_user(act, name.clone(), None, reset)).await
    }

    /// Changes the password of a session's user, who says the one so far too. All other sessions end, those of
    /// accounting systems too.
    ///
    /// Refusals in the order of [`OfficeRefusal`] and [`PasswordRefusal`].
    pub async fn change_own_password(
        &self,
        office: &Office,
        present: &str,
        new: &str,
    ) -> Result<(), Failure<OfficeRefusal<PasswordRefusal>>> {
        let claim = Claim::at_console(office.name().as_str(), present);
        let proven = self.prove_user(&claim, office.seat.address).await;
        proven.map_err(|failure| failure.map(|it| OfficeRefusal::Act(it.into())))?;
        let refused = |refusal: AdminRefusal| OfficeRefusal::Act(PasswordRefusal::New(refusal));
        require_long(new).map_err(|refusal| Failure::Refused(refused(refusal)))?;
        let hashed = self.hashed(new, Some(office.seat.address)).await;
        let (_, password_hash) = hashed.map_err(|failure| failure.map(refused))?;
        let seat = office.seat.clone();
        self.write(move |tx, now| {
            tx.hold_identities()?;
            let record = tx.view().user_by_name(&seat.name)?;
            let (Some(_), Some(record)) = (seat.session(&tx.view(), now)?, record) else {
                return Ok(Err(OfficeRefusal::SessionOver));
            };
            tx.drop_sessions(record.id)?;
            tx.drop_console_sessions(record.id, Some(&seat.session))?;
            tx.put_user(&UserRecord { password_hash: password_hash.clone(), ..record })?;
            let subject = Subject::named(seat.name.as_str());
            seat.act(What::UserPassword).keep_of_user(tx, now, seat.user, &subject)?;
            Ok(Ok(()))
        })
        .await
    }
}

/// Ends a user's sessions and forgets the second factor.
fn reset_factor(tx: &mut Tx<'_>, user: UserId) -> Decided<(), AdminRefusal> {
    tx.drop_second_factor(user)?;
    end_sessions(tx, user).map(Ok)
}

/// A change to somebody of a company, where an officer may do it. Nobody learns who else there is.
fn checked(
    officer: &Officer,
    company: CompanyId,
    change: impl Fn(&mut Tx<'_>, UserRecord) -> Decided<(), AdminRefusal> + Send + 'static,
    require: impl Fn(&View<'_>, &UserRecord, &Officer) -> Decided<(), AdminRefusal> + Send + 'static,
) -> impl Fn(&mut Tx<'_>, UserRecord) -> Decided<(), AdminRefusal> + Send + 'static {
    let officer = officer.clone();
    move |tx, user| {
        if role_of(&tx.view(), user.id, company)?.is_none() {
            return Ok(Err(AdminRefusal::UserUnknown));
        }
        if let Err(refusal) = require(&tx.view(), &user, &officer)? {
            return Ok(Err(refusal));
        }
        change(tx, user)
    }
}

fn role_of(view: &View<'_>, user: UserId, company: CompanyId) -> Result<Option<Role>, StoreError> {
    let mut rights = view.rights_of(user)?.into_iter();
    Ok(rights.find(|(of, _)| *of == company).map(|(_, role)| role))
}

/// That a company keeps an administrator. Whoever acts is one: it can lose the last only in oneself.
fn require_another(
    view: &View<'_>,
    user: &UserRecord,
    officer: &Officer,
) -> Decided<(), AdminRefusal> {
    if user.id != officer.user {
        return Ok(Ok(()));
    }
    let invitations = view.invitations()?;
    for other in view.users()? {
        let has_come = !invitations.iter().any(|record| record.user == Some(other.id));
        if other.id != user.id
            && has_come
            && view.right(other.id, officer.company.id)? == Some(Role::Administrator)
        {
            return Ok(Ok(()));
        }
    }
    Ok(Err(AdminRefusal::LastAdministrator))
}

/// That somebody is another than oneself, and works only where one is an administrator.
fn require_own(view: &View<'_>, user: &UserRecord, officer: &Officer) -> Decided<(), AdminRefusal> {
    if user.id == officer.user {
        return Ok(Err(AdminRefusal::OwnAccount));
    }
    for (company, _) in view.rights_of(user.id)? {
        if view.right(officer.user, company)? != Some(Role::Administrator) {
            return Ok(Err(AdminRefusal::UserElsewhere));
        }
    }
    Ok(Ok(()))
}

fn colleague(
    view: &View<'_>,
    user: UserRecord,
    company: CompanyId,
    invitations: &[InvitationRecord],
) -> Result<Option<Colleague>, StoreError> {
    let rights = view.rights_of(user.id)?;
    let role = rights.iter().find(|(of, _)| *of == company).map(|(_, role)| *role);
    let Some(role) = role else { return Ok(None) };
    let invitation = invitations.iter().find(|record| record.user == Some(user.id));
    Ok(Some(Colleague {
        id: user.id,
        role,
        is_active: user.is_active,
        is_elsewhere: rights.len() > 1,
        has_second_factor: view.second_factor(user.id)?.is_some(),
        invited_until: invitation.map(|record| record.expires_at),
        name: user.name,
    }))
}

/// The sessions of all who work for a company, each with its user.
fn sessions_of(
    view: &View<'_>,
    company: CompanyId,
) -> Result<Vec<(UserRecord, ConsoleSessionRecord)>, StoreError> {
    let mut found = Vec::new();
    for user in view.users()? {
        if role_of(view, user.id, company)?.is_some() {
            let own = view.console_sessions_of(user.id)?.into_iter();
            found.extend(own.map(|session| (user.clone(), session)));
        }
    }
    Ok(found)
}
