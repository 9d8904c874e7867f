//! Lists as files: CSV, workbooks and paper, written aside and sent once they are whole.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use ventanilla_documents::{Cell, FileForm, ListColumn, ListFile, ListHeading};
use ventanilla_domain::Money;
use ventanilla_service::Service;
use ventanilla_spool::{Spool, Spools};

use super::today;
use crate::answer::{self, Answer};
use crate::trouble::Trouble;
use crate::visit::{FORM, Visit, with_query};

/// Where lists wait to be sent: one of a million rows takes some 100 MB of the disk.
static LISTS: Spools = Spools::new(16, Duration::from_mins(30));

/// Forms by their words in a query, with what HTTP calls them.
const FORMS: [(&str, FileForm, &str); 3] = [
    ("csv", FileForm::Csv, "text/csv; charset=utf-8"),
    ("xlsx", FileForm::Xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("pdf", FileForm::Pdf, "application/pdf"),
];

/// The form that the query asks for, or else the usual one, with its word and media type.
pub(super) fn form_of(visit: &Visit, usual: FileForm) -> (&'static str, FileForm, &'static str) {
    let asked = FORMS.iter().find(|(word, ..)| *word == visit.query.get(FORM));
    let usual = || FORMS.iter().find(|(_, form, _)| *form == usual);
    *asked.or_else(usual).unwrap_or(&FORMS[0])
}

/// Where a list is to be had, in each form.
pub(super) fn links(path: &str) -> Vec<(&'static str, String)> {
    let names = [("PDF", "pdf"), ("XLSX", "xlsx"), ("CSV", "csv")];
    names.map(|(name, word)| (name, with_query(path, FORM, word))).to_vec()
}

/// A list that is asked for.
pub(super) struct List {
    /// What its file is called, without the ending.
    pub(super) name: String,
    /// What it is a list of: the name of its sheet.
    pub(super) title: &'static str,
    /// Of which of them.
    pub(super) about: String,
    pub(super) columns: &'static [ListColumn],
}

/// The rows of a list that is being written.
pub(super) struct Rows<'s> {
    file: ListFile<&'s mut Spool>,
    form: FileForm,
    most: usize,
    left: usize,
}

impl Rows<'_> {
    /// Writes a row: a cell for each column. Refuses one more than the file takes.
    pub(super) fn write(&mut self, cells: &[Cell<'_>], is_marked: bool) -> Result<(), Trouble> {
        let over = Trouble::RowsOver(self.form, self.most);
        self.left = self.left.checked_sub(1).ok_or(over)?;
        self.file.write(cells, is_marked).map_err(|error| of_disk(&error))
    }
}

/// A disk that is full is no defect: whoever asked may try again.
fn of_disk(error: &io::Error) -> Trouble {
    tracing::warn!(%error, "a file could not be written");
    Trouble::Unavailable
}

/// Writes a file on a thread of its own: those of the server are for whoever waits at a window.
pub(super) async fn written(
    write: impl FnOnce(&mut Spool) -> Result<(), Trouble> + Send + 'static,
) -> Result<Body, Trouble> {
    // Others are reading theirs: this one may come later.
    let mut spool = LISTS.begin().ok_or(Trouble::Unavailable)?;
    let written = move || {
        write(&mut spool)?;
        spool.into_body().map_err(|error| of_disk(&error))
    };
    let done = tokio::task::spawn_blocking(written).await;
    done.unwrap_or_else(|error| Err(Trouble::Defect(error.to_string())))
}

/// Answers with a list, whose rows `write` tells.
pub(super) async fn listed(
    visit: &Visit,
    list: List,
    write: impl FnOnce(&Service, &mut Rows<'_>) -> Result<(), Trouble> + Send + 'static,
) -> Answer {
    let (ending, form, media_type) = form_of(visit, FileForm::Csv);
    let (service, company) = (visit.hall.service.clone(), Arc::clone(visit.company()?));
    let List { name, title, about, columns } = list;
    let day = today(visit)?.to_date();
    let settings = &visit.hall.settings;
    let most = match form {
        FileForm::Pdf => settings.paper_rows_max,
        FileForm::Csv | FileForm::Xlsx => settings.file_rows_max,
    };
    let body = written(move |spool| {
        let logo = service.logo(company.id)?;
        let heading = ListHeading { company, title, about, day, logo };
        let file =
            ListFile::start(form, heading, columns, spool).map_err(|error| of_disk(&error))?;
        let mut rows = Rows { file, form, most, left: most };
        write(&service, &mut rows)?;
        rows.file.finish().map_err(|error| of_disk(&error))
    });
    answer::file(media_type, &format!("{name}.{ending}"), false, body.await?)
}

/// What a row adds to the column of what was reversed.
pub(super) const fn reversed(amount: Money, is_reversed: bool) -> Cell<'static> {
    if is_reversed { Cell::Amount(amount) } else { Cell::Nothing }
}
