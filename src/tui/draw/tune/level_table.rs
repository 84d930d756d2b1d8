//! The table of levels: measurements, and how the time of a unit of work is spent.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::super::theme::{Role, Theme};
use super::super::super::tune_view::{TimeSlice, TuneLayout, level_p99, slice_widths, time_slices};
use super::TuneScene;
use super::text;
use crate::report::text_width::truncate;
use crate::trace::format::{compact_counted, compact_duration, compact_percent, compact_rate_value};
use crate::trace::{Span, State};
use crate::tune::{Goal, Level, ratio_to_best};

pub(super) struct LevelTable<'a> {
    pub(super) scene: TuneScene<'a>,
    pub(super) layout: &'a TuneLayout,
}

/// A column of figures: its heading, its width, and the narrowest screen that shows it.
struct TableColumn {
    heading: &'static str,
    width: u16,
    min_screen_width: u16,
    value: fn(TuneScene<'_>, &Level) -> String,
}

impl TableColumn {
    /// Returns the heading. With arrivals, a level is compared with their rate.
    fn heading_for(&self, scene: TuneScene<'_>) -> &'static str {
        match (self.heading, scene.tune_view.setup.question.demands.goal) {
            (OF_BEST, Goal::Arrivals(_)) => "of due",
            (head, _) => head,
        }
    }
}

const OF_BEST: &str = "of best";

const COLUMNS: [TableColumn; 7] = [
    TableColumn {
        heading: "/s",
        width: 9,
        min_screen_width: 0,
        value: |_, level| compact_rate_value(level.throughput()),
    },
    TableColumn { heading: "±", width: 6, min_screen_width: 40, value: uncertainty_text },
    TableColumn { heading: OF_BEST, width: 8, min_screen_width: 100, value: share_of_best },
    TableColumn {
        heading: "p50",
        width: 8,
        min_screen_width: 140,
        value: |_, level| time_text(level.percentiles(|r| r.service).map(|all| all.p50)),
    },
    TableColumn {
        heading: "p99",
        width: 8,
        min_screen_width: 60,
        value: |scene, level| time_text(level_p99(scene.tune_view, level)),
    },
    TableColumn {
        heading: "cores",
        width: 7,
        min_screen_width: 100,
        value: |_, level| format!("{:.2}", level.mean(|r| r.cores_used)),
    },
    TableColumn {
        heading: "runs",
        width: 5,
        min_screen_width: 70,
        value: |_, level| level.repetitions.len().to_string(),
    },
];

/// Columns of a level's value, with its sign.
const NAME_WIDTH: u16 = 10;

/// Columns for the total time after its bar.
const TOTAL_WIDTH: u16 = 9;

impl Widget for LevelTable<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let (scene, theme) = (self.scene, self.scene.theme);
        let head = text::nth_line(area, 0);
        let name = Rect { width: NAME_WIDTH.min(area.width), ..head };
        text::put_right(buf, name, &scene.tune_view.knob().name, theme.faint_style());
        let mut rest = Rect { x: name.right(), width: head.right() - name.right(), ..head };
        for column in visible_columns(area.width) {
            let at = Rect { width: column.width.min(rest.width), ..rest };
            text::put_right(buf, at, column.heading_for(scene), theme.faint_style());
            rest = Rect { x: at.right(), width: rest.right() - at.right(), ..rest };
        }
        let word = scene.tune_view.setup.work.word();
        text::put_line(buf, rest, &format!("  workers' time per {word}"), theme.faint_style());
        let levels = scene.tune_view.levels();
        let most = levels.iter().map(total_time).fold(0.0, f64::max);
        for (place, level) in levels.iter().enumerate() {
            if let Some(line) = self.layout.level_line(place) {
                self.draw_level(level, most, line, buf);
            }
        }
        self.draw_more(levels.len(), area, buf);
    }
}

fn visible_columns(width: u16) -> impl Iterator<Item = &'static TableColumn> {
    COLUMNS.iter().filter(move |column| width >= column.min_screen_width)
}

impl LevelTable<'_> {
    fn draw_level(&self, level: &Level, most: f64, line: Rect, buf: &mut Buffer) {
        let (scene, theme) = (self.scene, self.scene.theme);
        let sign = Rect { x: line.x + line.width.min(1), width: line.width.min(2).saturating_sub(1), ..line };
        text::put_line(buf, sign, scene.level_sign(level), scene.sign_style(level));
        let name =
            Rect { x: sign.right(), width: NAME_WIDTH.saturating_sub(2).min(line.right() - sign.right()), ..line };
        text::put_right(buf, name, &scene.tune_view.knob().format_value(level.value), scene.level_style(level));
        let mut rest = Rect { x: name.right(), width: line.right() - name.right(), ..line };
        if !level.is_working() {
            let why = level.failures.first().map_or("no run counts: other programs disturbed them", String::as_str);
            let why = truncate(why, usize::from(rest.width.saturating_sub(3)), theme.ellipsis());
            text::put_line(buf, rest, &format!("  {why}"), theme.state_style(State::Crashed));
            return;
        }
        for column in visible_columns(line.width) {
            let at = Rect { width: column.width.min(rest.width), ..rest };
            text::put_right(buf, at, &(column.value)(scene, level), theme.fg(Role::Text));
            rest = Rect { x: at.right(), width: rest.right() - at.right(), ..rest };
        }
        let bar = Rect { x: rest.x + 2.min(rest.width), width: rest.width.saturating_sub(2 + TOTAL_WIDTH), ..rest };
        let end = draw_stacked(&time_slices(level), most, bar, theme, buf);
        let after = Rect { x: end + 1, width: rest.right().saturating_sub(end + 1), ..rest };
        text::put_line(buf, after, &compact_duration(Span(total_time(level) as u64)), theme.faint_style());
    }

    /// Draws how many levels have no room.
    fn draw_more(&self, count: usize, area: Rect, buf: &mut Buffer) {
        let seen = (0..count).filter(|place| self.layout.level_line(*place).is_some()).count();
        if seen < count {
            let below = text::nth_line(area, seen + 1);
            let words = format!("Up/Down: {}", compact_counted((count - seen) as u64, "more level"));
            text::put_line(
                buf,
                Rect { x: below.x + 3.min(below.width), width: below.width.saturating_sub(3), ..below },
                &words,
                self.scene.theme.faint_style(),
            );
        }
    }
}

/// Draws the parts of a bar side by side, with the name of a lock where it fits. Returns where they end.
fn draw_stacked(parts: &[TimeSlice], most: f64, at: Rect, theme: Theme, buf: &mut Buffer) -> u16 {
    let mut x = at.x;
    for (part, width) in parts.iter().zip(slice_widths(parts, most, at.width)) {
        let cells = Rect { x, width, ..at };
        let style = theme.cell_style(part.state);
        text::put_line(buf, cells, &theme.cell_glyph(part.state).repeat(width.into()), style);
        if let Some(name) = part.lock.as_ref().filter(|name| name.width() + 2 <= usize::from(width)) {
            let within = Rect { x: x + 1, width: width - 1, ..at };
            text::put_line(buf, within, name, theme.lock_name_style());
        }
        x += width;
    }
    x
}

/// Returns the total time of workers for one unit of work, in nanoseconds.
fn total_time(level: &Level) -> f64 {
    time_slices(level).iter().map(|part| part.ns).sum()
}

fn time_text(ns: Option<f64>) -> String {
    ns.map_or_else(|| "-".to_owned(), |ns| compact_duration(Span(ns as u64)))
}

fn uncertainty_text(_: TuneScene<'_>, level: &Level) -> String {
    let half = level.interval().map(|found| (found.high - found.low) / 2.0 / level.throughput().max(1e-9));
    half.map_or_else(|| "-".to_owned(), compact_percent)
}

fn share_of_best(scene: TuneScene<'_>, level: &Level) -> String {
    if let Goal::Arrivals(due) = scene.tune_view.setup.question.demands.goal {
        return compact_percent(level.throughput() / due);
    }
    let best = scene.tune_view.tuning.curve.best();
    best.and_then(|best| ratio_to_best(level, best))
        .map_or_else(|| "-".to_owned(), |found| compact_percent(found.estimate))
}
