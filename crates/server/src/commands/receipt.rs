//! `check-receipt` and `receipt-key`: whether a printed receipt is genuine and its payment stands, and the
//! key with which anyone finds out the first without the books.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write};

use clap::Args;
use jiff::civil::DateTime;
use serde::Serialize;
use ventanilla_service::{Failure, KnownReceipt, Receipt, ReceiptKey, ReceiptRefusal};

use crate::books::{Books, StoreArgs};
use crate::log::{self, LogArgs};
use crate::output;
use crate::problem::{Exit, Problem, to_reason};

/// Bytes of a line that are read at most: more than any code has.
const LINE_LEN_MAX: u64 = 4096;

/// The flags of `check-receipt`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Lo que dice el código QR, o solo su código; si falta, una línea de la entrada estándar
    #[arg(value_name = "TEXTO")]
    text: Option<String>,
    /// Clave pública que muestra «receipt-key»: con ella sobran los datos, y solo se comprueba la firma
    #[arg(long, value_name = "CLAVE", value_parser = from_key)]
    key: Option<ReceiptKey>,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `receipt-key`.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

fn from_key(text: &str) -> Result<ReceiptKey, String> {
    let key = ReceiptKey::from_hex(text);
    key.ok_or_else(|| "se espera una clave pública: 64 dígitos hexadecimales".to_owned())
}

/// Tells the key that checks receipts.
pub(crate) fn key(args: &KeyArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
    let key = books.service.receipt_key().to_string();
    books.close();
    if args.json {
        output::print_json(&ShownKey { clave_publica: &key })?;
    } else {
        output::print(key)?;
    }
    Ok(Exit::Done)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownKey<'a> {
    clave_publica: &'a str,
}

/// Checks a receipt, and tells what it proves.
pub(crate) fn check(args: &CheckArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let verdict = if let Some(key) = &args.key {
        log::start(log, "warn")?;
        of_key(key, &args.to_text()?)
    } else {
        let books = Books::open(&args.store, log)?;
        let verdict = of_books(&books, &args.to_text()?)?;
        books.close();
        verdict
    };
    if args.json {
        output::print_json(&Shown::of(&verdict))?;
    } else {
        output::stream(|out| Ok(verdict.write(out)?))?;
    }
    Ok(if verdict.is_good() { Exit::Done } else { Exit::FoundWrong })
}

impl CheckArgs {
    fn to_text(&self) -> anyhow::Result<String> {
        match &self.text {
            Some(text) => Ok(text.clone()),
            None => read_line(),
        }
    }
}

/// One line, as a scanner types it.
fn read_line() -> anyhow::Result<String> {
    let input = io::stdin();
    if input.is_terminal() {
        output::tell("Escanee el código QR del comprobante, o pegue lo que dice:");
    }
    let mut line = Vec::new();
    let read = input.lock().take(LINE_LEN_MAX).read_until(b'\n', &mut line);
    let len = read.map_err(|error| {
        Problem::usage(format!("no se pudo leer la entrada estándar: {}", to_reason(&error)))
    })?;
    if len == 0 {
        return Err(Problem::usage(
            "falta lo que dice el código QR: delo en la línea, o por la entrada estándar",
        ));
    }
    // What is no text is no code, and told so.
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// What a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// Nothing.
    Nothing(ReceiptRefusal),
    /// That it was signed: the books were not asked.
    Signed(Receipt),
    /// That it was paid; the payment stands, or was reversed.
    Paid(KnownReceipt),
}

fn of_key(key: &ReceiptKey, text: &str) -> Verdict {
    key.check(text).map_or_else(Verdict::Nothing, Verdict::Signed)
}

fn of_books(books: &Books, text: &str) -> anyhow::Result<Verdict> {
    match books.service.check_receipt(text) {
        Ok(known) => Ok(Verdict::Paid(known)),
        Err(Failure::Refused(refusal)) => Ok(Verdict::Nothing(refusal)),
        Err(failure) => Err(books.failed(failure, |refusal| Problem::found(to_sentence(refusal)))),
    }
}

impl Verdict {
    fn is_good(&self) -> bool {
        match self {
            Self::Nothing(_) => false,
            Self::Signed(_) => true,
            Self::Paid(known) => known.reversed_at.is_none(),
        }
    }

    fn receipt(&self) -> Option<&Receipt> {
        match self {
            Self::Nothing(_) => None,
            Self::Signed(receipt) => Some(receipt),
            Self::Paid(known) => Some(&known.receipt),
        }
    }

    fn known(&self) -> Option<&KnownReceipt> {
        match self {
            Self::Paid(known) => Some(known),
            Self::Nothing(_) | Self::Signed(_) => None,
        }
    }

    /// The word for it in JSON, for programs.
    fn to_word(&self) -> &'static str {
        match self {
            Self::Nothing(ReceiptRefusal::Malformed) => "ilegible",
            Self::Nothing(ReceiptRefusal::Forged) => "falsificado",
            Self::Nothing(ReceiptRefusal::PaymentUnknown) => "desconocido",
            Self::Signed(_) => "firmado",
            Self::Paid(known) if known.reversed_at.is_some() => "revertido",
            Self::Paid(_) => "vigente",
        }
    }

    /// The sentence for it, for people.
    fn to_sentence(&self) -> String {
        match self {
            Self::Nothing(refusal) => format!("No es válido. {}", to_sentence(*refusal)),
            Self::Signed(_) => "La firma es correcta: estos datos son los del pago. Si después se \
                                revirtió, solo lo dicen los libros."
                .to_owned(),
            Self::Paid(KnownReceipt { reversed_at: Some(at), .. }) => {
                format!("PAGO REVERTIDO el {}", moment(*at))
            }
            Self::Paid(_) => "El pago está registrado y vigente".to_owned(),
        }
    }

    /// Writes it in lines: the sentence, then what was paid.
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.to_sentence())?;
        let Some(receipt) = self.receipt() else { return Ok(()) };
        let company = match self.known() {
            Some(known) => format!("{} {}", receipt.company, known.company),
            None => receipt.company.to_string(),
        };
        let amount = receipt.amount;
        let mut lines = vec![
            ("empresa", company),
            ("IdCobranza", receipt.payment.to_string()),
            ("IdFactura", receipt.bill.to_string()),
            ("contrato", receipt.contract.to_string()),
            ("periodo", receipt.period.to_string()),
            ("monto", format!("{} {}", amount.to_decimal(), amount.currency().to_code())),
            ("pagado", moment(receipt.paid_at)),
        ];
        lines.extend(self.known().map(|known| ("recaudador", known.collector.to_string())));
        lines.iter().try_for_each(|(name, value)| writeln!(out, "{name:<14} {value}"))
    }
}

fn to_sentence(refusal: ReceiptRefusal) -> &'static str {
    match refusal {
        ReceiptRefusal::Malformed => "No es el código de un comprobante, o está incompleto.",
        ReceiptRefusal::Forged => {
            "La firma no corresponde a estos datos: el comprobante fue alterado, o es de otra \
             instalación."
        }
        ReceiptRefusal::PaymentUnknown => {
            "La firma es correcta, pero el pago no figura en los libros."
        }
    }
}

fn moment(at: DateTime) -> String {
    at.strftime("%d/%m/%Y %H:%M:%S").to_string()
}

/// A verdict with the wire's own names; what it does not tell is null.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    resultado: &'static str,
    id_empresa: Option<i64>,
    empresa: Option<&'a str>,
    id_cobranza: Option<String>,
    id_factura: Option<i64>,
    contrato: Option<&'a str>,
    periodo: Option<String>,
    monto: Option<String>,
    moneda: Option<&'static str>,
    fecha_pago_empresa: Option<String>,
    recaudador: Option<&'a str>,
    fecha_reversion: Option<String>,
}

impl<'a> Shown<'a> {
    fn of(verdict: &'a Verdict) -> Self {
        let (receipt, known) = (verdict.receipt(), verdict.known());
        Self {
            resultado: verdict.to_word(),
            id_empresa: receipt.map(|receipt| receipt.company.to_i64()),
            empresa: known.map(|known| known.company.as_str()),
            id_cobranza: receipt.map(|receipt| receipt.payment.to_string()),
            id_factura: receipt.map(|receipt| receipt.bill.to_i64()),
            contrato: receipt.map(|receipt| receipt.contract.as_str()),
            periodo: receipt.map(|receipt| receipt.period.to_string()),
            monto: receipt.map(|receipt| receipt.amount.to_decimal()),
            moneda: receipt.map(|receipt| receipt.amount.currency().to_code()),
            fecha_pago_empresa: receipt.map(|receipt| moment(receipt.paid_at)),
            recaudador: known.map(|known| known.collector.as_str()),
            fecha_reversion: known.and_then(|known| known.reversed_at).map(moment),
        }
    }
}
