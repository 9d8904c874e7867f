//! A receipt of several bills is kept whole or not at all, wherever something fails.

use std::sync::atomic::Ordering;

use ventanilla_domain::{
    BillId, ContractCode, Currency, Money, Period, ReceiptLine, Role, Text, WindowMeans,
    WindowReceiptKey, WindowReceiptRefusal,
};
use ventanilla_service::{Accepted, Failure, IssuedReceipt, OfficeRefusal, Officer, WindowPayment};
use ventanilla_store::{CommitError, FaultPoint, StoreError};

use crate::world::{HOME, World, company, name, world};

type Taken = Result<Accepted<IssuedReceipt>, Failure<OfficeRefusal<WindowReceiptRefusal>>>;

impl World {
    /// A cashier with an open drawer, at a window that is there already.
    async fn with_cashier(&self) -> Officer {
        self.service.add_user(name("ana"), "clave", company(), Role::Cashier).await.unwrap();
        let entered = self.service.enter("ana", "clave", HOME).await.unwrap();
        let ana = self.service.office(&entered.key, HOME).unwrap().officer(company()).unwrap();
        self.service.open_drawer(&ana, Money::zero(Currency::BOB)).await.unwrap();
        self.take(&ana, &[6], "n-0").await.unwrap();
        ana
    }

    async fn take(&self, officer: &Officer, bills: &[i64], key: &str) -> Taken {
        let line = |bill: &i64| ReceiptLine {
            contract: ContractCode::from_text("100").unwrap(),
            bill: BillId::from_i64(*bill).unwrap(),
            period: Period::from_yyyymm(202_110).unwrap(),
            amount: Money::from_minor(bill * 100, Currency::BOB),
        };
        let payment = WindowPayment {
            bills: bills.iter().map(line).collect(),
            means: WindowMeans::Cash,
            tendered: None,
            key: WindowReceiptKey::from_text(key).unwrap(),
        };
        self.service.take_payment(officer, payment).await
    }

    fn unpaid(&self) -> Vec<i64> {
        let snapshot = self.store.snapshot().unwrap();
        let books = snapshot.view().company(company()).unwrap().unwrap();
        let bills = snapshot.view().unpaid_bills_after(&books, 0, 99).unwrap();
        bills.iter().map(|bill| bill.id.to_i64()).collect()
    }
}

#[tokio::test]
async fn a_receipt_is_made_once_wherever_others_were_in_its_way() {
    let kept_after = async |nth| {
        let world = world(2).await;
        let ana = world.with_cashier().await;
        let count = world.fail_at(nth, true);
        let made = world.take(&ana, &[1, 2, 3], "n-1").await.unwrap();
        assert!(!made.is_replay);
        let undone = Text::from_text("error").unwrap();
        let undone = world.service.reverse_receipt(&ana, made.act.receipt.id, undone).await;
        undone.unwrap();
        (world.kept(), count.load(Ordering::SeqCst) > nth)
    };
    let (expected, _) = kept_after(usize::MAX).await;
    let mut failed = 0;
    for nth in 0.. {
        let (kept, has_failed) = kept_after(nth).await;
        assert_eq!(ends(&kept), ends(&expected), "at {nth}");
        if !has_failed {
            break;
        }
        failed += 1;
    }
    // Of each of two acts: a split, a beginning, four entries, one of the trail, and a commit.
    assert!(failed >= 16, "{failed}");
}

/// Where journals and trails end; hashes of passwords differ from world to world.
fn ends(kept: &str) -> &str {
    kept.split_once("Ok(").map_or(kept, |(ends, _)| ends)
}

#[tokio::test]
async fn a_failure_at_any_entry_of_a_receipt_leaves_nothing_of_it() {
    // Three payments, the receipt, and the trail.
    for nth in 0..5_usize {
        let world = world(2).await;
        let ana = world.with_cashier().await;
        let before = world.kept();
        let mut left = nth;
        world.fail(move |point| {
            if point != FaultPoint::Append {
                return Ok(());
            }
            // It fails each time that it is tried, until somebody heals it.
            let fails = left == 0;
            left = left.saturating_sub(1);
            let full = || CommitError::Nothing(StoreError::Full("the disk".into()));
            if fails { Err(full()) } else { Ok(()) }
        });
        let told = world.take(&ana, &[1, 2, 3], "n-1").await;
        assert!(matches!(told, Err(Failure::Unavailable)), "{nth}: {told:?}");
        assert_eq!(ends(&world.kept()), ends(&before), "{nth}");
        assert_eq!(world.unpaid(), [1, 2, 3, 4, 5]);
        let made = world.take(&ana, &[1, 2, 3], "n-1").await.unwrap();
        assert!(!made.is_replay);
        assert_eq!(world.unpaid(), [4, 5]);
        world.kept();
    }
}

#[tokio::test]
async fn a_repeat_tells_what_became_of_a_receipt_whose_outcome_was_lost() {
    for (point, is_kept) in [(FaultPoint::Commit, false), (FaultPoint::Committed, true)] {
        let world = world(2).await;
        let ana = world.with_cashier().await;
        let mut is_due = true;
        world.fail(move |asked| {
            let fails = asked == point && std::mem::take(&mut is_due);
            let lost = || CommitError::Unknown(StoreError::Unreachable("cut off".into()));
            if fails { Err(lost()) } else { Ok(()) }
        });
        let told = world.take(&ana, &[1, 2, 3], "n-1").await;
        assert!(matches!(told, Err(Failure::Unknown)), "{told:?}");
        let repeated = world.take(&ana, &[1, 2, 3], "n-1").await.unwrap();
        assert_eq!(
            (repeated.is_replay, repeated.act.receipt.id.to_i64()),
            (is_kept, 2),
            "{point:?}"
        );
        assert_eq!(world.unpaid(), [4, 5]);
        world.kept();
    }
}
