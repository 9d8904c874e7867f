//! The binary `ventanilla`: configuration, wiring and subcommands; no business rule.

/// glibc gives memory back and asks for it again at each request, and every thread of the process
/// waits for its page tables meanwhile (docs/decisions/0010).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod bench;
mod books;
mod cli;
mod commands;
mod config;
mod descriptors;
mod log;
mod output;
mod place;
mod problem;

use std::process::ExitCode;

fn main() -> ExitCode {
    log::tell_panics();
    write_no_core();
    match cli::from_arguments(std::env::args_os()) {
        Ok(command) => problem::to_exit_code(cli::run(command)),
        Err(answer) => answer.tell(),
    }
}

/// The memory of a process holds the keys and what callers send: none of it is ever written to a disk,
/// whatever the system does with processes that die (docs/decisions/0020).
fn write_no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    // Lowering a limit is always allowed.
    if let Err(error) = setrlimit(Resource::Core, none) {
        tracing::warn!(%error, "a core might be written");
    }
}
