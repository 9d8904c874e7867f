//! Use cases over a store that is a network away and fails: what each does is done once, whatever was in
//! its way and wherever.

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use ventanilla_domain::{
        BillId, CallerKey, CompanyId, ContractCode, Currency, FileKind, Given, Label, Money, Name,
        PayCommand, PayRefusal, Payment, PaymentId, Period, Place, ReverseCommand, Role,
        SupplierRow, Text, TimeZone,
    };
    use ventanilla_service::import::{ImportRequest, VanishMax};
    use ventanilla_service::{
        Accepted, Act, ActOutcome, Caller, Clock, Credentials, Entropy, Failure, NewCollector,
        NewCompany, Origin, PastPayment, PayRequest, ReverseRequest, Rotation, Service, Settings,
        SignIn, SignInName, Subject, UserCaller, What, Who,
    };
    use ventanilla_store::{CommitError, FaultPoint, Faults, Keys, Store, StoreError};

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const MEMBERS: &str = "contrato,nombre\n100,Ana Lopez\n200,Luis Rojas\n";

    type Plan = Box<dyn FnMut(FaultPoint) -> Result<(), CommitError> + Send>;

    /// Company 13, of which contract 100 owes bills 1 to 6 of as many bolivianos, and has paid bill 9.
    struct World {
        store: Store,
        service: Service,
        /// What is to fail; nothing while the world is made and looked at.
        plan: Arc<Mutex<Option<Plan>>>,
        bank: Caller,
        token: String,
        paid: Payment,
    }

    /// A user of company 13 and the key of a session.
    struct Desk {
        caller: UserCaller,
        key: String,
    }

    fn again() -> Result<(), CommitError> {
        Err(CommitError::Nothing(StoreError::Again("a test".into())))
    }

    fn company() -> CompanyId {
        CompanyId::from_i64(13).unwrap()
    }

    fn name(text: &str) -> SignInName {
        SignInName::from_text(text).unwrap()
    }

    fn by(who: &str) -> SignIn {
        SignIn { name: who.to_owned(), password: "clave".to_owned() }
    }

    fn new_company(id: i64) -> NewCompany {
        NewCompany {
            id: CompanyId::from_i64(id).unwrap(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            first_payment: PaymentId::FIRST,
        }
    }

    fn new_collector(name: &str, credentials: Option<Credentials>) -> NewCollector {
        let name = Label::from_text(name).unwrap();
        NewCollector { company: company(), name, can_list: false, credentials }
    }

    fn credentials() -> Credentials {
        let (security_code, login) = ("c".to_owned(), "l".to_owned());
        Credentials { security_code, login, password: "p".to_owned() }
    }

    fn request(bill: i64, key: Option<&str>) -> PayRequest {
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

    fn import(service: &Service, kind: FileKind, text: &str) {
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
    fn bills(bills: &[i64]) -> String {
        let rows = bills.iter().map(|bill| format!("{bill},100,202110,{bill}\n"));
        "factura,contrato,periodo,monto\n".to_owned() + &rows.collect::<String>()
    }

    async fn world(writers: usize) -> World {
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
        fn fail(&self, plan: impl FnMut(FaultPoint) -> Result<(), CommitError> + Send + 'static) {
            *self.plan.lock().unwrap() = Some(Box::new(plan));
        }

        /// Fails at the n-th point, from 0; counts them all.
        fn fail_at(&self, nth: usize, counts_reads: bool) -> Arc<AtomicUsize> {
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

        async fn with_desk(&self) -> Desk {
            self.service.add_integrator(name("ERP"), Some("clave".to_owned())).await.unwrap();
            let role = Role::Accountant;
            self.service.add_user(name("a"), "clave", company(), role).await.unwrap();
            let key = self.service.log_in(&by("a"), HOME).await.unwrap();
            let admitted = self.service.admit(&by("ERP"), HOME).await.unwrap();
            Desk { caller: admitted.session("a", &key).unwrap().into_caller(), key }
        }

        fn command(&self, bill: i64, key: Option<&str>) -> PayCommand {
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

        async fn pay(
            &self,
            bill: i64,
            key: Option<&str>,
        ) -> Result<Accepted<Payment>, Failure<PayRefusal>> {
            self.service.pay(&self.bank, self.command(bill, key)).await
        }

        fn reversal(&self, payment: &Payment, key: &str) -> ReverseCommand {
            ReverseCommand {
                collector: self.bank.collector,
                bill: payment.bill,
                payment: payment.id,
                reason: None,
                caller_key: CallerKey::from_text(key).ok(),
            }
        }

        /// All that is kept: where journals and trails end, whose links vouch for every row, and who may
        /// sign in.
        fn kept(&self) -> String {
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

    /// What somebody does, which succeeds.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Deed {
        Pay,
        PayTwice,
        PayByToken,
        RepeatByToken,
        Reverse,
        ReverseByToken,
        PayReversePay,
        RecordPast,
        AddCompany,
        SetCompany,
        AddCollector,
        DisableCollector,
        RotateCollector,
        IssueToken,
        RevokeTokens,
        ImportMembers,
        ImportBills,
        Note,
        AddIntegrator,
        AddUser,
        LogIn,
        LogOut,
        KeepSupplier,
    }

    const DEEDS: [Deed; 23] = [
        Deed::Pay,
        Deed::PayTwice,
        Deed::PayByToken,
        Deed::RepeatByToken,
        Deed::Reverse,
        Deed::ReverseByToken,
        Deed::PayReversePay,
        Deed::RecordPast,
        Deed::AddCompany,
        Deed::SetCompany,
        Deed::AddCollector,
        Deed::DisableCollector,
        Deed::RotateCollector,
        Deed::IssueToken,
        Deed::RevokeTokens,
        Deed::ImportMembers,
        Deed::ImportBills,
        Deed::Note,
        Deed::AddIntegrator,
        Deed::AddUser,
        Deed::LogIn,
        Deed::LogOut,
        Deed::KeepSupplier,
    ];

    impl Deed {
        fn needs_desk(self) -> bool {
            matches!(self, Self::LogIn | Self::LogOut | Self::KeepSupplier)
        }

        /// Whether what it reads is read once more where a connection is lost: an import checks each
        /// line once.
        fn reads_again(self) -> bool {
            !matches!(self, Self::ImportMembers | Self::ImportBills)
        }
    }

    impl World {
        async fn collect(&self, deed: Deed) {
            let reverse = |payment: &Payment| self.reversal(payment, "r");
            match deed {
                Deed::Pay => drop(self.pay(1, None).await.unwrap()),
                Deed::PayTwice => {
                    self.pay(1, None).await.unwrap();
                    let paid = self.pay(1, None).await;
                    assert!(matches!(paid, Err(Failure::Refused(PayRefusal::BillPaid { .. }))));
                }
                Deed::PayByToken => {
                    self.service.pay_by_token(&self.token, request(1, Some("k"))).await.unwrap();
                }
                Deed::RepeatByToken => {
                    let request = request(9, Some("k9"));
                    let (_, paid) = self.service.pay_by_token(&self.token, request).await.unwrap();
                    assert_eq!((paid.is_replay, paid.act), (true, self.paid.clone()));
                }
                Deed::Reverse => {
                    self.service.reverse(&self.bank, reverse(&self.paid)).await.unwrap();
                }
                Deed::ReverseByToken => {
                    let ReverseCommand { bill, payment, caller_key, .. } = reverse(&self.paid);
                    let request = ReverseRequest { bill, payment, reason: None, caller_key };
                    self.service.reverse_by_token(&self.token, request).await.unwrap();
                }
                Deed::PayReversePay => {
                    let paid = self.pay(1, Some("a")).await.unwrap();
                    self.service.reverse(&self.bank, reverse(&paid.act)).await.unwrap();
                    self.pay(1, Some("b")).await.unwrap();
                }
                _ => {
                    let (command, id) = (self.command(1, None), PaymentId::from_i64(70).unwrap());
                    let recorded_at = "2021-11-20T12:00:00Z".parse().unwrap();
                    let reversed_at = "2021-11-20T13:00:00Z".parse().ok();
                    let past = PastPayment { id, command, recorded_at, reversed_at };
                    self.service.record_past_payment(company(), past).await.unwrap();
                }
            }
        }

        async fn administer(&self, deed: Deed) {
            let service = &self.service;
            match deed {
                Deed::AddCompany => drop(service.add_company(new_company(14)).await.unwrap()),
                Deed::SetCompany => {
                    let settings = [("reversal_days", "3"), ("issuer.name", "Cooperativa")];
                    let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
                    service.set_company(company(), settings.into()).await.unwrap();
                }
                Deed::AddCollector => {
                    service.add_collector(new_collector("caja", None)).await.unwrap();
                }
                Deed::DisableCollector => {
                    service.disable_collector(company(), "banco").await.unwrap();
                }
                Deed::RotateCollector => {
                    let rotation = Rotation::Overlap { seconds: 60 };
                    service.rotate_collector(company(), "banco", rotation).await.unwrap();
                }
                Deed::IssueToken => drop(service.issue_token(&credentials(), HOME).await.unwrap()),
                Deed::RevokeTokens => {
                    service.revoke_tokens_of(company(), "banco").await.unwrap();
                }
                Deed::AddIntegrator => {
                    let password = Some("clave".to_owned());
                    service.add_integrator(name("ERP"), password).await.unwrap();
                }
                _ => {
                    let role = Role::Reader;
                    service.add_user(name("b"), "clave", company(), role).await.unwrap();
                }
            }
        }

        async fn keep_desk(&self, deed: Deed, Desk { caller, key }: &Desk) {
            match deed {
                Deed::LogIn => drop(self.service.log_in(&by("a"), HOME).await.unwrap()),
                Deed::LogOut => self.service.log_out("a", key).await.unwrap(),
                _ => {
                    let row = SupplierRow {
                        id: None,
                        trade_name: Text::from_text("Librería").ok(),
                        legal_name: Text::from_text("Librería S.R.L.").ok(),
                        tax_id: Given::Absent,
                        is_active: None,
                        details: Vec::new(),
                    };
                    self.service.keep_supplier(caller, company(), row).await.unwrap();
                }
            }
        }

        fn act(&self, number: i64) -> Act {
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

        async fn done(&self, deed: Deed, desk: Option<&Desk>) {
            match (deed, desk) {
                (_, Some(desk)) => self.keep_desk(deed, desk).await,
                (Deed::ImportMembers, _) => {
                    // Those without an id get one in the transaction that keeps them.
                    let text = "contrato,nombre\n100,Ana Maria Lopez\n300,Eva Paz\n400,Juan Paz\n";
                    import(&self.service, FileKind::Members, text);
                }
                (Deed::ImportBills, _) => {
                    let text = bills(&[1, 7, 9]) + "2,100,202110,20\n";
                    import(&self.service, FileKind::Bills, &text);
                }
                (Deed::Note, _) => {
                    self.service.note(self.act(1));
                    self.service.flush_trail();
                }
                (_, None) if (deed as usize) < (Deed::AddCompany as usize) => {
                    self.collect(deed).await;
                }
                (_, None) => self.administer(deed).await,
            }
        }
    }

    /// What is kept after a deed that fails at its n-th point, and whether it has one.
    async fn kept_after(deed: Deed, nth: usize) -> (String, bool, u64) {
        let world = world(2).await;
        let desk = if deed.needs_desk() { Some(world.with_desk().await) } else { None };
        let count = world.fail_at(nth, deed.reads_again());
        world.done(deed, desk.as_ref()).await;
        let kept = world.kept();
        let has_failed = count.load(Ordering::SeqCst) > nth;
        (kept, has_failed, world.service.write_meters().writes_retried.get())
    }

    #[tokio::test]
    async fn what_is_done_is_done_once_wherever_others_were_in_its_way() {
        for deed in DEEDS {
            let (expected, ..) = kept_after(deed, usize::MAX).await;
            let mut retried = 0;
            for nth in 0.. {
                let (kept, has_failed, again) = kept_after(deed, nth).await;
                assert_eq!(kept, expected, "{deed:?} at {nth}");
                if !has_failed {
                    break;
                }
                retried += again;
            }
            // A split, a beginning and a commit at least, of what is written.
            assert!(retried >= 3, "{deed:?}: {retried}");
        }
    }

    #[tokio::test]
    async fn an_unknown_payment_is_told_so_and_its_repeat_tells_what_became_of_it() {
        for (point, is_kept) in [(FaultPoint::Commit, false), (FaultPoint::Committed, true)] {
            let world = world(2).await;
            let mut is_due = true;
            world.fail(move |asked| {
                let fails = asked == point && std::mem::take(&mut is_due);
                let lost = || CommitError::Unknown(StoreError::Unreachable("cut off".into()));
                if fails { Err(lost()) } else { Ok(()) }
            });
            assert_eq!(world.pay(1, Some("k")).await, Err(Failure::Unknown));
            let repeated = world.pay(1, Some("k")).await.unwrap();
            assert_eq!((repeated.is_replay, repeated.act.id.to_i64()), (is_kept, 2), "{point:?}");
            world.kept();
            let events = world.service.events_after(company(), 0, 9).unwrap();
            assert_eq!(events.len(), 2, "bill 9, and bill 1 once");
        }
    }

    type Read = fn(&World) -> Option<bool>;

    /// Whether it was read; `None` of any failure but [`Failure::Unavailable`].
    fn outcome<T, R>(read: &Result<T, Failure<R>>) -> Option<bool> {
        match read {
            Ok(_) => Some(true),
            Err(Failure::Unavailable) => Some(false),
            Err(_) => None,
        }
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_unavailable_and_one_lost_connection_is_looked_past() {
        type Cause = fn() -> StoreError;
        let cases: [(Cause, usize, bool); 4] = [
            (|| StoreError::Again("cut off".into()), 1, true),
            (|| StoreError::Again("cut off".into()), 2, false),
            (|| StoreError::Unreachable("no route".into()), 1, false),
            (|| StoreError::Busy("others".into()), 1, false),
        ];
        let reads: [(&str, Read); 5] = [
            ("session", |world| outcome(&world.service.session(&world.token))),
            ("companies", |world| outcome(&world.service.companies())),
            ("payment", |world| outcome(&world.service.payment_to_print(company(), world.paid.id))),
            ("events", |world| outcome(&world.service.events_after(company(), 0, 9))),
            ("trail", |world| {
                outcome(&world.service.visit_trail(Some(company()), &|_| true, &mut |_| true))
            }),
        ];
        let world = world(1).await;
        for (cause, times, is_read) in cases {
            for (name, read) in reads {
                let left = AtomicUsize::new(times);
                world.fail(move |point| {
                    let is_read = point == FaultPoint::Snapshot;
                    let take = |left: usize| left.checked_sub(1);
                    let order = Ordering::SeqCst;
                    if is_read && left.fetch_update(order, order, take).is_ok() {
                        return Err(CommitError::Nothing(cause()));
                    }
                    Ok(())
                });
                assert_eq!(read(&world), Some(is_read), "{name}: {:?} {times}", cause());
                assert_eq!(read(&world), Some(true), "{name}: it goes on by itself");
            }
        }
    }

    /// Runs work on so many threads of their own at once.
    fn at_once(threads: usize, work: impl Fn(usize) + Sync) {
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let work = &work;
                scope.spawn(move || work(thread));
            }
        });
    }

    fn waited<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn of_many_payments_of_a_bill_over_several_writers_one_wins() {
        let world = waited(world(4));
        let mut asked = 0;
        world.fail(move |point| {
            asked += 1;
            let fails = asked % 11 == 0 && point != FaultPoint::Committed;
            if fails { again() } else { Ok(()) }
        });
        let accepted = Mutex::new(Vec::new());
        at_once(8, |thread| {
            for bill in 1..=6 {
                let key = format!("{thread}-{bill}");
                let paid = loop {
                    match waited(world.pay(bill, Some(&key))) {
                        Err(Failure::Unavailable) => {}
                        answered => break answered,
                    }
                };
                match paid {
                    Ok(Accepted { act, is_replay: false }) => accepted.lock().unwrap().push(act),
                    Err(Failure::Refused(PayRefusal::BillPaid { .. })) => {}
                    other => panic!("{other:?}"),
                }
            }
        });
        world.kept();
        let mut accepted = accepted.into_inner().unwrap();
        accepted.sort_by_key(|payment| payment.bill);
        let bills: Vec<_> = accepted.iter().map(|payment| payment.bill.to_i64()).collect();
        assert_eq!(bills, [1, 2, 3, 4, 5, 6]);
        let mut ids: Vec<_> = accepted.iter().map(|payment| payment.id.to_i64()).collect();
        ids.sort_unstable();
        assert_eq!(ids, [2, 3, 4, 5, 6, 7], "after the one of bill 9");
        assert!(world.service.write_meters().writes_retried.get() > 0);
        world.service.shut_down();
    }

    #[test]
    fn payments_and_reversals_over_several_writers_leave_books_that_agree() {
        let world = waited(world(3));
        let (paid, reversed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        at_once(6, |thread| {
            for round in 0..30 {
                let key = format!("{thread}-{round}");
                let Ok(payment) = waited(world.pay(1, Some(&key))) else { continue };
                paid.fetch_add(1, Ordering::SeqCst);
                let command = world.reversal(&payment.act, &format!("r{key}"));
                waited(world.service.reverse(&world.bank, command)).unwrap();
                reversed.fetch_add(1, Ordering::SeqCst);
            }
        });
        world.kept();
        let (paid, reversed) = (paid.into_inner(), reversed.into_inner());
        assert!(paid > 0 && paid == reversed, "{paid} {reversed}");
        let events = world.service.events_after(company(), 0, 1_000).unwrap();
        assert_eq!(events.len(), 1 + paid + reversed);
    }

    #[tokio::test]
    async fn the_trail_keeps_its_order_though_commands_may_overtake_each_other() {
        for writers in [1, 4] {
            let world = world(writers).await;
            let meters = world.service.write_meters();
            let commits = || (meters.batch_len.read().count, meters.batch_len.read().sum);
            let before = commits();
            // More than a row holds, several times.
            (1..=2_000).for_each(|number| world.service.note(world.act(number)));
            world.service.flush_trail();
            let mut told = Vec::new();
            let bills = &mut |act: ventanilla_service::ActRecord<'static>| {
                told.extend(act.bill);
                true
            };
            world.service.visit_trail(Some(company()), &|_| true, bills).unwrap();
            assert_eq!(told, (1..=2_000).collect::<Vec<_>>(), "{writers} writers");
            if writers > 1 {
                let after = commits();
                assert_eq!((after.0 - before.0, after.1 - before.1), (4, 4), "row after row");
            }
        }
    }
}
