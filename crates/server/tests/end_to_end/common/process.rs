//! Processes of the real binary.

use std::fmt;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use ventanilla_store::{Keys, Store};

use super::{Client, Credentials};

/// How long a test waits for what must come soon. Generous: the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// What the environment of whoever runs the tests must not say.
const VARIABLES: [&str; 26] = [
    "USER",
    "LOGNAME",
    "VENTANILLA_DATA",
    "VENTANILLA_DATABASE",
    "VENTANILLA_DATABASE_PASSWORD",
    "VENTANILLA_SECRETS",
    "VENTANILLA_CHECKPOINTS",
    "VENTANILLA_CONFIG",
    "VENTANILLA_RECOVERY_CODE",
    "VENTANILLA_LISTEN",
    "VENTANILLA_MIRROR",
    "VENTANILLA_METRICS",
    "VENTANILLA_METRICS_PUBLIC",
    "VENTANILLA_LOG",
    "VENTANILLA_LOG_FORMAT",
    "VENTANILLA_BATCH_LEN_MAX",
    "VENTANILLA_QUEUE_LEN_MAX",
    "VENTANILLA_TOKEN_LIFETIME_S",
    "VENTANILLA_SESSION_LIFETIME_S",
    "VENTANILLA_CONSOLE_IDLE_S",
    "VENTANILLA_CONSOLE_SESSION_S",
    "VENTANILLA_ADDRESS_REQUESTS_PER_S",
    "VENTANILLA_ADDRESS_REQUESTS_BURST",
    "VENTANILLA_COLLECTOR_REQUESTS_PER_S",
    "VENTANILLA_COLLECTOR_REQUESTS_BURST",
    "VENTANILLA_LIMIT_LOOPBACK",
];

#[expect(clippy::disallowed_methods, reason = "a test that waits for a process has a deadline")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Tells something that a passing test must tell too, such as a seed.
pub(crate) fn note(text: impl fmt::Display) {
    let text = format!("{text}\n");
    io::stderr().write_all(text.as_bytes()).unwrap();
}

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    /// The result as JSON; the command must have done what it was asked.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.code, 0, "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A directory of its own, in which commands run.
#[derive(Debug)]
pub(crate) struct Installation {
    folder: TempDir,
}

impl Installation {
    /// An empty directory.
    pub(crate) fn nothing() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// An initialised installation in `datos`, with company 13.
    pub(crate) fn with_company() -> Self {
        let installation = Self::nothing();
        installation.done(&["init", "--data", "datos"]);
        installation
            .done(&["company", "add", "--data", "datos", "--id", "13", "--name", "Cooplan"]);
        installation
    }

    /// A path in the directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the directory.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    /// What a file in the directory holds, as text.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The binary in this directory, without anything that the environment says.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ventanilla"));
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        command
    }

    /// Lines of bash in a folder of this directory, where `ventanilla` is the binary, without
    /// anything else that the environment says.
    pub(crate) fn shell(&self, folder: &str, lines: &str) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_ventanilla"));
        let lines = format!("PATH='{}':$PATH\n{lines}", binary.parent().unwrap().display());
        let mut command = Command::new("bash");
        command.current_dir(self.path(folder)).args(["-c", &lines]).stdin(Stdio::null());
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(arguments))
    }

    /// Runs a command that must do what it is asked.
    pub(crate) fn done(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{arguments:?}: {ran:?}");
        ran
    }

    /// Adds a collector to company 13.
    pub(crate) fn collector(&self, name: &str) -> Credentials {
        let line =
            ["collector", "add", "--data", "datos", "--company", "13", "--name", name, "--json"];
        let added = self.run(&line).json();
        let word = |key: &str| added[key].as_str().unwrap().to_owned();
        Credentials { code: word("CodSeguridad"), login: word("Login"), password: word("Pwd") }
    }

    /// Serves `datos` on a free port.
    pub(crate) fn serve(&self) -> Server {
        self.serve_data("datos")
    }

    /// The same of another directory.
    pub(crate) fn serve_data(&self, data: &str) -> Server {
        let flags = ["--listen", "127.0.0.1:0", "--log", "warn"];
        Server::start(self.command(&["serve", "--data", data]).args(flags))
    }

    /// Serves `datos` with a mirror, and health and metrics; its log goes to `registro`.
    pub(crate) fn serve_mirrored(&self, mirror: &str) -> Server {
        let log = std::fs::File::options().append(true).create(true).open(self.path("registro"));
        let mut command = self.command(&["serve", "--data", "datos", "--mirror", mirror]);
        let flags = ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--log", "info"];
        Server::start(command.args(flags).stderr(Stdio::from(log.unwrap())))
    }

    /// What follows a disk that died: the books of `copia`, and what the mirror has beyond them.
    pub(crate) fn put_back(&self, copy: &str, mirror: &str) {
        let (data, keys) = (self.path("datos"), self.path("datos.secrets"));
        std::fs::remove_dir_all(&data).unwrap();
        std::fs::create_dir(&data).unwrap();
        std::fs::copy(self.path(copy), data.join("ventanilla.db")).unwrap();
        let store = Store::open_sqlite(&data, Keys::read_file(&keys).unwrap()).unwrap();
        store.replay_mirror(&self.path(mirror)).unwrap();
    }

    /// A copy of the books of `datos` as they stand: a backup.
    pub(crate) fn copy_books(&self, copy: &str) {
        let sql = format!("VACUUM INTO '{}'", self.path(copy).display());
        let mut shell = Command::new("sqlite3");
        shell.arg(self.path("datos/ventanilla.db")).arg(sql);
        assert!(shell.status().unwrap().success());
    }

    /// The demo on a free port.
    pub(crate) fn demo(&self) -> Server {
        Server::start(&mut self.command(&["demo", "--listen", "127.0.0.1:0", "--log", "warn"]))
    }
}

/// The name of the user that the tests run as.
pub(crate) fn system_user() -> String {
    let told = Command::new("id").arg("-un").output().unwrap().stdout;
    String::from_utf8(told).unwrap().trim().to_owned()
}

/// Runs a command to its end, which must come in time.
pub(crate) fn run(command: &mut Command) -> Ran {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let out = read_all(child.stdout.take().unwrap());
    let err = read_all(child.stderr.take().unwrap());
    let code = wait(&mut child, PATIENCE);
    Ran { code, out: out.join().unwrap(), err: err.join().unwrap() }
}

/// Runs lines in one installation; each has its exit code and a part of what it tells.
pub(crate) fn check(installation: &Installation, lines: &[(&str, i32, &str)]) {
    for (line, code, told) in lines {
        let ran = installation.run(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(ran.code, *code, "{line}: {ran:?}");
        let text = if *code == 0 { &ran.out } else { &ran.err };
        assert!(text.contains(told), "{line}: {told}: {ran:?}");
        assert!(*code == 0 || ran.out.is_empty(), "{line}: nothing but results: {ran:?}");
        for inner in ["panicked", "os error", "rusqlite", "SQLITE", "Error {"] {
            assert!(!ran.err.contains(inner), "{line}: {ran:?}");
        }
    }
}

fn read_all(mut pipe: impl io::Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    })
}

/// The exit code of a process, which must end in time; 128 and more where a signal ended it.
fn wait(child: &mut Child, patience: Duration) -> i32 {
    let deadline = now() + patience;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            use std::os::unix::process::ExitStatusExt as _;
            return status.code().unwrap_or_else(|| 128 + status.signal().unwrap());
        }
        if now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the process did not end in {patience:?}");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// A process that goes on until it is told to end, and ends with this value.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    lines: Receiver<String>,
}

impl Daemon {
    /// Starts a process.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let (lines_tx, lines) = mpsc::channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if lines_tx.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line it prints; it must come in time.
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap()
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits for its end, which must come in time.
    pub(crate) fn ended(&mut self, patience: Duration) -> i32 {
        wait(&mut self.child, patience)
    }

    /// Stops it as an operator does.
    pub(crate) fn stop(mut self) {
        self.terminate();
        assert_eq!(self.ended(PATIENCE), 0);
    }

    /// Ends it without a word, as a power cut would end its process.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // After `stop` or `kill` there is nothing left to end.
        self.child.kill().and_then(|()| self.child.wait()).ok();
    }
}

/// A process whose pipes are its test's own; it ends with this value.
#[derive(Debug)]
pub(crate) struct Piped {
    pub(crate) child: Child,
}

impl Piped {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self { child: command.spawn().unwrap() }
    }

    /// Waits for its end, which must come in time.
    pub(crate) fn ended(&mut self) -> i32 {
        wait(&mut self.child, PATIENCE)
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).ok();
    }
}

/// A server.
#[derive(Debug)]
pub(crate) struct Server {
    daemon: Daemon,
    address: SocketAddr,
}

impl Server {
    /// Starts a server and waits until it listens.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut daemon = Daemon::start(command);
        let address = daemon.lines.recv_timeout(PATIENCE).ok().and_then(|line| {
            line.strip_prefix("listening on http://").and_then(|address| address.parse().ok())
        });
        let Some(address) = address else {
            daemon.child.kill().unwrap();
            panic!("the server does not listen; it ended as {:?}", daemon.child.wait());
        };
        Self { daemon, address }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client with a token.
    pub(crate) fn client(&self, credentials: &Credentials) -> Client {
        Client::log_in(self.address, credentials)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.daemon.pid()
    }

    /// The next line it prints.
    pub(crate) fn line(&self) -> String {
        self.daemon.line()
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        self.daemon.terminate();
    }

    /// Waits for its end, which must come in time.
    pub(crate) fn ended(&mut self, patience: Duration) -> i32 {
        self.daemon.ended(patience)
    }

    /// Stops it as an operator does.
    pub(crate) fn stop(self) {
        self.daemon.stop();
    }

    /// Ends it without a word, as a power cut would end its process.
    pub(crate) fn kill(self) {
        self.daemon.kill();
    }
}

/// Waits until something is so, which must come in time.
pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = now() + PATIENCE;
    while !is_so() {
        assert!(now() < deadline, "{what} did not come in {PATIENCE:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// `verify` must find nothing.
pub(crate) fn verify(installation: &Installation, data: &str) {
    let ran = installation.run(&["verify", "--data", data]);
    assert!(ran.code == 0 && ran.out.contains("sin diferencias"), "{ran:?}");
}

/// Whether a path holds anything.
pub(crate) fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
