//! Steps on conditions, event flags and barriers.

use kdl::{KdlEntry, KdlNode};

use super::Checker;
use super::prop;
use crate::check::number::TIME;
use crate::program::{ResourceSpec, SignalStep, Step};

impl Checker {
    pub(super) fn on_signal(&mut self, node: &KdlNode, word: &str, signal: &KdlEntry) -> Option<Step> {
        let (what, wanted): (_, fn(&ResourceSpec) -> bool) = match word {
            "wait" => {
                ("a condition or an event", |spec| matches!(spec, ResourceSpec::Condition { .. } | ResourceSpec::Event))
            }
            "notify" | "notify-all" => ("a condition", |spec| matches!(spec, ResourceSpec::Condition { .. })),
            "meet" => ("a barrier", |spec| matches!(spec, ResourceSpec::Barrier { .. })),
            _ => ("an event", |spec| matches!(spec, ResourceSpec::Event)),
        };
        let timeout = prop(node, "timeout").map(|entry| self.number(entry, TIME));
        let target = self.target(node, signal, what, wanted)?;
        Some(Step::Signal(match word {
            "wait" => {
                let timeout = match timeout {
                    Some(timeout) => Some(timeout?.expr),
                    None => None,
                };
                SignalStep::Wait { target, timeout }
            }
            "notify" => SignalStep::Notify(target),
            "notify-all" => SignalStep::NotifyAll(target),
            "set" => SignalStep::Set(target),
            "clear" => SignalStep::Clear(target),
            _ => SignalStep::Meet(target),
        }))
    }
}
