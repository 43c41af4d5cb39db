//! What others own is left to them, what is for a time is expected as long, and a server writes its file only as allowed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use redisconf::live::Program;

use crate::doors::house::{Call, House, Told};
use crate::found::Found;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let of = |found: &Found| {
        [
            found.trial("what an operator, a chart or a review owns is left to it", owned),
            found.trial("what is set for a time is expected as long, and nothing else is set", for_a_time),
            found.trial("the server writes its file on request, and not unsafely", rewritten),
            found.trial("addresses come from a list", listed),
        ]
    };
    servers.iter().flat_map(of).collect()
}

/// Stands in no output.
const CANARY: &str = "c4n4ry-0wned";

fn call(home: &Path, arguments: &[&str]) -> Result<Told, Failed> {
    Call::new(arguments, home, CANARY).run()
}

fn expect(told: &Told, code: i32, words: &str) -> Result<(), Failed> {
    let all = format!("{}{}", told.out, told.err);
    // Lines may be broken anywhere.
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    if told.code == code && plain(&all).contains(&plain(words)) {
        return Ok(());
    }
    Err(format!("exit {} and not {code}, or without `{words}`: {all}", told.code).into())
}

fn shows(house: &House, name: &str, value: &str) -> Result<(), Failed> {
    let said = house.say(&format!("CONFIG GET {name}"))?;
    if said.ends_with(&format!("\r\n{value}\r\n")) { Ok(()) } else { Err(format!("{name}: {said}").into()) }
}

fn project(program: &Program, house: &House, more: &str, instance: &str) -> String {
    let (server, address) = (program.server.base().name(), house.address());
    format!(
        "schema = 1\n{more}[instance.a]\nprofile = \"builtin:cache@1\"\nserver = \"{server}\"\n\
         facts = {{ memory = \"4GiB\" }}\nlive = {{ url = \"{address}\" }}\n{instance}"
    )
}

fn owned(program: &Program) -> Result<(), Failed> {
    let house = House::open(program, "")?;
    let home = tempfile::tempdir()?;
    let file = home.path().join("redisconf.toml");
    let allow = ["--allow", "eviction-on", "--allow", "snapshots-off", "--allow", "drops-clients"];
    let set = [&["apply", "a", "--live", "--yes"][..], &allow].concat();
    for (instance, owner) in [
        ("platform = { kind = \"kubernetes\" }\n", "the chart or operator of its Kubernetes cluster"),
        ("platform = { kind = \"docker\", managed-by = \"redis-operator\" }\n", "`redis-operator`"),
    ] {
        fs::write(&file, project(program, &house, "", instance))?;
        let words = format!("{owner} owns the configuration of this server, and would set it back");
        expect(&call(home.path(), &set)?, 1, &words)?;
        shows(&house, "maxmemory", "0")?;
    }
    let told = call(home.path(), &[&set[..], &["--even-if-managed"]].concat())?;
    expect(&told, 0, "set and read back")?;
    let house = House::open(program, "")?;
    let more = "[environments.prod]\napply = \"plan-file\"\n";
    fs::write(&file, project(program, &house, more, "environment = \"prod\"\n"))?;
    expect(&call(home.path(), &set)?, 1, "takes reviewed plans only")?;
    shows(&house, "maxmemory", "0")?;
    let plan = [&["apply", "a", "--live", "--plan-out", "plan.json"][..], &allow].concat();
    expect(&call(home.path(), &plan)?, 0, "planned")?;
    expect(&call(home.path(), &["apply", "a", "--live", "--plan", "plan.json", "--yes"])?, 0, "set and read back")
}

fn for_a_time(program: &Program) -> Result<(), Failed> {
    let house = House::open(program, "")?;
    let home = tempfile::tempdir()?;
    let file = home.path().join("redisconf.toml");
    fs::write(&file, project(program, &house, "ownership = \"full\"\n", ""))?;
    let address = house.address();
    let set = ["apply", "--set", "hz=50", "--live", &address, "--until", "24h", "--reason", "INC-4711", "--yes"];
    let elsewhere: Vec<&str> = set.iter().map(|word| if *word == address { "127.0.0.1:1" } else { word }).collect();
    expect(&call(home.path(), &elsewhere)?, 2, "no instance of the project has the address")?;
    let before = fs::read_to_string(&file)?;
    expect(&call(home.path(), &[&set[..], &["--dry-run"]].concat())?, 0, "nothing was sent")?;
    assert_eq!(fs::read_to_string(&file)?, before);
    expect(&call(home.path(), &set)?, 0, "expected until")?;
    shows(&house, "hz", "50")?;
    shows(&house, "maxmemory", "0")?;
    let entry = "[[expected]]\ninstance = \"a\"\ndirective = \"hz\"\nvalue = \"50\"\nreason = \"INC-4711\"\n";
    assert!(fs::read_to_string(&file)?.contains(entry));
    expect(&call(home.path(), &["diff", "a", "--live"])?, 1, "expected until")?;
    // Another value takes the place of the one that was expected.
    let again = ["apply", "a", "--live", "--set", "hz=60", "--until", "7d", "--reason", "INC-4712", "--yes"];
    expect(&call(home.path(), &again)?, 0, "expected until")?;
    shows(&house, "hz", "60")?;
    assert_eq!(fs::read_to_string(&file)?.matches("[[expected]]").count(), 1);
    expect(&call(home.path(), &["apply", "a", "--live", "--set", "hz=70"])?, 2, "stand above a profile")
}

fn rewritten(program: &Program) -> Result<(), Failed> {
    let house = House::open(program, "")?;
    let home = tempfile::tempdir()?;
    fs::write(home.path().join("cache.conf"), format!("timeout 300\nuser app on >{CANARY} ~* +get\n"))?;
    let address = house.address();
    let apply = ["apply", "cache.conf", "--live", &address, "--yes", "--allow", "drops-idle-clients", "--rewrite"];
    let conf = house.dir.path().join("conf");
    fs::set_permissions(&conf, fs::Permissions::from_mode(0o600))?;
    expect(&call(home.path(), &apply)?, 1, "its mode is 600, and becomes 644: everybody may read it then")?;
    shows(&house, "timeout", "0")?;
    fs::set_permissions(&conf, fs::Permissions::from_mode(0o644))?;
    let told = call(home.path(), &apply)?;
    expect(&told, 0, "on disk: the server has written")?;
    expect(&told, 0, "users are declared, and not mended here")?;
    shows(&house, "timeout", "300")?;
    assert!(fs::read_to_string(&conf)?.contains("timeout 300"));
    // With nothing to set, and what speaks against it allowed.
    house.say("CONFIG SET hz 20")?;
    let include = house.dir.path().join("more");
    fs::write(&include, "")?;
    fs::write(&conf, format!("{}include {}\n", fs::read_to_string(&conf)?, include.display()))?;
    expect(&call(home.path(), &apply)?, 1, "it has includes")?;
    expect(&call(home.path(), &[&apply[..], &["--allow", "rewrite-unsafe"]].concat())?, 0, "on disk")?;
    assert!(fs::read_to_string(&conf)?.contains("hz 20"));
    Ok(())
}

fn listed(program: &Program) -> Result<(), Failed> {
    let (one, two) = (House::open(program, "")?, House::open(program, "hz 20\n")?);
    let home = tempfile::tempdir()?;
    fs::write(home.path().join("hosts"), format!("# both\n{}\nredis://{} # two\n", one.address(), two.address()))?;
    expect(&call(home.path(), &["diff", "builtin:cache", "--live-from", "hosts"])?, 1, "2 with drift")?;
    expect(&call(home.path(), &["diff", "--live-from", "hosts"])?, 1, "1 difference among 2 servers")?;
    expect(&call(home.path(), &["snapshot", "--live-from", "hosts", "--output", "kept"])?, 0, "2 of 2 snapshots")?;
    assert_eq!(fs::read_dir(home.path().join("kept"))?.count(), 2);
    let apply = ["apply", "builtin:cache", "--live-from", "hosts", "--fact", "memory=4GiB", "--yes"];
    expect(&call(home.path(), &apply)?, 1, &format!("stopped here; not touched: {}", two.address()))?;
    expect(&call(home.path(), &["watch", "builtin:cache", "--live-from", "hosts", "--once"])?, 1, "redisconf_status")
}
