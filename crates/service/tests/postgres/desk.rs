//! A company's desk: a user who signs in at any server, and payouts.

use jiff::civil::date;
use ventanilla_domain::{
    CallerKey, Currency, Given, IncomeWithholding, Means, MeansLine, Money, PayoutId,
    PayoutRefusal, PayoutTerms, Role, SupplierId, SupplierRow, Text, Withholdings,
};
use ventanilla_service::{
    DeskRefusal, Failure, PayoutRequest, SessionRefusal, SignIn, SignInName, UserCaller,
};

use crate::world::{HOME, Server, company, waited};

pub(crate) fn name(text: &str) -> SignInName {
    SignInName::from_text(text).unwrap()
}

fn by(who: &str) -> SignIn {
    SignIn { name: who.to_owned(), password: "clave".to_owned() }
}

fn bob(minor: i64) -> Money {
    Money::from_minor(minor, Currency::BOB)
}

/// A payout in cash to the only supplier, of which no invoice takes anything.
fn payout(minor: i64, key: &str) -> PayoutRequest {
    let income = || IncomeWithholding { amount: bob(0), code: None, base: bob(0) };
    let cash = MeansLine {
        means: Means::Cash,
        amount: bob(minor),
        chart_account: None,
        cheque_number: None,
        valid_on: None,
        is_reconciled: false,
    };
    let terms = PayoutTerms {
        supplier: SupplierId::from_i64(1).unwrap(),
        paid_on: date(2021, 11, 26),
        is_rate_stated: false,
        total: bob(minor),
        stated_advance: bob(0),
        stated_invoices: bob(0),
        discounts: bob(0),
        interest: bob(0),
        withholdings: Withholdings {
            gross_income: bob(0),
            income: [income(), income()],
            rent: bob(0),
        },
        means: vec![cash],
        applied: Vec::new(),
        description: None,
    };
    let caller_key = Some(CallerKey::from_text(key).unwrap());
    PayoutRequest { terms, point: None, serial: None, caller_key }
}

impl Server {
    /// Adds the program `ERP`, its user `a`, who keeps company 13, and a supplier; the key of a session.
    pub(crate) fn open_desk(&self) -> String {
        let password = Some("clave".to_owned());
        waited(self.service.add_integrator(name("ERP"), password)).unwrap();
        let role = Role::Accountant;
        waited(self.service.add_user(name("a"), "clave", company(), role)).unwrap();
        let key = waited(self.service.log_in(&by("a"), HOME)).unwrap();
        let row = SupplierRow {
            id: None,
            trade_name: Text::from_text("Librería El Aguaribay").ok(),
            legal_name: Text::from_text("El Aguaribay S.R.L.").ok(),
            tax_id: Given::Absent,
            is_active: None,
            details: Vec::new(),
        };
        let caller = self.user(&key).unwrap();
        waited(self.service.keep_supplier(&caller, company(), row)).unwrap();
        key
    }

    /// The user of a session.
    pub(crate) fn user(&self, key: &str) -> Result<UserCaller, Failure<SessionRefusal>> {
        let admitted = waited(self.service.admit(&by("ERP"), HOME)).unwrap();
        Ok(admitted.session("a", key)?.into_caller())
    }

    pub(crate) fn pay_out(
        &self,
        caller: &UserCaller,
        minor: i64,
        key: &str,
    ) -> Result<PayoutId, Failure<DeskRefusal<PayoutRefusal>>> {
        let made = self.service.make_payout(caller, company(), payout(minor, key));
        waited(made).map(|made| made.act.id)
    }
}
