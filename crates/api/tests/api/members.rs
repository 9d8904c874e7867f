//! Buscar Cliente and Consultar Deuda: rows, listing, leading zeros.

use serde_json::{Value, json};

use crate::world::{World, company};

async fn row(world: &World, service: &str, contract: &str) -> Value {
    let body = json!({ "Contrato": contract }).to_string();
    world.check(service, &body, "").await.value("/values/0")
}

#[tokio::test]
async fn a_member_is_shown_with_what_the_biller_told() {
    let world = World::demo().await;
    let expected = json!({
        "Nombre": "Peña Ortiz Íñigo", "Factura": 7001, "NumDoc": "4455667", "TipoDocumento": "CI",
        "Nit": "4455667019", "Direccion": "Av. Busch Nº 12", "estado": 1, "CodUbicacion": 501
    });
    assert_eq!(row(&world, "buscarcliente", "700").await, expected);
    for (contract, state, bill, location) in [
        ("345", 1, 4_294_633, 24_532),
        ("701", 0, 7011, 501),
        ("702", 0, 7021, 0),
        ("703", 0, 7031, 0),
        ("316", 1, 0, 0),
    ] {
        let row = row(&world, "buscarcliente", contract).await;
        let shown = [&row["estado"], &row["Factura"], &row["CodUbicacion"]];
        assert_eq!(shown, [&json!(state), &json!(bill), &json!(location)], "{contract}");
    }
}

#[tokio::test]
async fn the_supply_points_location_comes_first_in_a_debt() {
    let world = World::demo().await;
    for (contract, location) in [("345", 14_207), ("700", 501), ("703", 903), ("315", 0)] {
        let row = row(&world, "consultardeuda", contract).await;
        assert_eq!(row["CodUbicacion"], location, "{contract}");
    }
}

#[tokio::test]
async fn only_unpaid_bills_are_owed_oldest_first() {
    let world = World::demo().await;
    let owed = async |contract: &str| {
        let body = json!({ "Contrato": contract }).to_string();
        let answer = world.check("consultardeuda", &body, "").await;
        let rows = answer.value("values");
        let bills = rows.as_array().unwrap().iter().map(|row| row["factura"].as_i64().unwrap());
        bills.collect::<Vec<_>>()
    };
    assert_eq!(owed("700").await, [7001, 7002, 7003]);
    assert_eq!(owed("316").await, [0_i64; 0]);
    world.pay(7002, "700", 202_110, "20").await;
    assert_eq!(owed("700").await, [7001, 7003]);
}

#[tokio::test]
async fn leading_zeros_count_where_a_member_has_them() {
    let world = World::demo().await;
    for (contract, name) in [
        ("0800", "Núñez Paz Sara"),
        ("800", "Núñez Paz Raúl"),
        ("00800", "Núñez Paz Raúl"),
        ("0345", "Rivas La Fuente Valentin"),
        ("000345", "Rivas La Fuente Valentin"),
    ] {
        for service in ["buscarcliente", "consultardeuda"] {
            assert_eq!(row(&world, service, contract).await["Nombre"], name, "{contract}");
        }
    }
    for contract in ["3450", "34", "0", "000", "345 0", "345%", "3_5", "'345'", "345\u{a0}x"] {
        let body = json!({ "Contrato": contract }).to_string();
        world.check("buscarcliente", &body, "SOCIO_NO_ENCONTRADO").await;
    }
}

#[tokio::test]
async fn listing_is_for_who_may_and_pages() {
    let world = World::demo().await;
    for body in ["{}", r#"{"Contrato":null}"#, r#"{"Contrato":"","Pagina":"x"}"#, r#"{"Pagina":1}"#]
    {
        world.check("buscarcliente", body, "PARAMETRO_REQUERIDO: Contrato").await;
    }
    for (field, bad) in [
        ("Pagina", ["0", "-1", "\"x\"", "1.5", "4294967296", "true"]),
        ("Cantidad", ["0", "-1", "\"x\"", "1.5", "501", "[]"]),
    ] {
        for value in bad {
            let code = format!("PARAMETRO_INVALIDO: {field}");
            let body = format!("{{\"{field}\":{value}}}");
            world.check_other("buscarcliente", &body, &code).await;
        }
    }
    let names = async |body: &str| {
        let answer = world.check_other("buscarcliente", body, "").await;
        let rows = answer.value("values");
        let names = rows.as_array().unwrap().iter().map(|row| row["Nombre"].to_string());
        names.collect::<Vec<_>>()
    };
    let all = names("{}").await;
    assert_eq!(all.len(), 9);
    let mut paged = Vec::new();
    for page in 1..=5 {
        paged.extend(names(&format!(r#"{{"Pagina":"{page}","Cantidad":2}}"#)).await);
    }
    assert_eq!(paged, all);
    assert!(names(r#"{"Pagina":6,"Cantidad":2}"#).await.is_empty());
    assert!(names(r#"{"Pagina":4294967295,"Cantidad":500}"#).await.is_empty());
    assert_eq!(names(r#"{"Contrato":"345","Pagina":7}"#).await.len(), 1);
    let body = r#"{"Contrato":"345","Pagina":"x"}"#;
    world.check_other("buscarcliente", body, "PARAMETRO_INVALIDO: Pagina").await;
}

#[tokio::test]
async fn another_companys_members_and_bills_do_not_exist() {
    use ventanilla_domain::{CompanyId, Currency, Label, Name, PaymentId, TimeZone};
    use ventanilla_service::{Credentials, NewCollector, NewCompany};
    let world = World::demo().await;
    let id = CompanyId::from_i64(14).unwrap();
    assert_ne!(id, company());
    let new = NewCompany {
        id,
        name: Name::from_text("Otra").unwrap(),
        currency: Currency::BOB,
        time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
        first_payment: PaymentId::FIRST,
    };
    world.service.add_company(new).await.unwrap();
    let credentials = Credentials {
        security_code: "OTRA".to_owned(),
        login: "otra".to_owned(),
        password: "otra".to_owned(),
    };
    let new = NewCollector {
        company: id,
        name: Label::from_text("demo").unwrap(),
        can_list: true,
        credentials: Some(credentials),
    };
    world.service.add_collector(new).await.unwrap();
    let token = world.log_in("OTRA", "otra", "otra").await;
    for (service, body, code) in [
        ("buscarcliente", r#"{"Contrato":345}"#, "SOCIO_NO_ENCONTRADO"),
        ("buscarcliente", "{}", ""),
        ("consultardeuda", r#"{"Contrato":345}"#, "SOCIO_NO_ENCONTRADO"),
        ("realizarpago", &crate::world::printed_payment(""), "FACTURA_NO_EXISTE"),
        ("imprimirfactura", r#"{"IdFactura":4303567,"IdCobranza":4224330}"#, "COBRANZA_NO_EXISTE"),
        ("revertirpago", r#"{"IdFactura":234234,"IdCobranza":23456422}"#, "COBRANZA_NO_EXISTE"),
        ("reportecobranzas", r#"{"Fecha":"2021-11-25"}"#, ""),
        ("consultarpago", r#"{"IdCobranza":23456422}"#, ""),
    ] {
        let sent = crate::world::Sent::to(service).without_token().json(body);
        let answer = world.send(&sent.header("authorization", &format!("Bearer {token}"))).await;
        answer.check(code, service);
        assert!(
            !answer.body.contains("4224330") && !answer.body.contains("Rivas"),
            "{}",
            answer.body
        );
    }
}
