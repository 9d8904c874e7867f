//! Who does what a command does, as the books will say.

use std::ffi::OsString;

use clap::Args;
use ventanilla_domain::Label;

use super::{from_text, to_printable};

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
    /// Who does it: as the line says, else the system's user, else `otherwise`.
    pub(crate) fn to_label(&self, otherwise: &str) -> anyhow::Result<Label> {
        let system = [&self.system_user, &self.system_logname].into_iter().flatten();
        let mut system = system.filter_map(|name| {
            Label::from_text(&to_printable(&name.to_string_lossy(), LABEL_LEN_MAX)).ok()
        });
        match self.by.clone().or_else(|| system.next()) {
            Some(by) => Ok(by),
            None => Ok(Label::from_text(otherwise)?),
        }
    }
}
