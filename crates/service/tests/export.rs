//! What leaves for the biller's own system, through the service, over every store.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::common::in_postgres;
    use ventanilla_domain::{
        BillId, BusinessDay, CallerKey, CallerReference, CompanyId, ContractCode, Currency,
        FileKind, Holder, Label, Name, PayCommand, Payment, PaymentId, Place, Reason,
        ReverseCommand, TimeZone,
    };
    use ventanilla_service::{
        Caller, Clock, Credentials, Entropy, ExportRefusal, ExportedBill, ExportedEvent,
        ExportedPayment, Failure, NewCollector, NewCompany, Service, Settings,
    };
    use ventanilla_sim::import;
    use ventanilla_store::{Keys, Store};

    const FIRST_DAY: &str = "2021-11-26T16:11:52Z";
    const NEXT_DAY: &str = "2021-11-27T16:11:52Z";

    /// Two companies, each with contract 100 of Ana Lopez, and a way to open the books anew.
    struct World<'p> {
        store: Store,
        path: Option<&'p Path>,
        clock: Clock,
        service: Service,
        starts: i64,
    }

    fn keys() -> Keys {
        Keys::from_random([7; 64])
    }

    fn id(company: i64) -> CompanyId {
        CompanyId::from_i64(company).unwrap()
    }

    fn day(text: &str) -> BusinessDay {
        BusinessDay::from_date(text.parse().unwrap())
    }

    /// The service after so many starts before: no two give the same tokens.
    fn started(store: &Store, clock: &Clock, starts: i64) -> Service {
        let entropy = Entropy::counted(1 + starts * 1_000_000);
        Service::start(store.clone(), clock.clone(), entropy, Settings::default()).unwrap()
    }

    fn credentials(company: i64) -> Credentials {
        Credentials {
            security_code: format!("c{company}"),
            login: "l".to_owned(),
            password: "p".to_owned(),
        }
    }

    async fn world(store: Store, path: Option<&Path>) -> World<'_> {
        let clock = Clock::manual(FIRST_DAY.parse().unwrap());
        let service = started(&store, &clock, 0);
        let world = World { store, path, clock, service, starts: 1 };
        for company in [13, 14] {
            let new = NewCompany {
                id: id(company),
                name: Name::from_text("Cooplan").unwrap(),
                currency: Currency::BOB,
                time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
                first_payment: PaymentId::FIRST,
            };
            world.service.add_company(new).await.unwrap();
            let new = NewCollector {
                company: id(company),
                name: Label::from_text(&format!("banco {company}")).unwrap(),
                can_list: false,
                credentials: Some(credentials(company)),
            };
            world.service.add_collector(new).await.unwrap();
            world.import(company, FileKind::Members, "contrato,nombre\n100,Ana Lopez\n");
        }
        world
    }

    async fn each_store(test: impl AsyncFn(World<'_>)) {
        test(world(Store::memory(keys()), None).await).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let store = Store::create_sqlite(&path, keys()).unwrap();
        test(world(store, Some(&path)).await).await;
        let (_database, store) = in_postgres(keys());
        test(world(store, None).await).await;
    }

    impl World<'_> {
        fn import(&self, company: i64, kind: FileKind, text: &str) {
            import(&self.service, id(company), kind, text);
        }

        /// Brings bills of contract 100, each of its number in bolivianos.
        fn bills(&self, company: i64, bills: impl IntoIterator<Item = i64>) {
            let rows = bills.into_iter().map(|bill| format!("{bill},100,202110,{bill}\n"));
            let rows: String = rows.collect();
            self.import(
                company,
                FileKind::Bills,
                &format!("factura,contrato,periodo,monto\n{rows}"),
            );
        }

        async fn caller(&self, company: i64) -> Caller {
            let address = [127, 0, 0, 1].into();
            let token = self.service.issue_token(&credentials(company), address).await.unwrap();
            self.service.session(&token.token).unwrap().into_caller()
        }

        async fn pay(&self, company: i64, bill: i64) -> Payment {
            let caller = self.caller(company).await;
            let bill = BillId::from_i64(bill).unwrap();
            let contract = ContractCode::from_text("100").unwrap();
            let debt = self.service.session_as(&caller).unwrap().debt(&contract).unwrap();
            let owed = debt.bills.iter().find(|owed| owed.id == bill).unwrap();
            let command = PayCommand {
                collector: caller.collector,
                bill,
                period: owed.period,
                contract,
                amount: owed.amount,
                caller_reference: CallerReference::from_text("asociado").ok(),
                caller_key: None,
                place: Place { cashier: Label::from_text("ana").ok(), ..Place::default() },
            };
            self.service.pay(&caller, command).await.unwrap().act
        }

        async fn reverse(&self, company: i64, payment: &Payment) {
            let caller = self.caller(company).await;
            let command = ReverseCommand {
                collector: caller.collector,
                bill: payment.bill,
                payment: payment.id,
                reason: Reason::from_text("error de caja").ok(),
                caller_key: CallerKey::from_text(&format!("r{}", payment.id)).ok(),
                is_late_allowed: false,
            };
            self.service.reverse(&caller, command).await.unwrap();
        }

        /// Ends the service and starts another over the same books, opened anew where they are on a
        /// disk.
        fn restart(&mut self) {
            self.service.shut_down();
            if let Some(path) = self.path {
                self.store = Store::open_sqlite(path, keys()).unwrap();
            }
            self.service = started(&self.store, &self.clock, self.starts);
            self.starts += 1;
        }

        fn events(&self, company: i64, after: i64, len: usize) -> Vec<ExportedEvent> {
            self.service.events_after(id(company), after, len).unwrap()
        }

        /// A company's events as `number kind payment bill`.
        fn told(&self, company: i64) -> Vec<String> {
            let told = |event: &ExportedEvent| {
                let kind = if event.reversal.is_some() { "reversion" } else { "pago" };
                format!("{} {kind} {} {}", event.number, event.payment.id, event.payment.bill)
            };
            self.events(company, 0, 1_000).iter().map(told).collect()
        }

        fn payments(
            &self,
            first: &str,
            last: &str,
            after: i64,
            len: usize,
        ) -> Vec<ExportedPayment> {
            let days = day(first)..=day(last);
            self.service.payments_after(id(13), &days, after, len).unwrap()
        }

        fn is_sound(&self) {
            assert_eq!(self.service.verify().unwrap().findings, Vec::<String>::new());
        }
    }

    /// Pages of every length give what one page gives.
    fn check_pages<T: Clone + PartialEq + std::fmt::Debug>(
        number: fn(&T) -> i64,
        page: impl Fn(i64, usize) -> Vec<T>,
    ) {
        let whole = page(0, 1_000);
        assert!(whole.len() > 3, "{whole:?}");
        for len in 1..=whole.len() + 1 {
            let (mut paged, mut after) = (Vec::new(), 0);
            loop {
                let rows = page(after, len);
                assert!(rows.len() <= len);
                let Some(last) = rows.last() else { break };
                after = number(last);
                paged.extend(rows);
            }
            assert_eq!(paged, whole, "pages of {len}");
        }
        for (place, row) in whole.iter().enumerate() {
            assert_eq!(page(number(row), 1_000), whole[place + 1..], "after {}", number(row));
        }
        assert_eq!(page(i64::MAX, 1_000), []);
        assert_eq!(page(0, 0), []);
    }

    #[tokio::test]
    async fn events_are_numbered_without_gaps_whatever_else_is_kept() {
        each_store(async |mut world| {
            assert_eq!(world.told(13), Vec::<String>::new());
            world.bills(13, 1..=3);
            world.bills(14, 1..=2);
            let first = world.pay(13, 1).await;
            world.pay(14, 2).await;
            world.bills(13, [4]);
            world.pay(13, 4).await;
            world.reverse(13, &first).await;
            world.restart();
            world.import(13, FileKind::Members, "contrato,nombre\n200,Beto Rojas\n");
            world.pay(13, 1).await;
            world.bills(14, 3..=4);
            world.pay(14, 4).await;
            world.restart();
            world.pay(13, 2).await;
            let told = ["1 pago 1 1", "2 pago 2 4", "3 reversion 1 1", "4 pago 3 1", "5 pago 4 2"];
            assert_eq!(world.told(13), told);
            assert_eq!(world.told(14), ["1 pago 1 2", "2 pago 2 4"], "each company from 1");
            let entries: Vec<_> = world.events(13, 0, 10).iter().map(|event| event.entry).collect();
            assert!(entries.is_sorted(), "{entries:?}");
            world.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn a_reversal_tells_of_the_payment_that_it_undoes() {
        each_store(async |world| {
            world.bills(13, [7]);
            let payment = world.pay(13, 7).await;
            world.clock.set(
                FIRST_DAY.parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_secs(60),
            );
            world.reverse(13, &payment).await;
            let events = world.events(13, 0, 10);
            let [paid, reversed] = events.as_slice() else { panic!("{events:?}") };
            assert_eq!((&paid.payment, &paid.reversal), (&payment, &None));
            assert_eq!(reversed.payment, payment);
            let reversal = reversed.reversal.as_ref().unwrap();
            assert_eq!(reversal.payment, payment.id);
            assert_eq!(reversal.reason.as_ref().unwrap().as_str(), "error de caja");
            assert!(reversal.recorded_at > payment.recorded_at);
            for event in &events {
                assert_eq!(event.collector.as_str(), "banco 13");
                assert_eq!(event.payment.place.cashier.as_ref().unwrap().as_str(), "ana");
            }
        })
        .await;
    }

    #[tokio::test]
    async fn every_list_is_paged_without_a_gap_or_a_repeat() {
        each_store(async |world| {
            world.bills(13, [9, 2, 7, 4, 5, 30, 1, 8]);
            world.bills(14, 1..=3);
            for bill in [9, 4, 1, 30] {
                let payment = world.pay(13, bill).await;
                if bill != 4 {
                    world.reverse(13, &payment).await;
                }
            }
            world.pay(13, 30).await;
            let members =
                "contrato,nombre\n9,Eva Cruz\n200,Beto Rojas\nA-1,Luz Vega\n30,Ana Lopez\n";
            world.import(13, FileKind::Members, members);
            let (service, company) = (&world.service, id(13));
            check_pages::<ExportedEvent>(
                |event| event.number.to_i64(),
                |after, len| world.events(13, after, len),
            );
            check_pages::<ExportedBill>(
                |bill| bill.bill.id.to_i64(),
                |after, len| service.bills_after(company, after, len).unwrap(),
            );
            check_pages::<ExportedBill>(
                |bill| bill.bill.id.to_i64(),
                |after, len| service.unpaid_bills_after(company, after, len).unwrap(),
            );
            check_pages::<Holder>(
                |holder| holder.contract.key.to_i64(),
                |after, len| service.members_after(company, after, len).unwrap(),
            );
            check_pages::<ExportedPayment>(
                |payment| payment.payment.id.to_i64(),
                |after, len| world.payments("2021-01-01", "2021-12-31", after, len),
            );
        })
        .await;
    }

    #[tokio::test]
    async fn a_bill_is_told_with_what_settles_it() {
        each_store(async |world| {
            world.bills(13, 1..=5);
            let (first, second) = (world.pay(13, 1).await, world.pay(13, 2).await);
            world.reverse(13, &second).await;
            let rows = "3,100,202110,3,anulada,\n4,100,202110,4,pagada_fuera,\n6,100,202110,6,,5\n";
            let heading = "factura,contrato,periodo,monto,estado,reemplaza";
            world.import(13, FileKind::Bills, &format!("{heading}\n{rows}"));
            let bills = world.service.bills_after(id(13), 0, 10).unwrap();
            let told = |bill: &ExportedBill| {
                let payment =
                    bill.payment.as_ref().map(|(payment, by)| format!("{} {by}", payment.id));
                let replaced_by = bill.version.replaced_by.map(BillId::to_i64);
                assert_eq!(bill.contract.as_str(), "100");
                assert_eq!(bill.version.number, bill.bill.version);
                (bill.bill.id.to_i64(), bill.bill.version, payment, replaced_by)
            };
            let paid = Some(format!("{} banco 13", first.id));
            assert_eq!(
                bills.iter().map(told).collect::<Vec<_>>(),
                [
                    (1, 1, paid, None),
                    (2, 1, None, None),
                    (3, 2, None, None),
                    (4, 2, None, None),
                    (5, 2, None, Some(6)),
                    (6, 1, None, None),
                ]
            );
            let unpaid = world.service.unpaid_bills_after(id(13), 0, 10).unwrap();
            assert_eq!(unpaid, [bills[1].clone(), bills[5].clone()]);
        })
        .await;
    }

    #[tokio::test]
    async fn payments_are_of_their_business_day() {
        each_store(async |world| {
            world
                .service
                .set_company(id(13), vec![("reversal_days".into(), "none".into())])
                .await
                .unwrap();
            world.bills(13, 1..=3);
            let first = world.pay(13, 1).await;
            world.clock.set(NEXT_DAY.parse().unwrap());
            world.pay(13, 2).await;
            world.reverse(13, &first).await;
            let told = |first: &str, last: &str| {
                let rows = world.payments(first, last, 0, 10);
                let row = |row: &ExportedPayment| (row.payment.id.to_i64(), row.reversal.is_some());
                rows.iter().map(row).collect::<Vec<_>>()
            };
            assert_eq!(told("2021-11-26", "2021-11-26"), [(1, true)], "the payment's own day");
            assert_eq!(told("2021-11-27", "2021-11-27"), [(2, false)]);
            assert_eq!(told("2021-11-26", "2021-11-27"), [(1, true), (2, false)]);
            assert_eq!(told("2021-11-28", "2021-12-31"), []);
            assert_eq!(told("-009999-01-01", "9999-12-31").len(), 2);
        })
        .await;
    }

    #[tokio::test]
    async fn an_unknown_company_is_refused() {
        fn check<T: std::fmt::Debug>(exported: Result<Vec<T>, Failure<ExportRefusal>>) {
            let refused = Failure::Refused(ExportRefusal::CompanyUnknown);
            assert_eq!(exported.err(), Some(refused));
        }
        each_store(async |world| {
            let (service, unknown) = (&world.service, id(9));
            let days = day("2021-11-26")..=day("2021-11-26");
            check(service.events_after(unknown, 0, 10));
            check(service.bills_after(unknown, 0, 10));
            check(service.unpaid_bills_after(unknown, 0, 10));
            check(service.members_after(unknown, 0, 10));
            check(service.payments_after(unknown, &days, 0, 10));
        })
        .await;
    }
}
