//! Rewriting a profile: its own file is edited, the layers below it are not.
//!
//! A profile is written for all versions that it serves, and most of it stays: the renderer knows each version's names. What
//! only the old version knows becomes a preference, what changed behind the profile's back is written down. A layer below
//! belongs to others too; what it says and the target does not take is overruled in the profile, and the file is named.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::rewrite::{Kind, Step, Upgraded, pin, told, whole, written};
use super::toml::{self, Document};
use crate::catalog::{self, Lookup};
use crate::config::Setup;
use crate::config::layers::{LoadError, Request, Stack, load, merge};
use crate::finding::{Edit, Fix, Severity, apply};
use crate::plan::{Said, between};
use crate::server::Server;
use crate::source::{Files, Instead, Name, SourceId, Span};
use crate::syntax::StatementId;
use crate::syntax::lower::Lowering;
use crate::syntax::profile::Layer;

/// Why a profile was not rewritten.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A layer leads nowhere.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It is a built-in profile, which no version changes.
    #[error("a built-in profile is written for all versions that it serves, and stays as it is")]
    Builtin,
    /// The profile has errors for the old version.
    #[error("the profile has errors as it is")]
    Before(Box<Setup>),
    /// What was made of it has errors for the target.
    #[error("what a person has to change first is in the way")]
    After(Box<Setup>),
}

/// The file of a profile, and its text.
struct Own {
    path: PathBuf,
    text: Vec<u8>,
    is_abstract: bool,
}

impl Own {
    fn of(request: &Request, files: &dyn Files) -> Result<Self, Refused> {
        let alone = Request { profile: request.profile.clone(), folder: request.folder.clone(), ..Request::default() };
        let stack = load(&alone, files)?;
        let layer = own_layer(&stack).ok_or(Refused::Builtin)?;
        let source = stack.sources.get(layer.source);
        let Name::File(path) = source.name() else { return Err(Refused::Builtin) };
        Ok(Self { path: path.clone(), text: source.text().to_vec(), is_abstract: layer.is_abstract })
    }
}

/// The highest layer of a stack that has only a profile and what it extends.
fn own_layer(stack: &Stack) -> Option<&Layer> {
    stack.layers.last().map(|(_, layer)| layer)
}

/// Rewrites the file of a profile of `from` for `to`; the other layers of the request are read and not changed.
///
/// # Errors
/// [`Refused`]: layers that lead nowhere, a built-in profile, or errors that are in the way.
pub fn rewrite_profile(request: &Request, from: Server, to: Server, files: &dyn Files) -> Result<Upgraded, Refused> {
    let own = Own::of(request, files)?;
    let before = merge(load(request, files)?, from);
    if !is_sound(&before) {
        return Err(Refused::Before(Box::new(before)));
    }
    let mut work = Work { own: &own, before: &before, to, steps: Vec::new(), given_up: BTreeSet::new() };
    let mut text = own.text.clone();
    // It ends, for nothing is tried twice.
    loop {
        let files = Instead { path: &own.path, text: &text, below: files };
        let Some(next) = work.next(&text, load(request, &files)?) else { break };
        text = next;
    }
    let files = Instead { path: &own.path, text: &text, below: files };
    let after = merge(load(request, &files)?, to);
    if !is_sound(&after) {
        return Err(Refused::After(Box::new(after)));
    }
    let mut steps = work.steps;
    steps.sort_by_key(|step| (step.line.unwrap_or(usize::MAX), step.kind));
    let left = between(whole(&before), whole(&after));
    Ok(Upgraded { file: Some(own.path), text, included: Vec::new(), steps, before, after, left })
}

fn is_sound(setup: &Setup) -> bool {
    setup.findings.iter().all(|finding| finding.severity < Severity::Error) && setup.config.verdict().is_none()
}

/// What is done to the text, step by step.
struct Work<'a> {
    own: &'a Own,
    before: &'a Setup,
    to: Server,
    steps: Vec<Step>,
    /// What could not be done, so that it is not tried again.
    given_up: BTreeSet<String>,
}

impl Work<'_> {
    /// The text after one more change; `None` if there is nothing left to do.
    fn next(&mut self, text: &[u8], stack: Stack) -> Option<Vec<u8>> {
        let document = Document::of(text)?;
        let own = stack.sources.iter().find(|(_, source)| *source.name() == Name::File(self.own.path.clone()))?.0;
        let (_, layer) = stack.layers.iter().find(|(_, layer)| layer.source == own)?;
        let finals: Vec<String> =
            stack.layers.iter().flat_map(|(_, layer)| &layer.finals).map(|name| name.value.clone()).collect();
        let (layer, default_server) = (layer.clone(), stack.default_server());
        let after = merge(stack, self.to);
        self.server(&document, &layer, default_server)
            .or_else(|| self.serves(&document, &after, own))
            .or_else(|| self.name(&document, &layer))
            .or_else(|| self.unknown(&document, &after, own))
            .or_else(|| self.value(&document, &after, own))
            .or_else(|| self.pins(&document, &after, &finals))
    }

    /// Keeps an edit with what is said of it; what cannot be made is not tried again.
    fn made(&mut self, key: String, made: Option<Vec<u8>>, step: impl FnOnce() -> Step) -> Option<Vec<u8>> {
        if made.is_some() {
            self.steps.push(step());
        }
        self.given_up.insert(key);
        made
    }

    /// The line of a directive in the text as it was.
    fn line(&self, name: &str) -> Option<usize> {
        Document::of(&self.own.text)?.line_of(name)
    }

    /// The version that is rendered where none is named.
    fn server(&mut self, document: &Document, layer: &Layer, default: Option<Server>) -> Option<Vec<u8>> {
        let (to, default) = (self.to, default?);
        let own = layer.default_server.as_ref().map(|server| server.value);
        if default == to || own == Some(to) || !self.given_up.insert("default-server".into()) {
            return None;
        }
        let line = self.line("default-server");
        let words = match own {
            Some(_) => format!("`default-server` is {} now", to.name()),
            None => format!("`default-server` is {} here; a layer below says {}", to.name(), default.name()),
        };
        let kind = if own.is_some() { Kind::Server } else { Kind::Overruled };
        self.made(String::new(), document.set_text("default-server", &to.name()), || Step {
            kind,
            file: None,
            line,
            words,
        })
    }

    /// The list of versions that the profile serves.
    fn serves(&mut self, document: &Document, after: &Setup, own: SourceId) -> Option<Vec<u8>> {
        after.findings.iter().find(|one| one.rule == "unsupported-server" && one.at.source == own)?;
        if !self.given_up.insert("servers".into()) {
            return None;
        }
        let requirement = format!("{} >= {}", self.to.engine.word(), self.to.series);
        let line = self.line("servers");
        let words = format!("`servers` has `{requirement}`, too");
        self.made(String::new(), document.add_to_list("servers", &requirement), || Step {
            kind: Kind::Server,
            file: None,
            line,
            words,
        })
    }

    /// A directive by the name that the target gives it. Every version's name is understood, so this is for people.
    fn name(&mut self, document: &Document, layer: &Layer) -> Option<Vec<u8>> {
        let (old, new) = (self.before.config.view, catalog::View::of(self.to));
        for setting in layer.settings.iter().chain(&layer.prefer) {
            let spelt = &setting.name.value;
            let Some(id) = catalog::find(spelt) else { continue };
            let (Some(then), Some(now)) = (old.get(id), new.get(id)) else { continue };
            if then.name() != spelt || now.name() == spelt || self.given_up.contains(spelt) {
                continue;
            }
            let step = Step {
                kind: Kind::Renamed,
                file: None,
                line: self.line(spelt),
                words: format!("`{spelt}` is called `{}`", now.name()),
            };
            if let Some(text) = self.made(spelt.clone(), document.rename(spelt, now.name()), || step) {
                return Some(text);
            }
        }
        None
    }

    /// A directive that the target does not know, or ignores.
    fn unknown(&mut self, document: &Document, after: &Setup, own: SourceId) -> Option<Vec<u8>> {
        let unknown = after.findings.iter().filter(|finding| finding.rule == "unknown-directive");
        let places: Vec<Span> = unknown.map(|finding| finding.at).collect();
        for at in places {
            let (name, to) = (name_at(after, at)?, self.to);
            if !self.given_up.insert(format!("unknown {name}")) {
                continue;
            }
            let known = after.config.view.look(name.as_bytes());
            let lacks = if matches!(known, Lookup::Here(_)) { "ignores" } else { "does not know" };
            let made = if at.source != own {
                let words = format!(
                    "`{name}` is unset here, as {to} {lacks} it; {}",
                    elsewhere(after, at, "move it to `[prefer]`")
                );
                let made = document.add_to_list("unset", &name);
                self.made(String::new(), made, || Step { kind: Kind::Overruled, file: None, line: None, words })
            } else if document.is_plain_setting(at.start) {
                let line = self.line(&name);
                let words = format!("`{name}` moves to `[prefer]`, and is left out for {to}, which {lacks} it");
                self.made(String::new(), document.prefer(&name), || Step {
                    kind: Kind::Preferred,
                    file: None,
                    line,
                    words,
                })
            } else {
                None
            };
            if made.is_some() {
                return made;
            }
        }
        None
    }

    /// A value that the target refuses, in a form that it reads as the old version did.
    fn value(&mut self, document: &Document, after: &Setup, own: SourceId) -> Option<Vec<u8>> {
        let refused: Vec<StatementId> = after.config.refusals().iter().filter_map(|one| one.statement).collect();
        for id in refused {
            let at = after.reading.statement(id).at;
            let Lookup::Here(directive) = after.config.look(id) else { continue };
            let name = directive.name();
            if !self.given_up.insert(format!("value {name} {}", at.start)) {
                continue;
            }
            let Some(words) = self.as_before(after, id, directive) else { continue };
            let to = self.to;
            if at.source == own {
                let statement = std::iter::once(after.reading.name(id).to_vec()).chain(words).collect();
                let fix = Fix::safe([Edit::Put { statement: at, words: statement }]);
                let edits = Lowering::of(&after.reading).lower(&fix);
                let text = edits.map(|edits| apply(after.reading.sources.get(own).text(), &[edits]).0);
                let line = self.line(name);
                let words = format!("the value of `{name}` is written in a form that {to} reads");
                if let Some(text) =
                    self.made(String::new(), text, || Step { kind: Kind::Rewritten, file: None, line, words })
                {
                    return Some(text);
                }
            } else if let Some(value) = toml::value(directive, &words) {
                let text = document.add_lines("settings", &[format!("{name} = {value}")]);
                let advice = "write it in a form that every version reads";
                let words = format!("`{name}` is said here again for {to}; {}", elsewhere(after, at, advice));
                if let Some(text) =
                    self.made(String::new(), text, || Step { kind: Kind::Overruled, file: None, line: None, words })
                {
                    return Some(text);
                }
            }
        }
        None
    }

    /// The words of a refused statement as the old version took them, if the target reads those.
    fn as_before(&self, after: &Setup, id: StatementId, new: &'static catalog::Directive) -> Option<Vec<Vec<u8>>> {
        let entry = self.before.config.entry(new.id)?;
        let old = self.before.config.view.get(new.id)?;
        let arguments = after.reading.arguments(id);
        let part = entry.standing().find(|part| self.before.reading.arguments(part.by) == arguments)?;
        let value = part.value.as_ref().ok()?;
        written(new, &value.config_get(&old.kind), value, after)
    }

    /// Built-in values that changed. A layer that is never rendered alone has none: the profiles that stand on it do.
    fn pins(&mut self, document: &Document, after: &Setup, finals: &[String]) -> Option<Vec<u8>> {
        if self.own.is_abstract || !is_sound(after) {
            return None;
        }
        let found = between(whole(self.before), whole(after));
        for (row, directive, words) in found.rows.iter().filter_map(|row| pin(self.before, after, row)) {
            let name = directive.name();
            let is_final = finals.iter().any(|known| catalog::find(known) == Some(directive.id));
            if is_final || !self.given_up.insert(format!("pin {name}")) {
                continue;
            }
            let Some(value) = toml::value(directive, &words) else { continue };
            let told = told(self.before, after, row);
            // A version that does not know the directive goes on without it.
            let table = if row.from.said == Said::Before { "prefer" } else { "settings" };
            let lines = [format!("# pinned: {told}"), format!("{name} = {value}")];
            let words = format!("`{name}`: {told}");
            let made = document.add_lines(table, &lines);
            if let Some(text) =
                self.made(String::new(), made, || Step { kind: Kind::Pinned, file: None, line: None, words })
            {
                return Some(text);
            }
        }
        None
    }
}

/// The directive whose key stands at a place of a layer.
fn name_at(after: &Setup, at: Span) -> Option<String> {
    let text = after.reading.sources.get(at.source).text();
    Document::of(text)?.key_at(at.start).map(str::to_owned)
}

/// Where a layer says it, and what would serve everybody.
fn elsewhere(after: &Setup, at: Span, advice: &str) -> String {
    format!("{} says it: {advice} there, for all that stand on it", after.reading.sources.locate(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Relation;
    use crate::source::Memory;

    fn upgraded(files: &[(&str, &str)], from: &str, to: &str) -> Result<Upgraded, Refused> {
        let memory = Memory::new(files.iter().map(|(path, text)| (*path, *text)));
        let request = Request { profile: files[0].0.into(), ..Request::default() };
        rewrite_profile(&request, from.parse().unwrap(), to.parse().unwrap(), &memory)
    }

    fn text(files: &[(&str, &str)], from: &str, to: &str) -> String {
        String::from_utf8(upgraded(files, from, to).unwrap().text).unwrap()
    }

    #[test]
    fn a_profile_keeps_its_comments_and_says_what_changed() {
        let old = "schema = 1\ndefault-server = \"redis-6.2\"  # since 2021\n\n[settings]\n# the log\nslowlog-max-len = 5\nlua-replicate-commands = false\n# size\nmaxmemory = \"1gb\"\n\n[why]\nslowlog-max-len = \"few\"\n";
        let done = upgraded(&[("p.toml", old)], "redis-6.2", "valkey-8.1").unwrap();
        let new = String::from_utf8(done.text).unwrap();
        let head = "schema = 1\ndefault-server = \"valkey-8.1\"  # since 2021\n\n[settings]\n# the log\ncommandlog-slow-execution-max-len = 5\n# size\nmaxmemory = \"1gb\"\n";
        assert!(new.starts_with(head), "{new}");
        assert!(
            new.contains(
                "\n# pinned: redis 6.2 had `1mb` built in, valkey 8.1 has `10mb`\nrepl-backlog-size = \"1mb\"\n"
            ),
            "{new}"
        );
        assert!(new.contains("\n[why]\ncommandlog-slow-execution-max-len = \"few\"\n"), "{new}");
        let preferences = &new[new.find("[prefer]").unwrap()..];
        assert!(preferences.contains("\nlua-replicate-commands = false\n"), "{new}");
        assert!(
            preferences.contains("\nenable-debug-command = true\n")
                || preferences.contains("enable-debug-command = \"yes\""),
            "{new}"
        );
        let left: Vec<&str> = done.left.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(left, ["lua-replicate-commands"]);
        assert_eq!(done.steps[0].line, Some(2));
        // The old version takes it still.
        let back = upgraded(&[("p.toml", new.as_str())], "redis-6.2", "redis-6.2").unwrap();
        assert!(is_sound(&back.before));
    }

    #[test]
    fn a_shared_layer_is_overruled_and_named() {
        let base = (
            "org/base.toml",
            "schema = 1\ndefault-server = \"redis-6.2\"\n[settings]\nlua-replicate-commands = false\n",
        );
        let own = ("p.toml", "schema = 1\nextends = [\"org/base.toml\"]\n[settings]\nhz = 20\n");
        let done = upgraded(&[own, base], "redis-6.2", "redis-7.0").unwrap();
        let new = String::from_utf8(done.text).unwrap();
        assert!(new.contains("unset = [\"lua-replicate-commands\"]\n"), "{new}");
        assert!(new.contains("default-server = \"redis-7.0\"\n"), "{new}");
        let words: Vec<&str> =
            done.steps.iter().filter(|one| one.kind == Kind::Overruled).map(|one| one.words.as_str()).collect();
        assert!(words.iter().any(|words| words.contains("org/base.toml:4")), "{words:?}");
    }

    #[test]
    fn what_cannot_be_overruled_is_refused_with_its_place() {
        let base = (
            "b.toml",
            "schema = 1\n[settings]\nlua-replicate-commands = false\n[final]\nsettings = [\"lua-replicate-commands\"]\n",
        );
        let own = ("p.toml", "schema = 1\nextends = [\"b.toml\"]\n");
        let Err(Refused::After(setup)) = upgraded(&[own, base], "redis-6.2", "redis-7.0") else { panic!() };
        assert!(setup.findings.iter().any(|finding| finding.rule == "final-directive"), "{:?}", setup.findings);
        assert!(matches!(upgraded(&[("builtin:cache@1", "")], "redis-6.2", "redis-7.0"), Err(Refused::Builtin)));
    }

    #[test]
    fn the_versions_that_it_serves_are_widened() {
        let own = ("p.toml", "schema = 1\nservers = [\"redis >= 6.2, < 8\"]\n[settings]\nhz = 20\n");
        assert!(
            text(&[own], "redis-7.4", "valkey-8.1").contains("servers = [\"redis >= 6.2, < 8\", \"valkey >= 8.1\"]\n")
        );
    }

    #[test]
    fn a_layer_that_is_never_rendered_alone_pins_nothing() {
        let own = ("p.toml", "schema = 1\nabstract = true\n[settings]\nhz = 20\n");
        assert_eq!(text(&[own], "redis-6.2", "valkey-8.1"), own.1);
    }

    #[test]
    fn every_pair_of_versions_leaves_nothing_unsaid() {
        for &from in crate::server::all() {
            for &to in crate::server::all() {
                let own = ("p.toml", "schema = 1\n[settings]\nhz = 20\nsave = [\"3600 1\"]\nbind = [\"127.0.0.1\"]\n");
                let done =
                    upgraded(&[own], &from.name(), &to.name()).unwrap_or_else(|error| panic!("{from} {to} {error}"));
                let sayable = done
                    .left
                    .rows
                    .iter()
                    .find(|row| row.to.said != Said::Before && row.relation == Relation::Different);
                assert!(sayable.is_none(), "{from} {to}: {sayable:#?}");
                if from == to {
                    assert_eq!(done.text, own.1.as_bytes());
                }
            }
        }
    }
}
