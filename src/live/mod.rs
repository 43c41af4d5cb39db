//! Real servers: a program is probed, started in a private directory, asked, and ended without a trace.
//!
//! Flow: [`Program::probe`] → [`boot`] (which isolates the configuration first) → [`Booted::inspect`] → a
//! [`Snapshot`](crate::snapshot::Snapshot), or the precise refusal. [`dump()`] reads everything off one server program.
//!
//! The wire knows a fixed list of commands. What changes a server can only be sent to one that was started here. No
//! judgement is made in this room, and nothing is printed.

#![expect(clippy::disallowed_methods, reason = "this room starts programs, opens sockets and waits for them")]

mod address;
mod answers;
mod apply;
mod ask;
mod beside;
mod boot;
mod child;
mod connection;
mod discover;
mod dump;
mod examine;
mod host;
mod inspect;
mod isolate;
mod keys;
mod launch;
mod observe;
mod options;
mod patterns;
mod place;
mod program;
mod refusal;
mod reply;
mod rewrite;
mod rights;
mod tls;
mod topology;
mod trouble;
mod undertaker;
mod watcher;
mod wire;
mod words;

pub use address::{Address, AddressError, Url};
pub use apply::{Ended, Event, LOCK, Left, Manner, Record, apply, wait_for_rewrite};
pub use ask::{Login, Section};
pub use beside::{Accepts, accepts, add as add_beside, remove as remove_beside};
pub use boot::{BootError, Booted, LoginError, Modules, Start, boot};
pub use connection::{Connection, ConnectionError};
pub use discover::{Around, DiscoverError, Ways, discover};
pub use dump::{Dump, DumpError, Entry, dump};
pub use examine::{Inquiry, examine};
pub use host::process_here;
pub use inspect::{InspectError, inspect};
pub use isolate::IsolateError;
pub use observe::{Denied, Met, ObserveError, Observed, Question, Reach};
pub use patterns::SECRETS;
pub use place::Place;
pub use program::{Program, ProgramError};
pub use refusal::Refusal;
pub use reply::Reply;
pub use rewrite::rewrite;
pub use rights::Purpose;
pub use tls::{Tls, TlsError, TlsFiles};
pub use topology::{Kind, Node, Topology};
pub use trouble::TlsTrouble;
pub use watcher::{Watching, watching};
