//! What files bring and exports take, in every store.

use ventanilla_domain::{
    BillChange, BillId, BillState, BillVersion, Contract, ContractCode, ContractKey, ContractState,
    Event, FileId, ImportTotals, MemberId, PaymentId, SourceLine, Tally,
};
use ventanilla_store::StoreError;

use crate::world::{World, bob, each_store, id, instant};

fn in_force(world: &World, bill: i64) -> BillVersion {
    let snapshot = world.store.snapshot().unwrap();
    let bill = id(BillId::from_i64, bill);
    snapshot.view().version_in_force(&world.company(), bill).unwrap().unwrap()
}

/// The version that comes after the one in force, with another amount.
fn next(world: &World, bill: i64, minor: i64) -> BillChange {
    let before = in_force(world, bill);
    let mut version = BillVersion { number: before.number + 1, ..before.clone() };
    version.terms.amount = bob(minor);
    version.revenue[0].amount = version.terms.amount;
    BillChange { version, replaced: Some(before) }
}

fn append(world: &World, changes: Vec<BillChange>) -> Result<(), StoreError> {
    let mut tx = world.store.begin().unwrap();
    tx.append_bills(world.company().id, changes, instant())?;
    tx.commit().unwrap();
    Ok(())
}

#[test]
fn the_bills_of_a_chunk_share_an_entry() {
    each_store(|world| {
        let entries = world.store.verify().unwrap().entries;
        append(world, vec![next(world, 1, 150), next(world, 3, 120)]).unwrap();
        let report = world.store.verify().unwrap();
        assert_eq!((report.entries, report.findings), (entries + 1, Vec::new()));
        let company = world.company();
        let snapshot = world.store.snapshot().unwrap();
        let last = i64::try_from(report.entries).unwrap();
        let entry = snapshot.view().entries(&company, last, 1).unwrap().remove(0);
        let posted: Vec<_> = entry
            .postings
            .iter()
            .map(|row| format!("{} {} {}", row.debit, row.credit, row.amount.to_decimal()))
            .collect();
        // A rise of 0.50 and a fall of 1.80 are not set off against each other.
        assert_eq!(posted, ["receivable revenue 0.50", "revenue receivable 1.80"]);
        let numbers = [1, 2, 3].map(|bill| in_force(world, bill).number);
        assert_eq!(numbers, [2, 1, 2]);
    });
}

#[test]
fn an_entry_has_a_bill_once() {
    each_store(|world| {
        let first = next(world, 1, 150);
        let mut second = next(world, 1, 160);
        second.version.number = 3;
        second.replaced = Some(first.version.clone());
        let refused = append(world, vec![first, second]);
        assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
        assert_eq!(in_force(world, 1).number, 1);
    });
}

#[test]
fn one_contract_owes_a_bill() {
    each_store(|world| {
        let second = Contract {
            key: id(ContractKey::from_i64, 2),
            code: ContractCode::from_text("346").unwrap(),
            member: id(MemberId::from_i64, 316),
            state: ContractState::Active,
            address: None,
            supply_point: None,
        };
        world.keep(Event::ContractKept(Box::new(second.clone())));
        let version = BillVersion { contract: second.key, ..in_force(world, 1) };
        let refused = append(world, vec![BillChange { version, replaced: None }]);
        assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

#[test]
fn the_version_in_force_is_found_by_its_bill_alone() {
    each_store(|world| {
        append(world, vec![next(world, 2, 150)]).unwrap();
        assert_eq!((in_force(world, 2).number, in_force(world, 2).terms.amount), (2, bob(150)));
        let snapshot = world.store.snapshot().unwrap();
        let unknown = id(BillId::from_i64, 9);
        assert_eq!(snapshot.view().version_in_force(&world.company(), unknown).unwrap(), None);
    });
}

#[test]
fn a_file_is_finished_once() {
    each_store(|world| {
        let company = world.company().id;
        let files = || world.store.snapshot().unwrap().view().files(company).unwrap();
        assert_eq!((files().len(), files()[0].totals), (1, None));
        // The company's books and its first file.
        assert_eq!(files()[0].entry.to_i64(), 2);
        let new = Tally { count: 3, difference_minor: 600 };
        let totals = ImportTotals { lines: 3, new, ..ImportTotals::default() };
        let finished = |file| Event::FileFinished { file, totals: Box::new(totals) };
        world.keep(finished(FileId::FIRST));
        assert_eq!(files()[0].totals, Some(totals));
        world.refuses(finished(FileId::FIRST));
        world.refuses(finished(id(FileId::from_i64, 9)));
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

#[test]
fn a_contract_is_found_by_the_code_it_once_had() {
    each_store(|world| {
        let company = world.company().id;
        let code = |text| ContractCode::from_text(text).unwrap();
        let called = |text| {
            let snapshot = world.store.snapshot().unwrap();
            let found = snapshot.view().once_called(company, &code(text)).unwrap();
            found.iter().map(|contract| contract.code.to_string()).collect::<Vec<_>>()
        };
        let named = |key, text| {
            Event::ContractKept(Box::new(Contract {
                key: id(ContractKey::from_i64, key),
                code: code(text),
                member: id(MemberId::from_i64, 316),
                state: ContractState::Active,
                address: None,
                supply_point: None,
            }))
        };
        world.keep(named(1, "345"));
        assert_eq!(called("345"), Vec::<String>::new(), "it has that code now");
        world.keep(named(1, "A-1"));
        world.keep(named(2, "345"));
        world.keep(named(2, "B-1"));
        world.keep(named(1, "345"));
        world.keep(named(1, "A-2"));
        assert_eq!(called("345"), ["A-2", "B-1"]);
        assert_eq!(called("A-1"), ["A-2"]);
        assert_eq!(called("A-2"), Vec::<String>::new());
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

#[test]
fn payments_and_reversals_are_numbered_without_gaps() {
    each_store(|world| {
        let first = world.pay(1, None);
        append(world, vec![next(world, 2, 150)]).unwrap();
        world.reverse(&first, None);
        world.pay_as(id(PaymentId::from_i64, 900), 3, None);
        let company = world.company();
        let snapshot = world.store.snapshot().unwrap();
        let events = |after, len| {
            let events = snapshot.view().events_after(&company, after, len).unwrap();
            let told = |event: &Event| match event {
                Event::PaymentMade(payment) => format!("+{}", payment.id),
                Event::PaymentReversed(reversal) => format!("-{}", reversal.payment),
                other => panic!("{other:?}"),
            };
            events
                .iter()
                .map(|(number, entry)| (number.to_i64(), told(&entry.event)))
                .collect::<Vec<_>>()
        };
        let all = [(1, "+1".to_owned()), (2, "-1".to_owned()), (3, "+900".to_owned())];
        assert_eq!(events(0, 10), all);
        assert_eq!(events(1, 1), all[1..2]);
        assert_eq!(events(3, 10), []);
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

#[test]
fn a_withdrawn_bill_names_its_file_and_no_line() {
    each_store(|world| {
        let mut change = next(world, 1, 100);
        change.version.terms.state = BillState::Annulled;
        change.version.source = SourceLine { line: 0, ..change.version.source };
        change.version.terms.amount = change.replaced.as_ref().unwrap().terms.amount;
        change.version.revenue = change.replaced.as_ref().unwrap().revenue.clone();
        append(world, vec![change]).unwrap();
        assert!(in_force(world, 1).is_withdrawal());
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}
