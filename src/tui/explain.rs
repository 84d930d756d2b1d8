//! What the chosen worker or lock does at the shown moment, and why, in sentences made from recorded facts; and what
//! the chosen finding means.
//!
//! Each sentence is true of the recorded events. What they do not tell is said to be unknown.

mod activity;
mod finding;
mod waits;

use self::finding::explain_finding;
use super::run_view::{RunView, Selection};
use crate::model::{LockCapacity, Model, join_names};
use crate::trace::format::{compact_duration, format_counted};
use crate::trace::{ResourceId, Span, Stamp, WorkerId};

/// Holders, waiters or workers that are named.
const MAX_NAMES: usize = 3;

/// Returns the title and the sentences about the chosen row; `None` if it cannot be explained.
pub(super) fn explain_selection(view: &RunView) -> Option<(String, Vec<String>)> {
    let explainer = Explainer { model: view.shown_model(), at: view.figures.taken_at, now: view.now };
    let when = if view.shows_present() {
        "now".to_owned()
    } else {
        format!("at {}", view.format_moment(view.figures.taken_at))
    };
    let registry = view.shown_model().registry();
    match view.selection? {
        Selection::Lane(worker) => {
            Some((format!("{} {when}", registry.worker_name(worker)), explainer.explain_worker(worker)))
        }
        Selection::Lock(id) => Some((format!("{} {when}", registry.resource_name(id)), explainer.explain_lock(id))),
        Selection::Finding(index) => {
            let finding = view.figures.findings.get(index)?;
            let thresholds = view.shown_model().thresholds();
            Some((format!("{} {}", finding.severity.label(), finding.id), explain_finding(finding, thresholds)))
        }
        Selection::Queue(_) => None,
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
