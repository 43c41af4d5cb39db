//! Placeholders of templates: bytes that something else fills in before a server reads the text.

use std::ops::Range;

/// How placeholders begin and end. What lies between must not be empty.
const FORMS: &[(&[u8], &[u8])] =
    &[(b"{{", b"}}"), (b"{%", b"%}"), (b"{#", b"#}"), (b"<%", b"%>"), (b"${", b"}"), (b"$(", b")")];

/// Whether a text holds a placeholder of a template, such as `${NAME}` or `{{ name }}`.
#[must_use]
pub fn is_in(text: &[u8]) -> bool {
    let signs = memchr::memchr3_iter(b'{', b'$', b'<', text).filter(|at| opens(&text[*at..]));
    let ats = memchr::memchr_iter(b'@', text);
    let mut after = 0;
    for at in signs.chain(ats) {
        // All signs of a line are looked at together.
        if at < after {
            continue;
        }
        let start = memchr::memrchr(b'\n', &text[..at]).map_or(0, |newline| newline + 1);
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |newline| at + newline);
        if !find(&text[start..end]).is_empty() {
            return true;
        }
        after = end;
    }
    false
}

/// Whether a text begins as a placeholder between two signs does.
fn opens(text: &[u8]) -> bool {
    FORMS.iter().any(|(open, _)| text.starts_with(open))
}

/// Whether a placeholder of a text is opened in one line and not closed in it.
#[must_use]
pub fn is_torn_in(text: &[u8]) -> bool {
    let opens = |line: &[u8]| FORMS[..4].iter().any(|(open, _)| line.windows(open.len()).any(|bytes| bytes == *open));
    text.split(|b| *b == b'\n').any(|line| opens(line) && opens(&filled(line, &find(line))))
}

/// The placeholders of a line, in order.
pub(super) fn find(line: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    // A form that does not close once will not close further on, and need not be looked for again and again.
    let mut unclosed = [false; FORMS.len()];
    while let Some(next) = line[at..].iter().position(|b| matches!(b, b'{' | b'$' | b'@' | b'<')) {
        at += next;
        match at_start(&line[at..], &mut unclosed) {
            Some(length) => {
                found.push(at..at + length);
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

/// The length of the placeholder that a text begins with.
fn at_start(text: &[u8], unclosed: &mut [bool; FORMS.len()]) -> Option<usize> {
    if text[0] == b'@' {
        let name = text[1..].iter().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || **b == b'_').count();
        return (name > 1 && text.get(1 + name) == Some(&b'@')).then_some(name + 2);
    }
    let form = FORMS.iter().position(|(open, _)| text.starts_with(open)).filter(|form| !unclosed[*form])?;
    let (open, close) = FORMS[form];
    let Some(length) = memchr::memmem::find(&text[open.len()..], close) else {
        unclosed[form] = true;
        return None;
    };
    // `${{ x }}` and `{{{ x }}}` close with what follows.
    let mut end = open.len() + length + close.len();
    while text.get(end) == Some(&b'}') && close != b")" {
        end += 1;
    }
    (length > 0).then_some(end)
}

/// The line with every byte of a placeholder made a plain letter.
pub(super) fn filled(line: &[u8], found: &[Range<usize>]) -> Vec<u8> {
    let mut text = line.to_vec();
    for range in found {
        text[range.clone()].fill(b'x');
    }
    text
}

/// Whether bytes meet one of the ranges.
pub(super) fn meets(ranges: &[Range<usize>], bytes: &Range<usize>) -> bool {
    ranges.iter().any(|range| range.start < bytes.end && bytes.start < range.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_common_templates_are_found() {
        for (line, found) in [
            ("maxmemory ${MAX:-1 gb}", Some(10..22)),
            ("port {{ .Values.port }}0", Some(5..23)),
            ("dir @DIR@/x", Some(4..9)),
            ("a ${{ x }} b", Some(2..10)),
            ("requirepass a@b.c", None),
            ("x {} $5 <html>", None),
        ] {
            assert_eq!(find(line.as_bytes()), found.into_iter().collect::<Vec<_>>(), "{line}");
        }
    }

    #[test]
    fn a_placeholder_may_go_on_in_the_next_line() {
        assert!(is_torn_in(b"port 1\n{{ a\n  | b }}\n"));
        assert!(!is_torn_in(b"port {{ a }}\n{% if x %}\n# ${a\n"));
    }
}
