//! Who heads the papers, and members and contracts: what their rows said before is kept with the
//! entry that changes them.

use ventanilla_domain::{CompanyId, Contract, Issuer, LocationCode, Logo, Member, Text};

use super::{SqlTx, Write, exhausted};
use crate::sql::Value;
use crate::values::to_contract_code;
use crate::{Counters, StoreError, Written};

impl SqlTx<'_> {
    pub(super) fn keep_issuer(
        &self,
        company: CompanyId,
        issuer: &Issuer,
        written: &Written,
    ) -> Write {
        if let Some(logo) = &issuer.logo
            && self.reads().logo(company, logo)?.is_none()
        {
            return Err(StoreError::damaged("an issuer names a logo that is not kept"));
        }
        self.run_one(
            "UPDATE company SET issuer = ?2 WHERE company_id = ?1 AND issuer = ?2 - 1",
            (company.to_i64(), issuer.number),
            "an issuer is not the next one",
        )?;
        self.run(
            "INSERT INTO issuer (company_id, number, record) VALUES (?1, ?2, ?3)",
            (company.to_i64(), issuer.number, &written.payload),
        )?;
        Ok(())
    }

    pub(super) fn keep_logo(&self, company: CompanyId, logo: &Logo, written: &Written) -> Write {
        self.run_one(
            "INSERT INTO logo (company_id, sha256, record) VALUES (?1, ?2, ?3) \
             ON CONFLICT DO NOTHING",
            (company.to_i64(), logo.sha256(), &written.payload),
            "a logo is kept already",
        )
    }

    /// Keeps a member; what it was before, where it was there.
    pub(super) fn keep_member(
        &self,
        company: CompanyId,
        member: &Member,
        counters: &mut Counters,
    ) -> Result<Option<Member>, StoreError> {
        let row = member_row(company, member);
        // Most members of a file are new: those pay for nothing else.
        let is_new = self.run(
            "INSERT INTO member (company_id, member_id, name, document_kind, document_number, \
             tax_id, location, email, phone, is_assigned) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT DO NOTHING",
            row.as_slice(),
        )? == 1;
        let before = if is_new { None } else { self.reads().member(company, member.id)? };
        if !is_new {
            self.keep_former_member(&row, counters)?;
            self.run(
                "UPDATE member SET name = ?3, document_kind = ?4, document_number = ?5, \
                 tax_id = ?6, location = ?7, email = ?8, phone = ?9, is_assigned = ?10 \
                 WHERE company_id = ?1 AND member_id = ?2",
                row.as_slice(),
            )?;
        }
        while self.reads().member(company, counters.next_member)?.is_some() {
            counters.next_member = counters.next_member.checked_next().map_err(exhausted)?;
        }
        Ok(before)
    }

    /// Keeps the member's row as it stands, where the next entry changes it.
    fn keep_former_member(&self, row: &[Value<'_>], counters: &Counters) -> Write {
        let until = Value::from(counters.next_entry.to_i64());
        self.run(
            "INSERT INTO former_member (company_id, member_id, until_entry, name, document_kind, \
             document_number, tax_id, location, email, phone, is_assigned) \
             SELECT company_id, member_id, CAST(?11 AS BIGINT), name, document_kind, document_number, tax_id, \
             location, email, phone, is_assigned FROM member \
             WHERE company_id = ?1 AND member_id = ?2 AND (name, document_kind, document_number, \
             tax_id, location, email, phone, is_assigned) IS DISTINCT FROM (?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            [row, &[until]].concat().as_slice(),
        )?;
        Ok(())
    }

    pub(super) fn keep_contract(
        &self,
        company: CompanyId,
        contract: &Contract,
        counters: &mut Counters,
    ) -> Write {
        let row = contract_row(company, contract);
        if contract.key == counters.next_contract {
            counters.next_contract = contract.key.checked_next().map_err(exhausted)?;
        } else {
            self.keep_former_code(company, contract)?;
            self.keep_former_contract(&row, counters)?;
        }
        self.run(
            "INSERT INTO contract (company_id, contract_key, code, member_id, state, address, \
             supply_point) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
             ON CONFLICT (company_id, contract_key) DO UPDATE SET code = excluded.code, \
             member_id = excluded.member_id, state = excluded.state, address = excluded.address, \
             supply_point = excluded.supply_point",
            row.as_slice(),
        )?;
        Ok(())
    }

    /// Keeps the code that a contract had until now, where the contract gets another.
    fn keep_former_code(&self, company: CompanyId, contract: &Contract) -> Write {
        self.run(
            "INSERT INTO former_code (company_id, code, contract_key) \
             SELECT company_id, code, contract_key FROM contract \
             WHERE company_id = ?1 AND contract_key = ?2 AND code <> ?3 \
             ON CONFLICT DO NOTHING",
            (company.to_i64(), contract.key.to_i64(), contract.code.as_str()),
        )?;
        Ok(())
    }

    /// The same of the contract's row.
    fn keep_former_contract(&self, row: &[Value<'_>], counters: &Counters) -> Write {
        let until = Value::from(counters.next_entry.to_i64());
        self.run(
            "INSERT INTO former_contract (company_id, contract_key, until_entry, code, member_id, \
             state, address, supply_point) \
             SELECT company_id, contract_key, CAST(?8 AS BIGINT), code, member_id, state, address, supply_point \
             FROM contract WHERE company_id = ?1 AND contract_key = ?2 \
             AND (code, member_id, state, address, supply_point) IS DISTINCT FROM (?3, ?4, ?5, ?6, ?7)",
            [row, &[until]].concat().as_slice(),
        )?;
        Ok(())
    }
}

fn member_row(company: CompanyId, member: &Member) -> [Value<'_>; 10] {
    [
        company.to_i64().into(),
        member.id.to_i64().into(),
        member.name.as_str().into(),
        words(member.document_kind.as_ref()),
        words(member.document_number.as_ref()),
        words(member.tax_id.as_ref()),
        location(member.location),
        words(member.email.as_ref()),
        words(member.phone.as_ref()),
        member.is_assigned.into(),
    ]
}

fn contract_row(company: CompanyId, contract: &Contract) -> [Value<'_>; 7] {
    [
        company.to_i64().into(),
        contract.key.to_i64().into(),
        contract.code.as_str().into(),
        contract.member.to_i64().into(),
        to_contract_code(contract.state).into(),
        words(contract.address.as_ref()),
        location(contract.supply_point),
    ]
}

fn words<const MAX: usize>(text: Option<&Text<MAX>>) -> Value<'_> {
    text.map_or(Value::Null, |text| text.as_str().into())
}

fn location(code: Option<LocationCode>) -> Value<'static> {
    code.map_or(Value::Null, |code| code.to_i64().into())
}
