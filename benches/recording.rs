//! Benchmark of recordings: CPU time of the recording side at a rate of events, and bytes of an event in the file.
//!
//! The CPU time is that of the whole process: encoding, where messages are received, and the thread that compresses and
//! writes. It is compared with the time that the run would have taken at that rate, in CPU time alone, so that load on
//! the machine does not matter. Folding the same messages into a model is measured beside it.
#![allow(clippy::print_stdout, reason = "figures are what a benchmark is for")]

mod measure;

use std::hint::black_box;
use std::sync::Arc;

use contend::model::{Budget, Model};
use contend::platform::Machine;
use contend::recording::{Conclusion, Recorder, RunDescription};
use contend::trace::{
    Event, EventKind, Grant, LockKind, Message, Registry, ResourceId, ResourceInfo, ResourceKind, RunEnd, Stamp, State,
    WorkerId, WorkerInfo, WorkerKind,
};
use fastrand::Rng;

use self::measure::{Goal, head, median, sized, spread};

const WORKERS: u32 = 8;
const LOCKS: u32 = 3;
/// Bytes of an event in a ring.
const RAW_BYTES: f64 = 16.0;
/// How often the reader of a run delivers, per second.
const DELIVERIES: u64 = 25;
/// Most events in a message of the reader.
const MAX_EVENTS: usize = 4_096;
const ROUNDS: usize = 7;

fn registry() -> Registry {
    let worker = |n| WorkerInfo { name: format!("w{n}"), group: "w".into(), kind: WorkerKind::Thread, pool: None };
    let lock = |n| ResourceInfo { name: format!("m{n}"), kind: ResourceKind::Mutex { kind: LockKind::Std } };
    Registry {
        workers: (0..WORKERS).map(worker).collect(),
        resources: (0..LOCKS).map(lock).collect(),
        ..Registry::default()
    }
}

fn description() -> RunDescription {
    RunDescription {
        program_version: "0".into(),
        title: "benchmark".into(),
        machine: Machine { cores: 2, usable: 2, quota: None, os: "Linux".into() },
        registry: registry(),
        run: None,
        time_limit: None,
        begins_at: None,
    }
}

/// Returns the messages of a run of `seconds` with `rate` events a second, as its reader delivers them. The workers
/// take turns with the locks, at times that vary by half.
fn messages(rate: u64, seconds: u64) -> Vec<Message> {
    let mut rng = Rng::with_seed(7);
    let step = 1_000_000_000 / rate * u64::from(WORKERS);
    let mut clocks = vec![0_u64; WORKERS as usize];
    let mut turns = vec![0_u64; WORKERS as usize];
    let mut grants = vec![0_u64; LOCKS as usize];
    let mut held = vec![0_u64; WORKERS as usize];
    let mut next = |worker: usize, rng: &mut Rng| {
        clocks[worker] += step / 2 + rng.u64(..step);
        turns[worker] += 1;
        let which = (turns[worker] / 4 + worker as u64) % u64::from(LOCKS);
        let lock = ResourceId(which as u32);
        let kind = match turns[worker] % 4 {
            0 => EventKind::LockWait { lock, held_count: 0, timed: false },
            1 => {
                grants[which as usize] += 1;
                held[worker] = grants[which as usize];
                EventKind::Acquired { lock, grant: Grant(held[worker]) }
            }
            2 => EventKind::Released { lock, grant: Grant(held[worker]) },
            _ => EventKind::Blocked { state: State::Sleep, on: None },
        };
        Event { at: Stamp(clocks[worker]), worker: WorkerId(worker as u32), kind }
    };
    let per_worker = rate / DELIVERIES / u64::from(WORKERS);
    let delivery = |at: u64, next: &mut dyn FnMut(usize, &mut Rng) -> Event, rng: &mut Rng| {
        let mut events = Vec::new();
        for worker in 0..WORKERS as usize {
            events.extend((0..per_worker).map(|_| next(worker, rng)));
        }
        let mut parts: Vec<Message> = events.chunks(MAX_EVENTS).map(|part| Message::Events(part.to_vec())).collect();
        parts.push(Message::Watermark(Stamp((at + 1) * 1_000_000_000 / DELIVERIES)));
        Message::Batch(parts)
    };
    (0..seconds * DELIVERIES).map(|at| delivery(at, &mut next, &mut rng)).collect()
}

fn process_cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Records the messages. Returns the CPU seconds and the bytes of the file.
fn record(messages: &[Message]) -> (f64, u64) {
    let directory = tempfile::tempdir().expect("a directory");
    let before = process_cpu_seconds();
    let mut recorder =
        Recorder::create(&directory.path().join("run.contend"), &description(), None).expect("a file is created");
    for message in messages {
        recorder.record(message);
    }
    let status = recorder.finish(Conclusion { at: Stamp(1), ended: RunEnd::Time, signal: None });
    assert_eq!(status.failure, None);
    (process_cpu_seconds() - before, status.bytes)
}

/// Folds the messages into a model. Returns the CPU seconds.
fn fold(messages: &[Message]) -> f64 {
    let before = process_cpu_seconds();
    let mut model = Model::new(Arc::new(registry()), Budget::default());
    for message in messages {
        model.apply(message);
    }
    black_box(&model);
    process_cpu_seconds() - before
}

fn main() {
    head("recording: CPU time and bytes of recorded events");
    for (rate, seconds, goal) in [(100_000, 10, 1.0), (1_000_000, 4, 10.0)] {
        let seconds = sized(seconds, 1);
        let messages = messages(rate, seconds);
        let events = (rate / DELIVERIES / u64::from(WORKERS) * u64::from(WORKERS) * DELIVERIES * seconds) as f64;
        let (mut cpu, mut folds, mut bytes) = (Vec::new(), Vec::new(), 0);
        for _ in 0..sized(ROUNDS, 1) {
            let (seconds, written) = record(&messages);
            cpu.push(seconds);
            bytes = written;
            folds.push(fold(&messages));
        }
        let of_core = median(&cpu) / seconds as f64 * 100.0;
        let each = |seconds: &[f64]| median(seconds) / events * 1e9;
        println!(
            "{rate} events/s: {of_core:.2} % of a core, {:.0} ns an event (spread {:.0} %); the model takes {:.0} ns",
            each(&cpu),
            spread(&cpu) * 100.0,
            each(&folds),
        );
        println!("  {:.2} bytes an event in the file, {RAW_BYTES:.0} in a ring", bytes as f64 / events);
        Goal::AtMost(goal).judge("percent of a core", of_core);
        Goal::AtMost(6.0).judge("bytes an event", bytes as f64 / events);
        println!();
    }
}
