//! Writing words so that every server version reads them back as they were.

/// Whether a word needs no quotes in any version.
fn is_bare(word: &[u8]) -> bool {
    let safe = |b: &u8| b.is_ascii_alphanumeric() || b"_./:@%+*,=-".contains(b);
    !word.is_empty() && word.iter().all(safe)
}

/// A word for redis.conf: bare where that is safe, else in double quotes with escapes.
///
/// What comes out is one line of ASCII and is read alike by all versions.
#[must_use]
pub fn conf_word(word: &[u8]) -> String {
    if is_bare(word) {
        return String::from_utf8_lossy(word).into_owned();
    }
    let mut out = String::with_capacity(word.len() + 2);
    out.push('"');
    for byte in word {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x20..=0x7e => out.push(char::from(*byte)),
            other => out.push_str(&format!("\\x{other:02x}")),
        }
    }
    out.push('"');
    out
}

/// A whole statement for redis.conf, without newline.
#[must_use]
pub fn conf_line<W: AsRef<[u8]>>(name: &str, words: impl IntoIterator<Item = W>) -> String {
    let mut line = name.to_owned();
    for word in words {
        line.push(' ');
        line.push_str(&conf_word(word.as_ref()));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::WordRules;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes_read_back_by_every_rule_set(word in proptest::collection::vec(any::<u8>(), 0..40)) {
            let line = conf_word(&word);
            for rules in [WordRules::Classic, WordRules::Valkey81, WordRules::Valkey90] {
                let pieces = crate::syntax::split(line.as_bytes(), rules).unwrap();
                prop_assert_eq!(pieces.len(), 1);
                prop_assert_eq!(pieces[0].text.as_ref(), word.as_slice());
            }
            prop_assert!(!line.contains('\n'));
        }
    }
}
