//! Whole files through the service, over every store: what a file does, and what it must not.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read, Seek, SeekFrom};

    use super::common::in_postgres;
    use ventanilla_domain::{
        BillVersion, CompanyId, ContractCode, Currency, FileKind, ImportTotals, Label, Name,
        PayCommand, PaymentId, Place, Tally, TimeZone,
    };
    use ventanilla_service::import::{
        FileRefusal, ImportRefusal, ImportRequest, LineVerdict, News, Subject, VanishMax,
    };
    use ventanilla_service::{
        Caller, Clock, Credentials, Entropy, Failure, NewCollector, NewCompany, Service, Settings,
    };
    use ventanilla_store::{Keys, Store};

    struct Books {
        service: Service,
        caller: Caller,
    }

    fn company() -> CompanyId {
        CompanyId::from_i64(13).unwrap()
    }

    async fn books(store: Store) -> Books {
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let service =
            Service::start(store, clock, Entropy::counted(1), Settings::default()).unwrap();
        let new = NewCompany {
            id: company(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            first_payment: PaymentId::FIRST,
        };
        service.add_company(new).await.unwrap();
        let credentials = Credentials {
            security_code: "c".to_owned(),
            login: "l".to_owned(),
            password: "p".to_owned(),
        };
        let new = NewCollector {
            company: company(),
            name: Label::from_text("banco").unwrap(),
            can_list: false,
            credentials: Some(credentials.clone()),
        };
        service.add_collector(new).await.unwrap();
        let token = service.issue_token(&credentials, [127, 0, 0, 1].into()).await.unwrap();
        let caller = service.session(&token.token).unwrap().into_caller();
        Books { service, caller }
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

    type Imported = (Result<ImportTotals, Failure<ImportRefusal>>, Vec<String>);

    fn request(kind: FileKind) -> ImportRequest {
        ImportRequest {
            company: company(),
            kind,
            name: Name::from_text("archivo.csv").unwrap(),
            imported_by: Label::from_text("prueba").unwrap(),
            dry_run: false,
            skip_bad: false,
            complete: None,
        }
    }

    /// What is told beside the lines that are taken as they stand.
    fn told(news: &News<'_>) -> Option<String> {
        match news {
            News::Refused(verdict) => {
                Some(format!("{}:{}", verdict.line, verdict.column.unwrap_or("")))
            }
            News::Line { line, subject: Subject::Bill(bill), outcome } => match outcome.verdict {
                LineVerdict::Paid(payment) => Some(format!("{line}:{bill} paid by {payment}")),
                _ => None,
            },
            News::Vanished { bill, difference_minor } => {
                Some(format!("{bill} vanished: {difference_minor}"))
            }
            News::Stays { bill } => Some(format!("{bill} stays")),
            News::Line { .. } | News::Progress { .. } => None,
        }
    }

    impl Books {
        fn import_as(&self, request: &ImportRequest, text: &str) -> Imported {
            let mut all = Vec::new();
            let result = self.service.import(
                request,
                &mut Cursor::new(text.as_bytes().to_vec()),
                &mut |news: News<'_>| all.extend(told(&news)),
            );
            (result.map(|imported| imported.totals), all)
        }

        fn import(&self, kind: FileKind, text: &str) -> Imported {
            self.import_as(&request(kind), text)
        }

        /// A file that has every unpaid bill there is.
        fn complete(&self, max: VanishMax, rows: &str) -> Imported {
            let request = ImportRequest { complete: Some(max), ..request(FileKind::Bills) };
            self.import_as(&request, &format!("factura,contrato,periodo,monto\n{rows}"))
        }

        fn members(&self, rows: &str) -> Imported {
            self.import(FileKind::Members, &format!("contrato,nombre,socio_id\n{rows}"))
        }

        fn bills(&self, rows: &str) -> Imported {
            let heading = "factura,contrato,periodo,monto,estado,reemplaza";
            self.import(FileKind::Bills, &format!("{heading}\n{rows}"))
        }

        /// What a contract owes: `number amount`, and who owes it.
        fn owed(&self, code: &str) -> (String, Vec<String>) {
            let session = self.service.session_as(&self.caller).unwrap();
            let debt = session.debt(&ContractCode::from_text(code).unwrap()).unwrap();
            let bill = |bill: &ventanilla_domain::Bill| {
                format!("{} {}", bill.id, bill.amount.to_decimal())
            };
            (debt.holder.member.name.to_string(), debt.bills.iter().map(bill).collect())
        }

        async fn pay(&self, code: &str) {
            let session = self.service.session_as(&self.caller).unwrap();
            let debt = session.debt(&ContractCode::from_text(code).unwrap()).unwrap();
            let bill = debt.bills[0];
            let command = PayCommand {
                collector: self.caller.collector,
                bill: bill.id,
                period: bill.period,
                contract: ContractCode::from_text(code).unwrap(),
                amount: bill.amount,
                caller_reference: None,
                caller_key: None,
                place: Place::default(),
            };
            self.service.pay(&self.caller, command).await.unwrap();
        }

        fn is_sound(&self) {
            assert_eq!(self.service.verify().unwrap().findings, Vec::<String>::new());
        }
    }

    #[track_caller]
    fn counts(imported: &Imported) -> (u64, u64, u64, u64) {
        let totals = imported.0.as_ref().unwrap();
        (totals.new.count, totals.changed.count, totals.unchanged, totals.paid)
    }

    #[track_caller]
    fn refused(imported: &Imported, told: &[&str]) {
        let (result, lines) = imported;
        assert!(
            matches!(result, Err(Failure::Refused(ImportRefusal::BadLines(_)))),
            "{result:?} {lines:?}"
        );
        assert_eq!(lines, told);
    }

    #[tokio::test]
    async fn a_repeated_file_changes_nothing_and_is_written_down() {
        each_store(async |books| {
            let members = "100,Ana Lopez,\n200,Beto Rojas,1\n201,Beto Rojas,1\n";
            assert_eq!(counts(&books.members(members)), (3, 0, 0, 0));
            assert_eq!(counts(&books.members(members)), (0, 0, 3, 0));
            let bills = "1,100,202110,10,,\n2,100,202110,12,,\n3,200,202110,5,,\n";
            assert_eq!(counts(&books.bills(bills)), (3, 0, 0, 0));
            let entries = books.service.verify().unwrap().entries;
            assert_eq!(counts(&books.bills(bills)), (0, 0, 3, 0));
            // That it came, and what came of it.
            assert_eq!(books.service.verify().unwrap().entries, entries + 2);
            assert_eq!(books.owed("100").0, "Ana Lopez", "her id is not Beto's, who brought his");
            assert_eq!(books.owed("201").0, "Beto Rojas");
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn two_people_do_not_become_one() {
        each_store(async |books| {
            assert_eq!(counts(&books.members("100,Ana Lopez,\n")), (1, 0, 0, 0));
            // Ana was given number 1; a file of another day brings a person of that number.
            refused(&books.members("200,Beto Rojas,1\n"), &["2:socio_id"]);
            // Two lines of one known member must agree, whether or not they name the member.
            assert_eq!(counts(&books.members("300,Eva Cruz,50\n301,Eva Cruz,50\n")), (2, 0, 0, 0));
            refused(&books.members("300,Eva Cruz,\n301,Eva C. Cruz,\n"), &["3:nombre"]);
            assert_eq!(books.owed("100").0, "Ana Lopez");
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn a_bill_is_replaced_by_one_bill_of_its_contract() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n200,Beto Rojas,20\n").0.unwrap();
            books.bills("1,100,202110,10,,\n5,200,202110,7,,\n").0.unwrap();
            // Another contract's, twice in a file, and beside a row of its own: nothing is kept.
            refused(&books.bills("2,100,202110,12,,5\n"), &["2:reemplaza"]);
            refused(&books.bills("2,100,202110,12,,1\n3,100,202110,9,,1\n"), &["3:reemplaza"]);
            refused(&books.bills("2,100,202110,12,,1\n1,100,202110,10,,\n"), &["3:factura"]);
            refused(&books.bills("1,100,202110,10,,\n2,100,202110,12,,1\n"), &["3:reemplaza"]);
            assert_eq!(books.owed("100").1, ["1 10.00"]);
            let replacing = "2,100,202110,12,,1\n1,100,202110,10,anulada,\n";
            assert_eq!(counts(&books.bills(replacing)), (1, 0, 1, 0));
            assert_eq!(books.owed("100").1, ["2 12.00"]);
            assert_eq!(counts(&books.bills(replacing)), (0, 0, 2, 0));
            refused(&books.bills("3,100,202110,9,,1\n"), &["2:reemplaza"]);
            refused(&books.bills("1,100,202110,10,pendiente,\n"), &["2:factura"]);
            assert_eq!(books.owed("100").1, ["2 12.00"]);
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn a_change_to_a_paid_bill_is_told_once_and_never_applied() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n").0.unwrap();
            books.bills("1,100,202109,10,,\n2,100,202110,12,,\n").0.unwrap();
            books.pay("100").await;
            let imported = books.bills("1,100,202109,11,,\n2,100,202110,13,,\n3,100,202111,5,,\n");
            assert_eq!(counts(&imported), (1, 1, 0, 1));
            assert_eq!(imported.1, ["2:1 paid by 1"]);
            assert_eq!(books.owed("100").1, ["2 13.00", "3 5.00"]);
            let repeated = books.bills("1,100,202109,11,,\n2,100,202110,13,,\n");
            assert_eq!((counts(&repeated), repeated.1.len()), ((0, 0, 1, 1), 1));
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn a_bad_line_leaves_the_whole_file_out() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n").0.unwrap();
            let rows =
                "1,100,202110,10,,\n2,999,202110,10,,\n3,100,202113,10,,\n1,100,202110,9,,\n";
            refused(&books.bills(rows), &["3:contrato", "4:periodo", "5:factura"]);
            assert_eq!(books.owed("100").1, Vec::<String>::new());
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn each_line_is_counted_by_what_it_does() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n").0.unwrap();
            let rows = "1,100,202101,10,,\n2,100,202102,20,,\n3,100,202103,30,,\n\
                        4,100,202104,40,,\n5,100,202105,50,,\n6,100,202106,60,,\n";
            books.bills(rows).0.unwrap();
            books.pay("100").await;
            let totals = books.bills(
                "1,100,202101,11,,\n2,100,202102,20,,\n3,100,202103,33.50,,\n\
                 4,100,202104,40,anulada,\n5,100,202105,50,pagada_fuera,\n7,100,202107,70,,6\n",
            );
            let totals = totals.0.unwrap();
            let tally = |tally: Tally| (tally.count, tally.difference_minor);
            assert_eq!(tally(totals.new), (1, 7_000));
            assert_eq!(tally(totals.changed), (1, 350));
            assert_eq!(tally(totals.annulled), (1, -4_000));
            assert_eq!(tally(totals.paid_elsewhere), (1, -5_000));
            assert_eq!(tally(totals.replaced), (1, -6_000));
            assert_eq!((totals.unchanged, totals.paid, totals.refused), (1, 1, 0));
            assert_eq!(totals.difference_minor(), -7_650);
            assert_eq!(books.owed("100").1, ["2 20.00", "3 33.50", "7 70.00"]);
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn a_dry_run_says_what_would_be_and_writes_nothing() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n").0.unwrap();
            books.bills("1,100,202101,10,,\n2,100,202102,20,,\n").0.unwrap();
            let entries = books.service.verify().unwrap().entries;
            let dry = ImportRequest {
                dry_run: true,
                complete: Some(VanishMax::Half),
                ..request(FileKind::Bills)
            };
            let text = "factura,contrato,periodo,monto\n1,100,202101,15\n3,100,202103,30\n";
            let (totals, told) = books.import_as(&dry, text);
            let totals = totals.unwrap();
            let counts = (totals.new.count, totals.changed.count, totals.vanished.count);
            assert_eq!((counts, totals.difference_minor()), ((1, 1, 1), 1_500));
            assert_eq!(told, ["2 vanished: -2000"]);
            assert_eq!(books.service.verify().unwrap().entries, entries);
            assert_eq!(books.owed("100").1, ["1 10.00", "2 20.00"]);
        })
        .await;
    }

    #[tokio::test]
    async fn a_complete_file_withdraws_what_it_has_no_line_of() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n200,Beto Rojas,20\n").0.unwrap();
            let rows = "1,100,202101,10,,\n2,100,202102,20,,\n3,200,202101,30,,\n";
            books.bills(rows).0.unwrap();
            books.pay("100").await;
            // Bill 1 is paid, and no file without it takes that back.
            let (totals, told) = books.complete(VanishMax::Half, "3,200,202101,30\n");
            assert_eq!(totals.unwrap().vanished, Tally { count: 1, difference_minor: -2_000 });
            assert_eq!(told, ["2 vanished: -2000"]);
            assert_eq!(
                (books.owed("100").1, books.owed("200").1),
                (vec![], vec!["3 30.00".into()])
            );
            assert_eq!(
                books.complete(VanishMax::Half, "3,200,202101,30\n").1,
                Vec::<String>::new()
            );
            // It comes back in a file without the column of the state.
            let text = "factura,contrato,periodo,monto\n2,100,202102,20\n";
            let back = books.import(FileKind::Bills, text);
            assert_eq!(
                (counts(&back), books.owed("100").1),
                ((0, 1, 0, 0), vec!["2 20.00".into()])
            );
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn a_complete_file_that_was_cut_off_does_not_empty_the_books() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n").0.unwrap();
            let row = |bill: u32| format!("{bill},100,202101,10\n");
            let all: String = (1..=300).map(row).collect();
            books.complete(VanishMax::Half, &all).0.unwrap();
            let half: String = (1..=149).map(row).collect();
            let entries = books.service.verify().unwrap().entries;
            let refused = books.complete(VanishMax::Half, &half).0.unwrap_err();
            let expected = ImportRefusal::TooManyVanish { vanished: 151, unpaid: 300, max: 150 };
            assert_eq!(refused, Failure::Refused(expected));
            let refused = books.complete(VanishMax::Count(150), &half).0;
            assert!(refused.is_err());
            assert_eq!(books.service.verify().unwrap().entries, entries, "nothing was written");
            let totals = books.complete(VanishMax::Count(151), &half).0.unwrap();
            assert_eq!(totals.vanished.count, 151);
            // The last hundred go without a word.
            let totals = books.complete(VanishMax::Half, &row(1)).0;
            assert!(totals.is_err(), "148 of 149");
            books.complete(VanishMax::Count(148), &row(1)).0.unwrap();
            // One is left; a file without a line takes not even that.
            assert!(books.complete(VanishMax::Half, "").0.is_err());
            books.complete(VanishMax::Count(1), "").0.unwrap();
            assert_eq!(books.owed("100").1, Vec::<String>::new());
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn bad_lines_of_a_complete_file_withdraw_nothing() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n").0.unwrap();
            books.bills("1,100,202101,10,,\n2,100,202102,20,,\n").0.unwrap();
            let request = ImportRequest {
                skip_bad: true,
                complete: Some(VanishMax::Half),
                ..request(FileKind::Bills)
            };
            let text = "factura,contrato,periodo,monto\n1,100,202101,10\nx,100,202102,20\n";
            let mut source = Cursor::new(text.as_bytes().to_vec());
            let imported = books.service.import(&request, &mut source, &mut |_| {}).unwrap();
            assert!(imported.is_withheld);
            assert_eq!((imported.totals.vanished.count, imported.totals.refused), (0, 1));
            assert_eq!(books.owed("100").1, ["1 10.00", "2 20.00"]);
        })
        .await;
    }

    #[tokio::test]
    async fn a_contract_that_changes_its_code_keeps_its_bills() {
        each_store(async |books| {
            let members = |rows: &str| {
                let heading = "contrato,nombre,socio_id,contrato_anterior";
                books.import(FileKind::Members, &format!("{heading}\n{rows}"))
            };
            members("100,Ana Lopez,10,\n200,Beto Rojas,20,\n").0.unwrap();
            books.bills("1,100,202101,10,,\n").0.unwrap();
            // Nobody has the former code, somebody has the new one, the old one was spoken of.
            refused(&members("A-1,Ana Lopez,10,999\n"), &["2:contrato_anterior"]);
            refused(&members("200,Beto Rojas,20,100\n"), &["2:contrato"]);
            let late = "100,Ana Lopez,10,\nA-1,Ana Lopez,10,100\n";
            refused(&members(late), &["3:contrato_anterior"]);
            // Ana's contract gets another code, and a new one takes hers over, in one file.
            let rows = "A-1,Ana Lopez,10,100\n100,Eva Cruz,30,\n";
            assert_eq!(counts(&members(rows)), (1, 1, 0, 0));
            assert_eq!(counts(&members(rows)), (0, 0, 2, 0));
            // A system that always fills the column: the same code is no change.
            assert_eq!(counts(&members("A-1,Ana Lopez R.,10,A-1\n")), (0, 1, 0, 0));
            assert_eq!(counts(&members("A-1,Ana Lopez,10,A-1\n")), (0, 1, 0, 0));
            assert_eq!(books.owed("A-1"), ("Ana Lopez".to_owned(), vec!["1 10.00".to_owned()]));
            assert_eq!(books.owed("100"), ("Eva Cruz".to_owned(), vec![]));
            refused(&books.bills("1,100,202101,10,,\n"), &["2:contrato"]);
            // A contract that came under its new code never had the old one.
            assert_eq!(counts(&members("C-1,Luz Mamani,50,\n")), (1, 0, 0, 0));
            let rows = "C-1,Luz Mamani,50,150\n150,Raul Quispe,60,\n";
            refused(&members(rows), &["2:contrato_anterior"]);
            // A list that still has the old code of a contract opens no second one.
            members("B-1,Beto Rojas,20,200\n").0.unwrap();
            refused(&members("200,Beto Rojas,20,\n"), &["2:contrato"]);
            refused(&members("200,Beto Rojas,,\n"), &["2:contrato"]);
            refused(&members("B-2,Beto Rojas,20,B-1\nB-1,Beto Rojas,20,\n"), &["3:contrato"]);
            assert_eq!(counts(&books.bills("1,A-1,202101,10,,\n")), (0, 0, 1, 0));
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn an_imported_file_can_be_told_of_later() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n").0.unwrap();
            books.bills("1,100,202101,10,,\n2,100,202102,20,,\n").0.unwrap();
            books.bills("1,100,202101,11,,\n2,100,202102,20,,\n").0.unwrap();
            let files = books.service.imported_files(company()).unwrap();
            let told: Vec<_> = files
                .iter()
                .map(|kept| {
                    let totals = kept.totals.unwrap();
                    (kept.file.id.to_i64(), kept.file.lines, totals.new.count, totals.changed.count)
                })
                .collect();
            assert_eq!(told, [(1, 1, 1, 0), (2, 2, 2, 0), (3, 2, 0, 1)]);
            let mut versions = Vec::new();
            let mut keep = |version: &BillVersion| {
                versions.push((version.bill.to_i64(), version.number, version.source.line));
                true
            };
            let last = files[2].file.id;
            books.service.each_version_of(company(), last, &mut keep).unwrap();
            assert_eq!(versions, [(1, 2, 2)]);
            let mut count = 0;
            let mut keep_one = |_: &BillVersion| {
                count += 1;
                false
            };
            books.service.each_version_of(company(), files[1].file.id, &mut keep_one).unwrap();
            assert_eq!(count, 1, "of two: whoever has read enough gets no more");
            let unknown = last.checked_next().unwrap();
            let told = books.service.each_version_of(company(), unknown, &mut |_| true);
            assert_eq!(told, Err(Failure::Refused(FileRefusal::FileUnknown)));
        })
        .await;
    }

    #[tokio::test]
    async fn what_others_change_during_an_import_is_decided_anew() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n").0.unwrap();
            let mut is_first = true;
            let mut told = Vec::new();
            let mut meddle = |news: News<'_>| {
                if is_first && matches!(news, News::Progress { .. }) {
                    is_first = false;
                    // Checked as new, bill 1 comes from somebody else before it is kept.
                    books.bills("1,100,202101,10,,\n").0.unwrap();
                } else if let News::Line { line, outcome, .. } = news {
                    told.push((line, outcome.verdict));
                }
            };
            let text = "factura,contrato,periodo,monto\n1,100,202101,11\n2,100,202102,20\n";
            let mut source = Cursor::new(text.as_bytes().to_vec());
            let imported =
                books.service.import(&request(FileKind::Bills), &mut source, &mut meddle);
            let totals = imported.unwrap().totals;
            assert_eq!(totals.new, Tally { count: 1, difference_minor: 2_000 });
            assert_eq!(totals.changed, Tally { count: 1, difference_minor: 100 });
            let new = LineVerdict::New;
            let expected = [(2, new), (3, new), (2, LineVerdict::Changed)];
            assert_eq!(told, expected, "the last word holds");
            assert_eq!(books.owed("100").1, ["1 11.00", "2 20.00"]);
            books.is_sound();
        })
        .await;
    }

    /// A source that does something at its n-th rewind: 1 and 2 to scan, 3 to check, 4 to keep.
    struct Meddling<F> {
        inner: Cursor<Vec<u8>>,
        rewinds: u32,
        act: F,
    }

    impl<F> Read for Meddling<F> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.inner.read(buffer)
        }
    }

    impl<F: FnMut(u32)> Seek for Meddling<F> {
        fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
            self.rewinds += 1;
            (self.act)(self.rewinds);
            self.inner.seek(to)
        }
    }

    impl Books {
        /// Imports a file of bills while somebody imports another file when it is about to be kept.
        fn meddled(&self, text: String, other: (FileKind, &str)) -> Imported {
            let service = self.service.clone();
            let act = move |rewinds| {
                if rewinds == 4 {
                    let mut source = Cursor::new(other.1.as_bytes().to_vec());
                    service.import(&request(other.0), &mut source, &mut |_| {}).unwrap();
                }
            };
            let mut source = Meddling { inner: Cursor::new(text.into_bytes()), rewinds: 0, act };
            let mut all = Vec::new();
            let result = self.service.import(&request(FileKind::Bills), &mut source, &mut |news| {
                all.extend(told(&news));
            });
            (result.map(|imported| imported.totals), all)
        }
    }

    #[tokio::test]
    async fn nothing_that_was_prepared_before_others_changed_the_facts_is_kept() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n").0.unwrap();
            let mut text = "factura,contrato,periodo,monto\n".to_owned();
            text.extend((1..=9_000).map(|bill| format!("{bill},100,202101,1\n")));
            // Meanwhile Ana's contract gets another code, and Eva the one that the file names.
            let others = "contrato,nombre,socio_id,contrato_anterior\n\
                          A-1,Ana Lopez,10,100\n100,Eva Cruz,30,\n";
            let (totals, _) = books.meddled(text, (FileKind::Members, others));
            assert_eq!(totals.unwrap().new.count, 9_000);
            assert_eq!((books.owed("A-1").1.len(), books.owed("100").1.len()), (0, 9_000));
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn a_line_waits_for_the_bill_it_replaces() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n").0.unwrap();
            let text = "factura,contrato,periodo,monto,estado,reemplaza\n\
                        10,100,202101,5,anulada,\n20,100,202101,7,,10\n";
            let others = "contrato,nombre\n999,Otro Socio\n";
            let (totals, told) = books.meddled(text.to_owned(), (FileKind::Members, others));
            let totals = totals.unwrap();
            assert_eq!((totals.new.count, totals.refused, told), (2, 0, vec![]));
            assert_eq!(books.owed("100").1, ["20 7.00"]);
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn a_line_waits_for_the_bill_of_an_earlier_chunk() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n").0.unwrap();
            let mut text = "factura,contrato,periodo,monto,estado,reemplaza\n".to_owned();
            text.extend((1..=5_000).map(|bill| format!("{bill},100,202101,1,anulada,\n")));
            text.extend(
                (1..=5_000).map(|bill| format!("{},100,202101,1,,{bill}\n", 10_000 + bill)),
            );
            let others = "contrato,nombre\n999,Otro Socio\n";
            let (totals, told) = books.meddled(text, (FileKind::Members, others));
            let totals = totals.unwrap();
            assert_eq!((totals.new.count, totals.refused, told), (10_000, 0, vec![]));
            assert_eq!(books.owed("100").1.len(), 5_000);
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn a_bill_whose_place_is_taken_does_not_come_back() {
        for first in ["anulada", "withdrawn"] {
            each_store(async |books| {
                books.members("100,Ana Lopez,10\n").0.unwrap();
                books.bills("1,100,202101,10,,\n2,100,202102,20,,\n").0.unwrap();
                if first == "withdrawn" {
                    books.complete(VanishMax::Half, "1,100,202101,10\n").0.unwrap();
                } else {
                    books.bills("2,100,202102,20,anulada,\n").0.unwrap();
                }
                books.bills("3,100,202102,21,,2\n").0.unwrap();
                refused(&books.bills("2,100,202102,20,pendiente,\n"), &["2:factura"]);
                refused(&books.bills("4,100,202102,22,,2\n"), &["2:reemplaza"]);
                let silent = "factura,contrato,periodo,monto\n2,100,202102,20\n";
                assert_eq!(counts(&books.import(FileKind::Bills, silent)), (0, 0, 1, 0));
                assert_eq!(books.owed("100").1, ["1 10.00", "3 21.00"]);
                books.is_sound();
            })
            .await;
        }
    }

    #[tokio::test]
    async fn a_withdrawn_bill_that_is_annulled_in_words_stays_so() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n").0.unwrap();
            books.bills("1,100,202101,10,,\n2,100,202102,20,,\n").0.unwrap();
            books.complete(VanishMax::Half, "1,100,202101,10\n").0.unwrap();
            let totals = books.bills("2,100,202102,20,anulada,\n").0.unwrap();
            assert_eq!(totals.annulled, Tally { count: 1, difference_minor: 0 });
            let silent = "factura,contrato,periodo,monto\n2,100,202102,20\n";
            assert_eq!(counts(&books.import(FileKind::Bills, silent)), (0, 0, 1, 0));
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn a_dry_run_tells_what_the_file_will_do() {
        for (rows, bad) in [
            ("2,100,202110,12,,1\n1,100,202110,10,anulada,\n", None),
            ("1,100,202110,10,anulada,\n2,100,202110,12,,1\n", None),
            ("10,100,202101,5,anulada,\n20,100,202101,7,,10\n", None),
            ("10,100,202101,5,anulada,\n20,200,202101,7,,10\n", Some("3:reemplaza")),
        ] {
            each_store(async |books| {
                books.members("100,Ana Lopez,10\n200,Beto Rojas,20\n").0.unwrap();
                books.bills("1,100,202110,10,,\n").0.unwrap();
                let dry = ImportRequest { dry_run: true, ..request(FileKind::Bills) };
                let heading = "factura,contrato,periodo,monto,estado,reemplaza";
                let told = books.import_as(&dry, &format!("{heading}\n{rows}"));
                if let Some(bad) = bad {
                    refused(&told, &[bad]);
                    refused(&books.bills(rows), &[bad]);
                    return;
                }
                let kept = books.bills(rows).0.unwrap();
                assert_eq!(told.0.unwrap().difference_minor(), kept.difference_minor(), "{rows}");
                books.is_sound();
            })
            .await;
        }
    }

    #[tokio::test]
    async fn a_bad_line_hands_no_contract_to_another_member() {
        each_store(async |books| {
            let heading = "contrato,nombre,socio_id,contrato_anterior";
            let members = |rows: &str| {
                let request = ImportRequest { skip_bad: true, ..request(FileKind::Members) };
                books.import_as(&request, &format!("{heading}\n{rows}")).1
            };
            members("100,Ana Lopez,10,\nA-1,Carla Paz,40,\n");
            books.bills("1,100,202101,10,,\n").0.unwrap();
            // The line that was to free the code is bad, by the books or by itself.
            let told = members("A-1,Ana Lopez,10,100\n100,Eva Cruz,30,\n");
            assert_eq!(told, ["2:contrato", "3:socio_id"]);
            let told = members("A-2,Ana Lopez,x,100\n100,Eva Cruz,30,\n");
            assert_eq!(told, ["2:socio_id", "3:socio_id"]);
            assert_eq!(books.owed("100"), ("Ana Lopez".to_owned(), vec!["1 10.00".to_owned()]));
            assert_eq!(members("100,Eva Cruz,30,\n"), Vec::<String>::new(), "she moved in");
            assert_eq!(books.owed("100").0, "Eva Cruz");
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn a_complete_file_withdraws_nothing_over_what_others_brought_meanwhile() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n").0.unwrap();
            books.bills("1,100,202101,10,,\n2,100,202102,20,,\n").0.unwrap();
            let service = books.service.clone();
            let act = move |rewinds| {
                if rewinds == 4 {
                    let other = "factura,contrato,periodo,monto\n2,100,202102,25\n";
                    let mut source = Cursor::new(other.as_bytes().to_vec());
                    service.import(&request(FileKind::Bills), &mut source, &mut |_| {}).unwrap();
                }
            };
            let text = "factura,contrato,periodo,monto\n1,100,202101,10\n3,100,202103,30\n";
            let inner = Cursor::new(text.as_bytes().to_vec());
            let mut source = Meddling { inner, rewinds: 0, act };
            let complete = Some(VanishMax::Half);
            let request = ImportRequest { complete, ..request(FileKind::Bills) };
            let mut all = Vec::new();
            let mut on_news = |news: News<'_>| all.extend(told(&news));
            let imported = books.service.import(&request, &mut source, &mut on_news).unwrap();
            assert!(imported.is_withheld);
            assert_eq!(imported.totals.vanished.count, 0);
            assert_eq!(all, ["2 vanished: -2000", "2 stays"]);
            assert_eq!(books.owed("100").1, ["1 10.00", "2 25.00", "3 30.00"]);
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn a_line_that_is_not_applied_replaces_nothing() {
        each_store(async |books| {
            books.members("100,Ana Lopez,10\n").0.unwrap();
            books.bills("1,100,202101,10,,\n2,100,202102,20,,\n").0.unwrap();
            books.pay("100").await;
            // The line of paid bill 1 is told and not applied: nothing speaks of bill 2.
            let complete = Some(VanishMax::Half);
            let request = ImportRequest { complete, ..request(FileKind::Bills) };
            let heading = "factura,contrato,periodo,monto,estado,reemplaza";
            let text = format!("{heading}\n1,100,202101,11,,2\n");
            let (totals, told) = books.import_as(&request, &text);
            assert_eq!(totals.unwrap().vanished.count, 1);
            assert_eq!(told, ["2:1 paid by 1", "2 vanished: -2000"]);
            // A bad line does not bar the good line of the bill it names.
            books.bills("10,100,202103,10,,\n").0.unwrap();
            refused(&books.bills("20,999,202103,10,,10\n10,100,202103,12,,\n"), &["2:contrato"]);
            books.is_sound();
        })
        .await;
    }
}
