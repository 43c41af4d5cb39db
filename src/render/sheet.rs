//! The statements to write, in the shape that every version reads alike.
//!
//! What was beaten is gone, `save` has one point a line, buffer limits one class a line, names are those the version
//! prefers. Includes that could be followed are written out. Secrets are marked; where they go is decided elsewhere.

use super::comment;
use crate::catalog::{Directive, Kind, Lookup};
use crate::config::{Class, Secret, Setup, Value};
use crate::source::Span;
use crate::syntax::{Item, StatementId, split};

/// A word to write.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    /// As it is.
    Plain(Vec<u8>),
    /// A secret behind a prefix, such as `>` before a password.
    Secret {
        /// What stands before it.
        prefix: Vec<u8>,
        /// Its logical name; `None` where the setup holds the value itself.
        name: Option<String>,
        /// The value, where the setup holds it.
        value: Option<Secret>,
    },
}

/// A statement to write.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The name the version prefers.
    pub(super) name: String,
    /// The arguments.
    pub(super) words: Vec<Word>,
    /// What the catalogue knows; nothing for the parameters of modules.
    pub(super) directive: Option<&'static Directive>,
    /// Lines of an earlier part stand before those of a later one: an include lies between.
    pub(super) part: usize,
    /// Reason and derivation, wrapped.
    pub(super) comments: Vec<String>,
    /// Where it comes from.
    pub(super) at: Span,
}

impl Line {
    /// A line that the renderer adds of its own.
    pub(super) fn made(setup: &Setup, name: &str, words: &[&str], at: Span) -> Self {
        let directive = match setup.config.view.look(name) {
            Lookup::Here(directive) => Some(directive),
            Lookup::Elsewhere(_) | Lookup::Never => None,
        };
        let words = words.iter().map(|word| Word::Plain(word.as_bytes().to_vec())).collect();
        Self { name: name.to_owned(), words, directive, part: usize::MAX, comments: Vec::new(), at }
    }

    /// The family of the catalogue; parameters of modules form one of their own.
    pub(super) fn family(&self) -> &'static str {
        self.directive.map_or("module-parameters", |directive| directive.family)
    }

    /// Whether the directive goes by this name, in any version.
    pub(super) fn is(&self, name: &str) -> bool {
        let id = crate::catalog::find(name);
        self.directive.is_some_and(|directive| Some(directive.id) == id)
    }

    /// The words, none of which is a secret any more.
    pub(super) fn plain(&self) -> Vec<&[u8]> {
        let bytes = self.words.iter().map(|word| match word {
            Word::Plain(bytes) => bytes.as_slice(),
            Word::Secret { .. } => unreachable!("secrets are placed before lines are written"),
        });
        bytes.collect()
    }
}

/// The statements of a setup.
pub(super) fn lines(setup: &Setup) -> Vec<Line> {
    let mut sheet = Sheet { setup, lines: Vec::new(), part: 0, wrote_save: false };
    let order = setup.reading.order();
    for (at, item) in order.iter().enumerate() {
        if let Item::Statement(id) = item {
            let followed = matches!(order.get(at + 1), Some(Item::Enter));
            sheet.statement(*id, followed);
        }
    }
    sheet.lines
}

struct Sheet<'a> {
    setup: &'a Setup,
    lines: Vec<Line>,
    part: usize,
    wrote_save: bool,
}

impl Sheet<'_> {
    fn statement(&mut self, id: StatementId, followed: bool) {
        let name = self.setup.reading.name(id);
        let directive = match self.setup.config.view.look(name) {
            Lookup::Here(directive) => directive,
            Lookup::Elsewhere(_) | Lookup::Never => return self.push(id, None, self.words(id, None)),
        };
        if self.is_beaten(id, directive) {
            return;
        }
        if matches!(directive.kind, Kind::Save) {
            return self.save(id, directive);
        }
        if matches!(directive.kind, Kind::BufferLimits) {
            return self.limits(id, directive);
        }
        let is_include = matches!(directive.kind, Kind::Include);
        if is_include && followed {
            return;
        }
        self.part += usize::from(is_include);
        self.push(id, Some(directive), self.words(id, Some(directive)));
        self.part += usize::from(is_include);
    }

    /// Whether later statements leave nothing of this one.
    fn is_beaten(&self, id: StatementId, directive: &Directive) -> bool {
        let Some(entry) = self.setup.config.entry(directive.id) else { return false };
        let mut parts = entry.parts.iter().filter(|part| part.by == id).peekable();
        parts.peek().is_some() && parts.all(|part| part.beaten_by.is_some())
    }

    /// All points that stand, at the place of the first statement that stands.
    fn save(&mut self, id: StatementId, directive: &'static Directive) {
        if std::mem::replace(&mut self.wrote_save, true) {
            return;
        }
        let Some(Value::Save { points, .. }) = self.setup.config.effective(directive) else { return };
        if points.is_empty() {
            return self.push(id, Some(directive), vec![Word::Plain(Vec::new())]);
        }
        let pairs = points.iter().map(|p| [p.seconds.to_string(), p.changes.to_string()]);
        let plain = |pair: [String; 2]| pair.map(|word| Word::Plain(word.into_bytes()));
        // Behind an include each line would replace the one before; these versions read all points from one line.
        let together = self.part > 0 && !self.setup.server.habits().lax_lines;
        let lines: Vec<Vec<Word>> = if together {
            vec![pairs.flat_map(plain).collect()]
        } else {
            pairs.map(|pair| plain(pair).into()).collect()
        };
        for (at, words) in lines.into_iter().enumerate() {
            self.push(id, Some(directive), words);
            if at > 0
                && let Some(line) = self.lines.last_mut()
            {
                line.comments.clear();
            }
        }
    }

    /// One line for each class that stands.
    fn limits(&mut self, id: StatementId, directive: &'static Directive) {
        let Some(entry) = self.setup.config.entry(directive.id) else { return };
        let beaten = |class| {
            let key = Some(crate::config::Key::Class(class));
            entry.parts.iter().any(|part| part.by == id && part.key == key && part.beaten_by.is_some())
        };
        let arguments = self.setup.reading.arguments(id);
        let words: Vec<Vec<u8>> = match arguments[..] {
            [word] => {
                let pieces = split(word, self.setup.server.habits().words).unwrap_or_default();
                pieces.into_iter().map(|piece| piece.text.into_owned()).collect()
            }
            _ => arguments.iter().map(|word| word.to_vec()).collect(),
        };
        let mut first = true;
        for group in words.chunks_exact(4) {
            let Some(class) = Class::from_name(&group[0]).filter(|class| !beaten(*class)) else { continue };
            let mut words: Vec<Word> = group.iter().cloned().map(Word::Plain).collect();
            words[0] = Word::Plain(class.name().as_bytes().to_vec());
            self.push(id, Some(directive), words);
            if !std::mem::take(&mut first)
                && let Some(line) = self.lines.last_mut()
            {
                line.comments.clear();
            }
        }
    }

    /// The words of a statement, secrets marked.
    fn words(&self, id: StatementId, directive: Option<&Directive>) -> Vec<Word> {
        let sources = &self.setup.reading.sources;
        let words = self.setup.reading.words(id).iter().enumerate();
        words
            .map(|(at, word)| {
                let bytes = word.bytes(sources);
                if let Some(name) = &word.secret {
                    let prefix = bytes.strip_suffix(b"secret").unwrap_or_default().to_vec();
                    return Word::Secret { prefix, name: Some(name.to_string()), value: None };
                }
                match directive.and_then(|directive| secret_start(directive, at, bytes)) {
                    Some(start) => Word::Secret {
                        prefix: bytes[..start].to_vec(),
                        name: None,
                        value: Some(Secret::new(&bytes[start..])),
                    },
                    None => Word::Plain(bytes.to_vec()),
                }
            })
            .collect()
    }

    fn push(&mut self, id: StatementId, directive: Option<&'static Directive>, words: Vec<Word>) {
        let written = String::from_utf8_lossy(self.setup.reading.name(id)).into_owned();
        let name = directive.map_or(written, |directive| directive.name().to_owned());
        let comments = self.setup.notes.get(&id).map(comment::of_note).unwrap_or_default();
        let at = self.setup.reading.statement(id).at;
        self.lines.push(Line { name, words, directive, part: self.part, comments, at });
    }
}

/// Where in a word that the setup holds in clear a password starts, if it is one.
///
/// The names of users and of renamed commands are not shown in reports, but are no passwords.
fn secret_start(directive: &Directive, at: usize, word: &[u8]) -> Option<usize> {
    let is = |name: &str| crate::catalog::find(name) == Some(directive.id);
    if matches!(directive.kind, Kind::RenameCommand) || is("masteruser") {
        return None;
    }
    if matches!(directive.kind, Kind::User) {
        return (at > 0 && word.len() > 1 && matches!(word[0], b'>' | b'<')).then_some(1);
    }
    (directive.is.secret && !word.is_empty()).then_some(0)
}
