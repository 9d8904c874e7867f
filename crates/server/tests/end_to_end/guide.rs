//! The guide to connecting a billing system, run as it stands against a fresh installation: every
//! block of shell lines after `<!-- test: guide -->`, in order, in a copy of `docs/muestras`, and the
//! block after it as what it prints.
//!
//! A mark may say `guide, exit 1`, how the block's commands end, or `guide, serve`: that block is the
//! server, which goes on while the others run.

use std::fs;
use std::path::Path;

use crate::common::{Block, Example, Installation, Server, blocks, document, examples, run};

const GUIDE: &str = "docs/facturacion.md";
const TWIN: &str = "docs/billing.md";
const SAMPLES: &str = "docs/muestras";

/// What the guide prints as the place of everything, and as the server's address.
const HOME: &str = "/srv/ventanilla";
const ADDRESS: &str = "127.0.0.1:8080";
/// The block that is the server.
const SERVE: &str = "ventanilla serve --data /srv/ventanilla/datos\n";

fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(SAMPLES);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut samples: Vec<_> = entries
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    samples.sort();
    samples
}

/// An afternoon with the guide.
struct Afternoon {
    installation: Installation,
    server: Option<Server>,
}

impl Afternoon {
    fn begin() -> Self {
        let installation = Installation::nothing();
        fs::create_dir_all(installation.path("srv/muestras")).unwrap();
        for (name, bytes) in samples() {
            installation.write(&format!("srv/muestras/{name}"), bytes);
        }
        installation.write("sesion", "USER=maria\n");
        Self { installation, server: None }
    }

    fn home(&self) -> String {
        self.installation.path("srv").display().to_string()
    }

    /// Runs a block as the next lines of one session, and gives its exit code and what it says.
    fn run(&self, example: &Example) -> (i32, String) {
        let mut shell = example.shell.replace(HOME, &self.home());
        if let Some(server) = &self.server {
            shell = shell.replace(ADDRESS, &server.address().to_string());
        }
        let session = self.installation.path("sesion").display().to_string();
        let lines = format!(
            "exec 2>&1\nset -a -euo pipefail\n. '{session}'\ntrap \"export -p >'{session}'\" EXIT\n\
             {shell}"
        );
        let ran = run(&mut self.installation.shell("srv/muestras", &lines));
        // The verdict file is for spreadsheets.
        let said = ran.out.replace(&self.home(), HOME).replace(['\r', '\u{FEFF}'], "");
        (ran.code, said)
    }

    fn serve(&mut self) -> String {
        let mut command = self.installation.command(&["serve", "--data", "srv/datos"]);
        let server = Server::start(command.args(["--listen", "127.0.0.1:0", "--log", "warn"]));
        self.server = Some(server);
        format!("listening on http://{ADDRESS}\n")
    }

    fn follow(&mut self, example: &Example) {
        let line = example.line;
        let (code, said) = match example.mark.as_str() {
            "guide, serve" => {
                assert_eq!(example.shell, SERVE, "line {line}");
                (0, self.serve())
            }
            _ => self.run(example),
        };
        let expected = match example.mark.as_str() {
            "guide" | "guide, serve" => 0,
            "guide, exit 1" => 1,
            mark => panic!("line {line}: the mark «{mark}» is not known"),
        };
        assert_eq!(code, expected, "line {line}: {}\n{said}", example.shell);
        let Some(printed) = &example.answer else { return };
        assert!(
            printed.prints(&said),
            "line {line}: the guide prints\n{}\nand the commands say\n{said}\n\
             Correct the guide, or the program.",
            printed.as_str()
        );
    }
}

#[test]
fn the_guides_commands_work_as_printed() {
    let examples = examples(&document(GUIDE));
    assert!(examples.len() >= 20, "the guide shows an afternoon: {}", examples.len());
    let mut afternoon = Afternoon::begin();
    for example in &examples {
        afternoon.follow(example);
    }
}

/// The level of each heading.
fn headings(text: &str) -> Vec<usize> {
    let mut is_in_block = false;
    let mut levels = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            is_in_block = !is_in_block;
        } else if line.starts_with('#') && !is_in_block {
            levels.push(line.bytes().take_while(|byte| *byte == b'#').count());
        }
    }
    levels
}

#[test]
fn the_english_guide_has_the_same_headings_commands_and_answers() {
    let (guide, twin) = (document(GUIDE), document(TWIN));
    assert_eq!(headings(&guide), headings(&twin));
    let run = |text: &str| {
        let examples = examples(text).into_iter();
        examples.map(|example| (example.mark, example.shell, example.answer)).collect::<Vec<_>>()
    };
    assert_eq!(run(&guide), run(&twin));
    let languages = |text: &str| {
        blocks(text).into_iter().map(|Block { language, .. }| language).collect::<Vec<_>>()
    };
    assert_eq!(languages(&guide), languages(&twin));
    let rows = |text: &str| text.lines().filter(|line| line.starts_with('|')).count();
    assert_eq!(rows(&guide), rows(&twin), "rows of tables");
}

#[test]
fn the_guides_tell_of_every_sample() {
    for document in [document(GUIDE), document(TWIN)] {
        for (name, _) in samples() {
            assert!(document.contains(&format!("(muestras/{name})")), "{name}");
        }
    }
}

/// The columns that the program knows, as it names them where it is given another.
fn columns(installation: &Installation, kind: &str) -> Vec<String> {
    installation.write("otra.csv", "otra\n");
    let ran = installation.run(&["import", kind, "otra.csv", "--data", "datos"]);
    let (_, names) = ran.err.split_once("las columnas son: ").unwrap();
    let (names, _) = names.split_once('.').unwrap();
    names.split(", ").map(str::to_owned).collect()
}

#[test]
fn the_guides_explain_every_column() {
    let installation = Installation::with_company();
    let (members, bills) = (columns(&installation, "members"), columns(&installation, "bills"));
    assert!(members.len() > 10 && bills.len() > 20, "{members:?} {bills:?}");
    for path in [GUIDE, TWIN] {
        let text = document(path);
        for name in members.iter().chain(&bills) {
            assert!(text.contains(&format!("\n| `{name}` |")), "{path} has no row of {name}");
        }
    }
}

/// Files that are refused, and the sentence that the guides print for each.
const REFUSED: [(&str, &[u8], &str); 20] = [
    ("members", b"contrato,nombre,cliente\n", "la columna «cliente» no se conoce"),
    ("bills", b"factura,periodo,monto\n", "falta la columna obligatoria «contrato»"),
    ("bills", b"factura;contrato;periodo;monto;\n", "la columna número 5 no tiene nombre"),
    ("bills", b"", "la primera línea está vacía"),
    (
        "bills",
        b"factura\tcontrato\tperiodo\tmonto\n",
        "las columnas están separadas por tabulaciones",
    ),
    ("bills", b"PK\x03\x04", "es un libro de cálculo o está comprimido"),
    ("bills", b"\xFF\xFEf\0", "el archivo está en UTF-16"),
    ("members", b"contrato,nombre\n1,\xC3\xB1\n2,\xF1\n", "el archivo mezcla UTF-8 y Windows-1252"),
    ("members", b"contrato,nombre\n1,\"Rosa\n2,Ana\n", "que se abre en esta línea no se cierra"),
    (
        "bills",
        b"factura;contrato;periodo;monto\n1;105;202512;10,50\n2;105;202512;10.50\n",
        "usa 136,76 (coma decimal); use una sola forma",
    ),
    ("bills", b"[{\"factura\":1}]", "el archivo es una lista de JSON"),
    ("bills", b"{\"factura\":1", "el objeto JSON no se cierra"),
    (
        "members",
        b"contrato,nombre\nZ9,Rosa\nZ9,Rosa\n",
        "el contrato «Z9» ya está en la línea 2 del archivo",
    ),
    (
        "members",
        b"contrato,nombre,socio_id\n1,Rosa,7\n2,Rosita,7\n",
        "las líneas de un mismo socio_id deben coincidir",
    ),
    (
        "members",
        b"contrato,nombre,socio_id\n200,Luz,1\n",
        "ya se asignó a otro socio, que vino sin socio_id",
    ),
    (
        "members",
        b"contrato,nombre,contrato_anterior\n1,Rosa,999\n",
        "no hay ningún contrato con el código de «contrato_anterior»",
    ),
    (
        "members",
        b"contrato,nombre,contrato_anterior\n105,Rosa,300\n",
        "el de «contrato_anterior» no puede tomarlo",
    ),
    (
        "bills",
        b"factura,contrato,periodo,monto,reemplaza\n1,105,202512,10,9999\n",
        "la factura que se reemplaza no existe",
    ),
    ("bills", b"factura,contrato,periodo,monto\n5004,105,202509,70\n", "ya no cambia"),
    (
        "members",
        b"contrato,nombre\n1,\"Rosa\nPaz\"\n",
        "tiene un carácter de control o un salto de línea",
    ),
];

#[test]
fn the_guides_sentences_are_the_programs() {
    let installation = Installation::with_company();
    installation.write("socios.csv", "contrato,nombre,socio_id\n300,Luz,\n105,Ana,502\n");
    installation.write(
        "facturas.csv",
        "factura,contrato,periodo,monto\n5004,105,202509,67.30\n5005,105,202509,310\n",
    );
    installation.write(
        "reemplazo.csv",
        "factura,contrato,periodo,monto,reemplaza\n5031,105,202509,60.10,5004\n",
    );
    for (kind, file) in
        [("members", "socios.csv"), ("bills", "facturas.csv"), ("bills", "reemplazo.csv")]
    {
        installation.done(&["import", kind, file, "--data", "datos"]);
    }
    let guides = [document(GUIDE), document(TWIN)];
    for (kind, bytes, sentence) in REFUSED {
        installation.write("prueba", bytes);
        let ran = installation.run(&["import", kind, "prueba", "--dry-run", "--data", "datos"]);
        assert_eq!(ran.code, 1, "{sentence}: {ran:?}");
        assert!(ran.err.contains(sentence), "{sentence}: {ran:?}");
        for guide in &guides {
            assert!(guide.contains(&format!("\n| `{sentence}` |")), "{sentence}");
        }
    }
}
