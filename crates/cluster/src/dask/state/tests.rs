use super::*;
use crate::wall::monotonic;

const MS: u64 = 1_000_000;

/// A scheduler with one worker of two threads, and the lines written about it.
struct Cluster {
    state: State,
    lines: Lines<Vec<u8>>,
    wall: Wall,
    now: u64,
}

impl Cluster {
    fn new() -> Self {
        let (mut lines, now) = (Lines::new(Vec::new()), monotonic());
        let state = State::new(&mut lines, now).unwrap();
        let mut cluster = Self { state, lines, wall: Wall::now(), now };
        cluster.identity(r#"{"tcp://a:1": {"host": "a", "name": "w", "nthreads": 2}}"#);
        cluster
    }

    fn identity(&mut self, workers: &str) {
        let identity = serde_json::from_str(&format!(r#"{{"type": "Scheduler", "workers": {workers}}}"#)).unwrap();
        self.state.take_identity(&identity, self.now, &mut self.lines).unwrap();
    }

    fn counts(&mut self, counts: Value) {
        self.now += 1_000 * MS;
        self.state.take_counts(&serde_json::from_value(counts).unwrap(), self.now, &mut self.lines).unwrap();
    }

    /// A task of `thread` that ran for 30 ms until now.
    fn task(&mut self, worker: &str, thread: u64) {
        let stop = self.wall.of_monotonic(self.now) as f64 / 1e9;
        let message = json!({"name": "transition", "action": "compute", "key": "f-01234567", "worker": worker,
            "thread": thread, "start": stop - 0.03, "stop": stop});
        let message = serde_json::from_value(message).unwrap();
        self.state.take_message(&message, self.now, self.wall, &mut self.lines).unwrap();
    }

    fn written(&mut self) -> Vec<Value> {
        self.lines.flush(u64::MAX).unwrap();
        let text = std::mem::take(self.lines.sink_mut());
        String::from_utf8(text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn count(&mut self, kind: &str) -> usize {
        self.written().iter().filter(|line| line["k"] == kind).count()
    }
}

#[test]
fn tasks_stand_on_the_lanes_of_their_threads() {
    let mut cluster = Cluster::new();
    for thread in [700, 900, 700] {
        cluster.now += 50 * MS;
        cluster.task("tcp://a:1", thread);
    }
    let lines = cluster.written();
    let lane =
        |name: &str| lines.iter().find(|line| line["ev"] == "lane" && line["name"] == name).unwrap()["id"].clone();
    let starts: Vec<&Value> = lines.iter().filter(|line| line["k"] == "start").map(|line| &line["l"]).collect();
    assert_eq!(starts, [&lane("w/1"), &lane("w/2"), &lane("w/1")]);
    let of = |kind: &str| lines.iter().find(|line| line["k"] == kind).unwrap()["t"].as_u64().unwrap();
    assert_eq!((of("finish") - of("start") + MS / 2) / MS, 30);
    assert_eq!(lines.iter().find(|line| line["k"] == "start").unwrap()["n"], "f");
}

#[test]
fn submissions_and_failures_are_inferred_from_counts() {
    let mut cluster = Cluster::new();
    cluster.counts(json!({"tasks": 10, "processing": 4}));
    assert_eq!(cluster.count("submit"), 10);
    for _ in 0..3 {
        cluster.task("tcp://a:1", 1);
    }
    cluster.counts(json!({"tasks": 12, "processing": 4, "memory": 3, "erred": 1}));
    let lines = cluster.written();
    let count = |kind: &str| lines.iter().filter(|line| line["k"] == kind).count();
    assert_eq!((count("submit"), count("start"), count("erred")), (2, 3, 1));
    cluster.counts(json!({"tasks": 12, "processing": 3, "memory": 3, "erred": 3}));
    assert_eq!(cluster.count("erred"), 2);
    cluster.counts(json!({"tasks": 3, "memory": 3}));
    assert_eq!(cluster.count("cancelled"), 6);
}

#[test]
fn worker_that_goes_with_tasks_is_lost() {
    let mut cluster = Cluster::new();
    let busy = r#"{"tcp://a:1": {"nthreads": 2, "metrics": {"task_counts": {"executing": 1}}},
        "tcp://b:1": {"nthreads": 1}}"#;
    cluster.identity(busy);
    cluster.written();
    cluster.identity("{}");
    let mut ends: Vec<bool> =
        cluster.written().iter().filter(|line| line["k"] == "end").map(|line| line["ok"].as_bool().unwrap()).collect();
    ends.sort_unstable();
    assert_eq!(ends, [false, false, true]);
}

#[test]
fn hostile_answers_take_bounded_room() {
    let mut cluster = Cluster::new();
    let max = u64::MAX;
    cluster.identity(&format!(r#"{{"x\u001b[2J": {{"nthreads": {max}, "name": "\u0007", "host": "h\n"}}}}"#));
    cluster.counts(json!({"tasks": max, "processing": max, "waiting": max}));
    cluster.counts(json!({"erred": max}));
    cluster.counts(json!({"tasks": 1}));
    for thread in 0..3 * MAX_THREADS as u64 {
        cluster.task("x\u{1b}[2J", thread);
        cluster.task("nobody", thread);
    }
    let message = json!({"name": "transition", "action": "compute", "worker": "tcp://a:1", "key": {"a": 1},
        "start": -1e300, "stop": 1e300, "thread": max});
    let message = serde_json::from_value(message).unwrap();
    cluster.state.take_message(&message, cluster.now, cluster.wall, &mut cluster.lines).unwrap();
    assert_eq!(cluster.state.lost, 3 * MAX_THREADS as u64 + 1, "tasks of unknown workers");
    let lines = cluster.written();
    assert!(lines.iter().filter(|line| line["ev"] == "lane").count() <= MAX_THREADS + 3);
    assert!(lines.iter().filter(|line| line["k"] == "submit").count() <= 4 * MAX_OPEN);
    assert!(lines.iter().all(|line| !line.to_string().contains("\\u001b")), "control characters");
}
