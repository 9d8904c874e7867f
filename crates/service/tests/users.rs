//! Integrators, users, their rights and sessions, through the service, over every store.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::common::in_postgres;
    use jiff::{SignedDuration, Timestamp};
    use ventanilla_domain::{CompanyId, Currency, Name, PaymentId, Role, TimeZone};
    use ventanilla_service::{
        AdminRefusal, Clock, Entropy, Failure, NewCompany, Service, SessionRefusal, Settings,
        SignIn, SignInName, SignInRefusal, UserSession,
    };
    use ventanilla_store::{Keys, Store, token_digest};

    const START: &str = "2021-11-26T16:11:52Z";
    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9));
    const DEVELOPER: &str = "USUARIO_DESARROLLADOR";
    const PASSWORD: &str = "SujetoDePruebaContraseña";
    const MD5: &str = "d0edfe89f30a78ef45ab9a22bd0f826b";
    const WRONG: SignInRefusal = SignInRefusal::WrongCredentials;

    /// Companies 98 and 576, an integrator, and user `a` who keeps 98; all share one password.
    struct World {
        store: Store,
        clock: Clock,
        service: Service,
    }

    fn id(company: i64) -> CompanyId {
        CompanyId::from_i64(company).unwrap()
    }

    fn name(text: &str) -> SignInName {
        SignInName::from_text(text).unwrap()
    }

    fn by(name: &str, password: &str) -> SignIn {
        SignIn { name: name.to_owned(), password: password.to_owned() }
    }

    async fn world(store: Store, settings: Settings) -> World {
        let clock = Clock::manual(START.parse().unwrap());
        let service = Service::start(store.clone(), clock.clone(), Entropy::counted(1), settings);
        let world = World { store, clock, service: service.unwrap() };
        for company in [98, 576] {
            let new = NewCompany {
                id: id(company),
                name: Name::from_text("Cooplan").unwrap(),
                currency: Currency::BOB,
                time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
                first_payment: PaymentId::FIRST,
            };
            world.service.add_company(new).await.unwrap();
        }
        let password = Some(PASSWORD.to_owned());
        world.service.add_integrator(name(DEVELOPER), password).await.unwrap();
        world.service.add_user(name("a"), PASSWORD, id(98), Role::Accountant).await.unwrap();
        world
    }

    async fn each_store(test: impl AsyncFn(World)) {
        each_store_with(Settings::default(), test).await;
    }

    async fn each_store_with(settings: Settings, test: impl AsyncFn(World)) {
        each_local_store_with(settings, &test).await;
        let (_database, store) = in_postgres(Keys::from_random([7; 64]));
        test(world(store, settings).await).await;
    }

    /// Of the stores that answer at once, and in which what was asked for first comes first.
    async fn each_local_store_with(settings: Settings, test: impl AsyncFn(World)) {
        let keys = || Keys::from_random([7; 64]);
        test(world(Store::memory(keys()), settings).await).await;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create_sqlite(&folder.path().join("data"), keys()).unwrap();
        test(world(store, settings).await).await;
    }

    async fn each_local_store(test: impl AsyncFn(World)) {
        each_local_store_with(Settings::default(), test).await;
    }

    /// What a future answers where it waits for nothing.
    fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }

    impl World {
        fn pass(&self, seconds: i64) {
            self.clock.set(self.clock.now() + SignedDuration::from_secs(seconds));
        }

        async fn admit(&self, who: &SignIn, from: IpAddr) -> Result<(), Failure<SignInRefusal>> {
            self.service.admit(who, from).await.map(drop)
        }

        /// Whether the integrator is admitted without waiting.
        fn is_known(&self, who: &SignIn) -> bool {
            at_once(self.service.admit(who, HOME)).is_some_and(|admitted| admitted.is_ok())
        }

        async fn log_in(&self) -> String {
            self.service.log_in(&by("a", PASSWORD), HOME).await.unwrap()
        }

        async fn session(
            &self,
            user: &str,
            key: &str,
        ) -> Result<UserSession<'_>, Failure<SessionRefusal>> {
            let admitted = self.service.admit(&by(DEVELOPER, MD5), HOME).await.unwrap();
            admitted.session(user, key)
        }

        async fn is_open(&self, key: &str) -> bool {
            match self.session("a", key).await {
                Ok(_) => true,
                Err(failure) => {
                    assert_eq!(failure, Failure::Refused(SessionRefusal));
                    false
                }
            }
        }

        /// When a session was stored as renewed, once all that waited was written.
        async fn renewed_at(&self, key: &str) -> Option<Timestamp> {
            let nobody = "0".repeat(32);
            let refused = self.service.log_out("nadie", &nobody).await;
            assert_eq!(refused, Err(Failure::Refused(SessionRefusal)));
            let snapshot = self.store.snapshot().unwrap();
            let found = snapshot.view().user_session(&token_digest(key)).unwrap();
            found.map(|session| session.renewed_at)
        }
    }

    fn refused<T: std::fmt::Debug, R: std::fmt::Debug>(result: Result<T, Failure<R>>) -> R {
        match result {
            Err(Failure::Refused(refusal)) => refusal,
            other => panic!("not refused: {other:?}"),
        }
    }

    #[tokio::test]
    async fn a_password_is_taken_as_itself_or_as_its_md5() {
        each_store(async |world| {
            for password in [PASSWORD, MD5, "D0EDFE89F30A78EF45AB9A22BD0F826B"] {
                world.admit(&by(DEVELOPER, password), HOME).await.unwrap();
                let key = world.service.log_in(&by("a", password), HOME).await.unwrap();
                assert!(key.len() == 32 && key.bytes().all(|digit| digit.is_ascii_hexdigit()));
                assert_eq!(key, key.to_lowercase());
            }
            world.admit(&by(&format!(" {DEVELOPER} "), MD5), HOME).await.unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn unknown_wrong_and_disabled_are_answered_alike() {
        each_store(async |world| {
            for kind in ["known", "disabled"] {
                for who in [
                    by(DEVELOPER, "otra"),
                    by("NADIE", PASSWORD),
                    by("a", PASSWORD),
                    by("", PASSWORD),
                    by(&"x".repeat(129), PASSWORD),
                ] {
                    assert!(!world.is_known(&who), "{kind} {who:?}: it costs a slow hash");
                    assert_eq!(refused(world.admit(&who, HOME).await), WRONG, "{kind} {who:?}");
                }
                for who in [by("a", "otra"), by("b", PASSWORD), by(DEVELOPER, PASSWORD)] {
                    let answer = world.service.log_in(&who, HOME).await;
                    assert_eq!(refused(answer), WRONG, "{kind} {who:?}");
                }
                world.service.disable_integrator(&name(DEVELOPER)).await.unwrap();
                world.service.disable_user(&name("a")).await.unwrap();
                world.pass(60);
            }
            assert!(!world.is_known(&by(DEVELOPER, PASSWORD)), "it costs a slow hash");
            assert_eq!(refused(world.admit(&by(DEVELOPER, PASSWORD), HOME).await), WRONG);
            assert_eq!(refused(world.service.log_in(&by("a", PASSWORD), HOME).await), WRONG);
        })
        .await;
    }

    #[tokio::test]
    async fn who_was_admitted_is_admitted_at_once_for_ten_minutes_after_the_last_time() {
        each_store(async |world| {
            let who = by(DEVELOPER, MD5);
            assert!(!world.is_known(&who));
            world.admit(&who, HOME).await.unwrap();
            assert!(world.is_known(&who) && world.is_known(&by(DEVELOPER, PASSWORD)));
            assert!(!world.is_known(&by(DEVELOPER, "otra")));
            world.pass(599);
            assert!(world.is_known(&who));
            world.pass(599);
            assert!(world.is_known(&who), "each time counts anew");
            world.pass(600);
            assert!(!world.is_known(&who));
            world.admit(&who, HOME).await.unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn what_was_verified_holds_until_it_is_changed_and_no_longer() {
        each_store(async |world| {
            let key = world.log_in().await;
            world.service.set_user_password(&name("a"), "nueva").await.unwrap();
            assert_eq!(refused(world.service.log_in(&by("a", PASSWORD), HOME).await), WRONG);
            assert!(!world.is_open(&key).await, "another password ends the sessions");
            let later = world.service.log_in(&by("a", "nueva"), HOME).await.unwrap();
            assert!(world.is_open(&later).await);
            world.service.disable_user(&name("a")).await.unwrap();
            assert!(!world.is_open(&later).await, "so does disabling");
            assert_eq!(world.renewed_at(&later).await, None, "for good");
            assert_eq!(refused(world.service.log_in(&by("a", "nueva"), HOME).await), WRONG);

            assert!(world.is_known(&by(DEVELOPER, MD5)));
            world.service.disable_integrator(&name(DEVELOPER)).await.unwrap();
            assert_eq!(refused(world.admit(&by(DEVELOPER, MD5), HOME).await), WRONG);
        })
        .await;
    }

    #[tokio::test]
    async fn ten_failures_a_minute_hold_up_a_name_at_an_address() {
        each_store(async |world| {
            let held = |answer: Result<(), _>| match refused(answer) {
                SignInRefusal::TooManyFailures { retry_after_s } => Some(retry_after_s),
                SignInRefusal::WrongCredentials => None,
            };
            for _ in 0..10 {
                assert_eq!(held(world.admit(&by(DEVELOPER, "otra"), HOME).await), None);
            }
            world.pass(20);
            for password in ["otra", PASSWORD] {
                let answer = world.admit(&by(DEVELOPER, password), HOME).await;
                assert_eq!(held(answer), Some(41), "{password}");
            }
            let spaced = by(&format!(" {DEVELOPER}"), "otra");
            assert_eq!(held(world.admit(&spaced, HOME).await), Some(41));
            assert_eq!(held(world.admit(&by("OTRO", "otra"), HOME).await), None);
            let user = world.service.log_in(&by(DEVELOPER, PASSWORD), HOME).await;
            assert_eq!(refused(user), WRONG, "a user of that name is another");
            world.admit(&by(DEVELOPER, PASSWORD), ELSEWHERE).await.unwrap();
            world.admit(&by(DEVELOPER, PASSWORD), HOME).await.unwrap();
            assert_eq!(held(world.admit(&by(DEVELOPER, "otra"), HOME).await), Some(41));
            world.pass(40);
            assert_eq!(held(world.admit(&by(DEVELOPER, "otra"), HOME).await), None);
        })
        .await;
    }

    #[tokio::test]
    async fn many_guesses_at_a_time_are_held_up_too() {
        let world = world(Store::memory(Keys::from_random([7; 64])), Settings::default()).await;
        let guess = |number: usize| {
            let service = world.service.clone();
            tokio::spawn(async move {
                let who = by(DEVELOPER, &format!("otra {number}"));
                refused(service.admit(&who, HOME).await.map(drop))
            })
        };
        let guesses: Vec<_> = (0..30).map(guess).collect();
        let mut heard = 0;
        for guess in guesses {
            heard += usize::from(guess.await.unwrap() == WRONG);
        }
        // Those that were being hashed when the tenth had failed are heard.
        assert!((10..=11).contains(&heard), "{heard}");
    }

    #[tokio::test]
    async fn who_comes_when_many_wait_for_a_slow_hash_is_told_to_come_later() {
        each_local_store(async |world| {
            let strangers: Vec<_> = (0..64).map(|number| by(&number.to_string(), "x")).collect();
            let mut waiting: Vec<_> = strangers
                .iter()
                .map(|stranger| Box::pin(world.service.admit(stranger, HOME)))
                .collect();
            let mut context = Context::from_waker(Waker::noop());
            for admitted in &mut waiting {
                assert!(admitted.as_mut().poll(&mut context).is_pending());
            }
            let late = by("late", "x");
            let told = at_once(world.service.admit(&late, HOME));
            assert!(matches!(told, Some(Err(Failure::Unavailable))));
            drop(waiting);
        })
        .await;
    }

    #[tokio::test]
    async fn one_network_with_ever_new_names_shuts_nobody_else_out() {
        each_local_store(async |world| {
            let strangers: Vec<_> = (0..64).map(|number| by(&number.to_string(), "x")).collect();
            let mut waiting: Vec<_> = strangers
                .iter()
                .map(|stranger| Box::pin(world.service.admit(stranger, ELSEWHERE)))
                .collect();
            let mut context = Context::from_waker(Waker::noop());
            let is_pending: Vec<bool> = waiting
                .iter_mut()
                .map(|admitted| admitted.as_mut().poll(&mut context).is_pending())
                .collect();
            assert!(is_pending[..8].iter().all(|waits| *waits));
            assert!(is_pending[8..].iter().all(|waits| !waits), "the others are told at once");
            let own = by(DEVELOPER, PASSWORD);
            for from in [HOME, IpAddr::V4(Ipv4Addr::new(10, 0, 0, 8))] {
                assert!(
                    at_once(world.service.admit(&own, from)).is_none(),
                    "it waits for its turn"
                );
            }
            drop(waiting);
            world.admit(&own, ELSEWHERE).await.unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn a_session_lives_an_hour_after_its_last_renewal() {
        each_store(async |world| {
            let key = world.log_in().await;
            world.pass(3599);
            assert!(world.is_open(&key).await);
            assert!(world.renewed_at(&key).await.is_some());
            world.pass(3599);
            assert!(world.is_open(&key).await, "it slides");
            assert!(world.renewed_at(&key).await.is_some());
            world.pass(3600);
            assert!(!world.is_open(&key).await);
            let ended = world.service.log_out("a", &key).await;
            assert_eq!(refused(ended), SessionRefusal);
        })
        .await;
    }

    #[tokio::test]
    async fn a_renewal_is_stored_once_a_minute() {
        each_local_store(async |world| {
            let (key, opened) = (world.log_in().await, world.clock.now());
            for (seconds, after) in [(59, 0), (1, 60), (30, 60), (29, 60), (1, 120)] {
                world.pass(seconds);
                for _ in 0..3 {
                    assert!(world.is_open(&key).await);
                }
                let expected = opened + SignedDuration::from_secs(after);
                assert_eq!(world.renewed_at(&key).await, Some(expected), "{after}");
            }
        })
        .await;
    }

    #[tokio::test]
    async fn a_clock_set_back_leaves_no_session_open_for_longer() {
        each_store(async |world| {
            let key = world.log_in().await;
            world.pass(-1800);
            assert!(world.is_open(&key).await);
            assert_eq!(world.renewed_at(&key).await, Some(world.clock.now()), "brought back");
            world.pass(3600);
            assert!(!world.is_open(&key).await);
            let key = world.log_in().await;
            world.pass(-3601);
            assert!(!world.is_open(&key).await, "further ahead than it lives");
            assert_eq!(refused(world.service.log_out("a", &key).await), SessionRefusal);
        })
        .await;
    }

    #[tokio::test]
    async fn a_short_session_slides_too() {
        let settings = Settings { session_lifetime_s: 30, ..Settings::default() };
        each_local_store_with(settings, async |world| {
            let key = world.log_in().await;
            for _ in 0..4 {
                world.pass(15);
                assert!(world.is_open(&key).await);
                assert!(world.renewed_at(&key).await.is_some());
            }
            world.pass(30);
            assert!(!world.is_open(&key).await);
        })
        .await;
    }

    #[tokio::test]
    async fn a_session_is_its_users_alone() {
        each_store(async |world| {
            world.service.add_user(name("b"), "b", id(98), Role::Reader).await.unwrap();
            let key = world.log_in().await;
            let upper = key.to_uppercase();
            for (user, key) in [("a", key.as_str()), (" a ", &key), ("a", &upper)] {
                let session = world.session(user, key).await.unwrap();
                assert_eq!(session.caller().name, name("a"));
            }
            let longer = format!("{key}0");
            for (user, key) in [
                ("b", key.as_str()),
                ("A", &key),
                ("", &key),
                ("a", &longer),
                ("a", &key[..31]),
                ("a", ""),
                ("a", "00000000000000000000000000000000"),
            ] {
                assert_eq!(refused(world.session(user, key).await), SessionRefusal, "{user} {key}");
                let answer = world.service.log_out(user, key).await;
                assert_eq!(refused(answer), SessionRefusal, "{user} {key}");
            }
            assert!(world.is_open(&key).await);
        })
        .await;
    }

    #[tokio::test]
    async fn a_session_that_was_ended_is_not_renewed_again() {
        each_store(async |world| {
            let (key, other) = (world.log_in().await, world.log_in().await);
            assert_ne!(key, other, "several at once");
            world.pass(60);
            let admitted = world.service.admit(&by(DEVELOPER, MD5), HOME).await.unwrap();
            world.service.log_out("a", &key.to_uppercase()).await.unwrap();
            // Of the moment before it ended, and old enough to be renewed.
            drop(admitted.session("a", &key).unwrap());
            assert_eq!(world.renewed_at(&key).await, None);
            assert!(!world.is_open(&key).await && world.is_open(&other).await);
            assert_eq!(refused(world.service.log_out("a", &key).await), SessionRefusal);
        })
        .await;
    }

    #[tokio::test]
    async fn logging_in_forgets_the_sessions_that_have_ended() {
        each_store(async |world| {
            let first = world.log_in().await;
            world.pass(1800);
            let second = world.log_in().await;
            world.pass(1801);
            assert!(world.renewed_at(&first).await.is_some(), "ended and not forgotten");
            world.log_in().await;
            assert_eq!(world.renewed_at(&first).await, None);
            assert!(world.is_open(&second).await);
        })
        .await;
    }

    #[tokio::test]
    async fn a_permanent_session_ends_with_its_users_password_alone() {
        each_store(async |world| {
            let key = "2b5fd41968528bb933454bcd4f804080";
            for _ in ["opened", "once more"] {
                world.service.open_permanent_session(&name("a"), key).await.unwrap();
            }
            world.service.log_out("a", key).await.unwrap();
            world.pass(10 * 365 * 86_400);
            assert!(world.is_open(key).await);
            world.log_in().await;
            world.service.log_out("a", key).await.unwrap();
            assert!(world.is_open(key).await);
            world.service.set_user_password(&name("a"), "nueva").await.unwrap();
            assert!(!world.is_open(key).await);
            let answer = world.service.open_permanent_session(&name("a"), "2b5f").await;
            assert_eq!(refused(answer), AdminRefusal::SessionKey);
            let answer = world.service.open_permanent_session(&name("z"), key).await;
            assert_eq!(refused(answer), AdminRefusal::UserUnknown);
        })
        .await;
    }

    #[tokio::test]
    async fn rights_are_per_company_and_act_at_once() {
        each_store(async |world| {
            let key = world.log_in().await;
            let seen = async || {
                let session = world.session("a", &key).await.unwrap();
                let companies = session.companies().unwrap();
                let seen: Vec<_> =
                    companies.iter().map(|(company, role)| (company.id.to_i64(), *role)).collect();
                for company in [98, 576, 1] {
                    let one = session.company(id(company)).unwrap().map(|(_, role)| role);
                    let listed = seen.iter().find(|(id, _)| *id == company);
                    assert_eq!(one, listed.map(|(_, role)| *role), "{company}");
                }
                seen
            };
            let service = &world.service;
            assert_eq!(seen().await, [(98, Role::Accountant)]);
            service.grant(&name("a"), id(576), Role::Reader).await.unwrap();
            service.grant(&name("a"), id(98), Role::Administrator).await.unwrap();
            assert_eq!(seen().await, [(98, Role::Administrator), (576, Role::Reader)]);
            let user = service.revoke(&name("a"), id(98)).await.unwrap();
            assert_eq!(user.rights, [(id(576), Role::Reader)]);
            assert_eq!(seen().await, [(576, Role::Reader)]);
            assert_eq!(service.users().unwrap(), [user]);
        })
        .await;
    }

    #[tokio::test]
    async fn an_integrators_new_password_replaces_the_one_before() {
        each_store(async |world| {
            let (service, developer) = (&world.service, name(DEVELOPER));
            let before = service.admit(&by(DEVELOPER, MD5), HOME).await.unwrap().integrator();
            let (changed, issued) =
                service.set_integrator_password(&developer, None).await.unwrap();
            assert_eq!((changed.id, issued.password.len()), (before, 40));
            for password in [PASSWORD, MD5] {
                assert_eq!(refused(world.admit(&by(DEVELOPER, password), HOME).await), WRONG);
            }
            for password in [&issued.password, &issued.md5] {
                let admitted = service.admit(&by(DEVELOPER, password), HOME).await.unwrap();
                assert_eq!(admitted.integrator(), before, "its caller keys are its own still");
            }
            let chosen = Some(PASSWORD.to_owned());
            service.set_integrator_password(&developer, chosen).await.unwrap();
            world.admit(&by(DEVELOPER, MD5), HOME).await.unwrap();
            assert_eq!(refused(world.admit(&by(DEVELOPER, &issued.md5), HOME).await), WRONG);
        })
        .await;
    }

    #[tokio::test]
    async fn who_was_disabled_is_let_in_again_without_the_sessions_of_before() {
        each_store(async |world| {
            let (service, developer, a) = (&world.service, name(DEVELOPER), name("a"));
            let key = world.log_in().await;
            service.disable_integrator(&developer).await.unwrap();
            service.disable_user(&a).await.unwrap();
            for _ in ["disabled", "once more"] {
                assert!(service.enable_integrator(&developer).await.unwrap().is_active);
                let user = service.enable_user(&a).await.unwrap();
                assert!(user.is_active);
                assert_eq!(user.rights, [(id(98), Role::Accountant)]);
            }
            assert!(!world.is_open(&key).await);
            let later = world.log_in().await;
            assert!(world.is_open(&later).await);
        })
        .await;
    }

    #[tokio::test]
    async fn what_administration_refuses() {
        each_store(async |world| {
            let service = &world.service;
            let add = async |who: &str, password: &str, company| {
                refused(service.add_user(name(who), password, id(company), Role::Reader).await)
            };
            assert_eq!(add("a", "", 1).await, AdminRefusal::PasswordEmpty);
            assert_eq!(add("a", MD5, 1).await, AdminRefusal::PasswordAmbiguous);
            assert_eq!(add("a", "a", 1).await, AdminRefusal::CompanyUnknown);
            assert_eq!(add("a", "a", 98).await, AdminRefusal::UserExists);
            let (a, z) = (name("a"), name("z"));
            let set = async |password| refused(service.set_user_password(&z, password).await);
            assert_eq!(set("").await, AdminRefusal::PasswordEmpty);
            assert_eq!(set(MD5).await, AdminRefusal::PasswordAmbiguous);
            assert_eq!(set("a").await, AdminRefusal::UserUnknown);
            assert_eq!(refused(service.disable_user(&z).await), AdminRefusal::UserUnknown);
            assert_eq!(refused(service.enable_user(&z).await), AdminRefusal::UserUnknown);
            let grant =
                async |who, company| refused(service.grant(who, id(company), Role::Reader).await);
            assert_eq!(grant(&z, 1).await, AdminRefusal::CompanyUnknown);
            assert_eq!(grant(&z, 98).await, AdminRefusal::UserUnknown);
            let revoke = async |who, company| refused(service.revoke(who, id(company)).await);
            assert_eq!(revoke(&z, 1).await, AdminRefusal::CompanyUnknown);
            assert_eq!(revoke(&z, 576).await, AdminRefusal::UserUnknown);
            assert_eq!(revoke(&a, 576).await, AdminRefusal::RightUnknown);
            let again = service.add_integrator(name(DEVELOPER), None).await;
            assert_eq!(refused(again), AdminRefusal::IntegratorExists);
            let md5 = service.add_integrator(name("OTRO"), Some(MD5.to_owned())).await;
            assert_eq!(refused(md5), AdminRefusal::PasswordAmbiguous);
            let issue = async |who, password: Option<&str>| {
                let password = password.map(str::to_owned);
                refused(service.set_integrator_password(who, password).await)
            };
            assert_eq!(issue(&z, Some("")).await, AdminRefusal::PasswordEmpty);
            assert_eq!(issue(&z, Some(MD5)).await, AdminRefusal::PasswordAmbiguous);
            for refusal in [
                issue(&z, None).await,
                refused(service.disable_integrator(&z).await),
                refused(service.enable_integrator(&z).await),
            ] {
                assert_eq!(refusal, AdminRefusal::IntegratorUnknown);
            }
        })
        .await;
    }

    #[tokio::test]
    async fn an_issued_password_is_shown_once_and_serves_as_its_md5_too() {
        each_store(async |world| {
            let (added, issued) = world.service.add_integrator(name("ERP"), None).await.unwrap();
            assert_eq!((issued.password.len(), issued.md5.len()), (40, 32));
            for password in [&issued.password, &issued.md5] {
                let who = by("ERP", password);
                let admitted = world.service.admit(&who, HOME).await.unwrap();
                assert_eq!(admitted.integrator(), added.id);
                assert!(!format!("{who:?} {issued:?}").contains(password.as_str()));
            }
            let names: Vec<_> = world.service.integrators().unwrap();
            let names: Vec<_> = names.iter().map(|it| (it.name.as_str(), it.is_active)).collect();
            assert_eq!(names, [(DEVELOPER, true), ("ERP", true)]);
            let disabled = world.service.disable_integrator(&name("ERP")).await.unwrap();
            assert!(
                !disabled.is_active && world.service.integrators().unwrap().contains(&disabled)
            );
        })
        .await;
    }
}
