//! Which of the forms that we have a caller wants (`Accept`).

use axum::http::{HeaderMap, header};

/// The form that is given to whoever wants none in particular.
const DEFAULT: &str = "application/json";

/// The caller's favourite among media types, `None` for JSON.
///
/// Of those named with the highest weight the first counts; `*/*` and what we do not have stand for JSON,
/// so that a caller that takes anything gets what it always got. A type that is named with weight 0 is not
/// wanted.
pub(crate) fn favourite<'o>(headers: &HeaderMap, offered: &[&'o str]) -> Option<&'o str> {
    let named = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut best = (0, None);
    for (name, weight) in named.flat_map(|value| value.split(',')).map(weighed) {
        let found = offered.iter().find(|media_type| media_type.eq_ignore_ascii_case(name));
        let is_json =
            name.eq_ignore_ascii_case(DEFAULT) || name == "*/*" || name == "application/*";
        if weight > best.0 && (found.is_some() || is_json) {
            best = (weight, found.copied());
        }
    }
    best.1
}

/// A media range without its parameters, and its weight in thousandths.
fn weighed(range: &str) -> (&str, u16) {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    (name, weight.map_or(1_000, thousandths))
}

/// `0.25` is 250; what is no weight counts as the greatest.
fn thousandths(text: &str) -> u16 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let padded = format!("{decimals:0<3}");
    match (whole, padded.parse::<u16>()) {
        ("0", Ok(weight)) if padded.len() == 3 => weight,
        _ => 1_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &str = "application/pdf";
    const CSV: &str = "text/csv";

    fn check(accepts: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for accept in accepts {
            headers.append(header::ACCEPT, accept.parse().unwrap());
        }
        assert_eq!(favourite(&headers, &[PDF, CSV]), expected, "{accepts:?}");
    }

    #[test]
    fn whoever_wants_nothing_in_particular_gets_json() {
        check(&[], None);
        check(&["*/*"], None);
        check(&[""], None);
        check(&["application/json"], None);
        check(&["application/json, text/plain, */*"], None);
        check(&["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], None);
        check(&["image/png"], None);
        check(&["application/pdf;q=0"], None);
        check(&["application/*, application/pdf;q=0.5"], None);
    }

    #[test]
    fn the_first_of_the_greatest_weight_is_given() {
        check(&["application/pdf"], Some(PDF));
        check(&["Application/PDF ; charset=x"], Some(PDF));
        check(&["application/pdf, */*"], Some(PDF));
        check(&["application/pdf, application/json"], Some(PDF));
        check(&["application/json, application/pdf"], None);
        check(&["application/json;q=0.5, application/pdf"], Some(PDF));
        check(&["text/csv;q=0.9, application/pdf;q=0.91"], Some(PDF));
        check(&["text/csv; q=0.9", "application/pdf; q=0.8"], Some(CSV));
        check(&["image/png, text/csv;q=0.1"], Some(CSV));
        check(&["*/*;q=0.1, text/csv;q=0.2"], Some(CSV));
        check(&["text/csv;q=wrong, application/pdf"], Some(CSV));
        check(&["text/csv;q=0.0001, application/pdf;q=0.5"], Some(CSV));
    }
}
