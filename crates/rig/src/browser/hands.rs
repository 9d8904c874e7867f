//! What a person does with a mouse and a keyboard.

use super::element::Element;
use super::keys;
use super::page::Page;
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::Ordering;

impl Page {
    /// Clicks what has a role and a name.
    #[track_caller]
    pub fn click(&self, role: &str, name: &str) {
        self.find(role, name).click();
    }

    /// Clicks what another document comes of, and waits for that.
    #[track_caller]
    pub fn follow(&self, role: &str, name: &str) {
        let element = self.find(role, name);
        self.loads(|_| element.click());
    }

    /// Writes into the field of a label, over what is there.
    #[track_caller]
    pub fn fill(&self, label: &str, text: &str) {
        self.field(label).fill(text);
    }

    /// Presses keys, one after the other: `Enter`, `F2`, `a`, `Shift+Tab`.
    #[track_caller]
    pub fn press(&self, names: &[&str]) {
        for name in names {
            self.must(self.stroke(name));
        }
    }

    /// Types a text, letter by letter, where the focus is.
    #[track_caller]
    pub fn write(&self, text: &str) {
        for letter in text.chars() {
            self.must(self.stroke(&letter.to_string()));
        }
    }

    /// How many keys were pressed on this page so far, one held while another is pressed not counted.
    pub fn keystrokes(&self) -> u32 {
        self.keystrokes.load(Ordering::Relaxed)
    }

    fn stroke(&self, name: &str) -> Result<()> {
        for event in keys::stroke(name)? {
            self.call("Input.dispatchKeyEvent", &event)?;
        }
        self.keystrokes.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn mouse(&self, kind: &str, (x, y): (f64, f64), click_count: u32) -> Result<()> {
        let buttons = u32::from(kind == "mousePressed");
        let event = json!({
            "type": kind, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": click_count,
        });
        self.call("Input.dispatchMouseEvent", &event).map(drop)
    }
}

impl Element<'_> {
    /// Clicks its middle, once nothing lies over it.
    #[track_caller]
    pub fn click(&self) {
        self.page.must(self.try_click(1));
    }

    /// Clicks twice, as fast as a hand that double-clicks everything.
    #[track_caller]
    pub fn double_click(&self) {
        self.page.must(self.try_click(2));
    }

    fn try_click(&self, times: u32) -> Result<()> {
        let at =
            self.page.wait(&format!("a click on {}", self.shown), || self.middle().map(Some))?;
        self.page.mouse("mouseMoved", at, 0)?;
        for time in 1..=times {
            self.page.mouse("mousePressed", at, time)?;
            self.page.mouse("mouseReleased", at, time)?;
        }
        Ok(())
    }

    /// Where its middle is in the window, with nothing over it.
    fn middle(&self) -> Result<(f64, f64)> {
        self.call("DOM.scrollIntoViewIfNeeded", &json!({}))?;
        let told = self.call("DOM.getContentQuads", &json!({}))?;
        let corner = |index: usize| told["quads"][0][index].as_f64().context("it is not shown");
        let (x, y) = (f64::midpoint(corner(0)?, corner(4)?), f64::midpoint(corner(1)?, corner(5)?));
        let lies_there = format!(
            "(there => there && (this.contains(there) || there.contains(this) || there.closest('label')?.control === this))\
             (document.elementFromPoint({x}, {y}))"
        );
        if self.try_ask(&lies_there)? != true {
            bail!("something lies over {}", self.shown);
        }
        Ok((x, y))
    }

    /// Gives it the focus without a click.
    #[track_caller]
    pub fn focus(&self) {
        self.page.must(self.call("DOM.focus", &json!({})));
    }

    /// Writes into it, over what is there. A date is given as its value, `2021-11-26`.
    #[track_caller]
    pub fn fill(&self, text: &str) {
        self.focus();
        if self.ask("this.type") == "date" {
            let value = Value::from(text);
            self.ask(&format!(
                "(this.value = {value}, ['input', 'change'].forEach(kind => this.dispatchEvent(new Event(kind, {{ bubbles: true }}))))"
            ));
            return;
        }
        self.ask("this.select()");
        if text.is_empty() {
            self.page.press(&["Delete"]);
        }
        self.page.write(text);
    }

    /// Chooses, of a list, what is shown as this.
    #[track_caller]
    pub fn choose(&self, option: &str) {
        let wanted = Value::from(option);
        let chosen = self.ask(&format!(
            "(index => index >= 0 && (this.selectedIndex = index, ['input', 'change'].forEach(kind => \
             this.dispatchEvent(new Event(kind, {{ bubbles: true }}))), true))\
             (Array.from(this.options).findIndex(option => option.text.trim() === {wanted}))"
        ));
        if chosen != true {
            self.page.must::<()>(Err(anyhow::anyhow!("{} offers no «{option}»", self.shown)));
        }
    }

    /// Gives a file to a field that takes one.
    #[track_caller]
    pub fn attach(&self, file: &Path) {
        let wanted = json!({ "files": [file.display().to_string()] });
        self.page.must(self.call("DOM.setFileInputFiles", &wanted));
    }
}
