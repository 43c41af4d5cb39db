//! Sizing: what `"60% of memory"` and `"auto"` come to, on the facts of the place.
//!
//! Formulas are words, not a language. Each says its inputs and where they are known from; a result that makes no sense
//! is an error, never a number. Constants are measured or taken from the servers' own documentation; each says which.

use super::layers::Slot;
use super::needs;
use super::number::memory;
use super::value::Class;
use crate::catalog::{Directive, Kind, View};
use crate::facts::{Fact, Facts, bytes_text};
use crate::server::MemoryNumbers;
use crate::syntax::profile::{Scalar, Shape};

const MIB: u64 = 1 << 20;

/// Set aside for the server itself: code, tables, a small backlog.
const OVERHEAD: u64 = 64 * MIB;
/// Resident memory over logical memory in a healthy server; percent.
const FRAGMENTATION: u64 = 110;
/// The smallest data size that is worth running a server for.
const LEAST_MAXMEMORY: u64 = 16 * MIB;

/// What a formula came to.
pub(super) struct Sized {
    /// The value as the server's words.
    pub(super) words: Vec<String>,
    /// The formula with its numbers.
    pub(super) formula: String,
    /// The facts it used.
    pub(super) inputs: Vec<(&'static str, Fact)>,
}

/// A formula in the making: collects the facts it reads.
struct Inputs<'a> {
    facts: &'a Facts,
    used: Vec<(&'static str, Fact)>,
}

impl Inputs<'_> {
    fn note(&mut self, name: &'static str) {
        if let Some(fact) = self.facts.get(name)
            && !self.used.iter().any(|(used, _)| *used == name)
        {
            self.used.push((name, *fact));
        }
    }

    fn missing(name: &str) -> String {
        format!("the fact `{name}` is not known; add it under `[facts]`")
    }

    fn bytes(&mut self, name: &'static str) -> Result<u64, String> {
        self.note(name);
        self.facts.bytes(name).ok_or_else(|| Self::missing(name))
    }

    fn count(&mut self, name: &'static str) -> Result<u64, String> {
        self.note(name);
        self.facts.count(name).ok_or_else(|| Self::missing(name))
    }

    fn milliseconds(&mut self, name: &'static str) -> Result<u64, String> {
        self.note(name);
        self.facts.milliseconds(name).ok_or_else(|| Self::missing(name))
    }

    fn done(self, words: Vec<String>, formula: String) -> Sized {
        Sized { words, formula, inputs: self.used }
    }
}

/// What formulas may refer to beside facts: the settings that decide about copies of memory, and `maxmemory`.
pub(super) struct Values<'a> {
    facts: &'a Facts,
    forks: bool,
    maxmemory: Option<u64>,
}

/// A formula as written.
enum Formula {
    Auto,
    PercentOfMemory(u64),
}

fn formula_of(directive: &Directive, shape: &Shape) -> Option<Formula> {
    let sizable = matches!(
        directive.kind,
        Kind::Int { .. } | Kind::Memory { .. } | Kind::MemoryOrPercent { .. } | Kind::BufferLimits
    );
    let Shape::One(scalar) = shape else { return None };
    let Scalar::Text(text) = &scalar.value else { return None };
    let text = text.trim();
    if !sizable {
        return None;
    }
    if text.eq_ignore_ascii_case("auto") {
        return Some(Formula::Auto);
    }
    let number = text.strip_suffix("of memory")?.trim().strip_suffix('%')?.trim();
    number.parse().ok().map(Formula::PercentOfMemory)
}

impl<'a> Values<'a> {
    /// Evaluates what other formulas build on.
    pub(super) fn new(view: &'static View, facts: &'a Facts, winners: &[(&Slot, &super::layers::Winner<'_>)]) -> Self {
        let shape = |name: &str| {
            let of = |slot: &Slot| view.get(slot.directive).is_some_and(|d| d.name() == name);
            winners.iter().find(|(slot, _)| of(slot)).map(|(_, winner)| winner.shape)
        };
        // Snapshots are on unless they are switched off; the append-only file is off unless switched on.
        let snapshots = !matches!(shape("save"), Some(Shape::Many(points)) if points.is_empty());
        let appends = matches!(shape("appendonly"), Some(Shape::One(on)) if on.value == Scalar::Bool(true));
        let replicas = facts.count("replicas").unwrap_or(0) > 0;
        let mut values = Self { facts, forks: snapshots || appends || replicas, maxmemory: None };
        let written = winners.iter().find_map(|(slot, winner)| {
            let directive = view.get(slot.directive)?;
            (directive.name() == "maxmemory").then_some((directive, *slot, winner.shape))
        });
        if let Some((directive, slot, shape)) = written {
            let text = match (values.formula(directive, slot, shape), shape) {
                (Some(sized), _) => sized.ok().map(|sized| sized.words[0].clone()),
                (None, Shape::One(scalar)) => crate::syntax::profile::scalar_text(&scalar.value),
                (None, Shape::Many(_) | Shape::Keyed(_) | Shape::Limits(_)) => None,
            };
            values.maxmemory = text.and_then(|text| memory(text.as_bytes(), MemoryNumbers::U64)).filter(|n| *n > 0);
        }
        values
    }

    /// The value of a formula; `None` if the value is none.
    pub(super) fn formula(&self, directive: &Directive, slot: &Slot, shape: &Shape) -> Option<Result<Sized, String>> {
        let formula = formula_of(directive, shape)?;
        let inputs = Inputs { facts: self.facts, used: Vec::new() };
        Some(match formula {
            Formula::PercentOfMemory(percent) => Self::percent(directive, inputs, percent),
            Formula::Auto => match (directive.name(), slot.key) {
                ("maxmemory", _) => self.auto_maxmemory(inputs),
                ("maxmemory-clients", _) => self.auto_clients_memory(inputs),
                ("repl-backlog-size", _) => self.auto_backlog(inputs),
                ("client-output-buffer-limit", Some(Class::Pubsub)) => auto_pubsub(inputs),
                ("client-output-buffer-limit", Some(Class::Replica)) => self.auto_replica_limit(inputs),
                ("io-threads", _) => self.auto_io_threads(inputs),
                ("maxclients", _) => auto_maxclients(inputs),
                ("tcp-backlog", _) => auto_tcp_backlog(inputs),
                (name, _) => Err(format!("there is no formula for `{name}`")),
            },
        })
    }

    fn percent(directive: &Directive, mut inputs: Inputs<'_>, percent: u64) -> Result<Sized, String> {
        let total = inputs.bytes("memory")?;
        if percent == 0 || percent > 95 {
            return Err(format!("{percent}% of memory leaves the server no room or no data; take 1 to 95 %"));
        }
        let bytes = total / 100 * percent + total % 100 * percent / 100;
        if directive.name() == "maxmemory" && bytes < LEAST_MAXMEMORY {
            return Err(format!("{} is not enough: {percent}% of it is {}", bytes_text(total), bytes_text(bytes)));
        }
        Ok(inputs.done(vec![mebibytes(bytes)?], format!("{percent}% of memory")))
    }

    /// Memory, less the server itself and client buffers, over fragmentation and what a fork copies.
    fn auto_maxmemory(&self, mut inputs: Inputs<'_>) -> Result<Sized, String> {
        let total = inputs.bytes("memory")?;
        let forks = if self.forks { Forks::Sometimes } else { Forks::Never };
        let room = room(total, forks, &mut inputs);
        if room.best < LEAST_MAXMEMORY {
            return Err(format!(
                "{} is not enough: {} are set aside for the server and {} for client buffers",
                bytes_text(total),
                bytes_text(OVERHEAD),
                bytes_text(room.buffers)
            ));
        }
        #[expect(clippy::cast_precision_loss, reason = "both are below a thousand")]
        let factor = (FRAGMENTATION + room.copied) as f64 / 100.0;
        let formula = format!(
            "(memory - {} - {} of client buffers) / {factor} ({})",
            bytes_text(OVERHEAD),
            bytes_text(room.buffers),
            room.why
        );
        Ok(inputs.done(vec![mebibytes(room.best)?], formula))
    }

    /// Five percent of the data, but never less than what all connections need after a deploy.
    fn auto_clients_memory(&self, mut inputs: Inputs<'_>) -> Result<Sized, String> {
        let maxmemory = self.maxmemory.ok_or("it needs `maxmemory`, which is not set")?;
        let connections = inputs.count("connections")?;
        let bytes = client_memory(maxmemory, connections);
        if bytes > maxmemory / 2 {
            return Err(format!(
                "{connections} connections need {}, more than half of maxmemory {}",
                bytes_text(bytes),
                bytes_text(maxmemory)
            ));
        }
        Ok(inputs.done(vec![mebibytes_up(bytes)], "max(5% of maxmemory, 40KiB a connection)".into()))
    }

    /// What replication carries during an outage, with half as much again.
    fn auto_backlog(&self, mut inputs: Inputs<'_>) -> Result<Sized, String> {
        let rate = inputs.bytes("write-rate")?;
        let outage = inputs.milliseconds("outage")?;
        let floor = needs::backlog(rate, outage).max(16 * MIB);
        // The backlog counts against maxmemory, so a tenth of that is its limit; below 1 MiB it is useless.
        let bytes = self.maxmemory.map_or(floor, |maxmemory| floor.min(maxmemory / 10)).max(MIB);
        Ok(inputs.done(vec![mebibytes(bytes)?], "write-rate x outage x 1.5, from 16MiB to 10% of maxmemory".into()))
    }

    /// What is written while a replica loads a full copy.
    fn auto_replica_limit(&self, mut inputs: Inputs<'_>) -> Result<Sized, String> {
        let rate = inputs.bytes("write-rate")?;
        let dataset = match (inputs.bytes("dataset"), self.maxmemory) {
            (Ok(dataset), _) => dataset,
            (Err(_), Some(maxmemory)) => maxmemory,
            (Err(missing), None) => return Err(missing),
        };
        let seconds = needs::full_copy(dataset, inputs.bytes("network-bandwidth").ok());
        let hard = needs::replica_buffer(rate, seconds).max(needs::LEAST_REPLICA.0);
        let soft = (hard / 4).max(needs::LEAST_REPLICA.1);
        let formula = "write-rate x time of a full copy x 1.2, at least 256MiB; soft is a quarter".into();
        Ok(inputs.done(vec![mebibytes_up(hard), mebibytes_up(soft), "60".into()], formula))
    }

    /// Three quarters of the cores, at most 8, with room for the main thread and, with persistence, a fork.
    fn auto_io_threads(&self, mut inputs: Inputs<'_>) -> Result<Sized, String> {
        inputs.note("cpus");
        let cpus = self.facts.processors("cpus").ok_or_else(|| Inputs::missing("cpus"))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cores are few and above 0")]
        let whole = cpus.floor() as u64;
        let spared = if self.forks { 2 } else { 1 };
        let threads = if whole < 4 { 1 } else { (whole * 3 / 4).min(whole - spared).clamp(1, 8) };
        Ok(inputs
            .done(vec![threads.to_string()], "three quarters of the cores, from 1 to 8; 1 below four cores".into()))
    }
}

/// How much of a server's memory its data may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What is left for data once everything else has its share.
    pub best: u64,
    /// What operators of large fleets keep to: 85 % of memory, with forks 75 %, in tight cases half.
    pub most: u64,
    /// What a fork copies, in percent of the data.
    pub copied: u64,
    /// The same in words.
    pub why: &'static str,
    /// What connected and stalled clients hold at worst, as far as it is known.
    pub buffers: u64,
}

/// Whether snapshots, rewrites or replicas make a server fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forks {
    /// Nothing does.
    Never,
    /// Something does; what is written meanwhile exists twice.
    Sometimes,
}

/// How much of a place with so much memory data may take.
#[must_use]
pub fn room_for_data(memory: u64, forks: Forks, facts: &Facts) -> Room {
    room(memory, forks, &mut Inputs { facts, used: Vec::new() })
}

fn room(total: u64, forks: Forks, inputs: &mut Inputs<'_>) -> Room {
    inputs.note("writes");
    let (copied, why) = match (forks, inputs.facts.word("writes")) {
        (Forks::Never, _) => (5, "nothing forks"),
        (Forks::Sometimes, Some("read-mostly")) => (25, "a fork copies 25 %"),
        (Forks::Sometimes, Some("heavy")) => (100, "a fork copies all of it"),
        (Forks::Sometimes, _) => (50, "a fork copies half"),
    };
    let forks = forks == Forks::Sometimes;
    let buffers = client_buffers(inputs);
    let free = total.saturating_sub(OVERHEAD).saturating_sub(buffers);
    let tight = forks && (copied == 100 || total <= 512 * MIB);
    let cap = if tight {
        50
    } else if forks {
        75
    } else {
        85
    };
    let most = total / 100 * cap + total % 100 * cap / 100;
    Room { best: (free / (FRAGMENTATION + copied) * 100).min(most), most, copied, why, buffers }
}

/// What connected and stalled clients hold at worst, as far as it is known.
fn client_buffers(inputs: &mut Inputs<'_>) -> u64 {
    let connections = needs::connections(inputs.count("connections").unwrap_or(0));
    let subscribers = inputs.facts.count("subscribers").unwrap_or(0);
    let stalled = pubsub_backlog(inputs).map_or(0, |one| needs::held_by_slow(one, subscribers));
    connections.saturating_add(stalled)
}

/// What clients may hold together: five percent of the data, but never less than 40 KiB for each of the connections.
#[must_use]
pub fn client_memory(maxmemory: u64, connections: u64) -> u64 {
    (maxmemory / 20).max(needs::connections(connections))
}

/// What piles up for one subscriber that stalls.
fn pubsub_backlog(inputs: &mut Inputs<'_>) -> Result<u64, String> {
    let published = inputs.count("publish-rate")?;
    let size = inputs.bytes("message-size")?;
    let fanout = inputs.count("fanout")?;
    let subscribers = inputs.count("subscribers")?;
    let stall = inputs.milliseconds("stall")?;
    Ok(needs::stalled(published, fanout, subscribers, size, stall))
}

/// Rate x size x stall is the soft limit, four times that the hard one; never below the built-in 32mb 8mb.
fn auto_pubsub(mut inputs: Inputs<'_>) -> Result<Sized, String> {
    let backlog = pubsub_backlog(&mut inputs)?;
    let soft = backlog.max(needs::LEAST_PUBSUB.1);
    let hard = soft.saturating_mul(4).max(needs::LEAST_PUBSUB.0);
    let total = needs::held_by_slow(hard, inputs.facts.count("subscribers").unwrap_or(0));
    if let Some(memory) = inputs.facts.bytes("memory")
        && total > memory
    {
        return Err(format!(
            "slow subscribers could hold {}, more than the memory {}",
            bytes_text(total),
            bytes_text(memory)
        ));
    }
    let formula = format!(
        "publish-rate x fanout / subscribers x message-size x stall = {} a subscriber; at least 32mb 8mb; one in twenty slow: {}",
        bytes_text(backlog),
        bytes_text(total)
    );
    Ok(inputs.done(vec![mebibytes_up(hard), mebibytes_up(soft), "60".into()], formula))
}

/// Connections at peak and a third more, for overlapping deploys, replicas and tools.
fn auto_maxclients(mut inputs: Inputs<'_>) -> Result<Sized, String> {
    let connections = inputs.count("connections")?;
    let wanted = (connections.saturating_mul(4) / 3 + 50).div_ceil(100) * 100;
    Ok(inputs.done(vec![wanted.to_string()], "connections x 4/3 + 50, in hundreds".into()))
}

/// What arrives while a slow command or a fork holds the main thread for a quarter of a second.
fn auto_tcp_backlog(mut inputs: Inputs<'_>) -> Result<Sized, String> {
    let rate = inputs.count("new-connections-per-second")?;
    let wanted = (rate / 4).max(1).checked_next_power_of_two().unwrap_or(u64::MAX).clamp(511, 65_535);
    Ok(inputs.done(vec![wanted.to_string()], "new connections in 0.25s, a power of two, at least 511".into()))
}

/// Whole mebibytes, rounded down; 0 would mean "no limit" and is refused.
fn mebibytes(bytes: u64) -> Result<String, String> {
    match bytes / MIB {
        0 => Err(format!("the result is {}, less than 1 MiB", bytes_text(bytes))),
        whole => Ok(format!("{whole}mb")),
    }
}

/// Whole mebibytes, rounded up.
fn mebibytes_up(bytes: u64) -> String {
    format!("{}mb", bytes.div_ceil(MIB).max(1))
}
