//! Quoting for each place a word can go to. What goes in comes out of the reader on the other side, byte for byte.

use super::comment::harmless;

/// A word for a POSIX shell: bare where that is safe, else in single quotes.
pub(super) fn sh(word: &str) -> String {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b"_./:@%+,=-".contains(&b);
    if !word.is_empty() && word.bytes().all(safe) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A string for YAML, in double quotes always: `no`, `010`, `1e3` and `8589934592` stay what they are.
pub(super) fn yaml(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(character),
            _ if character.is_alphanumeric() => out.push(character),
            _ => out.push_str(&escape(character)),
        }
    }
    out.push('"');
    out
}

fn escape(character: char) -> String {
    match character as u32 {
        code @ ..0x100 => format!("\\x{code:02x}"),
        code @ ..0x10000 => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

/// A text of several lines for YAML, to stand behind `key: ` at `indent` blanks: a `|` block where every line is safe in
/// one, else double quotes.
///
/// Never `>`, which folds lines.
pub(super) fn block(text: &str, indent: usize) -> String {
    let safe = |line: &str| harmless(line) == line && line.trim_end() == line;
    let starts = text.starts_with(|c: char| !c.is_whitespace());
    let Some(body) = text.strip_suffix('\n').filter(|body| starts && !body.ends_with('\n')) else { return yaml(text) };
    if !body.split('\n').all(safe) {
        return yaml(text);
    }
    let mut out = String::from("|");
    for line in body.split('\n') {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&" ".repeat(indent + 2));
            out.push_str(line);
        }
    }
    out
}

/// A string for a Compose file, whose `$` would be a variable.
pub(super) fn compose(text: &str) -> String {
    yaml(&text.replace('$', "$$"))
}

/// A string for `command`, `args` and `env` of a container in Kubernetes, where `$(NAME)` would be a variable.
pub(super) fn kubernetes(text: &str) -> String {
    yaml(&variables(text))
}

/// The escape of [`kubernetes`] alone: every `$`, for `$$` becomes `$` whatever follows.
pub(super) fn variables(text: &str) -> String {
    text.replace('$', "$$")
}

/// A text for a chart that passes it through `tpl`, where `{{` would start an action. In backquotes, so that it survives
/// `toYaml`, which may put the text in double quotes first.
pub(super) fn tpl(text: &str) -> String {
    text.replace("{{", "{{`{{`}}")
}

/// A text that a chart prints between double quotes of a shell.
pub(super) fn in_double_quotes(text: &str) -> String {
    let live = |c: char| matches!(c, '"' | '\\' | '$' | '`');
    text.chars().flat_map(|c| live(c).then_some('\\').into_iter().chain([c])).collect()
}

/// A key of a map: bare where nothing takes it for anything but text.
pub(super) fn key(text: &str) -> String {
    let bare = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
        && !is_special(text);
    if bare { text.to_owned() } else { yaml(text) }
}

/// Whether some version of YAML takes a bare word for something else than text.
pub(super) fn is_special(text: &str) -> bool {
    const WORDS: [&str; 11] = ["", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let number = |b: u8| b.is_ascii_hexdigit() || b"xXoO_+.:-".contains(&b);
    let lower = text.to_ascii_lowercase();
    WORDS.contains(&lower.as_str())
        || [".inf", ".nan"].contains(&lower.trim_start_matches(['+', '-']))
        || (text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) && text.bytes().all(number))
}

/// Whether a word is a name for Kubernetes objects, containers and services: a DNS label that leaves room for suffixes.
pub(super) fn is_label(word: &str) -> bool {
    let safe = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    word.len() <= 52
        && word.starts_with(|c: char| c.is_ascii_lowercase())
        && !word.ends_with('-')
        && word.bytes().all(safe)
}
