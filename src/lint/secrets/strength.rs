//! Rules about how good passwords are.

use crate::finding::Severity;
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::Mode;

/// Every kind of file that holds passwords.
const EVERYWHERE: &[Mode] = &[Mode::Server, Mode::Sentinel, Mode::AclFile];
/// A password worth less than this can be guessed, in bits.
const ENOUGH: f64 = 80.0;

pub(crate) static SAMPLE_PASSWORD: Rule = Rule {
    id: "sample-password",
    severity: Severity::Error,
    group: Group::Secrets,
    summary: "a password that everybody tries first",
    docs: "`foobared` stands in the shipped configuration, others in documentation and in every list of passwords.
Scanners try them first.

Bad:
    requirepass foobared

Good:
    requirepass \"7KfLq2vXo9RbTzNw4HcYs8Jd\"
",
    source: "redis.conf of 2.x to 7.x; valkey.io/topics/security; common lists of passwords",
    modes: EVERYWHERE,
    check: Check::Config(sample_password),
    ..Rule::BASE
};

pub(crate) static UNEXPANDED_VARIABLE: Rule = Rule {
    id: "unexpanded-variable",
    severity: Severity::Warning,
    group: Group::Secrets,
    summary: "a password looks like a variable, and servers expand none",
    docs: "In a configuration `$REDIS_PASSWORD` is a password of fifteen characters that begins with a dollar. Unless
something fills the file in before the start, such as envsubst, everybody who reads the file knows it. Write
`${REDIS_PASSWORD}` where something does: that form is taken for a placeholder here.

Bad:
    requirepass $REDIS_PASSWORD

Good:
    requirepass ${REDIS_PASSWORD}
",
    source: "measured on seven servers",
    modes: EVERYWHERE,
    check: Check::Config(unexpanded_variable),
    ..Rule::BASE
};

pub(crate) static WEAK_PASSWORD: Rule = Rule {
    id: "weak-password",
    severity: Severity::Warning,
    group: Group::Secrets,
    summary: "a password that can be guessed",
    docs: "The shipped configuration reckons with a million guesses a second against one server, for no attempt is
slowed down; from a hash a graphics card tries ten billion. What is random and worth 80 bits stands against both: 14
letters and digits, 24 hexadecimal digits, or `openssl rand -base64 24`. The worth is estimated from length, kinds of
characters and repetition; words are not looked up.

Bad:
    requirepass Sommer2024

Good:
    requirepass \"7KfLq2vXo9RbTzNw4HcYs8Jd\"
",
    source: "valkey.io/topics/security: fast servers need long passwords; NIST SP 800-63B",
    modes: EVERYWHERE,
    check: Check::Config(weak_password),
    ..Rule::BASE
};

/// Passwords of documentation, shipped files and the top of every list, in lower case, without `-`, `_` and blanks.
const SAMPLES: &[&str] = &[
    "",
    "0000",
    "111111",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "123qwe",
    "abc123",
    "admin",
    "admin123",
    "changeit",
    "changeme",
    "changethis",
    "default",
    "dev",
    "foobar",
    "foobared",
    "guest",
    "iloveyou",
    "letmein",
    "masterpassword",
    "mypass",
    "mypassword",
    "mypasswordhere",
    "mystrongpassword",
    "mysupersecretpassword",
    "p@ssw0rd",
    "pass",
    "pass123",
    "passw0rd",
    "password",
    "password1",
    "password123",
    "q1w2e3r4",
    "qwerty",
    "qwerty123",
    "redis",
    "redis123",
    "redispass",
    "redispassword",
    "replaceme",
    "root",
    "secret",
    "secret123",
    "secretpassword",
    "sentinel",
    "str0ngpassw0rd",
    "strongpassword",
    "supersecret",
    "supersecretpassword",
    "test",
    "test123",
    "todo",
    "user",
    "valkey",
    "valkeypassword",
    "verysecretpassword",
    "verystrongpassword",
    "yourpassword",
    "yourpasswordhere",
    "yourredispassword",
    "yoursecretpassword",
    "yoursecurepassword",
    "yourstrongpassword",
    "yourstrongpasswordhere",
    "yourverysecurepassword",
];

fn is_sample(password: &[u8]) -> bool {
    // What stands in angle or square brackets was meant to be replaced.
    if let [b'<', .., b'>'] | [b'[', .., b']'] = password {
        return true;
    }
    let text = String::from_utf8_lossy(password).to_lowercase();
    let plain: String = text.chars().filter(|c| !matches!(c, '-' | '_' | ' ' | '.' | '!')).collect();
    SAMPLES.binary_search(&plain.as_str()).is_ok()
}

/// `$NAME` or `%NAME%`.
fn is_variable(password: &[u8]) -> bool {
    let name = match password {
        [b'$', name @ ..] => name,
        [b'%', name @ .., b'%'] => name,
        _ => return false,
    };
    let is_name = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
    name.len() > 2 && name.iter().all(is_name) && name[0].is_ascii_uppercase()
}

/// How many bits a password is worth to somebody who guesses.
fn bits(password: &[u8]) -> f64 {
    let text = String::from_utf8_lossy(password);
    let characters: Vec<char> = text.chars().collect();
    let has = |of: fn(&char) -> bool| characters.iter().any(of);
    let is_hexadecimal = characters.iter().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
        || characters.iter().all(|c| matches!(c, '0'..='9' | 'A'..='F'));
    let mut pool = 0.0;
    for (kind, size) in [
        (has(char::is_ascii_lowercase), 26.0),
        (has(char::is_ascii_uppercase), 26.0),
        (has(char::is_ascii_digit), 10.0),
        (has(|c| !c.is_ascii_alphanumeric()), 32.0),
    ] {
        pool += if kind { size } else { 0.0 };
    }
    if is_hexadecimal && has(char::is_ascii_digit) && pool > 16.0 {
        pool = 16.0;
    }
    let each = f64::max(pool, 1.0).log2();
    let step = |at: usize| i64::from(u32::from(characters[at])) - i64::from(u32::from(characters[at - 1]));
    let mut worth = 0.0;
    for at in 0..characters.len() {
        // `aaa` and `123` go on by themselves; so does what was there before, as in `passpass`.
        let goes_on = at > 1 && step(at) == step(at - 1) && step(at).abs() <= 1;
        let again = at > 4 && characters[..at - 2].windows(3).any(|three| three == &characters[at - 2..=at]);
        worth += if goes_on || again { 1.0 } else { each };
    }
    worth
}

fn sample_password(case: &Case<'_>, report: &mut Report<'_>) {
    for literal in report.literals().iter() {
        if is_sample(literal.expose(case)) && !case.is_generated(literal.by) {
            let finding = SAMPLE_PASSWORD
                .finding(literal.at(case), format!("{} is one that everybody tries first", literal.what))
                .help("make a random one: `openssl rand -base64 24`");
            report.add(finding);
        }
    }
}

fn unexpanded_variable(case: &Case<'_>, report: &mut Report<'_>) {
    for literal in report.literals().iter() {
        if is_variable(literal.expose(case)) {
            let finding = UNEXPANDED_VARIABLE
                .finding(
                    literal.at(case),
                    format!("{} looks like a variable, and the server expands none", literal.what),
                )
                .help("write `${NAME}` if something fills it in before the start; else write the password");
            report.add(finding);
        }
    }
}

fn weak_password(case: &Case<'_>, report: &mut Report<'_>) {
    let mut judged: Vec<&[u8]> = Vec::new();
    for literal in report.literals().iter() {
        let password = literal.expose(case);
        // The same password as `requirepass` and as `masterauth` is one.
        if is_sample(password) || is_variable(password) || case.is_generated(literal.by) || judged.contains(&password) {
            continue;
        }
        judged.push(password);
        let worth = bits(password);
        if worth < ENOUGH {
            let message = format!("{} is worth about {worth:.0} bits, and 80 withstand guessing", literal.what);
            let help = "make a random one: `openssl rand -base64 24`";
            report.add(WEAK_PASSWORD.finding(literal.at(case), message).help(help));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_sorted_and_plain() {
        assert!(SAMPLES.is_sorted());
        assert!(SAMPLES.iter().all(|sample| is_sample(sample.as_bytes())));
        assert!(is_sample(b"Change-Me!") && is_sample(b"<password>") && !is_sample(b"7KfLq2vXo9RbTzNw4HcYs8Jd"));
    }

    #[test]
    fn what_generators_make_is_enough() {
        for password in [
            "7KfLq2vXo9RbTzNw4HcYs8Jd",
            "b6d3f5a5c9b5e2dae4f9a8b7c6d5e4f3",
            "0f1e2d3c4b5a697887a6e1d4",
            "Zk3Tq9vLx0Bf2W",
            "mX+3rT/9qKz0vYw1LbNc5A==",
        ] {
            assert!(bits(password.as_bytes()) >= ENOUGH, "{password} {}", bits(password.as_bytes()));
        }
        for password in
            ["Sommer2024", "aaaaaaaaaaaaaaaaaaaaaaaa", "12345678901234567890", "passpasspasspass", "Zk3Tq9vL"]
        {
            assert!(bits(password.as_bytes()) < ENOUGH, "{password} {}", bits(password.as_bytes()));
        }
    }

    #[test]
    fn variables_are_capital() {
        assert!(is_variable(b"$REDIS_PASSWORD") && is_variable(b"%REDIS_PASSWORD%"));
        assert!(!is_variable(b"$ab") && !is_variable(b"$2b8x") && !is_variable(b"REDIS_PASSWORD"));
    }
}
