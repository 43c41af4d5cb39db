//! A text that holds configurations, judged and mended: what must hold of rules and of their fixes.

use std::collections::BTreeMap;

use redisconf::catalog::{Lookup, State};
use redisconf::config::{Config, SavePoint, Value, Visible};
use redisconf::facts::Facts;
use redisconf::finding::{self, Safety, TextEdit};
use redisconf::lint::{self, Case, Chosen, Inspection, Verdict};
use redisconf::source::SourceId;
use redisconf::syntax::lower::Lowering;
use redisconf::syntax::{Mode, Reading};

use super::shown::{Examination, in_every_format};

/// As many rounds of fixes as `lint --fix` goes.
const ROUNDS: usize = 12;

/// One configuration of a text.
pub(crate) struct One {
    pub(crate) reading: Reading,
    pub(crate) config: Config,
    pub(crate) facts: Facts,
    pub(crate) mode: Mode,
}

/// Reads the configurations of a text.
pub(crate) type Read<'a> = &'a dyn Fn(&[u8]) -> Vec<One>;

impl One {
    fn inspect(&self) -> Inspection {
        lint::inspect(&Case::new(&self.reading, &self.config, &self.facts, self.mode), &Chosen::all())
    }

    fn starts(&self) -> bool {
        self.inspect().verdict == Verdict::Starts
    }

    /// What the server would do, as far as it can be told from here.
    fn meaning(&self) -> Option<BTreeMap<&'static str, String>> {
        let is_told = self.starts() && self.config.unread().is_empty() && !self.reading.templated;
        is_told.then(|| said(&self.config))
    }
}

/// The value of every directive that the version reads, set or not, by its own name.
pub(crate) fn said(config: &Config) -> BTreeMap<&'static str, String> {
    let read = config.view.directives().filter(|one| one.state == State::Accepted);
    read.map(|one| (one.name(), format!("{:?}", config.effective(one)))).collect()
}

/// Judges the configurations of a text, reports them in every format and mends them.
pub(crate) fn survive(text: &[u8], read: Read<'_>) {
    for one in read(text) {
        let view = one.config.view;
        let case = Case::new(&one.reading, &one.config, &one.facts, one.mode);
        in_every_format(Examination {
            server: one.reading.server,
            inspection: one.inspect(),
            sources: &one.reading.sources,
            visible: &Visible::of(&one.reading, view),
            anchor: case.anchor(),
            lowering: Some(&Lowering::of(&one.reading)),
        });
    }
}

/// Carries fixes out until nothing is left to mend: that is so soon, it stays so, what started still does, and what is
/// carried out unasked changes nothing that runs.
pub(crate) fn mends(text: &[u8], read: Read<'_>) {
    for most in [Safety::Safe, Safety::Unsafe] {
        let mended = mended(text, most, read);
        let (before, after) = (read(text), read(&mended));
        if before.len() != after.len() {
            // What only its lines tell to be a configuration may be none once superfluous ones are gone, or were none.
            let was_none = || before.iter().any(|one| !one.starts());
            let kept = || before.len() > after.len() && (only_loses_lines(text, &mended) || was_none());
            assert!(kept(), "fixes took a server away: {}", shown(&mended));
            continue;
        }
        for (before, after) in before.iter().zip(&after) {
            assert!(!before.starts() || after.starts(), "fixes ({}) stop a server: {}", most.word(), shown(&mended));
            if let (Safety::Safe, Some(old), Some(new)) = (most, before.meaning(), after.meaning()) {
                // A `save` line that 6.2 takes and reads as nothing is a mistake of which the fix says what was meant.
                let is_meant = |name: &str| name == "save" && after.reading.server.habits().lax_lines;
                // What does nothing may go or change: CONFIG GET tells that, and nothing else does.
                let is_idle = |name: &str| {
                    does_nothing(name, before) || name == "save" && points(&before.config) == points(&after.config)
                };
                let differs =
                    old.iter().find(|(name, value)| new[*name] != **value && !is_meant(name) && !is_idle(name));
                assert!(differs.is_none(), "safe fixes change {differs:?}: {}", shown(&mended));
            }
        }
    }
}

/// Whether a server heeds a directive at most when others change.
fn does_nothing(name: &str, one: &One) -> bool {
    let config = &one.config;
    match name {
        "lfu-decay-time" | "lfu-log-factor" => !text(config, "maxmemory-policy").ends_with(b"-lfu"),
        "protected-mode" => !text(config, "requirepass").is_empty(),
        "stop-writes-on-bgsave-error" => points(config).is_empty(),
        // It has no data, and logs in with passwords of its own.
        _ if one.mode == Mode::Sentinel && is_of_data(name, config) => true,
        _ => name.starts_with("cluster-") && !config.is_cluster(),
    }
}

/// Whether a directive is about data, which a Sentinel does not hold.
fn is_of_data(name: &str, config: &Config) -> bool {
    let families = ["aof", "cluster", "defrag", "encoding", "memory", "modules", "rdb", "replication", "scripting"];
    matches!(config.view.look(name.as_bytes()), Lookup::Here(one) if families.contains(&one.family))
}

/// A value as CONFIG GET shows it.
fn text(config: &Config, name: &str) -> Vec<u8> {
    let Lookup::Here(directive) = config.view.look(name.as_bytes()) else { return Vec::new() };
    config.effective(directive).map(|value| value.config_get(&directive.kind)).unwrap_or_default()
}

/// The points at which a snapshot can ever start.
fn points(config: &Config) -> Vec<SavePoint> {
    let Some(Value::Save { points, .. }) = config.get("save") else { return Vec::new() };
    let comes_before = |one: &SavePoint, other: &SavePoint| {
        one != other && one.seconds <= other.seconds && one.changes <= other.changes
    };
    let mut left: Vec<SavePoint> =
        points.iter().filter(|point| !points.iter().any(|one| comes_before(one, point))).copied().collect();
    left.sort_by_key(|point| (point.seconds, point.changes));
    left.dedup();
    left
}

/// Whether every line of one text stands in another, in that order.
fn only_loses_lines(text: &[u8], less: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n');
    less.split(|byte| *byte == b'\n').all(|line| lines.any(|one| one == line))
}

fn mended(text: &[u8], most: Safety, read: Read<'_>) -> Vec<u8> {
    let mut current = text.to_vec();
    for _ in 0..ROUNDS {
        let groups: Vec<Vec<TextEdit>> = read(&current).iter().flat_map(|one| edits(one, most)).collect();
        let (next, _) = finding::apply(&current, &groups);
        if next == current {
            return current;
        }
        current = next;
    }
    panic!("fixes ({}) come to no end: {}", most.word(), shown(&current));
}

fn edits(one: &One, most: Safety) -> Vec<Vec<TextEdit>> {
    let inspection = one.inspect();
    let lowering = Lowering::of(&one.reading);
    let fixes = inspection.findings.iter().filter_map(|finding| finding.fix.as_ref());
    let lowered = fixes.filter(|fix| fix.safety <= most).filter_map(|fix| lowering.lower(fix));
    lowered.filter(|edits| edits.iter().all(|edit| edit.at.source == SourceId::ROOT)).collect()
}

/// A text in a message.
pub(crate) fn shown(text: &[u8]) -> String {
    format!("{:?}", String::from_utf8_lossy(text))
}
