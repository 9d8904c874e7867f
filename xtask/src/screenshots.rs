//! The pictures that the READMEs show, made anew from the demo by the test that knows its way around it.

use crate::shell::{Line, say};
use crate::tools;
use anyhow::Result;
use std::path::Path;

const MAKE: &str = "cargo test --quiet --locked --package ventanilla --test end_to_end -- --ignored \
                    --exact console::pictures::the_pictures_are_made";

pub(crate) fn run(root: &Path) -> Result<()> {
    tools::install_system_packages(root)?;
    Line::new(MAKE).run(root)?;
    say("docs/pictures is as the demo looks now: see with git what changed")?;
    Ok(())
}
