//! `import`: what a file does, and what is told of it.

use serde_json::{Value, json};

use crate::common::{
    APRIL, BILLS, Bill, Installation, MEMBERS, bills, check, files, import, verify, with_bills,
};

const HEADING: &str =
    "\u{FEFF}linea;resultado;factura;contrato;diferencia;id_cobranza;columna;mensaje\r\n";

#[test]
fn a_file_is_imported_whole_and_its_repeat_changes_nothing() {
    let installation = Installation::with_company();
    installation.write("socios.csv", MEMBERS);
    installation.write("facturas.csv", BILLS);
    installation.write("corregidas.csv", BILLS.replace("20.50", "25.00"));
    check(
        &installation,
        &[
            (
                "import members socios.csv --data datos --dry-run",
                0,
                "2 líneas revisadas, nada se guardó",
            ),
            ("import bills facturas.csv --data datos", 1, "línea 2, columna contrato: "),
            (
                "import members socios.csv --data datos",
                0,
                "2 líneas cargadas (archivo 1)\n  nuevas   2\n  iguales  0\n",
            ),
            (
                "import bills facturas.csv --data datos --dry-run",
                0,
                "\n  nuevas   2   +30.50 BOB\n",
            ),
            ("import bills facturas.csv --data datos", 0, "lo adeudado cambia en +30.50 BOB"),
            (
                "import bills facturas.csv --data datos",
                0,
                "\n  nuevas   0   0.00 BOB\n  iguales  2\nlo adeudado no cambia\n",
            ),
            ("import members socios.csv --data datos", 0, "\n  nuevas   0\n  iguales  2\n"),
            (
                "import bills corregidas.csv --data datos --company 13",
                0,
                "\n  cambiadas  1   +4.50 BOB\n",
            ),
            ("import bills facturas.csv --data datos --company 9", 2, "no hay ninguna empresa 9"),
            ("import bills nada.csv --data datos", 2, "nada.csv: no se pudo leer: no existe"),
            ("import bills datos --data datos", 2, "datos: no es un archivo"),
            ("import bills - --data datos", 2, "«-»: la entrada estándar no sirve"),
            ("import bills --data datos", 2, "falta <ARCHIVO>"),
            ("import facturas facturas.csv --data datos", 2, "no se conoce el comando «facturas»"),
        ],
    );
    let ran = installation.run(&["import", "bills", "corregidas.csv", "--data", "datos", "--json"]);
    assert_eq!(
        ran.json(),
        json!({
            "Archivo": 6, "Lineas": 2, "Nuevas": 0, "Cambiadas": 0, "Iguales": 2, "Pagadas": 0,
            "Rechazadas": 0, "Anuladas": 0, "PagadasFuera": 0, "Reemplazadas": 0,
            "Desaparecidas": 0, "DiferenciaNuevas": "0.00", "DiferenciaCambiadas": "0.00",
            "DiferenciaAnuladas": "0.00", "DiferenciaPagadasFuera": "0.00",
            "DiferenciaReemplazadas": "0.00", "DiferenciaDesaparecidas": "0.00",
            "Diferencia": "0.00", "Guardado": true,
        })
    );
    assert_eq!(ran.err, "", "no bar where standard error is no terminal");
    installation.write("otra.csv", "factura,contrato,periodo,monto\n1003,1,202402,7.00\n");
    let told = "1 línea cargada (archivo 7)\n  nuevas   1   +7.00 BOB\n  iguales  0\n\
                lo adeudado cambia en +7.00 BOB\n";
    check(&installation, &[("import bills otra.csv --data datos", 0, told)]);
    verify(&installation, "datos");
}

#[test]
fn a_bad_file_writes_nothing_and_names_its_lines() {
    let installation = Installation::with_company();
    installation.write("socios.csv", MEMBERS);
    installation.done(&["import", "members", "socios.csv", "--data", "datos"]);
    for (lines, told) in [
        ("factura,contrato,monto\n1,1,5\n", "línea 1"),
        ("", "mala.csv: línea 1: la primera línea está vacía"),
        (
            "factura,contrato,periodo,monto\n1,1,202401,5\n2,9,202401,5\n",
            "línea 3, columna contrato: ",
        ),
        (
            "factura,contrato,periodo,monto\n1,1,202401,5\n2,2,202413,5\n",
            "línea 3, columna periodo: ",
        ),
        (
            "factura,contrato,periodo,monto\n1,1,202401,5\n2,2,202401,-5\n",
            "línea 3, columna monto: «-5» no es un importe",
        ),
        (
            "factura,contrato,periodo,monto\n1,1,202401,5\nx,2,202401,5\n",
            "línea 3, columna factura: ",
        ),
        (
            "factura,contrato,periodo,monto\n1,1,202401,5\n1,2,202401,5\n",
            "línea 3, columna factura: ",
        ),
    ] {
        installation.write("mala.csv", lines);
        let ran = installation.run(&["import", "bills", "mala.csv", "--data", "datos"]);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{lines}: {ran:?}");
        assert!(ran.err.contains(told), "{lines}: {ran:?}");
        assert!(!ran.err.contains("Columna «"), "a column is named once: {ran:?}");
        assert!(ran.err.to_lowercase().contains("no se guardó nada"), "{ran:?}");
    }
    installation.write("facturas.csv", "factura,contrato,periodo,monto\n1,1,202401,5\n");
    let ran = installation.run(&["import", "bills", "facturas.csv", "--data", "datos", "--json"]);
    assert_eq!(ran.json()["Nuevas"], 1, "nothing of the bad files was kept");
    let bad = "factura,contrato,periodo,monto\n2,1,202402,5\n3,1,x,5\n4,1,202403,y\n";
    installation.write("mala.csv", bad);
    let ran = installation.run(&["import", "bills", "mala.csv", "--data", "datos", "--skip-bad"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("\n  nuevas      1 "), "{ran:?}");
    assert!(ran.out.contains("\n  rechazadas  2   (quedaron fuera)\n"), "{ran:?}");
    assert!(
        ran.err.contains("línea 3, columna periodo") && ran.err.contains("línea 4, columna monto")
    );
    verify(&installation, "datos");
}

#[test]
fn a_refused_file_is_told_as_json_too() {
    let installation = Installation::with_company();
    installation.write("socios.csv", MEMBERS);
    installation.done(&["import", "members", "socios.csv", "--data", "datos"]);
    let heading = "factura,contrato,periodo,monto\n";
    let run = |rows: &str, flag: &str| {
        installation.write("mala.csv", rows);
        let line = ["import", "bills", "mala.csv", "--data=datos", "--json", flag];
        let ran = installation.run(&line[..if flag.is_empty() { 5 } else { 6 }]);
        assert_eq!(ran.out.lines().count(), 1, "{ran:?}");
        let shown: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        (ran, shown)
    };
    let bad = format!("{heading}2,1,202402,5\n3,1,202402,-5\n4,9,202402,5\n");
    let (ran, shown) = run(&bad, "");
    assert_eq!((ran.code, &shown["Rechazadas"], &shown["Guardado"]), (1, &json!(2), &json!(false)));
    let verdicts = shown["Veredictos"].as_array().unwrap();
    let at = |verdict: &serde_json::Value| (verdict["Linea"].clone(), verdict["Columna"].clone());
    assert_eq!(at(&verdicts[0]), (json!(3), json!("monto")), "{shown}");
    assert_eq!(at(&verdicts[1]), (json!(4), json!("contrato")), "{shown}");
    assert!(verdicts[0]["Mensaje"].as_str().unwrap().contains("«-5» no es un importe"), "{shown}");
    assert!(ran.err.contains("línea 3, columna monto: ") && ran.err.contains("2 líneas malas"));

    let (ran, shown) = run("factura,contrato\n1,1\n", "");
    assert_eq!((ran.code, &shown["Guardado"]), (1, &json!(false)));
    assert_eq!(shown["Veredictos"][0]["Linea"], 1, "{shown}");
    assert!(ran.err.contains("mala.csv: línea 1, columna periodo: falta"), "{ran:?}");

    let many: Vec<String> = (1..=1_200).map(|bill| format!("{bill},1,202402,x\n")).collect();
    let (ran, shown) = run(&format!("{heading}{}", many.concat()), "");
    assert_eq!((ran.code, &shown["Rechazadas"]), (1, &json!(1_200)));
    assert_eq!(shown["Veredictos"].as_array().unwrap().len(), 1_000);
    assert!(ran.err.contains("línea 1201, columna monto: "), "standard error has them all");

    let (ran, shown) = run(&bad, "--skip-bad");
    assert_eq!((ran.code, &shown["Nuevas"], &shown["Guardado"]), (0, &json!(1), &json!(true)));
    assert_eq!(shown["Veredictos"].as_array().unwrap().len(), 2);
}

/// Pays bill 1 of [`with_bills`], and gives its `IdCobranza`.
fn pay(installation: &Installation) -> String {
    let credentials = installation.collector("caja");
    let server = installation.serve();
    let bill = Bill { id: 1, contract: 1, period: 202_401, amount_minor: 1_000 };
    let paid = server.client(&credentials).post("realizarpago", &bill.to_payment(None)).values();
    server.stop();
    paid["IdCobranza"].as_str().unwrap().to_owned()
}

#[test]
fn each_thing_that_comes_of_a_file_is_told() {
    let installation = with_bills();
    let payment = pay(&installation);
    installation.write("abril.csv", APRIL);
    let line = "import bills abril.csv --complete --data datos --verdicts v.csv";
    let line: Vec<&str> = line.split(' ').collect();
    let table = "\n  \
                   nuevas         1   +70.25 BOB\n  \
                   cambiadas      1    +3.50 BOB\n  \
                   anuladas       1   -40.00 BOB\n  \
                   pagadas fuera  1   -50.00 BOB\n  \
                   reemplazadas   1   -60.00 BOB\n  \
                   desaparecidas  1   -90.00 BOB\n  \
                   iguales        3\n  \
                   ya pagadas     1   (sin tocar)\n\
                 lo adeudado cambia en -166.25 BOB\n";
    let verdicts = format!(
        "{HEADING}\
         2;pagada;1;;0,00;{payment};;Está pagada: queda como está.\r\n\
         3;igual;2;;0,00;;;\r\n\
         4;cambiada;3;;3,50;;;\r\n\
         5;anulada;4;;-40,00;;;\r\n\
         6;pagada_fuera;5;;-50,00;;;\r\n\
         7;nueva;10;;70,25;;;\r\n\
         7;reemplazada;6;;-60,00;;;La reemplaza la factura 10.\r\n\
         8;igual;7;;0,00;;;\r\n\
         9;igual;8;;0,00;;;\r\n\
         ;desaparecida;9;;-90,00;;;\r\n"
    );
    let paid =
        format!("línea 2: la factura 1 está pagada (IdCobranza {payment}); queda como está\n");
    for (flag, told) in [
        (&["--dry-run"][..], "8 líneas revisadas, nada se guardó"),
        (&[], "8 líneas cargadas (archivo 3)"),
    ] {
        let ran = installation.done(&[&line[..], flag].concat());
        assert_eq!(ran.out, format!("{told}{table}"));
        assert_eq!(ran.err, paid, "once, and no bar where standard error is no terminal");
        assert_eq!(installation.read("v.csv"), verdicts);
    }
    verify(&installation, "datos");
}

#[test]
fn each_thing_that_comes_of_a_file_is_told_as_json() {
    let installation = with_bills();
    pay(&installation);
    installation.write("abril.csv", APRIL);
    let line = ["import", "bills", "abril.csv", "--complete", "--data=datos", "--json"];
    let mut expected = json!({
        "Lineas": 8, "Nuevas": 1, "Cambiadas": 1, "Anuladas": 1, "PagadasFuera": 1,
        "Reemplazadas": 1, "Desaparecidas": 1, "Iguales": 3, "Pagadas": 1, "Rechazadas": 0,
        "DiferenciaNuevas": "70.25", "DiferenciaCambiadas": "3.50", "DiferenciaAnuladas": "-40.00",
        "DiferenciaPagadasFuera": "-50.00", "DiferenciaReemplazadas": "-60.00",
        "DiferenciaDesaparecidas": "-90.00", "Diferencia": "-166.25", "Guardado": false,
    });
    assert_eq!(installation.run(&[&line[..], &["--dry-run"]].concat()).json(), expected);
    expected["Guardado"] = json!(true);
    expected["Archivo"] = json!(3);
    assert_eq!(installation.run(&line).json(), expected);

    let ran = installation.run(&["import", "members", "socios.csv", "--data=datos", "--json"]);
    let expected = json!({
        "Archivo": 4, "Lineas": 2, "Nuevas": 0, "Cambiadas": 0, "Iguales": 2, "Pagadas": 0,
        "Rechazadas": 0, "Guardado": true,
    });
    assert_eq!(ran.json(), expected, "members owe nothing by themselves");
}

#[test]
fn a_complete_file_withdraws_no_more_than_it_may() {
    let installation = Installation::with_company();
    let all = bills(30, 10);
    import(&installation, &all);
    let (_, half) = files(&all[..149]);
    installation.write("mitad.csv", half);
    let told = "ventanilla: mitad.csv: el archivo no trae 151 de las 300 facturas impagas y se pueden \
                retirar hasta 150; no se guardó nada. Si está completo, repítalo con \
                --withdraw-max 151\n";
    check(
        &installation,
        &[
            ("import bills mitad.csv --data datos --complete", 1, told),
            ("import bills mitad.csv --data datos --complete --withdraw-max 150", 1, "hasta 150;"),
            ("import bills mitad.csv --data datos", 0, "\n  iguales  149\n"),
        ],
    );
    let line = "import bills mitad.csv --data datos --complete --json --verdicts v.csv";
    let ran = installation.run(&line.split(' ').collect::<Vec<_>>());
    let shown: Value = serde_json::from_str(&ran.out).unwrap();
    let expected = json!({
        "Desaparecidas": 151, "Impagas": 300, "RetiroMaximo": 150, "Guardado": false,
        "Veredictos": [],
    });
    assert_eq!((ran.code, shown), (1, expected));
    let last = ";archivo_rechazado;;;;;;\"El archivo no trae 151 de las 300 facturas impagas";
    assert!(installation.read("v.csv").lines().last().unwrap().starts_with(last));
    let (_, few) = files(&all[..2]);
    installation.write("pocas.csv", few.replace("1001,", "x,"));
    let withheld = "import bills pocas.csv --data datos --complete --skip-bad";
    let ran = installation.done(&withheld.split(' ').collect::<Vec<_>>());
    assert!(!ran.out.contains("desaparecidas"), "{ran:?}");
    assert!(ran.err.contains("las facturas que faltan en el archivo no se retiraron"), "{ran:?}");
    let ran = installation.run(&format!("{withheld} --json").split(' ').collect::<Vec<_>>());
    assert_eq!(ran.json()["RetiroPendiente"], true);
    check(
        &installation,
        &[(
            "import bills mitad.csv --data datos --complete --withdraw-max 151",
            0,
            "\n  desaparecidas  151   -",
        )],
    );
    verify(&installation, "datos");
}

#[test]
fn a_refused_file_has_its_verdicts() {
    let installation = Installation::with_company();
    installation.write("socios.csv", "contrato,nombre\n1,Socio Uno\n=1+1,\n@x,Socio Dos\n");
    let line = "import members socios.csv --data datos --verdicts v.csv";
    check(&installation, &[(line, 1, "línea 3, columna nombre: la celda está vacía")]);
    assert_eq!(
        installation.read("v.csv"),
        format!(
            "{HEADING}\
             2;nueva;;1;;;;\r\n\
             3;rechazada;;;;;nombre;La celda está vacía y es obligatoria.\r\n\
             4;nueva;;'@x;;;;\r\n\
             ;archivo_rechazado;;;;;;\"1 línea mala; no se guardó nada\"\r\n"
        )
    );
    let cells = "factura;contrato;periodo;monto\n1;1;x;y\n";
    for (text, told) in [
        (cells, "2;rechazada;;;;;periodo;\"«x» no es un periodo; "),
        (cells, "2;rechazada;;;;;monto;\"«y» no es un importe; "),
        ("factura,contrato,periodo\n", "1;archivo_rechazado;;;;;monto;Falta la columna"),
        ("", "1;archivo_rechazado;;;;;;"),
    ] {
        installation.write("f.csv", text);
        let line = ["import", "bills", "f.csv", "--data", "datos", "--verdicts", "v.csv"];
        assert_eq!(installation.run(&line).code, 1, "{text}");
        let verdicts = installation.read("v.csv");
        assert!(verdicts.starts_with(HEADING), "{verdicts}");
        assert!(verdicts.lines().any(|row| row.starts_with(told)), "{told}: {verdicts}");
    }
    let names = std::fs::read_dir(installation.path(".")).unwrap();
    let names: Vec<String> =
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(!names.iter().any(|name| name.contains("tmp")), "{names:?}");
}

#[test]
fn a_verdict_file_takes_the_place_of_no_other_thing() {
    let installation = Installation::with_company();
    installation.write("socios.csv", MEMBERS);
    let line = "import members socios.csv --data datos --verdicts";
    check(
        &installation,
        &[
            (&format!("{line} ./socios.csv"), 2, "./socios.csv es el archivo que se carga"),
            (&format!("{line} datos"), 2, "datos: ya existe y no es un archivo"),
            (&format!("{line} /dev/null"), 2, "/dev/null: ya existe y no es un archivo"),
            (&format!("{line} nada/v.csv"), 2, "nada/v.csv: no se pudo escribir: no existe"),
            ("import list --data datos", 0, ""),
        ],
    );
    assert_eq!(installation.read("socios.csv"), MEMBERS);
    let list = installation.run(&["import", "list", "--data", "datos", "--json"]);
    assert_eq!(list.json(), json!([]), "what is in the way is told before anything is imported");
}
