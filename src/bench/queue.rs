//! Jobs: pushed to one end of a list and popped from the other.
//!
//! The latency of a job is from when it was due to be pushed to when somebody had it. Jobs that were pushed and never
//! popped are counted.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use super::client::{Answer, Client, Door};
use super::keyspace::of;
use super::load::{Asker, Schedule, Step, Tally, closed, since, wait_until};
use super::message::{due_in, message};
use super::plan::Shape;

const LIST: &[u8] = b"jobs";
const END: &[u8] = b"end";

/// Each connection pushes a job and pops one, again and again.
pub(super) fn back_and_forth(door: &Door, shape: &Shape, length: Duration) -> io::Result<Tally> {
    let job = message(Duration::ZERO, shape.value_size);
    closed(door, shape.clients, length, |_| BackAndForth { job: &job, pushes: false })
}

/// Pushes a job, then pops one.
struct BackAndForth<'a> {
    job: &'a [u8],
    /// Whether the answer to the push is waited for.
    pushes: bool,
}

impl Asker for BackAndForth<'_> {
    fn ask(&mut self, client: &mut Client) {
        self.pushes = true;
        client.push(&[b"LPUSH", LIST, self.job]);
    }

    fn heard(&mut self, answer: &Answer, client: &mut Client) -> Option<Step> {
        let step = of(answer);
        if !std::mem::replace(&mut self.pushes, false) || step == Step::Refused {
            return Some(step);
        }
        client.push(&[b"RPOP", LIST]);
        None
    }
}

/// Some push on a schedule, others pop; gives what was counted, and how many jobs were lost.
pub(super) fn on_schedule(door: &Door, shape: &Shape, schedule: Schedule) -> io::Result<(Tally, u64)> {
    let pushed = AtomicU64::new(0);
    thread::scope(|scope| {
        let takers: Vec<_> = (0..shape.receivers).map(|_| scope.spawn(|| take(door, schedule))).collect();
        let pushed = &pushed;
        let givers: Vec<_> =
            (0..shape.clients).map(|worker| scope.spawn(move || give(door, shape, schedule, worker, pushed))).collect();
        let mut all = Tally::new();
        for giver in givers {
            all.join(&giver.join().expect("a giver does not panic")?);
        }
        let mut control = Client::open(door)?;
        for _ in 0..shape.receivers {
            control.call(&[b"LPUSH", LIST, END])?;
        }
        let mut taken = Tally::new();
        for taker in takers {
            taken.join(&taker.join().expect("a taker does not panic")?);
        }
        let lost = pushed.load(Ordering::SeqCst).saturating_sub(taken.done);
        taken.refused = all.refused;
        taken.unsent = all.unsent;
        Ok((taken, lost))
    })
}

fn give(door: &Door, shape: &Shape, schedule: Schedule, worker: usize, pushed: &AtomicU64) -> io::Result<Tally> {
    let mut client = Client::open(door)?;
    let mut tally = Tally::new();
    for due in schedule.turns(worker, shape.clients) {
        if std::time::Instant::now() > schedule.end() {
            tally.unsent += 1;
            continue;
        }
        wait_until(due);
        let job = message(due - schedule.start, shape.value_size);
        match of(&client.call(&[b"LPUSH", LIST, &job])?) {
            Step::Refused => tally.refused += 1,
            Step::Done | Step::Missed => {
                pushed.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
    Ok(tally)
}

fn take(door: &Door, schedule: Schedule) -> io::Result<Tally> {
    let mut client = Client::open(door)?;
    let mut tally = Tally::new();
    while let Answer::List(items) = client.call(&[b"BRPOP", LIST, b"10"])? {
        let Some(Answer::Bytes(job)) = items.get(1) else { break };
        let Some(due) = due_in(job) else { break };
        tally.done += 1;
        tally.latencies.saturating_record(since(schedule.start + due));
    }
    tally.elapsed = schedule.start.elapsed();
    Ok(tally)
}
