//! Reading an artefact's choices: from a `render` entry of a project, or from flags, by the same names.

use crate::finding::{Finding, Severity};
use crate::source::Span;
use crate::syntax::profile::Spanned;
use crate::syntax::tree::Node;

use super::{Chart, Failover, Options, RollOn, Secrets, Target, Workload};

/// Every choice: its name, its words or form, and what it decides. Sorted by name.
pub const CHOICES: &[(&str, &str, &str)] = &[
    ("chart", "bitnami/redis, …", "which chart the values are for; with target helm"),
    ("failover", "none, sentinel", "who moves the role of primary about"),
    ("image", "text", "image; without a tag it gets the server's version"),
    ("name", "text", "name of service, container or Kubernetes objects"),
    ("replicas", "number", "replicas beside the primary; else the fact `replicas`"),
    ("roll-on", "any-change, restart-only", "when a changed configuration restarts pods"),
    ("secret-directory", "path", "where the server finds files with secrets"),
    ("secrets", "refuse, aclfile, clear", "what becomes of secrets"),
    ("under", "key path", "key of an umbrella chart's values that holds the block"),
    ("volume", "bytes, such as 20GiB", "size of the volume"),
    ("workload", "deployment, stateful-set", "what runs the pods"),
];

/// Gives the variants of a choice their words.
macro_rules! words {
    ($type:ident { $($variant:ident = $word:literal),* }) => {
        impl $type {
            /// Every variant.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word users write.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),*
                }
            }
        }
    };
}

words!(Failover { None = "none", Sentinel = "sentinel" });
words!(RollOn { AnyChange = "any-change", RestartOnly = "restart-only" });
words!(Secrets { Refuse = "refuse", AclFile = "aclfile", Clear = "clear" });
words!(Workload { Deployment = "deployment", StatefulSet = "stateful-set" });

/// Reads a target's name.
///
/// # Errors
/// A finding that lists the targets.
pub fn target(text: &Spanned<String>) -> Result<Target, Finding> {
    Target::from_name(&text.value).ok_or_else(|| {
        let names: Vec<&str> = Target::ALL.iter().map(|target| target.name()).collect();
        wrong(text.at, format!("unknown target `{}`", text.value), format!("the targets are: {}", names.join(", ")))
    })
}

/// Reads the choices of one artefact; all that is wrong with them comes back at once.
///
/// # Errors
/// One finding for each choice that is unknown or wrong.
pub fn options(target: Target, choices: &[(Spanned<String>, Spanned<Node>)]) -> Result<Options, Vec<Finding>> {
    let mut options = Options::new(target);
    let mut findings = Vec::new();
    for (key, value) in choices {
        if let Err(finding) = choose(&mut options, key, value) {
            findings.push(finding);
        }
    }
    if findings.is_empty() { Ok(options) } else { Err(findings) }
}

fn choose(options: &mut Options, key: &Spanned<String>, value: &Spanned<Node>) -> Result<(), Finding> {
    match key.value.as_str() {
        "chart" => options.chart = Some(word(key, value, Chart::ALL, Chart::name)?),
        "failover" => options.failover = word(key, value, Failover::ALL, Failover::name)?,
        "image" => options.image = Some(text(key, value)?),
        "name" => options.resource_name = Some(text(key, value)?),
        "replicas" => options.replicas = Some(number(key, value)?),
        "roll-on" => options.roll_on = word(key, value, RollOn::ALL, RollOn::name)?,
        "secret-directory" => options.secret_directory = Some(text(key, value)?),
        "secrets" => options.secrets = word(key, value, Secrets::ALL, Secrets::name)?,
        "under" => options.under = Some(text(key, value)?),
        "volume" => {
            let size = text(key, value)?;
            options.volume = Some(
                crate::facts::bytes(&size)
                    .map_err(|expected| wrong(value.at, "no size for `volume`".into(), expected))?,
            );
        }
        "workload" => options.workload = Some(word(key, value, Workload::ALL, Workload::name)?),
        _ => {
            let names: Vec<&str> = CHOICES.iter().map(|(name, ..)| *name).collect();
            let message = format!("unknown choice `{}`", key.value);
            return Err(wrong(key.at, message, format!("the choices are: {}", names.join(", "))));
        }
    }
    Ok(())
}

fn wrong(at: Span, message: String, help: String) -> Finding {
    Finding::new("invalid-render-option", Severity::Error, at, message).help(help)
}

fn text(key: &Spanned<String>, value: &Spanned<Node>) -> Result<String, Finding> {
    match &value.value {
        Node::Text(text) if !text.is_empty() => Ok(text.clone()),
        other @ (Node::Bool(_)
        | Node::Whole(_)
        | Node::Fraction(_)
        | Node::Text(_)
        | Node::Date(_)
        | Node::List(_)
        | Node::Table(_)) => Err(wrong(
            value.at,
            format!("`{}` takes a text, not {}", key.value, other.kind()),
            "write a text in quotes".into(),
        )),
    }
}

fn number(key: &Spanned<String>, value: &Spanned<Node>) -> Result<u32, Finding> {
    let number = match &value.value {
        Node::Whole(n) => u32::try_from(*n).ok(),
        Node::Text(text) => text.parse().ok(),
        Node::Bool(_) | Node::Fraction(_) | Node::Date(_) | Node::List(_) | Node::Table(_) => None,
    };
    number
        .ok_or_else(|| wrong(value.at, format!("`{}` takes a whole number from 0", key.value), "write a number".into()))
}

fn word<T: Copy>(
    key: &Spanned<String>,
    value: &Spanned<Node>,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, Finding> {
    let given = text(key, value)?;
    all.iter().copied().find(|known| name(*known) == given).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|known| name(*known)).collect();
        wrong(value.at, format!("`{given}` is no {}", key.value), format!("write one of {}", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    const AT: Span = Span { source: SourceId::ROOT, start: 0, end: 0 };

    fn choice(key: &str, value: Node) -> (Spanned<String>, Spanned<Node>) {
        (Spanned::new(key.into(), AT), Spanned::new(value, AT))
    }

    #[test]
    fn the_list_of_choices_is_sorted_and_each_is_read() {
        assert!(CHOICES.is_sorted_by_key(|(name, ..)| *name));
        for (name, ..) in CHOICES {
            let read = options(Target::Conf, &[choice(name, Node::Bool(true))]);
            let findings = read.expect_err("a boolean fits none");
            assert!(!findings[0].message.contains("unknown choice"), "{name}");
        }
    }

    #[test]
    fn all_mistakes_come_at_once() {
        let choices = [
            choice("chart", Node::Text("bitnami/valkey".into())),
            choice("volume", Node::Text("20G".into())),
            choice("secrets", Node::Text("hide".into())),
            choice("colour", Node::Text("red".into())),
        ];
        assert_eq!(options(Target::Conf, &choices).unwrap_err().len(), 3);
        assert_eq!(options(Target::Conf, &choices[..1]).unwrap().chart, Some(Chart::BitnamiValkey));
    }
}
