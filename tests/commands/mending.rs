//! Files that are written where that is hard: whole or as they were, never half; links and permissions stay.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use super::outcome;

/// A text that `lint --fix` and `fmt` change, longer than the files may become.
fn text() -> String {
    "Timeout   30\nappendfsync EVERYSEC\n".to_owned() + &"# a comment\n".repeat(500)
}

/// Commands that write, and the file that each writes.
const WRITERS: &[(&[&str], &str)] = &[
    (&["lint", "--no-config", "--level", "info", "--fix", "redis.conf"], "redis.conf"),
    (&["fmt", "redis.conf"], "redis.conf"),
    (&["render", "builtin:cache", "--server", "redis-7.4", "--output", "out.conf"], "out.conf"),
    (&["import", "redis.conf", "--server", "redis-7.4", "--force", "--output", "p.toml"], "p.toml"),
];

/// Runs a command that may write so many blocks of 512 bytes a file, as on a disk that is full then.
fn within(blocks: &str, arguments: &[&str], folder: &Path) -> (i32, String, String) {
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f $1; shift; exec \"$0\" \"$@\""]);
    command.arg(env!("CARGO_BIN_EXE_redisconf")).arg(blocks).args(arguments);
    outcome(&command.env_clear().current_dir(folder).output().unwrap())
}

/// The names and texts of all that lies in a folder.
fn all(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let name = |entry: &fs::DirEntry| entry.file_name().into_string().unwrap();
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut all: Vec<_> = entries.map(|entry| (name(&entry), fs::read(entry.path()).unwrap())).collect();
    all.sort();
    all
}

#[test]
fn on_a_full_disk_every_file_stays_as_it_was() {
    for (arguments, written) in WRITERS {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("redis.conf"), text()).unwrap();
        fs::write(folder.path().join(written), text()).unwrap();
        let before = all(folder.path());
        let (code, out, err) = within("0", arguments, folder.path());
        assert_eq!(code, 2, "{arguments:?}: {out}{err}");
        assert!(err.contains("cannot write") && err.contains(written), "{arguments:?}: {err}");
        assert!(before == all(folder.path()), "{arguments:?} left something else");
    }
}

#[test]
fn a_link_stays_a_link_even_if_nothing_is_behind_it_yet() {
    for (arguments, written) in WRITERS {
        let folder = tempfile::tempdir().unwrap();
        let (link, real) = (folder.path().join(written), folder.path().join("real"));
        fs::write(folder.path().join("redis.conf"), text()).unwrap();
        if *written == "redis.conf" {
            fs::rename(folder.path().join("redis.conf"), &real).unwrap();
            fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        }
        symlink("real", &link).unwrap();
        let (code, out, err) = within("unlimited", arguments, folder.path());
        assert!(code <= 1, "{arguments:?}: {out}{err}");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "{arguments:?} replaced the link");
        assert!(fs::read_to_string(&real).unwrap() != text(), "{arguments:?} wrote elsewhere");
        if *written == "redis.conf" {
            assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640, "{arguments:?}");
        }
    }
}

/// Runs a command that may write only where permissions let it: root is held to them, too.
fn held(arguments: &[&str], folder: &Path) -> (i32, String, String) {
    let program = env!("CARGO_BIN_EXE_redisconf");
    let mut command = if fs::metadata("/proc/self").unwrap().uid() == 0 {
        let mut command = Command::new("setpriv");
        command.args(["--bounding-set=-all", "--inh-caps=-all", program]);
        command
    } else {
        Command::new(program)
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    outcome(&command.args(arguments).env_clear().env("PATH", path).current_dir(folder).output().unwrap())
}

#[test]
fn where_nothing_may_be_written_every_file_stays_as_it_was() {
    let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for (arguments, written) in WRITERS {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("redis.conf"), text()).unwrap();
        fs::write(folder.path().join(written), text()).unwrap();
        let before = all(folder.path());
        open(folder.path(), 0o555);
        let (code, out, err) = held(arguments, folder.path());
        let after = all(folder.path());
        open(folder.path(), 0o755);
        assert_eq!(code, 2, "{arguments:?}: {out}{err}");
        assert!(err.contains("cannot write") && err.contains(written), "{arguments:?}: {err}");
        assert!(err.contains("nothing was changed"), "{arguments:?}: {err}");
        assert!(before == after, "{arguments:?} left something else");
    }
}
