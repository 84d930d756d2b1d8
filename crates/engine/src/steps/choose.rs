//! Steps that are left to chance.

use crate::step_runner::{StepResult, StepRunner};
use contend_scenario::{Branch, EvalContext};

impl StepRunner {
    /// Takes one of the ways, each as likely as its weight among all; none if all weights are 0.
    pub async fn run_choice(&mut self, ways: &[Branch]) -> StepResult {
        let weights: Vec<f64> = ways.iter().map(|way| way.weight.eval(self).max(0.0)).collect();
        let mut left = self.random_unit() * weights.iter().sum::<f64>();
        for (way, weight) in ways.iter().zip(weights) {
            if left < weight {
                return self.run_block(&way.steps).await;
            }
            left -= weight;
        }
        Ok(())
    }
}
