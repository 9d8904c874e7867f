//! Files of members and bills: checked first, with a verdict for each bad line, and kept once somebody has read
//! what would come of them.

use std::io::{Seek as _, SeekFrom};

use askama::Template;
use ventanilla_domain::{FileKind, ImportTotals, Name};
use ventanilla_service::Failure;
use ventanilla_service::import::{ImportRefusal, ImportRequest, Imported, News, Verdict};

use super::texts::AdminTexts;
use super::{done, parts};
use crate::answer::{self, Answer};
use crate::figures::count;
use crate::forms::{Choice, Errors};
use crate::frame::{Frame, Section};
use crate::language::filled;
use crate::trouble::{Trouble, of_failure};
use crate::upload::{Checked, Upload};
use crate::visit::{Visit, random_key};

/// Bad lines that a page tells of; the others are counted.
const VERDICTS_MAX: usize = 200;
/// Files that the page tells of: the last of them.
const FILES_MAX: usize = 50;

#[derive(Debug)]
struct FileRow {
    number: String,
    name: String,
    kind: &'static str,
    lines: String,
    by: String,
}

#[derive(Debug, Template)]
#[template(path = "admin/import.html")]
struct ImportPage {
    frame: Frame,
    t: &'static AdminTexts,
    parts: Vec<Section>,
    errors: Errors,
    kinds: Vec<Choice>,
    rows: Vec<FileRow>,
}

#[derive(Debug)]
struct VerdictRow {
    line: String,
    column: &'static str,
    message: String,
}

#[derive(Debug, Template)]
#[template(path = "admin/preview.html")]
struct PreviewPage {
    frame: Frame,
    t: &'static AdminTexts,
    parts: Vec<Section>,
    title: String,
    back: String,
    action: String,
    /// What the file is kept by; none of a file that cannot be.
    key: Option<String>,
    trouble: String,
    tiles: Vec<(&'static str, String)>,
    verdicts: Vec<VerdictRow>,
    more: Option<String>,
    has_bad: bool,
}

/// The page: a form, and what was imported.
pub(super) async fn show(visit: &Visit) -> Answer {
    to_page(visit, Errors::default())
}

fn to_page(visit: &Visit, errors: Errors) -> Answer {
    let t = AdminTexts::of(visit.language);
    let files = visit.hall.service.imported_files(visit.company()?.id);
    let files = files.map_err(|failure| of_failure(failure, |_| Trouble::Missing))?;
    let rows = files.iter().rev().take(FILES_MAX).map(|kept| FileRow {
        number: kept.file.id.to_string(),
        name: kept.file.name.to_string(),
        kind: kind_name(kept.file.kind, t),
        lines: count(i64::try_from(kept.file.lines).unwrap_or(i64::MAX)),
        by: kept.file.imported_by.to_string(),
    });
    let is_wrong = !errors.is_empty();
    let page = ImportPage {
        frame: visit.frame(t.import),
        t,
        parts: parts(visit),
        errors,
        kinds: Choice::all(
            [("facturas", t.import_bills), ("socios", t.import_members)],
            visit.form.get("contenido"),
        ),
        rows: rows.collect(),
    };
    if is_wrong { answer::wrong(&page) } else { answer::page(&page) }
}

const fn kind_name(kind: FileKind, t: &'static AdminTexts) -> &'static str {
    match kind {
        FileKind::Members => t.import_members,
        FileKind::Bills => t.import_bills,
    }
}

/// What an import told of its lines.
#[derive(Debug, Default)]
struct Told {
    verdicts: Vec<Verdict>,
    bad_len: u64,
}

/// An import that has come to its end.
type Ended = (Checked, Told, Result<Imported, Failure<ImportRefusal>>);

/// Runs an import where it may take its time.
async fn run(
    visit: &Visit,
    mut checked: Checked,
    dry_run: bool,
    skip_bad: bool,
) -> Result<Ended, Trouble> {
    let (service, officer) = (visit.hall.service.clone(), visit.station()?.clone());
    let name = Name::from_text(&checked.upload.name).ok().ok_or(Trouble::Malformed)?;
    let (company, kind, imported_by) = (checked.company, checked.kind, officer.label());
    let request =
        ImportRequest { company, kind, name, imported_by, dry_run, skip_bad, complete: None };
    let ran = tokio::task::spawn_blocking(move || {
        let mut told = Told::default();
        checked.upload.file.seek(SeekFrom::Start(0))?;
        let administration = service.administer(&officer);
        let imported = administration.import(&request, &mut checked.upload.file, &mut |news| {
            if let News::Refused(verdict) = news {
                told.bad_len += 1;
                if told.verdicts.len() < VERDICTS_MAX {
                    told.verdicts.push(verdict);
                }
            }
        });
        Ok::<Ended, std::io::Error>((checked, told, imported))
    });
    let ended = ran.await.map_err(|error| Trouble::Defect(error.to_string()))?;
    let ended = ended.map_err(|error| Trouble::Defect(error.to_string()))?;
    match ended {
        (.., Err(Failure::Refused(ImportRefusal::Officer(refusal)))) => {
            Err(Failure::Refused(refusal).into())
        }
        ended => Ok(ended),
    }
}

/// Checks a file, and shows what it would do: nothing is kept.
pub(super) async fn check(visit: &Visit) -> Answer {
    let t = AdminTexts::of(visit.language);
    let Some(upload) = &visit.upload else {
        return to_page(visit, Errors::of("archivo", t.import_file_missing));
    };
    let kind = match visit.form.get("contenido") {
        "socios" => FileKind::Members,
        "facturas" => FileKind::Bills,
        _ => return Err(Trouble::Malformed),
    };
    let file = upload.file.try_clone().map_err(|error| Trouble::Defect(error.to_string()))?;
    let upload = Upload { name: upload.name.clone(), file, len: upload.len };
    let (key, company) = (random_key(&visit.hall.settings.entropy), visit.company()?.id);
    let checked = Checked { key, company, user: visit.station()?.user, kind, upload };
    let (checked, told, imported) = run(visit, checked, true, true).await?;
    preview(visit, checked, told, imported)
}

fn preview(
    visit: &Visit,
    checked: Checked,
    told: Told,
    imported: Result<Imported, Failure<ImportRefusal>>,
) -> Answer {
    let t = AdminTexts::of(visit.language);
    let (totals, trouble) = match imported {
        Ok(imported) => (Some(imported.totals), String::new()),
        Err(Failure::Refused(refusal)) => (None, why(&refusal, t)),
        Err(failure) => return Err(of_failure(failure, |_| Trouble::Missing)),
    };
    let title = filled(t.import_preview, &checked.upload.name);
    let more = told.bad_len.saturating_sub(u64::try_from(told.verdicts.len()).unwrap_or(u64::MAX));
    let page = PreviewPage {
        frame: visit.frame(title.clone()),
        t,
        parts: parts(visit),
        title,
        back: visit.to_path("/admin/importar"),
        action: visit.to_path("/admin/importar/guardar"),
        key: totals.is_some().then(|| checked.key.clone()),
        trouble,
        tiles: totals.map(|totals| tiles(&totals, told.bad_len, t)).unwrap_or_default(),
        verdicts: told.verdicts.into_iter().map(to_row).collect(),
        more: (more > 0).then(|| filled(t.more_bad, more)),
        has_bad: told.bad_len > 0,
    };
    if totals.is_some() {
        visit.hall.waiting.put(checked);
    }
    answer::page(&page)
}

fn to_row(verdict: Verdict) -> VerdictRow {
    VerdictRow {
        line: verdict.line.to_string(),
        column: verdict.column.unwrap_or_default(),
        message: verdict.message,
    }
}

fn tiles(
    totals: &ImportTotals,
    bad_len: u64,
    t: &'static AdminTexts,
) -> Vec<(&'static str, String)> {
    let shown = |len: u64| count(i64::try_from(len).unwrap_or(i64::MAX));
    let others = totals.annulled.count.saturating_add(totals.paid_elsewhere.count);
    vec![
        (t.new_lines, shown(totals.new.count)),
        (t.changed_lines, shown(totals.changed.count)),
        (t.same_lines, shown(totals.unchanged)),
        (t.other_lines, shown(others)),
        (t.paid_lines, shown(totals.paid)),
        (t.bad_lines, shown(bad_len)),
    ]
}

fn why(refusal: &ImportRefusal, t: &'static AdminTexts) -> String {
    match refusal {
        ImportRefusal::Unreadable(verdict) => {
            format!("{} {}: {}", t.line, verdict.line, verdict.message)
        }
        ImportRefusal::CompanyUnknown
        | ImportRefusal::Officer(_)
        | ImportRefusal::BadLines(_)
        | ImportRefusal::TooManyVanish { .. } => t.import_bad.to_owned(),
    }
}

/// Keeps a file that was checked.
pub(super) async fn keep(visit: &Visit) -> Answer {
    let t = AdminTexts::of(visit.language);
    let (key, company) = (visit.form.get("archivo"), visit.company()?.id);
    let Some(checked) = visit.hall.waiting.take(key, company, visit.station()?.user) else {
        return to_page(visit, Errors::of("archivo", t.import_gone));
    };
    let skip_bad = visit.form.has("omitir");
    let (checked, _, imported) = run(visit, checked, false, skip_bad).await?;
    match imported {
        Ok(_) => done(visit, "/admin/importar"),
        Err(Failure::Unknown) => Err(Trouble::Unknown(visit.to_path("/admin/importar"))),
        // Nothing of it was kept: what stands in the way now is shown.
        Err(Failure::Refused(_)) => {
            let (checked, told, imported) = run(visit, checked, true, true).await?;
            preview(visit, checked, told, imported)
        }
        Err(failure) => {
            visit.hall.waiting.put(checked);
            Err(of_failure(failure, |_| Trouble::Missing))
        }
    }
}
