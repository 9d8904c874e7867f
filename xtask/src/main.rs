//! The checks of this repository. `cargo xtask ci` is the one entry point, on a laptop and in CI;
//! `.ci/run` calls nothing else. Beside them, what a benchmark needs that the product cannot give itself.

mod bench_database;
mod ci;
mod imports;
mod screenshots;
mod shell;
mod sources;
mod tools;

use std::io;
use std::path::Path;
use std::process::ExitCode;

/// What the words on the command line ask for.
#[derive(Debug, PartialEq, Eq)]
enum Request {
    List,
    Run(Vec<&'static ci::Step>),
    /// With flags that are the benchmark's own.
    BenchDatabase(Vec<String>),
    Screenshots,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let request = match to_request(&words) {
        Ok(request) => request,
        Err(message) => {
            shell::complain(&message);
            return ExitCode::from(2);
        }
    };
    let done = match request {
        Request::List => shell::say(&usage()).map_err(anyhow::Error::from),
        Request::Run(steps) => ci::run(root(), &steps, &mut io::stdout()),
        Request::BenchDatabase(flags) => bench_database::run(root(), &flags),
        Request::Screenshots => screenshots::run(root()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            shell::complain(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// The repository's root: the folder above this crate.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate's folder lies inside the repository")
}

fn to_request(words: &[String]) -> Result<Request, String> {
    let texts: Vec<&str> = words.iter().map(String::as_str).collect();
    match texts.as_slice() {
        ["bench-database", ..] => Ok(Request::BenchDatabase(words[1..].to_vec())),
        ["screenshots"] => Ok(Request::Screenshots),
        [] | ["help" | "--help" | "-h"] => Ok(Request::List),
        ["ci"] => Ok(Request::Run(ci::STEPS.iter().collect())),
        ["ci", "--only"] => Err(format!("--only needs the name of a step\n\n{}", usage())),
        ["ci", "--only", name] => match ci::STEPS.iter().find(|step| step.name == *name) {
            Some(step) => Ok(Request::Run(vec![step])),
            None => Err(format!("there is no step `{name}`\n\n{}", usage())),
        },
        ["ci", "--only", _, word, ..] | ["ci" | "screenshots", word, ..] | [word, ..] => {
            Err(format!("unknown word `{word}`\n\n{}", usage()))
        }
    }
}

fn usage() -> String {
    let mut text = String::from(
        "cargo xtask ci              every step, in order, up to the first failure\n\
         cargo xtask ci --only STEP  one step\n\
         cargo xtask bench-database  `ventanilla bench database` on a cluster of its own; flags are its\n\
         cargo xtask screenshots     the pictures of the READMEs, made anew from the demo\n\nSteps:",
    );
    for step in &ci::STEPS {
        text.push_str(&format_step(step));
    }
    text
}

fn format_step(step: &ci::Step) -> String {
    format!("\n  {:<10} {}", step.name, step.holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(words: &[&str]) -> Result<Request, String> {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        to_request(&words)
    }

    #[test]
    fn no_words_list_the_steps_in_their_order() {
        assert_eq!(request(&[]), Ok(Request::List));
        let names: Vec<&str> = ci::STEPS.iter().map(|step| step.name).collect();
        let order = ["fmt", "clippy", "doc", "imports", "tests", "deny", "unused", "generated"];
        assert_eq!(names, order);
        for name in order {
            assert!(usage().contains(&format!("\n  {name} ")), "{name}");
        }
    }

    #[test]
    fn ci_runs_every_step_and_only_runs_one() {
        assert_eq!(request(&["ci"]), Ok(Request::Run(ci::STEPS.iter().collect())));
        for step in &ci::STEPS {
            assert_eq!(request(&["ci", "--only", step.name]), Ok(Request::Run(vec![step])));
        }
    }

    #[test]
    fn the_flags_of_the_benchmark_are_its_own() {
        let flags = vec!["--seconds".to_owned(), "1".to_owned()];
        let asked = request(&["bench-database", "--seconds", "1"]);
        assert_eq!(asked, Ok(Request::BenchDatabase(flags)));
    }

    #[test]
    fn pictures_are_made_without_more_words() {
        assert_eq!(request(&["screenshots"]), Ok(Request::Screenshots));
        request(&["screenshots", "all"]).expect_err("there are no others");
    }

    #[test]
    fn unknown_words_are_named_in_the_refusal() {
        let check = |words: &[&str], named: &str| {
            let message = request(words).expect_err("these words mean nothing");
            assert!(message.contains(named), "{message}");
        };
        check(&["build"], "`build`");
        check(&["ci", "fast"], "`fast`");
        check(&["ci", "--only"], "--only needs the name of a step");
        check(&["ci", "--only", "lint"], "no step `lint`");
        check(&["ci", "--only", "fmt", "doc"], "`doc`");
    }
}
