//! A company's logo through the service, over every store: which files are taken, and that each paper has the
//! one of its day.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::common::in_postgres;
    use ventanilla_domain::{
        BillId, BusinessDay, CompanyId, ContractCode, Currency, FileKind, Label, Logo, LogoError,
        LogoKind, Name, PayCommand, Payment, PaymentId, Place, TimeZone, civil_at,
    };
    use ventanilla_service::{
        AdminRefusal, Caller, Clock, Credentials, DayOpening, DayVisitor, Entropy, Failure,
        NewCollector, NewCompany, PaymentState, Service, Settings, read_logo,
    };
    use ventanilla_sim::import;
    use ventanilla_store::{Keys, Store};

    struct Books {
        service: Service,
        bank: Caller,
    }

    fn company() -> CompanyId {
        CompanyId::from_i64(13).unwrap()
    }

    async fn books(store: Store) -> Books {
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let settings = Settings::default();
        let service = Service::start(store, clock, Entropy::counted(1), settings).unwrap();
        let new = NewCompany {
            id: company(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            first_payment: PaymentId::FIRST,
        };
        service.add_company(new).await.unwrap();
        let [security_code, login, password] = ["c", "l", "p"].map(str::to_owned);
        let credentials = Credentials { security_code, login, password };
        let new = NewCollector {
            company: company(),
            name: Label::from_text("banco").unwrap(),
            can_list: false,
            credentials: Some(credentials.clone()),
        };
        service.add_collector(new).await.unwrap();
        let token = service.issue_token(&credentials, [127, 0, 0, 1].into()).await.unwrap();
        let bank = service.session(&token.token).unwrap().into_caller();
        let books = Books { service, bank };
        books.import(FileKind::Members, "contrato,nombre\n100,Ana Lopez\n");
        let bills =
            "factura,contrato,periodo,monto\n1,100,202110,1\n2,100,202110,1\n3,100,202110,1\n";
        books.import(FileKind::Bills, bills);
        books
    }

    async fn each_store(test: impl AsyncFn(Books)) {
        let keys = || Keys::from_random([7; 64]);
        test(books(Store::memory(keys())).await).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        test(books(Store::create_sqlite(&path, keys()).unwrap()).await).await;
        let (_database, store) = in_postgres(keys());
        test(books(store).await).await;
    }

    impl Books {
        fn import(&self, kind: FileKind, text: &str) {
            import(&self.service, company(), kind, text);
        }

        async fn pay(&self, bill: i64) -> Payment {
            let contract = ContractCode::from_text("100").unwrap();
            let debt = self.service.session_as(&self.bank).unwrap().debt(&contract).unwrap();
            let bill = BillId::from_i64(bill).unwrap();
            let owed = debt.bills.iter().find(|owed| owed.id == bill).unwrap();
            let command = PayCommand {
                collector: self.bank.collector,
                bill,
                period: owed.period,
                contract,
                amount: owed.amount,
                caller_reference: None,
                caller_key: None,
                place: Place::default(),
            };
            self.service.pay(&self.bank, command).await.unwrap().act
        }

        async fn set(&self, file: Option<Vec<u8>>) -> Result<u32, AdminRefusal> {
            match self.service.set_logo(company(), file).await {
                Ok(company) => Ok(company.issuer),
                Err(Failure::Refused(refusal)) => Err(refusal),
                Err(failure) => panic!("{failure:?}"),
            }
        }

        fn entries(&self) -> u64 {
            let report = self.service.verify().unwrap();
            assert_eq!(report.findings, Vec::<String>::new());
            report.entries
        }

        fn printed(&self, payment: &Payment) -> Option<Logo> {
            self.service.payment_to_print(company(), payment.id).unwrap().logo
        }

        fn of_day(&self, payment: &Payment) -> Option<Logo> {
            let mut opened = Opened(None);
            let at = civil_at(&self.bank.company, payment.recorded_at);
            let day = BusinessDay::from_date(at.date());
            self.service.visit_day(company(), "banco", day, &mut opened).unwrap();
            opened.0.unwrap().logo
        }
    }

    struct Opened(Option<DayOpening>);

    impl DayVisitor for Opened {
        type Error = Infallible;

        fn open(&mut self, opening: &DayOpening) -> Result<(), Infallible> {
            self.0 = Some(opening.clone());
            Ok(())
        }

        fn payment(&mut self, _: PaymentState) -> Result<(), Infallible> {
            Ok(())
        }

        fn reversal(&mut self, _: PaymentState) -> Result<(), Infallible> {
            Ok(())
        }
    }

    /// A PNG of one colour.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_compression(png::Compression::High);
        let mut writer = encoder.write_header().unwrap();
        let dots = vec![90; usize::try_from(width * height * 4).unwrap()];
        writer.write_image_data(&dots).unwrap();
        writer.finish().unwrap();
        file
    }

    /// A grey JPEG of one dot, whole in its parts.
    fn jpeg() -> Vec<u8> {
        let frame = [0xff, 0xc0, 0, 11, 8, 0, 1, 0, 1, 1, 1, 0x11, 0];
        [[0xff, 0xd8].as_slice(), &frame, &[0xff, 0xda, 0, 2, 7, 0xff, 0xd9]].concat()
    }

    #[tokio::test]
    async fn each_paper_has_the_logo_of_the_day_it_was_paid() {
        each_store(async |books| {
            let before = books.pay(1).await;
            assert_eq!(books.of_day(&before), None);
            assert_eq!(books.set(Some(png(3, 2))).await, Ok(1));
            let with_png = books.pay(2).await;
            let [first, second] = [png(3, 2), jpeg()].map(|file| read_logo(file).unwrap());
            assert_eq!(books.of_day(&with_png), Some(first.clone()));
            assert_eq!(books.set(Some(jpeg())).await, Ok(2));
            let with_jpeg = books.pay(3).await;
            assert_eq!(books.service.logo(company()).unwrap(), Some(second.clone()));
            assert_eq!(books.set(None).await, Ok(3));
            assert_eq!(books.service.logo(company()).unwrap(), None);
            let printed = [&before, &with_png, &with_jpeg].map(|payment| books.printed(payment));
            assert_eq!(printed, [None, Some(first.clone()), Some(second.clone())]);
            assert_eq!(books.of_day(&with_jpeg), Some(second), "the last of its payments'");
            assert_eq!((first.kind(), first.width(), first.height()), (LogoKind::Png, 3, 2));
            assert_eq!(first.content(), png(3, 2));
        })
        .await;
    }

    #[tokio::test]
    async fn a_logo_is_kept_once_however_often_it_is_set() {
        each_store(async |books| {
            let entries = books.entries();
            assert_eq!(books.set(None).await, Ok(0), "there was none");
            assert_eq!(books.entries(), entries);
            assert_eq!(books.set(Some(jpeg())).await, Ok(1));
            assert_eq!(books.entries(), entries + 2, "the logo, and who heads the papers");
            assert_eq!(books.set(Some(jpeg())).await, Ok(1));
            assert_eq!(books.entries(), entries + 2);
            assert_eq!(books.set(None).await, Ok(2));
            assert_eq!(books.set(Some(jpeg())).await, Ok(3));
            assert_eq!(books.entries(), entries + 4);
            let settings = vec![("issuer.name".to_owned(), "Aguas".to_owned())];
            books.service.set_company(company(), settings).await.unwrap();
            let kept = books.service.logo(company()).unwrap();
            assert_eq!(kept.unwrap().content(), jpeg(), "settings leave it alone");
            assert_eq!(books.entries(), entries + 5);
        })
        .await;
    }

    #[tokio::test]
    async fn what_is_no_logo_is_refused_and_nothing_changes() {
        each_store(async |books| {
            let entries = books.entries();
            for (file, wrong) in [
                (vec![0; 65_537], LogoError::Len { len: 65_537 }),
                (b"GIF89a".to_vec(), LogoError::Kind),
                (png(2_001, 1), LogoError::Sides { width: 2_001, height: 1 }),
                (png(3, 2)[..40].to_vec(), LogoError::Damaged),
            ] {
                assert_eq!(books.set(Some(file)).await, Err(AdminRefusal::Logo(wrong)));
            }
            let nobody = CompanyId::from_i64(14).unwrap();
            let unknown = Err(Failure::Refused(AdminRefusal::CompanyUnknown));
            assert_eq!(books.service.set_logo(nobody, Some(jpeg())).await, unknown);
            let wrong = books.service.set_logo(nobody, Some(Vec::new())).await;
            let wrong_first = AdminRefusal::Logo(LogoError::Kind);
            assert_eq!(wrong, Err(Failure::Refused(wrong_first)));
            assert_eq!(books.service.logo(nobody).unwrap(), None);
            assert_eq!(books.entries(), entries);
        })
        .await;
    }

    #[test]
    fn a_png_is_read_to_its_last_dot() {
        let whole = png(2_000, 2_000);
        assert!(whole.len() <= Logo::LEN_MAX, "{}", whole.len());
        assert!(read_logo(whole.clone()).is_ok());
        let dots_at = whole.windows(4).position(|name| name == b"IDAT").unwrap() + 4;
        let mut other_byte = whole.clone();
        other_byte[dots_at + 9] ^= 1;
        assert_eq!(read_logo(other_byte), Err(LogoError::Damaged), "a sum is not right");
        // The sides of another picture, whose sum is right: half of the dots are missing.
        let mut halved = png(2_000, 1_000);
        halved.splice(8..33, whole[8..33].iter().copied());
        assert_eq!(read_logo(halved), Err(LogoError::Damaged));
        // A palette that is told of and missing.
        let mut numbered = Vec::new();
        let mut encoder = png::Encoder::new(&mut numbered, 1, 1);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette([1, 2, 3].as_slice());
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[0]).unwrap();
        writer.finish().unwrap();
        assert!(read_logo(numbered.clone()).is_ok());
        assert_eq!(&numbered[37..41], b"PLTE");
        numbered.drain(33..48);
        assert_eq!(read_logo(numbered), Err(LogoError::Damaged));
        // Neither depth nor colours of a PNG.
        let mut strange = whole;
        strange[25] = 9;
        assert_eq!(read_logo(strange), Err(LogoError::Damaged));
    }
}
