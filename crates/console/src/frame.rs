//! What every page has around it: where one is, who one is, and where one can go.

use ventanilla_domain::{Right, Role};

use crate::assets::Assets;
use crate::language::{Language, texts};
use crate::visit::Visit;

texts! {
    /// The frame's own texts.
    FrameTexts {
        skip: "Saltar al contenido" / "Skip to content",
        sections: "Secciones" / "Sections",
        window: "Cobrar" / "Collect",
        members: "Socios" / "Members",
        my_day: "Mi día" / "My day",
        drawer: "Gaveta" / "Drawer",
        drawers: "Gavetas" / "Drawers",
        overview: "Resumen" / "Overview",
        payments: "Cobranzas" / "Payments",
        close: "Cierre" / "Close",
        held: "Rendiciones" / "Remittances",
        payables: "Proveedores" / "Suppliers",
        ledger: "Libro" / "Ledger",
        administration: "Administración" / "Administration",
        companies: "Cambiar de empresa" / "Change company",
        leave: "Salir" / "Sign out",
        other_language: "English" / "Español",
        product: "Ventanilla" / "Ventanilla",
        reader: "consulta" / "reader",
        cashier: "cajero" / "cashier",
        supervisor: "supervisor" / "supervisor",
        accountant: "contador" / "accountant",
        administrator: "administrador" / "administrator",
        done_saved: "Se guardó." / "Saved.",
        done_paid: "Cobro registrado." / "Payment recorded.",
        done_reversed: "Se revirtió." / "Reversed.",
        done_drawer_open: "La gaveta está abierta." / "The drawer is open.",
        done_drawer_closed: "La gaveta se cerró." / "The drawer was closed.",
        done_approved: "Se aprobó." / "Approved.",
        done_day_closed: "El día quedó cerrado." / "The day is closed.",
        done_remitted: "La rendición se asentó." / "The remittance was posted.",
        done_password: "Su contraseña cambió." / "Your password has changed.",
        done_factor: "El segundo factor está activo." / "The second factor is active.",
        done_ended: "La sesión terminó." / "The session has ended.",
        done_proven: "Código correcto." / "The code is right.",
        optional: "opcional" / "optional",
        older: "Más antiguos" / "Older",
        back: "Volver" / "Back",
        filter: "Filtrar" / "Filter",
        nothing: "No hay nada que mostrar." / "There is nothing to show.",
    }
}

/// The name of a role.
pub(crate) const fn role_name(role: Role, t: &'static FrameTexts) -> &'static str {
    match role {
        Role::Reader => t.reader,
        Role::Cashier => t.cashier,
        Role::Supervisor => t.supervisor,
        Role::Accountant => t.accountant,
        Role::Administrator => t.administrator,
    }
}

/// Something that was done before the page was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    Saved,
    Paid,
    Reversed,
    DrawerOpen,
    DrawerClosed,
    Approved,
    DayClosed,
    Remitted,
    Password,
    Factor,
    Ended,
    Proven,
}

impl Done {
    const ALL: [Self; 12] = [
        Self::Saved,
        Self::Paid,
        Self::Reversed,
        Self::DrawerOpen,
        Self::DrawerClosed,
        Self::Approved,
        Self::DayClosed,
        Self::Remitted,
        Self::Password,
        Self::Factor,
        Self::Ended,
        Self::Proven,
    ];

    /// Its word in an address.
    const fn to_word(self) -> &'static str {
        match self {
            Self::Saved => "guardado",
            Self::Paid => "cobrado",
            Self::Reversed => "revertido",
            Self::DrawerOpen => "gaveta-abierta",
            Self::DrawerClosed => "gaveta-cerrada",
            Self::Approved => "aprobado",
            Self::DayClosed => "dia-cerrado",
            Self::Remitted => "rendido",
            Self::Password => "clave",
            Self::Factor => "factor",
            Self::Ended => "terminado",
            Self::Proven => "probado",
        }
    }

    const fn to_text(self, t: &'static FrameTexts) -> &'static str {
        match self {
            Self::Saved => t.done_saved,
            Self::Paid => t.done_paid,
            Self::Reversed => t.done_reversed,
            Self::DrawerOpen => t.done_drawer_open,
            Self::DrawerClosed => t.done_drawer_closed,
            Self::Approved => t.done_approved,
            Self::DayClosed => t.done_day_closed,
            Self::Remitted => t.done_remitted,
            Self::Password => t.done_password,
            Self::Factor => t.done_factor,
            Self::Ended => t.done_ended,
            Self::Proven => t.done_proven,
        }
    }

    /// A path whose page tells it.
    pub(crate) fn at(self, path: &str) -> String {
        crate::visit::with_query(path, "hecho", self.to_word())
    }
}

/// A part of the console that one can go to.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) path: String,
    pub(crate) icon: &'static str,
    pub(crate) name: &'static str,
    pub(crate) is_here: bool,
}

/// The frame of one page.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) t: &'static FrameTexts,
    pub(crate) language: &'static str,
    pub(crate) other_language: &'static str,
    pub(crate) assets: &'static Assets,
    pub(crate) title: String,
    pub(crate) person: Option<String>,
    pub(crate) role: &'static str,
    pub(crate) company: Option<String>,
    pub(crate) has_companies: bool,
    pub(crate) home: String,
    pub(crate) here: String,
    pub(crate) sections: Vec<Section>,
    pub(crate) form_key: String,
    pub(crate) done: Option<&'static str>,
    pub(crate) is_narrow: bool,
}

impl Frame {
    /// The frame of a page of that title.
    pub(crate) fn new(visit: &Visit, title: String) -> Self {
        let t = FrameTexts::of(visit.language);
        // A form goes back to the page it was on, with its query: what that tells was done before.
        let done = if visit.is_form() { "" } else { visit.query.get("hecho") };
        let done = Done::ALL.into_iter().find(|known| known.to_word() == done);
        let other = match visit.language {
            Language::Spanish => Language::English,
            Language::English => Language::Spanish,
        };
        Self {
            t,
            language: visit.language.to_tag(),
            other_language: other.to_tag(),
            assets: Assets::get(),
            title,
            person: visit.inside.as_ref().map(|inside| inside.name.clone()),
            role: visit.role().map_or("", |role| role_name(role, t)),
            company: visit.station.as_ref().map(|station| station.company.name.to_string()),
            has_companies: visit.inside.as_ref().is_some_and(|inside| inside.stations.len() > 1),
            home: visit.to_home(),
            here: visit.to_page_before(),
            sections: sections(visit, t),
            form_key: visit.form_key().to_owned(),
            done: done.map(|done| done.to_text(t)),
            is_narrow: false,
        }
    }

    /// A page of one column, for one thing to do.
    pub(crate) fn narrow(self) -> Self {
        Self { is_narrow: true, ..self }
    }

    /// A page of the section at that path, where its own address does not tell.
    pub(crate) fn within(mut self, path: &str) -> Self {
        for section in &mut self.sections {
            section.is_here = section.path == path;
        }
        self
    }
}

/// The sections that a role sees.
fn sections(visit: &Visit, t: &'static FrameTexts) -> Vec<Section> {
    let members = if visit.may(Right::Collect) { t.window } else { t.members };
    let all = [
        (Right::SeeMembers, "/caja", "search", members),
        (Right::Collect, "/mi-dia", "day", t.my_day),
        (Right::Collect, "/gaveta", "drawer", t.drawer),
        (Right::ApproveDrawers, "/gavetas", "drawer", t.drawers),
        (Right::SeeBooks, "/resumen", "chart", t.overview),
        (Right::SeeBooks, "/cobranzas", "list", t.payments),
        (Right::CloseDays, "/cierre", "lock", t.close),
        (Right::SeeBooks, "/rendiciones", "hand", t.held),
        (Right::SeePayables, "/proveedores", "truck", t.payables),
        (Right::SeeBooks, "/libro", "book", t.ledger),
        (Right::Administer, "/admin", "gear", t.administration),
    ];
    let shown = all.into_iter().filter(|(right, ..)| visit.may(*right));
    shown
        .map(|(_, rest, icon, name)| {
            let path = visit.to_path(rest);
            let is_here = section_of(visit.route.path) == Some(rest);
            Section { path, icon, name, is_here }
        })
        .collect()
}

/// The section that a route is of: its own name, or that of the page that leads to it.
fn section_of(path: &'static str) -> Option<&'static str> {
    let rest = path.strip_prefix("/consola/{empresa}")?;
    let end = rest.get(1..)?.find('/').map_or(rest.len(), |end| end + 1);
    match rest.get(..end)? {
        "/socio" | "/recibo" | "/pago" => Some("/caja"),
        "/pago-a-proveedor" => Some("/proveedores"),
        own => Some(own),
    }
}
