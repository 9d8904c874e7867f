//! `payout`: the payments to suppliers that accounting systems register. They are made over the wire;
//! here they are found and looked at, and one is undone, by an entry of its own that is linked to it.

mod shown;

use std::io;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use serde::Serialize;
use ventanilla_documents::{Letterhead, OrderedInvoice, PaymentOrder};
use ventanilla_domain::{
    CompanyId, PayoutId, PayoutNumber, PayoutReversal, PayoutReverseCommand, PayoutReverseRefusal,
    Reason, SupplierId,
};
use ventanilla_service::{
    DeskRefusal, Failure, KeptPayout, ListedPayout, PayoutName, PayoutReadRefusal, PayoutSelector,
    SettledInvoice, Subject, What,
};

use super::by::ByArgs;
use super::{from_company_id, from_date, from_text, target};
use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output;
use crate::problem::{Exit, Problem};
use shown::{Listed, Shown, state};

/// The commands under `payout`.
#[derive(Debug, Subcommand)]
pub(crate) enum PayoutCommand {
    /// Muestra los pagos a proveedores, uno por línea
    List(ListArgs),
    /// Muestra todo lo que se guarda de un pago
    Show(ShowArgs),
    /// Imprime la orden de pago de uno
    Print(PrintArgs),
    /// Anula un pago a un proveedor con un asiento contrario; sus facturas vuelven a quedar abiertas
    Reverse(ReverseArgs),
}

/// The flags of `payout list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Solo los pagos a ese proveedor: su idProveedor
    #[arg(long, value_name = "ID", value_parser = from_supplier_id)]
    supplier: Option<SupplierId>,
    /// Desde esa fecha de pago, como 2021-11-05; si falta, desde la primera
    #[arg(long, value_name = "FECHA", value_parser = from_date)]
    from: Option<Date>,
    /// Hasta esa fecha de pago, incluida; si falta, hasta la última
    #[arg(long, value_name = "FECHA", value_parser = from_date)]
    to: Option<Date>,
    /// Responde con una lista JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// What names a payout, and its company.
#[derive(Debug, Args)]
struct PayoutArgs {
    /// El idPago del pago, o su número impreso, como 0001-00000289
    #[arg(value_name = "ID|NÚMERO", value_parser = from_payout_name)]
    payout: PayoutName,
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
}

/// The flags of `payout show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    which: PayoutArgs,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `payout print`.
#[derive(Debug, Args)]
pub(crate) struct PrintArgs {
    #[command(flatten)]
    which: PayoutArgs,
    /// Archivo PDF que se escribe, entero o nada; si falta, la salida estándar
    #[arg(long, value_name = "ARCHIVO")]
    output: Option<PathBuf>,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `payout reverse`.
#[derive(Debug, Args)]
pub(crate) struct ReverseArgs {
    #[command(flatten)]
    which: PayoutArgs,
    /// Motivo, que queda en el diario
    #[arg(long, value_name = "TEXTO", value_parser = from_text::<200>)]
    reason: Option<Reason>,
    #[command(flatten)]
    by: ByArgs,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

fn from_supplier_id(text: &str) -> Result<SupplierId, String> {
    let id = text.parse::<i64>().ok().and_then(|id| SupplierId::from_i64(id).ok());
    id.ok_or_else(|| "se espera un número entero desde 1".to_owned())
}

/// Takes plain digits as an id, and what has a `-` as a number, padded or not.
fn from_payout_name(text: &str) -> Result<PayoutName, String> {
    let name = match text.split_once('-') {
        Some((point, serial)) => from_parts(point, serial).map(PayoutName::Number),
        None => from_digits(text).and_then(|id| PayoutId::from_i64(id).ok()).map(PayoutName::Id),
    };
    name.ok_or_else(|| "se espera un idPago, o un número como 0001-00000289".to_owned())
}

fn from_parts(point: &str, serial: &str) -> Option<PayoutNumber> {
    let part = |text| u32::try_from(from_digits(text)?).ok();
    PayoutNumber::from_parts(part(point)?, part(serial)?).ok()
}

fn from_digits(text: &str) -> Option<i64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

/// A payout undone, with the wire's own names.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Reversed {
    id_empresa: i64,
    id_pago: i64,
    nro_pago: String,
    id_estado_pago: &'static str,
    total: String,
    anulado_por: String,
}

impl Reversed {
    fn of(company: CompanyId, reversal: &PayoutReversal) -> Self {
        let payout = &reversal.payout;
        Self {
            id_empresa: company.to_i64(),
            id_pago: payout.id.to_i64(),
            nro_pago: payout.number.to_string(),
            id_estado_pago: state(true),
            total: payout.terms.total.to_decimal(),
            anulado_por: reversal.reversed_by.to_string(),
        }
    }
}

/// Runs a command under `payout`.
pub(crate) fn run(command: PayoutCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    match command {
        PayoutCommand::List(args) => list(&args, log),
        PayoutCommand::Show(args) => show(&args, log),
        PayoutCommand::Print(args) => print(&args, log),
        PayoutCommand::Reverse(args) => reverse(args, log),
    }
}

fn list(args: &ListArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let paid_on = args.from.unwrap_or(Date::MIN)..=args.to.unwrap_or(Date::MAX);
    if paid_on.is_empty() {
        return Err(Problem::usage("--from es posterior a --to"));
    }
    let books = Books::open(&args.store, log)?;
    let company = books.company(args.company)?.id;
    let selector = PayoutSelector { supplier: args.supplier, paid_on };
    output::stream(|out| {
        if !args.json {
            return each(&books, company, &selector, &mut |payout| {
                writeln!(out, "{}", Listed::of(payout).to_line())
            });
        }
        // Nothing is written before it is known that there is a list.
        let mut before = "[";
        each(&books, company, &selector, &mut |payout| {
            let listed = serde_json::to_string(&Listed::of(payout))?;
            write!(out, "{}{listed}", std::mem::replace(&mut before, ","))
        })?;
        Ok(writeln!(out, "{}]", if before == "[" { "[" } else { "" })?)
    })?;
    books.close();
    Ok(Exit::Done)
}

/// Writes payouts as they are read: there may be very many.
fn each(
    books: &Books,
    company: CompanyId,
    selector: &PayoutSelector,
    write: &mut dyn FnMut(&ListedPayout) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut written = Ok(());
    let read = books.service.each_payout(company, selector, &mut |payout| {
        written = write(&payout);
        written.is_ok()
    });
    read.map_err(|failure| unread(books, failure))?;
    Ok(written?)
}

fn show(args: &ShowArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
    let company = books.company(args.which.company)?;
    let kept = kept(&books, company.id, args.which.payout)?;
    books.close();
    let shown = Shown::of(&company, &kept);
    if args.json {
        output::print_json(&shown)?;
    } else {
        output::stream(|out| Ok(shown.write(out)?))?;
    }
    Ok(Exit::Done)
}

fn print(args: &PrintArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    target::require_no_terminal(args.output.as_deref(), "un PDF")?;
    let books = Books::open_by(&args.by, &args.store, log)?;
    let company = books.company(args.which.company)?;
    let issuer = books.service.issuer(company.id).map_err(|failure| books.unread(failure))?;
    let logo = books.service.logo(company.id).map_err(|failure| books.unread(failure))?;
    let kept = kept(&books, company.id, args.which.payout)?;
    let subject = Subject { payout: Some(kept.payout.id), ..Subject::default() };
    books.service.note_operator(Some(company.id), What::PayoutPrint, subject);
    books.close();
    let settled: Vec<_> = kept.settled.iter().map(ordered).collect();
    let order = PaymentOrder {
        company: &company,
        letterhead: Letterhead::of(&company, issuer.as_ref()).with_logo(logo.as_ref()),
        supplier: &kept.supplier,
        payout: &kept.payout,
        settled: &settled,
        reversal: kept.reversal.as_ref(),
    };
    let pdf = order.to_pdf().map_err(|error| {
        tracing::error!(%error, "the amounts of a payout do not add up");
        let payout = kept.payout.id;
        Problem::store(format!("los montos del pago {payout} no suman; vea «ventanilla verify»"))
    })?;
    target::write(args.output.as_deref(), &pdf)?;
    Ok(Exit::Done)
}

fn ordered(settled: &SettledInvoice) -> OrderedInvoice<'_> {
    let SettledInvoice { letter, number, amount, .. } = settled;
    OrderedInvoice { letter: letter.as_ref(), number: *number, amount: *amount }
}

fn reverse(args: ReverseArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
    let company = books.company(args.which.company)?.id;
    let payout = kept(&books, company, args.which.payout)?.payout.id;
    let reversed_by = args.by.to_label("ventanilla payout reverse")?;
    let command = PayoutReverseCommand { payout, reason: args.reason, reversed_by };
    let reversed = books.wait(books.service.reverse_payout(company, command));
    let reversal =
        reversed.map_err(|failure| books.failed(failure, |refusal| refused(refusal, payout)))?;
    books.close();
    let shown = Reversed::of(company, &reversal);
    if args.json {
        output::print_json(&shown)?;
    } else {
        let Reversed { id_pago, nro_pago, total, anulado_por, .. } = shown;
        output::print(format_args!(
            "Pago {id_pago} ({nro_pago}, {total}) anulado por {anulado_por}"
        ))?;
    }
    Ok(Exit::Done)
}

fn kept(books: &Books, company: CompanyId, name: PayoutName) -> anyhow::Result<KeptPayout> {
    books.service.kept_payout(company, name).map_err(|failure| unread(books, failure))
}

fn unread(books: &Books, failure: Failure<PayoutReadRefusal>) -> anyhow::Error {
    books.failed(failure, |refusal| {
        Problem::usage(match refusal {
            PayoutReadRefusal::CompanyUnknown => "no hay ninguna empresa con ese número",
            PayoutReadRefusal::SupplierUnknown => "no hay ningún proveedor con ese idProveedor",
            PayoutReadRefusal::PayoutUnknown => {
                "no hay ese pago en la empresa; vea «ventanilla payout list»"
            }
        })
    })
}

fn refused(refusal: DeskRefusal<PayoutReverseRefusal>, payout: PayoutId) -> anyhow::Error {
    Problem::usage(match refusal {
        // An operator's command has no session, so the company is all that it can lack.
        DeskRefusal::SessionOver | DeskRefusal::CompanyUnknown | DeskRefusal::NotAllowed => {
            "no hay ninguna empresa con ese número".to_owned()
        }
        DeskRefusal::Act(PayoutReverseRefusal::PayoutUnknown) => {
            format!("no hay ningún pago {payout} en la empresa")
        }
        DeskRefusal::Act(PayoutReverseRefusal::AlreadyReversed) => {
            format!("el pago {payout} ya está anulado")
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_digits_are_an_id_and_a_dash_makes_a_number() {
        let id = |id| PayoutName::Id(PayoutId::from_i64(id).unwrap());
        let number =
            |point, serial| PayoutName::Number(PayoutNumber::from_parts(point, serial).unwrap());
        for (text, name) in [
            ("289", Some(id(289))),
            ("0001-00000289", Some(number(1, 289))),
            ("1-289", Some(number(1, 289))),
            ("0-1", Some(number(0, 1))),
            ("0", None),
            ("", None),
            ("-", None),
            ("1-", None),
            ("1-0", None),
            ("1-+2", None),
            ("1-2-3", None),
            ("100000-1", None),
            ("1-100000000", None),
            ("+1", None),
            ("x", None),
        ] {
            assert_eq!(from_payout_name(text).ok(), name, "{text}");
        }
    }
}
