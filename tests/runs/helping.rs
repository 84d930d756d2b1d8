//! Workers of a pool that run other tasks while they wait for a result: events nest, results arrive, and a lock of the
//! outer task counts against the inner one.

use std::collections::BTreeMap;

use crate::support::ObservedRun;
use contend::scenario::{Scenario, Source, check};
use contend::trace::{EventKind, RunEnd, WorkerId};

const KINDS: [&str; 3] = ["threads", "processes", "async"];

fn read(text: &str) -> Scenario {
    let source = Source { name: "helping".into(), path: None, text: text.into() };
    check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario
}

/// A tree of tasks: those below `split` submit two more and wait for both.
fn tree(kind: &str, workers: u32, split: u32, wait: &str) -> Scenario {
    read(&format!(
        "pool p of={kind} workers={workers} {{ task {{
             if task below={split} {{ submit p task=\"2 * task\"; submit p task=\"2 * task + 1\"; {wait}; {wait} }}
             else {{ compute \"100us\" }}
         }} }}
         thread caller {{ submit p task=1; result }}"
    ))
}

/// Returns the deepest nesting of tasks of any worker, and asserts that tasks end in the reverse order of their starts.
fn deepest(seen: &ObservedRun) -> usize {
    let mut open: BTreeMap<WorkerId, usize> = BTreeMap::new();
    let mut deepest = 0;
    for event in &seen.events {
        let depth = open.entry(event.worker).or_default();
        match event.kind {
            EventKind::TaskBegan { .. } => *depth += 1,
            EventKind::TaskEnded { .. } => *depth = depth.checked_sub(1).expect("a task that ends has begun"),
            _ => {}
        }
        deepest = deepest.max(*depth);
    }
    assert!(open.values().all(|depth| *depth == 0), "{open:?}");
    deepest
}

#[test]
fn one_worker_that_helps_finishes_a_tree_and_nests_no_deeper_than_it() {
    for kind in KINDS {
        let seen = ObservedRun::run_to_end(&tree(kind, 1, 16, "result help=#true"));
        assert_eq!(seen.end, Some(RunEnd::Completed), "{kind}: {:?}", seen.notices);
        let pool = seen.model().pool(contend::trace::PoolId(0)).expect("a pool");
        assert_eq!((pool.submitted(), pool.done(), pool.helped()), (31, 31, 30), "{kind}");
        assert_eq!(deepest(&seen), 5, "{kind}: the newest task comes first");
        assert_eq!(seen.model().health().anomalies, 0, "{kind}");
    }
}

#[test]
fn several_workers_that_help_finish_every_tree() {
    for kind in KINDS {
        for workers in [2, 3] {
            let seen = ObservedRun::run_to_end(&tree(kind, workers, 32, "result help=#true"));
            assert_eq!(seen.end, Some(RunEnd::Completed), "{kind}: {:?}", seen.notices);
            assert_eq!(seen.model().pool(contend::trace::PoolId(0)).expect("a pool").done(), 63, "{kind}");
            assert!(seen.model().stall().is_none(), "{kind}");
            deepest(&seen);
        }
    }
}

#[test]
fn counter_copy_and_locks_of_a_task_survive_a_task_inside_it() {
    for kind in KINDS {
        let seen = ObservedRun::run_to_end(&read(&format!(
            "mutex m\ncounter n
             pool p of={kind} workers=1 {{ task {{
                 if task equals=1 {{ lock m {{ load n; submit p task=2; result help=#true; store n add=1 }} }}
                 else {{ load n; add n by=5 }}
             }} }}
             thread caller {{ submit p task=1; result }}"
        )));
        assert_eq!(seen.end, Some(RunEnd::Completed), "{kind}: {:?}", seen.notices);
        assert_eq!(seen.counter, Some(1), "{kind}: the outer task stores the value that it loaded, plus 1");
    }
}
