//! The bytes between us and a server: a stream of whatever kind, under one deadline and one budget.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustls::{ClientConnection, StreamOwned};

use super::address::Address;
use super::connection::ConnectionError;
use super::tls::Tls;
use super::trouble::TlsTrouble;

/// The largest answer that is read to what has one line a client or user: 64 MiB.
const LARGE: usize = 64 << 20;
/// The largest of all others: 4 MiB. CONFIG GET * and INFO stay below 100 kB.
const SMALL: usize = 4 << 20;

/// The most bytes that an honest answer to a command has.
pub(super) fn budget(command: &str) -> usize {
    if matches!(command, "CLIENT" | "ACL" | "SLOWLOG") { LARGE } else { SMALL }
}

/// A connected socket.
pub(super) enum Stream {
    Unix(UnixStream),
    Tcp(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    pub(super) fn unix(socket: &Path) -> io::Result<Self> {
        UnixStream::connect(socket).map(Self::Unix)
    }

    pub(super) fn connect(address: &Address, tls: Option<&Tls>, within: Duration) -> Result<Self, ConnectionError> {
        let (host, port, wants_tls) = match address {
            Address::Unix(path) => return Self::unix(path).map_err(ConnectionError::Connect),
            Address::Tcp { host, port, tls } => (host.as_str(), *port, *tls),
        };
        let until = Instant::now() + within;
        let stream = tcp(host, port, until).map_err(ConnectionError::Connect)?;
        stream.set_nodelay(true).map_err(ConnectionError::Connect)?;
        if !wants_tls {
            return Ok(Self::Tcp(stream));
        }
        let tls = tls.ok_or(ConnectionError::Tls(TlsTrouble::Unprepared))?;
        secured(stream, host, tls, until)
    }

    fn read_within(&self, left: Duration) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.set_read_timeout(Some(left)),
            Self::Tcp(stream) => stream.set_read_timeout(Some(left)),
            // What is read there may have to be answered first.
            Self::Tls(stream) => both(&stream.sock, left),
        }
    }

    fn write_within(&self, left: Duration) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.set_write_timeout(Some(left)),
            Self::Tcp(stream) => stream.set_write_timeout(Some(left)),
            Self::Tls(stream) => both(&stream.sock, left),
        }
    }
}

fn both(stream: &TcpStream, left: Duration) -> io::Result<()> {
    stream.set_read_timeout(Some(left))?;
    stream.set_write_timeout(Some(left))
}

/// Tries each address of a name in turn, all of them before the deadline.
fn tcp(host: &str, port: u16, until: Instant) -> io::Result<TcpStream> {
    let mut last = io::Error::new(ErrorKind::NotFound, "the name has no address");
    for address in (host, port).to_socket_addrs()? {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Shakes hands before anything is sent, so that a failure of TLS is told as such.
fn secured(mut stream: TcpStream, host: &str, tls: &Tls, until: Instant) -> Result<Stream, ConnectionError> {
    let name = tls.expects(host).map_err(|error| ConnectionError::Tls(TlsTrouble::Name(error.to_string())))?;
    let mut client = ClientConnection::new(tls.config.clone(), name)
        .map_err(|error| ConnectionError::Tls(TlsTrouble::from(&error)))?;
    while client.is_handshaking() {
        let left = until.saturating_duration_since(Instant::now());
        let shaken = if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { both(&stream, left) };
        shaken
            .and_then(|()| client.complete_io(&mut stream).map(drop))
            .map_err(|error| ConnectionError::Tls(TlsTrouble::of_handshake(&error)))?;
    }
    Ok(Stream::Tls(Box::new(StreamOwned::new(client, stream))))
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.read(into),
            Self::Tcp(stream) => stream.read(into),
            Self::Tls(stream) => stream.read(into),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.write(bytes),
            Self::Tcp(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Unix(stream) => stream.flush(),
            Self::Tcp(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// The stream under one deadline and one budget. It remembers why it failed, which the parser's errors would blur.
pub(super) struct Wire {
    stream: Stream,
    until: Instant,
    left: usize,
    pub(super) failed: Option<ErrorKind>,
    pub(super) trouble: Option<Box<TlsTrouble>>,
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, until: Instant::now(), left: 0, failed: None, trouble: None }
    }

    /// From now on the answer must come within that time, and have no more bytes.
    pub(super) fn begin(&mut self, within: Duration, budget: usize) {
        self.until = Instant::now() + within;
        self.left = budget;
    }

    /// The time left; a socket takes no timeout of zero.
    fn remaining(&self) -> io::Result<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }

    pub(super) fn send(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.stream.write_within(self.remaining()?)?;
            match self.stream.write(bytes) {
                Ok(sent) => bytes = &bytes[sent..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // Only TLS keeps anything back.
        if let Stream::Tls(_) = self.stream {
            self.stream.write_within(self.remaining()?)?;
            self.stream.flush()?;
        }
        Ok(())
    }

    fn receive(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(ErrorKind::FileTooLarge.into());
        }
        let room = into.len().min(self.left);
        self.stream.read_within(self.remaining()?)?;
        match self.stream.read(&mut into[..room])? {
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
        // A stream that failed is not asked again: why it failed first is what is told.
        if let Some(kind) = self.failed {
            return Err(kind.into());
        }
        loop {
            match self.receive(into) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error.kind());
                    self.trouble = TlsTrouble::of(&error).map(Box::new);
                    return Err(error);
                }
                Ok(read) => return Ok(read),
            }
        }
    }
}
