//! Every example of every rule, given to real servers: `fatal` is refused there and nothing else is, and what a fix makes
//! of a bad example boots.
//!
//! An example counts for the server that its header names; for all that the rule speaks of where it names none, or one that
//! is not fetched. On the others only the verdict is compared. What this machine cannot show is left out, and said.

use std::collections::BTreeMap;

use libtest_mimic::{Failed, Trial};
use redisconf::catalog::{Lookup, Need};
use redisconf::config::{Config, Reason, Stage, resolve};
use redisconf::facts::Facts;
use redisconf::finding::{Finding, Severity, apply};
use redisconf::lint::example::Texts;
use redisconf::lint::{Case, Check, Chosen, Example, Inspection, Previous, RULES, Rule, UsersFile, Verdict, inspect};
use redisconf::live::{BootError, Program, Start, boot};
use redisconf::server::Server;
use redisconf::source::{Name, SourceId};
use redisconf::syntax::lower::Lowering;
use redisconf::syntax::profile::requirement;
use redisconf::syntax::{Mode, Reading, survey};

use crate::found::Found;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let mut trials: Vec<Trial> =
        servers.iter().map(|found| found.trial("examples of rules do what they say", asked)).collect();
    let here: Vec<Server> =
        servers.iter().filter(|found| found.program().is_some()).map(|found| found.server).collect();
    let none = here.is_empty();
    let shown = move || shown_by_some(&here);
    trials.push(Trial::test("rules::each example is shown by a server that is here", shown).with_ignored_flag(none));
    trials
}

/// What an example is.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    File,
    CommandLine,
    AclFile,
}

/// An example as one server reads it.
struct Judged {
    texts: Texts,
    form: Form,
    reading: Reading,
    config: Config,
    found: Inspection,
}

impl Judged {
    fn of(example: &str, server: Server) -> Self {
        Self::texts(Texts::of(example), server)
    }

    fn texts(texts: Texts, server: Server) -> Self {
        let (reading, facts): (Reading, Facts) = texts.read(&texts.root, server);
        if let Some(text) = texts.acl_file() {
            let file = UsersFile::read(Name::File("/example/users.acl".into()), text.as_bytes(), server);
            let found = inspect(&Case::new(&file.reading, &file.config, &facts, Mode::AclFile), &Chosen::all());
            return Self { texts, form: Form::AclFile, reading: file.reading, config: file.config, found };
        }
        let previous = texts.previous.as_ref().map(|text| {
            let named = survey(SourceId::ROOT, text.as_bytes()).server.map_or(server, |(named, _)| named);
            let (reading, _) = texts.read(text, named);
            let config = resolve(&reading, Mode::Server);
            Previous { server: named, config: Some(config), name: "previous".into() }
        });
        let config = resolve(&reading, texts.mode());
        let users = UsersFile::named_by(&reading, &config, &texts.memory());
        let case = Case::new(&reading, &config, &facts, texts.mode());
        let found = inspect(&case.after(previous.as_ref()).with_users(users.as_ref()), &Chosen::all());
        let form = if command_line(&texts).is_some() { Form::CommandLine } else { Form::File };
        Self { texts, form, reading, config, found }
    }

    /// How to start a server on it.
    fn start(&self) -> Start {
        let files = self.texts.files.iter().map(|(name, text)| (name.clone(), text.clone().into_bytes())).collect();
        let start = Start { files, ..Start::default() };
        match self.form {
            Form::File => Start { conf: Some(self.texts.root.clone().into_bytes()), ..start },
            Form::AclFile => Start { conf: Some(b"aclfile users.acl\n".to_vec()), ..start },
            Form::CommandLine => {
                let words = command_line(&self.texts).into_iter().flat_map(|line| line.split(' ').skip(1));
                Start { argv: words.map(|word| word.as_bytes().to_vec()).collect(), ..start }
            }
        }
    }

    fn starts(&self) -> bool {
        self.found.verdict == Verdict::Starts
    }

    fn findings(&self, rule: &'static Rule) -> impl Iterator<Item = &Finding> {
        self.found.findings.iter().filter(move |finding| finding.rule == rule.id)
    }

    /// Why this machine cannot show what a server makes of it.
    fn cannot_be_shown(&self) -> Option<&'static str> {
        if self.texts.mode() != Mode::Server {
            return Some("is for Sentinel");
        }
        if self.texts.acl_file().is_some() || self.texts.files.iter().any(|(name, _)| name == "users.acl") {
            return Some("has an ACL file, which `acl` holds against servers");
        }
        if self.texts.root.lines().any(|line| line.starts_with("redis-server ")) {
            return Some("is a command line");
        }
        // These servers are given a unix socket and no port; `sockets` has them open ports.
        if self.config.refusals().iter().any(|refusal| refusal.stage == Stage::Sockets) {
            return Some("is about sockets");
        }
        for (id, _) in self.reading.iter() {
            let Lookup::Here(directive) = self.config.view.look(self.reading.name(id)) else { continue };
            match (directive.needs, directive.name()) {
                (Some(Need::Tls), _) => return Some("needs a build with TLS"),
                (Some(Need::Jemalloc), _) => return Some("needs a build with its own jemalloc"),
                (Some(Need::Rdma), _) => return Some("needs a build with RDMA"),
                (Some(Need::Module), _) | (_, "loadmodule") => return Some("needs a module"),
                (_, "locale-collate") => return Some("needs a locale of the host"),
                _ => {}
            }
        }
        let mut reasons = self.config.refusals().iter().map(|refusal| &refusal.reason);
        if reasons.clone().any(|reason| *reason == Reason::ReplicaInCluster) {
            return Some("would have to connect to a primary");
        }
        if reasons.any(|reason| matches!(reason, Reason::Sockets(_))) {
            return Some("is about ports, and none is opened here");
        }
        (!self.config.unread().is_empty()).then_some("needs a file that is not there")
    }

    /// The example with all fixes of a rule carried out; `None` if there is none that can be.
    fn mended(&self, rule: &'static Rule) -> Option<Texts> {
        let lowering = Lowering::of(&self.reading);
        let fixes = self.findings(rule).filter_map(|finding| finding.fix.as_ref());
        let edits: Vec<_> = fixes.filter_map(|fix| lowering.lower(fix)).collect();
        let in_root = edits.iter().flatten().all(|edit| edit.at.source == SourceId::ROOT);
        let (text, count) = apply(self.texts.judged().as_bytes(), &edits);
        let text = String::from_utf8(text).ok().filter(|_| count > 0 && in_root)?;
        Some(self.texts.clone().with_judged(text))
    }
}

/// The line of an example that starts a server.
fn command_line(texts: &Texts) -> Option<&str> {
    texts.root.lines().find(|line| line.starts_with("redis-server "))
}

/// Each example of each rule that judges a configuration; the others speak of profiles and comments.
fn examples() -> impl Iterator<Item = (&'static Rule, Example, String)> {
    let both = |rule: &'static &'static Rule| {
        [Example::Bad, Example::Good].map(|which| rule.example(which).map(|example| (*rule, which, example)))
    };
    // What is found in profiles and in comments no server judges, and evidence no server reads.
    RULES.iter().filter(|rule| !matches!(rule.check, Check::Live(_) | Check::Elsewhere)).flat_map(both).flatten()
}

/// Whether what an example shows must hold on a server.
fn counts_for(rule: &Rule, example: &str, server: Server) -> bool {
    let admitted = rule.servers.is_empty()
        || rule.servers.iter().any(|text| requirement(text).is_ok_and(|wanted| wanted.admits(server)));
    admitted && Texts::of(example).server().is_none_or(|named| named.base() == server)
}

/// Whether a server is seen to do what the example says: the bad one is found, the good one is not, and both as severely as
/// the rule says.
fn shows(rule: &'static Rule, which: Example, judged: &Judged) -> bool {
    let fatal = rule.severity == Severity::Fatal;
    let found = judged.findings(rule).next().is_some();
    match which {
        Example::Bad => found && judged.starts() != fatal,
        Example::Good => !found && judged.starts(),
    }
}

fn shown_by_some(here: &[Server]) -> Result<(), Failed> {
    let (mut shown, mut not_here) = (0, BTreeMap::<&str, Vec<&str>>::new());
    let mut wrong = Vec::new();
    for (rule, which, example) in examples() {
        let named = Texts::of(&example).server().filter(|named| here.contains(&named.base()));
        let mut asked = here.iter().filter(|server| named.is_none() || counts_for(rule, &example, **server)).peekable();
        if asked.peek().is_none() {
            not_here.entry("is for a version that is not here").or_default().push(rule.id);
            continue;
        }
        let judged: Vec<Judged> = asked.map(|server| Judged::of(&example, *server)).collect();
        match judged.iter().find(|judged| shows(rule, which, judged) && judged.cannot_be_shown().is_none()) {
            Some(_) => shown += 1,
            None => match judged.iter().find_map(Judged::cannot_be_shown) {
                Some(why) => not_here.entry(why).or_default().push(rule.id),
                None => wrong.push(format!("{} ({which:?}): no server here is judged to do this", rule.id)),
            },
        }
    }
    println!("rules: {shown} examples are shown by a server that is here");
    for (why, rules) in not_here {
        println!("rules: {} examples not, for it {why}: {}", rules.len(), rules.join(", "));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn asked(program: &Program) -> Result<(), Failed> {
    let server = program.server.base();
    let (mut accepted, mut refused, mut mended, mut left_out) = (0, 0, 0, 0);
    let mut wrong = Vec::new();
    for (rule, which, example) in examples() {
        let judged = Judged::of(&example, server);
        if judged.cannot_be_shown().is_some() {
            left_out += 1;
            continue;
        }
        match differs(program, &judged) {
            None if judged.starts() => accepted += 1,
            None => refused += 1,
            Some(difference) => wrong.push(format!("{} ({which:?}): {difference}", rule.id)),
        }
        let shows_fix = which == Example::Bad && counts_for(rule, &example, server) && shows(rule, which, &judged);
        if let Some(texts) = judged.mended(rule).filter(|_| shows_fix) {
            mended += 1;
            let after = Judged::texts(texts, server);
            let text = after.texts.judged();
            if !after.starts() {
                wrong.push(format!("{}: mended, and still refused:\n{text}", rule.id));
            } else if let Some(difference) = differs(program, &after) {
                wrong.push(format!("{}: mended, and {difference}:\n{text}", rule.id));
            }
        }
    }
    println!(
        "{}: of the examples {accepted} are accepted, {refused} refused, {mended} boot when mended, {left_out} cannot be \
         shown here; {} wrong",
        server.name(),
        wrong.len()
    );
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// How the server's verdict differs from ours.
fn differs(program: &Program, judged: &Judged) -> Option<String> {
    match (boot(program, &judged.start()), judged.starts()) {
        (Ok(_), true) | (Err(BootError::Refused(_) | BootError::Crashed { .. }), false) => None,
        (Ok(_), false) => Some("the server starts, and we refuse".into()),
        (Err(error), true) => Some(format!("we accept, and {error}")),
        (Err(error), false) => Some(format!("the server could not be asked: {error}")),
    }
}
