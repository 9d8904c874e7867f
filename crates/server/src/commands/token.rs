//! `token`: the tokens that collectors hold.

use clap::{Args, Subcommand};
use serde::Serialize;
use ventanilla_domain::{Company, CompanyId, Label};
use ventanilla_service::{KeptToken, TokenId};

use super::by::ByArgs;
use super::{from_company_id, from_text, to_local};
use crate::books::{Books, StoreArgs};
use crate::log::LogArgs;
use crate::output;
use crate::problem::{Exit, Problem};

/// The commands under `token`.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Muestra los tokens vigentes, sin los tokens: id, empresa, recaudador, emisión, vencimiento
    List(ListArgs),
    /// Termina un token, o todos los de un recaudador, desde ya
    Revoke(RevokeArgs),
}

/// The flags of `token list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Número de la empresa; si falta, todas
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Nombre del recaudador; si falta, todos
    #[arg(long, value_name = "NOMBRE", value_parser = from_text::<64>)]
    collector: Option<Label>,
    /// Responde con una lista JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// The flags of `token revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// El id que muestra «token list»
    #[arg(value_name = "ID", value_parser = from_token_id)]
    id: Option<TokenId>,
    /// Todos los tokens de este recaudador
    #[arg(long, value_name = "NOMBRE", value_parser = from_text::<64>, conflicts_with = "id")]
    collector: Option<Label>,
    /// Número de la empresa; sobra donde hay una sola, y con un id
    #[arg(long, value_name = "ID", value_parser = from_company_id)]
    company: Option<CompanyId>,
    /// Responde con una lista JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    by: ByArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// What is to be revoked.
enum Named<'a> {
    Token(TokenId),
    AllOf(&'a Label),
}

fn from_token_id(text: &str) -> Result<TokenId, String> {
    let id = TokenId::from_text(text);
    // A whole token may have been typed here: it is told nothing of.
    id.ok_or_else(|| "se espera el id de «token list»: 12 dígitos hexadecimales".to_owned())
}

/// A token as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    id: String,
    empresa: i64,
    recaudador: &'a str,
    emitido: Option<String>,
    vence: String,
}

impl<'a> Shown<'a> {
    fn of(token: &'a KeptToken, companies: &[Company]) -> anyhow::Result<Self> {
        let company = companies.iter().find(|company| company.id == token.company);
        let company = company.ok_or_else(|| Problem::usage("no hay ninguna empresa"))?;
        Ok(Self {
            id: token.id.to_string(),
            empresa: token.company.to_i64(),
            recaudador: token.collector.as_str(),
            emitido: token.issued_at.map(|at| to_local(company, at)),
            vence: to_local(company, token.expires_at),
        })
    }

    fn to_line(&self) -> String {
        let Self { id, empresa, recaudador, emitido, vence } = self;
        let emitido = emitido.as_deref().unwrap_or("-");
        format!("{id}\t{empresa}\t{recaudador}\t{emitido}\t{vence}")
    }
}

/// Runs a command under `token`.
pub(crate) fn run(command: TokenCommand, log: &LogArgs) -> anyhow::Result<Exit> {
    match command {
        TokenCommand::List(args) => list(&args, log),
        TokenCommand::Revoke(args) => revoke(&args, log),
    }
}

fn list(args: &ListArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let books = Books::open(&args.store, log)?;
    if args.company.is_some() {
        books.company(args.company)?;
    }
    let name = args.collector.as_ref().map(Label::as_str);
    let tokens = books.service.tokens(args.company, name);
    let tokens = tokens.map_err(|failure| books.unchanged(failure))?;
    let companies = books.service.companies().map_err(|failure| books.unread(failure))?;
    books.close();
    let shown = tokens.iter().map(|token| Shown::of(token, &companies));
    let shown = shown.collect::<anyhow::Result<Vec<_>>>()?;
    if args.json {
        output::print_json(&shown)?;
    } else {
        for token in &shown {
            output::print(token.to_line())?;
        }
    }
    Ok(Exit::Done)
}

fn revoke(args: &RevokeArgs, log: &LogArgs) -> anyhow::Result<Exit> {
    let missing = || Problem::usage("indique el id que muestra «token list», o --collector");
    let named = args.id.map(Named::Token);
    let named = named.or(args.collector.as_ref().map(Named::AllOf)).ok_or_else(missing)?;
    let books = Books::open_by(&args.by, &args.store, log)?;
    let revoked = match named {
        Named::Token(id) => {
            if args.company.is_some() {
                books.company(args.company)?;
            }
            books.wait(books.service.revoke_token(id, args.company))
        }
        Named::AllOf(name) => {
            let company = books.company(args.company)?.id;
            books.wait(books.service.revoke_tokens_of(company, name.as_str()))
        }
    };
    let revoked = revoked.map_err(|failure| books.unchanged(failure))?;
    let companies = books.service.companies().map_err(|failure| books.unread(failure))?;
    books.close();
    if args.json {
        let shown = revoked.iter().map(|token| Shown::of(token, &companies));
        output::print_json(&shown.collect::<anyhow::Result<Vec<_>>>()?)?;
    } else {
        let count = u64::try_from(revoked.len())?;
        let counted = output::counted(count, "token terminado", "tokens terminados");
        output::print(format_args!("{counted} desde ahora"))?;
    }
    Ok(Exit::Done)
}
