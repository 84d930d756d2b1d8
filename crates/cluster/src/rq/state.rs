//! The known state of RQ, from the looks so far, and the events that each new look adds.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io::{self, Write};

use serde_json::json;

use super::Written;
use super::look::{JobLook, Look};
use crate::lines::{Lines, harmless};
use crate::wall::{Wall, parse_utc};

/// Ended jobs that are remembered, so that none is shown twice.
const REMEMBERED: usize = 50_000;
/// The lane that stands for Redis: it submits, and holds the queues' lengths.
const REDIS: u64 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Waiting,
    /// Runs on the worker with this lane.
    Running(u64),
}

#[derive(Debug)]
struct Job {
    number: u64,
    pool: u64,
    phase: Phase,
    /// Looks at which it had ended, but had no time of its end yet: RQ writes that a little later.
    looks_without_end: u8,
    /// The time of its start as it was noted last, and at how many looks. RQ notes one when it prepares the job, and
    /// a later one when the job's process is there.
    started: String,
    looks_at_start: u8,
}

/// A start is shown when so many looks agree about its time.
const LOOKS_AT_START: u8 = 3;

/// So many looks are waited for the time of an end.
const LOOKS_WITHOUT_END: u8 = 10;

#[derive(Debug)]
struct Queue {
    pool: u64,
    object: u64,
    depth: Option<u64>,
}

#[derive(Debug)]
struct Worker {
    lane: u64,
    /// Jobs that it has ended by its own count, and those of them that were seen.
    ended: Option<u64>,
    seen: u64,
}

/// Jobs that ended, the newest so many.
#[derive(Debug, Default)]
struct Ended {
    ids: BTreeSet<String>,
    order: VecDeque<String>,
}

impl Ended {
    fn insert(&mut self, id: String) {
        if self.ids.insert(id.clone()) {
            self.order.push_back(id);
        }
        while self.order.len() > REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.ids.remove(&oldest);
            }
        }
    }
}

#[derive(Debug)]
pub struct State {
    next: u64,
    queues: HashMap<String, Queue>,
    workers: HashMap<String, Worker>,
    jobs: HashMap<String, Job>,
    ended: Ended,
    is_first: bool,
}

impl State {
    pub fn new(lines: &mut Lines<impl Write>) -> io::Result<Self> {
        lines.define(&json!({"cv": 1, "ev": "hello", "lang": "rq", "clock": "mono", "why": "start"}))?;
        lines.define(&json!({"ev": "lane", "id": REDIS, "name": "redis", "service": true}))?;
        Ok(Self {
            next: REDIS + 1,
            queues: HashMap::new(),
            workers: HashMap::new(),
            jobs: HashMap::new(),
            ended: Ended::default(),
            is_first: true,
        })
    }

    /// Ids of the jobs whose fields must be asked for: new ones, and those that can have gone on.
    pub fn wanted(&self, look: &Look) -> Vec<String> {
        let mut wanted = BTreeSet::new();
        let mut waiting = BTreeSet::new();
        for queue in look.queues.values() {
            waiting.extend(queue.waiting.iter());
            wanted.extend(queue.waiting.iter().filter(|id| !self.jobs.contains_key(*id)).cloned());
            wanted.extend(queue.running.iter().cloned());
            if !self.is_first {
                let new = |id: &&String| !self.ended.ids.contains(*id) && !self.jobs.contains_key(*id);
                wanted.extend(queue.ended.iter().filter(new).cloned());
            }
        }
        let gone_on = self.jobs.iter().filter(|(id, job)| job.phase != Phase::Waiting || !waiting.contains(id));
        wanted.extend(gone_on.map(|(id, _)| id.clone()));
        wanted.into_iter().collect()
    }

    /// Writes the events that a look adds. `now` is the monotonic time of the look.
    pub fn take(&mut self, look: &Look, now: u64, wall: Wall, lines: &mut Lines<impl Write>) -> Written {
        for name in look.queues.keys() {
            self.queue(name, lines)?;
        }
        self.workers_of(look, now, lines)?;
        if self.is_first {
            // What had ended before was never seen to run.
            for id in look.queues.values().flat_map(|queue| &queue.ended) {
                self.ended.insert(id.clone());
            }
            self.is_first = false;
        }
        for (id, job) in &look.jobs {
            self.job(id, job, now, wall, lines)?;
        }
        self.depths(look, now, lines)?;
        self.missed(look, now, lines)
    }

    fn id(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    fn workers_of(&mut self, look: &Look, now: u64, lines: &mut Lines<impl Write>) -> Written {
        for (name, worker) in &look.workers {
            if self.workers.contains_key(name) {
                continue;
            }
            let served = worker.queues.split(',').next().unwrap_or_default();
            let pool = self.queues.get(served).map(|queue| queue.pool);
            let lane = self.id();
            let shown = if name.len() == 32 {
                format!("worker {}", &name.chars().take(6).collect::<String>())
            } else {
                name.clone()
            };
            lines.define(&json!({
                "ev": "lane", "id": lane, "name": harmless(&shown), "group": harmless(&worker.host), "pool": pool,

            }))?;
            lines.event(now, lane, "begin", json!({}))?;
            self.workers.insert(name.clone(), Worker { lane, ended: None, seen: 0 });
        }
        let gone: Vec<_> = self.workers.keys().filter(|name| !look.workers.contains_key(*name)).cloned().collect();
        for name in gone {
            let Some(worker) = self.workers.remove(&name) else { continue };
            for (_, job) in self.jobs.extract_if(|_, job| job.phase == Phase::Running(worker.lane)) {
                finish(lines, now, &job, worker.lane, Some("worker lost"))?;
            }
            lines.event(now, worker.lane, "end", json!({}))?;
        }
        Ok(())
    }

    fn queue(&mut self, name: &str, lines: &mut Lines<impl Write>) -> io::Result<u64> {
        if let Some(queue) = self.queues.get(name) {
            return Ok(queue.pool);
        }
        let (pool, object) = (self.id(), self.id());
        let name_shown = harmless(name);
        lines.define(&json!({"ev": "obj", "id": pool, "what": "pool", "name": name_shown}))?;
        lines.define(&json!({"ev": "obj", "id": object, "what": "queue", "name": format!("queue {name_shown}")}))?;
        self.queues.insert(name.to_owned(), Queue { pool, object, depth: None });
        Ok(pool)
    }

    fn job(&mut self, id: &str, look: &JobLook, now: u64, wall: Wall, lines: &mut Lines<impl Write>) -> Written {
        let at = |text: &str| parse_utc(text).map(|day| wall.to_monotonic(day).min(now));
        if !self.jobs.contains_key(id) {
            if self.ended.ids.contains(id) || look.status.is_empty() {
                return Ok(());
            }
            let (number, pool) = (self.id(), self.queue(&look.queue, lines)?);
            let more = json!({"o": number, "c": pool, "n": harmless(&look.description)});
            lines.event(at(&look.enqueued).unwrap_or(now), REDIS, "submit", more)?;
            self.jobs.insert(
                id.to_owned(),
                Job {
                    number,
                    pool,
                    phase: Phase::Waiting,
                    looks_without_end: 0,
                    started: String::new(),
                    looks_at_start: 0,
                },
            );
        }
        let Some(job) = self.jobs.get_mut(id) else { return Ok(()) };
        let lane = self.workers.get(&look.worker).map(|worker| worker.lane);
        let has_ended = matches!(look.status.as_str(), "finished" | "failed" | "stopped" | "canceled");
        if job.started != look.started {
            job.started.clone_from(&look.started);
            job.looks_at_start = 0;
        }
        job.looks_at_start = job.looks_at_start.saturating_add(1);
        let is_sure = job.looks_at_start >= LOOKS_AT_START || has_ended && !look.ended.is_empty();
        if let (Phase::Waiting, true, Some(started), Some(lane)) = (job.phase, is_sure, at(&look.started), lane) {
            let more = json!({"o": job.number, "c": job.pool, "n": harmless(&look.description)});
            lines.event(started, lane, "start", more)?;
            job.phase = Phase::Running(lane);
        }
        if !has_ended && !look.status.is_empty() {
            return Ok(());
        }
        if has_ended && look.ended.is_empty() && job.looks_without_end < LOOKS_WITHOUT_END {
            job.looks_without_end += 1;
            return Ok(());
        }
        let Some(job) = self.jobs.remove(id) else { return Ok(()) };
        self.ended.insert(id.to_owned());
        let error = match look.status.as_str() {
            "finished" => None,
            "" => Some("its record is gone"), // no result was kept: that it went well is not known
            other => Some(other),
        };
        let lane = if let Phase::Running(lane) = job.phase { lane } else { REDIS };
        if let Some(worker) = self.workers.values_mut().find(|worker| worker.lane == lane) {
            worker.seen += 1;
        }
        finish(lines, at(&look.ended).unwrap_or(now), &job, lane, error)
    }

    fn depths(&mut self, look: &Look, now: u64, lines: &mut Lines<impl Write>) -> Written {
        for (name, looked) in &look.queues {
            let Some(queue) = self.queues.get_mut(name) else { continue };
            let before = queue.depth.replace(looked.depth);
            if before != Some(looked.depth) {
                let kind = if before.unwrap_or(0) > looked.depth { "get" } else { "put" };
                lines.event(now, REDIS, kind, json!({"o": queue.object, "d": looked.depth}))?;
            }
        }
        Ok(())
    }

    /// Jobs that a worker has ended by its own count, but that no look has found.
    fn missed(&mut self, look: &Look, now: u64, lines: &mut Lines<impl Write>) -> Written {
        for (name, looked) in &look.workers {
            let Some(worker) = self.workers.get_mut(name) else { continue };
            let count = |text: &str| text.parse::<u64>().unwrap_or(0);
            let total = count(&looked.succeeded).saturating_add(count(&looked.failed));
            let Some(before) = worker.ended else {
                worker.ended = Some(total);
                worker.seen = 0;
                continue;
            };
            // A job's own record can be one look behind the worker's count: only what stays away is missed.
            let running = self.jobs.values().filter(|job| job.phase == Phase::Running(worker.lane)).count() as u64;
            let missing = total.saturating_sub(before).saturating_sub(worker.seen + running);
            if missing > 0 && total == before.saturating_add(worker.seen + running + missing) {
                lines.define(&json!({"ev": "drop", "n": missing, "l": worker.lane, "from": now, "to": now}))?;
                worker.seen += missing;
            }
        }
        Ok(())
    }

    /// Ends every lane: looking is over.
    pub fn end(&self, now: u64, lines: &mut Lines<impl Write>) -> Written {
        let lanes: BTreeSet<u64> = self.workers.values().map(|worker| worker.lane).collect();
        for lane in lanes {
            lines.event(now, lane, "end", json!({"ok": true}))?;
        }
        lines.flush(u64::MAX)?;
        lines.define(&json!({"ev": "bye", "code": 0}))
    }
}

fn finish(lines: &mut Lines<impl Write>, at: u64, job: &Job, lane: u64, error: Option<&str>) -> Written {
    let more = match error {
        None => json!({"o": job.number, "c": job.pool, "ok": true}),
        Some(error) => json!({"o": job.number, "c": job.pool, "ok": false, "err": error}),
    };
    lines.event(at, lane, "finish", more)
}

#[cfg(test)]
mod tests;
