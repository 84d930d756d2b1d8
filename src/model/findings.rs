//! What is wrong, in words.
//!
//! Each detector looks at what was recorded of the newest seconds and says nothing when that is too little, or when lost
//! events could make it say something false.

mod busy_wait;
mod convoy;
mod crashed;
mod deadlocked;
mod families;
mod handover_bound;
mod head_of_line;
mod herd;
mod livelock;
mod lock_bound;
mod loop_blocked;
mod lost_update;
mod order_hazard;
mod orphaned_lock;
mod oversubscribed;
mod pool_too_large;
mod pool_too_small;
mod queue_bound;
mod queue_overflow;
mod stalled;
mod starved;
mod straggler;
mod unfair;
mod unseen;

use std::collections::BTreeSet;

use super::{Lock, Model, Shares};
use crate::trace::{PoolId, PoolInfo, ResourceId, Span, Stamp, State, WorkerId};

/// How far back detectors look.
const WINDOW: Span = Span::millis(4_000);

/// Less than this is not enough to judge by.
const LEAST: Span = Span::millis(500);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    /// The word used in reports and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a finding speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Worker(WorkerId),
    Resource(ResourceId),
    Pool(PoolId),
    /// Several of one group, of one array, or with one name and numbers.
    Workers {
        worst: WorkerId,
        count: u32,
    },
    Resources {
        worst: ResourceId,
        count: u32,
    },
    Pools {
        worst: PoolId,
        count: u32,
    },
}

/// A sentence about what is wrong, with the recorded evidence and a cure.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub id: &'static str,
    pub severity: Severity,
    pub sentence: String,
    pub evidence: String,
    pub cure: String,
    pub about: Option<About>,
    /// Where to look on the time axis.
    pub at: Option<Stamp>,
}

impl Finding {
    /// Ids of all there are, in the order in which equally severe ones are told.
    pub const IDS: [&'static str; 24] = [
        deadlocked::ID,
        livelock::ID,
        stalled::ID,
        stalled::LOST,
        lost_update::ID,
        crashed::ID,
        unseen::ID,
        orphaned_lock::ID,
        order_hazard::ID,
        lock_bound::ID,
        convoy::ID,
        loop_blocked::ID,
        busy_wait::ID,
        pool_too_small::ID,
        queue_bound::ID,
        queue_overflow::ID,
        head_of_line::ID,
        handover_bound::ID,
        straggler::ID,
        herd::ID,
        oversubscribed::ID,
        starved::ID,
        unfair::ID,
        pool_too_large::ID,
    ];
}

/// All findings at `now`, most severe first.
pub(super) fn all(model: &Model, now: Stamp) -> Vec<Finding> {
    let look = Look::new(model, now);
    let mut found = Vec::new();
    found.extend(deadlocked::find(&look));
    found.extend(livelock::find(&look));
    found.extend(stalled::find(&look));
    found.extend(lost_update::find(&look));
    found.extend(crashed::find(&look));
    found.extend(unseen::find(&look));
    found.extend(orphaned_lock::find(&look));
    found.extend(order_hazard::find(&look));
    if look.span() >= LEAST {
        found.extend(lock_bound::find(&look));
        found.extend(convoy::find(&look));
        found.extend(loop_blocked::find(&look));
        found.extend(busy_wait::find(&look));
        found.extend(pool_too_small::find(&look));
        found.extend(queue_bound::find(&look));
        found.extend(queue_overflow::find(&look));
        found.extend(head_of_line::find(&look));
        found.extend(handover_bound::find(&look));
        found.extend(straggler::find(&look));
        found.extend(herd::find(&look));
        found.extend(oversubscribed::find(&look));
        found.extend(starved::find(&look));
        found.extend(unfair::find(&look));
        found.extend(pool_too_large::find(&look));
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    look.merge(found)
}

/// A model and the stretch of time that is judged.
struct Look<'a> {
    model: &'a Model,
    from: Stamp,
    now: Stamp,
    /// Time by state of every worker in that stretch.
    shares: Vec<Shares>,
    everyone: Shares,
    /// Workers in a deadlock or a stall.
    stuck: BTreeSet<WorkerId>,
}

impl<'a> Look<'a> {
    fn new(model: &'a Model, now: Stamp) -> Self {
        let now = model.ended().map_or(now, |(end, _)| now.min(end));
        let first = model.lanes().filter_map(|(_, lane)| lane.began()).min().unwrap_or(now);
        let from = now.back(WINDOW).max(first);
        let shares: Vec<Shares> = model.lanes.iter().map(|lane| lane.shares(from, now, now)).collect();
        let mut everyone = Shares::default();
        for one in &shares {
            everyone.add(one);
        }
        let deadlock = model.deadlock().map(|deadlock| deadlock.set.clone());
        let stall = model.stall().map(|stall| stall.set);
        let stuck = deadlock.into_iter().chain(stall).flatten().collect();
        Self { model, from, now, shares, everyone, stuck }
    }

    fn span(&self) -> Span {
        self.now.since(self.from)
    }

    /// Time by state of some workers together.
    fn sum(&self, workers: impl IntoIterator<Item = WorkerId>) -> Shares {
        let mut sum = Shares::default();
        for one in workers.into_iter().filter_map(|w| self.shares.get(w.index())) {
            sum.add(one);
        }
        sum
    }

    fn name(&self, worker: WorkerId) -> &'a str {
        self.model.cast().worker_name(worker)
    }

    fn resource(&self, resource: ResourceId) -> &'a str {
        self.model.cast().resource_name(resource)
    }

    /// Every pool with its description.
    fn pools(&self) -> impl Iterator<Item = (PoolId, &'a PoolInfo, &'a super::Pool)> {
        let model = self.model;
        let pools = model.cast().pools.iter().enumerate();
        pools.filter_map(move |(i, info)| Some((PoolId::from(i), info, model.pool(PoolId::from(i))?)))
    }

    /// Whether a worker can never go on.
    fn is_stuck(&self, worker: WorkerId) -> bool {
        self.stuck.contains(&worker)
    }

    /// Whether a lock has a holder or a waiter that can never go on: what is slow about it is not its use.
    fn is_stuck_at(&self, lock: &Lock) -> bool {
        let waiters = lock.waiters().into_iter();
        waiters.chain(lock.holders()).any(|(worker, _)| self.is_stuck(worker))
    }

    /// Whether a worker has ended or died.
    fn is_gone(&self, worker: WorkerId) -> bool {
        matches!(self.model.lane(worker).doing().state, State::Done | State::Crashed)
    }

    /// Whether the cores have no room left, as far as they are known.
    fn cores_are_full(&self) -> bool {
        let cores = self.model.usable_cores();
        cores > 0.0 && self.model.cores().busy(self.from, self.now).is_some_and(|busy| busy >= 0.9 * cores)
    }

    /// Whether so few events were lost that figures are right but for one part in a hundred.
    fn nearly_lossless(&self) -> bool {
        let health = self.model.health();
        health.lost.saturating_mul(100) <= health.events
    }

    fn lossless(&self) -> bool {
        self.model.health().lost == 0
    }
}

/// `0.86` as `86 %`.
fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A number of things, or of things a second: at most one digit behind the point, thousands apart.
fn number(n: f64) -> String {
    if n < 9.95 && n.fract() >= 0.05 { format!("{n:.1}") } else { thousands(n.round() as i64) }
}

/// `1 core`, `1.5 cores`.
fn cores_of(cores: f64) -> String {
    let number = number(cores);
    if number == "1" { "1 core".to_owned() } else { format!("{number} cores") }
}

/// `1234567` as `1,234,567`.
fn thousands(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::from(if n < 0 { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `3 workers`, `1 worker`.
fn count(n: u64, of: &str) -> String {
    format!("{} {of}{}", thousands(n as i64), if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1_000, -1_234_567].map(thousands), ["0", "999", "1,000", "-1,234,567"]);
        assert_eq!([0.04, 2.5, 9.96, 500.4, 12_345.6].map(number), ["0", "2.5", "10", "500", "12,346"]);
        assert_eq!(
            (percent(0.857), count(1, "worker"), count(2, "task")),
            ("86 %".into(), "1 worker".into(), "2 tasks".into())
        );
    }
}
