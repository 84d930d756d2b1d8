//! Which resources have rows: those that the run uses, once that can be told. The others are only named.

use crate::trace::{ResourceId, Span, Stamp};
use crate::tui::figures::{CounterFigures, LockFigures, ThroughputOf};
use crate::tui::run_view::{RunView, Selection};

/// Time of a run before resources count as unused, so that no row comes and goes while workers start.
const OBSERVATION: Span = Span::from_millis(100);

/// Most counters that are zero, as expected, with rows of their own.
const MAX_ZERO_ROWS: usize = 2;

/// The resources by their section, each in the order of declaration.
#[derive(Debug, Default)]
pub(super) struct UsedResources {
    pub(super) locks: Vec<ResourceId>,
    pub(super) queues: Vec<ResourceId>,
    pub(super) signals: Vec<ResourceId>,
    pub(super) counters: Vec<ResourceId>,
    /// Those that no worker has used until the shown moment, counters not included.
    pub(super) unused: Vec<ResourceId>,
    /// Counters that are zero, as expected.
    pub(super) zero: Vec<ResourceId>,
}

impl UsedResources {
    /// Returns the resources of a run as of the shown moment.
    pub(super) fn of(view: &RunView) -> Self {
        let figures = &view.figures;
        let activities = figures.lanes.iter().flatten().filter_map(|lane| lane.activity);
        let mut awaited: Vec<_> = activities.filter_map(|activity| activity.resource).collect();
        awaited.sort_unstable();
        let is_settled = is_settled(view);
        let mut unused = Vec::new();
        let mut keep = |id: ResourceId, is_used: bool| {
            let is_selected = matches!(view.selection, Some(Selection::Lock(of) | Selection::Queue(of)) if of == id);
            let is_kept = !is_settled || is_used || is_selected || awaited.binary_search(&id).is_ok();
            if !is_kept {
                unused.push(id);
            }
            is_kept.then_some(id)
        };
        let locks = figures.locks.iter().filter_map(|(id, lock)| keep(*id, is_used_lock(view, *id, lock))).collect();
        let queues = figures.queues.iter().filter_map(|(id, queue)| keep(*id, queue.put > 0)).collect();
        let is_used = |sent: u64, gave_up: u64| sent > 0 || gave_up > 0;
        let signals = figures.signals.iter().filter_map(|(id, of)| keep(*id, is_used(of.sent, of.gave_up))).collect();
        let counters = figures.counters.iter();
        let (counters, zero): (Vec<_>, Vec<_>) =
            counters.partition(|(_, of)| !is_settled || is_live(of) || of.expected().is_some_and(|due| due != 0));
        let few_are_zero = zero.len() <= MAX_ZERO_ROWS;
        let (counters, zero) =
            if few_are_zero { (figures.counters.iter().collect(), Vec::new()) } else { (counters, zero) };
        let ids = |of: Vec<&(ResourceId, CounterFigures)>| of.into_iter().map(|(id, _)| *id).collect();
        Self { locks, queues, signals, counters: ids(counters), unused, zero: ids(zero) }
    }
}

fn is_used_lock(view: &RunView, id: ResourceId, figures: &LockFigures) -> bool {
    let is_held = figures.is_held || !figures.holders.is_empty() || figures.extra_permits > 0;
    is_held || releases(view, id) > 0
}

/// Returns how often a lock was released until the shown moment.
fn releases(view: &RunView, id: ResourceId) -> u64 {
    view.shown_model().lock(id).map_or(0, |lock| lock.releases(Stamp(0), view.figures.taken_at))
}

/// Whether the run is old enough, or over, so that what no worker has used counts as unused.
fn is_settled(view: &RunView) -> bool {
    let at = view.figures.taken_at;
    let is_over = view.shown_model().run_end().is_some_and(|(end, _)| end <= at);
    is_over || !view.shown_deadlocks().is_empty() || at.span_since(view.first_moment()) >= OBSERVATION
}

/// Whether a counter has a value that says something.
pub(super) fn is_live(counter: &CounterFigures) -> bool {
    counter.value != 0 || counter.lost.is_some_and(|lost| lost != 0) || counter.failed_swaps.is_some_and(|n| n > 0)
}

/// Whether a counter has a curve: workers changed a value that they share.
pub(super) fn has_curve(view: &RunView, id: ResourceId) -> bool {
    view.shown_model().counter(id).is_some_and(|counter| counter.add_count() > 0 && !counter.is_private())
}

/// Whether a queue has had no item, after a time in which others would have had some.
pub(super) fn is_idle_queue(view: &RunView, id: ResourceId) -> bool {
    is_settled(view) && view.figures.queue(id).is_some_and(|queue| queue.max_depth == 0 && queue.put == 0)
}

/// Whether the throughput says something: of a pool always, of a lock once it is used.
pub(super) fn has_throughput(view: &RunView) -> bool {
    view.figures.throughput.is_some_and(|figures| match figures.of {
        ThroughputOf::Pool(_) => true,
        ThroughputOf::Lock(id) => !is_settled(view) || releases(view, id) > 0,
    })
}
