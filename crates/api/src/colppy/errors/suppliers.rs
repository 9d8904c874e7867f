//! Why a supplier is not kept.

use ventanilla_domain::{CuitError, SupplierRefusal};
use ventanilla_service::DeskRefusal;

use super::{Problem, of_desk};

impl Problem {
    /// A supplier to be made that has an id already.
    pub(in crate::colppy) fn supplier_not_new() -> Self {
        Self::refused(
            "El alta de un proveedor no lleva idProveedor; para modificarlo se usa \
             editar_proveedor.",
        )
    }
}

impl From<CuitError> for Problem {
    fn from(error: CuitError) -> Self {
        Self::refused(match error {
            CuitError::Digits => "El CUIT debe tener once dígitos, con guiones o sin ellos.",
            CuitError::CheckDigit => "El CUIT no es válido: no corresponde su dígito verificador.",
        })
    }
}

pub(in crate::colppy) fn of_keeping(refusal: DeskRefusal<SupplierRefusal>) -> Problem {
    of_desk(refusal, "registrar o cambiar proveedores", of_supplier)
}

fn of_supplier(refusal: SupplierRefusal) -> Problem {
    match refusal {
        SupplierRefusal::SupplierUnknown => Problem::supplier_unknown(),
        SupplierRefusal::NameMissing => {
            Problem::refused("El proveedor necesita NombreFantasia y RazonSocial.")
                .coded("name-missing")
        }
        SupplierRefusal::TaxIdTaken { holder } => {
            Problem::refused(format!("El CUIT ya es de otro proveedor: idProveedor {holder}."))
                .coded("tax-id-taken")
        }
    }
}

/// For the reference and its tests.
#[cfg(test)]
pub(in crate::colppy) mod rows {
    use ventanilla_domain::SupplierId;

    use super::*;
    use crate::colppy::errors::rows::{Row, of_desks, reworded};
    use crate::every::every;

    pub(in crate::colppy) fn of_keeping() -> Vec<Row> {
        use SupplierRefusal as No;
        let tax_ids = every![
            (CuitError::Digits, _) => (CuitError::Digits, "the CUIT has not eleven digits"),
            (CuitError::CheckDigit, _) => (
                CuitError::CheckDigit,
                "the CUIT's last digit does not check the others"
            ),
        ];
        let holder = SupplierId::from_i64(91_694).unwrap();
        let refusals = every![
            No::SupplierUnknown => No::SupplierUnknown,
            No::NameMissing => No::NameMissing,
            No::TaxIdTaken { .. } => No::TaxIdTaken { holder },
        ];
        let not_new = "a supplier that is to be new has an id";
        let mut rows = vec![(not_new.to_owned(), Problem::supplier_not_new())];
        rows.extend(reworded(tax_ids));
        rows.extend(of_desks(refusals, super::of_keeping));
        rows
    }

    pub(in crate::colppy) fn of_reading() -> Vec<Row> {
        let why = "the supplier or the company is unknown, or not the user's";
        vec![(why.to_owned(), Problem::supplier_unknown())]
    }
}
