//! Requests and answers word for word: the names of the fields that are read, and the answers with
//! their keys in the printed order. The document's Spanish stays here and in `errors.rs`.

use std::fmt::Display;
use std::io::{self, Write};

use axum::http::{HeaderName, header};
use serde::{Serialize, Serializer};
use ventanilla_documents::{FileForm, Paper};
use ventanilla_domain::{PaymentId, Period};

use super::convert::{Decimal, IsoDate, Moment};

/// The fields that are read.
pub(super) mod field {
    pub(in crate::cooplan) const SECURITY_CODE: &str = "CodSeguridad";
    pub(in crate::cooplan) const LOGIN: &str = "Login";
    pub(in crate::cooplan) const PASSWORD: &str = "Pwd";
    pub(in crate::cooplan) const CONTRACT: &str = "Contrato";
    pub(in crate::cooplan) const PAGE_NUMBER: &str = "Pagina";
    pub(in crate::cooplan) const PAGE_LEN: &str = "Cantidad";
    pub(in crate::cooplan) const BILL: &str = "IdFactura";
    pub(in crate::cooplan) const PERIOD: &str = "Periodo";
    pub(in crate::cooplan) const AMOUNT: &str = "Monto";
    pub(in crate::cooplan) const CALLER_REFERENCE: &str = "IdAsociado";
    pub(in crate::cooplan) const CALLER_KEY: &str = "IdTransaccion";
    pub(in crate::cooplan) const BRANCH: &str = "Sucursal";
    pub(in crate::cooplan) const CASHIER: &str = "Cajero";
    pub(in crate::cooplan) const TERMINAL: &str = "Terminal";
    pub(in crate::cooplan) const MEANS: &str = "MedioPago";
    pub(in crate::cooplan) const COLLECTED_AT: &str = "FechaCobro";
    pub(in crate::cooplan) const PAYMENT: &str = "IdCobranza";
    pub(in crate::cooplan) const PAPER: &str = "Formato";
    pub(in crate::cooplan) const DAY: &str = "Fecha";
    pub(in crate::cooplan) const REASON: &str = "Motivo";
}

/// The headers that a token comes in: the document spells it both ways. Both are secret.
pub(super) const TOKEN_HEADERS: [HeaderName; 2] =
    [header::AUTHORIZATION, HeaderName::from_static("autorizacion")];
/// What the document prints when a payment was made (service 4, in `message`).
pub(super) const PAID: &str = "Transaccion realizada con exito";
/// What it prints for a print-out (service 5, in `values`).
pub(super) const PRINTED: &str = "Transacción realizada con exito";
/// What it prints for a report (service 6, in `values`).
pub(super) const REPORTED: &str = "Transacción realizada con éxito";
/// What it prints when a payment was reversed (service 7, in `message`), with its blanks.
pub(super) const REVERSED: &str = " Transacción realizada con éxito ";
/// `values` of a reversal (service 7).
pub(super) const REVERSED_VALUES: u8 = 1;
/// The papers an invoice is printed on (service 5).
pub(super) const PAPERS: [(&str, Paper); 2] = [("a4", Paper::A4), ("rollo", Paper::Roll)];
/// The media type of what is printed.
pub(super) const PDF: &str = "application/pdf";
/// A file that a report is also given as.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReportFile {
    /// What asks for it.
    pub(super) accept: &'static str,
    /// What it is.
    pub(super) media_type: &'static str,
    pub(super) form: FileForm,
    /// How its name ends.
    pub(super) ending: &'static str,
}
/// The files of service 6.
pub(super) const REPORT_FILES: [ReportFile; 3] = [
    ReportFile {
        accept: "text/csv",
        media_type: "text/csv; charset=utf-8",
        form: FileForm::Csv,
        ending: "csv",
    },
    ReportFile { accept: XLSX, media_type: XLSX, form: FileForm::Xlsx, ending: "xlsx" },
    ReportFile { accept: PDF, media_type: PDF, form: FileForm::Pdf, ending: "pdf" },
];
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// `estado` of an active member, and of each bill of a debt.
pub(super) const ACTIVE: u8 = 1;
/// `estado` of a member who is not active.
pub(super) const NOT_ACTIVE: u8 = 0;

/// What every answer is.
#[derive(Debug, Serialize)]
pub(super) struct Envelope<'a, V> {
    pub(super) error: u8,
    pub(super) status: u8,
    pub(super) message: &'a str,
    #[serde(rename = "messageMostrar")]
    pub(super) message_shown: u8,
    #[serde(rename = "messageSistema")]
    pub(super) code: &'a str,
    pub(super) values: V,
    #[serde(rename = "expira", skip_serializing_if = "Option::is_none")]
    pub(super) lifetime_s: Option<i64>,
    #[serde(rename = "documento", skip_serializing_if = "Option::is_none")]
    pub(super) document: Option<Document>,
}

impl<'a, V> Envelope<'a, V> {
    /// A success.
    pub(super) fn success(message: &'a str, values: V) -> Self {
        Self {
            error: 0,
            status: 1,
            message,
            message_shown: 0,
            code: "",
            values,
            lifetime_s: None,
            document: None,
        }
    }

    /// A refusal or a failure, under a stable code.
    pub(super) fn refusal(code: &'a str, message: &'a str, values: V) -> Self {
        Self { error: 1, status: 0, code, ..Self::success(message, values) }
    }
}

impl<V: Serialize> Envelope<'_, V> {
    /// Compact JSON, UTF-8 as it is.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and numbers always have a JSON form")
    }
}

/// A value that goes out as the text it is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shown<T>(pub(super) T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// A row of service 2.
#[derive(Debug, Serialize)]
pub(super) struct FoundMember<'a> {
    #[serde(rename = "Nombre")]
    pub(super) name: &'a str,
    #[serde(rename = "Factura")]
    pub(super) oldest_unpaid: i64,
    #[serde(rename = "NumDoc")]
    pub(super) document_number: &'a str,
    #[serde(rename = "TipoDocumento")]
    pub(super) document_kind: &'a str,
    #[serde(rename = "Nit")]
    pub(super) tax_id: &'a str,
    #[serde(rename = "Direccion")]
    pub(super) address: &'a str,
    #[serde(rename = "estado")]
    pub(super) state: u8,
    #[serde(rename = "CodUbicacion")]
    pub(super) location: i64,
}

/// A row of service 3.
#[derive(Debug, Serialize)]
pub(super) struct OwedBill<'a> {
    #[serde(rename = "ID")]
    pub(super) member: i64,
    #[serde(rename = "Nombre")]
    pub(super) name: &'a str,
    #[serde(rename = "CodUbicacion")]
    pub(super) location: i64,
    #[serde(rename = "periodo")]
    pub(super) period: Shown<Period>,
    #[serde(rename = "factura")]
    pub(super) bill: i64,
    #[serde(rename = "montoTotal")]
    pub(super) amount: Shown<Decimal>,
    #[serde(rename = "estado")]
    pub(super) state: u8,
}

/// `values` of service 4, and of its `FACTURA_YA_PAGADA`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Paid {
    #[serde(rename = "IdCobranza")]
    pub(super) payment: Shown<PaymentId>,
    #[serde(rename = "FechaPagoEmpresa")]
    pub(super) recorded_at: Shown<Moment>,
}

/// `Estado` of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PaymentStanding {
    Paid = 2,
    Reversed = 3,
}

impl Serialize for PaymentStanding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(*self as u8)
    }
}

/// A row of service 6 and of `consultarpago`.
#[derive(Debug, Serialize)]
pub(super) struct PaymentRow<'a> {
    #[serde(rename = "IdCobranza")]
    pub(super) payment: Shown<PaymentId>,
    #[serde(rename = "IdFactura")]
    pub(super) bill: i64,
    #[serde(rename = "Contrato")]
    pub(super) contract: &'a str,
    #[serde(rename = "Nombre")]
    pub(super) name: &'a str,
    #[serde(rename = "Periodo")]
    pub(super) period: Shown<Period>,
    #[serde(rename = "Monto")]
    pub(super) amount: Shown<Decimal>,
    #[serde(rename = "FechaPagoEmpresa")]
    pub(super) recorded_at: Shown<Moment>,
    #[serde(rename = "Estado")]
    pub(super) standing: PaymentStanding,
    #[serde(rename = "FechaReversion")]
    pub(super) reversed_at: Option<Shown<Moment>>,
    #[serde(rename = "IdAsociado")]
    pub(super) caller_reference: Option<&'a str>,
    #[serde(rename = "IdTransaccion")]
    pub(super) caller_key: Option<&'a str>,
    #[serde(rename = "Sucursal")]
    pub(super) branch: Option<&'a str>,
    #[serde(rename = "Cajero")]
    pub(super) cashier: Option<&'a str>,
    #[serde(rename = "Terminal")]
    pub(super) terminal: Option<&'a str>,
    #[serde(rename = "MedioPago")]
    pub(super) means: Option<&'a str>,
    /// Not in the printed row, so it is there only where the collector stated it: what a collector
    /// states is shown in its reports.
    #[serde(rename = "FechaCobro", skip_serializing_if = "Option::is_none")]
    pub(super) collected_at: Option<Shown<Moment>>,
}

/// `documento` of service 5.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    #[serde(rename = "nombre")]
    pub(super) name: String,
    #[serde(rename = "tipo")]
    pub(super) media_type: &'static str,
    pub(super) base64: String,
}

/// A sum of service 6.
#[derive(Debug, Serialize)]
pub(super) struct Total {
    #[serde(rename = "cantidad")]
    pub(super) count: i64,
    #[serde(rename = "monto")]
    pub(super) amount: Shown<Decimal>,
}

/// The sums of service 6.
#[derive(Debug, Serialize)]
pub(super) struct Totals {
    #[serde(rename = "pagadas")]
    pub(super) paid: Total,
    #[serde(rename = "revertidas")]
    pub(super) reversed: Total,
    #[serde(rename = "neto")]
    pub(super) net: Total,
}

/// The envelope of service 6, written row by row: a day may have 100,000.
///
/// `reporte` is `{"fecha":…,"cobranzas":[…],"reversiones":[…],"pagadas":…,"revertidas":…,"neto":…}`.
#[derive(Debug)]
pub(super) struct ReportEnvelope<W: Write> {
    out: W,
    /// What stands before the next row.
    before: &'static str,
    is_in_reversals: bool,
}

impl<W: Write> ReportEnvelope<W> {
    /// Begins the envelope of a success.
    pub(super) fn start(mut out: W, day: IsoDate) -> io::Result<Self> {
        let envelope = Envelope::success("", REPORTED).to_bytes();
        out.write_all(envelope.strip_suffix(b"}").unwrap_or(&envelope))?;
        write!(out, ",\"reporte\":{{\"fecha\":\"{day}\",\"cobranzas\":[")?;
        Ok(Self { out, before: "", is_in_reversals: false })
    }

    /// Writes a payment of the day; all of them come before the first reversal.
    pub(super) fn payment(&mut self, row: &PaymentRow<'_>) -> io::Result<()> {
        self.out.write_all(self.before.as_bytes())?;
        self.before = ",";
        Ok(serde_json::to_writer(&mut self.out, row)?)
    }

    /// Writes a payment that was reversed on the day.
    pub(super) fn reversal(&mut self, row: &PaymentRow<'_>) -> io::Result<()> {
        self.begin_reversals()?;
        self.payment(row)
    }

    fn begin_reversals(&mut self) -> io::Result<()> {
        if !self.is_in_reversals {
            self.is_in_reversals = true;
            self.before = "";
            self.out.write_all(b"],\"reversiones\":[")?;
        }
        Ok(())
    }

    /// Ends the envelope.
    pub(super) fn finish(mut self, totals: &Totals) -> io::Result<()> {
        self.begin_reversals()?;
        let totals = serde_json::to_vec(totals)?;
        self.out.write_all(b"],")?;
        self.out.write_all(totals.strip_prefix(b"{").unwrap_or(&totals))?;
        self.out.write_all(b"}")
    }
}
