//! Who else pays in the same act: a member's neighbour, whose bills are added to those on the page, with all that
//! was chosen and typed.

use ventanilla_domain::{ContractCode, Holder};
use ventanilla_service::FoundMembers;

use super::search;
use super::texts::WindowTexts;
use crate::forms::{Choice, Errors};
use crate::language::filled;
use crate::trouble::Trouble;
use crate::visit::Visit;

/// The field in which somebody is looked for.
const LOOK: &str = "otro";
/// The button of somebody who was found.
const ADD: &str = "agregar";
/// The fields of those who were added.
const ADDED: &str = "con";
/// Those who may be added to one act.
const ADDED_MAX: usize = 10;

/// Who else pays, and who may be meant by what was typed.
#[derive(Debug, Default)]
pub(super) struct Beside {
    /// The codes of those who were added.
    pub(super) codes: Vec<ContractCode>,
    /// The last of them, if it was added just now.
    pub(super) added: Option<ContractCode>,
    /// What was typed, where it did not say who.
    pub(super) typed: String,
    /// Those who may be meant.
    pub(super) found: Vec<Choice>,
    /// Whether one more may be added.
    pub(super) may_add: bool,
}

impl Beside {
    /// What the field of who is looked for says of itself: who has to type again is at it.
    pub(super) fn attributes(&self) -> &'static str {
        if self.typed.is_empty() || !self.found.is_empty() {
            r#"autocomplete="off" spellcheck="false" maxlength="200""#
        } else {
            r#"autocomplete="off" spellcheck="false" maxlength="200" autofocus"#
        }
    }
}

/// Whether a form looks for somebody else, whatever button sent it: Enter in that field collects nothing.
pub(super) fn is_asked(visit: &Visit) -> bool {
    visit.form.has(LOOK) || visit.form.has(ADD)
}

/// Those who were added by forms before this one, and by this one.
pub(super) fn of(visit: &Visit, errors: &mut Errors) -> Result<Beside, Trouble> {
    let codes = visit.form.all(ADDED).filter_map(|code| ContractCode::from_text(code).ok());
    let mut beside = Beside { codes: codes.take(ADDED_MAX).collect(), ..Beside::default() };
    beside.may_add = beside.codes.len() < ADDED_MAX;
    if beside.may_add {
        beside.added = added(visit, &mut beside, errors)?;
        beside.codes.extend(beside.added.clone());
    }
    Ok(beside)
}

/// Who is added by this form: the one who was chosen, or the only one that what was typed may mean.
fn added(
    visit: &Visit,
    beside: &mut Beside,
    errors: &mut Errors,
) -> Result<Option<ContractCode>, Trouble> {
    if let Ok(code) = ContractCode::from_text(visit.form.get(ADD)) {
        return Ok(Some(code));
    }
    let typed = visit.form.get(LOOK);
    if typed.is_empty() {
        return Ok(None);
    }
    let t = WindowTexts::of(visit.language);
    let FoundMembers { mut holders, is_cut_off } = search::look(visit, typed)?;
    let is_here =
        |code: &ContractCode| code.as_str() == visit.part("codigo") || beside.codes.contains(code);
    holders.retain(|holder| !is_here(&holder.contract.code));
    match holders.as_slice() {
        [] => errors.add(LOOK, filled(t.found_none, typed)),
        [only] if !is_cut_off => return Ok(Some(only.contract.code.clone())),
        several => {
            if is_cut_off {
                errors.add(LOOK, t.found_cut);
            }
            beside.found = Choice::all(several.iter().map(to_choice), "");
        }
    }
    typed.clone_into(&mut beside.typed);
    Ok(None)
}

fn to_choice(holder: &Holder) -> (String, String) {
    let Holder { contract, member } = holder;
    (contract.code.to_string(), format!("{} · {}", member.name, contract.code))
}
