//! Do all versions judge a text alike? A quick and careful answer, so that a text without a version need not be resolved
//! for every one of them.

use std::sync::LazyLock;

use super::read::Before;
use super::resolve::assigned;
use crate::catalog::{self, Directive, DirectiveId, Kind, Lookup, State, View};
use crate::server::{self, Habits, Server};
use crate::source::Sources;
use crate::syntax::{Item, Reading, StatementId, Word};

/// Whether the servers surely refuse the same statements of a reading, or none.
///
/// `false` means that only resolving for each of them can tell.
#[must_use]
pub fn judged_alike(reading: &Reading, servers: &[Server]) -> bool {
    reading.sources.len() == 1
        && reading.order().iter().all(|item| match item {
            Item::Statement(id) => is_judged_alike(reading, *id, servers),
            Item::Problem(_) | Item::Enter | Item::Leave => false,
        })
}

fn is_judged_alike(reading: &Reading, id: StatementId, servers: &[Server]) -> bool {
    let name = reading.name(id);
    let words = reading.words(id);
    let plain = |word: &Word| is_plain(word, &reading.sources);
    if !plain(&reading.statement(id).name) || !words.iter().all(plain) || name.contains(&b'.') {
        return false;
    }
    let Some(entry) = catalog::find(name) else { return true };
    let groups = &GROUPS[entry.index()];
    if let [one] = &groups[..]
        && one.is_plain
    {
        return true;
    }
    if words.iter().any(|word| word.open) {
        return false;
    }
    let arguments = reading.arguments(id);
    let accepted = |server: Server| match View::of(server).look(name) {
        Lookup::Here(directive) if is_file_only(&directive.kind) || directive.is.live_only => None,
        Lookup::Here(directive) if directive.state == State::Inert => Some(arguments.len() == 1),
        Lookup::Here(directive) => Some(assigned(directive, &arguments, server, Before::default()).is_ok()),
        Lookup::Elsewhere(_) | Lookup::Never => Some(false),
    };
    let asked = |group: &Group| servers.iter().any(|server| group.places & (1 << server.place()) != 0);
    let mut verdicts = groups.iter().filter(|group| asked(group)).map(|group| accepted(group.first));
    let Some(first) = verdicts.next() else { return true };
    first.is_some() && verdicts.all(|verdict| verdict == first)
}

/// Whether every version splits a line into this word: no quotes but a pair around all of it, nothing odd.
fn is_plain(word: &Word, sources: &Sources) -> bool {
    let raw = sources.bytes(word.at);
    let inside = match raw {
        [b'"', inside @ .., b'"'] => inside,
        bare => bare,
    };
    inside.iter().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'\\') || *b == b' ')
}

/// What is no assignment: only resolving knows what becomes of it.
fn is_file_only(kind: &Kind) -> bool {
    matches!(kind, Kind::Include | Kind::LoadModule | Kind::RenameCommand | Kind::User | Kind::Sentinel)
}

/// Servers that know an entry by the same names and read its words alike, or do not know it.
struct Group {
    first: Server,
    /// A bit for each [`Server::place`].
    places: u16,
    /// Whether its words are read by no habit of a version, and the lines around it do not matter.
    is_plain: bool,
}

/// For each entry of the catalogue the groups of servers.
static GROUPS: LazyLock<Vec<Vec<Group>>> = LazyLock::new(|| {
    let groups = |index: usize| {
        let id = DirectiveId::from_index(index);
        let mut groups: Vec<Group> = Vec::new();
        for server in server::all() {
            let same = |group: &&mut Group| are_read_alike(id, group.first, *server);
            match groups.iter_mut().find(same) {
                Some(group) => group.places |= 1 << server.place(),
                None => groups.push(Group {
                    first: *server,
                    places: 1 << server.place(),
                    is_plain: View::of(*server).get(id).is_some_and(is_plain_kind),
                }),
            }
        }
        groups
    };
    (0..catalog::count()).map(groups).collect()
});

fn are_read_alike(id: DirectiveId, one: Server, other: Server) -> bool {
    let (here, there) = match (View::of(one).get(id), View::of(other).get(id)) {
        (None, None) => return true,
        (Some(here), Some(there)) => (here, there),
        (_, _) => return false,
    };
    let is_same = std::ptr::eq(here, there)
        || (here.kind == there.kind
            && here.state == there.state
            && here.is.live_only == there.is.live_only
            && here.names.len() == there.names.len()
            && here.names.iter().all(|name| there.names.contains(name)));
    is_same && (is_plain_kind(here) || reads_alike(one.habits(), other.habits()))
}

/// Kinds whose words are read by no habit of a version.
fn is_plain_kind(directive: &Directive) -> bool {
    matches!(directive.kind, Kind::Bool | Kind::Int { .. } | Kind::Enum(_) | Kind::Bytes | Kind::Dir)
        && directive.state == State::Accepted
        && !directive.is.live_only
}

/// Whether values of all kinds are read alike.
fn reads_alike(one: &Habits, other: &Habits) -> bool {
    one.words == other.words
        && one.resplit == other.resplit
        && one.lax_lines == other.lax_lines
        && one.memory_numbers == other.memory_numbers
        && one.signed_memory == other.signed_memory
        && one.hex_percentiles == other.hex_percentiles
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::resolve;
    use crate::source::Name;
    use crate::syntax::{Mode, conf};

    fn alike(text: &str) -> bool {
        let newest = *server::all().last().unwrap();
        judged_alike(&conf::read_alone(Name::Stdin, text.as_bytes(), newest), server::all())
    }

    #[test]
    fn ordinary_lines_are_alike_and_new_ones_are_not() {
        assert!(alike("port 6379\nmaxmemory 1gb\nsave \"\"\nappendonly maybe\nnonsense 1\n"));
        assert!(!alike("maxmemory-clients 5%\n"));
        assert!(!alike("include x\n"));
        assert!(!alike("requirepass 'x'\n"));
        assert!(!alike("save 1 1 2 2 3\n"));
        assert!(!alike("io-threads 200\n"));
    }

    #[test]
    fn every_entry_that_is_said_to_be_alike_is_judged_so() {
        for directive in View::of(*server::all().last().unwrap())
            .directives()
            .filter(|d| matches!(&GROUPS[d.id.index()][..], [one] if one.is_plain))
        {
            for word in ["yes", "no", "1", "-1", "0", "x", "1gb", "99999999999999999999", "127.0.0.1"] {
                let text = format!("{} {word}\n", directive.name());
                let refused = |server: &Server| {
                    let reading = conf::read_alone(Name::Stdin, text.as_bytes(), *server);
                    resolve(&reading, Mode::Server).verdict().is_some()
                };
                let first = refused(&server::all()[0]);
                assert!(server::all().iter().all(|server| refused(server) == first), "{text}");
            }
        }
    }
}
