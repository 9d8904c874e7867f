//! `integrator`: the developer accounts whose programs call for users.

use clap::{Args, Subcommand};
use serde::Serialize;
use ventanilla_service::{Integrator, IssuedPassword, SignInName};

use super::by::ByArgs;
use super::from_text;
use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output;
use crate::problem::Exit;

/// The commands under `integrator`.
#[derive(Debug, Subcommand)]
pub(crate) enum IntegratorCommand {
    /// Agrega un integrador y muestra su contraseña, una sola vez
    Add(NamedArgs),
    /// Muestra los integradores, sin sus secretos
    List(ListArgs),
    /// Deja de aceptar a un integrador, desde ya
    Disable(NamedArgs),
    /// Vuelve a aceptar a un integrador, con la contraseña que tiene
    Enable(NamedArgs),
    /// Da a un integrador otra contraseña y la muestra, una sola vez; la anterior deja de valer
    Password(NamedArgs),
}

/// The flags of all but `integrator list`.
#[derive(Debug, Args)]
pub(crate) struct NamedArgs {
    /// Nombre del integrador, único en la instalación
    #[arg(long, value_name = "NOMBRE", value_parser = from_text::<128>)]
    name: SignInName,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `integrator list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Responde con una lista JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// Credentials as `--json` shows them: the wire's own names.
#[derive(Debug, Serialize)]
struct Secrets<'a> {
    usuario: &'a str,
    password: &'a str,
    md5: &'a str,
}

/// An integrator as `--json` shows it.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    usuario: &'a str,
    activo: bool,
}

impl<'a> Shown<'a> {
    fn of(integrator: &'a Integrator) -> Self {
        Self { usuario: integrator.name.as_str(), activo: integrator.is_active }
    }

    fn to_line(&self) -> String {
        let state = if self.activo { "activo" } else { "inactivo" };
        format!("{}\t{state}", self.usuario)
    }
}

/// Runs a command under `integrator`.
pub(crate) fn run(command: IntegratorCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    match command {
        IntegratorCommand::Add(args) => add(args, log),
        IntegratorCommand::List(args) => list(&args, log),
        IntegratorCommand::Disable(args) => disable(&args, log),
        IntegratorCommand::Enable(args) => enable(&args, log),
        IntegratorCommand::Password(args) => password(&args, log),
    }
}

fn add(args: NamedArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open_by(&args.by, &args.store, log)?;
    let added = books.wait(books.service.add_integrator(args.name, None));
    let (integrator, issued) = added.map_err(|failure| books.unchanged(failure))?;
    books.close();
    tell_secrets(
        args.json,
        &format!("Integrador «{}» agregado", integrator.name),
        &integrator,
        &issued,
    )
}

fn list(args: &ListArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
    let integrators = books.service.integrators().map_err(|failure| books.unread(failure))?;
    books.close();
    let shown: Vec<Shown<'_>> = integrators.iter().map(Shown::of).collect();
    if args.json {
        output::print_json(&shown)?;
    } else {
        for integrator in &shown {
            output::print(integrator.to_line())?;
        }
    }
    Ok(Exit::Done)
}

fn disable(args: &NamedArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open_by(&args.by, &args.store, log)?;
    let disabled = books.wait(books.service.disable_integrator(&args.name));
    let integrator = disabled.map_err(|failure| books.unchanged(failure))?;
    books.close();
    tell(args.json, &format!("Integrador «{}» inactivo desde ahora", integrator.name), &integrator)
}

fn enable(args: &NamedArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open_by(&args.by, &args.store, log)?;
    let enabled = books.wait(books.service.enable_integrator(&args.name));
    let integrator = enabled.map_err(|failure| books.unchanged(failure))?;
    books.close();
    tell(args.json, &format!("Integrador «{}» activo desde ahora", integrator.name), &integrator)
}

fn password(args: &NamedArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open_by(&args.by, &args.store, log)?;
    let changed = books.wait(books.service.set_integrator_password(&args.name, None));
    let (integrator, issued) = changed.map_err(|failure| books.unchanged(failure))?;
    books.close();
    let sentence = format!("Contraseña de «{}» cambiada; la anterior ya no vale", integrator.name);
    tell_secrets(args.json, &sentence, &integrator, &issued)
}

fn tell(json: bool, sentence: &str, integrator: &Integrator) -> anyhow::Result<Exit> {
    if json {
        output::print_json(&Shown::of(integrator))?;
    } else {
        output::print(sentence)?;
    }
    Ok(Exit::Done)
}

fn tell_secrets(
    json: bool,
    sentence: &str,
    integrator: &Integrator,
    issued: &IssuedPassword,
) -> anyhow::Result<Exit> {
    let usuario = integrator.name.as_str();
    let secrets = Secrets { usuario, password: &issued.password, md5: &issued.md5 };
    if json {
        output::print_json(&secrets)?;
    } else {
        let Secrets { usuario, password, md5 } = secrets;
        output::print(format_args!(
            "{sentence}\nusuario: {usuario}\npassword: {password}\nmd5: {md5}\n\
             Estos datos no se vuelven a mostrar. Vale enviar la contraseña o su MD5."
        ))?;
    }
    Ok(Exit::Done)
}
