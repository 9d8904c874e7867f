//! What the trail's words mean to people. A word that is not here is shown as it is.

use crate::language::Language;

/// Acts by their words in the trail (docs/logging.md), in Spanish and in English.
const ACTS: [(&str, &str, &str); 58] = [
    ("token", "acceso de un recaudador", "collector's token"),
    ("pay", "cobro por un recaudador", "payment by a collector"),
    ("print", "impresión de una factura", "printing of an invoice"),
    ("report", "reporte de un día", "report of a day"),
    ("reverse", "reversión por un recaudador", "reversal by a collector"),
    ("admit", "sistema contable rechazado", "accounting system refused"),
    ("sign-in", "ingreso por un sistema contable", "sign-in by an accounting system"),
    ("sign-out", "salida por un sistema contable", "sign-out by an accounting system"),
    ("supplier", "proveedor", "supplier"),
    ("invoice", "factura de compra", "purchase invoice"),
    ("payout", "pago a proveedor", "payout"),
    ("payout-reverse", "reversión de un pago a proveedor", "reversal of a payout"),
    ("payout-print", "impresión de una orden de pago", "printing of a payment order"),
    ("company-add", "empresa nueva", "new company"),
    ("company-set", "reglas o datos de la empresa", "company's rules or data"),
    ("collector-add", "recaudador nuevo", "new collector"),
    ("collector-enable", "recaudador activado", "collector enabled"),
    ("collector-disable", "recaudador desactivado", "collector disabled"),
    ("collector-rotate", "clave de un recaudador", "collector's secret"),
    ("collector-limit", "límites de un recaudador", "collector's limits"),
    ("token-revoke", "acceso anulado", "token revoked"),
    ("integrator-add", "sistema contable nuevo", "new accounting system"),
    ("integrator-enable", "sistema contable activado", "accounting system enabled"),
    ("integrator-disable", "sistema contable desactivado", "accounting system disabled"),
    ("integrator-password", "contraseña de un sistema contable", "accounting system's password"),
    ("user-add", "usuario nuevo", "new user"),
    ("user-enable", "usuario activado", "user enabled"),
    ("user-disable", "usuario desactivado", "user disabled"),
    ("user-password", "contraseña de un usuario", "user's password"),
    ("user-grant", "rol de un usuario", "user's role"),
    ("user-revoke", "rol quitado", "role taken away"),
    ("user-invite", "invitación", "invitation"),
    ("invitation-take", "invitación aceptada", "invitation taken"),
    ("console-in", "ingreso a la consola", "sign-in to the console"),
    ("console-out", "salida de la consola", "sign-out of the console"),
    ("session-end", "sesión terminada", "session ended"),
    ("factor-enrol", "segundo factor registrado", "second factor enrolled"),
    ("factor-prove", "código del segundo factor", "second factor's code"),
    ("factor-recover", "código de recuperación", "recovery code"),
    ("factor-reset", "segundo factor olvidado", "second factor reset"),
    ("import", "archivo importado", "file imported"),
    ("export", "exportación", "export"),
    ("backup", "copia de seguridad", "backup"),
    ("restore", "restauración", "restoration"),
    ("report-load", "reporte de restauración", "report of a restoration"),
    ("report-waive", "reporte dispensado", "report waived"),
    ("mirror-off", "espejo apagado", "mirror ended"),
    ("mirror-trim", "espejo recortado", "mirror trimmed"),
    ("recovery-kit", "claves de recuperación", "recovery kit"),
    ("migrate", "migración", "migration"),
    ("receipt", "cobro en la ventanilla", "payment at the window"),
    ("receipt-reverse", "reversión de un recibo", "reversal of a receipt"),
    ("drawer-open", "gaveta abierta", "drawer opened"),
    ("drawer-close", "gaveta cerrada", "drawer closed"),
    ("drawer-approve", "arqueo aprobado", "count approved"),
    ("remit", "rendición", "remittance"),
    ("remit-reverse", "reversión de una rendición", "reversal of a remittance"),
    ("dropped", "actos que no se anotaron", "acts that were not written"),
];

/// Words for how an act went and where it came from.
const OTHERS: [(&str, &str, &str); 7] = [
    ("done", "hecho", "done"),
    ("repeated", "repetido", "repeated"),
    ("refused", "rechazado", "refused"),
    ("unknown", "resultado desconocido", "outcome unknown"),
    ("unavailable", "no disponible", "unavailable"),
    ("failed", "error interno", "internal error"),
    ("command-line", "línea de comandos", "command line"),
];

/// Acts by their words, as they can be chosen.
pub(super) fn all(language: Language) -> impl Iterator<Item = (&'static str, &'static str)> {
    ACTS.into_iter().map(move |act| (act.0, in_language(act, language)))
}

/// What a word of the trail means.
pub(super) fn meaning(word: &str, language: Language) -> &str {
    let known = ACTS.into_iter().chain(OTHERS).find(|(known, ..)| *known == word);
    known.map_or(word, |known| in_language(known, language))
}

const fn in_language(
    (_, spanish, english): (&'static str, &'static str, &'static str),
    language: Language,
) -> &'static str {
    match language {
        Language::Spanish => spanish,
        Language::English => english,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ventanilla_service::{ActOutcome, What};

    use super::*;

    #[test]
    fn each_act_that_the_service_can_note_has_a_word_and_no_other_has() {
        let noted: BTreeSet<_> = What::ALL.iter().map(|what| what.to_word()).collect();
        let told: BTreeSet<_> = ACTS.iter().map(|(word, ..)| *word).collect();
        assert_eq!(told, noted);
        assert_eq!((ACTS.len(), What::ALL.len()), (told.len(), noted.len()), "each of them once");
    }

    #[test]
    fn each_outcome_has_a_word_of_its_own_in_either_language() {
        use ActOutcome::{Done, Failed, Refused, Repeated, Unavailable, Unknown};
        let all =
            [Done, Repeated, Refused("x".into()), Unknown, Unavailable, Failed(String::new())];
        for outcome in &all {
            let word = match outcome {
                // One that is new is added above too.
                Done | Repeated | Refused(_) | Unknown | Unavailable | Failed(_) => {
                    outcome.to_word()
                }
            };
            assert!(OTHERS.iter().any(|(known, ..)| *known == word), "{word}");
            assert_ne!(meaning(word, Language::Spanish), word);
        }
    }

    #[test]
    fn no_two_acts_are_told_by_the_same_words() {
        for language in [Language::Spanish, Language::English] {
            let told: BTreeSet<_> = all(language).map(|(_, name)| name).collect();
            assert_eq!(told.len(), ACTS.len(), "{language:?}");
        }
    }
}
