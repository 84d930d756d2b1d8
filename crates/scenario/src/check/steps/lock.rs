//! Steps on locks: mutexes, semaphores, rwlocks.

use std::ops::Range;

use kdl::KdlNode;

use super::Checker;
use super::{entry_span, prop, span_of};
use crate::check::node::arg;
use crate::check::number_rule::{AT_ONCE, TIME};
use crate::expr::Expr;
use crate::program::{Block, Limit, ResourceSpec, Step, Target, TimeLimit};
use contend_trace::plural;

/// A step that takes more permits at once than its semaphore begins with.
pub(in crate::check) struct LargeRequest {
    semaphore: usize,
    span: Range<usize>,
    there: f64,
    wanted: f64,
    gives_up: bool,
}

impl Checker {
    /// `lock M { ... }`, and `lock M` without a block.
    pub(in crate::check) fn lock_step(&mut self, node: &KdlNode) -> Option<Step> {
        let target = self.mutex_target(node);
        let body = self.block(node);
        let target = target?;
        Some(if node.children().is_some() { Step::Lock { target, body } } else { Step::BareLock(target) })
    }

    pub(in crate::check) fn unlock_step(&mut self, node: &KdlNode) -> Option<Step> {
        self.mutex_target(node).map(Step::BareUnlock)
    }

    pub(in crate::check) fn try_lock_step(&mut self, node: &KdlNode) -> Option<Step> {
        let target = self.mutex_target(node);
        let timeout = self.number_or(node, "timeout", TIME, 0.0);
        let body = self.block(node);
        Some(Step::TryLock { target: target?, timeout: timeout?.expr, body, otherwise: Block::default() })
    }

    fn mutex_target(&mut self, node: &KdlNode) -> Option<Target> {
        self.target(node, "a mutex", |spec| matches!(spec, ResourceSpec::Mutex { .. }))
    }

    /// `acquire S { ... }`, and `acquire S` without a block.
    pub(in crate::check) fn acquire_step(&mut self, node: &KdlNode) -> Option<Step> {
        let limit = self.time_limit(node);
        self.acquire_within(node, limit)
    }

    pub(in crate::check) fn try_acquire_step(&mut self, node: &KdlNode) -> Option<Step> {
        let timeout = self.try_timeout(node);
        let limit = timeout.map(|timeout| Some(Box::new(TimeLimit { timeout, otherwise: Block::default() })));
        self.acquire_within(node, limit)
    }

    /// Reads an `acquire` or `try-acquire` with this time limit; `None` if the limit has a mistake.
    fn acquire_within(&mut self, node: &KdlNode, limit: Option<Limit>) -> Option<Step> {
        let target = self.semaphore_target(node);
        let permits = self.number_or(node, "permits", AT_ONCE, 1.0);
        let body = self.block(node);
        let (target, permits, limit) = (target?, permits?, limit?);
        if node.children().is_some() {
            self.note_large_request(node, &target, permits.low, &limit);
            return Some(Step::Acquire { target, permits: permits.expr, body, limit });
        }
        if let Some(entry) = prop(node, "permits") {
            let mistake = self.mistakes.error(entry_span(entry), "a bare `acquire` takes one permit");
            mistake.help("write it several times, or give it a block");
        }
        Some(Step::BareAcquire { target, limit })
    }

    pub(in crate::check) fn release_step(&mut self, node: &KdlNode) -> Option<Step> {
        self.semaphore_target(node).map(Step::BareRelease)
    }

    fn semaphore_target(&mut self, node: &KdlNode) -> Option<Target> {
        self.target(node, "a semaphore", |spec| matches!(spec, ResourceSpec::Semaphore { .. }))
    }

    /// Notes a step that takes more permits at once than the semaphore begins with.
    fn note_large_request(&mut self, node: &KdlNode, target: &Target, wanted: f64, limit: &Limit) {
        let ResourceSpec::Semaphore { permits: Expr::Number(there) } = self.scenario.resources[target.resource].spec
        else {
            return;
        };
        if wanted > there.max(1.0) {
            let gives_up = limit.is_some();
            let request = LargeRequest { semaphore: target.resource, span: span_of(node), there, wanted, gives_up };
            self.large_requests.push(request);
        }
    }

    /// Reports steps that take more permits at once than there ever are, since no step adds any: the worker would wait
    /// forever, or give up each time.
    fn check_large_requests(&mut self) {
        for LargeRequest { semaphore, span, there, wanted, gives_up } in std::mem::take(&mut self.large_requests) {
            let adds = |step: &Step| matches!(step, Step::BareRelease(target) if target.resource == semaphore);
            if self.scenario.any_step(adds) {
                continue;
            }
            let name = &self.scenario.resources[semaphore].name;
            let title = format!("`{name}` has {there} {} and never {wanted} at once", plural(there as u64, "permit"));
            let fate = if gives_up { "always give up" } else { "wait forever" };
            let help = format!("the worker would {fate}: take fewer at once, or add some with a bare `release`");
            self.mistakes.error(span, title).help(help);
        }
    }

    pub(in crate::check) fn read_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (target, limit, body) = (self.rwlock_target(node), self.time_limit(node), self.block(node));
        Some(Step::ReadLock { target: target?, body, limit: limit? })
    }

    pub(in crate::check) fn write_step(&mut self, node: &KdlNode) -> Option<Step> {
        let (target, limit, body) = (self.rwlock_target(node), self.time_limit(node), self.block(node));
        Some(Step::WriteLock { target: target?, body, limit: limit? })
    }

    fn rwlock_target(&mut self, node: &KdlNode) -> Option<Target> {
        self.target(node, "an rwlock", |spec| matches!(spec, ResourceSpec::Rwlock { .. }))
    }

    /// Reports a semaphore without permits whose users all return what they take: no worker can ever pass it.
    pub(in crate::check) fn check_semaphores(&mut self, nodes: &[&KdlNode]) {
        self.check_large_requests();
        for node in crate::check::nodes_named(nodes, &["semaphore"]) {
            let name = arg(node, 0).and_then(|entry| entry.value().as_string()).unwrap_or_default();
            let Some(at) = self.scenario.resources.iter().position(|resource| resource.name == name) else { continue };
            let ResourceSpec::Semaphore { permits: Expr::Number(permits) } = self.scenario.resources[at].spec else {
                continue;
            };
            let is_used = |step: &Step| matches!(step, Step::Acquire { target, .. } if target.resource == at);
            if permits < 1.0 && self.scenario.is_scoped(at) && self.scenario.any_step(is_used) {
                let mistake = self.mistakes.error(span_of(node), format!("no worker can ever pass `{name}`"));
                mistake.help("it has no permits, and no step gives it one: add permits=1, or a bare `release`");
            }
        }
    }
}
