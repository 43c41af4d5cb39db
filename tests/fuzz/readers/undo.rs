//! What undoes a plan, on a server that says what it likes.
//!
//! The envelopes of plan files and of undo files are read by derived readers of JSON, behind the command line; what is
//! made of their words is tried here: an address, and values to set back.

use redisconf::live::Url;
use redisconf::plan::Plan;
use redisconf::snapshot::{Info, Pairs, Snapshot};

use super::version;

/// Lines: an address, then for each directive its name, what runs, what was, and what was set, with tabs between them.
pub(super) fn holds(input: &[u8]) {
    let Some((server, text)) = version(input) else { return };
    let text = String::from_utf8_lossy(text);
    let mut lines = text.lines();
    // What is wrong with an address is told on the terminal, which is kept from obeying it there.
    let _ = Url::parse(lines.next().unwrap_or_default());
    let mut running = Pairs::default();
    let mut changes = Vec::new();
    for line in lines {
        let mut words = line.split('\t');
        let (Some(name), Some(now)) = (words.next(), words.next()) else { continue };
        running.extend([(name, now)]);
        changes.push((name, words.next(), words.next()));
    }
    let snapshot = Snapshot::new(server, running, Info::default());
    let (plan, _) = Plan::undoing(&snapshot, &changes);
    for step in plan.steps() {
        assert!(changes.iter().any(|(_, from, _)| from.is_some_and(|from| from.as_bytes() == step.send)));
        let _ = (step.from_text(), step.to_text());
    }
}
