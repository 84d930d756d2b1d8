//! Workers that wait for something nobody is left to give.

use super::{About, Finding, Look, Severity, count};
use crate::model::Stall;
use crate::trace::{ResourceId, ResourceKind, Span, Stamp, State, WorkerId};

pub(super) const ID: &str = "stall";
pub(super) const LOST: &str = "lost-wakeup";

/// Events lost since are known after this, by what the rings themselves have counted.
const STANDS: Span = Span::millis(200);

/// So many are named.
const NAMED: usize = 3;

pub(super) fn find(look: &Look<'_>) -> Option<Finding> {
    let stall = look.model.stall().filter(|stall| look.now.since(stall.at) >= STANDS)?;
    // Where events were lost, a signal that came later may be among them.
    let whole = look.model.health().lost == 0;
    // What a worker looks at before it waits is known as the knobs stood at the start.
    let whole = whole && look.model.marks().is_empty();
    let missed = stall.set.iter().filter(|_| whole).find_map(|worker| missed(look, &stall, *worker));
    Some(match (missed, starved(look, &stall)) {
        (Some(missed), _) => lost_wakeup(look, &stall, missed),
        (None, Some(starved)) => starved,
        (None, None) => nobody_left(look, &stall),
    })
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
    let (tasks, stand) = (count(left.into(), "task"), if left == 1 { "stands" } else { "stand" });
    Some(Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!(
            "since {}: {who} of {} {wait} for results of tasks that only {them} could do; {tasks} {stand} in the queue.",
            Span(stall.at.0),
            info.name
        ),
        evidence: evidence(look, stall),
        cure: "Give tasks that others wait for a pool of their own, or have more workers than tasks that wait.".into(),
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
        cure: "Keep what is waited for in a value, and look at it inside the mutex before each wait.".into(),
        about: Some(About::Resource(missed.on)),
        at: Some(missed.signal),
    }
}

fn nobody_left(look: &Look<'_>, stall: &Stall) -> Finding {
    let n = stall.set.len();
    let names: Vec<&str> = stall.set.iter().take(NAMED).map(|worker| look.name(*worker)).collect();
    let names = names.join(", ");
    let who = if n > NAMED { format!("{names} and {} more", n - NAMED) } else { names };
    let (wait, them) = if n == 1 { ("waits", "it") } else { ("wait", "they") };
    let lost: u64 = look.pools().map(|(_, _, pool)| pool.lost()).sum();
    let first = stall.set.iter().find(|worker| look.model.lane(**worker).doing().state != State::Lock);
    let first = first.or(stall.set.first()).map(|worker| look.model.lane(*worker).doing());
    Finding {
        id: ID,
        severity: Severity::Error,
        sentence: format!("since {}: {who} {wait}, and nobody is left who could let {them} go on.", Span(stall.at.0)),
        evidence: evidence(look, stall),
        cure: match first.map(|doing| doing.state) {
            Some(State::Empty) if lost == 0 => {
                "Close the queue after the last item, or take only what is there in one step.".into()
            }
            Some(State::Full) => "Let those who put end when nobody takes any more, or give the queue room.".into(),
            _ if lost > 0 => "A task was lost with its worker: do it again, or fail whoever waits for it.".into(),
            _ => "Make sure that whoever changes what others wait for tells all of them, to the last.".into(),
        },
        about: first.and_then(|doing| doing.on).map(About::Resource),
        at: Some(stall.at),
    }
}

/// For each thing that is waited for: by how many, and what became of those who could give it.
fn evidence(look: &Look<'_>, stall: &Stall) -> String {
    let doing = |worker: &WorkerId| look.model.lane(*worker).doing();
    let mut things: Vec<(ResourceId, State)> =
        stall.set.iter().filter_map(|worker| Some((doing(worker).on?, doing(worker).state))).collect();
    things.sort_unstable();
    things.dedup();
    let told = things.into_iter().map(|(on, state)| {
        let n = stall.set.iter().filter(|worker| (doing(worker).on, doing(worker).state) == (Some(on), state)).count();
        let (who, wait) = (count(n as u64, "worker"), if n == 1 { "waits" } else { "wait" });
        let is_pipe = matches!(look.model.cast().resource(on).map(|r| &r.kind), Some(ResourceKind::Pipe { .. }));
        let of = match state {
            State::Empty if is_pipe => "a message from ",
            State::Empty => "an item in ",
            State::Full => "room in ",
            _ => "",
        };
        format!("{who} {wait} for {of}{}", look.resource(on))
    });
    format!("{}. All who could end that have ended, or wait themselves.", told.collect::<Vec<_>>().join("; "))
}
