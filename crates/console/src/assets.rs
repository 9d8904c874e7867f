//! What pages are drawn with, inside the binary: a style, a script, icons and a typeface. The name of each
//! holds a hash of what it says, so that a browser asks for it once and for ever.

use std::hash::{DefaultHasher, Hasher as _};
use std::io::Write as _;
use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use flate2::{Compression, write::GzEncoder};

/// The folder they are in.
pub(crate) const FOLDER: &str = "/consola/activos/";

const FONTS: [(&str, &[u8]); 2] = [
    ("noto-sans-regular.woff2", include_bytes!("../assets/noto-sans-regular.woff2")),
    ("noto-sans-bold.woff2", include_bytes!("../assets/noto-sans-bold.woff2")),
];
const STYLE: &str = include_str!("../assets/console.css");
const SCRIPT: &str = include_str!("../assets/console.js");
const ICONS: &str = include_str!("../assets/icons.svg");

static ASSETS: LazyLock<Assets> = LazyLock::new(Assets::prepare);

/// One of them.
#[derive(Debug)]
struct Asset {
    name: String,
    media_type: &'static str,
    plain: Vec<u8>,
    /// None of what is compressed by nature.
    gzip: Option<Vec<u8>>,
}

impl Asset {
    fn new(name: &str, media_type: &'static str, plain: Vec<u8>) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(&plain);
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let name = format!("{stem}-{:016x}.{extension}", hasher.finish());
        let gzip = (extension != "woff2").then(|| compressed(&plain));
        Self { name, media_type, plain, gzip }
    }

    fn to_path(&self) -> String {
        format!("{FOLDER}{}", self.name)
    }
}

/// All of them, and where they are.
#[derive(Debug)]
pub(crate) struct Assets {
    all: Vec<Asset>,
    /// The style's path.
    pub(crate) style: String,
    /// The script's path.
    pub(crate) script: String,
    /// The icons' path.
    pub(crate) icons: String,
    /// The path of the typeface that each page needs at once.
    pub(crate) font: String,
}

impl Assets {
    /// Those of this binary; compressed the first time.
    pub(crate) fn get() -> &'static Self {
        &ASSETS
    }

    fn prepare() -> Self {
        let fonts = FONTS.map(|(name, bytes)| Asset::new(name, "font/woff2", bytes.to_vec()));
        let mut style = STYLE.to_owned();
        for ((name, _), font) in FONTS.iter().zip(&fonts) {
            style = style.replace(name, &font.name);
        }
        let text = |name, media_type, text: &str| Asset::new(name, media_type, text.into());
        let style = text("console.css", "text/css; charset=utf-8", &lean(&style));
        let script = text("console.js", "text/javascript; charset=utf-8", SCRIPT);
        let icons = text("icons.svg", "image/svg+xml", ICONS);
        let paths = [&style, &script, &icons, &fonts[0]].map(Asset::to_path);
        let mut all = Vec::from(fonts);
        all.extend([style, script, icons]);
        let [style, script, icons, font] = paths;
        Self { all, style, script, icons, font }
    }

    /// Answers a request for one; `None` where there is none of that name.
    pub(crate) fn answer(&self, name: &str, headers: &HeaderMap) -> Option<Response> {
        let asset = self.all.iter().find(|asset| asset.name == name)?;
        let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
        let takes_gzip = accepted.is_some_and(|accepted| accepted.contains("gzip"));
        let gzip = asset.gzip.as_ref().filter(|_| takes_gzip);
        let mut response = Response::new(Body::from(gzip.unwrap_or(&asset.plain).clone()));
        *response.status_mut() = StatusCode::OK;
        let answered = response.headers_mut();
        answered.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
        let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
        answered.insert(header::CACHE_CONTROL, forever);
        if asset.gzip.is_some() {
            answered.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        }
        if gzip.is_some() {
            answered.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Some(response)
    }
}

/// A style without its comments.
fn lean(style: &str) -> String {
    let mut kept = String::with_capacity(style.len());
    let mut rest = style;
    while let Some((before, after)) = rest.split_once("/*") {
        kept.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    kept + rest
}

/// Compressed as well as can be: it is done once.
pub(crate) fn compressed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The tokens of a block of the style.
    fn tokens(block: &str) -> BTreeMap<&str, &str> {
        let lines = block.lines().filter_map(|line| line.trim().strip_prefix("--"));
        lines.filter_map(|line| line.trim_end_matches(';').split_once(": ")).collect()
    }

    /// The relative luminance of WCAG 2.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = u8::from_str_radix(&colour[at..at + 2], 16).unwrap();
            let share = f64::from(value) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    fn contrast(one: &str, other: &str) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn each_pair_of_colours_can_be_read_by_everybody() {
        let light = STYLE.split_once(":root {").unwrap().1;
        let (light, rest) = light.split_once('}').unwrap();
        let dark = rest.split_once(":root {").unwrap().1.split_once('}').unwrap().0;
        // Text needs 4.5; the edges of what is typed into, marks and the focus 3.
        let texts = [
            ("ink", "page"),
            ("ink", "surface"),
            ("ink", "raised"),
            ("ink", "accent-soft"),
            ("ink", "good-soft"),
            ("ink", "bad-soft"),
            ("ink", "warn-soft"),
            ("ink-soft", "page"),
            ("ink-soft", "surface"),
            ("ink-soft", "raised"),
            ("ink-soft", "accent-soft"),
            ("accent", "surface"),
            ("accent", "page"),
            ("accent", "raised"),
            ("accent", "accent-soft"),
            ("accent-strong", "accent-soft"),
            ("accent-strong", "surface"),
            ("on-accent", "accent"),
            ("on-accent", "accent-strong"),
            ("good", "good-soft"),
            ("bad", "bad-soft"),
            ("warn", "warn-soft"),
            ("bad", "surface"),
            ("on-bad", "bad"),
        ]
        .map(|(one, other)| (one, other, 4.5));
        let marks = [
            ("edge", "surface"),
            ("edge", "page"),
            ("focus", "surface"),
            ("focus", "page"),
            ("chart-1", "surface"),
            ("chart-2", "surface"),
            ("chart-3", "surface"),
            ("chart-4", "surface"),
            ("chart-5", "surface"),
        ]
        .map(|(one, other)| (one, other, 3.0));
        for (scheme, block) in [("light", light), ("dark", dark)] {
            let tokens = tokens(block);
            for (one, other, least) in texts.iter().chain(&marks) {
                let found = contrast(tokens[one], tokens[other]);
                assert!(found >= *least, "{scheme}: {one} on {other} is {found:.2}, needs {least}");
            }
        }
    }

    #[test]
    fn assets_are_small_and_kept_for_ever() {
        let assets = Assets::get();
        let fonts: usize = FONTS.iter().map(|(_, bytes)| bytes.len()).sum();
        assert!(fonts < 30_000 && SCRIPT.len() < 6_000, "{fonts} {}", SCRIPT.len());
        for asset in &assets.all {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"));
            let answer = assets.answer(&asset.name, &headers).unwrap();
            assert!(
                answer.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("immutable")
            );
            let is_gzip = answer.headers().contains_key(header::CONTENT_ENCODING);
            assert_eq!(is_gzip, asset.gzip.is_some(), "{}", asset.name);
            let plain = assets.answer(&asset.name, &HeaderMap::new()).unwrap();
            assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        }
        assert!(assets.answer("console.css", &HeaderMap::new()).is_none(), "only by its full name");
    }

    #[test]
    fn the_style_names_the_typefaces_that_are_served() {
        let assets = Assets::get();
        let style = assets.all.iter().find(|asset| asset.to_path() == assets.style).unwrap();
        let style = std::str::from_utf8(&style.plain).unwrap();
        for font in assets.all.iter().filter(|asset| asset.media_type == "font/woff2") {
            assert!(style.contains(&font.name), "{}", font.name);
        }
    }
}
