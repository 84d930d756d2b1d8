//! The states of lanes over time, drawn as text.

use std::fmt::Write;

use contend_model::{CellWindow, LifeEnd, Model};
use contend_trace::{DeathCause, Event, EventKind, Message, Span, Stamp, State};

use super::script::{drawn, ms, play, worker};

#[test]
fn lane_is_running_between_waits() {
    let model = play(
        "worker w
         mutex a
         queue q 1
         10 w began
         20 w wait a
         40 w acquired a 1
         50 w released a 1
         60 w block sleep
         80 w resume
         90 w block full q
         100 w put q 1
         110 w block empty q
         120 w took q 0
         130 w wait a timed
         150 w gave-up a
         160 w finished",
    );
    assert_eq!(drawn(&model, "w", 180.0, 10.0), ".RLLRRzzRfReRLLR..");
    assert_eq!(model.health().anomalies, 0);
}

#[test]
fn lost_events_show_as_a_gap_from_the_last_known_event() {
    let model = play(
        "worker w
         0 w began
         20 w block io
         30 w gap 7
         60 w resume
         70 w block sleep
         90 w gap 1
         110 w finished",
    );
    // The lane began its wait at 20 ms; when the wait ended is among the lost events.
    assert_eq!(drawn(&model, "w", 120.0, 10.0), "RR????R????.");
    assert_eq!(model.health().lost, 8);
}

#[test]
fn noticed_death_shows_as_a_crash_until_the_next_life() {
    let text = "worker w
         0 w began
         20 w block sleep";
    let dead = play(&format!("{text}\n 40 w killed 9"));
    assert_eq!(drawn(&dead, "w", 60.0, 10.0), "RRzzXX");
    assert_eq!(dead.lane(worker(&dead, "w")).ending(), Some(LifeEnd::Died(DeathCause::Signal(9))));

    let late = play(&format!("{text}\n 40 w killed 9\n 30 w resume"));
    assert_eq!(drawn(&late, "w", 60.0, 10.0), "RRzRXX", "its last event came after the notice");

    let first = play("worker w\n 40 w killed 9\n 0 w began\n 20 w block sleep");
    assert_eq!(drawn(&first, "w", 60.0, 10.0), "RRzzXX", "all its events came after the notice");
    assert_eq!(first.lane(worker(&first, "w")).life_count(), 1);

    let again = play(&format!("{text}\n 40 w killed 9\n 50 w began"));
    assert_eq!(drawn(&again, "w", 60.0, 10.0), "RRzzXR");
    assert_eq!(again.lane(worker(&again, "w")).life_count(), 2);
    assert_eq!(again.lane(worker(&again, "w")).ending(), None);
}

#[test]
fn impossible_events_are_counted_as_anomalies() {
    let odd = |lines: &str| play(&format!("worker w\nmutex a\nmutex b\n{lines}")).health().anomalies;
    assert_eq!(odd("0 w began\n1 w block sleep\n2 w resume"), 0);
    assert_eq!(odd("0 w resume"), 1, "before it began");
    assert_eq!(odd("0 w began\n1 w finished\n2 w block sleep"), 1, "after its end");
    assert_eq!(odd("0 w began\n1 w resume"), 1, "nothing to resume from");
    assert_eq!(odd("0 w began\n1 w wait a\n2 w acquired b 1"), 1, "not the lock it waited for");
    assert_eq!(odd("0 w began\n5 w block sleep\n3 w resume"), 1, "time goes backwards");
    assert_eq!(odd("0 w began\n1 w released a 1"), 1, "never held it");
    assert_eq!(odd("0 w began\n1 w wait a 1"), 1, "the list lacks a hold");
    assert_eq!(odd("0 w began\n1 w gap 3\n2 w released a 1"), 0, "after a gap anything can follow");
}

#[test]
fn running_is_split_into_running_and_ready_by_the_kernels_figures() {
    let model = play(
        "worker w
         0 w began
         100 w block sleep
         200 w resume
         100 w sched 0 40 60
         200 w sched 100 0 0
         300 w sched 200 100 0",
    );
    let lane = model.lane(worker(&model, "w"));
    let near = |state, from: f64, to: f64, expected: f64| {
        let got = lane.state_times(ms(from), ms(to), ms(300.0)).get(state) as f64 / 1e6;
        assert!((got - expected).abs() < 2.0, "{state:?} {from}..{to}: {got} ms, expected {expected}");
    };
    near(State::Ready, 0.0, 100.0, 60.0);
    near(State::Running, 0.0, 100.0, 40.0);
    near(State::Ready, 0.0, 50.0, 30.0);
    near(State::Sleep, 100.0, 200.0, 100.0);
    near(State::Ready, 100.0, 300.0, 0.0);
    near(State::Running, 200.0, 300.0, 100.0);
    assert_eq!(lane.run_queue_delay(), Some(60_000_000));
    assert_eq!(lane.total_state_times(ms(300.0)).total_ns(), 300_000_000);
}

#[test]
fn cells_below_one_millisecond_are_drawn_from_exact_spans() {
    let model = play(
        "worker w
         0 w began
         0.25 w block sleep
         0.5 w resume
         0.75 w block io",
    );
    assert_eq!(drawn(&model, "w", 1.0, 0.125), "RRzzRRii");
    let lane = model.lane(worker(&model, "w"));
    assert_eq!(lane.activity_at(ms(0.3)).map(|d| (d.state, d.since)), Some((State::Sleep, ms(0.25))));
    let spans: Vec<State> = lane.spans(ms(0.3), ms(0.8)).map(|d| d.state).collect();
    assert_eq!(spans, [State::Sleep, State::Running, State::Io]);
}

/// A worker that runs 3 ms and sleeps 1 ms, for `secs` seconds.
fn ticking(secs: u64) -> Model {
    let mut text = String::from("worker w\n0 w began\n");
    for t in (0..secs * 1000).step_by(4) {
        writeln!(text, "{} w block sleep\n{} w resume", t + 3, t + 4).unwrap();
    }
    play(&text)
}

#[test]
fn resolution_falls_with_age_but_no_time_is_lost() {
    let model = ticking(60);
    let lane = model.lane(worker(&model, "w"));
    let now = ms(60_000.0);
    let totals = lane.total_state_times(now);
    assert_eq!(totals.get(State::Sleep), 15_000_000_000);
    assert_eq!(totals.total_ns(), now.0);
    assert!(lane.exact_from() > Stamp(0), "the exact spans are bounded");
    for (from, to) in [(0.0, 10_000.0), (20_000.0, 24_000.0), (59_000.0, 60_000.0)] {
        let share = lane.state_times(ms(from), ms(to), now).share(State::Sleep);
        assert!((share - 0.25).abs() < 0.01, "{from}..{to}: {share}");
    }
    let mut cells = Vec::new();
    lane.cells(&CellWindow { from: Stamp(0), to: now, cells: 77 }, now, &mut cells);
    let sum: u64 = cells.iter().map(contend_model::StateTimes::total_ns).sum();
    assert!(sum <= now.0 && now.0 - sum < 100, "cells add up to the whole: {sum}");
}

#[test]
fn few_spans_are_drawn_exactly_at_any_age() {
    let model = play(
        "worker w
         0 w began
         600000 w block sleep
         600100 w resume",
    );
    let window = CellWindow { from: ms(599_950.0), to: ms(600_150.0), cells: 8 };
    let mut cells = Vec::new();
    let later = ms(9_000_000.0);
    let lane = model.lane(worker(&model, "w"));
    lane.cells(&window, later, &mut cells);
    assert_eq!(cells.iter().map(|c| c.dominant().map_or('-', State::letter)).collect::<String>(), "RRzzzzRR");
}

#[test]
fn open_span_counts_up_to_now() {
    let model = play("worker w\n0 w began\n10 w block sleep");
    let lane = model.lane(worker(&model, "w"));
    let later = ms(10.0) + Span(600_000_000_000);
    assert_eq!(lane.total_state_times(later).get(State::Sleep), 600_000_000_000);
    assert_eq!(lane.state_times(later.earlier_by(Span::from_millis(1)), later, later).get(State::Sleep), 1_000_000);
}

#[test]
fn every_kind_of_event_is_applied_by_a_function_of_its_family() {
    for info in EventKind::ALL {
        let mut model = play("worker a\n0 a began");
        let kind = EventKind::from_bits(info.code.into());
        assert_eq!(kind.name(), info.name);
        // A kind that its family's function does not know fails an assertion in there.
        model.apply(&Message::Events(vec![Event { at: ms(1.0), worker: worker(&model, "a"), kind }]));
        assert_eq!(model.health().events, 2, "{}", info.name);
    }
}
