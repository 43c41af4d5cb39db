//! Applying to several nodes that belong together: all are looked at first, then each has its turn, and the first that
//! fails ends it.

use std::collections::BTreeSet;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::apply::{Applying, confirmed, folder, name_cut_off};
use super::journal::Journal;
use super::look::Seen;
use super::nodes::Member;
use super::rotation::{self, Rotation};
use super::target::Place;
use crate::cli::Exit;
use crate::cli::args::{Format, Global};
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;
use crate::live::Topology;
use crate::plan::{Berth, Hazard, Plan, Standing, Turn, turns};
use crate::report::{AppliedServer, ApplyStatus, LiveStatus, TurnLine};

/// A node that answered, with what is to be done there.
pub(super) struct Ready<'a> {
    pub(super) member: &'a Member<'a>,
    pub(super) seen: Seen,
    pub(super) widening: Plan,
    pub(super) narrowing: Plan,
}

/// Applies to all nodes of a target.
pub(super) fn run(
    whole: &Applying<'_>,
    topology: &Topology,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<(AppliedServer, Exit), Failure> {
    let is_human = global.format() != Format::Json;
    let mut line = AppliedServer::new(&whole.target.name);
    line.environment = whole.target.environment().map(str::to_owned);
    line.topology = Some(topology.kind.word());
    line.role = Some(topology.words());
    if let Place::Address(url) = &whole.target.place {
        line.address = url.address.to_string();
    }
    if whole.command.rewrite {
        line.fail(
            ApplyStatus::Refused,
            "a server writes its own file, and here are several: nothing was sent",
            Some("let each write its own, with --no-discover"),
        );
        return told(line, Exit::Found, is_human, terminal);
    }
    let members = whole.looking.members(whole.target, topology);
    let mut ready = match look(whole, &members, &mut line) {
        Ok(ready) => ready,
        Err(exit) => return told(line, exit, is_human, terminal),
    };
    if ready.iter().all(|node| node.seen.plan.groups.is_empty()) {
        let is_left = ready.iter().any(|node| !node.seen.plan.left.is_empty());
        line.status = if is_left { ApplyStatus::NeedsRestart } else { ApplyStatus::Nothing };
        let exit = if whole.command.dry_run { Exit::Done } else { conclude(whole, &ready, &mut line, terminal)? };
        return told(line, exit, is_human, terminal);
    }
    if whole.command.plan.is_some() || whole.command.plan_out.is_some() {
        line.fail(
            ApplyStatus::Refused,
            "a plan file is for one process, and here are several: nothing was sent",
            Some("plan for each node by itself, with --no-discover"),
        );
        return told(line, Exit::Found, is_human, terminal);
    }
    let allowed = match whole.permitted(&ready[0].seen) {
        Ok(allowed) => allowed,
        Err(failure) => {
            line.fail(ApplyStatus::Refused, failure.message(), failure.advice());
            return told(line, Exit::Found, is_human, terminal);
        }
    };
    let refused: Vec<&Hazard> =
        ready.iter().filter_map(|node| node.seen.plan.clear(&allowed).err()).flatten().collect();
    if !refused.is_empty() {
        let flags: BTreeSet<String> = refused.iter().map(|hazard| whole.spelled(hazard)).collect();
        line.refuse(&flags.into_iter().collect::<Vec<_>>());
        return told(line, Exit::Found, is_human, terminal);
    }
    let rotation = match rotation::of(whole, &ready) {
        Ok(rotation) => rotation,
        Err(reason) => {
            let help = "change it by hand, the new one beside the old one first (`ACL SETUSER`), or node by node with --no-discover";
            line.fail(ApplyStatus::Refused, &reason, Some(help));
            return told(line, Exit::Found, is_human, terminal);
        }
    };
    if let Rotation::Beside { .. } = rotation {
        rotation::hold_back(&mut ready, &mut line.nodes);
    }
    let order = order(&ready);
    line.order = order.iter().map(|turn| turn_line(&ready[turn.node], *turn)).collect();
    if whole.command.dry_run {
        line.status = ApplyStatus::Planned;
        return told(line, Exit::Done, is_human, terminal);
    }
    if is_human {
        terminal.print(&line.rollout(terminal.look))?;
    }
    if !whole.command.doing.yes && !confirmed(&whole.target.name, terminal)? {
        line.fail(ApplyStatus::Refused, "not confirmed: nothing was sent", None);
        return told(line, Exit::Found, is_human, terminal);
    }
    if let Rotation::Beside { password, nodes } = &rotation
        && let Err((status, reason)) = rotation::add(whole, &ready, (password, nodes))
    {
        line.fail(status, &reason, Some("mend it, and apply again"));
        let exit = if status == ApplyStatus::AsBefore { Exit::AsBefore } else { Exit::Between };
        return told(line, exit, is_human, terminal);
    }
    let mut failed = None;
    let mut exit = Exit::Done;
    for (number, turn) in order.iter().enumerate() {
        let is_last = order[number + 1..].iter().all(|later| later.node != turn.node);
        exit = take(whole, &ready[turn.node], *turn, is_last, &mut line.nodes[turn.node], terminal)?;
        if exit != Exit::Done {
            failed = Some(number);
            break;
        }
    }
    if exit == Exit::Done {
        exit = conclude(whole, &ready, &mut line, terminal)?;
    }
    line.stop(failed);
    if let (Rotation::Beside { .. }, None) = (&rotation, failed) {
        line.reason = Some("every node takes the new password now, and still the old one".into());
        line.help = Some("give all clients the new one, then apply again: that takes the old one away".into());
    }
    if line.status == ApplyStatus::Between {
        // What other nodes have is not as before, either.
        exit = exit.max(Exit::Between);
    }
    if is_human {
        terminal.print(&line.rolled_out(terminal.look))?;
    }
    Ok((line, exit))
}

/// Ends what an earlier run began on nodes that have nothing left to be set.
fn conclude(
    whole: &Applying<'_>,
    ready: &[Ready<'_>],
    line: &mut AppliedServer,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let journal = Journal::in_folder(&folder(&whole.command.doing, whole.target));
    let idle = |(_, node): &(usize, &Ready<'_>)| node.seen.plan.groups.is_empty();
    for (at, node) in ready.iter().enumerate().filter(idle) {
        let cut_off = journal.unfinished(&node.seen.plan.of.run_id);
        name_cut_off(&journal, &cut_off, terminal)?;
        let one = Applying { target: &node.member.target, ..*whole };
        let exit = one.conclude(&journal, cut_off, &node.seen, &mut line.nodes[at])?;
        if exit != Exit::Done {
            let its = &line.nodes[at];
            let (status, name) = (its.status, its.name.clone());
            let reason = its.reason.clone().unwrap_or_default();
            line.fail(status, &format!("{name}: {reason}"), Some("apply again"));
            return Ok(exit);
        }
    }
    Ok(Exit::Done)
}

/// Looks at all nodes. One that cannot be seen ends it before anything is sent.
fn look<'a>(whole: &Applying<'_>, members: &'a [Member<'a>], line: &mut AppliedServer) -> Result<Vec<Ready<'a>>, Exit> {
    let see = |member: &'a Member<'a>| {
        let mut node = AppliedServer::new(&member.target.name);
        if let Place::Address(url) = &member.target.place {
            node.address = url.address.to_string();
        }
        let seen = whole.looking.see(&member.target, |server, role| {
            node.server = Some(server.used());
            node.role = role;
        });
        (member, node, seen)
    };
    let mut all: Vec<_> = members.par_iter().map(see).collect();
    let (mut ready, mut missing, mut exit) = (Vec::new(), Vec::new(), Exit::Done);
    let apart = apart(&all.iter().filter_map(|(.., seen)| seen.as_ref().ok()).collect::<Vec<_>>());
    for (member, mut node, seen) in all.drain(..) {
        match seen {
            Ok(Seen { denied: Some(denied), .. }) => {
                node.fail(ApplyStatus::Unreachable, &denied.to_string(), None);
                missing.push(node.name.clone());
                exit = exit.max(Exit::Partial);
            }
            Ok(mut seen) => {
                seen.plan.without(|name| apart.contains(name));
                whole.fill(&mut node, &seen);
                node.status = match (seen.plan.groups.is_empty(), seen.plan.left.is_empty()) {
                    (true, true) => ApplyStatus::Nothing,
                    (true, false) => ApplyStatus::NeedsRestart,
                    (false, _) => ApplyStatus::Planned,
                };
                let (widening, narrowing) = seen.plan.in_two();
                ready.push(Ready { member, seen, widening, narrowing });
            }
            Err((status, failure)) => {
                node.fail(ApplyStatus::Unreachable, failure.message(), failure.advice());
                missing.push(node.name.clone());
                exit = exit.max(if status == LiveStatus::Failed { Exit::Usage } else { Exit::Partial });
            }
        }
        line.nodes.push(node);
    }
    if missing.is_empty() {
        return Ok(ready);
    }
    line.fail(
        ApplyStatus::Unreachable,
        &format!(
            "{} of {} nodes cannot be seen, so nothing was sent: {}",
            missing.len(),
            members.len(),
            missing.join(", ")
        ),
        Some("mend them, lead to them with --map, or name the others one by one with --no-discover"),
    );
    Err(exit)
}

/// Keys that say where a node runs and are not the same on all: they are each node's own, whoever declares them.
fn apart(all: &[&Seen]) -> BTreeSet<&'static str> {
    let rows = all.iter().flat_map(|seen| &seen.found.rows);
    let own = rows.filter(|row| row.per_node && row.standing == Standing::Drift).map(|row| row.name);
    own.filter(|name| {
        let mut values = all.iter().map(|seen| seen.snapshot.value(name));
        let first = values.next();
        values.any(|value| Some(value) != first)
    })
    .collect()
}

fn order(ready: &[Ready<'_>]) -> Vec<Turn> {
    let berth = |node: &Ready<'_>| {
        let info = node.seen.snapshot.info();
        Berth {
            // What was told may be old; what it says itself counts, and is read again before its turn.
            is_primary: is_primary(node),
            shard: node.member.shard,
            size: info.get("used_memory").and_then(|text| text.parse().ok()).unwrap_or(0),
            widens: !node.widening.groups.is_empty(),
            narrows: !node.narrowing.groups.is_empty(),
        }
    };
    turns(&ready.iter().map(berth).collect::<Vec<_>>())
}

fn is_primary(node: &Ready<'_>) -> bool {
    node.seen.snapshot.info().get("role").is_some_and(|role| role == "master")
}

fn turn_line(node: &Ready<'_>, turn: Turn) -> TurnLine {
    let plan = if turn.narrowing { &node.narrowing } else { &node.widening };
    TurnLine {
        node: node.member.target.name.clone(),
        role: if is_primary(node) { "primary" } else { "replica" },
        directives: plan.steps().map(|step| step.name.to_owned()).collect(),
        state: "planned",
    }
}

fn take(
    whole: &Applying<'_>,
    node: &Ready<'_>,
    turn: Turn,
    is_last: bool,
    line: &mut AppliedServer,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let plan = if turn.narrowing { &node.narrowing } else { &node.widening };
    let cleared = plan.clear(&whole.allowed()).expect("a part has no danger that the whole has not");
    let (before, evicted, undo) = (line.set.clone(), line.evicted, line.undo.take());
    let one = Applying { target: &node.member.target, ..*whole };
    // What an earlier run left is all mended after the last turn.
    let cut_off = if is_last {
        let journal = Journal::in_folder(&folder(&whole.command.doing, whole.target));
        let cut_off = journal.unfinished(&plan.of.run_id);
        name_cut_off(&journal, &cut_off, terminal)?;
        cut_off
    } else {
        Vec::new()
    };
    let exit = one.carry_out(cleared, cut_off, line, terminal)?;
    line.undo_before.extend(undo);
    line.set.splice(0..0, before);
    line.evicted += evicted;
    Ok(exit)
}

fn told(
    line: AppliedServer,
    exit: Exit,
    is_human: bool,
    terminal: &mut Terminal,
) -> Result<(AppliedServer, Exit), Failure> {
    if is_human {
        terminal.print(&line.rollout(terminal.look))?;
        terminal.print(&line.rolled_out(terminal.look))?;
    }
    Ok((line, exit))
}
