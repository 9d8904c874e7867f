//! Drawers: one's own, from its float to its blind count, and everybody's for who approves counts.

use askama::Template;
use ventanilla_domain::{
    ApproveRefusal, CloseRefusal, Company, Drawer, DrawerId, DrawerOpening, DrawerState, Money,
    OpenRefusal, Reason, Right, WindowMeans,
};
use ventanilla_service::{DrawerFilter, WINDOW_PAGE_LEN};

use super::texts::WindowTexts;
use super::{Badge, Fact, fact, means_name};
use crate::answer::{self, Answer};
use crate::figures::{amount, moment, money_from, priced};
use crate::forms::{Choice, Errors};
use crate::frame::{Done, Frame};
use crate::language::filled;
use crate::trouble::{Trouble, act_refusal_of, of_office};
use crate::visit::{Visit, with_query};

/// Means, taken, given back, net.
type MeansRow = (&'static str, String, String, String);

#[derive(Debug, Template)]
#[template(path = "window/drawer.html")]
struct DrawerPage {
    frame: Frame,
    t: &'static WindowTexts,
    errors: Errors,
    title: String,
    back: Option<String>,
    state: Option<Badge>,
    typed: String,
    attempt: String,
    facts: Vec<Fact>,
    difference: Option<(&'static str, String, &'static str)>,
    by_means: Vec<MeansRow>,
    open_action: Option<String>,
    close_action: Option<String>,
    close_hint: &'static str,
    approve_action: Option<String>,
    /// Why it cannot be approved by whoever sees it.
    approve_told: Option<&'static str>,
}

impl DrawerPage {
    /// A page of nothing but its title.
    fn new(visit: &Visit, title: String, errors: Errors) -> Self {
        let t = WindowTexts::of(visit.language);
        Self {
            frame: visit.frame(title.clone()),
            t,
            errors,
            title,
            back: None,
            state: None,
            typed: String::new(),
            attempt: visit.attempt(),
            facts: Vec::new(),
            difference: None,
            by_means: Vec::new(),
            open_action: None,
            close_action: None,
            close_hint: t.close_hint,
            approve_action: None,
            approve_told: None,
        }
    }

    fn offer_to_close(&mut self, visit: &Visit, id: DrawerId) {
        self.close_action = Some(visit.to_path(&format!("/gaveta/{id}/cerrar")));
        visit.form.get("contado").clone_into(&mut self.typed);
    }

    /// What somebody who answers for the cashiers may do with a drawer: close one that was left open, and
    /// approve a count that is not their own.
    fn offer_to_answer_for(&mut self, visit: &Visit, drawer: &Drawer) -> Result<(), Trouble> {
        let id = drawer.opening.id;
        let is_own = drawer.is_answered_for_by(&visit.station()?.name);
        match drawer.state() {
            DrawerState::Open => {
                self.offer_to_close(visit, id);
                self.close_hint = self.t.close_others_hint;
            }
            DrawerState::Closed if !is_own => {
                self.approve_action = Some(visit.to_path(&format!("/gaveta/{id}/aprobar")));
                visit.form.get("nota").clone_into(&mut self.typed);
            }
            DrawerState::Closed | DrawerState::Approved => {}
        }
        Ok(())
    }

    fn answer(&self) -> Answer {
        if self.errors.is_empty() { answer::page(self) } else { answer::wrong(self) }
    }
}

/// One's own drawer: to be opened, or to be counted.
pub(super) async fn own(visit: &Visit) -> Answer {
    to_own(visit, Errors::default())
}

fn to_own(visit: &Visit, errors: Errors) -> Answer {
    let (t, company) = (WindowTexts::of(visit.language), visit.company()?);
    let opening = visit.hall.service.drawer_of(visit.station()?)?;
    let mut page = DrawerPage::new(visit, t.drawer.to_owned(), errors);
    if let Some(opening) = opening {
        page.title = filled(t.drawer_number, opening.id);
        page.state = Some((t.drawer_open, " good"));
        page.facts = opening_facts(company, &opening, t);
        page.offer_to_close(visit, opening.id);
    } else {
        page.open_action = Some(visit.to_path("/gaveta/abrir"));
        visit.form.get("fondo").clone_into(&mut page.typed);
    }
    page.answer()
}

fn opening_facts(company: &Company, opening: &DrawerOpening, t: &'static WindowTexts) -> Vec<Fact> {
    let facts = [
        fact(t.cashier, Some(&opening.cashier)),
        fact(t.float, Some(priced(opening.float))),
        fact(t.opened_at, Some(moment(company, opening.recorded_at))),
    ];
    facts.into_iter().flatten().collect()
}

/// Opens one's own drawer.
pub(super) async fn open(visit: &Visit) -> Answer {
    let t = WindowTexts::of(visit.language);
    let Some(float) = money_from(visit.form.get("fondo"), visit.company()?.currency) else {
        return to_own(visit, Errors::of("fondo", t.currency_wrong));
    };
    match visit.hall.service.open_drawer(visit.station()?, float).await {
        Ok(_) => answer::see(&Done::DrawerOpen.at(&visit.to_path("/caja"))),
        Err(failure) => match act_refusal_of(failure)? {
            // A double click: it is open, which is what was wanted.
            OpenRefusal::AlreadyOpen { .. } => answer::see(&visit.to_path("/gaveta")),
            OpenRefusal::AmountOutOfRange => {
                to_own(visit, Errors::of("fondo", t.amount_out_of_range))
            }
        },
    }
}

fn id_of(visit: &Visit) -> Result<DrawerId, Trouble> {
    DrawerId::from_i64(visit.number("gaveta")?).ok().ok_or(Trouble::Missing)
}

fn to_drawer(visit: &Visit, id: DrawerId) -> String {
    visit.to_path(&format!("/gaveta/{id}"))
}

/// Counts and closes one's own drawer, or one that its cashier left open.
pub(super) async fn close(visit: &Visit) -> Answer {
    let t = WindowTexts::of(visit.language);
    let id = id_of(visit)?;
    let own = visit.hall.service.drawer_of(visit.station()?)?;
    let is_own = own.is_some_and(|own| own.id == id);
    let with = |sentence| {
        let errors = Errors::of("contado", sentence);
        if is_own { to_own(visit, errors) } else { to_page(visit, errors) }
    };
    let Some(counted) = money_from(visit.form.get("contado"), visit.company()?.currency) else {
        return with(t.currency_wrong);
    };
    match visit.hall.service.close_drawer(visit.station()?, id, counted).await {
        Ok(_) => answer::see(&Done::DrawerClosed.at(&to_drawer(visit, id))),
        Err(failure) => match act_refusal_of(failure)? {
            CloseRefusal::DrawerUnknown => Err(Trouble::Missing),
            CloseRefusal::AlreadyClosed => answer::see(&to_drawer(visit, id)),
            CloseRefusal::AmountOutOfRange => with(t.amount_out_of_range),
        },
    }
}

/// One drawer, with what went through it.
pub(super) async fn show(visit: &Visit) -> Answer {
    to_page(visit, Errors::default())
}

fn to_page(visit: &Visit, errors: Errors) -> Answer {
    let id = id_of(visit)?;
    let drawer = visit.hall.service.drawer(visit.station()?, id);
    let drawer = drawer.map_err(|failure| of_office(failure, |_| Trouble::Missing))?;
    let (t, company) = (WindowTexts::of(visit.language), visit.company()?);
    let mut page = DrawerPage::new(visit, filled(t.drawer_number, id), errors);
    if visit.may(Right::ApproveDrawers) {
        let all = visit.to_path("/gavetas");
        page.frame = page.frame.within(&all);
        page.back = Some(all);
    }
    page.state = Some(state_of(drawer.state(), t));
    page.facts = opening_facts(company, &drawer.opening, t);
    if let Some(closing) = &drawer.closing {
        page.facts.push((t.closed_at, moment(company, closing.recorded_at)));
        page.facts.extend(fact(t.closed_by, closing.closed_by.as_ref()));
        page.facts.push((t.expected, priced(closing.expected)));
        page.facts.push((t.counted, priced(closing.counted)));
        page.difference = Some(difference_of(closing.difference(), t));
    }
    if let Some(approval) = &drawer.approval {
        page.facts.push((t.approved_by, approval.approved_by.to_string()));
        page.facts.extend(fact(t.note, approval.note.as_ref()));
    }
    page.by_means = by_means(&drawer, t);
    if visit.may(Right::ApproveDrawers) {
        page.offer_to_answer_for(visit, &drawer)?;
    }
    if drawer.state() == DrawerState::Closed && page.approve_action.is_none() {
        page.approve_told = Some(t.own_drawer);
    }
    page.answer()
}

fn difference_of(
    difference: Money,
    t: &'static WindowTexts,
) -> (&'static str, String, &'static str) {
    let size = Money::from_minor(difference.to_minor().saturating_abs(), difference.currency());
    match difference.to_minor() {
        0 => (t.balanced, priced(size), " good"),
        over if over > 0 => (t.over, priced(size), " warn"),
        _ => (t.short, priced(size), " bad"),
    }
}

fn by_means(drawer: &Drawer, t: &'static WindowTexts) -> Vec<MeansRow> {
    let row = |means: WindowMeans| {
        let figures = drawer.figures.of(means);
        let (taken, returned) = (figures.taken.amount, figures.returned.amount);
        let net = figures.checked_net().map(amount).unwrap_or_default();
        (means_name(means, t), amount(taken), amount(returned), net)
    };
    WindowMeans::ALL.map(row).into()
}

const fn state_of(state: DrawerState, t: &'static WindowTexts) -> Badge {
    match state {
        DrawerState::Open => (t.drawer_open, " good"),
        DrawerState::Closed => (t.drawer_is_closed, " warn"),
        DrawerState::Approved => (t.drawer_approved, ""),
    }
}

/// Approves somebody's count.
pub(super) async fn approve(visit: &Visit) -> Answer {
    let (t, id, note) = (WindowTexts::of(visit.language), id_of(visit)?, visit.form.get("nota"));
    let note = match Reason::from_text(note) {
        Ok(note) => Some(note),
        Err(_) if note.is_empty() => None,
        Err(_) => return to_page(visit, Errors::of("nota", t.note_wrong)),
    };
    match visit.hall.service.approve_drawer(visit.station()?, id, note).await {
        Ok(_) => answer::see(&Done::Approved.at(&to_drawer(visit, id))),
        Err(failure) => match act_refusal_of(failure)? {
            ApproveRefusal::DrawerUnknown => Err(Trouble::Missing),
            ApproveRefusal::OwnDrawer => to_page(visit, Errors::whole(t.own_drawer)),
            ApproveRefusal::StillOpen | ApproveRefusal::AlreadyApproved => {
                answer::see(&to_drawer(visit, id))
            }
        },
    }
}

#[derive(Debug)]
struct Row {
    path: String,
    number: String,
    cashier: String,
    opened: String,
    closed: String,
    state: Badge,
    difference: String,
}

#[derive(Debug, Template)]
#[template(path = "window/drawers.html")]
struct DrawersPage {
    frame: Frame,
    t: &'static WindowTexts,
    errors: Errors,
    states: Vec<Choice>,
    rows: Vec<Row>,
    older: Option<String>,
}

/// Everybody's drawers, the latest first.
pub(super) async fn list(visit: &Visit) -> Answer {
    let (t, state) = (WindowTexts::of(visit.language), visit.query.get("estado"));
    let filter = DrawerFilter { state: DrawerState::from_code(state), ..DrawerFilter::default() };
    let before = visit.query.get("antes").parse().ok();
    let before = before.and_then(|before| DrawerId::from_i64(before).ok());
    let drawers = visit.hall.service.drawers(visit.station()?, &filter, before)?;
    let last = drawers.last().filter(|_| drawers.len() == WINDOW_PAGE_LEN);
    let here = with_query(&visit.to_path("/gavetas"), "estado", state);
    let older = last.map(|last| with_query(&here, "antes", &last.opening.id.to_string()));
    let company = visit.company()?;
    let states = DrawerState::ALL.map(|state| (state.to_code(), state_of(state, t).0));
    let states = [("", t.all)].into_iter().chain(states);
    answer::page(&DrawersPage {
        frame: visit.frame(t.drawers),
        t,
        errors: Errors::default(),
        states: Choice::all(states, state),
        rows: drawers.iter().map(|drawer| to_row(visit, company, drawer)).collect(),
        older,
    })
}

fn to_row(visit: &Visit, company: &Company, drawer: &Drawer) -> Row {
    let t = WindowTexts::of(visit.language);
    let closing = drawer.closing.as_ref();
    Row {
        path: to_drawer(visit, drawer.opening.id),
        number: drawer.opening.id.to_string(),
        cashier: drawer.opening.cashier.to_string(),
        opened: moment(company, drawer.opening.recorded_at),
        closed: closing.map(|closing| moment(company, closing.recorded_at)).unwrap_or_default(),
        state: state_of(drawer.state(), t),
        difference: closing.map(|closing| amount(closing.difference())).unwrap_or_default(),
    }
}
