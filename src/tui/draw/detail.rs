//! The overlay with details of the chosen worker, lock or queue: what it is at the shown moment, then the figures of a
//! range, of a window in the past, or of the whole run up to now.

mod lock;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::super::figures::{QueueFigures, RateMargins, max_depth_between};
use super::super::run_view::{RunView, Selection};
use super::super::theme::Theme;
use super::overlay::{self, Overlay};
use crate::model::{Deadlock, DurationStats, LifeEnd, join_names};
use crate::report::text_width::wrap_text;
use crate::trace::format::{
    compact_count, compact_counted, compact_duration, compact_percent, compact_rate, format_stamp,
};
use crate::trace::signal_name;
use crate::trace::{DeathCause, PoolId, ResourceId, Span, Stamp, State, WorkerId};

/// Columns of a bar.
const BAR_WIDTH: usize = 30;

/// Bars of a histogram.
const BINS: usize = 30;

pub(super) struct DetailOverlay<'a> {
    pub(super) view: &'a RunView,
    pub(super) theme: Theme,
    pub(super) scroll: usize,
}

type StyledLines = Vec<(String, Style)>;

impl Widget for DetailOverlay<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let Some((title, lines)) = self.content(area) else { return };
        let width = usize::from(overlay::centered(area, overlay::OVERLAY_WIDTH, 0).width.saturating_sub(4));
        let wrapped = |(line, style): (String, Style)| {
            let parts = if line.width() > width { wrap_text(&line, width) } else { vec![line] };
            parts.into_iter().map(move |part| (part, style))
        };
        let lines = lines.into_iter().flat_map(wrapped).collect();
        Overlay { title, lines, scroll: self.scroll, theme: self.theme }.render(area, buf);
    }
}

/// Returns the name of the chosen worker, lock or queue, and its details on a screen of this size.
pub(in crate::tui) fn selection_details(view: &RunView, theme: Theme, area: Rect) -> Option<(String, Vec<String>)> {
    let overlay = DetailOverlay { view, theme, scroll: 0 };
    let (title, lines) = overlay.content(area)?;
    Some((title.to_owned(), lines.into_iter().map(|(line, _)| line).collect()))
}

impl DetailOverlay<'_> {
    fn content(&self, area: Rect) -> Option<(&str, StyledLines)> {
        let registry = self.view.shown_model().registry();
        Some(match self.view.selection? {
            Selection::Lane(worker) => (registry.worker_name(worker), self.worker_lines(worker)),
            Selection::Lock(id) => (registry.resource_name(id), self.lock_lines(id, area)),
            Selection::Queue(id) => (registry.resource_name(id), self.queue_lines(id)),
            Selection::Finding(_) => return None,
        })
    }

    fn worker_lines(&self, worker: WorkerId) -> StyledLines {
        let model = self.view.shown_model();
        let (registry, lane, now) = (model.registry(), model.lane(worker), self.view.now);
        let mut lines = StyledLines::new();
        let kind = registry.worker(worker).map_or("", |w| w.kind.word());
        let id = |label: &str, id: Option<u32>| id.map_or_else(String::new, |id| format!("   {label} {id}"));
        lines.push(plain_line(format!("{kind}{}{}", id("pid", lane.pid()), id("tid", lane.tid()))));
        // The same as in the lane's row: at the cursor, if there is one.
        let figures = &self.view.figures;
        let doing = figures.lane(worker).and_then(|f| Some((f.activity?, f.shown_state?, f.is_exact)));
        lines.push(plain_line(doing.map_or_else(
            || "its state so long ago is not kept".to_owned(),
            |(doing, shown, exact)| {
                let on = doing.resource.map_or_else(String::new, |r| format!(" on {}", registry.resource_name(r)));
                let whole = figures.taken_at.span_since(doing.since);
                let of =
                    if shown.duration < whole { format!(" of {}", compact_duration(whole)) } else { String::new() };
                let since =
                    if exact { format!(" for {}{of}", compact_duration(shown.duration)) } else { String::new() };
                format!("{}{on}{since}", shown.state.word())
            },
        )));
        let tasks: Vec<u64> = lane.task_numbers().filter(|_| self.view.time_before_end().is_none()).collect();
        if let Some((innermost, outer)) = tasks.split_last() {
            let tasks = std::iter::once(innermost).chain(outer.iter().rev());
            let nested: Vec<String> = tasks.map(|task| format!("task {task}")).collect();
            lines.push(plain_line(format!("runs {}", nested.join(" inside "))));
        }
        if let Some(stuck) = self.stuck_reason(worker) {
            lines.push((stuck, self.theme.strong_style()));
        }
        let held: Vec<_> = figures.locks_held_by(worker).map(|lock| registry.resource_name(lock)).collect();
        lines.push(plain_line(format!("holds {}", if held.is_empty() { "nothing".into() } else { held.join(", ") })));
        lines.push(plain_line(String::new()));
        self.push_period_note(false, &mut lines);
        self.push_life(worker, &mut lines);
        let totals = match self.view.shown_interval() {
            Some((from, to)) => lane.state_times(from, to, now),
            None => lane.total_state_times(now),
        };
        for state in State::ALL.into_iter().filter(|s| totals.get(*s) > 0 && *s != State::Done) {
            let share = totals.share(state);
            let line = format!(
                "{:<10}{:>5} {:>7}  {}",
                state.word(),
                compact_percent(share),
                compact_duration(Span(totals.get(state))),
                self.bar(share)
            );
            lines.push((line, self.theme.state_style(state)));
        }
        lines
    }

    /// Adds the worker's end, its tasks, and the figures that exist for its whole life only.
    fn push_life(&self, worker: WorkerId, lines: &mut StyledLines) {
        let lane = self.view.shown_model().lane(worker);
        let activity = self.view.figures.lane(worker).and_then(|lane| lane.activity);
        let has_ended = activity.is_some_and(|doing| matches!(doing.state, State::Done | State::Crashed));
        if let Some(ending) = lane.ending().filter(|_| has_ended) {
            lines.push((ending_text(&ending), self.theme.strong_style()));
        }
        let tasks = match (self.view.shown_interval(), self.view.interval_record()) {
            (None, _) => Some(lane.ended_tasks()),
            (Some(_), Some(record)) => Some(record.sums.ended_tasks(worker)),
            (Some(_), None) => None,
        };
        match tasks {
            Some(tasks) if lane.ended_tasks() > 0 => lines.push(plain_line(compact_counted(tasks, "task"))),
            None if lane.ended_tasks() > 0 => self.push_gap("tasks", lines),
            _ => {}
        }
        if self.view.shown_interval().is_some() {
            return;
        }
        if lane.life_count() > 1 {
            lines.push(plain_line(format!("started {}", compact_counted(lane.life_count().into(), "time"))));
        }
        let waited = |delay| format!("waited {} for a CPU, according to the kernel", compact_duration(Span(delay)));
        let unknown = || "how long it waited for a CPU is unknown".to_owned();
        lines.push(plain_line(lane.run_queue_delay().map_or_else(unknown, waited)));
    }

    /// Returns why the worker waits forever, if that is proven: its part in each deadlock, or a stall.
    fn stuck_reason(&self, worker: WorkerId) -> Option<String> {
        let model = self.view.shown_model();
        let ring = |deadlock: &Deadlock| {
            let names: Vec<&str> =
                deadlock.cycle.iter().map(|link| model.registry().worker_name(link.worker)).collect();
            let part = if deadlock.cycle.iter().any(|link| link.worker == worker) { "in" } else { "behind" };
            format!("{part} the deadlock of {}", join_names(&names))
        };
        let of = self.view.shown_deadlocks().iter().filter(|deadlock| deadlock.workers.contains(&worker));
        let parts: Vec<String> = of.map(ring).collect();
        let then = self.view.figures_time();
        let is_stalled = || model.stall().is_some_and(|stall| stall.at <= then && stall.workers.contains(&worker));
        match parts.as_slice() {
            [] => is_stalled().then(|| "stuck forever: see the findings".to_owned()),
            parts => Some(format!("stuck forever {}", parts.join(" and "))),
        }
    }

    /// Adds which time the following figures are about. Those of `recent` figures begin with the present settings.
    fn push_period_note(&self, recent: bool, lines: &mut StyledLines) {
        let view = self.view;
        let change = view.shown_model().settings_change(view.now).filter(|change| recent && change.is_settled());
        let words = match (view.shown_interval(), change) {
            (Some((from, to)), _) => {
                let length = compact_duration(to.span_since(from));
                format!("from {} to {} ({length})", view.format_moment(from), view.format_moment(to))
            }
            (None, Some(change)) => format!("since the settings changed at {}", format_stamp(change.at)),
            (None, None) if view.first_moment() > Stamp(0) => {
                format!("since the recording begins, at {}", format_stamp(view.first_moment()))
            }
            (None, None) => "since the start of the run".to_owned(),
        };
        lines.push((words, self.theme.faint_style()));
    }

    /// Adds why figures of the shown interval are missing, if they are.
    fn push_gap(&self, what: &str, lines: &mut StyledLines) {
        if let Some(gap) = self.view.interval_gap() {
            lines.push((format!("{what}: {}", gap.words()), self.theme.faint_style()));
        }
    }

    fn queue_lines(&self, id: ResourceId) -> StyledLines {
        let view = self.view;
        let Some(mut queue) = view.figures.queue(id).cloned() else { return StyledLines::new() };
        let mut lines = vec![plain_line(format!(
            "holds {} of at most {}",
            compact_count(queue.depth.into()),
            compact_count(queue.capacity.into())
        ))];
        self.push_rates(id, &queue, &mut lines);
        lines.push(plain_line(String::new()));
        self.push_period_note(false, &mut lines);
        if let Some((from, to)) = view.shown_interval() {
            let deepest = max_depth_between(view.shown_model(), id, (from, to, view.now));
            queue.max_depth = deepest.unwrap_or(queue.max_depth);
            if let Some(sums) = view.interval_record().and_then(|record| record.sums.queue(id)) {
                queue.take_sums(sums, to.span_since(from));
            }
        }
        if view.interval_gap().is_none() {
            lines.push(plain_line(format!("{} put, {} taken", compact_count(queue.put), compact_count(queue.taken))));
        }
        let mean = queue.mean_depth.filter(|_| view.interval_gap().is_none());
        let mean = mean.map_or(String::new(), |mean| format!("mean {mean:.1}, "));
        lines.push(plain_line(format!("{mean}deepest {}", compact_count(queue.max_depth.into()))));
        self.push_gap("items and tasks", &mut lines);
        self.push_tasks_of(id, &mut lines);
        lines
    }

    /// Adds the rates of the last seconds, each with its margin once the run is old enough.
    fn push_rates(&self, id: ResourceId, queue: &QueueFigures, lines: &mut StyledLines) {
        let margins = RateMargins::measure(self.view.shown_model(), id, self.view.figures.taken_at);
        let with_margin = |rate: f64, margin: Option<f64>| {
            let margin = margin.map(|margin| format!(" ±{}", compact_rate(margin)));
            format!("{}{}", compact_rate(rate), margin.unwrap_or_default())
        };
        let growth = with_margin(queue.growth_rate, margins.map(|of| of.growth));
        let put = with_margin(queue.put_rate, margins.map(|of| of.put));
        let taken = with_margin(queue.taken_rate, margins.map(|of| of.taken));
        let certainty = if margins.is_some() { "; 95 % intervals" } else { "" };
        lines.push(plain_line(format!("in {put}, out {taken}")));
        lines.push(plain_line(format!("grows by {growth}{certainty}")));
    }

    /// Adds how long the tasks of the pool that takes from this queue waited, and how long they took in all.
    fn push_tasks_of(&self, queue: ResourceId, lines: &mut StyledLines) {
        let model = self.view.shown_model();
        let Some(pool) = model.registry().pools.iter().position(|pool| pool.queue == queue) else { return };
        let id = PoolId::from(pool);
        match (self.view.shown_interval(), self.view.interval_record().and_then(|record| record.sums.pool(id))) {
            (Some(_), Some(sums)) => {
                self.push_times("queue wait", &sums.wait_times, lines);
                self.push_times("response", &sums.response_times, lines);
            }
            (Some(_), None) => {}
            (None, _) => {
                let Some(pool) = model.pool(id) else { return };
                self.push_times("queue wait", pool.wait_times(), lines);
                self.push_times("response", pool.response_times(), lines);
            }
        }
    }

    /// Adds the percentiles and the distribution of durations.
    fn push_times(&self, label: &str, times: &DurationStats, lines: &mut StyledLines) {
        if times.count() == 0 {
            return;
        }
        lines.push(plain_line(String::new()));
        let percentile = |p| compact_duration(Span(times.percentile_ns(p)));
        let figures = [
            percentile(50.0),
            percentile(90.0),
            percentile(99.0),
            compact_duration(Span(times.max_ns())),
            compact_duration(Span(times.mean_ns() as u64)),
            compact_duration(Span(times.total_ns())),
        ];
        let row = |label: &str, cells: [&str; 6]| {
            let [p50, p90, p99, longest, mean, total] = cells;
            format!("{label:<10}{p50:>7}{p90:>7}{p99:>7}{longest:>9}{mean:>7}{total:>8}")
        };
        lines.push((row("", ["p50", "p90", "p99", "longest", "mean", "total"]), self.theme.faint_style()));
        lines.push(plain_line(row(label, figures.each_ref().map(String::as_str))));
        let (shortest, bins) = times.logarithmic_bins(BINS);
        let most = bins.iter().copied().max().unwrap_or(0);
        let curve: String = bins.iter().map(|n| self.theme.level_glyph(Span(*n).share_of(Span(most)))).collect();
        let (first, last) = (compact_duration(Span(shortest)), compact_duration(Span(times.max_ns())));
        lines.push((format!("{first} {curve} {last}  log scale"), self.theme.area_style()));
    }

    fn bar(&self, share: f64) -> String {
        let length = (share.clamp(0.0, 1.0) * BAR_WIDTH as f64).round() as usize;
        self.theme.glyph("▇", "#").repeat(length) // with a gap to the bar above
    }
}

fn plain_line(line: String) -> (String, Style) {
    (line, Style::new())
}

fn ending_text(ending: &LifeEnd) -> String {
    match ending {
        LifeEnd::Finished => "finished its steps".into(),
        LifeEnd::Retired => "was retired".into(),
        LifeEnd::Cancelled => "was cancelled".into(),
        LifeEnd::Panicked => "panicked".into(),
        LifeEnd::FoundDead => "was killed during a step".into(),
        LifeEnd::Died(DeathCause::Exit(code)) => format!("exited with code {code}"),
        LifeEnd::Died(DeathCause::CutOff) => "was cut off: the run did not wait for it".into(),
        LifeEnd::Died(DeathCause::Signal(signal)) => format!("was killed by {}", signal_name(*signal)),
    }
}
