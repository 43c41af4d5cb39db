//! Cases that nobody would think of: values of a directive in chance spellings, twice, by another name, beside others.

use redisconf::catalog::{Directive, Kind, State, View};
use redisconf::syntax::quote::conf_word;

use super::ask::{Ours, Text};
use super::{acts, is_askable};
use crate::dice::Dice;
use crate::generate::{is_costly, raw_lines, values};

/// So many texts about one directive or two of a version.
pub(super) fn wild(view: &'static View, defrags: bool, dice: &mut Dice, count: usize) -> Vec<Text> {
    let choices: Vec<Choice> = view
        .directives()
        .filter(|directive| is_askable(defrags, directive) && !directive.is.live_only)
        .map(Choice::of)
        .collect();
    let text = |dice: &mut Dice| Text { conf: case(&choices, dice), files: Vec::new() };
    let rests = |text: &Text| !Ours::of(text, view.server()).never_rests();
    std::iter::repeat_with(|| text(dice)).filter(rests).take(count).collect()
}

/// A directive with what it may be told.
pub(super) struct Choice {
    pub(super) directive: &'static Directive,
    values: Vec<String>,
    raw: Vec<&'static str>,
}

impl Choice {
    pub(super) fn of(directive: &'static Directive) -> Self {
        let raw = raw_lines(&directive.kind);
        let mut values = if acts(&directive.kind) || directive.state == State::Inert {
            vec!["x".into(), String::new()]
        } else {
            let (good, mut values) = values(directive);
            values.extend(std::iter::repeat_n(good, values.len() / 4));
            values
        };
        values.extend(directive.default.map(String::from));
        Self { directive, values, raw }
    }

    /// One value, without its spelling.
    fn value(&self, dice: &mut Dice) -> String {
        let kind = &self.directive.kind;
        if let Kind::Int { min, max } = kind
            && dice.one_in(3)
            && !is_costly(self.directive)
        {
            return within(*min, *max, dice);
        }
        if matches!(kind, Kind::Memory { .. } | Kind::MemoryOrPercent { .. }) && dice.one_in(2) {
            let unit = dice.pick(&["", "b", "k", "kb", "m", "mb", "g", "gb", "t", "ki", "%"]);
            let zeros = dice.pick(&["", "", "", "0", "000"]);
            let sides = dice.pick(&[10, 200, 100_000]);
            return format!("{zeros}{}{}", dice.roll(sides), cased(unit, dice));
        }
        self.values[dice.roll(self.values.len())].clone()
    }

    /// A line with a plain spelling, which may still be refused for its value.
    pub(super) fn plain(&self, dice: &mut Dice) -> String {
        let name = dice.pick(&self.directive.names);
        if !self.raw.is_empty() && (acts(&self.directive.kind) || dice.one_in(3)) {
            return format!("{name} {}", dice.pick(&self.raw));
        }
        let value = self.value(dice);
        let words: Vec<String> = value.split(' ').map(|word| conf_word(word.as_bytes())).collect();
        let many = self.directive.kind.is_many_valued() && !value.is_empty();
        if many { format!("{name} {}", words.join(" ")) } else { format!("{name} {}", conf_word(value.as_bytes())) }
    }
}

/// A number near an end of the range, or of any length in it.
fn within(min: i128, max: i128, dice: &mut Dice) -> String {
    let step = i128::try_from(dice.roll(4)).expect("a small number");
    let digits = dice.pick(&[1, 2, 3, 5, 8, 10, 15]);
    let any = i128::try_from(dice.roll(10_usize.pow(digits)));
    let number = match dice.roll(4) {
        0 => min + step - 1,
        1 => max - step + 1,
        _ => any.expect("fifteen digits"),
    };
    number.to_string()
}

fn case(choices: &[Choice], dice: &mut Dice) -> Vec<u8> {
    let choice = &choices[dice.roll(choices.len())];
    let mut text = Vec::new();
    let other = |dice: &mut Dice| choices[dice.roll(choices.len())].plain(dice);
    match dice.roll(8) {
        0 | 1 => {
            text.extend(line(choice, dice));
            text.extend(line(choice, dice));
        }
        2 => {
            text.extend(format!("{}\n", other(dice)).bytes());
            text.extend(line(choice, dice));
        }
        3 => {
            text.extend(line(choice, dice));
            text.extend(format!("{}\n", other(dice)).bytes());
        }
        _ => text.extend(line(choice, dice)),
    }
    // A byte that some versions lose, with what comes after it or without.
    if dice.one_in(40) {
        let at = dice.roll(text.len());
        text.insert(at, dice.pick(&[0, 0xff, 0x0b, 0x0c, b'\r', b'#', b'\\', b'\'', b'"']));
    }
    text
}

/// One statement in a chance spelling.
fn line(choice: &Choice, dice: &mut Dice) -> Vec<u8> {
    let name = cased(dice.pick(&choice.directive.names), dice);
    let name = match dice.roll(24) {
        0 => format!("\"{name}\""),
        1 => format!("'{name}'"),
        2 => name.bytes().map(|b| format!("\\x{b:02X}")).fold("\"".to_owned(), |all, b| all + &b) + "\"",
        _ => name,
    };
    let value = choice.value(dice);
    let double = || conf_word(format!("{value} ").as_bytes()).replacen(" \"", "\"", 1);
    let single = || format!("'{}'", value.replace('\'', "\\'"));
    let arguments = match dice.roll(14) {
        0 => double(),
        1 => single(),
        2 => value.bytes().map(|b| format!("\\x{b:02x}")).fold("\"".to_owned(), |all, b| all + &b) + "\"",
        3 => value.clone(),
        4 => value.split(' ').map(|word| format!("'{word}'")).collect::<Vec<_>>().join("\t"),
        5 => {
            let half = (0..=value.len() / 2).rev().find(|at| value.is_char_boundary(*at)).unwrap_or_default();
            format!("{}\"{}\"", &value[..half], &value[half..])
        }
        6 => dice.pick(&["\"", "'", "\"\\\"", "'\\'"]).to_owned() + &value,
        7 => format!("{value} # {value}"),
        8 => format!("{value} {value}"),
        9 => cased(&value, dice),
        _ if !choice.raw.is_empty() && dice.one_in(2) => dice.pick(&choice.raw).to_owned(),
        _ => conf_word(value.as_bytes()),
    };
    // The value of a raw newline would be another statement, of any name.
    let arguments = arguments.replace('\0', "\\0");
    let before = dice.pick(&["", "", "", " ", "\t", "\r", "\x0b"]);
    let between = dice.pick(&[" ", " ", " ", "  ", "\t", "\x0b ", "\x0c", "=", " = "]);
    let after = dice.pick(&["\n", "\n", "\n", "\r\n", " \n", "\t\x0c\n"]);
    format!("{before}{name}{between}{arguments}{after}").into_bytes()
}

/// As it is, in capitals, or each letter as chance has it.
fn cased(text: &str, dice: &mut Dice) -> String {
    match dice.roll(4) {
        0 => text.to_ascii_uppercase(),
        1 => text.chars().map(|c| if dice.one_in(2) { c.to_ascii_uppercase() } else { c }).collect(),
        _ => text.to_owned(),
    }
}
