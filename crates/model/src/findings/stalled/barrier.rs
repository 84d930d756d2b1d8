//! A barrier at which too few can meet.

use super::thing::Thing;
use crate::findings::{Look, count};
use crate::{Stall, listed};
use contend_trace::{PoolInfo, ResourceKind, WorkerId};

/// Workers that wait at a barrier, and why no other will come.
#[derive(Debug)]
pub(super) struct TooFew<'a> {
    pub(super) thing: Thing,
    parties: u32,
    pub(super) arrived: usize,
    why: Why<'a>,
}

#[derive(Debug)]
enum Why<'a> {
    /// All workers of a pool wait there; so many tasks are left.
    Pool(&'a PoolInfo, u32),
    /// These have ended without coming once more.
    Ended(Vec<&'a str>),
    /// No others ever come.
    Declared(usize),
}

pub(super) fn find<'a>(look: &Look<'a>, stall: &Stall, things: &[Thing]) -> Option<TooFew<'a>> {
    things.iter().find_map(|thing| {
        let ResourceKind::Barrier { parties } = look.model.cast().resource(thing.on)?.kind else { return None };
        let here = thing.waiters(look, stall);
        let why = of_pool(look, parties, &here).or_else(|| of_others(look, *thing, parties, &here))?;
        Some(TooFew { thing: *thing, parties, arrived: here.len(), why })
    })
}

/// A pool with fewer workers than the barrier needs, all of which wait at it.
fn of_pool<'a>(look: &Look<'a>, parties: u32, here: &[WorkerId]) -> Option<Why<'a>> {
    let (_, info, pool) = look.pools().find(|(_, info, _)| here.iter().any(|worker| info.workers.contains(worker)))?;
    let present = || info.workers.iter().filter(|worker| look.model.lane(**worker).in_life());
    let all_here = present().all(|worker| here.contains(worker)) && here.iter().all(|w| info.workers.contains(w));
    let left = look.model.queue(info.queue).map_or(0, crate::Queue::depth);
    (all_here && pool.size() < parties).then_some(Why::Pool(info, left))
}

fn of_others<'a>(look: &Look<'a>, thing: Thing, parties: u32, here: &[WorkerId]) -> Option<Why<'a>> {
    let mut all = thing.givers(look);
    all.sort_unstable();
    all.dedup();
    if all.len() < parties as usize {
        return Some(Why::Declared(all.len()));
    }
    let others: Vec<WorkerId> = all.into_iter().filter(|worker| !here.contains(worker)).collect();
    let ended = others.iter().all(|worker| {
        let lane = look.model.lane(*worker);
        lane.lives() > 0 && !lane.is_alive()
    });
    ended.then(|| Why::Ended(others.into_iter().map(|worker| look.name(worker)).collect()))
}

impl TooFew<'_> {
    pub(super) fn sentence(&self, look: &Look<'_>) -> String {
        let (gate, parties) = (look.resource(self.thing.on), self.parties);
        match &self.why {
            Why::Pool(pool, left) => {
                let all = if self.arrived == 1 {
                    "The only worker".to_owned()
                } else {
                    format!("All {} workers", self.arrived)
                };
                let wait = if self.arrived == 1 { "waits" } else { "wait" };
                let tasks = match left {
                    0 => "no other task is left".to_owned(),
                    1 => "1 task stays in the queue".to_owned(),
                    n => format!("{} stay in the queue", count((*n).into(), "task")),
                };
                format!("{all} of {} {wait} at {gate}, which needs {parties}; {tasks}.", pool.name)
            }
            Why::Ended(names) => {
                let (come, have) = (self.arrived, if names.len() == 1 { "has" } else { "have" });
                let come = if come == 1 { "1 waits".to_owned() } else { format!("{come} wait") };
                format!("{gate} needs {parties} workers, {come} there; {} {have} ended.", listed(names))
            }
            Why::Declared(all) => {
                format!(
                    "{gate} needs {parties} workers, but only {} can ever meet there.",
                    count(*all as u64, "worker")
                )
            }
        }
    }

    pub(super) fn cure(&self, look: &Look<'_>) -> String {
        let gate = look.resource(self.thing.on);
        match &self.why {
            Why::Pool(pool, _) => {
                format!("Give {} at least {} workers, or let fewer meet at {gate}.", pool.name, self.parties)
            }
            Why::Ended(_) => format!("Let each worker meet at {gate} as often as the others, or let fewer meet."),
            Why::Declared(all) => format!("Let {all} meet at {gate}, or start more workers that do."),
        }
    }
}
