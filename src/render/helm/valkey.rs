//! valkey-io/valkey: `valkeyConfig`, a string that the chart appends to its own lines as it is.
//!
//! The chart writes `user NAME on #HASH PERMISSIONS` in a shell script, between double quotes, with passwords from one
//! Secret.

use minijinja::Value;

use super::super::acl_file::sayable;
use super::super::cluster_secrets::{self, Reference, Split};
use super::super::job::{Job, cannot_say};
use super::super::options::{Chart, Failover};
use super::super::secrets::holds_secret;
use super::super::sheet::{Line, Word};
use super::super::template::{fill, table, texts};
use super::super::{kubernetes, quote};
use super::Values;
use super::chart::{self, Owned};
use crate::finding::Finding;

const OWNED: &[Owned] = &[
    Owned { name: "port", value: "6379", help: "leave it out of the profile and set the chart's `service.port`" },
    Owned { name: "bind", value: "* -::*", help: "leave it out: the Service needs every address" },
    Owned { name: "dir", value: "/data", help: "leave it out: the chart keeps the data in /data" },
    Owned { name: "aclfile", value: "", help: "leave it out of the profile and set the chart's `auth`" },
    Owned { name: "replicaof", value: "no one", help: "leave it out: the chart decides who copies whom" },
    Owned { name: "daemonize", value: "no", help: "leave it out: a container ends with its first process" },
];

/// Renders the values.
pub(super) fn values(job: &Job<'_>) -> Result<Values, Vec<Finding>> {
    chart::rolls_always(job)?;
    if job.options.failover == Failover::Sentinel {
        let help = "use a chart of Bitnami or CloudPirates";
        return Err(vec![job.bad_option("redisconf does not set up Sentinel in this chart", help)]);
    }
    let Split { lines, users, hidden, mut notes } = cluster_secrets::split(job)?;
    let mut lines = chart::without_owned(lines, OWNED)?;
    let access = Access::new(job, &users)?;
    let replication_user = replication(job, &access, &hidden, &mut notes)?;
    // The chart has replicas log in as the user named here.
    lines.retain(|line| !line.is("masteruser") || access.users.is_empty());
    if job.kept().any() && job.grace() > 30 {
        notes.push(format!("the chart gives a server 30 s to stop; the last snapshot may need {} s", job.grace()));
    }
    notes.extend(chart::notes(job));
    let text = fill(
        "helm/valkey",
        [
            ("header", texts(chart::header(job, Chart::Valkey))),
            ("image", chart::image(&job.image())),
            ("secret", access.secret.as_deref().into()),
            ("users", access.users.iter().map(User::value).collect()),
            ("other_users", (!access.others.is_empty()).then(|| access.others.concat()).into()),
            ("replicas", job.replicas().into()),
            ("replication_user", replication_user.into()),
            ("kept", job.kept().any().into()),
            ("volume", kubernetes::quantity(job.volume()).into()),
            ("resources", chart::resources(job)),
            ("configuration", chart::configuration(&lines).into()),
        ],
    );
    Ok(Values { text, beside: Vec::new(), notes })
}

/// A user with a password.
struct User {
    name: String,
    permissions: String,
    password: Reference,
}

impl User {
    fn value(&self) -> Value {
        let permissions = quote::in_double_quotes(&self.permissions);
        let (name, key) = (self.name.as_str().into(), self.password.key.as_str().into());
        table([("name", name), ("permissions", permissions.into()), ("key", key)])
    }
}

/// Who may log in.
#[derive(Default)]
struct Access {
    /// The Secret with all passwords.
    secret: Option<String>,
    users: Vec<User>,
    /// Lines of users without a password.
    others: Vec<String>,
}

impl Access {
    fn new(job: &Job<'_>, lines: &[Line]) -> Result<Self, Vec<Finding>> {
        let mut access = Self::default();
        let mut findings = Vec::new();
        for line in lines {
            findings.extend(access.add(job, line).err().into_iter().flatten());
        }
        let has_default = access.users.iter().any(|user| user.name == "default");
        let is_default = |line: &String| line.starts_with("user default ");
        if let Some(line) = lines.first()
            && !has_default
            && !access.others.iter().any(is_default)
        {
            let help = "add `[users.default]`, at least with the rule `off`";
            findings.push(cannot_say(line.at, "the chart demands a user `default`", help));
        }
        if findings.is_empty() { Ok(access) } else { Err(findings) }
    }

    fn add(&mut self, job: &Job<'_>, line: &Line) -> Result<(), Vec<Finding>> {
        let mut words: Vec<String> = Vec::new();
        let mut passwords: Vec<Reference> = Vec::new();
        for word in &line.words {
            match word {
                Word::Plain(bytes) => {
                    sayable(line, bytes)?;
                    words.push(String::from_utf8_lossy(bytes).into_owned());
                }
                Word::Secret { .. } => passwords.extend(cluster_secrets::reference(job, line, word)?),
            }
        }
        let refuse = |message: &str, help: &str| Err(vec![cannot_say(line.at, message, help)]);
        let (name, rules) = words.split_first().map_or(("", &[][..]), |(name, rules)| (name.as_str(), rules));
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
        if name.is_empty() || !name.bytes().all(plain) {
            return refuse("the chart writes names of users into a shell script", "use letters, digits and `_.-` only");
        }
        let password = match passwords.as_slice() {
            [] => {
                self.others.push(format!("user {}\n", words.join(" ")));
                return Ok(());
            }
            [password] => password.clone(),
            _ => return refuse("the chart knows one password a user", "leave one of them out, or use a chart of Bitnami"),
        };
        // The chart writes `on #HASH` first, and these would undo it.
        let undoes = |rule: &&String| {
            ["off", "nopass", "resetpass", "reset"].iter().any(|word| rule.eq_ignore_ascii_case(word))
        };
        if let Some(rule) = rules.iter().find(undoes) {
            let message = format!("the chart puts `{rule}` behind the password and so undoes it");
            return refuse(&message, "leave the rule out");
        }
        match &self.secret {
            Some(secret) if *secret != password.name => {
                return refuse("the chart takes all passwords out of one Secret", "keep them in one, under several keys");
            }
            _ => self.secret = Some(password.name.clone()),
        }
        let permissions: Vec<&str> =
            rules.iter().map(String::as_str).filter(|rule| !rule.eq_ignore_ascii_case("on")).collect();
        self.users.push(User { name: name.to_owned(), permissions: permissions.join(" "), password });
        Ok(())
    }
}

/// The user as whom replicas log in.
fn replication(
    job: &Job<'_>,
    access: &Access,
    hidden: &[Line],
    notes: &mut Vec<String>,
) -> Result<Option<String>, Vec<Finding>> {
    let mut findings = Vec::new();
    let named = job.lines.iter().find(|line| line.is("masteruser") && !holds_secret(line));
    let name = named.and_then(|line| String::from_utf8(line.plain().concat()).ok()).unwrap_or_else(|| "default".into());
    let user = access.users.iter().find(|user| user.name == name);
    for line in hidden {
        if !line.is("masterauth") {
            let message = format!("the chart has no place for the secret of `{}`", line.name);
            findings.push(cannot_say(line.at, message, "use a chart of Bitnami or the target `kubernetes`"));
        } else if job.replicas() == 0 {
            notes.push(format!("`{}` is left out: without replicas nobody logs in with it", line.name));
        } else {
            let found = line.words.iter().find_map(|word| cluster_secrets::reference(job, line, word).ok().flatten());
            if user.is_none_or(|user| Some(&user.password) != found.as_ref()) {
                let message = format!("the chart has replicas log in as `{name}`, whose password is another one");
                findings.push(cannot_say(line.at, message, "set `masteruser` to a user with that password"));
            }
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    Ok(user.filter(|_| job.replicas() > 0).map(|user| user.name.clone()))
}
