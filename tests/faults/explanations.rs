//! The contents of verdicts: rings, victims, holders and fixes.

use serde_json::Value;

use super::{LIMIT, Report, contend, fixture, run, run_text};

/// Returns ring and victims of each deadlock, sorted by name.
fn deadlocks(report: &Report) -> Vec<(Vec<&str>, Vec<&str>)> {
    let all = report.json["deadlocks"].as_array().unwrap();
    let mut all: Vec<(Vec<&str>, Vec<&str>)> = all
        .iter()
        .map(|deadlock| {
            let ring = deadlock["ring"].as_array().unwrap().iter().map(|link| link["worker"].as_str().unwrap());
            let victims = deadlock["victims"].as_array().unwrap().iter().map(|victim| victim.as_str().unwrap());
            (ring.collect(), victims.collect())
        })
        .collect();
    all.sort();
    all
}

/// Returns the sentence and the fix of the only finding with this id.
fn sentence_and_fix<'a>(report: &'a Report, id: &str) -> (&'a str, &'a str) {
    let finding = report.finding(id);
    (finding["sentence"].as_str().unwrap(), finding["cure"].as_str().unwrap())
}

#[test]
fn deadlock_is_reported_for_each_of_two_disjoint_rings() {
    let report = run("two-rings.kdl", &LIMIT);
    assert_eq!(deadlocks(&report), [(vec!["l1", "r1"], vec![]), (vec!["l2", "r2"], vec![])]);
    assert_eq!(report.findings(), ["deadlock", "deadlock"]);
    assert_eq!(report.json["ended"], "deadlock");
    let file = fixture("two-rings.kdl");
    let text = contend(&["run", file.to_str().unwrap(), "--headless"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("Deadlock 1 of 2, ") && text.contains("Deadlock 2 of 2, "), "{text}");
    assert!(!text.contains("victim"), "{text}");
}

#[test]
fn ring_that_closes_later_is_a_separate_deadlock() {
    let report = run("rings-one-after-another.kdl", &LIMIT);
    assert_eq!(deadlocks(&report), [(vec!["l1", "r1"], vec![]), (vec!["l2", "r2"], vec![])]);
    let at = |nth: usize| report.json["deadlocks"][nth]["at_s"].as_f64().unwrap();
    assert!(at(1) - at(0) > 0.2, "in the order in which they closed: {} {}", at(0), at(1));
}

#[test]
fn rings_of_three_sizes_are_reported_separately() {
    let report = run("three-rings.kdl", &LIMIT);
    let expected = [
        (vec!["alone"], vec!["guest"]),
        (vec!["pair-1", "pair-2"], vec![]),
        (vec!["trio-1", "trio-2", "trio-3"], vec![]),
    ];
    assert_eq!(deadlocks(&report), expected);
    let evidence = report.json["expectations"][0]["evidence"].as_str().unwrap();
    assert!(evidence.contains("pair-1 and pair-2 wait forever"), "{evidence}");
    assert!(evidence.contains("; trio-1, trio-2 and trio-3 wait forever"), "{evidence}");
}

#[test]
fn philosophers_and_cooks_are_separate_rings() {
    let report = run("philosophers-and-ring.kdl", &LIMIT);
    let all = deadlocks(&report);
    assert_eq!(all[0], (vec!["cook", "maid"], vec![]));
    assert_eq!((all[1].0.len(), all[1].1.as_slice(), all.len()), (5, &["guest"][..], 2));
}

#[test]
fn worker_blocked_by_two_rings_is_a_victim_of_both() {
    let report = run("shared-victim.kdl", &LIMIT);
    assert_eq!(deadlocks(&report), [(vec!["l1", "r1"], vec!["guest", "late"]), (vec!["l2", "r2"], vec!["guest"])]);
    let evidence = report.finding("deadlock")["evidence"].as_str().unwrap();
    assert!(evidence.contains("guest also waits for another deadlock."), "{evidence}");
}

#[test]
fn ring_that_waits_for_another_ring_is_a_separate_deadlock() {
    let report = run("writer-behind-two-rings.kdl", &LIMIT);
    let mut all = deadlocks(&report);
    for (ring, _) in &mut all {
        ring.sort_unstable();
    }
    all.sort();
    assert_eq!(all, [(vec!["other", "reader-2"], vec!["writer", "reader-1"]), (vec!["reader-1", "writer"], vec![])]);
}

#[test]
fn ring_contains_every_permit_holder() {
    let report = run("F15_ring_of_itself.kdl", &LIMIT);
    let all = deadlocks(&report);
    let [(ring, victims)] = all.as_slice() else { panic!("{all:?}") };
    assert!(ring[0] == "audit" && ring.len() == 2 && victims.len() == 1, "{ring:?} {victims:?}");
    let update = ring[1];
    let sentence = format!(
        "audit holds row and connection and waits for connection again; {update} holds connection and waits for row. \
         Both are stuck forever."
    );
    let cure = "Take all permits of connection in one step, before any other lock.";
    assert_eq!(sentence_and_fix(&report, "deadlock"), (sentence.as_str(), cure));
    let waits_for = &report.json["deadlocks"][0]["ring"][0]["waits_for"];
    assert_eq!(waits_for, &serde_json::json!(["audit", update]));
    let three = run("connections-of-three.kdl", &LIMIT);
    assert_eq!(deadlocks(&three), [(vec!["audit", "update-1", "update-2"], vec!["report"])]);
    let (sentence, _) = sentence_and_fix(&three, "deadlock");
    assert!(sentence.contains("; update-1 and update-2 hold connection and wait for row. All 3 are"), "{sentence}");
}

#[test]
fn upgrading_readers_are_a_ring() {
    let report = run("rwlock-upgrade.kdl", &LIMIT);
    assert_eq!(deadlocks(&report), [(vec!["clerk-1", "clerk-2"], vec![])]);
    let (sentence, cure) = sentence_and_fix(&report, "deadlock");
    assert!(sentence.starts_with("clerk-1 and clerk-2 hold table, and each waits until the other releases it."));
    assert!(cure.starts_with("Release table before asking to write it"), "{cure}");
}

#[test]
fn queued_writer_is_in_the_ring_of_a_recursive_reader() {
    let report = run("read-again-behind-a-writer.kdl", &LIMIT);
    assert_eq!(deadlocks(&report), [(vec!["reader", "writer"], vec![])]);
    let ring = report.json["deadlocks"][0]["ring"].as_array().unwrap();
    assert_eq!((&ring[0]["in_line"], &ring[1]["in_line"]), (&Value::Bool(false), &Value::Bool(true)));
    let (sentence, cure) = sentence_and_fix(&report, "deadlock");
    assert!(sentence.starts_with("reader holds table and waits for table again; writer waits in line"), "{sentence}");
    assert!(cure.starts_with("Do not read table again while holding it"), "{cure}");
}

#[test]
fn ring_and_stall_are_both_reported() {
    let report = run("ring-and-stall.kdl", &LIMIT);
    assert_eq!(deadlocks(&report), [(vec!["left", "right"], vec![])]);
    let (sentence, cure) = sentence_and_fix(&report, "stall");
    let expected =
        "consumer waits for an item in jobs; every worker that could put one has ended. It is stuck forever.";
    assert_eq!(sentence, expected);
    assert_eq!(cure, "Close jobs after the last item, or take only the items that are there.");
    assert_eq!(report.json["ended"], "deadlock");
}

#[test]
fn waiter_for_a_ring_member_refers_to_the_ring() {
    let report = run("ring-that-starves-a-queue.kdl", &LIMIT);
    let (sentence, cure) = sentence_and_fix(&report, "stall");
    assert!(sentence.starts_with("consumer waits for an item in jobs; producer, which could put one, is deadlocked."));
    assert_eq!(cure, "Resolve the deadlock of producer first.");
}

#[test]
fn lock_held_during_a_wait_is_named_with_its_holder() {
    let cases = [
        ("F16a_cure_lock_and_queue.kdl", "sync, which could take one, waits for status.", "Release status before"),
        (
            "F16b_cure_nested_monitor.kdl",
            "waiter holds outer while it waits for a signal of freed; notifier, which could notify it, waits for \
                outer.",
            "Release outer before waiting for a signal of freed: the wait releases only inner.",
        ),
        (
            "condition-in-permit.kdl",
            "waiter holds slot while it waits for a signal of ready; worker, which could notify it, waits for slot.",
            "Release slot before waiting for a signal of ready",
        ),
        (
            "event-under-a-lock.kdl",
            "main holds config while it waits for loaded; loader, which could set it, waits for config.",
            "Release config before waiting for loaded.",
        ),
        (
            "held-two-steps-away.kdl",
            "middle waits for outer, and the workers that could put one wait for middle.",
            "Release outer before waiting for an item in jobs.",
        ),
    ];
    for (file, part, fix) in cases {
        let report = run(file, &LIMIT);
        let (sentence, cure) = sentence_and_fix(&report, "stall");
        assert!(sentence.contains(part) && sentence.ends_with("are stuck forever."), "{file}: {sentence}");
        assert!(cure.starts_with(fix), "{file}: {cure}");
        assert_eq!(report.json["ended"], "stall", "{file}");
    }
}

#[test]
fn barrier_stall_names_needed_parties_and_missing_workers() {
    let (pool, left) = (run("F16c_cure_barrier_in_pool.kdl", &LIMIT), run("barrier-left.kdl", &LIMIT));
    let few = "Both workers of worker wait at gate, which needs 3; 1 task stays in the queue. Both are stuck forever.";
    assert_eq!(
        sentence_and_fix(&pool, "stall"),
        (few, "Give worker at least 3 workers, or lower the parties of gate.")
    );
    let (sentence, cure) = sentence_and_fix(&left, "stall");
    assert_eq!(sentence, "gate needs 3 workers, 2 wait there; short has ended. Both are stuck forever.");
    assert!(cure.starts_with("Make each worker meet at gate as often as the others"), "{cure}");
}

#[test]
fn fix_for_mutually_full_queues_is_not_more_capacity() {
    let report = run("queues-full-both-ways.kdl", &LIMIT);
    let (sentence, cure) = sentence_and_fix(&report, "stall");
    assert!(sentence.contains(", which could take one, waits for room in "), "{sentence}");
    assert!(cure.starts_with("Do not wait for room in "), "{cure}");
}

#[test]
fn stall_names_the_wait_of_the_other_side_in_text_and_fix() {
    let joined = catalogue(&["join-before-drain", "--set", "order=end-first", "--set", "report=256KiB"]);
    let expected = "child waits for room in answer; parent, which could receive from it, waits for child-is-done. \
                    Both are stuck forever.";
    assert_eq!(
        sentence_and_fix(&joined, "stall"),
        (expected, "Make parent receive from answer before it waits for child-is-done.")
    );
    let lost = catalogue(&["crash-policies", "--set", "policy=lose"]);
    let (sentence, cure) = sentence_and_fix(&lost, "stall");
    assert!(sentence.starts_with("batch waits for a result of worker; 1 task was lost with its worker. In all, "));
    assert_eq!(cure, "Retry the task when its worker dies, or fail its result.");
}

/// Runs a scenario of the catalogue.
fn catalogue(args: &[&str]) -> Report {
    let output = contend(&[&["run"], args, &["--json"], &LIMIT].concat());
    Report { json: serde_json::from_slice(&output.stdout).unwrap(), code: output.status.code() }
}

#[test]
fn orphaned_mutex_ends_the_run_and_meets_expect_deadlock() {
    let report = run("F02c_orphan_is_no_stall.kdl", &[]);
    assert_eq!((&report.json["ended"], report.code), (&Value::from("stall"), Some(0)));
    assert_eq!(report.findings(), ["orphaned-lock"]);
    assert_eq!(
        sentence_and_fix(&report, "orphaned-lock").0,
        "a ended without releasing m: 3 workers wait for it forever."
    );
    assert_eq!(report.json["expectations"][0]["seen"], true);
}

#[test]
fn waiter_for_a_victim_of_an_orphaned_lock_refers_to_the_lock() {
    let report = run("orphan-starves-a-queue.kdl", &LIMIT);
    let (sentence, cure) = sentence_and_fix(&report, "stall");
    assert!(sentence.starts_with("consumer waits for an item in jobs; producer, which could put one, waits for m."));
    assert_eq!(cure, "Release m on every exit path.");
    assert!(report.findings().contains(&"orphaned-lock"), "{:?}", report.findings());
}

#[test]
fn fail_on_deadlock_covers_rings_stalls_and_orphaned_locks() {
    let fails = ["two-rings.kdl", "F16a_cure_lock_and_queue.kdl", "F02c_orphan_is_no_stall.kdl", "barrier-left.kdl"];
    for file in fails {
        assert_eq!(run(file, &["--fail-on", "deadlock"]).code, Some(3), "{file}");
    }
    let fine = "title \"x\"\nmutex m\nthread a count=2 { repeat 3 { lock m { sleep \"1ms\" } } }\nexpect no-deadlock";
    assert_eq!(run_text(fine, &["--fail-on", "deadlock"]).code, Some(0));
}

#[test]
fn expect_deadlock_accepts_a_stall_but_the_finding_needs_a_ring() {
    let stalls = "title \"x\"\nqueue q capacity=1\nthread a { take q }\n";
    let report = |expect: &str| run_text(&format!("{stalls}{expect}"), &[]);
    assert_eq!(report("expect deadlock within=\"5s\"").code, Some(0));
    assert_eq!(report("expect no-deadlock").code, Some(1));
    assert_eq!(report("expect no-finding deadlock\nexpect finding stall").code, Some(0));
}

#[test]
fn fix_for_an_event_without_setter_is_a_set_step() {
    let report = run("F08_timed_wait_elsewhere.kdl", &LIMIT);
    let finding = report.finding("stall");
    assert_eq!(finding["sentence"], "b waits for e; no worker could set it. It is stuck forever.");
    assert_eq!(finding["cure"], "Add a step that can set e, or remove the wait.");
}
