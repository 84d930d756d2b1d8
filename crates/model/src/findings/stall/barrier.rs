//! Stalls at a barrier that too few workers can reach.

use super::missing_supply::MissingSupply;
use crate::findings::{Analysis, format_count};
use crate::{Stall, join_names};
use contend_trace::{PoolInfo, ResourceKind, WorkerId};

/// A barrier at which workers wait, and why no others will come.
#[derive(Debug)]
pub(super) struct IncompleteBarrier<'a> {
    pub(super) supply: MissingSupply,
    parties: u32,
    pub(super) arrived: usize,
    reason: MissingPartyReason<'a>,
}

#[derive(Debug)]
enum MissingPartyReason<'a> {
    /// All workers of a pool wait there. With the number of tasks left in its queue.
    SmallPool(&'a PoolInfo, u32),
    /// These workers have ended without coming again.
    Ended(Vec<&'a str>),
    /// The scenario lets only this many workers come.
    Declared(usize),
}

pub(super) fn find_incomplete_barrier<'a>(
    analysis: &Analysis<'a>,
    stall: &Stall,
    things: &[MissingSupply],
) -> Option<IncompleteBarrier<'a>> {
    things.iter().find_map(|thing| {
        let ResourceKind::Barrier { parties } = analysis.model.registry().resource(thing.resource)?.kind else {
            return None;
        };
        let here = thing.waiters(analysis, stall);
        let why = pool_reason(analysis, parties, &here).or_else(|| other_reason(analysis, *thing, parties, &here))?;
        Some(IncompleteBarrier { supply: *thing, parties, arrived: here.len(), reason: why })
    })
}

/// Finds a pool with fewer workers than the barrier needs, all of which wait there.
fn pool_reason<'a>(analysis: &Analysis<'a>, parties: u32, here: &[WorkerId]) -> Option<MissingPartyReason<'a>> {
    let (_, info, pool) =
        analysis.pools().find(|(_, info, _)| here.iter().any(|worker| info.workers.contains(worker)))?;
    let present = || info.workers.iter().filter(|worker| analysis.model.lane(**worker).is_in_life());
    let all_here = present().all(|worker| here.contains(worker)) && here.iter().all(|w| info.workers.contains(w));
    let left = analysis.model.queue(info.queue).map_or(0, crate::Queue::depth);
    (all_here && pool.worker_count() < parties).then_some(MissingPartyReason::SmallPool(info, left))
}

fn other_reason<'a>(
    analysis: &Analysis<'a>,
    thing: MissingSupply,
    parties: u32,
    here: &[WorkerId],
) -> Option<MissingPartyReason<'a>> {
    let mut all = thing.suppliers(analysis);
    all.sort_unstable();
    all.dedup();
    if all.len() < parties as usize {
        return Some(MissingPartyReason::Declared(all.len()));
    }
    let others: Vec<WorkerId> = all.into_iter().filter(|worker| !here.contains(worker)).collect();
    let ended = others.iter().all(|worker| {
        let lane = analysis.model.lane(*worker);
        lane.life_count() > 0 && !lane.is_alive()
    });
    ended.then(|| MissingPartyReason::Ended(others.into_iter().map(|worker| analysis.worker_name(worker)).collect()))
}

impl IncompleteBarrier<'_> {
    pub(super) fn sentence(&self, analysis: &Analysis<'_>) -> String {
        let (gate, parties) = (analysis.resource_name(self.supply.resource), self.parties);
        match &self.reason {
            MissingPartyReason::SmallPool(pool, left) => {
                let all = super::all_workers(self.arrived, &pool.name);
                let wait = if self.arrived == 1 { "waits" } else { "wait" };
                let tasks = match left {
                    0 => "no other task is left".to_owned(),
                    1 => "1 task stays in the queue".to_owned(),
                    n => format!("{} stay in the queue", format_count((*n).into(), "task")),
                };
                format!("{all} {wait} at {gate}, which needs {parties}; {tasks}.")
            }
            MissingPartyReason::Ended(names) => {
                let (come, have) = (self.arrived, if names.len() == 1 { "has" } else { "have" });
                let come = if come == 1 { "1 waits".to_owned() } else { format!("{come} wait") };
                format!("{gate} needs {parties} workers, {come} there; {} {have} ended.", join_names(names))
            }
            MissingPartyReason::Declared(all) => {
                format!(
                    "{gate} needs {parties} workers, but only {} can ever meet there.",
                    format_count(*all as u64, "worker")
                )
            }
        }
    }

    pub(super) fn fix(&self, analysis: &Analysis<'_>) -> String {
        let gate = analysis.resource_name(self.supply.resource);
        match &self.reason {
            MissingPartyReason::SmallPool(pool, _) => {
                format!("Give {} at least {} workers, or lower the parties of {gate}.", pool.name, self.parties)
            }
            MissingPartyReason::Ended(_) => {
                format!("Make each worker meet at {gate} as often as the others, or lower its parties.")
            }
            MissingPartyReason::Declared(all) => {
                format!("Lower the parties of {gate} to {all}, or start more workers that meet there.")
            }
        }
    }
}
