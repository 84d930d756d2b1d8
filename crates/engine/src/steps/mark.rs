//! The step that sets a mark on the time axis.

use crate::step_runner::StepRunner;
use contend_scenario::TextExpr;
use contend_trace::{EventKind, MarkId};

impl StepRunner {
    pub(crate) fn set_mark(&mut self, text: &TextExpr) {
        let Some(index) = self.run.plan.mark_texts.iter().position(|other| other == text) else { return };
        let has_number = self.run.plan.registry.marks[index].contains("{n}");
        let number = if has_number { self.template_values().number } else { 0 };
        let at = self.recorder.now();
        self.recorder.write(at, EventKind::Mark { text: MarkId::from(index), number });
    }
}
