//! `watch`: a folder whose files are imported and put away.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, SystemTime};

use crate::common::{
    BILLS, Bill, Daemon, Installation, MEMBERS, PATIENCE, bills, check, exists, files, run,
    system_user, verify, wait_until,
};

const ONCE: &str = "watch caja --once --data datos --company 13";

/// An installation with a folder for files.
fn with_folder() -> Installation {
    let installation = Installation::with_company();
    fs::create_dir_all(installation.path("caja/entrada")).unwrap();
    installation
}

/// Puts a file into `entrada` as careful programs do: whole from the start.
fn put(installation: &Installation, name: &str, text: impl AsRef<[u8]>) {
    let inbox = installation.path("caja/entrada");
    fs::write(inbox.join("llega.tmp"), text).unwrap();
    fs::rename(inbox.join("llega.tmp"), inbox.join(name)).unwrap();
}

/// How many files were imported, or are being.
fn imported(installation: &Installation) -> usize {
    let list = installation.run(&["import", "list", "--data", "datos", "--json"]).json();
    list.as_array().unwrap().len()
}

/// The names in a part of the folder, without their moment, in order; each must have one if it was
/// put away.
fn names(installation: &Installation, part: &str) -> Vec<String> {
    let entries = fs::read_dir(installation.path("caja").join(part)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .map(|name| {
            if part == "entrada" {
                return name;
            }
            let (stamp, name) = name.split_at("20260102-030405-".len());
            let is_digit = |at: usize, byte: u8| byte.is_ascii_digit() != matches!(at, 8 | 15);
            assert!(stamp.bytes().enumerate().all(|(at, byte)| is_digit(at, byte)), "{stamp}");
            name.to_owned()
        })
        .collect();
    names.sort();
    names
}

/// What the file of that end in a part of the folder holds.
fn text(installation: &Installation, part: &str, end: &str) -> String {
    let mut entries = fs::read_dir(installation.path("caja").join(part)).unwrap();
    let path = entries.find_map(|entry| {
        let path = entry.unwrap().path();
        path.to_str().unwrap().ends_with(end).then_some(path)
    });
    fs::read_to_string(path.unwrap_or_else(|| panic!("{part}: {end}"))).unwrap()
}

/// A file with what is written beside it.
fn trio(name: &str) -> [String; 3] {
    ["", ".resumen.txt", ".veredictos.csv"].map(|end| format!("{name}{end}"))
}

#[test]
fn a_file_is_imported_and_put_away_with_what_came_of_it() {
    let installation = with_folder();
    installation.write("caja/entrada/socios.csv", MEMBERS);
    check(&installation, &[(ONCE, 0, "socios.csv: cargado: 2 nuevas, 0 iguales -> procesados/")]);
    assert_eq!(names(&installation, "procesados"), trio("socios.csv"));
    assert_eq!(names(&installation, "entrada").len(), 0);
    let verdicts = text(&installation, "procesados", "socios.csv.veredictos.csv");
    assert!(verdicts.ends_with("\r\n2;nueva;;1;;;;\r\n3;nueva;;2;;;;\r\n"), "{verdicts}");
    let summary = text(&installation, "procesados", "resumen.txt");
    let imported_by = format!("\r\nempresa:   13 Cooplan\r\ncargó:     {}\r\n\r\n", system_user());
    for line in [
        "\u{FEFF}archivo:   socios.csv\r\nresultado: cargado\r\nfecha:     2",
        &imported_by,
        "\r\n2 líneas cargadas (archivo 1)\r\n  nuevas   2\r\n  iguales  0\r\n",
    ] {
        assert!(summary.contains(line), "{line}: {summary}");
    }
    check(&installation, &[(ONCE, 0, "")]);
    verify(&installation, "datos");
}

#[test]
fn a_bad_file_is_refused_with_its_reasons() {
    let installation = with_folder();
    let heading = "factura,contrato,periodo,monto\n";
    let mut long = heading.to_owned();
    long.extend((1..=120).map(|bill| format!("{bill},1,202401,x\n")));
    for (name, text) in [
        ("facturas.csv", BILLS),
        ("largo.csv", &long),
        ("nota.txt", "Estimados:\nva el archivo.\n"),
        ("libro.xlsx", "PK\u{3}\u{4}factura"),
        ("vacio.csv", ""),
    ] {
        installation.write(&format!("caja/entrada/{name}"), text);
    }
    let ran = installation.run(&ONCE.split(' ').collect::<Vec<_>>());
    assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{ran:?}");
    assert!(ran.out.contains("facturas.csv: rechazado: 2 líneas malas; no se guardó nada -> "));
    assert!(ran.out.contains("nota.txt: rechazado: línea 1: "), "{ran:?}");
    let mut expected =
        ["facturas.csv", "largo.csv", "libro.xlsx", "nota.txt", "vacio.csv"].map(trio).concat();
    expected.sort();
    assert_eq!(names(&installation, "rechazados"), expected);
    assert_eq!(names(&installation, "procesados").len(), 0);
    for (end, told) in [
        ("facturas.csv.resumen.txt", "\r\nresultado: rechazado\r\n"),
        ("facturas.csv.resumen.txt", "\r\n2 líneas malas; no se guardó nada\r\n"),
        ("facturas.csv.resumen.txt", "\r\nlínea 3, columna contrato: no hay ningún contrato «"),
        ("facturas.csv.veredictos.csv", "\r\n3;rechazada;;;;;contrato;\"No hay ningún contrato «"),
        ("largo.csv.resumen.txt", "\r\n… y más: están todas en el archivo de veredictos\r\n"),
        ("largo.csv.veredictos.csv", "\r\n121;rechazada;;;;;monto;"),
        ("nota.txt.resumen.txt", "No se guardó nada.\r\n"),
        ("nota.txt.veredictos.csv", "\r\n1;archivo_rechazado;;;;;;"),
        ("vacio.csv.veredictos.csv", "\r\n1;archivo_rechazado;;;;;;"),
    ] {
        let text = text(&installation, "rechazados", end);
        assert!(text.contains(told), "{end}: {told}: {text}");
    }
    let list = installation.run(&["import", "list", "--data", "datos", "--json"]);
    assert_eq!(list.out, "[]\n", "nothing was imported");
}

#[test]
fn members_come_before_bills_and_older_files_before_newer() {
    let installation = with_folder();
    let drop = |name: &str, text: &str, age_s: u64| {
        let name = format!("caja/entrada/{name}");
        installation.write(&name, text);
        let file = fs::File::options().append(true).open(installation.path(&name)).unwrap();
        file.set_modified(
            SystemTime::UNIX_EPOCH + Duration::from_hours(1_000_000) - Duration::from_secs(age_s),
        )
        .unwrap();
    };
    drop("a.csv", &BILLS.replace("10.00", "12.00"), 10);
    drop("b.csv", BILLS, 20);
    drop("z.csv", MEMBERS, 0);
    let ran = installation.done(&ONCE.split(' ').collect::<Vec<_>>());
    let told: Vec<_> = ran.out.lines().map(|line| line.split(" -> ").next().unwrap()).collect();
    assert_eq!(
        told,
        [
            "z.csv: cargado: 2 nuevas, 0 iguales",
            "b.csv: cargado: 2 nuevas, 0 iguales",
            "a.csv: cargado: 0 nuevas, 1 cambiada, 1 igual",
        ]
    );
    verify(&installation, "datos");
}

#[test]
fn what_is_not_for_us_is_left_alone() {
    let installation = with_folder();
    let names_left = [
        ".socios.csv",
        "desktop.ini",
        "socios.crdownload",
        "socios.csv.filepart",
        "socios.csv.part",
        "socios.csv.tmp",
        "socios.csv~",
    ];
    for name in names_left {
        installation.write(&format!("caja/entrada/{name}"), MEMBERS);
    }
    installation.write("socios.csv", MEMBERS);
    let inbox = installation.path("caja/entrada");
    std::os::unix::fs::symlink(installation.path("socios.csv"), inbox.join("enlace.csv")).unwrap();
    fs::create_dir(inbox.join("vieja.csv")).unwrap();
    let ran = installation.done(&ONCE.split(' ').collect::<Vec<_>>());
    assert_eq!(ran.out, "");
    assert_eq!(names(&installation, "entrada").len(), names_left.len() + 2);
}

#[test]
fn files_of_one_name_and_moment_are_all_kept() {
    let installation = with_folder();
    for count in 1..=3 {
        installation.write("caja/entrada/socios.csv", MEMBERS);
        check(&installation, &[(ONCE, 0, "socios.csv: cargado: ")]);
        // With the counter of those that came within one second.
        assert_eq!(fs::read_dir(installation.path("caja/procesados")).unwrap().count(), 3 * count);
    }
    let long = format!("{}.csv", "ñ".repeat(120));
    installation.write(&format!("caja/entrada/{long}"), MEMBERS);
    check(&installation, &[(ONCE, 0, "ñ.csv: cargado: ")]);
}

#[test]
fn a_file_that_cannot_be_read_is_refused() {
    let installation = with_folder();
    installation.write("caja/entrada/socios.csv", MEMBERS);
    let path = installation.path("caja/entrada/socios.csv");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    if fs::read(&path).is_ok() {
        // Nothing keeps the administrator out: the file is as good as any.
        check(&installation, &[(ONCE, 0, "socios.csv: cargado: 2 nuevas")]);
        return;
    }
    let ran = installation.run(&ONCE.split(' ').collect::<Vec<_>>());
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("socios.csv: rechazado: no se pudo leer: falta el permiso."));
    assert_eq!(names(&installation, "rechazados"), trio("socios.csv"));
}

#[test]
fn a_complete_file_withdraws_no_more_than_it_may() {
    let installation = with_folder();
    let all = bills(30, 10);
    let (members, lines) = files(&all);
    let (_, half) = files(&all[..149]);
    installation.write("caja/entrada/facturas.csv", lines);
    installation.write("caja/entrada/socios.csv", members);
    let line = format!("{ONCE} --complete --by Oficina");
    check(&installation, &[(&line, 0, "facturas.csv: cargado: 300 nuevas, 0 iguales -> ")]);
    installation.write("caja/entrada/mitad.csv", &half);
    let ran = installation.run(&line.split(' ').collect::<Vec<_>>());
    assert!(
        ran.code == 1 && ran.out.contains("mitad.csv: rechazado: el archivo no trae 151 de las")
    );
    installation.write("caja/entrada/mitad.csv", &half);
    let line = format!("{line} --withdraw-max 151");
    check(&installation, &[(&line, 0, "mitad.csv: cargado: 0 nuevas, 151 desaparecidas, 149 ")]);
    let summary = text(&installation, "procesados", "mitad.csv.resumen.txt");
    assert!(summary.contains("\r\ncargó:     Oficina\r\n"), "{summary}");
    assert!(summary.contains("\r\n  desaparecidas  151   -"), "{summary}");
    verify(&installation, "datos");
}

#[test]
fn bad_lines_may_be_left_out() {
    let installation = with_folder();
    installation.write("caja/entrada/socios.csv", MEMBERS);
    installation.write("caja/entrada/facturas.csv", format!("{BILLS}x,1,202402,5\n"));
    let line = format!("{ONCE} --skip-bad");
    check(&installation, &[(&line, 0, "cargado: 2 nuevas, 0 iguales, 1 rechazada -> ")]);
    let summary = text(&installation, "procesados", "facturas.csv.resumen.txt");
    assert!(summary.contains("\r\n  rechazadas  1   (quedó fuera)\r\n"), "{summary}");
    assert!(summary.contains("\r\nlínea 4, columna factura: "), "{summary}");
}

#[test]
fn a_wrong_line_makes_nothing() {
    let installation = Installation::with_company();
    check(
        &installation,
        &[
            ("watch caja --once --data nada", 3, "nada: no hay ninguna instalación"),
            ("watch caja --once --data datos --company 9", 2, "no hay ninguna empresa 9"),
        ],
    );
    assert!(!exists(&installation.path("caja")));
    installation.write("archivo", "");
    check(
        &installation,
        &[
            ("watch archivo --once --data datos", 2, "archivo: no se pudo usar: "),
            ("watch nueva/caja --once --data datos", 0, ""),
        ],
    );
    assert!(exists(&installation.path("nueva/caja/entrada")));
}

/// A watcher of `caja` that goes on, and takes files at once; `err.txt` has its standard error.
fn watcher(installation: &Installation) -> Daemon {
    let line = ["watch", "caja", "--data", "datos", "--settle", "0"];
    let err = fs::File::create(installation.path("err.txt")).unwrap();
    let daemon = Daemon::start(installation.command(&line).stderr(err));
    assert_eq!(daemon.line(), "atiende caja/entrada para la empresa 13");
    daemon
}

#[test]
fn a_watcher_works_beside_a_server() {
    let installation = with_folder();
    let credentials = installation.collector("caja");
    let server = installation.serve();
    let watcher = watcher(&installation);
    check(&installation, &[(ONCE, 3, "caja: otro «ventanilla watch» ya atiende esta carpeta")]);
    put(&installation, "socios.csv", MEMBERS);
    assert!(watcher.line().starts_with("socios.csv: cargado: 2 nuevas"));
    put(&installation, "facturas.csv", BILLS);
    wait_until("the file", || names(&installation, "procesados").contains(&"facturas.csv".into()));
    assert!(watcher.line().starts_with("facturas.csv: cargado: 2 nuevas"));
    let bill = Bill { id: 1001, contract: 1, period: 202_401, amount_minor: 1_000 };
    let mut client = server.client(&credentials);
    let paid = client.post("realizarpago", &bill.to_payment(None)).values();

    put(&installation, "tarde.csv", BILLS.replace("10.00", "11.00"));
    assert!(watcher.line().starts_with("tarde.csv: cargado: 0 nuevas, 1 igual, 1 ya pagada -> "));
    let summary = text(&installation, "procesados", "tarde.csv.resumen.txt");
    let id = paid["IdCobranza"].as_str().unwrap();
    let told = format!("línea 2: la factura 1001 está pagada (IdCobranza {id}); queda como está");
    assert!(summary.contains(&told), "{summary}");
    watcher.stop();
    server.stop();
    verify(&installation, "datos");
}

#[test]
fn a_file_stays_until_the_store_is_there() {
    let installation = with_folder();
    let watcher = watcher(&installation);
    let (here, away) = (installation.path("datos"), installation.path("lejos"));
    fs::rename(&here, &away).unwrap();
    put(&installation, "socios.csv", MEMBERS);
    let missing = "ventanilla: datos: no hay ninguna instalación";
    wait_until("a word of it", || installation.read("err.txt").contains(missing));
    assert_eq!(names(&installation, "entrada"), ["socios.csv"]);
    fs::rename(&away, &here).unwrap();
    assert!(watcher.line().starts_with("socios.csv: cargado: 2 nuevas"));
    assert_eq!(installation.read("err.txt").lines().count(), 1, "it is told once");
    watcher.stop();
}

#[test]
fn a_file_that_cannot_be_moved_is_imported_once() {
    let installation = with_folder();
    put(&installation, "socios.csv", MEMBERS);
    let mut watcher = watcher(&installation);
    assert!(watcher.line().starts_with("socios.csv: cargado: 2 nuevas"));
    // A file where the folder should be keeps everything out of it, the administrator's too.
    fs::remove_dir_all(installation.path("caja/procesados")).unwrap();
    installation.write("caja/procesados", "");
    put(&installation, "facturas.csv", BILLS);
    wait_until("the import", || imported(&installation) == 2);
    put(&installation, "otra.csv", "contrato,nombre\n3,Socio Tres\n");
    wait_until("the next import", || imported(&installation) == 3);
    watcher.terminate();
    assert_eq!(watcher.ended(PATIENCE), 0);
    assert_eq!(imported(&installation), 3, "no file was imported again");
    assert_eq!(names(&installation, "entrada"), ["facturas.csv", "otra.csv"]);
    let told = "facturas.csv: cargado (2 nuevas, 0 iguales), pero no se pudo mover a procesados/";
    assert_eq!(installation.read("err.txt").matches(told).count(), 1);
    fs::remove_file(installation.path("caja/procesados")).unwrap();
    check(&installation, &[(ONCE, 0, "facturas.csv: cargado: 0 nuevas, 2 iguales -> ")]);
    verify(&installation, "datos");
}

/// A watcher that has begun to keep the lines of `facturas.csv`, which has 60,000.
fn busy_watcher(installation: &Installation) -> Daemon {
    let (members, lines) = files(&bills(5_000, 12));
    let watcher = watcher(installation);
    put(installation, "socios.csv", members);
    assert!(watcher.line().starts_with("socios.csv: cargado: 5000 nuevas"));
    put(installation, "facturas.csv", lines);
    wait_until("the file", || imported(installation) == 2);
    watcher
}

#[test]
fn a_signal_lets_the_file_at_work_finish() {
    let installation = with_folder();
    let watcher = busy_watcher(&installation);
    put(&installation, "tarde.csv", MEMBERS);
    watcher.terminate();
    assert!(watcher.line().starts_with("facturas.csv: cargado: 60000 nuevas, 0 iguales -> "));
    watcher.stop();
    assert_eq!(names(&installation, "entrada"), ["tarde.csv"]);
    verify(&installation, "datos");
}

#[test]
fn a_file_that_is_replaced_at_work_is_not_put_away_for_the_other() {
    let installation = with_folder();
    let watcher = busy_watcher(&installation);
    put(&installation, "facturas.csv", "factura,contrato,periodo,monto\n1001,1,202401,7\n");
    assert!(watcher.line().starts_with("facturas.csv: cargado: 0 nuevas, 1 cambiada, 0 iguales"));
    watcher.stop();
    assert_eq!(imported(&installation), 3);
    let told = "facturas.csv: cambió o se quitó mientras se cargaba (60000 nuevas, 0 iguales); ";
    assert!(installation.read("err.txt").starts_with(told));
    let put_away = [trio("facturas.csv"), trio("socios.csv")].concat();
    assert_eq!(names(&installation, "procesados"), put_away);
    verify(&installation, "datos");
}

#[test]
fn a_file_is_taken_once_it_stands_still() {
    let installation = with_folder();
    put(&installation, "socios.csv", "contrato,nombre\n");
    let line = "watch caja --once --settle 1 --data datos";
    let line: Vec<&str> = line.split(' ').collect();
    let path = installation.path("caja/entrada/socios.csv");
    std::thread::scope(|scope| {
        let growing = scope.spawn(|| {
            for member in 0..40 {
                let mut file = fs::File::options().append(true).open(&path).unwrap();
                writeln!(file, "{member},Socio {member}").unwrap();
                std::thread::sleep(Duration::from_millis(50));
            }
        });
        let ran = run(&mut installation.command(&line));
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "it still grows");
        growing.join().unwrap();
    });
    let ran = installation.done(&line);
    assert!(ran.out.starts_with("socios.csv: cargado: 40 nuevas"), "{ran:?}");
}
