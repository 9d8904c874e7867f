//! Whom a connection is opened to, and why not to others.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown};
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use ventanilla_rig::Pair;

use super::*;
use crate::OpenError;

fn refused(address: &DatabaseAddress) -> OpenError {
    PgConnection::connect(address).unwrap_err()
}

/// A port on which nobody listens.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn the_machine_that_takes_writes_is_found_among_several() {
    let mut pair = Pair::start(&Options::default()).unwrap();
    let url = pair.url();
    let (head, rest) = url.split_once('@').unwrap();
    let (hosts, base) = rest.split_once('/').unwrap();
    let (primary, standby) = hosts.split_once(',').unwrap();
    let at = |hosts: &[&str]| {
        let text = format!("{head}@{}/{base}&connect_timeout=1", hosts.join(","));
        DatabaseAddress::from_text(&text).unwrap()
    };
    assert!(matches!(refused(&at(&[standby])), OpenError::ReadOnly));
    // The first is dead, the second a standby: the third is found, and asked first from then on.
    let dead = format!("127.0.0.1:{}", free_port());
    let address = at(&[&dead, standby, primary]);
    PgConnection::connect(&address).unwrap().simple("CREATE TABLE made (a BIGINT)").unwrap();
    assert_eq!(address.hosts().next().unwrap().0, 2);
    assert!(matches!(refused(&at(&[&dead, standby])), OpenError::ReadOnly));
    assert!(matches!(refused(&at(&[&dead])), OpenError::Unreachable(_)));
    // One that has frozen takes connections and never answers: the other is asked after the second.
    pair.freeze_primary().unwrap();
    pair.promote().unwrap();
    let (connected, waited) = took(|| PgConnection::connect(&at(&[primary, standby])));
    connected.unwrap().simple("CREATE TABLE after (a BIGINT)").unwrap();
    assert!(waited >= Duration::from_secs(1) && waited < Duration::from_secs(3), "{waited:?}");
    pair.thaw().unwrap();
}

#[test]
fn only_a_database_that_takes_writes_and_keeps_them_is_used() {
    let trial = Trial::new();
    let role = trial.database.role();
    for (value, works) in [("off", false), ("local", false), ("remote_apply", true), ("on", true)] {
        trial.sql(&format!("ALTER ROLE {role} SET synchronous_commit = {value}"));
        match PgConnection::connect(&trial.address()) {
            Ok(_) => assert!(works, "{value}"),
            Err(error) => assert!(matches!(error, OpenError::NotDurable(_)) && !works, "{value}"),
        }
    }
    trial.sql(&format!("ALTER ROLE {role} SET default_transaction_read_only = on"));
    assert!(matches!(refused(&trial.address()), OpenError::ReadOnly));
}

fn reason(address: &DatabaseAddress) -> String {
    match refused(address) {
        OpenError::Unsuitable(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_is_not_let_in_is_told_why() {
    let trial = Trial::new();
    let (role, base) = (trial.database.role(), trial.database.name());
    let port = Cluster::shared().unwrap().port();
    let at = |who: &str, base: &str| {
        DatabaseAddress::from_text(&format!("postgres://{who}@127.0.0.1:{port}/{base}")).unwrap()
    };
    trial.sql(&format!("ALTER ROLE {role} PASSWORD 'una/clave@rara'"));
    let password = format!("{role}:una%2Fclave%40rara");
    PgConnection::connect(&at(&password, base)).unwrap();
    assert!(reason(&at(&format!("{role}:otra"), base)).contains("contraseña"));
    assert!(reason(&at(role, base)).contains("contraseña"));
    assert!(reason(&at("nadie:x", base)).contains("usuario"));
    assert!(reason(&at(&password, "otra")).contains("«otra»"));
    trial.sql(&format!("REVOKE CONNECT ON DATABASE {base} FROM PUBLIC, {role}"));
    assert!(reason(&at(&password, base)).contains(base));
    trial.sql(&format!("GRANT CONNECT ON DATABASE {base} TO {role}"));
    trial.sql("CREATE DATABASE vieja ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    assert!(reason(&at(&password, "vieja")).contains("LATIN1"));
    trial.sql("DROP DATABASE vieja WITH (FORCE)");
    trial.sql(&format!("ALTER ROLE {role} CONNECTION LIMIT 1"));
    let held = PgConnection::connect(&at(&password, base)).unwrap();
    let refused = refused(&at(&password, base));
    assert!(matches!(refused, OpenError::Store(StoreError::Busy(_))), "{refused:?}");
    drop(held);
}

#[test]
fn a_version_that_is_too_old_is_refused_and_other_engines_count_otherwise() {
    for (engine, version, works) in [
        ("PostgreSQL 15.18 on x86_64", "150018", true),
        ("PostgreSQL 14.5 on x86_64", "140005", false),
        ("PostgreSQL 11.2-YB-2.20.1.0-b0 on x86_64", "110002", true),
        ("CockroachDB CCL v25.1.0", "130000", true),
    ] {
        assert_eq!(
            crate::postgres::connection::opening::require_version(engine, version).is_ok(),
            works,
            "{engine}"
        );
    }
}

/// A certification authority.
fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// A file as PostgreSQL takes it: of whoever it runs as, who is not root.
fn write_for_server(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
    if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
        let users = std::fs::read_to_string("/etc/passwd").unwrap();
        let line = users.lines().find(|line| line.starts_with("postgres:")).unwrap();
        let user = line.split(':').nth(2).unwrap().parse().unwrap();
        chown(path, Some(user), None).unwrap();
    }
}

/// A server with a certificate for `localhost`, and its authority.
fn certified(folder: &TempDir) -> (Cluster, CertifiedIssuer<'static, KeyPair>) {
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let (issuer, key) = (authority(), KeyPair::generate().unwrap());
    let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = certificate.signed_by(&key, &issuer).unwrap();
    let at = |name: &str| folder.path().join(name);
    write_for_server(&at("server.crt"), &certificate.pem());
    write_for_server(&at("server.key"), &key.serialize_pem());
    let path = |name: &str| at(name).display().to_string();
    let settings = [("ssl", "on".to_owned()), ("ssl_cert_file", path("server.crt"))];
    let settings = settings.into_iter().chain([("ssl_key_file", path("server.key"))]);
    let settings = settings.map(|(name, value)| (name.to_owned(), value)).collect();
    (Cluster::start(&Options { settings, ..Options::default() }).unwrap(), issuer)
}

#[test]
fn tls_is_only_with_the_server_that_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let (cluster, issuer) = certified(&folder);
    let trial = Trial { database: cluster.database().unwrap() };
    let at = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(at("own.pem"), issuer.pem()).unwrap();
    std::fs::write(at("other.pem"), authority().pem()).unwrap();
    let url = trial.database.url();
    let (url, _) = url.split_once('?').unwrap();
    let with = |host: &str, parameters: &str| {
        let text = format!("{}?{parameters}", url.replace("127.0.0.1", host));
        DatabaseAddress::from_text(&text).unwrap()
    };
    let own = format!("sslrootcert={}", at("own.pem"));
    let is_tls = "SELECT ssl::INT::BIGINT FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let connection = PgConnection::connect(&with("localhost", &own)).unwrap();
    assert_eq!(number(&connection, is_tls, &[]), 1);
    assert_eq!(number(&trial.connect(), is_tls, &[]), 0);
    assert!(reason(&with("127.0.0.1", &own)).contains("no es para"));
    let other = format!("sslrootcert={}", at("other.pem"));
    assert!(reason(&with("localhost", &other)).contains("firma"));
    assert!(reason(&with("localhost", "sslmode=verify-full")).contains("firma"));
    assert!(reason(&with("localhost", "sslrootcert=/etc/passwd")).contains("PEM"));
    let missing = refused(&with("localhost", "sslrootcert=/nothing"));
    assert!(matches!(missing, OpenError::File { .. }), "{missing:?}");
    // A server without TLS is not talked to in the clear.
    let plain = Trial::new().database.url().replace("sslmode=disable", &own);
    let plain = plain.replace("127.0.0.1", "localhost");
    let plain = reason(&DatabaseAddress::from_text(&plain).unwrap());
    assert!(plain.contains("no ofrece TLS"), "{plain}");
}
