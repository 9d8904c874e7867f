//! The verdict file: what comes of every line, for a spreadsheet.
//!
//! `;`, a byte order mark, CRLF and the decimal comma, so that it opens right where Spanish is
//! spoken. One row for each line of the file in its order (a replaced bill and each further bad
//! cell have a row of their own after it), then the bills that a complete file has no line of, then
//! what became something else while it was kept: the last row of a line holds. A file that is
//! refused as a whole says so in its last row.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use ventanilla_documents::is_formula;
use ventanilla_domain::{BillId, Currency, Money, PaymentId};
use ventanilla_service::import::{LineOutcome, LineVerdict, News, Subject, Verdict};

use super::report::to_listed;

const HEADING: &str = "linea;resultado;factura;contrato;diferencia;id_cobranza;columna;mensaje";

/// Bytes that are written at once.
const BUFFER_LEN: usize = 64 * 1024;

/// A verdict file that is being written under another name, and is gone unless it is finished.
#[derive(Debug)]
pub(crate) struct VerdictFile {
    out: BufWriter<File>,
    temporary: PathBuf,
    currency: Currency,
    /// What went wrong first: nothing is written after it.
    broken: Option<io::Error>,
}

/// One row.
#[derive(Debug, Default)]
struct Row<'r> {
    line: Option<u64>,
    result: &'static str,
    bill: Option<BillId>,
    contract: &'r str,
    difference_minor: Option<i64>,
    payment: Option<PaymentId>,
    column: &'r str,
    message: &'r str,
}

impl VerdictFile {
    /// Begins a file under the name it has until it is finished.
    pub(crate) fn create(temporary: PathBuf, currency: Currency) -> io::Result<Self> {
        let out = BufWriter::with_capacity(BUFFER_LEN, File::create(&temporary)?);
        let mut file = Self { out, temporary, currency, broken: None };
        write!(file.out, "\u{FEFF}{HEADING}\r\n")?;
        file.out.flush()?;
        Ok(file)
    }

    /// Writes what is told of a line or a bill; `is_correction` once the lines are kept.
    pub(crate) fn hear(&mut self, news: &News<'_>, is_correction: bool) {
        match news {
            News::Progress { .. } => {}
            News::Refused(verdict) => self.write_refused("rechazada", verdict),
            News::Line { line, subject, outcome } => {
                self.write_line(*line, *subject, *outcome, is_correction);
            }
            News::Vanished { bill, difference_minor } => self.write(&Row {
                result: "desaparecida",
                bill: Some(*bill),
                difference_minor: Some(*difference_minor),
                ..Row::default()
            }),
            News::Stays { bill } => self.write(&Row {
                result: "queda",
                bill: Some(*bill),
                message: "Cambió mientras se cargaba el archivo: queda como está.",
                ..Row::default()
            }),
        }
    }

    /// Writes why the file as a whole is refused.
    pub(crate) fn refuse(&mut self, verdict: &Verdict) {
        self.write_refused("archivo_rechazado", verdict);
    }

    /// Gives the file its name, in place of what has it.
    pub(crate) fn finish(mut self, path: &Path) -> io::Result<()> {
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        self.out.flush()?;
        fs::rename(&self.temporary, path)
    }

    fn write_line(
        &mut self,
        line: u64,
        subject: Subject<'_>,
        outcome: LineOutcome,
        is_correction: bool,
    ) {
        let (bill, contract) = match subject {
            Subject::Bill(bill) => (Some(bill), ""),
            Subject::Contract(code) => (None, code.as_str()),
        };
        let payment = match outcome.verdict {
            LineVerdict::Paid(payment) => Some(payment),
            _ => None,
        };
        let message = match (is_correction, payment) {
            (true, _) => "Corrige lo dicho antes de esta línea.",
            (false, Some(_)) => "Está pagada: queda como está.",
            (false, None) => "",
        };
        self.write(&Row {
            line: Some(line),
            result: to_word(outcome.verdict),
            bill,
            contract,
            difference_minor: bill.map(|_| outcome.difference_minor),
            payment,
            message,
            ..Row::default()
        });
        if let (Some(replaced), Some(bill)) = (outcome.replaced, bill) {
            self.write(&Row {
                line: Some(line),
                result: "reemplazada",
                bill: Some(replaced.bill),
                difference_minor: Some(replaced.difference_minor),
                message: &format!("La reemplaza la factura {bill}."),
                ..Row::default()
            });
        }
    }

    fn write_refused(&mut self, result: &'static str, verdict: &Verdict) {
        self.write(&Row {
            line: Some(verdict.line).filter(|line| *line > 0),
            result,
            column: verdict.column.unwrap_or(""),
            message: &to_listed(verdict),
            ..Row::default()
        });
    }

    fn write(&mut self, row: &Row<'_>) {
        if self.broken.is_none() {
            self.broken = row.write_to(&mut self.out, self.currency).err();
        }
    }
}

impl Drop for VerdictFile {
    fn drop(&mut self) {
        // A file that was finished has another name by now.
        fs::remove_file(&self.temporary).ok();
    }
}

const fn to_word(verdict: LineVerdict) -> &'static str {
    match verdict {
        LineVerdict::New => "nueva",
        LineVerdict::Changed => "cambiada",
        LineVerdict::Annulled => "anulada",
        LineVerdict::PaidElsewhere => "pagada_fuera",
        LineVerdict::Unchanged => "igual",
        LineVerdict::Paid(_) => "pagada",
    }
}

impl Row<'_> {
    fn write_to(&self, out: &mut impl Write, currency: Currency) -> io::Result<()> {
        if let Some(line) = self.line {
            write!(out, "{line}")?;
        }
        write!(out, ";{};", self.result)?;
        if let Some(bill) = self.bill {
            write!(out, "{bill}")?;
        }
        out.write_all(b";")?;
        write_text(out, self.contract)?;
        out.write_all(b";")?;
        if let Some(minor) = self.difference_minor {
            let decimal = Money::from_minor(minor, currency).to_decimal();
            out.write_all(decimal.replace('.', ",").as_bytes())?;
        }
        out.write_all(b";")?;
        if let Some(payment) = self.payment {
            write!(out, "{payment}")?;
        }
        write!(out, ";{};", self.column)?;
        write_text(out, self.message)?;
        out.write_all(b"\r\n")
    }
}

/// A text as one cell, which no spreadsheet runs: it comes from whoever wrote the file.
fn write_text(out: &mut impl Write, text: &str) -> io::Result<()> {
    let guard = if is_formula(text) { "'" } else { "" };
    if text.contains([';', '"', '\r', '\n']) {
        write!(out, "\"{guard}{}\"", text.replace('"', "\"\""))
    } else {
        write!(out, "{guard}{text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_cell_that_no_spreadsheet_runs() {
        for (text, cell) in [
            ("", ""),
            ("00315", "00315"),
            ("La línea está vacía.", "La línea está vacía."),
            ("=1+1", "'=1+1"),
            ("+591 2", "'+591 2"),
            ("-7", "'-7"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("=1;2", "\"'=1;2\""),
            ("«a;b» y \"c\"", "\"«a;b» y \"\"c\"\"\""),
            ("a\nb", "\"a\nb\""),
        ] {
            let mut out = Vec::new();
            write_text(&mut out, text).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), cell, "{text:?}");
        }
    }

    #[test]
    fn a_file_that_is_not_finished_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (temporary, path) = (folder.path().join("v.tmp"), folder.path().join("v.csv"));
        fs::write(&path, "el anterior").unwrap();
        drop(VerdictFile::create(temporary.clone(), Currency::BOB).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "el anterior");
        let file = VerdictFile::create(temporary.clone(), Currency::BOB).unwrap();
        file.finish(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("\u{FEFF}{HEADING}\r\n"));
        assert!(!temporary.exists());
    }
}
