//! The receipt of a cashier's act at the window: bills that were paid together. It is no fiscal invoice; that
//! is the paper of each payment ([`Invoice`](crate::Invoice)).

use ventanilla_domain::{
    Company, Payment, ReceiptReversal, Text, WindowMeans, WindowReceipt, civil_at,
};

use crate::figures::{self, amount, moment, sign_of};
use crate::letterhead::Letterhead;
use crate::pdf::{Align, Ink, Paper, Pen, QrCode, Sheet, Style, Title};
use crate::words::amount_in_words;

const RED: Ink = Ink::Colour(0.75, 0.08, 0.08);
const TITLE: &str = "RECIBO DE PAGO – no válido como factura";
const STAMP: &str = "RECIBO REVERTIDO";
/// Between columns, in points.
const GUTTER: f32 = 20.0;

/// What the receipt of the window says.
#[derive(Debug, Clone, Copy)]
pub struct ReceiptPaper<'a> {
    /// Who was paid.
    pub company: &'a Company,
    /// What heads the paper.
    pub letterhead: Letterhead<'a>,
    /// The receipt.
    pub receipt: &'a WindowReceipt,
    /// Its payments, in its order.
    pub payments: &'a [Payment],
    /// Its reversal: the paper is stamped.
    pub reversal: Option<&'a ReceiptReversal>,
    /// What the QR code says that lets anyone check the first of its payments: at most 2,331 bytes. Sixty
    /// codes would be more paper than anybody takes home; each payment's own paper has its own.
    pub proof: &'a str,
}

/// How one kind of paper looks: sizes in points.
#[derive(Debug, Clone, Copy)]
struct Look {
    is_wide: bool,
    issuer: f32,
    title: f32,
    body: f32,
    total: f32,
    gap: f32,
    /// The side of the QR code.
    qr: f32,
    faint: Ink,
}

impl Look {
    const fn of(paper: Paper) -> Self {
        match paper {
            Paper::A4 => Self {
                is_wide: true,
                issuer: 13.0,
                title: 17.0,
                body: 9.0,
                total: 11.5,
                gap: 9.0,
                qr: 90.0,
                faint: Ink::Grey(0.62),
            },
            // A thermal printer knows no grey.
            Paper::Roll => Self {
                is_wide: false,
                issuer: 10.5,
                title: 13.0,
                body: 8.0,
                total: 10.0,
                gap: 5.0,
                qr: 110.0,
                faint: Ink::BLACK,
            },
        }
    }

    const fn body(&self) -> Style {
        Style::text(self.body)
    }
}

impl ReceiptPaper<'_> {
    /// The paper as PDF: the same bytes for the same facts.
    pub fn to_pdf(&self, paper: Paper) -> Vec<u8> {
        let look = Look::of(paper);
        let mut sheet = Sheet::new(paper);
        sheet.block(|pen| heading(pen, &look, self));
        sheet.gap(look.gap);
        sheet.block(|pen| title(pen, &look, self));
        sheet.gap(look.gap);
        bills(&mut sheet, &look, self);
        sheet.block(|pen| totals(pen, &look, self));
        sheet.gap(look.gap);
        sheet.block(|pen| proof(pen, &look, self));
        let title = format!("Recibo {}", self.receipt.id);
        let title = Title { title: &title, author: self.letterhead.name };
        sheet.finish(title, self.reversal.map(|_| STAMP), self.letterhead.logo)
    }

    /// What the file is called: `recibo-17.pdf`.
    pub fn file_name(&self) -> String {
        format!("recibo-{}.pdf", self.receipt.id)
    }
}

fn heading(pen: &mut Pen<'_, '_>, look: &Look, paper: &ReceiptPaper<'_>) {
    let issuer = |pen: &mut Pen<'_, '_>, align| {
        paper.letterhead.draw(pen, look.issuer, look.body, align);
    };
    let told = |pen: &mut Pen<'_, '_>| pen.boxed(look.faint, 5.0, |pen| numbers(pen, look, paper));
    if look.is_wide {
        pen.columns(GUTTER, &[1.25, 1.0], |column, pen| match column {
            0 => issuer(pen, Align::Left),
            _ => told(pen),
        });
    } else {
        issuer(pen, Align::Centre);
        pen.gap(look.gap);
        told(pen);
    }
}

fn numbers(pen: &mut Pen<'_, '_>, look: &Look, paper: &ReceiptPaper<'_>) {
    let (style, receipt) = (look.body(), paper.receipt);
    pen.told(style, "NIT:", paper.letterhead.tax_id);
    pen.named(style, "RECIBO N.º:", &receipt.id.to_string());
    pen.named(style, "Fecha:", &moment(civil_at(paper.company, receipt.recorded_at)));
    pen.named(style, "Cajero:", receipt.cashier.as_str());
    pen.named(style, "Caja N.º:", &receipt.drawer.to_string());
}

fn title(pen: &mut Pen<'_, '_>, look: &Look, paper: &ReceiptPaper<'_>) {
    pen.fitted(Style::text(look.title).bold().align(Align::Centre), TITLE);
    if let Some(reversal) = paper.reversal {
        let at = moment(civil_at(paper.company, reversal.recorded_at));
        let style = Style::text(look.total).bold().ink(RED).align(Align::Centre);
        pen.text(style, &format!("{STAMP} el {at} por {}", reversal.reversed_by));
    }
}

/// The bills, those of a contract that follow each other under its name; over several pages if need be.
fn bills(sheet: &mut Sheet, look: &Look, paper: &ReceiptPaper<'_>) {
    let (style, sign) = (look.body(), sign_of(paper.company.currency));
    sheet.block(|pen| {
        pen.rule(look.faint, 0.8);
        pen.gap(look.gap / 3.0);
        pen.row(style.bold(), "Facturas pagadas", &format!("Importe ({sign})"));
        pen.gap(look.gap / 3.0);
        pen.rule(look.faint, 0.4);
        pen.gap(look.gap / 3.0);
    });
    let mut before = None;
    for payment in paper.payments {
        let is_new = before != Some(payment.contract);
        before = Some(payment.contract);
        sheet.block(|pen| {
            if is_new {
                let (code, name) = (&payment.contract_code, &payment.member_name);
                pen.text(style.bold(), &format!("Contrato {code} – {name}"));
            }
            let period = figures::period(payment.period);
            let (bill, id) = (payment.bill, payment.id);
            let text = format!("Factura {bill}, periodo {period}, IdCobranza {id}");
            pen.row(style, &text, &amount(payment.amount));
        });
    }
}

/// What it comes to, and how it was paid.
fn totals(pen: &mut Pen<'_, '_>, look: &Look, paper: &ReceiptPaper<'_>) {
    let (style, receipt) = (look.body(), paper.receipt);
    let sign = sign_of(paper.company.currency);
    pen.gap(look.gap / 3.0);
    pen.rule(look.faint, 0.8);
    pen.gap(look.gap / 3.0);
    if receipt.rounding.to_minor() != 0 {
        pen.row(style, "Total de las facturas", &amount(receipt.total));
        pen.row(style, "Redondeo de efectivo", &amount(receipt.rounding));
    }
    let due = receipt.due();
    pen.row(Style::text(look.total).bold(), &format!("TOTAL ({sign})"), &amount(due));
    pen.text(style, &format!("Son: {}", amount_in_words(due)));
    let means = paper.payments.first().and_then(|payment| payment.place.means.as_ref());
    pen.told(style, "Medio de pago:", means.map(Text::as_str));
    if receipt.means == WindowMeans::Cash {
        pen.row(style, "Recibido", &amount(receipt.tendered));
        pen.row(style, "Cambio", &amount(receipt.change()));
    }
}

fn proof(pen: &mut Pen<'_, '_>, look: &Look, paper: &ReceiptPaper<'_>) {
    let (Some(code), Some(first)) = (QrCode::of(paper.proof), paper.payments.first()) else {
        return;
    };
    pen.qr(&code, look.qr, Align::Centre);
    let style = look.body().align(Align::Centre);
    pen.text(style, &format!("Compruebe el pago de IdCobranza {}", first.id));
}
