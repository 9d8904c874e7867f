//! Invitations: links that are used once, by which somebody chooses a password.

use std::fmt;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use ventanilla_domain::{CompanyId, Role, UserId};
use ventanilla_store::{
    Digest, InvitationRecord, PasswordHash, SignInName, SignInRecord, StoreError, Tx, UserRecord,
    View, to_hex, token_digest,
};

use super::administration::{Administered, Administration};
use super::entering::new_session;
use super::{EnteredConsole, OfficeRefusal};
use crate::admin::open_company;
use crate::collecting::Decided;
use crate::trail::StaffAct;
use crate::users::admin::{add_user, end_sessions};
use crate::{AdminRefusal, Failure, NewCompany, NoRefusal, Service, Subject, What};

/// How long an invitation may be used.
const LIFETIME: SignedDuration = SignedDuration::from_hours(72);
/// Where its page is, before the token.
const PATH: &str = "/consola/ingreso/";
/// Characters of a password that is chosen at the console, at least.
const PASSWORD_LEN_MIN: usize = 10;

/// An invitation just issued.
#[derive(Clone)]
pub struct IssuedInvitation {
    /// What its link ends with: 64 hexadecimal digits, kept nowhere.
    pub token: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl IssuedInvitation {
    /// The path of its page.
    pub fn to_path(&self) -> String {
        format!("{PATH}{}", self.token)
    }
}

impl fmt::Debug for IssuedInvitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("IssuedInvitation");
        shown.field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What an invitation is for, as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Whose it is; `None` for the first administrator, who chooses a name too.
    pub user: Option<SignInName>,
    /// Whether there is no company yet, so that the first administrator makes one.
    pub needs_company: bool,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What somebody who was invited chooses.
#[derive(Clone)]
pub struct Chosen {
    /// A name; looked at only where the invitation has none.
    pub name: Option<SignInName>,
    /// A password.
    pub password: String,
    /// The first company; looked at only where the invitation needs one.
    pub company: Option<NewCompany>,
}

impl fmt::Debug for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, password: _, company } = self;
        let mut shown = f.debug_struct("Chosen");
        shown.field("name", name).field("company", company).finish_non_exhaustive()
    }
}

/// Why an invitation was not taken, in order of precedence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvitationRefusal {
    /// There is no such invitation, or not any more: it was used, or its time is over.
    #[error("the invitation is over")]
    Over,
    /// The first administrator chooses a name.
    #[error("a name is needed")]
    NameNeeded,
    /// The first administrator makes the company.
    #[error("a company is needed")]
    CompanyNeeded,
    /// What was chosen was refused: the password, or else the name.
    #[error(transparent)]
    Chosen(#[from] AdminRefusal),
}

/// A password that is chosen at the console. Refuses one that is short; what else is refused is told by whoever
/// hashes it.
pub(super) fn require_long(password: &str) -> Result<(), AdminRefusal> {
    let is_long = password.chars().count() >= PASSWORD_LEN_MIN;
    if is_long || password.trim().is_empty() { Ok(()) } else { Err(AdminRefusal::PasswordShort) }
}

impl Service {
    /// Invites the first administrator: whoever takes it administers every company there is, and makes the
    /// first where there is none. An invitation of the kind that was not taken yet is no more.
    pub async fn invite_first(&self) -> Result<IssuedInvitation, Failure<NoRefusal>> {
        let (token, digest) = self.new_invitation();
        let act = self.operator_act(What::UserInvite);
        let expires_at = self
            .write(move |tx, now| {
                tx.hold_identities()?;
                let expires_at = put_invitation(tx, digest, None, now)?;
                act.keep(tx, now, None, Subject::default())?;
                Ok(Ok(expires_at))
            })
            .await?;
        Ok(IssuedInvitation { token, expires_at })
    }

    /// Invites a user, for the operator: a new one, or one who was invited and has not come yet.
    ///
    /// Refusals in order: an unknown company, a name that is taken.
    pub async fn invite_user(
        &self,
        name: SignInName,
        company: CompanyId,
        role: Role,
    ) -> Result<IssuedInvitation, Failure<AdminRefusal>> {
        let act = self.operator_act(What::UserInvite);
        let (token, inviting) = self.inviting(act, name, (company, role), true).await?;
        Ok(IssuedInvitation { token, expires_at: self.write(inviting).await? })
    }

    /// What an invitation is for. Refuses one that is over.
    pub fn invitation(&self, token: &str) -> Result<Invitation, Failure<InvitationRefusal>> {
        let (digest, now) = (token_digest(token), self.clock().now());
        self.read_decided(|view| match open_invitation(view, &digest, now)? {
            Some(Open { record, user }) => Ok(Ok(Invitation {
                user: user.map(|user| user.name),
                needs_company: record.user.is_none() && view.companies()?.is_empty(),
                expires_at: record.expires_at,
            })),
            None => Ok(Err(InvitationRefusal::Over)),
        })
    }

    /// Takes an invitation, once, and opens a session of the console for whoever took it.
    ///
    /// Refusals in the order of [`InvitationRefusal`].
    pub async fn take_invitation(
        &self,
        token: &str,
        chosen: Chosen,
        address: IpAddr,
    ) -> Result<EnteredConsole, Failure<InvitationRefusal>> {
        let invitation = self.invitation(token)?;
        let Chosen { name, password, company } = chosen;
        if invitation.user.is_none() && name.is_none() {
            return Err(Failure::Refused(InvitationRefusal::NameNeeded));
        }
        if invitation.needs_company && company.is_none() {
            return Err(Failure::Refused(InvitationRefusal::CompanyNeeded));
        }
        let refused = |refusal: AdminRefusal| InvitationRefusal::Chosen(refusal);
        require_long(&password).map_err(|refusal| Failure::Refused(refused(refusal)))?;
        let hashed = self.hashed(&password, Some(address)).await;
        let (_, hash) = hashed.map_err(|failure| failure.map(refused))?;
        let key = to_hex(&self.entropy().bytes::<32>());
        let taking = Taking {
            digest: token_digest(token),
            name,
            hash,
            company,
            session: token_digest(&key),
        };
        let (user, name) = self.write(move |tx, now| taking.take(tx, address, now)).await?;
        Ok(EnteredConsole { key, user, name })
    }

    fn new_invitation(&self) -> (String, Digest) {
        let token = to_hex(&self.entropy().bytes::<32>());
        let digest = token_digest(&token);
        (token, digest)
    }

    /// What invites a user, whoever does it, and the token of the link. Refusals as in
    /// [`Self::invite_user`].
    async fn inviting(
        &self,
        act: StaffAct,
        name: SignInName,
        (company, role): (CompanyId, Role),
        is_operator: bool,
    ) -> Result<
        (
            String,
            impl Fn(&mut Tx<'_>, Timestamp) -> Decided<Timestamp, AdminRefusal> + Send + 'static,
        ),
        Failure<AdminRefusal>,
    > {
        // A password that nobody knows, until one is chosen.
        let (_, password_hash) = self.issued(None).await?;
        let (token, digest) = self.new_invitation();
        let new = SignInRecord { id: UserId::FIRST, name, password_hash, is_active: true };
        let inviting = move |tx: &mut Tx<'_>, now| {
            tx.hold_identities()?;
            if tx.company(company)?.is_none() {
                return Ok(Err(AdminRefusal::CompanyUnknown));
            }
            let invited = match tx.view().user_by_name(&new.name)? {
                Some(known) if may_renew(&tx.view(), &known, company, is_operator)? => Ok(known),
                Some(_) => Err(AdminRefusal::UserExists),
                None => add_user(tx, new.clone())?,
            };
            let invited = match invited {
                Ok(invited) => invited,
                Err(refusal) => return Ok(Err(refusal)),
            };
            tx.put_right(invited.id, company, role)?;
            let expires_at = put_invitation(tx, digest, Some(invited.id), now)?;
            act.keep(tx, now, Some(company), Subject::named(invited.name.as_str()))?;
            Ok(Ok(expires_at))
        };
        Ok((token, inviting))
    }
}

impl Administration<'_> {
    /// Invites a user for the company: a new one, or one whom this company alone invited and who has not come
    /// yet. The link is answered once. Needs a proof. Refuses a name that is taken.
    pub async fn invite(&self, name: SignInName, role: Role) -> Administered<IssuedInvitation> {
        let act = self.officer.act(What::UserInvite);
        let inviting = self.service.inviting(act, name, (self.company(), role), false).await;
        let (token, inviting) = inviting.map_err(|failure| failure.map(OfficeRefusal::Act))?;
        Ok(IssuedInvitation { token, expires_at: self.proven(inviting).await? })
    }
}

/// An invitation that has not ended, with its user.
struct Open {
    record: InvitationRecord,
    user: Option<UserRecord>,
}

/// What is known before an invitation's transaction.
struct Taking {
    digest: Digest,
    name: Option<SignInName>,
    hash: PasswordHash,
    company: Option<NewCompany>,
    session: Digest,
}

impl Taking {
    fn take(
        &self,
        tx: &mut Tx<'_>,
        address: IpAddr,
        now: Timestamp,
    ) -> Decided<(UserId, SignInName), InvitationRefusal> {
        tx.hold_identities()?;
        let Some(Open { record, user }) = open_invitation(&tx.view(), &self.digest, now)? else {
            return Ok(Err(InvitationRefusal::Over));
        };
        let taken = match user {
            Some(user) => self.keep_password(tx, user)?,
            None => self.make_first(tx, address, now)?,
        };
        let (user, name) = match taken {
            Ok(taken) => taken,
            Err(refusal) => return Ok(Err(refusal)),
        };
        if !tx.take_invitation(&record.digest)? {
            return Err(StoreError::Again("an invitation was taken meanwhile".into()));
        }
        tx.put_console_session(&new_session(self.session, user, address, now))?;
        let act = StaffAct::of_user(user, address, What::InvitationTake);
        act.keep_of_user(tx, now, user, &Subject::named(name.as_str()))?;
        Ok(Ok((user, name)))
    }

    fn keep_password(
        &self,
        tx: &mut Tx<'_>,
        user: UserRecord,
    ) -> Decided<(UserId, SignInName), InvitationRefusal> {
        end_sessions(tx, user.id)?;
        let user = UserRecord { password_hash: self.hash.clone(), ..user };
        tx.put_user(&user)?;
        Ok(Ok((user.id, user.name)))
    }

    /// Makes the first administrator, of all companies that there are, or of the first. Refuses before
    /// anything is written.
    fn make_first(
        &self,
        tx: &mut Tx<'_>,
        address: IpAddr,
        now: Timestamp,
    ) -> Decided<(UserId, SignInName), InvitationRefusal> {
        let Some(name) = self.name.clone() else {
            return Ok(Err(InvitationRefusal::NameNeeded));
        };
        let known: Vec<CompanyId> = tx.view().companies()?.iter().map(|it| it.id).collect();
        let first = self.company.as_ref().filter(|_| known.is_empty());
        if known.is_empty() && first.is_none() {
            return Ok(Err(InvitationRefusal::CompanyNeeded));
        }
        let password_hash = self.hash.clone();
        let new = SignInRecord { id: UserId::FIRST, name, password_hash, is_active: true };
        let user = match add_user(tx, new)? {
            Ok(user) => user,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        if let Some(new) = first {
            let act = StaffAct::of_user(user.id, address, What::CompanyAdd);
            open_company(tx, new, &act, now)?;
        }
        for company in known.into_iter().chain(first.map(|new| new.id)) {
            tx.put_right(user.id, company, Role::Administrator)?;
        }
        Ok(Ok((user.id, user.name)))
    }
}

fn put_invitation(
    tx: &mut Tx<'_>,
    digest: Digest,
    user: Option<UserId>,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let expires_at = now.saturating_add(LIFETIME).unwrap_or(Timestamp::MAX);
    tx.put_invitation(&InvitationRecord { digest, user, expires_at })?;
    Ok(expires_at)
}

/// The invitation of a hash, if it may be taken: one of somebody who was disabled meanwhile may not.
fn open_invitation(
    view: &View<'_>,
    digest: &Digest,
    now: Timestamp,
) -> Result<Option<Open>, StoreError> {
    let found = view.invitation(digest)?.filter(|record| now < record.expires_at);
    let Some(record) = found else { return Ok(None) };
    let Some(id) = record.user else { return Ok(Some(Open { record, user: None })) };
    let user = view.users()?.into_iter().find(|user| user.id == id && user.is_active);
    Ok(user.map(|user| Open { record, user: Some(user) }))
}

/// Whether somebody who is known may be invited again: who has not come yet, and of whom no other company says
/// who it is.
fn may_renew(
    view: &View<'_>,
    known: &UserRecord,
    company: CompanyId,
    is_operator: bool,
) -> Result<bool, StoreError> {
    let is_invited = view.invitations()?.iter().any(|record| record.user == Some(known.id));
    let rights = view.rights_of(known.id)?;
    let is_own = rights.iter().all(|(of, _)| *of == company);
    Ok(is_invited && known.is_active && (is_operator || is_own))
}
