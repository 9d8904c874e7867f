//! A service of its own for whoever may not name a store, and files that are brought to one.

use std::io::{self, Cursor};

use ventanilla_domain::{CompanyId, FileKind, Label, Name};
use ventanilla_service::import::ImportRequest;
use ventanilla_service::{Clock, Entropy, Service, Settings};
use ventanilla_store::{Keys, Store};

/// A service over empty books in memory, whose keys are the same each time: for tests alone.
pub fn memory_service(clock: Clock, entropy: Entropy, settings: Settings) -> io::Result<Service> {
    Service::start(Store::memory(Keys::from_random([7; 64])), clock, entropy, settings)
}

/// Brings a file of members or bills that is whole and sound: for tests alone.
///
/// # Panics
/// Where the file is refused.
pub fn import(service: &Service, company: CompanyId, kind: FileKind, text: &str) {
    let request = ImportRequest {
        company,
        kind,
        name: Name::from_text("archivo.csv").expect("a name"),
        imported_by: Label::from_text("prueba").expect("a label"),
        dry_run: false,
        skip_bad: false,
        complete: None,
    };
    let mut source = Cursor::new(text.as_bytes());
    let imported = service.import(&request, &mut source, &mut |_| {});
    imported.expect("a file of a test is sound");
}
