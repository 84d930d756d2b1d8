//! Trace events in JSON, as `chrome://tracing` and Perfetto read them.
//!
//! Format: "Trace Event Format", the Chromium project. Times are microseconds. Workers are threads of process 1, locks
//! of process 2, tasks of process 3.

use std::io::{self, Read, Seek, Write};

use serde_json::{Value, json};

use super::item::{ExportCounts, Item};
use super::timeline::{declared_registry, for_each_item};
use crate::recording::Recording;
use crate::trace::{Registry, ResourceId, Stamp};

const WORKERS: u32 = 1;
const LOCKS: u32 = 2;
const TASKS: u32 = 3;

/// Slots of one lock that get a row of their own.
const MAX_SLOTS: usize = 64;

pub(super) fn write<R: Read + Seek>(recording: &mut Recording<R>, mut out: impl Write) -> io::Result<ExportCounts> {
    let registry = declared_registry(recording)?;
    out.write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n")?;
    let mut is_first = true;
    let mut put = |event: &Value, out: &mut dyn Write| {
        let separator = if std::mem::take(&mut is_first) { "" } else { ",\n" };
        write!(out, "{separator}{event}")
    };
    for event in names(&registry) {
        put(&event, &mut out)?;
    }
    let counts =
        for_each_item(recording, |item| events_of(item, &registry).iter().try_for_each(|event| put(event, &mut out)))?;
    out.write_all(b"\n]}\n")?;
    out.flush()?;
    Ok(counts)
}

/// Returns the names of all rows.
fn names(registry: &Registry) -> Vec<Value> {
    let process = |pid: u32, name: &str| json!({"ph": "M", "pid": pid, "name": "process_name", "args": {"name": name}});
    let thread = |pid: u32, tid: usize, name: &str| {
        let args = json!({"name": name});
        json!({"ph": "M", "pid": pid, "tid": tid, "name": "thread_name", "args": args})
    };
    let mut names = vec![process(WORKERS, "workers"), process(LOCKS, "locks"), process(TASKS, "tasks")];
    for (index, worker) in registry.workers.iter().enumerate() {
        names.push(thread(WORKERS, index, &worker.name));
        names.push(thread(TASKS, index, &worker.name));
    }
    for lock in registry.locks() {
        names.push(thread(LOCKS, lock_row(lock, 0), registry.resource_name(lock)));
    }
    names
}

fn lock_row(lock: ResourceId, slot: usize) -> usize {
    lock.index() * MAX_SLOTS + slot.min(MAX_SLOTS - 1)
}

fn micros(at: Stamp) -> f64 {
    at.0 as f64 / 1e3
}

fn span(pid: u32, tid: usize, name: &str, (from, to): (Stamp, Stamp), args: &Value) -> Value {
    let (ts, dur) = (micros(from), micros(to) - micros(from));
    json!({"ph": "X", "pid": pid, "tid": tid, "name": name, "ts": ts, "dur": dur, "args": args})
}

fn counter(name: &str, at: Stamp, value: &Value) -> Value {
    json!({"ph": "C", "pid": WORKERS, "name": name, "ts": micros(at), "args": {"value": value}})
}

fn events_of(item: &Item, registry: &Registry) -> Vec<Value> {
    let one = match item {
        Item::State { worker, state, on, from, to } => {
            let args = on.map_or_else(|| json!({}), |on| json!({"on": registry.resource_name(on)}));
            span(WORKERS, worker.index(), state.word(), (*from, *to), &args)
        }
        Item::Hold { lock, slot, worker, grant, from, to, after } => {
            let row = lock_row(*lock, *slot);
            let args = json!({"grant": grant.number()});
            let mut events = vec![span(LOCKS, row, registry.worker_name(*worker), (*from, *to), &args)];
            if let Some(before) = after {
                let id = format!("{}-{}", lock.index(), grant.number());
                let flow = |phase: &str, tid: usize, at: Stamp| {
                    json!({"ph": phase, "pid": LOCKS, "tid": tid, "name": "released to", "cat": "lock", "id": id,
                           "ts": micros(at), "bp": "e"})
                };
                events.push(flow("s", lock_row(*lock, before.slot), before.at));
                events.push(flow("f", row, *from));
            }
            return events;
        }
        Item::Task { pool, worker, number, ok, depth, from, to } => {
            let name = registry.pool_name(*pool);
            let args = json!({"number": number, "ok": ok, "depth": depth});
            span(TASKS, worker.index(), name, (*from, *to), &args)
        }
        Item::Depth { queue, at, depth } => counter(registry.resource_name(*queue), *at, &json!(depth)),
        Item::Value { counter: of, at, value } => counter(registry.resource_name(*of), *at, &json!(value)),
        Item::CoreLoad { core, at, load } => counter(&format!("core {core}"), *at, &json!(load)),
        Item::PoolSize { pool, at, workers } => {
            counter(&format!("{} workers", registry.pool_name(*pool)), *at, &json!(workers))
        }
        Item::Mark { at, text, worker } => {
            let (scope, row) = worker.map_or(("g", 0), |worker| ("t", worker.index()));
            json!({"ph": "i", "s": scope, "pid": WORKERS, "tid": row, "name": format!("mark: {text}"),
                   "ts": micros(*at), "args": {}})
        }
        Item::Moment { at, name, detail } => {
            json!({"ph": "i", "s": "g", "pid": WORKERS, "tid": 0, "name": name, "ts": micros(*at),
                   "args": {"detail": detail}})
        }
    };
    vec![one]
}
