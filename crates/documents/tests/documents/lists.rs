//! Lists of any kind, in each form, read back by others.

use std::io::Cursor;
use std::sync::Arc;

use calamine::{Data, Reader as _, Xlsx};
use jiff::civil::date;
use ventanilla_documents::{Cell, FileForm, Kind, ListColumn, ListFile, ListHeading};
use ventanilla_domain::{Currency, Money};

use crate::read::Printed;
use crate::reports::company;

const COLUMNS: [ListColumn; 6] = [
    ("Asiento", Kind::Number, 10),
    ("Día", Kind::Day, 11),
    ("Registrado", Kind::Moment, 19),
    ("Nombre", Kind::Text, 30),
    ("Debe", Kind::Amount, 14),
    ("Haber", Kind::Amount, 14),
];

fn money(minor: i64) -> Cell<'static> {
    Cell::Amount(Money::from_minor(minor, Currency::BOB))
}

/// A list of so many rows: of each an amount of as many bolivianos on one side, and every tenth's on the other.
fn list(form: FileForm, rows: i64, name: &str) -> Vec<u8> {
    let heading = ListHeading {
        company: Arc::new(company("Cooplan")),
        title: "Movimientos",
        about: "receivable".to_owned(),
        day: date(2021, 11, 26),
        logo: None,
    };
    let mut out = Vec::new();
    let mut file = ListFile::start(form, heading, &COLUMNS, &mut out).unwrap();
    for row in 1..=rows {
        let is_tenth = row % 10 == 0;
        let sides = if is_tenth {
            [Cell::Nothing, money(row * 100)]
        } else {
            [money(row * 100), Cell::Nothing]
        };
        let day = Cell::Day(date(2021, 11, 5));
        let at = Cell::Instant("2021-11-26T16:11:52Z".parse().unwrap());
        file.write(&[Cell::Number(row), day, at, Cell::Text(name), sides[0], sides[1]], is_tenth)
            .unwrap();
    }
    file.finish().unwrap();
    out
}

#[test]
fn a_list_as_csv_is_for_a_spreadsheet_and_runs_nothing() {
    let told = String::from_utf8(list(FileForm::Csv, 10, "=1+1; \"x\"")).unwrap();
    let lines: Vec<&str> = told.split("\r\n").collect();
    assert_eq!(lines.len(), 12);
    assert_eq!(lines[0], "\u{feff}Asiento;Día;Registrado;Nombre;Debe;Haber");
    assert_eq!(lines[1], "1;05/11/2021;26/11/2021 12:11:52;\"'=1+1; \"\"x\"\"\";1,00;");
    assert_eq!(lines[10], "10;05/11/2021;26/11/2021 12:11:52;\"'=1+1; \"\"x\"\"\";;10,00");
}

#[test]
fn a_list_as_a_workbook_adds_each_column_up_for_itself() {
    let bytes = list(FileForm::Xlsx, 20, "=1+1");
    let mut book = Xlsx::new(Cursor::new(bytes)).unwrap();
    assert_eq!(book.sheet_names(), ["Movimientos"]);
    let range = book.worksheet_range("Movimientos").unwrap();
    let rows: Vec<&[Data]> = range.rows().collect();
    assert_eq!(rows.len(), 22);
    assert_eq!(rows[1][3], Data::String("=1+1".to_owned()), "a text, not a formula");
    assert_eq!((&rows[10][4], &rows[10][5]), (&Data::Empty, &Data::Float(10.0)));
    assert!(
        matches!(rows[1][1], Data::DateTime(at) if (at.as_f64() - 44_505.0).abs() < 1e-9),
        "{:?}",
        rows[1][1]
    );
    assert_eq!((&rows[21][4], &rows[21][5]), (&Data::Float(180.0), &Data::Float(30.0)));
    let formulas = book.worksheet_formula("Movimientos").unwrap();
    assert_eq!(formulas.get_value((21, 4)), Some(&"SUM(E2:E21)".to_owned()));
    assert_eq!(formulas.get_value((21, 5)), Some(&"SUM(F2:F21)".to_owned()));
}

#[test]
fn a_list_on_paper_ends_with_its_sums() {
    for (rows, pages, sums) in [
        (0, "1", "Total: 0 0,00 0,00"),
        (20, "1", "Total: 20 180,00 30,00"),
        (40, "1", "Total: 40 720,00 100,00"),
        (41, "2", "Total: 41 761,00 100,00"),
        (1_000, "25", "Total: 1.000 450.000,00 50.500,00"),
    ] {
        let paper = Printed::new(&list(FileForm::Pdf, rows, "Ñandú & Cía"));
        assert_eq!(paper.fact("Pages"), pages, "{rows}");
        let text = paper.text();
        assert_eq!(text.lines().last(), Some(sums), "{rows}: {text}");
        assert_eq!(text.matches("Ñandú & Cía").count().to_string(), rows.to_string());
        let headings = text.matches("Asiento Día Registrado Nombre Debe (Bs) Haber (Bs)").count();
        assert_eq!(headings.to_string(), pages, "on each page");
        assert!(
            text.contains(&format!("Cooplan – receivable 26/11/2021 · Página {pages}")),
            "{text}"
        );
        assert_eq!(paper.missing_fonts(), Vec::<String>::new());
    }
    assert!(list(FileForm::Pdf, 50, "a") == list(FileForm::Pdf, 50, "a"), "the same bytes");
}
