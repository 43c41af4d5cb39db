//! Charts as inline SVG: one row a value, whose text keeps its size while its bar follows the width of the page.

use std::fmt::Write as _;

use super::super::lint::escape::Xml;

/// A chart.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Chart {
    /// What it shows.
    pub(in super::super) title: &'static str,
    /// What it says, in one sentence, for whoever does not see it.
    pub(in super::super) says: String,
    /// Its rows, from top to bottom.
    pub(in super::super) rows: Vec<Row>,
}

/// A row of a chart.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Row {
    /// What it is.
    pub(in super::super) label: String,
    /// Its value for people.
    pub(in super::super) shown: String,
    /// Where its mark stands.
    pub(in super::super) mark: Mark,
}

/// A mark; numbers are of the scale that all rows of a chart share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) enum Mark {
    /// From the left, so far.
    Bar(f64),
    /// The same, and more than there may be.
    Over(f64),
    /// What may be had.
    Limit(f64),
    /// There is no limit.
    Unbounded,
    /// A point on the scale.
    Moment(f64),
}

/// Height of a row.
const ROW: usize = 46;

impl Chart {
    /// The chart as an element; `id` is of it alone on its page.
    pub(in super::super) fn svg(&self, id: &str) -> String {
        let most = self.rows.iter().map(|row| row.mark.reach()).fold(0.0, f64::max).max(f64::MIN_POSITIVE);
        let mut text = format!(
            "<svg role=\"img\" height=\"{}\" aria-labelledby=\"{id}-title {id}-says\">\n<title id=\"{id}-title\">{}</title>\
             <desc id=\"{id}-says\">{}</desc>\n",
            ROW * self.rows.len(),
            Xml(self.title),
            Xml(&self.says),
        );
        for (row, number) in self.rows.iter().zip(0..) {
            let y = number * ROW;
            let _ = writeln!(
                text,
                "<text x=\"0\" y=\"{}\">{}</text><text class=\"value\" x=\"100%\" y=\"{0}\">{}</text>",
                y + 15,
                Xml(&row.label),
                Xml(&row.shown),
            );
            let share = |value: f64| (value / most * 100.0).clamp(0.0, 100.0);
            let track =
                format!("<rect class=\"track\" x=\"0\" y=\"{}\" width=\"100%\" height=\"14\" rx=\"3\"/>", y + 22);
            let bar = |class: &str, value: f64, height: usize| {
                // What is there is seen, be it ever so little.
                let width = if value > 0.0 { share(value).max(0.4) } else { 0.0 };
                let top = y + 22 + (14 - height) / 2;
                format!(
                    "<rect class=\"{class}\" x=\"0\" y=\"{top}\" width=\"{width:.2}%\" height=\"{height}\" rx=\"3\"/>"
                )
            };
            let _ = match row.mark {
                Mark::Bar(value) => writeln!(text, "{track}{}", bar("bar", value, 14)),
                Mark::Over(value) => writeln!(text, "{track}{}", bar("over", value, 14)),
                Mark::Limit(value) => writeln!(text, "{}", bar("limit", value, 12)),
                Mark::Unbounded => writeln!(text, "{}", bar("limit", most, 12)),
                Mark::Moment(value) => {
                    // Within the edges, so that the point is whole.
                    let x = share(value).clamp(1.5, 98.5);
                    writeln!(text, "{track}<circle class=\"moment\" cx=\"{x:.2}%\" cy=\"{}\" r=\"8\"/>", y + 29)
                }
            };
        }
        text + "</svg>\n"
    }
}

impl Mark {
    fn reach(self) -> f64 {
        match self {
            Self::Bar(value) | Self::Over(value) | Self::Limit(value) | Self::Moment(value) => value,
            Self::Unbounded => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_share_a_scale_and_texts_are_escaped() {
        let row = |mark| Row { label: "<b>".into(), shown: "1 & 2".into(), mark };
        let marks = [Mark::Bar(25.0), Mark::Limit(50.0), Mark::Unbounded, Mark::Moment(0.0), Mark::Bar(0.0)];
        let chart = Chart { title: "t", says: "\"s\"".into(), rows: marks.map(row).to_vec() };
        let text = chart.svg("c1");
        for part in
            ["width=\"50.00%\"", "width=\"100.00%\"", "cx=\"1.50%\"", "width=\"0.00%\"", "&lt;b&gt;", "1 &amp; 2"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.contains("aria-labelledby=\"c1-title c1-says\"") && !text.contains("<b>"), "{text}");
    }
}
