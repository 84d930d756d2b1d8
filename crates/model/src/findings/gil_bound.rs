//! `gil-bound`: threads that want to compute and wait for the lock of their interpreter, which lets one run at a time.

use std::collections::BTreeMap;

use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_percent};
use crate::StateTimes;
use contend_trace::{FindingId, State, WorkerId, WorkerKind};

pub(super) const ID: &str = FindingId::GilBound.as_str();

/// Least number of threads: a single one waits for nobody that computes.
const MIN_THREADS: usize = 2;

/// Least share of its time that a thread runs, is ready to or waits for the GIL, to count as one that computes.
const MIN_COMPUTING_SHARE: f64 = 0.5;

/// Least part of the period that a thread was alive in, to be judged.
const MIN_ALIVE_SHARE: f64 = 0.1;

/// Least share of their time that threads wait for a core, to be mentioned.
const NOTABLE_READY_SHARE: f64 = 0.1;

/// The threads of one process that compute.
#[derive(Default)]
struct Threads {
    /// Each with its time by state.
    all: Vec<(WorkerId, StateTimes)>,
    times: StateTimes,
}

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    let mut processes: BTreeMap<Option<u32>, Threads> = BTreeMap::new();
    for (worker, times) in &analysis.shares {
        let is_thread = analysis.model.registry().worker(*worker).is_some_and(|info| info.kind != WorkerKind::Async);
        if is_thread && computes(analysis, times) {
            let threads = processes.entry(analysis.model.lane(*worker).pid()).or_default();
            threads.all.push((*worker, *times));
            threads.times.add(times);
        }
    }
    processes.values().filter_map(|threads| finding(analysis, threads)).collect()
}

/// Returns how long a thread waited for the GIL, ns. Samples miss some of its waits: of the time off the cores that
/// nothing explains, as much counts as of the waits that were seen.
fn gil_ns(times: &StateTimes) -> f64 {
    let [gil, sleep, io, off_core] =
        [State::Gil, State::Sleep, State::Io, State::OffCore].map(|state| times.get(state) as f64);
    gil + if gil > 0.0 { off_core * gil / (gil + sleep + io) } else { 0.0 }
}

fn computes(analysis: &Analysis<'_>, times: &StateTimes) -> bool {
    let wants = (times.get(State::Running) + times.get(State::Ready)) as f64 + gil_ns(times);
    let wants = wants / times.alive_ns().max(1) as f64;
    wants >= MIN_COMPUTING_SHARE && times.alive_ns() as f64 >= MIN_ALIVE_SHARE * analysis.span().0 as f64
}

/// `1.0 core`, `0.4 cores`.
fn format_tenths(cores: f64) -> String {
    let text = format!("{cores:.1}");
    let noun = if text == "1.0" { "core" } else { "cores" };
    format!("{text} {noun}")
}

fn finding(analysis: &Analysis<'_>, threads: &Threads) -> Option<Finding> {
    // A full machine keeps them waiting for a core instead; without it, they would wait for the GIL more.
    let apart_from_cores = threads.times.alive_ns().saturating_sub(threads.times.get(State::Ready));
    let share = threads.all.iter().map(|(_, times)| gil_ns(times)).sum::<f64>() / apart_from_cores.max(1) as f64;
    if threads.all.len() < MIN_THREADS || share < analysis.thresholds.gil_bound {
        return None;
    }
    let together = threads.all.iter().map(|(_, times)| times.alive_ns()).max()?;
    let cores = threads.times.get(State::Running) as f64 / together.max(1) as f64;
    let (worst, most) = threads.all.iter().max_by_key(|(_, times)| times.get(State::Gil))?;
    Some(Finding {
        id: ID,
        severity: Severity::Warning,
        sentence: format!(
            "{}, {} used: {}they wait about {} of their time for the GIL, which lets one of them run at a time.",
            format_count(threads.all.len() as u64, "thread"),
            format_tenths(cores),
            if threads.times.share(State::Ready) >= NOTABLE_READY_SHARE { "apart from waits for a core, " } else { "" },
            format_percent(share),
        ),
        evidence: format!(
            "Sampled from outside in the last {}: {} ran {} and waited for the GIL {} of its time.",
            analysis.span(),
            analysis.worker_name(*worst),
            format_percent(most.share(State::Running)),
            format_percent(most.share(State::Gil)),
        ),
        fix: "Move this work to processes, such as a ProcessPoolExecutor, or use a Python without the GIL.".into(),
        subject: Some(FindingSubject::Worker(*worst)),
        at: None,
    })
}
