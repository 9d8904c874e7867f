//! Whole files: what is taken, what is refused and where.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use sha2::Digest;
use ventanilla_domain::{BillRow, ContractCode, Currency, Given, MemberRow};

use super::opening::{Form, Separator};
use super::text::{Encoding, LINE_LEN_MAX};
use super::*;

pub(super) type Rows<T> = Vec<Judged<T>>;

pub(super) fn members(bytes: &[u8]) -> Result<Rows<MemberRow>, ImportRefusal> {
    let mut source = Cursor::new(bytes);
    let scan = scan(&mut source)?;
    MemberRows::new(&mut source, &scan)?.collect()
}

pub(super) fn bills(bytes: &[u8]) -> Result<Rows<BillRow>, ImportRefusal> {
    let mut source = Cursor::new(bytes);
    let scan = scan(&mut source)?;
    BillRows::new(&mut source, &scan, Currency::BOB)?.collect()
}

/// `line:name` of each good row, `line!column` of each verdict, or `!!line` of the file's refusal
/// with its message checked.
pub(super) fn names(bytes: &[u8]) -> Vec<String> {
    let mut told = Vec::new();
    match members(bytes) {
        Err(refusal) => told.push(format!("!!{}", unreadable(refusal).line)),
        Ok(rows) => rows.into_iter().for_each(|(line, row)| match row {
            Ok(row) => told.push(format!("{line}:{}", row.name)),
            Err(verdicts) => told.extend(verdicts.iter().map(|verdict| {
                assert_eq!(verdict.line, line);
                format!("{line}!{}", verdict.column.unwrap_or_default())
            })),
        }),
    }
    told
}

pub(super) fn unreadable(refusal: ImportRefusal) -> Verdict {
    match refusal {
        ImportRefusal::Unreadable(verdict) => verdict,
        other => panic!("not about the file: {other:?}"),
    }
}

/// Checks the line and a part of the message with which a file is refused.
fn check_refused(bytes: &[u8], line: u64, message: &str) {
    let verdict = match members(bytes) {
        Err(refusal) => unreadable(refusal),
        Ok(rows) => panic!("taken: {rows:?}"),
    };
    assert!(verdict.message.contains(message), "{}", verdict.message);
    assert_eq!(verdict.line, line, "{}", verdict.message);
}

#[test]
fn a_file_of_members_is_read_in_every_accepted_form() {
    for (bytes, expected) in [
        (&b"contrato,nombre\n315,Elena\n"[..], vec!["2:Elena"]),
        (b"contrato,nombre\r\n315,Elena\r\n", vec!["2:Elena"]),
        (b"contrato;nombre\r\n315;Elena", vec!["2:Elena"]),
        (b"contrato,nombre\n315,\"Rojas, Elena\"", vec!["2:Rojas, Elena"]),
        (b"contrato,nombre\n315,\"Elena \"\"La\"\" Rojas\"\r\n", vec!["2:Elena \"La\" Rojas"]),
        (b"contrato,nombre\n315,Elena \"La\" Rojas\n", vec!["2:Elena \"La\" Rojas"]),
        (b"\"contrato\",\"nombre\"\n\"315\",\"Elena\"\n", vec!["2:Elena"]),
        (b"NOMBRE , Contrato\n Elena , 315 \n", vec!["2:Elena"]),
        ("contrato,nombre\n315,Muñoz\n".as_bytes(), vec!["2:Muñoz"]),
        ("\u{FEFF}contrato,nombre\n315,Muñoz\n".as_bytes(), vec!["2:Muñoz"]),
        (b"contrato,nombre\n315,Mu\xF1oz \x80\n316,Sol\xEDs\n", vec!["2:Muñoz €", "3:Solís"]),
        // Signs of Windows-1252 beside its letters, or after none.
        (b"contrato,nombre\n315,A\xA1 Sol\xEDs\n", vec!["2:A¡ Solís"]),
        (b"contrato,nombre\n315,N 5 \xA3\n", vec!["2:N 5 £"]),
        (b"contrato;nombre\n\n\r\n315;A\n\n  \n;\n316;B\n\n", vec!["4:A", "8:B"]),
        (b"contrato,nombre\n315,A\n\x1A", vec!["2:A"]),
        (b"sep=;\r\ncontrato;nombre\r\n315;Elena\r\n", vec!["3:Elena"]),
        (b"\xEF\xBB\xBFsep=,\nnombre,contrato\n\nElena,315", vec!["4:Elena"]),
        (b"contrato,nombre", vec![]),
        (b"contrato,nombre\n", vec![]),
        (b"contrato,nombre\n\n\n", vec![]),
    ] {
        assert_eq!(names(bytes), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_bad_line_is_named_and_the_others_are_read() {
    for (bytes, expected) in [
        (&b"contrato,nombre\n,Elena\n315,Eva\n"[..], vec!["2!contrato", "3:Eva"]),
        (b"contrato,nombre\n,\"\"\n,x\n", vec!["3!contrato"]),
        (b"contrato,nombre\n315\n316,Eva,\n317,Ana\n", vec!["2!", "3!", "4:Ana"]),
        (b"contrato,nombre,estado\n,,dormido\n", vec!["2!contrato", "2!nombre", "2!estado"]),
        (b"contrato,nombre\n3\x0015,Elena\n", vec!["2!contrato"]),
        (b"contrato,nombre\n\0\n315,Eva\n", vec!["2!", "3:Eva"]),
        (b"contrato,nombre\n315,Eva\n\0", vec!["2:Eva", "3!"]),
        (b"contrato,nombre\n315,Eva\n\0\n", vec!["2:Eva", "3!"]),
        (b"contrato,nombre\n315,a\rb\n316,Eva\n", vec!["2!nombre", "3:Eva"]),
        // A line break within a quotation is one row's, whatever stands after it.
        (b"contrato,nombre\n315,\"a\n9,b\"\n316,Eva\n", vec!["2!nombre", "4:Eva"]),
        (b"contrato,nombre\n\n\n315,\"a\n9,b\"\n316,Eva\n", vec!["4!nombre", "6:Eva"]),
        (b"contrato,nombre\n315,x\x81y\n", vec!["2!nombre"]),
        (b"contrato,nombre,socio_id\n315,Eva,x1\n316,Ana,\n", vec!["2!socio_id", "3:Ana"]),
    ] {
        assert_eq!(names(bytes), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn a_file_that_cannot_be_read_as_a_whole_is_refused() {
    let long = [b"contrato,nombre\n315,".to_vec(), vec![b'x'; LINE_LEN_MAX]].concat();
    let open_for_long =
        [b"contrato,nombre\n1,a\n315,\"".to_vec(), b"1,a\n".repeat(LINE_LEN_MAX)].concat();
    for (bytes, line, message) in [
        (&b""[..], 1, "La primera línea está vacía"),
        (b"\n315,Elena\n", 1, "La primera línea está vacía"),
        (b"\xEF\xBB\xBF", 1, "La primera línea está vacía"),
        (b"315,Elena\n", 1, "La columna «315» no se conoce"),
        (b"contrato\tnombre\n", 1, "separadas por tabulaciones"),
        (b"contrato;nombre\r315;Elena\r", 1, "terminan en CR"),
        (b"contrato|nombre\n315|Elena\n", 1, "Las columnas están separadas por «|»; "),
        (b"contrato;nombre,estado\n", 1, "no se conoce"),
        (b"sep=;\n315;Elena\n", 2, "La columna «315» no se conoce"),
        (b"sep=;\ncontrato,nombre\n", 2, "La columna «contrato,nombre» no se conoce"),
        (b"sep=;\r\ncontrato;estado\r\n", 2, "Falta la columna obligatoria «nombre»."),
        (b"estado\n", 1, "Faltan las columnas obligatorias «contrato», «nombre»."),
        (b"contrato,nombre,\n315,Elena,\n", 1, "La columna número 3 no tiene nombre"),
        (b"PK\x03\x04\x14\x00", 1, "libro de cálculo"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1", 1, "libro de cálculo"),
        (b"\xFF\xFEc\0o\0n\0t\0", 1, "UTF-16"),
        (b"contrato,nombre\n1,Eva\n2,Mu\xA4oz Garc\xA1a\n", 3, "DOS (850 o 437)"),
        (b"contrato,nombre\n1,Mu\xC3\xB1oz\n2,Eva\n3,Mu\xF1oz\n", 4, "la línea 2 sí"),
        (b"contrato,nombre\n1,Mu\xF1oz\n2,Eva\n3,Mu\xC3\xB1oz\n", 2, "la línea 4 sí"),
        (b"contrato,nombre\n1,\xE2\x80\x9CLa\xE2\x80\x9D\n2,Mu\xF1oz\n", 3, "la línea 2 sí"),
        (b"\xEF\xBB\xBFcontrato,nombre\n1,Mu\xF1oz\n", 2, "la línea 1 sí"),
        (&long, 2, "La línea tiene más de 65536 bytes"),
        (b"contrato,nombre\n315,\"Elena", 2, "no se cierra"),
        (b"contrato,nombre\n\n315,\"Elena\n316,Eva\n\n", 3, "no se cierra"),
        (b"contrato,nombre\n315,Eva\n316,\"", 3, "no se cierra"),
        (b"contrato,nombre\n315,\"Eva\"\"", 2, "no se cierra"),
        (&open_for_long, 3, "no se cierra"),
    ] {
        check_refused(bytes, line, message);
    }
}

#[test]
fn the_scan_tells_hash_lines_encoding_and_separator() {
    let bytes = b"contrato;nombre\r\n315;Mu\xF1oz\r\n\r\n316;Eva";
    let scan = scan(&mut Cursor::new(bytes)).unwrap();
    assert_eq!(scan.sha256, <[u8; 32]>::from(sha2::Sha256::digest(bytes)));
    assert_eq!((scan.bytes, scan.lines), (bytes.len() as u64, 4));
    assert_eq!(scan.encoding, Encoding::Windows1252);
    assert_eq!(scan.form, Form::Csv(Separator::Semicolon));
}

const BILLS: &str =
    "factura;contrato;periodo;monto;estado;reemplaza;vencimiento;detalle;nro_fiscal\n";

fn bill(cells: &str) -> Result<BillRow, Vec<Verdict>> {
    let rows = bills(format!("{BILLS}{cells}\n").as_bytes()).unwrap();
    rows.into_iter().next().unwrap().1
}

#[test]
fn a_row_of_bills_is_parsed_whole() {
    let row = bill("4303567;315;10/2021;145,70;Anulada;7;05/12/2021;Agua=150,00|Ley=-4,30;");
    let row = row.unwrap();
    assert_eq!((row.bill.to_i64(), row.contract.as_str()), (4_303_567, "315"));
    assert_eq!((row.period.to_yyyymm(), row.amount.to_minor()), (202_110, 14_570));
    assert_eq!(row.state, Given::Value(Some(ventanilla_domain::BillState::Annulled)));
    assert_eq!(row.replaces.map(BillId::to_i64), Some(7));
    let printed = row.printed;
    assert_eq!(printed.due_on, Given::Value("2021-12-05".parse().ok()));
    assert_eq!(printed.issued_on, Given::Absent);
    assert_eq!(printed.fiscal_number, Given::Value(None));
    match printed.details {
        Given::Value(Some(lines)) => assert_eq!(lines[1].amount.to_minor(), -430),
        other => panic!("no details: {other:?}"),
    }
}

#[test]
fn an_absent_column_and_an_empty_cell_differ() {
    let rows = members(b"contrato,nombre,nit,estado\n315,Elena,,\n").unwrap();
    let row = rows.into_iter().next().unwrap().1.unwrap();
    assert_eq!((row.tax_id, row.state), (Given::Value(None), Given::Value(None)));
    assert_eq!((row.document_number, row.member), (Given::Absent, None));
}

#[test]
fn a_bad_cell_is_told_with_its_column_and_the_forms_it_takes() {
    let words = "x".repeat(65);
    for (cells, column, message) in [
        ("x;315;202110;1;;;;;", "factura", "«x» no es un número; escriba solo cifras"),
        (";315;202110;1;;;;;", "factura", "la celda está vacía"),
        ("1;315;13/2021;1;;;;;", "periodo", "«13/2021» no es un periodo; escriba 202110"),
        ("1;315;202110;1.234,5;;;;;", "monto", "escriba 136.76 o 136,76, de hasta dos decimales"),
        ("1;315;202110;-5;;;;;", "monto", "ni signo"),
        ("1;315;202110;1000000001;;;;;", "monto", "es demasiado"),
        ("1;315;202110;1;pagada;;;;", "estado", "escriba pendiente, anulada o pagada_fuera"),
        ("1;315;202110;1;;-7;;;", "reemplaza", "«-7» no es un número"),
        ("1;315;202110;1;;;31/02/2021;;", "vencimiento", "escriba 2021-11-05 o 05/11/2021"),
        ("1;315;202110;1;;;;Agua;", "detalle", "escriba CONCEPTO=IMPORTE"),
        ("1;315;202110;1;;;;Agua=1 0;", "detalle", "«1 0» no es un importe"),
        (&format!("1;315;202110;1;;;;;{words}"), "nro_fiscal", "x…» tiene más de 64 caracteres"),
        (&format!("1;{words};202110;1;;;;;"), "contrato", "tiene más de 32 caracteres"),
    ] {
        let verdicts = bill(cells).unwrap_err();
        let [verdict] = &verdicts[..] else { panic!("{verdicts:?}") };
        assert_eq!((verdict.line, verdict.column), (2, Some(column)), "{cells}");
        assert_eq!(verdict.column, Some(column));
        assert!(verdict.message.contains(message), "{}", verdict.message);
    }
    let verdicts = bill("1;315;202110;1,5;;;05-11-2021;Agua=1,5;\0").unwrap_err();
    let columns: Vec<_> = verdicts.iter().filter_map(|verdict| verdict.column).collect();
    assert_eq!(columns, ["vencimiento", "nro_fiscal"]);
}

#[test]
fn a_comma_is_no_decimal_mark_where_it_separates() {
    let rows = bills(b"factura,contrato,periodo,monto\n1,315,202110,\"136,76\"\n").unwrap();
    let verdicts = rows.into_iter().next().unwrap().1.unwrap_err();
    assert!(verdicts[0].message.contains("la coma decimal se toma en archivos separados por «;»"));
}

#[test]
fn a_file_that_mixes_forms_is_refused_at_the_line_that_differs() {
    for (first, then, column) in [
        ("1;315;202110;1,5;;;;;", "2;315;202110;1.5;;;;;", "monto"),
        ("1;315;202110;1,5;;;;;", "2;315;202110;1;;;;Agua=1.0;", "detalle"),
        ("1;315;202110;1;;;;;", "2;315;10/2021;1;;;;;", "periodo"),
        ("1;315;202110;1;;;2021-11-05;;", "2;315;202110;1;;;05/11/2021;;", "vencimiento"),
    ] {
        let file = format!("{BILLS}\n{first}\n3;315;202110;1;;;;;\n{then}\n9;x;x;x;;;;;\n");
        let verdict = match bills(file.as_bytes()) {
            Err(refusal) => unreadable(refusal),
            Ok(rows) => panic!("taken: {rows:?}"),
        };
        assert_eq!((verdict.line, verdict.column), (5, Some(column)));
        assert!(verdict.message.contains("la línea 3 usa"), "{}", verdict.message);
    }
}

#[test]
fn rows_of_one_member_are_compared_by_the_members_facts() {
    let differing = |first: &str, other: &str| {
        let heading = "contrato,nombre,direccion,nit,estado,contrato_anterior";
        let file = format!("{heading}\n315,{first},A1\n316,{other},\n");
        let rows = members(file.as_bytes()).unwrap();
        let rows: Vec<_> = rows.into_iter().map(|(_, row)| row.unwrap()).collect();
        let former = rows[0].former_code.as_ref().map(ContractCode::as_str);
        assert_eq!((former, &rows[1].former_code), (Some("A1"), &None));
        differing_column(&rows[0], &rows[1])
    };
    assert_eq!(differing("Eva,Calle 1,7,activo", "Eva,Calle 2,7,cortado"), None);
    assert_eq!(differing("Eva,,7,", "Ana,,8,"), Some("nombre"));
    assert_eq!(differing("Eva,,7,", "Eva,,,"), Some("nit"));
}

/// A first line and then one of so many bytes, made as they are read.
struct LongLine {
    first: &'static [u8],
    position: u64,
    len: u64,
    read: u64,
}

impl Read for LongLine {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len - self.position).unwrap();
        let filled = buffer.len().min(left);
        for (byte, at) in buffer[..filled].iter_mut().zip(self.position..) {
            let at = usize::try_from(at).unwrap();
            *byte = self.first.get(at).copied().unwrap_or(b'x');
        }
        self.position += filled as u64;
        self.read += filled as u64;
        Ok(filled)
    }
}

impl Seek for LongLine {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        assert_eq!(to, SeekFrom::Start(0));
        self.position = 0;
        Ok(0)
    }
}

#[test]
fn a_line_of_any_length_takes_bounded_memory() {
    for (first, short) in [
        (&b"contrato,nombre\n315,\""[..], &b"contrato,nombre\n"[..]),
        (b"{}\n{\"nombre\":\"", b"{}\n"),
    ] {
        let mut source = LongLine { first, position: 0, len: 2 << 30, read: 0 };
        let verdict = unreadable(scan(&mut source).unwrap_err());
        assert_eq!(verdict.line, 2);
        assert!(source.read < 4 * LINE_LEN_MAX as u64, "{} bytes were read", source.read);
        // A file that grew since it was scanned is bounded as well.
        let scanned = scan(&mut Cursor::new(short)).unwrap();
        source.read = 0;
        let rows = MemberRows::new(&mut source, &scanned)
            .and_then(Iterator::collect::<Result<Rows<_>, _>>);
        assert_eq!(unreadable(rows.unwrap_err()).line, 2);
        assert!(source.read < 16 * LINE_LEN_MAX as u64, "{} bytes were read", source.read);
    }
}

#[test]
fn a_file_that_changed_since_it_was_scanned_is_refused() {
    let scanned = scan(&mut Cursor::new(b"contrato,nombre\n315,Eva\n")).unwrap();
    for changed in [
        &b"contrato,nombre\n315,Ana\n"[..],
        b"contrato,nombre\n315,Eva\n316,Ana\n",
        b"contrato,nombre\n315,\xF1\n",
    ] {
        let mut source = Cursor::new(changed);
        let rows: Result<Vec<_>, _> = MemberRows::new(&mut source, &scanned).unwrap().collect();
        let verdict = unreadable(rows.unwrap_err());
        assert!(verdict.message.contains("cambió mientras se leía"), "{}", verdict.message);
    }
}

/// A source that gives a byte or two at a time and then fails.
struct Failing<'a>(Cursor<&'a [u8]>);

impl Read for Failing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = buffer.len().min(1);
        match self.0.read(&mut buffer[..len])? {
            0 => Err(io::Error::other("disco dañado")),
            read => Ok(read),
        }
    }
}

impl Seek for Failing<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn a_failing_disk_is_told_with_the_line() {
    let bytes = b"contrato,nombre\n315,Eva\n316,Mu\xF1";
    let verdict = unreadable(scan(&mut Failing(Cursor::new(bytes))).unwrap_err());
    assert_eq!(verdict.line, 3);
    assert_eq!(verdict.message, "No se pudo leer el archivo: disco dañado.");
    let scanned = scan(&mut Cursor::new(bytes)).unwrap();
    let mut source = Failing(Cursor::new(bytes));
    let rows: Result<Vec<_>, _> = MemberRows::new(&mut source, &scanned).unwrap().collect();
    assert_eq!(unreadable(rows.unwrap_err()).message, verdict.message);
}

#[test]
fn progress_is_told_in_bytes_of_the_file() {
    let bytes = b"contrato,nombre\n315,Mu\xF1oz\n";
    let mut source = Cursor::new(bytes);
    let scanned = scan(&mut source).unwrap();
    let mut rows = MemberRows::new(&mut source, &scanned).unwrap();
    while rows.next().is_some() {}
    assert_eq!(rows.bytes_read(), scanned.bytes);
}

#[test]
fn rows_may_be_read_by_another_thread() {
    const fn is_send<T: Send>() {}
    is_send::<MemberRows<'_>>();
    is_send::<BillRows<'_>>();
    let mut source: Box<dyn Source> = Box::new(Cursor::new(b"contrato,nombre\n315,Eva\n"));
    let rows = std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let scanned = scan(&mut source)?;
            MemberRows::new(&mut source, &scanned)?.collect::<Result<Rows<_>, _>>()
        });
        reading.join().unwrap()
    });
    assert_eq!(rows.unwrap().len(), 1);
}
