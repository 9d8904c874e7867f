//! The public page of a receipt.

use ventanilla_domain::FileKind;

use crate::world::{Answer, Sent, World, import, send};

/// The code of a payment of the demo collector's.
fn code(world: &World, payment: &str) -> String {
    let id = ventanilla_domain::PaymentId::from_i64(payment.parse().unwrap()).unwrap();
    let printed = world.service.payment_to_print(crate::world::company(), id).unwrap();
    let text = world.service.receipt_text(&printed);
    text.strip_prefix("comprobante/").unwrap().to_owned()
}

async fn page(world: &World, path: &str) -> Answer {
    let answer = send(&world.router, &Sent::to_path(path).method("GET")).await;
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("x-robots-tag", "noindex"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{path}");
    }
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
    answer
}

#[tokio::test]
async fn whoever_holds_a_receipt_is_told_whether_it_stands() {
    let world = World::demo().await;
    let payment = world.pay(7001, "700", 202_109, "10").await;
    let path = format!("/comprobante/{}", code(&world, &payment));
    let answer = page(&world, &path).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    for fact in [
        "El pago está registrado y vigente",
        "<dd>Cooplan</dd>",
        "<dd>4224408</dd>",
        "<dd>7001</dd>",
        "<dd>700</dd>",
        "<dd>09/2021</dd>",
        "<dd>Bs 10,00</dd>",
        "<dd>26/11/2021 12:11:52</dd>",
        "<dd>demo</dd>",
    ] {
        assert!(answer.body.contains(fact), "{fact}: {}", answer.body);
    }
    assert!(!answer.body.contains("Peña"), "no person's name: {}", answer.body);

    assert_eq!(page(&world, &format!("{path}/")).await.body.matches("vigente").count(), 1);

    world.set_clock("2021-11-26T17:00:00Z");
    let reverse = format!(r#"{{"IdFactura":7001,"IdCobranza":"{payment}"}}"#);
    world.check("revertirpago", &reverse, "").await;
    let answer = page(&world, &path).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("PAGO REVERTIDO el 26/11/2021 13:00:00"), "{}", answer.body);
}

#[tokio::test]
async fn what_was_altered_or_made_up_shows_nothing() {
    let world = World::demo().await;
    let payment = world.pay(7001, "700", 202_109, "10").await;
    let code = code(&world, &payment);
    let long = "/".repeat(9_000);
    for (path, sentence) in [
        (code.replace("10.00", "90.00"), "La firma no corresponde"),
        (code.replacen("4224408", "4224409", 1), "La firma no corresponde"),
        (code[..code.len() - 1].to_owned(), "no es el de un comprobante"),
        (format!("comprobante/{code}"), "no es el de un comprobante"),
        (String::new(), "no es el de un comprobante"),
        ("%3Cscript%3E".to_owned(), "no es el de un comprobante"),
        (long, "no es el de un comprobante"),
    ] {
        let answer = page(&world, &format!("/comprobante/{path}")).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.body.contains(sentence), "{path}: {}", answer.body);
        assert!(!answer.body.contains("<script") && !answer.body.contains("<dd>"), "{path}");
        assert!(answer.bytes.len() < 2_000, "{}", answer.bytes.len());
    }
}

#[tokio::test]
async fn a_receipt_of_books_that_were_set_back_is_told_from_a_forged_one() {
    let (paid, empty) = (World::demo().await, World::demo().await);
    let payment = paid.pay(7001, "700", 202_109, "10").await;
    let path = format!("/comprobante/{}", code(&paid, &payment));
    let answer = page(&empty, &path).await;
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("el pago no figura en los libros"), "{}", answer.body);
    // The same number was given again, to another payment.
    empty.pay(7002, "700", 202_110, "20").await;
    assert!(page(&empty, &path).await.body.contains("no figura en los libros"));
}

/// What the paper and its page both say is spelt alike: whoever compares them finds no difference.
#[tokio::test]
async fn the_page_says_what_the_paper_says() {
    let world = World::demo().await;
    world.set("issuer.name=Cooplan Ltda. & Cía.").await.unwrap();
    let members = "contrato,nombre,contrato_anterior\nB-7/1,Peña,700\n";
    import(&world.service, FileKind::Members, members).await;
    let payment = world.pay(7001, "B-7/1", 202_109, "10").await;
    // What is said later changes neither.
    world.set("issuer.name=Otra").await.unwrap();
    let answer = page(&world, &format!("/comprobante/{}", code(&world, &payment))).await;
    for fact in ["<dd>Cooplan Ltda. &amp; Cía.</dd>", "<dd>B-7/1</dd>", "<dd>09/2021</dd>"] {
        assert!(answer.body.contains(fact), "{fact}: {}", answer.body);
    }
    let body = format!(r#"{{"IdFactura":7001,"IdCobranza":"{payment}"}}"#);
    let paper = world
        .send(&Sent::to("imprimirfactura").header("accept", "application/pdf").json(&body))
        .await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("papel.pdf");
    std::fs::write(&file, &paper.bytes).unwrap();
    let read = std::process::Command::new("pdftotext").arg("-layout").arg(&file).arg("-").output();
    let text = String::from_utf8(read.expect("pdftotext is needed").stdout).unwrap();
    for fact in [
        "Cooplan Ltda. & Cía.",
        "Código de socio: B-7/1",
        "Periodo: 09/2021",
        "10,00",
        "26/11/2021 12:11:52",
    ] {
        assert!(text.contains(fact), "{fact}: {text}");
    }
}

#[tokio::test]
async fn a_page_is_only_read_and_its_style_is_beside_it() {
    let world = World::demo().await;
    let style = page(&world, "/comprobante/estilo.css").await;
    assert_eq!(
        (style.status.as_u16(), style.header("content-type")),
        (200, Some("text/css; charset=utf-8"))
    );
    let deep = page(&world, "/comprobante/13/1/2/3").await;
    assert!(deep.body.contains("href=\"../../../estilo.css\""), "{}", deep.body);
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let sent = Sent::to_path("/comprobante/13/1").method(method);
        let answer = send(&world.router, &sent).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("allow")),
            (405, Some("GET, HEAD")),
            "{method}"
        );
    }
    let other = send(&world.router, &Sent::to_path("/comprobantes").method("GET")).await;
    assert_eq!(other.status, 404);
    assert!(other.body.contains("SERVICIO_NO_EXISTE"), "{}", other.body);
}
