//! The dump as text, one directive a line.

use std::io;

use serde::Serialize;
use serde_json::ser::Formatter;

use super::Dump;

pub(super) fn write(dump: &Dump) -> String {
    let server = dump.server;
    let patch = server.patch.map(|patch| format!(".{patch}")).unwrap_or_default();
    let lines: Vec<String> = dump.directives.iter().map(line).collect();
    format!(
        "{{\n \"engine\": {}, \"version\": {}, \"tls\": {}, \"malloc\": {},\n \"file_only\": {},\n \"ignored\": {},\n \
         \"directives\": [\n  {}\n ]\n}}\n",
        line(&server.engine.word()),
        line(&format!("{}{patch}", server.series)),
        dump.tls,
        line(&dump.malloc),
        line(&dump.file_only),
        line(&dump.ignored),
        lines.join(",\n  "),
    )
}

/// One value on one line, with a blank after each comma and colon.
fn line<T: Serialize>(value: &T) -> String {
    let mut text = Vec::new();
    let mut writer = serde_json::Serializer::with_formatter(&mut text, Airy);
    value.serialize(&mut writer).expect("texts, numbers and lists of them can be written to memory");
    String::from_utf8(text).expect("JSON is UTF-8")
}

struct Airy;

impl Formatter for Airy {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        writer.write_all(if first { b"" } else { b", " })
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::super::Entry;
    use super::*;

    #[test]
    fn a_dump_is_one_directive_a_line() {
        let int = Entry {
            name: "maxmemory-samples".into(),
            kind: "int",
            default: "5".into(),
            min: Some(1),
            max: Some(i128::from(u64::MAX)),
            mutable: true,
            ..Entry::default()
        };
        let word = Entry {
            name: "oom-score-adj".into(),
            alias_of: Some("x".into()),
            kind: "enum",
            words: vec!["no".into(), "yes".into()],
            reads_back: [("relative".to_owned(), "yes".to_owned())].into(),
            hidden: true,
            ..Entry::default()
        };
        let dump = Dump {
            server: "redis-7.4.1".parse().unwrap(),
            tls: false,
            malloc: "libc".into(),
            file_only: vec!["include".into(), "user".into()],
            ignored: vec![],
            directives: vec![int, word],
        };
        let expected = r#"{
 "engine": "redis", "version": "7.4.1", "tls": false, "malloc": "libc",
 "file_only": ["include", "user"],
 "ignored": [],
 "directives": [
  {"name": "maxmemory-samples", "type": "int", "default": "5", "min": 1, "max": 18446744073709551615, "mutable": true},
  {"name": "oom-score-adj", "alias_of": "x", "type": "enum", "default": "", "enum": ["no", "yes"], "reads_back": {"relative": "yes"}, "mutable": false, "hidden": true}
 ]
}
"#;
        assert_eq!(dump.to_json(), expected);
    }
}
