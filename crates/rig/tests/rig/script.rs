//! `scripts/ha-cluster`, as far as it can be tried without three servers.

use std::process::Command;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/ha-cluster");

/// How the script ends in a folder of its own, and what it says.
fn run(words: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(SCRIPT).args(words).current_dir(&folder).output().unwrap();
    assert_eq!(output.stdout, b"", "{words:?}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "{words:?} left something");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn the_script_is_one_that_bash_reads() {
    let output = Command::new("bash").args(["-n", SCRIPT]).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn words_that_mean_nothing_are_answered_with_every_command() {
    for words in [&[][..], &["start"], &["_up"], &["up", ".", "now"]] {
        let (code, said) = run(words);
        assert_eq!(code, Some(2), "{words:?}: {said}");
        for command in ["up", "status", "url", "switchover", "kill-leader", "down"] {
            assert!(said.contains(&format!("scripts/ha-cluster {command} ")), "{command}: {said}");
        }
    }
}

#[test]
fn what_needs_a_cluster_says_that_there_is_none() {
    for command in ["status", "url", "switchover", "kill-leader", "down"] {
        let (code, said) = run(&[command, "nowhere"]);
        assert_eq!(
            (code, &*said),
            (Some(1), "ha-cluster: there is no cluster in nowhere\n"),
            "{command}"
        );
    }
}
