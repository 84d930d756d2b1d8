//! Steps on conditions, event flags, barriers and wait groups.

use kdl::KdlNode;

use super::{Checker, prop};
use crate::check::grammar::WAITED;
use crate::check::number_rule::TIME;
use crate::program::{ResourceSpec, SignalStep, Step, Target};

impl Checker {
    pub(in crate::check) fn wait_step(&mut self, node: &KdlNode) -> Option<Step> {
        let timeout = prop(node, "timeout").map(|entry| self.number(entry, TIME));
        let target = self.target(node, WAITED, |spec| {
            use ResourceSpec::{Condition, Event, Latch, WaitGroup};
            matches!(spec, Condition { .. } | Event | WaitGroup | Latch { .. })
        });
        let timeout = match timeout {
            Some(timeout) => Some(timeout?.expr),
            None => None,
        };
        Some(Step::Signal(SignalStep::Wait { target: target?, timeout }))
    }

    pub(in crate::check) fn notify_step(&mut self, node: &KdlNode) -> Option<Step> {
        self.condition_target(node).map(|target| Step::Signal(SignalStep::Notify(target)))
    }

    pub(in crate::check) fn notify_all_step(&mut self, node: &KdlNode) -> Option<Step> {
        self.condition_target(node).map(|target| Step::Signal(SignalStep::NotifyAll(target)))
    }

    pub(in crate::check) fn set_step(&mut self, node: &KdlNode) -> Option<Step> {
        self.event_target(node).map(|target| Step::Signal(SignalStep::Set(target)))
    }

    pub(in crate::check) fn clear_step(&mut self, node: &KdlNode) -> Option<Step> {
        self.event_target(node).map(|target| Step::Signal(SignalStep::Clear(target)))
    }

    pub(in crate::check) fn meet_step(&mut self, node: &KdlNode) -> Option<Step> {
        let target = self.target(node, "a barrier", |spec| matches!(spec, ResourceSpec::Barrier { .. }));
        target.map(|target| Step::Signal(SignalStep::BarrierWait(target)))
    }

    pub(in crate::check) fn done_step(&mut self, node: &KdlNode) -> Option<Step> {
        let target = self.target(node, "a wait group or a latch", |spec| {
            matches!(spec, ResourceSpec::WaitGroup | ResourceSpec::Latch { .. })
        });
        target.map(|target| Step::Signal(SignalStep::GroupDone(target)))
    }

    fn condition_target(&mut self, node: &KdlNode) -> Option<Target> {
        self.target(node, "a condition", |spec| matches!(spec, ResourceSpec::Condition { .. }))
    }

    fn event_target(&mut self, node: &KdlNode) -> Option<Target> {
        self.target(node, "an event", |spec| matches!(spec, ResourceSpec::Event))
    }
}
