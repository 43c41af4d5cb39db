//! The text of a profile with more in it: new keys in its tables, and every byte that was there as it was.

use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::decide::{Decided, Setting, Text};

/// Adds what was decided; `None` if the text has something else in the place of a table.
pub(super) fn grown(text: &str, more: &Decided) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    for setting in &more.settings {
        set(&mut document, setting)?;
    }
    for setting in &more.settings {
        if let Some(why) = &setting.why
            && let reasons = table(document.as_table_mut(), "why")?
            && reasons.get(setting.name).is_none()
        {
            reasons.insert(setting.name, Item::Value(why.into()));
        }
    }
    for user in &more.users {
        let users = document.as_table_mut().entry("users").or_insert_with(|| {
            let mut users = Table::new();
            users.set_implicit(true);
            Item::Table(users)
        });
        let entry = table(users.as_table_like_mut()?, &user.name)?;
        entry.insert("rules", Item::Value(user.rules.as_str().into()));
        let named = |name: &String| {
            let mut secret = InlineTable::new();
            secret.insert("secret", name.as_str().into());
            Value::InlineTable(secret)
        };
        if !user.passwords.is_empty() {
            let passwords: Array = user.passwords.iter().map(named).collect();
            entry.insert("passwords", Item::Value(Value::Array(passwords)));
        }
    }
    for (old, new) in &more.renames {
        table(document.as_table_mut(), "rename-commands")?.insert(old, Item::Value(new.into()));
    }
    for (path, arguments) in &more.modules {
        let none = || Item::Value(Value::Array(Array::new()));
        let modules = document.as_table_mut().entry("modules").or_insert_with(none).as_array_mut()?;
        if arguments.is_empty() {
            modules.push(path.as_str());
        } else {
            let mut module = InlineTable::new();
            module.insert("path", path.as_str().into());
            module.insert("arguments", Value::Array(arguments.iter().map(String::as_str).collect()));
            modules.push(Value::InlineTable(module));
        }
    }
    Some(document.to_string())
}

fn set(document: &mut DocumentMut, setting: &Setting) -> Option<()> {
    let settings = table(document.as_table_mut(), "settings")?;
    match &setting.text {
        Text::One(value) => _ = settings.insert(setting.name, Item::Value(value.parse().ok()?)),
        Text::Secret(name) => {
            let mut secret = InlineTable::new();
            secret.insert("secret", name.as_str().into());
            settings.insert(setting.name, Item::Value(Value::InlineTable(secret)));
        }
        Text::Classes(classes) => {
            let limits = table(settings, setting.name)?;
            for (class, value) in classes {
                limits.insert(class.name(), Item::Value(value.parse().ok()?));
            }
        }
    }
    Some(())
}

/// The table of that name, made if need be.
fn table<'t>(of: &'t mut dyn TableLike, name: &str) -> Option<&'t mut dyn TableLike> {
    if of.get(name).is_none() {
        of.insert(name, Item::Table(Table::new()));
    }
    of.get_mut(name)?.as_table_like_mut()
}

#[cfg(test)]
mod tests {
    use super::super::decide::UserTable;
    use super::*;
    use crate::config::Class;

    fn one(name: &'static str, text: &str, why: Option<&str>) -> Setting {
        Setting { name, text: Text::One(text.into()), why: why.map(str::to_owned) }
    }

    #[test]
    fn what_was_there_stays_as_it_was() {
        let text = "# ours\nschema = 1 # the first\n\n[settings]   # in force\nhz   = 20\n# the end of them\n\n[why]\nhz = \"x\"\n# last\n";
        let more = Decided {
            settings: vec![one("timeout", "30", Some("why \"not\"")), one("save", "[\"60 1\"]", None)],
            renames: vec![("FLUSHALL".into(), String::new())],
            ..Decided::default()
        };
        assert_eq!(
            grown(text, &more).unwrap(),
            "# ours\nschema = 1 # the first\n\n[settings]   # in force\nhz   = 20\ntimeout = 30\nsave = [\"60 1\"]\n# the end of them\n\n\
             [why]\nhz = \"x\"\ntimeout = 'why \"not\"'\n\n[rename-commands]\nFLUSHALL = \"\"\n# last\n"
        );
    }

    #[test]
    fn tables_are_made_and_every_form_of_them_takes_more() {
        let limits = Setting {
            name: "client-output-buffer-limit",
            text: Text::Classes(vec![(Class::Pubsub, "{ hard = 1, soft = 2, seconds = 3 }".into())]),
            why: None,
        };
        let user = UserTable { name: "ann".into(), rules: "on +@read".into(), passwords: vec!["user-ann".into()] };
        let more = Decided {
            settings: vec![one("hz", "20", None), limits],
            users: vec![user],
            modules: vec![("/m.so".into(), vec![]), ("/n.so".into(), vec!["A".into()])],
            ..Decided::default()
        };
        assert_eq!(
            grown("schema = 1\n", &more).unwrap(),
            "schema = 1\nmodules = [\"/m.so\", { path = \"/n.so\", arguments = [\"A\"] }]\n\n[settings]\nhz = 20\n\n\
             [settings.client-output-buffer-limit]\npubsub = { hard = 1, soft = 2, seconds = 3 }\n\n\
             [users.ann]\nrules = \"on +@read\"\npasswords = [{ secret = \"user-ann\" }]\n"
        );
        let only = Decided { settings: vec![one("hz", "20", None)], ..Decided::default() };
        assert_eq!(grown("settings = { port = 1 }\n", &only).unwrap(), "settings = { port = 1 , hz = 20 }\n");
        assert_eq!(grown("settings.port = 1\n", &only).unwrap(), "settings.port = 1\nsettings.hz = 20\n");
        assert_eq!(grown("settings = 1\n", &only), None);
    }
}
