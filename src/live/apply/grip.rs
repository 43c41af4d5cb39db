//! The connection by which a plan is carried out. Its name is the lock, and what an earlier connection sent is fenced off.
//!
//! A command whose answer did not come may still be on its way: a proxy holds it, or the server is busy and reads it when
//! we have gone. So a new connection first has the earlier ones closed by the server, and only then is what it reads final.

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{LOCK, Stop};
use crate::live::ask::{Ask, Login};
use crate::live::observe::{Met, ObserveError, Reach};
use crate::live::reply::Reply;
use crate::plan::{Plan, Step};
use crate::snapshot::Info;

/// The connection that is held, and what is needed to make it again.
pub(super) struct Grip<'a> {
    plan: &'a Plan,
    reach: &'a Reach<'a>,
    /// The password of the default user that the plan has set.
    later: Option<Login>,
    met: Option<Met>,
    /// How the names of all connections of this run begin.
    ours: String,
    made: u32,
}

impl<'a> Grip<'a> {
    pub(super) fn new(plan: &'a Plan, reach: &'a Reach<'a>) -> Self {
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        // Process numbers are the same on several machines, and in containers.
        let ours = format!("{LOCK}{}-{nanos:x}-", std::process::id());
        Self { plan, reach, later: None, met: None, ours, made: 0 }
    }

    /// From now on the default user may have another password.
    pub(super) fn expects(&mut self, step: &Step) {
        let is_default = self.reach.login.is_none_or(|login| login.user == "default");
        if step.name == "requirepass" && is_default {
            self.later = Some(Login { user: "default".into(), password: step.send.clone() });
        }
    }

    /// Another connection to the same process, without a name.
    pub(super) fn meet(&self) -> Result<Met, Stop> {
        let met = match (Met::meet(self.reach), &self.later) {
            (Err(ObserveError::WrongLogin { .. } | ObserveError::NoLogin), Some(later)) => {
                Met::meet(&Reach { login: Some(later), ..self.reach.clone() })?
            }
            (met, _) => met?,
        };
        self.check_identity(&met)?;
        Ok(met)
    }

    /// The connection: the one that is there, or a new one that has the lock.
    pub(super) fn met(&mut self) -> Result<&mut Met, Stop> {
        if self.met.as_ref().is_none_or(|met| !met.is_alive()) {
            self.met = None;
            let mut met = self.meet()?;
            self.lock(&mut met)?;
            self.met = Some(met);
        }
        Ok(self.met.as_mut().expect("it was just made"))
    }

    /// The connection that is there. What changes a server never goes through a new one: it would be sent twice.
    pub(super) fn held(&mut self) -> Result<&mut Met, Stop> {
        self.met.as_mut().filter(|met| met.is_alive()).ok_or_else(|| Stop::Other("the connection is gone".into()))
    }

    /// Gives the connection up, so that the next question makes another.
    pub(super) fn drop(&mut self) {
        self.met = None;
    }

    /// How long to wait before the same is tried again.
    pub(super) fn pause(&self, attempt: u32) -> Duration {
        (self.reach.within / 50) * (1 << attempt.min(5))
    }

    pub(super) fn values(&mut self, names: &[&'static str]) -> Result<BTreeMap<String, Vec<u8>>, Stop> {
        let observed = self.met()?.observe(names)?;
        if let Some(denied) = observed.denied {
            return Err(Stop::Other(denied.to_string()));
        }
        Ok(observed.snapshot.config().iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect())
    }

    pub(super) fn info(&mut self) -> Result<Info, Stop> {
        Ok(self.met()?.refresh()?.clone())
    }

    fn check_identity(&self, met: &Met) -> Result<(), Stop> {
        let of = &self.plan.of;
        let field = |name: &str| met.info().get(name).unwrap_or_default();
        if field("run_id") != of.run_id {
            return Err(Stop::Restarted);
        }
        if field("role") != of.role {
            return Err(Stop::Other("its role has changed since the plan was made".into()));
        }
        Ok(())
    }

    /// Says who we are, looks whether somebody else is at it, and has earlier connections of ours closed.
    fn lock(&mut self, met: &mut Met) -> Result<(), Stop> {
        self.made += 1;
        let name = format!("{}{}", self.ours, self.made);
        let blind = |what: &str, answer: &str| {
            Stop::Other(format!("without {what} nobody can tell whether another apply is running: {answer}"))
        };
        match met.ask(Ask::SetName(&name))? {
            Reply::Status(text) if text == "OK" => {}
            Reply::Error(answer) => return Err(blind("CLIENT SETNAME", &answer)),
            Reply::Status(_) | Reply::Integer(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_) => {
                return Err(blind("CLIENT SETNAME", "its answer is none that a server gives"));
            }
        }
        let until = Instant::now() + self.reach.within;
        let others_until = Instant::now() + self.reach.within / 5;
        loop {
            let list = match met.ask(Ask::ClientList)? {
                Reply::Error(answer) => return Err(blind("CLIENT LIST", &answer)),
                reply @ (Reply::Bytes(_) | Reply::Status(_) | Reply::Integer(_) | Reply::Nil | Reply::List(_)) => {
                    reply.into_bytes().unwrap_or_default()
                }
            };
            let holders = holders(&String::from_utf8_lossy(&list));
            if holders.iter().filter(|(_, holder)| *holder == name).count() != 1 {
                return Err(blind("CLIENT LIST", "our own connection is not in it by its name"));
            }
            if holders.iter().any(|(_, holder)| !holder.starts_with(&self.ours)) {
                // One that has just ended is seen for a moment longer.
                if Instant::now() < others_until {
                    thread::sleep(self.pause(0));
                    continue;
                }
                return Err(Stop::Other("another apply is running on this server (see its CLIENT LIST)".into()));
            }
            let earlier: Vec<&str> =
                holders.iter().filter(|(_, holder)| *holder != name).map(|(id, _)| id.as_str()).collect();
            if earlier.is_empty() {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(Stop::Other(
                    "an earlier connection of this run is still open there, and what it sent could still come".into(),
                ));
            }
            for id in earlier {
                // Who may not do this waits until the server has seen the connection end.
                met.ask(Ask::ClientKill(id))?;
            }
            thread::sleep(self.pause(0));
        }
    }
}

/// Number and name of each connection that applies a plan.
fn holders(list: &str) -> Vec<(String, String)> {
    let field = |line: &str, name: &str| {
        line.split_ascii_whitespace().find_map(|word| word.strip_prefix(name)).unwrap_or_default().to_owned()
    };
    let of = |line: &str| (field(line, "id="), field(line, "name="));
    list.lines().map(of).filter(|(_, name)| name.starts_with(LOCK)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_applies_is_told_from_other_clients() {
        let list = "id=3 addr=/s:0 fd=8 name= age=1 cmd=client\nid=7 addr=[::1]:1 laddr=x name=redisconf-apply-9-a-1 db=0\nid=8 addr=y name=app cmd=get user=redisconf-apply-1\n";
        assert_eq!(holders(list), [("7".to_owned(), "redisconf-apply-9-a-1".to_owned())]);
    }
}
