//! Agreement: generated configurations, asked of ourselves and of real servers. Verdict, refused line, whether a line is
//! named at all, and what CONFIG GET shows must be the same.
//!
//! `REDISCONF_AGREEMENT` is how many single cases each server is asked, `all` for [`ALL`]; combined files are a tenth.
//! `REDISCONF_AGREEMENT_SEED` makes other cases; the same seed makes the same ones.

mod aimed;
mod ask;
mod combined;
mod left_out;
mod page;
mod shrink;
mod single;
mod wild;

use std::env;

use libtest_mimic::{Failed, Trial};
use redisconf::catalog::{Directive, Kind, Need, View};
use redisconf::live::{Program, Start, boot};

use crate::dice::Dice;
use crate::found::Found;
use crate::generate::cases;
use ask::Text;
use left_out::LEFT_OUT;
use page::{Concern, Page};

/// How many single cases each server is asked, unless told otherwise.
const USUAL: usize = 3_000;

/// How many are all; 100,000 over seven servers.
const ALL: usize = 15_000;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let page = Page::of(servers.iter().filter(|found| found.program().is_some()).count());
    let two = |found: &Found| {
        let (single, combined) = (page.clone(), page.clone());
        [
            found.trial("agreement on single cases", move |program| single_cases(program, &single)),
            found.trial("agreement on combined files", move |program| combined_files(program, &combined)),
        ]
    };
    servers.iter().flat_map(two).collect()
}

/// How many single cases are asked, and the seed.
fn size() -> Result<(usize, u64), Failed> {
    let count = match env::var("REDISCONF_AGREEMENT") {
        Ok(all) if all == "all" => ALL,
        Ok(number) => number.parse()?,
        Err(_) => USUAL,
    };
    let seed = env::var("REDISCONF_AGREEMENT_SEED").map_or(Ok(7), |seed| seed.parse())?;
    Ok((count, seed))
}

/// Whether the build can defragment, which its version line does not tell for sure.
fn defrags(program: &Program) -> bool {
    boot(program, &Start { conf: Some(b"activedefrag yes\n".to_vec()), ..Start::default() }).is_ok()
}

fn single_cases(program: &Program, page: &Page) -> Result<(), Failed> {
    let server = program.server.base();
    let view = View::of(server);
    let (count, seed) = size()?;
    let mut dice = Dice::new(seed);
    let defrags = defrags(program);
    let listed = cases(view).into_iter().filter(|case| is_askable(defrags, case.directive)).map(|case| case.text);
    let listed: Vec<Vec<u8>> = listed.collect();
    // A third is left to chance; of the listed ones a sample by steps covers all directives evenly.
    let step = (listed.len() / (count - count / 3).max(1)).max(1);
    let alone = |conf| Text { conf, files: Vec::new() };
    let mut texts: Vec<Text> = listed.into_iter().step_by(step).take(count - count / 3).map(alone).collect();
    texts.extend(wild::wild(view, defrags, &mut dice, count.saturating_sub(texts.len())));
    let dir = tempfile::tempdir()?;
    let (tally, wrong) = single::ask_all(program, server, dir.path(), &texts, &mut dice)?;
    page.add(program, Concern::Single, tally, wrong.len())?;
    println!("{}: {} single cases, {} disagreements; {tally:?}", server.name(), texts.len(), wrong.len());
    shrink::finish(&wrong, seed)
}

fn combined_files(program: &Program, page: &Page) -> Result<(), Failed> {
    let server = program.server.base();
    let (count, seed) = size()?;
    let texts = combined::files(server, defrags(program), &mut Dice::new(seed), count / 10);
    let dir = tempfile::tempdir()?;
    let (tally, wrong) = combined::ask_all(program, server, dir.path(), &texts)?;
    page.add(program, Concern::Combined, tally, wrong.len())?;
    println!("{}: {} combined files, {} disagreements; {tally:?}", server.name(), texts.len(), wrong.len());
    shrink::finish(&wrong, seed)
}

/// Leaves out what depends on the machine or the build, not on the configuration.
pub(crate) fn is_askable(defrags: bool, directive: &Directive) -> bool {
    let lacks = match directive.needs {
        // Whether a program has TLS cannot be seen from outside, so nothing that uses it is asked.
        Some(Need::Tls | Need::Rdma | Need::Module) => true,
        Some(Need::Jemalloc) => !defrags,
        None => false,
    };
    !lacks && !LEFT_OUT.iter().any(|(name, _)| *name == directive.name())
}

/// Kinds whose statements only act and show nothing.
pub(crate) fn acts(kind: &Kind) -> bool {
    matches!(kind, Kind::Include | Kind::LoadModule | Kind::RenameCommand | Kind::User | Kind::Sentinel)
}
