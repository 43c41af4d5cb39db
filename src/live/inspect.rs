//! Asks a server for all it shows of itself.

use super::ask::Section;
use super::boot::LoginError;
use super::connection::{Connection, ConnectionError};
use super::reply::{NoPairs, Reply};
use crate::snapshot::{IdentityError, Pairs, PairsError, Snapshot, identity, parse_info};

/// Why a server could not be inspected.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// It does not let us in.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// No answer came.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// The command is not there: `rename-command` removed or renamed it, or a managed service blocks it.
    #[error(
        "the server knows no {command}: it was renamed or removed (`rename-command`), so values cannot be read back"
    )]
    NoCommand {
        /// The command.
        command: &'static str,
    },
    /// The server refused to answer.
    #[error("the server refused {command}: {answer}")]
    Refused {
        /// The command.
        command: &'static str,
        /// The server's words; they name no value.
        answer: String,
    },
    /// The answer has another shape than every server's.
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
}

/// Reads INFO and CONFIG GET *, and each of the `hidden` names, which only an exact question shows.
///
/// # Errors
/// When an answer does not come, is a refusal or has an unexpected shape.
pub fn inspect(connection: &mut Connection, hidden: &[&str]) -> Result<Snapshot, InspectError> {
    let info = granted("INFO", connection.info(Section::Usual)?)?;
    let info = parse_info(&info.into_bytes().ok_or(InspectError::Shape { command: "INFO" })?);
    let server = identity(&info)?;
    let patterns: Vec<&str> = std::iter::once("*").chain(hidden.iter().copied()).collect();
    let mut config = Pairs::default();
    for answer in connection.config_get(&patterns)? {
        config.extend(answer.map_err(without_pairs)?.as_told());
    }
    Ok(Snapshot::new(server, config, info))
}

fn without_pairs(why: NoPairs) -> InspectError {
    match why {
        NoPairs::Refused(answer) => refused("CONFIG", answer),
        NoPairs::Shape => InspectError::Shape { command: "CONFIG" },
        NoPairs::Broken(error) => error.into(),
    }
}

/// The reply, unless it is an error.
pub(super) fn granted(command: &'static str, reply: Reply) -> Result<Reply, InspectError> {
    match reply {
        Reply::Error(answer) => Err(refused(command, answer)),
        Reply::Status(_) | Reply::Integer(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_) => Ok(reply),
    }
}

fn refused(command: &'static str, answer: String) -> InspectError {
    if answer.starts_with("ERR unknown command") {
        InspectError::NoCommand { command }
    } else {
        InspectError::Refused { command, answer }
    }
}
