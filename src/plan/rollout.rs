//! In which order the nodes of one deployment are changed.
//!
//! A primary sends its replicas whatever data it holds, so what gives room goes to replicas first, and what takes it to
//! primaries first. A replica is no proof for eviction: it ignores `maxmemory`. The proof is the primary with the least to lose.

use super::steps::{Plan, Step};

/// One node, as far as the order goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Berth {
    /// Whether it is a primary now.
    pub is_primary: bool,
    /// Which shard it is of.
    pub shard: usize,
    /// How much memory its data take, in bytes.
    pub size: u64,
    /// Whether anything is to be set there that gives room or is neutral.
    pub widens: bool,
    /// Whether anything is to be set there that evicts or lowers a limit.
    pub narrows: bool,
}

/// One node's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The node, by its place in the list.
    pub node: usize,
    /// Whether it is the turn of what evicts or lowers.
    pub narrowing: bool,
}

/// The turns of all nodes, in their order.
#[must_use]
pub fn turns(nodes: &[Berth]) -> Vec<Turn> {
    let size = |shard: usize| {
        let its = nodes.iter().filter(|node| node.shard == shard && node.is_primary);
        its.map(|node| node.size).max().unwrap_or(0)
    };
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    order.sort_by_key(|&node| (size(nodes[node].shard), nodes[node].shard, node));
    let (primaries, replicas): (Vec<usize>, Vec<usize>) = order.into_iter().partition(|&node| nodes[node].is_primary);
    let widening = replicas.iter().chain(&primaries).filter(|&&node| nodes[node].widens);
    let narrowing = primaries.iter().chain(&replicas).filter(|&&node| nodes[node].narrows);
    let turn = |narrowing| move |&node: &usize| Turn { node, narrowing };
    widening.map(turn(false)).chain(narrowing.map(turn(true))).collect()
}

impl Plan {
    /// The plan in two: what gives room or is neutral, and what evicts or lowers a limit.
    #[must_use]
    pub fn in_two(&self) -> (Self, Self) {
        let part = |narrowing: bool| {
            let its = |group: &Vec<Step>| -> Vec<Step> {
                group.iter().filter(|step| narrows(step) == narrowing).cloned().collect()
            };
            let groups = self.groups.iter().map(its).filter(|group| !group.is_empty()).collect();
            Self { server: self.server, of: self.of.clone(), groups, left: Vec::new() }
        };
        (part(false), part(true))
    }

    /// Takes out what is not to be set on this node.
    pub fn without(&mut self, is_out: impl Fn(&str) -> bool) {
        for group in &mut self.groups {
            group.retain(|step| !is_out(step.name));
        }
        self.groups.retain(|group| !group.is_empty());
        self.left.retain(|left| !is_out(left.name));
    }
}

/// Whether a step takes room from data or clients.
fn narrows(step: &Step) -> bool {
    const TAKING: [&str; 5] =
        ["drops-clients", "drops-idle-clients", "eviction-on", "maxclients-below-connected", "maxmemory-below-used"];
    if step.hazards.iter().any(|hazard| TAKING.contains(&hazard.id)) {
        return true;
    }
    let (was, send) = (amount(&step.was), amount(&step.send));
    match step.name {
        // 0 is no limit.
        "maxmemory" | "maxmemory-clients" => match (was, send) {
            (_, Some((0, _))) => false,
            (Some((0, _)), _) => true,
            (Some((was, was_share)), Some((send, share))) => was_share != share || send < was,
            (_, _) => true,
        },
        "client-query-buffer-limit" | "maxclients" | "proto-max-bulk-len" | "repl-backlog-size" => {
            was.is_none_or(|was| send.is_none_or(|send| send.0 < was.0))
        }
        _ => false,
    }
}

/// A number as CONFIG GET says it, and whether it is a share.
fn amount(text: &[u8]) -> Option<(u64, bool)> {
    let text = std::str::from_utf8(text).ok()?;
    let number = text.strip_suffix('%').unwrap_or(text);
    Some((number.parse().ok()?, number.len() < text.len()))
}

#[cfg(test)]
mod tests {
    use super::super::contrast::{Held, Said};
    use super::super::steps::Done;
    use super::*;

    fn step(name: &'static str, was: &str, send: &str) -> Step {
        let held = || Held::nothing(name, Said::Nobody);
        Step {
            name,
            from: held(),
            to: held(),
            was: was.into(),
            send: send.into(),
            secret: false,
            hazards: Vec::new(),
            done: Done::ReadBack,
        }
    }

    #[test]
    fn what_takes_room_is_told_from_what_gives_it() {
        for (name, was, send, taking) in [
            ("maxmemory", "1000", "900", true),
            ("maxmemory", "1000", "1100", false),
            ("maxmemory", "1000", "0", false),
            ("maxmemory", "0", "1000", true),
            ("maxmemory-clients", "5%", "10%", false),
            ("maxmemory-clients", "5%", "1000", true),
            ("maxclients", "10000", "5000", true),
            ("maxclients", "5000", "10000", false),
            ("hz", "50", "10", false),
        ] {
            assert_eq!(narrows(&step(name, was, send)), taking, "{name} {was} {send}");
        }
    }

    #[test]
    fn replicas_get_room_first_and_the_smallest_primary_loses_it_first() {
        let berth = |is_primary, shard, size, widens, narrows| Berth { is_primary, shard, size, widens, narrows };
        let nodes = [
            berth(true, 0, 300, true, true),
            berth(false, 0, 9, true, true),
            berth(true, 1, 100, true, true),
            berth(false, 1, 9, true, false),
            berth(true, 2, 200, false, true),
        ];
        let order: Vec<(usize, bool)> = turns(&nodes).iter().map(|turn| (turn.node, turn.narrowing)).collect();
        let widening = [(3, false), (1, false), (2, false), (0, false)];
        let narrowing = [(2, true), (4, true), (0, true), (1, true)];
        assert_eq!(order, [widening.as_slice(), &narrowing].concat());
    }
}
