//! What a collector may take, through the service, over every store.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::common::in_postgres;
    use tokio::task::JoinSet;
    use ventanilla_domain::{
        BillId, CallerKey, CollectorLimits, CompanyId, ContractCode, Currency, FileKind, Label,
        LimitError, Means, Money, Name, PayRefusal, Payment, PaymentId, Period, Place, Reason,
        RemittanceId, Role, TimeZone,
    };
    use ventanilla_service::{
        Accepted, AdminRefusal, ByTokenRefusal, Clock, Entropy, Failure, LimitChange, LimitChanges,
        NewCollector, NewCompany, NewRemittance, Officer, PayRequest, ReverseRequest, Service,
        Settings, SignInName,
    };
    use ventanilla_sim::import;
    use ventanilla_store::{Keys, Store};

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    /// Of contract 100, each of as many units as its number says.
    const BILLS: i64 = 40;

    /// Company 13 with collectors `banco` and `caja`, by the tokens of both, and an accountant.
    struct World {
        store: Store,
        service: Service,
        bank: String,
        till: String,
        accountant: Officer,
    }

    fn company() -> CompanyId {
        CompanyId::from_i64(13).unwrap()
    }

    fn bob(minor: i64) -> Money {
        Money::from_minor(minor, Currency::BOB)
    }

    fn limits(payment_max: Option<i64>, held_max: Option<i64>) -> CollectorLimits {
        CollectorLimits::new(payment_max.map(bob), held_max.map(bob)).unwrap()
    }

    async fn collector(service: &Service, name: &str) -> String {
        let name = Label::from_text(name).unwrap();
        let new = NewCollector { company: company(), name, can_list: false, credentials: None };
        let (_, credentials) = service.add_collector(new).await.unwrap();
        service.issue_token(&credentials, HOME).await.unwrap().token
    }

    async fn accountant(service: &Service) -> Officer {
        let (name, password) = (SignInName::from_text("luz").unwrap(), "la clave de la prueba");
        service.add_user(name, password, company(), Role::Accountant).await.unwrap();
        let entered = service.enter("luz", password, HOME).await.unwrap();
        service.office(&entered.key, HOME).unwrap().officer(company()).unwrap()
    }

    async fn world(store: Store) -> World {
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let settings = Settings { is_second_factor_asked: false, ..Settings::default() };
        let service = Service::start(store.clone(), clock, Entropy::System, settings).unwrap();
        let new = NewCompany {
            id: company(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            first_payment: PaymentId::FIRST,
        };
        service.add_company(new).await.unwrap();
        import(&service, company(), FileKind::Members, "contrato,nombre\n100,Ana Lopez\n");
        let bills = (1..=BILLS).map(|bill| format!("{bill},100,202110,{bill}.00\n"));
        let bills = "factura,contrato,periodo,monto\n".to_owned() + &bills.collect::<String>();
        import(&service, company(), FileKind::Bills, &bills);
        let (bank, till) = (collector(&service, "banco").await, collector(&service, "caja").await);
        let accountant = accountant(&service).await;
        World { store, service, bank, till, accountant }
    }

    async fn each_store(test: impl AsyncFn(&World)) {
        let keys = || Keys::from_random([7; 64]);
        let run = async |store| {
            let world = world(store).await;
            test(&world).await;
            assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
        };
        run(Store::memory(keys())).await;
        let folder = tempfile::tempdir().unwrap();
        run(Store::create_sqlite(&folder.path().join("data"), keys()).unwrap()).await;
        let (_database, store) = in_postgres(keys());
        run(store).await;
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

    type Paid = Result<Accepted<Payment>, PayRefusal>;

    async fn pay(service: &Service, token: &str, bill: i64, key: Option<&str>) -> Paid {
        match service.pay_by_token(token, request(bill, key)).await {
            Ok((_, accepted)) => Ok(accepted),
            Err(Failure::Refused(ByTokenRefusal::Act(refusal, _))) => Err(refusal),
            Err(other) => panic!("{other:?}"),
        }
    }

    impl World {
        /// Sets both limits, in hundredths.
        async fn limit(&self, payment_max: Option<i64>, held_max: Option<i64>) {
            let change = |limit: Option<i64>| limit.map_or(LimitChange::Lift, LimitChange::Set);
            let changes =
                LimitChanges { payment_max: change(payment_max), held_max: change(held_max) };
            let limited = self.service.limit_collector(company(), " banco ", changes).await;
            assert_eq!(limited.unwrap().limits, limits(payment_max, held_max));
        }

        /// What comes of a payment by the bank.
        async fn pays(&self, bill: i64, refusal: Option<PayRefusal>) {
            let paid = pay(&self.service, &self.bank, bill, None).await;
            assert_eq!(paid.err(), refusal, "bill {bill}");
        }

        async fn reverses(&self, payment: &Payment) {
            let request = ReverseRequest {
                bill: payment.bill,
                payment: payment.id,
                reason: None,
                caller_key: None,
            };
            self.service.reverse_by_token(&self.bank, request).await.unwrap();
        }

        async fn remits(&self, minor: i64) -> RemittanceId {
            let bank = &self.service.collectors(Some(company())).unwrap()[0];
            let new = NewRemittance {
                collector: bank.id,
                amount: bob(minor),
                commission: bob(0),
                means: Means::Transfer,
                bank_date: "2021-11-26".parse().unwrap(),
                reference: None,
                key: None,
            };
            self.service.remit(&self.accountant, new).await.unwrap().act.id
        }
    }

    const ABOVE: Option<PayRefusal> = Some(PayRefusal::PaymentAboveLimit);
    const FULL: Option<PayRefusal> = Some(PayRefusal::HeldAboveLimit);

    #[tokio::test]
    async fn limits_change_each_for_itself_and_what_is_no_limit_is_refused() {
        each_store(async |world| {
            let service = &world.service;
            let limit = async |company, name: &str, payment_max, held_max| {
                let changes = LimitChanges { payment_max, held_max };
                service.limit_collector(company, name, changes).await.map(|one| one.limits)
            };
            let (keep, lift, set) = (LimitChange::Keep, LimitChange::Lift, LimitChange::Set);
            for (payment_max, held_max, expected) in [
                (set(500), keep, limits(Some(500), None)),
                (keep, set(10_000), limits(Some(500), Some(10_000))),
                (keep, keep, limits(Some(500), Some(10_000))),
                (lift, set(20_000), limits(None, Some(20_000))),
                (set(100), lift, limits(Some(100), None)),
            ] {
                assert_eq!(limit(company(), "banco", payment_max, held_max).await, Ok(expected));
                let listed = service.collectors(Some(company())).unwrap();
                let listed: Vec<_> = listed.into_iter().map(|one| one.limits).collect();
                assert_eq!(listed, [expected, CollectorLimits::NONE]);
            }
            let refused = |refusal| Err(Failure::Refused(refusal));
            let other = CompanyId::from_i64(14).unwrap();
            let (payment, held) = (LimitError::PaymentMax, LimitError::HeldMax);
            assert_eq!(
                limit(other, "banco", set(0), keep).await,
                refused(AdminRefusal::CompanyUnknown)
            );
            assert_eq!(
                limit(company(), "nadie", set(0), keep).await,
                refused(AdminRefusal::CollectorUnknown)
            );
            assert_eq!(
                limit(company(), "banco", set(0), set(0)).await,
                refused(AdminRefusal::Limit(payment))
            );
            assert_eq!(
                limit(company(), "banco", lift, set(Money::PAYABLE_MAX_MINOR + 1)).await,
                refused(AdminRefusal::Limit(held))
            );
        })
        .await;
    }

    #[tokio::test]
    async fn one_payment_is_at_most_what_one_may_be_from_the_commit_on() {
        each_store(async |world| {
            world.pays(9, None).await;
            world.limit(Some(1_000), None).await;
            world.pays(10, None).await;
            world.pays(11, ABOVE).await;
            assert!(pay(&world.service, &world.till, 12, None).await.is_ok(), "another collector");
            world.limit(None, None).await;
            world.pays(11, None).await;
        })
        .await;
    }

    #[tokio::test]
    async fn a_collector_holds_at_most_what_it_may_until_it_hands_over() {
        each_store(async |world| {
            let first = pay(&world.service, &world.bank, 4, Some("k-4")).await.unwrap();
            world.limit(None, Some(1_000)).await;
            world.pays(7, FULL).await;
            world.pays(6, None).await;
            world.pays(1, FULL).await;
            let again = pay(&world.service, &world.bank, 4, Some("k-4")).await.unwrap();
            assert_eq!(again, Accepted { act: first.act.clone(), is_replay: true });
            assert!(pay(&world.service, &world.till, 20, None).await.is_ok(), "another collector");
            // A reversal makes room for as much.
            world.reverses(&first.act).await;
            world.pays(5, FULL).await;
            world.pays(4, None).await;
            world.pays(1, FULL).await;
            // And so does what is handed over, whatever is paid ahead too.
            let remittance = world.remits(300).await;
            world.pays(3, None).await;
            world.pays(1, FULL).await;
            let ahead = world.remits(2_000).await;
            world.pays(21, FULL).await;
            world.pays(19, None).await;
            // What is given back is held again, and over the limit nothing is paid.
            let reason = Reason::from_text("devuelta").unwrap();
            for id in [remittance, ahead] {
                let service = &world.service;
                let reversed = service.reverse_remittance(&world.accountant, id, reason.clone());
                reversed.await.unwrap();
            }
            world.pays(1, FULL).await;
            world.limit(None, None).await;
            world.pays(1, None).await;
        })
        .await;
    }

    #[tokio::test]
    async fn payments_that_race_for_the_last_of_what_may_be_held_never_pass_it() {
        const HELD_MAX: i64 = 20_000;
        each_store(async |world| {
            world.limit(None, Some(HELD_MAX)).await;
            let mut paying = JoinSet::new();
            for bill in 1..=BILLS {
                let (service, token) = (world.service.clone(), world.bank.clone());
                paying.spawn(async move { (bill, pay(&service, &token, bill, None).await) });
            }
            let (mut held, mut refused) = (0, Vec::new());
            for (bill, paid) in paying.join_all().await {
                match paid {
                    Ok(accepted) => held += accepted.act.amount.to_minor(),
                    Err(refusal) => {
                        assert_eq!(Some(refusal), FULL, "bill {bill}");
                        refused.push(bill * 100);
                    }
                }
            }
            assert!(held <= HELD_MAX, "{held}");
            assert!(!refused.is_empty());
            // Nothing was refused that there was room for: what is held has only grown.
            assert!(refused.iter().all(|minor| held + minor > HELD_MAX), "{held} {refused:?}");
        })
        .await;
    }

    #[tokio::test]
    async fn whoever_was_accepted_before_is_bound_too() {
        each_store(async |world| {
            world.limit(Some(1_000), Some(1_500)).await;
            let caller = world.service.session(&world.bank).unwrap().into_caller();
            let pay = async |bill: i64| {
                let request = request(bill, None);
                let command = ventanilla_domain::PayCommand {
                    collector: caller.collector,
                    bill: request.bill,
                    period: request.period,
                    contract: request.contract,
                    amount: bob(request.amount_minor),
                    caller_reference: None,
                    caller_key: None,
                    place: Place::default(),
                };
                world.service.pay(&caller, command).await.map(|accepted| accepted.is_replay)
            };
            let refused = |refusal: Option<PayRefusal>| Err(Failure::Refused(refusal.unwrap()));
            assert_eq!(pay(11).await, refused(ABOVE));
            assert_eq!(pay(10).await, Ok(false));
            assert_eq!(pay(6).await, refused(FULL));
            assert_eq!(pay(5).await, Ok(false));
        })
        .await;
    }
}
