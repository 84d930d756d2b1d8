//! All that is known of the chosen worker, lock or queue.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::format::{age, count, percent, rate};
use super::super::theme::Theme;
use super::super::watch::{Chosen, Watch};
use super::overlay::{self, Overlay};
use crate::model::{Ending, Lock, Room, Times};
use crate::platform::limits::signal_name;
use crate::trace::{Death, ResourceId, ResourceKind, RwPolicy, Span, Stamp, State, WorkerId};

/// Columns of a bar.
const BAR: usize = 30;

/// Bars of a histogram.
const BINS: usize = 40;

pub(super) struct Detail<'a> {
    pub(super) watch: &'a Watch,
    pub(super) theme: Theme,
    pub(super) scroll: usize,
}

type Lines = Vec<(String, Style)>;

impl Widget for Detail<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let cast = self.watch.shown().cast();
        let (title, lines) = match self.watch.chosen {
            Some(Chosen::Lane(worker)) => (cast.worker_name(worker), self.worker(worker)),
            Some(Chosen::Lock(id)) => (cast.resource_name(id), self.lock(id, area)),
            Some(Chosen::Queue(id)) => (cast.resource_name(id), self.queue(id)),
            Some(Chosen::Finding(_)) | None => return,
        };
        Overlay { title, lines, scroll: self.scroll, theme: self.theme }.render(area, buf);
    }
}

impl Detail<'_> {
    fn worker(&self, worker: WorkerId) -> Lines {
        let model = self.watch.shown();
        let (cast, lane, now) = (model.cast(), model.lane(worker), self.watch.now);
        let mut lines = Lines::new();
        let kind = cast.worker(worker).map_or("", |w| w.kind.word());
        let id = |label: &str, id: Option<u32>| id.map_or_else(String::new, |id| format!("   {label} {id}"));
        lines.push(plain(format!("{kind}{}{}", id("pid", lane.pid()), id("tid", lane.tid()))));
        // As the lane's row says it: at the cursor, if there is one.
        let figures = &self.watch.figures;
        let doing = figures.lane(worker).and_then(|f| f.doing).unwrap_or_else(|| lane.doing());
        let on = doing.on.map_or_else(String::new, |r| format!(" on {}", cast.resource_name(r)));
        lines.push(plain(format!("{}{on} for {}", doing.state.word(), age(figures.at.since(doing.since)))));
        if let Some(ending) = lane.ended() {
            lines.push((ended(&ending), self.theme.strong()));
        }
        if lane.tasks() > 0 {
            lines.push(plain(format!("{} tasks", count(lane.tasks()))));
        }
        if lane.lives() > 1 {
            lines.push(plain(format!("started {} times", lane.lives())));
        }
        let waited = |delay| format!("waited {} for a CPU, as the kernel counts", age(Span(delay)));
        let unknown = || "how long it waited for a CPU is not known".to_owned();
        lines.push(plain(lane.run_queue_delay().map_or_else(unknown, waited)));
        let held: Vec<_> = lane.held().iter().map(|(lock, _)| cast.resource_name(*lock)).collect();
        lines.push(plain(format!("holds {}", if held.is_empty() { "nothing".into() } else { held.join(", ") })));
        lines.push(plain(String::new()));
        lines.push(("in the whole run".into(), self.theme.faint()));
        let totals = lane.totals(now);
        for state in State::ALL.into_iter().filter(|s| totals.get(*s) > 0 && *s != State::Done) {
            let share = totals.share(state);
            let line = format!(
                "{:<10}{} {:>7}  {}",
                state.word(),
                percent(share),
                age(Span(totals.get(state))),
                self.bar(share)
            );
            lines.push((line, self.theme.state(state)));
        }
        lines
    }

    fn lock(&self, id: ResourceId, area: Rect) -> Lines {
        let model = self.watch.shown();
        let (Some(lock), cast, now) = (model.lock(id), model.cast(), self.watch.now) else { return Lines::new() };
        let kind = match cast.resource(id).map(|r| &r.kind) {
            Some(ResourceKind::Mutex { kind }) => format!("{} mutex", kind.word()),
            Some(ResourceKind::Semaphore { permits, .. }) => format!("semaphore of {permits}"),
            Some(ResourceKind::Rwlock { policy: RwPolicy::Fair }) => "rwlock, in order of arrival".into(),
            Some(ResourceKind::Rwlock { policy }) => format!("rwlock, {} first", policy.word()),
            _ => String::new(),
        };
        let mut lines = vec![plain(format!(
            "{kind}   taken {} times, {} of them after waiting ({})",
            count(lock.recent_acquired()),
            count(lock.recent_contended()),
            percent(Span(lock.recent_contended()).share_of(Span(lock.recent_acquired()))).trim_start()
        ))];
        let named = |who: &[(WorkerId, Stamp)]| {
            let each = |(w, since): &(WorkerId, Stamp)| format!("{} {}", cast.worker_name(*w), age(now.since(*since)));
            who.iter().map(each).collect::<Vec<_>>()
        };
        lines.push(plain(match (lock.holders().as_slice(), lock.room()) {
            ([], Room::Permits { scoped: false, .. }) => format!("a signal, given {} times", count(lock.posted())),
            ([], _) => "free".into(),
            ([(owner, since)], _) => format!("held by {} for {}", cast.worker_name(*owner), age(now.since(*since))),
            (many, _) => format!("held by {}", named(many).join(", ")),
        }));
        let waiters = named(&lock.waiters());
        if !waiters.is_empty() {
            let width = overlay::place(area, overlay::WIDTH, 0).width.saturating_sub(4);
            let waiters = format!("waited for by {}", waiters.join(", "));
            lines.extend(super::text::wrap(&waiters, width).into_iter().map(plain));
        }
        if let Some(fairness) = lock.recent_fairness() {
            lines.push(plain(format!("fairness {fairness:.2} (1 is even, Jain's index)")));
        }
        if lock.orphaned() > 0 {
            lines.push((format!("its owner died while holding it, {} times", lock.orphaned()), self.theme.strong()));
        }
        self.times("wait", lock.recent_wait(), &mut lines);
        self.times("hold", lock.recent_hold(), &mut lines);
        self.by_worker(lock, &mut lines);
        lines
    }

    fn by_worker(&self, lock: &Lock, lines: &mut Lines) {
        let cast = self.watch.shown().cast();
        lines.push(plain(String::new()));
        let users: Vec<_> = lock.recent_users().iter().map(|user| (user.worker, user.acquired)).collect();
        let most = users.iter().map(|(_, n)| *n).max().unwrap_or(0);
        for (worker, acquired) in users {
            let share = Span(acquired).share_of(Span(most));
            lines.push(plain(format!("{:<14} {:>6}  {}", cast.worker_name(worker), count(acquired), self.bar(share))));
        }
    }

    fn queue(&self, id: ResourceId) -> Lines {
        let Some(queue) = self.watch.shown().queue(id) else { return Lines::new() };
        let slope = self.watch.figures.queue(id).map_or(0.0, |q| q.slope);
        vec![
            plain(format!("holds {} of {} at most", queue.depth(), queue.capacity())),
            plain(format!("{} put, {} taken", count(queue.put()), count(queue.taken()))),
            plain(format!("mean {:.1}, deepest {}", queue.mean(), queue.max())),
            plain(format!("grows by {}", rate(slope))),
        ]
    }

    /// Percentiles, and how the times are spread.
    fn times(&self, label: &str, times: &Times, lines: &mut Lines) {
        if times.count() == 0 {
            return;
        }
        lines.push(plain(String::new()));
        let percentile = |p| age(Span(times.percentile(p)));
        lines.push(plain(format!(
            "{label}   p50 {}   p90 {}   p99 {}   longest {}   mean {}   together {}",
            percentile(50.0),
            percentile(90.0),
            percentile(99.0),
            age(Span(times.max())),
            age(Span(times.mean() as u64)),
            age(Span(times.total()))
        )));
        let bins = times.spread(BINS);
        let most = bins.iter().copied().max().unwrap_or(0);
        let curve: String = bins.iter().map(|n| self.theme.level(Span(*n).share_of(Span(most)))).collect();
        lines.push((format!("0 {curve} {}", age(Span(times.max()))), self.theme.area()));
    }

    fn bar(&self, share: f64) -> String {
        let length = (share.clamp(0.0, 1.0) * BAR as f64).round() as usize;
        (if self.theme.unicode { "█" } else { "#" }).repeat(length)
    }
}

fn plain(line: String) -> (String, Style) {
    (line, Style::new())
}

fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Finished => "came to the end of its steps".into(),
        Ending::Retired => "was asked to end".into(),
        Ending::Panicked => "panicked".into(),
        Ending::Killed => "was killed at its step".into(),
        Ending::Died(Death::Exit(code)) => format!("exited with code {code}"),
        Ending::Died(Death::CutOff) => "was cut off: the run did not wait for it".into(),
        Ending::Died(Death::Signal(signal)) => format!("was killed by {}", signal_name(*signal)),
    }
}
