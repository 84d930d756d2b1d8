//! Steps that may fail for reasons outside the program: requests, commands, and retries of them.

use crate::step_runner::{StepResult, StepRunner, StopReason};
use crate::work::template::TemplateValues;
use contend_scenario::{Attempt, AttemptKind, EvalContext, Expr, Placeholder, Step};

/// The longest pause between two attempts: an hour.
const LONGEST_PAUSE: f64 = 3_600e9;

impl StepRunner {
    /// Runs an attempt, then the steps for its success or its failure.
    pub async fn run_attempt(&mut self, attempt: &Attempt) -> StepResult {
        let held = self.held.len();
        let (result, then) = match &attempt.kind {
            AttemptKind::HttpGet { target, timeout } => (self.http_get(target, timeout).await, &attempt.body[..]),
            AttemptKind::Exec { command, timeout } => {
                (self.run_command_step(command, timeout.as_ref()), &attempt.body[..])
            }
            AttemptKind::CompareAndSet(swap) => (self.compare_and_set(swap), &attempt.body[..]),
            AttemptKind::Retry { times, backoff, jitter } => {
                (self.run_retry(times, backoff, jitter, &attempt.body).await, &[][..])
            }
        };
        match (result, &attempt.otherwise) {
            (Ok(()), _) => self.run_block(then).await,
            (Err(StopReason::Failed(_)), Some(otherwise)) => {
                self.release_down_to(held);
                self.run_block(otherwise).await
            }
            (failed, _) => failed,
        }
    }

    /// Runs the body until it succeeds or no attempt is left. Each pause is twice as long as the one before.
    async fn run_retry(&mut self, times: &Expr, backoff: &Expr, jitter: &Expr, body: &[Step]) -> StepResult {
        let held = self.held.len();
        let mut factor = 1.0;
        let mut left = times.eval(self) as u64;
        loop {
            let result = self.run_iteration(body).await;
            if left == 0 || !matches!(result, Err(StopReason::Failed(_))) {
                return result;
            }
            self.release_down_to(held);
            let shorter = jitter.eval(self).clamp(0.0, 1.0) * self.random_unit();
            self.pause((backoff.eval(self) * factor).min(LONGEST_PAUSE) * (1.0 - shorter)).await;
            factor = (factor * 2.0_f64).min(LONGEST_PAUSE); // never infinite: no backoff is no pause, however often
            left -= 1;
        }
    }

    /// Returns the values for the placeholders of a text: those of the task, or else those of the worker.
    pub(crate) fn template_values(&self) -> TemplateValues<'static> {
        let run = self.run;
        let item = self.file_task().and_then(|number| run.input_items.file(number));
        TemplateValues { item, number: self.file_task().unwrap_or(u64::from(self.index())) + 1 }
    }
}

/// The error for a placeholder without a value.
pub(super) fn missing_item(step: &str, placeholder: Placeholder) -> StopReason {
    let word = placeholder.word();
    StopReason::Failed(format!("there is no file for the `{word}` of `{step}`: it needs a pool that is fed with files"))
}
