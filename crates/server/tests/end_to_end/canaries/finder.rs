//! What must not be found, in every form in which it might lie about, and where it is looked for.

use std::fs;
use std::path::Path;

/// Something that nobody must find, in every form in which it might lie about.
#[derive(Debug)]
pub(super) struct Canary {
    name: &'static str,
    forms: Vec<String>,
}

impl Canary {
    pub(super) fn new(name: &'static str, secret: &str) -> Self {
        assert!(secret.len() >= 16, "{name} looks like nothing else");
        let bytes = secret.as_bytes();
        let hex = to_joined(bytes, "", |byte| format!("{byte:02x}"));
        let mut forms = vec![
            secret.to_owned(),
            secret.to_lowercase(),
            secret.to_uppercase(),
            hex.to_uppercase(),
            hex,
            to_joined(bytes, ", ", |byte| byte.to_string()),
            format!("{secret:?}").trim_matches('"').to_owned(),
            secret.escape_default().to_string(),
            bytes.escape_ascii().to_string(),
        ];
        let upper: fn(u8) -> String = |byte| format!("%{byte:02X}");
        let lower: fn(u8) -> String = |byte| format!("%{byte:02x}");
        for percent in [upper, lower] {
            let encoded = |plain: &[u8]| {
                let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || plain.contains(&byte);
                let clear = |byte| char::from(byte).to_string();
                let encode = |byte| if is_plain(byte) { clear(byte) } else { percent(byte) };
                to_joined(bytes, "", encode)
            };
            forms.extend([encoded(b""), encoded(b"-._~"), encoded(b" -._~").replace(' ', "+")]);
            forms.push(to_joined(bytes, "", percent));
        }
        // Within a longer text a secret begins at one of three places of a group.
        for before in 0..3 {
            let encoded = base64(&[&vec![0; before][..], bytes].concat());
            let inner = &encoded[(before * 8).div_ceil(6)..encoded.len() - 3];
            forms.push(inner.to_owned());
            forms.push(inner.replace('+', "-").replace('/', "_"));
        }
        forms.sort();
        forms.dedup();
        Self { name, forms }
    }

    /// The form in which a text holds it.
    fn found_in(&self, text: &str) -> Option<&str> {
        self.forms.iter().map(String::as_str).find(|form| text.contains(form))
    }
}

pub(super) fn to_joined(bytes: &[u8], between: &str, encode: impl Fn(u8) -> String) -> String {
    bytes.iter().copied().map(encode).collect::<Vec<_>>().join(between)
}

pub(super) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let at = |place: usize| u32::from(group.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        let digit = |place: usize| {
            let digit = char::from(DIGITS[(bits >> (18 - 6 * place)) as usize & 63]);
            if place <= group.len() { digit } else { '=' }
        };
        (0..4).map(digit).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

/// With everything in it that is encoded.
const PWD: &str = "Canario Pwd/Equivocado+ñandú";

#[test]
fn a_canary_is_found_in_every_form() {
    assert_eq!(
        ["", "f", "fo", "foo"].map(|text| base64(text.as_bytes())),
        ["", "Zg==", "Zm8=", "Zm9v"]
    );
    let canary = Canary::new("Pwd", PWD);
    for text in [
        format!("x{PWD}x"),
        "Pwd=Canario+Pwd%2FEquivocado%2B%C3%B1and%C3%BA&x".to_owned(),
        "Canario%20Pwd%2fEquivocado%2b%c3%b1and%c3%ba".to_owned(),
        "Canario Pwd/Equivocado+\\u{f1}and\\u{fa}".to_owned(),
        format!("{:?}", PWD.as_bytes()),
        base64(format!("a:{PWD}").as_bytes()),
        base64(format!("ab:{PWD}!").as_bytes()),
        base64(format!("abc:{PWD}!!").as_bytes()),
    ] {
        assert!(canary.found_in(&text).is_some(), "{text}");
    }
    assert_eq!(canary.found_in("Canario Pwd/Equivocado"), None);
}

/// What was said, by whom, and what it may hold nevertheless.
#[derive(Debug, Default)]
pub(super) struct Heard(Vec<(String, String, Vec<&'static str>)>);

impl Heard {
    pub(super) fn add(&mut self, place: impl Into<String>, text: impl Into<String>) {
        self.0.push((place.into(), text.into(), Vec::new()));
    }

    /// The same of a place that shows one secret, once.
    pub(super) fn add_showing(&mut self, shown: &'static str, place: &str, text: &str) {
        self.0.push((place.to_owned(), text.to_owned(), vec![shown]));
    }

    /// Everything of a folder, whatever its bytes are.
    pub(super) fn add_files(&mut self, when: &str, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                self.add_files(when, &path);
            } else {
                let bytes = fs::read(&path).unwrap();
                self.add(format!("{} {when}", path.display()), String::from_utf8_lossy(&bytes));
            }
        }
    }

    /// Whether a place of that name was looked into, and what is no secret was found there.
    pub(super) fn has(&self, name: &str, what: &str) -> bool {
        self.0.iter().any(|(place, text, _)| place.contains(name) && text.contains(what))
    }

    pub(super) fn check(&self, canaries: &[Canary]) {
        let mut leaks = Vec::new();
        for (place, text, shown) in &self.0 {
            for canary in canaries {
                let found = canary.found_in(text);
                if shown.contains(&canary.name) {
                    assert!(found.is_some(), "{place} shows {}", canary.name);
                } else if let Some(form) = found {
                    leaks.push(format!("{place}: {} as {form}", canary.name));
                }
            }
        }
        assert!(leaks.is_empty(), "secrets leak:\n{}", leaks.join("\n"));
    }
}
