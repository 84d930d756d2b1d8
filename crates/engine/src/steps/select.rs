//! The step `select`: waits for the first of several alternatives.
//!
//! The worker registers at all resources before it tries them for the last time, and stays registered until it has
//! chosen: a wake-up by any of them reaches it. A wake-up by a resource that it does not choose is passed on when it
//! leaves that resource.

use std::time::{Duration, Instant};

use crate::interrupt;
use crate::recorder::Recorder;
use crate::shared::event_flag::EventFlag;
use crate::shared::item_queue::{ItemQueue, QueueClosed, QueueSide};
use crate::shared::life::{ENDED, WorkerLife};
use crate::shared::select_wait::{ArmedWait, WakeSource};
use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_scenario::{Branch, Choice, EvalContext, LifeStep, QueueStep, SelectPick, SignalStep, Step};
use contend_trace::{EventKind, ResourceId, State};

/// One alternative, with the branch that it belongs to.
struct Alternative {
    branch: usize,
    wait: AlternativeWait,
}

#[derive(Clone, Copy)]
enum AlternativeWait {
    Queue(ItemQueue<'static>, QueueSide),
    /// An event flag, and how many times it had been set when the worker began to wait.
    Flag(EventFlag<'static>, Option<u64>),
    /// The life of another worker, and its number.
    Life(ResourceId, WorkerLife<'static>, u64),
}

/// The time limit of a `select`: the branch that runs then, and when.
type SelectLimit = Option<(usize, Instant)>;

impl StepRunner {
    pub(super) async fn run_select(&mut self, pick: &Choice<SelectPick>, branches: &[Branch]) -> StepResult {
        self.yield_if_due().await;
        let mut limit = None;
        let mut alternatives = Vec::with_capacity(branches.len());
        for (branch, steps) in branches.iter().map(|branch| &branch.steps).enumerate() {
            if let Some(Step::Sleep(nanos)) = steps.first() {
                limit = Some((branch, Instant::now() + Duration::from_nanos(nanos.eval(self) as u64)));
            } else if let Some(wait) = steps.first().and_then(|step| self.alternative_wait(step)) {
                alternatives.push(Alternative { branch, wait });
            }
        }
        let is_fair = pick.pick(|knob| self.knob(knob)) != Some(SelectPick::First);
        let chosen = self.choose_first(&mut alternatives, limit, is_fair).await?;
        self.run_block(branches[chosen].steps.get(1..).unwrap_or_default()).await
    }

    /// Returns the wait that the first step of a branch stands for.
    fn alternative_wait(&self, step: &Step) -> Option<AlternativeWait> {
        match step {
            Step::Queue(QueueStep::Take { target, .. }) => {
                Some(AlternativeWait::Queue(self.item_queue(target), QueueSide::Take))
            }
            Step::Queue(QueueStep::Put { target, .. }) => {
                Some(AlternativeWait::Queue(self.item_queue(target), QueueSide::Put))
            }
            Step::Signal(SignalStep::Wait { target, .. }) => {
                Some(AlternativeWait::Flag(EventFlag(self.waiters(target)), None))
            }
            Step::Life(LifeStep::Join { members, .. }) => {
                let other = self.spawn_targets(members).into_iter().next()?;
                Some(AlternativeWait::Life(other.id, other.life, other.life.count()))
            }
            _ => None,
        }
    }

    /// Waits for the first alternative that is ready, or for the limit. Returns the branch.
    async fn choose_first(
        &mut self,
        alternatives: &mut [Alternative],
        limit: SelectLimit,
        is_fair: bool,
    ) -> Result<usize, StopReason> {
        if let Some(branch) = self.try_all(alternatives, is_fair, (limit.is_some(), false))? {
            return Ok(branch);
        }
        for alternative in alternatives.iter_mut() {
            alternative.wait.register();
        }
        let chosen = self.wait_registered(alternatives, limit, is_fair).await;
        for alternative in alternatives.iter() {
            alternative.wait.unregister();
        }
        chosen
    }

    async fn wait_registered(
        &mut self,
        alternatives: &[Alternative],
        limit: SelectLimit,
        is_fair: bool,
    ) -> Result<usize, StopReason> {
        let mut is_waiting = false;
        loop {
            let sources = alternatives.iter().map(|alternative| self.wake_source(&alternative.wait)).collect();
            let armed = ArmedWait::arm(sources).await;
            if let Some(branch) = self.try_all(alternatives, is_fair, (limit.is_some(), is_waiting))? {
                return Ok(branch);
            }
            if let Some((branch, _)) = limit.filter(|(_, deadline)| Instant::now() >= *deadline) {
                end_select_wait(&mut self.recorder, is_waiting);
                return Ok(branch);
            }
            if interrupt::should_give_up(None) {
                end_select_wait(&mut self.recorder, is_waiting);
                self.check_cancelled()?;
            }
            if !std::mem::replace(&mut is_waiting, true) {
                self.publish_select(alternatives, limit.is_some());
            }
            armed.wait(interrupt::next_check(limit.map(|(_, deadline)| deadline))).await;
        }
    }

    /// Tries the alternatives, in the order written or in a random one. Returns the branch of the first that was ready.
    fn try_all(
        &mut self,
        alternatives: &[Alternative],
        is_fair: bool,
        (has_limit, is_waiting): (bool, bool),
    ) -> Result<Option<usize>, StopReason> {
        let mut order: Vec<usize> = (0..alternatives.len()).collect();
        if is_fair {
            fastrand::shuffle(&mut order);
        }
        let mut closed = 0;
        for at in order {
            let Alternative { branch, wait } = &alternatives[at];
            match wait.attempt(&mut self.recorder, is_waiting) {
                Ok(true) => return Ok(Some(*branch)),
                Ok(false) => {}
                Err(QueueClosed) if matches!(wait, AlternativeWait::Queue(_, QueueSide::Take)) => closed += 1,
                Err(QueueClosed) => {
                    end_select_wait(&mut self.recorder, is_waiting);
                    let AlternativeWait::Queue(queue, _) = wait else { return Ok(None) };
                    return Err(self.queue_closed_error(*queue));
                }
            }
        }
        // Nothing will come.
        if closed == alternatives.len() && !has_limit {
            end_select_wait(&mut self.recorder, is_waiting);
            return Err(StopReason::Finished);
        }
        Ok(None)
    }

    /// Records that the worker waits for the first of these.
    fn publish_select(&mut self, alternatives: &[Alternative], is_timed: bool) {
        let events: Vec<EventKind> = alternatives.iter().map(|alternative| alternative.wait.event()).collect();
        // The lane shows one state and one resource.
        let states = alternatives.iter().map(|alternative| alternative.wait.state());
        let shown = [State::Empty, State::Full, State::Signal]
            .into_iter()
            .find_map(|shown| states.clone().find(|(state, _)| *state == shown));
        if let Some((state, on)) = shown {
            self.recorder.wait_for_first(&events, (state, on), is_timed);
        }
    }

    /// Returns what wakes the worker for an alternative.
    fn wake_source(&self, wait: &AlternativeWait) -> WakeSource<'static> {
        match wait {
            AlternativeWait::Queue(queue, side) => queue.wake_source(*side),
            AlternativeWait::Flag(flag, _) => flag.0.wake_source(),
            AlternativeWait::Life(id, life, _) => match self.run.wait_queue(*id) {
                Some(wait_queue) => WakeSource::Queue(wait_queue, ENDED),
                None => life.wake_source(),
            },
        }
    }
}

/// Ends the wait of a `select`, if it has begun. Called before another worker can see what the worker takes.
fn end_select_wait(recorder: &mut Recorder<'_>, is_waiting: bool) {
    if is_waiting {
        recorder.end_wait();
        recorder.resume();
    }
}

impl AlternativeWait {
    fn register(&mut self) {
        match self {
            Self::Queue(queue, side) => queue.begin_select(*side),
            Self::Flag(flag, seen) => *seen = Some(flag.begin_select()),
            Self::Life(..) => {}
        }
    }

    fn unregister(&self) {
        match self {
            Self::Queue(queue, side) => queue.end_select(*side),
            Self::Flag(flag, _) => flag.end_select(),
            Self::Life(..) => {}
        }
    }

    /// Takes what it waits for, if it is there. Returns whether it was.
    fn attempt(&self, recorder: &mut Recorder<'_>, is_waiting: bool) -> Result<bool, QueueClosed> {
        let before = |recorder: &mut Recorder<'_>| end_select_wait(recorder, is_waiting);
        match self {
            Self::Queue(queue, QueueSide::Take) => queue.take_if_there(recorder, before),
            Self::Queue(queue, QueueSide::Put) => queue.put_if_room(recorder, before),
            Self::Flag(flag, seen) => Ok(flag.pass_if_set(*seen, recorder, before)),
            Self::Life(_, life, nth) if life.current() == Some(*nth) => Ok(false),
            Self::Life(id, _, nth) => {
                before(recorder);
                if *nth > 0 {
                    let at = recorder.now();
                    recorder.write(at, EventKind::Joins { life: *id, nth: *nth });
                    recorder.write(at, EventKind::Resumed);
                }
                Ok(true)
            }
        }
    }

    fn state(&self) -> (State, ResourceId) {
        match self {
            Self::Queue(queue, QueueSide::Take) => (State::Empty, queue.id),
            Self::Queue(queue, QueueSide::Put) => (State::Full, queue.id),
            Self::Flag(flag, _) => (State::Signal, flag.0.id),
            Self::Life(id, ..) => (State::Signal, *id),
        }
    }

    fn event(&self) -> EventKind {
        let (state, on) = self.state();
        let nth = match self {
            Self::Queue(..) => 0,
            Self::Flag(_, seen) => seen.unwrap_or(0),
            Self::Life(_, _, nth) => *nth,
        };
        EventKind::Alternative { on, room: state == State::Full, nth }
    }
}
