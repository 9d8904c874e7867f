//! What is kept of the window, in every store: drawers, receipts, and what collectors hand over.

use ventanilla_domain::{
    Account, CallerKey, CollectorId, Drawer, DrawerApproval, DrawerClosing, DrawerId,
    DrawerOpening, DrawerState, Event, Means, MeansFigures, Payment, ReceiptId, ReceiptReversal,
    Remittance, RemittanceId, RemittanceReversal, Total, WindowMeans, WindowReceipt,
    WindowReceiptKey,
};
use ventanilla_store::{DrawerFilter, KeptReceipt, KeptRemittance, ReceiptFilter, Snapshot};

use crate::suppliers::words;
use crate::world::{COLLECTOR, World, bob, day, each_store, id, instant};

pub(crate) fn drawer_id(drawer: i64) -> DrawerId {
    id(DrawerId::from_i64, drawer)
}

fn receipt_id(receipt: i64) -> ReceiptId {
    id(ReceiptId::from_i64, receipt)
}

fn remittance_id(remittance: i64) -> RemittanceId {
    id(RemittanceId::from_i64, remittance)
}

pub(crate) fn opening(drawer: i64, cashier: &str) -> DrawerOpening {
    DrawerOpening {
        id: drawer_id(drawer),
        cashier: words(cashier),
        float: bob(20_000),
        recorded_at: instant(),
        business_day: day(),
    }
}

pub(crate) fn closing(drawer: i64, expected: i64, counted: i64) -> DrawerClosing {
    DrawerClosing {
        drawer: drawer_id(drawer),
        counted: bob(counted),
        expected: bob(expected),
        closed_by: None,
        recorded_at: instant(),
        business_day: day(),
    }
}

pub(crate) fn approval(drawer: i64, difference: i64) -> DrawerApproval {
    DrawerApproval {
        drawer: drawer_id(drawer),
        collector: id(CollectorId::from_i64, COLLECTOR),
        difference: bob(difference),
        approved_by: words("eva"),
        note: Some(words("faltaba cambio")),
        recorded_at: instant(),
        business_day: day(),
    }
}

/// In cash, into a drawer of ana's, without rounding or change.
pub(crate) fn receipt_of(receipt: i64, drawer: i64, payments: &[&Payment]) -> WindowReceipt {
    let total = bob(payments.iter().map(|payment| payment.amount.to_minor()).sum());
    WindowReceipt {
        id: receipt_id(receipt),
        collector: id(CollectorId::from_i64, COLLECTOR),
        payments: payments.iter().map(|payment| payment.id).collect(),
        total,
        rounding: bob(0),
        means: WindowMeans::Cash,
        tendered: total,
        cashier: words("ana"),
        drawer: drawer_id(drawer),
        recorded_at: instant(),
        business_day: day(),
        key: WindowReceiptKey::from_text(&format!("n-{receipt}")).unwrap(),
    }
}

pub(crate) fn undone(receipt: &WindowReceipt, drawer: Option<i64>) -> ReceiptReversal {
    ReceiptReversal {
        receipt: receipt.clone(),
        drawer: drawer.map(drawer_id),
        reason: words("se equivocó"),
        reversed_by: words("ana"),
        recorded_at: instant(),
        business_day: day(),
    }
}

pub(crate) fn remittance(remittance: i64) -> Remittance {
    Remittance {
        id: remittance_id(remittance),
        collector: id(CollectorId::from_i64, COLLECTOR),
        amount: bob(250),
        commission: bob(50),
        means: Means::Transfer,
        bank_date: "2021-11-25".parse().unwrap(),
        reference: Some(words("T-17")),
        recorded_by: words("luz"),
        recorded_at: instant(),
        business_day: day(),
        caller_key: Some(CallerKey::from_text(&format!("m-{remittance}")).unwrap()),
    }
}

pub(crate) fn handed_back(remittance: &Remittance) -> RemittanceReversal {
    RemittanceReversal {
        remittance: remittance.clone(),
        reason: words("el banco la devolvió"),
        reversed_by: words("luz"),
        recorded_at: instant(),
        business_day: day(),
    }
}

pub(crate) fn opened(opening: &DrawerOpening) -> Event {
    Event::DrawerOpened(Box::new(opening.clone()))
}

pub(crate) fn closed(closing: &DrawerClosing) -> Event {
    Event::DrawerClosed(Box::new(closing.clone()))
}

pub(crate) fn approved(approval: &DrawerApproval) -> Event {
    Event::DrawerApproved(Box::new(approval.clone()))
}

pub(crate) fn issued(receipt: &WindowReceipt) -> Event {
    Event::ReceiptIssued(Box::new(receipt.clone()))
}

pub(crate) fn reversed(reversal: &ReceiptReversal) -> Event {
    Event::ReceiptReversed(Box::new(reversal.clone()))
}

pub(crate) fn remitted(remittance: &Remittance) -> Event {
    Event::RemittanceMade(Box::new(remittance.clone()))
}

pub(crate) fn remittance_reversed(reversal: &RemittanceReversal) -> Event {
    Event::RemittanceReversed(Box::new(reversal.clone()))
}

/// What [`World::with_window`] made last.
pub(crate) struct Made {
    pub(crate) undone: WindowReceipt,
    pub(crate) standing: WindowReceipt,
}

impl World {
    /// Drawer 1 of ana's with receipt 1 of bills 1 and 2, rounded up by 0.05 and reversed, and receipt 2 of
    /// bill 3 by card; counted 0.20 short and approved. Drawer 2 of luz's, open. Remittance 1, reversed,
    /// and remittance 2.
    pub(crate) fn with_window(&self) -> Made {
        self.keep(opened(&opening(1, "ana")));
        let payments = [self.pay(1, Some("n-1.1")), self.pay(2, Some("n-1.2"))];
        let [first, second] = &payments;
        let rounded = WindowReceipt {
            rounding: bob(5),
            tendered: bob(1_000),
            ..receipt_of(1, 1, &[first, second])
        };
        self.keep(issued(&rounded));
        for payment in &payments {
            self.reverse(payment, None);
        }
        self.keep(reversed(&undone(&rounded, Some(1))));
        let third = self.pay(3, None);
        let by_card = WindowReceipt { means: WindowMeans::Card, ..receipt_of(2, 1, &[&third]) };
        self.keep(issued(&by_card));
        self.keep(closed(&closing(1, 20_000, 19_980)));
        self.keep(approved(&approval(1, -20)));
        self.keep(opened(&opening(2, "luz")));
        self.keep(remitted(&remittance(1)));
        self.keep(remittance_reversed(&handed_back(&remittance(1))));
        self.keep(remitted(&remittance(2)));
        Made { undone: rounded, standing: by_card }
    }
}

fn now(world: &World) -> Snapshot {
    world.store.snapshot().unwrap()
}

#[test]
fn drawers_read_back_as_they_stand() {
    each_store(|world| {
        world.with_window();
        let company = world.company();
        let snapshot = now(world);
        let view = snapshot.view();
        let first = view.drawer(&company, drawer_id(1)).unwrap().unwrap();
        assert_eq!(first.opening, opening(1, "ana"));
        assert_eq!(first.closing, Some(closing(1, 20_000, 19_980)));
        assert_eq!(first.approval, Some(approval(1, -20)));
        let total = |count, minor| Total { count, amount: bob(minor) };
        assert_eq!(
            first.figures.cash,
            MeansFigures { taken: total(1, 305), returned: total(1, 305) }
        );
        assert_eq!(
            first.figures.card,
            MeansFigures { taken: total(1, 300), returned: total(0, 0) }
        );
        assert_eq!(first.figures.qr, MeansFigures { taken: total(0, 0), returned: total(0, 0) });
        let second = view.drawer(&company, drawer_id(2)).unwrap();
        assert_eq!(second, Some(Drawer::opened(opening(2, "luz"))));
        assert_eq!(view.drawer(&company, drawer_id(3)).unwrap(), None);
        let open = |cashier| view.open_drawer_of(company.id, &words(cashier)).unwrap();
        assert_eq!((open("luz"), open("ana"), open("eva")), (Some(drawer_id(2)), None, None));
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

#[test]
fn receipts_and_remittances_read_back_with_their_reversals() {
    each_store(|world| {
        let made = world.with_window();
        let company = world.company();
        let snapshot = now(world);
        let view = snapshot.view();
        let kept = |receipt| view.receipt(&company, receipt_id(receipt)).unwrap();
        let reversal = Some(undone(&made.undone, Some(1)));
        assert_eq!(kept(1), Some(KeptReceipt { receipt: made.undone.clone(), reversal }));
        assert_eq!(kept(2), Some(KeptReceipt { receipt: made.standing.clone(), reversal: None }));
        assert_eq!(kept(3), None);
        for receipt in [&made.undone, &made.standing] {
            assert_eq!(view.receipt_keyed(company.id, &receipt.key).unwrap(), Some(receipt.id));
            for payment in &receipt.payments {
                let found = view.receipt_of_payment(company.id, *payment).unwrap();
                assert_eq!(found, Some(receipt.id));
            }
        }
        let unknown = WindowReceiptKey::from_text("n-9").unwrap();
        assert_eq!(view.receipt_keyed(company.id, &unknown).unwrap(), None);
        let kept = |remittance| view.remittance(&company, remittance_id(remittance)).unwrap();
        let reversal = Some(handed_back(&remittance(1)));
        assert_eq!(kept(1), Some(KeptRemittance { remittance: remittance(1), reversal }));
        assert_eq!(kept(2), Some(KeptRemittance { remittance: remittance(2), reversal: None }));
        let key = remittance(2).caller_key.unwrap();
        assert_eq!(view.remittance_keyed(company.id, &key).unwrap(), Some(remittance_id(2)));
    });
}

#[test]
fn pages_come_latest_first_and_are_filtered() {
    each_store(|world| {
        world.with_window();
        let company = world.company();
        let snapshot = now(world);
        let view = snapshot.view();
        let drawers = |filter: &DrawerFilter, before, len| -> Vec<i64> {
            let found = view.drawers_before(&company, filter, before, len).unwrap();
            found.iter().map(|drawer| drawer.opening.id.to_i64()).collect()
        };
        let all = DrawerFilter::default();
        let of = |state| DrawerFilter { state: Some(state), ..DrawerFilter::default() };
        assert_eq!(drawers(&all, i64::MAX, 9), [2, 1]);
        assert_eq!(drawers(&all, i64::MAX, 1), [2]);
        assert_eq!(drawers(&all, 2, 9), [1]);
        assert_eq!(drawers(&of(DrawerState::Open), i64::MAX, 9), [2]);
        assert_eq!(drawers(&of(DrawerState::Closed), i64::MAX, 9), Vec::<i64>::new());
        assert_eq!(drawers(&of(DrawerState::Approved), i64::MAX, 9), [1]);
        let of_ana = DrawerFilter { cashier: Some(words("ana")), day: Some(day()), state: None };
        assert_eq!(drawers(&of_ana, i64::MAX, 9), [1]);
        let later = DrawerFilter { day: Some(day().next()), ..DrawerFilter::default() };
        assert_eq!(drawers(&later, i64::MAX, 9), Vec::<i64>::new());
        let receipts = |filter: &ReceiptFilter, before, len| -> Vec<i64> {
            let found = view.receipts_before(&company, filter, before, len).unwrap();
            found.iter().map(|kept| kept.receipt.id.to_i64()).collect()
        };
        let all = ReceiptFilter::default();
        assert_eq!(receipts(&all, i64::MAX, 9), [2, 1]);
        assert_eq!(receipts(&all, 2, 9), [1]);
        let of_ana = ReceiptFilter {
            day: Some(day()),
            cashier: Some(words("ana")),
            drawer: Some(drawer_id(1)),
        };
        assert_eq!(receipts(&of_ana, i64::MAX, 1), [2]);
        let of_luz = ReceiptFilter { cashier: Some(words("luz")), ..ReceiptFilter::default() };
        assert_eq!(receipts(&of_luz, i64::MAX, 9), Vec::<i64>::new());
        let remittances = |collector: Option<i64>, before, len| -> Vec<i64> {
            let collector = collector.map(|collector| id(CollectorId::from_i64, collector));
            let found = view.remittances_before(&company, collector, before, len).unwrap();
            found.iter().map(|kept| kept.remittance.id.to_i64()).collect()
        };
        assert_eq!(remittances(None, i64::MAX, 9), [2, 1]);
        assert_eq!(remittances(Some(COLLECTOR), 2, 9), [1]);
        assert_eq!(remittances(Some(COLLECTOR + 1), i64::MAX, 9), Vec::<i64>::new());
    });
}

#[test]
fn the_balances_say_what_the_window_holds() {
    each_store(|world| {
        world.with_window();
        world.store.settle().unwrap();
        let company = world.company().id;
        let snapshot = now(world);
        for (account, minor) in [
            // 3.00 by card, less 0.20 short, less 3.00 handed over.
            (Account::Collector(id(CollectorId::from_i64, COLLECTOR)), 300 - 20 - 300),
            (Account::CashRounding, 0),
            (Account::CashOverShort, 20),
            (Account::Commissions, 50),
            (Account::Means(Means::Transfer), 250),
        ] {
            assert_eq!(snapshot.view().balance(company, &account).unwrap(), minor, "{account}");
        }
    });
}

#[test]
fn what_the_window_keeps_leaves_the_mark_of_the_facts() {
    each_store(|world| {
        let mark = world.counters().facts_mark();
        world.with_window();
        let counters = world.counters();
        assert_eq!(counters.facts_mark(), mark);
        assert_eq!(counters.window_entries, 10);
        assert_eq!(
            (counters.next_receipt, counters.next_drawer, counters.next_remittance),
            (receipt_id(3), drawer_id(3), remittance_id(3))
        );
    });
}

#[test]
fn a_drawer_that_another_closed_says_who() {
    each_store(|world| {
        world.keep(opened(&opening(1, "ana")));
        let by_eva = DrawerClosing { closed_by: Some(words("eva")), ..closing(1, 20_000, 19_980) };
        world.keep(closed(&by_eva));
        let (company, snapshot) = (world.company(), now(world));
        let kept = snapshot.view().drawer(&company, drawer_id(1)).unwrap().unwrap();
        assert_eq!(kept.closing, Some(by_eva));
        assert_eq!(snapshot.view().open_drawer_of(company.id, &words("ana")).unwrap(), None);
        let entries = snapshot.view().entries(&company, 2, 100).unwrap();
        let written = &entries.last().unwrap().written;
        let text = r#"{"drawer":1,"counted":19980,"expected":20000,"by":"eva","at_us":1637943112000000,"day":"2021-11-26"}"#;
        assert_eq!((&*written.kind, written.payload.as_str()), ("drawer-closed", text));
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

#[test]
fn what_is_written_keeps_its_form() {
    // These texts are in journals for ever: a field may be added, none may change.
    let receipt = r#"{"id":1,"collector":1,"payments":[1,2],"minor":300,"rounding":5,"means":"cash","tendered":1000,"cashier":"ana","drawer":1,"at_us":1637943112000000,"day":"2021-11-26","key":"n-1"}"#;
    let by_card = r#"{"id":2,"collector":1,"payments":[3],"minor":300,"means":"card","tendered":300,"cashier":"ana","drawer":1,"at_us":1637943112000000,"day":"2021-11-26","key":"n-2"}"#;
    let remittance = r#"{"id":1,"collector":1,"minor":250,"commission":50,"means":"transfer","bank_date":"2021-11-25","reference":"T-17","by":"luz","at_us":1637943112000000,"day":"2021-11-26","key":"m-1"}"#;
    let ended = r#""at_us":1637943112000000,"day":"2021-11-26"}"#;
    let expected = [
        ("drawer-opened", format!(r#"{{"id":1,"cashier":"ana","float":20000,{ended}"#)),
        ("receipt-issued", receipt.to_owned()),
        (
            "receipt-reversed",
            format!(
                r#"{{"receipt":{receipt},"drawer":1,"reason":"se equivocó","by":"ana",{ended}"#
            ),
        ),
        ("receipt-issued", by_card.to_owned()),
        ("drawer-closed", format!(r#"{{"drawer":1,"counted":19980,"expected":20000,{ended}"#)),
        (
            "drawer-approved",
            format!(
                r#"{{"drawer":1,"collector":1,"difference":-20,"by":"eva","note":"faltaba cambio",{ended}"#
            ),
        ),
        ("drawer-opened", format!(r#"{{"id":2,"cashier":"luz","float":20000,{ended}"#)),
        ("remittance-made", remittance.to_owned()),
        (
            "remittance-reversed",
            format!(
                r#"{{"remittance":{remittance},"reason":"el banco la devolvió","by":"luz",{ended}"#
            ),
        ),
    ];
    each_store(|world| {
        world.with_window();
        let snapshot = now(world);
        let entries = snapshot.view().entries(&world.company(), 8, 100).unwrap();
        let written: Vec<_> = entries
            .iter()
            .filter(|entry| !entry.written.kind.starts_with("payment-"))
            .map(|entry| (&*entry.written.kind, entry.written.payload.clone()))
            .take(expected.len())
            .collect();
        assert_eq!(written, expected);
    });
}
