//! The due times of tasks of a batch: recorded in a trace, at a rate, or as soon as the queue has room.

use super::arrival_schedule::{ArrivalSchedule, FeedClock};
use crate::context::RunContext;
use crate::input_items::RequestTrace;
use crate::step_runner::StepRunner;
use contend_scenario::{Arrivals, Feed, Pace, PoolSpec};

/// The schedule of a batch.
pub(super) enum BatchSchedule<'a> {
    AsAccepted,
    AtRate(ArrivalSchedule, Arrivals),
    Recorded(Replay<'a>),
}

impl<'a> BatchSchedule<'a> {
    pub(super) fn new(run: &'a RunContext, pool: &PoolSpec, index: usize, step_runner: &StepRunner) -> Self {
        match (&pool.pace, &pool.feed, run.input_items.trace(index)) {
            (Pace::Rate(rate), ..) => Self::AtRate(ArrivalSchedule::new(), Arrivals::steady(rate.clone())),
            (Pace::Recorded, Feed::Trace { speed, .. }, Some(trace)) => {
                Self::Recorded(Replay::new(trace, speed.eval(step_runner)))
            }
            (Pace::AsAccepted | Pace::Recorded, ..) => Self::AsAccepted,
        }
    }

    /// Waits until the task with this number is due. Returns the due time in ticks, or `None` when the feeder must end.
    pub(super) fn wait_for(&mut self, number: u64, step_runner: &mut StepRunner) -> Option<u64> {
        match self {
            Self::AsAccepted => (!step_runner.asked_to_end()).then(|| step_runner.recorder.now()),
            Self::AtRate(schedule, arrivals) => schedule.wait_for_next(arrivals, step_runner),
            Self::Recorded(replay) => replay.wait_for(number, step_runner),
        }
    }
}

/// A trace that is replayed, one time after the other.
pub(super) struct Replay<'a> {
    trace: &'a RequestTrace,
    speed: f64,
    clock: FeedClock,
    /// The due time of the task before, in nanoseconds of the trace.
    due: f64,
}

impl<'a> Replay<'a> {
    fn new(trace: &'a RequestTrace, speed: f64) -> Self {
        Self { trace, speed: speed.max(1e-6), clock: FeedClock::start(), due: 0.0 }
    }

    fn wait_for(&mut self, number: u64, step_runner: &mut StepRunner) -> Option<u64> {
        self.due += gap_before(self.trace, number);
        let due = self.due / self.speed;
        while !step_runner.asked_to_end() {
            if due <= self.clock.now() {
                return Some(self.clock.ticks_at(due, step_runner));
            }
            self.clock.sleep_towards(due, step_runner);
        }
        None
    }
}

/// Returns the time before the task with this number, in nanoseconds of the trace. A repetition begins a mean gap after
/// the last request of the one before.
fn gap_before(trace: &RequestTrace, number: u64) -> f64 {
    let is_first = number.is_multiple_of(trace.requests().len() as u64);
    if is_first && number > 0 { trace.mean_gap_nanos() } else { trace.request(number).gap as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_keep_the_mean_rate() {
        let trace = RequestTrace::parse(&b"5,1\n6,1\n8,1\n"[..], 3).expect("a trace");
        let gaps: Vec<f64> = (0..7).map(|number| gap_before(&trace, number) / 1e9).collect();
        assert_eq!(gaps, [0.0, 1.0, 2.0, 1.5, 1.0, 2.0, 1.5]);
    }
}
