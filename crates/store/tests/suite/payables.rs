//! What is kept of suppliers, their invoices and payouts, in every store.

use ventanilla_domain::{
    Account, AppliedInvoice, CallerKey, Event, IntegratorId, Letter, Payout, PayoutId, Supplier,
};
use ventanilla_store::{EnteredInvoice, Snapshot};

use crate::suppliers::{
    TAX_IDS, bare_invoice, bare_payout, bare_supplier, full_invoice, full_payout, full_supplier,
    invoice_entered, invoice_id, number, payout_id, payout_made, payout_reversed, reversal_of,
    supplier_id, supplier_kept, tax_id,
};
use crate::world::{World, bob, each_store, instant};

fn now(world: &World) -> Snapshot {
    world.store.snapshot().unwrap()
}

fn applied(world: &World, invoice: i64) -> i64 {
    let standing = now(world).view().invoice_standing(&world.company(), invoice_id(invoice));
    standing.unwrap().unwrap().applied.to_minor()
}

#[test]
fn suppliers_read_back_as_they_were_kept() {
    each_store(|world| {
        let company = world.company().id;
        let (full, bare) = (full_supplier(7, TAX_IDS[0]), bare_supplier(3));
        world.keep(supplier_kept(&full));
        world.keep(supplier_kept(&bare));
        let found = |supplier| now(world).view().supplier(company, supplier_id(supplier)).unwrap();
        assert_eq!((found(7), found(3), found(1)), (Some(full.clone()), Some(bare.clone()), None));
        let mut all = Vec::new();
        let visited = now(world).view().each_supplier(company, &mut |supplier| {
            all.push(supplier);
            Ok(())
        });
        visited.unwrap();
        assert_eq!(all, [bare, full], "by id");
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

#[test]
fn a_supplier_is_found_by_the_tax_number_it_has_now() {
    each_store(|world| {
        let company = world.company().id;
        let found = |tax| now(world).view().supplier_of_tax_id(company, tax_id(tax)).unwrap();
        let steps: [(Supplier, [Option<i64>; 2]); 5] = [
            (full_supplier(7, TAX_IDS[0]), [Some(7), None]),
            (full_supplier(7, TAX_IDS[1]), [None, Some(7)]),
            (bare_supplier(7), [None, None]),
            (full_supplier(3, TAX_IDS[0]), [Some(3), None]),
            (full_supplier(3, TAX_IDS[0]), [Some(3), None]),
        ];
        for (supplier, expected) in steps {
            world.keep(supplier_kept(&supplier));
            assert_eq!(TAX_IDS.map(found), expected.map(|id| id.map(supplier_id)), "{supplier:?}");
        }
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

#[test]
fn invoices_read_back_as_they_were_entered() {
    each_store(|world| {
        let company = world.company();
        world.keep(supplier_kept(&bare_supplier(1)));
        let (full, bare) = (full_invoice(9, 1), bare_invoice(4, 1, 100));
        world.keep(invoice_entered(&full));
        world.keep(invoice_entered(&bare));
        let entered = |invoice| EnteredInvoice { invoice, applied: bob(0) };
        let found = |invoice| now(world).view().invoice(&company, invoice_id(invoice)).unwrap();
        let expected = [Some(entered(full.clone())), Some(entered(bare.clone())), None];
        assert_eq!([9, 4, 1].map(found), expected);
        let mut all = Vec::new();
        let visited = now(world).view().each_invoice(&company, &mut |invoice| {
            all.push(invoice);
            Ok(())
        });
        visited.unwrap();
        assert_eq!(all, [entered(bare), entered(full)], "by id");
        let standing = now(world).view().invoice_standing(&company, invoice_id(9)).unwrap();
        let supplier = supplier_id(1);
        let expected = AppliedInvoice { supplier, total: bob(126_000), applied: bob(0) };
        assert_eq!(standing, Some(expected));
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

#[test]
fn an_invoice_is_found_by_supplier_letter_and_number() {
    each_store(|world| {
        world.with_payables();
        let company = world.company().id;
        for (supplier, letter, numbered, expected) in [
            (1, Some("A"), (3, 1), Some(1)),
            (1, None, (3, 1), None),
            (1, Some("B"), (3, 1), None),
            (2, Some("A"), (3, 1), None),
            (1, None, (3, 2), Some(2)),
            (1, None, (2, 3), None),
        ] {
            let letter = letter.map(|text| Letter::from_text(text).unwrap());
            let number = number(numbered.0, numbered.1);
            let snapshot = now(world);
            let found = snapshot
                .view()
                .invoice_numbered(company, supplier_id(supplier), letter.as_ref(), number)
                .unwrap();
            assert_eq!(found, expected.map(invoice_id), "{supplier} {letter:?} {number}");
        }
    });
}

#[test]
fn payouts_read_back_as_they_were_made() {
    each_store(|world| {
        let company = world.company();
        let standing = world.with_payables();
        let reversed = Payout { caller_key: None, ..full_payout(1, 1, [1, 2]) };
        let bare = bare_payout(929, 2, &[(3, 5_000)]);
        world.keep(payout_made(&bare));
        let found = |payout| now(world).view().payout(&company, payout_id(payout)).unwrap();
        let expected = [Some(&reversed), Some(&standing), Some(&bare), None];
        assert_eq!([1, 2, 929, 3].map(found), expected.map(Option::<&Payout>::cloned));
        let mut all = Vec::new();
        let visited = now(world).view().each_payout(&company, &mut |payout| {
            all.push(payout.id.to_i64());
            Ok(())
        });
        visited.unwrap();
        assert_eq!(all, [1, 2, 929]);
        let page = |after, len| now(world).view().payouts_after(&company, after, len).unwrap();
        let [first, second, third] =
            [(reversed.clone(), true), (standing.clone(), false), (bare.clone(), false)];
        assert_eq!(page(0, 2), [first.clone(), second.clone()]);
        assert_eq!(page(0, usize::MAX), [first, second, third.clone()]);
        assert_eq!(page(2, 2), [third], "an id that is not there parts nothing");
        assert_eq!((page(929, 2), page(0, 0)), (vec![], vec![]));
        let is_reversed = |payout| {
            now(world)
                .view()
                .payout_standing(&company, payout_id(payout))
                .unwrap()
                .is_some_and(|(_, is_reversed)| is_reversed)
        };
        assert_eq!([1, 2, 929, 3].map(is_reversed), [true, false, false, false]);
        let reversal =
            |payout| now(world).view().payout_reversal(&company, payout_id(payout)).unwrap();
        assert_eq!([1, 2].map(reversal), [Some(reversal_of(&reversed)), None]);
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

#[test]
fn the_payouts_to_a_supplier_are_told_from_the_latest_on() {
    each_store(|world| {
        let company = world.company();
        let standing = world.with_payables();
        for (payout, supplier) in [(5, 2), (9, 1), (929, 2)] {
            world.keep(payout_made(&bare_payout(payout, supplier, &[])));
        }
        let page = |supplier, before: Option<i64>, len| {
            let (supplier, before) = (supplier_id(supplier), before.map(payout_id));
            now(world).view().payouts_to(&company, supplier, before, len).unwrap()
        };
        for (supplier, before, len, expected) in [
            (1, None, usize::MAX, &[(9, false), (2, false), (1, true)][..]),
            (1, None, 2, &[(9, false), (2, false)]),
            (1, Some(9), 2, &[(2, false), (1, true)]),
            (1, Some(5), 1, &[(2, false)]),
            (1, Some(1), 2, &[]),
            (2, None, 9, &[(929, false), (5, false)]),
            (2, Some(929), 9, &[(5, false)]),
            (2, None, 0, &[]),
            (3, None, 9, &[]),
        ] {
            let told = page(supplier, before, len);
            let told: Vec<_> = told.iter().map(|(it, undone)| (it.id.to_i64(), *undone)).collect();
            assert_eq!(told, expected, "to {supplier}, before {before:?}, {len} at most");
        }
        assert_eq!(page(1, Some(9), 1), [(standing, false)]);
    });
}

#[test]
fn the_invoices_of_a_supplier_are_told_from_the_latest_on() {
    each_store(|world| {
        let company = world.company();
        world.with_payables();
        for (invoice, supplier) in [(5, 2), (9, 1)] {
            world.keep(invoice_entered(&bare_invoice(invoice, supplier, 100)));
        }
        let page = |supplier, before: Option<i64>, len| {
            let (supplier, before) = (supplier_id(supplier), before.map(invoice_id));
            now(world).view().invoices_of(&company, supplier, before, len).unwrap()
        };
        for (supplier, before, len, expected) in [
            (1, None, usize::MAX, &[(9, 0), (2, 30_000), (1, 60_000)][..]),
            (1, None, 2, &[(9, 0), (2, 30_000)]),
            (1, Some(9), 2, &[(2, 30_000), (1, 60_000)]),
            (1, Some(5), 1, &[(2, 30_000)]),
            (1, Some(1), 2, &[]),
            (2, None, 9, &[(5, 0), (3, 0)]),
            (2, Some(5), 9, &[(3, 0)]),
            (2, None, 0, &[]),
            (3, None, 9, &[]),
        ] {
            let told = page(supplier, before, len);
            let told: Vec<_> =
                told.iter().map(|it| (it.invoice.id.to_i64(), it.applied.to_minor())).collect();
            assert_eq!(told, expected, "of {supplier}, before {before:?}, {len} at most");
        }
        assert_eq!(page(1, Some(2), 1)[0].invoice, full_invoice(1, 1));
    });
}

#[test]
fn a_payout_settles_invoices_and_its_reversal_gives_them_back() {
    each_store(|world| {
        let standing = world.with_payables();
        assert_eq!([1, 2, 3].map(|invoice| applied(world, invoice)), [60_000, 30_000, 0]);
        // To the last hundredth.
        world.keep(payout_made(&bare_payout(3, 1, &[(2, 20_000), (1, 1)])));
        assert_eq!([1, 2, 3].map(|invoice| applied(world, invoice)), [60_001, 50_000, 0]);
        world.keep(payout_reversed(&standing));
        assert_eq!([1, 2, 3].map(|invoice| applied(world, invoice)), [1, 20_000, 0]);
        let company = world.company();
        let entered = now(world).view().invoice(&company, invoice_id(2)).unwrap().unwrap();
        assert_eq!(entered.applied, bob(20_000));
        let of = |invoice| {
            let snapshot = now(world);
            let payouts = snapshot.view().payouts_of_invoice(company.id, invoice_id(invoice));
            payouts.unwrap().into_iter().map(PayoutId::to_i64).collect::<Vec<_>>()
        };
        assert_eq!([1, 2, 3].map(of), [vec![1, 2, 3], vec![1, 2, 3], vec![]]);
        assert_eq!(world.store.verify().unwrap().findings, Vec::<String>::new());
    });
}

#[test]
fn a_reversed_payout_keeps_its_number_and_key() {
    each_store(|world| {
        let standing = world.with_payables();
        world.keep(payout_reversed(&standing));
        let company = world.company().id;
        let snapshot = now(world);
        let numbered = |point, serial| {
            snapshot.view().payout_numbered(company, number(point, serial)).unwrap()
        };
        let found = [numbered(1, 1), numbered(1, 2), numbered(1, 3), numbered(2, 1)];
        assert_eq!(found, [Some(payout_id(1)), Some(payout_id(2)), None, None]);
        let keyed = |integrator, key| {
            let integrator = IntegratorId::from_i64(integrator).unwrap();
            let key = CallerKey::from_text(key).unwrap();
            snapshot.view().payout_keyed(company, integrator, &key).unwrap()
        };
        let found = [keyed(1, "k-1"), keyed(1, "k-2"), keyed(2, "k-1")];
        assert_eq!(found, [Some(payout_id(2)), None, None]);
    });
}

#[test]
fn the_last_serial_is_the_greatest_of_its_point() {
    each_store(|world| {
        world.with_payables();
        let numbered = |payout, point, serial| {
            let number = number(point, serial);
            payout_made(&Payout { number, ..bare_payout(payout, 2, &[]) })
        };
        world.keep(numbered(3, 0, 99_999_999));
        world.keep(numbered(4, 99_999, 7));
        world.keep(numbered(5, 99_999, 5));
        let company = world.company().id;
        let last = |point| now(world).view().last_serial(company, point).unwrap();
        assert_eq!([0, 1, 2, 99_999, u32::MAX].map(last), [99_999_999, 2, 0, 7, 0]);
    });
}

#[test]
fn balances_are_read_by_account_as_they_were_committed() {
    each_store(|world| {
        world.with_payables();
        let company = world.company().id;
        for (account, expected) in [
            (Account::Payable(supplier_id(1)), -86_000),
            (Account::Advance(supplier_id(1)), 10_300),
            (Account::Payable(supplier_id(2)), -10_000),
            (Account::Advance(supplier_id(2)), 0),
            (Account::Expense, 186_000),
            (Account::Discounts, -500),
            (Account::Receivable, 600),
        ] {
            let balance = now(world).view().balance(company, &account).unwrap();
            assert_eq!(balance, expected, "{account}");
        }
    });
}

#[test]
fn counters_step_past_the_ids_that_events_bring() {
    each_store(|world| {
        let next = || {
            let counters = world.counters();
            let ids = (counters.next_supplier.to_i64(), counters.next_invoice.to_i64());
            (ids.0, ids.1, counters.next_payout.to_i64(), counters.payable_entries)
        };
        assert_eq!(next(), (1, 1, 1, 0));
        let paid = bare_payout(929, 91_694, &[]);
        for (event, expected) in [
            (supplier_kept(&bare_supplier(91_694)), (91_695, 1, 1, 1)),
            (supplier_kept(&bare_supplier(5)), (91_695, 1, 1, 2)),
            (invoice_entered(&bare_invoice(7, 5, 100)), (91_695, 8, 1, 3)),
            (invoice_entered(&bare_invoice(2, 5, 100)), (91_695, 8, 1, 4)),
            (payout_made(&paid), (91_695, 8, 930, 5)),
            (payout_made(&bare_payout(1, 5, &[])), (91_695, 8, 930, 6)),
            (payout_reversed(&paid), (91_695, 8, 930, 7)),
            (supplier_kept(&full_supplier(5, TAX_IDS[0])), (91_695, 8, 930, 8)),
        ] {
            world.keep(event);
            assert_eq!(next(), expected);
        }
    });
}

#[test]
fn nothing_of_the_suppliers_side_moves_the_mark_of_the_facts_of_bills() {
    each_store(|world| {
        let before = world.counters().facts_mark();
        world.with_payables();
        world.pay(1, None);
        assert_eq!(world.counters().facts_mark(), before);
        world.keep(Event::PolicyChanged(Box::default()));
        assert_eq!(world.counters().facts_mark(), before + 1);
    });
}

#[test]
fn a_transaction_sees_what_it_wrote() {
    each_store(|world| {
        let company = world.company();
        let mut tx = world.store.begin().unwrap();
        let mut keep = |event| tx.append(company.id, event, instant()).unwrap();
        keep(supplier_kept(&full_supplier(1, TAX_IDS[0])));
        keep(invoice_entered(&full_invoice(1, 1)));
        keep(invoice_entered(&bare_invoice(2, 1, 50_000)));
        keep(payout_made(&full_payout(1, 1, [1, 2])));
        let view = tx.view();
        let found = view.supplier_of_tax_id(company.id, tax_id(TAX_IDS[0])).unwrap();
        assert_eq!(found, Some(supplier_id(1)));
        let standing = view.invoice_standing(&company, invoice_id(2)).unwrap().unwrap();
        assert_eq!(standing.applied, bob(30_000));
        assert_eq!(view.last_serial(company.id, 1).unwrap(), 1);
        assert_eq!(tx.counters(company.id).unwrap().unwrap().next_payout, payout_id(2));
        drop(tx);
        assert_eq!(now(world).view().payout(&company, payout_id(1)).unwrap(), None);
        assert_eq!(world.counters().next_payout, PayoutId::FIRST);
    });
}

#[test]
fn the_suppliers_side_is_written_alike_by_every_store() {
    let journals = std::sync::Mutex::new(Vec::new());
    each_store(|world| {
        world.with_payables();
        let entries = now(world).view().entries(&world.company(), 1, 100).unwrap();
        journals.lock().unwrap().push(entries);
    });
    let journals = journals.into_inner().unwrap();
    assert_eq!(journals[0], journals[1], "entries, postings and chain links are equal");
}
