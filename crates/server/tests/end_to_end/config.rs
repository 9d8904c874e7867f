//! `config check`: what would be served, and what stands in the way of it.

use crate::common::{Installation, check};

#[test]
fn a_configuration_is_told_and_what_is_wrong_with_it_too() {
    let installation = Installation::with_company();
    installation.write(
        "ventanilla.toml",
        "data = 'datos'\nlisten = '127.0.0.1:8099'\nmetrics = '127.0.0.1:9099'\n",
    );
    let good = installation.done(&["config", "check"]);
    assert_eq!(
        good.out,
        "datos     datos\ncontrol   datos.checkpoints\nregistro  info\n\
         escucha   http://127.0.0.1:8099\nmétricas  127.0.0.1:9099\n"
    );
    installation.write(
        "malo.toml",
        "data = 'otros'\nlisten = '0.0.0.0:80'\nmetrics = '0.0.0.0:9099'\nlog = 'infoo'\n\
         checkpoints = 'no/control'\nmirror = 'falta/espejo'\n",
    );
    let bad = installation.run(&["config", "check", "--config", "malo.toml"]);
    assert_eq!((bad.code, bad.out.as_str()), (2, ""));
    for sentence in [
        "otros: no hay ninguna instalación",
        "es una dirección pública y no hay TLS",
        "--metrics-public",
        "checkpoints: no existe el directorio no;",
        "espejo: no existe el directorio falta;",
        "el nivel de registro «infoo» no es válido",
    ] {
        assert!(bad.err.contains(sentence), "all of them at once: {sentence}: {bad:?}");
    }
    installation.write("ajeno.toml", "puerto = 1\n");
    check(
        &installation,
        &[
            ("config check --config ajeno.toml", 2, "ajeno.toml: no se conoce «puerto»"),
            ("config check --config no.toml", 2, "no.toml: no se pudo leer: no existe"),
            ("config check --data datos", 0, "escucha   http://127.0.0.1:8099"),
        ],
    );
}

#[test]
fn what_is_printed_is_a_file_that_says_the_same() {
    let installation = Installation::with_company();
    installation.write("ventanilla.toml", "data = 'datos'\ntoken_lifetime_s = 60\n");
    let printed = installation.done(&["config", "check", "--print"]).out;
    assert!(
        printed.contains("\n# Segundos que vive un token\ntoken_lifetime_s = 60\n"),
        "{printed}"
    );
    assert!(printed.contains("\n# listen = \"127.0.0.1:8080\"\n"), "{printed}");
    installation.write("igual.toml", &printed);
    let again = installation.done(&["config", "check", "--print", "--config", "igual.toml"]).out;
    assert_eq!(again, printed);
    installation.write("todo.toml", printed.replace("\n# listen", "\nlisten"));
    installation.done(&["config", "check", "--config", "todo.toml"]);
}
