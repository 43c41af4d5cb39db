//! Edits are carried out, and what comes of them is read again.

use super::*;
use crate::finding;
use crate::syntax::conf;

/// Carries out one edit on the second statement of a text.
fn edited(text: &str, edit: impl Fn(Span) -> Edit) -> String {
    let reading = conf::read_alone(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap());
    let at = reading.statements()[1].at;
    let fix = Fix::safe([edit(at)]);
    let edits = Lowering::of(&reading).lower(&fix).unwrap();
    String::from_utf8(finding::apply(text.as_bytes(), &[edits]).0).unwrap()
}

fn words(line: &str) -> Vec<Vec<u8>> {
    line.split(' ').map(|word| word.as_bytes().to_vec()).collect()
}

#[test]
fn a_statement_is_replaced_and_its_surroundings_stay() {
    let put = |statement| Edit::Put { statement, words: words("save 60 a#b") };
    assert_eq!(edited("port 1\r\n  SAVE  '60'  2 \r\n# x\r\n", put), "port 1\r\n  save  '60'  \"a#b\" \r\n# x\r\n");
}

#[test]
fn lines_go_and_come_whole() {
    let drop = |statement| Edit::Drop { statement };
    let add = |after| Edit::Add { after, words: words("hz 10") };
    let comment = |above| Edit::Comment { above, text: b"note".to_vec() };
    assert_eq!(edited("port 1\ntimeout 0\n\n", drop), "port 1\n\n");
    assert_eq!(edited("port 1\n timeout 0", add), "port 1\n timeout 0\n hz 10");
    assert_eq!(edited("port 1\r\ntimeout 0\r\n", add), "port 1\r\ntimeout 0\r\nhz 10\r\n");
    assert_eq!(edited("port 1\n\ttimeout 0\n", comment), "port 1\n\t# note\n\ttimeout 0\n");
}

#[test]
fn lines_that_a_fix_adds_at_one_place_all_come() {
    for (text, mended) in [("port 1\n", "port 1\nhz 10\ntimeout 0\n"), ("port 1", "port 1\nhz 10\ntimeout 0")] {
        let reading = conf::read_alone(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap());
        let after = reading.statements()[0].at;
        let fix = Fix::safe(["hz 10", "timeout 0"].map(|line| Edit::Add { after, words: words(line) }));
        let edits = Lowering::of(&reading).lower(&fix).unwrap();
        assert_eq!(finding::apply(text.as_bytes(), &[edits]).0, mended.as_bytes());
    }
}

#[test]
fn deletions_that_share_a_blank_are_one_and_edits_of_the_same_bytes_none() {
    let edit = |start, end, with: &str| TextEdit {
        at: Span { source: crate::source::SourceId::ROOT, start, end },
        with: with.into(),
    };
    let text = b"! --save 1 1 --save 2 2 --hz 10";
    let both = joined(vec![edit(2, 13, ""), edit(12, 23, "")]);
    assert_eq!(finding::apply(text, &[both]).0, b"!  --hz 10");
    assert!(are_apart(&[edit(2, 12, ""), edit(12, 12, "x"), edit(12, 23, "y")]));
    assert!(!are_apart(&[edit(2, 13, "x"), edit(12, 23, "")]));
}
