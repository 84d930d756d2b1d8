//! What happened in an interval of a run, from its events, which are read again.

use std::io;

use crate::model::{Finding, RunSums};
use crate::playback::{Playback, Tape};
use crate::trace::format::format_stamp;
use crate::trace::{Span, Stamp};

/// Most events of an interval that are judged by itself, some 200 ms of work. Of a longer one, findings are those of
/// its end.
const MAX_JUDGED_WORK: u64 = 1 << 21;

/// The events of an interval, summed up.
#[derive(Debug)]
pub(in crate::tui) struct IntervalRecord {
    pub(in crate::tui) from: Stamp,
    pub(in crate::tui) to: Stamp,
    pub(in crate::tui) sums: RunSums,
    /// The findings about the interval alone; `None` if it has too many events.
    pub(in crate::tui) findings: Option<Vec<Finding>>,
}

/// Why nothing is known about the events of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tui) enum IntervalGap {
    /// They are being read.
    Reading,
    /// The end of the range follows the cursor.
    Open,
    /// Events before this moment are not kept.
    NotKeptBefore(Stamp),
    /// No events are kept.
    NotKept,
}

impl IntervalRecord {
    /// Reads an interval. Events at its beginning belong to it, those at its end do not.
    ///
    /// # Errors
    /// If the tape cannot be read.
    pub(in crate::tui) fn read<T: Tape>(playback: &mut Playback<T>, from: Stamp, to: Stamp) -> io::Result<Self> {
        let before = |at: Stamp| at.earlier_by(Span(1));
        let then = if from > Stamp(0) { Some(playback.model_at(before(from))?.sums(before(from))) } else { None };
        let upto = playback.model_at(before(to))?.sums(before(to));
        let sums = then.map_or_else(|| upto.clone(), |then| upto.minus_earlier(&then));
        let findings = playback.period_model(from, to, MAX_JUDGED_WORK)?.map(|model| model.findings_of_period(to));
        Ok(Self { from, to, sums, findings })
    }
}

impl IntervalGap {
    /// Returns a phrase in place of the figures.
    pub(in crate::tui) fn words(self) -> String {
        match self {
            Self::Reading => "reading events".into(),
            Self::Open => "v ends the range".into(),
            Self::NotKeptBefore(at) => format!("not kept before {}", format_stamp(at)),
            Self::NotKept => "not kept".into(),
        }
    }
}
