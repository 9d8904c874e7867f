//! Where everything stands on the paper of a paid bill.

use ventanilla_domain::{Money, PrintedFacts, Text, civil_at};

use super::Invoice;
use super::fiscal::{self, Fiscal};
use crate::figures::{self, amount, date, moment};
use crate::pdf::{Align, Ink, Paper, Pen, QrCode, Sheet, Style, Title};
use crate::words::amount_in_words;

const RED: Ink = Ink::Colour(0.75, 0.08, 0.08);
/// Between columns, in points.
const GUTTER: f32 = 20.0;
const STAMP: &str = "PAGO REVERTIDO";
/// The tax office wants these on each invoice, of either system and of the online one.
const LAW: &str = "ESTA FACTURA CONTRIBUYE AL DESARROLLO DEL PAÍS, EL USO ILÍCITO SERÁ SANCIONADO \
                   PENALMENTE DE ACUERDO A LEY";
const ONLINE: &str = "Este documento es la representación gráfica de un documento fiscal digital \
                      emitido en una modalidad de facturación en línea";
const TAX_OFFICE: &str = "Factura (Impuestos)";
const PROOF: &str = "Compruebe este pago";
const RECEIPT: &str = "COMPROBANTE DE PAGO – no válido como factura";

/// How one kind of paper looks: sizes in points.
#[derive(Debug, Clone, Copy)]
struct Look {
    paper: Paper,
    issuer: f32,
    title: f32,
    body: f32,
    small: f32,
    total: f32,
    gap: f32,
    /// Between a frame and what is in it.
    padding: f32,
    /// Above a QR code.
    code_gap: f32,
    /// The side of a QR code.
    qr: f32,
    faint: Ink,
}

impl Look {
    const fn of(paper: Paper) -> Self {
        match paper {
            Paper::A4 => Self {
                paper,
                issuer: 13.0,
                title: 17.0,
                body: 9.0,
                small: 8.0,
                total: 11.5,
                gap: 9.0,
                padding: 6.0,
                code_gap: 0.0,
                qr: 90.0,
                faint: Ink::Grey(0.62),
            },
            // A thermal printer knows no grey.
            Paper::Roll => Self {
                paper,
                issuer: 10.5,
                title: 13.0,
                body: 8.0,
                small: 7.0,
                total: 10.0,
                gap: 5.0,
                padding: 5.0,
                code_gap: 12.0,
                qr: 110.0,
                faint: Ink::BLACK,
            },
        }
    }

    fn is_wide(&self) -> bool {
        self.paper == Paper::A4
    }

    const fn body(&self) -> Style {
        Style::text(self.body)
    }

    const fn small(&self) -> Style {
        Style::text(self.small)
    }
}

/// Draws the paper.
pub(super) fn draw(invoice: &Invoice<'_>, paper: Paper) -> Vec<u8> {
    let look = Look::of(paper);
    let fiscal = Fiscal::of(&invoice.version.terms.printed);
    let mut sheet = Sheet::new(paper);
    sheet.block(|pen| heading(pen, &look, invoice, fiscal));
    sheet.gap(look.gap);
    sheet.block(|pen| title(pen, &look, invoice, fiscal));
    sheet.gap(look.gap);
    sheet.block(|pen| billed(pen, &look, invoice, fiscal));
    sheet.gap(look.gap);
    details(&mut sheet, &look, invoice);
    sheet.gap(look.gap);
    paid(&mut sheet, &look, invoice, fiscal);
    sheet.gap(look.gap);
    sheet.block(|pen| legends(pen, &look, invoice, fiscal));
    let name = match fiscal {
        Fiscal::Receipt => "Comprobante de pago",
        Fiscal::Computed { .. } | Fiscal::Online { .. } => "Factura",
    };
    let title = format!("{name} {} – cobranza {}", invoice.payment.bill, invoice.payment.id);
    let title = Title { title: &title, author: invoice.letterhead.name };
    sheet.finish(title, invoice.reversal.map(|_| STAMP), invoice.letterhead.logo)
}

/// The issuer, and what tells this paper from all others.
fn heading(pen: &mut Pen<'_, '_>, look: &Look, invoice: &Invoice<'_>, fiscal: Fiscal<'_>) {
    if look.is_wide() {
        pen.columns(GUTTER, &[1.25, 1.0], |column, pen| match column {
            0 => issuer(pen, look, invoice, Align::Left),
            _ => pen.boxed(look.faint, look.padding, |pen| numbers(pen, look, invoice, fiscal)),
        });
    } else {
        issuer(pen, look, invoice, Align::Centre);
        pen.gap(look.gap);
        pen.boxed(look.faint, look.padding, |pen| numbers(pen, look, invoice, fiscal));
    }
}

fn issuer(pen: &mut Pen<'_, '_>, look: &Look, invoice: &Invoice<'_>, align: Align) {
    invoice.letterhead.draw(pen, look.issuer, look.small, align);
}

fn numbers(pen: &mut Pen<'_, '_>, look: &Look, invoice: &Invoice<'_>, fiscal: Fiscal<'_>) {
    let style = look.body();
    pen.told(style, "NIT:", invoice.letterhead.tax_id);
    match fiscal {
        Fiscal::Receipt => {}
        Fiscal::Computed { number, authorization, .. } => {
            pen.named(style, "FACTURA N.º:", number);
            pen.named(style, "AUTORIZACIÓN N.º:", authorization);
        }
        Fiscal::Online { number, cuf } => {
            pen.named(style, "FACTURA N.º:", number);
            pen.named(style, "CÓD. AUTORIZACIÓN:", cuf);
        }
    }
    pen.named(style, "IdFactura:", &invoice.payment.bill.to_string());
    pen.named(style, "IdCobranza:", &invoice.payment.id.to_string());
}

fn title(pen: &mut Pen<'_, '_>, look: &Look, invoice: &Invoice<'_>, fiscal: Fiscal<'_>) {
    let style = Style::text(look.title).bold().align(Align::Centre);
    let title = match fiscal {
        Fiscal::Receipt => RECEIPT,
        Fiscal::Computed { .. } | Fiscal::Online { .. } => "FACTURA",
    };
    pen.fitted(style, title);
    if let Some(reversal) = invoice.reversal {
        let at = moment(civil_at(invoice.company, reversal.recorded_at));
        let style = Style::text(look.total).bold().ink(RED).align(Align::Centre);
        pen.text(style, &format!("{STAMP} el {at}"));
    }
}

/// Who was billed, for what.
fn billed(pen: &mut Pen<'_, '_>, look: &Look, invoice: &Invoice<'_>, fiscal: Fiscal<'_>) {
    pen.rule(look.faint, 0.8);
    pen.gap(look.gap / 2.0);
    if look.is_wide() {
        pen.columns(GUTTER, &[1.5, 1.0], |column, pen| match column {
            0 => member(pen, look, invoice, fiscal),
            _ => dates(pen, look, invoice),
        });
    } else {
        member(pen, look, invoice, fiscal);
        dates(pen, look, invoice);
    }
    readings(pen, look, &invoice.version.terms.printed);
}

fn member(pen: &mut Pen<'_, '_>, look: &Look, invoice: &Invoice<'_>, fiscal: Fiscal<'_>) {
    let style = look.body();
    let holder = invoice.holder;
    // The code by which it was paid, as the proof and the reports tell it.
    pen.named(style, "Código de socio:", invoice.payment.contract_code.as_str());
    pen.named(style, "Nombre:", holder.member.name.as_str());
    // A fiscal invoice tells a buyer without a number by a zero, as its QR code does.
    let nobody = (fiscal != Fiscal::Receipt).then_some(fiscal::NOBODY);
    pen.told(style, "NIT/CI:", fiscal::buyer(invoice).or(nobody));
    pen.told(style, "Dirección:", holder.contract.address.as_ref().map(Text::as_str));
}

fn dates(pen: &mut Pen<'_, '_>, look: &Look, invoice: &Invoice<'_>) {
    let style = look.body();
    let facts = &invoice.version.terms.printed;
    pen.told(style, "Fecha de emisión:", facts.issued_on.map(date).as_deref());
    pen.named(style, "Periodo:", &figures::period(invoice.payment.period));
    pen.told(style, "Mes facturado:", facts.billing_month.as_ref().map(Text::as_str));
    pen.told(style, "Vencimiento:", facts.due_on.map(date).as_deref());
}

fn readings(pen: &mut Pen<'_, '_>, look: &Look, facts: &PrintedFacts) {
    let readings = [
        ("Lectura anterior:", &facts.reading_before),
        ("Lectura actual:", &facts.reading_after),
        ("Consumo:", &facts.consumption),
    ];
    let readings = readings.map(|(label, reading)| (label, reading.as_ref().map(Text::as_str)));
    if readings.iter().all(|(_, reading)| reading.is_none()) {
        return;
    }
    pen.gap(look.gap / 2.0);
    pen.rule(look.faint, 0.4);
    pen.gap(look.gap / 2.0);
    let tell = |number: usize, pen: &mut Pen<'_, '_>| {
        let (label, reading) = readings[number];
        pen.told(look.body(), label, reading);
    };
    if look.is_wide() {
        pen.columns(GUTTER, &[1.0, 1.0, 1.0], tell);
    } else {
        (0..readings.len()).for_each(|number| tell(number, pen));
    }
}

/// What the amount is made of, over several pages if need be, and the amount.
fn details(sheet: &mut Sheet, look: &Look, invoice: &Invoice<'_>) {
    let sign = figures::sign_of(invoice.company.currency);
    let terms = &invoice.version.terms;
    let style = look.body();
    sheet.block(|pen| {
        pen.rule(look.faint, 0.8);
        pen.gap(look.gap / 3.0);
        pen.row(style.bold(), "Detalle", &format!("Importe ({sign})"));
        pen.gap(look.gap / 3.0);
        pen.rule(look.faint, 0.4);
        pen.gap(look.gap / 3.0);
    });
    for line in &terms.printed.details {
        sheet.block(|pen| pen.row(style, line.concept.as_str(), &amount(line.amount)));
    }
    if terms.printed.details.is_empty() {
        let text = format!("Importe del periodo {}", figures::period(invoice.payment.period));
        sheet.block(|pen| pen.row(style, &text, &amount(terms.amount)));
    }
    sheet.gap(look.gap / 3.0);
    sheet.block(|pen| {
        pen.rule(look.faint, 0.8);
        pen.gap(look.gap / 3.0);
        pen.row(Style::text(look.total).bold(), &format!("TOTAL ({sign})"), &amount(terms.amount));
        pen.text(style, &format!("Son: {}", amount_in_words(terms.amount)));
        for (label, figure) in tax_figures(&terms.printed) {
            pen.row(style, &format!("{label} ({sign})"), &amount(figure));
        }
    });
}

/// The base of the tax credit, and what is no part of it where there is any.
fn tax_figures(facts: &PrintedFacts) -> impl Iterator<Item = (&'static str, Money)> {
    let base = facts.tax_credit_base.map(|base| ("Importe base para crédito fiscal", base));
    let rest = [
        ("ICE, IEHD y tasas", facts.ice_and_fees),
        ("Ventas no gravadas", facts.untaxed),
        ("No sujeto a crédito fiscal", facts.not_subject),
        ("Descuentos", facts.discounts),
    ];
    let rest = rest.into_iter().filter_map(|(label, figure)| {
        figure.filter(|figure| figure.to_minor() != 0).map(|figure| (label, figure))
    });
    base.into_iter().chain(rest)
}

/// The payment between its two QR codes: the tax office's, and the one that proves it.
fn paid(sheet: &mut Sheet, look: &Look, invoice: &Invoice<'_>, fiscal: Fiscal<'_>) {
    let tax_office = fiscal.qr_text(invoice, look.paper).and_then(|text| QrCode::of(&text));
    let proof = QrCode::of(invoice.proof);
    let shares = [1.0, 2.7, 1.0];
    // Without a code of the tax office, its room is the payment's.
    let first = usize::from(tax_office.is_none());
    let tax_office = |pen: &mut Pen<'_, '_>| coded(pen, look, tax_office.as_ref(), TAX_OFFICE);
    let proof = |pen: &mut Pen<'_, '_>| coded(pen, look, proof.as_ref(), PROOF);
    let told = |pen: &mut Pen<'_, '_>| payment(pen, look, invoice, fiscal);
    if look.is_wide() {
        sheet.block(|pen| {
            pen.columns(GUTTER, &shares[first..], |column, pen| match column + first {
                0 => tax_office(pen),
                1 => told(pen),
                _ => proof(pen),
            });
        });
    } else {
        sheet.block(told);
        sheet.block(tax_office);
        sheet.block(proof);
    }
}

/// When, by whom and where the bill was paid.
fn payment(pen: &mut Pen<'_, '_>, look: &Look, invoice: &Invoice<'_>, fiscal: Fiscal<'_>) {
    let style = look.body();
    let (payment, place) = (invoice.payment, &invoice.payment.place);
    let facts = &invoice.version.terms.printed;
    pen.boxed(look.faint, look.padding, |pen| {
        let paid_at = moment(civil_at(invoice.company, payment.recorded_at));
        pen.named(style, "Fecha de pago:", &paid_at);
        pen.named(style, "Cobrador:", invoice.collector);
        for (label, text) in [
            ("Sucursal:", &place.branch),
            ("Cajero:", &place.cashier),
            ("Terminal:", &place.terminal),
            ("Medio de pago:", &place.means),
        ] {
            pen.told(style, label, text.as_ref().map(Text::as_str));
        }
        if let Fiscal::Computed { control_code, .. } = fiscal {
            pen.named(style, "Código de control:", control_code);
            let deadline = facts.issue_deadline.map(date);
            pen.told(style, "Fecha límite de emisión:", deadline.as_deref());
        }
    });
}

fn coded(pen: &mut Pen<'_, '_>, look: &Look, code: Option<&QrCode>, caption: &str) {
    let Some(code) = code else { return };
    pen.gap(look.code_gap);
    pen.qr(code, look.qr, Align::Centre);
    pen.gap(look.gap / 2.0);
    pen.text(look.small().align(Align::Centre), caption);
}

fn legends(pen: &mut Pen<'_, '_>, look: &Look, invoice: &Invoice<'_>, fiscal: Fiscal<'_>) {
    let style = look.small().align(Align::Centre);
    if fiscal != Fiscal::Receipt {
        pen.text(style.bold(), LAW);
    }
    if let Some(legend) = invoice.letterhead.legend {
        pen.text(style, legend);
    }
    if matches!(fiscal, Fiscal::Online { .. }) {
        pen.text(style, ONLINE);
    }
}
