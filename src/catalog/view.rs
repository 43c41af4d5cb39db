//! The catalogue as one server version sees it, and the namespaces it is made from.

use std::sync::{LazyLock, OnceLock};

use super::data::{self, Entry, Facts};
use super::directive::{Change, Directive, DirectiveId, Repeat, State};
use super::kind;
use super::names::Names;
use crate::server::{self, Server};

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
///
/// One per server, made when first asked for: about 0.05 ms, and 0.8 ms once for reading the data.
#[derive(Debug)]
pub struct View {
    server: Server,
    namespace: &'static Namespace,
    by_id: Vec<Option<Directive>>,
    /// By name.
    sorted: Vec<DirectiveId>,
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

    /// Finds a directive by any of its names, in any case.
    #[must_use]
    pub fn look(&'static self, name: impl AsRef<[u8]>) -> Lookup {
        let name = name.as_ref();
        let Some(id) = self.namespace.names.find(name) else { return Lookup::Never };
        match self
            .get(id)
            .filter(|directive| directive.names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name)))
        {
            Some(directive) => Lookup::Here(directive),
            None => Lookup::Elsewhere(id),
        }
    }

    /// The directive of an id of the same namespace; `None` where this version does not know it.
    #[must_use]
    pub fn get(&'static self, id: DirectiveId) -> Option<&'static Directive> {
        self.by_id[id.index()].as_ref()
    }

    /// Every directive this version knows, the ignored ones too, sorted by name.
    pub fn directives(&'static self) -> impl Iterator<Item = &'static Directive> {
        self.sorted.iter().filter_map(|&id| self.get(id))
    }
}

/// A set of names: the directives, or what may follow the word `sentinel`.
#[derive(Debug)]
pub(super) struct Namespace {
    pub(super) entries: Vec<Entry>,
    /// Every name of every version.
    pub(super) names: Names,
    views: Vec<(Server, OnceLock<View>)>,
}

pub(super) static MAIN: LazyLock<Namespace> = LazyLock::new(|| Namespace::new(data::FAMILIES));
pub(super) static SENTINEL: LazyLock<Namespace> = LazyLock::new(|| Namespace::new(data::SENTINEL));

impl Namespace {
    fn new(families: &[(&'static str, &'static str)]) -> Self {
        let entries = data::read(families);
        let mut pairs = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let facts = std::iter::once(&entry.birth).chain(entry.since.iter().map(|(_, facts)| facts));
            let names = facts.filter_map(|facts| facts.names.as_ref()).flatten();
            pairs.extend(names.map(|name| (*name, id(index))));
        }
        let views = server::all().iter().map(|&server| (server, OnceLock::new())).collect();
        Self { entries, names: Names::new(&pairs), views }
    }

    pub(super) fn view(&'static self, server: Server) -> &'static View {
        let known = server.resolve().known;
        let (_, view) =
            self.views.iter().find(|(server, _)| *server == known).expect("every catalogued server has its cell");
        view.get_or_init(|| self.fold(known))
    }

    /// Follows the path from the root of the version tree to a server.
    fn fold(&'static self, server: Server) -> View {
        let path = server::lineage(server);
        let by_id: Vec<Option<Directive>> = self
            .entries
            .iter()
            .enumerate()
            .map(|(index, entry)| facts_at(entry, &path).and_then(|facts| directive(id(index), entry, facts)))
            .collect();
        let mut named: Vec<(&str, DirectiveId)> =
            by_id.iter().flatten().map(|directive| (directive.name(), directive.id)).collect();
        named.sort_unstable();
        let sorted = named.into_iter().map(|(_, id)| id).collect();
        View { server, namespace: self, by_id, sorted }
    }
}

/// What holds of an entry at the end of a path; `None` before its birth.
fn facts_at(entry: &Entry, path: &[Server]) -> Option<Facts> {
    let mut facts = entry.from.is_empty().then(|| entry.birth.clone());
    for node in path {
        if entry.from.contains(node) {
            facts = Some(entry.birth.clone());
        }
        let Some(facts) = &mut facts else { continue };
        for (_, later) in entry.since.iter().filter(|(at, _)| at == node) {
            facts.apply(later);
        }
    }
    facts
}

/// Fills in what is the rule and left out; `None` where the entry is gone.
fn directive(id: DirectiveId, entry: &'static Entry, facts: Facts) -> Option<Directive> {
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
