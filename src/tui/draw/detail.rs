//! The overlay with details of the chosen worker, lock or queue.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::figures::LockFigures;
use super::super::run_view::{RunView, Selection};
use super::super::theme::Theme;
use super::overlay::{self, Overlay};
use crate::model::{Deadlock, DurationStats, LifeEnd, Lock, LockCapacity, join_names};
use crate::report::text_width::wrap_text;
use crate::trace::format::{compact_count, compact_counted, compact_duration, compact_percent, compact_rate};
use crate::trace::signal_name;
use crate::trace::{DeathCause, ResourceId, ResourceKind, RwPolicy, Span, Stamp, State, WorkerId};

/// Columns of a bar.
const BAR_WIDTH: usize = 30;

/// Bars of a histogram.
const BINS: usize = 40;

pub(super) struct DetailOverlay<'a> {
    pub(super) view: &'a RunView,
    pub(super) theme: Theme,
    pub(super) scroll: usize,
}

type StyledLines = Vec<(String, Style)>;

impl Widget for DetailOverlay<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let registry = self.view.shown_model().registry();
        let (title, lines) = match self.view.selection {
            Some(Selection::Lane(worker)) => (registry.worker_name(worker), self.worker_lines(worker)),
            Some(Selection::Lock(id)) => (registry.resource_name(id), self.lock_lines(id, area)),
            Some(Selection::Queue(id)) => (registry.resource_name(id), self.queue_lines(id)),
            Some(Selection::Finding(_)) | None => return,
        };
        Overlay { title, lines, scroll: self.scroll, theme: self.theme }.render(area, buf);
    }
}

impl DetailOverlay<'_> {
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
        self.push_whole_run_note(&mut lines);
        if let Some(ending) = lane.ending() {
            lines.push((ending_text(&ending), self.theme.strong_style()));
        }
        if lane.ended_tasks() > 0 {
            lines.push(plain_line(compact_counted(lane.ended_tasks(), "task")));
        }
        if lane.life_count() > 1 {
            lines.push(plain_line(format!("started {}", compact_counted(lane.life_count().into(), "time"))));
        }
        let waited = |delay| format!("waited {} for a CPU, according to the kernel", compact_duration(Span(delay)));
        let unknown = || "how long it waited for a CPU is unknown".to_owned();
        lines.push(plain_line(lane.run_queue_delay().map_or_else(unknown, waited)));
        let totals = lane.total_state_times(now);
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

    fn lock_lines(&self, id: ResourceId, area: Rect) -> StyledLines {
        let model = self.view.shown_model();
        let (Some(lock), registry) = (model.lock(id), model.registry()) else { return StyledLines::new() };
        let kind = match registry.resource(id).map(|r| &r.kind) {
            Some(ResourceKind::Mutex { kind }) => format!("{} mutex", kind.word()),
            Some(ResourceKind::Semaphore { permits, .. }) => format!("semaphore of {permits}"),
            Some(ResourceKind::Rwlock { policy: RwPolicy::Fair }) => "rwlock, in order of arrival".into(),
            Some(ResourceKind::Rwlock { policy }) => format!("rwlock, {} first", policy.word()),
            _ => String::new(),
        };
        let figures = self.view.figures.lock(id).cloned().unwrap_or_default();
        let taken = format!(
            "acquired {}, {} of them after waiting ({})",
            compact_counted(figures.acquisitions, "time"),
            compact_count(figures.waited_acquisitions),
            compact_percent(Span(figures.waited_acquisitions).share_of(Span(figures.acquisitions)))
        );
        let then = !self.view.has_only_final_totals();
        let mut lines = vec![plain_line(if then { format!("{kind}   {taken}") } else { kind })];
        self.push_holders(lock.capacity(), &figures, area, &mut lines);
        if self.view.time_before_end().is_some() {
            lines.push(plain_line(String::new()));
            self.push_whole_run_note(&mut lines);
        }
        if !then {
            lines.push(plain_line(taken));
        }
        if let Some(fairness) = lock.recent_fairness() {
            lines.push(plain_line(format!("fairness {fairness:.2} (1 is even, Jain's index)")));
        }
        if lock.orphanings() > 0 {
            lines.push((
                format!("its owner died while holding it, {}", compact_counted(lock.orphanings(), "time")),
                self.theme.strong_style(),
            ));
        }
        self.push_times("wait", lock.recent_wait_times(), &mut lines);
        self.push_times("hold", lock.recent_hold_times(), &mut lines);
        self.push_lock_by_worker(lock, &mut lines);
        lines
    }

    /// Adds the holders and waiters, the same as in the lock's row.
    fn push_holders(&self, room: LockCapacity, figures: &LockFigures, area: Rect, lines: &mut StyledLines) {
        let (registry, at) = (self.view.shown_model().registry(), self.view.figures.taken_at);
        let named = |who: &[(WorkerId, Stamp)]| {
            let each = |(w, since): &(WorkerId, Stamp)| {
                format!("{} {}", registry.worker_name(*w), compact_duration(at.span_since(*since)))
            };
            who.iter().map(each).collect::<Vec<_>>()
        };
        lines.push(plain_line(match (figures.holders.as_slice(), room) {
            ([], LockCapacity::Permits { scoped: false, .. }) => {
                format!("used as a signal, released {}", compact_counted(figures.extra_permits, "time"))
            }
            ([], _) if figures.is_held => "held, its holder is not kept".into(),
            ([], _) => "free".into(),
            ([(owner, since)], _) => {
                format!("held by {} for {}", registry.worker_name(*owner), compact_duration(at.span_since(*since)))
            }
            (many, _) => format!("held by {}", named(many).join(", ")),
        }));
        let waiters = named(&figures.waiters);
        if !waiters.is_empty() {
            let width = overlay::centered(area, overlay::OVERLAY_WIDTH, 0).width.saturating_sub(4);
            let waiters = format!("waited for by {}", waiters.join(", "));
            lines.extend(wrap_text(&waiters, width).into_iter().map(plain_line));
        }
    }

    /// Adds a note that the following figures are those of the whole run.
    fn push_whole_run_note(&self, lines: &mut StyledLines) {
        let upto = match self.view.time_before_end() {
            Some(_) => format!(", up to {}", compact_duration(self.view.now.span_since(Stamp(0)))),
            None => String::new(),
        };
        lines.push((format!("in the whole run{upto}"), self.theme.faint_style()));
    }

    fn push_lock_by_worker(&self, lock: &Lock, lines: &mut StyledLines) {
        let registry = self.view.shown_model().registry();
        lines.push(plain_line(String::new()));
        let users: Vec<_> = lock.recent_users().iter().map(|user| (user.worker, user.acquired)).collect();
        let most = users.iter().map(|(_, n)| *n).max().unwrap_or(0);
        for (worker, acquired) in users {
            let share = Span(acquired).share_of(Span(most));
            lines.push(plain_line(format!(
                "{:<14} {:>6}  {}",
                registry.worker_name(worker),
                compact_count(acquired),
                self.bar(share)
            )));
        }
    }

    fn queue_lines(&self, id: ResourceId) -> StyledLines {
        let Some(queue) = self.view.figures.queue(id) else { return StyledLines::new() };
        let mut lines = vec![
            plain_line(format!(
                "holds {} of at most {}",
                compact_count(queue.depth.into()),
                compact_count(queue.capacity.into())
            )),
            plain_line(format!("grows by {}", compact_rate(queue.growth_rate))),
        ];
        if self.view.has_only_final_totals() {
            self.push_whole_run_note(&mut lines);
        }
        lines.push(plain_line(format!("{} put, {} taken", compact_count(queue.put), compact_count(queue.taken))));
        lines.push(plain_line(format!(
            "mean {:.1}, deepest {}",
            queue.mean_depth,
            compact_count(queue.max_depth.into())
        )));
        lines
    }

    /// Adds the percentiles and the distribution of durations.
    fn push_times(&self, label: &str, times: &DurationStats, lines: &mut StyledLines) {
        if times.count() == 0 {
            return;
        }
        lines.push(plain_line(String::new()));
        let percentile = |p| compact_duration(Span(times.percentile_ns(p)));
        lines.push(plain_line(format!(
            "{label}   p50 {}   p90 {}   p99 {}   longest {}   mean {}   total {}",
            percentile(50.0),
            percentile(90.0),
            percentile(99.0),
            compact_duration(Span(times.max_ns())),
            compact_duration(Span(times.mean_ns() as u64)),
            compact_duration(Span(times.total_ns()))
        )));
        let (shortest, bins) = times.logarithmic_bins(BINS);
        let most = bins.iter().copied().max().unwrap_or(0);
        let curve: String = bins.iter().map(|n| self.theme.level_glyph(Span(*n).share_of(Span(most)))).collect();
        let (first, last) = (compact_duration(Span(shortest)), compact_duration(Span(times.max_ns())));
        lines.push((format!("{first} {curve} {last}   (logarithmic)"), self.theme.area_style()));
    }

    fn bar(&self, share: f64) -> String {
        let length = (share.clamp(0.0, 1.0) * BAR_WIDTH as f64).round() as usize;
        (if self.theme.has_unicode { "█" } else { "#" }).repeat(length)
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
