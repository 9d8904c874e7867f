//! Who works at the window.

use std::net::{IpAddr, Ipv4Addr};

use ventanilla_domain::{CompanyId, Role, Text};
use ventanilla_service::{Officer, Service};

/// Two who only take money, one who also answers for them, and one who keeps the books.
const CREW: [(&str, Role); 4] = [
    ("rosa", Role::Cashier),
    ("tito", Role::Cashier),
    ("vera", Role::Supervisor),
    ("walter", Role::Accountant),
];

/// Everybody's password.
const PASSWORD: &str = "una clave larga";

/// Why somebody who was just taken on is inside.
const VALID: &str = "made of this module's words";

/// Takes the crew on and signs it in: cashiers, a supervisor, an accountant. Sessions last as long as the service
/// says: an audit of many days needs one that lets them.
pub async fn hire(service: &Service, company: CompanyId) -> Vec<Officer> {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut officers = Vec::new();
    for (name, role) in CREW {
        let sign_in = Text::from_text(name).expect(VALID);
        service.add_user(sign_in, PASSWORD, company, role).await.expect(VALID);
        let entered = service.enter(name, PASSWORD, address).await.expect(VALID);
        let office = service.office(&entered.key, address).expect(VALID);
        officers.push(office.officer(company).expect(VALID));
    }
    officers
}
