//! The window: what a company's own cashiers take and count, and what collectors hand over. Each act is an
//! officer's, whose right is looked up again in its transaction.

mod drawers;
mod receipts;
mod remitting;
mod reversing;

use ventanilla_domain::{Company, Label, Right, WindowMeans};
use ventanilla_store::{CollectorRecord, StoreError, Tx, View};

use crate::admin::add_collector;
use crate::failure::damaged;
use crate::{Failure, NewCollector, OfficeRefusal, Officer, Service, Subject, What};

pub use receipts::{IssuedReceipt, PrintableReceipt, WindowPayment, WindowReadRefusal};
pub(crate) use remitting::holdings;
pub use remitting::{Held, NewRemittance};

/// Rows of a page.
pub const WINDOW_PAGE_LEN: usize = 50;
/// Names that are tried for the window; each that is taken is another collector's.
const NAMES_MAX: usize = 1_000;

/// Whose act it is, and what came of it.
type AtWindow<T, R> = Result<T, Failure<OfficeRefusal<R>>>;

/// The word of a means in reports, as the collectors' own are (`MedioPago`).
fn word_of(means: WindowMeans) -> Label {
    let word = match means {
        WindowMeans::Cash => "efectivo",
        WindowMeans::Card => "tarjeta",
        WindowMeans::Transfer => "transferencia",
        WindowMeans::Qr => "QR",
    };
    Label::from_text(word).expect("a word is a label")
}

/// The company's window; there is one since [`Service::ensure_window`].
fn window_of(view: &View<'_>, company: &Company) -> Result<CollectorRecord, StoreError> {
    view.window(company.id)?.ok_or_else(|| damaged("a company has no window"))
}

impl Service {
    /// Makes the company's window where it has none yet: a collector whose credentials nobody is told.
    ///
    /// Refusals in the order of [`OfficeRefusal`].
    async fn ensure_window<R: Send + 'static>(
        &self,
        officer: &Officer,
        right: Right,
    ) -> AtWindow<(), R> {
        let company = officer.company.id;
        if self.read_decided(|view| Ok(Ok(view.window(company)?.is_some())))? {
            return Ok(());
        }
        let new = NewCollector { company, name: to_name(0), can_list: false, credentials: None };
        let (record, _) = self.new_collector(new);
        let record = CollectorRecord { is_window: true, ..record };
        let act = officer.act(What::CollectorAdd);
        let officer = officer.clone();
        self.write(move |tx, now| {
            // Before the right is asked for, so that nobody waits for each other.
            tx.hold_identities()?;
            if let Err(refusal) = officer.require(tx, right, now)? {
                return Ok(Err(refusal));
            }
            if let Some(made) = make_window(tx, &record)? {
                act.keep(tx, now, Some(company), Subject::named(made.name.as_str()))?;
            }
            Ok(Ok(()))
        })
        .await
    }
}

/// Adds the window under the first name that is free; nothing where there is one.
fn make_window(
    tx: &mut Tx<'_>,
    record: &CollectorRecord,
) -> Result<Option<CollectorRecord>, StoreError> {
    if tx.view().window(record.company)?.is_some() {
        return Ok(None);
    }
    let collectors = tx.view().collectors()?;
    let is_taken = |name: &Label| {
        collectors.iter().any(|other| other.company == record.company && other.name == *name)
    };
    let name = (0..NAMES_MAX).map(to_name).find(|name| !is_taken(name));
    let name = name.ok_or_else(|| damaged("every name of a window is taken"))?;
    match add_collector(tx, CollectorRecord { name, ..record.clone() })? {
        Ok(made) => Ok(Some(made)),
        Err(_) => Err(damaged("a window could not be made")),
    }
}

/// `ventanilla`, `ventanilla 2`, `ventanilla 3` …
fn to_name(tried: usize) -> Label {
    let name = match tried {
        0 => "ventanilla".to_owned(),
        _ => format!("ventanilla {}", tried + 1),
    };
    Label::from_text(&name).expect("it is short and not empty")
}
