//! Who is inside the console, through the service, over every store.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::net::{IpAddr, Ipv4Addr};

    use super::common::in_postgres;
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use jiff::{SignedDuration, Timestamp};
    use ventanilla_domain::{
        CompanyId, Currency, FileKind, Label, LogoError, Name, PaymentId, Role, TimeZone,
    };
    use ventanilla_service::import::{ImportRefusal, ImportRequest, Imported};
    use ventanilla_service::{
        AdminRefusal, Chosen, Clock, EnteredConsole, Entropy, FactorRefusal, Failure,
        InvitationRefusal, NewCompany, Office, OfficeRefusal, Officer, PasswordRefusal, Proof,
        Rotation, Service, SessionRefusal, Settings, SignIn, SignInName, SignInRefusal,
        TrailCursor, TrailFilter,
    };
    use ventanilla_store::{Keys, Store, token_digest};

    const START: &str = "2021-11-26T16:11:52Z";
    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const PASSWORD: &str = "SujetoDePruebaContraseña";
    const MD5: &str = "d0edfe89f30a78ef45ab9a22bd0f826b";
    const OTHER: &str = "otra contraseña";

    /// Companies 98 and 576; in 98 one user of each role by its code's name, and `ana`, another administrator.
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

    fn company(number: i64) -> NewCompany {
        NewCompany {
            id: id(number),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            first_payment: PaymentId::FIRST,
        }
    }

    async fn world(store: Store, settings: Settings) -> World {
        let clock = Clock::manual(START.parse().unwrap());
        let service = Service::start(store.clone(), clock.clone(), Entropy::System, settings);
        let world = World { store, clock, service: service.unwrap() };
        for number in [98, 576] {
            world.service.add_company(company(number)).await.unwrap();
        }
        for role in Role::ALL {
            let user = name(role.to_code());
            world.service.add_user(user, PASSWORD, id(98), role).await.unwrap();
        }
        let ana = world.service.add_user(name("ana"), PASSWORD, id(98), Role::Administrator);
        ana.await.unwrap();
        world
    }

    async fn each_store(test: impl AsyncFn(World)) {
        let (keys, settings) = (|| Keys::from_random([7; 64]), Settings::default());
        test(world(Store::memory(keys()), settings).await).await;
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create_sqlite(&folder.path().join("data"), keys()).unwrap();
        test(world(store, settings).await).await;
        let (_database, store) = in_postgres(keys());
        test(world(store, settings).await).await;
    }

    impl World {
        fn pass(&self, seconds: i64) {
            self.clock.set(self.clock.now() + SignedDuration::from_secs(seconds));
        }

        async fn enter(&self, user: &str) -> EnteredConsole {
            self.service.enter(user, PASSWORD, HOME).await.unwrap()
        }

        async fn sit(&self, user: &str) -> Office {
            self.service.office(&self.enter(user).await.key, HOME).unwrap()
        }

        async fn officer(&self, user: &str) -> Officer {
            self.sit(user).await.officer(id(98)).unwrap()
        }

        /// Enrols a second factor for the user of an office, and gives its secret.
        async fn enrol(&self, office: &Office) -> (String, Vec<String>) {
            let enrolment = self.service.enrol_factor(office).unwrap();
            let code = code(&enrolment.secret, self.clock.now());
            let confirmed = self.service.confirm_factor(office, &enrolment.pending, &code).await;
            (enrolment.secret, confirmed.unwrap().0)
        }

        /// An administrator with a fresh proof.
        async fn proven(&self, user: &str) -> (Officer, String) {
            let office = self.sit(user).await;
            let (secret, _) = self.enrol(&office).await;
            (office.officer(id(98)).unwrap(), secret)
        }

        /// Uses a session until its renewal is written, for which the service does not wait: while one waits,
        /// no other is asked for.
        async fn renew(&self, key: &str) {
            for _ in 0..1000 {
                self.service.office(key, HOME).unwrap();
                let snapshot = self.store.snapshot().unwrap();
                let open = snapshot.view().console_session(&token_digest(key)).unwrap().unwrap();
                if open.session.renewed_at == self.clock.now() {
                    return;
                }
                drop(snapshot);
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            panic!("it was not renewed by its use");
        }

        /// The words of a company's trail, oldest first.
        fn trail(&self, company: Option<i64>) -> Vec<String> {
            self.service.flush_trail();
            let mut words = Vec::new();
            let company = company.map(id);
            self.service
                .visit_trail(company, &|_| true, &mut |act| {
                    words.push(format!("{} {} {:?}", act.what, act.outcome, act.user));
                    true
                })
                .unwrap();
            words
        }
    }

    fn refused<T: std::fmt::Debug, R: std::fmt::Debug>(result: Result<T, Failure<R>>) -> R {
        match result {
            Err(Failure::Refused(refusal)) => refusal,
            other => panic!("not refused: {other:?}"),
        }
    }

    fn act<R>(refusal: R) -> OfficeRefusal<R> {
        OfficeRefusal::Act(refusal)
    }

    /// A telephone: the code of a secret at an instant, by RFC 6238.
    fn code(secret: &str, at: Timestamp) -> String {
        let bits: Vec<u8> = secret
            .bytes()
            .map(|symbol| if symbol >= b'A' { symbol - b'A' } else { symbol - b'2' + 26 })
            .flat_map(|value| (0..5).rev().map(move |bit| value >> bit & 1))
            .collect();
        let bytes: Vec<u8> = bits
            .chunks_exact(8)
            .map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | bit))
            .collect();
        let mut mac = Hmac::<sha1::Sha1>::new_from_slice(&bytes).unwrap();
        mac.update(&(at.as_second() / 30).to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let offset = usize::from(hash[19] & 15);
        let part: [u8; 4] = hash[offset..offset + 4].try_into().unwrap();
        format!("{:06}", (u32::from_be_bytes(part) & 0x7fff_ffff) % 1_000_000)
    }

    #[tokio::test]
    async fn a_user_enters_by_the_password_itself_and_by_nothing_that_was_heard_on_the_wire() {
        each_store(async |world| {
            for wrong in [MD5, "D0EDFE89F30A78EF45AB9A22BD0F826B", "otra", ""] {
                let answer = world.service.enter("ana", wrong, HOME).await;
                assert_eq!(refused(answer), SignInRefusal::WrongCredentials, "{wrong}");
            }
            let nobody = world.service.enter("nadie", PASSWORD, HOME).await;
            assert_eq!(refused(nobody), SignInRefusal::WrongCredentials);
            let entered = world.service.enter(" ana ", PASSWORD, HOME).await.unwrap();
            assert!(entered.key.len() == 64 && entered.name == name("ana"));
            let office = world.service.office(&entered.key, HOME).unwrap();
            assert_eq!((office.name(), office.proof()), (&name("ana"), Proof::NotEnrolled));
            let companies: Vec<_> =
                office.companies().iter().map(|(it, role)| (it.id.to_i64(), *role)).collect();
            assert_eq!(companies, [(98, Role::Administrator)]);
            assert!(office.officer(id(576)).is_none() && office.officer(id(98)).is_some());
            // Neither key opens the other's door.
            let by = SignIn { name: "ana".to_owned(), password: MD5.to_owned() };
            let colppy = world.service.log_in(&by, HOME).await.unwrap();
            assert_eq!(refused(world.service.office(&colppy, HOME)), SessionRefusal);
            let other = world.sit("ana").await;
            assert_ne!(office.csrf_secret(), other.csrf_secret());
        })
        .await;
    }

    #[tokio::test]
    async fn whoever_fails_too_often_is_not_heard_for_a_while() {
        each_store(async |world| {
            for _ in 0..10 {
                let answer = world.service.enter("ana", MD5, HOME).await;
                assert_eq!(refused(answer), SignInRefusal::WrongCredentials);
            }
            let held = refused(world.service.enter("ana", PASSWORD, HOME).await);
            assert!(matches!(held, SignInRefusal::TooManyFailures { retry_after_s: 1.. }));
            world.pass(60);
            world.enter("ana").await;
        })
        .await;
    }

    #[tokio::test]
    async fn a_session_ends_when_it_idles_and_after_half_a_day_whatever_it_does() {
        each_store(async |world| {
            let key = world.enter("ana").await.key;
            world.pass(20 * 60 - 1);
            world.renew(&key).await;
            world.pass(20 * 60 - 1);
            world.renew(&key).await;
            world.pass(20 * 60);
            assert_eq!(refused(world.service.office(&key, HOME)), SessionRefusal);
            let key = world.enter("ana").await.key;
            for _ in 0..36 {
                world.pass(20 * 60 - 1);
                world.renew(&key).await;
            }
            world.pass(36);
            assert_eq!(refused(world.service.office(&key, HOME)), SessionRefusal);
            let key = world.enter("ana").await.key;
            world.service.leave(&key, HOME).await.unwrap();
            assert_eq!(refused(world.service.office(&key, HOME)), SessionRefusal);
            assert_eq!(refused(world.service.leave(&key, HOME).await), SessionRefusal);
        })
        .await;
    }

    #[tokio::test]
    async fn an_act_is_refused_by_the_session_then_the_right_then_the_proof() {
        each_store(async |world| {
            for role in Role::ALL {
                let key = world.enter(role.to_code()).await.key;
                let officer = world.service.office(&key, HOME).unwrap().officer(id(98)).unwrap();
                let service = world.service.administer(&officer);
                let caja = || Label::from_text("caja").unwrap();
                let not_allowed = role != Role::Administrator;
                let added = refused(service.add_collector(caja(), false).await);
                let expected = if not_allowed {
                    OfficeRefusal::NotAllowed
                } else {
                    OfficeRefusal::ProofNeeded
                };
                assert_eq!(added, expected, "{role:?}");
                assert_eq!(service.users().is_err(), not_allowed, "{role:?}");
                assert_eq!(service.collectors().is_err(), not_allowed, "{role:?}");
                assert_eq!(service.set_company(vec![]).await.is_err(), not_allowed, "{role:?}");
                assert_eq!(service.set_logo(None).await.is_err(), not_allowed, "{role:?}");
                let no_logo = refused(service.set_logo(Some(b"GIF89a".to_vec())).await);
                let wrong = act(AdminRefusal::Logo(LogoError::Kind));
                let expected = if not_allowed { OfficeRefusal::NotAllowed } else { wrong };
                assert_eq!(no_logo, expected, "{role:?}");
                world.service.leave(&key, HOME).await.unwrap();
                let added = refused(service.add_collector(caja(), false).await);
                assert_eq!(added, OfficeRefusal::SessionOver, "{role:?}");
            }
        })
        .await;
    }

    #[tokio::test]
    async fn what_an_officer_may_do_is_what_the_moment_of_the_act_says() {
        each_store(async |world| {
            let (officer, _) = world.proven("administrator").await;
            let service = world.service.administer(&officer);
            let caja = |text| Label::from_text(text).unwrap();
            let (collector, credentials) = service.add_collector(caja("caja"), true).await.unwrap();
            assert!(collector.company == id(98) && credentials.password.len() == 40);
            service.rotate_collector("caja", Rotation::Now).await.unwrap();
            assert!(!service.disable_collector("caja").await.unwrap().is_active);
            assert!(service.enable_collector("caja").await.unwrap().is_active);
            let unknown = refused(service.revoke_tokens_of("otra").await);
            assert_eq!(unknown, act(AdminRefusal::CollectorUnknown));
            world.pass(15 * 60);
            let stale = refused(service.add_collector(caja("otra"), true).await);
            assert_eq!(stale, OfficeRefusal::ProofNeeded);
            service.set_company(vec![]).await.unwrap();
            world.service.grant(&name("administrator"), id(98), Role::Reader).await.unwrap();
            assert_eq!(refused(service.set_company(vec![]).await), OfficeRefusal::NotAllowed);
            world.service.disable_user(&name("administrator")).await.unwrap();
            assert_eq!(refused(service.set_company(vec![]).await), OfficeRefusal::SessionOver);
            let words = world.trail(Some(98));
            let done = |word: &str| words.iter().any(|line| line.starts_with(word));
            for word in ["console-in done", "factor-enrol done", "collector-add done"] {
                assert!(done(word), "{word}: {words:?}");
            }
        })
        .await;
    }

    #[tokio::test]
    async fn a_second_factor_is_proven_by_each_code_once() {
        each_store(async |world| {
            let office = world.sit("ana").await;
            let unknown = world.service.confirm_factor(&office, "00", "123456").await;
            assert_eq!(refused(unknown), act(FactorRefusal::EnrolmentUnknown));
            let none = world.service.prove_factor(&office, "123456").await;
            assert_eq!(refused(none), act(FactorRefusal::NotEnrolled));
            let offered = world.service.enrol_factor(&office).unwrap();
            assert!(offered.uri.contains(&offered.secret));
            let wrong = world.service.confirm_factor(&office, &offered.pending, "0").await;
            assert_eq!(refused(wrong), act(FactorRefusal::WrongCode));
            let theirs = world.sit("reader").await;
            let now = code(&offered.secret, world.clock.now());
            let stolen = world.service.confirm_factor(&theirs, &offered.pending, &now).await;
            assert_eq!(refused(stolen), act(FactorRefusal::EnrolmentUnknown));
            let confirmed = world.service.confirm_factor(&office, &offered.pending, &now).await;
            let codes = confirmed.unwrap().0;
            assert!(codes.len() == 8 && codes.iter().all(|code| code.len() == 11));
            let again = world.sit("ana").await;
            assert_eq!(again.proof(), Proof::Stale);
            let replayed = world.service.prove_factor(&again, &now).await;
            assert_eq!(refused(replayed), act(FactorRefusal::WrongCode));
            let enrolled = refused(world.service.enrol_factor(&again));
            assert_eq!(
                enrolled,
                OfficeRefusal::ProofNeeded,
                "a thief of a session replaces nothing"
            );
            world.pass(30);
            let next = code(&offered.secret, world.clock.now());
            let until = world.service.prove_factor(&again, &next).await.unwrap();
            assert_eq!(until, world.clock.now() + SignedDuration::from_mins(15));
            let twice = world.service.prove_factor(&again, &next).await;
            assert_eq!(refused(twice), act(FactorRefusal::WrongCode));
            // A recovery code, once, however it is typed.
            let typed = codes[0].replace('-', " ").to_lowercase();
            assert_eq!(world.service.recover_factor(&again, &typed).await.unwrap(), 7);
            let used = world.service.recover_factor(&again, &codes[0]).await;
            assert_eq!(refused(used), act(FactorRefusal::WrongCode));
        })
        .await;
    }

    #[tokio::test]
    async fn codes_are_not_guessed_from_wherever_one_tries() {
        each_store(async |world| {
            let (_, secret) = world.proven("ana").await;
            let office = world.sit("ana").await;
            for number in 0..9 {
                let tried = world.service.prove_factor(&office, &format!("{number:06}")).await;
                assert_eq!(refused(tried), act(FactorRefusal::WrongCode));
            }
            world.pass(30);
            let right = code(&secret, world.clock.now());
            let held = refused(world.service.prove_factor(&office, &right).await);
            let OfficeRefusal::Act(FactorRefusal::TooManyTries { retry_after_s }) = held else {
                panic!("{held:?}");
            };
            world.pass(retry_after_s.into());
            let right = code(&secret, world.clock.now());
            world.service.prove_factor(&office, &right).await.unwrap();
        })
        .await;
    }

    #[tokio::test]
    async fn another_administrator_resets_a_second_factor_and_the_operator_does() {
        each_store(async |world| {
            let (officer, _) = world.proven("ana").await;
            let other = world.sit("administrator").await;
            world.enrol(&other).await;
            let service = world.service.administer(&officer);
            let own = refused(service.reset_second_factor(&name("ana")).await);
            assert_eq!(own, act(AdminRefusal::OwnAccount));
            service.reset_second_factor(&name("administrator")).await.unwrap();
            let over = refused(world.service.enrol_factor(&other));
            assert_eq!(over, OfficeRefusal::SessionOver);
            assert_eq!(world.sit("administrator").await.proof(), Proof::NotEnrolled);
            world.service.reset_second_factor(&name("ana")).await.unwrap();
            assert_eq!(world.sit("ana").await.proof(), Proof::NotEnrolled);
            let unknown = world.service.reset_second_factor(&name("nadie")).await;
            assert_eq!(refused(unknown), AdminRefusal::UserUnknown);
        })
        .await;
    }

    #[tokio::test]
    async fn an_administrator_keeps_the_companys_people_and_nobody_elses() {
        each_store(async |world| {
            let (officer, _) = world.proven("ana").await;
            let service = world.service.administer(&officer);
            world.service.add_user(name("b"), PASSWORD, id(576), Role::Reader).await.unwrap();
            for refusal in [
                refused(service.disable_user(&name("b")).await),
                refused(service.set_role(&name("b"), Role::Administrator).await),
                refused(service.end_sessions_of(&name("b")).await),
            ] {
                assert_eq!(refusal, act(AdminRefusal::UserUnknown));
            }
            world.service.grant(&name("b"), id(98), Role::Reader).await.unwrap();
            let elsewhere = refused(service.disable_user(&name("b")).await);
            assert_eq!(elsewhere, act(AdminRefusal::UserElsewhere));
            service.remove_user(&name("b")).await.unwrap();
            assert_eq!(
                refused(service.disable_user(&name("ana")).await),
                act(AdminRefusal::OwnAccount)
            );
            let seat = world.enter("cashier").await.key;
            let disabled = service.disable_user(&name("cashier")).await.unwrap();
            assert!(!disabled.is_active);
            assert_eq!(refused(world.service.office(&seat, HOME)), SessionRefusal);
            service.enable_user(&name("cashier")).await.unwrap();
            let raised = service.set_role(&name("cashier"), Role::Supervisor).await.unwrap();
            assert_eq!(raised.rights, [(id(98), Role::Supervisor)]);
            // The last administrator stays one.
            service.set_role(&name("administrator"), Role::Reader).await.unwrap();
            for refusal in [
                refused(service.set_role(&name("ana"), Role::Reader).await),
                refused(service.remove_user(&name("ana")).await),
            ] {
                assert_eq!(refusal, act(AdminRefusal::LastAdministrator));
            }
            service.invite(name("eva"), Role::Administrator).await.unwrap();
            let invited = refused(service.remove_user(&name("ana")).await);
            assert_eq!(invited, act(AdminRefusal::LastAdministrator), "who has not come is none");
            service.set_role(&name("reader"), Role::Administrator).await.unwrap();
            service.set_role(&name("ana"), Role::Reader).await.unwrap();
            assert_eq!(refused(service.users()), OfficeRefusal::NotAllowed);
        })
        .await;
    }

    /// Imports a member for another company, which an officer does not; an hour passes while the file is checked,
    /// if asked for.
    async fn imported(
        world: &World,
        officer: &Officer,
        [dry_run, is_slow]: [bool; 2],
    ) -> Result<Imported, ImportRefusal> {
        let request = ImportRequest {
            company: id(576),
            kind: FileKind::Members,
            name: Name::from_text("socios.csv").unwrap(),
            imported_by: Label::from_text("otra persona").unwrap(),
            dry_run,
            skip_bad: false,
            complete: None,
        };
        let (service, officer, clock) =
            (world.service.clone(), officer.clone(), world.clock.clone());
        let importing = tokio::task::spawn_blocking(move || {
            let mut file = Cursor::new("contrato,nombre,estado\n315,ANA,activo\n");
            service.administer(&officer).import(&request, &mut file, &mut |_| {
                if is_slow {
                    clock.set(clock.now() + SignedDuration::from_hours(1));
                }
            })
        });
        importing.await.unwrap().map_err(|failure| refused::<(), _>(Err(failure)))
    }

    #[tokio::test]
    async fn a_file_is_imported_by_the_officer_who_may_until_it_is_kept() {
        each_store(async |world| {
            let not_allowed = Err(ImportRefusal::Officer(OfficeRefusal::NotAllowed));
            let cashier = world.officer("cashier").await;
            for dry_run in [true, false] {
                assert_eq!(imported(&world, &cashier, [dry_run, false]).await, not_allowed);
            }
            let ana = world.officer("ana").await;
            for dry_run in [true, false] {
                let done = imported(&world, &ana, [dry_run, false]).await.unwrap();
                assert_eq!(done.totals.new.count, 1);
            }
            let over = Err(ImportRefusal::Officer(OfficeRefusal::SessionOver));
            assert_eq!(imported(&world, &ana, [false, true]).await, over);
            let files = |company| world.service.imported_files(id(company)).unwrap();
            let by: Vec<_> =
                files(98).iter().map(|kept| kept.file.imported_by.to_string()).collect();
            assert_eq!((by, files(576).len()), (vec!["ana".to_owned()], 0));
            let ana = world.officer("ana").await;
            let filter = TrailFilter { what: Some("import".to_owned()), ..TrailFilter::default() };
            let trail = world.service.administer(&ana).trail(&filter, None, 10).unwrap();
            let told = trail.acts.iter().map(|act| (act.who.as_deref(), act.act.from.as_deref()));
            assert_eq!(told.collect::<Vec<_>>(), [(Some("ana"), Some("192.0.2.1"))]);
        })
        .await;
    }

    #[tokio::test]
    async fn sessions_are_listed_and_ended_one_by_one() {
        each_store(async |world| {
            let (officer, _) = world.proven("ana").await;
            let service = world.service.administer(&officer);
            let key = world.enter("cashier").await.key;
            let sessions = service.sessions().unwrap();
            let shown: Vec<_> =
                sessions.iter().map(|kept| (kept.user.as_str(), kept.is_own)).collect();
            assert_eq!(shown, [("cashier", false), ("ana", true)]);
            service.end_session(sessions[0].id).await.unwrap();
            assert_eq!(refused(world.service.office(&key, HOME)), SessionRefusal);
            let again = refused(service.end_session(sessions[0].id).await);
            assert_eq!(again, act(AdminRefusal::SessionUnknown));
            let key = world.enter("cashier").await.key;
            service.end_sessions_of(&name("cashier")).await.unwrap();
            assert_eq!(refused(world.service.office(&key, HOME)), SessionRefusal);
        })
        .await;
    }

    #[tokio::test]
    async fn whoever_is_invited_chooses_a_password_once() {
        each_store(async |world| {
            let (officer, _) = world.proven("ana").await;
            let service = world.service.administer(&officer);
            let taken = refused(service.invite(name("reader"), Role::Reader).await);
            assert_eq!(taken, act(AdminRefusal::UserExists));
            let first = service.invite(name("eva"), Role::Cashier).await.unwrap();
            let eva = service.users().unwrap().into_iter().find(|user| user.name == name("eva"));
            assert_eq!(eva.unwrap().invited_until, Some(first.expires_at));
            let issued = service.invite(name("eva"), Role::Cashier).await.unwrap();
            let over = refused(world.service.invitation(&first.token));
            assert_eq!(over, InvitationRefusal::Over, "another link takes its place");
            let shown = world.service.invitation(&issued.token).unwrap();
            assert_eq!((shown.user, shown.needs_company), (Some(name("eva")), false));
            let choose = |password: &str| {
                let chosen = Chosen { name: None, password: password.to_owned(), company: None };
                world.service.take_invitation(&issued.token, chosen, HOME)
            };
            for (password, refusal) in [
                ("corta", AdminRefusal::PasswordShort),
                (" ", AdminRefusal::PasswordEmpty),
                (MD5, AdminRefusal::PasswordAmbiguous),
            ] {
                assert_eq!(refused(choose(password).await), InvitationRefusal::Chosen(refusal));
            }
            let (one, two) = tokio::join!(choose(OTHER), choose(OTHER));
            assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
            let entered = one.or(two).unwrap();
            let office = world.service.office(&entered.key, HOME).unwrap();
            assert_eq!(office.officer(id(98)).unwrap().role, Role::Cashier);
            world.service.enter("eva", OTHER, HOME).await.unwrap();
            assert_eq!(refused(choose(OTHER).await), InvitationRefusal::Over);
            // Whoever was given a password, or was disabled, needs no link any more.
            let given = service.invite(name("ema"), Role::Cashier).await.unwrap();
            world.service.set_user_password(&name("ema"), OTHER).await.unwrap();
            assert_eq!(refused(world.service.invitation(&given.token)), InvitationRefusal::Over);
            let again = refused(service.invite(name("ema"), Role::Cashier).await);
            assert_eq!(again, act(AdminRefusal::UserExists));
            let shut = service.invite(name("iris"), Role::Cashier).await.unwrap();
            service.disable_user(&name("iris")).await.unwrap();
            service.enable_user(&name("iris")).await.unwrap();
            assert_eq!(refused(world.service.invitation(&shut.token)), InvitationRefusal::Over);
            let late = service.invite(name("leo"), Role::Cashier).await.unwrap();
            world.pass(72 * 3600);
            assert_eq!(refused(world.service.invitation(&late.token)), InvitationRefusal::Over);
        })
        .await;
    }

    #[tokio::test]
    async fn the_first_administrator_makes_the_company_where_there_is_none() {
        let keys = || Keys::from_random([7; 64]);
        let folder = tempfile::tempdir().unwrap();
        let sqlite = Store::create_sqlite(&folder.path().join("data"), keys()).unwrap();
        let (_database, postgres) = in_postgres(keys());
        for store in [Store::memory(keys()), sqlite, postgres] {
            let clock = Clock::manual(START.parse().unwrap());
            let service =
                Service::start(store.clone(), clock, Entropy::System, Settings::default()).unwrap();
            let lost = service.invite_first().await.unwrap();
            let issued = service.invite_first().await.unwrap();
            assert!(issued.to_path().starts_with("/consola/ingreso/"));
            assert_eq!(refused(service.invitation(&lost.token)), InvitationRefusal::Over);
            let shown = service.invitation(&issued.token).unwrap();
            assert_eq!((shown.user, shown.needs_company), (None, true));
            let choose = |user: Option<&str>, company: Option<NewCompany>| {
                let name = user.map(name);
                let chosen = Chosen { name, password: OTHER.to_owned(), company };
                service.take_invitation(&issued.token, chosen, HOME)
            };
            assert_eq!(refused(choose(None, None).await), InvitationRefusal::NameNeeded);
            let missing = refused(choose(Some("ana"), None).await);
            assert_eq!(missing, InvitationRefusal::CompanyNeeded);
            let (one, two) = tokio::join!(
                choose(Some("ana"), Some(company(7))),
                choose(Some("eva"), Some(company(8)))
            );
            let entered = match (one, two) {
                (Ok(entered), Err(_)) | (Err(_), Ok(entered)) => entered,
                both => panic!("{both:?}"),
            };
            assert_eq!(service.users().unwrap().len(), 1);
            let companies = service.companies().unwrap();
            let office = service.office(&entered.key, HOME).unwrap();
            assert_eq!(companies.len(), 1);
            assert_eq!(office.officer(companies[0].id).unwrap().role, Role::Administrator);
            assert_eq!(service.verify().unwrap().findings, Vec::<String>::new());
        }
    }

    #[tokio::test]
    async fn one_changes_ones_own_password_and_ends_all_other_sessions() {
        each_store(async |world| {
            let (office, other) = (world.sit("reader").await, world.enter("reader").await.key);
            let change = |present: &str, new: &str| {
                let (present, new) = (present.to_owned(), new.to_owned());
                let (service, office) = (world.service.clone(), office.clone());
                async move { service.change_own_password(&office, &present, &new).await }
            };
            let wrong = PasswordRefusal::Present(SignInRefusal::WrongCredentials);
            assert_eq!(refused(change(MD5, OTHER).await), act(wrong));
            let short = PasswordRefusal::New(AdminRefusal::PasswordShort);
            assert_eq!(refused(change(PASSWORD, "corta").await), act(short));
            change(PASSWORD, OTHER).await.unwrap();
            assert_eq!(refused(world.service.office(&other, HOME)), SessionRefusal);
            let old = world.service.enter("reader", PASSWORD, HOME).await;
            assert_eq!(refused(old), SignInRefusal::WrongCredentials);
            world.service.enter("reader", OTHER, HOME).await.unwrap();
            assert!(
                world.trail(Some(98)).iter().any(|line| line.starts_with("user-password done"))
            );
        })
        .await;
    }

    #[tokio::test]
    async fn the_trail_is_read_from_its_end_in_pages() {
        each_store(async |world| {
            let officer = world.officer("ana").await;
            let service = world.service.administer(&officer);
            for _ in 0..45 {
                service.set_company(vec![]).await.unwrap();
            }
            world.pass(86_400);
            let officer = world.officer("administrator").await;
            let service = world.service.administer(&officer);
            let all = |filter: &TrailFilter, len: usize| {
                let (mut found, mut before) = (Vec::new(), None);
                loop {
                    let page = service.trail(filter, before, len).unwrap();
                    assert!(page.acts.len() <= len);
                    found.extend(page.acts);
                    let Some(next) = page.next else { return found };
                    assert_eq!(TrailCursor::from_text(&next.to_string()), Some(next));
                    before = Some(next);
                }
            };
            let whole = all(&TrailFilter::default(), 1000);
            assert_eq!(whole[0].act.what, "console-in");
            assert_eq!(whole[0].who.as_deref(), Some("administrator"));
            assert_eq!(whole.last().unwrap().act.what, "company-add");
            assert!(whole.is_sorted_by(|newer, older| newer.act.at_us >= older.act.at_us));
            for len in [1, 7, 20] {
                assert_eq!(all(&TrailFilter::default(), len), whole, "{len}");
            }
            let what = TrailFilter { what: Some("company-set".to_owned()), ..Default::default() };
            assert_eq!(all(&what, 10).len(), 45);
            let who = TrailFilter { who: Some(" ADMIN ".to_owned()), ..Default::default() };
            assert_eq!(all(&who, 10).len(), 1);
            for (day, acts) in
                [("2021-11-25", 0), ("2021-11-26", whole.len() - 1), ("2021-11-27", 1)]
            {
                let day = TrailFilter { day: Some(day.parse().unwrap()), ..Default::default() };
                assert_eq!(all(&day, 10).len(), acts, "{day:?}");
            }
        })
        .await;
    }

    #[tokio::test]
    async fn servers_of_one_database_agree_who_is_inside() {
        let keys = || Keys::from_random([7; 64]);
        let (database, store) = in_postgres(keys());
        let world = world(store, Settings::default()).await;
        let address = ventanilla_store::DatabaseAddress::from_text(&database.url()).unwrap();
        let other = Store::open_postgres(&address, keys()).unwrap();
        let settings = Settings::default();
        let other = Service::start(other, world.clock.clone(), Entropy::System, settings).unwrap();
        let key = world.enter("ana").await.key;
        let (here, there) =
            (world.service.office(&key, HOME).unwrap(), other.office(&key, HOME).unwrap());
        let (secret, _) = world.enrol(&here).await;
        for _ in 0..5 {
            world.pass(30);
            let code = code(&secret, world.clock.now());
            let (one, two) = tokio::join!(
                world.service.prove_factor(&here, &code),
                other.prove_factor(&there, &code)
            );
            assert_eq!(usize::from(one.is_ok()) + usize::from(two.is_ok()), 1, "{one:?} {two:?}");
        }
        world.service.leave(&key, HOME).await.unwrap();
        assert_eq!(refused(other.office(&key, HOME)), SessionRefusal);
        let officer = there.officer(id(98)).unwrap();
        let over = other.administer(&officer).set_company(vec![]).await;
        assert_eq!(refused(over), OfficeRefusal::SessionOver);
        other.shut_down();
    }

    #[tokio::test]
    async fn no_secret_is_shown_or_kept_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let store = Store::create_sqlite(&data, Keys::from_random([7; 64])).unwrap();
        let world = world(store, Settings::default()).await;
        let entered = world.enter("ana").await;
        let office = world.service.office(&entered.key, HOME).unwrap();
        let enrolment = world.service.enrol_factor(&office).unwrap();
        let now = code(&enrolment.secret, world.clock.now());
        let confirmed = world.service.confirm_factor(&office, &enrolment.pending, &now).await;
        let codes = confirmed.unwrap();
        let officer = office.officer(id(98)).unwrap();
        let service = world.service.administer(&officer);
        let invited = service.invite(name("eva"), Role::Cashier).await.unwrap();
        let chosen = Chosen { name: None, password: OTHER.to_owned(), company: None };
        let factor = world.store.snapshot().unwrap().view().second_factor(office.user()).unwrap();
        let shown = format!(
            "{entered:?} {office:?} {officer:?} {enrolment:?} {codes:?} {invited:?} {chosen:?} \
             {service:?} {factor:?}"
        );
        let csrf = ventanilla_store::to_hex(office.csrf_secret());
        world.service.flush_trail();
        world.service.shut_down();
        let mut kept = Vec::new();
        for file in std::fs::read_dir(&data).unwrap() {
            kept.extend(std::fs::read(file.unwrap().path()).unwrap());
        }
        let kept = String::from_utf8_lossy(&kept).into_owned();
        let secrets = [&entered.key, &enrolment.secret, &invited.token, &csrf, &codes.0[0]];
        for secret in secrets.into_iter().map(String::as_str).chain([OTHER, PASSWORD]) {
            assert!(!shown.contains(secret), "{secret} in {shown}");
            assert!(!kept.contains(secret), "{secret} in the books");
        }
        assert!(kept.contains("factor-enrol"), "the trail was looked through");
        assert!(!shown.contains(&factor.unwrap().sealed));
    }

    #[tokio::test]
    async fn where_no_second_factor_is_asked_for_none_is_needed() {
        let settings = Settings { is_second_factor_asked: false, ..Settings::default() };
        let world = world(Store::memory(Keys::from_random([7; 64])), settings).await;
        let officer = world.officer("ana").await;
        assert_eq!(officer.proof, Proof::NotAsked);
        let caja = Label::from_text("caja").unwrap();
        world.service.administer(&officer).add_collector(caja, false).await.unwrap();
    }

    #[tokio::test]
    async fn a_restoration_ends_every_session_and_invitation() {
        each_store(async |world| {
            let (officer, _) = world.proven("ana").await;
            let key = world.enter("reader").await.key;
            let invited = world
                .service
                .administer(&officer)
                .invite(name("eva"), Role::Cashier)
                .await
                .unwrap();
            let mut tx = world.store.begin().unwrap();
            tx.end_all_sign_ins().unwrap();
            tx.commit().unwrap();
            assert_eq!(refused(world.service.office(&key, HOME)), SessionRefusal);
            assert_eq!(refused(world.service.invitation(&invited.token)), InvitationRefusal::Over);
            assert_eq!(world.sit("ana").await.proof(), Proof::Stale, "the factor stays");
        })
        .await;
    }
}
