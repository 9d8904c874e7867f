//! Collectors' tokens under the operator's hand: which are alive, and the end of those that should not be.

use std::fmt;

use jiff::Timestamp;
use ventanilla_domain::{CompanyId, Label};
use ventanilla_store::{CollectorRecord, Digest, StoreError, TokenRecord, Tx, View, to_hex};

use crate::admin::changing_collector;
use crate::collecting::Decided;
use crate::trail::StaffAct;
use crate::{AdminRefusal, Failure, Service, Subject, What};

/// What a token, or a session of the console, is named by: the start of its hash, of which nobody learns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenId([u8; Self::LEN]);

impl TokenId {
    const LEN: usize = 6;

    /// From 12 hexadecimal digits.
    pub fn from_text(text: &str) -> Option<Self> {
        let is_hex =
            text.len() == 2 * Self::LEN && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| is_hex)?;
        let [_, _, bytes @ ..] = number.to_be_bytes();
        Some(Self(bytes))
    }

    pub(crate) fn of(digest: &Digest) -> Self {
        Self(*digest.first_chunk().expect("a hash is longer than an id"))
    }

    /// The least and the greatest hash that start so.
    fn to_range(self) -> (Digest, Digest) {
        let end_with = |rest| {
            let mut digest = [rest; 32];
            digest[..Self::LEN].copy_from_slice(&self.0);
            digest
        };
        (end_with(0), end_with(u8::MAX))
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hex(&self.0))
    }
}

/// A token that is alive, as it is shown: neither it nor its whole hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptToken {
    /// What it is named by.
    pub id: TokenId,
    /// For whom its collector collects.
    pub company: CompanyId,
    /// Its collector's name.
    pub collector: Label,
    /// When it was issued; `None` of one from before this was kept.
    pub issued_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl KeptToken {
    fn of(token: &TokenRecord, collector: &CollectorRecord) -> Self {
        Self {
            id: TokenId::of(&token.digest),
            company: collector.company,
            collector: collector.name.clone(),
            issued_at: token.issued_at,
            expires_at: token.expires_at,
        }
    }
}

impl Service {
    /// The tokens that are taken now, all or one company's or those of the collectors of a name: by
    /// collector, then by their end.
    ///
    /// Refuses a name that no collector has.
    pub fn tokens(
        &self,
        company: Option<CompanyId>,
        name: Option<&str>,
    ) -> Result<Vec<KeptToken>, Failure<AdminRefusal>> {
        let now = self.clock().now();
        self.read_decided(|view| kept_tokens(view, company, name, now))
    }

    /// Ends the token of an id, of any company or of that one: it is unknown from this commit on, also
    /// to a payment that waits. Should several have the id, all end.
    ///
    /// Refuses an id of which there is no token that has not ended.
    pub async fn revoke_token(
        &self,
        id: TokenId,
        company: Option<CompanyId>,
    ) -> Result<Vec<KeptToken>, Failure<AdminRefusal>> {
        self.write_aside(revoking_token(self.operator_act(What::TokenRevoke), id, company)).await
    }

    /// Ends all tokens of a collector; those that had not ended. Its secret is taken as before.
    ///
    /// Refusals in order: an unknown company, an unknown name.
    pub async fn revoke_tokens_of(
        &self,
        company: CompanyId,
        name: &str,
    ) -> Result<Vec<KeptToken>, Failure<AdminRefusal>> {
        let act = self.operator_act(What::TokenRevoke);
        self.write(changing_collector(act, company, name, |tx, record, now| {
            revoke_tokens(tx, &record, now)
        }))
        .await
    }
}

/// The tokens that are taken now, as in [`Service::tokens`].
pub(crate) fn kept_tokens(
    view: &View<'_>,
    company: Option<CompanyId>,
    name: Option<&str>,
    now: Timestamp,
) -> Decided<Vec<KeptToken>, AdminRefusal> {
    let mut collectors = view.collectors()?;
    collectors.retain(|collector| {
        company.is_none_or(|company| collector.company == company)
            && name.is_none_or(|name| collector.name.as_str() == name.trim())
    });
    if name.is_some() && collectors.is_empty() {
        return Ok(Err(AdminRefusal::CollectorUnknown));
    }
    let mut tokens = Vec::new();
    for collector in collectors.iter().filter(|collector| collector.is_active) {
        let alive = view.tokens_of(collector.id)?.into_iter();
        let alive = alive.filter(|token| token.expires_at > now);
        tokens.extend(alive.map(|token| KeptToken::of(&token, collector)));
    }
    Ok(Ok(tokens))
}

/// What ends the token of an id, whoever does it. Refusals as in [`Service::revoke_token`].
pub(crate) fn revoking_token(
    act: StaffAct,
    id: TokenId,
    company: Option<CompanyId>,
) -> impl Fn(&mut Tx<'_>, Timestamp) -> Decided<Vec<KeptToken>, AdminRefusal> + Send + 'static {
    let (first, last) = id.to_range();
    move |tx, now| {
        let mut revoked = Vec::new();
        for token in tx.view().tokens_between(&first, &last)? {
            let Some(collector) = tx.view().collector(token.collector)? else { continue };
            let is_named = company.is_none_or(|company| collector.company == company);
            if is_named && token.expires_at > now {
                tx.drop_token(&token.digest)?;
                let subject = Subject::named(collector.name.as_str());
                act.keep(tx, now, Some(collector.company), subject)?;
                revoked.push(KeptToken::of(&token, &collector));
            }
        }
        Ok(if revoked.is_empty() { Err(AdminRefusal::TokenUnknown) } else { Ok(revoked) })
    }
}

pub(crate) fn revoke_tokens(
    tx: &mut Tx<'_>,
    record: &CollectorRecord,
    now: Timestamp,
) -> Result<Vec<KeptToken>, StoreError> {
    let mut revoked = Vec::new();
    for token in tx.view().tokens_of(record.id)? {
        tx.drop_token(&token.digest)?;
        if token.expires_at > now {
            revoked.push(KeptToken::of(&token, record));
        }
    }
    Ok(revoked)
}
