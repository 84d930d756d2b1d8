//! What is wrong, in words.
//!
//! Each detector looks at what was recorded of the newest seconds and says nothing when that is too little, or when lost
//! events could make it say something false.

mod busy_wait;
mod convoy;
mod crashed;
mod deadlocked;
mod demand;
mod handover_bound;
mod head_of_line;
mod herd;
mod livelock;
mod lock_bound;
mod loop_blocked;
mod loop_bound;
mod lost_update;
mod merge_similar;
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
mod unread_failures;

use std::collections::BTreeSet;

use super::{Lock, Model, StateTimes};
use contend_trace::{PoolId, PoolInfo, ResourceId, Span, Stamp, State, WorkerId, plural};

/// How far back detectors look.
const DETECTION_WINDOW: Span = Span::from_millis(4_000);

/// Less than this is not enough to judge by.
const MIN_OBSERVATION: Span = Span::from_millis(500);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    /// The word used in reports and in JSON.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// What a finding speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingSubject {
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
    pub fix: String,
    pub subject: Option<FindingSubject>,
    /// Where to look on the time axis.
    pub at: Option<Stamp>,
}

impl Finding {
    /// Ids of all there are, in the order in which equally severe ones are told.
    pub const IDS: [&'static str; 25] = [
        deadlocked::ID,
        livelock::ID,
        stalled::ID,
        stalled::LOST_WAKEUP_ID,
        lost_update::ID,
        crashed::ID,
        unread_failures::ID,
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
pub(super) fn detect_all(model: &Model, now: Stamp) -> Vec<Finding> {
    let analysis = Analysis::new(model, now);
    let mut found = Vec::new();
    found.extend(deadlocked::find(&analysis));
    found.extend(livelock::find(&analysis));
    found.extend(stalled::find(&analysis));
    found.extend(lost_update::find(&analysis));
    found.extend(crashed::find(&analysis));
    found.extend(unread_failures::find(&analysis));
    found.extend(orphaned_lock::find(&analysis));
    found.extend(order_hazard::find(&analysis));
    if analysis.span() >= MIN_OBSERVATION {
        found.extend(lock_bound::find(&analysis));
        found.extend(convoy::find(&analysis));
        found.extend(loop_blocked::find(&analysis));
        found.extend(loop_bound::find(&analysis));
        found.extend(busy_wait::find(&analysis));
        found.extend(pool_too_small::find(&analysis));
        found.extend(queue_bound::find(&analysis));
        found.extend(queue_overflow::find(&analysis));
        found.extend(head_of_line::find(&analysis));
        found.extend(handover_bound::find(&analysis));
        found.extend(straggler::find(&analysis));
        found.extend(herd::find(&analysis));
        found.extend(oversubscribed::find(&analysis));
        found.extend(starved::find(&analysis));
        found.extend(unfair::find(&analysis));
        found.extend(pool_too_large::find(&analysis));
    }
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    analysis.merge_findings(found)
}

impl Model {
    /// Whether a finding is a fact of settings that are no longer in force at `now` and says nothing about the present
    /// ones.
    pub fn is_outdated(&self, finding: &Finding, now: Stamp) -> bool {
        let Some(change) = self.settings_change(now) else { return false };
        match (finding.id, finding.subject) {
            (lost_update::ID, Some(FindingSubject::Resource(id))) => {
                self.counter(id).is_some_and(|c| c.recent_lost_updates() == 0)
            }
            (unread_failures::ID, Some(FindingSubject::Pool(id))) => {
                self.pool(id).is_some_and(|p| p.recent_tasks().counts.unread_failures == 0)
            }
            (deadlocked::ID | stalled::ID | stalled::LOST_WAKEUP_ID | crashed::ID | orphaned_lock::ID, _) => {
                finding.at.is_some_and(|at| at < change.at)
            }
            _ => false,
        }
    }
}

/// A model and the stretch of time that is judged.
struct Analysis<'a> {
    model: &'a Model,
    from: Stamp,
    now: Stamp,
    /// Time by state of every worker in that stretch.
    shares: Vec<StateTimes>,
    all_shares: StateTimes,
    /// Workers in a deadlock or a stall.
    stuck_workers: BTreeSet<WorkerId>,
}

impl<'a> Analysis<'a> {
    fn new(model: &'a Model, now: Stamp) -> Self {
        let now = model.run_end().map_or(now, |(end, _)| now.min(end));
        let first = model.lanes().filter_map(|(_, lane)| lane.began()).min().unwrap_or(now);
        let from = now.earlier_by(DETECTION_WINDOW).max(first).max(model.settings_start(now));
        let shares: Vec<StateTimes> = model.lanes.iter().map(|lane| lane.state_times(from, now, now)).collect();
        let mut everyone = StateTimes::default();
        for one in &shares {
            everyone.add(one);
        }
        let stall = model.stall().map_or_else(Vec::new, |stall| stall.workers);
        let stuck = model.deadlocked_workers().iter().copied().chain(stall).collect();
        Self { model, from, now, shares, all_shares: everyone, stuck_workers: stuck }
    }

    fn span(&self) -> Span {
        self.now.span_since(self.from)
    }

    /// Time by state of some workers together.
    fn total_shares(&self, workers: impl IntoIterator<Item = WorkerId>) -> StateTimes {
        let mut sum = StateTimes::default();
        for one in workers.into_iter().filter_map(|w| self.shares.get(w.index())) {
            sum.add(one);
        }
        sum
    }

    fn worker_name(&self, worker: WorkerId) -> &'a str {
        self.model.registry().worker_name(worker)
    }

    fn resource_name(&self, resource: ResourceId) -> &'a str {
        self.model.registry().resource_name(resource)
    }

    /// Every pool with its description.
    fn pools(&self) -> impl Iterator<Item = (PoolId, &'a PoolInfo, &'a super::Pool)> {
        let model = self.model;
        let pools = model.registry().pools.iter().enumerate();
        pools.filter_map(move |(i, info)| Some((PoolId::from(i), info, model.pool(PoolId::from(i))?)))
    }

    /// A sentence saying that a fact of the whole run is one of former settings alone; empty if it goes on, or while
    /// too little is known of the present ones.
    fn former_settings_note(&self, goes_on: bool) -> String {
        match self.model.settings_change(self.now) {
            Some(change) if !goes_on && self.now.span_since(change.figures_from) >= MIN_OBSERVATION => {
                format!(" None since the settings were changed at {}.", Span(change.at.0))
            }
            _ => String::new(),
        }
    }

    /// Whether a worker can never go on.
    fn is_stuck(&self, worker: WorkerId) -> bool {
        self.stuck_workers.contains(&worker)
    }

    /// Whether a lock has a holder or a waiter that can never go on: what is slow about it is not its use.
    fn is_stuck_at(&self, lock: &Lock) -> bool {
        let waiters = lock.waiters().into_iter();
        waiters.chain(lock.holders()).any(|(worker, _)| self.is_stuck(worker))
    }

    /// Whether a worker has ended or died.
    fn is_gone(&self, worker: WorkerId) -> bool {
        matches!(self.model.lane(worker).activity().state, State::Done | State::Crashed)
    }

    /// Whether so few events were lost that figures are right but for one part in a hundred.
    fn is_nearly_lossless(&self) -> bool {
        let health = self.model.health();
        health.lost.saturating_mul(100) <= health.events
    }

    fn is_lossless(&self) -> bool {
        self.model.health().lost == 0
    }
}

/// `0.86` as `86 %`.
fn format_percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// A number of things, or of things a second: at most one digit behind the point, thousands apart.
fn format_number(n: f64) -> String {
    let tenths = (n * 10.0).round() / 10.0;
    if tenths < 10.0 && tenths.fract() > 0.0 { format!("{tenths:.1}") } else { format_thousands(n.round() as i64) }
}

/// `1 core`, `1.5 cores`.
fn format_cores(cores: f64) -> String {
    format_amount(cores, "core")
}

/// `1 task`, `1.5 tasks`: as many as [`format_number`] writes.
fn format_amount(n: f64, of: &str) -> String {
    let number = format_number(n);
    let of = plural(if number == "1" { 1 } else { 2 }, of);
    format!("{number} {of}")
}

/// `1234567` as `1,234,567`.
fn format_thousands(n: i64) -> String {
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
fn format_count(n: u64, of: &str) -> String {
    format!("{} {}", format_thousands(n as i64), plural(n, of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1_000, -1_234_567].map(format_thousands), ["0", "999", "1,000", "-1,234,567"]);
        assert_eq!(
            [0.04, 2.5, 3.98, 9.96, 500.4, 12_345.6].map(format_number),
            ["0", "2.5", "4", "10", "500", "12,346"]
        );
        assert_eq!(
            (format_percent(0.857), format_count(1, "worker"), format_count(2, "task")),
            ("86 %".into(), "1 worker".into(), "2 tasks".into())
        );
        assert_eq!([0.96, 1.0, 1.04].map(|n| format_amount(n, "task")), ["1 task", "1 task", "1 task"]);
        assert_eq!(
            [0.0, 0.5, 1.06, 2.0].map(|n| format_amount(n, "task")),
            ["0 tasks", "0.5 tasks", "1.1 tasks", "2 tasks"]
        );
    }
}
