//! A cashier's drawer: opened with a float, closed by a blind count, approved by somebody else.

use jiff::Timestamp;

use super::{ReceiptReversal, StaffName, WindowMeans, WindowReceipt, day_after, is_in_range};
use crate::{
    BusinessDay, CollectorId, Company, Currency, DrawerId, Money, MoneyError, Reason, Total,
    business_day,
};

/// A drawer was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawerOpening {
    /// The drawer's id.
    pub id: DrawerId,
    /// Whose it is.
    pub cashier: StaffName,
    /// The cash that was in it; the window's money, and no collection.
    pub float: Money,
    /// When it was opened.
    pub recorded_at: Timestamp,
    /// The accounting day of its opening.
    pub business_day: BusinessDay,
}

/// A drawer was counted and closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawerClosing {
    /// The drawer.
    pub drawer: DrawerId,
    /// The cash that was counted, by its cashier without being told what is expected.
    pub counted: Money,
    /// What should be in it: the float and the cash taken, less the cash given back.
    pub expected: Money,
    /// Who counted and closed it in its cashier's place; `None` where its cashier did.
    pub closed_by: Option<StaffName>,
    /// When it was closed.
    pub recorded_at: Timestamp,
    /// The accounting day: never before that of its opening.
    pub business_day: BusinessDay,
}

impl DrawerClosing {
    /// What is over; negative where it is short.
    pub fn difference(&self) -> Money {
        let minor = self.counted.to_minor().saturating_sub(self.expected.to_minor());
        Money::from_minor(minor, self.counted.currency())
    }
}

/// A count was approved: what is over or short is posted then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawerApproval {
    /// The drawer.
    pub drawer: DrawerId,
    /// The company's window, which holds what the drawer took.
    pub collector: CollectorId,
    /// What is over; negative where it is short.
    pub difference: Money,
    /// Who approved: neither the drawer's cashier nor who closed it in their place.
    pub approved_by: StaffName,
    /// What they say of it.
    pub note: Option<Reason>,
    /// When it was approved.
    pub recorded_at: Timestamp,
    /// The accounting day: never before that of its closing.
    pub business_day: BusinessDay,
}

/// What went through a drawer by one means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeansFigures {
    /// Receipts, and what was due of them.
    pub taken: Total,
    /// Reversals charged to the drawer, and what was given back.
    pub returned: Total,
}

impl MeansFigures {
    const fn none(currency: Currency) -> Self {
        Self { taken: Total::zero(currency), returned: Total::zero(currency) }
    }

    /// What stays. Errors in order: other currency, too large.
    pub fn checked_net(&self) -> Result<Money, MoneyError> {
        self.taken.amount.checked_sub(self.returned.amount)
    }
}

/// What went through a drawer, by means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawerFigures {
    /// Cash.
    pub cash: MeansFigures,
    /// Cards.
    pub card: MeansFigures,
    /// Bank transfers.
    pub transfer: MeansFigures,
    /// QR codes.
    pub qr: MeansFigures,
}

impl DrawerFigures {
    /// Nothing went through.
    pub const fn none(currency: Currency) -> Self {
        let none = MeansFigures::none(currency);
        Self { cash: none, card: none, transfer: none, qr: none }
    }

    /// The figures of one means.
    pub const fn of(&self, means: WindowMeans) -> &MeansFigures {
        match means {
            WindowMeans::Cash => &self.cash,
            WindowMeans::Card => &self.card,
            WindowMeans::Transfer => &self.transfer,
            WindowMeans::Qr => &self.qr,
        }
    }

    /// The same, to be changed.
    pub const fn of_mut(&mut self, means: WindowMeans) -> &mut MeansFigures {
        match means {
            WindowMeans::Cash => &mut self.cash,
            WindowMeans::Card => &mut self.card,
            WindowMeans::Transfer => &mut self.transfer,
            WindowMeans::Qr => &mut self.qr,
        }
    }
}

/// How far a drawer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DrawerState {
    /// Receipts go into it.
    Open,
    /// It is counted.
    Closed,
    /// Its count is approved.
    Approved,
}

impl DrawerState {
    /// All states, in their order.
    pub const ALL: [Self; 3] = [Self::Open, Self::Closed, Self::Approved];

    /// Its code in the store.
    pub const fn to_code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Approved => "approved",
        }
    }

    /// The state of that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.to_code() == code)
    }
}

/// A drawer as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawer {
    /// How it was opened.
    pub opening: DrawerOpening,
    /// What went through it.
    pub figures: DrawerFigures,
    /// How it was closed.
    pub closing: Option<DrawerClosing>,
    /// How its count was approved.
    pub approval: Option<DrawerApproval>,
}

impl Drawer {
    /// Whether somebody answers for its count, as its cashier or as who counted it: nobody approves a count
    /// of their own.
    pub fn is_answered_for_by(&self, staff: &StaffName) -> bool {
        let closed_by = self.closing.as_ref().and_then(|closing| closing.closed_by.as_ref());
        self.opening.cashier == *staff || closed_by == Some(staff)
    }

    /// A drawer just opened.
    pub const fn opened(opening: DrawerOpening) -> Self {
        let figures = DrawerFigures::none(opening.float.currency());
        Self { opening, figures, closing: None, approval: None }
    }

    /// How far it is.
    pub const fn state(&self) -> DrawerState {
        match (&self.closing, &self.approval) {
            (_, Some(_)) => DrawerState::Approved,
            (Some(_), None) => DrawerState::Closed,
            (None, None) => DrawerState::Open,
        }
    }

    /// Whether receipts go into it.
    pub fn is_open(&self) -> bool {
        self.state() == DrawerState::Open
    }

    /// The cash that should be in it. Errors in order: other currency, too large.
    pub fn checked_expected(&self) -> Result<Money, MoneyError> {
        self.opening.float.checked_add(self.figures.cash.checked_net()?)
    }

    /// The drawer with one receipt more. Errors in order: other currency, too large.
    pub fn checked_taken(mut self, receipt: &WindowReceipt) -> Result<Self, MoneyError> {
        let figures = self.figures.of_mut(receipt.means);
        figures.taken = figures.taken.checked_add(receipt.due())?;
        self.checked_expected()?;
        Ok(self)
    }

    /// The drawer with one receipt given back. Errors in order: other currency, too large.
    pub fn checked_returned(mut self, reversal: &ReceiptReversal) -> Result<Self, MoneyError> {
        let figures = self.figures.of_mut(reversal.receipt.means);
        figures.returned = figures.returned.checked_add(reversal.receipt.due())?;
        self.checked_expected()?;
        Ok(self)
    }
}

/// A cashier's wish to open a drawer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCommand {
    /// Who opens it.
    pub cashier: StaffName,
    /// The cash that is in it.
    pub float: Money,
}

/// Why a drawer was not opened, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenRefusal {
    /// The cashier has one open.
    #[error("the cashier has a drawer open")]
    AlreadyOpen {
        /// Which one.
        drawer: DrawerId,
    },
    /// The float is negative, too large, or of another currency.
    #[error("the float is out of range")]
    AmountOutOfRange,
}

/// Decides an opening; `open` is the cashier's open drawer. Refusals in the order of [`OpenRefusal`].
pub fn decide_opening(
    company: &Company,
    open: Option<DrawerId>,
    next_drawer: DrawerId,
    command: OpenCommand,
    now: Timestamp,
) -> Result<DrawerOpening, OpenRefusal> {
    if let Some(drawer) = open {
        return Err(OpenRefusal::AlreadyOpen { drawer });
    }
    if !is_in_range(company, command.float) {
        return Err(OpenRefusal::AmountOutOfRange);
    }
    Ok(DrawerOpening {
        id: next_drawer,
        cashier: command.cashier,
        float: command.float,
        recorded_at: now,
        business_day: business_day(company, now),
    })
}

/// A cashier's wish to close a drawer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseCommand {
    /// The drawer.
    pub drawer: DrawerId,
    /// Who closes it.
    pub closed_by: StaffName,
    /// Whether they may close what others left open; else the drawer is their own.
    pub is_anybodys: bool,
    /// The cash that was counted.
    pub counted: Money,
}

/// Why a drawer was not closed, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CloseRefusal {
    /// No drawer of that id, or another cashier's that one may not close.
    #[error("no such drawer")]
    DrawerUnknown,
    /// It is closed.
    #[error("the drawer is closed")]
    AlreadyClosed,
    /// The count is negative, too large, or of another currency.
    #[error("the count is out of range")]
    AmountOutOfRange,
}

/// Decides a closing; `drawer` is the one of the command's id. Refusals in the order of [`CloseRefusal`].
pub fn decide_closing(
    company: &Company,
    drawer: Option<&Drawer>,
    command: &CloseCommand,
    now: Timestamp,
) -> Result<DrawerClosing, CloseRefusal> {
    let is_own = |drawer: &Drawer| drawer.opening.cashier == command.closed_by;
    let drawer = drawer.filter(|drawer| command.is_anybodys || is_own(drawer));
    let drawer = drawer.ok_or(CloseRefusal::DrawerUnknown)?;
    if !drawer.is_open() {
        return Err(CloseRefusal::AlreadyClosed);
    }
    if !is_in_range(company, command.counted) {
        return Err(CloseRefusal::AmountOutOfRange);
    }
    Ok(DrawerClosing {
        drawer: drawer.opening.id,
        counted: command.counted,
        expected: drawer.checked_expected().ok().ok_or(CloseRefusal::AmountOutOfRange)?,
        closed_by: (!is_own(drawer)).then(|| command.closed_by.clone()),
        recorded_at: now,
        business_day: day_after(company, drawer.opening.business_day, now),
    })
}

/// A wish to approve a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApproveCommand {
    /// The drawer.
    pub drawer: DrawerId,
    /// The company's window.
    pub collector: CollectorId,
    /// Who approves.
    pub approved_by: StaffName,
    /// What they say of it.
    pub note: Option<Reason>,
}

/// Why a count was not approved, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApproveRefusal {
    /// No drawer of that id.
    #[error("no such drawer")]
    DrawerUnknown,
    /// It is one's own, or one counted it in its cashier's place.
    #[error("nobody approves a count of their own")]
    OwnDrawer,
    /// It is not closed yet.
    #[error("the drawer is open")]
    StillOpen,
    /// It is approved.
    #[error("the count is approved")]
    AlreadyApproved,
}

/// Decides an approval; `drawer` is the one of the command's id. Refusals in the order of
/// [`ApproveRefusal`].
pub fn decide_approval(
    company: &Company,
    drawer: Option<&Drawer>,
    command: ApproveCommand,
    now: Timestamp,
) -> Result<DrawerApproval, ApproveRefusal> {
    let drawer = drawer.ok_or(ApproveRefusal::DrawerUnknown)?;
    if drawer.is_answered_for_by(&command.approved_by) {
        return Err(ApproveRefusal::OwnDrawer);
    }
    let closing = drawer.closing.as_ref().ok_or(ApproveRefusal::StillOpen)?;
    if drawer.approval.is_some() {
        return Err(ApproveRefusal::AlreadyApproved);
    }
    Ok(DrawerApproval {
        drawer: command.drawer,
        collector: command.collector,
        difference: closing.difference(),
        approved_by: command.approved_by,
        note: command.note,
        recorded_at: now,
        business_day: day_after(company, closing.business_day, now),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::receipt::tests::{NOW, receipt};
    use super::super::reversal::tests::reversal;
    use super::*;
    use crate::Text;
    use crate::policy::tests::company_with;

    fn bob(minor: i64) -> Money {
        Money::from_minor(minor, Currency::BOB)
    }

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    pub(crate) fn opening() -> DrawerOpening {
        let command = OpenCommand { cashier: Text::from_text("ana").unwrap(), float: bob(20_000) };
        decide_opening(&company_with(&[]), None, DrawerId::FIRST, command, now()).unwrap()
    }

    pub(crate) fn drawer() -> Drawer {
        Drawer::opened(opening())
    }

    /// By its cashier.
    fn own_close(counted_minor: i64) -> CloseCommand {
        CloseCommand {
            drawer: DrawerId::FIRST,
            closed_by: opening().cashier,
            is_anybodys: false,
            counted: bob(counted_minor),
        }
    }

    fn close(
        drawer: &Drawer,
        change: fn(&mut CloseCommand),
    ) -> Result<DrawerClosing, CloseRefusal> {
        let mut command = own_close(19_950);
        change(&mut command);
        decide_closing(&company_with(&[]), Some(drawer), &command, now())
    }

    /// Of a drawer that took nothing: fifty hundredths short.
    pub(crate) fn closing() -> DrawerClosing {
        close(&drawer(), |_| ()).unwrap()
    }

    fn approve(
        drawer: Option<&Drawer>,
        change: fn(&mut ApproveCommand),
    ) -> Result<DrawerApproval, ApproveRefusal> {
        let mut command = ApproveCommand {
            drawer: DrawerId::FIRST,
            collector: CollectorId::FIRST,
            approved_by: Text::from_text("eva").unwrap(),
            note: None,
        };
        change(&mut command);
        decide_approval(&company_with(&[]), drawer, command, now())
    }

    fn closed() -> Drawer {
        Drawer { closing: Some(closing()), ..drawer() }
    }

    pub(crate) fn approval() -> DrawerApproval {
        approve(Some(&closed()), |_| ()).unwrap()
    }

    #[test]
    fn a_cashier_has_one_drawer_open() {
        let open = |open, minor| {
            let cashier = opening().cashier;
            let command = OpenCommand { cashier, float: bob(minor) };
            decide_opening(&company_with(&[]), open, DrawerId::FIRST, command, now()).err()
        };
        let already = Some(OpenRefusal::AlreadyOpen { drawer: DrawerId::FIRST });
        assert_eq!(open(Some(DrawerId::FIRST), -1), already);
        assert_eq!(open(None, -1), Some(OpenRefusal::AmountOutOfRange));
        assert_eq!(open(None, Money::PAYABLE_MAX_MINOR + 1), Some(OpenRefusal::AmountOutOfRange));
        assert_eq!(open(None, 0), None);
    }

    #[test]
    fn what_is_expected_is_the_float_and_the_cash_that_stayed() {
        let taken = drawer().checked_taken(&receipt()).unwrap();
        assert_eq!(taken.checked_expected(), Ok(bob(20_000 + 14_570)));
        assert_eq!(taken.figures.cash.taken, Total { count: 1, amount: bob(14_570) });
        let by_card = WindowReceipt { means: WindowMeans::Card, ..receipt() };
        let taken = taken.checked_taken(&by_card).unwrap();
        assert_eq!(taken.checked_expected(), Ok(bob(20_000 + 14_570)));
        assert_eq!(taken.figures.card.taken, Total { count: 1, amount: bob(14_570) });
        let back = taken.checked_returned(&reversal()).unwrap();
        assert_eq!(back.checked_expected(), Ok(bob(20_000)));
        assert_eq!(back.figures.cash.checked_net(), Ok(bob(0)));
    }

    #[test]
    fn each_refusal_of_a_closing_comes_in_its_place() {
        assert_eq!(closing().difference(), bob(-50));
        assert_eq!(closing().expected, bob(20_000));
        let other: fn(&mut CloseCommand) = |command| {
            command.closed_by = Text::from_text("eva").unwrap();
            command.counted = bob(-1);
        };
        assert_eq!(close(&closed(), other), Err(CloseRefusal::DrawerUnknown));
        let negative: fn(&mut CloseCommand) = |command| command.counted = bob(-1);
        assert_eq!(close(&closed(), negative), Err(CloseRefusal::AlreadyClosed));
        assert_eq!(close(&drawer(), negative), Err(CloseRefusal::AmountOutOfRange));
        let unknown = decide_closing(&company_with(&[]), None, &own_close(0), now());
        assert_eq!(unknown, Err(CloseRefusal::DrawerUnknown));
    }

    #[test]
    fn a_drawer_that_was_left_open_is_closed_by_who_answers_for_it_and_approved_by_a_third() {
        let by_eva: fn(&mut CloseCommand) = |command| {
            command.closed_by = Text::from_text("eva").unwrap();
            command.is_anybodys = true;
        };
        assert_eq!(closing().closed_by, None, "its cashier closed it");
        let own: fn(&mut CloseCommand) = |command| command.is_anybodys = true;
        assert_eq!(close(&drawer(), own).unwrap(), closing(), "and may close anybody's");
        let closing = close(&drawer(), by_eva).unwrap();
        assert_eq!(closing.closed_by, Some(Text::from_text("eva").unwrap()));
        let closed = Drawer { closing: Some(closing), ..drawer() };
        assert_eq!(close(&closed, by_eva), Err(CloseRefusal::AlreadyClosed));
        for (name, told) in [
            ("ana", Err(ApproveRefusal::OwnDrawer)),
            ("eva", Err(ApproveRefusal::OwnDrawer)),
            ("luz", Ok(bob(-50))),
        ] {
            let command = ApproveCommand {
                drawer: DrawerId::FIRST,
                collector: CollectorId::FIRST,
                approved_by: Text::from_text(name).unwrap(),
                note: None,
            };
            let approval = decide_approval(&company_with(&[]), Some(&closed), command, now());
            assert_eq!(approval.map(|approval| approval.difference), told, "{name}");
        }
    }

    #[test]
    fn each_refusal_of_an_approval_comes_in_its_place() {
        let own: fn(&mut ApproveCommand) = |command| command.approved_by = opening().cashier;
        let approved = Drawer { approval: Some(approval()), ..closed() };
        assert_eq!(approval().difference, bob(-50));
        assert_eq!(approve(None, own), Err(ApproveRefusal::DrawerUnknown));
        assert_eq!(approve(Some(&drawer()), own), Err(ApproveRefusal::OwnDrawer));
        assert_eq!(approve(Some(&drawer()), |_| ()), Err(ApproveRefusal::StillOpen));
        assert_eq!(approve(Some(&approved), |_| ()), Err(ApproveRefusal::AlreadyApproved));
    }

    #[test]
    fn a_drawer_goes_from_open_to_closed_to_approved() {
        let approved = Drawer { approval: Some(approval()), ..closed() };
        let states = [drawer(), closed(), approved].map(|drawer| drawer.state());
        assert_eq!(states, DrawerState::ALL);
        for state in DrawerState::ALL {
            assert_eq!(DrawerState::from_code(state.to_code()), Some(state));
        }
    }

    #[test]
    fn a_clock_set_back_does_not_put_a_closing_before_its_opening() {
        let earlier = "2021-11-20T12:00:00Z".parse().unwrap();
        let company = company_with(&[]);
        let closing = decide_closing(&company, Some(&drawer()), &own_close(0), earlier).unwrap();
        assert_eq!(closing.business_day, opening().business_day);
    }
}
