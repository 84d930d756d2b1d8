//! The help overlay, made from the table of keys: in groups, in two columns where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::keys::{KeyContext, KeyGroup, with_keys};
use super::super::panes::PANES;
use super::super::theme::{Role, Theme};
use super::{overlay, text};
use crate::report::text_width::wrap_text;
use crate::trace::format::compact_counted;

pub(super) struct HelpOverlay {
    /// The context of a tour, whose keys come first.
    pub(super) above: Option<KeyContext>,
    pub(super) context: KeyContext,
    pub(super) theme: Theme,
    pub(super) scroll: usize,
}

/// Columns of the keys' names.
const KEYS_WIDTH: usize = 14;

/// Columns of the help's text in one column, and in two.
const NARROW: u16 = 92;
const WIDE: u16 = 156;

/// Width of a screen from which the help has two columns.
const TWO_COLUMNS_FROM: u16 = 118;

/// Columns between two columns of text.
const GAP: u16 = 3;

/// Meaning of the headings over the figures at the right.
const FIGURE_MEANINGS: [(&str, &str); 7] = [
    (
        "ran, waited",
        "shares of the visible time: running, and the state with the most of the rest; the bar has all states",
    ),
    (
        "held  waited",
        "share of the visible time in which the lock was held; of its requests that had to wait, with ~ if tracing adds to it",
    ),
    ("p99  max", "99th percentile of the waits for the lock, and the longest"),
    ("now  in  out", "items in the queue; items put and taken per second"),
    ("unused", "signals that woke no worker; those of a condition are lost"),
    ("p50 p90 p99", "percentiles of the response times in the visible time, to a tenth"),
    ("busy  by us", "how busy the core is, with other programs included; the part of this run"),
];

/// Meaning of the marks of a tuning.
const TUNE_MEANINGS: [(&str, &str); 7] = [
    ("● @", "enough, or keeps up: surely within the tolerance of the best level, or of the arrivals"),
    ("◐ ?", "undecided: the measurements do not tell yet"),
    ("○ o", "clearly worse, or falls behind"),
    ("×  X", "over a limit on p99 or memory; fails, as by a deadlock"),
    ("▲ ^", "the answer: the smallest level that is enough"),
    ("┬┴  ┄  ·", "95 % interval of the throughput; its upper bound; what perfect scaling would do"),
    ("±  of best", "half of the interval, as a share of the throughput; throughput as a share of the best level's"),
];

/// A line of the help.
#[derive(Debug, Clone, PartialEq)]
enum HelpLine {
    Blank,
    Heading(&'static str),
    /// Keys, or explained signs, and their meaning.
    Entry(String, String),
    Note(String),
}

type HelpSection = Vec<HelpLine>;

impl Widget for HelpOverlay {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let has_two = area.width >= TWO_COLUMNS_FROM;
        let width = if has_two { WIDE } else { NARROW }.min(area.width);
        let inner_width = width.saturating_sub(4);
        let column = if has_two { (inner_width - GAP) / 2 } else { inner_width };
        let columns = balance(self.sections(column), has_two);
        let lines = columns.iter().map(Vec::len).max().unwrap_or(0);
        let height = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(3);
        let inner = overlay::draw_frame("Keys", self.theme, overlay::centered(area, width, height), buf);
        let room = usize::from(inner.height.saturating_sub(1));
        let first = self.scroll.min(lines.saturating_sub(room));
        for (nth, lines) in columns.iter().enumerate() {
            let x = inner.x + u16::try_from(nth).unwrap_or(0) * (column + GAP);
            let at = Rect { x, width: column.min(inner.right().saturating_sub(x)), ..inner };
            for (i, line) in lines.iter().skip(first).take(room).enumerate() {
                self.draw_line(line, text::nth_line(at, i), buf);
            }
        }
        let below = lines.saturating_sub(first + room);
        let more = if below > 0 {
            format!("{{down}}: {}    ", compact_counted(below as u64, "more line"))
        } else {
            String::new()
        };
        let keys = with_keys(&format!("{more}{{back}}: close"));
        text::put_right(buf, text::nth_line(inner, room), &keys, self.theme.faint_style());
    }
}

impl HelpOverlay {
    fn draw_line(&self, line: &HelpLine, at: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        match line {
            HelpLine::Blank => {}
            HelpLine::Heading(heading) => drop(text::put_line(buf, at, heading, theme.faint_style())),
            HelpLine::Entry(keys, words) => {
                text::put_line(buf, at, keys, theme.strong_style());
                let indent = (KEYS_WIDTH as u16).min(at.width);
                let beside = Rect { x: at.x + indent, width: at.width - indent, ..at };
                text::put_line(buf, beside, words, theme.fg(Role::Text));
            }
            HelpLine::Note(words) => drop(text::put_line(buf, at, words, theme.faint_style())),
        }
    }

    fn sections(&self, width: u16) -> Vec<HelpSection> {
        let mut sections = Vec::new();
        for group in KeyGroup::ALL {
            let bindings = group.bindings(self.above, self.context);
            let entries = bindings.iter().map(|binding| (binding.key_names(), binding.help()));
            sections.push(section(group.heading(), entries, width));
        }
        let own = |pair: &(&str, &str)| (pair.0.to_owned(), pair.1.to_owned());
        if self.context.is_run() {
            sections.push(section("FIGURES AT THE RIGHT", FIGURE_MEANINGS.iter().map(own), width));
        }
        if self.context == KeyContext::Tune {
            let mark = |pair: &(&str, &str)| (self.shown_marks(pair.0), pair.1.to_owned());
            sections.push(section("MARKS", TUNE_MEANINGS.iter().map(mark), width));
        }
        sections.push(self.notes(width));
        sections.retain(|section| section.len() > 1);
        sections
    }

    /// Returns the marks as this terminal shows them: of each pair the first with Unicode, the second without.
    fn shown_marks(&self, marks: &str) -> String {
        match marks.split_once(' ') {
            Some((unicode, ascii)) if ascii.len() == 1 => {
                if self.theme.has_unicode { unicode } else { ascii }.to_owned()
            }
            _ if self.theme.has_unicode || marks.is_ascii() => marks.to_owned(),
            _ => marks.replace('×', "x").replace("┬┴", "+").replace('┄', "-").replace('·', ":").replace('±', "~"),
        }
    }

    fn notes(&self, width: u16) -> HelpSection {
        let mouse = match self.context {
            KeyContext::Tune => "Click a level to choose it; click it again in the table to open its timeline.",
            KeyContext::Picker => "A click chooses a scenario, the wheel moves the choice.",
            KeyContext::Replay => {
                "Click the axis to jump there, drag along it to play by hand. A click chooses a row and sets the cursor, \
                 a drag moves the window, the wheel zooms or scrolls."
            }
            _ => "A click chooses a row and sets the cursor, a drag moves the window, the wheel zooms or scrolls.",
        };
        let panes: Vec<&str> = PANES.iter().map(|spec| spec.name).collect();
        let panes = self.context.is_run().then(|| format!("Panes: {}.", panes.join(", ")));
        let mut lines = vec![HelpLine::Heading("MOUSE")];
        lines.extend(wrap_text(mouse, width).into_iter().map(HelpLine::Note));
        lines.extend(panes.iter().flat_map(|panes| wrap_text(panes, width)).map(HelpLine::Note));
        lines
    }
}

fn section(heading: &'static str, entries: impl Iterator<Item = (String, String)>, width: u16) -> HelpSection {
    let mut lines = vec![HelpLine::Heading(heading)];
    for (keys, words) in entries {
        let mut keys = keys;
        if keys.width() >= KEYS_WIDTH {
            lines.push(HelpLine::Entry(std::mem::take(&mut keys), String::new()));
        }
        for line in wrap_text(&words, width.saturating_sub(KEYS_WIDTH as u16)) {
            lines.push(HelpLine::Entry(std::mem::take(&mut keys), line));
        }
    }
    lines
}

/// Puts the sections into one column, or into two of about the same length, with a blank line between sections.
fn balance(sections: Vec<HelpSection>, has_two: bool) -> Vec<Vec<HelpLine>> {
    let all: usize = sections.iter().map(|section| section.len() + 1).sum();
    let mut columns: Vec<Vec<HelpLine>> = vec![Vec::new()];
    for section in sections {
        let filled = columns.last().map_or(0, Vec::len);
        if has_two && columns.len() == 1 && filled > 0 && filled + section.len() / 2 > all / 2 {
            columns.push(Vec::new());
        }
        if let Some(column) = columns.last_mut() {
            if !column.is_empty() {
                column.push(HelpLine::Blank);
            }
            column.extend(section);
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_columns_have_every_line_and_are_about_as_long() {
        for context in [KeyContext::ScenarioRun, KeyContext::Replay, KeyContext::Tune] {
            let help = HelpOverlay { above: None, context, theme: Theme::dark(), scroll: 0 };
            let sections = help.sections(70);
            let count: usize = sections.iter().map(Vec::len).sum();
            let columns = balance(sections, true);
            let lines = |column: &Vec<HelpLine>| column.iter().filter(|line| **line != HelpLine::Blank).count();
            assert_eq!(columns.iter().map(lines).sum::<usize>(), count);
            let [left, right] = columns.as_slice() else { panic!("two columns") };
            assert!(left.len().abs_diff(right.len()) <= count / 3, "{} and {}", left.len(), right.len());
        }
    }

    #[test]
    fn marks_of_a_tuning_are_explained_as_they_are_drawn() {
        let help = |has_unicode| HelpOverlay {
            above: None,
            context: KeyContext::Tune,
            theme: Theme::plain(has_unicode),
            scroll: 0,
        };
        for (marks, _) in TUNE_MEANINGS {
            assert!(help(false).shown_marks(marks).is_ascii(), "{marks}");
        }
        assert_eq!(help(true).shown_marks("● @"), "●");
        assert_eq!(help(false).shown_marks("● @"), "@");
    }
}
