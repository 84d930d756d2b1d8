//! Which states a scenario can show: they make up its legend, which then never changes its width.

use crate::scenario::{
    Choice, Feed, PipeStep, Policy, PoolStep, QueueStep, ResourceSpec, Scenario, SignalStep, Step, What,
};
use crate::trace::{State, WorkerKind};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::tui) struct States {
    can_be: [bool; State::ALL.len()],
    on_loop: bool,
}

impl States {
    pub(in crate::tui) fn of(scenario: &Scenario) -> Self {
        let mut states = Self::default();
        states.add(&[State::Running, State::Ready]);
        for group in &scenario.workers {
            states.steps(&group.steps);
            states.on_loop |= group.kind == WorkerKind::Async;
        }
        if scenario.resources.iter().any(|resource| matches!(resource.spec, ResourceSpec::Server(_))) {
            states.add(&[State::Empty, State::Io]); // a server's own
        }
        for pool in &scenario.pools {
            states.steps(&pool.task);
            states.add(&[State::Empty]);
            if pool.policy == Policy::Block {
                states.add(&[State::Full]);
            }
            if matches!(pool.feed, Feed::Arrive { .. }) || pool.pace.is_some() {
                states.add(&[State::Sleep]);
            }
            if pool.results.is_some() {
                states.add(&[State::Signal]);
            }
            let may_be = |kind: WorkerKind| match &pool.of {
                Choice::Fixed(fixed) => *fixed == kind,
                Choice::Knob(_, of) => of.contains(&kind),
            };
            if may_be(WorkerKind::Process) {
                states.add(&[State::Handover]);
            }
            states.on_loop |= may_be(WorkerKind::Async);
        }
        states
    }

    pub(in crate::tui) fn has(self, state: State) -> bool {
        self.can_be[state.index()]
    }

    /// Whether there can be tasks of an event loop: to them, being ready is what waiting for a lock is to threads.
    pub(in crate::tui) fn on_loop(self) -> bool {
        self.on_loop
    }

    pub(in crate::tui) fn add(&mut self, states: &[State]) {
        for state in states {
            self.can_be[state.index()] = true;
        }
    }

    fn steps(&mut self, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Sleep(_) => self.add(&[State::Sleep]),
                Step::Attempt(attempt) => self.add(match attempt.what {
                    What::Retry { .. } => &[State::Sleep],
                    What::Get { .. } | What::Exec { .. } => &[State::Io],
                }),
                Step::Io(_) | Step::Thumbnail { .. } | Step::Real(_) => self.add(&[State::Io]),
                Step::Take(_)
                | Step::Down(_)
                | Step::Lock { .. }
                | Step::TryLock { .. }
                | Step::Acquire { .. }
                | Step::Read { .. }
                | Step::Write { .. } => self.add(&[State::Lock]),
                Step::Queue(QueueStep::Put(_))
                | Step::Pool(PoolStep::Submit { .. })
                | Step::Pipe(PipeStep::Send { .. }) => self.add(&[State::Full]),
                Step::Queue(QueueStep::Take(_) | QueueStep::Each { .. })
                | Step::Pipe(PipeStep::Receive { .. } | PipeStep::Each { .. }) => self.add(&[State::Empty]),
                Step::Pool(_) | Step::Signal(SignalStep::Wait { .. } | SignalStep::Meet(_)) => {
                    self.add(&[State::Signal]);
                }
                Step::Panic(_) | Step::Abort | Step::Exit(_) => self.add(&[State::Crashed]),
                _ => {}
            }
            step.bodies().for_each(|body| self.steps(body));
        }
    }
}
