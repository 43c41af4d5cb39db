//! `docs/agreement.md`: what a usual run has compared. `REDISCONF_BLESS=1` writes it anew once all servers have answered.

use std::collections::BTreeMap;
use std::env;
use std::path::Path;
use std::sync::{Arc, Mutex};

use libtest_mimic::Failed;
use redisconf::live::Program;
use redisconf::server::{Server, all};

use super::left_out::limits;
use super::single::Tally;

/// The two kinds of cases.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Concern {
    Single,
    Combined,
}

/// What was compared with one server.
#[derive(Clone)]
struct Row {
    version: String,
    tally: Tally,
    disagreements: usize,
}

/// The rows of this run, which its trials fill in.
#[derive(Clone)]
pub(super) struct Page {
    rows: Arc<Mutex<BTreeMap<(Server, Concern), Row>>>,
    servers: usize,
}

impl Page {
    pub(super) fn of(servers: usize) -> Self {
        Self { rows: Arc::default(), servers }
    }

    /// Takes a row in; the last one of a usual run writes the page, where that is asked for.
    pub(super) fn add(
        &self,
        program: &Program,
        concern: Concern,
        tally: Tally,
        disagreements: usize,
    ) -> Result<(), Failed> {
        let mut rows = self.rows.lock().map_err(|_| "another trial has panicked")?;
        let row = Row { version: program.server.name(), tally, disagreements };
        rows.insert((program.server.base(), concern), row);
        let is_usual =
            env::var_os("REDISCONF_AGREEMENT").is_none() && env::var_os("REDISCONF_AGREEMENT_SEED").is_none();
        if env::var_os("REDISCONF_BLESS").is_some() && is_usual && rows.len() == 2 * self.servers {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/agreement.md");
            std::fs::write(path, written(&rows))?;
        }
        Ok(())
    }
}

const INTRODUCTION: &str = "# Agreement with real servers

Made by a run of the tests; `REDISCONF_BLESS=1 cargo test --test servers -- agreement` writes it anew.

Every configuration of the table was given to redisconf and to the real server, and both said the same: whether the server
starts, at which line it stops, whether it names a line at all, and, where it starts, what CONFIG GET shows for all that the
configuration sets and for the defaults beside.

- **Single cases** are about one directive: right values, both ends of the range and their neighbours, wrong types, units,
  signs, zeros, letter case, every way of quoting, other names of the same directive, the same one twice, two in both orders.
- **Combined files** have 2 to 40 directives, drawn as often as they occur in 126 files from public places, with mistakes
  mixed in; every other file holds lines that are known to act on each other.

";

const HOW: &str = "
## How to run it

```console
$ tests/run --fetch-only                                                   # fetches the servers
$ cargo test --test servers -- agreement                                   # what the table shows
$ REDISCONF_AGREEMENT=all cargo test --test servers -- agreement           # 105,000 single cases, 10,500 files
$ REDISCONF_AGREEMENT_SEED=8 cargo test --test servers -- agreement        # others; a seed makes the same ones each time
```

A disagreement fails the test and is printed as the smallest text that still makes it, with both verdicts and the seed.

Refused texts are read from standard input, before a line that always stops the server, and accepted ones share a file where
they have no directive in common; what neither way can tell has a start of its own. One case in forty is asked both ways.

";

fn written(rows: &BTreeMap<(Server, Concern), Row>) -> String {
    let mut text = INTRODUCTION.to_owned();
    for (concern, title) in [(Concern::Single, "Single cases"), (Concern::Combined, "Combined files")] {
        text.push_str(&format!("## {title}\n\n"));
        text.push_str(
            "| server | asked | refused | accepted | equal values set | disagreements |\n|---|--:|--:|--:|--:|--:|\n",
        );
        let mut sum = [0; 5];
        for ((_, _), row) in rows.iter().filter(|((_, of), _)| *of == concern) {
            let Tally { refused, accepted, values, .. } = row.tally;
            let numbers = [refused + accepted + row.disagreements, refused, accepted, values, row.disagreements];
            sum.iter_mut().zip(numbers).for_each(|(sum, number)| *sum += number);
            text.push_str(&line(&row.version, &numbers));
        }
        text.push_str(&line("all", &sum));
        text.push('\n');
    }
    let is_asked = |server: &&Server| rows.keys().any(|(asked, _)| asked == *server);
    let dumped: Vec<String> = all().iter().filter(|server| !is_asked(server)).map(|server| server.name()).collect();
    text.push_str(&limits(&dumped));
    text.push_str(HOW.trim_end());
    text.push('\n');
    text
}

fn line(name: &str, numbers: &[usize]) -> String {
    let cells: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    format!("| {name} | {} |\n", cells.join(" | "))
}
