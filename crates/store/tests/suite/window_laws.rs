//! What stands below the rules of the window, in every store: events past the rules; and that whoever alters
//! what is kept is found.

use ventanilla_domain::{
    CallerKey, CollectorId, DrawerApproval, DrawerClosing, Event, PaymentId, Remittance,
    WindowMeans, WindowReceipt, WindowReceiptKey,
};
use ventanilla_store::{Follower, Store};

use crate::sqlite::{UNLOCKED, edit, keys};
use crate::suppliers::words;
use crate::window::{
    approval, approved, closed, closing, drawer_id, handed_back, issued, opened, opening,
    receipt_of, remittance, remittance_reversed, remitted, reversed, undone,
};
use crate::world::{World, bob, each_store, id, instant};

/// Each of these events is refused and leaves nothing.
fn refuses_all(world: &World, events: impl IntoIterator<Item = Event>) {
    events.into_iter().for_each(|event| world.refuses(event));
    assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
}

#[test]
fn a_cashier_has_one_drawer_open_and_each_id_is_used_once() {
    each_store(|world| {
        world.keep(opened(&opening(1, "ana")));
        refuses_all(world, [opened(&opening(2, "ana")), opened(&opening(1, "eva"))]);
        world.keep(closed(&closing(1, 20_000, 20_000)));
        refuses_all(world, [opened(&opening(1, "ana"))]);
        world.keep(opened(&opening(2, "ana")));
        world.is_sound();
    });
}

#[test]
fn a_drawer_is_closed_once_with_what_went_through_it_and_approved_once_by_another() {
    each_store(|world| {
        world.keep(opened(&opening(1, "ana")));
        let by_ana = DrawerApproval { approved_by: words("ana"), ..approval(1, -20) };
        refuses_all(
            world,
            [
                closed(&closing(9, 20_000, 20_000)),
                closed(&closing(1, 20_001, 20_000)),
                approved(&approval(1, 0)),
                approved(&approval(9, 0)),
            ],
        );
        world.keep(closed(&closing(1, 20_000, 19_980)));
        refuses_all(
            world,
            [
                closed(&closing(1, 20_000, 19_980)),
                approved(&approval(1, 0)),
                approved(&approval(1, 20)),
                approved(&by_ana),
            ],
        );
        world.keep(approved(&approval(1, -20)));
        refuses_all(world, [approved(&approval(1, -20)), closed(&closing(1, 20_000, 19_980))]);
    });
}

#[test]
fn who_closes_a_drawer_in_its_cashiers_place_is_another_and_does_not_approve_it() {
    each_store(|world| {
        world.keep(opened(&opening(1, "ana")));
        let closed_by = |name| {
            closed(&DrawerClosing { closed_by: Some(words(name)), ..closing(1, 20_000, 19_980) })
        };
        let approved_by =
            |name| approved(&DrawerApproval { approved_by: words(name), ..approval(1, -20) });
        refuses_all(world, [closed_by("ana")]);
        world.keep(closed_by("eva"));
        refuses_all(world, [approved_by("ana"), approved_by("eva")]);
        world.keep(approved_by("luz"));
        world.is_sound();
    });
}

#[test]
fn a_receipt_is_of_standing_payments_of_its_window_and_paid_in_full() {
    each_store(|world| {
        world.keep(opened(&opening(1, "ana")));
        world.keep(opened(&opening(2, "eva")));
        let (first, second) = (world.pay(1, None), world.pay(2, None));
        let gone = world.pay(3, None);
        world.reverse(&gone, None);
        let right = receipt_of(1, 1, &[&first, &second]);
        let wrong: [fn(&mut WindowReceipt); 13] = [
            |receipt| receipt.payments.clear(),
            |receipt| receipt.payments.truncate(1),
            |receipt| receipt.payments[1] = receipt.payments[0],
            |receipt| receipt.payments[1] = id(PaymentId::from_i64, 99),
            |receipt| receipt.collector = id(CollectorId::from_i64, 2),
            |receipt| receipt.total = bob(301),
            |receipt| receipt.tendered = bob(299),
            |receipt| receipt.rounding = bob(1),
            |receipt| receipt.rounding = bob(-301),
            |receipt| {
                // Only cash gives change.
                receipt.means = WindowMeans::Qr;
                receipt.tendered = bob(301);
            },
            |receipt| receipt.drawer = drawer_id(9),
            |receipt| receipt.drawer = drawer_id(2),
            |receipt| receipt.cashier = words("eva"),
        ];
        let wrong = wrong.map(|change| {
            let mut receipt = right.clone();
            change(&mut receipt);
            issued(&receipt)
        });
        refuses_all(world, wrong);
        refuses_all(world, [issued(&receipt_of(1, 1, &[&gone]))]);
        world.keep(issued(&right));
        let other_key = WindowReceiptKey::from_text("n-9").unwrap();
        let third = world.pay(3, None);
        refuses_all(
            world,
            [
                issued(&receipt_of(1, 1, &[&third])),
                issued(&WindowReceipt { key: other_key.clone(), ..receipt_of(1, 1, &[&third]) }),
                issued(&WindowReceipt { key: right.key.clone(), ..receipt_of(2, 1, &[&third]) }),
                issued(&receipt_of(2, 1, &[&third, &second])),
            ],
        );
        world.keep(closed(&closing(1, 20_300, 20_300)));
        refuses_all(world, [issued(&receipt_of(2, 1, &[&third]))]);
    });
}

#[test]
fn a_receipt_is_reversed_once_as_it_was_made_and_with_all_its_payments() {
    each_store(|world| {
        world.keep(opened(&opening(1, "ana")));
        let (first, second) = (world.pay(1, None), world.pay(2, None));
        let right = receipt_of(1, 1, &[&first, &second]);
        world.keep(issued(&right));
        refuses_all(world, [reversed(&undone(&right, Some(1)))]);
        world.reverse(&first, None);
        refuses_all(world, [reversed(&undone(&right, Some(1)))]);
        world.reverse(&second, None);
        let altered = WindowReceipt { rounding: bob(1), ..right.clone() };
        refuses_all(
            world,
            [
                reversed(&undone(&altered, Some(1))),
                reversed(&undone(
                    &WindowReceipt { id: receipt_of(9, 1, &[]).id, ..right.clone() },
                    None,
                )),
                reversed(&undone(&right, Some(9))),
            ],
        );
        world.keep(closed(&closing(1, 20_300, 20_300)));
        refuses_all(world, [reversed(&undone(&right, Some(1)))]);
        world.keep(reversed(&undone(&right, None)));
        refuses_all(world, [reversed(&undone(&right, None))]);
    });
}

#[test]
fn a_remittance_hands_something_over_and_is_reversed_once_as_it_was_made() {
    each_store(|world| {
        let of = |amount, commission| {
            remitted(&Remittance {
                amount: bob(amount),
                commission: bob(commission),
                ..remittance(1)
            })
        };
        refuses_all(world, [of(0, 0), of(-1, 2), of(2, -1)]);
        world.keep(remitted(&remittance(1)));
        let other_key = CallerKey::from_text("m-9").ok();
        let altered = Remittance { amount: bob(1), ..remittance(1) };
        refuses_all(
            world,
            [
                remitted(&Remittance { caller_key: other_key, ..remittance(1) }),
                remitted(&Remittance { caller_key: remittance(1).caller_key, ..remittance(2) }),
                remittance_reversed(&handed_back(&altered)),
                remittance_reversed(&handed_back(&remittance(2))),
            ],
        );
        world.keep(remittance_reversed(&handed_back(&remittance(1))));
        refuses_all(world, [remittance_reversed(&handed_back(&remittance(1)))]);
        // Without a key nobody repeats one.
        world.keep(remitted(&Remittance { caller_key: None, ..remittance(2) }));
        world.keep(remitted(&Remittance { caller_key: None, ..remittance(3) }));
        world.is_sound();
    });
}

/// A change of the file, and what is told of it.
const TAMPERINGS: [(&str, &str); 22] = [
    ("UPDATE drawer SET cashier = 'eva' WHERE drawer_id = 1", "drawer: gaveta 1 difiere"),
    ("UPDATE drawer SET open_for = 'eva' WHERE drawer_id = 2", "drawer: gaveta 2 difiere"),
    (
        "UPDATE drawer SET business_day = '2021-11-27' WHERE drawer_id = 2",
        "drawer: gaveta 2 difiere",
    ),
    ("UPDATE drawer SET figures = '{}' WHERE drawer_id = 1", "drawer: gaveta 1 difiere"),
    (
        "UPDATE drawer SET figures = '{\"gold\":[1,1,1,1]}' WHERE drawer_id = 1",
        "drawer: una fila no se",
    ),
    ("UPDATE drawer SET closing = replace(closing, '19980', '20000')", "drawer: gaveta 1 difiere"),
    ("UPDATE drawer SET approval = replace(approval, 'eva', 'ana')", "drawer: gaveta 1 difiere"),
    ("DELETE FROM drawer WHERE drawer_id = 2", "drawer: falta gaveta 2"),
    ("UPDATE window_receipt SET caller_key = 'x' WHERE receipt_id = 2", "recibo 2 difiere"),
    ("UPDATE window_receipt SET drawer_id = 2 WHERE receipt_id = 2", "recibo 2 difiere"),
    ("UPDATE window_receipt SET record = replace(record, '300', '200')", "recibo 2 difiere"),
    ("UPDATE window_receipt SET reversal = NULL", "recibo 1 difiere"),
    ("DELETE FROM window_receipt WHERE receipt_id = 2", "window_receipt: falta recibo 2"),
    (
        "DELETE FROM window_receipt_payment WHERE payment_id = 3",
        "window_receipt_payment: falta recibo de la cobranza 3",
    ),
    (
        "UPDATE window_receipt_payment SET receipt_id = 2 WHERE payment_id = 1",
        "window_receipt_payment: recibo de la cobranza 1 difiere",
    ),
    ("UPDATE remittance SET collector_id = 2 WHERE remittance_id = 2", "rendición 2 difiere"),
    ("UPDATE remittance SET caller_key = NULL WHERE remittance_id = 2", "rendición 2 difiere"),
    ("UPDATE remittance SET reversal = NULL", "remittance: rendición 1 difiere"),
    ("UPDATE counter SET next_receipt = 9", "contadores"),
    ("UPDATE counter SET next_drawer = 9", "contadores"),
    ("UPDATE counter SET next_remittance = 1", "contadores"),
    ("UPDATE counter SET window_entries = 7", "contadores"),
];

#[test]
fn each_tampering_with_the_window_is_found() {
    let in_journal = [
        "UPDATE journal SET payload = replace(payload, '19980', '20000') WHERE kind = 'drawer-closed'",
        "UPDATE journal SET amount_minor = 1 WHERE debit = 'cash-over-short'",
        "UPDATE journal SET credit = 'collector:2' WHERE debit = 'commissions'",
    ]
    .map(|change| (format!("{UNLOCKED} {change}"), "asiento"));
    let in_tables = TAMPERINGS.map(|(change, expected)| (change.to_owned(), expected));
    for (change, expected) in in_tables.into_iter().chain(in_journal) {
        let folder = tempfile::tempdir().unwrap();
        let world = World::made(Store::create_sqlite(folder.path(), keys()).unwrap());
        world.with_window();
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
        edit(folder.path(), &change);
        let findings = world.store.verify().unwrap().findings;
        assert!(findings.iter().any(|told| told.contains(expected)), "{change}: {findings:?}");
    }
}

#[test]
fn whoever_follows_the_journal_finds_it_too() {
    for (change, expected) in [
        ("UPDATE drawer SET opening = replace(opening, '20000', '1')", "la gaveta 1 difiere"),
        ("UPDATE drawer SET closing = replace(closing, '19980', '1')", "el cierre de la gaveta 1"),
        (
            "UPDATE drawer SET approval = replace(approval, 'eva', 'x')",
            "la aprobación de la gaveta 1",
        ),
        ("UPDATE window_receipt SET record = replace(record, 'ana', 'x')", "el recibo 1 difiere"),
        ("UPDATE window_receipt SET reversal = NULL", "la reversión del recibo 1 difiere"),
        ("UPDATE remittance SET record = replace(record, 'luz', 'x')", "la rendición 1 difiere"),
        ("UPDATE remittance SET reversal = NULL", "la reversión de la rendición 1 difiere"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let world = World::made(Store::create_sqlite(folder.path(), keys()).unwrap());
        world.with_window();
        edit(folder.path(), change);
        let step = world.store.follow(&mut Follower::default(), 1_000).unwrap();
        assert!(step.findings.iter().any(|told| told.contains(expected)), "{change}: {step:?}");
    }
}

#[test]
fn an_act_that_is_not_committed_leaves_nothing_of_its_drawer() {
    each_store(|world| {
        world.keep(opened(&opening(1, "ana")));
        let payment = world.pay(1, None);
        let before = world.store.verify().unwrap();
        let mut tx = world.store.begin().unwrap();
        tx.append(world.company().id, issued(&receipt_of(1, 1, &[&payment])), instant()).unwrap();
        drop(tx);
        assert_eq!(world.store.verify().unwrap(), before);
        world.keep(issued(&receipt_of(1, 1, &[&payment])));
    });
}
