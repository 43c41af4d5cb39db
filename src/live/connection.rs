//! One connection to a server: a deadline and a size limit for each answer.
//!
//! The `redis` crate packs and parses; the stream is ours, because its own client announces itself with two extra
//! commands, stretches timeouts and swallows answers of any size.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use super::ask::{Ask, Login, Section};
use super::reply::Reply;

/// The largest answer that is read: 64 MiB. CONFIG GET * and INFO stay below 100 kB.
const BUDGET: usize = 64 << 20;

/// Why no answer came. Never holds what was sent or received.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// Nothing listens, or we may not connect.
    #[error("cannot connect: {0}")]
    Connect(#[source] io::Error),
    /// The deadline passed, however many bytes had come.
    #[error("no full answer to {command} within {} ms", within.as_millis())]
    TimedOut {
        /// The command that waited.
        command: &'static str,
        /// The deadline.
        within: Duration,
    },
    /// The other side went away, or an earlier answer had already failed.
    #[error("the server closed the connection before it answered {command}")]
    Closed {
        /// The command that waited.
        command: &'static str,
    },
    /// More bytes than any honest answer has.
    #[error("the answer to {command} is larger than {BUDGET} bytes: this is no Redis or Valkey server")]
    TooLarge {
        /// The command that waited.
        command: &'static str,
    },
    /// Bytes that are not the protocol, or nested too deeply.
    #[error("the answer to {command} is not in the Redis protocol: this is no Redis or Valkey server")]
    Garbled {
        /// The command that waited.
        command: &'static str,
    },
}

/// A connection that reads. After an error it is dead: what comes next could be the late answer to something else.
pub struct Connection {
    wire: Wire,
    parser: redis::Parser,
    within: Duration,
    renamed: BTreeMap<String, Vec<u8>>,
}

impl Connection {
    /// Connects to a unix socket; each answer must be complete `within` that time.
    ///
    /// # Errors
    /// When nothing listens there.
    pub fn open(socket: &Path, within: Duration) -> Result<Self, ConnectionError> {
        let stream = UnixStream::connect(socket).map_err(ConnectionError::Connect)?;
        Ok(Self::over(Stream::Unix(stream), within))
    }

    /// Connects over TCP, to the first of the host's addresses that lets us, each `within` that time.
    ///
    /// # Errors
    /// When the host has no address, or nothing listens on any.
    pub(super) fn open_tcp(host: &str, port: u16, within: Duration) -> Result<Self, ConnectionError> {
        let mut last = io::Error::from(ErrorKind::AddrNotAvailable);
        for address in (host, port).to_socket_addrs().map_err(ConnectionError::Connect)? {
            match TcpStream::connect_timeout(&address, within) {
                Ok(stream) => return Ok(Self::over(Stream::Tcp(stream), within)),
                Err(error) => last = error,
            }
        }
        Err(ConnectionError::Connect(last))
    }

    fn over(stream: Stream, within: Duration) -> Self {
        let wire = Wire { stream, until: Instant::now(), left: 0, failed: None };
        Self { wire, parser: redis::Parser::new(), within, renamed: BTreeMap::new() }
    }

    /// From now on each answer must be complete within that time.
    pub(super) fn set_patience(&mut self, within: Duration) {
        self.within = within;
    }

    /// Calls commands by the names a configuration gave them; keys are the original names in upper case.
    pub(super) fn rename(&mut self, renamed: BTreeMap<String, Vec<u8>>) {
        self.renamed = renamed;
    }

    /// Asks whether the server answers; an error such as `NOAUTH` is an answer.
    ///
    /// # Errors
    /// When no answer came.
    pub fn ping(&mut self) -> Result<Reply, ConnectionError> {
        self.ask(Ask::Ping)
    }

    /// Logs in.
    ///
    /// # Errors
    /// When no answer came; a refusal is a [`Reply::Error`].
    pub fn auth(&mut self, login: &Login) -> Result<Reply, ConnectionError> {
        self.ask(Ask::Auth(login))
    }

    /// Asks for one part of INFO.
    ///
    /// # Errors
    /// When no answer came.
    pub fn info(&mut self, section: Section) -> Result<Reply, ConnectionError> {
        self.ask(Ask::Info(section))
    }

    /// Asks CONFIG GET once for each pattern, all at once: Redis 6.2 takes one pattern a call.
    ///
    /// # Errors
    /// When an answer did not come.
    pub fn config_get(&mut self, patterns: &[&str]) -> Result<Vec<Reply>, ConnectionError> {
        let mut replies = Vec::with_capacity(patterns.len());
        for some in patterns.chunks(64) {
            let asks: Vec<Ask<'_>> = some.iter().map(|pattern| Ask::ConfigGet(pattern)).collect();
            replies.extend(self.ask_all(&asks)?);
        }
        Ok(replies)
    }

    pub(super) fn ask(&mut self, ask: Ask<'_>) -> Result<Reply, ConnectionError> {
        let mut replies = self.ask_all(&[ask])?;
        Ok(replies.pop().expect("one answer came for one question"))
    }

    pub(super) fn ask_all(&mut self, asks: &[Ask<'_>]) -> Result<Vec<Reply>, ConnectionError> {
        let Some(first) = asks.first() else { return Ok(Vec::new()) };
        if self.wire.failed.is_some() {
            return Err(ConnectionError::Closed { command: first.command() });
        }
        let packed: Vec<u8> = asks.iter().flat_map(|ask| ask.pack(self.word(ask.command()))).collect();
        self.wire.begin(self.within);
        if let Err(error) = self.wire.send(&packed) {
            return Err(self.give_up(error.kind(), first.command()));
        }
        asks.iter().map(|ask| self.answer(ask.command())).collect()
    }

    fn answer(&mut self, command: &'static str) -> Result<Reply, ConnectionError> {
        self.wire.begin(self.within);
        let parsed = self.parser.parse_value(&mut self.wire).ok().and_then(Reply::from_value);
        match parsed {
            Some(reply) => Ok(reply),
            None => Err(self.give_up(self.wire.failed.unwrap_or(ErrorKind::InvalidData), command)),
        }
    }

    fn give_up(&mut self, kind: ErrorKind, command: &'static str) -> ConnectionError {
        self.wire.failed = Some(kind);
        let late = matches!(kind, ErrorKind::TimedOut | ErrorKind::WouldBlock);
        let within = self.within;
        if late { ConnectionError::TimedOut { command, within } } else { broken(kind, command) }
    }

    fn word(&self, command: &'static str) -> &[u8] {
        match self.renamed.get(command) {
            Some(new) if !new.is_empty() => new,
            _ => command.as_bytes(), // a removed command is asked all the same: the server then says so
        }
    }
}

fn broken(kind: ErrorKind, command: &'static str) -> ConnectionError {
    if kind == ErrorKind::FileTooLarge {
        ConnectionError::TooLarge { command }
    } else if kind == ErrorKind::InvalidData {
        ConnectionError::Garbled { command }
    } else {
        ConnectionError::Closed { command }
    }
}

/// Either kind of socket.
enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
}

impl Stream {
    fn write_within(&mut self, bytes: &[u8], left: Duration) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.set_write_timeout(Some(left)).and_then(|()| stream.write(bytes)),
            Self::Tcp(stream) => stream.set_write_timeout(Some(left)).and_then(|()| stream.write(bytes)),
        }
    }

    fn read_within(&mut self, into: &mut [u8], left: Duration) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.set_read_timeout(Some(left)).and_then(|()| stream.read(into)),
            Self::Tcp(stream) => stream.set_read_timeout(Some(left)).and_then(|()| stream.read(into)),
        }
    }
}

/// The stream under one deadline and one budget. It remembers why it failed, which the parser's errors would blur.
struct Wire {
    stream: Stream,
    until: Instant,
    left: usize,
    failed: Option<ErrorKind>,
}

impl Wire {
    fn begin(&mut self, within: Duration) {
        self.until = Instant::now() + within;
        self.left = BUDGET;
    }

    /// The time left; a socket takes no timeout of zero.
    fn remaining(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }

    fn send(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let left = self.remaining()?;
            match self.stream.write_within(bytes, left) {
                Ok(sent) => bytes = &bytes[sent..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(ErrorKind::FileTooLarge.into());
        }
        let room = into.len().min(self.left);
        let left = self.remaining()?;
        match self.stream.read_within(&mut into[..room], left)? {
            0 if room > 0 => Err(ErrorKind::UnexpectedEof.into()),
            read => {
                self.left -= read;
                Ok(read)
            }
        }
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.receive(into) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error.kind());
                    return Err(error);
                }
                Ok(read) => return Ok(read),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const SHORT: Duration = Duration::from_millis(100);

    /// A connection whose server is `act`; what was sent up to then is thrown away.
    fn with(act: impl FnOnce(&mut UnixStream) + Send + 'static) -> Connection {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        thread::spawn(move || act(&mut theirs));
        Connection::over(Stream::Unix(ours), SHORT)
    }

    fn saying(bytes: &'static [u8]) -> Connection {
        with(move |stream| {
            let _ = stream.write_all(bytes);
            let _ = stream.read(&mut [0; 64]);
            thread::sleep(SHORT * 3);
        })
    }

    #[test]
    fn answers_of_both_protocol_versions_are_read() {
        let flat = saying(b"*2\r\n$4\r\nport\r\n$1\r\n0\r\n").ask(Ask::ConfigGet("port")).unwrap();
        let map = saying(b"%1\r\n$4\r\nport\r\n$1\r\n0\r\n").ask(Ask::ConfigGet("port")).unwrap();
        assert!(flat == map);
        assert_eq!(flat.into_items().unwrap(), [b"port".to_vec(), b"0".to_vec()]);
    }

    #[test]
    fn an_error_keeps_its_class_and_text() {
        for text in ["NOAUTH Authentication required.", "ERR unknown command 'x'", "LOADING Valkey is  loading", "ODD"]
        {
            let line: &'static [u8] = Box::leak(format!("-{text}\r\n").into_bytes().into_boxed_slice());
            assert!(saying(line).ping().unwrap() == Reply::Error(text.into()), "{text}");
        }
    }

    #[test]
    fn a_dripping_answer_ends_at_the_deadline() {
        let start = Instant::now();
        let mut slow = with(|stream| {
            while stream.write_all(b"+").is_ok() {
                thread::sleep(SHORT / 4);
            }
        });
        assert!(matches!(slow.ping(), Err(ConnectionError::TimedOut { command: "PING", .. })));
        assert!(start.elapsed() < SHORT * 3, "{:?}", start.elapsed());
        assert!(matches!(slow.ping(), Err(ConnectionError::Closed { .. })), "a late answer must not be taken");
    }

    #[test]
    fn huge_promises_cost_nothing() {
        for text in [b"*2147483647\r\n".as_slice(), b"$2147483647\r\nx", b"%2147483647\r\n"] {
            assert!(matches!(saying(text).ping(), Err(ConnectionError::TimedOut { .. })));
        }
    }

    #[test]
    fn an_endless_answer_is_cut_at_the_budget() {
        let mut endless = with(|stream| {
            let block = vec![b'x'; 1 << 20];
            let _ = stream.write_all(b"$999999999\r\n");
            while stream.write_all(&block).is_ok() {}
        });
        endless.within = Duration::from_secs(20);
        assert!(matches!(endless.info(Section::Usual), Err(ConnectionError::TooLarge { command: "INFO" })));
    }

    #[test]
    fn deep_nesting_and_other_protocols_are_refused() {
        let deep: &'static [u8] = Box::leak(b"*1\r\n".repeat(5000).into_boxed_slice());
        for text in [deep, b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0\0\0\0\r\n"] {
            assert!(matches!(saying(text).ping(), Err(ConnectionError::Garbled { .. })));
        }
        let mut gone = with(|_| {});
        assert!(matches!(gone.ping(), Err(ConnectionError::Closed { .. })));
    }
}
