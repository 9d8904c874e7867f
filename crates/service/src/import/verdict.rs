//! What can be wrong with a cell or a row, and the Spanish sentence for each.

use std::borrow::Cow;
use std::fmt::{self, Display};

use ventanilla_domain::{BillId, BillRefusal, ContractCode, MemberId, MemberRefusal, TextError};

use super::{ImportRefusal, Verdict};

/// Characters of an offending cell that are quoted at most.
const QUOTED_LEN_MAX: usize = 40;

/// The forms an amount may take, which its sentence names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AmountForms {
    /// Whether the decimal comma is taken.
    pub(super) comma: bool,
    /// Whether a leading `-` is taken.
    pub(super) minus: bool,
}

impl Display for AmountForms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.comma {
            "136.76 o 136,76"
        } else {
            "136.76 (con punto: la coma decimal se toma en archivos separados por «;»)"
        })?;
        let sign = if self.minus { "" } else { " ni signo" };
        write!(f, ", de hasta dos decimales, sin separador de miles{sign}")
    }
}

/// What is wrong with a cell. Texts are quoted by [`quoted`] already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CellProblem {
    /// A required cell without a value.
    Empty,
    /// A required key that an object of JSON does not have.
    Missing,
    /// A value of JSON that is neither a text nor a number.
    Kind { found: &'static str },
    /// A text of JSON with half a pair of `\u` escapes.
    Escape { cell: String },
    /// This cell has one form and an earlier one of the file another.
    MixedForms { cell: String, here: &'static str, there: &'static str, there_line: u64 },
    /// Not an amount.
    Amount { cell: String, forms: AmountForms },
    /// An amount over 1,000,000,000.00.
    AmountTooLarge { cell: String },
    /// Not a date.
    Date { cell: String },
    /// Not a moment.
    Moment { cell: String },
    /// An amount of nothing, or below nothing where money was taken.
    Sign,
    /// Not a billing month.
    Period { cell: String },
    /// Not a number that identifies.
    Id { cell: String },
    /// Not a word of a closed list.
    Word { cell: String, words: &'static str },
    /// A part of the details is not `CONCEPT=AMOUNT`.
    Detail { part: String },
    /// A part of the details in JSON is not `{"concepto":…,"importe":…}`.
    DetailObject { part: String },
    /// A text that is not taken.
    Text { cell: String, error: TextError, len_max: usize },
}

impl Display for CellProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("la celda está vacía y es obligatoria."),
            Self::Missing => f.write_str("falta en el objeto y es obligatoria."),
            Self::Kind { found } => {
                write!(f, "lleva {found}; escriba un texto entre comillas, un número o null.")
            }
            Self::Escape { cell } => {
                write!(f, "«{cell}» no es un texto de JSON: sobra o falta un escape «\\u».")
            }
            Self::MixedForms { cell, here, there, there_line } => write!(
                f,
                "«{cell}» tiene la forma {here} y la línea {there_line} usa {there}; \
                 use una sola forma en todo el archivo."
            ),
            Self::Amount { cell, forms } => {
                write!(f, "«{cell}» no es un importe; escriba {forms}.")
            }
            Self::AmountTooLarge { cell } => {
                write!(f, "«{cell}» es demasiado; el importe mayor es 1000000000.00.")
            }
            Self::Date { cell } => {
                write!(f, "«{cell}» no es una fecha; escriba 2021-11-05 o 05/11/2021.")
            }
            Self::Moment { cell } => write!(
                f,
                "«{cell}» no es un momento; escriba 2021-11-05 16:30:00 o 05/11/2021 16:30:00, en la \
                 hora de la empresa."
            ),
            Self::Sign => f.write_str(
                "el importe de una cobranza es mayor que cero; el de una reversión lleva signo menos.",
            ),
            Self::Period { cell } => {
                write!(f, "«{cell}» no es un periodo; escriba 202110, 2021-10, 2021/10 o 10/2021.")
            }
            Self::Id { cell } => {
                write!(f, "«{cell}» no es un número; escriba solo cifras, de 1 a 9007199254740991.")
            }
            Self::Word { cell, words } => write!(f, "«{cell}» no se conoce; escriba {words}."),
            Self::Detail { part } => write!(
                f,
                "«{part}» no es una línea de detalle; escriba CONCEPTO=IMPORTE, \
                 separadas por «|»: Agua=35.98|Descuento=-7.20."
            ),
            Self::DetailObject { part } => write!(
                f,
                "«{part}» no es una línea de detalle; escriba \
                 {{\"concepto\":\"Agua\",\"importe\":35.98}}, sin «|» en el concepto."
            ),
            Self::Text { cell, error, len_max } => match error {
                TextError::Empty => f.write_str("la celda está vacía."),
                TextError::TooLong => {
                    write!(f, "«{cell}» tiene más de {len_max} caracteres.")
                }
                TextError::Character => write!(
                    f,
                    "«{cell}» tiene un carácter de control o un salto de línea; escriba solo texto."
                ),
            },
        }
    }
}

/// What is wrong with a row as a whole, or beside other rows and what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum RowProblem {
    /// A row with another number of cells than the heading.
    CellCount { expected: usize, found: usize },
    /// The bill is in the file twice.
    BillTwice { bill: BillId, first_line: u64 },
    /// Two bills of the file take the place of one.
    ReplacedTwice { bill: BillId, first_line: u64 },
    /// A bill has a row of its own and another line that replaces it.
    ReplacedElsewhere { bill: BillId, other_line: u64 },
    /// The rules of members refuse the row.
    Member(MemberRefusal),
    /// The code of a contract changes after a line that spoke of it.
    CodeUsedBefore { contract: String, first_line: u64 },
    /// A contract would change hands after a line that cannot be taken.
    HolderUnsure { contract: String, bad_line: u64 },
    /// No contract has the code; the one that once had it has another now.
    ContractUnknown { contract: String, now: Option<String> },
    /// The contract is in the file twice.
    ContractTwice { contract: String, first_line: u64 },
    /// Two rows of one member say different things of the member.
    MemberDiffers { member: MemberId, first_line: u64 },
    /// The rules of bills refuse the row.
    Bill(BillRefusal),
}

impl Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CellCount { expected, found } => write!(
                f,
                "La línea tiene {found} {} y el encabezado {expected}; \
                 ponga entre comillas los textos que llevan el separador.",
                if *found == 1 { "celda" } else { "celdas" }
            ),
            Self::BillTwice { bill, first_line } => {
                write!(f, "la factura {bill} ya está en la línea {first_line} de este archivo.")
            }
            Self::ReplacedTwice { bill, first_line } => {
                write!(f, "la línea {first_line} de este archivo ya reemplaza la factura {bill}.")
            }
            Self::ReplacedElsewhere { bill, other_line } => write!(
                f,
                "la factura {bill} se reemplaza en este archivo (vea la línea {other_line}); \
                 su propia línea debe decir anulada."
            ),
            Self::Member(MemberRefusal::IdAssigned(member)) => write!(
                f,
                "el número de socio {member} ya se asignó a otro socio, que vino sin socio_id."
            ),
            Self::Member(MemberRefusal::CodeTaken) => f.write_str(
                "ya hay otro contrato con ese código: el de «contrato_anterior» no puede tomarlo.",
            ),
            Self::Member(MemberRefusal::CodeRetired) => f.write_str(
                "ese contrato tiene ahora otro código; escriba el nuevo o, si el código pasó a otro \
                 socio, su socio_id.",
            ),
            Self::Member(MemberRefusal::FormerCodeUnknown) => {
                f.write_str("no hay ningún contrato con el código de «contrato_anterior».")
            }
            Self::CodeUsedBefore { contract, first_line } => write!(
                f,
                "el contrato «{contract}» está en la línea {first_line} de este archivo; \
                 ponga antes la línea que le cambia el código."
            ),
            Self::HolderUnsure { contract, bad_line } => write!(
                f,
                "el contrato «{contract}» pasaría a otro socio y la línea {bad_line} es mala: puede ser \
                 la que le cambia el código; corríjala primero."
            ),
            Self::ContractUnknown { contract, now: Some(now) } => {
                write!(f, "el contrato «{contract}» tiene ahora el código «{now}».")
            }
            Self::ContractUnknown { contract, now: None } => {
                write!(f, "no hay ningún contrato «{contract}»; importe primero los socios.")
            }
            Self::ContractTwice { contract, first_line } => {
                write!(f, "el contrato «{contract}» ya está en la línea {first_line} del archivo.")
            }
            Self::MemberDiffers { member, first_line } => write!(
                f,
                "el socio {member} tiene aquí otro valor que en la línea {first_line}; \
                 las líneas de un mismo socio_id deben coincidir en los datos del socio."
            ),
            Self::Bill(refusal) => f.write_str(&bill_sentence(*refusal)),
        }
    }
}

fn bill_sentence(refusal: BillRefusal) -> Cow<'static, str> {
    match refusal {
        BillRefusal::ContractUnknown => {
            "no hay un contrato con ese código; importe primero los socios.".into()
        }
        BillRefusal::BillOfAnotherContract => "la factura ya existe y es de otro contrato.".into(),
        BillRefusal::AmountOutOfRange => "el importe debe estar entre 0.01 y 1000000000.00.".into(),
        BillRefusal::DetailsDoNotAddUp { sum: Some(sum), amount } => {
            let (sum, amount) = (sum.to_decimal(), amount.to_decimal());
            format!("las líneas de detalle suman {sum} y el monto es {amount}.").into()
        }
        BillRefusal::DetailsDoNotAddUp { sum: None, .. } => {
            "las líneas de detalle no suman el monto de la factura.".into()
        }
        BillRefusal::ReplacesItself => "una factura no puede reemplazarse a sí misma.".into(),
        BillRefusal::ReplacedUnknown => "la factura que se reemplaza no existe.".into(),
        BillRefusal::ReplacedOfAnotherContract => {
            "la factura que se reemplaza es de otro contrato.".into()
        }
        BillRefusal::ReplacedPaid => "la factura que se reemplaza está pagada.".into(),
        BillRefusal::ReplacedAlready(other) => {
            format!("la factura que se reemplaza ya fue reemplazada por la {other}.").into()
        }
        BillRefusal::BillReplaced(other) => {
            format!("la factura fue reemplazada por la {other} y ya no cambia.").into()
        }
        BillRefusal::TooManyVersions => "la factura cambió demasiadas veces.".into(),
    }
}

/// The column that a refusal of the rules blames.
fn bill_column(refusal: BillRefusal) -> &'static str {
    match refusal {
        BillRefusal::ContractUnknown | BillRefusal::BillOfAnotherContract => "contrato",
        BillRefusal::AmountOutOfRange => "monto",
        BillRefusal::DetailsDoNotAddUp { .. } => "detalle",
        BillRefusal::ReplacesItself
        | BillRefusal::ReplacedUnknown
        | BillRefusal::ReplacedOfAnotherContract
        | BillRefusal::ReplacedPaid
        | BillRefusal::ReplacedAlready(_) => "reemplaza",
        BillRefusal::BillReplaced(_) | BillRefusal::TooManyVersions => "factura",
    }
}

/// The verdict on a line of bills that the rules refuse.
pub(crate) fn bill_refused(line: u64, refusal: BillRefusal) -> Verdict {
    on_cell(line, bill_column(refusal), &RowProblem::Bill(refusal))
}

/// The verdict on a line whose bill an earlier line has.
pub(crate) fn bill_repeated(line: u64, bill: BillId, first_line: u64) -> Verdict {
    on_cell(line, "factura", &RowProblem::BillTwice { bill, first_line })
}

/// The verdict on a line that replaces a bill which an earlier line replaces.
pub(crate) fn replaced_twice(line: u64, bill: BillId, first_line: u64) -> Verdict {
    on_cell(line, "reemplaza", &RowProblem::ReplacedTwice { bill, first_line })
}

/// The verdict on a line of a bill that another line of the file replaces, or the other way round.
pub(crate) fn replaced_elsewhere(
    line: u64,
    column: &'static str,
    bill: BillId,
    other_line: u64,
) -> Verdict {
    on_cell(line, column, &RowProblem::ReplacedElsewhere { bill, other_line })
}

/// The verdict on a line of members that the rules refuse.
pub(crate) fn member_refused(line: u64, refusal: MemberRefusal) -> Verdict {
    let column = match refusal {
        MemberRefusal::IdAssigned(_) => "socio_id",
        MemberRefusal::CodeTaken | MemberRefusal::CodeRetired => "contrato",
        MemberRefusal::FormerCodeUnknown => "contrato_anterior",
    };
    on_cell(line, column, &RowProblem::Member(refusal))
}

/// The verdict on a line that changes a contract's code after a line that spoke of the contract.
pub(crate) fn code_used_before(line: u64, code: &ContractCode, first_line: u64) -> Verdict {
    let contract = quoted(code.as_str());
    on_cell(line, "contrato_anterior", &RowProblem::CodeUsedBefore { contract, first_line })
}

/// The verdict on a line that gives a contract to another member, after a line that cannot be taken.
pub(crate) fn holder_unsure(line: u64, code: &ContractCode, bad_line: u64) -> Verdict {
    let contract = quoted(code.as_str());
    on_cell(line, "socio_id", &RowProblem::HolderUnsure { contract, bad_line })
}

/// The verdict on a line of bills whose code no contract has, but perhaps one had before.
pub(crate) fn contract_unknown(
    line: u64,
    code: &ContractCode,
    now: Option<&ContractCode>,
) -> Verdict {
    let contract = quoted(code.as_str());
    let now = now.map(|now| quoted(now.as_str()));
    on_cell(line, "contrato", &RowProblem::ContractUnknown { contract, now })
}

/// The verdict on a line whose contract an earlier line of the file of members has.
pub(crate) fn contract_repeated(line: u64, code: &ContractCode, first_line: u64) -> Verdict {
    let contract = quoted(code.as_str());
    on_cell(line, "contrato", &RowProblem::ContractTwice { contract, first_line })
}

/// The verdict on a line that says something else of a member than an earlier line, in the column
/// that [`super::differing_column`] found.
pub(crate) fn member_differs(
    line: u64,
    column: &'static str,
    member: MemberId,
    first_line: u64,
) -> Verdict {
    on_cell(line, column, &RowProblem::MemberDiffers { member, first_line })
}

/// The verdict on a column of a line.
pub(super) fn on_cell(line: u64, column: &'static str, problem: &impl Display) -> Verdict {
    Verdict { line, column: Some(column), message: problem.to_string() }
}

/// The verdict on a line as a whole.
pub(super) fn on_line(line: u64, problem: &impl Display) -> Verdict {
    Verdict { line, column: None, message: problem.to_string() }
}

/// The refusal of a file, naming a line.
pub(super) fn refuse_file(line: u64, problem: &impl Display) -> ImportRefusal {
    ImportRefusal::Unreadable(on_line(line, problem))
}

/// At most [`QUOTED_LEN_MAX`] characters of a text, fit for a terminal: what controls one, or turns
/// the direction of writing, is escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for (count, char) in text.chars().enumerate() {
        if count == QUOTED_LEN_MAX {
            quoted.push('…');
            break;
        }
        if is_printable(char) {
            quoted.push(char);
        } else {
            quoted.extend(char.escape_default());
        }
    }
    quoted
}

fn is_printable(char: char) -> bool {
    !char.is_control()
        && !matches!(char, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use ventanilla_domain::{Currency, Money};

    use super::*;

    #[test]
    fn a_quoted_text_is_short_and_fit_for_a_terminal() {
        for (text, expected) in [
            ("Muñoz", "Muñoz".to_owned()),
            ("a\0b\n\u{1b}[2J", r"a\u{0}b\n\u{1b}[2J".to_owned()),
            ("\u{202E}monto", r"\u{202e}monto".to_owned()),
            (&"ñ".repeat(40), "ñ".repeat(40)),
            (&"ñ".repeat(41), "ñ".repeat(40) + "…"),
            ("", String::new()),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn every_refusal_of_a_bill_names_its_column() {
        let amount = Money::from_minor(550, Currency::BOB);
        for (refusal, column) in [
            (BillRefusal::ContractUnknown, "contrato"),
            (BillRefusal::BillOfAnotherContract, "contrato"),
            (BillRefusal::AmountOutOfRange, "monto"),
            (BillRefusal::DetailsDoNotAddUp { sum: None, amount }, "detalle"),
            (BillRefusal::ReplacesItself, "reemplaza"),
            (BillRefusal::ReplacedUnknown, "reemplaza"),
            (BillRefusal::ReplacedPaid, "reemplaza"),
            (BillRefusal::TooManyVersions, "factura"),
        ] {
            let verdict = bill_refused(7, refusal);
            assert_eq!((verdict.line, verdict.column), (7, Some(column)));
            assert_eq!(verdict.column, Some(column));
        }
    }

    #[test]
    fn what_is_there_twice_names_its_first_line() {
        let bill = BillId::from_i64(4_303_567).unwrap();
        assert_eq!(
            bill_repeated(9, bill, 4),
            Verdict {
                line: 9,
                column: Some("factura"),
                message: "la factura 4303567 ya está en la línea 4 de este \
                          archivo."
                    .to_owned(),
            }
        );
        let code = ContractCode::from_text("315").unwrap();
        assert!(contract_repeated(9, &code, 4).message.contains("«315» ya está en la línea 4"));
        let verdict = member_differs(9, "nombre", MemberId::from_i64(12_394).unwrap(), 4);
        assert!(verdict.message.contains("el socio 12394 tiene aquí otro valor que en la línea 4"));
    }
}
