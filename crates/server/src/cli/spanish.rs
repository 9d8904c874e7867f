//! The command line's own words in Spanish: headings, help and what is wrong with a line.

use std::error::Error as _;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command};

use crate::output;
use crate::place::without_passwords;
use crate::problem::Exit;

/// What is answered to a line that runs no command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The help or the version, which were asked for.
    Asked(String),
    /// What is wrong with the line.
    Wrong(String),
}

impl Answer {
    /// Tells it, and ends the process as it must.
    pub(crate) fn tell(&self) -> ExitCode {
        match self {
            Self::Asked(text) => match output::print(text.trim_end()) {
                Ok(()) => Exit::Done.into(),
                Err(error) => crate::problem::to_exit_code(Err(error)),
            },
            Self::Wrong(text) => {
                output::tell(text.trim_end());
                Exit::Usage.into()
            }
        }
    }
}

const TEMPLATE: &str = "{about-with-newline}\nUso: {usage}\n\n{all-args}{after-help}";

/// The same command, and those under it, with Spanish headings and help.
pub(super) fn in_spanish(command: Command) -> Command {
    let has_version = command.get_version().is_some();
    let mut command = command
        .disable_help_flag(true)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .help_template(TEMPLATE)
        .subcommand_value_name("COMANDO")
        .subcommand_help_heading("Comandos")
        .mut_args(argument_in_spanish)
        .arg(flag("help", 'h', "Muestra esta ayuda", ArgAction::Help));
    if has_version {
        command = command.arg(flag("version", 'V', "Muestra la versión", ArgAction::Version));
    }
    command.mut_subcommands(in_spanish)
}

fn flag(name: &'static str, short: char, help: &'static str, action: ArgAction) -> Arg {
    Arg::new(name).short(short).long(name).help(help).action(action).help_heading("Opciones")
}

fn argument_in_spanish(argument: Arg) -> Arg {
    let heading = if argument.is_positional() { "Argumentos" } else { "Opciones" };
    let variable = argument.get_env().map(|name| name.to_string_lossy().into_owned());
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let help = match variable {
        Some(variable) => format!("{help} [{variable}]"),
        None => help,
    };
    let takes_value = argument.get_action().takes_values();
    let argument = argument.help(help).help_heading(heading).hide_env(true);
    if takes_value {
        argument.hide_default_value(true).hide_possible_values(true)
    } else {
        argument
    }
}

/// The help text.
pub(super) fn to_help(error: &clap::Error) -> String {
    in_words(&error.render().to_string())
}

fn in_words(text: &str) -> String {
    text.replace("[OPTIONS]", "[OPCIONES]").replace("<COMMAND>", "<COMANDO>")
}

/// What is wrong with a line of that command, with its usage.
pub(super) fn to_sentence(error: &clap::Error, command: &Command) -> String {
    let context = |kind| error.get(kind).map(to_text).filter(|text| !text.is_empty());
    let argument = context(ContextKind::InvalidArg).unwrap_or_default();
    let long = argument.strip_prefix("--").and_then(|text| text.split_whitespace().next());
    let variable = long.and_then(|long| hidden_variable(command, long));
    let argument = variable.unwrap_or(argument);
    let value = context(ContextKind::InvalidValue);
    let sentence = match error.kind() {
        ErrorKind::UnknownArgument => format!("no se conoce «{argument}»"),
        ErrorKind::InvalidSubcommand => {
            let name = context(ContextKind::InvalidSubcommand).unwrap_or_default();
            format!("no se conoce el comando «{name}»")
        }
        ErrorKind::MissingRequiredArgument => format!("falta {argument}"),
        ErrorKind::InvalidValue => match (value, context(ContextKind::ValidValue)) {
            (Some(value), Some(valid)) => format!("{argument}: «{value}» no vale: {valid}"),
            _ => format!("{argument} necesita un valor"),
        },
        ErrorKind::ValueValidation => {
            let reason = error.source().map(ToString::to_string).unwrap_or_default();
            format!("{argument}: {reason}")
        }
        ErrorKind::ArgumentConflict => match context(ContextKind::PriorArg) {
            Some(prior) if prior != argument => format!("{argument} no va junto con {prior}"),
            _ => format!("no se puede repetir {argument}"),
        },
        ErrorKind::InvalidUtf8 => "un argumento no es texto UTF-8".to_owned(),
        _ => format!("uso incorrecto {argument}"),
    };
    let suggested = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand];
    let suggested = suggested.into_iter().find_map(context);
    let suggestion = suggested.map(|word| format!("; ¿quiso decir «{word}»?")).unwrap_or_default();
    let usage = context(ContextKind::Usage).map(|usage| usage.replace("Usage:", "Uso:"));
    let usage = usage.map(|usage| format!("\n{}", in_words(&usage))).unwrap_or_default();
    // A URL where none is expected is told back.
    let sentence = without_passwords(&sentence);
    format!("ventanilla: {sentence}{suggestion}{usage}\nMás con «--help».")
}

/// The variable that sets an argument that no help shows: who sets it knows it by that name.
fn hidden_variable(command: &Command, long: &str) -> Option<String> {
    let mut own = command.get_arguments();
    let found = own.find(|own| own.is_hide_set() && own.get_long() == Some(long));
    let variable = found.and_then(Arg::get_env).map(|name| name.to_string_lossy().into_owned());
    let mut under = command.get_subcommands();
    variable.or_else(|| under.find_map(|command| hidden_variable(command, long)))
}

fn to_text(value: &ContextValue) -> String {
    match value {
        ContextValue::String(text) => text.clone(),
        ContextValue::Strings(texts) => texts.join(", "),
        ContextValue::StyledStr(text) => text.to_string(),
        ContextValue::StyledStrs(texts) => {
            texts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
        }
        ContextValue::Number(number) => number.to_string(),
        _ => String::new(),
    }
}
