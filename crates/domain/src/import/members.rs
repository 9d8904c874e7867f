//! A row of members: a contract and who holds it.

use super::Given;
use crate::{
    Contract, ContractCode, ContractKey, ContractState, Label, LocationCode, Member, MemberId, Name,
};

/// One row of a file of members: a contract and who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// `contrato`.
    pub code: ContractCode,
    /// `nombre`.
    pub name: Name,
    /// `socio_id`: rows that share it are contracts of one member.
    pub member: Option<MemberId>,
    /// `tipo_documento`.
    pub document_kind: Given<Label>,
    /// `num_doc`.
    pub document_number: Given<Label>,
    /// `nit`.
    pub tax_id: Given<Label>,
    /// `direccion`.
    pub address: Given<Name>,
    /// `cod_ubicacion`.
    pub location: Given<LocationCode>,
    /// `cod_suministro`.
    pub supply_point: Given<LocationCode>,
    /// `estado`; an empty cell is `activo`.
    pub state: Given<ContractState>,
    /// `correo`.
    pub email: Given<Name>,
    /// `telefono`.
    pub phone: Given<Label>,
    /// `contrato_anterior`: the code that this contract had before.
    pub former_code: Option<ContractCode>,
}

/// What must be known to decide a [`MemberRow`].
#[derive(Debug, Clone)]
pub struct MemberFacts {
    /// The contract of exactly that code.
    pub contract: Option<Contract>,
    /// A contract that once had that code and has another now, where no contract has it.
    pub retired: Option<Contract>,
    /// Whether the contract of the row's code has had the row's former code.
    pub had_former_code: bool,
    /// The contract of exactly the row's former code.
    pub former: Option<Contract>,
    /// The member the row names, or else the contract's holder.
    pub member: Option<Member>,
    /// The id of a new member that the row does not name.
    pub next_member: MemberId,
    /// The key of a new contract.
    pub next_contract: ContractKey,
}

/// What a row of members changes: nothing where both are `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberDecision {
    /// The member to keep, where it is new or changed.
    pub member: Option<Member>,
    /// The contract to keep, where it is new or changed.
    pub contract: Option<Contract>,
    /// Whether the contract is new.
    pub is_new: bool,
    /// The member that the row names or that holds the contract already; `None` for one to whom
    /// the counter gives an id.
    pub holder: Option<MemberId>,
}

/// Why a row of members was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MemberRefusal {
    /// The row names a member by an id that the counter gave to somebody else.
    #[error("the counter gave that id to another member")]
    IdAssigned(MemberId),
    /// Another contract has the code that the row's contract is to have from now on.
    #[error("another contract has that code")]
    CodeTaken,
    /// No contract has the former code, nor has the one of the new code ever had it.
    #[error("no contract has the former code")]
    FormerCodeUnknown,
    /// The code is one that a contract of the same member had before: a new contract under it would
    /// take the bills that still come for the other. Another member's contract may have it.
    #[error("the code is one that the member's contract had before")]
    CodeRetired,
}

/// Decides a row of members. Refuses an id of ours that is not the contract's holder's.
pub fn decide_member(facts: MemberFacts, row: MemberRow) -> Result<MemberDecision, MemberRefusal> {
    let known_contract = known_contract(&facts, &row)?;
    let MemberFacts { member: known, next_member, next_contract, .. } = facts;
    let known_id = known.as_ref().map(|member| member.id);
    let holds = known_contract.as_ref().map(|contract| contract.member);
    let was_assigned = known.as_ref().is_some_and(|member| member.is_assigned);
    if let Some(named) = row.member.filter(|named| was_assigned && holds != Some(*named)) {
        return Err(MemberRefusal::IdAssigned(named));
    }
    let holder = row.member.or(known_id);
    let old = known.clone();
    let member = Member {
        id: holder.unwrap_or(next_member),
        is_assigned: row.member.is_none() && (known.is_none() || was_assigned),
        name: row.name,
        document_kind: row.document_kind.or(old.as_ref().and_then(|m| m.document_kind.clone())),
        document_number: row
            .document_number
            .or(old.as_ref().and_then(|m| m.document_number.clone())),
        tax_id: row.tax_id.or(old.as_ref().and_then(|m| m.tax_id.clone())),
        location: row.location.or(old.as_ref().and_then(|m| m.location)),
        email: row.email.or(old.as_ref().and_then(|m| m.email.clone())),
        phone: row.phone.or(old.and_then(|m| m.phone)),
    };
    let old = known_contract.clone();
    let state = match row.state {
        Given::Absent => old.as_ref().map(|contract| contract.state),
        Given::Value(state) => state,
    };
    let contract = Contract {
        key: old.as_ref().map_or(next_contract, |contract| contract.key),
        code: row.code,
        member: member.id,
        state: state.unwrap_or(ContractState::Active),
        address: row.address.or(old.as_ref().and_then(|contract| contract.address.clone())),
        supply_point: row.supply_point.or(old.and_then(|contract| contract.supply_point)),
    };
    Ok(MemberDecision {
        is_new: known_contract.is_none(),
        holder,
        member: (known.as_ref() != Some(&member)).then_some(member),
        contract: (known_contract.as_ref() != Some(&contract)).then_some(contract),
    })
}

/// The contract that the row speaks of: the one of its code, or else the one of its former code,
/// whose code changes. A row that is repeated finds its contract under the new code.
fn known_contract(facts: &MemberFacts, row: &MemberRow) -> Result<Option<Contract>, MemberRefusal> {
    let former_code = row.former_code.as_ref().filter(|code| **code != row.code);
    let is_renamed_here = former_code.is_some() && !facts.had_former_code;
    match (&facts.contract, &facts.former) {
        (Some(_), Some(_)) if is_renamed_here => Err(MemberRefusal::CodeTaken),
        // Also where the contract came under its new code: a file that is taken is taken again, and
        // by then somebody else may have the old one.
        (_, None) if is_renamed_here => Err(MemberRefusal::FormerCodeUnknown),
        (None, Some(former)) if is_renamed_here => Ok(Some(former.clone())),
        (None, _) if facts.retired.as_ref().is_some_and(|retired| is_own(retired, row)) => {
            Err(MemberRefusal::CodeRetired)
        }
        (contract, _) => Ok(contract.clone()),
    }
}

/// Whether a contract may be the one of the row's member.
fn is_own(contract: &Contract, row: &MemberRow) -> bool {
    row.member.is_none_or(|member| member == contract.member)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member_row(code: &str, member: Option<i64>) -> MemberRow {
        MemberRow {
            code: ContractCode::from_text(code).unwrap(),
            name: Name::from_text("Rivas La Fuente Valentin").unwrap(),
            member: member.map(|id| MemberId::from_i64(id).unwrap()),
            document_kind: Given::Absent,
            document_number: Given::Value(Label::from_text("4455").ok()),
            tax_id: Given::Absent,
            address: Given::Absent,
            location: Given::Absent,
            supply_point: Given::Absent,
            state: Given::Absent,
            email: Given::Absent,
            phone: Given::Absent,
            former_code: None,
        }
    }

    fn member_facts(contract: Option<Contract>, member: Option<Member>) -> MemberFacts {
        let next_member = MemberId::from_i64(900).unwrap();
        MemberFacts {
            contract,
            retired: None,
            had_former_code: false,
            former: None,
            member,
            next_member,
            next_contract: ContractKey::FIRST,
        }
    }

    #[test]
    fn a_member_is_made_once_and_then_unchanged() {
        let first = decide_member(member_facts(None, None), member_row("345", Some(316))).unwrap();
        let (member, contract) = (first.member.unwrap(), first.contract.unwrap());
        assert_eq!((member.id.to_i64(), contract.member.to_i64()), (316, 316));
        assert!(first.is_new);
        let facts = member_facts(Some(contract.clone()), Some(member.clone()));
        let again = decide_member(facts, member_row("345", None)).unwrap();
        assert_eq!((again.member, again.contract, again.is_new), (None, None, false));
        // A second contract of the same member.
        let second =
            decide_member(member_facts(None, Some(member)), member_row("346", Some(316))).unwrap();
        assert_eq!((second.member, second.is_new), (None, true));
    }

    #[test]
    fn a_missing_column_leaves_what_is_known_and_an_empty_cell_clears_it() {
        let first = decide_member(member_facts(None, None), member_row("345", None)).unwrap();
        assert_eq!(first.member.as_ref().unwrap().id.to_i64(), 900);
        let absent = MemberRow { document_number: Given::Absent, ..member_row("345", None) };
        let facts = member_facts(first.contract.clone(), first.member.clone());
        assert_eq!(decide_member(facts, absent).unwrap().member, None);
        let empty = MemberRow { document_number: Given::Value(None), ..member_row("345", None) };
        let facts = member_facts(first.contract, first.member);
        assert_eq!(decide_member(facts, empty).unwrap().member.unwrap().document_number, None);
    }

    #[test]
    fn a_contract_keeps_its_key_under_a_new_code() {
        let made = decide_member(member_facts(None, None), member_row("345", Some(316))).unwrap();
        let (member, old) = (made.member, made.contract.unwrap());
        let renaming = || MemberRow {
            former_code: ContractCode::from_text("345").ok(),
            ..member_row("A-345", Some(316))
        };
        let decide = |contract: Option<&Contract>, had_former_code, former: Option<&Contract>| {
            let facts = MemberFacts {
                contract: contract.cloned(),
                had_former_code,
                former: former.cloned(),
                ..member_facts(None, member.clone())
            };
            decide_member(facts, renaming())
        };
        let renamed = decide(None, false, Some(&old)).unwrap();
        assert!(!renamed.is_new);
        let new = renamed.contract.unwrap();
        assert_eq!((new.key, new.code.as_str()), (old.key, "A-345"));
        // The row again; also where another contract has taken the code over meanwhile.
        for former in [None, Some(&old)] {
            let again = decide(Some(&new), true, former).unwrap();
            assert_eq!((again.member, again.contract), (None, None));
        }
        assert_eq!(decide(Some(&new), false, None), Err(MemberRefusal::FormerCodeUnknown));
        assert_eq!(decide(Some(&new), false, Some(&old)), Err(MemberRefusal::CodeTaken));
        assert_eq!(decide(None, false, None), Err(MemberRefusal::FormerCodeUnknown));
    }

    #[test]
    fn a_code_that_was_given_up_opens_no_second_contract_of_its_member() {
        let made = decide_member(member_facts(None, None), member_row("A-345", Some(316))).unwrap();
        let decide = |member| {
            let facts = MemberFacts { retired: made.contract.clone(), ..member_facts(None, None) };
            decide_member(facts, member_row("345", member)).map(|decision| decision.is_new)
        };
        assert_eq!(decide(Some(316)), Err(MemberRefusal::CodeRetired));
        assert_eq!(decide(None), Err(MemberRefusal::CodeRetired));
        assert_eq!(decide(Some(317)), Ok(true), "somebody else may have it");
    }

    #[test]
    fn a_billers_id_does_not_take_over_a_member_that_we_numbered() {
        let first = decide_member(member_facts(None, None), member_row("100", None)).unwrap();
        let (member, contract) = (first.member.unwrap(), first.contract.unwrap());
        assert!(member.is_assigned);
        let taken = member_facts(None, Some(member.clone()));
        assert_eq!(
            decide_member(taken, member_row("200", Some(900))),
            Err(MemberRefusal::IdAssigned(member.id))
        );
        // The contract's own member may be named by the id it was given.
        let own = member_facts(Some(contract), Some(member));
        assert!(decide_member(own, member_row("100", Some(900))).is_ok());
    }
}
