//! The columns of both kinds of files, and where a file's heading puts them.

use csv::StringRecord;

use super::verdict::{HeadingProblem, on_cell, on_line, quoted};
use super::{ImportRefusal, Verdict};

/// The columns of one kind of file.
pub(super) trait Column: Copy + 'static {
    /// Their names; the required ones come first.
    const NAMES: &'static [&'static str];
    /// How many are required.
    const REQUIRED: usize;

    /// Its place in [`Column::NAMES`].
    fn to_index(self) -> usize;

    /// Its name.
    fn to_name(self) -> &'static str {
        Self::NAMES[self.to_index()]
    }
}

macro_rules! columns {
    (
        $(#[$doc:meta])* $kind:ident, $required:literal required:
        $($column:ident = $name:literal),+ $(,)?
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum $kind { $($column),+ }

        impl Column for $kind {
            const NAMES: &'static [&'static str] = &[$($name),+];
            const REQUIRED: usize = $required;

            fn to_index(self) -> usize {
                self as usize
            }
        }
    };
}

columns! {
    /// The columns of a file of members, each as in `MemberRow`.
    MemberColumn, 2 required:
    Code = "contrato",
    Name = "nombre",
    Member = "socio_id",
    DocumentKind = "tipo_documento",
    DocumentNumber = "num_doc",
    TaxId = "nit",
    Address = "direccion",
    Location = "cod_ubicacion",
    SupplyPoint = "cod_suministro",
    State = "estado",
    Email = "correo",
    Phone = "telefono",
}

columns! {
    /// The columns of a file of bills, each as in `BillRow` and `PrintedFacts`.
    BillColumn, 4 required:
    Bill = "factura",
    Contract = "contrato",
    Period = "periodo",
    Amount = "monto",
    State = "estado",
    Replaces = "reemplaza",
    IssuedOn = "emision",
    DueOn = "vencimiento",
    BillingMonth = "mes_facturacion",
    FiscalNumber = "nro_fiscal",
    Authorization = "autorizacion",
    ControlCode = "codigo_control",
    IssueDeadline = "fecha_limite",
    Cuf = "cuf",
    ReadingBefore = "lectura_anterior",
    ReadingAfter = "lectura_actual",
    Consumption = "consumo",
    TaxCreditBase = "base_credito_fiscal",
    IceAndFees = "ice_tasas",
    Untaxed = "no_gravado",
    NotSubject = "no_sujeto",
    Discounts = "descuentos",
    Details = "detalle",
}

/// Where a heading puts the columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    /// The cell of each column, in the order of [`Column::NAMES`].
    cells: Vec<Option<usize>>,
    /// How many columns the heading has.
    pub(super) count: usize,
}

impl Columns {
    /// Reads a heading: names in any case, trimmed, in any order.
    ///
    /// Errors in order of the columns: without a name, unknown, twice; then required ones missing.
    pub(super) fn from_heading<C: Column>(
        heading: &StringRecord,
        line: u64,
    ) -> Result<Self, ImportRefusal> {
        let mut cells = vec![None; C::NAMES.len()];
        for (position, name) in heading.iter().enumerate() {
            let column =
                find::<C>(name, position).map_err(|problem| unreadable(on_line(line, &problem)))?;
            if cells[column].replace(position).is_some() {
                let name = C::NAMES[column];
                return Err(unreadable(on_cell(line, name, &HeadingProblem::Twice)));
            }
        }
        let required = C::NAMES.iter().zip(&cells).take(C::REQUIRED);
        let names: Vec<_> =
            required.filter(|(_, cell)| cell.is_none()).map(|(name, _)| *name).collect();
        match names.first() {
            None => Ok(Self { cells, count: heading.len() }),
            Some(first) => {
                let problem = HeadingProblem::Missing { names: names.clone() };
                let verdict = Verdict { column: Some(first), ..on_line(line, &problem) };
                Err(unreadable(verdict))
            }
        }
    }

    /// The trimmed cell of a column in a row; `None` where the file has no such column.
    pub(super) fn cell<'r>(&self, row: &'r StringRecord, column: impl Column) -> Option<&'r str> {
        let cell = self.cells[column.to_index()]?;
        row.get(cell).map(str::trim)
    }
}

fn find<C: Column>(name: &str, position: usize) -> Result<usize, HeadingProblem> {
    let name = name.trim();
    if name.is_empty() {
        return Err(HeadingProblem::Unnamed { position: position + 1 });
    }
    C::NAMES
        .iter()
        .position(|known| known.eq_ignore_ascii_case(name))
        .ok_or_else(|| HeadingProblem::Unknown { name: quoted(name), known: C::NAMES })
}

fn unreadable(verdict: Verdict) -> ImportRefusal {
    ImportRefusal::Unreadable(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<C: Column>(heading: &[&str], refusal: Option<(Option<&str>, &str)>) {
        let columns = Columns::from_heading::<C>(&StringRecord::from(heading.to_vec()), 1);
        match (columns, refusal) {
            (Ok(_), None) => {}
            (Err(ImportRefusal::Unreadable(verdict)), Some((column, message))) => {
                assert_eq!((verdict.line, verdict.column), (1, column), "{heading:?}");
                assert!(verdict.message.contains(message), "{}", verdict.message);
            }
            (columns, _) => panic!("{heading:?} gave {columns:?}"),
        }
    }

    #[test]
    fn a_heading_names_known_columns_once_in_any_order_and_case() {
        check::<MemberColumn>(&["contrato", "nombre"], None);
        check::<MemberColumn>(&[" NOMBRE ", "Contrato", "Estado"], None);
        check::<MemberColumn>(MemberColumn::NAMES, None);
        check::<BillColumn>(BillColumn::NAMES, None);
        check::<BillColumn>(&["monto", "periodo", "contrato", "factura"], None);
    }

    #[test]
    fn a_heading_that_is_not_understood_is_refused() {
        check::<MemberColumn>(
            &["contrato", "nombre", "apodo\n"],
            Some((None, "La columna «apodo» no se conoce; las columnas son: contrato, nombre,")),
        );
        check::<MemberColumn>(
            &["contrato", "", "nombre"],
            Some((None, "La columna número 2 no tiene nombre")),
        );
        check::<MemberColumn>(
            &["contrato", "nombre", "Contrato "],
            Some((Some("contrato"), "está dos veces")),
        );
        check::<BillColumn>(
            &["factura", "monto"],
            Some((Some("contrato"), "Falta la columna obligatoria «contrato», «periodo».")),
        );
        check::<BillColumn>(&[""], Some((None, "no tiene nombre")));
        check::<BillColumn>(&[], Some((Some("factura"), "Falta la columna")));
    }

    #[test]
    fn a_cell_is_found_by_its_column_and_trimmed() {
        let heading = StringRecord::from(vec!["nombre", "contrato"]);
        let columns = Columns::from_heading::<MemberColumn>(&heading, 1).unwrap();
        let row = StringRecord::from(vec![" Muñoz ", "315\r"]);
        assert_eq!(columns.cell(&row, MemberColumn::Name), Some("Muñoz"));
        assert_eq!(columns.cell(&row, MemberColumn::Code), Some("315"));
        assert_eq!(columns.cell(&row, MemberColumn::State), None);
    }
}
