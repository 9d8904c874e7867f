//! The company's rules, and what heads its papers.

use askama::Template;
use ventanilla_domain::{Issuer, Policy, Sha256};

use super::refusal::{setting_of, why};
use super::revenue::{Revenue, Wrong};
use super::texts::AdminTexts;
use super::{administration, done, logo, parts};
use crate::answer::{self, Answer};
use crate::figures::minor_from;
use crate::forms::{Choice, Errors};
use crate::frame::{Frame, Section};
use crate::language::filled;
use crate::trouble::{Trouble, act_refusal_of};
use crate::visit::Visit;

/// The word of a setting that is not set; on the page its field is empty.
const NONE: &str = "none";

/// A setting on the page.
#[derive(Debug)]
struct Setting {
    key: String,
    label: &'static str,
    value: String,
    /// Of what there is to choose; none where it is typed.
    choices: Vec<Choice>,
    hint: &'static str,
    wrong: &'static str,
}

#[derive(Debug, Template)]
#[template(path = "admin/company.html")]
struct CompanyPage {
    frame: Frame,
    t: &'static AdminTexts,
    parts: Vec<Section>,
    name: String,
    fixed: String,
    rules: Vec<Setting>,
    papers: Vec<Setting>,
    errors: Errors,
    logo: Option<String>,
    logo_form: String,
    revenue: Revenue,
    wrong: &'static str,
}

/// The page.
pub(super) async fn show(visit: &Visit) -> Answer {
    to_page(visit, None)
}

/// The settings in force, as a form has them.
fn in_force(visit: &Visit) -> Result<Vec<(String, String)>, Trouble> {
    let company = visit.company()?;
    let issuer = visit.hall.service.issuer(company.id)?.unwrap_or_default();
    let all = company.policy.to_settings().into_iter().chain(issuer.to_settings());
    Ok(all.filter(|(key, _)| label(key, AdminTexts::of(visit.language)).is_some()).collect())
}

/// What a setting is called; none of those that have pages of their own.
pub(super) fn label(key: &str, t: &'static AdminTexts) -> Option<&'static str> {
    let known = [
        ("oldest_first", t.oldest_first),
        ("reversal_days", t.reversal_days),
        ("hours", t.hours),
        ("cut_off", t.cut_off),
        ("check_payer", t.check_payer),
        ("cash_rounding", t.cash_rounding),
        ("issuer.name", t.issuer_name),
        ("issuer.tax_id", t.issuer_tax_id),
        ("issuer.address", t.issuer_address),
        ("issuer.municipality", t.issuer_municipality),
        ("issuer.phone", t.issuer_phone),
        ("issuer.activity", t.issuer_activity),
        ("issuer.legend", t.issuer_legend),
        ("issuer.public_url", t.issuer_public_url),
    ];
    known.into_iter().find(|(name, _)| *name == key).map(|(_, label)| label)
}

/// How a value is typed, where that is not any text.
fn hint(key: &str, t: &'static AdminTexts) -> &'static str {
    match key {
        "reversal_days" => t.reversal_days_hint,
        "hours" => t.hours_hint,
        "cut_off" => t.cut_off_hint,
        "cash_rounding" => t.cash_rounding_hint,
        "issuer.public_url" => t.public_url_hint,
        _ => "",
    }
}

/// A value as the setting takes it: an amount is typed as people write it.
fn taken(key: &str, typed: &str) -> String {
    let typed = if typed.is_empty() { NONE } else { typed };
    let minor = if key == "cash_rounding" { minor_from(typed) } else { None };
    minor.map_or_else(|| typed.to_owned(), |minor| format!("{}.{:02}", minor / 100, minor % 100))
}

fn form_of(key: &str) -> &'static str {
    let all = Policy::SETTINGS.into_iter().chain(Issuer::SETTINGS);
    all.into_iter().find(|(name, _)| *name == key).map_or("", |(_, form)| form)
}

pub(super) fn to_page(visit: &Visit, wrong: Option<(&str, &'static str)>) -> Answer {
    to_page_with(visit, wrong, &Wrong::new())
}

/// The page with what is wrong in its settings or its logo, and in its accounts of revenue.
pub(super) fn to_page_with(
    visit: &Visit,
    wrong: Option<(&str, &'static str)>,
    wrong_accounts: &Wrong,
) -> Answer {
    let (t, company) = (AdminTexts::of(visit.language), visit.company()?);
    let settings = in_force(visit)?;
    let to_setting = |(key, value): &(String, String)| {
        let is_typed = visit.form.pairs().iter().any(|(name, _)| name == key);
        let value = if is_typed { visit.form.get(key) } else { value };
        let value = if value == NONE { "" } else { value }.to_owned();
        let form = form_of(key);
        let choices = if form == "true|false" {
            Choice::all([("true", t.yes), ("false", t.no)], &value)
        } else {
            Vec::new()
        };
        Setting {
            label: label(key, t).unwrap_or_default(),
            hint: hint(key, t),
            wrong: wrong.filter(|(of, _)| of == key).map_or("", |(_, sentence)| sentence),
            key: key.clone(),
            value,
            choices,
        }
    };
    let (papers, rules): (Vec<_>, Vec<_>) =
        settings.iter().partition(|(key, _)| Issuer::is_setting(key));
    let logo = visit.hall.service.logo(company.id)?;
    let zone = format!(
        "{} {}, {}",
        filled(t.company_fixed, company.id),
        company.currency.to_code(),
        company.time_zone.to_name()
    );
    let page = CompanyPage {
        frame: visit.frame(t.company),
        t,
        parts: parts(visit),
        name: company.name.to_string(),
        fixed: zone,
        rules: rules.into_iter().map(to_setting).collect(),
        papers: papers.into_iter().map(to_setting).collect(),
        errors: wrong
            .filter(|(of, _)| *of == logo::FIELD)
            .map(|(_, sentence)| Errors::of(logo::FIELD, sentence))
            .unwrap_or_default(),
        logo: logo.map(|logo| visit.to_path(&format!("/logo?{}", short(logo.sha256())))),
        logo_form: visit.to_path("/admin/empresa/logo"),
        revenue: Revenue::of(visit, wrong_accounts)?,
        wrong: wrong.map_or("", |(_, sentence)| sentence),
    };
    if wrong.is_some() || !wrong_accounts.is_empty() {
        answer::wrong(&page)
    } else {
        answer::page(&page)
    }
}

/// The beginning of a hash: another picture is another path, so that a browser asks for it.
fn short([one, two, three, four, ..]: &Sha256) -> String {
    format!("{one:02x}{two:02x}{three:02x}{four:02x}")
}

/// Keeps what is not as it was.
pub(super) async fn save(visit: &Visit) -> Answer {
    let mut changed = Vec::new();
    for (key, value) in in_force(visit)? {
        let typed = taken(&key, visit.form.get(&key));
        if visit.form.pairs().iter().any(|(name, _)| *name == key) && typed != value {
            changed.push((key, typed));
        }
    }
    if changed.is_empty() {
        return done(visit, "/admin/empresa");
    }
    match administration(visit)?.set_company(changed).await {
        Ok(_) => done(visit, "/admin/empresa"),
        Err(failure) => {
            let refusal = act_refusal_of(failure)?;
            let sentence = why(&refusal, AdminTexts::of(visit.language));
            to_page(visit, Some((setting_of(&refusal).unwrap_or_default(), sentence)))
        }
    }
}
