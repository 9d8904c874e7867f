//! Backups that are no good: each is told, and nothing changes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::{Office, contents, pay};
use crate::common::paper::shell;
use crate::common::{Installation, check, verify};

/// Bytes of a sealed backup before its first chunk, and of a chunk.
const HEADER_LEN: usize = 95;
const CHUNK_LEN: usize = 65_536 + 16;

/// A file made of a good one.
type Damage = (&'static str, fn(&mut Vec<u8>));

const DAMAGES: [Damage; 9] = [
    ("a flipped byte of the header", |bytes| bytes[40] ^= 1),
    ("a flipped byte of the salt", |bytes| bytes[HEADER_LEN - 1] ^= 1),
    ("a flipped byte of the first chunk", |bytes| bytes[HEADER_LEN] ^= 1),
    ("a flipped byte in the middle", |bytes| {
        let at = bytes.len() / 2;
        bytes[at] ^= 0x80;
    }),
    ("a flipped last byte", |bytes| {
        let at = bytes.len() - 1;
        bytes[at] ^= 1;
    }),
    ("cut off in a chunk", |bytes| bytes.truncate(HEADER_LEN + CHUNK_LEN + 100)),
    ("cut off between chunks", |bytes| bytes.truncate(HEADER_LEN + CHUNK_LEN)),
    ("two chunks in each other's place", |bytes| {
        let (first, second) = bytes[HEADER_LEN..].split_at_mut(CHUNK_LEN);
        first.swap_with_slice(&mut second[..CHUNK_LEN]);
    }),
    ("longer than it was", |bytes| bytes.push(0)),
];

#[test]
fn a_backup_that_is_no_good_is_refused_and_changes_nothing() {
    let office = Office::opened();
    let installation = &office.installation;
    let server = installation.serve();
    pay(&mut server.client(&office.bank), office.bills[0], "a");
    office.backup("sin-cifrar");
    office.backup("cifrado --encrypt");
    server.stop();
    let foreign = Office::opened();
    foreign.backup("ajeno --encrypt");
    fs::copy(foreign.installation.path("ajeno"), installation.path("ajeno")).unwrap();
    let good = fs::read(installation.path("cifrado")).unwrap();
    for (name, damage) in DAMAGES {
        let mut bad = good.clone();
        damage(&mut bad);
        assert_ne!(bad, good, "{name}");
        installation.write(name, bad);
    }
    let mut cut = fs::read(installation.path("sin-cifrar")).unwrap();
    cut.truncate(cut.len() / 2);
    installation.write("half of a plain one", cut);
    let names = DAMAGES.iter().map(|(name, _)| *name);
    let names: Vec<&str> = names.chain(["half of a plain one", "ajeno", "socios.csv"]).collect();
    let before = contents(&installation.path("datos"));
    for name in names {
        let restore = ["restore", name, "--data=datos", "--waive=banco", "--waive=kiosco"];
        for line in [&restore[..], &["backup", "--check", name, "--data=datos"]] {
            let ran = installation.run(line);
            assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{name}: {ran:?}");
            let told = match name {
                "ajeno" | "a flipped byte of the header" => "es de otra instalación",
                "socios.csv" => "no es un respaldo de Ventanilla",
                _ => "está dañado, cortado o alterado; nada cambió",
            };
            assert!(ran.err.contains(told), "{name}: {ran:?}");
        }
        assert_eq!(contents(&installation.path("datos")), before, "{name}");
        assert!(!installation.path("datos.restoring").exists(), "{name}");
    }
    verify(installation, "datos");
}

#[test]
fn books_that_do_not_verify_give_no_backup() {
    let office = Office::opened();
    let installation = &office.installation;
    let edit = "import sqlite3; db = sqlite3.connect('datos/ventanilla.db'); \
                db.execute('UPDATE balance SET balance_minor = balance_minor + 1'); db.commit()";
    shell(installation, &format!("python3 -c \"{edit}\""));
    for line in ["backup r --data datos", "backup r --encrypt --data datos"] {
        let told = "los libros no concuerdan con su diario: no se hizo el respaldo\nempresa 13: ";
        check(installation, &[(line, 1, told)]);
        let names = contents(&installation.path(".")).into_iter().map(|(name, _)| name);
        let left: Vec<_> = names.filter(|name| name.starts_with('r')).collect();
        assert_eq!(left, [""; 0], "{line}");
    }
}

#[test]
fn what_is_in_the_way_is_told_and_stays() {
    let office = Office::opened();
    let installation = &office.installation;
    office.backup("r");
    installation.write("codigo", &office.code);
    fs::create_dir(installation.path("fotos")).unwrap();
    installation.write("fotos/1", "x");
    installation.write("otros.recovery-kit", "x");
    let other = Installation::with_company();
    fs::copy(other.path("datos.secrets"), installation.path("ajenas.secrets")).unwrap();
    let kit = "--kit datos.recovery-kit --code-file codigo --waive banco --waive kiosco";
    check(
        installation,
        &[
            ("backup r --data datos", 2, "r: ya existe; nada cambió"),
            ("backup no/r --data datos", 2, "no/r: no se pudo crear: no existe"),
            ("backup --check no --data datos", 2, "no: no se pudo leer: no existe"),
            ("restore no --data datos --waive banco", 2, "no: no se pudo leer: no existe"),
            (
                &format!("restore r --data fotos {kit}"),
                2,
                "fotos: existe y no es un directorio de datos de Ventanilla; nada cambió",
            ),
            (
                &format!("restore r --data nuevo --secrets ajenas.secrets {kit}"),
                2,
                "ajenas.secrets: ya existe, con otras claves que las del kit",
            ),
            ("init --data otros", 2, "otros.recovery-kit: ya existe; nada cambió"),
            ("restore r --data nuevo --secrets no.secrets", 2, "no existe el archivo de claves"),
            ("restore datos/ventanilla.db --data datos", 1, "pero no un respaldo"),
        ],
    );
    assert_eq!(installation.read("fotos/1"), "x");
    assert!(!installation.path("nuevo").exists() && !installation.path("otros").exists());
    let mode = |name: &str| fs::metadata(installation.path(name)).unwrap().permissions().mode();
    for name in ["datos.recovery-kit", "r"] {
        assert_eq!(mode(name) & 0o777, 0o600, "{name} is its owner's alone");
    }
    // A directory that is there and empty is a place, as a volume that is mounted is.
    fs::create_dir(installation.path("vacio")).unwrap();
    check(
        installation,
        &[(
            &format!("restore r --data vacio {kit}"),
            0,
            "Claves escritas en vacio.secrets, desde el kit",
        )],
    );
    verify(installation, "vacio");
}
