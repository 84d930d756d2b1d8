//! Layout of text reports: aligned columns, wrapped paragraphs and colour.

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr;

use super::text_width::{truncate, wrap_paragraph};
use crate::trace::State;

/// The width of a text in terminal columns, and whether it is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextFormat {
    pub width: usize,
    pub colour: bool,
}

impl Default for TextFormat {
    fn default() -> Self {
        Self { width: 80, colour: false }
    }
}

const INDENT: usize = 2;
const COLUMN_GAP: usize = 2;
/// Least width to which names are truncated, on any terminal.
const MIN_NAME_WIDTH: usize = 12;

impl TextFormat {
    pub(crate) fn paint(self, text: &str, style: Style) -> String {
        if self.colour && style != Style::new() { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    pub(crate) fn write_heading(self, out: &mut String, text: &str) {
        out.push('\n');
        out.push_str(&self.paint(text, Style::new().bold()));
        out.push('\n');
    }

    /// Writes a paragraph whose first line has `used` columns already, and whose other lines are indented by `indent`.
    pub(crate) fn write_wrapped(self, out: &mut String, text: &str, used: usize, indent: usize, style: Style) {
        let lines = wrap_paragraph(text, self.width.saturating_sub(used), self.width.saturating_sub(indent));
        let lines: Vec<String> = lines.iter().map(|line| self.paint(line, style)).collect();
        out.push_str(&lines.join(&format!("\n{}", " ".repeat(indent))));
        out.push('\n');
    }
}

/// Returns the colour of a state. The letter beside it has the same meaning.
pub(crate) fn state_style(state: State) -> Style {
    let colour = match state {
        State::Running => AnsiColor::Green,
        State::Ready => AnsiColor::Yellow,
        State::Lock => AnsiColor::Red,
        State::Full => AnsiColor::Magenta,
        State::Signal => AnsiColor::Cyan,
        State::Io => AnsiColor::Blue,
        State::Handover | State::Gil => AnsiColor::BrightMagenta,
        State::Crashed => AnsiColor::BrightRed,
        State::Empty | State::Sleep | State::OffCore | State::Done | State::Gap => AnsiColor::BrightBlack,
    };
    Style::new().fg_color(Some(colour.into()))
}

/// A cell: pieces of text, each with its style.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextCell(Vec<(String, Style)>);

impl TextCell {
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self(vec![(text.into(), style)])
    }

    pub(crate) fn push(&mut self, text: impl Into<String>, style: Style) {
        self.0.push((text.into(), style));
    }

    fn width(&self) -> usize {
        self.0.iter().map(|(text, _)| text.width()).sum()
    }
}

impl<S: Into<String>> From<S> for TextCell {
    fn from(text: S) -> Self {
        Self::styled(text, Style::new())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// A table with headings, which may have several lines. The first column is truncated if the others need its width.
#[derive(Debug)]
pub(crate) struct TextTable {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<TextCell>>,
}

impl TextTable {
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|(head, align)| ((*head).to_owned(), *align)).collect();
        Self { columns, rows: Vec::new() }
    }

    pub(crate) fn push_row(&mut self, cells: impl IntoIterator<Item = TextCell>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the terminal columns that are left when every cell has its full width.
    pub(crate) fn spare_width(&self, text_format: TextFormat) -> usize {
        text_format.width.saturating_sub(total_width(&self.widths()))
    }

    fn widths(&self) -> Vec<usize> {
        let of =
            |at: usize| self.rows.iter().filter_map(move |row| row.get(at).map(TextCell::width)).max().unwrap_or(0);
        let head = |head: &str| head.lines().map(UnicodeWidthStr::width).max().unwrap_or(0);
        self.columns.iter().enumerate().map(|(at, (text, _))| of(at).max(head(text))).collect()
    }

    pub(crate) fn render(&self, text_format: TextFormat, out: &mut String) {
        let mut widths = self.widths();
        let over = total_width(&widths).saturating_sub(text_format.width);
        if let Some(first) = widths.first_mut() {
            *first = first.saturating_sub(over).max(MIN_NAME_WIDTH.min(*first));
        }
        for row in self.heading_rows().iter().chain(&self.rows) {
            self.write_row(row, &widths, text_format, out);
        }
    }

    /// Returns the rows of the headings, aligned at the bottom.
    fn heading_rows(&self) -> Vec<Vec<TextCell>> {
        let lines = self.columns.iter().map(|(head, _)| head.lines().count()).max().unwrap_or(0);
        let part = |head: &str, from_bottom: usize| head.lines().rev().nth(from_bottom).unwrap_or_default().to_owned();
        let row = |line: usize| {
            let cell = |(head, _): &(String, Align)| TextCell::styled(part(head, line), Style::new().dimmed());
            self.columns.iter().map(cell).collect()
        };
        (0..lines).rev().map(row).collect()
    }

    fn write_row(&self, row: &[TextCell], widths: &[usize], text_format: TextFormat, out: &mut String) {
        let last = row.iter().rposition(|cell| cell.width() > 0).unwrap_or(0);
        let mut gap = INDENT;
        for (at, (cell, width)) in row.iter().zip(widths).enumerate().take(last + 1) {
            out.push_str(&" ".repeat(gap));
            let pad = " ".repeat(width.saturating_sub(cell.width()));
            let right = self.columns.get(at).is_some_and(|(_, align)| *align == Align::Right);
            if right {
                out.push_str(&pad);
            }
            for (text, style) in &cell.0 {
                let text = if at == 0 { truncate(text, *width, "…") } else { text.clone() };
                out.push_str(&text_format.paint(&text, *style));
            }
            if !right && at < last {
                out.push_str(&pad);
            }
            gap = COLUMN_GAP;
        }
        out.push('\n');
    }
}

fn total_width(widths: &[usize]) -> usize {
    INDENT + widths.iter().sum::<usize>() + COLUMN_GAP * widths.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_the_first_is_truncated() {
        let mut table = TextTable::new(&[("name", Align::Left), ("all\nwaits", Align::Right), ("note", Align::Left)]);
        table.push_row(["a rather long name of 日本".into(), "7".into(), "x".into()]);
        table.push_row(["b".into(), "1,234".into(), "".into()]);
        let mut out = String::new();
        table.render(TextFormat { width: 30, colour: false }, &mut out);
        assert_eq!(
            out,
            concat!(
                "                     all\n",
                "  name             waits  note\n",
                "  a rather long …      7  x\n",
                "  b                1,234\n"
            )
        );
    }

    #[test]
    fn paragraphs_wrap_at_words() {
        let mut out = String::from("- ");
        TextFormat { width: 16, colour: false }.write_wrapped(&mut out, "one two three four five", 2, 2, Style::new());
        assert_eq!(out, "- one two three\n  four five\n");
    }

    #[test]
    fn colour_is_only_added_when_allowed() {
        let red = Style::new().fg_color(Some(AnsiColor::Red.into()));
        assert_eq!(TextFormat { width: 80, colour: true }.paint("x", red), "\u{1b}[31mx\u{1b}[0m");
        assert_eq!(TextFormat::default().paint("x", red), "x");
    }
}
