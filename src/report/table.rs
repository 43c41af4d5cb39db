//! Columns.

use super::look::{Look, Role};

/// No column but the last is made wider than this for the sake of alignment; a longer cell pushes its own line on.
const WIDEST: usize = 44;

/// Rows of cells in aligned columns, each after `indent` blanks; ends with a newline.
///
/// On a terminal that is too narrow for a row, what follows its second cell goes to a line of its own.
#[must_use]
pub fn columns(rows: &[Vec<(Role, String)>], indent: usize, look: Look) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let lengths: Vec<Vec<usize>> =
        rows.iter().map(|row| row.iter().map(|cell| cell.1.chars().count()).collect()).collect();
    let width_of = |column: usize, widest: usize| {
        let cells = lengths.iter().filter_map(|row| row.get(column).copied());
        cells.filter(|length| *length <= widest).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..count).map(|column| width_of(column, WIDEST)).collect();
    if let (Some(width), true) = (look.width, count > 2) {
        // The second column gives way, so that ordinary rows fit and only those with long cells break.
        let others = indent + widths.iter().sum::<usize>() - widths[1] + 2 * (count - 1);
        widths[1] = width_of(1, width.saturating_sub(others).min(WIDEST));
    }
    let mut text = String::new();
    for (row, lengths) in rows.iter().zip(&lengths) {
        let last = row.iter().rposition(|cell| !cell.1.is_empty()).unwrap_or(0);
        let padded = |column: usize| {
            if column < last { lengths[column].max(widths[column]) + 2 } else { lengths[column] }
        };
        let total = indent + (0..=last).map(padded).sum::<usize>();
        let breaks = last > 1 && look.width.is_some_and(|width| total > width);
        pad(&mut text, indent);
        for (column, cell) in row.iter().enumerate().take(last + 1) {
            look.paint_into(&mut text, cell.0, &cell.1);
            if breaks && column == 1 {
                text.push('\n');
                pad(&mut text, indent + widths[0] + 2);
            } else if column < last {
                pad(&mut text, padded(column) - lengths[column]);
            }
        }
        text.push('\n');
    }
    text
}

fn pad(text: &mut String, mut blanks: usize) {
    const BLANKS: &str = "                                                ";
    while blanks > 0 {
        let some = blanks.min(BLANKS.len());
        text.push_str(&BLANKS[..some]);
        blanks -= some;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_line_up_and_long_ones_push() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (Role::Aside, (*cell).to_owned())).collect::<Vec<_>>();
        let long = "x".repeat(60);
        let text =
            columns(&[row(&["a", "1", "end"]), row(&["bbb", &long, "end"]), row(&["c", "22", ""])], 1, Look::PLAIN);
        assert_eq!(text, format!(" a    1   end\n bbb  {long}  end\n c    22\n"));
    }

    #[test]
    fn on_a_narrow_terminal_a_long_row_breaks_behind_its_value() {
        let row = |cells: &[&str]| cells.iter().map(|cell| (Role::Aside, (*cell).to_owned())).collect::<Vec<_>>();
        let narrow = Look { colour: false, width: Some(20) };
        let text = columns(&[row(&["name", "1", "a:1"]), row(&["n", "long enough value", "b:22"])], 0, narrow);
        assert_eq!(text, "name  1  a:1\nn     long enough value\n      b:22\n");
    }
}
