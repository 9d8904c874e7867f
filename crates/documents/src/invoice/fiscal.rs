//! The fiscal part of an invoice: which system issued it, and its QR code.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use ventanilla_domain::{Label, Money, PrintedFacts, Text};

use super::Invoice;
use crate::figures;
use crate::pdf::Paper;

/// The fiscal invoice that the biller's file told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fiscal<'a> {
    /// None: the paper is a receipt.
    Receipt,
    /// Of the computarizada system: number, authorization and control code.
    Computed {
        /// The fiscal number.
        number: &'a str,
        /// The authorization.
        authorization: &'a str,
        /// The control code.
        control_code: &'a str,
    },
    /// Of the online system: number and CUF.
    Online {
        /// The fiscal number.
        number: &'a str,
        /// The unique code.
        cuf: &'a str,
    },
}

impl<'a> Fiscal<'a> {
    pub(super) fn of(facts: &'a PrintedFacts) -> Self {
        let text = |label: &'a Option<Label>| label.as_ref().map(Text::as_str);
        let Some(number) = text(&facts.fiscal_number) else { return Self::Receipt };
        if let Some(cuf) = &facts.cuf {
            return Self::Online { number, cuf: cuf.as_str() };
        }
        match (text(&facts.authorization), text(&facts.control_code)) {
            (Some(authorization), Some(control_code)) => {
                Self::Computed { number, authorization, control_code }
            }
            _ => Self::Receipt,
        }
    }

    /// What the QR code of the tax office says; none where a fact of it was not imported.
    pub(super) fn qr_text(self, invoice: &Invoice<'_>, paper: Paper) -> Option<String> {
        let issuer = invoice.letterhead.tax_id?;
        match self {
            Self::Receipt => None,
            Self::Computed { number, authorization, control_code } => {
                computed_qr(invoice, [issuer, number, authorization, control_code])
            }
            Self::Online { number, cuf } => Some(online_qr([issuer, cuf, number], paper)),
        }
    }
}

/// Twelve fields with a bar between them (docs/spec/cooplan.md §4).
fn computed_qr(
    invoice: &Invoice<'_>,
    [issuer, number, authorization, control_code]: [&str; 4],
) -> Option<String> {
    let terms = &invoice.version.terms;
    let facts = &terms.printed;
    let amount = |amount: Option<Money>| amount.map(Money::to_decimal);
    let fields = [
        issuer.to_owned(),
        number.to_owned(),
        authorization.to_owned(),
        figures::date(facts.issued_on?),
        terms.amount.to_decimal(),
        amount(facts.tax_credit_base)?,
        control_code.to_owned(),
        buyer(invoice).unwrap_or(NOBODY).to_owned(),
        amount(facts.ice_and_fees)?,
        amount(facts.untaxed)?,
        amount(facts.not_subject)?,
        amount(facts.discounts)?,
    ];
    // A bar inside a field would shift all that follow.
    fields.iter().all(|field| !field.contains('|')).then(|| fields.join("|"))
}

fn online_qr([issuer, cuf, number]: [&str; 3], paper: Paper) -> String {
    let [issuer, cuf, number] =
        [issuer, cuf, number].map(|text| utf8_percent_encode(text, NON_ALPHANUMERIC));
    let size = match paper {
        Paper::Roll => 1,
        Paper::A4 => 2,
    };
    format!(
        "https://siat.impuestos.gob.bo/consulta/QR?nit={issuer}&cuf={cuf}&numero={number}&t={size}"
    )
}

/// What stands for a buyer of whom no number is known.
pub(super) const NOBODY: &str = "0";

/// The buyer's tax number, or else the number of the document that tells who it is.
pub(super) fn buyer<'a>(invoice: &Invoice<'a>) -> Option<&'a str> {
    let member = &invoice.holder.member;
    let number = member.tax_id.as_ref().or(member.document_number.as_ref());
    number.map(Text::as_str)
}
