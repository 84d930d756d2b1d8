//! Pools whose workers are of a Dask cluster: what such a scenario must not have.

use std::ops::Range;

use kdl::KdlNode;

use super::Checker;
use super::node::{arg, children, entry_span, prop, span_of};
use crate::program::{Feed, ObstaclePlace};
use contend_trace::WorkerKind;

/// Words of groups of workers.
const GROUPS: [&str; 3] = ["thread", "process", "async"];

impl Checker {
    /// Reports what cannot be on Dask, if a pool is or may be there.
    pub(super) fn check_dask(&mut self, nodes: &[&KdlNode]) {
        let pools: Vec<&KdlNode> = super::nodes_named(nodes, &["pool"]).collect();
        self.check_dependent_tasks(&pools);
        let on_dask = |at: &usize| self.scenario.pools[*at].worker_kind.may_be(|kind| kind == WorkerKind::Dask);
        let Some(of) = (0..pools.len()).find(on_dask) else { return };
        let here = prop(pools[of], "of").map_or_else(|| span_of(pools[of]), entry_span);
        for obstacle in self.scenario.dask_obstacles() {
            let place = self.obstacle_span(nodes, &pools, obstacle.place).unwrap_or_else(|| here.clone());
            let mistake = self.mistakes.error(place.clone(), obstacle.what);
            if place != here {
                mistake.add_related(here.clone(), "this pool is on Dask");
            }
            mistake.help(obstacle.help);
        }
    }

    /// Reports tasks that need results of others in a pool that is not on Dask.
    fn check_dependent_tasks(&mut self, pools: &[&KdlNode]) {
        for (node, pool) in pools.iter().zip(&self.scenario.pools) {
            let elsewhere = pool.worker_kind.may_be(|kind| kind != WorkerKind::Dask);
            if matches!(pool.feed, Feed::Dependent { .. })
                && elsewhere
                && let Some(entry) = children(node).iter().find_map(|child| prop(child, "needs"))
            {
                let title = "only tasks on Dask can need the results of others";
                self.mistakes.error(entry_span(entry), title).help("remove it, or use of=dask");
            }
        }
    }

    /// Returns where an obstacle stands.
    fn obstacle_span(&self, nodes: &[&KdlNode], pools: &[&KdlNode], place: ObstaclePlace) -> Option<Range<usize>> {
        match place {
            ObstaclePlace::Group(at) => super::nodes_named(nodes, &GROUPS).nth(at).map(span_of),
            ObstaclePlace::Resource(at) => {
                let name = self.scenario.resources.get(at)?.name.as_str();
                let is_named =
                    |node: &KdlNode| arg(node, 0).is_some_and(|entry| entry.value().as_string() == Some(name));
                let of_workers =
                    |node: &KdlNode| GROUPS.contains(&node.name().value()) || node.name().value() == "knob";
                nodes.iter().copied().find(|node| is_named(node) && !of_workers(node)).map(span_of)
            }
            ObstaclePlace::Pool(at) => pools.get(at).copied().map(span_of),
            ObstaclePlace::PoolProperty(at, name) => {
                let node = pools.get(at)?;
                let mut feeds = children(node).iter().filter(|child| child.name().value() != "task");
                let entry = prop(node, name).or_else(|| feeds.find_map(|feed| prop(feed, name)));
                Some(entry.map_or_else(|| span_of(node), entry_span))
            }
            ObstaclePlace::Step(span) => Some(span.range()).filter(|range| !range.is_empty()),
            ObstaclePlace::Nowhere => None,
        }
    }
}
