//! Asks a running server what is to be compared, and nothing else.
//!
//! What is sent: AUTH if there is a login, INFO, and CONFIG GET with the names that the caller wants. Nothing of it changes
//! a server, and nothing leaves a trace such as the name of a connection.
//!
//! Which names a server knows depends on its version, which only INFO tells. Where many servers are asked the same, the
//! next is likely to be like the last, and its question goes out with INFO: one way less to each. If the guess was wrong,
//! it is asked again.

use std::sync::Arc;
use std::time::Duration;

use super::address::Address;
use super::ask::{Ask, Login, Names, Section};
use super::connection::{Connection, ConnectionError};
use super::patterns::patterns;
use super::reply::{NoPairs, Reply};
use super::tls::Tls;
use crate::server::{Engine, Server};
use crate::snapshot::{IdentityError, Info, Pairs, PairsError, Snapshot, identity, parse_info};

/// How to reach a server.
#[derive(Clone, Debug)]
pub struct Reach<'a> {
    /// Where it answers.
    pub address: Address,
    /// Who we are there.
    pub login: Option<&'a Login>,
    /// Whom we trust, where TLS is spoken.
    pub tls: Option<&'a Tls>,
    /// How long connecting, and each answer, may take.
    pub within: Duration,
}

/// Why nothing can be said of a server. Each kind has its own remedy.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// No connection, or no answer.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// It wants a login, and there was none.
    #[error("the server asks for a password")]
    NoLogin,
    /// The login is wrong.
    #[error("the server does not accept the login of `{user}`: no such user, another password, or it is off")]
    WrongLogin {
        /// Who tried.
        user: String,
    },
    /// It takes no login at all. What it said may hold what was sent, and is not repeated.
    #[error(
        "the server knows no AUTH with user and password: it is renamed or removed, or this is no server since 6.0"
    )]
    NoAuth,
    /// Protected mode shuts us out.
    #[error("the server is in protected mode: it has no password, and answers to this machine's own addresses only")]
    ProtectedMode,
    /// No more connections.
    #[error("the server has as many clients as `maxclients` allows")]
    Full,
    /// The user may not run INFO, so that not even the version is known.
    #[error("the user may not run INFO, by which the version is known: {answer}")]
    NoInfo {
        /// What the server said.
        answer: String,
    },
    /// INFO is not there.
    #[error("the server knows no INFO, by which the version is known: it was renamed or removed (`rename-command`)")]
    NoInfoCommand,
    /// It will answer, but not now: it loads its data, a script runs, or its primary is away.
    #[error("the server takes no commands just now: {answer}")]
    NotNow {
        /// What the server said.
        answer: String,
    },
    /// Another refusal.
    #[error("the server refused {command}: {answer}")]
    Refused {
        /// The command.
        command: &'static str,
        /// What the server said.
        answer: String,
    },
    /// Another answer than any server gives.
    #[error("the answer to {command} has an unexpected shape: this is no Redis or Valkey server")]
    Shape {
        /// The command.
        command: &'static str,
    },
    /// CONFIG GET did not give pairs.
    #[error(transparent)]
    Pairs(#[from] PairsError),
    /// INFO did not tell the version.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// It is a Sentinel, whose configuration is asked for otherwise.
    #[error("this is a Sentinel")]
    Sentinel,
}

/// Why values are missing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The user may not.
    #[error("the user may not run CONFIG GET: {0}")]
    Permission(String),
    /// The command is not there.
    #[error("the server knows no CONFIG: it was renamed or removed (`rename-command`), or a managed service blocks it")]
    NoCommand,
    /// Not now.
    #[error("the server takes no commands just now: {0}")]
    NotNow(String),
    /// Another refusal.
    #[error("the server refused CONFIG GET: {0}")]
    Other(String),
}

/// What a server said.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Its values and its INFO. Without CONFIG the values are missing.
    pub snapshot: Snapshot,
    /// Why values are missing.
    pub denied: Option<Denied>,
}

/// A connection that has shown who it is with.
pub struct Met {
    connection: Connection,
    server: Server,
    info: Arc<Info>,
    /// What was asked on a guess, and the answer.
    guessed: Option<(Arc<Names>, Result<Pairs, NoPairs>)>,
}

impl Met {
    /// Connects, logs in and asks for INFO.
    ///
    /// # Errors
    /// When nothing can be said of the server, or it is a Sentinel.
    pub fn meet(reach: &Reach<'_>) -> Result<Self, ObserveError> {
        let met = Self::meet_any(reach)?;
        if met.is_sentinel() { Err(ObserveError::Sentinel) } else { Ok(met) }
    }

    /// The same, and a Sentinel is welcome.
    ///
    /// # Errors
    /// When nothing can be said of the server.
    pub fn meet_any(reach: &Reach<'_>) -> Result<Self, ObserveError> {
        Self::meet_guessing(reach, None)
    }

    /// The same, with a question that is likely to come.
    ///
    /// # Errors
    /// When nothing can be said of the server.
    pub fn meet_guessing(reach: &Reach<'_>, guess: Option<&Question<'static>>) -> Result<Self, ObserveError> {
        let names = guess.and_then(Question::in_one);
        let mut connection = Connection::connect(&reach.address, reach.tls, reach.within)?;
        let (login, info) = connection.introduce(reach.login, names.map(|names| &**names))?;
        if let (Some(Reply::Error(answer)), Some(who)) = (login, reach.login) {
            return Err(shut_out(&answer).unwrap_or_else(|| not_let_in(&answer, who)));
        }
        let text = match info {
            Reply::Error(answer) => return Err(without_info(answer)),
            Reply::Status(_) | Reply::Integer(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_) => info.into_bytes(),
        };
        let info = parse_info(&text.ok_or(ObserveError::Shape { command: "INFO" })?);
        let server = identity(&info)?;
        let guessed = match names {
            Some(names) => Some((Arc::clone(names), connection.pairs()?)),
            None => None,
        };
        Ok(Self { connection, server, info: info.into(), guessed })
    }

    /// Whether it is a Sentinel, which holds no data and has a configuration of its own.
    #[must_use]
    pub fn is_sentinel(&self) -> bool {
        // Valkey has a name of its own for it.
        ["redis_mode", "server_mode"].iter().any(|field| self.info.get(field).is_some_and(|mode| mode == "sentinel"))
    }

    /// Whether the connection can still be used.
    pub(super) fn is_alive(&self) -> bool {
        self.connection.is_alive()
    }

    /// Sends one of the fixed commands.
    pub(super) fn ask(&mut self, ask: Ask<'_>) -> Result<Reply, ConnectionError> {
        self.connection.ask(ask)
    }

    /// Sends some of them in one breath.
    pub(super) fn ask_all(&mut self, asks: &[Ask<'_>]) -> Result<Vec<Reply>, ConnectionError> {
        self.connection.ask_all(asks)
    }

    /// Asks for INFO again.
    ///
    /// # Errors
    /// When no answer came, or none that a server gives.
    pub fn refresh(&mut self) -> Result<&Info, ObserveError> {
        let text = match self.connection.info(Section::Usual)? {
            Reply::Error(answer) => return Err(without_info(answer)),
            reply @ (Reply::Status(_) | Reply::Integer(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_)) => {
                reply.into_bytes()
            }
        };
        self.info = parse_info(&text.ok_or(ObserveError::Shape { command: "INFO" })?).into();
        Ok(&self.info)
    }

    /// Its version.
    #[must_use]
    pub fn server(&self) -> Server {
        self.server
    }

    /// What INFO said.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// Asks for all that CONFIG GET lists, secrets too.
    ///
    /// # Errors
    /// As [`Met::observe`].
    pub fn observe_all(&mut self) -> Result<Observed, ObserveError> {
        // One pattern is taken by all versions.
        let (config, denied) = granted(self.connection.config_get(&["*"])?)?;
        Ok(Observed { snapshot: Snapshot::new(self.server, config, Arc::clone(&self.info)), denied })
    }

    /// Asks for the values of these names.
    ///
    /// # Errors
    /// As [`Met::ask_for`].
    pub fn observe(&mut self, names: &[&str]) -> Result<Observed, ObserveError> {
        self.ask_for(&Question::new(names, self.server))
    }

    /// Asks a question that was made ready before, for the version that this server has.
    ///
    /// # Errors
    /// When no answer came, or none that a server gives. A refusal is no error: what INFO said remains.
    pub fn ask_for(&mut self, question: &Question<'_>) -> Result<Observed, ObserveError> {
        let answers = match (&question.asked, self.guessed.take()) {
            (Asked::Nothing, _) => Vec::new(),
            (Asked::Names(names), Some((guess, answer))) if Arc::ptr_eq(names, &guess) => vec![answer],
            (Asked::Names(names), _) => vec![self.connection.config_get_all(names)?],
            (Asked::Patterns { patterns, .. }, _) => {
                self.connection.config_get(&patterns.iter().map(String::as_str).collect::<Vec<_>>())?
            }
        };
        let (mut config, denied) = granted(answers)?;
        if let Asked::Patterns { names, .. } = &question.asked {
            config = config.as_told().filter(|(name, _)| names.binary_search(name).is_ok()).collect();
        }
        Ok(Observed { snapshot: Snapshot::new(self.server, config, Arc::clone(&self.info)), denied })
    }
}

/// Names to ask for, as the servers of a version take them.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    asked: Asked<'a>,
}

#[derive(Clone, Debug)]
enum Asked<'a> {
    Nothing,
    /// In one command.
    Names(Arc<Names>),
    /// Where servers take one pattern a call.
    Patterns {
        patterns: Vec<String>,
        /// What of the answers is kept; sorted.
        names: Vec<&'a str>,
    },
}

impl<'a> Question<'a> {
    /// The question to servers of that version.
    #[must_use]
    pub fn new(names: &[&'a str], server: Server) -> Self {
        let takes_many = server.engine != Engine::Redis || server.at_least(Engine::Redis, 7, 0);
        let mut names = names.to_vec();
        names.sort_unstable();
        let asked = if names.is_empty() {
            Asked::Nothing
        } else if takes_many {
            Asked::Names(Names::new(&names).into())
        } else {
            Asked::Patterns { patterns: patterns(&names), names }
        };
        Self { asked }
    }

    /// The names, where they are one command.
    fn in_one(&self) -> Option<&Arc<Names>> {
        match &self.asked {
            Asked::Names(names) => Some(names),
            Asked::Nothing | Asked::Patterns { .. } => None,
        }
    }
}

impl Met {
    /// Asks for the users and their rules, a line each. They hold hashes of passwords.
    ///
    /// # Errors
    /// When no answer came, or none that a server gives. A refusal is the inner error.
    pub fn users(&mut self) -> Result<Result<Vec<Vec<u8>>, Denied>, ObserveError> {
        match self.connection.ask(Ask::AclList)? {
            Reply::Error(answer) => Ok(Err(refusal(answer))),
            reply @ (Reply::Status(_) | Reply::Integer(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_)) => {
                Ok(Ok(reply.into_items().ok_or(ObserveError::Shape { command: "ACL" })?))
            }
        }
    }
}

/// Names and values, as far as they are shown, and why not all are.
type Granted = (Pairs, Option<Denied>);

fn granted(answers: Vec<Result<Pairs, NoPairs>>) -> Result<Granted, ObserveError> {
    let (mut config, mut denied) = (Pairs::default(), None);
    for answer in answers {
        match answer {
            Ok(pairs) if config.is_empty() => config = pairs,
            Ok(pairs) => config.extend(pairs.as_told()),
            Err(NoPairs::Refused(answer)) => denied = Some(refusal(answer)),
            Err(NoPairs::Shape) => return Err(ObserveError::Shape { command: "CONFIG" }),
            Err(NoPairs::Broken(error)) => return Err(error.into()),
        }
    }
    Ok((config, denied))
}

/// What a first answer says that is none to the question.
fn shut_out(answer: &str) -> Option<ObserveError> {
    if answer.starts_with("NOAUTH") {
        Some(ObserveError::NoLogin)
    } else if answer.starts_with("DENIED") {
        Some(ObserveError::ProtectedMode)
    } else if answer.contains("max number of clients") {
        Some(ObserveError::Full)
    } else if is_not_now(answer) {
        Some(ObserveError::NotNow { answer: answer.to_owned() })
    } else {
        None
    }
}

fn is_not_now(answer: &str) -> bool {
    ["LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN"].iter().any(|class| answer.split(' ').next() == Some(class))
}

fn is_unknown(answer: &str) -> bool {
    answer.to_ascii_lowercase().starts_with("err unknown command")
}

/// What a refused AUTH says, without its words: they may hold what was sent.
fn not_let_in(answer: &str, who: &Login) -> ObserveError {
    let is_wrong = answer.starts_with("WRONGPASS") || answer.starts_with("ERR invalid password");
    if is_wrong { ObserveError::WrongLogin { user: who.user.clone() } } else { ObserveError::NoAuth }
}

/// What a refused INFO says.
fn without_info(answer: String) -> ObserveError {
    match shut_out(&answer) {
        Some(error) => error,
        None if answer.starts_with("NOPERM") => ObserveError::NoInfo { answer },
        None if is_unknown(&answer) => ObserveError::NoInfoCommand,
        None => ObserveError::Refused { command: "INFO", answer },
    }
}

fn refusal(answer: String) -> Denied {
    if answer.starts_with("NOPERM") {
        Denied::Permission(answer)
    } else if is_unknown(&answer) {
        Denied::NoCommand
    } else if is_not_now(&answer) {
        Denied::NotNow(answer)
    } else {
        Denied::Other(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::net::UnixListener;
    use std::path::Path;
    use std::thread::{self, JoinHandle};

    use super::*;

    /// A server of one connection, which answers INFO and CONFIG GET, and tells in the end how often it was asked to read.
    fn serve(socket: &Path) -> JoinHandle<Vec<String>> {
        let listener = UnixListener::bind(socket).unwrap();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let (mut heard, mut buffer) = (Vec::new(), [0; 4096]);
            loop {
                let count = stream.read(&mut buffer).unwrap();
                if count == 0 {
                    return heard;
                }
                let words = String::from_utf8(buffer[..count].to_vec()).unwrap();
                let info = "redis_version:7.4.1\r\nrole:master\r\n";
                if words.contains("INFO") {
                    write!(stream, "${}\r\n{info}\r\n", info.len()).unwrap();
                }
                if words.contains("CONFIG") {
                    stream.write_all(b"*2\r\n$2\r\nhz\r\n$2\r\n10\r\n").unwrap();
                }
                heard.push(words);
            }
        })
    }

    #[test]
    fn what_is_guessed_right_is_asked_once_and_what_is_not_again() {
        let server: Server = "redis-7.4".parse().unwrap();
        let (same, other) = (Question::new(&["hz"], server), Question::new(&["hz"], server));
        for (question, ways) in [(&same, 1), (&other, 2)] {
            let folder = tempfile::tempdir().unwrap();
            let socket = folder.path().join("s");
            let heard = serve(&socket);
            let within = Duration::from_secs(10);
            let reach = Reach { address: Address::Unix(socket), login: None, tls: None, within };
            let mut met = Met::meet_guessing(&reach, Some(&same)).unwrap();
            let observed = met.ask_for(question).unwrap();
            assert_eq!(observed.snapshot.value("hz"), Some(b"10".as_slice()));
            drop(met);
            assert_eq!(heard.join().unwrap().len(), ways);
        }
    }
}
