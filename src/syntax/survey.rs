//! First step of reading: what a text says of itself, before the version is known.

use crate::server::Server;
use crate::source::{SourceId, Span};

/// What reads a file, and so what its lines mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A data server.
    Server,
    /// Sentinel: the file holds `sentinel …` statements.
    Sentinel,
    /// Either of the two, told by `aclfile`: the file holds users and nothing else. A survey does not find this out, for
    /// it takes the file's name: see [`super::acl_file::is_one`].
    AclFile,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// The version named by a `# redisconf: server=redis-7.4` comment, and where.
    pub server: Option<(Server, Span)>,
    /// The other `key=value` words of such comments.
    pub facts: Vec<(String, String, Span)>,
    /// Server or Sentinel.
    pub mode: Mode,
}

/// Looks through a text for `# redisconf:` comments and for Sentinel statements.
#[must_use]
pub fn survey(source: SourceId, text: &[u8]) -> Survey {
    let mut found = Survey { server: None, facts: Vec::new(), mode: Mode::Server };
    let has_comments = super::pragma::speak_in(text);
    if !has_comments && !may_name_sentinel(text) {
        return found;
    }
    let offset = |n: usize| u32::try_from(n).expect("files are below 64 MiB");
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', text).map(|newline| newline + 1).chain([text.len()]);
    for end in ends {
        let (line_start, line) = (start, &text[start..end]);
        start = end;
        // Of most lines the first byte tells that they say nothing of that.
        let blanks = line.iter().take_while(|byte| super::conf::is_blank(**byte)).count();
        match line.get(blanks) {
            Some(b'#') if has_comments => {
                header(line, Span { source, start: offset(line_start), end: offset(end) }, &mut found);
            }
            Some(b's' | b'S') => {
                let mut words = super::conf::trim(line).splitn(2, u8::is_ascii_whitespace);
                let is_sentinel = words.next().is_some_and(|name| name.eq_ignore_ascii_case(b"sentinel"));
                if is_sentinel && words.next().is_some() {
                    found.mode = Mode::Sentinel;
                }
            }
            Some(_) | None => {}
        }
    }
    found
}

/// Whether a text may hold the word `sentinel`, in any case: most do not, and need not be looked through line by line.
fn may_name_sentinel(text: &[u8]) -> bool {
    let (Some(second), Some(third)) = (text.get(1..), text.get(2..)) else { return false };
    let letters = text.iter().zip(second).zip(third);
    // All are looked at, because several at once cost less than stopping at the first.
    let other = |((first, second), third): ((&u8, &u8), &u8)| {
        ((first | 0x20) ^ b'n') | ((second | 0x20) ^ b't') | ((third | 0x20) ^ b'i')
    };
    letters.fold(0xff, |least, letters| least.min(other(letters))) == 0
}

/// Reads `# redisconf: key=value …`.
fn header(line: &[u8], at: Span, found: &mut Survey) {
    for fact in super::pragma::facts(line, at) {
        let (key, value) = fact.value;
        match value.parse::<Server>() {
            Ok(server) if key == "server" && found.server.is_none() => found.server = Some((server, at)),
            Ok(_) | Err(_) => found.facts.push((key, value, at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_may_name_the_server() {
        let found = survey(SourceId::ROOT, b"# redisconf: server=valkey-8.1 memory=8GiB\nport 1\n");
        assert_eq!(found.server.unwrap().0.name(), "valkey-8.1");
        assert_eq!(found.facts[0].0, "memory");
        assert_eq!(found.mode, Mode::Server);
        let ignores = survey(SourceId::ROOT, b"# redisconf: ignore[a] until=2027-01-31 memory=8gb is too much\n");
        assert_eq!(ignores.facts, [], "what an ignore says is no fact");
        assert_eq!(survey(SourceId::ROOT, b" sentinel monitor m 127.0.0.1 1 2").mode, Mode::Sentinel);
    }
}
