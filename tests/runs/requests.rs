//! HTTP requests of threads, processes and tasks, and the run's own server.

use crate::support::{ObservedRun, is_running, kill, parent_of};
use contend::scenario::{Scenario, Source, check};
use contend::trace::{Command, DeathCause, EventKind, ExitKind, Notice, ResourceId, RunEnd, State, WorkerId};

fn read(text: &str) -> Scenario {
    let source = Source { name: "x".into(), path: None, text: text.into() };
    check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario
}

/// Returns a scenario with a pool of two workers that does `count` tasks.
fn pool(of: &str, server: &str, count: u32, task: &str) -> Scenario {
    read(&format!("server site {server}\npool w of={of} workers=2 {{ batch count={count}; task {{ {task} }} }}\n"))
}

fn tasks(seen: &ObservedRun, good: bool) -> usize {
    seen.count(|kind| matches!(kind, EventKind::TaskEnded { ok, .. } if ok == good))
}

/// Returns the messages of failed tasks.
fn failures(seen: &ObservedRun) -> Vec<&str> {
    let messages = seen.notices.iter().filter_map(|notice| match notice {
        Notice::TaskFailed { message, .. } => Some(message.as_str()),
        _ => None,
    });
    messages.collect()
}

fn lane(seen: &ObservedRun, name: &str) -> WorkerId {
    let at = seen.registry().workers.iter().position(|worker| worker.name == name);
    WorkerId::from(at.unwrap_or_else(|| panic!("there is a lane {name}")))
}

fn pid(seen: &ObservedRun, lane: WorkerId) -> Option<u32> {
    seen.notices.iter().find_map(|notice| match notice {
        Notice::Started { worker, pid, .. } if *worker == lane => Some(*pid),
        _ => None,
    })
}

#[test]
fn server_answers_every_worker_kind_and_ends_after_them() {
    for of in ["threads", "processes", "async"] {
        let seen =
            ObservedRun::run_to_end(&pool(of, "latency=\"2ms\" bytes=\"300KiB\"", 30, "http-get site path=\"/{n}\""));
        assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
        assert_eq!((tasks(&seen, true), tasks(&seen, false)), (30, 0), "{:?}", failures(&seen));
        let (site, server) = (ResourceId(0), lane(&seen, "site"));
        let of_site = |kind: EventKind| match kind {
            EventKind::Put { queue, depth } if queue == site => Some((true, depth)),
            EventKind::Took { queue, depth } if queue == site => Some((false, depth)),
            _ => None,
        };
        let depths: Vec<(bool, u32)> = seen.events.iter().filter_map(|e| of_site(e.kind)).collect();
        assert_eq!(depths.len(), 60, "each request enters once and leaves once");
        assert!(depths.iter().all(|(_, depth)| *depth <= 2), "two workers have at most 2 requests: {depths:?}");
        assert_eq!(depths.last(), Some(&(false, 0)), "{depths:?}");
        assert_eq!(seen.last_event(server), Some(EventKind::LifeEnded(ExitKind::Retired)));
        let waits = |e: &contend::trace::Event| e.kind == EventKind::Blocked { state: State::Io, on: Some(site) };
        assert!(seen.events.iter().any(|e| waits(e) && e.worker == server), "the server does not record its waits");
        assert!(
            seen.events.iter().any(|e| waits(e) && e.worker != server),
            "the workers do not record their waits for the server"
        );
        assert!(!seen.pids().into_iter().any(is_running), "processes are left");
    }
}

#[test]
fn missing_path_fails_its_task_alone_with_status_404() {
    for of in ["threads", "async"] {
        let seen = ObservedRun::run_to_end(&pool(of, "missing=\"/3 /5\"", 8, "http-get site path=\"/{n}\""));
        assert_eq!((tasks(&seen, true), tasks(&seen, false)), (6, 2), "{of}");
        let mut messages = failures(&seen);
        messages.sort_by_key(|message| message.contains("/5:"));
        assert_eq!(messages.len(), 2);
        assert!(messages[0].starts_with("http://127.0.0.1:"), "{messages:?}");
        assert!(messages[0].ends_with("/3: status 404 Not Found"), "{messages:?}");
        assert!(messages[1].ends_with("/5: status 404 Not Found"), "{messages:?}");
    }
}

#[test]
fn server_rejects_requests_beyond_its_room_with_status_503() {
    let text = "server site latency=\"20ms\" capacity=1 room=2\n\
                pool w of=threads workers=6 { batch count=12; task { http-get site } }\n";
    let seen = ObservedRun::run_to_end(&read(text));
    let refused = failures(&seen).iter().filter(|message| message.ends_with("status 503 Service Unavailable")).count();
    assert!(refused > 0 && refused < 12, "{:?}", failures(&seen));
    assert_eq!(tasks(&seen, true) + refused, 12, "{:?}", failures(&seen));
    let most = seen.events.iter().filter_map(|e| match e.kind {
        EventKind::Put { queue: ResourceId(0), depth } => Some(depth),
        _ => None,
    });
    assert_eq!(most.max(), Some(2));
}

#[test]
fn retry_repeats_up_to_its_limit_and_then_runs_else() {
    let text = "server site failure=1\ncounter gave-up\ncounter tried\nmutex m\n\
                thread w { retry 2 backoff=\"1ms\" jitter=\"1/2\" { lock m { add tried; http-get site } }\n\
                else { lock m { add gave-up } } }\n";
    let seen = ObservedRun::run_to_end(&read(text));
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
    assert!(failures(&seen).is_empty(), "`else` handles the failure: {:?}", failures(&seen));
    let added =
        |wanted| seen.count(|k| matches!(k, EventKind::CounterAdded { counter, .. } if counter == ResourceId(wanted)));
    assert_eq!((added(2), added(1)), (3, 1), "three tries, then `else`");
    assert_eq!(
        seen.count(|k| k == EventKind::Blocked { state: State::Sleep, on: None }),
        2,
        "a pause before each retry"
    );
    assert_eq!(seen.acquired_grants(), [1, 2, 3, 4], "a failed try releases its lock");
    assert_eq!(seen.last_event(lane(&seen, "w")), Some(EventKind::LifeEnded(ExitKind::Finished)));
}

#[test]
fn fail_ends_its_task_after_the_retries_and_no_other_task() {
    for of in ["threads", "processes", "async"] {
        let seen = ObservedRun::run_to_end(&read(&format!(
            "counter tries\ncounter rescued\n\
             pool lost of={of} workers=1 {{ batch count=3; task {{ retry 2 {{ add tries; fail \"no luck\" }} }} }}\n\
             pool kept of={of} workers=1 {{ batch count=2; task {{ retry 1 {{ fail \"no luck\" }}; else {{ add \
             rescued }} }} }}"
        )));
        assert_eq!(seen.end, Some(RunEnd::Completed), "{of}: {:?}", seen.notices);
        assert_eq!(failures(&seen), ["no luck"; 3], "{of}");
        assert_eq!((tasks(&seen, false), tasks(&seen, true)), (3, 2), "{of}");
        let added = |counter: u32| {
            seen.count(
                |event| matches!(event, EventKind::CounterAdded { counter: ResourceId(id), .. } if id == counter),
            )
        };
        assert_eq!((added(0), added(1)), (9, 2), "{of}");
    }
}

#[test]
fn successful_request_runs_its_block_and_not_else() {
    let text = "server site\ncounter good\ncounter bad\nthread w { http-get site { add good }\nelse { add bad }\n\
                http-get \"http://127.0.0.1:1/\" { add good }\nelse { add bad } }\n";
    let seen = ObservedRun::run_to_end(&read(text));
    let added =
        |wanted| seen.count(|k| matches!(k, EventKind::CounterAdded { counter, .. } if counter == ResourceId(wanted)));
    assert_eq!((added(1), added(2)), (1, 1), "{:?}", seen.notices);
}

#[test]
fn closed_port_bad_url_and_timeout_have_distinct_errors() {
    for (threads, processes) in [("threads", "processes"), ("async", "async")] {
        let text = format!(
            "server slow latency=\"1h\"\n\
             pool a of={threads} workers=1 {{ batch count=1; task {{ http-get \"http://127.0.0.1:1/x\" }} }}\n\
             pool b of={processes} workers=1 {{ batch count=1; task {{ http-get slow timeout=\"50ms\" }} }}\n\
             pool c of={threads} workers=1 {{ batch count=1; task {{ http-get \"http://\" }} }}\n\
             pool d of={threads} workers=1 {{ batch count=1; task {{ http-get \"{{}}\" }} }}\n"
        );
        let seen = ObservedRun::run_to_end(&read(&text));
        let messages = failures(&seen);
        assert_eq!(messages.len(), 4, "{messages:?}");
        let count = |start: &str, end: &str| {
            messages.iter().filter(|message| message.starts_with(start) && message.ends_with(end)).count()
        };
        assert_eq!(count("http://127.0.0.1:1/x: ", "connection refused"), 1, "{messages:?}");
        assert_eq!(count("http://127.0.0.1:", "/: no answer within 50ms"), 1, "{messages:?}");
        assert_eq!(count("http://: ", "empty string"), 1, "{messages:?}");
        assert_eq!(
            count("there is no file for the `{}` of `http-get`: ", "a pool that is fed with files"),
            1,
            "{messages:?}"
        );
    }
}

#[test]
fn tasks_of_one_thread_wait_for_many_responses_at_once() {
    let text = "server site latency=\"30ms\" bytes=\"1KiB\"\nasync w count=40 { repeat 3 { http-get site } }\n";
    let seen = ObservedRun::run_to_end(&read(text));
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
    assert!(failures(&seen).is_empty(), "{:?}", failures(&seen));
    let inside = seen.events.iter().filter_map(|e| match e.kind {
        EventKind::Put { queue: ResourceId(0), depth } => Some(depth),
        _ => None,
    });
    assert!(inside.max() > Some(20), "too few concurrent requests of one thread");
}

#[test]
fn task_in_a_blocking_call_blocks_the_other_tasks() {
    let text = "server site latency=\"5ms\"\nasync w count=8 { blocking { http-get site } }\n";
    let seen = ObservedRun::run_to_end(&read(text));
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
    let inside = seen.events.iter().filter_map(|e| match e.kind {
        EventKind::Put { queue: ResourceId(0), depth } => Some(depth),
        _ => None,
    });
    assert_eq!(inside.max(), Some(1), "requests overlap");
}

#[test]
fn requests_to_a_killed_server_fail_and_their_workers_continue() {
    for of in ["threads", "async"] {
        kill_server_during_requests(of);
    }
}

fn kill_server_during_requests(of: &str) {
    let mut seen = ObservedRun::start(&pool(of, "latency=\"20ms\"", 40, "http-get site path=\"/{n}\"\nsleep \"1ms\""));
    seen.wait_until("some were answered", |seen| tasks(seen, true) > 2);
    let site = lane(&seen, "site");
    seen.send_command(Command::Kill(site));
    seen.wait_until("the end", |seen| seen.end.is_some());
    assert_eq!(seen.end, Some(RunEnd::Completed));
    assert_eq!(tasks(&seen, true) + tasks(&seen, false), 40, "a task is missing");
    let refused = failures(&seen).iter().filter(|message| message.ends_with("connection refused")).count();
    assert!(refused > 20, "{:?}", failures(&seen));
    assert!(seen.notices.contains(&Notice::Died { worker: site, cause: DeathCause::Signal(9) }), "{:?}", seen.notices);
}

#[test]
fn killed_runner_leaves_no_server() {
    let mut seen = ObservedRun::start(&pool("threads", "latency=\"1h\"", 2, "http-get site timeout=\"1h\""));
    let site = lane(&seen, "site");
    seen.wait_until("a request in the server", |seen| {
        pid(seen, site).is_some()
            && seen.last_event(site) == Some(EventKind::Blocked { state: State::Io, on: Some(ResourceId(0)) })
    });
    let server = pid(&seen, site).expect("it has started");
    kill(parent_of(server).expect("the runner is there"));
    seen.wait_until("the end", |seen| seen.end.is_some());
    assert!(!is_running(server), "the server outlived its runner");
}
