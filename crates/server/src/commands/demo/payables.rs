//! The demo's other side: the two companies of the Colppy page with the payment it prints, and who
//! may ask for it (docs/spec/colppy.md §3).

use jiff::civil::date;
use ventanilla_domain::{
    CompanyId, Cuit, Currency, Given, Label, Means, MeansLine, Money, Name, PaymentId,
    PayoutCommand, PayoutId, PayoutTerms, Role, SupplierCommand, SupplierDetail, SupplierId,
    SupplierRow, Text, TimeZone,
};
use ventanilla_service::{NewCompany, PastPayable};

use crate::books::Books;
use crate::problem::{self, Problem};

/// The integrator's name and password; the name tells a demo that has this side.
pub(super) const INTEGRATOR: [&str; 2] = ["USUARIO_DESARROLLADOR", "PASSWORD_DESARROLLADOR"];
const USER: [&str; 2] = ["a", "a"];
/// The session of the page's request, which never ends here: the request works verbatim.
const SESSION: &str = "2b5fd41968528bb933454bcd4f804080";

const CURRENCY: &str = "ARS";
const TIME_ZONE: &str = "America/Argentina/Buenos_Aires";
/// Each company with the id of its payment.
const COMPANIES: [(i64, &str, i64); 2] =
    [(98, "Cooperativa La Quebrada", 928), (576, "Cooperativa Pampa del Sur", 29_124)];
const SUPPLIER: i64 = 91_694;

/// Adds the two companies, the payment, the integrator and the user.
pub(super) fn fill(books: &Books) -> anyhow::Result<()> {
    let [name, password] = INTEGRATOR.map(str::to_owned);
    let added = books.wait(books.service.add_integrator(Text::from_text(&name)?, Some(password)));
    added.map_err(|failure| books.unchanged(failure))?;
    for (id, name, payout) in COMPANIES {
        let company = add_company(books, id, name)?;
        add_supplier(books, company)?;
        add_payout(books, company, payout)?;
        admit_user(books, company)?;
    }
    let user = Text::from_text(USER[0])?;
    let opened = books.wait(books.service.open_permanent_session(&user, SESSION));
    opened.map_err(|failure| books.unchanged(failure))
}

fn add_company(books: &Books, id: i64, name: &str) -> anyhow::Result<CompanyId> {
    let company = books.wait(books.service.add_company(NewCompany {
        id: CompanyId::from_i64(id)?,
        name: Name::from_text(name)?,
        currency: Currency::from_code(CURRENCY)?,
        time_zone: TimeZone::from_name(TIME_ZONE)?,
        first_payment: PaymentId::FIRST,
    }));
    Ok(company.map_err(|failure| books.unchanged(failure))?.id)
}

/// The user is made with the first company and gets a right to each further one.
fn admit_user(books: &Books, company: CompanyId) -> anyhow::Result<()> {
    let [name, password] = USER;
    let name = Text::from_text(name)?;
    let is_made = company.to_i64() != COMPANIES[0].0;
    let admitted = if is_made {
        books.wait(books.service.grant(&name, company, Role::Accountant))
    } else {
        books.wait(books.service.add_user(name, password, company, Role::Accountant))
    };
    admitted.map(drop).map_err(|failure| books.unchanged(failure))
}

fn add_supplier(books: &Books, company: CompanyId) -> anyhow::Result<()> {
    let detail = |kind, text| Ok::<_, anyhow::Error>((kind, Some(Text::from_text(text)?)));
    let row = SupplierRow {
        id: None,
        trade_name: Some(Name::from_text("Librería El Aguaribay")?),
        legal_name: Some(Text::from_text("El Aguaribay S.R.L.")?),
        tax_id: Given::Value(Some(Cuit::from_text("30-00000000-7")?)),
        is_active: Some(true),
        details: vec![
            detail(SupplierDetail::PostalStreet, "Belgrano 1234")?,
            detail(SupplierDetail::PostalCity, "Tilcara")?,
            detail(SupplierDetail::PostalProvince, "Jujuy")?,
            detail(SupplierDetail::PostalCountry, "Argentina")?,
            detail(SupplierDetail::Email, "ventas@aguaribay.example")?,
        ],
    };
    let command = SupplierCommand { row, changed_by: Text::from_text(USER[0])? };
    let past = PastPayable { id: SupplierId::from_i64(SUPPLIER)?, says: command };
    let kept = books.wait(books.service.record_past_supplier(company, past));
    kept.map(drop).map_err(|failure| problem::from_failure(failure, |_| refused()))
}

/// The payment as the page prints it.
fn add_payout(books: &Books, company: CompanyId, id: i64) -> anyhow::Result<()> {
    let total = Money::from_minor(1_100, Currency::from_code(CURRENCY)?);
    let line = MeansLine {
        chart_account: Some(Label::from_text("Caja")?),
        ..MeansLine::plain(Means::Cash, total)
    };
    let supplier = SupplierId::from_i64(SUPPLIER)?;
    let terms = PayoutTerms {
        description: Some(Text::from_text("Pago de prueba")?),
        ..PayoutTerms::plain(supplier, date(2016, 8, 16), line)
    };
    let command = PayoutCommand {
        terms,
        point: Some(1),
        serial: Some(288),
        recorded_by: Text::from_text(USER[0])?,
        integrator: None,
        caller_key: None,
    };
    let past = PastPayable { id: PayoutId::from_i64(id)?, says: command };
    let kept = books.wait(books.service.record_past_payout(company, past));
    kept.map(drop).map_err(|failure| problem::from_failure(failure, |_| refused()))
}

fn refused() -> anyhow::Error {
    Problem::store("los datos de ejemplo no se pudieron cargar")
}
