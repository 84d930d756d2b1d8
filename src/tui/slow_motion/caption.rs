//! The sentence for a step of slow motion: what a worker did, in words.

use crate::model::Model;
use crate::trace::format::format_count;
use crate::trace::{Event, EventKind, ExitKind, Registry, ResourceId, ResourceKind, Span, State, WorkerId, plural};

/// Whether an event is a step that a caption describes.
pub(super) const fn is_step(kind: &EventKind) -> bool {
    use EventKind as E;
    matches!(
        kind,
        E::LifeBegan
            | E::LifeEnded(_)
            | E::Spawns { .. }
            | E::Cancels { .. }
            | E::Joins { .. }
            | E::LockWait { .. }
            | E::Acquired { .. }
            | E::Released { .. }
            | E::WaitTimedOut { .. }
            | E::WaitCancelled { .. }
            | E::OwnerDied { .. }
            | E::SemaphorePassed { .. }
            | E::SemaphorePosted { .. }
            | E::Blocked { on: Some(_), .. }
            | E::Put { .. }
            | E::Took { .. }
            | E::PutNth { .. }
            | E::TookNth { .. }
            | E::Closed { .. }
            | E::Sent { .. }
            | E::Received { .. }
            | E::TaskBegan { .. }
            | E::TaskEnded { .. }
            | E::TaskRejected { .. }
            | E::ResultReady { .. }
            | E::ResultRead { .. }
            | E::Woken { .. }
            | E::Signalled { .. }
            | E::CounterAdded { .. }
            | E::CounterSwapped { .. }
            | E::CounterSwapFailed { .. }
            | E::Mark { .. }
    )
}

/// Returns the sentence for a step. `waited` is how long the worker had waited for it; `then` is the model just after
/// the step.
pub(in crate::tui) fn caption(event: &Event, waited: Option<Span>, then: &Model) -> String {
    let registry = then.registry();
    let sentence = format!("{} {}", registry.worker_name(event.worker), predicate(event, then));
    match waited {
        Some(waited) => format!("{sentence}, after {waited}"),
        None => sentence,
    }
}

fn predicate(event: &Event, then: &Model) -> String {
    use EventKind as E;
    let registry = then.registry();
    let name = |id: ResourceId| registry.resource_name(id);
    let pool = |id: crate::trace::PoolId| registry.pools.get(id.index()).map_or("?", |pool| pool.name.as_str());
    match event.kind {
        E::LifeBegan => "starts".into(),
        E::LifeEnded(ExitKind::Finished | ExitKind::Retired) => "ends".into(),
        E::LifeEnded(ExitKind::Cancelled) => "ends: it was cancelled".into(),
        E::LifeEnded(ExitKind::Panicked | ExitKind::Killed) => "crashes".into(),
        E::Spawns { life, .. } => format!("starts {}", life_name(registry, life)),
        E::Cancels { worker, kills, .. } => {
            format!("{} {}", if kills { "kills" } else { "cancels" }, registry.worker_name(worker))
        }
        E::Joins { life, .. } => format!("waits for the end of {}", life_name(registry, life)),
        E::LockWait { lock, .. } => format!("waits for {}{}", name(lock), holders(event.worker, lock, then)),
        E::Acquired { lock, .. } => format!("takes {}", name(lock)),
        E::Released { lock, .. } => format!("releases {}", name(lock)),
        E::WaitCancelled { on } => format!("is cancelled while it waits for {}", name(on)),
        E::WaitTimedOut { lock } => format!("gives up waiting for {}", name(lock)),
        E::OwnerDied { lock } => format!("finds that the holder of {} died", name(lock)),
        E::SemaphorePassed { lock, .. } => format!("passes {}", name(lock)),
        E::SemaphorePosted { lock } => format!("adds a permit to {}", name(lock)),
        E::Blocked { state, on: Some(on) } => awaited(registry, state, on),
        E::Put { queue, depth } => put(name(queue), depth),
        E::PutNth { queue, depth, .. } => put(name(queue), depth.into()),
        E::Took { queue, depth } => taken(name(queue), depth),
        E::TookNth { queue, depth, .. } => taken(name(queue), depth.into()),
        E::Closed { queue } => format!("closes {}", name(queue)),
        E::Sent { pipe, bytes, .. } => format!("writes {} into {}", format_bytes(bytes), name(pipe)),
        E::Received { pipe, bytes, .. } => format!("reads {} from {}", format_bytes(bytes), name(pipe)),
        E::TaskBegan { pool: of, waited } => format!("begins a task of {} that was due {waited} ago", pool(of)),
        E::TaskEnded { pool: of, ok: true } => format!("ends its task of {}", pool(of)),
        E::TaskEnded { pool: of, ok: false } => format!("fails its task of {}", pool(of)),
        E::TaskRejected { pool: of } => format!("rejects a task of {}: its queue is full", pool(of)),
        E::ResultReady { on, .. } => format!("has a result ready in {}", name(on)),
        E::ResultRead { on, .. } => format!("reads a result of {}", name(on)),
        E::Woken { on, .. } => format!("is woken by {}", name(on)),
        E::Signalled { on, woken } => {
            let woken = u64::from(woken);
            format!("signals {}: {} {} up", name(on), format_count(woken), worker_wakes(woken))
        }
        E::CounterAdded { counter, value, .. } => format!("writes {value} to {}", name(counter)),
        E::CounterSwapped { counter, value, .. } => format!("swaps {} to {value}", name(counter)),
        E::CounterSwapFailed { counter, value } => format!("finds {value} in {} and retries", name(counter)),
        E::Mark { text, number } => format!("sets the mark {}", registry.mark_text(text, number)),
        kind => kind.name().to_owned(),
    }
}

fn worker_wakes(count: u64) -> String {
    format!("{} {}", plural(count, "worker"), if count == 1 { "wakes" } else { "wake" })
}

fn put(queue: &str, depth: u32) -> String {
    format!("puts an item into {queue}, which has {depth} now")
}

fn taken(queue: &str, depth: u32) -> String {
    format!("takes an item from {queue}, which has {depth} left")
}

fn format_bytes(bytes: u32) -> String {
    crate::trace::format::format_bytes(bytes.into())
}

fn life_name(registry: &Registry, life: ResourceId) -> &str {
    registry.life_owner(life).map_or("?", |worker| registry.worker_name(worker))
}

/// Returns who holds the lock that a worker waits for: `, held by teller-1`.
fn holders(waiter: WorkerId, lock: ResourceId, then: &Model) -> String {
    let holders = then.lock(lock).map_or_else(Vec::new, crate::model::Lock::holders);
    match holders.as_slice() {
        [] => String::new(),
        [(holder, _)] if *holder == waiter => ", which it holds itself".into(),
        [(holder, _)] => format!(", held by {}", then.registry().worker_name(*holder)),
        holders => format!(", held by {} workers", holders.len()),
    }
}

fn awaited(registry: &Registry, state: State, on: ResourceId) -> String {
    let name = registry.resource_name(on);
    match (state, registry.resource(on).map(|resource| &resource.kind)) {
        (State::Empty, _) => format!("waits for an item in {name}"),
        (State::Full, _) => format!("waits for room in {name}"),
        (State::Signal, Some(ResourceKind::Results)) => format!("waits for a result in {name}"),
        _ => format!("waits for {name}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Budget;
    use crate::trace::{Grant, LockKind, Message, Stamp, WorkerKind};

    fn registry() -> Registry {
        let mut registry = Registry::default();
        registry.add_worker("teller-1", WorkerKind::Thread);
        registry.add_worker("teller-2", WorkerKind::Thread);
        registry.add_resource("account", ResourceKind::Mutex { kind: LockKind::Std });
        registry.add_resource("jobs", ResourceKind::Queue { capacity: 4 });
        registry.add_mark("round {n}");
        registry
    }

    /// Returns the caption of the last of these events: worker, kind.
    fn caption_of(events: &[(u32, EventKind)], waited: Option<Span>) -> String {
        let events: Vec<Event> = (0..)
            .zip(events)
            .map(|(at, (worker, kind))| Event { at: Stamp(at), worker: WorkerId(*worker), kind: *kind })
            .collect();
        let mut model = Model::new(Arc::new(registry()), Budget::default());
        let last = events[events.len() - 1];
        model.apply(&Message::Events(events));
        caption(&last, waited, &model)
    }

    #[test]
    fn captions_say_who_does_what() {
        const LOCK: ResourceId = ResourceId(0);
        const QUEUE: ResourceId = ResourceId(1);
        let (began, waits) = (EventKind::LifeBegan, EventKind::LockWait { lock: LOCK, held_count: 0, timed: false });
        let taken = EventKind::Acquired { lock: LOCK, grant: Grant(1) };
        assert_eq!(caption_of(&[(0, began)], None), "teller-1 starts");
        assert_eq!(
            caption_of(&[(0, began), (0, taken)], Some(Span(1_200_000))),
            "teller-1 takes account, after 1.2 ms"
        );
        let ring = [(0, began), (1, began), (0, taken), (1, waits)];
        assert_eq!(caption_of(&ring, None), "teller-2 waits for account, held by teller-1");
        let last = |kind| caption_of(&[(0, began), (0, kind)], None);
        assert_eq!(last(EventKind::Put { queue: QUEUE, depth: 3 }), "teller-1 puts an item into jobs, which has 3 now");
        let empty = EventKind::Blocked { state: State::Empty, on: Some(QUEUE) };
        assert_eq!(last(empty), "teller-1 waits for an item in jobs");
        assert_eq!(last(EventKind::Signalled { on: QUEUE, woken: 1 }), "teller-1 signals jobs: 1 worker wakes up");
        let mark = EventKind::Mark { text: crate::trace::MarkId(0), number: 7 };
        assert_eq!(last(mark), "teller-1 sets the mark round 7");
    }

    #[test]
    fn every_step_has_a_caption_in_words() {
        for kind in EventKind::ALL {
            // The smallest event of each kind.
            let event = crate::trace::Record { ticks: 0, word: u64::from(kind.code) }.kind();
            if is_step(&event) {
                let text = caption_of(&[(0, EventKind::LifeBegan), (0, event)], None);
                assert!(!text.contains(kind.name), "{text}");
            }
        }
    }
}
