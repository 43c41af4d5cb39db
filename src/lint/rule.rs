//! What a rule is: static metadata, a documentation with examples that run, and a plain function.

use super::doctor::LiveCase;
use super::{Case, Report};
use crate::config::Refusal;
use crate::finding::{Finding, Safety, Severity};
use crate::source::Span;
use crate::syntax::Mode;

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Output buffers, timeouts, numbers of clients, pub/sub.
    Clients,
    /// Cluster mode.
    Cluster,
    /// Containers and what runs them.
    Container,
    /// Threads, forks, slow commands.
    Latency,
    /// Logs and what can be observed.
    Logging,
    /// Memory and eviction.
    Memory,
    /// Ports and addresses.
    Network,
    /// Snapshots and append-only files.
    Persistence,
    /// Rules that an organisation wrote.
    Policy,
    /// Profiles and the project file.
    Profile,
    /// Replication.
    Replication,
    /// Passwords in files.
    Secrets,
    /// Who may do what.
    Security,
    /// Sentinel.
    Sentinel,
    /// Spelling, order, superfluous lines.
    Style,
    /// Comments to redisconf itself.
    Suppression,
    /// How files are written.
    Syntax,
    /// Encrypted connections.
    Tls,
    /// Values of directives.
    Values,
    /// What versions and engines know.
    Versions,
}

impl Group {
    /// Every group, sorted by word.
    pub const ALL: [Self; 20] = [
        Self::Clients,
        Self::Cluster,
        Self::Container,
        Self::Latency,
        Self::Logging,
        Self::Memory,
        Self::Network,
        Self::Persistence,
        Self::Policy,
        Self::Profile,
        Self::Replication,
        Self::Secrets,
        Self::Security,
        Self::Sentinel,
        Self::Style,
        Self::Suppression,
        Self::Syntax,
        Self::Tls,
        Self::Values,
        Self::Versions,
    ];

    /// The word users write.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Clients => "clients",
            Self::Cluster => "cluster",
            Self::Container => "container",
            Self::Latency => "latency",
            Self::Logging => "logging",
            Self::Memory => "memory",
            Self::Network => "network",
            Self::Persistence => "persistence",
            Self::Policy => "policy",
            Self::Profile => "profile",
            Self::Replication => "replication",
            Self::Secrets => "secrets",
            Self::Security => "security",
            Self::Sentinel => "sentinel",
            Self::Style => "style",
            Self::Suppression => "suppression",
            Self::Syntax => "syntax",
            Self::Tls => "tls",
            Self::Values => "values",
            Self::Versions => "versions",
        }
    }

    /// What its rules are about, in a few words.
    #[must_use]
    pub fn summary(self) -> &'static str {
        match self {
            Self::Clients => "output buffers, timeouts, numbers of clients, pub/sub",
            Self::Cluster => "cluster mode",
            Self::Container => "containers and what runs them",
            Self::Latency => "threads, forks, slow commands",
            Self::Logging => "logs and what can be observed",
            Self::Memory => "memory and eviction",
            Self::Network => "ports and addresses",
            Self::Persistence => "snapshots and append-only files",
            Self::Policy => "rules that an organisation wrote",
            Self::Profile => "profiles and the project file",
            Self::Replication => "replication",
            Self::Secrets => "passwords in files",
            Self::Security => "who may do what",
            Self::Sentinel => "Sentinel",
            Self::Style => "spelling, order, superfluous lines",
            Self::Suppression => "comments to redisconf itself",
            Self::Syntax => "how files are written",
            Self::Tls => "encrypted connections",
            Self::Values => "values of directives",
            Self::Versions => "what versions and engines know",
        }
    }

    /// The group that users call so.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.word() == word)
    }
}

/// One kind of judgement.
#[derive(Debug)]
pub struct Rule {
    /// Its name, in kebab-case; never reused.
    pub id: &'static str,
    /// How bad what it finds is, as a rule; with some facts a finding may be worse or milder.
    pub severity: Severity,
    /// What it is about.
    pub group: Group,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// Why it matters, with numbers, and what to do; then `Bad:` and `Good:`, each followed by an indented example.
    ///
    /// An example may hold several files: a line `==> NAME <==` begins the next one; `==> previous <==` begins the
    /// configuration that was deployed before. Its `# redisconf:` header gives the server (else redis 7.4) and facts.
    pub docs: &'static str,
    /// Where this is known from: a measurement, a page, an issue.
    pub source: &'static str,
    /// The servers it speaks of, such as `redis >= 7.0`; empty for all.
    pub servers: &'static [&'static str],
    /// The facts without which it cannot judge; `previous` is what was deployed before.
    pub facts: &'static [&'static str],
    /// Whether its findings come with a fix, and of which kind at most.
    pub fix: Option<Safety>,
    /// The kinds of files it judges.
    pub modes: &'static [Mode],
    /// Whether it speaks without being asked to.
    pub on: bool,
    /// How it judges.
    pub check: Check,
}

/// How a rule judges.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Words one reason for which the server would not start.
    Refusal(fn(&Case<'_>, &Refusal) -> Finding),
    /// Judges a configuration.
    Config(fn(&Case<'_>, &mut Report<'_>)),
    /// Judges a running server. Its examples are made of evidence, which `lint::doctor` reads.
    Live(fn(&LiveCase<'_>, &mut Report<'_>)),
    /// Found elsewhere, on the way to a configuration: in profiles, in comments, across versions.
    Elsewhere,
}

/// Which example of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Example {
    /// The one that the rule finds something in.
    Bad,
    /// The one that it finds nothing in.
    Good,
}

impl Rule {
    /// What most rules have in common; the rest is said with `..Rule::BASE`.
    pub const BASE: Self = Self {
        id: "",
        severity: Severity::Warning,
        group: Group::Values,
        summary: "",
        docs: "",
        source: "",
        servers: &[],
        facts: &[],
        fix: None,
        modes: &[Mode::Server, Mode::Sentinel],
        on: true,
        check: Check::Elsewhere,
    };

    /// A finding of this rule.
    #[must_use]
    pub fn finding(&self, at: Span, message: impl Into<String>) -> Finding {
        Finding::new(self.id, self.severity, at, message)
    }

    /// The documentation up to the examples.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.docs.split_once("\nBad:").map_or(self.docs, |(reason, _)| reason).trim()
    }

    /// An example, its indentation taken off; `None` for rules that judge elsewhere and have none.
    #[must_use]
    pub fn example(&self, which: Example) -> Option<String> {
        let (_, rest) = self.docs.split_once("\nBad:")?;
        let (bad, good) = rest.split_once("\nGood:")?;
        let text = match which {
            Example::Bad => bad,
            Example::Good => good,
        };
        let lines = text.trim_matches('\n').lines().map(|line| line.strip_prefix("    ").unwrap_or(line));
        Some(lines.map(|line| format!("{line}\n")).collect())
    }
}
