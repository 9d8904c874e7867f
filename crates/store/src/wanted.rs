//! What a payment or a reversal will ask of the books, said before its transaction: a store that is
//! a network away loads it for a whole group at once.

use ventanilla_domain::{BillId, CallerKey, CollectorId, CompanyId, ContractCode, PaymentId};

use crate::memory::FaultPoint;
use crate::postgres::WRITERS;
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

impl Wanted {
    pub(crate) fn is_payment(&self) -> bool {
        matches!(self.act, WantedAct::Pay(..))
    }

    pub(crate) fn reversed(&self) -> Option<PaymentId> {
        match self.act {
            WantedAct::Reverse(payment) => Some(payment),
            WantedAct::Pay(..) => None,
        }
    }

    pub(crate) fn token(&self) -> Option<Digest> {
        match self.bearer {
            WantedBearer::Token(digest) => Some(digest),
            WantedBearer::Collector(..) => None,
        }
    }
}

/// Commands that one transaction may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Their places among those that were asked about, in order.
    pub places: Vec<usize>,
    /// Whose payments and reversals they are, where they are nothing else.
    pub(crate) company: Option<CompanyId>,
}

impl Store {
    /// How many transactions may write at the same time; from 1.
    pub fn writers(&self) -> usize {
        match self {
            Self::Memory(memory) => memory.writers(),
            Self::Sqlite(_) => 1,
            Self::Postgres(_) => WRITERS,
        }
    }

    /// Whether the store is a network away: whoever writes says what waits in groups
    /// ([`Store::groups`], [`Store::begin_group`]), and it has no mirror.
    pub fn is_remote(&self) -> bool {
        match self {
            Self::Memory(memory) => memory.is_remote(),
            Self::Sqlite(_) => false,
            Self::Postgres(_) => true,
        }
    }

    /// Whether the store goes on by itself after a commit whose outcome nobody could learn. One that does
    /// not is to be opened anew, by another process.
    pub fn outlives_unknown(&self) -> bool {
        self.is_remote()
    }

    /// Splits commands that wait into groups, each for one transaction; `None` of a command that is no
    /// payment or reversal. Every command is in one group, and groups keep the order of their commands.
    pub fn groups(&self, wanted: &[Option<&Wanted>]) -> Result<Vec<Group>, StoreError> {
        match self {
            Self::Memory(memory) if memory.is_remote() => memory.groups(wanted),
            Self::Memory(_) | Self::Sqlite(_) => {
                Ok(vec![Group { places: (0..wanted.len()).collect(), company: None }])
            }
            Self::Postgres(postgres) => postgres.groups(wanted),
        }
    }

    /// A transaction for a group of those commands: `wanted` is all that [`Store::groups`] was asked
    /// about. It refuses with [`StoreError::NeedsOwn`] what is none of a payment or reversal.
    pub fn begin_group(
        &self,
        group: &Group,
        wanted: &[Option<&Wanted>],
    ) -> Result<Tx<'_>, StoreError> {
        match (self, group.company) {
            (Self::Memory(memory), _) => {
                Ok(Tx::Memory(Box::new(memory.begin(FaultPoint::BeginGroup)?)))
            }
            (Self::Postgres(postgres), Some(company)) => {
                let places = group.places.iter();
                let wanted: Vec<&Wanted> =
                    places.filter_map(|place| *wanted.get(*place)?).collect();
                Ok(Tx::Group(Box::new(postgres.begin_group(company, &wanted)?)))
            }
            _ => self.begin(),
        }
    }
}
