//! The interval whose events are read again, because no model keeps its figures: a chosen range, or the window of the
//! details in the past.
//!
//! A replay reads them from its recording, a live run from what memory holds of it.

use std::rc::Rc;
use std::sync::Arc;

use super::{RunView, Shown};
use crate::model::{Budget, LockSums, Model};
use crate::playback::{CheckpointLimit, Playback, ReadLimit};
use crate::recording::FlightTape;
use crate::trace::{Registry, ResourceId, Stamp};
use crate::tui::figures::{IntervalGap, IntervalRecord, lock_sums_between};

/// Events that are read in a row while the dashboard waits for input: some 5 ms.
const SLICE: u64 = 1 << 16;

/// Most bytes of copies of the model.
const CHECKPOINT_BYTES: usize = 12 << 20;

/// The events of the shown interval, as far as they were read.
#[derive(Debug, Default)]
pub(in crate::tui) struct IntervalReader {
    /// Whether the details of a row are open.
    shows_details: bool,
    record: Option<Rc<IntervalRecord>>,
    past: PastEvents,
}

/// What memory holds of a live run.
#[derive(Debug, Default)]
enum PastEvents {
    /// Nobody asked for it.
    #[default]
    NotFetched,
    /// Memory holds nothing of the run.
    Missing,
    Fetched(Box<FetchedEvents>),
}

#[derive(Debug)]
struct FetchedEvents {
    playback: Playback<FlightTape>,
    /// All events up to this moment are there.
    until: Stamp,
}

impl RunView {
    /// Returns the interval that the figures are about; `None` for the whole run up to the shown moment.
    pub(in crate::tui) fn shown_interval(&self) -> Option<(Stamp, Stamp)> {
        self.shown_range().or_else(|| self.details_window())
    }

    /// Returns the window up to the shown moment, if that is in the past and the details of a row are open.
    fn details_window(&self) -> Option<(Stamp, Stamp)> {
        if !self.interval.shows_details || self.time_before_end().is_none() {
            return None;
        }
        let (to, from) = (self.figures_time(), self.drawn_axis().start().max(self.first_moment()));
        (from < to).then_some((from, to))
    }

    /// Notes whether the details of a row are open.
    pub(in crate::tui) fn set_details_shown(&mut self, shown: bool) {
        if self.interval.shows_details != shown {
            self.interval.shows_details = shown;
            self.read_interval();
        }
    }

    /// Returns what happened in the shown interval, if its events are known.
    pub(in crate::tui) fn interval_record(&self) -> Option<&IntervalRecord> {
        let interval = self.shown_interval()?;
        self.interval.record.as_deref().filter(|record| (record.from, record.to) == interval)
    }

    /// Returns why figures of the shown interval are missing, if they are.
    pub(in crate::tui) fn interval_gap(&self) -> Option<IntervalGap> {
        let (from, _) = self.shown_interval()?;
        if self.interval_record().is_some() {
            return None;
        }
        Some(match (&self.shown, &self.interval.past) {
            (Shown::Recorded, _) | (_, PastEvents::Missing) => IntervalGap::NotKept,
            _ if from < self.first_kept_moment() => IntervalGap::NotKeptBefore(self.first_kept_moment()),
            _ if self.is_range_open() => IntervalGap::Open,
            _ => IntervalGap::Reading,
        })
    }

    /// Returns the use of a lock in the shown interval, if it is known.
    pub(in crate::tui) fn lock_sums(&self, id: ResourceId) -> Option<LockSums> {
        let (from, to) = self.shown_interval()?;
        lock_sums_between(self.shown_model(), id, (from, to, self.now), self.interval_record())
    }

    /// Returns the moment from which on all events can be read.
    fn first_kept_moment(&self) -> Stamp {
        match &self.interval.past {
            PastEvents::Fetched(past) => past.playback.tape().begins_at(),
            _ => self.first_moment(),
        }
    }

    /// Whether the events of the shown interval must be fetched from memory.
    pub(in crate::tui) fn wants_past_events(&self) -> bool {
        let Some((_, to)) = self.shown_interval().filter(|_| !self.is_range_open()) else { return false };
        let is_live = self.player().is_none() && !matches!(self.shown, Shown::Recorded);
        let is_lacking = match &self.interval.past {
            PastEvents::NotFetched => true,
            PastEvents::Missing => false,
            PastEvents::Fetched(past) => past.until < to,
        };
        is_live && is_lacking && self.interval_record().is_none()
    }

    /// Takes what memory holds of the run, and the registry with which the run began.
    pub(in crate::tui) fn take_past_events(&mut self, tape: Option<(FlightTape, Registry)>) {
        let until = self.now.max(self.newest_model().complete_until().unwrap_or_default());
        let thresholds = *self.newest_model().thresholds();
        self.interval.past = tape.map_or(PastEvents::Missing, |(tape, registry)| {
            let registry = Arc::new(registry);
            let model = Model::new(Arc::clone(&registry), Budget::for_registry(&registry)).with_thresholds(thresholds);
            let limit = CheckpointLimit { bytes: CHECKPOINT_BYTES, ..CheckpointLimit::default() };
            let playback = Playback::with_checkpoint_limit(tape, model, limit);
            PastEvents::Fetched(Box::new(FetchedEvents { playback, until }))
        });
        self.refresh();
    }

    /// Whether events of the past are still to be read.
    pub(in crate::tui) fn is_reading_past(&self) -> bool {
        match &self.interval.past {
            PastEvents::Fetched(past) => !past.playback.is_read() && self.interval_gap() == Some(IntervalGap::Reading),
            _ => false,
        }
    }

    /// Reads on in the past for some milliseconds. Returns whether the figures changed.
    pub(in crate::tui) fn read_past_slice(&mut self) -> bool {
        let PastEvents::Fetched(past) = &mut self.interval.past else { return false };
        let is_read = past.playback.read_on(ReadLimit { work: SLICE, until: Stamp(u64::MAX) });
        let is_done = is_read.unwrap_or(true); // a tape in memory can be read
        if is_done {
            self.refresh();
        }
        is_done
    }

    /// Sums up the events of the shown interval, as soon as they are there. While the cursor moves the end of a range,
    /// that waits.
    pub(super) fn read_interval(&mut self) {
        let Some((from, to)) = self.shown_interval() else {
            // What memory holds is of no use any more, and may be large.
            self.interval.record = None;
            if matches!(self.interval.past, PastEvents::Fetched(_)) {
                self.interval.past = PastEvents::NotFetched;
            }
            return;
        };
        if self.is_range_open() || self.interval_record().is_some() || from < self.first_kept_moment() {
            return;
        }
        let read = match (&mut self.shown, &mut self.interval.past) {
            (Shown::Played(player), _) => player.read_interval(from, to),
            (_, PastEvents::Fetched(past)) if past.playback.is_read() && past.until >= to => {
                IntervalRecord::read(&mut past.playback, from, to).ok()
            }
            _ => None,
        };
        self.interval.record = read.map(Rc::new);
    }
}
