//! What is printed of a payment, and a collector's day row by row, through the service, over every
//! store.

#[cfg(test)]
mod common;

#[cfg(test)]
mod tests {

    use super::common::in_postgres;
    use ventanilla_domain::{
        BillId, BusinessDay, CompanyId, ContractCode, Currency, FileKind, Label, Name, PayCommand,
        Payment, PaymentId, Place, PrintablePayment, ReverseCommand, SettingError, TimeZone,
    };
    use ventanilla_service::{
        AdminRefusal, Caller, Clock, Credentials, DayOpening, DayRefusal, DayVisitor, Entropy,
        Failure, NewCollector, NewCompany, PaymentState, PrintRefusal, ReprintRefusal, Service,
        Settings, VisitFailure,
    };
    use ventanilla_sim::import;
    use ventanilla_store::{Keys, Store};

    use Failure::Refused as No;

    const FIRST_DAY: &str = "2021-11-26T16:11:52Z";
    const NEXT_DAY: &str = "2021-11-27T16:11:52Z";

    struct Books {
        clock: Clock,
        service: Service,
        bank: Caller,
        kiosk: Caller,
    }

    fn company() -> CompanyId {
        CompanyId::from_i64(13).unwrap()
    }

    fn day() -> BusinessDay {
        BusinessDay::from_date("2021-11-26".parse().unwrap())
    }

    fn next_day() -> BusinessDay {
        BusinessDay::from_date("2021-11-27".parse().unwrap())
    }

    fn bill_id(bill: i64) -> BillId {
        BillId::from_i64(bill).unwrap()
    }

    async fn collector(service: &Service, name: &str) -> Caller {
        let credentials = Credentials {
            security_code: format!("code of {name}"),
            login: "l".to_owned(),
            password: "p".to_owned(),
        };
        let new = NewCollector {
            company: company(),
            name: Label::from_text(name).unwrap(),
            can_list: false,
            credentials: Some(credentials.clone()),
        };
        service.add_collector(new).await.unwrap();
        let token = service.issue_token(&credentials, [127, 0, 0, 1].into()).await.unwrap();
        service.session(&token.token).unwrap().into_caller()
    }

    async fn books(store: Store) -> Books {
        let clock = Clock::manual(FIRST_DAY.parse().unwrap());
        let entropy = Entropy::counted(1);
        let service = Service::start(store, clock.clone(), entropy, Settings::default()).unwrap();
        let new = NewCompany {
            id: company(),
            name: Name::from_text("Cooplan").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            first_payment: PaymentId::FIRST,
        };
        service.add_company(new).await.unwrap();
        let bank = collector(&service, "banco").await;
        let kiosk = collector(&service, "kiosco").await;
        Books { clock, service, bank, kiosk }
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

        fn members(&self, rows: &str) {
            let heading = "contrato,nombre,socio_id,nit,direccion,contrato_anterior";
            self.import(FileKind::Members, &format!("{heading}\n{rows}\n"));
        }

        fn bills(&self, rows: &str) {
            let heading = "factura,contrato,periodo,monto,nro_fiscal";
            self.import(FileKind::Bills, &format!("{heading}\n{rows}\n"));
        }

        async fn set(&self, settings: &[(&str, &str)]) -> Result<(), AdminRefusal> {
            let settings = settings.iter().map(|(key, value)| (*key, *value));
            let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
            match self.service.set_company(company(), settings.collect()).await {
                Ok(_) => Ok(()),
                Err(Failure::Refused(refusal)) => Err(refusal),
                Err(failure) => panic!("{failure:?}"),
            }
        }

        async fn pay(&self, caller: &Caller, contract: &str, bill: i64) -> Payment {
            let contract = ContractCode::from_text(contract).unwrap();
            let debt = self.service.session_as(caller).unwrap().debt(&contract).unwrap();
            let owed = debt.bills.iter().find(|owed| owed.id == bill_id(bill)).unwrap();
            let command = PayCommand {
                collector: caller.collector,
                bill: owed.id,
                period: owed.period,
                contract,
                amount: owed.amount,
                caller_reference: None,
                caller_key: None,
                place: Place::default(),
            };
            self.service.pay(caller, command).await.unwrap().act
        }

        async fn reverse(&self, caller: &Caller, payment: &Payment) {
            let command = ReverseCommand {
                collector: caller.collector,
                bill: payment.bill,
                payment: payment.id,
                reason: None,
                caller_key: None,
                is_late_allowed: false,
            };
            self.service.reverse(caller, command).await.unwrap();
        }

        fn printed(&self, payment: &Payment) -> PrintablePayment {
            self.service.payment_to_print(company(), payment.id).unwrap()
        }

        fn is_sound(&self) {
            assert_eq!(self.service.verify().unwrap().findings, Vec::<String>::new());
        }
    }

    /// What a paper says: who heads it, to whom it was issued, for what, by whom it was taken.
    fn told(printed: &PrintablePayment) -> String {
        let PrintablePayment { issuer, holder, version, payment, collector, .. } = printed;
        let issuer = issuer.as_ref().and_then(|issuer| issuer.name.as_ref());
        let (contract, member) = (&holder.contract, &holder.member);
        format!(
            "{} | {} {} {} {} | {} {} {} | {} {} {collector}",
            issuer.map_or("-", |name| name.as_str()),
            contract.code,
            member.name,
            member.tax_id.as_ref().map_or("-", |tax_id| tax_id.as_str()),
            contract.address.as_ref().map_or("-", |address| address.as_str()),
            version.bill,
            version.terms.amount.to_decimal(),
            version.terms.printed.fiscal_number.as_ref().map_or("-", |number| number.as_str()),
            payment.id,
            payment.amount.to_decimal(),
        )
    }

    #[tokio::test]
    async fn a_paper_says_years_later_what_it_said_first() {
        each_store(async |books| {
            books.members("100,Ana Lopez,7,111,Calle Uno,");
            books.bills("1,100,202110,10.00,A-1\n2,100,202111,20.00,A-2");
            let early = books.pay(&books.bank, "100", 1).await;
            // Corrected after the biller had issued the invoices of that file, before one is paid.
            books.members("100,Ana López de Paz,7,222,Calle Dos,");
            books.set(&[("issuer.name", "Aguas del Sur")]).await.unwrap();
            let late = books.pay(&books.bank, "100", 2).await;
            books.bills("3,100,202112,30.00,A-3\n4,100,202112,40.00,A-4");
            books.bills("4,100,202112,44.00,B-4");
            let after = books.pay(&books.kiosk, "100", 3).await;
            let changed = books.pay(&books.kiosk, "100", 4).await;
            let papers = [
                (&early, "- | 100 Ana Lopez 111 Calle Uno | 1 10.00 A-1 | 1 10.00 banco"),
                (&late, "Aguas del Sur | 100 Ana Lopez 111 Calle Uno | 2 20.00 A-2 | 2 20.00 banco"),
                (
                    &after,
                    "Aguas del Sur | 100 Ana López de Paz 222 Calle Dos | 3 30.00 A-3 | 3 30.00 kiosco",
                ),
                (
                    &changed,
                    "Aguas del Sur | 100 Ana López de Paz 222 Calle Dos | 4 44.00 B-4 | 4 44.00 kiosco",
                ),
            ];
            let check = || {
                for (payment, paper) in papers {
                    assert_eq!(told(&books.printed(payment)), paper);
                }
            };
            check();
            let first = books.printed(&early);
            // All of it changes: the member, whose the contract is, its code, who heads the papers.
            books.members("A-100,Eva Soto,8,333,Calle Tres,100");
            books.members("100,Otra Persona,9,444,Calle Cuatro,");
            books.set(&[("issuer.name", "Aguas del Norte"), ("issuer.tax_id", "5")]).await.unwrap();
            books.set(&[("issuer.name", "none")]).await.unwrap();
            check();
            let later = books.printed(&early);
            assert_eq!(PrintablePayment { company: first.company.clone(), ..later }, first);
            books.is_sound();
        })
        .await;
    }

    #[tokio::test]
    async fn a_reversed_payment_is_printed_with_its_reversal() {
        each_store(async |books| {
            books.members("100,Ana Lopez,7,,,");
            books.bills("1,100,202110,10.00,");
            let first = books.pay(&books.bank, "100", 1).await;
            let before = books.printed(&first);
            assert_eq!(before.reversal, None);
            books.reverse(&books.bank, &first).await;
            let after = books.printed(&first);
            assert_eq!(after.reversal.as_ref().map(|reversal| reversal.payment), Some(first.id));
            assert_eq!(PrintablePayment { reversal: None, ..after }, before);
            let second = books.pay(&books.kiosk, "100", 1).await;
            assert_eq!(books.printed(&second).payment.previous, Some(first.id));
        })
        .await;
    }

    #[tokio::test]
    async fn a_collector_prints_its_own_payments_and_the_operator_anybodys() {
        each_store(async |books| {
            books.members("100,Ana Lopez,7,,,");
            books.bills("1,100,202110,10.00,");
            let payment = books.pay(&books.bank, "100", 1).await;
            let print = |caller, bill, id| {
                let session = books.service.session_as(caller).unwrap();
                session.payment_to_print(bill_id(bill), id)
            };
            let printed = print(&books.bank, 1, payment.id).unwrap();
            assert_eq!(printed, books.printed(&payment));
            let unknown = PaymentId::from_i64(99).unwrap();
            assert_eq!(print(&books.kiosk, 1, payment.id), Err(No(PrintRefusal::PaymentUnknown)),);
            assert_eq!(print(&books.bank, 1, unknown), Err(No(PrintRefusal::PaymentUnknown)));
            assert_eq!(
                print(&books.bank, 2, payment.id),
                Err(No(PrintRefusal::PaymentOfAnotherBill)),
            );
            let reprint = |company, id| {
                let company = CompanyId::from_i64(company).unwrap();
                books.service.payment_to_print(company, id).map(drop)
            };
            assert_eq!(reprint(14, payment.id), Err(No(ReprintRefusal::CompanyUnknown)));
            assert_eq!(reprint(13, unknown), Err(No(ReprintRefusal::PaymentUnknown)));
            assert_eq!(reprint(13, payment.id), Ok(()));
        })
        .await;
    }

    #[tokio::test]
    async fn rules_and_what_heads_the_papers_are_set_together_or_not_at_all() {
        each_store(async |books| {
            let state = || {
                let issuer = books.service.issuer(company()).unwrap();
                let company = books.service.companies().unwrap().remove(0);
                assert_eq!(issuer.as_ref().map_or(0, |issuer| issuer.number), company.issuer);
                let name = issuer.and_then(|issuer| issuer.name).map(|name| name.to_string());
                let entries = books.service.verify().unwrap().entries;
                (company.policy.oldest_first, company.issuer, name, entries)
            };
            let value = |key: &str, form| {
                AdminRefusal::Setting(SettingError::Value { key: key.to_owned(), form })
            };
            let key = |key: &str| AdminRefusal::Setting(SettingError::Key { key: key.to_owned() });
            let (name, rule) = (("issuer.name", "Aguas"), ("oldest_first", "true"));
            for (wrong, refusal) in [
                (("issuer.phone", ""), value("issuer.phone", "TEXT up to 64|none")),
                (("issuer.colour", "blue"), key("issuer.colour")),
                (("hours", "8-20"), value("hours", "HH:MM-HH:MM|none")),
                (("colour", "blue"), key("colour")),
                (("closed_through", "2021-11-26"), AdminRefusal::DayNotOver),
            ] {
                for settings in [[name, rule, wrong], [wrong, rule, name]] {
                    assert_eq!(books.set(&settings).await, Err(refusal.clone()), "{settings:?}");
                }
                assert_eq!(state(), (false, 0, None, 1));
            }
            // The first that is wrong is told, whichever kind it is of.
            let (fact, hours) = (("issuer.phone", ""), ("hours", "8-20"));
            let told =
                [books.set(&[name, fact, hours]).await, books.set(&[rule, hours, fact]).await];
            let fact = value("issuer.phone", "TEXT up to 64|none");
            assert_eq!(told, [Err(fact), Err(value("hours", "HH:MM-HH:MM|none"))]);
            books.set(&[name, rule]).await.unwrap();
            assert_eq!(state(), (true, 1, Some("Aguas".to_owned()), 3));
            // What says nothing new is no entry.
            books.set(&[name, rule]).await.unwrap();
            assert_eq!(state(), (true, 1, Some("Aguas".to_owned()), 3));
            books.set(&[("issuer.name", "none"), ("oldest_first", "false")]).await.unwrap();
            assert_eq!(state(), (false, 2, None, 5));
            assert_eq!(books.service.issuer(CompanyId::from_i64(14).unwrap()).unwrap(), None);
            books.is_sound();
        })
        .await;
    }

    /// Writes a day down, and does something as it begins; stops after so many rows.
    struct Written<'w> {
        lines: Vec<String>,
        payments: Vec<PaymentState>,
        reversals: Vec<PaymentState>,
        opening: Option<DayOpening>,
        rows_max: usize,
        on_open: &'w dyn Fn(),
    }

    impl<'w> Written<'w> {
        fn new(on_open: &'w dyn Fn()) -> Self {
            Self {
                lines: Vec::new(),
                payments: Vec::new(),
                reversals: Vec::new(),
                opening: None,
                rows_max: usize::MAX,
                on_open,
            }
        }

        fn write(&mut self, line: String) -> Result<(), &'static str> {
            if self.lines.len() == self.rows_max {
                return Err("the disk is full");
            }
            self.lines.push(line);
            Ok(())
        }
    }

    impl DayVisitor for Written<'_> {
        type Error = &'static str;

        fn open(&mut self, opening: &DayOpening) -> Result<(), Self::Error> {
            (self.on_open)();
            self.opening = Some(opening.clone());
            Ok(())
        }

        fn payment(&mut self, payment: PaymentState) -> Result<(), Self::Error> {
            let mark = if payment.reversal.is_some() { " reversed" } else { "" };
            self.write(format!("+{}{mark}", payment.payment.id))?;
            self.payments.push(payment);
            Ok(())
        }

        fn reversal(&mut self, reversed: PaymentState) -> Result<(), Self::Error> {
            self.write(format!("-{}", reversed.payment.id))?;
            self.reversals.push(reversed);
            Ok(())
        }
    }

    /// Two days of the bank: three payments on the first, one of them reversed on it, another on the
    /// second; and one payment of the kiosk's.
    async fn with_days(books: &Books) {
        books.set(&[("reversal_days", "none")]).await.unwrap();
        books.members("100,Ana Lopez,7,,,");
        let rows: Vec<String> =
            (1..=5).map(|bill| format!("{bill},100,20211{},{bill}.00,", bill % 3)).collect();
        books.bills(&rows.join("\n"));
        let first = books.pay(&books.bank, "100", 1).await;
        let second = books.pay(&books.bank, "100", 2).await;
        books.pay(&books.kiosk, "100", 3).await;
        books.pay(&books.bank, "100", 4).await;
        books.reverse(&books.bank, &first).await;
        books.clock.set(NEXT_DAY.parse().unwrap());
        books.reverse(&books.bank, &second).await;
    }

    #[tokio::test]
    async fn a_visitor_sees_the_day_that_the_report_tells() {
        each_store(async |books| {
            with_days(&books).await;
            let session = books.service.session_as(&books.bank).unwrap();
            for (day, lines) in
                [(day(), vec!["+1 reversed", "+2", "+4", "-1"]), (next_day(), vec!["-2"])]
            {
                let report = session.day_report(day).unwrap();
                let nothing = || ();
                let mut own = Written::new(&nothing);
                session.visit_day(day, &mut own).unwrap();
                let mut operators = Written::new(&nothing);
                books.service.visit_day(company(), " banco ", day, &mut operators).unwrap();
                for visited in [own, operators] {
                    assert_eq!(visited.lines, lines);
                    assert_eq!(visited.payments, report.payments);
                    assert_eq!(visited.reversals, report.reversals);
                    let opening = visited.opening.unwrap();
                    let totals = opening.totals;
                    assert_eq!(
                        (totals.paid, totals.reversed, totals.net),
                        (report.paid, report.reversed, report.net)
                    );
                    assert_eq!((opening.collector.as_str(), opening.day), ("banco", day));
                    assert_eq!(opening.company.id, company());
                }
            }
            let net = session.day_report(next_day()).unwrap().net;
            assert_eq!((net.count, net.amount.to_decimal()), (-1, "-2.00".to_owned()));
        })
        .await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_day_is_of_one_moment_whatever_is_paid_while_it_is_read() {
        each_store(async |books| {
            with_days(&books).await;
            books.clock.set(FIRST_DAY.parse().unwrap());
            let session = books.service.session_as(&books.bank).unwrap();
            let runtime = tokio::runtime::Handle::current();
            let pay = || {
                tokio::task::block_in_place(|| {
                    runtime.block_on(books.pay(&books.bank, "100", 5));
                });
            };
            let mut visited = Written::new(&pay);
            session.visit_day(day(), &mut visited).unwrap();
            assert_eq!(visited.opening.unwrap().totals.paid.count, 3);
            assert_eq!(visited.payments.len(), 3);
            let again = books.service.session_as(&books.bank).unwrap();
            assert_eq!(again.day_report(day()).unwrap().paid.count, 4);
        })
        .await;
    }

    #[tokio::test]
    async fn a_visitor_that_cannot_go_on_stops_the_day_with_its_own_error() {
        each_store(async |books| {
            with_days(&books).await;
            let session = books.service.session_as(&books.bank).unwrap();
            let nothing = || ();
            for rows_max in 0..4 {
                let mut visitor = Written { rows_max, ..Written::new(&nothing) };
                let stopped = session.visit_day(day(), &mut visitor);
                assert_eq!(stopped, Err(VisitFailure::Visitor("the disk is full")));
                assert_eq!(visitor.lines.len(), rows_max);
            }
            let mut visitor = Written { rows_max: 4, ..Written::new(&nothing) };
            assert_eq!(session.visit_day(day(), &mut visitor), Ok(()));
        })
        .await;
    }

    #[tokio::test]
    async fn a_day_is_of_a_collector_of_the_company() {
        each_store(async |books| {
            let nothing = || ();
            let mut visitor = Written::new(&nothing);
            let mut visit = |company, name: &str| {
                let company = CompanyId::from_i64(company).unwrap();
                books.service.visit_day(company, name, day(), &mut visitor)
            };
            let refused = |refusal| Err(VisitFailure::Books(Failure::Refused(refusal)));
            assert_eq!(visit(14, "banco"), refused(DayRefusal::CompanyUnknown));
            assert_eq!(visit(13, "Banco"), refused(DayRefusal::CollectorUnknown));
            assert_eq!(visit(13, "banco"), Ok(()));
            let totals = visitor.opening.unwrap().totals;
            assert_eq!((totals.paid.count, totals.net.count), (0, 0), "a day without rows");
        })
        .await;
    }
}
