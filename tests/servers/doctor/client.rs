//! Somebody who talks to the servers that the doctor looks at, and keeps connections open.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;

pub(super) const WITHIN: Duration = Duration::from_secs(20);

/// A client that sends lines and reads what comes.
pub(super) struct Client(UnixStream);

impl Client {
    pub(super) fn open(socket: &Path) -> Result<Self, Failed> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(WITHIN))?;
        Ok(Self(stream))
    }

    /// Sends without waiting for an answer.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<(), Failed> {
        self.0.write_all(bytes)?;
        Ok(())
    }

    /// Sends commands, one a line, and waits until all are answered: PING with a word of its own comes last.
    pub(super) fn all(&mut self, lines: &str) -> Result<String, Failed> {
        self.send(format!("{lines}\r\nECHO that-was-all\r\n").as_bytes())?;
        let mut said = Vec::new();
        let mut block = vec![0; 1 << 16];
        while !said.ends_with(b"$12\r\nthat-was-all\r\n") {
            match self.0.read(&mut block) {
                Ok(0) => return Err(format!("closed after {}", String::from_utf8_lossy(&said)).into()),
                Ok(count) => said.extend(&block[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
            // Only the end is looked at, and answers may be long.
            if said.len() > 1 << 20 {
                said.drain(..1 << 19);
            }
        }
        Ok(String::from_utf8_lossy(&said).into_owned())
    }
}

/// Connections that have to stay open while the doctor looks.
pub(super) type Kept = Vec<Client>;

#[expect(clippy::unnecessary_wraps, reason = "it stands beside those that can fail")]
pub(super) fn nothing(_: &Path) -> Result<Kept, Failed> {
    Ok(Vec::new())
}

/// Sends lines and closes.
pub(super) fn lines(socket: &Path, lines: &str) -> Result<Kept, Failed> {
    Client::open(socket)?.all(lines)?;
    Ok(Vec::new())
}

pub(super) fn fill(socket: &Path, keys: usize, bytes: usize) -> Result<Kept, Failed> {
    let value = "x".repeat(bytes);
    let mut client = Client::open(socket)?;
    for some in (0..keys).collect::<Vec<_>>().chunks(500) {
        let sets: Vec<String> = some.iter().map(|key| format!("SET key:{key} {value}")).collect();
        client.all(&sets.join("\r\n"))?;
    }
    Ok(Vec::new())
}

pub(super) fn connections(socket: &Path, count: usize) -> Result<Kept, Failed> {
    (0..count).map(|_| Client::open(socket)).collect()
}

/// A subscriber that reads nothing, and so many bytes for it.
pub(super) fn unread(socket: &Path, messages: usize) -> Result<Kept, Failed> {
    let mut subscriber = Client::open(socket)?;
    subscriber.send(b"SUBSCRIBE c\r\n")?;
    thread::sleep(Duration::from_millis(50));
    let message = format!("PUBLISH c {}", "x".repeat(10_000));
    let mut publisher = Client::open(socket)?;
    for _ in 0..messages.div_ceil(100) {
        publisher.all(&vec![message.as_str(); 100].join("\r\n"))?;
    }
    Ok(vec![subscriber])
}

/// Does something again and again while the doctor looks.
pub(super) fn meanwhile(
    socket: &Path,
    mut once: impl FnMut(&mut Client) -> Result<(), Failed> + Send + 'static,
) -> Result<(), Failed> {
    let mut client = Client::open(socket)?;
    let until = Instant::now() + Duration::from_secs(3);
    thread::spawn(move || while Instant::now() < until && once(&mut client).is_ok() {});
    Ok(())
}

/// Somebody who says that it is a replica and knows of another past.
pub(super) fn replica(socket: &Path, sync: &str) -> Result<Client, Failed> {
    let mut client = Client::open(socket)?;
    client.all("REPLCONF listening-port 1")?;
    client.send(format!("{sync}\r\n").as_bytes())?;
    Ok(client)
}

pub(super) const PAST: &str = "PSYNC 0123456789012345678901234567890123456789 5";

/// A number of INFO.
pub(super) fn number(client: &mut Client, field: &str) -> Result<f64, Failed> {
    let text = client.all("INFO everything")?;
    let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    Ok(value.ok_or(format!("INFO has no {field}"))?.trim().parse()?)
}

/// Waits until something is so.
pub(super) fn until(
    client: &mut Client,
    mut is_so: impl FnMut(&mut Client) -> Result<bool, Failed>,
) -> Result<(), Failed> {
    let begun = Instant::now();
    while !is_so(client)? {
        if begun.elapsed() > WITHIN {
            return Err("it never came to be".into());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}
