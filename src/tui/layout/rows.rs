//! The rows of the timeline: as many as fit, with a row that stands for those that do not.

mod large;

use super::{ResourceId, WorkerId};
use crate::trace::PoolId;
use crate::tui::figures::{CounterFigures, LockFigures};
use crate::tui::run_view::{LaneOrder, RunView, Selection};

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
    /// How many wait for a lock.
    Waiters(ResourceId),
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
    Counter(ResourceId),
    /// The response times of a pool, like the area of a queue.
    Response {
        pool: PoolId,
        line: u16,
        of: u16,
    },
    /// What is done per second, likewise.
    Throughput {
        line: u16,
        of: u16,
    },
    Core(usize),
    /// All cores in one row.
    Cores,
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

/// Lines of a queue's area, of a pool's response times and of the throughput on a screen with room.
const QUEUE_LINES: u16 = 5;
const RESPONSE_LINES: u16 = 4;
const THROUGHPUT_LINES: u16 = 2;

/// Most locks whose waiters have rows: of more locks, those take too much room.
const MAX_LOCKS_WITH_WAITERS: usize = 2;

/// Most pools whose response times have rows.
const MAX_RESPONSE_POOLS: usize = 2;

/// Most lines of a queue's area: it would not become more readable.
const MAX_QUEUE_LINES: u16 = 8;

/// Most lines of a lane.
const MAX_LANE_LINES: u16 = 3;

/// Most cores with a row of their own; more of them share one row.
const MAX_CORE_ROWS: usize = 8;

/// How many lines each section gets.
struct LineBudget {
    lanes: usize,
    locks: usize,
    queues: usize,
    queue_lines: u16,
    /// Locks of which the waiters have a row.
    waiters: usize,
    responses: usize,
    response_lines: u16,
    throughput_lines: u16,
    signals: usize,
    counters: usize,
    cores: usize,
    has_headings: bool,
    /// Whether there is a blank line between sections.
    has_gaps: bool,
}

/// Builds the rows for a body of this height, of which `free` lines should stay empty. Few lanes are spaced apart, very
/// few are several lines high, and remaining lines make the areas of queues higher.
pub(super) fn build_rows(view: &RunView, height: usize, free: usize) -> Vec<TimelineRow> {
    let lanes = view.visible_lanes();
    let groups = view.folded_groups();
    let has_gone = view.shown_model().gone_workers().next().is_some();
    let mut share = LineBudget::fit(view, lanes.len() + groups.len() + usize::from(has_gone), height);
    let mut rows = Vec::new();
    let spare = height.saturating_sub(share.total_lines() + free);
    let mut lane_rows = lane_rows(view, &lanes, share.lanes.saturating_sub(groups.len()).max(1));
    lane_rows.extend(groups.into_iter().map(|(group, members)| TimelineRow::FoldedGroup(group, members)));
    let lane_rows = spread_lanes(lane_rows, spare);
    let left = (spare + share.lanes).saturating_sub(lane_rows.len()) / share.queues.max(1);
    share.queue_lines = (share.queue_lines + left as u16).min(MAX_QUEUE_LINES);
    push_section(&mut rows, &share, Section::Workers, lane_rows);
    push_section(&mut rows, &share, Section::Locks, lock_rows(view, &share));
    let queues = view.figures.queues.iter().take(share.queues).flat_map(|(id, _)| {
        (0..share.queue_lines).map(|line| TimelineRow::Queue { id: *id, line, of: share.queue_lines })
    });
    push_section(&mut rows, &share, Section::Queues, queues.collect());
    push_section(&mut rows, &share, Section::Signals, signal_rows(view, share.signals));
    let counters = counter_rows(view, share.counters);
    push_section(&mut rows, &share, Section::Counters, counters);
    push_section(&mut rows, &share, Section::Response, response_rows(view, &share));
    let of = share.throughput_lines;
    let throughput = (0..of).map(|line| TimelineRow::Throughput { line, of }).collect();
    push_section(&mut rows, &share, Section::Throughput, throughput);
    let cores = match share.cores {
        0 => Vec::new(),
        1 => vec![TimelineRow::Cores],
        n => view.figures.cores.iter().take(n).map(|(core, _)| TimelineRow::Core(*core)).collect(),
    };
    push_section(&mut rows, &share, Section::Cores, cores);
    rows.truncate(height);
    rows
}

/// Spreads the lanes over the spare lines, all by the same amount.
fn spread_lanes(rows: Vec<TimelineRow>, spare: usize) -> Vec<TimelineRow> {
    let each = spare / rows.len().max(1);
    let one = |row: TimelineRow| {
        let apart = (each > 0).then_some(TimelineRow::Blank);
        let lines = match row {
            TimelineRow::Lane { worker, .. } => lane_lines(worker, (each as u16).clamp(1, MAX_LANE_LINES)).collect(),
            row => vec![row],
        };
        lines.into_iter().chain(apart)
    };
    let mut rows: Vec<TimelineRow> = rows.into_iter().flat_map(one).collect();
    if rows.last() == Some(&TimelineRow::Blank) {
        rows.pop(); // the next section is set apart anyway
    }
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

impl LineBudget {
    /// Returns the budget for everything, or with sections shortened until it fits, the least important first.
    fn fit(view: &RunView, lanes: usize, height: usize) -> Self {
        let figures = &view.figures;
        let cores = figures.cores.len();
        let mut share = Self {
            lanes,
            locks: figures.locks.len(),
            queues: figures.queues.len(),
            queue_lines: QUEUE_LINES,
            waiters: if figures.locks.len() <= MAX_LOCKS_WITH_WAITERS { figures.locks.len() } else { 0 },
            responses: figures.pools.len().min(MAX_RESPONSE_POOLS),
            response_lines: RESPONSE_LINES,
            throughput_lines: if figures.throughput.is_some() { THROUGHPUT_LINES } else { 0 },
            signals: figures.signals.len(),
            counters: figures.counters.len(),
            cores: if cores <= MAX_CORE_ROWS { cores } else { 1 },
            has_headings: true,
            has_gaps: true,
        };
        let live_counters = live_counters(view);
        let steps: [&dyn Fn(&mut Self); 20] = [
            &|s| s.throughput_lines = s.throughput_lines.min(1),
            &|s| s.response_lines = s.response_lines.min(3),
            &|s| s.cores = s.cores.min(1),
            &|s| s.queue_lines = s.queue_lines.min(3),
            &|s| s.has_gaps = false,
            &|s| s.response_lines = s.response_lines.min(2),
            &|s| s.counters = live_counters,
            &|s| s.throughput_lines = 0,
            &|s| s.waiters = 0,
            &|s| s.queue_lines = s.queue_lines.min(2),
            &|s| s.locks = s.locks.min(8),
            &|s| s.signals = s.signals.min(4),
            &|s| s.lanes = s.lanes.min((height * 2 / 3).max(8)),
            &|s| s.responses = 0,
            &|s| s.has_headings = false,
            &|s| s.queue_lines = 1,
            &|s| s.locks = s.locks.min(3),
            &|s| (s.queues, s.signals, s.counters) = (s.queues.min(1), s.signals.min(1), s.counters.min(1)),
            &|s| s.lanes = s.lanes.min(height.saturating_sub(s.total_lines() - s.lanes).max(3)),
            &|s| s.cores = 0,
        ];
        for step in steps {
            if share.total_lines() <= height {
                break;
            }
            step(&mut share);
        }
        if share.total_lines() < height && share.lanes < lanes {
            share.lanes = (share.lanes + height - share.total_lines()).min(lanes);
        }
        share
    }

    fn total_lines(&self) -> usize {
        let responses = self.responses * usize::from(self.response_lines);
        let figures = [responses, usize::from(self.throughput_lines), self.cores];
        let resources = [self.lanes, self.locks, self.queues, self.signals, self.counters];
        let sections = || resources.into_iter().chain(figures);
        let heads = sections().filter(|lines| *lines > 0).count();
        let gaps = if self.has_gaps { heads.saturating_sub(1) } else { 0 };
        let heads = if self.has_headings { heads.saturating_sub(1) } else { 0 };
        let further_queue_lines = self.queues * usize::from(self.queue_lines - 1);
        sections().sum::<usize>() + self.waiters + further_queue_lines + heads + gaps
    }
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
fn lock_rows(view: &RunView, share: &LineBudget) -> Vec<TimelineRow> {
    let (locks, room) = (&view.figures.locks, share.locks);
    let has_waiters_row = share.waiters > 0;
    let rows_of = |id: ResourceId| {
        let waiters = has_waiters_row.then_some(TimelineRow::Waiters(id));
        std::iter::once(TimelineRow::Lock { id, has_waiters_row }).chain(waiters)
    };
    if locks.len() <= room {
        return locks.iter().flat_map(|(id, _)| rows_of(*id)).collect();
    }
    let Some(room) = room.checked_sub(1) else { return Vec::new() };
    let chosen = |id: ResourceId| view.selection == Some(Selection::Lock(id));
    let pressed = |lock: &LockFigures| lock.contended_share.unwrap_or(0.0);
    let mut worst: Vec<_> = locks.iter().collect();
    worst.sort_by(|(a, x), (b, y)| chosen(*b).cmp(&chosen(*a)).then(pressed(y).total_cmp(&pressed(x))).then(a.cmp(b)));
    let mut kept: Vec<ResourceId> = worst.into_iter().take(room).map(|(id, _)| *id).collect();
    kept.sort_unstable();
    let more = locks.len() - kept.len();
    kept.into_iter().flat_map(rows_of).chain([TimelineRow::MoreLocks(more)]).collect()
}

/// Whether a counter has a value that says something.
fn is_live(counter: &CounterFigures) -> bool {
    counter.value != 0 || counter.lost.is_some_and(|lost| lost != 0) || counter.failed_swaps.is_some_and(|n| n > 0)
}

fn live_counters(view: &RunView) -> usize {
    view.figures.counters.iter().filter(|(_, counter)| is_live(counter)).count()
}

/// Returns the counters in their order of declaration; if not all fit, those that are not zero.
fn counter_rows(view: &RunView, room: usize) -> Vec<TimelineRow> {
    let mut kept: Vec<_> = view.figures.counters.iter().collect();
    if kept.len() > room {
        kept.sort_by_key(|(id, counter)| (!is_live(counter), *id));
        kept.truncate(room);
        kept.sort_by_key(|(id, _)| *id);
    }
    kept.into_iter().map(|(id, _)| TimelineRow::Counter(*id)).collect()
}

fn response_rows(view: &RunView, share: &LineBudget) -> Vec<TimelineRow> {
    let of = share.response_lines;
    let pools = view.figures.pools.iter().take(share.responses).map(|(pool, _)| *pool);
    pools.flat_map(|pool| (0..of).map(move |line| TimelineRow::Response { pool, line, of })).collect()
}

/// Returns the signals in their order of declaration; if not all fit, those with the most waiting workers.
fn signal_rows(view: &RunView, room: usize) -> Vec<TimelineRow> {
    let mut most_awaited: Vec<_> = view.figures.signals.iter().collect();
    most_awaited.sort_by_key(|(_, figures)| std::cmp::Reverse(figures.waiters));
    let mut kept: Vec<ResourceId> = most_awaited.into_iter().take(room).map(|(id, _)| *id).collect();
    kept.sort_unstable();
    kept.into_iter().map(TimelineRow::Signal).collect()
}
