//! What each format cannot take as it stands.

use std::borrow::Cow;
use std::fmt;

use crate::config::printable;

/// A path or title on one line, for people and for formats of lines.
pub(in crate::report) fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) { Cow::Owned(printable(text.as_bytes())) } else { Cow::Borrowed(text) }
}

/// Text of XML, in an element or in an attribute in double quotes.
pub(in crate::report) struct Xml<'a>(pub(in crate::report) &'a str);

impl fmt::Display for Xml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(|c: char| matches!(c, '<' | '>' | '&' | '"') || c < ' ' || is_no_xml(c)) {
            f.write_str(&rest[..at])?;
            let sign = rest[at..].chars().next().expect("something was found there");
            match sign {
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '&' => f.write_str("&amp;")?,
                '"' => f.write_str("&quot;")?,
                '\n' | '\t' => write!(f, "&#{};", u32::from(sign))?,
                // XML 1.0 has no way to write the others.
                _ => f.write_str("\u{fffd}")?,
            }
            rest = &rest[at + sign.len_utf8()..];
        }
        f.write_str(rest)
    }
}

fn is_no_xml(sign: char) -> bool {
    matches!(sign, '\u{fffe}' | '\u{ffff}')
}

/// Data of a workflow command of GitHub.
pub(super) struct CommandData<'a>(pub(super) &'a str);

impl fmt::Display for CommandData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        percent(self.0, "%\r\n", f)
    }
}

/// A property of a workflow command of GitHub.
pub(super) struct CommandProperty<'a>(pub(super) &'a str);

impl fmt::Display for CommandProperty<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        percent(self.0, "%\r\n:,", f)
    }
}

/// A path as a relative or absolute URI reference: all but unreserved characters and slashes in percent.
pub(super) struct Uri<'a>(pub(super) &'a str);

impl fmt::Display for Uri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~/+@!$()*,=".contains(&byte) {
                write!(f, "{}", char::from(byte))?;
            } else {
                write!(f, "%{byte:02X}")?;
            }
        }
        Ok(())
    }
}

fn percent(text: &str, signs: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for piece in text.split_inclusive(|c: char| signs.contains(c)) {
        let last = piece.chars().next_back().filter(|c| signs.contains(*c));
        f.write_str(&piece[..piece.len() - last.map_or(0, char::len_utf8)])?;
        if let Some(sign) = last {
            write!(f, "%{:02X}", u32::from(sign))?;
        }
    }
    Ok(())
}

/// Prose of Markdown with code between backticks: nothing in it becomes markup.
pub(in crate::report) struct Prose<'a>(pub(in crate::report) &'a str);

impl fmt::Display for Prose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paired = self.0.matches('`').count().is_multiple_of(2);
        for (index, piece) in self.0.split('`').enumerate() {
            if index > 0 {
                f.write_str(if paired { "`" } else { "\\`" })?;
            }
            if paired && index % 2 == 1 {
                // An empty pair would be the fence of another piece of code.
                f.write_str(if piece.is_empty() { " " } else { piece })?;
                continue;
            }
            for sign in piece.chars() {
                match sign {
                    '<' => f.write_str("&lt;")?,
                    '&' => f.write_str("&amp;")?,
                    '@' => f.write_str("&#64;")?,
                    '\\' | '*' | '_' | '[' | ']' | '|' | '#' | '~' => write!(f, "\\{sign}")?,
                    _ => write!(f, "{sign}")?,
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_takes_everything() {
        assert_eq!(Xml("a<b>&\"c\"\n\u{1b}[0mü").to_string(), "a&lt;b&gt;&amp;&quot;c&quot;&#10;\u{fffd}[0mü");
        assert_eq!(Xml("plain").to_string(), "plain");
    }

    #[test]
    fn commands_are_escaped_percent_first() {
        assert_eq!(CommandData("100%: a\r\nb, c").to_string(), "100%25: a%0D%0Ab, c");
        assert_eq!(CommandProperty("a:b,c%0A").to_string(), "a%3Ab%2Cc%250A");
    }

    #[test]
    fn paths_become_uris() {
        assert_eq!(Uri("conf d/rédis#1.conf").to_string(), "conf%20d/r%C3%A9dis%231.conf");
        assert_eq!(Uri("c:/x%y").to_string(), "c%3A/x%25y");
    }

    #[test]
    fn markdown_stays_prose() {
        assert_eq!(Prose("`a_b*` is <b>_x_</b> of @me").to_string(), "`a_b*` is &lt;b>\\_x\\_&lt;/b> of &#64;me");
        assert_eq!(Prose("a ` stray <i>").to_string(), "a \\` stray &lt;i>");
        assert_eq!(one_line("a\nb"), "a\\nb");
    }
}
