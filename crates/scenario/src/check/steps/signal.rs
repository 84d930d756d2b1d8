//! Steps on conditions, event flags, barriers and wait groups.

use kdl::KdlNode;

use super::{Checker, entry_span, prop, span_of};
use crate::check::grammar::WAITED;
use crate::check::number_rule::VALUE;
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
        let value = prop(node, "to").map(|entry| (entry, self.number(entry, VALUE)));
        let target = self.target(node, "an event or a counter", |spec| {
            matches!(spec, ResourceSpec::Event | ResourceSpec::Counter { .. })
        })?;
        let is_counter = matches!(self.scenario.resources[target.resource].spec, ResourceSpec::Counter { .. });
        match value {
            Some((_, value)) if is_counter => Some(Step::Assign { target, value: value?.expr }),
            None if !is_counter => Some(Step::Signal(SignalStep::Set(target))),
            Some((entry, _)) => {
                let mistake = self.mistakes.error(entry_span(entry), "an event has no value");
                mistake.help("remove it: an event is set or not");
                None
            }
            None => {
                let mistake = self.mistakes.error(span_of(node), "`set` does not say to which value");
                mistake.help(format!("write it like this: set {} to=1", self.scenario.resources[target.resource].name));
                None
            }
        }
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
