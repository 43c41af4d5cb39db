//! Answers read off the wire, in both versions of the protocol: one pass over one buffer, and nothing is believed.
//!
//! What a peer promises costs nothing until it comes, and nesting ends where no honest answer goes.

use std::io::Read;
use std::ops::Range;

use super::reply::{NoPairs, Reply, harmless};
use crate::snapshot::Pairs;

/// How deeply answers may be nested; CLUSTER SHARDS goes four levels down.
const DEEPEST: usize = 16;

/// Room for bytes at first: most answers come whole. It doubles where that is not enough, up to twice what a wire lets by.
const PIECE: usize = 16 << 10;

/// The most items that room is made for before they come.
const BELIEVED: usize = 1024;

/// The most items of one answer, lists in lists included: in memory an item takes eight times what it takes on the wire.
const MOST_ITEMS: usize = 1 << 20;

/// What has come and was not taken yet.
#[derive(Default)]
pub(super) struct Answers {
    /// Room for bytes, of which those from `at` to `end` have come and were not taken.
    room: Vec<u8>,
    at: usize,
    end: usize,
    /// Items of the answer that is being read.
    items: usize,
}

impl Answers {
    /// The next answer, if it is one to CONFIG GET, or why it is none. Of strings alone no list is made: they are taken from
    /// where they stand.
    pub(super) fn pairs(&mut self, from: &mut impl Read) -> Option<Result<Pairs, NoPairs>> {
        self.begin();
        let pairs = match self.strings(from) {
            Some(items) => Pairs::of(items.into_iter().map(|item| &self.room[item])),
            None => {
                self.at = 0; // nothing of the answer was thrown away yet
                match self.reply(from, DEEPEST)? {
                    Reply::Error(answer) => return Some(Err(NoPairs::Refused(answer))),
                    reply @ (Reply::Status(_) | Reply::Integer(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_)) => {
                        let Some(items) = reply.into_items() else { return Some(Err(NoPairs::Shape)) };
                        Pairs::of(items.iter().map(Vec::as_slice))
                    }
                }
            }
        };
        Some(pairs.map_err(NoPairs::Broken))
    }

    /// Where each string of a list stands. `None` too if it is no list, or one of other things.
    fn strings(&mut self, from: &mut impl Read) -> Option<Vec<Range<usize>>> {
        self.fill(from, 1)?;
        let a_piece = match self.room[self.at] {
            b'*' => 1,
            b'%' => 2,
            _ => return None,
        };
        let length = self.length(from)?.checked_mul(a_piece).filter(|length| *length <= MOST_ITEMS)?;
        let mut items = Vec::with_capacity(length.min(BELIEVED));
        for _ in 0..length {
            let length = match self.short() {
                Some(length) => length,
                None => {
                    self.fill(from, 1)?;
                    (self.room[self.at] == b'$').then_some(())?;
                    self.length(from)?
                }
            };
            items.push(self.place(from, length)?);
        }
        Some(items)
    }

    /// The number behind the byte that says what it is, if it can be a length.
    fn length(&mut self, from: &mut impl Read) -> Option<usize> {
        let line = self.line(from)?;
        usize::try_from(number(&self.room[line])?).ok()
    }

    /// The next answer. `None` if the stream failed, which remembers why, or if this is not the protocol.
    pub(super) fn next(&mut self, from: &mut impl Read) -> Option<Reply> {
        self.begin();
        self.reply(from, DEEPEST)
    }

    /// What was taken makes room for what comes.
    fn begin(&mut self) {
        self.room.copy_within(self.at..self.end, 0);
        self.end -= self.at;
        self.at = 0;
        self.items = 0;
    }

    fn reply(&mut self, from: &mut impl Read, deeper: usize) -> Option<Reply> {
        self.fill(from, 1)?;
        let kind = self.room[self.at];
        // What is no protocol has perhaps no line, either.
        if !b"+-:$*%~=_!".contains(&kind) {
            return None;
        }
        let line = self.line(from)?;
        let text = || String::from_utf8_lossy(&self.room[line.clone()]).into_owned();
        Some(match kind {
            b'+' => Reply::Status(text()),
            b'-' => Reply::Error(harmless(&text())),
            b':' => Reply::Integer(number(&self.room[line])?),
            b'_' => Reply::Nil,
            _ => {
                let length = number(&self.room[line])?;
                if length == -1 {
                    return Some(Reply::Nil); // as the old protocol says it
                }
                let length = usize::try_from(length).ok()?;
                match kind {
                    b'*' | b'~' => self.list(from, length, deeper)?,
                    b'%' => self.list(from, length.checked_mul(2)?, deeper)?,
                    b'$' => Reply::Bytes(self.blob(from, length)?),
                    b'!' => Reply::Error(harmless(&String::from_utf8_lossy(&self.blob(from, length)?))),
                    // `txt:` and the text.
                    _ => Reply::Bytes(self.blob(from, length)?.get(4..)?.to_vec()),
                }
            }
        })
    }

    fn list(&mut self, from: &mut impl Read, length: usize, deeper: usize) -> Option<Reply> {
        let deeper = deeper.checked_sub(1)?;
        let mut items = Vec::with_capacity(length.min(BELIEVED));
        for _ in 0..length {
            self.items += 1;
            if self.items > MOST_ITEMS {
                return None;
            }
            let item = match self.short() {
                Some(length) => Reply::Bytes(self.blob(from, length)?),
                None => self.reply(from, deeper)?,
            };
            items.push(item);
        }
        Some(Reply::List(items))
    }

    /// The length of a string of at most 99 bytes, if its head has come; nearly all items of long lists are such.
    fn short(&mut self) -> Option<usize> {
        let digit = |byte: u8| byte.is_ascii_digit().then(|| usize::from(byte - b'0'));
        let (length, head) = match self.room[self.at..self.end] {
            [b'$', one, b'\r', b'\n', ..] => (digit(one)?, 4),
            [b'$', ten, one, b'\r', b'\n', ..] => (digit(ten)? * 10 + digit(one)?, 5),
            _ => return None,
        };
        self.at += head;
        Some(length)
    }

    /// So many bytes.
    fn blob(&mut self, from: &mut impl Read, length: usize) -> Option<Vec<u8>> {
        self.place(from, length).map(|place| self.room[place].to_vec())
    }

    /// Where so many bytes stand; the end of line behind them is taken, too.
    fn place(&mut self, from: &mut impl Read, length: usize) -> Option<Range<usize>> {
        self.fill(from, length.checked_add(2)?)?;
        let (start, end) = (self.at, self.at + length);
        self.at = end + 2;
        (self.room[end..self.at] == *b"\r\n").then_some(start..end)
    }

    /// The line behind the byte that says what it is; its end is taken, too.
    fn line(&mut self, from: &mut impl Read) -> Option<Range<usize>> {
        let start = self.at + 1;
        let mut seen = start;
        loop {
            if let Some(found) = memchr::memchr(b'\n', &self.room[seen..self.end]) {
                let end = seen + found;
                self.at = end + 1;
                return (self.room[end - 1] == b'\r' && end > start).then(|| start..end - 1);
            }
            seen = self.end;
            self.fill(from, seen - self.at + 1)?;
        }
    }

    /// Reads until so many bytes are there.
    fn fill(&mut self, from: &mut impl Read, count: usize) -> Option<()> {
        while self.end - self.at < count {
            if self.room.is_empty() {
                self.room = vec![0; PIECE];
            } else if self.end == self.room.len() {
                self.room.resize(self.end * 2, 0);
            }
            let read = from.read(&mut self.room[self.end..]).unwrap_or(0);
            self.end += read;
            if read == 0 {
                return None;
            }
        }
        Some(())
    }
}

/// Digits, perhaps after a sign.
fn number(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let add = |all: i64, byte: &u8| all.checked_mul(10)?.checked_sub(digit(byte)?);
    // Below zero there is one number more than above it.
    let below = digits.iter().try_fold(0, add).filter(|_| !digits.is_empty())?;
    if text[0] == b'-' { Some(below) } else { below.checked_neg() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that gives one byte at a time.
    struct Drop<'a>(&'a [u8]);

    impl Read for Drop<'_> {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            into[0] = *first;
            self.0 = rest;
            Ok(1)
        }
    }

    fn read(text: &[u8]) -> Option<Reply> {
        let whole = Answers::default().next(&mut &*text);
        let by_drops = Answers::default().next(&mut Drop(text));
        assert!(whole == by_drops, "it does not matter how it comes: {text:?}");
        whole
    }

    fn bytes(text: &[u8]) -> Reply {
        Reply::Bytes(text.to_vec())
    }

    #[test]
    fn every_kind_of_answer_is_read() {
        let is = |text: &[u8], reply: Reply| assert!(read(text) == Some(reply), "{text:?}");
        is(b"+OK\r\n", Reply::Status("OK".into()));
        is(b"-ERR no\r\n", Reply::Error("ERR no".into()));
        is(b"!6\r\nERR no\r\n", Reply::Error("ERR no".into()));
        for number in [0, -7, 1_234_567_890, i64::MAX, i64::MIN] {
            is(format!(":{number}\r\n").as_bytes(), Reply::Integer(number));
        }
        is(b"$4\r\na\r\nb\r\n", bytes(b"a\r\nb"));
        is(b"$0\r\n\r\n", bytes(b""));
        is(b"=6\r\ntxt:ab\r\n", bytes(b"ab"));
        for nothing in [b"$-1\r\n".as_slice(), b"*-1\r\n", b"_\r\n"] {
            is(nothing, Reply::Nil);
        }
        let pair = Reply::List(vec![bytes(b"a"), Reply::Integer(1)]);
        is(b"*2\r\n$1\r\na\r\n:1\r\n", pair.clone());
        is(b"~2\r\n$1\r\na\r\n:1\r\n", pair.clone());
        is(b"%1\r\n$1\r\na\r\n:1\r\n", pair.clone());
        is(b"*1\r\n*2\r\n$1\r\na\r\n:1\r\n", Reply::List(vec![pair]));
    }

    #[test]
    fn answers_behind_each_other_are_read_in_turn() {
        let mut answers = Answers::default();
        let mut wire = b"+OK\r\n:1\r\n$1\r\nx\r\n".as_slice();
        assert!(answers.next(&mut wire) == Some(Reply::Status("OK".into())));
        assert!(answers.next(&mut wire) == Some(Reply::Integer(1)));
        assert!(answers.next(&mut wire) == Some(bytes(b"x")));
        assert!(answers.next(&mut wire).is_none());
    }

    #[test]
    fn pairs_are_what_a_list_of_their_strings_would_be() {
        fn told(answer: Option<Result<Pairs, NoPairs>>) -> String {
            match answer {
                None => "nothing".into(),
                Some(Ok(pairs)) => format!("{:?}", pairs.as_told().collect::<Vec<_>>()),
                Some(Err(NoPairs::Refused(why))) => why,
                Some(Err(NoPairs::Shape)) => "another shape".into(),
                Some(Err(NoPairs::Broken(error))) => error.to_string(),
            }
        }
        fn of_list(reply: Reply) -> Result<Pairs, NoPairs> {
            if let Reply::Error(answer) = reply {
                return Err(NoPairs::Refused(answer));
            }
            let items = reply.into_items().ok_or(NoPairs::Shape)?;
            Pairs::of(items.iter().map(Vec::as_slice)).map_err(NoPairs::Broken)
        }
        let long = [b"*2\r\n$2\r\nhz\r\n$120\r\n".as_slice(), &b"x".repeat(120), b"\r\n"].concat();
        let big = [b"*2\r\n$2\r\nhz\r\n$50000\r\n".as_slice(), &b"x".repeat(50_000), b"\r\n"].concat();
        for text in [
            b"*4\r\n$2\r\nhz\r\n$2\r\n10\r\n$4\r\nsave\r\n$0\r\n\r\n".as_slice(),
            b"%1\r\n$2\r\nHZ\r\n$2\r\n10\r\n",
            b"*2\r\n+hz\r\n$2\r\n10\r\n",
            b"*2\r\n$2\r\nhz\r\n:10\r\n",
            b"*2\r\n$2\r\nhz\r\n$-1\r\n",
            b"*2\r\n$2\r\nhz\r\n*0\r\n",
            b"~2\r\n$2\r\nhz\r\n$2\r\n10\r\n",
            b"*1\r\n$2\r\nhz\r\n",
            b"*2\r\n$1\r\n\xff\r\n$2\r\n10\r\n",
            b"*2\r\n$2\r\nhz\r\n$2\r\n1",
            b"*2\r\n$2\r\nhz\r\n$2\r\n100\r\n",
            b"*2\r\n$2\r\nhz\r\n$x\r\n10\r\n",
            b"*0\r\n",
            b"*-1\r\n",
            b"-NOPERM no\r\n",
            b"+OK\r\n",
            b"what",
            b"",
            &long,
            &big,
        ] {
            let list = told(Answers::default().next(&mut &*text).map(of_list));
            assert_eq!(told(Answers::default().pairs(&mut &*text)), list, "{text:?}");
            assert_eq!(told(Answers::default().pairs(&mut Drop(text))), list, "{text:?}");
            let behind = [b"$4\r\nINFO\r\n", text, b"+OK\r\n"].concat();
            let (mut answers, mut from) = (Answers::default(), behind.as_slice());
            assert!(answers.next(&mut from) == Some(bytes(b"INFO")));
            if list != "nothing" {
                assert_eq!(told(answers.pairs(&mut from)), list, "{text:?}");
                assert!(answers.next(&mut from) == Some(Reply::Status("OK".into())), "{text:?}");
            }
        }
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for text in [
            b"".as_slice(),
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"\0\0\0\0\r\n",
            b"+OK\n",
            b"+OK",
            b"\r\n",
            b":\r\n",
            b":x\r\n",
            b":99999999999999999999\r\n",
            b":9223372036854775808\r\n",
            b":-9223372036854775809\r\n",
            b":-\r\n",
            b":--1\r\n",
            b"$-2\r\n",
            b"$1\r\nxy\r\n",
            b"$2\r\nx\r\n",
            b"$9223372036854775807\r\nx",
            b"%9223372036854775807\r\n",
            b"*3\r\n:1\r\n",
            b"=2\r\nab\r\n",
            b"#t\r\n",
            b",1.5\r\n",
        ] {
            assert!(read(text).is_none(), "{text:?}");
        }
        assert!(read(&b"*1\r\n".repeat(5000)).is_none());
        let many = [b"*1048577\r\n".as_slice(), &b":1\r\n".repeat(MOST_ITEMS + 1)].concat();
        assert!(Answers::default().next(&mut many.as_slice()).is_none());
    }
}
