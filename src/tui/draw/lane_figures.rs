//! The figures of a lane: a bar of the shares of its states in the window, and the two that decide. For a worker in a
//! deadlock: what it holds and what it wants.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::run_view::RunView;
use super::super::theme::{Role, Theme};
use super::{RunScene, text};
use crate::model::StateTimes;
use crate::report::text_width::truncate_name;
use crate::trace::format::{compact_duration, compact_percent};
use crate::trace::{ResourceId, State, WorkerId};

/// Columns of one percentage with its gap, and of the letter of its state where colour does not tell it.
const PERCENT_WIDTH: u16 = 6;

/// Gap between the timeline and the figures.
const GAP: u16 = 2;

/// Most and least columns of the bar.
const MAX_BAR: u16 = 12;
const MIN_BAR: u16 = 4;

/// Least columns for what a stuck worker holds and wants, and columns of each part from which its arrow is long.
const MIN_RING_WIDTH: u16 = 16;
const ROOMY_RING_PART: u16 = 11;

/// The places of the figures of a lane.
#[derive(Clone, Copy)]
struct FigureParts {
    bar: Rect,
    percents: [Rect; 2],
}

impl FigureParts {
    fn of(at: Rect) -> Self {
        let inner = Rect { x: at.x + GAP.min(at.width), width: at.width.saturating_sub(GAP), ..at };
        let room = inner.width.saturating_sub(2 * PERCENT_WIDTH);
        let bar = if room < MIN_BAR { 0 } else { room.min(MAX_BAR) };
        let place = |x: u16| Rect {
            x: x.min(inner.right()),
            width: PERCENT_WIDTH.min(inner.right().saturating_sub(x)),
            ..inner
        };
        let x = inner.x + bar;
        Self { bar: Rect { width: bar, ..inner }, percents: [place(x), place(x + PERCENT_WIDTH)] }
    }
}

/// Draws what the figures of the lanes are and of which time.
pub(super) fn draw_heading(scene: RunScene<'_>, at: Rect, buf: &mut Buffer) {
    let faint = scene.theme.faint_style();
    let at = Rect { x: at.x + GAP.min(at.width), width: at.width.saturating_sub(GAP), ..at };
    if all_stuck(scene.view) && at.width + GAP >= MIN_RING_WIDTH {
        let (has, wants) = ring_columns(at);
        text::put_line(buf, has, "has", faint);
        text::put_line(buf, wants, "wants", faint);
        return;
    }
    let has_ready_times = scene.view.shown_model().has_ready_times();
    let what = if has_ready_times { "ran, waited" } else { "ran or ready, waited" };
    let window = if scene.view.shown_range().is_some() {
        "range".to_owned()
    } else {
        format!("last {}", compact_duration(scene.axis.width()))
    };
    let heading = format!("{window}: {what}");
    let heading = if heading.len() <= usize::from(at.width) { heading } else { what.to_owned() };
    text::put_line(buf, at, &heading, faint);
}

/// Whether the shown moment is one of a run in which all workers that are left are stuck.
fn all_stuck(view: &RunView) -> bool {
    let deadlocks = view.shown_deadlocks();
    let is_stuck = |worker| deadlocks.iter().any(|deadlock| deadlock.workers.binary_search(&worker).is_ok());
    let mut left = view.shown_model().lanes().filter(|(_, lane)| lane.activity().state.is_alive());
    !deadlocks.is_empty() && left.all(|(worker, _)| is_stuck(worker))
}

/// Returns the columns of what a stuck worker holds, and of what it wants with the arrow before it.
fn ring_columns(inner: Rect) -> (Rect, Rect) {
    let half = inner.width / 2;
    (Rect { width: half, ..inner }, Rect { x: inner.x + half, width: inner.width - half, ..inner })
}

/// Draws the figures of a lane.
pub(super) fn draw_figures(scene: RunScene<'_>, at: Rect, worker: WorkerId, shares: &StateTimes, buf: &mut Buffer) {
    if at.width >= MIN_RING_WIDTH
        && all_stuck(scene.view)
        && let Some((has, wants)) = stuck_between(scene.view, worker)
    {
        return draw_ring_part(scene, at, (has, wants), buf);
    }
    draw_shares(scene.theme, at, shares, buf);
}

/// Returns the lock that a worker in a deadlock holds and the one that it waits for.
fn stuck_between(view: &RunView, worker: WorkerId) -> Option<(Option<ResourceId>, ResourceId)> {
    let is_stuck = view.shown_deadlocks().iter().any(|deadlock| deadlock.workers.binary_search(&worker).is_ok());
    let wants = view.figures.lane(worker)?.activity?.resource.filter(|_| is_stuck)?;
    Some((view.figures.locks_held_by(worker).next(), wants))
}

/// Draws `fork-1 ──▶ fork-2`, each in the colour of its holder.
fn draw_ring_part(scene: RunScene<'_>, at: Rect, (has, wants): (Option<ResourceId>, ResourceId), buf: &mut Buffer) {
    let (view, theme) = (scene.view, scene.theme);
    let (left, right) = ring_columns(Rect { x: at.x + GAP, width: at.width - GAP, ..at });
    let is_wide = left.width >= ROOMY_RING_PART;
    let arrow = if is_wide { theme.glyph("──▶ ", "--> ") } else { theme.glyph("▶ ", "> ") };
    let registry = view.shown_model().registry();
    let name = |id, width: u16| truncate_name(registry.resource_name(id), usize::from(width), theme.ellipsis());
    let style = |id| {
        let holder = view.figures.lock(id).and_then(|lock| lock.holders.first().map(|(worker, _)| *worker));
        holder.map_or(Style::new(), |worker| theme.identity_style(worker.index()))
    };
    if let Some(has) = has {
        text::put_line(buf, left, &name(has, left.width.saturating_sub(1)), style(has));
    }
    let rest = text::put_line(buf, right, arrow, theme.state_style(State::Lock));
    text::put_line(buf, rest, &name(wants, rest.width), style(wants));
}

/// Draws the shares of a lane: a bar with all states, and two percentages.
pub(super) fn draw_shares(theme: Theme, at: Rect, shares: &StateTimes, buf: &mut Buffer) {
    if shares.alive_ns() == 0 {
        return;
    }
    let parts = FigureParts::of(at);
    draw_bar(theme, parts.bar, shares, buf);
    for (state, place) in decisive_states(shares).into_iter().zip(parts.percents) {
        let Some(state) = state else { continue };
        let figure = compact_percent(shares.share(state));
        let style = match state {
            State::Sleep | State::Empty | State::OffCore => theme.fg(Role::Faint),
            state => theme.state_style(state),
        };
        let figure = if theme.has_colour() { figure } else { format!("{}{figure}", state.letter()) };
        text::put_right(buf, place, &figure, style);
    }
}

/// Returns the state of work, and the one that took the most of the other time; waits come before having nothing to do.
fn decisive_states(shares: &StateTimes) -> [Option<State>; 2] {
    let others = || State::ALL.into_iter().filter(|s| s.is_alive() && *s != State::Running && shares.get(*s) > 0);
    let longest = |idle: bool| {
        let is_idle = |s: &State| matches!(s, State::Sleep | State::Empty | State::OffCore);
        others().filter(|s| is_idle(s) == idle).max_by_key(|s| (shares.get(*s), std::cmp::Reverse(*s)))
    };
    let wait = longest(false).filter(|s| shares.share(*s) >= 0.005);
    [Some(State::Running), wait.or_else(|| longest(true))]
}

/// Draws the shares one after the other, each at least one column if it is worth half of one.
fn draw_bar(theme: Theme, at: Rect, shares: &StateTimes, buf: &mut Buffer) {
    let mut x = at.x;
    for (state, width) in bar_parts(shares, at.width) {
        let style = match state {
            State::Sleep | State::Empty | State::OffCore => theme.fg(Role::Guide),
            state => Style::new().fg(theme.state_colour(state)),
        };
        let letter = state.letter().to_string();
        let glyph = if theme.has_colour() { theme.glyph("━", "=") } else { &letter };
        for _ in 0..width {
            text::put_line(buf, Rect { x, width: 1, ..at }, glyph, style);
            x += 1;
        }
    }
}

/// Divides the columns among the states in the order of the legend: each gets the rounded end of its sum.
fn bar_parts(shares: &StateTimes, columns: u16) -> impl Iterator<Item = (State, u16)> {
    let whole = shares.alive_ns().max(1) as f64;
    let (shares, mut sum, mut drawn) = (*shares, 0, 0);
    State::ALL.into_iter().filter(|state| state.is_alive()).map(move |state| {
        sum += shares.get(state);
        let end = (sum as f64 / whole * f64::from(columns)).round() as u16;
        let width = end.min(columns) - drawn;
        drawn = end.min(columns);
        (state, width)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(spans: &[(State, u64)]) -> StateTimes {
        let mut shares = StateTimes::default();
        for (state, ns) in spans {
            shares.add_ns(*state, *ns);
        }
        shares
    }

    #[test]
    fn bar_is_divided_by_shares_and_filled() {
        let parts: Vec<_> = bar_parts(&times(&[(State::Running, 25), (State::Lock, 70), (State::Sleep, 5)]), 12)
            .filter(|(_, width)| *width > 0)
            .collect();
        assert_eq!(parts, [(State::Running, 3), (State::Lock, 8), (State::Sleep, 1)]);
    }

    #[test]
    fn decisive_states_are_work_and_the_longest_wait() {
        let second = |spans: &[(State, u64)]| decisive_states(&times(spans))[1];
        assert_eq!(second(&[(State::Running, 10), (State::Lock, 30), (State::Sleep, 60)]), Some(State::Lock));
        assert_eq!(second(&[(State::Running, 10), (State::Sleep, 60), (State::Empty, 30)]), Some(State::Sleep));
        assert_eq!(second(&[(State::Running, 10)]), None);
    }

    #[test]
    fn narrow_figures_have_no_bar_and_no_overflow() {
        for width in 0..40 {
            let at = Rect::new(0, 0, width, 1);
            let mut buf = Buffer::empty(at);
            draw_shares(Theme::dark(), at, &times(&[(State::Running, 1), (State::Lock, 1)]), &mut buf);
            let parts = FigureParts::of(at);
            assert!(parts.percents[1].right() <= width.max(GAP) && parts.bar.right() <= width.max(GAP));
        }
    }
}
