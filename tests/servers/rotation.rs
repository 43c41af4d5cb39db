//! The password that nodes log in to each other with is changed on all of them: the new one beside the old one, and the old
//! one away only when that is asked for. Links that are cut at any time come up again.

use std::io::{BufReader, Read as _, Result, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use redisconf::live::Program;
use serde_json::Value;

use crate::found::Found;
use crate::nodes::{Here, Node, check, of_nodes, read_reply, server, set_of};

const OLD: &str = "0ld-c4n4ry";
const NEW: &str = "n3w-c4n4ry";

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    servers.iter().map(|found| found.trial("a password is changed on all nodes", rotation)).collect()
}

/// What a node answers to somebody who has logged in.
fn ask(node: &Node, login: &str, command: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", node.port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(format!("AUTH {login}\r\n{command}\r\n").as_bytes())?;
    let (mut reader, mut text) = (BufReader::new(stream), String::new());
    read_reply(&mut reader, &mut text)?;
    text.clear();
    read_reply(&mut reader, &mut text)?;
    Ok(text)
}

/// Whether a node lets somebody in.
fn accepts(node: &Node, login: &str) -> Result<bool> {
    Ok(ask(node, login, "PING")?.contains("PONG"))
}

fn value(node: &Node, login: &str, name: &str) -> Result<String> {
    Ok(ask(node, login, &format!("CONFIG GET {name}"))?.lines().nth(1).unwrap_or_default().to_owned())
}

/// Cuts the links of all replicas, and waits until they are up again.
fn relink(nodes: &[Node], login: &str) -> Result<()> {
    ask(&nodes[0], login, "CLIENT KILL TYPE replica")?;
    for node in &nodes[1..] {
        ask(node, login, "CLIENT KILL TYPE master")?;
        let begun = std::time::Instant::now();
        while !ask(node, login, "INFO replication")?.contains("master_link_status:up") {
            if begun.elapsed() > Duration::from_secs(30) {
                return Err(std::io::Error::other(format!("{}: the link stays down", node.name())));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    Ok(())
}

/// The exit code, the JSON, and everything that was said.
fn run(here: &Here, words: &str, password: &str, is_json: bool) -> Result<(i32, Value, Vec<u8>)> {
    let format: &[&str] = if is_json { &["--output-format", "json"] } else { &[] };
    let output = Command::new(env!("CARGO_BIN_EXE_redisconf"))
        .args(words.split(' '))
        .args(format)
        .current_dir(here.0.path())
        .env_clear()
        .env("REDISCONF_PASSWORD", password)
        .stdin(Stdio::null())
        .output()?;
    let json = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    Ok((output.status.code().unwrap_or(-1), json, [output.stdout, output.stderr].concat()))
}

/// Whether nothing that was said or kept holds a password.
fn is_silent(here: &Here, said: &[u8]) -> Result<bool> {
    let holds =
        |text: &[u8]| [OLD, NEW].iter().any(|canary| text.windows(canary.len()).any(|part| part == canary.as_bytes()));
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(here.0.path().join("journal")).into_iter().flatten() {
        std::fs::File::open(entry?.path())?.read_to_end(&mut kept)?;
    }
    Ok(!holds(said) && !holds(&kept))
}

fn rotation(program: &Program) -> std::result::Result<(), Failed> {
    let nodes = set_of(program)?;
    let here = Here::new()?;
    for node in &nodes {
        node.ask(&format!("CONFIG SET masterauth {OLD}"))?;
        node.ask(&format!("CONFIG SET requirepass {OLD}"))?;
    }
    relink(&nodes, OLD)?;
    here.file("file.conf", &format!("port 6379\nrequirepass {NEW}\nmasterauth {NEW}\n"))?;
    let apply = format!("apply file.conf --live {} --yes", nodes[1].name());

    let (exit, json, said) = run(&here, &apply, OLD, true)?;
    check(exit == 1 && server(&json)["status"] == "refused", "it has to be allowed", &(exit, &json))?;
    check(is_silent(&here, &said)?, "silent", &"a refusal")?;

    // Who may not change users changes nothing.
    for (node, more) in nodes.iter().zip(["", "", " -acl"]) {
        ask(node, OLD, &format!("ACL SETUSER boss on >{OLD} ~* &* +@all{more}"))?;
    }
    let (exit, json, said) = run(&here, &format!("{apply} --allow credentials --user boss"), OLD, true)?;
    check(exit == 4 && server(&json)["status"] == "as-before", "not on all of them", &(exit, &json))?;
    check(is_silent(&here, &said)?, "silent", &"a failure")?;
    for node in &nodes {
        check(accepts(node, OLD)? && !accepts(node, NEW)?, "as before", &node.name())?;
        check(value(node, OLD, "masterauth")? == OLD, "as before", &node.name())?;
    }

    let (exit, json, said) = run(&here, &format!("{apply} --allow credentials"), OLD, true)?;
    check(exit == 0 && server(&json)["status"] == "done", "beside", &(exit, &json))?;
    check(server(&json)["help"].as_str().is_some_and(|help| help.contains("apply again")), "what is next", &json)?;
    check(is_silent(&here, &said)?, "silent", &"the first half")?;
    for node in &nodes {
        check(accepts(node, OLD)? && accepts(node, NEW)?, "both", &node.name())?;
        let values = (value(node, OLD, "masterauth")?, value(node, OLD, "requirepass")?);
        check(values == (NEW.to_owned(), OLD.to_owned()), "new to each other, old for others", &values)?;
    }
    relink(&nodes, NEW)?;

    let (exit, json, said) = run(&here, &format!("{apply} --allow credentials"), OLD, true)?;
    check(exit == 0 && server(&json)["status"] == "done", "the old one away", &(exit, &json))?;
    check(is_silent(&here, &said)?, "silent", &"the second half")?;
    for node in &nodes {
        check(!accepts(node, OLD)? && accepts(node, NEW)?, "only the new one", &node.name())?;
    }
    relink(&nodes, NEW)?;
    let (exit, json, _) = run(&here, &apply, NEW, true)?;
    check(exit == 0 && server(&json)["status"] == "nothing", "again nothing", &(exit, &json))?;
    let (exit, json, _) = run(&here, &format!("diff file.conf --live {}", nodes[2].name()), NEW, true)?;
    let statuses = of_nodes(&json, "status");
    check(exit == 0 && statuses.iter().all(|(_, status)| status == "equal"), "no drift", &(exit, statuses))?;

    // A first password has nothing to stand beside.
    for node in &nodes {
        ask(node, NEW, "CONFIG SET requirepass \"\"")?;
    }
    let (exit, json, said) = run(&here, &format!("{apply} --allow credentials"), "", false)?;
    check(exit == 1 && nodes[0].value("requirepass").is_empty(), "no first password", &(exit, json))?;
    check(is_silent(&here, &said)?, "silent", &"a first password")?;
    println!("{}: 3 nodes, old, both and new; their links cut and up again each time", program.server);
    Ok(())
}
