//! The log: what the process tells its operator, on standard error.

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use crate::problem::Problem;

/// What of the log is written, and how.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LogArgs {
    /// Nivel del registro: error, warn, info, debug o trace (también por módulo)
    #[arg(long, global = true, value_name = "NIVEL", env = "VENTANILLA_LOG")]
    pub(crate) log: Option<String>,
    /// Forma del registro: human o json
    #[arg(long, global = true, value_name = "FORMA", env = "VENTANILLA_LOG_FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One line for people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// Starts the log. A server tells what it does; a command only what went wrong.
pub(crate) fn start(args: &LogArgs, default_level: &str) -> anyhow::Result<()> {
    let filter = to_filter(args, default_level)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match args.log_format.unwrap_or_default() {
        LogFormat::Human => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    // The only way to fail is a log that was started before, which serves as well.
    started.ok();
    Ok(())
}

/// What is written: as the arguments say, else by default.
pub(crate) fn to_filter(args: &LogArgs, default_level: &str) -> anyhow::Result<EnvFilter> {
    let level = args.log.as_deref().unwrap_or(default_level);
    let filter = EnvFilter::try_new(level).ok().filter(|_| level.split(',').all(is_directive));
    filter.ok_or_else(|| {
        Problem::usage(format!(
            "el nivel de registro «{level}» no es válido: error, warn, info, debug o trace, o por \
             módulo, como ventanilla=debug"
        ))
    })
}

/// Has panics told by the log, in its form and in one line. What they cost is told where they are caught; before
/// there is a log they go to standard error as ever.
pub(crate) fn tell_panics() {
    let untold = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !tracing::dispatcher::has_been_set() {
            return untold(panic);
        }
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or("without a message");
        tracing::error!(place, message, "panicked");
    }));
}

/// Whether a part of a filter is a level or says which module it is for. A bare word would be taken
/// for a module, and a level that is spelt wrong would silence the log.
fn is_directive(part: &str) -> bool {
    let part = part.trim();
    part.parse::<LevelFilter>().is_ok() || part.contains(['=', '[', ']'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_a_word_that_is_known_or_is_for_a_module() {
        for (level, is_taken) in [
            ("warn", true),
            ("DEBUG", true),
            ("off", true),
            ("", true),
            ("ventanilla=debug", true),
            ("error,ventanilla_store::sqlite=trace", true),
            ("silly", false),
            ("ventanilla", false),
            ("warn,silly", false),
            ("ventanilla=silly", false),
            ("=", false),
        ] {
            let args = LogArgs { log: Some(level.to_owned()), log_format: None };
            assert_eq!(start(&args, "error").is_ok(), is_taken, "{level}");
        }
    }
}
