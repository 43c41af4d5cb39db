//! `redisconf verify` as a user runs it: the server is given all that the configuration includes, by whatever path it does so.

use std::path::Path;
use std::process::{Command, Output};

use libtest_mimic::{Failed, Trial};
use redisconf::live::Program;
use redisconf::server::{Engine, Server};

use crate::found::Found;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let of = |found: &Found| {
        [
            found.trial("verify boots a configuration with all that it includes", included),
            found.trial("verify has the server load the ACL file", users),
            found.trial("verify tells what a trial leaves out and the server stops at", left_out),
        ]
    };
    servers.iter().flat_map(of).collect()
}

fn verify(program: &Program, file: &Path, format: &str, from: &Path) -> Result<Output, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
    command.args(["verify", "--output-format", format, "--server-bin"]).arg(&program.path).arg(file);
    Ok(command.env_clear().current_dir(from).output()?)
}

fn takes_globs(server: Server) -> bool {
    server.engine != Engine::Redis || server.at_least(Engine::Redis, 7, 0)
}

fn included(program: &Program) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at("many"))?;
    std::fs::create_dir_all(at("deep/er"))?;
    std::fs::write(at("many/1.conf"), "hz 11\n")?;
    std::fs::write(at("many/2.conf"), "timeout 22\n")?;
    std::fs::write(at("plain.conf"), "maxclients 33\ninclude deep/nested.conf\n")?;
    std::fs::write(at("deep/nested.conf"), "tcp-keepalive 44\n")?;
    std::fs::write(at("deep/full.conf"), "maxmemory 55mb\nrequirepass hunter2\n")?;
    std::fs::write(at("deep/er/moved.conf"), "lfu-decay-time 66\n")?;
    let globs = if takes_globs(program.server) { "include many/*.conf" } else { "include many/1.conf" };
    let full = at("deep/full.conf");
    let text = format!(
        "{globs}\ninclude plain.conf\ninclude {}\ndir {}\ninclude er/moved.conf\n",
        full.display(),
        at("deep").display()
    );
    std::fs::write(at("redis.conf"), text)?;
    let elsewhere = tempfile::tempdir()?;
    // By its full path, by its name in its own folder, and from the folder above.
    let above = folder.path().parent().ok_or("a folder for tests has one above")?;
    let from_above = Path::new(folder.path().file_name().ok_or("it has a name")?).join("redis.conf");
    for (file, from) in [
        (at("redis.conf"), elsewhere.path()),
        ("redis.conf".into(), folder.path()),
        ("./redis.conf".into(), folder.path()),
        (from_above, above),
    ] {
        let said = verify(program, &file, "json", from)?;
        let json: serde_json::Value = serde_json::from_slice(&said.stdout)
            .map_err(|error| format!("{}: {error}: {}", file.display(), String::from_utf8_lossy(&said.stderr)))?;
        // None of the values is a default: whatever were not included would differ.
        if json["starts"] != true || json["differences"].as_array().is_none_or(|found| !found.is_empty()) {
            return Err(format!("{} from {}: {json:#}", file.display(), from.display()).into());
        }
    }
    std::fs::write(at("deep/nested.conf"), "# fine\ntcp-keepalive often\n")?;
    let said = verify(program, &at("redis.conf"), "human", elsewhere.path())?;
    let told = String::from_utf8_lossy(&said.stdout);
    if said.status.code() != Some(1) || !told.contains("line 2 of `deep/nested.conf`") {
        return Err(format!("a refused line in an included file: {told}").into());
    }
    Ok(())
}

fn left_out(program: &Program) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("redis.conf");
    for (text, stops) in [
        ("replicaof 127.0.0.1 1\ncluster-enabled yes\n", true),
        ("replicaof 127.0.0.1 1\n", false),
        ("cluster-enabled yes\n", false),
        ("bind 300.1.1.1\n", true),
        ("port 0\n", true),
        ("port 0\nunixsocket /tmp/s\n", false),
    ] {
        std::fs::write(&file, text)?;
        let said = verify(program, &file, "json", folder.path())?;
        let json: serde_json::Value = serde_json::from_slice(&said.stdout)?;
        if json["starts"] == stops || said.status.code() != Some(i32::from(stops)) {
            return Err(format!("{text}: {json:#}").into());
        }
    }
    Ok(())
}

fn users(program: &Program) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("data"))?;
    std::fs::write(at("redis.conf"), format!("dir {}\naclfile users.acl\n", at("data").display()))?;
    for (text, stops) in [
        ("user default on >hunter2 ~* +@all\n", false),
        ("user default off\n", false),
        ("user default on >hunter2 ~* +@al\n", true),
        ("user default on nopass ~* +@all\nport 1\n", true),
    ] {
        std::fs::write(at("data/users.acl"), text)?;
        let said = verify(program, &at("redis.conf"), "json", folder.path())?;
        let json: serde_json::Value = serde_json::from_slice(&said.stdout)
            .map_err(|error| format!("{text}: {error}: {}", String::from_utf8_lossy(&said.stderr)))?;
        let shows_a_secret =
            [said.stdout, said.stderr].iter().any(|said| said.windows(7).any(|word| word == b"hunter2"));
        if json["starts"] == stops || said.status.code() != Some(i32::from(stops)) || shows_a_secret {
            return Err(format!("{text}: {json:#}").into());
        }
    }
    Ok(())
}
