//! Time by state: what a lane, a cell or a whole run comes down to.

use super::history::part;
use contend_trace::{Stamp, State};

/// A stretch of the time axis cut into equal cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: Stamp,
    pub to: Stamp,
    pub cells: usize,
}

impl Window {
    /// Where cell `i` begins; `cells` is the end of the window.
    pub fn edge(&self, i: usize) -> Stamp {
        let width = self.to.since(self.from).0;
        Stamp(self.from.0.saturating_add(scaled(width, i as u64, self.cells.max(1) as u64)))
    }

    /// Begin and end of cell `i`.
    pub fn cell(&self, i: usize) -> (Stamp, Stamp) {
        (self.edge(i), self.edge(i + 1))
    }

    /// The cell that holds `t`; the last one for anything later.
    pub fn cell_at(&self, t: Stamp) -> usize {
        let width = self.to.since(self.from).0.max(1);
        let cells = self.cells.max(1);
        let guess = scaled(t.since(self.from).0, cells as u64, width) as usize;
        let mut cell = guess.min(cells - 1);
        // Edges are rounded down, so the division can be early.
        while cell + 1 < cells && self.edge(cell + 1) <= t {
            cell += 1;
        }
        cell
    }
}

/// `a * b / c`, rounded down. Only windows of days need the wide multiplication, which costs ten times as much.
fn scaled(a: u64, b: u64, c: u64) -> u64 {
    a.checked_mul(b).map_or_else(|| (u128::from(a) * u128::from(b) / u128::from(c)) as u64, |product| product / c)
}

/// Nanoseconds by state (Ready already split off Running by the kernel's figures).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shares {
    ns: [u64; State::ALL.len()],
}

impl Shares {
    /// Nanoseconds in `state`.
    pub fn get(&self, state: State) -> u64 {
        self.ns[state.index()]
    }

    /// Nanoseconds in all states.
    pub fn total(&self) -> u64 {
        self.ns.iter().fold(0, |sum, ns| sum.saturating_add(*ns))
    }

    /// Part of the alive time that was spent in `state`, 0 to 1; for states that are not alive, part of all time.
    pub fn share(&self, state: State) -> f64 {
        let whole = if state.is_alive() { self.alive() } else { self.total() };
        if whole == 0 { 0.0 } else { self.get(state) as f64 / whole as f64 }
    }

    /// Nanoseconds in which the worker existed and is known: without Done, Crashed and Gap.
    pub fn alive(&self) -> u64 {
        State::ALL.into_iter().filter(|s| s.is_alive()).fold(0, |sum, s| sum.saturating_add(self.get(s)))
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.ns.iter_mut().zip(other.ns) {
            *mine = mine.saturating_add(theirs);
        }
    }

    /// Adds `ns` nanoseconds in `state`.
    pub fn put(&mut self, state: State, ns: u64) {
        let slot = &mut self.ns[state.index()];
        *slot = slot.saturating_add(ns);
    }

    /// Moves `ns` nanoseconds, or all there are, from one state to another.
    pub fn shift(&mut self, from: State, to: State, ns: u64) {
        let ns = ns.min(self.get(from));
        self.ns[from.index()] -= ns;
        self.put(to, ns);
    }

    /// The part of these shares that falls to `cut` when they are spread evenly over `whole`.
    pub(super) fn part(&self, whole: (Stamp, Stamp), cut: (Stamp, Stamp)) -> Self {
        if cut.0 <= whole.0 && whole.1 <= cut.1 {
            return *self;
        }
        Self { ns: self.ns.map(|ns| if ns == 0 { 0 } else { part(ns, whole, cut) }) }
    }

    /// The state with the most time; the earlier in the legend when two are equal; none when there is no time.
    pub fn dominant(&self) -> Option<State> {
        let most = State::ALL.into_iter().rev().max_by_key(|s| self.get(*s))?;
        (self.get(most) > 0).then_some(most)
    }
}
