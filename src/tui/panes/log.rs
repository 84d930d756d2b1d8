//! What happened up to the shown moment: turned knobs, deaths, marks, findings, and the lines that the run wrote to its
//! standard error; the newest last.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::run_view::{Pane, RunView};
use super::super::theme::{Role, Theme};
use super::super::totals_history::FindingChange;
use super::{SeparatePane, text, worker_name};
use crate::model::{LogLine, NamedMark, TimelineMark};
use crate::report::text_width::{truncate, wrap_text};
use crate::scenario::sanitize;
use crate::trace::format::format_stamp;
use crate::trace::{Stamp, WorkerId};

pub(super) const PANE: SeparatePane = SeparatePane {
    title: |_| "EVENTS  the newest last".into(),
    lines: |_| 9,
    draw: |view, theme, area, buf| LogPane { view, theme }.draw(area, buf),
};

/// Columns of a moment.
const TIME_WIDTH: u16 = 11;

/// Columns between a moment and the further lines of its sentence.
const SENTENCE_INDENT: u16 = 4;

/// Most workers among which the one of an event is looked for by its name.
const MAX_NAMED: usize = 256;

struct LogPane<'a> {
    view: &'a RunView,
    theme: Theme,
}

/// A line of the pane.
enum LogEntry<'a> {
    Line(&'a LogLine),
    /// A turned knob, a death, a suspension.
    Change(&'a TimelineMark),
    Mark(NamedMark<'a>),
    Finding(&'a FindingChange),
}

impl LogEntry<'_> {
    fn at(&self) -> Stamp {
        match self {
            Self::Line(line) => line.at,
            Self::Change(mark) => mark.at,
            Self::Mark(mark) => mark.at,
            Self::Finding(change) => change.at,
        }
    }

    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Line(line) => Cow::Borrowed(&line.text),
            Self::Change(mark) => Cow::Borrowed(&mark.text),
            Self::Mark(mark) => Cow::Borrowed(&mark.text),
            Self::Finding(change) => match &change.sentence {
                Some(sentence) => Cow::Owned(format!("{}  {sentence}", change.id)),
                None => Cow::Owned(format!("{} is over", change.id)),
            },
        }
    }
}

/// Whether anything happened in this run.
pub(super) fn has_entries(view: &RunView) -> bool {
    let model = view.shown_model();
    !model.log().is_empty()
        || !model.marks().is_empty()
        || model.named_mark_total() > 0
        || view.finding_changes().next().is_some()
}

impl LogEntry<'_> {
    /// Returns the sentence of a finding in lines of this width.
    fn continued_lines(&self, width: u16) -> Vec<String> {
        match self {
            Self::Finding(FindingChange { sentence: Some(sentence), .. }) => wrap_text(sentence, width),
            _ => Vec::new(),
        }
    }
}

impl LogPane<'_> {
    fn draw(&self, area: Rect, buf: &mut Buffer) {
        let entries = self.entries();
        if entries.is_empty() {
            text::put_line(buf, area, "Nothing has happened yet", self.theme.faint_style());
        }
        let height = usize::from(area.height);
        let back = if self.view.pane == Pane::Log { self.view.scroll } else { 0 };
        let first = entries.len().saturating_sub(height).saturating_sub(back);
        let shown: Vec<_> = entries.into_iter().skip(first).take(height).collect();
        // Sentences continue on further lines where there is room for all of them.
        let width = area.width.saturating_sub(TIME_WIDTH + SENTENCE_INDENT);
        let continued: Vec<Vec<String>> = shown.iter().map(|entry| entry.continued_lines(width)).collect();
        let has_room = shown.len() + continued.iter().map(Vec::len).sum::<usize>() <= height;
        let mut n = 0;
        for (entry, more) in shown.iter().zip(continued) {
            self.draw_entry(entry, !has_room, text::nth_line(area, n), buf);
            n += 1;
            for line in more.iter().filter(|_| has_room) {
                let at = text::nth_line(area, n);
                let x = (at.x + TIME_WIDTH + SENTENCE_INDENT).min(at.right());
                text::put_line(buf, Rect { x, width: at.right() - x, ..at }, line, Style::new());
                n += 1;
            }
        }
    }

    /// Draws the first line of an entry, with the beginning of its sentence if `has_sentence`.
    fn draw_entry(&self, entry: &LogEntry<'_>, has_sentence: bool, line: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let time = Rect { width: TIME_WIDTH.min(line.width), ..line };
        text::put_right(buf, time, &format_stamp(entry.at()), theme.faint_style());
        let x = (time.right() + 2).min(line.right());
        let rest = Rect { x, width: line.right() - x, ..line };
        let (glyph, style) = match entry {
            LogEntry::Line(_) => (" ", Style::new()),
            LogEntry::Change(_) | LogEntry::Mark(_) => (theme.choice_mark(), theme.fg(Role::Mark)),
            LogEntry::Finding(FindingChange { sentence: None, .. }) => (theme.good_mark(), theme.fg(Role::Good)),
            LogEntry::Finding(change) => (theme.severity_mark(change.severity), theme.severity_style(change.severity)),
        };
        let rest = text::put_line(buf, rest, &format!("{glyph} "), style);
        let words = entry.text();
        let cut = |words: &str, room: Rect| truncate(words, usize::from(room.width), theme.ellipsis());
        match entry {
            LogEntry::Finding(change) => {
                let rest = text::put_line(buf, rest, change.id, style);
                let sentence = words.strip_prefix(change.id).unwrap_or_default();
                if has_sentence || change.sentence.is_none() {
                    text::put_line(buf, rest, &cut(sentence, rest), Style::new());
                }
            }
            LogEntry::Mark(mark) => {
                let rest = text::put_line(buf, rest, &sanitize(&words), style);
                let rest = text::put_line(buf, rest, "  by ", theme.faint_style());
                match mark.worker {
                    Some(worker) => {
                        let name = self.view.shown_model().registry().worker_name(worker);
                        let rest = worker_name::put_mark(buf, rest, theme, worker);
                        text::put_line(buf, rest, name, theme.strong_style());
                    }
                    None => drop(text::put_line(buf, rest, "you", theme.strong_style())),
                }
            }
            LogEntry::Change(_) | LogEntry::Line(_) => {
                let worker = self.named_worker(&words).filter(|_| rest.width > 0);
                let rest = worker.map_or(rest, |worker| worker_name::put_mark(buf, rest, theme, worker));
                let style = if matches!(entry, LogEntry::Change(_)) { theme.fg(Role::Text) } else { style };
                text::put_line(buf, rest, &cut(&sanitize(&words), rest), style);
            }
        }
    }

    /// Returns the worker with whose name an event begins.
    fn named_worker(&self, words: &str) -> Option<WorkerId> {
        let workers = &self.view.shown_model().registry().workers;
        let name = words.split([' ', ':']).next().filter(|name| !name.is_empty())?;
        workers.iter().take(MAX_NAMED).position(|worker| worker.name == name).map(WorkerId::from)
    }

    /// Returns everything up to the shown moment, in order of time.
    fn entries(&self) -> Vec<LogEntry<'_>> {
        let model = self.view.shown_model();
        let lines = model.log().iter().map(LogEntry::Line);
        let changes = model.marks().iter().map(LogEntry::Change);
        let marks = model.named_marks().into_iter().map(LogEntry::Mark);
        let findings = self.view.finding_changes().map(LogEntry::Finding);
        let until = self.view.time_before_end().map(|_| self.view.figures.taken_at);
        let all = lines.chain(changes).chain(marks).chain(findings);
        let mut entries: Vec<_> = all.filter(|entry| until.is_none_or(|until| entry.at() <= until)).collect();
        if !self.view.filter.is_empty() {
            entries.retain(|entry| self.view.matches_filter(&entry.text()));
        }
        entries.sort_by_key(LogEntry::at);
        entries
    }
}
