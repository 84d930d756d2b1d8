use std::collections::BTreeMap;

use serde_json::Value;

use super::super::look::{QueueLook, WorkerLook};
use super::*;
use crate::wall::monotonic;

/// Looks that a test makes by hand, and the events that come of them.
struct Watched {
    state: State,
    lines: Lines<Vec<u8>>,
    wall: Wall,
    at: u64,
}

impl Watched {
    fn new() -> Self {
        let mut lines = Lines::new(Vec::new());
        let state = State::new(&mut lines).unwrap();
        Self { state, lines, wall: Wall::now(), at: monotonic() }
    }

    fn take(&mut self, look: &Look) {
        self.at += 100_000_000;
        let mut look = look.clone();
        let wanted = self.state.wanted(&look);
        look.jobs.retain(|id, _| wanted.contains(id));
        for id in wanted {
            look.jobs.entry(id).or_default();
        }
        self.state.take(&look, self.at, self.wall, &mut self.lines).unwrap();
    }

    fn events(&mut self) -> Vec<Value> {
        self.lines.flush(u64::MAX).unwrap();
        let text = String::from_utf8(std::mem::take(self.lines.sink_mut())).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn kinds(&mut self) -> Vec<String> {
        self.events().iter().filter_map(|event| event["k"].as_str().map(str::to_owned)).collect()
    }
}

fn look_of(status: &str, depth: u64) -> Look {
    let job = JobLook {
        queue: "mail".into(),
        status: status.into(),
        worker: "w".into(),
        description: "send(1)".into(),
        enqueued: "2026-12-02T14:48:26.1Z".into(),
        started: if status == "queued" { String::new() } else { "2026-12-02T14:48:26.2Z".into() },
        ended: if matches!(status, "finished" | "failed") { "2026-12-02T14:48:26.3Z".into() } else { String::new() },
    };
    let ids = |wanted: bool| if wanted { vec!["j".to_owned()] } else { Vec::new() };
    let queue = QueueLook {
        depth,
        waiting: ids(status == "queued"),
        running: ids(status == "started"),
        ended: ids(matches!(status, "finished" | "failed")),
    };
    Look {
        workers: [("w".to_owned(), WorkerLook { host: "a".into(), pid: "7".into(), ..WorkerLook::default() })].into(),
        queues: [("mail".to_owned(), queue)].into(),
        jobs: [("j".to_owned(), job)].into(),
    }
}

#[test]
fn a_job_waits_starts_and_ends_at_the_times_of_its_record() {
    let mut watched = Watched::new();
    for (status, depth) in [("queued", 1), ("started", 0), ("finished", 0)] {
        watched.take(&look_of(status, depth));
    }
    let events = watched.events();
    let at = |kind: &str| events.iter().find(|event| event["k"] == kind).unwrap()["t"].as_u64().unwrap();
    let expected = watched.wall.to_monotonic(parse_utc("2026-12-02T14:48:26.2Z").unwrap());
    assert_eq!(at("start"), expected.min(watched.at));
    let end = events.iter().find(|event| event["k"] == "finish").unwrap();
    assert_eq!(end["ok"], true);
    assert_eq!(events.iter().filter(|event| event["k"] == "submit").count(), 1);
}

#[test]
fn a_job_that_ran_between_two_looks_is_shown_whole() {
    let mut watched = Watched::new();
    watched.take(&Look { queues: [("mail".to_owned(), QueueLook::default())].into(), ..look_of("queued", 0) });
    let _ = watched.events();
    watched.take(&look_of("finished", 0));
    watched.take(&look_of("finished", 0));
    let mut kinds = watched.kinds();
    kinds.retain(|kind| ["submit", "start", "finish"].contains(&kind.as_str()));
    assert_eq!(kinds, ["submit", "start", "finish"]);
}

#[test]
fn what_had_ended_before_is_not_shown() {
    let mut watched = Watched::new();
    watched.take(&look_of("finished", 0));
    watched.take(&look_of("finished", 0));
    assert!(!watched.kinds().iter().any(|kind| kind == "finish"));
}

#[test]
fn failures_and_lost_workers_are_no_success() {
    let mut watched = Watched::new();
    watched.take(&look_of("queued", 1));
    watched.take(&look_of("failed", 0));
    let failed = watched.events().into_iter().find(|event| event["k"] == "finish").unwrap();
    assert_eq!((failed["ok"].as_bool(), failed["err"].as_str()), (Some(false), Some("failed")));

    let mut watched = Watched::new();
    for _ in 0..3 {
        watched.take(&look_of("started", 0));
    }
    watched.take(&Look { workers: BTreeMap::new(), ..look_of("started", 0) });
    let events = watched.events();
    let finish = events.iter().find(|event| event["k"] == "finish").unwrap();
    assert_eq!(finish["err"], "worker lost");
    assert_eq!(events.last().unwrap()["k"], "end");
}

#[test]
fn jobs_that_leave_nothing_behind_are_counted() {
    let mut watched = Watched::new();
    let counted = |done: &str| {
        let mut look = look_of("", 0);
        look.jobs.clear();
        look.queues.clear();
        look.workers.get_mut("w").unwrap().succeeded = done.to_owned();
        look
    };
    watched.take(&counted("5"));
    let _ = watched.events();
    watched.take(&counted("8"));
    watched.take(&counted("8"));
    let drops: Vec<_> = watched.events().into_iter().filter(|line| line["ev"] == "drop").collect();
    assert_eq!(drops.iter().map(|line| line["n"].as_u64().unwrap()).collect::<Vec<_>>(), [3]);
}

#[test]
fn hostile_texts_become_harmless_names() {
    let mut watched = Watched::new();
    let mut look = look_of("queued", u64::MAX);
    let job = look.jobs.get_mut("j").unwrap();
    job.description = "\u{1b}]0;x\u{7}".repeat(1000);
    job.enqueued = "9999-99-99T99:99:99Z".into();
    look.workers.insert("\u{1b}[2J".into(), WorkerLook { pid: "-1".into(), ..WorkerLook::default() });
    watched.take(&look);
    for line in watched.events() {
        for name in [&line["n"], &line["name"]] {
            let name = name.as_str().unwrap_or("");
            assert!(name.len() < 300 && !name.chars().any(char::is_control), "{name:?}");
        }
    }
}
