//! Outliers: who does not do as its likes do. Nothing is judged; one of them may be the only one that is right.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::{Cell, Layers, Word, over};
use super::replicas;
use super::sheet::{Said, Sheets};
use crate::catalog::{self, State, View};
use crate::import::Original;

/// In what an instance is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// Its values differ from those of its own replica.
    Replica,
    /// It runs a version that few run.
    Version,
    /// No other instance has the value.
    Alone,
    /// The value is not that of its likes, and others have it.
    Unlike,
    /// Instances have values that one or two have each.
    Scattered,
    /// Its file has lines that do nothing.
    WithoutEffect,
}

/// Some instances and what is odd about them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlier {
    /// In what they are odd.
    pub oddity: Oddity,
    /// One line about it.
    pub text: String,
    /// The directive, if it is about one.
    pub directive: Option<String>,
    /// The instances, sorted; with what is particular to one behind it.
    pub instances: Vec<String>,
}

/// From so many on, values that hardly any instance has are one line.
const SCATTERED: usize = 3;
/// Hardly any.
const HARDLY_ANY: usize = 2;

/// All of them: by oddity, then what concerns the most instances first.
pub(super) fn all(
    sheets: &Sheets,
    layers: &Layers,
    profiles: &[&str],
    originals: &[&Original],
    names: &[String],
    min_share: usize,
) -> Vec<Outlier> {
    let mut found: Vec<Outlier> = replicas::all(sheets, originals, names).into_iter().collect();
    found.extend(versions(originals, names, min_share));
    found.extend(values(sheets, layers, profiles, names, min_share));
    found.extend(without_effect(originals, names));
    for outlier in &mut found {
        outlier.instances.sort();
    }
    found.sort_by(|a, b| {
        let key = |one: &Outlier| (one.oddity, std::cmp::Reverse(one.instances.len()));
        (key(a), &a.text).cmp(&(key(b), &b.text))
    });
    found
}

/// `7 instances are`, `1 instance is`.
fn how_many(n: usize) -> String {
    if n == 1 { "1 instance is".into() } else { format!("{n} instances are") }
}

fn have(n: usize) -> String {
    if n == 1 { "1 instance has".into() } else { format!("{n} instances have") }
}

fn versions(originals: &[&Original], names: &[String], min_share: usize) -> Vec<Outlier> {
    let mut by_version: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (original, name) in originals.iter().zip(names) {
        by_version.entry(original.reading.server.base().to_string()).or_default().push(name.clone());
    }
    by_version.retain(|_, of| of.len() < min_share && of.len() * 10 < names.len());
    let one = |(version, instances): (String, Vec<String>)| Outlier {
        oddity: Oddity::Version,
        text: format!("{} alone on {version}", how_many(instances.len())),
        directive: None,
        instances,
    };
    by_version.into_iter().map(one).collect()
}

/// What is in force where the most do alike: by the layers, or by what most likes mean.
fn usual(sheets: &Sheets, column: usize, word: Word, likes: &[usize], min_share: usize) -> Option<Cell> {
    let of = |row: usize| sheets.table.rows[row][column];
    if let Word::Says(value) = word {
        return Some(Cell { value, free: false, lacks: false });
    }
    let mut counts: BTreeMap<Cell, usize> = BTreeMap::new();
    likes.iter().map(|row| of(*row)).filter(|cell| !cell.lacks).for_each(|cell| *counts.entry(cell).or_default() += 1);
    let total: usize = counts.values().sum();
    let (cell, most) = counts.into_iter().max_by_key(|(cell, count)| (*count, std::cmp::Reverse(*cell)))?;
    (most >= min_share && most * 3 >= total * 2).then_some(cell)
}

/// Whether two cells of one column mean the same.
fn same(a: Cell, b: Cell) -> bool {
    a.lacks || b.lacks || (a.value == b.value && (a.value > 0 || a.free == b.free))
}

/// Instances whose value is not the usual one of their profile.
fn values(sheets: &Sheets, layers: &Layers, profiles: &[&str], names: &[String], min_share: usize) -> Vec<Outlier> {
    let everybody: Vec<usize> = (0..names.len()).collect();
    let mut likes: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for row in &everybody {
        likes.entry(layers.of[*row]).or_default().push(*row);
    }
    let mut found = Vec::new();
    for (column, kind) in sheets.table.columns.iter().enumerate() {
        if !kind.tells && !catalog::is_secret(sheets.slots[column].directive) {
            continue;
        }
        let name = label(sheets, column, &everybody);
        let mut odd: BTreeMap<Cell, Vec<(usize, Cell)>> = BTreeMap::new();
        for (profile, members) in &likes {
            let word = profile.map_or(Word::Silent, |profile| layers.profiles[profile].words[column]);
            let word = over(layers.base[column], word);
            // Those without a profile have no likes but all.
            let likes = if profile.is_some() { members } else { &everybody };
            let Some(usual) = usual(sheets, column, word, likes, min_share) else { continue };
            for row in members {
                let cell = sheets.table.rows[*row][column];
                if !same(cell, usual) {
                    odd.entry(cell).or_default().push((*row, usual));
                }
            }
        }
        let holders = |cell: Cell| everybody.iter().filter(|row| sheets.table.rows[**row][column] == cell).count();
        let (single, more): (Vec<_>, Vec<_>) =
            odd.into_iter().partition(|(cell, rows)| holders(*cell) == rows.len() && rows.len() <= HARDLY_ANY);
        let told = |rows: &[(usize, Cell)]| rows.iter().map(|(row, _)| names[*row].clone()).collect::<Vec<_>>();
        if single.len() >= SCATTERED {
            let instances: Vec<String> = single
                .iter()
                .flat_map(|(cell, rows)| {
                    let shown = shown(sheets, column, *cell);
                    rows.iter().map(move |(row, _)| format!("{} ({shown})", names[*row]))
                })
                .collect();
            let text = format!("{} a `{name}` that hardly any other has", have(instances.len()));
            found.push(Outlier { oddity: Oddity::Scattered, text, directive: Some(name.clone()), instances });
        }
        let rest = if single.len() >= SCATTERED { Vec::new() } else { single };
        for (cell, rows) in more.into_iter().chain(rest) {
            let usual: BTreeSet<String> = rows.iter().map(|(_, usual)| shown(sheets, column, *usual)).collect();
            let usual = usual.into_iter().collect::<Vec<_>>().join(" or ");
            let here = shown(sheets, column, cell);
            let (oddity, text) = if holders(cell) == rows.len() {
                (Oddity::Alone, format!("{} alone with `{name}` {here} (usual: {usual})", how_many(rows.len())))
            } else {
                let profiles: BTreeSet<&str> =
                    rows.iter().filter_map(|(row, _)| layers.of[*row]).map(|profile| profiles[profile]).collect();
                let unlike = match profiles.into_iter().collect::<Vec<_>>().as_slice() {
                    [] => "the others".to_owned(),
                    [one] => format!("the profile {one}"),
                    several => format!("the profiles {}", several.join(", ")),
                };
                (Oddity::Unlike, format!("{} `{name}` {here}, unlike {unlike} ({usual})", have(rows.len())))
            };
            found.push(Outlier { oddity, text, directive: Some(name.clone()), instances: told(&rows) });
        }
    }
    found
}

fn label(sheets: &Sheets, column: usize, rows: &[usize]) -> String {
    let name = sheets.name(column, rows);
    sheets.slots[column].key.map_or_else(|| name.to_owned(), |class| format!("{name} {}", class.name()))
}

/// A value for people; of secrets the name.
fn shown(sheets: &Sheets, column: usize, cell: Cell) -> String {
    match sheets.said(column, cell.value) {
        Some(Said::Secret(name)) => format!("(secret {name})"),
        Some(Said::Toml(text)) if text == "\"\"" => "(empty)".into(),
        Some(Said::Toml(text)) => text.trim_matches('"').to_owned(),
        None => "not set".into(),
    }
}

/// Lines that the version ignores, or that a later line takes back.
fn without_effect(originals: &[&Original], names: &[String]) -> Vec<Outlier> {
    let mut found: BTreeMap<(String, bool, String), Vec<String>> = BTreeMap::new();
    for (original, name) in originals.iter().zip(names) {
        let server = original.reading.server.base();
        for entry in original.config.entries() {
            let Some(directive) = View::of(server).get(entry.id) else { continue };
            let inert = directive.state != State::Accepted;
            if inert || entry.parts.iter().any(|part| part.beaten_by.is_some() && part.value.is_ok()) {
                let key = (directive.name().to_owned(), inert, server.to_string());
                found.entry(key).or_default().push(name.clone());
            }
        }
    }
    let one = |((directive, inert, version), instances): ((String, bool, String), Vec<String>)| {
        let why = if inert { format!("that {version} ignores") } else { "that a later one takes back".to_owned() };
        let text = format!("{} a `{directive}` line {why}", have(instances.len()));
        Outlier { oddity: Oddity::WithoutEffect, text, directive: Some(directive), instances }
    };
    // What a later line takes back is the same in all versions.
    let mut merged: BTreeMap<(String, bool, String), Vec<String>> = BTreeMap::new();
    for ((directive, inert, version), instances) in found {
        let version = if inert { version } else { String::new() };
        merged.entry((directive, inert, version)).or_default().extend(instances);
    }
    merged.into_iter().map(one).collect()
}
