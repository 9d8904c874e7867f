//! Running commands and talking to the terminal.

use anyhow::{Context as _, Result, bail};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Writes a line to standard output.
pub(crate) fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{line}")
}

/// Writes a line to standard error. When that is closed there is nobody left to tell.
pub(crate) fn complain(line: &str) {
    writeln!(io::stderr(), "{line}").ok();
}

/// A command as one would type it at the repository's root. Words are separated by blanks; none
/// of ours holds one. A program with a `/` in its name is a path from the root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    pub(crate) env: &'a [(&'a str, &'a str)],
    pub(crate) words: &'a str,
}

impl<'a> Line<'a> {
    pub(crate) fn new(words: &'a str) -> Self {
        Self { env: &[], words }
    }

    /// Runs the command with its output on ours.
    pub(crate) fn run(self, root: &Path) -> Result<()> {
        let status = self
            .command(root)
            .status()
            .with_context(|| format!("cannot start: {}", self.as_typed()))?;
        if !status.success() {
            bail!("this command failed ({status}): {}", self.as_typed());
        }
        Ok(())
    }

    /// The standard output of the command, or `None` when it cannot start or fails.
    pub(crate) fn output(self, root: &Path) -> Option<String> {
        let output = self.command(root).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    pub(crate) fn succeeds(self, root: &Path) -> bool {
        self.output(root).is_some()
    }

    /// The command with its environment, ready to be pasted into a shell.
    pub(crate) fn as_typed(self) -> String {
        let env = self.env.iter();
        let mut words: Vec<String> =
            env.map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        words.push(self.words.to_owned());
        words.join(" ")
    }

    fn command(self, root: &Path) -> Command {
        let mut words = self.words.split_whitespace();
        let program = words.next().expect("a command line has a first word");
        let program =
            if program.contains('/') { root.join(program) } else { PathBuf::from(program) };
        let mut command = Command::new(program);
        command.args(words).envs(self.env.iter().copied()).current_dir(root);
        // `cargo xtask` leaves these behind: with them a cargo tool believes that cargo called
        // it, and reads its own name as an argument.
        command.env_remove("CARGO").env_remove("CARGO_PKG_NAME");
        command
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_as_one_would_type_it() {
        let line = Line { env: &[("RUSTDOCFLAGS", "-D warnings")], words: "false --now" };
        let error = line.run(Path::new("/")).expect_err("`false` always fails").to_string();
        assert!(error.ends_with("RUSTDOCFLAGS=\"-D warnings\" false --now"), "{error}");
    }

    #[test]
    fn a_program_that_is_missing_is_a_failure_and_no_output() {
        let line = Line::new("no-such-program --version");
        let error = line.run(Path::new("/")).expect_err("there is none");
        assert_eq!(error.to_string(), "cannot start: no-such-program --version");
        assert_eq!(line.output(Path::new("/")), None);
    }
}
