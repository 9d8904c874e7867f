//! `payout`: the payments to suppliers that accounting systems register. They are made over the wire;
//! here one is undone, by an entry of its own that is linked to it.

use clap::{Args, Subcommand};
use serde::Serialize;
use ventanilla_domain::{
    CompanyId, PayoutId, PayoutReversal, PayoutReverseCommand, PayoutReverseRefusal, Reason,
};
use ventanilla_service::DeskRefusal;

use super::by::ByArgs;
use super::{from_company_id, from_text};
use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output;
use crate::problem::{Exit, Problem};

/// The commands under `payout`.
#[derive(Debug, Subcommand)]
pub(crate) enum PayoutCommand {
    /// Anula un pago a un proveedor con un asiento contrario; sus facturas vuelven a quedar abiertas
    Reverse(ReverseArgs),
}

/// The flags of `payout reverse`.
#[derive(Debug, Args)]
pub(crate) struct ReverseArgs {
    /// El idPago del pago
    #[arg(value_name = "ID", value_parser = from_payout_id)]
    payout: PayoutId,
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
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

/// A payout undone, with the wire's own names.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    id_empresa: i64,
    id_pago: i64,
    nro_pago: String,
    id_estado_pago: &'static str,
    total: String,
    anulado_por: String,
}

impl Shown {
    fn of(company: CompanyId, reversal: &PayoutReversal) -> Self {
        let payout = &reversal.payout;
        Self {
            id_empresa: company.to_i64(),
            id_pago: payout.id.to_i64(),
            nro_pago: payout.number.to_string(),
            id_estado_pago: "Anulado",
            total: payout.terms.total.to_decimal(),
            anulado_por: reversal.reversed_by.to_string(),
        }
    }
}

fn from_payout_id(text: &str) -> Result<PayoutId, String> {
    let id = text.parse::<i64>().ok().and_then(|id| PayoutId::from_i64(id).ok());
    id.ok_or_else(|| "se espera un número entero desde 1".to_owned())
}

/// Runs a command under `payout`.
pub(crate) fn run(command: PayoutCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    match command {
        PayoutCommand::Reverse(args) => reverse(args, log),
    }
}

fn reverse(args: ReverseArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
    let company = books.company(args.company)?.id;
    let reversed_by = args.by.to_label("ventanilla payout reverse")?;
    let command = PayoutReverseCommand { payout: args.payout, reason: args.reason, reversed_by };
    let reversed = books.wait(books.service.reverse_payout(company, command));
    let reversal = reversed
        .map_err(|failure| books.failed(failure, |refusal| refused(refusal, args.payout)))?;
    books.close();
    let shown = Shown::of(company, &reversal);
    if args.json {
        output::print_json(&shown)?;
    } else {
        let Shown { id_pago, nro_pago, total, anulado_por, .. } = shown;
        output::print(format_args!(
            "Pago {id_pago} ({nro_pago}, {total}) anulado por {anulado_por}"
        ))?;
    }
    Ok(Exit::Done)
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
