//! The books that are measured: one synthetic company, its bills, and a copy for each server.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ventanilla_domain::{
    CollectorId, CompanyId, Currency, FileKind, Label, Name, PaymentId, TimeZone,
};
use ventanilla_service::import::{ImportRequest, Source};
use ventanilla_service::{Credentials, NewCollector, NewCompany};

use super::load::Requests;
use super::payouts;
use super::peer::Peer;
use crate::books::Books;
use crate::output;
use crate::place::{Home, Place};
use crate::problem::{self, Problem, to_reason};

pub(super) const BILLS_PER_CONTRACT: u64 = 5;
pub(super) const FIRST_BILL: u64 = 1_000_000;
/// A prime: its multiples walk over all bills without order, as payers do.
pub(super) const STRIDE: u64 = 999_983;
pub(super) const LOGIN: &str = "medicion";

/// Books ready to be copied, in a directory that ends with this value.
#[derive(Debug)]
pub(super) struct World {
    folder: Folder,
    contracts: u64,
    /// Bills that are there to be paid, [`BILLS_PER_CONTRACT`] of each contract.
    bills: u64,
}

#[derive(Debug)]
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            let (path, reason) = (self.0.display(), to_reason(&error));
            output::tell(format_args!("{path}: no se pudo borrar: {reason}"));
        }
    }
}

impl World {
    /// Makes the books under `parent`, or where the system keeps what is temporary.
    pub(super) fn create(parent: Option<&Path>, bills: u32) -> anyhow::Result<Self> {
        let bills = u64::from(bills);
        output::tell(format_args!("Preparando {bills} facturas …"));
        Self::filled(parent, bills.div_ceil(BILLS_PER_CONTRACT), bills)
    }

    /// The same without a bill.
    pub(super) fn of_members(parent: Option<&Path>, contracts: u64) -> anyhow::Result<Self> {
        output::tell(format_args!("Preparando {contracts} socios …"));
        Self::filled(parent, contracts, 0)
    }

    /// People made by the simulation, and no bill.
    pub(super) fn of_people(
        parent: Option<&Path>,
        people: &ventanilla_sim::World,
    ) -> anyhow::Result<Self> {
        output::tell(format_args!("Preparando {} contratos …", people.contracts));
        let world = Self::empty(parent, people.contracts.into(), 0)?;
        let mut members = Vec::new();
        ventanilla_sim::write_members(&mut members, people)?;
        world.fill(members)?;
        Ok(world)
    }

    /// The books themselves, over which no server runs.
    pub(super) fn open(&self) -> anyhow::Result<Books> {
        Books::start(self.place().open()?, &self.place())
    }

    /// Adds payouts, for the copies made from now on.
    pub(super) fn add_payouts(&self) -> anyhow::Result<()> {
        output::tell("Preparando pagos a un proveedor …");
        let books = self.open()?;
        payouts::fill(&books, CompanyId::FIRST)?;
        books.close();
        Ok(())
    }

    fn filled(parent: Option<&Path>, contracts: u64, bills: u64) -> anyhow::Result<Self> {
        let world = Self::empty(parent, contracts, bills)?;
        world.fill(world.members()?)?;
        Ok(world)
    }

    /// Its directory, with nothing in it.
    pub(super) fn empty(parent: Option<&Path>, contracts: u64, bills: u64) -> anyhow::Result<Self> {
        let name = format!("ventanilla-bench-{}", std::process::id());
        let path = parent.map_or_else(std::env::temp_dir, Path::to_owned).join(name);
        fs::create_dir_all(&path).map_err(|error| {
            let (path, reason) = (path.display(), to_reason(&error));
            Problem::usage(format!("{path}: no se pudo crear: {reason}"))
        })?;
        Ok(Self { folder: Folder(path), contracts, bills })
    }

    /// The directory of it all.
    pub(super) fn root(&self) -> &Path {
        &self.folder.0
    }

    /// The directory of the books that are copied.
    fn base(&self) -> PathBuf {
        self.root().join("base")
    }

    /// Where the books that are copied are, and what belongs to them.
    pub(super) fn place(&self) -> Place {
        let at = |name| self.root().join(name);
        let home = Home::Directory(self.base());
        Place { home, secrets: at("secrets"), checkpoints: at("checkpoints") }
    }

    fn fill(&self, members: Vec<u8>) -> anyhow::Result<()> {
        let books = Books::start(self.place().create()?, &self.place())?;
        let company = add_company(&books)?;
        import(&books, company, FileKind::Members, &mut Cursor::new(members))?;
        import(&books, company, FileKind::Bills, &mut Cursor::new(self.bills()?))?;
        books.close();
        Ok(())
    }

    fn members(&self) -> std::io::Result<Vec<u8>> {
        let mut text = b"contrato,nombre\n".to_vec();
        for contract in 1..=self.contracts {
            writeln!(text, "{contract},Socio de prueba {contract}")?;
        }
        Ok(text)
    }

    fn bills(&self) -> std::io::Result<Vec<u8>> {
        let mut text = b"factura,contrato,periodo,monto\n".to_vec();
        for index in 0..self.bills {
            let Bill { id, contract, period, amount } = Bill::of(index);
            writeln!(text, "{id},{contract},{period},{amount}")?;
        }
        Ok(text)
    }

    /// A copy of the books: the flags that lead to it.
    pub(super) fn copy(&self, name: &str) -> anyhow::Result<[String; 4]> {
        let copy = self.root().join(name);
        fs::create_dir(&copy)?;
        for entry in fs::read_dir(self.base())? {
            let entry = entry?;
            fs::copy(entry.path(), copy.join(entry.file_name()))?;
        }
        let path = |path: &Path| path.to_string_lossy().into_owned();
        let (data, secrets) = (path(&copy), path(&self.place().secrets));
        Ok(["--data".to_owned(), data, "--secrets".to_owned(), secrets])
    }

    /// A server of its own copy of the books.
    pub(super) fn server(&self, name: &str, flags: &[&str]) -> anyhow::Result<Peer> {
        let place = self.copy(name)?;
        // What is measured does not hang on a file that happens to lie where it is run.
        let mut arguments = vec!["serve", "--config", "/dev/null"];
        arguments.extend(place.iter().map(String::as_str));
        arguments.extend(flags);
        Peer::start(&arguments)
    }

    /// An echo that answers these bytes, after a sync of its own where it is `durable`.
    pub(super) fn anchor(&self, answer: &[u8], durable: bool) -> anyhow::Result<Peer> {
        let (path, append) = (self.root().join("answer"), self.root().join("append"));
        fs::write(&path, answer)?;
        let (path, append) = (path.to_string_lossy(), append.to_string_lossy());
        let mut arguments = vec!["bench", "serve-echo", "--answer", &path];
        if durable {
            arguments.extend(["--append", &append]);
        }
        Peer::start(&arguments)
    }

    /// A token of the measuring collector.
    pub(super) fn token(server: &Peer) -> anyhow::Result<String> {
        let body = format!(r#"{{"CodSeguridad":"{LOGIN}","Login":"{LOGIN}","Pwd":"{LOGIN}"}}"#);
        let mut request = Vec::new();
        write_request(&mut request, "token", None, &body)?;
        let answer: serde_json::Value = serde_json::from_slice(&server.ask(&request)?)?;
        let token = answer.get("values").and_then(serde_json::Value::as_str);
        let token = token.map(str::to_owned);
        token.ok_or_else(|| Problem::store("el servidor que se mide no dio un token"))
    }

    /// The answer to one request of `consultardeuda`.
    pub(super) fn debt_answer(&self, server: &Peer) -> anyhow::Result<Vec<u8>> {
        let mut request = Vec::new();
        self.debts(&Self::token(server)?)(self.contracts / 2, &mut request);
        server.ask(&request)
    }

    /// Requests of `consultardeuda`, of all contracts.
    pub(super) fn debts(&self, token: &str) -> Requests {
        let (contracts, token) = (self.contracts, token.to_owned());
        Arc::new(move |number, request| {
            let contract = number.wrapping_mul(STRIDE) % contracts + 1;
            let body = format!(r#"{{"Contrato":"{contract}"}}"#);
            write_request(request, "consultardeuda", Some(&token), &body).is_ok()
        })
    }

    /// Requests of `realizarpago`, each of another bill, until there are no more.
    pub(super) fn payments(&self, server: &Peer) -> anyhow::Result<Requests> {
        payments(self.bills, server)
    }
}

/// Imports a file of members or bills.
pub(super) fn import(
    books: &Books,
    company: CompanyId,
    kind: FileKind,
    file: &mut dyn Source,
) -> anyhow::Result<()> {
    let name = if kind == FileKind::Members { "socios.csv" } else { "facturas.csv" };
    let request = ImportRequest {
        company,
        kind,
        name: Name::from_text(name)?,
        imported_by: Label::from_text("ventanilla bench")?,
        dry_run: false,
        skip_bad: false,
        complete: None,
    };
    let imported = books.service.import(&request, file, &mut |_| {});
    imported.map(drop).map_err(|failure| problem::from_failure(failure, |_| not_ready()))
}

/// What the measurement rests on was refused.
pub(super) fn not_ready() -> anyhow::Error {
    Problem::store("la medición no se pudo preparar")
}

/// Opens the books of the company that is measured, and lets its collector in.
pub(super) fn add_company(books: &Books) -> anyhow::Result<CompanyId> {
    let company = open_company(books, "America/La_Paz")?;
    add_collector(books, company, LOGIN)?;
    Ok(company)
}

/// Opens the books of the company that is measured.
pub(super) fn open_company(books: &Books, time_zone: &str) -> anyhow::Result<CompanyId> {
    let company = books.wait(books.service.add_company(NewCompany {
        id: CompanyId::FIRST,
        name: Name::from_text("Medición")?,
        currency: Currency::BOB,
        time_zone: TimeZone::from_name(time_zone)?,
        first_payment: PaymentId::FIRST,
    }));
    Ok(company.map_err(|failure| books.unchanged(failure))?.id)
}

/// Lets a collector in, whose name is each of its credentials.
pub(super) fn add_collector(
    books: &Books,
    company: CompanyId,
    name: &str,
) -> anyhow::Result<CollectorId> {
    let added = books.wait(books.service.add_collector(NewCollector {
        company,
        name: Label::from_text(name)?,
        can_list: false,
        credentials: Some(Credentials {
            security_code: name.to_owned(),
            login: name.to_owned(),
            password: name.to_owned(),
        }),
    }));
    Ok(added.map_err(|failure| books.unchanged(failure))?.0.id)
}

/// Requests of `realizarpago` to a server of so many bills, each of another one, until there are no more.
pub(super) fn payments(bills: u64, server: &Peer) -> anyhow::Result<Requests> {
    let token = World::token(server)?;
    Ok(Arc::new(move |number, request| {
        let Bill { id, contract, period, amount } = Bill::of(number.wrapping_mul(STRIDE) % bills);
        let body = format!(
            r#"{{"IdFactura":{id},"Periodo":"{period}","Contrato":"{contract}","Monto":{amount},"IdAsociado":"{contract}","IdTransaccion":"m{number}"}}"#
        );
        number < bills && write_request(request, "realizarpago", Some(&token), &body).is_ok()
    }))
}

/// A synthetic bill; its index says everything of it.
#[derive(Debug)]
struct Bill {
    id: u64,
    contract: u64,
    period: u64,
    amount: String,
}

impl Bill {
    fn of(index: u64) -> Self {
        let minor = 1_000 + index * 37 % 20_000;
        Self {
            id: FIRST_BILL + index,
            contract: index / BILLS_PER_CONTRACT + 1,
            period: 202_101 + index % BILLS_PER_CONTRACT,
            amount: format!("{}.{:02}", minor / 100, minor % 100),
        }
    }
}

/// Writes one request of a service.
pub(super) fn write_request(
    request: &mut Vec<u8>,
    service: &str,
    token: Option<&str>,
    body: &str,
) -> std::io::Result<()> {
    write!(request, "POST /api/{service} HTTP/1.1\r\nHost: localhost\r\n")?;
    if let Some(token) = token {
        write!(request, "Authorization: Bearer {token}\r\n")?;
    }
    let len = body.len();
    write!(request, "Content-Type: application/json\r\nContent-Length: {len}\r\n\r\n{body}")
}
