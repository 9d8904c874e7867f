//! The steps of `cargo xtask ci`, cheapest first, so that a slip is told early.

use crate::shell::{Line, say};
use crate::tools::{self, CARGO_DENY, CARGO_MACHETE, COLPPY_CLIENT};
use crate::{imports, sources};
use anyhow::{Context as _, Result, bail};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// One check. It succeeds silently or fails with the command to repeat.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    /// What is true when it passes, for the list of steps.
    pub(crate) holds: &'static str,
    run: fn(&Path) -> Result<()>,
}

/// Steps are told apart by their names.
impl PartialEq for Step {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Step {}

pub(crate) const STEPS: [Step; 8] = [
    Step { name: "fmt", holds: "the sources are formatted", run: fmt },
    Step { name: "clippy", holds: "no lint speaks up, in any target", run: clippy },
    Step { name: "doc", holds: "the documentation builds, its links lead somewhere", run: doc },
    Step {
        name: "imports",
        holds: "who imports whom is as xtask/src/imports.rs says",
        run: imports,
    },
    Step { name: "tests", holds: "every test of the workspace passes", run: tests },
    Step { name: "deny", holds: "bans, licences and sources are as deny.toml says", run: deny },
    Step { name: "unused", holds: "no manifest names a dependency that nobody uses", run: unused },
    Step {
        name: "generated",
        holds: "the files under docs/ are those that git knows",
        run: generated,
    },
];

/// Runs the steps in order up to the first failure, telling how long each took.
pub(crate) fn run(root: &Path, steps: &[&Step], out: &mut dyn Write) -> Result<()> {
    let mut total = Duration::ZERO;
    for step in steps {
        writeln!(out, "==> {}", step.name)?;
        let (done, elapsed) = timed(|| (step.run)(root));
        total += elapsed;
        let name = step.name;
        let verdict = if done.is_ok() { "ok" } else { "FAILED" };
        writeln!(out, "    {name} {verdict}, {}", to_text(elapsed))?;
        done.with_context(|| format!("`cargo xtask ci --only {name}` fails"))?;
    }
    writeln!(out, "==> all passed, {}", to_text(total))?;
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a step takes is measured, nothing is decided by it"
)]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

fn to_text(elapsed: Duration) -> String {
    let tenths = elapsed.as_millis() / 100;
    let (minutes, tenths) = (tenths / 600, tenths % 600);
    let seconds = format!("{}.{} s", tenths / 10, tenths % 10);
    if minutes == 0 { seconds } else { format!("{minutes} min {seconds}") }
}

fn fmt(root: &Path) -> Result<()> {
    tools::require_component(root, "fmt")?;
    Line::new("cargo fmt --all --check").run(root)
}

fn clippy(root: &Path) -> Result<()> {
    tools::require_component(root, "clippy")?;
    Line::new("cargo clippy --workspace --all-targets --locked -- -D warnings").run(root)
}

fn doc(root: &Path) -> Result<()> {
    Line {
        env: &[("RUSTDOCFLAGS", "-D warnings")],
        words: "cargo doc --workspace --no-deps --locked --document-private-items",
    }
    .run(root)
}

fn imports(root: &Path) -> Result<()> {
    let mut broken = imports::violations(&imports::read_metadata(root)?);
    broken.extend(sources::violations(root)?);
    if !broken.is_empty() {
        bail!("\n  {}", broken.join("\n  "));
    }
    Ok(())
}

fn tests(root: &Path) -> Result<()> {
    tools::install_system_packages(root)?;
    COLPPY_CLIENT.install(root)?;
    Line::new("cargo test --workspace --locked").run(root)
}

fn deny(root: &Path) -> Result<()> {
    CARGO_DENY.install(root)?;
    // The advisories need a database from the network: whoever releases checks them.
    let words = "target/tools/bin/cargo-deny --locked check --hide-inclusion-graph \
                 bans licenses sources";
    Line::new(words).run(root)
}

fn unused(root: &Path) -> Result<()> {
    CARGO_MACHETE.install(root)?;
    Line::new("target/tools/bin/cargo-machete --skip-target-dir .").run(root)
}

fn generated(root: &Path) -> Result<()> {
    if !Line::new("git rev-parse --is-inside-work-tree").succeeds(root) {
        say("    no git checkout: nothing to compare with")?;
        return Ok(());
    }
    Line::new("git --no-pager diff --exit-code -- docs")
        .run(root)
        .context("docs/ differs from what git knows: stage the change if it is meant")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_told_in_minutes_and_tenths_of_a_second() {
        let check = |elapsed_ms, text: &str| {
            assert_eq!(to_text(Duration::from_millis(elapsed_ms)), text);
        };
        check(0, "0.0 s");
        check(1_290, "1.2 s");
        check(59_999, "59.9 s");
        check(60_000, "1 min 0.0 s");
        check(754_321, "12 min 34.3 s");
    }

    #[test]
    fn the_first_failure_stops_the_run_and_names_its_step() {
        const PASSES: Step = Step { name: "passes", holds: "", run: |_| Ok(()) };
        const FAILS: Step =
            Step { name: "fails", holds: "", run: |root| Line::new("false").run(root) };
        const NEVER: Step =
            Step { name: "never", holds: "", run: |_| panic!("a step after a failure was run") };
        let mut out = Vec::new();
        let error =
            run(Path::new("/"), &[&PASSES, &FAILS, &NEVER], &mut out).expect_err("one step fails");
        let out = String::from_utf8(out).expect("names and durations are text");
        assert!(out.contains("passes ok, ") && out.contains("fails FAILED, "), "{out}");
        assert!(!out.contains("never"), "{out}");
        let text = format!("{error:#}");
        assert!(text.starts_with("`cargo xtask ci --only fails`"), "{text}");
        assert!(text.ends_with("false"), "{text}");
    }
}
