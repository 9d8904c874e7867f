//! One server: its data directory, its postmaster, and what is done to it.

use crate::cluster::Options;
use crate::nest::Nest;
use crate::patience::wait_for;
use crate::toolbox::{Toolbox, run};
use crate::{ports, processes};
use anyhow::{Context as _, Result, bail};
use rustix::process::Pid;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// The superuser, who comes in by the socket alone, but for what is replicated.
pub(crate) const SUPERUSER: &str = "postgres";

/// Roles prove their password as they do on a server in earnest.
const WHO_MAY_CONNECT: &str = "\
local all all trust
local replication all trust
host replication postgres 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
";

/// What every server is started with. Shared memory lies in files: what is killed leaves none behind.
const SETTINGS: [(&str, &str); 6] = [
    ("listen_addresses", "127.0.0.1"),
    ("max_connections", "200"),
    ("shared_buffers", "128MB"),
    ("dynamic_shared_memory_type", "mmap"),
    ("wal_keep_size", "256MB"),
    // Else a standby looks for its primary every five seconds.
    ("wal_retrieve_retry_interval", "100ms"),
];

/// The end of a log that an error tells, in bytes.
const LOG_TAIL_LEN: usize = 4_000;

/// One server on a port of its own, which stays the same from start to start.
#[derive(Debug)]
pub(crate) struct Node {
    toolbox: Toolbox,
    nest: Arc<Nest>,
    name: &'static str,
    port: u16,
    settings: Vec<(String, String)>,
    postmaster: Option<Child>,
}

impl Node {
    /// A server that has no data yet.
    pub(crate) fn new(
        toolbox: Toolbox,
        nest: Arc<Nest>,
        name: &'static str,
        options: &Options,
    ) -> Result<Self> {
        let port = ports::take_free_port()?;
        let mut settings: Vec<(String, String)> =
            SETTINGS.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let fsync = if options.fsync { "on" } else { "off" };
        settings.push((String::from("fsync"), fsync.to_owned()));
        settings.extend_from_slice(&options.settings);
        Ok(Self { toolbox, nest, name, port, settings, postmaster: None })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Where its processes work; no other server's do.
    fn data(&self) -> PathBuf {
        self.nest.folder().join(self.name)
    }

    fn log_file(&self) -> PathBuf {
        self.nest.folder().join(format!("{}.log", self.name))
    }

    /// Makes the data of a new server. Half a second would go for syncing what is empty.
    pub(crate) fn init(&self) -> Result<()> {
        let mut command = self.toolbox.command("initdb");
        command.args(["--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C.UTF-8"]);
        command.args(["--auth=trust", "--username", SUPERUSER, "--pgdata"]).arg(self.data());
        run(&mut command)?;
        let rules = self.data().join("pg_hba.conf");
        fs::write(&rules, WHO_MAY_CONNECT).context("cannot write pg_hba.conf")
    }

    /// Makes the data a copy of another server's that runs, ready to start as its standby.
    pub(crate) fn copy_of(&self, primary: &Self) -> Result<()> {
        let data = self.data();
        self.discard_data()?;
        let mut command = self.toolbox.command("pg_basebackup");
        command.args(["--checkpoint=fast", "--no-sync", "--wal-method=stream", "--pgdata"]);
        command.arg(&data).arg("--host").arg(self.nest.folder());
        command.args(["--username", SUPERUSER, "--port", &primary.port.to_string()]);
        run(&mut command)?;
        let signal = data.join("standby.signal");
        fs::write(&signal, "").context("cannot write standby.signal")?;
        self.toolbox.own(&signal)
    }

    /// Moves the data out of the way, and leaves its removal to itself: on some disks that takes seconds, and
    /// what is left of it goes with the nest.
    fn discard_data(&self) -> Result<()> {
        static DISCARDED: AtomicU32 = AtomicU32::new(0);
        let number = DISCARDED.fetch_add(1, Ordering::Relaxed);
        let aside = self.nest.folder().join(format!("discarded.{number}"));
        match fs::rename(self.data(), &aside) {
            Ok(()) => drop(thread::spawn(move || fs::remove_dir_all(aside))),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error).context("cannot move a server's data aside"),
        }
        Ok(())
    }

    /// Starts the server and waits until it answers. `upstream` is the port that a standby follows.
    pub(crate) fn start(&mut self, upstream: Option<u16>) -> Result<()> {
        let log = File::options().create(true).append(true).open(self.log_file())?;
        let mut command = self.toolbox.command("postgres");
        command.arg("-D").arg(self.data()).stdout(log.try_clone()?).stderr(log);
        set(&mut command, "port", &self.port.to_string());
        let sockets = self.nest.folder().display().to_string();
        set(&mut command, "unix_socket_directories", &sockets);
        for (name, value) in &self.settings {
            set(&mut command, name, value);
        }
        if let Some(port) = upstream {
            let upstream = format!("host=127.0.0.1 port={port} user={SUPERUSER} sslmode=disable");
            set(&mut command, "primary_conninfo", &upstream);
        }
        // A terminal's interrupt is for the tests, which end the servers when they end.
        let child = command.process_group(0).spawn().context("cannot start `postgres`")?;
        self.postmaster = Some(child);
        self.wait_until_ready()
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let state_file = self.data().join("postmaster.pid");
        let log_file = self.log_file();
        let Some(postmaster) = &mut self.postmaster else { bail!("{} was not started", self.name) };
        let id = postmaster.id().to_string();
        wait_for("a server's readiness", || {
            if let Some(status) = postmaster.try_wait()? {
                bail!("PostgreSQL ended with {status}:\n{}", tail_of(&log_file));
            }
            // A file of a server that was killed names another process.
            let state = fs::read_to_string(&state_file).unwrap_or_default();
            let lines: Vec<&str> = state.lines().map(str::trim).collect();
            let is_ready = matches!(lines.get(7), Some(&("ready" | "standby")));
            Ok((is_ready && lines.first() == Some(&id.as_str())).then_some(()))
        })
    }

    /// Ends every process of the server at once. One that does not run stays so.
    pub(crate) fn kill(&mut self) -> Result<()> {
        let Some(mut postmaster) = self.postmaster.take() else { return Ok(()) };
        processes::kill(to_pid(&postmaster), &self.data())?;
        // The handle may be the last that knows it died.
        postmaster.kill()?;
        postmaster.wait()?;
        self.release_memory();
        Ok(())
    }

    /// Gives back the one piece of shared memory that outlives a killed server, which finds it again by this
    /// file. The next start is of other data.
    fn release_memory(&self) {
        let file = self.data().join("postmaster.pid");
        let state = fs::read_to_string(&file).unwrap_or_default();
        if let Some(segment) = state.lines().nth(6).and_then(|line| line.split_whitespace().last())
        {
            Command::new("ipcrm").args(["-m", segment]).stderr(Stdio::null()).status().ok();
        }
    }

    pub(crate) fn freeze(&self) -> Result<()> {
        processes::freeze(self.postmaster.as_ref().and_then(to_pid), &self.data())
    }

    pub(crate) fn thaw(&self) -> Result<()> {
        processes::thaw(&self.data())
    }

    /// Lets a standby take writes, and returns when it does.
    pub(crate) fn promote(&self) -> Result<()> {
        let mut command = self.toolbox.command("pg_ctl");
        run(command.args(["promote", "--wait", "--pgdata"]).arg(self.data()))?;
        wait_for("the end of a promotion", || {
            Ok((self.sql("postgres", "SELECT pg_is_in_recovery()")? == "f").then_some(()))
        })
    }

    /// Asks as the superuser: a line per row, columns parted by `|`.
    pub(crate) fn sql(&self, database: &str, text: &str) -> Result<String> {
        self.sql_each(database, &[text])
    }

    /// The same, each text in a transaction of its own.
    pub(crate) fn sql_each(&self, database: &str, texts: &[&str]) -> Result<String> {
        let mut command = self.toolbox.psql();
        command.arg("-h").arg(self.nest.folder()).args(["-p", &self.port.to_string()]);
        command.args(["-U", SUPERUSER, "-d", database]);
        for text in texts {
            command.args(["-c", text]);
        }
        run(&mut command)
    }

    /// What the server wrote to its log.
    pub(crate) fn log(&self) -> Result<String> {
        fs::read_to_string(self.log_file()).context("cannot read a server's log")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // The nest's guardian ends what this could not.
        self.kill().ok();
    }
}

fn set(command: &mut Command, name: &str, value: &str) {
    command.arg("-c").arg(format!("{name}={value}"));
}

fn to_pid(postmaster: &Child) -> Option<Pid> {
    i32::try_from(postmaster.id()).ok().and_then(Pid::from_raw)
}

fn tail_of(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let start = text.len().saturating_sub(LOG_TAIL_LEN);
    String::from_utf8_lossy(text.get(start..).unwrap_or_default()).into_owned()
}
