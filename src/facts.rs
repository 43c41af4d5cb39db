//! What is true of the place where a server runs: memory, cores, subscribers, what may be lost.
//!
//! A fact never reaches a directive except through a formula that names it. Facts have units of their own (`GiB`, `1h`);
//! directives have the server's. The list is closed: [`ALL`].

use std::fmt;

use crate::source::Span;

/// What a fact is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes, written `512MiB`.
    Bytes,
    /// Bytes a second, written `5MiB`.
    BytesPerSecond,
    /// A number of things.
    Count,
    /// A number of processors; a fraction is possible.
    Processors,
    /// A time, written `30s`.
    Duration,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Permissions of a file, written `0640`.
    Permissions,
    /// A share of a whole, written `10%`.
    Percent,
}

/// A fact that redisconf knows of.
#[derive(Debug)]
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// What it is measured in.
    pub unit: Unit,
    /// What it says, in one sentence.
    pub summary: &'static str,
}

/// What a server is for; the closed list of the fact `workload`.
pub const WORKLOADS: &[&str] = &[
    "cache",
    "cache-warm",
    "counters",
    "dev",
    "feature-store",
    "kb-cache",
    "knowledge-base",
    "leaderboard",
    "lock",
    "primary",
    "pubsub",
    "queue",
    "rate-limiter",
    "session",
    "streams",
];

/// A switch.
const YES_NO: Unit = Unit::Word(&["no", "yes"]);

/// Every fact, sorted by name.
pub static ALL: &[Definition] = &[
    fact("app-instances", Unit::Count, "Instances of the application that connect, each with a pool of its own."),
    fact(
        "auto-restart",
        YES_NO,
        "Whether something starts the server again when it ends: systemd, Docker, Kubernetes.",
    ),
    fact(
        "config-writable",
        YES_NO,
        "Whether the server can replace its configuration file; not in a mounted ConfigMap.",
    ),
    fact("connections", Unit::Count, "Connections at peak, after a deploy of all clients."),
    fact("container", YES_NO, "Whether the server runs in a container."),
    fact("cpus", Unit::Processors, "Cores the server may use: the container's limit, or the host's."),
    fact("data-loss-accepted", Unit::Duration, "How much of the latest writes may be lost with the process."),
    fact("dataset", Unit::Bytes, "Size of the data in memory."),
    fact("disk", Unit::Word(&["local", "network", "none"]), "What lies under the data directory."),
    fact("entrypoint", Unit::Word(&["kept", "bypassed"]), "Whether the image's own entrypoint starts the server."),
    fact("exposure", Unit::Word(&["loopback", "private", "public"]), "Who can reach the port."),
    fact("failover", Unit::Word(&["none", "sentinel", "cluster", "operator"]), "Who moves the role of primary about."),
    fact("fanout", Unit::Count, "Subscribers that receive one published message, on average."),
    fact("file-mode", Unit::Permissions, "Permissions of the configuration file."),
    fact("grace", Unit::Duration, "How long a container may take to stop before it is killed."),
    fact(
        "image",
        Unit::Word(&["bitnami", "debian-package", "managed", "official", "other", "source"]),
        "Who built the server.",
    ),
    fact(
        "liveness",
        Unit::Word(&["accepts-loading", "kills-loading", "none"]),
        "What the liveness probe makes of a server that loads its data.",
    ),
    fact("load-balancer-idle", Unit::Duration, "After how much silence something on the way drops a connection."),
    fact("load-rate", Unit::BytesPerSecond, "How fast the data load at start."),
    fact("memory", Unit::Bytes, "Memory the server may use: the container's limit, or its share of the host."),
    fact("message-size", Unit::Bytes, "Size of one published message."),
    fact("network", Unit::Word(&["bridge", "host"]), "Whether the container has addresses of its own."),
    fact("network-bandwidth", Unit::BytesPerSecond, "What the network takes, one way."),
    fact("new-connections-per-second", Unit::Count, "Connections that are opened in one second at peak."),
    fact("nofile", Unit::Count, "File descriptors the process may open (ulimit -n, LimitNOFILE)."),
    fact("outage", Unit::Duration, "Longest absence of a replica that must not cost a full resynchronisation."),
    fact("overcommit", Unit::Word(&["0", "1", "2"]), "The host's vm.overcommit_memory."),
    fact("pool-idle", Unit::Duration, "How long the clients' pools keep a connection idle."),
    fact("publish-rate", Unit::Count, "Messages published in one second, over the whole server."),
    fact(
        "readiness",
        Unit::Word(&["compares-reply", "ignores-reply", "none"]),
        "Whether the readiness probe looks at the answer to PING.",
    ),
    fact("replicas", Unit::Count, "Replicas of one primary."),
    fact("role", Unit::Word(&["primary", "replica"]), "What the server is for the others."),
    fact("sentinels", Unit::Count, "Sentinels that watch one primary."),
    fact(
        "shell",
        Unit::Word(&["exec", "none", "parent"]),
        "Whether a shell stands between the container and the server.",
    ),
    fact("somaxconn", Unit::Count, "The host's net.core.somaxconn."),
    fact("stall", Unit::Duration, "Longest pause of a healthy subscriber."),
    fact("startup-budget", Unit::Duration, "How long probes let a starting server be."),
    fact("subscribers", Unit::Count, "Subscribed connections at peak."),
    fact("swap", Unit::Bytes, "Swap space of the host."),
    fact("thp", Unit::Word(&["always", "madvise", "never"]), "The host's setting of transparent huge pages."),
    fact("tls-support", YES_NO, "Whether the server was built with TLS."),
    fact("ttl-share", Unit::Percent, "Share of the keys that carry a time to live."),
    fact("user", Unit::Word(&["root", "service"]), "Which user the server runs as."),
    fact("version-control", YES_NO, "Whether the file is kept in version control."),
    fact("volume", Unit::Word(&["ephemeral", "none", "persistent"]), "What the container keeps its data on."),
    fact("workload", Unit::Word(WORKLOADS), "What the server is for."),
    fact("write-rate", Unit::BytesPerSecond, "What replication carries, at peak."),
    fact(
        "writes",
        Unit::Word(&["read-mostly", "mixed", "heavy"]),
        "How much of the data is rewritten during a snapshot.",
    ),
];

const fn fact(name: &'static str, unit: Unit, summary: &'static str) -> Definition {
    Definition { name, unit, summary }
}

/// The definition with that name.
#[must_use]
pub fn definition(name: &str) -> Option<&'static Definition> {
    ALL.binary_search_by_key(&name, |d| d.name).ok().map(|at| &ALL[at])
}

/// What a fact says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Said {
    /// Bytes, or bytes a second.
    Bytes(u64),
    /// A number.
    Count(u64),
    /// Processors.
    Processors(f64),
    /// A time in milliseconds.
    Milliseconds(u64),
    /// A word of the definition.
    Word(&'static str),
    /// Permissions of a file.
    Permissions(u32),
    /// Hundredths.
    Percent(u8),
}

/// A fact as it was written, before its unit is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Written<'a> {
    /// Text in quotes.
    Text(&'a str),
    /// A whole number.
    Whole(i64),
    /// A number with a fraction.
    Fraction(f64),
}

impl Definition {
    /// Reads what was written.
    ///
    /// # Errors
    /// What was expected instead.
    pub fn read(&self, written: Written<'_>) -> Result<Said, String> {
        let text = match written {
            Written::Text(text) => text.trim().to_owned(),
            Written::Whole(n) => n.to_string(),
            Written::Fraction(n) => n.to_string(),
        };
        match self.unit {
            Unit::Bytes | Unit::BytesPerSecond => bytes(&text).map(Said::Bytes),
            Unit::Count => text.parse().map(Said::Count).map_err(|_| "a whole number from 0 is expected".into()),
            Unit::Processors => match text.parse::<f64>() {
                Ok(n) if n > 0.0 && n.is_finite() => Ok(Said::Processors(n)),
                _ => Err("a number of cores above 0 is expected, such as `4` or `0.5`".into()),
            },
            Unit::Duration => milliseconds(&text).map(Said::Milliseconds),
            Unit::Permissions => match u32::from_str_radix(&text, 8) {
                Ok(mode) if mode <= 0o7777 => Ok(Said::Permissions(mode)),
                _ => Err("permissions in octal are expected, such as `0640`".into()),
            },
            Unit::Percent => match text.strip_suffix('%').and_then(|number| number.parse().ok()) {
                Some(number @ 0..=100) => Ok(Said::Percent(number)),
                _ => Err("a share from `0%` to `100%` is expected".into()),
            },
            Unit::Word(words) => {
                let found = words.iter().find(|word| **word == text);
                found.map(|word| Said::Word(word)).ok_or_else(|| format!("one of `{}` is expected", words.join("`, `")))
            }
        }
    }
}

/// Reads `name=value` as comments of configuration files say it; there `8gb` is what the server means by it.
///
/// # Errors
/// What is wrong, with what was expected.
pub fn in_comment(name: &str, value: &str) -> Result<(&'static Definition, Said), String> {
    let Some(definition) = definition(name) else {
        let near = ALL.iter().map(|one| (strsim::damerau_levenshtein(name, one.name), one.name)).min();
        let meant = near.filter(|(distance, _)| *distance <= 3).map(|(_, name)| format!("; did you mean `{name}`?"));
        return Err(format!("`{name}` is no fact{}", meant.unwrap_or_default()));
    };
    let lower = value.to_ascii_lowercase();
    let in_bytes = matches!(definition.unit, Unit::Bytes | Unit::BytesPerSecond);
    let binary = [("gb", "GiB"), ("mb", "MiB"), ("kb", "KiB")].into_iter();
    let spelled =
        binary.filter(|_| in_bytes).find_map(|(unit, fact)| Some(lower.strip_suffix(unit)?.to_owned() + fact));
    let said = definition.read(Written::Text(spelled.as_deref().unwrap_or(value)))?;
    Ok((definition, said))
}

/// Reads `512MiB`. Decimal and one-letter units are refused: nobody knows which was meant.
///
/// # Errors
/// What was expected instead.
pub fn bytes(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u32); 5] = [("B", 0), ("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40)];
    let expected = || "bytes with a unit are expected: `KiB`, `MiB`, `GiB` or `TiB`, such as `16GiB`".to_owned();
    if text == "0" {
        return Ok(0);
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(expected)?;
    let (number, unit) = (&text[..end], text[end..].trim());
    let (_, shift) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(|| match unit {
        "g" | "G" | "m" | "M" | "k" | "K" | "Gi" | "Mi" | "Ki" => {
            format!("`{unit}` is ambiguous: write `GiB`, `MiB` or `KiB`")
        }
        "gb" | "GB" | "mb" | "MB" | "kb" | "KB" => {
            format!("`{unit}` is a unit of directives: a fact takes `GiB`, `MiB` or `KiB`")
        }
        _ => expected(),
    })?;
    if let Ok(whole) = number.parse::<u64>() {
        return whole.checked_mul(1 << shift).ok_or_else(|| "the number of bytes does not fit 64 bits".into());
    }
    let fraction: f64 = number.parse().map_err(|_| expected())?;
    let exact = fraction * f64::from(2_u32).powi(i32::try_from(*shift).expect("shifts are at most 40"));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
    if (0.0..9.0e15).contains(&exact) { Ok(exact.round() as u64) } else { Err(expected()) }
}

/// Reads `30s`.
///
/// # Errors
/// What was expected instead.
pub fn milliseconds(text: &str) -> Result<u64, String> {
    const UNITS: [(&str, u64); 5] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    let expected = || "a time with a unit is expected: `ms`, `s`, `m`, `h` or `d`, such as `30s`".to_owned();
    if text == "0" {
        return Ok(0);
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(expected)?;
    let factor = UNITS.iter().find(|(name, _)| *name == &text[end..]).ok_or_else(expected)?.1;
    text[..end].parse::<u64>().ok().and_then(|n| n.checked_mul(factor)).ok_or_else(expected)
}

/// Bytes for people: `16GiB`, `1.5GiB`, `100B`.
#[must_use]
pub fn bytes_text(bytes: u64) -> String {
    for (unit, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)] {
        if bytes >= 1 << shift {
            let whole = bytes >> shift;
            return if bytes.trailing_zeros() >= shift {
                format!("{whole}{unit}")
            } else {
                #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
                let exact = bytes as f64 / (1_u64 << shift) as f64;
                format!("{exact:.2}{unit}")
            };
        }
    }
    format!("{bytes}B")
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(n) => f.write_str(&bytes_text(*n)),
            Self::Count(n) => write!(f, "{n}"),
            Self::Processors(n) => write!(f, "{n}"),
            Self::Milliseconds(n) if n % 1000 == 0 => write!(f, "{}s", n / 1000),
            Self::Milliseconds(n) => write!(f, "{n}ms"),
            Self::Word(word) => f.write_str(word),
            Self::Permissions(mode) => write!(f, "{mode:04o}"),
            Self::Percent(share) => write!(f, "{share}%"),
        }
    }
}

/// A fact with its origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fact {
    /// What it says.
    pub said: Said,
    /// Where it is said.
    pub at: Span,
}

/// What is known of one deployment. A later [`Facts::learn`] wins: callers go from the lowest layer to the highest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts(Vec<(&'static str, Fact)>);

impl Facts {
    /// Takes a fact in, over what was known.
    pub fn learn(&mut self, definition: &'static Definition, said: Said, at: Span) {
        self.put(definition.name, Fact { said, at });
    }

    /// Takes facts in, over what was known.
    pub fn learn_all(&mut self, more: &Self) {
        for (name, fact) in &more.0 {
            self.put(name, *fact);
        }
    }

    /// They are few, so they stand in a row, sorted by name.
    fn put(&mut self, name: &'static str, fact: Fact) {
        match self.0.binary_search_by_key(&name, |(known, _)| known) {
            Ok(at) => self.0[at].1 = fact,
            Err(at) => self.0.insert(at, (name, fact)),
        }
    }

    /// The fact with that name.
    ///
    /// # Panics
    /// In builds with debug assertions, if no fact has that name: a misspelt name in a rule or formula would stay silent for
    /// ever. Rules ask for facts so often that the check would cost a release more than all answers.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Fact> {
        debug_assert!(definition(name).is_some(), "`{name}` is no fact");
        self.0.iter().find(|(known, _)| *known == name).map(|(_, fact)| fact)
    }

    /// Bytes, or bytes a second.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<u64> {
        if let Said::Bytes(n) = self.get(name)?.said { Some(n) } else { None }
    }

    /// A number.
    #[must_use]
    pub fn count(&self, name: &str) -> Option<u64> {
        if let Said::Count(n) = self.get(name)?.said { Some(n) } else { None }
    }

    /// Processors.
    #[must_use]
    pub fn processors(&self, name: &str) -> Option<f64> {
        if let Said::Processors(n) = self.get(name)?.said { Some(n) } else { None }
    }

    /// Milliseconds.
    #[must_use]
    pub fn milliseconds(&self, name: &str) -> Option<u64> {
        if let Said::Milliseconds(n) = self.get(name)?.said { Some(n) } else { None }
    }

    /// A word.
    #[must_use]
    pub fn word(&self, name: &str) -> Option<&'static str> {
        if let Said::Word(word) = self.get(name)?.said { Some(word) } else { None }
    }

    /// Permissions of a file.
    #[must_use]
    pub fn permissions(&self, name: &str) -> Option<u32> {
        if let Said::Permissions(mode) = self.get(name)?.said { Some(mode) } else { None }
    }

    /// A share in hundredths.
    #[must_use]
    pub fn percent(&self, name: &str) -> Option<u8> {
        if let Said::Percent(share) = self.get(name)?.said { Some(share) } else { None }
    }

    /// All facts, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Fact)> {
        self.0.iter().map(|(name, fact)| (*name, fact))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(ALL.is_sorted_by_key(|d| d.name));
    }

    #[test]
    fn ambiguous_units_are_refused() {
        assert_eq!(bytes("16GiB"), Ok(16 << 30));
        assert_eq!(bytes("1.5GiB"), Ok(3 << 29));
        assert_eq!(bytes("0"), Ok(0));
        for text in ["8g", "8G", "8gb", "8GB", "8M", "8", "8Gi", "", "GiB", "-1GiB", "99999999999TiB"] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn times_have_units() {
        assert_eq!(milliseconds("1h"), Ok(3_600_000));
        assert_eq!(milliseconds("250ms"), Ok(250));
        assert!(milliseconds("30").is_err() && milliseconds("s").is_err());
    }

    #[test]
    fn bytes_are_printed_as_they_are_written() {
        for text in ["16GiB", "1KiB", "100B", "1.50GiB"] {
            assert_eq!(bytes_text(bytes(text).unwrap()), text);
        }
    }
}
