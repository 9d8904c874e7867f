//! What a restoration displaces: books that may go further than the backup, and gave numbers that others
//! hold as well.

use std::collections::BTreeMap;
use std::path::Path;

use ventanilla_domain::CompanyId;
use ventanilla_service::RestoredCompany;
use ventanilla_store::{Counters, Keys, OpenError, ServerLock, Store};

use crate::output::counted;

/// What was in the directory.
#[derive(Debug)]
pub(super) enum Displaced {
    /// Nothing, or nothing of Ventanilla.
    Nothing,
    /// Books that cannot be read without changing them, or another installation's.
    Unreadable,
    /// How far each company's books went.
    Books(BTreeMap<CompanyId, Counters>),
}

impl Displaced {
    /// Looks at books that are about to be moved aside. What cannot be read is no reason not to restore:
    /// a restoration is for books that are no good.
    pub(super) fn of(former: Option<&ServerLock>, keys: Keys) -> Self {
        let Some(lock) = former else { return Self::Nothing };
        match counters(lock, keys) {
            Ok(counters) => Self::Books(counters),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::debug!(error, "the displaced books cannot be read");
                Self::Unreadable
            }
        }
    }

    /// What each company's next numbers were.
    pub(super) fn counters(&self) -> BTreeMap<CompanyId, Counters> {
        match self {
            Self::Nothing | Self::Unreadable => BTreeMap::new(),
            Self::Books(counters) => counters.clone(),
        }
    }

    /// Where they are now, and what they had that `restored` did not: the restored ones have `source`'s
    /// entries.
    pub(super) fn to_line(
        &self,
        aside: &Path,
        restored: &[RestoredCompany],
        source: &str,
    ) -> String {
        let mut line = format!("Lo que había quedó en {}", aside.display());
        match self {
            Self::Nothing => {}
            Self::Unreadable => {
                line += ": sus libros no se pudieron leer, y no se miró qué números dieron";
            }
            Self::Books(counters) => line += &to_lead(counters, restored, source),
        }
        line
    }
}

fn counters(lock: &ServerLock, keys: Keys) -> Result<BTreeMap<CompanyId, Counters>, OpenError> {
    // Bringing an older schema up to date would change what stays if nothing is restored.
    let store = Store::serve_sqlite_unchanged(lock, keys)?;
    let snapshot = store.snapshot()?;
    let view = snapshot.view();
    let mut found = BTreeMap::new();
    for company in view.companies()? {
        found.extend(view.counters(company.id)?.map(|counters| (company.id, counters)));
    }
    Ok(found)
}

/// By how many entries books go further than the restored ones: nothing where they do not.
fn to_lead(
    displaced: &BTreeMap<CompanyId, Counters>,
    restored: &[RestoredCompany],
    source: &str,
) -> String {
    let mut leads = Vec::new();
    for (company, counters) in displaced {
        let known = restored.iter().find(|restored| restored.company == *company);
        let known = known.map_or(0, |restored| restored.last_entry.to_i64());
        let lead = (counters.next_entry.to_i64() - 1).saturating_sub(known);
        if let Some(lead) = u64::try_from(lead).ok().filter(|lead| *lead > 0) {
            leads.push((*company, lead));
        }
    }
    let all = counted(leads.iter().map(|(_, lead)| lead).sum(), "asiento", "asientos");
    let each: Vec<_> = leads.iter().map(|(id, lead)| format!("empresa {id}: {lead}")).collect();
    match each.len() {
        0 => String::new(),
        _ if displaced.len() == 1 => format!(": tenía {all} más que {source}"),
        _ => format!(": tenía {all} más que {source} ({})", each.join(", ")),
    }
}
