//! Passwords typed at a terminal: one of `script`'s, on which a test reads and types.

use std::io::{BufReader, Read as _, Write as _};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::json;

use crate::common::accountant::{PATH, post};
use crate::common::{Client, Installation, PATIENCE, Piped, wait_until};

const FIRST: &str = "Contraseña: ";
const SECOND: &str = "Repítala: ";

/// A command that runs at a terminal of its own; its standard output is the file `salida`.
struct Terminal<'i> {
    installation: &'i Installation,
    script: Piped,
    keys: ChildStdin,
    screen: Receiver<u8>,
    shown: Vec<u8>,
}

impl<'i> Terminal<'i> {
    fn start(installation: &'i Installation, line: &str) -> Self {
        let lines = format!(
            "exec script -qec \"tty >terminal; {line} >salida; code=\\$?; stty -a >despues; exit \\$code\" \
             /dev/null"
        );
        let mut command = installation.shell(".", &lines);
        command.env("SHELL", "/bin/sh").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut script = Piped::start(&mut command);
        let keys = script.child.stdin.take().unwrap();
        let output = BufReader::new(script.child.stdout.take().unwrap());
        let (tell, screen) = mpsc::channel();
        thread::spawn(move || {
            for byte in output.bytes().map_while(Result::ok) {
                if tell.send(byte).is_err() {
                    return;
                }
            }
        });
        Self { installation, script, keys, screen, shown: Vec::new() }
    }

    /// Waits for the question.
    fn heard(&mut self, question: &str) {
        while !self.shown.ends_with(question.as_bytes()) {
            let byte = self.screen.recv_timeout(PATIENCE);
            self.shown.push(byte.unwrap_or_else(|_| panic!("{question}: {}", self.shown())));
        }
    }

    /// Waits for the question, and until what is typed is not shown.
    fn asked(&mut self, question: &str) {
        self.heard(question);
        let terminal = self.installation.read("terminal").trim().to_owned();
        wait_until("a terminal that does not show what is typed", || {
            let stty = Command::new("stty").args(["-a", "-F", &terminal]).output().unwrap();
            String::from_utf8_lossy(&stty.stdout).contains(" -echo ")
        });
    }

    /// Types after the question was read, as a person would.
    fn answer(&mut self, question: &str, keys: &str) {
        self.asked(question);
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }

    /// How the command ended, what the terminal showed and what went to standard output. What is
    /// typed is shown again after it.
    fn ended(mut self) -> (i32, String, String) {
        self.shown.extend(self.screen.iter());
        let code = self.script.ended();
        assert!(self.installation.read("despues").contains(" echo "), "{}", self.shown());
        (code, self.shown(), self.installation.read("salida"))
    }
}

/// Types answers to a command, and checks its end, and what is told at the terminal and beside it.
fn check(
    installation: &Installation,
    line: &str,
    answers: &[(&str, &str)],
    (code, told, out): (i32, &str, &str),
) {
    let mut terminal = Terminal::start(installation, line);
    for (question, keys) in answers {
        terminal.answer(question, keys);
    }
    let (ended, shown, printed) = terminal.ended();
    assert_eq!(ended, code, "{line}: {shown}");
    assert!(shown.contains(told), "{line}: {shown}");
    assert_eq!(printed, out, "{line}: {shown}");
    for (_, keys) in answers {
        let typed = keys.trim_matches(|key: char| key.is_whitespace() || key.is_control());
        assert!(typed.is_empty() || !shown.contains(typed), "{line}: {shown}");
    }
}

#[test]
fn a_password_is_asked_for_twice_at_a_terminal_and_not_shown() {
    let installation = Installation::with_company();
    let add = "ventanilla user add --data datos --name a";
    let twice = [(FIRST, "clave-de-a\n"), (SECOND, "clave-de-a\n")];
    let empty = [(FIRST, "\n"), (SECOND, "\n")];
    check(&installation, add, &empty, (2, "la contraseña está vacía", ""));
    let other = [(FIRST, "clave-de-a\n"), (SECOND, "clave-de-b\n")];
    check(&installation, add, &other, (2, "las dos contraseñas no son iguales", ""));
    check(&installation, add, &[(FIRST, "clave\x03")], (2, "interrumpido; nada cambió", ""));
    check(&installation, add, &[(FIRST, "\x04")], (2, "falta la contraseña", ""));
    let long = format!("{}\n", "x".repeat(2000));
    check(&installation, add, &[(FIRST, &long)], (2, "la contraseña pasa de 1024 bytes", ""));
    let list = ["user", "list", "--data", "datos"];
    assert_eq!(installation.done(&list).out, "", "nobody was added");
    let told = "Usuario «a» agregado: contador en la empresa 13\n";
    check(&installation, add, &twice, (0, SECOND, told));
    // What is wrong with the line is told before anybody types.
    let nowhere = "ventanilla user add --data datos --name b --company 9";
    check(&installation, nowhere, &[], (2, "no hay ninguna empresa 9", ""));
    check(&installation, add, &[], (2, "ya hay un usuario con ese nombre", ""));
    let unknown = "ventanilla user password --data datos --name b";
    check(&installation, unknown, &[], (2, "no hay ningún usuario con ese nombre", ""));
}

#[test]
fn no_signal_ends_the_question_while_nothing_typed_is_shown() {
    let installation = Installation::with_company();
    let line = "sh -c 'echo \\$\\$ >pid; exec ventanilla user add --data datos --name a'";
    let mut terminal = Terminal::start(&installation, line);
    terminal.asked(FIRST);
    let pid = installation.read("pid");
    for signal in ["TERM", "HUP", "QUIT", "INT"] {
        let sent = Command::new("kill").args(["-s", signal, pid.trim()]).status().unwrap();
        assert!(sent.success(), "{signal}");
    }
    terminal.answer(FIRST, "clave-de-a\n");
    terminal.answer(SECOND, "clave-de-a\n");
    let (code, shown, printed) = terminal.ended();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(printed, "Usuario «a» agregado: contador en la empresa 13\n");
}

#[test]
fn the_password_that_was_typed_signs_in() {
    let installation = Installation::nothing();
    let demo = installation.demo();
    let change = "ventanilla user password --data ventanilla-demo --name a";
    let twice = [(FIRST, " ñandú 1\n"), (SECOND, " ñandú 1\n")];
    let told = "Contraseña de «a» cambiada; sus sesiones terminaron\n";
    check(&installation, change, &twice, (0, SECOND, told));
    let signs_in = |password: &str| {
        let body = json!({
            "auth": { "usuario": "USUARIO_DESARROLLADOR", "password": "PASSWORD_DESARROLLADOR" },
            "service": { "provision": "Usuario", "operacion": "iniciar_sesion" },
            "parameters": { "usuario": "a", "password": password },
        });
        let answer = post(&mut Client::new(demo.address()), PATH, &body.to_string());
        answer.contains(r#""success":true"#)
    };
    assert_eq!([" ñandú 1", "ñandú 1", "a"].map(signs_in), [true, false, false]);
    demo.stop();
}

#[test]
fn whoever_restores_is_asked_for_the_code_unseen_and_for_each_collector() {
    let installation = Installation::with_company();
    installation.collector("banco");
    installation.collector("kiosco");
    let kit = installation.run(&["recovery-kit", "otro.kit", "--data=datos", "--json"]).json();
    let code = kit["CodigoRecuperacion"].as_str().unwrap();
    installation.done(&["backup", "r", "--data=datos", "--encrypt"]);
    installation.write("vacio.csv", "IdCobranza,IdFactura,Contrato,Monto,FechaPagoEmpresa\n");
    let line = "ventanilla restore r --data nuevo --kit otro.kit";
    let mut terminal = Terminal::start(&installation, line);
    terminal.answer("Código de recuperación: ", &format!("{code}\n"));
    for (name, keys) in
        [("banco", "no.csv\n"), ("banco", "vacio.csv\n"), ("kiosco", "sin reporte\n")]
    {
        terminal.heard(&format!("Recaudador «{name}» de la empresa 13"));
        terminal.heard("para perder lo que cobró:");
        terminal.keys.write_all(keys.as_bytes()).unwrap();
    }
    let (ended, shown, printed) = terminal.ended();
    assert_eq!(ended, 0, "{shown}");
    assert!(
        !shown.contains(code) && shown.contains("no.csv: no se pudo leer: no existe"),
        "{shown}"
    );
    assert!(printed.contains("reporte de «banco»: 0 cobranzas traídas"), "{printed}");
    assert!(printed.contains("sin el reporte de «kiosco»"), "{printed}");
}
