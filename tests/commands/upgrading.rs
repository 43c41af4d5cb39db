//! Upgrades that write files: in place, all of them or none.

use std::fs;
use std::path::Path;

use super::{outcome, program};

fn put(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

#[test]
fn included_files_are_written_with_the_file_that_includes_them() {
    let folder = tempfile::tempdir().unwrap();
    let root = "# redisconf: server=redis-7.2\ninclude d/*.conf\n";
    put(folder.path(), &[("redis.conf", root), ("d/a.conf", "slowlog-max-len 5\n"), ("d/b.conf", "hz 20\n")]);
    let run = |more: &[&str]| {
        let mut command = program();
        command.current_dir(folder.path()).args(["upgrade", "redis.conf", "--to", "valkey-8.1"]).args(more);
        outcome(&command.output().unwrap())
    };
    let read = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
    // Alone it would be taken, but not mean what is told: the included file is for the other version still.
    let (code, _, complaints) = run(&["-o", "new.conf"]);
    assert_eq!(code, 1, "{complaints}");
    assert!(complaints.contains("was not written: d/a.conf; `--in-place` writes all of them"), "{complaints}");
    assert_eq!((read("redis.conf").as_str(), read("d/a.conf").as_str()), (root, "slowlog-max-len 5\n"));
    let (code, out, complaints) = run(&["--in-place"]);
    assert_eq!(code, 0, "{out}{complaints}");
    assert!(out.contains("d/a.conf:1  renamed"), "{out}");
    assert!(complaints.contains("written to redis.conf, d/a.conf\n"), "{complaints}");
    assert_eq!(read("d/a.conf"), "commandlog-slow-execution-max-len 5\n");
    assert_eq!(read("d/b.conf"), "hz 20\n");
    assert!(read("redis.conf").starts_with("# redisconf: server=valkey-8.1\ninclude d/*.conf\n# pinned: "));
    // Nothing is left to do.
    let (code, out, _) = run(&["--in-place"]);
    assert!(code == 0 && !out.contains("renamed") && !out.contains("pinned"), "{out}");
}

#[test]
fn a_profile_is_written_and_its_layers_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let base = "schema = 1\nabstract = true\n[settings]\nlua-replicate-commands = false\n";
    let own = "schema = 1\ndefault-server = \"redis-6.2\" # ours\nextends = [\"../base.toml\"]\n\n[settings]\nmaxmemory = \"1gb\" # half\n";
    put(folder.path(), &[("base.toml", base), ("profiles/a.toml", own)]);
    let run = |arguments: &[&str]| {
        let mut command = program();
        outcome(&command.current_dir(folder.path()).args(arguments).output().unwrap())
    };
    let read = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
    let (code, out, complaints) = run(&["upgrade", "profiles/a.toml", "--to", "valkey-8.1", "--in-place"]);
    assert_eq!(code, 1, "{out}{complaints}");
    assert!(out.contains("overruled") && out.contains("base.toml:4"), "{out}");
    assert_eq!(read("base.toml"), base);
    let new = read("profiles/a.toml");
    assert!(new.starts_with("schema = 1\ndefault-server = \"valkey-8.1\" # ours\n"), "{new}");
    assert!(new.contains("\nmaxmemory = \"1gb\" # half\n# pinned: "), "{new}");
    let (code, out, complaints) = run(&["render", "profiles/a.toml"]);
    assert!(code == 0 && out.contains("maxmemory 1gb"), "{out}{complaints}");
    // A second time nothing changes.
    let (code, _, complaints) = run(&["upgrade", "profiles/a.toml", "--to", "valkey-8.1", "--in-place"]);
    assert_eq!((code, read("profiles/a.toml")), (0, new), "{complaints}");
    // By its name in the project, too.
    let (code, _, complaints) = run(&["upgrade", "a", "--to", "valkey-9.0", "--in-place"]);
    assert!(code < 2 && complaints.contains("written to profiles/a.toml"), "{complaints}");
    assert!(
        read("profiles/a.toml").contains("default-server = \"valkey-9.0\" # ours") && !folder.path().join("a").exists()
    );
}
