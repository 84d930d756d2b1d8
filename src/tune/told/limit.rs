//! What holds the rate where it is, and what would raise it.

use super::Subject;
use crate::report::words::{percent, rate};
use crate::trace::{Span, State};
use crate::tune::curve::Level;
use crate::tune::limits::{Bottleneck, Limit, Resource, limits};

/// What a limit is of, in words.
pub fn resource(resource: &Resource) -> String {
    match resource {
        Resource::Cpu => "the CPU".to_owned(),
        Resource::Lock(name) => format!("lock `{name}`"),
        Resource::Permits(name) => format!("the permits of `{name}`"),
    }
}

pub(super) fn holds(bottleneck: &Bottleneck, subject: &Subject<'_>) -> Option<String> {
    Some(match bottleneck {
        Bottleneck::Of(limit) => {
            let each = Span(limit.each as u64);
            let used = match &limit.resource {
                Resource::Cpu => format!(
                    "{} of {} cores are used, {each} for each {}",
                    percent(limit.used),
                    subject.cores,
                    subject.work.word()
                ),
                Resource::Lock(_) => {
                    format!("it is held {} of the time, {each} for each {}", percent(limit.used), subject.work.word())
                }
                Resource::Permits(_) => {
                    format!("{} of them are in use, {each} for each {}", percent(limit.used), subject.work.word())
                }
            };
            let no = if subject.knob.name == "workers" { "no number of workers passes" } else { "nothing here passes" };
            format!(
                "The bottleneck is {}: {used}. At that, {no} {}.",
                resource(&limit.resource),
                rate(limit.per_second)
            )
        }
        Bottleneck::Feeder(share) => {
            format!(
                "The bottleneck is the source of the work: workers wait for work {} of their time.",
                percent(*share)
            )
        }
        Bottleneck::Waits { state, share } => {
            format!(
                "Nothing that is measured is used up: {} of the workers' time is {}.",
                percent(*share),
                waiting(*state)
            )
        }
        Bottleneck::Unknown => return None,
    })
}

const fn waiting(state: State) -> &'static str {
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
pub(super) fn ceiling(bottleneck: &Bottleneck, best: &Level, subject: &Subject<'_>) -> Option<String> {
    let Bottleneck::Of(held) = bottleneck else { return None };
    let next: Option<Limit> =
        limits(best, subject.cores).into_iter().find(|limit| limit.resource != held.resource && limit.used > 0.02);
    let cure = match &held.resource {
        Resource::Cpu => "less CPU for each, or more cores".to_owned(),
        Resource::Lock(name) => format!("a shorter hold of `{name}`, or several locks for it"),
        Resource::Permits(name) => format!("more permits of `{name}`, or a shorter hold"),
    };
    Some(match next {
        Some(next) => format!(
            "What would raise it: {cure}; the next limit is {} at {}.",
            resource(&next.resource),
            rate(next.per_second)
        ),
        None => format!("What would raise it: {cure}."),
    })
}
