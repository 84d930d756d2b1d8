//! How many lines each section of the rows gets.

use super::used::{UsedResources, has_curve, has_throughput, is_idle_queue, is_live};
use crate::tui::run_view::RunView;

/// Lines of a queue's area, of a pool's response times and of the throughput, before remaining lines are given out.
const QUEUE_LINES: u16 = 5;
const RESPONSE_LINES: u16 = 4;
const THROUGHPUT_LINES: u16 = 2;

/// Most locks whose waiters have rows: of more locks, those take too much room.
const MAX_LOCKS_WITH_WAITERS: usize = 2;

/// Most counters whose values are drawn as areas.
const MAX_COUNTER_CURVES: usize = 2;

/// Most pools whose response times have rows.
const MAX_RESPONSE_POOLS: usize = 2;

/// Most cores with a row of their own; more of them share one row.
const MAX_CORE_ROWS: usize = 8;

/// How many lines each section gets.
#[derive(Debug, Clone)]
pub(super) struct LineBudget {
    pub(super) lanes: usize,
    pub(super) lane_lines: u16,
    /// Blank lines between lanes.
    pub(super) lane_gap: usize,
    pub(super) locks: usize,
    pub(super) queues: usize,
    /// Queues that need one line because they never had an item.
    idle_queues: usize,
    pub(super) queue_lines: u16,
    /// Blank lines between queues.
    pub(super) queue_gap: usize,
    /// Locks of which the waiters have rows, and how many.
    pub(super) waiters: usize,
    pub(super) waiter_lines: u16,
    pub(super) responses: usize,
    pub(super) response_lines: u16,
    pub(super) throughput_lines: u16,
    pub(super) signals: usize,
    pub(super) counters: usize,
    /// Counters whose values are drawn as areas, and the lines of each.
    counter_curves: usize,
    pub(super) counter_lines: u16,
    pub(super) cores: usize,
    pub(super) core_lines: u16,
    /// Whether the resources without rows are named.
    pub(super) has_unused_row: bool,
    pub(super) has_headings: bool,
    /// Whether there is a blank line between sections.
    pub(super) has_gaps: bool,
}

impl LineBudget {
    /// Returns the budget for everything, or with sections shortened until it fits, the least important first. What
    /// remains of the lines without those to keep free makes rows higher.
    pub(super) fn fit(view: &RunView, used: &UsedResources, lanes: usize, height: usize, free: usize) -> Self {
        let mut share = Self::whole(view, used, lanes);
        share.shrink(live_counters(view), height);
        if share.total_lines() < height && share.lanes < lanes {
            share.lanes = (share.lanes + height - share.total_lines()).min(lanes);
        }
        share.grow(height.saturating_sub(free));
        share
    }

    fn whole(view: &RunView, used: &UsedResources, lanes: usize) -> Self {
        let figures = &view.figures;
        let (locks, cores) = (used.locks.len(), figures.cores.len());
        let curves = used.counters.iter().filter(|id| has_curve(view, **id)).count();
        Self {
            lanes,
            lane_lines: 1,
            lane_gap: 0,
            locks,
            queues: used.queues.len(),
            idle_queues: used.queues.iter().filter(|id| is_idle_queue(view, **id)).count(),
            queue_lines: QUEUE_LINES,
            queue_gap: 0,
            waiters: if locks <= MAX_LOCKS_WITH_WAITERS { locks } else { 0 },
            waiter_lines: 1,
            responses: figures.pools.len().min(MAX_RESPONSE_POOLS),
            response_lines: RESPONSE_LINES,
            throughput_lines: if has_throughput(view) { THROUGHPUT_LINES } else { 0 },
            signals: used.signals.len(),
            counters: used.counters.len(),
            counter_curves: if curves <= MAX_COUNTER_CURVES { curves } else { 0 },
            counter_lines: 1,
            cores: if cores <= MAX_CORE_ROWS { cores } else { 1 },
            core_lines: 1,
            has_unused_row: !used.unused.is_empty() || !used.zero.is_empty(),
            has_headings: true,
            has_gaps: true,
        }
    }

    /// Shortens sections, the least important first, until all fit into this height.
    fn shrink(&mut self, live_counters: usize, height: usize) {
        let steps: [&dyn Fn(&mut Self); 21] = [
            &|s| s.throughput_lines = s.throughput_lines.min(1),
            &|s| s.response_lines = s.response_lines.min(3),
            &|s| s.cores = s.cores.min(1),
            &|s| s.queue_lines = s.queue_lines.min(3),
            &|s| s.has_gaps = false,
            &|s| s.response_lines = s.response_lines.min(2),
            &|s| s.counters = s.counters.min(live_counters),
            &|s| s.has_unused_row = false,
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
            if self.total_lines() <= height {
                break;
            }
            step(self);
        }
    }

    /// Gives lines that remain to the rows that gain from them: lanes apart, then all of them higher by and by.
    fn grow(&mut self, room: usize) {
        let stages: [&dyn Fn(&mut Self); 30] = [
            &|s| s.queue_gap = 1,
            &|s| s.lane_gap = 1,
            &|s| s.raise_counters(3),
            &|s| s.lane_lines = 2,
            &|s| s.lane_lines = 3,
            &|s| s.queue_lines = s.queue_lines.max(6),
            &|s| s.response_lines = s.response_lines.max(5),
            &|s| s.throughput_lines *= 2,
            &|s| s.waiter_lines = 2,
            &|s| s.queue_lines = s.queue_lines.max(8),
            &|s| s.core_lines = 2,
            &|s| s.response_lines = s.response_lines.max(6),
            &|s| s.waiter_lines = 3,
            &|s| s.raise_counters(5),
            &|s| s.raise_counters(7),
            &|s| s.lane_lines = 4,
            &|s| s.queue_lines = s.queue_lines.max(9),
            &|s| s.response_lines = s.response_lines.max(7),
            &|s| s.waiter_lines = 4,
            &|s| s.queue_lines = s.queue_lines.max(10),
            &|s| s.response_lines = s.response_lines.max(8),
            &|s| s.queue_lines = s.queue_lines.max(12),
            &|s| s.response_lines = s.response_lines.max(10),
            &|s| s.throughput_lines = s.throughput_lines.max(6) * u16::from(s.throughput_lines > 0),
            &|s| s.raise_counters(9),
            &|s| s.lane_lines = 5,
            &|s| s.queue_lines = s.queue_lines.max(15),
            &|s| s.response_lines = s.response_lines.max(13),
            &|s| s.queue_lines = s.queue_lines.max(20),
            &|s| s.response_lines = s.response_lines.max(18),
        ];
        for stage in stages {
            let mut grown = self.clone();
            stage(&mut grown);
            if grown.total_lines() <= room {
                *self = grown;
            }
        }
    }

    /// Makes the rows of counters at least this high, if their values are drawn as areas.
    fn raise_counters(&mut self, lines: u16) {
        self.counter_lines = if self.counter_curves > 0 { self.counter_lines.max(lines) } else { 1 };
    }

    fn total_lines(&self) -> usize {
        let lane_gaps = self.lanes.saturating_sub(1) * self.lane_gap;
        let lanes = self.lanes * usize::from(self.lane_lines) + lane_gaps;
        let responses = self.responses * usize::from(self.response_lines);
        let core_gaps = if self.core_lines > 1 { self.cores.saturating_sub(1) } else { 0 };
        let core_lines = if self.cores > 1 { usize::from(self.core_lines) } else { 1 };
        let cores = self.cores * core_lines + core_gaps;
        let sections = || {
            let resources = [lanes, self.locks, self.queues, self.signals, self.counters];
            resources.into_iter().chain([responses, usize::from(self.throughput_lines), cores])
        };
        let heads = sections().filter(|lines| *lines > 0).count();
        let parts = heads + usize::from(self.has_unused_row);
        let gaps = if self.has_gaps { parts.saturating_sub(1) } else { 0 };
        let heads = if self.has_headings { heads.saturating_sub(1) } else { 0 };
        let high_queues = self.queues.saturating_sub(self.idle_queues);
        let further_queue_lines = high_queues * usize::from(self.queue_lines - 1);
        let waiters = self.waiters * usize::from(self.waiter_lines);
        let further_counter_lines = self.counter_curves.min(self.counters) * usize::from(self.counter_lines - 1);
        let queue_gaps = self.queues.saturating_sub(1) * self.queue_gap;
        sections().sum::<usize>()
            + usize::from(self.has_unused_row)
            + waiters
            + further_counter_lines
            + further_queue_lines
            + queue_gaps
            + heads
            + gaps
    }
}

fn live_counters(view: &RunView) -> usize {
    view.figures.counters.iter().filter(|(_, counter)| is_live(counter)).count()
}
