//! What is kept of a supplier or an invoice and shown again, and no rule understands: texts by kind.

use std::collections::BTreeMap;

use crate::Text;

/// What a detail says: 1 to 200 characters.
pub type DetailText = Text<200>;

/// Details by their kind; a kind that says nothing is not in it.
pub type Details<K> = BTreeMap<K, DetailText>;

/// A closed list of kinds of details.
pub trait DetailKind: Copy + Ord + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// Its code in the store.
    fn to_code(self) -> &'static str;

    /// The kind of that code.
    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.to_code() == code)
    }
}

macro_rules! details {
    ($(#[$doc:meta])* $name:ident { $($(#[$kind_doc:meta])* $kind:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$kind_doc])* $kind,)+
        }

        impl DetailKind for $name {
            const ALL: &'static [Self] = &[$(Self::$kind,)+];

            fn to_code(self) -> &'static str {
                match self {
                    $(Self::$kind => $code,)+
                }
            }
        }
    };
}

details! {
    /// What is kept of a supplier beside its names and tax number.
    SupplierDetail {
        /// Street of the postal address.
        PostalStreet = "postal-street",
        /// City of the postal address.
        PostalCity = "postal-city",
        /// Postal code of the postal address.
        PostalCode = "postal-code",
        /// Province of the postal address.
        PostalProvince = "postal-province",
        /// Country of the postal address.
        PostalCountry = "postal-country",
        /// Street of the fiscal address.
        FiscalStreet = "fiscal-street",
        /// City of the fiscal address.
        FiscalCity = "fiscal-city",
        /// Postal code of the fiscal address.
        FiscalCode = "fiscal-code",
        /// Province of the fiscal address.
        FiscalProvince = "fiscal-province",
        /// Country of the fiscal address.
        FiscalCountry = "fiscal-country",
        /// Telephone.
        Phone = "phone",
        /// E-mail.
        Email = "email",
        /// When it is to be paid, in the accounting system's own codes.
        PaymentTerms = "payment-terms",
        /// Its standing before the tax office, in the accounting system's own codes.
        TaxStanding = "tax-standing",
        /// What it sells.
        Product = "product",
        /// Its certificate of exclusion.
        ExclusionCertificate = "exclusion-certificate",
        /// The account of the accounting system's chart.
        ChartAccount = "chart-account",
        /// Its account at its bank.
        BankAccountNumber = "bank-account-number",
        /// Its uniform bank key (CBU).
        BankKey = "bank-key",
        /// Its bank.
        Bank = "bank",
        /// Its bank, described.
        BankDescription = "bank-description",
        /// The rate of value-added tax, in percent.
        VatPercent = "vat-percent",
        /// The withholding of income tax, in the accounting system's own codes.
        IncomeWithholding = "income-withholding",
    }
}

details! {
    /// What is kept of a purchase invoice beside its number, dates and amounts.
    InvoiceDetail {
        /// When it is to be paid, in the accounting system's own codes.
        PaymentTerms = "payment-terms",
        /// The supplier's standing before the tax office.
        TaxStanding = "tax-standing",
        /// The withholding of income tax, in the accounting system's own codes.
        IncomeWithholding = "income-withholding",
        /// The first jurisdiction of gross-income tax.
        FirstJurisdiction = "first-jurisdiction",
        /// The second jurisdiction of gross-income tax.
        SecondJurisdiction = "second-jurisdiction",
    }
}

details! {
    /// What a line of a purchase invoice says.
    ItemDetail {
        /// The accounting system's item.
        Item = "item",
        /// The item's code.
        Code = "code",
        /// What was bought.
        Description = "description",
        /// The unit it is counted in.
        Unit = "unit",
        /// How many units.
        Quantity = "quantity",
        /// What one unit costs.
        UnitPrice = "unit-price",
        /// The discount, in percent.
        DiscountPercent = "discount-percent",
        /// The rate of value-added tax, in percent.
        VatPercent = "vat-percent",
        /// The account of the accounting system's chart.
        ChartAccount = "chart-account",
        /// The store it went to.
        Warehouse = "warehouse",
        /// The first cost centre.
        FirstCostCentre = "first-cost-centre",
        /// The second cost centre.
        SecondCostCentre = "second-cost-centre",
        /// What the line comes to.
        Subtotal = "subtotal",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<K: DetailKind + std::fmt::Debug>(count: usize) {
        assert_eq!(K::ALL.len(), count);
        for kind in K::ALL {
            assert_eq!(K::from_code(kind.to_code()), Some(*kind));
        }
    }

    #[test]
    fn each_kind_reads_back_from_its_code() {
        check::<SupplierDetail>(23);
        check::<InvoiceDetail>(5);
        check::<ItemDetail>(13);
    }
}
