//! Provision `FacturaCompra` word for word. Its wires are not public: they follow their neighbours
//! and what clients are seen to send and read.

use std::borrow::Cow;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use ventanilla_domain::{
    CompanyId, DetailText, Details, InvoiceDetail, InvoiceTerms, ItemDetail, Letter,
    PurchaseInvoiceId, Text,
};
use ventanilla_service::{InvoicePayout, InvoiceState};

use super::{Shown, payouts};
use crate::colppy::convert;
use crate::colppy::lists::{Column, Row, Table};
use crate::colppy::operations::{ID, Parameter};

/// The names that are read.
pub(in crate::colppy) mod field {
    use super::{InvoiceDetail, ItemDetail};

    pub(in crate::colppy) const INVOICE: &str = "idFactura";
    pub(in crate::colppy) const SUPPLIER: &str = "idProveedor";
    pub(in crate::colppy) const KIND: &str = "idTipoComprobante";
    pub(in crate::colppy) const LETTER: &str = "idTipoFactura";
    pub(in crate::colppy) const POINT: &str = "nroFactura1";
    pub(in crate::colppy) const SERIAL: &str = "nroFactura2";
    pub(in crate::colppy) const BOOKED_ON: &str = "fechaFactura";
    pub(in crate::colppy) const ISSUED_ON: &str = "fechaFacturaDoc";
    pub(in crate::colppy) const DUE_ON: &str = "fechaPago";
    pub(in crate::colppy) const STATE: &str = "idEstadoFactura";
    pub(in crate::colppy) const CURRENCY: &str = "idMoneda";
    pub(in crate::colppy) const EXCHANGE_RATE: &str = "valorCambio";
    pub(in crate::colppy) const NET: &str = "netoGravado";
    pub(in crate::colppy) const UNTAXED: &str = "netoNoGravado";
    pub(in crate::colppy) const VAT: &str = "totalIVA";
    pub(in crate::colppy) const VAT_BY_RATE: [&str; 3] = ["IVA21", "IVA105", "IVA27"];
    pub(in crate::colppy) const VAT_PERCEPTION: &str = "percepcionIVA";
    pub(in crate::colppy) const GROSS_INCOME: &str = "percepcionIIBB";
    /// Amount and jurisdiction.
    pub(in crate::colppy) const GROSS_INCOME_PARTS: [[&str; 2]; 2] =
        [["percepcionIIBB1", "IIBBLocal"], ["percepcionIIBB2", "IIBBOtro"]];
    pub(in crate::colppy) const TOTAL: &str = "totalFactura";
    pub(in crate::colppy) const DESCRIPTION: &str = "descripcion";
    /// It repeats [`VAT_BY_RATE`], and is passed over.
    pub(in crate::colppy) const RATE_ROWS: &str = "totalesiva";
    pub(in crate::colppy) const PAYMENT_ROWS: &str = "itemsPagos";
    /// What is kept as it comes and shown again.
    pub(in crate::colppy) const DETAILS: [(InvoiceDetail, &str); 3] = [
        (InvoiceDetail::PaymentTerms, "idCondicionPago"),
        (InvoiceDetail::TaxStanding, "idCondicionIva"),
        (InvoiceDetail::IncomeWithholding, "idRetGanancias"),
    ];

    pub(in crate::colppy) const PERCEPTION_ROWS: &str = "percsufridas";
    pub(in crate::colppy) const PERCEPTION: &str = "importePerc";
    pub(in crate::colppy) const JURISDICTION: &str = "jurisdiccion";
    pub(in crate::colppy) const CERTIFICATE: &str = "nroCertificado";

    pub(in crate::colppy) const ITEM_ROWS: &str = "itemsFactura";
    /// What a line says, in the order in which it is told: the name it is told by, and others that
    /// it is read by.
    pub(in crate::colppy) const ITEM: [(ItemDetail, &[&str]); 13] = [
        (ItemDetail::Item, &["idItem"]),
        (ItemDetail::Code, &["codigo"]),
        (ItemDetail::Description, &["Descripcion"]),
        (ItemDetail::Unit, &["unidadMedida"]),
        (ItemDetail::Quantity, &["Cantidad"]),
        (ItemDetail::UnitPrice, &["ImporteUnitario"]),
        (ItemDetail::DiscountPercent, &["porcDesc", "bonificacion"]),
        (ItemDetail::VatPercent, &["IVA", "alicuotaIva", "idTipoIva"]),
        (ItemDetail::ChartAccount, &["idPlanCuenta"]),
        (ItemDetail::Warehouse, &["idAlmacen", "almacen"]),
        (ItemDetail::FirstCostCentre, &["ccosto1"]),
        (ItemDetail::SecondCostCentre, &["ccosto2"]),
        (ItemDetail::Subtotal, &["SubTotal"]),
    ];
}

/// What enters an invoice.
pub(in crate::colppy) const ENTERS: [Parameter; 34] = [
    Parameter::required(super::field::COMPANY, ID),
    Parameter::required(field::SUPPLIER, ID),
    Parameter::optional(
        field::POINT,
        "point of issue: up to 5 digits, padded or not; 0 when absent",
    ),
    Parameter::required(field::SERIAL, "number: up to 8 digits, padded or not, from 1"),
    Parameter::required(field::BOOKED_ON, "day"),
    Parameter::optional(field::ISSUED_ON, "day; `fechaFactura` when absent"),
    Parameter::optional(field::DUE_ON, "day on which it is due"),
    Parameter::optional(
        field::TOTAL,
        "amount, more than 0; the sum of the parts when absent; where any part is more than 0, all must add up to it",
    ),
    Parameter::optional(field::NET, "amount"),
    Parameter::optional(field::UNTAXED, "amount"),
    Parameter::optional(field::VAT, "amount; the sum of the rates when absent"),
    Parameter::optional(field::VAT_BY_RATE[0], "amount"),
    Parameter::optional(field::VAT_BY_RATE[1], "amount"),
    Parameter::optional(field::VAT_BY_RATE[2], "amount"),
    Parameter::optional(field::VAT_PERCEPTION, "amount"),
    Parameter::optional(field::GROSS_INCOME, "amount; the sum of its two parts when absent"),
    Parameter::optional(field::GROSS_INCOME_PARTS[0][0], "amount"),
    Parameter::optional(
        field::GROSS_INCOME_PARTS[0][1],
        "text of up to 200 characters; `0` is none",
    ),
    Parameter::optional(field::GROSS_INCOME_PARTS[1][0], "amount"),
    Parameter::optional(
        field::GROSS_INCOME_PARTS[1][1],
        "text of up to 200 characters; `0` is none",
    ),
    Parameter::optional(
        field::PERCEPTION_ROWS,
        "the same two parts as rows: `jurisdiccion`, `importePerc`; what both say must agree",
    ),
    Parameter::optional(field::KIND, "`FAC`, `Fc` or `1`, which are one"),
    Parameter::optional(field::LETTER, "letter of up to 4 characters"),
    Parameter::optional(field::DESCRIPTION, "text of up to 500 characters"),
    Parameter::optional(field::DETAILS[0].1, "text of up to 200 characters, shown again"),
    Parameter::optional(field::DETAILS[1].1, "text of up to 200 characters, shown again"),
    Parameter::optional(field::DETAILS[2].1, "text of up to 200 characters, shown again"),
    Parameter::optional(
        field::ITEM_ROWS,
        "up to 500 lines, as far as the 64 KiB of a body go, shown again as they came, in texts of up to 200 characters: `idItem`, `codigo`, `Descripcion`, `unidadMedida`, \
         `Cantidad`, `ImporteUnitario`, `porcDesc` (or `bonificacion`), `IVA` (or `alicuotaIva`, \
         `idTipoIva`), `idPlanCuenta`, `idAlmacen` (or `almacen`), `ccosto1`, `ccosto2`, `SubTotal`",
    ),
    Parameter::optional(
        field::STATE,
        "`Aprobada`; it is told as `Pagada` once payouts have settled all of it",
    ),
    Parameter::optional(field::CURRENCY, "0 or 1: both mean the company's currency"),
    Parameter::optional(field::EXCHANGE_RATE, "0 or 1: both mean the company's currency"),
    Parameter::optional(field::PAYMENT_ROWS, "empty alone"),
    Parameter::optional(field::INVOICE, "empty or 0 alone"),
    Parameter::optional(field::RATE_ROWS, "passed over: it repeats the rates"),
];

/// What finds an invoice, or its payouts.
pub(in crate::colppy) const READS: [Parameter; 2] =
    [Parameter::required(super::field::COMPANY, ID), Parameter::required(field::INVOICE, ID)];

/// `message` of an invoice that was entered.
const ENTERED: &str = "Se insertó la factura con éxito";

/// The only kind of invoice there is, as it is shown.
const KIND: &str = "1";
/// The company's own currency, as it is shown.
const CURRENCY: &str = "1";
/// The rate of that currency, as it is shown.
const EXCHANGE_RATE: &str = "1";
/// An invoice of which something is open; the only state that can be asked for.
const APPROVED: &str = "Aprobada";
/// An invoice that payouts have settled.
const SETTLED: &str = "Pagada";

/// Any of the names of the only kind.
pub(in crate::colppy) fn kind(text: &str) -> Option<&'static str> {
    one_of(&["FAC", "Fc", KIND], text).then_some(KIND)
}

/// Any of the names of the company's own currency.
pub(in crate::colppy) fn currency(text: &str) -> Option<&'static str> {
    one_of(&["0", CURRENCY], text).then_some(CURRENCY)
}

/// A rate that changes no amount: 0 or 1, in any decimal form.
pub(in crate::colppy) fn exchange_rate(text: &str) -> Option<&'static str> {
    convert::is_one(text).map(|_is_one| EXCHANGE_RATE)
}

/// The state that can be asked for.
pub(in crate::colppy) fn approved(text: &str) -> Option<&'static str> {
    one_of(&[APPROVED], text).then_some(APPROVED)
}

/// No jurisdiction: forms are filled with zeros.
fn no_jurisdiction(text: &str) -> Option<&'static str> {
    convert::is_zero(text).then_some("")
}

fn one_of(known: &[&str], text: &str) -> bool {
    known.iter().any(|one| one.eq_ignore_ascii_case(text))
}

/// `response` of an invoice that was entered: clients look for its id in three places.
#[derive(Debug, Serialize)]
pub(in crate::colppy) struct EnteredInvoice {
    success: bool,
    message: &'static str,
    #[serde(rename = "idFactura")]
    invoice: Shown<PurchaseInvoiceId>,
    #[serde(rename = "idfactura")]
    same_invoice: Shown<PurchaseInvoiceId>,
    data: InvoiceId,
}

#[derive(Debug, Serialize)]
struct InvoiceId {
    #[serde(rename = "idFactura")]
    invoice: Shown<PurchaseInvoiceId>,
}

impl EnteredInvoice {
    pub(in crate::colppy) fn from_id(id: PurchaseInvoiceId) -> Self {
        let invoice = Shown(id);
        let data = InvoiceId { invoice };
        Self { success: true, message: ENTERED, invoice, same_invoice: invoice, data }
    }
}

/// An invoice with whose it is.
pub(in crate::colppy) type CompanysInvoice = (CompanyId, InvoiceState);

/// `response` of an invoice that is read: clients look for it in two places.
#[derive(Serialize)]
pub(in crate::colppy) struct FoundInvoice<'a> {
    success: bool,
    message: &'static str,
    #[serde(rename = "infofactura")]
    invoice: Row<'a, CompanysInvoice>,
    #[serde(rename = "itemsFactura")]
    items: Vec<Item<'a>>,
    data: Row<'a, CompanysInvoice>,
}

impl<'a> FoundInvoice<'a> {
    pub(in crate::colppy) fn from_state(of: &'a CompanysInvoice) -> Self {
        Self {
            success: true,
            message: super::DONE,
            invoice: INVOICES.row(of),
            items: terms(of).items.iter().map(Item).collect(),
            data: INVOICES.row(of),
        }
    }
}

/// A line of an invoice, as texts; what it does not say is empty.
struct Item<'a>(&'a Details<ItemDetail>);

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(field::ITEM.len()))?;
        for (kind, names) in field::ITEM {
            map.serialize_entry(names[0], &text(self.0.get(&kind)))?;
        }
        map.end()
    }
}

fn terms((_, state): &CompanysInvoice) -> &InvoiceTerms {
    &state.invoice.terms
}

fn open_minor((_, state): &CompanysInvoice) -> i64 {
    state.invoice.terms.total.to_minor() - state.applied.to_minor()
}

fn state(of: &CompanysInvoice) -> &'static str {
    if open_minor(of) > 0 { APPROVED } else { SETTLED }
}

fn text<const MAX: usize>(text: Option<&Text<MAX>>) -> Cow<'_, str> {
    text.map_or("", Text::as_str).into()
}

fn detail(of: &CompanysInvoice, kind: InvoiceDetail) -> Cow<'_, str> {
    let detail: Option<&DetailText> = terms(of).details.get(&kind);
    text(detail)
}

/// An invoice, one at a time or in a list.
pub(in crate::colppy) static INVOICES: Table<CompanysInvoice> = Table {
    id: |(_, state)| state.invoice.id.to_i64(),
    columns: &[
        Column::whole("idFactura", |(_, state)| state.invoice.id.to_i64()),
        Column::whole("idProveedor", |of| terms(of).supplier.to_i64()),
        Column::whole("idEmpresa", |(company, _)| company.to_i64()),
        Column::empty("idEstadoAnterior"),
        Column::day("fechaFactura", |of| Some(terms(of).booked_on)),
        Column::day("fechaFacturaDoc", |of| Some(terms(of).issued_on)),
        Column::word("idTipoComprobante", |_| KIND.into(), kind),
        Column::text("idTipoFactura", |of| {
            terms(of).letter.as_ref().map_or("", Letter::as_str).into()
        }),
        Column::number("nroFactura", |of| terms(of).number),
        Column::text("idCondicionPago", |of| detail(of, InvoiceDetail::PaymentTerms)),
        Column::day("fechaPago", |of| terms(of).due_on),
        Column::text("idEstadoFactura", |of| state(of).into()),
        Column::word("idMoneda", |_| CURRENCY.into(), currency),
        Column::word("valorCambio", |_| EXCHANGE_RATE.into(), exchange_rate),
        Column::text("idRetGanancias", |of| detail(of, InvoiceDetail::IncomeWithholding)),
        Column::text("descripcion", |of| text(terms(of).description.as_ref())),
        Column::amount("netoGravado", |of| terms(of).parts.net.to_minor()),
        Column::amount("netoNoGravado", |of| terms(of).parts.untaxed.to_minor()),
        Column::amount("totalIVA", |of| terms(of).parts.vat.to_minor()),
        Column::amount("IVA21", |of| terms(of).parts.vat_by_rate[0].to_minor()),
        Column::amount("IVA105", |of| terms(of).parts.vat_by_rate[1].to_minor()),
        Column::amount("IVA27", |of| terms(of).parts.vat_by_rate[2].to_minor()),
        Column::amount("percepcionIVA", |of| terms(of).parts.vat_perception.to_minor()),
        Column::amount("percepcionIIBB", |of| terms(of).parts.gross_income.to_minor()),
        Column::word(
            "IIBBLocal",
            |of| detail(of, InvoiceDetail::FirstJurisdiction),
            no_jurisdiction,
        ),
        Column::amount("percepcionIIBB1", |of| jurisdiction_minor(of, 0)),
        Column::word(
            "IIBBOtro",
            |of| detail(of, InvoiceDetail::SecondJurisdiction),
            no_jurisdiction,
        ),
        Column::amount("percepcionIIBB2", |of| jurisdiction_minor(of, 1)),
        Column::amount("totalFactura", |of| terms(of).total.to_minor()),
        Column::amount("totalaplicado", |(_, state)| state.applied.to_minor()),
        Column::amount("saldoaaplicar", open_minor),
        Column::text("idCondicionIva", |of| detail(of, InvoiceDetail::TaxStanding)),
        Column::point("nroFactura1", |of| terms(of).number),
        Column::serial("nroFactura2", |of| terms(of).number),
    ],
};

fn jurisdiction_minor(of: &CompanysInvoice, at: usize) -> i64 {
    terms(of).parts.gross_income_by_jurisdiction[at].to_minor()
}

/// A payout of an invoice.
pub(in crate::colppy) static INVOICE_PAYOUTS: Table<InvoicePayout> = Table {
    id: |of| of.payout.id.to_i64(),
    columns: &[
        Column::whole("idPago", |of| of.payout.id.to_i64()),
        Column::number("nroPago", |of| of.payout.number),
        Column::day("fechaPago", |of| Some(of.payout.terms.paid_on)),
        Column::text("idEstadoPago", |of| payouts::state(of.is_reversed).into()),
        Column::amount("totalpagado", |of| of.payout.terms.total.to_minor()),
        Column::amount("importe", |of| of.applied.to_minor()),
        Column::text("descripcion", |of| text(of.payout.terms.description.as_ref())),
    ],
};
