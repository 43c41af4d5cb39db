//! Secrets do not come out, whatever the command, the format and the version.

use std::path::Path;

use super::{outcome, program};

/// A word that must be in no byte of any output.
const CANARY: &str = "c4n4ry-0f-g0ld";

/// Lines in which a secret stands, some of them wrong.
const LINES: &[&str] = &[
    "requirepass c4n4ry-0f-g0ld",
    "requirepass \"c4n4ry-0f-g0ld\" # the old one: c4n4ry-0f-g0ld",
    "requirepass 'c4n4ry-0f-g0ld",
    "requirepass=c4n4ry-0f-g0ld",
    "requirepass: c4n4ry-0f-g0ld",
    "requirepas c4n4ry-0f-g0ld",
    "requirepass\nc4n4ry-0f-g0ld",
    "\u{feff}requirepass c4n4ry-0f-g0ld",
    "masterauth c4n4ry-0f-g0ld\nmasterauth other",
    "primaryauth c4n4ry-0f-g0ld",
    "tls-key-file-pass c4n4ry-0f-g0ld",
    "tls-client-key-file-pass c4n4ry-0f-g0ld x",
    "user default on >c4n4ry-0f-g0ld ~* +@all",
    "user default on c4n4ry-0f-g0ld",
    "user a on >c4n4ry-0f-g0ld\nuser a on #c4n4ry-0f-g0ld",
    "user a on (~* >c4n4ry-0f-g0ld",
    "user a on >c4n4ry-0f-g0ld\naclfile /etc/redis/users.acl",
    "rename-command CONFIG c4n4ry-0f-g0ld",
    "rename-command CONFIG c4n4ry-0f-g0ld\nrename-command CONFIG c4n4ry-0f-g0ld",
    "rename-command FLUSHALL \"c4n4ry-0f-g0ld\nrename-command x",
    "loadmodule /usr/lib/a.so PASSWORD c4n4ry-0f-g0ld\nsearch.password c4n4ry-0f-g0ld",
    "search.password c4n4ry-0f-g0ld",
    "sentinel auth-pass main c4n4ry-0f-g0ld",
    "sentinel sentinel-pass c4n4ry-0f-g0ld",
    "sentinel auth-pas main c4n4ry-0f-g0ld",
    "# c4n4ry-0f-g0ld\nport x",
    "port x\nrequirepass c4n4ry-0f-g0ld",
    "include c4n4ry.conf\nrequirepass c4n4ry-0f-g0ld",
    "requirepass c4n4ry-0f-g0ld\0\nport x",
];

/// What keeps a line a configuration's, whatever it is.
const KNOWN: &str = "Port  7000\nHZ  10\n";

#[test]
fn nor_does_what_formatting_would_change() {
    let folder = tempfile::tempdir().unwrap();
    for line in LINES {
        let messy = line.replace(' ', "  ").replace('\n', " \n");
        std::fs::write(folder.path().join("redis.conf"), format!("{KNOWN}{messy}\n")).unwrap();
        std::fs::write(folder.path().join("alone.conf"), format!("{messy}\n")).unwrap();
        for flags in
            [&["--diff"][..], &["--diff", "--color", "always"], &["--check"], &["--check", "--output-format", "json"]]
        {
            runs_clean(&[&["fmt", "redis.conf", "alone.conf"], flags].concat(), folder.path(), line);
        }
    }
    let profile = "schema = 1\n[settings]\nappendonly = \"yes\" # c4n4ry-0f-g0ld\n[prefer]\nactiverehashing = \"no\"\n";
    let inline = "[[when]]\nsettings = { masterauth = \"c4n4ry-0f-g0ld\", appendonly = \"no\" }\n";
    std::fs::write(folder.path().join("p.toml"), format!("{profile}{inline}")).unwrap();
    runs_clean(&["fmt", "--diff", "p.toml"], folder.path(), "a profile");
}

/// Runs the program and looks at everything it prints.
fn runs_clean(arguments: &[&str], folder: &Path, about: &str) {
    let output = program().current_dir(folder).args(arguments).output().unwrap();
    let (_, out, err) = outcome(&output);
    assert!(!out.contains(CANARY) && !err.contains(CANARY), "{arguments:?} on {about:?}:\n{out}\n{err}");
    assert!(!out.is_empty() || !err.is_empty(), "{arguments:?} said nothing of {about:?}");
}

fn runs(arguments: &[&str], folder: &Path) -> (i32, String, String) {
    outcome(&program().current_dir(folder).args(arguments).output().unwrap())
}

#[test]
fn no_output_of_any_format_holds_a_secret() {
    let folder = tempfile::tempdir().unwrap();
    let names = ["requirepass", "user", "rename-command", "masterauth", "sentinel", "loadmodule"];
    for line in LINES {
        std::fs::write(folder.path().join("redis.conf"), format!("{line}\n")).unwrap();
        for server in ["redis-6.2", "redis-8.6", "valkey-9.1"] {
            let common = ["redis.conf", "--server", server, "--color", "always"];
            runs_clean(&[&["show"], &common[..]].concat(), folder.path(), line);
        }
        let name = names.iter().find(|name| line.contains(*name)).unwrap_or(&"port");
        for command in [&["show", "--all"][..], &["why", name]] {
            let common = ["redis.conf", "--server", "redis-8.6", "--output-format", "json"];
            runs_clean(&[command, &common[..]].concat(), folder.path(), line);
        }
    }
}

#[test]
fn nor_does_an_imported_profile() {
    let folder = tempfile::tempdir().unwrap();
    let above = ["# once c4n4ry-0f-g0ld", "# requirepass c4n4ry-0f-g0ld", "# it is in the wiki"];
    let mut written = 0;
    for line in LINES.iter().filter(|line| !line.contains("rename-command")) {
        for comment in above {
            let text = format!("hz 20\n{comment}\ntimeout 5\n{comment}\n{line}\n");
            std::fs::write(folder.path().join("redis.conf"), text).unwrap();
            for format in ["human", "json"] {
                let common = ["import", "redis.conf", "--server", "redis-8.6", "--output-format", format];
                runs_clean(&common, folder.path(), line);
                let (code, out, _) = runs(&common, folder.path());
                written += usize::from(code < 2 && out.contains("timeout = 5"));
            }
        }
    }
    assert!(written > 20, "{written} profiles were made");
    // The new name of a command is no password, and a profile has to hold it; reports need not.
    std::fs::write(folder.path().join("redis.conf"), "rename-command CONFIG c4n4ry-0f-g0ld\n").unwrap();
    let (code, _, err) = runs(&["import", "redis.conf", "--server", "redis-8.6", "-o", "p.toml"], folder.path());
    assert!(code == 0 && !err.contains(CANARY), "{err}");
    let dump = "{\"requirepass\": \"c4n4ry-0f-g0ld\", \"masterauth\": \"c4n4ry-0f-g0ld\", \"x-y\": \"c4n4ry-0f-g0ld\"}";
    let lines = "requirepass\nc4n4ry-0f-g0ld\nc4n4ry-0f-g0ld\nx\n";
    for text in [dump, lines, "1) \"requirepass\"\n2) c4n4ry-0f-g0ld\n"] {
        std::fs::write(folder.path().join("dump"), text).unwrap();
        runs_clean(&["import", "dump", "--server", "redis-8.6"], folder.path(), "a dump");
    }
}

/// Every form in which findings come out.
const FORMATS: &[&str] =
    &["human", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit", "checkstyle", "markdown"];

#[test]
fn nor_do_the_findings_of_the_linter() {
    let folder = tempfile::tempdir().unwrap();
    let all = format!("{}\n", LINES.join("\n"));
    for (index, text) in LINES.iter().map(|line| format!("{line}\n")).chain([all]).enumerate() {
        std::fs::write(folder.path().join("redis.conf"), &text).unwrap();
        std::fs::write(folder.path().join("users.acl"), text.replace("requirepass ", "user a on >")).unwrap();
        for file in ["redis.conf", "users.acl"] {
            // All formats for all lines at once and for some of them alone: a run costs a process.
            let formats = if index % 7 == 0 || index == LINES.len() { FORMATS } else { &FORMATS[..1] };
            for format in formats {
                let common =
                    ["lint", file, "--no-config", "--level", "info", "--select", "all", "--output-format", format];
                let output = program().current_dir(folder.path()).args(common).output().unwrap();
                let (_, out, err) = outcome(&output);
                assert!(!out.contains(CANARY) && !err.contains(CANARY), "{common:?} on {text:?}:\n{out}\n{err}");
            }
        }
        for flag in ["--fix", "--unsafe-fixes"] {
            let common = ["lint", "redis.conf", "--no-config", "--select", "all", "--level", "info", flag, "--diff"];
            let output = program().current_dir(folder.path()).args(common).output().unwrap();
            let (_, out, err) = outcome(&output);
            assert!(!out.contains(CANARY) && !err.contains(CANARY), "{common:?} on {text:?}:\n{out}\n{err}");
        }
    }
}

#[test]
fn nor_does_what_is_found_in_yaml() {
    let folder = tempfile::tempdir().unwrap();
    let compose = "services:\n  redis:\n    image: redis:7.4\n    environment:\n      REDIS_PASSWORD: c4n4ry-0f-g0ld\n    \
        command: [redis-server, --requirepass, c4n4ry-0f-g0ld, --maxmemory, 8Gi, --save, '60']\n    healthcheck:\n      \
        test: [CMD, redis-cli, -a, c4n4ry-0f-g0ld, ping]\n  db:\n    image: postgres\n    environment:\n      \
        POSTGRES_PASSWORD: c4n4ry-0f-g0ld\n  other:\n    image: redis:7.4\n    \
        command: sh -c 'redis-server --requirepass c4n4ry-0f-g0ld --maxmemory 8Gi'\n";
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: redis\ndata:\n  redis.conf: |\n    \
        requirepass c4n4ry-0f-g0ld\n    maxmemory 8Gi # half\n    requirepas c4n4ry-0f-g0ld\n";
    for (name, text) in [("compose.yaml", compose), ("redis-configmap.yaml", map)] {
        std::fs::write(folder.path().join(name), text).unwrap();
        for format in FORMATS {
            let common = ["lint", name, "--no-config", "--level", "info", "--select", "all", "--output-format", format];
            let output = program().current_dir(folder.path()).args(common).output().unwrap();
            let (code, out, err) = outcome(&output);
            assert!(!out.contains(CANARY) && !err.contains(CANARY), "{common:?}:\n{out}\n{err}");
            assert_eq!(code, 1, "`8Gi` is found in {name}: {out}{err}");
        }
        let (_, out, _) = runs(&["lint", name, "--no-config", "--unsafe-fixes", "--diff", "-q"], folder.path());
        assert!(!out.contains(CANARY) && out.contains("8Gi") && out.contains("8gb"), "{out}");
    }
}

#[test]
fn nor_does_what_is_said_of_a_command_line() {
    let folder = tempfile::tempdir().unwrap();
    for options in [
        &["--requirepass", CANARY][..],
        &["--requirepas", CANARY],
        &["--requirepass", CANARY, "x"],
        &["--user", "default", "on", ">c4n4ry-0f-g0ld", "+@nothing"],
    ] {
        for format in ["human", "json"] {
            let start = ["show", "--output-format", format, "--", "redis-server"];
            runs_clean(&[&start[..], options].concat(), folder.path(), "a command line");
        }
    }
}

#[test]
fn nor_does_what_is_said_of_a_profile() {
    let folder = tempfile::tempdir().unwrap();
    for settings in [
        "requirepass = \"c4n4ry-0f-g0ld\"\nport = 99999",
        "requirepass = [\"c4n4ry-0f-g0ld\", \"c4n4ry-0f-g0ld\"]",
        "requirepas = \"c4n4ry-0f-g0ld\"",
        "requirepass = c4n4ry-0f-g0ld",
        "masterauth = { secret = \"x\" } # c4n4ry-0f-g0ld\nmaxmemory = \"8Gi\"",
    ] {
        let text = format!("schema = 1\nname = \"p\"\ndefault-server = \"redis-7.4\"\n[settings]\n{settings}\n");
        std::fs::write(folder.path().join("p.toml"), text).unwrap();
        for format in ["human", "json"] {
            runs_clean(&["show", "p.toml", "--output-format", format], folder.path(), settings);
            runs_clean(&["why", "requirepass", "p.toml", "--output-format", format], folder.path(), settings);
        }
    }
}

#[test]
fn nor_does_what_is_said_of_a_project() {
    let folder = tempfile::tempdir().unwrap();
    for lines in [
        "settings = { requirepass = \"c4n4ry-0f-g0ld\", port = 99999 }",
        "settings = { requirepass = { a = \"c4n4ry-0f-g0ld\" }, requirepas = \"c4n4ry-0f-g0ld\" }",
        "prefer = { masterauth = [1, \"c4n4ry-0f-g0ld\"], appendonly = \"perhaps\" }",
        "live = \"redis://:c4n4ry-0f-g0ld@127.0.0.1\"",
        "live = { url = \"redis://:c4n4ry-0f-g0ld@127.0.0.1\", pasword = \"c4n4ry-0f-g0ld\" }",
        "live = { password = \"c4n4ry-0f-g0ld\" }",
        "render = [{ target = \"conf\", password = \"c4n4ry-0f-g0ld\" }]",
        "secrets = { app = \"c4n4ry-0f-g0ld\" }",
        "password = \"c4n4ry-0f-g0ld\"",
        "live = { password = \"c4n4ry-0f-g0ld }",
        "live = { password = c4n4ry-0f-g0ld }",
    ] {
        let instance = format!("profile = \"builtin:cache@1\"\nserver = \"redis-7.4\"\n{lines}\n");
        let text = format!("schema = 1\ninstances = \"own/*.toml\"\n[instance.a]\n{instance}");
        std::fs::write(folder.path().join("redisconf.toml"), text).unwrap();
        std::fs::create_dir_all(folder.path().join("own")).unwrap();
        std::fs::write(folder.path().join("own/b.toml"), format!("schema = 1\n{instance}")).unwrap();
        for format in FORMATS {
            let common = ["--select", "all", "--level", "info", "--output-format", format];
            for file in ["redisconf.toml", "own/b.toml"] {
                runs_clean(&[&["lint", file], &common[..]].concat(), folder.path(), lines);
            }
        }
        runs_clean(&["render"], folder.path(), lines);
    }
}

#[test]
fn nor_does_what_is_said_of_a_flag() {
    let folder = tempfile::tempdir().unwrap();
    for set in ["requirepass=c4n4ry-0f-g0ld", "requirepas=c4n4ry-0f-g0ld", "tls-key-file-pass=c4n4ry-0f-g0ld\n"] {
        for format in ["human", "json"] {
            for command in [&["show"][..], &["why", "requirepass"], &["why", "tls-key-file-pass"]] {
                let common = ["builtin:cache", "--set", set, "--output-format", format];
                runs_clean(&[command, &common[..]].concat(), folder.path(), set);
            }
        }
    }
}
