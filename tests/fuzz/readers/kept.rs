//! What stands for a server: snapshots of ours, and what INFO and CONFIG GET printed.

use redisconf::config::resolve;
use redisconf::facts::Facts;
use redisconf::import::Original;
use redisconf::lint::doctor::{LiveCase, diagnose, facts_of, running_text};
use redisconf::lint::{Case, Chosen, Inspection, Verdict};
use redisconf::report::doctor::Checkup;
use redisconf::snapshot::{Evidence, Kept, Snapshot, identity, read_dump, read_kept};
use redisconf::source::Name;
use redisconf::syntax::{Mode, conf};

use super::conf::comes_back;
use super::shown::{Examination, SECRET, clean, holds as contains, in_every_format};
use super::{is_directive, version};

pub(super) fn holds(input: &[u8]) {
    let Some((server, text)) = version(input) else { return };
    if contains(text, SECRET.as_bytes()) {
        return;
    }
    let (info, dump) = match read_kept(text) {
        Err(error) => return clean("an error", &error.to_string()),
        Ok(Kept::Ours(saved)) => {
            let Ok(Kept::Ours(again)) = read_kept(saved.to_text().as_bytes()) else { panic!("what was kept is read") };
            assert!(again.snapshot == saved.snapshot && again.evidence == saved.evidence, "it is kept as it was");
            return diagnosed(&saved.snapshot, &saved.evidence.unwrap_or_default());
        }
        Ok(Kept::Printed(info, dump)) => (info, dump),
    };
    let known = identity(&info).unwrap_or(server);
    let said = match read_dump(dump, &is_directive) {
        Ok(dump) => dump.said,
        Err(error) => return clean("an error", &error.to_string()),
    };
    for one in &said {
        assert!(one.at.start <= one.at.end && one.at.end <= dump.len(), "{:?}", one.at);
    }
    let values = said.into_iter().map(|said| (said.name, said.value)).collect();
    diagnosed(&Snapshot::new(known, values, info), &Evidence::default());
    if let Ok(original) = Original::of_dump(Name::Stdin, dump, known)
        && original.config.verdict().is_none()
    {
        comes_back(&original);
    }
}

/// What a doctor says of it.
pub(super) fn diagnosed(snapshot: &Snapshot, evidence: &Evidence) {
    let (declared, known) = (Facts::default(), facts_of(snapshot, evidence));
    let text = running_text(snapshot, evidence);
    clean("the running configuration", &text);
    let reading = conf::read_alone(Name::Live("cache".into()), text.as_bytes(), snapshot.server);
    let config = resolve(&reading, Mode::Server);
    let case = Case::new(&reading, &config, &known, Mode::Server);
    let live = LiveCase { case, snapshot, evidence, declared: &declared };
    let diagnosis = diagnose(&live, &Chosen::all());
    let _ = Checkup::new("cache", &live, &diagnosis, redisconf::finding::Severity::Info);
    in_every_format(Examination {
        server: snapshot.server,
        inspection: Inspection { findings: diagnosis.findings, verdict: Verdict::Starts, silent: Vec::new() },
        sources: &reading.sources,
        visible: &redisconf::config::Visible::of(&reading, config.view),
        anchor: live.anchor(),
        lowering: None,
    });
}
