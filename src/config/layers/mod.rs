//! Layers: profiles stacked upon each other become one [`Setup`].
//!
//! This is the second of the two folds. The server's own ([`super::resolve`]) adds `save` lines up; here a later layer
//! replaces the whole directive, or the one client class, user or command it names. Then formulas are evaluated, once, on
//! the final facts, and the result is lowered to statements and resolved like any configuration.

mod fold;
mod library;
mod lower;

#[cfg(test)]
mod lowering;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::setup::{LayerName, LeftOut, Note, Setup};
use super::{resolve, sizing};
use crate::catalog::{self, DirectiveId, Kind, View};
use crate::facts::{self, Facts, WORKLOADS};
use crate::finding::{Finding, Severity};
use crate::server::Server;
use crate::source::{Sources, Span};
use crate::syntax::profile::{Layer, Requirement, Setting, Spanned};
use crate::syntax::{Mode, Reading, Via, Word};

use fold::Folded;
pub use fold::Slot;
pub(super) use fold::Winner;
pub(super) use library::file_of;
pub use library::{Builtin, LoadError, Request, Stack, assignment, builtins, load};

/// Families in the order in which a configuration is written; others follow by name.
const FAMILY_ORDER: &[&str] =
    &["network", "tls", "process", "logging", "clients", "memory", "rdb", "aof", "replication"];

/// Merges a stack, lowest layer first, for one server.
#[must_use]
pub fn merge(stack: Stack, server: Server) -> Setup {
    let Stack { sources, layers, mut findings, root } = stack;
    let view = View::of(server);
    check_servers(&layers, server, &mut findings);
    let facts = learn(&layers);
    let folded = fold::fold(&layers, server, &facts, &mut findings);
    let mut making =
        Making { view, facts: &facts, sources: &sources, notes: Vec::new(), left_out: Vec::new(), findings };
    let lines = making.lines(&folded);
    let Making { notes, left_out, mut findings, .. } = making;
    let mut reading = Reading::new(sources, server);
    let mut by_statement = BTreeMap::new();
    for (line, note) in lines.into_iter().zip(notes) {
        let id = reading.push(line.name, line.words, Via::Layer(line.layer));
        if note != Note::default() {
            by_statement.insert(id, note);
        }
    }
    let config = resolve(&reading, Mode::Server);
    let top = layers.iter().rev().map(|(_, layer)| layer);
    let text =
        |of: fn(&Layer) -> &Option<Spanned<String>>| top.clone().find_map(|l| of(l).as_ref().map(|t| t.value.clone()));
    let workload = text(|l| &l.workload);
    for (_, layer) in &layers {
        check_workload(layer, &mut findings);
    }
    Setup {
        name: root.unwrap_or_else(|| text(|l| &l.name).unwrap_or_else(|| "profile".into())),
        summary: text(|l| &l.summary),
        workload,
        server,
        layers: layers.iter().map(|(name, layer)| LayerName { name: name.clone(), at: layer.at }).collect(),
        reading,
        config,
        facts,
        notes: by_statement,
        left_out,
        history: folded.history,
        secrets: layers.iter().flat_map(|(_, l)| &l.secrets).map(|(name, p)| (name.value.clone(), p.clone())).collect(),
        keys: layers.iter().flat_map(|(_, layer)| keys(layer)).collect(),
        hidden: layers.iter().flat_map(|(_, layer)| hidden(layer)).collect(),
        findings,
    }
}

/// Every setting of a layer, those under conditions too.
fn settings(layer: &Layer) -> impl Iterator<Item = &Setting> {
    let conditional = layer.when.iter().flat_map(|when| when.settings.iter().chain(&when.prefer));
    layer.settings.iter().chain(&layer.prefer).chain(conditional)
}

/// The names of directives that are known.
fn keys(layer: &Layer) -> Vec<Span> {
    let known = settings(layer).filter(|setting| catalog::find(&setting.name.value).is_some());
    known.map(|setting| setting.name.at).collect()
}

/// The places of a layer whose bytes must not be shown.
pub(super) fn hidden(layer: &Layer) -> Vec<Span> {
    let secret = |name: &str| catalog::find(name).is_none_or(catalog::is_secret);
    let values = settings(layer).filter(|setting| secret(&setting.name.value)).map(|setting| setting.at);
    let rules = layer.users.iter().map(|user| user.rules.at);
    let renames = layer.renames.iter().map(|(_, new)| new.at);
    values.chain(rules).chain(renames).chain(layer.misplaced_secrets.iter().copied()).collect()
}

/// A later layer's fact wins.
fn learn(layers: &[(String, Layer)]) -> Facts {
    let mut facts = Facts::default();
    let workload = facts::definition("workload").expect("it is in the closed list");
    for (_, layer) in layers {
        if let Some(name) = &layer.workload
            && let Ok(said) = workload.read(facts::Written::Text(&name.value))
        {
            facts.learn(workload, said, name.at);
        }
        for (definition, said, at) in &layer.facts {
            facts.learn(definition, *said, *at);
        }
    }
    facts
}

/// Every layer must serve the version.
fn check_servers(layers: &[(String, Layer)], server: Server, findings: &mut Vec<Finding>) {
    for (name, layer) in layers {
        let [first, .., last] = layer.servers.as_slice() else {
            if let [only] = layer.servers.as_slice()
                && !only.value.admits(server)
            {
                findings.push(unserved(name, std::slice::from_ref(only), only.at, server));
            }
            continue;
        };
        if !layer.servers.iter().any(|requirement| requirement.value.admits(server)) {
            findings.push(unserved(name, &layer.servers, first.at.to(last.at), server));
        }
    }
}

fn unserved(name: &str, servers: &[Spanned<Requirement>], at: Span, server: Server) -> Finding {
    let list: Vec<&str> = servers.iter().map(|r| r.value.text.as_str()).collect();
    let message = format!("`{name}` does not serve {server}");
    Finding::new("unsupported-server", Severity::Error, at, message)
        .help(format!("choose a version it serves with `--server`: {}", list.join(", ")))
}

fn check_workload(layer: &Layer, findings: &mut Vec<Finding>) {
    if let Some(workload) = &layer.workload
        && !WORKLOADS.contains(&workload.value.as_str())
    {
        let message = format!("unknown workload `{}`", workload.value);
        let help = format!("the workloads are: {}", WORKLOADS.join(", "));
        findings.push(Finding::new("unknown-workload", Severity::Error, workload.at, message).help(help));
    }
}

/// A statement to write.
struct Made {
    name: Word,
    words: Vec<Word>,
    layer: u16,
}

/// The way from winners to statements.
struct Making<'a> {
    view: &'static View,
    facts: &'a Facts,
    sources: &'a Sources,
    notes: Vec<Note>,
    left_out: Vec<LeftOut>,
    findings: Vec<Finding>,
}

impl Making<'_> {
    fn error(&mut self, rule: &'static str, at: Span, message: String, help: String) {
        self.findings.push(Finding::new(rule, Severity::Error, at, message).help(help));
    }

    /// All statements in the order in which they are written.
    fn lines(&mut self, folded: &Folded<'_>) -> Vec<Made> {
        let mut known: Vec<(&Slot, &Winner<'_>)> = folded.winners.iter().collect();
        known.retain(|(slot, winner)| self.is_known(slot.directive, winner));
        known.sort_by_key(|(slot, _)| {
            let directive = self.view.get(slot.directive).expect("only known directives were kept");
            let family = FAMILY_ORDER.iter().position(|f| *f == directive.family).unwrap_or(FAMILY_ORDER.len());
            (family, directive.family, directive.name(), (*slot).clone())
        });
        let values = sizing::Values::new(self.view, self.facts, &known);
        let mut made = Vec::new();
        for (slot, winner) in known {
            let directive = self.view.get(slot.directive).expect("only known directives were kept");
            let name = Word::cooked(winner.setting.name.at, directive.name());
            let lowered = lower::words(directive, slot, winner, &values, self.sources);
            let (statements, derived) = match lowered {
                Ok(lowered) => lowered,
                Err(problem) => {
                    self.error(problem.rule, problem.at, problem.message, problem.help);
                    continue;
                }
            };
            for (index, words) in statements.into_iter().enumerate() {
                let why = folded
                    .why
                    .get(&slot.directive)
                    .filter(|_| index == 0 && Self::is_first(slot, &made, directive.name()));
                self.notes.push(Note { why: why.cloned(), derived: derived.clone().filter(|_| index == 0) });
                made.push(Made { name: name.clone(), words, layer: winner.layer });
            }
        }
        for action in &folded.actions {
            self.notes.push(Note { why: action.why.clone(), derived: None });
            made.push(Made { name: action.name.clone(), words: action.words.clone(), layer: action.layer });
        }
        made
    }

    /// Whether no statement of the directive was made yet, so that its reason is said once.
    fn is_first(slot: &Slot, made: &[Made], name: &str) -> bool {
        slot.key.is_none() || made.last().is_none_or(|last| last.name.cooked.as_deref() != Some(name.as_bytes()))
    }

    /// Whether this version has the directive; if not, a preference is dropped and a setting is an error.
    fn is_known(&mut self, id: DirectiveId, winner: &Winner<'_>) -> bool {
        let server = self.view.server();
        let here = self.view.get(id);
        let usable = here.is_some_and(|d| d.state == catalog::State::Accepted && !d.is.live_only);
        let file_only = here.is_some_and(|d| {
            matches!(d.kind, Kind::Include | Kind::User | Kind::RenameCommand | Kind::LoadModule | Kind::Sentinel)
        });
        let (name, at) = (winner.setting.name.value.clone(), winner.setting.name.at);
        if file_only {
            let help = match name.as_str() {
                "user" => "use the table `[users.NAME]`",
                "rename-command" => "use the table `[rename-commands]`",
                "loadmodule" => "use the list `modules`",
                _ => "leave it out: an artefact stands alone",
            };
            self.error("not-a-setting", at, format!("`{name}` is no setting of a profile"), help.into());
            return false;
        }
        if usable {
            return true;
        }
        let reason = match here {
            Some(_) => format!("{server} ignores it"),
            None => known_where(id),
        };
        if winner.preferred {
            self.left_out.push(LeftOut { name, at, reason: format!("{server} lacks it; {reason}") });
        } else {
            let help = format!("{reason}; move it to `[prefer]` or under `[[when]]` with `server`");
            self.error("unknown-directive", at, format!("{server} does not know `{name}`"), help);
        }
        false
    }
}

/// Which servers know a directive, in few words.
fn known_where(id: DirectiveId) -> String {
    let names: Vec<String> = catalog::servers_knowing(id).iter().map(ToString::to_string).collect();
    format!("it is known to {}", names.join(", "))
}
