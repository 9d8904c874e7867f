//! `bench payout`: `leer_pago` against an echo that parses the same envelope and answers the same
//! bytes. Credentials and session are checked on each call.

use std::io::Write as _;
use std::sync::Arc;

use jiff::civil::date;
use ventanilla_domain::{
    CompanyId, Currency, Given, Means, MeansLine, Money, Name, PayoutCommand, PayoutId,
    PayoutTerms, Role, SupplierCommand, SupplierId, SupplierRow, Text,
};
use ventanilla_service::PastPayable;

use super::load::Requests;
use super::peer::Peer;
use super::world::{LOGIN, STRIDE, not_ready};
use crate::books::Books;
use crate::problem;

/// Payouts that are asked for.
const PAYOUTS: u64 = 2_000;
const SESSION: &str = "00112233445566778899aabbccddeeff";

/// Adds a supplier, its payouts, and who may ask for them.
pub(super) fn fill(books: &Books, company: CompanyId) -> anyhow::Result<()> {
    let name = Text::from_text(LOGIN)?;
    let integrator = books.service.add_integrator(name.clone(), Some(LOGIN.to_owned()));
    books.wait(integrator).map_err(|failure| books.unchanged(failure))?;
    let user = books.service.add_user(name.clone(), LOGIN, company, Role::Reader);
    books.wait(user).map_err(|failure| books.unchanged(failure))?;
    let opened = books.wait(books.service.open_permanent_session(&name, SESSION));
    opened.map_err(|failure| books.unchanged(failure))?;
    let supplier = PastPayable { id: SupplierId::FIRST, says: supplier()? };
    let kept = books.wait(books.service.record_past_supplier(company, supplier));
    kept.map_err(|failure| problem::from_failure(failure, |_| not_ready()))?;
    for number in 1..=PAYOUTS {
        let id = PayoutId::from_i64(i64::try_from(number)?)?;
        let past = PastPayable { id, says: payout(number)? };
        let kept = books.wait(books.service.record_past_payout(company, past));
        kept.map_err(|failure| problem::from_failure(failure, |_| not_ready()))?;
    }
    Ok(())
}

fn supplier() -> anyhow::Result<SupplierCommand> {
    let row = SupplierRow {
        id: None,
        trade_name: Some(Name::from_text("Proveedor de prueba")?),
        legal_name: Some(Text::from_text("Proveedor de prueba S.A.")?),
        tax_id: Given::Absent,
        is_active: None,
        details: Vec::new(),
    };
    Ok(SupplierCommand { row, changed_by: Text::from_text(LOGIN)? })
}

fn payout(number: u64) -> anyhow::Result<PayoutCommand> {
    let minor = i64::try_from(1_000 + number * 37 % 20_000)?;
    let line = MeansLine::plain(Means::Transfer, Money::from_minor(minor, Currency::BOB));
    let terms = PayoutTerms {
        description: Some(Text::from_text("Pago de prueba")?),
        ..PayoutTerms::plain(SupplierId::FIRST, date(2016, 8, 16), line)
    };
    let recorded_by = Text::from_text(LOGIN)?;
    let (point, serial) = (None, None);
    Ok(PayoutCommand { terms, point, serial, recorded_by, integrator: None, caller_key: None })
}

/// Requests of `leer_pago`, of all payouts.
pub(super) fn requests() -> Requests {
    Arc::new(move |number, request| {
        let payout = number.wrapping_mul(STRIDE) % PAYOUTS + 1;
        let body = format!(
            r#"{{"auth":{{"usuario":"{LOGIN}","password":"{LOGIN}"}},"service":{{"provision":"Pago","operacion":"leer_pago"}},"parameters":{{"sesion":{{"usuario":"{LOGIN}","claveSesion":"{SESSION}"}},"idPago":"{payout}","idEmpresa":"1"}}}}"#
        );
        let len = body.len();
        write!(
            request,
            "POST /colppy HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {len}\r\n\r\n{body}"
        )
        .is_ok()
    })
}

/// Whether a body is a success of the dialect.
pub(super) fn is_success(body: &[u8]) -> bool {
    body.windows(14).any(|window| window == br#""success":true"#)
}

/// The answer to one request.
pub(super) fn answer(server: &Peer) -> anyhow::Result<Vec<u8>> {
    let mut request = Vec::new();
    requests()(PAYOUTS / 2, &mut request);
    server.ask(&request)
}
