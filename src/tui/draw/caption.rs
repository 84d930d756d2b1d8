//! The caption of a tour, its keys, and the mark at the row that it points at.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::app::describe_wait;
use super::super::keys::{self, KeyContext};
use super::super::layout::{TimelineRow, caption_width};
use super::super::run_view::Selection;
use super::super::theme::{Role, Theme};
use super::super::tour::{MAX_LINES, Progress, TourPlayer, wrap_caption};
use super::{RunScene, text};
use crate::model::Severity;
use crate::scenario::CaptionPart;

pub(super) struct CaptionPanel<'a> {
    pub(super) tour: &'a TourPlayer,
    pub(super) theme: Theme,
}

impl Widget for CaptionPanel<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        if area.height == 0 {
            return;
        }
        let bar = if self.has_failed() { Severity::Error } else { Severity::Note };
        for y in area.top()..area.bottom() {
            let first = Rect { y, height: 1, width: area.width.min(1), ..area };
            text::put_line(buf, first, self.theme.band_bar(), self.theme.severity_style(bar));
        }
        let inner = Rect { x: area.x + 2.min(area.width), width: caption_width(area.width), ..area };
        let parts = self.words();
        let lines = wrap_caption(&parts, inner.width);
        let room = usize::from(area.height - 1).min(MAX_LINES);
        for (i, line) in lines.iter().take(room).enumerate() {
            self.draw_line(line, text::nth_line(inner, i), buf);
        }
        self.draw_keys(Rect { y: area.bottom() - 1, height: 1, ..inner }, buf);
    }
}

impl CaptionPanel<'_> {
    const fn has_failed(&self) -> bool {
        matches!(self.tour.progress, Progress::Failed { .. })
    }

    /// Returns the caption, or why there is none.
    fn words(&self) -> Vec<CaptionPart> {
        match &self.tour.progress {
            Progress::Failed { why, .. } => vec![
                CaptionPart { text: "This scene cannot be shown: ".to_owned(), is_strong: true },
                CaptionPart { text: why.clone(), is_strong: false },
            ],
            _ => self.tour.caption().to_vec(),
        }
    }

    fn draw_line(&self, line: &[CaptionPart], at: Rect, buf: &mut Buffer) {
        let mut rest = at;
        for part in line {
            let style =
                if part.is_strong { self.theme.fg(Role::Mark).add_modifier(Modifier::BOLD) } else { Style::new() };
            rest = text::put_line(buf, rest, &part.text, style);
        }
    }

    /// Draws how far the tour is, what it waits for, and its keys: `3/12  Space next  PgUp back`.
    fn draw_keys(&self, line: Rect, buf: &mut Buffer) {
        let faint = self.theme.faint_style();
        let (step, of) = self.tour.step();
        let mut rest = text::put_line(buf, line, &format!("{step}/{of}"), self.theme.strong_style());
        let state = match &self.tour.progress {
            Progress::Over => Some("end of the tour".to_owned()),
            progress => describe_wait(progress),
        };
        if let Some(late) = self.tour.late() {
            let warning = self.theme.severity_style(Severity::Warning);
            rest = text::put_line(buf, rest, &format!("  {late}"), warning);
        }
        rest = text::put_line(buf, rest, &format!("  {}", state.unwrap_or_default()), faint);
        let mut bindings: Vec<_> =
            keys::bindings_in(KeyContext::Tour).filter(|binding| !binding.hint.is_empty()).collect();
        let width_of = |bindings: &[&keys::Binding]| {
            let width = bindings.iter().map(|b| b.hint_key().width() + b.hint.width() + 3).sum::<usize>();
            u16::try_from(width).unwrap_or(u16::MAX)
        };
        while width_of(&bindings) > rest.width && bindings.pop().is_some() {}
        let width = width_of(&bindings);
        let mut keys = Rect { x: rest.right() - width, width, ..rest };
        for binding in bindings {
            keys = text::put_line(buf, keys, &format!(" {}", binding.hint_key()), self.theme.strong_style());
            keys = text::put_line(buf, keys, &format!(" {} ", binding.hint), faint);
        }
    }
}

/// Marks the chosen row at both sides of its name.
pub(super) fn draw_pointer(
    scene: RunScene<'_>,
    rows: &[TimelineRow],
    line_of: impl Fn(usize) -> Rect,
    buf: &mut Buffer,
) {
    let (view, theme) = (scene.view, scene.theme);
    let chosen = |row: &TimelineRow| match (row, view.selection) {
        (TimelineRow::Lane { worker, line: 0, .. }, Some(Selection::Lane(chosen))) => *worker == chosen,
        (TimelineRow::Lock { id, .. }, Some(Selection::Lock(chosen)))
        | (TimelineRow::Queue { id, line: 0, .. }, Some(Selection::Queue(chosen))) => *id == chosen,
        _ => false,
    };
    let Some(at) = rows.iter().position(chosen) else { return };
    let line = line_of(at);
    let (open, close) = (theme.glyph("▶", ">"), theme.glyph("◀", "<"));
    let style = theme.fg(Role::Mark).add_modifier(Modifier::BOLD);
    let label = Rect { width: scene.columns.label.min(line.width), ..line };
    text::put_line(buf, Rect { width: label.width.min(1), ..label }, open, style);
    text::put_right(buf, label, close, style);
}
