//! `company`: the tenants whose books are kept.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::Value;
use ventanilla_domain::{
    Company, CompanyId, Currency, Issuer, Logo, Name, PaymentId, Policy, TimeZone,
};
use ventanilla_service::{AdminRefusal, NewCompany, read_logo};
use ventanilla_store::to_hex;

use super::by::ByArgs;
use super::{from_company_id, from_text};
use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output;
use crate::problem::{self, Exit, Problem};

/// What takes a logo away, as it clears a setting.
const NO_LOGO: &str = "none";

/// The commands under `company`.
#[derive(Debug, Subcommand)]
pub(crate) enum CompanyCommand {
    /// Abre los libros de una empresa
    Add(AddArgs),
    /// Muestra las empresas
    List(ListArgs),
    /// Muestra los ajustes de una empresa, después de cambiar los que se den
    Set(SetArgs),
}

/// The flags of `company add`.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Número de la empresa
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    id: CompanyId,
    /// Nombre de la empresa
    #[arg(long, value_name = "NOMBRE", value_parser = from_text::<200>)]
    name: Name,
    /// Moneda de sus libros, que no cambia: BOB si falta
    #[arg(long, value_name = "MONEDA", default_value = "BOB", value_parser = from_currency)]
    currency: Currency,
    #[arg(
        help = "Zona horaria de sus días, que no cambia: America/La_Paz si falta",
        long, value_name = "ZONA", default_value = "America/La_Paz", value_parser = from_time_zone)]
    time_zone: TimeZone,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `company list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Responde con una lista JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `company set`.
#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    #[arg(
        help = "Ajustes que cambian: oldest_first, reversal_days, hours, cut_off, check_payer, cash_rounding, \
                closed_through, \
                revenue.CONCEPTO; y lo que llevan sus papeles: issuer.name, issuer.tax_id (NIT o CUIT), \
                issuer.address (casa matriz), issuer.municipality, issuer.phone, issuer.activity, \
                issuer.legend (al pie), issuer.public_url (donde se comprueba un recibo); none borra uno",
        value_name = "CLAVE=VALOR", value_parser = from_setting)]
    settings: Vec<(String, String)>,
    #[arg(
        help = "Logotipo de sus papeles: un archivo PNG o JPEG de hasta 64 KiB y 2000 puntos por lado; none lo quita",
        long,
        value_name = "ARCHIVO|none"
    )]
    logo: Option<PathBuf>,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

fn from_currency(text: &str) -> Result<Currency, String> {
    let known = || format!("no es una moneda con centavos: {}", Currency::CODES.join(", "));
    Currency::from_code(text).ok().ok_or_else(known)
}

fn from_time_zone(text: &str) -> Result<TimeZone, String> {
    let unknown = || "no es una zona horaria de la base IANA".to_owned();
    TimeZone::from_name(text).ok().ok_or_else(unknown)
}

fn from_setting(text: &str) -> Result<(String, String), String> {
    let parts =
        text.split_once('=').ok_or_else(|| format!("«{text}» no tiene la forma CLAVE=VALOR"));
    parts.map(|(key, value)| (key.to_owned(), value.to_owned()))
}

/// A company as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    id: i64,
    nombre: &'a str,
    moneda: &'static str,
    zona_horaria: &'a str,
    ajustes: BTreeMap<String, Value>,
    logo: Option<ShownLogo>,
}

/// A logo as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownLogo {
    tipo: &'static str,
    ancho: u32,
    alto: u32,
    bytes: usize,
    sha256: String,
}

impl ShownLogo {
    fn of(logo: &Logo) -> Self {
        Self {
            tipo: logo.kind().to_media_type(),
            ancho: logo.width(),
            alto: logo.height(),
            bytes: logo.content().len(),
            sha256: to_hex(logo.sha256()),
        }
    }
}

impl<'a> Shown<'a> {
    fn of(company: &'a Company, Heads { issuer, logo }: &Heads) -> Self {
        Self {
            id: company.id.to_i64(),
            nombre: company.name.as_str(),
            moneda: company.currency.to_code(),
            zona_horaria: company.time_zone.to_name(),
            ajustes: to_settings(company, issuer)
                .map(|(key, value)| {
                    let value = to_json(&key, value);
                    (key, value)
                })
                .collect(),
            logo: logo.as_ref().map(ShownLogo::of),
        }
    }
}

/// What heads a company's papers: nothing where it has said nothing.
#[derive(Debug, Default)]
struct Heads {
    issuer: Issuer,
    logo: Option<Logo>,
}

/// All settings in force, rules first.
fn to_settings(company: &Company, issuer: &Issuer) -> impl Iterator<Item = (String, String)> {
    company.policy.to_settings().into_iter().chain(issuer.to_settings())
}

/// A setting's value as JSON: what its form says it is.
fn to_json(key: &str, value: String) -> Value {
    let mut forms = Policy::SETTINGS.into_iter().chain(Issuer::SETTINGS);
    let form = forms.find(|(known, _)| *known == key).map(|(_, form)| form);
    match form {
        Some(form) if form.ends_with("|none") && value == "none" => Value::Null,
        Some("true|false" | "0..65535|none") => {
            serde_json::from_str(&value).unwrap_or(Value::String(value))
        }
        Some(_) | None => Value::String(value),
    }
}

/// Runs a command under `company`.
pub(crate) fn run(command: CompanyCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    match command {
        CompanyCommand::Add(args) => add(args, log),
        CompanyCommand::List(args) => list(&args, log),
        CompanyCommand::Set(args) => set(args, log),
    }
}

fn add(args: AddArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open_by(&args.by, &args.store, log)?;
    let company = books.wait(books.service.add_company(NewCompany {
        id: args.id,
        name: args.name,
        currency: args.currency,
        time_zone: args.time_zone,
        first_payment: PaymentId::FIRST,
    }));
    let company = company.map_err(|failure| books.unchanged(failure))?;
    books.close();
    if args.json {
        output::print_json(&Shown::of(&company, &Heads::default()))?;
    } else {
        let Company { id, name, currency, time_zone, .. } = &company;
        let (currency, time_zone) = (currency.to_code(), time_zone.to_name());
        output::print(format_args!(
            "Empresa {id} «{name}» agregada: {currency}, {time_zone} (no cambian)"
        ))?;
    }
    Ok(Exit::Done)
}

fn list(args: &ListArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
    let companies = books.service.companies().map_err(|failure| books.unread(failure))?;
    let heads = companies.iter().map(|company| heads_of(&books, company));
    let heads = heads.collect::<anyhow::Result<Vec<_>>>()?;
    books.close();
    let companies = || companies.iter().zip(&heads);
    if args.json {
        let shown = companies().map(|(company, heads)| Shown::of(company, heads));
        output::print_json(&shown.collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    for (company, heads) in companies() {
        let Company { id, name, time_zone, .. } = company;
        let currency = company.currency.to_code();
        output::print(format_args!("{id}\t{name}\t{currency}\t{}", time_zone.to_name()))?;
        print_settings(company, heads, "  ")?;
    }
    Ok(Exit::Done)
}

fn set(args: SetArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    // What is wrong with the file is told before any setting changes.
    let logo = args.logo.as_deref().map(wanted_logo).transpose()?;
    let books = Books::open_by(&args.by, &args.store, log)?;
    let mut company = books.company(args.company)?;
    if !args.settings.is_empty() {
        let set = books.wait(books.service.set_company(company.id, args.settings));
        company = set.map_err(|failure| books.unchanged(failure))?;
    }
    if let Some(logo) = logo {
        let set = books.wait(books.service.set_logo(company.id, logo));
        company = set.map_err(|failure| books.unchanged(failure))?;
    }
    let heads = heads_of(&books, &company)?;
    books.close();
    if args.json {
        output::print_json(&Shown::of(&company, &heads))?;
    } else {
        print_settings(&company, &heads, "")?;
    }
    Ok(Exit::Done)
}

/// The logo that is asked for: a file's bytes, which are one, or none.
fn wanted_logo(path: &Path) -> anyhow::Result<Option<Vec<u8>>> {
    if path == Path::new(NO_LOGO) {
        return Ok(None);
    }
    let unread = |error: io::Error| {
        let reason = problem::to_reason(&error);
        Problem::usage(format!("no se pudo leer el archivo {}: {reason}", path.display()))
    };
    // One byte more than there may be tells that there are too many.
    let most = u64::try_from(Logo::LEN_MAX).unwrap_or(u64::MAX).saturating_add(1);
    let mut content = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut content));
    read.map_err(unread)?;
    let checked = read_logo(content.clone());
    checked.map_err(|wrong| problem::refused(&AdminRefusal::Logo(wrong)))?;
    Ok(Some(content))
}

fn heads_of(books: &Books, company: &Company) -> anyhow::Result<Heads> {
    let issuer = books.service.issuer(company.id).map_err(|failure| books.unread(failure))?;
    let logo = books.service.logo(company.id).map_err(|failure| books.unread(failure))?;
    Ok(Heads { issuer: issuer.unwrap_or_default(), logo })
}

fn print_settings(company: &Company, heads: &Heads, indent: &str) -> anyhow::Result<()> {
    for (key, value) in to_settings(company, &heads.issuer) {
        output::print(format_args!("{indent}{key}={value}"))?;
    }
    if let Some(logo) = &heads.logo {
        let ShownLogo { tipo, ancho, alto, bytes, sha256 } = ShownLogo::of(logo);
        output::print(format_args!(
            "{indent}logo={tipo} {ancho}x{alto}, {bytes} bytes, sha256:{sha256}"
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_has_the_type_of_its_form() {
        for (key, value, json) in [
            ("oldest_first", "true", Value::Bool(true)),
            ("check_payer", "false", Value::Bool(false)),
            ("reversal_days", "5", Value::from(5)),
            ("reversal_days", "none", Value::Null),
            ("hours", "none", Value::Null),
            ("hours", "08:00-20:30", Value::from("08:00-20:30")),
            ("cut_off", "none", Value::Null),
            ("closed_through", "2020-01-02", Value::from("2020-01-02")),
            ("revenue.Agua", "true", Value::from("true")),
            ("issuer.name", "none", Value::Null),
            ("issuer.tax_id", "1023245028", Value::from("1023245028")),
            ("issuer.public_url", "none", Value::Null),
        ] {
            assert_eq!(to_json(key, value.to_owned()), json, "{key}={value}");
        }
    }
}
