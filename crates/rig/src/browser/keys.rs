//! The keys of a keyboard, as the browser's protocol names them.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// Name, number (Windows' virtual key, which pages see as `keyCode`), and the text it types.
const NAMED: [(&str, u32, &str); 22] = [
    ("Enter", 13, "\r"),
    ("Tab", 9, ""),
    ("Escape", 27, ""),
    ("Backspace", 8, ""),
    ("Delete", 46, ""),
    ("Space", 32, " "),
    ("ArrowLeft", 37, ""),
    ("ArrowUp", 38, ""),
    ("ArrowRight", 39, ""),
    ("ArrowDown", 40, ""),
    ("PageUp", 33, ""),
    ("PageDown", 34, ""),
    ("End", 35, ""),
    ("Home", 36, ""),
    ("F1", 112, ""),
    ("F2", 113, ""),
    ("F3", 114, ""),
    ("F4", 115, ""),
    ("F6", 117, ""),
    ("F8", 119, ""),
    ("F9", 120, ""),
    ("F10", 121, ""),
];

/// Held while another key is pressed: name, and its bit in the protocol.
const HELD: [(&str, u32); 4] = [("Alt", 1), ("Control", 2), ("Meta", 4), ("Shift", SHIFT)];

const SHIFT: u32 = 8;

/// Down and up of a key, `Enter`, `F2`, `a`, or of one while others are held: `Shift+Tab`, `Control+a`.
pub(super) fn stroke(name: &str) -> Result<[Value; 2]> {
    let mut held = 0;
    let mut rest = name;
    while let Some((modifier, key)) = rest.split_once('+').filter(|(_, key)| !key.is_empty()) {
        let bit = HELD.iter().find(|(name, _)| *name == modifier);
        held |= bit.with_context(|| format!("no key is held as {modifier}"))?.1;
        rest = key;
    }
    let (key, code, number, text) =
        to_key(rest).with_context(|| format!("no key is named {rest}"))?;
    // With Control or Alt a key is an order, and types nothing.
    let text = if held == 0 || held == SHIFT { text } else { String::new() };
    let down = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
    let event = |kind: &str| {
        json!({
            "type": kind, "modifiers": held, "key": key, "code": code,
            "windowsVirtualKeyCode": number, "text": if kind == "keyDown" { text.as_str() } else { "" },
        })
    };
    Ok([event(down), event("keyUp")])
}

/// What a page sees of a key: `key`, `code`, `keyCode`, and the text.
fn to_key(name: &str) -> Option<(String, String, u32, String)> {
    if let Some((name, number, text)) = NAMED.iter().find(|(known, ..)| *known == name) {
        let key = if *name == "Space" { " " } else { name };
        return Some((key.to_owned(), (*name).to_owned(), *number, (*text).to_owned()));
    }
    let mut letters = name.chars();
    let (letter, None) = (letters.next()?, letters.next()) else { return None };
    let upper = letter.to_ascii_uppercase();
    let code = match upper {
        'A'..='Z' => format!("Key{upper}"),
        '0'..='9' => format!("Digit{upper}"),
        ' ' => "Space".to_owned(),
        _ => String::new(),
    };
    let number = if upper.is_ascii_alphanumeric() { u32::from(upper) } else { 0 };
    Some((letter.to_string(), code, number, letter.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_types_unless_it_is_an_order() {
        let check = |name, key: &str, held: u32, text: &str| {
            let [down, up] = stroke(name).unwrap();
            assert_eq!((&down["key"], &down["modifiers"]), (&json!(key), &json!(held)), "{name}");
            assert_eq!((&down["text"], &up["type"]), (&json!(text), &json!("keyUp")), "{name}");
        };
        check("Enter", "Enter", 0, "\r");
        check("ñ", "ñ", 0, "ñ");
        check("+", "+", 0, "+");
        check("7", "7", 0, "7");
        check("Shift+Tab", "Tab", 8, "");
        check("Control+a", "a", 2, "");
        check("Control+Shift+ArrowDown", "ArrowDown", 10, "");
        for name in ["", "Intro", "Hyper+a"] {
            stroke(name).expect_err(name);
        }
    }
}
