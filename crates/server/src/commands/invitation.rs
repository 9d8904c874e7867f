//! The link of an invitation, as `init` and `user invite` show it, once.

use jiff::tz::TimeZone;
use serde::Serialize;
use ventanilla_service::{IssuedInvitation, SignInName};

use super::with_offset;
use crate::output;

/// An invitation as `--json` shows it.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    /// The path of its page on the server.
    enlace: String,
    /// Whose it is; `None` for the first administrator.
    #[serde(skip_serializing_if = "Option::is_none")]
    usuario: Option<String>,
    vence: String,
}

impl Shown {
    pub(super) fn of(issued: &IssuedInvitation, user: Option<&SignInName>) -> Self {
        Self {
            enlace: issued.to_path(),
            usuario: user.map(ToString::to_string),
            vence: to_end(issued),
        }
    }
}

/// Shows an invitation; `heading` says whose it is.
pub(super) fn show(issued: &IssuedInvitation, heading: &str) -> anyhow::Result<()> {
    let (path, end) = (issued.to_path(), to_end(issued));
    output::print(format_args!(
        "{heading}, para una sola vez y hasta el {end}:\n  {path}\n\
         Va detrás de la dirección del servidor. No se vuelve a mostrar; otro se pide con \
         «ventanilla user invite»."
    ))
}

fn to_end(issued: &IssuedInvitation) -> String {
    with_offset(&issued.expires_at.to_zoned(TimeZone::UTC))
}
