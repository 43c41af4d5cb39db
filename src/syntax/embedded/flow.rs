//! Lists and maps in brackets over several lines, put on one line each, byte for byte.
//!
//! Inside brackets indentation means nothing to the YAML readers of Compose and Kubernetes; our parser demands it. A list
//! that closes at the column of its key is common, so a text that does not parse is tried once more with the line ends
//! inside brackets, and the comments before them, made blanks. Every byte stays at its place.

/// The text with brackets on one line each; `None` if that changes nothing.
pub(super) fn joined(text: &str) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let mut at = 0;
    let mut block: Option<usize> = None;
    let mut changed = false;
    while at < bytes.len() {
        let end = line_end(&bytes, at);
        let indent = bytes[at..end].iter().take_while(|b| **b == b' ').count();
        let is_blank = bytes[at..end].trim_ascii().is_empty();
        if block.is_some_and(|above| is_blank || indent > above) {
            at = end + 1;
            continue;
        }
        block = None;
        match value(&bytes[at..end]) {
            Some(Value::Block) => {
                block = Some(indent);
                at = end + 1;
            }
            Some(Value::Bracket(start)) => {
                let close = flow(&mut bytes, at + start);
                changed |= close > end;
                at = line_end(&bytes, close) + 1;
            }
            None => at = end + 1,
        }
    }
    let changed = changed.then_some(bytes)?;
    Some(String::from_utf8(changed).expect("only whole characters were replaced"))
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr(b'\n', bytes.get(at..).unwrap_or_default()).map_or(bytes.len(), |newline| at + newline)
}

/// What begins in a line.
enum Value {
    /// A block scalar.
    Block,
    /// A bracket, at that byte of the line.
    Bracket(usize),
}

/// The value that a line begins: behind dashes, a key, anchors and tags.
fn value(line: &[u8]) -> Option<Value> {
    let mut at = 0;
    loop {
        let rest = &line[at..];
        let blanks = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        at += blanks;
        let rest = &line[at..];
        match rest {
            [b'-', b' ' | b'\t', ..] => at += 1,
            [b'&' | b'!', ..] => at += rest.iter().position(u8::is_ascii_whitespace)?,
            [b'[' | b'{', ..] => return Some(Value::Bracket(at)),
            [b'|' | b'>', ..] => return Some(Value::Block),
            [] | [b'#', ..] => return None,
            _ => at += after_key(rest)?,
        }
    }
}

/// Where the value of the key begins that a text begins with.
fn after_key(text: &[u8]) -> Option<usize> {
    let from = match text[0] {
        quote @ (b'"' | b'\'') => 2 + text[1..].iter().position(|b| *b == quote)?,
        _ => 0,
    };
    let mut colons =
        text[from..].windows(2).enumerate().filter(|(_, pair)| pair[0] == b':' && pair[1].is_ascii_whitespace());
    let (colon, _) = colons.next()?;
    let is_comment = text[from..from + colon].windows(2).any(|pair| pair == b" #");
    (!is_comment).then_some(from + colon + 1)
}

/// Blanks out the line ends and comments between a bracket and the one that closes it; gives the byte behind that.
fn flow(bytes: &mut [u8], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0_usize);
    // Whether a word may begin here, so that a quote is one.
    let mut begins = true;
    while at < bytes.len() {
        match bytes[at] {
            b'[' | b'{' => (depth, begins) = (depth + 1, true),
            b']' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
                begins = false;
            }
            b',' | b':' => begins = true,
            quote @ (b'"' | b'\'') if begins => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if bytes[at] == b'\\' && quote == b'"' { 2 } else { 1 };
                }
                begins = false;
            }
            b'#' if at > 0 && bytes[at - 1].is_ascii_whitespace() => {
                let end = line_end(bytes, at);
                bytes[at..end].fill(b' ');
                continue;
            }
            b'\n' | b'\r' => bytes[at] = b' ',
            byte => begins &= byte.is_ascii_whitespace(),
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_joined_and_nothing_else() {
        let text = "a: [ # ü\n\"x # y\",\n'it''s'\n]\nb: test [ -f x ]\nc: |\n  [\n  ]\nd:\n- &x {\n  e: 1\n}\n";
        let joined = joined(text).unwrap();
        assert_eq!(joined.len(), text.len());
        assert_eq!(
            joined,
            "a: [      \"x # y\", 'it''s' ]\nb: test [ -f x ]\nc: |\n  [\n  ]\nd:\n- &x {   e: 1 }\n".to_owned()
        );
    }

    #[test]
    fn what_has_no_brackets_over_lines_stays() {
        for text in ["a: [b, c]\n", "a: b\n", "- {a: 1}\n# [\n", "'k: [': v\n", "", "a: [\n"] {
            assert_eq!(joined(text).filter(|_| !text.ends_with("[\n")), None, "{text}");
        }
    }
}
