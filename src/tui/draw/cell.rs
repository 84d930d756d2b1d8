//! One cell of a lane: what a worker did in a short time, as one glyph.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::super::theme::Theme;
use crate::model::Shares;
use crate::trace::State;

/// A second state is worth seeing from this share of a cell on.
const WORTH_SEEING: f64 = 1.0 / 16.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    Blank,
    /// One state, or one state that leaves nothing worth seeing of the others.
    Pure(State),
    /// Contention and a calmer state share the cell.
    Mixed {
        front: State,
        back: State,
        /// How much the calmer state has of the two, in eighths of a line: never nothing, never all.
        eighths: u16,
    },
}

impl Cell {
    /// Nothing vanishes: a crash or a gap always wins, contention wins over calmer states, and a worker that was there
    /// at all wins over one that was not.
    pub(super) fn of(shares: &Shares, lines: u16) -> Self {
        for always in [State::Crashed, State::Gap] {
            if shares.get(always) > 0 {
                return Self::Pure(always);
            }
        }
        let alive = || State::ALL.into_iter().filter(|s| s.is_alive());
        let longest = |states: &mut dyn Iterator<Item = State>| {
            states
                .map(|s| (shares.get(s), s))
                .filter(|(ns, _)| *ns > 0)
                .max_by_key(|(ns, s)| (*ns, std::cmp::Reverse(*s)))
        };
        let Some((_, most)) = longest(&mut alive()) else { return Self::Blank };
        let seen = |state: &State| shares.get(*state) as f64 >= WORTH_SEEING * shares.alive() as f64;
        let price = longest(&mut alive().filter(|s| s.is_contention()).filter(seen));
        // Work is what the price is paid for: it is told before other calm states.
        let work = Some(State::Running).filter(seen);
        let calm = work.or_else(|| Some(longest(&mut alive().filter(|s| !s.is_contention()).filter(seen))?.1));
        match (price, calm) {
            (Some((ns, front)), Some(back)) => {
                let back_ns = shares.get(back);
                let whole = lines.max(1) * 8;
                let share = back_ns as f64 / (back_ns + ns) as f64;
                Self::Mixed { front, back, eighths: ((f64::from(whole) * share) as u16).clamp(1, whole - 1) }
            }
            _ => Self::Pure(most),
        }
    }

    /// What of it stands in one of its lines, counted from the top: the calmer state fills them from the bottom.
    fn in_line(self, line: u16, of: u16) -> Self {
        let Self::Mixed { front, back, eighths } = self else { return self };
        match eighths.saturating_sub(8 * (of - 1 - line)) {
            0 => Self::Pure(front),
            eighths => Self::Mixed { front, back, eighths: eighths.min(8) },
        }
    }

    fn look(self, theme: Theme) -> (&'static str, Style) {
        match self {
            Self::Blank => (" ", Style::new()),
            Self::Pure(state) => (theme.glyph(state), theme.cell(state)),
            Self::Mixed { front, back, eighths } => theme.mixed(front, back, eighths),
        }
    }
}

/// Paints one line of a cell that is `of` lines high.
pub(super) fn paint(buf: &mut Buffer, at: (u16, u16), shares: &Shares, (line, of): (u16, u16), theme: Theme) {
    let (glyph, style) = Cell::of(shares, of).in_line(line, of).look(theme);
    if let Some(cell) = buf.cell_mut(at) {
        cell.set_symbol(glyph).set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(spans: &[(State, u64)]) -> Cell {
        let mut shares = Shares::default();
        for (state, ns) in spans {
            shares.put(*state, *ns);
        }
        Cell::of(&shares, 1)
    }

    #[test]
    fn contention_wins_when_it_is_worth_seeing() {
        assert_eq!(cell(&[(State::Running, 100)]), Cell::Pure(State::Running));
        assert_eq!(cell(&[(State::Running, 95), (State::Lock, 5)]), Cell::Pure(State::Running));
        let mixed = |eighths| Cell::Mixed { front: State::Lock, back: State::Running, eighths };
        assert_eq!(cell(&[(State::Running, 80), (State::Lock, 20)]), mixed(6));
        assert_eq!(cell(&[(State::Running, 40), (State::Lock, 60)]), mixed(3));
        assert_eq!(cell(&[(State::Running, 5), (State::Lock, 95)]), Cell::Pure(State::Lock));
        assert_eq!(
            cell(&[(State::Sleep, 60), (State::Ready, 15), (State::Full, 25)]),
            Cell::Mixed { front: State::Full, back: State::Sleep, eighths: 5 }
        );
        assert_eq!(
            cell(&[(State::Sleep, 30), (State::Running, 15), (State::Lock, 55)]),
            mixed(1),
            "work is told before sleep"
        );
    }

    #[test]
    fn a_cell_of_several_lines_is_filled_from_the_bottom() {
        let mut shares = Shares::default();
        shares.put(State::Running, 50);
        shares.put(State::Lock, 50);
        let lines = [0, 1, 2].map(|line| Cell::of(&shares, 3).in_line(line, 3));
        let filled = |eighths| Cell::Mixed { front: State::Lock, back: State::Running, eighths };
        assert_eq!(lines, [Cell::Pure(State::Lock), filled(4), filled(8)]);
        shares.put(State::Lock, 500);
        let lines = [0, 1].map(|line| Cell::of(&shares, 2).in_line(line, 2));
        assert_eq!(lines, [Cell::Pure(State::Lock), filled(1)], "what is there shows");
    }

    #[test]
    fn a_crash_and_a_gap_always_show() {
        assert_eq!(cell(&[(State::Running, 1_000_000), (State::Crashed, 1)]), Cell::Pure(State::Crashed));
        assert_eq!(cell(&[(State::Lock, 1_000_000), (State::Gap, 1)]), Cell::Pure(State::Gap));
    }

    #[test]
    fn a_short_life_shows_between_nothing_and_nothing() {
        assert_eq!(cell(&[(State::Done, 1_000_000), (State::Running, 1)]), Cell::Pure(State::Running));
        assert_eq!(cell(&[(State::Done, 5)]), Cell::Blank);
        assert_eq!(cell(&[]), Cell::Blank);
    }
}
