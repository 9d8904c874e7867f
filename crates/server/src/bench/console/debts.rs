//! What is there to be paid.

use ventanilla_domain::{BillState, ContractCode, ContractState, Given, ReceiptLine};
use ventanilla_sim as sim;

use crate::bench::world::STRIDE;

/// Contracts that owe something and may pay it, each once, in no order.
#[derive(Debug)]
pub(super) struct Debts<'w> {
    people: &'w sim::World,
    next: u64,
}

/// A member with a contract that owes more than one bill.
#[derive(Debug)]
pub(super) struct Sought {
    pub(super) code: ContractCode,
    pub(super) name: String,
    pub(super) document: String,
}

impl<'w> Debts<'w> {
    pub(super) fn of(people: &'w sim::World) -> Self {
        Self { people, next: 0 }
    }

    /// The next one who owes more than one bill.
    pub(super) fn sought(&mut self) -> Option<Sought> {
        self.find(|bills| bills.len() > 1)?;
        let member = self.people.member(self.contract(self.next - 1));
        let document = match member.document_number {
            Given::Value(Some(number)) => number.to_string(),
            _ => String::new(),
        };
        Some(Sought { code: member.code, name: member.name.to_string(), document })
    }

    /// The contract at a place in the walk over all of them.
    fn contract(&self, at: u64) -> u32 {
        let contract = at.wrapping_mul(STRIDE) % u64::from(self.people.contracts);
        u32::try_from(contract).unwrap_or(0)
    }

    fn of_contract(&self, contract: u32) -> Vec<ReceiptLine> {
        if self.people.member(contract).state != Given::Value(Some(ContractState::Active)) {
            return Vec::new();
        }
        let bills = self.people.bills_of(contract);
        let owed = bills.filter(|bill| bill.state == Given::Value(Some(BillState::Owed)));
        let line = |bill: ventanilla_domain::BillRow| ReceiptLine {
            contract: bill.contract,
            bill: bill.bill,
            period: bill.period,
            amount: bill.amount,
        };
        owed.map(line).collect()
    }
}

impl Iterator for Debts<'_> {
    /// The bills of a contract, at least one, oldest first.
    type Item = Vec<ReceiptLine>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.next < u64::from(self.people.contracts) {
            let bills = self.of_contract(self.contract(self.next));
            self.next += 1;
            if !bills.is_empty() {
                return Some(bills);
            }
        }
        None
    }
}
