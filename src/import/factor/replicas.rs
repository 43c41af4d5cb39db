//! Pairs of a primary and its replica among the instances, and in what they differ.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::outliers::{Oddity, Outlier};
use super::sheet::Sheets;
use crate::catalog;
use crate::config::Value;
use crate::import::Original;

/// Replicas that do not mean what their primary means, in one list.
pub(super) fn all(sheets: &Sheets, originals: &[&Original], names: &[String]) -> Option<Outlier> {
    let mut at_port: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
    for (row, original) in originals.iter().enumerate() {
        for port in ports(original) {
            at_port.entry(port).or_default().push(row);
        }
    }
    let mut primaries: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for (row, original) in originals.iter().enumerate() {
        let Some(Value::Replica(Some((host, port)))) = original.config.get("replicaof") else { continue };
        let host = String::from_utf8_lossy(host).to_ascii_lowercase();
        let answers = |other: &&usize| **other != row && answers_to(originals[**other], &names[**other], &host);
        let mut those = at_port.get(port).into_iter().flatten().filter(answers);
        // Two of that name are none.
        let (Some(primary), None) = (those.next(), those.next()) else { continue };
        let different = different(sheets, *primary, row);
        if !different.is_empty() {
            let text = format!("{} ({})", names[row], different.join(", "));
            primaries.entry(*primary).or_default().push(text);
        }
    }
    let instances: Vec<String> =
        primaries.iter().map(|(row, replicas)| format!("{} ≠ {}", names[*row], replicas.join(", "))).collect();
    let text = match instances.len() {
        0 => return None,
        1 => "1 instance differs from its own replica".to_owned(),
        n => format!("{n} instances differ from their own replica"),
    };
    Some(Outlier { oddity: Oddity::Replica, text, directive: None, instances })
}

fn ports(original: &Original) -> Vec<u16> {
    let names = ["port", "tls-port", "replica-announce-port"];
    let number = |name: &&str| match original.config.get(name) {
        Some(Value::Int(port)) => u16::try_from(*port).ok().filter(|port| *port > 0),
        Some(_) | None => None,
    };
    let mut ports: Vec<u16> = names.iter().filter_map(number).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

/// Whether an instance answers to a host, by an address it binds or announces, or by its name.
fn answers_to(original: &Original, name: &str, host: &str) -> bool {
    let texts = ["bind", "replica-announce-ip", "cluster-announce-ip", "cluster-announce-hostname"];
    let says = texts.iter().any(|directive| match original.config.get(directive) {
        Some(Value::Words(words)) => words.iter().any(|word| is_host(word, host)),
        Some(Value::Text(text)) => is_host(text, host),
        Some(_) | None => false,
    });
    let name = name.to_ascii_lowercase();
    let first = host.split('.').next().unwrap_or(host);
    says || name == host || (host.parse::<IpAddr>().is_err() && first == name)
}

fn is_host(word: &[u8], host: &str) -> bool {
    let word = word.strip_prefix(b"-").unwrap_or(word);
    // Everybody is at home on the loopback.
    let everywhere = |text: &str| text.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified());
    word.eq_ignore_ascii_case(host.as_bytes()) && !everywhere(host)
}

/// Directives in which two instances differ, but for those of their places and those that only replicas heed.
fn different(sheets: &Sheets, a: usize, b: usize) -> Vec<&'static str> {
    let rows = &sheets.table.rows;
    let mut found = Vec::new();
    for (column, kind) in sheets.table.columns.iter().enumerate() {
        let (one, other) = (rows[a][column], rows[b][column]);
        let alike = one.lacks || other.lacks || (one.value == other.value && (one.value > 0 || one.free == other.free));
        let secret = catalog::is_secret(sheets.slots[column].directive);
        if alike || !(kind.tells || secret) {
            continue;
        }
        let name = sheets.name_of(column, a);
        if !name.starts_with("replica-") && !found.contains(&name) && !matches!(name, "masterauth" | "primaryauth") {
            found.push(name);
        }
    }
    found
}
