//! Frames: the right line, the right column, and nothing that may not be shown.

use redisconf::catalog::View;
use redisconf::config::Visible;
use redisconf::finding::{Finding, Severity};
use redisconf::report::{Look, human};
use redisconf::source::{Memory, Name, SourceId, Sources, Span};
use redisconf::syntax::{Reading, conf};

fn reading(text: &str) -> Reading {
    let included = Memory::new([("more.conf", "port 1\n")]);
    conf::read(Name::File("a.conf".into()), text.as_bytes(), "redis-7.4".parse().unwrap(), &included)
}

/// The place of the first occurrence of some text.
fn place(reading: &Reading, text: &str) -> Span {
    let root = reading.sources.get(SourceId::ROOT).text();
    let start = root.windows(text.len()).position(|window| window == text.as_bytes()).expect("the text is there");
    let offset = |n: usize| u32::try_from(n).unwrap();
    Span { source: SourceId::ROOT, start: offset(start), end: offset(start + text.len()) }
}

/// What people see of one finding.
fn drawn(reading: &Reading, finding: Finding) -> String {
    let visible = Visible::of(reading, View::of(reading.server));
    human(&[finding], &reading.sources, &visible, Look::PLAIN)
}

fn finding(at: Span) -> Finding {
    Finding::new("a-rule", Severity::Error, at, "message")
}

#[test]
fn a_hidden_word_is_masked_whatever_its_length() {
    let reading = reading("requirepass hunter2hunter2 x\n");
    let text = drawn(&reading, finding(place(&reading, "x")).here("here"));
    assert_eq!(
        text,
        "a.conf:1:28: error[a-rule] message\n   ╭────\n 1 │ requirepass *** ***\n   ·                 ─┬─\n   ·                  ╰── here\n   ╰────\n"
    );
}

#[test]
fn columns_count_characters_and_tabs_are_blanks() {
    let reading = reading("logfile\t\"/größe/ä\"   b\n");
    let text = drawn(&reading, finding(place(&reading, "b\n")));
    assert!(text.contains(" 1 │ logfile \"/größe/ä\"   b\n   ·                      ─\n"), "{text}");
}

#[test]
fn lines_far_apart_are_two_frames_with_their_own_numbers() {
    let reading = reading("user a on\n# c4n4ry\nport 1\nuser a off\n");
    let text = drawn(&reading, finding(place(&reading, "user a off")).label(place(&reading, "user a on"), "first"));
    assert!(text.contains(" 1 │ user a on\n") && text.contains(" 4 │ user a off\n"), "{text}");
    assert!(!text.contains("c4n4ry") && !text.contains("port"), "{text}");
}

#[test]
fn a_label_in_another_file_is_a_note() {
    let reading = reading("include more.conf\nport 2\n");
    let (other, _) = reading.sources.iter().last().unwrap();
    let text =
        drawn(&reading, finding(place(&reading, "port 2")).label(Span { source: other, start: 0, end: 4 }, "there"));
    assert!(text.contains(" 2 │ port 2\n") && text.ends_with("  note: more.conf:1:1: there\n"), "{text}");
}

#[test]
fn around_a_word_stand_signs_and_common_keys_and_no_word_of_anybody() {
    let masked = |text: &str, shown: &str| {
        let mut sources = Sources::new();
        sources.add(Name::File("compose.yaml".into()), text.as_bytes().to_vec());
        let start = u32::try_from(text.find(shown).unwrap()).unwrap();
        let at = Span { source: SourceId::ROOT, start, end: start + u32::try_from(shown.len()).unwrap() };
        let drawn = human(&[finding(at)], &sources, &Visible::only([at]), Look::PLAIN);
        drawn.lines().nth(2).unwrap().split_once("│ ").unwrap().1.to_owned()
    };
    assert_eq!(masked("  command: [\"--save\", \"\"]", "save"), "  command: [\"--save\", \"\"]");
    assert_eq!(masked("  - \"--save\" # hunter2", "save"), "  - \"--save\" ***");
    assert_eq!(masked("  hunter2: x --port 1 \\", "port 1"), "  *** --port 1 \\");
    assert_eq!(masked("  command hunter2- --port", "port"), "  *** --port");
}

#[test]
fn a_line_of_which_nothing_may_be_shown_has_no_frame() {
    let reading = reading("# only a comment\nport 1\n");
    assert_eq!(drawn(&reading, finding(place(&reading, "only"))), "a.conf:1:3: error[a-rule] message\n");
}

#[test]
fn a_very_long_line_is_cut_around_the_place() {
    let long = format!("bind {} culprit {}\n", "127.0.0.1 ".repeat(5000), "::1 ".repeat(5000));
    let reading = reading(&long);
    let text = drawn(&reading, finding(place(&reading, "culprit")).here("here"));
    assert!(text.contains("culprit") && text.len() < 1500, "{text}");
}

#[test]
fn a_place_behind_the_last_byte_can_be_shown() {
    let reading = reading("port");
    let end = place(&reading, "port").end;
    let text = drawn(&reading, finding(Span { source: SourceId::ROOT, start: end, end }).here("here"));
    assert!(text.contains("1 │ port\n") && text.contains("╰── here"), "{text}");
}
