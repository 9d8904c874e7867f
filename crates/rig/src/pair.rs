//! A primary and its synchronous standby, and what may happen to them.

use crate::cluster::{Names, Options};
use crate::nest::Nest;
use crate::node::Node;
use crate::patience::wait_for;
use crate::proxy::{Cut, Proxy};
use crate::toolbox::Toolbox;
use anyhow::Result;
use std::sync::Arc;

/// Two servers with one database: what the primary has acknowledged, the standby has on disk.
///
/// Clients reach both through proxies ([`Pair::url`]), and so does each server the other: a server that is
/// cut off is cut off from everybody. The superuser's [`Pair::sql`] goes past the proxies.
///
/// Nobody watches the two: a primary that was replaced while it was frozen or cut off still takes itself for
/// one once it is back, until [`Pair::rejoin`]. As its standby has left it, it acknowledges nothing.
#[derive(Debug)]
pub struct Pair {
    nodes: [Node; 2],
    /// What clients connect to.
    doors: [Proxy; 2],
    /// What the other server follows it through.
    links: [Proxy; 2],
    names: Names,
    primary: Role,
}

/// Which of the two.
#[derive(Debug, Clone, Copy)]
enum Role {
    First,
    Second,
}

impl Role {
    fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    fn of<T>(self, both: &[T; 2]) -> &T {
        let [first, second] = both;
        match self {
            Self::First => first,
            Self::Second => second,
        }
    }

    /// Its own, and the other's.
    fn split<T>(self, both: &mut [T; 2]) -> (&mut T, &mut T) {
        let [first, second] = both;
        match self {
            Self::First => (first, second),
            Self::Second => (second, first),
        }
    }
}

impl Pair {
    /// Two new servers, the first of them primary, with an empty database.
    pub fn start(options: &Options) -> Result<Self> {
        let toolbox = Toolbox::find()?;
        let nest = Arc::new(Nest::for_servers(&toolbox)?);
        let mut first = Node::new(toolbox.clone(), Arc::clone(&nest), "first", options)?;
        let second = Node::new(toolbox, nest, "second", options)?;
        first.init()?;
        first.start(None)?;
        let names = Names::create(&first)?;
        let through =
            |port| -> Result<[Proxy; 2]> { Ok([Proxy::start(port)?, Proxy::start(port)?]) };
        let ([door_0, link_0], [door_1, link_1]) =
            (through(first.port())?, through(second.port())?);
        let mut pair = Self {
            nodes: [first, second],
            doors: [door_0, door_1],
            links: [link_0, link_1],
            names,
            primary: Role::First,
        };
        pair.follow()?;
        Ok(pair)
    }

    /// The address of the database on both servers; whoever connects looks for the one that takes writes.
    pub fn url(&self) -> String {
        let [first, second] = self.doors.each_ref().map(Proxy::port);
        let hosts = format!("127.0.0.1:{first},127.0.0.1:{second}");
        format!("{}&target_session_attrs=read-write", self.names.url(&hosts))
    }

    /// The address of the database on the primary of this moment alone.
    pub fn url_of_primary(&self) -> String {
        self.names.url(&format!("127.0.0.1:{}", self.door().port()))
    }

    /// The proxy that clients reach the primary of this moment through.
    pub fn door(&self) -> &Proxy {
        self.primary.of(&self.doors)
    }

    /// Asks the database on the primary of this moment as the superuser, as [`crate::Cluster::sql`] does.
    pub fn sql(&self, text: &str) -> Result<String> {
        self.primary.of(&self.nodes).sql(self.names.database(), text)
    }

    /// The same of the other server, which must run.
    pub fn sql_of_standby(&self, text: &str) -> Result<String> {
        self.primary.other().of(&self.nodes).sql(self.names.database(), text)
    }

    /// Ends every process of the primary at once; who is connected sees it.
    pub fn kill_primary(&mut self) -> Result<()> {
        self.primary.split(&mut self.nodes).0.kill()?;
        self.cut_primary(Cut::Closed);
        Ok(())
    }

    /// Ends every process of the standby at once: the primary acknowledges nothing until [`Pair::rejoin`].
    pub fn kill_standby(&mut self) -> Result<()> {
        self.primary.split(&mut self.nodes).1.kill()
    }

    /// Stops every process of the primary where it is: it takes connections, and answers nobody.
    pub fn freeze_primary(&self) -> Result<()> {
        self.primary.of(&self.nodes).freeze()
    }

    /// Lets whatever is frozen go on where it was.
    pub fn thaw(&self) -> Result<()> {
        self.nodes.iter().try_for_each(Node::thaw)
    }

    /// Cuts the primary off from clients and from its standby.
    pub fn cut_primary(&self, cut: Cut) {
        self.primary.of(&self.doors).cut(cut);
        self.primary.of(&self.links).cut(cut);
    }

    /// Makes every server reachable again.
    pub fn mend(&self) {
        self.doors.iter().chain(&self.links).for_each(Proxy::mend);
    }

    /// Makes the standby the primary, and returns when it takes writes. It has no standby then and waits for
    /// none: what it acknowledges is on one disk until [`Pair::rejoin`].
    pub fn promote(&mut self) -> Result<()> {
        let promoted = self.primary.other();
        promoted.of(&self.nodes).promote()?;
        self.primary = promoted;
        Ok(())
    }

    /// Ends the server that is not primary, in whatever state it is, and brings it back as the synchronous
    /// standby, with a copy of the primary's data. Everything is reachable then.
    ///
    /// A copy, not `pg_rewind`: a database of a test is copied in a tenth of a second, and a copy does not
    /// depend on what the former primary had written alone.
    pub fn rejoin(&mut self) -> Result<()> {
        self.primary.split(&mut self.nodes).1.kill()?;
        self.mend();
        // The copy has the primary's settings: a standby that is promoted must not wait for another.
        self.wait_for_standby(false)?;
        self.follow()
    }

    /// Starts the other server as a copy that follows the primary, and has the primary wait for it.
    fn follow(&mut self) -> Result<()> {
        let upstream = self.primary.of(&self.links).port();
        let (primary, standby) = self.primary.split(&mut self.nodes);
        standby.copy_of(primary)?;
        standby.start(Some(upstream))?;
        self.wait_for_stream("state = 'streaming'")?;
        self.wait_for_standby(true)?;
        self.wait_for_stream("sync_state = 'sync'")?;
        // Commits wait only once the checkpointer has seen the setting, which it looks at before it works.
        self.primary.of(&self.nodes).sql("postgres", "CHECKPOINT")?;
        Ok(())
    }

    /// Whether a commit on the primary waits until its standby has it.
    fn wait_for_standby(&self, waits: bool) -> Result<()> {
        let names = if waits { "*" } else { "" };
        let set = format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'");
        let primary = self.primary.of(&self.nodes);
        primary.sql_each("postgres", &[&set, "SELECT pg_reload_conf()"])?;
        Ok(())
    }

    fn wait_for_stream(&self, condition: &str) -> Result<()> {
        let text = format!("SELECT count(*) FROM pg_stat_replication WHERE {condition}");
        let primary = self.primary.of(&self.nodes);
        wait_for("a standby", || Ok((primary.sql("postgres", &text)? == "1").then_some(())))
    }
}
