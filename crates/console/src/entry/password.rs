//! A password that somebody chooses, typed twice.

use ventanilla_service::AdminRefusal;

use super::texts::EntryTexts;
use crate::fields::Fields;
use crate::forms::Errors;

/// The password, where both are the same.
pub(super) fn chosen(form: &Fields, t: &'static EntryTexts, errors: &mut Errors) -> String {
    let (once, twice) = (form.raw("clave_nueva"), form.raw("clave_repetida"));
    if once.is_empty() {
        errors.add("clave_nueva", t.password_short);
    } else if once != twice {
        errors.add("clave_repetida", t.passwords_differ);
    }
    once.to_owned()
}

/// What is wrong with what somebody chose: a password or a name.
pub(super) fn errors_of(refusal: &AdminRefusal, t: &'static EntryTexts) -> Errors {
    match refusal {
        AdminRefusal::PasswordAmbiguous => Errors::of("clave_nueva", t.password_ambiguous),
        AdminRefusal::UserExists => Errors::of("usuario", t.name_taken),
        AdminRefusal::CompanyExists => Errors::of("empresa", t.name_taken),
        _ => Errors::of("clave_nueva", t.password_short),
    }
}
