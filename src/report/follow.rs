//! Follows a run to its end without showing it, and decides when that is.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, never, select, tick};

use crate::model::{Budget, Model};
use crate::scenario::{Feed, Scenario, Settings, Step};
use crate::source::Live;
use crate::trace::{Cast, Message, RunEnd, Span, Stamp};

/// How often it is asked whether the run has gone on for long enough.
const TICK: Duration = Duration::from_millis(50);

/// A deadlock must stand for this long before the run is ended for it: time for the last samples to come in.
const STANDS: Span = Span::millis(250);

/// A run that goes on, or one that is played from a script.
pub trait Run {
    fn cast(&self) -> Arc<Cast>;
    /// Closes when nothing more will come.
    fn messages(&self) -> &Receiver<Message>;
    /// The run's own clock.
    fn now(&self) -> Stamp;
}

impl Run for Live {
    fn cast(&self) -> Arc<Cast> {
        self.cast()
    }

    fn messages(&self) -> &Receiver<Message> {
        self.messages()
    }

    fn now(&self) -> Stamp {
        self.now()
    }
}

/// A run that was followed to its end.
#[derive(Debug)]
pub struct Followed {
    /// All that was known when the end came. What its ending caused (workers sent away, processes killed) is not in it.
    pub model: Model,
    pub ended: RunEnd,
    pub at: Stamp,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

/// Folds the messages of a run into a model until it ends by itself, `limit` is over, it can never go on, or a signal
/// comes in. `watch` is called several times a second.
///
/// Without a limit any deadlock ends it; with one only a deadlock that leaves no worker to wait for.
pub fn follow(
    run: &impl Run,
    limit: Option<Span>,
    signals: &Receiver<i32>,
    mut watch: impl FnMut(&Model, Stamp),
) -> Followed {
    let mut model = Model::new(run.cast(), Budget::default());
    let ticks = tick(TICK);
    let mut signals = signals.clone();
    let (ended, signal) = loop {
        select! { // takes turns when several are ready
            recv(run.messages()) -> message => match message {
                Ok(message) => model.apply(&message),
                Err(_) => break (None, None),
            },
            recv(signals) -> signal => match signal {
                Ok(signal) => break (Some(RunEnd::Stopped), Some(signal)),
                Err(_) => signals = never(),
            },
            recv(ticks) -> _ => {
                watch(&model, run.now());
                if let Some(end) = enough(&model, limit, run.now()) {
                    break (Some(end), None);
                }
            }
        }
        if model.ended().is_some() {
            break (None, None);
        }
    };
    finish(run, model, ended, signal)
}

/// Why the run is to be ended now, if it is.
fn enough(model: &Model, limit: Option<Span>, now: Stamp) -> Option<RunEnd> {
    if limit.is_some_and(|limit| now.since(Stamp::default()) >= limit) {
        return Some(RunEnd::Time);
    }
    let deadlock = model.deadlock().filter(|deadlock| now.since(deadlock.at) >= STANDS)?;
    let over = |id, lane: &crate::model::Lane| lane.ended().is_some() || deadlock.set.contains(&id);
    let nobody_left = || model.lanes().all(|(id, lane)| over(id, lane));
    (limit.is_none() || nobody_left()).then_some(RunEnd::Deadlock)
}

fn finish(run: &impl Run, mut model: Model, ours: Option<RunEnd>, signal: Option<i32>) -> Followed {
    let at = run.now();
    if ours.is_some() {
        // What has come in by now, not what goes on coming in.
        run.messages().try_iter().take(run.messages().len()).for_each(|message| model.apply(&message));
    }
    match model.ended() {
        Some((at, how)) => Followed { ended: how.clone(), at, signal, model },
        None => {
            // A channel that closes without a last word: the source is gone.
            let silent = || RunEnd::Crashed("the run ended without a word".to_owned());
            Followed { ended: ours.unwrap_or_else(silent), at, signal, model }
        }
    }
}

/// Whether a run with these settings comes to an end when it is left alone.
pub fn ends_by_itself(scenario: &Scenario, settings: &Settings) -> bool {
    let fed = scenario.pools.iter().all(|pool| !matches!(pool.feed, Feed::Arrive { .. }));
    let tasks = scenario.pools.iter().map(|pool| &pool.task);
    let steps = scenario.workers.iter().map(|workers| &workers.steps).chain(tasks);
    fed && !steps.into_iter().any(|steps| any_forever(steps, settings))
}

fn any_forever(steps: &[Step], settings: &Settings) -> bool {
    steps.iter().any(|step| match step {
        Step::Forever(_) => true,
        Step::Lock { body, .. } | Step::Repeat { body, .. } => any_forever(body, settings),
        Step::TryLock { body, otherwise, .. } => any_forever(body, settings) || any_forever(otherwise, settings),
        Step::When { knob, is, body, otherwise } => {
            let taken = (settings.number(*knob) - is).abs() < 0.5; // positions of words are whole numbers
            any_forever(if taken { body } else { otherwise }, settings)
        }
        _ => false,
    })
}
