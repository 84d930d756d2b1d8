//! Findings that must appear, and findings that must not.

use super::{run, run_text};

#[test]
fn a_monitor_loop_whose_producer_has_ended_is_a_stall_and_no_lost_wakeup() {
    let report = run("F09a_lost_wakeup_false.kdl", &["--for", "2s"]);
    assert!(report.findings().contains(&"stall"), "{:?}", report.findings());
    assert!(!report.findings().contains(&"lost-wakeup"), "{:?}", report.findings());
}

#[test]
fn a_worker_that_a_signal_woke_has_not_missed_that_signal() {
    let report = run("F09b_lost_wakeup_false.kdl", &["--for", "2s"]);
    assert!(report.findings().contains(&"stall"), "{:?}", report.findings());
    assert!(!report.findings().contains(&"lost-wakeup"), "{:?}", report.findings());
}

#[test]
fn a_signal_before_a_wait_without_a_look_is_lost() {
    let report = run_text(
        "mutex m\ncondition c of=m\nthread a { sleep \"50ms\"; lock m { wait c } }\nthread b { lock m { notify c } }",
        &["--for", "2s"],
    );
    assert!(report.findings().contains(&"lost-wakeup"), "{:?}", report.findings());
}

/// Whether two orders of the locks `a` and `b` are told as a hazard, of workers with these steps.
fn hazard(declared: &str, workers: &str) -> bool {
    let text = format!("mutex a\nmutex b\n{declared}\n{workers}\n");
    run_text(&text, &["--for", "400ms"]).findings().contains(&"order-hazard")
}

/// Takes both locks, the one order or the other.
const THERE: &str = "lock a { lock b { compute \"100us\" } }";
const BACK: &str = "lock b { lock a { compute \"100us\" } }";

#[test]
fn orders_that_a_join_or_an_event_keeps_apart_are_no_hazard() {
    for file in ["F10a_order_hazard_join.kdl", "F10b_order_hazard_event.kdl"] {
        let report = run(file, &["--for", "1s"]);
        assert!(!report.findings().contains(&"order-hazard"), "{file}: {:?}", report.findings());
    }
}

#[test]
fn orders_that_anything_given_keeps_apart_are_no_hazard() {
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
        assert!(!hazard(declared, &workers), "{declared}: {workers}");
    }
    let spawned = format!("thread main {{ {THERE}; spawn child }}\nthread child {{ {BACK} }}");
    assert!(!hazard("", &spawned), "it was not there before");
    let joined = format!("thread main {{ spawn child; sleep \"20ms\"; join child; {THERE} }}\nthread child {{ {BACK} }}");
    assert!(!hazard("", &joined), "it has ended before it is joined");
}

#[test]
fn orders_that_nothing_keeps_apart_are_a_hazard() {
    for (declared, first, second) in [
        ("", "{}", "sleep \"20ms\"; {}"),
        ("event done", "set done; {}", "wait done; {}"),
        ("queue q capacity=4", "put q; {}", "take q; sleep \"20ms\"; {}"),
        ("semaphore s permits=1", "{}; release s", "sleep \"20ms\"; acquire s; {}"),
        ("barrier round parties=2", "meet round; {}; meet round", "meet round; sleep \"20ms\"; {}; meet round"),
        ("mutex other", "{}; lock other { compute \"1us\" }", "sleep \"20ms\"; lock other { compute \"1us\" }; {}"),
    ] {
        let first = first.replace("{}", THERE);
        let workers = format!("thread first {{ {first} }}\nthread second {{ {} }}", second.replace("{}", BACK));
        assert!(hazard(declared, &workers), "{declared}: {workers}");
    }
}
