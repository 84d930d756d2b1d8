//! The preview of a scenario in the picker: the lanes of a short recorded run that comes with the program.
//!
//! A file of the user has none. For it, the picker lists the workers and what they share.

use std::io::Cursor;
use std::sync::Arc;

use crate::model::{Budget, CellWindow, Model, StateTimes};
use crate::playback::Playback;
use crate::recording::Recording;
use crate::scenario::Scenario;
use crate::trace::{Span, Stamp, plural};

/// Most lanes of a picture.
pub(super) const MAX_LANES: usize = 8;

/// The picture of a recorded run.
pub(super) struct Preview {
    /// The first workers that lived, in order.
    pub(super) lanes: Vec<PreviewLane>,
    /// How many workers lived.
    pub(super) workers: usize,
    /// The time that the picture covers.
    pub(super) duration: Span,
}

pub(super) struct PreviewLane {
    pub(super) name: String,
    pub(super) cells: Vec<StateTimes>,
}

impl Preview {
    /// Plays a recording, and divides the time from the first worker's beginning to the end into this many cells.
    /// `None` if it cannot be read, or nothing happened.
    pub(super) fn of_recording(recording: &[u8], cells: usize) -> Option<Self> {
        let recording = Recording::from_reader(Cursor::new(recording)).ok()?;
        let registry = Arc::new(recording.description().registry.clone());
        let budget = Budget::for_registry(&registry);
        let mut playback = Playback::new(recording, Model::new(registry, budget));
        playback.seek(Stamp(u64::MAX)).ok()?;
        let (model, end) = (playback.model(), playback.end());
        let begin = |worker| model.lane(worker).spans(Stamp(0), end).find(|span| span.state.is_alive());
        let begins: Vec<_> = model.lanes().filter_map(|(worker, _)| Some((worker, begin(worker)?.since))).collect();
        let from = begins.iter().map(|(_, since)| *since).min()?;
        let window = CellWindow { from, to: end, cells };
        let lanes = begins.iter().take(MAX_LANES).map(|(worker, _)| {
            let mut cells = Vec::new();
            model.lane(*worker).cells(&window, end, &mut cells);
            PreviewLane { name: model.registry().worker_name(*worker).to_owned(), cells }
        });
        Some(Self { lanes: lanes.collect(), workers: begins.len(), duration: end.span_since(from) })
    }
}

/// Returns the workers of a scenario and what they share, a line each.
pub(super) fn list_members(scenario: &Scenario) -> Vec<(&'static str, String)> {
    let settings = scenario.default_settings();
    let groups = scenario.groups.iter().map(|group| (group.count.eval(&settings), &group.name, group.kind.noun()));
    let pools = scenario.pools.iter().map(|pool| {
        let kind = pool.worker_kind.pick(|knob| settings.number(knob));
        (pool.workers.eval(&settings), &pool.name, kind.map_or("worker", |kind| kind.noun()))
    });
    let shared = scenario.resources.iter().map(|one| (one.count.eval(&settings), &one.name, one.spec.noun()));
    let rows = [("Workers", join_counts(groups.chain(pools))), ("Shared", join_counts(shared))];
    rows.into_iter().filter(|(_, list)| !list.is_empty()).collect()
}

/// Returns a list such as `4 teller (threads), auditor (process)`.
fn join_counts<'a>(members: impl Iterator<Item = (f64, &'a String, &'a str)>) -> String {
    let one = |(count, name, noun): (f64, &String, &str)| match count.max(1.0) as u64 {
        1 => format!("{name} ({noun})"),
        count => format!("{count} {name} ({})", plural(count, noun)),
    };
    members.map(one).collect::<Vec<_>>().join(", ")
}
