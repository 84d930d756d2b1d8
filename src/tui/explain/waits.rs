//! Sentences about a wait: what it is for, who holds that, what its time consisted of, and how it ends.

use super::{Explainer, MAX_NAMES};
use crate::model::{Activity, WaitCause, WaitStory};
use crate::trace::format::{compact_duration, format_counted, format_stamp};
use crate::trace::{ResourceId, Span, Stamp, State, WorkerId};

impl Explainer<'_> {
    /// Returns the waits for a lock at the moment, the longest first.
    pub(super) fn waiters_of(&self, id: ResourceId) -> Vec<WaitStory> {
        let workers = (0..self.model.registry().workers.len()).map(WorkerId::from);
        let waits = |worker: &WorkerId| {
            let lane = self.model.lane(*worker);
            let activity = lane.activity_at(self.at).filter(|_| lane.is_exact_at(self.at));
            activity.is_some_and(|activity| activity.resource == Some(id))
        };
        let stories = workers.filter(waits).filter_map(|worker| self.model.wait_story(worker, self.at, self.now));
        let mut stories: Vec<WaitStory> = stories.filter(|story| story.on == id).collect();
        stories.sort_by_key(|story| (story.since, story.waiter));
        stories
    }

    /// Says what the first worker waits for, and what the holder does, from wait to wait.
    pub(super) fn describe_chain(&self, chain: &[WaitStory]) -> Vec<String> {
        let mut sentences = Vec::new();
        for story in chain {
            let waiter = self.worker(story.waiter);
            let what = self.describe_awaited(story);
            let has = format!("{waiter} has waited {} {what}", self.age(story.since));
            sentences.push(match story.cause {
                WaitCause::Holder { worker, activity, count } => {
                    let role = if self.is_lock(story.on) { "held by" } else { "which depends on" };
                    let others = match count {
                        0 | 1 => String::new(),
                        n => format!(" and {}", format_counted(n as u64 - 1, "other")),
                    };
                    if worker == story.waiter {
                        format!("{has}, {role} itself{others}.")
                    } else {
                        let does = self.describe_holder(worker, activity);
                        format!("{has}, {role} {}{others}, {does}.", self.worker(worker))
                    }
                }
                WaitCause::Free { next: Some(next) } if next == story.waiter => {
                    format!("{has}. It is free, and {waiter} takes it next.")
                }
                WaitCause::Free { next: Some(next) } => {
                    format!("{has}. It is free at this moment; {} takes it next.", self.worker(next))
                }
                WaitCause::Free { next: None } => format!("{has}. It is free at this moment, as far as events tell."),
                WaitCause::Over => format!("{has}. The wait is over, but {waiter} does not run yet."),
                WaitCause::Unknown => format!("{has}. Which worker could end this wait is unknown."),
            });
        }
        if let Some(WaitStory { cause: WaitCause::Holder { worker, .. }, .. }) = chain.last()
            && chain.len() > 1
            && chain.iter().any(|story| story.waiter == *worker)
        {
            let is_proven = self
                .model
                .deadlocks()
                .iter()
                .any(|deadlock| deadlock.closed_at <= self.at && deadlock.workers.contains(worker));
            sentences.push(if is_proven {
                "They wait for each other in a circle: none of them will ever run again.".to_owned()
            } else {
                "They wait for each other in a circle.".to_owned()
            });
        }
        sentences
    }

    fn is_lock(&self, on: ResourceId) -> bool {
        self.model.registry().resource(on).is_some_and(|info| info.kind.is_lock())
    }

    fn describe_awaited(&self, story: &WaitStory) -> String {
        let registry = self.model.registry();
        let name = registry.resource_name(story.on);
        if let Some(worker) = registry.life_owner(story.on) {
            return format!("for the end of {}", registry.worker_name(worker));
        }
        match (story.state, registry.resource(story.on).map(|info| &info.kind)) {
            (State::Empty, _) => format!("for something to take from `{name}`"),
            (State::Full, _) => format!("for room in `{name}`"),
            _ => format!("for `{name}`"),
        }
    }

    /// Says what a wait consisted of so far: what its holders did.
    pub(super) fn describe_parts(&self, story: &WaitStory) -> Option<String> {
        let total = story.parts.total_ns;
        if total == 0 {
            return None;
        }
        let mut parts = Vec::new();
        for pair in story.holders.iter().take(MAX_NAMES) {
            let doing: Vec<String> = [
                ("running", pair.holder_times.get(State::Running)),
                ("ready without a core", pair.holder_times.get(State::Ready)),
                ("waiting itself", pair.holder_waiting_ns()),
                ("unknown", pair.holder_times.get(State::Gap)),
            ]
            .into_iter()
            .filter(|(_, ns)| *ns > 0)
            .map(|(word, ns)| format!("{word} {}", compact_duration(Span(ns))))
            .collect();
            parts.push(format!(
                "{} had it {} ({})",
                self.worker(pair.holder),
                compact_duration(Span(pair.total_ns())),
                doing.join(", ")
            ));
        }
        let rest: u64 = story.holders.iter().skip(MAX_NAMES).map(crate::model::PairCost::total_ns).sum();
        for (words, ns) in [
            ("others had it", rest + story.parts.others_ns),
            ("it was free", story.parts.handoff_ns),
            ("over, but not running yet", story.parts.wakeup_ns),
            ("unknown", story.parts.unknown_ns),
        ] {
            if ns > 0 {
                parts.push(format!("{words} {}", compact_duration(Span(ns))));
            }
        }
        Some(format!("Of these {}: {}.", compact_duration(Span(total)), parts.join("; ")))
    }

    pub(super) fn describe_wait_end(&self, story: &WaitStory) -> Option<String> {
        let Some(until) = story.until else {
            return (self.at < self.now).then(|| "The wait has not ended at the end of the shown time.".to_owned());
        };
        let later = compact_duration(until.span_since(self.at));
        Some(match story.released_by {
            Some((worker, at)) => format!(
                "The wait ends {later} later: {} releases at {}, {} before.",
                self.worker(worker),
                format_stamp(at),
                compact_duration(until.span_since(at))
            ),
            None => format!("The wait ends {later} later."),
        })
    }

    /// Says what the wait before the present activity was, and which worker ended it.
    pub(super) fn describe_last_wait(&self, worker: WorkerId, activity: Activity) -> Option<String> {
        let before = Stamp(activity.since.0.checked_sub(1)?);
        let story = self.model.wait_story(worker, before, self.now)?;
        let by = story
            .released_by
            .map(|(by, at)| format!(", until {} released it at {}", self.worker(by), format_stamp(at)));
        let waited = compact_duration(activity.since.span_since(story.since));
        Some(format!("Before that it waited {waited} {}{}.", self.describe_awaited(&story), by.unwrap_or_default()))
    }
}
