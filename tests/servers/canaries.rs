//! Secrets on both sides of a look and of an apply: none of them is in a byte of what is printed or kept.

use std::path::Path;
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use redisconf::live::{Login, Program, Start, boot};

use crate::found::Found;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    servers.iter().map(|found| found.trial("secrets are in nothing that apply leaves", silent)).collect()
}

const OLD: &str = "old-canary-4711-of-the-server";
const NEW: &str = "new-canary-0815-of-the-profile";

const PROFILE: &str = "schema = 1\nname = \"canary\"\nsummary = \"secrets\"\nservers = [\"redis >= 6.2\", \"valkey >= 7.2\"]\ndefault-server = \"redis-7.0\"\n[settings]\nhz = 50\nrequirepass = { secret = \"app\" }\nmasterauth = { secret = \"app\" }\n[secrets]\napp = { env = \"NEW\" }\n";

fn silent(program: &Program) -> Result<(), Failed> {
    let login = Login { user: "default".into(), password: OLD.as_bytes().to_vec() };
    let conf = format!("requirepass {OLD}\nmasterauth {OLD}\n").into_bytes();
    let start = Start { conf: Some(conf), login: Some(login), ..Start::default() };
    let booted = boot(program, &start).map_err(|error| error.to_string())?;
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("p.toml"), PROFILE)?;
    let url = format!("unix://{}", booted.socket().display());
    let mut written = 0;
    let mut run = |words: &[&str], password: &str, code: i32| -> Result<(), Failed> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
        command.args(words).args(["--live", &url]).env_clear().env("REDISCONF_PASSWORD", password).env("NEW", NEW);
        let output = command.current_dir(folder.path()).output()?;
        let said = [output.stdout, output.stderr].concat();
        written += said.len();
        if holds_secret(&said) {
            return Err(format!("{words:?} shows a secret").into());
        }
        let text = String::from_utf8_lossy(&said).into_owned();
        if output.status.code() == Some(code) {
            Ok(())
        } else {
            Err(format!("{words:?}: {}: {text}", output.status).into())
        }
    };
    for format in ["human", "json"] {
        run(&["diff", "p.toml", "--output-format", format], OLD, 1)?;
        run(&["apply", "p.toml", "--dry-run", "--allow", "credentials", "--output-format", format], OLD, 0)?;
        run(&["apply", "p.toml", "--yes", "--output-format", format], OLD, 1)?;
    }
    run(&["watch", "p.toml", "--once"], OLD, 1)?;
    run(&["snapshot"], OLD, 0)?;
    run(&["snapshot", "-o", "kept.json"], OLD, 0)?;
    run(&["apply", "p.toml", "--plan-out", "plan.json", "--allow", "credentials"], OLD, 0)?;
    run(&["apply", "p.toml", "--plan", "plan.json", "--yes", "--output-format", "json"], OLD, 0)?;
    run(&["apply", "p.toml", "--yes"], NEW, 0)?;
    run(&["apply", "p.toml", "--yes"], OLD, 3)?;
    let kept = files(folder.path())?;
    if let Some((name, _)) = kept.iter().find(|(_, text)| holds_secret(text)) {
        return Err(format!("`{name}` holds a secret").into());
    }
    println!("{}: no secret in {written} bytes printed and {} files kept", program.server, kept.len());
    if kept.len() >= 4 { Ok(()) } else { Err("too little was kept".into()) }
}

fn holds_secret(text: &[u8]) -> bool {
    [OLD, NEW].iter().any(|secret| text.windows(secret.len()).any(|part| part == secret.as_bytes()))
}

/// All files below a folder.
fn files(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, Failed> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push((path.display().to_string(), std::fs::read(&path)?));
        }
    }
    Ok(found)
}
