//! Writing an expected difference into a project file; everything else in it stays as it is, to the byte.

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, Value, value};

/// A difference that is no drift, as it is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewExpected<'a> {
    /// The instance.
    pub instance: &'a str,
    /// The directive.
    pub directive: &'a str,
    /// The value.
    pub value: &'a str,
    /// Why.
    pub reason: &'a str,
    /// The last day, as `2027-01-31`.
    pub until: &'a str,
}

/// The text of the project file with the entry; one for the same directive of the same instance is replaced.
///
/// `None` if the text is no TOML, `expected` is something else in it, or the day is none.
#[must_use]
pub fn expecting(text: &str, new: &NewExpected<'_>) -> Option<String> {
    let mut document: DocumentMut = text.parse().ok()?;
    let entries = document.entry("expected").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
    let entries = entries.as_array_of_tables_mut()?;
    let is_it = |table: &Table| {
        let says = |key: &str, text: &str| table.get(key).and_then(Item::as_str) == Some(text);
        says("instance", new.instance) && says("directive", new.directive)
    };
    let at = entries.iter().position(is_it);
    if at.is_none() {
        entries.push(Table::new());
    }
    let table = entries.get_mut(at.unwrap_or(entries.len() - 1)).expect("it is there, or was just made");
    let day: toml_edit::Datetime = new.until.parse().ok()?;
    for (key, said) in [
        ("instance", value(new.instance)),
        ("directive", value(new.directive)),
        ("value", value(new.value)),
        ("reason", value(new.reason)),
        ("until", value(day)),
    ] {
        put(table, key, said);
    }
    Some(document.to_string())
}

/// Sets a key; what stands around an old value, such as a comment behind it, stays.
fn put(table: &mut Table, key: &str, new: Item) {
    let decor = table.get(key).and_then(Item::as_value).map(Value::decor).cloned();
    table.insert(key, new);
    if let (Some(decor), Some(value)) = (decor, table.get_mut(key).and_then(Item::as_value_mut)) {
        *value.decor_mut() = decor;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: NewExpected<'_> =
        NewExpected { instance: "bus", directive: "hz", value: "50", reason: "INC-4711", until: "2027-01-31" };

    #[test]
    fn an_entry_is_added_and_nothing_else_is_touched() {
        let text = "# ours\nschema = 1   # one\n\n[instance.bus]\nprofile = \"builtin:cache@1\"\n";
        let told = expecting(text, &NEW).unwrap();
        let entry = "\n[[expected]]\ninstance = \"bus\"\ndirective = \"hz\"\nvalue = \"50\"\nreason = \"INC-4711\"\nuntil = 2027-01-31\n";
        assert_eq!(told, format!("{text}{entry}"));
    }

    #[test]
    fn one_for_the_same_directive_is_replaced_in_its_place() {
        let text = "[[expected]]\ninstance = \"bus\"\ndirective = \"hz\"\nvalue = 20\nreason = \"old\" # ask Ann\nuntil = 2026-01-01\n\n[[expected]]\ninstance = \"bus\"\ndirective = \"timeout\"\nvalue = 1\nreason = \"r\"\nuntil = 2026-01-01\n";
        let told = expecting(text, &NEW).unwrap();
        assert!(told.contains("value = \"50\"\nreason = \"INC-4711\" # ask Ann\nuntil = 2027-01-31\n"), "{told}");
        assert!(told.ends_with("directive = \"timeout\"\nvalue = 1\nreason = \"r\"\nuntil = 2026-01-01\n"), "{told}");
    }

    #[test]
    fn what_cannot_be_written_is_not() {
        assert_eq!(expecting("expected = 3\n", &NEW), None);
        assert_eq!(expecting("= nothing", &NEW), None);
        assert_eq!(expecting("", &NewExpected { until: "2027-02-30", ..NEW }), None);
    }
}
