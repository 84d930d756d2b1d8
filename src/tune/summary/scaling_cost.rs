//! The sentence about the cost of scaling beyond the answer.

use super::{TuningSubject, capitalize, is_compared};
use crate::trace::format::format_percent;
use crate::trace::{Span, State};
use crate::tune::curve::Level;
use crate::tune::decide::{Decision, ratio_to_best};
use crate::tune::tuning::Tuning;

/// Smallest relative difference in throughput that is mentioned.
const MIN_CHANGE: f64 = 0.005;

/// Compares the highest working level with the answer: throughput, p99, and the waiting time that grows most.
pub fn scaling_cost_sentence(tuning: &Tuning, subject: &TuningSubject<'_>, decision: &Decision) -> Option<String> {
    let here = tuning.recommended_level().filter(|_| is_compared(&decision.answer))?;
    let there = tuning.curve.working_levels().last().filter(|last| last.value > here.value)?;
    let gain = ratio_to_best(there, here).map_or(0.0, |found| found.estimate - 1.0);
    let gain = match gain {
        g if g > MIN_CHANGE => format!("{} {} more", subject.verb_form(there.value, "does", "do"), format_percent(g)),
        g if g < -MIN_CHANGE => format!("{} {} less", subject.verb_form(there.value, "does", "do"), format_percent(-g)),
        _ => format!("{} as much", subject.verb_form(there.value, "does", "do")),
    };
    let p99 = |level: &Level| level.percentiles(|repetition| repetition.service).map(|service| service.p99);
    let p99 = p99(here)
        .zip(p99(there))
        .map(|(here, there)| format!(", at a p99 of {} instead of {}", Span(there as u64), Span(here as u64)));
    let waits = most_grown_wait(here, there).map(|(state, here, there)| {
        format!(
            "; each {} then waits {} {} instead of {}",
            subject.work.word(),
            Span(there as u64),
            wait_cause(state),
            Span(here as u64)
        )
    });
    let name = capitalize(&subject.level_name(there.value));
    Some(format!("{name} {gain}{}{}.", p99.unwrap_or_default(), waits.unwrap_or_default()))
}

/// Returns the state whose time for each unit of work grows most, with that time at both levels, if it grows by much.
fn most_grown_wait(here: &Level, there: &Level) -> Option<(State, f64, f64)> {
    let each = |level: &Level, state: State| {
        let (spent, done) = level.time_by_state();
        spent.get(state) as f64 / done.max(1) as f64
    };
    let states = [State::Ready, State::Lock, State::Signal, State::Full, State::Handover, State::Io, State::Gil];
    let grown = states.into_iter().map(|state| (state, each(here, state), each(there, state)));
    let most = grown.max_by(|a, b| (a.2 - a.1).total_cmp(&(b.2 - b.1)))?;
    (most.2 > most.1 * 1.5 && most.2 - most.1 > 10_000.0).then_some(most)
}

const fn wait_cause(state: State) -> &'static str {
    match state {
        State::Ready => "for a core",
        State::Lock => "for locks",
        State::Gil => "for the GIL",
        State::Signal => "for signals",
        State::Full => "for room in a queue",
        State::Handover => "for its transfer between processes",
        _ => "for I/O",
    }
}
