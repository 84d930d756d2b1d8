//! The step `select`: waits for the first of several alternatives.
//!
//! The worker registers at all resources before it tries them for the last time, and stays registered until it has
//! chosen: a wake-up by any of them reaches it. A wake-up by a resource that it does not choose is passed on when it
//! leaves that resource.

mod alternative_wait;

use std::time::{Duration, Instant};

use self::alternative_wait::{AlternativeWait, AttemptOutcome, PipeStatus, PipeWait, end_select_wait};
use crate::interrupt;
use crate::plan::PipeEnd;
use crate::shared::event_flag::EventFlag;
use crate::shared::item_queue::QueueSide;
use crate::shared::life::ENDED;
use crate::shared::select_wait::{ArmedWait, WakeSource};
use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_scenario::{Branch, Choice, EvalContext, LifeStep, PipeStep, QueueStep, SelectPick, SignalStep, Step};
use contend_trace::{EventKind, State};

/// One alternative, with the branch that it belongs to.
struct Alternative {
    branch: usize,
    wait: AlternativeWait,
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
            } else if let Some(step) = steps.first() {
                alternatives.extend(self.alternative_wait(step)?.map(|wait| Alternative { branch, wait }));
            }
        }
        let is_fair = pick.pick(|knob| self.knob(knob)) != Some(SelectPick::First);
        let chosen = self.choose_first(&mut alternatives, limit, is_fair).await?;
        self.run_block(branches[chosen].steps.get(1..).unwrap_or_default()).await
    }

    /// Returns the wait that the first step of a branch stands for.
    fn alternative_wait(&self, step: &Step) -> Result<Option<AlternativeWait>, StopReason> {
        Ok(match step {
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
                let other = self.spawn_targets(members).into_iter().next();
                other.map(|other| AlternativeWait::Life(other.id, other.life, other.life.count()))
            }
            Step::Pipe(PipeStep::Receive { target, bytes }) => {
                let (id, bytes) = (self.resolve_target(target), self.message_bytes(bytes));
                let from = self.find_pipe_end(PipeEnd::Read(id), id)?;
                let (pipe, status) = (self.run.pipe(id), PipeStatus::Empty);
                Some(AlternativeWait::Pipe(PipeWait { id, pipe, from, bytes, status }))
            }
            _ => None,
        })
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
        for alternative in &*alternatives {
            alternative.wait.unregister();
        }
        chosen
    }

    async fn wait_registered(
        &mut self,
        alternatives: &mut [Alternative],
        limit: SelectLimit,
        is_fair: bool,
    ) -> Result<usize, StopReason> {
        let mut published = Vec::new();
        loop {
            let sources = alternatives.iter().filter_map(|alternative| self.wake_source(&alternative.wait)).collect();
            let armed = ArmedWait::arm(sources).await;
            let is_waiting = !published.is_empty();
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
            self.publish_select(alternatives, limit.is_some(), &mut published);
            armed.wait(interrupt::next_check(limit.map(|(_, deadline)| deadline))).await;
        }
    }

    /// Tries the alternatives, in the order written or in a random one. Returns the branch of the first that was ready.
    fn try_all(
        &mut self,
        alternatives: &mut [Alternative],
        is_fair: bool,
        (has_limit, is_waiting): (bool, bool),
    ) -> Result<Option<usize>, StopReason> {
        let mut order: Vec<usize> = (0..alternatives.len()).collect();
        if is_fair {
            fastrand::shuffle(&mut order);
        }
        let mut over = 0;
        for at in order {
            let Alternative { branch, wait } = &mut alternatives[at];
            match wait.attempt(&mut self.recorder, is_waiting) {
                AttemptOutcome::Ready => return Ok(Some(*branch)),
                AttemptOutcome::NotReady => {}
                AttemptOutcome::Over => over += 1,
                AttemptOutcome::QueueClosed(queue) => {
                    end_select_wait(&mut self.recorder, is_waiting);
                    return Err(self.queue_closed_error(queue));
                }
                AttemptOutcome::MessageLost(pipe, problem) => {
                    return Err(self.pipe_error("received from", pipe, &problem));
                }
            }
        }
        // Nothing will come.
        if over == alternatives.len() && !has_limit {
            end_select_wait(&mut self.recorder, is_waiting);
            return Err(StopReason::Finished);
        }
        Ok(None)
    }

    /// Records that the worker waits for the first of these, unless that is `published` already. It changes when others
    /// receive from a pipe, or a pipe comes to its end.
    fn publish_select(&mut self, alternatives: &[Alternative], is_timed: bool, published: &mut Vec<EventKind>) {
        let all_over = alternatives.iter().all(|alternative| alternative.wait.is_over());
        let open =
            || alternatives.iter().map(|alternative| &alternative.wait).filter(|wait| all_over || !wait.is_over());
        let events: Vec<EventKind> = open().map(AlternativeWait::event).collect();
        // The lane shows one state and one resource.
        let mut states = [State::Empty, State::Full, State::Signal].into_iter();
        let shown = states.find_map(|shown| open().map(AlternativeWait::state).find(|(state, _)| *state == shown));
        if let Some((state, on)) = shown
            && *published != events
        {
            end_select_wait(&mut self.recorder, !published.is_empty());
            self.recorder.wait_for_first(&events, (state, on), is_timed);
            *published = events;
        }
    }

    /// Returns what wakes the worker for an alternative.
    fn wake_source(&self, wait: &AlternativeWait) -> Option<WakeSource<'static>> {
        Some(match wait {
            AlternativeWait::Queue(queue, side) => queue.wake_source(*side),
            AlternativeWait::Flag(flag, _) => flag.0.wake_source(),
            AlternativeWait::Life(id, life, _) => match self.run.wait_queue(*id) {
                Some(wait_queue) => WakeSource::Queue(wait_queue, ENDED),
                None => life.wake_source(),
            },
            AlternativeWait::Pipe(wait) => match wait.status {
                PipeStatus::Empty => WakeSource::Pipe(wait.from.clone()),
                PipeStatus::Busy => WakeSource::Unknown,
                PipeStatus::Over => return None,
            },
        })
    }
}
