//! Makes a disagreement small: lines are left out while it stays.

use libtest_mimic::Failed;
use redisconf::live::Program;
use redisconf::server::Server;

use super::ask::{Text, ask, shown};

/// How often a server is asked on the way.
const TRIES: usize = 400;

/// The smallest text that still makes a difference, with both verdicts.
pub(super) fn smallest(program: &Program, server: Server, text: &Text, difference: String) -> String {
    let (mut best, mut difference, mut left) = (text.clone(), difference, TRIES);
    let mut lines: Vec<Vec<u8>> = best.conf.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    let mut size = lines.len().div_ceil(2);
    while size > 0 && left > 0 {
        let mut at = 0;
        let mut shorter = false;
        while at < lines.len() && left > 0 {
            let end = (at + size).min(lines.len());
            let kept = [&lines[..at], &lines[end..]].concat();
            let tried = Text { conf: kept.concat(), ..best.clone() };
            left -= 1;
            match ask(program, server, &tried) {
                Err(still) => (lines, best, difference, shorter) = (kept, tried, still, true),
                Ok(_) => at = end,
            }
        }
        if !(shorter && size == 1) {
            size /= 2;
        }
    }
    format!("{}: {}\n    {difference}", server.name(), shown(&best))
}

/// A failure with all disagreements, or none.
pub(super) fn finish(wrong: &[String], seed: u64) -> Result<(), Failed> {
    if wrong.is_empty() {
        return Ok(());
    }
    Err(format!("{} disagreements (REDISCONF_AGREEMENT_SEED={seed}):\n{}", wrong.len(), wrong.join("\n")).into())
}
