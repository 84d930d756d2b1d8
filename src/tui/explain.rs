//! What the chosen worker or lock does at the shown moment, and why, in sentences made from recorded facts.
//!
//! Each sentence is true of the recorded events. What they do not tell is said to be unknown.

use super::run_view::{RunView, Selection};
use crate::model::{Activity, LockCapacity, Model, WaitCause, WaitStory, join_names};
use crate::trace::format::{
    compact_duration, compact_percent, format_amount, format_counted, format_stamp, format_tenths,
};
use crate::trace::{ResourceId, Span, Stamp, State, WorkerId};

/// The time before the moment over which the kernel's figures are compared with the events: it counts now and then.
const CPU_WINDOW: Span = Span::from_millis(200);

/// The time over which the load of the cores is taken.
const LOAD_WINDOW: Span = Span::from_millis(1_000);

/// Share of the time in which a worker must have been without a core to say so.
const NOTABLE_SHARE: f64 = 0.1;

/// Share of all cores that other programs must use to be named.
const NOTABLE_LOAD: f64 = 0.25;

/// Holders, waiters or workers that are named.
const MAX_NAMES: usize = 3;

/// Returns the title and the sentences about what is chosen; `None` if nothing is that can be explained.
pub(super) fn explain_selection(view: &RunView) -> Option<(String, Vec<String>)> {
    let explainer = Explainer { model: view.shown_model(), at: view.figures.taken_at, now: view.now };
    let when = match view.time_before_end() {
        Some(_) => format!("at {}", format_stamp(view.figures.taken_at)),
        None => "now".to_owned(),
    };
    let registry = view.shown_model().registry();
    match view.selection? {
        Selection::Lane(worker) => {
            Some((format!("{} {when}", registry.worker_name(worker)), explainer.explain_worker(worker)))
        }
        Selection::Lock(id) => Some((format!("{} {when}", registry.resource_name(id)), explainer.explain_lock(id))),
        Selection::Queue(_) | Selection::Finding(_) => None,
    }
}

struct Explainer<'a> {
    model: &'a Model,
    at: Stamp,
    now: Stamp,
}

impl Explainer<'_> {
    fn worker(&self, worker: WorkerId) -> &str {
        self.model.registry().worker_name(worker)
    }

    fn age(&self, since: Stamp) -> String {
        compact_duration(self.at.span_since(since))
    }

    fn explain_worker(&self, worker: WorkerId) -> Vec<String> {
        let (lane, name) = (self.model.lane(worker), self.worker(worker));
        let Some(activity) = lane.activity_at(self.at) else {
            return vec![format!("{name} has not begun.")];
        };
        if !lane.is_exact_at(self.at) {
            return vec![format!("What {name} did at this moment is not kept any more: only its shares by state are.")];
        }
        let chain = self.model.wait_chain(worker, self.at, self.now);
        let mut sentences = Vec::new();
        if let Some(first) = chain.first() {
            sentences.extend(self.describe_chain(&chain));
            sentences.extend(self.describe_parts(first));
            sentences.extend(self.describe_wait_end(first));
        } else {
            sentences.push(format!("{name} {}.", self.describe_activity(worker, activity)));
            sentences.extend(self.describe_last_wait(worker, activity));
        }
        sentences.extend(self.describe_holds(worker));
        if self.model.lane(worker).lost_events() > 0 {
            sentences.push(format!(
                "{} of {name} were lost: what it did meanwhile is unknown.",
                format_counted(self.model.lane(worker).lost_events(), "event")
            ));
        }
        sentences
    }

    fn explain_lock(&self, id: ResourceId) -> Vec<String> {
        let Some(lock) = self.model.lock(id) else { return Vec::new() };
        let name = self.model.registry().resource_name(id);
        let mut sentences = Vec::new();
        let holders = lock.holders_at(self.at, self.now);
        let is_signal = matches!(lock.capacity(), LockCapacity::Permits { scoped: false, .. });
        sentences.push(match holders.as_slice() {
            [] if is_signal => format!("{name} is used as a signal: its permits have no holder."),
            [] if self.at < self.now && lock.held_share(self.at, self.at + Span(1), self.now) > 0.0 => {
                format!("{name} is held; its holder at this moment is not kept any more.")
            }
            [] => format!("{name} is free, as far as events tell."),
            [(holder, since)] => {
                let activity = self.known_activity(*holder);
                format!(
                    "{name} has been held by {} for {}, {}.",
                    self.worker(*holder),
                    self.age(*since),
                    self.describe_holder(*holder, activity)
                )
            }
            many => format!("{name} is held by {}.", self.names(many.iter().map(|(holder, _)| *holder))),
        });
        let waiters = self.waiters_of(id);
        match waiters.first() {
            Some(first) => {
                sentences.push(format!(
                    "{} for it, {} longest: {}.",
                    if waiters.len() == 1 {
                        "1 worker waits".to_owned()
                    } else {
                        format!("{} workers wait", waiters.len())
                    },
                    self.worker(first.waiter),
                    self.age(first.since)
                ));
                let chain = self.model.wait_chain(first.waiter, self.at, self.now);
                if chain.len() > 1 {
                    sentences.extend(self.describe_chain(&chain));
                }
                sentences.extend(self.describe_parts(first));
            }
            None => sentences.push("No worker is known to wait for it.".to_owned()),
        }
        sentences
    }

    /// Returns the waits for a lock at the moment, the longest first.
    fn waiters_of(&self, id: ResourceId) -> Vec<WaitStory> {
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

    fn known_activity(&self, worker: WorkerId) -> Option<Activity> {
        let lane = self.model.lane(worker);
        lane.activity_at(self.at).filter(|_| lane.is_exact_at(self.at))
    }

    /// Says what the first worker waits for, and what the holder does, from wait to wait.
    fn describe_chain(&self, chain: &[WaitStory]) -> Vec<String> {
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

    /// Says what the holder of something does: `which has been ready ...`.
    fn describe_holder(&self, worker: WorkerId, activity: Option<Activity>) -> String {
        let Some(activity) = activity else {
            return "and what that worker does at this moment is not kept any more".to_owned();
        };
        if activity.state == State::Lock {
            return "which waits itself".to_owned();
        }
        format!("which {}", self.describe_activity(worker, activity))
    }

    /// Says what a worker does: the end of a sentence that begins with its name.
    fn describe_activity(&self, worker: WorkerId, activity: Activity) -> String {
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
            State::Sleep => format!("has slept for {age}, as its steps say"),
            State::Done => format!("ended {age} before"),
            State::Crashed => format!("died {age} before"),
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

    /// Says what a wait consisted of so far: what its holders did.
    fn describe_parts(&self, story: &WaitStory) -> Option<String> {
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

    fn describe_wait_end(&self, story: &WaitStory) -> Option<String> {
        let Some(until) = story.until else {
            return (self.at < self.now).then(|| "The wait has not ended at the end of what is shown.".to_owned());
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
    fn describe_last_wait(&self, worker: WorkerId, activity: Activity) -> Option<String> {
        let before = Stamp(activity.since.0.checked_sub(1)?);
        let story = self.model.wait_story(worker, before, self.now)?;
        let by = story
            .released_by
            .map(|(by, at)| format!(", until {} released it at {}", self.worker(by), format_stamp(at)));
        let waited = compact_duration(activity.since.span_since(story.since));
        Some(format!("Before that it waited {waited} {}{}.", self.describe_awaited(&story), by.unwrap_or_default()))
    }

    fn describe_holds(&self, worker: WorkerId) -> Vec<String> {
        let registry = self.model.registry();
        let held = registry.locks().filter(|id| {
            let lock = self.model.lock(*id);
            lock.is_some_and(|lock| lock.holders_at(self.at, self.now).iter().any(|(holder, _)| *holder == worker))
        });
        let describe = |id: ResourceId| {
            let waiters = self.waiters_of(id);
            let name = registry.resource_name(id);
            match waiters.as_slice() {
                [] => format!("It holds {name}, which no worker is known to wait for."),
                [one] => format!("It holds {name}; {} waits for it.", self.worker(one.waiter)),
                many => format!("It holds {name}; {} wait for it.", self.names(many.iter().map(|s| s.waiter))),
            }
        };
        held.map(describe).collect()
    }

    /// Joins names, at most a few of them.
    fn names(&self, workers: impl Iterator<Item = WorkerId>) -> String {
        let all: Vec<WorkerId> = workers.collect();
        let mut names: Vec<String> = all.iter().take(MAX_NAMES).map(|worker| self.worker(*worker).to_owned()).collect();
        if all.len() > MAX_NAMES {
            names.push(format!("{} more", all.len() - MAX_NAMES));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        join_names(&names)
    }
}
