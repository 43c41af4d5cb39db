//! The type texts of the data files (`int 0..i64`, `enum no yes`, …) and how they become a [`Kind`].
//!
//! A text and not a TOML structure, because ranges exceed the integers of TOML and one line shows a change whole.

use super::directive::{EnumWord, FlagWord, Kind, TextRules};

/// Reads a type text; the error says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Kind, String> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    let kind = match word {
        "int" => range(rest, 10).map(|(min, max)| Kind::Int { min, max })?,
        "memory" => range(rest, 10).map(|(min, max)| Kind::Memory { min, max })?,
        "memory-or-percent" => range(rest, 10).map(|(min, max)| Kind::MemoryOrPercent { min, max })?,
        "octal" => range(rest, 8).map(|(min, max)| Kind::Octal { min, max })?,
        "words" => counts(rest)?,
        "enum" => Kind::Enum(enum_words(rest)?),
        "flags" => Kind::Flags(flag_words(rest)?),
        "text" => Kind::Text(text_rules(rest)?),
        "events" if !rest.is_empty() => Kind::Events(rest.to_owned()),
        _ => return plain(text),
    };
    Ok(kind)
}

/// Types that are a single word.
fn plain(text: &str) -> Result<Kind, String> {
    Ok(match text {
        "bool" => Kind::Bool,
        "bytes" => Kind::Bytes,
        "save" => Kind::Save,
        "buffer-limits" => Kind::BufferLimits,
        "percentiles" => Kind::Percentiles,
        "oom-values" => Kind::OomValues,
        "replica-of" => Kind::ReplicaOf,
        "dir" => Kind::Dir,
        "include" => Kind::Include,
        "rename-command" => Kind::RenameCommand,
        "load-module" => Kind::LoadModule,
        "user" => Kind::User,
        "sentinel" => Kind::Sentinel,
        _ => return Err(format!("`{text}` is no type")),
    })
}

/// Both ends of `MIN..MAX`, each a number or the name of a Rust integer type, whose own end is meant.
fn range(text: &str, radix: u32) -> Result<(i128, i128), String> {
    let (min, max) = text.split_once("..").ok_or_else(|| format!("`{text}` is no range MIN..MAX"))?;
    let (min, _) = ends(min, radix)?;
    let (_, max) = ends(max, radix)?;
    if min > max {
        return Err(format!("the range `{text}` is empty"));
    }
    Ok((min, max))
}

/// The least and the greatest number that a range end may stand for.
fn ends(text: &str, radix: u32) -> Result<(i128, i128), String> {
    Ok(match text {
        "i32" => (i32::MIN.into(), i32::MAX.into()),
        "u32" => (0, u32::MAX.into()),
        "i64" => (i64::MIN.into(), i64::MAX.into()),
        "u64" => (0, u64::MAX.into()),
        _ => {
            let number =
                i128::from_str_radix(text, radix).map_err(|_| format!("`{text}` is not the end of a range"))?;
            (number, number)
        }
    })
}

fn counts(text: &str) -> Result<Kind, String> {
    let (min, max) = range(text, 10)?;
    let count = |number| usize::try_from(number).map_err(|_| format!("`{text}` does not count words"));
    Ok(Kind::Words { min: count(min)?, max: count(max)? })
}

/// `word` or `word=shown`.
fn enum_words(text: &str) -> Result<Vec<EnumWord>, String> {
    let words: Vec<EnumWord> = text
        .split_whitespace()
        .map(|word| {
            let (name, shown) = word.split_once('=').unwrap_or((word, word));
            EnumWord { name: name.to_owned(), shown: shown.to_owned() }
        })
        .collect();
    match words.iter().find(|word| !words.iter().any(|other| other.name == word.shown)) {
        Some(word) => Err(format!("`{}` is shown but not accepted", word.shown)),
        None if words.is_empty() => Err("an enum needs words".to_owned()),
        None => Ok(words),
    }
}

/// `word=bits`.
fn flag_words(text: &str) -> Result<Vec<FlagWord>, String> {
    let words = text.split_whitespace().map(|word| {
        let (name, bits) = word.split_once('=').ok_or_else(|| format!("`{word}` lacks its bits"))?;
        let bits = bits.parse().map_err(|_| format!("`{bits}` are no bits"))?;
        Ok(FlagWord { name: name.to_owned(), bits })
    });
    let words: Vec<FlagWord> = words.collect::<Result<_, String>>()?;
    if words.is_empty() { Err("flags need words".to_owned()) } else { Ok(words) }
}

fn text_rules(text: &str) -> Result<TextRules, String> {
    let mut rules = TextRules::default();
    for option in text.split_whitespace() {
        match option.split_once('=').unwrap_or((option, "")) {
            ("not-empty", "") => rules.not_empty = true,
            ("hostname", "") => rules.hostname = true,
            ("ipv4", "") => rules.ipv4 = true,
            ("ipv6", "") => rules.ipv6 = true,
            ("title-template", "") => rules.title_template = true,
            ("locale", "") => rules.locale = true,
            ("max", most) => rules.longest = Some(most.parse().map_err(|_| format!("`{most}` is no length"))?),
            // The characters may hold a `=`, but the option ends at the first.
            ("refuses", _) => rules.refuses = characters(&option["refuses=".len()..])?,
            _ => return Err(format!("`{option}` is no option of `text`")),
        }
    }
    Ok(rules)
}

/// Characters that stand for themselves, `\\`, `\xHH`, and the range `\xHH-\xHH`.
fn characters(text: &str) -> Result<String, String> {
    let mut found = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("\\\\") {
            found.push('\\');
            rest = after;
        } else if first == '\\' {
            let (low, after) = hexadecimal(rest)?;
            let (high, after) = match after.strip_prefix('-') {
                Some(second) if second.starts_with("\\x") => hexadecimal(second)?,
                Some(_) | None => (low, after),
            };
            found.extend((low..=high).map(char::from));
            rest = after;
        } else {
            found.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    if found.is_empty() || !found.is_ascii() {
        return Err(format!("`{text}` does not name ASCII characters"));
    }
    Ok(found)
}

/// Reads `\xHH` at the start of a text; gives the byte and what follows.
fn hexadecimal(text: &str) -> Result<(u8, &str), String> {
    text.strip_prefix("\\x")
        .and_then(|rest| rest.split_at_checked(2))
        .and_then(|(digits, after)| Some((u8::from_str_radix(digits, 16).ok()?, after)))
        .ok_or_else(|| format!("`{text}` should begin with \\xHH"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_ranges_whose_ends_may_be_named() {
        assert_eq!(parse("int -1..i64"), Ok(Kind::Int { min: -1, max: i64::MAX.into() }));
        assert_eq!(parse("int i32..i32"), Ok(Kind::Int { min: i32::MIN.into(), max: i32::MAX.into() }));
        assert_eq!(parse("memory 0..u64"), Ok(Kind::Memory { min: 0, max: u64::MAX.into() }));
        assert_eq!(parse("memory-or-percent 0..i64"), Ok(Kind::MemoryOrPercent { min: 0, max: i64::MAX.into() }));
        assert_eq!(parse("octal 0..777"), Ok(Kind::Octal { min: 0, max: 0o777 }));
        assert_eq!(parse("words 0..16"), Ok(Kind::Words { min: 0, max: 16 }));
    }

    #[test]
    fn words_may_read_back_as_others() {
        let Ok(Kind::Enum(words)) = parse("enum no yes relative=yes absolute") else { panic!("an enum") };
        let read: Vec<_> = words.iter().map(|word| (word.name.as_str(), word.shown.as_str())).collect();
        assert_eq!(read, [("no", "no"), ("yes", "yes"), ("relative", "yes"), ("absolute", "absolute")]);
    }

    #[test]
    fn flags_carry_their_bits_in_the_order_of_the_table() {
        let Ok(Kind::Flags(words)) = parse("flags no=0 yes=7 cpu=1 net=2 mem=4") else { panic!("flags") };
        let read: Vec<_> = words.iter().map(|word| (word.name.as_str(), word.bits)).collect();
        assert_eq!(read, [("no", 0), ("yes", 7), ("cpu", 1), ("net", 2), ("mem", 4)]);
    }

    #[test]
    fn texts_state_what_they_refuse() {
        let Ok(Kind::Text(rules)) = parse(r"text not-empty max=9 refuses=/\\=\x01-\x03\x7f") else { panic!("a text") };
        assert!(rules.not_empty && !rules.hostname);
        assert_eq!(rules.longest, Some(9));
        assert_eq!(rules.refuses, "/\\=\u{1}\u{2}\u{3}\u{7f}");
        assert_eq!(parse("text"), Ok(Kind::Text(TextRules::default())));
    }

    #[test]
    fn anything_else_is_an_error() {
        for bad in [
            "",
            "boolean",
            "bool yes",
            "int",
            "int 5",
            "int 5..1",
            "int 0..i16",
            "octal 0..9",
            "words -1..2",
            "enum",
            "enum a=b",
            "flags",
            "flags a",
            "flags a=x",
            "text nope",
            "text hostname=1",
            r"text refuses=\y",
            "text refuses=",
            "text refuses=ä",
            "text max=",
            "events",
            " bool",
            "save one",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
