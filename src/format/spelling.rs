//! Words in the catalogue's case, where no version tells upper from lower.

use super::line::Written;
use crate::catalog::{self, Directive, Kind, Lookup, State, View, sentinel};
use crate::server;

/// What one version allows for a word.
enum Allows {
    /// Any spelling: it refuses or ignores the word.
    Anything,
    /// Only what is written.
    Nothing,
    /// This spelling is the same to it.
    This(Vec<u8>),
}

/// The name of a statement. What is not in the catalogue may be a module's, and modules tell upper from lower.
pub(super) fn name(word: &Written<'_>) -> Vec<u8> {
    if word.is_bare() && catalog::find(word.written).is_some() {
        return word.written.to_ascii_lowercase();
    }
    word.written.to_vec()
}

/// The arguments of a statement with this name.
pub(super) fn arguments(name: &[u8], words: &[Written<'_>]) -> Vec<Vec<u8>> {
    let mut spelled: Vec<Vec<u8>> = words.iter().map(|word| word.written.to_vec()).collect();
    if words.iter().all(|word| !word.is_bare() || !word.written.iter().any(u8::is_ascii_uppercase)) {
        return spelled;
    }
    if name == b"sentinel" {
        if sentinel::find(words[0].written).is_some() && words[0].is_bare() {
            spelled[0].make_ascii_lowercase();
        }
        let sub = words[0].meant.as_slice();
        for_each_bare(&words[1..], &mut spelled[1..], |index| {
            let views = server::all().iter().map(|server| sentinel::view(*server));
            views.map(|view| allowed(view, sub, &words[1..], index)).collect()
        });
    } else {
        for_each_bare(words, &mut spelled, |index| {
            let views = server::all().iter().map(|server| View::of(*server));
            views.map(|view| allowed(view, name, words, index)).collect()
        });
    }
    spelled
}

/// Changes the words that all versions allow to be changed, and in the same way.
fn for_each_bare(words: &[Written<'_>], spelled: &mut [Vec<u8>], allowed: impl Fn(usize) -> Vec<Allows>) {
    for (index, word) in words.iter().enumerate() {
        if !word.is_bare() || !word.written.iter().any(u8::is_ascii_uppercase) {
            continue;
        }
        let mut new: Option<Vec<u8>> = None;
        let agree = allowed(index).into_iter().all(|allows| match allows {
            Allows::Anything => true,
            Allows::Nothing => false,
            Allows::This(text) => new.get_or_insert_with(|| text.clone()) == &text,
        });
        if let Some(new) = new.filter(|_| agree) {
            spelled[index] = new;
        }
    }
}

/// What a version allows for one of the words behind a name.
fn allowed(view: &'static View, name: &[u8], words: &[Written<'_>], index: usize) -> Allows {
    match view.look(name) {
        Lookup::Here(directive) if directive.is.secret => Allows::Nothing,
        Lookup::Here(directive) if directive.is.live_only || directive.state != State::Accepted => Allows::Anything,
        Lookup::Here(directive) => by_kind(directive, words, index),
        Lookup::Elsewhere(_) | Lookup::Never => Allows::Anything,
    }
}

fn by_kind(directive: &Directive, words: &[Written<'_>], index: usize) -> Allows {
    let word = words[index].written;
    let one = |known: &str| word.eq_ignore_ascii_case(known.as_bytes());
    let first = |mut names: Box<dyn Iterator<Item = &str> + '_>| {
        names.find(|known| one(known)).map_or(Allows::Anything, |known| Allows::This(known.as_bytes().to_vec()))
    };
    match &directive.kind {
        Kind::Bool => first(Box::new(["yes", "no"].into_iter())),
        Kind::Enum(known) => first(Box::new(known.iter().map(|known| known.name.as_str()))),
        Kind::Flags(known) => first(Box::new(known.iter().map(|known| known.name.as_str()))),
        Kind::Memory { .. } | Kind::MemoryOrPercent { .. } => memory(word),
        Kind::BufferLimits if !words.len().is_multiple_of(4) => Allows::Nothing,
        Kind::BufferLimits if index.is_multiple_of(4) => {
            first(Box::new(["normal", "slave", "replica", "pubsub"].into_iter()))
        }
        Kind::BufferLimits if index % 4 < 3 => memory(word),
        Kind::ReplicaOf if words.len() == 2 && is_no_one(words) => Allows::This(word.to_ascii_lowercase()),
        Kind::BufferLimits
        | Kind::ReplicaOf
        | Kind::Int { .. }
        | Kind::Octal { .. }
        | Kind::Text(_)
        | Kind::Bytes
        | Kind::Words { .. }
        | Kind::Save
        | Kind::Events(_)
        | Kind::Percentiles
        | Kind::OomValues
        | Kind::Dir
        | Kind::Include
        | Kind::RenameCommand
        | Kind::LoadModule
        | Kind::User
        | Kind::Sentinel => Allows::Nothing,
    }
}

/// Digits and a unit. A unit alone means 0 to servers; nobody means that, so it is left to be seen.
fn memory(word: &[u8]) -> Allows {
    const UNITS: [&str; 7] = ["b", "k", "kb", "m", "mb", "g", "gb"];
    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is_unit = UNITS.iter().any(|unit| word[digits..].eq_ignore_ascii_case(unit.as_bytes()));
    if digits > 0 && is_unit { Allows::This(word.to_ascii_lowercase()) } else { Allows::Nothing }
}

fn is_no_one(words: &[Written<'_>]) -> bool {
    words[0].meant.eq_ignore_ascii_case(b"no") && words[1].meant.eq_ignore_ascii_case(b"one")
}
