//! PostgreSQL for tests: servers of their own, in temporary directories, that end with their test.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use tempfile::TempDir;

use super::{DatabaseAddress, PgConnection};

const BINARIES: &str = "/usr/lib/postgresql/15/bin";
const PASSWORD: &str = "una/clave@rara";
const START_TRIES: u32 = 1_000;

/// A running server, with a role and a database `ventanilla`.
pub(super) struct Server {
    pub(super) port: u16,
    folder: TempDir,
    process: Child,
}

/// Certification authorities in files: the one that vouches for the server, and another.
pub(super) struct Authorities {
    pub(super) own: PathBuf,
    pub(super) other: PathBuf,
}

impl Server {
    pub(super) fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts with lines of the server's configuration, and makes the role and the database.
    pub(super) fn start_with(lines: &[&str]) -> Self {
        let folder = folder();
        let data = folder.path().join("data");
        let made = as_postgres("initdb")
            .args(["-A", "trust", "--auth-host=scram-sha-256", "-E", "UTF8", "--locale=C", "-N"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let server = Self::run(folder, lines);
        server.sql("postgres", &format!("CREATE ROLE ventanilla LOGIN PASSWORD '{PASSWORD}'"));
        server.sql("postgres", "CREATE DATABASE ventanilla OWNER ventanilla");
        server
    }

    /// A second server that follows this one.
    pub(super) fn standby(&self) -> Self {
        let folder = folder();
        let made = as_postgres("pg_basebackup")
            .args(["-R", "-X", "stream", "-c", "fast", "-h"])
            .arg(self.folder.path())
            .args(["-p", &self.port.to_string(), "-U", "postgres", "-D"])
            .arg(folder.path().join("data"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        Self::run(folder, &[])
    }

    fn run(folder: TempDir, lines: &[&str]) -> Self {
        let port = free_port();
        let mut command = as_postgres("postgres");
        command.arg("-D").arg(folder.path().join("data")).args(["-p", &port.to_string()]);
        for line in
            lines.iter().copied().chain(["listen_addresses=localhost", "max_connections=50"])
        {
            command.args(["-c", line]);
        }
        command.arg("-c").arg(format!("unix_socket_directories={}", folder.path().display()));
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let process = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let server = Self { port, folder, process };
        server.wait();
        server
    }

    fn wait(&self) {
        for _ in 0..START_TRIES {
            let mut ready = as_postgres("pg_isready");
            ready.arg("-q").arg("-h").arg(self.folder.path()).args(["-p", &self.port.to_string()]);
            if ready.status().unwrap().success() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{}", std::fs::read_to_string(self.folder.path().join("log")).unwrap());
    }

    /// Runs SQL as the superuser; gives what it prints.
    pub(super) fn sql(&self, database: &str, sql: &str) -> String {
        let mut psql = as_postgres("psql");
        psql.args(["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h"]).arg(self.folder.path());
        psql.args(["-p", &self.port.to_string(), "-U", "postgres", "-d", database, "-c", sql]);
        let done = psql.output().unwrap();
        assert!(done.status.success(), "{sql}: {done:?}");
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    /// The address of the database `ventanilla` on that host, with parameters.
    pub(super) fn address_at(&self, host: &str, parameters: &str) -> DatabaseAddress {
        let password = "una%2Fclave%40rara";
        let port = self.port;
        let text =
            format!("postgres://ventanilla:{password}@{host}:{port}/ventanilla?{parameters}");
        DatabaseAddress::from_text(&text).unwrap()
    }

    pub(super) fn address(&self) -> DatabaseAddress {
        self.address_at("127.0.0.1", "")
    }

    pub(super) fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.address()).unwrap()
    }

    /// The directory of its socket, as an address says it.
    pub(super) fn socket(&self) -> String {
        self.folder.path().display().to_string().replace('/', "%2F")
    }

    /// Stops what the server does, or lets it go on; `-STOP`, `-CONT`.
    pub(super) fn signal_all(&self, signal: &str) {
        let parent = self.process.id().to_string();
        let mut children = Command::new("pgrep");
        let children = children.args(["-P", &parent]).output().unwrap().stdout;
        let children = String::from_utf8(children).unwrap();
        for process in std::iter::once(parent.as_str()).chain(children.split_whitespace()) {
            self::signal(signal, process);
        }
    }

    /// Ends the server as a stop by its administrator does, and starts it again on the same port.
    pub(super) fn restart(&mut self) {
        signal("-INT", &self.process.id().to_string());
        self.process.wait().unwrap();
        let mut command = as_postgres("postgres");
        command.arg("-D").arg(self.folder.path().join("data")).args(["-p", &self.port.to_string()]);
        command.args(["-c", "listen_addresses=localhost"]);
        command.arg("-c").arg(format!("unix_socket_directories={}", self.folder.path().display()));
        self.process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.wait();
    }

    /// Gives the server a certificate for `localhost`, by an authority of its own.
    pub(super) fn certify(&self) -> Authorities {
        let at = |name: &str| self.folder.path().join(name);
        let issuer = authority();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = certificate.signed_by(&key, &issuer).unwrap();
        std::fs::write(at("server.crt"), certificate.pem()).unwrap();
        std::fs::write(at("server.key"), key.serialize_pem()).unwrap();
        std::fs::set_permissions(at("server.key"), PermissionsExt::from_mode(0o600)).unwrap();
        for name in ["server.crt", "server.key"] {
            own(&at(name));
        }
        std::fs::write(at("own.pem"), issuer.pem()).unwrap();
        std::fs::write(at("other.pem"), authority().pem()).unwrap();
        for line in ["ssl_cert_file", "ssl_key_file"].iter().zip(["server.crt", "server.key"]) {
            let path = at(line.1);
            self.sql("postgres", &format!("ALTER SYSTEM SET {} = '{}'", line.0, path.display()));
        }
        self.sql("postgres", "ALTER SYSTEM SET ssl = on");
        self.sql("postgres", "SELECT pg_reload_conf()");
        Authorities { own: at("own.pem"), other: at("other.pem") }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal_all("-CONT");
        signal("-QUIT", &self.process.id().to_string());
        self.process.wait().unwrap();
    }
}

/// Sends a signal to one process.
pub(super) fn signal(signal: &str, process: &str) {
    // One that is gone already needs none.
    Command::new("kill").args([signal, process]).stderr(Stdio::null()).status().unwrap();
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    own(folder.path());
    folder
}

/// PostgreSQL refuses to run as root, and takes only what belongs to whom it runs as.
fn own(path: &Path) {
    if is_root() {
        let users = std::fs::read_to_string("/etc/passwd").unwrap();
        let line = users.lines().find(|line| line.starts_with("postgres:")).unwrap();
        let mut fields = line.split(':').skip(2).map(|field| field.parse::<u32>().unwrap());
        chown(path, fields.next(), fields.next()).unwrap();
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").unwrap().uid() == 0
}

/// A program of PostgreSQL, that ends with the thread of its test.
fn as_postgres(program: &str) -> Command {
    let mut command = Command::new("setpriv");
    if is_root() {
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
    }
    command.arg("--pdeathsig=QUIT").arg(format!("{BINARIES}/{program}")).current_dir("/");
    command
}
