//! The README's pictures, which `cargo xtask screenshots` makes anew from the demo.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ventanilla_rig::browser::{Page, Picture, View};

use super::{at, inside, open_drawer};
use crate::common::{Installation, Server};

/// From the root of the repository.
const FOLDER: &str = "docs/pictures";

/// All together, in bytes, at most: whoever clones the repository gets them.
const LEN_MAX: u64 = 600_000;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn keep(name: &str, page: &Page) {
    let png = Picture::from_png(&page.picture(false)).unwrap().to_small_png().unwrap();
    let folder = root().join(FOLDER);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{name}.png")), png).unwrap();
}

#[test]
#[ignore = "cargo xtask screenshots runs it: it writes the pictures"]
fn the_pictures_are_made() {
    let installation = Installation::nothing();
    let server = installation.demo();
    at_the_window(&server);
    in_the_office(&server);
    server.stop();
}

fn at_the_window(server: &Server) {
    let mut page = inside(server, "cajero", View::DESK);
    open_drawer(&page);
    page.go(&at(server, "/consola/13/caja"));
    page.fill("Código, nombre, documento o número de factura", "condori");
    page.sees("resultados");
    keep("buscar", &page);
    page.go(&at(server, "/consola/13/socio/345"));
    page.click("checkbox", "Factura 4325535, *");
    page.fill("Recibe", "300");
    page.sees("Cambio 26,46");
    keep("cobrar", &page);
    page.look(View::DESK.dark());
    keep("cobrar-oscuro", &page);
    page.follow("button", "Cobrar");
    page.sees("Cobro registrado.");
    page.look(View::DESK);
    keep("recibo", &page);
}

fn in_the_office(server: &Server) {
    let page = inside(server, "contador", View { height: 1000, ..View::DESK });
    page.find("heading", "Resumen");
    keep("resumen", &page);
}

/// The pictures that a page of the repository shows.
fn shown(file: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(file)).unwrap();
    let start = format!("{FOLDER}/");
    let links = text.split(&start).skip(1);
    links.map(|rest| rest.split(['"', ')']).next().unwrap().to_owned()).collect()
}

#[test]
fn both_readmes_show_every_picture_that_is_kept() {
    let files = fs::read_dir(root().join(FOLDER)).unwrap().map(|file| file.unwrap());
    let (mut kept, mut len) = (BTreeSet::new(), 0);
    for file in files {
        len += file.metadata().unwrap().len();
        kept.insert(file.file_name().into_string().unwrap());
    }
    assert_eq!(shown("README.md"), kept, "`cargo xtask screenshots` makes them");
    assert_eq!(shown("README.es.md"), kept);
    assert!(len <= LEN_MAX, "{len} bytes");
}
