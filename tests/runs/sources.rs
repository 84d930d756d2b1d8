//! A pool ends when no worker is left that can submit a task: each submitter counts once, however it ended.

use crate::support::ObservedRun;
use contend::model::{Budget, LifeEnd, Model};
use contend::scenario::{Scenario, Source, check};
use contend::trace::{DeathCause, EventKind, Message, RunEnd, WorkerId};

/// Returns a scenario with a pool and its submitters.
fn read(kind: &str, bringers: &str) -> Scenario {
    let text = format!("pool p of={kind} workers=2 {{ task {{ sleep \"2ms\" }} }}\n{bringers}");
    let source = Source { name: "sources".into(), path: None, text };
    check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario
}

fn lane(seen: &ObservedRun, name: &str) -> WorkerId {
    let at = seen.registry().workers.iter().position(|worker| worker.name == name);
    WorkerId::from(at.expect("it is there"))
}

/// Runs to the end and returns the number of done tasks.
fn done(bringers: &str) -> [usize; 2] {
    ["threads", "processes"].map(|kind| {
        let seen = ObservedRun::run_to_end(&read(kind, bringers));
        assert_eq!(seen.end, Some(RunEnd::Completed), "{kind}: {:?}", seen.notices);
        seen.count(|kind| matches!(kind, EventKind::TaskEnded { ok: true, .. }))
    })
}

#[test]
fn process_that_exits_early_submits_no_more_and_counts_as_ended() {
    let scenario = read("threads", "process early { repeat 3 { submit p }; exit 0 }");
    let seen = ObservedRun::run_to_end(&scenario);
    assert_eq!(seen.end, Some(RunEnd::Completed), "{:?}", seen.notices);
    let mut model = Model::new(seen.registry(), Budget::default());
    model.apply(&Message::Events(seen.events.clone()));
    let early = lane(&seen, "early");
    assert_eq!(model.lane(early).ending(), Some(LifeEnd::Finished));
}

#[test]
fn process_killed_after_its_last_step_counts_once() {
    let killed = "process parent { submit p; spawn child }\nthread child { sleep \"30ms\"; submit p; abort }";
    assert_eq!(done(&format!("{killed}\nprocess other {{ repeat 40 {{ submit p; sleep \"2ms\" }} }}")), [42, 42]);
}

#[test]
fn process_that_dies_with_its_threads_counts_each_once() {
    let killed =
        "process parent { submit p; spawn child; sleep \"10ms\"; abort }\nthread child { sleep \"1h\"; submit p }";
    assert_eq!(done(&format!("{killed}\nprocess other {{ repeat 40 {{ submit p; sleep \"2ms\" }} }}")), [41, 41]);
}

#[test]
fn process_that_dies_at_once_counts_as_ended() {
    let seen = ObservedRun::run_to_end(&read("threads", "process brief { submit p; abort }"));
    let mut model = Model::new(seen.registry(), Budget::default());
    let brief = lane(&seen, "brief");
    // The notice can overtake the events, so that the first event comes last.
    let at = seen.events.iter().map(|event| event.at).max().expect("it began");
    for notice in &seen.notices {
        model.apply(&Message::Notice { at, notice: notice.clone() });
    }
    model.apply(&Message::Events(seen.events.clone()));
    assert_eq!(model.lane(brief).ending(), Some(LifeEnd::Died(DeathCause::Signal(6))));
    assert_eq!(model.lane(brief).life_count(), 1);
}
