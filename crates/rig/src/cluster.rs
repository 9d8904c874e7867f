//! One server for many tests, and a database for each.

use crate::nest::Nest;
use crate::node::Node;
use crate::toolbox::Toolbox;
use anyhow::{Result, anyhow};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// Roles live as long as their database, on the loopback.
const PASSWORD: &str = "clave";

/// How a server is started.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether what is committed is synced. It is unless a test wants speed: a server that is killed loses
    /// nothing either way, a machine that is would.
    pub fsync: bool,
    /// Settings of `postgresql.conf`, over those of the rig.
    pub settings: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        Self { fsync: true, settings: Vec::new() }
    }
}

/// A server of its own: new when it is started, gone when this and its databases are dropped or the process
/// ends, in whatever way.
#[derive(Debug)]
pub struct Cluster {
    node: Arc<Node>,
}

impl Cluster {
    /// The one of this process, started by whoever asks first.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
        // The error is told to everybody who asks, so it is kept as text.
        let started =
            SHARED.get_or_init(|| Self::start(&Options::default()).map_err(|e| format!("{e:#}")));
        started.as_ref().map_err(|error| anyhow!("{error}"))
    }

    pub fn start(options: &Options) -> Result<Self> {
        let toolbox = Toolbox::find()?;
        let nest = Arc::new(Nest::for_servers(&toolbox)?);
        let mut node = Node::new(toolbox, nest, "main", options)?;
        node.init()?;
        node.start(None)?;
        Ok(Self { node: Arc::new(node) })
    }

    /// The port it listens on, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.node.port()
    }

    /// A new database of a new role that owns it and may do nothing else.
    pub fn database(&self) -> Result<Database> {
        Ok(Database { names: Names::create(&self.node)?, node: Arc::clone(&self.node) })
    }

    /// Asks a database as the superuser: a line per row, columns parted by `|`. One transaction.
    pub fn sql(&self, database: &str, text: &str) -> Result<String> {
        self.node.sql(database, text)
    }

    /// What the server wrote to its log.
    pub fn log(&self) -> Result<String> {
        self.node.log()
    }
}

/// A database that is dropped with this, whoever is connected to it.
#[derive(Debug)]
pub struct Database {
    node: Arc<Node>,
    names: Names,
}

impl Database {
    pub fn name(&self) -> &str {
        &self.names.database
    }

    /// The role that owns it.
    pub fn role(&self) -> &str {
        &self.names.role
    }

    /// `postgres://…`, straight to the server.
    pub fn url(&self) -> String {
        self.url_at(self.node.port())
    }

    /// The same by another port of 127.0.0.1: a proxy's.
    pub fn url_at(&self, port: u16) -> String {
        self.names.url(&format!("127.0.0.1:{port}"))
    }

    /// Asks as the superuser, as [`Cluster::sql`] does.
    pub fn sql(&self, text: &str) -> Result<String> {
        self.node.sql(self.name(), text)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Names { database, role } = &self.names;
        let database = format!("DROP DATABASE {database} WITH (FORCE)");
        // What stays is gone with the cluster.
        self.node.sql_each("postgres", &[&database, &format!("DROP ROLE {role}")]).ok();
    }
}

/// A database and the role that owns it.
#[derive(Debug)]
pub(crate) struct Names {
    database: String,
    role: String,
}

impl Names {
    /// Makes both, under names that this process has not used.
    pub(crate) fn create(node: &Node) -> Result<Self> {
        static CREATED: AtomicU32 = AtomicU32::new(0);
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let (database, role) = (format!("books_{number}"), format!("keeper_{number}"));
        let texts = [
            &*format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'"),
            &*format!("CREATE DATABASE {database} OWNER {role}"),
        ];
        node.sql_each("postgres", &texts)?;
        Ok(Self { database, role })
    }

    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// The address of the database at `hosts`, `HOST:PORT` parted by commas.
    pub(crate) fn url(&self, hosts: &str) -> String {
        let Self { database, role } = self;
        format!("postgres://{role}:{PASSWORD}@{hosts}/{database}?sslmode=disable")
    }
}
