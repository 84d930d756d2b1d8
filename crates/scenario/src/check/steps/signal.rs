//! Steps on conditions, event flags, barriers and wait groups.

use kdl::KdlNode;

use super::Checker;
use crate::check::grammar::WAITED;
use crate::program::{ResourceSpec, SignalStep, Step, Target};

impl Checker {
    pub(in crate::check) fn wait_step(&mut self, node: &KdlNode) -> Option<Step> {
        let limit = self.time_limit(node);
        let target = self.target(node, WAITED, |spec| {
            use ResourceSpec::{Condition, Event, Latch, WaitGroup};
            matches!(spec, Condition { .. } | Event | WaitGroup | Latch { .. })
        });
        Some(Step::Signal(SignalStep::Wait { target: target?, limit: limit? }))
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
        let limit = self.time_limit(node);
        let target = self.target(node, "a barrier", |spec| matches!(spec, ResourceSpec::Barrier { .. }));
        Some(Step::Signal(SignalStep::BarrierWait { target: target?, limit: limit? }))
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
