//! The known state of a cluster of Ray, and the events that each look adds.

use std::collections::{HashMap, HashSet, VecDeque};
use std::io::{self, Write};

use serde_json::json;

use super::answers::{List, Node, Task, Worker};
use crate::lines::{Lines, harmless};
use crate::wall::Wall;

/// The lane that stands for Ray itself, the pool, and three counts.
const RAY: u64 = 1;
const POOL: u64 = 2;
const STATES: [(u64, &str); 3] = [(3, "wait for other tasks"), (4, "wait for a worker"), (5, "sent, not started")];
const FIRST_FREE: u64 = 6;

const MAX_LANES: usize = 50_000;
/// Ended tasks that are remembered, so that none is shown twice: more than Ray tells at once.
const REMEMBERED: usize = 50_000;

/// A task by its id and the number of the attempt.
type Key = (String, u64);

#[derive(Debug)]
struct Known {
    number: u64,
    /// The lane that executes it.
    lane: Option<u64>,
}

#[derive(Debug)]
pub struct State {
    next: u64,
    hosts: HashMap<String, String>,
    /// Lanes of the workers that live.
    workers: HashMap<String, u64>,
    gone: HashSet<String>,
    tasks: HashMap<Key, Known>,
    ended: HashSet<Key>,
    ended_in_order: VecDeque<Key>,
    counts: [u64; STATES.len()],
    is_first: bool,
}

impl State {
    pub fn new(lines: &mut Lines<impl Write>, now: u64) -> io::Result<Self> {
        lines.define(&json!({"cv": 1, "ev": "hello", "pid": 0, "lang": "ray", "clock": "mono", "why": "start"}))?;
        lines.define(&json!({"ev": "lane", "id": RAY, "name": "ray", "service": true}))?;
        lines.define(&json!({"ev": "obj", "id": POOL, "what": "pool", "name": "ray tasks"}))?;
        for (id, name) in STATES {
            lines.define(&json!({"ev": "obj", "id": id, "what": "count", "name": name}))?;
        }
        lines.event(now, RAY, "begin", json!({}))?;
        Ok(Self {
            next: FIRST_FREE,
            hosts: HashMap::new(),
            workers: HashMap::new(),
            gone: HashSet::new(),
            tasks: HashMap::new(),
            ended: HashSet::new(),
            ended_in_order: VecDeque::new(),
            counts: [0; STATES.len()],
            is_first: true,
        })
    }

    fn id(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    pub fn take_nodes(&mut self, nodes: &List<Node>) {
        self.hosts = nodes.entries().iter().map(|node| (node.node_id.clone(), harmless(&node.node_name))).collect();
    }

    /// Adds new workers. Those that are gone end after the tasks of this look: see [`Self::take_tasks`].
    pub fn take_workers(&mut self, workers: &List<Worker>, now: u64, lines: &mut Lines<impl Write>) -> io::Result<()> {
        for worker in workers.entries().iter().filter(|worker| worker.is_executor()) {
            let is_known = self.workers.contains_key(&worker.id);
            if worker.is_alive && !is_known && self.workers.len() < MAX_LANES {
                let lane = self.id();
                let host = self.hosts.get(&worker.node_id).map_or("", String::as_str);
                let name = format!("worker {}", worker.pid);
                lines.define(&json!({"ev": "lane", "id": lane, "name": name, "group": host, "pool": POOL}))?;
                lines.late_event(now, lane, "begin", json!({}))?;
                self.workers.insert(worker.id.clone(), lane);
            } else if !worker.is_alive && is_known && self.gone.insert(worker.id.clone()) {
                self.end_worker(worker, now, lines)?;
            }
        }
        let listed: HashSet<&str> = workers.entries().iter().map(|worker| worker.id.as_str()).collect();
        self.gone.retain(|worker| listed.contains(worker.as_str()));
        Ok(())
    }

    fn end_worker(&mut self, worker: &Worker, now: u64, lines: &mut Lines<impl Write>) -> io::Result<()> {
        let Some(lane) = self.workers.remove(&worker.id) else { return Ok(()) };
        let open: Vec<Key> =
            self.tasks.iter().filter(|(_, task)| task.lane == Some(lane)).map(|(key, _)| key.clone()).collect();
        for key in open {
            if let Some(task) = self.tasks.remove(&key) {
                let more = json!({"o": task.number, "c": POOL, "ok": false, "err": "worker lost"});
                lines.late_event(now, lane, "finish", more)?;
                self.remember(key);
            }
        }
        lines.late_event(now, lane, "end", json!({"ok": !worker.is_lost()}))
    }

    /// Takes the list of tasks. What had ended before the first look was never seen to run.
    pub fn take_tasks(
        &mut self,
        tasks: &List<Task>,
        now: u64,
        wall: Wall,
        lines: &mut Lines<impl Write>,
    ) -> io::Result<()> {
        let mut sorted: Vec<&Task> = tasks.entries().iter().filter(|task| task.is_work()).collect();
        sorted.sort_by(|a, b| a.start_time_ms.partial_cmp(&b.start_time_ms).unwrap_or(std::cmp::Ordering::Equal));
        let mut counts = [0; STATES.len()];
        for task in sorted {
            if let Some(place) = task.waiting_place() {
                counts[place] += 1;
            }
            let key = (task.id.clone(), task.attempt_number);
            if self.is_first && task.has_ended() {
                self.remember(key);
            } else if !self.ended.contains(&key) {
                self.task(task, key, (now, wall), lines)?;
            }
        }
        self.is_first = false;
        for ((known, count), (id, _)) in self.counts.iter_mut().zip(counts).zip(STATES) {
            if std::mem::replace(known, count) != count {
                lines.late_event(now, RAY, "count", json!({"o": id, "v": count}))?;
            }
        }
        Ok(())
    }

    fn task(
        &mut self,
        task: &Task,
        key: Key,
        (now, wall): (u64, Wall),
        lines: &mut Lines<impl Write>,
    ) -> io::Result<()> {
        let at = |ms: Option<f64>| ms.map_or(now, |ms| wall.to_monotonic(nanos(ms)).min(now));
        if !self.tasks.contains_key(&key) {
            let number = self.id();
            lines.late_event(at(task.creation_time_ms), RAY, "submit", json!({"o": number, "c": POOL}))?;
            self.tasks.insert(key.clone(), Known { number, lane: None });
        }
        let lane = task.worker_id.as_ref().and_then(|worker| self.workers.get(worker)).copied();
        let Some(known) = self.tasks.get_mut(&key) else { return Ok(()) };
        let number = known.number;
        if let (None, Some(lane), Some(_)) = (known.lane, lane, task.start_time_ms) {
            known.lane = Some(lane);
            let more = json!({"o": number, "c": POOL, "n": harmless(&task.name)});
            lines.late_event(at(task.start_time_ms), lane, "start", more)?;
        }
        if !task.has_ended() {
            return Ok(());
        }
        let (is_ok, lane) = (task.state == "FINISHED", known.lane.unwrap_or(RAY));
        let error = task.error_type.as_deref().map(harmless);
        let more = json!({"o": number, "c": POOL, "ok": is_ok, "err": error});
        lines.late_event(at(task.end_time_ms), lane, "finish", more)?;
        self.tasks.remove(&key);
        self.remember(key);
        Ok(())
    }

    fn remember(&mut self, key: Key) {
        if self.ended.insert(key.clone()) {
            self.ended_in_order.push_back(key);
        }
        if self.ended_in_order.len() > REMEMBERED
            && let Some(oldest) = self.ended_in_order.pop_front()
        {
            self.ended.remove(&oldest);
        }
    }

    /// Ends every lane: looking is over.
    pub fn end(&self, now: u64, lines: &mut Lines<impl Write>) -> io::Result<()> {
        for lane in self.workers.values().chain([&RAY]) {
            lines.late_event(now, *lane, "end", json!({"ok": true}))?;
        }
        lines.flush(u64::MAX)?;
        lines.define(&json!({"ev": "bye", "code": 0}))
    }
}

/// Nanoseconds of a time in milliseconds; a larger one becomes the largest.
fn nanos(ms: f64) -> i128 {
    (ms.clamp(0.0, 1e14) * 1e6) as i128
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::wall::monotonic;

    struct Cluster {
        state: State,
        lines: Lines<Vec<u8>>,
        now: u64,
        wall: Wall,
    }

    fn list<T: serde::de::DeserializeOwned>(entries: &Value) -> List<T> {
        serde_json::from_value(json!({"result": true, "data": {"result": {"result": entries}}})).unwrap()
    }

    impl Cluster {
        fn new() -> Self {
            let (mut lines, now) = (Lines::new(Vec::new()), monotonic());
            let mut state = State::new(&mut lines, now).unwrap();
            state.take_nodes(&list(&json!([{"node_id": "n", "node_name": "host 1"}])));
            Self { state, lines, now, wall: Wall::now() }
        }

        fn look(&mut self, workers: &Value, tasks: &Value) -> Vec<Value> {
            self.state.take_workers(&list(workers), self.now, &mut self.lines).unwrap();
            self.state.take_tasks(&list(tasks), self.now, self.wall, &mut self.lines).unwrap();
            self.lines.flush(u64::MAX).unwrap();
            let text = String::from_utf8(std::mem::take(self.lines.sink_mut())).unwrap();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        }

        /// The time of day so many milliseconds ago.
        fn ago(&self, ms: f64) -> f64 {
            self.wall.of_monotonic(self.now) as f64 / 1e6 - ms
        }
    }

    fn kinds(lines: &[Value]) -> Vec<&str> {
        lines.iter().filter_map(|line| line["k"].as_str()).collect()
    }

    fn worker(is_alive: bool, exit: Option<&str>) -> Value {
        json!([{"worker_id": "w", "is_alive": is_alive, "worker_type": "WORKER", "node_id": "n", "pid": 7, "exit_type": exit},
            {"worker_id": "d", "is_alive": true, "worker_type": "DRIVER"}])
    }

    #[test]
    fn tasks_are_followed_from_submission_to_end() {
        let mut cluster = Cluster::new();
        cluster.look(&worker(true, None), &json!([{"task_id": "old", "state": "FINISHED", "type": "NORMAL_TASK"}]));
        let (created, start, end) = (cluster.ago(90.0), cluster.ago(50.0), cluster.ago(20.0));
        let task = |state: &str, start: Value, end: Value| {
            json!([{"task_id": "t", "attempt_number": 0, "name": "f", "state": state, "type": "NORMAL_TASK", "worker_id": "w",
                "creation_time_ms": created, "start_time_ms": start, "end_time_ms": end},
                {"task_id": "driver", "type": "DRIVER_TASK", "state": "RUNNING"}])
        };
        let lines = cluster.look(&worker(true, None), &task("PENDING_NODE_ASSIGNMENT", Value::Null, Value::Null));
        assert_eq!(kinds(&lines), ["submit", "count"]);
        let lines = cluster.look(&worker(true, None), &task("RUNNING", json!(start), Value::Null));
        assert_eq!(kinds(&lines), ["start", "count"]);
        let lines = cluster.look(&worker(true, None), &task("FAILED", json!(start), json!(end)));
        assert_eq!((kinds(&lines), &lines[0]["ok"]), (vec!["finish"], &json!(false)));
        assert_eq!((cluster.now - lines[0]["t"].as_u64().unwrap() + 500_000) / 1_000_000, 20);
        let lines = cluster.look(&worker(true, None), &task("FAILED", json!(start), json!(end)));
        assert!(lines.is_empty(), "written once: {lines:?}");
    }

    #[test]
    fn worker_that_dies_by_itself_is_lost_and_its_task_has_failed() {
        let mut cluster = Cluster::new();
        let start = cluster.ago(50.0);
        let tasks = json!([{"task_id": "t", "state": "RUNNING", "type": "NORMAL_TASK", "worker_id": "w", "start_time_ms": start}]);
        cluster.look(&worker(true, None), &tasks);
        let lines = cluster.look(&worker(false, Some("SYSTEM_ERROR")), &tasks);
        assert_eq!(kinds(&lines), ["finish", "end"]);
        assert_eq!([&lines[0]["ok"], &lines[1]["ok"]], [&json!(false), &json!(false)]);
        assert!(cluster.look(&worker(false, Some("SYSTEM_ERROR")), &tasks).is_empty());
        let mut cluster = Cluster::new();
        cluster.look(&worker(true, None), &json!([]));
        let lines = cluster.look(&worker(false, Some("INTENDED_SYSTEM_EXIT")), &json!([]));
        assert_eq!(lines.last().unwrap()["ok"], true);
    }

    #[test]
    fn hostile_numbers_and_names_are_bounded() {
        let mut cluster = Cluster::new();
        cluster.look(&worker(true, None), &json!([]));
        let tasks = json!([{"task_id": "\u{1b}", "state": "FINISHED", "type": "ACTOR_TASK", "worker_id": "w",
            "name": "\u{1b}]0;x\n", "creation_time_ms": -1e300, "start_time_ms": 1e300, "end_time_ms": -5}]);
        let lines = cluster.look(&worker(true, None), &tasks);
        assert_eq!(kinds(&lines).len(), 3);
        assert!(lines.iter().all(|line| !line.to_string().contains("\\u001b")), "{lines:?}");
    }
}
