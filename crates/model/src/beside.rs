//! What comes beside the events: samples taken from outside, and what is rare.

use super::failures::Failure;
use super::lane::Ending;
use super::{Model, Res};
use contend_trace::signal_name;
use contend_trace::{Death, Notice, Sample, Stamp, WorkerId, plural};

/// Lines kept of the runner's standard error and of notes.
const LOG_LINES: usize = 200;

/// Marks kept; the oldest go first.
const MARKS: usize = 500;

/// Something worth a mark on the time axis: a knob turned, a pool resized, a worker died.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub at: Stamp,
    pub text: String,
}

/// A line the runner printed, or a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    pub at: Stamp,
    pub text: String,
}

impl Model {
    pub(super) fn sample(&mut self, sample: &Sample) {
        match sample {
            Sample::Sched { worker, from, to, running, ready } => {
                self.newest = self.newest.max(*to);
                match self.lanes.get_mut(worker.index()) {
                    Some(lane) if from < to => lane.sched(*from, *to, *running, *ready),
                    _ => self.health.anomalies += 1,
                }
            }
            Sample::NoSched if self.sees_ready => {
                self.sees_ready = false;
                let what = "this system does not say when threads wait for a core: such waits look like running";
                self.note(Stamp(0), what.to_owned());
            }
            Sample::NoSched => {}
            Sample::Cores { at, load } => {
                self.newest = self.newest.max(*at);
                self.health.anomalies += u64::from(!self.cores.sample(*at, load));
            }
            Sample::Usage { from, to, run, viewer } => {
                self.newest = self.newest.max(*to);
                self.usage.sample(*from, *to, *run, *viewer);
                self.bound_estimates(*to);
            }
            Sample::Counter { at, counter, value } => {
                self.newest = self.newest.max(*at);
                match self.resources.get_mut(counter.index()) {
                    Some(Res::Counter(counter)) => counter.sample(*at, *value),
                    _ => self.health.anomalies += 1,
                }
            }
            Sample::Ring { worker, lost, .. } => match self.lanes.get_mut(worker.index()) {
                Some(lane) => lane.lost.1 = lane.lost.1.max(*lost),
                None => self.health.anomalies += 1,
            },
            Sample::EventCost { nanos } => self.health.ns_each = *nanos,
        }
    }

    /// Whether the system says when workers wait for a core.
    pub const fn sees_ready(&self) -> bool {
        self.sees_ready
    }

    pub(super) fn notice(&mut self, at: Stamp, notice: &Notice) {
        self.newest = self.newest.max(at);
        match notice {
            Notice::Started { worker, pid, tid } => match self.lanes.get_mut(worker.index()) {
                Some(lane) => (lane.pid, lane.tid) = (Some(*pid), Some(*tid)),
                None => self.health.anomalies += 1,
            },
            Notice::Died { worker, death } => self.died(at, *worker, death),
            Notice::Turned { name, shown, .. } => {
                self.mark(at, format!("{name} {shown}"));
                self.settings_changed(at);
            }
            Notice::Resized { pool, workers } => {
                if let Some(info) = self.cast.pools.get(pool.index()) {
                    let text = format!("{}: {workers} {}", info.name, plural((*workers).into(), "worker"));
                    self.pools[pool.index()].resize(at, *workers);
                    self.mark(at, text);
                    self.settings_changed(at);
                } else {
                    self.health.anomalies += 1;
                }
            }
            Notice::Failed { worker, what } => {
                self.failures.add(Failure { at, worker: *worker, what: what.clone() });
                let text = format!("{}: {what}", self.cast.worker_name(*worker));
                self.note(at, text);
            }
            Notice::Stderr(line) | Notice::Note(line) => self.note(at, line.clone()),
            Notice::Suspended(span) => {
                self.note(at, format!("the machine was suspended for {span}; that time is not on the axis"));
                self.mark(at, format!("suspended {span}"));
            }
        }
    }

    /// A worker is gone and did not say so itself. Its last events may still be on their way.
    fn died(&mut self, at: Stamp, worker: WorkerId, death: &Death) {
        let Some(lane) = self.lanes.get_mut(worker.index()) else {
            self.health.anomalies += 1;
            return;
        };
        let how = match death {
            Death::Exit(code) => format!("{} ended with code {code}", self.cast.worker_name(worker)),
            Death::CutOff => format!("{} cut off", self.cast.worker_name(worker)),
            Death::Signal(signal) => format!("{} killed by {}", self.cast.worker_name(worker), signal_name(*signal)),
        };
        let reborn = lane.began.is_some_and(|began| began > at);
        // Whoever found it dead could not say what it died of.
        let told = [lane.ended.as_mut(), lane.crashed.as_mut().map(|(_, how)| how)];
        for how in told.into_iter().flatten().filter(|how| **how == Ending::Killed) {
            *how = Ending::Died(death.clone());
        }
        // One that had said it would end has only now been seen to; one that began anew since is another.
        if (lane.in_life() && !reborn) || lane.lives == 0 {
            lane.died = Some(at);
            lane.ended = Some(Ending::Died(death.clone()));
            self.bury(worker);
        }
        self.mark(at, how);
    }

    fn mark(&mut self, at: Stamp, text: String) {
        let place = self.marks.partition_point(|mark| mark.at <= at);
        self.marks.insert(place, Mark { at, text });
        if self.marks.len() > MARKS {
            self.marks.remove(0);
        }
    }

    pub(super) fn note(&mut self, at: Stamp, text: String) {
        if self.log.len() == LOG_LINES {
            self.log.pop_front();
        }
        self.log.push_back(LogLine { at, text });
    }
}
