//! `user`: the people who work for companies, and what each may do for which.

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use ventanilla_domain::{CompanyId, Role};
use ventanilla_service::{AdminRefusal, IssuedInvitation, SignInName, User};

use super::by::ByArgs;
use super::password::read_password;
use super::{from_company_id, from_text, invitation};
use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output;
use crate::problem::{Exit, Problem, refused};

/// The commands under `user`.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Agrega un usuario; su contraseña se pide en la terminal, o se lee de la entrada estándar
    Add(RoleArgs),
    /// Muestra los usuarios con sus derechos
    List(ListArgs),
    /// Da a un usuario un rol en una empresa, o se lo cambia
    Grant(RoleArgs),
    /// Quita a un usuario sus derechos en una empresa, desde ya
    Revoke(CompanyArgs),
    /// Deja de aceptar a un usuario y sus sesiones, desde ya
    Disable(NamedArgs),
    /// Vuelve a aceptar a un usuario, con la contraseña y los derechos que tiene
    Enable(NamedArgs),
    /// Muestra un enlace con el que alguien elige su contraseña y entra a la consola; sin --name, el primer administrador
    Invite(InviteArgs),
    /// Olvida el segundo factor de un usuario y termina sus sesiones: al entrar registra otro
    ResetSecondFactor(NamedArgs),
    /// Cambia una contraseña, que se pide o se lee como al agregar, y termina las sesiones
    Password(NamedArgs),
}

/// What a user may do, as it is typed and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RoleName {
    /// Sees everything, changes nothing.
    #[value(aliases = ["lector", "reader"])]
    Consulta,
    /// Keeps suppliers, their invoices and payouts.
    #[value(alias = "accountant")]
    Contador,
    /// Takes payments at the window.
    #[value(alias = "cashier")]
    Cajero,
    /// Takes payments, and answers for the cashiers.
    Supervisor,
    /// Does everything, and keeps the company.
    #[value(aliases = ["admin", "administrator"])]
    Administrador,
}

impl RoleName {
    fn to_role(self) -> Role {
        match self {
            Self::Consulta => Role::Reader,
            Self::Contador => Role::Accountant,
            Self::Cajero => Role::Cashier,
            Self::Supervisor => Role::Supervisor,
            Self::Administrador => Role::Administrator,
        }
    }
}

fn to_word(role: Role) -> &'static str {
    match role {
        Role::Reader => "consulta",
        Role::Accountant => "contador",
        Role::Cashier => "cajero",
        Role::Supervisor => "supervisor",
        Role::Administrator => "administrador",
    }
}

/// The flags of `user add` and `user grant`.
#[derive(Debug, Args)]
pub(crate) struct RoleArgs {
    /// Rol en la empresa: consulta, cajero, supervisor, contador o administrador; contador si falta
    #[arg(long, value_name = "ROL", default_value = "contador", ignore_case = true)]
    role: RoleName,
    #[command(flatten)]
    right: CompanyArgs,
}

/// The flags of `user revoke`.
#[derive(Debug, Args)]
pub(crate) struct CompanyArgs {
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    #[command(flatten)]
    user: NamedArgs,
}

/// The flags of `user invite`.
#[derive(Debug, Args)]
pub(crate) struct InviteArgs {
    /// Nombre del usuario, único en la instalación; si falta, lo elige el primer administrador
    #[arg(long, value_name = "NOMBRE", value_parser = from_text::<128>)]
    name: Option<SignInName>,
    /// Rol en la empresa: consulta, cajero, supervisor, contador o administrador
    #[arg(long, value_name = "ROL", ignore_case = true, requires = "name")]
    role: Option<RoleName>,
    /// Número de la empresa; sobra donde hay una sola
    #[arg(long, value_name = "ID", value_parser = from_company_id, requires = "name")]
    company: Option<CompanyId>,
    /// Responde con un objeto JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `user disable`, `user enable` and `user password`.
#[derive(Debug, Args)]
pub(crate) struct NamedArgs {
    /// Nombre del usuario, único en la instalación
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

/// The flags of `user list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Responde con una lista JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// A user as `--json` shows it: the wire's own names.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    usuario: &'a str,
    activo: bool,
    derechos: Vec<Right>,
}

/// What a user may do for a company.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Right {
    id_empresa: i64,
    rol: &'static str,
}

impl<'a> Shown<'a> {
    fn of(user: &'a User) -> Self {
        let right = |(company, role): &(CompanyId, Role)| Right {
            id_empresa: company.to_i64(),
            rol: to_word(*role),
        };
        Self {
            usuario: user.name.as_str(),
            activo: user.is_active,
            derechos: user.rights.iter().map(right).collect(),
        }
    }

    fn to_line(&self) -> String {
        let state = if self.activo { "activo" } else { "inactivo" };
        let rights =
            self.derechos.iter().map(|right| format!("{}:{}", right.id_empresa, right.rol));
        let rights = rights.collect::<Vec<_>>().join(",");
        format!("{}\t{state}\t{rights}", self.usuario).trim_end().to_owned()
    }
}

/// Runs a command under `user`.
pub(crate) fn run(command: UserCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    match command {
        UserCommand::Add(args) => add(args, log),
        UserCommand::List(args) => list(&args, log),
        UserCommand::Grant(args) => grant(&args, log),
        UserCommand::Revoke(args) => revoke(&args, log),
        UserCommand::Disable(args) => disable(&args, log),
        UserCommand::Enable(args) => enable(&args, log),
        UserCommand::Invite(args) => invite(&args, log),
        UserCommand::ResetSecondFactor(args) => reset_second_factor(&args, log),
        UserCommand::Password(args) => password(&args, log),
    }
}

fn add(args: RoleArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let RoleArgs { right: CompanyArgs { user, company }, role } = args;
    let NamedArgs { name, json, by, store } = user;
    let books = Books::open_by(&by, &store, log)?;
    let company = books.company(company)?.id;
    if has_user(&books, &name)? {
        return Err(refused(&AdminRefusal::UserExists));
    }
    let password = read_password(&books)?;
    let added = books.wait(books.service.add_user(name, &password, company, role.to_role()));
    let user = added.map_err(|failure| books.unchanged(failure))?;
    books.close();
    let role = to_word(role.to_role());
    tell(&user, json, format!("Usuario «{}» agregado: {role} en la empresa {company}", user.name))
}

fn list(args: &ListArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
    let users = books.service.users().map_err(|failure| books.unread(failure))?;
    books.close();
    let shown: Vec<Shown<'_>> = users.iter().map(Shown::of).collect();
    if args.json {
        output::print_json(&shown)?;
    } else {
        for user in &shown {
            output::print(user.to_line())?;
        }
    }
    Ok(Exit::Done)
}

fn grant(args: &RoleArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let CompanyArgs { user: NamedArgs { name, json, by, store }, company } = &args.right;
    let books = Books::open_by(by, store, log)?;
    let company = books.company(*company)?.id;
    let granted = books.wait(books.service.grant(name, company, args.role.to_role()));
    let user = granted.map_err(|failure| books.unchanged(failure))?;
    books.close();
    let role = to_word(args.role.to_role());
    tell(&user, *json, format!("Usuario «{name}»: {role} en la empresa {company} desde ahora"))
}

fn revoke(args: &CompanyArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let CompanyArgs { user: NamedArgs { name, json, by, store }, company } = args;
    let books = Books::open_by(by, store, log)?;
    let company = books.company(*company)?.id;
    let revoked = books.wait(books.service.revoke(name, company));
    let user = revoked.map_err(|failure| books.unchanged(failure))?;
    books.close();
    tell(&user, *json, format!("Usuario «{name}» sin derechos en la empresa {company} desde ahora"))
}

fn disable(args: &NamedArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let NamedArgs { name, json, by, store } = args;
    let books = Books::open_by(by, store, log)?;
    let disabled = books.wait(books.service.disable_user(name));
    let user = disabled.map_err(|failure| books.unchanged(failure))?;
    books.close();
    tell(&user, *json, format!("Usuario «{name}» inactivo desde ahora"))
}

fn enable(args: &NamedArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let NamedArgs { name, json, by, store } = args;
    let books = Books::open_by(by, store, log)?;
    let enabled = books.wait(books.service.enable_user(name));
    let user = enabled.map_err(|failure| books.unchanged(failure))?;
    books.close();
    tell(&user, *json, format!("Usuario «{name}» activo desde ahora"))
}

fn invite(args: &InviteArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let Some(name) = &args.name else { return invite_first(args, log) };
    let Some(role) = args.role else {
        return Err(Problem::usage("falta --role: qué será el usuario en la empresa"));
    };
    let books = Books::open_by(&args.by, &args.store, log)?;
    let company = books.company(args.company)?.id;
    let issued = books.wait(books.service.invite_user(name.clone(), company, role.to_role()));
    let issued = issued.map_err(|failure| books.unchanged(failure))?;
    books.close();
    let role = to_word(role.to_role());
    let heading = format!("Enlace de «{name}» ({role} en la empresa {company})");
    tell_invitation(&issued, args.json, Some(name), &heading)
}

fn invite_first(args: &InviteArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open_by(&args.by, &args.store, log)?;
    let issued = books.wait(books.service.invite_first());
    let issued = issued.map_err(|failure| books.unread(failure))?;
    books.close();
    tell_invitation(&issued, args.json, None, "Enlace del primer administrador de la consola")
}

fn tell_invitation(
    issued: &IssuedInvitation,
    json: bool,
    user: Option<&SignInName>,
    heading: &str,
) -> anyhow::Result<Exit> {
    if json {
        output::print_json(&invitation::Shown::of(issued, user))?;
    } else {
        invitation::show(issued, heading)?;
    }
    Ok(Exit::Done)
}

fn reset_second_factor(args: &NamedArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let NamedArgs { name, json, by, store } = args;
    let books = Books::open_by(by, store, log)?;
    let reset = books.wait(books.service.reset_second_factor(name));
    let user = reset.map_err(|failure| books.unchanged(failure))?;
    books.close();
    tell(&user, *json, format!("Segundo factor de «{name}» olvidado; sus sesiones terminaron"))
}

fn password(args: &NamedArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let NamedArgs { name, json, by, store } = args;
    let books = Books::open_by(by, store, log)?;
    if !has_user(&books, name)? {
        return Err(refused(&AdminRefusal::UserUnknown));
    }
    let password = read_password(&books)?;
    let changed = books.wait(books.service.set_user_password(name, &password));
    let user = changed.map_err(|failure| books.unchanged(failure))?;
    books.close();
    tell(&user, *json, format!("Contraseña de «{name}» cambiada; sus sesiones terminaron"))
}

/// Whether there is such a user, which is better known before a password is typed. What is written
/// decides.
fn has_user(books: &Books, name: &SignInName) -> anyhow::Result<bool> {
    let users = books.service.users().map_err(|failure| books.unread(failure))?;
    Ok(users.iter().any(|user| user.name == *name))
}

fn tell(user: &User, json: bool, sentence: String) -> anyhow::Result<Exit> {
    if json {
        output::print_json(&Shown::of(user))?;
    } else {
        output::print(sentence)?;
    }
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_reads_back_from_its_word() {
        for role in Role::ALL {
            let named = RoleName::from_str(to_word(role), false).unwrap();
            assert_eq!(named.to_role(), role);
            assert_eq!(RoleName::from_str(role.to_code(), false), Ok(named));
        }
        assert_eq!(RoleName::from_str("admin", false), Ok(RoleName::Administrador));
    }
}
