//! Requests from several connections: as fast as they are answered, or on a fixed schedule.
//!
//! On a schedule each latency counts from the moment when the request was due, not when it could at last be sent: a
//! stalled server is not spared the requests that it kept waiting (no coordinated omission). What was due and could not
//! be sent in twice the time counts with the time it has waited.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use super::client::{Answer, Client, Door};

/// Latencies in nanoseconds with three digits, up to ten minutes.
pub type Latencies = Histogram<u64>;

const LONGEST: u64 = 600_000_000_000;

/// An empty histogram.
pub(super) fn latencies() -> Latencies {
    Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds are in order")
}

/// How a request ended: what the workload counts, and the error if there was one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Done,
    /// A key that was looked for and was not there.
    Missed,
    /// An error answer, such as OOM.
    Refused,
}

/// What came of a load.
#[derive(Clone)]
pub(super) struct Tally {
    pub(super) done: u64,
    pub(super) missed: u64,
    pub(super) refused: u64,
    /// Requests that were due and were never sent.
    pub(super) unsent: u64,
    pub(super) elapsed: Duration,
    pub(super) latencies: Latencies,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self { done: 0, missed: 0, refused: 0, unsent: 0, elapsed: Duration::ZERO, latencies: latencies() }
    }

    fn count(&mut self, step: Step) {
        self.done += 1;
        match step {
            Step::Done => {}
            Step::Missed => self.missed += 1,
            Step::Refused => self.refused += 1,
        }
    }

    /// Adds what another connection counted.
    pub(super) fn join(&mut self, other: &Self) {
        self.done += other.done;
        self.missed += other.missed;
        self.refused += other.refused;
        self.unsent += other.unsent;
        self.elapsed = self.elapsed.max(other.elapsed);
        self.latencies.add(&other.latencies).expect("all histograms have the same bounds");
    }

    /// Requests a second.
    #[expect(clippy::cast_precision_loss, reason = "counts of a run")]
    pub(super) fn rate(&self) -> f64 {
        self.done as f64 / self.elapsed.as_secs_f64().max(1e-9)
    }
}

/// Moments that are due: `rate` a second, from `start` on, for so long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    pub(super) start: Instant,
    pub(super) rate: f64,
    pub(super) length: Duration,
}

impl Schedule {
    /// From now on, with a moment for all to get ready.
    pub(super) fn soon(rate: f64, length: Duration) -> Self {
        Self { start: Instant::now() + Duration::from_millis(5), rate, length }
    }

    /// The moments of one of `of` workers, who take turns.
    pub(super) fn turns(self, worker: usize, of: usize) -> impl Iterator<Item = Instant> {
        let due = (worker..).step_by(of).map(move |turn| Duration::from_secs_f64(seconds(turn) / self.rate));
        due.take_while(move |due| *due < self.length).map(move |due| self.start + due)
    }

    /// When nothing more is sent.
    pub(super) fn end(self) -> Instant {
        self.start + self.length * 2
    }
}

#[expect(clippy::cast_precision_loss, reason = "turns of a run")]
fn seconds(turn: usize) -> f64 {
    turn as f64
}

/// Waits until a moment; one that has passed is not waited for.
pub(super) fn wait_until(due: Instant) {
    let left = due.saturating_duration_since(Instant::now());
    if !left.is_zero() {
        thread::sleep(left);
    }
}

/// How long ago something was due, in nanoseconds.
pub(super) fn since(due: Instant) -> u64 {
    let late = Instant::now().saturating_duration_since(due);
    u64::try_from(late.as_nanos()).unwrap_or(LONGEST).clamp(1, LONGEST)
}

/// One who asks over a connection: a request is one command, or one after the other.
pub(super) trait Asker {
    /// Adds the next request to what the connection sends.
    fn ask(&mut self, client: &mut Client);

    /// Takes the answer. The request has ended, or the next command of it was added.
    fn heard(&mut self, answer: &Answer, client: &mut Client) -> Option<Step>;
}

/// Each of the connections sends its next request when the last one is answered.
///
/// A thread has several connections: it sends on all of them, then reads from all. A thread for each would mostly measure
/// how the system changes from one to the next. Half of the processors are left to the server.
pub(super) fn closed<A: Asker + Send>(
    door: &Door,
    clients: usize,
    length: Duration,
    make: impl Fn(usize) -> A,
) -> io::Result<Tally> {
    let threads = thread::available_parallelism().map_or(1, |all| all.get() / 2).clamp(1, clients.max(1));
    let mut groups: Vec<Vec<(Client, A)>> = (0..threads).map(|_| Vec::new()).collect();
    for worker in 0..clients {
        groups[worker % threads].push((Client::open(door)?, make(worker)));
    }
    joined(groups, |group| {
        let mut tally = Tally::new();
        let start = Instant::now();
        while start.elapsed() < length {
            for (client, asker) in group.iter_mut() {
                asker.ask(client);
                client.flush()?;
            }
            for (client, asker) in group.iter_mut() {
                tally.count(ended(client, asker)?);
            }
        }
        tally.elapsed = start.elapsed();
        Ok(tally)
    })
}

/// The connections share a schedule, each with a thread of its own.
pub(super) fn open<A: Asker + Send>(
    door: &Door,
    clients: usize,
    schedule: Schedule,
    make: impl Fn(usize) -> A,
) -> io::Result<Tally> {
    let connected: Vec<(usize, Client, A)> =
        (0..clients).map(|worker| Ok((worker, Client::open(door)?, make(worker)))).collect::<io::Result<_>>()?;
    joined(connected, |(worker, client, asker)| {
        let mut tally = Tally::new();
        for due in schedule.turns(*worker, clients) {
            if Instant::now() > schedule.end() {
                tally.unsent += 1;
            } else {
                wait_until(due);
                asker.ask(client);
                client.flush()?;
                tally.count(ended(client, asker)?);
            }
            tally.latencies.saturating_record(since(due));
        }
        tally.elapsed = schedule.start.elapsed();
        Ok(tally)
    })
}

/// Reads, and sends what follows, until a request has ended.
fn ended(client: &mut Client, asker: &mut impl Asker) -> io::Result<Step> {
    loop {
        let answer = client.answer()?;
        if let Some(step) = asker.heard(&answer, client) {
            return Ok(step);
        }
        client.flush()?;
    }
}

/// A thread for each, all at once; joins what they counted.
fn joined<T: Send>(each: Vec<T>, work: impl Fn(&mut T) -> io::Result<Tally> + Sync) -> io::Result<Tally> {
    thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = each.into_iter().map(|mut one| scope.spawn(move || work(&mut one))).collect();
        let mut all = Tally::new();
        for one in running {
            all.join(&one.join().expect("a connection's thread does not panic")?);
        }
        Ok(all)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_take_turns_and_together_send_what_the_rate_says() {
        let schedule = Schedule { start: Instant::now(), rate: 100.0, length: Duration::from_secs(1) };
        let turns = |worker| schedule.turns(worker, 3).map(|due| due - schedule.start).collect::<Vec<_>>();
        let all: usize = (0..3).map(|worker| turns(worker).len()).sum();
        assert_eq!(all, 100);
        assert_eq!(turns(1)[..2], [Duration::from_millis(10), Duration::from_millis(40)]);
    }

    #[test]
    fn a_request_that_was_kept_waiting_counts_from_when_it_was_due() {
        let due = Instant::now().checked_sub(Duration::from_millis(50)).unwrap();
        assert!(since(due) >= 50_000_000);
        assert_eq!(since(Instant::now() + Duration::from_secs(5)), 1);
    }
}
