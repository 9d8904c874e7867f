//! `invoice`: the paper of a payment, as `imprimirfactura` gives it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ventanilla_documents::{Invoice, Paper};
use ventanilla_domain::{CompanyId, PaymentId};
use ventanilla_service::{ReprintRefusal, Subject, What};

use super::by::ByArgs;
use super::{from_company_id, from_payment_id, target};
use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::problem::{Exit, Problem};

/// The flags of `invoice`.
#[derive(Debug, Args)]
pub(crate) struct InvoiceArgs {
    #[arg(help = "IdCobranza del pago", value_name = "ID", value_parser = from_payment_id)]
    payment: PaymentId,
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Papel: a4, o rollo (80 mm); a4 si falta
    #[arg(long, value_name = "PAPEL", default_value = "a4")]
    format: Form,
    /// Archivo PDF que se escribe, entero o nada; si falta, la salida estándar
    #[arg(long, value_name = "ARCHIVO")]
    output: Option<PathBuf>,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// What it is printed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    A4,
    Rollo,
}

impl Form {
    const fn to_paper(self) -> Paper {
        match self {
            Self::A4 => Paper::A4,
            Self::Rollo => Paper::Roll,
        }
    }
}

/// Prints the invoice of a payment.
pub(crate) fn run(args: &InvoiceArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    target::require_no_terminal(args.output.as_deref(), "un PDF")?;
    let books = Books::open_by(&args.by, &args.store, log)?;
    let company = books.company(args.company)?.id;
    let printed = books.service.payment_to_print(company, args.payment);
    let printed = printed.map_err(|failure| {
        books.failed(failure, |refusal| match refusal {
            ReprintRefusal::CompanyUnknown => {
                Problem::usage("no hay ninguna empresa con ese número")
            }
            ReprintRefusal::PaymentUnknown => {
                Problem::usage(format!("no hay ninguna cobranza {} en la empresa", args.payment))
            }
        })
    })?;
    let proof = books.service.receipt_text(&printed);
    let (payment, bill) = (Some(printed.payment.id), Some(printed.payment.bill));
    let subject = Subject { payment, bill, ..Subject::default() };
    books.service.note_operator(Some(company), What::Print, subject);
    books.close();
    target::write(
        args.output.as_deref(),
        &Invoice::of(&printed, &proof).to_pdf(args.format.to_paper()),
    )?;
    Ok(Exit::Done)
}
