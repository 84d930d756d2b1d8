//! Steps that run others again and again, or not at all.

use crate::actor::{Actor, Flow, Halt};
use contend_scenario::{Expr, Question, Step};
use contend_trace::KnobId;

impl Actor {
    /// One turn of a loop, unless it must leave.
    pub(crate) async fn again(&mut self, body: &[Step]) -> Flow {
        if self.must_leave() { Err(Halt::Asked) } else { self.body(body).await }
    }

    /// Runs the body for as long as the answer is yes.
    pub(crate) async fn while_holds(&mut self, question: &Question, body: &[Step]) -> Flow {
        while self.holds(question)? {
            self.again(body).await?;
        }
        Ok(())
    }

    pub(crate) async fn repeat(&mut self, times: &Expr, body: &[Step]) -> Flow {
        for _ in 0..times.eval(self) as u64 {
            self.again(body).await?;
        }
        Ok(())
    }

    /// Whether the knob stands at this value.
    pub(crate) fn stands(&self, knob: KnobId, value: f64) -> bool {
        (self.run.knob(knob) - value).abs() < 0.5e-9_f64.max(value.abs() * 1e-12)
    }
}
