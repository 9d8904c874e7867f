//! How a page is looked at.

use serde_json::{Value, json};

/// The window of a page, and what whoever looks prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// In CSS pixels, of which each is one dot.
    pub width: u32,
    pub height: u32,
    pub is_dark: bool,
    /// Nothing moves: as pictures want it.
    pub is_still: bool,
    pub has_scripts: bool,
}

impl View {
    /// An old office monitor, light, with scripts.
    pub const DESK: Self =
        Self { width: 1280, height: 800, is_dark: false, is_still: true, has_scripts: true };

    /// The smallest telephone.
    pub const PHONE: Self = Self { width: 320, height: 640, ..Self::DESK };

    #[must_use]
    pub fn dark(self) -> Self {
        Self { is_dark: true, ..self }
    }

    #[must_use]
    pub fn without_scripts(self) -> Self {
        Self { has_scripts: false, ..self }
    }

    /// What tells a page all this, in order.
    pub(super) fn orders(self) -> [(&'static str, Value); 3] {
        let scheme = if self.is_dark { "dark" } else { "light" };
        let motion = if self.is_still { "reduce" } else { "no-preference" };
        [
            (
                "Emulation.setDeviceMetricsOverride",
                json!({ "width": self.width, "height": self.height, "deviceScaleFactor": 1, "mobile": false }),
            ),
            (
                "Emulation.setEmulatedMedia",
                json!({ "features": [
                    { "name": "prefers-color-scheme", "value": scheme },
                    { "name": "prefers-reduced-motion", "value": motion },
                ] }),
            ),
            ("Emulation.setScriptExecutionDisabled", json!({ "value": !self.has_scripts })),
        ]
    }
}
