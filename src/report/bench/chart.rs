//! Charts as SVG: each round as a mark, and latencies by percentile. Colours come from the page's style sheet.
//!
//! A and B differ in shape as well as in colour. Each chart has a title that says in words what it shows.

use super::{MeasureLine, PercentileLine, SideValues, as_float, value_of};

const WIDTH: f64 = 640.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 36.0;

/// A row for A and one for B, a mark for each round, a bar for the median.
pub(super) fn rounds(line: &MeasureLine) -> String {
    let highest = line.a.rounds.iter().chain(&line.b.rounds).fold(0.0_f64, |high, value| high.max(*value));
    let end = nice(highest);
    let x = |value: f64| LEFT + (WIDTH - LEFT - RIGHT) * value / end;
    let mut marks = String::new();
    for (side, y, values) in [("a", 34.0, &line.a), ("b", 66.0, &line.b)] {
        marks.push_str(&row(side, y, values, x));
    }
    let mut axis = String::new();
    for step in 0..=4 {
        let value = end * f64::from(step) / 4.0;
        let (at, label) = (x(value), value_of(line.unit, value));
        axis.push_str(&format!(
            "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"16\" y2=\"84\"/>\
             <text x=\"{at:.1}\" y=\"102\" text-anchor=\"middle\">{label}</text>"
        ));
    }
    let title = format!(
        "{}: median {} for A and {} for B, in {} rounds",
        line.name,
        value_of(line.unit, line.a.median),
        value_of(line.unit, line.b.median),
        line.a.rounds.len()
    );
    frame(110.0, &title, &format!("{axis}{marks}"))
}

fn row(side: &str, y: f64, values: &SideValues, x: impl Fn(f64) -> f64) -> String {
    let letter = side.to_ascii_uppercase();
    let mut text = format!("<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{letter}</text>", LEFT - 12.0, y + 5.0);
    for value in &values.rounds {
        text.push_str(&mark(side, x(*value), y));
    }
    let at = x(values.median);
    text.push_str(&format!(
        "<line class=\"median {side}\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>",
        y - 13.0,
        y + 13.0
    ));
    text
}

fn mark(side: &str, x: f64, y: f64) -> String {
    if side == "a" {
        format!("<circle class=\"mark a\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/>")
    } else {
        let points = [(x, y - 6.0), (x + 6.0, y), (x, y + 6.0), (x - 6.0, y)];
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        format!("<polygon class=\"mark b\" points=\"{}\"/>", points.join(" "))
    }
}

/// Latency (a logarithm) by percentile (each step a nine more).
pub(super) fn percentiles(lines: &[PercentileLine]) -> String {
    const HEIGHT: f64 = 260.0;
    let lines: Vec<&PercentileLine> = lines.iter().filter(|line| line.share > 0.0).collect();
    let values = || lines.iter().flat_map(|line| [line.a, line.b]).map(|value| as_float(value.max(1)).log10());
    let (low, high) = (values().fold(f64::INFINITY, f64::min).floor(), values().fold(0.0, f64::max).ceil());
    let steps = as_float(lines.len().saturating_sub(1).max(1) as u64);
    let x = |at: usize| LEFT + 12.0 + (WIDTH - LEFT - RIGHT - 24.0) * as_float(at as u64) / steps;
    let height = |logarithm: f64| HEIGHT - 36.0 - (HEIGHT - 52.0) * (logarithm - low) / (high - low).max(1.0);
    let y = |value: u64| height(as_float(value.max(1)).log10());
    let mut text = String::new();
    let mut decade = low;
    while decade <= high {
        let at = height(decade);
        text.push_str(&format!(
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0,
            value_of("ns", 10_f64.powf(decade))
        ));
        decade += 1.0;
    }
    for (at, line) in lines.iter().enumerate() {
        let name = if line.share >= 1.0 { "max".to_owned() } else { format!("p{}", trimmed(line.share * 100.0)) };
        text.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>",
            x(at),
            HEIGHT - 12.0
        ));
    }
    for (side, of) in [("a", (|line| line.a) as fn(&PercentileLine) -> u64), ("b", |line| line.b)] {
        let points: Vec<(f64, f64)> = lines.iter().enumerate().map(|(at, line)| (x(at), y(of(line)))).collect();
        let path: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        text.push_str(&format!("<polyline class=\"line {side}\" points=\"{}\"/>", path.join(" ")));
        text.extend(points.iter().map(|(x, y)| mark(side, *x, *y)));
    }
    frame(HEIGHT, "latency on the schedule by percentile, of all rounds together", &text)
}

fn frame(height: f64, title: &str, content: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\"><title>{title}</title>{content}</svg>\n"
    )
}

/// A percentage without the noise of binary fractions.
fn trimmed(percent: f64) -> String {
    format!("{percent:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The next larger number that begins with 1, 2, 4, 6 or 8.
fn nice(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let decade = 10_f64.powf(value.log10().floor());
    let first = [1.0, 2.0, 4.0, 6.0, 8.0].into_iter().find(|first| first * decade >= value);
    first.unwrap_or(10.0) * decade
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_plain_number() {
        for (value, end) in [(0.0, 1.0), (1.0, 1.0), (43.0, 60.0), (99.0, 100.0), (1234.0, 2000.0)] {
            assert!((nice(value) - end).abs() < 1e-9, "{value}");
        }
        assert_eq!([trimmed(99.9), trimmed(99.99), trimmed(50.0)], ["99.9", "99.99", "50"]);
    }
}
