//! The step `choose`, which selects one of its branches at random.

use crate::step_runner::{StepResult, StepRunner};
use contend_scenario::{Branch, EvalContext};

impl StepRunner {
    /// Runs one branch, with a probability in proportion to its weight; none if all weights are 0.
    pub(super) async fn run_choice(&mut self, branches: &[Branch]) -> StepResult {
        let weights: Vec<f64> = branches.iter().map(|branch| branch.weight.eval(self).max(0.0)).collect();
        let mut left = self.random_unit() * weights.iter().sum::<f64>();
        for (branch, weight) in branches.iter().zip(weights) {
            if left < weight {
                return self.run_block(&branch.steps).await;
            }
            left -= weight;
        }
        Ok(())
    }
}
