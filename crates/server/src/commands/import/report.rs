//! What came of a file: for people and as JSON.

use std::collections::BTreeMap;

use ventanilla_domain::{BillId, Currency, FileKind, ImportTotals, Money, PaymentId, Tally};
use ventanilla_service::import::{ImportRefusal, Imported, Verdict};

use crate::output::counted;

/// What came of a file.
#[derive(Debug)]
pub(crate) struct Report {
    pub(super) kind: FileKind,
    pub(super) currency: Currency,
    pub(super) is_dry_run: bool,
    /// What it did, or why nothing of it was taken.
    pub(super) ended: Result<Imported, Refused>,
    /// The first of its bad lines.
    pub(crate) bad: Vec<Verdict>,
    /// The paid bills it would change, by line.
    pub(super) paid: BTreeMap<u64, (BillId, PaymentId)>,
}

/// A refused file.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) refusal: ImportRefusal,
    /// Only a file that changes while it is kept is refused when a part of it is kept already.
    pub(super) is_partly_kept: bool,
}

impl Report {
    /// What came of its lines, unless it was refused.
    pub(crate) fn totals(&self) -> Option<&ImportTotals> {
        self.ended.as_ref().ok().map(|imported| &imported.totals)
    }

    /// Why it was refused, in a sentence.
    pub(crate) fn refused(&self) -> Option<String> {
        self.ended.as_ref().err().map(Refused::to_sentence)
    }

    /// The same as a verdict, on line 0 where no line is to blame.
    pub(super) fn to_refusal(&self) -> Option<Verdict> {
        let refused = self.ended.as_ref().err()?;
        match &refused.refusal {
            ImportRefusal::Unreadable(verdict) => Some(verdict.clone()),
            _ => Some(Verdict { line: 0, column: None, message: refused.to_sentence() }),
        }
    }

    /// The summary of a file that was not refused.
    pub(crate) fn to_lines(&self) -> Vec<String> {
        let Ok(Imported { file, totals, .. }) = &self.ended else { return Vec::new() };
        let (one, many) = if self.is_dry_run {
            ("línea revisada, nada se guardó", "líneas revisadas, nada se guardó")
        } else {
            ("línea cargada", "líneas cargadas")
        };
        let file = file.map(|file| format!(" (archivo {file})")).unwrap_or_default();
        let mut lines = vec![format!("{}{file}", counted(totals.lines, one, many))];
        lines.extend(to_table(self.kind, totals, self.currency));
        lines
    }

    /// Whether the whole file was taken, but for bad lines that were to be left out.
    pub(crate) fn is_whole(&self, skip_bad: bool) -> bool {
        // Without `skip_bad` a line is refused only where the books changed under the import.
        self.totals().is_some_and(|totals| skip_bad || totals.refused == 0)
    }

    /// What must not be overlooked.
    pub(crate) fn to_notes(&self) -> Vec<String> {
        let paid = self.paid.iter().map(|(line, (bill, payment))| {
            format!(
                "línea {line}: la factura {bill} está pagada (IdCobranza {payment}); queda como está"
            )
        });
        let withheld = self.ended.as_ref().ok().filter(|imported| imported.is_withheld);
        let withheld = withheld.map(|imported| {
            let (why, cure) = if imported.totals.refused > 0 {
                ("hay líneas rechazadas", "corríjalo y repítalo")
            } else {
                ("los datos cambiaron mientras se cargaba", "repítalo")
            };
            format!("{why}: las facturas que faltan en el archivo no se retiraron; {cure}")
        });
        paid.chain(withheld).collect()
    }
}

impl Refused {
    fn to_sentence(&self) -> String {
        match &self.refusal {
            ImportRefusal::Officer(_) => {
                "quien lo envía no puede hacerlo; no se guardó nada".to_owned()
            }
            ImportRefusal::CompanyUnknown => {
                "no hay ninguna empresa con ese número; no se guardó nada".to_owned()
            }
            ImportRefusal::Unreadable(verdict) => {
                let kept = if self.is_partly_kept {
                    "Una parte se guardó; repita el archivo."
                } else {
                    "No se guardó nada."
                };
                format!("{} {kept}", to_sentence(verdict))
            }
            ImportRefusal::BadLines(lines) => {
                let lines = counted(*lines, "línea mala", "líneas malas");
                format!("{lines}; no se guardó nada")
            }
            ImportRefusal::TooManyVanish { vanished, unpaid, max } => format!(
                "el archivo no trae {vanished} de las {unpaid} facturas impagas y se pueden retirar \
                 hasta {max}; no se guardó nada. Si está completo, repítalo con --withdraw-max \
                 {vanished}"
            ),
        }
    }
}

/// A verdict that goes on after what it is about; line 0 stands for the file as a whole.
pub(crate) fn to_sentence(verdict: &Verdict) -> String {
    let Verdict { line, column, message } = verdict;
    let message = with_first(message, |letter| letter.to_lowercase().collect());
    match (line, column) {
        (0, _) => message,
        (line, Some(column)) => format!("línea {line}, columna {column}: {message}"),
        (line, None) => format!("línea {line}: {message}"),
    }
}

/// A verdict's message that stands alone.
pub(super) fn to_listed(verdict: &Verdict) -> String {
    with_first(&verdict.message, |letter| letter.to_uppercase().collect())
}

/// The text with its first letter changed.
fn with_first(text: &str, change: impl Fn(char) -> String) -> String {
    let mut letters = text.chars();
    letters.next().map(change).unwrap_or_default() + letters.as_str()
}

/// One thing that may come of a line.
struct Category {
    one: &'static str,
    many: &'static str,
    count: u64,
    /// Hundredths by which it changes what is owed, where it may.
    difference_minor: Option<i64>,
    /// What is to be said of one, and of several.
    note: [&'static str; 2],
}

/// What came of the lines, but for what did not occur.
fn categories(kind: FileKind, totals: &ImportTotals) -> Vec<Category> {
    let tally = |one, many, tally: Tally| Category {
        one,
        many,
        count: tally.count,
        difference_minor: Some(tally.difference_minor).filter(|_| kind == FileKind::Bills),
        note: [""; 2],
    };
    let plain =
        |one, many, count, note| Category { one, many, count, difference_minor: None, note };
    let all = [
        tally("nueva", "nuevas", totals.new),
        tally("cambiada", "cambiadas", totals.changed),
        tally("anulada", "anuladas", totals.annulled),
        tally("pagada fuera", "pagadas fuera", totals.paid_elsewhere),
        tally("reemplazada", "reemplazadas", totals.replaced),
        tally("desaparecida", "desaparecidas", totals.vanished),
        plain("igual", "iguales", totals.unchanged, [""; 2]),
        plain("ya pagada", "ya pagadas", totals.paid, ["sin tocar"; 2]),
        plain("rechazada", "rechazadas", totals.refused, ["quedó fuera", "quedaron fuera"]),
    ];
    let is_told = |category: &Category| {
        category.count > 0 || category.one == "nueva" || category.one == "igual"
    };
    all.into_iter().filter(is_told).collect()
}

/// What came of the lines, in one line.
pub(crate) fn to_digest(kind: FileKind, totals: &ImportTotals) -> String {
    let parts = categories(kind, totals);
    let parts = parts.iter().map(|category| counted(category.count, category.one, category.many));
    parts.collect::<Vec<_>>().join(", ")
}

/// What came of the lines, a line for each thing, and what it does to what is owed.
pub(super) fn to_table(kind: FileKind, totals: &ImportTotals, currency: Currency) -> Vec<String> {
    let rows: Vec<(Category, String)> = categories(kind, totals)
        .into_iter()
        .map(|row| {
            let money = row.difference_minor.map(|minor| to_signed(minor, currency));
            (row, money.unwrap_or_default())
        })
        .collect();
    let longest = |len: fn(&(Category, String)) -> usize| rows.iter().map(len).max().unwrap_or(0);
    let name_len = longest(|(row, _)| row.many.len());
    let count_len = longest(|(row, _)| row.count.to_string().len());
    let money_len = longest(|(_, money)| money.len());
    let to_line = |(row, money): &(Category, String)| {
        let Category { many: name, count, note: [one, many], .. } = row;
        let note = if *count == 1 { one } else { many };
        let end = match (money.as_str(), *note) {
            ("", "") => String::new(),
            ("", note) => format!("   ({note})"),
            (money, _) => format!("   {money:>money_len$}"),
        };
        format!("  {name:<name_len$}  {count:>count_len$}{end}")
    };
    let owed = (kind == FileKind::Bills).then(|| match totals.difference_minor() {
        0 => "lo adeudado no cambia".to_owned(),
        minor => format!("lo adeudado cambia en {}", to_signed(minor, currency)),
    });
    rows.iter().map(to_line).chain(owed).collect()
}

/// A change of what is owed, with its sign and currency.
fn to_signed(minor: i64, currency: Currency) -> String {
    let sign = if minor > 0 { "+" } else { "" };
    format!("{sign}{} {}", to_decimal(minor, currency), currency.to_code())
}

pub(super) fn to_decimal(minor: i64, currency: Currency) -> String {
    Money::from_minor(minor, currency).to_decimal()
}

#[cfg(test)]
mod tests {
    use ventanilla_domain::FileId;

    use super::*;

    fn totals(count: u64, difference_minor: i64) -> ImportTotals {
        let tally = Tally { count, difference_minor };
        ImportTotals {
            lines: count,
            new: tally,
            changed: tally,
            annulled: Tally { count, difference_minor: -difference_minor },
            unchanged: count,
            paid: count,
            refused: count,
            ..ImportTotals::default()
        }
    }

    fn told(kind: FileKind, totals: ImportTotals, is_dry_run: bool) -> String {
        let file = (!is_dry_run).then_some(FileId::FIRST);
        let ended = Ok(Imported { file, totals, is_withheld: false });
        let (bad, paid) = (Vec::new(), BTreeMap::new());
        let report = Report { kind, currency: Currency::BOB, is_dry_run, ended, bad, paid };
        report.to_lines().join("\n")
    }

    #[test]
    fn each_thing_that_came_of_a_file_has_its_row() {
        for (kind, totals, is_dry_run, expected) in [
            (
                FileKind::Bills,
                totals(1, 120_000),
                false,
                "1 línea cargada (archivo 1)\n  \
                   nuevas      1   +1200.00 BOB\n  \
                   cambiadas   1   +1200.00 BOB\n  \
                   anuladas    1   -1200.00 BOB\n  \
                   iguales     1\n  \
                   ya pagadas  1   (sin tocar)\n  \
                   rechazadas  1   (quedó fuera)\n\
                 lo adeudado cambia en +1200.00 BOB",
            ),
            (
                FileKind::Members,
                totals(12, 0),
                true,
                "12 líneas revisadas, nada se guardó\n  \
                   nuevas      12\n  \
                   cambiadas   12\n  \
                   anuladas    12\n  \
                   iguales     12\n  \
                   ya pagadas  12   (sin tocar)\n  \
                   rechazadas  12   (quedaron fuera)",
            ),
            (
                FileKind::Bills,
                totals(0, 0),
                false,
                "0 líneas cargadas (archivo 1)\n  \
                   nuevas   0   0.00 BOB\n  \
                   iguales  0\n\
                 lo adeudado no cambia",
            ),
        ] {
            assert_eq!(told(kind, totals, is_dry_run), expected);
        }
    }

    #[test]
    fn one_is_told_as_one() {
        let digest = |count| to_digest(FileKind::Bills, &totals(count, 5));
        assert_eq!(digest(1), "1 nueva, 1 cambiada, 1 anulada, 1 igual, 1 ya pagada, 1 rechazada");
        assert_eq!(digest(0), "0 nuevas, 0 iguales");
    }

    #[test]
    fn a_sentence_goes_on_after_its_line_and_a_listed_one_stands_alone() {
        for (column, message, sentence, listed) in [
            (None, "La línea está vacía.", "línea 3: la línea está vacía.", "La línea está vacía."),
            (Some("monto"), "«x» no vale.", "línea 3, columna monto: «x» no vale.", "«x» no vale."),
            (Some("monto"), "está vacía.", "línea 3, columna monto: está vacía.", "Está vacía."),
        ] {
            let verdict = Verdict { line: 3, column, message: message.to_owned() };
            assert_eq!(to_sentence(&verdict), sentence);
            assert_eq!(to_listed(&verdict), listed);
        }
    }
}
