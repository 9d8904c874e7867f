//! Which collectors have a report of what they did since the backup, and which have none: each active
//! one is asked for by name, so that nobody's payments are lost by an oversight.

use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ventanilla_domain::{CollectorId, CompanyId};
use ventanilla_service::{Collector, Service};

use crate::commands::import::open_file;
use crate::output;
use crate::problem::{Problem, from_failure, to_reason};

/// The word with which somebody at a terminal does without a report.
const WITHOUT: &str = "sin reporte";

/// A collector by its name, in one company or in the only one that has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    company: Option<CompanyId>,
    name: String,
}

impl Named {
    /// Takes `[COMPANY:]NAME`.
    pub(super) fn from_text(text: &str) -> Result<Self, String> {
        let numbered = text.split_once(':').and_then(|(company, name)| {
            let company = company.parse().ok().and_then(|id| CompanyId::from_i64(id).ok())?;
            Some(Self { company: Some(company), name: name.trim().to_owned() })
        });
        let named = numbered.unwrap_or(Self { company: None, name: text.trim().to_owned() });
        if named.name.is_empty() {
            Err("falta el nombre del recaudador".to_owned())
        } else {
            Ok(named)
        }
    }

    fn is_of(&self, collector: &Collector) -> bool {
        self.name == collector.name.as_str()
            && self.company.is_none_or(|company| company == collector.company)
    }
}

/// A collector's report.
#[derive(Debug, Clone)]
pub(crate) struct Reported {
    named: Named,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Opened when it is taken, so that what cannot be read is told before anything is done.
    file: Option<Arc<File>>,
}

impl Reported {
    /// Takes `[COMPANY:]NAME=FILE`.
    pub(super) fn from_text(text: &str) -> Result<Self, String> {
        let Some((named, path)) = text.split_once('=') else {
            return Err("se espera NOMBRE=ARCHIVO".to_owned());
        };
        if path.is_empty() {
            return Err("falta el archivo: se espera NOMBRE=ARCHIVO".to_owned());
        }
        Ok(Self { named: Named::from_text(named)?, path: PathBuf::from(path), file: None })
    }

    /// The report of a collector at a path; told where it cannot be read.
    pub(crate) fn of(collector: &Collector, path: &Path) -> anyhow::Result<Self> {
        let named = Named { company: Some(collector.company), name: collector.name.to_string() };
        Self { named, path: path.to_owned(), file: None }.opened()
    }

    fn opened(self) -> anyhow::Result<Self> {
        let shown = self.path.display();
        match open_file(&self.path) {
            Ok(Some(file)) => Ok(Self { file: Some(Arc::new(file)), ..self }),
            Ok(None) => Err(Problem::usage(format!("{shown}: no es un archivo"))),
            Err(error) => {
                let reason = to_reason(&error);
                Err(Problem::usage(format!("{shown}: no se pudo leer: {reason}")))
            }
        }
    }

    /// The file, to be read from its start.
    pub(super) fn open(&self) -> Arc<File> {
        Arc::clone(self.file.as_ref().expect("a report is opened when it is taken"))
    }

    /// Whose it is, for people.
    pub(crate) fn name(&self) -> &str {
        &self.named.name
    }
}

/// The reports of one company, each with its collector.
#[derive(Debug)]
pub(crate) struct CompanyReports {
    pub(crate) company: CompanyId,
    pub(crate) reports: Vec<(CollectorId, Reported)>,
}

/// What was answered of every active collector.
#[derive(Debug, Default)]
pub(super) struct Answers {
    pub(super) reports: Vec<CompanyReports>,
    pub(super) waived: Vec<Collector>,
}

impl Answers {
    /// Matches what the line says with the collectors there are; at a terminal asks for the others.
    /// A collector that is named twice as one to do without is so once, and a window is done without
    /// unless it is named.
    ///
    /// Errors in order: a name that no collector has, or several; a report of one to do without; a file
    /// that cannot be read; active collectors of which nothing was said.
    pub(super) fn of(
        service: &Service,
        reports: &[Reported],
        waive: &[Named],
    ) -> anyhow::Result<Self> {
        let collectors = service
            .collectors(None)
            .map_err(|failure| from_failure(failure, |refusal| match refusal {}))?;
        let mut answers = Self::default();
        for named in waive {
            let collector = find(&collectors, named, "en el respaldo")?;
            if !answers.speak_of(collector) {
                answers.waived.push(collector.clone());
            }
        }
        for reported in reports {
            let collector = find(&collectors, &reported.named, "en el respaldo")?;
            if answers.is_waived(collector) {
                return Err(contradicted(collector));
            }
            answers.add(collector, reported.clone().opened()?);
        }
        // Nobody outside has a report of what the company's own window took.
        let windows = collectors.iter().filter(|one| one.is_window && !answers.speak_of(one));
        let windows: Vec<Collector> = windows.cloned().collect();
        answers.waived.extend(windows);
        let unsaid: Vec<&Collector> =
            collectors.iter().filter(|one| one.is_active && !answers.speak_of(one)).collect();
        if unsaid.is_empty() {
            return Ok(answers);
        }
        if !io::stdin().is_terminal() {
            return Err(unanswered(&unsaid));
        }
        unsaid.into_iter().try_for_each(|collector| answers.ask(collector))?;
        Ok(answers)
    }

    fn add(&mut self, collector: &Collector, report: Reported) {
        let own = self.reports.iter_mut().find(|own| own.company == collector.company);
        match own {
            Some(own) => own.reports.push((collector.id, report)),
            None => self.reports.push(CompanyReports {
                company: collector.company,
                reports: vec![(collector.id, report)],
            }),
        }
    }

    fn speak_of(&self, collector: &Collector) -> bool {
        let mut reported = self.reports.iter().flat_map(|own| &own.reports);
        reported.any(|(id, _)| *id == collector.id) || self.is_waived(collector)
    }

    fn is_waived(&self, collector: &Collector) -> bool {
        self.waived.iter().any(|waived| waived.id == collector.id)
    }

    /// Asks for a collector's report until there is an answer.
    fn ask(&mut self, collector: &Collector) -> anyhow::Result<()> {
        loop {
            output::tell(format_args!(
                "Recaudador «{}» de la empresa {}: archivo de su reporte desde el respaldo, o «{WITHOUT}» \
                 para perder lo que cobró:",
                collector.name, collector.company
            ));
            let mut answer = String::new();
            let len = io::stdin().lock().read_line(&mut answer)?;
            if len == 0 {
                return Err(unanswered(&[collector]));
            }
            match answer.trim() {
                "" => {}
                WITHOUT => {
                    self.waived.push(collector.clone());
                    return Ok(());
                }
                path => match Reported::of(collector, Path::new(path)) {
                    Ok(report) => {
                        self.add(collector, report);
                        return Ok(());
                    }
                    Err(problem) => output::tell(problem),
                },
            }
        }
    }
}

/// The one collector of a name in the books.
pub(crate) fn to_owner<'c>(
    collectors: &'c [Collector],
    company: CompanyId,
    name: &str,
) -> anyhow::Result<&'c Collector> {
    let named = Named { company: Some(company), name: name.trim().to_owned() };
    find(collectors, &named, "en los libros")
}

/// The one collector that is named; `place` is where it is looked for.
fn find<'c>(
    collectors: &'c [Collector],
    named: &Named,
    place: &str,
) -> anyhow::Result<&'c Collector> {
    let mut found = collectors.iter().filter(|collector| named.is_of(collector));
    let name = &named.name;
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => {
            Err(Problem::usage(format!("no hay ningún recaudador «{name}» {place}; nada cambió")))
        }
        (Some(_), Some(_)) => Err(Problem::usage(format!(
            "hay un recaudador «{name}» en varias empresas: indique cuál, como 13:{name}; nada cambió"
        ))),
    }
}

fn contradicted(collector: &Collector) -> anyhow::Error {
    let (company, name) = (collector.company, &collector.name);
    Problem::usage(format!(
        "del recaudador «{company}:{name}» se dan --report y --waive: deje uno de los dos; nada cambió"
    ))
}

fn unanswered(collectors: &[&Collector]) -> anyhow::Error {
    let lines = collectors.iter().map(|collector| {
        let (company, name) = (collector.company, &collector.name);
        format!("\n  --report '{company}:{name}=ARCHIVO'   o   --waive '{company}:{name}'")
    });
    let lines: String = lines.collect();
    Problem::usage(format!(
        "diga de cada recaudador activo qué se hace con lo que cobró después del respaldo; nada \
         cambió:{lines}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_is_named_with_or_without_its_company() {
        for (text, company, name) in [
            ("banco", None, "banco"),
            ("13:banco", Some(13), "banco"),
            ("Banco: Sur", None, "Banco: Sur"),
            ("0:banco", None, "0:banco"),
            (" 13: banco ", None, "13: banco"),
        ] {
            let named = Named::from_text(text).unwrap();
            let expected = company.map(|id| CompanyId::from_i64(id).unwrap());
            assert_eq!((named.company, named.name.as_str()), (expected, name), "{text}");
        }
        assert!(Named::from_text("13:").is_err() && Named::from_text(" ").is_err());
        let reported = Reported::from_text("13:banco=a=b.csv").unwrap();
        assert_eq!((reported.name(), reported.path.as_path()), ("banco", Path::new("a=b.csv")));
        for text in ["banco", "banco=", "=x"] {
            assert!(Reported::from_text(text).is_err(), "{text}");
        }
    }
}
