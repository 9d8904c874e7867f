//! `ventanilla bench database` on a cluster that is started for it: the product starts no PostgreSQL.

use crate::imports::read_metadata;
use crate::shell::Line;
use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;
use ventanilla_rig::{Cluster, Options};

/// What is as an operator would have it who lets a server have a machine for itself; everything else is as it
/// comes, and what is committed is synced.
const SETTINGS: [(&str, &str); 3] =
    [("max_connections", "400"), ("shared_buffers", "1GB"), ("max_wal_size", "4GB")];

/// Builds the release, starts a cluster, and runs the benchmark on it with these flags.
pub(crate) fn run(root: &Path, flags: &[String]) -> Result<()> {
    Line::new("cargo build --release --locked --package ventanilla").run(root)?;
    let settings = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let cluster = Cluster::start(&Options { fsync: true, settings: settings.to_vec() })?;
    let database = cluster.database()?;
    database.sql(&format!("ALTER ROLE {} CREATEDB", database.role()))?;
    let status = Command::new(binary(root)?)
        .args(["bench", "database"])
        .args(flags)
        // A URL with a password is no argument: others read those.
        .env("VENTANILLA_DATABASE", database.url())
        .current_dir(root)
        .status()
        .context("cannot start the benchmark")?;
    if !status.success() {
        bail!("`ventanilla bench database` failed ({status})");
    }
    Ok(())
}

/// Where cargo puts what it builds.
fn binary(root: &Path) -> Result<PathBuf> {
    let metadata = read_metadata(root)?;
    let target = metadata["target_directory"].as_str();
    let target = target.context("cargo metadata names no target directory")?;
    Ok(Path::new(target).join("release/ventanilla"))
}
