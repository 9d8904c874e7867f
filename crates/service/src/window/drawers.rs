//! Cashiers' drawers.

use ventanilla_domain::{
    ApproveCommand, ApproveRefusal, CloseCommand, CloseRefusal, Drawer, DrawerFigures, DrawerId,
    DrawerOpening, Event, Money, OpenCommand, OpenRefusal, Reason, Right, decide_approval,
    decide_closing, decide_opening,
};
use ventanilla_store::DrawerFilter;

use super::receipts::seen_company;
use super::{AtWindow, WINDOW_PAGE_LEN, WindowReadRefusal, window_of};
use crate::failure::damaged;
use crate::payables::counters;
use crate::{NoRefusal, Officer, Service, Subject, What};

fn about(drawer: DrawerId) -> Subject {
    Subject { drawer: Some(drawer), ..Subject::default() }
}

/// A drawer as others than its cashier may see it: who counts blind is not told what went through it.
fn unless_blind(drawer: Drawer, officer: &Officer) -> Drawer {
    if drawer.is_open() && drawer.opening.cashier == officer.name {
        let figures = DrawerFigures::none(drawer.opening.float.currency());
        return Drawer { figures, ..drawer };
    }
    drawer
}

impl Service {
    /// Opens a drawer of the officer's own, with the cash that is in it. Needs [`Right::Collect`].
    ///
    /// Refusals in the order of [`crate::OfficeRefusal`] and [`OpenRefusal`].
    pub async fn open_drawer(
        &self,
        officer: &Officer,
        float: Money,
    ) -> AtWindow<DrawerOpening, OpenRefusal> {
        let (act, cashier) = (officer.act(What::DrawerOpen), officer.name.clone());
        self.write_for(officer, Right::Collect, move |tx, company, now| {
            let next = counters(tx, company)?.next_drawer;
            let open = tx.view().open_drawer_of(company.id, &cashier)?;
            let command = OpenCommand { cashier: cashier.clone(), float };
            let opening = match decide_opening(company, open, next, command, now) {
                Ok(opening) => opening,
                Err(refusal) => return Ok(Err(refusal)),
            };
            tx.append(company.id, Event::DrawerOpened(Box::new(opening.clone())), now)?;
            act.keep(tx, now, Some(company.id), about(opening.id))?;
            Ok(Ok(opening))
        })
        .await
    }

    /// Closes the officer's own drawer ([`Right::Collect`]), or anybody's that was left open
    /// ([`Right::ApproveDrawers`]), by the cash that was counted, and answers it as it stands then, with what
    /// was expected: to its cashier not before.
    ///
    /// Refusals in the order of [`crate::OfficeRefusal`] and [`CloseRefusal`].
    pub async fn close_drawer(
        &self,
        officer: &Officer,
        drawer: DrawerId,
        counted: Money,
    ) -> AtWindow<Drawer, CloseRefusal> {
        let (act, closed_by) = (officer.act(What::DrawerClose), officer.name.clone());
        let is_anybodys = officer.role.may(Right::ApproveDrawers);
        let right = if is_anybodys { Right::ApproveDrawers } else { Right::Collect };
        self.write_for(officer, right, move |tx, company, now| {
            let kept = tx.view().drawer(company, drawer)?;
            let closed_by = closed_by.clone();
            let command = CloseCommand { drawer, closed_by, is_anybodys, counted };
            let closing = match decide_closing(company, kept.as_ref(), &command, now) {
                Ok(closing) => closing,
                Err(refusal) => return Ok(Err(refusal)),
            };
            tx.append(company.id, Event::DrawerClosed(Box::new(closing)), now)?;
            act.keep(tx, now, Some(company.id), about(drawer))?;
            let closed = tx.view().drawer(company, drawer)?;
            Ok(Ok(closed.ok_or_else(|| damaged("a drawer that was closed is missing"))?))
        })
        .await
    }

    /// Approves the count of somebody else's drawer; what is over or short is posted. Needs
    /// [`Right::ApproveDrawers`].
    ///
    /// Refusals in the order of [`crate::OfficeRefusal`] and [`ApproveRefusal`].
    pub async fn approve_drawer(
        &self,
        officer: &Officer,
        drawer: DrawerId,
        note: Option<Reason>,
    ) -> AtWindow<Drawer, ApproveRefusal> {
        self.ensure_window(officer, Right::ApproveDrawers).await?;
        let (act, approved_by) = (officer.act(What::DrawerApprove), officer.name.clone());
        self.write_for(officer, Right::ApproveDrawers, move |tx, company, now| {
            let kept = tx.view().drawer(company, drawer)?;
            let command = ApproveCommand {
                drawer,
                collector: window_of(&tx.view(), company)?.id,
                approved_by: approved_by.clone(),
                note: note.clone(),
            };
            let approval = match decide_approval(company, kept.as_ref(), command, now) {
                Ok(approval) => approval,
                Err(refusal) => return Ok(Err(refusal)),
            };
            tx.append(company.id, Event::DrawerApproved(Box::new(approval)), now)?;
            act.keep(tx, now, Some(company.id), about(drawer))?;
            let approved = tx.view().drawer(company, drawer)?;
            Ok(Ok(approved.ok_or_else(|| damaged("a drawer that was approved is missing"))?))
        })
        .await
    }

    /// The drawer that the officer has open. Needs [`Right::Collect`].
    pub fn drawer_of(&self, officer: &Officer) -> AtWindow<Option<DrawerOpening>, NoRefusal> {
        self.read_for(officer, Right::Collect, |view| {
            let company = seen_company(view, officer)?;
            let Some(open) = view.open_drawer_of(company.id, &officer.name)? else {
                return Ok(Ok(None));
            };
            Ok(Ok(view.drawer(&company, open)?.map(|drawer| drawer.opening)))
        })
    }

    /// The drawer of that id: one's own once it is closed ([`Right::Collect`]), or anybody's
    /// ([`Right::ApproveDrawers`]). Refusals in the order of [`WindowReadRefusal`].
    pub fn drawer(&self, officer: &Officer, id: DrawerId) -> AtWindow<Drawer, WindowReadRefusal> {
        let sees_all = officer.role.may(Right::ApproveDrawers);
        let right = if sees_all { Right::ApproveDrawers } else { Right::Collect };
        self.read_for(officer, right, |view| {
            let company = seen_company(view, officer)?;
            let is_own = |drawer: &Drawer| drawer.opening.cashier == officer.name;
            let found = view.drawer(&company, id)?;
            let found = found.filter(|drawer| sees_all || is_own(drawer));
            Ok(match found {
                None => Err(WindowReadRefusal::Unknown),
                Some(drawer) if drawer.is_open() && is_own(&drawer) => {
                    Err(WindowReadRefusal::StillOpen)
                }
                Some(drawer) => Ok(drawer),
            })
        })
    }

    /// A page of drawers, the latest first: those before `before`. Who may not see every drawer
    /// ([`Right::ApproveDrawers`]) sees their own ([`Right::Collect`]). Of one's own open drawer nothing is
    /// told of what went through it.
    pub fn drawers(
        &self,
        officer: &Officer,
        filter: &DrawerFilter,
        before: Option<DrawerId>,
    ) -> AtWindow<Vec<Drawer>, NoRefusal> {
        let sees_all = officer.role.may(Right::ApproveDrawers);
        let own = DrawerFilter { cashier: Some(officer.name.clone()), ..filter.clone() };
        let (right, filter) =
            if sees_all { (Right::ApproveDrawers, filter) } else { (Right::Collect, &own) };
        self.read_for(officer, right, |view| {
            let company = seen_company(view, officer)?;
            let before = before.map_or(i64::MAX, DrawerId::to_i64);
            let found = view.drawers_before(&company, filter, before, WINDOW_PAGE_LEN)?;
            Ok(Ok(found.into_iter().map(|drawer| unless_blind(drawer, officer)).collect()))
        })
    }
}
