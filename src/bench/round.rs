//! One round: a server for each side, filled and warmed up, and load on them by turns.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use super::client::{Answer, Client, Door};
use super::dice::{Dice, Zipf};
use super::keyspace::{self, Cache, Hashes, Values};
use super::load::{Latencies, Schedule, Tally, closed, latencies, open};
use super::machine::Watch;
use super::plan::{Effort, Saves, Shape, Workload};
use super::pubsub::{Heard, When, talk};
use super::queue;
use super::run::{BenchError, Run, Side};
use crate::live::{Booted, Program, boot};

/// A server of a side, filled, and the way to it.
struct Home {
    booted: Booted,
    door: Door,
    control: Client,
}

fn settle(program: &Program, side: &Side, shape: &Shape) -> Result<Home, BenchError> {
    let name = || side.name.clone();
    let mut booted = boot(program, &side.start).map_err(|why| BenchError::Boot { side: name(), why })?;
    booted.connection().map_err(|why| BenchError::Login { side: name(), why })?;
    let login = side.start.login.as_ref().map(|login| (login.user.clone(), login.password.clone()));
    let door = Door { at: booted.socket(), login };
    let fill = || {
        let mut client = Client::open(&door)?;
        match shape.workload {
            Workload::Cache => keyspace::fill_cache(&mut client, shape)?,
            Workload::Kb => keyspace::fill_hashes(&mut client, shape)?,
            Workload::Pubsub | Workload::Queue => {}
        }
        Ok(client)
    };
    let control = fill().map_err(|why| broken(side, why))?;
    Ok(Home { booted, door, control })
}

/// How many requests a second a side takes as fast as it can.
pub(super) fn capacity(
    program: &Program,
    side: &Side,
    shape: &Shape,
    effort: &Effort,
    watch: &mut Watch,
) -> Result<f64, BenchError> {
    let home = settle(program, side, shape)?;
    let length = effort.warm_up.max(Duration::from_millis(100));
    let full = at_full_speed(&home.door, side, shape, length, 0);
    let full = full.map_err(|why| broken(side, why))?;
    watch.add(home.booted.pid());
    home.booted.end();
    Ok(full.sent)
}

/// One round: both servers, and load on them by turns.
///
/// The turns are short, so that what the machine does meanwhile meets both sides alike.
pub(super) fn once(
    program: &Program,
    sides: &[Side; 2],
    first: usize,
    shape: &Shape,
    effort: &Effort,
    rate: f64,
    watch: &mut Watch,
) -> Result<([Run; 2], Vec<String>), BenchError> {
    let mut homes = [settle(program, &sides[0], shape)?, settle(program, &sides[1], shape)?];
    let turns = turns(shape, effort.duration);
    let length = effort.duration / turns;
    let names = counters(shape.workload);
    let mut before: [Vec<Option<u64>>; 2] = [Vec::new(), Vec::new()];
    for (at, home) in homes.iter_mut().enumerate() {
        let mut warm = || {
            at_full_speed(&home.door, &sides[at], shape, effort.warm_up, 1)?;
            home.control.info(names)
        };
        before[at] = warm().map_err(|why| broken(&sides[at], why))?;
    }
    let mut full = [Total::new(), Total::new()];
    let mut due = [Total::new(), Total::new()];
    for turn in 0..turns {
        for at in by_turns(first, turn) {
            full_turn(&mut homes[at], &sides[at], shape, length, turn, &mut full[at])
                .map_err(|why| broken(&sides[at], why))?;
        }
    }
    for turn in 0..turns {
        for at in by_turns(first, turn) {
            due_turn(&mut homes[at], &sides[at], shape, rate, length, &mut due[at])
                .map_err(|why| broken(&sides[at], why))?;
        }
    }
    let mut runs = Vec::new();
    let overridden = homes[0].booted.overridden().to_vec();
    for (at, mut home) in homes.into_iter().enumerate() {
        let after = home.control.info(names).map_err(|why| broken(&sides[at], why))?;
        watch.add(home.booted.pid());
        home.booted.end();
        let mut counts: Vec<(&'static str, u64)> = Vec::new();
        for ((name, before), after) in names.iter().zip(&before[at]).zip(after) {
            if let (Some(before), Some(after)) = (before, after) {
                counts.push((name, if is_gauge(name) { after } else { after.saturating_sub(*before) }));
            }
        }
        for (name, count) in full[at].counts.iter().chain(&due[at].counts) {
            add(&mut counts, name, *count);
        }
        runs.push(Run { throughput: full[at].done / full[at].seconds, latencies: due[at].latencies.clone(), counts });
    }
    let b = runs.pop().expect("there are two sides");
    let a = runs.pop().expect("there are two sides");
    Ok(([a, b], overridden))
}

/// How many turns a measurement is divided into. Background saves go on beyond a turn, so they get one long one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most an hour")]
fn turns(shape: &Shape, length: Duration) -> u32 {
    if shape.workload == Workload::Kb { 1 } else { ((length.as_secs_f64() / TURN).round() as u32).max(1) }
}

/// The length of a turn that is aimed at, in seconds.
const TURN: f64 = 0.1;

/// Who comes first, and who then, in a turn.
fn by_turns(first: usize, turn: u32) -> [usize; 2] {
    let first = if turn.is_multiple_of(2) { first } else { 1 - first };
    [first, 1 - first]
}

fn broken(side: &Side, why: io::Error) -> BenchError {
    BenchError::Load { side: side.name.clone(), why }
}

/// What the turns of a round gave together.
struct Total {
    done: f64,
    seconds: f64,
    latencies: Latencies,
    counts: Vec<(&'static str, u64)>,
}

impl Total {
    fn new() -> Self {
        Self { done: 0.0, seconds: 0.0, latencies: latencies(), counts: Vec::new() }
    }
}

fn full_turn(
    home: &mut Home,
    side: &Side,
    shape: &Shape,
    length: Duration,
    turn: u32,
    total: &mut Total,
) -> io::Result<()> {
    save(&mut home.control, shape)?;
    let full = at_full_speed(&home.door, side, shape, length, 10 + u64::from(turn))?;
    end_of_save(&mut home.control, shape)?;
    total.done += full.done * full.seconds;
    total.seconds += full.seconds;
    add(&mut total.counts, "refused", full.refused);
    for (name, count) in full.counts {
        add(&mut total.counts, name, count);
    }
    Ok(())
}

fn due_turn(
    home: &mut Home,
    side: &Side,
    shape: &Shape,
    rate: f64,
    length: Duration,
    total: &mut Total,
) -> io::Result<()> {
    save(&mut home.control, shape)?;
    let (tally, counts) = on_schedule(&home.door, side, shape, rate, length)?;
    end_of_save(&mut home.control, shape)?;
    total.latencies.add(&tally.latencies).expect("all histograms have the same bounds");
    add(&mut total.counts, "refused", tally.refused);
    add(&mut total.counts, "not sent in time", tally.unsent);
    for (name, count) in counts {
        add(&mut total.counts, name, count);
    }
    Ok(())
}

/// Adds to a count, or begins it.
pub(super) fn add(counts: &mut Vec<(&'static str, u64)>, name: &'static str, more: u64) {
    match counts.iter_mut().find(|(own, _)| *own == name) {
        Some((_, count)) if is_gauge(name) => *count = (*count).max(more),
        Some((_, count)) => *count += more,
        None => counts.push((name, more)),
    }
}

/// Whether a counter of the server is the last value of something, and no sum.
fn is_gauge(name: &str) -> bool {
    name.starts_with("rdb_last") || name.starts_with("latest")
}

/// The server's own counters that belong to a workload.
fn counters(workload: Workload) -> &'static [&'static str] {
    match workload {
        Workload::Cache => &["keyspace_hits", "keyspace_misses", "evicted_keys", "expired_keys"],
        Workload::Kb => &["rdb_saves", "rdb_last_cow_size", "latest_fork_usec"],
        Workload::Pubsub | Workload::Queue => &[],
    }
}

/// Asks for a background save, where the workload has one. That one is running already is no harm.
fn save(control: &mut Client, shape: &Shape) -> io::Result<()> {
    if shape.workload == Workload::Kb && shape.saves == Saves::Forced {
        let _: Answer = control.call(&[b"BGSAVE"])?;
    }
    Ok(())
}

/// Waits until a background save has ended, so that it is no burden to the other side.
fn end_of_save(control: &mut Client, shape: &Shape) -> io::Result<()> {
    if shape.workload != Workload::Kb {
        return Ok(());
    }
    let until = Instant::now() + LONGEST_SAVE;
    while control.info(&["rdb_bgsave_in_progress"])?[0] == Some(1) && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// The longest wait for a background save.
const LONGEST_SAVE: Duration = Duration::from_secs(120);

/// What a load as fast as possible gave.
struct Full {
    seconds: f64,
    /// Requests, jobs, or messages that arrived, a second.
    done: f64,
    /// What may be sent a second: messages instead of their receipts.
    sent: f64,
    refused: u64,
    counts: Vec<(&'static str, u64)>,
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run")]
fn at_full_speed(door: &Door, side: &Side, shape: &Shape, length: Duration, part: u64) -> io::Result<Full> {
    let of = |tally: Tally| Full {
        seconds: tally.elapsed.as_secs_f64(),
        done: tally.rate(),
        sent: tally.rate(),
        refused: tally.refused,
        counts: Vec::new(),
    };
    match shape.workload {
        Workload::Cache => {
            let (zipf, values) = (Zipf::new(shape.keys), Values::new(shape));
            closed(door, shape.clients, length, |worker| {
                Cache::new(shape, &zipf, &values, dice_of(shape, part, worker))
            })
            .map(of)
        }
        Workload::Kb => {
            let values = Values::new(shape);
            closed(door, shape.clients, length, |worker| Hashes {
                shape,
                values: &values,
                dice: dice_of(shape, part, worker),
            })
            .map(of)
        }
        Workload::Queue => queue::back_and_forth(door, shape, length).map(of),
        Workload::Pubsub => {
            let heard = talk(door, shape, side.connect, When::AtOnce(length))?;
            let each = (heard.addressed as f64 / heard.published.max(1) as f64).max(1.0);
            let done = heard.received.rate();
            let seconds = heard.received.elapsed.as_secs_f64();
            Ok(Full { seconds, done, sent: done / each, refused: 0, counts: counts_of(&heard) })
        }
    }
}

fn on_schedule(
    door: &Door,
    side: &Side,
    shape: &Shape,
    rate: f64,
    length: Duration,
) -> io::Result<(Tally, Vec<(&'static str, u64)>)> {
    match shape.workload {
        Workload::Cache => {
            let (zipf, values) = (Zipf::new(shape.keys), Values::new(shape));
            let tally = open(door, shape.clients, Schedule::soon(rate, length), |worker| {
                Cache::new(shape, &zipf, &values, dice_of(shape, 3, worker))
            })?;
            Ok((tally, Vec::new()))
        }
        Workload::Kb => {
            let values = Values::new(shape);
            let tally = open(door, shape.clients, Schedule::soon(rate, length), |worker| Hashes {
                shape,
                values: &values,
                dice: dice_of(shape, 3, worker),
            })?;
            Ok((tally, Vec::new()))
        }
        Workload::Queue => {
            let (tally, lost) = queue::on_schedule(door, shape, Schedule::soon(rate, length))?;
            Ok((tally, vec![("lost", lost)]))
        }
        Workload::Pubsub => {
            let heard = talk(door, shape, side.connect, When::Due(Schedule::soon(rate, length)))?;
            let counts = counts_of(&heard);
            Ok((heard.received, counts))
        }
    }
}

fn counts_of(heard: &Heard) -> Vec<(&'static str, u64)> {
    let mut counts = vec![
        ("published", heard.published),
        ("addressed", heard.addressed),
        ("received", heard.received.done),
        ("lost", heard.lost),
        ("cut off", heard.cut),
    ];
    counts.extend(heard.counted_cut.map(|count| ("cut off, by the server's count", count)));
    counts
}

fn dice_of(shape: &Shape, part: u64, worker: usize) -> Dice {
    Dice::new(shape.seed, (part << 32) + u64::try_from(worker).unwrap_or(0) + 1000)
}
