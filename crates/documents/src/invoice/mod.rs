//! The paper of a paid bill: the fiscal invoice, or the receipt that is none (docs/spec/cooplan.md §4).

mod fiscal;
mod layout;

use ventanilla_domain::{BillVersion, Company, Holder, Payment, PrintablePayment, Reversal};

use crate::letterhead::Letterhead;
use crate::pdf::Paper;

/// What a paid bill's paper says. All of it is kept, so that it says the same years later: the version
/// that was paid, the holder whom that version was billed to, the letterhead of the payment.
#[derive(Debug, Clone, Copy)]
pub struct Invoice<'a> {
    /// Whose bill it is.
    pub company: &'a Company,
    /// What heads the paper.
    pub letterhead: Letterhead<'a>,
    /// Who was billed.
    pub holder: &'a Holder,
    /// What was billed, as it was paid.
    pub version: &'a BillVersion,
    /// The payment.
    pub payment: &'a Payment,
    /// Its reversal: the paper is stamped.
    pub reversal: Option<&'a Reversal>,
    /// Who took the money.
    pub collector: &'a str,
    /// What the QR code says that lets anyone check the payment: at most 2,331 bytes.
    pub proof: &'a str,
}

impl<'a> Invoice<'a> {
    /// The paper of a payment with its proof.
    pub fn of(printed: &'a PrintablePayment, proof: &'a str) -> Self {
        Self {
            company: &printed.company,
            letterhead: Letterhead::of(&printed.company, printed.issuer.as_ref())
                .with_logo(printed.logo.as_ref()),
            holder: &printed.holder,
            version: &printed.version,
            payment: &printed.payment,
            reversal: printed.reversal.as_ref(),
            collector: printed.collector.as_str(),
            proof,
        }
    }

    /// The paper as PDF: the same bytes for the same facts.
    ///
    /// It is titled `FACTURA` where the biller's file brought the fiscal invoice's facts, and else
    /// `COMPROBANTE DE PAGO – no válido como factura`. Fiscal facts are never made up.
    pub fn to_pdf(&self, paper: Paper) -> Vec<u8> {
        layout::draw(self, paper)
    }

    /// What the file is called: `factura-4303567-4224330.pdf`.
    pub fn file_name(&self) -> String {
        format!("factura-{}-{}.pdf", self.payment.bill, self.payment.id)
    }
}
