//! The order of a payout (orden de pago): what a company signs when money goes out to a supplier.

use ventanilla_domain::{
    Company, DocumentNumber, IncomeWithholding, Letter, Means, MeansLine, Money, MoneyError,
    Payout, PayoutReversal, PayoutTerms, Supplier, Text, civil_at,
};

use crate::figures::{amount, date, moment, sign_of};
use crate::letterhead::Letterhead;
use crate::pdf::{Align, Ink, Paper, Pen, Sheet, Style, Title};
use crate::words::amount_in_words;

const FAINT: Ink = Ink::Grey(0.62);
const RED: Ink = Ink::Colour(0.75, 0.08, 0.08);
const STAMP: &str = "PAGO ANULADO";
const BODY: Style = Style::text(9.0);
const GAP: f32 = 9.0;
const GUTTER: f32 = 20.0;

/// What the order of a payout says.
#[derive(Debug, Clone, Copy)]
pub struct PaymentOrder<'a> {
    /// Who pays.
    pub company: &'a Company,
    /// What heads the paper.
    pub letterhead: Letterhead<'a>,
    /// Who is paid.
    pub supplier: &'a Supplier,
    /// The payout.
    pub payout: &'a Payout,
    /// What it settles, in the order of its terms.
    pub settled: &'a [OrderedInvoice<'a>],
    /// How it was undone: the paper is stamped.
    pub reversal: Option<&'a PayoutReversal>,
}

/// An invoice that a payout settles, and how much of it.
#[derive(Debug, Clone, Copy)]
pub struct OrderedInvoice<'a> {
    /// Its letter.
    pub letter: Option<&'a Letter>,
    /// Its printed number.
    pub number: DocumentNumber,
    /// How much of it.
    pub amount: Money,
}

impl PaymentOrder<'_> {
    /// The paper as PDF on A4: the same bytes for the same facts. Fails where the payout's amounts do not add
    /// up, which none that was accepted does.
    pub fn to_pdf(&self) -> Result<Vec<u8>, MoneyError> {
        let mut sheet = Sheet::new(Paper::A4);
        sheet.block(|pen| heading(pen, self));
        sheet.gap(GAP);
        sheet.block(|pen| title(pen, self));
        sheet.gap(GAP);
        sheet.block(|pen| parties(pen, self));
        for (name, rows) in sections(self)? {
            section(&mut sheet, self, name, &rows);
        }
        let rows = sums(&self.payout.terms)?;
        sheet.gap(GAP);
        sheet.block(|pen| ending(pen, self, &rows));
        sheet.block(signatures);
        let title = format!("Orden de pago {}", self.payout.number);
        let title = Title { title: &title, author: self.letterhead.name };
        Ok(sheet.finish(title, self.reversal.map(|_| STAMP), self.letterhead.logo))
    }

    /// What the file is called: `orden-de-pago-0001-00000288.pdf`.
    pub fn file_name(&self) -> String {
        format!("orden-de-pago-{}.pdf", self.payout.number)
    }
}

fn heading(pen: &mut Pen<'_, '_>, order: &PaymentOrder<'_>) {
    pen.columns(GUTTER, &[1.25, 1.0], |column, pen| match column {
        0 => order.letterhead.draw(pen, 13.0, 8.0, Align::Left),
        _ => pen.boxed(FAINT, 6.0, |pen| {
            pen.told(BODY, "NIT/CUIT:", order.letterhead.tax_id);
            pen.named(BODY, "ORDEN DE PAGO N.º:", &order.payout.number.to_string());
            pen.named(BODY, "IdPago:", &order.payout.id.to_string());
            pen.named(BODY, "Fecha:", &date(order.payout.terms.paid_on));
        }),
    });
}

fn title(pen: &mut Pen<'_, '_>, order: &PaymentOrder<'_>) {
    pen.text(Style::text(17.0).bold().align(Align::Centre), "ORDEN DE PAGO");
    if let Some(reversal) = order.reversal {
        let at = moment(civil_at(order.company, reversal.recorded_at));
        let style = Style::text(11.5).bold().ink(RED).align(Align::Centre);
        pen.text(style, &format!("{STAMP} el {at} por {}", reversal.reversed_by));
    }
}

fn parties(pen: &mut Pen<'_, '_>, order: &PaymentOrder<'_>) {
    let (supplier, payout) = (order.supplier, order.payout);
    pen.rule(FAINT, 0.8);
    pen.gap(GAP / 2.0);
    pen.columns(GUTTER, &[1.5, 1.0], |column, pen| {
        if column == 0 {
            pen.named(BODY, "Páguese a:", supplier.legal_name.as_str());
            if supplier.legal_name.as_str() != supplier.trade_name.as_str() {
                pen.named(BODY, "Nombre comercial:", supplier.trade_name.as_str());
            }
            pen.told(BODY, "CUIT:", supplier.tax_id.map(|cuit| cuit.to_string()).as_deref());
        } else {
            pen.named(BODY, "Proveedor N.º:", &supplier.id.to_string());
            let at = moment(civil_at(order.company, payout.recorded_at));
            pen.named(BODY, "Registrado:", &at);
            pen.named(BODY, "Por:", payout.recorded_by.as_str());
        }
    });
    pen.told(BODY, "Concepto:", payout.terms.description.as_ref().map(Text::as_str));
}

type Rows = Vec<(String, Money)>;

/// What is settled, how it is paid, what is kept back.
fn sections(order: &PaymentOrder<'_>) -> Result<[(&'static str, Rows); 3], MoneyError> {
    let terms = &order.payout.terms;
    let mut settled: Rows = order.settled.iter().map(invoice_row).collect();
    let advance = terms.checked_advance()?;
    settled.extend((advance.to_minor() != 0).then(|| ("Anticipo".to_owned(), advance)));
    let means = terms.means.iter().map(means_row).collect();
    Ok([("Se aplica a", settled), ("Medios de pago", means), ("Retenciones", withheld_rows(terms))])
}

fn invoice_row(invoice: &OrderedInvoice<'_>) -> (String, Money) {
    let letter = invoice.letter.map(|letter| format!("{} ", letter.as_str())).unwrap_or_default();
    (format!("Factura {letter}{}", invoice.number), invoice.amount)
}

fn means_row(line: &MeansLine) -> (String, Money) {
    let name = match line.means {
        Means::Cheque => "Cheque",
        Means::DeferredCheque => "Cheque diferido",
        Means::Transfer => "Transferencia",
        Means::Cash => "Efectivo",
        Means::CreditCard => "Tarjeta de crédito",
        Means::ThirdPartyCheque => "Cheque de tercero",
    };
    let number = line.cheque_number.as_ref().map(|number| format!("N.º {number}"));
    let valid = line.valid_on.map(|day| format!("desde el {}", date(day)));
    let account = line.chart_account.as_ref().map(|account| format!("cuenta {account}"));
    let said = [number, valid, account].into_iter().flatten();
    let parts: Vec<_> = std::iter::once(name.to_owned()).chain(said).collect();
    (parts.join(", "), line.amount)
}

fn withheld_rows(terms: &PayoutTerms) -> Rows {
    let withheld = &terms.withholdings;
    let gross = ("Ingresos brutos".to_owned(), withheld.gross_income);
    let rent = ("Renta".to_owned(), withheld.rent);
    let income = withheld.income.iter().map(income_row);
    let rows = std::iter::once(gross).chain(income).chain(std::iter::once(rent));
    rows.filter(|(_, amount)| amount.to_minor() != 0).collect()
}

fn income_row(income: &IncomeWithholding) -> (String, Money) {
    let regime = income.code.as_ref().map(|code| format!(", régimen {code}")).unwrap_or_default();
    let base = if income.base.to_minor() == 0 {
        String::new()
    } else {
        format!(", base {}", amount(income.base))
    };
    (format!("Ganancias{regime}{base}"), income.amount)
}

/// A heading with its rows, over several pages if need be; nothing where there are none.
fn section(sheet: &mut Sheet, order: &PaymentOrder<'_>, name: &str, rows: &[(String, Money)]) {
    if rows.is_empty() {
        return;
    }
    let sign = sign_of(order.company.currency);
    sheet.gap(GAP);
    sheet.block(|pen| {
        pen.rule(FAINT, 0.8);
        pen.gap(GAP / 3.0);
        pen.row(BODY.bold(), name, &format!("Importe ({sign})"));
        pen.gap(GAP / 3.0);
    });
    for (text, figure) in rows {
        sheet.block(|pen| pen.row(BODY, text, &amount(*figure)));
    }
}

/// How what goes out and what is settled add up.
fn sums(terms: &PayoutTerms) -> Result<Vec<(&'static str, Money)>, MoneyError> {
    let nothing = Money::zero(terms.total.currency());
    let mut rows = vec![
        ("Medios de pago", terms.checked_means()?),
        ("Retenciones", terms.checked_withheld()?),
        ("Descuentos", terms.discounts),
        ("Intereses", nothing.checked_sub(terms.interest)?),
    ];
    rows.retain(|(_, amount)| *amount != nothing);
    rows.push(("Cancelado al proveedor", terms.checked_settled()?));
    Ok(rows)
}

fn ending(pen: &mut Pen<'_, '_>, order: &PaymentOrder<'_>, sums: &[(&'static str, Money)]) {
    let total = order.payout.terms.total;
    let sign = sign_of(order.company.currency);
    pen.rule(FAINT, 0.8);
    pen.gap(GAP / 3.0);
    pen.row(Style::text(11.5).bold(), &format!("TOTAL PAGADO ({sign})"), &amount(total));
    pen.text(BODY, &format!("Son: {}", amount_in_words(total)));
    pen.gap(GAP / 2.0);
    for (name, figure) in sums {
        pen.row(BODY, name, &amount(*figure));
    }
}

fn signatures(pen: &mut Pen<'_, '_>) {
    pen.gap(60.0);
    pen.columns(GUTTER * 2.0, &[1.0, 1.0, 1.0], |column, pen| {
        let names = ["Preparado por", "Autorizado por", "Recibí conforme"];
        pen.rule(Ink::BLACK, 0.5);
        pen.gap(3.0);
        pen.text(Style::text(8.0).align(Align::Centre), names[column]);
    });
}
