//! What a pool achieved with every number of workers it has had: throughput and response time on one scale each.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::level_history::{LevelEntry, LevelFigures};
use super::super::run_view::RunView;
use super::super::theme::{Role, Theme};
use super::{SeparatePane, bars, text};
use crate::trace::Span;
use crate::trace::format::{
    compact_count, compact_counted, compact_duration, compact_percent, compact_rate, compact_rate_value,
};

pub(super) const PANE: SeparatePane = SeparatePane {
    title: |view| match (view.is_past(), groups(view).first()) {
        (true, _) => "SIZES  by number of workers, up to now".into(),
        (_, Some(group)) if !group.0[0].key.other_knobs.is_empty() => {
            format!("SIZES  by number of workers, with {}", group.0[0].key.other_knobs).into()
        }
        _ => "SIZES  by number of workers".into(),
    },
    lines: |view| (view.level_history.count() + 5).clamp(6, 16),
    draw: |view, theme, area, buf| LevelsPane { view, theme }.draw(area, buf),
};

/// Columns of the number of workers, with a mark before it and the knee after it.
const WORKERS_WIDTH: u16 = 13;

/// Columns of a bar.
const BAR_WIDTHS: std::ops::RangeInclusive<u16> = 8..=32;

/// Part of the best throughput from which fewer workers are as good.
const AS_GOOD: f64 = 0.95;

/// A level observed for less time is not judged.
const JUDGED_FROM: Span = Span::from_millis(900);

/// A column of figures: its heading and its width.
struct LevelColumn {
    heading: &'static str,
    width: u16,
    value: fn(&LevelFigures) -> String,
}

const THROUGHPUT: LevelColumn =
    LevelColumn { heading: "tasks/s", width: 9, value: |did| compact_rate_value(did.throughput) };
const P99: LevelColumn = LevelColumn { heading: "p99", width: 8, value: |did| duration_or_dash(did.p99) };

/// The other columns, the most important first.
const OPTIONAL: [LevelColumn; 5] = [
    LevelColumn { heading: "busy", width: 6, value: |did| compact_percent(did.busy_share) },
    LevelColumn { heading: "p50", width: 8, value: |did| duration_or_dash(did.p50) },
    LevelColumn { heading: "for", width: 7, value: |did| compact_duration(did.observed_for) },
    LevelColumn { heading: "ready", width: 6, value: |did| compact_percent(did.ready_share) },
    LevelColumn { heading: "lock", width: 6, value: |did| compact_percent(did.lock_share) },
];

/// The levels of a pool with the same other knobs; never empty.
struct LevelGroup<'a>(Vec<&'a LevelEntry>);

/// The columns that have room.
struct LevelColumns {
    bar: u16,
    others: usize,
}

/// Returns the groups, those of the present settings first.
fn groups(view: &RunView) -> Vec<LevelGroup<'_>> {
    let mut groups: Vec<LevelGroup<'_>> = Vec::new();
    for entry in view.level_history.entries() {
        match groups.iter_mut().find(|group| group.is_of(entry)) {
            Some(group) => group.0.push(entry),
            None => groups.push(LevelGroup(vec![entry])),
        }
    }
    groups.sort_by_key(|group| !group.0.iter().any(|entry| entry.is_current));
    groups
}

impl LevelGroup<'_> {
    fn is_of(&self, entry: &LevelEntry) -> bool {
        let key = &self.0[0].key;
        (key.pool, &key.other_knobs) == (entry.key.pool, &entry.key.other_knobs)
    }

    fn judged(&self) -> impl Iterator<Item = &LevelEntry> {
        self.0.iter().copied().filter(|entry| entry.figures.observed_for >= JUDGED_FROM)
    }

    /// Returns the smallest number of workers within 5 % of the best throughput, if a greater one was observed.
    fn knee(&self) -> Option<&LevelEntry> {
        let best = self.judged().map(|entry| entry.figures.throughput).fold(0.0, f64::max);
        let most = self.judged().map(|entry| entry.key.workers).max()?;
        let as_good = self.judged().filter(|entry| best > 0.0 && entry.figures.throughput >= AS_GOOD * best);
        as_good.min_by_key(|entry| entry.key.workers).filter(|knee| knee.key.workers < most)
    }

    /// Returns the tasks submitted per second at the current level, or at the last one.
    fn arrival_rate(&self) -> f64 {
        let current = self.0.iter().find(|entry| entry.is_current).or(self.0.last());
        current.map_or(0.0, |entry| entry.figures.arrival_rate)
    }

    /// Returns the top of both scales: tasks per second, and nanoseconds.
    fn scales(&self) -> (f64, f64) {
        let most = self.0.iter().map(|entry| entry.figures.throughput).fold(0.0, f64::max);
        let arrivals = self.arrival_rate();
        let times = self.0.iter().filter_map(|entry| entry.figures.p99);
        let longest = times.map(|p99| p99.0 as f64).fold(0.0, f64::max);
        (if arrivals <= 2.0 * most { most.max(arrivals) } else { most }, longest)
    }

    /// Says where the knee is, or what to do to find it.
    fn advice(&self) -> String {
        let Some(largest) = self.judged().max_by_key(|entry| entry.key.workers) else {
            return "Observing this level".to_owned();
        };
        match self.knee() {
            Some(knee) => {
                let gain = largest.figures.throughput / knee.figures.throughput - 1.0;
                let change = if gain > 0.005 {
                    format!("only {} more", compact_percent(gain))
                } else if gain < -0.005 {
                    format!("{} less", compact_percent(-gain))
                } else {
                    "no more".to_owned()
                };
                let workers = compact_counted(u64::from(knee.key.workers), "worker");
                format!("Knee at {workers}: {} finish {change}.", largest.key.workers)
            }
            None if self.0.len() < 2 => "Turn `workers` with + and -: each level is kept".to_owned(),
            None => "No knee yet: more workers may finish more".to_owned(),
        }
    }
}

struct LevelsPane<'a> {
    view: &'a RunView,
    theme: Theme,
}

impl LevelsPane<'_> {
    fn draw(&self, area: Rect, buf: &mut Buffer) {
        let (theme, groups) = (self.theme, groups(self.view));
        if groups.is_empty() {
            let words = "No figures yet: a level is observed for a moment first";
            text::put_line(buf, area, words, theme.faint_style());
            return;
        }
        let columns = LevelColumns::of(area.width);
        self.draw_heads(&columns, text::nth_line(area, 0), buf);
        let several = self.view.shown_model().registry().pools.len() > 1;
        let mut line = 1;
        let scrolled = self.view.scroll.min(groups[0].0.len().saturating_sub(1));
        for (nth, group) in groups.iter().enumerate() {
            if nth > 0 || several {
                line += usize::from(nth > 0);
                text::put_line(buf, text::nth_line(area, line), &self.title(group, several), theme.faint_style());
                line += 1;
            }
            let skipped = if nth == 0 { scrolled } else { 0 };
            for level in group.0.iter().skip(skipped) {
                self.draw_level(group, level, &columns, text::nth_line(area, line), buf);
                line += 1;
                if let Some(words) = backlog_words(&level.figures).filter(|_| level.is_current) {
                    text::put_line(buf, text::nth_line(area, line), &words, theme.faint_style());
                    line += 1;
                }
            }
            if nth == 0 {
                self.draw_notes(group, &columns, text::nth_line(area, line), buf);
                line += 1;
            }
        }
    }

    fn draw_heads(&self, columns: &LevelColumns, line: Rect, buf: &mut Buffer) {
        let faint = self.theme.faint_style();
        text::put_line(buf, line, "workers", faint);
        let mut rest = after(line, WORKERS_WIDTH);
        for column in [&THROUGHPUT, &P99] {
            rest = put_cell(buf, rest, column.width, column.heading, faint);
            rest = after(rest, columns.bar + u16::from(columns.bar > 0));
        }
        for column in &OPTIONAL[..columns.others] {
            rest = put_cell(buf, rest, column.width, column.heading, faint);
        }
    }

    fn draw_level(
        &self,
        group: &LevelGroup<'_>,
        LevelEntry { key, figures: stats, is_current }: &LevelEntry,
        columns: &LevelColumns,
        line: Rect,
        buf: &mut Buffer,
    ) {
        let theme = self.theme;
        let style = if *is_current { theme.strong_style() } else { Style::new() };
        let mark = if *is_current { theme.glyph("▸", ">") } else { " " };
        text::put_line(buf, line, &format!("{mark}{:>6}", key.workers), style);
        if group.knee().is_some_and(|knee| knee.key == *key) {
            text::put_line(buf, after(line, 8), "knee", theme.fg(Role::Good));
        }
        let (most, longest) = group.scales();
        let rest = after(line, WORKERS_WIDTH);
        let rest = put_cell(buf, rest, THROUGHPUT.width, &(THROUGHPUT.value)(stats), style);
        let bar = Rect {
            x: rest.x + u16::from(rest.width > 0),
            width: columns.bar.min(rest.width.saturating_sub(1)),
            ..rest
        };
        let arrivals = group.arrival_rate();
        if most > 0.0 && arrivals > 0.0 && arrivals <= most && bar.width > 0 {
            let x = bar.x + (arrivals / most * f64::from(bar.width - 1)).round() as u16;
            text::put_line(buf, Rect { x, width: 1, ..bar }, theme.glyph("┊", ":"), theme.fg(Role::Capacity));
        }
        bars::put_bar(buf, bar, theme, ratio(stats.throughput, most), theme.fg(Role::Throughput));
        let rest = after(rest, columns.bar + u16::from(columns.bar > 0));
        let rest = put_cell(buf, rest, P99.width, &(P99.value)(stats), style);
        let bar = Rect {
            x: rest.x + u16::from(rest.width > 0),
            width: columns.bar.min(rest.width.saturating_sub(1)),
            ..rest
        };
        let p99 = stats.p99.map_or(0.0, |p99| p99.0 as f64);
        bars::put_bar(buf, bar, theme, ratio(p99, longest), theme.fg(Role::Response));
        let mut rest = after(rest, columns.bar + u16::from(columns.bar > 0));
        for column in &OPTIONAL[..columns.others] {
            rest = put_cell(buf, rest, column.width, &(column.value)(stats), style);
        }
    }

    fn draw_notes(&self, group: &LevelGroup<'_>, columns: &LevelColumns, line: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let mut rest = line;
        let (most, _) = group.scales();
        let arrivals = group.arrival_rate();
        if columns.bar > 0 && arrivals > 0.0 && arrivals <= most {
            rest = text::put_line(buf, rest, theme.glyph("┊", ":"), theme.fg(Role::Capacity));
            let words = format!(" {} arrive   ", compact_rate(arrivals));
            rest = text::put_line(buf, rest, &words, theme.faint_style());
        }
        text::put_line(buf, rest, &group.advice(), theme.faint_style());
    }

    /// Returns the pool, and which other knobs were turned.
    fn title(&self, group: &LevelGroup<'_>, several: bool) -> String {
        let name = self.view.shown_model().registry().pool_name(group.0[0].key.pool);
        let with = if group.0[0].key.other_knobs.is_empty() {
            "with default knobs".to_owned()
        } else {
            format!("with {}", group.0[0].key.other_knobs)
        };
        if several { format!("{name}, {with}") } else { with }
    }
}

impl LevelColumns {
    fn of(width: u16) -> Self {
        let mut spare = width.saturating_sub(WORKERS_WIDTH + THROUGHPUT.width + P99.width);
        let bars = 2 * (BAR_WIDTHS.start() + 1);
        let for_bars = if spare >= bars { bars } else { 0 };
        spare -= for_bars;
        let mut others = 0;
        for column in &OPTIONAL {
            if column.width > spare {
                break;
            }
            spare -= column.width;
            others += 1;
        }
        let bar = if for_bars > 0 { (BAR_WIDTHS.start() + spare / 2).min(*BAR_WIDTHS.end()) } else { 0 };
        Self { bar, others }
    }
}

/// Says how a backlog of earlier levels falsifies the response times.
fn backlog_words(stats: &LevelFigures) -> Option<String> {
    let backlog = stats.backlog?;
    let (was, left) = (compact_counted(backlog.initial.into(), "task"), compact_count(backlog.remaining.into()));
    Some(format!("  {was} waited at the change, {left} now: this backlog lengthens p50 and p99"))
}

/// Returns the rest of a line after this many columns.
fn after(line: Rect, columns: u16) -> Rect {
    let x = line.x.saturating_add(columns).min(line.right());
    Rect { x, width: line.right() - x, ..line }
}

/// Draws a right-aligned cell. Returns the rest of the line.
fn put_cell(buf: &mut Buffer, rest: Rect, width: u16, words: &str, style: Style) -> Rect {
    text::put_right(buf, Rect { width: width.min(rest.width), ..rest }, words, style);
    after(rest, width)
}

fn ratio(value: f64, most: f64) -> f64 {
    if most > 0.0 { value / most } else { 0.0 }
}

fn duration_or_dash(span: Option<Span>) -> String {
    span.map_or_else(|| "-".to_owned(), compact_duration)
}

#[cfg(test)]
mod tests {
    use super::super::super::level_history::LevelKey;
    use super::*;
    use crate::trace::PoolId;

    fn entry(workers: u32, throughput: f64, observed_ms: u64) -> LevelEntry {
        let figures =
            LevelFigures { throughput, observed_for: Span::from_millis(observed_ms), ..LevelFigures::default() };
        LevelEntry {
            key: LevelKey { pool: PoolId(0), other_knobs: String::new(), workers },
            figures,
            is_current: false,
        }
    }

    #[test]
    fn knee_is_the_smallest_level_within_five_percent_of_the_best_if_a_greater_one_was_observed() {
        let levels = [entry(2, 95.0, 2_000), entry(4, 190.0, 2_000), entry(5, 200.0, 2_000), entry(8, 199.0, 2_000)];
        let knee = |count: usize| LevelGroup(levels[..count].iter().collect()).knee().map(|knee| knee.key.workers);
        assert_eq!([knee(1), knee(2), knee(3), knee(4)], [None, None, Some(4), Some(4)]);
        let advice = |count: usize| LevelGroup(levels[..count].iter().collect()).advice();
        assert_eq!(advice(4), "Knee at 4 workers: 8 finish only 5 % more.");
        assert!(advice(2).starts_with("No knee yet"), "{}", advice(2));
        assert!(advice(1).starts_with("Turn `workers`"), "{}", advice(1));
    }

    #[test]
    fn level_that_was_seen_for_a_moment_only_is_not_judged() {
        let levels = [entry(2, 200.0, 2_000), entry(4, 40.0, 300)];
        let group = LevelGroup(levels.iter().collect());
        assert!(group.knee().is_none());
        assert!(LevelGroup(vec![&levels[1]]).advice().starts_with("Observing"));
    }
}
