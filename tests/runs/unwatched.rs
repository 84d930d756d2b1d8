//! Runs whose newest events nobody looks at: they are read only when a ring becomes half full.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use contend::scenario::{Scenario, Source, check};
use contend::source::{EventSource, RunControl};
use contend::trace::{Message, Span, Stamp};

use crate::support::{ObservedRun, poll_until};

/// A worker whose events would fill its ring three times within a second.
const BURSTS: &str = r#"
title "Bursts"
mutex own
thread worker { forever { sleep "100ms"; repeat 40000 { lock own { compute "15us" } } } }
"#;

const CALM: &str = r#"
title "Calm"
thread worker { forever { sleep "20ms" } }
"#;

/// The time between two readings in which nothing is urgent, as a test can rely on it: sleeps never end early.
const LONG: Span = Span::from_millis(900);

fn scenario(text: &str) -> Scenario {
    let source = Source { name: "unwatched".into(), path: None, text: text.into() };
    check(&source).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false))).scenario
}

fn watermark(message: &Message) -> Option<Stamp> {
    match message {
        Message::Batch(messages) => messages.iter().find_map(watermark),
        Message::Watermark(at) => Some(*at),
        _ => None,
    }
}

#[test]
fn unwatched_run_loses_no_event_of_a_burst() {
    let mut seen = ObservedRun::start(&scenario(BURSTS));
    seen.live().set_watched(false);
    seen.wait_until("two bursts", |seen| seen.events.len() > 160_000);
    assert_eq!(seen.lost_events(), 0);
}

#[test]
fn calm_run_is_read_seldom_while_unwatched_and_often_when_watched_again() {
    let seen = ObservedRun::start(&scenario(CALM));
    let live = seen.live();
    let next = || loop {
        if let Some(at) = watermark(&live.messages().recv().unwrap()) {
            return at;
        }
    };
    live.set_watched(false);
    let mut last = next();
    poll_until("three rare readings", || {
        let times: Vec<Stamp> = std::iter::repeat_with(next).take(3).collect();
        let gaps = [times[0].span_since(last), times[1].span_since(times[0]), times[2].span_since(times[1])];
        last = times[2];
        gaps.iter().all(|gap| *gap >= LONG)
    });
    live.set_watched(true);
    poll_until("a reading soon after another", || {
        let at = next();
        at.span_since(std::mem::replace(&mut last, at)) < LONG
    });
}
