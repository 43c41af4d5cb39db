//! Several nodes from one address: a primary with replicas, a Cluster, and what a Sentinel watches. All are found, held
//! against one file, and applied to in their order; a node that dies on the way stops it, and what is then told is true.

use std::io::{BufRead, BufReader, Read, Result, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use redisconf::live::Program;
use serde_json::Value;
use tempfile::TempDir;

use crate::found::Found;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let of = |found: &Found| {
        [
            found.trial("a primary and its replicas from one address", replicas),
            found.trial("a cluster from one address", cluster),
            found.trial("what a Sentinel watches from its address", sentinel),
        ]
    };
    servers.iter().flat_map(of).collect()
}

const PATIENCE: Duration = Duration::from_secs(60);
/// What every node is started with.
const AS_STARTED: &str = "hz 20\nmaxmemory 200mb\nmaxmemory-policy allkeys-lru\nport 6379\n";

/// One server on a port of the loopback, which ends with this.
pub(crate) struct Node {
    pub(crate) port: u16,
    child: Arc<Mutex<Child>>,
    home: TempDir,
}

impl Drop for Node {
    fn drop(&mut self) {
        end(&self.child);
    }
}

fn end(child: &Mutex<Child>) {
    let mut child = child.lock().unwrap();
    let _ = child.kill();
    let _ = child.wait();
}

/// A free port whose bus port is free, too.
fn free_port() -> Result<u16> {
    loop {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        if port < 55_000 && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
            return Ok(port);
        }
    }
}

impl Node {
    fn start(program: &Path, text: &str, arguments: &[&str]) -> Result<Self> {
        let (home, port) = (tempfile::tempdir()?, free_port()?);
        std::fs::write(
            home.path().join("conf"),
            format!("port {port}\nbind 127.0.0.1\ndir {}\n{text}", home.path().display()),
        )?;
        let child = Command::new(program)
            .arg("conf")
            .args(arguments)
            .current_dir(home.path())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        let node = Self { port, child: Arc::new(Mutex::new(child)), home };
        node.wait("PING", "PONG")?;
        Ok(node)
    }

    fn data(program: &Path, more: &str) -> Result<Self> {
        let common = AS_STARTED.replace("port 6379\n", "");
        let node = Self::start(program, &format!("{common}save \"\"\nrepl-diskless-sync-delay 0\n{more}"), &[])?;
        // What a restart would give is not in question here.
        std::fs::remove_file(node.home.path().join("conf"))?;
        Ok(node)
    }

    pub(crate) fn name(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it answers to a command on one line.
    pub(crate) fn ask(&self, command: &str) -> Result<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(format!("{command}\r\n").as_bytes())?;
        let mut text = String::new();
        read_reply(&mut BufReader::new(stream), &mut text)?;
        Ok(text)
    }

    fn wait(&self, command: &str, wanted: &str) -> Result<()> {
        self.until(command, |said| said.contains(wanted))
    }

    fn until(&self, command: &str, is_it: impl Fn(&str) -> bool) -> Result<()> {
        let begun = Instant::now();
        loop {
            let said = self.ask(command).unwrap_or_default();
            if is_it(&said) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                return Err(std::io::Error::other(format!("{}: {command} still answers {said}", self.name())));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn value(&self, name: &str) -> String {
        self.ask(&format!("CONFIG GET {name}")).unwrap_or_default().lines().nth(1).unwrap_or_default().to_owned()
    }
}

/// Reads one answer, its parts line by line.
pub(crate) fn read_reply(from: &mut impl BufRead, text: &mut String) -> Result<()> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    let (kind, rest) = line.trim_end().split_at_checked(1).unwrap_or_default();
    match (kind, rest.parse::<usize>()) {
        ("*", Ok(count)) => (0..count).try_for_each(|_| read_reply(from, text))?,
        ("$", Ok(length)) => {
            let mut bytes = vec![0; length + 2];
            from.read_exact(&mut bytes)?;
            text.push_str(String::from_utf8_lossy(&bytes).trim_end());
            text.push('\n');
        }
        _ => {
            text.push_str(rest);
            text.push('\n');
        }
    }
    Ok(())
}

/// Where `redisconf` runs, with its journal.
pub(crate) struct Here(pub(crate) TempDir);

impl Here {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(tempfile::tempdir()?))
    }

    pub(crate) fn file(&self, name: &str, text: &str) -> Result<()> {
        std::fs::write(self.0.path().join(name), text)
    }

    /// The exit code, the JSON and what else was said.
    fn run(&self, words: &str) -> Result<(i32, Value, String)> {
        let output = Command::new(env!("CARGO_BIN_EXE_redisconf"))
            .args(words.split(' '))
            .args(["--output-format", "json"])
            .current_dir(self.0.path())
            .env_clear()
            .stdin(Stdio::null())
            .output()?;
        let json = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        Ok((output.status.code().unwrap_or(-1), json, String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

/// A field of each node, in their order.
pub(crate) fn of_nodes(json: &Value, field: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let nodes = server(json)["nodes"].as_array().cloned().unwrap_or_default();
    nodes.iter().map(|node| (text(&node["name"]), text(&node[field]))).collect()
}

pub(crate) fn server(json: &Value) -> &Value {
    let found = &json["servers"][0];
    if found.is_null() { &json["result"]["servers"][0] } else { found }
}

fn turns(json: &Value) -> Vec<(String, String)> {
    let turns = server(json)["order"].as_array().cloned().unwrap_or_default();
    let directives = |turn: &Value| {
        turn["directives"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect::<Vec<_>>().join(" ")
    };
    turns.iter().map(|turn| (turn["node"].as_str().unwrap().to_owned(), directives(turn))).collect()
}

pub(crate) fn check(is_so: bool, what: &str, seen: &impl std::fmt::Debug) -> std::result::Result<(), Failed> {
    if is_so { Ok(()) } else { Err(format!("{what}: {seen:?}").into()) }
}

fn pairs<'a>(nodes: impl IntoIterator<Item = (&'a Node, &'a str)>) -> Vec<(String, String)> {
    nodes.into_iter().map(|(node, text)| (node.name(), text.to_owned())).collect()
}

pub(crate) fn set_of(program: &Program) -> Result<Vec<Node>> {
    let primary = Node::data(&program.path, "")?;
    let more = format!("replicaof 127.0.0.1 {}\n", primary.port);
    let mut nodes = vec![primary];
    for _ in 0..2 {
        nodes.push(Node::data(&program.path, &more)?);
    }
    nodes[1..].sort_by_key(Node::name);
    nodes[0].until("INFO replication", |said| said.matches("state=online").count() == 2)?;
    Ok(nodes)
}

fn replicas(program: &Program) -> std::result::Result<(), Failed> {
    let nodes = set_of(program)?;
    let here = Here::new()?;
    here.file("file.conf", AS_STARTED)?;
    for seed in &nodes {
        let (exit, json, said) = here.run(&format!("diff file.conf --live {}", seed.name()))?;
        let statuses = of_nodes(&json, "status");
        check(exit == 0 && statuses == pairs(nodes.iter().map(|node| (node, "equal"))), "equal", &(exit, &json, said))?;
    }
    let (exit, json, _) = here.run(&format!("diff file.conf --no-discover --live {}", nodes[0].name()))?;
    check(exit == 1 && of_nodes(&json, "name").is_empty(), "one node alone has a port of its own", &(exit, json))?;

    nodes[2].ask("CONFIG SET hz 11")?;
    let (exit, json, _) = here.run(&format!("diff file.conf --live {}", nodes[1].name()))?;
    let wanted = pairs([(&nodes[0], "equal"), (&nodes[1], "equal"), (&nodes[2], "drift")]);
    check(exit == 1 && of_nodes(&json, "status") == wanted, "one drifts", &(exit, json))?;
    nodes[2].ask("CONFIG SET hz 20")?;

    here.file("file.conf", "hz 30\nmaxmemory 100mb\nport 6379\n")?;
    let (exit, json, said) = here.run(&format!("apply file.conf --yes --live {}", nodes[2].name()))?;
    let [primary, one, other] = nodes.as_slice() else { return Err("three nodes".into()) };
    let wanted = pairs([
        (one, "hz"),
        (other, "hz"),
        (primary, "hz"),
        (primary, "maxmemory"),
        (one, "maxmemory"),
        (other, "maxmemory"),
    ]);
    check(exit == 0 && turns(&json) == wanted, "order", &(exit, &json, said))?;
    for node in &nodes {
        let (hz, limit) = (node.value("hz"), node.value("maxmemory"));
        check(hz == "30" && limit == "104857600", "applied", &(node.name(), hz, limit))?;
    }
    let (exit, json, _) = here.run(&format!("apply file.conf --yes --live {}", primary.name()))?;
    check(exit == 0 && server(&json)["status"] == "nothing", "again nothing", &(exit, json))?;

    let mut undos: Vec<_> = std::fs::read_dir(here.0.path().join("journal"))?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("undo-"))
        .collect();
    undos.sort();
    check(undos.len() == 6, "each turn has its undo", &undos)?;
    for undo in &undos {
        let (exit, json, said) = here.run(&format!("undo journal/{undo} --yes"))?;
        check(exit == 0, "undone", &(exit, json, said))?;
    }
    for node in &nodes {
        let (hz, limit) = (node.value("hz"), node.value("maxmemory"));
        check(hz == "20" && limit == "209715200", "as before", &(node.name(), hz, limit))?;
    }

    here.file("file.conf", "masterauth other\n")?;
    let (exit, json, _) = here.run(&format!("apply file.conf --yes --live {}", primary.name()))?;
    let is_refused = exit == 1 && server(&json)["status"] == "refused" && primary.value("masterauth").is_empty();
    check(is_refused, "no password is changed on one node after the other", &(exit, json))?;
    println!("{}: 3 nodes from each of 3 addresses; 6 turns, 6 undone", program.server);
    Ok(())
}

/// Three primaries with a replica each, and different amounts of data: the last primary has least, the second most.
fn cluster_of(program: &Program) -> std::result::Result<Vec<Node>, Failed> {
    let more = "cluster-enabled yes\ncluster-config-file nodes.conf\ncluster-node-timeout 15000\n";
    let nodes: Vec<Node> = (0..6).map(|_| Node::data(&program.path, more)).collect::<Result<_>>()?;
    for (node, (from, to)) in nodes.iter().zip([(0, 5460), (5461, 10922), (10923, 16383)]) {
        let slots: Vec<String> = (from..=to).map(|slot: u32| slot.to_string()).collect();
        node.ask(&format!("CLUSTER ADDSLOTS {}", slots.join(" ")))?;
    }
    for node in &nodes[1..] {
        nodes[0].ask(&format!("CLUSTER MEET 127.0.0.1 {}", node.port))?;
    }
    for node in &nodes {
        node.wait("CLUSTER INFO", "cluster_known_nodes:6")?;
    }
    for (replica, primary) in nodes[3..].iter().zip(&nodes) {
        let id = primary.ask("CLUSTER MYID")?;
        replica.until(&format!("CLUSTER REPLICATE {}", id.trim()), |said| said.starts_with("OK"))?;
    }
    for node in &nodes {
        node.wait("CLUSTER INFO", "cluster_state:ok")?;
        node.until("CLUSTER NODES", |said| said.matches("slave").count() == 3)?;
    }
    for replica in &nodes[3..] {
        replica.wait("INFO replication", "master_link_status:up")?;
    }
    for (primary, count) in nodes.iter().zip([6_000, 20_000, 300]) {
        let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", primary.port))?);
        for key in 0..count {
            // Two of three keys are of other shards.
            stream.get_mut().write_all(format!("SET k{key} {}\r\n", "x".repeat(1000)).as_bytes())?;
            read_reply(&mut stream, &mut String::new())?;
        }
    }
    Ok(nodes)
}

/// Leads to a node; when a CONFIG SET comes by, it first does what is given, once.
fn gate(to: u16, act: impl FnOnce() + Send + 'static) -> Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    let act = Arc::new(Mutex::new(Some(act)));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Ok(mut server) = TcpStream::connect(("127.0.0.1", to)) else { continue };
            let (Ok(mut back), Ok(mut client), act) = (server.try_clone(), stream.try_clone(), act.clone()) else {
                continue;
            };
            thread::spawn(move || std::io::copy(&mut back, &mut client));
            thread::spawn(move || {
                let (mut stream, mut bytes) = (stream, [0; 16384]);
                while let Ok(length @ 1..) = stream.read(&mut bytes) {
                    if String::from_utf8_lossy(&bytes[..length]).contains("\r\nSET\r\n")
                        && let Some(act) = act.lock().unwrap().take()
                    {
                        act();
                    }
                    if server.write_all(&bytes[..length]).is_err() {
                        break;
                    }
                }
                let _ = server.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    Ok(port)
}

fn cluster(program: &Program) -> std::result::Result<(), Failed> {
    let nodes = cluster_of(program)?;
    let here = Here::new()?;
    here.file("file.conf", AS_STARTED)?;
    let sorted = |mut list: Vec<(String, String)>| {
        list.sort();
        list
    };
    for seed in [&nodes[0], &nodes[4]] {
        let (exit, json, said) = here.run(&format!("diff file.conf --live {}", seed.name()))?;
        let statuses = sorted(of_nodes(&json, "status"));
        let wanted = sorted(pairs(nodes.iter().map(|node| (node, "equal"))));
        check(exit == 0 && statuses == wanted, "equal", &(exit, &json, said))?;
    }

    // Of what evicts, the primary with the least data is the first.
    here.file("file.conf", "maxmemory 1mb\n")?;
    let apply = format!("apply file.conf --yes --allow maxmemory-below-used --live {}", nodes[3].name());
    let (exit, json, said) = here.run(&format!("{apply} --dry-run"))?;
    let order: Vec<String> = turns(&json).into_iter().map(|(node, _)| node).collect();
    let first = [2, 0, 1].map(|node: usize| nodes[node].name());
    check(exit == 0 && order.len() == 6 && order[..3] == first, "smallest first", &(exit, order, &json, said))?;

    // A replica dies while the one before it is set.
    here.file("file.conf", "hz 40\n")?;
    let (_, json, _) = here.run(&format!("apply file.conf --yes --dry-run --live {}", nodes[0].name()))?;
    let order: Vec<String> = turns(&json).into_iter().map(|(node, _)| node).collect();
    let by_name = |name: &String| nodes.iter().position(|node| node.name() == *name);
    let order: Vec<usize> = order.iter().filter_map(by_name).collect();
    check(order.len() == 6 && order[..3].iter().all(|node| *node >= 3), "replicas first", &order)?;
    let (one, victim) = (&nodes[order[0]], &nodes[order[1]]);
    let child = victim.child.clone();
    let port = gate(one.port, move || end(&child))?;
    let map = format!("--map {}=127.0.0.1:{port}", one.name());
    let (exit, json, said) = here.run(&format!("apply file.conf --yes {map} --live {}", nodes[0].name()))?;
    let mut wanted = vec![(one.name(), "done".to_owned()), (victim.name(), "as-before".to_owned())];
    wanted.extend(order[2..].iter().map(|node| (nodes[*node].name(), "untouched".to_owned())));
    let statuses = sorted(of_nodes(&json, "status"));
    let is_true = exit == 5 && statuses == sorted(wanted) && server(&json)["status"] == "between";
    check(is_true, "stopped", &(exit, &json, said))?;
    for node in &nodes {
        let wanted = match node.port {
            port if port == one.port => "40",
            port if port == victim.port => "",
            _ => "20",
        };
        check(node.value("hz") == wanted, "as told", &(node.name(), node.value("hz"), wanted))?;
    }

    // The dead one is that node's status, and nothing is sent while it is.
    let (exit, json, _) = here.run(&format!("diff file.conf --live {} --timeout 2", nodes[0].name()))?;
    let count = |status: &str| of_nodes(&json, "status").iter().filter(|(_, said)| said == status).count();
    let seen = (count("equal"), count("drift"), count("unreachable"));
    check(exit == 3 && seen == (1, 4, 1) && server(&json)["status"] == "partial", "one is dead", &(exit, &json))?;
    let (exit, json, _) = here.run(&format!("apply file.conf --yes --live {}", nodes[0].name()))?;
    check(exit == 3 && nodes[0].value("hz") == "20", "not begun", &(exit, json))?;
    println!("{}: 6 nodes from 2 addresses; a dead one stopped the roll-out at turn 2 of 6", program.server);
    Ok(())
}

fn sentinel(program: &Program) -> std::result::Result<(), Failed> {
    let nodes = set_of(program)?;
    let text = format!(
        "sentinel monitor mymaster 127.0.0.1 {} 2\nsentinel down-after-milliseconds mymaster 60000\n",
        nodes[0].port
    );
    let watchers: Vec<Node> =
        (0..3).map(|_| Node::start(&program.path, &text, &["--sentinel"])).collect::<Result<_>>()?;
    for watcher in &watchers {
        watcher.until("SENTINEL MASTERS", |said| {
            let words: Vec<&str> = said.lines().collect();
            let is = |name: &str, value: &str| words.windows(2).any(|pair| pair == [name, value]);
            is("num-slaves", "2") && is("num-other-sentinels", "2")
        })?;
    }
    let here = Here::new()?;
    here.file("file.conf", AS_STARTED)?;
    let equal = pairs(nodes.iter().map(|node| (node, "equal")));
    for (watcher, flag) in watchers.iter().zip(["", " --service mymaster", ""]) {
        let (exit, json, said) = here.run(&format!("diff file.conf{flag} --live {}", watcher.name()))?;
        let is_it = exit == 0 && of_nodes(&json, "status") == equal && server(&json)["role"] == "3 nodes via mymaster";
        check(is_it, "equal", &(exit, &json, said))?;
    }
    let (exit, json, _) = here.run(&format!("diff file.conf --service other --live {}", watchers[0].name()))?;
    let reason = server(&json)["reason"].as_str().unwrap_or_default();
    check(exit == 3 && reason.contains("`mymaster`"), "what it watches instead", &(exit, &json))?;

    // The Sentinel itself.
    let port = nodes[0].port;
    let own = format!(
        "port 1\nsentinel monitor mymaster 127.0.0.1 {port} 2\nsentinel down-after-milliseconds mymaster 60000\n"
    );
    here.file("sentinel.conf", &own)?;
    let (exit, json, said) = here.run(&format!("diff sentinel.conf --live {}", watchers[0].name()))?;
    check(exit == 0 && server(&json)["equal"] == 2, "as its file says", &(exit, &json, &said))?;
    here.file("sentinel.conf", &format!("{}sentinel parallel-syncs mymaster 2\n", own.replace(" 2\n", " 3\n")))?;
    let (exit, json, said) = here.run(&format!("diff sentinel.conf --live {}", watchers[0].name()))?;
    let differs: Vec<&str> = server(&json)["differences"]
        .as_array()
        .map(|rows| rows.iter().filter_map(|row| row["directive"].as_str()).collect())
        .unwrap_or_default();
    let wanted = ["sentinel quorum mymaster", "sentinel parallel-syncs mymaster"];
    check(exit == 1 && differs == wanted, "quorum and syncs", &(exit, &json, &said))?;
    let (exit, ..) = here.run(&format!("apply sentinel.conf --yes --live {}", watchers[0].name()))?;
    check(exit == 2, "a Sentinel is not applied to", &exit)?;

    here.file("file.conf", "hz 40\nmaxmemory 150mb\n")?;
    here.file(
        "redisconf.toml",
        &format!(
            "schema = 1\n[instance.bus]\nprofile = \"bus\"\nserver = \"{}\"\nlive = {{ url = \"redis://{}\", topology = \"sentinel\", service = \"mymaster\" }}\n",
            program.server.base(),
            watchers[1].name()
        ),
    )?;
    std::fs::create_dir(here.0.path().join("profiles"))?;
    here.file("profiles/bus.toml", "schema = 1\n[settings]\nhz = 40\nmaxmemory = \"150mb\"\n")?;
    let (exit, json, said) = here.run("apply bus --yes --live")?;
    let [primary, one, other] = nodes.as_slice() else { return Err("three nodes".into()) };
    let wanted = pairs([
        (one, "hz"),
        (other, "hz"),
        (primary, "hz"),
        (primary, "maxmemory"),
        (one, "maxmemory"),
        (other, "maxmemory"),
    ]);
    check(exit == 0 && turns(&json) == wanted, "order", &(exit, &json, said))?;

    end(&nodes[2].child);
    let (exit, json, _) = here.run("diff bus --live --timeout 2")?;
    let wanted = pairs([(primary, "equal"), (one, "equal"), (other, "unreachable")]);
    check(exit == 3 && of_nodes(&json, "status") == wanted, "one is dead", &(exit, json))?;
    println!("{}: 3 nodes from each of 3 Sentinels, applied in 6 turns", program.server);
    Ok(())
}
