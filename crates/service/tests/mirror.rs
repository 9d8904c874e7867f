//! The mirror behind the writer: what is answered while it is there, gone, and back.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::{IpAddr, Ipv4Addr};
    use std::path::PathBuf;

    use tempfile::TempDir;
    use ventanilla_domain::{CollectorId, CompanyId, Currency, Label, Name, PaymentId, TimeZone};
    use ventanilla_service::{
        Act, ActOutcome, Clock, Credentials, Entropy, Failure, MirrorState, NewCollector,
        NewCompany, Origin, Service, Settings, Subject, Unready, What, Who,
    };
    use ventanilla_store::{Keys, Mirror, Store};

    const HOME: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn keys() -> Keys {
        Keys::from_random([7; 64])
    }

    fn company() -> CompanyId {
        CompanyId::from_i64(13).unwrap()
    }

    /// Company 13 of a store that is mirrored.
    struct World {
        folder: TempDir,
        store: Store,
        service: Service,
    }

    impl World {
        async fn made() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::create_sqlite(&folder.path().join("data"), keys()).unwrap();
            let path = folder.path().join("espejo");
            Mirror::make(&path, keys()).unwrap();
            let mut tx = store.begin().unwrap();
            tx.set_mirror(path.to_str()).unwrap();
            tx.commit().unwrap();
            let (clock, entropy) = (Clock::System, Entropy::counted(1));
            let service = Service::start(store.clone(), clock, entropy, Settings::default());
            let world = Self { folder, store, service: service.unwrap() };
            let new = NewCompany {
                id: company(),
                name: Name::from_text("Cooplan").unwrap(),
                currency: Currency::BOB,
                time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
                first_payment: PaymentId::FIRST,
            };
            world.service.add_company(new).await.unwrap();
            world
        }

        async fn add(&self, name: &str) -> Result<Credentials, Failure<()>> {
            let name = Label::from_text(name).unwrap();
            let new = NewCollector { company: company(), name, can_list: false, credentials: None };
            let added = self.service.add_collector(new).await;
            added.map(|(_, credentials)| credentials).map_err(|failure| failure.map(drop))
        }

        fn mirror(&self) -> PathBuf {
            self.folder.path().join("espejo")
        }

        fn away(&self) -> PathBuf {
            self.folder.path().join("desmontado")
        }

        fn segment(&self) -> PathBuf {
            self.mirror().join("segment-00000001.jsonl")
        }

        /// Whether the mirror has everything that the store has.
        fn is_level(&self) -> bool {
            let status = Mirror::at(&self.mirror(), keys()).status().unwrap();
            status.ends == self.store.ends().unwrap()
        }

        fn collectors(&self) -> usize {
            self.store.snapshot().unwrap().view().collectors().unwrap().len()
        }

        fn trail_rows(&self) -> i64 {
            let snapshot = self.store.snapshot().unwrap();
            let head = snapshot.view().trail_head(Some(company())).unwrap();
            head.map_or(0, |head| head.rows)
        }

        fn act(&self) -> Act {
            Act {
                at: self.service.clock().now(),
                company: Some(company()),
                from: Origin::Address(HOME),
                who: Who::Collector(CollectorId::from_i64(1).unwrap()),
                what: What::Pay,
                outcome: ActOutcome::Unavailable,
                subject: Subject::default(),
            }
        }

        fn state(&self) -> Option<MirrorState> {
            self.service.write_meters().mirror.state()
        }

        async fn can_log_in(&self, credentials: &Credentials) -> bool {
            self.service.issue_token(credentials, HOME).await.is_ok()
        }
    }

    #[tokio::test]
    async fn what_is_answered_is_in_the_mirror() {
        let world = World::made().await;
        for name in ["banco", "caja", "kiosco"] {
            world.add(name).await.unwrap();
            assert!(world.is_level(), "{name}");
        }
        assert_eq!(world.state(), Some(MirrorState { is_ready: true, lag: 0 }));
        assert!(world.service.write_meters().mirror.write_us.read().count >= 4);
    }

    #[tokio::test]
    async fn a_mirror_that_is_gone_lets_nobody_write_and_everybody_read() {
        let world = World::made().await;
        let bank = world.add("banco").await.unwrap();
        fs::rename(world.mirror(), world.away()).unwrap();
        fs::create_dir(world.mirror()).unwrap();
        for name in ["caja", "kiosco"] {
            assert_eq!(world.add(name).await.err(), Some(Failure::Unavailable), "{name}");
        }
        assert_eq!(world.collectors(), 1, "nothing was changed");
        assert_eq!(world.service.ready(), Err(Unready::Mirror));
        assert_eq!(world.state(), Some(MirrorState { is_ready: false, lag: 0 }));
        let problem = world.service.mirror_problem().unwrap().to_string();
        assert!(problem.starts_with("there is no mirror in "), "{problem}");
        assert!(world.can_log_in(&bank).await, "who reads may sign in");
        assert!(world.service.companies().is_ok());
        let before = world.trail_rows();
        let act = world.act();
        world.service.note(act);
        world.service.flush_trail();
        assert_eq!(world.trail_rows(), before + 1, "what was tried meanwhile is told");
        let tokens = world.service.tokens(None, None).unwrap();
        world.service.revoke_token(tokens[0].id, None).await.unwrap();
        assert_eq!(world.trail_rows(), before + 2, "a token that leaked is ended");
        assert_eq!(world.state(), Some(MirrorState { is_ready: false, lag: 0 }), "nobody waits");
        assert_eq!(fs::read_dir(world.mirror()).unwrap().count(), 0, "no new mirror there");
        fs::remove_dir(world.mirror()).unwrap();
        fs::rename(world.away(), world.mirror()).unwrap();
        world.service.settle_mirror();
        world.add("caja").await.unwrap();
        assert!(world.is_level() && world.service.ready().is_ok());
        assert!(world.service.mirror_problem().is_none());
    }

    #[tokio::test]
    async fn the_trail_comes_after_without_being_asked() {
        let world = World::made().await;
        let before = world.trail_rows();
        for round in 1..=3 {
            world.service.note(world.act());
            world.service.flush_trail();
            assert_eq!(world.trail_rows(), before + round);
            let is_soon_level = (0..400).any(|_| {
                std::thread::sleep(std::time::Duration::from_millis(10));
                world.is_level()
            });
            assert!(is_soon_level, "round {round}");
        }
        world.service.note(world.act());
        world.service.shut_down();
        assert_eq!(world.trail_rows(), before + 4);
        assert!(world.is_level(), "a stop leaves nothing behind");
    }

    #[tokio::test]
    async fn what_the_mirror_did_not_take_is_unknown_and_caught_up() {
        let world = World::made().await;
        let segment = fs::read(world.segment()).unwrap();
        fs::remove_file(world.segment()).unwrap();
        fs::create_dir(world.segment()).unwrap();
        assert_eq!(world.add("banco").await.err(), Some(Failure::Unknown), "it is kept here");
        assert_eq!(world.collectors(), 1);
        assert_eq!(world.state(), Some(MirrorState { is_ready: false, lag: 1 }));
        assert_eq!(world.add("caja").await.err(), Some(Failure::Unavailable));
        assert_eq!(world.collectors(), 1);
        fs::remove_dir(world.segment()).unwrap();
        fs::write(world.segment(), segment).unwrap();
        // Nobody asks for anything: it is found again all the same.
        let service = world.service.clone();
        let waited = tokio::task::spawn_blocking(move || {
            (0..400).any(|_| {
                std::thread::sleep(std::time::Duration::from_millis(10));
                service.ready().is_ok()
            })
        });
        assert!(waited.await.unwrap(), "it is tried once a second");
        assert!(world.is_level());
        world.add("caja").await.unwrap();
        assert!(world.is_level());
    }

    #[tokio::test]
    async fn a_mirror_may_be_moved_and_ended_while_others_write() {
        let world = World::made().await;
        world.add("banco").await.unwrap();
        let other = world.away();
        let mut moved = Mirror::make(&other, keys()).unwrap();
        moved.catch_up(&world.store).unwrap();
        let set = |path: Option<&str>| {
            let mut tx = world.store.begin().unwrap();
            tx.set_mirror(path).unwrap();
            tx.commit().unwrap();
        };
        set(other.to_str());
        world.add("caja").await.unwrap();
        assert!(!world.is_level(), "the old one is left as it was");
        assert_eq!(moved.status().unwrap().ends, world.store.ends().unwrap());
        set(None);
        world.add("kiosco").await.unwrap();
        assert_ne!(moved.status().unwrap().ends, world.store.ends().unwrap());
        assert_eq!(world.state(), None);
    }
}
