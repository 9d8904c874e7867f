//! Collectors' secrets and tokens under the operator's hand, through the service, over every store.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::common::in_postgres;
    use jiff::SignedDuration;
    use ventanilla_domain::{
        BillId, CompanyId, ContractCode, Currency, Label, Name, PayRefusal, PaymentId, Period,
        Place, TimeZone,
    };
    use ventanilla_service::{
        AdminRefusal, ByToken, ByTokenRefusal, Clock, Credentials, Entropy, Failure, LoginRefusal,
        NewCollector, NewCompany, PayRequest, ReverseRequest, Rotated, Rotation, Service, Settings,
        TokenId, TokenRefusal,
    };
    use ventanilla_store::{CollectorRecord, Keys, Store, to_hex, token_digest};

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const HOUR_S: u32 = 3_600;
    const WRONG: Result<(), LoginRefusal> = Err(LoginRefusal::WrongCredentials);

    /// Company 13 with collectors `banco` and `caja`, and company 14 with a `banco` of its own.
    struct World {
        store: Store,
        clock: Clock,
        service: Service,
        bank: Credentials,
        till: Credentials,
        other: Credentials,
    }

    fn id(company: i64) -> CompanyId {
        CompanyId::from_i64(company).unwrap()
    }

    async fn add(service: &Service, company: i64, name: &str) -> Credentials {
        let (company, name) = (id(company), Label::from_text(name).unwrap());
        let new = NewCollector { company, name, can_list: false, credentials: None };
        service.add_collector(new).await.unwrap().1
    }

    async fn world(store: Store) -> World {
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let settings = Settings::default();
        let service = Service::start(store.clone(), clock.clone(), Entropy::counted(1), settings);
        let service = service.unwrap();
        for company in [13, 14] {
            let new = NewCompany {
                id: id(company),
                name: Name::from_text("Cooplan").unwrap(),
                currency: Currency::BOB,
                time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
                first_payment: PaymentId::FIRST,
            };
            service.add_company(new).await.unwrap();
        }
        let bank = add(&service, 13, "banco").await;
        let till = add(&service, 13, "caja").await;
        let other = add(&service, 14, "banco").await;
        World { store, clock, service, bank, till, other }
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

    fn refused<T>(result: Result<T, Failure<LoginRefusal>>) -> Result<T, LoginRefusal> {
        result.map_err(|failure| match failure {
            Failure::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        })
    }

    /// Credentials with another password, as a rotation leaves them.
    fn with(credentials: &Credentials, rotated: &Rotated) -> Credentials {
        Credentials { password: rotated.password.clone(), ..credentials.clone() }
    }

    fn id_of(token: &str) -> String {
        to_hex(&token_digest(token))[..12].to_owned()
    }

    impl World {
        fn pass(&self, seconds: i64) {
            self.clock.set(self.clock.now() + SignedDuration::from_secs(seconds));
        }

        async fn token(&self, credentials: &Credentials) -> String {
            self.service.issue_token(credentials, HOME).await.unwrap().token
        }

        async fn log_in(&self, credentials: &Credentials) -> Result<(), LoginRefusal> {
            refused(self.service.issue_token(credentials, HOME).await).map(drop)
        }

        async fn rotate(&self, rotation: Rotation) -> Rotated {
            self.service.rotate_collector(id(13), " banco ", rotation).await.unwrap()
        }

        async fn overlap(&self, hours: u32) -> Rotated {
            self.rotate(Rotation::Overlap { seconds: hours * HOUR_S }).await
        }

        fn state(&self, token: &str) -> Result<(), TokenRefusal> {
            self.service.session(token).map(drop).map_err(|failure| match failure {
                Failure::Refused(refusal) => refusal,
                other => panic!("{other:?}"),
            })
        }

        fn listed(&self, company: Option<i64>, name: Option<&str>) -> Vec<String> {
            let tokens = self.service.tokens(company.map(id), name).unwrap();
            tokens.iter().map(|token| token.id.to_string()).collect()
        }
    }

    #[tokio::test]
    async fn both_secrets_are_taken_until_the_overlap_ends() {
        each_store(async |world| {
            let rotated = world.overlap(1).await;
            let new = with(&world.bank, &rotated);
            assert_eq!(
                rotated.previous_until,
                Some(world.clock.now() + SignedDuration::from_hours(1))
            );
            assert!(rotated.password.len() >= 40, "160 bits");
            assert!(!format!("{rotated:?}").contains(&rotated.password));
            let half =
                Credentials { security_code: world.till.security_code.clone(), ..new.clone() };
            for (passed, before) in [(0, Ok(())), (3_599, Ok(())), (1, WRONG), (86_400, WRONG)] {
                world.pass(passed);
                assert_eq!(world.log_in(&world.bank).await, before, "after {passed} s more");
                assert_eq!(world.log_in(&new).await, Ok(()));
                assert_eq!(world.log_in(&world.other).await, Ok(()), "a namesake elsewhere");
                assert_eq!(world.log_in(&half).await, WRONG, "of another's code");
            }
        })
        .await;
    }

    #[tokio::test]
    async fn a_second_rotation_ends_the_oldest_secret_at_once() {
        each_store(async |world| {
            let second = with(&world.bank, &world.overlap(24 * 7).await);
            let third = with(&world.bank, &world.overlap(1).await);
            assert_eq!(world.log_in(&world.bank).await, WRONG);
            assert_eq!(world.log_in(&second).await, Ok(()));
            assert_eq!(world.log_in(&third).await, Ok(()));
            let fourth = with(&world.bank, &world.overlap(0).await);
            for (credentials, told) in [(&second, WRONG), (&third, WRONG), (&fourth, Ok(()))] {
                assert_eq!(world.log_in(credentials).await, told);
            }
        })
        .await;
    }

    #[tokio::test]
    async fn tokens_outlive_a_rotation_unless_it_is_for_a_leak() {
        each_store(async |world| {
            let (token, other) = (world.token(&world.bank).await, world.token(&world.till).await);
            let rotated = world.overlap(0).await;
            assert_eq!(rotated.previous_until, None);
            assert_eq!(world.log_in(&world.bank).await, WRONG, "without an overlap it ends");
            assert_eq!(world.state(&token), Ok(()), "and its tokens do not");
            let second = with(&world.bank, &rotated);
            world.overlap(1).await;
            let later = world.token(&second).await;
            let rotated = world.rotate(Rotation::Now).await;
            assert_eq!(rotated.previous_until, None);
            let third = with(&world.bank, &rotated);
            for (credentials, told) in [(&world.bank, WRONG), (&second, WRONG), (&third, Ok(()))] {
                assert_eq!(world.log_in(credentials).await, told);
            }
            for token in [&token, &later] {
                assert_eq!(world.state(token), Err(TokenRefusal::Unknown));
            }
            assert_eq!(world.state(&other), Ok(()), "of another collector");
        })
        .await;
    }

    #[tokio::test]
    async fn a_secret_kept_as_before_rotations_is_taken_and_can_rotate() {
        each_store(async |world| {
            let keys = Keys::from_random([7; 64]);
            let Credentials { security_code, login, password } = &world.bank;
            let mut tx = world.store.begin().unwrap();
            let record = tx.view().collectors().unwrap().remove(0);
            let former = keys.credential_digest(&["secret", security_code, login, password]);
            assert_ne!(record.secret_digest, former);
            tx.put_collector(CollectorRecord { secret_digest: former, ..record }).unwrap();
            tx.commit().unwrap();
            assert_eq!(world.log_in(&world.bank).await, Ok(()));
            let new = with(&world.bank, &world.overlap(1).await);
            assert_eq!(world.log_in(&world.bank).await, Ok(()));
            assert_eq!(world.log_in(&new).await, Ok(()));
            world.pass(3_600);
            assert_eq!(world.log_in(&world.bank).await, WRONG);
        })
        .await;
    }

    #[tokio::test]
    async fn a_log_in_that_waits_gets_no_token_of_a_secret_that_has_ended() {
        each_local_store(async |world| {
            // All are put in the queue in this order; the log-in's words were right when it began.
            for _ in 0..20 {
                let bank = with(&world.bank, &world.overlap(1).await);
                let (ended, token) = tokio::join!(
                    world.service.rotate_collector(id(13), "banco", Rotation::Now),
                    world.service.issue_token(&bank, HOME)
                );
                ended.unwrap();
                assert_eq!(refused(token).map(drop), WRONG);
            }
            assert_eq!(world.listed(None, None), Vec::<String>::new());
        })
        .await;
    }

    #[tokio::test]
    async fn the_tokens_alive_are_listed_by_an_id_that_is_not_the_token() {
        each_store(async |world| {
            let first = world.token(&world.bank).await;
            world.pass(60);
            let second = world.token(&world.bank).await;
            let till = world.token(&world.till).await;
            let other = world.token(&world.other).await;
            let [first, second, till, other] =
                [&first, &second, &till, &other].map(|token| id_of(token));
            for (company, name, expected) in [
                (None, None, vec![&first, &second, &till, &other]),
                (Some(13), None, vec![&first, &second, &till]),
                (Some(14), Some("banco"), vec![&other]),
                (None, Some("banco"), vec![&first, &second, &other]),
                (Some(13), Some("caja"), vec![&till]),
            ] {
                assert_eq!(world.listed(company, name).iter().collect::<Vec<_>>(), expected);
            }
            let unknown = world.service.tokens(Some(id(14)), Some("caja"));
            assert!(matches!(unknown, Err(Failure::Refused(AdminRefusal::CollectorUnknown))));
            let kept = world.service.tokens(None, Some("caja")).unwrap().remove(0);
            assert_eq!(kept.issued_at, Some(world.clock.now()));
            assert_eq!(kept.expires_at, world.clock.now() + SignedDuration::from_hours(8));
            world.pass(8 * 3_600 - 60);
            assert_eq!(world.listed(Some(13), Some("banco")), [second], "the first has ended");
            world.service.disable_collector(id(13), "banco").await.unwrap();
            assert_eq!(world.listed(None, None), [till, other], "of the disabled none is taken");
        })
        .await;
    }

    #[tokio::test]
    async fn a_revoked_token_is_unknown_and_no_other_is() {
        each_store(async |world| {
            let [first, second] = [world.token(&world.bank).await, world.token(&world.bank).await];
            let other = world.token(&world.other).await;
            let named = |token: &str| TokenId::from_text(&id_of(token)).unwrap();
            let revoke = async |token: &str, company: Option<i64>| match world
                .service
                .revoke_token(named(token), company.map(id))
                .await
            {
                Ok(revoked) => Ok(revoked.len()),
                Err(Failure::Refused(refusal)) => Err(refusal),
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(revoke(&first, Some(14)).await, Err(AdminRefusal::TokenUnknown));
            assert_eq!(world.state(&first), Ok(()));
            assert_eq!(revoke(&first, Some(13)).await, Ok(1));
            assert_eq!(revoke(&first, None).await, Err(AdminRefusal::TokenUnknown), "only once");
            assert_eq!(world.state(&first), Err(TokenRefusal::Unknown));
            assert_eq!((world.state(&second), world.state(&other)), (Ok(()), Ok(())));
            assert_eq!(world.log_in(&world.bank).await, Ok(()), "the secret stays");
            let revoked = world.service.revoke_tokens_of(id(13), "banco").await.unwrap();
            assert_eq!(revoked.len(), 2);
            assert_eq!(
                (world.state(&second), world.state(&other)),
                (Err(TokenRefusal::Unknown), Ok(()))
            );
            assert_eq!(world.service.revoke_tokens_of(id(13), "banco").await.unwrap().len(), 0);
            let unknown = world.service.revoke_tokens_of(id(13), "nadie").await;
            assert!(matches!(unknown, Err(Failure::Refused(AdminRefusal::CollectorUnknown))));
            world.pass(8 * 3_600);
            assert_eq!(revoke(&other, None).await, Err(AdminRefusal::TokenUnknown), "it has ended");
            assert_eq!(world.state(&other), Err(TokenRefusal::Expired));
        })
        .await;
    }

    fn nothing_to_reverse() -> ReverseRequest {
        ReverseRequest {
            bill: BillId::from_i64(1).unwrap(),
            payment: PaymentId::FIRST,
            reason: None,
            caller_key: None,
        }
    }

    fn nothing_to_pay() -> PayRequest {
        PayRequest {
            bill: BillId::from_i64(1).unwrap(),
            period: Period::from_yyyymm(202_110).unwrap(),
            contract: ContractCode::from_text("345").unwrap(),
            amount_minor: 100,
            caller_reference: None,
            caller_key: None,
            place: Place::default(),
        }
    }

    /// Why the token was refused; `None` where it was accepted.
    fn token_refusal<T, R>(result: &ByToken<T, R>) -> Option<TokenRefusal> {
        match result {
            Err(Failure::Refused(ByTokenRefusal::Token(refusal))) => Some(*refusal),
            Err(Failure::Refused(ByTokenRefusal::Act(..))) => None,
            _ => panic!("nothing is paid or reversed here"),
        }
    }

    #[tokio::test]
    async fn a_payment_that_waits_behind_a_revocation_is_not_taken() {
        each_local_store(async |world| {
            let is_unknown =
                |result: &_| token_refusal::<_, PayRefusal>(result) == Some(TokenRefusal::Unknown);
            for _ in 0..20 {
                let token = world.token(&world.bank).await;
                let id = TokenId::from_text(&id_of(&token)).unwrap();
                let pay = || world.service.pay_by_token(&token, nothing_to_pay());
                // They wait together: what one of a group learns of the token must not serve the next.
                let (first, second, third, revoked, late) =
                    tokio::join!(pay(), pay(), pay(), world.service.revoke_token(id, None), pay());
                assert_eq!(revoked.unwrap().len(), 1);
                assert_eq!([first, second, third].map(|paid| is_unknown(&paid)), [false; 3]);
                assert!(is_unknown(&late));
            }
        })
        .await;
    }

    #[tokio::test]
    async fn a_reversal_that_waits_behind_a_revocation_or_a_disabling_is_not_taken() {
        each_local_store(async |world| {
            for round in 0..20 {
                let token = world.token(&world.bank).await;
                let named = TokenId::from_text(&id_of(&token)).unwrap();
                let reverse = || world.service.reverse_by_token(&token, nothing_to_reverse());
                let revokes = round % 2 == 0;
                let (first, second, expected, ended, late) = if revokes {
                    let revoke = world.service.revoke_token(named, None);
                    let (first, second, ended, late) =
                        tokio::join!(reverse(), reverse(), revoke, reverse());
                    (first, second, TokenRefusal::Unknown, ended.is_ok(), late)
                } else {
                    let disable = world.service.disable_collector(id(13), "banco");
                    let (first, second, ended, late) =
                        tokio::join!(reverse(), reverse(), disable, reverse());
                    (first, second, TokenRefusal::Disabled, ended.is_ok(), late)
                };
                assert!(ended);
                assert_eq!([&first, &second].map(token_refusal), [None; 2]);
                assert_eq!(token_refusal(&late), Some(expected));
                world.service.enable_collector(id(13), "banco").await.unwrap();
            }
        })
        .await;
    }

    #[tokio::test]
    async fn an_enabled_collector_has_its_secret_and_none_of_its_tokens() {
        each_store(async |world| {
            let token = world.token(&world.bank).await;
            let enable = || world.service.enable_collector(id(13), "banco");
            assert!(enable().await.unwrap().is_active);
            assert_eq!(world.state(&token), Ok(()), "it was never disabled");
            assert!(!world.service.disable_collector(id(13), "banco").await.unwrap().is_active);
            assert_eq!(world.state(&token), Err(TokenRefusal::Disabled));
            let rotated = world.overlap(1).await;
            assert!(!rotated.collector.is_active, "a rotation enables nobody");
            let new = with(&world.bank, &rotated);
            assert_eq!(world.log_in(&new).await, Err(LoginRefusal::Disabled));
            assert!(enable().await.unwrap().is_active);
            assert_eq!(world.state(&token), Err(TokenRefusal::Unknown), "that has ended for good");
            assert_eq!(world.log_in(&new).await, Ok(()));
        })
        .await;
    }

    #[tokio::test]
    async fn an_unknown_company_or_name_is_told() {
        each_store(async |world| {
            for (company, name, refusal) in [
                (15, "banco", AdminRefusal::CompanyUnknown),
                (14, "caja", AdminRefusal::CollectorUnknown),
            ] {
                let rotated =
                    world.service.rotate_collector(id(company), name, Rotation::Now).await;
                let enabled = world.service.enable_collector(id(company), name).await;
                for failure in [rotated.map(drop).unwrap_err(), enabled.map(drop).unwrap_err()] {
                    assert!(matches!(failure, Failure::Refused(told) if told == refusal));
                }
            }
        })
        .await;
    }

    #[test]
    fn an_id_is_twelve_hexadecimal_digits() {
        for (text, id) in [
            ("0123456789ab", Some("0123456789ab")),
            ("FFFFFFFFFFFF", Some("ffffffffffff")),
            ("0123456789a", None),
            ("0123456789abc", None),
            ("+123456789ab", None),
            ("0123456789ag", None),
            ("ñññññé", None),
            ("", None),
        ] {
            assert_eq!(TokenId::from_text(text).map(|id| id.to_string()).as_deref(), id, "{text}");
        }
    }
}
