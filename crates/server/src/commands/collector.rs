//! `collector`: those who take money for a company.

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use ventanilla_domain::{CompanyId, Label, Money};
use ventanilla_service::{Collector, LimitChange, LimitChanges, NewCollector, Rotation};

use super::by::ByArgs;
use super::{from_company_id, from_text, to_local};
use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output;
use crate::problem::Exit;

/// The commands under `collector`.
#[derive(Debug, Subcommand)]
pub(crate) enum CollectorCommand {
    /// Agrega un recaudador y muestra sus credenciales, una sola vez
    Add(AddArgs),
    /// Muestra los recaudadores, sin sus secretos
    List(ListArgs),
    /// Deja de aceptar a un recaudador, desde ya
    Disable(NamedArgs),
    /// Vuelve a aceptar a un recaudador, con su mismo secreto y sin sus tokens de antes
    Enable(NamedArgs),
    /// Da otro Pwd a un recaudador y lo muestra, una sola vez; el anterior vale un tiempo más
    Rotate(RotateArgs),
    /// Cambia cuánto puede cobrar un recaudador de una vez, y cuánto puede tener sin rendir
    Limit(LimitArgs),
}

/// What a collector may do beyond collecting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Permission {
    /// List the company's members.
    Listar,
}

/// The flags of `collector add`.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Nombre del recaudador, único en la empresa
    #[arg(long, value_name = "NOMBRE", value_parser = from_text::<64>)]
    name: Label,
    /// Lo que puede además de cobrar: listar
    #[arg(long, value_name = "PERMISO")]
    permission: Vec<Permission>,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `collector list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Número de la empresa; si falta, todas
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Responde con una lista JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `collector disable` and `enable`.
#[derive(Debug, Args)]
pub(crate) struct NamedArgs {
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Nombre del recaudador
    #[arg(long, value_name = "NOMBRE", value_parser = from_text::<64>)]
    name: Label,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `collector rotate`.
#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    #[command(flatten)]
    named: NamedArgs,
    /// Cuánto más vale el Pwd anterior: 24h, 7d, 90m o 0; si falta, 24h
    #[arg(long, value_name = "TIEMPO", default_value = "24h", value_parser = from_overlap)]
    overlap: u32,
    /// Termina ya el Pwd anterior y todos los tokens: para cuando se filtró
    #[arg(long, conflicts_with = "overlap")]
    now: bool,
}

/// The flags of `collector limit`: what is not said stays.
#[derive(Debug, Args)]
pub(crate) struct LimitArgs {
    #[command(flatten)]
    named: NamedArgs,
    /// Lo más que puede ser un pago, como 5000.00, o none
    #[arg(long, value_name = "MONTO", value_parser = from_limit, required_unless_present = "held_max")]
    payment_max: Option<LimitChange>,
    /// Cupo: lo más que puede tener cobrado sin rendir, como 100000.00, o none
    #[arg(long, value_name = "MONTO", value_parser = from_limit)]
    held_max: Option<LimitChange>,
}

/// Takes an amount with a point and at most two decimals, or `none`.
fn from_limit(text: &str) -> Result<LimitChange, String> {
    if text == "none" {
        return Ok(LimitChange::Lift);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "00"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_amount = is_number(whole) && is_number(fraction) && fraction.len() <= 2;
    let minor = is_amount.then(|| format!("{whole}{fraction:0<2}").parse().ok()).flatten();
    let minor = minor.ok_or_else(|| "se espera un monto como 5000.00, o none".to_owned())?;
    Ok(LimitChange::Set(minor))
}

/// No secret is replaced for longer, in seconds: 90 days.
const OVERLAP_MAX_S: u32 = 90 * 86_400;

/// Takes a time in minutes, hours or days; in seconds.
fn from_overlap(text: &str) -> Result<u32, String> {
    let seconds = match (text, text.split_at_checked(text.len().saturating_sub(1))) {
        ("0", _) => Some(0),
        (_, Some((count, unit))) if count.bytes().all(|byte| byte.is_ascii_digit()) => {
            let unit_s = match unit {
                "m" => Some(60),
                "h" => Some(3_600),
                "d" => Some(86_400),
                _ => None,
            };
            let count = count.parse::<u32>().ok();
            count.zip(unit_s).and_then(|(count, unit_s)| count.checked_mul(unit_s))
        }
        _ => None,
    };
    let seconds = seconds.filter(|seconds| *seconds <= OVERLAP_MAX_S);
    seconds.ok_or_else(|| "se espera un tiempo como 24h, 7d, 90m o 0, hasta 90d".to_owned())
}

/// Credentials as `--json` shows them: the wire's own names.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Secrets<'a> {
    cod_seguridad: &'a str,
    login: &'a str,
    pwd: &'a str,
}

/// What a rotation gives, as `--json` shows it: what it leaves as it was is not here.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewSecret<'a> {
    login: &'a str,
    pwd: &'a str,
    pwd_anterior_hasta: Option<String>,
}

/// A collector as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    empresa: i64,
    nombre: &'a str,
    login: &'a str,
    permisos: &'static [&'static str],
    activo: bool,
    maximo_por_pago: Option<String>,
    cupo: Option<String>,
}

impl<'a> Shown<'a> {
    fn of(collector: &'a Collector) -> Self {
        Self {
            empresa: collector.company.to_i64(),
            nombre: collector.name.as_str(),
            login: &collector.login,
            permisos: if collector.can_list { &["listar"] } else { &[] },
            activo: collector.is_active,
            maximo_por_pago: collector.limits.payment_max().map(Money::to_decimal),
            cupo: collector.limits.held_max().map(Money::to_decimal),
        }
    }

    fn to_line(&self) -> String {
        let state = if self.activo { "activo" } else { "inactivo" };
        let permissions = self.permisos.join(",");
        let limit = |word, limit: &Option<String>| {
            limit.as_ref().map(|limit| format!("{word}={limit}")).unwrap_or_default()
        };
        let (most, held) = (limit("máximo", &self.maximo_por_pago), limit("cupo", &self.cupo));
        let Self { empresa, nombre, login, .. } = self;
        let line = format!("{empresa}\t{nombre}\t{login}\t{state}\t{permissions}\t{most}\t{held}");
        line.trim_end().to_owned()
    }
}

/// Runs a command under `collector`.
pub(crate) fn run(command: CollectorCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    match command {
        CollectorCommand::Add(args) => add(args, log),
        CollectorCommand::List(args) => list(&args, log),
        CollectorCommand::Disable(args) => disable(&args, log),
        CollectorCommand::Enable(args) => enable(&args, log),
        CollectorCommand::Rotate(args) => rotate(&args, log),
        CollectorCommand::Limit(args) => limit(&args, log),
    }
}

fn add(args: AddArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open_by(&args.by, &args.store, log)?;
    let company = books.company(args.company)?.id;
    let added = books.wait(books.service.add_collector(NewCollector {
        company,
        name: args.name,
        can_list: args.permission.contains(&Permission::Listar),
        credentials: None,
    }));
    let (collector, credentials) = added.map_err(|failure| books.unchanged(failure))?;
    books.close();
    let secrets = Secrets {
        cod_seguridad: &credentials.security_code,
        login: &credentials.login,
        pwd: &credentials.password,
    };
    if args.json {
        output::print_json(&secrets)?;
    } else {
        let Secrets { cod_seguridad, login, pwd } = secrets;
        output::print(format_args!(
            "Recaudador «{}» agregado a la empresa {company}\nCodSeguridad: {cod_seguridad}\n\
             Login: {login}\nPwd: {pwd}\nEstos datos no se vuelven a mostrar.",
            collector.name
        ))?;
    }
    Ok(Exit::Done)
}

fn list(args: &ListArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
    if args.company.is_some() {
        books.company(args.company)?;
    }
    let collectors =
        books.service.collectors(args.company).map_err(|failure| books.unread(failure))?;
    books.close();
    let shown: Vec<Shown<'_>> = collectors.iter().map(Shown::of).collect();
    if args.json {
        output::print_json(&shown)?;
    } else {
        for collector in &shown {
            output::print(collector.to_line())?;
        }
    }
    Ok(Exit::Done)
}

fn disable(args: &NamedArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open_by(&args.by, &args.store, log)?;
    let company = books.company(args.company)?.id;
    let disabled = books.wait(books.service.disable_collector(company, args.name.as_str()));
    let collector = disabled.map_err(|failure| books.unchanged(failure))?;
    books.close();
    tell(args.json, &format!("Recaudador «{}» inactivo desde ahora", collector.name), &collector)
}

fn enable(args: &NamedArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open_by(&args.by, &args.store, log)?;
    let company = books.company(args.company)?.id;
    let enabled = books.wait(books.service.enable_collector(company, args.name.as_str()));
    let collector = enabled.map_err(|failure| books.unchanged(failure))?;
    books.close();
    tell(args.json, &format!("Recaudador «{}» activo desde ahora", collector.name), &collector)
}

fn limit(args: &LimitArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let NamedArgs { company, name, json, by, store } = &args.named;
    let books = Books::open_by(by, store, log)?;
    let company = books.company(*company)?.id;
    let changes = LimitChanges {
        payment_max: args.payment_max.unwrap_or(LimitChange::Keep),
        held_max: args.held_max.unwrap_or(LimitChange::Keep),
    };
    let limited = books.wait(books.service.limit_collector(company, name.as_str(), changes));
    let collector = limited.map_err(|failure| books.unchanged(failure))?;
    books.close();
    let told = |limit: Option<Money>| limit.map_or("sin límite".to_owned(), Money::to_decimal);
    let limits = collector.limits;
    let sentence = format!(
        "Recaudador «{}», desde ahora: máximo por pago {}, cupo {}",
        collector.name,
        told(limits.payment_max()),
        told(limits.held_max())
    );
    tell(*json, &sentence, &collector)
}

fn tell(json: bool, sentence: &str, collector: &Collector) -> anyhow::Result<Exit> {
    if json {
        output::print_json(&Shown::of(collector))?;
    } else {
        output::print(sentence)?;
    }
    Ok(Exit::Done)
}

fn rotate(args: &RotateArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let NamedArgs { company, name, json, by, store } = &args.named;
    let books = Books::open_by(by, store, log)?;
    let company = books.company(*company)?;
    let rotation =
        if args.now { Rotation::Now } else { Rotation::Overlap { seconds: args.overlap } };
    let rotated = books.wait(books.service.rotate_collector(company.id, name.as_str(), rotation));
    let rotated = rotated.map_err(|failure| books.unchanged(failure))?;
    books.close();
    let until = rotated.previous_until.map(|until| to_local(&company, until));
    let (login, pwd) = (rotated.collector.login.as_str(), rotated.password.as_str());
    if *json {
        output::print_json(&NewSecret { login, pwd, pwd_anterior_hasta: until })?;
        return Ok(Exit::Done);
    }
    let before = match (until, args.now) {
        (Some(until), _) => {
            format!("El Pwd anterior vale hasta {until}; sus tokens, hasta vencer.")
        }
        (None, true) => "El Pwd anterior y todos los tokens ya no valen.".to_owned(),
        (None, false) => "El Pwd anterior ya no vale; sus tokens, hasta vencer.".to_owned(),
    };
    output::print(format_args!(
        "Recaudador «{}»: otro Pwd; CodSeguridad y Login son los de siempre\nLogin: {login}\n\
         Pwd: {pwd}\n{before}\nEste Pwd no se vuelve a mostrar.",
        rotated.collector.name
    ))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_an_amount_or_none() {
        for (text, expected) in [
            ("none", Some(LimitChange::Lift)),
            ("5000.00", Some(LimitChange::Set(500_000))),
            ("5000.5", Some(LimitChange::Set(500_050))),
            ("5000", Some(LimitChange::Set(500_000))),
            ("0", Some(LimitChange::Set(0))),
            ("5000.", None),
            (".50", None),
            ("5000,00", None),
            ("5.000.00", None),
            ("5000.001", None),
            ("-1", None),
            ("+1", None),
            ("1e3", None),
            ("99999999999999999999", None),
            ("", None),
            ("None", None),
        ] {
            assert_eq!(from_limit(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn an_overlap_is_a_count_of_minutes_hours_or_days() {
        for (text, seconds) in [
            ("0", Some(0)),
            ("0h", Some(0)),
            ("90m", Some(5_400)),
            ("24h", Some(86_400)),
            ("7d", Some(604_800)),
            ("90d", Some(OVERLAP_MAX_S)),
            ("91d", None),
            ("4294967295d", None),
            ("99999999999h", None),
            ("24", None),
            ("h", None),
            ("", None),
            ("-1h", None),
            ("+1h", None),
            ("1.5h", None),
            ("24H", None),
            ("1 h", None),
            ("1ñ", None),
        ] {
            assert_eq!(from_overlap(text).ok(), seconds, "{text}");
        }
    }
}
