//! Compare-and-set, `set`, `spin` and `loaded` on real threads, processes and tasks.

use crate::support::ObservedRun;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{EventKind, Notice, RunEnd};

fn each(kinds: &[&str], text: &str, test: impl Fn(Scenario)) {
    for kind in kinds {
        let text = text.replace("WORKER", kind);
        let source = Source { name: "swaps".into(), path: None, text };
        test(check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario);
    }
}

const ALL: [&str; 3] = ["thread", "process", "async"];
const OF_THREADS: [&str; 2] = ["thread", "process"];

fn completed(scenario: &Scenario) -> ObservedRun {
    let seen = ObservedRun::run_to_end(scenario);
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
    seen
}

fn puts(seen: &ObservedRun) -> usize {
    seen.count(|kind| matches!(kind, EventKind::PutNth { .. }))
}

#[test]
fn no_update_by_compare_and_set_is_lost_and_retries_are_counted() {
    for order in ["relaxed", "acquire-release", "seq-cst"] {
        let text = format!(
            "counter n order={order}\nWORKER w count=4 {{ repeat 50 {{ retry 100000 {{ load n; sleep \"20us\"\n\
            compare-and-set n }} }} }}"
        );
        each(&ALL, &text, |scenario| {
            let seen = completed(&scenario);
            assert_eq!(seen.counter, Some(200));
            let swapped = seen.count(|kind| matches!(kind, EventKind::CounterSwapped { .. }));
            let failed = seen.count(|kind| matches!(kind, EventKind::CounterSwapFailed { .. }));
            assert_eq!(swapped, 200);
            assert!(failed > 0, "four workers sleep between read and write");
            let counter = seen.model().counter(contend::trace::ResourceId(0)).expect("a counter");
            assert_eq!((counter.swaps().succeeded, counter.swaps().failed), (200, failed as u64));
            assert_eq!((counter.lost_updates(), counter.expected()), (0, 200));
        });
    }
}

#[test]
fn compare_and_set_takes_the_branch_of_its_outcome() {
    let text = "counter n\nqueue good capacity=9\nWORKER w {\n\
        compare-and-set n from=0 to=7 { put good }\nelse { fail \"it was 0\" }\n\
        compare-and-set n from=0 to=8 { fail \"it was 7\" }\nelse { put good }\n\
        compare-and-set n add=3\n\
        if n equals=10 { put good }\n\
        compare-and-set n from=1\n}";
    each(&ALL, text, |scenario| {
        let seen = ObservedRun::run_to_end(&scenario);
        assert_eq!(puts(&seen), 3, "{:?}", seen.notices);
        let message =
            |notice: &Notice| matches!(notice, Notice::TaskFailed { message, .. } if message == "n is 10, not 1");
        assert!(seen.notices.iter().any(message), "{:?}", seen.notices);
        assert!(!seen.model().counter(contend::trace::ResourceId(0)).expect("a counter").has_expected());
    });
}

#[test]
fn copies_follow_additions_and_can_be_used_in_formulas() {
    let text = "counter n\ncounter m\nqueue good capacity=9\nWORKER w {\n\
        add n by=5; set m to=\"loaded(n) * 2\"\n\
        if m equals=10 { put good }\n\
        if m equals=\"loaded(m)\" { put good }\n\
        store m add=1\n\
        if m equals=11 { put good }\n}";
    each(&ALL, text, |scenario| assert_eq!(puts(&completed(&scenario)), 3));
}

#[test]
fn locks_made_of_counters_exclude() {
    let peterson = "counter n\ncounter wants count=2 order=seq-cst\ncounter gives-way order=seq-cst\n\
        WORKER w count=2 { repeat 100 { set wants at=i to=1; set gives-way to=i\n\
        spin { until wants at=\"1 - i\" equals=0; until gives-way equals=\"1 - i\" }\n\
        load n; store n add=1; set wants at=i to=0; sleep \"10us\" } }";
    let dekker = "counter n\ncounter wants count=2 order=seq-cst\ncounter turn order=seq-cst\n\
        WORKER w count=2 { repeat 100 { set wants at=i to=1\n\
        while wants at=\"1 - i\" equals=1 { yield; if turn equals=\"1 - i\" {\n\
        set wants at=i to=0; spin { until turn equals=i }; set wants at=i to=1 } }\n\
        load n; store n add=1; set turn to=\"1 - i\"; set wants at=i to=0; sleep \"10us\" } }";
    let ticket = "counter n\ncounter next order=acquire-release\ncounter serving initial=1 order=acquire-release\n\
        WORKER w count=3 { repeat 50 { add next; while serving below=\"loaded(next)\" { yield }\n\
        load n; store n add=1; add serving } }";
    let flag = "counter n\ncounter held order=acquire-release\n\
        WORKER w count=3 { repeat 50 { retry 1000000 { compare-and-set held from=0 to=1; }\n\
        load n; yield; store n add=1; set held to=0 } }";
    let value = |seen: &ObservedRun| seen.model().counter(contend::trace::ResourceId(0)).expect("a counter").value();
    each(&OF_THREADS, peterson, |scenario| assert_eq!(value(&completed(&scenario)), 200));
    each(&OF_THREADS, dekker, |scenario| assert_eq!(value(&completed(&scenario)), 200));
    each(&ALL, ticket, |scenario| assert_eq!(value(&completed(&scenario)), 150));
    each(&OF_THREADS, flag, |scenario| assert_eq!(value(&completed(&scenario)), 150));
}

#[test]
fn weak_order_lets_both_workers_into_a_lock_of_plain_reads_and_writes() {
    let text = "counter n\ncounter arrivals\ncounter at-start count=2\n\
        counter wants count=2 order=ORDER\ncounter gives-way order=ORDER\n\
        WORKER w count=2 { repeat 2000 {\n\
        add arrivals; set at-start at=i to=\"loaded(arrivals) + loaded(arrivals) % 2\"\n\
        spin { until at-start at=\"1 - i\" above=\"loaded(arrivals) + loaded(arrivals) % 2 - 1\" }\n\
        set wants at=i to=1; set gives-way to=i\n\
        spin { until wants at=\"1 - i\" equals=0; until gives-way equals=\"1 - i\" }\n\
        load n; store n add=1; set wants at=i to=0 } }";
    let value = |seen: &ObservedRun| seen.model().counter(contend::trace::ResourceId(0)).expect("a counter").value();
    each(&OF_THREADS, &text.replace("ORDER", "seq-cst"), |scenario| assert_eq!(value(&completed(&scenario)), 4_000));
    if std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1) {
        // Both must be at the lock within some nanoseconds, which a busy machine allows rarely.
        each(&OF_THREADS, &text.replace("ORDER", "relaxed"), |scenario| {
            assert!((0..20).any(|_| value(&completed(&scenario)) < 4_000), "no update was lost");
        });
    }
}

#[test]
fn consecutive_accesses_see_the_values_of_the_accesses_before_them() {
    let text = "counter n\ncounter m\ncounter a count=2\nqueue good capacity=9\nknob k 4 min=1 max=9\n\
        WORKER w {\n\
        set n to=\"$k\"; set m to=\"loaded(n) + 1\"; load n; set n to=\"loaded(n) * 2 + loaded(m)\"; load m\n\
        if n equals=13 { put good }; if \"loaded(m)\" equals=5 { put good }\n\
        set a at=1 to=7; load a at=\"loaded(m) - 4\"; spin { until a at=1 above=6; until n below=-1 }\n\
        if a at=0 equals=0 { put good }\n\
        set n to=1; spin { until good above=2; until n equals=9 }; put good }\n";
    each(&OF_THREADS, text, |scenario| assert_eq!(puts(&completed(&scenario)), 4));
}

#[test]
fn value_set_after_a_spin_is_computed_once_however_long_the_spin_lasts() {
    let text = "counter n order=relaxed\ncounter flag order=relaxed\ncounter other order=relaxed\n\
        queue good capacity=9\n\
        WORKER a { set n to=5; load n; sleep \"1ms\"\n\
        set flag to=1; spin { until other equals=1 }; set n to=\"loaded(n) + 1\"; set flag to=\"loaded(n) * 2\"\n\
        if n equals=6 { put good }; if flag equals=12 { put good } }\n\
        WORKER b { spin { until flag equals=1 }; sleep \"20ms\"; set other to=1 }";
    each(&OF_THREADS, text, |scenario| {
        let seen = completed(&scenario);
        assert_eq!(puts(&seen), 2, "{:?}", seen.notices);
    });
}
