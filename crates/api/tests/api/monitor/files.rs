//! The dashboard, the alerts and the docs name the metrics that there are.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::scrape;
use crate::world::World;

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The words of a text that are a metric's; the samples of a histogram count as it.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let words = words.filter(|word| word.starts_with("ventanilla_"));
    words
        .map(|word| {
            let family =
                ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
            family.unwrap_or(word).to_owned()
        })
        .collect()
}

async fn exported() -> BTreeSet<String> {
    let families = scrape(&World::demo().await.monitor).await;
    families.into_iter().map(|family| family.name).collect()
}

#[tokio::test]
async fn dashboard_alerts_and_docs_name_metrics_that_there_are() {
    let exported = exported().await;
    for (path, least) in [
        ("packaging/grafana/ventanilla.json", 14),
        ("packaging/prometheus/ventanilla.rules.yml", 7),
        ("docs/observability.md", exported.len()),
    ] {
        let named = named(&file(path));
        let unknown: Vec<_> = named.difference(&exported).collect();
        assert!(unknown.is_empty(), "{path}: {unknown:?}");
        assert!(named.len() >= least, "{path} names {}", named.len());
    }
}

#[tokio::test]
async fn every_metric_has_its_row_in_the_docs() {
    let docs = file("docs/observability.md");
    let rows = docs.lines().filter_map(|line| line.strip_prefix("| `ventanilla_"));
    let rows = rows.filter_map(|row| row.split_once(['`', '{']));
    let documented: Vec<_> = rows.map(|(name, _)| format!("ventanilla_{name}")).collect();
    assert_eq!(documented.iter().cloned().collect::<BTreeSet<_>>(), exported().await);
}

#[tokio::test]
async fn every_metric_is_on_the_dashboard() {
    assert_eq!(named(&file("packaging/grafana/ventanilla.json")), exported().await);
}

#[test]
fn the_dashboard_is_one_that_loads() {
    let dashboard: Value = file("packaging/grafana/ventanilla.json").parse().unwrap();
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert_eq!(
        (&variables[0]["name"], &variables[0]["type"]),
        (&"datasource".into(), &"datasource".into())
    );
    assert!(dashboard["schemaVersion"].is_u64() && dashboard["id"].is_null());
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        assert!(["timeseries", "stat"].contains(&panel["type"].as_str().unwrap()), "{title}");
        let place = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        assert!(place("x") + place("w") <= 24 && place("h") > 0, "{title}");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title}");
        for told in targets.iter().chain([panel]) {
            assert_eq!(told["datasource"]["uid"], "${datasource}", "{title}");
        }
        assert!(targets.iter().all(|target| target["expr"].is_string()), "{title}");
    }
}
