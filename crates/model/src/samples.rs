//! Applies samples and notices: what the source and the runner report besides events.

use super::failures::Failure;
use super::lane::LifeEnd;
use super::{Model, ResourceState};
use contend_trace::printable::mask_line;
use contend_trace::signal_name;
use contend_trace::{DeathCause, Notice, Sample, Stamp, WorkerId, plural};

/// The maximum number of log lines.
const MAX_LOG_LINES: usize = 200;

/// Most notes on the picture that are kept.
const MAX_NOTES: usize = 100;

/// The maximum number of marks; the oldest are dropped first.
const MAX_MARKS: usize = 500;

/// A mark on the time axis at a change of the run: a knob was set, a pool was resized, or a worker died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineMark {
    pub at: Stamp,
    pub text: String,
}

/// A line that the runner printed, or a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub at: Stamp,
    pub text: String,
}

impl Model {
    pub(super) fn apply_sample(&mut self, sample: &Sample) {
        match sample {
            Sample::Sched { worker, from, to, running, ready } => {
                self.newest_stamp = self.newest_stamp.max(*to);
                match self.lanes.get_mut(worker.index()) {
                    Some(lane) if from < to => lane.apply_sched_sample(*from, *to, *running, *ready),
                    _ => self.health.anomalies += 1,
                }
            }
            Sample::SchedUnavailable if self.has_ready_times => {
                self.has_ready_times = false;
                let text = "this system does not say when threads wait for a core: such waits look like running";
                self.add_log_line(Stamp(0), text);
            }
            Sample::SchedUnavailable => {}
            Sample::Cores { at, load } => {
                self.newest_stamp = self.newest_stamp.max(*at);
                self.health.anomalies += u64::from(!self.cores.sample(*at, load));
            }
            Sample::Usage { from, to, run, viewer } => {
                self.newest_stamp = self.newest_stamp.max(*to);
                self.usage.sample(*from, *to, *run, *viewer);
                self.bound_estimates(*to);
            }
            Sample::Counter { at, counter, value } => {
                self.newest_stamp = self.newest_stamp.max(*at);
                match self.resources.get_mut(counter.index()) {
                    Some(ResourceState::Counter(counter)) => counter.sample(*at, *value),
                    _ => self.health.anomalies += 1,
                }
            }
            Sample::Ring { worker, lost, .. } => match self.lanes.get_mut(worker.index()) {
                Some(lane) => lane.lost_events.1 = lane.lost_events.1.max(*lost),
                None => self.health.anomalies += 1,
            },
            Sample::OnCore { worker, core, from, to, running } => {
                self.newest_stamp = self.newest_stamp.max(*to);
                let is_possible = worker.index() < self.lanes.len()
                    && self.cores.record_placement(*worker, *core, (*from, *to), *running);
                self.health.anomalies += u64::from(!is_possible);
            }
            Sample::CoreLayout { physical, is_virtual } => self.cores.set_layout(physical, *is_virtual),
            Sample::EventCost { nanos } => self.health.ns_per_event = *nanos,
            Sample::ClockError { nanos } => self.health.clock_error = self.health.clock_error.max(*nanos),
        }
    }

    /// Whether the system tells how long workers wait for a core.
    pub const fn has_ready_times(&self) -> bool {
        self.has_ready_times
    }

    pub(super) fn apply_notice(&mut self, at: Stamp, notice: &Notice) {
        self.newest_stamp = self.newest_stamp.max(at);
        match notice {
            Notice::Started { worker, pid, tid } => match self.lanes.get_mut(worker.index()) {
                Some(lane) => (lane.pid, lane.tid) = (Some(*pid), Some(*tid)),
                None => self.health.anomalies += 1,
            },
            Notice::Died { worker, cause } => self.record_noticed_death(at, *worker, cause),
            Notice::KnobSet { name, value_text, .. } => {
                self.add_mark(at, &format!("{name} {value_text}"));
                self.record_settings_change(at);
            }
            Notice::Resized { pool, workers } => {
                if let Some(info) = self.registry.pools.get(pool.index()) {
                    let text = format!("{}: {workers} {}", info.name, plural((*workers).into(), "worker"));
                    self.pools[pool.index()].resize(at, *workers);
                    self.add_log_line(at, &text); // the knob that asked for it is marked on the axis
                    self.record_settings_change(at);
                } else {
                    self.health.anomalies += 1;
                }
            }
            Notice::TaskFailed { worker, message } => {
                let message = mask_line(message);
                let text = format!("{}: {message}", self.registry.worker_name(*worker));
                self.failures.add(Failure { at, worker: *worker, message: message.into_owned() });
                self.add_log_line(at, &text);
            }
            Notice::Stderr(line) => self.add_log_line(at, line),
            Notice::Note(line) => {
                self.add_log_line(at, line);
                if self.notes.len() < MAX_NOTES {
                    self.notes.push(mask_line(line).into_owned());
                }
            }
            Notice::Suspended(span) => {
                self.add_log_line(at, &format!("the machine was suspended for {span}; that time is not on the axis"));
                self.add_mark(at, &format!("suspended {span}"));
            }
            Notice::Mark(text) => self.named_marks.add_of_user(at, mask_line(text).into_owned()),
        }
    }

    /// Records the death of a worker that did not report its end itself. Its last events may still arrive.
    fn record_noticed_death(&mut self, at: Stamp, worker: WorkerId, cause: &DeathCause) {
        let Some(lane) = self.lanes.get_mut(worker.index()) else {
            self.health.anomalies += 1;
            return;
        };
        let text = match cause {
            DeathCause::Exit(code) => format!("{} ended with code {code}", self.registry.worker_name(worker)),
            DeathCause::CutOff => format!("{} cut off", self.registry.worker_name(worker)),
            DeathCause::Signal(signal) => {
                format!("{} killed by {}", self.registry.worker_name(worker), signal_name(*signal))
            }
        };
        let is_restarted = lane.began.is_some_and(|began| began > at);
        // A worker that finds another one dead does not know the cause; the notice does.
        let ends = [lane.ending.as_mut(), lane.last_crash.as_mut().map(|(_, end)| end)];
        for end in ends.into_iter().flatten().filter(|end| **end == LifeEnd::FoundDead) {
            *end = LifeEnd::Died(cause.clone());
        }
        let end = LifeEnd::Died(cause.clone());
        // The notice is about this life, unless that ended by the worker's own word: then it is about the same one, or
        // a later one. One that another notice is about as well was cut off afterwards, or is a former life by now.
        if lane.noticed_death.is_none() && lane.is_in_life() && !is_restarted || lane.life_count == 0 {
            lane.noticed_death = Some(at);
            lane.ending = Some(end);
            self.record_death(worker);
        } else if lane.is_cut_off() && lane.is_in_life() && !is_restarted {
            lane.ending = Some(end); // now the cause is known
        } else if !is_restarted {
            lane.later_deaths.add(at, end);
        }
        self.add_mark(at, &text);
    }

    fn add_mark(&mut self, at: Stamp, text: &str) {
        let text = mask_line(text).into_owned();
        let index = self.marks.partition_point(|mark| mark.at <= at);
        self.marks.insert(index, TimelineMark { at, text });
        if self.marks.len() > MAX_MARKS {
            self.marks.remove(0);
        }
    }

    pub(super) fn add_log_line(&mut self, at: Stamp, text: &str) {
        let text = mask_line(text).into_owned();
        if self.log.len() == MAX_LOG_LINES {
            self.log.pop_front();
        }
        self.log.push_back(LogLine { at, text });
    }
}
