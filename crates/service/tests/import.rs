//! Whole files through the service, over every store: what a file does, and what it must not.

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use ventanilla_domain::{
        CompanyId, ContractCode, Currency, FileKind, Label, Name, PayCommand, PaymentId, Place,
        TimeZone,
    };
    use ventanilla_service::import::{ImportRefusal, ImportRequest, News, Summary};
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
    }

    type Imported = (Result<Summary, Failure<ImportRefusal>>, Vec<String>);

    impl Books {
        fn import(&self, kind: FileKind, text: &str) -> Imported {
            let request = ImportRequest {
                company: company(),
                kind,
                name: Name::from_text("archivo.csv").unwrap(),
                imported_by: Label::from_text("prueba").unwrap(),
                dry_run: false,
                skip_bad: false,
            };
            let mut told = Vec::new();
            let result =
                self.service.import(&request, &mut Cursor::new(text.as_bytes()), &mut |news| {
                    match news {
                        News::Progress { .. } => {}
                        News::Refused(verdict) => {
                            told.push(format!("{}:{}", verdict.line, verdict.column.unwrap_or("")));
                        }
                        News::Paid { line, bill, payment } => {
                            told.push(format!("{line}:{bill} paid by {payment}"));
                        }
                    }
                });
            (result, told)
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
        let summary = imported.0.as_ref().unwrap();
        (summary.new, summary.changed, summary.unchanged, summary.paid)
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
    async fn a_repeated_file_changes_nothing_and_writes_nothing() {
        each_store(async |books| {
            let members = "100,Ana Lopez,\n200,Beto Rojas,1\n201,Beto Rojas,1\n";
            assert_eq!(counts(&books.members(members)), (3, 0, 0, 0));
            assert_eq!(counts(&books.members(members)), (0, 0, 3, 0));
            let bills = "1,100,202110,10,,\n2,100,202110,12,,\n3,200,202110,5,,\n";
            assert_eq!(counts(&books.bills(bills)), (3, 0, 0, 0));
            let entries = books.service.verify().unwrap().entries;
            assert_eq!(counts(&books.bills(bills)), (0, 0, 3, 0));
            assert_eq!(books.service.verify().unwrap().entries, entries);
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
}
