//! Days of a hundred thousand rows, and disks that are full. Each is written by a process of its own,
//! which tells what it took.

use std::io::{self, Cursor, Read as _, Write as _};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use calamine::{Data, Reader as _, Xlsx};
use jiff::civil::date;
use ventanilla_documents::{DayHeading, DayReportFile, FileForm};
use ventanilla_domain::{BusinessDay, DayTotals};

use super::facts::{company, payment, reversal, stated, text, totals};

const LARGE: i64 = 100_000;
const CHILD: &str = "reports::large::a_child_writes_what_it_is_told";

/// Writes a day of so many payments, every tenth one reversed.
fn write(form: FileForm, rows: i64, out: impl io::Write + Send) -> io::Result<()> {
    let (company, collector) = (company("Cooplan"), text("banco"));
    let day = BusinessDay::from_date(date(2021, 11, 26));
    let heading = DayHeading { company: Arc::new(company), collector, day, logo: None };
    let mut file = DayReportFile::start(form, heading, day_totals(rows), out)?;
    let row = |number: i64| {
        let mut row = stated(payment(number, number + 7, number, "2021-11-26T16:11:52Z"));
        row.member_name = text(&format!("Socio {number}"));
        let undoing = (number % 10 == 0).then(|| reversal(&row, "2021-11-26T17:00:00Z"));
        (row, undoing)
    };
    for (payment, reversal) in (1..=rows).map(row) {
        file.payment(&payment, reversal.as_ref())?;
    }
    for (payment, reversal) in (1..=rows).map(row) {
        if let Some(reversal) = reversal {
            file.reversal(&payment, &reversal)?;
        }
    }
    file.finish()
}

/// Amounts of 1, 2, 3, …, of which every tenth is taken back: by Gauss.
fn day_totals(rows: i64) -> DayTotals {
    let tenth = rows / 10;
    let (paid, reversed) = (rows * (rows + 1) / 2, 10 * (tenth * (tenth + 1) / 2));
    totals((rows, paid), (tenth, reversed), (rows - tenth, paid - reversed))
}

fn to_form(word: &str) -> FileForm {
    match word {
        "csv" => FileForm::Csv,
        "xlsx" => FileForm::Xlsx,
        "pdf" => FileForm::Pdf,
        other => panic!("no form: {other}"),
    }
}

/// It is told on standard input, `xlsx 1000`, and tells what came of it and its peak of memory in KiB.
#[test]
#[ignore = "the tests below run it as a process"]
fn a_child_writes_what_it_is_told() {
    let mut told = String::new();
    io::stdin().read_to_string(&mut told).unwrap();
    let Some((form, rows)) = told.trim().split_once(' ') else { return };
    let ended = write(to_form(form), rows.parse().unwrap(), io::sink());
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak = peak.trim().trim_end_matches(" kB");
    writeln!(io::stdout(), "\nended {} peak {peak}.", ended.is_ok()).unwrap();
}

/// Runs the child, after `before` in its shell.
fn child(before: &str, told: &str) -> Output {
    let me = std::env::current_exe().unwrap();
    let line = format!("{before} exec \"$0\" --exact {CHILD} --ignored --nocapture");
    let mut child = Command::new("sh")
        .args(["-c", &line])
        .arg(me)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(told.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn peak_kib(form: &str, rows: i64) -> i64 {
    let output = child("", &format!("{form} {rows}"));
    let told = String::from_utf8(output.stdout).unwrap();
    let peak = told.split_once("ended true peak ").and_then(|(_, rest)| rest.split_once('.'));
    peak.unwrap_or_else(|| panic!("{told}")).0.parse().unwrap()
}

#[test]
fn memory_does_not_grow_with_the_rows() {
    for form in ["csv", "xlsx", "pdf"] {
        let (few, many) = (peak_kib(form, 2_000), peak_kib(form, LARGE));
        assert!(many < few + 2_048, "{form}: {many} KiB for {LARGE} rows, {few} KiB for 2,000");
    }
}

#[test]
fn a_disk_that_is_full_is_an_error() {
    // No file of this process may be larger than that many blocks: its writes fail, as on a full disk.
    let output = child("trap '' XFSZ; ulimit -f 64;", "xlsx 20000");
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && told.contains("ended false"), "{told}");
}

#[test]
fn the_rows_of_a_large_day_add_up_to_its_totals() {
    let mut out = Vec::new();
    write(FileForm::Csv, LARGE, &mut out).unwrap();
    let told = String::from_utf8(out).unwrap();
    let minor = |line: &str| {
        let amount = line.split(';').nth(6).unwrap();
        amount.replace(',', "").parse::<i64>().unwrap()
    };
    assert_eq!(
        told.lines().skip(1).map(minor).sum::<i64>(),
        day_totals(LARGE).net.amount.to_minor()
    );
    assert_eq!(told.lines().count(), 1 + 110_000);

    let mut out = Vec::new();
    write(FileForm::Xlsx, LARGE, &mut out).unwrap();
    let mut book = Xlsx::new(Cursor::new(out)).unwrap();
    let sums = ["Pagadas", "Revertidas"].map(|sheet| {
        let range = book.worksheet_range(sheet).unwrap();
        let amounts: Vec<f64> = range.rows().filter_map(|row| as_number(&row[5])).collect();
        let (told, rows) = amounts.split_last().unwrap();
        let minor = |amount: &f64| format!("{:.0}", amount * 100.0).parse::<i64>().unwrap();
        assert_eq!(rows.iter().map(minor).sum::<i64>(), minor(told), "{sheet}");
        (i64::try_from(rows.len()).unwrap(), minor(told))
    });
    let DayTotals { paid, reversed, .. } = day_totals(LARGE);
    assert_eq!(sums, [paid, reversed].map(|total| (total.count, total.amount.to_minor())));
}

fn as_number(cell: &Data) -> Option<f64> {
    match cell {
        Data::Float(number) => Some(*number),
        _ => None,
    }
}
