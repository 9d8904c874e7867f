//! What is exported: its columns and forms, what of it can be imported again, and where it goes.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::common::{Bill, Installation, bills, check, import, run};

/// People and bills whose cells are hard to write: quotes, separators, formulas, other letters.
const MEMBERS: &str = "\
contrato,nombre,socio_id,tipo_documento,num_doc,nit,direccion,cod_ubicacion,cod_suministro,estado,correo,telefono
007,\"Muñoz \"\"Ñato\"\" Vega, Eva\",50,CI,4455667,1020,\"Av. Ficticia 12; piso 3\",24532,14207,cortado,eva@ejemplo.test,+591 70000000
A-1,Ana Lopez,,,,,,,,activo,,
8,\"Muñoz \"\"Ñato\"\" Vega, Eva\",50,CI,4455667,1020,,24532,,baja,eva@ejemplo.test,+591 70000000
9,=HYPERLINK(1),60,,,,@casa,,,bloqueado,,-
B-2,Beto Rojas,,,,,,,,activo,,
";

const BILLS: &str = "\
factura,contrato,periodo,monto,estado,reemplaza,emision,vencimiento,mes_facturacion,nro_fiscal,autorizacion,codigo_control,fecha_limite,cuf,lectura_anterior,lectura_actual,consumo,base_credito_fiscal,ice_tasas,no_gravado,no_sujeto,descuentos,detalle
20,007,202110,37.58,,,2021-11-05,2021-11-25,octubre,1207,29040011007,AB-12,2021-12-31,1A2B,870,897,27,32.70,0.10,0.20,0.30,7.20,\"Agua, fría=35.98|Alcantarillado=8.80|=Ley=-7.20\"
3,A-1,202109,5.00,anulada,,,,,,,,,,,,,,,,,,
4,A-1,202110,1234.50,,,,,,,,,,,,,,,,,,,
5,9,202110,6.00,pagada_fuera,,,,,,,,,,,,,,,,,,
6,B-2,202110,7.00,,,,,,,,,,,,,,,,,,,
";

const EXPORTS: [&str; 4] = ["events", "bills", "members", "payments"];

fn hard_books() -> Installation {
    let installation = Installation::with_company();
    installation.write("socios.csv", MEMBERS);
    installation.write("facturas.csv", BILLS);
    let replacing = "factura,contrato,periodo,monto,reemplaza\n7,B-2,202111,8.00,6\n";
    installation.write("corregidas.csv", replacing);
    installation.done(&["import", "members", "socios.csv", "--data", "datos"]);
    installation.done(&["import", "bills", "facturas.csv", "--data", "datos"]);
    installation.done(&["import", "bills", "corregidas.csv", "--data", "datos"]);
    installation
}

/// The same with bill 20 paid twice, since its first payment was reversed, and 4 paid.
fn paid_books() -> Installation {
    let installation = hard_books();
    let credentials = installation.collector("=banco");
    let server = installation.serve();
    let mut client = server.client(&credentials);
    let bill = Bill { id: 4, contract: 0, period: 202_110, amount_minor: 123_450 };
    let body = bill.to_payment(Some("-k1")).replace("\"0\"", "\"A-1\"");
    client.post("realizarpago", &body).values();
    let body = r#"{"IdFactura":20,"Periodo":"202110","Contrato":"007","Monto":37.58,"IdAsociado":"50","Sucursal":"Centro","Cajero":"ana","Terminal":"@3","MedioPago":"QR","FechaCobro":"26/11/2021 12:11"}"#;
    let paid = client.post("realizarpago", body).values();
    let payment = paid["IdCobranza"].as_str().unwrap();
    let body = format!(
        r#"{{"IdFactura":20,"IdCobranza":{payment},"Motivo":"=cheque \"sin\" fondos","IdTransaccion":"r-1"}}"#
    );
    client.post("revertirpago", &body).values();
    client
        .post(
            "realizarpago",
            r#"{"IdFactura":20,"Periodo":"202110","Contrato":"007","Monto":37.58}"#,
        )
        .values();
    server.stop();
    installation
}

/// What `export` prints.
fn exported(installation: &Installation, flags: &[&str]) -> String {
    let line = [&["export"], flags, &["--data", "datos"]].concat();
    let ran = installation.done(&line);
    assert_eq!(ran.err, "", "{line:?}");
    ran.out
}

/// The heading and rows of CSV.
fn read_csv(text: &str, separator: u8) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(text.as_bytes());
    let owned = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
    let heading = owned(reader.headers().unwrap());
    (heading, reader.records().map(|record| owned(&record.unwrap())).collect())
}

/// The cell that a value of JSON is in CSV.
fn to_cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        other => panic!("{other} is no cell"),
    }
}

/// The columns of a list.
fn columns(installation: &Installation, list: &str) -> Vec<String> {
    read_csv(&exported(installation, &[list, "--format", "csv"]), b',').0
}

#[test]
fn csv_and_json_say_the_same() {
    let installation = paid_books();
    for list in EXPORTS {
        let (heading, rows) = read_csv(&exported(&installation, &[list, "--format", "csv"]), b',');
        let json = exported(&installation, &[list, "--format", "jsonl"]);
        assert!(rows.len() > 2, "{list}: {rows:?}");
        assert_eq!(json.lines().count(), rows.len(), "{list}");
        for (line, row) in json.lines().zip(&rows) {
            let object: Value = serde_json::from_str(line).unwrap();
            assert_eq!(object.as_object().unwrap().len(), heading.len(), "{line}");
            let mut rest = line;
            for (name, cell) in heading.iter().zip(row) {
                assert_eq!(to_cell(&object[name]), *cell, "{list}: {name}: {line}");
                let at = rest.find(&format!("\"{name}\":"));
                rest = &rest[at.unwrap_or_else(|| panic!("{name} has another place: {line}"))..];
            }
        }
    }
    let usual = |list| exported(&installation, &[list]);
    assert!(usual("events").starts_with(r#"{"numero":1,"tipo":"pago","#));
    for list in &EXPORTS[1..] {
        assert_eq!(usual(list), exported(&installation, &[list, "--format", "csv"]));
    }
}

#[test]
fn an_event_tells_what_happened() {
    let installation = paid_books();
    let text = exported(&installation, &["events"]);
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = |event: &Value| {
        let cell = |name: &str| to_cell(&event[name]);
        let names = ["numero", "tipo", "factura", "contrato", "periodo", "monto", "id_transaccion"];
        names.map(cell).join(" ")
    };
    assert_eq!(
        events.iter().map(told).collect::<Vec<_>>(),
        [
            "1 pago 4 A-1 202110 1234.50 -k1",
            "2 pago 20 007 202110 37.58 ",
            "3 reversion 20 007 202110 37.58 r-1",
            "4 pago 20 007 202110 37.58 ",
        ]
    );
    let (paid, reversed) = (&events[1], &events[2]);
    for name in
        ["id_cobranza", "nombre", "id_asociado", "sucursal", "cajero", "terminal", "fecha_cobro"]
    {
        assert!(!paid[name].is_null(), "{name}: {paid}");
        assert_eq!(paid[name], reversed[name], "{name}: a reversal tells of its payment");
    }
    assert_eq!(
        (&paid["motivo"], &reversed["motivo"]),
        (&Value::Null, &"=cheque \"sin\" fondos".into())
    );
    assert_eq!(
        (&paid["fecha_cobro"], &paid["moneda"]),
        (&"2021-11-26T12:11:00".into(), &"BOB".into())
    );
    assert!(paid["fecha_hora"].as_str().unwrap().ends_with("-04:00"), "{paid}");
    assert_eq!(paid["fecha_hora"].as_str().unwrap().len(), 25, "{paid}");
    assert_ne!(paid["id_cobranza"], events[3]["id_cobranza"]);
    let after = |number: &str| exported(&installation, &["events", "--after", number]);
    assert_eq!(after("0"), text);
    assert_eq!(after("3").lines().collect::<Vec<_>>(), [text.lines().nth(3).unwrap()]);
    assert_eq!((after("4"), after("9007199254740991")), (String::new(), String::new()));
    let two = exported(&installation, &["events", "--after", "1", "--limit", "2"]);
    assert_eq!(two.lines().collect::<Vec<_>>(), text.lines().skip(1).take(2).collect::<Vec<_>>());
}

#[test]
fn a_bill_shows_at_a_glance_what_became_of_it() {
    let installation = paid_books();
    let (heading, rows) = read_csv(&exported(&installation, &["bills"]), b',');
    let told = |names: &[&str]| {
        let cell = |row: &Vec<String>, name: &&str| {
            row[heading.iter().position(|column| column == name).unwrap()].clone()
        };
        let line = |row| names.iter().map(|name| cell(row, name)).collect::<Vec<_>>().join(" ");
        rows.iter().map(line).collect::<Vec<_>>()
    };
    assert_eq!(
        told(&[
            "factura",
            "contrato",
            "estado",
            "version",
            "reemplazada_por",
            "id_cobranza",
            "recaudador"
        ]),
        [
            "3 A-1 anulada 1   ",
            "4 A-1 pagada 1  1 =banco",
            "5 9 pagada_fuera 1   ",
            "6 B-2 anulada 2 7  ",
            "7 B-2 pendiente 1   ",
            "20 007 pagada 1  3 =banco",
        ]
    );
    let unpaid = exported(&installation, &["bills", "--unpaid"]);
    assert_eq!(read_csv(&unpaid, b',').1, [rows[4].clone()]);
    let payments = exported(&installation, &["payments", "--from", "2021-01-01"]);
    let (heading, rows) = read_csv(&payments, b',');
    assert_eq!(heading[..2], ["id_cobranza", "estado"]);
    let states: Vec<_> = rows.iter().map(|row| row[..2].join(" ")).collect();
    assert_eq!(states, ["1 vigente", "2 revertida", "3 vigente"]);
    let day = rows[0][3].clone();
    assert_eq!(exported(&installation, &["payments", "--from", &day, "--to", &day]), payments);
    let none = exported(&installation, &["payments", "--to", "2021-01-01"]);
    assert_eq!(none.lines().count(), 1, "the heading alone");
}

/// The columns that an import takes, as it tells them itself.
fn import_columns(installation: &Installation, kind: &str) -> Vec<String> {
    installation.write("otra.csv", "apodo\nx\n");
    let ran = installation.run(&["import", kind, "otra.csv", "--data", "datos"]);
    let (_, columns) = ran.err.split_once("las columnas son: ").unwrap();
    let (columns, _) = columns.split_once('.').unwrap();
    columns.split(", ").map(str::to_owned).collect()
}

#[test]
fn the_columns_of_an_import_are_those_of_its_export() {
    // They tell of a change, and are no fact of whoever is listed.
    const CHANGES: [&str; 2] = ["contrato_anterior", "reemplaza"];
    let installation = Installation::with_company();
    for (list, flags) in [("members", &[][..]), ("bills", &["--for-import"])] {
        let taken = import_columns(&installation, list);
        let taken: Vec<_> =
            taken.into_iter().filter(|name| !CHANGES.contains(&name.as_str())).collect();
        let text = exported(&installation, &[&[list], flags].concat());
        assert_eq!(read_csv(&text, b',').0, taken);
        let all = columns(&installation, list);
        assert_eq!(all[..taken.len()], taken, "what else there is comes after them");
    }
}

#[test]
fn exported_members_and_bills_can_be_imported_again() {
    let installation = paid_books();
    for form in ["csv", "jsonl"] {
        let members = exported(&installation, &["members", "--format", form]);
        let bills = exported(&installation, &["bills", "--for-import", "--format", form]);
        let (members_file, bills_file) = (format!("socios2.{form}"), format!("facturas2.{form}"));
        installation.write(&members_file, &members);
        let line = format!("import members {members_file} --data datos");
        check(&installation, &[(&line, 0, "nuevas   0\n  iguales  5\n")]);
        let fresh = Installation::with_company();
        fresh.write(&members_file, &members);
        fresh.write(&bills_file, &bills);
        fresh.done(&["import", "members", &members_file, "--data", "datos"]);
        fresh.done(&["import", "bills", &bills_file, "--data", "datos"]);
        assert_eq!(exported(&fresh, &["members", "--format", form]), members);
        assert_eq!(exported(&fresh, &["bills", "--for-import", "--format", form]), bills);
        let owed = |installation| {
            let text = exported(installation, &["bills", "--unpaid", "--for-import"]);
            text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(owed(&fresh), owed(&installation), "what was paid here is owed nowhere");
    }
}

/// What a spreadsheet gets instead of a cell.
fn to_sheet_cell(name: &str, plain: &str) -> String {
    match name {
        "monto"
        | "base_credito_fiscal"
        | "ice_tasas"
        | "no_gravado"
        | "no_sujeto"
        | "descuentos"
        | "detalle" => plain.replace('.', ","),
        "fecha_hora" | "fecha_pago" | "fecha_reversion" | "fecha_cobro" => {
            plain.replace('T', " ").replace("-04:00", "")
        }
        _ if plain.starts_with(['=', '+', '-', '@']) => format!("'{plain}"),
        _ => plain.to_owned(),
    }
}

#[test]
fn a_spreadsheet_gets_its_own_form() {
    let installation = paid_books();
    for list in EXPORTS {
        let text = exported(&installation, &[list, "--excel"]);
        let plain = exported(&installation, &[list, "--format", "csv"]);
        let (heading, rows) = read_csv(text.strip_prefix('\u{FEFF}').unwrap(), b';');
        let (plain_heading, plain_rows) = read_csv(&plain, b',');
        assert_eq!((&heading, rows.len()), (&plain_heading, plain_rows.len()));
        for (row, plain_row) in rows.iter().zip(&plain_rows) {
            for ((name, cell), plain) in heading.iter().zip(row).zip(plain_row) {
                assert_eq!(*cell, to_sheet_cell(name, plain), "{list}: {name}");
            }
        }
        assert_eq!(exported(&installation, &[list, "--excel", "--format", "csv"]), text);
    }
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let installation = Installation::with_company();
    import(&installation, &bills(100, 12));
    std::fs::create_dir(installation.path("carpeta")).unwrap();
    installation.write("lista.csv", "lo de ayer");
    let whole = exported(&installation, &["bills"]);
    let line = ["export", "bills", "--data", "datos", "--output", "lista.csv"];
    let ran = installation.done(&line);
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("", "lista.csv: 1200 líneas\n"));
    assert_eq!(std::fs::read_to_string(installation.path("lista.csv")).unwrap(), whole);
    let mut limited = std::process::Command::new("sh");
    // A disk that is full, to this process alone.
    let words = "ulimit -f 100; trap '' XFSZ; exec \"$@\"";
    limited.args(["-c", words, "sh"]).arg(env!("CARGO_BIN_EXE_ventanilla")).args(line);
    let ran = run(limited.current_dir(installation.path(".")).stdin(Stdio::null()));
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("no se pudo escribir el resultado"), "{ran:?}");
    assert_eq!(std::fs::read_to_string(installation.path("lista.csv")).unwrap(), whole);
    check(
        &installation,
        &[
            ("export bills --data datos --output carpeta", 2, "--output carpeta: no es un archivo"),
            ("export bills --data datos --output nada/x.csv", 2, "no se pudo crear: no existe"),
            ("export bills --data nada --output lista.csv", 3, "nada: no hay ninguna instalación"),
            ("export bills --data datos --company 9 --output lista.csv", 2, "ninguna empresa 9"),
        ],
    );
    let mut names: Vec<String> = std::fs::read_dir(installation.path("."))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names.retain(|name| !name.starts_with("datos"));
    let expected = ["carpeta", "facturas.csv", "lista.csv", "socios.csv"];
    assert_eq!(names, expected, "nothing is left behind");
    assert_eq!(std::fs::read_to_string(installation.path("lista.csv")).unwrap(), whole);
}

#[test]
fn a_wrong_export_is_told() {
    let installation = Installation::with_company();
    check(
        &installation,
        &[
            ("export events --data datos --company 9", 2, "no hay ninguna empresa 9"),
            ("export events --data datos --after x", 2, "se espera un número entero desde 0"),
            ("export events --data datos --after 99", 0, ""),
            ("export bills --data datos --excel --format jsonl", 2, "--excel es CSV"),
            (
                "export payments --data datos --from 2021-11-06 --to 2021-11-05",
                2,
                "--from es posterior",
            ),
            (
                "export payments --data datos --from 2021-02-30",
                2,
                "se espera un día como 2021-11-05",
            ),
            ("export members --data datos", 0, "contrato,nombre,socio_id,"),
        ],
    );
    installation.done(&["company", "add", "--data", "datos", "--id", "14", "--name", "Otra"]);
    check(&installation, &[("export events --data datos", 2, "hay varias empresas (13, 14)")]);
}

#[test]
fn a_reader_that_has_read_enough_of_a_list_is_no_error() {
    let installation = Installation::with_company();
    import(&installation, &bills(250, 12));
    for flags in [["bills", "--excel"], ["bills", "--format=jsonl"], ["members", "--format=csv"]] {
        let line = [&["export"], &flags[..], &["--data", "datos"]].concat();
        let mut command = installation.command(&line);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().unwrap();
        assert_eq!((ended.status.code(), ended.stderr.len()), (Some(0), 0), "{line:?}: {ended:?}");
    }
}

/// The first cell of each row of the table under a heading of a page, without its marks.
fn written_columns(page: &str, list: &str) -> Vec<String> {
    let heading = format!("## `export {list}`\n");
    let (_, section) = page.split_once(&heading).unwrap_or_else(|| panic!("no {heading}"));
    let section = section.split("\n## ").next().unwrap_or_default();
    let cells = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    cells.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_columns_are_those_that_are_written_down() {
    let installation = Installation::with_company();
    for name in ["exports.md", "exportaciones.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
        let page = std::fs::read_to_string(path).unwrap();
        for list in EXPORTS {
            assert_eq!(
                written_columns(&page, list),
                columns(&installation, list),
                "docs/{name}: correct the table of `export {list}`; columns are only added at the end"
            );
        }
    }
}
