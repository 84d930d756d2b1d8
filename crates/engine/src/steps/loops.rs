//! Steps that run others again and again, or not at all.

use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_scenario::{Expr, Question, Step};

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
}
