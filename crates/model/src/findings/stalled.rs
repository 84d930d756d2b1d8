//! Workers that wait forever for something that no remaining worker can give.

mod barrier;
mod cure;
mod held;
mod thing;

use self::thing::{Thing, things};
use super::{About, Finding, Look, Severity, count, orphaned_lock};
use crate::{Edge, Stall, listed, stuck_in_all};
use contend_trace::{ResourceId, ResourceKind, Span, Stamp, WorkerId};

pub(super) const ID: &str = "stall";
pub(super) const LOST: &str = "lost-wakeup";

pub(super) fn find(look: &Look<'_>) -> Option<Finding> {
    let stall = look.model.standing_stall(look.now)?;
    // Where events were lost, a signal that came later may be among them.
    let whole = look.model.health().lost == 0;
    // What a worker looks at before it waits is known as the knobs stood at the start.
    let whole = whole && look.model.marks().is_empty();
    let missed = stall.set.iter().filter(|_| whole).find_map(|worker| missed(look, &stall, *worker));
    if let Some(missed) = missed {
        return Some(lost_wakeup(look, &stall, missed));
    }
    starved(look, &stall).or_else(|| explained(look, &stall))
}

/// A signal that was given before anyone waited for it of those who wait now, and the first of them.
#[derive(Debug, Clone, Copy)]
struct Missed {
    worker: WorkerId,
    on: ResourceId,
    signal: Stamp,
}

/// The wait of a worker for a condition whose newest signal was given before it, and before every other wait for it.
/// Where whoever gave it waits as well, the signal was not late: it went to the wrong one. It is not lost for a worker
/// that it woke, nor for one that looks at a value before it waits: that one saw what the signal was about.
fn missed(look: &Look<'_>, stall: &Stall, worker: WorkerId) -> Option<Missed> {
    let on = look.model.lane(worker).doing().on?;
    let is_condition = matches!(look.model.cast().resource(on)?.kind, ResourceKind::Condition { .. });
    let (signal, giver) = look.model.signals(on)?.last()?;
    let waiting = || stall.set.iter().filter(|other| look.model.lane(**other).doing().on == Some(on));
    let late = |other: &WorkerId| look.model.lane(*other).doing().since > signal;
    let too_late = is_condition && waiting().all(late) && !waiting().any(|other| *other == giver);
    let guarded = look.model.cast().wakers.get(on.index()).map_or(&[][..], |wakers| &wakers.guarded);
    let needs_it = |other: &&WorkerId| {
        let looks_first = guarded.iter().any(|lanes| lanes.iter().any(|lane| lane == **other));
        !looks_first && !look.model.signals(on).is_some_and(|signals| signals.has_heard_since(**other, signal))
    };
    let first = waiting().filter(needs_it).min_by_key(|other| look.model.lane(**other).doing().since)?;
    too_late.then_some(Missed { worker: *first, on, signal })
}

/// A pool all of whose workers wait for results of tasks that are still in its queue.
fn starved(look: &Look<'_>, stall: &Stall) -> Option<Finding> {
    let in_vain = |worker: &WorkerId| stall.set.contains(worker);
    let found = look.pools().find(|(_, info, pool)| {
        let there = || info.workers.iter().filter(|worker| look.model.lane(**worker).in_life());
        let waits = |worker: &WorkerId| look.model.lane(*worker).doing().on == info.results;
        let left = look.model.queue(info.queue).is_some_and(|queue| queue.depth() > 0);
        pool.size() > 0 && left && there().count() > 0 && there().all(|worker| in_vain(worker) && waits(worker))
    });
    let (_, info, pool) = found?;
    let (n, left) = (pool.size(), look.model.queue(info.queue)?.depth());
    let who = if n == 1 { "The only worker".to_owned() } else { format!("All {n} workers") };
    let (wait, them) = if n == 1 { ("waits", "it") } else { ("wait", "they") };
    let (tasks, stay) = (count(left.into(), "task"), if left == 1 { "stays" } else { "stay" });
    Some(Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!(
            "{who} of {} {wait} for results of tasks that only {them} could do; {tasks} {stay} in the queue.",
            info.name
        ),
        evidence: evidence(look, stall),
        cure: "Give the tasks that others wait for a pool of their own, or have more workers than waiting tasks."
            .into(),
        about: Some(About::Resource(info.queue)),
        at: Some(stall.at),
    })
}

fn lost_wakeup(look: &Look<'_>, stall: &Stall, missed: Missed) -> Finding {
    let (who, on) = (look.name(missed.worker), look.resource(missed.on));
    Finding {
        id: LOST,
        severity: Severity::Error,
        sentence: format!(
            "The signal of {on} came {} before {who} began to wait for it: it is lost, and no other will come.",
            look.model.lane(missed.worker).doing().since.since(missed.signal)
        ),
        evidence: evidence(look, stall),
        cure: "Keep the state in a value, and check it inside the mutex before each wait.".into(),
        about: Some(About::Resource(missed.on)),
        at: Some(missed.signal),
    }
}

/// The lock that is in the way, a barrier at which too few can meet, an orphaned lock; else what the first of them lacks.
fn explained(look: &Look<'_>, stall: &Stall) -> Option<Finding> {
    let things = things(look, stall);
    let all = stall.set.len();
    let finding = |(sentence, told): (String, usize), cure: String, about: ResourceId| Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!("{sentence} {}", stuck_in_all(told, all)),
        evidence: evidence(look, stall),
        cure,
        about: Some(About::Resource(about)),
        at: Some(stall.at),
    };
    if let Some(held) = held::find(look, stall) {
        return Some(finding((held.sentence(look), 2), held.cure(look), held.about()));
    }
    if let Some(too_few) = barrier::find(look, stall, &things) {
        return Some(finding((too_few.sentence(look), too_few.arrived), too_few.cure(look), too_few.thing.on));
    }
    if let Some((sentence, results)) = lost_result(look, stall, &things) {
        return Some(finding(sentence, "Retry the task when its worker dies, or fail its result.".into(), results));
    }
    // The root of it: what all who could give it have ended without giving, or a lock that somebody has ended with.
    let given_up = things.iter().find(|thing| thing.is_given_up(look));
    let orphan = orphan(look, stall).filter(|_| given_up.is_none());
    if let Some(edge) = orphan
        && !is_told(look, edge)
    {
        let cure = "Release it on every way out, also when a worker fails.".into();
        return Some(finding(orphaned(look, stall, edge), cure, edge.lock));
    }
    let thing = *given_up.or(things.first())?;
    let (names, wait) = waiters(look, thing.waiters(look, stall));
    let (fate, named) = thing.fate(look);
    let sentence = format!("{} {wait} for {}; {fate}.", listed(&names), thing.words(look));
    let cure = orphan.map_or_else(
        || cure::of(look, thing),
        |edge| format!("Release {} on every way out.", look.resource(edge.lock)),
    );
    Some(finding((sentence, names.len() + named), cure, thing.on))
}

/// A wait for a lock whose holder has ended.
fn orphan(look: &Look<'_>, stall: &Stall) -> Option<Edge> {
    let edges = stall.set.iter().flat_map(|worker| look.model.wants(*worker).edges);
    edges.into_iter().find(|edge| !look.model.lane(edge.holder).is_alive())
}

/// Whether an orphaned lock has a finding of its own.
fn is_told(look: &Look<'_>, edge: Edge) -> bool {
    orphaned_lock::find(look).iter().any(|finding| finding.about == Some(About::Resource(edge.lock)))
}

fn orphaned(look: &Look<'_>, stall: &Stall, edge: Edge) -> (String, usize) {
    let waits = |worker: &WorkerId| look.model.lane(*worker).doing().on == Some(edge.lock);
    let (names, wait) = waiters(look, stall.set.iter().copied().filter(waits));
    let (lock, holder) = (look.resource(edge.lock), look.name(edge.holder));
    (format!("{} {wait} for {lock}, which {holder} ended without releasing.", listed(&names)), names.len())
}

/// Workers that wait for results of a pool that lost tasks with their workers.
fn lost_result(look: &Look<'_>, stall: &Stall, things: &[Thing]) -> Option<((String, usize), ResourceId)> {
    let mut lossy = look.pools().filter(|(_, _, pool)| pool.lost() > 0);
    let (thing, info, lost) = lossy.find_map(|(_, info, pool)| {
        let thing = things.iter().find(|thing| Some(thing.on) == info.results)?;
        Some((*thing, info, pool.lost()))
    })?;
    let (names, wait) = waiters(look, thing.waiters(look, stall));
    let was = if lost == 1 { "was lost with its worker" } else { "were lost with their workers" };
    let sentence = format!("{} {wait} for a result of {}; {} {was}.", listed(&names), info.name, count(lost, "task"));
    Some(((sentence, names.len()), thing.on))
}

/// Names, and the verb after them.
fn waiters<'a>(look: &Look<'a>, workers: impl IntoIterator<Item = WorkerId>) -> (Vec<&'a str>, &'static str) {
    let names: Vec<&str> = workers.into_iter().map(|worker| look.name(worker)).collect();
    let wait = if names.len() == 1 { "waits" } else { "wait" };
    (names, wait)
}

/// Since when, and for each thing that is waited for, by how many.
fn evidence(look: &Look<'_>, stall: &Stall) -> String {
    let mut waits: Vec<(ResourceId, Option<Thing>, u64)> = Vec::new();
    for worker in &stall.set {
        let Some(on) = look.model.lane(*worker).doing().on else { continue };
        let thing = Thing::of(look, *worker);
        match waits.iter_mut().find(|(other, what, _)| (*other, *what) == (on, thing)) {
            Some((.., n)) => *n += 1,
            None => waits.push((on, thing, 1)),
        }
    }
    let told = waits.into_iter().map(|(on, thing, n)| {
        let wait = if n == 1 { "waits" } else { "wait" };
        let what = thing.map_or_else(|| look.resource(on).to_owned(), |thing| thing.words(look));
        format!("{} {wait} for {what}", count(n, "worker"))
    });
    let since = Span(stall.at.0);
    format!("Since {since} after the start: {}.", told.collect::<Vec<_>>().join("; "))
}
