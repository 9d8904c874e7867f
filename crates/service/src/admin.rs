//! Administration: companies, their rules, what heads their papers, and their collectors.

use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    CollectorId, CollectorLimits, Company, CompanyId, Event, Issuer, Label, PayDecision,
    PayRefusal, Payment, Policy, ReversalWindow, ReverseCommand, ReverseDecision, ReverseFacts,
    SettingError, business_day, decide_pay, decide_reverse,
};
use ventanilla_store::{CollectorRecord, StoreError, Tx, to_hex};

use crate::access::secret_digest;
use crate::collecting::{Decided, company_of, pay_facts};
use crate::printing::issuer_of_number;
use crate::trail::StaffAct;
use crate::{
    AdminRefusal, Collector, Credentials, Entropy, Failure, NewCollector, NewCompany, NoRefusal,
    PastPayment, PastPaymentRefusal, Service, Subject, What,
};

impl Service {
    /// Opens a company's books. Refuses an id that is taken.
    pub async fn add_company(&self, new: NewCompany) -> Result<Company, Failure<AdminRefusal>> {
        let act = self.operator_act(What::CompanyAdd);
        self.write(move |tx, now| {
            if tx.company(new.id)?.is_some() {
                return Ok(Err(AdminRefusal::CompanyExists));
            }
            open_company(tx, &new, &act, now).map(Ok)
        })
        .await
    }

    /// All companies, by id.
    pub fn companies(&self) -> Result<Vec<Company>, Failure<NoRefusal>> {
        self.read_decided(|view| {
            let companies = view.companies()?;
            Ok(Ok(companies.iter().map(|company| company.as_ref().clone()).collect()))
        })
    }

    /// Changes a company's rules and what heads its papers by settings `(KEY, VALUE)` (see
    /// `Policy::SETTINGS` and `Issuer::SETTINGS`): all or none.
    ///
    /// Refusals in order: an unknown company, the first setting that is refused, a day closed that is
    /// not over.
    pub async fn set_company(
        &self,
        company: CompanyId,
        settings: Vec<(String, String)>,
    ) -> Result<Company, Failure<AdminRefusal>> {
        self.write(setting_company(self.operator_act(What::CompanySet), company, settings)).await
    }

    /// What heads a company's papers; `None` where nothing was said, or there is no such company.
    pub fn issuer(&self, company: CompanyId) -> Result<Option<Issuer>, Failure<NoRefusal>> {
        self.read_decided(|view| match view.company(company)? {
            Some(company) => issuer_of_number(view, company.id, company.issuer).map(Ok),
            None => Ok(Ok(None)),
        })
    }

    /// Adds a collector; its credentials are answered once and kept as hashes.
    ///
    /// Refusals in order: an unknown company, a name or a security code that is taken.
    pub async fn add_collector(
        &self,
        new: NewCollector,
    ) -> Result<(Collector, Credentials), Failure<AdminRefusal>> {
        let (record, credentials) = self.new_collector(new);
        let act = self.operator_act(What::CollectorAdd);
        Ok((shown(&self.write(adding_collector(act, record)).await?), credentials))
    }

    /// A collector's record before it has an id, and its credentials.
    pub(crate) fn new_collector(&self, new: NewCollector) -> (CollectorRecord, Credentials) {
        let NewCollector { company, name, can_list, credentials } = new;
        let credentials = credentials.unwrap_or_else(|| issue(&name, self.entropy()));
        let code = ["code", &credentials.security_code];
        let code_digest = self.store().keys().credential_digest(&code);
        let login = Label::from_text(&credentials.login).unwrap_or_else(|_| name.clone());
        let Credentials { login: sent, password, .. } = &credentials;
        let secret_digest = secret_digest(self.store().keys(), &code_digest, sent, password);
        let record = CollectorRecord {
            id: CollectorId::FIRST,
            company,
            name,
            login,
            code_digest,
            secret_digest,
            can_list,
            is_active: true,
            is_window: false,
            limits: CollectorLimits::NONE,
            previous: None,
        };
        (record, credentials)
    }

    /// All collectors, or one company's, by id.
    pub fn collectors(
        &self,
        company: Option<CompanyId>,
    ) -> Result<Vec<Collector>, Failure<NoRefusal>> {
        self.read_decided(|view| {
            let records = view.collectors()?;
            let of_company =
                |record: &&CollectorRecord| company.is_none_or(|id| record.company == id);
            Ok(Ok(records.iter().filter(of_company).map(shown).collect()))
        })
    }

    /// Disables a collector: its credentials and its tokens are refused from now on.
    ///
    /// Refusals in order: an unknown company, an unknown name.
    pub async fn disable_collector(
        &self,
        company: CompanyId,
        name: &str,
    ) -> Result<Collector, Failure<AdminRefusal>> {
        let act = self.operator_act(What::CollectorDisable);
        self.write(changing_collector(act, company, name, disable_collector)).await
    }

    /// Records a payment taken before the books were opened here, under the id it has. The
    /// company's rules of today do not bind it; the bill must exist and be unpaid.
    ///
    /// Refusals in order: an unknown company, an id in use, then those of [`PayRefusal`].
    pub async fn record_past_payment(
        &self,
        company: CompanyId,
        past: PastPayment,
    ) -> Result<Payment, Failure<PastPaymentRefusal>> {
        self.write(move |tx, now| {
            if tx.company(company)?.is_none() {
                return Ok(Err(PastPaymentRefusal::CompanyUnknown));
            }
            let company = company_of(tx, company)?;
            if tx.view().payment(&company, past.id)?.is_some() {
                return Ok(Err(PastPaymentRefusal::IdInUse));
            }
            record_past(tx, &without_rules(&company), &past, now)
        })
        .await
    }
}

/// Opens the books of a company that there is not.
pub(crate) fn open_company(
    tx: &mut Tx<'_>,
    new: &NewCompany,
    act: &StaffAct,
    now: Timestamp,
) -> Result<Company, StoreError> {
    let company = Company {
        id: new.id,
        name: new.name.clone(),
        currency: new.currency,
        time_zone: new.time_zone.clone(),
        policy: Policy::default(),
        issuer: 0,
    };
    let first_payment = new.first_payment;
    let event = Event::CompanyOpened { company: Box::new(company.clone()), first_payment };
    tx.append(company.id, event, now)?;
    act.keep(tx, now, Some(company.id), Subject::named(company.name.as_str()))?;
    Ok(company)
}

/// What changes a company's rules and what heads its papers, whoever does it. Refusals as in
/// [`Service::set_company`].
pub(crate) fn setting_company(
    act: StaffAct,
    company: CompanyId,
    settings: Vec<(String, String)>,
) -> impl Fn(&mut Tx<'_>, Timestamp) -> Decided<Company, AdminRefusal> + Send + 'static {
    move |tx, now| {
        let Some(company) = tx.company(company)? else {
            return Ok(Err(AdminRefusal::CompanyUnknown));
        };
        let before = issuer_of_number(&tx.view(), company.id, company.issuer)?;
        let (policy, issuer) = match set(&company, &before.unwrap_or_default(), &settings) {
            Ok(set) => set,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let changed = Company { policy, issuer: issuer.number, ..company.as_ref().clone() };
        if closes_an_open_day(&company, &changed, now) {
            return Ok(Err(AdminRefusal::DayNotOver));
        }
        if changed.policy != company.policy {
            let event = Event::PolicyChanged(Box::new(changed.policy.clone()));
            tx.append(company.id, event, now)?;
        }
        if changed.issuer != company.issuer {
            tx.append(company.id, Event::IssuerKept(Box::new(issuer)), now)?;
        }
        let keys: Vec<&str> = settings.iter().map(|(key, _)| key.as_str()).collect();
        act.keep(tx, now, Some(company.id), Subject::named(keys.join(", ")))?;
        Ok(Ok(changed))
    }
}

/// What adds a collector, whoever does it. Refusals as in [`Service::add_collector`].
pub(crate) fn adding_collector(
    act: StaffAct,
    record: CollectorRecord,
) -> impl Fn(&mut Tx<'_>, Timestamp) -> Decided<CollectorRecord, AdminRefusal> + Send + 'static {
    move |tx, now| {
        let added = add_collector(tx, record.clone())?;
        if let Ok(record) = &added {
            act.keep(tx, now, Some(record.company), Subject::named(record.name.as_str()))?;
        }
        Ok(added)
    }
}

/// What changes the collector of a name, whoever does it.
///
/// Refusals in order: an unknown company, an unknown name.
pub(crate) fn changing_collector<T: Send + 'static>(
    act: StaffAct,
    company: CompanyId,
    name: &str,
    change: impl Fn(&mut Tx<'_>, CollectorRecord, Timestamp) -> Result<T, StoreError> + Send + 'static,
) -> impl Fn(&mut Tx<'_>, Timestamp) -> Decided<T, AdminRefusal> + Send + 'static {
    let name = name.trim().to_owned();
    move |tx, now| match collector_named(tx, company, &name)? {
        Ok((_, record)) => {
            act.keep(tx, now, Some(company), Subject::named(name.as_str()))?;
            change(tx, record, now).map(Ok)
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// The collector of a name, which nobody else changes until the transaction ends.
///
/// Refusals in order: an unknown company, an unknown name.
pub(crate) fn collector_named(
    tx: &mut Tx<'_>,
    company: CompanyId,
    name: &str,
) -> Decided<(Arc<Company>, CollectorRecord), AdminRefusal> {
    tx.hold_identities()?;
    let Some(company) = tx.company(company)? else {
        return Ok(Err(AdminRefusal::CompanyUnknown));
    };
    let mut records = tx.view().collectors()?.into_iter();
    // The window's credentials are nobody's, and whoever works there is a user.
    let is_named = |record: &CollectorRecord| {
        record.company == company.id && record.name.as_str() == name && !record.is_window
    };
    let found = records.find(is_named).ok_or(AdminRefusal::CollectorUnknown);
    Ok(found.map(|record| (company, record)))
}

pub(crate) fn disable_collector(
    tx: &mut Tx<'_>,
    record: CollectorRecord,
    _: Timestamp,
) -> Result<Collector, StoreError> {
    let record = CollectorRecord { is_active: false, ..record };
    tx.put_collector(record.clone())?;
    Ok(shown(&record))
}

/// A company under rules that bind nobody but for its days: what was taken in the past was taken.
pub(crate) fn without_rules(company: &Company) -> Company {
    let policy = Policy {
        reversal_window: ReversalWindow::Unlimited,
        cut_off: company.policy.cut_off,
        closed_through: company.policy.closed_through,
        ..Policy::default()
    };
    Company { policy, ..company.clone() }
}

/// A company's rules and issuer as settings leave them.
fn set(
    company: &Company,
    before: &Issuer,
    settings: &[(String, String)],
) -> Result<(Policy, Issuer), SettingError> {
    let mut policy = company.policy.clone();
    let mut facts = Vec::new();
    for (key, value) in settings {
        if Issuer::is_setting(key) {
            let fact = (key.as_str(), value.as_str());
            // The first wrong setting is told, whichever kind it is of.
            before.with([fact])?;
            facts.push(fact);
        } else {
            policy = policy.with(key, value)?;
        }
    }
    Ok((policy, before.with(facts)?))
}

fn closes_an_open_day(before: &Company, after: &Company, now: Timestamp) -> bool {
    let closed = after.policy.closed_through;
    let is_new = closed != before.policy.closed_through;
    is_new && closed.is_some_and(|closed| closed >= business_day(before, now))
}

fn record_past(
    tx: &mut Tx<'_>,
    company: &Company,
    past: &PastPayment,
    now: Timestamp,
) -> Decided<Payment, PastPaymentRefusal> {
    let facts = pay_facts(&tx.view(), company, &past.command, past.id)?;
    let payment = match decide_pay(&facts, &past.command, past.recorded_at) {
        Ok(PayDecision::Accepted(payment)) => payment,
        Ok(PayDecision::Replayed(_)) => {
            return Ok(Err(PastPaymentRefusal::Pay(PayRefusal::CallerKeyReused)));
        }
        Err(refusal) => return Ok(Err(PastPaymentRefusal::Pay(refusal))),
    };
    tx.append(company.id, Event::PaymentMade(payment.clone()), now)?;
    let Some(reversed_at) = past.reversed_at else { return Ok(Ok(*payment)) };
    let command = ReverseCommand {
        collector: payment.collector,
        bill: payment.bill,
        payment: payment.id,
        reason: None,
        caller_key: None,
        is_late_allowed: false,
    };
    let payment = *payment;
    let facts =
        ReverseFacts { company, repeated: None, payment: Some(payment.clone()), reversal: None };
    match decide_reverse(facts, &command, reversed_at) {
        Ok(ReverseDecision::Accepted(reversal)) => {
            tx.append(company.id, Event::PaymentReversed(reversal), now)?;
            Ok(Ok(payment))
        }
        _ => {
            Err(StoreError::Damaged { what: "a payment just made cannot be reversed", cause: None })
        }
    }
}

pub(crate) fn add_collector(
    tx: &mut Tx<'_>,
    record: CollectorRecord,
) -> Decided<CollectorRecord, AdminRefusal> {
    tx.hold_identities()?;
    if tx.company(record.company)?.is_none() {
        return Ok(Err(AdminRefusal::CompanyUnknown));
    }
    let records = tx.view().collectors()?;
    let is_taken = |other: &CollectorRecord| {
        other.code_digest == record.code_digest
            || (other.company == record.company && other.name == record.name)
    };
    if records.iter().any(is_taken) {
        return Ok(Err(AdminRefusal::CollectorExists));
    }
    // Collectors are never deleted, so the last id is the greatest.
    let id = match records.last() {
        Some(last) => last.id.checked_next().map_err(|cause| StoreError::Damaged {
            what: "the collectors' ids are exhausted",
            cause: Some(cause.into()),
        })?,
        None => CollectorId::FIRST,
    };
    let record = CollectorRecord { id, ..record };
    tx.put_collector(record.clone())?;
    Ok(Ok(record))
}

/// Credentials of ours: 64 bits to be found by, 160 bits of secret.
fn issue(name: &Label, entropy: &Entropy) -> Credentials {
    let login: String = name
        .as_str()
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    Credentials {
        security_code: to_hex(&entropy.bytes::<8>()).to_uppercase(),
        login,
        password: issue_password(entropy),
    }
}

/// 160 bits of secret.
pub(crate) fn issue_password(entropy: &Entropy) -> String {
    to_hex(&entropy.bytes::<20>())
}

pub(crate) fn shown(record: &CollectorRecord) -> Collector {
    Collector {
        id: record.id,
        company: record.company,
        name: record.name.clone(),
        login: record.login.to_string(),
        can_list: record.can_list,
        is_active: record.is_active,
        is_window: record.is_window,
        limits: record.limits,
    }
}
