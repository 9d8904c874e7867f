//! Whole files in both forms: what they say alike, and what a file says that is cut off or no file
//! at all.

use std::io::Cursor;

use ventanilla_domain::Given;

use super::tests::{bills, members, names, unreadable};
use super::*;

/// A row of bills with every column: its name, its cell in CSV and its value in JSON.
const BILL: [[&str; 3]; 23] = [
    ["factura", "4303567", "4303567"],
    ["contrato", "0315", r#""0315""#],
    ["periodo", "202110", "202110"],
    ["monto", "145.7", "145.7"],
    ["estado", "Pendiente", r#""Pendiente""#],
    ["reemplaza", "4303566", r#""4303566""#],
    ["emision", "2021-11-05", r#""2021-11-05""#],
    ["vencimiento", "2021-12-05", r#""2021-12-05""#],
    ["mes_facturacion", "octubre", r#" "\u006fctubre" "#],
    ["nro_fiscal", "18", "18"],
    ["autorizacion", "293401800012345", "293401800012345"],
    ["codigo_control", "7B-F3-\"48\"-A2", r#""7B-F3-\"48\"-A2""#],
    ["fecha_limite", "2022-04-05", r#""2022-04-05""#],
    ["cuf", "", "null"],
    ["lectura_anterior", "120", "120"],
    ["lectura_actual", "131.50", "131.50"],
    ["consumo", "11,5 m³", r#""11,5 m³""#],
    ["base_credito_fiscal", "150", "150"],
    ["ice_tasas", "0.05", r#""0.05""#],
    ["no_gravado", "", r#""""#],
    ["no_sujeto", " ", r#"" ""#],
    ["descuentos", "-4.3", "-4.3"],
    [
        "detalle",
        "Agua=150.00|Ley 1886 \"tercera edad\"=-4.30",
        r#"[{"concepto":"Agua","importe":150.00},{"importe":-4.30,"concepto":"Ley 1886 \"tercera edad\""}]"#,
    ],
];

const MEMBER: [[&str; 3]; 13] = [
    ["contrato", "315", "315"],
    ["nombre", "Rojas Peña, Elena", r#""Rojas Pe\u00f1a, Elena""#],
    ["socio_id", "12394", "12394"],
    ["tipo_documento", "CI", r#""CI""#],
    ["num_doc", "99123456", "99123456"],
    ["nit", "", "null"],
    ["direccion", "Calle \"La Paz\" 7", r#""Calle \"La Paz\" 7""#],
    ["cod_ubicacion", "37", "37"],
    ["cod_suministro", "38", r#""38""#],
    ["estado", "cortado", r#""cortado""#],
    ["correo", "", r#""""#],
    ["telefono", "35550017", "35550017"],
    ["contrato_anterior", "A-315", r#""A-315""#],
];

/// A file of one row with those columns, as CSV and as JSON.
fn both_forms(columns: &[[&str; 3]]) -> [String; 2] {
    let join = |cells: &mut dyn Iterator<Item = String>| cells.collect::<Vec<_>>().join(",");
    let heading = join(&mut columns.iter().map(|[name, ..]| (*name).to_owned()));
    let cells =
        join(&mut columns.iter().map(|[_, cell, _]| format!("\"{}\"", cell.replace('"', "\"\""))));
    let members =
        join(&mut columns.iter().rev().map(|[name, _, value]| format!("\"{name}\":{value}")));
    [format!("{heading}\n{cells}\n"), format!("\n{{{members}}}\n")]
}

#[test]
fn csv_and_json_of_the_same_row_give_equal_rows() {
    for count in 4..=BILL.len() {
        let [csv, json] = both_forms(&BILL[..count]);
        let rows = bills(csv.as_bytes()).unwrap();
        assert!(rows[0].1.is_ok(), "{rows:?}");
        assert_eq!(bills(json.as_bytes()).unwrap(), rows, "{json}");
    }
    for count in 2..=MEMBER.len() {
        let [csv, json] = both_forms(&MEMBER[..count]);
        let rows = members(csv.as_bytes()).unwrap();
        assert!(rows[0].1.is_ok(), "{rows:?}");
        assert_eq!(members(json.as_bytes()).unwrap(), rows, "{json}");
    }
}

#[test]
fn json_lines_are_read_one_by_one() {
    for (text, expected) in [
        ("{\"contrato\":315,\"nombre\":\"Eva\"}", &["1:Eva"][..]),
        ("\u{FEFF}\n\r\n {\"NOMBRE\":\"Eva\",\"Contrato\":\"315\"} \r\n\n", &["3:Eva"]),
        (
            "{\"contrato\":1,\"nombre\":\"Ñ\"}\n{\"nombre\":\"B\",\"contrato\":2}\n\x1A",
            &["1:Ñ", "2:B"],
        ),
        ("{}\n\n{\"contrato\":1,\"nombre\":\"B\"}", &["1!contrato", "1!nombre", "3:B"]),
        ("{\"contrato\":1,\"nombre\":null}\n", &["1!nombre"]),
        ("{\"contrato\":\" \",\"nombre\":\"A\",\"estado\":7}\n", &["1!contrato", "1!estado"]),
        ("{\"contrato\":1,\"nombre\":\"A\"\n{\"contrato\":2,\"nombre\":\"B\"}\n", &["1!", "2:B"]),
        (
            "{\"contrato\":1,\"nombre\":true}\n{\"contrato\":2,\"nombre\":\"B\"}\n",
            &["1!nombre", "2:B"],
        ),
        ("{\"contrato\":1,\"nombre\":\"a\\nb\"}\n", &["1!nombre"]),
        ("{\"contrato\":1,\"nombre\":\"A\"}\ncontrato,nombre\n2,B\n", &["1:A", "2!", "3!"]),
        ("{\"contrato\":1,\"nombre\":\"A\"}\r{\"contrato\":2,\"nombre\":\"B\"}\r", &["1!"]),
        ("{\n\"contrato\":1,\n\"nombre\":\"A\"\n}\n", &["1!", "2!", "3!", "4!"]),
    ] {
        assert_eq!(names(text.as_bytes()), expected, "{text}");
    }
    let latin =
        b"{\"contrato\":1,\"nombre\":\"Mu\xF1oz\"}\n{\"contrato\":2,\"nombre\":\"Sol\xEDs\"}";
    assert_eq!(names(latin), ["1:Muñoz", "2:Solís"]);
    let mixed =
        b"{\"contrato\":1,\"nombre\":\"Mu\xC3\xB1oz\"}\n{\"contrato\":2,\"nombre\":\"\xF1\"}";
    assert_eq!(names(mixed), ["!!2"]);
}

#[test]
fn each_line_of_json_has_its_own_columns() {
    let rows = members(
        b"{\"contrato\":1,\"nombre\":\"A\",\"nit\":7}\n{\"contrato\":2,\"nombre\":\"B\"}\n\
          {\"nit\":null,\"contrato\":3,\"nombre\":\"C\"}\n",
    );
    let tax_id = |(_, row): Judged<ventanilla_domain::MemberRow>| row.unwrap().tax_id;
    let tax_ids: Vec<_> = rows.unwrap().into_iter().map(tax_id).collect();
    assert_eq!(
        tax_ids,
        [Given::Value(Label::from_text("7").ok()), Given::Absent, Given::Value(None)]
    );
}

/// A line of bills in JSON with one value more.
fn bill_with(key: &str, value: &str) -> String {
    format!("{{\"factura\":1,\"contrato\":315,\"periodo\":202110,\"{key}\":{value}}}\n")
}

#[test]
fn a_value_of_json_takes_the_forms_of_a_cell_without_the_decimal_comma() {
    for (value, sentence) in [
        (r#""136,76""#, "«136,76» no es un importe; escriba 136.76 (con punto:"),
        ("1e3", "«1e3» no es un importe;"),
        ("136.761", "«136.761» no es un importe;"),
        ("-1", "«-1» no es un importe;"),
        ("1000000000.01", "«1000000000.01» es demasiado;"),
        ("9007199254740993.5", "es demasiado;"),
        ("null", "la celda está vacía y es obligatoria."),
    ] {
        let rows = bills(bill_with("monto", value).as_bytes()).unwrap();
        let verdict = rows.into_iter().next().unwrap().1.unwrap_err().remove(0);
        assert_eq!((verdict.line, verdict.column), (1, Some("monto")), "{value}");
        assert!(verdict.message.contains(sentence), "{}", verdict.message);
    }
    let rows = bills(bill_with("cuf", "1").as_bytes()).unwrap();
    let verdict = rows.into_iter().next().unwrap().1.unwrap_err().remove(0);
    assert_eq!(verdict.message, "falta en el objeto y es obligatoria.");
}

#[test]
fn json_that_mixes_forms_is_refused_as_a_file() {
    let first = bill_with("emision", "\"2021-11-05\"");
    for (line, column) in [
        (bill_with("vencimiento", "\"05/12/2021\""), "vencimiento"),
        (bill_with("cuf", "1").replace("202110", "\"2021-10\""), "periodo"),
    ] {
        let refusal = bills(format!("{first}\n{{\"bad\"\n{line}").as_bytes()).unwrap_err();
        let verdict = unreadable(refusal);
        assert_eq!((verdict.line, verdict.column), (4, Some(column)));
        assert!(verdict.message.contains("la línea 1 usa"), "{}", verdict.message);
    }
}

#[test]
fn a_file_that_is_cut_off_gives_no_other_row() {
    let csv = "contrato,factura,monto,detalle,periodo\r\n\"A \"\"ñ\"\"\",1,145.70,Agua=145.70,202110\r\n\
               \n315,2,12.30,\"Agua=10.30|Mora ñ=2\",202111\r\n316,3,7,,202112\r\n";
    let json = "{\"contrato\":\"A ñ\",\"factura\":1,\"monto\":145.70,\"periodo\":202110}\n\n\
                {\"monto\":12.30,\"factura\":2,\"contrato\":315,\"periodo\":202111,\
                \"detalle\":[{\"concepto\":\"Agua ñ\",\"importe\":12.30}]}\n\
                {\"contrato\":\"316\",\"factura\":3,\"periodo\":202112,\"monto\":7}\n";
    let latin: Vec<u8> = csv.chars().map(|char| u8::try_from(u32::from(char)).unwrap()).collect();
    for file in [csv.as_bytes(), json.as_bytes(), &latin] {
        let good = bills(file).unwrap();
        assert!(good.len() == 3 && good.iter().all(|(_, row)| row.is_ok()), "{good:?}");
        for len in 0..file.len() {
            let (read, cut) = file.split_at(len);
            let is_line_end =
                read.ends_with(b"\n") || cut.starts_with(b"\n") || cut.starts_with(b"\r\n");
            let Ok(rows) = bills(read) else {
                assert!(!is_line_end, "{}", read.escape_ascii());
                continue;
            };
            let (taken, refused): (Vec<_>, Vec<_>) =
                rows.into_iter().partition(|(_, row)| row.is_ok());
            assert_eq!(taken, good[..taken.len()], "{}", read.escape_ascii());
            assert_eq!(refused.is_empty(), is_line_end, "{}", read.escape_ascii());
        }
    }
}

/// A small generator with a seed: the service's tests have no other.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

/// What files are made of, among it what they begin with.
const PIECES: [&[u8]; 44] = [
    b",",
    b";",
    b"\"",
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b"\xC3\xB1",
    b"\xF1",
    b"\xEF\xBB\xBF",
    b"contrato,nombre\n",
    b"factura,contrato,periodo,monto\n",
    b"factura;contrato;periodo;monto;detalle\n",
    b"1",
    b"315",
    b"202110",
    b"10/2021",
    b"2021-10",
    b"136.76",
    b"136,76",
    b"-7",
    b"2021-11-05",
    b"05/11/2021",
    b"Agua=1|",
    b"|",
    b"=",
    b" ",
    b"\x81",
    b"\xE2\x82",
    b"\xFF",
    b"x",
    b"-",
    b"/",
    b"\x1A",
    b"sep=;\n",
    b"{\"contrato\":\"315\",\"nombre\":\"Eva\"}\n",
    b"{\"factura\":1,\"contrato\":315,\"periodo\":202110,\"monto\":1.5}\n",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"\"detalle\"",
    b"\\u00",
];

#[test]
fn no_bytes_make_it_panic() {
    for seed in 0..10_000 {
        let mut random = Random(seed);
        let starts = [PIECES[10], PIECES[11], PIECES[12], PIECES[34], PIECES[35], PIECES[36], b""];
        let mut bytes = starts[random.below(starts.len())].to_vec();
        for _ in 0..random.below(40) {
            if random.below(8) == 0 {
                bytes.push(u8::try_from(random.below(256)).unwrap());
            } else {
                bytes.extend(PIECES[random.below(PIECES.len())]);
            }
        }
        // Whatever it says, it names a line of the file.
        let lines = bytes.split(|byte| *byte == b'\n').count() as u64;
        let check = |line| assert!((1..=lines).contains(&line), "seed {seed} line {line}");
        if let Err(refusal) = sniff(&mut Cursor::new(&bytes)) {
            check(unreadable(refusal).line);
        }
        match members(&bytes) {
            Ok(rows) => rows.iter().for_each(|(line, _)| check(*line)),
            Err(refusal) => check(unreadable(refusal).line),
        }
        match bills(&bytes) {
            Ok(rows) => rows.iter().for_each(|(line, _)| check(*line)),
            Err(refusal) => check(unreadable(refusal).line),
        }
    }
}
