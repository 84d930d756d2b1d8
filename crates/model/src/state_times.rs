//! Time by state, and windows of equal cells on the time axis.

use super::history::proportional_part;
use contend_trace::{Stamp, State};

/// An interval of the time axis, divided into equal cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellWindow {
    pub from: Stamp,
    pub to: Stamp,
    pub cells: usize,
}

impl CellWindow {
    /// Returns the start of cell `i`; for `i == cells`, the end of the window.
    pub fn edge(&self, i: usize) -> Stamp {
        let width = self.to.span_since(self.from).0;
        Stamp(self.from.0.saturating_add(mul_div(width, i as u64, self.cells.max(1) as u64)))
    }

    /// Returns the start and the end of cell `i`.
    pub fn cell(&self, i: usize) -> (Stamp, Stamp) {
        (self.edge(i), self.edge(i + 1))
    }

    /// Returns the cell that contains `t`; the last one if `t` is later.
    pub fn cell_at(&self, t: Stamp) -> usize {
        let width = self.to.span_since(self.from).0.max(1);
        let cells = self.cells.max(1);
        let guess = mul_div(t.span_since(self.from).0, cells as u64, width) as usize;
        let mut cell = guess.min(cells - 1);
        // Edges are rounded down, so the guess can be one cell too low.
        while cell + 1 < cells && self.edge(cell + 1) <= t {
            cell += 1;
        }
        cell
    }
}

/// Returns `a * b / c`, rounded down. Only windows of days need the wide multiplication, which takes ten times as long.
fn mul_div(a: u64, b: u64, c: u64) -> u64 {
    a.checked_mul(b).map_or_else(|| (u128::from(a) * u128::from(b) / u128::from(c)) as u64, |product| product / c)
}

/// Nanoseconds by state. Time without a CPU is `Ready`, split off `Running` by the kernel's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StateTimes {
    ns: [u64; State::ALL.len()],
}

impl StateTimes {
    /// Returns the nanoseconds in `state`.
    pub fn get(&self, state: State) -> u64 {
        self.ns[state.index()]
    }

    /// Returns the nanoseconds in all states.
    pub fn total_ns(&self) -> u64 {
        self.ns.iter().fold(0, |sum, ns| sum.saturating_add(*ns))
    }

    /// Returns the fraction of the alive time that was spent in `state`, 0 to 1; for states outside a life, the
    /// fraction of all time.
    pub fn share(&self, state: State) -> f64 {
        let whole = if state.is_alive() { self.alive_ns() } else { self.total_ns() };
        if whole == 0 { 0.0 } else { self.get(state) as f64 / whole as f64 }
    }

    /// Returns the nanoseconds in which the worker was in a life and its state is known: without `Done`, `Crashed` and
    /// `Gap`.
    pub fn alive_ns(&self) -> u64 {
        State::ALL.into_iter().filter(|s| s.is_alive()).fold(0, |sum, s| sum.saturating_add(self.get(s)))
    }

    /// Returns the times of the states in which the worker was in a life.
    pub(super) fn of_lives(&self) -> Self {
        let mut times = Self::default();
        State::ALL.into_iter().filter(|s| s.is_alive()).for_each(|s| times.add_ns(s, self.get(s)));
        times
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.ns.iter_mut().zip(&other.ns) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    /// Adds `ns` nanoseconds in `state`.
    pub fn add_ns(&mut self, state: State, ns: u64) {
        let sum = &mut self.ns[state.index()];
        *sum = sum.saturating_add(ns);
    }

    /// Moves `ns` nanoseconds, or as many as there are, from one state to another.
    pub fn move_ns(&mut self, from: State, to: State, ns: u64) {
        let ns = ns.min(self.get(from));
        self.ns[from.index()] -= ns;
        self.add_ns(to, ns);
    }

    /// Returns the part that falls into `cut` if these times are spread evenly over `whole`.
    pub(super) fn part(&self, whole: (Stamp, Stamp), cut: (Stamp, Stamp)) -> Self {
        if cut.0 <= whole.0 && whole.1 <= cut.1 {
            return *self;
        }
        Self { ns: self.ns.map(|ns| if ns == 0 { 0 } else { proportional_part(ns, whole, cut) }) }
    }

    /// Returns the state with the most time; of equal ones the first in the legend; `None` if there is no time.
    pub fn dominant(&self) -> Option<State> {
        let most = State::ALL.into_iter().rev().max_by_key(|s| self.get(*s))?;
        (self.get(most) > 0).then_some(most)
    }
}
