//! The report as CSV, byte for byte.

use std::io::{self, Write};
use std::sync::Arc;

use jiff::civil::date;
use ventanilla_documents::{DayHeading, DayReportFile, FileForm};
use ventanilla_domain::BusinessDay;

use super::facts::{
    FORMULAS, State, awkward_day, awkward_totals, company, hostile, payment, text, totals, written,
};

const HEADING: &str = "\u{FEFF}Tipo;IdCobranza;IdFactura;Contrato;Nombre;Periodo;Monto;\
    FechaPagoEmpresa;Estado;FechaReversion;IdAsociado;IdTransaccion;Sucursal;Cajero;Terminal;\
    MedioPago;FechaCobro\r\n";

fn csv(payments: &[State], reversals: &[State]) -> String {
    let sum = |rows: &[State]| {
        let minor: i64 = rows.iter().map(|(payment, _)| payment.amount.to_minor()).sum();
        (i64::try_from(rows.len()).unwrap(), minor)
    };
    let (paid, reversed) = (sum(payments), sum(reversals));
    let net = (paid.0 - reversed.0, paid.1 - reversed.1);
    let totals = totals(paid, reversed, net);
    String::from_utf8(written(FileForm::Csv, payments, reversals, totals)).unwrap()
}

#[test]
fn awkward_rows_are_written_byte_for_byte() {
    let (payments, reversals) = awkward_day();
    let name = r#""Muñoz; ""Hijos"" <y> Cía & 'Co', _x0041_""#;
    let place = "0012394;banco-7;Central;Ana;T-07;efectivo;26/11/2021 12:10:00";
    let person = "Rivas La Fuente Valentin";
    let rows = [
        format!(
            "cobranza;4224408;4303567;315;{person};202110;145,70;26/11/2021 12:11:52;2;;;;;;;;"
        ),
        format!(
            "cobranza;4224409;4303568;00315;{name};202110;0,05;26/11/2021 23:59:59;3;\
             27/11/2021 00:00:00;{place}"
        ),
        format!(
            "cobranza;9007199254740991;999999999999999;315;{person};202110;1000000000,00;\
             26/11/2021 00:00:00;2;;;;;;;;"
        ),
        format!(
            "reversion;4224330;4303567;315;{person};202110;-98,40;05/11/2021 12:11:52;3;\
             26/11/2021 08:00:00;;;;;;;"
        ),
        format!(
            "reversion;4224409;4303568;00315;{name};202110;-0,05;26/11/2021 23:59:59;3;\
             27/11/2021 00:00:00;{place}"
        ),
    ];
    assert_eq!(csv(&payments, &reversals), format!("{HEADING}{}\r\n", rows.join("\r\n")));
}

#[test]
fn a_day_without_rows_is_its_heading() {
    assert_eq!(csv(&[], &[]), HEADING);
}

#[test]
fn a_day_with_reversals_alone_is_below_nothing() {
    let (_, reversals) = awkward_day();
    let told = csv(&[], &reversals[..1]);
    let row = "reversion;4224330;4303567;315;Rivas La Fuente Valentin;202110;-98,40;\
        05/11/2021 12:11:52;3;26/11/2021 08:00:00;;;;;;;\r\n";
    assert_eq!(told, format!("{HEADING}{row}"));
}

#[test]
fn a_spreadsheet_runs_no_text_of_any_column() {
    for formula in FORMULAS {
        let told = csv(&[hostile(formula)], &[]);
        let shown = format!("'{formula}");
        let row = format!(
            "cobranza;1;2;{shown};{shown};202110;3,00;26/11/2021 12:11:52;2;;\
             {shown};{shown};{shown};{shown};{shown};{shown};26/11/2021 12:10:00\r\n"
        );
        assert_eq!(told, format!("{HEADING}{row}"));
    }
}

#[test]
fn rows_that_are_not_what_the_totals_say_are_no_report() {
    let (company, collector) = (company("Cooplan"), text("banco"));
    let day = BusinessDay::from_date(date(2021, 11, 26));
    let heading = DayHeading { company: Arc::new(company), collector, day, logo: None };
    let row = payment(1, 2, 300, "2021-11-26T16:11:52Z");
    let none = (0, 0);
    for form in [FileForm::Csv, FileForm::Xlsx, FileForm::Pdf] {
        for (totals, is_told) in [
            (totals((1, 300), none, (1, 300)), true),
            (totals((2, 300), none, (2, 300)), false),
            (totals((1, 299), none, (1, 299)), false),
            (totals((1, 300), (1, 300), none), false),
            (totals((1, 300), none, (1, 299)), false),
            (totals((2, 300), none, (1, 300)), false),
            (totals((1, 300), (0, 1), (1, 300)), false),
        ] {
            let mut out = Vec::new();
            let mut file = DayReportFile::start(form, heading.clone(), totals, &mut out).unwrap();
            file.payment(&row, None).unwrap();
            assert_eq!(file.finish().is_ok(), is_told, "{form:?} {totals:?}");
        }
    }
}

#[test]
fn a_reader_that_has_gone_is_told_from_other_errors() {
    /// It takes so many writes, and no flush.
    struct Gone(usize);
    impl Write for Gone {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or(io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let (company, collector) = (company("Cooplan"), text("banco"));
    let day = BusinessDay::from_date(date(2021, 11, 26));
    let heading = DayHeading { company: Arc::new(company), collector, day, logo: None };
    let write = |form, out| {
        let (payments, reversals) = awkward_day();
        let mut file = DayReportFile::start(form, heading.clone(), awkward_totals(), out)?;
        for (payment, reversal) in &payments {
            file.payment(payment, reversal.as_ref())?;
        }
        for (payment, reversal) in &reversals {
            file.reversal(payment, reversal.as_ref().unwrap())?;
        }
        file.finish()
    };
    for form in [FileForm::Csv, FileForm::Xlsx, FileForm::Pdf] {
        for taken in [0, 1, usize::MAX] {
            let ended = write(form, Gone(taken));
            assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::BrokenPipe, "{form:?} {taken}");
        }
    }
}
