//! Pipes, the manager and private counters on real threads and processes.

use std::collections::BTreeSet;

use crate::support::{ObservedRun, is_running, parent_of};
use contend::scenario::{Scenario, Source, check};
use contend::trace::{Command, EventKind, ExitKind, Notice, ResourceId, RunEnd, State, WorkerId};

fn read(text: &str) -> Scenario {
    let source = Source { name: "pipes".into(), path: None, text: text.into() };
    check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario
}

/// Tests a scenario with threads, and with processes.
fn both(text: &str, test: impl Fn(Scenario)) {
    for kind in ["thread", "process"] {
        test(read(&text.replace("WORKER", kind)));
    }
}

fn completed(scenario: &Scenario) -> ObservedRun {
    let seen = ObservedRun::run_to_end(scenario);
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
    assert_eq!(seen.lost_events(), 0);
    seen
}

/// Returns bytes and messages written, and bytes and messages read.
fn moved(seen: &ObservedRun) -> [(u64, usize); 2] {
    let (mut sent, mut received) = ((0, 0), (0, 0));
    for event in &seen.events {
        let (to, bytes, whole) = match event.kind {
            EventKind::Sent { bytes, whole, .. } => (&mut sent, bytes, whole),
            EventKind::Received { bytes, whole, .. } => (&mut received, bytes, whole),
            _ => continue,
        };
        *to = (to.0 + u64::from(bytes), to.1 + usize::from(whole));
    }
    [sent, received]
}

fn failures(seen: &ObservedRun) -> Vec<&str> {
    let mut failures = Vec::new();
    for notice in &seen.notices {
        if let Notice::TaskFailed { message: what, .. } = notice {
            failures.push(what.as_str());
        }
    }
    failures
}

/// Returns whether a worker is in this state at the first resource.
fn blocked(seen: &ObservedRun, worker: u32, state: State) -> bool {
    waits(seen, worker, state, ResourceId(0))
}

fn waits(seen: &ObservedRun, worker: u32, state: State, on: ResourceId) -> bool {
    let last = seen.events.iter().rev().filter(|e| e.worker == WorkerId(worker));
    let is_transition = |kind: &EventKind| !matches!(kind, EventKind::StillWaiting { .. });
    last.map(|e| e.kind).find(is_transition) == Some(EventKind::Blocked { state, on: Some(on) })
}

#[test]
fn messages_arrive_whole_and_the_stream_ends_with_the_last_writer() {
    // Three lengths: within a page, more than a page, more than the pipe's capacity.
    for (bytes, messages) in [(100_u64, 300), (6_000, 60), (20_000, 30)] {
        let text = format!(
            "pipe lines capacity=\"8KiB\"\nWORKER writer count=3 {{ repeat {} {{ send lines bytes=\"{bytes}B\" }} }}\n\
             WORKER reader count=2 {{ receive lines bytes=\"{bytes}B\" {{ compute \"1us\" }} }}",
            messages / 3
        );
        both(&text, |scenario| {
            let seen = completed(&scenario);
            assert_eq!(moved(&seen), [(bytes * messages as u64, messages); 2], "{bytes}");
            assert!(failures(&seen).is_empty(), "{:?}", seen.notices);
            let deep = |kind| matches!(kind, EventKind::Sent { depth, .. } if depth > 8_192);
            assert_eq!(seen.count(deep), 0, "a pipe holds no more than its room");
        });
    }
}

#[test]
fn full_pipe_blocks_writers_and_empty_pipe_blocks_readers() {
    let text = "pipe lines capacity=\"4KiB\"\nevent half\nevent go\n\
        WORKER writer { repeat 4 { send lines bytes=\"1000B\" }; set half; repeat 5 { send lines bytes=\"1000B\" }; \
        wait go; send lines bytes=\"1000B\" }\n\
        WORKER reader { wait half; sleep \"200ms\"; repeat 9 { receive lines bytes=\"1000B\" }; set go; receive lines \
        bytes=\"1000B\" }";
    both(text, |scenario| {
        let seen = completed(&scenario);
        let waits = |state| seen.count(|kind| kind == EventKind::Blocked { state, on: Some(ResourceId(0)) });
        assert!(waits(State::Full) >= 1 && waits(State::Empty) >= 1);
        assert!(seen.count(|kind| matches!(kind, EventKind::StillWaiting { read: true, bytes: 0, .. })) >= 1);
    });
}

#[test]
fn send_without_reader_fails_instead_of_hanging() {
    let text = "pipe lines\nWORKER writer { forever { send lines bytes=\"4KiB\" } }\n\
        WORKER reader { repeat 3 { receive lines bytes=\"4KiB\" } }";
    both(text, |scenario| {
        let seen = completed(&scenario);
        assert_eq!(failures(&seen), ["sent to lines, but all its readers are gone"]);
    });
}

#[test]
fn closed_pipe_ends_the_stream_and_refuses_further_use() {
    let text = "pipe lines\nevent over\n\
        WORKER writer { send lines; close lines; wait over; send lines }\n\
        WORKER reader { receive lines { compute \"1us\" }; set over }";
    both(text, |scenario| {
        assert_eq!(failures(&completed(&scenario)), ["used lines, after closing it"]);
    });
}

#[test]
fn truncated_message_is_not_delivered() {
    both(
        "pipe lines\nWORKER writer { send lines bytes=\"10B\" }\nWORKER reader { receive lines bytes=\"20B\" }",
        |scenario| {
            assert_eq!(
                failures(&completed(&scenario)),
                ["received from lines, but it ended in the middle of a message"]
            );
        },
    );
}

#[test]
fn reader_with_an_open_write_end_waits_for_itself() {
    both("pipe lines\nWORKER w { send lines; receive lines; close lines }", |scenario| drop(completed(&scenario)));
    both("pipe lines\nWORKER w { send lines; receive lines { compute \"1us\" } }", |scenario| {
        let mut seen = ObservedRun::start(&scenario);
        seen.wait_until("it waits for itself", |seen| blocked(seen, 0, State::Empty));
        seen.send_command(Command::Stop);
        seen.wait_until("the end", |seen| seen.end.is_some());
    });
}

#[test]
fn killed_writer_ends_the_stream() {
    let scenario = read(
        "pipe lines\nprocess writer { send lines bytes=\"1KiB\"; sleep \"1h\" }\n\
        process reader { receive lines bytes=\"1KiB\" { compute \"1us\" } }",
    );
    let mut seen = ObservedRun::start(&scenario);
    seen.wait_until("the reader waits", |seen| moved(seen)[1].1 == 1 && blocked(seen, 1, State::Empty));
    seen.send_command(Command::Kill(WorkerId(0)));
    seen.wait_until("the end", |seen| seen.end.is_some());
    assert_eq!(seen.end, Some(RunEnd::Completed));
    assert_eq!(seen.last_event(WorkerId(1)), Some(EventKind::LifeEnded(ExitKind::Finished)));
}

#[test]
fn killed_reader_unblocks_waiting_writers() {
    let scenario = read(
        "pipe lines capacity=\"4KiB\"\nprocess writer count=2 { forever { send lines bytes=\"3KiB\" } }\n\
        process reader { receive lines bytes=\"3KiB\"; sleep \"1h\" }",
    );
    let mut seen = ObservedRun::start(&scenario);
    seen.wait_until("both wait", |seen| blocked(seen, 0, State::Full) && blocked(seen, 1, State::Full));
    seen.send_command(Command::Kill(WorkerId(2)));
    seen.wait_until("the end", |seen| seen.end.is_some());
    assert_eq!(failures(&seen), ["sent to lines, but all its readers are gone"; 2]);
}

#[test]
fn writer_killed_while_writing_blocks_no_worker() {
    let scenario = read(
        "pipe lines capacity=\"4KiB\"\nevent go\n\
        process first { send lines bytes=\"1MiB\" }\nprocess second { wait go; send lines bytes=\"1KiB\" }\n\
        process reader { wait go; receive lines bytes=\"1KiB\" { compute \"1us\" } }\n\
        thread starter { sleep \"300ms\"; set go }",
    );
    let mut seen = ObservedRun::start(&scenario);
    seen.wait_until("the first waits", |seen| blocked(seen, 0, State::Full));
    seen.send_command(Command::Kill(WorkerId(0)));
    seen.wait_until("the end", |seen| seen.end.is_some());
    assert_eq!(seen.end, Some(RunEnd::Completed));
    assert_eq!(moved(&seen)[1], (5 << 10, 5), "the bytes in the pipe, and the second's");
}

/// Returns the inodes of the pipes that a process has open.
fn pipes_of(pid: u32) -> Vec<String> {
    let fds = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let links = fds.filter_map(|fd| std::fs::read_link(fd.path()).ok()?.to_str().map(str::to_owned));
    links.filter(|link| link.starts_with("pipe:")).collect()
}

#[test]
fn process_opens_only_the_pipe_ends_it_uses() {
    let scenario = read(
        "pipe lines count=3\nprocess writer { send lines at=1; sleep \"1h\" }\n\
        process reader { receive lines at=1 { compute \"1us\" } }",
    );
    let mut seen = ObservedRun::start(&scenario);
    seen.wait_until("the reader waits", |seen| moved(seen)[1].1 == 1 && waits(seen, 1, State::Empty, ResourceId(1)));
    seen.wait_until("both processes", |seen| seen.pids().len() == 2);
    let pids = seen.pids();
    let [writer, reader] = pids[..] else { panic!("two processes: {pids:?}") };
    let runner = parent_of(reader).expect("its parent");
    let all = |pid| pipes_of(pid).into_iter().collect::<BTreeSet<_>>();
    let shared: Vec<String> = all(writer).intersection(&all(reader)).cloned().collect();
    let between: Vec<&String> = shared.iter().filter(|pipe| !all(runner).contains(*pipe)).collect();
    let [pipe] = between[..] else { panic!("one pipe between the two: {between:?}") };
    for pid in [writer, reader] {
        assert_eq!(pipes_of(pid).iter().filter(|open| *open == pipe).count(), 1, "one end of it");
    }
    seen.send_command(Command::Stop);
    seen.wait_until("the end", |seen| seen.end.is_some());
    drop(seen);
    assert!(!is_running(writer) && !is_running(reader) && !is_running(runner));
}

#[test]
fn pool_keeps_pipe_ends_until_its_last_task() {
    for of in ["threads", "processes"] {
        let seen = completed(&read(&format!(
            "pipe lines\npool w of={of} workers=2 {{ batch count=20; task {{ send lines bytes=\"1KiB\" }} }}\n\
             process reader {{ receive lines bytes=\"1KiB\" {{ compute \"1us\" }} }}"
        )));
        assert_eq!(moved(&seen)[1], (20 << 10, 20), "{of}");
    }
}

#[test]
fn manager_adds_for_all_workers_and_ends_after_them() {
    let text = "counter n in=manager\nWORKER w count=4 { repeat 50 { add n by=2 } }\n\
        WORKER last { while n below=400 { sleep \"1ms\" }; add n by=100 }";
    both(text, |scenario| {
        let seen = completed(&scenario);
        assert_eq!(seen.counter, Some(500), "the last one looks until it sees all of it");
        let manager =
            WorkerId::from(seen.registry().workers.iter().position(|w| w.name == "manager").expect("a manager"));
        assert_eq!(seen.last_event(manager), Some(EventKind::LifeEnded(ExitKind::Finished)));
        let changed = |kind| matches!(kind, EventKind::CounterAdded { .. });
        assert!(
            seen.events.iter().filter(|e| changed(e.kind)).all(|e| e.worker == manager),
            "only the manager changes it"
        );
        assert!(
            seen.count(|kind| matches!(kind, EventKind::Blocked { state: State::Io, on: Some(ResourceId(0)) })) > 200
        );
    });
}

#[test]
fn manager_serves_other_workers_between_load_and_store() {
    let text = "counter n in=manager\nbarrier all parties=4\nWORKER w count=4 { load n; meet all; store n add=1 }";
    both(text, |scenario| assert_eq!(completed(&scenario).counter, Some(1)));
}

#[test]
fn workers_report_a_killed_manager() {
    let text = "counter n in=manager\nWORKER w count=3 { forever { add n } }";
    both(text, |scenario| {
        let mut seen = ObservedRun::start(&scenario);
        seen.wait_until("some visits", |seen| seen.count(|kind| matches!(kind, EventKind::CounterAdded { .. })) > 50);
        seen.send_command(Command::Kill(WorkerId(3)));
        seen.wait_until("the end", |seen| seen.end.is_some());
        assert_eq!(failures(&seen), ["the manager is gone, and the value of n with it"; 3]);
    });
}

#[test]
fn worker_killed_during_a_manager_request_ends_alone() {
    let scenario =
        read("counter n in=manager\nprocess rogue { forever { add n } }\nprocess w { repeat 2000 { add n } }");
    let mut seen = ObservedRun::start(&scenario);
    seen.wait_until("some visits", |seen| seen.count(|kind| matches!(kind, EventKind::CounterAdded { .. })) > 50);
    seen.send_command(Command::Kill(WorkerId(0)));
    seen.wait_until("the end", |seen| seen.end.is_some());
    assert_eq!(seen.end, Some(RunEnd::Completed));
    assert!(failures(&seen).is_empty(), "{:?}", seen.notices);
}

#[test]
fn pool_processes_use_the_manager() {
    let seen =
        completed(&read("counter n in=manager\npool w of=processes workers=2 { batch count=30; task { add n } }"));
    assert_eq!(seen.counter, Some(30));
}

#[test]
fn private_counter_is_shared_by_threads_and_separate_per_process() {
    let text = "counter n in=private initial=5\nWORKER w count=3 { repeat 10 { add n } }";
    both(text, |scenario| {
        let processes = scenario.groups[0].kind == contend::trace::WorkerKind::Process;
        let seen = completed(&scenario);
        assert_eq!(seen.counter.unwrap_or(5), if processes { 5 } else { 35 }, "the parent's copy");
        let most = |worker| {
            let of_it = seen.events.iter().filter(|e| e.worker == WorkerId(worker));
            of_it
                .filter_map(|e| if let EventKind::CounterAdded { value, .. } = e.kind { Some(value) } else { None })
                .max()
        };
        if processes {
            assert_eq!([most(0), most(1), most(2)], [Some(15); 3]);
        } else {
            assert_eq!([most(0), most(1), most(2)].into_iter().max(), Some(Some(35)));
        }
    });
}
