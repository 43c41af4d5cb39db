//! The program: everything is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Reading and judging take and give back many short lists, which this allocator does faster than most systems do.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[expect(clippy::disallowed_methods, reason = "the program's own arguments are handed to the front end")]
fn main() -> ExitCode {
    redisconf::cli::run(std::env::args_os())
}
