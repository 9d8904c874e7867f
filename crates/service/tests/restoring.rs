//! Books that go on from a backup, through the service, over every store.

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Cursor;

    use ventanilla_domain::{
        BillId, CollectorId, CompanyId, ContractCode, Currency, FileKind, Label, Name, PayCommand,
        PayRefusal, Payment, PaymentId, Place, TimeZone,
    };
    use ventanilla_service::{
        Caller, Clock, CollectorReport, Credentials, Entropy, Failure, LoadRefusal, LoadedReport,
        NewCollector, NewCompany, ReportVerdict, Service, Settings,
    };
    use ventanilla_sim::import;
    use ventanilla_store::{Keys, Store};

    const BACKUP: &str = "2021-11-26T16:00:00Z";
    const NOW: &str = "2021-11-28T16:00:00Z";
    const COMPANY: i64 = 13;
    /// The first `IdCobranza` that was lost: two payments were made before the backup.
    const LOST: i64 = 3;
    const NEXT: i64 = LOST + 1_000_000;
    const HEADING: &str = "Tipo,IdCobranza,IdFactura,Contrato,Monto,FechaPagoEmpresa,Estado,\
                           FechaReversion,IdTransaccion\n";

    /// One company; contract 100 owes bills 1 to 9 of as many bolivianos, of which the bank was paid
    /// 1 and 2; then the books went on from a backup.
    struct World {
        service: Service,
        clock: Clock,
        before: [Payment; 2],
    }

    fn company() -> CompanyId {
        CompanyId::from_i64(COMPANY).unwrap()
    }

    fn credentials(name: &str) -> Credentials {
        let word = || name.to_owned();
        Credentials { security_code: word(), login: word(), password: word() }
    }

    async fn books(store: Store) -> (Service, Clock) {
        let clock = Clock::manual(BACKUP.parse().unwrap());
        let settings = Settings::default();
        let service = Service::start(store, clock.clone(), Entropy::counted(1), settings).unwrap();
        let new = NewCompany {
            id: company(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            first_payment: PaymentId::FIRST,
        };
        service.add_company(new).await.unwrap();
        for name in ["banco", "kiosco"] {
            let new = NewCollector {
                company: company(),
                name: Label::from_text(name).unwrap(),
                can_list: false,
                credentials: Some(credentials(name)),
            };
            service.add_collector(new).await.unwrap();
        }
        import(&service, company(), FileKind::Members, "contrato,nombre\n100,Ana Lopez\n");
        let bills = (1..=9).map(|bill| format!("{bill},100,20211{},{bill}\n", bill % 2));
        let bills: String = bills.collect();
        import(
            &service,
            company(),
            FileKind::Bills,
            &format!("factura,contrato,periodo,monto\n{bills}"),
        );
        (service, clock)
    }

    async fn caller(service: &Service, name: &str) -> Caller {
        let address = [127, 0, 0, 1].into();
        let token = service.issue_token(&credentials(name), address).await.unwrap();
        service.session(&token.token).unwrap().into_caller()
    }

    async fn try_pay(service: &Service, by: &Caller, bill: i64) -> Result<Payment, PayRefusal> {
        let contract = ContractCode::from_text("100").unwrap();
        let command = PayCommand {
            collector: by.collector,
            bill: BillId::from_i64(bill).unwrap(),
            period: ventanilla_domain::Period::from_yyyymm(if bill % 2 == 1 {
                202_111
            } else {
                202_110
            })
            .unwrap(),
            contract,
            amount: ventanilla_domain::Money::from_minor(bill * 100, Currency::BOB),
            caller_reference: None,
            caller_key: None,
            place: Place::default(),
        };
        match service.pay(by, command).await {
            Ok(accepted) => Ok(accepted.act),
            Err(Failure::Refused(refusal)) => Err(refusal),
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn each_store(test: impl AsyncFn(World)) {
        test(world(Store::memory(Keys::from_random([7; 64]))).await).await;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create_sqlite(&folder.path().join("data"), Keys::from_random([7; 64]));
        test(world(store.unwrap()).await).await;
    }

    async fn world(store: Store) -> World {
        let (service, clock) = books(store).await;
        let bank = caller(&service, "banco").await;
        let before = [
            try_pay(&service, &bank, 1).await.unwrap(),
            try_pay(&service, &bank, 2).await.unwrap(),
        ];
        let restored_by = Label::from_text("ana").unwrap();
        let restored =
            service.go_on_from_backup(BACKUP.parse().unwrap(), &restored_by, &[], &BTreeMap::new());
        let restored = restored.unwrap();
        assert_eq!(restored.len(), 1);
        assert_eq!((restored[0].next_payment, restored[0].next_event), (NEXT, NEXT));
        // The reports tell of the days after it.
        clock.set(NOW.parse().unwrap());
        World { service, clock, before }
    }

    type Loaded = Result<(Vec<LoadedReport>, Vec<ReportVerdict>), LoadRefusal>;

    impl World {
        /// Loads reports, each of a collector by its id.
        fn load(&self, reports: &[(i64, &str)], skip_bad: bool) -> Loaded {
            let mut sources: Vec<_> = reports
                .iter()
                .map(|(collector, text)| {
                    (*collector, Cursor::new(format!("{HEADING}{text}").into_bytes()))
                })
                .collect();
            let mut reports: Vec<_> = sources
                .iter_mut()
                .map(|(collector, source)| CollectorReport {
                    collector: CollectorId::from_i64(*collector).unwrap(),
                    source,
                })
                .collect();
            self.service.load_reports(company(), &mut reports, skip_bad).map_err(|failure| {
                match failure {
                    Failure::Refused(refusal) => refusal,
                    other => panic!("{other:?}"),
                }
            })
        }

        fn is_sound(&self) {
            assert_eq!(self.service.verify().unwrap().findings, Vec::<String>::new());
        }

        fn events(&self) -> Vec<(i64, bool)> {
            let events = self.service.events_after(company(), 0, 100).unwrap();
            events
                .iter()
                .map(|event| (event.payment.id.to_i64(), event.reversal.is_some()))
                .collect()
        }
    }

    /// What was told of the bad lines: `LINE: …`.
    fn told(loaded: Loaded) -> Vec<String> {
        let Err(LoadRefusal::BadLines(bad)) = loaded else { panic!("{loaded:?}") };
        bad.iter().map(|bad| format!("{}: {}", bad.verdict.line, bad.verdict.message)).collect()
    }

    #[tokio::test]
    async fn a_lost_payment_comes_back_under_its_id_and_its_bill_is_paid() {
        each_store(async |world| {
            let loaded =
                world.load(&[(1, "cobranza,3,3,100,3.00,2021-11-26 12:30:00,2,,clave-3\n")], false);
            let (loaded, bad) = loaded.unwrap();
            assert_eq!((loaded[0].payments.count, bad.len()), (1, 0));
            let bank = caller(&world.service, "banco").await;
            let refusal = try_pay(&world.service, &bank, 3).await.unwrap_err();
            let PayRefusal::BillPaid { existing: Some(existing) } = refusal else {
                panic!("{refusal:?}")
            };
            assert_eq!(existing.payment.to_i64(), 3);
            assert_eq!(existing.recorded_at.to_string(), "2021-11-26T16:30:00Z");
            let next = try_pay(&world.service, &bank, 4).await.unwrap();
            assert_eq!(next.id.to_i64(), NEXT);
            world.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn what_several_did_with_one_bill_comes_back_as_it_happened() {
        each_store(async |world| {
            // The bank is paid, undoes it, and the kiosk is paid: in one minute, over two reports. A
            // payment of before the backup is undone too, and its bill paid again.
            let bank = "cobranza,3,3,100,3.00,2021-11-26 12:30:00,3,2021-11-26 12:30:01,\n\
                        reversion,3,3,100,-3.00,2021-11-26 12:30:00,3,2021-11-26 12:30:01,\n\
                        reversion,1,1,100,-1.00,2021-11-26 12:00:00,3,2021-11-26 12:30:05,\n\
                        cobranza,1,1,100,1.00,2021-11-26 12:00:00,2,,\n\
                        cobranza,2,2,100,2.00,2021-11-26 12:00:00,2,,\n";
            let kiosk = "cobranza,5,3,100,3.00,2021-11-26 12:30:01,2,,\n\
                         cobranza,6,1,100,1.00,2021-11-26 12:31:00,2,,\n";
            let (loaded, _) = world.load(&[(1, bank), (2, kiosk)], false).unwrap();
            let counts: Vec<_> = loaded
                .iter()
                .map(|one| (one.payments.count, one.reversals, one.known, one.refused))
                .collect();
            assert_eq!(counts, [(1, 2, 2, 0), (2, 0, 0, 0)]);
            assert_eq!(
                world.events(),
                [(1, false), (2, false), (3, false), (3, true), (5, false), (1, true), (6, false)]
            );
            world.is_sound();
            // Said again, all of it is known.
            let (again, _) = world.load(&[(1, bank), (2, kiosk)], false).unwrap();
            let counts: Vec<_> =
                again.iter().map(|one| (one.payments.count, one.reversals, one.known)).collect();
            assert_eq!(counts, [(0, 0, 5), (0, 0, 2)]);
            world.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn a_line_that_the_books_contradict_is_told_and_refuses_all() {
        each_store(async |world| {
            assert_eq!(world.before[0].id.to_i64(), 1);
            let good = "cobranza,3,3,100,3.00,2021-11-26 12:30:00,2,,\n";
            for (line, part) in [
                (
                    "cobranza,1,1,100,1.50,2021-11-26 12:00:00,2,,",
                    "1 ya está en los libros y Monto",
                ),
                ("cobranza,1,2,100,1.00,2021-11-26 12:00:00,2,,", "IdFactura no coincide"),
                ("cobranza,1,1,7,1.00,2021-11-26 12:00:00,2,,", "Contrato no coincide"),
                ("cobranza,1,1,100,1.00,2021-11-26 12:00:01,2,,", "FechaPagoEmpresa no coincide"),
                ("cobranza,4,1,100,1.00,2021-11-26 12:30:00,2,,", "pagada por la cobranza 1"),
                ("cobranza,4,3,100,3.00,2021-11-26 12:31:00,2,,", "pagada por la cobranza 3"),
                ("cobranza,4,99,100,3.00,2021-11-26 12:31:00,2,,", "no hay ninguna factura"),
                (
                    "cobranza,4,4,100,3.99,2021-11-26 12:31:00,2,,",
                    "el importe no es el de la factura",
                ),
                ("cobranza,4,4,101,4.00,2021-11-26 12:31:00,2,,", "la factura es de otro contrato"),
                (
                    "cobranza,1000003,4,100,4.00,2021-11-26 12:31:00,2,,",
                    "no es de los que se dieron",
                ),
                (
                    "reversion,4,4,100,-4.00,2021-11-26 12:31:00,3,2021-11-26 12:32:00,",
                    "que se revirtió",
                ),
                ("cobranza,x,4,100,4.00,2021-11-26 12:31:00,2,,", "«x» no es un número"),
            ] {
                let told = told(world.load(&[(1, &format!("{good}{line}\n"))], false));
                assert_eq!(told.len(), 1, "{line}: {told:?}");
                assert!(told[0].starts_with("3: ") && told[0].contains(part), "{line}: {told:?}");
            }
            assert_eq!(world.events(), [(1, false), (2, false)], "nothing was kept");
            let other =
                world.load(&[(2, "cobranza,1,1,100,1.00,2021-11-26 12:00:00,2,,\n")], false);
            assert!(told(other)[0].contains("el recaudador no coincide"));
        })
        .await;
    }

    #[tokio::test]
    async fn a_bad_line_is_told_once_and_of_the_column_that_is_wrong() {
        each_store(async |world| {
            for (line, column) in [
                ("cobranza,1,1,100,1.50,2021-11-26 12:00:00,2,,", "Monto"),
                ("cobranza,1,1,7,1.00,2021-11-26 12:00:00,2,,", "Contrato"),
                ("cobranza,1,2,100,1.00,2021-11-26 12:00:00,2,,", "IdFactura"),
                ("cobranza,4,99,100,3.00,2021-11-26 12:31:00,2,,", "IdFactura"),
                ("cobranza,4,1,100,1.00,2021-11-26 12:31:00,2,,", "IdFactura"),
                ("cobranza,4,4,100,3.99,2021-11-26 12:31:00,2,,", "Monto"),
                ("cobranza,4,4,101,4.00,2021-11-26 12:31:00,2,,", "Contrato"),
                ("cobranza,1000003,4,100,4.00,2021-11-26 12:31:00,2,,", "IdCobranza"),
                // Noon in La Paz is the moment of the loading, to the second.
                ("cobranza,4,4,100,4.00,2021-11-28 12:00:01,2,,", "FechaPagoEmpresa"),
                (
                    "reversion,1,1,100,-1.00,2021-11-26 12:00:00,3,2021-11-28 12:00:01,",
                    "FechaReversion",
                ),
                (
                    "reversion,4,4,100,-4.00,2021-11-26 12:31:00,3,2021-11-26 12:32:00,",
                    "FechaReversion",
                ),
                // Its reversal follows from what is wrong with the payment.
                ("cobranza,4,4,100,3.99,2021-11-26 12:31:00,3,2021-11-26 12:32:00,", "Monto"),
                ("cobranza,1,1,100,1.50,2021-11-26 12:00:00,3,2021-11-26 12:32:00,", "Monto"),
            ] {
                let loaded = world.load(&[(1, &format!("{line}\n"))], false);
                let Err(LoadRefusal::BadLines(bad)) = loaded else { panic!("{line}: {loaded:?}") };
                let columns: Vec<_> = bad.iter().map(|bad| bad.verdict.column).collect();
                assert_eq!(columns, [Some(column)], "{line}: {bad:?}");
            }
            let (loaded, _) = world
                .load(&[(1, "cobranza,4,4,100,4.00,2021-11-28 12:00:00,2,,\n")], false)
                .unwrap();
            assert_eq!(loaded[0].payments.count, 1, "done this very second");
            // A line that is left out is left out whole.
            let line = "cobranza,1,1,100,1.00,2021-11-26 12:00:01,3,2021-11-26 12:32:00,\n";
            let (loaded, bad) = world.load(&[(1, line)], true).unwrap();
            assert_eq!((loaded[0].reversals, loaded[0].refused, bad.len()), (0, 1, 1));
            world.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn bad_lines_may_be_left_out_and_come_later() {
        each_store(async |world| {
            let report = "cobranza,3,3,100,3.00,2021-11-26 12:30:00,2,,\n\
                          cobranza,4,50,100,5.00,2021-11-26 12:31:00,2,,\n";
            let (loaded, bad) = world.load(&[(1, report)], true).unwrap();
            assert_eq!((loaded[0].payments.count, loaded[0].refused, bad.len()), (1, 1, 1));
            let bill = "factura,contrato,periodo,monto\n50,100,202111,5.00\n";
            import(&world.service, company(), FileKind::Bills, bill);
            let (loaded, bad) = world.load(&[(1, report)], false).unwrap();
            assert_eq!((loaded[0].payments.count, loaded[0].known, bad.len()), (1, 1, 0));
            world.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn one_caller_key_is_one_payment() {
        each_store(async |world| {
            let twice = "cobranza,3,3,100,3.00,2021-11-26 12:30:00,2,,k\n\
                         cobranza,4,4,100,4.00,2021-11-26 12:31:00,2,,k\n";
            let told = told(world.load(&[(1, twice)], false));
            assert!(told[0].starts_with("3: su IdTransaccion ya es de otra"), "{told:?}");
        })
        .await;
    }

    #[tokio::test]
    async fn the_rules_of_today_bind_no_payment_that_was_taken() {
        each_store(async |world| {
            let settings =
                [("oldest_first", "true"), ("hours", "08:00-09:00"), ("check_payer", "true")];
            let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
            world.service.set_company(company(), settings).await.unwrap();
            let report = "cobranza,3,9,100,9.00,2021-11-26 23:30:00,2,,\n";
            let (loaded, _) = world.load(&[(1, report)], false).unwrap();
            assert_eq!(loaded[0].payments.count, 1);
            world.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn every_token_has_ended_and_nothing_is_loaded_into_books_that_lost_nothing() {
        each_store(async |world| {
            world.clock.set("2021-11-28T17:00:00Z".parse().unwrap());
            assert_eq!(world.service.tokens(None, None).unwrap().len(), 0);
            caller(&world.service, "banco").await;
        })
        .await;
        let (service, clock) = books(Store::memory(Keys::from_random([7; 64]))).await;
        let bank = caller(&service, "banco").await;
        let before = [1, 2].map(|bill| (bill, &bank));
        let mut paid = Vec::new();
        for (bill, bank) in before {
            paid.push(try_pay(&service, bank, bill).await.unwrap());
        }
        let world = World { service, clock, before: [paid[0].clone(), paid[1].clone()] };
        assert!(matches!(world.load(&[(1, "")], false), Err(LoadRefusal::NeverRestored)));
    }
}
