//! The program: everything is in the library.

use std::process::ExitCode;

#[expect(clippy::disallowed_methods, reason = "the program's own arguments are handed to the front end")]
fn main() -> ExitCode {
    redisconf::cli::run(std::env::args_os())
}
