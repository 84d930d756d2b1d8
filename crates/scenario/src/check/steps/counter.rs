//! Steps on counters.

use kdl::KdlNode;

use super::{Checker, prop};
use crate::check::number_rule::ADDS;
use crate::program::{ResourceSpec, Step, Target};

/// What a counter can change by in one step.
pub(in crate::check) const DELTA: (i64, i64) = (-127, 127);

impl Checker {
    pub(in crate::check) fn load_step(&mut self, node: &KdlNode) -> Option<Step> {
        self.counter_target(node).map(Step::Load)
    }

    pub(in crate::check) fn store_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (target, add) = (self.counter_target(node), self.delta(node, "add", 0));
        Some(Step::Store { target: target?, add: add? })
    }

    pub(in crate::check) fn add_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (target, by) = (self.counter_target(node), self.delta(node, "by", 1));
        let times = prop(node, "times").map(|entry| self.number(entry, ADDS));
        let (target, by) = (target?, by?);
        Some(match times {
            Some(times) => Step::AddMany { target, by, times: times?.expr },
            None => Step::Add { target, by },
        })
    }

    fn counter_target(&mut self, node: &KdlNode) -> Option<Target> {
        self.target(node, "a counter", |spec| matches!(spec, ResourceSpec::Counter { .. }))
    }

    fn delta(&mut self, node: &KdlNode, name: &str, default: i8) -> Option<i8> {
        match prop(node, name) {
            Some(entry) => self.integer(entry, DELTA.0, DELTA.1).map(|delta| delta as i8),
            None => Some(default),
        }
    }
}
