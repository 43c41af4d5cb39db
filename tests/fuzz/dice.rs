//! Inputs out of dice: lines of the catalogue's directives with odd values, and seeds taken apart and put together.

use redisconf::catalog::View;
use redisconf::server;

/// Values at the edges of what servers take, and beyond.
const VALUES: &[&str] = &[
    "",
    "0",
    "-1",
    "1",
    "yes",
    "NO",
    "true",
    "64mb",
    "1gb",
    "1.5gb",
    "8 gb",
    "100%",
    "5%",
    "65536",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "99999999999999999999999",
    "-0x10",
    "1e3",
    "\"\"",
    "\"a b\"",
    "'a'",
    "\"\\x00\"",
    "\"unbalanced",
    "'",
    "\\",
    "*",
    "* -::*",
    "127.0.0.1 ::1",
    "no one",
    "localhost 6379",
    "3600 1 300 100",
    "60",
    "normal 0 0 0",
    "pubsub 32mb 8mb 60 replica 0 0 0",
    "KEA",
    "allkeys-lru",
    "noeviction",
    "everysec",
    "CONFIG \"\"",
    "ann on nopass ~* &* +@all",
    "bob off (~a %R~b +get) resetkeys -@dangerous +config|get",
    "more.conf",
    "redis.conf",
    "*.conf",
    "/etc/redis/users.acl",
    "${VALUE}",
    "{{ value }}",
    "a # comment",
    "ü\u{202e}\u{feff}",
    "\t\x0b\x0c",
    "name 1 a b",
];

/// Pieces that readers look for.
const PIECES: &[&str] = &[
    "\n",
    "\r\n",
    "\0",
    " ",
    "\t",
    "\"",
    "'",
    "\\",
    "#",
    "%",
    "*",
    "$",
    "{",
    "}",
    "[",
    "]",
    "|",
    ">",
    "&a ",
    "*a",
    "<<: ",
    ": ",
    "- ",
    "--",
    "---\n",
    "=",
    ",",
    "(",
    ")",
    "$(",
    "`",
    "\u{feff}",
    "\u{0b}",
    "\x1b[2J",
    "\n  ",
    "<<EOF\n",
    "include ",
    "user ",
    "sentinel ",
    "save ",
    "-1",
    "0",
    "4294967295",
    "9223372036854775807",
    "18446744073709551615",
    "1e309",
    "\r\n$5\r\n",
    "# redisconf: server=redis-6.2\n",
    "# redisconf: ignore[style]\n",
    "# redisconf: memory=1gb\n",
];

/// Dice that fall alike in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(target: &str) -> Self {
        let start = |state: u64, byte: u8| (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        Self(target.bytes().fold(0xcbf2_9ce4_8422_2325, start))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below another.
    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % (most.max(1) as u64)).expect("it is below a length")
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// The next input of a target.
    pub(crate) fn input(&mut self, target: &str, seeds: &[Vec<u8>]) -> Vec<u8> {
        let is_of_lines = matches!(target, "conf" | "argv");
        let mut input = if is_of_lines && self.below(3) > 0 { self.lines(target) } else { self.one(seeds).clone() };
        let changes = self.below(6);
        for _ in 0..changes {
            self.change(&mut input, seeds);
        }
        input.truncate(8 << 10);
        input
    }

    /// Some statements, behind a byte that chooses the version.
    fn lines(&mut self, target: &str) -> Vec<u8> {
        let first = self.below(256);
        let all = server::all();
        let directives: Vec<_> = View::of(all[first % all.len()]).directives().collect();
        let mut text = vec![u8::try_from(first).expect("it is below 256")];
        for _ in 0..=self.below(8) {
            let directive = *self.one(&directives);
            let value = match (directive.default, self.below(3)) {
                (Some(default), 0) => default.to_owned(),
                (_, _) => (*self.one(VALUES)).to_owned(),
            };
            let name = *self.one(&directive.names);
            if target == "argv" {
                text.extend(format!("--{name}\n{}\n", value.replace(' ', "\n")).bytes());
            } else {
                text.extend(format!("{name} {value}\n").bytes());
            }
        }
        text
    }

    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let (at, length) = (self.below(input.len()), self.below(12));
        let end = (at + length).min(input.len());
        match self.below(7) {
            0 => drop(input.drain(at..end)),
            1 => {
                let again = input[at..end].to_vec();
                input.splice(at..at, again);
            }
            2 => {
                let piece = self.one(PIECES).as_bytes().to_vec();
                input.splice(at..end, piece);
            }
            3 => {
                let piece = self.one(PIECES).as_bytes().to_vec();
                input.splice(at..at, piece);
            }
            4 => {
                let value = self.one(VALUES).as_bytes().to_vec();
                input.splice(at..at, value);
            }
            5 if !input.is_empty() => {
                let at = at.min(input.len() - 1);
                input[at] = u8::try_from(self.below(256)).expect("it is below 256");
            }
            _ => {
                let other = self.one(seeds).clone();
                let from = self.below(other.len());
                let to = (from + self.below(200)).min(other.len());
                input.splice(at..end, other[from..to].iter().copied());
            }
        }
    }
}
