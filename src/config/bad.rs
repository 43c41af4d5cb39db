//! Why a server takes words as no value of a directive.

use std::fmt;

use crate::server::Server;

/// Why the words of a statement are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bad {
    /// More or fewer words than the directive takes.
    Arity,
    /// Neither `yes` nor `no`.
    NotBool,
    /// None of the words.
    NotOneOf(Vec<String>),
    /// No plain integer.
    NotInteger,
    /// Outside the range.
    OutOfRange {
        /// Smallest.
        min: i128,
        /// Largest.
        max: i128,
        /// Whether the server prints the bounds in base 8.
        octal: bool,
    },
    /// No memory value.
    NotMemory,
    /// Neither memory nor percent.
    NotMemoryOrPercent,
    /// More than 100 %.
    PercentTooLarge,
    /// Not in base 8.
    NotOctal,
    /// Not pairs of seconds and changes.
    Save,
    /// Not groups of four words.
    LimitGroups,
    /// No class with limits.
    LimitClass,
    /// A number of a limit.
    LimitNumber,
    /// A letter that is no event.
    Event(char),
    /// More addresses than a server listens on.
    TooManyAddresses,
    /// No port number.
    Port,
    /// Not between -2000 and 2000.
    Oom,
    /// No number.
    Percentile,
    /// Not between 0 and 100.
    PercentileRange,
    /// Both `save` and `nosave`.
    SaveAndNosave,
    /// Empty.
    Empty,
    /// A byte that is not allowed.
    Byte(u8),
    /// More bytes than fit.
    TooLong(usize),
    /// Not a host name.
    Hostname,
    /// Not an IP address of that family.
    Address(&'static str),
    /// No template, or it comes out empty.
    Template,
}

impl Bad {
    /// The reason in the words of `server`; where versions only differ in detail, the newest wording.
    #[must_use]
    pub fn server_words(&self, server: Server) -> String {
        let primary = &server.habits().primary_word;
        let old = server.habits().lax_lines;
        match self {
            Self::Arity => "wrong number of arguments".into(),
            Self::NotBool => "argument must be 'yes' or 'no'".into(),
            Self::NotOneOf(words) if old => format!("argument must be one of the following: {}", words.join(", ")),
            Self::NotOneOf(words) => format!("argument(s) must be one of the following: {}", words.join(", ")),
            Self::NotInteger => "argument couldn't be parsed into an integer".into(),
            Self::OutOfRange { min, max, octal: true } => {
                format!("argument must be between {min:o} and {max:o} inclusive")
            }
            Self::OutOfRange { min, max, octal: false } => {
                format!("argument must be between {min} and {max} inclusive")
            }
            Self::NotMemory => "argument must be a memory value".into(),
            Self::NotMemoryOrPercent => "argument must be a memory or percent value".into(),
            Self::PercentTooLarge => "percentage argument must be less or equal to 100".into(),
            Self::NotOctal => "argument couldn't be parsed as an octal number".into(),
            Self::Save => "Invalid save parameters".into(),
            Self::LimitGroups => "Wrong number of arguments in buffer limit configuration.".into(),
            Self::LimitClass => "Invalid client class specified in buffer limit configuration.".into(),
            Self::LimitNumber => "Error in hard, soft or soft_seconds setting in buffer limit configuration.".into(),
            Self::Event(_) => "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".into(),
            Self::TooManyAddresses => "Too many bind addresses specified.".into(),
            Self::Port => format!("Invalid {primary} port"),
            Self::Oom => "Invalid oom-score-adj-values, elements must be between -2000 and 2000.".into(),
            Self::Percentile => "Invalid latency-tracking-info-percentiles parameters".into(),
            Self::PercentileRange => {
                "latency-tracking-info-percentiles parameters should sit between 0.0 and 100.0".into()
            }
            Self::SaveAndNosave => "shutdown flags `save` and `nosave` exclude each other".into(),
            Self::Empty => "the value can't be empty".into(),
            Self::TooLong(_) => "the value is too long".into(),
            Self::Byte(_) | Self::Hostname | Self::Address(_) => {
                "the value holds characters that are not allowed".into()
            }
            Self::Template => "template format is invalid or contains unknown variables".into(),
        }
    }
}

/// What was expected, for people.
impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Arity => "another number of words is expected",
            Self::NotBool => "`yes` or `no` is expected",
            Self::NotOneOf(words) => return write!(f, "one of {} is expected", quoted(words)),
            Self::NotInteger => "a plain integer is expected, without unit, sign `+` or leading zeros",
            Self::OutOfRange { min, max, octal: true } => return write!(f, "the range is {min:o} to {max:o} (octal)"),
            Self::OutOfRange { min, max, octal: false } => return write!(f, "the range is {min} to {max}"),
            Self::NotMemory => {
                "bytes are expected, with a unit of `b`, `kb`, `mb`, `gb` (binary) or `k`, `m`, `g` (decimal)"
            }
            Self::NotMemoryOrPercent => "bytes such as `64mb` or a share such as `5%` are expected",
            Self::PercentTooLarge => "at most 100% is possible",
            Self::NotOctal => "permissions in base 8 are expected, such as `770`",
            Self::Save => "pairs of seconds (at least 1) and changes (at least 0) are expected",
            Self::LimitGroups => "groups of class, hard limit, soft limit and seconds are expected",
            Self::LimitClass => "the class is `normal`, `replica` or `pubsub`",
            Self::LimitNumber => "hard and soft limit are bytes such as `32mb`, the last word is whole seconds",
            Self::Event(letter) => return write!(f, "`{letter}` is no event class of this version"),
            Self::TooManyAddresses => "at most 16 addresses are possible",
            Self::Port => "a port from 0 to 65535 is expected",
            Self::Oom => "three numbers from -2000 to 2000 are expected",
            Self::Percentile => "numbers from 0 to 100 are expected",
            Self::PercentileRange => "percentiles lie between 0 and 100",
            Self::SaveAndNosave => "`save` and `nosave` exclude each other",
            Self::Empty => "the value must not be empty",
            Self::Byte(byte) => return write!(f, "the value must not contain `{}`", byte.escape_ascii()),
            Self::TooLong(bytes) => return write!(f, "at most {bytes} bytes are possible"),
            Self::Hostname => "a host name of letters, digits, `-` and `.`, shorter than 256 bytes, is expected",
            Self::Address(family) => return write!(f, "an {family} address is expected"),
            Self::Template => "known variables such as `{title}` and at least some text are expected",
        };
        f.write_str(text)
    }
}

fn quoted(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
    words.join(", ")
}
