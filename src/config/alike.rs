//! Do all versions judge a text alike? A quick and careful answer, so that a text without a version need not be resolved
//! for every one of them.

use std::sync::LazyLock;

use super::read::Before;
use super::resolve::assigned;
use crate::catalog::{self, DirectiveId, Kind, Lookup, State, View};
use crate::server::{self, Server};
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
    if ALIKE[entry.index()] {
        return true;
    }
    let arguments = reading.arguments(id);
    let accepted = |server: &Server| match View::of(*server).look(name) {
        Lookup::Here(directive) if is_file_only(&directive.kind) || directive.is.live_only => None,
        Lookup::Here(directive) if directive.state == State::Inert => Some(arguments.len() == 1),
        Lookup::Here(directive) => Some(assigned(directive, &arguments, *server, Before::default()).is_ok()),
        Lookup::Elsewhere(_) | Lookup::Never => Some(false),
    };
    let open = words.iter().any(|word| word.open);
    let Some((first, rest)) = servers.split_first() else { return true };
    let first = accepted(first);
    first.is_some() && !open && rest.iter().all(|server| accepted(server) == first)
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

/// For each entry of the catalogue: whether all versions know it by the same names and read its words alike.
static ALIKE: LazyLock<Vec<bool>> = LazyLock::new(|| {
    let views: Vec<&'static View> = server::all().iter().map(|server| View::of(*server)).collect();
    let alike = |index: usize| {
        let id = DirectiveId::from_index(index);
        let mut known = views.iter().map(|view| view.get(id));
        let Some(Some(first)) = known.next() else { return false };
        // Kinds whose words are read by no habit of a version.
        let plain = matches!(first.kind, Kind::Bool | Kind::Int { .. } | Kind::Enum(_) | Kind::Bytes | Kind::Dir);
        let sorted = |names: &[&'static str]| {
            let mut names = names.to_vec();
            names.sort_unstable();
            names
        };
        plain
            && first.state == State::Accepted
            && !first.is.live_only
            && known.all(|other| {
                other.is_some_and(|other| {
                    other.kind == first.kind
                        && other.state == first.state
                        && sorted(&other.names) == sorted(&first.names)
                })
            })
    };
    (0..catalog::count()).map(alike).collect()
});

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
        for directive in View::of(*server::all().last().unwrap()).directives().filter(|d| ALIKE[d.id.index()]) {
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
