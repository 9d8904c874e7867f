//! The columns of both kinds of files, and where a file's heading puts them.

use super::problem::HeadingProblem;
use super::record::Record;
use super::verdict::{on_cell, on_line, quoted};
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
    FormerCode = "contrato_anterior",
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

columns! {
    /// The columns of a collector's report, in the order in which it is downloaded but for the required
    /// ones. `Nombre` is taken and not read: whom a payment names, the books say.
    ReportColumn, 5 required:
    Payment = "IdCobranza",
    Bill = "IdFactura",
    Contract = "Contrato",
    Amount = "Monto",
    PaidAt = "FechaPagoEmpresa",
    Kind = "Tipo",
    MemberName = "Nombre",
    Period = "Periodo",
    State = "Estado",
    ReversedAt = "FechaReversion",
    Reference = "IdAsociado",
    Key = "IdTransaccion",
    Branch = "Sucursal",
    Cashier = "Cajero",
    Terminal = "Terminal",
    Means = "MedioPago",
    CollectedAt = "FechaCobro",
}

/// Where the columns are: a heading puts them for a whole file, an object of JSON for its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    /// Those of the kind of file.
    pub(super) names: &'static [&'static str],
    /// The cell of each column, in the order of `names`.
    cells: Vec<Option<usize>>,
}

impl Columns {
    /// None of them anywhere.
    pub(super) fn nowhere<C: Column>() -> Self {
        Self { names: C::NAMES, cells: vec![None; C::NAMES.len()] }
    }

    /// Reads a heading: names in any case, trimmed, in any order.
    ///
    /// Errors in order of the columns: without a name, unknown, twice; then required ones missing.
    pub(super) fn from_heading<C: Column>(
        heading: &Record,
        line: u64,
    ) -> Result<Self, ImportRefusal> {
        let mut columns = Self::nowhere::<C>();
        for (position, name) in heading.cells().enumerate() {
            if name.is_empty() {
                let problem = HeadingProblem::Unnamed { position: position + 1 };
                return Err(unreadable(on_line(line, &problem)));
            }
            let Some(column) = columns.find(name) else {
                let problem = HeadingProblem::Unknown { name: quoted(name), known: C::NAMES };
                return Err(unreadable(on_line(line, &problem)));
            };
            if !columns.place(column, position) {
                let name = C::NAMES[column];
                return Err(unreadable(on_cell(line, name, &HeadingProblem::Twice)));
            }
        }
        let required = C::NAMES.iter().zip(&columns.cells).take(C::REQUIRED);
        let names: Vec<_> =
            required.filter(|(_, cell)| cell.is_none()).map(|(name, _)| *name).collect();
        match names.first() {
            None => Ok(columns),
            Some(first) => Err(unreadable(on_cell(
                line,
                first,
                &HeadingProblem::Missing { names: names.clone() },
            ))),
        }
    }

    /// Forgets where they are.
    pub(super) fn clear(&mut self) {
        self.cells.fill(None);
    }

    /// The column of a name in any case, by its place in `names`.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known.eq_ignore_ascii_case(name))
    }

    /// Puts a column at a position; `false` where it is at another already.
    pub(super) fn place(&mut self, column: usize, position: usize) -> bool {
        self.cells[column].replace(position).is_none()
    }

    /// The trimmed cell of a column in a row; `None` where there is no such column.
    pub(super) fn cell<'r>(&self, row: &'r Record, column: impl Column) -> Option<&'r str> {
        row.cell(self.cells[column.to_index()]?)
    }
}

fn unreadable(verdict: Verdict) -> ImportRefusal {
    ImportRefusal::Unreadable(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(cells: &[&str]) -> Record {
        let mut record = Record::default();
        for cell in cells {
            record.push(cell);
        }
        record
    }

    fn check<C: Column>(heading: &[&str], refusal: Option<(Option<&str>, &str)>) {
        let columns = Columns::from_heading::<C>(&record(heading), 1);
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
            Some((Some("contrato"), "Faltan las columnas obligatorias «contrato», «periodo».")),
        );
        check::<MemberColumn>(
            &["nombre"],
            Some((Some("contrato"), "Falta la columna obligatoria «contrato».")),
        );
        check::<BillColumn>(&[""], Some((None, "no tiene nombre")));
        check::<BillColumn>(&[], Some((Some("factura"), "Faltan las columnas")));
    }

    #[test]
    fn a_cell_is_found_by_its_column_and_trimmed() {
        let heading = record(&["nombre", "contrato"]);
        let columns = Columns::from_heading::<MemberColumn>(&heading, 1).unwrap();
        let row = record(&[" Muñoz ", "315\r"]);
        assert_eq!(columns.cell(&row, MemberColumn::Name), Some("Muñoz"));
        assert_eq!(columns.cell(&row, MemberColumn::Code), Some("315"));
        assert_eq!(columns.cell(&row, MemberColumn::State), None);
    }
}
