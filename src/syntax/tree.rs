//! TOML with places: a document as a tree whose every key and value knows its span, in the order of the text.

use toml::de::{DeTable, DeValue};

use crate::finding::{Finding, Severity};
use crate::source::{SourceId, Sources, Span};

/// A thing and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The thing.
    pub value: T,
    /// Where it stands.
    pub at: Span,
}

impl<T> Spanned<T> {
    /// Puts a thing in its place.
    pub const fn new(value: T, at: Span) -> Self {
        Self { value, at }
    }
}

/// A TOML value.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number; TOML's own 64 bits.
    Whole(i64),
    /// A number with a fraction.
    Fraction(f64),
    /// A text.
    Text(String),
    /// A date or time, as written.
    Date(String),
    /// A list.
    List(Vec<Spanned<Node>>),
    /// A table, in the order of the text.
    Table(Vec<(Spanned<String>, Spanned<Node>)>),
}

impl Node {
    /// What it is, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Whole(_) => "a whole number",
            Self::Fraction(_) => "a number with a fraction",
            Self::Text(_) => "a text",
            Self::Date(_) => "a date",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
        }
    }
}

/// Reads a document; of a broken one all that ends before the first mistake comes back beside the findings.
///
/// What a parser makes of the rest may be anything: a string that is closed one quote too late turns a password into a
/// version, which a message would then repeat.
#[must_use]
pub fn parse(sources: &Sources, source: SourceId) -> (Spanned<Node>, Vec<Finding>) {
    let bytes = sources.get(source).text();
    let whole = span(source, 0..bytes.len());
    let Ok(text) = std::str::from_utf8(bytes) else {
        let at = std::str::from_utf8(bytes).map_or_else(|e| e.valid_up_to(), str::len);
        let finding = Finding::new(
            "invalid-toml",
            Severity::Error,
            span(source, at..at + 1),
            "this byte is not UTF-8, which TOML demands",
        )
        .help("save the file as UTF-8");
        return (Spanned::new(Node::Table(Vec::new()), whole), vec![finding]);
    };
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut findings: Vec<Finding> = errors.iter().map(|error| broken(source, text, error)).collect();
    // An unclosed bracket makes the rest of the file look wrong too; what stands before it is still worth saying.
    if let Some(unclosed) = findings.iter().position(|f| f.message.contains("unclosed")) {
        findings.truncate(unclosed + 1);
    }
    let broken_from = findings.iter().map(|finding| finding.at.start).min();
    let mut document = convert_table(source, table.get_ref(), &mut findings);
    if let Some(end) = broken_from {
        cut(&mut document, end);
    }
    (Spanned::new(document, whole), findings)
}

/// Leaves only what ends before that place.
fn cut(node: &mut Node, end: u32) {
    if let Node::Table(entries) = node {
        entries.retain_mut(|(name, inner)| {
            cut(&mut inner.value, end);
            let is_table = matches!(inner.value, Node::Table(_));
            name.at.end <= end && (is_table || inner.at.end <= end)
        });
    }
}

fn broken(source: SourceId, text: &str, error: &toml::de::Error) -> Finding {
    let at = error.span().unwrap_or(0..0);
    let end = at.end.min(text.len());
    // Only the message is used: the error's own rendering prints the line, which may hold a secret.
    Finding::new(
        "invalid-toml",
        Severity::Error,
        span(source, at.start.min(end)..end),
        format!("this is not TOML: {}", error.message()),
    )
    .help("see toml.io for the syntax; texts need quotes: `maxmemory = \"8gb\"`")
}

fn span(source: SourceId, at: std::ops::Range<usize>) -> Span {
    let offset = |n: usize| u32::try_from(n).expect("files are below 64 MiB");
    Span { source, start: offset(at.start), end: offset(at.end) }
}

fn convert_table(source: SourceId, table: &DeTable<'_>, findings: &mut Vec<Finding>) -> Node {
    let mut entries: Vec<(Spanned<String>, Spanned<Node>)> = table
        .iter()
        .map(|(key, value)| {
            let name = Spanned::new(key.get_ref().to_string(), span(source, key.span()));
            let node = convert(source, value.get_ref(), span(source, value.span()), findings);
            (name, Spanned::new(node, span(source, value.span())))
        })
        .collect();
    entries.sort_by_key(|(name, _)| name.at.start);
    Node::Table(entries)
}

fn convert(source: SourceId, value: &DeValue<'_>, at: Span, findings: &mut Vec<Finding>) -> Node {
    match value {
        DeValue::String(text) => Node::Text(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).map_or_else(
            |_| {
                findings.push(
                    Finding::new("invalid-toml", Severity::Error, at, "this number does not fit 64 bits")
                        .help("write it as a text, such as `\"18446744073709551615\"`"),
                );
                Node::Whole(0)
            },
            Node::Whole,
        ),
        DeValue::Float(number) => Node::Fraction(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(on) => Node::Bool(*on),
        DeValue::Datetime(date) => Node::Date(date.to_string()),
        DeValue::Array(items) => Node::List(
            items
                .iter()
                .map(|item| {
                    let at = span(source, item.span());
                    Spanned::new(convert(source, item.get_ref(), at, findings), at)
                })
                .collect(),
        ),
        DeValue::Table(table) => convert_table(source, table, findings),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Name;

    #[test]
    fn of_a_broken_document_only_what_ends_before_the_mistake_is_read() {
        let text = "schema = 1\n[facts]\nmemory = \"8gb\"\nservers = [\"a\"\n[settings]\nrequirepass = \"hunter2\"\n";
        let mut sources = Sources::new();
        let source = sources.add(Name::Stdin, text.as_bytes());
        let (document, findings) = parse(&sources, source);
        assert!(!findings.is_empty());
        let read = format!("{:?}", document.value);
        assert!(read.contains("8gb") && !read.contains("servers") && !read.contains("hunter2"), "{read}");
    }
}
