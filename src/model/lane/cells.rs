//! What a lane did, asked by stretches of time.

use super::{Doing, Lane, Spent};
use crate::model::history::FINEST;
use crate::model::shares::{Shares, Window};
use crate::trace::{Span, Stamp, State};

impl Lane {
    /// What it did at `t`, as exact as what is kept allows. None before its first event, and for a lane that never was.
    pub fn at(&self, t: Stamp) -> Option<Doing> {
        let now = self.doing();
        if t >= now.since {
            return (self.lives > 0).then_some(now);
        }
        if t >= self.exact_from {
            return self.spans(t, t + Span(1)).next();
        }
        let mut found = None;
        self.each(t, t + Span(1), t + Span(1), |from, _, shares| {
            found = shares.dominant().map(|state| Doing { state, since: from, on: None });
        });
        found
    }

    /// Time by state in every cell of the window; the open span counts up to `now`.
    ///
    /// Cells wider than a bucket cost by buckets. Narrower ones, where exact spans reach back far enough, cost by spans.
    pub fn cells(&self, w: &Window, now: Stamp, out: &mut Vec<Shares>) {
        out.clear();
        out.resize(w.cells, Shares::default());
        if w.cells == 0 || w.to <= w.from {
            return;
        }
        let narrow = w.to.since(w.from).0 / (w.cells as u64) < 1 << FINEST;
        if narrow && w.from >= self.exact_from {
            self.exact_cells(w, now, out);
        } else {
            self.each(w.from, w.to, now, |from, to, shares| pour(w, (from, to), shares, out));
        }
    }

    /// Time by state between two moments; the open span counts up to `now`.
    pub fn shares(&self, from: Stamp, to: Stamp, now: Stamp) -> Shares {
        let mut sum = Shares::default();
        self.each(from, to, now, |a, b, shares| sum.add(&shares.part((a, b), (from, to))));
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
        let dead = self.dead_since().map(|since| Doing { state: State::Crashed, since, on: None });
        let all = past.chain([self.doing]).chain(dead);
        let ends = all.clone().skip(1).map(|next| next.since).chain([Stamp(u64::MAX)]);
        all.zip(ends).filter(move |(d, end)| d.since < to && *end > from).map(|(d, _)| d)
    }

    /// Spans are exact from here on.
    pub fn exact_from(&self) -> Stamp {
        self.exact_from
    }

    /// Hands every bucket that `from..to` touches to `look`, oldest first, the open span added up to `now`.
    fn each(&self, from: Stamp, to: Stamp, now: Stamp, mut look: impl FnMut(Stamp, Stamp, &Shares)) {
        let to = to.min(now);
        let open = self.open(now);
        self.history.visit(from, to, |a, b, spent| {
            let b = b.min(now);
            look(a, b, &with_open(*spent, &open, a, b).split());
        });
        let rest = from.max(self.history.end());
        for (state, begin, end) in open {
            let (a, b) = (rest.max(begin), to.min(end));
            if a < b {
                let mut shares = Shares::default();
                shares.put(state, b.since(a).0);
                look(a, b, &shares);
            }
        }
    }

    /// What is not in the history yet: the present span, and a death noticed from outside.
    fn open(&self, now: Stamp) -> [(State, Stamp, Stamp); 2] {
        let dead = self.dead_since().unwrap_or(now).min(now);
        [(self.doing.state, self.doing.since, dead), (State::Crashed, dead, now)]
    }

    fn exact_cells(&self, w: &Window, now: Stamp, out: &mut [Shares]) {
        let mut spans = self.spans(w.from, w.to.min(now)).peekable();
        while let Some(span) = spans.next() {
            let end = spans.peek().map_or(now, |next| next.since).min(now);
            let (from, to) = (span.since.max(w.from), end.min(w.to));
            if from < to {
                let mut whole = Shares::default();
                whole.put(span.state, to.since(from).0);
                pour(w, (from, to), &whole, out);
            }
        }
        // Spans do not know of preemption: take the part of Ready from the bucket around them.
        self.each(w.from, w.to, now, |from, to, shares| {
            let (ready, running) = (shares.get(State::Ready), shares.get(State::Running));
            if ready == 0 || to <= from {
                return;
            }
            let part = ready as f64 / (ready + running) as f64;
            let (first, last) = (w.cell_at(from.max(w.from)), w.cell_at(Stamp(to.0 - 1)));
            for (i, cell) in out.iter_mut().enumerate().take(last + 1).skip(first) {
                // A cell across two buckets belongs to the one it begins in.
                if i == first && w.edge(i) < from && i > 0 {
                    continue;
                }
                cell.shift(State::Running, State::Ready, (cell.get(State::Running) as f64 * part) as u64);
            }
        });
    }
}

fn with_open(mut spent: Spent, open: &[(State, Stamp, Stamp)], a: Stamp, b: Stamp) -> Spent {
    for (state, from, to) in open {
        spent.by_state.put(*state, b.min(*to).since(a.max(*from)).0);
    }
    spent
}

/// Spreads `shares` of the stretch `whole` over the cells it touches.
fn pour(w: &Window, whole: (Stamp, Stamp), shares: &Shares, out: &mut [Shares]) {
    let (from, to) = (whole.0.max(w.from), whole.1.min(w.to));
    if from >= to {
        return;
    }
    for i in w.cell_at(from)..=w.cell_at(Stamp(to.0 - 1)) {
        out[i].add(&shares.part(whole, w.cell(i)));
    }
}
