//! What is explained, as `--json` shows it: the wire's own names, and where it has none, names of ours.

use jiff::Timestamp;
use serde::Serialize;
use ventanilla_domain::{
    Account, Bill, BillId, BillState, BillVersion, CallerKey, Company, Name, PaymentId, Posting,
    ReceiptId, Reversal, Text,
};
use ventanilla_service::{ExplainedBill, ExplainedPayment, Explanation, Posted};

use crate::commands::trail::shown::{Names, ShownAct};
use crate::commands::{to_local, to_zoned};

/// All that is explained.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Shown<'a> {
    pub(super) empresa: i64,
    pub(super) nombre: &'a str,
    #[serde(skip)]
    pub(super) currency: &'static str,
    pub(super) facturas: Vec<ShownBill<'a>>,
    pub(super) solicitudes: Vec<ShownAct<'a>>,
    pub(super) solicitudes_no_mostradas: u64,
    /// Whether a request must have been that the trail does not have.
    #[serde(skip)]
    pub(super) lacks_requests: bool,
}

/// A bill.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShownBill<'a> {
    pub(super) id_factura: i64,
    pub(super) contrato: &'a str,
    pub(super) periodo: String,
    pub(super) monto: String,
    pub(super) estado: &'static str,
    pub(super) pagada_por: Option<i64>,
    pub(super) versiones: Vec<ShownVersion<'a>>,
    pub(super) cobranzas: Vec<ShownPayment<'a>>,
}

/// A version of a bill.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShownVersion<'a> {
    pub(super) version: u32,
    pub(super) monto: String,
    pub(super) estado: &'static str,
    pub(super) archivo: i64,
    pub(super) nombre: &'a str,
    /// None of a bill that a complete file withdrew.
    pub(super) linea: Option<u64>,
    pub(super) reemplazada_por: Option<i64>,
}

/// A payment.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShownPayment<'a> {
    pub(super) id_cobranza: i64,
    pub(super) monto: String,
    pub(super) version: u32,
    pub(super) registrada: String,
    pub(super) dia_contable: String,
    pub(super) recaudador: &'a str,
    pub(super) sucursal: Option<&'a str>,
    pub(super) cajero: Option<&'a str>,
    pub(super) terminal: Option<&'a str>,
    pub(super) medio_pago: Option<&'a str>,
    pub(super) fecha_cobro: Option<String>,
    pub(super) id_asociado: Option<&'a str>,
    pub(super) id_transaccion: Option<&'a str>,
    /// When the books were restored after which a report brought it.
    pub(super) traida_tras_restauracion: Option<String>,
    pub(super) asiento: ShownEntry,
    pub(super) reversion: Option<ShownReversal<'a>>,
}

/// A reversal.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShownReversal<'a> {
    pub(super) registrada: String,
    pub(super) dia_contable: String,
    pub(super) recaudador: &'a str,
    pub(super) motivo: Option<&'a str>,
    pub(super) id_transaccion: Option<&'a str>,
    pub(super) asiento: ShownEntry,
}

/// A journal entry.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShownEntry {
    pub(super) numero: i64,
    /// When it was written: later than the act, where that was of the past.
    pub(super) registrado: String,
    pub(super) partidas: Vec<ShownPosting>,
}

/// What was posted.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShownPosting {
    pub(super) debe: String,
    pub(super) haber: String,
    pub(super) monto: String,
    /// The accounts as people call them.
    #[serde(skip)]
    pub(super) in_words: [String; 2],
}

/// What names and times are told by.
struct Telling<'a> {
    company: &'a Company,
    names: &'a Names,
}

impl<'a> Shown<'a> {
    pub(super) fn of(explained: &'a Explanation, names: &'a Names) -> Self {
        let Explanation { company, bills, acts, more_acts, .. } = explained;
        let telling = Telling { company, names };
        let to_time = |at| to_zoned(company, at);
        Self {
            empresa: company.id.to_i64(),
            nombre: company.name.as_str(),
            currency: company.currency.to_code(),
            facturas: bills.iter().map(|bill| telling.bill(bill)).collect(),
            solicitudes: acts.iter().map(|act| ShownAct::of(act, names, &to_time)).collect(),
            solicitudes_no_mostradas: *more_acts,
            lacks_requests: lacks_requests(explained),
        }
    }
}

impl<'a> Telling<'a> {
    fn time(&self, at: Timestamp) -> String {
        to_local(self.company, at)
    }

    fn collector(&self, id: i64) -> &'a str {
        self.names.collectors.get(&id).map_or("", String::as_str)
    }

    fn bill(&self, explained: &'a ExplainedBill) -> ShownBill<'a> {
        let ExplainedBill { bill, contract, versions, payments } = explained;
        ShownBill {
            id_factura: bill.id.to_i64(),
            contrato: contract.code.as_str(),
            periodo: bill.period.to_string(),
            monto: bill.amount.to_decimal(),
            estado: to_standing(bill),
            pagada_por: bill.paid_by.map(PaymentId::to_i64),
            versiones: versions.iter().map(version).collect(),
            cobranzas: payments.iter().map(|payment| self.payment(payment)).collect(),
        }
    }

    fn payment(&self, explained: &'a ExplainedPayment) -> ShownPayment<'a> {
        let ExplainedPayment { payment, entry, restored_at, reversal, .. } = explained;
        let place = &payment.place;
        ShownPayment {
            id_cobranza: payment.id.to_i64(),
            monto: payment.amount.to_decimal(),
            version: payment.bill_version,
            registrada: self.time(payment.recorded_at),
            dia_contable: payment.business_day.to_date().to_string(),
            recaudador: self.collector(payment.collector.to_i64()),
            sucursal: place.branch.as_ref().map(Text::as_str),
            cajero: place.cashier.as_ref().map(Text::as_str),
            terminal: place.terminal.as_ref().map(Text::as_str),
            medio_pago: place.means.as_ref().map(Text::as_str),
            fecha_cobro: place.collected_at.map(|at| at.strftime("%Y-%m-%d %H:%M:%S").to_string()),
            id_asociado: payment.caller_reference.as_ref().map(Text::as_str),
            id_transaccion: payment.caller_key.as_ref().map(CallerKey::as_str),
            traida_tras_restauracion: restored_at.map(|at| self.time(at)),
            asiento: self.entry(entry),
            reversion: reversal.as_ref().map(|(reversal, entry)| self.reversal(reversal, entry)),
        }
    }

    fn reversal(&self, reversal: &'a Reversal, entry: &Posted) -> ShownReversal<'a> {
        ShownReversal {
            registrada: self.time(reversal.recorded_at),
            dia_contable: reversal.business_day.to_date().to_string(),
            recaudador: self.collector(reversal.collector.to_i64()),
            motivo: reversal.reason.as_ref().map(Text::as_str),
            id_transaccion: reversal.caller_key.as_ref().map(CallerKey::as_str),
            asiento: self.entry(entry),
        }
    }

    fn entry(&self, posted: &Posted) -> ShownEntry {
        ShownEntry {
            numero: posted.entry.to_i64(),
            registrado: self.time(posted.recorded_at),
            partidas: posted.postings.iter().map(|posting| self.posting(posting)).collect(),
        }
    }

    fn posting(&self, posting: &Posting) -> ShownPosting {
        let Posting { debit, credit, amount } = posting;
        ShownPosting {
            debe: debit.to_string(),
            haber: credit.to_string(),
            monto: amount.to_decimal(),
            in_words: [debit, credit].map(|account| self.account(account)),
        }
    }

    fn account(&self, account: &Account) -> String {
        match account {
            Account::Receivable => "por cobrar".to_owned(),
            Account::Collector(id) => format!("recaudador {}", self.collector(id.to_i64())),
            Account::Revenue(None) => "ingresos por clasificar".to_owned(),
            Account::Revenue(Some(concept)) => format!("ingresos de {concept}"),
            Account::PaidElsewhere => "pagado fuera".to_owned(),
            Account::Payable(supplier) => format!("deuda con el proveedor {supplier}"),
            Account::Advance(supplier) => format!("anticipo al proveedor {supplier}"),
            Account::Means(_) => "caja y bancos".to_owned(),
            Account::Withheld(_) => "retenciones".to_owned(),
            Account::Discounts => "descuentos".to_owned(),
            Account::Interest => "intereses".to_owned(),
            Account::Expense => "gastos".to_owned(),
            Account::CashRounding => "redondeo de efectivo".to_owned(),
            Account::CashOverShort => "faltantes y sobrantes de caja".to_owned(),
            Account::Commissions => "comisiones".to_owned(),
        }
    }
}

/// Whether the trail has no request of a payment that must have come of one. One that was written later
/// than it was made came from a report, or from the past.
fn lacks_requests(explained: &Explanation) -> bool {
    let payments = explained.bills.iter().flat_map(|bill| &bill.payments);
    let mut requested = payments.filter(|paid| paid.entry.recorded_at == paid.payment.recorded_at);
    // What was taken at the window is told of the whole receipt.
    let is_told = |paid: &ExplainedPayment| {
        let (id, receipt) = (Some(paid.payment.id.to_i64()), paid.receipt.map(ReceiptId::to_i64));
        let mut acts = explained.acts.iter();
        acts.any(|act| match &*act.what {
            "pay" => act.payment == id,
            "receipt" => receipt.is_some() && act.receipt == receipt,
            _ => false,
        })
    };
    explained.more_acts == 0 && requested.any(|paid| !is_told(paid))
}

fn version((version, file): &(BillVersion, Name)) -> ShownVersion<'_> {
    ShownVersion {
        version: version.number,
        monto: version.terms.amount.to_decimal(),
        estado: to_state(version.terms.state),
        archivo: version.source.file.to_i64(),
        nombre: file.as_str(),
        linea: (!version.is_withdrawal()).then_some(version.source.line),
        reemplazada_por: version.replaced_by.map(BillId::to_i64),
    }
}

fn to_standing(bill: &Bill) -> &'static str {
    if bill.paid_by.is_some() { "pagada" } else { to_state(bill.state) }
}

/// The import's words.
fn to_state(state: BillState) -> &'static str {
    match state {
        BillState::Owed => "pendiente",
        BillState::Annulled => "anulada",
        BillState::PaidElsewhere => "pagada_fuera",
    }
}
