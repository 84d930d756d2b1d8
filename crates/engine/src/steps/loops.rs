//! Steps that run others again and again, or not at all.

use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_scenario::{Expr, Question, Step};
use contend_trace::KnobId;

impl StepRunner {
    /// One turn of a loop, unless it must leave.
    pub(crate) async fn run_iteration(&mut self, body: &[Step]) -> StepResult {
        if self.should_stop() { Err(StopReason::StopRequested) } else { self.run_block(body).await }
    }

    /// Runs the body for as long as the answer is yes.
    pub(crate) async fn while_holds(&mut self, question: &Question, body: &[Step]) -> StepResult {
        while self.eval_question(question)? {
            self.run_iteration(body).await?;
        }
        Ok(())
    }

    pub(crate) async fn repeat(&mut self, times: &Expr, body: &[Step]) -> StepResult {
        for _ in 0..times.eval(self) as u64 {
            self.run_iteration(body).await?;
        }
        Ok(())
    }

    /// Whether the knob stands at this value.
    pub(crate) fn is_knob_at(&self, knob: KnobId, value: f64) -> bool {
        (self.run.knob(knob) - value).abs() < 0.5e-9_f64.max(value.abs() * 1e-12)
    }
}
