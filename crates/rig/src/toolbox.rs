//! The programs of PostgreSQL on this machine, and as whom they run.

use anyhow::{Context as _, Result, anyhow, bail};
use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::str;

/// Where Debian keeps a folder per version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The oldest that the books run on.
const MAJOR_MIN: u32 = 15;

const REMEDY: &str = "install PostgreSQL 15 or newer (Debian: apt-get install postgresql), or name the \
                      folder of its programs in PG_BINDIR";

/// The programs of one version, and the user they run as.
#[derive(Debug, Clone)]
pub(crate) struct Toolbox {
    folder: PathBuf,
    account: Account,
}

/// PostgreSQL refuses to run as root.
#[derive(Debug, Clone, Copy)]
enum Account {
    Own,
    Postgres { user: u32, group: u32 },
}

impl Toolbox {
    /// Those of `PG_BINDIR`, or else the oldest of this machine that the books run on: it is what we promise.
    pub(crate) fn find() -> Result<Self> {
        let folder = match std::env::var_os("PG_BINDIR") {
            Some(named) => PathBuf::from(named),
            None => oldest_of(Path::new(DEBIAN))?,
        };
        let found = Self { folder, account: account()? };
        found.require_version()?;
        Ok(found)
    }

    fn require_version(&self) -> Result<()> {
        let shown = run(self.command("postgres").arg("--version")).context(REMEDY)?;
        // "postgres (PostgreSQL) 15.18 (Debian …)"
        let number = shown.split_whitespace().nth(2).unwrap_or_default();
        match leading_number(number) {
            Some(major) if major >= MAJOR_MIN => Ok(()),
            _ => bail!("{} is {shown:?}: {REMEDY}", self.folder.display()),
        }
    }

    /// A program with an environment in which nothing names another server.
    pub(crate) fn command(&self, program: &str) -> Command {
        let program = self.folder.join(program);
        let mut command = match self.account {
            Account::Own => Command::new(program),
            Account::Postgres { user, group } => {
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={user}"))
                    .arg(format!("--regid={group}"))
                    .args(["--clear-groups", "--"])
                    .arg(program);
                command
            }
        };
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"PG") {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C").current_dir("/");
        command
    }

    /// `psql` that stops at the first error and gives up on what does not answer.
    pub(crate) fn psql(&self) -> Command {
        let mut command = self.command("psql");
        command.args(["--no-psqlrc", "--quiet", "--no-align", "--tuples-only"]);
        command.args(["--set", "ON_ERROR_STOP=1"]);
        command.env("PGCONNECT_TIMEOUT", "10").env("PGOPTIONS", "-c statement_timeout=60s");
        command
    }

    /// Gives a file or folder to whom the programs run as.
    pub(crate) fn own(&self, path: &Path) -> Result<()> {
        let Account::Postgres { user, group } = self.account else { return Ok(()) };
        chown(path, Some(user), Some(group))
            .with_context(|| format!("cannot give {} to the user postgres", path.display()))
    }
}

/// Asks a database what its address's role may ask, with `psql`: a line per row, columns parted by `|`.
pub fn ask(url: &str, text: &str) -> Result<String> {
    run(Toolbox::find()?.psql().args(["-d", url, "-c", text]))
}

/// The standard output of a command that must succeed, without the end of its last line.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start: {command:?}"))?;
    if !output.status.success() {
        bail!("{} from {command:?}: {}", output.status, said(&output));
    }
    let text = String::from_utf8(output.stdout).context("what a program said is not UTF-8")?;
    Ok(text.trim_end_matches('\n').to_owned())
}

fn said(output: &Output) -> String {
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&all).trim().to_owned()
}

/// The programs of the lowest version that is new enough.
fn oldest_of(versions: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(versions).into_iter().flatten().filter_map(Result::ok);
    entries
        .filter_map(|entry| {
            let major = leading_number(&entry.file_name().to_string_lossy())?;
            let folder = entry.path().join("bin");
            (major >= MAJOR_MIN && folder.join("postgres").exists()).then_some((major, folder))
        })
        .min()
        .map(|(_, folder)| folder)
        .ok_or_else(|| anyhow!("no PostgreSQL under {}: {REMEDY}", versions.display()))
}

fn leading_number(text: &str) -> Option<u32> {
    text.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

fn account() -> Result<Account> {
    if !rustix::process::geteuid().is_root() {
        return Ok(Account::Own);
    }
    Ok(Account::Postgres { user: id_of_postgres("-u")?, group: id_of_postgres("-g")? })
}

fn id_of_postgres(which: &str) -> Result<u32> {
    let shown = run(Command::new("id").args([which, "postgres"]))
        .context("PostgreSQL does not run as root, and there is no user `postgres` to run it as")?;
    shown.parse().with_context(|| format!("`id {which} postgres` says {shown:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these versions, each with its server or without.
    fn machine(versions: &[(&str, bool)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (version, has_server) in versions {
            let bin = folder.path().join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            if *has_server {
                fs::write(bin.join("postgres"), "").unwrap();
            }
        }
        folder
    }

    #[test]
    fn the_oldest_server_that_is_new_enough_is_taken() {
        let check = |versions: &[(&str, bool)], expected: &str| {
            let machine = machine(versions);
            let found = oldest_of(machine.path()).unwrap();
            assert_eq!(found, machine.path().join(expected).join("bin"));
        };
        check(&[("15", true)], "15");
        check(&[("9.6", true), ("14", true), ("17", true), ("16", true)], "16");
        check(&[("15", false), ("17", true)], "17");
    }

    #[test]
    fn a_machine_without_a_server_is_told_what_to_install() {
        let check = |versions: &[(&str, bool)]| {
            let error = oldest_of(machine(versions).path()).expect_err("there is none");
            assert!(error.to_string().contains("apt-get install postgresql"), "{error}");
        };
        check(&[]);
        check(&[("14", true)]);
        check(&[("15", false)]);
        oldest_of(Path::new("/no/such/folder")).expect_err("there is none");
    }
}
