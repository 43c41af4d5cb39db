//! The catalogue as one server version sees it, and the namespaces it is made from.

use std::fmt;
use std::sync::{LazyLock, OnceLock};

use super::data::{self, Entry, Facts};
use super::directive::{Change, Directive, DirectiveId, Kind, Repeat, State};
use super::kind;
use super::names::{Letters, Names, letters};
use crate::server::{self, Engine, Server};

/// What a version makes of a name.
#[derive(Clone, Copy, Debug)]
pub enum Lookup {
    /// This version knows it, be it only to ignore it ([`State::Inert`]).
    Here(&'static Directive),
    /// Another version or the other engine knows it.
    Elsewhere(DirectiveId),
    /// No catalogued server knows it.
    Never,
}

/// All directives of one server version.
pub struct View {
    server: Server,
    /// [`Server::place`].
    place: usize,
    namespace: &'static Namespace,
    /// What this version makes of the name at each place of [`Names`].
    by_name: Box<[Lookup]>,
    /// The directive of each id.
    by_id: Box<[Option<&'static Directive>]>,
    /// By name; made when first asked for.
    sorted: OnceLock<Vec<DirectiveId>>,
    secretive: OnceLock<Vec<DirectiveId>>,
    counting_bytes: OnceLock<Vec<DirectiveId>>,
    suggestable: OnceLock<Vec<(&'static str, Letters)>>,
}

/// Names the version alone: the namespace leads back here.
impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("server", &self.server).finish_non_exhaustive()
    }
}

impl View {
    /// The directives of a server, or of the nearest known one ([`Server::resolve`]).
    #[must_use]
    pub fn of(server: Server) -> &'static Self {
        MAIN.view(server)
    }

    /// The catalogued server this is the view of.
    #[must_use]
    pub fn server(&self) -> Server {
        self.server
    }

    /// [`Server::place`] of that server.
    #[must_use]
    pub fn place(&self) -> usize {
        self.place
    }

    /// Finds a directive by any of its names, in any case.
    #[must_use]
    #[expect(clippy::inline_always, reason = "as `Names::place`")]
    #[inline(always)]
    pub fn look(&'static self, name: impl AsRef<[u8]>) -> Lookup {
        self.namespace.names.place(name.as_ref()).map_or(Lookup::Never, |(place, _)| self.by_name[place])
    }

    /// The directive of an id of the same namespace; `None` where this version does not know it.
    ///
    /// Versions between which nothing changed give the very same directive.
    #[must_use]
    #[inline]
    pub fn get(&'static self, id: DirectiveId) -> Option<&'static Directive> {
        self.by_id[id.index()]
    }

    /// The directive of each id, or none.
    pub fn by_id(&'static self) -> impl Iterator<Item = Option<&'static Directive>> {
        self.by_id.iter().copied()
    }

    /// The names that may be meant by a misspelt one, each with its [`letters`].
    pub(super) fn suggestable(&'static self) -> &'static [(&'static str, Letters)] {
        self.suggestable.get_or_init(|| {
            let known = self.directives().filter(|known| known.state == State::Accepted && !known.is.hidden);
            known.flat_map(|directive| &directive.names).map(|name| (*name, letters(name))).collect()
        })
    }

    /// The directives whose statements may hold a secret.
    pub fn secretive(&'static self) -> &'static [DirectiveId] {
        self.secretive.get_or_init(|| {
            let may = self.directives().filter(|directive| directive.may_hold_secrets());
            may.map(|directive| directive.id).collect()
        })
    }

    /// The directives whose values are numbers of bytes.
    pub fn counting_bytes(&'static self) -> &'static [DirectiveId] {
        let counts = |one: &&Directive| {
            matches!(one.kind, Kind::Memory { .. } | Kind::MemoryOrPercent { .. } | Kind::BufferLimits)
        };
        self.counting_bytes.get_or_init(|| self.directives().filter(counts).map(|one| one.id).collect())
    }

    /// Every directive this version knows, the ignored ones too, sorted by name.
    pub fn directives(&'static self) -> impl Iterator<Item = &'static Directive> {
        let sorted = self.sorted.get_or_init(|| {
            let all = (0..self.namespace.entries.len()).filter_map(|index| self.get(id(index)));
            let mut named: Vec<(&str, DirectiveId)> = all.map(|directive| (directive.name(), directive.id)).collect();
            named.sort_unstable();
            named.into_iter().map(|(_, id)| id).collect()
        });
        sorted.iter().filter_map(|&id| self.get(id))
    }
}

/// A set of names: the directives, or what may follow the word `sentinel`.
///
/// Made when first asked for. Most directives are alike in most versions, so one stands for all between which nothing
/// changed.
#[derive(Debug)]
pub(super) struct Namespace {
    pub(super) entries: Vec<Entry>,
    /// Every name of every version.
    pub(super) names: Names,
    /// For each place of a name the servers that know it, a bit each.
    knowers: Vec<u16>,
    /// The servers of Redis and those of Valkey, a bit each.
    bits_of_engines: [u16; 2],
    /// For each entry whether only one engine knows some name of it.
    pub(super) names_engine: Vec<bool>,
    /// What entries are in some versions.
    directives: Vec<Directive>,
    /// For each entry and server the position among `directives`.
    table: Vec<Option<u16>>,
    views: Vec<OnceLock<View>>,
}

pub(super) static MAIN: LazyLock<Namespace> = LazyLock::new(|| Namespace::new(data::MAIN));
pub(super) static SENTINEL: LazyLock<Namespace> = LazyLock::new(|| Namespace::new(data::SENTINEL));

impl Namespace {
    fn new(lines: &'static str) -> Self {
        let entries = data::read(lines);
        let mut pairs = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let facts = std::iter::once(&entry.birth).chain(entry.since.iter().map(|(_, facts)| facts));
            let names = facts.filter_map(|facts| facts.names.as_ref()).flatten();
            pairs.extend(names.map(|name| (*name, id(index))));
        }
        let names = Names::new(&pairs);
        let parent = |server: &Server| (*server, server.parent().map(Server::place));
        let tree: Vec<(Server, Option<usize>)> = server::all().iter().map(parent).collect();
        let (mut directives, mut table) = (Vec::new(), Vec::new());
        for (index, entry) in entries.iter().enumerate() {
            along_the_tree(&tree, id(index), entry, &mut directives, &mut table);
        }
        let mut knowing = vec![0; directives.len()];
        for row in table.chunks(tree.len()) {
            for (server, at) in row.iter().enumerate().filter_map(|(server, at)| Some((server, (*at)?))) {
                knowing[usize::from(at)] |= bit(server);
            }
        }
        let mut knowers = vec![0; names.places()];
        for (directive, servers) in directives.iter().zip(knowing) {
            for name in &directive.names {
                let (place, _) = names.place(name.as_bytes()).expect("every name was put in");
                knowers[place] |= servers;
            }
        }
        let views = server::all().iter().map(|_| OnceLock::new()).collect();
        let bits = |engine| {
            let all = server::all().iter().enumerate();
            all.filter(|(_, server)| server.engine == engine).map(|(place, _)| bit(place)).sum()
        };
        let bits_of_engines = [bits(Engine::Redis), bits(Engine::Valkey)];
        let names_engine = vec![false; entries.len()];
        let mut made = Self { entries, names, knowers, bits_of_engines, names_engine, directives, table, views };
        let ids = made.names.ids().enumerate();
        let of_one: Vec<DirectiveId> =
            ids.filter(|(place, _)| made.only_engine(*place).is_some()).filter_map(|(_, id)| id).collect();
        for id in of_one {
            made.names_engine[id.index()] = true;
        }
        made
    }

    pub(super) fn view(&'static self, server: Server) -> &'static View {
        let place = server.place();
        self.views[place].get_or_init(|| self.seen_from(place))
    }

    fn seen_from(&'static self, place: usize) -> View {
        let rows = self.table.chunks(server::all().len());
        let by_id: Box<[_]> = rows.map(|row| row[place].map(|at| &self.directives[usize::from(at)])).collect();
        let look = |named: Option<DirectiveId>, knowers: u16| match named {
            Some(id) => match by_id[id.index()] {
                Some(directive) if knowers & bit(place) != 0 => Lookup::Here(directive),
                Some(_) | None => Lookup::Elsewhere(id),
            },
            None => Lookup::Never,
        };
        let by_name = self.names.ids().zip(&self.knowers).map(|(named, knowers)| look(named, *knowers)).collect();
        View {
            server: server::all()[place],
            place,
            namespace: self,
            by_name,
            by_id,
            sorted: OnceLock::new(),
            secretive: OnceLock::new(),
            counting_bytes: OnceLock::new(),
            suggestable: OnceLock::new(),
        }
    }

    /// The engine that alone knows the name at a place.
    pub(super) fn only_engine(&self, place: usize) -> Option<Engine> {
        let [redis, valkey] = self.bits_of_engines;
        let knowers = self.knowers[place];
        match (knowers & redis != 0, knowers & valkey != 0) {
            (true, false) => Some(Engine::Redis),
            (false, true) => Some(Engine::Valkey),
            (_, _) => None,
        }
    }
}

/// The bit that stands for the catalogued server at a place.
fn bit(place: usize) -> u16 {
    1 << place
}

/// Adds to the table for each server where among the directives it finds an entry, and those directives that are new.
///
/// `tree` holds each server and the position of the one it grew out of, which stands before it.
fn along_the_tree(
    tree: &[(Server, Option<usize>)],
    id: DirectiveId,
    entry: &Entry,
    directives: &mut Vec<Directive>,
    table: &mut Vec<Option<u16>>,
) {
    // Most entries are born at the root and never change.
    if entry.from.is_empty() && entry.since.is_empty() {
        let made = directive(id, entry, entry.birth.clone()).map(|made| add(made, directives));
        return table.extend(std::iter::repeat_n(made, tree.len()));
    }
    // The facts that differ, and for each server which of them hold there.
    let mut all: Vec<(Facts, Option<u16>)> = Vec::new();
    let mut held: Vec<Option<usize>> = Vec::with_capacity(tree.len());
    for (server, parent) in tree {
        let inherited = parent.and_then(|parent| held[parent]);
        let is_born = if entry.from.is_empty() { parent.is_none() } else { entry.from.contains(server) };
        let mut changed = is_born.then(|| entry.birth.clone());
        for (_, later) in entry.since.iter().filter(|(at, _)| at == server) {
            changed = changed.or_else(|| inherited.map(|at| all[at].0.clone()));
            if let Some(facts) = &mut changed {
                facts.apply(later);
            }
        }
        let here = match changed {
            None => inherited,
            Some(facts) => {
                let made = directive(id, entry, facts.clone()).map(|made| add(made, directives));
                all.push((facts, made));
                Some(all.len() - 1)
            }
        };
        held.push(here);
        table.push(here.and_then(|at| all[at].1));
    }
}

fn add(made: Directive, directives: &mut Vec<Directive>) -> u16 {
    directives.push(made);
    u16::try_from(directives.len() - 1).expect("there are a few hundred")
}

/// Fills in what is the rule and left out; `None` where the entry is gone.
fn directive(id: DirectiveId, entry: &Entry, facts: Facts) -> Option<Directive> {
    let state = facts.state.unwrap_or(State::Accepted);
    if state == State::Gone {
        return None;
    }
    let text = facts.r#type.unwrap_or_else(|| panic!("`{}` has no type", entry.name));
    Some(Directive {
        id,
        names: facts.names.expect("an entry is born with its name"),
        kind: kind::parse(text).unwrap_or_else(|error| panic!("`{}`: {error}", entry.name)),
        repeat: facts.repeat.unwrap_or(Repeat::LastWins),
        default: facts.default,
        change: facts.change.unwrap_or(Change::Live),
        state,
        is: data::traits(facts.is.as_deref().unwrap_or_default()),
        needs: facts.needs,
        without: facts.without,
        summary: entry.summary,
        family: entry.family,
    })
}

fn id(index: usize) -> DirectiveId {
    DirectiveId(u16::try_from(index).expect("there are a few hundred entries"))
}
