//! Databases that are no good: each is told in a sentence of its own, and nothing is left behind.

use super::{Office, check_told};
use crate::common::{Ran, Server, exists, run};

/// The password of the roles that the rig makes, as a URL has it.
const PASSWORD: &str = ":clave";

impl Office {
    /// Runs a command over another address.
    fn run_at(&self, line: &str, url: &str) -> Ran {
        run(self.command(line).env("VENTANILLA_DATABASE", url))
    }

    /// That `init` and `verify` are refused so, and that `init` leaves nothing; the secrets are there for the
    /// second.
    #[track_caller]
    fn check_refused(&self, url: &str, code: i32, told: &str) {
        for line in ["init --secrets nuevas", "verify", "serve --listen 127.0.0.1:0"] {
            let ran = self.run_at(line, url);
            assert!(ran.code == code && ran.err.contains(told), "{line}: {told}: {ran:?}");
            assert_eq!(ran.out, "", "{line}: nothing but results");
            check_told(&ran, PASSWORD);
        }
        for left in ["nuevas", "nuevas.recovery-kit", "nuevas.checkpoints"] {
            assert!(!exists(&self.installation.path(left)), "{told}: {left}");
        }
    }
}

#[test]
fn an_address_that_is_none_is_wrong_usage() {
    let office = Office::with_company();
    for (url, told) in [
        ("mysql://a:clave@127.0.0.1/x", "VENTANILLA_DATABASE: se escribe postgres://"),
        ("postgres://127.0.0.1/x", "VENTANILLA_DATABASE: se escribe postgres://"),
        ("postgres://a:clave@127.0.0.1/x?sslmode=prefer", "el parámetro «sslmode»"),
        ("postgres://a:clave@127.0.0.1/x?options=y", "el parámetro «options» no se conoce"),
    ] {
        office.check_refused(url, 2, told);
    }
    let ran = office.run("verify --database mysql://a:clave@127.0.0.1/x");
    assert!(ran.code == 2 && ran.err.contains("--database: se escribe postgres://"), "{ran:?}");
    check_told(&ran, PASSWORD);
}

#[test]
fn a_database_that_lets_nobody_in_says_why() {
    let office = Office::with_company();
    let url = office.database.url();
    let name = office.database.name();
    let at = |from: &str, to: &str| url.replace(from, to);
    let port = url.rsplit_once(':').unwrap().1.split('/').next().unwrap();
    let there =
        |name: &str| format!("127.0.0.1:{port}/{name}: la base de datos no se puede usar: ");
    for (url, told) in [
        (
            at(&format!(":{port}/"), ":1/"),
            "127.0.0.1:1/".to_owned() + name + ": no se llega a la base de datos",
        ),
        (at(":clave@", ":otra@"), there(name) + "no acepta al usuario, su contraseña"),
        (at(&format!("/{name}?"), "/nada?"), there("nada") + "no hay ninguna base «nada»"),
        (at("sslmode=disable", "sslmode=verify-full"), there(name) + "no ofrece TLS"),
    ] {
        office.check_refused(&url, 3, &told);
    }
}

#[test]
fn a_password_may_come_from_the_environment() {
    let office = Office::with_company();
    let url = office.database.url().replace(":clave@", "@");
    let with = |password: &str| {
        let mut command = office.command("verify");
        command.env("VENTANILLA_DATABASE", &url);
        run(command.env("VENTANILLA_DATABASE_PASSWORD", password))
    };
    assert_eq!(with("clave").code, 0);
    let wrong = with("s3cr3t");
    assert!(wrong.code == 3 && wrong.err.contains("no acepta al usuario"), "{wrong:?}");
    check_told(&wrong, "s3cr3t");
}

#[test]
fn a_database_that_is_no_good_for_payments_is_refused() {
    for (setting, told) in [
        ("default_transaction_read_only = on", "no admite escrituras"),
        ("synchronous_commit = off", "la base de datos no mantiene synchronous_commit = on"),
    ] {
        let office = Office::with_company();
        let role = office.database.role();
        office.database.sql(&format!("ALTER ROLE {role} SET {setting}")).unwrap();
        office.check_refused(&office.database.url(), 3, told);
    }
}

#[test]
fn what_is_another_programs_stays_as_it_is() {
    let office = Office::nothing();
    office.installation.write("claves", "");
    let count = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    let role = office.database.role();
    let theirs = format!("CREATE TABLE suya (id BIGINT); ALTER TABLE suya OWNER TO {role}");
    office.database.sql(&theirs).unwrap();
    let ran = office.run("init");
    assert!(ran.code == 3 && ran.err.contains("la base de datos no se puede usar: "), "{ran:?}");
    check_told(&ran, PASSWORD);
    assert!(!exists(&office.installation.path("ventanilla.secrets")));
    assert_eq!(office.database.sql(count).unwrap().trim(), "1");
}

#[test]
fn a_database_has_one_installation_of_one_secrets_file() {
    let office = Office::nothing();
    let none = office.run("verify");
    assert!(
        none.code == 2 && none.err.contains("no existe el archivo de claves; lo hizo"),
        "{none:?}"
    );
    let other = Office::with_company();
    let secrets = |office: &Office| office.installation.path("ventanilla.secrets");
    std::fs::copy(secrets(&other), secrets(&office)).unwrap();
    let empty = office.run("verify");
    let told = "no hay ninguna instalación; créela con «ventanilla init»\n";
    assert!(empty.code == 3 && empty.err.contains(told), "{empty:?}");
    let taken = office.run("init");
    assert!(taken.code == 2 && taken.err.contains("ventanilla.secrets: ya existe"), "{taken:?}");
    office.done("init --secrets suyas");
    for line in ["verify", "serve --listen 127.0.0.1:0", "company list"] {
        let foreign = office.run(line);
        let told = "no es el archivo de claves de estos datos; todos sus servidores usan el mismo";
        assert!(foreign.code == 2 && foreign.err.contains(told), "{line}: {foreign:?}");
    }
    let again = office.run("init --secrets terceras");
    assert!(
        again.code == 2 && again.err.contains("ya tiene una instalación; nada cambió"),
        "{again:?}"
    );
    assert!(!exists(&office.installation.path("terceras")));
    let ran = office.run("verify --secrets suyas");
    assert!(ran.code == 0 && ran.out.contains("sin diferencias"), "{ran:?}");
}

#[test]
fn a_password_is_in_no_log_at_any_level() {
    const CANARY: &str = "canario-0f1e2d3c";
    let office = Office::with_company();
    let bank = office.collector("banco");
    let role = office.database.role();
    office.database.sql(&format!("ALTER ROLE {role} PASSWORD '{CANARY}'")).unwrap();
    let url = office.database.url().replace(PASSWORD, &format!(":{CANARY}"));
    for line in
        ["verify --log trace", "verify --log trace --secrets nada", "backup copia --log trace"]
    {
        let ran = office.run_at(line, &url);
        check_told(&ran, CANARY);
    }
    let wrong = office.run_at("verify --log trace", &url.replace("sslmode=disable", "sslmode=x"));
    check_told(&wrong, CANARY);
    let log = std::fs::File::create(office.installation.path("registro")).unwrap();
    let mut command = office.command("serve --listen 127.0.0.1:0 --log trace");
    let server = Server::start(command.env("VENTANILLA_DATABASE", &url).stderr(log));
    server.client(&bank);
    let arguments = std::fs::read(format!("/proc/{}/cmdline", server.pid())).unwrap();
    assert!(!String::from_utf8_lossy(&arguments).contains(CANARY));
    server.stop();
    let log = office.installation.read("registro");
    assert!(!log.is_empty() && !log.contains(CANARY), "{log}");
}
