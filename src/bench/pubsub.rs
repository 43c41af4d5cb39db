//! Messages from publishers to subscribers: how late they come, and whether they come at all.
//!
//! A message is lost if PUBLISH was answered and a subscriber of its channel that reads never got it. Who was cut off is
//! counted by who is missing in the server's own list, and held against its counter where the version has one.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Answer, Client, Door};
use super::load::{Schedule, Tally, since, wait_until};
use super::message::{due_in, message};
use super::plan::{Connect, Shape};

/// How long a subscriber waits for a message that should have come.
const PATIENCE: Duration = Duration::from_secs(5);

/// When messages are published.
#[derive(Clone, Copy)]
pub(super) enum When {
    /// Each publisher its next one when the last is answered, for so long.
    AtOnce(Duration),
    /// On a schedule.
    Due(Schedule),
}

/// What came of it.
pub(super) struct Heard {
    /// Messages that were received, how late, and in which time.
    pub(super) received: Tally,
    pub(super) published: u64,
    /// Receivers, summed over the answers to PUBLISH.
    pub(super) addressed: u64,
    pub(super) lost: u64,
    /// Subscribers whose connection the server closed.
    pub(super) cut: u64,
    /// The same in the server's own words, from Redis 7.4 and Valkey 8.0 on.
    pub(super) counted_cut: Option<u64>,
}

const CUT: &str = "client_output_buffer_limit_disconnections";

/// Publishes, listens, and waits until all have heard the end.
pub(super) fn talk(door: &Door, shape: &Shape, connect: Connect, when: When) -> io::Result<Heard> {
    let mut control = Client::open(door)?;
    let before = control.info(&[CUT])?[0];
    let start = match when {
        When::AtOnce(_) => Instant::now(),
        When::Due(schedule) => schedule.start,
    };
    let subscribe = |number: usize| {
        let mut client = Client::patient(door, PATIENCE)?;
        client.call(&[b"SUBSCRIBE", channel(number % shape.channels).as_bytes()])?;
        Ok(client)
    };
    let listeners: Vec<Client> = (0..shape.receivers).map(subscribe).collect::<io::Result<_>>()?;
    let stalled: Vec<Client> = (0..shape.stalled).map(subscribe).collect::<io::Result<_>>()?;
    let published: Vec<AtomicU64> = (0..shape.channels).map(|_| AtomicU64::new(0)).collect();
    let addressed = AtomicU64::new(0);
    let (received, listeners) = thread::scope(|scope| {
        let listening: Vec<_> =
            listeners.into_iter().map(|client| scope.spawn(move || listen(client, start))).collect();
        let (published, addressed) = (&published, &addressed);
        let speaking: Vec<_> = (0..shape.clients)
            .map(|worker| scope.spawn(move || speak(door, shape, connect, when, worker, published, addressed)))
            .collect();
        let mut unsent = 0;
        for one in speaking {
            unsent += one.join().expect("a publisher does not panic")?;
        }
        for number in 0..shape.channels {
            control.call(&[b"PUBLISH", channel(number).as_bytes(), b"end"])?;
        }
        let mut all = Tally::new();
        let mut listeners = Vec::new();
        let mut each = Vec::new();
        for one in listening {
            let (heard, client) = one.join().expect("a subscriber does not panic");
            all.join(&heard);
            each.push(heard.done);
            listeners.push(client);
        }
        all.unsent = unsent;
        io::Result::Ok(((all, each), listeners))
    })?;
    let still_there = match control.call(&[b"CLIENT", b"LIST", b"TYPE", b"pubsub"])? {
        Answer::Bytes(lines) => memchr::memchr_iter(b'\n', &lines).count(),
        Answer::Status | Answer::Error(_) | Answer::Integer(_) | Answer::Nil | Answer::List(_) => 0,
    };
    let after = control.info(&[CUT])?[0];
    let all = listeners.len() + stalled.len();
    let (received, each) = received;
    let counts: Vec<u64> = published.iter().map(|count| count.load(Ordering::SeqCst)).collect();
    let expected =
        each.iter().enumerate().map(|(number, heard)| counts[number % shape.channels].saturating_sub(*heard));
    Ok(Heard {
        lost: expected.sum(),
        received,
        published: counts.iter().sum(),
        addressed: addressed.load(Ordering::SeqCst),
        cut: u64::try_from(all.saturating_sub(still_there)).unwrap_or(u64::MAX),
        counted_cut: before.zip(after).map(|(before, after)| after.saturating_sub(before)),
    })
}

fn channel(number: usize) -> String {
    format!("news:{number}")
}

/// Hears messages until the last one, or until it is cut off.
fn listen(mut client: Client, start: Instant) -> (Tally, Client) {
    let mut tally = Tally::new();
    while let Ok(Answer::List(items)) = client.answer() {
        let Some(Answer::Bytes(text)) = items.get(2) else { break };
        let Some(due) = due_in(text) else { break };
        tally.done += 1;
        tally.latencies.saturating_record(since(start + due));
    }
    tally.elapsed = start.elapsed();
    (tally, client)
}

/// Publishes, and tells how many messages that were due were not sent.
fn speak(
    door: &Door,
    shape: &Shape,
    connect: Connect,
    when: When,
    worker: usize,
    published: &[AtomicU64],
    addressed: &AtomicU64,
) -> io::Result<u64> {
    let mut kept = Client::open(door)?;
    let mut number = worker;
    let mut send = |due: Duration| -> io::Result<()> {
        let text = message(due, shape.value_size);
        let to = number % shape.channels;
        let name = channel(to);
        let words: [&[u8]; 3] = [b"PUBLISH", name.as_bytes(), &text];
        let answer = match connect {
            Connect::Pooled => kept.call(&words)?,
            Connect::PerMessage => Client::open(door)?.call(&words)?,
        };
        if let Answer::Integer(receivers) = answer {
            published[to].fetch_add(1, Ordering::SeqCst);
            addressed.fetch_add(u64::try_from(receivers).unwrap_or(0), Ordering::SeqCst);
        }
        number += 1;
        Ok(())
    };
    match when {
        When::AtOnce(length) => {
            let start = Instant::now();
            while start.elapsed() < length {
                send(start.elapsed())?;
            }
            Ok(0)
        }
        When::Due(schedule) => {
            let mut unsent = 0;
            for due in schedule.turns(worker, shape.clients) {
                if Instant::now() > schedule.end() {
                    unsent += 1;
                } else {
                    wait_until(due);
                    send(due - schedule.start)?;
                }
            }
            Ok(unsent)
        }
    }
}
