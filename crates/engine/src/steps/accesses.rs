//! Consecutive steps that only access counters: `set`, `load` and `spin`. They are performed as compiled code would be:
//! all expressions are evaluated first, then the accesses follow each other with nothing in between.

use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_platform::{Access, Poll, perform_accesses};
use contend_scenario::{Operand, Question, Step, Target};
use contend_trace::{CounterMemory, ResourceKind};

/// Rounds of a spin between two looks at whether the worker should stop.
const SPIN_ROUNDS: u64 = 512;

impl StepRunner {
    /// Returns how many of the first steps are performed together; 0 if the first does not begin such a run.
    pub(crate) fn count_joined_accesses(&self, steps: &[Step]) -> usize {
        if !matches!(steps, [Step::Assign { .. }, Step::Assign { .. } | Step::Load(_) | Step::Spin(_), ..]) {
            return 0;
        }
        let mut has_loaded = false;
        let joined = |step: &&Step| {
            let is_joined = match step {
                Step::Assign { target, value } => {
                    self.is_in_memory(target) && !(has_loaded && (value.is_random() || has_random_index(target)))
                }
                Step::Load(target) => self.is_in_memory(target) && !(has_loaded && has_random_index(target)),
                Step::Spin(questions) => !has_loaded && questions.iter().all(|question| self.is_poll(question)),
                _ => false,
            };
            has_loaded |= matches!(step, Step::Load(_));
            is_joined
        };
        steps.iter().take_while(joined).count()
    }

    fn is_in_memory(&self, target: &Target) -> bool {
        self.run.counter_memory(self.resolve_target(target)) != CounterMemory::Manager
    }

    /// Whether a question is about a counter in memory.
    fn is_poll(&self, question: &Question) -> bool {
        let Operand::Resource(target) = &question.operand else { return false };
        let kind = self.run.plan.registry.resource(self.resolve_target(target)).map(|resource| &resource.kind);
        matches!(kind, Some(ResourceKind::Counter { .. })) && self.is_in_memory(target)
    }

    /// Performs steps that [`StepRunner::count_joined_accesses`] counted.
    pub(crate) fn perform_joined_accesses(&mut self, steps: &[Step]) -> StepResult {
        self.end_polling();
        let mut left = steps;
        while !left.is_empty() {
            let mut accesses: Vec<Access<'static>> = left.iter().filter_map(|step| self.access(step)).collect();
            self.begin_polling();
            let done = perform_accesses(&mut accesses, SPIN_ROUNDS);
            for (step, access) in left[..done].iter().zip(&accesses) {
                if let (Step::Load(target), Access::Load { value, .. }) = (step, access) {
                    let counter = self.resolve_target(target);
                    self.counter_copies[counter.index()] = *value;
                }
            }
            left = &left[done..];
            if let Some(Step::Spin(questions)) = left.first() {
                self.count_spin(questions);
                self.check_cancelled()?;
                if self.should_stop() {
                    return Err(StopReason::StopRequested);
                }
            }
        }
        Ok(())
    }

    /// Evaluates the expressions of a step, and returns its access.
    fn access(&mut self, step: &Step) -> Option<Access<'static>> {
        match step {
            Step::Assign { target, value } => {
                let (counter, value) = (self.resolve_target(target), value.eval(self) as i64);
                self.counter_copies[counter.index()] = value;
                Some(self.cell(target, counter).later_store(value))
            }
            Step::Load(target) => Some(self.cell(target, self.resolve_target(target)).later_load()),
            Step::Spin(questions) => {
                Some(Access::Spin(questions.iter().filter_map(|question| self.poll(question)).collect()))
            }
            _ => None,
        }
    }

    fn poll(&self, question: &Question) -> Option<Poll<'static>> {
        let Operand::Resource(target) = &question.operand else { return None };
        let cell = self.cell(target, self.resolve_target(target));
        Some(cell.later_poll(question.compare, question.value.eval(self)))
    }

    /// Counts the polls of a spin that has found no wanted value yet.
    fn count_spin(&mut self, questions: &[Question]) {
        for question in questions {
            if let Operand::Resource(target) = &question.operand {
                let on = self.resolve_target(target);
                (0..SPIN_ROUNDS).for_each(|_| self.count_failed_poll(on));
            }
        }
    }
}

fn has_random_index(target: &Target) -> bool {
    target.index.as_ref().is_some_and(contend_scenario::Expr::is_random)
}
