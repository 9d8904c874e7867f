//! What heads a company's papers.

use ventanilla_domain::{Company, Issuer, Logo, Text};

use crate::pdf::{Align, MM, Pen, Style};

/// The room of a logo at the head of a paper, in points.
const LOGO_BOX: [f32; 2] = [60.0 * MM, 16.0 * MM];
/// Between a logo and the name below it.
const LOGO_GAP: f32 = 4.0;

/// Who issues a paper. What is not known is left out.
#[derive(Debug, Clone, Copy)]
pub struct Letterhead<'a> {
    /// The issuer's full name.
    pub name: &'a str,
    /// The issuer's tax number (NIT).
    pub tax_id: Option<&'a str>,
    /// The head office.
    pub address: Option<&'a str>,
    /// The municipality.
    pub municipality: Option<&'a str>,
    /// The telephone.
    pub phone: Option<&'a str>,
    /// What the issuer does.
    pub activity: Option<&'a str>,
    /// What the law wants to be read at the foot (in Bolivia, a sentence of Ley 453).
    pub legend: Option<&'a str>,
    /// The picture above the name.
    pub logo: Option<&'a Logo>,
}

impl<'a> Letterhead<'a> {
    /// What a company said of itself; its name alone where it has said nothing.
    pub fn of(company: &'a Company, issuer: Option<&'a Issuer>) -> Self {
        let label = |fact: fn(&'a Issuer) -> Option<&'a str>| issuer.and_then(fact);
        Self {
            name: label(|issuer| issuer.name.as_ref().map(Text::as_str))
                .unwrap_or(company.name.as_str()),
            tax_id: label(|issuer| issuer.tax_id.as_ref().map(Text::as_str)),
            address: label(|issuer| issuer.address.as_ref().map(Text::as_str)),
            municipality: label(|issuer| issuer.municipality.as_ref().map(Text::as_str)),
            phone: label(|issuer| issuer.phone.as_ref().map(Text::as_str)),
            activity: label(|issuer| issuer.activity.as_ref().map(Text::as_str)),
            legend: label(|issuer| issuer.legend.as_ref().map(Text::as_str)),
            logo: None,
        }
    }

    /// The same under the logo that this issuer names.
    #[must_use]
    pub fn with_logo(self, logo: Option<&'a Logo>) -> Self {
        Self { logo, ..self }
    }

    /// Who issues the paper and where to find them; sizes in points.
    pub(crate) fn draw(&self, pen: &mut Pen<'_, '_>, name: f32, rest: f32, align: Align) {
        if let Some(logo) = self.logo {
            pen.logo(logo, LOGO_BOX, align);
            pen.gap(LOGO_GAP);
        }
        pen.text(Style::text(name).bold().align(align), self.name);
        let phone = self.phone.map(|phone| format!("Teléfono: {phone}"));
        let lines = [self.activity, self.address, self.municipality, phone.as_deref()];
        for line in lines.into_iter().flatten() {
            pen.text(Style::text(rest).align(align), line);
        }
    }
}
