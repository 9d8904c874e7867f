//! What the fields of all forms are called and say, where a form is shown again outside its own page.

use std::borrow::Cow;

use ventanilla_domain::Role;

use crate::admin;
use crate::books;
use crate::fields::Fields;
use crate::figures::{date, date_from};
use crate::frame::{FrameTexts, role_name};
use crate::language::{Language, texts};
use crate::visit::is_secret;
use crate::window;

texts! {
    /// The names of fields.
    LabelTexts {
        user: "Usuario" / "User",
        bill: "Factura" / "Bill",
        other_member: "Otro socio" / "Another member",
        means: "Medio de pago" / "Means of payment",
        tendered: "Recibe" / "Received",
        reason: "Motivo" / "Reason",
        float: "Fondo de cambio" / "Opening float",
        counted: "Contado" / "Counted",
        note: "Nota" / "Note",
        day: "Día" / "Day",
        collector: "Recaudador" / "Collector",
        amount: "Monto" / "Amount",
        commission: "Comisión" / "Commission",
        date: "Fecha" / "Date",
        reference: "Referencia" / "Reference",
        name: "Nombre" / "Name",
        can_list: "Puede listar socios" / "May list members",
        at_once: "Desde ya" / "At once",
        role: "Rol" / "Role",
        skip_bad: "Dejar fuera las líneas malas" / "Leave the bad lines out",
        company_name: "Nombre de la empresa" / "Company name",
        company_id: "Número de empresa" / "Company number",
        currency: "Moneda" / "Currency",
        time_zone: "Zona horaria" / "Time zone",
        yes: "sí" / "yes",
    }
}

/// Fields that nobody typed or chose: keys, and which row a button is of.
const TECHNICAL: [&str; 11] = [
    "formulario",
    "intento",
    "volver",
    "idioma",
    "id",
    "con",
    "agregar",
    "archivo",
    "pendiente",
    "guardado_ruta",
    "guardado_datos",
];

/// What was typed or chosen, by the names that people know; neither what is empty, nor secrets, nor what
/// nobody typed.
pub(super) fn shown(fields: &Fields, language: Language) -> Vec<(Cow<'static, str>, String)> {
    let pairs = fields.pairs().iter().filter(|(_, value)| !value.trim().is_empty());
    let named = pairs.filter_map(|(name, value)| {
        let label = label(name, language)?;
        Some((label, to_words(name, value, language)))
    });
    named.collect()
}

/// What a field is called; `None` of one that is not shown.
fn label(name: &str, language: Language) -> Option<Cow<'static, str>> {
    let t = LabelTexts::of(language);
    let known = [
        ("usuario", t.user),
        ("factura", t.bill),
        ("otro", t.other_member),
        ("medio", t.means),
        ("recibido", t.tendered),
        ("motivo", t.reason),
        ("fondo", t.float),
        ("contado", t.counted),
        ("nota", t.note),
        ("dia", t.day),
        ("recaudador", t.collector),
        ("monto", t.amount),
        ("comision", t.commission),
        ("fecha", t.date),
        ("referencia", t.reference),
        ("nombre", t.name),
        ("listar", t.can_list),
        ("ya", t.at_once),
        ("rol", t.role),
        ("omitir", t.skip_bad),
        ("nombre_empresa", t.company_name),
        ("empresa", t.company_id),
        ("moneda", t.currency),
        ("zona", t.time_zone),
    ];
    if TECHNICAL.contains(&name) || is_secret(name) {
        return None;
    }
    let known = known.into_iter().find(|(known, _)| *known == name).map(|(_, label)| label);
    known.map(Cow::Borrowed).or_else(|| admin::setting_label(name, language))
}

/// A value as its own page showed it.
fn to_words(name: &str, value: &str, language: Language) -> String {
    let t = LabelTexts::of(language);
    let words = match name {
        "factura" => window::bill_in_words(value),
        "medio" => window::means_in_words(value, language)
            .or_else(|| books::means_in_words(value, language)),
        "dia" | "fecha" => date_from(value).map(date),
        "rol" => {
            Role::from_code(value).map(|role| role_name(role, FrameTexts::of(language)).to_owned())
        }
        "listar" | "ya" | "omitir" => Some(t.yes.to_owned()),
        _ => None,
    };
    words.unwrap_or_else(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    /// The names after a mark, up to a quotation mark.
    fn names_after<'a>(text: &'a str, mark: &str) -> impl Iterator<Item = &'a str> {
        text.split(mark).skip(1).filter_map(|rest| rest.split('"').next())
    }

    /// The fields of all forms that are sent, as the templates have them.
    fn sent(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sent(&path, found);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for form in text.split("<form").skip(1).filter(|form| form.contains("method=\"post\""))
            {
                let form = form.split("</form>").next().unwrap();
                let names = names_after(form, " name=\"").chain(names_after(form, "(errors, \""));
                found.extend(names.filter(|name| !name.contains('{')).map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_field_that_is_sent_is_named_or_hidden() {
        let mut fields = BTreeSet::new();
        sent(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/templates")), &mut fields);
        assert!(fields.len() > 20, "{fields:?}");
        // A form with a file is never kept.
        for name in fields.iter().filter(|name| *name != "contenido") {
            let is_hidden = TECHNICAL.contains(&name.as_str()) || is_secret(name);
            for language in Language::ALL {
                assert_eq!(label(name, language).is_none(), is_hidden, "{name}");
            }
        }
    }

    #[test]
    fn a_kept_form_says_what_its_page_said() {
        let fields = Fields::read(
            "formulario=a&intento=b&clave=c&factura=501%3A202109%3A10026%3A000123&medio=qr&recibido=\
             &nota=++&rol=cashier&listar=1&dia=2021-11-26&reversal_days=5&otra=cosa\
             &revenue.Agua=Ventas&cupo=900",
        );
        let told = shown(&fields, Language::Spanish);
        let told: Vec<_> = told.iter().map(|(name, value)| (&**name, value.as_str())).collect();
        let wanted = [
            ("Factura", "501, 09/2021, 100,26"),
            ("Medio de pago", "QR"),
            ("Rol", "cajero"),
            ("Puede listar socios", "sí"),
            ("Día", "26/11/2021"),
            ("Días contables para revertir", "5"),
            ("Cuenta de Agua", "Ventas"),
            ("Cupo: lo más que puede tener sin rendir", "900"),
        ];
        assert_eq!(told, wanted);
        assert_eq!(shown(&fields, Language::English)[1].0, "Means of payment");
    }
}
