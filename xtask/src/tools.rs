//! What the steps need beyond cargo itself, installed by the step that needs it.

use crate::shell::{Line, say};
use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::Path;

/// A program that the tests call, how to see that it is there, and the package that brings it.
struct SystemTool {
    probe: &'static str,
    package: &'static str,
}

const SYSTEM_TOOLS: [SystemTool; 11] = [
    SystemTool { probe: "curl --version", package: "curl" },
    // What is printed is read by others: its text and pictures, and its QR codes.
    SystemTool { probe: "pdftotext -v", package: "poppler-utils" },
    SystemTool { probe: "zbarimg --version", package: "zbar-tools" },
    // A receipt's signature is checked by others too.
    SystemTool { probe: "openssl version", package: "openssl" },
    SystemTool { probe: "strace --version", package: "strace" },
    SystemTool { probe: "sqlite3 --version", package: "sqlite3" },
    // With its module of SQLite, which a minimal one lacks.
    SystemTool { probe: "python3 -c __import__('sqlite3')", package: "python3" },
    // What a virtual environment is made with, which Debian keeps apart.
    SystemTool { probe: "python3 -c __import__('ensurepip')", package: "python3-venv" },
    // The server, which its package puts where no PATH leads, unless there is one of one's own.
    SystemTool {
        probe: "python3 -c __import__('os').environ.get('PG_BINDIR')or(__import__('glob').glob(\
                '/usr/lib/postgresql/*/bin/initdb')[0])",
        package: POSTGRESQL,
    },
    // The console's pages are looked at and used in it (crates/rig/src/browser).
    SystemTool { probe: "chromium --version", package: "chromium" },
    SystemTool { probe: "test -s /etc/ssl/certs/ca-certificates.crt", package: "ca-certificates" },
];

/// The version of the distribution: 15 on Debian 12. With it come its client and pgbench.
const POSTGRESQL: &str = "postgresql";

/// Has the package of PostgreSQL start no server of the machine's own, which nobody asked for: the tests
/// start theirs. Read by `pg_createcluster` when the package is configured.
const NO_SERVER_OF_THE_MACHINE: &str = "install -D -m 644 xtask/src/createcluster.conf \
                                        /etc/postgresql-common/createcluster.d/ventanilla.conf";

/// A cargo tool of one pinned version, kept in `target/tools`.
#[derive(Debug)]
pub(crate) struct CargoTool {
    name: &'static str,
    version: &'static str,
}

pub(crate) const CARGO_DENY: CargoTool = CargoTool { name: "cargo-deny", version: "0.20.2" };

pub(crate) const CARGO_MACHETE: CargoTool = CargoTool { name: "cargo-machete", version: "0.9.2" };

/// Both tools run for a second but take minutes to build with their own profile (one codegen unit,
/// fat LTO), a quarter of it with this one.
const QUICK_BUILD: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"),
];

impl CargoTool {
    /// Builds the tool unless this very version is there.
    pub(crate) fn install(&self, root: &Path) -> Result<()> {
        let Self { name, version } = self;
        let shown = Line::new(&format!("target/tools/bin/{name} --version")).output(root);
        if shown.is_some_and(|text| names_version(&text, version)) {
            return Ok(());
        }
        say(&format!("    building {name} {version}, once, into target/tools"))?;
        let words = format!(
            "cargo install --quiet --locked --force --version {version} --root target/tools \
             --target-dir target/tools/build {name}"
        );
        Line { env: &QUICK_BUILD, words: &words }.run(root)
    }
}

fn names_version(shown: &str, version: &str) -> bool {
    shown.split_whitespace().any(|word| word == version)
}

/// A virtual environment of Python with pinned packages, kept in `target/tools`.
#[derive(Debug)]
pub(crate) struct PythonTool {
    name: &'static str,
    requirements: &'static str,
}

/// The client of an independent author that the tests run against the server.
pub(crate) const COLPPY_CLIENT: PythonTool = PythonTool {
    name: "colppy-client",
    requirements: "crates/server/tests/end_to_end/published_client/requirements.txt",
};

impl PythonTool {
    /// Installs the packages unless these very ones are there: the list of those that are is kept
    /// beside them, written last.
    pub(crate) fn install(&self, root: &Path) -> Result<()> {
        let Self { name, requirements } = self;
        let folder = format!("target/tools/{name}");
        let installed = root.join(&folder).join("requirements.txt");
        let wanted = fs::read(root.join(requirements))
            .with_context(|| format!("cannot read {requirements}"))?;
        if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        say(&format!("    installing {name}, once, into target/tools"))?;
        Line::new(&format!("python3 -m venv --clear {folder}")).run(root)?;
        let words = format!(
            "{folder}/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
             --only-binary :all: --requirement {requirements}"
        );
        Line::new(&words).run(root)?;
        fs::write(&installed, wanted).with_context(|| format!("cannot write {folder}"))
    }
}

/// Refuses with the remedy when `cargo fmt` or `cargo clippy` is not installed.
pub(crate) fn require_component(root: &Path, subcommand: &str) -> Result<()> {
    if Line::new(&format!("cargo {subcommand} --version")).succeeds(root) {
        return Ok(());
    }
    bail!("`cargo {subcommand}` is missing: run `rustup component add rustfmt clippy`");
}

/// Installs what the tests call and the machine lacks, with apt-get.
pub(crate) fn install_system_packages(root: &Path) -> Result<()> {
    let missing: Vec<&str> = SYSTEM_TOOLS
        .iter()
        .filter(|tool| !Line::new(tool.probe).succeeds(root))
        .map(|tool| tool.package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let needs_postgresql = missing.contains(&POSTGRESQL);
    let missing = missing.join(" ");
    say(&format!("    installing system packages: {missing}"))?;
    let Some(as_root) = as_root(root) else {
        bail!(
            "the tests need these packages: {missing}; install them by hand (this needs \
             apt-get, and either root or sudo)"
        );
    };
    if needs_postgresql {
        Line::new(&format!("{as_root} {NO_SERVER_OF_THE_MACHINE}")).run(root)?;
    }
    let apt_get =
        format!("{as_root} DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300");
    Line::new(&format!("{apt_get} update -q")).run(root)?;
    Line::new(&format!("{apt_get} install -q -y --no-install-recommends {missing}")).run(root)
}

/// What goes before a command that installs something here, if anything can be installed with apt-get.
fn as_root(root: &Path) -> Option<&'static str> {
    if !Line::new("apt-get --version").succeeds(root) {
        return None;
    }
    if Line::new("id -u").output(root)?.trim() == "0" {
        return Some("env");
    }
    Line::new("sudo --version").succeeds(root).then_some("sudo env")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pinned_version_counts_as_installed() {
        let check = |shown, version, expected| {
            assert_eq!(names_version(shown, version), expected, "{shown}");
        };
        check("cargo-deny 0.20.2\n", "0.20.2", true);
        check("0.9.2\n", "0.9.2", true);
        check("cargo-deny 0.20.21\n", "0.20.2", false);
        check("", "0.20.2", false);
    }
}
