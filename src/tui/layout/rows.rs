//! The rows of the timeline: as many as fit, with a row that stands for those that do not.

mod budget;
mod large;
mod used;

use super::{ResourceId, WorkerId};
use crate::trace::PoolId;
use crate::tui::figures::LockFigures;
use crate::tui::run_view::{LaneOrder, RunView, Selection};
use budget::LineBudget;
use used::{UsedResources, is_live};

pub(super) use large::build_large_rows;

/// One line of the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tui) enum TimelineRow {
    Heading(Section),
    /// A lane may be several lines high; `line` counts from its top.
    Lane {
        worker: WorkerId,
        line: u16,
        of: u16,
    },
    /// The lanes without a row of their own and those of workers that are gone, as one row.
    FoldedLanes(Vec<WorkerId>),
    /// The lanes of a group that the user folded into one row.
    FoldedGroup(String, Vec<WorkerId>),
    Lock {
        id: ResourceId,
        /// Whether a row of its waiters follows.
        has_waiters_row: bool,
    },
    /// How many wait for a lock, like the area of a queue.
    Waiters {
        id: ResourceId,
        line: u16,
        of: u16,
    },
    /// The number of locks without a row.
    MoreLocks(usize),
    /// The area of a queue may be several lines high; `line` counts from its top.
    Queue {
        id: ResourceId,
        line: u16,
        of: u16,
    },
    /// A condition, an event, a barrier, a wait group or a latch.
    Signal(ResourceId),
    /// A counter: its figures, and below them its value as an area if there is room.
    Counter {
        id: ResourceId,
        line: u16,
        of: u16,
    },
    /// The response times of a pool, like the area of a queue.
    Response {
        pool: PoolId,
        line: u16,
        of: u16,
    },
    /// Results per second, likewise.
    Throughput {
        line: u16,
        of: u16,
    },
    /// The load of a core, likewise.
    Core {
        core: usize,
        line: u16,
        of: u16,
    },
    /// All cores in one row.
    Cores,
    /// The names of resources without rows: those that the run has not used yet, and counters that are still zero.
    Unused {
        unused: Vec<ResourceId>,
        zero: Vec<ResourceId>,
    },
    Blank,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Section {
    Workers,
    Locks,
    Queues,
    Signals,
    Counters,
    Response,
    Throughput,
    Cores,
}

/// Builds the rows for a body of this height, of which `free` lines should stay empty. What has no room is shortened or
/// left out; remaining lines set the lanes apart and make areas higher.
pub(super) fn build_rows(view: &RunView, height: usize, free: usize) -> Vec<TimelineRow> {
    let lanes = view.visible_lanes();
    let groups = view.folded_groups();
    let has_gone = view.shown_model().gone_workers().next().is_some();
    let used = UsedResources::of(view);
    let share = LineBudget::fit(view, &used, lanes.len() + groups.len() + usize::from(has_gone), height, free);
    let mut rows = Vec::new();
    let mut lane_rows = lane_rows(view, &lanes, share.lanes.saturating_sub(groups.len()).max(1));
    lane_rows.extend(groups.into_iter().map(|(group, members)| TimelineRow::FoldedGroup(group, members)));
    push_section(&mut rows, &share, Section::Workers, spread_lanes(lane_rows, &share));
    push_section(&mut rows, &share, Section::Locks, lock_rows(view, &used.locks, &share));
    push_section(&mut rows, &share, Section::Queues, queue_rows(view, &used.queues, &share));
    push_section(&mut rows, &share, Section::Signals, signal_rows(view, &used.signals, share.signals));
    push_section(&mut rows, &share, Section::Counters, counter_rows(view, &used.counters, &share));
    push_section(&mut rows, &share, Section::Response, response_rows(view, &share));
    let of = share.throughput_lines;
    let throughput = (0..of).map(|line| TimelineRow::Throughput { line, of }).collect();
    push_section(&mut rows, &share, Section::Throughput, throughput);
    push_section(&mut rows, &share, Section::Cores, core_rows(view, &share));
    if share.has_unused_row {
        rows.extend(share.has_gaps.then_some(TimelineRow::Blank));
        rows.push(TimelineRow::Unused { unused: used.unused, zero: used.zero });
    }
    rows.truncate(height);
    rows
}

/// Gives each lane its lines, and sets them apart if there is room for that.
fn spread_lanes(rows: Vec<TimelineRow>, share: &LineBudget) -> Vec<TimelineRow> {
    let one = |row: TimelineRow| {
        let apart = std::iter::repeat_n(TimelineRow::Blank, share.lane_gap);
        let lines = match row {
            TimelineRow::Lane { worker, .. } => lane_lines(worker, share.lane_lines).collect(),
            row => vec![row],
        };
        lines.into_iter().chain(apart)
    };
    let mut rows: Vec<TimelineRow> = rows.into_iter().flat_map(one).collect();
    let blank = if rows.is_empty() { 0 } else { share.lane_gap };
    rows.truncate(rows.len() - blank); // the next section is set apart anyway
    rows
}

/// Returns the rows of a lane with `of` lines.
fn lane_lines(worker: WorkerId, of: u16) -> impl Iterator<Item = TimelineRow> {
    (0..of).map(move |line| TimelineRow::Lane { worker, line, of })
}

fn push_section(rows: &mut Vec<TimelineRow>, share: &LineBudget, section: Section, content: Vec<TimelineRow>) {
    if content.is_empty() {
        return;
    }
    if share.has_gaps && !rows.is_empty() {
        rows.push(TimelineRow::Blank);
    }
    // The heading of the first section has the line of the time axis.
    if share.has_headings && !rows.is_empty() {
        rows.push(TimelineRow::Heading(section));
    }
    rows.extend(content);
}

/// Returns all lanes, or a choice of them and one row for the rest. While none is selected, these are the worst of the
/// ranking; otherwise the list scrolls with the selection.
fn lane_rows(view: &RunView, lanes: &[WorkerId], room: usize) -> Vec<TimelineRow> {
    let has_gone = view.shown_model().gone_workers().next().is_some();
    if lanes.len() + usize::from(has_gone) <= room {
        let gone = has_gone.then(|| TimelineRow::FoldedLanes(Vec::new()));
        return lanes.iter().flat_map(|worker| lane_lines(*worker, 1)).chain(gone).collect();
    }
    let chosen = match view.selection {
        Some(Selection::Lane(worker)) => lanes.iter().position(|w| *w == worker),
        _ => None,
    };
    let room = room.saturating_sub(1); // the last row stands for the rest
    let kept: Vec<WorkerId> = if let Some(at) = chosen {
        let top = at.saturating_sub(room / 2).min(lanes.len() - room);
        lanes[top..top + room].to_vec()
    } else if view.arrangement.order() != LaneOrder::Declared {
        lanes[..room].to_vec()
    } else {
        let mut by_id = lanes.to_vec();
        by_id.sort_unstable();
        let pinned: Vec<WorkerId> =
            lanes.iter().take_while(|w| view.arrangement.is_pinned(**w)).take(room).copied().collect();
        let mut worst: Vec<WorkerId> =
            view.ranking.iter().filter(|w| by_id.binary_search(w).is_ok() && !pinned.contains(w)).copied().collect();
        worst.truncate(room - pinned.len());
        worst.sort_unstable();
        pinned.into_iter().chain(worst).collect()
    };
    let rest = lanes.iter().filter(|w| !kept.contains(w)).copied().collect();
    kept.iter().flat_map(|worker| lane_lines(*worker, 1)).chain([TimelineRow::FoldedLanes(rest)]).collect()
}

/// Returns the locks in their order of declaration, each with its waiters if they have rows; if not all fit, the most
/// contended ones.
fn lock_rows(view: &RunView, locks: &[ResourceId], share: &LineBudget) -> Vec<TimelineRow> {
    let has_waiters_row = share.waiters > 0;
    let rows_of = |id: ResourceId| {
        let of = if has_waiters_row { share.waiter_lines } else { 0 };
        let waiters = (0..of).map(move |line| TimelineRow::Waiters { id, line, of });
        std::iter::once(TimelineRow::Lock { id, has_waiters_row }).chain(waiters)
    };
    if locks.len() <= share.locks {
        return locks.iter().flat_map(|id| rows_of(*id)).collect();
    }
    let Some(room) = share.locks.checked_sub(1) else { return Vec::new() };
    let chosen = |id: ResourceId| view.selection == Some(Selection::Lock(id));
    let pressed = |lock: &LockFigures| lock.contended_share.unwrap_or(0.0);
    let mut worst: Vec<_> = view.figures.locks.iter().filter(|(id, _)| locks.binary_search(id).is_ok()).collect();
    worst.sort_by(|(a, x), (b, y)| chosen(*b).cmp(&chosen(*a)).then(pressed(y).total_cmp(&pressed(x))).then(a.cmp(b)));
    let mut kept: Vec<ResourceId> = worst.into_iter().take(room).map(|(id, _)| *id).collect();
    kept.sort_unstable();
    let more = locks.len() - kept.len();
    kept.into_iter().flat_map(rows_of).chain([TimelineRow::MoreLocks(more)]).collect()
}

/// Returns the first queues; one that never had an item needs no area.
fn queue_rows(view: &RunView, queues: &[ResourceId], share: &LineBudget) -> Vec<TimelineRow> {
    let lines = |id: &ResourceId| if used::is_idle_queue(view, *id) { 1 } else { share.queue_lines };
    let rows = |id: &ResourceId| {
        let (id, of) = (*id, lines(id));
        (0..of).map(move |line| TimelineRow::Queue { id, line, of })
    };
    let apart = |nth| std::iter::repeat_n(TimelineRow::Blank, if nth > 0 { share.queue_gap } else { 0 });
    let queues = queues.iter().take(share.queues).enumerate();
    queues.flat_map(|(nth, id)| apart(nth).chain(rows(id))).collect()
}

/// Returns the counters in their order of declaration; if not all fit, those that are not zero.
fn counter_rows(view: &RunView, counters: &[ResourceId], share: &LineBudget) -> Vec<TimelineRow> {
    let room = share.counters;
    let mut kept = counters.to_vec();
    if kept.len() > room {
        kept.sort_by_key(|id| (!view.figures.counter(*id).is_some_and(is_live), *id));
        kept.truncate(room);
        kept.sort_unstable();
    }
    let lines = |id| if used::has_curve(view, id) { share.counter_lines } else { 1 };
    let rows = |id| (0..lines(id)).map(move |line| TimelineRow::Counter { id, line, of: lines(id) });
    kept.into_iter().flat_map(rows).collect()
}

fn response_rows(view: &RunView, share: &LineBudget) -> Vec<TimelineRow> {
    let of = share.response_lines;
    let pools = view.figures.pools.iter().take(share.responses).map(|(pool, _)| *pool);
    pools.flat_map(|pool| (0..of).map(move |line| TimelineRow::Response { pool, line, of })).collect()
}

/// Returns the signals in their order of declaration; if not all fit, those with the most waiting workers.
fn signal_rows(view: &RunView, signals: &[ResourceId], room: usize) -> Vec<TimelineRow> {
    let mut kept = signals.to_vec();
    kept.sort_by_key(|id| std::cmp::Reverse(view.figures.signal(*id).map_or(0, |figures| figures.waiters)));
    kept.truncate(room);
    kept.sort_unstable();
    kept.into_iter().map(TimelineRow::Signal).collect()
}

/// Returns the cores, each apart from the next one where they are several lines high.
fn core_rows(view: &RunView, share: &LineBudget) -> Vec<TimelineRow> {
    if share.cores <= 1 {
        return vec![TimelineRow::Cores; share.cores];
    }
    let of = share.core_lines;
    let cores = view.figures.cores.iter().take(share.cores).enumerate();
    cores
        .flat_map(|(nth, (core, _))| {
            let apart = (of > 1 && nth > 0).then_some(TimelineRow::Blank);
            apart.into_iter().chain((0..of).map(|line| TimelineRow::Core { core: *core, line, of }))
        })
        .collect()
}
