//! How many files and connections the system lets this process have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open besides connections: the books, files in the making, the log.
const BESIDES: usize = 256;

/// Raises what the process may open as far as it may by itself, and tells how many that is. Many systems grant
/// little to whoever does not ask.
pub(crate) fn raise() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    let granted = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(_) => current,
    };
    granted.map_or(usize::MAX, |granted| usize::try_from(granted).unwrap_or(usize::MAX))
}

/// The connections that may be open where `wanted` are granted and so many descriptors: one more would be
/// accepted by nobody.
pub(crate) fn connections(wanted: usize, descriptors: usize) -> usize {
    wanted.min(descriptors.saturating_sub(BESIDES).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_granted_is_there() {
        let granted = raise();
        let told = std::fs::read_to_string("/proc/self/limits").unwrap();
        let line = told.lines().find(|line| line.starts_with("Max open files")).unwrap();
        let soft = line.split_whitespace().nth(3).unwrap();
        assert!(soft == "unlimited" || soft.parse() == Ok(granted), "{line} {granted}");
    }

    #[test]
    fn connections_are_as_many_as_descriptors_allow() {
        for (wanted, descriptors, expected) in
            [(10_000, usize::MAX, 10_000), (10_000, 1_024, 768), (10_000, 64, 1), (64, 1_024, 64)]
        {
            assert_eq!(connections(wanted, descriptors), expected, "{wanted} {descriptors}");
        }
    }
}
