//! One cell of a lane: a worker's states in a short time, as one glyph.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::super::theme::Theme;
use crate::model::StateTimes;
use crate::trace::State;

/// Smallest share of a cell for which a second state is shown.
const MIN_VISIBLE_SHARE: f64 = 1.0 / 16.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LaneCell {
    Blank,
    /// One state, whether or not others have too small a share to be shown.
    Pure(State),
    /// Contention and a calmer state.
    Mixed {
        front: State,
        back: State,
        /// The calmer state's share of the two, in eighths of a line: at least one, never all.
        eighths: u16,
    },
}

impl LaneCell {
    /// Chooses what a cell shows. A crash or a gap always wins, contention wins over calmer states, and a live worker
    /// wins over one that is not there, so that no state vanishes.
    pub(super) fn from_shares(shares: &StateTimes, lines: u16) -> Self {
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
        let seen = |state: &State| shares.get(*state) as f64 >= MIN_VISIBLE_SHARE * shares.alive_ns() as f64;
        let price = longest(&mut alive().filter(|s| s.is_contention()).filter(seen));
        // Work is shown before other calm states, because contention costs work.
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

    /// Returns the part of the cell in one of its lines, counted from the top. The calmer state fills the lines from
    /// the bottom.
    fn for_line(self, line: u16, of: u16) -> Self {
        let Self::Mixed { front, back, eighths } = self else { return self };
        match eighths.saturating_sub(8 * (of - 1 - line)) {
            0 => Self::Pure(front),
            eighths => Self::Mixed { front, back, eighths: eighths.min(8) },
        }
    }

    fn appearance(self, theme: Theme) -> (&'static str, Style) {
        match self {
            Self::Blank => (" ", Style::new()),
            Self::Pure(state) => (theme.cell_glyph(state), theme.cell_style(state)),
            Self::Mixed { front, back, eighths } => theme.mixed_cell(front, back, eighths),
        }
    }
}

/// Draws one line of a cell that is `of` lines high.
pub(super) fn draw_cell(buf: &mut Buffer, at: (u16, u16), shares: &StateTimes, (line, of): (u16, u16), theme: Theme) {
    let (glyph, style) = LaneCell::from_shares(shares, of).for_line(line, of).appearance(theme);
    if let Some(cell) = buf.cell_mut(at) {
        cell.set_symbol(glyph).set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(spans: &[(State, u64)]) -> LaneCell {
        let mut shares = StateTimes::default();
        for (state, ns) in spans {
            shares.add_ns(*state, *ns);
        }
        LaneCell::from_shares(&shares, 1)
    }

    #[test]
    fn contention_is_shown_from_a_sixteenth_of_a_cell() {
        assert_eq!(cell(&[(State::Running, 100)]), LaneCell::Pure(State::Running));
        assert_eq!(cell(&[(State::Running, 95), (State::Lock, 5)]), LaneCell::Pure(State::Running));
        let mixed = |eighths| LaneCell::Mixed { front: State::Lock, back: State::Running, eighths };
        assert_eq!(cell(&[(State::Running, 80), (State::Lock, 20)]), mixed(6));
        assert_eq!(cell(&[(State::Running, 40), (State::Lock, 60)]), mixed(3));
        assert_eq!(cell(&[(State::Running, 5), (State::Lock, 95)]), LaneCell::Pure(State::Lock));
        assert_eq!(
            cell(&[(State::Sleep, 60), (State::Ready, 15), (State::Full, 25)]),
            LaneCell::Mixed { front: State::Full, back: State::Sleep, eighths: 5 }
        );
        assert_eq!(
            cell(&[(State::Sleep, 30), (State::Running, 15), (State::Lock, 55)]),
            mixed(1),
            "work is shown before sleep"
        );
    }

    #[test]
    fn cell_of_several_lines_is_filled_from_the_bottom() {
        let mut shares = StateTimes::default();
        shares.add_ns(State::Running, 50);
        shares.add_ns(State::Lock, 50);
        let lines = [0, 1, 2].map(|line| LaneCell::from_shares(&shares, 3).for_line(line, 3));
        let filled = |eighths| LaneCell::Mixed { front: State::Lock, back: State::Running, eighths };
        assert_eq!(lines, [LaneCell::Pure(State::Lock), filled(4), filled(8)]);
        shares.add_ns(State::Lock, 500);
        let lines = [0, 1].map(|line| LaneCell::from_shares(&shares, 2).for_line(line, 2));
        assert_eq!(lines, [LaneCell::Pure(State::Lock), filled(1)], "a small share keeps a part of the cell");
    }

    #[test]
    fn crash_and_gap_are_always_shown() {
        assert_eq!(cell(&[(State::Running, 1_000_000), (State::Crashed, 1)]), LaneCell::Pure(State::Crashed));
        assert_eq!(cell(&[(State::Lock, 1_000_000), (State::Gap, 1)]), LaneCell::Pure(State::Gap));
    }

    #[test]
    fn short_life_is_always_shown() {
        assert_eq!(cell(&[(State::Done, 1_000_000), (State::Running, 1)]), LaneCell::Pure(State::Running));
        assert_eq!(cell(&[(State::Done, 5)]), LaneCell::Blank);
        assert_eq!(cell(&[]), LaneCell::Blank);
    }
}
