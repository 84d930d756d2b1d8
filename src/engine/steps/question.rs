//! Steps that look at a counter's value or a queue's depth first.

use std::sync::atomic::Ordering;

use crate::engine::actor::Actor;
use crate::scenario::{Asked, Question, Target};
use crate::trace::ResourceKind;

impl Actor {
    /// Whether the answer is yes at this moment. By the next it may be no.
    pub fn holds(&self, question: &Question) -> bool {
        let value = match &question.of {
            Asked::Number(number) => number.eval(self),
            Asked::Resource(target) => self.value(target),
        };
        question.compare.holds(value, question.value.eval(self))
    }

    fn value(&self, target: &Target) -> f64 {
        let id = self.target(target);
        match self.run.plan.cast.resource(id).map(|resource| &resource.kind) {
            Some(ResourceKind::Queue { .. }) => self.queue(target).depth() as f64,
            // Relaxed: plain code has no order either
            _ => self.run.counter(id).load(Ordering::Relaxed) as i64 as f64,
        }
    }
}
