//! Who heads a company's papers: a series of immutable versions, so that what was printed of a
//! payment can be printed again as it was.

use std::fmt;

use crate::{Label, Legend, Name, SettingError, Sha256, Text, TextError};

/// What heads a company's papers and closes them. A payment names the one in force when it was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Issuer {
    /// From 1, without gaps; 0 for what a company has before it says anything.
    pub number: u32,
    /// Whose papers they are, as they are to read.
    pub name: Option<Name>,
    /// Its tax number (NIT, CUIT).
    pub tax_id: Option<Label>,
    /// Its head office.
    pub address: Option<Name>,
    /// The municipality of its head office.
    pub municipality: Option<Label>,
    /// Telephone.
    pub phone: Option<Label>,
    /// What it does, as its tax registration says.
    pub activity: Option<Name>,
    /// What stands at the foot.
    pub legend: Option<Legend>,
    /// Where the proof of a printed receipt can be looked up.
    pub public_url: Option<PublicUrl>,
    /// The hash of its [`Logo`](crate::Logo), which is kept beside: no setting says it.
    pub logo: Option<Sha256>,
}

/// What names a fact of the issuer among a company's settings.
const PREFIX: &str = "issuer.";

impl Issuer {
    /// The settings that [`Issuer::with`] takes, each with the forms of its value.
    pub const SETTINGS: [(&'static str, &'static str); 8] = [
        ("issuer.name", "TEXT up to 200|none"),
        ("issuer.tax_id", "TEXT up to 64|none"),
        ("issuer.address", "TEXT up to 200|none"),
        ("issuer.municipality", "TEXT up to 64|none"),
        ("issuer.phone", "TEXT up to 64|none"),
        ("issuer.activity", "TEXT up to 200|none"),
        ("issuer.legend", "TEXT up to 500|none"),
        ("issuer.public_url", "http(s)://HOST[:PORT][/PATH]|none"),
    ];

    /// Whether a setting is one of an issuer's, known or not.
    pub fn is_setting(key: &str) -> bool {
        key.starts_with(PREFIX)
    }

    /// The version after this one, with these settings `(KEY, VALUE)` changed in their order; this
    /// one where they change nothing.
    ///
    /// Errors in order, setting by setting: unknown key, a value of the wrong form.
    pub fn with<'s>(
        &self,
        settings: impl IntoIterator<Item = (&'s str, &'s str)>,
    ) -> Result<Self, SettingError> {
        let mut issuer = self.clone();
        for (key, value) in settings {
            issuer.set(key, value)?;
        }
        Ok(self.followed_by(issuer))
    }

    /// The version after this one, with that logo or none; this one where it has the same.
    #[must_use]
    pub fn with_logo(&self, logo: Option<Sha256>) -> Self {
        self.followed_by(Self { logo, ..self.clone() })
    }

    /// What follows this version, under its number: this one where nothing differs.
    fn followed_by(&self, mut issuer: Self) -> Self {
        if issuer != *self {
            // No store keeps the last number twice: it takes only the one after the one in force.
            issuer.number = self.number.saturating_add(1);
        }
        issuer
    }

    /// The settings as `(key, value)`, in the order of [`Issuer::SETTINGS`].
    pub fn to_settings(&self) -> Vec<(String, String)> {
        let url = self.public_url.as_ref().map(PublicUrl::as_str);
        let values = [
            shown(self.name.as_ref()),
            shown(self.tax_id.as_ref()),
            shown(self.address.as_ref()),
            shown(self.municipality.as_ref()),
            shown(self.phone.as_ref()),
            shown(self.activity.as_ref()),
            shown(self.legend.as_ref()),
            url.unwrap_or(NONE).to_owned(),
        ];
        Self::SETTINGS.iter().map(|(key, _)| (*key).to_owned()).zip(values).collect()
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), SettingError> {
        let known = Self::SETTINGS.into_iter().find(|(known, _)| *known == key);
        let (key, form) = known.ok_or_else(|| SettingError::Key { key: key.to_owned() })?;
        let set = match key {
            "issuer.name" => put(&mut self.name, value, Text::from_text),
            "issuer.tax_id" => put(&mut self.tax_id, value, Text::from_text),
            "issuer.address" => put(&mut self.address, value, Text::from_text),
            "issuer.municipality" => put(&mut self.municipality, value, Text::from_text),
            "issuer.phone" => put(&mut self.phone, value, Text::from_text),
            "issuer.activity" => put(&mut self.activity, value, Text::from_text),
            "issuer.legend" => put(&mut self.legend, value, Text::from_text),
            _ => put(&mut self.public_url, value, PublicUrl::from_text),
        };
        // Whatever is wrong with a value, its form says what is right.
        set.ok_or_else(|| SettingError::Value { key: key.to_owned(), form })
    }
}

/// The value that clears a setting.
const NONE: &str = "none";

fn shown<const MAX: usize>(text: Option<&Text<MAX>>) -> String {
    text.map_or(NONE, Text::as_str).to_owned()
}

fn put<T, E>(
    place: &mut Option<T>,
    value: &str,
    from_text: fn(&str) -> Result<T, E>,
) -> Option<()> {
    *place = if value == NONE { None } else { Some(from_text(value).ok()?) };
    Some(())
}

/// Where a company is found on the web: `http://` or `https://`, a host, and perhaps a port and a
/// path, at most 200 characters, without a slash at its end. It stands in a printed code as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl(Text<200>);

impl PublicUrl {
    /// Trims, drops the slashes at the end, then checks. Errors in order: empty, too long, anything
    /// that has no place in it.
    pub fn from_text(text: &str) -> Result<Self, TextError> {
        let url = Text::<200>::from_text(text)?;
        let bare = Text::from_text(url.as_str().trim_end_matches('/'))?;
        let rest =
            ["http://", "https://"].iter().find_map(|scheme| bare.as_str().strip_prefix(scheme));
        if rest.is_some_and(is_place) { Ok(Self(bare)) } else { Err(TextError::Character) }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Whether a text is `host[:port][/path]`.
fn is_place(rest: &str) -> bool {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    is_host(host) && port.is_none_or(is_port) && path.bytes().all(is_of_path)
}

/// Names and IPv4 addresses: labels of letters, digits and inner hyphens, parted by dots.
fn is_host(host: &str) -> bool {
    let is_of_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    host.split('.').all(|label| {
        let is_framed = label.starts_with('-') || label.ends_with('-');
        !label.is_empty() && !is_framed && label.bytes().all(is_of_label)
    })
}

fn is_port(port: &str) -> bool {
    let is_plain = port.bytes().all(|byte| byte.is_ascii_digit());
    is_plain && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// What a path holds as it is: not what would end it, nor what a text around it would be ended by.
fn is_of_path(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(byte, b'"' | b'\'' | b'`' | b'<' | b'>' | b'#' | b'?' | b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(settings: &[(&str, &str)]) -> Issuer {
        Issuer::default().with(settings.iter().copied()).unwrap()
    }

    const ALL: [(&str, &str); 8] = [
        ("issuer.name", "Cooperativa de Aguas Ltda."),
        ("issuer.tax_id", "1023245028"),
        ("issuer.address", "Av. Ficticia 12"),
        ("issuer.municipality", "Cochabamba - Bolivia"),
        ("issuer.phone", "4-4260000"),
        ("issuer.activity", "Distribución de agua"),
        ("issuer.legend", "Ley N.° 453"),
        ("issuer.public_url", "https://pagos.ejemplo.bo/cooplan"),
    ];

    #[test]
    fn each_setting_takes_its_form_and_refuses_others() {
        let long = |len| "ñ".repeat(len);
        for (key, value, is_taken) in [
            ("issuer.name", &long(200), true),
            ("issuer.name", &long(201), false),
            ("issuer.name", &String::new(), false),
            ("issuer.name", &"a\nb".to_owned(), false),
            ("issuer.tax_id", &long(64), true),
            ("issuer.tax_id", &long(65), false),
            ("issuer.address", &long(201), false),
            ("issuer.municipality", &long(65), false),
            ("issuer.phone", &long(65), false),
            ("issuer.activity", &long(201), false),
            ("issuer.legend", &long(500), true),
            ("issuer.legend", &long(501), false),
        ] {
            let set = Issuer::default().with([(key, value.as_str())]);
            assert_eq!(set.is_ok(), is_taken, "{key}={value}");
            if let Err(refusal) = set {
                let form = Issuer::SETTINGS.iter().find(|(known, _)| *known == key).unwrap().1;
                assert_eq!(refusal, SettingError::Value { key: key.to_owned(), form });
            }
        }
        for key in ["issuer.", "issuer.colour", "issuer.Name", "name"] {
            let unknown = SettingError::Key { key: key.to_owned() };
            assert_eq!(Issuer::default().with([(key, "none")]), Err(unknown));
        }
    }

    #[test]
    fn the_settings_round_trip_and_none_clears_one() {
        let full = issuer(&ALL);
        let shown = full.to_settings();
        let pairs = || shown.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        assert_eq!(pairs().collect::<Vec<_>>(), ALL);
        assert_eq!(Issuer::default().with(pairs()).unwrap(), full);
        let cleared = full.with(Issuer::SETTINGS.map(|(key, _)| (key, "none"))).unwrap();
        assert_eq!(cleared, Issuer { number: 2, ..Issuer::default() });
    }

    #[test]
    fn a_change_is_the_next_version_and_none_is_the_same() {
        let first = issuer(&ALL);
        assert_eq!((Issuer::default().number, first.number), (0, 1));
        assert_eq!(first.with(ALL).unwrap(), first);
        assert_eq!(Issuer::default().with([("issuer.name", "none")]).unwrap(), Issuer::default());
        let there_and_back = [("issuer.phone", "1"), ("issuer.phone", "4-4260000")];
        assert_eq!(first.with(there_and_back).unwrap(), first);
        let second = first.with([("issuer.phone", "1"), ("issuer.phone", "2")]).unwrap();
        assert_eq!((second.number, second.phone.unwrap().as_str()), (2, "2"));
        assert_eq!(second.name, first.name);
    }

    #[test]
    fn a_logo_is_a_version_of_its_own_that_settings_leave_alone() {
        let first = issuer(&ALL);
        assert_eq!(first.with_logo(None), first);
        let second = first.with_logo(Some([1; 32]));
        assert_eq!(second, Issuer { number: 2, logo: Some([1; 32]), ..first.clone() });
        assert_eq!(second.with_logo(Some([1; 32])), second);
        assert_eq!(second.with(ALL).unwrap(), second);
        let third = second.with([("issuer.phone", "none")]).unwrap();
        assert_eq!((third.number, third.logo), (3, Some([1; 32])));
        assert_eq!(second.with_logo(None), Issuer { number: 3, ..first });
        assert!(second.with([("issuer.logo", "none")]).is_err());
    }

    #[test]
    fn a_public_url_is_a_scheme_a_host_and_perhaps_a_port_and_a_path() {
        let longest = format!("https://a.bo/{}", "x".repeat(187));
        for (text, taken) in [
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("https://pagos.ejemplo.bo/", Some("https://pagos.ejemplo.bo")),
            (
                " https://a-b.ejemplo.bo/x/y_~%20:@!$&()*+,;=// ",
                Some("https://a-b.ejemplo.bo/x/y_~%20:@!$&()*+,;="),
            ),
            (longest.as_str(), Some(longest.as_str())),
            (&format!("{longest}x"), None),
            ("", None),
            ("pagos.ejemplo.bo", None),
            ("ftp://ejemplo.bo", None),
            ("HTTP://ejemplo.bo", None),
            ("http://", None),
            ("https:///x", None),
            ("http://:80", None),
            ("http://a..bo", None),
            ("http://-a.bo", None),
            ("http://a_b.bo", None),
            ("http://ñandu.bo", None),
            ("http://ana@ejemplo.bo", None),
            ("http://ejemplo.bo:", None),
            ("http://ejemplo.bo:0", None),
            ("http://ejemplo.bo:65536", None),
            ("http://ejemplo.bo:+80", None),
            ("http://ejemplo.bo:80:80", None),
            ("http://ejemplo.bo/a b", None),
            ("http://ejemplo.bo/ñ", None),
            ("http://ejemplo.bo/a?b", None),
            ("http://ejemplo.bo?b", None),
            ("http://ejemplo.bo/a#b", None),
            ("http://ejemplo.bo/\"a", None),
            ("http://ejemplo.bo/'a", None),
            ("http://ejemplo.bo/`a", None),
            ("http://ejemplo.bo/<a>", None),
            ("http://ejemplo.bo\\a", None),
            ("http://ejemplo.bo/a\\b", None),
        ] {
            let url = PublicUrl::from_text(text);
            assert_eq!(url.as_ref().ok().map(PublicUrl::as_str), taken, "{text}");
        }
    }
}
