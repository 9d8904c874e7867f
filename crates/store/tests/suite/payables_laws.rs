//! What stands below the rules of the suppliers' side, in every store: events past the rules.

use ventanilla_domain::{
    CallerKey, Event, IntegratorId, Letter, Payout, PayoutReversal, PurchaseInvoice,
};

use crate::suppliers::{
    TAX_IDS, bare_invoice, bare_payout, bare_supplier, full_invoice, full_supplier,
    invoice_entered, number, payout_id, payout_made, payout_reversed, reversal_of, supplier_id,
    supplier_kept,
};
use crate::world::{World, bob, each_store};

/// Each of these events is refused and leaves nothing.
fn refuses_all<const LEN: usize>(world: &World, events: [Event; LEN]) {
    for event in events {
        world.refuses(event);
    }
    assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
}

/// Each of these events is taken.
fn takes_all<const LEN: usize>(world: &World, events: [Event; LEN]) {
    for event in events {
        world.keep(event);
    }
    assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
}

fn keyed(payout: i64, integrator: Option<i64>, key: &str) -> Event {
    payout_made(&Payout {
        integrator: integrator.map(|integrator| IntegratorId::from_i64(integrator).unwrap()),
        caller_key: Some(CallerKey::from_text(key).unwrap()),
        ..bare_payout(payout, 2, &[])
    })
}

#[test]
fn no_more_is_settled_than_is_open_and_only_of_the_suppliers_own() {
    each_store(|world| {
        world.with_payables();
        // Of invoice 2, 200.00 are open.
        let of_first = |applied: &[(i64, i64)]| payout_made(&bare_payout(3, 1, applied));
        refuses_all(
            world,
            [
                of_first(&[(2, 20_001)]),
                of_first(&[(1, 100), (2, 20_001)]),
                of_first(&[(2, 10_000), (2, 10_000)]),
                of_first(&[(2, 0)]),
                of_first(&[(2, -1)]),
                of_first(&[(2, i64::MAX)]),
                of_first(&[(9, 1)]),
                of_first(&[(3, 1)]),
                payout_made(&bare_payout(3, 2, &[(1, 1)])),
            ],
        );
        takes_all(world, [of_first(&[(2, 20_000)])]);
        refuses_all(world, [payout_made(&bare_payout(4, 1, &[(2, 1)]))]);
    });
}

#[test]
fn a_payouts_id_number_and_key_are_used_once_though_it_was_reversed() {
    each_store(|world| {
        world.with_payables();
        let renumbered = |payout, point, serial| {
            let number = number(point, serial);
            payout_made(&Payout { number, ..bare_payout(payout, 2, &[]) })
        };
        let reused = [
            renumbered(1, 1, 9),
            renumbered(2, 1, 9),
            renumbered(3, 1, 1),
            renumbered(3, 1, 2),
            keyed(3, Some(1), "k-1"),
        ];
        refuses_all(world, reused.clone());
        let standing = world.store.snapshot().unwrap();
        let standing = standing.view().payout(&world.company(), payout_id(2)).unwrap().unwrap();
        world.keep(payout_reversed(&standing));
        refuses_all(world, reused);
        takes_all(
            world,
            [
                renumbered(3, 2, 1),
                keyed(4, Some(2), "k-1"),
                keyed(5, Some(1), "k-2"),
                // Without an integrator a key is nobody's.
                keyed(6, None, "k-1"),
                keyed(7, None, "k-1"),
            ],
        );
    });
}

#[test]
fn an_invoices_id_is_used_once_and_its_number_once_for_supplier_and_letter() {
    each_store(|world| {
        world.with_payables();
        let entered = |invoice, supplier, letter: Option<&str>, serial| {
            let mut made = bare_invoice(invoice, supplier, 100);
            made.terms.letter = letter.map(|text| Letter::from_text(text).unwrap());
            made.terms.number = number(3, serial);
            invoice_entered(&made)
        };
        refuses_all(
            world,
            [
                entered(1, 1, None, 9),
                entered(3, 1, None, 9),
                entered(4, 1, Some("A"), 1),
                entered(4, 1, None, 2),
            ],
        );
        takes_all(
            world,
            [
                entered(4, 1, Some("B"), 1),
                entered(5, 1, None, 1),
                entered(6, 1, Some("A"), 2),
                entered(7, 2, Some("A"), 1),
            ],
        );
    });
}

#[test]
fn an_invoice_has_a_total() {
    each_store(|world| {
        world.keep(supplier_kept(&bare_supplier(1)));
        refuses_all(world, [0, -100].map(|minor| invoice_entered(&bare_invoice(1, 1, minor))));
    });
}

#[test]
fn a_tax_number_is_one_suppliers() {
    each_store(|world| {
        world.with_payables();
        refuses_all(world, [2, 5].map(|id| supplier_kept(&full_supplier(id, TAX_IDS[0]))));
        takes_all(
            world,
            [
                supplier_kept(&full_supplier(1, TAX_IDS[0])),
                supplier_kept(&full_supplier(2, TAX_IDS[1])),
                supplier_kept(&bare_supplier(1)),
                supplier_kept(&full_supplier(2, TAX_IDS[0])),
                // None is no number that two could have.
                supplier_kept(&bare_supplier(5)),
            ],
        );
    });
}

#[test]
fn invoices_and_payouts_have_a_supplier() {
    each_store(|world| {
        world.with_payables();
        let of_another = |invoice: PurchaseInvoice| {
            let mut invoice = invoice;
            invoice.terms.supplier = supplier_id(9);
            invoice_entered(&invoice)
        };
        refuses_all(
            world,
            [
                of_another(full_invoice(4, 1)),
                of_another(bare_invoice(4, 1, 100)),
                payout_made(&bare_payout(3, 9, &[])),
                payout_made(&bare_payout(3, 9, &[(2, 1)])),
            ],
        );
    });
}

#[test]
fn a_payout_is_reversed_once_and_as_it_was_made() {
    each_store(|world| {
        let standing = world.with_payables();
        let altered = |change: fn(&mut Payout)| {
            let mut reversal: PayoutReversal = reversal_of(&standing);
            change(&mut reversal.payout);
            Event::PayoutReversed(Box::new(reversal))
        };
        refuses_all(
            world,
            [
                payout_reversed(&bare_payout(9, 1, &[])),
                payout_reversed(&Payout { id: payout_id(1), ..standing.clone() }),
                altered(|payout| payout.terms.applied.clear()),
                altered(|payout| payout.terms.applied[0].amount = bob(1)),
                altered(|payout| payout.terms.means[1].amount = bob(1)),
                altered(|payout| payout.terms.interest = bob(0)),
                altered(|payout| payout.terms.description = None),
                altered(|payout| payout.number = number(1, 9)),
                altered(|payout| payout.caller_key = None),
            ],
        );
        takes_all(world, [payout_reversed(&standing)]);
        refuses_all(world, [payout_reversed(&standing)]);
        // What it settled is open again, and is settled once more.
        takes_all(world, [payout_made(&bare_payout(3, 1, &[(1, 126_000), (2, 50_000)]))]);
        refuses_all(world, [payout_reversed(&standing)]);
    });
}
