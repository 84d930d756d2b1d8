//! More tasks that could go on than their event loop has threads.

use super::{Finding, Look, Severity, count, number, percent};
use contend_trace::{State, WorkerId, WorkerKind};

pub(super) const ID: &str = "loop-bound";

/// Part of their time that the loop's threads must be taken.
const BUSY: f64 = 0.9;

/// Part of the time in which tasks could go on that they wait for a thread of the loop.
const WAITS: f64 = 0.30;

/// How many tasks could go on, for each thread.
const CROWD: f64 = 1.2;

pub(super) fn find(look: &Look<'_>) -> Option<Finding> {
    let threads = look.model.cast().loop_threads?;
    let workers = look.model.cast().workers.iter().enumerate();
    let tasks = workers.filter(|(_, worker)| worker.kind == WorkerKind::Async).map(|(i, _)| WorkerId::from(i));
    let (mut on_thread, mut waits) = (0_u64, 0_u64);
    for task in tasks {
        let demand = look.demand(task);
        let ready = look.sum([task]).get(State::Ready);
        on_thread += demand.running + demand.queued;
        waits += ready.saturating_sub(demand.queued);
    }
    let span = look.span().0.max(1) as f64;
    let (busy, wanted) = (on_thread as f64 / span, (on_thread + waits) as f64 / span);
    let share = waits as f64 / (on_thread + waits).max(1) as f64;
    let room = f64::from(threads);
    if busy < BUSY * room || wanted < CROWD * room || share < WAITS {
        return None;
    }
    let free = look.full().is_none() && look.available() >= room + 0.5;
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{} tasks could go on at once on {} of the event loop: {} of that time they wait for it.",
            number(wanted),
            count(u64::from(threads), "thread"),
            percent(share),
        ),
        evidence: format!(
            "The loop is taken {} of the newest {}; {}.",
            percent((busy / room).min(1.0)),
            look.span(),
            if free { "the cores have room for more threads" } else { "there is no core free for another thread" },
        ),
        cure: if free {
            "Give the loop more threads, or move what computes to a pool.".into()
        } else {
            "Make the tasks cheaper, or run fewer of them at once.".into()
        },
        about: None,
        at: None,
    })
}
