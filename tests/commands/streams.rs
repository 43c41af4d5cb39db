//! Streams and files that are not what one expects.

use std::io::{Read, Write};
use std::process::Stdio;

use super::{outcome, program};

#[test]
fn a_reader_that_goes_away_is_a_normal_end() {
    let mut child = program()
        .args(["show", "--all", "-", "-q"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The reader is gone before the program has read what it is to print.
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut []).unwrap();
    drop(stdout);
    child.stdin.take().unwrap().write_all(b"port 6379\n").unwrap();
    let (code, _, err) = outcome(&child.wait_with_output().unwrap());
    assert_eq!((code, err.as_str()), (0, ""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_aloud() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = program().args(["explain", "port"]).stdout(full).output().unwrap();
    let (code, _, err) = outcome(&output);
    assert_eq!(code, 2);
    assert!(err.starts_with("error: cannot write the output: "), "{err}");
}

#[test]
fn bytes_that_are_no_text_are_read_as_the_server_does() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("latin.conf"), b"# caf\xe9\nlogfile /var/log/caf\xe9.log\nport x\n").unwrap();
    let output = program().current_dir(folder.path()).args(["show", "latin.conf"]).output().unwrap();
    let (code, out, err) = outcome(&output);
    assert_eq!(code, 1);
    assert!(out.contains("/var/log/caf\\xe9.log"), "{out}");
    assert!(err.contains("latin.conf:3:6: fatal[invalid-value]"), "{err}");
}

#[test]
fn what_no_configuration_can_be_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("huge.conf")).unwrap();
    file.set_len(64 * 1024 * 1024 + 1).unwrap();
    let output = program().current_dir(folder.path()).args(["show", "huge.conf"]).output().unwrap();
    let (code, _, err) = outcome(&output);
    assert_eq!(code, 2);
    assert!(err.contains("it is larger than 64 MiB"), "{err}");
}

#[test]
fn escape_sequences_of_a_file_do_not_reach_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("evil.conf"), b"port \x1b[31mred\nlogfile \"\\x1b]0;title\\x07\"\n").unwrap();
    for format in ["human", "json"] {
        let arguments = ["show", "evil.conf", "--output-format", format];
        let (_, out, err) = outcome(&program().current_dir(folder.path()).args(arguments).output().unwrap());
        assert!(!out.contains('\x1b') && !err.contains('\x1b'), "{out}{err}");
    }
}

#[test]
fn colour_is_decided_for_each_stream_by_one_order() {
    let run = |arguments: &[&str], environment: &[(&str, &str)]| {
        let output = program().args(arguments).envs(environment.iter().copied()).output().unwrap();
        outcome(&output).1.contains('\x1b')
    };
    assert!(!run(&["explain", "port"], &[]));
    assert!(run(&["explain", "port", "--color", "always"], &[("NO_COLOR", "1")]));
    assert!(run(&["explain", "port"], &[("FORCE_COLOR", "1")]));
    assert!(run(&["explain", "port"], &[("REDISCONF_COLOR", "always")]));
    assert!(!run(&["explain", "port"], &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
    assert!(!run(&["explain", "port", "--output-format", "json"], &[("FORCE_COLOR", "1")]));
    assert!(run(&["--help"], &[("FORCE_COLOR", "1")]) && !run(&["--help"], &[]));
}

/// Runs the program on some standard input.
fn given(arguments: &[&str], text: &[u8]) -> (i32, String, String) {
    let mut child =
        program().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text).unwrap();
    outcome(&child.wait_with_output().unwrap())
}

#[test]
fn standard_input_is_formatted_to_standard_output() {
    let run = given;
    let done = |text: &str| (0, text.to_owned(), String::new());
    assert_eq!(run(&["fmt", "-"], b"Port  1\r\nrequirepass  x"), done("port 1\r\nrequirepass x\r\n"));
    let profile = run(&["fmt", "-", "--stdin-filename", "p.toml"], b"schema = 1\nsettings.appendonly = \"yes\"\n");
    assert_eq!(profile, done("schema = 1\nsettings.appendonly = true\n"));
    // What is none of ours comes out as it came in.
    let (code, out, err) = run(&["fmt", "-"], b"server {\n  listen  80;\n}\n");
    assert_eq!((code, out.as_str()), (0, "server {\n  listen  80;\n}\n"));
    assert!(err.starts_with("left alone"), "{err}");
    let (code, out, _) = run(&["fmt", "-", "--check"], b"Port  1\n");
    assert_eq!((code, out.as_str()), (1, "would format  <stdin>  (1 line)\n"));
}

#[test]
fn standard_input_is_judged_as_the_file_it_is_called() {
    let said = |arguments: &[&str], text: &str| {
        let common = ["lint", "-", "--no-config", "--output-format", "concise"];
        let (code, out, err) = given(&[&common, arguments].concat(), text.as_bytes());
        assert_eq!(err, "");
        (code, out)
    };
    let keepalive =
        |name: &str| format!("{name}: warning[keepalive-off] connections of clients that vanished stay for ever\n");
    assert_eq!(said(&[], "tcp-keepalive 0\n"), (0, keepalive("<stdin>:1:1")));
    let compose = "services:\n  a:\n    image: redis:7.4\n    command: redis-server --save '' --tcp-keepalive 0\n";
    let in_compose = said(&["--stdin-filename", "compose.yaml"], compose);
    assert!(in_compose.1.ends_with(&keepalive("compose.yaml:4:39")), "{in_compose:?}");
    let profile = "schema = 1\nname = \"x\"\ndefault-server = \"redis-7.4\"\n[settings]\nsave = [\"60 1\", \"90 9\"]\n";
    let (_, in_profile) = said(&[], profile);
    assert!(in_profile.starts_with("<stdin>.toml:5:17: warning[redundant-save-point]"), "{in_profile}");
    let mended = given(&["lint", "-", "--no-config", "--fix", "-q"], profile.as_bytes());
    assert_eq!(mended, (0, profile.replace(", \"90 9\"", ""), String::new()));
    // What is mended comes out, whatever is left to say.
    let mended = given(&["lint", "-", "--no-config", "--fix", "-q"], b"maxmemory: 8gb\ntcp-keepalive 0\n");
    assert_eq!((mended.0, mended.1.as_str()), (0, "maxmemory 8gb\ntcp-keepalive 0\n"));
    assert!(mended.2.starts_with("<stdin>:2:1: warning[keepalive-off]"), "{}", mended.2);
}
