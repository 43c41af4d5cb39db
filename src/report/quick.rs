//! Frames of the ordinary kind, drawn exactly as miette draws them, in a fiftieth of the time.
//!
//! Ordinary is a frame of plain ASCII with one label at most on each line. A linter draws thousands of those, and miette takes
//! some 30 µs for each; what is not ordinary is left to it. The tests here hold the two against each other.

use super::frame::Frame;
use super::look::Look;

/// What miette's themes write before and after a styled piece.
struct Styles {
    number: &'static str,
    highlights: [&'static str; 3],
    end: &'static str,
}

const COLOURED: Styles =
    Styles { number: "\u{1b}[2m", highlights: ["\u{1b}[35;1m", "\u{1b}[33;1m", "\u{1b}[32;1m"], end: "\u{1b}[0m" };
const PLAIN: Styles = Styles { number: "", highlights: ["", "", ""], end: "" };

/// Draws a frame; `None` if it is not an ordinary one.
pub(super) fn draw(frame: &Frame, look: Look) -> Option<String> {
    let is_plain = frame.text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n'));
    let one_each = frame.labels.len() == frame.lines.len();
    let mut pairs = frame.lines.iter().zip(&frame.labels);
    let ordinary = pairs.all(|(line, label)| {
        let one_line = label.label().is_none_or(|text| !text.contains('\n'));
        one_line && line.start <= label.offset() && label.offset() + label.len() < line.end
    });
    if !(is_plain && one_each && ordinary) {
        return None;
    }
    let styles = if look.colour { COLOURED } else { PLAIN };
    let mut drawn = String::with_capacity(2 * frame.text.len() + 160 * frame.lines.len());
    let mut at = 0;
    for group in frame.lines.chunk_by(|one, next| one.number + 1 == next.number) {
        let last = group.last().expect("a chunk is never empty").number.to_string();
        let blanks = |drawn: &mut String, count: usize| drawn.extend(std::iter::repeat_n(' ', count));
        let strokes = |drawn: &mut String, count: usize| drawn.extend(std::iter::repeat_n('─', count));
        blanks(&mut drawn, last.len() + 2);
        drawn.push_str("╭────\n");
        for line in group {
            let label = &frame.labels[at];
            let highlight = styles.highlights[at % 3];
            at += 1;
            let number = line.number.to_string();
            drawn.push(' ');
            drawn.push_str(styles.number);
            blanks(&mut drawn, last.len() - number.len());
            drawn.push_str(&number);
            drawn.push_str(styles.end);
            drawn.push_str(" │ ");
            drawn.push_str(&frame.text[line.start..line.end]);
            let margin = |drawn: &mut String| {
                blanks(drawn, last.len() + 1);
                drawn.push_str(" · ");
            };
            let start = label.offset() - line.start;
            let end = start + label.len().max(1);
            let middle = usize::midpoint(start, end);
            margin(&mut drawn);
            drawn.push_str(highlight);
            blanks(&mut drawn, start);
            strokes(&mut drawn, middle - start);
            drawn.push(match (label.is_empty(), label.label()) {
                (true, _) => '▲',
                (false, Some(_)) => '┬',
                (false, None) => '─',
            });
            strokes(&mut drawn, end - middle - 1);
            drawn.push_str(styles.end);
            drawn.push('\n');
            if let Some(text) = label.label() {
                margin(&mut drawn);
                blanks(&mut drawn, middle);
                // miette styles the text, and then all of it once more.
                for piece in [highlight, "╰── ", highlight, text, styles.end, styles.end, "\n"] {
                    drawn.push_str(piece);
                }
            }
        }
        blanks(&mut drawn, last.len() + 2);
        drawn.push_str("╰────\n");
    }
    Some(drawn)
}

#[cfg(test)]
mod tests {
    use super::super::frame::{FrameLine, by_miette};
    use super::*;
    use miette::LabeledSpan;
    use proptest::prelude::*;

    /// A frame of lines, each with its number's distance from the one before, and where its label lies.
    fn frame(lines: &[(usize, String, usize, usize, Option<String>)]) -> Frame {
        let mut frame = Frame { text: String::new(), lines: Vec::new(), labels: Vec::new() };
        let mut number = 0;
        for (distance, text, from, length, label) in lines {
            number += distance;
            let start = frame.text.len();
            let from = from % (text.len() + 1);
            // miette forgets a line that an empty label at its very start joins to the one above.
            let length = (length % (text.len() + 1 - from)).max(usize::from(from == 0));
            frame.labels.push(LabeledSpan::new(label.clone(), start + from, length));
            frame.text.push_str(text);
            frame.text.push('\n');
            frame.lines.push(FrameLine { number, start, end: frame.text.len() });
        }
        frame
    }

    proptest! {
        #[test]
        fn it_draws_what_miette_draws(
            lines in prop::collection::vec(
                (1_usize..12, "[ -~]{1,40}", 0_usize..60, 0_usize..60, prop::option::of("[a-z`ü … ]{1,20}")), 1..5),
            colour: bool,
            width in prop::option::of(20_usize..120),
        ) {
            let frame = frame(&lines);
            let look = Look { colour, width };
            let drawn = draw(&frame, look).expect("the frame is ordinary");
            prop_assert_eq!(drawn, by_miette(&frame, look));
        }
    }

    #[test]
    fn what_is_not_ordinary_is_left_to_miette() {
        let line = |text: &str, label: &str| (1, text.to_owned(), 0, 1, Some(label.to_owned()));
        assert!(draw(&frame(&[line("port 1", "here")]), Look::PLAIN).is_some());
        assert!(draw(&frame(&[line("größe", "here")]), Look::PLAIN).is_none());
        assert!(draw(&frame(&[line("port 1", "two\nlines")]), Look::PLAIN).is_none());
        let mut two = frame(&[line("port 1", "here")]);
        two.labels.push(LabeledSpan::new(None, 2, 1));
        assert!(draw(&two, Look::PLAIN).is_none());
    }
}
