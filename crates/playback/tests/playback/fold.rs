//! What the anatomy of waits costs: the same messages folded with their watermarks, at which waits are split, and
//! without.

use std::sync::Arc;

use contend_model::{Budget, Model};
use contend_platform::thread_cpu_nanos;
use contend_trace::{Message, Registry};

use super::simulation::{Simulation, registry};

const ROUNDS: usize = 9;

/// Events of a round, about.
const EVENTS: usize = 400_000;

/// Returns the messages without watermarks.
fn without_watermarks(messages: &[Message]) -> Vec<Message> {
    let kept = messages.iter().filter(|message| !matches!(message, Message::Watermark(_)));
    let inner = |message: &Message| match message {
        Message::Batch(messages) => Message::Batch(without_watermarks(messages)),
        other => other.clone(),
    };
    kept.map(inner).collect()
}

/// Folds the messages into a model. Returns nanoseconds of CPU for each event.
fn fold(registry: &Arc<Registry>, messages: &[Message]) -> f64 {
    let mut model = Model::new(Arc::clone(registry), Budget::for_registry(registry));
    let before = thread_cpu_nanos();
    for message in messages {
        model.apply(message);
    }
    (thread_cpu_nanos() - before) as f64 / model.health().events as f64
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// The figures of docs/performance.md, in a build with optimizations.
#[test]
#[ignore = "measures: cargo test --release -p contend-playback fold -- --ignored --nocapture"]
#[allow(clippy::print_stderr, reason = "figures are what it is for")]
fn fold_with_the_anatomy_of_waits_against_without() {
    for (workers, locks, step) in [(8, 3, 1_000), (50, 10, 1_000), (50, 10, 10_000), (200, 20, 1_000)] {
        let registry = Arc::new(registry(workers, locks));
        let mut simulation = Simulation::new(1, workers, locks, step);
        let (mut messages, mut events) = (Vec::new(), 0);
        while events < EVENTS {
            let message = simulation.deliver();
            events += super::events_of(std::slice::from_ref(&message)).len();
            messages.push(message);
        }
        let plain = without_watermarks(&messages);
        let (mut split, mut unsplit, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (with, without) = (fold(&registry, &messages), fold(&registry, &plain));
            split.push(with);
            unsplit.push(without);
            ratios.push(with / without);
        }
        eprintln!(
            "{workers} workers, {locks} locks, an event every {step} ns: {:.0} ns an event with waits split, {:.0} without: \
             ratio {:.2}",
            median(split),
            median(unsplit),
            median(ratios),
        );
    }
}
