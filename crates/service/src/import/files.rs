//! What was imported: each file, and what it changed.

use jiff::Timestamp;
use ventanilla_domain::{
    BillVersion, Company, CompanyId, EntryNumber, Event, FileId, ImportTotals, ImportedFile,
};
use ventanilla_store::{FileRecord, StoreError, View};

use crate::{Failure, Service};

/// Entries read at a time: one may hold thousands of bills.
const PAGE: usize = 20;

/// A file that was imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// The file.
    pub file: ImportedFile,
    /// The entry that accepted it.
    pub entry: EntryNumber,
    /// When it was accepted.
    pub recorded_at: Timestamp,
    /// What came of its lines; `None` where its import was cut off, or goes on.
    pub totals: Option<ImportTotals>,
}

/// Why a file cannot be told of, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileRefusal {
    /// No company of that id.
    #[error("no such company")]
    CompanyUnknown,
    /// The company has no imported file of that number.
    #[error("no such file")]
    FileUnknown,
}

impl Service {
    /// A company's imported files, by number. Refuses an unknown company.
    pub fn imported_files(
        &self,
        company: CompanyId,
    ) -> Result<Vec<KeptFile>, Failure<FileRefusal>> {
        self.read_decided(|view| {
            let Some(company) = view.company(company)? else {
                return Ok(Err(FileRefusal::CompanyUnknown));
            };
            let files = view.files(company.id)?.into_iter();
            files.map(|record| kept(view, &company, record)).collect::<Result<_, _>>().map(Ok)
        })
    }

    /// Hands on the versions of bills that a file of bills made, as they were kept, until
    /// `on_version` wants no more and says false. Refusals in the order of [`FileRefusal`].
    /// Blocking.
    pub fn each_version_of(
        &self,
        company: CompanyId,
        file: FileId,
        on_version: &mut dyn FnMut(&BillVersion) -> bool,
    ) -> Result<(), Failure<FileRefusal>> {
        let files = self.imported_files(company)?;
        let found = files.iter().find(|kept| kept.file.id == file);
        let mut next = found.ok_or(Failure::Refused(FileRefusal::FileUnknown))?.entry;
        loop {
            let entries = self.read_decided(|view| {
                let company = view.company(company)?;
                let entries = company.map(|company| view.entries(&company, next.to_i64(), PAGE));
                Ok(entries.transpose()?.ok_or(FileRefusal::CompanyUnknown))
            })?;
            let Some(last) = entries.last() else { return Ok(()) };
            let after_last = last.number.checked_next();
            for entry in entries {
                match entry.event {
                    Event::BillsVersioned(versions) => {
                        let mut own = versions.iter().filter(|version| version.source.file == file);
                        if !own.all(&mut *on_version) {
                            return Ok(());
                        }
                    }
                    Event::FileFinished { file: finished, .. } if finished == file => {
                        return Ok(());
                    }
                    _ => {}
                }
            }
            let Ok(number) = after_last else { return Ok(()) };
            next = number;
        }
    }
}

fn kept(view: &View<'_>, company: &Company, record: FileRecord) -> Result<KeptFile, StoreError> {
    let FileRecord { file, entry, totals } = record;
    let entries = view.entries(company, entry.to_i64(), 1)?;
    let accepted =
        entries.first().ok_or(StoreError::Damaged { what: "a file has no entry", cause: None })?;
    Ok(KeptFile { file, entry, recorded_at: accepted.recorded_at, totals })
}
