//! The report on paper.

use ventanilla_documents::FileForm;
use ventanilla_domain::Logo;

use super::facts::{
    State, awkward_day, awkward_totals, heading, payment, reversal, totals, written, written_for,
    written_headed,
};
use crate::read::Printed;

/// A day of so many payments of 1, 2, 3, … bolivianos, the first `reversed` of them reversed on the day.
fn day(count: i64, reversed: i64) -> Vec<u8> {
    day_headed(count, reversed, None)
}

/// A day of so many payments, under a logo.
pub(crate) fn day_with(count: i64, logo: Option<&Logo>) -> Vec<u8> {
    day_headed(count, 0, logo)
}

fn day_headed(count: i64, reversed: i64, logo: Option<&Logo>) -> Vec<u8> {
    let at = "2021-11-26T16:11:52Z";
    let state = |number: i64| -> State {
        let payment = payment(4_000_000 + number, number, number * 100, at);
        let undone = (number <= reversed).then(|| reversal(&payment, "2021-11-26T17:00:00Z"));
        (payment, undone)
    };
    let payments: Vec<_> = (1..=count).map(state).collect();
    let reversals: Vec<_> = (1..=reversed).map(state).collect();
    let sum = |count: i64| (count, count * (count + 1) / 2 * 100);
    let (paid, undone) = (sum(count), sum(reversed));
    let net = (paid.0 - undone.0, paid.1 - undone.1);
    let totals = totals(paid, undone, net);
    written_headed(heading("Cooplan", "banco", logo), FileForm::Pdf, &payments, &reversals, totals)
}

#[test]
fn awkward_rows_are_told_with_their_sums() {
    let (payments, reversals) = awkward_day();
    let file = Printed::new(&written(FileForm::Pdf, &payments, &reversals, awkward_totals()));
    let text = file.text();
    for line in [
        "Reporte de cobranzas del 26/11/2021",
        "IdCobranza IdFactura Contrato Nombre Periodo Fecha de pago Cajero Estado Monto (Bs)",
        "4224408 4303567 315 Rivas La Fuente Valentin 10/2021 26/11/2021 12:11:52 145,70",
        "9007199254740991 999999999999999 315 Rivas La Fuente Valentin 10/2021 26/11/2021 00:00:00 \
         1.000.000.000,00",
        "4224330 4303567 315 Rivas La Fuente Valentin 10/2021 05/11/2021 12:11:52 \
         revertida 26/11/2021 08:00 98,40",
        "Total de cobranzas: 3 1.000.000.145,75",
        "Total de reversiones: 2 98,45",
        "Pagadas: 3 Bs 1.000.000.145,75",
        "Revertidas: 2 Bs 98,45",
        "Neto: 1 Bs 1.000.000.047,30",
        "Cantidad de registros: 5 Suma de control: 1.000.000.244,20",
    ] {
        assert!(text.lines().any(|told| told == line), "{line}\n---\n{text}");
    }
    let undone = text.lines().filter(|line| line.starts_with("4224409")).collect::<Vec<_>>();
    assert_eq!(undone.len(), 2, "it stands in both lists: {text}");
    assert!(undone.iter().all(|line| line.ends_with("revertida 27/11/2021 00:00 0,05")), "{text}");
}

#[test]
fn each_page_is_numbered_and_has_its_subtotal() {
    // Around the ends of pages, where the last lines and the sums go on to the next.
    let counts = [0, 1, 29, 30, 31, 32, 36, 37, 38, 39, 40, 76, 77, 78, 500];
    for (count, reversed) in
        counts.into_iter().flat_map(|count| [(count, 0), (count, count.min(33))])
    {
        let file = Printed::new(&day(count, reversed));
        let text = file.text();
        let pages: usize = file.fact("Pages").parse().unwrap();
        for page in 1..=pages {
            let number = format!("Página {page} de {pages}");
            assert_eq!(text.matches(&number).count(), 1, "{count}, {reversed}: {text}");
        }
        let told = text.lines().filter(|line| line.starts_with("4000")).count();
        assert_eq!(i64::try_from(told).unwrap(), count + reversed, "{text}");
        let neto = format!("Neto: {} Bs", count - reversed);
        assert_eq!(text.matches(&neto).count(), 1, "{text}");
        for (list, rows) in [("cobranzas", count), ("reversiones", reversed)] {
            let start = format!("Subtotal de la página, {list}: ");
            let subtotals = text.lines().filter_map(|line| line.strip_prefix(&start));
            let (told, minor) = subtotals.fold((0, 0), |(told, minor), row| {
                let number = |word: &str| word.replace(['.', ','], "").parse::<i64>().unwrap();
                let (rows, amount) = row.split_once(' ').unwrap();
                (told + number(rows), minor + number(amount))
            });
            assert_eq!((told, minor), (rows, rows * (rows + 1) / 2 * 100), "{list}: {text}");
        }
    }
}

#[test]
fn a_long_name_leaves_room_for_what_is_beside_it() {
    let (name, none) = ("W".repeat(200), totals((0, 0), (0, 0), (0, 0)));
    let file = written_for(&name, "banco", FileForm::Pdf, &[], &[], none);
    let text = Printed::new(&file).text();
    assert!(text.contains("W… Página 1 de 1\nIdCobranza"), "{text}");
}

#[test]
fn equal_days_are_equal_bytes() {
    assert!(day(100, 7) == day(100, 7));
    assert!(day(100, 7) != day(100, 8));
}
