//! Steps that look at a counter's value or a queue's depth first.

use crate::engine::actor::{Actor, Halt};
use crate::scenario::Question;
use crate::trace::ResourceKind;

impl Actor {
    /// Whether the answer is yes at this moment. By the next it may be no.
    pub(in crate::engine) fn holds(&mut self, question: &Question) -> Result<bool, Halt> {
        let id = self.target(&question.target);
        let value = match self.run.plan.cast.resource(id).map(|resource| &resource.kind) {
            Some(ResourceKind::Queue { .. }) => self.queue(&question.target).depth() as f64,
            _ => self.look(id)? as f64,
        };
        Ok(question.compare.holds(value, question.value.eval(self)))
    }
}
