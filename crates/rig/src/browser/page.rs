//! A page, and what is asked of it as a whole.

use super::View;
use super::pipe::Pipe;
use crate::patience::wait_at_most;
use anyhow::{Context as _, Result, anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::thread;
use std::time::Duration;

/// How long a page may take for what it is asked, on a machine that is busy, unless it is told otherwise.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a failure tells of a page's text, in letters at most.
const SHOWN_LEN_MAX: usize = 2_000;

/// A tab in a context: cookies and storage are shared with its [`Page::another`]s, and with nobody else.
#[derive(Debug)]
pub struct Page {
    pipe: Arc<Pipe>,
    context: String,
    target: String,
    session: String,
    view: View,
    patience: Duration,
    /// Whether the context goes with this tab, or with the one that opened it.
    owns_context: bool,
    pub(super) keystrokes: AtomicU32,
}

/// What a page fetched, with its cookies.
#[derive(Debug)]
pub struct Fetched {
    pub status: u16,
    pub media_type: String,
    pub bytes: Vec<u8>,
}

impl Page {
    pub(super) fn open(pipe: &Arc<Pipe>, view: View) -> Result<Self> {
        let made = pipe.call(None, "Target.createBrowserContext", &json!({}))?;
        Self::open_in(pipe, &text_of(&made["browserContextId"])?, view, true)
    }

    fn open_in(pipe: &Arc<Pipe>, context: &str, view: View, owns_context: bool) -> Result<Self> {
        // A window of its own: what lies behind another tab is not drawn.
        let wanted =
            json!({ "url": "about:blank", "browserContextId": context, "newWindow": true });
        let target = text_of(&pipe.call(None, "Target.createTarget", &wanted)?["targetId"])?;
        let wanted = json!({ "targetId": target, "flatten": true });
        let session = text_of(&pipe.call(None, "Target.attachToTarget", &wanted)?["sessionId"])?;
        pipe.listen_to(&session);
        let page = Self {
            pipe: Arc::clone(pipe),
            context: context.to_owned(),
            target,
            session,
            view,
            patience: PATIENCE,
            owns_context,
            keystrokes: AtomicU32::new(0),
        };
        for domain in ["Page.enable", "Runtime.enable", "Log.enable", "Network.enable"] {
            page.call(domain, &json!({}))?;
        }
        // Each has the focus, as if it were the only one.
        page.call("Emulation.setFocusEmulationEnabled", &json!({ "enabled": true }))?;
        for (method, parameters) in view.orders() {
            page.call(method, &parameters)?;
        }
        Ok(page)
    }

    /// Another tab of the same context: whoever is signed in here is there too.
    #[track_caller]
    #[must_use]
    pub fn another(&self) -> Self {
        self.must(Self::open_in(&self.pipe, &self.context, self.view, false))
    }

    /// The same that waits no longer than that for anything.
    #[must_use]
    pub fn waiting(self, patience: Duration) -> Self {
        // A page that goes takes its tab with it, so nothing of it is moved out.
        let mut page = self;
        page.patience = patience;
        page
    }

    pub fn view(&self) -> View {
        self.view
    }

    /// Looks at the page otherwise from now on; whether it has scripts counts from the next document on.
    #[track_caller]
    pub fn look(&mut self, view: View) {
        for (method, parameters) in view.orders() {
            self.must(self.call(method, &parameters));
        }
        self.view = view;
    }

    pub(super) fn call(&self, method: &str, parameters: &Value) -> Result<Value> {
        self.pipe.call(Some(&self.session), method, parameters)
    }

    /// Goes to an address, and waits until its document has loaded.
    #[track_caller]
    pub fn go(&self, url: &str) {
        let went = self.try_go(url);
        self.must(went.and_then(|is_there| {
            if is_there { Ok(()) } else { Err(anyhow!("{url} cannot be reached")) }
        }));
    }

    /// The same; whether anybody answered.
    fn try_go(&self, url: &str) -> Result<bool> {
        let before = self.document()?;
        let went = self.call("Page.navigate", &json!({ "url": url }))?;
        // One that is only another place in the same document loads nothing.
        if went["loaderId"].is_string() {
            self.wait_until_loaded(&before)?;
        }
        Ok(went["errorText"].is_null())
    }

    /// Does something by which another document comes, and waits until that has loaded, be it the browser's
    /// own of a connection that was lost.
    #[track_caller]
    pub fn loads(&self, act: impl FnOnce(&Self)) {
        let before = self.must(self.document());
        act(self);
        self.must(self.wait_until_loaded(&before));
    }

    #[track_caller]
    pub fn reload(&self) {
        self.loads(|page| drop(page.must(page.call("Page.reload", &json!({})))));
    }

    #[track_caller]
    pub fn back(&self) {
        let history = self.must(self.call("Page.getNavigationHistory", &json!({})));
        let before = history["currentIndex"].as_u64().and_then(|index| index.checked_sub(1));
        let before = self.must(before.context("nothing is before this page"));
        let index = usize::try_from(before).expect("a history is short");
        let entry = json!({ "entryId": history["entries"][index]["id"] });
        self.loads(|page| drop(page.must(page.call("Page.navigateToHistoryEntry", &entry))));
    }

    /// Which document is shown: another name after each load.
    fn document(&self) -> Result<String> {
        let tree = self.call("Page.getFrameTree", &json!({}))?;
        text_of(&tree["frameTree"]["frame"]["loaderId"])
    }

    fn wait_until_loaded(&self, before: &str) -> Result<()> {
        self.wait("another document", || {
            let has_come = self.document()? != before;
            let state = self.evaluate("document.readyState")?;
            Ok((has_come && state == "complete").then_some(()))
        })
    }

    /// Does something that the page asks back about, and says yes or no to that; what it asked.
    #[track_caller]
    pub fn confirms(&self, is_yes: bool, act: impl FnOnce(&Self) + Send) -> String {
        // Until there is an answer, whatever was done to the page has not ended.
        let question = thread::scope(|scope| {
            scope.spawn(|| act(self));
            let asked = self.wait("a question", || {
                Ok(self.pipe.take_event(&self.session, "Page.javascriptDialogOpening"))
            })?;
            self.call("Page.handleJavaScriptDialog", &json!({ "accept": is_yes }))?;
            text_of(&asked["params"]["message"])
        });
        self.must(question)
    }

    /// Asks until there is an answer. While a document goes and another comes, a page answers with errors.
    pub(super) fn wait<T>(
        &self,
        what: &str,
        mut ask: impl FnMut() -> Result<Option<T>>,
    ) -> Result<T> {
        let mut error = None;
        let waited = wait_at_most(self.patience, what, || match ask() {
            Ok(answer) => Ok(answer),
            Err(trouble) => {
                error = Some(trouble);
                Ok(None)
            }
        });
        waited.map_err(|late| match error {
            Some(error) => anyhow!("{late}; {error:#}"),
            None => late,
        })
    }

    /// Whether the browser shows its own page, of a connection that was lost.
    #[track_caller]
    pub fn is_lost(&self) -> bool {
        let tree = self.must(self.call("Page.getFrameTree", &json!({})));
        tree["frameTree"]["frame"]["unreachableUrl"].is_string()
    }

    #[track_caller]
    pub fn url(&self) -> String {
        let url = self.script("location.href");
        self.must(text_of(&url))
    }

    /// The address behind the server's name.
    #[track_caller]
    pub fn path(&self) -> String {
        let path = self.script("location.pathname + location.search");
        self.must(text_of(&path))
    }

    #[track_caller]
    pub fn title(&self) -> String {
        let title = self.script("document.title");
        self.must(text_of(&title))
    }

    /// What can be read on the page, blanks run together.
    #[track_caller]
    pub fn text(&self) -> String {
        self.must(self.try_text())
    }

    fn try_text(&self) -> Result<String> {
        let text = self.evaluate("document.body ? document.body.innerText : ''")?;
        Ok(run_together(text.as_str().unwrap_or_default()))
    }

    /// Waits until the page can be read to say this.
    #[track_caller]
    pub fn sees(&self, text: &str) {
        let wanted = run_together(text);
        let seen = self
            .wait(&format!("«{text}»"), || Ok(self.try_text()?.contains(&wanted).then_some(())));
        self.must(seen);
    }

    /// Whether the page says this now.
    #[track_caller]
    pub fn says(&self, text: &str) -> bool {
        self.text().contains(&run_together(text))
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub fn waits_until(&self, expression: &str) {
        let so = self.wait(expression, || Ok((self.evaluate(expression)? == true).then_some(())));
        self.must(so);
    }

    /// What an expression of the page's own language comes to; a promise is waited for. It runs where scripts
    /// of the page do not, too.
    #[track_caller]
    pub fn script(&self, expression: &str) -> Value {
        self.must(self.evaluate(expression))
    }

    pub(super) fn evaluate(&self, expression: &str) -> Result<Value> {
        let wanted =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut told = self.call("Runtime.evaluate", &wanted)?;
        if let Some(trouble) = told["exceptionDetails"]["exception"]["description"].as_str() {
            bail!("{trouble}");
        }
        Ok(told["result"]["value"].take())
    }

    /// Fetches an address of the same server, as a link on this page would.
    #[track_caller]
    pub fn fetch(&self, path: &str) -> Fetched {
        let address = Value::from(path);
        let told = self.script(&format!(
            "fetch({address}).then(async answer => {{
                const letters = Array.from(new Uint8Array(await answer.arrayBuffer()), byte => String.fromCharCode(byte));
                return [answer.status, answer.headers.get('content-type') ?? '', btoa(letters.join(''))];
            }})"
        ));
        let status = told[0].as_u64().and_then(|status| u16::try_from(status).ok());
        Fetched {
            status: self.must(status.context("no status")),
            media_type: self.must(text_of(&told[1])),
            bytes: self.must(bytes_of(&told[2])),
        }
    }

    /// Cuts the network off from the page, or lets it come back.
    #[track_caller]
    pub fn offline(&self, is_offline: bool) {
        let wanted = json!({
            "offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1,
        });
        self.must(self.call("Network.emulateNetworkConditions", &wanted));
    }

    /// The cookies of the context, as the protocol tells them: `name`, `value`, `httpOnly`, `sameSite`, …
    #[track_caller]
    pub fn cookies(&self) -> Vec<Value> {
        let wanted = json!({ "browserContextId": self.context });
        let mut told = self.must(self.pipe.call(None, "Storage.getCookies", &wanted));
        told["cookies"].as_array_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Takes whatever certificate a server shows, in this tab alone.
    #[track_caller]
    pub fn trust_any_certificate(&self) {
        let wanted = json!({ "ignore": true });
        self.must(self.call("Security.setIgnoreCertificateErrors", &wanted));
    }

    /// Gives the context a cookie of the server at an address, as its answer would, unseen by scripts.
    #[track_caller]
    pub fn keep_cookie(&self, url: &str, name: &str, value: &str) {
        let wanted = json!({ "url": url, "name": name, "value": value, "httpOnly": true });
        self.must(self.call("Network.setCookie", &wanted));
    }

    /// Whoever was signed in is so no more.
    #[track_caller]
    pub fn forget_cookies(&self) {
        let wanted = json!({ "browserContextId": self.context });
        self.must(self.pipe.call(None, "Storage.clearCookies", &wanted));
    }

    /// The page on paper, as PDF.
    #[track_caller]
    pub fn print(&self) -> Vec<u8> {
        let wanted = json!({ "printBackground": true, "preferCSSPageSize": true });
        let told = self.must(self.call("Page.printToPDF", &wanted));
        self.must(bytes_of(&told["data"]))
    }

    /// What the page shows at once, or all of it down to its foot, as PNG. Nothing blinks.
    #[track_caller]
    pub fn picture(&self, is_whole: bool) -> Vec<u8> {
        self.must(self.try_picture(is_whole))
    }

    fn try_picture(&self, is_whole: bool) -> Result<Vec<u8>> {
        self.evaluate(STILL)?;
        let mut wanted = json!({ "format": "png" });
        if is_whole {
            let size = &self.call("Page.getLayoutMetrics", &json!({}))?["cssContentSize"];
            wanted["captureBeyondViewport"] = true.into();
            wanted["clip"] = json!({
                "x": 0, "y": 0, "scale": 1, "width": size["width"], "height": size["height"],
            });
        }
        bytes_of(&self.call("Page.captureScreenshot", &wanted)?["data"])
    }

    /// What went wrong on the page since it was last asked: errors of its scripts, what its own policy forbade,
    /// files that did not come, and requests that would have left this machine. With what status the page itself
    /// came is its own affair.
    #[track_caller]
    pub fn complaints(&self) -> Vec<String> {
        let events = self.pipe.take_events(&self.session);
        let own = format!("({})", self.url());
        let is_own = |complaint: &String| {
            complaint.starts_with("Failed to load") && complaint.ends_with(&own)
        };
        events.iter().filter_map(to_complaint).filter(|complaint| !is_own(complaint)).collect()
    }

    /// The value of what did not fail, or the end of the test, with what the page shows.
    #[track_caller]
    pub(super) fn must<T>(&self, result: Result<T>) -> T {
        match result {
            Ok(value) => value,
            Err(error) => panic!("{error:#}\n{}", self.shown()),
        }
    }

    fn shown(&self) -> String {
        let address = self.evaluate("location.href + ' «' + document.title + '»'");
        let address = address.unwrap_or_default();
        let text = self.try_text().unwrap_or_default();
        let text: String = text.chars().take(SHOWN_LEN_MAX).collect();
        format!("the page is {address}: {text}")
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // With its context every tab in it goes; a browser that has ended has none.
        let gone = if self.owns_context {
            let context = json!({ "browserContextId": self.context });
            self.pipe.call(None, "Target.disposeBrowserContext", &context)
        } else {
            self.pipe.call(None, "Target.closeTarget", &json!({ "targetId": self.target }))
        };
        gone.ok();
        self.pipe.forget(&self.session);
    }
}

/// Has no caret blink, waits for the typefaces, and for what was drawn to be shown.
const STILL: &str = "(async () => {
    if (!globalThis.isStill) {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync('* { caret-color: transparent !important }');
        document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
        globalThis.isStill = true;
    }
    await document.fonts.ready;
})()";

fn to_complaint(event: &Value) -> Option<String> {
    let parameters = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown" => {
            let details = &parameters["exceptionDetails"];
            let description = details["exception"]["description"].as_str();
            Some(description.or(details["text"].as_str())?.to_owned())
        }
        "Log.entryAdded" if parameters["entry"]["level"] == "error" => {
            let entry = &parameters["entry"];
            let text = entry["text"].as_str().unwrap_or_default();
            Some(format!("{text} ({})", entry["url"].as_str().unwrap_or_default()))
        }
        "Network.requestWillBeSent" => {
            let url = parameters["request"]["url"].as_str()?;
            let here = ["http://127.0.0.1:", "https://127.0.0.1:", "data:", "about:", "blob:"];
            let is_here = here.into_iter().any(|start| url.starts_with(start));
            (!is_here).then(|| format!("{url} is not of this machine"))
        }
        _ => None,
    }
}

pub(super) fn text_of(value: &Value) -> Result<String> {
    Ok(value.as_str().with_context(|| format!("no text: {value}"))?.to_owned())
}

fn bytes_of(value: &Value) -> Result<Vec<u8>> {
    STANDARD.decode(text_of(value)?).context("what should be base64 is none")
}

pub(super) fn run_together(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
