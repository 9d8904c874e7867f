//! What leaves the machine or is left when a process dies: backups, kits and cores hold no secret.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, Stdio};

use super::finder::{Canary, Heard};
use super::{PASSWORD, add_user, serve};
use crate::common::{Client, Installation, PATIENCE, Server, now, run, with_bills};

/// The two keys of the secrets file, as they are written there.
fn keys(installation: &Installation) -> Vec<String> {
    let secrets = installation.read("datos.secrets");
    let keys = secrets.lines().filter_map(|line| line.split_once("= \"")?.1.strip_suffix('"'));
    let keys: Vec<String> = keys.map(str::to_owned).collect();
    assert_eq!(keys.len(), 2);
    keys
}

/// The bytes of hexadecimal digits.
fn to_bytes(digits: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    (0..digits.len()).step_by(2).map(digit).collect()
}

#[test]
fn no_secret_is_in_a_backup_or_a_kit() {
    let installation = with_bills();
    let mut heard = Heard::default();
    let bank = installation.collector("banco");
    let integrator = ["integrator", "add", "--data", "datos", "--name", "CONTABLE", "--json"];
    let integrator = installation.run(&integrator).json();
    add_user(&installation, &mut heard);
    let kit = installation.run(&["recovery-kit", "otro.kit", "--data=datos", "--json"]).json();
    let code = kit["CodigoRecuperacion"].as_str().unwrap();
    let server = serve(&installation);
    let answer = Client::new(server.address()).post("token", &bank.to_body());
    let token = answer.values().as_str().unwrap().to_owned();
    let line = ["--data=datos", "--log=trace"];
    for (name, flags) in [("claro", &[][..]), ("cifrado", &["--encrypt"])] {
        let ran = installation.done(&[&["backup", name][..], flags, &line].concat());
        heard.add(format!("backup {name}"), ran.out + &ran.err);
    }
    server.stop();
    let restore = ["restore", "cifrado", "--data=otro", "--kit=otro.kit", "--waive=banco"];
    let mut command = installation.command(&[&restore[..], &["--log=trace"]].concat());
    let ran = run(command.env("VENTANILLA_RECOVERY_CODE", code));
    assert_eq!(ran.code, 0, "{ran:?}");
    heard.add("restore", ran.out + &ran.err);
    for name in ["claro", "cifrado", "otro.kit", "datos.recovery-kit", "otro/ventanilla.db"] {
        let bytes = fs::read(installation.path(name)).unwrap();
        for key in keys(&installation) {
            let key = to_bytes(&key);
            assert!(!bytes.windows(key.len()).any(|window| window == key), "{name} holds a key");
        }
        heard.add(name, String::from_utf8_lossy(&bytes));
    }
    heard.add("the log", installation.read("registro"));
    assert!(heard.has("claro", "Socio Uno"), "the files are looked into");
    assert!(!heard.has("cifrado", "Socio Uno"), "and of a sealed one nothing is read");
    let keys = keys(&installation);
    heard.check(&[
        Canary::new("Pwd", &bank.password),
        Canary::new("CodSeguridad", &bank.code),
        Canary::new("token", &token),
        Canary::new("the integrator's password", integrator["password"].as_str().unwrap()),
        Canary::new("the user's password", PASSWORD),
        Canary::new("the recovery code", code),
        Canary::new("the recovery code's letters", &code.replace('-', "")),
        Canary::new("a key", &keys[0]),
        Canary::new("the other key", &keys[1]),
    ]);
}

/// How a shell's command ended that a signal killed: whether with a core.
fn is_dumped(installation: &Installation, lines: &str) -> bool {
    let mut command = installation.shell("cores", &format!("ulimit -c unlimited\n{lines}"));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let deadline = now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        assert!(now() < deadline, "{lines}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let status = child.wait().unwrap();
    assert!(status.signal().is_some(), "{status:?}");
    status.core_dumped()
}

#[test]
fn a_server_that_dies_leaves_no_core() {
    let installation = with_bills();
    fs::create_dir(installation.path("cores")).unwrap();
    // Whether this machine writes any core at all: without it, the limit below is all there is to see.
    let is_possible = is_dumped(&installation, "kill -ABRT $$");
    let lines = "ulimit -c unlimited\nexec ventanilla serve --data ../datos --listen 127.0.0.1:0";
    let mut server = Server::start(&mut installation.shell("cores", lines));
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let words: Vec<&str> = core.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "neither it nor whoever it starts may write one: {core}");
    let pid = server.pid().to_string();
    assert!(Command::new("kill").args(["-ABRT", &pid]).status().unwrap().success());
    assert_eq!(server.ended(PATIENCE), 128 + 6);
    let left: Vec<_> = fs::read_dir(installation.path("cores")).unwrap().collect();
    assert!(left.len() <= usize::from(is_possible), "{left:?}");
}
