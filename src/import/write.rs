//! The text of a profile, in the order in which people read one.

use super::decide::{Decided, Setting, Text};
use super::value::{key, quoted};
use super::{Original, Request};
use crate::facts::Said;

/// Writes the profile.
pub(super) fn text(decided: &Decided, original: &Original, request: &Request<'_>) -> String {
    let mut text = format!("# {}\n", comment(request.from));
    text.push_str("schema = 1\n");
    text.push_str(&format!("name = {}\n", quoted(request.name)));
    text.push_str(&format!("default-server = {}\n", quoted(&original.reading.server.name())));
    if !request.extends.is_empty() {
        text.push_str(&format!("extends = {}\n", list(request.extends)));
    }
    let facts: Vec<String> =
        original.facts.iter().map(|(name, fact)| format!("{} = {}\n", key(name), said(fact.said))).collect();
    body(decided, &facts, &mut text);
    text
}

/// What stands below the head: everything that is decided.
pub(super) fn body(decided: &Decided, facts: &[String], text: &mut String) {
    if !decided.unset.is_empty() {
        text.push_str(&format!("unset = {}\n", list(&decided.unset)));
    }
    if !decided.modules.is_empty() {
        let modules = decided.modules.iter().map(|(path, arguments)| match arguments.as_slice() {
            [] => quoted(path),
            arguments => format!("{{ path = {}, arguments = {} }}", quoted(path), list(arguments)),
        });
        text.push_str(&format!("modules = [{}]\n", modules.collect::<Vec<_>>().join(", ")));
    }
    table("facts", facts, text);
    settings("settings", &decided.settings, text);
    settings("prefer", &decided.prefer, text);
    let said = decided.settings.iter().chain(&decided.prefer);
    let reasons = said.filter_map(|setting| Some((setting.name, setting.why.as_ref()?)));
    let reasons: Vec<String> = reasons.map(|(name, why)| format!("{} = {}\n", key(name), quoted(why))).collect();
    table("why", &reasons, text);
    for user in &decided.users {
        let passwords: Vec<String> =
            user.passwords.iter().map(|name| format!("{{ secret = {} }}", quoted(name))).collect();
        let mut lines = vec![format!("rules = {}\n", quoted(&user.rules))];
        if !passwords.is_empty() {
            lines.push(format!("passwords = [{}]\n", passwords.join(", ")));
        }
        table(&format!("users.{}", key(&user.name)), &lines, text);
    }
    let renames: Vec<String> =
        decided.renames.iter().map(|(old, new)| format!("{} = {}\n", key(old), quoted(new))).collect();
    table("rename-commands", &renames, text);
}

/// Directives, in the table `settings` or one like it.
pub(super) fn settings(name: &str, settings: &[Setting], text: &mut String) {
    let one = settings.iter().filter_map(|setting| match &setting.text {
        Text::One(value) => Some(format!("{} = {value}\n", key(setting.name))),
        Text::Secret(name) => Some(format!("{} = {{ secret = {} }}\n", key(setting.name), quoted(name))),
        Text::Classes(_) => None,
    });
    table(name, &one.collect::<Vec<_>>(), text);
    for setting in settings {
        if let Text::Classes(classes) = &setting.text {
            let lines: Vec<String> =
                classes.iter().map(|(class, limits)| format!("{} = {limits}\n", class.name())).collect();
            table(&format!("{name}.{}", key(setting.name)), &lines, text);
        }
    }
}

/// A fact as a profile says it, to the byte.
fn said(said: Said) -> String {
    match said {
        Said::Bytes(bytes) => {
            let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10), ("B", 0)];
            let fits = |(_, shift): &&(&str, u32)| bytes >> shift > 0 && bytes.trailing_zeros() >= *shift;
            let (unit, shift) = units.iter().find(fits).unwrap_or(&("B", 0));
            quoted(&format!("{}{unit}", bytes >> shift))
        }
        Said::Count(_) | Said::Processors(_) => said.to_string(),
        Said::Milliseconds(_) | Said::Word(_) | Said::Permissions(_) | Said::Percent(_) => quoted(&said.to_string()),
    }
}

/// A table with its lines; nothing without any.
pub(super) fn table(name: &str, lines: &[String], text: &mut String) {
    if !lines.is_empty() {
        text.push_str(&format!("\n[{name}]\n{}", lines.concat()));
    }
}

/// Texts as a list.
pub(super) fn list<T: AsRef<str>>(texts: &[T]) -> String {
    format!("[{}]", texts.iter().map(|text| quoted(text.as_ref())).collect::<Vec<_>>().join(", "))
}

/// A text that stays on its line.
pub(super) fn comment(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
