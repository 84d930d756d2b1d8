//! A worker's row: its name, what it does now and for how long, its timeline, its shares of the window.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;

use super::super::format::{age, percent};
use super::super::watch::{Chosen, Watch};
use super::{Scene, cell, text};
use crate::model::{Doing, Shares};
use crate::trace::{State, WorkerId};

/// A share of the window, under a head of its own.
#[derive(Clone, Copy)]
pub(super) struct Figure {
    pub(super) head: &'static str,
    states: &'static [State],
    /// Drawn strongly from this share on: it is a price.
    price: bool,
}

/// In the order of their importance.
const FIGURES: [Figure; 7] = [
    Figure { head: "run", states: &[State::Running], price: false },
    Figure { head: "lock", states: &[State::Lock], price: true },
    Figure { head: "hand", states: &[State::Handover], price: true },
    Figure { head: "io", states: &[State::Io], price: false },
    Figure { head: "idle", states: &[State::Empty], price: false },
    Figure { head: "rdy", states: &[State::Ready], price: true },
    Figure { head: "full", states: &[State::Full], price: true },
];

/// The figures a scenario's lanes have, as many as there is room for.
pub(super) fn figures_of(scene: Scene<'_>) -> Vec<Figure> {
    let room = usize::from(scene.columns.now / super::super::plan::FIGURE);
    let states = scene.watch.states;
    let mut figures: Vec<Figure> = FIGURES.into_iter().filter(|f| f.states.iter().any(|s| states.has(*s))).collect();
    if states.on_loop() {
        figures.sort_by_key(|figure| (figure.head != "run", figure.head != "rdy"));
    }
    figures.truncate(room);
    figures
}

/// One line of a lane; `part` counts lines from its top.
pub(super) struct LaneRow<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) worker: WorkerId,
    pub(super) part: u16,
    pub(super) of: u16,
}

/// Lanes there is no room for, drawn as if they were one.
pub(super) struct FoldRow<'a> {
    pub(super) scene: Scene<'a>,
    pub(super) members: &'a [WorkerId],
}

impl Widget for LaneRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, worker, part, of } = self;
        let watch = scene.watch;
        let parts = scene.parts(line);
        watch.with_cells(worker, &scene.axis.window(), |cells| timeline(scene, parts.time, cells, (part, of), buf));
        if part > 0 {
            scene.figures(parts.now, &[], buf);
            return;
        }
        let name = watch.shown().cast().worker_name(worker);
        let beside = scene.who(parts.who, name, scene.is_chosen(Chosen::Lane(worker)), buf);
        let figures = watch.figures.lane(worker);
        if let Some((doing, exact)) = figures.and_then(|f| Some((f.doing?, f.exact))) {
            doing_now(scene, beside, doing, exact, buf);
        }
        let shares = figures.map(|f| f.shares).unwrap_or_default();
        shares_now(scene, parts.now, &shares, buf);
    }
}

impl Widget for FoldRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, members } = self;
        let watch = scene.watch;
        let parts = scene.parts(line);
        let window = scene.axis.window();
        let mut cells = vec![Shares::default(); window.cells];
        let mut shares = Shares::default();
        for worker in members {
            watch.with_rough_cells(*worker, &window, |one| {
                cells.iter_mut().zip(one).for_each(|(sum, cell)| sum.add(cell));
            });
            if let Some(figures) = watch.figures.lane(*worker) {
                shares.add(&figures.shares);
            }
        }
        let count = format!(" {} more", members.len());
        let label = format!("{count}, {} running", percent(running(&shares)).trim_start());
        let label = if label.len() < usize::from(parts.who.width) { label } else { count };
        text::put(buf, parts.who, &label, scene.theme.faint());
        timeline(scene, parts.time, &cells, (0, 1), buf);
        shares_now(scene, parts.now, &shares, buf);
    }
}

/// The state's letter in the state's colour, and how long it has lasted, if that is known. Its age goes on in a deadlock.
fn doing_now(scene: Scene<'_>, at: Rect, doing: Doing, exact: bool, buf: &mut Buffer) {
    let letter = doing.state.letter().to_string();
    let rest = text::put(buf, at, &letter, scene.theme.state(doing.state));
    if doing.state != State::Done && exact {
        let since = scene.watch.figures.at.since(doing.since);
        text::right(buf, rest, &age(since), Style::new());
    }
}

/// One cell for each column, the last at the right end; of a lane that is several lines high, one of its lines.
fn timeline(scene: Scene<'_>, at: Rect, cells: &[Shares], line: (u16, u16), buf: &mut Buffer) {
    for (shares, column) in cells.iter().zip(scene.axis.blank()..) {
        if column < at.width {
            cell::paint(buf, (at.x + column, at.y), shares, line, scene.theme);
        }
    }
}

fn shares_now(scene: Scene<'_>, at: Rect, shares: &Shares, buf: &mut Buffer) {
    let figures: Vec<_> = figures_of(scene)
        .into_iter()
        .map(|figure| {
            let share = share(shares, figure.states);
            let loud = figure.price && share >= 0.5;
            let style = if loud { scene.theme.state(figure.states[0]) } else { Style::new() };
            let is_known = share > 0.0 || figure.states != [State::Ready] || scene.watch.shown().sees_ready();
            let figure = if is_known { percent(share) } else { "- ".to_owned() };
            (if shares.alive() == 0 { String::new() } else { figure }, style)
        })
        .collect();
    scene.figures(at, &figures, buf);
}

/// The share of the time a worker was there.
fn share(shares: &Shares, states: &[State]) -> f64 {
    let ns: u64 = states.iter().map(|s| shares.get(*s)).sum();
    crate::trace::Span(ns).share_of(crate::trace::Span(shares.alive()))
}

fn running(shares: &Shares) -> f64 {
    share(shares, &[State::Running])
}

/// States seen in the window beyond those the scenario speaks of: a crash, a gap.
pub(super) fn seen(watch: &Watch) -> impl Iterator<Item = State> + '_ {
    State::ALL.into_iter().filter(|state| {
        watch
            .figures
            .lanes
            .iter()
            .flatten()
            .any(|lane| lane.shares.get(*state) > 0 || lane.doing.is_some_and(|doing| doing.state == *state))
    })
}
