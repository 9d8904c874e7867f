//! What a company's people look at, through the service, over every store.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {

    use super::common::in_postgres;
    use ventanilla_domain::{
        Account, BillId, BusinessDay, CollectorId, CompanyId, ContractCode, Currency, EntryNumber,
        FileKind, Label, Name, PayCommand, Payment, PaymentId, Place, ReverseCommand, TimeZone,
    };
    use ventanilla_service::{
        BooksRefusal, Caller, Clock, Credentials, Entropy, Failure, NewCollector, NewCompany,
        PaymentPlace, PaymentsWanted, Service, Settings,
    };
    use ventanilla_sim::import;
    use ventanilla_store::{Keys, Store};

    const FIRST_DAY: &str = "2021-11-26T16:11:52Z";
    const NEXT_DAY: &str = "2021-11-27T16:11:52Z";
    const BILLS: i64 = 40;

    struct World {
        clock: Clock,
        service: Service,
    }

    fn company() -> CompanyId {
        CompanyId::from_i64(13).unwrap()
    }

    fn collector(number: i64) -> CollectorId {
        CollectorId::from_i64(number).unwrap()
    }

    fn day(text: &str) -> BusinessDay {
        BusinessDay::from_date(text.parse().unwrap())
    }

    fn credentials(number: i64) -> Credentials {
        Credentials {
            security_code: format!("c{number}"),
            login: "l".to_owned(),
            password: "p".to_owned(),
        }
    }

    async fn world(store: Store) -> World {
        let clock = Clock::manual(FIRST_DAY.parse().unwrap());
        let settings = Settings::default();
        let service = Service::start(store, clock.clone(), Entropy::counted(1), settings).unwrap();
        let world = World { clock, service };
        let new = NewCompany {
            id: company(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            first_payment: PaymentId::FIRST,
        };
        world.service.add_company(new).await.unwrap();
        for number in [1, 2] {
            let new = NewCollector {
                company: company(),
                name: Label::from_text(&format!("banco {number}")).unwrap(),
                can_list: false,
                credentials: Some(credentials(number)),
            };
            world.service.add_collector(new).await.unwrap();
        }
        world.import(FileKind::Members, "contrato,nombre\n100,Ana López Ñandú\n");
        let rows = (1..=BILLS).map(|bill| format!("{bill},100,202110,{bill}\n"));
        let rows: String = rows.collect();
        world.import(FileKind::Bills, &format!("factura,contrato,periodo,monto\n{rows}"));
        world
    }

    async fn each_store(test: impl AsyncFn(World)) {
        let keys = || Keys::from_random([7; 64]);
        test(world(Store::memory(keys())).await).await;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create_sqlite(&folder.path().join("data"), keys()).unwrap();
        test(world(store).await).await;
        let (_database, store) = in_postgres(keys());
        test(world(store).await).await;
    }

    impl World {
        fn import(&self, kind: FileKind, text: &str) {
            import(&self.service, company(), kind, text);
        }

        async fn caller(&self, number: i64) -> Caller {
            let address = [127, 0, 0, 1].into();
            let token = self.service.issue_token(&credentials(number), address).await.unwrap();
            self.service.session(&token.token).unwrap().into_caller()
        }

        async fn pay(&self, caller: &Caller, bill: i64, cashier: &str) -> Payment {
            let bill = BillId::from_i64(bill).unwrap();
            let contract = ContractCode::from_text("100").unwrap();
            let debt = self.service.session_as(caller).unwrap().debt(&contract).unwrap();
            let owed = debt.bills.iter().find(|owed| owed.id == bill).unwrap();
            let command = PayCommand {
                collector: caller.collector,
                bill,
                period: owed.period,
                contract,
                amount: owed.amount,
                caller_reference: None,
                caller_key: None,
                place: Place { cashier: Label::from_text(cashier).ok(), ..Place::default() },
            };
            self.service.pay(caller, command).await.unwrap().act
        }

        async fn reverse(&self, caller: &Caller, payment: &Payment) {
            let command = ReverseCommand {
                collector: caller.collector,
                bill: payment.bill,
                payment: payment.id,
                reason: None,
                is_late_allowed: false,
                caller_key: None,
            };
            self.service.reverse(caller, command).await.unwrap();
        }

        /// 20 payments of the first day by two collectors in turn, the third reversed; 10 of the next by the
        /// second. Cashiers in turn of three.
        async fn lived(&self) -> Vec<Payment> {
            let (first, second) = (self.caller(1).await, self.caller(2).await);
            let mut made = Vec::new();
            for bill in 1..=20 {
                let caller = if bill % 2 == 1 { &first } else { &second };
                let cashier = match bill % 3 {
                    0 => "ana",
                    1 => "luz",
                    _ => "zoe",
                };
                made.push(self.pay(caller, bill, cashier).await);
            }
            self.reverse(&first, &made[2]).await;
            self.clock.set(NEXT_DAY.parse().unwrap());
            let second = self.caller(2).await;
            for bill in 21..=30 {
                made.push(self.pay(&second, bill, "ana").await);
            }
            made
        }

        /// The bills of all pages of at most `len`.
        fn listed(&self, wanted: &PaymentsWanted, len: usize) -> Vec<i64> {
            let mut bills = Vec::new();
            let mut after: Option<PaymentPlace> = None;
            for _ in 0..1_000 {
                let page = self.service.payments(company(), wanted, after, len).unwrap();
                assert!(page.payments.len() <= len);
                let told = page.payments.iter().map(|state| {
                    assert_eq!(state.reversal.is_some(), state.payment.bill.to_i64() == 3);
                    state.payment.bill.to_i64()
                });
                bills.extend(told);
                after = page.after;
                if after.is_none() {
                    return bills;
                }
            }
            panic!("pages without an end");
        }
    }

    fn all() -> PaymentsWanted {
        PaymentsWanted {
            days: day("2000-01-01")..=day("2100-01-01"),
            collector: None,
            cashier: None,
            is_reversed: None,
        }
    }

    #[tokio::test]
    async fn payments_come_newest_first_in_pages_of_any_length() {
        each_store(async |world: World| {
            world.lived().await;
            let down = |from: i64, to: i64| (to..=from).rev().collect::<Vec<_>>();
            let first_day = day("2021-11-26")..=day("2021-11-26");
            let cashier = |name: &str| Label::from_text(name).ok();
            for (what, wanted, expected) in [
                ("all", all(), down(30, 1)),
                ("a day", PaymentsWanted { days: first_day.clone(), ..all() }, down(20, 1)),
                (
                    "a collector",
                    PaymentsWanted { collector: Some(collector(1)), ..all() },
                    down(20, 1).into_iter().filter(|bill| bill % 2 == 1).collect(),
                ),
                (
                    "a cashier of a day",
                    PaymentsWanted { days: first_day, cashier: cashier("ana"), ..all() },
                    vec![18, 15, 12, 9, 6, 3],
                ),
                ("nobody", PaymentsWanted { cashier: cashier("eva"), ..all() }, vec![]),
                ("reversed", PaymentsWanted { is_reversed: Some(true), ..all() }, vec![3]),
                (
                    "standing of a collector",
                    PaymentsWanted {
                        is_reversed: Some(false),
                        collector: Some(collector(1)),
                        ..all()
                    },
                    vec![19, 17, 15, 13, 11, 9, 7, 5, 1],
                ),
                (
                    "later days",
                    PaymentsWanted { days: day("2021-11-28")..=day("2100-01-01"), ..all() },
                    vec![],
                ),
            ] {
                for len in [1, 3, 7, 1_000] {
                    assert_eq!(world.listed(&wanted, len), expected, "{what}, {len} at a time");
                }
            }
        })
        .await;
    }

    #[tokio::test]
    async fn what_groups_of_payments_leave_is_added_up_and_found() {
        each_store(async |world: World| {
            world.lived().await;
            let service = &world.service;
            let rows = service.collected(company(), &(day("2021-11-26")..=day("2021-11-27")));
            let told = rows.unwrap().into_iter().map(|row| {
                let sums = row.sums;
                let (day, collector) = (row.day.to_date(), row.collector.to_i64());
                assert_eq!(row.hour, 12);
                (
                    day.day(),
                    collector,
                    sums.payments,
                    sums.paid_minor,
                    sums.reversals,
                    sums.reversed_minor,
                )
            });
            let told: Vec<_> = told.collect();
            // Odd bills to 19 come to 100, even ones to 20 to 110, those from 21 to 30 to 255.
            let expected =
                [(26, 1, 10, 10_000, 1, 300), (26, 2, 10, 11_000, 0, 0), (27, 2, 10, 25_500, 0, 0)];
            assert_eq!(told, expected);
            let owed = service.owed(company()).unwrap();
            let owed: Vec<_> =
                owed.iter().map(|owed| (owed.unpaid_bills, owed.owed_minor)).collect();
            assert_eq!(owed, [(11, 35_800)]);
            let accounts = service.accounts(company()).unwrap();
            assert_eq!(accounts[&Account::Receivable], 35_800);
            assert_eq!(accounts[&Account::Collector(collector(1))], 9_700);
            let account = Account::Collector(collector(1));
            let page = service.entries_of(company(), &account, None, 3).unwrap();
            let kinds: Vec<_> = page.entries.iter().map(|entry| entry.kind.as_str()).collect();
            assert_eq!(kinds, ["payment-reversed", "payment-made", "payment-made"]);
            let newest = page.entries[0].number;
            let entry = service.entry(company(), newest).unwrap().unwrap();
            assert_eq!((entry.number, entry.written.kind.as_ref()), (newest, "payment-reversed"));
            let found = service.search(company(), "LOPEZ ñand").unwrap();
            assert_eq!((found.holders.len(), found.is_cut_off), (1, false));
            assert_eq!(service.verify().unwrap().findings, Vec::<String>::new());
        })
        .await;
    }

    #[tokio::test]
    async fn a_company_that_is_not_there_is_refused() {
        let world = world(Store::memory(Keys::from_random([7; 64]))).await;
        let (service, other) = (&world.service, CompanyId::from_i64(99).unwrap());
        let days = day("2021-11-26")..=day("2021-11-26");
        for refused in [
            service.search(other, "ana").map(drop),
            service.collected(other, &days).map(drop),
            service.owed(other).map(drop),
            service.accounts(other).map(drop),
            service.entries_of(other, &Account::Receivable, None, 1).map(drop),
            service.entry(other, EntryNumber::FIRST).map(drop),
            service.payments(other, &all(), None, 1).map(drop),
        ] {
            assert!(matches!(refused, Err(Failure::Refused(BooksRefusal::CompanyUnknown))));
        }
    }
}
