//! Verifying beside the service, and the checkpoints that it signs.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    use tempfile::TempDir;
    use ventanilla_domain::{CompanyId, Currency, Name, PaymentId, TimeZone};
    use ventanilla_service::{
        Act, ActOutcome, Clock, Entropy, NewCompany, Origin, Service, Settings, Subject, What, Who,
    };
    use ventanilla_store::{Keys, Store};

    struct World {
        folder: TempDir,
        service: Service,
        clock: Clock,
    }

    fn start(folder: &Path, seed: u8, is_new: bool) -> (Service, Clock) {
        let keys = Keys::from_random([seed; 64]);
        let data = folder.join("data");
        let store = if is_new {
            Store::create_sqlite(&data, keys).unwrap()
        } else {
            Store::open_sqlite(&data, keys).unwrap()
        };
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let settings = Settings::default();
        (Service::start(store, clock.clone(), Entropy::counted(1), settings).unwrap(), clock)
    }

    impl World {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let (service, clock) = start(folder.path(), 7, true);
            let world = Self { folder, service, clock };
            world.add_company(13);
            world
        }

        #[tokio::main(flavor = "current_thread")]
        async fn add_company(&self, id: i64) {
            let new = NewCompany {
                id: CompanyId::from_i64(id).unwrap(),
                name: Name::from_text("Cooplan").unwrap(),
                currency: Currency::BOB,
                time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
                first_payment: PaymentId::FIRST,
            };
            self.service.add_company(new).await.unwrap();
        }

        fn file(&self) -> PathBuf {
            self.folder.path().join("checkpoints")
        }

        /// Lets a verifier catch up, and ends it.
        fn verified(&self) {
            drop(self.service.start_verifier(&self.file()).unwrap());
        }

        fn lines(&self) -> Vec<String> {
            let text = fs::read_to_string(self.file()).unwrap();
            text.lines().map(str::to_owned).collect()
        }

        fn write(&self, lines: &[String]) {
            let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
            fs::write(self.file(), text).unwrap();
        }

        fn check(&self) -> (u64, Vec<String>) {
            let report = self.service.check_checkpoints(&self.file()).unwrap().unwrap();
            (report.lines, report.findings)
        }
    }

    #[test]
    fn each_end_of_a_verifier_attests_to_what_was_new() {
        let world = World::new();
        world.verified();
        world.verified();
        world.add_company(14);
        world.clock.set("2021-11-26T16:20:00Z".parse().unwrap());
        world.verified();
        let lines = world.lines();
        assert!(lines[0].starts_with("1 2021-11-26T16:11:52Z 0000"), "{lines:?}");
        for end in [" books:14:1:", " trail:13:1:", " trail:14:1:"] {
            assert!(lines.last().unwrap().contains(end), "{lines:?}");
        }
        assert_eq!(world.check(), (u64::try_from(lines.len()).unwrap(), Vec::new()));
        let report = world.service.check_checkpoints(&world.file()).unwrap().unwrap();
        assert_eq!(report.last_at, "2021-11-26T16:20:00Z".parse().ok());
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(world.file()).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_running_verifier_follows_what_comes() {
        let world = World::new();
        let _running = world.service.start_verifier(&world.file()).unwrap();
        let meters = world.service.verify_meters();
        let until = |is_so: &dyn Fn() -> bool| {
            for _ in 0..10_000 {
                if is_so() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            panic!("{meters:?}");
        };
        until(&|| meters.caught_up_at_s.load(Ordering::Relaxed) > 0);
        assert_eq!(meters.entries.load(Ordering::Relaxed), 1);
        assert_eq!(meters.findings.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_is_done_to_the_file_is_found() {
        let world = World::new();
        for id in [14, 15] {
            world.verified();
            world.add_company(id);
        }
        world.verified();
        let lines = world.lines();
        assert_eq!(lines.len(), 3, "{lines:?}");
        let altered = lines[1].replace("books:13:1", "books:13:2");
        let [first, second, third] = <[String; 3]>::try_from(lines).unwrap();
        for (lines, right, told) in [
            (vec![first.clone(), altered, third.clone()], 2, "línea 2: la firma"),
            (vec![first.clone(), third.clone()], 2, "línea 2: no sigue"),
            (vec![second.clone(), third.clone()], 2, "línea 1: no sigue"),
            (vec![second.clone(), first.clone(), third.clone()], 3, "línea 1: no sigue"),
            (vec![first.clone(), String::new()], 1, "línea 2: la firma"),
            (vec!["ñ".repeat(3)], 0, "línea 1: la firma"),
        ] {
            world.write(&lines);
            let (lines, findings) = world.check();
            assert_eq!(lines, right, "{findings:?}");
            assert!(findings[0].starts_with(&format!("puntos de control: {told}")), "{findings:?}");
        }
        world.write(&[first.clone(), second.clone()]);
        assert_eq!(
            world.check(),
            (2, Vec::new()),
            "the file's own end is for whoever keeps a copy"
        );
        fs::write(world.file(), format!("{first}\n{second}\n{}", &third[..40])).unwrap();
        assert_eq!(world.check(), (2, Vec::new()), "a line that a crash cut off says nothing");
        world.verified();
        assert_eq!((world.lines().len(), world.check()), (3, (3, Vec::new())));
    }

    #[test]
    fn a_line_of_another_file_of_the_same_books_does_not_follow() {
        let world = World::new();
        let other = world.folder.path().join("other");
        world.verified();
        world.clock.set("2021-11-26T16:20:00Z".parse().unwrap());
        drop(world.service.start_verifier(&other).unwrap());
        world.add_company(14);
        world.verified();
        drop(world.service.start_verifier(&other).unwrap());
        let others = fs::read_to_string(&other).unwrap();
        let [ours, _] = <[String; 2]>::try_from(world.lines()).unwrap();
        world.write(&[ours, others.lines().nth(1).unwrap().to_owned()]);
        let (lines, findings) = world.check();
        assert_eq!((lines, findings.len()), (2, 1), "{findings:?}");
        assert!(findings[0].contains("línea 2: no sigue a la anterior"), "{findings:?}");
    }

    #[test]
    fn a_journal_that_was_cut_or_linked_anew_is_found() {
        let world = World::new();
        world.verified();
        for (other, told) in [(8, "la firma"), (7, "fue rehecho")] {
            let folder = tempfile::tempdir().unwrap();
            let (service, clock) = start(folder.path(), other, true);
            // The same act at another time: the journal is sound, and not the one attested to.
            clock.set("2021-11-26T16:11:53Z".parse().unwrap());
            let made = World { folder, service, clock };
            made.add_company(13);
            assert!(made.service.verify().unwrap().findings.is_empty());
            let report = made.service.check_checkpoints(&world.file()).unwrap().unwrap();
            assert!(report.findings[0].contains(told), "{:?}", report.findings);
        }
        let folder = tempfile::tempdir().unwrap();
        let (service, _) = start(folder.path(), 7, true);
        let report = service.check_checkpoints(&world.file()).unwrap().unwrap();
        assert!(report.findings[0].contains("fue cortado"), "{:?}", report.findings);
        assert!(report.findings[1].contains("fue cortada"), "{:?}", report.findings);
        service.check_checkpoints(&folder.path().join("none")).unwrap_err();
    }

    #[test]
    fn acts_that_belong_to_no_company_are_attested_to() {
        let world = World::new();
        let from = Origin::Address("192.0.2.7".parse().unwrap());
        let act = Act {
            at: world.clock.now(),
            company: None,
            from,
            who: Who::Nobody,
            what: What::Token,
            outcome: ActOutcome::Refused("CREDENCIALES_INVALIDAS".into()),
            subject: Subject::default(),
        };
        world.service.note(act);
        world.service.flush_trail();
        world.verified();
        assert!(world.lines()[0].contains(" trail:0:1:"), "{:?}", world.lines());
    }
}
