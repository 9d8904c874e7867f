//! What can be wrong with a file, a heading or a line as JSON, and the Spanish sentence for each.

use std::fmt::{self, Display};

use super::columns::{BillColumn, Column, MemberColumn};
use super::text::LINE_LEN_MAX;

/// What is wrong with the file as a whole, or with one line as a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FileProblem {
    /// Reading failed.
    NotRead { cause: String },
    /// The bytes are not those that were scanned.
    Changed,
    /// The first line names no columns.
    NoHeading,
    /// A spreadsheet or another compressed file.
    Workbook,
    /// UTF-16.
    Utf16,
    /// Letters of a code page of DOS, which other systems read as signs.
    DosPage,
    /// This line is not UTF-8, and another is.
    MixedEncodings { utf8_line: u64 },
    /// More than [`LINE_LEN_MAX`] bytes.
    LineTooLong,
    /// Lines that end in a carriage return alone.
    CarriageReturns,
    /// A quotation that does not end.
    QuoteOpen,
    /// Columns separated by neither `,` nor `;`.
    OtherSeparator { mark: char },
    /// Nothing names the columns after the line that tells the separator.
    NoHeadingAfterSeparator,
    /// A list in JSON.
    JsonList,
    /// Columns of neither kind of file.
    KindUnknown,
}

impl Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRead { cause } => write!(f, "No se pudo leer el archivo: {cause}."),
            Self::Changed => {
                f.write_str("El archivo cambió mientras se leía; repita la importación.")
            }
            Self::NoHeading => {
                f.write_str("La primera línea está vacía: debe nombrar las columnas.")
            }
            Self::Workbook => f.write_str(
                "El archivo es un libro de cálculo o está comprimido; guárdelo como CSV en UTF-8.",
            ),
            Self::Utf16 => {
                f.write_str("El archivo está en UTF-16; guárdelo como CSV en UTF-8 o Windows-1252.")
            }
            Self::DosPage => f.write_str(
                "Las letras con acento y la ñ parecen ser de una página de códigos de DOS (850 o \
                 437); guárdelo en UTF-8 o Windows-1252.",
            ),
            Self::MixedEncodings { utf8_line } => write!(
                f,
                "La línea no está en UTF-8 y la línea {utf8_line} sí: \
                 el archivo mezcla UTF-8 y Windows-1252; guárdelo todo en UTF-8."
            ),
            Self::LineTooLong => write!(f, "La línea tiene más de {LINE_LEN_MAX} bytes."),
            Self::CarriageReturns => f.write_str(
                "Las líneas terminan en CR sin LF; guarde el archivo con fin de línea CRLF o LF.",
            ),
            Self::QuoteOpen => f.write_str(
                "Una comilla («\"») que se abre en esta línea no se cierra: \
                 el archivo está cortado o sobra una comilla.",
            ),
            Self::OtherSeparator { mark } => {
                f.write_str("Las columnas están separadas por ")?;
                match mark {
                    '\t' => f.write_str("tabulaciones")?,
                    mark => write!(f, "«{}»", mark.escape_default())?,
                }
                f.write_str("; sepárelas con coma o punto y coma.")
            }
            Self::NoHeadingAfterSeparator => f.write_str(
                "Falta el encabezado: la línea que sigue a «sep=» debe nombrar las columnas.",
            ),
            Self::JsonList => f.write_str(
                "El archivo es una lista de JSON; escriba un objeto por línea, sin «[» ni comas \
                 entre ellos.",
            ),
            Self::KindUnknown => write!(
                f,
                "El archivo no es de facturas ni de socios: las facturas llevan {} y los socios {}.",
                required::<BillColumn>(),
                required::<MemberColumn>()
            ),
        }
    }
}

fn required<C: Column>() -> String {
    C::NAMES[..C::REQUIRED].join(", ")
}

/// What is wrong with the heading. Names are quoted by [`super::verdict::quoted`] already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HeadingProblem {
    /// A column without a name; counted from 1.
    Unnamed { position: usize },
    /// A column of a name that is not known.
    Unknown { name: String, known: &'static [&'static str] },
    /// A column given twice.
    Twice,
    /// Required columns that are missing.
    Missing { names: Vec<&'static str> },
}

impl Display for HeadingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unnamed { position } => write!(
                f,
                "La columna número {position} no tiene nombre; \
                 quite el separador que sobra o nombre la columna."
            ),
            Self::Unknown { name, known } => write!(
                f,
                "La columna «{name}» no se conoce; las columnas son: {}.",
                known.join(", ")
            ),
            Self::Twice => f.write_str("está dos veces en el encabezado."),
            Self::Missing { names } => {
                f.write_str(match names.len() {
                    1 => "Falta la columna obligatoria",
                    _ => "Faltan las columnas obligatorias",
                })?;
                write!(f, " «{}».", names.join("», «"))
            }
        }
    }
}

/// What is wrong with a line as an object of JSON. Texts are quoted by [`super::verdict::quoted`]
/// already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum JsonProblem {
    /// The line ends before its object does.
    Cut,
    /// Something else stands there.
    Expected { expected: &'static str, rest: String },
    /// A key that is no column's name.
    UnknownKey { key: String, known: &'static [&'static str] },
    /// A key given twice.
    Twice,
}

impl Display for JsonProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => f.write_str(
                "El objeto JSON no se cierra: la línea está cortada o le falta una comilla o «}»; \
                 cada línea lleva un objeto entero.",
            ),
            Self::Expected { expected, rest } => {
                write!(f, "El JSON no es válido: donde dice «{rest}» debe ir {expected}.")
            }
            Self::UnknownKey { key, known } => {
                write!(f, "La clave «{key}» no se conoce; las claves son: {}.", known.join(", "))
            }
            Self::Twice => f.write_str("está dos veces en el objeto."),
        }
    }
}
