//! `config`: whether the configuration is good, and all that it may say.

use clap::{Args, Subcommand};
use toml::Value;

use super::serve::ServeArgs;
use crate::config::{FileConfig, KEYS};
use crate::log::LogArgs;
use crate::output;
use crate::place::DatabaseUrl;
use crate::problem::Exit;

/// Where all is that `serve` may be told: its help has what most need.
pub(crate) const EVERY_KEY: &str =
    "Todas las claves, también las de límites y puntos de control: ventanilla config check --print";

/// The commands under `config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Revisa con qué serviría `serve`: el archivo, las variables y las opciones
    #[command(after_help = EVERY_KEY)]
    Check(Box<CheckArgs>),
}

/// The flags of `config check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Muestra el archivo entero, cada clave explicada, con los valores que ya tiene
    #[arg(long)]
    print: bool,
    #[command(flatten)]
    serve: ServeArgs,
}

/// Runs a command under `config`.
pub(crate) fn run(command: ConfigCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    let ConfigCommand::Check(args) = command;
    let (file, said) = FileConfig::read_said(args.serve.config_file())?;
    if args.print {
        return print(&said);
    }
    let (told, problems) = args.serve.check(&file, log);
    for line in told {
        output::print(line)?;
    }
    for problem in &problems {
        output::tell(format_args!("ventanilla: {problem}"));
    }
    Ok(if problems.is_empty() { Exit::Done } else { Exit::Usage })
}

/// Every key with what it means: as the file says it, or as it may be said.
fn print(said: &toml::Table) -> anyhow::Result<Exit> {
    output::print(
        "# ventanilla.toml: lo mismo que dicen las opciones de `ventanilla serve` y las variables VENTANILLA_…",
    )?;
    for key in &KEYS {
        output::print(format_args!("\n# {}", key.meaning))?;
        match said.get(key.name) {
            Some(Value::String(url)) if key.name == "database" => print_database(url)?,
            Some(value) => output::print(format_args!("{} = {value}", key.name))?,
            None => output::print(format_args!("# {} = {}", key.name, key.example))?,
        }
    }
    Ok(Exit::Done)
}

/// The database as the file says it, but for its password.
fn print_database(url: &str) -> anyhow::Result<()> {
    let url = DatabaseUrl::from_text(url);
    if url.holds_password() {
        output::print("# (la contraseña que dice el archivo no se muestra)")?;
    }
    output::print(format_args!("database = {}", Value::String(url.without_password())))
}
