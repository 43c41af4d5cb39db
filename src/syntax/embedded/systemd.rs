//! Units of systemd and their drop-ins: `ExecStart` and the limits beside it.

use super::command::{self, Around};
use super::place::{Mount, Mounted};
use super::{Embedded, HostText, known, quantity, shell};
use crate::source::{Name, SourceId, Span};
use crate::syntax::argv::{Given, Quotes};
use crate::syntax::assembled::Assembled;
use crate::syntax::conf::trim;

/// A setting of the section `[Service]`.
struct Setting {
    key: String,
    value: Assembled<'static>,
    /// The value's place.
    at: Span,
}

impl Setting {
    /// The value, if no specifier is in it.
    fn known(&self) -> Option<String> {
        let text = String::from_utf8_lossy(self.value.text()).into_owned();
        (!text.is_empty() && !text.contains(['%', '$'])).then_some(text)
    }
}

/// Finds the servers that a unit starts.
pub(super) fn find(host: &HostText) -> Vec<Embedded> {
    let settings = settings(&host.text);
    let title = match &host.name {
        Name::File(path) => format!("unit `{}`", path.file_name().unwrap_or_default().to_string_lossy()),
        Name::Stdin | Name::Builtin(_) | Name::Flag(_) | Name::CommandLine | Name::Live(_) => "unit".to_owned(),
    };
    let mut found = Vec::new();
    // An empty assignment forgets those before it.
    let last_reset = settings.iter().rposition(|setting| setting.key == "ExecStart" && setting.value.text().is_empty());
    for setting in settings.iter().skip(last_reset.map_or(0, |at| at + 1)).filter(|setting| setting.key == "ExecStart")
    {
        for words in shell::systemd(&setting.value) {
            let mut words: Vec<Given> =
                words.iter().map(|word| command::given(&setting.value, word, Some(Quotes::default()))).collect();
            let Some(first) = words.first_mut() else { continue };
            let marks = first.bytes().iter().take_while(|b| b"@-:+!|".contains(b)).count();
            let renames = first.bytes()[..marks].contains(&b'@');
            first.text = first.text.part(marks..first.bytes().len());
            first.at.start += u32::try_from(marks).expect("they are few");
            if renames && words.len() > 1 {
                words.remove(1);
            }
            let around = Around { image: None, behind_entrypoint: false };
            for start in command::starts(&words, around) {
                let end = u32::try_from(host.text.len()).expect("files are below 64 MiB");
                let extent = Span { source: SourceId::ROOT, start: 0, end };
                let mut embedded = host.embedded(title.clone(), setting.at, extent);
                let at = start.at.unwrap_or(setting.at);
                known::word(&mut embedded.facts, "container", "no", at);
                if let Some((is_root, at)) = start.user {
                    known::word(&mut embedded.facts, "user", if is_root { "root" } else { "service" }, at);
                }
                embedded.begin(start);
                surround(&mut embedded, &settings, at);
                found.push(embedded);
            }
        }
    }
    found
}

fn surround(embedded: &mut Embedded, settings: &[Setting], at: Span) {
    let last = |key: &str| settings.iter().rfind(|setting| setting.key == key);
    let facts = &mut embedded.facts;
    if let Some(limit) = last("LimitNOFILE") {
        // A server raises its limit as far as the hard one lets it.
        let number = limit.known().and_then(|text| text.rsplit(':').next().and_then(|number| number.parse().ok()));
        known::count(facts, "nofile", number, limit.at);
    }
    if let Some(memory) = last("MemoryMax").or_else(|| last("MemoryLimit")) {
        known::bytes(facts, "memory", memory.known().and_then(|text| quantity::systemd_bytes(&text)), memory.at);
    }
    if let Some(quota) = last("CPUQuota") {
        let text = String::from_utf8_lossy(quota.value.text()).into_owned();
        let share = text.strip_suffix('%').and_then(quantity::cores);
        known::cores(facts, "cpus", share.map(|percent| percent / 100.0), quota.at);
    }
    if let Some(grace) = last("TimeoutStopSec").or_else(|| last("TimeoutSec")) {
        // Nothing, and `infinity`, wait for ever.
        let time = grace.known().and_then(|text| quantity::systemd_time(&text)).filter(|time| *time > 0);
        known::time(facts, "grace", time, grace.at);
    }
    match last("Restart").map(|restart| (restart.known(), restart.at)) {
        Some((Some(word), at)) => known::switch(facts, "auto-restart", word != "no", at),
        Some((None, _)) => {}
        None => known::switch(facts, "auto-restart", false, at),
    }
    if let Some(user) = last("User")
        && let Some(name) = user.known()
    {
        known::word(facts, "user", if matches!(name.as_str(), "root" | "0") { "root" } else { "service" }, user.at);
    }
    if let Some(directory) = last("WorkingDirectory") {
        embedded.place.working_directory = directory.known().map(|text| text.trim_start_matches('-').to_owned());
    }
    // The paths of the unit are those of the host it lies on.
    embedded.place.mounts.push(Mount { target: "/".into(), from: Mounted::Image("/".into()), is_read_only: false, at });
}

/// The settings of the section `[Service]`, continued lines joined by a blank.
fn settings(text: &[u8]) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut in_service = false;
    let mut joined = Assembled::default();
    let mut is_continued = false;
    let mut start = 0;
    for line in text.split_inclusive(|b| *b == b'\n') {
        let line_start = start;
        start += line.len();
        let content = trim(line);
        if matches!(content.first(), Some(b'#' | b';')) || (content.is_empty() && !is_continued) {
            continue;
        }
        if content.first() == Some(&b'[') && !is_continued {
            in_service = content.eq_ignore_ascii_case(b"[Service]");
            continue;
        }
        let offset = content.as_ptr() as usize - line.as_ptr() as usize;
        let at = line_start + if content.is_empty() { 0 } else { offset };
        if let Some(kept) = content.strip_suffix(b"\\") {
            joined.push(SourceId::ROOT, at, kept);
            let place = joined.span(joined.text().len() - kept.len(), joined.text().len());
            joined.push_for(Span { start: place.end, end: place.end + 1, ..place }, b" ");
            is_continued = true;
            continue;
        }
        joined.push(SourceId::ROOT, at, content);
        is_continued = false;
        let line = std::mem::take(&mut joined);
        if in_service {
            found.extend(setting(&line));
        }
    }
    found
}

fn setting(line: &Assembled<'_>) -> Option<Setting> {
    let text = line.text();
    let equals = text.iter().position(|b| *b == b'=')?;
    let blanks = text[equals + 1..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    let first = equals + 1 + blanks;
    Some(Setting {
        key: String::from_utf8_lossy(text[..equals].trim_ascii()).into_owned(),
        at: line.span(first.min(text.len().saturating_sub(1)), text.len()),
        value: line.part(first..text.len()),
    })
}
