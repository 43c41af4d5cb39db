//! A proxy between redisconf and a server that breaks the conversation at one of its points.
//!
//! A point is one piece of bytes in one direction, counted over all connections. What is broken there is up to the test;
//! all that comes later goes through as it is.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

/// Where a piece of bytes goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Toward {
    Server,
    Client,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// The connection ends before it.
    CutBefore,
    /// It arrives, and the connection ends.
    CutAfter,
    /// Half of it arrives, and the connection ends.
    Truncate,
    /// Half of it arrives, and the rest never does.
    Swallow,
    /// It arrives late, even if nobody waits for the answer any more.
    Delay(Duration),
    /// One byte of it is another, so many percent into it.
    Garble(usize),
    /// The connection ends before it, and no other comes about until the test says so.
    CutForGood,
    /// Nothing goes on until the test says how.
    Stall,
}

/// A break at a point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) toward: Toward,
    pub(crate) at: usize,
    pub(crate) what: Break,
}

/// How a stalled piece goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    Deliver,
    Discard,
}

#[derive(Default)]
struct State {
    faults: Vec<Fault>,
    seen: [usize; 2],
    injected: usize,
    open: usize,
    is_refusing: bool,
    stalled: bool,
    release: Option<Release>,
}

pub(crate) struct Proxy {
    socket: PathBuf,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl Proxy {
    /// Listens in `folder` for what goes to the socket of a server.
    pub(crate) fn start(folder: &Path, upstream: PathBuf) -> Self {
        let socket = folder.join("proxy");
        let listener = UnixListener::bind(&socket).unwrap();
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let ours = Arc::clone(&shared);
        // It ends with the process; the socket goes with the folder.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let is_refusing = ours.state().is_refusing;
                if let (false, Ok(server)) = (is_refusing, UnixStream::connect(&upstream)) {
                    ours.state().open += 2;
                    for toward in [Toward::Server, Toward::Client] {
                        let (client, server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                        let ours = Arc::clone(&ours);
                        thread::spawn(move || {
                            let (from, to) = if toward == Toward::Server { (client, server) } else { (server, client) };
                            pump(from, to, toward, &ours);
                            ours.state().open -= 1;
                            ours.changed.notify_all();
                        });
                    }
                }
            }
        });
        Self { socket, shared }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.socket.clone()
    }

    /// From now on these breaks happen; points are counted anew.
    pub(crate) fn arm(&self, faults: &[Fault]) {
        let open = self.shared.state().open;
        *self.shared.state() = State { faults: faults.to_vec(), open, ..State::default() };
    }

    /// How many pieces went to the server, and how many to the client.
    pub(crate) fn seen(&self) -> [usize; 2] {
        self.shared.state().seen
    }

    /// How many breaks there were.
    pub(crate) fn injected(&self) -> usize {
        self.shared.state().injected
    }

    /// Waits until no connection is open any more, so that nothing can arrive late.
    pub(crate) fn settle(&self) -> bool {
        let wait = self
            .shared
            .changed
            .wait_timeout_while(self.shared.state(), Duration::from_secs(10), |state| state.open > 0);
        wait.unwrap().0.open == 0
    }

    /// Waits until a piece is stalled; not, if the test's own program ends before.
    pub(crate) fn is_stalled(&self, mut is_over: impl FnMut() -> bool) -> bool {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            if self.shared.state().stalled {
                return true;
            }
            if is_over() || Instant::now() > until {
                return self.shared.state().stalled;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn release(&self, how: Release) {
        self.shared.state().release = Some(how);
        self.shared.changed.notify_all();
    }
}

fn pump(mut from: UnixStream, mut to: UnixStream, toward: Toward, shared: &Shared) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(read) => read,
        };
        let piece = &mut buffer[..read];
        let half = read / 2;
        let done = match shared.next(toward) {
            None => to.write_all(piece).is_ok(),
            Some(Break::CutBefore | Break::CutForGood) => false,
            Some(Break::CutAfter) => {
                let _ = to.write_all(piece);
                false
            }
            Some(Break::Truncate) => {
                let _ = to.write_all(&piece[..half]);
                false
            }
            Some(Break::Swallow) => to.write_all(&piece[..half]).is_ok(),
            Some(Break::Delay(by)) => {
                thread::sleep(by);
                to.write_all(piece).is_ok()
            }
            Some(Break::Garble(percent)) => {
                let at = (read * percent / 100).min(read - 1);
                piece[at] ^= 1;
                to.write_all(piece).is_ok()
            }
            Some(Break::Stall) => match shared.stall() {
                Release::Deliver => to.write_all(piece).is_ok(),
                Release::Discard => false,
            },
        };
        if !done {
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

impl Shared {
    /// Counts a piece, and tells what becomes of it.
    fn next(&self, toward: Toward) -> Option<Break> {
        let mut state = self.state();
        let side = usize::from(toward == Toward::Client);
        let at = state.seen[side];
        state.seen[side] += 1;
        let fault = state.faults.iter().find(|fault| fault.toward == toward && fault.at == at).copied()?;
        state.injected += 1;
        state.is_refusing |= fault.what == Break::CutForGood;
        Some(fault.what)
    }

    fn stall(&self) -> Release {
        let mut state = self.state();
        state.stalled = true;
        while state.release.is_none() {
            state = self.changed.wait(state).unwrap();
        }
        state.release.expect("it was waited for")
    }
}
