//! Books to test with: one company, one contract, three bills, made the same in every store.

use std::sync::Arc;

use jiff::Timestamp;
use ventanilla_domain::{
    BillChange, BillId, BillState, BillTerms, BillVersion, BusinessDay, CallerKey, CollectorId,
    CollectorLimits, Company, CompanyId, Contract, ContractCode, ContractKey, ContractState,
    Currency, Event, FileId, FileKind, IdOutOfRange, ImportedFile, Label, Member, MemberId, Money,
    Name, Payment, PaymentId, Period, Place, Policy, PrintedFacts, RevenueShare, Reversal,
    SourceLine, TimeZone,
};
use ventanilla_rig::{Cluster, Database};
use ventanilla_store::{CollectorRecord, DatabaseAddress, Keys, Store, StoreError};

pub(crate) const COLLECTOR: i64 = 1;

pub(crate) struct World {
    pub(crate) store: Store,
}

/// Runs a test over books in every store.
pub(crate) fn each_store(test: impl Fn(&World)) {
    let keys = || Keys::from_random([7; 64]);
    test(&World::made(Store::memory(keys())));
    let folder = tempfile::tempdir().unwrap();
    test(&World::made(Store::create_sqlite(&folder.path().join("data"), keys()).unwrap()));
    let database = database();
    test(&World::made(in_postgres(&database)));
}

/// An empty database of the tests' cluster.
pub(crate) fn database() -> Database {
    Cluster::shared().and_then(Cluster::database).expect("PostgreSQL starts")
}

pub(crate) fn address(database: &Database) -> DatabaseAddress {
    DatabaseAddress::from_text(&database.url()).unwrap()
}

/// An empty store in a database.
pub(crate) fn in_postgres(database: &Database) -> Store {
    Store::create_postgres(&address(database), Keys::from_random([7; 64])).unwrap()
}

/// Runs a test over an empty store of every kind.
pub(crate) fn each_empty_store(test: impl Fn(&Store)) {
    let keys = || Keys::from_random([7; 64]);
    test(&Store::memory(keys()));
    let folder = tempfile::tempdir().unwrap();
    test(&Store::create_sqlite(&folder.path().join("data"), keys()).unwrap());
    let database = database();
    test(&in_postgres(&database));
}

pub(crate) fn id<T>(from: fn(i64) -> Result<T, IdOutOfRange>, value: i64) -> T {
    from(value).unwrap()
}

pub(crate) fn bob(minor: i64) -> Money {
    Money::from_minor(minor, Currency::BOB)
}

pub(crate) fn instant() -> Timestamp {
    "2021-11-26T16:11:52Z".parse().unwrap()
}

pub(crate) fn day() -> BusinessDay {
    BusinessDay::from_date("2021-11-26".parse().unwrap())
}

/// Of the first collector none, so that it is as it was before there were limits.
pub(crate) fn limits_of(collector: i64) -> CollectorLimits {
    match collector {
        COLLECTOR => CollectorLimits::NONE,
        other => CollectorLimits::new(Some(bob(50_000)), Some(bob(other * 1_000))).unwrap(),
    }
}

impl World {
    pub(crate) fn made(store: Store) -> Self {
        let world = Self { store };
        let company = Company {
            id: id(CompanyId::from_i64, 13),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            policy: Policy::default(),
            issuer: 0,
        };
        let first_payment = PaymentId::FIRST;
        world.keep(Event::CompanyOpened { company: Box::new(company), first_payment });
        for collector in [COLLECTOR, COLLECTOR + 1] {
            world.add_collector(collector);
        }
        world.keep(Event::FileImported(Box::new(ImportedFile {
            id: FileId::FIRST,
            kind: FileKind::Bills,
            name: Name::from_text("facturas.csv").unwrap(),
            sha256: [9; 32],
            lines: 3,
            imported_by: Label::from_text("prueba").unwrap(),
        })));
        world.keep(Event::MemberKept(Box::new(Member {
            id: id(MemberId::from_i64, 316),
            is_assigned: false,
            name: Name::from_text("Rivas La Fuente Valentin").unwrap(),
            document_kind: Label::from_text("CI").ok(),
            document_number: Label::from_text("4455667").ok(),
            tax_id: None,
            location: None,
            email: None,
            phone: Label::from_text("70000000").ok(),
        })));
        world.keep(Event::ContractKept(Box::new(Contract {
            key: ContractKey::FIRST,
            code: ContractCode::from_text("345").unwrap(),
            member: id(MemberId::from_i64, 316),
            state: ContractState::Active,
            address: Name::from_text("Calle Ficticia 12").ok(),
            supply_point: None,
        })));
        for (bill, period) in [(1, 202_110), (2, 202_110), (3, 202_109)] {
            world.keep_version(new_version(bill, period), None);
        }
        world
    }

    fn add_collector(&self, collector: i64) {
        let mut tx = self.store.begin().unwrap();
        tx.put_collector(CollectorRecord {
            id: id(CollectorId::from_i64, collector),
            company: id(CompanyId::from_i64, 13),
            name: Label::from_text(&format!("banco {collector}")).unwrap(),
            login: Label::from_text("banco").unwrap(),
            code_digest: [u8::try_from(collector).unwrap(); 32],
            secret_digest: [8; 32],
            can_list: false,
            is_active: true,
            is_window: false,
            limits: limits_of(collector),
            previous: None,
        })
        .unwrap();
        tx.commit().unwrap();
    }

    pub(crate) fn keep_version(&self, version: BillVersion, replaced: Option<BillVersion>) {
        let mut tx = self.store.begin().unwrap();
        let changes = vec![BillChange { version, replaced }];
        tx.append_bills(id(CompanyId::from_i64, 13), changes, instant()).unwrap();
        tx.commit().unwrap();
    }

    pub(crate) fn keep(&self, event: Event) {
        let mut tx = self.store.begin().unwrap();
        tx.append(id(CompanyId::from_i64, 13), event, instant()).unwrap();
        tx.commit().unwrap();
    }

    /// An event that breaks a rule that must stand is refused, and leaves nothing.
    pub(crate) fn refuses(&self, event: Event) {
        let before = self.store.verify().unwrap();
        let mut tx = self.store.begin().unwrap();
        let refused = tx.append(id(CompanyId::from_i64, 13), event, instant());
        assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
        drop(tx);
        assert_eq!(self.store.verify().unwrap(), before);
    }

    pub(crate) fn company(&self) -> Arc<Company> {
        let snapshot = self.store.snapshot().unwrap();
        snapshot.view().company(id(CompanyId::from_i64, 13)).unwrap().unwrap()
    }

    pub(crate) fn version(&self, bill: i64) -> BillVersion {
        let snapshot = self.store.snapshot().unwrap();
        let bill = id(BillId::from_i64, bill);
        snapshot.view().version(&self.company(), ContractKey::FIRST, bill, 1).unwrap().unwrap()
    }

    pub(crate) fn next_payment(&self) -> PaymentId {
        let mut tx = self.store.begin().unwrap();
        tx.counters(id(CompanyId::from_i64, 13)).unwrap().unwrap().next_payment
    }

    pub(crate) fn payment(&self, payment: PaymentId, bill: i64, key: Option<&str>) -> Payment {
        let version = self.version(bill);
        let snapshot = self.store.snapshot().unwrap();
        let kept = snapshot.view().bill(&self.company(), version.contract, version.bill);
        Payment {
            id: payment,
            collector: id(CollectorId::from_i64, COLLECTOR),
            contract: version.contract,
            contract_code: ContractCode::from_text("345").unwrap(),
            member_name: Name::from_text("Rivas La Fuente Valentin").unwrap(),
            bill: version.bill,
            bill_version: 1,
            period: version.terms.period,
            amount: version.terms.amount,
            recorded_at: instant(),
            business_day: day(),
            caller_reference: None,
            caller_key: key.map(|key| CallerKey::from_text(key).unwrap()),
            place: Place { cashier: Label::from_text("ana").ok(), ..Place::default() },
            previous: kept.unwrap().unwrap().last_payment,
            issuer: self.company().issuer,
        }
    }

    pub(crate) fn pay(&self, bill: i64, key: Option<&str>) -> Payment {
        self.pay_as(self.next_payment(), bill, key)
    }

    pub(crate) fn pay_as(&self, payment: PaymentId, bill: i64, key: Option<&str>) -> Payment {
        let payment = self.payment(payment, bill, key);
        self.keep(Event::PaymentMade(Box::new(payment.clone())));
        payment
    }

    pub(crate) fn reverse(&self, payment: &Payment, key: Option<&str>) -> Reversal {
        let reversal = reversal_of(payment, key);
        self.keep(Event::PaymentReversed(Box::new(reversal.clone())));
        reversal
    }
}

pub(crate) fn reversal_of(payment: &Payment, key: Option<&str>) -> Reversal {
    Reversal {
        payment: payment.id,
        collector: payment.collector,
        contract: payment.contract,
        bill: payment.bill,
        amount: payment.amount,
        recorded_at: instant(),
        business_day: day(),
        reason: None,
        caller_key: key.map(|key| CallerKey::from_text(key).unwrap()),
    }
}

fn new_version(bill: i64, period: u32) -> BillVersion {
    let amount = bob(bill * 100);
    BillVersion {
        contract: ContractKey::FIRST,
        bill: id(BillId::from_i64, bill),
        number: 1,
        terms: BillTerms {
            period: Period::from_yyyymm(period).unwrap(),
            amount,
            state: BillState::Owed,
            printed: Box::new(PrintedFacts {
                fiscal_number: Label::from_text("1207").ok(),
                ..PrintedFacts::default()
            }),
        },
        revenue: vec![RevenueShare { account: None, amount }],
        replaced_by: None,
        source: SourceLine { file: FileId::FIRST, line: u64::try_from(bill).unwrap() + 1 },
    }
}
