//! The trail and what is explained of it, through the service, over every store.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::net::IpAddr;

    use super::common::in_postgres;
    use jiff::{SignedDuration, Timestamp};
    use ventanilla_domain::{
        BillId, CallerKey, CollectorId, CompanyId, ContractCode, Currency, FileKind, IdOutOfRange,
        Label, Money, Name, PayCommand, PaymentId, Period, Place, ReverseCommand, Role, TimeZone,
    };
    use ventanilla_service::import::ImportRequest;
    use ventanilla_service::{
        Act, ActOutcome, ActRecord, Caller, Clock, Entropy, ExplainRefusal, Explanation, Failure,
        LimitChange, LimitChanges, NewCollector, NewCompany, Origin, Question, Rotation, Service,
        Settings, SignInName, Subject, TokenId, What, Who,
    };
    use ventanilla_store::{Keys, Store, to_hex, token_digest};

    const BILLS: &str = "factura,contrato,periodo,monto\n1,315,202110,10.00\n2,315,202111,20.00\n\
                         3,0400,202110,30.00\n";
    const CHANGED: &str = "factura,contrato,periodo,monto\n1,315,202110,12.50\n";

    struct World {
        store: Store,
        clock: Clock,
        service: Service,
        bank: Caller,
        till: Caller,
    }

    fn id<T>(from: fn(i64) -> Result<T, IdOutOfRange>, value: i64) -> T {
        from(value).unwrap()
    }

    fn company() -> CompanyId {
        id(CompanyId::from_i64, 13)
    }

    fn start(store: Store, clock: Clock) -> Service {
        let service = Service::start(store, clock, Entropy::counted(1), Settings::default());
        service.unwrap().operated_by(Label::from_text("rosa").unwrap())
    }

    async fn add(service: &Service, name: &str) -> Caller {
        let (company, name) = (company(), Label::from_text(name).unwrap());
        let new = NewCollector { company, name, can_list: false, credentials: None };
        let (_, credentials) = service.add_collector(new).await.unwrap();
        let token = service.issue_token(&credentials, home()).await.unwrap();
        service.session(&token.token).unwrap().into_caller()
    }

    async fn world(store: Store) -> World {
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let service = start(store.clone(), clock.clone());
        let new = NewCompany {
            id: company(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            first_payment: PaymentId::FIRST,
        };
        service.add_company(new).await.unwrap();
        let bank = add(&service, "banco").await;
        let till = add(&service, "caja").await;
        World { store, clock, service, bank, till }
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

    fn home() -> IpAddr {
        "192.0.2.7".parse().unwrap()
    }

    async fn import(service: &Service, kind: FileKind, name: &str, text: &'static str) {
        let request = ImportRequest {
            company: company(),
            kind,
            name: Name::from_text(name).unwrap(),
            imported_by: Label::from_text("ana").unwrap(),
            dry_run: false,
            skip_bad: false,
            complete: None,
        };
        let service = service.clone();
        let importing = tokio::task::spawn_blocking(move || {
            service.import(&request, &mut Cursor::new(text), &mut |_| {}).unwrap();
        });
        importing.await.unwrap();
    }

    impl World {
        fn pass(&self) {
            self.clock.set(self.clock.now() + SignedDuration::from_secs(1));
        }

        /// The lines of a trail without their times.
        fn trail(&self, company: Option<CompanyId>) -> Vec<String> {
            let mut told = Vec::new();
            let visited = self.service.visit_trail(company, &|_| true, &mut |act| {
                told.push(told_of(&act));
                true
            });
            visited.unwrap();
            told
        }

        async fn with_bills(&self) {
            let members = "contrato,nombre\n315,Ana Soria\n0400,Luis Paz\n";
            import(&self.service, FileKind::Members, "socios.csv", members).await;
            import(&self.service, FileKind::Bills, "facturas.csv", BILLS).await;
            import(&self.service, FileKind::Bills, "correcciones.csv", CHANGED).await;
        }

        /// Pays a bill as the edge does it: whatever comes of it is noted.
        async fn pay(&self, caller: &Caller, bill: i64, minor: i64, key: &str) -> ActOutcome {
            self.pass();
            let contract =
                ContractCode::from_text(if bill == 3 { "0400" } else { "0315" }).unwrap();
            let bill = id(BillId::from_i64, bill);
            let caller_key = CallerKey::from_text(key).ok();
            let period = if bill.to_i64() == 2 { 202_111 } else { 202_110 };
            let command = PayCommand {
                collector: caller.collector,
                bill,
                period: Period::from_yyyymm(period).unwrap(),
                contract: contract.clone(),
                amount: Money::from_minor(minor, Currency::BOB),
                caller_reference: None,
                caller_key: caller_key.clone(),
                place: Place { cashier: Label::from_text("eva").ok(), ..Place::default() },
            };
            let paid = self.service.pay(caller, command).await;
            let (outcome, payment) = match paid {
                Ok(paid) if paid.is_replay => (ActOutcome::Repeated, Some(paid.act.id)),
                Ok(paid) => (ActOutcome::Done, Some(paid.act.id)),
                Err(Failure::Refused(no)) => (ActOutcome::Refused(no.to_string().into()), None),
                Err(other) => panic!("{other:?}"),
            };
            let subject = Subject {
                payment,
                bill: Some(bill),
                contract: Some(contract),
                caller_key,
                ..Subject::default()
            };
            self.note(What::Pay, Who::Collector(caller.collector), outcome.clone(), subject);
            outcome
        }

        async fn reverse(&self, caller: &Caller, bill: i64, payment: i64) {
            self.pass();
            let (bill, payment) = (id(BillId::from_i64, bill), id(PaymentId::from_i64, payment));
            let command = ReverseCommand {
                collector: caller.collector,
                bill,
                payment,
                reason: None,
                caller_key: None,
                is_late_allowed: false,
            };
            self.service.reverse(caller, command).await.unwrap();
            let (bill, payment) = (Some(bill), Some(payment));
            let subject = Subject { bill, payment, ..Subject::default() };
            let who = Who::Collector(caller.collector);
            self.note(What::Reverse, who, ActOutcome::Done, subject);
        }

        fn note(&self, what: What, who: Who, outcome: ActOutcome, subject: Subject) {
            let (at, from) = (self.clock.now(), Origin::Address(home()));
            let company = (who != Who::Nobody).then(company);
            self.service.note(Act { at, company, from, who, what, outcome, subject });
        }

        fn explain(&self, question: &Question) -> Explanation {
            self.service.flush_trail();
            self.service.explain(company(), question).unwrap()
        }
    }

    /// An act in one line, without its time.
    fn told_of(act: &ActRecord<'_>) -> String {
        let operator = act.operator.as_deref().unwrap_or("-");
        let (name, code) = (act.name.as_deref(), act.code.as_deref());
        let told = [Some(&*act.what), Some(&*act.outcome), Some(operator), name, code];
        told.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    #[tokio::test]
    async fn each_act_of_administration_is_kept_with_what_it_changes() {
        each_store(async |world| {
            let World { service, .. } = &world;
            let name = |text| SignInName::from_text(text).unwrap();
            let settings = [("oldest_first", "true"), ("reversal_days", "none")];
            let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
            service.set_company(company(), settings.into()).await.unwrap();
            service.disable_collector(company(), " caja ").await.unwrap();
            service.enable_collector(company(), "caja").await.unwrap();
            service.rotate_collector(company(), "caja", Rotation::Now).await.unwrap();
            let (payment_max, held_max) = (LimitChange::Set(50_000), LimitChange::Keep);
            let limits = LimitChanges { payment_max, held_max };
            service.limit_collector(company(), " caja ", limits).await.unwrap();
            service.revoke_tokens_of(company(), "caja").await.unwrap();
            let token = service.tokens(Some(company()), Some("banco")).unwrap().remove(0).id;
            service.revoke_token(token, None).await.unwrap();
            service.add_integrator(name("CONTABLE"), None).await.unwrap();
            service.disable_integrator(&name("CONTABLE")).await.unwrap();
            service.enable_integrator(&name("CONTABLE")).await.unwrap();
            service.set_integrator_password(&name("CONTABLE"), None).await.unwrap();
            let role = Role::Accountant;
            service.add_user(name("eva"), "una clave", company(), role).await.unwrap();
            service.grant(&name("eva"), company(), role).await.unwrap();
            service.revoke(&name("eva"), company()).await.unwrap();
            service.disable_user(&name("eva")).await.unwrap();
            service.enable_user(&name("eva")).await.unwrap();
            service.set_user_password(&name("eva"), "otra clave").await.unwrap();
            world.with_bills().await;
            assert_eq!(
                world.trail(Some(company())),
                [
                    "company-add done rosa Cooplan",
                    "collector-add done rosa banco",
                    "collector-add done rosa caja",
                    "company-set done rosa oldest_first, reversal_days",
                    "collector-disable done rosa caja",
                    "collector-enable done rosa caja",
                    "collector-rotate done rosa caja",
                    "collector-limit done rosa caja, payment_max=500.00, held_max=none",
                    "token-revoke done rosa caja",
                    "token-revoke done rosa banco",
                    "user-add done rosa eva",
                    "user-grant done rosa eva",
                    "user-revoke done rosa eva",
                    "import done ana socios.csv",
                    "import done ana facturas.csv",
                    "import done ana correcciones.csv",
                ]
            );
            assert_eq!(
                world.trail(None),
                [
                    "integrator-add done rosa CONTABLE",
                    "integrator-disable done rosa CONTABLE",
                    "integrator-enable done rosa CONTABLE",
                    "integrator-password done rosa CONTABLE",
                    "user-disable done rosa eva",
                    "user-enable done rosa eva",
                    "user-password done rosa eva",
                ]
            );
            assert_eq!(service.verify().unwrap().findings, Vec::<String>::new());
        })
        .await;
    }

    #[tokio::test]
    async fn what_is_refused_to_the_operator_leaves_no_trace() {
        each_store(async |world| {
            let World { service, .. } = &world;
            let before = (world.trail(Some(company())), world.trail(None));
            let name = SignInName::from_text("nadie").unwrap();
            let token = TokenId::from_text("0123456789ab").unwrap();
            let settings = vec![("reversal_days".to_owned(), "x".to_owned())];
            service.set_company(company(), settings).await.unwrap_err();
            service.disable_collector(company(), "nadie").await.unwrap_err();
            let (payment_max, held_max) = (LimitChange::Set(0), LimitChange::Keep);
            let limits = LimitChanges { payment_max, held_max };
            service.limit_collector(company(), "caja", limits).await.unwrap_err();
            service.disable_user(&name).await.unwrap_err();
            service.enable_integrator(&name).await.unwrap_err();
            service.revoke_token(token, None).await.unwrap_err();
            assert_eq!((world.trail(Some(company())), world.trail(None)), before);
        })
        .await;
    }

    #[tokio::test]
    async fn what_is_noted_is_written_within_a_moment_and_at_the_end() {
        each_store(async |world| {
            let World { service, store, .. } = &world;
            let before = world.trail(None).len();
            let refused = || ActOutcome::Refused("TOKEN_INVALIDO".into());
            for _ in 0..3 {
                world.note(What::Pay, Who::Nobody, refused(), Subject::default());
            }
            for _ in 0..600 {
                if world.trail(None).len() > before {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            assert_eq!(world.trail(None)[before..], ["pay refused - TOKEN_INVALIDO"]);
            world.note(What::Report, Who::Nobody, refused(), Subject::default());
            service.shut_down();
            let later = start(store.clone(), world.clock.clone());
            let world = World { service: later, ..world };
            let written = world.trail(None);
            assert_eq!(written[before + 1..], ["report refused - TOKEN_INVALIDO"]);
        })
        .await;
    }

    #[tokio::test]
    async fn a_payment_is_explained_by_its_id_its_bill_its_contract_and_its_key() {
        each_store(async |world| {
            world.with_bills().await;
            let (bank, till) = (&world.bank, &world.till);
            let no = |outcome| matches!(outcome, ActOutcome::Refused(_));
            assert!(no(world.pay(bank, 1, 1_000, "b-1").await), "an old amount");
            assert_eq!(world.pay(bank, 1, 1_250, "b-1").await, ActOutcome::Done);
            assert_eq!(world.pay(bank, 1, 1_250, "b-1").await, ActOutcome::Repeated);
            assert!(no(world.pay(till, 1, 1_250, "c-1").await), "paid");
            world.reverse(bank, 1, 1).await;
            assert_eq!(world.pay(till, 1, 1_250, "c-2").await, ActOutcome::Done);
            // Another collector's attempt under the same name is another attempt.
            assert_eq!(world.pay(till, 3, 3_000, "b-1").await, ActOutcome::Done);
            let told = |question: &Question| {
                let explanation = world.explain(question);
                let bills: Vec<_> = explanation
                    .bills
                    .iter()
                    .map(|bill| {
                        let payments = bill.payments.iter();
                        let payments = payments
                            .map(|paid| (paid.payment.id.to_i64(), paid.reversal.is_some()));
                        (bill.bill.id.to_i64(), bill.versions.len(), payments.collect::<Vec<_>>())
                    })
                    .collect();
                let acts = explanation.acts.iter().map(|act| {
                    let collector = act.collector.unwrap_or_default();
                    format!("{collector} {} {}", act.what, act.outcome)
                });
                (bills, acts.collect::<Vec<_>>())
            };
            let first = (1, 2, vec![(1, true), (2, false)]);
            let acts = [
                "1 pay refused",
                "1 pay done",
                "1 pay repeated",
                "2 pay refused",
                "1 reverse done",
                "2 pay done",
            ]
            .map(str::to_owned);
            for question in [
                Question::Payment(id(PaymentId::from_i64, 1)),
                Question::Payment(id(PaymentId::from_i64, 2)),
                Question::Bill(id(BillId::from_i64, 1)),
                Question::Key(CallerKey::from_text("c-2").unwrap()),
            ] {
                assert_eq!(told(&question), (vec![first.clone()], acts.to_vec()), "{question:?}");
            }
            let refused = Question::Key(CallerKey::from_text("c-1").unwrap());
            assert_eq!(told(&refused), (vec![first.clone()], acts.to_vec()), "its bill's life");
            let contract = |code| Question::Contract(ContractCode::from_text(code).unwrap());
            let (unpaid, third) = ((2, 1, vec![]), (3, 1, vec![(3, false)]));
            for code in ["315", "00315"] {
                let expected = (vec![first.clone(), unpaid.clone()], acts.to_vec());
                assert_eq!(told(&contract(code)), expected, "{code}");
            }
            let key = Question::Key(CallerKey::from_text("b-1").unwrap());
            let with_third = [&acts[..], &["2 pay done".to_owned()]].concat();
            assert_eq!(told(&key), (vec![first, third], with_third));
        })
        .await;
    }

    #[tokio::test]
    async fn an_explanation_tells_versions_files_and_entries() {
        each_store(async |world| {
            world.with_bills().await;
            world.pay(&world.bank, 1, 1_250, "b-1").await;
            world.reverse(&world.bank, 1, 1).await;
            let explanation = world.explain(&Question::Bill(id(BillId::from_i64, 1)));
            let bill = &explanation.bills[0];
            let versions: Vec<_> = bill
                .versions
                .iter()
                .map(|(version, file)| {
                    let amount = version.terms.amount.to_minor();
                    (version.number, amount, file.as_str(), version.source.line)
                })
                .collect();
            let expected = [(1, 1_000, "facturas.csv", 2), (2, 1_250, "correcciones.csv", 2)];
            assert_eq!(versions, expected);
            assert_eq!(bill.contract.code.as_str(), "315");
            let paid = &bill.payments[0];
            let (reversal, undone) = paid.reversal.as_ref().unwrap();
            assert_eq!(undone.entry.to_i64(), paid.entry.entry.to_i64() + 1);
            assert_eq!(undone.recorded_at, reversal.recorded_at);
            let posted = |posted: &ventanilla_service::Posted| {
                let posting = &posted.postings[0];
                format!("{} {} {}", posting.debit, posting.credit, posting.amount.to_minor())
            };
            assert_eq!(posted(&paid.entry), "collector:1 receivable 1250");
            assert_eq!(posted(undone), "receivable collector:1 1250");
            let collectors: Vec<_> = explanation.collectors.iter().collect();
            let label = |name| Label::from_text(name).unwrap();
            assert_eq!(collectors, [(&1, &label("banco")), (&2, &label("caja"))]);
        })
        .await;
    }

    #[tokio::test]
    async fn an_entry_is_found_wherever_the_clock_was_set() {
        each_local_store(async |world| {
            world.with_bills().await;
            for (bill, minor, at) in [
                (1, 1_250, "2021-11-26T18:00:00Z"),
                (2, 2_000, "2021-11-26T17:00:00Z"),
                (3, 3_000, "2021-11-26T19:00:00Z"),
            ] {
                world.clock.set(at.parse::<Timestamp>().unwrap());
                world.pay(&world.bank, bill, minor, &format!("b-{bill}")).await;
            }
            let mut entries = Vec::new();
            for bill in 1..=3 {
                let explanation = world.explain(&Question::Bill(id(BillId::from_i64, bill)));
                entries.push(explanation.bills[0].payments[0].entry.entry.to_i64());
            }
            assert_eq!(entries, [entries[0], entries[0] + 1, entries[0] + 2]);
        })
        .await;
    }

    #[tokio::test]
    async fn attempts_that_never_became_a_payment_are_explained_too() {
        each_store(async |world| {
            world.with_bills().await;
            let bank = Who::Collector(world.bank.collector);
            let refused = ActOutcome::Refused("FACTURA_NO_EXISTE".into());
            let subject = Subject {
                bill: Some(id(BillId::from_i64, 99)),
                contract: ContractCode::from_text("\"9\"").ok(),
                caller_key: CallerKey::from_text("x \\ \"1\"").ok(),
                ..Subject::default()
            };
            world.note(What::Pay, bank.clone(), refused, subject.clone());
            let unknown =
                Subject { payment: Some(id(PaymentId::from_i64, 7)), ..Subject::default() };
            let contract = ContractCode::from_text("0077").ok();
            let of_nobody = Subject { contract, ..Subject::default() };
            let no_member = ActOutcome::Refused("SOCIO_NO_ENCONTRADO".into());
            world.note(What::Pay, bank.clone(), no_member, of_nobody);
            let refused = ActOutcome::Refused("COBRANZA_NO_EXISTE".into());
            world.note(What::Reverse, bank, refused, unknown);
            for (question, code) in [
                (Question::Bill(id(BillId::from_i64, 99)), "FACTURA_NO_EXISTE"),
                (Question::Contract(subject.contract.unwrap()), "FACTURA_NO_EXISTE"),
                (Question::Key(subject.caller_key.unwrap()), "FACTURA_NO_EXISTE"),
                (Question::Payment(id(PaymentId::from_i64, 7)), "COBRANZA_NO_EXISTE"),
                (Question::Contract(ContractCode::from_text("77").unwrap()), "SOCIO_NO_ENCONTRADO"),
            ] {
                let explanation = world.explain(&question);
                assert_eq!(explanation.bills.len(), 0, "{question:?}");
                let codes: Vec<_> =
                    explanation.acts.iter().map(|act| act.code.as_deref()).collect();
                assert_eq!(codes, [Some(code)], "{question:?}");
            }
            for question in [
                Question::Bill(id(BillId::from_i64, 9)),
                Question::Payment(id(PaymentId::from_i64, 70)),
                Question::Contract(ContractCode::from_text("9").unwrap()),
                Question::Key(CallerKey::from_text("x").unwrap()),
            ] {
                assert!(world.explain(&question).is_empty(), "{question:?}");
            }
            let unknown =
                world.service.explain(id(CompanyId::from_i64, 9), &Question::Bill(BillId::FIRST));
            let refused = Failure::Refused(ExplainRefusal::CompanyUnknown);
            assert_eq!(unknown.unwrap_err(), refused);
        })
        .await;
    }

    #[tokio::test]
    async fn tokens_that_are_issued_say_whose_they_are() {
        each_store(async |world| {
            let name = Label::from_text("kiosco").unwrap();
            let new = NewCollector { company: company(), name, can_list: false, credentials: None };
            let (collector, credentials) = world.service.add_collector(new).await.unwrap();
            let issued = world.service.issue_token(&credentials, home()).await.unwrap();
            assert_eq!((issued.collector, issued.company), (collector.id, company()));
            assert_ne!(collector.id, CollectorId::FIRST);
            assert_eq!(to_hex(&token_digest(&issued.token)).len(), 64);
        })
        .await;
    }
}
