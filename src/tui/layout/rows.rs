//! Which rows stand on the time axis: as many as fit, and nothing that is left out goes unsaid.

use super::{ResourceId, WorkerId};
use crate::tui::figures::LockFigures;
use crate::tui::run_view::{RunView, Selection};

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
    /// Lanes there is no room for, as one.
    FoldedLanes(Vec<WorkerId>),
    Lock(ResourceId),
    /// Locks there is no room for.
    MoreLocks(usize),
    /// A queue's area may be several lines high; `line` counts from its top.
    Queue {
        id: ResourceId,
        line: u16,
        of: u16,
    },
    Counter(ResourceId),
    Core(usize),
    /// All cores as one line.
    Cores,
    Blank,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum Section {
    Workers,
    Locks,
    Queues,
    Counters,
    Cores,
}

/// Lines of a queue's area on a screen with room.
const QUEUE_LINES: u16 = 3;

/// The same where there is much of it: more would not be seen better.
const MAX_QUEUE_LINES: u16 = 8;

/// Lines of a lane at most.
const MAX_LANE_LINES: u16 = 3;

/// Cores shown one by one; more of them fold into one line.
const MAX_CORE_ROWS: usize = 8;

/// How many lines each section gets.
struct LineBudget {
    lanes: usize,
    locks: usize,
    queues: usize,
    queue_lines: u16,
    counters: usize,
    cores: usize,
    has_headings: bool,
    /// A blank line between two sections.
    has_gaps: bool,
}

/// The rows for a body of this height, of which some lines are better left free. Few lanes are set apart, fewer are thick,
/// and what is left makes the areas of queues higher.
pub(super) fn build_rows(view: &RunView, height: usize, free: usize) -> Vec<TimelineRow> {
    let lanes = view.visible_lanes();
    let mut share = LineBudget::fit(view, lanes.len(), height);
    let mut rows = Vec::new();
    let spare = height.saturating_sub(share.total_lines() + free);
    let lane_rows = spread_lanes(lane_rows(view, &lanes, share.lanes), spare);
    let left = (spare + share.lanes).saturating_sub(lane_rows.len()) / share.queues.max(1);
    share.queue_lines = (share.queue_lines + left as u16).min(MAX_QUEUE_LINES);
    push_section(&mut rows, &share, Section::Workers, lane_rows);
    push_section(&mut rows, &share, Section::Locks, lock_rows(view, share.locks));
    let queues = view.figures.queues.iter().take(share.queues).flat_map(|(id, _)| {
        (0..share.queue_lines).map(|line| TimelineRow::Queue { id: *id, line, of: share.queue_lines })
    });
    push_section(&mut rows, &share, Section::Queues, queues.collect());
    let counters = view.figures.counters.iter().take(share.counters).map(|(id, _)| TimelineRow::Counter(*id));
    push_section(&mut rows, &share, Section::Counters, counters.collect());
    let cores = match share.cores {
        0 => Vec::new(),
        1 => vec![TimelineRow::Cores],
        n => view.figures.cores.iter().take(n).map(|(core, _)| TimelineRow::Core(*core)).collect(),
    };
    push_section(&mut rows, &share, Section::Cores, cores);
    rows.truncate(height);
    rows
}

/// The lanes with as much of the room that is left as makes all of them alike.
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
        rows.pop(); // the next section sets itself apart
    }
    rows
}

/// A lane of so many lines.
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
    if share.has_headings {
        rows.push(TimelineRow::Heading(section));
    }
    rows.extend(content);
}

impl LineBudget {
    /// All there is if it fits; else sections give way, the least telling first.
    fn fit(view: &RunView, lanes: usize, height: usize) -> Self {
        let figures = &view.figures;
        let cores = figures.cores.len();
        let mut share = Self {
            lanes,
            locks: figures.locks.len(),
            queues: figures.queues.len(),
            queue_lines: QUEUE_LINES,
            counters: figures.counters.len(),
            cores: if cores <= MAX_CORE_ROWS { cores } else { 1 },
            has_headings: true,
            has_gaps: true,
        };
        let steps: [fn(&mut Self, usize); 11] = [
            |s, _| s.cores = s.cores.min(1),
            |s, _| s.has_gaps = false,
            |s, _| s.queue_lines = s.queue_lines.min(2),
            |s, _| s.locks = s.locks.min(8),
            |s, height| s.lanes = s.lanes.min((height * 2 / 3).max(8)),
            |s, _| s.has_headings = false,
            |s, _| s.queue_lines = 1,
            |s, _| s.locks = s.locks.min(3),
            |s, _| s.cores = 0,
            |s, _| (s.queues, s.counters) = (s.queues.min(1), s.counters.min(1)),
            |s, height| s.lanes = s.lanes.min(height.saturating_sub(s.total_lines() - s.lanes).max(3)),
        ];
        for step in steps {
            if share.total_lines() <= height {
                break;
            }
            step(&mut share, height);
        }
        if share.total_lines() < height && share.lanes < lanes {
            share.lanes = (share.lanes + height - share.total_lines()).min(lanes);
        }
        share
    }

    fn total_lines(&self) -> usize {
        let sections = [self.lanes, self.locks, self.queues, self.counters, self.cores];
        let heads = sections.iter().filter(|n| **n > 0).count();
        let gaps = if self.has_gaps { heads.saturating_sub(1) } else { 0 };
        let heads = if self.has_headings { heads } else { 0 };
        let queues = self.queues * usize::from(self.queue_lines);
        self.lanes + self.locks + queues + self.counters + self.cores + heads + gaps
    }
}

/// All lanes, or a choice of them and one line for each group of the rest. Until one is chosen these are the ones that
/// hurt most; then the list scrolls with the choice.
fn lane_rows(view: &RunView, lanes: &[WorkerId], room: usize) -> Vec<TimelineRow> {
    if lanes.len() <= room {
        return lanes.iter().flat_map(|worker| lane_lines(*worker, 1)).collect();
    }
    let chosen = match view.selection {
        Some(Selection::Lane(worker)) => lanes.iter().position(|w| *w == worker),
        _ => None,
    };
    let room = room.saturating_sub(1); // the last line tells of the rest
    let kept: Vec<WorkerId> = if let Some(at) = chosen {
        let top = at.saturating_sub(room / 2).min(lanes.len() - room);
        lanes[top..top + room].to_vec()
    } else {
        let mut worst: Vec<WorkerId> =
            view.ranking.iter().filter(|w| lanes.binary_search(w).is_ok()).copied().take(room).collect();
        worst.sort_unstable();
        worst
    };
    let rest = lanes.iter().filter(|w| kept.binary_search(w).is_err()).copied().collect();
    kept.iter().flat_map(|worker| lane_lines(*worker, 1)).chain([TimelineRow::FoldedLanes(rest)]).collect()
}

/// The locks as they are declared; where they do not all fit, those most waited for.
fn lock_rows(view: &RunView, room: usize) -> Vec<TimelineRow> {
    let locks = &view.figures.locks;
    if locks.len() <= room {
        return locks.iter().map(|(id, _)| TimelineRow::Lock(*id)).collect();
    }
    let Some(room) = room.checked_sub(1) else { return Vec::new() };
    let chosen = |id: ResourceId| view.selection == Some(Selection::Lock(id));
    let pressed = |lock: &LockFigures| lock.contended_share.unwrap_or(0.0);
    let mut worst: Vec<_> = locks.iter().collect();
    worst.sort_by(|(a, x), (b, y)| chosen(*b).cmp(&chosen(*a)).then(pressed(y).total_cmp(&pressed(x))).then(a.cmp(b)));
    let mut kept: Vec<ResourceId> = worst.into_iter().take(room).map(|(id, _)| *id).collect();
    kept.sort_unstable();
    let more = locks.len() - kept.len();
    kept.into_iter().map(TimelineRow::Lock).chain([TimelineRow::MoreLocks(more)]).collect()
}
