//! The states that a scenario can show. They make up its legend, which then never changes its width.

use crate::scenario::{
    AttemptKind, Choice, Expr, OverflowPolicy, Pace, PipeStep, PoolStep, QueueStep, ResourceSpec, Scenario, SignalStep,
    Step,
};
use crate::trace::{State, WorkerKind};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::tui) struct PossibleStates {
    possible: [bool; State::ALL.len()],
}

impl PossibleStates {
    pub(in crate::tui) fn of(scenario: &Scenario) -> Self {
        let mut states = Self::default();
        states.add(&[State::Running, State::Ready]);
        for group in &scenario.groups {
            states.add_steps(&group.steps);
        }
        if scenario.resources.iter().any(|resource| matches!(resource.spec, ResourceSpec::Server(_))) {
            states.add(&[State::Empty, State::Io]); // states of a server itself
        }
        for pool in &scenario.pools {
            states.add_steps(&pool.task);
            states.add(&[State::Empty]);
            if pool.overflow == OverflowPolicy::Block {
                states.add(&[State::Full]);
            }
            if pool.feed.is_endless() || pool.pace != Pace::AsAccepted {
                states.add(&[State::Sleep]);
            }
            if pool.results.is_some() {
                states.add(&[State::Signal]);
            }
            let may_be = |kind: WorkerKind| match &pool.worker_kind {
                Choice::Fixed(fixed) => *fixed == kind,
                Choice::Knob(_, of) => of.contains(&kind),
            };
            if may_be(WorkerKind::Process) {
                states.add(&[State::Handover]);
            }
        }
        states
    }

    /// Adds those of a program that nobody described, if it is one.
    #[must_use]
    pub(in crate::tui) fn or_any(mut self, is_open: bool) -> Self {
        if is_open {
            use State::{Empty, Full, Gil, Io, Lock, OffCore, Signal, Sleep};
            self.add(&[Lock, Empty, Full, Signal, Io, Sleep, Gil, OffCore]);
        }
        self
    }

    pub(in crate::tui) fn has(self, state: State) -> bool {
        self.possible[state.index()]
    }

    pub(in crate::tui) fn add(&mut self, states: &[State]) {
        for state in states {
            self.possible[state.index()] = true;
        }
    }

    fn add_steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Sleep(_) => self.add(&[State::Sleep]),
                Step::Attempt(attempt) => self.add(match attempt.kind {
                    AttemptKind::Retry { .. } => &[State::Sleep],
                    AttemptKind::HttpGet { .. } | AttemptKind::Exec { .. } => &[State::Io],
                    AttemptKind::CompareAndSet(_) => &[],
                }),
                Step::Io(_) | Step::Thumbnail { .. } | Step::RealWork(_) => self.add(&[State::Io]),
                Step::BareLock(_)
                | Step::BareAcquire { .. }
                | Step::Lock { .. }
                | Step::TryLock { .. }
                | Step::Acquire { .. }
                | Step::ReadLock { .. }
                | Step::WriteLock { .. } => self.add(&[State::Lock]),
                Step::Queue(QueueStep::Put { .. })
                | Step::Pool(PoolStep::Submit { .. })
                | Step::Pipe(PipeStep::Send { .. }) => self.add(&[State::Full]),
                Step::Queue(QueueStep::Take { .. } | QueueStep::ForEach { .. })
                | Step::Pipe(PipeStep::Receive { .. } | PipeStep::ForEach { .. }) => self.add(&[State::Empty]),
                Step::Queue(QueueStep::TryPut { timeout, .. }) if may_wait(timeout) => self.add(&[State::Full]),
                Step::Queue(QueueStep::TryTake { timeout, .. }) if may_wait(timeout) => self.add(&[State::Empty]),
                Step::Pool(_) | Step::Signal(SignalStep::Wait { .. } | SignalStep::BarrierWait { .. }) => {
                    self.add(&[State::Signal]);
                }
                Step::Panic(_) | Step::Abort | Step::Exit(_) => self.add(&[State::Crashed]),
                _ => {}
            }
            step.bodies().for_each(|body| self.add_steps(body));
        }
    }
}

/// Whether an attempt with this timeout ever waits.
fn may_wait(timeout: &Expr) -> bool {
    *timeout != Expr::Number(0.0)
}
