//! What holds the rate where it is, and what would raise it.

use super::TuningSubject;
use crate::trace::format::{format_percent, format_rate};
use crate::trace::{Span, State};
use crate::tune::bottleneck::{Bottleneck, LimitingResource, ThroughputLimit, throughput_limits};
use crate::tune::curve::Level;

/// What a limit is of, in words.
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
                    "{} of {} cores are used, {each} for each {}",
                    format_percent(limit.utilization),
                    subject.usable_cores,
                    subject.work.word()
                ),
                LimitingResource::Lock(_) => {
                    format!(
                        "it is held {} of the time, {each} for each {}",
                        format_percent(limit.utilization),
                        subject.work.word()
                    )
                }
                LimitingResource::Permits(_) => {
                    format!(
                        "{} of them are in use, {each} for each {}",
                        format_percent(limit.utilization),
                        subject.work.word()
                    )
                }
            };
            let no = if subject.knob.name == "workers" { "no number of workers passes" } else { "nothing here passes" };
            format!(
                "The bottleneck is {}: {used}. At that, {no} {}.",
                resource_label(&limit.resource),
                format_rate(limit.max_rate)
            )
        }
        Bottleneck::Feeder(share) => {
            format!(
                "The bottleneck is the source of the work: workers wait for work {} of their time.",
                format_percent(*share)
            )
        }
        Bottleneck::Waiting { state, share } => {
            format!(
                "Nothing that is measured is used up: {} of the workers' time is {}.",
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
        State::Lock => "waiting for locks, none of which is held all the time",
        State::Full => "waiting for room in a queue",
        State::Ready => "waiting for a core",
        _ => "passing tasks between processes",
    }
}

/// What would raise the ceiling, and how far.
pub(super) fn ceiling_sentence(bottleneck: &Bottleneck, best: &Level, subject: &TuningSubject<'_>) -> Option<String> {
    let Bottleneck::UsedUp(held) = bottleneck else { return None };
    let next: Option<ThroughputLimit> = throughput_limits(best, subject.usable_cores)
        .into_iter()
        .find(|limit| limit.resource != held.resource && limit.utilization > 0.02);
    let cure = match &held.resource {
        LimitingResource::Cpu => "less CPU for each, or more cores".to_owned(),
        LimitingResource::Lock(name) => format!("a shorter hold of `{name}`, or several locks for it"),
        LimitingResource::Permits(name) => format!("more permits of `{name}`, or a shorter hold"),
    };
    Some(match next {
        Some(next) => format!(
            "What would raise it: {cure}; the next limit is {} at {}.",
            resource_label(&next.resource),
            format_rate(next.max_rate)
        ),
        None => format!("What would raise it: {cure}."),
    })
}
