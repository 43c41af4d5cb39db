//! One line of a configuration file: its canonical form, or the line as it is.

use super::spelling;
use crate::server::WordRules;
use crate::syntax::{conf, has_placeholder, split};

/// What the lines of a text have in common, and what the lines above a line have decided.
pub(super) struct Context {
    /// How lines end.
    pub(super) newline: &'static [u8],
    /// Whether a `save` line of several points may become several lines here. Below an `include` each `save` line replaces
    /// those above it, so that there it would lose points.
    pub(super) splits_save: bool,
    /// Whether one did.
    pub(super) has_split: bool,
}

impl Context {
    /// A comment without blanks around it.
    pub(super) fn comment(&self, old: &[u8]) -> Vec<u8> {
        [conf::trim(old), self.newline].concat()
    }

    /// A statement.
    pub(super) fn statement(&mut self, old: &[u8]) -> Vec<u8> {
        self.formatted(conf::trim(old)).unwrap_or_else(|| {
            let newline: &[u8] = if old.ends_with(b"\n") { b"" } else { self.newline };
            [old, newline].concat()
        })
    }

    /// The new lines; `None` if the line must stay as it is.
    fn formatted(&mut self, line: &[u8]) -> Option<Vec<u8>> {
        let Some(words) = words(line) else {
            // Who can tell what it says to whom: perhaps `include`.
            self.splits_save = false;
            return None;
        };
        let (name, arguments) = words.split_first()?;
        if name.meant.eq_ignore_ascii_case(b"include") {
            self.splits_save = false;
        }
        // A `#` behind a vertical tab is a word; without the tab it would begin a comment. A carriage return between words
        // is how old Macs ended lines: made a blank, it would leave one long line.
        if name.written.starts_with(b"#") || line.contains(&b'\r') {
            return None;
        }
        let name = spelling::name(name);
        let arguments = spelling::arguments(&name, arguments);
        if self.splits_save && name == b"save" && arguments.len() > 2 && is_points(&arguments) {
            self.has_split = true;
            return Some(arguments.chunks_exact(2).flat_map(|point| self.line(&name, point)).collect());
        }
        Some(self.line(&name, &arguments))
    }

    fn line(&self, name: &[u8], arguments: &[Vec<u8>]) -> Vec<u8> {
        let mut line = name.to_vec();
        for argument in arguments {
            line.push(b' ');
            line.extend_from_slice(argument);
        }
        line.extend_from_slice(self.newline);
        line
    }
}

/// A word as it stands and what it stands for.
pub(super) struct Written<'a> {
    pub(super) written: &'a [u8],
    pub(super) meant: Vec<u8>,
}

impl Written<'_> {
    /// Whether it is written without quotes.
    pub(super) fn is_bare(&self) -> bool {
        self.written == self.meant
    }
}

/// The words of a line; `None` if there are none, or if versions do not all read the same.
fn words(line: &[u8]) -> Option<Vec<Written<'_>>> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    if line.starts_with(BYTE_ORDER_MARK) || has_placeholder(line) {
        return None;
    }
    let pieces = split(line, WordRules::Classic).ok()?;
    if line.iter().any(|byte| matches!(byte, b'"' | b'\'' | 0xff)) {
        let others = [WordRules::Valkey81, WordRules::Valkey90];
        let alike = others.into_iter().all(|rules| split(line, rules).as_ref() == Ok(&pieces));
        if !alike {
            return None;
        }
    }
    let word = |piece: crate::syntax::Piece<'_>| Written { written: &line[piece.at], meant: piece.text.into_owned() };
    let words: Vec<Written<'_>> = pieces.into_iter().map(word).collect();
    (!words.is_empty()).then_some(words)
}

/// Whether words are points of `save` without any doubt: plain numbers, seconds from 1.
fn is_points(words: &[Vec<u8>]) -> bool {
    let plain = |word: &[u8]| word.len() < 10 && word.iter().all(u8::is_ascii_digit) && !word.is_empty();
    let point = |pair: &[Vec<u8>]| plain(&pair[0]) && pair[0][0] != b'0' && plain(&pair[1]);
    words.len().is_multiple_of(2) && words.chunks_exact(2).all(point)
}
