//! What is behind an account: its entries, the newest first, in pages of bounded work.

use ventanilla_domain::{Account, CollectorId, Company, EntryNumber, Event, Member};
use ventanilla_store::{AccountPage, Store};

use crate::world::{World, each_store, id, instant};

impl World {
    fn page(&self, account: &Account, before: Option<i64>, len: usize) -> AccountPage {
        self.store.settle().unwrap();
        let before = before.map(|before| id(EntryNumber::from_i64, before));
        let snapshot = self.store.snapshot().unwrap();
        snapshot.view().entries_of(&self.company(), account, before, len).unwrap()
    }
}

/// `number kind sum`, and where to go on.
fn told(page: &AccountPage, account: &Account) -> (Vec<String>, Option<i64>) {
    let entries = page.entries.iter().map(|entry| {
        let sum: i64 = entry
            .postings
            .iter()
            .map(|posting| match posting.amount.to_minor() {
                minor if posting.debit == *account => minor,
                minor => -minor,
            })
            .sum();
        assert_eq!(entry.recorded_at, instant());
        format!("{} {} {sum}", entry.number, entry.kind)
    });
    (entries.collect(), page.before.map(EntryNumber::to_i64))
}

#[test]
fn the_entries_of_an_account_come_newest_first_page_by_page() {
    each_store(|world| {
        // Entries 1 to 4 are the company, the file, the member and the contract; 5 to 7 the bills.
        let payment = world.pay(1, None);
        world.reverse(&payment, None);
        world.pay(2, None);
        let receivable = Account::Receivable;
        let (all, before) = told(&world.page(&receivable, None, 10), &receivable);
        let expected = [
            "10 payment-made -200",
            "9 payment-reversed 100",
            "8 payment-made -100",
            "7 bills-versioned 300",
            "6 bills-versioned 200",
            "5 bills-versioned 100",
        ];
        assert_eq!((all.as_slice(), before), (&expected.map(str::to_owned)[..], None));
        let mut pages = Vec::new();
        let mut before = None;
        loop {
            let (page, next) = told(&world.page(&receivable, before, 4), &receivable);
            pages.push(page);
            before = next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(pages, [expected[..4].to_vec(), expected[4..].to_vec()]);
        let collector = Account::Collector(CollectorId::FIRST);
        let (of_collector, _) = told(&world.page(&collector, None, 10), &collector);
        assert_eq!(
            of_collector,
            ["10 payment-made 200", "9 payment-reversed -100", "8 payment-made 100",]
        );
        let other = Account::Collector(id(CollectorId::from_i64, 2));
        assert_eq!(told(&world.page(&other, None, 10), &other), (Vec::new(), None));
        assert_eq!(told(&world.page(&receivable, Some(5), 10), &receivable), (Vec::new(), None));
        let beyond = told(&world.page(&receivable, Some(1_000), 1), &receivable);
        assert_eq!(beyond, (vec!["10 payment-made -200".to_owned()], Some(10)));
    });
}

#[test]
fn no_more_than_so_many_entries_are_looked_at() {
    each_store(|world| {
        world.pay(1, None);
        let company = world.company().id;
        let mut tx = world.store.begin().unwrap();
        let member = world.member(316);
        for _ in 0..5_000 {
            let member = Member { phone: None, ..member.clone() };
            tx.append(company, Event::MemberKept(Box::new(member)), instant()).unwrap();
        }
        tx.commit().unwrap();
        let receivable = Account::Receivable;
        // Entry 8 is the payment; 9 to 5,008 what comes between.
        assert_eq!(told(&world.page(&receivable, None, 3), &receivable), (Vec::new(), Some(9)));
        let (entries, before) = told(&world.page(&receivable, Some(9), 1), &receivable);
        assert_eq!((entries, before), (vec!["8 payment-made -100".to_owned()], Some(8)));
    });
}

#[test]
fn an_entry_is_told_by_its_number() {
    each_store(|world| {
        let payment = world.pay(1, None);
        world.store.settle().unwrap();
        let company: std::sync::Arc<Company> = world.company();
        let snapshot = world.store.snapshot().unwrap();
        let entry = |number| {
            let number = id(EntryNumber::from_i64, number);
            snapshot.view().entry(&company, number).unwrap()
        };
        let made = entry(8).unwrap();
        assert_eq!(made.event, Event::PaymentMade(Box::new(payment)));
        assert_eq!((made.number.to_i64(), made.postings.len()), (8, 1));
        assert!(entry(9).is_none());
    });
}

#[test]
fn a_company_that_is_not_there_has_no_entries() {
    let world = World::made(Store::memory(crate::sqlite::keys()));
    let company = Company {
        id: id(ventanilla_domain::CompanyId::from_i64, 99),
        ..world.company().as_ref().clone()
    };
    let snapshot = world.store.snapshot().unwrap();
    let page = snapshot.view().entries_of(&company, &Account::Receivable, None, 5).unwrap();
    assert_eq!(page, AccountPage::default());
}
