//! `docs/agreement.md` comes from a run with real servers; what it says without them is checked here.

use std::path::Path;

use redisconf::server::{self, Server};

#[path = "../servers/agreement/left_out.rs"]
mod left_out;

/// What is to be proven: single cases, combined files, servers.
const BARS: [(&str, usize); 2] = [("Single cases", 20_000), ("Combined files", 2_000)];
const SERVERS: usize = 6;

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/agreement.md")).unwrap()
}

/// The rows of a table under a heading: the server, and its numbers.
fn rows<'a>(page: &'a str, heading: &str) -> Vec<(&'a str, Vec<usize>)> {
    let (_, rest) = page.split_once(&format!("## {heading}\n")).unwrap();
    let table = rest.split("\n## ").next().unwrap();
    let cells = |line: &'a str| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
    let lines = table.lines().filter(|line| line.starts_with('|')).skip(2).map(cells);
    lines.map(|cells| (cells[0], cells[1..].iter().map(|cell| cell.parse().unwrap()).collect())).collect()
}

#[test]
fn the_agreement_page_reaches_the_bars() {
    let page = page();
    for (heading, bar) in BARS {
        let rows = rows(&page, heading);
        let (all, servers) = rows.split_last().unwrap();
        assert!(servers.len() >= SERVERS && all.0 == "all", "{heading}: {} servers", servers.len());
        for engine in ["redis-", "valkey-"] {
            assert!(servers.iter().any(|(name, _)| name.starts_with(engine)), "{heading}: no {engine}");
        }
        for (column, sum) in all.1.iter().enumerate() {
            assert_eq!(*sum, servers.iter().map(|(_, numbers)| numbers[column]).sum::<usize>(), "{heading}");
        }
        assert!(all.1[0] >= bar, "{heading}: only {}", all.1[0]);
        assert_eq!(all.1.last(), Some(&0), "{heading}: there are disagreements");
    }
}

#[test]
fn the_agreement_page_names_its_limits_as_the_code_has_them() {
    let page = page();
    let asked: Vec<Server> =
        rows(&page, BARS[0].0).iter().filter_map(|(name, _)| name.parse::<Server>().ok()).map(Server::base).collect();
    let dumped: Vec<String> =
        server::all().iter().filter(|server| !asked.contains(server)).map(|server| server.name()).collect();
    assert!(
        page.contains(&left_out::limits(&dumped)),
        "run `REDISCONF_BLESS=1 cargo test --test servers -- agreement` with all servers"
    );
    assert!(left_out::LEFT_OUT.is_sorted());
}
