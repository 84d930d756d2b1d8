//! A run of an hour or a day: the same minute again and again. Its memory stays within the budget, and its last minute
//! is shown as exactly as its first one was.

use std::sync::Arc;

use contend_model::{Budget, CellWindow, DurationStats, LockCell, Model, StateTimes};
use contend_trace::{
    Event, EventKind, Grant, LockKind, Message, Registry, ResourceId, ResourceInfo, ResourceKind, Stamp, State,
    WorkerId, WorkerInfo, WorkerKind,
};
use fastrand::Rng;

use crate::whole::inputs;

/// A minute, about, ns: a multiple of the width of every bucket that shows it, so that each minute is divided alike.
const MINUTE: u64 = 1 << 36;
/// Minutes of an hour and of a day, about.
const HOUR: u64 = 64;
const DAY: u64 = 1_280;
/// Rounds of a message, at least, and most messages of a minute.
const ROUNDS_TOGETHER: u64 = 16;
const MAX_DELIVERIES: u64 = 64;
/// Workers that take turns at the lock; one more worker takes the items of the queue.
const USERS: u32 = 6;
const TAKER: WorkerId = WorkerId(USERS);
const LOCK: ResourceId = ResourceId(0);
const QUEUE: ResourceId = ResourceId(1);
/// Events of a round: two workers take the lock, one after the other, and one of them puts an item.
const ROUND: u64 = 12;

fn registry() -> Arc<Registry> {
    let worker = |w| WorkerInfo { name: format!("w{w}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
    let resource = |name: &str, kind| ResourceInfo { name: name.into(), kind };
    Arc::new(Registry {
        workers: (0..=USERS).map(worker).collect(),
        resources: vec![
            resource("m", ResourceKind::Mutex { kind: LockKind::Std }),
            resource("q", ResourceKind::Queue { capacity: 100 }),
        ],
        ..Registry::default()
    })
}

/// Returns the events of a minute, by delivery, with times from its start on. All workers wait at its start and its
/// end.
fn minute(rounds: u64) -> Vec<Vec<Event>> {
    let mut rng = Rng::with_seed(1);
    let length = MINUTE / rounds;
    let count = (rounds / ROUNDS_TOGETHER).min(MAX_DELIVERIES);
    let mut deliveries = vec![Vec::new(); count as usize];
    for round in 0..rounds {
        let first = rng.u32(..USERS);
        let users = [first, (first + rng.u32(1..USERS)) % USERS].map(WorkerId);
        let mut at = round * length;
        let mut next = |events: &mut Vec<Event>, worker, kind| {
            at += rng.u64(1..length / ROUND);
            events.push(Event { at: Stamp(at), worker, kind });
        };
        let events = &mut deliveries[(round * count / rounds) as usize];
        let grant = |n: u64| Grant(round * 2 + n);
        let sleep = EventKind::Blocked { state: State::Sleep, on: None };
        next(events, users[0], EventKind::Resumed);
        next(events, users[0], EventKind::Acquired { lock: LOCK, grant: grant(1) });
        next(events, users[1], EventKind::Resumed);
        next(events, users[1], EventKind::LockWait { lock: LOCK, held_count: 0, timed: false });
        next(events, users[0], EventKind::Released { lock: LOCK, grant: grant(1) });
        next(events, users[0], sleep);
        next(events, users[1], EventKind::Acquired { lock: LOCK, grant: grant(2) });
        next(events, users[1], EventKind::Released { lock: LOCK, grant: grant(2) });
        next(events, users[1], EventKind::Put { queue: QUEUE, depth: 1 });
        next(events, users[1], sleep);
        next(events, TAKER, EventKind::Took { queue: QUEUE, depth: 0 });
        next(events, TAKER, EventKind::Blocked { state: State::Empty, on: Some(QUEUE) });
    }
    deliveries
}

/// Returns an event of the first minute as it is in a later one.
fn later(event: &Event, minute: u64, rounds: u64) -> Event {
    let grants = |grant: Grant| Grant(grant.0 + minute * rounds * 2);
    let kind = match event.kind {
        EventKind::Acquired { lock, grant } => EventKind::Acquired { lock, grant: grants(grant) },
        EventKind::Released { lock, grant } => EventKind::Released { lock, grant: grants(grant) },
        other => other,
    };
    Event { at: Stamp(event.at.0 + minute * MINUTE), kind, ..*event }
}

/// What the model shows of the last minute before a moment, and the percentiles of the whole run.
#[derive(Debug, PartialEq)]
struct Picture {
    lanes: Vec<Vec<StateTimes>>,
    lock: Vec<LockCell>,
    depths: Vec<f32>,
    /// Of waits and holds.
    percentiles: Vec<u64>,
    findings: Vec<String>,
}

impl Picture {
    fn of(model: &Model, now: Stamp) -> Self {
        let window = CellWindow { from: Stamp(now.0 - MINUTE), to: now, cells: 120 };
        let lane = |w| {
            let mut cells = Vec::new();
            model.lane(WorkerId(w)).cells(&window, now, &mut cells);
            cells
        };
        let (mut lock, mut depths) = (Vec::new(), Vec::new());
        let of = model.lock(LOCK).unwrap();
        of.cells(&window, now, &mut lock);
        model.queue(QUEUE).unwrap().depth_cells(&window, now, &mut depths);
        let times = [of.wait_times(), of.hold_times()];
        let percentiles = times.iter().flat_map(|times| [1.0, 50.0, 90.0, 99.0, 99.9].map(|p| times.percentile_ns(p)));
        Self {
            lanes: (0..=USERS).map(lane).collect(),
            lock,
            depths,
            percentiles: percentiles.chain(times.map(DurationStats::max_ns)).collect(),
            findings: model.findings(now).iter().map(|finding| format!("{:?}", finding.id)).collect(),
        }
    }
}

/// Feeds a run of so many minutes with this many rounds in each.
fn assert_last_minute_is_shown_as_the_first(minutes: u64, rounds: u64) {
    let mut model = Model::new(registry(), Budget::default());
    let began = |w| Event { at: Stamp(0), worker: WorkerId(w), kind: EventKind::LifeBegan };
    let rests = |w| {
        let (state, on) = if w == TAKER.0 { (State::Empty, Some(QUEUE)) } else { (State::Sleep, None) };
        Event { at: Stamp(0), worker: WorkerId(w), kind: EventKind::Blocked { state, on } }
    };
    model.apply(&Message::Events((0..=USERS).flat_map(|w| [began(w), rests(w)]).collect()));
    let events_by_delivery = minute(rounds);
    let (mut first, mut most) = (None, 0);
    for nth in 0..minutes {
        for (delivery, events) in (1..).zip(&events_by_delivery) {
            model.apply(&Message::Events(events.iter().map(|event| later(event, nth, rounds)).collect()));
            model.apply(&Message::Watermark(Stamp(
                nth * MINUTE + delivery * (MINUTE / events_by_delivery.len() as u64),
            )));
        }
        let now = Stamp((nth + 1) * MINUTE);
        first.get_or_insert_with(|| (Picture::of(&model, now), model.who_costs_whom(now).total_ns()));
        most = most.max(model.heap_bytes());
        assert!(most <= Budget::default().bytes, "{most} bytes in minute {nth}");
    }
    let (now, health) = (Stamp(minutes * MINUTE), model.health());
    let (shown, waited) = first.unwrap();
    assert_eq!((health.anomalies, health.lost), (0, 0));
    assert_eq!(Picture::of(&model, now), shown);
    assert_eq!(model.who_costs_whom(now).total_ns(), waited * minutes);
    let lock = model.lock(LOCK).unwrap();
    assert_eq!((lock.acquired(), lock.contended()), (2 * rounds * minutes, rounds * minutes));
    for w in 0..=USERS {
        let all = model.lane(WorkerId(w)).total_state_times(now);
        assert_eq!(all.total_ns(), now.0, "w{w}: {all:?}");
    }
    eprintln!(
        "{} events in {:.1} hours: {} KiB at most, of {} KiB",
        health.events,
        now.as_secs_f64() / 3_600.0,
        most >> 10,
        Budget::default().bytes >> 10
    );
}

#[test]
fn last_minute_of_a_long_run_is_shown_as_exactly_as_the_first() {
    assert_last_minute_is_shown_as_the_first(inputs(HOUR, 4 * HOUR), 64);
}

#[test]
#[ignore = "ten minutes: cargo test --release -p contend-model --test model long_run -- --ignored --nocapture"]
fn last_minute_of_a_day_at_10_000_events_a_second_is_shown_as_exactly_as_the_first() {
    assert_last_minute_is_shown_as_the_first(DAY, 57_344);
}
