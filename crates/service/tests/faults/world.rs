//! Books to test with, over a store in memory that passes itself off as one a network away.

use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ventanilla_domain::{
    BillId, CallerKey, CompanyId, ContractCode, Currency, FileKind, Label, Money, Name, PayCommand,
    PayRefusal, Payment, PaymentId, Period, Place, ReverseCommand, Role, TimeZone,
};
use ventanilla_service::import::{ImportRequest, VanishMax};
use ventanilla_service::{
    Accepted, Act, ActOutcome, Caller, Clock, Credentials, Entropy, Failure, NewCollector,
    NewCompany, Origin, PayRequest, Service, Settings, SignIn, SignInName, Subject, UserCaller,
    What, Who,
};
use ventanilla_store::{CommitError, FaultPoint, Faults, Keys, Store, StoreError};

pub(crate) const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const MEMBERS: &str = "contrato,nombre\n100,Ana Lopez\n200,Luis Rojas\n";

type Plan = Box<dyn FnMut(FaultPoint) -> Result<(), CommitError> + Send>;

/// Company 13, of which contract 100 owes bills 1 to 6 of as many bolivianos, and has paid bill 9.
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) service: Service,
    /// What is to fail; nothing while the world is made and looked at.
    plan: Arc<Mutex<Option<Plan>>>,
    pub(crate) bank: Caller,
    pub(crate) token: String,
    pub(crate) paid: Payment,
}

/// A user of company 13 and the key of a session.
pub(crate) struct Desk {
    pub(crate) caller: UserCaller,
    pub(crate) key: String,
}

pub(crate) fn again() -> Result<(), CommitError> {
    Err(CommitError::Nothing(StoreError::Again("a test".into())))
}

pub(crate) fn company() -> CompanyId {
    CompanyId::from_i64(13).unwrap()
}

pub(crate) fn name(text: &str) -> SignInName {
    SignInName::from_text(text).unwrap()
}

pub(crate) fn by(who: &str) -> SignIn {
    SignIn { name: who.to_owned(), password: "clave".to_owned() }
}

pub(crate) fn new_company(id: i64) -> NewCompany {
    NewCompany {
        id: CompanyId::from_i64(id).unwrap(),
        name: Name::from_text("Cooplan").unwrap(),
        currency: Currency::BOB,
        time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
        first_payment: PaymentId::FIRST,
    }
}

pub(crate) fn new_collector(name: &str, credentials: Option<Credentials>) -> NewCollector {
    let name = Label::from_text(name).unwrap();
    NewCollector { company: company(), name, can_list: false, credentials }
}

pub(crate) fn credentials() -> Credentials {
    let (security_code, login) = ("c".to_owned(), "l".to_owned());
    Credentials { security_code, login, password: "p".to_owned() }
}

pub(crate) fn request(bill: i64, key: Option<&str>) -> PayRequest {
    PayRequest {
        bill: BillId::from_i64(bill).unwrap(),
        period: Period::from_yyyymm(202_110).unwrap(),
        contract: ContractCode::from_text("100").unwrap(),
        amount_minor: bill * 100,
        caller_reference: None,
        caller_key: key.map(|key| CallerKey::from_text(key).unwrap()),
        place: Place::default(),
    }
}

pub(crate) fn import(service: &Service, kind: FileKind, text: &str) {
    let request = ImportRequest {
        company: company(),
        kind,
        name: Name::from_text("archivo.csv").unwrap(),
        imported_by: Label::from_text("prueba").unwrap(),
        dry_run: false,
        skip_bad: false,
        complete: (kind == FileKind::Bills).then_some(VanishMax::Count(9)),
    };
    let mut source = Cursor::new(text.as_bytes().to_vec());
    service.import(&request, &mut source, &mut |_| {}).unwrap();
}

/// A file of bills of contract 100, each of its number in bolivianos.
pub(crate) fn bills(bills: &[i64]) -> String {
    let rows = bills.iter().map(|bill| format!("{bill},100,202110,{bill}\n"));
    "factura,contrato,periodo,monto\n".to_owned() + &rows.collect::<String>()
}

pub(crate) async fn world(writers: usize) -> World {
    let plan = Arc::<Mutex<Option<Plan>>>::default();
    let asked = Arc::clone(&plan);
    let faults = Faults::remote(writers, move |point| match &mut *asked.lock().unwrap() {
        Some(plan) => plan(point),
        None => Ok(()),
    });
    let store = Store::memory_with_faults(Keys::from_random([7; 64]), faults);
    let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
    let entropy = Entropy::counted(1);
    let service = Service::start(store.clone(), clock, entropy, Settings::default()).unwrap();
    service.add_company(new_company(13)).await.unwrap();
    service.add_collector(new_collector("banco", Some(credentials()))).await.unwrap();
    import(&service, FileKind::Members, MEMBERS);
    import(&service, FileKind::Bills, &bills(&[1, 2, 3, 4, 5, 6, 9]));
    let token = service.issue_token(&credentials(), HOME).await.unwrap().token;
    let bank = service.session(&token).unwrap().into_caller();
    let (_, paid) = service.pay_by_token(&token, request(9, Some("k9"))).await.unwrap();
    World { store, service, plan, bank, token, paid: paid.act }
}

impl World {
    pub(crate) fn fail(
        &self,
        plan: impl FnMut(FaultPoint) -> Result<(), CommitError> + Send + 'static,
    ) {
        *self.plan.lock().unwrap() = Some(Box::new(plan));
    }

    /// Fails at the n-th point, from 0; counts them all.
    pub(crate) fn fail_at(&self, nth: usize, counts_reads: bool) -> Arc<AtomicUsize> {
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        self.fail(move |point| {
            let is_point = match point {
                // After a commit it is too late for others to be in the way.
                FaultPoint::Committed => false,
                FaultPoint::Snapshot => counts_reads,
                _ => true,
            };
            let at = counted.fetch_add(usize::from(is_point), Ordering::SeqCst);
            if is_point && at == nth { again() } else { Ok(()) }
        });
        count
    }

    fn heal(&self) {
        *self.plan.lock().unwrap() = None;
    }

    pub(crate) async fn with_desk(&self) -> Desk {
        self.service.add_integrator(name("ERP"), Some("clave".to_owned())).await.unwrap();
        let role = Role::Accountant;
        self.service.add_user(name("a"), "clave", company(), role).await.unwrap();
        let key = self.service.log_in(&by("a"), HOME).await.unwrap();
        let admitted = self.service.admit(&by("ERP"), HOME).await.unwrap();
        Desk { caller: admitted.session("a", &key).unwrap().into_caller(), key }
    }

    pub(crate) fn command(&self, bill: i64, key: Option<&str>) -> PayCommand {
        let PayRequest { bill, period, contract, amount_minor, caller_key, .. } =
            request(bill, key);
        PayCommand {
            collector: self.bank.collector,
            bill,
            period,
            contract,
            amount: Money::from_minor(amount_minor, Currency::BOB),
            caller_reference: None,
            caller_key,
            place: Place::default(),
        }
    }

    pub(crate) async fn pay(
        &self,
        bill: i64,
        key: Option<&str>,
    ) -> Result<Accepted<Payment>, Failure<PayRefusal>> {
        self.service.pay(&self.bank, self.command(bill, key)).await
    }

    pub(crate) fn reversal(&self, payment: &Payment, key: &str) -> ReverseCommand {
        ReverseCommand {
            collector: self.bank.collector,
            bill: payment.bill,
            payment: payment.id,
            reason: None,
            caller_key: CallerKey::from_text(key).ok(),
            is_late_allowed: false,
        }
    }

    /// An act for the trail, about a bill.
    pub(crate) fn act(&self, number: i64) -> Act {
        Act {
            at: self.service.clock().now(),
            company: Some(company()),
            from: Origin::Address(HOME),
            who: Who::Collector(self.bank.collector),
            what: What::Pay,
            outcome: ActOutcome::Unavailable,
            subject: Subject { bill: BillId::from_i64(number).ok(), ..Subject::default() },
        }
    }

    /// All that is kept: where journals and trails end, whose links vouch for every row, and who may
    /// sign in.
    pub(crate) fn kept(&self) -> String {
        self.heal();
        let verified = self.store.verify().unwrap();
        assert_eq!(verified.findings, Vec::<String>::new());
        let snapshot = self.store.snapshot().unwrap();
        let view = snapshot.view();
        let users = view.users().unwrap();
        let rights = users.iter().map(|user| view.rights_of(user.id).unwrap());
        let rights: Vec<_> = rights.collect();
        let (now, before) = (self.service.clock().now(), jiff::Timestamp::MIN);
        format!(
            "{:?}",
            (
                (verified.heads, verified.trails),
                (view.collectors(), view.integrators(), users, rights),
                view.sign_ins(now, before)
            )
        )
    }
}
