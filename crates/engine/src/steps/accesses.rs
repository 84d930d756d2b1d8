//! Consecutive steps that only access counters: `set`, `load` and `spin`. They are performed as compiled code would be:
//! all expressions are evaluated first, then the accesses follow each other with nothing in between.

use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_platform::{Access, Poll, perform_accesses};
use contend_scenario::{Operand, Question, Step, Target};
use contend_trace::{CounterMemory, ResourceId, ResourceKind};

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
        let (counters, mut accesses) = self.evaluate_accesses(steps);
        let mut at = 0;
        loop {
            self.begin_polling();
            let done = perform_accesses(&mut accesses[at..], SPIN_ROUNDS);
            for (counter, access) in counters[at..].iter().zip(&accesses[at..]).take(done) {
                self.set_copy(*counter, access);
            }
            at += done;
            let (Some(access), Some(Step::Spin(questions))) = (accesses.get_mut(at), steps.get(at)) else {
                return Ok(());
            };
            self.count_spin(questions);
            self.check_cancelled()?;
            if self.should_stop() {
                return Err(StopReason::StopRequested);
            }
            *access = self.spin_access(questions); // a knob may have been turned
        }
    }

    /// Evaluates the expressions of all steps. Each sees the values that the steps before it will store, but the copies
    /// change only when those are stored.
    fn evaluate_accesses(&mut self, steps: &[Step]) -> (Vec<Option<ResourceId>>, Vec<Access<'static>>) {
        let mut before = Vec::new();
        let mut evaluated = (Vec::with_capacity(steps.len()), Vec::with_capacity(steps.len()));
        for step in steps {
            let Some((counter, access)) = self.access(step) else { break };
            if let (Some(counter), Access::Store { .. }) = (counter, &access) {
                before.push((counter, self.counter_copies[counter.index()]));
                self.set_copy(Some(counter), &access);
            }
            evaluated.0.push(counter);
            evaluated.1.push(access);
        }
        for (counter, value) in before.into_iter().rev() {
            self.counter_copies[counter.index()] = value;
        }
        evaluated
    }

    /// Sets the worker's copy of a counter to the value stored or loaded.
    fn set_copy(&mut self, counter: Option<ResourceId>, access: &Access<'_>) {
        if let (Some(counter), Access::Store { value, .. } | Access::Load { value, .. }) = (counter, access) {
            self.counter_copies[counter.index()] = *value;
        }
    }

    /// Evaluates the expressions of a step. Returns the counter that it stores or loads, and its access.
    fn access(&self, step: &Step) -> Option<(Option<ResourceId>, Access<'static>)> {
        match step {
            Step::Assign { target, value } => {
                let (counter, value) = (self.resolve_target(target), value.eval(self) as i64);
                Some((Some(counter), self.cell(target, counter).later_store(value)))
            }
            Step::Load(target) => {
                let counter = self.resolve_target(target);
                Some((Some(counter), self.cell(target, counter).later_load()))
            }
            Step::Spin(questions) => Some((None, self.spin_access(questions))),
            _ => None,
        }
    }

    fn spin_access(&self, questions: &[Question]) -> Access<'static> {
        Access::Spin(questions.iter().filter_map(|question| self.poll(question)).collect())
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
