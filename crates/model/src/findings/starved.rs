//! A worker that waits while others get, again and again, what it waits for.

use super::families::worst_first;
use super::{About, Finding, Look, Severity, count};
use crate::Lock;
use contend_trace::{ResourceId, Span, Stamp, WorkerId};

pub(super) const ID: &str = "starved";

/// A wait shorter than this is a wait.
const LEAST: Span = Span::millis(500);

/// How many times each of the others must have had it during that wait, on average. In order of arrival it is once.
const PASSED: u64 = 20;

/// One wait of a worker.
#[derive(Clone, Copy)]
struct Wait {
    worker: WorkerId,
    since: Stamp,
    until: Stamp,
    over: bool,
}

pub(super) fn find(look: &Look<'_>) -> Vec<Finding> {
    worst_first(look.model.cast().locks().filter_map(|id| check(look, id, look.model.lock(id)?)))
}

fn check(look: &Look<'_>, id: ResourceId, lock: &Lock) -> Option<(f64, Finding)> {
    let open = lock.waiters().into_iter().map(|(worker, since)| Wait { worker, since, until: look.now, over: false });
    let change = look.model.change(look.now).map_or(Stamp(0), |change| change.at);
    let past = lock.longest_waits().filter(|(.., until)| *until >= change).map(|(worker, since, until)| Wait {
        worker,
        since,
        until,
        over: true,
    });
    let wait =
        open.chain(past).filter(|wait| !look.is_stuck(wait.worker)).max_by_key(|wait| wait.until.since(wait.since))?;
    let waited = wait.until.since(wait.since);
    let others = lock.by_worker().filter(|(worker, acquired)| *worker != wait.worker && *acquired > 0).count() as u64;
    let passed = lock.releases(wait.since, wait.until);
    if waited < LEAST || others == 0 || passed < PASSED * others {
        return None;
    }
    let (name, who) = (look.resource(id), look.name(wait.worker));
    let got = lock.by_worker().find(|(worker, _)| *worker == wait.worker).map_or(0, |(_, acquired)| acquired);
    let finding = Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{who} {} for {name} for {waited}, while {} had it {}.",
            if wait.over { "waited" } else { "has waited" },
            count(others, "other"),
            count(passed, "time"),
        ),
        evidence: format!(
            "In order of arrival each would have had it about once in that time; {who} got it {} in all.",
            count(got, "time")
        ),
        cure: "Serve workers in order of arrival, or let waiting ones go before new ones.".into(),
        about: Some(About::Resource(id)),
        at: Some(wait.since),
    };
    Some((waited.secs(), finding))
}
