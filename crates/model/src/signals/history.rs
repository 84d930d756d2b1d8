//! The signals of a resource and the waits for it over time.

use crate::history::{History, HistoryShape, Merge, proportional_part};
use crate::state_times::CellWindow;
use contend_trace::{Stamp, WorkerId};

/// The signals in one cell of a window.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct SignalCell {
    /// Signals, and those of them that woke no worker.
    pub sent: u32,
    pub unused: u32,
    /// The mean number of waiting workers.
    pub mean_waiters: f32,
}

/// One bucket: signals, and the waits that signals ended, ns summed over the workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct SignalBucket {
    sent: u32,
    unused: u32,
    waited: u64,
}

impl Merge for SignalBucket {
    fn merge(&mut self, other: Self) {
        self.sent = self.sent.saturating_add(other.sent);
        self.unused = self.unused.saturating_add(other.unused);
        self.waited = self.waited.saturating_add(other.waited);
    }
}

/// A signal, and how many workers it woke. Sorted by these.
type ExactSignal = (Stamp, WorkerId, u32);

/// The signals of one resource over time: the newest to the nanosecond, older ones by bucket.
#[derive(Debug, Clone)]
pub(super) struct SignalHistory {
    history: History<SignalBucket>,
    /// The newest signals, in order.
    newest: Vec<ExactSignal>,
    max_newest: usize,
    /// All signals that are later are among `newest`.
    forgotten_until: Option<Stamp>,
}

impl SignalHistory {
    pub(super) fn new(shape: HistoryShape, max_newest: usize) -> Self {
        Self { history: History::new(shape), newest: Vec::new(), max_newest: max_newest.max(1), forgotten_until: None }
    }

    pub(super) fn record_signal(&mut self, at: Stamp, worker: WorkerId, woken: u32) {
        let bucket = self.history.at(at);
        bucket.sent = bucket.sent.saturating_add(1);
        bucket.unused = bucket.unused.saturating_add(u32::from(woken == 0));
        let signal = (at, worker, woken);
        // Signals arrive nearly in order.
        let place = self.newest.iter().rposition(|other| *other <= signal).map_or(0, |before| before + 1);
        self.newest.insert(place, signal);
        // Half of them go at once, so that a signal moves few others.
        if self.newest.len() >= 2 * self.max_newest {
            self.forget(self.newest.len() - self.max_newest);
        }
    }

    fn forget(&mut self, count: usize) {
        let last = self.newest.drain(..count).next_back();
        self.forgotten_until = self.forgotten_until.max(last.map(|(at, ..)| at));
    }

    pub(super) fn record_wait(&mut self, from: Stamp, to: Stamp) {
        self.history.add(from, to, |bucket, a, b| bucket.waited = bucket.waited.saturating_add(b - a));
    }

    /// Writes the signals in every cell to `out`. `open_waits` are the starts of the present waits, which last until
    /// `now`.
    pub(super) fn cells(&self, w: &CellWindow, now: Stamp, open_waits: &[Stamp], out: &mut Vec<SignalCell>) {
        out.clear();
        out.resize(w.cells, SignalCell::default());
        if w.cells == 0 || w.to <= w.from {
            return;
        }
        let is_exact = self.forgotten_until.is_none_or(|until| until < w.from);
        let until = w.to.min(now);
        self.history.visit_buckets(w.from, until, |a, b, bucket| {
            let (first, last) = (w.cell_at(a.max(w.from)), w.cell_at(Stamp(b.min(w.to).0.saturating_sub(1))));
            for (i, cell) in out.iter_mut().enumerate().take(last + 1).skip(first) {
                let (from, to) = w.cell(i);
                let part = |value| proportional_part(value, (a, b), (from, to));
                let ns = to.min(now).span_since(from).0.max(1);
                cell.mean_waiters += (part(bucket.waited) as f64 / ns as f64) as f32;
                if !is_exact {
                    cell.sent += part(bucket.sent.into()) as u32;
                    cell.unused += part(bucket.unused.into()) as u32;
                }
            }
        });
        let seen = self.newest.iter().filter(|(at, ..)| is_exact && *at >= w.from && *at < w.to && *at <= now);
        for (at, _, woken) in seen {
            let cell = &mut out[w.cell_at(*at)];
            cell.sent += 1;
            cell.unused += u32::from(*woken == 0);
        }
        for since in open_waits.iter().filter(|since| **since < until) {
            for (i, cell) in out.iter_mut().enumerate().skip(w.cell_at((*since).max(w.from))) {
                let (from, to) = w.cell(i);
                let (ns, waited) = (to.min(now).span_since(from).0, to.min(now).span_since(from.max(*since)).0);
                cell.mean_waiters += if ns == 0 { 0.0 } else { waited as f32 / ns as f32 };
            }
        }
    }

    /// Reduces the detail that is kept.
    pub(super) fn reshape(&mut self, shape: HistoryShape, max_newest: usize) {
        self.history.reshape(shape);
        self.max_newest = self.max_newest.min(max_newest.max(1));
        self.forget(self.newest.len().saturating_sub(self.max_newest));
        self.newest.shrink_to_fit();
    }

    /// Returns the heap bytes in use.
    pub(super) fn heap_bytes(&self) -> usize {
        self.history.heap_bytes() + self.newest.capacity() * size_of::<ExactSignal>()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn cells_have_every_signal_and_every_wait_once(
            signals in prop::collection::vec((0_u64..1 << 30, 0_u32..3), 0..60),
            waits in prop::collection::vec((0_u64..1 << 30, 1_u64..1 << 27), 0..20),
            open in prop::collection::vec(0_u64..1 << 30, 0..3),
            kept in 1_usize..80,
        ) {
            let mut history = SignalHistory::new(HistoryShape::new(1024, 3), kept);
            for (at, woken) in &signals {
                history.record_signal(Stamp(*at), WorkerId(1), *woken);
            }
            for (from, ns) in &waits {
                history.record_wait(Stamp(*from), Stamp(from + ns));
            }
            let open: Vec<Stamp> = open.into_iter().map(Stamp).collect();
            let now = Stamp(1 << 31);
            let w = CellWindow { from: Stamp(0), to: now, cells: 64 };
            let mut cells = Vec::new();
            history.cells(&w, now, &open, &mut cells);
            let sum = |of: fn(&SignalCell) -> u32| cells.iter().map(of).sum::<u32>() as usize;
            prop_assert_eq!(sum(|cell| cell.sent), signals.len());
            prop_assert_eq!(sum(|cell| cell.unused), signals.iter().filter(|(_, woken)| *woken == 0).count());
            let cell_ns = (now.0 / 64) as f64;
            let waited: f64 = cells.iter().map(|cell| f64::from(cell.mean_waiters) * cell_ns).sum();
            let expected = waits.iter().map(|(_, ns)| *ns).sum::<u64>() as f64
                + open.iter().map(|since| (now.0 - since.0) as f64).sum::<f64>();
            prop_assert!((waited - expected).abs() <= 1e-3 * expected + 64.0, "{} for {}", waited, expected);
            if signals.len() <= kept {
                for (i, cell) in cells.iter().enumerate() {
                    let (from, to) = w.cell(i);
                    let naive = signals.iter().filter(|(at, _)| (from.0..to.0).contains(at)).count();
                    prop_assert_eq!(cell.sent as usize, naive);
                }
            }
            prop_assert!(history.newest.len() < 2 * kept.max(1));
        }
    }
}
