//! Steps that look at a counter's value or a queue's depth first.

use std::sync::atomic::Ordering;

use crate::engine::actor::Actor;
use crate::scenario::Question;
use crate::trace::ResourceKind;

impl Actor {
    /// Whether the answer is yes at this moment. By the next it may be no.
    pub fn holds(&self, question: &Question) -> bool {
        let id = self.target(&question.target);
        let value = match self.run.plan.cast.resource(id).map(|resource| &resource.kind) {
            Some(ResourceKind::Queue { .. }) => self.queue(&question.target).depth() as f64,
            // Relaxed: plain code has no order either
            _ => self.run.counter(id).load(Ordering::Relaxed) as i64 as f64,
        };
        question.compare.holds(value, question.value.eval(self))
    }
}
