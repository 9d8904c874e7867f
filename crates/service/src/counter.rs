//! What somebody at the window reads of those who stand at it.

use std::collections::BTreeSet;

use ventanilla_domain::{CompanyId, ContractCode, Holder};

use crate::{Debt, Debts, Failure, LookUpRefusal, Service};

/// Contracts of one member that are looked at.
const CONTRACTS_MAX: usize = 20;

impl Service {
    /// What the contracts of these codes and their holders' other contracts owe, for those who work for the
    /// company: a blocked contract is shown, and its state says why nothing can be paid. Another code than the
    /// first that is unknown is left out.
    ///
    /// Refuses an unknown first code, or none.
    pub fn debts_of(
        &self,
        company: CompanyId,
        codes: &[ContractCode],
    ) -> Result<Debts, Failure<LookUpRefusal>> {
        self.read_decided(|view| {
            let Some(company) = view.company(company)? else {
                return Ok(Err(LookUpRefusal::ContractUnknown));
            };
            let (mut debts, mut seen) = (Debts::default(), BTreeSet::new());
            for (place, code) in codes.iter().enumerate() {
                let Some(Holder { contract, member }) = view.holder(company.id, code)? else {
                    if place == 0 {
                        break;
                    }
                    continue;
                };
                let asked = contract.key;
                let others = view.contracts_of(company.id, member.id, CONTRACTS_MAX + 1)?;
                debts.is_cut_off |= others.len() > CONTRACTS_MAX;
                let others = others.into_iter().take(CONTRACTS_MAX);
                for contract in std::iter::once(contract).chain(others) {
                    if !seen.insert(contract.key) {
                        continue;
                    }
                    let bills = view.unpaid_bills(&company, contract.key)?;
                    if contract.key == asked || !bills.is_empty() {
                        let holder = Holder { contract, member: member.clone() };
                        debts.all.push(Debt { holder, bills });
                    }
                }
            }
            Ok(if debts.all.is_empty() { Err(LookUpRefusal::ContractUnknown) } else { Ok(debts) })
        })
    }
}
