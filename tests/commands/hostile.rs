//! Files made to hurt: the linter ends, says something, and stays within bounds.

use std::path::Path;
use std::process::Command;

use super::outcome;

/// Address space that any of these runs may use, in MiB.
const BOUND: usize = 1536;

/// Lints a folder within the bound.
fn lint(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    within(BOUND, folder, arguments)
}

/// The same within so many MiB.
fn within(mebibytes: usize, folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new("sh");
    let script = format!("ulimit -v {}; exec \"$0\" lint --no-config \"$@\"", mebibytes * 1024);
    command.args(["-c", &script, env!("CARGO_BIN_EXE_redisconf")]).args(arguments);
    outcome(&command.env_clear().current_dir(folder).output().unwrap())
}

/// Numbers that look random and are the same in every run.
fn noise(count: usize) -> Vec<u8> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..count).map(next).collect()
}

#[test]
fn a_file_of_a_hundred_megabytes_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("redis.conf")).unwrap();
    file.set_len(100 * 1024 * 1024).unwrap();
    let (code, _, err) = lint(folder.path(), &["redis.conf"]);
    assert_eq!(code, 2);
    assert!(err.contains("redis.conf") && err.contains("larger than 64 MiB"), "{err}");
}

#[test]
fn a_million_lines_are_judged() {
    let folder = tempfile::tempdir().unwrap();
    let text: String = (0..1_000_000).map(|n| format!("maxmemory {n}mb\n")).collect::<String>() + "port x\n";
    std::fs::write(folder.path().join("redis.conf"), text).unwrap();
    let (code, out, err) = lint(folder.path(), &["redis.conf", "--output-format", "concise", "--select", "fatal"]);
    assert_eq!(code, 1, "{err}");
    assert!(out.contains("redis.conf:1000001:6: fatal[invalid-value]"), "{out}");
}

#[test]
fn a_hundred_thousand_findings_do_not_fill_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("redis.conf"), "port x\n".repeat(100_000)).unwrap();
    for format in ["human", "concise", "json", "sarif"] {
        // Of address space the allocator reserves more than twice what it uses.
        let (code, out, err) = within(768, folder.path(), &["redis.conf", "--output-format", format]);
        assert_eq!(code, 1, "{format}: {err}");
        assert!(!out.is_empty());
    }
}

#[test]
fn a_line_of_fifty_megabytes_is_passed_over_aloud() {
    let folder = tempfile::tempdir().unwrap();
    let text = [b"requirepass ".as_slice(), &b"a ".repeat(25 * 1024 * 1024), b"\nport x\n"].concat();
    std::fs::write(folder.path().join("redis.conf"), text).unwrap();
    let (code, out, err) = lint(folder.path(), &["redis.conf"]);
    assert_eq!(code, 1, "{err}");
    assert!(out.contains("redis.conf:1:1: warning[long-line]"), "{out}");
    assert!(out.contains("redis.conf:2:6: fatal[invalid-value]"), "{out}");
}

#[test]
fn includes_that_multiply_end() {
    let folder = tempfile::tempdir().unwrap();
    // Each file includes the next one ten times: ten billion in all.
    for level in 0..10 {
        let own = if level == 0 { "maxmemory 1gb\nmaxmemory-policy allkeys-lru\n" } else { "" };
        let text = own.to_owned() + &format!("include {}.conf\n", level + 1).repeat(10);
        std::fs::write(folder.path().join(format!("{level}.conf")), text).unwrap();
    }
    std::fs::write(folder.path().join("10.conf"), "port 1\n").unwrap();
    let (code, out, err) = lint(folder.path(), &["0.conf", "--level", "info"]);
    assert!(code <= 1, "{err}");
    assert!(out.contains("unread-include"), "{out}");
    let (code, out, _) = lint(folder.path(), &["--select", "fatal", "--output-format", "concise", "."]);
    assert!(code <= 1, "{out}");
}

#[test]
fn deep_and_endless_yaml_ends() {
    let folder = tempfile::tempdir().unwrap();
    let redis = "services:\n  redis:\n    image: redis:7.4\n    command: redis-server --port 1\n";
    let deep = format!("{redis}x: {}{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let mut bomb = String::from("a: &a [redis, redis]\n");
    for level in b'b'..=b'z' {
        let (this, below) = (char::from(level), char::from(level - 1));
        bomb.push_str(&format!("{this}: &{this} [*{below}, *{below}, *{below}, *{below}, *{below}, *{below}]\n"));
    }
    bomb.push_str(redis);
    for (name, text) in [("compose.yaml", deep), ("docker-compose.yml", bomb)] {
        std::fs::write(folder.path().join(name), text).unwrap();
        let (code, _, err) = lint(folder.path(), &[name]);
        assert!(code <= 2, "{name}: {err}");
    }
}

#[test]
fn random_bytes_of_every_name_end() {
    let folder = tempfile::tempdir().unwrap();
    let noise = noise(200_000);
    for name in
        ["redis.conf", "sentinel.conf", "users.acl", "compose.yaml", "redis.toml", "Dockerfile", "redis.service"]
    {
        let mut text = b"redis redis-server ".to_vec();
        text.extend_from_slice(&noise);
        std::fs::write(folder.path().join(name), &text).unwrap();
        for format in ["human", "json"] {
            let (code, out, err) = lint(folder.path(), &[name, "--output-format", format]);
            assert!(code <= 2, "{name}");
            assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'), "{name}");
            assert!(!err.contains("a mistake in redisconf"), "{name}: {err}");
        }
    }
}
