//! Parameters that are amounts of one currency.

use ventanilla_domain::{Currency, Money};

use super::convert;
use super::parameters::{ParameterError, Parameters};

/// An object of a request whose amounts are all of one currency.
pub(super) struct Amounts<'p, 'a> {
    parameters: &'p Parameters<'a>,
    currency: Currency,
}

impl<'p, 'a> Amounts<'p, 'a> {
    pub(super) fn of(parameters: &'p Parameters<'a>, currency: Currency) -> Self {
        Self { parameters, currency }
    }

    /// The amount; `None` when it is absent, null or empty.
    pub(super) fn optional(&self, name: &str) -> Result<Option<Money>, ParameterError> {
        let given = self.parameters.word(name)?;
        let no_amount = || ParameterError::NoAmount(self.parameters.named(name));
        let minor = given.map(|text| convert::amount_minor(&text).ok_or_else(no_amount));
        Ok(minor.transpose()?.map(|minor| Money::from_minor(minor, self.currency)))
    }

    /// The amount; nothing when it is absent, null or empty.
    pub(super) fn or_nothing(&self, name: &str) -> Result<Money, ParameterError> {
        Ok(self.optional(name)?.unwrap_or(Money::zero(self.currency)))
    }

    /// An amount that must be more than nothing.
    pub(super) fn required(&self, name: &str) -> Result<Money, ParameterError> {
        let amount = self.optional(name)?.ok_or_else(|| self.parameters.missing(name))?;
        if amount.to_minor() == 0 {
            return Err(ParameterError::NotPositive(self.parameters.named(name)));
        }
        Ok(amount)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_optional_or_more_than_nothing() {
        use ParameterError as No;
        let name = || "a".to_owned();
        for (object, optional, required) in [
            ("{}", Ok(None), Err(No::Missing(name()))),
            (r#"{"a":""}"#, Ok(None), Err(No::Missing(name()))),
            (r#"{"a":0}"#, Ok(Some(0)), Err(No::NotPositive(name()))),
            (r#"{"a":"0.00"}"#, Ok(Some(0)), Err(No::NotPositive(name()))),
            (r#"{"a":11}"#, Ok(Some(1_100)), Ok(1_100)),
            (r#"{"A":" 11.5 "}"#, Ok(Some(1_150)), Ok(1_150)),
            (r#"{"a":-1}"#, Err(No::NoAmount(name())), Err(No::NoAmount(name()))),
            (r#"{"a":"1,5"}"#, Err(No::NoAmount(name())), Err(No::NoAmount(name()))),
            (r#"{"a":[1]}"#, Err(No::Malformed(name())), Err(No::Malformed(name()))),
        ] {
            let parameters = Parameters::from_object(object).unwrap();
            let amounts = Amounts::of(&parameters, Currency::BOB);
            let read = amounts.optional("a").map(|amount| amount.map(Money::to_minor));
            assert_eq!(read, optional, "{object}");
            assert_eq!(amounts.required("a").map(Money::to_minor), required, "{object}");
            let or_nothing = amounts.or_nothing("a").map(Money::to_minor);
            assert_eq!(or_nothing, optional.map(Option::unwrap_or_default), "{object}");
        }
    }
}
