//! A new password beside the old one, for the default user: what lets nodes that log in to each other change theirs without
//! shutting each other out. Only `apply` comes here, and only where several nodes belong together.

use super::ask::{Ask, Login};
use super::observe::{Met, ObserveError, Reach};
use super::reply::Reply;

/// What a node makes of a password of the default user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// It lets in who has it.
    Yes,
    /// It does not.
    No,
    /// It lets everybody in, with whatever password.
    Anything,
}

/// Asks a node whether it takes a password, by logging in with it.
///
/// # Errors
/// When that cannot be told.
pub fn accepts(reach: &Reach<'_>, password: &[u8]) -> Result<Accepts, ObserveError> {
    let takes = |password: Vec<u8>| {
        let login = Login { user: "default".into(), password };
        match Met::meet(&Reach { login: Some(&login), ..reach.clone() }) {
            Ok(_) => Ok(true),
            Err(ObserveError::WrongLogin { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    };
    if !takes(password.to_vec())? {
        return Ok(Accepts::No);
    }
    // A user without a password is let in with any.
    let other = [password, b"-and-not-this".as_slice()].concat();
    Ok(if takes(other)? { Accepts::Anything } else { Accepts::Yes })
}

/// Has the default user take a password beside those that it has, and sees that it does.
///
/// # Errors
/// When it does not; then nothing is changed, or the words say that nobody knows.
pub fn add(reach: &Reach<'_>, run_id: &str, password: &[u8]) -> Result<(), String> {
    set(reach, run_id, b'>', password)?;
    match accepts(reach, password) {
        Ok(Accepts::Yes) => Ok(()),
        Ok(Accepts::No | Accepts::Anything) => Err("the new password was sent, and a login with it fails".into()),
        Err(error) => Err(format!("the new password was sent, and whether it is taken cannot be told: {error}")),
    }
}

/// Takes the password from the default user again, where [`add`] gave it.
///
/// # Errors
/// When the server does not answer, or does not obey.
pub fn remove(reach: &Reach<'_>, run_id: &str, password: &[u8]) -> Result<(), String> {
    set(reach, run_id, b'<', password)
}

fn set(reach: &Reach<'_>, run_id: &str, sign: u8, password: &[u8]) -> Result<(), String> {
    let mut met = Met::meet(reach).map_err(|error| error.to_string())?;
    if met.info().get("run_id") != Some(run_id) {
        return Err("another process answers than was looked at".into());
    }
    let rule = [&[sign], password].concat();
    match met.ask(Ask::DefaultUser(&rule)).map_err(|error| error.to_string())? {
        Reply::Status(text) if text == "OK" => Ok(()),
        // An answer that repeats what was sent is not repeated.
        Reply::Error(answer) if answer.starts_with("NOPERM") => Err("the user may not run ACL SETUSER".into()),
        Reply::Error(_) => Err("the server refuses ACL SETUSER of the default user".into()),
        Reply::Status(_) | Reply::Integer(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_) => {
            Err("the answer to ACL SETUSER is none that a server gives".into())
        }
    }
}
