//! Refusals that are not the ledger's: each enum in order of precedence.

use ventanilla_domain::{LimitError, LogoError, PayRefusal, SettingError};

use crate::Caller;

/// Why no token was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginRefusal {
    /// Too many failures of this security code from this address.
    #[error("too many failures")]
    TooManyFailures {
        /// Seconds until the next try is heard, at least 1.
        retry_after_s: u32,
    },
    /// Unknown or wrong: one answer for both.
    #[error("wrong credentials")]
    WrongCredentials,
    /// The credentials are right and the collector is disabled.
    #[error("the collector is disabled")]
    Disabled,
}

/// Why a token was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// No such token.
    #[error("unknown token")]
    Unknown,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its collector is disabled.
    #[error("the collector is disabled")]
    Disabled,
}

/// Why an act by a token was refused: the token first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ByTokenRefusal<R> {
    /// The token was not accepted.
    Token(TokenRefusal),
    /// The act itself was refused; the token is this caller's.
    Act(R, Caller),
}

/// Why a contract was not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LookUpRefusal {
    /// The collector may not list members.
    #[error("the collector may not list members")]
    ListingNotAllowed,
    /// No contract of that code.
    #[error("no such contract")]
    ContractUnknown,
    /// The contract is blocked.
    #[error("the contract is blocked")]
    ContractBlocked,
}

/// Why a payment was not printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrintRefusal {
    /// No payment of that id, or another collector's.
    #[error("no such payment")]
    PaymentUnknown,
    /// The payment is of another bill.
    #[error("the payment is of another bill")]
    PaymentOfAnotherBill,
}

/// Why a payment was not printed for whoever runs the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReprintRefusal {
    /// No company of that id.
    #[error("no such company")]
    CompanyUnknown,
    /// No payment of that id.
    #[error("no such payment")]
    PaymentUnknown,
}

/// Why a collector's day was not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DayRefusal {
    /// No company of that id.
    #[error("no such company")]
    CompanyUnknown,
    /// The company has no collector of that name.
    #[error("no such collector")]
    CollectorUnknown,
}

/// Why an act of administration was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminRefusal {
    /// A password without a character that is seen.
    #[error("the password is empty or blank")]
    PasswordEmpty,
    /// A password of 32 hexadecimal digits: whoever sends it would be taken to send its MD5.
    #[error("the password reads as an MD5")]
    PasswordAmbiguous,
    /// A password of fewer characters than are chosen at the console.
    #[error("the password is too short")]
    PasswordShort,
    /// A session's key that is not 32 hexadecimal digits.
    #[error("not a session's key")]
    SessionKey,
    /// A company of that id exists.
    #[error("a company of that id exists")]
    CompanyExists,
    /// No company of that id.
    #[error("no such company")]
    CompanyUnknown,
    /// A setting was refused.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A file is no logo.
    #[error(transparent)]
    Logo(#[from] LogoError),
    /// A day that is not over cannot be closed.
    #[error("the day is not over")]
    DayNotOver,
    /// A collector of that name, or that security code, exists.
    #[error("a collector of that name exists")]
    CollectorExists,
    /// No collector of that name.
    #[error("no such collector")]
    CollectorUnknown,
    /// A limit of a collector is out of range.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// No token of that id that has not ended.
    #[error("no such token")]
    TokenUnknown,
    /// An integrator of that name exists.
    #[error("an integrator of that name exists")]
    IntegratorExists,
    /// No integrator of that name.
    #[error("no such integrator")]
    IntegratorUnknown,
    /// A user of that name exists.
    #[error("a user of that name exists")]
    UserExists,
    /// No user of that name.
    #[error("no such user")]
    UserUnknown,
    /// The user has no right for that company.
    #[error("the user has no right for that company")]
    RightUnknown,
    /// No session of that id.
    #[error("no such session")]
    SessionUnknown,
    /// An act on oneself that somebody else must do.
    #[error("nobody does that to oneself")]
    OwnAccount,
    /// The user works for a company too that whoever acts does not administer.
    #[error("the user works for other companies too")]
    UserElsewhere,
    /// The company would be left without an administrator.
    #[error("the company needs an administrator")]
    LastAdministrator,
}

/// Why a payment of the past was not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PastPaymentRefusal {
    /// No company of that id.
    #[error("no such company")]
    CompanyUnknown,
    /// A payment of that id exists.
    #[error("a payment of that id exists")]
    IdInUse,
    /// The payment itself was refused.
    #[error(transparent)]
    Pay(#[from] PayRefusal),
}
