//! The row of a worker: its name, its current state and for how long, its timeline, its shares of the window.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;

use super::super::figures::ShownState;
use super::super::run_view::{RunView, Selection};
use super::super::theme::Theme;
use super::lane_cell::{self, Calm, Deaths};
use super::{RunScene, lane_content, lane_figures, text};
use crate::model::StateTimes;
use crate::trace::format::{compact_count, compact_duration, compact_percent};
use crate::trace::{State, WorkerId};

/// One line of a lane; `line_index` counts from its top.
pub(super) struct LaneRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) worker: WorkerId,
    pub(super) line_index: u16,
    pub(super) line_count: u16,
}

/// The lanes without a row of their own and those of workers that are gone, drawn as one.
pub(super) struct FoldedLanesRow<'a> {
    pub(super) scene: RunScene<'a>,
    pub(super) members: &'a [WorkerId],
    /// The group, if the user folded it.
    pub(super) group: Option<&'a str>,
}

impl Widget for LaneRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, worker, line_index: part, line_count: of } = self;
        let view = scene.view;
        let parts = scene.split_row(line);
        let figures = view.figures.lane(worker);
        let shares = figures.map(|f| f.shares).unwrap_or_default();
        view.with_cells((worker, part), &scene.axis.window(), |cells| {
            draw_timeline(scene, parts.timeline, cells, (part, of), &shares, buf);
        });
        lane_content::draw_task_gaps(scene, worker, parts.timeline, buf);
        if part == of / 2 {
            lane_content::draw_contents(scene, worker, parts.timeline, buf);
        }
        draw_identity(scene, parts.label, worker, buf);
        if part > 0 {
            return;
        }
        let name = name_with_tasks(view, worker, scene.theme.has_unicode);
        let beside = scene.draw_name(parts.label, &name, scene.is_chosen(Selection::Lane(worker)), buf);
        if let Some((shown, exact)) = figures.and_then(|f| Some((f.shown_state?, f.is_exact))) {
            draw_state(scene, beside, shown, exact, buf);
        }
        lane_figures::draw_figures(scene, parts.figures, worker, &shares, buf);
    }
}

impl Widget for FoldedLanesRow<'_> {
    fn render(self, line: Rect, buf: &mut Buffer) {
        let Self { scene, members, group } = self;
        let view = scene.view;
        let parts = scene.split_row(line);
        let window = scene.axis.window();
        let mut cells = view.folded_cells((group, members), &window);
        let mut shares = StateTimes::default();
        members.iter().filter_map(|worker| view.figures.lane(*worker)).for_each(|lane| shares.add(&lane.shares));
        let folded = view.folded_groups();
        let is_here = |name: &str| match group {
            Some(group) => group == name,
            None => !folded.iter().any(|(other, _)| other == name),
        };
        let mut gone = 0;
        for (_, sums) in view.shown_model().gone_workers().filter(|(name, _)| is_here(name)) {
            gone += sums.workers;
            cells.iter_mut().zip(sums.cells(&window)).for_each(|(sum, cell)| {
                sum.add(&cell);
                shares.add(&cell);
            });
        }
        let count = match (group, members.len(), gone) {
            (Some(group), more, 0) => format!(" {more} {group}"),
            (Some(group), more, gone) => format!(" {more} {group}, {} gone", compact_count(gone)),
            (None, more, 0) => format!(" {more} more"),
            (None, 0, gone) => format!(" {} gone", compact_count(gone)),
            (None, more, gone) => format!(" {more} more, {} gone", compact_count(gone)),
        };
        let label = format!("{count}, {} running", compact_percent(shares.share(State::Running)));
        let label = if label.len() < usize::from(parts.label.width) { label } else { count };
        text::put_line(buf, parts.label, &label, scene.theme.faint_style());
        draw_timeline(scene, parts.timeline, &cells, (0, 1), &shares, buf);
        lane_figures::draw_shares(scene.theme, parts.figures, &shares, buf);
    }
}

/// Returns the worker's name, and the numbers of its tasks if it runs one inside another, the innermost last.
fn name_with_tasks(view: &RunView, worker: WorkerId, has_unicode: bool) -> String {
    let model = view.shown_model();
    let name = model.registry().worker_name(worker);
    let tasks: Vec<String> = model.lane(worker).task_numbers().map(|number| number.to_string()).collect();
    if tasks.len() < 2 || view.time_before_end().is_some() {
        return name.to_owned();
    }
    format!("{name} {}", tasks.join(if has_unicode { "›" } else { ">" }))
}

/// Draws the state's letter, and how long the state has lasted if that is known. For a span of computing, this is the
/// time it ran or the time it waited for a core. The age keeps growing in a deadlock.
fn draw_state(scene: RunScene<'_>, at: Rect, shown: ShownState, exact: bool, buf: &mut Buffer) {
    let letter = shown.state.letter().to_string();
    let rest = text::put_line(buf, at, &letter, scene.theme.state_style(shown.state));
    if shown.state != State::Done && exact {
        text::put_right(buf, rest, &compact_duration(shown.duration), scene.theme.faint_style());
    }
}

/// Draws the mark of the worker's own colour before its name; where there is no colour, its own letter.
fn draw_identity(scene: RunScene<'_>, label: Rect, worker: WorkerId, buf: &mut Buffer) {
    let theme = scene.theme;
    let at = Rect { width: label.width.min(1), ..label };
    if theme.has_colour() {
        text::put_line(buf, at, theme.identity_mark(), theme.identity_style(worker.index()));
    } else {
        text::put_line(buf, at, &Theme::identity_letter(worker.index()).to_string(), theme.faint_style());
    }
}

/// Draws one cell for each column, the last at the right end; of a lane several lines high, one of its lines. `shares`
/// are those of the whole lane.
fn draw_timeline(
    scene: RunScene<'_>,
    at: Rect,
    cells: &[StateTimes],
    line: (u16, u16),
    shares: &StateTimes,
    buf: &mut Buffer,
) {
    let look = (scene.theme, Calm::of_lane(shares));
    let mut deaths = Deaths::default();
    for (cell, column) in cells.iter().zip(scene.axis.blank_columns()..at.width) {
        let place = (at.x + column, at.y);
        if deaths.begins_in(cell) {
            lane_cell::draw_cell(buf, place, cell, line, look);
        } else if let Some(living) = lane_cell::living_part(cell) {
            lane_cell::draw_cell(buf, place, &living, line, look);
        } else {
            lane_cell::draw_dead_rest(buf, place, line, scene.theme);
        }
    }
}

/// Returns the states seen in the window that the scenario does not announce, such as a crash or a gap.
pub(super) fn unexpected_states(view: &RunView) -> impl Iterator<Item = State> + '_ {
    State::ALL.into_iter().filter(|state| {
        view.figures
            .lanes
            .iter()
            .flatten()
            .any(|lane| lane.shares.get(*state) > 0 || lane.activity.is_some_and(|doing| doing.state == *state))
    })
}
