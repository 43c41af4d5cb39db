//! Carrying out a plan on a running server, group by group, or leaving the server as it was.
//!
//! Before each group the values it touches are read again: what somebody else has changed since makes the plan stale. After
//! each group they are read back, the effect is waited for, and the server's health is looked at. If anything fails, what
//! was set is taken back in reverse, and the values that are then there decide what is reported, never what we hope.

mod back;
mod grip;
mod health;

use std::thread;
use std::time::{Duration, Instant};

use super::ask::Ask;
use super::connection::ConnectionError;
use super::observe::{Met, ObserveError, Reach};
use super::reply::Reply;
use crate::plan::{Cleared, Done, Plan, Step};
use crate::snapshot::Info;
use grip::Grip;
use health::{Health, number};

/// How the name of a connection begins that applies a plan. It is the lock: it goes with the connection.
pub const LOCK: &str = "redisconf-apply-";

/// How plans are carried out.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// How long an effect is waited for.
    pub patience: Duration,
    /// In how many percent of its value `maxmemory` is lowered at a time; all at once without.
    pub stride: Option<u8>,
    /// How often a lost connection is made again, to see how things stand.
    pub attempts: u32,
}

/// What happens, as it happens. Each is recorded before the next thing is done.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// These are about to be sent.
    Setting(&'a [Step]),
    /// These are set and read back.
    Set(&'a [Step]),
    /// An effect is waited for.
    Waiting(&'a Step),
    /// `maxmemory` is at a value on the way.
    Lowered(u64),
    /// These are about to be taken back.
    TakingBack(&'a [&'a Step]),
    /// These have their old values again.
    TakenBack(&'a [&'a Step]),
}

/// Who is told what happens. An error stops everything: what cannot be recorded is not done.
pub type Record<'a> = dyn FnMut(Event<'_>) -> Result<(), String> + 'a;

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How the server is left.
    pub state: Left,
    /// Why it is not as planned.
    pub reason: Option<String>,
    /// Directives that are set.
    pub set: Vec<&'static str>,
    /// How many keys went meanwhile, by eviction.
    pub evicted: u64,
}

/// How a server is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// As planned.
    AsPlanned,
    /// As it was before.
    AsBefore,
    /// Neither.
    Between,
    /// Nobody knows: it does not answer any more.
    Unknown,
}

/// Why something failed on the way.
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("it could not be recorded, so it was not done: {0}")]
    Record(String),
    #[error("{0}")]
    Connection(#[from] ConnectionError),
    #[error("{0}")]
    Observe(#[from] ObserveError),
    #[error("the server refused {names}: {answer}")]
    Refused { names: String, answer: String },
    #[error("`{name}` was set, and the server shows another value")]
    NotShown { name: &'static str },
    #[error("`{name}` is not what it was when the plan was made: somebody else changed it")]
    Stale { name: &'static str },
    #[error("another process answers than the plan was made for: it was restarted, or replaced")]
    Restarted,
    #[error("{0}")]
    Other(String),
}

/// Carries the plan out.
pub fn apply(plan: Cleared<'_>, reach: &Reach<'_>, manner: Manner, record: &mut Record<'_>) -> Ended {
    let plan = plan.plan();
    let mut hand = Hand { plan, grip: Grip::new(plan, reach), manner, set: Vec::new(), evicted_before: 0 };
    match hand.all(record) {
        Ok(evicted) => Ended { state: Left::AsPlanned, reason: None, set: names(&hand.set), evicted },
        Err(stop) => hand.withdraw(&stop, record),
    }
}

fn names(steps: &[&Step]) -> Vec<&'static str> {
    steps.iter().map(|step| step.name).collect()
}

struct Hand<'a> {
    plan: &'a Plan,
    grip: Grip<'a>,
    manner: Manner,
    /// What was sent, whether or not an answer came.
    set: Vec<&'a Step>,
    evicted_before: u64,
}

impl<'a> Hand<'a> {
    fn all(&mut self, record: &mut Record<'_>) -> Result<u64, Stop> {
        let met = self.grip.met()?;
        let before = Health::of(met.info());
        self.evicted_before = number(met.info(), "evicted_keys");
        let plan = self.plan;
        for group in &plan.groups {
            self.check_fresh(group)?;
            record(Event::Setting(group)).map_err(Stop::Record)?;
            self.send(group, record)?;
            self.read_back(group)?;
            record(Event::Set(group)).map_err(Stop::Record)?;
            for step in group {
                self.wait_for(step, record)?;
            }
            let info = self.grip.info()?;
            before.compare(&Health::of(&info)).map_err(Stop::Other)?;
        }
        let info = self.grip.info()?;
        Ok(number(&info, "evicted_keys").saturating_sub(self.evicted_before))
    }

    fn check_fresh(&mut self, group: &[Step]) -> Result<(), Stop> {
        let names: Vec<&'static str> = group.iter().map(|step| step.name).collect();
        let values = self.grip.values(&names)?;
        let is_as_observed =
            |step: &&Step| values.get(step.name).is_some_and(|value| self.plan.is_same(step.name, value, &step.was));
        match group.iter().find(|step| !is_as_observed(step)) {
            Some(step) => Err(Stop::Stale { name: step.name }),
            None => Ok(()),
        }
    }

    fn send(&mut self, group: &'a [Step], record: &mut Record<'_>) -> Result<(), Stop> {
        if let ([step], Some(stride)) = (group, self.manner.stride)
            && step.name == "maxmemory"
            && !step.hazards.is_empty()
        {
            return self.lower(step, stride, record);
        }
        if self.plan.is_atomic() {
            self.set.extend(group);
            for step in group {
                self.grip.expects(step);
            }
            let pairs: Vec<(&str, &[u8])> = group.iter().map(|step| (step.name, step.send.as_slice())).collect();
            return self.config_set(&pairs);
        }
        for step in group {
            self.set.push(step);
            self.grip.expects(step);
            self.config_set(&[(step.name, &step.send)])?;
        }
        Ok(())
    }

    fn config_set(&mut self, pairs: &[(&str, &[u8])]) -> Result<(), Stop> {
        let names = || pairs.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        match self.grip.held()?.ask(Ask::ConfigSet(pairs))? {
            Reply::Status(text) if text == "OK" => Ok(()),
            Reply::Error(answer) => Err(Stop::Refused { names: names(), answer: without_values(&answer, pairs) }),
            Reply::Status(_) | Reply::Integer(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_) => {
                Err(Stop::Other(format!("the answer to CONFIG SET of {} is none that a server gives", names())))
            }
        }
    }

    /// Lowers `maxmemory` a little at a time, and lets the server evict between.
    fn lower(&mut self, step: &'a Step, stride: u8, record: &mut Record<'_>) -> Result<(), Stop> {
        let (to, was) = (bytes(&step.send), bytes(&step.was));
        let used = number(&self.grip.info()?, "used_memory");
        let start = if was == 0 { used } else { was.min(used) };
        self.set.push(step);
        let mut at = start;
        while at > to {
            at = at.saturating_sub((start / 100).max(1).saturating_mul(u64::from(stride.max(1)))).max(to);
            let text = at.to_string();
            self.config_set(&[(step.name, text.as_bytes())])?;
            self.settle(at)?;
            record(Event::Lowered(at)).map_err(Stop::Record)?;
        }
        self.config_set(&[(step.name, &step.send)])
    }

    /// Waits until the data fits, or no more is evicted: servers evict a little at a time.
    fn settle(&mut self, limit: u64) -> Result<(), Stop> {
        let until = Instant::now() + self.manner.patience;
        let (mut last, mut still) = (None, 0);
        loop {
            let info = self.patient_info()?;
            let used = number(&info, "used_memory").saturating_sub(number(&info, "mem_not_counted_for_evict"));
            let evicted = number(&info, "evicted_keys");
            still = if last == Some(evicted) { still + 1 } else { 0 };
            if (used <= limit && still >= 1) || still >= 3 || Instant::now() >= until {
                return Ok(());
            }
            last = Some(evicted);
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn read_back(&mut self, group: &'a [Step]) -> Result<(), Stop> {
        let names: Vec<&'static str> = group.iter().map(|step| step.name).collect();
        let values = self.grip.values(&names)?;
        let is_set =
            |step: &&Step| values.get(step.name).is_some_and(|value| self.plan.is_same(step.name, value, &step.send));
        match group.iter().find(|step| !is_set(step)) {
            Some(step) => Err(Stop::NotShown { name: step.name }),
            None => Ok(()),
        }
    }

    /// INFO, where waiting is long enough that a connection may be lost meanwhile: it is made again.
    fn patient_info(&mut self) -> Result<Info, Stop> {
        let mut attempt = 0;
        loop {
            match self.grip.info() {
                Err(Stop::Connection(_) | Stop::Observe(ObserveError::Connection(_)))
                    if attempt < self.manner.attempts =>
                {
                    self.grip.drop();
                    thread::sleep(self.grip.pause(attempt));
                    attempt += 1;
                }
                other => return other,
            }
        }
    }

    fn wait_for(&mut self, step: &'a Step, record: &mut Record<'_>) -> Result<(), Stop> {
        match step.done {
            Done::ReadBack if step.name == "maxmemory" && !step.hazards.is_empty() => {
                record(Event::Waiting(step)).map_err(Stop::Record)?;
                self.settle(bytes(&step.send))
            }
            Done::ReadBack => Ok(()),
            Done::Rewritten => {
                record(Event::Waiting(step)).map_err(Stop::Record)?;
                self.wait_for_rewrite()
            }
            Done::Reachable => {
                record(Event::Waiting(step)).map_err(Stop::Record)?;
                self.grip.meet().map(drop).map_err(|error| {
                    Stop::Other(format!("with the new `{}` nobody gets in any more: {error}", step.name))
                })
            }
        }
    }

    /// Until the first rewrite has ended well, a restart from the new file would find an empty log.
    fn wait_for_rewrite(&mut self) -> Result<(), Stop> {
        let until = Instant::now() + self.manner.patience;
        while is_rewriting(&self.patient_info()?).map_err(Stop::Other)? {
            if Instant::now() >= until {
                return Err(Stop::Other(unended(self.manner.patience)));
            }
            thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }
}

/// Waits for a rewrite of the append-only file that another run has begun.
///
/// # Errors
/// When it failed, takes too long, or the server does not answer.
pub fn wait_for_rewrite(reach: &Reach<'_>, patience: Duration) -> Result<(), String> {
    let until = Instant::now() + patience;
    let mut met = Met::meet(reach).map_err(|error| error.to_string())?;
    while is_rewriting(met.info())? {
        if Instant::now() >= until {
            return Err(unended(patience));
        }
        thread::sleep(Duration::from_millis(200));
        met.refresh().map_err(|error| error.to_string())?;
    }
    Ok(())
}

fn unended(patience: Duration) -> String {
    format!("the rewrite of the append-only file has not ended within {} s", patience.as_secs())
}

/// Whether the append-only file is not complete yet.
fn is_rewriting(info: &Info) -> Result<bool, String> {
    let is = |name: &str, value: &str| info.get(name).is_some_and(|said| said == value);
    if is("aof_rewrite_in_progress", "1") || is("aof_rewrite_scheduled", "1") {
        return Ok(true); // what the last one came to does not matter: it was another
    }
    if is("aof_last_bgrewrite_status", "err") || is("aof_last_write_status", "err") {
        return Err("the rewrite of the append-only file failed: see the server's log".into());
    }
    Ok(!is("aof_enabled", "1"))
}

fn bytes(text: &[u8]) -> u64 {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// A refusal without the values that older servers repeat in it.
fn without_values(answer: &str, pairs: &[(&str, &[u8])]) -> String {
    let mut text = answer.to_owned();
    for (_, value) in pairs {
        if let Ok(value) = std::str::from_utf8(value)
            && !value.is_empty()
        {
            text = text.replace(value, "…");
        }
    }
    text
}
