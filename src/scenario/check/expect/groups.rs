//! What is measured of one group of workers and compared with another.

use kdl::KdlNode;

use super::{Checker, Metric, Thing, prop, span_of};

impl Checker {
    /// The measure with the group that it is compared with, and how a report words that.
    pub(super) fn compared(&mut self, node: &KdlNode, metric: Metric) -> Option<(Metric, String)> {
        let Metric::Startup { .. } = metric else { return Some((metric, String::new())) };
        let Some(over) = prop(node, "of") else {
            let title = "a startup is compared with that of another group";
            self.mistakes.error(span_of(node), title).help("add of=NAME: how many times as long as theirs");
            return None;
        };
        let is_group = |_: &Self, thing| matches!(thing, Thing::Workers(_));
        let Thing::Workers(at) = self.resolve(over, "a group of workers", is_group)? else { return None };
        Some((Metric::Startup { over: at }, format!(" of {}", over.value().as_string().unwrap_or_default())))
    }
}
