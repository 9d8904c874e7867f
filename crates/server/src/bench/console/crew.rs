//! Who works at the cooperative whose pages are measured, and what an hour and a day of theirs leave in the books.

use std::net::{IpAddr, Ipv4Addr};

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;
use ventanilla_domain::{
    CallerKey, CollectorLimits, CompanyId, Currency, DrawerId, Label, Means, Money, PayCommand,
    PaymentId, Place, Reason, ReceiptId, ReverseCommand, Role, Text, WindowMeans, WindowReceiptKey,
    business_day,
};
use ventanilla_service::{
    Caller, Failure, Held, IssuedReceipt, NewRemittance, Officer, Service, WindowPayment,
};

use super::debts::Debts;
use crate::bench::world::{add_collector, not_ready};
use crate::books::Books;
use crate::problem;

/// Who signs in: name and role.
pub(super) const USERS: [(&str, Role); 6] = [
    ("caja1", Role::Cashier),
    ("caja2", Role::Cashier),
    ("caja3", Role::Cashier),
    ("supervision", Role::Supervisor),
    ("contaduria", Role::Accountant),
    ("gerencia", Role::Administrator),
];
/// Everybody's password.
pub(super) const PASSWORD: &str = "clave de la medición";

/// Who collects beside the window, those that take most first.
const BANKS: [&str; 4] = ["banco", "billetera", "quiosco", "red"];
/// Of ten payments outside the window, whose they are.
const SHARES: [usize; 10] = [0, 0, 0, 0, 0, 1, 1, 1, 2, 3];
/// What is in a drawer in the morning, in hundredths.
const FLOAT_MINOR: i64 = 20_000;
/// One in so many payments is a slip, and reversed.
const REVERSED_EVERY: i64 = 50;
/// One in so many days a cashier's drawer is short.
const SHORT_EVERY: u32 = 7;
/// Days between two remittances, and two closings of days.
const WEEK: u32 = 7;

/// A cashier, and the drawer of the day.
struct Cashier {
    officer: Officer,
    drawer: Option<DrawerId>,
    cash_minor: i64,
}

/// All of them.
pub(super) struct Crew<'b> {
    books: &'b Books,
    banks: Vec<Caller>,
    cashiers: Vec<Cashier>,
    supervisor: Officer,
    accountant: Officer,
    /// Acts are named by it.
    count: usize,
    pub(super) first: First,
}

/// The first of what pages are of, once there is one.
#[derive(Debug, Default)]
pub(super) struct First {
    pub(super) payment: Option<PaymentId>,
    pub(super) reversed: Option<PaymentId>,
    pub(super) receipt: Option<ReceiptId>,
    /// Closed, and of the first cashier.
    pub(super) drawer: Option<DrawerId>,
}

/// What was answered; what was refused says that the measurement is wrong.
pub(super) fn done<T, R: std::fmt::Debug>(result: Result<T, Failure<R>>) -> anyhow::Result<T> {
    result.map_err(|failure| {
        problem::from_failure(failure, |refusal| {
            tracing::error!(?refusal, "an act of the measurement's own was refused");
            not_ready()
        })
    })
}

fn money(minor: i64) -> Money {
    Money::from_minor(minor, Currency::BOB)
}

impl<'b> Crew<'b> {
    /// Takes everybody on.
    pub(super) fn hire(books: &'b Books, company: CompanyId) -> anyhow::Result<Self> {
        for (name, role) in USERS {
            let added = books.service.add_user(Text::from_text(name)?, PASSWORD, company, role);
            books.wait(added).map_err(|failure| books.unchanged(failure))?;
        }
        let banks = BANKS.map(|name| add_collector(books, company, name));
        let seen = books.company(Some(company))?;
        let banks = banks.into_iter().map(|collector| {
            let (limits, company) = (CollectorLimits::default(), seen.clone().into());
            Ok(Caller { collector: collector?, can_list: false, limits, company })
        });
        let [one, two, three, supervisor, accountant, _] =
            USERS.map(|(name, _)| inside(books, company, name));
        let cashiers = [one, two, three]
            .into_iter()
            .map(|officer| Ok(Cashier { officer: officer?, drawer: None, cash_minor: 0 }));
        Ok(Self {
            books,
            banks: banks.collect::<anyhow::Result<_>>()?,
            cashiers: cashiers.collect::<anyhow::Result<_>>()?,
            supervisor: supervisor?,
            accountant: accountant?,
            count: 0,
            first: First::default(),
        })
    }

    fn service(&self) -> &'b Service {
        &self.books.service
    }

    fn next_number(&mut self) -> usize {
        self.count += 1;
        self.count
    }

    /// Opens the cashiers' drawers.
    pub(super) fn open(&mut self) -> anyhow::Result<()> {
        let (books, service) = (self.books, self.service());
        for cashier in &mut self.cashiers {
            let opened = service.open_drawer(&cashier.officer, money(FLOAT_MINOR));
            cashier.drawer = Some(done(books.wait(opened))?.id);
            cashier.cash_minor = FLOAT_MINOR;
        }
        Ok(())
    }

    /// So many payments of other collectors at once: the oldest bill of a contract each.
    pub(super) fn collect(&mut self, debts: &mut Debts<'_>, payments: u32) -> anyhow::Result<()> {
        let mut commands = Vec::new();
        for _ in 0..payments {
            let Some(line) = debts.next().and_then(|lines| lines.into_iter().next()) else { break };
            let number = self.next_number();
            let caller = self.banks[SHARES[number % SHARES.len()]].clone();
            commands.push((
                caller.clone(),
                PayCommand {
                    collector: caller.collector,
                    bill: line.bill,
                    period: line.period,
                    contract: line.contract,
                    amount: line.amount,
                    caller_reference: None,
                    caller_key: Some(CallerKey::from_text(&to_name(number))?),
                    place: place(number)?,
                },
            ));
        }
        let service = self.service().clone();
        let paid = together(self.books, commands, move |(caller, command)| {
            let service = service.clone();
            async move { done(service.pay(&caller, command).await).map(|made| (caller, made.act)) }
        })?;
        for (caller, payment) in paid {
            self.first.payment.get_or_insert(payment.id);
            if payment.id.to_i64() % REVERSED_EVERY != 1 {
                continue;
            }
            let command = ReverseCommand {
                collector: caller.collector,
                bill: payment.bill,
                payment: payment.id,
                reason: Some(Reason::from_text("error del cajero")?),
                caller_key: None,
                is_late_allowed: false,
            };
            done(self.books.wait(self.service().reverse(&caller, command)))?;
            self.first.reversed.get_or_insert(payment.id);
        }
        Ok(())
    }

    /// So many payments at the window: receipts of all that a contract owes, every third of two contracts.
    pub(super) fn take(&mut self, debts: &mut Debts<'_>, payments: u32) -> anyhow::Result<()> {
        let (mut wanted, mut left) = (Vec::new(), usize::try_from(payments)?);
        while left > 0 {
            let number = self.next_number();
            let Some(mut bills) = debts.next() else { break };
            bills.extend((number % 3 == 2).then(|| debts.next()).flatten().unwrap_or_default());
            left = left.saturating_sub(bills.len());
            let means = [WindowMeans::Cash, WindowMeans::Qr, WindowMeans::Cash, WindowMeans::Card];
            let payment = WindowPayment {
                bills,
                means: means[number % means.len()],
                tendered: None,
                key: WindowReceiptKey::from_text(&to_name(number))?,
            };
            let at = number % self.cashiers.len();
            wanted.push((at, self.cashiers[at].officer.clone(), payment));
        }
        let service = self.service().clone();
        let taken = together(self.books, wanted, move |(at, officer, payment)| {
            let service = service.clone();
            async move { done(service.take_payment(&officer, payment).await).map(|made| (at, made.act)) }
        })?;
        for (at, issued) in taken {
            let id = issued.receipt.id;
            self.cashiers[at].count(&issued, 1);
            self.first.receipt.get_or_insert(id);
            if id.to_i64() % REVERSED_EVERY == 2 {
                self.undo(at, id)?;
            }
        }
        Ok(())
    }

    fn undo(&mut self, at: usize, receipt: ReceiptId) -> anyhow::Result<()> {
        let reason = Reason::from_text("error del cajero")?;
        let undoing = self.service().reverse_receipt(&self.cashiers[at].officer, receipt, reason);
        let undone = done(self.books.wait(undoing))?;
        self.cashiers[at].count(&undone, -1);
        Ok(())
    }

    /// Counts and approves the drawers; each week collectors hand over, and the days before are closed.
    pub(super) fn close(&mut self, day: u32) -> anyhow::Result<()> {
        for (cashier, number) in self.cashiers.iter().zip(0_u32..) {
            let Some(drawer) = cashier.drawer else { continue };
            let short = if (day + number).is_multiple_of(SHORT_EVERY) { 500 } else { 0 };
            let counted = money(cashier.cash_minor - short);
            let closing = self.service().close_drawer(&cashier.officer, drawer, counted);
            done(self.books.wait(closing))?;
            let note = Some(Reason::from_text("contado dos veces")?);
            let approving = self.service().approve_drawer(&self.supervisor, drawer, note);
            done(self.books.wait(approving))?;
            self.first.drawer.get_or_insert(drawer);
        }
        if day.is_multiple_of(WEEK) { self.close_week() } else { Ok(()) }
    }

    fn close_week(&mut self) -> anyhow::Result<()> {
        let now = self.service().clock().now();
        for Held { collector, amount } in done(self.service().held(&self.accountant))? {
            if collector.is_window || amount.to_minor() < 100 {
                continue;
            }
            let commission = money(amount.to_minor() / 100);
            let new = NewRemittance {
                collector: collector.id,
                amount: money(amount.to_minor() - commission.to_minor()),
                commission,
                means: Means::Transfer,
                bank_date: business_day(&self.accountant.company, now).to_date(),
                reference: Some(Label::from_text("depósito de la semana")?),
                key: Some(CallerKey::from_text(&to_name(self.next_number()))?),
            };
            let made = done(self.books.wait(self.service().remit(&self.accountant, new)))?.act;
            if made.id.to_i64() % 10 == 3 {
                let reason = Reason::from_text("depósito de otro mes")?;
                let undoing = self.service().reverse_remittance(&self.accountant, made.id, reason);
                done(self.books.wait(undoing))?;
            }
        }
        let before = now - SignedDuration::from_hours(24);
        let through = business_day(&self.accountant.company, before);
        done(self.books.wait(self.service().close_days(&self.accountant, through)))?;
        Ok(())
    }
}

impl Cashier {
    /// What a receipt puts into the drawer, or takes out of it.
    fn count(&mut self, issued: &IssuedReceipt, sign: i64) {
        if issued.receipt.means == WindowMeans::Cash {
            self.cash_minor += sign * issued.receipt.due().to_minor();
        }
    }
}

/// Somebody who signs in for all the days.
fn inside(books: &Books, company: CompanyId, name: &str) -> anyhow::Result<Officer> {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let entered = done(books.wait(books.service.enter(name, PASSWORD, address)))?;
    let office = done(books.service.office(&entered.key, address))?;
    office.officer(company).ok_or_else(not_ready)
}

/// Does all of them at once, so that they share commits, and answers in the order of what was asked.
fn together<T, A, F>(books: &Books, asked: Vec<T>, act: impl Fn(T) -> F) -> anyhow::Result<Vec<A>>
where
    A: Send + 'static,
    F: Future<Output = anyhow::Result<A>> + Send + 'static,
{
    books.wait(async {
        let mut acts = JoinSet::new();
        for (at, asked) in asked.into_iter().enumerate() {
            let act = act(asked);
            acts.spawn(async move { act.await.map(|answer| (at, answer)) });
        }
        let mut all = Vec::with_capacity(acts.len());
        while let Some(joined) = acts.join_next().await {
            all.push(joined??);
        }
        all.sort_unstable_by_key(|(at, _)| *at);
        Ok(all.into_iter().map(|(_, answer)| answer).collect())
    })
}

fn place(number: usize) -> anyhow::Result<Place> {
    Ok(Place {
        branch: Some(Label::from_text(["Centro", "Norte", "Sur"][number % 3])?),
        cashier: Some(Label::from_text(&format!("cajero {}", number % 7 + 1))?),
        terminal: None,
        means: Some(Label::from_text(["efectivo", "QR"][number % 2])?),
        collected_at: None,
    })
}

/// The name of an attempt.
fn to_name(number: usize) -> String {
    format!("m{number}")
}

/// So many hours after an instant.
pub(super) fn hours_after(at: Timestamp, hours: i64) -> Timestamp {
    at + SignedDuration::from_hours(hours)
}
