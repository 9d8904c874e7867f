//! Lists for tests that no new variant escapes.

/// Lists values one per variant; a variant that is not listed stops the compiler here.
macro_rules! every {
    ($($pattern:pat => $value:expr),+ $(,)?) => {{
        let listed = [$($value),+];
        for value in &listed {
            match value {
                $($pattern => {})+
            }
        }
        listed
    }};
}

pub(crate) use every;
