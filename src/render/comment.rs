//! Comments: one line each, whatever a user writes.

use super::job::Job;
use crate::config::Note;

/// Comments are wrapped so that no line with its `# ` is longer, in characters. A single word may be.
const WIDTH: usize = 98;

/// Reason, then derivation.
pub(super) fn of_note(note: &Note) -> Vec<String> {
    let why = note.why.iter().flat_map(|text| wrapped(text));
    let derived = note.derived.iter().flat_map(|text| wrapped(text));
    why.chain(derived).collect()
}

/// What stands above an artefact that has no room for comments in its midst: what it is, reasons, and what was left out.
pub(super) fn header(job: &Job<'_>, what: &str) -> Vec<String> {
    let setup = job.setup;
    let title = setup.summary.as_ref().map_or_else(|| setup.name.clone(), |text| format!("{}: {text}", setup.name));
    let mut header = wrapped(&title);
    header.extend(wrapped(&format!("Rendered by redisconf for {}: {what}", setup.server)));
    let mut reasons: Vec<String> = Vec::new();
    for (id, note) in &setup.notes {
        let name = String::from_utf8_lossy(setup.reading.name(*id));
        for text in note.why.iter().chain(&note.derived) {
            reasons.extend(wrapped(&format!("{name}: {text}")));
        }
    }
    for out in &setup.left_out {
        reasons.extend(wrapped(&format!("{} is left out: {}", out.name, out.reason)));
    }
    if !reasons.is_empty() {
        header.push(String::new());
        header.extend(reasons);
    }
    header
}

/// A text as lines, without anything that could end a line or turn the eye.
pub(super) fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut used = 0;
    for word in text.split_whitespace().map(harmless) {
        let width = word.chars().count();
        match lines.last_mut() {
            Some(line) if used + 1 + width <= WIDTH => {
                line.push(' ');
                line.push_str(&word);
                used += 1 + width;
            }
            _ => {
                lines.push(word);
                used = width;
            }
        }
    }
    lines
}

/// A comment line, from `#` on.
pub(super) fn line(text: &str) -> String {
    format!("# {}", harmless(text)).trim_end().to_owned()
}

/// The text with escapes for control characters, for what some readers take as the end of a line, and for what turns
/// the direction of writing.
pub(super) fn harmless(text: &str) -> String {
    if text.bytes().all(|byte| matches!(byte, 0x20..=0x7e)) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        let odd = matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}');
        if character.is_control() || odd {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_never_ends_its_line() {
        assert_eq!(wrapped("a\nrequirepass x\r\n\u{85}b\u{2028}c\u{0}"), ["a requirepass x b\u{20}c\\u{0}"]);
        assert_eq!(harmless("a\u{202e}b\u{feff}"), "a\\u{202e}b\\u{feff}");
    }

    #[test]
    fn long_texts_are_wrapped_between_words() {
        let lines = wrapped(&"seven77 ".repeat(40));
        assert!(lines.len() > 3 && lines.iter().all(|line| line.chars().count() <= WIDTH));
        assert_eq!(wrapped("").len(), 0);
    }
}
