//! Who does what a command does, as the books will say.

use std::ffi::OsString;

use clap::Args;
use ventanilla_domain::Label;

use super::{from_text, to_printable};

/// The system's users.
const PASSWD: &str = "/etc/passwd";

const LABEL_LEN_MAX: usize = 64;

/// Who does it.
#[derive(Debug, Args)]
pub(crate) struct ByArgs {
    /// Quién lo hace, hasta 64 caracteres; si falta, el usuario del sistema [USER, LOGNAME]
    #[arg(long, value_name = "NOMBRE", value_parser = from_text::<LABEL_LEN_MAX>)]
    by: Option<Label>,
    // Not for the command line: this is how the environment is read.
    #[arg(long, hide = true, env = "USER")]
    system_user: Option<OsString>,
    #[arg(long, hide = true, env = "LOGNAME")]
    system_logname: Option<OsString>,
}

impl ByArgs {
    /// Who does it: as the line says, else the system's user, by the environment or by its number, else
    /// `otherwise`.
    pub(crate) fn to_label(&self, otherwise: &str) -> anyhow::Result<Label> {
        let system = [&self.system_user, &self.system_logname].into_iter().flatten();
        let mut system = system.filter_map(|name| {
            Label::from_text(&to_printable(&name.to_string_lossy(), LABEL_LEN_MAX)).ok()
        });
        match self.by.clone().or_else(|| system.next()).or_else(by_number) {
            Some(by) => Ok(by),
            None => Ok(Label::from_text(otherwise)?),
        }
    }
}

/// The user that the process runs as: what a service or a container leaves of one.
fn by_number() -> Option<Label> {
    let number = rustix::process::geteuid().as_raw();
    let known = std::fs::read_to_string(PASSWD).unwrap_or_default();
    Label::from_text(&to_printable(&name_of(&known, number), LABEL_LEN_MAX)).ok()
}

/// The name of a number in the lines of `passwd`, else the number itself.
fn name_of(known: &str, number: u32) -> String {
    let named = known.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        let is_it = fields.nth(1)?.parse() == Ok(number);
        is_it.then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("uid {number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_name_that_the_system_knows_or_its_own() {
        let known =
            "root:x:0:0:root:/root:/bin/bash\n#\n:x:7::\nana:x:1000:100::/home/ana:/bin/sh\n";
        for (number, name) in [(0, "root"), (1000, "ana"), (100, "uid 100"), (7, "uid 7")] {
            assert_eq!(name_of(known, number), name);
        }
        assert_eq!(name_of("", 1000), "uid 1000");
    }
}
