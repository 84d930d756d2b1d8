//! Follows a run to its end without a dashboard, and decides when to end it.

use std::ops::ControlFlow;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use crossbeam_channel::{Receiver, never, select, tick};
use signal_hook::consts::SIGINT;

use crate::model::{Budget, Model, Thresholds};
use crate::recording::{Conclusion, Recorder, RecordingStatus};
use crate::scenario::{EvalContext, Scenario, Settings, Step};
use crate::source::{EventSource, RunControl, is_audit_enabled};
use crate::trace::{Message, RunEnd, Span, Stamp, WorkerId};

/// Interval between checks of whether to end the run.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// Time for which a deadlock must last before it ends the run, so that the last samples arrive.
const DEADLOCK_CONFIRM_TIME: Span = Span::from_millis(250);
/// How late the loop may notice that the time limit has passed. After that the run ends without the loop, and the loop
/// still applies all messages up to the limit: on a busy machine that may take much longer than the run itself.
const END_GRACE: Span = Span::from_millis(250);

/// The error of an audited run whose events and wait slots disagree.
const DISAGREEMENT_MESSAGE: &str = "events and wait slots disagree about which worker waits for which";

/// A run after its end.
#[derive(Debug)]
pub struct FinishedRun {
    /// The model at the end, without the effects of ending the run (retired workers, killed processes).
    pub model: Model,
    pub ended: RunEnd,
    pub ended_at: Stamp,
    /// The signal that ended the run.
    pub signal: Option<i32>,
    /// How the recording of the run ended, if there is one.
    pub recording: Option<RecordingStatus>,
}

/// How to follow a run.
#[derive(Debug)]
pub struct FollowOptions<'a> {
    /// When the run ends at the latest. Without a limit, any deadlock or stall ends the run; with a limit, only one
    /// that leaves no other worker running does.
    pub limit: Option<Span>,
    /// Signals that end the run.
    pub signals: &'a Receiver<i32>,
    /// Records the run.
    pub recorder: Option<Recorder>,
    /// Thresholds of findings.
    pub thresholds: Thresholds,
}

impl Default for FollowOptions<'_> {
    fn default() -> Self {
        static NEVER: LazyLock<Receiver<i32>> = LazyLock::new(never);
        Self { limit: None, signals: &NEVER, recorder: None, thresholds: Thresholds::DEFAULT }
    }
}

/// Applies the messages of a run to a model until the run ends by itself, reaches its limit, is stuck forever, or a
/// signal arrives. Calls `watch` several times a second; it may stop the run.
pub fn follow_run(
    run: &dyn EventSource,
    options: FollowOptions<'_>,
    mut watch: impl FnMut(&Model, Stamp) -> ControlFlow<()>,
) -> FinishedRun {
    let FollowOptions { limit, signals, recorder, thresholds } = options;
    let registry = Arc::clone(&run.header().registry);
    let budget = Budget::for_registry(&registry);
    let mut observer = Observer { model: Model::new(registry, budget).with_thresholds(thresholds), recorder };
    let ticks = tick(CHECK_INTERVAL);
    if let (Some(limit), Some(control)) = (limit, run.control()) {
        control.end_at(Stamp::default() + limit + END_GRACE);
    }
    let mut signals = signals.clone();
    let (ended, signal) = loop {
        select! { // picks at random among ready channels
            recv(run.messages()) -> message => match message {
                Ok(message) => observer.observe(&message),
                Err(_) => break (None, signals.try_recv().ok()),
            },
            recv(signals) -> signal => match signal {
                // A program may want to end by itself.
                Ok(SIGINT) if run.control().is_some_and(RunControl::interrupt) => {}
                Ok(signal) => break (Some(RunEnd::Stopped), Some(signal)),
                Err(_) => signals = never(),
            },
            recv(ticks) -> _ => {
                if watch(&observer.model, run.now()).is_break() {
                    break (Some(RunEnd::Stopped), None);
                }
                if !run.is_out_of_time()
                    && let Some(end) = end_reason(&observer.model, limit, run.now())
                {
                    break (Some(end), None);
                }
            }
        }
        if observer.model.run_end().is_some() {
            break (None, signals.try_recv().ok()); // a signal may have ended the run
        }
    };
    finish_run(run, observer, ended, signal)
}

/// Returns why to end the run now, if there is a reason.
fn end_reason(model: &Model, limit: Option<Span>, now: Stamp) -> Option<RunEnd> {
    if limit.is_some_and(|limit| now.span_since(Stamp::default()) >= limit) {
        return Some(RunEnd::Time);
    }
    let mut stuck = model.stuck_groups(now);
    stuck.retain(|stuck| now.span_since(stuck.since) >= DEADLOCK_CONFIRM_TIME);
    let waits_forever = |id: WorkerId| stuck.iter().any(|stuck| stuck.workers.binary_search(&id).is_ok());
    let everyone = || model.lanes().all(|(id, lane)| lane.ending().is_some() || waits_forever(id));
    let is_ring =
        model.first_deadlock().is_some_and(|deadlock| now.span_since(deadlock.closed_at) >= DEADLOCK_CONFIRM_TIME);
    let end = if is_ring { RunEnd::Deadlock } else { RunEnd::Stall };
    (!stuck.is_empty() && (limit.is_none() || everyone())).then_some(end)
}

/// A model, and the recording of what it is fed.
struct Observer {
    model: Model,
    recorder: Option<Recorder>,
}

impl Observer {
    fn observe(&mut self, message: &Message) {
        if let Some(recorder) = &mut self.recorder {
            recorder.record(message);
        }
        self.model.apply(message);
    }
}

fn finish_run(run: &dyn EventSource, mut observer: Observer, ours: Option<RunEnd>, signal: Option<i32>) -> FinishedRun {
    let at = run.now();
    if ours.is_some() {
        // Only messages that have arrived by now.
        for message in run.messages().try_iter().take(run.messages().len()) {
            observer.observe(&message);
        }
    }
    let Observer { model, recorder } = observer;
    let (at, ended) = match (model.run_end(), ours) {
        (Some((at, how)), _) => (at, how.clone()),
        (None, Some(ours)) => (at, ours),
        // The channel closed without `Ended`: the source is gone.
        (None, None) => (at, RunEnd::Crashed("the run ended without reporting why".to_owned())),
    };
    let ended = if is_audit_enabled() && model.health().disagreements > 0 {
        RunEnd::Crashed(DISAGREEMENT_MESSAGE.to_owned())
    } else {
        ended
    };
    let conclusion = Conclusion { at, ended: ended.clone(), signal };
    let recording = recorder.map(|recorder| recorder.finish(conclusion));
    FinishedRun { model, ended, ended_at: at, signal, recording }
}

/// Whether a run with these settings ends by itself.
pub fn ends_by_itself(scenario: &Scenario, settings: &Settings) -> bool {
    let fed = scenario.pools.iter().all(|pool| !pool.feed.is_endless());
    let tasks = scenario.pools.iter().map(|pool| &pool.task);
    let groups = scenario.groups.iter().filter(|workers| !workers.is_daemon);
    let steps = groups.map(|workers| &workers.steps).chain(tasks);
    fed && !steps.into_iter().any(|steps| has_forever_step(steps, settings))
}

fn has_forever_step(steps: &[Step], settings: &Settings) -> bool {
    steps.iter().any(|step| match step {
        Step::Forever(_) => true,
        Step::When { knob, value, body, otherwise } => {
            has_forever_step(if settings.knob_equals(*knob, *value) { body } else { otherwise }, settings)
        }
        step => step.bodies().any(|body| has_forever_step(body, settings)),
    })
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::bounded;

    use super::*;
    use crate::report::fixture::{BANK_SCENARIO, bank_messages, bank_registry, is_deadlocked};
    use crate::scenario::{Source, check};
    use crate::source::ScriptedSource;

    /// Returns a scripted run, whose clock advances by 200 ms on every read. If it is not `open`, it ends after its
    /// messages.
    fn scripted_run(script: Vec<Message>, open: bool) -> ScriptedSource {
        let run = ScriptedSource::new(bank_registry()).with_step(Span::from_millis(200));
        run.send(script);
        if !open {
            run.close();
        }
        run
    }

    fn follow(run: &ScriptedSource, limit: Option<Span>) -> FinishedRun {
        follow_run(run, FollowOptions { limit, ..FollowOptions::default() }, |_, _| ControlFlow::Continue(()))
    }

    fn follow_script(script: Vec<Message>, open: bool, limit: Option<Span>) -> FinishedRun {
        follow(&scripted_run(script, open), limit)
    }

    #[test]
    fn a_loop_that_is_late_tells_of_the_whole_run_and_not_of_how_long_it_took() {
        let at = Stamp(2_000_000_000);
        let script = [bank_messages(), vec![Message::Ended { at, reason: RunEnd::Time }]].concat();
        let late = scripted_run(script, true).with_step(Span::from_millis(60_000)).ending_at_limit();
        let limit = Span::from_millis(2_000);
        let end = follow(&late, Some(limit));
        assert_eq!((end.ended, end.ended_at), (RunEnd::Time, at));
        assert_eq!(late.time_limit(), Some(Stamp(0) + limit + END_GRACE), "it is ended all the same");
        assert_eq!(end.model.health().events, follow_script(bank_messages(), true, None).model.health().events);
    }

    fn clerk_messages() -> Vec<Message> {
        let of_post = |message: &Message| match message {
            Message::Events(events) => is_deadlocked(events[0].worker),
            Message::Notice { notice: crate::trace::Notice::Started { worker, .. }, .. } => is_deadlocked(*worker),
            _ => true,
        };
        bank_messages().into_iter().filter(of_post).collect()
    }

    #[test]
    fn end_of_a_run_is_reported_with_its_reason() {
        let at = Stamp(7_000_000);
        let end = follow_script(vec![Message::Ended { at, reason: RunEnd::Completed }], false, None);
        assert_eq!((end.ended, end.ended_at, end.signal), (RunEnd::Completed, at, None));
    }

    #[test]
    fn source_that_closes_without_an_end_counts_as_crashed() {
        assert!(matches!(follow_script(Vec::new(), false, None).ended, RunEnd::Crashed(_)));
    }

    #[test]
    fn endless_run_ends_at_its_limit() {
        let end = follow_script(Vec::new(), true, Some(Span::from_millis(900)));
        assert_eq!(end.ended, RunEnd::Time);
        assert!(end.ended_at >= Stamp::default() + Span::from_millis(900));
    }

    #[test]
    fn deadlock_of_all_workers_ends_a_run_before_its_limit() {
        let end = follow_script(clerk_messages(), true, Some(Span::from_millis(600_000)));
        assert_eq!(end.ended, RunEnd::Deadlock);
        assert!(end.ended_at < Stamp::default() + Span::from_millis(600_000));
    }

    #[test]
    fn deadlock_of_some_workers_ends_only_a_run_without_limit() {
        assert_eq!(follow_script(bank_messages(), true, None).ended, RunEnd::Deadlock);
        assert_eq!(follow_script(bank_messages(), true, Some(Span::from_millis(2_000))).ended, RunEnd::Time);
    }

    #[test]
    fn watch_callback_can_stop_the_run() {
        let bank = scripted_run(bank_messages(), true);
        let end = follow_run(&bank, FollowOptions::default(), |_, _| ControlFlow::Break(()));
        assert_eq!((end.ended, end.signal), (RunEnd::Stopped, None));
    }

    #[test]
    fn signal_stops_the_run_and_keeps_received_messages() {
        let (sender, signals) = bounded(1);
        sender.send(15).unwrap();
        let options = FollowOptions { signals: &signals, ..FollowOptions::default() };
        let end = follow_run(&scripted_run(bank_messages(), true), options, |_, _| ControlFlow::Continue(()));
        assert_eq!((end.ended, end.signal), (RunEnd::Stopped, Some(15)));
        assert!(end.model.first_deadlock().is_some(), "messages in the channel are in the report");
    }

    #[test]
    fn signal_that_ended_the_run_itself_is_reported() {
        let (sender, signals) = bounded(1);
        sender.send(2).unwrap();
        let ended = Message::Ended { at: Stamp(7_000_000), reason: RunEnd::Stopped };
        let options = FollowOptions { signals: &signals, ..FollowOptions::default() };
        let end = follow_run(&scripted_run(vec![ended], false), options, |_, _| ControlFlow::Continue(()));
        assert_eq!((end.ended, end.signal), (RunEnd::Stopped, Some(2)));
    }

    #[test]
    fn ends_by_itself_detects_endless_steps() {
        let ends = |text: &str| {
            let source = Source { name: "x".to_owned(), path: None, text: text.to_owned() };
            let scenario = check(&source).unwrap_or_else(|mistakes| panic!("{mistakes}")).scenario;
            ends_by_itself(&scenario, &scenario.default_settings())
        };
        assert!(!ends(BANK_SCENARIO));
        assert!(ends("title \"x\"\nthread a { compute \"1ms\" }"));
        assert!(!ends("title \"x\"\nthread a { repeat 2 { forever { sleep \"1ms\" } } }"));
        let way = |steps: &str| {
            format!("title \"x\"\nthread a {{ choose {{ weight 1 {{ {steps} }}; weight 1 {{ exit 1 }} }} }}")
        };
        assert!(ends(&way("sleep \"1ms\"")) && !ends(&way("forever { sleep \"1ms\" }")));
        let knob = "title \"x\"\nknob for-ever \"no\" of=\"no yes\" help=\"x\"\n";
        assert!(ends(&format!("{knob}thread a {{ when for-ever=yes {{ forever {{ sleep \"1ms\" }} }} }}")));
    }
}
