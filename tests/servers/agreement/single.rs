//! Many cases, each judged by itself, asked with few starts.
//!
//! Texts that we refuse are read from standard input, before a line that always stops the server. Texts that we accept and
//! that have no directive in common are put into one file, whose one start tells that all are accepted and what CONFIG GET
//! shows for each. Only what neither way can tell has a start of its own; so has a sample of the others, as proof.

use std::collections::BTreeSet;
use std::path::Path;

use libtest_mimic::Failed;
use redisconf::catalog::DirectiveId;
use redisconf::live::Program;
use redisconf::server::Server;

use super::ask::{Agreed, Ours, Text, ask, stops_as_foretold};
use super::shrink::smallest;
use crate::dice::Dice;

/// What agreed, and how it was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) refused: usize,
    pub(super) accepted: usize,
    /// Values that CONFIG GET showed as we say.
    pub(super) values: usize,
    /// Starts that told of many cases.
    pub(super) shared_starts: usize,
    /// Cases with a start of their own, as no other way could tell.
    pub(super) own_starts: usize,
    /// Cases that were asked both ways.
    pub(super) both_ways: usize,
}

/// What changes the rest of a file, shuts us out, or makes the threads of another case run without rest; each such case
/// has a start of its own.
const ALONE: [&str; 10] = [
    "aclfile",
    "client-output-buffer-limit",
    "cluster-enabled",
    "include",
    "io-threads-always-active",
    "maxclients",
    "maxmemory-clients",
    "rename-command",
    "requirepass",
    "user",
];

/// How many cases a file holds at most.
const LARGEST_FILE: usize = 200;

/// One case in so many is asked both ways.
const PROOF: usize = 40;

/// Accepted cases without a directive in common.
#[derive(Default)]
struct Together<'a> {
    ids: BTreeSet<DirectiveId>,
    texts: Vec<&'a Text>,
}

/// Asks all cases; gives what agreed, and the disagreements.
pub(super) fn ask_all(
    program: &Program,
    server: Server,
    dir: &Path,
    texts: &[Text],
    dice: &mut Dice,
) -> Result<(Tally, Vec<String>), Failed> {
    let mut asking = Asking { program, server, tally: Tally::default(), wrong: Vec::new() };
    let mut files: Vec<Together<'_>> = Vec::new();
    for text in texts {
        let ours = Ours::of(text, server);
        let proof = dice.one_in(PROOF);
        if ours.refusal().is_some() {
            if stops_as_foretold(program, dir, text, &ours)? {
                asking.tally.refused += 1;
                if proof {
                    asking.prove(text, |agreed| agreed == Agreed::Refused);
                }
            } else {
                asking.alone(text);
            }
        } else if stands_alone(text, &ours) {
            asking.alone(text);
        } else {
            if proof {
                asking.prove(text, |agreed| agreed != Agreed::Refused);
            }
            put(&mut files, text, &ours);
        }
    }
    for file in &files {
        asking.together(&file.texts);
    }
    Ok((asking.tally, asking.wrong))
}

fn stands_alone(text: &Text, ours: &Ours) -> bool {
    ours.mentions(&ALONE) || text.conf.contains(&0) || !text.files.is_empty()
}

/// Into the first file that knows none of its directives.
fn put<'a>(files: &mut Vec<Together<'a>>, text: &'a Text, ours: &Ours) {
    let ids: BTreeSet<DirectiveId> = ours.config.entries().iter().map(|entry| entry.id).collect();
    let fits = |file: &&mut Together<'_>| file.texts.len() < LARGEST_FILE && file.ids.is_disjoint(&ids);
    if let Some(file) = files.iter_mut().find(fits) {
        file.ids.extend(ids);
        file.texts.push(text);
    } else {
        files.push(Together { ids, texts: vec![text] });
    }
}

struct Asking<'a> {
    program: &'a Program,
    server: Server,
    tally: Tally,
    wrong: Vec<String>,
}

impl Asking<'_> {
    fn alone(&mut self, text: &Text) {
        self.tally.own_starts += 1;
        match ask(self.program, self.server, text) {
            Ok(agreed) => self.count(agreed),
            Err(difference) => self.wrong.push(smallest(self.program, self.server, text, difference)),
        }
    }

    fn count(&mut self, agreed: Agreed) {
        match agreed {
            Agreed::Refused => self.tally.refused += 1,
            Agreed::Accepted(values) => {
                self.tally.accepted += 1;
                self.tally.values += values;
            }
        }
    }

    fn each_alone(&mut self, texts: &[&Text]) {
        for text in texts {
            self.alone(text);
        }
    }

    /// The same by a start of its own.
    fn prove(&mut self, text: &Text, is_same: impl Fn(Agreed) -> bool) {
        self.tally.both_ways += 1;
        match ask(self.program, self.server, text) {
            Ok(agreed) if is_same(agreed) => {}
            Ok(agreed) => self.wrong.push(format!("a start of its own tells {agreed:?}: {}", super::ask::shown(text))),
            Err(difference) => self.wrong.push(smallest(self.program, self.server, text, difference)),
        }
    }

    /// One start for many; where it tells of a difference, each has its own.
    fn together(&mut self, texts: &[&Text]) {
        let ended = |text: &&Text| {
            if text.conf.ends_with(b"\n") { text.conf.clone() } else { [&text.conf[..], b"\n"].concat() }
        };
        let all = Text { conf: texts.iter().flat_map(ended).collect(), files: Vec::new() };
        self.tally.shared_starts += 1;
        match ask(self.program, self.server, &all) {
            Ok(Agreed::Accepted(values)) => {
                self.tally.accepted += texts.len();
                self.tally.values += values;
            }
            // Together they are refused, as we said: so each has still to be asked.
            Ok(Agreed::Refused) => self.each_alone(texts),
            Err(difference) => {
                let before = self.wrong.len();
                self.each_alone(texts);
                if self.wrong.len() == before {
                    self.wrong.push(smallest(self.program, self.server, &all, difference));
                }
            }
        }
    }
}
