//! A real browser for the tests: Chromium without a window, spoken to by its own protocol.
//!
//! [`Browser::shared`] is the one of this process; each test opens a [`Page`] in a context of its own, whose
//! cookies and storage nobody else sees, and which is gone with it. What a page does not show in time fails
//! the test at its own line, and is told together with what the page shows instead.
//!
//! Why no library, and no driver between: Chromium speaks its `DevTools` protocol over two pipes, JSON parted
//! by zero bytes, so a client is the few hundred lines of this folder over what the workspace has. `WebDriver`
//! (`fantoccini`, `thirtyfour`) brings an HTTP client with its runtime, some forty crates, needs the package
//! of the driver besides, starts a browser per test, and reaches by this same protocol what is asked here:
//! contexts, elements by role and name as a screen reader hears them, no network, no scripts. The pipes open no
//! port, and a browser whose pipes are closed ends: none outlives its test, however that dies.

mod accessibility;
mod element;
mod hands;
mod keys;
mod page;
mod picture;
mod pipe;
mod view;

pub use element::Element;
pub use page::{Fetched, Page};
pub use picture::{Gallery, Picture};
pub use view::View;

use self::pipe::Pipe;
use crate::nest::Nest;
use crate::processes;
use anyhow::{Context as _, Result, anyhow};
use rustix::process::Pid;
use serde_json::json;
use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

/// Chromium reads its protocol from descriptor 3 and answers on 4; a child gets none but the first three.
const START: &str = r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null"#;

const FLAGS: [&str; 20] = [
    "--headless=new",
    // As root it has no sandbox; what it opens is ours alone.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-breakpad",
    // Nothing but this machine: no test depends on a network.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    // The same dots everywhere.
    "--font-render-hinting=none",
    "--disable-lcd-text",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    // Without the packages of other languages it speaks English; dates are typed as the page's own language
    // has them.
    "--lang=en-US",
    "--enable-blink-features=LangAttributeAwareFormControlUI",
    "--remote-debugging-pipe",
];

const REMEDY: &str =
    "install Chromium (Debian: apt-get install chromium), or name its program in CHROMIUM";

/// A browser of its own: new when it is started, gone when this is dropped or the process ends, in whatever way.
#[derive(Debug)]
pub struct Browser {
    pipe: Arc<Pipe>,
    child: Child,
    nest: Nest,
}

impl Browser {
    /// The one of this process, started by whoever asks first.
    pub fn shared() -> Result<&'static Self> {
        static SHARED: OnceLock<Result<Browser, String>> = OnceLock::new();
        // The error is told to everybody who asks, so it is kept as text.
        let started = SHARED.get_or_init(|| Self::start().map_err(|e| format!("{e:#}")));
        started.as_ref().map_err(|error| anyhow!("{error}"))
    }

    pub fn start() -> Result<Self> {
        let nest = Nest::build()?;
        // Where all its processes work, by which whoever clears up tells them.
        let home = nest.folder().join("browser");
        fs::create_dir(&home)?;
        let log = File::create(nest.folder().join("log"))?;
        let program = std::env::var_os("CHROMIUM").unwrap_or_else(|| OsString::from("chromium"));
        let mut command = Command::new("sh");
        command.args(["-c", START, "sh"]).arg(program).args(FLAGS);
        command.arg(format!("--user-data-dir={}", home.join("profile").display()));
        command.current_dir(&home).env("HOME", &home).env("TZ", "UTC").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::from(log));
        let mut child = command.spawn().context("cannot start `sh`")?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let pipe = Arc::new(Pipe::new(input.context("no pipe")?, output.context("no pipe")?));
        let started = Self { pipe, child, nest };
        started
            .pipe
            .call(None, "Browser.getVersion", &json!({}))
            .with_context(|| started.to_trouble())?;
        Ok(started)
    }

    /// What it wrote when it did not start.
    fn to_trouble(&self) -> String {
        let log = fs::read_to_string(self.nest.folder().join("log")).unwrap_or_default();
        format!("Chromium does not start: {REMEDY}; it wrote: {}", log.trim())
    }

    /// A page in a context of its own, empty as yet.
    pub fn open(&self, view: View) -> Result<Page> {
        Page::open(&self.pipe, view)
    }

    /// The folder that all its processes work in.
    pub fn home(&self) -> PathBuf {
        self.nest.folder().join("browser")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let process = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        // What stays is ended by who clears its folder away.
        processes::kill(process, &self.home()).ok();
        self.child.wait().ok();
    }
}
