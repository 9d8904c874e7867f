//! Identifiers: one type per thing, so that a bill's number never stands where a payment's is meant.

use std::fmt;
use std::num::NonZeroI64;

/// The value is not in `1..=2^53 - 1`.
///
/// The upper bound is the largest integer that every JSON reader keeps exactly, JavaScript's
/// included: our ids travel as JSON numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id must be in 1..=9007199254740991")]
pub struct IdOutOfRange;

const MAX: i64 = 9_007_199_254_740_991;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(NonZeroI64);

        impl $name {
            /// The first one: 1.
            pub const FIRST: Self = match NonZeroI64::new(1) {
                Some(one) => Self(one),
                None => panic!("one is not zero"),
            };

            /// Takes a value in `1..=2^53 - 1`.
            pub const fn from_i64(value: i64) -> Result<Self, IdOutOfRange> {
                if value < 1 || value > MAX {
                    return Err(IdOutOfRange);
                }
                match NonZeroI64::new(value) {
                    Some(value) => Ok(Self(value)),
                    None => Err(IdOutOfRange),
                }
            }

            /// The number, in `1..=2^53 - 1`.
            pub const fn to_i64(self) -> i64 {
                self.0.get()
            }

            /// The one after this; fails past the last.
            pub const fn checked_next(self) -> Result<Self, IdOutOfRange> {
                Self::from_i64(self.0.get().saturating_add(1))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A tenant whose books are kept.
    CompanyId
);
id!(
    /// A person who owes bills; `ID` on the Cooplan wire.
    MemberId
);
id!(
    /// A contract's internal key: it stays when the contract's code changes.
    ContractKey
);
id!(
    /// A bill, unique in its company; `IdFactura` on the Cooplan wire. Not the fiscal number.
    BillId
);
id!(
    /// A payment, unique in its company and never reused; `IdCobranza` on the Cooplan wire.
    PaymentId
);
id!(
    /// A caller that takes money for the company.
    CollectorId
);
id!(
    /// A journal entry's number, per company, without gaps.
    EntryNumber
);
id!(
    /// The number of a payment or reversal among those of its company, without gaps.
    EventNumber
);
id!(
    /// An imported file.
    FileId
);
id!(
    /// The biller's code of a place: a member's or a supply point's; `CodUbicacion` on the wire.
    LocationCode
);
id!(
    /// A supplier, unique in its company; `idProveedor` on the Colppy wire.
    SupplierId
);
id!(
    /// A supplier's invoice, unique in its company; `idFactura` on the Colppy wire.
    PurchaseInvoiceId
);
id!(
    /// A payout, unique in its company and never reused; `idPago` on the Colppy wire.
    PayoutId
);
id!(
    /// Bills paid together at the window, unique in its company and never reused.
    ReceiptId
);
id!(
    /// A cashier's drawer, from its opening to its approval, unique in its company.
    DrawerId
);
id!(
    /// Money that a collector handed over, unique in its company and never reused.
    RemittanceId
);
id!(
    /// A developer account, over all companies; `auth` on the Colppy wire.
    IntegratorId
);
id!(
    /// A person who works for one or more companies.
    UserId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_positive_and_exact_in_json() {
        for (value, valid) in [
            (i64::MIN, false),
            (-1, false),
            (0, false),
            (1, true),
            (MAX, true),
            (MAX + 1, false),
            (i64::MAX, false),
        ] {
            assert_eq!(BillId::from_i64(value).is_ok(), valid, "{value}");
        }
    }

    #[test]
    fn the_ids_start_at_one_and_end_at_the_last() {
        assert_eq!(PaymentId::FIRST.to_i64(), 1);
        assert_eq!(PaymentId::FIRST.checked_next(), PaymentId::from_i64(2));
        let last = PaymentId::from_i64(MAX).unwrap();
        assert_eq!(last.checked_next(), Err(IdOutOfRange));
    }
}
