//! Verifying beside a server that writes: what came since the last look, entry by entry.
//!
//! It needs no memory for the books. Numbers, links and postings are checked as they come, what an
//! entry says is looked for in the tables of the same moment, and the balances are summed up. What no
//! entry speaks of, a row too many say, only the whole verification sees.

use std::collections::BTreeMap;

use ventanilla_domain::{
    Account, Bill, BillVersion, Company, CompanyId, EntryNumber, Event, Payment, Reversal,
};

use super::{Findings, Head, check_link, check_postings};
use crate::totals::Totals;
use crate::{Counters, Digest, Entry, Keys, StoreError, TrailHead, View, to_hex, trail};

/// How far each journal and each trail was followed, and what a journal comes to up to there.
#[derive(Debug, Clone, Default)]
pub struct Follower {
    companies: BTreeMap<CompanyId, Followed>,
    trails: BTreeMap<Option<CompanyId>, FollowedTrail>,
}

#[derive(Debug, Clone)]
struct FollowedTrail {
    head: TrailHead,
    is_lost: bool,
}

#[derive(Debug, Clone)]
struct Followed {
    /// The entry that comes next.
    next: EntryNumber,
    /// The link of the one before it.
    chain: Digest,
    balances: BTreeMap<Account, i64>,
    totals: Totals,
    /// Whether something was found that makes sums of no use, or the journal cannot be read on.
    is_lost: bool,
}

impl Default for Followed {
    fn default() -> Self {
        let (next, chain) = (EntryNumber::FIRST, [0; 32]);
        Self { next, chain, balances: BTreeMap::new(), totals: Totals::default(), is_lost: false }
    }
}

/// What a step came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// Entries of journals checked.
    pub entries: u64,
    /// Entries of journals and rows of trails that were still ahead at the moment the step looked at.
    pub behind: u64,
    /// What differs; empty when all is well. Each is told once.
    pub findings: Vec<String>,
}

impl Follower {
    /// Up to where each company's journal was found sound.
    pub fn heads(&self) -> Vec<Head> {
        let sound = self.companies.iter().filter(|(_, followed)| !followed.is_lost);
        sound
            .map(|(company, followed)| Head {
                company: *company,
                entries: followed.before(),
                chain: followed.chain,
            })
            .collect()
    }

    /// Up to where each trail was found sound.
    pub fn trail_heads(&self) -> Vec<TrailHead> {
        let sound = self.trails.values().filter(|followed| !followed.is_lost);
        sound.map(|followed| followed.head).collect()
    }

    pub(crate) fn step(
        &mut self,
        view: &View<'_>,
        keys: &Keys,
        len_max: usize,
    ) -> Result<Step, StoreError> {
        let mut step = Step::default();
        self.step_journals(view, keys, len_max, &mut step)?;
        self.step_trails(view, keys, len_max, &mut step)?;
        Ok(step)
    }

    fn step_trails(
        &mut self,
        view: &View<'_>,
        keys: &Keys,
        len_max: usize,
        step: &mut Step,
    ) -> Result<(), StoreError> {
        for company in view.trails()? {
            let followed = self.trails.entry(company).or_insert_with(|| FollowedTrail {
                head: TrailHead::before_the_first(company),
                is_lost: false,
            });
            if followed.is_lost {
                continue;
            }
            let found = match followed.head.follow(view, keys, len_max)? {
                Ok(len) if len == len_max => {
                    step.behind += rows_ahead(view, followed.head)?;
                    continue;
                }
                Ok(_) => followed.head.ends(view)?,
                Err(broken) => Err(broken),
            };
            if let Err(finding) = found {
                step.findings.push(trail::told(company, &finding));
                followed.is_lost = true;
            }
        }
        Ok(())
    }

    fn step_journals(
        &mut self,
        view: &View<'_>,
        keys: &Keys,
        len_max: usize,
        step: &mut Step,
    ) -> Result<(), StoreError> {
        for company in view.companies()? {
            let Some(counters) = view.counters(company.id)? else { continue };
            let followed = self.companies.entry(company.id).or_default();
            if followed.is_lost {
                continue;
            }
            let prefix = format!("empresa {}", company.id);
            let mut found = Findings { prefix, told: Vec::new() };
            let look = Look { view, keys, company: &company };
            step.entries += followed.step(look, &counters, len_max, &mut found)?;
            let behind = counters.next_entry.to_i64() - followed.next.to_i64();
            step.behind += u64::try_from(behind).unwrap_or(0);
            step.findings.append(&mut found.told);
        }
        Ok(())
    }
}

/// Rows of a trail after a head; at least one, since a page was full.
fn rows_ahead(view: &View<'_>, head: TrailHead) -> Result<u64, StoreError> {
    let end = view.trail_head(head.company)?.map_or(0, |end| end.rows);
    Ok(u64::try_from(end - head.rows).unwrap_or(0).max(1))
}

/// Where a company's books are looked at.
#[derive(Clone, Copy)]
struct Look<'a> {
    view: &'a View<'a>,
    keys: &'a Keys,
    company: &'a Company,
}

impl Followed {
    /// Checks the next entries, and the balances where they were the last. How many they were.
    fn step(
        &mut self,
        look: Look<'_>,
        counters: &Counters,
        len_max: usize,
        found: &mut Findings,
    ) -> Result<u64, StoreError> {
        let entries = match look.view.entries(look.company, self.next.to_i64(), len_max) {
            Ok(entries) => entries,
            Err(StoreError::Damaged { .. }) => {
                self.lose(found, &format!("tras el asiento {} hay uno ilegible", self.before()));
                return Ok(0);
            }
            Err(other) => return Err(other),
        };
        let mut checked = 0;
        for entry in &entries {
            if let Err(broken) = self.check(look, entry)? {
                self.lose(found, &format!("asiento {}: {broken}", entry.number));
                return Ok(checked);
            }
            if let Some(differing) = first_difference(look, entry)? {
                found.tell(&format!("asiento {}: {differing}", entry.number));
            }
            checked += 1;
        }
        if self.next == counters.next_entry {
            self.check_end(look, counters, found)?;
        } else if entries.is_empty() || self.next > counters.next_entry {
            let (next, end) = (self.next, counters.next_entry.to_i64() - 1);
            self.lose(found, &format!("falta el asiento {next}; los contadores llegan al {end}"));
        }
        Ok(checked)
    }

    fn before(&self) -> i64 {
        self.next.to_i64() - 1
    }

    /// Tells it, and follows this journal no further: all that comes after it would differ too.
    fn lose(&mut self, found: &mut Findings, finding: &str) {
        found.tell(finding);
        self.is_lost = true;
    }

    /// Checks an entry in itself and adds it up.
    fn check(&mut self, look: Look<'_>, entry: &Entry) -> Result<Result<(), String>, StoreError> {
        if let Err(broken) = check_link(look.keys, look.company.id, entry, self.next, &self.chain) {
            return Ok(Err(broken));
        }
        let replaced = replaced_by(look, &entry.event)?;
        let replaced: Vec<_> = replaced.iter().map(Option::as_ref).collect();
        if let Err(broken) = check_postings(entry, &replaced) {
            return Ok(Err(broken));
        }
        for posting in &entry.postings {
            let amount = posting.amount.to_minor();
            let sides = [(&posting.debit, amount), (&posting.credit, -amount)];
            for (account, minor) in sides {
                let balance = self.balances.entry(account.clone()).or_default();
                match balance.checked_add(minor) {
                    Some(sum) => *balance = sum,
                    None => return Ok(Err(format!("el saldo de {account} no cabe"))),
                }
            }
        }
        if let Err(broken) = self.add_up(look, entry, &replaced)? {
            return Ok(Err(broken));
        }
        let Ok(next) = entry.number.checked_next() else {
            return Ok(Err("no hay más números de asiento".to_owned()));
        };
        (self.next, self.chain) = (next, entry.chain);
        Ok(Ok(()))
    }

    /// Adds up what an entry says was collected, and changed of what is owed.
    fn add_up(
        &mut self,
        look: Look<'_>,
        entry: &Entry,
        replaced: &[Option<&BillVersion>],
    ) -> Result<Result<(), String>, StoreError> {
        let added = match &entry.event {
            Event::PaymentMade(payment) => self.totals.pay(look.company, payment),
            Event::PaymentReversed(reversal) => {
                let payment = readable(look.view.payment(look.company, reversal.payment))?;
                let Some(payment) = payment else {
                    return Ok(Err(format!("la cobranza {} no está", reversal.payment)));
                };
                self.totals.reverse(look.company, reversal, payment.period)
            }
            Event::BillsVersioned(versions) => self.totals.change(versions, replaced),
            _ => Ok(()),
        };
        Ok(added.map_err(|error| error.to_string()))
    }

    /// Compares the head, the balances and the totals, at the journal's end.
    fn check_end(
        &mut self,
        look: Look<'_>,
        counters: &Counters,
        found: &mut Findings,
    ) -> Result<(), StoreError> {
        if self.chain != counters.chain {
            self.lose(found, "el final de la cadena no es el del diario");
            return Ok(());
        }
        let mut kept = BTreeMap::new();
        let read = look.view.each_balance(look.company.id, &mut |(account, minor)| {
            kept.insert(account, minor);
            Ok(())
        });
        match read {
            Ok(()) if kept == self.balances => {}
            Ok(()) => self.lose(found, &differing_balances(&kept, &self.balances)),
            Err(StoreError::Damaged { .. }) => self.lose(found, "un saldo no se puede leer"),
            Err(other) => return Err(other),
        }
        match readable(look.view.totals(look.company.id).map(Some))? {
            Some(totals) if totals == self.totals => {}
            Some(_) => self.lose(found, "lo cobrado o lo adeudado no es lo del diario"),
            None => self.lose(found, "un total no se puede leer"),
        }
        Ok(())
    }
}

fn differing_balances(kept: &BTreeMap<Account, i64>, made: &BTreeMap<Account, i64>) -> String {
    let accounts = kept.keys().chain(made.keys());
    let mut differing: Vec<String> = accounts
        .filter(|account| kept.get(account) != made.get(account))
        .map(ToString::to_string)
        .collect();
    differing.sort();
    differing.dedup();
    format!("el saldo no es el del diario en: {}", differing.join(", "))
}

/// For each version of an entry, the one that it replaced.
fn replaced_by(look: Look<'_>, event: &Event) -> Result<Vec<Option<BillVersion>>, StoreError> {
    let Event::BillsVersioned(versions) = event else { return Ok(Vec::new()) };
    let before = versions.iter().map(|version| match version.number.checked_sub(1) {
        None | Some(0) => Ok(None),
        Some(number) => {
            readable(look.view.version(look.company, version.contract, version.bill, number))
        }
    });
    before.collect()
}

/// What a row says; `None` also of one that cannot be read.
fn readable<T>(read: Result<Option<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Err(StoreError::Damaged { .. }) => Ok(None),
        other => other,
    }
}

/// The first thing that an entry says and the tables do not. The tables may be later than the entry.
fn first_difference(look: Look<'_>, entry: &Entry) -> Result<Option<String>, StoreError> {
    match &entry.event {
        Event::BillsVersioned(versions) => {
            for version in versions {
                if let Some(differing) = version_difference(look, version)? {
                    return Ok(Some(differing));
                }
            }
            Ok(None)
        }
        Event::PaymentMade(payment) => payment_difference(look, payment),
        Event::PaymentReversed(reversal) => reversal_difference(look, reversal),
        Event::PayoutMade(payout) => {
            let kept = readable(look.view.payout(look.company, payout.id))?;
            let differs = kept.as_ref() != Some(payout.as_ref());
            Ok(differs.then(|| format!("el pago a proveedores {} difiere", payout.id)))
        }
        Event::PayoutReversed(reversal) => {
            let id = reversal.payout.id;
            let kept = readable(look.view.payout_reversal(look.company, id))?;
            let differs = kept.as_ref() != Some(reversal.as_ref());
            Ok(differs.then(|| format!("la reversión del pago a proveedores {id} difiere")))
        }
        Event::DrawerOpened(_)
        | Event::DrawerClosed(_)
        | Event::DrawerApproved(_)
        | Event::ReceiptIssued(_)
        | Event::ReceiptReversed(_)
        | Event::RemittanceMade(_)
        | Event::RemittanceReversed(_) => window_difference(look, &entry.event),
        Event::LogoKept(logo) => {
            let kept = readable(look.view.logo(look.company.id, logo.sha256()))?;
            let differs = kept.as_ref() != Some(logo.as_ref());
            Ok(differs.then(|| format!("el logotipo {} difiere", to_hex(logo.sha256()))))
        }
        // Of these the last word counts, which the whole verification knows.
        Event::CompanyOpened { .. }
        | Event::PolicyChanged(_)
        | Event::IssuerKept(_)
        | Event::FileImported(_)
        | Event::FileFinished { .. }
        | Event::MemberKept(_)
        | Event::ContractKept(_)
        | Event::SupplierKept(_)
        | Event::InvoiceEntered(_)
        | Event::BooksRestored(_) => Ok(None),
    }
}

/// The same of an entry of the window; nothing of any other.
fn window_difference(look: Look<'_>, event: &Event) -> Result<Option<String>, StoreError> {
    let Look { view, company, .. } = look;
    let drawer = |id| readable(view.drawer(company, id));
    let (is_kept, what) = match event {
        Event::DrawerOpened(opening) => {
            let kept = drawer(opening.id)?.map(|drawer| drawer.opening);
            (kept.as_ref() == Some(&**opening), format!("la gaveta {}", opening.id))
        }
        Event::DrawerClosed(closing) => {
            let kept = drawer(closing.drawer)?.and_then(|drawer| drawer.closing);
            (
                kept.as_ref() == Some(&**closing),
                format!("el cierre de la gaveta {}", closing.drawer),
            )
        }
        Event::DrawerApproved(approval) => {
            let kept = drawer(approval.drawer)?.and_then(|drawer| drawer.approval);
            let what = format!("la aprobación de la gaveta {}", approval.drawer);
            (kept.as_ref() == Some(&**approval), what)
        }
        Event::ReceiptIssued(receipt) => {
            let kept = readable(view.receipt(company, receipt.id))?.map(|kept| kept.receipt);
            (kept.as_ref() == Some(&**receipt), format!("el recibo {}", receipt.id))
        }
        Event::ReceiptReversed(reversal) => {
            let id = reversal.receipt.id;
            let kept = readable(view.receipt(company, id))?.and_then(|kept| kept.reversal);
            (kept.as_ref() == Some(&**reversal), format!("la reversión del recibo {id}"))
        }
        Event::RemittanceMade(made) => {
            let kept = readable(view.remittance(company, made.id))?.map(|kept| kept.remittance);
            (kept.as_ref() == Some(&**made), format!("la rendición {}", made.id))
        }
        Event::RemittanceReversed(reversal) => {
            let id = reversal.remittance.id;
            let kept = readable(view.remittance(company, id))?.and_then(|kept| kept.reversal);
            (kept.as_ref() == Some(&**reversal), format!("la reversión de la rendición {id}"))
        }
        _ => (true, String::new()),
    };
    Ok((!is_kept).then(|| format!("{what} difiere")))
}

fn version_difference(look: Look<'_>, version: &BillVersion) -> Result<Option<String>, StoreError> {
    let (contract, id) = (version.contract, version.bill);
    let kept = look.view.version(look.company, contract, id, version.number);
    if readable(kept)?.as_ref() != Some(version) {
        return Ok(Some(format!("la factura {id}, versión {}, difiere", version.number)));
    }
    let bill = readable(look.view.bill(look.company, contract, id))?;
    let is_right = bill.is_some_and(|bill| {
        let expected =
            Bill { paid_by: bill.paid_by, ..Bill::from_version(version, bill.last_payment) };
        bill.version > version.number || bill == expected
    });
    Ok((!is_right).then(|| format!("la factura {id} difiere")))
}

fn payment_difference(look: Look<'_>, payment: &Payment) -> Result<Option<String>, StoreError> {
    let id = payment.id;
    if readable(look.view.payment(look.company, id))?.as_ref() != Some(payment) {
        return Ok(Some(format!("la cobranza {id} difiere")));
    }
    let is_reversed = readable(look.view.reversal(look.company, id))?.is_some();
    let bill = readable(look.view.bill(look.company, payment.contract, payment.bill))?;
    let pays = bill.is_some_and(|bill| bill.paid_by == Some(id));
    Ok((pays == is_reversed).then(|| {
        let bill = payment.bill;
        format!("la factura {bill} no está pagada por la cobranza {id} como dice el diario")
    }))
}

fn reversal_difference(look: Look<'_>, reversal: &Reversal) -> Result<Option<String>, StoreError> {
    let id = reversal.payment;
    let kept = readable(look.view.reversal(look.company, id))?;
    let differs = kept.as_ref() != Some(reversal);
    Ok(differs.then(|| format!("la reversión de la cobranza {id} difiere")))
}
