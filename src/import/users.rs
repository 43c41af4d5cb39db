//! Users: a line of rules and passwords becomes rules in a text, and passwords by name behind them.

use crate::server::WordRules;
use crate::syntax::quote::conf_word;
use crate::syntax::split;

/// A password of a user, as the line holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Password {
    /// In clear.
    Clear(Vec<u8>),
    /// The hash alone.
    Hash(Vec<u8>),
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) name: String,
    /// The rules, in order, without passwords.
    pub(super) rules: Vec<Vec<u8>>,
    pub(super) passwords: Vec<Password>,
}

impl User {
    /// Reads the arguments of a `user` statement.
    ///
    /// A profile writes passwords behind all rules. That means the same, because of the other rules only those that
    /// forget all passwords touch them, and what these forget is left out here.
    ///
    /// # Errors
    /// Why a profile cannot say it.
    pub(super) fn read(words: &[&[u8]]) -> Result<Self, &'static str> {
        let (name, rules) = words.split_first().ok_or("it has no name")?;
        let name = String::from_utf8(name.to_vec()).map_err(|_| "its name is not UTF-8, which TOML demands")?;
        let mut user = Self { name, rules: Vec::new(), passwords: Vec::new() };
        for rule in rules {
            user.rule(rule)?;
        }
        let text = user.text();
        let read_back = split(text.as_bytes(), WordRules::Classic).unwrap_or_default();
        if read_back.len() != user.rules.len() || read_back.iter().zip(&user.rules).any(|(a, b)| *a.text != **b) {
            return Err("its rules cannot stand in one text");
        }
        Ok(user)
    }

    fn rule(&mut self, rule: &[u8]) -> Result<(), &'static str> {
        let password = match rule.split_first() {
            Some((b'>', clear)) => Password::Clear(clear.to_vec()),
            Some((b'#', hash)) => Password::Hash(hash.to_ascii_lowercase()),
            Some((b'<' | b'!', _)) => return Err("it takes a password back, for which a profile has no word"),
            _ if rule.iter().any(|byte| b"<>#!".contains(byte)) => {
                return Err("one of its rules may hold a password");
            }
            _ => {
                let forgets = [b"nopass".as_slice(), b"resetpass", b"reset"];
                if forgets.iter().any(|word| rule.eq_ignore_ascii_case(word)) {
                    self.passwords.clear();
                }
                self.rules.push(rule.to_vec());
                return Ok(());
            }
        };
        if matches!(password, Password::Hash(_)) || !self.passwords.contains(&password) {
            self.passwords.push(password);
        }
        Ok(())
    }

    /// The rules in one text.
    pub(super) fn text(&self) -> String {
        let plain = |rule: &&Vec<u8>| rule.iter().all(|b| b.is_ascii_graphic() && !b"\"'\\".contains(b));
        let word = |rule: &Vec<u8>| match Some(rule).filter(plain).filter(|rule| !rule.is_empty()) {
            Some(rule) => String::from_utf8_lossy(rule).into_owned(),
            None => conf_word(rule),
        };
        self.rules.iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<User, &'static str> {
        User::read(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>())
    }

    #[test]
    fn passwords_move_behind_the_rules() {
        let user = read("ann on >one ~a:* >two +@read >one").unwrap();
        assert_eq!(user.text(), "on ~a:* +@read");
        assert_eq!(user.passwords, [Password::Clear(b"one".to_vec()), Password::Clear(b"two".to_vec())]);
    }

    #[test]
    fn what_is_forgotten_is_left_out() {
        let user = read("ann >one resetpass on >two NOPASS +@all").unwrap();
        assert_eq!((user.text().as_str(), user.passwords.len()), ("resetpass on NOPASS +@all", 0));
    }

    #[test]
    fn what_takes_a_password_back_has_no_place() {
        assert!(read("ann >one <one").is_err());
        assert!(read("ann ~a>one").is_err());
    }

    #[test]
    fn odd_rules_are_quoted() {
        let user = User::read(&[b"ann", b"~a b", b"(+get ~x)", b"~\xff"]).unwrap();
        assert_eq!(user.text(), r#""~a b" "(+get ~x)" "~\xff""#);
    }
}
