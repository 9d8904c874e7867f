//! Whether everybody can use a page, as far as a program can tell: axe-core, in its folder with its licence.

use super::page::Page;
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

const AXE: &str = include_str!("axe/axe.min.js");

/// All of WCAG 2.2 A and AA that a program can judge, and what axe's authors hold for good besides.
const RULES: &str = "axe.run(document, {
    resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
}).then(found => found.violations)";

impl Page {
    /// What keeps somebody from using the page: rule, help and where, a line each. It needs scripts.
    #[track_caller]
    pub fn barriers(&self) -> Vec<String> {
        self.must(self.try_barriers())
    }

    fn try_barriers(&self) -> Result<Vec<String>> {
        // In a world of its own, where neither it nor the page's own scripts see one another.
        let tree = self.call("Page.getFrameTree", &json!({}))?;
        let wanted = json!({ "frameId": tree["frameTree"]["frame"]["id"], "worldName": "axe" });
        let world = self.call("Page.createIsolatedWorld", &wanted)?["executionContextId"].clone();
        let evaluate = |expression: &str| {
            let wanted = json!({
                "expression": expression, "contextId": world, "returnByValue": true, "awaitPromise": true,
            });
            self.call("Runtime.evaluate", &wanted)
        };
        evaluate(&format!("{AXE}; true"))?;
        let told = evaluate(RULES)?;
        let found = told["result"]["value"].as_array();
        let found = found.with_context(|| format!("axe did not run: {told}"))?;
        Ok(found.iter().flat_map(to_lines).collect())
    }
}

/// A line per place where a rule is broken.
fn to_lines(violation: &Value) -> impl Iterator<Item = String> {
    let word = |key: &str| violation[key].as_str().unwrap_or_default();
    let broken = format!("{} ({}): {}", word("id"), word("impact"), word("help"));
    let nodes = violation["nodes"].as_array().map_or(&[][..], Vec::as_slice);
    nodes.iter().map(move |node| {
        let why = node["failureSummary"].as_str().unwrap_or_default();
        format!("{broken}; {} {}: {why}", node["target"], node["html"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_axe_is_the_one_its_folder_tells() {
        let told = include_str!("axe/README.md").split(',').next().unwrap();
        let version = told.strip_prefix("axe-core ").unwrap();
        assert!(AXE.starts_with(&format!("/*! axe v{version}\n")), "{version}");
    }
}
