//! `crashed`: workers that panicked, were killed or exited with an error.

use super::{Analysis, Finding, FindingSubject, Severity, format_count, format_thousands};
use crate::{Lane, LifeEnd};
use contend_trace::{DeathCause, State, WorkerId};
use contend_trace::{FindingId, signal_name};

pub(super) const ID: &str = FindingId::Crashed.as_str();

/// Most workers named in the evidence.
const MAX_NAMED: usize = 4;

pub(super) fn find(analysis: &Analysis<'_>) -> Vec<Finding> {
    find_crashes(analysis).into_iter().collect()
}

fn find_crashes(analysis: &Analysis<'_>) -> Option<Finding> {
    let crashed: Vec<(WorkerId, &Lane)> = analysis.model.lanes().filter(|(_, lane)| lane.crash_count() > 0).collect();
    let (worker, newest) = crashed.iter().max_by_key(|(_, lane)| lane.last_crash().map(|(at, _)| at))?;
    let (at, how) = newest.last_crash()?;
    let crashes: u64 = crashed.iter().map(|(_, lane)| u64::from(lane.crash_count())).sum();
    let how = describe_ending(how);
    let name = analysis.worker_name(*worker);
    let mut sentence = match (crashed.len(), crashes) {
        (1, 1) => format!("{name} {how}."),
        (1, _) => format!("{name} crashed {}; the last time it {how}.", format_count(crashes, "time")),
        (workers, _) => {
            format!("{} crashed; the last was {name}, which {how}.", format_count(workers as u64, "worker"))
        }
    };
    let retried: u64 = analysis.pools().map(|(_, _, pool)| pool.retried()).sum();
    match retried {
        0 => {}
        1 => sentence.push_str(" 1 task was requeued."),
        _ => sentence.extend([" ", &format_thousands(retried as i64), " tasks were requeued."]),
    }
    let gone = crashed.iter().filter(|(_, lane)| lane.activity().state == State::Crashed).count();
    let names: Vec<&str> = crashed.iter().take(MAX_NAMED).map(|(w, _)| analysis.worker_name(*w)).collect();
    let mut names = names.join(", ");
    if crashed.len() > MAX_NAMED {
        names = format!("{names} and {} more", crashed.len() - MAX_NAMED);
    }
    Some(Finding {
        id: ID,
        severity: Severity::Error,
        sentence,
        evidence: format!("{names}: {gone} gone, {} restarted.", crashed.len() - gone),
        fix: "Check the log for what it printed last.".into(),
        subject: Some(FindingSubject::Worker(*worker)),
        at: Some(at),
    })
}

fn describe_ending(how: &LifeEnd) -> String {
    match how {
        LifeEnd::Died(DeathCause::Signal(signal)) => format!("was killed by {}", signal_name(*signal)),
        LifeEnd::Died(DeathCause::Exit(code)) => format!("exited with code {code}"),
        LifeEnd::Died(DeathCause::CutOff) => "was cut off".into(),
        LifeEnd::FoundDead => "was killed".into(),
        LifeEnd::Panicked | LifeEnd::Finished | LifeEnd::Retired | LifeEnd::Cancelled => "panicked".into(),
    }
}
