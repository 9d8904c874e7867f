//! `trail`: who did what from where, as a reading list.

pub(crate) mod shown;

use std::io::{self, Write};

use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ventanilla_domain::{Company, CompanyId, civil_at};
use ventanilla_service::ActRecord;

use super::{from_company_id, from_date, to_zoned, with_offset};
use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output;
use crate::problem::{Exit, Problem};
use shown::{Names, ShownAct};

/// The flags of `trail`.
#[derive(Debug, Args)]
pub(crate) struct TrailArgs {
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Los actos que no son de ninguna empresa: entradas rechazadas, usuarios e integradores
    #[arg(long, conflicts_with = "company")]
    no_company: bool,
    /// Desde ese día, como 2021-11-05; si falta, desde el primero
    #[arg(long, value_name = "FECHA", value_parser = from_date)]
    from: Option<Date>,
    /// Hasta ese día, incluido; si falta, hasta el último
    #[arg(long, value_name = "FECHA", value_parser = from_date)]
    to: Option<Date>,
    /// Solo lo de ese recaudador, usuario, integrador u operador, por su nombre
    #[arg(long, value_name = "NOMBRE")]
    who: Option<String>,
    /// Responde con un objeto JSON por línea
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// Tells the acts of a trail, one a line, in the order in which they were written.
pub(crate) fn run(args: &TrailArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    if args.from.zip(args.to).is_some_and(|(from, to)| from > to) {
        return Err(Problem::usage("--from es posterior a --to"));
    }
    let books = Books::open(&args.store, log)?;
    let company = if args.no_company { None } else { Some(books.company(args.company)?) };
    let names = to_names(&books)?;
    output::stream(|out| write(args, &books, company.as_ref(), &names, out))?;
    books.close();
    Ok(Exit::Done)
}

/// The names of all whose ids a trail may have.
fn to_names(books: &Books) -> anyhow::Result<Names> {
    let service = &books.service;
    let collectors = service.collectors(None).map_err(|failure| books.unread(failure))?;
    let integrators = service.integrators().map_err(|failure| books.unread(failure))?;
    let users = service.users().map_err(|failure| books.unread(failure))?;
    let named = |id: i64, name: &dyn ToString| (id, name.to_string());
    Ok(Names {
        collectors: collectors.iter().map(|one| named(one.id.to_i64(), &one.name)).collect(),
        integrators: integrators.iter().map(|one| named(one.id.to_i64(), &one.name)).collect(),
        users: users.iter().map(|one| named(one.id.to_i64(), &one.name)).collect(),
    })
}

fn write(
    args: &TrailArgs,
    books: &Books,
    company: Option<&Company>,
    names: &Names,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut written: io::Result<()> = Ok(());
    let to_civil = |at: Timestamp| match company {
        Some(company) => civil_at(company, at),
        None => at.to_zoned(TimeZone::UTC).datetime(),
    };
    let to_time = |at| match company {
        Some(company) => to_zoned(company, at),
        None => with_offset(&at.to_zoned(TimeZone::UTC)),
    };
    let who = args.who.as_deref().map(str::trim);
    let mut is_known = who.is_none_or(|who| names.has(who));
    let visited =
        books.service.visit_trail(company.map(|company| company.id), &|_| true, &mut |act| {
            let day = Timestamp::from_microsecond(act.at_us).map(|at| to_civil(at).date()).ok();
            let is_within = args.from.is_none_or(|from| day >= Some(from))
                && args.to.is_none_or(|to| day <= Some(to));
            let is_by = who.is_none_or(|who| is_by(&act, who, names));
            is_known |= is_by;
            if is_within && is_by {
                written = write_act(&ShownAct::of(&act, names, &to_time), args.json, out);
            }
            written.is_ok()
        });
    visited.map_err(|failure| books.unread(failure))?;
    written?;
    match who.filter(|_| !is_known) {
        Some(who) => Err(Problem::usage(format!(
            "no hay nadie «{who}» en la bitácora: ni recaudador, ni usuario, ni integrador, ni operador"
        ))),
        None => Ok(()),
    }
}

/// Whether an act is of somebody of that name.
fn is_by(act: &ActRecord<'_>, who: &str, names: &Names) -> bool {
    let has = |names: &std::collections::BTreeMap<i64, String>, id: Option<i64>| {
        id.and_then(|id| names.get(&id)).is_some_and(|name| name == who)
    };
    act.operator.as_deref() == Some(who)
        || has(&names.collectors, act.collector)
        || has(&names.integrators, act.integrator)
        || has(&names.users, act.user)
}

fn write_act(act: &ShownAct<'_>, is_json: bool, out: &mut dyn Write) -> io::Result<()> {
    if is_json {
        return writeln!(out, "{}", serde_json::to_string(act)?);
    }
    writeln!(out, "{}", act.to_columns().join("\t").trim_end())
}
