//! What stood before, read.

use ventanilla_domain::{
    CompanyId, Contract, ContractKey, EntryNumber, FileId, Holder, Issuer, Logo, Member, MemberId,
};

use super::read::{CONTRACT_LEN, MEMBER_LEN};
use super::rows::{contract, file, member, string};
use super::{Reads, Row};
use crate::journal::{read_issuer, read_logo};
use crate::values::id;
use crate::{Digest, FileRecord, StoreError};

type Read<T> = Result<T, StoreError>;
type Visit<'v, T> = &'v mut dyn FnMut(T) -> Read<()>;

impl Reads<'_> {
    pub(crate) fn issuer(self, company: CompanyId, number: u32) -> Read<Option<Issuer>> {
        let sql = "SELECT record FROM issuer WHERE company_id = ?1 AND number = ?2";
        self.one(sql, (company.to_i64(), number), |row| read_issuer(string(row, 0)?))
    }

    pub(crate) fn logo(self, company: CompanyId, sha256: &Digest) -> Read<Option<Logo>> {
        let sql = "SELECT sha256, record FROM logo WHERE company_id = ?1 AND sha256 = ?2";
        let found = self.one(sql, (company.to_i64(), sha256), logo)?;
        Ok(found.map(|(_, logo)| logo))
    }

    pub(crate) fn file(self, company: CompanyId, file_id: FileId) -> Read<Option<FileRecord>> {
        let sql = concat!(
            "SELECT ",
            file_columns!(),
            " FROM imported_file WHERE company_id = ?1 AND file_id = ?2"
        );
        self.one(sql, (company.to_i64(), file_id.to_i64()), file)
    }

    pub(crate) fn holder_at(
        self,
        company: CompanyId,
        key: ContractKey,
        entry: EntryNumber,
    ) -> Read<Option<Holder>> {
        let former = self.former_contract(company, key, entry)?;
        let contract = match former {
            Some(contract) => Some(contract),
            None => self.contract_of_key(company, key)?,
        };
        let Some(contract) = contract else { return Ok(None) };
        let former = self.former_member(company, contract.member, entry)?;
        let member = match former {
            Some(member) => Some(member),
            None => self.member(company, contract.member)?,
        };
        Ok(member.map(|member| Holder { contract, member }))
    }

    /// The contract as it stood right after an entry, where a later one changed it.
    fn former_contract(
        self,
        company: CompanyId,
        key: ContractKey,
        entry: EntryNumber,
    ) -> Read<Option<Contract>> {
        let sql = concat!(
            "SELECT ",
            contract_columns!(),
            " FROM former_contract c WHERE c.company_id = ?1 AND c.contract_key = ?2",
            " AND c.until_entry > ?3 ORDER BY c.until_entry LIMIT 1"
        );
        let key = (company.to_i64(), key.to_i64(), entry.to_i64());
        self.one(sql, key, |row| contract(row, 0))
    }

    /// The same of a member.
    fn former_member(
        self,
        company: CompanyId,
        member_id: MemberId,
        entry: EntryNumber,
    ) -> Read<Option<Member>> {
        let sql = concat!(
            "SELECT ",
            member_columns!(),
            " FROM former_member m WHERE m.company_id = ?1 AND m.member_id = ?2",
            " AND m.until_entry > ?3 ORDER BY m.until_entry LIMIT 1"
        );
        self.one(sql, (company.to_i64(), member_id.to_i64(), entry.to_i64()), member)
    }

    pub(crate) fn each_issuer(
        self,
        company: CompanyId,
        visit: Visit<'_, (u32, Issuer)>,
    ) -> Read<()> {
        let sql = "SELECT number, record FROM issuer WHERE company_id = ?1";
        let from_row = |row: Row<'_>| Ok((row.get(0)?, read_issuer(string(row, 1)?)?));
        self.each(sql, [company.to_i64()], from_row, visit)
    }

    pub(crate) fn each_logo(
        self,
        company: CompanyId,
        visit: Visit<'_, (Digest, Logo)>,
    ) -> Read<()> {
        let sql = "SELECT sha256, record FROM logo WHERE company_id = ?1";
        self.each(sql, [company.to_i64()], logo, visit)
    }

    pub(crate) fn each_former_member(
        self,
        company: CompanyId,
        visit: Visit<'_, (EntryNumber, Member)>,
    ) -> Read<()> {
        let sql = concat!(
            "SELECT ",
            member_columns!(),
            ", m.until_entry FROM former_member m WHERE m.company_id = ?1"
        );
        let from_row =
            |row: Row<'_>| Ok((id(EntryNumber::from_i64, row.get(MEMBER_LEN)?)?, member(row)?));
        self.each(sql, [company.to_i64()], from_row, visit)
    }

    pub(crate) fn each_former_contract(
        self,
        company: CompanyId,
        visit: Visit<'_, (EntryNumber, Contract)>,
    ) -> Read<()> {
        let sql = concat!(
            "SELECT ",
            contract_columns!(),
            ", c.until_entry FROM former_contract c WHERE c.company_id = ?1"
        );
        let from_row = |row: Row<'_>| {
            Ok((id(EntryNumber::from_i64, row.get(CONTRACT_LEN)?)?, contract(row, 0)?))
        };
        self.each(sql, [company.to_i64()], from_row, visit)
    }
}

/// A logo under the hash by which it is looked for, which must be its own.
fn logo(row: Row<'_>) -> Read<(Digest, Logo)> {
    let (sha256, logo) = (row.get(0)?, read_logo(string(row, 1)?)?);
    if *logo.sha256() != sha256 {
        return Err(StoreError::damaged("a logo is not the one of its hash"));
    }
    Ok((sha256, logo))
}
