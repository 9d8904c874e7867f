//! `explain`: the life of a payment on one page, from the books and from the trail.

mod page;
mod shown;

use clap::Args;
use ventanilla_domain::{BillId, CallerKey, CompanyId, ContractCode, PaymentId};
use ventanilla_service::{ExplainRefusal, Question};

use super::trail::shown::Names;
use super::{from_company_id, from_payment_id, from_text};
use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output;
use crate::problem::{Exit, Problem};
use shown::Shown;

/// The flags of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    question: QuestionArgs,
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// What is to be explained: one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct QuestionArgs {
    #[arg(help = "IdCobranza del pago", value_name = "ID", value_parser = from_payment_id)]
    payment: Option<PaymentId>,
    /// La factura de ese número, con todos sus pagos
    #[arg(long, value_name = "N", value_parser = from_bill_id)]
    bill: Option<BillId>,
    /// El contrato de ese código, con todas sus facturas
    #[arg(long, value_name = "CÓDIGO", value_parser = from_text::<32>)]
    contract: Option<ContractCode>,
    #[arg(
        help = "El IdTransaccion con que un recaudador llamó",
        long, value_name = "IDTRANSACCION", value_parser = from_key)]
    key: Option<CallerKey>,
}

impl QuestionArgs {
    fn to_question(&self) -> anyhow::Result<Question> {
        let Self { payment, bill, contract, key } = self;
        let question = payment.map(Question::Payment);
        let question = question.or_else(|| bill.map(Question::Bill));
        let question = question.or_else(|| contract.clone().map(Question::Contract));
        let question = question.or_else(|| key.clone().map(Question::Key));
        question.ok_or_else(|| Problem::usage("indique qué se explica"))
    }

    /// What was looked for, for a sentence.
    fn to_words(&self) -> String {
        match self {
            Self { payment: Some(id), .. } => format!("de la cobranza {id}"),
            Self { bill: Some(id), .. } => format!("de la factura {id}"),
            Self { contract: Some(code), .. } => format!("del contrato {code}"),
            Self { key, .. } => {
                let key = key.as_ref().map_or("", CallerKey::as_str);
                format!("del IdTransaccion «{key}»")
            }
        }
    }
}

fn from_bill_id(text: &str) -> Result<BillId, String> {
    let id = text.parse::<i64>().ok().and_then(|id| BillId::from_i64(id).ok());
    id.ok_or_else(|| "se espera un número entero desde 1".to_owned())
}

fn from_key(text: &str) -> Result<CallerKey, String> {
    let key = CallerKey::from_text(text).ok();
    key.ok_or_else(|| "se espera un nombre de 1 a 64 caracteres ASCII".to_owned())
}

/// Tells all that is known of a payment, a bill, a contract or an attempt.
pub(crate) fn run(args: &ExplainArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let question = args.question.to_question()?;
    let books = Books::open(&args.store, log)?;
    let company = books.company(args.company)?.id;
    let explained = books.service.explain(company, &question);
    let explained = explained.map_err(|failure| {
        books.failed(failure, |ExplainRefusal::CompanyUnknown| {
            Problem::usage("no hay ninguna empresa con ese número")
        })
    })?;
    books.close();
    if explained.is_empty() {
        let sought = args.question.to_words();
        return Err(Problem::found(format!(
            "no se encontró nada {sought}: ni en los libros ni en la bitácora. {}",
            page::MAY_BE_MISSING
        )));
    }
    let collectors = explained.collectors.iter();
    let collectors = collectors.map(|(id, name)| (*id, name.to_string())).collect();
    let names = Names { collectors, ..Names::default() };
    let shown = Shown::of(&explained, &names);
    if args.json {
        output::print_json(&shown)?;
    } else {
        output::stream(|out| Ok(page::write(&shown, out)?))?;
    }
    Ok(Exit::Done)
}
