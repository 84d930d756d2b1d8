//! The panes of a run, one row of [`PANES`] each: when a pane is available, how many lines it wants, how it is drawn.
//!
//! To add a pane: a variant of [`Pane`], a row of the table, and a file below this one that draws it.

pub(super) mod answer;
mod bars;
mod comparison;
mod costs;
mod findings;
mod graph;
mod levels;
mod log;
pub(super) mod pools;
mod transfers;
mod worker_name;

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::keys::Action;
use super::run_view::{Pane, RunView};
use super::text;
use super::theme::Theme;
use crate::report::text_width::truncate;

/// Everything the dashboard has to know of a pane.
pub(super) struct PaneSpec {
    pub(super) pane: Pane,
    /// Its name in the key help.
    pub(super) name: &'static str,
    /// Its tab.
    tab: &'static str,
    /// Whether Tab stops here: there is something to show.
    is_available: fn(&RunView) -> bool,
    /// The key that opens it from anywhere.
    toggle: Option<PaneToggle>,
    content: PaneContent,
}

/// A key that opens a pane, and closes it again.
struct PaneToggle {
    action: Action,
    /// The reason why there is nothing to open.
    refusal: fn(&RunView) -> Option<&'static str>,
}

/// Where a pane's content stands.
enum PaneContent {
    /// In rows of the time axis.
    Rows,
    /// Beside the rows, or in their place on a small screen.
    Separate(SeparatePane),
    /// The same, of texts that are wrapped to its width.
    Wrapped(WrappedPane),
}

/// The layout and the drawing of a pane beside the rows.
struct SeparatePane {
    title: fn(&RunView) -> Cow<'static, str>,
    /// Lines it wants, its title included.
    lines: fn(&RunView) -> usize,
    draw: fn(&RunView, Theme, Rect, &mut Buffer),
}

/// The layout and the drawing of a pane whose lines depend on its width.
struct WrappedPane {
    title: fn(&RunView) -> Cow<'static, str>,
    /// Lines it wants at a width, its title included.
    lines: fn(&RunView, u16) -> usize,
    draw: fn(&RunView, Theme, Rect, &mut Buffer),
}

/// Every pane, in the order in which Tab goes through them.
pub(super) const PANES: &[PaneSpec] = &[
    PaneSpec {
        pane: Pane::Lanes,
        name: "lanes",
        tab: "Overview",
        is_available: |_| true,
        toggle: None,
        content: PaneContent::Rows,
    },
    PaneSpec {
        pane: Pane::Locks,
        name: "locks",
        tab: "Locks",
        is_available: has_locks,
        toggle: None,
        content: PaneContent::Rows,
    },
    PaneSpec {
        pane: Pane::Queues,
        name: "queues",
        tab: "Queues",
        is_available: |view| view.shown_model().registry().queues_and_pipes().next().is_some(),
        toggle: None,
        content: PaneContent::Rows,
    },
    PaneSpec {
        pane: Pane::Findings,
        name: "findings",
        tab: "Findings",
        is_available: |view| !view.figures.findings.is_empty() || view.pane == Pane::Findings,
        toggle: None,
        content: PaneContent::Wrapped(findings::PANE),
    },
    PaneSpec {
        pane: Pane::Pools,
        name: "response times",
        tab: "Response times",
        is_available: |view| pool_count(view) > 0,
        toggle: None,
        content: PaneContent::Separate(pools::PANE),
    },
    PaneSpec {
        pane: Pane::Levels,
        name: "sizes",
        tab: "Sizes",
        is_available: |view| view.level_history.count() > pool_count(view) || view.pane == Pane::Levels,
        toggle: Some(PaneToggle {
            action: Action::ToggleLevels,
            refusal: |view| (pool_count(view) == 0).then_some("This scenario has no pool"),
        }),
        content: PaneContent::Separate(levels::PANE),
    },
    PaneSpec {
        pane: Pane::Comparison,
        name: "comparison",
        tab: "Comparison",
        is_available: |view| view.compared.is_some(),
        toggle: None,
        content: PaneContent::Separate(comparison::PANE),
    },
    PaneSpec {
        pane: Pane::Graph,
        name: "who waits",
        tab: "Who waits",
        is_available: can_wait,
        toggle: None,
        content: PaneContent::Separate(graph::PANE),
    },
    PaneSpec {
        pane: Pane::Costs,
        name: "who costs whom",
        tab: "Who costs whom",
        is_available: has_locks,
        toggle: Some(PaneToggle {
            action: Action::ToggleCosts,
            refusal: |view| (!has_locks(view)).then_some("This scenario has no locks"),
        }),
        content: PaneContent::Separate(costs::PANE),
    },
    PaneSpec {
        pane: Pane::Transfers,
        name: "data moved",
        tab: "Data moved",
        is_available: |view| view.shown_model().transfers().total().count > 0,
        toggle: None,
        content: PaneContent::Separate(transfers::PANE),
    },
    PaneSpec {
        pane: Pane::Log,
        name: "events",
        tab: "Events",
        is_available: |view| log::has_entries(view),
        toggle: None,
        content: PaneContent::Separate(log::PANE),
    },
    PaneSpec {
        pane: Pane::Answer,
        name: "result",
        tab: "Result",
        is_available: |view| view.scenario.quiz.is_some() || view.pane == Pane::Answer,
        toggle: None,
        content: PaneContent::Wrapped(answer::PANE),
    },
];

/// Whether workers can wait for others: there are locks, joined workers, queues or signals.
fn can_wait(view: &RunView) -> bool {
    let registry = view.shown_model().registry();
    has_locks(view)
        || registry.lives().next().is_some()
        || registry.queues_and_pipes().next().is_some()
        || registry.signals().next().is_some()
}

fn has_locks(view: &RunView) -> bool {
    view.shown_model().registry().locks().next().is_some()
}

/// Whether a worker has waited for a lock until the shown moment.
pub(super) fn has_waited(view: &RunView) -> bool {
    view.figures.locks.iter().any(|(_, lock)| lock.waited_acquisitions > 0 || !lock.waiters.is_empty())
}

fn pool_count(view: &RunView) -> usize {
    view.shown_model().registry().pools.len()
}

fn spec_of(pane: Pane) -> Option<&'static PaneSpec> {
    PANES.iter().find(|spec| spec.pane == pane)
}

/// Returns the text of a pane's tab.
pub(super) fn tab_label(pane: Pane, view: &RunView) -> String {
    let label = spec_of(pane).map_or("", |spec| spec.tab);
    match (pane, view.figures.findings.len()) {
        (Pane::Findings, count) if count > 1 => format!("{label} {count}"),
        _ => label.to_owned(),
    }
}

/// Returns the panes that have something to show, in the order of the table.
pub(super) fn available_panes(view: &RunView) -> Vec<Pane> {
    PANES.iter().filter(|spec| (spec.is_available)(view)).map(|spec| spec.pane).collect()
}

/// Whether a pane stands beside the rows of the time axis, or in their place.
pub(super) fn is_separate(pane: Pane) -> bool {
    spec_of(pane).is_some_and(|spec| !matches!(spec.content, PaneContent::Rows))
}

/// Whether a wide screen shows a pane beside the rows. A single finding is in the band already; of a run that is over,
/// nobody waits any more.
pub(super) fn is_beside(pane: Pane, view: &RunView) -> bool {
    let is_over = view.shown_model().run_end().is_some();
    match pane {
        Pane::Answer => pane == view.pane || is_over,
        Pane::Costs => pane == view.pane || !is_over || has_waited(view),
        Pane::Graph => pane == view.pane || !is_over || !view.figures.wait_groups.is_empty(),
        Pane::Findings => pane == view.pane || view.figures.findings.len() > 1,
        _ => true,
    }
}

/// Returns how many lines a pane beside the rows wants at a width.
pub(super) fn wanted_lines(pane: Pane, view: &RunView, width: u16) -> usize {
    match spec_of(pane).map(|spec| &spec.content) {
        Some(PaneContent::Separate(separate)) => (separate.lines)(view),
        Some(PaneContent::Wrapped(wrapped)) => (wrapped.lines)(view, width.saturating_sub(1)),
        Some(PaneContent::Rows) | None => 0,
    }
}

/// Returns the lines by which the pane of the costs would gain from higher rows.
pub(super) fn lines_of_large_costs(view: &RunView, width: u16) -> usize {
    costs::lines_of_large_rows(view, width.saturating_sub(1))
}

/// Returns the part of a pane below its title.
pub(super) fn content_area(at: Rect) -> Rect {
    text::below_title(at)
}

/// Draws the title and the content of a pane beside the rows.
pub(super) fn draw_pane(pane: Pane, view: &RunView, theme: Theme, at: Rect, buf: &mut Buffer) {
    let (title, draw) = match spec_of(pane).map(|spec| &spec.content) {
        Some(PaneContent::Separate(separate)) => (separate.title, separate.draw),
        Some(PaneContent::Wrapped(wrapped)) => (wrapped.title, wrapped.draw),
        Some(PaneContent::Rows) | None => return,
    };
    let style = if view.pane == pane { theme.strong_style() } else { theme.faint_style() };
    let title = title(view);
    let (name, note) = title.split_once("  ").unwrap_or((&title, ""));
    let inner = text::put_title(buf, at, name, style);
    let name_width = name.chars().count() as u16 + 2;
    let beside = Rect { x: inner.x + name_width.min(inner.width), width: inner.width.saturating_sub(name_width), ..at };
    text::put_line(buf, beside, &truncate(note, usize::from(beside.width), theme.ellipsis()), theme.faint_style());
    draw(view, theme, inner, buf);
}

/// Returns the pane that a tour names by this word.
pub(super) fn pane_of_tour(word: &str) -> Pane {
    match word {
        "locks" => Pane::Locks,
        "queues" => Pane::Queues,
        "findings" => Pane::Findings,
        "pools" => Pane::Pools,
        "levels" => Pane::Levels,
        "comparison" => Pane::Comparison,
        "graph" => Pane::Graph,
        "costs" => Pane::Costs,
        "log" => Pane::Log,
        "transfers" => Pane::Transfers,
        _ => Pane::Lanes,
    }
}

/// Returns the pane that an action opens, or the reason why it cannot be opened; nothing for any other action.
pub(super) fn toggled_pane(action: Action, view: &RunView) -> Option<Result<Pane, &'static str>> {
    PANES.iter().find_map(|spec| {
        let toggle = spec.toggle.as_ref().filter(|toggle| toggle.action == action)?;
        Some((toggle.refusal)(view).map_or(Ok(spec.pane), Err))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pane_is_in_the_table_once() {
        for (i, spec) in PANES.iter().enumerate() {
            assert!(PANES[..i].iter().all(|other| other.pane != spec.pane), "{} stands twice", spec.name);
        }
    }
}
