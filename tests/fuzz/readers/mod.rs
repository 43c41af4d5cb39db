//! What must hold of every reader, whatever it is given: one function a reader, from any bytes to a panic or none.
//!
//! They stand here, and not in the library, for they judge several rooms at once and no user needs them; and not in
//! `fuzz/`, for that crate needs a nightly compiler, and what was found is to be replayed by every `cargo test`. The
//! targets of cargo-fuzz take this module in by its path.

mod argv;
mod conf;
mod embedded;
mod judged;
mod kept;
mod profile;
mod project;
mod shown;
mod undo;
mod users;
mod wire;

use redisconf::catalog;
use redisconf::server::{self, Server};

/// A reader: its name and what must hold of it.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All readers, sorted by name. `fuzz/fuzz_targets/` has a file for each.
pub(crate) const TARGETS: &[Target] = &[
    ("acl_file", users::holds),
    ("argv", argv::holds),
    ("conf", conf::holds),
    ("embedded", embedded::holds),
    ("kept", kept::holds),
    ("profile", profile::holds),
    ("project", project::holds),
    ("undo", undo::holds),
    ("wire", wire::holds),
];

/// Runs a reader's invariants on an input.
pub(crate) fn run(name: &str, input: &[u8]) {
    let (_, holds) = TARGETS.iter().find(|(known, _)| *known == name).expect("the target is in the list");
    holds(input);
}

/// The version that an input is read as: its first byte says it, so that the fuzzer can choose; the rest is the text.
fn version(input: &[u8]) -> Option<(Server, &[u8])> {
    let (first, text) = input.split_first()?;
    let all = server::all();
    Some((all[usize::from(*first) % all.len()], text))
}

fn is_directive(name: &[u8]) -> bool {
    catalog::find(name).is_some()
}
