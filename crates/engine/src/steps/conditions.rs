//! The questions of `if` and `while`: the value of a counter or the depth of a queue.

use crate::step_runner::{StepRunner, StopReason};
use contend_scenario::{Operand, Question, Target};
use contend_trace::ResourceKind;

impl StepRunner {
    /// Whether the answer is yes now. It may be no at the next moment.
    pub(super) fn eval_question(&mut self, question: &Question) -> Result<bool, StopReason> {
        let value = match &question.operand {
            Operand::Number(number) => number.eval(self),
            Operand::Resource(target) => {
                self.count_failed_poll(self.resolve_target(target));
                self.resource_value(target)?
            }
        };
        Ok(question.compare.holds(value, question.value.eval(self)))
    }

    fn resource_value(&mut self, target: &Target) -> Result<f64, StopReason> {
        let id = self.resolve_target(target);
        Ok(match self.run.plan.registry.resource(id).map(|resource| &resource.kind) {
            Some(ResourceKind::Queue { .. }) => self.item_queue(target).depth() as f64,
            _ => self.read_counter(target, id)? as f64,
        })
    }
}
