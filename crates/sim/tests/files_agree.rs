//! Files of every kind one after the other, payments and reversals between them, against a service
//! over memory and one over SQLite: what is told is the same, so are the journals to the last link,
//! no paid bill changes, the totals are what the books show, and both books verify at each step.
//!
//! A failure names its seed; `VENTANILLA_SEED=<seed> cargo test -p ventanilla-sim --test
//! files_agree` runs that one again.

#![expect(clippy::unwrap_used, reason = "a test stops where something fails")]

use std::fmt::Write as _;
use std::io::Cursor;
use std::net::{IpAddr, Ipv4Addr};

use fastrand::Rng;
use ventanilla_domain::{
    BillState, CompanyId, Currency, DetailLine, FileKind, Holder, ImportTotals, Label, Name,
    PayCommand, PaymentId, Place, ReverseCommand, TimeZone,
};
use ventanilla_service::import::{ImportRefusal, ImportRequest, News, VanishMax};
use ventanilla_service::{
    Caller, Clock, Entropy, ExportedBill, Failure, NewCollector, NewCompany, Service, Settings,
};
use ventanilla_store::{Keys, Store};

/// The seeds that run when none is named.
const SEEDS: [u64; 3] = [1, 2, 3];

/// Steps of each run.
const STEPS: usize = 120;

/// Rows that are listed: more than there are.
const ALL: usize = 100_000;

#[expect(clippy::disallowed_methods, reason = "the seed to replay comes from the environment")]
fn seeds() -> Vec<u64> {
    match std::env::var("VENTANILLA_SEED") {
        Ok(seed) => vec![seed.parse().expect("VENTANILLA_SEED is a number")],
        Err(_) => SEEDS.to_vec(),
    }
}

/// A file, and how it is imported.
#[derive(Debug, Clone)]
struct File {
    kind: FileKind,
    rows: Vec<Row>,
    text: String,
    skip_bad: bool,
    complete: Option<VanishMax>,
    /// Whether a line replaces a bill that has a line of its own: the check does not foresee what
    /// the first of them does to the other.
    is_entangled: bool,
}

/// What somebody else does between the check of a file and its keeping.
#[derive(Debug)]
struct Meanwhile {
    /// Once it is known which bills vanished; else before.
    is_late: bool,
    act: Act,
}

#[derive(Debug)]
enum Act {
    File(File),
    /// Payments of these bills, and reversals of those that are paid.
    Payments(Vec<ExportedBill>),
}

/// What came of a file, and what was told beside its progress.
type Told = (Result<ImportTotals, ImportRefusal>, Vec<String>);

/// One of the two services.
struct Side {
    service: Service,
    caller: Caller,
}

impl Side {
    async fn opened(store: Store) -> Self {
        let clock = Clock::manual("2021-11-26T16:11:52Z".parse().unwrap());
        let settings = Settings::default();
        let service = Service::start(store, clock, Entropy::counted(1), settings).unwrap();
        let company = NewCompany {
            id: CompanyId::FIRST,
            name: Name::from_text("Cooperativa").unwrap(),
            currency: Currency::BOB,
            time_zone: TimeZone::from_name("America/La_Paz").unwrap(),
            first_payment: PaymentId::FIRST,
        };
        let company = service.add_company(company).await.unwrap().id;
        let name = Label::from_text("banco").unwrap();
        let new = NewCollector { company, name, can_list: false, credentials: None };
        let (_, credentials) = service.add_collector(new).await.unwrap();
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let token = service.issue_token(&credentials, address).await.unwrap().token;
        let caller = service.session(&token).unwrap().into_caller();
        Self { service, caller }
    }

    fn bills(&self) -> Vec<ExportedBill> {
        self.service.bills_after(CompanyId::FIRST, 0, ALL).unwrap()
    }

    fn members(&self) -> Vec<Holder> {
        self.service.members_after(CompanyId::FIRST, 0, ALL).unwrap()
    }

    /// Imports a file, and `other` once it is checked: what somebody else does meanwhile.
    fn import(
        &self,
        file: &File,
        dry_run: bool,
        other: Option<&Meanwhile>,
    ) -> (Told, Option<Told>) {
        let request = ImportRequest {
            company: CompanyId::FIRST,
            kind: file.kind,
            name: Name::from_text("archivo").unwrap(),
            imported_by: Label::from_text("prueba").unwrap(),
            dry_run,
            skip_bad: file.skip_bad,
            complete: file.complete,
        };
        let (mut news, mut of_other) = (Vec::new(), None);
        let mut source = Cursor::new(file.text.clone().into_bytes());
        let result = self.service.import(&request, &mut source, &mut |told: News<'_>| {
            let is_time = match told {
                News::Progress { .. } => other.is_some_and(|other| !other.is_late),
                News::Vanished { .. } => other.is_some_and(|other| other.is_late),
                _ => false,
            };
            if is_time && of_other.is_none() {
                of_other = other.map(|other| self.meddle(&other.act));
            }
            if !matches!(told, News::Progress { .. }) {
                news.push(format!("{told:?}"));
            }
        });
        let result = match result {
            Ok(imported) => Ok(imported.totals),
            Err(Failure::Refused(refusal)) => Err(refusal),
            Err(failure) => panic!("{failure:?}"),
        };
        ((result, news), of_other)
    }

    /// Does what somebody else does while a file is imported; what came of it.
    fn meddle(&self, act: &Act) -> Told {
        match act {
            Act::File(file) => self.import(file, false, None).0,
            Act::Payments(bills) => {
                let acts = async {
                    for bill in bills {
                        self.pay_or_reverse(bill).await;
                    }
                };
                let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
                std::thread::scope(|scope| {
                    scope.spawn(|| runtime().block_on(acts)).join().unwrap();
                });
                (Ok(ImportTotals::default()), Vec::new())
            }
        }
    }

    /// Pays a bill, or reverses the payment that settles it.
    async fn pay_or_reverse(&self, bill: &ExportedBill) -> String {
        let Self { service, caller } = self;
        let collector = caller.collector;
        if let Some((payment, _)) = &bill.payment {
            let (bill, payment) = (payment.bill, payment.id);
            let command = ReverseCommand {
                collector,
                bill,
                payment,
                reason: None,
                caller_key: None,
                is_late_allowed: false,
            };
            return format!("{:?}", service.reverse(caller, command).await);
        }
        let command = PayCommand {
            collector,
            bill: bill.bill.id,
            period: bill.bill.period,
            contract: bill.contract.clone(),
            amount: bill.bill.amount,
            caller_reference: None,
            caller_key: None,
            place: Place::default(),
        };
        format!("{:?}", service.pay(caller, command).await)
    }

    /// The end of the journal, of books that are sound.
    fn verified(&self) -> (i64, String) {
        let report = self.service.verify().unwrap();
        assert_eq!(report.findings, Vec::<String>::new());
        let (_, entries, chain) = report.heads.into_iter().next().unwrap();
        (entries, chain)
    }
}

/// Hundredths that the biller says are owed, paid here or not.
fn owed_minor(bills: &[ExportedBill]) -> i64 {
    bills.iter().map(|bill| bill.version.to_owed_minor()).sum()
}

/// The cells of a row, each with its column.
type Row = Vec<(&'static str, String)>;

const fn to_word(state: BillState) -> &'static str {
    match state {
        BillState::Owed => "pendiente",
        BillState::Annulled => "anulada",
        BillState::PaidElsewhere => "pagada_fuera",
    }
}

/// Makes acts that fit the books as they stand, and some that do not.
struct Maker {
    random: Rng,
    /// The next contract, member and bill that nobody knows.
    next: u32,
    /// Whether the file has nothing wrong on purpose.
    is_careful: bool,
}

impl Maker {
    fn one_of<'t, T>(&mut self, all: &'t [T]) -> Option<&'t T> {
        (!all.is_empty()).then(|| &all[self.random.usize(0..all.len())])
    }

    fn is_in(&mut self, parts: u8) -> bool {
        self.random.u8(0..parts) == 0
    }

    /// Whether to put something wrong here.
    fn is_wrong(&mut self, parts: u8) -> bool {
        !self.is_careful && self.is_in(parts)
    }

    fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    fn file(&mut self, side: &Side) -> File {
        let members = side.members();
        self.is_careful = !self.is_in(3);
        if members.len() < 4 || self.is_in(4) {
            return self.members(&members);
        }
        self.bills(&members, &side.bills())
    }

    fn members(&mut self, known: &[Holder]) -> File {
        let mut rows = Vec::new();
        for _ in 0..self.random.usize(1..7) {
            let other = self.one_of(known).map(|holder| holder.contract.code.to_string());
            let (code, member) = match self.one_of(known) {
                Some(holder) if self.random.bool() => {
                    (holder.contract.code.to_string(), holder.member.id.to_string())
                }
                _ => (format!("C{}", self.fresh()), self.fresh().to_string()),
            };
            let number = self.random.u8(0..9);
            rows.push(vec![
                ("contrato", code),
                ("nombre", format!("Socio {}", number / 8)),
                ("socio_id", if number.is_multiple_of(2) { member } else { String::new() }),
                ("estado", ["", "activo", "cortado"][usize::from(number) / 3].to_owned()),
                ("contrato_anterior", other.filter(|_| self.is_in(4)).unwrap_or_default()),
            ]);
        }
        let text = self.written(&rows);
        let (kind, skip_bad) = (FileKind::Members, self.random.bool());
        File { kind, rows, text, skip_bad, complete: None, is_entangled: false }
    }

    fn bills(&mut self, members: &[Holder], known: &[ExportedBill]) -> File {
        let (has_state, has_details) = (self.random.bool(), self.is_in(3));
        let is_complete = self.random.bool();
        let mut rows = Vec::new();
        let mut chosen: Vec<_> =
            known.iter().filter(|_| self.random.u8(0..8) > u8::from(is_complete)).collect();
        if !is_complete {
            self.random.shuffle(&mut chosen);
            chosen.truncate(self.random.usize(0..12));
        }
        for bill in &chosen {
            rows.push(self.bill(bill.bill.id.to_string(), bill, has_state, has_details));
        }
        for _ in 0..self.random.usize(0..6) {
            let code = self.one_of(members).unwrap().contract.code.to_string();
            let minor = self.random.i64(1..3_000);
            rows.push(self.row(self.next.to_string(), &code, minor, has_state, has_details));
            self.next += u32::from(!self.is_wrong(9));
        }
        let is_entangled = self.replace(&mut rows, known);
        let max = if self.random.bool() { VanishMax::Half } else { VanishMax::Count(8) };
        File {
            kind: FileKind::Bills,
            text: self.written(&rows),
            rows,
            skip_bad: self.random.bool(),
            complete: is_complete.then_some(max),
            is_entangled,
        }
    }

    /// Adds the column of replaced bills, now and then filled. Whether one of them has a row.
    fn replace(&mut self, rows: &mut Vec<Row>, known: &[ExportedBill]) -> bool {
        let (is_replacing, keeps_rows) = (self.random.bool(), self.is_in(3));
        let mut replaced = Vec::new();
        for row in &mut *rows {
            let own = known.iter().filter(|bill| bill.contract.as_str() == row[1].1);
            let own = own.filter(|bill| bill.bill.is_unpaid() || !self.is_careful);
            let own = own.map(|bill| bill.bill.id.to_string());
            let own: Vec<_> = own.filter(|bill| !replaced.contains(bill)).collect();
            let other = self.one_of(&own).filter(|_| is_replacing && self.is_in(6)).cloned();
            replaced.extend(other.clone());
            row.push(("reemplaza", other.unwrap_or_default()));
        }
        rows.retain(|row| keeps_rows || !replaced.contains(&row[0].1));
        let mut is_entangled = false;
        for row in rows.iter_mut().filter(|row| replaced.contains(&row[0].1)) {
            is_entangled = true;
            if row[4].0 == "estado" {
                "anulada".clone_into(&mut row[4].1);
            }
        }
        is_entangled
    }

    /// A row of a known bill: mostly what is known of it.
    fn bill(
        &mut self,
        number: String,
        known: &ExportedBill,
        has_state: bool,
        has_details: bool,
    ) -> Row {
        let code = if self.is_wrong(20) { "nadie" } else { known.contract.as_str() };
        let minor = known.bill.amount.to_minor();
        let is_changed = known.version.replaced_by.is_none() && self.is_in(3);
        let minor = minor + i64::from(is_changed);
        let mut row = self.row(number, code, minor, has_state, has_details);
        if has_state && !(is_changed && self.is_in(2)) {
            to_word(known.bill.state).clone_into(&mut row[4].1);
        }
        row
    }

    fn row(
        &mut self,
        number: String,
        code: &str,
        minor: i64,
        has_state: bool,
        has_details: bool,
    ) -> Row {
        let decimal = |minor: i64| format!("{}.{:02}", minor / 100, minor % 100);
        let mut row = vec![
            ("factura", number),
            ("contrato", code.to_owned()),
            ("periodo", "202110".to_owned()),
            ("monto", if self.is_wrong(40) { "x".to_owned() } else { decimal(minor) }),
        ];
        if has_state {
            let words = ["", "pendiente", "anulada", "pagada_fuera"];
            row.push(("estado", (*self.one_of(&words).unwrap()).to_owned()));
        }
        if has_details {
            let wrong = i64::from(self.is_wrong(30));
            let law = 100 + i64::from(self.is_in(9));
            let water = decimal(minor + law - 50 + wrong);
            let details = format!("Agua={water}|Ley=-{}|Luz=0.50", decimal(law));
            row.push(("detalle", details));
        }
        row
    }

    /// The rows as CSV of either separator, or as lines of JSON.
    fn written(&mut self, rows: &[Row]) -> String {
        let mut text = String::new();
        let form = self.random.u8(0..3);
        let joined = |cells: Vec<&str>| cells.join(if form == 0 { "," } else { ";" });
        let Some(first) = rows.first() else { return "factura,contrato,periodo,monto\n".into() };
        if form < 2 {
            text = joined(first.iter().map(|(column, _)| *column).collect()) + "\n";
        }
        for row in rows {
            if form < 2 {
                text += &joined(row.iter().map(|(_, cell)| cell.as_str()).collect());
            } else {
                let members: Vec<_> =
                    row.iter().map(|(key, v)| format!("\"{key}\":\"{v}\"")).collect();
                write!(text, "{{{}}}", members.join(",")).unwrap();
            }
            text.push('\n');
        }
        text
    }
}

/// Both services, and what they were given.
struct Run {
    sides: [Side; 2],
    maker: Maker,
    /// What was done.
    counts: [u64; 11],
}

impl Run {
    fn import(&mut self) {
        let before = self.sides[0].bills();
        let file = self.maker.file(&self.sides[0]);
        let other = self.meanwhile(&file, &before);
        let dry = self.import_both(&file, true, None).0;
        let ((result, news), of_other) = self.import_both(&file, false, other.as_ref());
        let after = self.sides[0].bills();
        let by_other = of_other.as_ref().and_then(|(result, _)| result.as_ref().ok());
        let totals = [result.as_ref().ok(), by_other];
        let difference: i64 = totals.iter().flatten().map(|totals| totals.difference_minor()).sum();
        assert_eq!(owed_minor(&after) - owed_minor(&before), difference, "{file:#?} {other:#?}");
        let paid = |bills: &[ExportedBill]| {
            let paid = bills.iter().filter(|bill| bill.payment.is_some());
            paid.map(|bill| (bill.bill, bill.version.clone())).collect::<Vec<_>>()
        };
        if !matches!(other, Some(Meanwhile { act: Act::Payments(_), .. })) {
            assert_eq!(paid(&after), paid(&before), "a file changed what is paid: {file:#?}");
        }
        let stays = news.iter().filter(|told| told.starts_with("Stays"));
        self.counts[9] += u64::try_from(stays.count()).unwrap();
        if let (Ok(totals), false) = (&result, of_other.is_some() || file.is_entangled) {
            assert_eq!(dry, (result.clone(), news), "foreseen, and done: {file:#?}");
            if totals.refused == 0 {
                self.compare_with(&file);
                let again = self.import_both(&file, false, None).0.0.unwrap();
                assert!(!again.is_change(), "{again:?} at the second time: {file:#?}");
                assert_eq!((again.lines, again.refused), (totals.lines, 0), "{file:#?}");
            }
        }
        for totals in totals.into_iter().flatten() {
            self.count(totals);
        }
    }

    /// What somebody else does, if anything.
    fn meanwhile(&mut self, file: &File, bills: &[ExportedBill]) -> Option<Meanwhile> {
        let act = match self.maker.random.u8(0..6) {
            0 => {
                let is_twice = self.maker.random.bool();
                Act::File(if is_twice { file.clone() } else { self.maker.file(&self.sides[0]) })
            }
            1 | 2 => {
                // Of a complete file, bills that it lets vanish.
                let others = bills.iter().filter(|bill| {
                    let number = bill.bill.id.to_string();
                    file.complete.is_none() || file.rows.iter().all(|row| row[0].1 != number)
                });
                let others: Vec<_> = others.cloned().collect();
                let len = others.len() / 2;
                Act::Payments(self.maker.random.choose_multiple(others, len))
            }
            _ => return None,
        };
        let is_late = file.complete.is_some() && self.maker.random.bool();
        Some(Meanwhile { is_late, act })
    }

    fn import_both(
        &self,
        file: &File,
        dry_run: bool,
        other: Option<&Meanwhile>,
    ) -> (Told, Option<Told>) {
        let [first, second] = self.sides.each_ref().map(|side| side.import(file, dry_run, other));
        assert_eq!(first, second, "{file:#?} {other:#?}");
        first
    }

    /// After a file without a bad line, the books say what it says.
    fn compare_with(&self, file: &File) {
        let (bills, members) = (self.sides[0].bills(), self.sides[0].members());
        for row in &file.rows {
            let cell = |name: &str| {
                let cell = row.iter().find(|(column, _)| *column == name);
                cell.map(|(_, cell)| cell.as_str())
            };
            if file.kind == FileKind::Members {
                let holder =
                    |holder: &&Holder| Some(holder.contract.code.as_str()) == cell("contrato");
                let holder = members.iter().find(holder).unwrap();
                assert_eq!(Some(holder.member.name.as_str()), cell("nombre"), "{file:#?}");
                continue;
            }
            let bill = |bill: &&ExportedBill| Some(&*bill.bill.id.to_string()) == cell("factura");
            let bill = bills.iter().find(bill).unwrap();
            let other =
                |other: &&ExportedBill| Some(&*other.bill.id.to_string()) == cell("reemplaza");
            if let Some(other) = bills.iter().find(other).filter(|_| bill.payment.is_none()) {
                assert_eq!(other.bill.state, BillState::Annulled, "{other:?} {file:#?}");
            }
            if bill.payment.is_none() {
                let terms = &bill.version.terms;
                assert_eq!(Some(&*terms.amount.to_decimal()), cell("monto"), "{file:#?}");
                let state =
                    cell("estado").map(|word| if word.is_empty() { "pendiente" } else { word });
                assert_eq!(
                    state.unwrap_or(to_word(terms.state)),
                    to_word(terms.state),
                    "{file:#?}"
                );
                let line =
                    |line: &DetailLine| format!("{}={}", line.concept, line.amount.to_decimal());
                let details: Vec<_> = terms.printed.details.iter().map(line).collect();
                let details = details.join("|");
                assert_eq!(cell("detalle").unwrap_or(&details), details, "{file:#?}");
            }
        }
        // A line of a paid bill speaks of the bill it replaces, and does nothing to it.
        let speaks_of = |bill: &ExportedBill| {
            let number = bill.bill.id.to_string();
            let is_named = |(column, cell): &(&str, String)| {
                matches!(*column, "factura" | "reemplaza") && *cell == number
            };
            file.rows.iter().any(|row| row.iter().any(is_named))
        };
        let left = bills.iter().find(|bill| bill.bill.is_unpaid() && !speaks_of(bill));
        assert!(file.complete.is_none() || left.is_none(), "{left:?} {file:#?}");
    }

    fn count(&mut self, totals: &ImportTotals) {
        let of = [
            totals.new.count,
            totals.changed.count,
            totals.annulled.count,
            totals.paid_elsewhere.count,
            totals.unchanged,
            totals.paid,
            totals.refused,
            totals.replaced.count,
            totals.vanished.count,
        ];
        for (sum, count) in self.counts.iter_mut().zip(of) {
            *sum += count;
        }
    }

    async fn pay_or_reverse(&mut self) {
        let bills = self.sides[0].bills();
        let Some(bill) = self.maker.one_of(&bills) else { return };
        let [first, second] = self.sides.each_ref();
        let outcome = first.pay_or_reverse(bill).await;
        assert_eq!(outcome, second.pay_or_reverse(bill).await);
        self.counts[10] += u64::from(outcome.starts_with("Ok"));
    }

    async fn change_rules(&mut self) {
        let account = ["none", "Venta", "Otros"][self.maker.random.usize(0..3)];
        for side in &self.sides {
            let settings = vec![("revenue.Agua".to_owned(), account.to_owned())];
            side.service.set_company(CompanyId::FIRST, settings).await.unwrap();
        }
    }

    fn compare(&self) {
        let [memory, disk] = self.sides.each_ref();
        assert_eq!(memory.verified(), disk.verified(), "the journals' ends");
        assert_eq!(memory.bills(), disk.bills());
        assert_eq!(memory.members(), disk.members());
        let events = self
            .sides
            .each_ref()
            .map(|side| side.service.events_after(CompanyId::FIRST, 0, ALL).unwrap());
        assert_eq!(events[0], events[1]);
        let files = self
            .sides
            .each_ref()
            .map(|side| side.service.imported_files(CompanyId::FIRST).unwrap());
        assert_eq!(files[0], files[1]);
        assert!(files[0].iter().all(|kept| kept.totals.is_some()), "each file is finished");
    }
}

/// What was done: lines and bills by what came of them, bills that stayed, payments and reversals.
async fn run(seed: u64) -> [u64; 11] {
    let folder = tempfile::tempdir().unwrap();
    let keys = || Keys::from_random([7; 64]);
    let on_disk = Store::create_sqlite(&folder.path().join("datos"), keys()).unwrap();
    let sides = [Side::opened(Store::memory(keys())).await, Side::opened(on_disk).await];
    let maker = Maker { random: Rng::with_seed(seed), next: 100, is_careful: false };
    let mut run = Run { sides, maker, counts: [0; 11] };
    for _ in 0..STEPS {
        match run.maker.random.u8(0..20) {
            0..12 => run.import(),
            12..19 => run.pay_or_reverse().await,
            _ => run.change_rules().await,
        }
        run.compare();
    }
    run.counts
}

/// Names the seed of a run that fails.
struct Replay(u64);

impl Drop for Replay {
    #[expect(clippy::print_stderr, reason = "a failure prints the seed that replays it")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("VENTANILLA_SEED={}", self.0);
        }
    }
}

#[tokio::test]
async fn whatever_files_bring_both_stores_hold_the_same() {
    let (seeds, mut counts) = (seeds(), [0; 11]);
    for seed in &seeds {
        let _replay = Replay(*seed);
        for (sum, count) in counts.iter_mut().zip(run(*seed).await) {
            *sum += count;
        }
    }
    // Runs that do too little prove too little.
    assert!(seeds.len() == 1 || counts.iter().all(|count| *count > 0), "{counts:?}");
}
