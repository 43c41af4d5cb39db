//! Learning facts from the surroundings: what a form says, in the words and units of [`crate::facts`].

use super::Embedded;
use super::command::Start;
use super::image::{Builder, Image};
use crate::facts::{self, Definition, Facts, Said, Unit};
use crate::source::Span;

fn definition(name: &str) -> &'static Definition {
    facts::definition(name).expect("the readers name facts of the list")
}

/// One of the fact's words.
pub(super) fn word(facts: &mut Facts, name: &str, word: &str, at: Span) {
    let definition = definition(name);
    if let Unit::Word(words) = definition.unit {
        let said = words.iter().find(|known| **known == word).expect("the readers use words of the list");
        facts.learn(definition, Said::Word(said), at);
    }
}

/// Yes or no.
pub(super) fn switch(facts: &mut Facts, name: &str, is_on: bool, at: Span) {
    word(facts, name, if is_on { "yes" } else { "no" }, at);
}

/// Bytes.
pub(super) fn bytes(facts: &mut Facts, name: &str, bytes: Option<u64>, at: Span) {
    // A limit of nothing means that there is none.
    if let Some(bytes) = bytes.filter(|bytes| *bytes > 0) {
        facts.learn(definition(name), Said::Bytes(bytes), at);
    }
}

/// Cores.
pub(super) fn cores(facts: &mut Facts, name: &str, cores: Option<f64>, at: Span) {
    if let Some(cores) = cores {
        facts.learn(definition(name), Said::Processors(cores), at);
    }
}

/// A number.
pub(super) fn count(facts: &mut Facts, name: &str, count: Option<u64>, at: Span) {
    if let Some(count) = count {
        facts.learn(definition(name), Said::Count(count), at);
    }
}

/// A time in milliseconds.
pub(super) fn time(facts: &mut Facts, name: &str, milliseconds: Option<u64>, at: Span) {
    if let Some(milliseconds) = milliseconds {
        facts.learn(definition(name), Said::Milliseconds(milliseconds), at);
    }
}

/// Who built the server, and which it is.
pub(super) fn image(embedded: &mut Embedded, image: Option<Image>, at: Span) {
    let Some(image) = image else { return };
    embedded.told = image.told;
    embedded.place.data_directory = image.data_directory().map(str::to_owned);
    if image.builder == Builder::Official {
        embedded.place.working_directory.clone_from(&embedded.place.data_directory);
    }
    word(&mut embedded.facts, "image", image.word(), at);
}

/// How the server is started, and as whom. `user` is what the platform says of it.
pub(super) fn started(
    facts: &mut Facts,
    image: Option<Image>,
    start: &Start,
    user: Option<(Option<String>, Span)>,
    at: Span,
) {
    let place = start.at.unwrap_or(at);
    if let (Some(_), Some(is_kept)) = (image, start.is_kept) {
        word(facts, "entrypoint", if is_kept { "kept" } else { "bypassed" }, place);
    }
    let said = match (user, start.user, image.map(|image| image.builder)) {
        (_, Some((is_root, at)), _) => Some((is_root, at)),
        (Some((Some(name), at)), None, _) => {
            let name = name.split(':').next().unwrap_or_default();
            let is_open = name.is_empty() || name.contains(['$', '{']);
            (!is_open).then_some((matches!(name, "root" | "0"), at))
        }
        (Some((None, _)), None, _) => None,
        // Their entrypoint leaves root for the server's user; what goes around it stays root.
        (None, None, Some(Builder::Official)) => start.is_kept.map(|is_kept| (!is_kept, place)),
        (None, None, Some(Builder::Bitnami)) => Some((false, at)),
        (None, None, Some(Builder::Stack | Builder::Other) | None) => None,
    };
    if let Some((is_root, at)) = said {
        word(facts, "user", if is_root { "root" } else { "service" }, at);
    }
}
