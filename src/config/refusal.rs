//! Why a server would not start: one reason for each, in the order in which the server comes upon them.

use super::acl::AclRefusal;
use super::bad::Bad;
use super::sentinel::BadSentinel;
use super::sockets::BadSockets;
use crate::server::{Engine, Server};
use crate::source::Span;
use crate::syntax::StatementId;

/// How far the start has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The configuration is read, line by line; the server names the line.
    File,
    /// All is read, and the lines of a Sentinel are carried out; the server names the line.
    Sentinel,
    /// The modules were loaded; the server names no line.
    Modules,
    /// Users are loaded; the server names no line of the configuration, but those of an ACL file.
    Users,
    /// Everything is read, and the server sets itself up, such as TLS; it names no line.
    Start,
    /// The sockets are opened; the server names no line. Up to Redis 7.0 this comes before the modules.
    Sockets,
    /// The data are loaded; the server names no line.
    Data,
}

impl Stage {
    /// When a server comes to it.
    pub(super) fn turn(self, server: Server) -> (u8, Self) {
        let early = !server.at_least(Engine::Redis, 7, 2) && server.engine == Engine::Redis;
        let turn = match self {
            Self::File | Self::Sentinel => 0,
            Self::Start | Self::Sockets if early => 1,
            Self::Modules | Self::Users | Self::Start | Self::Sockets => 2,
            Self::Data => 3,
        };
        (turn, self)
    }
}

/// What the server says no to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Quotes do not close, or close in mid-word.
    Quotes,
    /// No directive of this version has the name.
    UnknownDirective,
    /// A file-only directive with more or fewer words than it takes.
    FileOnlyArity,
    /// The words are no value of the directive.
    Value(Bad),
    /// `module.parameter` without a value.
    ModuleParameterEmpty,
    /// `module.parameter`, and no module is loaded that could know it.
    ModuleParameterUnclaimed,
    /// `sentinel …` in the file of a server.
    SentinelOutside,
    /// A line of a Sentinel.
    Sentinel(BadSentinel),
    /// A second definition of a user.
    DuplicateUser,
    /// A rule of a user.
    User(AclRefusal),
    /// Users here and in an ACL file.
    UsersAndAclFile,
    /// A line of an ACL file that defines no user, such as a comment.
    NotAUser,
    /// A selector in an ACL file that does not close and comes after another rule, which crashes.
    UnclosedSelector {
        /// The argument that opens it; 0 is the user's name.
        argument: usize,
    },
    /// `rename-command` of a command that does not exist, or no longer.
    NoSuchCommand,
    /// `rename-command` to a name that is taken.
    CommandExists,
    /// `rename-command` of a subcommand, which crashes.
    RenamesSubcommand,
    /// `replicaof` in cluster mode.
    ReplicaInCluster,
    /// Files that include each other, which crash.
    IncludeCycle,
    /// What keeps it from listening.
    Sockets(BadSockets),
    /// An include with a pattern, which the version takes for the name of a file.
    IncludePattern,
    /// The snapshot's name is that of a folder, or too long for a file system.
    SnapshotName,
    /// The name of the append-only file, or of its folder, is too long for a file system; or that of a folder.
    AppendName,
}

/// One reason not to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// When the server stops.
    pub stage: Stage,
    /// Where to point.
    pub at: Span,
    /// The statement, where there is one.
    pub statement: Option<StatementId>,
    /// Why.
    pub reason: Reason,
}

impl Reason {
    /// The reason in the words of `server`, or near them.
    #[must_use]
    pub fn server_words(&self, server: Server) -> String {
        match self {
            Self::Quotes => "Unbalanced quotes in configuration line".into(),
            Self::UnknownDirective | Self::FileOnlyArity => "Bad directive or wrong number of arguments".into(),
            Self::Value(bad) => bad.server_words(server),
            Self::ModuleParameterEmpty => "Module config specified without value".into(),
            Self::ModuleParameterUnclaimed => "Module Configuration detected without loadmodule directive".into(),
            Self::Sentinel(bad) => bad.server_words(),
            Self::SentinelOutside => "sentinel directive while not in sentinel mode".into(),
            Self::DuplicateUser => "Duplicate user found. A user can only be defined once in config files".into(),
            Self::User(refusal) => refusal.reason.clone(),
            Self::UsersAndAclFile => "users are defined both in the configuration and in an ACL file".into(),
            Self::NotAUser => "should start with user keyword followed by the username".into(),
            Self::UnclosedSelector { .. } => "the server crashes: a selector does not close".into(),
            Self::NoSuchCommand => "No such command in rename-command".into(),
            Self::CommandExists => "Target command name already exists".into(),
            Self::RenamesSubcommand => "the server crashes: a subcommand cannot be renamed".into(),
            Self::ReplicaInCluster => "replicaof directive not allowed in cluster mode".into(),
            Self::Sockets(bad) => bad.server_words().into(),
            Self::SnapshotName => "Short read or OOM loading DB. Unrecoverable error, aborting now.".into(),
            Self::AppendName => "Can't open the append-only file".into(),
            Self::IncludePattern => "Fatal error, can't open config file: No such file or directory".into(),
            Self::IncludeCycle => "the server crashes: files include each other".into(),
        }
    }
}
