//! Whether a server reads two texts alike: the proof that formatting has changed nothing.

use crate::catalog::{self, Kind, Lookup, View, sentinel};
use crate::config::{Bad, Config, Entry, Part, Reason, SavePoint, Stage, Value, resolve};
use crate::server::Server;
use crate::source::Name;
use crate::syntax::{Mode, Reading, StatementId, conf};

/// Whether a version takes the same from both texts: the same statements in the same order, equal by meaning and with the
/// same fate, and the same refusals. `save` lines in a row count as one.
pub(super) fn reads_alike(old: &[u8], new: &[u8], mode: Mode, server: Server) -> bool {
    let read = |text: &[u8]| conf::read_alone(Name::Stdin, text, server);
    let (old, new) = (read(old), read(new));
    let (old_config, new_config) = (resolve(&old, mode), resolve(&new, mode));
    trail(&old).eq(trail(&new))
        && refusals(&old_config) == refusals(&new_config)
        && old_config.unread().len() == new_config.unread().len()
        && old_config.module_parameters().len() == new_config.module_parameters().len()
        && same_entries(&old_config, &new_config)
}

/// What was met, in order: names, and the words that have no value to compare by.
fn trail(reading: &Reading) -> impl Iterator<Item = Vec<Vec<u8>>> {
    let view = View::of(reading.server);
    let mut was_save = false;
    reading.iter().map(move |(id, _)| footprint(reading, view, id)).filter(move |footprint| {
        let is_save = footprint[0] == b"save";
        !std::mem::replace(&mut was_save, is_save) || !is_save
    })
}

fn footprint(reading: &Reading, view: &'static View, id: StatementId) -> Vec<Vec<u8>> {
    let name = reading.name(id);
    let words = || reading.arguments(id).into_iter().map(<[u8]>::to_vec);
    match view.look(name) {
        Lookup::Here(directive) if directive.kind == Kind::Sentinel => {
            let mut words: Vec<Vec<u8>> = words().collect();
            let sub = words.first().map(|sub| sentinel::view(reading.server).look(sub));
            if let Some(Lookup::Here(sub)) = sub {
                let is_word = matches!(sub.kind, Kind::Bool | Kind::Enum(_) | Kind::Memory { .. });
                words.iter_mut().take(if is_word { 2 } else { 1 }).for_each(|word| word.make_ascii_lowercase());
            } else if let Some(Lookup::Elsewhere(_)) = sub {
                words[0].make_ascii_lowercase();
            }
            std::iter::once(b"sentinel".to_vec()).chain(words).collect()
        }
        Lookup::Here(directive) if is_action(&directive.kind) => {
            std::iter::once(name.to_ascii_lowercase()).chain(words()).collect()
        }
        Lookup::Here(_) => vec![name.to_ascii_lowercase()],
        // The name is refused, whatever its case; the words play no part.
        Lookup::Elsewhere(_) => vec![name.to_ascii_lowercase()],
        Lookup::Never if catalog::find(name).is_some() => vec![name.to_ascii_lowercase()],
        Lookup::Never => std::iter::once(name.to_vec()).chain(words()).collect(),
    }
}

fn is_action(kind: &Kind) -> bool {
    matches!(kind, Kind::Include | Kind::RenameCommand | Kind::LoadModule | Kind::User)
}

fn refusals(config: &Config) -> Vec<(Stage, &Reason)> {
    config.refusals().iter().map(|refusal| (refusal.stage, &refusal.reason)).collect()
}

fn same_entries(old: &Config, new: &Config) -> bool {
    let pairs = || old.entries().iter().zip(new.entries());
    old.entries().len() == new.entries().len() && pairs().all(|(a, b)| a.id == b.id && same_parts(a, b))
}

fn same_parts(old: &Entry, new: &Entry) -> bool {
    if let (Some(a), Some(b)) = (points(old), points(new)) {
        return a == b;
    }
    let same = |(a, b): (&Part, &Part)| {
        let value = match (&a.value, &b.value) {
            (Ok(a), Ok(b)) => a.means(b),
            (a, b) => a == b,
        };
        value && a.key == b.key && a.beaten_by.is_some() == b.beaten_by.is_some()
    };
    old.parts.len() == new.parts.len() && old.parts.iter().zip(&new.parts).all(same)
}

/// What became of one point of `save`, or of a word that sweeps all points away; or why a line is none of them.
type Point<'a> = Result<(Option<SavePoint>, bool), &'a Bad>;

/// The points of an entry of `save`, one after the other; `None` if it is another entry.
fn points(entry: &Entry) -> Option<Vec<Point<'_>>> {
    let mut found = Vec::new();
    for part in &entry.parts {
        match &part.value {
            Ok(Value::Save { clears, points }) => {
                let beaten = part.beaten_by.is_some();
                found.extend(clears.then_some(Ok((None, beaten))));
                found.extend(points.iter().map(|point| Ok((Some(*point), beaten))));
            }
            Ok(_) => return None,
            Err(bad) => found.push(Err(&**bad)),
        }
    }
    Some(found)
}
