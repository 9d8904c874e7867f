//! A company's logo: a file that the command takes or refuses, and what the papers show of it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::common::paper::{check_same, shell};
use crate::common::{Installation, bills, check, import, verify};

const DEMO_LOGO: &str = "src/commands/demo/logo.png";
const DEMO_SHA256: &str = "655c9ce7bf2320274ae594bc5565cf2ab7fb0ae09b34ac7a8be862c963bfc9a6";

fn put(installation: &Installation, name: &str, content: &[u8]) {
    fs::write(installation.path(name), content).unwrap();
}

fn demo_logo() -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(DEMO_LOGO)).unwrap()
}

/// The logo of the company, as JSON.
fn shown(installation: &Installation) -> Value {
    installation.run(&["company", "set", "--data=datos", "--json"]).json()["Logo"].clone()
}

/// How many pictures a paper holds.
fn pictures(installation: &Installation, file: &str) -> usize {
    shell(installation, &format!("pdfimages -list {file}")).lines().skip(2).count()
}

#[test]
fn a_file_that_is_no_logo_is_refused_by_what_is_wrong_with_it() {
    let installation = Installation::with_company();
    let whole = demo_logo();
    let wide = [&whole[..16], &2_001_u32.to_be_bytes(), &whole[20..]].concat();
    let jpeg = |process: u8, components: u8| {
        let frame = [0xff, process, 0, 17, 8, 0, 1, 0, 1, components];
        let each = [1, 0x11, 0].repeat(3);
        [[0xff, 0xd8].as_slice(), &frame, &each, &[0xff, 0xd9]].concat()
    };
    let animated = [&whole[..33], b"\0\0\0\x08acTL12345678sum.", &whole[33..]].concat();
    let mut other_dots = whole.clone();
    other_dots[100] ^= 1;
    for (name, content, told) in [
        ("pesado", vec![0; 65_537], "pesa más de 64 KiB"),
        ("vacio", Vec::new(), "no es un archivo PNG ni JPEG"),
        ("logo.gif", b"GIF89a".to_vec(), "no es un archivo PNG ni JPEG"),
        ("ancho.png", wide, "mide 2001 × 240 puntos, y cada lado va de 1 a 2.000"),
        ("progresivo.jpg", jpeg(0xc2, 3), "es progresivo o de otro proceso"),
        ("imprenta.jpg", jpeg(0xc0, 4), "tiene 4 componentes"),
        ("animado.png", animated, "es una animación"),
        ("largo.png", [whole.as_slice(), b"x"].concat(), "sigue tras el final de la imagen"),
        ("cortado.png", whole[..whole.len() / 2].to_vec(), "está dañada o cortada"),
        ("alterado.png", other_dots, "está dañada o cortada"),
    ] {
        put(&installation, name, &content);
        let line = format!("company set --data datos oldest_first=true --logo {name}");
        check(&installation, &[(&line, 2, told)]);
    }
    let missing = "company set --data datos --logo no-esta.png";
    check(&installation, &[(missing, 2, "no se pudo leer el archivo no-esta.png: no existe")]);
    let settings = installation.run(&["company", "set", "--data=datos", "--json"]).json();
    assert_eq!(
        (&settings["Logo"], &settings["Ajustes"]["oldest_first"]),
        (&Value::Null, &json!(false))
    );
    // Nor is there a logo where a setting is refused.
    put(&installation, "logo.png", &whole);
    let line = "company set --data datos color=azul --logo logo.png";
    check(&installation, &[(line, 2, "no hay ningún ajuste «color»")]);
    assert_eq!(shown(&installation), Value::Null);
    verify(&installation, "datos");
}

#[test]
fn a_logo_is_on_what_is_paid_from_then_on_until_it_is_taken_away() {
    let installation = Installation::with_company();
    let bills = bills(3, 1);
    import(&installation, &bills);
    let credentials = installation.collector("caja");
    put(&installation, "logo.png", &demo_logo());
    let server = installation.serve();
    let mut client = server.client(&credentials);
    let mut pay = |number: usize| {
        let payment = client.post("realizarpago", &bills[number].to_payment(None)).values();
        payment["IdCobranza"].to_string().trim_matches('"').to_owned()
    };
    let line = format!("logo=image/png 240x240, 4818 bytes, sha256:{DEMO_SHA256}\n");
    let print = |payment: &str, file: &str| {
        shell(
            &installation,
            &format!("ventanilla invoice {payment} --data datos --output {file} 2>/dev/null"),
        );
        pictures(&installation, file)
    };
    let before = pay(0);
    check(&installation, &[("company set --data datos --logo logo.png", 0, &line)]);
    let with = pay(1);
    assert_eq!((print(&before, "antes.pdf"), print(&with, "con.pdf")), (0, 2));
    let expected = json!({
        "Tipo": "image/png", "Ancho": 240, "Alto": 240, "Bytes": 4818, "Sha256": DEMO_SHA256,
    });
    assert_eq!(shown(&installation), expected);
    check(
        &installation,
        &[
            ("company list --data datos", 0, &format!("  {line}")),
            ("company set --data datos issuer.name=Aguas --logo none", 0, "issuer.name=Aguas\n"),
        ],
    );
    assert_eq!(shown(&installation), Value::Null);
    let after = pay(2);
    assert_eq!((print(&after, "despues.pdf"), print(&with, "otra-vez.pdf")), (0, 2));
    check_same(&installation, "con.pdf", "otra-vez.pdf");
    server.stop();
    verify(&installation, "datos");
}
