//! Who may import whom. The table is data; `violations` compares it with what the manifests say.
//! A new line here is a design change: it comes with its reason in the commit, and with a record
//! in `docs/decisions/` when the dependency is one a newcomer's build pays for.

use crate::shell::Line;
use anyhow::{Context as _, Result};
use serde_json::Value;
use std::path::Path;

/// What one crate may name in its manifest.
struct Rule {
    package: &'static str,
    /// Crates of this workspace.
    ours: &'static [&'static str],
    /// Everything else.
    outside: &'static [&'static str],
}

/// Some of these crates are still to come; their rule waits for them.
const RULES: [Rule; 12] = [
    // The rules: no I/O, no clock, no chance, no wire format.
    Rule { package: "ventanilla-domain", ours: &[], outside: &["jiff", "thiserror"] },
    // Serde is for the journal's own rows, never on domain types. A backup is encrypted on its way into
    // its file (docs/decisions/0020). Towards PostgreSQL: the driver, the bytes and the streams that it deals
    // in, and the one TLS.
    Rule {
        package: "ventanilla-store",
        ours: &["ventanilla-domain"],
        outside: &[
            "aead-stream",
            "bytes",
            "chacha20poly1305",
            "futures-util",
            "hmac",
            "jiff",
            "rusqlite",
            "serde",
            "serde_json",
            "sha2",
            "thiserror",
            "tokio",
            "tokio-postgres",
            "tokio-postgres-rustls",
            "tokio-rustls",
            "tracing",
        ],
    },
    // The only door: it knows nothing of HTTP. Encodings and JSON are the import of files, where
    // JSON is cut into keys and the text of values. Serde is for the trail's own lines, never on domain
    // types. Passwords that
    // people choose need a slow hash, Argon2; on Colppy's wire the password is its MD5. The proof on a
    // receipt is a signature, Ed25519, in letters that a URL takes. The codes of a second factor are an HMAC over
    // SHA-1 (docs/decisions/0027). A logo is a PNG that can be read to its last dot, or it is refused.
    Rule {
        package: "ventanilla-service",
        ours: &["ventanilla-domain", "ventanilla-store"],
        outside: &[
            "argon2",
            "base64",
            "csv-core",
            "ed25519-dalek",
            "encoding_rs",
            "getrandom",
            "hmac",
            "jiff",
            "md-5",
            "png",
            "serde",
            "serde_json",
            "sha1",
            "sha2",
            "subtle",
            "thiserror",
            "tokio",
            "tracing",
        ],
    },
    // What is printed (docs/decisions/0014: the PDF libraries). Of a logo that can be seen through, a PDF wants the
    // dots and how much of each shows apart.
    Rule {
        package: "ventanilla-documents",
        ours: &["ventanilla-domain"],
        outside: &[
            "csv",
            "fast_qr",
            "flate2",
            "jiff",
            "pdf-writer",
            "percent-encoding",
            "png",
            "rust_xlsxwriter",
            "subsetter",
            "ttf-parser",
        ],
    },
    // What both the dialects and the console send whole: it knows nothing of what is in it.
    Rule {
        package: "ventanilla-spool",
        ours: &[],
        outside: &["axum", "bytes", "hyper", "tempfile", "tokio"],
    },
    // Never the store: a handler that could reach it would skip the service's write path.
    Rule {
        package: "ventanilla-api",
        ours: &[
            "ventanilla-documents",
            "ventanilla-domain",
            "ventanilla-service",
            "ventanilla-spool",
        ],
        outside: &[
            "axum",
            "base64",
            "bytes",
            "http-body-util",
            "hyper",
            "hyper-util",
            "jiff",
            "multer",
            "percent-encoding",
            "serde",
            "serde_json",
            "tokio",
            "tokio-rustls",
            "tower",
            "tracing",
        ],
    },
    // Never the store nor the API: it stands beside the dialects, on the same service. What pages are drawn
    // with is compressed once, when the first is asked for; forms and addresses are percent-encoded. A file that is to be
    // imported waits in a temporary one.
    Rule {
        package: "ventanilla-console",
        ours: &[
            "ventanilla-documents",
            "ventanilla-domain",
            "ventanilla-service",
            "ventanilla-spool",
        ],
        outside: &[
            "askama",
            "axum",
            "flate2",
            "jiff",
            "multer",
            "percent-encoding",
            "tempfile",
            "tokio",
            "tracing",
        ],
    },
    // It judges any server that claims the document, so it must not share code with ours.
    Rule { package: "ventanilla-conform", ours: &[], outside: &["serde", "serde_json", "ureq"] },
    // The binary wires everything together and holds no business rule. A password is typed unseen:
    // that needs the terminal's own calls, which are unsafe code; so does asking the system for more
    // descriptors, for no core, and how much room a disk has. What is read of the books for whoever reads
    // slowly waits in a temporary file, and CSV is what our own is measured against.
    Rule {
        package: "ventanilla",
        ours: &[
            "ventanilla-api",
            "ventanilla-conform",
            "ventanilla-console",
            "ventanilla-documents",
            "ventanilla-domain",
            "ventanilla-service",
            "ventanilla-sim",
            "ventanilla-store",
        ],
        outside: &[
            "anyhow",
            "axum",
            "clap",
            "csv",
            "getrandom",
            "indicatif",
            "jiff",
            "mimalloc",
            "rpassword",
            "rustix",
            "serde",
            "serde_json",
            "tempfile",
            "tokio",
            "toml",
            "tracing",
            "tracing-subscriber",
        ],
    },
    // Seeded, in virtual time: nothing that reads the wall clock or an unseeded generator.
    Rule {
        package: "ventanilla-sim",
        ours: &["ventanilla-domain", "ventanilla-service", "ventanilla-store"],
        outside: &["fastrand", "jiff"],
    },
    // It starts and breaks servers for the tests of others, whom it does not know: signals need the
    // system's own calls, which are unsafe code. A browser is spoken to in JSON, and its pictures are PNG.
    Rule {
        package: "ventanilla-rig",
        ours: &[],
        outside: &["anyhow", "base64", "png", "rustix", "serde_json", "tempfile"],
    },
    // It starts a cluster for the benchmark that needs one.
    Rule { package: "xtask", ours: &["ventanilla-rig"], outside: &["anyhow", "serde_json"] },
];

/// What the tests of any crate may name on top of their crate's own rule.
const IN_TESTS: [&str; 5] = ["fastrand", "rcgen", "tempfile", "ureq", "ventanilla-sim"];

/// What the tests of one crate may name besides: a test of the API stands on a service, which
/// stands on a store in memory; the world's tests wait for what a service answers; a workbook is
/// read back by an implementation other than the one that wrote it, and unpacked for what that one
/// skips; a page is asked for without a socket; papers are compared with pictures; whoever stands on a store is tried on a PostgreSQL that breaks.
const IN_TESTS_OF: [(&str, &str); 10] = [
    ("ventanilla", "ventanilla-rig"),
    ("ventanilla-api", "ventanilla-store"),
    ("ventanilla-console", "tower"),
    ("ventanilla-console", "ventanilla-rig"),
    ("ventanilla-documents", "calamine"),
    ("ventanilla-documents", "zip"),
    ("ventanilla-service", "ventanilla-rig"),
    ("ventanilla-sim", "tokio"),
    ("ventanilla-sim", "ventanilla-rig"),
    ("ventanilla-store", "ventanilla-rig"),
];

/// What the manifests of this workspace say.
pub(crate) fn read_metadata(root: &Path) -> Result<Value> {
    let line = Line::new("cargo metadata --format-version 1 --no-deps --locked");
    let text =
        line.output(root).with_context(|| format!("this command failed: {}", line.as_typed()))?;
    serde_json::from_str(&text).context("cargo metadata did not print JSON")
}

/// One sentence per dependency that the table does not know. Metadata that cannot be read is a
/// violation too: a check that sees nothing must not pass.
pub(crate) fn violations(metadata: &Value) -> Vec<String> {
    let packages = elements(metadata, "packages");
    let names: Vec<&str> = packages.iter().map(name).collect();
    if names.is_empty() {
        return vec![String::from("cargo metadata lists no package")];
    }
    let mut broken = Vec::new();
    for package in packages {
        match RULES.iter().find(|rule| rule.package == name(package)) {
            Some(rule) => broken.extend(
                elements(package, "dependencies")
                    .iter()
                    .filter_map(|dependency| verdict(rule, dependency, &names)),
            ),
            None => broken.push(format!(
                "crate `{}` has no rule: add one, with a written reason, to \
                 xtask/src/imports.rs",
                name(package)
            )),
        }
    }
    broken
}

/// What is wrong with one dependency of the rule's crate, if anything.
fn verdict(rule: &Rule, dependency: &Value, workspace: &[&str]) -> Option<String> {
    let (package, wanted) = (rule.package, name(dependency));
    let for_tests = dependency["kind"] == "dev";
    let is_ours = workspace.contains(&wanted) || RULES.iter().any(|rule| rule.package == wanted);
    let allowed = if is_ours { rule.ours } else { rule.outside };
    let in_tests = IN_TESTS.contains(&wanted) || IN_TESTS_OF.contains(&(package, wanted));
    if allowed.contains(&wanted) || for_tests && in_tests {
        return None;
    }
    let scope = if for_tests { " in its tests" } else { "" };
    Some(if is_ours {
        format!(
            "crate `{package}` may not import our crate `{wanted}`{scope}: move the code, or \
             change the layering in xtask/src/imports.rs with a written reason"
        )
    } else {
        format!(
            "crate `{package}` names a new dependency `{wanted}`{scope}: do without it, or add \
             it to xtask/src/imports.rs with a written reason"
        )
    })
}

fn elements<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn name(value: &Value) -> &str {
    value["name"].as_str().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The verdicts over one crate with one dependency.
    fn verdicts(package: &str, kind: &Value, dependency: &str) -> Vec<String> {
        violations(&json!({ "packages": [{
            "name": package,
            "dependencies": [{ "name": dependency, "kind": kind }],
        }] }))
    }

    #[test]
    fn the_import_table_holds() {
        let metadata = read_metadata(crate::root()).expect("cargo metadata reads the workspace");
        assert_eq!(violations(&metadata), Vec::<String>::new());
    }

    #[test]
    fn the_table_names_each_crate_once_and_itself_never() {
        for rule in &RULES {
            let same = RULES.iter().filter(|other| other.package == rule.package);
            assert_eq!(same.count(), 1, "{}", rule.package);
            assert!(!rule.ours.contains(&rule.package), "{}", rule.package);
            for ours in rule.ours {
                assert!(RULES.iter().any(|other| other.package == *ours), "{ours}");
            }
        }
    }

    #[test]
    fn a_forbidden_edge_is_refused() {
        let refused = |package, kind: Value, dependency| {
            let broken = verdicts(package, &kind, dependency);
            assert_eq!(broken.len(), 1, "{package} -> {dependency}: {broken:?}");
            for named in [package, dependency, "xtask/src/imports.rs", "reason"] {
                assert!(broken[0].contains(named), "{}", broken[0]);
            }
        };
        refused("ventanilla-api", Value::Null, "ventanilla-store");
        refused("ventanilla-console", json!("dev"), "ventanilla-store");
        refused("ventanilla-api", json!("build"), "ventanilla-store");
        refused("ventanilla-console", Value::Null, "ventanilla-api");
        refused("ventanilla-conform", Value::Null, "ventanilla-domain");
        refused("ventanilla-domain", Value::Null, "ventanilla-sim");
        refused("ventanilla-domain", Value::Null, "serde");
        refused("ventanilla-domain", json!("dev"), "tokio");
        refused("ventanilla-service", Value::Null, "axum");
        refused("ventanilla-store", Value::Null, "tempfile");
        refused("ventanilla-service", Value::Null, "xtask");
    }

    #[test]
    fn an_allowed_edge_passes() {
        let passes = |package, kind: Value, dependency| {
            assert_eq!(
                verdicts(package, &kind, dependency),
                Vec::<String>::new(),
                "{package} -> {dependency}"
            );
        };
        passes("ventanilla-api", Value::Null, "ventanilla-service");
        passes("ventanilla-store", Value::Null, "rusqlite");
        passes("ventanilla-store", json!("dev"), "tempfile");
        passes("ventanilla-domain", json!("dev"), "ventanilla-sim");
        passes("ventanilla", json!("dev"), "ureq");
        passes("ventanilla-api", json!("dev"), "ventanilla-store");
    }

    #[test]
    fn a_crate_without_a_rule_and_metadata_without_crates_are_refused() {
        let broken = verdicts("ventanilla-common", &Value::Null, "jiff");
        assert_eq!(broken.len(), 1);
        assert!(broken[0].contains("`ventanilla-common` has no rule"));
        assert_eq!(violations(&json!({})).len(), 1);
        assert_eq!(violations(&json!({ "packages": [] })).len(), 1);
    }
}
