//! Tests of effects that a machine may be unable to show.

use super::changed_settings::{SimulatedRun, WORKER, ms};
use crate::report::{AnswerState, Doubt, GuessState, Judgement};
use crate::trace::{Message, Sample, WorkerId};

/// The second guess is about an effect between caches of two cores.
const CACHE_GUESSES: &str = r#"
guess "no effect" { expect share running of=worker below="60%" }
guess "an effect" { expect share running of=worker above="60%" needs-physical-cores=2 }
"#;

const CORE_GUESSES: &str = r#"
guess "no" { expect share running below="75%" }
guess "yes" { expect share running above="75%" needs-cores=2 }
"#;

/// A run whose worker runs for `part` of its time, beside another one, both on these cores.
fn run_on_cores(part: u64, cores: [u16; 2], physical: Vec<u16>, is_virtual: bool) -> SimulatedRun {
    let mut run = SimulatedRun::new();
    run.run_worker(&[part; 20]);
    run.model.apply(&Message::Sample(Sample::CoreLayout { physical, is_virtual }));
    for i in 1..40 {
        for (worker, core) in [(WorkerId(0), cores[0]), (WORKER, cores[1])] {
            let (from, to) = (ms(i * 50), ms(i * 50 + 50));
            run.model.apply(&Message::Sample(Sample::OnCore { worker, core, from, to, running: 20_000_000 }));
        }
    }
    run
}

/// Returns the state of the answer, of both guesses, and the reason.
fn answered(run: &SimulatedRun, guesses: &str) -> (AnswerState, [GuessState; 2], String) {
    let answer = run.answer(guesses, 2_000);
    let why = answer.doubt.as_ref().map(ToString::to_string).unwrap_or_default();
    (answer.state(), [answer.guess_state(0), answer.guess_state(1)], why)
}

#[test]
fn effect_that_is_seen_is_confirmed_on_any_machine() {
    for (physical, is_virtual) in [(vec![0, 0], false), (vec![0, 1], true), (Vec::new(), true)] {
        let run = run_on_cores(80, [0, 1], physical, is_virtual);
        let (state, guesses, _) = answered(&run, CORE_GUESSES);
        assert_eq!(state, AnswerState::Answered);
        assert_eq!(guesses, [GuessState::Refuted, GuessState::Confirmed]);
    }
}

#[test]
fn effect_between_caches_is_not_refuted_where_the_machine_cannot_show_it() {
    // Its claim is about one worker, so it never runs on two cores.
    let (state, guesses, why) = answered(&run_on_cores(30, [0, 1], vec![0, 1], false), CACHE_GUESSES);
    assert_eq!((state, guesses), (AnswerState::CannotShow, [GuessState::Open; 2]), "{why}");
    assert!(why.contains("the workers ran on as many only 0 % of the time"), "{why}");
    let physical = CORE_GUESSES.replace("needs-cores", "needs-physical-cores");
    let reasons = [
        (run_on_cores(30, [0, 1], vec![0, 0], false), "it takes 2 physical cores at once, and this machine has 1"),
        (run_on_cores(30, [0, 2], vec![0, 1, 0, 1], false), "ran on as many only 0 % of the time"),
        (run_on_cores(30, [0, 1], vec![0, 1], true), "on a virtual machine two cores may be threads"),
        (SimulatedRun::with_shares(30), "unknown on which cores the workers ran"),
    ];
    for (run, reason) in reasons {
        let (state, guesses, why) = answered(&run, &physical);
        assert_eq!((state, guesses), (AnswerState::CannotShow, [GuessState::Open; 2]), "{reason}: {why}");
        assert!(why.starts_with("cannot be shown here: ") && why.contains(reason), "{why}");
    }
}

#[test]
fn effect_is_refuted_where_the_machine_could_have_shown_it() {
    let physical = CORE_GUESSES.replace("needs-cores", "needs-physical-cores");
    let refuted = (AnswerState::Answered, [GuessState::Confirmed, GuessState::Refuted], String::new());
    assert_eq!(answered(&run_on_cores(30, [0, 1], vec![0, 1], false), &physical), refuted);
    assert_eq!(answered(&run_on_cores(30, [0, 1], vec![0, 0], false), CORE_GUESSES), refuted, "two threads suffice");
    assert_eq!(
        answered(&SimulatedRun::with_shares(30), CORE_GUESSES),
        refuted,
        "a short run, on two cores as far as known"
    );
}

#[test]
fn evidence_names_the_cores_and_the_interval() {
    let answer = run_on_cores(30, [0, 1], vec![0, 1], false).answer(CORE_GUESSES, 2_000);
    assert!(answer.evidence[0].contains(" at 95 % confidence"), "{answer:?}");
    assert_eq!(answer.evidence[1], "ran: feeder on core 0, worker on core 1");
}

#[test]
fn guess_is_not_refuted_by_what_could_not_be_measured() {
    let guesses = r#"guess "short" { expect latency-p50 worker below="50ms" }
        guess "long" { expect latency-p50 worker above="50ms" }"#;
    let answer = SimulatedRun::with_shares(30).answer(guesses, 2_000);
    assert_eq!(answer.state(), AnswerState::NotMeasured, "{answer:?}");
    assert_eq!([answer.guess_state(0), answer.guess_state(1)], [GuessState::Open; 2]);
    let certain =
        r#"guess "short" { expect latency-p50 worker below="50ms" }; guess "none" { expect done worker below=1 }"#;
    let answer = SimulatedRun::with_shares(30).answer(certain, 2_000);
    assert_eq!(answer.state(), AnswerState::Answered, "a certain guess refutes the other: {answer:?}");
}

#[test]
fn expectation_that_this_machine_cannot_show_is_not_judged() {
    let run = run_on_cores(30, [0, 1], vec![0, 0], false);
    let judged = |expect| run.judge(expect, 2_000).judgement;
    let unseen = judged("expect share running above=\"75%\" needs-physical-cores=2");
    assert!(matches!(unseen, Judgement::NotJudged(Doubt::CannotShow(_))), "{unseen:?}");
    assert_eq!(judged("expect share running above=\"1%\" needs-physical-cores=2"), Judgement::Seen);
    assert_eq!(judged("expect share running above=\"75%\" needs-cores=2"), Judgement::NotSeen);
    assert_eq!(judged("expect share running above=\"75%\""), Judgement::NotSeen);
}
