//! What heads a company's papers.

use crate::pdf::{Align, Pen, Style};

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
}

impl Letterhead<'_> {
    /// Who issues the paper and where to find them; sizes in points.
    pub(crate) fn draw(&self, pen: &mut Pen<'_, '_>, name: f32, rest: f32, align: Align) {
        pen.text(Style::text(name).bold().align(align), self.name);
        let phone = self.phone.map(|phone| format!("Teléfono: {phone}"));
        let lines = [self.activity, self.address, self.municipality, phone.as_deref()];
        for line in lines.into_iter().flatten() {
            pen.text(Style::text(rest).align(align), line);
        }
    }
}
