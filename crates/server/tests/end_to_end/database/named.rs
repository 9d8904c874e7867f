//! Books in a database: how it is named, and what is not for one.

use crate::common::{Installation, check, exists, run};

/// An address at which nobody answers.
const NOWHERE: &str = "postgres://caja:s3cr3t@127.0.0.1:1/libros";

#[test]
fn a_directory_and_a_database_are_one_or_the_other() {
    let installation = Installation::with_company();
    installation.write("ambos.toml", "data = 'datos'\ndatabase = 'postgres://127.0.0.1:1/x'\n");
    check(
        &installation,
        &[
            ("verify --data datos --database x", 2, "no va junto con"),
            ("verify --config ambos.toml", 2, "data y database (ventanilla.toml): los datos están"),
            ("verify --config ambos.toml --data datos", 0, "sin diferencias"),
            ("verify", 2, "falta el directorio de los datos, o la base de datos: --data DIR o"),
        ],
    );
    let verify = |data: &str, database: &str, flags: &[&str]| {
        let mut command = installation.command(&[&["verify"], flags].concat());
        run(command.env("VENTANILLA_DATA", data).env("VENTANILLA_DATABASE", database))
    };
    let both = verify("datos", NOWHERE, &[]);
    assert!(
        both.code == 2 && both.err.contains("VENTANILLA_DATA y VENTANILLA_DATABASE"),
        "{both:?}"
    );
    assert!(!both.err.contains("s3cr3t"), "{both:?}");
    assert_eq!(verify("datos", NOWHERE, &["--data", "datos"]).code, 0, "a flag goes before");
    assert_eq!(verify("datos", "", &[]).code, 0, "an empty variable says nothing");
    let secrets = verify("", NOWHERE, &[]);
    assert!(
        secrets.err.contains("ventanilla.secrets: no existe el archivo de claves"),
        "{secrets:?}"
    );
}

#[test]
fn what_is_of_a_directory_alone_says_what_a_database_has_instead() {
    let installation = Installation::nothing();
    installation.write("respaldo", "");
    let lines = [
        ("backup copia", "pg_basebackup"),
        ("backup --encrypt copia", "pg_basebackup"),
        ("restore respaldo", "se recupera con las herramientas de PostgreSQL"),
        ("mirror status", "réplica síncrona"),
        ("mirror off", "réplica síncrona"),
        ("mirror trim --backup respaldo", "réplica síncrona"),
        ("serve --mirror espejo --listen 127.0.0.1:0", "réplica síncrona"),
        ("config check --mirror espejo", "réplica síncrona"),
    ];
    for (line, told) in lines {
        let line = format!("{line} --database {NOWHERE}");
        let ran = installation.run(&line.split(' ').collect::<Vec<_>>());
        assert!(ran.code == 2 && ran.err.contains(told), "{line}: {ran:?}");
        assert!(!ran.err.contains("s3cr3t"), "{ran:?}");
    }
    assert!(!exists(&installation.path("copia")) && !exists(&installation.path("espejo")));
}

#[test]
fn a_printed_configuration_has_no_password() {
    use std::os::unix::fs::PermissionsExt as _;

    let installation = Installation::nothing();
    let config = format!("database = '{NOWHERE}?sslmode=disable'\nlog = 'warn'\n");
    installation.write("ventanilla.toml", config);
    let close = |mode| {
        let path = installation.path("ventanilla.toml");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    close(0o644);
    check(&installation, &[("config check", 2, "cualquiera puede leer la contraseña")]);
    close(0o640);
    let printed = installation.done(&["config", "check", "--print"]).out;
    assert!(!printed.contains("s3cr3t"), "{printed}");
    let shown = "\n# (la contraseña que dice el archivo no se muestra)\n\
                 database = \"postgres://caja@127.0.0.1:1/libros?sslmode=disable\"\n";
    assert!(printed.contains(shown), "{printed}");
    let ran = installation.run(&["config", "check"]);
    assert!(!ran.out.contains("s3cr3t") && !ran.err.contains("s3cr3t"), "{ran:?}");
    assert!(ran.err.contains("ventanilla.secrets: no existe el archivo de claves"), "{ran:?}");
}
