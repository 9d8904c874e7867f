//! A company's desk: who may write, what is written once, and what is undone, over every store.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::common::in_postgres;
    use jiff::SignedDuration;
    use jiff::civil::date;
    use ventanilla_domain::{
        Application, CallerKey, CompanyId, Currency, DocumentNumber, Given, IncomeWithholding,
        InvoiceTerms, Label, Means, MeansLine, Money, Name, PaymentId, Payout, PayoutId,
        PayoutRefusal, PayoutReverseCommand, PayoutReverseRefusal, PayoutTerms, PurchaseInvoiceId,
        PurchaseParts, Reason, Role, Supplier, SupplierId, SupplierRow, Text, TimeZone,
        Withholdings,
    };
    use ventanilla_service::{
        Clock, Desk, DeskRefusal, Entropy, Failure, NewCompany, PayoutName, PayoutReadRefusal,
        PayoutRequest, PayoutSelector, Service, SessionRefusal, Settings, SignIn, SignInName,
        UserCaller,
    };
    use ventanilla_store::{Keys, Store};

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const ERP: &str = "ERP";
    const OTHER: &str = "OTRO";
    const KEY: &str = "2b5fd41968528bb933454bcd4f804080";
    /// A supplier's first id.
    const SUPPLIER: i64 = 1;

    /// Company 98, kept by `a` and read by `lector`, both of whom have permanent sessions; and 576,
    /// which is nobody's.
    struct World {
        clock: Clock,
        service: Service,
    }

    fn id(company: i64) -> CompanyId {
        CompanyId::from_i64(company).unwrap()
    }

    fn name(text: &str) -> SignInName {
        SignInName::from_text(text).unwrap()
    }

    fn ars(minor: i64) -> Money {
        Money::from_minor(minor, Currency::from_code("ARS").unwrap())
    }

    fn by(who: &str) -> SignIn {
        SignIn { name: who.to_owned(), password: "clave".to_owned() }
    }

    async fn world(store: Store) -> World {
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let settings = Settings::default();
        let service = Service::start(store, clock.clone(), Entropy::counted(1), settings).unwrap();
        for company in [98, 576] {
            let new = NewCompany {
                id: id(company),
                name: Name::from_text("Cooperativa La Quebrada").unwrap(),
                currency: ars(0).currency(),
                time_zone: TimeZone::from_name("America/Argentina/Buenos_Aires").unwrap(),
                first_payment: PaymentId::FIRST,
            };
            service.add_company(new).await.unwrap();
        }
        for integrator in [ERP, OTHER] {
            service.add_integrator(name(integrator), Some("clave".to_owned())).await.unwrap();
        }
        for (user, role) in [("a", Role::Accountant), ("lector", Role::Reader)] {
            service.add_user(name(user), "clave", id(98), role).await.unwrap();
        }
        World { clock, service }
    }

    /// Of the stores in which what was asked for first comes first: one at a time is written.
    async fn each_local_store(test: impl AsyncFn(World)) {
        let keys = || Keys::from_random([7; 64]);
        test(world(Store::memory(keys())).await).await;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create_sqlite(&folder.path().join("data"), keys()).unwrap();
        test(world(store).await).await;
    }

    async fn each_store(test: impl AsyncFn(World)) {
        each_local_store(&test).await;
        let (_database, store) = in_postgres(Keys::from_random([7; 64]));
        test(world(store).await).await;
    }

    fn refused<T: std::fmt::Debug, R: std::fmt::Debug>(result: Result<T, Failure<R>>) -> R {
        match result {
            Err(Failure::Refused(refusal)) => refusal,
            other => panic!("not refused: {other:?}"),
        }
    }

    fn supplier_row(supplier: Option<i64>) -> SupplierRow {
        SupplierRow {
            id: supplier.map(|id| SupplierId::from_i64(id).unwrap()),
            trade_name: Some(Text::from_text("Librería El Aguaribay").unwrap()),
            legal_name: Some(Text::from_text("El Aguaribay S.R.L.").unwrap()),
            tax_id: Given::Absent,
            is_active: None,
            details: Vec::new(),
        }
    }

    fn invoice_terms(serial: u32, minor: i64) -> InvoiceTerms {
        InvoiceTerms {
            supplier: SupplierId::from_i64(SUPPLIER).unwrap(),
            number: DocumentNumber::from_parts(3, serial).unwrap(),
            letter: None,
            booked_on: date(2021, 11, 1),
            issued_on: date(2021, 11, 1),
            due_on: None,
            total: ars(minor),
            parts: PurchaseParts::none(ars(0)),
            description: None,
            details: [].into(),
            items: Vec::new(),
        }
    }

    /// A payout in cash, with what each invoice takes of it.
    fn payout(minor: i64, applied: &[(PurchaseInvoiceId, i64)]) -> PayoutRequest {
        let income = || IncomeWithholding { amount: ars(0), code: None, base: ars(0) };
        let applied = applied.iter();
        let applied =
            applied.map(|(invoice, minor)| Application { invoice: *invoice, amount: ars(*minor) });
        let cash = MeansLine {
            means: Means::Cash,
            amount: ars(minor),
            chart_account: None,
            cheque_number: None,
            valid_on: None,
            is_reconciled: false,
        };
        let terms = PayoutTerms {
            supplier: SupplierId::from_i64(SUPPLIER).unwrap(),
            paid_on: date(2021, 11, 26),
            is_rate_stated: false,
            total: ars(minor),
            stated_advance: ars(0),
            stated_invoices: ars(0),
            discounts: ars(0),
            interest: ars(0),
            withholdings: Withholdings {
                gross_income: ars(0),
                income: [income(), income()],
                rent: ars(0),
            },
            means: vec![cash],
            applied: applied.collect(),
            description: None,
        };
        PayoutRequest { terms, point: None, serial: None, caller_key: None }
    }

    fn keyed(key: &str, request: PayoutRequest) -> PayoutRequest {
        PayoutRequest { caller_key: Some(CallerKey::from_text(key).unwrap()), ..request }
    }

    /// What a refusal was before its act.
    fn before_the_act<R: std::fmt::Debug>(refusal: DeskRefusal<R>) -> DeskRefusal<()> {
        match refusal {
            DeskRefusal::SessionOver => DeskRefusal::SessionOver,
            DeskRefusal::CompanyUnknown => DeskRefusal::CompanyUnknown,
            DeskRefusal::NotAllowed => DeskRefusal::NotAllowed,
            DeskRefusal::Act(refusal) => panic!("the act was decided: {refusal:?}"),
        }
    }

    impl World {
        async fn caller_by(&self, integrator: &str, user: &str, key: &str) -> UserCaller {
            let admitted = self.service.admit(&by(integrator), HOME).await.unwrap();
            admitted.session(user, key).unwrap().into_caller()
        }

        /// A user who has just signed in, with the session's key.
        async fn sign_in(&self, user: &str) -> (UserCaller, String) {
            let key = self.service.log_in(&by(user), HOME).await.unwrap();
            (self.caller_by(ERP, user, &key).await, key)
        }

        /// `a`, and the only supplier of company 98.
        async fn keeper(&self) -> UserCaller {
            let (caller, _) = self.sign_in("a").await;
            self.keep(&caller, supplier_row(None)).await;
            caller
        }

        async fn keep(&self, caller: &UserCaller, row: SupplierRow) -> Supplier {
            self.service.keep_supplier(caller, id(98), row).await.unwrap()
        }

        async fn enter(&self, caller: &UserCaller, serial: u32, minor: i64) -> PurchaseInvoiceId {
            let terms = invoice_terms(serial, minor);
            self.service.enter_invoice(caller, id(98), terms).await.unwrap().id
        }

        async fn pay(&self, caller: &UserCaller, request: PayoutRequest) -> Payout {
            let made = self.service.make_payout(caller, id(98), request).await.unwrap();
            assert!(!made.is_replay);
            made.act
        }

        async fn pay_refused(&self, caller: &UserCaller, request: PayoutRequest) -> PayoutRefusal {
            match refused(self.service.make_payout(caller, id(98), request).await) {
                DeskRefusal::Act(refusal) => refusal,
                other => panic!("{other:?}"),
            }
        }

        async fn reverse(
            &self,
            company: i64,
            payout: PayoutId,
        ) -> Result<(), Failure<DeskRefusal<PayoutReverseRefusal>>> {
            let command = PayoutReverseCommand {
                payout,
                reason: Some(Reason::from_text("duplicado").unwrap()),
                reversed_by: Label::from_text("prueba").unwrap(),
            };
            self.service.reverse_payout(id(company), command).await.map(drop)
        }

        /// What a caller sees of company 98.
        fn seen<T>(&self, caller: &UserCaller, see: impl FnOnce(&Desk<'_>) -> T) -> T {
            let session = self.service.session_of(caller).unwrap();
            see(&session.desk(id(98)).unwrap().unwrap())
        }

        /// What the supplier is owed, less what it was paid in advance.
        fn balance(&self, caller: &UserCaller) -> Money {
            let supplier = SupplierId::from_i64(SUPPLIER).unwrap();
            self.seen(caller, |desk| desk.supplier(supplier).unwrap().unwrap().balance)
        }

        /// How many entries the books have, which must agree with themselves.
        fn entries(&self) -> u64 {
            let report = self.service.verify().unwrap();
            assert_eq!(report.findings, Vec::<String>::new());
            report.entries
        }

        /// Checks that each act is refused before it is decided, and writes nothing.
        async fn check_enters_nothing(
            &self,
            caller: &UserCaller,
            company: i64,
            expected: DeskRefusal<()>,
        ) {
            let (service, company) = (&self.service, id(company));
            let entries = self.entries();
            let kept = service.keep_supplier(caller, company, supplier_row(None)).await;
            assert_eq!(before_the_act(refused(kept)), expected);
            let entered = service.enter_invoice(caller, company, invoice_terms(1, 100)).await;
            assert_eq!(before_the_act(refused(entered)), expected);
            let made = service.make_payout(caller, company, payout(100, &[])).await;
            assert_eq!(before_the_act(refused(made)), expected);
            assert_eq!(self.entries(), entries);
        }
    }

    #[tokio::test]
    async fn a_reader_reads_and_writes_nothing() {
        each_store(async |world| {
            let keeper = world.keeper().await;
            let (reader, _) = world.sign_in("lector").await;
            world.seen(&reader, |desk| assert_eq!(desk.role(), Role::Reader));
            assert_eq!(world.balance(&reader), ars(0));
            world.check_enters_nothing(&reader, 98, DeskRefusal::NotAllowed).await;
            for company in [576, 1] {
                let unknown = DeskRefusal::CompanyUnknown;
                world.check_enters_nothing(&reader, company, unknown).await;
                world.check_enters_nothing(&keeper, company, unknown).await;
            }
        })
        .await;
    }

    #[tokio::test]
    async fn whose_right_was_revoked_after_the_look_enters_nothing() {
        each_store(async |world| {
            let caller = world.keeper().await;
            world.service.revoke(&name("a"), id(98)).await.unwrap();
            world.check_enters_nothing(&caller, 98, DeskRefusal::CompanyUnknown).await;
        })
        .await;
    }

    #[tokio::test]
    async fn whose_session_is_over_after_the_look_enters_nothing_and_reads_no_more() {
        each_store(async |world| {
            world.keeper().await;
            for (end, program) in [
                ("logged out", ERP),
                ("too old", ERP),
                ("another password", ERP),
                ("integrator", ERP),
                ("user", OTHER),
            ] {
                let key = world.service.log_in(&by("a"), HOME).await.unwrap();
                let caller = world.caller_by(program, "a", &key).await;
                assert_eq!(world.balance(&caller), ars(0), "{end}");
                match end {
                    "logged out" => world.service.log_out("a", &key).await.unwrap(),
                    "too old" => world.clock.set(world.clock.now() + SignedDuration::from_hours(1)),
                    "another password" => {
                        world.service.set_user_password(&name("a"), "otra").await.unwrap();
                        world.service.set_user_password(&name("a"), "clave").await.unwrap();
                    }
                    "integrator" => {
                        world.service.disable_integrator(&name(ERP)).await.unwrap();
                        let other = world.caller_by(OTHER, "a", &key).await;
                        assert_eq!(world.balance(&other), ars(0), "another's program is served");
                    }
                    _ => drop(world.service.disable_user(&name("a")).await.unwrap()),
                }
                world.check_enters_nothing(&caller, 98, DeskRefusal::SessionOver).await;
                assert_eq!(refused(world.service.session_of(&caller)), SessionRefusal, "{end}");
            }
        })
        .await;
    }

    #[tokio::test]
    async fn what_waits_behind_the_end_of_its_session_is_not_entered() {
        each_local_store(async |world| {
            world.keeper().await;
            let (caller, key) = world.sign_in("a").await;
            let entries = world.entries();
            let (ended, made) = tokio::join!(
                world.service.log_out("a", &key),
                world.service.make_payout(&caller, id(98), payout(100, &[])),
            );
            ended.unwrap();
            assert_eq!(refused(made), DeskRefusal::SessionOver);
            let (caller, _) = world.sign_in("a").await;
            let erp = name(ERP);
            let (disabled, made) = tokio::join!(
                world.service.disable_integrator(&erp),
                world.service.make_payout(&caller, id(98), payout(100, &[])),
            );
            assert!(!disabled.unwrap().is_active);
            assert_eq!(refused(made), DeskRefusal::SessionOver);
            assert_eq!(world.entries(), entries);
        })
        .await;
    }

    #[tokio::test]
    async fn a_permanent_session_may_write_at_any_time() {
        each_store(async |world| {
            world.service.open_permanent_session(&name("a"), KEY).await.unwrap();
            let caller = world.caller_by(ERP, "a", KEY).await;
            world.clock.set(world.clock.now() + SignedDuration::from_hours(10 * 365 * 24));
            world.keep(&caller, supplier_row(None)).await;
        })
        .await;
    }

    #[tokio::test]
    async fn a_caller_key_is_its_integrators_own() {
        each_store(async |world| {
            let caller = world.keeper().await;
            world.service.open_permanent_session(&name("a"), KEY).await.unwrap();
            let other = world.caller_by(OTHER, "a", KEY).await;
            let request = keyed("intento-1", payout(1_100, &[]));
            let first = world.pay(&caller, request.clone()).await;
            let second = world.pay(&other, request.clone()).await;
            assert_ne!(first.id, second.id);
            assert_eq!(first.integrator, Some(caller.integrator));
            assert_eq!(second.integrator, Some(other.integrator));
            assert_eq!(world.balance(&caller), ars(-2_200));
            let entries = world.entries();
            for (caller, made) in [(&caller, first), (&other, second)] {
                let again = world.service.make_payout(caller, id(98), request.clone()).await;
                let again = again.unwrap();
                assert!(again.is_replay && again.act == made);
            }
            assert_eq!(world.entries(), entries);
        })
        .await;
    }

    #[tokio::test]
    async fn a_repeat_after_the_suppliers_edit_answers_the_first() {
        each_store(async |world| {
            let caller = world.keeper().await;
            let invoice = world.enter(&caller, 1, 1_000).await;
            let request = keyed("intento-1", payout(1_000, &[(invoice, 1_000)]));
            let first = world.pay(&caller, request.clone()).await;
            let renamed = Some(Text::from_text("Librería El Aguaribay II").unwrap());
            let row = SupplierRow { trade_name: renamed, ..supplier_row(Some(SUPPLIER)) };
            let row = SupplierRow { is_active: Some(false), ..row };
            assert!(!world.keep(&caller, row).await.is_active);
            let entries = world.entries();
            let again = world.service.make_payout(&caller, id(98), request).await.unwrap();
            assert!(again.is_replay && again.act == first);
            assert_eq!(world.entries(), entries);
        })
        .await;
    }

    #[tokio::test]
    async fn a_caller_key_used_with_other_data_is_refused() {
        each_store(async |world| {
            let caller = world.keeper().await;
            let first = world.pay(&caller, keyed("intento-1", payout(1_100, &[]))).await;
            let entries = world.entries();
            let reused = PayoutRefusal::CallerKeyReused;
            for other in [
                payout(1_101, &[]),
                PayoutRequest { point: Some(2), ..payout(1_100, &[]) },
                PayoutRequest { serial: Some(2), ..payout(1_100, &[]) },
            ] {
                assert_eq!(world.pay_refused(&caller, keyed("intento-1", other)).await, reused);
            }
            world.reverse(98, first.id).await.unwrap();
            let other = keyed("intento-1", payout(1_101, &[]));
            assert_eq!(world.pay_refused(&caller, other).await, reused, "used up for good");
            assert_eq!(world.entries(), entries + 1);
        })
        .await;
    }

    #[tokio::test]
    async fn a_number_is_the_callers_or_the_next_of_its_point() {
        each_store(async |world| {
            let caller = world.keeper().await;
            let mut first = None;
            for (point, serial, expected) in [
                (None, None, "0001-00000001"),
                (None, Some(286), "0001-00000286"),
                (None, None, "0001-00000287"),
                (Some(2), None, "0002-00000001"),
                (Some(1), Some(5), "0001-00000005"),
                (Some(1), None, "0001-00000288"),
            ] {
                let request = PayoutRequest { point, serial, ..payout(100, &[]) };
                let made = world.pay(&caller, request).await;
                assert_eq!(made.number.to_string(), expected);
                first.get_or_insert(made.id);
            }
            let taken = PayoutRequest { serial: Some(1), ..payout(100, &[]) };
            let holder = first.unwrap();
            let no = world.pay_refused(&caller, taken.clone()).await;
            assert_eq!(no, PayoutRefusal::NumberTaken { holder });
            world.reverse(98, holder).await.unwrap();
            let no = world.pay_refused(&caller, taken).await;
            assert_eq!(no, PayoutRefusal::NumberTaken { holder }, "reversed or not");
        })
        .await;
    }

    #[tokio::test]
    async fn a_payout_is_undone_whole_and_once() {
        each_store(async |world| {
            let caller = world.keeper().await;
            let invoice = world.enter(&caller, 1, 1_000).await;
            world.pay(&caller, payout(300, &[(invoice, 300)])).await;
            assert_eq!(world.balance(&caller), ars(700));
            let made = world.pay(&caller, payout(600, &[(invoice, 500)])).await;
            assert_eq!(world.balance(&caller), ars(100), "100 are an advance");
            let totals = || {
                let payout = world.seen(&caller, |desk| desk.payout(made.id)).unwrap().unwrap();
                assert_eq!(payout.payout, made);
                assert_eq!(payout.invoices_total, ars(1_000));
                let of_invoice = world.seen(&caller, |desk| desk.invoice(invoice));
                assert_eq!(of_invoice.unwrap().unwrap().applied, payout.invoices_applied);
                (payout.is_reversed, payout.invoices_applied, payout.applied)
            };
            assert_eq!(totals(), (false, ars(800), ars(500)));
            let entries = world.entries();
            let unknown = PayoutId::from_i64(9_999).unwrap();
            let company_unknown = DeskRefusal::CompanyUnknown;
            assert_eq!(refused(world.reverse(1, made.id).await), company_unknown);
            for (company, payout) in [(98, unknown), (576, made.id)] {
                let no = refused(world.reverse(company, payout).await);
                assert_eq!(no, DeskRefusal::Act(PayoutReverseRefusal::PayoutUnknown));
            }
            assert_eq!((totals(), world.entries()), ((false, ars(800), ars(500)), entries));
            world.reverse(98, made.id).await.unwrap();
            let twice = refused(world.reverse(98, made.id).await);
            assert_eq!(twice, DeskRefusal::Act(PayoutReverseRefusal::AlreadyReversed));
            assert_eq!(totals(), (true, ars(300), ars(0)));
            assert_eq!(world.balance(&caller), ars(700));
            assert_eq!(world.entries(), entries + 1);
            let payouts = world.seen(&caller, |desk| desk.payouts_of_invoice(invoice));
            let payouts = payouts.unwrap().unwrap();
            let shown: Vec<_> = payouts.iter().map(|it| (it.is_reversed, it.applied)).collect();
            assert_eq!(shown, [(false, ars(300)), (true, ars(0))]);
        })
        .await;
    }

    #[tokio::test]
    async fn payouts_are_listed_by_supplier_and_date_until_enough() {
        each_store(async |world| {
            let caller = world.keeper().await;
            let other = world.keep(&caller, supplier_row(None)).await.id;
            // More than are read at a time.
            for day in 1..=25 {
                for _ in 0..21 {
                    let mut request = payout(100, &[]);
                    request.terms.paid_on = date(2021, 11, day);
                    if day == 7 {
                        request.terms.supplier = other;
                    }
                    world.pay(&caller, request).await;
                }
            }
            world.reverse(98, PayoutId::FIRST).await.unwrap();
            let listed = |supplier: Option<SupplierId>, days: [i8; 2], enough: usize| {
                let [since, until] = days.map(|day| date(2021, 11, day));
                let selector = PayoutSelector { supplier, paid_on: since..=until };
                let mut found = Vec::new();
                let read = world.service.each_payout(id(98), &selector, &mut |listed| {
                    assert_eq!(listed.supplier_name.as_str(), "Librería El Aguaribay");
                    found.push((listed.payout.id.to_i64(), listed.is_reversed));
                    found.len() < enough
                });
                read.map(|()| found)
            };
            let all = listed(None, [1, 30], usize::MAX).unwrap();
            let expected = (1..=525).map(|payout| (payout, payout == 1));
            assert!(all.iter().copied().eq(expected), "{all:?}");
            let of_days = listed(None, [2, 3], usize::MAX).unwrap();
            assert!(of_days.iter().map(|(payout, _)| *payout).eq(22..=63), "{of_days:?}");
            let of_other = listed(Some(other), [1, 30], usize::MAX).unwrap();
            assert!(of_other.iter().map(|(payout, _)| *payout).eq(127..=147), "{of_other:?}");
            assert_eq!(listed(Some(other), [8, 30], usize::MAX), Ok(vec![]));
            assert_eq!(listed(None, [25, 25], 2), Ok(vec![(505, false), (506, false)]));
            let nobody = SupplierId::from_i64(9).unwrap();
            let unknown = listed(Some(nobody), [1, 30], usize::MAX);
            assert_eq!(refused(unknown), PayoutReadRefusal::SupplierUnknown);
        })
        .await;
    }

    #[tokio::test]
    async fn a_payout_is_told_with_all_that_is_kept_of_it_by_id_and_by_number() {
        each_store(async |world| {
            let caller = world.keeper().await;
            let (first, second) =
                (world.enter(&caller, 7, 500).await, world.enter(&caller, 8, 700).await);
            let request = keyed("k-1", payout(900, &[(second, 600), (first, 200)]));
            let payout = world.pay(&caller, request).await;
            let kept = |company, name| world.service.kept_payout(id(company), name);
            let by_id = kept(98, PayoutName::Id(payout.id)).unwrap();
            assert_eq!(kept(98, PayoutName::Number(payout.number)).as_ref(), Ok(&by_id));
            assert_eq!(by_id.payout, payout);
            assert_eq!(by_id.supplier.trade_name.as_str(), "Librería El Aguaribay");
            assert_eq!(by_id.supplier.id, by_id.payout.terms.supplier);
            assert_eq!(by_id.integrator, Some(name(ERP)));
            assert_eq!(by_id.reversal, None);
            let settled = by_id.settled.iter();
            let settled = settled.map(|to| (to.id, to.number.to_string(), to.amount));
            let expected = [
                (second, "0003-00000008".to_owned(), ars(600)),
                (first, "0003-00000007".to_owned(), ars(200)),
            ];
            assert!(settled.eq(expected), "{by_id:?}");
            world.reverse(98, payout.id).await.unwrap();
            let undone = kept(98, PayoutName::Id(payout.id)).unwrap();
            let reversal = undone.reversal.unwrap();
            assert_eq!((reversal.payout, reversal.reversed_by.as_str()), (payout, "prueba"));
            assert_eq!(undone.settled, by_id.settled, "what it settled is told all the same");
            for (company, name, refusal) in [
                (1, PayoutName::Id(PayoutId::FIRST), PayoutReadRefusal::CompanyUnknown),
                (576, PayoutName::Id(PayoutId::FIRST), PayoutReadRefusal::PayoutUnknown),
                (576, PayoutName::Number(by_id.payout.number), PayoutReadRefusal::PayoutUnknown),
            ] {
                assert_eq!(refused(kept(company, name)), refusal, "{company} {name:?}");
            }
        })
        .await;
    }

    #[tokio::test]
    async fn a_supplier_kept_as_it_is_writes_no_entry() {
        each_store(async |world| {
            let caller = world.keeper().await;
            let entries = world.entries();
            let row = supplier_row(Some(SUPPLIER));
            let before = world.keep(&caller, row.clone()).await;
            assert_eq!(world.entries(), entries);
            let row = SupplierRow { is_active: Some(false), ..row };
            let after = world.keep(&caller, row.clone()).await;
            assert_eq!(after, Supplier { is_active: false, ..before });
            assert_eq!(world.keep(&caller, row).await, after);
            assert_eq!(world.entries(), entries + 1);
        })
        .await;
    }
}
