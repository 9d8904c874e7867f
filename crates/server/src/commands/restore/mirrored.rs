//! What came after the backup, out of the mirror: nothing that was answered is missing, so nobody is asked
//! for a report and no number is stepped over.

use std::path::Path;

use ventanilla_store::{Mirror, MirrorError, Replayed, Store};

use super::told::{Outcome, SIGN_INS_ENDED, to_resumed};
use super::{Origin, unread};
use crate::books::Books;
use crate::commands::backup::to_instant;
use crate::commands::mirror::{to_name, to_sentence};
use crate::output::counted;
use crate::problem::Problem;

/// What a mirror brought back.
#[derive(Debug)]
pub(super) struct Brought {
    /// Where it is, wherever one is.
    mirror: String,
    replayed: Replayed,
}

impl Brought {
    /// Applies all that the mirror has beyond the backup that was laid out.
    ///
    /// Errors in order: no directory is named, there is no mirror in it, it is another installation's,
    /// it is damaged, it does not join the backup, it ends before it.
    pub(super) fn from_mirror(store: &Store, directory: &Path) -> anyhow::Result<Self> {
        let mirror = to_name(directory)?;
        let replay = || {
            let backup = store.ends()?;
            let replayed = store.replay_mirror(Path::new(&mirror))?;
            let reached = Mirror::at(Path::new(&mirror), store.keys().clone()).status()?.ends;
            Ok((replayed, backup.books_lead_over(&reached)))
        };
        match replay().map_err(|error| to_problem(&error))? {
            (replayed, 0) => Ok(Self { mirror, replayed }),
            // What was kept after both of them may be in another mirror, or in none.
            _ => Err(Problem::found(format!(
                "espejo: {mirror}: termina antes que el respaldo: dejó de llevarse entonces, y lo que \
                 vino después no está en él; nada cambió: restaure sin --mirror, con los reportes"
            ))),
        }
    }

    /// Lets the books go on where the mirror ended; what to tell of it. They do not name it: a copy
    /// that is made to be looked at must not write where the books of every day do.
    pub(super) fn go_on(&self, books: &Books, from: Origin<'_>) -> anyhow::Result<Outcome> {
        let resumed = books.service.go_on_from_mirror(from.by);
        let companies = resumed.map_err(|failure| unread(books, failure))?;
        let mut lines = vec![from.to_line(), self.to_line()];
        lines.extend(companies.iter().map(to_resumed));
        lines.push(SIGN_INS_ENDED.to_owned());
        let next = vec![format!("Sigue: ventanilla serve {} --mirror {}", from.flags, self.mirror)];
        Ok(Outcome { lines, companies, source: "el respaldo y su espejo", next })
    }

    /// What it had, and up to when: a mirror that was given up before the end is not the right one.
    fn to_line(&self) -> String {
        let Self { mirror, replayed } = self;
        let entries = counted(replayed.entries.values().sum(), "asiento", "asientos");
        let rows = counted(replayed.trail_rows, "fila de bitácora", "filas de bitácora");
        match replayed.last_at {
            Some(at) => {
                let at = to_instant(at);
                format!("Del espejo en {mirror}: {entries} y {rows} más, hasta las {at}")
            }
            None => format!("El espejo en {mirror} no tiene nada que el respaldo no tenga"),
        }
    }
}

fn to_problem(error: &MirrorError) -> anyhow::Error {
    tracing::debug!(error = error as &dyn std::error::Error, "the mirror cannot be replayed");
    let sentence = format!("espejo: {}; nada cambió", to_sentence(error));
    match error {
        MirrorError::Missing(_) | MirrorError::File { .. } => Problem::usage(sentence),
        MirrorError::Store(_) => Problem::store(sentence),
        _ => Problem::found(sentence),
    }
}
