//! The words of members: those of the members rebuilt, and no other. They are not kept a second time for it.

use std::collections::BTreeMap;

use ventanilla_domain::{CompanyId, Member, MemberId};

use super::{Findings, TOLD};
use crate::view::From as Source;
use crate::{StoreError, View};

/// Compares the words kept with those that the members have.
pub(super) fn compare(
    view: &View<'_>,
    company: CompanyId,
    members: &BTreeMap<MemberId, Member>,
    found: &mut Findings,
) -> Result<(), StoreError> {
    let Source::Sql(reads) = view.from else { return Ok(()) };
    let mut kept = BTreeMap::<i64, usize>::new();
    let mut differing = Vec::new();
    let read = reads.each_word(company, &mut |(word, id)| {
        let member = MemberId::from_i64(id).ok().and_then(|id| members.get(&id));
        if member.is_some_and(|member| member.to_keys().contains(&word)) {
            *kept.entry(id).or_default() += 1;
        } else {
            differing.push(format!("«{word}» no es palabra del socio {id}"));
        }
        Ok(())
    });
    match read {
        Ok(()) => {}
        Err(StoreError::Damaged { what, .. }) => {
            found.tell(&format!("member_word: una fila no se puede leer ({what})"));
            return Ok(());
        }
        Err(other) => return Err(other),
    }
    // A word is there once: as many as there must be are all of them.
    let lacking = members.values().filter(|member| {
        kept.get(&member.id.to_i64()).copied().unwrap_or(0) != member.to_keys().len()
    });
    differing.extend(lacking.map(|member| format!("faltan palabras del socio {}", member.id)));
    for difference in differing.iter().take(TOLD) {
        found.tell(&format!("member_word: {difference}"));
    }
    if let Some(more) = differing.len().checked_sub(TOLD + 1) {
        found.tell(&format!("member_word: y {} diferencias más", more + 1));
    }
    Ok(())
}
