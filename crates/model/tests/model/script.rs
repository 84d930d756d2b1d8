//! Runs written as text, one line each: declarations, then messages as `MS WORKER EVENT ...`.
//!
//! ```text
//! worker left
//! mutex a
//! 0 left began
//! 2.5 left acquired a 1
//! ```

use std::sync::Arc;

use contend_model::{Budget, CellWindow, Model};
use contend_trace::{
    Cancellers, CounterMemory, DeathCause, Event, EventKind, ExitKind, Grant, KnobId, LaneRange, LockCopy, LockKind,
    MarkId, Message, Notice, PoolId, PoolInfo, Registry, ResourceId, ResourceInfo, ResourceKind, RunEnd, RwPolicy,
    Sample, Span, Stamp, State, Wakers, WorkerId, WorkerInfo, WorkerKind,
};

pub(crate) fn ms(ms: f64) -> Stamp {
    Stamp((ms * 1e6).round() as u64)
}

/// Returns the model after all messages of `text`.
pub(crate) fn play(text: &str) -> Model {
    let (registry, messages) = read(text);
    let mut model = Model::new(registry, Budget::default());
    for message in &messages {
        model.apply(message);
    }
    model
}

pub(crate) fn worker(model: &Model, name: &str) -> WorkerId {
    let found = model.registry().workers.iter().position(|w| w.name == name);
    WorkerId::from(found.unwrap_or_else(|| panic!("no worker {name}")))
}

pub(crate) fn resource(model: &Model, name: &str) -> ResourceId {
    let found = model.registry().resources.iter().position(|r| r.name == name);
    ResourceId::from(found.unwrap_or_else(|| panic!("no resource {name}")))
}

/// Draws a lane from the start to `until` ms, with one letter for each `step` ms: that of the state with the most time,
/// or `-` for none.
pub(crate) fn drawn(model: &Model, name: &str, until: f64, step: f64) -> String {
    let window = CellWindow { from: Stamp(0), to: ms(until), cells: (until / step).round() as usize };
    let mut cells = Vec::new();
    model.lane(worker(model, name)).cells(&window, ms(until), &mut cells);
    cells.iter().map(|cell| cell.dominant().map_or('-', State::letter)).collect()
}

/// Reads the registry and the messages, one for each line.
pub(crate) fn read(text: &str) -> (Arc<Registry>, Vec<Message>) {
    let mut registry = Registry::default();
    let mut messages = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let known = declare(&mut registry, &words);
        if !known {
            messages.push(message(&registry, &words).unwrap_or_else(|| panic!("cannot read: {line}")));
        }
    }
    (Arc::new(registry), messages)
}

fn declare(registry: &mut Registry, words: &[&str]) -> bool {
    let mut resource = |name: &str, kind| registry.resources.push(ResourceInfo { name: name.into(), kind });
    match *words {
        ["worker", name] => {
            let group = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').into();
            registry.workers.push(WorkerInfo { name: name.into(), group, kind: WorkerKind::Thread, pool: None });
        }
        // of a user's program
        ["open"] => registry.is_open = true,
        ["mark-text", text] => drop(registry.add_mark(text)),
        // on the event loop
        ["task", name] => {
            let (name, group) = (name.into(), name.into());
            registry.workers.push(WorkerInfo { name, group, kind: WorkerKind::Async, pool: None });
        }
        // threads of the event loop
        ["loop", threads] => registry.loop_threads = threads.parse().ok(),
        ["mutex", name] => resource(name, ResourceKind::Mutex { kind: LockKind::Std }),
        ["mutex", name, "async"] => resource(name, ResourceKind::Mutex { kind: LockKind::Async }),
        ["mutex", name, kind] => {
            let kind = LockKind::NAMED.into_iter().find(|known| known.word() == kind).unwrap();
            resource(name, ResourceKind::Mutex { kind });
        }
        // copy NAME ORIGINAL WORKER: the copy of a mutex in a forked process
        ["copy", name, original, who] => {
            let id = |name: &str| registry.resources.iter().position(|r| r.name == name).unwrap();
            let (original, copy) = (ResourceId::from(id(original)), ResourceId::from(registry.resources.len()));
            let worker = WorkerId::from(registry.workers.iter().position(|w| w.name == who).unwrap());
            let kind = registry.resources[original.index()].kind.clone();
            registry.resources.push(ResourceInfo { name: name.into(), kind });
            registry.lock_copies.push(LockCopy { copy, original, worker });
        }
        ["semaphore", name, permits] => {
            resource(name, ResourceKind::Semaphore { permits: permits.parse().unwrap(), scoped: true });
        }
        ["signal", name] => resource(name, ResourceKind::Semaphore { permits: 0, scoped: false }),
        ["rwlock", name] => resource(name, ResourceKind::Rwlock { policy: RwPolicy::Writers }),
        ["queue", name, capacity] => resource(name, ResourceKind::Queue { capacity: capacity.parse().unwrap() }),
        ["condition", name] => resource(name, ResourceKind::Condition { mutex: ResourceId(0) }),
        ["event", name] => resource(name, ResourceKind::Event),
        ["barrier", name, parties] => resource(name, ResourceKind::Barrier { parties: parties.parse().unwrap() }),
        ["wait-group", name] => resource(name, ResourceKind::WaitGroup),
        ["latch", name, initial] => resource(name, ResourceKind::Latch { initial: initial.parse().unwrap() }),
        // which workers can end a wait: gives NAME WORKER, takes NAME WORKER; guards NAME WORKER: checks a value before
        // it waits
        [what @ ("gives" | "takes" | "guards"), name, who] => {
            let first = WorkerId::from(registry.workers.iter().position(|w| w.name == who).unwrap());
            let at = registry.resources.iter().position(|r| r.name == name).unwrap();
            registry.wakers.resize(registry.resources.len(), Wakers::default());
            let wakers = &mut registry.wakers[at];
            let to = match what {
                "gives" => &mut wakers.givers,
                "takes" => &mut wakers.takers,
                _ => &mut wakers.predicate_waiters,
            };
            to.push(LaneRange { first, count: 1 });
        }
        // canceller WORKER OF: a worker that can cancel another
        ["canceller", by, of] => {
            let lane = |name: &str| {
                let first = WorkerId::from(registry.workers.iter().position(|w| w.name == name).unwrap());
                LaneRange { first, count: 1 }
            };
            registry.cancellers.push(Cancellers { of: lane(of), by: lane(by) });
        }
        ["counter", name] => resource(name, ResourceKind::Counter { initial: 0, memory: CounterMemory::Shared }),
        // pool NAME KIND QUEUE FEEDER WORKER...
        ["pool", name, kind, queue, feeder, ref workers @ ..] => {
            let of = if kind == "processes" { WorkerKind::Process } else { WorkerKind::Thread };
            let id = |name: &str| WorkerId::from(registry.workers.iter().position(|w| w.name == name).unwrap());
            let workers: Vec<WorkerId> = workers.iter().map(|w| id(w)).collect();
            let (size, feeder) = (workers.len() as u32, id(feeder));
            let queue = ResourceId::from(registry.resources.iter().position(|r| r.name == queue).unwrap());
            for worker in &workers {
                registry.workers[worker.index()].pool = Some(PoolId::from(registry.pools.len()));
            }
            registry.pools.push(PoolInfo {
                name: name.into(),
                worker_kind: of,
                workers,
                feeder: Some(feeder),
                queue,
                results: None,
                size,
                total_tasks: None,
                restarts_workers: true,
            });
        }
        _ => return false,
    }
    true
}

fn message(registry: &Registry, words: &[&str]) -> Option<Message> {
    let at = ms(words.first()?.parse().ok()?);
    let number = |word: &str| word.parse::<f64>().ok();
    let time = |word: &str| Some(Span((number(word)? * 1e6) as u64));
    let resource = |name: &str| Some(ResourceId::from(registry.resources.iter().position(|r| r.name == name)?));
    let who = |name: &str| Some(WorkerId::from(registry.workers.iter().position(|w| w.name == name)?));
    Some(match words[1..] {
        ["ended"] => Message::Ended { at, reason: RunEnd::Completed },
        ["cores", ref load @ ..] => {
            Message::Sample(Sample::Cores { at, load: load.iter().map(|l| Some(number(l)? as f32)).collect() })
        }
        // start, CPU time of the run and of the viewer
        ["usage", from, run, viewer] => {
            let (run, viewer) = (time(run)?.0, time(viewer)?.0);
            Message::Sample(Sample::Usage { from: ms(number(from)?), to: at, run, viewer })
        }
        ["counter", name, value] => {
            Message::Sample(Sample::Counter { at, counter: resource(name)?, value: number(value)? as i64 })
        }
        ["resized", workers] => {
            Message::Notice { at, notice: Notice::Resized { pool: PoolId(0), workers: workers.parse().ok()? } }
        }
        ["turned", name, shown] => {
            let (name, shown) = (name.to_owned(), shown.to_owned());
            Message::Notice { at, notice: Notice::KnobSet { knob: KnobId(0), name, value_text: shown } }
        }
        // start, time on a CPU, time in the run queue
        [name, "sched", from, running, ready] => Message::Sample(Sample::Sched {
            worker: who(name)?,
            from: ms(number(from)?),
            to: at,
            running: time(running)?.0,
            ready: time(ready)?.0,
        }),
        [name, "killed", signal] => {
            let cause = DeathCause::Signal(signal.parse().ok()?);
            Message::Notice { at, notice: Notice::Died { worker: who(name)?, cause } }
        }
        [name, ref what @ ..] => Message::Events(vec![Event { at, worker: who(name)?, kind: kind(registry, what)? }]),
        _ => return None,
    })
}

fn kind(registry: &Registry, words: &[&str]) -> Option<EventKind> {
    use EventKind as E;
    let id = |name: &str| Some(ResourceId::from(registry.resources.iter().position(|r| r.name == name)?));
    let pool = PoolId(0);
    let number = |word: &str| word.parse::<i64>().ok();
    // `r3` is the third grant, given to a reader.
    let grant = |word: &str| match word.strip_prefix('r') {
        Some(shared) => Some(Grant::shared(shared.parse().ok()?)),
        None => Some(Grant(word.parse().ok()?)),
    };
    Some(match *words {
        ["began"] => E::LifeBegan,
        ["finished"] => E::LifeEnded(ExitKind::Finished),
        ["panicked"] => E::LifeEnded(ExitKind::Panicked),
        ["found-dead"] => E::LifeEnded(ExitKind::Killed),
        ["held", lock, g] => E::Held { lock: id(lock)?, grant: grant(g)? },
        ["wait", lock] => E::LockWait { lock: id(lock)?, held_count: 0, timed: false },
        ["wait", lock, "timed"] => E::LockWait { lock: id(lock)?, held_count: 0, timed: true },
        ["wait", lock, held] => E::LockWait { lock: id(lock)?, held_count: held.parse().ok()?, timed: false },
        ["acquired", lock, g] => E::Acquired { lock: id(lock)?, grant: grant(g)? },
        ["released", lock, g] => E::Released { lock: id(lock)?, grant: grant(g)? },
        ["copied-held", lock, holder] => {
            let holder = registry.workers.iter().position(|w| w.name == holder)?;
            E::CopiedHeld { lock: id(lock)?, holder: WorkerId::from(holder) }
        }
        ["tried", lock] => E::TimedAttempt { lock: id(lock)? },
        ["asks", lock, permits] => E::PermitRequest { lock: id(lock)?, permits: permits.parse().ok()? },
        ["queued", lock, way, behind] => {
            E::RwlockRequest { lock: id(lock)?, writers_ahead: behind.parse().ok()?, shared: way == "read" }
        }
        ["passed", lock, g] => E::SemaphorePassed { lock: id(lock)?, grant: grant(g)? },
        ["posted", lock] => E::SemaphorePosted { lock: id(lock)? },
        ["gave-up", lock] => E::WaitTimedOut { lock: id(lock)? },
        ["cancels", of] => {
            let worker = WorkerId::from(registry.workers.iter().position(|w| w.name == of)?);
            E::Cancels { worker, nth: 1, kills: false }
        }
        ["cancelled-at", on] => E::WaitCancelled { on: id(on)? },
        ["owner-died", lock] => E::OwnerDied { lock: id(lock)? },
        ["block", state] => E::Blocked { state: State::from_word(state)?, on: None },
        ["block", state, on] => E::Blocked { state: State::from_word(state)?, on: Some(id(on)?) },
        ["resume"] => E::Resumed,
        ["ready"] => E::BecameRunnable,
        ["put", queue, depth] => E::Put { queue: id(queue)?, depth: depth.parse().ok()? },
        ["put", queue, depth, nth] => {
            E::PutNth { queue: id(queue)?, depth: depth.parse().ok()?, nth: nth.parse().ok()? }
        }
        ["took", queue, depth, nth] => {
            E::TookNth { queue: id(queue)?, depth: depth.parse().ok()?, nth: nth.parse().ok()? }
        }
        ["closed", queue] => E::Closed { queue: id(queue)? },
        ["signalled", on, woken] => E::Signalled { on: id(on)?, woken: woken.parse().ok()? },
        ["saw-set", on, nth] => E::FlagSeenSet { on: id(on)?, nth: nth.parse().ok()? },
        ["counted", on, count, nth] => {
            E::GroupCounted { on: id(on)?, count: count.parse().ok()?, nth: nth.parse().ok()? }
        }
        ["polled", on, ms] => E::Polled { on: id(on)?, lasted: Span((ms.parse::<f64>().ok()? * 1e6) as u64) },
        ["heard", on, nth] => E::Woken { on: id(on)?, nth: nth.parse().ok()? },
        ["took", queue, depth] => E::Took { queue: id(queue)?, depth: depth.parse().ok()? },
        ["task", waited] => E::TaskBegan { pool, waited: Span((waited.parse::<f64>().ok()? * 1e6) as u64) },
        ["did"] => E::TaskEnded { pool, ok: true },
        ["failed"] => E::TaskEnded { pool, ok: false },
        ["rejected"] => E::TaskRejected { pool },
        ["given-up"] => E::TaskAbandoned { pool },
        ["retried"] => E::TaskRetried { pool },
        ["added", counter, value] => E::CounterAdded { counter: id(counter)?, delta: 1, value: number(value)? as i32 },
        ["added-many", counter, delta] => E::CounterAddedMany { counter: id(counter)?, delta: number(delta)? },
        ["mark", text, n] => {
            let id = registry.marks.iter().position(|other| other == text)?;
            E::Mark { text: MarkId::from(id), number: n.parse().ok()? }
        }
        ["gap", lost] => E::Gap { lost: lost.parse().ok()? },
        _ => return None,
    })
}
