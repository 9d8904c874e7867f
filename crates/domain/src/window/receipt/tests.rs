use super::super::drawer::tests::{closing, drawer};
use super::*;
use crate::policy::tests::company_with;
use crate::{BillState, ContractKey, ContractState, Currency, MemberId, Name, Payer, Text};

pub(crate) const NOW: &str = "2021-11-26T16:11:52Z";

fn bob(minor: i64) -> Money {
    Money::from_minor(minor, Currency::BOB)
}

fn period(yyyymm: u32) -> Period {
    Period::from_yyyymm(yyyymm).unwrap()
}

fn bill(id: i64, yyyymm: u32, minor: i64) -> Bill {
    Bill {
        contract: ContractKey::FIRST,
        id: BillId::from_i64(id).unwrap(),
        version: 1,
        period: period(yyyymm),
        amount: bob(minor),
        state: BillState::Owed,
        paid_by: None,
        last_payment: None,
    }
}

/// Two bills of one contract, of which the older is named last.
fn bills() -> [Bill; 2] {
    [bill(2, 202_111, 10_000), bill(1, 202_110, 4_570)]
}

fn line(bill: &Bill) -> ReceiptLine {
    ReceiptLine {
        contract: ContractCode::from_text("315").unwrap(),
        bill: bill.id,
        period: bill.period,
        amount: bill.amount,
    }
}

fn facts_of(bill: Bill) -> ReceiptBill {
    let payer = Payer {
        contract: ContractKey::FIRST,
        code: ContractCode::from_text("315").unwrap(),
        state: ContractState::Active,
        member: MemberId::from_i64(12_394).unwrap(),
        name: Name::from_text("Suárez Rojas Elena").unwrap(),
    };
    ReceiptBill { payer: Some(payer), bill: Some(bill), settled: None, unpaid: bills().to_vec() }
}

fn command() -> ReceiptCommand {
    ReceiptCommand {
        collector: CollectorId::FIRST,
        cashier: Text::from_text("ana").unwrap(),
        lines: bills().iter().map(line).collect(),
        means: WindowMeans::Cash,
        means_word: Text::from_text("efectivo").unwrap(),
        tendered: None,
        key: WindowReceiptKey::from_text("n-17").unwrap(),
    }
}

fn decide(
    policy: &[(&str, &str)],
    change: impl FnOnce(&mut ReceiptFacts<'_>, &mut ReceiptCommand),
) -> Result<ReceiptDecision, WindowReceiptRefusal> {
    let company = company_with(policy);
    let payment = |id| PaymentId::from_i64(id).unwrap();
    let mut facts = ReceiptFacts {
        company: &company,
        repeated: None,
        drawer: Some(drawer()),
        bills: bills().map(facts_of).into(),
        // An older system has given the id between them.
        next_payments: vec![payment(7), payment(9)],
        next_receipt: ReceiptId::FIRST,
    };
    let mut command = command();
    change(&mut facts, &mut command);
    decide_receipt(facts, &command, NOW.parse().unwrap())
}

fn accepted(
    policy: &[(&str, &str)],
    change: impl FnOnce(&mut ReceiptFacts<'_>, &mut ReceiptCommand),
) -> (WindowReceipt, Vec<Payment>) {
    match decide(policy, change) {
        Ok(ReceiptDecision::Accepted(receipt, payments)) => (*receipt, payments),
        other => panic!("not accepted: {other:?}"),
    }
}

/// Of 145.70 in cash.
pub(crate) fn receipt() -> WindowReceipt {
    accepted(&[], |_, _| ()).0
}

pub(crate) fn payments() -> Vec<Payment> {
    accepted(&[], |_, _| ()).1
}

/// Of as much, rounded by as much.
pub(crate) fn rounded(minor: i64) -> WindowReceipt {
    WindowReceipt { rounding: bob(minor), ..receipt() }
}

fn repeated() -> RepeatedReceipt {
    RepeatedReceipt { receipt: receipt(), payments: payments() }
}

#[test]
fn a_receipt_holds_a_payment_of_each_bill() {
    let (receipt, payments) = accepted(&[], |_, _| ());
    let ids: Vec<_> = payments.iter().map(|payment| payment.id).collect();
    assert_eq!(receipt.payments, ids);
    assert_eq!(ids.iter().map(|id| id.to_i64()).collect::<Vec<_>>(), [7, 9]);
    assert_eq!((receipt.total, receipt.rounding), (bob(14_570), bob(0)));
    assert_eq!((receipt.tendered, receipt.change()), (bob(14_570), bob(0)));
    let keys: Vec<_> = payments.iter().map(|payment| payment.caller_key.clone().unwrap()).collect();
    assert_eq!(keys.iter().map(CallerKey::as_str).collect::<Vec<_>>(), ["n-17.1", "n-17.2"]);
    let Place { branch, cashier, terminal, means, collected_at } = payments[0].place.clone();
    assert_eq!((branch, terminal, collected_at), (None, None, None));
    assert_eq!(cashier.unwrap().as_str(), "ana");
    assert_eq!(means.unwrap().as_str(), "efectivo");
}

#[test]
fn each_refusal_comes_in_its_place() {
    use WindowReceiptRefusal as No;
    type Break = fn(&mut ReceiptFacts<'_>, &mut ReceiptCommand);
    let [second, first] = bills().map(|bill| bill.id);
    let refusal = PayRefusal::BillUnknown;
    let breaks: [(Break, No); 7] = [
        (|facts, _| facts.repeated = Some(repeated()), No::CallerKeyReused),
        (
            |_, command| command.lines[1].bill = command.lines[0].bill,
            No::BillRepeated { bill: second },
        ),
        (|facts, _| facts.drawer = None, No::DrawerNotOpen),
        (|facts, _| facts.bills[1].bill = None, No::Bill { bill: first, refusal }),
        (|_, command| command.tendered = command.tendered.or(Some(bob(-1))), No::AmountOutOfRange),
        (|_, command| command.tendered = Some(bob(14_569)), No::TenderedShort { due: bob(14_570) }),
        (
            |_, command| {
                command.means = WindowMeans::Card;
                command.tendered = Some(bob(14_571));
            },
            No::TenderedNotDue { due: bob(14_570) },
        ),
    ];
    // The last three break the same thing, each another way: one of them at a time.
    for (at, (own, expected)) in breaks.iter().enumerate() {
        let decision = decide(&[], |facts, command| {
            own(facts, command);
            if at < 4 {
                breaks[at..5].iter().for_each(|(f, _)| f(facts, command));
            }
        });
        assert_eq!(decision, Err(*expected), "{at}");
    }
}

#[test]
fn a_receipt_has_at_least_one_bill_and_sixty_at_most() {
    let with = |len: usize| {
        decide(&[], |facts, command| {
            let all = (1..).map(|id| bill(id, 202_110, 100)).take(len);
            (facts.bills, command.lines) = all
                .map(|bill| (ReceiptBill { unpaid: Vec::new(), ..facts_of(bill) }, line(&bill)))
                .unzip();
            facts.next_payments =
                (1..).map(|id| PaymentId::from_i64(id).unwrap()).take(len).collect();
        })
    };
    assert_eq!(with(0), Err(WindowReceiptRefusal::NoBills));
    assert_eq!(with(RECEIPT_BILLS_MAX + 1), Err(WindowReceiptRefusal::TooManyBills));
    let most = with(RECEIPT_BILLS_MAX);
    assert!(matches!(most, Ok(ReceiptDecision::Accepted(_, payments)) if payments.len() == 60));
}

#[test]
fn only_the_cashiers_own_open_drawer_will_do() {
    let closed = Drawer { closing: Some(closing()), ..drawer() };
    let decision = decide(&[], |facts, _| facts.drawer = Some(closed));
    assert_eq!(decision, Err(WindowReceiptRefusal::DrawerNotOpen));
    let decision = decide(&[], |_, command| command.cashier = Text::from_text("eva").unwrap());
    assert_eq!(decision, Err(WindowReceiptRefusal::DrawerNotOpen));
}

#[test]
fn where_the_oldest_comes_first_each_bill_is_decided_after_those_before_it() {
    let policy = [("oldest_first", "true")];
    let (_, payments) = accepted(&policy, |_, _| ());
    let paid: Vec<_> = payments.iter().map(|payment| payment.bill.to_i64()).collect();
    assert_eq!(paid, [1, 2], "by period, whatever order they were named in");
    // One that is not in the act stands in the way of all that are younger.
    let decision = decide(&policy, |facts, _| {
        facts.bills.iter_mut().for_each(|of| of.unpaid.push(bill(3, 202_109, 1)));
    });
    let (bill, refusal) = (bills()[1].id, PayRefusal::OlderBillUnpaid);
    assert_eq!(decision, Err(WindowReceiptRefusal::Bill { bill, refusal }));
    let alone = decide(&policy, |facts, command| {
        facts.bills.truncate(1);
        facts.next_payments.truncate(1);
        command.lines.truncate(1);
    });
    let bill = bills()[0].id;
    assert_eq!(alone, Err(WindowReceiptRefusal::Bill { bill, refusal }));
}

#[test]
fn cash_is_rounded_and_nothing_else_is() {
    for (means, policy, rounding) in [
        (WindowMeans::Cash, "0.50", -20),
        (WindowMeans::Cash, "0.30", 10),
        (WindowMeans::Cash, "none", 0),
        (WindowMeans::Card, "0.50", 0),
        (WindowMeans::Transfer, "0.50", 0),
        (WindowMeans::Qr, "0.50", 0),
    ] {
        let (receipt, _) =
            accepted(&[("cash_rounding", policy)], |_, command| command.means = means);
        assert_eq!(receipt.rounding, bob(rounding), "{means:?} {policy}");
        assert_eq!(receipt.due(), bob(14_570 + rounding));
        assert_eq!(receipt.tendered, receipt.due());
    }
}

#[test]
fn cash_gives_change() {
    let (receipt, _) = accepted(&[("cash_rounding", "0.50")], |_, command| {
        command.tendered = Some(bob(20_000));
    });
    assert_eq!((receipt.due(), receipt.change()), (bob(14_550), bob(5_450)));
    let foreign = Money::from_minor(20_000, Currency::from_code("USD").unwrap());
    let decision = decide(&[], |_, command| command.tendered = Some(foreign));
    assert_eq!(decision, Err(WindowReceiptRefusal::AmountOutOfRange));
}

#[test]
fn a_repeat_of_the_same_bills_by_the_same_means_is_the_first_receipt() {
    let same: [fn(&mut ReceiptCommand); 3] =
        [|_| (), |command| command.lines.reverse(), |command| command.tendered = Some(bob(99_000))];
    let replayed = || Ok(ReceiptDecision::Replayed(Box::new(receipt()), payments()));
    for change in same {
        let decision = decide(&[], |facts, command| {
            facts.repeated = Some(repeated());
            // Whatever became of the drawer since.
            facts.drawer = None;
            change(command);
        });
        assert_eq!(decision, replayed());
    }
    let other: [fn(&mut ReceiptCommand); 5] = [
        |command| command.means = WindowMeans::Card,
        |command| command.lines.truncate(1),
        |command| command.lines[0].amount = bob(1),
        |command| command.lines[0].period = period(202_101),
        |command| command.cashier = Text::from_text("eva").unwrap(),
    ];
    for change in other {
        let decision = decide(&[], |facts, command| {
            facts.repeated = Some(repeated());
            change(command);
        });
        assert_eq!(decision, Err(WindowReceiptRefusal::CallerKeyReused));
    }
}

#[test]
fn where_the_payer_is_checked_it_is_whom_the_contract_finds() {
    let (_, payments) = accepted(&[("check_payer", "true")], |_, _| ());
    let words = payments.iter().map(|payment| payment.caller_reference.clone().unwrap());
    assert!({ words }.all(|word| word.as_str() == "12394"));
    assert_eq!(self::payments()[0].caller_reference, None);
}

#[test]
fn a_long_name_of_a_cashier_is_cut_where_a_payment_says_it() {
    let long = "ñ".repeat(128);
    let (receipt, payments) = accepted(&[], |facts, command| {
        command.cashier = Text::from_text(&long).unwrap();
        facts.drawer.as_mut().unwrap().opening.cashier = command.cashier.clone();
    });
    assert_eq!(receipt.cashier.as_str(), long);
    assert_eq!(payments[0].place.cashier.as_ref().unwrap().as_str(), "ñ".repeat(64));
}

#[test]
fn a_key_leaves_room_for_the_numbers_of_its_payments() {
    assert!(WindowReceiptKey::from_text(&"k".repeat(60)).unwrap().of_payment(60).is_some());
    assert_eq!(WindowReceiptKey::from_text(&"k".repeat(61)), Err(TextError::TooLong));
    assert_eq!(WindowReceiptKey::from_text(" "), Err(TextError::Empty));
    assert_eq!(WindowReceiptKey::from_text("á"), Err(TextError::Character));
}

#[test]
fn a_means_reads_back_from_its_code() {
    for means in WindowMeans::ALL {
        assert_eq!(WindowMeans::from_code(means.to_code()), Some(means));
    }
    assert_eq!(WindowMeans::from_code("gold"), None);
}
