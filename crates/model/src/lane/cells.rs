//! What a lane did, asked by stretches of time.

use super::{Doing, Lane, Spent};
use crate::history::part;
use crate::shares::{Shares, Window};
use contend_trace::{Span, Stamp, State};

/// Spans that are counted one by one for the shares of a stretch.
const FEW: usize = 256;

impl Lane {
    /// What it did at `t`, as exact as what is kept allows. None for a lane that never was.
    pub fn at(&self, t: Stamp) -> Option<Doing> {
        let now = self.doing();
        if t >= now.since {
            return (self.lives > 0).then_some(now);
        }
        if t >= self.exact_from {
            return self.spans(t, t + Span(1)).next();
        }
        let mut found = None;
        self.each(t, t + Span(1), t + Span(1), |from, _, shares, _| {
            found = shares.dominant().map(|state| Doing { state, since: from, on: None });
        });
        found
    }

    /// Whether what it did at `t` is kept as it was: older time is known by the shares of its states alone.
    pub fn is_exact_at(&self, t: Stamp) -> bool {
        t >= self.exact_from.min(self.doing().since)
    }

    /// Time by state in every cell of the window; the open span counts up to `now`.
    ///
    /// Where buckets are as narrow as cells this costs by buckets. Where they are wider, exact spans are drawn as far back
    /// as they are kept.
    pub fn cells(&self, w: &Window, now: Stamp, out: &mut Vec<Shares>) {
        let exact = self.exact_from.clamp(w.from, w.to.max(w.from));
        let cell = Span(w.to.since(w.from).0 / w.cells.max(1) as u64);
        let exact = if cell < self.history.width_at(exact) { exact } else { w.to };
        self.cells_from(exact, w, now, out);
    }

    /// As [`Lane::cells`], with exact spans from `exact` on.
    fn cells_from(&self, exact: Stamp, w: &Window, now: Stamp, out: &mut Vec<Shares>) {
        out.clear();
        out.resize(w.cells, Shares::default());
        if w.cells == 0 || w.to <= w.from {
            return;
        }
        self.each(w.from, exact, now, |from, to, shares, _| pour(w, (w.from, exact), (from, to), shares, out));
        if exact < w.to {
            self.exact_cells(exact, w, now, out);
        }
    }

    /// Time by state between two moments; the open span counts up to `now`.
    pub fn shares(&self, from: Stamp, to: Stamp, now: Stamp) -> Shares {
        let mut cells = Vec::with_capacity(1);
        let window = Window { from, to, cells: 1 };
        // Few spans are counted one by one: the buckets of long ago are too wide for a short stretch.
        let few = from >= self.exact_from && self.spans(from, to).take(FEW + 1).count() <= FEW;
        let buckets = || self.history.width_at(from) > Span(to.since(from).0 / 64);
        if few && buckets() {
            self.cells_from(from, &window, now, &mut cells);
        } else {
            self.cells(&window, now, &mut cells);
        }
        cells.pop().unwrap_or_default()
    }

    /// Nanoseconds between two moments in which it seemed to run and had no CPU.
    pub fn without_cpu(&self, from: Stamp, to: Stamp) -> u64 {
        let mut sum = 0;
        self.each(from, to, to, |a, b, _, without| sum += part(without, (a, b), (from.max(a), to.min(b))));
        sum
    }

    /// Time by state of the whole run.
    pub fn totals(&self, now: Stamp) -> Shares {
        self.shares(Stamp(0), now, now)
    }

    /// The newest spans, exact, in order, that touch `from..to`; the last one may still be open.
    pub fn spans(&self, from: Stamp, to: Stamp) -> impl Iterator<Item = Doing> + '_ {
        // The last span that begins at or before `from` touches it.
        let first = self.exact.partition_point(|span| span.since <= from).saturating_sub(1);
        let past = self.exact.range(first..).map(|s| Doing { state: s.state, since: s.since, on: s.on });
        let dead = self.dead_since().map(|since| Doing { state: self.dead_state(), since, on: None });
        let all = past.chain([self.doing]).chain(dead);
        let ends = all.clone().skip(1).map(|next| next.since).chain([Stamp(u64::MAX)]);
        all.zip(ends).filter(move |(d, end)| d.since < to && *end > from).map(|(d, _)| d)
    }

    /// Spans are exact from here on.
    pub fn exact_from(&self) -> Stamp {
        self.exact_from
    }

    /// Hands every bucket that `from..to` touches to `look`, oldest first, the open span added up to `now`: time by state, and
    /// what of Ready is time without a CPU.
    fn each(&self, from: Stamp, to: Stamp, now: Stamp, mut look: impl FnMut(Stamp, Stamp, &Shares, u64)) {
        let to = to.min(now);
        let (open, unsettled) = (self.open(now), self.unsettled(now));
        let mut split = |mut shares: Shares, without: u64, a: Stamp, b: Stamp| {
            let mut running = shares.get(State::Running).saturating_sub(without);
            for stretch in &unsettled {
                running -= stretch.without_cpu(running, a, b);
            }
            let without = shares.get(State::Running) - running.min(shares.get(State::Running));
            shares.shift(State::Running, State::Ready, without);
            look(a, b, &shares, without);
        };
        self.history.visit(from, to, |a, b, spent| {
            let b = b.min(now);
            let spent = if b > open[0].1 { with_open(*spent, &open, a, b) } else { *spent };
            split(spent.by_state, spent.without_cpu, a, b);
        });
        let rest = from.max(self.history.end());
        for (state, begin, end) in open {
            let (a, b) = (rest.max(begin), to.min(end));
            if a < b {
                let mut shares = Shares::default();
                shares.put(state, b.since(a).0);
                split(shares, 0, a, b);
            }
        }
    }

    /// What is not in the history yet: the present span, and a death noticed from outside.
    fn open(&self, now: Stamp) -> [(State, Stamp, Stamp); 2] {
        let dead = self.dead_since().unwrap_or(now).min(now);
        [(self.doing.state, self.doing.since, dead), (self.dead_state(), dead, now)]
    }

    /// Draws what was from `begin` on from exact spans.
    fn exact_cells(&self, begin: Stamp, w: &Window, now: Stamp, out: &mut [Shares]) {
        let mut spans = self.spans(begin, w.to.min(now)).peekable();
        while let Some(span) = spans.next() {
            let end = spans.peek().map_or(now, |next| next.since).min(now);
            let (from, to) = (span.since.max(begin), end.min(w.to));
            let mut whole = Shares::default();
            whole.put(span.state, to.since(from).0);
            pour(w, (begin, w.to), (from, to), &whole, out);
        }
        // Spans do not know of preemption: take the part without a CPU from the buckets around.
        let mut rough = vec![Shares::default(); out.len()];
        self.each(begin, w.to, now, |from, to, shares, without| {
            let mut ran = Shares::default();
            ran.put(State::Running, shares.get(State::Running));
            ran.put(State::Ready, without);
            pour(w, (begin, w.to), (from, to), &ran, &mut rough);
        });
        for (cell, rough) in out.iter_mut().zip(rough) {
            let (ready, running) = (rough.get(State::Ready), rough.get(State::Running));
            if ready > 0 {
                let part = ready as f64 / (ready + running) as f64;
                cell.shift(State::Running, State::Ready, (cell.get(State::Running) as f64 * part) as u64);
            }
        }
    }
}

fn with_open(mut spent: Spent, open: &[(State, Stamp, Stamp)], a: Stamp, b: Stamp) -> Spent {
    for (state, from, to) in open {
        spent.by_state.put(*state, b.min(*to).since(a.max(*from)).0);
    }
    spent
}

/// Spreads `shares` of the stretch `whole` over the cells it touches, as far as it lies in `clip`.
fn pour(w: &Window, clip: (Stamp, Stamp), whole: (Stamp, Stamp), shares: &Shares, out: &mut [Shares]) {
    let (from, to) = (whole.0.max(clip.0), whole.1.min(clip.1));
    if from >= to {
        return;
    }
    let first = w.cell_at(from);
    let (begin, end) = w.cell(first);
    if to <= end {
        out[first].add(&shares.part(whole, (begin.max(clip.0), end.min(clip.1))));
        return;
    }
    let last = w.cell_at(Stamp(to.0 - 1));
    for (i, cell) in out.iter_mut().enumerate().take(last + 1).skip(first) {
        let (begin, end) = w.cell(i);
        cell.add(&shares.part(whole, (begin.max(clip.0), end.min(clip.1))));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{Budget, Model};
    use contend_trace::{Cast, Event, EventKind, Message, ResourceId, Sample, WorkerId, WorkerInfo, WorkerKind};

    const MS: u64 = 1_000_000;

    /// A worker that runs for 60 ms and then waits for ever; the kernel is asked every 50 ms.
    fn stuck(until: u64) -> Model {
        let info = WorkerInfo { name: "w".into(), group: "w".into(), kind: WorkerKind::Thread, pool: None };
        let cast = Cast { workers: vec![info], ..Cast::default() };
        let mut model = Model::new(Arc::new(cast), Budget::default());
        let worker = WorkerId(0);
        let wait = EventKind::Wait { lock: ResourceId(0), held: 0, timed: false };
        for (at, kind) in [(0, EventKind::Began), (60 * MS, wait)] {
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
    fn shares_of_long_ago_are_those_of_then() {
        for seconds in [0, 1, 5, 30, 300] {
            let now = Stamp(seconds * 1_000 * MS + 100 * MS);
            let model = stuck(now.0);
            let at = Stamp(60 * MS + 54_000);
            for from in [0, 20, 40, 55] {
                let shares = model.lane(WorkerId(0)).shares(Stamp(from * MS), at, now);
                assert!(shares.share(State::Running) > 0.8, "{from} ms, after {seconds} s: {shares:?}");
            }
        }
    }
}
