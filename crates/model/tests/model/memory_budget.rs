//! Many events: memory stays within the budget, and applying events is fast.

use std::sync::Arc;
use std::time::Instant;

use contend_model::{Budget, Model};
use contend_trace::{
    Event, EventKind, Grant, LockKind, Message, Registry, ResourceId, ResourceInfo, ResourceKind, Sample, Stamp, State,
    WorkerId, WorkerInfo, WorkerKind,
};

use crate::whole::inputs;

const LOCKS: usize = 4;
const QUEUE: ResourceId = ResourceId(LOCKS as u32);

/// Workers that use four locks and a queue in turn: a free lock, a lock after a wait, the queue after a wait.
struct Load {
    workers: usize,
    clock: u64,
    /// Time from one event to the next, ns.
    step: u64,
    grants: [u64; LOCKS],
}

impl Load {
    fn new(workers: usize, step: u64) -> Self {
        Self { workers, clock: 0, step, grants: [0; LOCKS] }
    }

    fn registry(&self) -> Arc<Registry> {
        let worker = |i| WorkerInfo { name: format!("w{i}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
        let mut kinds = vec![ResourceKind::Mutex { kind: LockKind::Std }; LOCKS];
        kinds.push(ResourceKind::Queue { capacity: 64 });
        let resource = |(i, kind)| ResourceInfo { name: format!("r{i}"), kind };
        Arc::new(Registry {
            workers: (0..self.workers).map(worker).collect(),
            resources: kinds.into_iter().enumerate().map(resource).collect(),
            pools: Vec::new(),
            ..Registry::default()
        })
    }

    fn begin(&self) -> Message {
        let event = |i| Event { at: Stamp(0), worker: WorkerId::from(i), kind: EventKind::LifeBegan };
        Message::Events((0..self.workers).map(event).collect())
    }

    /// The next events, worker by worker, as a reader of the rings delivers them.
    fn batch(&mut self) -> Message {
        let mut events = Vec::new();
        for w in 0..self.workers {
            for round in 0..4 {
                self.round(WorkerId::from(w), (w + round) % LOCKS, &mut events);
            }
        }
        Message::Events(events)
    }

    fn round(&mut self, worker: WorkerId, lock: usize, events: &mut Vec<Event>) {
        let mut emit = |kind| {
            self.clock += self.step;
            events.push(Event { at: Stamp(self.clock), worker, kind });
        };
        let (id, queue) = (ResourceId::from(lock), QUEUE);
        let grant = Grant(self.grants[lock] + 1);
        emit(EventKind::Acquired { lock: id, grant });
        emit(EventKind::Released { lock: id, grant });
        emit(EventKind::Put { queue, depth: 1 });
        let grant = Grant(grant.0 + 1);
        emit(EventKind::LockWait { lock: id, held_count: 0, timed: false });
        emit(EventKind::Acquired { lock: id, grant });
        emit(EventKind::Released { lock: id, grant });
        emit(EventKind::Blocked { state: State::Empty, on: Some(queue) });
        emit(EventKind::Took { queue, depth: 0 });
        self.grants[lock] = grant.0;
    }
}

#[test]
fn memory_stays_within_the_budget() {
    let mut load = Load::new(64, 6_000); // a minute of run time and more
    let mut model = Model::new(load.registry(), Budget::default());
    model.apply(&load.begin());
    let (mut most, mut batches) = (0, 0);
    while model.health().events < inputs(3_000_000, 10_000_000) {
        model.apply(&load.batch());
        let at = Stamp(load.clock);
        model.apply(&Message::Sample(Sample::Cores { at, load: vec![Some(0.5); 256] }));
        batches += 1;
        if batches % 64 == 0 {
            most = most.max(model.heap_bytes());
        }
    }
    assert_eq!(model.health().anomalies, 0);
    assert!(most <= Budget::default().bytes, "{most} bytes");
    assert!(most >= Budget::default().bytes / 8, "the budget is used: {most} bytes");
}

#[test]
fn short_runs_and_idle_lanes_use_little_memory() {
    let mut load = Load::new(64, 100);
    let mut model = Model::new(load.registry(), Budget::default());
    model.apply(&load.begin());
    model.apply(&load.batch());
    assert!(model.heap_bytes() < 400_000, "{} bytes", model.heap_bytes());
}

#[test]
#[ignore = "measures: cargo test --release -p contend-model --test model -- --ignored --nocapture"]
fn applying_an_event_takes_less_than_100_ns() {
    for workers in [8, 64] {
        let mut load = Load::new(workers, 100);
        let (registry, begin) = (load.registry(), load.begin());
        // A watermark follows each batch, as in the messages of a run's reader.
        let mut pass = || Message::Batch(vec![load.batch(), Message::Watermark(Stamp(load.clock))]);
        let batches: Vec<Message> = (0..16_384 / workers).map(|_| pass()).collect();
        let mut model = Model::new(Arc::clone(&registry), Budget::default());
        let mut each = f64::MAX;
        // The best of several: other programs use the machine too.
        for _ in 0..20 {
            model = Model::new(Arc::clone(&registry), Budget::default());
            model.apply(&begin);
            let start = Instant::now();
            for batch in &batches {
                model.apply(batch);
            }
            each = each.min(start.elapsed().as_nanos() as f64 / model.health().events as f64);
        }
        eprintln!(
            "{workers} workers: {each:.1} ns an event, {} events, {} bytes",
            model.health().events,
            model.heap_bytes()
        );
        let start = Instant::now();
        let copy = model.clone();
        eprintln!("clone: {:?}", start.elapsed());
        let start = Instant::now();
        let found = copy.findings(model.newest_stamp()).len();
        eprintln!("findings: {:?} ({found})", start.elapsed());
        let window = contend_model::CellWindow {
            from: model.newest_stamp().earlier_by(contend_trace::Span(4_000_000_000)),
            to: model.newest_stamp(),
            cells: 120,
        };
        let start = Instant::now();
        let mut cells = Vec::new();
        copy.lanes().for_each(|(_, lane)| lane.cells(&window, model.newest_stamp(), &mut cells));
        eprintln!("cells of all lanes: {:?}", start.elapsed());
        assert!(each < 100.0, "{each} ns an event");
    }
}

#[test]
fn thousand_lanes_stay_within_the_budget_for_their_registry() {
    let mut load = Load::new(1_000, 20_000);
    let registry = load.registry();
    let budget = Budget::for_registry(&registry);
    let mut model = Model::new(registry, budget);
    model.apply(&load.begin());
    for _ in 0..20 {
        model.apply(&load.batch());
    }
    assert!(model.heap_bytes() <= budget.bytes, "{} of {}", model.heap_bytes(), budget.bytes);
}

#[test]
fn load_of_others_is_total_load_minus_run_and_viewer() {
    let model = crate::script::play(
        "worker w
         0 w began
         1000 cores 1 0.5
         1000 usage 0 400 50
         2000 cores 1 1
         2000 usage 1000 2100 0",
    );
    let at = crate::script::ms;
    let near = |a: f64, b: f64| (a - b).abs() < 0.01;
    let first = model.cpu_load(at(0.0), at(1000.0)).unwrap();
    assert!(near(first.run, 0.4) && near(first.viewer, 0.05) && near(first.others, 1.05), "{first:?}");
    let second = model.others_load(at(1000.0), at(2000.0)).unwrap();
    assert!(second.abs() < 1e-9, "a measurement error must not give a negative load: {second}");
    assert!(near(model.available_cores(at(0.0), at(1000.0)).unwrap(), 0.95));
    assert_eq!(model.cpu_load(at(3000.0), at(4000.0)), None, "nothing was measured");
}
