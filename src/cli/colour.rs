//! Whether there is colour: decided here, once for each stream, and handed on. No library decides for itself.

use std::ffi::{OsStr, OsString};

use super::args::When;

/// The order: the flag; NO_COLOR; FORCE_COLOR and CLICOLOR_FORCE; a dumb terminal; CLICOLOR=0; whether it is a terminal.
///
/// NO_COLOR and FORCE_COLOR count if they are present and not empty, as their authors have it. That a run is in CI is no
/// reason for colour: its output may go to a file, and CI that shows colour sets FORCE_COLOR.
pub(super) fn coloured(when: When, variable: impl Fn(&str) -> Option<OsString>, is_terminal: bool) -> bool {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let is = |name: &str, wanted: &str| set(name).is_some_and(|value| value == wanted);
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto if set("NO_COLOR").is_some() => false,
        When::Auto if ["FORCE_COLOR", "CLICOLOR_FORCE"].iter().any(|name| set(name).is_some_and(|v| v != "0")) => true,
        When::Auto if is("TERM", "dumb") || is("CLICOLOR", "0") => false,
        When::Auto => is_terminal,
    }
}

/// What the arguments say of colour, for complaints about the arguments themselves.
pub(super) fn before_parsing(arguments: &[OsString]) -> When {
    let mut words = arguments.iter().map(OsString::as_os_str).take_while(|word| *word != "--");
    let mut when = When::Auto;
    while let Some(word) = words.next() {
        let value = match word.to_str() {
            Some("--color") => words.next().and_then(OsStr::to_str),
            Some(text) => text.strip_prefix("--color="),
            None => None,
        };
        when = match value {
            Some("always") => When::Always,
            Some("never") => When::Never,
            Some("auto") => When::Auto,
            Some(_) | None => when,
        };
    }
    when
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(when: When, environment: &[(&str, &str)], is_terminal: bool) -> bool {
        let variable = |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).into());
        coloured(when, variable, is_terminal)
    }

    #[test]
    fn the_flag_stands_above_all() {
        assert!(decided(When::Always, &[("NO_COLOR", "1")], false));
        assert!(!decided(When::Never, &[("FORCE_COLOR", "1")], true));
    }

    #[test]
    fn then_the_environment_in_order() {
        assert!(!decided(When::Auto, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], true));
        assert!(decided(When::Auto, &[("NO_COLOR", ""), ("FORCE_COLOR", "1")], false));
        assert!(decided(When::Auto, &[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")], false));
        assert!(!decided(When::Auto, &[("CLICOLOR_FORCE", "0")], false));
        assert!(!decided(When::Auto, &[("TERM", "dumb")], true));
        assert!(!decided(When::Auto, &[("CLICOLOR", "0")], true));
        assert!(decided(When::Auto, &[("CLICOLOR", "1")], true) && !decided(When::Auto, &[], false));
    }

    #[test]
    fn arguments_are_looked_through_up_to_the_dashes() {
        let when = |words: &[&str]| before_parsing(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(when(&["redisconf", "--color", "always", "show"]), When::Always);
        assert_eq!(when(&["redisconf", "--color=never"]), When::Never);
        assert_eq!(when(&["redisconf", "show", "--", "--color", "always"]), When::Auto);
    }
}
