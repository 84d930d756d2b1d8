//! Follows a run to its end without showing it, and decides when that is.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, never, select, tick};

use crate::model::{Budget, Model};
use crate::scenario::{EvalContext, Feed, Scenario, Settings, Step};
use crate::source::{LiveRun, is_audit_enabled};
use crate::trace::{Message, Registry, RunEnd, Span, Stamp, WorkerId};

/// How often it is asked whether the run has gone on for long enough.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

/// A deadlock must stand for this long before the run is ended for it: time for the last samples to come in.
const DEADLOCK_CONFIRM_TIME: Span = Span::from_millis(250);
/// How late the loop may notice that the time is over. Beyond that the run is ended without it, and all that it did until
/// then is folded in first: on a machine that others keep busy that may take much longer than the run itself.
const END_GRACE: Span = Span::from_millis(250);

/// Why a run failed that was on trial.
const DISAGREEMENT_MESSAGE: &str = "what events tell of who waits for whom is not what the workers say themselves";

/// A run that goes on, or one that is played from a script.
pub trait ObservableRun {
    fn registry(&self) -> Arc<Registry>;
    /// Closes when nothing more will come.
    fn messages(&self) -> &Receiver<Message>;
    /// The run's own clock.
    fn now(&self) -> Stamp;
    /// Has the run ended at this moment of its clock, however late this loop is. A run that cannot do that is ended by the
    /// loop alone.
    fn end_at(&self, _limit: Stamp) {}
    /// Whether the run was ended because its time was over; then [`Message::Ended`] comes behind all that it did.
    fn is_out_of_time(&self) -> bool {
        false
    }
}

impl ObservableRun for LiveRun {
    fn registry(&self) -> Arc<Registry> {
        self.registry()
    }

    fn messages(&self) -> &Receiver<Message> {
        self.messages()
    }

    fn now(&self) -> Stamp {
        self.now()
    }

    fn end_at(&self, limit: Stamp) {
        self.set_time_limit(limit); // refused, the loop ends it alone
    }

    fn is_out_of_time(&self) -> bool {
        self.is_time_up()
    }
}

/// A run that was followed to its end.
#[derive(Debug)]
pub struct FinishedRun {
    /// All that was known when the end came. What its ending caused (workers sent away, processes killed) is not in it.
    pub model: Model,
    pub ended: RunEnd,
    pub ended_at: Stamp,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

/// Folds the messages of a run into a model until it ends by itself, `limit` is over, it can never go on, or a signal
/// comes in. `watch` is called several times a second and may stop it.
///
/// Without a limit any deadlock or stall ends it; with one only such as leave no worker to wait for.
pub fn follow_run(
    run: &impl ObservableRun,
    limit: Option<Span>,
    signals: &Receiver<i32>,
    mut watch: impl FnMut(&Model, Stamp) -> ControlFlow<()>,
) -> FinishedRun {
    let mut model = Model::new(run.registry(), Budget::for_registry(&run.registry()));
    let ticks = tick(CHECK_INTERVAL);
    if let Some(limit) = limit {
        run.end_at(Stamp::default() + limit + END_GRACE);
    }
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
                if watch(&model, run.now()).is_break() {
                    break (Some(RunEnd::Stopped), None);
                }
                if !run.is_out_of_time()
                    && let Some(end) = end_reason(&model, limit, run.now())
                {
                    break (Some(end), None);
                }
            }
        }
        if model.run_end().is_some() {
            break (None, None);
        }
    };
    finish_run(run, model, ended, signal)
}

/// Why the run is to be ended now, if it is.
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

fn finish_run(run: &impl ObservableRun, mut model: Model, ours: Option<RunEnd>, signal: Option<i32>) -> FinishedRun {
    let at = run.now();
    if ours.is_some() {
        // What has come in by now, not what goes on coming in.
        for message in run.messages().try_iter().take(run.messages().len()) {
            model.apply(&message);
        }
    }
    let (at, ended) = match (model.run_end(), ours) {
        (Some((at, how)), _) => (at, how.clone()),
        (None, Some(ours)) => (at, ours),
        // A channel that closes without a last word: the source is gone.
        (None, None) => (at, RunEnd::Crashed("the run ended without a word".to_owned())),
    };
    let ended = if is_audit_enabled() && model.health().disagreements > 0 {
        RunEnd::Crashed(DISAGREEMENT_MESSAGE.to_owned())
    } else {
        ended
    };
    FinishedRun { model, ended, ended_at: at, signal }
}

/// Whether a run with these settings comes to an end when it is left alone.
pub fn ends_by_itself(scenario: &Scenario, settings: &Settings) -> bool {
    let fed = scenario.pools.iter().all(|pool| !matches!(pool.feed, Feed::OpenLoop { .. }));
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
    use std::sync::atomic::{AtomicU64, Ordering};

    use crossbeam_channel::{Sender, bounded, unbounded};

    use super::*;
    use crate::report::fixture::{BANK_SCENARIO, bank_messages, bank_registry, is_deadlocked};
    use crate::scenario::{Source, check};

    /// A run from a script, whose clock goes on by a step whenever it is looked at.
    struct ReplayedRun {
        messages: Receiver<Message>,
        clock: AtomicU64,
        step: Span,
        limit: AtomicU64,
        /// This loop was late: the run has been ended without it.
        late: bool,
        /// Keeps the channel open, for a run that does not end by itself.
        _open: Option<Sender<Message>>,
    }

    impl ReplayedRun {
        fn new(script: Vec<Message>, open: bool) -> Self {
            let (sender, receiver) = unbounded();
            for message in script {
                sender.send(message).unwrap();
            }
            let step = Span::from_millis(200);
            let (clock, limit) = (AtomicU64::new(0), AtomicU64::new(u64::MAX));
            Self { messages: receiver, clock, step, limit, late: false, _open: open.then_some(sender) }
        }
    }

    impl ObservableRun for ReplayedRun {
        fn registry(&self) -> Arc<Registry> {
            Arc::new(bank_registry())
        }

        fn messages(&self) -> &Receiver<Message> {
            &self.messages
        }

        fn now(&self) -> Stamp {
            Stamp(self.clock.fetch_add(self.step.0, Ordering::Relaxed)) // Relaxed: one thread
        }

        fn end_at(&self, limit: Stamp) {
            self.limit.store(limit.0, Ordering::Relaxed);
        }

        fn is_out_of_time(&self) -> bool {
            self.late && self.limit.load(Ordering::Relaxed) < u64::MAX
        }
    }

    fn follow_script(script: Vec<Message>, open: bool, limit: Option<Span>) -> FinishedRun {
        follow_run(&ReplayedRun::new(script, open), limit, &never(), |_, _| ControlFlow::Continue(()))
    }

    #[test]
    fn a_loop_that_is_late_tells_of_the_whole_run_and_not_of_how_long_it_took() {
        let at = Stamp(2_000_000_000);
        let script = [bank_messages(), vec![Message::Ended { at, reason: RunEnd::Time }]].concat();
        let late = ReplayedRun { late: true, step: Span::from_millis(60_000), ..ReplayedRun::new(script, true) };
        let limit = Span::from_millis(2_000);
        let end = follow_run(&late, Some(limit), &never(), |_, _| ControlFlow::Continue(()));
        assert_eq!((end.ended, end.ended_at), (RunEnd::Time, at));
        assert_eq!(late.limit.load(Ordering::Relaxed), (Stamp(0) + limit + END_GRACE).0, "it is ended all the same");
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
    fn a_run_that_ends_says_how() {
        let at = Stamp(7_000_000);
        let end = follow_script(vec![Message::Ended { at, reason: RunEnd::Completed }], false, None);
        assert_eq!((end.ended, end.ended_at, end.signal), (RunEnd::Completed, at, None));
    }

    #[test]
    fn a_source_that_falls_silent_has_failed() {
        assert!(matches!(follow_script(Vec::new(), false, None).ended, RunEnd::Crashed(_)));
    }

    #[test]
    fn a_run_without_end_is_ended_when_its_time_is_over() {
        let end = follow_script(Vec::new(), true, Some(Span::from_millis(900)));
        assert_eq!(end.ended, RunEnd::Time);
        assert!(end.ended_at >= Stamp::default() + Span::from_millis(900));
    }

    #[test]
    fn a_deadlock_of_everybody_ends_a_run_before_its_time() {
        let end = follow_script(clerk_messages(), true, Some(Span::from_millis(600_000)));
        assert_eq!(end.ended, RunEnd::Deadlock);
        assert!(end.ended_at < Stamp::default() + Span::from_millis(600_000));
    }

    #[test]
    fn a_deadlock_of_some_ends_a_run_without_limit_only() {
        assert_eq!(follow_script(bank_messages(), true, None).ended, RunEnd::Deadlock);
        assert_eq!(follow_script(bank_messages(), true, Some(Span::from_millis(2_000))).ended, RunEnd::Time);
    }

    #[test]
    fn who_watches_can_stop_it() {
        let end = follow_run(&ReplayedRun::new(bank_messages(), true), None, &never(), |_, _| ControlFlow::Break(()));
        assert_eq!((end.ended, end.signal), (RunEnd::Stopped, None));
    }

    #[test]
    fn a_signal_stops_it_with_what_has_come_in() {
        let (sender, signals) = bounded(1);
        sender.send(15).unwrap();
        let end =
            follow_run(&ReplayedRun::new(bank_messages(), true), None, &signals, |_, _| ControlFlow::Continue(()));
        assert_eq!((end.ended, end.signal), (RunEnd::Stopped, Some(15)));
        assert!(end.model.first_deadlock().is_some(), "what was in the channel is in the report");
    }

    #[test]
    fn it_is_known_what_never_ends() {
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
