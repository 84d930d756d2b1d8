//! Steps on what several workers can have at once: semaphores and rwlocks.

use kdl::{KdlEntry, KdlNode};

use super::Checker;
use super::node::{children, entry_span, prop, span_of};
use super::number::AT_ONCE;
use crate::expr::Expr;
use crate::program::{ResourceSpec, Step, Target};
use contend_trace::plural;

impl Checker {
    /// `acquire S { ... }`, and bare `acquire S` and `release S`.
    pub(super) fn on_semaphore(&mut self, node: &KdlNode, word: &str, semaphore: &KdlEntry) -> Option<Step> {
        let is_semaphore = |spec: &ResourceSpec| matches!(spec, ResourceSpec::Semaphore { .. });
        let target = self.target(node, semaphore, "a semaphore", is_semaphore);
        let permits = self.number_or(node, "permits", AT_ONCE, 1.0);
        let body = self.steps(children(node));
        let (target, permits) = (target?, permits?);
        if word == "release" {
            return Some(Step::Up(target));
        }
        if node.children().is_some() {
            self.permits_exist(node, &target, permits.low);
            return Some(Step::Acquire { target, permits: permits.expr, body });
        }
        if let Some(entry) = prop(node, "permits") {
            let mistake = self.mistakes.error(entry_span(entry), "a bare `acquire` takes one permit");
            mistake.help("write it several times, or give it a block");
        }
        Some(Step::Down(target))
    }

    /// More permits than there are would be waited for in vain.
    fn permits_exist(&mut self, node: &KdlNode, target: &Target, wanted: f64) {
        let declared = &self.scenario.resources[target.resource];
        let ResourceSpec::Semaphore { permits: Expr::Number(there) } = declared.spec else { return };
        if wanted > there.max(1.0) {
            let title = format!(
                "`{}` has {there} {} and never {wanted} at once",
                declared.name,
                plural(there as u64, "permit")
            );
            self.mistakes.error(span_of(node), title).help("the worker would wait for ever: take fewer at once");
        }
    }

    /// `read R { ... }` and `write R { ... }`.
    pub(super) fn on_rwlock(&mut self, node: &KdlNode, word: &str, lock: &KdlEntry) -> Option<Step> {
        let target = self.target(node, lock, "an rwlock", |spec| matches!(spec, ResourceSpec::Rwlock { .. }));
        let body = self.steps(children(node));
        let target = target?;
        Some(if word == "read" { Step::Read { target, body } } else { Step::Write { target, body } })
    }

    /// A semaphore whose permits all come back, and that has none, lets nobody pass.
    pub(super) fn semaphores(&mut self, nodes: &[&KdlNode]) {
        for node in super::named(nodes, &["semaphore"]) {
            let name = super::node::arg(node, 0).and_then(|entry| entry.value().as_string()).unwrap_or_default();
            let Some(at) = self.scenario.resources.iter().position(|resource| resource.name == name) else { continue };
            let ResourceSpec::Semaphore { permits: Expr::Number(permits) } = self.scenario.resources[at].spec else {
                continue;
            };
            let is_used = |step: &Step| matches!(step, Step::Acquire { target, .. } if target.resource == at);
            if permits < 1.0 && self.scenario.is_scoped(at) && self.scenario.any_step(is_used) {
                let mistake = self.mistakes.error(span_of(node), format!("nobody can ever pass `{name}`"));
                mistake.help("it has no permit, and nobody gives it one: add permits=1, or a bare `release`");
            }
        }
    }
}
