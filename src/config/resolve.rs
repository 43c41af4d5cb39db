//! Resolving: statements are folded, in the server's order, into entries and refusals.
//!
//! Resolving never stops and never reports. What the server would refuse is recorded where the server would come upon
//! it, and reading goes on, so that all problems of a file are known after one run.

use std::collections::{BTreeMap, BTreeSet};

use super::acl::{self, AclRefusal, ChannelDefaults, Channels, Surroundings, UNKNOWN_NAME, When};
use super::acl_file::resolve_acl_file;
use super::bad::Bad;
use super::number::c_text;
use super::read::{Before, value};
use super::refusal::{Reason, Refusal, Stage};
use super::table::Table;
use super::value::{Class, Value};
use super::{Config, Entry, Key, Part};
use super::{data, sentinel, sockets};
use crate::catalog::{Directive, DirectiveId, Kind, Lookup, Repeat, State};
use crate::server::{Habits, UnknownNames};
use crate::source::Span;
use crate::syntax::{Item, Mode, ProblemKind, Reading, StatementId, split};

/// Folds a reading for its server.
#[must_use]
pub fn resolve(reading: &Reading, mode: Mode) -> Config {
    if mode == Mode::AclFile {
        return resolve_acl_file(reading, Surroundings::of(reading.server));
    }
    let mut fold = Fold {
        reading,
        habits: reading.server.habits(),
        mode,
        config: Config::empty(reading, mode),
        before: Before::default(),
        replica_of: None,
        save: SaveFold { dropped_default: false, texts: vec![false], accumulates: true },
        renamed: BTreeMap::new(),
        loads_modules: None,
        module_parameters: BTreeSet::new(),
        first_user: None,
        named: BTreeMap::new(),
        users: Vec::new(),
        channels: ChannelDefaults::of(reading.server).at_the_line,
        acl_file: false,
        sentinel: Vec::new(),
    };
    for item in reading.order() {
        match *item {
            Item::Statement(id) => fold.statement(id),
            Item::Problem(problem) => match problem.kind {
                ProblemKind::UnbalancedQuotes => fold.refuse(Stage::File, problem.at, None, Reason::Quotes),
                ProblemKind::IncludeCycle => {
                    fold.refuse(Stage::File, problem.at, problem.statement, Reason::IncludeCycle);
                }
                ProblemKind::MissingInclude if fold.is_unread_pattern(problem.statement) => {
                    fold.refuse(Stage::File, problem.at, problem.statement, Reason::IncludePattern);
                }
                ProblemKind::MissingFile
                | ProblemKind::MissingInclude
                | ProblemKind::NothingMatched
                | ProblemKind::TooManyIncludes
                | ProblemKind::LongLine => {
                    fold.config.unread.push(problem);
                }
            },
            Item::Enter => {
                fold.save.texts.push(false);
                fold.save.accumulates = true;
            }
            Item::Leave => {
                fold.end_of_text();
                fold.save.texts.pop();
                // From 7.0 on, the end of an included text ends accumulating in the including one.
                fold.save.accumulates = reading.server.habits().lax_lines;
            }
        }
    }
    fold.finish()
}

/// What the arguments of a statement mean; a single one is split again where the version does that.
pub(super) fn assigned(
    directive: &Directive,
    arguments: &[&[u8]],
    habits: &Habits,
    before: Before,
) -> Result<Value, Bad> {
    match arguments {
        [word] if habits.resplit && directive.kind.is_many_valued() && !word.is_empty() => {
            let inner = split(c_text(word), habits.words).unwrap_or_default();
            let inner: Vec<&[u8]> = inner.iter().map(|piece| piece.text.as_ref()).collect();
            value(directive, &inner, habits, before)
        }
        words => value(directive, words, habits, before),
    }
}

/// How `save` lines add up.
struct SaveFold {
    /// From 7.0 on: some `save` was met, so the built-in points are gone.
    dropped_default: bool,
    /// Redis 6.2: for each open text, whether it had a `save`.
    texts: Vec<bool>,
    /// Whether a line adds to what stands, or replaces it.
    accumulates: bool,
}

/// A fold in the making.
struct Fold<'a> {
    reading: &'a Reading,
    habits: &'static Habits,
    mode: Mode,
    config: Config,
    before: Before,
    replica_of: Option<(StatementId, Span)>,
    save: SaveFold,
    /// Commands that `rename-command` took away (false) or added (true), lower case.
    renamed: BTreeMap<Vec<u8>, bool>,
    loads_modules: Option<StatementId>,
    module_parameters: BTreeSet<StatementId>,
    first_user: Option<StatementId>,
    /// For each user the last definition, as a place among the parts of its entry.
    named: BTreeMap<Vec<u8>, usize>,
    /// Users whose line was accepted, with the default for channels above it.
    users: Vec<(StatementId, Channels)>,
    /// What `acl-pubsub-default` says so far.
    channels: Channels,
    acl_file: bool,
    /// The lines of a Sentinel, which wait until all is read.
    sentinel: Vec<StatementId>,
}

impl Fold<'_> {
    /// Whether an include names a pattern, and the version takes it for the name of a file.
    fn is_unread_pattern(&self, statement: Option<StatementId>) -> bool {
        let Some([word]) = statement.map(|id| self.reading.words(id)) else { return false };
        let literal = !self.reading.server.habits().globs && !word.open;
        literal && word.bytes(&self.reading.sources).contains(&b'*')
    }

    fn refuse(&mut self, stage: Stage, at: Span, statement: Option<StatementId>, reason: Reason) {
        self.config.refusals.push(Refusal { stage, at, statement, reason });
    }

    /// Refuses a statement, pointing at all of it.
    fn refuse_statement(&mut self, stage: Stage, id: StatementId, reason: Reason) {
        self.refuse(stage, self.reading.statement(id).at, Some(id), reason);
    }

    fn statement(&mut self, id: StatementId) {
        let reading = self.reading;
        reading.with_arguments(id, |arguments| match self.config.look(id) {
            Lookup::Here(directive) if self.is_open_action(id, directive) => {
                self.keep(id, directive, None, Ok(Value::Action));
            }
            Lookup::Here(directive) => self.known(id, directive, arguments),
            Lookup::Elsewhere(_) | Lookup::Never => self.unknown(id, reading.name(id), arguments),
        });
    }

    /// Whether a file-only directive has words that a template fills in, so that nothing can be said of it.
    fn is_open_action(&self, id: StatementId, directive: &Directive) -> bool {
        let acts = matches!(directive.kind, Kind::Include | Kind::LoadModule | Kind::RenameCommand | Kind::User);
        // Sentinel's own lines are judged word by word.
        let outside = directive.kind == Kind::Sentinel && self.mode == Mode::Server;
        (acts || outside) && self.reading.words(id).iter().any(|word| word.open)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is no file-only statement is an assignment")]
    fn known(&mut self, id: StatementId, directive: &'static Directive, arguments: &[&[u8]]) {
        if directive.is.live_only {
            return self.unknown(id, directive.name().as_bytes(), arguments);
        }
        if directive.state == State::Inert {
            return if arguments.len() == 1 {
                self.keep(id, directive, None, Ok(Value::Action));
            } else {
                self.unknown(id, directive.name().as_bytes(), arguments);
            };
        }
        match &directive.kind {
            Kind::Include => self.action(id, directive, arguments, arguments.len() == 1),
            Kind::LoadModule => {
                if !arguments.is_empty() {
                    self.loads_modules = self.loads_modules.or(Some(id));
                }
                self.action(id, directive, arguments, !arguments.is_empty());
            }
            Kind::RenameCommand if arguments.len() == 2 => self.rename(id, directive, arguments),
            Kind::User if !arguments.is_empty() => self.user(id, directive, arguments),
            Kind::Sentinel if arguments.is_empty() => self.keep(id, directive, None, Ok(Value::Action)),
            Kind::Sentinel if self.mode == Mode::Sentinel => {
                self.sentinel.push(id);
                self.keep(id, directive, None, Ok(Value::Action));
            }
            Kind::Sentinel => self.refuse_statement(Stage::File, id, Reason::SentinelOutside),
            Kind::RenameCommand | Kind::User => self.action(id, directive, arguments, false),
            _ => self.assignment(id, directive, arguments),
        }
    }

    /// A file-only directive, whose wrong number of words makes its name unknown to the server; a Sentinel never asks
    /// about a name that was kept for modules.
    fn action(&mut self, id: StatementId, directive: &'static Directive, arguments: &[&[u8]], fits: bool) {
        if fits {
            return self.keep(id, directive, None, Ok(Value::Action));
        }
        let queued = !arguments.is_empty() && self.reading.server.habits().unknown_names == UnknownNames::Queue;
        if queued && self.mode == Mode::Sentinel {
            return;
        }
        let stage = if queued { Stage::Modules } else { Stage::File };
        self.refuse_statement(stage, id, Reason::FileOnlyArity);
    }

    fn assignment(&mut self, id: StatementId, directive: &'static Directive, arguments: &[&[u8]]) {
        let words = self.reading.words(id);
        if words.iter().any(|word| word.secret.is_some() || word.open) {
            let secret = words.iter().find_map(|word| word.secret.as_deref());
            return self.fold(id, directive, secret.map_or(Value::Unknown, |secret| Value::Named(secret.into())));
        }
        match assigned(directive, arguments, self.habits, self.before) {
            Ok(value) => {
                self.notice(id, directive, &value);
                self.fold(id, directive, value);
            }
            Err(bad) => {
                let at = self.place_of(id, &bad);
                self.refuse(Stage::File, at, Some(id), Reason::Value(bad.clone()));
                self.keep(id, directive, None, Err(bad));
            }
        }
    }

    /// The one word of a statement that has exactly one, else all of it.
    fn place_of(&self, id: StatementId, bad: &Bad) -> Span {
        match self.reading.words(id) {
            [word] if *bad != Bad::Arity => word.at,
            _ => self.reading.statement(id).at,
        }
    }

    /// Remembers what later lines depend on.
    fn notice(&mut self, id: StatementId, directive: &Directive, value: &Value) {
        match (directive.name(), value) {
            ("cluster-enabled", Value::Bool(on)) => self.before.cluster = *on,
            ("unixsocket", Value::Text(path)) => self.before.socket = !path.is_empty(),
            ("acl-pubsub-default", Value::Word(index)) => {
                let all = matches!(&directive.kind, Kind::Enum(words) if words[*index].name == "allchannels");
                self.channels = if all { Channels::All } else { Channels::None };
            }
            ("aclfile", Value::Text(path)) => self.acl_file = !path.is_empty(),
            ("replicaof", Value::Replica(of)) => {
                self.replica_of = of.is_some().then(|| (id, self.reading.statement(id).at));
            }
            _ => {}
        }
    }

    fn fold(&mut self, id: StatementId, directive: &'static Directive, value: Value) {
        match (directive.repeat, value) {
            (Repeat::Adds, Value::Save { clears, points }) => self.save(id, directive, clears, points),
            (Repeat::ByKey, Value::Limits(limits)) => {
                for limit in limits {
                    let entry = self.entry(directive.id);
                    entry.beat(id, |part| part.key == Some(Key::Class(limit.class)));
                    let value = Ok(Value::Limits([limit].into()));
                    entry.parts.push(Part { key: Some(Key::Class(limit.class)), value, by: id, beaten_by: None });
                }
            }
            (_, value) => {
                let entry = self.entry(directive.id);
                entry.beat(id, |_| true);
                entry.parts.push(Part { key: None, value: Ok(value), by: id, beaten_by: None });
            }
        }
    }

    fn save(&mut self, id: StatementId, directive: &'static Directive, clears: bool, points: Box<[super::SavePoint]>) {
        let first = if self.reading.server.habits().lax_lines {
            let here = self.save.texts.last_mut().expect("the root text is never left");
            !std::mem::replace(here, true)
        } else {
            !std::mem::replace(&mut self.save.dropped_default, true)
        };
        let replaces = clears || first || !self.save.accumulates;
        let entry = self.entry(directive.id);
        if replaces {
            entry.beat(id, |_| true);
        }
        entry.parts.push(Part { key: None, value: Ok(Value::Save { clears, points }), by: id, beaten_by: None });
    }

    fn rename(&mut self, id: StatementId, directive: &'static Directive, arguments: &[&[u8]]) {
        let (old, new) = (arguments[0].to_ascii_lowercase(), arguments[1].to_ascii_lowercase());
        let table = Table { server: self.reading.server, mode: self.mode };
        let exists = |renamed: &BTreeMap<Vec<u8>, bool>, name: &[u8]| {
            renamed.get(name).copied().unwrap_or_else(|| table.has(name))
        };
        let reason = if exists(&self.renamed, &old) {
            self.renamed.insert(old, false);
            if new.is_empty() {
                None
            } else {
                let taken = exists(&self.renamed, &new);
                self.renamed.insert(new, true);
                taken.then_some(Reason::CommandExists)
            }
        } else {
            let sub = old.iter().position(|b| *b == b'|').map(|at| (&old[..at], &old[at + 1..]));
            let known_sub = sub.is_some_and(|(of, sub)| table.has_subcommand(of, sub));
            let crashes = known_sub && !self.reading.server.habits().lax_lines;
            Some(if crashes { Reason::RenamesSubcommand } else { Reason::NoSuchCommand })
        };
        match reason {
            Some(reason) => self.refuse_statement(Stage::File, id, reason),
            None => self.keep(id, directive, None, Ok(Value::Action)),
        }
    }

    fn user(&mut self, id: StatementId, directive: &'static Directive, arguments: &[&[u8]]) {
        let key = Some(Key::Name(arguments[0].into()));
        let earlier = self.named.get(arguments[0]).copied();
        match earlier {
            Some(_) if directive.repeat == Repeat::OnceByKey => {
                return self.refuse_statement(Stage::File, id, Reason::DuplicateUser);
            }
            Some(earlier) => self.entry(directive.id).parts[earlier].beaten_by = Some(id),
            None => {}
        }
        let place = self.entry(directive.id).parts.len();
        self.named.insert(arguments[0].to_vec(), place);
        self.first_user = self.first_user.or(Some(id));
        let channels = ChannelDefaults { at_the_line: self.channels, at_load: self.channels };
        match acl::judge_in(self.mode, arguments, self.reading.server, channels) {
            Err(refusal) if refusal.when == When::AtTheLine => self.refuse_user(Stage::File, id, refusal),
            Ok(()) | Err(_) => self.users.push((id, self.channels)),
        }
        self.keep(id, directive, key, Ok(Value::Action));
    }

    /// Refuses a user, pointing at the word that is wrong.
    fn refuse_user(&mut self, stage: Stage, id: StatementId, refusal: AclRefusal) {
        let at = self.reading.words(id).get(refusal.argument).map_or(self.reading.statement(id).at, |w| w.at);
        self.refuse(stage, at, Some(id), Reason::User(refusal));
    }

    /// What follows `sentinel` is carried out when all is read.
    fn watch(&mut self) {
        let complete = self.config.unread.is_empty() && !self.reading.templated;
        for refused in sentinel::carry_out(self.reading, &self.sentinel, complete) {
            self.refuse(Stage::Sentinel, refused.at, Some(refused.id), Reason::Sentinel(refused.reason));
        }
    }

    /// Sockets are opened. A template or an include that was not read may say what decides.
    fn listen(&mut self) {
        if self.reading.templated || !self.config.unread.is_empty() {
            return;
        }
        for refused in sockets::judge(&self.config) {
            let word = refused.word.and_then(|index| self.reading.words(refused.id).get(index)).map(|word| word.at);
            let at = word.unwrap_or(self.reading.statement(refused.id).at);
            self.refuse(Stage::Sockets, at, Some(refused.id), Reason::Sockets(refused.reason));
        }
    }

    /// Users are made when all is read and the modules are loaded.
    fn load_users(&mut self) {
        for (id, at_the_line) in std::mem::take(&mut self.users) {
            let channels = ChannelDefaults { at_the_line, at_load: self.channels };
            let Err(refusal) = acl::judge_in(self.mode, &self.reading.arguments(id), self.reading.server, channels)
            else {
                continue;
            };
            // A module may bring the command or the category, but Sentinel loads none.
            let may_come = self.loads_modules.is_some() && self.mode == Mode::Server;
            if !may_come || refusal.reason != UNKNOWN_NAME {
                self.refuse_user(Stage::Users, id, refusal);
            } else {
                self.config.module_rules.push((id, refusal.argument));
            }
        }
    }

    fn load_data(&mut self) {
        for (id, reason) in data::refused(&self.config) {
            self.refuse_statement(Stage::Data, id, reason);
        }
    }

    fn unknown(&mut self, id: StatementId, name: &[u8], arguments: &[&[u8]]) {
        let habits = self.reading.server.habits();
        let dotted = name.contains(&b'.');
        let queued =
            habits.unknown_names == UnknownNames::Queue || (dotted && habits.dotted_names == UnknownNames::Queue);
        if !queued {
            return self.refuse_statement(Stage::File, id, Reason::UnknownDirective);
        }
        if arguments.is_empty() {
            let empty = dotted && habits.unknown_names == UnknownNames::Refuse;
            let reason = if empty { Reason::ModuleParameterEmpty } else { Reason::UnknownDirective };
            return self.refuse_statement(Stage::File, id, reason);
        }
        self.module_parameters.insert(id);
    }

    /// What the server checks when a text, included or not, has been read.
    fn end_of_text(&mut self) {
        if let Some((id, at)) = self.replica_of
            && self.before.cluster
        {
            self.replica_of = None;
            self.refuse(Stage::File, at, Some(id), Reason::ReplicaInCluster);
        }
    }

    fn finish(mut self) -> Config {
        self.end_of_text();
        self.watch();
        // Sentinel loads no modules, and never asks for whom it kept a name.
        let waiting =
            if self.mode == Mode::Server { std::mem::take(&mut self.module_parameters) } else { BTreeSet::new() };
        for id in waiting {
            if self.loads_modules.is_some() {
                // A module may know the name; only the server can tell.
                self.config.module_parameters.push(id);
            } else {
                let dotted = self.reading.name(id).contains(&b'.');
                let reason = if dotted { Reason::ModuleParameterUnclaimed } else { Reason::UnknownDirective };
                self.refuse_statement(Stage::Modules, id, reason);
            }
        }
        if let Some(user) = self.first_user
            && self.acl_file
        {
            self.refuse_statement(Stage::Users, user, Reason::UsersAndAclFile);
        }
        self.load_users();
        if self.mode == Mode::Server {
            self.load_data();
        }
        self.listen();
        // Within a stage the order of discovery is the server's.
        let server = self.reading.server;
        self.config.refusals.sort_by_key(|refusal| refusal.stage.turn(server));
        self.config
    }

    fn entry(&mut self, id: DirectiveId) -> &mut Entry {
        self.config.entry_mut(id)
    }

    fn keep(&mut self, id: StatementId, directive: &Directive, key: Option<Key>, value: Result<Value, Bad>) {
        let value = value.map_err(Box::new);
        self.entry(directive.id).parts.push(Part { key, value, by: id, beaten_by: None });
    }
}

impl Entry {
    /// Marks standing, readable parts as beaten by a statement. Of parts that one statement would beat, what stands before
    /// a beaten one is beaten too.
    pub(super) fn beat(&mut self, by: StatementId, which: impl Fn(&Part) -> bool) {
        for part in self.parts.iter_mut().rev().filter(|part| part.value.is_ok() && which(part)) {
            if part.beaten_by.is_some() {
                break;
            }
            part.beaten_by = Some(by);
        }
    }
}

impl Class {
    /// Position in [`Class::ALL`].
    pub(super) fn index(self) -> usize {
        self as usize
    }
}
