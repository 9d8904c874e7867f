//! Recomputing everything from the journal and comparing it with what is kept.

mod follower;
mod words;

use std::collections::BTreeMap;
use std::fmt::Debug;

use ventanilla_domain::{BillVersion, Company, CompanyId, EntryNumber, Event, postings_of};

use crate::memory::Books;
use crate::{
    Counters, Digest, Entry, Keys, StoreError, TrailHead, View, former, journal, payables, totals,
    trail, window,
};
pub use follower::{Follower, Step};

/// Entries read at a time: one may hold thousands of bills.
const PAGE: usize = 50;
/// Differences told per table; the rest is counted.
const TOLD: usize = 20;

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// Entries read, over all companies.
    pub entries: u64,
    /// Payments compared, over all companies.
    pub payments: u64,
    /// Payouts compared, over all companies.
    pub payouts: u64,
    /// Payments and reversals compared that have no place in a journal yet: servers side by side give it to
    /// them shortly after.
    pub unsealed: u64,
    /// The end of each company's journal: what an operator may keep off the machine, since whoever
    /// can write the file can also cut its end off and leave a shorter journal that is sound.
    pub heads: Vec<Head>,
    /// The end of each trail that is sound, for the same.
    pub trails: Vec<TrailHead>,
    /// What differs; empty when all is well.
    pub findings: Vec<String>,
}

/// The end of a company's journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Whose journal.
    pub company: CompanyId,
    /// How many entries it has.
    pub entries: i64,
    /// The last one's link in the chain.
    pub chain: Digest,
}

impl Head {
    fn of(company: CompanyId, counters: &Counters) -> Self {
        Self { company, entries: counters.next_entry.to_i64() - 1, chain: counters.chain }
    }
}

pub(crate) fn verify(
    view: &View<'_>,
    keys: &Keys,
    damage: Vec<String>,
) -> Result<Verification, StoreError> {
    let findings = damage.into_iter().map(|found| format!("base de datos: {found}")).collect();
    let mut report = Verification { findings, ..Verification::default() };
    for company in view.companies()? {
        let prefix = format!("empresa {}", company.id);
        let mut found = Findings { prefix, told: Vec::new() };
        if let Some(mut books) = rebuilt(view, keys, &company, &mut report.entries, &mut found)? {
            report.unsealed += add_unsealed(view, &company, &mut books, &mut found)?;
            let count = |len| u64::try_from(len).unwrap_or(u64::MAX);
            report.payments += count(books.payments.len());
            report.payouts += count(books.payables.payouts.len());
            report.heads.push(Head::of(company.id, &books.counters));
            compare(view, &company, books, &mut found)?;
        }
        report.findings.append(&mut found.told);
    }
    report.trails = trail::verify(view, keys, &mut report.findings)?;
    Ok(report)
}

/// The findings of one company.
pub(crate) struct Findings {
    pub(crate) prefix: String,
    pub(crate) told: Vec<String>,
}

impl Findings {
    pub(crate) fn tell(&mut self, finding: &str) {
        self.told.push(format!("{}: {finding}", self.prefix));
    }
}

/// The books as the journal alone makes them; `None` where it cannot be followed to its end.
fn rebuilt(
    view: &View<'_>,
    keys: &Keys,
    company: &Company,
    count: &mut u64,
    found: &mut Findings,
) -> Result<Option<Books>, StoreError> {
    let mut books: Option<Books> = None;
    let mut next = EntryNumber::FIRST.to_i64();
    loop {
        let entries = match view.entries(company, next, PAGE) {
            Ok(entries) => entries,
            Err(StoreError::Damaged { .. }) => {
                let number = first_unreadable(view, company, next)?;
                found.tell(&format!("el asiento {number} no se puede leer; es ilegible o falso"));
                return Ok(None);
            }
            Err(other) => return Err(other),
        };
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            if let Err(broken) = follow(&mut books, keys, company.id, &entry) {
                found.tell(&format!("asiento {}: {broken}", entry.number));
                return Ok(None);
            }
            *count += 1;
            next = entry.number.to_i64() + 1;
        }
    }
    if books.is_none() {
        found.tell("el diario está vacío");
    }
    Ok(books)
}

/// Lets what has no place in the journal yet take effect, but for what comes with the place: its number, and
/// what it adds to the balances and totals. How much it is.
fn add_unsealed(
    view: &View<'_>,
    company: &Company,
    books: &mut Books,
    found: &mut Findings,
) -> Result<u64, StoreError> {
    let Some(acts) = view.unsealed_tail(company)? else { return Ok(0) };
    let counters = books.counters;
    let totals = books.totals.clone();
    for act in &acts {
        let applied = books.apply(&act.to_event(), &[]);
        if let Err(broken) = applied {
            found.tell(&format!("cobranza {} sin asentar: {broken}", act.key().payment));
        }
    }
    drop(books.events.split_off(&counters.next_event));
    (books.counters, books.totals) = (counters, totals);
    // Ids are taken in blocks, ahead of the payments that get them.
    if let Some(kept) = view.counters(company.id)? {
        books.counters.next_payment = counters.next_payment.max(kept.next_payment);
    }
    Ok(u64::try_from(acts.len()).unwrap_or(u64::MAX))
}

/// The first entry from `next` on that cannot be read.
fn first_unreadable(view: &View<'_>, company: &Company, next: i64) -> Result<i64, StoreError> {
    for number in next..next.saturating_add(i64::try_from(PAGE).unwrap_or(i64::MAX)) {
        match view.entries(company, number, 1) {
            Ok(_) => {}
            Err(StoreError::Damaged { .. }) => return Ok(number),
            Err(other) => return Err(other),
        }
    }
    Ok(next)
}

/// Checks an entry's number, and its link to the one before.
fn check_link(
    keys: &Keys,
    company: CompanyId,
    entry: &Entry,
    expected: EntryNumber,
    before: &Digest,
) -> Result<(), String> {
    if entry.number != expected {
        return Err(format!("falta el asiento {expected}"));
    }
    let (number, at, postings) = (entry.number, entry.recorded_at, &entry.postings);
    if journal::link(keys, company, number, at, &entry.written, postings, before) != entry.chain {
        return Err("la cadena está rota: el asiento fue alterado".to_owned());
    }
    Ok(())
}

/// Checks that an entry's postings are those of its event.
fn check_postings(entry: &Entry, replaced: &[Option<&BillVersion>]) -> Result<(), String> {
    if postings_of(&entry.event, replaced).as_ref() != Ok(&entry.postings) {
        return Err("las partidas no son las del hecho".to_owned());
    }
    Ok(())
}

/// Checks an entry's number, link and postings, and lets it take effect.
fn follow(
    books: &mut Option<Books>,
    keys: &Keys,
    company: CompanyId,
    entry: &Entry,
) -> Result<(), String> {
    let opened = match books {
        Some(books) => books,
        None => books.insert(Books::opened(&entry.event).map_err(|error| error.to_string())?),
    };
    check_link(keys, company, entry, opened.counters.next_entry, &opened.counters.chain)?;
    let replaced: Vec<_> = match &entry.event {
        Event::BillsVersioned(versions) => versions
            .iter()
            .map(|version| opened.version_in_force(version.contract, version.bill))
            .collect(),
        _ => Vec::new(),
    };
    check_postings(entry, &replaced)?;
    opened.apply(&entry.event, &entry.postings).map_err(|error| error.to_string())?;
    opened.counters.chain = entry.chain;
    opened.counters.next_entry = entry.number.checked_next().map_err(|error| error.to_string())?;
    Ok(())
}

/// Compares each table with the books rebuilt.
fn compare(
    view: &View<'_>,
    company: &Company,
    mut books: Books,
    found: &mut Findings,
) -> Result<(), StoreError> {
    if *books.company != *company {
        found.tell("los datos o las reglas de la empresa no son los del diario");
    }
    compare_counters(view.counters(company.id)?, &books.counters, found);
    let sum: i128 = books.balances.values().map(|minor| i128::from(*minor)).sum();
    if sum != 0 {
        found.tell("los saldos no suman cero");
    }
    payables::verify::compare(view, company, &mut books, found)?;
    window::verify::compare(view, company, &mut books, found)?;
    former::compare(view, company, std::mem::take(&mut books.former), found)?;
    compare_payments(view, company, &mut books, found)?;
    totals::compare(view, company.id, std::mem::take(&mut books.totals), found)?;
    words::compare(view, company.id, &books.members, found)?;
    let id = company.id;
    table(
        found,
        "imported_file",
        books.files,
        |id| format!("archivo {id}"),
        |to| {
            let mut files = view.files(id)?.into_iter();
            files.try_for_each(|record| to(record.file.id, record))
        },
    )?;
    table(
        found,
        "member",
        books.members,
        |id| format!("socio {id}"),
        |to| view.each_member(id, &mut |member| to(member.id, member)),
    )?;
    table(
        found,
        "contract",
        books.contracts,
        |key| format!("contrato de clave {key}"),
        |to| view.each_contract(id, &mut |contract| to(contract.key, contract)),
    )?;
    table(
        found,
        "former_code",
        books.former_codes.into_iter().map(|former| (former, ())).collect(),
        |(code, key)| format!("código {} del contrato de clave {key}", code.as_str()),
        |to| view.each_former_code(id, &mut |former| to(former, ())),
    )?;
    table(
        found,
        "bill",
        books.bills,
        |(_, bill)| format!("factura {bill}"),
        |to| view.each_bill(company, &mut |bill| to((bill.contract, bill.id), bill)),
    )?;
    table(
        found,
        "bill_version",
        books.versions,
        |(_, bill, number)| format!("factura {bill}, versión {number}"),
        |to| {
            view.each_version(company, &mut |version| {
                to((version.contract, version.bill, version.number), version)
            })
        },
    )
}

fn compare_payments(
    view: &View<'_>,
    company: &Company,
    books: &mut Books,
    found: &mut Findings,
) -> Result<(), StoreError> {
    let id = company.id;
    table(
        found,
        "payment",
        std::mem::take(&mut books.payments),
        |id| format!("cobranza {id}"),
        |to| view.each_payment(company, &mut |payment| to(payment.id, payment)),
    )?;
    table(
        found,
        "reversal",
        std::mem::take(&mut books.reversals),
        |id| format!("reversión de la cobranza {id}"),
        |to| view.each_reversal(company, &mut |reversal| to(reversal.payment, reversal)),
    )?;
    table(
        found,
        "caller_key",
        std::mem::take(&mut books.attempts),
        |(collector, _, key)| format!("IdTransaccion {} del recaudador {collector}", key.as_str()),
        |to| view.each_attempt(id, &mut |(key, payment)| to(key, payment)),
    )?;
    table(
        found,
        "collection_event",
        std::mem::take(&mut books.events),
        |number| format!("movimiento {number}"),
        |to| view.each_event(id, &mut |(number, entry)| to(number, entry)),
    )?;
    table(
        found,
        "balance",
        std::mem::take(&mut books.balances),
        |account| format!("cuenta {account}"),
        |to| view.each_balance(id, &mut |(account, minor)| to(account, minor)),
    )
}

fn compare_counters(kept: Option<Counters>, rebuilt: &Counters, found: &mut Findings) {
    if kept.as_ref() != Some(rebuilt) {
        found.tell("los contadores o el final de la cadena no son los del diario");
    }
}

pub(crate) type Row<'r, K, V> = &'r mut dyn FnMut(K, V) -> Result<(), StoreError>;

/// Compares one table: every row kept must be the one rebuilt, and none may be missing.
pub(crate) fn table<K: Ord, V: PartialEq + Debug>(
    found: &mut Findings,
    name: &str,
    mut rebuilt: BTreeMap<K, V>,
    shown: impl Fn(&K) -> String,
    each: impl FnOnce(Row<'_, K, V>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut differing = Vec::new();
    let visited = each(&mut |key, kept| {
        match rebuilt.remove(&key) {
            Some(made) if made == kept => {}
            Some(made) => differing.push(format!(
                "{} difiere: guardado {kept:?}; según el diario {made:?}",
                shown(&key)
            )),
            None => differing.push(format!("{} no está en el diario", shown(&key))),
        }
        Ok(())
    });
    match visited {
        Ok(()) => {}
        Err(StoreError::Damaged { what, .. }) => {
            found.tell(&format!("{name}: una fila no se puede leer ({what})"));
            return Ok(());
        }
        Err(other) => return Err(other),
    }
    differing.extend(rebuilt.keys().map(|key| format!("falta {}", shown(key))));
    for difference in differing.iter().take(TOLD) {
        found.tell(&format!("{name}: {difference}"));
    }
    if let Some(more) = differing.len().checked_sub(TOLD + 1) {
        found.tell(&format!("{name}: y {} diferencias más", more + 1));
    }
    Ok(())
}
