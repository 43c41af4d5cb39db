//! Carrying out a plan on a running server, group by group, or leaving the server as it was.
//!
//! Before each group the values it touches are read again: what somebody else has changed since makes the plan stale. After
//! each group they are read back, the effect is waited for, and the server's health is looked at. If anything fails, what
//! was set is taken back in reverse, and the values that are then there decide what is reported, never what we hope.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use super::ask::Ask;
use super::connection::ConnectionError;
use super::observe::{Met, ObserveError, Reach};
use super::reply::Reply;
use crate::plan::{Cleared, Done, Plan, Step};

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
    #[error("{0}")]
    Other(String),
}

/// Carries the plan out.
pub fn apply(plan: Cleared<'_>, reach: &Reach<'_>, manner: Manner, record: &mut Record<'_>) -> Ended {
    let plan = plan.plan();
    let mut hand = Hand { plan, reach, manner, met: None, set: Vec::new(), evicted_before: 0 };
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
    reach: &'a Reach<'a>,
    manner: Manner,
    met: Option<Met>,
    /// What was sent, whether or not an answer came.
    set: Vec<&'a Step>,
    evicted_before: u64,
}

impl<'a> Hand<'a> {
    fn all(&mut self, record: &mut Record<'_>) -> Result<u64, Stop> {
        let met = Met::meet(self.reach)?;
        self.check_identity(&met)?;
        let before = Health::of(met.info());
        self.evicted_before = number(met.info(), "evicted_keys");
        self.met = Some(met);
        self.lock()?;
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
            let info = self.info()?;
            before.compare(&Health::of(&info)).map_err(Stop::Other)?;
        }
        let info = self.info()?;
        Ok(number(&info, "evicted_keys").saturating_sub(self.evicted_before))
    }

    fn met(&mut self) -> Result<&mut Met, Stop> {
        if self.met.as_ref().is_none_or(|met| !met.is_alive()) {
            let met = Met::meet(self.reach)?;
            self.check_identity(&met)?;
            self.met = Some(met);
        }
        Ok(self.met.as_mut().expect("it was just made"))
    }

    fn check_identity(&self, met: &Met) -> Result<(), Stop> {
        let of = &self.plan.of;
        let field = |name: &str| met.info().get(name).map_or("", String::as_str);
        if field("run_id") != of.run_id {
            return Err(Stop::Other(
                "another process answers than the plan was made for: it was restarted, or replaced".into(),
            ));
        }
        if field("role") != of.role {
            return Err(Stop::Other("its role has changed since the plan was made".into()));
        }
        Ok(())
    }

    /// Says who we are, and looks whether somebody else is at it.
    fn lock(&mut self) -> Result<(), Stop> {
        let ours = format!("{LOCK}{}", std::process::id());
        let met = self.met()?;
        for (what, ask) in [("CLIENT SETNAME", Ask::SetName(&ours)), ("CLIENT LIST", Ask::ClientList)] {
            match met.ask(ask)? {
                Reply::Error(answer) => {
                    return Err(Stop::Other(format!(
                        "without {what} nobody can tell whether another apply is running: {answer}"
                    )));
                }
                Reply::Bytes(list) => {
                    let list = String::from_utf8_lossy(&list).into_owned();
                    let others = list
                        .split_ascii_whitespace()
                        .filter(|word| word.strip_prefix("name=").is_some_and(|name| name.starts_with(LOCK)));
                    if others.count() > 1 {
                        return Err(Stop::Other(
                            "another apply is running on this server (see its CLIENT LIST)".into(),
                        ));
                    }
                }
                Reply::Status(_) | Reply::Integer(_) | Reply::Nil | Reply::List(_) => {}
            }
        }
        Ok(())
    }

    fn values(&mut self, names: &[&'static str]) -> Result<BTreeMap<String, Vec<u8>>, Stop> {
        let observed = self.met()?.observe(names)?;
        if let Some(denied) = observed.denied {
            return Err(Stop::Other(denied.to_string()));
        }
        Ok(observed.snapshot.config().iter().cloned().collect())
    }

    fn check_fresh(&mut self, group: &[Step]) -> Result<(), Stop> {
        let names: Vec<&'static str> = group.iter().map(|step| step.name).collect();
        let values = self.values(&names)?;
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
            let pairs: Vec<(&str, &[u8])> = group.iter().map(|step| (step.name, step.send.as_slice())).collect();
            return self.config_set(&pairs);
        }
        for step in group {
            self.set.push(step);
            self.config_set(&[(step.name, &step.send)])?;
        }
        Ok(())
    }

    fn config_set(&mut self, pairs: &[(&str, &[u8])]) -> Result<(), Stop> {
        let names = || pairs.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        // Not through `met`, which would connect again: what is sent twice could be seen in between.
        let met = self.met.as_mut().ok_or_else(|| Stop::Other("the connection is gone".into()))?;
        match met.ask(Ask::ConfigSet(pairs))? {
            Reply::Status(text) if text == "OK" => Ok(()),
            Reply::Error(answer) => Err(Stop::Refused { names: names(), answer: without_values(&answer, pairs) }),
            Reply::Status(_) | Reply::Integer(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_) => {
                Err(Stop::Other(format!("the answer to CONFIG SET of {} is none that a server gives", names())))
            }
        }
    }

    /// Lowers `maxmemory` a little at a time, and lets the server evict between.
    fn lower(&mut self, step: &'a Step, stride: u8, record: &mut Record<'_>) -> Result<(), Stop> {
        let number =
            |text: &[u8]| std::str::from_utf8(text).ok().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let (to, was) = (number(&step.send), number(&step.was));
        let used = self.info()?.get("used_memory").and_then(|text| text.parse().ok()).unwrap_or(was);
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

    /// Waits until the data fits, or no more is evicted.
    fn settle(&mut self, limit: u64) -> Result<(), Stop> {
        let until = Instant::now() + self.manner.patience;
        let mut last = None;
        loop {
            let info = self.info()?;
            let used = number(&info, "used_memory").saturating_sub(number(&info, "mem_not_counted_for_evict"));
            let evicted = number(&info, "evicted_keys");
            if used <= limit || last == Some(evicted) || Instant::now() >= until {
                return Ok(());
            }
            last = Some(evicted);
            thread::sleep(Duration::from_millis(100));
        }
    }

    fn read_back(&mut self, group: &'a [Step]) -> Result<(), Stop> {
        let names: Vec<&'static str> = group.iter().map(|step| step.name).collect();
        let values = self.values(&names)?;
        let is_set =
            |step: &&Step| values.get(step.name).is_some_and(|value| self.plan.is_same(step.name, value, &step.send));
        match group.iter().find(|step| !is_set(step)) {
            Some(step) => Err(Stop::NotShown { name: step.name }),
            None => Ok(()),
        }
    }

    fn info(&mut self) -> Result<BTreeMap<String, String>, Stop> {
        Ok(self.met()?.refresh()?.clone())
    }

    fn wait_for(&mut self, step: &'a Step, record: &mut Record<'_>) -> Result<(), Stop> {
        match step.done {
            Done::ReadBack => Ok(()),
            Done::Rewritten => {
                record(Event::Waiting(step)).map_err(Stop::Record)?;
                self.wait_for_rewrite()
            }
            Done::Reachable => {
                record(Event::Waiting(step)).map_err(Stop::Record)?;
                let met = Met::meet(self.reach).map_err(|error| {
                    Stop::Other(format!("with the new `{}` nobody gets in any more: {error}", step.name))
                })?;
                self.check_identity(&met)
            }
        }
    }

    /// Until the first rewrite has ended well, a restart from the new file would find an empty log.
    fn wait_for_rewrite(&mut self) -> Result<(), Stop> {
        let until = Instant::now() + self.manner.patience;
        loop {
            let info = self.info()?;
            let is = |name: &str, value: &str| info.get(name).is_some_and(|said| said == value);
            let is_going_on = is("aof_rewrite_in_progress", "1") || is("aof_rewrite_scheduled", "1");
            if is("aof_last_bgrewrite_status", "err") || is("aof_last_write_status", "err") {
                return Err(Stop::Other("the rewrite of the append-only file failed: see the server's log".into()));
            }
            if !is_going_on && is("aof_enabled", "1") {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(Stop::Other(format!(
                    "the rewrite of the append-only file has not ended within {} s",
                    self.manner.patience.as_secs()
                )));
            }
            thread::sleep(Duration::from_millis(200));
        }
    }

    /// Takes everything back, last first, and looks how the server then is.
    fn withdraw(mut self, stop: &Stop, record: &mut Record<'_>) -> Ended {
        let reason = Some(stop.to_string());
        let sent: Vec<&'a Step> = self.set.iter().rev().copied().collect();
        if sent.is_empty() {
            return Ended { state: Left::AsBefore, reason, set: Vec::new(), evicted: 0 };
        }
        // What was recorded as begun stays on record even if this cannot be recorded any more.
        let _ = record(Event::TakingBack(&sent));
        for attempt in 0..self.manner.attempts.max(1) {
            if attempt > 0 {
                thread::sleep(Duration::from_millis(100 << attempt.min(5)));
            }
            let Ok(left) = self.take_back(&sent) else {
                self.met = None;
                continue;
            };
            let evicted =
                self.info().map_or(0, |info| number(&info, "evicted_keys")).saturating_sub(self.evicted_before);
            if left.is_empty() {
                let _ = record(Event::TakenBack(&sent));
                return Ended { state: Left::AsBefore, reason, set: Vec::new(), evicted };
            }
            return Ended { state: Left::Between, reason, set: left, evicted };
        }
        Ended { state: Left::Unknown, reason, set: names(&self.set), evicted: 0 }
    }

    /// Sets what is not as before, one by one; gives what still is not.
    fn take_back(&mut self, sent: &[&'a Step]) -> Result<Vec<&'static str>, Stop> {
        let all = names(sent);
        let values = self.values(&all)?;
        for step in sent {
            if values.get(step.name).is_none_or(|value| !self.plan.is_same(step.name, value, &step.was)) {
                self.met()?;
                match self.config_set(&[(step.name, &step.was)]) {
                    // One that cannot be taken back keeps none of the others from it.
                    Ok(()) | Err(Stop::Refused { .. }) => {}
                    Err(stop) => return Err(stop),
                }
            }
        }
        let values = self.values(&all)?;
        let is_left =
            |step: &&&Step| values.get(step.name).is_none_or(|value| !self.plan.is_same(step.name, value, &step.was));
        Ok(sent.iter().filter(is_left).map(|step| step.name).collect())
    }
}

/// What must not get worse.
struct Health {
    link: Option<String>,
    replicas: u64,
    refused: u64,
}

impl Health {
    fn of(info: &BTreeMap<String, String>) -> Self {
        Self {
            link: info.get("master_link_status").cloned(),
            replicas: number(info, "connected_slaves"),
            refused: info.get("errorstat_OOM").and_then(|text| text.strip_prefix("count=")?.parse().ok()).unwrap_or(0),
        }
    }

    fn compare(&self, now: &Self) -> Result<(), String> {
        if self.link.as_deref() == Some("up") && now.link.as_deref() != Some("up") {
            return Err("its link to the primary went down".into());
        }
        if now.replicas < self.replicas {
            return Err(format!("it had {} replicas, and has {} now", self.replicas, now.replicas));
        }
        if now.refused > self.refused {
            return Err(format!("it refused {} commands for want of memory (OOM)", now.refused - self.refused));
        }
        Ok(())
    }
}

fn number(info: &BTreeMap<String, String>, field: &str) -> u64 {
    info.get(field).and_then(|text| text.parse().ok()).unwrap_or(0)
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
