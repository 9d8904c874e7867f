//! What administrators do at the console: the operator's own acts, by an officer who may.

use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{Company, CompanyId, Label, Right};
use ventanilla_store::{CollectorRecord, Tx};

use super::{OfficeRefusal, Officer};
use crate::admin::{
    adding_collector, changing_collector, disable_collector, setting_company, shown,
};
use crate::collecting::Decided;
use crate::import::{ImportRefusal, ImportRequest, Imported, News, Source};
use crate::limits::limiting_collector;
use crate::logo::{checked, setting_logo};
use crate::secrets::enable_collector;
use crate::tokens::{kept_tokens, revoke_tokens, revoking_token};
use crate::window::holdings;
use crate::{
    AdminRefusal, Collector, Credentials, Failure, Held, KeptToken, LimitChanges, NewCollector,
    NoRefusal, Rotated, Rotation, Service, TokenId, What,
};

/// What an officer does with the company's rules, collectors and people: see [`Service::administer`].
#[derive(Debug, Clone, Copy)]
pub struct Administration<'a> {
    pub(super) service: &'a Service,
    pub(super) officer: &'a Officer,
}

/// What comes of an act of administration at the console.
pub type Administered<T> = Result<T, Failure<OfficeRefusal<AdminRefusal>>>;

impl Service {
    /// Administration by an officer. Each act needs [`Right::Administer`]; those that hand out keys or concern
    /// people need a fresh proof of the second factor too, where they give something and not where they only
    /// take it away. All are told in the company's trail.
    pub fn administer<'a>(&'a self, officer: &'a Officer) -> Administration<'a> {
        Administration { service: self, officer }
    }

    /// Writes for an officer who has a right at that moment.
    ///
    /// Refusals in the order of [`OfficeRefusal`].
    pub(crate) async fn write_for<T: Send + 'static, R: Send + 'static>(
        &self,
        officer: &Officer,
        right: Right,
        work: impl Fn(&mut Tx<'_>, &Arc<Company>, Timestamp) -> Decided<T, R> + Send + 'static,
    ) -> Result<T, Failure<OfficeRefusal<R>>> {
        let officer = officer.clone();
        self.write(move |tx, now| match officer.require(tx, right, now)? {
            Ok(company) => Ok(work(tx, &company, now)?.map_err(OfficeRefusal::Act)),
            Err(refusal) => Ok(Err(refusal)),
        })
        .await
    }
}

impl Administration<'_> {
    /// Changes the company's rules and what heads its papers. Refusals as in [`Service::set_company`].
    pub async fn set_company(&self, settings: Vec<(String, String)>) -> Administered<Company> {
        let act = self.officer.act(What::CompanySet);
        let set = setting_company(act, self.company(), settings);
        self.service
            .write_for(self.officer, Right::Administer, move |tx, _, now| set(tx, now))
            .await
    }

    /// Puts a file's picture at the head of the company's papers, or none there. Refusals as in
    /// [`Service::set_logo`], those of the officer first.
    pub async fn set_logo(&self, file: Option<Vec<u8>>) -> Administered<Company> {
        // Who may not is told so before anything is made of the file.
        self.service
            .read_for(self.officer, Right::Administer, |_| Ok(Ok::<_, AdminRefusal>(())))?;
        let refused = |refusal| Failure::Refused(OfficeRefusal::Act(refusal));
        let logo = checked(file).await.map_err(refused)?;
        let set = setting_logo(self.officer.act(What::CompanySet), self.company(), logo);
        self.service
            .write_for(self.officer, Right::Administer, move |tx, _, now| set(tx, now))
            .await
    }

    /// Imports a file of members or bills into the officer's company, whichever the request names, and in the
    /// officer's name. Blocking.
    ///
    /// Refusals in order: the officer's, then those of [`Service::import`].
    pub fn import(
        &self,
        request: &ImportRequest,
        source: &mut dyn Source,
        on_news: &mut dyn FnMut(News<'_>),
    ) -> Result<Imported, Failure<ImportRefusal>> {
        // Who may not is told so before anything is made of the file; what keeps it asks again.
        let may = self.service.read_for(self.officer, Right::Administer, |_| Ok(Ok(())));
        may.map_err(|failure| failure.map(ImportRefusal::Officer))?;
        let (company, imported_by) = (self.company(), self.officer.label());
        let request = ImportRequest { company, imported_by, ..request.clone() };
        self.service.import_by(Some(self.officer), &request, source, on_news)
    }

    /// The company's collectors, by id.
    pub fn collectors(&self) -> Result<Vec<Collector>, Failure<OfficeRefusal<NoRefusal>>> {
        let company = self.company();
        self.service.read_for(self.officer, Right::Administer, |view| {
            let of_company = |record: &&CollectorRecord| record.company == company;
            Ok(Ok(view.collectors()?.iter().filter(of_company).map(shown).collect()))
        })
    }

    /// The company's collectors, by id, each with what it holds, as the ledger's balances have it.
    pub fn holdings(&self) -> Result<Vec<Held>, Failure<OfficeRefusal<NoRefusal>>> {
        self.service.read_for(self.officer, Right::Administer, |view| {
            holdings(view, &self.officer.company).map(Ok)
        })
    }

    /// Adds a collector; its credentials, issued by us, are answered once. Needs a proof. Refuses a name that
    /// is taken.
    pub async fn add_collector(
        &self,
        name: Label,
        can_list: bool,
    ) -> Administered<(Collector, Credentials)> {
        let company = self.company();
        let new = NewCollector { company, name, can_list, credentials: None };
        let (record, credentials) = self.service.new_collector(new);
        let act = self.officer.act(What::CollectorAdd);
        Ok((shown(&self.proven(adding_collector(act, record)).await?), credentials))
    }

    /// Issues a collector's secret anew, as [`Service::rotate_collector`]. Needs a proof. Refuses an unknown
    /// name.
    pub async fn rotate_collector(&self, name: &str, rotation: Rotation) -> Administered<Rotated> {
        let act = self.officer.act(What::CollectorRotate);
        let rotating = self.service.rotating(rotation);
        self.proven(changing_collector(act, self.company(), name, rotating)).await
    }

    /// Disables a collector. Refuses an unknown name.
    pub async fn disable_collector(&self, name: &str) -> Administered<Collector> {
        let act = self.officer.act(What::CollectorDisable);
        self.allowed(changing_collector(act, self.company(), name, disable_collector)).await
    }

    /// Says what a collector may take, as [`Service::limit_collector`]. Refuses an unknown name, and a limit out of
    /// range.
    pub async fn limit_collector(
        &self,
        name: &str,
        changes: LimitChanges,
    ) -> Administered<Collector> {
        let act = self.officer.act(What::CollectorLimit);
        self.allowed(limiting_collector(act, self.company(), name, changes)).await
    }

    /// Takes a collector's credentials again. Needs a proof. Refuses an unknown name.
    pub async fn enable_collector(&self, name: &str) -> Administered<Collector> {
        let act = self.officer.act(What::CollectorEnable);
        self.proven(changing_collector(act, self.company(), name, enable_collector)).await
    }

    /// The tokens of the company's collectors that are taken now.
    pub fn tokens(&self) -> Administered<Vec<KeptToken>> {
        let (company, now) = (Some(self.company()), self.service.clock().now());
        self.service
            .read_for(self.officer, Right::Administer, |view| kept_tokens(view, company, None, now))
    }

    /// Ends the token of an id. Refuses one that there is not.
    pub async fn revoke_token(&self, id: TokenId) -> Administered<Vec<KeptToken>> {
        let act = self.officer.act(What::TokenRevoke);
        self.allowed(revoking_token(act, id, Some(self.company()))).await
    }

    /// Ends all tokens of a collector. Refuses an unknown name.
    pub async fn revoke_tokens_of(&self, name: &str) -> Administered<Vec<KeptToken>> {
        let act = self.officer.act(What::TokenRevoke);
        let revoke =
            |tx: &mut Tx<'_>, record: CollectorRecord, now| revoke_tokens(tx, &record, now);
        self.allowed(changing_collector(act, self.company(), name, revoke)).await
    }

    pub(super) fn company(&self) -> CompanyId {
        self.officer.company.id
    }

    /// Does what needs the right alone.
    pub(super) async fn allowed<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>, Timestamp) -> Decided<T, AdminRefusal> + Send + 'static,
    ) -> Administered<T> {
        self.administer(false, work).await
    }

    /// Does what needs a proof of the second factor too.
    pub(super) async fn proven<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Tx<'_>, Timestamp) -> Decided<T, AdminRefusal> + Send + 'static,
    ) -> Administered<T> {
        self.administer(true, work).await
    }

    async fn administer<T: Send + 'static>(
        &self,
        needs_proof: bool,
        work: impl Fn(&mut Tx<'_>, Timestamp) -> Decided<T, AdminRefusal> + Send + 'static,
    ) -> Administered<T> {
        let officer = self.officer.clone();
        self.service
            .write(move |tx, now| {
                tx.hold_identities()?;
                let required = if needs_proof {
                    officer.require_proven(tx, Right::Administer, now)?
                } else {
                    officer.require(tx, Right::Administer, now)?
                };
                match required {
                    Ok(_) => Ok(work(tx, now)?.map_err(OfficeRefusal::Act)),
                    Err(refusal) => Ok(Err(refusal)),
                }
            })
            .await
    }
}
