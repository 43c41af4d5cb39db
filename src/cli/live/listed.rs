//! `--live-from`: addresses of servers from a list, such as an inventory or what another command prints.

use std::path::Path;

use crate::cli::args::Reach;
use crate::cli::failure::Failure;
use crate::cli::subject::read_file;
use crate::cli::terminal::read_stdin;

/// Puts the addresses of the list where those of `--live` stand.
pub(in super::super) fn read_list(reach: &mut Reach) -> Result<(), Failure> {
    let Some(path) = reach.live_from.take() else { return Ok(()) };
    let is_stdin = path == Path::new("-");
    let bytes = if is_stdin { read_stdin()? } else { read_file(&path)? };
    let name = if is_stdin { "standard input".to_owned() } else { format!("`{}`", path.display()) };
    let text = std::str::from_utf8(&bytes).map_err(|_| Failure::new(format!("{name} is no list: it is no UTF-8")))?;
    reach.live = addresses(text).map_err(|line| {
        Failure::new(format!("line {line} of {name} is no address")).help("write one address a line, such as HOST:PORT")
    })?;
    if reach.live.is_empty() {
        return Err(Failure::new(format!("{name} names no server")).help("write one address a line, such as HOST:PORT"));
    }
    Ok(())
}

/// One address a line; else the number of the line that is none. What comes twice is meant once.
fn addresses(text: &str) -> Result<Vec<String>, usize> {
    let mut found: Vec<String> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (line, number) in text.lines().zip(1..) {
        // In an address `#` means nothing, and nobody writes a blank.
        let address = line.split('#').next().unwrap_or_default().trim();
        if address.is_empty() {
            continue;
        }
        if address == "-" || address.contains(char::is_whitespace) {
            return Err(number);
        }
        if seen.insert(address) {
            found.push(address.to_owned());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_an_address_a_line_and_comments() {
        let text = "# cache\n10.0.0.1:6379  # rack 1\n\n  rediss://ops@b:6380\r\n10.0.0.1:6379\n/run/r.sock";
        assert_eq!(addresses(text).unwrap(), ["10.0.0.1:6379", "rediss://ops@b:6380", "/run/r.sock"]);
        assert_eq!(addresses("a:1\nb:1 c:1"), Err(2));
        assert_eq!(addresses("-"), Err(1));
        assert!(addresses("# nobody\n").unwrap().is_empty());
    }
}
