//! What readers give: statements in the order in which a server meets them.

use std::ops::Range;

use super::words::split_bare;
use crate::server::Server;
use crate::source::{SourceId, Sources, Span};

/// Number of a statement within a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementId(pub(crate) u32);

impl StatementId {
    /// Position among the statements.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// The statement that is met before this one.
    #[must_use]
    pub fn before(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }

    /// The statement that is met after this one, if there is one.
    #[must_use]
    pub fn after(self) -> Self {
        Self(self.0 + 1)
    }
}

/// A word of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Where it stands, quotes included.
    pub at: Span,
    /// What it stands for, if that differs from the bytes at `at`.
    pub cooked: Option<Box<[u8]>>,
    /// The logical name of the secret it stands for; its bytes are then a stand-in.
    pub secret: Option<Box<str>>,
    /// Whether a template will fill it in, so that its value is not known.
    pub open: bool,
}

impl Word {
    /// A word that was made, not read as it stands.
    #[must_use]
    pub fn cooked(at: Span, bytes: impl Into<Vec<u8>>) -> Self {
        Self { at, cooked: Some(bytes.into().into_boxed_slice()), secret: None, open: false }
    }

    /// A word for a secret: `prefix` (such as `>` before a password) and the secret's logical name.
    #[must_use]
    pub fn secret(at: Span, prefix: &str, name: &str) -> Self {
        Self { secret: Some(name.into()), ..Self::cooked(at, format!("{prefix}secret")) }
    }

    /// What the server sees.
    #[must_use]
    pub fn bytes<'a>(&'a self, sources: &'a Sources) -> &'a [u8] {
        self.cooked.as_deref().unwrap_or_else(|| sources.bytes(self.at))
    }
}

/// How a statement came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Via {
    /// It stands in a configuration file.
    Text,
    /// It stands among the arguments of the server program.
    CommandLine,
    /// A layer of a profile set it; the number counts layers from the lowest.
    Layer(u16),
}

/// A name with words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The first word.
    pub name: Word,
    /// The arguments, as a range of [`Reading::words`].
    pub words: Range<u32>,
    /// From the first byte of the name to the last of the last word.
    pub at: Span,
    /// Whether it is surely the same to every version: nothing in it is quoted, escaped or unprintable.
    pub is_plain: bool,
    /// How it came.
    pub via: Via,
}

/// Something a reader could not take as a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// Quotes do not close; every server stops here.
    UnbalancedQuotes,
    /// The configuration file that a command names is not there or cannot be read here.
    MissingFile,
    /// A file that `include` names is not there or cannot be read here.
    MissingInclude,
    /// A pattern that `include` names matches no file here; a server goes on without.
    NothingMatched,
    /// Files include each other; servers die without a word.
    IncludeCycle,
    /// More than 65,000 files or 1,000 levels.
    TooManyIncludes,
    /// A line of more than a mebibyte, which is not taken apart: its words could fill the memory.
    LongLine,
}

/// A problem in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// Where to point.
    pub at: Span,
    /// The statement it belongs to, for includes.
    pub statement: Option<StatementId>,
}

/// What a server meets, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// A statement.
    Statement(StatementId),
    /// Something unreadable.
    Problem(Problem),
    /// An included text begins.
    Enter,
    /// An included text ends; this changes how `save` folds.
    Leave,
}

/// How the root text of a reading is written, which decides how edits are lowered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Host {
    /// A configuration file: a statement a line.
    #[default]
    Conf,
    /// A configuration file inside another text, such as a block scalar of YAML: each line stands after this indentation.
    Block {
        /// Blanks before each line.
        indent: Vec<u8>,
    },
    /// Arguments of a program, one after the other.
    Arguments(Vec<Argument>),
    /// An ACL file: a user a line, its words between single blanks, without quotes or comments.
    Users,
    /// Text that cannot be edited from here.
    Fixed,
}

/// An argument of a server program, where it stands in the root text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// What the program is given.
    pub text: Vec<u8>,
    /// Where it stands, quotes included.
    pub at: Span,
    /// How it is written.
    pub style: ArgumentStyle,
}

/// How an argument is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentStyle {
    /// An item of a block sequence of YAML, on a line of its own: `- --appendonly`.
    BlockItem,
    /// An item of a flow sequence of YAML or a JSON array: `["--appendonly", "yes"]`.
    FlowItem,
    /// A word of a command line: `redis-server --appendonly yes`.
    ShellWord {
        /// Whether the command line stands in single quotes.
        in_single: bool,
        /// Whether the command line stands in double quotes.
        in_double: bool,
    },
    /// In a way that cannot be edited: it comes from elsewhere, or more hangs on it.
    Fixed,
}

/// A stretch of a text that is written in a way of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Where it is.
    pub at: Span,
    /// How it is written.
    pub host: Host,
}

/// Statements, unjudged.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The texts; the root is number 0.
    pub sources: Sources,
    /// The version whose rules split the words.
    pub server: Server,
    pub(super) statements: Vec<Statement>,
    pub(super) words: Vec<Word>,
    pub(super) order: Vec<Item>,
    /// Whether each statement stands behind the one before, in one text.
    sorted: bool,
    /// How the root text is written, outside the regions.
    pub host: Host,
    /// What is written otherwise, in this text or another.
    pub regions: Vec<Region>,
    /// Where to point for what is not there, if the text does not begin with it.
    pub anchor: Option<Span>,
    /// Places outside statements that hold no secret and may be shown.
    pub public: Vec<Span>,
    /// Whether a template makes the text, so that statements may come in that are not seen here.
    pub templated: bool,
}

impl Reading {
    pub(crate) fn new(sources: Sources, server: Server) -> Self {
        Self {
            sources,
            server,
            statements: Vec::new(),
            words: Vec::new(),
            order: Vec::new(),
            sorted: true,
            host: Host::Conf,
            regions: Vec::new(),
            anchor: None,
            public: Vec::new(),
            templated: false,
        }
    }

    /// All statements, numbered by position, in the order in which they are met.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// One statement.
    #[must_use]
    pub fn statement(&self, id: StatementId) -> &Statement {
        &self.statements[id.index()]
    }

    /// What a server meets, in order.
    #[must_use]
    pub fn order(&self) -> &[Item] {
        &self.order
    }

    /// How the text is written at a place.
    #[must_use]
    pub fn host_at(&self, at: Span) -> &Host {
        let holds = |place: Span| place.source == at.source && place.start <= at.start && at.end <= place.end;
        match self.regions.iter().find(|region| holds(region.at)) {
            Some(region) => &region.host,
            None if at.source == SourceId::ROOT => &self.host,
            None => &Host::Conf,
        }
    }

    /// The name as written.
    #[must_use]
    pub fn name(&self, id: StatementId) -> &[u8] {
        self.statement(id).name.bytes(&self.sources)
    }

    /// The argument words.
    #[must_use]
    pub fn words(&self, id: StatementId) -> &[Word] {
        let range = &self.statement(id).words;
        &self.words[range.start as usize..range.end as usize]
    }

    /// The statements of which some argument is not what stands there, such as one in quotes.
    pub fn quoted(&self) -> impl Iterator<Item = StatementId> {
        let mut after = 0;
        std::iter::from_fn(move || {
            let word = after + self.words[after..].iter().position(|word| word.cooked.is_some())?;
            let index = self.statements.partition_point(|one| one.words.end as usize <= word);
            after = self.statements[index].words.end as usize;
            Some(StatementId(u32::try_from(index).expect("statements are numbered by u32")))
        })
    }

    /// What the server sees as arguments.
    #[must_use]
    pub fn arguments(&self, id: StatementId) -> Vec<&[u8]> {
        self.words(id).iter().map(|word| word.bytes(&self.sources)).collect()
    }

    /// Does something with what the server sees as arguments; few of them need no list of their own.
    pub(crate) fn with_arguments<T>(&self, id: StatementId, take: impl FnOnce(&[&[u8]]) -> T) -> T {
        let words = self.words(id);
        let mut few: [&[u8]; 8] = [&[]; 8];
        let Some(few) = few.get_mut(..words.len()) else { return take(&self.arguments(id)) };
        for (argument, word) in few.iter_mut().zip(words) {
            *argument = word.bytes(&self.sources);
        }
        take(few)
    }

    /// The statement at a place.
    #[must_use]
    pub fn statement_at(&self, at: Span) -> Option<StatementId> {
        let index = self.statements.iter().position(|statement| statement.at == at)?;
        Some(StatementId(u32::try_from(index).expect("statements are numbered by u32")))
    }

    /// The statements that touch one of these places, which are in order and apart.
    pub(crate) fn touching(&self, places: &[Span]) -> Vec<StatementId> {
        if !self.sorted {
            return self.iter().filter(|(_, statement)| statement.at.touches(places)).map(|(id, _)| id).collect();
        }
        let mut found = Vec::new();
        let mut from = 0;
        for place in places {
            from += self.statements[from..]
                .partition_point(|one| (one.at.source, one.at.end) < (place.source, place.start));
            let touching = self.statements[from..]
                .iter()
                .take_while(|one| one.at.source == place.source && one.at.start <= place.end)
                .count();
            found.extend(
                (from..from + touching)
                    .map(|index| StatementId(u32::try_from(index).expect("they are counted by u32"))),
            );
            from += touching;
        }
        found
    }

    /// All statements with their numbers, in the order in which they are met.
    pub fn iter(&self) -> impl Iterator<Item = (StatementId, &Statement)> {
        (0..).map(StatementId).zip(&self.statements)
    }

    /// Makes room for so many more statements of two words.
    pub(super) fn reserve(&mut self, statements: usize) {
        self.statements.reserve(statements);
        self.words.reserve(statements);
        self.order.reserve(statements);
    }

    /// Takes what a template fills in for what it says: a placeholder that stands for a value.
    pub(crate) fn close(&mut self, id: StatementId) {
        let range = self.statement(id).words.clone();
        for word in &mut self.words[range.start as usize..range.end as usize] {
            word.open = false;
        }
    }

    /// Adds the statement of a line, which begins at a byte of a text, if nothing in it is quoted: its words are its bytes.
    pub(super) fn push_bare(&mut self, source: SourceId, begin: usize, line: &[u8], via: Via) -> Option<StatementId> {
        let start = self.words.len();
        let (mut name, words) = (None, &mut self.words);
        let bare = split_bare(source, begin, line, |at| {
            let word = Word { at, cooked: None, secret: None, open: false };
            if name.is_none() {
                name = Some(word);
            } else {
                words.push(word);
            }
        });
        if let (Some(bare), Some(name)) = (bare, name) {
            return Some(self.add(name, start, bare.is_plain, via));
        }
        self.words.truncate(start);
        None
    }

    /// Adds a statement at the end of the order.
    pub(crate) fn push(&mut self, name: Word, words: impl IntoIterator<Item = Word>, via: Via) -> StatementId {
        let start = self.words.len();
        self.words.extend(words);
        self.add(name, start, false, via)
    }

    /// Adds a statement whose arguments are the words from `start` on.
    fn add(&mut self, name: Word, start: usize, is_plain: bool, via: Via) -> StatementId {
        let count = |n: usize| u32::try_from(n).expect("files are below 64 MiB");
        let (start, end) = (count(start), count(self.words.len()));
        let last = if end > start { self.words[end as usize - 1].at } else { name.at };
        let at = name.at.to(last);
        let id = StatementId(count(self.statements.len()));
        let is_behind = |last: &Statement| last.at.source == at.source && last.at.end <= at.start;
        self.sorted &= self.statements.last().is_none_or(is_behind);
        self.statements.push(Statement { name, words: start..end, at, is_plain, via });
        self.order.push(Item::Statement(id));
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Memory, Name};
    use crate::syntax::conf;

    #[test]
    fn what_touches_a_place_is_found_whether_statements_lie_in_order_or_not() {
        let files = Memory::new([("b.conf", "hz 10\nport 2\n")]);
        let alone = "port 1\nhz 10\n\nsave 1 1\ntimeout 3\n";
        let including = "port 1\ninclude b.conf\nhz 10\nsave 1 1\n";
        for (text, sorted) in [(alone, true), (including, false)] {
            let reading =
                conf::read(Name::File("a.conf".into()), text.as_bytes(), "redis-7.4".parse().unwrap(), &files);
            assert_eq!(reading.sorted, sorted);
            let texts =
                reading.sources.iter().map(|(source, text)| (source, u32::try_from(text.text().len()).unwrap()));
            for (source, length) in texts.collect::<Vec<_>>() {
                let place = |start, end| Span { source, start, end };
                for (start, end) in (0..=length).flat_map(|start| (start..=length).map(move |end| (start, end))) {
                    // Two places that are apart, or one.
                    let middle = start + (end - start) / 3;
                    for places in
                        [vec![place(start, end)], vec![place(start, middle), place((middle + 3).min(end), end)]]
                    {
                        let touches = |at: Span| {
                            places.iter().any(|p| p.source == at.source && p.start <= at.end && at.start <= p.end)
                        };
                        let all = reading.iter().filter(|(_, one)| touches(one.at)).map(|(id, _)| id);
                        let apart = places.windows(2).all(|two| two[0].end < two[1].start);
                        assert!(!apart || reading.touching(&places) == all.collect::<Vec<_>>(), "{text:?} {places:?}");
                    }
                }
            }
        }
    }
}
