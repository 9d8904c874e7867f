//! A browser sees what is there and does what it is told, or tests of pages prove nothing.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use ventanilla_rig::browser::{Browser, Page, Picture, View};
use ventanilla_rig::{Cut, Direction, Proxy};

const FORM: &str = "<!DOCTYPE html><html lang=es><title>Caja</title><main><h1>Cobrar</h1>
    <form method=post action=/paid>
    <label for=cash>Efectivo</label><input id=cash name=cash>
    <label><input type=checkbox name=bill> Octubre</label>
    <label for=means>Medio</label><select id=means name=means><option>Efectivo</option><option>Tarjeta</option></select>
    <button>Cobrar  136,76</button> <button type=button hidden>Anular</button></form>
    <button type=button data-asks>Preguntar</button>
    <p id=told role=status>Sin guion</p>
    <a href=/other>Otra</a>
    <script src=/script.js></script></main>";

const SCRIPT: &str = "const told = document.getElementById('told');
    told.textContent = 'Con guion';
    document.querySelector('[data-asks]').addEventListener('click', () => {
        told.textContent = confirm('¿Seguro?') ? 'dijo que sí' : 'dijo que no';
    });
    document.addEventListener('keydown', event => {
        if (event.key === 'F2') document.getElementById('cash').focus();
    });";

/// Another page: unlabelled, faint, under a veil, and breaking its own policy.
const OTHER: &str = "<!DOCTYPE html><html lang=es><title>Otra</title><main><h1>Otra</h1><input>
    <style>@media (prefers-color-scheme: dark) { body { background: #000 } }</style>
    <button>Debajo</button><div style='position:fixed;inset:0'></div>
    <p style='color:#eee'>Casi nada</p><script>document.title = 'Roto'</script></main>";

/// A server of these pages; a form's body is told by its answer, and how often it was asked to pay.
fn serve() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            // A browser opens connections that it does not use.
            thread::spawn(move || answer(&client.unwrap()));
        }
    });
    port
}

fn answer(stream: &TcpStream) {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut head, mut len) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            let before = head.len();
            if reader.read_line(&mut head).unwrap_or_default() == 0 {
                return;
            }
            if let Some(told) = head[before..].strip_prefix("Content-Length: ") {
                len = told.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; len];
        reader.read_exact(&mut body).unwrap();
        let body = String::from_utf8(body).unwrap();
        let cookie = head.contains("Cookie: seen=1");
        let paid = format!("<!DOCTYPE html><title>Pagado</title><h1>Pagado</h1><p>{body}</p>");
        let (kind, text) = match head.split(' ').nth(1).unwrap() {
            "/form" => ("text/html", FORM),
            "/script.js" => ("text/javascript", SCRIPT),
            "/other" => ("text/html", OTHER),
            "/paid" => ("text/html", paid.as_str()),
            "/cookie" => ("text/plain", if cookie { "otra vez" } else { "primera vez" }),
            _ => ("text/plain", "nada"),
        };
        let len = text.len();
        let told = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len}\r\n\
             Set-Cookie: seen=1; HttpOnly\r\n\
             Content-Security-Policy: default-src 'self'; style-src 'self' 'unsafe-inline'\r\n\r\n{text}"
        );
        let mut stream = stream;
        if stream.write_all(told.as_bytes()).is_err() {
            return;
        }
    }
}

fn open(port: u16, path: &str, view: View) -> Page {
    let page = Browser::shared().unwrap().open(view).unwrap();
    page.go(&format!("http://127.0.0.1:{port}{path}"));
    page
}

#[test]
fn a_form_is_filled_with_a_mouse_and_a_keyboard() {
    let page = open(serve(), "/form", View::DESK);
    page.sees("Con guion");
    assert_eq!(page.title(), "Caja");
    assert!(page.has("button", "Cobrar*") && !page.has("button", "Anular"));
    page.fill("Efectivo", "1ñ0");
    page.fill("Efectivo", "200");
    assert_eq!(page.field("Efectivo").value(), "200");
    page.click("checkbox", "Octubre");
    assert!(page.find("checkbox", "Octubre").is_checked());
    page.field("Medio").choose("Tarjeta");
    page.follow("button", "Cobrar 136,76");
    page.sees("cash=200&bill=on&means=Tarjeta");
    assert_eq!(page.path(), "/paid");
    page.back();
    page.find("heading", "Cobrar");
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn keys_alone_do_it_too_and_are_counted() {
    let page = open(serve(), "/form", View::DESK);
    page.sees("Con guion");
    page.press(&["F2"]);
    page.focuses("textbox", "Efectivo");
    page.write("50");
    page.press(&["Tab"]);
    page.focuses("checkbox", "Octubre");
    page.press(&["Space", "Shift+Tab"]);
    assert_eq!(page.keystrokes(), 6);
    page.loads(|page| page.press(&["Enter"]));
    page.sees("cash=50&bill=on&means=Efectivo");
}

#[test]
fn a_page_that_asks_back_is_answered() {
    let page = open(serve(), "/form", View::DESK);
    for (is_yes, told) in [(true, "dijo que sí"), (false, "dijo que no")] {
        let question = page.confirms(is_yes, |page| page.click("button", "Preguntar"));
        assert_eq!(question, "¿Seguro?");
        page.sees(told);
    }
}

#[test]
fn without_scripts_a_page_stays_as_it_came() {
    let page = open(serve(), "/form", View::PHONE.without_scripts());
    page.sees("Sin guion");
    page.fill("Efectivo", "1");
    page.follow("button", "Cobrar*");
    page.sees("cash=1");
}

#[test]
fn a_context_is_its_own_and_its_tabs_share_it() {
    let port = serve();
    let one = open(port, "/cookie", View::DESK);
    assert!(one.says("primera vez"));
    let two = open(port, "/cookie", View::DESK);
    assert!(two.says("primera vez"), "nobody else's cookie");
    let tab = one.another();
    tab.go(&format!("http://127.0.0.1:{port}/cookie"));
    assert!(tab.says("otra vez"));
    assert_eq!(tab.fetch("/cookie").bytes, b"otra vez");
    let [cookie] = &one.cookies()[..] else { panic!("one cookie") };
    assert_eq!((&cookie["name"], &cookie["httpOnly"]), (&"seen".into(), &true.into()));
    one.forget_cookies();
    one.reload();
    assert!(one.says("primera vez"));
}

#[test]
fn what_is_wrong_with_a_page_is_told() {
    let page = open(serve(), "/other", View::DESK);
    page.sees("Casi nada");
    assert_eq!(page.title(), "Otra", "the policy forbids its script");
    let complaints = page.complaints();
    assert!(complaints.iter().any(|text| text.contains("Security Policy")), "{complaints:?}");
    let barriers = page.barriers();
    for rule in ["label (critical): ", "color-contrast (serious): "] {
        assert!(barriers.iter().any(|line| line.starts_with(rule)), "{rule}: {barriers:?}");
    }
    let fine = open(serve(), "/form", View::DESK);
    assert_eq!(fine.barriers(), Vec::<String>::new());
}

#[test]
fn pictures_have_the_size_and_the_colours_that_were_asked_for() {
    let mut page = open(serve(), "/other", View::PHONE.dark());
    let dark = Picture::from_png(&page.picture(false)).unwrap();
    page.look(View::PHONE);
    let light = Picture::from_png(&page.picture(false)).unwrap();
    let told = dark.difference(&light).expect("one is dark");
    assert!(told.ends_with("the first in column 0 of row 0"), "{told}");
    page.look(View { height: 10, ..View::PHONE });
    let whole = Picture::from_png(&page.picture(true)).unwrap();
    let told = whole.difference(&light).unwrap();
    assert!(told.starts_with("it is 320 × ") && !told.starts_with("it is 320 × 10 "), "{told}");
    assert!(page.print().starts_with(b"%PDF-"));
}

#[test]
fn a_connection_is_lost_where_it_is_told() {
    let proxy = Proxy::start(serve()).unwrap();
    let page = open(proxy.port(), "/form", View::DESK);
    page.fill("Efectivo", "7");
    // The first byte of the answer stays away, and then the whole server: a browser asks again by itself.
    proxy.cut_after(Direction::ToClient, 0, Cut::BlackHoled);
    page.loads(|page| {
        page.click("button", "Cobrar*");
        while proxy.is_armed() {
            thread::yield_now();
        }
        proxy.cut(Cut::Closed);
    });
    assert!(page.is_lost());
    proxy.mend();
    page.back();
    page.offline(true);
    page.follow("link", "Otra");
    assert!(page.is_lost());
    page.offline(false);
    page.reload();
    page.find("heading", "Otra");
}

#[test]
#[should_panic(expected = "something lies over button «Debajo»")]
fn what_lies_under_something_cannot_be_clicked() {
    let page = open(serve(), "/other", View::DESK).waiting(Duration::from_millis(300));
    page.click("button", "Debajo");
}

fn works_somebody_in(home: &Path) -> bool {
    let Ok(home) = fs::metadata(home) else { return false };
    fs::read_dir("/proc").unwrap().filter_map(Result::ok).any(|entry| {
        let there = fs::metadata(entry.path().join("cwd"));
        there.is_ok_and(|there| (there.dev(), there.ino()) == (home.dev(), home.ino()))
    })
}

fn wait_until_gone(home: &Path) {
    for _ in 0..2_000 {
        if !home.exists() && !works_somebody_in(home) {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{} is still there", home.display());
}

#[test]
fn a_dropped_browser_leaves_nothing() {
    let browser = Browser::start().unwrap();
    let page = browser.open(View::DESK).unwrap();
    let home = browser.home();
    assert!(works_somebody_in(&home));
    drop(browser);
    assert!(!works_somebody_in(&home));
    drop(page);
    wait_until_gone(&home);
}

#[test]
#[ignore = "the process that the test below kills"]
fn a_process_that_is_to_be_killed() {
    let browser = Browser::start().unwrap();
    println!("\n{}", browser.home().display());
    // Or until the test is gone, whatever became of it.
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_process_that_is_killed_leaves_no_browser() {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--nocapture", "--exact", "browsers::a_process_that_is_to_be_killed"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let told = lines.map(Result::unwrap).find(|line| line.starts_with('/')).unwrap();
    assert!(works_somebody_in(Path::new(&told)));
    process.kill().unwrap();
    process.wait().unwrap();
    wait_until_gone(Path::new(&told));
}
