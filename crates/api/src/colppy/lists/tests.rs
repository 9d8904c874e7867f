use jiff::civil::Date;
use ventanilla_domain::{Cuit, DocumentNumber};

use super::*;
use crate::http::json;

struct Thing {
    id: i64,
    name: &'static str,
    minor: i64,
    day: Option<Date>,
    is_active: bool,
    tax_id: Option<Cuit>,
    number: DocumentNumber,
}

impl Clone for Thing {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

static THINGS: Table<Thing> = Table {
    id: |thing| thing.id,
    columns: &[
        Column::whole("idCosa", |thing| thing.id),
        Column::text("Nombre", |thing| thing.name.into()),
        Column::amount("Saldo", |thing| thing.minor),
        Column::day("Fecha", |thing| thing.day),
        Column::flag("Activo", |thing| thing.is_active),
        Column::tax_id("CUIT", |thing| thing.tax_id),
        Column::empty("Color"),
        Column::number("nro", |thing| thing.number),
        Column::point("nro1", |thing| thing.number),
        Column::serial("nro2", |thing| thing.number),
        Column::word("idTipo", |_| "1".into(), |text| ["FAC", "0"].contains(&text).then_some("1")),
    ],
};

/// `0001-00000010`, `9999-00000009`, `12345-00000003` and `0001-00000002`.
fn number(id: i64) -> DocumentNumber {
    let point = match id {
        3 => 12_345,
        9 => 9_999,
        _ => 1,
    };
    DocumentNumber::from_parts(point, id.try_into().unwrap()).unwrap()
}

fn things() -> Vec<Thing> {
    let day = |month, day| Some(jiff::civil::date(2024, month, day));
    let thing = |id, name, minor, day, tax_id: &str| {
        let (is_active, tax_id) = (id != 9, Cuit::from_text(tax_id).ok());
        Thing { id, name, minor, day, is_active, tax_id, number: number(id) }
    };
    vec![
        thing(10, "be ta", 200, day(2, 1), "30-50000010-0"),
        thing(9, "Alfa", 1000, day(12, 1), "20-12345678-6"),
        thing(3, "Ñandú", -50, None, ""),
        thing(2, "alfa", 200, day(1, 31), ""),
    ]
}

fn query(parameters: &str) -> Result<Query<Thing>, ParameterError> {
    json::check(parameters).unwrap();
    Query::from_parameters(&Parameters::from_object(parameters).unwrap(), &THINGS)
}

fn ids(parameters: &str) -> (usize, Vec<i64>) {
    let Ok(query) = query(parameters) else { panic!("{parameters}") };
    let page = query.run_over(&things());
    (page.total, page.rows.iter().map(|thing| thing.id).collect())
}

fn check(parameters: &str, expected: &[i64]) {
    assert_eq!(ids(parameters).1, expected, "{parameters}");
}

fn check_filter(field: &str, op: &str, value: &str, expected: &[i64]) {
    let condition = format!(r#"{{"field":"{field}","op":"{op}","value":{value}}}"#);
    check(&format!(r#"{{"filter":[{condition}]}}"#), expected);
    check(&format!(r#"{{"filter":{condition}}}"#), expected);
}

#[test]
fn a_page_starts_where_it_is_told_and_is_never_too_long() {
    for (parameters, expected) in [
        ("{}", &[2, 3, 9, 10][..]),
        (r#"{"start":"0","limit":"2"}"#, &[2, 3]),
        (r#"{"start":1,"limit":2}"#, &[3, 9]),
        (r#"{"start":3,"limit":2}"#, &[10]),
        (r#"{"start":4}"#, &[]),
        (r#"{"start":99999999999999999999999,"limit":99999999999999999999999}"#, &[]),
        (r#"{"start":"","limit":null}"#, &[2, 3, 9, 10]),
    ] {
        assert_eq!(ids(parameters), (4, expected.to_vec()), "{parameters}");
    }
    for (parameters, limit) in
        [("{}", 50), (r#"{"limit":5000}"#, 5000), (r#"{"limit":5001}"#, 5000)]
    {
        let limits = query(parameters).map(|query| query.limit).ok();
        assert_eq!(limits, Some(limit), "{parameters}");
    }
}

#[test]
fn a_filter_compares_by_the_kind_of_its_column() {
    for (field, op, value, expected) in [
        ("idCosa", "=", r#""9""#, &[9][..]),
        ("IDCOSA", "=", "9", &[9]),
        ("idCosa", "<", "10", &[2, 3, 9]),
        ("idCosa", "<=", "9", &[2, 3, 9]),
        ("idCosa", ">", r#""9""#, &[10]),
        ("idCosa", ">=", "9", &[9, 10]),
        ("idCosa", "<>", "9", &[2, 3, 10]),
        ("idCosa", "!=", "9", &[2, 3, 10]),
        ("Nombre", "=", r#""ALFA""#, &[2, 9]),
        ("Nombre", "=", r#""ñandÚ""#, &[3]),
        ("Nombre", "=", r#""N\u0303andu\u0301""#, &[3]),
        ("Nombre", "=", r#""álfa""#, &[2, 9]),
        ("Nombre", "<>", r#""Álfa""#, &[3, 10]),
        ("Nombre", "=", r#""nandu""#, &[]),
        ("Nombre", "=", r#""be\r\nta""#, &[10]),
        ("idTipo", "=", "0", &[2, 3, 9, 10]),
        ("idTipo", "<>", "0", &[]),
        ("idTipo", ">", "0", &[2, 3, 9, 10]),
        ("Nombre", ">=", r#""b""#, &[3, 10]),
        ("Nombre", ">", r#""nz""#, &[3]),
        ("Nombre", "<", r#""o""#, &[2, 3, 9, 10]),
        ("Color", "=", r#""""#, &[2, 3, 9, 10]),
        ("Color", "<>", "null", &[]),
        ("CUIT", "=", r#""20-12345678-6""#, &[9]),
        ("CUIT", "=", "20123456786", &[9]),
        ("CUIT", "=", r#""20-1234567-86""#, &[9]),
        ("CUIT", "=", r#""20""#, &[]),
        ("CUIT", "=", r#""""#, &[2, 3]),
        ("CUIT", "<>", r#""""#, &[9, 10]),
        ("CUIT", "=", r#""00-00000000-0""#, &[2, 3]),
        ("CUIT", ">", r#""20-12345678-6""#, &[10]),
        ("Saldo", "=", "2", &[2, 10]),
        ("Saldo", "=", r#""2.00""#, &[2, 10]),
        ("Saldo", ">=", "9.99", &[9]),
        ("Saldo", "<", "-0.49", &[3]),
        ("Fecha", "=", r#""01/02/2024""#, &[10]),
        ("Fecha", ">=", r#""01-02-2024""#, &[9, 10]),
        ("Fecha", "<=", r#""2024-02-01""#, &[2, 10]),
        ("Fecha", "<>", r#""2024-02-01""#, &[2, 3, 9]),
        ("Fecha", "=", r#""""#, &[3]),
        ("Fecha", "=", "null", &[3]),
        ("Fecha", "=", r#""0000-00-00""#, &[3]),
        ("Fecha", "<>", r#""00/00/0000""#, &[2, 9, 10]),
        ("Fecha", "<>", r#"" ""#, &[2, 9, 10]),
        ("nro", "=", r#""0001-00000010""#, &[10]),
        ("nro", "=", r#""1-10""#, &[10]),
        ("nro", "<>", r#""00001-2""#, &[3, 9, 10]),
        ("nro", ">=", r#""9999-9""#, &[3, 9]),
        ("nro", "<", r#""1-3""#, &[2]),
        ("nro1", "=", r#""0001""#, &[2, 10]),
        ("nro1", "=", "1", &[2, 10]),
        ("nro1", ">", r#""09999""#, &[3]),
        ("nro2", "=", r#""3""#, &[3]),
        ("nro2", ">=", "9", &[9, 10]),
        ("nro2", ">", "0", &[2, 3, 9, 10]),
        ("idTipo", "=", r#""FAC""#, &[2, 3, 9, 10]),
        ("idTipo", "=", "1", &[2, 3, 9, 10]),
        ("idTipo", "<>", r#""FAC""#, &[]),
        ("idTipo", "=", r#""NCC""#, &[]),
        ("idTipo", "<>", r#""NCC""#, &[2, 3, 9, 10]),
        ("Activo", "=", "1", &[2, 3, 10]),
        ("Activo", "=", "false", &[9]),
    ] {
        check_filter(field, op, value, expected);
    }
}

#[test]
fn conditions_hold_together() {
    let condition =
        |field, op, value| format!(r#"{{"field":"{field}","op":"{op}","value":"{value}"}}"#);
    let between = [condition("Saldo", ">=", "2"), condition("saldo", "<", "10")].join(",");
    check(&format!(r#"{{"filter":[{between}]}}"#), &[2, 10]);
    let both = [condition("Saldo", "=", "2"), condition("Nombre", "=", "alfa")].join(",");
    check(&format!(r#"{{"filter":[{both}]}}"#), &[2]);
    let both = both.replace('"', "\\\"");
    check(&format!(r#"{{"filter":"[{both}]"}}"#), &[2]);
    assert_eq!(ids(&format!(r#"{{"filter":"[{both}]","start":1}}"#)), (1, vec![]));
}

#[test]
fn an_order_comes_in_every_shape() {
    for (order, expected) in [
        ("[]", &[2, 3, 9, 10][..]),
        ("{}", &[2, 3, 9, 10]),
        (r#""""#, &[2, 3, 9, 10]),
        (r#"[{"field":"Nombre","dir":"ASC"}]"#, &[9, 2, 10, 3]),
        (r#"[{"field":"NOMBRE","dir":"desc"}]"#, &[3, 10, 2, 9]),
        (r#""Nombre""#, &[9, 2, 10, 3]),
        (r#"" nombre ""#, &[9, 2, 10, 3]),
        (r#"["Nombre"]"#, &[9, 2, 10, 3]),
        (r#"["Saldo","Nombre"]"#, &[3, 2, 10, 9]),
        (r#"["Nombre","Saldo"]"#, &[2, 9, 10, 3]),
        (r#"["Saldo",{"field":"idCosa","dir":"DESC"}]"#, &[3, 10, 2, 9]),
        (r#"["","Otro","Saldo"]"#, &[3, 2, 10, 9]),
        (r#""[\"Nombre\"]""#, &[9, 2, 10, 3]),
        (r#""Otro""#, &[2, 3, 9, 10]),
        (r#"["nro"]"#, &[2, 10, 9, 3]),
        (r#"{"field":["nro1","nro2"],"order":["asc","desc"]}"#, &[10, 2, 9, 3]),
        (r#"{"field":["nro1","nro2"],"dir":["desc","asc"]}"#, &[3, 9, 2, 10]),
        (r#"{"field":["idTipo","nro1","nro2"],"order":["asc","desc"]}"#, &[3, 9, 10, 2]),
        (r#"{"field":["Otro","nro1"],"order":["asc","desc"]}"#, &[3, 9, 2, 10]),
        (r#"{"field":"Saldo","order":["desc"]}"#, &[9, 2, 10, 3]),
        (r#"{"field":[],"order":"desc"}"#, &[2, 3, 9, 10]),
        (r#"[{"field":"Saldo","order":"DESC"}]"#, &[9, 2, 10, 3]),
        (r#"{"field":["idCosa"],"order":"desc"}"#, &[10, 9, 3, 2]),
        (r#"{"field":["Saldo","Nombre"],"order":"asc"}"#, &[3, 2, 10, 9]),
        (r#"{"field":"Fecha","dir":"Asc"}"#, &[3, 2, 10, 9]),
        (r#"{"field":"Fecha"}"#, &[3, 2, 10, 9]),
        (r#""[{\"field\":\"Fecha\"}]""#, &[3, 2, 10, 9]),
        (r#"[{"field":"Saldo"},{"field":"idCosa","dir":"DESC"}]"#, &[3, 10, 2, 9]),
        (r#"[{"field":"Saldo"},{"field":"Saldo","dir":"DESC"}]"#, &[3, 2, 10, 9]),
        (r#"[{"field":"RazonSocial","dir":"ASC"}]"#, &[2, 3, 9, 10]),
        (r#"[{"dir":"DESC"}]"#, &[2, 3, 9, 10]),
    ] {
        check(&format!(r#"{{"order":{order}}}"#), expected);
    }
    check(r#"{"order":{"field":"Saldo"},"start":1,"limit":2}"#, &[2, 10]);
}

#[test]
fn what_a_list_cannot_do_is_told_by_its_name() {
    use ParameterError as No;
    let name = str::to_owned;
    let many = vec![r#"{"field":"Saldo","op":"=","value":"1"}"#; 51].join(",");
    let many = format!(r#"{{"filter":[{many}]}}"#);
    for (parameters, expected) in [
        (r#"{"start":-1}"#, No::Malformed(name("start"))),
        (r#"{"start":"a"}"#, No::Malformed(name("start"))),
        (r#"{"limit":0}"#, No::NotPositive(name("limit"))),
        (r#"{"limit":"00"}"#, No::NotPositive(name("limit"))),
        (r#"{"limit":-1}"#, No::Malformed(name("limit"))),
        (r#"{"limit":1.5}"#, No::Malformed(name("limit"))),
        (r#"{"limit":[]}"#, No::Malformed(name("limit"))),
        (r#"{"filter":"a"}"#, No::Malformed(name("filter"))),
        (r#"{"filter":[1]}"#, No::Malformed(name("filter"))),
        (r#"{"filter":[{"op":"=","value":1}]}"#, No::Missing(name("filter[0].field"))),
        (r#"{"filter":[{"field":"Saldo","value":1}]}"#, No::Missing(name("filter[0].op"))),
        (r#"{"filter":[{"field":"X","op":"=","value":1}]}"#, No::UnknownFilterField(name("X"))),
        (
            r#"{"filter":[{"field":"Saldo","op":"like","value":1}]}"#,
            No::UnknownFilterOperator(name("like")),
        ),
        (
            r#"{"filter":[{"field":"Nombre","op":"=","value":"a"},{"field":"Saldo","op":"=","value":"x"}]}"#,
            No::Malformed(name("filter[1].value")),
        ),
        (
            r#"{"filter":[{"field":"Fecha","op":"=","value":"2024"}]}"#,
            No::NoDay(name("filter[0].value")),
        ),
        (r#"{"order":1}"#, No::Malformed(name("order"))),
        (r#"{"order":[1]}"#, No::Malformed(name("order"))),
        (r#"{"order":"[Saldo"}"#, No::Malformed(name("order"))),
        (r#"{"order":[{"field":"Saldo","dir":"up"}]}"#, No::Malformed(name("order[0].dir"))),
        (
            r#"{"order":{"field":["Saldo","nro"],"order":["asc","up"]}}"#,
            No::Malformed(name("order[0].order")),
        ),
        (
            r#"{"order":{"field":["Saldo"],"order":["asc","desc"]}}"#,
            No::Malformed(name("order[0].order")),
        ),
        (
            r#"{"order":["nro",{"field":"Saldo","dir":["asc","desc"]}]}"#,
            No::Malformed(name("order[1].dir")),
        ),
        (r#"{"order":[{"field":{}}]}"#, No::Malformed(name("order[0].field"))),
        (&many, No::TooMany(name("filter"), 50)),
    ] {
        assert_eq!(query(parameters).err(), Some(expected), "{parameters}");
    }
}

#[test]
fn a_value_that_a_column_cannot_have_is_told_from_none() {
    use ParameterError as No;
    let name = || "filter[0].value".to_owned();
    for (field, op, value, expected) in [
        ("idCosa", "=", r#""""#, No::Missing(name())),
        ("Saldo", "=", "null", No::Missing(name())),
        ("Activo", "<>", r#"" ""#, No::Missing(name())),
        ("nro", "=", r#""""#, No::Missing(name())),
        ("nro1", "=", r#""""#, No::Missing(name())),
        ("nro2", "=", r#""""#, No::Missing(name())),
        ("Fecha", ">=", r#""""#, No::Missing(name())),
        ("Fecha", "<=", "null", No::Missing(name())),
        ("Fecha", ">", r#""""#, No::Missing(name())),
        ("Fecha", "<", r#""""#, No::Missing(name())),
        ("idCosa", "=", r#""x""#, No::Malformed(name())),
        ("nro", "=", r#""10""#, No::Malformed(name())),
        ("nro", "=", r#""1-0""#, No::Malformed(name())),
        ("nro1", "=", r#""100000""#, No::Malformed(name())),
        ("nro2", "=", r#""A1""#, No::Malformed(name())),
        ("Nombre", "=", "[]", No::Malformed(name())),
    ] {
        let condition = format!(r#"{{"field":"{field}","op":"{op}","value":{value}}}"#);
        let refused = query(&format!(r#"{{"filter":[{condition}]}}"#)).err();
        assert_eq!(refused, Some(expected), "{condition}");
    }
    let absent = query(r#"{"filter":{"field":"idCosa","op":"="}}"#).err();
    assert_eq!(absent, Some(No::Missing(name())));
    check(r#"{"filter":{"field":"Fecha","op":"="}}"#, &[3]);
}

#[test]
fn a_filter_agrees_with_the_order() {
    let names = ["álamo", "Alba", "árbol", "nz", "N\u{303}andu", "Ñandú", "ñu", "oca", "Zorro"];
    let thing = |(at, name)| Thing { id: at, name, ..things()[0] };
    let all: Vec<_> = (1..).zip(names).map(thing).collect();
    let ids = |parameters: &str| -> Vec<_> {
        let Ok(query) = query(parameters) else { panic!("{parameters}") };
        query.run_over(&all).rows.iter().map(|thing| thing.id).collect()
    };
    assert_eq!(ids(r#"{"order":"Nombre"}"#), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(ids(r#"{"order":{"field":"Nombre","dir":"DESC"}}"#), [9, 8, 7, 6, 5, 4, 3, 2, 1]);
    for (op, value, expected) in [
        ("=", "ñandu", &[5, 6][..]),
        ("<", "ÑANDU", &[1, 2, 3, 4]),
        ("<=", "ÑANDU", &[1, 2, 3, 4, 5, 6]),
        (">", "nandu", &[4, 5, 6, 7, 8, 9]),
        (">=", "Arbol", &[3, 4, 5, 6, 7, 8, 9]),
        ("<>", "ÁLBA", &[1, 3, 4, 5, 6, 7, 8, 9]),
    ] {
        let condition = format!(r#"{{"field":"Nombre","op":"{op}","value":"{value}"}}"#);
        let told = ids(&format!(r#"{{"order":"Nombre","filter":{condition}}}"#));
        assert_eq!(told, expected, "{op} {value}");
    }
}

#[test]
fn a_row_goes_out_as_texts_in_the_order_of_the_columns() {
    let things = things();
    let rows = serde_json::to_string(&THINGS.rows(&things[1..3])).unwrap();
    assert_eq!(
        rows,
        concat!(
            r#"[{"idCosa":"9","Nombre":"Alfa","Saldo":"10.00","Fecha":"01/12/2024","Activo":"0","CUIT":"20-12345678-6","Color":"","nro":"9999-00000009","nro1":"9999","nro2":"00000009","idTipo":"1"},"#,
            r#"{"idCosa":"3","Nombre":"Ñandú","Saldo":"-0.50","Fecha":"","Activo":"1","CUIT":"","Color":"","nro":"12345-00000003","nro1":"12345","nro2":"00000003","idTipo":"1"}]"#,
        )
    );
}

#[test]
fn a_failure_of_either_reading_ends_the_list() {
    let Ok(query) = query("{}") else { panic!("no query") };
    let things = things();
    let failing = query.run(|_| Err("visit"), |_| Ok(None));
    assert_eq!(failing.map(|page| page.total), Err("visit"));
    let visit = |take: &mut dyn FnMut(Thing)| {
        things.iter().cloned().for_each(take);
        Ok(())
    };
    let failing = query.run(visit, |_| Err("fetch"));
    assert_eq!(failing.map(|page| page.total), Err("fetch"));
}

#[test]
fn a_long_list_is_ordered_without_holding_its_rows() {
    let name = |id: i64| if id % 2 == 0 { "par" } else { "impar" };
    let thing = |id| Thing { id, name: name(id), minor: id, ..things()[0] };
    let order =
        r#"{"order":[{"field":"Nombre"},{"field":"Saldo","dir":"DESC"}],"start":49999,"limit":3}"#;
    let Ok(query) = query(order) else { panic!("no query") };
    let visit = |take: &mut dyn FnMut(Thing)| {
        (1..=100_000).map(thing).for_each(take);
        Ok::<_, Infallible>(())
    };
    let mut fetched = 0;
    let page = query.run(visit, |id| {
        fetched += 1;
        Ok(Some(thing(id)))
    });
    let page = page.unwrap();
    let ids: Vec<_> = page.rows.iter().map(|thing| thing.id).collect();
    assert_eq!((page.total, ids, fetched), (100_000, vec![1, 100_000, 99_998], 3));
}
