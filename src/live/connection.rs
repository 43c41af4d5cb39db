//! One connection to a server: a deadline and a size limit for each answer.
//!
//! The stream and the protocol are ours, because clients in libraries announce themselves with extra commands, stretch
//! timeouts and swallow answers of any size, and because a fleet is asked for hundreds of values a server.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use super::address::Address;
use super::answers::Answers;
use super::ask::{Ask, Login, Names, Section};
use super::reply::{NoPairs, Reply};
use super::tls::Tls;
use super::trouble::TlsTrouble;
use super::wire::{Stream, Wire, budget};
use crate::snapshot::Pairs;

/// Why no answer came. Never holds what was sent or received.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// Nothing listens, or we may not connect.
    #[error("cannot connect: {0}")]
    Connect(#[source] io::Error),
    /// The other side is there, and TLS with it does not come about.
    #[error("no TLS connection: {0}")]
    Tls(TlsTrouble),
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
    #[error("the answer to {command} is larger than {} bytes: this is no Redis or Valkey server", budget(command))]
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
    answers: Answers,
    within: Duration,
    renamed: BTreeMap<String, Vec<u8>>,
}

impl Connection {
    /// Connects to a unix socket; each answer must be complete `within` that time.
    ///
    /// # Errors
    /// When nothing listens there.
    pub fn open(socket: &Path, within: Duration) -> Result<Self, ConnectionError> {
        Ok(Self::over(Stream::unix(socket).map_err(ConnectionError::Connect)?, within))
    }

    /// Connects to wherever a server answers; connecting, and then each answer, must be complete `within` that time.
    ///
    /// # Errors
    /// When nothing listens there, or TLS does not come about.
    pub fn connect(address: &Address, tls: Option<&Tls>, within: Duration) -> Result<Self, ConnectionError> {
        Ok(Self::over(Stream::connect(address, tls, within)?, within))
    }

    fn over(stream: Stream, within: Duration) -> Self {
        let wire = Wire::new(stream);
        Self { wire, answers: Answers::default(), within, renamed: BTreeMap::new() }
    }

    /// Whether it can still be used.
    pub(super) fn is_alive(&self) -> bool {
        self.wire.failed.is_none()
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
    pub(super) fn config_get(&mut self, patterns: &[&str]) -> Result<Vec<Result<Pairs, NoPairs>>, ConnectionError> {
        let mut answers = Vec::with_capacity(patterns.len());
        for some in patterns.chunks(64) {
            let asks: Vec<Ask<'_>> = some.iter().map(|pattern| Ask::ConfigGet(pattern)).collect();
            self.send(&asks)?;
            for _ in asks {
                answers.push(self.pairs()?);
            }
        }
        Ok(answers)
    }

    /// Asks CONFIG GET for many names at once.
    pub(super) fn config_get_all(&mut self, names: &Names) -> Result<Result<Pairs, NoPairs>, ConnectionError> {
        self.send(&[Ask::ConfigGetAll(names)])?;
        self.pairs()
    }

    /// Logs in, if there is a login, and asks for INFO and then for some names, in one breath. The answer to the last is
    /// left to [`Connection::pairs`].
    ///
    /// A server that is full or in protected mode says so once and hangs up: then there is no second answer.
    pub(super) fn introduce(
        &mut self,
        login: Option<&Login>,
        names: Option<&Names>,
    ) -> Result<(Option<Reply>, Reply), ConnectionError> {
        let after = names.map(Ask::ConfigGetAll);
        let asks: Vec<Ask<'_>> =
            login.map(Ask::Auth).into_iter().chain([Ask::Info(Section::Usual)]).chain(after).collect();
        self.send(&asks)?;
        let greeted = login.map(|_| self.answer("AUTH")).transpose()?;
        match (self.answer("INFO"), &greeted) {
            (Err(_), Some(Reply::Error(_))) => Ok((greeted, Reply::Nil)),
            (info, _) => Ok((greeted, info?)),
        }
    }

    pub(super) fn ask(&mut self, ask: Ask<'_>) -> Result<Reply, ConnectionError> {
        let mut replies = self.ask_all(&[ask])?;
        Ok(replies.pop().expect("one answer came for one question"))
    }

    pub(super) fn ask_all(&mut self, asks: &[Ask<'_>]) -> Result<Vec<Reply>, ConnectionError> {
        self.send(asks)?;
        asks.iter().map(|ask| self.answer(ask.command())).collect()
    }

    fn send(&mut self, asks: &[Ask<'_>]) -> Result<(), ConnectionError> {
        let Some(first) = asks.first() else { return Ok(()) };
        if self.wire.failed.is_some() {
            return Err(ConnectionError::Closed { command: first.command() });
        }
        let mut packed = Vec::new();
        for ask in asks {
            ask.pack(self.word(ask.command()), &mut packed);
        }
        self.wire.begin(self.within, budget(first.command()));
        match self.wire.send(&packed) {
            // Whoever shuts us out says why before it hangs up: that is still to be read.
            Err(error) if matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset) => Ok(()),
            Err(error) => Err(self.give_up(error.kind(), first.command())),
            Ok(()) => Ok(()),
        }
    }

    /// The next answer, to a command that was sent before.
    fn answer(&mut self, command: &'static str) -> Result<Reply, ConnectionError> {
        self.read(command, Answers::next)
    }

    /// The next answer, to a CONFIG GET that was sent before.
    pub(super) fn pairs(&mut self) -> Result<Result<Pairs, NoPairs>, ConnectionError> {
        self.read("CONFIG", Answers::pairs)
    }

    fn read<T>(
        &mut self,
        command: &'static str,
        next: impl FnOnce(&mut Answers, &mut Wire) -> Option<T>,
    ) -> Result<T, ConnectionError> {
        self.wire.begin(self.within, budget(command));
        let read = next(&mut self.answers, &mut self.wire);
        read.ok_or_else(|| self.give_up(self.wire.failed.unwrap_or(ErrorKind::InvalidData), command))
    }

    fn give_up(&mut self, kind: ErrorKind, command: &'static str) -> ConnectionError {
        self.wire.failed = Some(kind);
        if let Some(trouble) = self.wire.trouble.take() {
            return ConnectionError::Tls(*trouble);
        }
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixStream;
    use std::thread;
    use std::time::Instant;

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
