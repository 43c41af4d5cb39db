//! `diff` over a project: what a change does to its instances, between two folders and since a revision.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{outcome, program};

const PROJECT: &str = "schema = 1
extends = [\"org/base.toml\"]
instances = \"instances/*.toml\"
";

fn put(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn project(folder: &Path) {
    put(folder, "fleet/redisconf.toml", PROJECT);
    put(folder, "fleet/org/base.toml", "schema = 1\nabstract = true\n[settings]\nmaxmemory = \"2gb\"\n");
    for (name, server) in [("a", "redis-7.4"), ("b", "redis-7.4"), ("c", "valkey-8.1")] {
        let text = format!("schema = 1\nprofile = \"profiles/p.toml\"\nserver = \"{server}\"\n");
        put(folder, &format!("fleet/instances/{name}.toml"), &text);
    }
    put(
        folder,
        "fleet/profiles/p.toml",
        "schema = 1\n[settings]\nmaxmemory-policy = \"allkeys-lru\"\nappendonly = true\n",
    );
}

/// Runs git with no settings but these.
fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", folder).current_dir(folder);
    command.args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]).args(arguments);
    assert!(command.output().unwrap().status.success(), "{arguments:?}");
}

fn diff(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = program();
    command.env("PATH", std::env::var_os("PATH").unwrap()).current_dir(folder).arg("diff").args(arguments);
    outcome(&command.output().unwrap())
}

#[test]
fn a_pull_request_tells_which_instances_it_touches_and_how() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    project(here);
    git(here, &["init", "-q"]);
    git(here, &["add", "."]);
    git(here, &["commit", "-qm", "one"]);
    git(here, &["checkout", "-qb", "change"]);
    let fleet = here.join("fleet");
    let (code, out, complaints) = diff(&fleet, &["--since", "main"]);
    assert_eq!(code, 0, "{out}{complaints}");
    assert!(out.starts_with("0 of 3 instances change\n"), "{out}");

    put(here, "fleet/org/base.toml", "schema = 1\nabstract = true\n[settings]\nmaxmemory = \"1gb\"\n");
    put(here, "fleet/instances/c.toml", "schema = 1\nprofile = \"profiles/p.toml\"\nserver = \"valkey-9.0\"\n");
    put(here, "fleet/instances/d.toml", "schema = 1\nprofile = \"profiles/p.toml\"\nserver = \"valkey-9.0\"\n");
    let (code, out, complaints) = diff(&fleet, &["--since", "main", "--output-format", "markdown"]);
    assert_eq!(code, 1, "{out}{complaints}");
    let head = "**4 of 4 instances change · 1 by restart · 2 live · 3 may evict, cut or refuse · 1 new**\n";
    assert!(out.starts_with(head), "{out}");
    assert!(out.contains("#### a, b\n\nlive, by CONFIG SET\n- `maxmemory` 2gb → 1gb: keys above it go\n"), "{out}");
    assert!(out.contains("#### c\n\nRESTART, valkey-8.1 → valkey-9.0\n"), "{out}");
    assert!(
        out.contains("| `maxmemory` | `2gb` <sub>org/base.toml:4</sub> | `1gb` <sub>org/base.toml:4</sub> | live |"),
        "{out}"
    );

    // What others do on the branch in the meantime is no part of the change.
    git(here, &["stash", "-qu"]);
    git(here, &["checkout", "-q", "main"]);
    put(here, "fleet/profiles/p.toml", "schema = 1\n[settings]\nmaxmemory-policy = \"noeviction\"\n");
    git(here, &["commit", "-qam", "two"]);
    git(here, &["checkout", "-q", "change"]);
    git(here, &["stash", "pop", "-q"]);
    let (_, again, _) = diff(&fleet, &["--since", "main", "--output-format", "markdown"]);
    assert_eq!(again, out);

    // From elsewhere, and with the file named.
    let (code, out, _) = diff(here, &["--since", "main", "--project", "fleet/redisconf.toml", "--instance", "a"]);
    assert!(code == 1 && out.starts_with("1 of 1 instance changes · 1 live"), "{out}");
    let (code, out, _) = diff(here, &["--since", "main", "--project", "fleet", "--output-format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, json["counts"]["restart"].as_u64(), json["counts"]["added"].as_u64()), (1, Some(1), Some(1)));

    // Nothing was checked out, and nothing written.
    assert!(fs::read_to_string(here.join("fleet/org/base.toml")).unwrap().contains("1gb"));
    let (code, _, complaints) = diff(&fleet, &["--since", "nowhere"]);
    assert!(code == 2 && complaints.contains("git knows no revision `nowhere` here"), "{complaints}");
    let (code, _, complaints) = diff(&fleet, &["--since", "--output=x"]);
    assert_eq!(code, 2, "{complaints}");
}

#[test]
fn an_instance_with_errors_is_named_and_stops_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    project(&old);
    project(&new);
    put(
        &new,
        "fleet/instances/a.toml",
        "schema = 1\nprofile = \"profiles/p.toml\"\nserver = \"redis-7.4\"\nsettings = { requirepass = 5, maxmemori = \"hunter2\" }\n",
    );
    put(
        &new,
        "fleet/instances/b.toml",
        "schema = 1\nprofile = \"profiles/p.toml\"\nserver = \"redis-7.4\"\nsettings = { databases = 4 }\n",
    );
    let (code, out, complaints) = diff(folder.path(), &["old/fleet", "new/fleet/redisconf.toml"]);
    assert_eq!(code, 2, "{out}{complaints}");
    assert!(out.starts_with("2 of 3 instances change · 1 with errors · 1 by restart\n"), "{out}");
    assert!(
        out.contains("\na\n  HAS ERRORS") && out.contains("maxmemori") && out.contains("\nb\n  RESTART\n"),
        "{out}"
    );
    assert!(!out.contains("hunter2") && !complaints.contains("hunter2"), "{out}{complaints}");
    let (code, _, complaints) = diff(folder.path(), &["old/fleet", "new/fleet", "--env", "prod"]);
    assert!(code == 2 && complaints.contains("has such an instance"), "{complaints}");
    let (code, _, complaints) = diff(folder.path(), &["old/fleet", "redis-7.4"]);
    assert!(code == 2 && complaints.contains("the other is not"), "{complaints}");
}
