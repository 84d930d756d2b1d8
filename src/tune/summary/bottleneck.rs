//! The sentences about the bottleneck: what limits the throughput, and how to raise the limit.

use super::TuningSubject;
use crate::trace::format::{format_percent, format_rate};
use crate::trace::{Span, State};
use crate::tune::bottleneck::{Bottleneck, LimitingResource, ThroughputLimit, throughput_limits};
use crate::tune::curve::Level;

/// Returns the name of a limiting resource in words.
pub fn resource_label(resource: &LimitingResource) -> String {
    match resource {
        LimitingResource::Cpu => "the CPU".to_owned(),
        LimitingResource::Lock(name) => format!("lock `{name}`"),
        LimitingResource::Permits(name) => format!("the permits of `{name}`"),
    }
}

pub(super) fn bottleneck_sentence(bottleneck: &Bottleneck, subject: &TuningSubject<'_>) -> Option<String> {
    Some(match bottleneck {
        Bottleneck::UsedUp(limit) => {
            let each = Span(limit.service_demand_ns as u64);
            let used = match &limit.resource {
                LimitingResource::Cpu => format!(
                    "{} of {} {} used, {each} for each {}",
                    format_percent(limit.utilization),
                    subject.usable_cores,
                    if (subject.usable_cores - 1.0).abs() < 0.05 { "core" } else { "cores" },
                    subject.work.word()
                ),
                LimitingResource::Lock(_) => {
                    format!(
                        "held {} of the time, {each} for each {}",
                        format_percent(limit.utilization),
                        subject.work.word()
                    )
                }
                LimitingResource::Permits(_) => {
                    format!("{} in use, {each} for each {}", format_percent(limit.utilization), subject.work.word())
                }
            };
            let (name, ceiling) = (resource_label(&limit.resource), format_rate(limit.max_rate));
            if subject.counts_workers() {
                format!("The bottleneck is {name}: {used}. Ceiling: {ceiling}, however many workers you add.")
            } else {
                format!("The bottleneck is {name}: {used}. Ceiling at the best level: {ceiling}.")
            }
        }
        Bottleneck::Feeder(share) => {
            format!(
                "The bottleneck is the source of the work: workers wait for work {} of their time.",
                format_percent(*share)
            )
        }
        Bottleneck::Waiting { state, share } => {
            format!(
                "No measured resource is used up: the workers spend {} of their time {}.",
                format_percent(*share),
                waiting_phrase(*state)
            )
        }
        Bottleneck::Unknown => return None,
    })
}

const fn waiting_phrase(state: State) -> &'static str {
    match state {
        State::Io => "waiting for I/O",
        State::Sleep => "sleeping",
        State::Signal => "waiting for a signal or a result",
        State::Lock => "waiting for locks, but no lock is held all the time",
        State::Full => "waiting for room in a queue",
        State::Ready => "waiting for a core",
        State::Gil => "waiting for the GIL",
        State::OffCore => "off the cores, in calls that are not traced",
        _ => "passing tasks between processes",
    }
}

/// Says how to raise the ceiling, and what the next limit is.
pub(super) fn ceiling_sentence(bottleneck: &Bottleneck, best: &Level, subject: &TuningSubject<'_>) -> Option<String> {
    let Bottleneck::UsedUp(held) = bottleneck else { return None };
    let next: Option<ThroughputLimit> = throughput_limits(best, subject.usable_cores)
        .into_iter()
        .find(|limit| limit.resource != held.resource && limit.utilization > 0.02);
    let fix = match &held.resource {
        LimitingResource::Cpu => format!("use less CPU for each {}, or add cores", subject.work.word()),
        LimitingResource::Lock(name) => format!("hold `{name}` for less time, or split it into several locks"),
        LimitingResource::Permits(name) => format!("add permits to `{name}`, or hold them for less time"),
    };
    Some(match next {
        Some(next) => format!(
            "To raise it, {fix}; the next limit is {} at {}.",
            resource_label(&next.resource),
            format_rate(next.max_rate)
        ),
        None => format!("To raise it, {fix}."),
    })
}
