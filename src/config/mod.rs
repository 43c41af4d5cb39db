//! Configurations: statements resolved against one server version.
//!
//! The waist of the hourglass: every input becomes a [`Config`], every output is made from one. An [`Entry`] keeps all
//! its [`Part`]s in order; each knows its statement and which statement beat it, so that `why` only has to read. What
//! the server would refuse is recorded as [`Refusal`]s in its own order; the first is the verdict. Nothing is judged here.

pub mod acl;
mod acl_file;
mod address;
mod alike;
mod bad;
mod data;
mod effective;
pub mod fleet;
pub mod layers;
mod listing;
pub mod needs;
mod number;
mod read;
mod refusal;
mod resolve;
mod sentinel;
mod setup;
mod shown;
mod sizing;
mod sockets;
mod table;
mod users;
mod value;
mod visible;

use std::sync::{Arc, OnceLock};

pub use acl_file::resolve_acl_file;
pub use alike::{is_read_alike, judged_alike};
pub use bad::Bad;
pub use effective::Origin;
pub use listing::{Row, Scope};
pub use number::atoi;
pub use refusal::{Reason, Refusal, Stage};
pub use resolve::resolve;
pub use sentinel::{BadSentinel, sentinel_lines};
pub use setup::{Assignment, LayerName, LeftOut, Note, Setup};
pub use shown::{MASK, Shown, printable, shown};
pub use sizing::{Forks, Room, client_memory, room_for_data};
pub use sockets::{BadSockets, are_bindable};
pub use users::DefinedUser;
pub use value::{Class, Limit, SavePoint, Secret, Value};
pub use visible::{
    Visible, has_lost_its_end, hides_words, name_shown, public_word, statement_shown, word_shown, would_be_shown,
};

use smallvec::SmallVec;

use crate::catalog::{self, DirectiveId, Lookup, View};
use crate::server::Server;
use crate::syntax::{Mode, Problem, Reading, Statement, StatementId};

/// Bytes as servers read them, with an optional unit: `8gb`, `8g`, `100`. `None` if it is no such number.
#[must_use]
pub fn bytes_of(text: &[u8]) -> Option<u64> {
    (!text.is_empty()).then(|| number::memory(text, crate::server::MemoryNumbers::U64))?
}

/// What tells parts of one entry apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A class of clients.
    Class(Class),
    /// A user.
    Name(Arc<[u8]>),
}

/// One assignment.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is for, in entries with keys.
    pub key: Option<Key>,
    /// What it means, or why it means nothing.
    pub value: Result<Value, Box<Bad>>,
    /// The statement that made it.
    pub by: StatementId,
    /// The statement that made it void.
    pub beaten_by: Option<StatementId>,
}

/// All assignments of one directive.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Which directive.
    pub id: DirectiveId,
    /// In the order in which the server meets them.
    pub parts: SmallVec<[Part; 1]>,
}

impl Entry {
    /// The parts that count.
    pub fn standing(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.beaten_by.is_none() && part.value.is_ok())
    }
}

/// A configuration as one server version understands it.
#[derive(Clone, Debug)]
pub struct Config {
    /// The version, as it was asked for.
    pub server: Server,
    /// What that version knows.
    pub view: &'static View,
    /// Server or Sentinel, which begins with other values.
    pub mode: Mode,
    entries: Vec<Entry>,
    by_id: Box<[u16]>,
    /// What the version makes of each statement's name.
    looked: Vec<Lookup>,
    /// Built-in values, by id.
    defaults: &'static effective::Values,
    /// Directives whose value in force may be none that stands somewhere.
    made: &'static effective::Made,
    /// Those values that were asked for.
    values: OnceLock<effective::Values>,
    /// The same as CONFIG GET shows them.
    forms: OnceLock<effective::Forms>,
    refusals: Vec<Refusal>,
    unread: Vec<Problem>,
    module_parameters: Vec<StatementId>,
    module_rules: Vec<(StatementId, usize)>,
}

/// No entry.
const NONE: u16 = u16::MAX;

impl Config {
    /// A configuration that says nothing, to read values of a version with.
    #[must_use]
    pub fn nothing(server: Server) -> Self {
        Self::empty(&Reading::new(crate::source::Sources::new(), server), Mode::Server)
    }

    /// Nothing but the names of a reading, looked up.
    fn empty(reading: &Reading, mode: Mode) -> Self {
        let view = View::of(reading.server);
        let name = |statement: &Statement| view.look(statement.name.bytes(&reading.sources));
        let tables = effective::tables(view, mode);
        Self {
            server: reading.server,
            view,
            mode,
            entries: Vec::with_capacity(reading.statements().len()),
            by_id: vec![NONE; catalog::count()].into(),
            looked: reading.statements().iter().map(name).collect(),
            defaults: tables.0,
            made: tables.1,
            values: OnceLock::new(),
            forms: OnceLock::new(),
            refusals: Vec::new(),
            unread: Vec::new(),
            module_parameters: Vec::new(),
            module_rules: Vec::new(),
        }
    }

    fn entry_mut(&mut self, id: DirectiveId) -> &mut Entry {
        if self.values.get().is_some() {
            self.values.take();
        }
        if self.forms.get().is_some() {
            self.forms.take();
        }
        let slot = &mut self.by_id[id.index()];
        if *slot == NONE {
            *slot = u16::try_from(self.entries.len()).expect("there are fewer directives than u16 holds");
            self.entries.push(Entry { id, parts: SmallVec::new() });
        }
        &mut self.entries[usize::from(*slot)]
    }

    /// What the version makes of a statement's name.
    #[must_use]
    pub fn look(&self, id: StatementId) -> Lookup {
        self.looked[id.index()]
    }

    /// The assignments of a directive, if there is any.
    #[must_use]
    pub fn entry(&self, id: DirectiveId) -> Option<&Entry> {
        self.entries.get(usize::from(self.by_id[id.index()]))
    }

    /// All entries, in the order of their first assignment.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Every reason not to start, in the server's order.
    #[must_use]
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// The reason the server itself would give; `None` if it starts, as far as a file can tell.
    #[must_use]
    pub fn verdict(&self) -> Option<&Refusal> {
        self.refusals.first()
    }

    /// Includes that could not be followed here; the server may find them.
    #[must_use]
    pub fn unread(&self) -> &[Problem] {
        &self.unread
    }

    /// Statements that only a loaded module can judge.
    #[must_use]
    pub fn module_parameters(&self) -> &[StatementId] {
        &self.module_parameters
    }

    /// Rules of users that only a loaded module can judge: the statement, and which of its arguments.
    #[must_use]
    pub fn module_rules(&self) -> &[(StatementId, usize)] {
        &self.module_rules
    }
}
