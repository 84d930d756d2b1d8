//! Steps that look at a counter's value or a queue's depth first.

use crate::actor::{Actor, Halt};
use contend_scenario::{Asked, Question, Target};
use contend_trace::ResourceKind;

impl Actor {
    /// Whether the answer is yes at this moment. By the next it may be no.
    pub(crate) fn holds(&mut self, question: &Question) -> Result<bool, Halt> {
        let value = match &question.of {
            Asked::Number(number) => number.eval(self),
            Asked::Resource(target) => {
                self.looked(self.target(target));
                self.value(target)?
            }
        };
        Ok(question.compare.holds(value, question.value.eval(self)))
    }

    fn value(&mut self, target: &Target) -> Result<f64, Halt> {
        let id = self.target(target);
        Ok(match self.run.plan.cast.resource(id).map(|resource| &resource.kind) {
            Some(ResourceKind::Queue { .. }) => self.queue(target).depth() as f64,
            _ => self.look(id)? as f64,
        })
    }
}
