//! Companies read before. All of a company but its policy and the number of its issuer is fixed when
//! its books are opened, so a row with those seen last is the company seen last: its policy is not
//! parsed again.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use ventanilla_domain::{Company, CompanyId};

use crate::StoreError;

#[derive(Debug, Default)]
pub(crate) struct KnownCompanies(RwLock<HashMap<CompanyId, (String, Arc<Company>)>>);

impl KnownCompanies {
    /// The company whose row has that policy and issuer, as it was read before or as `read` reads it now.
    pub(super) fn company(
        &self,
        id: CompanyId,
        policy: &str,
        issuer: u32,
        read: impl FnOnce(&str) -> Result<Company, StoreError>,
    ) -> Result<Arc<Company>, StoreError> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let is_seen =
            |(seen, company): &&(String, Arc<Company>)| seen == policy && company.issuer == issuer;
        if let Some((_, company)) = known.get(&id).filter(is_seen) {
            return Ok(Arc::clone(company));
        }
        drop(known);
        let company = Arc::new(read(policy)?);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(id, (policy.to_owned(), Arc::clone(&company)));
        Ok(company)
    }
}
