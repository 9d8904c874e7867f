//! What a person may do for a company.

/// What a user is for a company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees everything, changes nothing.
    Reader,
    /// Takes payments at the window, into a drawer of one's own.
    Cashier,
    /// Takes payments, and answers for the cashiers.
    Supervisor,
    /// Keeps suppliers, their invoices and payouts; closes days and reconciles.
    Accountant,
    /// Does everything, and keeps the company.
    Administrator,
}

/// What a role may let somebody do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// Find members, see their bills and payments, and print the paper of any payment again.
    SeeMembers,
    /// Take payments into a drawer of one's own.
    Collect,
    /// Undo what one has taken, within the company's days.
    ReverseOwn,
    /// Undo what anybody has taken at the window, beyond the days too. Needs a second factor.
    ReverseAny,
    /// See every drawer, close one that its cashier left open, and approve a count that is not one's own.
    ApproveDrawers,
    /// See reports, the ledger, remittances, and the suppliers' side.
    SeeBooks,
    /// Close business days.
    CloseDays,
    /// Enter what collectors hand over.
    Remit,
    /// See suppliers, their invoices and payouts.
    SeePayables,
    /// Write suppliers, their invoices and payouts.
    KeepPayables,
    /// Keep the company: its rules and papers, files, collectors, users, the trail. Keys and users need a second
    /// factor.
    Administer,
}

impl Right {
    /// All rights.
    pub const ALL: [Self; 11] = [
        Self::SeeMembers,
        Self::Collect,
        Self::ReverseOwn,
        Self::ReverseAny,
        Self::ApproveDrawers,
        Self::SeeBooks,
        Self::CloseDays,
        Self::Remit,
        Self::SeePayables,
        Self::KeepPayables,
        Self::Administer,
    ];

    /// Whether it is used only by whoever has just proven a second factor. Of [`Self::Administer`] that is so
    /// of keys and users, and not of the rest.
    pub const fn needs_proof(self) -> bool {
        matches!(self, Self::ReverseAny)
    }
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] =
        [Self::Reader, Self::Cashier, Self::Supervisor, Self::Accountant, Self::Administrator];

    /// Its code in the store.
    pub const fn to_code(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Cashier => "cashier",
            Self::Supervisor => "supervisor",
            Self::Accountant => "accountant",
            Self::Administrator => "administrator",
        }
    }

    /// The role of that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.to_code() == code)
    }

    /// Whether it holds a right.
    pub const fn may(self, right: Right) -> bool {
        use Role::{Accountant, Administrator, Cashier, Reader, Supervisor};
        match right {
            Right::SeeMembers => true,
            Right::Collect | Right::ReverseOwn => {
                matches!(self, Cashier | Supervisor | Administrator)
            }
            Right::ReverseAny | Right::ApproveDrawers => matches!(self, Supervisor | Administrator),
            Right::SeeBooks => matches!(self, Reader | Supervisor | Accountant | Administrator),
            Right::CloseDays | Right::Remit | Right::KeepPayables => {
                matches!(self, Accountant | Administrator)
            }
            Right::SeePayables => matches!(self, Reader | Accountant | Administrator),
            Right::Administer => matches!(self, Administrator),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_reads_back_from_its_code() {
        for role in Role::ALL {
            assert_eq!(Role::from_code(role.to_code()), Some(role));
        }
        assert_eq!(Role::from_code("owner"), None);
    }

    #[test]
    fn each_role_holds_its_rights_and_no_others() {
        // In the order of `Role::ALL`.
        let table = [
            (Right::SeeMembers, [true, true, true, true, true]),
            (Right::Collect, [false, true, true, false, true]),
            (Right::ReverseOwn, [false, true, true, false, true]),
            (Right::ReverseAny, [false, false, true, false, true]),
            (Right::ApproveDrawers, [false, false, true, false, true]),
            (Right::SeeBooks, [true, false, true, true, true]),
            (Right::CloseDays, [false, false, false, true, true]),
            (Right::Remit, [false, false, false, true, true]),
            (Right::SeePayables, [true, false, false, true, true]),
            (Right::KeepPayables, [false, false, false, true, true]),
            (Right::Administer, [false, false, false, false, true]),
        ];
        assert_eq!(table.map(|(right, _)| right), Right::ALL);
        for (right, held) in table {
            assert_eq!(Role::ALL.map(|role| role.may(right)), held, "{right:?}");
        }
    }
}
