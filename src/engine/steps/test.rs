//! Steps that look at a counter's value or a queue's depth first.

use std::sync::atomic::Ordering;

use crate::engine::actor::Actor;
use crate::scenario::Test;
use crate::trace::ResourceKind;

impl Actor {
    /// Whether the test holds at this moment. By the next it may not.
    pub fn holds(&self, test: &Test) -> bool {
        let id = self.target(&test.target);
        let value = match self.run.plan.cast.resource(id).map(|resource| &resource.kind) {
            Some(ResourceKind::Queue { .. }) => self.queue(&test.target).depth() as f64,
            // Relaxed: plain code has no order either
            _ => self.run.counter(id).load(Ordering::Relaxed) as i64 as f64,
        };
        test.compare.holds(value, test.value.eval(self))
    }
}
