//! Loads of pools: arrivals in patterns, clients in a closed loop, and traces that are replayed.

use std::fs;

use crate::support::ObservedRun;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{Event, EventKind, RunEnd, Span, Stamp, State};

const KINDS: [&str; 3] = ["threads", "processes", "async"];

fn read(text: &str) -> Scenario {
    let source = Source { name: "loads".into(), path: None, text: text.into() };
    check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario
}

/// Returns when each task was due, in milliseconds since the first: when it began less its wait.
fn due_times(seen: &ObservedRun) -> Vec<f64> {
    let due = |event: &Event| match event.kind {
        EventKind::TaskBegan { waited, .. } => Some(event.at.0.saturating_sub(waited.0)),
        _ => None,
    };
    let mut due: Vec<u64> = seen.events.iter().filter_map(due).collect();
    due.sort_unstable();
    due.iter().map(|at| (at - due[0]) as f64 / 1e6).collect()
}

/// Runs until so many tasks are done.
fn run_until_done(text: &str, tasks: usize) -> ObservedRun {
    let mut seen = ObservedRun::start(&read(text));
    seen.wait_until("the tasks", |seen| seen.count(|kind| matches!(kind, EventKind::TaskEnded { .. })) >= tasks);
    seen
}

#[test]
fn tasks_of_a_burst_are_due_at_the_same_moment() {
    let seen = run_until_done("pool p workers=2 { arrive rate=\"400/s\" burst=20; task { sleep \"100us\" } }", 200);
    let due = due_times(&seen);
    for (nth, at) in due.iter().take(100).enumerate() {
        let burst = (nth / 20) as f64 * 50.0;
        assert!((at - burst).abs() < 1.0, "task {nth} was due at {at} ms, its burst at {burst} ms");
    }
}

#[test]
fn no_task_is_due_in_a_pause() {
    let seen = run_until_done(
        "pool p workers=2 { arrive rate=\"400/s\" on=\"50ms\" off=\"150ms\"; task { sleep \"100us\" } }",
        200,
    );
    // The first task is due 0.6 ms after the start.
    let pauses = due_times(&seen).into_iter().filter(|at| (51.0..197.0).contains(&((at + 0.625) % 200.0)));
    assert_eq!(pauses.count(), 0);
}

#[test]
fn poisson_arrivals_are_due_at_random_distances_with_the_right_mean() {
    let seen = run_until_done("pool p workers=2 { arrive rate=\"1000/s\" pattern=poisson; task { yield } }", 1_000);
    let due = due_times(&seen);
    let gaps: Vec<f64> = due.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
    let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
    // Five standard errors of 1,000 gaps: for the mean 0.16, for the variance 0.45.
    assert!((mean - 1.0).abs() < 0.16, "mean {mean} ms");
    assert!((variance - 1.0).abs() < 0.5, "variance {variance}");
}

#[test]
fn clients_have_at_most_one_task_each_and_think_in_between() {
    for kind in KINDS {
        let text = format!("pool p of={kind} workers=2 {{ clients count=5 think=\"3ms\"; task {{ sleep \"1ms\" }} }}");
        let seen = run_until_done(&text, 60);
        let (mut under_way, mut most) = (0_i32, 0);
        for event in &seen.events {
            match event.kind {
                EventKind::Put { .. } | EventKind::PutNth { .. } => under_way += 1,
                EventKind::ResultRead { .. } => under_way -= 1,
                _ => {}
            }
            most = most.max(under_way);
        }
        assert!((1..=5).contains(&most), "{kind}: {most} tasks at once");
        // Five clients that take 4 ms for each task do 1,250/s at most.
        let due = due_times(&seen);
        let nth = due.len() - 1;
        assert!(due[nth] >= (nth as f64 - 5.0) * 0.8, "{kind}: {nth} tasks in {} ms", due[nth]);
    }
}

#[test]
fn waiting_clients_belong_to_a_stall_of_their_pool() {
    let text = "event never\npool p workers=1 { clients count=2; task { wait never } }";
    let mut seen = ObservedRun::start(&read(text));
    seen.wait_until("the stall", |seen| seen.model().stall().is_some_and(|stall| stall.workers.len() == 2));
    // A client that thinks can still submit a task, but no task can ever end.
    let text = "event never\npool p workers=1 { clients count=2 think=\"1h\"; task { wait never } }";
    let mut seen = ObservedRun::start(&read(text));
    seen.wait_until("a pause", |seen| {
        seen.count(|kind| matches!(kind, EventKind::Blocked { state: State::Sleep, .. })) > 0
    });
    assert!(seen.model().stall().is_none());
}

/// Writes a trace and returns a scenario of workers of this kind that replays it with these options.
fn replaying(kind: &str, trace: &str, options: &str) -> (tempfile::TempDir, Scenario) {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("requests.csv"), trace).expect("it can be written");
    let text = format!(
        "pool p of={kind} workers=4 {{ batch trace=\"requests.csv\" {options}; task {{ sleep \"service\" }} }}"
    );
    let source = Source { name: "replay".into(), path: Some(dir.path().join("replay.kdl")), text };
    let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario;
    (dir, scenario)
}

const TRACE: &str = "arrival_ms,duration_ms\n1000,5\n1100,20\n1100,40\n1300,10\n";

/// Returns how long the tasks took, in the order in which they were due.
fn service_times(seen: &ObservedRun) -> Vec<Span> {
    let mut began: Vec<(u64, Stamp, contend::trace::WorkerId)> = Vec::new();
    for event in &seen.events {
        if let EventKind::TaskBegan { waited, .. } = event.kind {
            began.push((event.at.0 - waited.0, event.at, event.worker));
        }
    }
    began.sort_by_key(|(due, at, _)| (*due, *at));
    let end = |from: Stamp, worker| {
        let ends = seen.events.iter().filter(|event| event.worker == worker && event.at > from);
        let ends = ends.filter(|event| matches!(event.kind, EventKind::TaskEnded { .. }));
        ends.map(|event| event.at).min().expect("it ends")
    };
    began.into_iter().map(|(_, at, worker)| end(at, worker).span_since(at)).collect()
}

#[test]
fn trace_is_replayed_when_its_requests_arrived_and_for_as_long_as_they_took() {
    for kind in KINDS {
        let (_dir, scenario) = replaying(kind, TRACE, "");
        let seen = ObservedRun::run_to_end(&scenario);
        assert_eq!(seen.end, Some(RunEnd::Completed), "{kind}: {:?}", seen.notices);
        let due = due_times(&seen);
        for (at, recorded) in due.iter().zip([0.0, 100.0, 100.0, 300.0]) {
            assert!((at - recorded).abs() < 2.0, "{kind}: {due:?}");
        }
        let took = service_times(&seen);
        assert_eq!(took.len(), 4, "{kind}");
        let mut sorted: Vec<f64> = took.iter().map(|took| took.as_millis_f64()).collect();
        sorted.sort_by(f64::total_cmp);
        for (took, recorded) in sorted.iter().zip([5.0, 10.0, 20.0, 40.0]) {
            assert!(*took >= recorded, "{kind}: {sorted:?}");
        }
    }
}

#[test]
fn faster_replay_shortens_gaps_and_durations() {
    let (_dir, scenario) = replaying("threads", TRACE, "speed=10 times=3");
    let seen = ObservedRun::run_to_end(&scenario);
    let due = due_times(&seen);
    let once = [0.0, 10.0, 10.0, 30.0];
    let expected: Vec<f64> = (0..3).flat_map(|nth| once.map(|at| at + f64::from(nth) * 40.0)).collect();
    assert!(due.len() == 12 && due.iter().zip(&expected).all(|(at, due)| (at - due).abs() < 2.0), "{due:?}");
    let shortest = service_times(&seen).into_iter().min().expect("twelve");
    assert!(shortest >= Span(500_000) && shortest < Span::from_millis(5), "{shortest}");
}

#[test]
fn part_of_a_trace_is_replayed() {
    let (_dir, scenario) = replaying("threads", TRACE, "from=\"50ms\" to=\"200ms\"");
    assert_eq!(due_times(&ObservedRun::run_to_end(&scenario)).len(), 2);
    let (_dir, scenario) = replaying("threads", TRACE, "rate=\"1000/s\"");
    assert_eq!(due_times(&ObservedRun::run_to_end(&scenario)).len(), 4);
}

#[test]
fn wrong_trace_is_refused_before_the_run_with_its_line() {
    let program = env!("CARGO_BIN_EXE_contend");
    let run = |trace: &str| {
        let (dir, _) = replaying("threads", trace, "");
        let text = "pool p workers=1 { batch trace=\"requests.csv\"; task { sleep \"service\" } }";
        fs::write(dir.path().join("replay.kdl"), text).expect("it can be written");
        let mut contend = std::process::Command::new(program);
        // The trace stands beside the scenario, not in the working directory.
        contend.args(["run", "--headless"]).arg(dir.path().join("replay.kdl")).current_dir("/");
        contend.output().expect("the program starts")
    };
    let output = run("arrival,duration\n1,0.1\n2,-3\n");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("requests.csv`: line 3: the duration `-3` is negative"), "{said}");
    assert!(run("arrival,duration\n1,0.001\n").status.success());
}
