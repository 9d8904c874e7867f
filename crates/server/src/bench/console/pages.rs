//! Which pages are asked for, by whom: each route of the console's own table, so that none is left out, and
//! of some what people ask of them besides.

use ventanilla_console::{PageInfo, pages};
use ventanilla_domain::{Account, Right, Role};

use super::debts::Sought;
use super::ground::Known;
use crate::problem::Problem;

/// A page to be asked for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// The route and what is asked of it, as the report shows it.
    pub(super) name: String,
    /// As it is sent: these in turn.
    pub(super) paths: Vec<String>,
    /// Who asks; nobody who is inside where `None`.
    pub(super) role: Option<Role>,
    /// Whether it is a file that is made, for which nobody was promised a time.
    pub(super) is_file: bool,
}

/// Who asks for what needs a right: the first of them who has it.
pub(super) const ROLES: [Role; 4] =
    [Role::Cashier, Role::Accountant, Role::Supervisor, Role::Administrator];

/// Routes that are asked for only with something typed, or of several things.
const NOT_PLAIN: [&str; 4] = [
    "/consola/{empresa}/pago",
    "/consola/{empresa}/cobranzas/dia",
    "/consola/{empresa}/libro/cuenta/{cuenta}",
    "/consola/{empresa}/libro/cuenta/{cuenta}/lista",
];

/// What is asked of routes besides their plain form: the route, a name, and the query, or a path. What stands in
/// braces the books have.
const OTHERS: [(&str, &str, &str); 23] = [
    ("/consola/{empresa}/caja", "apellidos y nombre", "?q={nombre}"),
    ("/consola/{empresa}/caja", "un apellido", "?q={apellido}"),
    ("/consola/{empresa}/caja", "mientras se escribe", "?parte=1&q={comienzo}"),
    ("/consola/{empresa}/caja", "comienzo de un documento", "?q={documento}"),
    ("/consola/{empresa}/caja", "código", "?parte=1&q={codigo}"),
    ("/consola/{empresa}/pago", "por su número", "?numero={pago}"),
    ("/consola/{empresa}/pago/{pago}", "revertido", "/consola/{empresa}/pago/{revertido}"),
    ("/consola/{empresa}/resumen", "90 días", "?desde={desde}"),
    ("/consola/{empresa}/cobranzas", "90 días", "?desde={desde}"),
    ("/consola/{empresa}/cobranzas", "90 días, un recaudador", "?desde={desde}&recaudador=4"),
    ("/consola/{empresa}/cobranzas", "90 días, un cajero", "?desde={desde}&cajero=caja2"),
    (
        "/consola/{empresa}/cobranzas",
        "90 días, un cajero que no hay",
        "?desde={desde}&cajero=nadie",
    ),
    ("/consola/{empresa}/cobranzas", "90 días, revertidas", "?desde={desde}&estado=revertido"),
    ("/consola/{empresa}/cobranzas/dia", "PDF", "?de=banco&dia={ayer}&formato=pdf"),
    ("/consola/{empresa}/cobranzas/dia", "XLSX", "?de=banco&dia={ayer}&formato=xlsx"),
    ("/consola/{empresa}/cobranzas/dia", "CSV", "?de=banco&dia={ayer}&formato=csv"),
    ("/consola/{empresa}/rendiciones", "un recaudador", "?recaudador=1"),
    (
        "/consola/{empresa}/libro/cuenta/{cuenta}",
        "deudores",
        "/consola/{empresa}/libro/cuenta/receivable",
    ),
    (
        "/consola/{empresa}/libro/cuenta/{cuenta}",
        "un recaudador",
        "/consola/{empresa}/libro/cuenta/collector:1",
    ),
    (
        "/consola/{empresa}/libro/cuenta/{cuenta}",
        "faltantes",
        "/consola/{empresa}/libro/cuenta/cash-over-short",
    ),
    (
        "/consola/{empresa}/libro/cuenta/{cuenta}/lista",
        "faltantes",
        "/consola/{empresa}/libro/cuenta/cash-over-short/lista",
    ),
    ("/consola/{empresa}/admin/bitacora", "una persona", "?quien=caja1"),
    ("/consola/{empresa}/admin/bitacora", "una persona que no hay", "?quien=nadie"),
];

/// Routes that make a file.
const FILES: [&str; 7] = [
    "/consola/{empresa}/cobranzas/lista",
    "/consola/{empresa}/rendiciones/lista",
    "/consola/{empresa}/libro/lista",
    "/consola/{empresa}/libro/cuenta/{cuenta}/lista",
    "/consola/{empresa}/cobranzas/dia",
    "/consola/{empresa}/recibo/{recibo}/papel",
    "/consola/{empresa}/pago/{pago}/papel",
];

/// All pages, in the order of the table; an error where a route names what is not known here.
pub(super) fn wanted(known: &Known) -> anyhow::Result<Vec<Wanted>> {
    let mut all = Vec::new();
    for page in pages().filter(|page| !page.is_form) {
        let route = page.path;
        if !NOT_PLAIN.contains(&route) {
            all.push(to_wanted(&page, "", route, known)?);
        }
        for (_, name, rest) in OTHERS.iter().filter(|(of, ..)| *of == route) {
            let pattern =
                if rest.starts_with('?') { format!("{route}{rest}") } else { (*rest).to_owned() };
            all.push(to_wanted(&page, &format!(" ({name})"), &pattern, known)?);
        }
    }
    Ok(all)
}

fn to_wanted(page: &PageInfo, name: &str, pattern: &str, known: &Known) -> anyhow::Result<Wanted> {
    let route = page.path;
    let filled = |sought| filled(route, pattern, known, sought);
    let is_inside =
        !["/consola", "/consola/"].contains(&route) && !route.starts_with("/consola/ingreso");
    Ok(Wanted {
        name: format!("{}{name}", route.replace("/consola/{empresa}", "…")),
        paths: known.members.iter().map(filled).collect::<anyhow::Result<_>>()?,
        role: is_inside.then(|| role_of(page.right)),
        is_file: FILES.contains(&route),
    })
}

fn role_of(right: Option<Right>) -> Role {
    let Some(right) = right else { return Role::Cashier };
    ROLES.into_iter().find(|role| role.may(right)).unwrap_or(Role::Administrator)
}

/// A pattern with what it names.
fn filled(route: &str, pattern: &str, known: &Known, sought: &Sought) -> anyhow::Result<String> {
    let mut parts = pattern.split('{');
    let mut path = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        let value = value(route, name, known, sought);
        let value = value.ok_or_else(|| {
            Problem::store(format!("{route}: la medición no sabe qué es {{{name}}}"))
        })?;
        path.extend([value.as_str(), rest]);
    }
    Ok(path)
}

fn value(route: &str, name: &str, known: &Known, sought: &Sought) -> Option<String> {
    let words: Vec<&str> = sought.name.split(' ').collect();
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    let start = |text: &str, len| text.chars().take(len).collect::<String>();
    Some(match name {
        // The suppliers' side has one supplier, and counts its payouts from 1.
        "empresa" | "proveedor" => "1".to_owned(),
        "pago" if route.contains("proveedor") => "1".to_owned(),
        "pago" => known.payment.to_string(),
        "revertido" => known.reversed.to_string(),
        "recibo" => known.receipt.to_string(),
        "gaveta" => known.drawer.to_string(),
        // One that few entries post to: its list is a file of all of them.
        "cuenta" => Account::CashOverShort.to_string(),
        "asiento" => known.entry.to_string(),
        "invitacion" => known.invitation.clone(),
        "codigo" => sought.code.to_string(),
        "nombre" => encoded(&sought.name),
        "apellido" => encoded(word(0)),
        "comienzo" => encoded(&format!("{} {}", word(1), start(word(2), 3))),
        "documento" => start(&sought.document, 6),
        "desde" => known.first_day.to_string(),
        "ayer" => known.last_day.to_string(),
        _ => return None,
    })
}

/// A text in a query.
fn encoded(text: &str) -> String {
    let to_part = |byte: u8| {
        let is_plain = byte.is_ascii_alphanumeric();
        if is_plain { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(to_part).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use ventanilla_domain::{ContractCode, DrawerId, EntryNumber, PaymentId, ReceiptId};

    use super::*;

    fn known() -> Known {
        Known {
            members: vec![Sought {
                code: ContractCode::from_text("1").unwrap(),
                name: "Rojas Peña Ana".to_owned(),
                document: "4455667".to_owned(),
            }],
            payment: PaymentId::FIRST,
            reversed: PaymentId::FIRST,
            receipt: ReceiptId::FIRST,
            drawer: DrawerId::FIRST,
            entry: EntryNumber::FIRST,
            invitation: "invitada".to_owned(),
            first_day: date(2021, 11, 1),
            last_day: date(2021, 11, 26),
        }
    }

    #[test]
    fn every_page_of_the_console_is_asked_for() {
        let wanted = wanted(&known()).unwrap();
        let paths: Vec<&String> = wanted.iter().flat_map(|page| &page.paths).collect();
        assert!(paths.iter().all(|path| !path.contains(['{', '}'])), "{paths:?}");
        let forms = pages().filter(|page| page.is_form).count();
        assert!(wanted.len() >= pages().count() - forms, "{}", wanted.len());
        for page in wanted.iter().filter(|page| page.name.ends_with("/lista")) {
            assert!(page.is_file, "{} is a file", page.name);
        }
    }
}
