//! Deadlocks and stalls that the model must find, and waits that it must not report.

use crate::{LIMIT, Report, run, run_text};

/// Attempts for programs that depend on an order made by sleeps.
const TRIES: usize = 5;

/// Asserts that the run ended with a stall long before its time limit, and reported it.
fn assert_stalled(report: &Report) {
    assert_eq!(report.json["ended"], "stall", "{:#}", report.json["findings"]);
    assert!(!report.json["stalls"].as_array().unwrap().is_empty());
    // If all workers wait for one lock of a dead worker, the only finding is `orphaned-lock`.
    assert!(report.findings().iter().any(|id| ["stall", "lost-wakeup", "orphaned-lock"].contains(id)));
    assert_sound(report);
}

/// Asserts that no event was out of order and no verdict was withdrawn.
fn assert_sound(report: &Report) {
    let events = &report.json["events"];
    assert_eq!((events["anomalies"].as_u64(), events["disagreements"].as_u64()), (Some(0), Some(0)), "{events}");
}

/// Repeats the run until it stalls: under load, the scheduler can upset an order made by sleeps.
fn repeat_until_stalled(run: impl Fn() -> Report) -> Report {
    let mut report = run();
    for _ in 1..TRIES {
        if report.json["ended"] == "stall" {
            break;
        }
        report = run();
    }
    assert_stalled(&report);
    report
}

fn run_stalled(text: &str) -> Report {
    repeat_until_stalled(|| run_text(&format!("title \"x\"\n{text}"), &LIMIT))
}

/// Asserts that the run completed before its time limit, without a stuck worker.
fn run_completed(text: &str) -> Report {
    let report = run_text(&format!("title \"x\"\n{text}"), &LIMIT);
    assert_eq!(report.json["ended"], "completed", "{:#}", report.json["findings"]);
    assert!(!report.findings().iter().any(|id| ["stall", "deadlock", "orphaned-lock"].contains(id)));
    assert_sound(&report);
    report
}

#[test]
fn stall_is_found_with_semaphores_used_as_signals() {
    for file in [
        "F01a_semaphore_rendezvous.kdl",
        "F01b_semaphore_in_mutex.kdl",
        "F01c_leaked_permits.kdl",
        "F01d_permits_gone_headless_never_ends.kdl",
    ] {
        repeat_until_stalled(|| run(file, &LIMIT));
    }
}

#[test]
fn run_without_time_limit_ends_when_permits_run_out() {
    repeat_until_stalled(|| run("F01d_permits_gone_headless_never_ends.kdl", &[]));
}

#[test]
fn stall_is_found_when_the_only_signaller_has_ended() {
    run_stalled("semaphore s permits=0\nthread a { acquire s; acquire s }\nthread b { sleep \"5ms\"; release s }");
}

#[test]
fn stall_is_found_with_held_permits_and_signals_mixed() {
    // The holder waits for a signal that only a worker behind it would send.
    run_stalled(
        "semaphore s permits=1\nsemaphore go permits=0\n\
         thread a { acquire s { sleep \"5ms\"; acquire go } }\nthread b { sleep \"20ms\"; acquire s { release go } }\n\
         thread c { when never=yes { release s } }\nknob never no of=\"yes no\"",
    );
}

#[test]
fn stall_is_found_at_semaphores_of_tasks_and_processes() {
    for kind in ["async", "process"] {
        run_stalled(&format!(
            "semaphore a permits=0\nsemaphore b permits=0\n\
             {kind} x {{ sleep \"5ms\"; acquire b; release a }}\n{kind} y {{ sleep \"5ms\"; acquire a; release b }}"
        ));
    }
}

#[test]
fn stall_is_found_when_fewer_permits_come_than_one_step_takes() {
    run_stalled(
        "semaphore s permits=3\nthread a { acquire s }\nthread b { sleep \"20ms\"; acquire s permits=3 { compute \
            \"1us\" } }",
    );
    run_completed(
        "semaphore s permits=3\nthread a { acquire s; sleep \"50ms\"; release s }\nthread b { sleep \"20ms\"; acquire \
            s permits=3 { compute \"1us\" } }",
    );
}

#[test]
fn task_takes_a_free_permit_before_queued_larger_requests() {
    run_completed(
        "semaphore s permits=2\nevent done\nasync holder { acquire s { wait done } }\n\
         async both { sleep \"10ms\"; acquire s permits=2 { compute \"1us\" } }\n\
         async one { sleep \"20ms\"; acquire s { set done } }",
    );
}

#[test]
fn waiter_is_not_stuck_while_a_permit_can_come() {
    run_completed("semaphore s permits=0\nthread a { acquire s }\nthread b { sleep \"700ms\"; release s }");
    run_completed("semaphore s permits=1\nthread a count=4 { repeat 200 { acquire s; compute \"10us\"; release s } }");
}

#[test]
fn run_ends_when_a_dead_worker_holds_the_lock() {
    let report = repeat_until_stalled(|| run("F02a_killed_with_permit.kdl", &LIMIT));
    assert_eq!(
        report.finding("orphaned-lock")["sentence"],
        "a ended without releasing connection: 1 worker waits for it forever."
    );
    let report = repeat_until_stalled(|| run("F02c_orphan_is_no_stall.kdl", &LIMIT));
    assert_eq!(
        report.finding("orphaned-lock")["sentence"],
        "a ended without releasing m: 3 workers wait for it forever."
    );
    assert!(!report.findings().contains(&"lock-bound"), "it is lost, not busy");
}

#[test]
fn lock_is_orphaned_from_the_death_of_its_holder() {
    let report = run_stalled(
        "mutex m\nthread a { lock m; sleep \"600ms\" }\nthread b { sleep \"10ms\"; lock m { compute \"1us\" } }",
    );
    let at = report.json["stalls"][0]["at_s"].as_f64().unwrap();
    assert!(at > 0.6, "as long as the holder lives it can release the lock: {at}");
    report.finding("orphaned-lock");
}

#[test]
fn rwlock_of_a_dead_process_blocks_only_conflicting_waiters() {
    for (dead, waits) in [("read", "write"), ("write", "read"), ("write", "write")] {
        let report = run_stalled(&format!(
            "rwlock r\nprocess a {{ {dead} r {{ sleep \"5ms\"; abort }} }}\n\
             process b {{ sleep \"40ms\"; {waits} r {{ compute \"1us\" }} }}"
        ));
        report.finding("orphaned-lock");
    }
    run_completed(
        "rwlock r\nprocess a { read r { sleep \"5ms\"; abort } }\nprocess b { sleep \"40ms\"; read r { compute \
            \"1us\" } }",
    );
}

#[test]
fn permits_of_a_dead_process_matter_when_too_few_are_left() {
    let text = |wanted| {
        format!(
            "semaphore s permits=3\nprocess a {{ acquire s {{ sleep \"5ms\"; abort }} }}\n\
             process b {{ sleep \"40ms\"; acquire s permits={wanted} {{ compute \"1us\" }} }}"
        )
    };
    let report = run_stalled(&text(3));
    assert!(
        report.finding("orphaned-lock")["evidence"].as_str().unwrap().ends_with("1 of the 3 permits of s is lost.")
    );
    run_completed(&text(2));
}

#[test]
fn robust_mutex_of_a_dead_process_is_not_orphaned() {
    run_completed(
        "mutex m\nprocess a { lock m { sleep \"5ms\"; abort } }\nprocess b { sleep \"2ms\"; lock m { compute \"1us\" \
            } }",
    );
}

#[test]
fn lock_held_by_an_earlier_life_stays_orphaned() {
    let report = run_stalled(
        "mutex m\nthread main { spawn child; join child; sleep \"10ms\"; spawn child }\n\
         thread child { lock m }",
    );
    report.finding("orphaned-lock");
}

#[test]
fn permit_of_a_replaced_pool_process_is_lost() {
    let report = run_stalled(
        "semaphore s permits=1\n\
         pool p of=processes workers=1 queue=4 retries=0 { batch count=2; task { acquire s { sleep \"5ms\"; abort } } \
         }",
    );
    report.finding("orphaned-lock");
}

#[test]
fn stall_is_found_when_pools_have_ended() {
    for close in ["yes", "no"] {
        let set = format!("close={close}");
        let args = [&LIMIT, &["--set", &set][..]].concat();
        repeat_until_stalled(|| run("F03_pool_shut_down.kdl", &args));
    }
}

/// Returns a scenario with two pools whose workers wait for each other, beside other declarations.
fn ring_of_pools(beside: &str) -> String {
    format!(
        "{beside}\npool alpha of=threads workers=1 queue=8 {{ task {{ if task below=100 {{ submit beta; result }} }} \
            }}\n\
         pool beta of=threads workers=2 queue=8 {{ task {{ submit alpha task=100; result }} }}\n\
         thread main {{ sleep \"30ms\"; submit alpha; result }}"
    )
}

#[test]
fn stall_is_found_when_a_pool_cancelled_its_tasks() {
    for (how, of, count) in [
        ("drain", "threads", 6),
        ("cancel", "threads", 6),
        ("abandon", "threads", 6),
        ("abandon", "processes", 6),
        ("abandon", "processes", 1),
    ] {
        run_stalled(&ring_of_pools(&format!(
            "pool gone of={of} workers=2 queue=8 {{ batch count={count}; task {{ sleep \"10ms\" }} }}\n\
             thread closer {{ sleep \"15ms\"; shutdown gone how={how} }}"
        )));
    }
}

#[test]
fn stall_is_found_when_a_pool_shrank_to_zero() {
    for crash in ["shrink", "fail-all"] {
        run_stalled(&ring_of_pools(&format!(
            "pool gone of=processes workers=3 queue=8 on-crash={crash} {{ batch count=2; task {{ sleep \"1ms\"; abort \
                }} }}"
        )));
    }
}

#[test]
fn stall_is_found_when_the_producer_crashed_for_good() {
    run_stalled(
        "queue q capacity=1\npool p of=processes workers=2 queue=8 on-crash=shrink { batch count=1; task { abort; put \
            q } }\n\
         process taker { take q }",
    );
}

#[test]
fn stall_is_found_despite_timed_waits_of_other_workers() {
    repeat_until_stalled(|| run("F08_timed_wait_elsewhere.kdl", &LIMIT));
    run_stalled(
        "mutex m\ncondition c of=m\nthread a { lock m { wait c timeout=\"1ms\" } }\nthread b { lock m { wait c } }",
    );
}

#[test]
fn repeated_timed_wait_is_not_a_stall() {
    run_completed("event e\nevent f\nthread a { wait e timeout=\"600ms\"; set f }\nthread b { wait f }");
}

#[test]
fn stall_is_found_after_a_process_died_waiting_for_the_signal() {
    // The signal has no waiter: it must not count as in flight.
    let report = run_text(
        "title \"x\"\nmutex m\ncondition c of=m\nprocess dead { spawn bomb; lock m { wait c } }\nthread bomb { sleep \
            \"20ms\"; abort }\n\
         process giver { sleep \"60ms\"; lock m { notify c } }\nprocess late { sleep \"100ms\"; lock m { wait c } }",
        &LIMIT,
    );
    assert_eq!(report.json["ended"], "stall", "{:#}", report.json["findings"]);
    assert_eq!(report.json["stalls"][0]["workers"][0]["worker"], "late");
    assert_sound(&report);
}

#[test]
fn select_of_pipes_and_a_queue_is_stuck_when_no_worker_can_send_or_put() {
    for kind in ["thread", "process"] {
        for other in ["receive b", "take q"] {
            // Another worker receives some messages; then all wait for each other.
            let report = run_stalled(
                &"pipe a\npipe b\nqueue q capacity=1\nevent go\n\
                  KIND w { repeat 9 { send a }; select { receive b; OTHER }; send a }\n\
                  KIND x { repeat 3 { select { receive a; OTHER } }; receive a { compute \"1us\" }; send b; put q }\n\
                  KIND y { forever { select { receive a; OTHER } } }"
                    .replace("KIND", kind)
                    .replace("OTHER", other)
                    .replace("receive b; receive b", "receive b; take q"),
            );
            let stalled = report.json["stalls"][0]["workers"].as_array().unwrap();
            assert_eq!(stalled.len(), 3, "{kind} {other}: {:#}", report.json["stalls"]);
            let expected = if other == "take q" { ["a", "q"] } else { ["a", "b"] };
            assert_eq!(stalled[2]["alternatives"], serde_json::json!(expected), "{kind} {other}");
        }
    }
}

#[test]
fn select_is_stuck_by_its_other_alternatives_when_a_pipe_has_come_to_its_end() {
    for kind in ["thread", "process"] {
        let text = "pipe a\nqueue q capacity=1\nmutex m\n\
            KIND w { repeat 2 { send a } }\n\
            KIND x { forever { select { receive a; take q } } }\n\
            KIND y { sleep \"30ms\"; forever { select { take q; receive a } }; put q }";
        let report = run_stalled(&text.replace("KIND", kind));
        let stalled = report.json["stalls"][0]["workers"].as_array().unwrap();
        assert_eq!(stalled.len(), 2, "{kind}");
        for worker in stalled {
            assert_eq!(worker["alternatives"], serde_json::json!(["q"]), "{kind}");
        }
    }
}

#[test]
fn select_of_pipes_that_a_sender_keeps_open_is_no_stall() {
    for kind in ["thread", "process"] {
        let text = "pipe a\npipe b\nqueue q capacity=1\n\
            KIND w { sleep \"400ms\"; send a }\n\
            KIND x { select { receive b; take q; receive a } }\n\
            KIND y { select { receive b; after \"300ms\" }; close b }\n\
            KIND z { receive a { compute \"1us\" }; send b; put q }";
        run_completed(&text.replace("KIND", kind));
    }
}
