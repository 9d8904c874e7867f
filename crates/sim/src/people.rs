//! Synthetic members, their contracts and bills, each made from the seed and its number alone.

use fastrand::Rng;
use jiff::civil::Date;
use ventanilla_domain::{
    BillId, BillRow, BillState, Concept, ContractCode, ContractState, Currency, DetailLine, Given,
    Label, LocationCode, MemberId, MemberRow, Money, Name, Period, PrintedRow,
};

use crate::KnownBill;
use crate::words::{GIVEN_NAMES, MONTHS, STREETS, SURNAMES};

/// Why a text made here always has the domain's form.
const VALID: &str = "made of this crate's words, within the field's bounds";

/// A world of members and bills. Nothing of it is kept: each row is made when it is asked for, so a
/// million bills take no memory, and a row is the same whatever was asked before.
///
/// Every tenth contract is a second one of the member before. The numbers start where those of the
/// demo's own members and bills do not reach.
#[derive(Debug, Clone)]
pub struct World {
    /// What everything is made from.
    pub seed: u64,
    /// How many contracts there are: rows of the file of members.
    pub contracts: u32,
    /// How many bills each contract has: one a period.
    pub bills_per_contract: u32,
    /// The code of the first contract; the others count on.
    pub first_contract: u32,
    /// The id of the first member; the others count on, with gaps.
    pub first_member: u32,
    /// The number of the first bill; the others count on.
    pub first_bill: u32,
    /// The period of each contract's first bill.
    pub first_period: Period,
    /// The currency of all amounts.
    pub currency: Currency,
}

impl World {
    /// A world of contracts from 100001, members from 200001, bills from 10000001 and periods from
    /// 202107, in bolivianos.
    pub fn new(seed: u64, contracts: u32, bills_per_contract: u32) -> Self {
        Self {
            seed,
            contracts,
            bills_per_contract,
            first_contract: 100_001,
            first_member: 200_001,
            first_bill: 10_000_001,
            first_period: Period::from_yyyymm(202_107).expect("a month of a year"),
            currency: Currency::BOB,
        }
    }

    /// The rows of the file of members, in order of their contracts.
    pub fn members(&self) -> impl Iterator<Item = MemberRow> + '_ {
        (0..self.contracts).map(|contract| self.member(contract))
    }

    /// The rows of the file of bills, in order of their numbers.
    pub fn bills(&self) -> impl Iterator<Item = BillRow> + '_ {
        (0..self.contracts).flat_map(|contract| self.bills_of(contract))
    }

    /// What a workload knows of every bill.
    pub fn known_bills(&self) -> Vec<KnownBill> {
        (0..self.contracts)
            .flat_map(|contract| {
                let contract_state = self.state(contract);
                self.bills_of(contract).map(move |row| KnownBill {
                    bill: row.bill,
                    contract: row.contract,
                    period: row.period,
                    amount: row.amount,
                    state: row.state.or(None).unwrap_or(BillState::Owed),
                    contract_state,
                })
            })
            .collect()
    }

    /// The row of a contract, counted from 0.
    pub fn member(&self, contract: u32) -> MemberRow {
        let person = person_of(contract);
        let mut random = self.random(Kind::Person, person);
        let name = format!(
            "{} {} {}",
            pick(&mut random, &SURNAMES),
            pick(&mut random, &SURNAMES),
            pick(&mut random, &GIVEN_NAMES)
        );
        // No office has come this far in its numbers.
        let document = format!("99{:06}", random.u32(0..1_000_000));
        let tax_id = random.u8(0..5) == 0;
        let has_email = random.u8(0..3) == 0;
        let member = self.first_member.saturating_add(person);
        let location = random.u32(1..40_000);
        let phone = format!("3555{:04}", random.u32(0..10_000));
        let mut random = self.random(Kind::Contract, contract);
        let address = format!("{} {}", pick(&mut random, &STREETS), random.u32(1..2_000));
        MemberRow {
            code: self.code(contract),
            name: Name::from_text(&name).expect(VALID),
            member: MemberId::from_i64(member.into()).ok(),
            document_kind: given(Label::from_text("CI").ok()),
            document_number: given(Label::from_text(&document).ok()),
            tax_id: given(tax_id.then(|| label(&format!("{document}017")))),
            address: given(Name::from_text(&address).ok()),
            location: given(LocationCode::from_i64(location.into()).ok()),
            supply_point: given(LocationCode::from_i64(random.u32(1..40_000).into()).ok()),
            state: given(Some(self.state(contract))),
            email: given(
                has_email
                    .then(|| Name::from_text(&format!("socio{member}@example.com")).expect(VALID)),
            ),
            phone: given(Label::from_text(&phone).ok()),
            former_code: None,
        }
    }

    /// The bills of a contract, counted from 0, oldest first.
    pub fn bills_of(&self, contract: u32) -> impl Iterator<Item = BillRow> + '_ {
        let mut random = self.random(Kind::Bills, contract);
        // Which members are elderly is a matter of the person, not of the contract.
        let has_discount = self.random(Kind::Discount, person_of(contract)).u8(0..12) == 0;
        let mut reading = random.u32(100..5_000);
        let first =
            self.first_bill.saturating_add(contract.saturating_mul(self.bills_per_contract));
        (0..self.bills_per_contract).map(move |count| {
            let before = reading;
            reading += random.u32(4..60);
            let state = match random.u8(0..100) {
                0 => BillState::Annulled,
                1 => BillState::PaidElsewhere,
                _ => BillState::Owed,
            };
            let details = self.details(&mut random, reading - before, has_discount);
            let amount = sum(&details, self.currency);
            let period = after(self.first_period, count);
            BillRow {
                bill: BillId::from_i64(first.saturating_add(count).into()).expect("from 1 on"),
                contract: self.code(contract),
                period,
                amount,
                state: given(Some(state)),
                replaces: None,
                printed: printed(period, amount, (before, reading), details),
            }
        })
    }

    fn details(&self, random: &mut Rng, consumption: u32, discount: bool) -> Vec<DetailLine> {
        let line = |concept: &str, minor: i64| DetailLine {
            concept: Concept::from_text(concept).expect(VALID),
            amount: Money::from_minor(minor, self.currency),
        };
        let water = i64::from(consumption) * random.i64(180..420);
        let mut lines = vec![
            line("Agua", water),
            line("Alcantarillado", water * 2 / 5),
            line("Cargo fijo", 850),
        ];
        if random.u8(0..6) == 0 {
            lines.push(line("Recargo por mora", random.i64(50..900)));
        }
        if discount {
            lines.push(line("Descuento Ley 1886", -(water / 5)));
        }
        lines
    }

    fn state(&self, contract: u32) -> ContractState {
        match self.random(Kind::State, contract).u8(0..100) {
            0..92 => ContractState::Active,
            92..97 => ContractState::Cut,
            97..99 => ContractState::Blocked,
            _ => ContractState::Ended,
        }
    }

    fn code(&self, contract: u32) -> ContractCode {
        let code = self.first_contract.saturating_add(contract);
        ContractCode::from_text(&code.to_string()).expect("digits")
    }

    /// A generator for one thing: what others have drawn does not matter to it.
    fn random(&self, kind: Kind, number: u32) -> Rng {
        let thing = (u64::from(number) << 8) | kind as u64;
        let mut random = Rng::with_seed(self.seed ^ thing.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        random.fork()
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Person,
    Contract,
    State,
    Bills,
    Discount,
}

/// The member of a contract, both counted from 0: every tenth contract is the member's before.
fn person_of(contract: u32) -> u32 {
    if contract % 10 == 9 { contract - 1 } else { contract }
}

fn pick(random: &mut Rng, words: &[&'static str]) -> &'static str {
    words[random.usize(0..words.len())]
}

fn label(text: &str) -> Label {
    Label::from_text(text).expect(VALID)
}

/// A column that the file has.
const fn given<T>(value: Option<T>) -> Given<T> {
    Given::Value(value)
}

fn sum(details: &[DetailLine], currency: Currency) -> Money {
    let minor = details.iter().map(|line| line.amount.to_minor()).sum();
    Money::from_minor(minor, currency)
}

/// The period so many months later; the last there is stays.
fn after(period: Period, months: u32) -> Period {
    let months = period.to_yyyymm() / 100 * 12 + period.to_yyyymm() % 100 - 1 + months;
    Period::from_year_month(months / 12, months % 12 + 1).unwrap_or(period)
}

/// What is printed. Fiscal numbers are left out: no tax office gave any.
fn printed(
    period: Period,
    amount: Money,
    (before, after_reading): (u32, u32),
    details: Vec<DetailLine>,
) -> PrintedRow {
    let issued = after(period, 1).to_yyyymm();
    let day = |day| {
        let year = i16::try_from(issued / 100).ok()?;
        Date::new(year, i8::try_from(issued % 100).ok()?, day).ok()
    };
    let month = MONTHS[(period.to_yyyymm() % 100) as usize - 1];
    let discount = details.iter().find(|line| line.amount.to_minor() < 0);
    let discount =
        discount.map(|line| Money::from_minor(-line.amount.to_minor(), line.amount.currency()));
    PrintedRow {
        issued_on: given(day(5)),
        due_on: given(day(25)),
        billing_month: given(Some(label(&format!("{month} {}", period.to_yyyymm() / 100)))),
        reading_before: given(Some(label(&before.to_string()))),
        reading_after: given(Some(label(&after_reading.to_string()))),
        consumption: given(Some(label(&(after_reading - before).to_string()))),
        tax_credit_base: given(Some(amount)),
        discounts: given(discount),
        details: given(Some(details)),
        ..PrintedRow::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_world_is_the_same_for_the_same_seed() {
        let (one, other) = (World::new(7, 50, 3), World::new(7, 50, 3));
        assert!(one.members().eq(other.members()));
        assert!(one.bills().eq(other.bills()));
        assert!(!one.members().eq(World::new(8, 50, 3).members()));
        // A row does not depend on how many there are.
        assert_eq!(one.member(17), World::new(7, 5_000, 9).member(17));
    }

    #[test]
    fn details_add_up_to_amounts_that_can_be_paid() {
        let world = World::new(1, 2_000, 4);
        let mut with_discount = 0;
        for row in world.bills() {
            let details = row.printed.details.or(None).unwrap();
            assert_eq!(sum(&details, Currency::BOB), row.amount);
            assert!((1..=Money::BILL_MAX_MINOR).contains(&row.amount.to_minor()));
            with_discount += u32::from(row.printed.discounts != Given::Value(None));
        }
        assert!((300..1_500).contains(&with_discount), "{with_discount}");
    }

    #[test]
    fn numbers_count_on_and_periods_follow() {
        let world =
            World { first_period: Period::from_yyyymm(202_111).unwrap(), ..World::new(1, 3, 3) };
        let bills: Vec<_> = world.bills().map(|row| row.bill.to_i64()).collect();
        assert_eq!(bills, (10_000_001..=10_000_009).collect::<Vec<_>>());
        let periods: Vec<_> = world.bills_of(2).map(|row| row.period.to_yyyymm()).collect();
        assert_eq!(periods, [202_111, 202_112, 202_201]);
        assert!(world.bills_of(2).all(|row| row.contract.as_str() == "100003"));
    }

    #[test]
    fn some_members_have_two_contracts_and_the_same_facts_in_both() {
        let world = World::new(3, 1_000, 1);
        let members: HashSet<_> = world.members().map(|row| row.member).collect();
        assert_eq!(members.len(), 900);
        let (first, second) = (world.member(8), world.member(9));
        assert_eq!((&first.name, first.member), (&second.name, second.member));
        assert_eq!((first.location, first.phone), (second.location, second.phone));
        assert_ne!(first.code, second.code);
    }

    #[test]
    fn there_are_contracts_and_bills_of_every_state() {
        let world = World::new(5, 2_000, 2);
        let count = |wanted: ContractState| {
            world.members().filter(|row| row.state == Given::Value(Some(wanted))).count()
        };
        assert!(count(ContractState::Active) > 1_700);
        for state in [ContractState::Cut, ContractState::Blocked, ContractState::Ended] {
            assert!(count(state) > 0, "{state:?}");
        }
        for state in [BillState::Annulled, BillState::PaidElsewhere] {
            assert!(world.known_bills().iter().any(|bill| bill.state == state), "{state:?}");
        }
    }
}
