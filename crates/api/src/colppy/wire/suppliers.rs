//! Provision Proveedor word for word: the names of a supplier's fields, its row, and what is told
//! of one that was kept.

use std::borrow::Cow;

use serde::Serialize;
use ventanilla_domain::{SupplierDetail, SupplierId};
use ventanilla_service::SupplierState;

use super::{Shown, field};
use crate::colppy::lists::{Column, Table};

pub(in crate::colppy) const TRADE_NAME: &str = "NombreFantasia";
pub(in crate::colppy) const LEGAL_NAME: &str = "RazonSocial";
pub(in crate::colppy) const IS_ACTIVE: &str = "Activo";
pub(in crate::colppy) const TAX_ID: &str = "CUIT";

/// `message` of a new supplier.
pub(in crate::colppy) const REGISTERED: &str = "El proveedor se registró con éxito.";
/// `message` of one that was changed.
pub(in crate::colppy) const EDITED: &str = "El proveedor se actualizó con éxito.";

/// What a detail is called, wherever it is read or told.
pub(in crate::colppy) const fn detail_name(kind: SupplierDetail) -> &'static str {
    match kind {
        SupplierDetail::PostalStreet => "DirPostal",
        SupplierDetail::PostalCity => "DirPostalCiudad",
        SupplierDetail::PostalCode => "DirPostalCodigoPostal",
        SupplierDetail::PostalProvince => "DirPostalProvincia",
        SupplierDetail::PostalCountry => "DirPostalPais",
        SupplierDetail::FiscalStreet => "DirFiscal",
        SupplierDetail::FiscalCity => "DirFiscalCiudad",
        SupplierDetail::FiscalCode => "DirFiscalCodigoPostal",
        SupplierDetail::FiscalProvince => "DirFiscalProvincia",
        SupplierDetail::FiscalCountry => "DirFiscalPais",
        SupplierDetail::Phone => "Telefono",
        SupplierDetail::Email => "Email",
        SupplierDetail::PaymentTerms => "idCondicionPago",
        SupplierDetail::TaxStanding => "idCondicionIva",
        SupplierDetail::Product => "Producto",
        SupplierDetail::ExclusionCertificate => "CertificadoExclusion",
        SupplierDetail::ChartAccount => "idPlanCuenta",
        SupplierDetail::BankAccountNumber => "NroCuenta",
        SupplierDetail::BankKey => "CBU",
        SupplierDetail::Bank => "Banco",
        SupplierDetail::BankDescription => "DesBanco",
        SupplierDetail::VatPercent => "porcentajeIVA",
        SupplierDetail::IncomeWithholding => "idRetGanancias",
    }
}

fn detail(state: &SupplierState, kind: SupplierDetail) -> Cow<'_, str> {
    state.supplier.details.get(&kind).map_or("", |text| text.as_str()).into()
}

/// The column of a detail: a column's function knows nothing but the row, so each needs its own.
macro_rules! detail_column {
    ($kind:ident) => {
        Column::text(detail_name(SupplierDetail::$kind), |state| {
            detail(state, SupplierDetail::$kind)
        })
    };
}

/// A row of Proveedor, one at a time or in a list.
pub(in crate::colppy) static SUPPLIERS: Table<SupplierState> = Table {
    id: |state| state.supplier.id.to_i64(),
    columns: &[
        Column::whole(field::SUPPLIER, |state| state.supplier.id.to_i64()),
        Column::text(LEGAL_NAME, |state| state.supplier.legal_name.as_str().into()),
        Column::text(TRADE_NAME, |state| state.supplier.trade_name.as_str().into()),
        Column::day("FechaAlta", |state| Some(state.supplier.registered_on)),
        detail_column!(PostalStreet),
        detail_column!(PostalCity),
        detail_column!(PostalCode),
        detail_column!(PostalProvince),
        detail_column!(PostalCountry),
        detail_column!(FiscalStreet),
        detail_column!(FiscalCity),
        detail_column!(FiscalCode),
        detail_column!(FiscalProvince),
        detail_column!(FiscalCountry),
        detail_column!(Phone),
        Column::flag(IS_ACTIVE, |state| state.supplier.is_active),
        detail_column!(PaymentTerms),
        detail_column!(TaxStanding),
        Column::tax_id(TAX_ID, |state| state.supplier.tax_id),
        detail_column!(Product),
        detail_column!(ExclusionCertificate),
        detail_column!(ChartAccount),
        detail_column!(BankAccountNumber),
        detail_column!(BankKey),
        detail_column!(Bank),
        detail_column!(BankDescription),
        detail_column!(VatPercent),
        detail_column!(IncomeWithholding),
        detail_column!(Email),
        Column::amount("Saldo", |state| state.balance.to_minor()),
    ],
};

/// `response` of a supplier that was kept: clients look for its id in either place.
#[derive(Debug, Serialize)]
pub(in crate::colppy) struct Kept {
    success: bool,
    message: &'static str,
    id_proveedor: Shown<SupplierId>,
    data: KeptData,
}

#[derive(Debug, Serialize)]
struct KeptData {
    #[serde(rename = "idProveedor")]
    id: Shown<SupplierId>,
}

impl Kept {
    pub(in crate::colppy) fn success(message: &'static str, id: SupplierId) -> Self {
        let id = Shown(id);
        Self { success: true, message, id_proveedor: id, data: KeptData { id } }
    }
}

#[cfg(test)]
mod tests {
    use ventanilla_domain::DetailKind as _;

    use super::*;

    #[test]
    fn every_detail_has_a_name_of_its_own_and_a_column_under_it() {
        let mut names: Vec<_> = SupplierDetail::ALL.iter().map(|kind| detail_name(*kind)).collect();
        for name in &names {
            assert!(SUPPLIERS.has_column(name), "{name}");
        }
        names.extend([field::SUPPLIER, LEGAL_NAME, TRADE_NAME, "FechaAlta", IS_ACTIVE]);
        names.extend([TAX_ID, "Saldo"]);
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SUPPLIERS.columns.len());
    }
}
