//! The page's Spanish, and its HTML.

use std::fmt::Write as _;

use ventanilla_documents::figures::{amount, moment, period, sign_of};
use ventanilla_service::{KnownReceipt, ReceiptKey, ReceiptRefusal};

/// A page, which knows where its style is.
#[derive(Debug)]
pub(super) struct Page {
    /// Relative to the page: a proxy may serve it under a path of its own.
    pub(super) style: String,
}

/// Told to whoever sends what is no reading.
pub(super) const METHOD: &str = "Esta página solo se consulta.";
/// Told while the books cannot be read.
pub(super) const UNAVAILABLE: &str =
    "El servicio no está disponible en este momento: vuelva a intentarlo.";

/// Told to whoever asks too often.
pub(super) const LIMITED: &str =
    "Se consultó demasiadas veces en poco tiempo: espere un momento y vuelva a intentarlo.";

impl Page {
    /// The page of a payment that is in the books.
    pub(super) fn known(&self, known: &KnownReceipt, key: &ReceiptKey) -> String {
        let receipt = &known.receipt;
        let (class, title) = match known.reversed_at {
            None => ("good", "✔ El pago está registrado y vigente".to_owned()),
            Some(at) => ("bad", format!("✖ PAGO REVERTIDO el {}", moment(at))),
        };
        let rows = [
            ("Empresa", known.company.to_string()),
            ("Cobranza (IdCobranza)", receipt.payment.to_string()),
            ("Factura (IdFactura)", receipt.bill.to_string()),
            ("Código de socio", receipt.contract.to_string()),
            ("Periodo", period(receipt.period)),
            ("Monto", format!("{} {}", sign_of(receipt.amount.currency()), amount(receipt.amount))),
            ("Fecha de pago", moment(receipt.paid_at)),
            ("Cobrador", known.collector.to_string()),
        ];
        let mut text = String::from("<dl>");
        for (name, value) in rows {
            write!(text, "<dt>{name}</dt><dd>{}</dd>", escaped(&value)).expect("a String takes it");
        }
        text += "</dl><p>Compare estos datos con los del papel: si alguno difiere, el papel fue alterado.</p>";
        write!(text, "<p class=\"key\">Clave pública de los comprobantes: {key}</p>")
            .expect("a String takes it");
        self.html(class, &title, &text)
    }

    /// The page of a code that proves nothing.
    pub(super) fn refused(&self, refusal: ReceiptRefusal) -> String {
        let reason = match refusal {
            ReceiptRefusal::Malformed => {
                "El código no es el de un comprobante, o está incompleto: vuelva a escanearlo."
            }
            ReceiptRefusal::Forged => {
                "La firma no corresponde a estos datos: el comprobante fue alterado o no lo emitió esta empresa."
            }
            ReceiptRefusal::PaymentUnknown => {
                "La firma es correcta, pero el pago no figura en los libros: consulte a la empresa."
            }
        };
        self.html("bad", "✖ El comprobante no es válido", &format!("<p>{reason}</p>"))
    }

    /// A page that tells of a trouble of ours.
    pub(super) fn trouble(&self, sentence: &str) -> String {
        self.html("", "No se pudo comprobar", &format!("<p>{sentence}</p>"))
    }

    /// A page that tells an internal error by its id alone.
    pub(super) fn internal(&self, id: &str) -> String {
        self.trouble(&format!("Error interno {}.", escaped(id)))
    }

    fn html(&self, class: &str, title: &str, body: &str) -> String {
        let style = &self.style;
        format!(
            "<!DOCTYPE html><html lang=\"es\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Comprobante de pago</title><link rel=\"stylesheet\" href=\"{style}\">\
         </head><body><main><h1 class=\"{class}\">{title}</h1>{body}</main></body></html>\n"
        )
    }
}

/// A text that means itself in HTML.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(letter),
        }
    }
    safe
}
