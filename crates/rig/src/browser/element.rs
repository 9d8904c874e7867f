//! What is on a page, found as whoever hears a page finds it: by its role and its name.

use super::page::{Page, run_together, text_of};
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// What takes letters, whatever kind it is of.
const FIELDS: [&str; 6] = ["textbox", "searchbox", "spinbutton", "combobox", "Date", "InputTime"];

/// Something on a page. It may be gone by the time it is asked.
#[derive(Debug)]
pub struct Element<'a> {
    pub(super) page: &'a Page,
    node: u64,
    /// For failures.
    pub(super) shown: String,
}

impl Page {
    /// Waits for the one thing of a role (`button`, `link`, `heading`, …) and name; a name that ends with `*`
    /// begins so. Several are an error: a person would not know which.
    #[track_caller]
    pub fn find(&self, role: &str, name: &str) -> Element<'_> {
        self.must(self.wait_for_one(&[role], name))
    }

    /// Waits for the one field of a label.
    #[track_caller]
    pub fn field(&self, label: &str) -> Element<'_> {
        self.must(self.wait_for_one(&FIELDS, label))
    }

    /// All of a role and name that are there now, in the order of the document.
    #[track_caller]
    pub fn all(&self, role: &str, name: &str) -> Vec<Element<'_>> {
        self.must(self.query(&[role], name))
    }

    /// Whether there is one now.
    #[track_caller]
    pub fn has(&self, role: &str, name: &str) -> bool {
        !self.all(role, name).is_empty()
    }

    /// Waits for the one element of a selector: for what has no name of its own.
    #[track_caller]
    pub fn select(&self, selector: &str) -> Element<'_> {
        let found = self.wait(selector, || {
            let root = self.call("DOM.getDocument", &json!({ "depth": 0 }))?;
            let wanted = json!({ "nodeId": root["root"]["nodeId"], "selector": selector });
            let found = self.call("DOM.querySelector", &wanted)?["nodeId"].clone();
            if found == 0 {
                return Ok(None);
            }
            let told = self.call("DOM.describeNode", &json!({ "nodeId": found }))?;
            let node = told["node"]["backendNodeId"].as_u64().context("no node")?;
            Ok(Some(Element { page: self, node, shown: selector.to_owned() }))
        });
        self.must(found)
    }

    /// Waits until what has this role and name has the focus.
    #[track_caller]
    pub fn focuses(&self, role: &str, name: &str) {
        let mut other = (String::new(), String::new());
        let has_come = self.wait("the focus", || {
            other = self.try_focused()?;
            Ok((other == (role.to_owned(), name.to_owned())).then_some(()))
        });
        let what = || format!("on {role} «{name}»; it is on {} «{}»", other.0, other.1);
        self.must(has_come.with_context(what));
    }

    /// Whether what has this role and name has the focus now.
    #[track_caller]
    pub fn is_on(&self, role: &str, name: &str) -> bool {
        let (own_role, own_name) = self.must(self.try_focused());
        (own_role.as_str(), own_name.as_str()) == (role, name)
    }

    fn try_focused(&self) -> Result<(String, String)> {
        let wanted = json!({ "expression": "document.activeElement" });
        let told = self.call("Runtime.evaluate", &wanted)?;
        let wanted = json!({ "objectId": told["result"]["objectId"], "fetchRelatives": false });
        let tree = self.call("Accessibility.getPartialAXTree", &wanted)?;
        let node = &tree["nodes"][0];
        let text = |key: &str| run_together(node[key]["value"].as_str().unwrap_or_default());
        Ok((text("role"), text("name")))
    }

    fn wait_for_one(&self, roles: &[&str], name: &str) -> Result<Element<'_>> {
        let what = format!("one {} «{name}»", roles.join(" or "));
        self.wait(&what, || {
            let mut found = self.query(roles, name)?;
            match found.len() {
                0 | 1 => Ok(found.pop()),
                several => bail!("there are {several}"),
            }
        })
    }

    fn query(&self, roles: &[&str], name: &str) -> Result<Vec<Element<'_>>> {
        let root = self.call("DOM.getDocument", &json!({ "depth": 0 }))?;
        let mut found = Vec::new();
        for role in roles {
            let wanted = json!({ "nodeId": root["root"]["nodeId"], "role": role });
            let told = self.call("Accessibility.queryAXTree", &wanted)?;
            let nodes = told["nodes"].as_array().context("no nodes")?;
            found.extend(nodes.iter().filter_map(|node| self.to_element(node, role, name)));
        }
        Ok(found)
    }

    fn to_element(&self, node: &Value, role: &str, name: &str) -> Option<Element<'_>> {
        let own = run_together(node["name"]["value"].as_str().unwrap_or_default());
        let is_named = match name.strip_suffix('*') {
            Some(start) => own.starts_with(start),
            None => own == name,
        };
        let is_there = is_named && node["ignored"] == false;
        let node = node["backendDOMNodeId"].as_u64().filter(|_| is_there)?;
        Some(Element { page: self, node, shown: format!("{role} «{own}»") })
    }
}

impl Element<'_> {
    /// What can be read on it, blanks run together.
    #[track_caller]
    pub fn text(&self) -> String {
        let text = self.ask("this.innerText");
        run_together(text.as_str().unwrap_or_default())
    }

    /// What a field holds.
    #[track_caller]
    pub fn value(&self) -> String {
        self.page.must(text_of(&self.ask("this.value")))
    }

    #[track_caller]
    pub fn is_checked(&self) -> bool {
        self.ask("this.checked") == true
    }

    #[track_caller]
    pub fn is_disabled(&self) -> bool {
        self.ask("this.disabled || this.getAttribute('aria-disabled') === 'true'") == true
    }

    /// An attribute, where it has it.
    #[track_caller]
    pub fn attribute(&self, name: &str) -> Option<String> {
        let name = Value::from(name);
        self.ask(&format!("this.getAttribute({name})")).as_str().map(str::to_owned)
    }

    /// What an expression comes to, in which this is `this`.
    #[track_caller]
    pub fn ask(&self, expression: &str) -> Value {
        self.page.must(self.try_ask(expression))
    }

    pub(super) fn try_ask(&self, expression: &str) -> Result<Value> {
        let wanted = json!({
            "objectId": self.object()?, "returnByValue": true,
            "functionDeclaration": format!("function() {{ return {expression}; }}"),
        });
        let mut told = self.page.call("Runtime.callFunctionOn", &wanted)?;
        if let Some(trouble) = told["exceptionDetails"]["exception"]["description"].as_str() {
            bail!("{}: {trouble}", self.shown);
        }
        Ok(told["result"]["value"].take())
    }

    fn object(&self) -> Result<Value> {
        let mut told = self.call("DOM.resolveNode", &json!({}))?;
        Ok(told["object"]["objectId"].take())
    }

    /// Asks the browser about this.
    pub(super) fn call(&self, method: &str, parameters: &Value) -> Result<Value> {
        let mut parameters = parameters.clone();
        parameters["backendNodeId"] = self.node.into();
        self.page.call(method, &parameters).with_context(|| self.shown.clone())
    }
}
