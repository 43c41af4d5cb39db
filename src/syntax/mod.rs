//! Readers: bytes become statements, unjudged.
//!
//! Reading has two steps, because how a line splits into words depends on the server version and the version may stand
//! in the text: [`survey`] finds facts and the server, [`conf::read`] and [`argv::read_argv`] then make a [`Reading`]. Readers
//! never fail and never judge: what they could not read is recorded in its place, so that the order of the server's own
//! complaints can be told later. Nothing here knows a directive, but for `include` and `dir`, which change what is read, and
//! those by which [`embedded`] tells a configuration from other files and a server's surroundings from each other.
//! The users that a configuration keeps in a file of their own are read by [`acl_file::read`].

pub mod acl_file;
pub mod argv;
mod assembled;
pub mod conf;
pub mod embedded;
pub mod expected;
mod include;
pub mod lower;
mod placeholder;
pub mod pragma;
pub mod profile;
pub mod project;
pub mod quote;
mod reading;
pub mod settings;
mod survey;
pub mod tree;
mod words;

pub use conf::Line;
pub use placeholder::{is_in as has_placeholder, is_torn_in as has_torn_placeholder};
pub use reading::{
    Argument, ArgumentStyle, Host, Item, Problem, ProblemKind, Reading, Region, Statement, StatementId, Via, Word,
};
pub use survey::{Mode, Survey, survey};
pub use words::{Piece, Unbalanced, split};
