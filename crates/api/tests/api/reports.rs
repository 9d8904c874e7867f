//! Reporte Cobranzas: days, rows and sums.

use serde_json::{Value, json};

use crate::world::{World, company, pay_body};

async fn report(world: &World, day: &str) -> Value {
    let body = json!({ "Fecha": day }).to_string();
    let answer = world.check("reportecobranzas", &body, "").await;
    assert_eq!(answer.value("/reporte/fecha"), day);
    answer.value("reporte")
}

/// `id/Estado` of each row, then the three sums as `count amount`.
fn told(report: &Value) -> [String; 5] {
    let rows = |name: &str| {
        let rows = report[name].as_array().unwrap();
        let row =
            |row: &Value| format!("{}/{}", row["IdCobranza"].as_str().unwrap(), row["Estado"]);
        rows.iter().map(row).collect::<Vec<_>>().join(" ")
    };
    let sum = |name: &str| {
        format!("{} {}", report[name]["cantidad"], report[name]["monto"].as_str().unwrap())
    };
    [rows("cobranzas"), rows("reversiones"), sum("pagadas"), sum("revertidas"), sum("neto")]
}

async fn reverse(world: &World, bill: i64, payment: &str) {
    let body = format!("{{\"IdFactura\":{bill},\"IdCobranza\":\"{payment}\"}}");
    world.check("revertirpago", &body, "").await;
}

#[tokio::test]
async fn a_row_shows_all_that_was_given() {
    let world = World::demo().await;
    let more = r#","IdAsociado":"A-9","IdTransaccion":"k-1","Sucursal":"Centro","Cajero":"ana","Terminal":"t1","MedioPago":"efectivo","FechaCobro":"2021-11-26 12:10""#;
    world.check("realizarpago", &pay_body(7001, "0700", 202_109, "10", more), "").await;
    world.pay(7002, "700", 202_110, "20").await;
    let body = r#"{"Fecha":"26/11/2021"}"#;
    let answer = world.check("reportecobranzas", body, "").await;
    let printed = r#"{"error":0,"status":1,"message":"","messageMostrar":0,"messageSistema":"","values":"Transacción realizada con éxito","reporte":{"fecha":"2021-11-26","cobranzas":[{"IdCobranza":"4224408","IdFactura":7001,"Contrato":"700","Nombre":"Peña Ortiz Íñigo","Periodo":"202109","Monto":"10.00","FechaPagoEmpresa":"26/11/2021 12:11:52","Estado":2,"FechaReversion":null,"IdAsociado":"A-9","IdTransaccion":"k-1","Sucursal":"Centro","Cajero":"ana","Terminal":"t1","MedioPago":"efectivo","FechaCobro":"26/11/2021 12:10:00"},{"IdCobranza":"4224409","IdFactura":7002,"Contrato":"700","Nombre":"Peña Ortiz Íñigo","Periodo":"202110","Monto":"20.00","FechaPagoEmpresa":"26/11/2021 12:11:52","Estado":2,"FechaReversion":null,"IdAsociado":null,"IdTransaccion":null,"Sucursal":null,"Cajero":null,"Terminal":null,"MedioPago":null}],"reversiones":[],"pagadas":{"cantidad":2,"monto":"30.00"},"revertidas":{"cantidad":0,"monto":"0.00"},"neto":{"cantidad":2,"monto":"30.00"}}}"#;
    assert_eq!(answer.body, printed);
}

#[tokio::test]
async fn a_reversal_of_the_same_day_stands_in_both_lists() {
    let world = World::demo().await;
    let first = world.pay(7001, "700", 202_109, "10").await;
    world.pay(7002, "700", 202_110, "20").await;
    world.set_clock("2021-11-26T17:00:00Z");
    reverse(&world, 7001, &first).await;
    let report = report(&world, "2021-11-26").await;
    assert_eq!(
        told(&report),
        ["4224408/3 4224409/2", "4224408/3", "2 30.00", "1 10.00", "1 20.00"]
    );
    assert_eq!(report["cobranzas"][0], report["reversiones"][0]);
    assert_eq!(report["cobranzas"][0]["FechaReversion"], "26/11/2021 13:00:00");
}

#[tokio::test]
async fn a_reversal_of_a_later_day_leaves_the_payments_day_as_it_was() {
    let world = World::demo().await;
    let paid = world.pay(7001, "700", 202_109, "10").await;
    let before = report(&world, "2021-11-26").await;
    world.set_clock("2021-11-27T12:00:00Z");
    let token = world.log_in("DEMO-COOPLAN", "demo", "demo-cooplan").await;
    let world = World { token, ..world };
    reverse(&world, 7001, &paid).await;
    assert_eq!(report(&world, "2021-11-26").await, before);
    assert_eq!(told(&before), ["4224408/2", "", "1 10.00", "0 0.00", "1 10.00"]);
    let after = report(&world, "2021-11-27").await;
    assert_eq!(told(&after), ["", "4224408/3", "0 0.00", "1 10.00", "-1 -10.00"]);
    assert_eq!(after["reversiones"][0]["FechaPagoEmpresa"], "26/11/2021 12:11:52");
    assert_eq!(after["reversiones"][0]["FechaReversion"], "27/11/2021 08:00:00");
}

#[tokio::test]
async fn a_day_is_the_companys_own() {
    let world = World::demo().await;
    for (at, bill, period, amount) in [
        ("2021-11-26T17:59:59Z", 7001, 202_109, "10"),
        ("2021-11-26T22:00:00Z", 7002, 202_110, "20"),
    ] {
        world.set_clock(at);
        world.pay(bill, "700", period, amount).await;
    }
    assert_eq!(told(&report(&world, "2021-11-26").await)[2], "2 30.00");
    let cut_off = vec![("cut_off".to_owned(), "17:30".to_owned())];
    world.service.set_company(company(), cut_off).await.unwrap();
    world.pay(7003, "700", 202_110, "20").await;
    assert_eq!(told(&report(&world, "2021-11-26").await)[2], "2 30.00");
    assert_eq!(told(&report(&world, "2021-11-27").await)[2], "1 20.00");
}

#[tokio::test]
async fn a_collector_sees_its_own_day() {
    let world = World::demo().await;
    world.pay(7001, "700", 202_109, "10").await;
    world.check_other("realizarpago", &pay_body(7002, "700", 202_110, "20", ""), "").await;
    assert_eq!(told(&report(&world, "2021-11-26").await)[0], "4224408/2");
    let other = world.check_other("reportecobranzas", r#"{"Fecha":"2021-11-26"}"#, "").await;
    assert_eq!(told(&other.value("reporte"))[0], "4224409/2");
    let yesterday = report(&world, "2021-11-25").await;
    let expected = ["4224330/3 23456422/2", "4224330/3", "2 244.10", "1 145.70", "1 98.40"];
    assert_eq!(told(&yesterday), expected);
}
