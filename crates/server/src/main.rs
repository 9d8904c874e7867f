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
mod problem;

use std::process::ExitCode;

fn main() -> ExitCode {
    log::tell_panics();
    match cli::from_arguments(std::env::args_os()) {
        Ok(command) => problem::to_exit_code(cli::run(command)),
        Err(answer) => answer.tell(),
    }
}
