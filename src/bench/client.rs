//! A client that puts load on a server: any command, many a second, nothing else.
//!
//! It is not [`crate::live::Connection`], which knows a fixed list of commands and keeps each answer under a budget: what
//! is sent here goes to servers that were started here. An answer that does
//! not come ends the run, never hangs it.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// The longest wait for a byte; a server that rewrites a large file stalls for less.
const PATIENCE: Duration = Duration::from_secs(20);
/// The largest string or list that an answer may announce.
const LARGEST: i64 = 64 << 20;

/// Where a server answers, and who may speak with it.
#[derive(Clone)]
pub(super) struct Door {
    /// Its unix socket.
    pub(super) at: PathBuf,
    /// User and password, where one is needed.
    pub(super) login: Option<(String, Vec<u8>)>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    Status,
    Error(String),
    Integer(i64),
    Bytes(Vec<u8>),
    Nil,
    List(Vec<Answer>),
}

/// One connection.
pub(super) struct Client {
    stream: UnixStream,
    out: Vec<u8>,
    /// What one read of the socket gives.
    chunk: Box<[u8]>,
    read: Vec<u8>,
    at: usize,
}

impl Client {
    pub(super) fn open(door: &Door) -> io::Result<Self> {
        Self::patient(door, PATIENCE)
    }

    /// With another patience for each byte.
    pub(super) fn patient(door: &Door, patience: Duration) -> io::Result<Self> {
        let stream = UnixStream::connect(&door.at)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        let mut client = Self {
            stream,
            out: Vec::with_capacity(4096),
            chunk: vec![0; 16 << 10].into(),
            read: Vec::with_capacity(16 << 10),
            at: 0,
        };
        if let Some((user, password)) = &door.login {
            match client.call(&[b"AUTH", user.as_bytes(), password])? {
                Answer::Error(words) => return Err(io::Error::new(ErrorKind::PermissionDenied, words)),
                Answer::Status | Answer::Integer(_) | Answer::Bytes(_) | Answer::Nil | Answer::List(_) => {}
            }
        }
        Ok(client)
    }

    /// Adds a command to what is sent next.
    pub(super) fn push(&mut self, words: &[&[u8]]) {
        let _ = write!(self.out, "*{}\r\n", words.len());
        for word in words {
            let _ = write!(self.out, "${}\r\n", word.len());
            self.out.extend_from_slice(word);
            self.out.extend_from_slice(b"\r\n");
        }
    }

    /// Sends what was added.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all(&self.out)?;
        self.out.clear();
        Ok(())
    }

    /// Sends a command and waits for its answer.
    pub(super) fn call(&mut self, words: &[&[u8]]) -> io::Result<Answer> {
        self.push(words);
        self.flush()?;
        self.answer()
    }

    /// Waits for the next answer.
    pub(super) fn answer(&mut self) -> io::Result<Answer> {
        let line = self.line()?;
        let (kind, rest) = (line.first().copied(), line.get(1..).unwrap_or_default());
        let text = || String::from_utf8_lossy(rest).into_owned();
        let number = || std::str::from_utf8(rest).ok().and_then(|text| text.parse::<i64>().ok()).ok_or_else(garbled);
        match kind {
            Some(b'+') => Ok(Answer::Status),
            Some(b'-') => Ok(Answer::Error(text())),
            Some(b':') => Ok(Answer::Integer(number()?)),
            Some(b'$') => match number()? {
                -1 => Ok(Answer::Nil),
                length @ 0..=LARGEST => self.bytes(usize::try_from(length).map_err(|_| garbled())?).map(Answer::Bytes),
                _ => Err(garbled()),
            },
            Some(b'*') => match number()? {
                -1 => Ok(Answer::Nil),
                count @ 0..=LARGEST => (0..count).map(|_| self.answer()).collect::<io::Result<_>>().map(Answer::List),
                _ => Err(garbled()),
            },
            Some(_) | None => Err(garbled()),
        }
    }

    /// A number of INFO, such as `evicted_keys`; nothing where this version does not count it.
    pub(super) fn info(&mut self, names: &[&str]) -> io::Result<Vec<Option<u64>>> {
        let Answer::Bytes(text) = self.call(&[b"INFO", b"all"])? else { return Ok(vec![None; names.len()]) };
        let text = String::from_utf8_lossy(&text);
        let value = |name: &&str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.and_then(|value| value.trim().parse().ok())
        };
        Ok(names.iter().map(value).collect())
    }

    fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut seen = self.at;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.read[seen..]).map(|end| seen + end) {
                let line = self.read[self.at..end].strip_suffix(b"\r").unwrap_or(&self.read[self.at..end]).to_vec();
                self.at = end + 1;
                return Ok(line);
            }
            let came = self.fill()?;
            seen = self.read.len() - came;
        }
    }

    fn bytes(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.read.len() - self.at < length + 2 {
            self.fill()?;
        }
        let bytes = self.read[self.at..self.at + length].to_vec();
        self.at += length + 2;
        Ok(bytes)
    }

    /// Reads more, and tells how many bytes have come. What was used up is forgotten before.
    fn fill(&mut self) -> io::Result<usize> {
        if self.at > 0 {
            self.read.drain(..self.at);
            self.at = 0;
        }
        let came = loop {
            match self.stream.read(&mut self.chunk) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.read.extend_from_slice(&self.chunk[..came]);
        if came == 0 { Err(ErrorKind::UnexpectedEof.into()) } else { Ok(came) }
    }
}

fn garbled() -> io::Error {
    ErrorKind::InvalidData.into()
}
