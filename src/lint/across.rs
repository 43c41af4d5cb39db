//! Judging a text whose version nobody named: `fatal` is said only of what every version refuses.
//!
//! The rules judge it as one assumed version. What only some versions refuse becomes one finding that names them, so that
//! neither the newest version hides a mistake nor the oldest invents one.

use std::collections::BTreeMap;

use super::rule::{Group, Rule};
use super::{Case, Inspection, Verdict, refused};
use crate::config::{Config, Refusal, is_read_alike, judged_alike, resolve};
use crate::facts::Facts;
use crate::finding::{Finding, Severity};
use crate::server::{self, Server};
use crate::source::{Name, Sources, Span};
use crate::syntax::{Mode, Reading};

pub(crate) static VERSION_DEPENDENT: Rule = Rule {
    id: "version-dependent",
    severity: Severity::Warning,
    group: Group::Versions,
    summary: "some versions refuse the file, and nobody says which one runs",
    docs: "Without a version only what every known version refuses is called fatal. What some of them refuse is told
here, once a file. Name the version: `--server redis-7.4`, or `# redisconf: server=redis-7.4` in the file.",
    source: "redis 6.2 to 8.6 and valkey 7.2 to 9.1, run: of 95 ordinary files 16 depend on the version",
    ..Rule::BASE
};

pub(crate) static NO_VERSION_STARTS: Rule = Rule {
    id: "no-version-starts",
    severity: Severity::Fatal,
    group: Group::Versions,
    summary: "every known version refuses the file, each for a line of its own",
    docs:
        "The file mixes directives of versions or engines that no single server knows all of. Decide for one, and name
it: `# redisconf: server=redis-7.4`.",
    source: "redis 6.2 to 8.6 and valkey 7.2 to 9.1, run",
    ..Rule::BASE
};

/// At most so many places are named in one finding.
const PLACES: usize = 4;

/// A line that some version refuses.
type Line = (Name, usize);

/// Who refuses a line, and how the first of them says it.
struct Refused {
    servers: Vec<Server>,
    at: Span,
    message: String,
}

/// Takes back what only some of the candidates refuse. `inspection` is that of the assumed version, which is one of them.
///
/// `read` reads and resolves the same text as another version.
#[must_use]
pub fn across(
    mut inspection: Inspection,
    case: &Case<'_>,
    candidates: &[Server],
    read: &dyn Fn(Server) -> (Reading, Config),
) -> Inspection {
    let alone = || candidates.iter().map(|candidate| vec![*candidate]).collect();
    let can_tell = case.mode == Mode::Server && listens_alike(case);
    let groups = can_tell.then(|| judged_alike(case.reading, case.config, candidates)).flatten().unwrap_or_else(alone);
    if groups.len() == 1 {
        return inspection;
    }
    let assumed = case.server();
    // Here each version is named that refuses a line.
    let named = Case::new(case.reading, case.config, case.facts, case.mode);
    let mut lines: BTreeMap<Line, Refused> = BTreeMap::new();
    let mut refusing = 0;
    // The assumed version first, so that its words are used where it refuses a line.
    let (own, others): (Vec<_>, Vec<_>) = groups.iter().partition(|group| group.contains(&assumed));
    for group in own {
        note(case.config.refusals(), group, &named, &mut lines);
        refusing += if case.config.refusals().is_empty() { 0 } else { group.len() };
    }
    for group in others {
        let (reading, config) = read_again(case, group[0], read);
        refusing += if config.refusals().is_empty() { 0 } else { group.len() };
        let facts = Facts::default();
        note(config.refusals(), group, &Case::new(&reading, &config, &facts, case.mode), &mut lines);
    }
    let order = |server: &Server| candidates.iter().position(|candidate| candidate == server);
    for refused in lines.values_mut() {
        refused.servers.sort_by_key(order);
    }
    let some_only = |line: &Line| lines.get(line).is_some_and(|refused| refused.servers.len() < candidates.len());
    let sources = &case.reading.sources;
    // What this version alone refuses is no longer fatal; it is told with the rest.
    inspection
        .findings
        .retain(|finding| finding.severity != Severity::Fatal || !some_only(&line_of(sources, finding.at)));
    let some: Vec<&Refused> = lines.iter().filter(|(line, _)| some_only(line)).map(|(_, refused)| refused).collect();
    if some.is_empty() {
        return inspection;
    }
    let fatal = inspection.findings.iter().any(|finding| finding.severity == Severity::Fatal);
    let nobody_starts = refusing == candidates.len() && !fatal;
    let finding = told(&some, candidates, nobody_starts, case);
    if nobody_starts {
        inspection.findings.insert(0, finding);
    } else {
        // Behind what all refuse, which comes first, findings stand by place.
        let key = |finding: &Finding| (finding.severity != Severity::Fatal, finding.at);
        let at = inspection.findings.partition_point(|other| key(other) <= key(&finding));
        inspection.findings.insert(at, finding);
        if !fatal {
            inspection.verdict = Verdict::Starts;
        }
    }
    inspection
}

/// The same text as another version reads it. Where every version splits all lines alike, only what they mean is found anew.
fn read_again(case: &Case<'_>, server: Server, read: &dyn Fn(Server) -> (Reading, Config)) -> (Reading, Config) {
    if !is_read_alike(case.reading) {
        return read(server);
    }
    let mut reading = case.reading.clone();
    reading.server = server;
    let config = resolve(&reading, case.mode);
    (reading, config)
}

/// Whether all versions surely open the same sockets: they differ in what an empty `bind` means, in the ports of a cluster's
/// bus, and in what is left to listen on without a port.
fn listens_alike(case: &Case<'_>) -> bool {
    let binds = case.set_by("bind").is_none_or(|id| case.reading.arguments(id).iter().all(|word| !word.is_empty()));
    binds && !case.config.is_cluster() && case.int("port") != Some(0)
}

fn line_of(sources: &Sources, at: Span) -> Line {
    let source = sources.get(at.source);
    (source.name().clone(), source.line(at.start))
}

fn note(refusals: &[Refusal], servers: &[Server], case: &Case<'_>, lines: &mut BTreeMap<Line, Refused>) {
    for refusal in refusals {
        let line = line_of(&case.reading.sources, refusal.at);
        let refused = lines.entry(line).or_insert_with(|| Refused {
            servers: Vec::new(),
            at: refusal.at,
            message: refused::word(case, refusal).message,
        });
        if refused.servers.last() != servers.last() {
            refused.servers.extend_from_slice(servers);
        }
    }
}

/// The one finding about what some versions refuse.
fn told(some: &[&Refused], candidates: &[Server], nobody_starts: bool, case: &Case<'_>) -> Finding {
    let refuses = |server: &Server| some.iter().any(|refused| refused.servers.contains(server));
    let refusing: Vec<Server> = candidates.iter().copied().filter(refuses).collect();
    let others: Vec<Server> = candidates.iter().copied().filter(|server| !refuses(server)).collect();
    // Versions may include different files; a place in one that this reading lacks cannot be shown.
    let known = |at: Span| case.reading.sources.iter().any(|(id, _)| id == at.source);
    let first = some.iter().find(|refused| known(refused.at)).map_or_else(|| case.anchor(), |refused| refused.at);
    let lines = if some.len() == 1 { "a line".to_owned() } else { format!("{} lines", some.len()) };
    let mut finding = if nobody_starts {
        let message = "the server stops here or further down: no known version takes all lines of this file";
        NO_VERSION_STARTS.finding(first, message)
    } else {
        let message = format!(
            "{} {} {lines} of this file that {} {}",
            server::in_words(&refusing),
            if refusing.len() == 1 { "refuses" } else { "refuse" },
            server::in_words(&others),
            if others.len() == 1 { "takes" } else { "take" },
        );
        VERSION_DEPENDENT.finding(first, message)
    };
    for refused in some.iter().filter(|refused| known(refused.at)).take(PLACES) {
        let text = format!("{}: {}", server::in_words(&refused.servers), refused.message);
        if refused.at == first && finding.here.is_none() {
            finding = finding.here(text);
        } else {
            finding = finding.label(refused.at, text);
        }
    }
    finding.help("name the version that runs: `--server redis-7.4`, or `# redisconf: server=redis-7.4` in the file")
}
