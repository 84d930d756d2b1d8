//! The known state of a cluster of Dask, and the events that each message and each count adds.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Write};

use serde_json::{Value, json};

use super::answers::{Counts, Identity, StreamMessage, WorkerIdentity};
use crate::clock_shift::ClockShift;
use crate::lines::{Lines, harmless};
use crate::wall::Wall;

/// The lane of the scheduler, the pool, and three counts.
const SCHEDULER: u64 = 1;
const POOL: u64 = 2;
const STATES: [(u64, &str); 3] = [(3, "wait for other tasks"), (4, "wait for a worker"), (5, "sent, not started")];
const FIRST_FREE: u64 = 6;

const MAX_WORKERS: usize = 10_000;
const MAX_THREADS: usize = 1_024;
const MAX_LANES: usize = 50_000;
/// Submitted tasks that are known one by one; further ones are only counted.
const MAX_OPEN: usize = 100_000;

#[derive(Debug, Default)]
struct Worker {
    name: String,
    host: String,
    lanes: Vec<u64>,
    /// The place of each of its threads, in order of their first tasks.
    places: HashMap<u64, usize>,
    /// Tasks that it executed at the last count, and those that it had besides.
    executing: u64,
    ready: u64,
}

#[derive(Debug)]
pub struct State {
    next: u64,
    workers: HashMap<String, Worker>,
    lanes: usize,
    /// Numbers of tasks that were submitted and have not started as far as is known, the oldest first.
    submitted: VecDeque<u64>,
    /// Tasks that have ended since the beginning, well or not; and those that were submitted.
    ended: u64,
    submits: u64,
    erred: Option<u64>,
    counts: [u64; STATES.len()],
    counted_at: u64,
    shift: ClockShift,
    lost: u64,
}

impl State {
    pub fn new(lines: &mut Lines<impl Write>, now: u64) -> io::Result<Self> {
        lines.define(&json!({"cv": 1, "ev": "hello", "pid": 0, "lang": "dask", "clock": "mono", "why": "start"}))?;
        lines.define(&json!({"ev": "lane", "id": SCHEDULER, "name": "scheduler", "service": true}))?;
        lines.define(&json!({"ev": "obj", "id": POOL, "what": "pool", "name": "dask"}))?;
        for (id, name) in STATES {
            lines.define(&json!({"ev": "obj", "id": id, "what": "count", "name": name}))?;
        }
        lines.event(now, SCHEDULER, "begin", json!({}))?;
        Ok(Self {
            next: FIRST_FREE,
            workers: HashMap::new(),
            lanes: 0,
            submitted: VecDeque::new(),
            ended: 0,
            submits: 0,
            erred: None,
            counts: [0; STATES.len()],
            counted_at: now,
            shift: ClockShift::default(),
            lost: 0,
        })
    }

    fn id(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// Notes that so many messages could not be read.
    pub const fn lose(&mut self, count: u64) {
        self.lost = self.lost.saturating_add(count);
    }

    pub fn tell_lost(&mut self, now: u64, lines: &mut Lines<impl Write>) -> io::Result<()> {
        match std::mem::take(&mut self.lost) {
            0 => Ok(()),
            lost => lines.define(&json!({"ev": "drop", "n": lost, "l": SCHEDULER, "from": now, "to": now})),
        }
    }

    /// Takes the list of workers.
    pub fn take_identity(&mut self, identity: &Identity, now: u64, lines: &mut Lines<impl Write>) -> io::Result<()> {
        for (address, reported) in &identity.workers {
            self.add_worker(address, reported, now, lines)?;
        }
        let gone: Vec<_> =
            self.workers.keys().filter(|known| !identity.workers.contains_key(*known)).cloned().collect();
        gone.iter().try_for_each(|address| self.remove_worker(address, now, lines))
    }

    fn add_worker(
        &mut self,
        address: &str,
        reported: &WorkerIdentity,
        now: u64,
        lines: &mut Lines<impl Write>,
    ) -> io::Result<()> {
        if !self.workers.contains_key(address) && self.workers.len() >= MAX_WORKERS {
            return Ok(());
        }
        let name = match &reported.name {
            Value::String(name) if name != address => name.clone(),
            Value::Number(number) => format!("worker {number}"),
            _ => address.rsplit("//").next().unwrap_or(address).to_owned(),
        };
        let worker = self.workers.entry(address.to_owned()).or_default();
        (worker.name, worker.host) = (harmless(&name), harmless(&reported.host));
        let tasks = &reported.metrics.task_counts;
        (worker.executing, worker.ready) = (tasks.executing.min(reported.nthreads), tasks.ready);
        for place in worker.lanes.len()..(reported.nthreads.min(MAX_THREADS as u64) as usize) {
            self.add_lane(address, place, now, lines)?;
        }
        Ok(())
    }

    /// Adds the lane of a thread of a worker, unless there are too many.
    fn add_lane(&mut self, address: &str, place: usize, now: u64, lines: &mut Lines<impl Write>) -> io::Result<()> {
        let lane = self.id();
        let Some(worker) = self.workers.get_mut(address).filter(|_| self.lanes < MAX_LANES) else { return Ok(()) };
        self.lanes += 1;
        worker.lanes.push(lane);
        let name = format!("{}/{}", worker.name, place + 1);
        lines.define(&json!({"ev": "lane", "id": lane, "name": name, "group": worker.host, "pool": POOL}))?;
        lines.late_event(now, lane, "begin", json!({}))
    }

    /// Ends the lanes of a worker that is gone. That it is lost is concluded from the tasks that it had.
    fn remove_worker(&mut self, address: &str, now: u64, lines: &mut Lines<impl Write>) -> io::Result<()> {
        let Some(worker) = self.workers.remove(address) else { return Ok(()) };
        self.lanes -= worker.lanes.len();
        let had_tasks = worker.executing > 0 || worker.ready > 0;
        worker.lanes.iter().try_for_each(|lane| lines.late_event(now, *lane, "end", json!({"ok": !had_tasks})))
    }

    pub fn take_message(
        &mut self,
        message: &StreamMessage,
        now: u64,
        wall: Wall,
        lines: &mut Lines<impl Write>,
    ) -> io::Result<()> {
        match (message.name.as_str(), message.action.as_str()) {
            ("add_worker", _) if !self.workers.contains_key(&message.worker) => {
                let address = message.worker.rsplit("//").next().unwrap_or_default();
                let host = address.rsplit_once(':').map_or(address, |(host, _)| host).to_owned();
                self.add_worker(&message.worker, &WorkerIdentity { host, ..WorkerIdentity::default() }, now, lines)
            }
            ("remove_worker", _) => self.remove_worker(&message.worker, now, lines),
            ("transition", "compute" | "transfer") => {
                let end = self.shift.correct(wall, nanos(message.stop), now);
                let length = (nanos(message.stop) - nanos(message.start)).clamp(0, i128::from(end));
                let start = end - u64::try_from(length).unwrap_or(0);
                match message.action.as_str() {
                    "compute" => self.task(message, (start, end), lines),
                    _ => self.transfer(message, (start, end), lines),
                }
            }
            _ => Ok(()),
        }
    }

    /// Returns the lane of the thread that executed a task.
    fn lane_of(&mut self, message: &StreamMessage, at: u64, lines: &mut Lines<impl Write>) -> io::Result<Option<u64>> {
        let Some(worker) = self.workers.get_mut(&message.worker) else { return Ok(None) };
        let next = worker.places.len();
        if next >= MAX_THREADS {
            worker.places.clear(); // hostile: no worker has so many threads
        }
        let place = *worker.places.entry(message.thread.unwrap_or(0)).or_insert(next.min(MAX_THREADS - 1));
        if place >= worker.lanes.len() {
            let place = worker.lanes.len();
            self.add_lane(&message.worker, place, at, lines)?;
        }
        Ok(self.workers.get(&message.worker).and_then(|worker| worker.lanes.get(place).copied()))
    }

    /// Returns the oldest submitted task. One that came and went between two counts is submitted at `at`.
    fn take_submitted(&mut self, at: u64, lines: &mut Lines<impl Write>) -> io::Result<u64> {
        if let Some(number) = self.submitted.pop_front() {
            return Ok(number);
        }
        self.submits += 1;
        let number = self.id();
        lines.late_event(at, SCHEDULER, "submit", json!({"o": number, "c": POOL}))?;
        Ok(number)
    }

    /// Adds a task that was executed.
    fn task(
        &mut self,
        message: &StreamMessage,
        (start, end): (u64, u64),
        lines: &mut Lines<impl Write>,
    ) -> io::Result<()> {
        let Some(lane) = self.lane_of(message, start, lines)? else {
            self.lose(1);
            return Ok(());
        };
        self.ended += 1;
        let number = self.take_submitted(start, lines)?;
        let name = harmless(&message.task_name());
        lines.late_event(start, lane, "start", json!({"o": number, "c": POOL, "n": name}))?;
        lines.late_event(end, lane, "finish", json!({"o": number, "c": POOL, "ok": true}))
    }

    fn transfer(
        &mut self,
        message: &StreamMessage,
        (start, end): (u64, u64),
        lines: &mut Lines<impl Write>,
    ) -> io::Result<()> {
        let lane = |address: &str| self.workers.get(address).and_then(|worker| worker.lanes.first().copied());
        let from = message.source.as_deref().and_then(lane);
        let (Some(to), Some(from)) = (lane(&message.worker), from) else { return Ok(()) };
        lines.late_event(start, to, "fetch", json!({"from": from}))?;
        lines.late_event(end, to, "fetched", json!({"from": from, "bytes": 0}))
    }

    /// Takes the counts: the depths of the queues, and tasks submitted or failed since the last ones.
    pub fn take_counts(&mut self, counts: &Counts, now: u64, lines: &mut Lines<impl Write>) -> io::Result<()> {
        let executing = self.workers.values().fold(0, |sum: u64, worker| sum.saturating_add(worker.executing));
        let executing = counts.processing.min(executing);
        let depths = [counts.waiting, counts.queued(), counts.processing - executing];
        for ((known, depth), (id, _)) in self.counts.iter_mut().zip(depths).zip(STATES) {
            if std::mem::replace(known, depth) != depth {
                lines.event(now, SCHEDULER, "count", json!({"o": id, "v": depth}))?;
            }
        }
        let failed = self.erred.replace(counts.erred).map_or(0, |before| counts.erred.saturating_sub(before));
        for _ in 0..failed.min(MAX_OPEN as u64) {
            self.fail_one(now, lines)?;
        }
        self.submit_until(counts.open(), now, lines)?;
        self.counted_at = now;
        Ok(())
    }

    /// Ends one of the submitted tasks as failed: which one is not known.
    fn fail_one(&mut self, now: u64, lines: &mut Lines<impl Write>) -> io::Result<()> {
        self.ended += 1;
        let number = self.take_submitted(now, lines)?;
        lines.event(now, SCHEDULER, "erred", json!({"o": number, "c": POOL}))
    }

    /// Adds or takes away submitted tasks, until as many are open as the scheduler counts.
    fn submit_until(&mut self, open: u64, now: u64, lines: &mut Lines<impl Write>) -> io::Result<()> {
        let wanted = self.ended.saturating_add(open);
        let missing = wanted.saturating_sub(self.submits).min((MAX_OPEN - self.submitted.len()) as u64);
        for n in 1..=missing {
            // Evenly over the time since the last count.
            let at = self.counted_at + (now - self.counted_at) / missing * n;
            let number = self.id();
            lines.late_event(at, SCHEDULER, "submit", json!({"o": number, "c": POOL}))?;
            self.submitted.push_back(number);
        }
        self.submits += missing;
        // Cancelled, or forgotten because nobody wants the result.
        while self.submits > wanted
            && let Some(number) = self.submitted.pop_back()
        {
            self.submits -= 1;
            lines.event(now, SCHEDULER, "cancelled", json!({"o": number, "c": POOL}))?;
        }
        Ok(())
    }

    /// Ends every lane: looking is over.
    pub fn end(&self, now: u64, lines: &mut Lines<impl Write>) -> io::Result<()> {
        for lane in self.workers.values().flat_map(|worker| &worker.lanes) {
            lines.event(now, *lane, "end", json!({"ok": true}))?;
        }
        lines.event(now, SCHEDULER, "end", json!({"ok": true}))?;
        lines.flush(u64::MAX)?;
        lines.define(&json!({"ev": "bye", "code": 0}))
    }
}

/// Nanoseconds of a time in seconds; a value that is no number, or too large, becomes the nearest one.
fn nanos(seconds: f64) -> i128 {
    (seconds.clamp(0.0, 1e11) * 1e9) as i128
}

#[cfg(test)]
mod tests;
