//! What stands for a server: a snapshot of ours, or what `redis-cli` printed for INFO and CONFIG GET, one after the other.
//!
//! A snapshot of ours says which names were not asked for, so that what is missing is told from what does not exist.

use serde::Deserialize as _;
use serde_json::{Map, Value as Json, json};

use super::{Evidence, Info, Snapshot, parse_info};
use crate::server::Server;

/// A server as it was kept.
pub struct Saved {
    /// What it said.
    pub snapshot: Snapshot,
    /// When, as `2026-11-22T14:43:12Z`.
    pub taken: String,
    /// Secrets that were not asked for.
    pub withheld: Vec<String>,
    /// Why values are missing.
    pub denied: Option<String>,
    /// What it said beside, where that was kept.
    pub evidence: Option<Evidence>,
}

/// A text that stands for a server.
pub enum Kept<'a> {
    /// A snapshot of ours.
    Ours(Box<Saved>),
    /// What INFO said, if anything, and the rest, which is a dump of CONFIG GET if there is any.
    Printed(Info, &'a [u8]),
}

/// Why a snapshot of ours cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SavedError {
    /// It is of another generation of redisconf.
    #[error("it is a snapshot of another generation of redisconf")]
    Generation,
    /// A part is not there, or of another kind.
    #[error("it is a snapshot whose `{0}` is missing or broken")]
    Part(&'static str),
}

const GENERATION: u64 = 1;

impl Saved {
    /// The text of the file, with a line end. Values that are no text are kept as hexadecimal digits.
    #[must_use]
    pub fn to_text(&self) -> String {
        let said = |value: &[u8]| match std::str::from_utf8(value) {
            Ok(text) => json!(text),
            Err(_) => json!({ "hex": value.iter().map(|byte| format!("{byte:02x}")).collect::<String>() }),
        };
        let config: Map<String, Json> =
            self.snapshot.config().iter().map(|(name, value)| (name.to_owned(), said(value))).collect();
        let mut json = json!({
            "redisconf_snapshot": GENERATION,
            "taken": self.taken,
            "server": self.snapshot.server.name(),
            "denied": self.denied,
            "withheld": self.withheld,
            "info": self.snapshot.info(),
            "config": config,
        });
        if let Some(evidence) = &self.evidence {
            json["evidence"] = serde_json::to_value(evidence).expect("it is plain data");
        }
        format!("{json:#}\n")
    }

    fn of_json(json: &Json) -> Result<Self, SavedError> {
        if json["redisconf_snapshot"].as_u64() != Some(GENERATION) {
            return Err(SavedError::Generation);
        }
        let text = |json: &Json, part| json.as_str().map(str::to_owned).ok_or(SavedError::Part(part));
        let server: Server = text(&json["server"], "server")?.parse().map_err(|_| SavedError::Part("server"))?;
        let info = json["info"].as_object().ok_or(SavedError::Part("info"))?;
        let info: Info = info
            .iter()
            .map(|(name, value)| Ok((name.clone(), text(value, "info")?)))
            .collect::<Result<_, SavedError>>()?;
        let config = json["config"].as_object().ok_or(SavedError::Part("config"))?;
        let config = config
            .iter()
            .map(|(name, value)| Ok((name.clone(), bytes(value).ok_or(SavedError::Part("config"))?)))
            .collect::<Result<_, _>>()?;
        let withheld = json["withheld"].as_array().ok_or(SavedError::Part("withheld"))?;
        Ok(Self {
            snapshot: Snapshot::new(server, config, info),
            taken: text(&json["taken"], "taken")?,
            withheld: withheld.iter().map(|name| text(name, "withheld")).collect::<Result<_, _>>()?,
            denied: json["denied"].as_str().map(str::to_owned),
            evidence: json
                .get("evidence")
                .map(|evidence| Evidence::deserialize(evidence).map_err(|_| SavedError::Part("evidence")))
                .transpose()?,
        })
    }
}

fn bytes(value: &Json) -> Option<Vec<u8>> {
    if let Some(text) = value.as_str() {
        return Some(text.as_bytes().to_vec());
    }
    let digits = value["hex"].as_str()?;
    let pair = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(pair).collect()
}

/// Tells what a text is that stands for a server.
///
/// # Errors
/// When it is a snapshot of ours that cannot be read. What is no snapshot is for the reader of dumps to judge.
pub fn read_kept(text: &[u8]) -> Result<Kept<'_>, SavedError> {
    let plain = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    if let Ok(json) = serde_json::from_slice::<Json>(plain) {
        if json.get("redisconf_snapshot").is_some() {
            return Ok(Kept::Ours(Box::new(Saved::of_json(&json)?)));
        }
        // `redis-cli --json INFO`
        if let Some(info) = json.as_str() {
            return Ok(Kept::Printed(parse_info(info.as_bytes()), b""));
        }
        return Ok(Kept::Printed(Info::default(), text));
    }
    let end = end_of_info(plain);
    Ok(Kept::Printed(parse_info(&plain[..end]), &plain[end..]))
}

/// Where INFO ends: its lines are titles, `field:value` or empty. 0 if the text does not begin with it.
fn end_of_info(text: &[u8]) -> usize {
    let mut end = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let bare = line.trim_ascii();
        let is_json = matches!(bare.first(), Some(b'{' | b'['));
        let is_of_info = bare.is_empty() || bare.starts_with(b"# ") || (bare.contains(&b':') && !is_json);
        if !is_of_info || (end == 0 && bare.is_empty()) {
            break;
        }
        end += line.len();
    }
    // A dump of lines could have a value with a colon, but it does not begin with one.
    let begins =
        text.starts_with(b"# ") || text.split(|byte| *byte == b'\n').next().is_some_and(|line| line.contains(&b':'));
    if begins { end } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> (Option<String>, String) {
        match read_kept(text.as_bytes()).unwrap() {
            Kept::Ours(_) => panic!("{text}"),
            Kept::Printed(info, rest) => {
                (info.get("redis_version").map(str::to_owned), String::from_utf8_lossy(rest).into_owned())
            }
        }
    }

    #[test]
    fn a_snapshot_reads_back_as_it_was_written() {
        let config = [("maxmemory", b"0".as_slice()), ("logfile", b"a\xff\n")].into_iter().collect();
        let info: Info = [("role", "master")].into_iter().collect();
        let snapshot = Snapshot::new("redis-7.4.1".parse().unwrap(), config, info);
        let withheld = vec!["requirepass".to_owned()];
        let evidence = Some(Evidence { commands: 3, ..Evidence::default() });
        let saved = Saved { snapshot, taken: "2026-11-22T14:43:12Z".into(), withheld, denied: None, evidence };
        let text = saved.to_text();
        let Kept::Ours(read) = read_kept(text.as_bytes()).unwrap() else { panic!("{text}") };
        assert!(read.snapshot == saved.snapshot);
        assert_eq!((read.taken, read.withheld, read.denied), (saved.taken, saved.withheld, None));
        assert_eq!(read.evidence, saved.evidence);
        assert!(matches!(read_kept(br#"{"redisconf_snapshot": 9}"#), Err(SavedError::Generation)));
        assert!(matches!(read_kept(br#"{"redisconf_snapshot": 1}"#), Err(SavedError::Part("server"))));
    }

    #[test]
    fn info_may_stand_before_what_config_get_said() {
        let info = "# Server\r\nredis_version:7.0.15\r\n\r\n# Clients\r\nconnected_clients:1\r\n";
        for dump in ["{\"save\": \"3600 1\"}\n", "save\n3600 1\n", "1) \"save\"\n2) \"\"\n", ""] {
            assert_eq!(printed(&format!("{info}{dump}")), (Some("7.0.15".into()), dump.into()));
            assert_eq!(printed(&info.replace("# Server\r\n", "")), (Some("7.0.15".into()), String::new()));
        }
        assert_eq!(printed("save\n3600 1\n"), (None, "save\n3600 1\n".into()));
        assert_eq!(printed("\"# Server\\r\\nredis_version:7.0.15\\r\\n\""), (Some("7.0.15".into()), String::new()));
    }
}
