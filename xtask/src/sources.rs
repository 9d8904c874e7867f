//! Layering that no manifest shows, held by reading the sources: the dialects do not know one
//! another, and the domain names no clock, no chance, no runtime, no wire format and no SQL.

use anyhow::{Context as _, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// A folder whose code never holds these words.
struct Ban {
    folder: &'static str,
    words: &'static [&'static str],
    /// Whether `Word` and `someword` count as well as `word`.
    loosely: bool,
    why: &'static str,
}

const BANS: [Ban; 3] = [
    Ban {
        folder: "crates/api/src/cooplan",
        words: &["colppy"],
        loosely: true,
        why: "a dialect does not know the other one",
    },
    Ban {
        folder: "crates/api/src/colppy",
        words: &["cooplan"],
        loosely: true,
        why: "a dialect does not know the other one",
    },
    Ban {
        folder: "crates/domain/src",
        words: &[
            "SystemTime",
            "Timestamp::now",
            "Zoned::now",
            "std::env",
            "std::fs",
            "std::io",
            "std::net",
            "std::thread",
            "std::time",
            "async",
            "tokio",
            "tracing",
            "rand",
            "fastrand",
            "getrandom",
            "serde",
            "serde_json",
            "axum",
            "rusqlite",
            "tokio_postgres",
            "SELECT",
            "INSERT INTO",
            "UPDATE",
            "DELETE FROM",
        ],
        loosely: false,
        why: "the domain decides from its arguments alone",
    },
];

/// One sentence per banned word found. A folder that does not exist yet holds none, but the one
/// above it must be there, or the check looks at the wrong place.
pub(crate) fn violations(root: &Path) -> Result<Vec<String>> {
    let mut broken = Vec::new();
    for ban in &BANS {
        let folder = root.join(ban.folder);
        if !folder.is_dir() {
            if folder.parent().is_some_and(Path::is_dir) {
                continue;
            }
            bail!("there is no {} here, nor the folder above it", ban.folder);
        }
        for file in rust_files(&folder)? {
            let text = fs::read_to_string(&file)
                .with_context(|| format!("cannot read {}", file.display()))?;
            let shown = file.strip_prefix(root).unwrap_or(&file).display();
            broken.extend(
                find(ban, &text)
                    .map(|(line, word)| format!("{shown}:{line} names `{word}`: {}", ban.why)),
            );
        }
    }
    Ok(broken)
}

/// The Rust files under a folder, at any depth, in the order of their names.
fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The numbers of the lines whose code holds a banned word, and the word.
fn find<'a>(ban: &'a Ban, text: &'a str) -> impl Iterator<Item = (usize, &'static str)> + 'a {
    text.lines().enumerate().flat_map(move |(index, line)| {
        let code = without_comment(line);
        let found = ban.words.iter().filter(move |word| {
            if ban.loosely { code.to_lowercase().contains(*word) } else { holds_word(code, word) }
        });
        found.map(move |word| (index + 1, *word))
    })
}

/// The line up to its `//`. An address inside a string has no blank before its slashes.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with("//") {
        return "";
    }
    line.find(" //").map_or(line, |end| line.get(..end).unwrap_or(line))
}

/// Whether the code holds the word as a whole: `serde` is neither in `serde_json` nor in `deserde`.
fn holds_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(start, _)| {
        let before = code.get(..start).and_then(|head| head.chars().next_back());
        let after = code.get(start + word.len()..).and_then(|tail| tail.chars().next());
        !before.is_some_and(is_part_of_a_word) && !after.is_some_and(is_part_of_a_word)
    })
}

fn is_part_of_a_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sources_keep_their_layers() {
        let broken = violations(crate::root()).expect("the sources can be read");
        assert_eq!(broken, Vec::<String>::new());
    }

    #[test]
    fn a_banned_word_is_found_in_code_and_not_in_comments() {
        let check = |folder, code, expected: &[(usize, &str)]| {
            let ban = BANS.iter().find(|ban| ban.folder == folder).expect("the folder has a ban");
            assert_eq!(find(ban, code).collect::<Vec<_>>(), expected, "{code}");
        };
        let cooplan = "crates/api/src/cooplan";
        check(cooplan, "use crate::colppy::wire;", &[(1, "colppy")]);
        check(cooplan, "fn f() {}\nstruct ToColppy;", &[(2, "colppy")]);
        check(cooplan, "//! Beside Colppy.\nfn f() {} // colppy", &[]);
        check("crates/api/src/colppy", "use super::cooplan;", &[(1, "cooplan")]);
        let domain = "crates/domain/src";
        check(domain, "use serde::Serialize;", &[(1, "serde")]);
        check(domain, "#[derive(serde_json::X)]", &[(1, "serde_json")]);
        check(domain, "let now = jiff::Timestamp::now();", &[(1, "Timestamp::now")]);
        check(domain, "pub async fn f() {}", &[(1, "async")]);
        check(domain, "let sql = \"UPDATE bill\";", &[(1, "UPDATE")]);
        check(domain, "let brand = operand; /// rand", &[]);
        check(domain, "fn update(updated_at: Timestamp) {}", &[]);
    }

    #[test]
    fn a_tree_without_these_crates_is_an_error() {
        let nowhere = Path::new("/nowhere");
        assert!(violations(nowhere).is_err());
    }
}
