//! Type, words and manners of a directive, by what the server says of lines in a file.

use super::lab::Lab;
use super::{DumpError, Entry};

/// A value that is no number, word, path or address.
const BAD: &str = "@bad@";

/// Fills in `kind`, `words`, `multi` and `accepts_empty`.
pub(super) fn ask(lab: &Lab<'_>, entry: &mut Entry) -> Result<(), DumpError> {
    let name = entry.name.clone();
    let bad = match lab.objection(&format!("{name} {BAD}"))? {
        None if is_put_off(lab, &name)? => super::wire::objection(lab, &name, BAD)?,
        bad => bad,
    };
    let told = bad.as_deref().and_then(told);
    if let Some((kind, words)) = told {
        entry.kind = kind;
        entry.words = words;
        entry.multi = kind == "enum" && !is_arity(lab.objection(&format!("{name} {BAD} {BAD}"))?.as_deref());
        if entry.multi {
            entry.kind = "enum-flags";
        }
        let may_be_empty = matches!(kind, "memory" | "memory-or-percent" | "octal");
        entry.accepts_empty = may_be_empty && accepts(lab, &name, "\"\"")?;
        return Ok(());
    }
    let two = lab.objection(&format!("{name} {BAD} {BAD}"))?;
    entry.multi = !is_arity(two.as_deref()) || takes_several(lab, &name)?;
    entry.accepts_empty = accepts(lab, &name, "\"\"")?;
    entry.kind = match (entry.multi, &bad) {
        (true, None) if two.is_none() => "string-list",
        // Redis 6.2 reads permissions with strtol and takes anything, so only the default tells
        (false, None) if is_number(&entry.default) => "octal",
        (false, None) => "string",
        (false, Some(_)) if takes_some_text(lab, &name)? => "string",
        (true, _) | (false, Some(_)) => "special",
    };
    Ok(())
}

/// The type that the objection to a bad value names, and the words of an enumeration.
fn told(objection: &str) -> Option<(&'static str, Vec<String>)> {
    let words = |list: &str| list.split(", ").map(str::to_owned).collect();
    if let Some((_, list)) = objection.split_once("one of the following: ") {
        return Some(("enum", words(list)));
    }
    let known = [
        ("argument must be 'yes' or 'no'", "bool"),
        ("argument couldn't be parsed into an integer", "int"),
        ("argument must be a memory value", "memory"),
        ("argument must be a memory or percent value", "memory-or-percent"),
        ("argument couldn't be parsed as an octal number", "octal"),
    ];
    known.iter().find(|(text, _)| objection.starts_with(text)).map(|(_, kind)| (*kind, Vec::new()))
}

/// Whether the number of arguments is what the server minds. Two texts mean it, and they differ only in this from
/// what single directives say: `Wrong number of arguments in buffer limit configuration.`
fn is_arity(objection: Option<&str>) -> bool {
    matches!(objection, Some("wrong number of arguments" | "Bad directive or wrong number of arguments"))
}

fn accepts(lab: &Lab<'_>, name: &str, value: &str) -> Result<bool, DumpError> {
    Ok(lab.objection(&format!("{name} {value}"))?.is_none())
}

/// Whether the file only takes note of it: the parameter of a module, which since Redis 8.0 needs no dot in its name and
/// may be built in. Its value is judged when the module is there; Redis 8.2 crashes if it is a bad one.
fn is_put_off(lab: &Lab<'_>, name: &str) -> Result<bool, DumpError> {
    accepts(lab, name, &[BAD; 40].join(" "))
}

/// Directives that want an exact number of arguments: three numbers, or a class with three.
fn takes_several(lab: &Lab<'_>, name: &str) -> Result<bool, DumpError> {
    for values in ["1 2 3", "normal 0 0 0"] {
        if !is_arity(lab.objection(&format!("{name} {values}"))?.as_deref()) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether it is a text with a check, such as a host name; `dir` and the event letters take none of these.
fn takes_some_text(lab: &Lab<'_>, name: &str) -> Result<bool, DumpError> {
    for value in ["a", "192.0.2.1", "2001:db8::1"] {
        if accepts(lab, name, value)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_by_objections() {
        let kind = |objection| told(objection).map(|(kind, _)| kind);
        assert_eq!(kind("argument must be 'yes' or 'no'"), Some("bool"));
        assert_eq!(kind("argument must be a memory or percent value"), Some("memory-or-percent"));
        assert_eq!(kind("Invalid save parameters"), None);
        for text in ["argument must be one of the following: a, b", "argument(s) must be one of the following: a, b"] {
            assert_eq!(told(text), Some(("enum", vec!["a".to_owned(), "b".to_owned()])));
        }
    }
}
