//! What a pool achieved with every number of workers it has had, side by side.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::level_history::{LevelKey, LevelStats};
use super::super::run_view::RunView;
use super::super::theme::Theme;
use super::{SeparatePane, text};
use crate::trace::format::{compact_count, compact_duration, compact_percent, compact_rate_value};
use crate::trace::{Span, State};

pub(super) const PANE: SeparatePane = SeparatePane {
    title: |view| if view.is_past() { "Levels seen so far, up to now" } else { "Levels seen so far" }.into(),
    lines: |view| view.level_history.count().saturating_add(4).min(14),
    draw: |view, theme, area, buf| LevelsPane { view, theme }.render(area, buf),
};

struct LevelsPane<'a> {
    view: &'a RunView,
    theme: Theme,
}

/// A column of figures: its heading, its width, and the narrowest pane that shows it.
struct LevelColumn {
    heading: &'static str,
    width: u16,
    min_pane_width: u16,
    value: fn(&LevelStats) -> String,
}

const COLUMNS: [LevelColumn; 7] = [
    LevelColumn { heading: "tasks/s", width: 9, min_pane_width: 0, value: |did| compact_rate_value(did.throughput()) },
    LevelColumn {
        heading: "p50",
        width: 8,
        min_pane_width: 50,
        value: |did| duration_or_dash(did.response_percentile(50.0)),
    },
    LevelColumn {
        heading: "p99",
        width: 8,
        min_pane_width: 24,
        value: |did| duration_or_dash(did.response_percentile(99.0)),
    },
    LevelColumn { heading: "busy", width: 6, min_pane_width: 30, value: |did| compact_percent(did.busy_share()) },
    LevelColumn { heading: "lock", width: 6, min_pane_width: 36, value: |did| compact_percent(did.share(State::Lock)) },
    LevelColumn {
        heading: "ready",
        width: 6,
        min_pane_width: 42,
        value: |did| compact_percent(did.share(State::Ready)),
    },
    LevelColumn { heading: "for", width: 7, min_pane_width: 57, value: |did| compact_duration(did.observed_for) },
];

/// Columns of the number of workers, with a mark before it.
const WORKERS_WIDTH: u16 = 8;

impl Widget for LevelsPane<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let all = self.view.level_history.entries();
        Self::draw_row(
            text::nth_line(area, 0),
            "workers",
            theme.faint_style(),
            |column| (column.heading.to_owned(), theme.faint_style()),
            buf,
        );
        let mut line = 1;
        let mut before: Option<&LevelKey> = None;
        let several = self.view.shown_model().registry().pools.len() > 1;
        for (level, did, goes_on) in all.iter().skip(self.view.scroll.min(all.len().saturating_sub(1))) {
            let same = |other: &LevelKey| (other.pool, &other.other_knobs) == (level.pool, &level.other_knobs);
            if !before.is_some_and(same) && (several || !level.other_knobs.is_empty() || before.is_some()) {
                text::put_line(buf, text::nth_line(area, line), &self.title(level, several), theme.faint_style());
                line += 1;
            }
            let mark = match goes_on {
                true if theme.has_unicode => "▸",
                true => ">",
                false => " ",
            };
            let name = format!("{mark}{:>6}", level.workers);
            let style = if *goes_on { theme.strong_style() } else { Style::new() };
            Self::draw_row(text::nth_line(area, line), &name, style, |column| ((column.value)(did), style), buf);
            line += 1;
            if let (true, Some(backlog)) = (*goes_on, did.backlog) {
                let (was, left) = (compact_count(backlog.initial.into()), compact_count(backlog.remaining.into()));
                let words =
                    format!("  {was} tasks waited at the change, {left} now: this backlog lengthens p50 and p99");
                text::put_line(buf, text::nth_line(area, line), &words, theme.faint_style());
                line += 1;
            }
            before = Some(level);
        }
        if all.is_empty() {
            text::put_line(
                buf,
                text::nth_line(area, 1),
                "No figures yet: a level is observed for a moment first",
                theme.faint_style(),
            );
        } else if all.len() == 1 {
            text::put_line(
                buf,
                text::nth_line(area, line + 1),
                "Turn `workers` with + and -: each level is kept",
                theme.faint_style(),
            );
        }
    }
}

impl LevelsPane<'_> {
    fn draw_row(
        line: Rect,
        name: &str,
        style: Style,
        cell: impl Fn(&LevelColumn) -> (String, Style),
        buf: &mut Buffer,
    ) {
        let at = Rect { width: WORKERS_WIDTH.min(line.width), ..line };
        text::put_line(buf, at, name, style);
        let mut rest = Rect { x: at.right(), width: line.right() - at.right(), ..line };
        for column in COLUMNS.iter().filter(|column| line.width >= column.min_pane_width) {
            let at = Rect { width: column.width.min(rest.width), ..rest };
            let (words, style) = cell(column);
            text::put_right(buf, at, &words, style);
            rest = Rect { x: at.right(), width: rest.right() - at.right(), ..rest };
        }
    }

    /// Returns the pool, and which other knobs were turned.
    fn title(&self, level: &LevelKey, several: bool) -> String {
        let name =
            self.view.shown_model().registry().pools.get(level.pool.index()).map_or("", |pool| pool.name.as_str());
        let with = if level.other_knobs.is_empty() {
            "with default knobs".to_owned()
        } else {
            format!("with {}", level.other_knobs)
        };
        if several { format!("{name}, {with}") } else { with }
    }
}

fn duration_or_dash(span: Option<Span>) -> String {
    span.map_or_else(|| "-".to_owned(), compact_duration)
}
