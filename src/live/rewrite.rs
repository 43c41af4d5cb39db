//! Having a server write its configuration into its own file.

use super::ask::Ask;
use super::observe::{Met, Reach};
use super::reply::Reply;

/// Sends CONFIG REWRITE to the process that was looked at.
///
/// # Errors
/// Why the file is not written, for people.
pub fn rewrite(reach: &Reach<'_>, run_id: &str) -> Result<(), String> {
    let mut met = Met::meet(reach).map_err(|error| error.to_string())?;
    if met.info().get("run_id").is_none_or(|here| here != run_id) {
        return Err("another process answers than was looked at: it was restarted, or replaced".into());
    }
    match met.ask(Ask::ConfigRewrite).map_err(|error| error.to_string())? {
        Reply::Status(text) if text == "OK" => Ok(()),
        Reply::Error(answer) => Err(format!("the server refused CONFIG REWRITE: {answer}")),
        Reply::Status(_) | Reply::Integer(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_) => {
            Err("the answer to CONFIG REWRITE is none that a server gives".into())
        }
    }
}
