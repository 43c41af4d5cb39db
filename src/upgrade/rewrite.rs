//! Rewriting the text of a configuration file, and those of the files that it includes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::catalog::{Directive, Lookup, State};
use crate::config::{Origin, Setup, Shown, Value, resolve, statement_shown};
use crate::facts::Facts;
use crate::finding::{Edit, Fix, TextEdit, apply};
use crate::plan::{Comparison, Contrast, Held, Relation, Said, Side, between};
use crate::server::Server;
use crate::source::{FileError, Files, Name, Source, SourceId, Sources, Span};
use crate::syntax::lower::Lowering;
use crate::syntax::quote::conf_line;
use crate::syntax::{Mode, StatementId, conf, survey};

/// What was done to the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A directive has its new name.
    Renamed,
    /// A value is written in another form.
    Rewritten,
    /// A line that the target does not know, or ignores, became a comment.
    Removed,
    /// A built-in value that changed is written down.
    Pinned,
    /// A setting is left out by versions that do not know it.
    Preferred,
    /// What a layer below says is overruled.
    Overruled,
    /// What tells the version tells the new one.
    Server,
}

/// One change of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What kind of change it is.
    pub kind: Kind,
    /// The included file that is changed; `None` if it is the text itself.
    pub file: Option<PathBuf>,
    /// The line in the old text; `None` for what was added.
    pub line: Option<usize>,
    /// What was done, in words.
    pub words: String,
}

/// A text for the target, and what was done.
#[derive(Debug)]
pub struct Upgraded {
    /// The file that the text is of; `None` if it is no file.
    pub file: Option<PathBuf>,
    /// The new text, which the target takes.
    pub text: Vec<u8>,
    /// The included files that change, with their new texts; the target takes all of them together.
    pub included: Vec<(PathBuf, Vec<u8>)>,
    /// What was done, by file and line.
    pub steps: Vec<Step>,
    /// The old text as the old version reads it.
    pub before: Setup,
    /// The new text as the target reads it.
    pub after: Setup,
    /// How the two compare. What differs is for a person to decide.
    pub left: Comparison,
}

impl Upgraded {
    /// What a file held when it was read; `None` for one that was not.
    #[must_use]
    pub fn was(&self, path: &Path) -> Option<&[u8]> {
        let is_it = |name: &Name| matches!(name, Name::File(read) if read == path);
        let mut read = self.before.reading.sources.iter().map(|(_, source)| source);
        read.find(|source| is_it(source.name())).map(Source::text)
    }
}

/// More rounds than this find nothing new: one for the lines, one for what the target reads otherwise, one for pins.
const ROUNDS: usize = 3;

/// Rewrites a text of `from` for `to`.
///
/// # Errors
/// The setup of the text that is refused: the old one by `from`, or what was made of it by `to`.
pub fn rewrite(name: &Name, text: &[u8], from: Server, to: Server, files: &dyn Files) -> Result<Upgraded, Box<Setup>> {
    let before = setup(name, text, from, files);
    if before.config.verdict().is_some() {
        return Err(Box::new(before));
    }
    let mut steps = Vec::new();
    let edits = lines(&before, to, text, &mut steps);
    let mut current = Texts { root: text.to_vec(), included: BTreeMap::new() };
    current.take(&before, edits);
    for _ in 0..ROUNDS {
        let after = setup(name, &current.root, to, &current.over(files));
        let found = between(whole(&before), whole(&after));
        let (edits, added) = values(&before, &after, &found, &mut steps);
        let mut next = current.clone();
        next.take(&after, edits);
        next.root.extend(added);
        if next == current {
            break;
        }
        current = next;
    }
    let after = setup(name, &current.root, to, &current.over(files));
    if after.config.verdict().is_some() {
        return Err(Box::new(after));
    }
    let left = between(whole(&before), whole(&after));
    steps.sort_by_key(|step| (step.file.clone(), step.line.unwrap_or(usize::MAX), step.kind));
    let Texts { root, included } = current;
    let file = match name {
        Name::File(path) => Some(path.clone()),
        Name::Stdin | Name::Builtin(_) | Name::Flag(_) | Name::CommandLine | Name::Live(_) => None,
    };
    Ok(Upgraded { file, text: root, included: included.into_iter().collect(), steps, before, after, left })
}

/// The texts as they are by now.
#[derive(Clone, PartialEq, Eq)]
struct Texts {
    root: Vec<u8>,
    /// The included files that changed.
    included: BTreeMap<PathBuf, Vec<u8>>,
}

impl Texts {
    /// Carries edits of a reading of these texts out, each in its own.
    fn take(&mut self, read: &Setup, edits: Vec<Vec<TextEdit>>) {
        let mut by_source: BTreeMap<SourceId, Vec<Vec<TextEdit>>> = BTreeMap::new();
        for group in edits {
            if let Some(first) = group.first() {
                by_source.entry(first.at.source).or_default().push(group);
            }
        }
        for (source, groups) in by_source {
            let (text, _) = apply(read.reading.sources.get(source).text(), &groups);
            match included(&read.reading.sources, source) {
                Some(path) => drop(self.included.insert(path, text)),
                None => self.root = text,
            }
        }
    }

    /// The changed files over the others.
    fn over<'a>(&'a self, below: &'a dyn Files) -> Over<'a> {
        Over { texts: &self.included, below }
    }
}

/// Files, some of which hold another text by now.
struct Over<'a> {
    texts: &'a BTreeMap<PathBuf, Vec<u8>>,
    below: &'a dyn Files,
}

impl Files for Over<'_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        self.texts.get(path).map_or_else(|| self.below.read(path), |text| Ok(text.clone()))
    }

    fn names(&self, directory: &Path) -> Vec<String> {
        self.below.names(directory)
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.below.is_directory(path)
    }
}

/// The file of an included text; `None` for the text itself.
fn included(sources: &Sources, source: SourceId) -> Option<PathBuf> {
    match sources.get(source).name() {
        Name::File(path) if source != SourceId::ROOT => Some(path.clone()),
        Name::File(_) | Name::Stdin | Name::Builtin(_) | Name::Flag(_) | Name::CommandLine | Name::Live(_) => None,
    }
}

/// Whether a text is met here for the first time: a file may be included twice, and is edited once.
fn is_first(sources: &Sources, source: SourceId) -> bool {
    let name = sources.get(source).name();
    sources.iter().find(|(_, other)| other.name() == name).is_some_and(|(first, _)| first == source)
}

pub(super) fn whole(setup: &Setup) -> Side<'_> {
    Side { setup, dump: None }
}

fn setup(name: &Name, text: &[u8], server: Server, files: &dyn Files) -> Setup {
    let mut setup =
        Setup::from_reading(&name.to_string(), conf::read(name.clone(), text, server, files), Facts::default());
    if survey(SourceId::ROOT, text).mode == Mode::Sentinel {
        setup.config = resolve(&setup.reading, Mode::Sentinel);
    }
    setup
}

/// The edits of lines whose names the target writes otherwise, or does not know.
fn lines(before: &Setup, to: Server, text: &[u8], steps: &mut Vec<Step>) -> Vec<Vec<TextEdit>> {
    let (reading, old) = (&before.reading, &before.config);
    let target = crate::catalog::View::of(to);
    let lowering = Lowering::of(reading);
    let mut edits = Vec::new();
    let mut edit = |at: Span, with: Vec<u8>, kind, words: String| {
        if let Some(lowered) = lowering.lower(&Fix::safe([Edit::Text { at, with }])) {
            let line = Some(reading.sources.get(at.source).line(at.start));
            steps.push(Step { kind, file: included(&reading.sources, at.source), line, words });
            edits.push(lowered);
        }
    };
    if let Some((_, at)) = survey(SourceId::ROOT, text).server {
        let said = &text[at.start as usize..at.end as usize];
        let key = b"server=";
        let start = said.windows(key.len()).position(|window| window == key).map_or(0, |found| found + key.len());
        let length = said[start..].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
        let offset = |bytes: usize| at.start + u32::try_from(bytes).expect("files are below 64 MiB");
        let at = Span { start: offset(start), end: offset(start + length), ..at };
        edit(at, to.name().into_bytes(), Kind::Server, format!("the comment says {} now", to.name()));
    }
    for (id, statement) in reading.iter().filter(|(_, statement)| is_first(&reading.sources, statement.at.source)) {
        let Lookup::Here(directive) = old.look(id) else { continue };
        let spelt = String::from_utf8_lossy(reading.name(id)).to_ascii_lowercase();
        match target.get(directive.id) {
            Some(new) if new.state == State::Accepted && !new.is.live_only => {
                let was_modern = directive.name() == spelt && new.name() != spelt;
                if was_modern || !new.names.contains(&spelt.as_str()) {
                    let words = format!("`{spelt}` is called `{}`", new.name());
                    edit(statement.name.at, new.name().into(), Kind::Renamed, words);
                }
            }
            Some(_) => {
                let line = statement_shown(reading, old.view, id);
                let comment = format!("# left out for {to}, which ignores it: {line}");
                edit(statement.at, comment.into_bytes(), Kind::Removed, format!("`{spelt}` has no effect in {to}"));
            }
            None => {
                let line = statement_shown(reading, old.view, id);
                let comment = format!("# left out for {to}, which does not know it: {line}");
                edit(statement.at, comment.into_bytes(), Kind::Removed, format!("`{spelt}` is not known to {to}"));
            }
        }
    }
    edits
}

/// Values that the target refuses or reads otherwise, in a form that it reads as the old version did; and what is added at
/// the end: built-in values that changed.
fn values(before: &Setup, after: &Setup, found: &Comparison, steps: &mut Vec<Step>) -> (Vec<Vec<TextEdit>>, Vec<u8>) {
    let (mut edits, mut added) = (Vec::new(), Vec::new());
    let lowering = Lowering::of(&after.reading);
    let root = after.reading.sources.get(SourceId::ROOT);
    // A statement is the same in both, for lines stay where they are.
    let refused: BTreeSet<StatementId> =
        after.config.refusals().iter().filter_map(|refusal| refusal.statement).collect();
    for id in refused {
        let at = after.reading.statement(id).at;
        if !is_first(&after.reading.sources, at.source) {
            continue;
        }
        let Lookup::Here(new) = after.config.look(id) else { continue };
        let place = |setup: &Setup, at: Span| {
            let source = setup.reading.sources.get(at.source);
            (included(&setup.reading.sources, at.source), source.line(at.start))
        };
        let (file, line) = place(after, at);
        let is_here = |by| place(before, before.reading.statement(by).at) == (file.clone(), line);
        let part = before.config.entry(new.id).and_then(|entry| entry.parts.iter().find(|part| is_here(part.by)));
        let Some((part, old)) = part.zip(before.config.view.get(new.id)) else { continue };
        let Ok(value) = &part.value else { continue };
        let Some(words) = written(new, &value.config_get(&old.kind), value, after) else { continue };
        let name = after.reading.name(id).to_vec();
        let words = std::iter::once(name).chain(words).collect();
        if let Some(lowered) = lowering.lower(&Fix::safe([Edit::Put { statement: at, words }])) {
            let words = format!("the value of `{}` is written in a form that {} reads", new.name(), after.server);
            steps.push(Step { kind: Kind::Rewritten, file, line: Some(line), words });
            edits.push(lowered);
        }
    }
    let newline: &[u8] = if root.text().ends_with(b"\r\n") { b"\r\n" } else { b"\n" };
    for (row, directive, words) in found.rows.iter().filter_map(|row| pin(before, after, row)) {
        if added.is_empty() && !root.text().is_empty() && !root.text().ends_with(b"\n") {
            added.extend_from_slice(newline);
        }
        let told = told(before, after, row);
        let comment = format!("# pinned: {told}");
        for line in [comment, conf_line(directive.name(), words)] {
            added.extend_from_slice(line.as_bytes());
            added.extend_from_slice(newline);
        }
        steps.push(Step {
            kind: Kind::Pinned,
            file: None,
            line: None,
            words: format!("`{}`: {told}", directive.name()),
        });
    }
    (edits, added)
}

/// A changed built-in value, in words.
pub(super) fn told(before: &Setup, after: &Setup, row: &Contrast) -> String {
    let text = |held: &Held| {
        let value = held.value.as_ref().map(Shown::text).unwrap_or_default();
        let text = held.words.as_deref().unwrap_or(value);
        if text.is_empty() { "`\"\"`".to_owned() } else { format!("`{text}`") }
    };
    let (was, is) = (text(&row.from), text(&row.to));
    let (old, new) = (before.server, after.server);
    match row.from.said {
        Said::Before => format!("{old} behaved as with {was}, {new} has {is} built in"),
        Said::By(_) | Said::Server | Said::Unknown | Said::Ignored | Said::Nobody => {
            format!("{old} had {was} built in, {new} has {is}")
        }
    }
}

/// A row whose second side is a changed built-in value, with the words that bring the old one back.
pub(super) fn pin<'a>(
    before: &Setup,
    after: &Setup,
    row: &'a Contrast,
) -> Option<(&'a Contrast, &'static Directive, Vec<Vec<u8>>)> {
    let is_default = row.to.said == Said::By(Origin::Default);
    let was_default = matches!(row.from.said, Said::By(Origin::Default) | Said::Before);
    if row.relation != Relation::Different || !is_default || !was_default {
        return None;
    }
    let Lookup::Here(directive) = after.config.view.look(row.to.name.as_bytes()) else { return None };
    let Some(Shown::Plain(text)) = &row.from.value else { return None };
    let value = after.config.read_back(directive, text.as_bytes())?;
    debug_assert!(before.server != after.server || row.from.said != Said::Before);
    let words = written(directive, text.as_bytes(), &value, after)?;
    Some((row, directive, words))
}

/// The words of a value in CONFIG GET form, if the target reads them as that value.
pub(super) fn written(directive: &Directive, text: &[u8], value: &Value, after: &Setup) -> Option<Vec<Vec<u8>>> {
    after.config.read_back(directive, text)?;
    if matches!(value, Value::Action | Value::Unknown | Value::Named(_) | Value::Secret(_)) {
        return None;
    }
    let words: Vec<Vec<u8>> = if directive.kind.is_many_valued() && !text.is_empty() {
        text.split(|byte| *byte == b' ').map(<[u8]>::to_vec).collect()
    } else {
        vec![text.to_vec()]
    };
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Memory;

    fn upgraded(text: &str, from: &str, to: &str) -> Result<Upgraded, Box<Setup>> {
        let (from, to) = (from.parse().unwrap(), to.parse().unwrap());
        rewrite(&Name::Stdin, text.as_bytes(), from, to, &Memory::default())
    }

    #[test]
    fn comments_stay_and_every_change_is_told() {
        let old = "# redisconf: server=redis-6.2\n# mine\nslowlog-max-len 5\n  lua-replicate-commands no\nrepl-backlog-size 64mb\n";
        let new = upgraded(old, "redis-6.2", "valkey-8.1").unwrap();
        let text = String::from_utf8(new.text).unwrap();
        let head = "# redisconf: server=valkey-8.1\n# mine\ncommandlog-slow-execution-max-len 5\n";
        assert!(text.starts_with(head), "{text}");
        assert!(
            text.contains("\n  # left out for valkey 8.1, which ignores it: lua-replicate-commands no\n"),
            "{text}"
        );
        assert!(
            text.contains("# pinned: redis 6.2 had `no` built in, valkey 8.1 has `yes`\nlazyfree-lazy-eviction no\n"),
            "{text}"
        );
        assert!(!text.contains("\nrepl-backlog-size 1mb"), "{text}");
        let kinds: Vec<Kind> = new.steps.iter().map(|step| step.kind).collect();
        assert_eq!(kinds[..3], [Kind::Server, Kind::Renamed, Kind::Removed]);
        let differ: Vec<&str> = new.left.rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(differ, ["lua-replicate-commands"]);
    }

    #[test]
    fn included_files_are_rewritten_with_it() {
        let files = Memory::new([
            ("/c/d/a.conf", "# mine\r\nslowlog-max-len 5\r\n"),
            ("/c/d/b.conf", "hz 20"),
            ("/c/twice.conf", "lua-replicate-commands no\n"),
        ]);
        let text = "include d/*.conf\ninclude twice.conf\ninclude twice.conf\n";
        let (from, to) = ("redis-7.0".parse().unwrap(), "valkey-8.1".parse().unwrap());
        let done = rewrite(&Name::File("/c/redis.conf".into()), text.as_bytes(), from, to, &files).unwrap();
        let texts: Vec<(&str, &str)> = done
            .included
            .iter()
            .map(|(path, text)| (path.to_str().unwrap(), std::str::from_utf8(text).unwrap()))
            .collect();
        let a = ("/c/d/a.conf", "# mine\r\ncommandlog-slow-execution-max-len 5\r\n");
        let left_out = "# left out for valkey 8.1, which ignores it: lua-replicate-commands no\n";
        assert_eq!(texts, [a, ("/c/twice.conf", left_out)]);
        assert!(done.text.starts_with(text.as_bytes()) && done.text.len() > text.len());
        let of_files: Vec<_> =
            done.steps.iter().filter_map(|step| Some((step.file.as_ref()?.to_str()?, step.line?))).collect();
        assert_eq!(of_files, [("/c/d/a.conf", 2), ("/c/twice.conf", 1)]);
    }

    #[test]
    fn a_text_that_stays_as_it_is_is_not_touched() {
        let text = "port 1\r\nsave 900 1";
        assert_eq!(upgraded(text, "redis-7.4", "redis-7.4").unwrap().text, text.as_bytes());
    }

    #[test]
    fn what_the_old_version_refuses_is_not_taken_on() {
        assert!(upgraded("nonsense 1\n", "redis-6.2", "valkey-8.1").is_err());
    }

    #[test]
    fn no_secret_is_written_anywhere_new() {
        let text = "requirepass hunter2\nmasterauth hunter2\nuser ann on >hunter2 +get\n";
        let new = upgraded(text, "redis-6.2", "valkey-8.1").unwrap();
        assert!(!format!("{:?}", new.steps).contains("hunter2"));
        assert_eq!(String::from_utf8(new.text).unwrap().matches("hunter2").count(), 3);
    }

    #[test]
    fn what_is_unset_means_the_same_in_every_version_that_can_say_it() {
        for &from in crate::server::all() {
            for &to in crate::server::all() {
                let new = upgraded("port 7000", &from.name(), &to.name()).unwrap_or_else(|_| panic!("{from} {to}"));
                // What a version does not have cannot be said to it.
                let sayable = new.left.rows.iter().find(|row| row.to.said != Said::Before);
                assert!(sayable.is_none(), "{from} {to}: {sayable:#?}");
            }
        }
    }
}
