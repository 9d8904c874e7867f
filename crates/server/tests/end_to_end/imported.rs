//! What is told of a file later: `import list` and `import show`, of a cut-off import too.

use std::io::Read as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::common::{
    APRIL, Daemon, Installation, MEMBERS, bills, check, files, import, run, system_user, verify,
    wait_until, with_bills,
};

#[test]
fn who_imports_is_written_down() {
    let installation = Installation::with_company();
    installation.write("socios.csv", MEMBERS);
    let system_user = system_user();
    let system_user = system_user.as_str();
    let long = "x".repeat(70);
    let cases = [
        ("", "", None, system_user),
        ("maria", "otra", None, "maria"),
        ("", "jose", None, "jose"),
        ("\u{7}", "", None, system_user),
        (&long, "", None, &long[..64]),
        ("maria", "", Some("Turno noche"), "Turno noche"),
    ];
    for (user, logname, flag, _) in cases {
        let mut command =
            installation.command(&["import", "members", "socios.csv", "--data", "datos"]);
        command.env("USER", user).env("LOGNAME", logname);
        flag.map(|by| command.args(["--by", by]));
        assert_eq!(run(&mut command).code, 0);
    }
    installation.done(&["import", "members", "socios.csv", "--data", "datos"]);
    let list = installation.run(&["import", "list", "--data", "datos", "--json"]).json();
    let told: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["ImportadoPor"].as_str().unwrap())
        .collect();
    let mut expected = cases.map(|(_, _, _, by)| by).to_vec();
    expected.push(system_user);
    assert_eq!(told, expected, "the last one without any variable");
    let line = format!("import members socios.csv --data datos --by {}", "x".repeat(65));
    check(&installation, &[(&line, 2, "--by <NOMBRE>: pasa de 64 caracteres")]);
}

#[test]
fn what_was_imported_is_listed_and_shown() {
    let installation = with_bills();
    installation.write("abril.csv", APRIL);
    installation.done(&["import", "bills", "abril.csv", "--data", "datos", "--by", "Turno noche"]);
    let list = installation.done(&["import", "list", "--data", "datos"]).out;
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 4, "{list}");
    assert!(lines[0].starts_with("n.º  fecha "), "{list}");
    assert!(lines[1].ends_with("  2 nuevas, 0 iguales") && lines[1].contains("  socios  "));
    assert!(lines[2].contains("  marzo.csv  ") && lines[2].ends_with("  9 nuevas, 0 iguales"));
    let digest = "1 nueva, 2 cambiadas, 1 anulada, 1 pagada fuera, 1 reemplazada, 3 iguales";
    assert!(lines[3].ends_with(digest) && lines[3].contains("  Turno noche  "), "{list}");

    let shown = installation.run(&["import", "show", "3", "--data", "datos", "--json"]).json();
    assert_eq!(shown["Versiones"].as_array().unwrap().len(), 6);
    assert_eq!(
        shown["Versiones"][1],
        json!({"Factura": 3, "Version": 2, "Estado": "pendiente", "Monto": "33.50", "Linea": 4})
    );
    let hash = shown["Sha256"].as_str().unwrap();
    let sum = std::process::Command::new("sha256sum").arg(installation.path("abril.csv")).output();
    assert!(String::from_utf8(sum.unwrap().stdout).unwrap().starts_with(hash));
    let mut head = shown.clone();
    head.as_object_mut().unwrap().remove("Versiones");
    let list = installation.run(&["import", "list", "--data", "datos", "--json"]).json();
    assert_eq!(list[2], head, "the list says the same");
    let told: Vec<Value> = ["Archivo", "Tipo", "Nombre", "Estado", "Nuevas", "Diferencia"]
        .map(|key| head[key].clone())
        .into();
    assert_eq!(json!(told), json!([3, "facturas", "abril.csv", "cargado", 1, "-71.25"]));

    let text = installation.done(&["import", "show", "3", "--data", "datos"]).out;
    for told in [hash, "cargó    Turno noche\n", "lo adeudado cambia en -71.25 BOB\n"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    let row = "               3        2  pendiente            33.50        4\n";
    assert!(text.contains(row), "{text}");
    let members = installation.run(&["import", "show", "1", "--data", "datos", "--json"]).json();
    assert_eq!((&members["Tipo"], members.get("Versiones")), (&json!("socios"), None));
    check(
        &installation,
        &[
            ("import show 4 --data datos", 2, "no hay ningún archivo 4"),
            ("import show 1 --data datos --company 9", 2, "no hay ninguna empresa 9"),
            ("import list --data datos --company 9", 2, "no hay ninguna empresa 9"),
        ],
    );
}

#[test]
fn a_withdrawn_bill_has_no_line() {
    let installation = with_bills();
    installation.write("abril.csv", APRIL);
    let line = "import bills abril.csv --data datos --complete";
    installation.done(&line.split(' ').collect::<Vec<_>>());
    let shown = installation.run(&["import", "show", "3", "--data", "datos", "--json"]).json();
    let last = shown["Versiones"].as_array().unwrap().last().unwrap().clone();
    let expected = json!({
        "Factura": 9, "Version": 2, "Estado": "anulada", "Monto": "90.00", "Linea": null,
    });
    assert_eq!(last, expected);
    let text = installation.done(&["import", "show", "3", "--data", "datos"]).out;
    assert!(text.ends_with("               9        2  anulada              90.00        -\n"));
}

#[test]
fn a_reader_of_versions_may_leave_early() {
    let installation = Installation::with_company();
    import(&installation, &bills(1_000, 5));
    for flag in [&[][..], &["--json"]] {
        let line = [&["import", "show", "2", "--data", "datos"][..], flag].concat();
        let mut child = installation
            .command(&line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut start = [0; 64];
        child.stdout.as_mut().unwrap().read_exact(&mut start).unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!((ended.status.code(), ended.stderr.len()), (Some(0), 0), "{ended:?}");
    }
}

#[test]
fn a_cut_off_import_is_finished_by_repeating_the_file() {
    let installation = Installation::with_company();
    let (members, lines) = files(&bills(8_000, 12));
    installation.write("socios.csv", members);
    installation.write("facturas.csv", lines);
    installation.done(&["import", "members", "socios.csv", "--data", "datos"]);
    let list = || installation.run(&["import", "list", "--data", "datos", "--json"]).json();
    let import = ["import", "bills", "facturas.csv", "--data", "datos"];
    let running = Daemon::start(&mut installation.command(&import));
    // From here on lines are being kept.
    wait_until("the file", || list().as_array().unwrap().len() == 2);
    running.kill();
    assert_eq!((&list()[1]["Estado"], &list()[1]["Lineas"]), (&json!("cortado"), &json!(96_000)));
    let text = installation.done(&["import", "list", "--data", "datos"]).out;
    assert!(
        text.ends_with("en curso, cortado o de una versión anterior: repita el archivo\n"),
        "{text}"
    );
    let show = |file: &str| {
        let shown = installation.run(&["import", "show", file, "--data", "datos", "--json"]);
        shown.json()["Versiones"].as_array().unwrap().len()
    };
    let kept = show("2");
    assert!(kept < 96_000, "it was cut off");
    verify(&installation, "datos");

    let ran = installation.run(&[&import[..], &["--json"]].concat()).json();
    assert_eq!((&ran["Nuevas"], &ran["Iguales"]), (&json!(96_000 - kept), &json!(kept)));
    assert_eq!(show("3"), 96_000 - kept);
    assert_eq!((&list()[1]["Estado"], &list()[1]["TerminadoPor"]), (&json!("cortado"), &json!(3)));
    let text = installation.done(&["import", "list", "--data", "datos"]).out;
    assert!(text.contains("  cortado; lo terminó el archivo 3\n"), "{text}");
    verify(&installation, "datos");
}
