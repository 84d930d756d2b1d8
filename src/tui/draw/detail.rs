//! All that is known of the chosen worker, lock or queue.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::figures::LockFigures;
use super::super::format::{age, count, counted, percent, rate};
use super::super::theme::Theme;
use super::super::watch::{Chosen, Watch};
use super::overlay::{self, Overlay};
use crate::model::{Deadlock, Ending, Lock, Room, Times, listed};
use crate::trace::signal_name;
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
        let doing = figures.lane(worker).and_then(|f| Some((f.doing?, f.shown?, f.exact)));
        lines.push(plain(doing.map_or_else(
            || "what it did so long ago is not kept".to_owned(),
            |(doing, shown, exact)| {
                let on = doing.on.map_or_else(String::new, |r| format!(" on {}", cast.resource_name(r)));
                let whole = figures.at.since(doing.since);
                let of = if shown.lasted < whole { format!(" of {}", age(whole)) } else { String::new() };
                let since = if exact { format!(" for {}{of}", age(shown.lasted)) } else { String::new() };
                format!("{}{on}{since}", shown.state.word())
            },
        )));
        if let Some(stuck) = self.stuck(worker) {
            lines.push((stuck, self.theme.strong()));
        }
        let held: Vec<_> = figures.held_by(worker).map(|lock| cast.resource_name(lock)).collect();
        lines.push(plain(format!("holds {}", if held.is_empty() { "nothing".into() } else { held.join(", ") })));
        lines.push(plain(String::new()));
        self.whole_run(&mut lines);
        if let Some(ending) = lane.ended() {
            lines.push((ended(&ending), self.theme.strong()));
        }
        if lane.tasks() > 0 {
            lines.push(plain(counted(lane.tasks(), "task")));
        }
        if lane.lives() > 1 {
            lines.push(plain(format!("started {}", counted(lane.lives().into(), "time"))));
        }
        let waited = |delay| format!("waited {} for a CPU, as the kernel counts", age(Span(delay)));
        let unknown = || "how long it waited for a CPU is not known".to_owned();
        lines.push(plain(lane.run_queue_delay().map_or_else(unknown, waited)));
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

    /// Why it waits forever, if that is proven: its part in each deadlock, or a stall.
    fn stuck(&self, worker: WorkerId) -> Option<String> {
        let model = self.watch.shown();
        let ring = |deadlock: &Deadlock| {
            let names: Vec<&str> = deadlock.ring.iter().map(|link| model.cast().worker_name(link.worker)).collect();
            let part = if deadlock.ring.iter().any(|link| link.worker == worker) { "in" } else { "behind" };
            format!("{part} the deadlock of {}", listed(&names))
        };
        let of = self.watch.deadlocks_then().iter().filter(|deadlock| deadlock.set.contains(&worker));
        let parts: Vec<String> = of.map(ring).collect();
        let then = self.watch.figures_at();
        let is_stalled = || model.stall().is_some_and(|stall| stall.at <= then && stall.set.contains(&worker));
        match parts.as_slice() {
            [] => is_stalled().then(|| "stuck forever: see the findings".to_owned()),
            parts => Some(format!("stuck forever {}", parts.join(" and "))),
        }
    }

    fn lock(&self, id: ResourceId, area: Rect) -> Lines {
        let model = self.watch.shown();
        let (Some(lock), cast) = (model.lock(id), model.cast()) else { return Lines::new() };
        let kind = match cast.resource(id).map(|r| &r.kind) {
            Some(ResourceKind::Mutex { kind }) => format!("{} mutex", kind.word()),
            Some(ResourceKind::Semaphore { permits, .. }) => format!("semaphore of {permits}"),
            Some(ResourceKind::Rwlock { policy: RwPolicy::Fair }) => "rwlock, in order of arrival".into(),
            Some(ResourceKind::Rwlock { policy }) => format!("rwlock, {} first", policy.word()),
            _ => String::new(),
        };
        let figures = self.watch.figures.lock(id).cloned().unwrap_or_default();
        let taken = format!(
            "taken {}, {} of them after waiting ({})",
            counted(figures.taken, "time"),
            count(figures.after_waiting),
            percent(Span(figures.after_waiting).share_of(Span(figures.taken))).trim_start()
        );
        let then = !self.watch.totals_are_of_the_end();
        let mut lines = vec![plain(if then { format!("{kind}   {taken}") } else { kind })];
        self.holders(lock.room(), &figures, area, &mut lines);
        if self.watch.ago().is_some() {
            lines.push(plain(String::new()));
            self.whole_run(&mut lines);
        }
        if !then {
            lines.push(plain(taken));
        }
        if let Some(fairness) = lock.recent_fairness() {
            lines.push(plain(format!("fairness {fairness:.2} (1 is even, Jain's index)")));
        }
        if lock.orphaned() > 0 {
            lines.push((
                format!("its owner died while holding it, {}", counted(lock.orphaned(), "time")),
                self.theme.strong(),
            ));
        }
        self.times("wait", lock.recent_wait(), &mut lines);
        self.times("hold", lock.recent_hold(), &mut lines);
        self.by_worker(lock, &mut lines);
        lines
    }

    /// Who has it and who waits for it, as its row says it.
    fn holders(&self, room: Room, figures: &LockFigures, area: Rect, lines: &mut Lines) {
        let (cast, at) = (self.watch.shown().cast(), self.watch.figures.at);
        let named = |who: &[(WorkerId, Stamp)]| {
            let each = |(w, since): &(WorkerId, Stamp)| format!("{} {}", cast.worker_name(*w), age(at.since(*since)));
            who.iter().map(each).collect::<Vec<_>>()
        };
        lines.push(plain(match (figures.holders.as_slice(), room) {
            ([], Room::Permits { scoped: false, .. }) => {
                format!("a signal, given {}", counted(figures.posted, "time"))
            }
            ([], _) if figures.is_held => "held, by whom is not kept".into(),
            ([], _) => "free".into(),
            ([(owner, since)], _) => format!("held by {} for {}", cast.worker_name(*owner), age(at.since(*since))),
            (many, _) => format!("held by {}", named(many).join(", ")),
        }));
        let waiters = named(&figures.waiters);
        if !waiters.is_empty() {
            let width = overlay::place(area, overlay::WIDTH, 0).width.saturating_sub(4);
            let waiters = format!("waited for by {}", waiters.join(", "));
            lines.extend(super::text::wrap(&waiters, width).into_iter().map(plain));
        }
    }

    /// Says of what follows that it is not of one moment.
    fn whole_run(&self, lines: &mut Lines) {
        let upto = match self.watch.ago() {
            Some(_) => format!(", up to {}", age(self.watch.now.since(Stamp(0)))),
            None => String::new(),
        };
        lines.push((format!("in the whole run{upto}"), self.theme.faint()));
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
        let Some(queue) = self.watch.figures.queue(id) else { return Lines::new() };
        let mut lines = vec![
            plain(format!("holds {} of {} at most", queue.depth, queue.capacity)),
            plain(format!("grows by {}", rate(queue.slope))),
        ];
        if self.watch.totals_are_of_the_end() {
            self.whole_run(&mut lines);
        }
        lines.push(plain(format!("{} put, {} taken", count(queue.put), count(queue.taken))));
        lines.push(plain(format!("mean {:.1}, deepest {}", queue.mean, queue.max)));
        lines
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
