//! The report as a workbook, read back by another implementation.

use std::io::{Cursor, Read as _};

use calamine::{Data, Reader as _, Xlsx};
use ventanilla_documents::FileForm;
use ventanilla_domain::DayTotals;

use super::facts::{
    FORMULAS, State, awkward_day, awkward_totals, hostile, payment, stated, text, totals, written,
    written_for,
};

const HEADING: &str = "IdCobranza|IdFactura|Contrato|Nombre|Periodo|Monto|FechaPagoEmpresa|Estado|\
    FechaReversion|IdAsociado|IdTransaccion|Sucursal|Cajero|Terminal|MedioPago|FechaCobro";

/// A workbook that was read back.
struct Book(Xlsx<Cursor<Vec<u8>>>);

impl Book {
    fn of(payments: &[State], reversals: &[State], totals: DayTotals) -> Self {
        Self::read(written(FileForm::Xlsx, payments, reversals, totals))
    }

    fn read(bytes: Vec<u8>) -> Self {
        Self(Xlsx::new(Cursor::new(bytes)).unwrap())
    }

    /// The rows of a sheet from its first one, each as its cells with `|` between them: numbers as `#1`,
    /// dates as `@2021-11-26 12:11:52`, texts as they are.
    fn rows(&mut self, sheet: &str) -> Vec<String> {
        let range = self.0.worksheet_range(sheet).unwrap();
        assert_eq!(range.start(), Some((0, 0)), "{sheet}");
        let row = |cells: &[Data]| cells.iter().map(shown).collect::<Vec<_>>().join("|");
        range.rows().map(row).collect()
    }

    /// The formulas of a sheet with their places.
    fn formulas(&mut self, sheet: &str) -> Vec<String> {
        let range = self.0.worksheet_formula(sheet).unwrap();
        let (first_row, first_column) = range.start().unwrap_or_default();
        range
            .used_cells()
            .filter(|(.., formula)| !formula.is_empty())
            .map(|(row, column, formula)| {
                let column = first_column as usize + column;
                let letter = char::from(b'A' + u8::try_from(column).unwrap());
                format!("{letter}{}={formula}", first_row as usize + row + 1)
            })
            .collect()
    }
}

fn shown(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::Float(number) => format!("#{number}"),
        Data::String(text) => text.clone(),
        Data::DateTime(at) => {
            let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
            assert_eq!(milli, 0);
            format!("@{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
        }
        other => format!("{other:?}"),
    }
}

/// The parts of a workbook by name.
fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

const PAYMENTS: &str = "xl/worksheets/sheet2.xml";

#[test]
fn every_cell_is_what_it_is() {
    let (payments, reversals) = awkward_day();
    let mut book = Book::of(&payments, &reversals, awkward_totals());
    assert_eq!(book.0.sheet_names(), ["Resumen", "Pagadas", "Revertidas"]);
    let name = r#"Muñoz; "Hijos" <y> Cía & 'Co', _x0041_"#;
    let place = "0012394|banco-7|Central|Ana|T-07|efectivo|@2021-11-26 12:10:00";
    let person = "Rivas La Fuente Valentin";
    let undone = format!(
        "#4224409|#4303568|00315|{name}|202110|#0.05|@2021-11-26 23:59:59|#3|@2021-11-27 00:00:00|\
         {place}"
    );
    assert_eq!(
        book.rows("Pagadas"),
        [
            HEADING.to_owned(),
            format!("#4224408|#4303567|315|{person}|202110|#145.7|@2021-11-26 12:11:52|#2||||||||"),
            undone.clone(),
            // Sixteen digits are more than a spreadsheet's number shows.
            format!(
                "9007199254740991|#999999999999999|315|{person}|202110|#1000000000|\
                 @2021-11-26 00:00:00|#2||||||||"
            ),
            "Total|||||#1000000145.75||||||||||".to_owned(),
        ]
    );
    assert_eq!(
        book.rows("Revertidas"),
        [
            HEADING.to_owned(),
            format!(
                "#4224330|#4303567|315|{person}|202110|#98.4|@2021-11-05 12:11:52|#3|\
                 @2021-11-26 08:00:00|||||||"
            ),
            undone,
            "Total|||||#98.45||||||||||".to_owned(),
        ]
    );
    assert_eq!(
        book.rows("Resumen"),
        [
            "Reporte de cobranzas||",
            "Empresa|Cooplan|",
            "Recaudador|banco|",
            "Moneda|BOB|",
            "Zona horaria|America/La_Paz|",
            "Día|@2021-11-26 00:00:00|",
            "||",
            "|Cantidad|Monto",
            "Pagadas|#3|#1000000145.75",
            "Revertidas|#2|#98.45",
            "Neto|#1|#1000000047.3",
        ]
    );
}

#[test]
fn the_sums_are_formulas_over_the_rows() {
    let (payments, reversals) = awkward_day();
    let mut book = Book::of(&payments, &reversals, awkward_totals());
    assert_eq!(book.formulas("Pagadas"), ["F5=SUM(F2:F4)"]);
    assert_eq!(book.formulas("Revertidas"), ["F4=SUM(F2:F3)"]);
    assert_eq!(
        book.formulas("Resumen"),
        [
            "B9=COUNT(Pagadas!F2:F4)",
            "C9=SUM(Pagadas!F2:F4)",
            "B10=COUNT(Revertidas!F2:F3)",
            "C10=SUM(Revertidas!F2:F3)",
            "B11=B9-B10",
            "C11=ROUND(C9-C10,2)",
        ]
    );
}

#[test]
fn a_day_without_rows_is_its_headings_and_sums() {
    let mut book = Book::of(&[], &[], totals((0, 0), (0, 0), (0, 0)));
    let blank = "|||||||||||||||";
    for sheet in ["Pagadas", "Revertidas"] {
        assert_eq!(book.rows(sheet), [HEADING, blank, "Total|||||#0||||||||||"]);
        assert_eq!(book.formulas(sheet), ["F3=SUM(F2:F2)"]);
    }
    let sums = book.rows("Resumen").split_off(8);
    assert_eq!(sums, ["Pagadas|#0|#0", "Revertidas|#0|#0", "Neto|#0|#0"]);
}

#[test]
fn a_day_with_reversals_alone_is_below_nothing() {
    let (_, reversals) = awkward_day();
    let mut book = Book::of(&[], &reversals, totals((0, 0), (2, 9_845), (-2, -9_845)));
    assert_eq!(book.rows("Pagadas").len(), 3);
    assert_eq!(book.rows("Revertidas").len(), 4);
    let sums = book.rows("Resumen").split_off(8);
    assert_eq!(sums, ["Pagadas|#0|#0", "Revertidas|#2|#98.45", "Neto|#-2|#-98.45"]);
}

#[test]
fn no_text_of_any_column_is_a_formula() {
    for formula in FORMULAS {
        let (day, totals) = ([hostile(formula)], totals((1, 300), (0, 0), (1, 300)));
        let bytes = written_for(formula, formula, FileForm::Xlsx, &day, &[], totals);
        let mut book = Book::read(bytes);
        let row = format!(
            "#1|#2|{formula}|{formula}|202110|#3|@2021-11-26 12:11:52|#2||{formula}|{formula}|\
             {formula}|{formula}|{formula}|{formula}|@2021-11-26 12:10:00"
        );
        assert_eq!(book.rows("Pagadas")[1], row);
        assert_eq!(book.formulas("Pagadas"), ["F3=SUM(F2:F2)"]);
        assert_eq!(
            book.rows("Resumen")[1..3],
            [format!("Empresa|{formula}|"), format!("Recaudador|{formula}|"),]
        );
        assert_eq!(book.formulas("Resumen").len(), 6);
    }
}

#[test]
fn a_day_on_which_spreadsheets_do_not_agree_is_a_text() {
    let collected_on = |day| {
        let mut row = stated(payment(1, 2, 300, "2021-11-26T16:11:52Z"));
        row.place.collected_at = Some(day);
        let mut book = Book::of(&[(row, None)], &[], totals((1, 300), (0, 0), (1, 300)));
        book.rows("Pagadas")[1].rsplit_once('|').unwrap().1.to_owned()
    };
    let midnight = |year, month, day| jiff::civil::date(year, month, day).at(0, 0, 0, 0);
    assert_eq!(collected_on(midnight(1900, 3, 1)), "@1900-03-01 00:00:00");
    assert_eq!(collected_on(midnight(1900, 2, 28)), "28/02/1900 00:00:00");
    assert_eq!(collected_on(midnight(9999, 12, 31)), "@9999-12-31 00:00:00");
}

#[test]
fn a_text_that_xml_cannot_hold_harms_no_file() {
    // Not characters, by Unicode; a name may have them all the same.
    let mut row = payment(1, 2, 300, "2021-11-26T16:11:52Z");
    row.member_name = text("a\u{FFFE}b\u{FFFF}c]]>");
    let bytes = written(FileForm::Xlsx, &[(row, None)], &[], totals((1, 300), (0, 0), (1, 300)));
    assert!(part(&bytes, PAYMENTS).contains("<t>a_xFFFE_b_xFFFF_c]]&gt;</t>"));
    assert_eq!(Book::read(bytes).rows("Pagadas").len(), 3);
}

#[test]
fn a_column_has_its_format_and_a_reversed_payment_is_struck_through() {
    let (payments, reversals) = awkward_day();
    let mut book = Book::of(&payments, &reversals, awkward_totals());
    let mut check = |sheet, marked: &[u32]| {
        let styles = book.0.worksheet_style(sheet).unwrap();
        let cells = book.0.worksheet_range(sheet).unwrap();
        let last = u32::try_from(cells.height()).unwrap() - 1;
        for (row, column, style) in styles.cells() {
            let font = style.font.as_ref();
            if row == 0 || row == last {
                assert!(font.is_some_and(calamine::Font::is_bold), "{sheet} {row} {column}");
            } else if cells.get_value((row, column)) != Some(&Data::Empty) {
                let format = match column {
                    0 | 1 | 7 => "0",
                    5 => "#,##0.00",
                    6 | 8 | 15 => "dd/mm/yyyy hh:mm:ss",
                    _ => "@",
                };
                let code = style.number_format.as_ref().map(|format| &*format.format_code);
                assert_eq!(code, Some(format), "{sheet} {row} {column}");
                let is_struck = font.is_some_and(calamine::Font::has_strikethrough);
                assert_eq!(is_struck, marked.contains(&row), "{sheet} {row} {column}");
            }
        }
    };
    check("Pagadas", &[2]);
    check("Revertidas", &[]);
}

#[test]
fn a_sheet_is_ready_to_be_read_and_printed() {
    let (payments, reversals) = awkward_day();
    let bytes = written(FileForm::Xlsx, &payments, &reversals, awkward_totals());
    let sheet = part(&bytes, PAYMENTS);
    for wanted in [
        r#"<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>"#,
        r#"<autoFilter ref="A1:P4"/>"#,
        r#"<pageSetUpPr fitToPage="1"/>"#,
        r#"paperSize="9" fitToHeight="0" orientation="landscape""#,
        r#"<ignoredError sqref="A2:P4" numberStoredAsText="1"/>"#,
        "<oddFooter>&amp;CPágina &amp;P de &amp;N</oddFooter>",
    ] {
        assert!(sheet.contains(wanted), "{wanted} is not in {sheet}");
    }
    let names = part(&bytes, "xl/workbook.xml");
    for sheet in ["Pagadas", "Revertidas"] {
        assert!(names.contains(&format!(">{sheet}!$1:$1</definedName>")), "{names}");
    }
}

#[test]
fn equal_days_are_equal_bytes() {
    let (payments, reversals) = awkward_day();
    for form in [FileForm::Csv, FileForm::Xlsx] {
        let [one, other] = [(); 2].map(|()| written(form, &payments, &reversals, awkward_totals()));
        assert!(one == other, "{form:?}");
    }
    let bytes = written(FileForm::Xlsx, &payments, &reversals, awkward_totals());
    let made = part(&bytes, "docProps/core.xml");
    assert_eq!(made.matches("2021-11-26T00:00:00Z").count(), 2, "{made}");
}
