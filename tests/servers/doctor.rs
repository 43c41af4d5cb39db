//! What `doctor` finds, held against servers that were put into exactly that state: each is found, a healthy server has
//! nothing, what it costs stays within its bounds, and nothing that belongs to users is in any output.

mod client;
mod keys;
mod loads;
mod machine;
mod memory;
mod place;
mod processes;
mod states;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use redisconf::config::layers::builtins;
use redisconf::lint::{Check, RULES};
use redisconf::live::{Program, Start, boot};
use serde_json::Value as Json;

use self::client::{Client, number};
use self::keys::keys;
use self::machine::machine;
use self::processes::processes;
use self::states::{admits, states};
use crate::found::Found;
use crate::profiles::{as_conf, setup};

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let of = |found: &Found| {
        [
            found.trial("doctor finds each state", states),
            found.trial("doctor finds states of processes and pairs", processes),
            found.trial("doctor finds what a machine says of itself", machine),
            found.trial("doctor finds nothing on a healthy server", healthy),
            found.trial("doctor costs little and shows nothing of the users", costs),
            found.trial("doctor needs no more rights than acl prints", rights),
            found.trial("doctor samples keys within its bounds, and the truth within its ranges", keys),
            found.trial("doctor says what a plan of tuning said, and its patch is accepted", tuned),
        ]
    };
    let whole = Trial::test("doctor::each rule about running servers has a state", complete);
    servers.iter().flat_map(of).chain([whole]).collect()
}

/// Every rule is shown by a server in its state, or by what a machine would have said.
fn complete() -> Result<(), Failed> {
    let clients = states::all().into_iter().map(|state| state.rule);
    let shown: BTreeSet<&str> =
        clients.chain(processes::RULES).chain(machine::causes().map(|cause| cause.rule)).collect();
    let live: BTreeSet<&str> =
        RULES.iter().filter(|rule| matches!(rule.check, Check::Live(_))).map(|rule| rule.id).collect();
    println!("{} of {} rules", shown.intersection(&live).count(), live.len());
    if shown == live { Ok(()) } else { Err(format!("{:?}", shown.symmetric_difference(&live)).into()) }
}

/// Asks the doctor for JSON.
fn doctor(socket: &Path, flags: &[&str]) -> Result<(Json, String), Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
    command.args(["doctor", "--live", &format!("unix://{}", socket.display()), "--level", "info"]);
    command.args(["--output-format", "json", "--timeout", "20"]).args(flags).env_clear().stdin(Stdio::null());
    let output = command.output()?;
    let text = String::from_utf8(output.stdout)?;
    if text.is_empty() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok((serde_json::from_str(&text)?, text))
}

/// Rule and severity of each finding.
fn found(json: &Json) -> Vec<(String, String)> {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let all = json["servers"][0]["findings"].as_array().cloned().unwrap_or_default();
    all.iter().map(|finding| (text(&finding["rule"]), text(&finding["severity"]))).collect()
}

/// What is of the machine on which this runs, and of where servers are put to be tried.
const OF_THE_PLACE: &[&str] = &[
    "backlog-above-somaxconn",
    "data-dir-unsafe",
    "log-lost",
    "maxclients-lowered",
    "overcommit-off",
    // A machine with other work lets no process run at once.
    "slow-commands",
    "thp-always",
];

/// What is of the moment: a machine that does other things as well lets a server wait.
const OF_THE_MOMENT: &[&str] = &[
    "fork-slow",
    "fsync-delayed",
    "fsync-pending",
    "latency-events",
    "main-thread-busy",
    "processors-used-up",
    "slow-commands",
    "slow-percentile",
];

fn healthy(program: &Program) -> Result<(), Failed> {
    let builtin = builtins().iter().find(|builtin| builtin.name == "cache").ok_or("there is no profile for caches")?;
    let setup = setup(builtin, program.server.base()).ok_or("it is not for this server")?;
    let booted = boot(program, &as_conf(&setup)).map_err(|error| error.to_string())?;
    let socket = booted.socket();
    let mut client = Client::open(&socket)?;
    client.all("CLIENT SETNAME shop")?;
    for block in 0..20 {
        let sets: Vec<String> =
            (0..500).map(|key| format!("SET {block}:{key} {block} EX 9000\r\nGET {block}:{key}")).collect();
        client.all(&sets.join("\r\n"))?;
    }
    let (json, _) = doctor(&socket, &["--window", "0.5", "--fact", "workload=cache", "--fact", "connections=100"])?;
    let told: Vec<_> = found(&json)
        .into_iter()
        .filter(|(rule, severity)| {
            severity != "info" && ![OF_THE_PLACE, OF_THE_MOMENT].iter().any(|some| some.contains(&rule.as_str()))
        })
        .collect();
    println!("{}: {} rules judged", program.server, json["servers"][0]["judged"]);
    if told.is_empty() { Ok(()) } else { Err(format!("{told:?}").into()) }
}

/// The time that all commands took, in microseconds.
fn spent(client: &mut Client) -> Result<u64, Failed> {
    let text = client.all("INFO commandstats")?;
    let times = text.lines().filter_map(|line| line.split_once(",usec=")?.1.split(',').next()?.parse::<u64>().ok());
    Ok(times.sum())
}

fn costs(program: &Program) -> Result<(), Failed> {
    let conf = "slowlog-log-slower-than 0\nuser ann on >hunter2-of-ann ~hunter2:* +@all\n";
    let start = Start { conf: Some(conf.into()), ..Start::default() };
    let booted = boot(program, &start).map_err(|error| error.to_string())?;
    let socket = booted.socket();
    let mut client = Client::open(&socket)?;
    client.all("CLIENT SETNAME hunter2-name\r\nSET hunter2:key hunter2-value\r\nAUTH hunter2-user hunter2-password")?;
    // A subscriber answers to nothing else.
    client.send(b"SUBSCRIBE hunter2-channel\r\n")?;
    thread::sleep(Duration::from_millis(50));
    let mut other = Client::open(&socket)?;
    let before = number(&mut other, "total_commands_processed")?;
    let begun = Instant::now();
    let (json, text) = doctor(&socket, &[])?;
    let took = begun.elapsed();
    // Two of ours are among them: the two INFO with their ECHO.
    let sent = number(&mut other, "total_commands_processed")? - before - 2.0;
    let told = json["servers"][0]["commands"].as_f64().unwrap_or(0.0);
    println!("{}: {sent} commands, {told} told, {took:?} in all", program.server);
    let mut wrong = Vec::new();
    if sent > 20.0 {
        wrong.push(format!("{sent} commands"));
    }
    let mut texts = vec![text];
    for format in ["human", "html", "markdown", "sarif", "concise"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
        command.args([
            "doctor",
            "--all",
            "--keys",
            "--live",
            &format!("unix://{}", socket.display()),
            "--output-format",
            format,
        ]);
        texts.push(String::from_utf8(command.env_clear().stdin(Stdio::null()).output()?.stdout)?);
    }
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("kept.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
    command.args(["snapshot", "--evidence", "--live", &format!("unix://{}", socket.display()), "--output"]).arg(&file);
    command.env_clear().output()?;
    texts.push(std::fs::read_to_string(&file)?);
    for text in &texts {
        if let Some(at) = text.find("hunter2") {
            wrong.push(format!("shown: {}", &text[at.saturating_sub(80)..(at + 40).min(text.len())]));
        }
    }
    // What was kept is judged as what answers.
    let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
    command.args(["doctor", "--level", "info", "--output-format", "json", "--from"]).arg(&file);
    let kept: Json = serde_json::from_slice(&command.env_clear().output()?.stdout)?;
    let rules = |json: &Json| {
        let all = found(json).into_iter().map(|(rule, _)| rule);
        all.filter(|rule| !OF_THE_MOMENT.contains(&rule.as_str())).collect::<Vec<_>>()
    };
    if rules(&kept) != rules(&json) {
        wrong.push(format!("live {:?}, kept {:?}", rules(&json), rules(&kept)));
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// The state that a plan of tuning was written for: hashes, no limit, the default points.
fn tuned(program: &Program) -> Result<(), Failed> {
    let conf = "save 3600 1 300 100 60 10000\nio-threads 2\n";
    let conf = if admits("redis >= 7.0", program.server) { conf } else { "io-threads 2\n" };
    let booted =
        boot(program, &Start { conf: Some(conf.into()), ..Start::default() }).map_err(|error| error.to_string())?;
    let socket = booted.socket();
    let mut client = Client::open(&socket)?;
    for block in 0..300 {
        let sets: Vec<String> =
            (0..1000).map(|key| format!("HSET fact:{block}:{key} text {key} score {block}")).collect();
        client.all(&sets.join("\r\n"))?;
    }
    let before = spent(&mut client)?;
    let folder = tempfile::tempdir()?;
    let patch = folder.path().join("doctor.toml");
    let (json, _) = doctor(&socket, &["--patch", &patch.display().to_string(), "--fact", "workload=knowledge-base"])?;
    let took = spent(&mut client)?.saturating_sub(before);
    let rules = found(&json);
    let mut wrong: Vec<String> = Vec::new();
    if took > 50_000 {
        wrong.push(format!("it took {took} microseconds of the server's time"));
    }
    for wanted in ["memory-unlimited"] {
        if !rules.iter().any(|(rule, _)| rule == wanted) {
            wrong.push(format!("{wanted} is not found: {rules:?}"));
        }
    }
    let status = json["servers"][0]["vitals"].to_string();
    for wanted in ["300000, 0 of them expire", "no limit", "save 3600 1 300 100 60 10000"] {
        if !status.contains(wanted) {
            wrong.push(format!("the status does not say `{wanted}`: {status}"));
        }
    }
    let address = format!("unix://{}", socket.display());
    let version = program.server.base().name();
    let patched = patch.display().to_string();
    let program_path = program.path.display().to_string();
    for arguments in [
        vec!["lint", &patched, "--fail-on", "error"],
        vec!["verify", &patched, "--server", &version, "--server-bin", &program_path],
        vec!["apply", &patched, "--live", &address, "--yes", "--timeout", "20"],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
        let output = command.args(&arguments).env_clear().current_dir(folder.path()).stdin(Stdio::null()).output()?;
        if !output.status.success() {
            let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
            wrong.push(format!("{}: {said}", arguments[0]));
        }
    }
    let (after, _) = doctor(&socket, &[])?;
    if found(&after).iter().any(|(rule, _)| rule == "memory-unlimited") {
        wrong.push("the patch is applied, and it is still found".into());
    }
    println!("{}: {took} microseconds of the server's time over 300,000 hashes", program.server);
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// A user with the printed rights is refused nothing, and all that can be judged is.
fn rights(program: &Program) -> Result<(), Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
    let printed = command.args(["acl", "doctor", "--keys", "--quiet"]).env_clear().output()?;
    let printed = String::from_utf8(printed.stdout)?;
    let rules = printed.trim().strip_prefix("user redisconf ").ok_or("no user is printed")?;
    let booted = boot(program, &Start::default()).map_err(|error| error.to_string())?;
    let socket = booted.socket();
    let mut client = Client::open(&socket)?;
    // What the warning beside the rules says of it.
    let more = if admits("valkey >= 8.1", program.server.base()) { " +commandlog|get" } else { "" };
    let set = client
        .all(&format!("SET a:1 1\r\nSELECT 3\r\nSET b:1 1\r\nACL SETUSER redisconf >right-canary {rules}{more}"))?;
    if set.contains("-ERR") {
        return Err(format!("the rules are refused: {set}").into());
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
    command.args(["doctor", "--keys", "--user", "redisconf", "--output-format", "json", "--live"]);
    command.arg(format!("unix://{}", socket.display())).env_clear().env("REDISCONF_PASSWORD", "right-canary");
    let output = command.stdin(Stdio::null()).output()?;
    let json: Json = serde_json::from_slice(&output.stdout)?;
    let server = &json["servers"][0];
    let silent = server["silent"].to_string();
    if silent.contains("may not") || server["keyspace"]["sampled"] != 2 {
        return Err(format!("not judged: {silent}, {}, {}", server["keyspace"], server["reason"]).into());
    }
    let log = client.all("ACL LOG")?;
    if log.starts_with("*0") { Ok(()) } else { Err(format!("refused: {log}").into()) }
}
