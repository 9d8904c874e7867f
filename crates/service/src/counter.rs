//! What somebody at the window reads of one member.

use ventanilla_domain::{CompanyId, ContractCode};

use crate::{Debt, Failure, LookUpRefusal, Service};

impl Service {
    /// What a contract owes, for those who work for the company: a blocked contract is shown, and its state
    /// says why nothing can be paid.
    ///
    /// Refuses an unknown code.
    pub fn debt_of(
        &self,
        company: CompanyId,
        code: &ContractCode,
    ) -> Result<Debt, Failure<LookUpRefusal>> {
        self.read_decided(|view| {
            let Some(company) = view.company(company)? else {
                return Ok(Err(LookUpRefusal::ContractUnknown));
            };
            let Some(holder) = view.holder(company.id, code)? else {
                return Ok(Err(LookUpRefusal::ContractUnknown));
            };
            let bills = view.unpaid_bills(&company, holder.contract.key)?;
            Ok(Ok(Debt { holder, bills }))
        })
    }
}
