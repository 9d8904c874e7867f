//! Members and their contracts.

use crate::{ContractCode, ContractKey, Label, LocationCode, MemberId, Name};

/// The person behind one or several contracts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The member's id; the company's counter gives one where the import brings none.
    pub id: MemberId,
    /// Whether the counter gave the id: the biller's ids and ours share one range, and a biller's
    /// id must not take over a person that we numbered.
    pub is_assigned: bool,
    /// Full name.
    pub name: Name,
    /// Kind of identity document, as the biller writes it (`CI`, `NIT`, …).
    pub document_kind: Option<Label>,
    /// Number of the identity document.
    pub document_number: Option<Label>,
    /// Tax number (`Nit`).
    pub tax_id: Option<Label>,
    /// The biller's code of where the member is.
    pub location: Option<LocationCode>,
    /// Electronic mail.
    pub email: Option<Name>,
    /// Telephone.
    pub phone: Option<Label>,
}

/// What may be done with a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractState {
    /// In service (`activo`).
    Active,
    /// The service is cut; paying stays possible (`cortado`).
    Cut,
    /// Paying is refused (`bloqueado`).
    Blocked,
    /// The contract has ended; what is owed can be paid (`baja`).
    Ended,
}

/// A member's account with the company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    /// The internal key, which stays when the code changes.
    pub key: ContractKey,
    /// The code one searches by.
    pub code: ContractCode,
    /// Who holds it.
    pub member: MemberId,
    /// What may be done with it.
    pub state: ContractState,
    /// Where the service is delivered.
    pub address: Option<Name>,
    /// The biller's code of the supply point.
    pub supply_point: Option<LocationCode>,
}

/// A contract together with the member who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The contract.
    pub contract: Contract,
    /// The member who holds it.
    pub member: Member,
}

/// What a payment needs to know of the contract it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    /// The contract.
    pub contract: ContractKey,
    /// Its code.
    pub code: ContractCode,
    /// What may be done with it.
    pub state: ContractState,
    /// Who holds it.
    pub member: MemberId,
    /// The holder's name.
    pub name: Name,
}
