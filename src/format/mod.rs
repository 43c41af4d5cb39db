//! Formatting: the one spelling of a text that means what it meant.
//!
//! A configuration file gets one blank between words, names and words of enumerations in the catalogue's case, at most two
//! blank lines in a row and a final newline; a profile gets booleans for `"yes"` and `"no"`. Comments and order stay. What
//! is not surely the same to every server version stays byte for byte: quotes, lines that do not read, lines that a
//! template fills in, words of secrets, paths and everything that is free text.
//!
//! Before a formatted text leaves this room, all catalogued versions read both texts (module `same`); if one of them sees a
//! difference, the text is left alone. That never happens as far as we know; a production file is worth the doubt.

mod line;
mod profile;
mod same;
mod spelling;

#[cfg(test)]
mod tests;

use crate::catalog;
use crate::finding::TextEdit;
use crate::server::{self, Server};
use crate::source::{SourceId, Span};
use crate::syntax::{Line, Mode, conf, has_placeholder, has_torn_placeholder, survey};

use line::Context;
pub use profile::profile;

/// Blank lines in a row that stay.
const MOST_BLANK_LINES: usize = 2;

/// A text and what formatting changes in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formatted {
    /// The new text.
    pub text: Vec<u8>,
    /// What differs, by place: whole lines of a configuration file, values of a profile.
    pub edits: Vec<TextEdit>,
}

impl Formatted {
    /// Where the edits' new bytes stand in the new text.
    #[must_use]
    pub fn places(&self) -> Vec<Span> {
        let length = |bytes: usize| u32::try_from(bytes).expect("files are below 64 MiB");
        let (mut before, mut after) = (0, 0);
        let place = |edit: &TextEdit| {
            let start = after + (edit.at.start - before);
            (before, after) = (edit.at.end, start + length(edit.with.len()));
            Span { start, end: after, ..edit.at }
        };
        self.edits.iter().map(place).collect()
    }
}

/// Why a text is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftAlone {
    /// It holds a NUL byte, which makes servers glue lines together.
    Nul,
    /// A placeholder of a template goes over more than one line.
    Template,
    /// Most of its names are no directives.
    Foreign,
    /// It holds `user` lines only: perhaps an ACL file, whose words are split in another way.
    Users,
    /// It is no TOML, or no profile.
    NoProfile,
    /// A server version would read the formatted text otherwise: a fault of ours.
    Unproven(Server),
}

impl LeftAlone {
    /// The reason, for people.
    #[must_use]
    pub fn reason(self) -> String {
        match self {
            Self::Nul => "it holds a NUL byte, and servers glue such lines together".into(),
            Self::Template => "a placeholder of a template goes over several lines".into(),
            Self::Foreign => "most of its names are no directives of Redis or Valkey".into(),
            Self::Users => "it may be an ACL file, whose words are split in another way".into(),
            Self::NoProfile => "it is no profile".into(),
            Self::Unproven(server) => {
                format!(
                    "{server} would read the formatted text otherwise; this is a fault of redisconf, please report it"
                )
            }
        }
    }
}

/// Formats a configuration file.
///
/// `server` is the version it is for, if that is known; else a comment in the text may say it. From Redis 7.0 on several
/// points of one `save` line are put on lines of their own; 6.2 reads such a line as no points at all.
///
/// # Errors
/// Why the text must stay as it is.
pub fn conf(text: &[u8], server: Option<Server>) -> Result<Formatted, LeftAlone> {
    let surveyed = survey(SourceId::ROOT, text);
    let lines = conf::lines(SourceId::ROOT, text);
    let bytes = |line: &Line| &text[line.at().start as usize..line.at().end as usize];
    if text.contains(&0) {
        return Err(LeftAlone::Nul);
    }
    if has_torn_placeholder(text) {
        return Err(LeftAlone::Template);
    }
    if lines.iter().all(|line| matches!(line, Line::Blank(_))) {
        return Ok(Formatted { text: text.to_vec(), edits: Vec::new() });
    }
    recognised(text, &lines)?;
    let server = server.or(surveyed.server.map(|(server, _)| server));
    let splits_save = surveyed.mode == Mode::Server && server.is_some_and(|server| !server.habits().lax_lines);
    let mut context = Context { newline: newline(text), splits_save, has_split: false };
    let last = lines.iter().rposition(|line| !matches!(line, Line::Blank(_))).unwrap_or_default();
    let mut out = Out { text: Vec::with_capacity(text.len() + 2), edits: Vec::new() };
    let mut blank_lines = 0;
    for (index, line) in lines.iter().enumerate() {
        let old = bytes(line);
        blank_lines = if matches!(line, Line::Blank(_)) { blank_lines + 1 } else { 0 };
        let new = match line {
            Line::Blank(_) if index > last || blank_lines > MOST_BLANK_LINES => Vec::new(),
            Line::Blank(_) => context.newline.to_vec(),
            Line::Comment(_) => context.comment(old),
            Line::Words(_) => context.statement(old),
        };
        out.line(line.at(), old, new);
    }
    let formatted = Formatted { text: out.text, edits: out.edits };
    prove(text, &formatted, surveyed.mode, context.has_split)?;
    Ok(formatted)
}

/// A text in the making.
struct Out {
    text: Vec<u8>,
    edits: Vec<TextEdit>,
}

impl Out {
    fn line(&mut self, at: Span, old: &[u8], new: Vec<u8>) {
        self.text.extend_from_slice(&new);
        if old != new {
            self.edits.push(TextEdit { at, with: new });
        }
    }
}

/// How lines end: as the first one does, which formatting never takes away.
fn newline(text: &[u8]) -> &'static [u8] {
    let first = text.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    if first.ends_with(b"\r\n") { b"\r\n" } else { b"\n" }
}

/// Whether a text is a configuration of ours: at least half of its statements begin with the name of a directive.
fn recognised(text: &[u8], lines: &[Line]) -> Result<(), LeftAlone> {
    let (mut known, mut users, mut all) = (0, 0, 0);
    for line in lines {
        let Line::Words(at) = line else { continue };
        let words = &text[at.start as usize..at.end as usize];
        // Servers split at vertical tabs, too.
        let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
        let name = words.split(is_blank).find(|word| !word.is_empty()).unwrap_or_default();
        all += 1;
        known += usize::from(catalog::find(name).is_some() || has_placeholder(words));
        users += usize::from(name.eq_ignore_ascii_case(b"user"));
    }
    let comments = lines.iter().any(|line| matches!(line, Line::Comment(_)));
    match () {
        () if known * 2 < all => Err(LeftAlone::Foreign),
        // An ACL file can hold no comment.
        () if users == all && all > 0 && !comments => Err(LeftAlone::Users),
        () => Ok(()),
    }
}

/// Lets every version read both texts. Where `save` lines were split, the versions that cannot be meant are not asked.
fn prove(old: &[u8], new: &Formatted, mode: Mode, has_split: bool) -> Result<(), LeftAlone> {
    if new.edits.is_empty() {
        return Ok(());
    }
    let asked = server::all().iter().copied().filter(|server| !(has_split && server.habits().lax_lines));
    let differs = asked.into_iter().find(|server| !same::reads_alike(old, &new.text, mode, *server));
    differs.map_or(Ok(()), |server| Err(LeftAlone::Unproven(server)))
}
