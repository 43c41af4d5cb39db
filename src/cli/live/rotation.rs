//! Changing the password that the nodes of one deployment log in to each other with: the new one beside the old one on all
//! of them, then, once no client uses the old one, the old one away. Set on one node after the other, nodes that have the
//! new one and nodes that have the old one would shut each other out.

use std::collections::BTreeSet;

use super::apply::{Applying, folder};
use super::journal::{Journal, Undo};
use super::rollout::Ready;
use super::target::Place;
use crate::cli::failure::Failure;
use crate::live::{self, Accepts, Reach};
use crate::report::{AppliedServer, ApplyStatus, LeftLine};

/// What is done about a password.
pub(super) enum Rotation {
    /// None is changed, or every node takes the new one already, so that the old one can go.
    Nothing,
    /// Nodes that have yet to take the new one, by their place in the list.
    Beside { password: Vec<u8>, nodes: Vec<usize> },
}

/// What is to be done; an error says why nothing is.
pub(super) fn of(whole: &Applying<'_>, ready: &[Ready<'_>]) -> Result<Rotation, String> {
    let steps = || ready.iter().flat_map(|node| node.seen.plan.steps()).filter(|step| step.secret);
    let names: BTreeSet<&str> = steps().map(|step| step.name).collect();
    let Some(first) = steps().next() else { return Ok(Rotation::Nothing) };
    let refuse =
        |why: &str| Err(format!("{}: {why}; nothing was sent", names.iter().copied().collect::<Vec<_>>().join(", ")));
    if names.iter().any(|name| !matches!(*name, "requirepass" | "masterauth" | "primaryauth")) {
        return refuse(
            "set on one node after the other, nodes that have the new one and nodes that have the old one would shut each other out",
        );
    }
    if steps().any(|step| step.send != first.send) {
        return refuse("the nodes log in to each other, and more than one new password is declared");
    }
    if first.send.is_empty() || steps().any(|step| step.name == "requirepass" && step.was.is_empty()) {
        return refuse("a password beside another can only be the second one, and here is a first one, or none");
    }
    let mut nodes = Vec::new();
    for (at, node) in ready.iter().enumerate() {
        let name = &node.member.target.name;
        let accepts = with_reach(whole, node, |reach| live::accepts(reach, &first.send));
        match accepts.map_err(|failure| failure.message().to_owned())? {
            Ok(Accepts::Yes) => {}
            Ok(Accepts::Anything) => {
                return refuse(&format!("the default user of {name} needs no password, whatever `requirepass` says"));
            }
            Ok(Accepts::No) if node.seen.plan.steps().any(|step| step.name == "requirepass") => nodes.push(at),
            Ok(Accepts::No) => {
                return refuse(&format!("{name} does not take the new one, and its `requirepass` is not to change"));
            }
            Err(error) => return refuse(&format!("{name} cannot be asked whether it takes the new one: {error}")),
        }
    }
    Ok(if nodes.is_empty() { Rotation::Nothing } else { Rotation::Beside { password: first.send.clone(), nodes } })
}

/// Leaves the old password in place for now, in the plan and in what is told.
pub(super) fn hold_back(ready: &mut [Ready<'_>], lines: &mut [AppliedServer]) {
    let is_it = |name: &str| name == "requirepass";
    for (node, line) in ready.iter_mut().zip(lines) {
        for plan in [&mut node.seen.plan, &mut node.widening, &mut node.narrowing] {
            plan.without(is_it);
        }
        let (held, steps) = std::mem::take(&mut line.steps).into_iter().partition(|step| is_it(&step.directive));
        line.steps = steps;
        line.left.extend(held.into_iter().map(|step| LeftLine {
            directive: step.directive,
            from: step.from,
            to: step.to,
            by_restart: false,
            reason: "the new password comes beside the old one first".into(),
        }));
        if node.seen.plan.groups.is_empty() {
            line.status = ApplyStatus::NeedsRestart;
        }
    }
}

/// Has the nodes take the new password beside the old one, all of them or none; an error says how they are left, and why.
pub(super) fn add(
    whole: &Applying<'_>,
    ready: &[Ready<'_>],
    (password, nodes): (&[u8], &[usize]),
) -> Result<(), (ApplyStatus, String)> {
    let mut taken: Vec<usize> = Vec::new();
    for &at in nodes {
        let node = &ready[at];
        let added = whole.put_down(node, "new-password-beside").and_then(|()| {
            with_reach(whole, node, |reach| live::add_beside(reach, &node.seen.plan.of.run_id, password))
        });
        taken.push(at);
        let reason = match added {
            Ok(Ok(())) => continue,
            Ok(Err(reason)) => reason,
            Err(failure) => failure.message().to_owned(),
        };
        let still: Vec<&str> = taken
            .iter()
            .filter(|at| !has_forgotten(whole, &ready[**at], password))
            .map(|at| ready[*at].member.target.name.as_str())
            .collect();
        let reason = format!("{}: {reason}", node.member.target.name);
        return Err(if still.is_empty() {
            (ApplyStatus::AsBefore, reason)
        } else {
            (ApplyStatus::Between, format!("{reason}; the new password may still be taken by {}", still.join(", ")))
        });
    }
    Ok(())
}

/// Takes the new password from a node again; whether it surely does not have it any more.
fn has_forgotten(whole: &Applying<'_>, node: &Ready<'_>, password: &[u8]) -> bool {
    let accepts = || with_reach(whole, node, |reach| live::accepts(reach, password));
    if let Ok(Ok(Accepts::Yes)) = accepts() {
        let noted = whole.put_down(node, "new-password-away");
        let removed = with_reach(whole, node, |reach| live::remove_beside(reach, &node.seen.plan.of.run_id, password));
        if noted.is_err() || !matches!(removed, Ok(Ok(()))) {
            return false;
        }
    }
    matches!(accepts(), Ok(Ok(Accepts::No)))
}

fn with_reach<T>(whole: &Applying<'_>, node: &Ready<'_>, ask: impl FnOnce(&Reach<'_>) -> T) -> Result<T, Failure> {
    let target = &node.member.target;
    let Place::Address(url) = &target.place else {
        return Err(Failure::new(format!("a dump stands for {}", target.name)));
    };
    let login = whole.looking.login(target, url)?;
    Ok(ask(&whole.looking.reach(url, login.as_ref())?))
}

impl Applying<'_> {
    /// Puts into the journal what is about to be done to the users of a node; what cannot be put down is not done.
    fn put_down(&self, node: &Ready<'_>, event: &'static str) -> Result<(), Failure> {
        let target = &node.member.target;
        let address = if let Place::Address(url) = &target.place { url.address.to_string() } else { String::new() };
        let undo = Undo { changes: Vec::new(), ..Undo::of(&node.seen.plan, &target.name, &address) };
        let journal = Journal::open(&folder(&self.command.doing, self.target))?;
        journal.note(&undo, self.command.doing.reason.as_deref(), event).map_err(Failure::new)
    }
}
