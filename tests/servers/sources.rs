//! What is imported from elsewhere than a file is as the server is: a service of a Compose file, and a running server.

use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use redisconf::catalog;
use redisconf::facts::Facts;
use redisconf::import::Original;
use redisconf::live::{Address, Denied, Login, Met, ObserveError, Program, Reach, Start, boot};
use redisconf::source::{Memory, Name};
use redisconf::syntax::embedded::{self, Kind};

use crate::found::Found;
use crate::import::{compared, imported, rendered, running};

const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let two = |found: &Found| {
        [found.trial("an imported service is as the server is", service), found.trial("a server is asked", asked)]
    };
    servers.iter().flat_map(two).collect()
}

/// The file first, then the command line over it, as the server takes them.
fn service(program: &Program) -> Result<(), Failed> {
    let conf = "maxmemory 1gb\nsave 60 1\nhz 20\nclient-output-buffer-limit pubsub 1mb 0 0\n";
    let options = ["--maxmemory", "2gb", "--save", "30 5", "--timeout", "30", "--maxmemory-policy", "allkeys-lru"];
    let items: String = options.iter().map(|option| format!("      - \"{option}\"\n")).collect();
    let compose = format!(
        "services:\n  cache:\n    image: redis\n    volumes: [\"./redis.conf:/redis.conf\"]\n    command:\n      \
         - redis-server\n      - /redis.conf\n{items}"
    );
    let is_directive = |name: &[u8]| catalog::find(name).is_some();
    let name = Name::File("compose.yaml".into());
    let found = embedded::find(&name, compose.as_bytes(), Kind::Compose, &is_directive).embedded;
    let files = Memory::new([("redis.conf", conf.as_bytes().to_vec())]);
    let reading = found.first().ok_or("no service is found")?.read(program.server.base(), &files);
    let made = imported(&Original::of_reading(reading, Facts::default()), &[])?;
    if !made.leftovers.is_empty() {
        return Err(format!("left over: {:?}", made.leftovers).into());
    }
    let argv = options.iter().map(|option| option.as_bytes().to_vec()).collect();
    let start = Start { conf: Some(conf.into()), argv, ..Start::default() };
    let mut booted = boot(program, &start).map_err(|error| error.to_string())?;
    let before = booted.inspect(&[]).map_err(|error| error.to_string())?;
    let (after, more) = running(program, rendered(&made))?.ok_or("it cannot be asked")?;
    let skip = [booted.overridden(), &more].concat();
    let equal = compared(&before, &after, &skip, program.server.base())?;
    if equal > 100 { Ok(()) } else { Err(format!("only {equal} values were compared").into()) }
}

fn asked(program: &Program) -> Result<(), Failed> {
    let conf = "requirepass right\nmaxmemory 1gb\nmasterauth other\nuser ann on >hers +info\n";
    let login = Some(Login { user: "default".into(), password: b"right".to_vec() });
    let start = Start { conf: Some(conf.into()), login, ..Start::default() };
    let booted = boot(program, &start).map_err(|error| error.to_string())?;
    let ask = |user: &str, password: Option<&str>| {
        let login = password.map(|word| Login { user: user.into(), password: word.as_bytes().to_vec() });
        let address = Address::Unix(booted.socket());
        Met::meet(&Reach { address, login: login.as_ref(), tls: None, within: PATIENCE })?.observe_all()
    };
    let wrong = [
        matches!(ask("default", None), Err(ObserveError::NoLogin)),
        matches!(ask("default", Some("wrong")), Err(ObserveError::WrongLogin { .. })),
        ask("ann", Some("hers")).is_ok_and(|seen| matches!(seen.denied, Some(Denied::Permission(_)))),
    ];
    if wrong != [true; 3] {
        return Err(format!("refusals are not told apart: {wrong:?}").into());
    }
    let snapshot = ask("default", Some("right")).map_err(|error| error.to_string())?.snapshot;
    if snapshot.server.base() != program.server.base() {
        return Err(format!("it says that it is {}", snapshot.server).into());
    }
    let made = imported(&Original::of_snapshot(Name::Live("there".into()), &snapshot), &[])?;
    let names: Vec<&str> = made.secrets.iter().map(|secret| secret.name.as_str()).collect();
    if names != ["password", "replication"] || made.text.contains("right") || !made.text.contains("\"1gb\"") {
        return Err(format!("{names:?}\n{}", made.text).into());
    }
    let renamed = Start { conf: Some(b"rename-command CONFIG \"\"\n".to_vec()), ..Start::default() };
    let booted = boot(program, &renamed).map_err(|error| error.to_string())?;
    let reach = Reach { address: Address::Unix(booted.socket()), login: None, tls: None, within: PATIENCE };
    match Met::meet(&reach).and_then(|mut met| met.observe_all()).map_err(|error| error.to_string())?.denied {
        Some(Denied::NoCommand) => Ok(()),
        other => Err(format!("a removed CONFIG is told as {other:?}").into()),
    }
}
