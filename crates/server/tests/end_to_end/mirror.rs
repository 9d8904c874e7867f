//! The mirror of the real binary: what is answered while it fails, and what it is good for.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use ventanilla_store::{Keys, Mirror, Store};

use crate::common::watched::{get, scrape};
use crate::common::{
    Bill, Client, Credentials, Installation, PATIENCE, Server, bills, check, files, import, now,
    verify, wait_until,
};

const SEGMENT: &str = "espejo/segment-00000001.jsonl";

/// A company with bills and a collector, served with a mirror in `espejo`.
struct Window {
    installation: Installation,
    credentials: Credentials,
    bills: Vec<Bill>,
    server: Server,
    metrics: SocketAddr,
}

impl Window {
    fn open() -> Self {
        let installation = Installation::with_company();
        let credentials = installation.collector("caja");
        let bills = bills(10, 4);
        import(&installation, &bills);
        let server = installation.serve_mirrored("espejo");
        let metrics = metrics_of(&server);
        Self { installation, credentials, bills, server, metrics }
    }

    fn client(&self) -> Client {
        self.server.client(&self.credentials)
    }

    /// The log so far.
    fn log(&self) -> String {
        self.installation.read("registro")
    }

    /// How often the log has a sentence.
    fn times_told(&self, sentence: &str) -> usize {
        self.log().matches(sentence).count()
    }

    /// That the mirror has everything once it is ready again.
    fn comes_back(&self) {
        wait_until("the mirror", || get(self.metrics, "/readyz").status == 200);
        let ran = self.installation.done(&["mirror", "status", "--data", "datos"]);
        assert!(ran.out.ends_with("al día\n"), "{ran:?}");
    }
}

fn metrics_of(server: &Server) -> SocketAddr {
    let line = server.line();
    let address = line.strip_prefix("metrics on http://").unwrap();
    address.strip_suffix("/metrics").unwrap().parse().unwrap()
}

/// The code of an answer that says that nothing is known, or that nothing changed.
fn refusal(client: &mut Client, bill: &Bill, key: &str) -> String {
    let answer = client.post("realizarpago", &bill.to_payment(Some(key)));
    assert_eq!(answer.status, 503, "{answer:?}");
    answer.code()
}

/// Makes calls of a process on files of the mirror fail, until it is dropped.
struct Fault(Child);

impl Fault {
    fn inject(pid: u32, path: &Path, calls: &str, error: &str) -> Self {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-q", "-o", "/dev/null", "-P"]).arg(path);
        strace.args(["-e", &format!("trace={calls}"), "-e"]);
        strace.arg(format!("inject={calls}:error={error}")).args(["-p", &pid.to_string()]);
        let strace = strace.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_until("strace", || is_traced(pid, true));
        Self(strace)
    }

    fn end(mut self, pid: u32) {
        let tracer = self.0.id().to_string();
        assert!(Command::new("kill").args(["-INT", &tracer]).status().unwrap().success());
        self.0.wait().unwrap();
        wait_until("the end of strace", || is_traced(pid, false));
    }
}

/// Whether all threads of a process are traced, or none.
fn is_traced(pid: u32, traced: bool) -> bool {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    tasks.filter_map(Result::ok).all(|task| {
        let status = fs::read_to_string(task.path().join("status")).unwrap_or_default();
        status.contains("\nTracerPid:\t0\n") != traced
    })
}

#[test]
fn a_full_or_failing_mirror_is_told_and_caught_up_without_a_restart() {
    let window = Window::open();
    let mut client = window.client();
    let (pid, segment) = (window.server.pid(), window.installation.path(SEGMENT));
    let faults = [("pwrite64", "ENOSPC"), ("fdatasync", "EIO"), ("pwrite64", "EROFS")];
    for (round, (calls, error)) in faults.into_iter().enumerate() {
        let [first, second, third] = [0, 1, 2].map(|at| window.bills[round * 4 + at]);
        let key = |word: &str| format!("{word}-{round}");
        client.post("realizarpago", &first.to_payment(Some(&key("a")))).values();
        let fault = Fault::inject(pid, &segment, calls, error);
        let unknown = refusal(&mut client, &second, &key("b"));
        assert_eq!(unknown, "RESULTADO_DESCONOCIDO", "{error}: it is on one disk of two");
        for bill in [&second, &third] {
            let code = refusal(&mut client, bill, &key("c"));
            assert_eq!(code, "SERVICIO_NO_DISPONIBLE", "{error}: nothing new is kept");
        }
        let asked = |key: &str| format!(r#"{{"IdTransaccion":"{key}"}}"#);
        let kept = client.post("consultarpago", &asked(&key("a"))).values();
        assert_eq!(kept[0]["IdFactura"], first.id, "{error}: it is on both disks");
        let uncertain = client.post("consultarpago", &asked(&key("b")));
        assert_eq!(uncertain.code(), "SERVICIO_NO_DISPONIBLE", "{error}: it may be lost still");
        let ready = get(window.metrics, "/readyz");
        assert_eq!((ready.status, ready.text.as_str()), (503, "espejo\n"), "{error}");
        let told = scrape(window.metrics);
        assert!(told["ventanilla_mirror_configured"] > 0.9, "{error}");
        assert!(told["ventanilla_mirror_ready"].abs() < 0.1, "{error}");
        assert!((told["ventanilla_mirror_lag_entries"] - 1.0).abs() < 0.1, "{error}");
        let debts = client.post("consultardeuda", r#"{"Contrato":"1"}"#);
        assert!(debts.values().is_array(), "{error}: reads go on");
        drop(window.server.client(&window.credentials));
        let ran =
            window.installation.run(&["collector", "disable", "--data", "datos", "--name", "x"]);
        assert_eq!(ran.code, 2, "another process has its own view of the mirror: {ran:?}");
        fault.end(pid);
        window.comes_back();
        let again = client.post("realizarpago", &second.to_payment(Some(&key("b"))));
        assert!(again.is_replay(), "{error}: the retry gets its success: {again:?}");
        client.post("realizarpago", &third.to_payment(Some(&key("c")))).values();
    }
    assert_eq!(window.times_told("nothing new is kept"), 3, "{}", window.log());
    assert_eq!(window.times_told("the mirror is back"), 3, "{}", window.log());
    window.server.stop();
    verify(&window.installation, "datos");
    assert_eq!(replayed(&window.installation), 9);
}

/// How many payments the mirror alone gives back.
fn replayed(installation: &Installation) -> u64 {
    let keys = || Keys::read_file(&installation.path("datos.secrets")).unwrap();
    let memory = Store::memory(keys());
    memory.replay_mirror(&installation.path("espejo")).unwrap();
    let report = memory.verify().unwrap();
    let books = Store::open_sqlite(&installation.path("datos"), keys()).unwrap();
    assert_eq!(report.heads, books.verify().unwrap().heads);
    assert_eq!(report.findings, Vec::<String>::new());
    report.payments
}

#[test]
fn a_mirror_that_is_unmounted_is_not_written_into_its_empty_place() {
    let window = Window::open();
    let mut client = window.client();
    let (mirror, away) = (window.installation.path("espejo"), window.installation.path("lejos"));
    client.post("realizarpago", &window.bills[0].to_payment(Some("uno"))).values();
    fs::rename(&mirror, &away).unwrap();
    fs::create_dir(&mirror).unwrap();
    wait_until("a look", || get(window.metrics, "/readyz").text == "espejo\n");
    let code = refusal(&mut client, &window.bills[1], "dos");
    assert_eq!(code, "SERVICIO_NO_DISPONIBLE", "it was seen before anything was changed");
    let body = format!(r#"{{"IdFactura":{}}}"#, window.bills[1].id);
    assert_eq!(client.post("consultarpago", &body).values(), Value::Array(Vec::new()));
    check(
        &window.installation,
        &[
            (
                "collector add --data datos --name otro",
                3,
                "el espejo no se puede escribir, y nada cambió",
            ),
            (
                "collector add --data datos --name otro",
                3,
                "(si no ha de volver: «ventanilla mirror off»)",
            ),
            ("mirror status --data datos", 3, "ahí no está el espejo; ¿está montado su disco?"),
        ],
    );
    assert_eq!(fs::read_dir(&mirror).unwrap().count(), 0, "nothing was written there");
    fs::remove_dir(&mirror).unwrap();
    fs::rename(&away, &mirror).unwrap();
    window.comes_back();
    client.post("realizarpago", &window.bills[1].to_payment(Some("dos"))).values();
    window.installation.done(&["collector", "add", "--data", "datos", "--name", "otro"]);
    window.comes_back();
    window.server.stop();
    assert_eq!(replayed(&window.installation), 2);
}

#[test]
fn a_payment_is_answered_after_the_mirrors_sync() {
    let window = Window::open();
    let mut client = window.client();
    client.post("realizarpago", &window.bills[0].to_payment(None)).values();
    let calls = window.installation.path("llamadas");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-q", "-y", "-s", "40", "-o"]).arg(&calls);
    strace.args(["-e", "trace=pwrite64,fdatasync,write,writev,sendto,sendmsg", "-p"]);
    strace.arg(window.server.pid().to_string());
    let strace = Fault(strace.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    wait_until("strace", || is_traced(window.server.pid(), true));
    client.post("realizarpago", &window.bills[1].to_payment(None)).values();
    strace.end(window.server.pid());
    let calls = fs::read_to_string(&calls).unwrap();
    let at = |call: &str, on: &str| {
        // A call that another thread's interrupts ends in a line of its own.
        let line = calls.lines().position(|line| line.contains(call) && line.contains(on));
        line.unwrap_or_else(|| panic!("{call} of {on}: {calls}"))
    };
    let steps = [
        at("fdatasync(", "ventanilla.db-wal"),
        at("pwrite64(", "segment-00000001.jsonl"),
        at("fdatasync(", "segment-00000001.jsonl"),
        at("", "HTTP/1.1 200"),
    ];
    assert!(steps.is_sorted(), "{steps:?}: {calls}");
    window.server.stop();
}

#[test]
fn an_import_beside_payments_is_in_the_mirror_without_being_told() {
    let window = Window::open();
    let (members, lines) = files(&bills(2_000, 4));
    window.installation.write("socios.csv", members);
    window.installation.write("facturas.csv", lines);
    let import = |kind: &str, file: &str| {
        window.installation.done(&["import", kind, file, "--data", "datos"]);
    };
    thread::scope(|scope| {
        let importing = scope.spawn(|| {
            import("members", "socios.csv");
            import("bills", "facturas.csv");
        });
        let mut client = window.client();
        let mut paid = window.bills.iter();
        while !importing.is_finished() {
            let Some(bill) = paid.next() else { break };
            client.post("realizarpago", &bill.to_payment(None)).values();
            thread::sleep(Duration::from_millis(5));
        }
    });
    window.comes_back();
    window.server.stop();
    assert!(replayed(&window.installation) > 5);
    let mode = |path: &str| {
        fs::metadata(window.installation.path(path)).unwrap().permissions().mode() & 0o777
    };
    assert_eq!((mode("espejo"), mode(SEGMENT), mode("espejo/mirror.json")), (0o700, 0o600, 0o600));
}

#[test]
fn a_server_that_starts_without_its_mirror_waits_for_it() {
    let window = Window::open();
    let Window { installation, credentials, bills, server, .. } = window;
    let mut client = server.client(&credentials);
    client.post("realizarpago", &bills[0].to_payment(None)).values();
    server.kill();
    let (mirror, away) = (installation.path("espejo"), installation.path("lejos"));
    fs::rename(&mirror, &away).unwrap();
    // Nobody names the mirror: the books do.
    let flags = ["--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--log", "off"];
    let server = Server::start(installation.command(&["serve", "--data", "datos"]).args(flags));
    let metrics = metrics_of(&server);
    assert_eq!(get(metrics, "/readyz").text, "espejo\n", "from the first moment");
    let mut client = server.client(&credentials);
    let code = refusal(&mut client, &bills[1], "uno");
    assert_eq!(code, "SERVICIO_NO_DISPONIBLE");
    fs::rename(&away, &mirror).unwrap();
    let started = now();
    wait_until("the mirror", || get(metrics, "/readyz").status == 200);
    assert!(started.elapsed() < PATIENCE / 10, "{:?}", started.elapsed());
    client.post("realizarpago", &bills[1].to_payment(Some("uno"))).values();
    server.stop();
    assert_eq!(replayed(&installation), 2);
}

#[test]
fn a_mirror_is_moved_and_ended_explicitly_and_a_strange_one_is_refused() {
    let window = Window::open();
    let Window { installation, credentials, bills, server, .. } = window;
    let mut client = server.client(&credentials);
    client.post("realizarpago", &bills[0].to_payment(None)).values();
    server.stop();
    installation.copy_books("antes.db");
    let server = installation.serve_mirrored("otro");
    let mut client = server.client(&credentials);
    client.post("realizarpago", &bills[1].to_payment(None)).values();
    server.stop();
    let status = |place: &str| {
        let keys = Keys::read_file(&installation.path("datos.secrets")).unwrap();
        let ends = Mirror::at(&installation.path(place), keys).status().unwrap().ends;
        ends.journals().map(|(_, number)| number).collect::<Vec<_>>()
    };
    let [old, new] = [status("espejo"), status("otro")];
    assert_eq!(new, [old[0] + 1], "the new one has everything, the old one what it had");
    // The books of an earlier day do not write over what came after it.
    fs::rename(installation.path("datos"), installation.path("luego")).unwrap();
    fs::create_dir(installation.path("datos")).unwrap();
    fs::copy(installation.path("antes.db"), installation.path("datos/ventanilla.db")).unwrap();
    let line = ["serve", "--data", "datos", "--listen", "127.0.0.1:0", "--log", "off"];
    let refused = |flags: &[&str], told: &str| {
        let ran = installation.run(&[&line[..], flags].concat());
        assert!(ran.code == 2 && ran.err.contains(told), "{ran:?}");
    };
    refused(&["--mirror", "otro"], "el espejo tiene el asiento");
    refused(&["--mirror", "no/hay"], "/no; ¿está montado su disco?");
    refused(&["--mirror", "luego"], "luego: tiene otros archivos");
    installation.done(&["init", "--data", "ajenos"]);
    let mut theirs = installation.command(&["serve", "--data", "ajenos", "--mirror", "suyo"]);
    Server::start(theirs.args(["--listen", "127.0.0.1:0", "--log", "off"])).stop();
    refused(&["--mirror", "suyo"], "es el espejo de otra instalación");
    let server = Server::start(&mut installation.command(&[&line[..], &["--no-mirror"]].concat()));
    server.stop();
    check(
        &installation,
        &[
            ("mirror status --data datos", 0, "no hay espejo"),
            ("mirror off --data luego --secrets datos.secrets", 0, "/otro ya no se lleva"),
            ("mirror status --data luego --secrets datos.secrets", 0, "no hay espejo"),
        ],
    );
}

#[test]
fn a_mirror_that_is_ahead_of_the_books_is_not_told_to_be_level_with_them() {
    let window = Window::open();
    let Window { installation, credentials, bills, server, .. } = window;
    server.stop();
    installation.copy_books("antes.db");
    let server = installation.serve_mirrored("espejo");
    let mut client = server.client(&credentials);
    client.post("realizarpago", &bills[0].to_payment(None)).values();
    server.stop();
    check(&installation, &[("mirror status --data datos", 0, "al día")]);
    fs::rename(installation.path("datos"), installation.path("luego")).unwrap();
    fs::create_dir(installation.path("datos")).unwrap();
    fs::copy(installation.path("antes.db"), installation.path("datos/ventanilla.db")).unwrap();
    let ran = installation.run(&["mirror", "status", "--data", "datos"]);
    assert!(ran.code == 1 && ran.out.contains("el espejo tiene el asiento"), "{ran:?}");
}

#[test]
fn what_an_operator_does_to_the_mirror_and_the_keys_stands_in_the_trail() {
    let window = Window::open();
    let installation = window.installation;
    window.server.stop();
    let done = |line: &str| installation.done(&line.split(' ').collect::<Vec<_>>());
    done("backup --data datos noche.respaldo --by ana");
    done("mirror trim --data datos --backup noche.respaldo --by eva");
    done("recovery-kit otro.kit --data datos --by rosa");
    let mirror = installation.path("espejo").display().to_string();
    installation.write("v.toml", format!("data = \"datos\"\nmirror = \"{mirror}\"\n"));
    let off = done("mirror off --config v.toml --by leo");
    assert!(off.err.contains("quite esa línea"), "{off:?}");
    let told = done("trail --data datos --no-company").out;
    for line in [
        "recorte del espejo\thecho\teva\teste equipo\t«noche.respaldo»\n",
        "kit de recuperación\thecho\trosa\teste equipo\t«otro.kit»\n",
        "fin del espejo\thecho\tleo\teste equipo\t«espejo»\n",
    ] {
        assert!(told.contains(line), "{line}{told}");
    }
    verify(&installation, "datos");
    // The keys are kept also where the books cannot be read.
    installation.write("datos/ventanilla.db", "x");
    done("recovery-kit tercero.kit --data datos --by rosa");
}

#[test]
fn a_command_that_finds_the_mirror_gone_says_so_in_spanish_alone() {
    let window = Window::open();
    let installation = window.installation;
    window.server.stop();
    fs::rename(installation.path("espejo"), installation.path("lejos")).unwrap();
    let (members, _) = files(&bills(2_000, 4));
    installation.write("socios.csv", members);
    for line in [
        "import members socios.csv --data datos",
        "company set --company 13 --data datos oldest_first=true",
    ] {
        let ran = installation.run(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(ran.code, 3, "{line}: {ran:?}");
        assert!(ran.err.contains("el espejo no se puede escribir"), "{line}: {ran:?}");
        assert!(ran.err.contains("ventanilla mirror off"), "{line}: {ran:?}");
        assert!(!ran.err.contains("ERROR"), "{line}: {ran:?}");
    }
    installation.done(&["recovery-kit", "otro.kit", "--data", "datos"]);
}
