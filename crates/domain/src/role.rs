//! What a person may do for a company.

/// What a user may do for a company. Later roles go on from these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees everything, changes nothing.
    Reader,
    /// Keeps suppliers, their invoices and payouts.
    Accountant,
    /// Does what an accountant does, and keeps the company.
    Administrator,
}

impl Role {
    /// All roles, the least first.
    pub const ALL: [Self; 3] = [Self::Reader, Self::Accountant, Self::Administrator];

    /// Its code in the store.
    pub const fn to_code(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Accountant => "accountant",
            Self::Administrator => "administrator",
        }
    }

    /// The role of that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.to_code() == code)
    }

    /// Whether suppliers, their invoices and payouts may be written.
    pub const fn can_keep_payables(self) -> bool {
        match self {
            Self::Reader => false,
            Self::Accountant | Self::Administrator => true,
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
        assert_eq!(Role::from_code("cashier"), None);
    }

    #[test]
    fn only_a_reader_may_not_write() {
        assert_eq!(Role::ALL.map(Role::can_keep_payables), [false, true, true]);
    }
}
