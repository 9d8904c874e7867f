//! What stood before: who headed a company's papers and with which logo, version by version, and members and contracts
//! as they were until an entry changed them. What is printed of a payment is read of it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use ventanilla_domain::{
    Company, CompanyId, Contract, ContractKey, EntryNumber, FileId, Holder, Issuer, Logo, Member,
    MemberId,
};

use crate::memory::{Books, State};
use crate::verify::{Findings, table};
use crate::view::{From, View, read};
use crate::{Digest, FileRecord, StoreError, to_hex};

type Read<T> = Result<T, StoreError>;
type Visit<'v, T> = &'v mut dyn FnMut(T) -> Read<()>;

/// Rows by what they are of and the entry that changed them.
type Until<K, V> = BTreeMap<(K, EntryNumber), V>;

/// What a company's books hold of what stood before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Former {
    pub(crate) issuers: BTreeMap<u32, Issuer>,
    pub(crate) logos: BTreeMap<Digest, Logo>,
    pub(crate) members: Until<MemberId, Member>,
    pub(crate) contracts: Until<ContractKey, Contract>,
}

impl Books {
    pub(crate) fn keep_issuer(&mut self, issuer: &Issuer) -> Read<()> {
        if self.company.issuer.checked_add(1) != Some(issuer.number) {
            return Err(StoreError::damaged("an issuer is not the next one"));
        }
        if issuer.logo.is_some_and(|logo| !self.former.logos.contains_key(&logo)) {
            return Err(StoreError::damaged("an issuer names a logo that is not kept"));
        }
        Arc::make_mut(&mut self.company).issuer = issuer.number;
        self.former.issuers.insert(issuer.number, issuer.clone());
        Ok(())
    }

    pub(crate) fn keep_logo(&mut self, logo: &Logo) -> Read<()> {
        match self.former.logos.insert(*logo.sha256(), logo.clone()) {
            None => Ok(()),
            Some(_) => Err(StoreError::damaged("a logo is kept already")),
        }
    }

    /// Keeps what the next entry changes of a member: nothing where it says the same again.
    pub(crate) fn keep_former_member(&mut self, before: Member, member: &Member) {
        if before != *member {
            self.former.members.insert((before.id, self.counters.next_entry), before);
        }
    }

    /// The same of a contract.
    pub(crate) fn keep_former_contract(&mut self, before: Contract, contract: &Contract) {
        if before != *contract {
            self.former.contracts.insert((before.key, self.counters.next_entry), before);
        }
    }

    fn holder_at(&self, key: ContractKey, entry: EntryNumber) -> Option<Holder> {
        let contract = right_after(&self.former.contracts, key, entry);
        let contract = contract.or_else(|| self.contracts.get(&key))?;
        let member = right_after(&self.former.members, contract.member, entry);
        let member = member.or_else(|| self.members.get(&contract.member))?;
        Some(Holder { contract: contract.clone(), member: member.clone() })
    }
}

/// The row as it stood right after an entry; `None` where no later entry changed it.
fn right_after<K: Ord + Copy, V>(rows: &Until<K, V>, key: K, entry: EntryNumber) -> Option<&V> {
    let later = (Bound::Excluded((key, entry)), Bound::Unbounded);
    let ((of, _), row) = rows.range(later).next()?;
    (*of == key).then_some(row)
}

impl State {
    fn former(&self, company: CompanyId) -> impl Iterator<Item = &Former> {
        self.books_of(company).map(|books| &books.former).into_iter()
    }
}

impl View<'_> {
    /// A version of who heads a company's papers.
    pub fn issuer(&self, company: CompanyId, number: u32) -> Read<Option<Issuer>> {
        read!(self, view =>
            view.former(company).find_map(|former| former.issuers.get(&number).cloned()),
            view.issuer(company, number))
    }

    /// A logo that versions of a company's issuer name.
    pub fn logo(&self, company: CompanyId, sha256: &Digest) -> Read<Option<Logo>> {
        read!(self, view =>
            view.former(company).find_map(|former| former.logos.get(sha256).cloned()),
            view.logo(company, sha256))
    }

    /// An imported file.
    pub fn file(&self, company: CompanyId, file: FileId) -> Read<Option<FileRecord>> {
        read!(self, view =>
            view.books_of(company).and_then(|books| books.files.get(&file).cloned()),
            view.file(company, file))
    }

    /// A contract with its holder as both stood right after an entry. What was made later is told as
    /// it was made.
    pub fn holder_at(
        &self,
        company: CompanyId,
        contract: ContractKey,
        entry: EntryNumber,
    ) -> Read<Option<Holder>> {
        read!(self, view =>
            view.books_of(company).and_then(|books| books.holder_at(contract, entry)),
            view.holder_at(company, contract, entry))
    }

    fn each_issuer(&self, company: CompanyId, to: Visit<'_, (u32, Issuer)>) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let mut issuers = state.former(company).flat_map(|former| &former.issuers);
                issuers.try_for_each(|(number, issuer)| to((*number, issuer.clone())))
            }
            From::Sql(reads) => reads.each_issuer(company, to),
        }
    }

    fn each_logo(&self, company: CompanyId, to: Visit<'_, (Digest, Logo)>) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let mut logos = state.former(company).flat_map(|former| &former.logos);
                logos.try_for_each(|(sha256, logo)| to((*sha256, logo.clone())))
            }
            From::Sql(reads) => reads.each_logo(company, to),
        }
    }

    fn each_former_member(
        &self,
        company: CompanyId,
        to: Visit<'_, (EntryNumber, Member)>,
    ) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let mut rows = state.former(company).flat_map(|former| &former.members);
                rows.try_for_each(|((_, until), member)| to((*until, member.clone())))
            }
            From::Sql(reads) => reads.each_former_member(company, to),
        }
    }

    fn each_former_contract(
        &self,
        company: CompanyId,
        to: Visit<'_, (EntryNumber, Contract)>,
    ) -> Read<()> {
        match self.from {
            From::Memory(state) => {
                let mut rows = state.former(company).flat_map(|former| &former.contracts);
                rows.try_for_each(|((_, until), contract)| to((*until, contract.clone())))
            }
            From::Sql(reads) => reads.each_former_contract(company, to),
        }
    }
}

/// Compares what stood before with the books rebuilt.
pub(crate) fn compare(
    view: &View<'_>,
    company: &Company,
    former: Former,
    found: &mut Findings,
) -> Read<()> {
    let id = company.id;
    table(
        found,
        "issuer",
        former.issuers,
        |number| format!("emisor {number}"),
        |to| view.each_issuer(id, &mut |(number, issuer)| to(number, issuer)),
    )?;
    table(
        found,
        "logo",
        former.logos,
        |sha256| format!("logotipo {}", to_hex(sha256)),
        |to| view.each_logo(id, &mut |(sha256, logo)| to(sha256, logo)),
    )?;
    table(
        found,
        "former_member",
        former.members,
        |(member, until)| format!("socio {member} hasta el asiento {until}"),
        |to| view.each_former_member(id, &mut |(until, member)| to((member.id, until), member)),
    )?;
    table(
        found,
        "former_contract",
        former.contracts,
        |(key, until)| format!("contrato de clave {key} hasta el asiento {until}"),
        |to| {
            view.each_former_contract(id, &mut |(until, contract)| {
                to((contract.key, until), contract)
            })
        },
    )
}
