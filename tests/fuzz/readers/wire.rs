//! A hostile server: the input is all that it says, at once and unasked; then it hangs up.
//!
//! The reader of answers is private to `live`. It is reached through the door that users have, a unix socket, and so is all
//! that is made of the answers: greeting, CONFIG GET, INFO, the lists of a diagnosis.

use std::io::Write as _;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use redisconf::live::{Address, Inquiry, Met, ObserveError, Reach, examine};
use redisconf::snapshot::Exposure;

use super::kept::diagnosed;
use super::shown::clean;

/// More does not fit into a socket that nobody reads.
const MOST: usize = 64 << 10;

/// Where it listens, and who it is given its words by.
struct Hostile {
    path: PathBuf,
    says: Sender<Vec<u8>>,
}

static HOSTILE: OnceLock<Mutex<Hostile>> = OnceLock::new();

fn hostile() -> Mutex<Hostile> {
    let folder = tempfile::tempdir().expect("there is room for a socket").keep();
    let path = folder.join("s");
    let listener = UnixListener::bind(&path).expect("the folder is new");
    let (says, told) = channel::<Vec<u8>>();
    thread::spawn(move || {
        // It stays open, so that questions can still be sent.
        let mut last: Vec<UnixStream> = Vec::new();
        while let (Ok(words), Ok((mut stream, _))) = (told.recv(), listener.accept()) {
            let _ = stream.write_all(&words);
            let _ = stream.shutdown(Shutdown::Write);
            last = vec![stream];
        }
        drop(last);
    });
    Mutex::new(Hostile { path, says })
}

pub(super) fn holds(input: &[u8]) {
    let input = &input[..input.len().min(MOST)];
    let hostile = HOSTILE.get_or_init(hostile).lock().unwrap_or_else(PoisonError::into_inner);
    hostile.says.send(input.to_vec()).expect("the server listens");
    let address = Address::Unix(hostile.path.clone());
    let reach = Reach { address: address.clone(), login: None, tls: None, within: Duration::from_millis(500) };
    if let Err(error) = ask(&reach) {
        clean("an error", &error.to_string());
    }
}

fn ask(reach: &Reach<'_>) -> Result<(), ObserveError> {
    let mut met = Met::meet_any(reach)?;
    let inquiry = Inquiry { names: &["maxmemory", "save", "hz"], window: None, exposure: Exposure::Masked, keys: None };
    let (observed, evidence) = examine(&mut met, &reach.address, inquiry)?;
    diagnosed(&observed.snapshot, &evidence);
    Ok(())
}
