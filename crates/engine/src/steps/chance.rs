//! Steps that are left to chance.

use crate::actor::{Actor, Flow};
use contend_scenario::{Values, Way};

impl Actor {
    /// Takes one of the ways, each as likely as its weight among all; none if all weights are 0.
    pub async fn choose(&mut self, ways: &[Way]) -> Flow {
        let weights: Vec<f64> = ways.iter().map(|way| way.weight.eval(self).max(0.0)).collect();
        let mut left = self.chance() * weights.iter().sum::<f64>();
        for (way, weight) in ways.iter().zip(weights) {
            if left < weight {
                return self.body(&way.steps).await;
            }
            left -= weight;
        }
        Ok(())
    }
}
