//! What heads a company's papers.

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
