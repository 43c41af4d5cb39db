//! The doors of a server: whatever is shut, each says so in its own words, with its own remedy and exit code, and no word
//! of ours holds a secret.

mod authority;
pub(crate) mod house;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use redisconf::catalog::{Directive, View};
use redisconf::live::{Program, SECRETS};
use serde_json::Value as Json;
use tempfile::TempDir;

use self::authority::Authority;
use self::house::{Call, House, Told, stand_in};
use crate::acl::server::log_of;
use crate::found::Found;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let of = |found: &Found| {
        [
            found.trial("each shut door of TLS says which it is", encrypted),
            found.trial("each shut door of users says which it is", users),
            found.trial("with the printed rights all works and nothing is refused", rights),
            found.trial("a server that is busy, full or alone says so", states),
        ]
    };
    let alone = Trial::test("doors::what is no server is told from one", strangers);
    servers.iter().flat_map(of).chain([alone]).collect()
}

const CANARY: &str = "hunter2-canary";

/// What is asked with: a folder with a declaration that differs in one directive.
struct Visitor {
    home: TempDir,
    wrong: Vec<String>,
    asked: usize,
}

/// What a door must say.
struct Says<'a> {
    code: i32,
    status: &'a str,
    reason: &'a str,
    help: &'a str,
}

const OPEN: Says<'_> = Says { code: 1, status: "drift", reason: "", help: "" };

fn shut<'a>(reason: &'a str, help: &'a str) -> Says<'a> {
    Says { code: 3, status: "unreachable", reason, help }
}

fn partial<'a>(reason: &'a str, help: &'a str) -> Says<'a> {
    Says { code: 3, status: "partial", reason, help }
}

impl Visitor {
    fn new() -> Result<Self, Failed> {
        let home = tempfile::tempdir()?;
        std::fs::write(home.path().join("cache.conf"), "maxmemory 100mb\n")?;
        Ok(Self { home, wrong: Vec::new(), asked: 0 })
    }

    fn ask(&self, address: &str, password: Option<&str>, flags: &[&str]) -> Result<Told, Failed> {
        let mut arguments = vec!["diff", "cache.conf", "--live", address, "--timeout", "1"];
        arguments.extend(flags);
        let call = Call::new(&arguments, self.home.path(), CANARY);
        password.map_or_else(|| Call::new(&arguments, self.home.path(), CANARY), |text| call.password(text)).run()
    }

    /// Knocks, once for people and once for programs.
    fn knock(
        &mut self,
        door: &str,
        address: &str,
        password: Option<&str>,
        flags: &[&str],
        says: &Says<'_>,
    ) -> Result<(), Failed> {
        self.asked += 1;
        let told = self.ask(address, password, flags)?;
        let json = self.ask(address, password, &[flags, &["--output-format", "json"]].concat())?;
        let parsed: Json = serde_json::from_str(&json.out).map_err(|error| format!("{door}: {error}: {}", json.err))?;
        let server = &parsed["servers"][0];
        let text = |name: &str| server[name].as_str().unwrap_or_default().to_owned();
        let is_right = (told.code, json.code) == (says.code, says.code)
            && text("status") == says.status
            && text("reason").contains(says.reason)
            && text("help").contains(says.help)
            && (says.reason.is_empty() || (!text("help").is_empty() && told.out.contains("help:")));
        if !is_right {
            self.wrong.push(format!("{door}: {} {}{}{}", told.code, told.out, told.err, json.out));
        }
        Ok(())
    }

    fn done(self, whose: &str) -> Result<(), Failed> {
        println!("{whose}: {} doors", self.asked);
        if self.wrong.is_empty() && self.asked > 0 { Ok(()) } else { Err(self.wrong.join("\n").into()) }
    }
}

/// Whether TLS is built in: else the server does not even look for a certificate.
fn has_tls(program: &Program) -> Result<bool, Failed> {
    let log = log_of(&program.path, b"tls-port 1\nbind 127.0.0.1\n")?;
    Ok(log.contains("No tls-cert-file configured!"))
}

fn encrypted(program: &Program) -> Result<(), Failed> {
    let mut visitor = Visitor::new()?;
    let (ours, theirs) = (Authority::found()?, Authority::found()?);
    for name in ["cache.test", "client.test"] {
        ours.sign(name)?;
    }
    theirs.sign("client.test")?;
    let file = |authority: &Authority, name: &str| authority.file(name).display().to_string();
    let (ca, alien_ca) = (file(&ours, "ca.crt"), file(&theirs, "ca.crt"));
    let (crt, key) = (file(&ours, "client.test.crt"), file(&ours, "client.test.key"));
    let (alien_crt, alien_key) = (file(&theirs, "client.test.crt"), file(&theirs, "client.test.key"));
    let name = ["--tls-server-name", "cache.test"];
    let certificate = ["--tls-cert", &crt, "--tls-key", &key];

    let plain = House::open(program, "")?;
    let to_plain = format!("rediss://{}", plain.address());
    let says = shut("speaks no TLS on this port", "redis:// speaks without TLS");
    visitor.knock("TLS to a plain port", &to_plain, None, &["--tls-ca", &ca, name[0], name[1]], &says)?;
    if !has_tls(program)? {
        return visitor.done(&format!("{} without TLS", program.server));
    }

    for protocols in ["TLSv1.3", "TLSv1.2"] {
        let port = house::free_port();
        let (server_crt, server_key) = (file(&ours, "cache.test.crt"), file(&ours, "cache.test.key"));
        let _house = House::open(
            program,
            &format!(
                "tls-port {port}\ntls-cert-file {server_crt}\ntls-key-file {server_key}\ntls-ca-cert-file {ca}\n\
                 tls-protocols {protocols}\n"
            ),
        )?;
        let url = format!("rediss://127.0.0.1:{port}");
        let mut knock = |door: &str, flags: &[&[&str]], says: &Says<'_>| {
            visitor.knock(&format!("{protocols}: {door}"), &url, None, &flags.concat(), says)
        };
        let trusting = ["--tls-ca", ca.as_str()];
        knock("all as it should be", &[&trusting, &name, &certificate], &OPEN)?;
        let says = shut("for another name", "--tls-server-name");
        knock("another name", &[&trusting, &certificate], &says)?;
        let says = shut("no authority that we trust", "--tls-ca");
        knock("another authority", &[&["--tls-ca", &alien_ca], &name, &certificate], &says)?;
        let says = shut("wants a client certificate", "--tls-cert and --tls-key");
        knock("no client certificate", &[&trusting, &name], &says)?;
        let says = shut("does not accept the client certificate", "tls-ca-cert-file");
        let alien = ["--tls-cert", &alien_crt, "--tls-key", &alien_key];
        knock("a client certificate of somebody else", &[&trusting, &name, &alien], &says)?;
        let to_tls = format!("redis://127.0.0.1:{port}");
        let says = shut("closed the connection before it answered INFO", "rediss://");
        visitor.knock("plain to a TLS port", &to_tls, None, &[], &says)?;
    }
    visitor.done(&program.server.to_string())
}

fn users(program: &Program) -> Result<(), Failed> {
    let mut visitor = Visitor::new()?;
    let house = House::open(program, &format!("requirepass {CANARY}\n"))?;
    let mut knock = |door: &str, address: &str, password: Option<&str>, says: &Says<'_>| {
        visitor.knock(door, address, password, &[], says)
    };
    knock("the right password", &house.address(), Some(CANARY), &OPEN)?;
    knock("no password", &house.address(), None, &shut("asks for a password", "REDISCONF_PASSWORD"))?;
    let wrong = shut("does not accept the login of `default`", "the password");
    knock("another password", &house.address(), Some("another-hunter2-canary"), &wrong)?;
    let nobody = format!("redis://nobody@{}", house.address());
    knock("a user that is not there", &nobody, Some(CANARY), &shut("the login of `nobody`", "--user"))?;
    knock("a user without a password", &nobody, None, &shut("the login of `nobody`", "--password-file"))?;

    let rules = [
        ("right", "on -@all +info +config|get"),
        ("blind", "on -@all +ping"),
        ("short", "on -@all +info"),
        ("off", "off +@all"),
    ];
    let lines: String = rules.iter().map(|(name, rules)| format!("user {name} {rules} >{CANARY}\n")).collect();
    let house = House::open(program, &lines)?;
    let at = |user: &str| format!("redis://{user}@{}", house.address());
    knock("the rights that it takes", &at("right"), Some(CANARY), &OPEN)?;
    assert!(house.say("ACL LOG")?.starts_with("*0"), "what is let in leaves no trace");
    knock("not even INFO", &at("blind"), Some(CANARY), &shut("may not run INFO", "redisconf acl"))?;
    knock("INFO alone", &at("short"), Some(CANARY), &partial("may not run CONFIG GET", "redisconf acl"))?;
    knock("a user that is off", &at("off"), Some(CANARY), &shut("the login of `off`", "--user"))?;

    for (removed, says) in [
        ("CONFIG", partial("knows no CONFIG", "dump")),
        ("INFO", shut("knows no INFO", "dump")),
        ("AUTH", shut("knows no AUTH", "dump")),
    ] {
        for new in ["\"\"", "elsewhere"] {
            let house = House::open(program, &format!("rename-command {removed} {new}\n"))?;
            knock(&format!("{removed} is {new}"), &house.address(), (removed == "AUTH").then_some(CANARY), &says)?;
        }
    }
    visitor.done(&program.server.to_string())
}

/// Takes the rules from what is printed, and does what they are for.
fn rights(program: &Program) -> Result<(), Failed> {
    let oldest = View::of("redis-6.2".parse()?);
    let secret = |directive: &&'static Directive| directive.is.secret && !directive.is.file_only;
    assert_eq!(oldest.directives().filter(secret).map(Directive::name).collect::<Vec<_>>(), SECRETS);
    let home = tempfile::tempdir()?;
    let call = |arguments: &[&str]| Call::new(arguments, home.path(), CANARY).password(CANARY).run();
    std::fs::write(home.path().join("cache.conf"), format!("maxmemory 100mb\nuser right on +get >{CANARY}\n"))?;
    for (purpose, code) in [("diff", 1), ("watch", 1), ("apply", 0), ("snapshot", 0)] {
        let printed = call(&["acl", purpose, "--name", "right", "--quiet"])?.out;
        let house = House::open(program, &format!("{} >{CANARY}\n", printed.trim_end()))?;
        let url = format!("redis://right@{}", house.address());
        let journal = home.path().join(purpose).display().to_string();
        let told = match purpose {
            "diff" => call(&["diff", "cache.conf", "--live", &url])?,
            "watch" => call(&["watch", "cache.conf", "--live", &url, "--once"])?,
            "snapshot" => call(&["snapshot", "--live", &url])?,
            _ => call(&["apply", "cache.conf", "--live", &url, "--yes", "--journal", &journal])?,
        };
        if told.code != code {
            return Err(format!("{purpose}: {} {}{}", told.code, told.out, told.err).into());
        }
        let drift = ["directive=\"maxmemory\"", "directive=\"user right\"", "severity=\"error\""];
        if purpose == "watch" && !drift.iter().all(|words| told.out.contains(words)) {
            return Err(format!("watch: {}", told.out).into());
        }
        if purpose == "apply" {
            let mut undo = std::fs::read_dir(&journal)?.filter_map(Result::ok).map(|entry| entry.path());
            let undo = undo.find(|path| path.extension().is_some_and(|word| word == "json"));
            let undo = undo.ok_or("there is nothing to undo")?.display().to_string();
            let told = call(&["undo", &undo, "--live", &url, "--yes", "--journal", &journal])?;
            if told.code != 0 {
                return Err(format!("undo: {} {}{}", told.code, told.out, told.err).into());
            }
        }
        let log = house.say("ACL LOG")?;
        if !log.starts_with("*0") {
            return Err(format!("{purpose}: refused: {log}").into());
        }
        // The rights are the least: without any one of them something is refused.
        let rules: Vec<&str> = printed.split_whitespace().collect();
        // But for what is sent only where a connection was lost.
        let is_needed = |rule: &&&str| rule.starts_with('+') && **rule != "+client|kill";
        for without in rules.iter().filter(is_needed) {
            let fewer: Vec<&str> = rules.iter().copied().filter(|rule| rule != without).collect();
            let house = House::open(program, &format!("{} >{CANARY}\n", fewer.join(" ")))?;
            let url = format!("redis://right@{}", house.address());
            match purpose {
                "diff" | "watch" => call(&["diff", "cache.conf", "--live", &url])?,
                "snapshot" => call(&["snapshot", "--live", &url])?,
                _ => call(&["apply", "cache.conf", "--live", &url, "--yes", "--journal", &journal])?,
            };
            if house.say("ACL LOG")?.starts_with("*0") {
                return Err(format!("{purpose}: `{without}` is not needed").into());
            }
        }
    }
    Ok(())
}

fn states(program: &Program) -> Result<(), Failed> {
    let mut visitor = Visitor::new()?;
    // Full, for those who log in and for those who do not.
    for lines in ["", "requirepass hunter2-canary\n"] {
        let house = House::open(program, &format!("maxclients 1\n{lines}"))?;
        let mut guest = TcpStream::connect(("127.0.0.1", house.port))?;
        let mut answer = [0; 64];
        // The first that came to see whether it runs may not have left yet.
        while guest.write_all(b"PING\r\n").is_err() || !is_a_guest(guest.read(&mut answer), &answer) {
            thread::sleep(Duration::from_millis(5));
            guest = TcpStream::connect(("127.0.0.1", house.port))?;
        }
        let password = (!lines.is_empty()).then_some(CANARY);
        visitor.knock("full", &house.address(), password, &[], &shut("as many clients as", "raise `maxclients`"))?;
    }

    // A replica whose primary is not there answers us, if nobody else.
    let replica = "replicaof 127.0.0.1 1\nreplica-serve-stale-data no\n";
    let house = House::open(program, replica)?;
    assert!(house.say("GET a")?.starts_with("-MASTERDOWN"));
    visitor.knock("no primary", &house.address(), None, &["--no-discover"], &OPEN)?;
    let told = visitor.ask(&house.address(), None, &["--no-discover"])?;
    assert!(told.out.contains("its link to the primary is down"), "{}", told.out);

    // It loads its data for so long that we come in between.
    let house = House::open(program, "save \"\"\nrdbcompression no\n")?;
    for key in 0..300 {
        house.say(&format!("SETRANGE {key} 200000 x"))?;
    }
    assert!(house.say("SAVE")?.starts_with("+OK"));
    let dir = house.close()?;
    // Every 2 MB it looks who has come.
    let slow = "key-load-delay 20000\n";
    let house = House::open_in(dir, program, slow)?;
    assert!(house.say("GET a")?.starts_with("-LOADING"), "{}", house.say("GET a")?);
    visitor.knock("loading", &house.address(), None, &[], &OPEN)?;
    let told = visitor.ask(&house.address(), None, &[])?;
    assert!(told.out.contains("it is loading its data"), "{}", told.out);
    drop(house);

    // A script that does not end.
    let house = House::open(program, "lua-time-limit 1\n")?;
    let mut script = TcpStream::connect(("127.0.0.1", house.port))?;
    script.write_all(b"EVAL \"while true do end\" 0\r\n")?;
    while !house.say("GET a")?.starts_with("-BUSY") {
        thread::sleep(Duration::from_millis(5));
    }
    let says = shut("takes no commands just now: BUSY", "when it is done");
    visitor.knock("busy", &house.address(), None, &[], &says)?;
    visitor.done(&program.server.to_string())
}

fn is_a_guest(read: std::io::Result<usize>, answer: &[u8]) -> bool {
    read.is_ok_and(|read| answer[..read].starts_with(b"+PONG") || answer[..read].starts_with(b"-NOAUTH"))
}

/// What is behind a door, how it acts, and what is to be said of it.
type Door<'a> = (&'a str, fn(&mut TcpStream), &'a Says<'a>);

/// What servers say to those who come from elsewhere, which loopback cannot show.
const PROTECTED: &[u8] =
    b"-DENIED Redis is running in protected mode because protected mode is enabled and no password \
is set for the default user.\r\n";

fn strangers() -> Result<(), Failed> {
    let mut visitor = Visitor::new()?;
    let not_a_server = shut("no Redis or Valkey server", "check the address");
    let silent = shut("no full answer to INFO within 1000 ms", "--timeout");
    let gone = shut("closed the connection", "rediss://");
    let protected = shut("protected mode", "set a password");
    let full = shut("as many clients as", "maxclients");
    let not_now = shut("takes no commands just now: LOADING", "when it is done");
    let doors: [Door<'_>; 11] = [
        ("HTTP", |stream| answer(stream, b"HTTP/1.1 400 Bad Request\r\n\r\n"), &not_a_server),
        ("a greeting", |stream| drop(stream.write_all(b"220 mail.test ESMTP\r\n")), &not_a_server),
        ("silence", |_| thread::sleep(Duration::from_secs(9)), &silent),
        ("drops", drops, &silent),
        ("hangs up", |_| (), &gone),
        ("endless bytes", endless, &not_a_server),
        ("chatter", |stream| while stream.write_all(b"hello\r\n").is_ok() {}, &not_a_server),
        ("another answer", |stream| answer(stream, b"*1\r\n$2\r\nhi\r\n"), &not_a_server),
        ("protected mode", |stream| drop(stream.write_all(PROTECTED)), &protected),
        ("full", |stream| drop(stream.write_all(b"-ERR max number of clients reached\r\n")), &full),
        ("loading", |stream| answer(stream, b"-LOADING Redis is loading the dataset in memory\r\n"), &not_now),
    ];
    for (door, act, says) in doors {
        visitor.knock(door, &stand_in(act), None, &[], says)?;
    }
    for (door, act, says) in [
        ("protected mode", (|stream| drop(stream.write_all(PROTECTED))) as fn(&mut TcpStream), &protected),
        ("repeats what it hears", echo, &shut("knows no AUTH", "")),
    ] {
        visitor.knock(&format!("{door}, with a login"), &stand_in(act), Some(CANARY), &[], says)?;
    }
    let tls = shut("speaks no TLS on this port: it does not shake hands in time", "redis://");
    let silence = stand_in(|_| thread::sleep(Duration::from_secs(9)));
    let ca = Authority::found()?;
    let ca = ca.file("ca.crt").display().to_string();
    visitor.knock("silence for TLS", &format!("rediss://{silence}"), None, &["--tls-ca", &ca], &tls)?;
    let tls = shut("speaks no TLS on this port: it answers something else", "redis://");
    let http = stand_in(|stream| answer(stream, b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    visitor.knock("HTTP for TLS", &format!("rediss://{http}"), None, &["--tls-ca", &ca], &tls)?;
    let closed = format!("127.0.0.1:{}", house::free_port());
    visitor.knock(
        "a closed port",
        &closed,
        None,
        &[],
        &shut("cannot connect: Connection refused", "that the server runs"),
    )?;
    let socket = visitor.home.path().join("socket").display().to_string();
    visitor.knock("no socket", &socket, None, &[], &shut("cannot connect: No such file", "that the server runs"))?;
    visitor.done("strangers")
}

fn answer(stream: &mut TcpStream, bytes: &[u8]) {
    let _ = stream.read(&mut [0; 512]);
    let _ = stream.write_all(bytes);
    thread::sleep(Duration::from_millis(100));
}

fn drops(stream: &mut TcpStream) {
    while stream.write_all(b"+").is_ok() {
        thread::sleep(Duration::from_millis(50));
    }
}

fn endless(stream: &mut TcpStream) {
    let _ = stream.write_all(b"$999999999\r\n");
    while stream.write_all(&[b'x'; 4096]).is_ok() {}
}

/// An error that holds the bytes that came, as a proxy may send.
fn echo(stream: &mut TcpStream) {
    let mut heard = [0; 512];
    let read = stream.read(&mut heard).unwrap_or_default();
    let words = String::from_utf8_lossy(&heard[..read]).replace(['\r', '\n'], " ");
    let _ = stream.write_all(format!("-ERR unexpected: {words}\r\n").as_bytes());
}
