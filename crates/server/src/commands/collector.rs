//! `collector`: those who take money for a company.

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use ventanilla_domain::{CompanyId, Label};
use ventanilla_service::{Collector, NewCollector};

use super::{from_company_id, from_text};
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
    Disable(DisableArgs),
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

/// The flags of `collector disable`.
#[derive(Debug, Args)]
pub(crate) struct DisableArgs {
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
    store: StoreArgs,
}

/// Credentials as `--json` shows them: the wire's own names.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Secrets<'a> {
    cod_seguridad: &'a str,
    login: &'a str,
    pwd: &'a str,
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
}

impl<'a> Shown<'a> {
    fn of(collector: &'a Collector) -> Self {
        Self {
            empresa: collector.company.to_i64(),
            nombre: collector.name.as_str(),
            login: &collector.login,
            permisos: if collector.can_list { &["listar"] } else { &[] },
            activo: collector.is_active,
        }
    }

    fn to_line(&self) -> String {
        let state = if self.activo { "activo" } else { "inactivo" };
        let permissions = self.permisos.join(",");
        let Self { empresa, nombre, login, .. } = self;
        format!("{empresa}\t{nombre}\t{login}\t{state}\t{permissions}").trim_end().to_owned()
    }
}

/// Runs a command under `collector`.
pub(crate) fn run(command: CollectorCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    match command {
        CollectorCommand::Add(args) => add(args, log),
        CollectorCommand::List(args) => list(&args, log),
        CollectorCommand::Disable(args) => disable(&args, log),
    }
}

fn add(args: AddArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
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

fn disable(args: &DisableArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
    let company = books.company(args.company)?.id;
    let disabled = books.wait(books.service.disable_collector(company, args.name.as_str()));
    let collector = disabled.map_err(|failure| books.unchanged(failure))?;
    books.close();
    if args.json {
        output::print_json(&Shown::of(&collector))?;
    } else {
        output::print(format_args!("Recaudador «{}» inactivo desde ahora", collector.name))?;
    }
    Ok(Exit::Done)
}
