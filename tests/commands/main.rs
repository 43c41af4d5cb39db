//! The program from outside: what it prints, for whom, and how it ends.
//!
//! Cases are files: `cases/NAME.trycmd` holds commands with their output and exit code, `cases/NAME.in/` the files they run
//! on. What needs more than a console (canaries, pipes, huge files) is a test in a module here.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "these tests start the program on files they write"
)]

mod canary;
mod fleet;
mod fleets;
mod hostile;
#[cfg(target_os = "linux")]
mod liars;
mod linting;
#[cfg(unix)]
mod mending;
mod pages;
mod plans;
mod streams;
mod upgrading;

use std::process::{Command, Output};

/// The program, with nothing of this environment.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
    command.env_clear();
    command
}

/// Exit code, output and complaints of a run.
fn outcome(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("no signal ended the program"), text(&output.stdout), text(&output.stderr))
}

/// The page's files are those of the cases of `import`.
#[test]
fn the_page_on_adopting_tells_what_happens() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str| {
        let to = folder.path().join(to);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(root.join(from), to).unwrap();
    };
    copy("docs/adopting.md", "adopting.md");
    for file in ["redis.conf", "docker-compose.yml", "org/base.toml", "secrets.toml"] {
        copy(&format!("tests/commands/cases/import.in/{file}"), &format!("adopting.in/{file}"));
    }
    let text = std::fs::read_to_string(root.join("docs/adopting.md")).unwrap();
    for file in ["redisconf.toml", "overlays/prod.toml"] {
        let from = format!("tests/commands/files/adopting/{file}");
        copy(&from, &format!("adopting.in/{file}"));
        let shown = std::fs::read_to_string(root.join(from)).unwrap();
        assert!(text.contains(&format!("```toml\n{shown}```\n")), "the page shows another `{file}`");
    }
    copy("tests/commands/cases/import.out/profiles/sessions.toml", "adopting.out/profiles/sessions.toml");
    let page = folder.path().join("adopting.md");
    for file in std::fs::read_dir(root.join("tests/commands/cases/factor.in/hosts")).unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        copy(&format!("tests/commands/cases/factor.in/hosts/{file}"), &format!("adopting.in/hosts/{file}"));
    }
    let cases = trycmd::TestCases::new();
    cases.env("REDISCONF_COLOR", "never").env("REDIS_PASSWORD", "one").env("REDIS_USER_ANN", "two");
    cases.case(&page).run();
    if std::env::var_os("TRYCMD").is_some() {
        std::fs::copy(page, root.join("docs/adopting.md")).unwrap();
    }
}

#[test]
fn commands_print_what_their_cases_say() {
    let cases = trycmd::TestCases::new();
    // Variables that are set to nothing count as not set.
    for name in ["NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CLICOLOR"] {
        cases.env(name, "");
    }
    cases.env("REDISCONF_COLOR", "auto").env("REDISCONF_OUTPUT_FORMAT", "human");
    cases.case("tests/commands/cases/*.trycmd").case("README.md").run();
}
