//! To which account of revenue each concept of a bill goes.

use std::borrow::Cow;

use ventanilla_domain::{BusinessDay, Concept, business_day};
use ventanilla_service::PaymentsWanted;

use super::texts::AdminTexts;
use super::{administration, company, done};
use crate::answer::Answer;
use crate::forms::Errors;
use crate::language::filled;
use crate::trouble::{Trouble, act_refusal_of, of_failure};
use crate::visit::Visit;

/// What the settings of revenue accounts begin with.
const PREFIX: &str = "revenue.";
/// The word that takes an account away.
const NONE: &str = "none";
/// The fields of what is added, and of what is taken away.
const CONCEPT: &str = "concepto";
const ACCOUNT: &str = "cuenta";
const REMOVED: &str = "quitar";
/// Payments whose bills are looked at for concepts: a company's bills are much alike.
const PAYMENTS_LOOKED_AT: usize = 8;

/// What a field of these forms is called; `None` of another's.
pub(super) fn label(name: &str, t: &'static AdminTexts) -> Option<Cow<'static, str>> {
    match name {
        CONCEPT => Some(t.concept_new.into()),
        ACCOUNT => Some(t.account_new.into()),
        REMOVED => Some(t.take_away.into()),
        _ => Some(filled(t.account_of, name.strip_prefix(PREFIX)?).into()),
    }
}

/// A concept that has an account.
#[derive(Debug)]
pub(super) struct Row {
    /// Its setting.
    pub(super) key: String,
    pub(super) concept: String,
    /// As it is, or as it was typed.
    pub(super) account: String,
    pub(super) wrong: &'static str,
}

/// The part of the company's page.
#[derive(Debug)]
pub(super) struct Revenue {
    pub(super) rows: Vec<Row>,
    /// What was typed to be added.
    pub(super) concept: String,
    pub(super) account: String,
    pub(super) errors: Errors,
    /// Concepts that have no account yet, of what was paid lately.
    pub(super) concepts: Vec<String>,
    /// Accounts that there are.
    pub(super) accounts: Vec<String>,
    pub(super) form: String,
}

impl Revenue {
    /// The part with what is wrong, by field: that of a concept that has an account is its setting.
    pub(super) fn of(visit: &Visit, wrong: &Wrong) -> Result<Self, Trouble> {
        let (company, form) = (visit.company()?, &visit.form);
        let sentence = |field: &str| wrong.iter().find(|(of, _)| of == field).map(|(_, why)| *why);
        let row = |(concept, account): (&Concept, &Concept)| {
            let key = format!("{PREFIX}{concept}");
            let is_typed = form.pairs().iter().any(|(name, _)| *name == key);
            let account = if is_typed { form.get(&key) } else { account.as_str() }.to_owned();
            let wrong = sentence(&key).unwrap_or_default();
            Row { concept: concept.to_string(), account, wrong, key }
        };
        let known = &company.policy.revenue_accounts;
        let mut errors = Errors::default();
        for field in [CONCEPT, ACCOUNT] {
            if let Some(sentence) = sentence(field) {
                errors.add(field, sentence);
            }
        }
        let mut accounts: Vec<String> = known.values().map(ToString::to_string).collect();
        accounts.sort();
        accounts.dedup();
        Ok(Self {
            rows: known.iter().map(row).collect(),
            concept: form.get(CONCEPT).to_owned(),
            account: form.get(ACCOUNT).to_owned(),
            errors,
            concepts: concepts(visit)?,
            accounts,
            form: visit.to_path("/admin/empresa/ingresos"),
        })
    }
}

/// Sentences by field.
pub(super) type Wrong = Vec<(String, &'static str)>;

/// Concepts without an account, of the bills that were paid last: a few rows, not all bills.
fn concepts(visit: &Visit) -> Result<Vec<String>, Trouble> {
    let (service, company) = (&visit.hall.service, visit.company()?);
    let today = business_day(company, visit.now());
    let from = today.to_date().checked_sub(jiff::Span::new().days(92)).unwrap_or(today.to_date());
    let days = BusinessDay::from_date(from)..=today;
    let wanted = PaymentsWanted { days, collector: None, cashier: None, is_reversed: None };
    let listed = service.payments(company.id, &wanted, None, PAYMENTS_LOOKED_AT);
    let listed = listed.map_err(|failure| of_failure(failure, |_| Trouble::Missing))?;
    let mut concepts = Vec::new();
    for state in &listed.payments {
        let printed = service.payment_to_print(company.id, state.payment.id);
        let printed = printed.map_err(|failure| of_failure(failure, |_| Trouble::Missing))?;
        concepts.extend(printed.version.terms.printed.details.into_iter().map(|line| line.concept));
    }
    concepts.retain(|concept| !company.policy.revenue_accounts.contains_key(concept));
    concepts.sort();
    concepts.dedup();
    Ok(concepts.iter().map(ToString::to_string).collect())
}

/// Keeps what is not as it was, and what is added.
pub(super) async fn save(visit: &Visit) -> Answer {
    let t = AdminTexts::of(visit.language);
    let (changed, wrong) = read(visit, t)?;
    if !wrong.is_empty() {
        return company::to_page_with(visit, None, &wrong);
    }
    if changed.is_empty() {
        return done(visit, "/admin/empresa");
    }
    match administration(visit)?.set_company(changed).await {
        Ok(_) => done(visit, "/admin/empresa"),
        Err(failure) => {
            let refusal = act_refusal_of(failure)?;
            let sentence = super::refusal::why(&refusal, t);
            company::to_page(visit, Some(("", sentence)))
        }
    }
}

/// Settings to be changed, and what is wrong with those that cannot be.
fn read(visit: &Visit, t: &'static AdminTexts) -> Result<(Vec<(String, String)>, Wrong), Trouble> {
    let (form, policy) = (&visit.form, &visit.company()?.policy);
    if form.has(REMOVED) {
        // Of what somebody else took away meanwhile nothing is left to be done.
        let is_known = |concept: &&Concept| concept.as_str() == form.get(REMOVED);
        let removed = policy.revenue_accounts.keys().find(is_known);
        let setting = removed.map(|concept| (format!("{PREFIX}{concept}"), NONE.to_owned()));
        return Ok((setting.into_iter().collect(), Wrong::new()));
    }
    let (mut changed, mut wrong) = (Vec::new(), Wrong::new());
    for (concept, account) in &policy.revenue_accounts {
        let key = format!("{PREFIX}{concept}");
        let is_typed = form.pairs().iter().any(|(name, _)| *name == key);
        let typed = form.get(&key);
        match policy.with(&key, typed) {
            _ if !is_typed || typed == account.as_str() => {}
            Ok(_) if typed != NONE => changed.push((key, typed.to_owned())),
            _ => wrong.push((key, t.account_wrong)),
        }
    }
    let (concept, account) = (form.get(CONCEPT), form.get(ACCOUNT));
    let is_known = policy.revenue_accounts.keys().any(|known| known.as_str() == concept);
    if concept.is_empty() && account.is_empty() {
        return Ok((changed, wrong));
    }
    let is_concept = Concept::from_text(concept).is_ok();
    if !is_concept {
        wrong.push((CONCEPT.to_owned(), t.concept_wrong));
    } else if is_known {
        wrong.push((CONCEPT.to_owned(), t.concept_known));
    }
    if Concept::from_text(account).is_err() || account == NONE {
        wrong.push((ACCOUNT.to_owned(), t.account_wrong));
    }
    changed.push((format!("{PREFIX}{concept}"), account.to_owned()));
    Ok((changed, wrong))
}
