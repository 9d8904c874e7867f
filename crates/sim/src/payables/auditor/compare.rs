//! Comparing the books kept here with those of a store, and both with what the documents add up to.

use std::collections::BTreeMap;

use ventanilla_domain::{Account, Company, CompanyId, Means, PurchaseInvoiceId, Withholding};
use ventanilla_store::{Entry, StoreError, View};

use super::Auditor;
use super::books::{Books, Made};
use super::postings::{Sums, family, post, settled_minor, taken_minor};

/// Entries that are read at a time.
const PAGE_LEN: usize = 500;

type Findings = Vec<String>;

impl Auditor {
    /// Compares all that a store keeps of the suppliers' side with what the acts so far leave.
    pub fn compare(&mut self, view: &View<'_>) -> Result<(), StoreError> {
        let mut found = Findings::new();
        for (company, books) in &self.books {
            books.compare_counters(view, *company, &mut found)?;
            books.compare_balances(view, *company, &mut found)?;
            books.compare_numbers(view, *company, &mut found)?;
            books.compare_documents(view, &mut found)?;
            books.add_up(&mut found);
        }
        self.findings.extend(found);
        Ok(())
    }

    /// Compares the sums of each family of accounts with what the journal's entries posted.
    pub fn compare_journal(&mut self, view: &View<'_>) -> Result<(), StoreError> {
        let mut found = Findings::new();
        for books in self.books.values() {
            let posted = by_family(&posted(view, &books.company, &mut found)?);
            check(&mut found, "the journal's sums", &posted, &by_family(&books.sums));
        }
        self.findings.extend(found);
        Ok(())
    }

    /// How many payouts stand, and how many were made and reversed.
    pub fn count(&self) -> (usize, usize) {
        let all = || self.books.values().flat_map(|books| books.payouts.values());
        let reversed = all().filter(|made| made.is_reversed).count();
        (all().count() - reversed, reversed)
    }
}

impl Books {
    fn compare_counters(
        &self,
        view: &View<'_>,
        company: CompanyId,
        found: &mut Findings,
    ) -> Result<(), StoreError> {
        let kept = view.counters(company)?.map(|counters| {
            let ids = (counters.next_supplier.to_i64(), counters.next_invoice.to_i64());
            ([ids.0, ids.1, counters.next_payout.to_i64()], counters.payable_entries)
        });
        check(found, "the counters", &kept, &Some((self.last_ids.map(|id| id + 1), self.kept)));
        Ok(())
    }

    fn compare_balances(
        &self,
        view: &View<'_>,
        company: CompanyId,
        found: &mut Findings,
    ) -> Result<(), StoreError> {
        for account in self.accounts() {
            let kept = view.balance(company, &account)?;
            let expected = self.sums.get(&account).copied().unwrap_or(0);
            check(found, &format!("the balance of {account}"), &kept, &expected);
        }
        Ok(())
    }

    /// Every account of the suppliers' side, posted to or not.
    fn accounts(&self) -> Vec<Account> {
        let suppliers = self.suppliers.keys();
        let own = suppliers.flat_map(|id| [Account::Payable(*id), Account::Advance(*id)]);
        let means = Means::ALL.into_iter().map(Account::Means);
        let withheld = Withholding::ALL.into_iter().map(Account::Withheld);
        let others = [Account::Discounts, Account::Interest, Account::Expense];
        own.chain(means).chain(withheld).chain(others).collect()
    }

    fn compare_numbers(
        &self,
        view: &View<'_>,
        company: CompanyId,
        found: &mut Findings,
    ) -> Result<(), StoreError> {
        let mut greatest = BTreeMap::new();
        for made in self.payouts.values() {
            let number = made.payout.number;
            let holder = view.payout_numbered(company, number)?;
            check(found, &format!("the holder of {number}"), &holder, &Some(made.payout.id));
            let serial = greatest.entry(number.to_point()).or_insert(0);
            *serial = number.to_serial().max(*serial);
        }
        for (point, serial) in greatest {
            let last = view.last_serial(company, point)?;
            check(found, &format!("the last number of point {point}"), &last, &serial);
        }
        Ok(())
    }

    fn compare_documents(&self, view: &View<'_>, found: &mut Findings) -> Result<(), StoreError> {
        let (mut suppliers, mut invoices, mut payouts) = (Vec::new(), Vec::new(), Vec::new());
        view.each_supplier(self.company.id, &mut |supplier| {
            suppliers.push(supplier);
            Ok(())
        })?;
        view.each_invoice(&self.company, &mut |entered| {
            invoices.push((entered.invoice, entered.applied.to_minor()));
            Ok(())
        })?;
        view.each_payout(&self.company, &mut |payout| {
            let standing = view.payout_standing(&self.company, payout.id)?;
            let is_reversed = standing.is_some_and(|(_, is_reversed)| is_reversed);
            payouts.push((payout, is_reversed));
            Ok(())
        })?;
        let expected: Vec<_> = self.suppliers.values().cloned().collect();
        check(found, "the suppliers", &suppliers, &expected);
        let expected = self.invoices.values();
        let expected: Vec<_> =
            expected.map(|known| (known.invoice.clone(), known.applied_minor)).collect();
        check(found, "the invoices", &invoices, &expected);
        let expected = self.payouts.values();
        let expected: Vec<_> =
            expected.map(|made| (made.payout.clone(), made.is_reversed)).collect();
        check(found, "the payouts", &payouts, &expected);
        Ok(())
    }

    /// The documents alone tell what is open of each invoice, what each supplier is owed and was
    /// advanced, and that no number was used twice.
    fn add_up(&self, found: &mut Findings) {
        let standing = || self.payouts.values().filter(|made| !made.is_reversed);
        let mut applied: BTreeMap<PurchaseInvoiceId, i64> = BTreeMap::new();
        let mut expected = Sums::new();
        for Made { payout, .. } in standing() {
            let (terms, taken) = (&payout.terms, taken_minor(&payout.terms));
            for application in &terms.applied {
                *applied.entry(application.invoice).or_default() += application.amount.to_minor();
            }
            post(&mut expected, Account::Advance(terms.supplier), settled_minor(terms) - taken);
        }
        for (id, known) in &self.invoices {
            let applied = applied.get(id).copied().unwrap_or(0);
            let total = known.invoice.terms.total.to_minor();
            let fits = applied == known.applied_minor && (0..=total).contains(&applied);
            check(found, &format!("what is settled of invoice {id}"), &fits, &true);
            let account = Account::Payable(known.invoice.terms.supplier);
            post(&mut expected, account, applied - total);
        }
        for (account, minor) in expected {
            let kept = self.sums.get(&account).copied().unwrap_or(0);
            check(found, &format!("what {account} adds up to"), &kept, &minor);
        }
        check(found, "how many numbers there are", &self.numbers.len(), &self.payouts.len());
        check(found, "the sum of all accounts", &self.sums.values().sum::<i64>(), &0);
    }
}

/// What a journal's entries posted to the accounts of the suppliers' side. An entry that posts to
/// these and to others, or sums to something, is a finding.
fn posted(view: &View<'_>, company: &Company, found: &mut Findings) -> Result<Sums, StoreError> {
    let (mut sums, mut next) = (Sums::new(), 1);
    loop {
        let page = view.entries(company, next, PAGE_LEN)?;
        let Some(last) = page.last() else { return Ok(sums) };
        next = last.number.to_i64() + 1;
        for Entry { number, postings, .. } in page {
            let accounts = || postings.iter().flat_map(|row| [&row.debit, &row.credit]);
            let own = accounts().filter(|account| family(account).is_some()).count();
            check(
                found,
                &format!("entry {number}'s sides"),
                &(own % (postings.len() * 2).max(1)),
                &0,
            );
            for row in postings.into_iter().filter(|_| own > 0) {
                post(&mut sums, row.debit, row.amount.to_minor());
                post(&mut sums, row.credit, -row.amount.to_minor());
            }
        }
    }
}

/// Sums by family of accounts; those of nothing are left out.
fn by_family(sums: &Sums) -> BTreeMap<&'static str, i64> {
    let mut families = BTreeMap::new();
    for (account, minor) in sums {
        *families.entry(family(account).unwrap_or("another side")).or_insert(0) += minor;
    }
    families.retain(|_, minor| *minor != 0);
    families
}

fn check<T: PartialEq + std::fmt::Debug>(found: &mut Findings, what: &str, kept: &T, due: &T) {
    if kept != due {
        found.push(format!("{what}: {kept:#?}, not {due:#?}"));
    }
}
