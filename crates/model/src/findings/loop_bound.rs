//! `loop-bound`: more tasks that are ready to run than their event loop has threads.

use super::{Analysis, Finding, Severity, format_count, format_number, format_percent};
use contend_trace::{FindingId, State, WorkerId, WorkerKind};

pub(super) const ID: &str = FindingId::LoopBound.as_str();

/// Least share of their time that the loop's threads are busy.
const MIN_BUSY_SHARE: f64 = 0.9;

/// Least number of ready tasks per thread.
const MIN_READY_TASKS: f64 = 1.2;

/// An event loop that has too few threads.
pub(super) struct LoopOverload {
    threads: u32,
    /// Mean number of tasks that want to run at once.
    wanted: f64,
    busy_share: f64,
    waiting_share: f64,
    /// Whether a core is free for another thread.
    pub(super) has_free_core: bool,
}

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    measure(analysis, analysis.thresholds.loop_bound).map(|overload| overload.finding(analysis)).into_iter().collect()
}

/// Returns the load of the event loop, if it has too few threads: tasks wait for one at least this share of their ready
/// time.
pub(super) fn measure(analysis: &Analysis<'_>, min_waiting_share: f64) -> Option<LoopOverload> {
    let threads = analysis.model.registry().loop_threads?;
    let workers = analysis.model.registry().workers.iter().enumerate();
    let tasks = workers.filter(|(_, worker)| worker.kind == WorkerKind::Async).map(|(i, _)| WorkerId::from(i));
    let (mut on_thread, mut waits) = (0_u64, 0_u64);
    for task in tasks {
        let demand = analysis.cpu_demand(task);
        let ready = analysis.total_shares([task]).get(State::Ready);
        on_thread += demand.running + demand.queued;
        waits += ready.saturating_sub(demand.queued);
    }
    let span = analysis.span().0.max(1) as f64;
    let (busy, wanted) = (on_thread as f64 / span, (on_thread + waits) as f64 / span);
    let waiting_share = waits as f64 / (on_thread + waits).max(1) as f64;
    let room = f64::from(threads);
    if busy < MIN_BUSY_SHARE * room || wanted < MIN_READY_TASKS * room || waiting_share < min_waiting_share {
        return None;
    }
    let has_free_core = analysis.saturated_cores().is_none() && analysis.available_cores() >= room + 0.5;
    Some(LoopOverload { threads, wanted, busy_share: (busy / room).min(1.0), waiting_share, has_free_core })
}

impl LoopOverload {
    fn finding(&self, analysis: &Analysis<'_>) -> Finding {
        Finding {
            id: ID,
            severity: Severity::Warning,
            sentence: format!(
                "{} tasks want to run at once on {}: they wait for it {} of that time.",
                format_number(self.wanted),
                format_count(u64::from(self.threads), "event-loop thread"),
                format_percent(self.waiting_share),
            ),
            evidence: format!(
                "The loop was busy {} of the last {}; {}.",
                format_percent(self.busy_share),
                analysis.span(),
                if self.has_free_core {
                    "the cores have room for more threads"
                } else {
                    "no core is free for another thread"
                },
            ),
            fix: if self.has_free_core {
                "Give the loop more threads, or move CPU-heavy work to a pool.".into()
            } else {
                "Make the tasks cheaper, or run fewer of them at once.".into()
            },
            subject: None,
            at: None,
        }
    }
}
