//! `user` lines to try: every form of rule, right and wrong, alone and together, in odd spellings.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use redisconf::catalog::commands;
use redisconf::config::acl::{ChannelDefaults, Channels};
use redisconf::server::{Server, all};

use crate::dice::Dice;

/// One `user` line, with what may stand above and below it.
pub(crate) struct Case {
    pub(crate) above: &'static str,
    pub(crate) words: Vec<Vec<u8>>,
    pub(crate) below: &'static str,
}

const ALL: &str = "acl-pubsub-default allchannels\n";
const NONE: &str = "acl-pubsub-default resetchannels\n";

impl Case {
    /// The line, every byte that could matter escaped.
    pub(crate) fn line(&self) -> Vec<u8> {
        let mut line = "user".to_owned();
        for word in &self.words {
            line.push_str(" \"");
            for byte in word {
                if byte.is_ascii_alphanumeric() {
                    line.push(char::from(*byte));
                } else {
                    write!(line, "\\x{byte:02x}").expect("a string takes everything");
                }
            }
            line.push('"');
        }
        line.push('\n');
        line.into_bytes()
    }

    pub(crate) fn text(&self) -> Vec<u8> {
        [self.above.as_bytes(), &self.line(), self.below.as_bytes()].concat()
    }

    pub(crate) fn line_number(&self) -> usize {
        self.above.lines().count() + 1
    }

    /// A word as the server prints it: up to a NUL.
    pub(crate) fn shown(&self, at: usize) -> String {
        let word = &self.words[at];
        let end = word.iter().position(|byte| *byte == 0).unwrap_or(word.len());
        String::from_utf8_lossy(&word[..end]).into_owned()
    }

    /// What `acl-pubsub-default` comes to at the two moments.
    pub(crate) fn channels(&self, stock: ChannelDefaults) -> ChannelDefaults {
        let set = |text: &str, before| match text {
            ALL => Channels::All,
            NONE => Channels::None,
            _ => before,
        };
        let at_the_line = set(self.above, stock.at_the_line);
        ChannelDefaults { at_the_line, at_load: set(self.below, at_the_line) }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.above, self.below)?;
        self.words.iter().try_for_each(|word| write!(f, " `{}`", word.escape_ascii()))
    }
}

const HASH: &str = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

/// Every form of rule, right and wrong. `C` stands for a command, `S` for a command with a subcommand, `K` for a
/// category, `H` for the hash of `x`.
#[rustfmt::skip]
const RULES: &[&str] = &[
    "on", "off", "nopass", "resetpass", "reset", "clearselectors", "sanitize-payload", "skip-sanitize-payload",
    "allkeys", "~*", "resetkeys", "~x", "~app:*", "~", "~**", "~a b", "~a\0b", "~*\0", "~a)", "~\u{a0}", "~a\x0b",
    "%R~x", "%W~x", "%RW~x", "%WR~x", "%r~x", "%rW~*", "%RR~x", "%X~x", "%~x", "%~", "%R", "%RW", "%", "%R~a b",
    "%R~", "%R~~", "%R\0~x", "allchannels", "&*", "resetchannels", "&x", "&", "&news:*", "&a b", "&\0", "&*x",
    "allcommands", "nocommands", "+@all", "-@all", "+@all\0x", "+@", "-@", "@read", "+@all|x", "+@nosuch",
    "-@nosuch", "+@K", "-@K", "+@K\0x", "+@Kx", "-@K ", "+C", "-C", "+C\0x", "+C|", "-C|", "+C|x", "-C|x", "+C|x|y",
    "+C||", "+C||x", "+C ", "+Cx", "+|C", "+|", "-|", "+", "-", "+ C", "++C", "+C|S", "+C|\0", "+S", "-S", "+Sx",
    "-Sx", "+S|x", "-S|x", "+S|", "-S|", "+S||", "+S\0", "+nosuch", "-nosuch", "+nosuch|x", "+nosuch|", "+nosuch|x|",
    "-nosuch|x", "+vadd", "-vadd", "+vadd|", "+vadd|x", "+vadd|x|y", "+VSIM", "+stralgo", "+commandlog|get",
    "+client|capa", "+select|0", "-select|0", "+select| ", ">x", "<x", ">y", "<y", ">", "<", ">x\0", "<x\0", "> ",
    "#H", "!H", "#H0", "#h", "!h", "#", "!", "#x",
    "#gggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg", "(", ")", "()", "( )", "(+C)", "(+C ~x)",
    "(~* ~x)", "(~x ~*)", "(+nosuch)", "(+nosuch x)", "(x +nosuch)", "((+C))", "(+C", "~x)", "(on)", "(+@K)",
    "(+@nosuch)", "(&x)", "(&* &x)", "(%R~x)", "(%)", "(+S)", "(+S|x)", "(+S|)", "(+C|)", "(+vadd ~* ~x)",
    "(+vadd|)", "(\"+C\")", "(\"~a b\")", "(\"\")", "(\")", "('+C' ~x)", "('+C'~x)", "(\"+C\"\"x\")", "(+C\0)",
    "(\0)", "(+C)x", "x(+C)", "(+C) ", " (+C)", "(reset)", "(>x)", "(clearselectors)", "(allcommands allkeys)",
    "(\"~\\x00\")", "(\u{ff})", "(+C\t-C)", "(+C\n-C)", "(+C\x0b~x)", "(~* ~x) ", "(db=1)", "(alldbs resetdbs)",
    "(db=x)", "alldbs", "resetdbs", "db=1", "db=0,15", "db=1,", "db=,1", "db=", "db=x", "db=-1", "db=-0", "db=+1",
    "db= 1", "db=\t1", "db=1 ", "db=1,x", "db=-1,x", "db=x,-1", "db=-1x", "db=2147483647", "db=2147483648",
    "db=99999999999999999999", "db=01", "db=0x1", "db=1\0,x", "db=1-3", "db", "db:1", "db=\x0b1", "db==1",
    "db=00000000000000000000000001", "db=-00", "db=1,,2", "db=-99999999999999999999,1", "db=+-1", "db=--1",
    "db=9223372036854775808", "db=-1,", "db=-1,,2", "db=2147483648,",
    "", "\0", "\0x", " ", "x", "user", "on ", " on", "on\0", "onx", "no", "yes", "none",
    "*", "|", "\"", "\\", "#H,", "allkey", "reset\0", "nopass ",
];

const NAMES: &[&str] = &["default", "", "a b", "b\0", "\t", "caf\u{e9}", "Default", "on", "~*", "(x", "x)", "\u{a0}"];

/// The cases for one server, the same in every run.
pub(crate) fn generate(server: Server) -> Vec<Case> {
    let mut dice =
        Dice::new(u64::from(server.series.major) << 16 | u64::from(server.series.minor) << 8 | server.engine as u64);
    let mut cases: Vec<Vec<String>> = RULES.iter().map(|rule| vec![(*rule).to_owned()]).collect();
    for _ in 0..600 {
        let length = dice.roll(5) + 1;
        cases.push((0..length).map(|_| spoiled(&mut dice)).collect());
    }
    let mut seen = BTreeSet::new();
    let mut made = Vec::new();
    for rules in cases {
        let rules: Vec<String> = rules.iter().map(|rule| filled(rule, server, &mut dice)).collect();
        let (mut above, mut below) = ("", "");
        if dice.one_in(8) {
            above = dice.pick(&["", ALL, NONE]);
            below = dice.pick(&["", ALL, NONE]);
        }
        if !seen.insert((rules.clone(), above, below)) {
            continue;
        }
        let odd = dice.one_in(20);
        let name = if odd { dice.pick(NAMES).to_owned() } else { format!("u{}", made.len()) };
        let words = std::iter::once(name).chain(rules).map(String::into_bytes).collect();
        made.push(Case { above, words, below });
    }
    made
}

/// A rule, half of the time one that is fine by itself, sometimes with a slip of the finger.
fn spoiled(dice: &mut Dice) -> String {
    #[rustfmt::skip]
    const FINE: &[&str] = &[
        "on", "nopass", "reset", "allkeys", "~*", "resetkeys", "~x", "allchannels", "resetchannels", "&x", "+@all",
        "-@all", "+@K", "-@K", "+C", "-C", "+S", "-S", ">x", "<x", "#H", "!H", "%R~x", "(+C ~x)", "(+C", "~x)",
        "+C|x", "+nosuch", "+@nosuch", "+vadd", "db=1", "clearselectors", "",
    ];
    let rule = if dice.one_in(3) { dice.pick(RULES) } else { dice.pick(FINE) };
    let mut letters: Vec<char> = rule.chars().collect();
    match dice.roll(14) {
        0 => letters.iter_mut().for_each(|letter| *letter = letter.to_ascii_uppercase()),
        1 => letters
            .insert(dice.roll(letters.len() + 1), dice.pick(&['\0', ' ', '|', '(', ')', '\u{e9}', '"', '~', '@'])),
        2 if !letters.is_empty() => {
            letters.remove(dice.roll(letters.len()));
        }
        _ => {}
    }
    letters.into_iter().collect()
}

/// Puts names where the letters `C`, `S`, `K` and `H` stand, of this server or another, in any case.
fn filled(rule: &str, server: Server, dice: &mut Dice) -> String {
    let mut text = String::new();
    for letter in rule.chars() {
        let of = if dice.one_in(4) { dice.pick(all()) } else { server };
        let name = match letter {
            'C' => dice.pick(&commands::names(of).collect::<Vec<_>>()).to_owned(),
            'S' => {
                let containers: Vec<&str> =
                    commands::names(of).filter(|name| commands::has_subcommands(of, name.as_bytes())).collect();
                match containers.as_slice() {
                    [] => "config|get".to_owned(),
                    some => {
                        let command = dice.pick(some);
                        let subs: Vec<&str> = commands::subcommands(of, command.as_bytes()).collect();
                        format!("{command}|{}", dice.pick(&subs))
                    }
                }
            }
            'K' => dice.pick(&["read", "write", "dangerous", "admin", "sortedset", "hyperloglog"]).to_owned(),
            'H' => HASH.to_owned(),
            other => other.to_string(),
        };
        text.push_str(&if dice.one_in(9) && name.len() > 1 && letter != 'H' {
            name.to_ascii_uppercase()
        } else {
            name
        });
    }
    text
}
