//! Sentences about what a worker does at the moment, and whether it had a core.

use super::Explainer;
use crate::model::Activity;
use crate::trace::format::{compact_duration, compact_percent, format_amount, format_tenths};
use crate::trace::{Span, State, WorkerId};

/// The time before the moment over which the kernel's figures are compared with the events: it counts now and then.
const CPU_WINDOW: Span = Span::from_millis(200);

/// The time over which the load of the cores is taken.
const LOAD_WINDOW: Span = Span::from_millis(1_000);

/// Share of the time in which a worker must have been without a core to say so.
const NOTABLE_SHARE: f64 = 0.1;

/// Share of all cores that other programs must use to be named.
const NOTABLE_LOAD: f64 = 0.25;

impl Explainer<'_> {
    pub(super) fn known_activity(&self, worker: WorkerId) -> Option<Activity> {
        let lane = self.model.lane(worker);
        lane.activity_at(self.at).filter(|_| lane.is_exact_at(self.at))
    }

    /// Says what the holder of something does: `which has been ready ...`.
    pub(super) fn describe_holder(&self, worker: WorkerId, activity: Option<Activity>) -> String {
        let Some(activity) = activity else {
            return "and what that worker does at this moment is not kept any more".to_owned();
        };
        if activity.state == State::Lock {
            return "which waits itself".to_owned();
        }
        format!("which {}", self.describe_activity(worker, activity))
    }

    /// Says what a worker does: the end of a sentence that begins with its name.
    pub(super) fn describe_activity(&self, worker: WorkerId, activity: Activity) -> String {
        let age = self.age(activity.since);
        let on = activity.resource.map(|on| self.model.registry().resource_name(on));
        let at = |word: &str| on.map_or_else(String::new, |on| format!(" {word} `{on}`"));
        match activity.state {
            State::Running => self.describe_running(worker, activity),
            State::Ready => format!("has been ready to run for {age}{}", self.describe_busy_cores()),
            State::Lock | State::Signal => format!("has waited {age}{}", at("for")),
            State::Empty => format!("has found no work for {age}{}", at("in")),
            State::Full => format!("has waited {age} for room{}", at("in")),
            State::Io => format!("has waited {age} for a file, a device or another process"),
            State::Handover => format!("has been handing a task over to another process for {age}"),
            State::Sleep if self.model.registry().is_open => format!("has slept for {age}"),
            State::Sleep => format!("has slept for {age}, as its steps say"),
            State::Done => format!("ended {age} before"),
            State::Crashed => format!("died {age} before"),
            State::Gil => {
                let lock = on.unwrap_or("GIL");
                format!("has waited {age} for the {lock}; one thread of an interpreter runs at a time")
            }
            State::OffCore => format!("has been off core for {age}, in a call that nothing recorded"),
            State::Gap => "lost events: what it does is unknown".to_owned(),
        }
    }

    /// Says how long a worker has run, and whether it had a core. Events do not tell of preemption; the kernel counts
    /// the time on a core now and then.
    fn describe_running(&self, worker: WorkerId, activity: Activity) -> String {
        let lane = self.model.lane(worker);
        let age = self.age(activity.since);
        if !self.model.has_ready_times() {
            return format!("has computed for {age}; whether it had a core all the time is unknown here");
        }
        let from = activity.since.max(self.at.earlier_by(CPU_WINDOW));
        let times = lane.state_times(from, self.at, self.now);
        let ready = times.get(State::Ready) as f64 / times.alive_ns().max(1) as f64;
        if times.alive_ns() == 0 || ready < NOTABLE_SHARE {
            return format!("has computed for {age}");
        }
        let window = compact_duration(self.at.span_since(from));
        let without = compact_percent(ready);
        format!(
            "has computed for {age}, but was ready without a core for about {without} of the last {window}{}",
            self.describe_busy_cores()
        )
    }

    /// Says how busy the cores are with other programs, if that explains a worker without a core.
    fn describe_busy_cores(&self) -> String {
        let Some(load) = self.model.cpu_load(self.at.earlier_by(LOAD_WINDOW), self.at) else { return String::new() };
        let cores = self.model.cores().online();
        if cores == 0 || load.others < NOTABLE_LOAD * cores as f64 {
            return String::new();
        }
        let busy = format_tenths(load.others);
        format!("; other programs kept {busy} of {} busy in the last second", format_amount(cores as f64, "core"))
    }
}
