//! The window: receipts, drawers and remittances, through the service, over every store.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Barrier;
    use std::thread;

    use super::common::in_postgres;
    use jiff::SignedDuration;
    use ventanilla_domain::{
        Account, ApproveRefusal, BillId, CallerKey, CloseRefusal, CompanyId, ContractCode,
        Currency, DrawerId, FileKind, Means, Money, Name, OpenRefusal, PayRefusal, PaymentId,
        Period, ReceiptId, ReceiptLine, ReceiptReverseRefusal, RemitRefusal,
        RemittanceReverseRefusal, ReverseRefusal, Role, Text, TimeZone, WindowMeans,
        WindowReceiptKey, WindowReceiptRefusal,
    };
    use ventanilla_service::{
        Accepted, AdminRefusal, Clock, DrawerFilter, Entropy, Failure, IssuedReceipt, NewCollector,
        NewCompany, NewRemittance, OfficeRefusal, Officer, Question, ReceiptFilter, Service,
        Settings, SignInName, WindowPayment, WindowReadRefusal,
    };
    use ventanilla_sim::import;
    use ventanilla_store::{Keys, Store};

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const PASSWORD: &str = "la clave de la prueba";
    const MEMBERS: &str = "contrato,nombre\n100,Ana Lopez\n200,Luis Rojas\n";
    /// Of contract 100 bills 1 (10.23) and 2 (20.00), of 200 bills 3 (5.02) and 4 (7.00).
    const BILLS: &str = "factura,contrato,periodo,monto\n1,100,202109,10.23\n2,100,202110,20.00\n\
        3,200,202110,5.02\n4,200,202111,7.00\n";

    /// Company 13 with two cashiers, a supervisor and an accountant.
    struct World {
        store: Store,
        clock: Clock,
        service: Service,
        ana: Officer,
        eva: Officer,
        supervisor: Officer,
        accountant: Officer,
    }

    type Taken = Result<Accepted<IssuedReceipt>, Failure<OfficeRefusal<WindowReceiptRefusal>>>;

    fn company() -> CompanyId {
        CompanyId::from_i64(13).unwrap()
    }

    fn bob(minor: i64) -> Money {
        Money::from_minor(minor, Currency::BOB)
    }

    fn words<const MAX: usize>(text: &str) -> Text<MAX> {
        Text::from_text(text).unwrap()
    }

    async fn officer(service: &Service, user: &str, role: Role) -> Officer {
        let name = SignInName::from_text(user).unwrap();
        service.add_user(name, PASSWORD, company(), role).await.unwrap();
        let entered = service.enter(user, PASSWORD, HOME).await.unwrap();
        service.office(&entered.key, HOME).unwrap().officer(company()).unwrap()
    }

    async fn world(store: Store, settings: Settings) -> World {
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let service = Service::start(store.clone(), clock.clone(), Entropy::System, settings);
        let service = service.unwrap();
        let new = NewCompany {
            id: company(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            first_payment: PaymentId::FIRST,
        };
        service.add_company(new).await.unwrap();
        import(&service, company(), FileKind::Members, MEMBERS);
        import(&service, company(), FileKind::Bills, BILLS);
        World {
            ana: officer(&service, "ana", Role::Cashier).await,
            eva: officer(&service, "eva", Role::Cashier).await,
            supervisor: officer(&service, "sofia", Role::Supervisor).await,
            accountant: officer(&service, "luz", Role::Accountant).await,
            store,
            clock,
            service,
        }
    }

    async fn each_store_with(settings: Settings, test: impl AsyncFn(&World)) {
        let keys = || Keys::from_random([7; 64]);
        let run = async |store| {
            let world = world(store, settings).await;
            test(&world).await;
            assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
        };
        run(Store::memory(keys())).await;
        let folder = tempfile::tempdir().unwrap();
        run(Store::create_sqlite(&folder.path().join("data"), keys()).unwrap()).await;
        let (_database, store) = in_postgres(keys());
        run(store).await;
    }

    async fn each_store(test: impl AsyncFn(&World)) {
        let settings = Settings { is_second_factor_asked: false, ..Settings::default() };
        each_store_with(settings, test).await;
    }

    fn line(bill: i64) -> ReceiptLine {
        let (contract, period, minor) = match bill {
            1 => ("100", 202_109, 1_023),
            2 => ("100", 202_110, 2_000),
            3 => ("200", 202_110, 502),
            _ => ("200", 202_111, 700),
        };
        ReceiptLine {
            contract: ContractCode::from_text(contract).unwrap(),
            bill: BillId::from_i64(bill).unwrap(),
            period: Period::from_yyyymm(period).unwrap(),
            amount: bob(minor),
        }
    }

    /// In cash, of what is due.
    fn of(bills: &[i64], key: &str) -> WindowPayment {
        WindowPayment {
            bills: bills.iter().map(|bill| line(*bill)).collect(),
            means: WindowMeans::Cash,
            tendered: None,
            key: WindowReceiptKey::from_text(key).unwrap(),
        }
    }

    fn waited<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    /// Does two things at the same moment, each on a thread of its own.
    fn both<T: Send>(
        first: impl FnOnce() -> T + Send,
        second: impl FnOnce() -> T + Send,
    ) -> [T; 2] {
        let barrier = &Barrier::new(2);
        let at_once = |work: Box<dyn FnOnce() -> T + Send>| {
            move || {
                barrier.wait();
                work()
            }
        };
        thread::scope(|scope| {
            let first = scope.spawn(at_once(Box::new(first)));
            let second = scope.spawn(at_once(Box::new(second)));
            [first.join().unwrap(), second.join().unwrap()]
        })
    }

    impl World {
        async fn take(&self, officer: &Officer, payment: WindowPayment) -> Taken {
            self.service.take_payment(officer, payment).await
        }

        async fn taken(&self, officer: &Officer, bills: &[i64], key: &str) -> IssuedReceipt {
            self.take(officer, of(bills, key)).await.unwrap().act
        }

        async fn open(&self, officer: &Officer) -> DrawerId {
            self.service.open_drawer(officer, bob(10_000)).await.unwrap().id
        }

        /// Keeps a rule of the company.
        async fn set(&self, key: &str, value: &str) {
            let settings = vec![(key.to_owned(), value.to_owned())];
            self.service.set_company(company(), settings).await.unwrap();
        }

        fn balance(&self, account: &Account) -> i64 {
            self.store.settle().unwrap();
            let snapshot = self.store.snapshot().unwrap();
            snapshot.view().balance(company(), account).unwrap()
        }

        /// What the window holds.
        fn held(&self) -> i64 {
            self.store.settle().unwrap();
            let held = self.service.held(&self.accountant).unwrap();
            let mut held = held.iter().filter(|held| held.collector.is_window);
            held.next().map_or(0, |held| held.amount.to_minor())
        }

        fn unpaid(&self) -> Vec<i64> {
            let snapshot = self.store.snapshot().unwrap();
            let view = snapshot.view();
            let books = view.company(company()).unwrap().unwrap();
            let bills = view.unpaid_bills_after(&books, 0, 99).unwrap();
            bills.iter().map(|bill| bill.id.to_i64()).collect()
        }

        fn entries(&self) -> i64 {
            let snapshot = self.store.snapshot().unwrap();
            let counters = snapshot.view().counters(company()).unwrap().unwrap();
            counters.next_entry.to_i64()
        }

        fn words_of_trail(&self) -> Vec<String> {
            self.service.flush_trail();
            let snapshot = self.store.snapshot().unwrap();
            let rows = snapshot.view().trail(Some(company()), 1, 999).unwrap();
            let is_of_window = |body: &&str| {
                ["receipt", "drawer", "remit"]
                    .iter()
                    .any(|word| body.contains(&format!("\"what\":\"{word}")))
            };
            rows.iter()
                .map(|row| row.body.as_str())
                .filter(is_of_window)
                .map(str::to_owned)
                .collect()
        }
    }

    fn refused<T: std::fmt::Debug, R: std::fmt::Debug>(
        told: Result<T, Failure<OfficeRefusal<R>>>,
    ) -> R {
        match told {
            Err(Failure::Refused(OfficeRefusal::Act(refusal))) => refusal,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_receipt_pays_all_its_bills_and_a_repeat_gets_it_again() {
        each_store(async |world| {
            let drawer = world.open(&world.ana).await;
            let made = world.take(&world.ana, of(&[2, 3, 1], "n-1")).await.unwrap();
            assert!(!made.is_replay);
            let IssuedReceipt { receipt, payments, reversal } = made.act.clone();
            assert_eq!((receipt.id, receipt.drawer), (ReceiptId::FIRST, drawer));
            assert_eq!((receipt.total, receipt.tendered), (bob(3_525), bob(3_525)));
            assert_eq!(reversal, None);
            let bills: Vec<_> = payments.iter().map(|payment| payment.bill.to_i64()).collect();
            assert_eq!(bills, [2, 3, 1]);
            let place = &payments[0].place;
            assert_eq!(place.cashier.as_ref().unwrap().as_str(), "ana");
            assert_eq!(place.means.as_ref().unwrap().as_str(), "efectivo");
            assert_eq!(world.unpaid(), [4]);
            assert_eq!(world.held(), 3_525);
            let entries = world.entries();
            let again = world.take(&world.ana, of(&[1, 2, 3], "n-1")).await.unwrap();
            assert_eq!((again.is_replay, &again.act), (true, &made.act));
            let other = refused(world.take(&world.ana, of(&[1, 2, 4], "n-1")).await);
            assert_eq!(other, WindowReceiptRefusal::CallerKeyReused);
            assert_eq!(world.entries(), entries, "nothing is written of either");
            assert_eq!(world.service.receipt(&world.eva, receipt.id).unwrap(), made.act);
            let found = world.service.receipt_of_payment(&world.eva, payments[1].id).unwrap();
            assert_eq!(found, Some(receipt.id));
            let printed = world.service.receipt_to_print(&world.eva, receipt.id).unwrap();
            assert_eq!(printed.issued, made.act);
            let first = world.service.payment_to_print(company(), payments[0].id).unwrap();
            assert_eq!(printed.proof, world.service.receipt_text(&first));
            let question = Question::Payment(payments[2].id);
            let explained = world.service.explain(company(), &question).unwrap();
            assert_eq!(explained.bills[0].payments[0].receipt, Some(receipt.id));
            assert_eq!(explained.acts.iter().filter(|act| act.what == "receipt").count(), 1);
            let trail = world.words_of_trail();
            assert_eq!(trail.len(), 2, "{trail:?}");
            assert!(trail[1].contains(r#""what":"receipt","outcome":"done""#), "{trail:?}");
            assert!(trail[1].contains(r#""key":"n-1","receipt":1,"drawer":1"#), "{trail:?}");
        })
        .await;
    }

    #[tokio::test]
    async fn a_bill_that_is_refused_leaves_nothing_of_the_others() {
        each_store(async |world| {
            world.open(&world.ana).await;
            world.taken(&world.ana, &[3], "n-1").await;
            let entries = world.entries();
            let told = refused(world.take(&world.ana, of(&[1, 2, 3, 4], "n-2")).await);
            let WindowReceiptRefusal::Bill { bill, refusal } = told else { panic!("{told:?}") };
            assert_eq!(bill.to_i64(), 3);
            assert!(matches!(refusal, PayRefusal::BillPaid { existing: Some(_) }), "{refusal:?}");
            assert_eq!((world.entries(), world.unpaid()), (entries, vec![1, 2, 4]));
            // The name of the attempt is free still.
            world.taken(&world.ana, &[1, 2, 4], "n-2").await;
        })
        .await;
    }

    #[tokio::test]
    async fn cash_is_rounded_and_posted_and_gives_change() {
        each_store(async |world| {
            world.set("cash_rounding", "0.10").await;
            world.open(&world.ana).await;
            let down = world.taken(&world.ana, &[1], "n-1").await.receipt;
            assert_eq!((down.total, down.rounding, down.due()), (bob(1_023), bob(-3), bob(1_020)));
            assert_eq!(world.balance(&Account::CashRounding), 3);
            assert_eq!(world.held(), 1_020);
            world.set("cash_rounding", "0.05").await;
            let paid = WindowPayment { tendered: Some(bob(1_000)), ..of(&[3], "n-2") };
            let up = world.take(&world.ana, paid).await.unwrap().act.receipt;
            assert_eq!((up.rounding, up.due(), up.change()), (bob(-2), bob(500), bob(500)));
            world.set("cash_rounding", "0.03").await;
            let up = world.taken(&world.ana, &[2], "n-3").await.receipt;
            assert_eq!((up.rounding, up.due()), (bob(1), bob(2_001)));
            assert_eq!(world.balance(&Account::CashRounding), 3 + 2 - 1);
            assert_eq!(world.held(), 1_020 + 500 + 2_001);
            let by_card = WindowPayment { means: WindowMeans::Card, ..of(&[4], "n-4") };
            let short = WindowPayment { tendered: Some(bob(698)), ..of(&[4], "n-4") };
            let told = refused(world.take(&world.ana, short).await);
            assert_eq!(told, WindowReceiptRefusal::TenderedShort { due: bob(699) });
            let exact = world.take(&world.ana, by_card).await.unwrap().act.receipt;
            assert_eq!((exact.rounding, exact.tendered), (bob(0), bob(700)));
        })
        .await;
    }

    #[tokio::test]
    async fn a_reversal_restores_everything() {
        each_store(async |world| {
            world.set("cash_rounding", "0.10").await;
            world.open(&world.ana).await;
            world.taken(&world.ana, &[4], "n-0").await;
            let accounts = || {
                let window = world.service.collectors(Some(company())).unwrap()[0].id;
                [Account::Receivable, Account::CashRounding, Account::Collector(window)]
                    .map(|account| world.balance(&account))
            };
            let before = accounts();
            let made = world.taken(&world.ana, &[1, 2, 3], "n-1").await.receipt;
            assert_eq!(world.unpaid(), Vec::<i64>::new());
            let undone = world.service.reverse_receipt(&world.ana, made.id, words("error")).await;
            let undone = undone.unwrap();
            assert_eq!(undone.receipt, made);
            assert_eq!(undone.reversal.as_ref().unwrap().drawer, Some(made.drawer));
            assert_eq!(world.service.receipt(&world.ana, made.id).unwrap(), undone);
            assert_eq!((world.unpaid(), accounts()), (vec![1, 2, 3], before));
            let again = world.service.reverse_receipt(&world.ana, made.id, words("error")).await;
            assert_eq!(refused(again), ReceiptReverseRefusal::AlreadyReversed);
            // A repeat of the attempt tells the receipt that was reversed; another name pays anew.
            let repeat = world.take(&world.ana, of(&[1, 2, 3], "n-1")).await.unwrap();
            assert_eq!((repeat.is_replay, repeat.act), (true, undone));
            world.taken(&world.ana, &[1, 2, 3], "n-2").await;
        })
        .await;
    }

    #[tokio::test]
    async fn who_may_reverse_what_and_when() {
        each_store(async |world| {
            let reverse = async |officer: &Officer, receipt: ReceiptId| {
                world.service.reverse_receipt(officer, receipt, words("error")).await
            };
            let drawer = world.open(&world.ana).await;
            let [first, second] = [
                world.taken(&world.ana, &[1], "n-1").await.receipt.id,
                world.taken(&world.ana, &[2], "n-2").await.receipt.id,
            ];
            assert_eq!(refused(reverse(&world.eva, first).await), ReceiptReverseRefusal::NotOwn);
            let told = reverse(&world.accountant, first).await;
            assert!(matches!(told, Err(Failure::Refused(OfficeRefusal::NotAllowed))), "{told:?}");
            world.service.close_drawer(&world.ana, drawer, bob(13_023)).await.unwrap();
            let told = refused(reverse(&world.ana, first).await);
            assert_eq!(told, ReceiptReverseRefusal::DrawerNotOpen);
            let other = world.open(&world.ana).await;
            let undone = reverse(&world.ana, first).await.unwrap();
            assert_eq!(undone.reversal.unwrap().drawer, Some(other));
            world.clock.set(world.clock.now() + SignedDuration::from_hours(24));
            let ana = world.service.enter("ana", PASSWORD, HOME).await.unwrap();
            let ana = world.service.office(&ana.key, HOME).unwrap().officer(company()).unwrap();
            let told = refused(reverse(&ana, second).await);
            let refusal = ReverseRefusal::WindowOver;
            assert!(
                matches!(told, ReceiptReverseRefusal::Payment { refusal: it, .. } if it == refusal)
            );
            let sofia = world.service.enter("sofia", PASSWORD, HOME).await.unwrap();
            let sofia = world.service.office(&sofia.key, HOME).unwrap();
            let sofia = sofia.officer(company()).unwrap();
            let undone = reverse(&sofia, second).await.unwrap().reversal.unwrap();
            assert_eq!((undone.drawer, undone.reversed_by.as_str()), (None, "sofia"));
            let none = refused(reverse(&sofia, ReceiptId::from_i64(99).unwrap()).await);
            assert_eq!(none, ReceiptReverseRefusal::ReceiptUnknown);
        })
        .await;
    }

    #[tokio::test]
    async fn a_proof_is_asked_for_only_where_ones_own_right_is_not_enough() {
        each_store_with(Settings::default(), async |world| {
            world.open(&world.supervisor).await;
            world.open(&world.ana).await;
            let own = world.taken(&world.supervisor, &[1], "n-1").await.receipt.id;
            let others = world.taken(&world.ana, &[2], "n-2").await.receipt.id;
            let reverse = async |receipt| {
                world.service.reverse_receipt(&world.supervisor, receipt, words("error")).await
            };
            let told = reverse(others).await;
            assert!(matches!(told, Err(Failure::Refused(OfficeRefusal::ProofNeeded))), "{told:?}");
            reverse(own).await.unwrap();
            assert_eq!(refused(reverse(own).await), ReceiptReverseRefusal::AlreadyReversed);
        })
        .await;
    }

    #[tokio::test]
    async fn a_drawer_is_counted_blind_and_approved_by_another() {
        each_store(async |world| {
            let (service, ana, eva) = (&world.service, &world.ana, &world.eva);
            let told = refused(world.take(ana, of(&[1], "n-1")).await);
            assert_eq!(told, WindowReceiptRefusal::DrawerNotOpen);
            let drawer = world.open(ana).await;
            let told = refused(service.open_drawer(ana, bob(0)).await);
            assert_eq!(told, OpenRefusal::AlreadyOpen { drawer });
            let paid = world.taken(ana, &[1, 2], "n-1").await.receipt;
            let by_card = WindowPayment { means: WindowMeans::Card, ..of(&[4], "n-2") };
            world.take(ana, by_card).await.unwrap();
            // Nobody tells its cashier what should be in it.
            assert_eq!(service.drawer_of(ana).unwrap().unwrap().id, drawer);
            assert_eq!(refused(service.drawer(ana, drawer)), WindowReadRefusal::StillOpen);
            let seen = service.drawers(ana, &DrawerFilter::default(), None).unwrap();
            assert_eq!(seen[0].figures.cash.taken.count, 0);
            let seen = service.drawer(&world.supervisor, drawer).unwrap();
            assert_eq!(seen.figures.cash.taken.amount, paid.due());
            let told = refused(service.close_drawer(eva, drawer, bob(0)).await);
            assert_eq!(told, CloseRefusal::DrawerUnknown);
            let closed = service.close_drawer(ana, drawer, bob(13_000)).await.unwrap();
            let closing = closed.closing.clone().unwrap();
            assert_eq!((closing.expected, closing.difference()), (bob(13_023), bob(-23)));
            assert_eq!(closed.figures.card.taken.amount, bob(700));
            assert_eq!(service.drawer(ana, drawer).unwrap(), closed);
            assert_eq!(refused(service.drawer(eva, drawer)), WindowReadRefusal::Unknown);
            assert_eq!(service.drawers(eva, &DrawerFilter::default(), None).unwrap(), []);
            let held = world.held();
            let told = service.approve_drawer(ana, drawer, None).await;
            assert!(matches!(told, Err(Failure::Refused(OfficeRefusal::NotAllowed))), "{told:?}");
            let approved = service.approve_drawer(&world.supervisor, drawer, None).await.unwrap();
            assert_eq!(approved.approval.unwrap().difference, bob(-23));
            assert_eq!(world.balance(&Account::CashOverShort), 23);
            assert_eq!(world.held(), held - 23);
            let told = refused(service.approve_drawer(&world.supervisor, drawer, None).await);
            assert_eq!(told, ApproveRefusal::AlreadyApproved);
            // One that is over, of nobody who took anything.
            let other = world.open(&world.supervisor).await;
            service.close_drawer(&world.supervisor, other, bob(10_007)).await.unwrap();
            let told = refused(service.approve_drawer(&world.supervisor, other, None).await);
            assert_eq!(told, ApproveRefusal::OwnDrawer);
        })
        .await;
    }

    #[tokio::test]
    async fn a_drawer_that_was_left_open_is_closed_by_a_supervisor_and_approved_by_a_third() {
        each_store(async |world| {
            let (service, supervisor) = (&world.service, &world.supervisor);
            let drawer = world.open(&world.ana).await;
            world.taken(&world.ana, &[1, 2], "n-1").await;
            let told = service.close_drawer(&world.accountant, drawer, bob(0)).await;
            assert!(matches!(told, Err(Failure::Refused(OfficeRefusal::NotAllowed))), "{told:?}");
            let closed = service.close_drawer(supervisor, drawer, bob(13_000)).await.unwrap();
            let closing = closed.closing.clone().unwrap();
            assert_eq!(closing.closed_by, Some(words("sofia")));
            assert_eq!((closing.expected, closing.difference()), (bob(13_023), bob(-23)));
            // Its cashier sees it as closed, takes nothing into it, and may open another.
            assert_eq!(service.drawer(&world.ana, drawer).unwrap(), closed);
            let told = refused(world.take(&world.ana, of(&[3], "n-2")).await);
            assert_eq!(told, WindowReceiptRefusal::DrawerNotOpen);
            world.open(&world.ana).await;
            let told = refused(service.close_drawer(&world.ana, drawer, bob(0)).await);
            assert_eq!(told, CloseRefusal::AlreadyClosed);
            let told = refused(service.approve_drawer(supervisor, drawer, None).await);
            assert_eq!(told, ApproveRefusal::OwnDrawer);
            let boss = officer(service, "jefa", Role::Administrator).await;
            service.approve_drawer(&boss, drawer, None).await.unwrap();
            assert_eq!(world.balance(&Account::CashOverShort), 23);
        })
        .await;
    }

    #[tokio::test]
    async fn all_contracts_of_a_member_that_owe_are_told_as_far_as_they_are_looked_at() {
        each_store(async |world| {
            let lines = |head: &str, numbers: &[i64], line: fn(i64) -> String| {
                let lines = numbers.iter().map(|number| line(*number));
                [head.to_owned()].into_iter().chain(lines).collect::<Vec<_>>().join("\n")
            };
            let all: Vec<i64> = (301..=322).collect();
            let members =
                lines("contrato,nombre,socio_id", &all, |it| format!("{it},Rita Paz,900"));
            // Contract 302 owes nothing.
            let owing: Vec<i64> = all.iter().copied().filter(|number| *number != 302).collect();
            let head = "factura,contrato,periodo,monto";
            let bills = lines(head, &owing, |it| format!("{it},{it},202110,1.00"));
            import(&world.service, company(), FileKind::Members, &members);
            import(&world.service, company(), FileKind::Bills, &bills);
            let told = |codes: &[&str]| {
                let codes: Vec<_> =
                    codes.iter().map(|code| ContractCode::from_text(code).unwrap()).collect();
                let debts = world.service.debts_of(company(), &codes).ok()?;
                let codes = debts.all.iter().map(|debt| debt.holder.contract.code.to_string());
                Some((codes.collect::<Vec<_>>(), debts.is_cut_off))
            };
            // Twenty are looked at besides the one that is asked for.
            let (codes, is_cut_off) = told(&["322"]).unwrap();
            assert_eq!((codes.len(), is_cut_off), (20, true));
            assert_eq!(codes[..3], ["322", "301", "303"]);
            let (codes, is_cut_off) = told(&["302", "nada", "100"]).unwrap();
            assert_eq!((codes.len(), is_cut_off), (21, true));
            assert_eq!((codes[0].as_str(), codes[20].as_str()), ("302", "100"));
            assert_eq!(told(&["200"]), Some((vec!["200".to_owned()], false)));
            assert_eq!((told(&["nada", "100"]), told(&[])), (None, None));
        })
        .await;
    }

    #[tokio::test]
    async fn each_cashier_sees_their_own_receipts_and_who_answers_for_them_all() {
        each_store(async |world| {
            for officer in [&world.ana, &world.eva] {
                world.open(officer).await;
            }
            world.taken(&world.ana, &[1], "n-1").await;
            world.taken(&world.eva, &[2], "n-2").await;
            let seen = |officer, filter: &ReceiptFilter, before| {
                let found = world.service.receipts_of(officer, filter, before).unwrap();
                found.iter().map(|kept| kept.receipt.id.to_i64()).collect::<Vec<_>>()
            };
            let all = ReceiptFilter::default();
            let of_ana = ReceiptFilter { cashier: Some(words("ana")), ..all.clone() };
            assert_eq!(seen(&world.ana, &all, None), [1]);
            assert_eq!(seen(&world.eva, &of_ana, None), [2], "whatever is asked for");
            for officer in [&world.supervisor, &world.accountant] {
                assert_eq!(seen(officer, &all, None), [2, 1]);
                assert_eq!(seen(officer, &of_ana, None), [1]);
                assert_eq!(seen(officer, &all, ReceiptId::from_i64(2).ok()), [1]);
            }
        })
        .await;
    }

    #[tokio::test]
    async fn where_the_oldest_comes_first_an_act_may_bring_all() {
        each_store(async |world| {
            world.set("oldest_first", "true").await;
            world.open(&world.ana).await;
            let told = refused(world.take(&world.ana, of(&[2, 3], "n-1")).await);
            let (bill, refusal) = (BillId::from_i64(2).unwrap(), PayRefusal::OlderBillUnpaid);
            assert_eq!(told, WindowReceiptRefusal::Bill { bill, refusal });
            let paid = world.taken(&world.ana, &[4, 2, 3, 1], "n-1").await;
            let bills: Vec<_> = paid.payments.iter().map(|payment| payment.bill.to_i64()).collect();
            assert_eq!(bills, [1, 2, 3, 4]);
        })
        .await;
    }

    #[tokio::test]
    async fn two_cashiers_do_not_both_take_the_cash() {
        each_store(async |world| {
            for officer in [&world.ana, &world.eva] {
                world.open(officer).await;
            }
            let told = both(
                || waited(world.take(&world.ana, of(&[1, 2], "n-1"))),
                || waited(world.take(&world.eva, of(&[3, 2], "n-2"))),
            );
            let (made, refused): (Vec<_>, Vec<_>) = told.into_iter().partition(Result::is_ok);
            assert_eq!((made.len(), refused.len()), (1, 1), "{refused:?}");
            // Whoever did not take it is not told of the payment.
            let Err(Failure::Refused(OfficeRefusal::Act(refusal))) = &refused[0] else {
                panic!("{refused:?}");
            };
            let WindowReceiptRefusal::Bill { bill, refusal } = refusal else {
                panic!("{refusal:?}");
            };
            assert_eq!(bill.to_i64(), 2);
            assert_eq!(*refusal, PayRefusal::BillPaid { existing: None });
            assert_eq!(world.unpaid().len(), 2);
        })
        .await;
    }

    #[tokio::test]
    async fn one_name_of_an_attempt_makes_one_receipt_however_often_it_is_sent() {
        each_store(async |world| {
            world.open(&world.ana).await;
            let send = || waited(world.take(&world.ana, of(&[1, 2, 3], "n-1"))).unwrap();
            let told = both(send, send);
            assert_eq!(told[0].act, told[1].act);
            let replays = told.iter().filter(|told| told.is_replay).count();
            assert_eq!((replays, world.unpaid()), (1, vec![4]));
            assert_eq!(world.held(), 3_525);
        })
        .await;
    }

    #[tokio::test]
    async fn the_window_is_made_once_and_is_nobodys_to_administer() {
        each_store(async |world| {
            let new = NewCollector {
                company: company(),
                name: words("ventanilla"),
                can_list: false,
                credentials: None,
            };
            world.service.add_collector(new).await.unwrap();
            for officer in [&world.ana, &world.eva] {
                world.open(officer).await;
            }
            let told = both(
                || waited(world.take(&world.ana, of(&[1], "n-1"))),
                || waited(world.take(&world.eva, of(&[3], "n-2"))),
            );
            assert!(told.iter().all(Result::is_ok), "{told:?}");
            let collectors = world.service.collectors(Some(company())).unwrap();
            let named: Vec<_> =
                collectors.iter().map(|it| (it.name.as_str(), it.is_window)).collect();
            assert_eq!(named, [("ventanilla", false), ("ventanilla 2", true)]);
            let told = world.service.disable_collector(company(), "ventanilla 2").await;
            let unknown = Err(Failure::Refused(AdminRefusal::CollectorUnknown));
            assert_eq!(told.map(drop), unknown);
        })
        .await;
    }

    #[tokio::test]
    async fn what_a_collector_hands_over_is_taken_from_what_it_holds() {
        each_store(async |world| {
            let (service, luz) = (&world.service, &world.accountant);
            world.open(&world.ana).await;
            world.taken(&world.ana, &[1, 2], "n-1").await;
            let window = service.collectors(Some(company())).unwrap()[0].id;
            let new = NewRemittance {
                collector: window,
                amount: bob(3_000),
                commission: bob(10),
                means: Means::Transfer,
                bank_date: "2021-11-25".parse().unwrap(),
                reference: Some(words("T-17")),
                key: Some(CallerKey::from_text("m-1").unwrap()),
            };
            let made = service.remit(luz, new.clone()).await.unwrap();
            assert_eq!((made.is_replay, world.held()), (false, 13));
            assert_eq!(world.balance(&Account::Commissions), 10);
            assert_eq!(world.balance(&Account::Means(Means::Transfer)), 3_000);
            let again = service.remit(luz, new.clone()).await.unwrap();
            assert_eq!((again.is_replay, again.act.id), (true, made.act.id));
            let other = NewRemittance { amount: bob(1), ..new.clone() };
            assert_eq!(refused(service.remit(luz, other).await), RemitRefusal::CallerKeyReused);
            let ahead = NewRemittance { key: None, ..new.clone() };
            service.remit(luz, ahead).await.unwrap();
            assert_eq!(world.held(), 13 - 3_010, "paid ahead");
            let unknown = ventanilla_domain::CollectorId::from_i64(99).unwrap();
            let unknown = NewRemittance { collector: unknown, key: None, ..new.clone() };
            assert_eq!(refused(service.remit(luz, unknown).await), RemitRefusal::CollectorUnknown);
            let told = service.remit(&world.ana, new).await;
            assert!(matches!(told, Err(Failure::Refused(OfficeRefusal::NotAllowed))), "{told:?}");
            let reverse =
                async || service.reverse_remittance(luz, made.act.id, words("devuelta")).await;
            assert_eq!(reverse().await.unwrap().remittance, made.act);
            assert_eq!(world.held(), 13);
            let told = refused(reverse().await);
            assert_eq!(told, RemittanceReverseRefusal::AlreadyReversed);
            let all = service.remittances(luz, None, None).unwrap();
            let told: Vec<_> = all
                .iter()
                .map(|kept| (kept.remittance.id.to_i64(), kept.reversal.is_some()))
                .collect();
            assert_eq!(told, [(2, false), (1, true)]);
            assert_eq!(
                service.remittances(luz, Some(window), Some(all[0].remittance.id)).unwrap(),
                all[1..]
            );
        })
        .await;
    }
}
