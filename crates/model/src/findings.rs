//! What is wrong, in words.
//!
//! Each detector looks at what was recorded of the newest seconds and says nothing when that is too little, or when lost
//! events could make it say something false.

mod busy_wait;
mod convoy;
mod crashed;
mod deadlocked;
mod demand;
mod families;
mod handover_bound;
mod head_of_line;
mod herd;
mod livelock;
mod lock_bound;
mod loop_blocked;
mod loop_bound;
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
use contend_trace::{PoolId, PoolInfo, ResourceId, Span, Stamp, State, WorkerId, plural};

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
    pub const IDS: [&'static str; 25] = [
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
        loop_bound::ID,
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
        found.extend(loop_bound::find(&look));
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

impl Model {
    /// Whether a finding is a fact of settings that are no longer in force at `now` and says nothing about the present
    /// ones.
    pub fn is_of_former_settings(&self, finding: &Finding, now: Stamp) -> bool {
        let Some(change) = self.change(now) else { return false };
        match (finding.id, finding.about) {
            (lost_update::ID, Some(About::Resource(id))) => self.counter(id).is_some_and(|c| c.recent_lost() == 0),
            (unseen::ID, Some(About::Pool(id))) => self.pool(id).is_some_and(|p| p.recent().counts.unseen == 0),
            (deadlocked::ID | stalled::ID | stalled::LOST | crashed::ID | orphaned_lock::ID, _) => {
                finding.at.is_some_and(|at| at < change.at)
            }
            _ => false,
        }
    }
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
        let from = now.back(WINDOW).max(first).max(model.settings_from(now));
        let shares: Vec<Shares> = model.lanes.iter().map(|lane| lane.shares(from, now, now)).collect();
        let mut everyone = Shares::default();
        for one in &shares {
            everyone.add(one);
        }
        let stall = model.stall().map_or_else(Vec::new, |stall| stall.set);
        let stuck = model.deadlocked().iter().copied().chain(stall).collect();
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

    /// A sentence saying that a fact of the whole run is one of former settings alone; empty if it goes on, or while
    /// too little is known of the present ones.
    fn only_before(&self, goes_on: bool) -> String {
        match self.model.change(self.now) {
            Some(change) if !goes_on && self.now.since(change.from) >= LEAST => {
                format!(" None since the settings were changed at {}.", Span(change.at.0))
            }
            _ => String::new(),
        }
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
    let tenths = (n * 10.0).round() / 10.0;
    if tenths < 10.0 && tenths.fract() > 0.0 { format!("{tenths:.1}") } else { thousands(n.round() as i64) }
}

/// `1 core`, `1.5 cores`.
fn cores_of(cores: f64) -> String {
    some(cores, "core")
}

/// `1 task`, `1.5 tasks`: as many as [`number`] writes.
fn some(n: f64, of: &str) -> String {
    let number = number(n);
    let of = plural(if number == "1" { 1 } else { 2 }, of);
    format!("{number} {of}")
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
    format!("{} {}", thousands(n as i64), plural(n, of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1_000, -1_234_567].map(thousands), ["0", "999", "1,000", "-1,234,567"]);
        assert_eq!([0.04, 2.5, 3.98, 9.96, 500.4, 12_345.6].map(number), ["0", "2.5", "4", "10", "500", "12,346"]);
        assert_eq!(
            (percent(0.857), count(1, "worker"), count(2, "task")),
            ("86 %".into(), "1 worker".into(), "2 tasks".into())
        );
        assert_eq!([0.96, 1.0, 1.04].map(|n| some(n, "task")), ["1 task", "1 task", "1 task"]);
        assert_eq!([0.0, 0.5, 1.06, 2.0].map(|n| some(n, "task")), ["0 tasks", "0.5 tasks", "1.1 tasks", "2 tasks"]);
    }
}
