//! `redisconf apply --rewrite`: what CONFIG REWRITE would do to the file beside writing values into it.

#![expect(clippy::disallowed_methods, reason = "a server that runs here has its file here")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::look::own_file;
use crate::live::Url;
use crate::server::{Engine, Server};
use crate::snapshot::Snapshot;

/// The flag that allows it where something speaks against it.
pub(super) const DANGER: &str = "rewrite-unsafe";

/// The longest line that Redis 6.2 writes whole.
const LONGEST: usize = 1023;

/// What speaks against it, in words; `Err` if it cannot come about at all.
pub(super) fn objections(url: &Url, snapshot: &Snapshot) -> Result<Vec<String>, String> {
    let Some(named) = snapshot.info().get("config_file").filter(|path| !path.is_empty()) else {
        return Err("the server was started without a file, so that it has none to write".into());
    };
    let seen = own_file(&url.address, snapshot).and_then(|path| {
        let text = fs::read(&path).ok()?;
        let itself = fs::symlink_metadata(&path).ok()?;
        Some((path, text, itself))
    });
    let Some((path, text, itself)) = seen else {
        return Ok(vec![format!(
            "`{named}` cannot be seen from here: whether it has includes, is a link or keeps secrets is not known"
        )]);
    };
    let mut found = of_text(&text, snapshot.server);
    if itself.is_symlink() {
        found.push(format!("`{named}` is a link, which a plain file takes the place of"));
    }
    let mode = fs::metadata(&path).map_or(0o644, |there| there.permissions().mode() & 0o777);
    if mode != 0o644 {
        let whose = if mode & 0o044 == 0 { ": everybody may read it then, passwords too" } else { "" };
        found.push(format!("its mode is {mode:o}, and becomes 644{whose}"));
    }
    if itself.permissions().readonly() {
        found.push("it is read-only, which keeps no server from replacing it".into());
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    if fs::metadata(folder).is_ok_and(|folder| folder.permissions().readonly()) {
        found
            .push(format!("the folder `{}` is read-only: the server may not be able to write there", folder.display()));
    }
    Ok(found)
}

/// What the text of the file says against it.
fn of_text(text: &[u8], server: Server) -> Vec<String> {
    let lines = || text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut found = Vec::new();
    let is_include = |line: &[u8]| {
        line.split(u8::is_ascii_whitespace).next().is_some_and(|word| word.eq_ignore_ascii_case(b"include"))
    };
    if lines().any(is_include) {
        found.push(
            "it has includes: their values are copied into it, and users of an include stop the next start".to_owned(),
        );
    }
    if server.engine == Engine::Redis
        && !server.at_least(Engine::Redis, 7, 0)
        && lines().any(|line| line.len() > LONGEST)
    {
        found.push(
            "a line is longer than 1023 bytes: Redis 6.2 writes it in pieces, and does not start with them".into(),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_and_long_lines_speak_against_it() {
        let of = |text: &str, server: &str| of_text(text.as_bytes(), server.parse().unwrap()).len();
        assert_eq!(of("port 1\n# include x\ninclude-x y\n", "redis-7.4"), 0);
        assert_eq!(of("port 1\n  INCLUDE /etc/x\n", "redis-7.4"), 1);
        let long = format!("rename-command GET {}\n", "x".repeat(1100));
        assert_eq!((of(&long, "redis-6.2"), of(&long, "redis-7.4"), of(&long, "valkey-8.0")), (1, 0, 0));
    }
}
