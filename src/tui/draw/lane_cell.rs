//! One cell of a lane: a worker's states in a short time, as one glyph.

use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::super::theme::Theme;
use crate::model::StateTimes;
use crate::trace::State;

/// Smallest share of a cell for which a second state is shown.
const MIN_VISIBLE_SHARE: f64 = 1.0 / 16.0;

/// Smallest share for which work is shown in a cell without contention.
const MIN_CALM_WORK: f64 = 1.0 / 32.0;

/// Share of a lane from which on its longest wait is drawn calmer, and how much of its colour is left at all of it.
const CALM_FROM: f64 = 0.5;
const CALMEST: f64 = 0.5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LaneCell {
    Blank,
    /// One state, whether or not others have too small a share to be shown.
    Pure(State),
    /// Two states that fill the cell, the second from the bottom: a wait and work.
    Mixed {
        front: State,
        back: State,
        /// The second state's share of the two, in eighths of a line: at least one, never all.
        eighths: u16,
    },
    /// A state that fills a part of the cell from the bottom, because the worker slept or had no work in the rest.
    Level {
        state: State,
        rest: State,
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
                .map(|(_, s)| s)
        };
        let Some(most) = longest(&mut alive()) else { return Self::Blank };
        let seen = |state: &State| shares.get(*state) as f64 >= MIN_VISIBLE_SHARE * shares.alive_ns() as f64;
        let price = longest(&mut alive().filter(|s| s.is_contention()).filter(seen));
        // Work is shown before other calm states, because contention costs work.
        let is_worked = |least: f64| shares.get(State::Running) as f64 >= least * shares.alive_ns() as f64;
        let least_work = if price.is_some() { MIN_VISIBLE_SHARE } else { MIN_CALM_WORK };
        let work = Some(State::Running).filter(|_| is_worked(least_work));
        let wait = longest(&mut alive().filter(|s| is_calm_wait(*s)).filter(seen));
        let idle = longest(&mut alive().filter(|s| is_idle(*s)).filter(seen));
        let eighths = |part: State, other: State| {
            let (part, other) = (shares.get(part), shares.get(other));
            let whole = lines.max(1) * 8;
            let share = part as f64 / (part + other) as f64;
            ((f64::from(whole) * share) as u16).clamp(1, whole - 1)
        };
        match (price.or(wait), work.or(wait), idle) {
            (Some(front), Some(back), _) if front != back => Self::Mixed { front, back, eighths: eighths(back, front) },
            (Some(state), _, Some(rest)) | (_, Some(state), Some(rest)) => {
                Self::Level { state, rest, eighths: eighths(state, rest) }
            }
            _ => Self::Pure(most),
        }
    }

    /// Returns the part of the cell in one of its lines, counted from the top. What fills a part of the cell fills the
    /// lines from the bottom; a thin line is in the last one.
    fn for_line(self, line: u16, of: u16) -> Self {
        let above = 8 * (of - 1 - line);
        match self {
            Self::Mixed { front, back, eighths } => match eighths.saturating_sub(above) {
                0 => Self::Pure(front),
                eighths => Self::Mixed { front, back, eighths: eighths.min(8) },
            },
            Self::Level { state, rest, eighths } => match eighths.saturating_sub(above) {
                0 => Self::Blank,
                eighths => Self::Level { state, rest, eighths: eighths.min(8) },
            },
            Self::Pure(state) if is_idle(state) && above > 0 => Self::Blank,
            other => other,
        }
    }

    /// Returns the glyph and the style of a cell; `is_top` if another lane may follow directly above it.
    fn appearance(self, theme: Theme, calm: Calm, is_top: bool) -> (&'static str, Style) {
        let is_area = theme.has_colour() && theme.has_unicode;
        match self {
            Self::Blank => (" ", Style::new()),
            Self::Pure(state) if is_area && calm.is_hatched(theme, state) => hatched(theme, state),
            Self::Pure(state) if is_area && is_top && theme.cell_glyph(state) == "█" => {
                let style = Style::new().fg(theme.state_colour(state));
                (LOW_CELL, calm.apply(theme, state, style))
            }
            Self::Pure(state) => (theme.cell_glyph(state), calm.apply(theme, state, theme.cell_style(state))),
            Self::Mixed { front, eighths: 1, .. } if is_area && calm.is_hatched(theme, front) => hatched(theme, front),
            Self::Level { state, eighths: 4.., .. } if is_area && calm.is_hatched(theme, state) => {
                hatched(theme, state)
            }
            Self::Mixed { front, back, eighths } if is_area && calm.is_hatched(theme, front) => {
                (theme.level_glyph(f64::from(eighths) / 8.0), Style::new().fg(theme.state_colour(back)))
            }
            Self::Mixed { front, back, eighths } => {
                let (glyph, style) = theme.mixed_cell(front, back, eighths);
                let style = if is_area { calm.apply_to_both(theme, (front, back), style) } else { style };
                (glyph, if is_area && is_top { below_lane(theme, style) } else { style })
            }
            Self::Level { state, eighths, .. } if is_area => {
                let style = Style::new().fg(theme.state_colour(state));
                (theme.level_glyph(f64::from(eighths) / 8.0), calm.apply(theme, state, style))
            }
            Self::Level { state, rest, eighths } if state.is_contention() => theme.mixed_cell(state, rest, 8 - eighths),
            Self::Level { state, rest, eighths } => {
                let more = if eighths >= 4 { state } else { rest };
                (theme.cell_glyph(more), theme.cell_style(more))
            }
        }
    }
}

/// The cell of a state that leaves a gap to the lane above.
const LOW_CELL: &str = "▇";

/// How much of its colour is left of the upper state of a full cell below another lane.
const BELOW_LANE_SHADE: f64 = 0.75;

/// Darkens the upper part of a cell of two states: it has no room for a gap to the lane above it.
fn below_lane(theme: Theme, style: Style) -> Style {
    Style { bg: style.bg.map(|colour| theme.shaded_colour(colour, BELOW_LANE_SHADE)), ..style }
}

/// Returns the look of a wait that has most of a lane where colours cannot be made darker.
fn hatched(theme: Theme, state: State) -> (&'static str, Style) {
    ("░", Style::new().fg(theme.state_colour(state)))
}

/// Whether a worker in this state waits for something that is not contended.
const fn is_calm_wait(state: State) -> bool {
    matches!(state, State::Signal | State::Io | State::Handover)
}

/// Whether a worker in this state has nothing to do: a thin line instead of an area.
const fn is_idle(state: State) -> bool {
    matches!(state, State::Sleep | State::Empty | State::OffCore)
}

/// How much calmer a lane draws the state that it is in nearly always, so that what breaks the monotony stands out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Calm {
    state: State,
    factor: f64,
}

impl Calm {
    /// Every state as it is.
    pub(super) const NONE: Self = Self { state: State::Lock, factor: 1.0 };

    /// Returns the calm of a lane with these shares of the time: the more of it is one wait, the calmer that is drawn.
    /// It changes evenly, so that no lane flickers.
    pub(super) fn of_lane(shares: &StateTimes) -> Self {
        let waits = State::ALL.into_iter().filter(|s| s.is_contention() || is_calm_wait(*s));
        let state = waits.max_by_key(|s| shares.get(*s)).unwrap_or(State::Lock);
        let above = ((shares.share(state) - CALM_FROM) / (1.0 - CALM_FROM)).clamp(0.0, 1.0);
        Self { state, factor: 1.0 - (1.0 - CALMEST) * above }
    }

    /// Whether the lane's longest wait is hatched, because the terminal's own colours cannot be made darker.
    fn is_hatched(self, theme: Theme, state: State) -> bool {
        state == self.state && self.factor < 1.0 && !theme.can_shade(theme.state_colour(state))
    }

    fn apply(self, theme: Theme, state: State, style: Style) -> Style {
        if state == self.state && self.factor < 1.0 { theme.shaded(style, self.factor) } else { style }
    }

    /// Changes the colour of the state of the background, and of the one in front of it.
    fn apply_to_both(self, theme: Theme, (behind, before): (State, State), style: Style) -> Style {
        Style { fg: self.apply(theme, before, style).fg, bg: self.apply(theme, behind, style).bg, ..style }
    }
}

/// Finds the cells of a lane in which workers died.
#[derive(Debug, Default)]
pub(super) struct Deaths {
    /// The time after crashes in the cell before, and whether that cell has a mark.
    before: Option<(u64, bool)>,
}

impl Deaths {
    /// Whether a worker died in the next cell: the time after crashes begins in it, or grows. A cell in which it begins
    /// late leads to growth in the cell after it, which is no further death.
    pub(super) fn begins_in(&mut self, cell: &StateTimes) -> bool {
        let dead = cell.get(State::Crashed);
        let begins = match self.before {
            None => dead > 0 && cell.alive_ns() > 0,
            Some((before, was_marked)) => !was_marked && dead > before.saturating_add(cell.total_ns() / 64),
        };
        self.before = Some((dead, begins));
        begins
    }
}

/// Returns what a cell shows of those who live; `None` if all in it are dead.
pub(super) fn living_part(cell: &StateTimes) -> Option<StateTimes> {
    let mut living = StateTimes::default();
    let others = State::ALL.into_iter().filter(|state| *state != State::Crashed);
    others.for_each(|state| living.add_ns(state, cell.get(state)));
    (cell.get(State::Crashed) == 0 || living.alive_ns() > 0 || living.get(State::Gap) > 0).then_some(living)
}

/// Draws one line of a cell after a crash: a faint dashed line at the bottom of the lane.
pub(super) fn draw_dead_rest(buf: &mut Buffer, at: (u16, u16), (line, of): (u16, u16), theme: Theme) {
    if line + 1 != of {
        return;
    }
    let colour = theme.state_colour(State::Crashed);
    let style = if theme.has_colour() && theme.can_shade(colour) {
        Style::new().fg(theme.shaded_colour(colour, DEAD_SHADE))
    } else {
        theme.faint_style()
    };
    if let Some(cell) = buf.cell_mut(at) {
        cell.set_symbol(theme.dead_rest()).set_style(style);
    }
}

/// How much of its colour a crash has after its first cell.
const DEAD_SHADE: f64 = 0.6;

/// Draws one line of a cell that is `of` lines high.
pub(super) fn draw_cell(
    buf: &mut Buffer,
    at: (u16, u16),
    shares: &StateTimes,
    (line, of): (u16, u16),
    (theme, calm): (Theme, Calm),
) {
    let (glyph, style) = LaneCell::from_shares(shares, of).for_line(line, of).appearance(theme, calm, of == 1);
    if let Some(cell) = buf.cell_mut(at) {
        cell.set_symbol(glyph).set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Depth, Ground, ThemeName};

    fn times(spans: &[(State, u64)]) -> StateTimes {
        let mut shares = StateTimes::default();
        for (state, ns) in spans {
            shares.add_ns(*state, *ns);
        }
        shares
    }

    fn cell(spans: &[(State, u64)]) -> LaneCell {
        LaneCell::from_shares(&times(spans), 1)
    }

    #[test]
    fn crash_is_marked_where_it_happened_and_not_after_it() {
        let marks = |cells: &[&[(State, u64)]]| {
            let mut deaths = Deaths::default();
            cells.iter().map(|cell| deaths.begins_in(&times(cell))).collect::<Vec<_>>()
        };
        let (alive, dead) = ([(State::Running, 100)], [(State::Crashed, 100)]);
        let dying = [(State::Running, 70), (State::Crashed, 30)];
        assert_eq!(marks(&[&alive, &dying, &dead, &dead]), [false, true, false, false]);
        assert_eq!(marks(&[&alive, &dead, &dead]), [false, true, false], "exactly between two cells");
        assert_eq!(marks(&[&dead, &dead]), [false, false], "before the window");
        assert_eq!(marks(&[&dying, &dead, &alive, &dying]), [true, false, false, true], "started again");
        let two_dead = [(State::Running, 100), (State::Crashed, 200)];
        let one_dead = [(State::Running, 200), (State::Crashed, 100)];
        assert_eq!(marks(&[&one_dead, &one_dead, &two_dead]), [true, false, true], "lanes in one row");
        assert_eq!(living_part(&times(&dead)), None);
        assert_eq!(living_part(&times(&dying)), Some(times(&[(State::Running, 70)])));
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
            LaneCell::Level { state: State::Full, rest: State::Sleep, eighths: 2 }
        );
        assert_eq!(
            cell(&[(State::Sleep, 30), (State::Running, 15), (State::Lock, 55)]),
            mixed(1),
            "work is shown before sleep"
        );
    }

    #[test]
    fn work_beside_a_device_fills_the_cell_from_the_bottom_and_beside_sleep_a_part_of_it() {
        assert_eq!(
            cell(&[(State::Io, 75), (State::Running, 25)]),
            LaneCell::Mixed { front: State::Io, back: State::Running, eighths: 2 }
        );
        assert_eq!(
            cell(&[(State::Sleep, 50), (State::Running, 50)]),
            LaneCell::Level { state: State::Running, rest: State::Sleep, eighths: 4 }
        );
        assert_eq!(
            cell(&[(State::Empty, 75), (State::Io, 25)]),
            LaneCell::Level { state: State::Io, rest: State::Empty, eighths: 2 }
        );
        assert_eq!(cell(&[(State::Empty, 75)]), LaneCell::Pure(State::Empty));
    }

    #[test]
    fn cell_of_several_lines_is_filled_from_the_bottom() {
        let shares = times(&[(State::Running, 50), (State::Lock, 50)]);
        let lines = [0, 1, 2].map(|line| LaneCell::from_shares(&shares, 3).for_line(line, 3));
        let filled = |eighths| LaneCell::Mixed { front: State::Lock, back: State::Running, eighths };
        assert_eq!(lines, [LaneCell::Pure(State::Lock), filled(4), filled(8)]);
        let shares = times(&[(State::Running, 50), (State::Lock, 550)]);
        let lines = [0, 1].map(|line| LaneCell::from_shares(&shares, 2).for_line(line, 2));
        assert_eq!(lines, [LaneCell::Pure(State::Lock), filled(1)], "a small share keeps a part of the cell");
        let lines = [0, 1].map(|line| LaneCell::Pure(State::Sleep).for_line(line, 2));
        assert_eq!(lines, [LaneCell::Blank, LaneCell::Pure(State::Sleep)], "one thin line");
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

    #[test]
    fn wall_of_one_wait_is_darker_than_the_work_that_breaks_it() {
        let theme = Theme::dark();
        let calm = Calm::of_lane(&times(&[(State::Lock, 97), (State::Running, 3)]));
        let wall = LaneCell::Pure(State::Lock).appearance(theme, calm, false).1;
        assert_ne!(wall.bg, Some(theme.state_colour(State::Lock)));
        let work = LaneCell::Mixed { front: State::Lock, back: State::Running, eighths: 4 };
        let work = work.appearance(theme, calm, false).1;
        assert_eq!((work.fg, work.bg), (Some(theme.state_colour(State::Running)), wall.bg));
        let lively = Calm::of_lane(&times(&[(State::Lock, 40), (State::Running, 60)]));
        let wait = LaneCell::Pure(State::Lock).appearance(theme, lively, false).1;
        assert_eq!(wait.bg, Some(theme.state_colour(State::Lock)));
    }

    #[test]
    fn lanes_of_one_line_leave_a_gap_between_them() {
        let theme = Theme::dark();
        for state in [State::Running, State::Lock, State::Io, State::Ready] {
            let (glyph, style) = LaneCell::Pure(state).appearance(theme, Calm::NONE, true);
            assert_eq!((glyph, style.fg, style.bg), (LOW_CELL, Some(theme.state_colour(state)), None));
        }
    }

    #[test]
    fn wall_of_one_wait_is_hatched_where_colours_cannot_be_darker() {
        let theme = Theme::new(ThemeName::Ansi, Ground::Dark, Depth::Ansi16, true);
        let calm = Calm::of_lane(&times(&[(State::Lock, 97), (State::Running, 3)]));
        let (glyph, style) = LaneCell::Pure(State::Lock).appearance(theme, calm, true);
        assert_eq!((glyph, style.bg), ("░", None));
        let work = LaneCell::Mixed { front: State::Lock, back: State::Running, eighths: 4 };
        let (glyph, style) = work.appearance(theme, calm, true);
        assert_eq!((glyph, style.fg, style.bg), ("▄", Some(theme.state_colour(State::Running)), None));
        let lively = Calm::of_lane(&times(&[(State::Lock, 40), (State::Running, 60)]));
        assert_eq!(LaneCell::Pure(State::Lock).appearance(theme, lively, true).0, LOW_CELL);
    }
}
