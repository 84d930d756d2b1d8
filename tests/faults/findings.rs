//! Findings that a program must have, and findings that it must not have.

use super::{LIMIT, contend, fixture, run, run_text};

#[test]
fn monitor_loop_without_producer_is_a_stall_but_not_a_lost_wakeup() {
    let report = run("F09a_lost_wakeup_false.kdl", &LIMIT);
    assert!(report.findings().contains(&"stall"), "{:?}", report.findings());
    assert!(!report.findings().contains(&"lost-wakeup"), "{:?}", report.findings());
}

#[test]
fn woken_worker_is_not_reported_as_having_missed_the_signal() {
    let report = run("F09b_lost_wakeup_false.kdl", &LIMIT);
    assert!(report.findings().contains(&"stall"), "{:?}", report.findings());
    assert!(!report.findings().contains(&"lost-wakeup"), "{:?}", report.findings());
}

#[test]
fn signal_before_an_unchecked_wait_is_a_lost_wakeup() {
    let report = run_text(
        "mutex m\ncondition c of=m\nthread a { sleep \"50ms\"; lock m { wait c } }\nthread b { lock m { notify c } }",
        &LIMIT,
    );
    assert!(report.findings().contains(&"lost-wakeup"), "{:?}", report.findings());
}

/// Returns whether a run of these workers reports a lock order hazard of `a` and `b`, and the certainty of the warning
/// from `check`.
fn reported_hazard(declared: &str, workers: &str) -> (bool, Option<&'static str>) {
    let text = format!("mutex a\nmutex b\n{declared}\n{workers}\n");
    let is_reported = run_text(&text, &LIMIT).findings().contains(&"order-hazard");
    (is_reported, warning(&text))
}

/// Returns the certainty of the lock order warning from `check`.
fn warning(text: &str) -> Option<&'static str> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("scenario.kdl");
    std::fs::write(&file, text).unwrap();
    let output = contend(&["check", file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    ["can", "may"].into_iter().find(|word| said.contains(&format!("workers {word} wait for each other's locks")))
}

/// Locks both mutexes, in either order.
const THERE: &str = "lock a { lock b { compute \"100us\" } }";
const BACK: &str = "lock b { lock a { compute \"100us\" } }";

#[test]
fn lock_orders_separated_by_join_or_event_are_no_hazard() {
    for file in ["F10a_order_hazard_join.kdl", "F10b_order_hazard_event.kdl"] {
        let report = run(file, &LIMIT);
        assert!(!report.findings().contains(&"order-hazard"), "{file}: {:?}", report.findings());
        assert_eq!(warning(&std::fs::read_to_string(fixture(file)).unwrap()), None, "{file}");
    }
}

#[test]
fn lock_orders_separated_by_any_handoff_are_no_hazard() {
    for (declared, first, second) in [
        ("event done", "{}; set done", "sleep \"20ms\"; wait done; {}"),
        ("queue q capacity=1", "{}; put q", "take q; {}"),
        ("queue q capacity=1", "put q; sleep \"5ms\"; {}; take q", "put q; put q; {}"),
        ("semaphore s permits=0", "{}; release s", "acquire s; {}"),
        ("barrier round parties=2", "{}; meet round", "meet round; {}"),
        ("barrier round parties=2", "meet round; {}; meet round", "meet round; meet round; {}"),
        (
            "mutex m\ncondition c of=m\ncounter n",
            "{}; lock m { add n; notify c }",
            "lock m { while n below=1 { wait c } }; {}",
        ),
        (
            "mutex m\ncondition c of=m\ncounter n",
            "{}; lock m { add n; notify c }",
            "sleep \"20ms\"; lock m { while n below=1 { wait c } }; {}",
        ),
    ] {
        let first = first.replace("{}", THERE);
        let workers = format!("thread first {{ {first} }}\nthread second {{ {} }}", second.replace("{}", BACK));
        // The checker follows neither values read before a wait nor room in a queue.
        let warned = (declared.contains("condition") || first.contains("take q")).then_some("may");
        assert_eq!(reported_hazard(declared, &workers), (false, warned), "{declared}: {workers}");
    }
    let spawned = format!("thread main {{ {THERE}; spawn child }}\nthread child {{ {BACK} }}");
    assert_eq!(reported_hazard("", &spawned), (false, None), "it was not there before");
    let joined =
        format!("thread main {{ spawn child; sleep \"20ms\"; join child; {THERE} }}\nthread child {{ {BACK} }}");
    assert_eq!(reported_hazard("", &joined), (false, None), "it has ended before it is joined");
}

#[test]
fn unseparated_lock_orders_are_a_hazard() {
    for (declared, first, second) in [
        ("", "{}", "sleep \"20ms\"; {}"),
        ("event done", "set done; {}", "wait done; sleep \"20ms\"; {}"),
        ("queue q capacity=4", "put q; {}", "take q; sleep \"20ms\"; {}"),
        ("semaphore s permits=1", "{}; release s", "sleep \"20ms\"; acquire s; {}"),
        ("barrier round parties=2", "meet round; {}; meet round", "meet round; sleep \"20ms\"; {}; meet round"),
        ("mutex other", "{}; lock other { compute \"1us\" }", "sleep \"20ms\"; lock other { compute \"1us\" }; {}"),
    ] {
        let first = first.replace("{}", THERE);
        let workers = format!("thread first {{ {first} }}\nthread second {{ {} }}", second.replace("{}", BACK));
        let warned = if declared.is_empty() || declared == "mutex other" { "can" } else { "may" };
        assert_eq!(reported_hazard(declared, &workers), (true, Some(warned)), "{declared}: {workers}");
    }
}

#[test]
fn too_few_connections_are_reported_with_their_throughput_ceiling() {
    let report = run("F17_semaphore_bound_silent.kdl", &["--for", "2s"]);
    let bound = report.finding("lock-bound");
    let sentence = bound["sentence"].as_str().unwrap();
    assert!(sentence.starts_with("2 permits of connection are in use "), "{sentence}");
    assert!(sentence.contains("16 requests wait 8"), "{sentence}");
    let ceiling = sentence.split("Ceiling: ").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
    let ceiling: f64 = ceiling.replace(',', "").parse().unwrap();
    assert!(ceiling > 100.0 && ceiling <= 400.0, "2 permits, 5 ms each, are 400/s at most: {sentence}");
    let text = std::fs::read_to_string(fixture("F17_semaphore_bound_silent.kdl")).unwrap();
    let enough = run_text(&text.replace("permits=2", "permits=16"), &["--for", "2s"]);
    assert!(!enough.findings().contains(&"lock-bound"), "{:?}", enough.findings());
}

#[test]
fn orphaned_lock_is_not_reported_as_bottleneck() {
    let report = run("F02c_orphan_is_no_stall.kdl", &LIMIT);
    assert!(!report.findings().contains(&"lock-bound"), "{:?}", report.findings());
}

#[test]
fn busy_locks_of_one_array_are_one_finding() {
    let text = "mutex m count=10\nthread worker count=40 { forever { lock m at=\"i / 4\" { io \"2ms\" } } }";
    let report = run_text(text, &["--for", "2s"]);
    let bound: Vec<_> = report.findings().into_iter().filter(|id| *id == "lock-bound").collect();
    assert_eq!(bound.len(), 1);
    assert_eq!(report.finding("lock-bound")["count"], 10);
}

#[test]
fn figures_unknown_due_to_lost_events_are_null() {
    let text = "title \"Many additions\"\nmutex m\ncounter c\nthread t { ".to_owned() + &"add c; ".repeat(50_000) + "}";
    let report = run_text(&text, &LIMIT);
    let counter = &report.json["counters"][0];
    if report.json["events"]["lost"] == 0 {
        assert_eq!((&counter["expected"], &counter["lost"]), (&50_000.into(), &0.into()));
    } else {
        assert!(counter["expected"].is_null() && counter["lost"].is_null(), "{counter}");
        assert_eq!(report.json["events"]["complete"], false);
    }
}
