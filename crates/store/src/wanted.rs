//! What a payment or a reversal will ask of the books, said before its transaction: a store that is
//! a network away loads it for a whole group at once.

use ventanilla_domain::{BillId, CallerKey, CollectorId, CompanyId, ContractCode, PaymentId};

use crate::{Digest, Store, StoreError, Tx};

/// What a payment or a reversal will ask of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Who acts.
    pub bearer: WantedBearer,
    /// On what.
    pub act: WantedAct,
    /// The caller's name for the attempt.
    pub key: Option<CallerKey>,
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedBearer {
    /// Whoever holds the token of that hash.
    Token(Digest),
    /// A collector of a company.
    Collector(CompanyId, CollectorId),
}

/// On what somebody acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedAct {
    /// A payment of a contract's bill.
    Pay(ContractCode, BillId),
    /// The reversal of a payment.
    Reverse(PaymentId),
}

/// Commands that one transaction may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Their places among those that were asked about, in order.
    pub places: Vec<usize>,
}

impl Store {
    /// How many transactions may write at the same time; from 1.
    pub fn writers(&self) -> usize {
        1
    }

    /// Whether the store goes on by itself after a commit whose outcome nobody could learn. One that does
    /// not is to be opened anew, by another process.
    pub fn outlives_unknown(&self) -> bool {
        false
    }

    /// Splits commands that wait into groups, each for one transaction; `None` of a command that is no
    /// payment or reversal. Every command is in one group, and groups keep the order of their commands.
    pub fn groups(&self, wanted: &[Option<&Wanted>]) -> Result<Vec<Group>, StoreError> {
        Ok(vec![Group { places: (0..wanted.len()).collect() }])
    }

    /// A transaction for a group of those commands.
    pub fn begin_group(
        &self,
        _group: &Group,
        _wanted: &[Option<&Wanted>],
    ) -> Result<Tx<'_>, StoreError> {
        self.begin()
    }
}
