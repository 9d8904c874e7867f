//! What can be wrong with a mirror.

use std::io;
use std::path::Path;

use super::Stream;
use crate::StoreError;

/// Why a mirror could not be used.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// No mirror is there: it was never made, or its disk is not mounted.
    #[error("there is no mirror in {0}")]
    Missing(String),
    /// A file there could not be read or written.
    #[error("{path} could not be read or written")]
    File {
        /// Which file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A new mirror is to be in a directory that holds other files.
    #[error("{0} holds other files")]
    Occupied(String),
    /// The mirror is another installation's.
    #[error("the mirror in {0} was made with other keys")]
    ForeignKeys(String),
    /// Another version of the program wrote it.
    #[error("{0} was written by another version")]
    OtherVersion(String),
    /// A line was edited, removed or moved, or a segment is not there.
    #[error("{path}: line {line} does not follow from the one before it")]
    Damaged {
        /// Which file.
        path: String,
        /// Which of its lines, from 1.
        line: u64,
    },
    /// The mirror has something that the store lacks: the store was put back to an earlier day.
    #[error("the mirror has {}, which the store lacks", stream.to_item(*number))]
    Ahead {
        /// Of which stream.
        stream: Stream,
        /// The mirror's last number.
        number: i64,
    },
    /// The mirror has a later state of the identity tables than the store.
    #[error("the mirror has the identities at version {0}, which the store lacks")]
    IdentitiesAhead(i64),
    /// The mirror and the store hold different things under one number.
    #[error("{} is not the same in the mirror and in the store", stream.to_item(*number))]
    Diverged {
        /// Of which stream.
        stream: Stream,
        /// Under which number.
        number: i64,
    },
    /// The mirror does not join the store: what is between the two is in neither.
    #[error("{} is neither in the store nor in the mirror", stream.to_item(*number))]
    Gap {
        /// Of which stream.
        stream: Stream,
        /// The first number that is missing.
        number: i64,
    },
    /// The same of the identity tables.
    #[error("the identities at version {0} are neither in the store nor in the mirror")]
    IdentitiesGap(i64),
    /// Something in the mirror does not follow from the store's.
    #[error("{} does not follow from the one before it", stream.to_item(*number))]
    Broken {
        /// Of which stream.
        stream: Stream,
        /// Under which number.
        number: i64,
        /// Why, where it is not its link alone.
        #[source]
        cause: Option<StoreError>,
    },
    /// The store could not be read or written.
    #[error("the store cannot be used")]
    Store(#[from] StoreError),
}

impl MirrorError {
    pub(super) fn file(path: &Path, source: io::Error) -> Self {
        Self::File { path: path.display().to_string(), source }
    }

    /// Whether it may pass by itself: a disk that is full or gone comes back, a mirror that is not
    /// this store's does not become so.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Missing(_) | Self::File { .. } | Self::Store(_))
    }
}
