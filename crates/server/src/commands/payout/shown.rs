//! A payout, as `payout list` and `payout show` tell it: the wire's own names in JSON, and where it
//! has none, names of ours.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;
use ventanilla_domain::{
    CallerKey, Company, IncomeWithholding, Letter, Means, MeansLine, PayoutReversal, Text, civil_at,
};
use ventanilla_service::{KeptPayout, ListedPayout, SettledInvoice};

/// `idEstadoPago`.
pub(super) fn state(is_reversed: bool) -> &'static str {
    if is_reversed { "Anulado" } else { "Aprobado" }
}

/// `idMedioPago`.
fn to_word(means: Means) -> &'static str {
    match means {
        Means::Cheque => "Cheque Emitido Común",
        Means::DeferredCheque => "Cheque Emitido Diferido",
        Means::Transfer => "Transferencia",
        Means::Cash => "Efectivo",
        Means::CreditCard => "Tarjeta de Credito",
        Means::ThirdPartyCheque => "Cheque de Tercero",
    }
}

/// A payout in the list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed<'a> {
    id_pago: i64,
    nro_pago: String,
    fecha_pago: String,
    id_proveedor: i64,
    #[serde(rename = "NombreFantasia")]
    supplier_name: &'a str,
    #[serde(rename = "totalpagado")]
    total: String,
    id_estado_pago: &'static str,
}

impl<'a> Listed<'a> {
    pub(super) fn of(listed: &'a ListedPayout) -> Self {
        let ListedPayout { payout, is_reversed, supplier_name } = listed;
        Self {
            id_pago: payout.id.to_i64(),
            nro_pago: payout.number.to_string(),
            fecha_pago: payout.terms.paid_on.to_string(),
            id_proveedor: payout.terms.supplier.to_i64(),
            supplier_name: supplier_name.as_str(),
            total: payout.terms.total.to_decimal(),
            id_estado_pago: state(*is_reversed),
        }
    }

    pub(super) fn to_line(&self) -> String {
        let Self { id_pago, nro_pago, fecha_pago, id_proveedor, .. } = self;
        let Self { supplier_name, total, id_estado_pago, .. } = self;
        format!(
            "{id_pago}\t{nro_pago}\t{fecha_pago}\t{id_proveedor}\t{supplier_name}\t{total}\t\
             {id_estado_pago}"
        )
    }
}

/// All of one payout.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shown<'a> {
    id_empresa: i64,
    id_pago: i64,
    nro_pago: String,
    id_estado_pago: &'static str,
    id_proveedor: i64,
    #[serde(rename = "NombreFantasia")]
    supplier_name: &'a str,
    fecha_pago: String,
    valor_cambio: &'static str,
    #[serde(skip)]
    currency: &'static str,
    #[serde(rename = "totalpagado")]
    total: String,
    anticipo: String,
    total_facturas: String,
    descuentos: String,
    intereses: String,
    #[serde(rename = "retencionIIBB")]
    gross_income: String,
    ret_ganancias_1: String,
    id_ret_ganancias_1: Option<&'a str>,
    base_calculo_1: String,
    ret_ganancias_2: String,
    id_ret_ganancias_2: Option<&'a str>,
    base_calculo_2: String,
    retenciones_renta: String,
    descripcion: Option<&'a str>,
    #[serde(rename = "IdTransaccion")]
    caller_key: Option<&'a str>,
    medios_pago: Vec<Line<'a>>,
    facturas: Vec<Settled<'a>>,
    dia_contable: String,
    registrado: String,
    usuario: &'a str,
    integrador: Option<&'a str>,
    anulacion: Option<Undone<'a>>,
}

/// What goes out by one means.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    id_medio_pago: &'static str,
    importe: String,
    id_plan_cuenta: Option<&'a str>,
    nro_cheque: Option<&'a str>,
    fecha_validez: Option<String>,
    #[serde(rename = "Conciliado")]
    is_reconciled: bool,
}

/// What an invoice takes.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Settled<'a> {
    id_factura: i64,
    id_tipo_factura: Option<&'a str>,
    nro_factura: String,
    importe: String,
}

/// How a payout was undone.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Undone<'a> {
    registrado: String,
    dia_contable: String,
    anulado_por: &'a str,
    motivo: Option<&'a str>,
}

impl<'a> Shown<'a> {
    pub(super) fn of(company: &Company, kept: &'a KeptPayout) -> Self {
        let KeptPayout { payout, supplier, integrator, settled, reversal } = kept;
        let terms = &payout.terms;
        let withheld = &terms.withholdings;
        let [first, second] = &withheld.income;
        let reversal = reversal.as_ref();
        Self {
            id_empresa: company.id.to_i64(),
            id_pago: payout.id.to_i64(),
            nro_pago: payout.number.to_string(),
            id_estado_pago: state(reversal.is_some()),
            id_proveedor: terms.supplier.to_i64(),
            supplier_name: supplier.trade_name.as_str(),
            fecha_pago: terms.paid_on.to_string(),
            valor_cambio: if terms.is_rate_stated { "1" } else { "0" },
            currency: company.currency.to_code(),
            total: terms.total.to_decimal(),
            anticipo: terms.stated_advance.to_decimal(),
            total_facturas: terms.stated_invoices.to_decimal(),
            descuentos: terms.discounts.to_decimal(),
            intereses: terms.interest.to_decimal(),
            gross_income: withheld.gross_income.to_decimal(),
            ret_ganancias_1: first.amount.to_decimal(),
            id_ret_ganancias_1: regime(first),
            base_calculo_1: first.base.to_decimal(),
            ret_ganancias_2: second.amount.to_decimal(),
            id_ret_ganancias_2: regime(second),
            base_calculo_2: second.base.to_decimal(),
            retenciones_renta: withheld.rent.to_decimal(),
            descripcion: terms.description.as_ref().map(Text::as_str),
            caller_key: payout.caller_key.as_ref().map(CallerKey::as_str),
            medios_pago: terms.means.iter().map(Line::of).collect(),
            facturas: settled.iter().map(Settled::of).collect(),
            dia_contable: payout.business_day.to_date().to_string(),
            registrado: shown_at(company, payout.recorded_at),
            usuario: payout.recorded_by.as_str(),
            integrador: integrator.as_ref().map(Text::as_str),
            anulacion: reversal.map(|reversal| Undone::of(company, reversal)),
        }
    }

    /// Writes it in lines; what is nothing has none.
    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut lines = vec![
            ("pago", self.id_pago.to_string()),
            ("número", self.nro_pago.clone()),
            ("estado", self.id_estado_pago.to_owned()),
            ("proveedor", format!("{} {}", self.id_proveedor, self.supplier_name)),
            ("fecha", self.fecha_pago.clone()),
            ("total", format!("{} {}", self.total, self.currency)),
        ];
        for (name, amount) in [
            ("anticipo", &self.anticipo),
            ("facturas", &self.total_facturas),
            ("descuentos", &self.descuentos),
            ("intereses", &self.intereses),
            ("ret. IIBB", &self.gross_income),
            ("ret. renta", &self.retenciones_renta),
        ] {
            lines.extend(is_something(amount).then(|| (name, amount.clone())));
        }
        for (amount, regime, base) in [
            (&self.ret_ganancias_1, self.id_ret_ganancias_1, &self.base_calculo_1),
            (&self.ret_ganancias_2, self.id_ret_ganancias_2, &self.base_calculo_2),
        ] {
            let income = income_to_text(amount, regime, base);
            lines.extend(income.map(|text| ("ret. ganancias", text)));
        }
        lines.extend(self.medios_pago.iter().map(|line| ("medio", line.to_text())));
        lines.extend(self.facturas.iter().map(|settled| ("factura", settled.to_text())));
        lines.extend(self.descripcion.map(|text| ("descripción", text.to_owned())));
        lines.extend(self.caller_key.map(|key| ("IdTransaccion", key.to_owned())));
        lines.push(("registrado", self.recorded_to_text()));
        lines.extend(self.anulacion.as_ref().map(|undone| ("anulado", undone.to_text())));
        lines.iter().try_for_each(|(name, value)| writeln!(out, "{name:<14} {value}"))
    }

    fn recorded_to_text(&self) -> String {
        let by = format!("{} por {}", self.registrado, self.usuario);
        let program = self.integrador.map(|name| format!("con {name}"));
        let day = Some(format!("día contable {}", self.dia_contable));
        listed([Some(by), program, day])
    }
}

fn regime(withheld: &IncomeWithholding) -> Option<&str> {
    withheld.code.as_ref().map(Text::as_str)
}

fn income_to_text(amount: &str, regime: Option<&str>, base: &str) -> Option<String> {
    let regime = regime.map(|code| format!("régimen {code}"));
    let base = is_something(base).then(|| format!("base {base}"));
    let is_said = is_something(amount) || regime.is_some() || base.is_some();
    is_said.then(|| listed([Some(amount.to_owned()), regime, base]))
}

impl<'a> Line<'a> {
    fn of(line: &'a MeansLine) -> Self {
        Self {
            id_medio_pago: to_word(line.means),
            importe: line.amount.to_decimal(),
            id_plan_cuenta: line.chart_account.as_ref().map(Text::as_str),
            nro_cheque: line.cheque_number.as_ref().map(Text::as_str),
            fecha_validez: line.valid_on.map(|day| day.to_string()),
            is_reconciled: line.is_reconciled,
        }
    }

    fn to_text(&self) -> String {
        let account = self.id_plan_cuenta.map(|account| format!("cuenta {account}"));
        let cheque = self.nro_cheque.map(|number| format!("cheque {number}"));
        let valid = self.fecha_validez.as_ref().map(|day| format!("desde {day}"));
        let reconciled = self.is_reconciled.then(|| "conciliado".to_owned());
        let amount = Some(format!("{} {}", self.importe, self.id_medio_pago));
        listed([amount, account, cheque, valid, reconciled])
    }
}

impl<'a> Settled<'a> {
    fn of(settled: &'a SettledInvoice) -> Self {
        Self {
            id_factura: settled.id.to_i64(),
            id_tipo_factura: settled.letter.as_ref().map(Letter::as_str),
            nro_factura: settled.number.to_string(),
            importe: settled.amount.to_decimal(),
        }
    }

    fn to_text(&self) -> String {
        let letter = self.id_tipo_factura.map(|letter| format!("{letter} ")).unwrap_or_default();
        format!("{} {letter}{}, idFactura {}", self.importe, self.nro_factura, self.id_factura)
    }
}

impl<'a> Undone<'a> {
    fn of(company: &Company, reversal: &'a PayoutReversal) -> Self {
        Self {
            registrado: shown_at(company, reversal.recorded_at),
            dia_contable: reversal.business_day.to_date().to_string(),
            anulado_por: reversal.reversed_by.as_str(),
            motivo: reversal.reason.as_ref().map(Text::as_str),
        }
    }

    fn to_text(&self) -> String {
        let by = Some(format!("{} por {}", self.registrado, self.anulado_por));
        let day = Some(format!("día contable {}", self.dia_contable));
        listed([by, day, self.motivo.map(|why| format!("motivo: {why}"))])
    }
}

/// What there is of some parts, in one line.
fn listed<const LEN: usize>(parts: [Option<String>; LEN]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn is_something(amount: &str) -> bool {
    amount != "0.00"
}

fn shown_at(company: &Company, at: Timestamp) -> String {
    civil_at(company, at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
