//! The states of a lane over time: by moment, by interval, and by cell of a window.

use std::ops::Range;

use super::cpu_accounting::Unsettled;
use super::{Activity, CpuLack, Lane, LaneBucket};
use crate::history::proportional_part;
use crate::state_times::{CellWindow, StateTimes};
use contend_trace::{Span, Stamp, State};

/// The maximum number of spans that are summed one by one for an interval.
const MAX_COUNTED_SPANS: usize = 256;

impl Lane {
    /// Returns the activity at `t`, as exact as the history allows. `None` if the worker never began.
    pub fn activity_at(&self, t: Stamp) -> Option<Activity> {
        let now = self.activity();
        if t >= now.since {
            return (self.life_count > 0).then_some(now);
        }
        if t >= self.exact_from {
            return self.spans(t, t + Span(1)).next();
        }
        let mut found = None;
        self.for_each_bucket(t, t + Span(1), t + Span(1), |from, _, times, _| {
            found = times.dominant().map(|state| Activity { state, since: from, resource: None });
        });
        found
    }

    /// Whether the exact span at `t` is known. For older time only the sums by state are known.
    pub fn is_exact_at(&self, t: Stamp) -> bool {
        t >= self.exact_from.min(self.activity().since)
    }

    /// Writes the time by state in every cell of the window to `out`. The open span counts up to `now`.
    ///
    /// Where buckets are no wider than cells, the time comes from the buckets. Where they are wider, it comes from
    /// exact spans as far back as these are kept.
    pub fn cells(&self, w: &CellWindow, now: Stamp, out: &mut Vec<StateTimes>) {
        let exact = self.exact_from.clamp(w.from, w.to.max(w.from));
        let cell = Span(w.to.span_since(w.from).0 / w.cells.max(1) as u64);
        let exact = if cell < self.history.width_at(exact) { exact } else { w.to };
        self.cells_with_exact_from(exact, w, now, out);
    }

    /// Like [`Lane::cells`], with exact spans from `exact` on.
    fn cells_with_exact_from(&self, exact: Stamp, w: &CellWindow, now: Stamp, out: &mut Vec<StateTimes>) {
        out.clear();
        out.resize(w.cells, StateTimes::default());
        if w.cells == 0 || w.to <= w.from {
            return;
        }
        self.for_each_bucket(w.from, exact, now, |from, to, times, _| {
            spread_over_cells(w, (w.from, exact), (from, to), times, out);
        });
        if exact < w.to {
            self.exact_cells(exact, w, now, out);
        }
    }

    /// Returns the time by state between two moments. The open span counts up to `now`.
    pub fn state_times(&self, from: Stamp, to: Stamp, now: Stamp) -> StateTimes {
        if to <= from {
            return StateTimes::default();
        }
        // Sum a few spans one by one: old buckets are too wide for a short interval.
        let few =
            from >= self.exact_from && self.spans(from, to).take(MAX_COUNTED_SPANS + 1).count() <= MAX_COUNTED_SPANS;
        let buckets = || self.history.width_at(from) > Span(to.span_since(from).0 / 64);
        if few && buckets() {
            let (mut cells, window) = (Vec::with_capacity(1), CellWindow { from, to, cells: 1 });
            self.cells_with_exact_from(from, &window, now, &mut cells);
            return cells.pop().unwrap_or_default();
        }
        let exact = self.exact_from.clamp(from, to);
        if to.span_since(from) < self.history.width_at(exact) {
            let (mut cells, window) = (Vec::with_capacity(1), CellWindow { from, to, cells: 1 });
            self.cells_with_exact_from(exact, &window, now, &mut cells);
            return cells.pop().unwrap_or_default();
        }
        let mut sum = StateTimes::default();
        self.for_each_bucket(from, to, now, |a, b, times, _| {
            sum.add(&times.part((a, b), (from.max(a), to.min(b))));
        });
        sum
    }

    /// Returns how long the worker seemed to run between two moments but had no CPU, ns.
    pub fn without_cpu_ns(&self, from: Stamp, to: Stamp) -> u64 {
        self.cpu_ns(from, to).0.total()
    }

    /// Returns how long the worker seemed to run between two moments but had no CPU, and how long it ran, ns.
    pub(crate) fn cpu_ns(&self, from: Stamp, to: Stamp) -> (CpuLack, u64) {
        let (mut lack, mut running) = (CpuLack::default(), 0);
        self.for_each_bucket(from, to, to, |a, b, times, without| {
            let part = |ns| proportional_part(ns, (a, b), (from.max(a), to.min(b)));
            lack.add(CpuLack { ready: part(without.ready), off_core: part(without.off_core) });
            running += part(times.get(State::Running));
        });
        (lack, running)
    }

    /// Calls `visit` with the time by state in the worker's lives up to `end`, by interval.
    pub(crate) fn visit_lives(&self, end: Stamp, mut visit: impl FnMut(Stamp, Stamp, StateTimes)) {
        self.for_each_bucket(Stamp(0), end, end, |from, to, times, _| {
            let times = times.of_lives();
            if times.total_ns() > 0 {
                visit(from, to, times);
            }
        });
    }

    /// Returns the time by state of the whole run.
    pub fn total_state_times(&self, now: Stamp) -> StateTimes {
        self.state_times(Stamp(0), now, now)
    }

    /// Returns the exact spans that touch `from..to`, in order. The last one may still be open.
    pub fn spans(&self, from: Stamp, to: Stamp) -> impl Iterator<Item = Activity> + '_ {
        let past = self.exact_spans.range(self.past_spans(from, to));
        let past = past.map(|span| Activity { state: span.state, since: span.since, resource: span.on });
        let dead = self.dead_activity();
        let now_until = dead.map_or(Stamp(u64::MAX), |dead| dead.since);
        let present = [Some((self.activity, now_until)), dead.map(|dead| (dead, Stamp(u64::MAX)))];
        let touches = move |(span, end): &(Activity, Stamp)| span.since < to && *end > from;
        past.chain(present.into_iter().flatten().filter(touches).map(|(span, _)| span))
    }

    /// Returns which of the kept past spans touch `from..to`. Looks at a few of them only: there may be thousands, and
    /// the anatomy of waits asks once for each hold of a lock.
    fn past_spans(&self, from: Stamp, to: Stamp) -> Range<usize> {
        let spans = &self.exact_spans;
        // The last span that begins at or before `from` touches it, if it ends later.
        let mut first = spans.partition_point(|span| span.since <= from).saturating_sub(1);
        let end = spans.get(first + 1).map_or(self.activity.since, |next| next.since);
        if end <= from {
            first = (first + 1).min(spans.len());
        }
        first..spans.partition_point(|span| span.since < to).max(first)
    }

    /// Calls `visit` with the start and the state of each exact span that touches `from..to`, in order, perhaps after
    /// that of the span before: quicker than [`Lane::spans`]. `hint` is where to begin to look: 0, or what it was after
    /// a call with an earlier `from`.
    #[inline]
    pub(crate) fn visit_span_starts(
        &self,
        hint: &mut usize,
        from: Stamp,
        to: Stamp,
        mut visit: impl FnMut(Stamp, State),
    ) {
        if self.dead_since().is_some() {
            return self.spans(from, to).for_each(|span| visit(span.since, span.state));
        }
        let first = self.span_at(*hint, from);
        *hint = first;
        for span in self.exact_spans.range(first..) {
            if span.since >= to {
                return;
            }
            visit(span.since, span.state);
        }
        if self.activity.since < to {
            visit(self.activity.since, self.activity.state);
        }
    }

    /// Returns the last exact span that begins at or before `from`, or the first one, looking from `low` on in growing
    /// steps.
    fn span_at(&self, low: usize, from: Stamp) -> usize {
        let spans = &self.exact_spans;
        let begins_before = |at: usize| spans.get(at).is_some_and(|span| span.since <= from);
        let (mut low, mut step) = (low, 1);
        while begins_before(low + step) {
            low += step;
            step *= 2;
        }
        while step > 1 {
            step /= 2;
            if begins_before(low + step) {
                low += step;
            }
        }
        low.min(spans.len())
    }

    /// Returns the moment from which on spans are exact.
    pub fn exact_from(&self) -> Stamp {
        self.exact_from
    }

    /// Calls `visit` with every bucket that `from..to` touches, oldest first, with the open span added up to `now`: the
    /// time by state, and the parts of `Ready` and `OffCore` that are time without a CPU.
    fn for_each_bucket(
        &self,
        from: Stamp,
        to: Stamp,
        now: Stamp,
        mut visit: impl FnMut(Stamp, Stamp, &StateTimes, CpuLack),
    ) {
        let to = to.min(now);
        let (open, unsettled) = (self.open_spans(now), self.unsettled_intervals(now));
        let unsettled_from = unsettled.first().map_or(Stamp(u64::MAX), Unsettled::from);
        let mut split = |times: &StateTimes, mut lack: CpuLack, a: Stamp, b: Stamp| {
            if b <= unsettled_from && lack.total() == 0 {
                return visit(a, b, times, lack); // nearly all buckets
            }
            let mut times = *times;
            let all = times.get(State::Running);
            let mut running = all.saturating_sub(lack.total());
            for interval in &unsettled {
                let more = interval.without_cpu(running, a, b);
                running -= more.total();
                lack.add(more);
            }
            let lack = lack.at_most(all);
            times.move_ns(State::Running, State::Ready, lack.ready);
            times.move_ns(State::Running, State::OffCore, lack.off_core);
            visit(a, b, &times, lack);
        };
        self.history.visit_buckets(from, to, |a, b, spent| {
            let b = b.min(now);
            let with_open;
            let spent = if b > open[0].1 {
                with_open = add_open_spans(*spent, &open, a, b);
                &with_open
            } else {
                spent
            };
            let off_core = spent.off_core_ns.min(spent.without_cpu_ns);
            split(&spent.by_state, CpuLack { ready: spent.without_cpu_ns - off_core, off_core }, a, b);
        });
        let rest = from.max(self.history.end());
        for (state, begin, end) in open {
            let (a, b) = (rest.max(begin), to.min(end));
            if a < b {
                let mut times = StateTimes::default();
                times.add_ns(state, b.span_since(a).0);
                split(&times, CpuLack::default(), a, b);
            }
        }
    }

    /// Returns the spans that are not in the history yet: the present one, and the time after a noticed death.
    fn open_spans(&self, now: Stamp) -> [(State, Stamp, Stamp); 2] {
        let dead = self.dead_since().unwrap_or(now).min(now);
        [(self.activity.state, self.activity.since, dead), (self.dead_state(), dead, now)]
    }

    /// Adds the time from `begin` on to the cells, from exact spans.
    fn exact_cells(&self, begin: Stamp, w: &CellWindow, now: Stamp, out: &mut [StateTimes]) {
        let mut spans = self.spans(begin, w.to.min(now)).peekable();
        while let Some(span) = spans.next() {
            let end = spans.peek().map_or(now, |next| next.since).min(now);
            let (from, to) = (span.since.max(begin), end.min(w.to));
            let mut whole = StateTimes::default();
            whole.add_ns(span.state, to.span_since(from).0);
            spread_over_cells(w, (begin, w.to), (from, to), &whole, out);
        }
        // Spans do not tell of preemption: take the fraction without a CPU from the buckets around them.
        let mut rough = vec![StateTimes::default(); out.len()];
        self.for_each_bucket(begin, w.to, now, |from, to, times, without| {
            let mut ran = StateTimes::default();
            ran.add_ns(State::Running, times.get(State::Running));
            ran.add_ns(State::Ready, without.ready);
            ran.add_ns(State::OffCore, without.off_core);
            spread_over_cells(w, (begin, w.to), (from, to), &ran, &mut rough);
        });
        for (cell, rough) in out.iter_mut().zip(rough) {
            let [running, ready, off_core] = [State::Running, State::Ready, State::OffCore].map(|s| rough.get(s));
            let (seemed_to_run, all) = (cell.get(State::Running), running + ready + off_core);
            for (state, ns) in [(State::Ready, ready), (State::OffCore, off_core)].into_iter().filter(|(_, ns)| *ns > 0)
            {
                cell.move_ns(State::Running, state, (seemed_to_run as f64 * (ns as f64 / all as f64)) as u64);
            }
        }
    }
}

fn add_open_spans(mut spent: LaneBucket, open: &[(State, Stamp, Stamp)], a: Stamp, b: Stamp) -> LaneBucket {
    for (state, from, to) in open {
        spent.by_state.add_ns(*state, b.min(*to).span_since(a.max(*from)).0);
    }
    spent
}

/// Spreads the time by state of the interval `whole` over the cells it touches, as far as it lies in `clip`.
fn spread_over_cells(
    w: &CellWindow,
    clip: (Stamp, Stamp),
    whole: (Stamp, Stamp),
    times: &StateTimes,
    out: &mut [StateTimes],
) {
    let (from, to) = (whole.0.max(clip.0), whole.1.min(clip.1));
    if from >= to {
        return;
    }
    let first = w.cell_at(from);
    let (begin, end) = w.cell(first);
    if to <= end {
        out[first].add(&times.part(whole, (begin.max(clip.0), end.min(clip.1))));
        return;
    }
    let last = w.cell_at(Stamp(to.0 - 1));
    for (i, cell) in out.iter_mut().enumerate().take(last + 1).skip(first) {
        let (begin, end) = w.cell(i);
        cell.add(&times.part(whole, (begin.max(clip.0), end.min(clip.1))));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Budget, Model};
    use contend_trace::{
        DeathCause, Event, EventKind, ExitKind, Message, Notice, Registry, ResourceId, Sample, WorkerId, WorkerInfo,
        WorkerKind,
    };

    const MS: u64 = 1_000_000;

    /// A worker that runs for 60 ms and then waits forever; the kernel is sampled every 50 ms.
    fn blocked_worker_model(until: u64) -> Model {
        let info = WorkerInfo { name: "w".into(), group: "w".into(), kind: WorkerKind::Thread, pool: None };
        let registry = Registry { workers: vec![info], ..Registry::default() };
        let mut model = Model::new(Arc::new(registry), Budget::default());
        let worker = WorkerId(0);
        let wait = EventKind::LockWait { lock: ResourceId(0), held_count: 0, timed: false };
        for (at, kind) in [(0, EventKind::LifeBegan), (60 * MS, wait)] {
            model.apply(&Message::Events(vec![Event { at: Stamp(at), worker, kind }]));
        }
        for from in (0..until).step_by(50 * MS as usize) {
            let running = (60 * MS).saturating_sub(from).min(50 * MS);
            let (from, to) = (Stamp(from), Stamp(from + 50 * MS));
            model.apply(&Message::Sample(Sample::Sched { worker, from, to, running, ready: 0 }));
        }
        model
    }

    #[test]
    fn state_shares_of_an_old_interval_stay_the_same_as_time_passes() {
        for seconds in [0, 1, 5, 30, 300] {
            let now = Stamp(seconds * 1_000 * MS + 100 * MS);
            let model = blocked_worker_model(now.0);
            let at = Stamp(60 * MS + 54_000);
            for from in [0, 20, 40, 55] {
                let shares = model.lane(WorkerId(0)).state_times(Stamp(from * MS), at, now);
                assert!(shares.share(State::Running) > 0.8, "{from} ms, after {seconds} s: {shares:?}");
            }
        }
    }

    /// Asserts for every interval that the spans which touch it are those of the whole run that do.
    fn assert_spans_touch(model: &Model, last: u64) {
        let lane = model.lane(WorkerId(0));
        let all: Vec<Activity> = lane.spans(Stamp(0), Stamp(u64::MAX)).collect();
        let ends = all.iter().skip(1).map(|next| next.since).chain([Stamp(u64::MAX)]);
        let whole: Vec<(Activity, Stamp)> = all.iter().copied().zip(ends).collect();
        for (from, to) in (0..=last).flat_map(|from| (0..=last).map(move |to| (Stamp(from), Stamp(to)))) {
            let touching = whole.iter().filter(|(span, end)| span.since < to && *end > from);
            let expected: Vec<Activity> = touching.map(|(span, _)| *span).collect();
            assert_eq!(lane.spans(from, to).collect::<Vec<_>>(), expected, "{from:?}..{to:?}");
        }
    }

    #[test]
    fn spans_of_an_interval_are_those_that_touch_it() {
        let info = WorkerInfo { name: "w".into(), group: "w".into(), kind: WorkerKind::Thread, pool: None };
        let registry = Registry { workers: vec![info], ..Registry::default() };
        let mut model = Model::new(Arc::new(registry), Budget::default());
        let worker = WorkerId(0);
        assert_spans_touch(&model, 20);
        let sleep = EventKind::Blocked { state: State::Sleep, on: None };
        for (at, kind) in [
            (2, EventKind::LifeBegan),
            (4, sleep),
            (7, EventKind::Resumed),
            (7, sleep), // after a span without a length
            (9, EventKind::Resumed),
            (12, EventKind::LifeEnded(ExitKind::Finished)),
            (13, EventKind::LifeBegan),
        ] {
            model.apply(&Message::Events(vec![Event { at: Stamp(at), worker, kind }]));
            assert_spans_touch(&model, 20);
        }
        let notice = Notice::Died { worker, cause: DeathCause::Signal(9) };
        model.apply(&Message::Notice { at: Stamp(16), notice });
        assert_spans_touch(&model, 20);
        let spans = model.lane(worker).spans(Stamp(0), Stamp(20)).count();
        assert!(spans >= 5, "{spans}");
    }
}
