//! The command line: what there is to be run. Each command's own flags stand beside it.

mod spanish;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub(crate) use spanish::Answer;

use crate::bench;
use crate::commands::{
    backup, collector, company, config, demo, explain, export, import, init, integrator, invoice,
    migrate, mirror, payout, receipt, recovery_kit, report, restore, serve, token, trail, user,
    verify, watch,
};
use crate::log::LogArgs;
use crate::problem::Exit;

/// La ventanilla donde se pagan las facturas: cobros por HTTP sobre un solo libro mayor
#[derive(Debug, Parser)]
#[command(name = "ventanilla", version)]
pub(crate) struct Cli {
    #[command(flatten)]
    log: LogArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Crea los datos de ejemplo, si faltan, y los sirve en esta máquina
    Demo(demo::DemoArgs),
    /// Crea una instalación vacía
    Init(init::InitArgs),
    /// Sirve los datos por HTTP
    #[command(after_help = config::EVERY_KEY)]
    Serve(Box<serve::ServeArgs>),
    /// Las empresas: sus libros y sus ajustes
    #[command(subcommand)]
    Company(company::CompanyCommand),
    /// Los recaudadores: quienes cobran para una empresa
    #[command(subcommand)]
    Collector(collector::CollectorCommand),
    /// Los tokens que los recaudadores tienen: cuáles están vigentes, y su fin
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Los integradores: las cuentas de los programas que llaman por los usuarios
    #[command(subcommand)]
    Integrator(integrator::IntegratorCommand),
    /// Los usuarios: quienes trabajan para las empresas, y con qué rol
    #[command(subcommand)]
    User(user::UserCommand),
    /// Los pagos a proveedores que registran los sistemas contables
    #[command(subcommand)]
    Payout(payout::PayoutCommand),
    /// Carga socios o facturas desde un archivo, y muestra lo que se cargó
    #[command(subcommand)]
    Import(Box<import::ImportCommand>),
    /// Carga los archivos que se dejan en una carpeta
    Watch(Box<watch::WatchArgs>),
    /// Saca cobros, facturas y socios, para otros sistemas o para una hoja de cálculo
    #[command(subcommand)]
    Export(Box<export::ExportCommand>),
    /// Da lo que un recaudador cobró en un día, como planilla, papel o JSON
    Report(report::ReportArgs),
    /// Imprime la factura de un cobro, la misma siempre
    Invoice(invoice::InvoiceArgs),
    /// Comprueba lo que dice el código QR de un comprobante de pago
    CheckReceipt(receipt::CheckArgs),
    /// Muestra la clave pública con la que se comprueban los comprobantes
    ReceiptKey(receipt::KeyArgs),
    /// Cuenta la vida de un pago: factura, asientos, solicitudes, impresiones y reversión
    Explain(explain::ExplainArgs),
    /// Muestra la bitácora: quién hizo qué, cuándo y desde dónde
    Trail(trail::TrailArgs),
    /// Recalcula saldos, totales y cadenas desde el diario, y los compara
    Verify(verify::VerifyArgs),
    /// Copia los libros en un archivo mientras se atiende, y lo revisa; o revisa un respaldo
    Backup(Box<backup::BackupArgs>),
    /// Pone en su lugar lo que guarda un respaldo, revisado antes; lo que había queda aparte
    Restore(Box<restore::RestoreArgs>),
    /// Copia los libros de un directorio en una base de datos PostgreSQL, y los compara
    Migrate(migrate::MigrateArgs),
    /// Guarda las claves cifradas con un código de recuperación, que se muestra una vez
    RecoveryKit(recovery_kit::RecoveryKitArgs),
    /// El espejo: el otro disco donde se escribe cada asiento
    #[command(subcommand)]
    Mirror(mirror::MirrorCommand),
    /// La configuración con que se sirve
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Mide el rendimiento, como razones dentro de una misma corrida
    #[command(subcommand)]
    Bench(bench::BenchCommand),
}

/// Reads the arguments, the program's name first.
pub(crate) fn from_arguments(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, Answer> {
    let command = spanish::in_spanish(Cli::command());
    let matches = command.clone().try_get_matches_from(arguments);
    let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches));
    cli.map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp => Answer::Asked(spanish::to_help(&error)),
        ErrorKind::DisplayVersion => Answer::Asked(error.render().to_string()),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Answer::Wrong(spanish::to_help(&error))
        }
        _ => Answer::Wrong(spanish::to_sentence(&error, &command)),
    })
}

/// Runs a command to its end.
pub(crate) fn run(cli: Cli) -> anyhow::Result<Exit> {
    let log = &cli.log;
    match cli.command {
        Command::Demo(args) => demo::run(&args, log),
        Command::Init(args) => init::run(&args, log),
        Command::Serve(args) => serve::run(&args, log),
        Command::Company(command) => company::run(command, log),
        Command::Collector(command) => collector::run(command, log),
        Command::Token(command) => token::run(command, log),
        Command::Integrator(command) => integrator::run(command, log),
        Command::User(command) => user::run(command, log),
        Command::Payout(command) => payout::run(command, log),
        Command::Import(command) => import::run(*command, log),
        Command::Watch(args) => watch::run(&args, log),
        Command::Export(command) => export::run(*command, log),
        Command::Report(args) => report::run(&args, log),
        Command::Invoice(args) => invoice::run(&args, log),
        Command::CheckReceipt(args) => receipt::check(&args, log),
        Command::ReceiptKey(args) => receipt::key(&args, log),
        Command::Explain(args) => explain::run(&args, log),
        Command::Trail(args) => trail::run(&args, log),
        Command::Verify(args) => verify::run(&args, log),
        Command::Backup(args) => backup::run(&args, log),
        Command::Restore(args) => restore::run(&args, log),
        Command::Migrate(args) => migrate::run(&args, log),
        Command::RecoveryKit(args) => recovery_kit::run(&args, log),
        Command::Mirror(command) => mirror::run(&command, log),
        Command::Config(command) => config::run(command, log),
        Command::Bench(command) => bench::run(&command, log),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> (bool, String) {
        let arguments = line.split_whitespace().map(OsString::from);
        match from_arguments(arguments) {
            Ok(_) => (true, String::new()),
            Err(Answer::Asked(text)) => (true, text),
            Err(Answer::Wrong(text)) => (false, text),
        }
    }

    #[test]
    fn the_containers_file_builds_with_our_rust_and_sets_variables_that_are_read() {
        let file = include_str!("../../../../Dockerfile");
        let rust = concat!("FROM rust:", env!("CARGO_PKG_RUST_VERSION"), "-");
        assert!(file.contains(rust), "{rust}");
        let serve = Cli::command().find_subcommand("serve").unwrap().clone();
        let read: Vec<_> = serve.get_arguments().filter_map(clap::Arg::get_env).collect();
        let words = file.split_whitespace().filter(|word| word.starts_with("VENTANILLA_"));
        let set: Vec<_> = words.map(|word| word.split('=').next().unwrap()).collect();
        assert_eq!(set.len(), 3, "{set:?}");
        for variable in set {
            assert!(read.iter().any(|name| *name == variable), "{variable}");
        }
    }

    #[test]
    fn the_definition_holds_together() {
        spanish::in_spanish(Cli::command()).debug_assert();
    }

    /// Lines that ask for help.
    const HELPS: &[&str] = &[
        "ventanilla --help",
        "ventanilla -h",
        "ventanilla demo --help",
        "ventanilla init --help",
        "ventanilla serve --help",
        "ventanilla company --help",
        "ventanilla company add --help",
        "ventanilla company set --help",
        "ventanilla collector add --help",
        "ventanilla collector list --help",
        "ventanilla collector disable --help",
        "ventanilla collector enable --help",
        "ventanilla collector rotate --help",
        "ventanilla token --help",
        "ventanilla token list --help",
        "ventanilla token revoke --help",
        "ventanilla integrator --help",
        "ventanilla integrator add --help",
        "ventanilla integrator list --help",
        "ventanilla integrator disable --help",
        "ventanilla integrator enable --help",
        "ventanilla integrator password --help",
        "ventanilla user --help",
        "ventanilla user add --help",
        "ventanilla user list --help",
        "ventanilla user grant --help",
        "ventanilla user revoke --help",
        "ventanilla user disable --help",
        "ventanilla user enable --help",
        "ventanilla user password --help",
        "ventanilla payout --help",
        "ventanilla payout list --help",
        "ventanilla payout show --help",
        "ventanilla payout reverse --help",
        "ventanilla import --help",
        "ventanilla import members --help",
        "ventanilla import bills --help",
        "ventanilla import list --help",
        "ventanilla import show --help",
        "ventanilla watch --help",
        "ventanilla export --help",
        "ventanilla export events --help",
        "ventanilla export bills --help",
        "ventanilla export members --help",
        "ventanilla export payments --help",
        "ventanilla payout print --help",
        "ventanilla report --help",
        "ventanilla invoice --help",
        "ventanilla check-receipt --help",
        "ventanilla receipt-key --help",
        "ventanilla explain --help",
        "ventanilla trail --help",
        "ventanilla verify --help",
        "ventanilla backup --help",
        "ventanilla restore --help",
        "ventanilla migrate --help",
        "ventanilla recovery-kit --help",
        "ventanilla mirror --help",
        "ventanilla mirror status --help",
        "ventanilla mirror off --help",
        "ventanilla mirror trim --help",
        "ventanilla import report --help",
        "ventanilla config --help",
        "ventanilla config check --help",
        "ventanilla bench pay --help",
        "ventanilla bench print --help",
    ];

    #[test]
    fn every_help_is_in_spanish() {
        for line in HELPS {
            let (asked, help) = told(line);
            assert!(asked, "{line}");
            assert!(help.contains("Uso: ventanilla"), "{line}: {help}");
            for english in
                ["Usage", "OPTIONS", "Options", "Print", "COMMAND", "default:", "possible"]
            {
                assert!(!help.contains(english), "{line}: {help}");
            }
        }
    }

    #[test]
    fn the_help_of_what_serves_ends_with_where_all_keys_are() {
        for line in ["ventanilla serve --help", "ventanilla config check --help"] {
            let (_, help) = told(line);
            let last = help.trim_end().lines().last().unwrap_or_default();
            assert!(last.ends_with("ventanilla config check --print"), "{line}: {help}");
        }
    }

    /// That each line is not taken, and told so in that sentence.
    #[track_caller]
    fn check_wrong(lines: &[(&str, &str)]) {
        for (line, sentence) in lines {
            let (taken, text) = told(line);
            assert!(!taken, "{line}");
            assert!(text.contains(sentence), "{line}: {text}");
        }
    }

    #[test]
    fn a_wrong_line_about_what_is_printed_is_told_in_spanish() {
        check_wrong(&[
            ("ventanilla payout print", "falta <ID|NÚMERO>"),
            ("ventanilla report --collector x --date 2021-11-05", "falta --format <FORMA>"),
            (
                "ventanilla report --collector x --date 2021-11-05 --format jsonl",
                "«jsonl» no vale: csv, xlsx, pdf, json",
            ),
            ("ventanilla report --date 5/11/2021", "se espera un día como 2021-11-05"),
            ("ventanilla invoice", "falta <ID>"),
            ("ventanilla invoice 0", "<ID>: se espera un número entero desde 1"),
            ("ventanilla invoice 1 --format carta", "«carta» no vale: a4, rollo"),
            ("ventanilla check-receipt --key 12", "se espera una clave pública: 64 dígitos"),
            ("ventanilla receipt-key --key 12", "no se conoce «--key»"),
        ]);
    }

    #[test]
    fn a_wrong_line_about_backups_is_told_in_spanish() {
        check_wrong(&[
            ("ventanilla backup", "falta <ARCHIVO>"),
            ("ventanilla backup x --check --encrypt", "--check no va junto con --encrypt"),
            ("ventanilla backup x --code-file y", "falta --kit <ARCHIVO>"),
            ("ventanilla backup x --code y", "no se conoce «--code»"),
            ("ventanilla restore", "falta <ARCHIVO>"),
            ("ventanilla restore x --report banco", "se espera NOMBRE=ARCHIVO"),
            ("ventanilla restore x --report banco=", "falta el archivo"),
            ("ventanilla restore x --report =y", "falta el nombre del recaudador"),
            ("ventanilla restore x --waive 13:", "falta el nombre del recaudador"),
            ("ventanilla import report x", "falta --collector <NOMBRE>"),
            ("ventanilla recovery-kit --code x", "no se conoce «--code»"),
        ]);
    }

    #[test]
    fn a_wrong_line_about_a_database_is_told_in_spanish_and_without_its_password() {
        check_wrong(&[
            ("ventanilla verify --database", "--database <URL> necesita un valor"),
            ("ventanilla verify --data d --database x", "--data <DIR> no va junto con --database"),
            ("ventanilla migrate --to x", "falta --from <DIR>"),
            ("ventanilla migrate --from sqlite:", "se espera el directorio de los datos"),
            ("ventanilla demo --database x", "no se conoce «--database»"),
            ("ventanilla verify postgres://a:b@c/d", "no se conoce «postgres://a@c/d»"),
        ]);
    }

    #[test]
    fn a_wrong_line_about_the_mirror_is_told_in_spanish() {
        check_wrong(&[
            ("ventanilla mirror", "Comandos:"),
            ("ventanilla mirror on", "no se conoce el comando «on»"),
            ("ventanilla serve --mirror", "--mirror <DIR> necesita un valor"),
            ("ventanilla mirror trim", "falta --backup <ARCHIVO>"),
            ("ventanilla restore r --mirror e --waive x", "--mirror <DIR> no va junto con"),
            ("ventanilla restore r --mirror e --report x=y", "--mirror <DIR> no va junto con"),
        ]);
    }

    #[test]
    fn a_wrong_line_about_secrets_is_told_in_spanish() {
        check_wrong(&[
            ("ventanilla collector rotate", "falta --name <NOMBRE>"),
            (
                "ventanilla collector rotate --name x --overlap 1w",
                "--overlap <TIEMPO>: se espera un tiempo como 24h, 7d, 90m o 0, hasta 90d",
            ),
            (
                "ventanilla collector rotate --name x --overlap 1h --now",
                "--overlap <TIEMPO> no va junto con --now",
            ),
            ("ventanilla collector enable --now", "no se conoce «--now»"),
            ("ventanilla token", "Comandos:"),
            ("ventanilla token revoke 12", "[ID]: se espera el id de «token list»"),
            (
                "ventanilla token revoke 0123456789ab --collector x",
                "[ID] no va junto con --collector <NOMBRE>",
            ),
        ]);
    }

    #[test]
    fn a_wrong_line_about_the_trail_is_told_in_spanish() {
        check_wrong(&[
            (
                "ventanilla explain",
                "falta <ID|--bill <N>|--contract <CÓDIGO>|--key <IDTRANSACCION>>",
            ),
            ("ventanilla explain 0", "[ID]: se espera un número entero desde 1"),
            ("ventanilla explain 1 --bill 2", "[ID] no va junto con --bill <N>"),
            ("ventanilla explain --bill x", "--bill <N>: se espera un número entero desde 1"),
            ("ventanilla explain --key ñ", "se espera un nombre de 1 a 64 caracteres ASCII"),
            ("ventanilla trail --from 5/11/2021", "se espera un día como 2021-11-05"),
            ("ventanilla trail --company 1 --no-company", "--company <ID> no va junto con"),
        ]);
    }

    #[test]
    fn a_wrong_line_is_told_in_spanish() {
        check_wrong(&[
            ("ventanilla", "Comandos:"),
            ("ventanilla company", "Comandos:"),
            ("ventanilla cobrar", "no se conoce el comando «cobrar»"),
            ("ventanilla demo --port 1", "no se conoce «--port»"),
            ("ventanilla verify --dta x", "¿quiso decir «--data»?"),
            ("ventanilla company add --name x", "falta --id <ID>"),
            ("ventanilla company add --id 0 --name x", "--id <ID>: se espera un número"),
            ("ventanilla verify --data", "--data <DIR> necesita un valor"),
            ("ventanilla verify --data a --data b", "no se puede repetir --data <DIR>"),
            ("ventanilla verify --log-format xml", "«xml» no vale: human, json"),
            (
                "ventanilla collector add --company 1 --name x --permission todo",
                "«todo» no vale: listar",
            ),
            ("ventanilla company set --company 1 oldest_first", "no tiene la forma CLAVE=VALOR"),
            ("ventanilla integrator", "Comandos:"),
            ("ventanilla integrator add", "falta --name <NOMBRE>"),
            ("ventanilla integrator add --name x --password y", "no se conoce «--password»"),
            ("ventanilla user", "Comandos:"),
            ("ventanilla user add", "falta --name <NOMBRE>"),
            ("ventanilla user add --name x --password y", "no se conoce «--password»"),
            (
                "ventanilla user add --name x --role todo",
                "«todo» no vale: consulta, contador, cajero, supervisor, administrador",
            ),
            (
                "ventanilla serve --session-lifetime-s 0",
                "VENTANILLA_SESSION_LIFETIME_S: se espera un número entero desde 1",
            ),
            (
                "ventanilla serve --trusted-proxies 127.0.0.1,10.0.0.0/40",
                "se espera una dirección o una red, como 127.0.0.1 o 10.0.0.0/8",
            ),
            ("ventanilla user revoke --name x --role admin", "no se conoce «--role»"),
            ("ventanilla payout", "Comandos:"),
            ("ventanilla payout reverse", "falta <ID|NÚMERO>"),
            ("ventanilla payout reverse x", "<ID|NÚMERO>: se espera un idPago, o un número como"),
            ("ventanilla payout show", "falta <ID|NÚMERO>"),
            ("ventanilla payout show 1-0", "<ID|NÚMERO>: se espera un idPago, o un número como"),
            ("ventanilla payout list --supplier x", "--supplier <ID>: se espera un número entero"),
            ("ventanilla payout list --from 5/11/2021", "se espera un día como 2021-11-05"),
            ("ventanilla import", "Comandos:"),
            ("ventanilla import members f.csv --complete", "no se conoce «--complete»"),
            ("ventanilla import bills f.csv --withdraw-max 5", "falta --complete"),
            (
                "ventanilla import bills f.csv --complete --withdraw-max todas",
                "--withdraw-max <N>: se espera un número entero desde 0",
            ),
            ("ventanilla import bills f.csv --verdicts", "--verdicts <ARCHIVO> necesita un valor"),
            ("ventanilla import show", "falta <N>"),
            ("ventanilla import show 0", "<N>: se espera un número entero desde 1"),
            ("ventanilla watch", "falta <DIR>"),
            ("ventanilla watch d --settle -1", "no se conoce «-1»"),
            ("ventanilla watch d --settle x", "--settle <S>: se espera un número entero desde 0"),
            ("ventanilla watch d --withdraw-max 5", "falta --complete"),
            ("ventanilla export", "Comandos:"),
            (
                "ventanilla export events --after x",
                "--after <N>: se espera un número entero desde 0",
            ),
            (
                "ventanilla export events --limit 0",
                "--limit <N>: se espera un número entero desde 1",
            ),
            ("ventanilla export events --format xml", "«xml» no vale: csv, jsonl"),
            ("ventanilla export events --follow --output x", "--follow no va junto con --output"),
            ("ventanilla export bills --follow", "no se conoce «--follow»"),
            ("ventanilla export payments --from 5/11/2021", "se espera un día como 2021-11-05"),
        ]);
    }

    #[test]
    fn the_version_is_told() {
        let (asked, text) = told("ventanilla --version");
        assert!(asked && text.starts_with("ventanilla 0."), "{text}");
    }
}
