//! Loops and conditional blocks: `repeat`, `forever`, `while`, `if`, `when`.

use crate::step_runner::{StepResult, StepRunner, StopReason};
use contend_scenario::{Expr, Question, Step};

impl StepRunner {
    /// Runs the body of a loop once, unless the worker must stop.
    pub(crate) async fn run_iteration(&mut self, body: &[Step]) -> StepResult {
        self.check_cancelled()?;
        if self.should_stop() { Err(StopReason::StopRequested) } else { self.run_block(body).await }
    }

    /// Runs the body while the answer to the question is yes.
    pub(crate) async fn while_holds(&mut self, question: &Question, body: &[Step]) -> StepResult {
        while self.eval_question(question)? {
            self.run_iteration(body).await?;
        }
        Ok(())
    }

    /// Polls until the answer to one of the questions is yes.
    pub(crate) fn spin(&mut self, questions: &[Question]) -> StepResult {
        while !self.should_stop() {
            self.check_cancelled()?;
            for question in questions {
                if self.eval_question(question)? {
                    return Ok(());
                }
            }
            std::hint::spin_loop();
        }
        Err(StopReason::StopRequested)
    }

    pub(crate) async fn repeat(&mut self, times: &Expr, body: &[Step]) -> StepResult {
        for _ in 0..times.eval(self) as u64 {
            self.run_iteration(body).await?;
        }
        Ok(())
    }

    pub(super) async fn repeat_forever(&mut self, body: &[Step]) -> StepResult {
        loop {
            self.run_iteration(body).await?;
        }
    }

    pub(super) async fn run_if(&mut self, question: &Question, body: &[Step], otherwise: &[Step]) -> StepResult {
        let is_yes = self.eval_question(question)?;
        self.run_block(if is_yes { body } else { otherwise }).await
    }
}
