//! Which resources have rows: those that the run uses, once that can be told. The others are only named.

use crate::model::Model;
use crate::trace::{ResourceId, Span};
use crate::tui::figures::{CounterFigures, ThroughputOf};
use crate::tui::run_view::{RunView, Selection};

/// Time of a run before resources count as unused, so that no row comes and goes while workers start.
const OBSERVATION: Span = Span::from_millis(500);

/// Fewest holds of a lock of which a rate can be seen.
const MIN_HOLDS: u64 = 10;

/// The resources by their section, each in the order of declaration.
#[derive(Debug, Default)]
pub(super) struct UsedResources {
    pub(super) locks: Vec<ResourceId>,
    pub(super) queues: Vec<ResourceId>,
    pub(super) signals: Vec<ResourceId>,
    pub(super) counters: Vec<ResourceId>,
    /// Those that no worker has used yet, counters not included.
    pub(super) unused: Vec<ResourceId>,
    /// Counters that are zero, as expected.
    pub(super) zero: Vec<ResourceId>,
}

impl UsedResources {
    /// Returns the resources of a run by what is known at the shown moment.
    pub(super) fn of(view: &RunView) -> Self {
        let (figures, model) = (&view.figures, view.shown_model());
        let mut awaited: Vec<_> = model.lanes().filter_map(|(_, lane)| lane.activity().resource).collect();
        awaited.sort_unstable();
        let mut unused = Vec::new();
        let (mut used, is_settled) = (Self::default(), is_settled(view, model));
        let mut split = |ids: &mut dyn Iterator<Item = ResourceId>, touched: &dyn Fn(ResourceId) -> bool| {
            let (kept, others): (Vec<_>, Vec<_>) = ids.partition(|id| {
                !is_settled || touched(*id) || awaited.binary_search(id).is_ok() || is_selected(view, *id)
            });
            unused.extend(others);
            kept
        };
        used.locks = split(&mut figures.locks.iter().map(|(id, _)| *id), &|id| {
            model.lock(id).is_some_and(|lock| lock.acquired() > 0 || lock.posts() > 0 || lock.timeouts() > 0)
        });
        used.queues = split(&mut figures.queues.iter().map(|(id, _)| *id), &|id| {
            view.figures.queue(id).is_some_and(|queue| queue.put > 0)
                || model.queue(id).is_none_or(|queue| queue.put_count() > 0 || queue.timeouts() > 0)
        });
        used.signals = split(&mut figures.signals.iter().map(|(id, _)| *id), &|id| {
            model.signals(id).is_some_and(|signals| signals.sent() > 0 || signals.timeouts() > 0)
        });
        used.unused = unused;
        let counters = figures.counters.iter().map(|(id, _)| *id);
        (used.counters, used.zero) = counters.partition(|id| {
            !is_settled || model.counter(*id).is_none_or(|counter| counter.add_count() > 0 || counter.value() != 0)
        });
        used
    }
}

/// Whether the run is old enough, or over, so that what no worker has used counts as unused.
fn is_settled(view: &RunView, model: &Model) -> bool {
    model.run_end().is_some()
        || model.first_deadlock().is_some()
        || view.now.span_since(view.first_moment()) >= OBSERVATION
}

fn is_selected(view: &RunView, id: ResourceId) -> bool {
    matches!(view.selection, Some(Selection::Lock(of) | Selection::Queue(of)) if of == id)
}

/// Whether a counter has a value that says something.
pub(super) fn is_live(counter: &CounterFigures) -> bool {
    counter.value != 0 || counter.lost.is_some_and(|lost| lost != 0) || counter.failed_swaps.is_some_and(|n| n > 0)
}

/// Whether a queue never had an item, after a time in which others would have had some.
pub(super) fn is_idle_queue(view: &RunView, id: ResourceId) -> bool {
    is_settled(view, view.shown_model())
        && view.figures.queue(id).is_some_and(|queue| queue.max_depth == 0)
        && view.shown_model().queue(id).is_some_and(|queue| queue.put_count() == 0)
}

/// Whether the throughput says something: of a pool always, of a lock once it is used.
pub(super) fn has_throughput(view: &RunView) -> bool {
    let holds = |id| view.shown_model().lock(id).map_or(0, |lock| lock.acquired());
    view.figures.throughput.is_some_and(|figures| match figures.of {
        ThroughputOf::Pool(_) => true,
        ThroughputOf::Lock(id) => holds(id) >= MIN_HOLDS,
    })
}
