//! Files of 2 to 40 directives, drawn as often as they occur in real files, with wrong ones mixed in; and lines that are
//! known to act on each other, between such neighbours.

use std::path::Path;

use libtest_mimic::Failed;
use redisconf::catalog::{Lookup, View, Without};
use redisconf::live::Program;
use redisconf::server::Server;

use super::aimed::AIMED;
use super::ask::{Agreed, Ours, Text, ask, stops_as_foretold};
use super::shrink::smallest;
use super::single::Tally;
use super::wild::Choice;
use super::{acts, is_askable};
use crate::dice::Dice;

/// How often each directive occurs in 126 files from public places; `frequency.py` makes it.
const FREQUENCY: &str = include_str!("frequency.tsv");

/// A directive that no real file has is as likely as one that occurs so often.
const RARE: usize = 1;

/// What a version is likely to find in a file.
struct Deck {
    choices: Vec<(usize, Choice)>,
    /// Names that other versions know, or none.
    foreign: Vec<(usize, &'static str)>,
    server: Server,
}

impl Deck {
    fn of(server: Server, defrags: bool) -> Self {
        let view = View::of(server);
        let counts: Vec<(&str, usize)> =
            FREQUENCY.lines().filter_map(|line| line.split_once('\t')).map(|(n, c)| (n, c.parse().unwrap())).collect();
        let askable = view.directives().filter(|one| is_askable(defrags, one) && !one.is.live_only);
        let weight =
            |names: &[&str]| -> usize { counts.iter().filter(|(name, _)| names.contains(name)).map(|(_, n)| n).sum() };
        let choices = askable.map(|one| (weight(&one.names).max(RARE), Choice::of(one))).collect();
        let is_foreign = |name: &str| !matches!(view.look(name), Lookup::Here(_));
        let foreign = counts.iter().filter(|(name, _)| is_foreign(name)).map(|(name, n)| (*n, *name)).collect();
        Self { choices, foreign, server }
    }

    /// A line whose directive is drawn by its weight; the value is any.
    fn line(&self, dice: &mut Dice) -> String {
        weighted(&self.choices, dice).plain(dice)
    }

    /// A line that is accepted where it stands alone.
    fn good_line(&self, dice: &mut Dice) -> String {
        let choice = weighted(&self.choices, dice);
        let is_good = |line: &String| {
            let text = Text { conf: line.clone().into_bytes(), files: Vec::new() };
            Ours::of(&text, self.server).config.verdict().is_none()
        };
        let tried = (0..8).map(|_| choice.plain(dice)).find(is_good);
        let name = choice.directive.name();
        tried.unwrap_or_else(|| {
            let given = choice.directive.default.filter(|_| !acts(&choice.directive.kind));
            given.filter(|value| !value.is_empty()).map_or("hz 10".into(), |value| format!("{name} {value}"))
        })
    }

    fn foreign_line(&self, dice: &mut Dice) -> String {
        format!("{} {}", weighted(&self.foreign, dice), dice.pick(&["yes", "1", "1gb", "a b"]))
    }
}

fn weighted<'a, T>(list: &'a [(usize, T)], dice: &mut Dice) -> &'a T {
    let mut left = dice.roll(list.iter().map(|(weight, _)| weight).sum());
    let drawn = list.iter().find(|(weight, _)| match left.checked_sub(*weight) {
        Some(less) => {
            left = less;
            false
        }
        None => true,
    });
    &drawn.expect("the roll is below the sum").1
}

/// So many files for a version; every other one is aimed.
pub(super) fn files(server: Server, defrags: bool, dice: &mut Dice, count: usize) -> Vec<Text> {
    let deck = Deck::of(server, defrags);
    let mut text = |nth: usize| if nth.is_multiple_of(2) { drawn(&deck, dice) } else { aimed(&deck, nth / 2, dice) };
    let rests = |text: &Text| !Ours::of(text, server).never_rests();
    let some = |nth| std::iter::repeat_with(|| text(nth)).find(rests).expect("some such text rests");
    (0..count).map(some).collect()
}

/// As real files are: most right, some with one or two mistakes, some with names of other versions.
fn drawn(deck: &Deck, dice: &mut Dice) -> Text {
    let mut lines: Vec<String> = (0..2 + dice.roll(39)).map(|_| deck.good_line(dice)).collect();
    match dice.roll(6) {
        0 => insert(&mut lines, deck.line(dice), dice),
        1 => (0..2).for_each(|_| insert(&mut lines, deck.line(dice), dice)),
        2 => insert(&mut lines, deck.foreign_line(dice), dice),
        _ => {}
    }
    text(&lines, Vec::new())
}

/// The aimed lines, in their order or not, between a few drawn ones.
fn aimed(deck: &Deck, nth: usize, dice: &mut Dice) -> Text {
    let (lines, included) = AIMED[nth % AIMED.len()];
    let of_build = |line: &&&str| !is_of_build(deck.server, line);
    let mut lines: Vec<String> = lines.iter().filter(of_build).map(ToString::to_string).collect();
    if dice.one_in(2) {
        (1..lines.len()).rev().for_each(|at| lines.swap(at, dice.roll(at + 1)));
    }
    if dice.one_in(4) {
        let (others, _) = AIMED[dice.roll(AIMED.len())];
        let other = others.iter().find(|line| !line.starts_with("include ") && !is_of_build(deck.server, line));
        insert(&mut lines, other.map_or("hz 10", |line| line).to_owned(), dice);
    }
    for _ in 0..dice.roll(12) {
        insert(&mut lines, deck.good_line(dice), dice);
    }
    let files = if included.is_empty() { Vec::new() } else { vec![("part.conf".to_owned(), included.into())] };
    text(&lines, files)
}

/// Whether builds of one version differ in knowing the name.
fn is_of_build(server: Server, line: &str) -> bool {
    let name = line.split(' ').next().unwrap_or_default();
    matches!(View::of(server).look(name), Lookup::Here(directive) if directive.without == Some(Without::Unknown))
}

fn insert(lines: &mut Vec<String>, line: String, dice: &mut Dice) {
    let at = dice.roll(lines.len() + 1);
    lines.insert(at, line);
}

fn text(lines: &[String], files: Vec<(String, Vec<u8>)>) -> Text {
    Text { conf: (lines.join("\n") + "\n").into_bytes(), files }
}

/// Asks each file by itself; gives what agreed, and the disagreements.
pub(super) fn ask_all(
    program: &Program,
    server: Server,
    dir: &Path,
    texts: &[Text],
) -> Result<(Tally, Vec<String>), Failed> {
    let (mut tally, mut wrong) = (Tally::default(), Vec::new());
    for text in texts {
        if stops_as_foretold(program, dir, text, &Ours::of(text, server))? {
            tally.refused += 1;
            continue;
        }
        tally.own_starts += 1;
        match ask(program, server, text) {
            Ok(Agreed::Refused) => tally.refused += 1,
            Ok(Agreed::Accepted(values)) => {
                tally.accepted += 1;
                tally.values += values;
            }
            Err(difference) => wrong.push(smallest(program, server, text, difference)),
        }
    }
    Ok((tally, wrong))
}
