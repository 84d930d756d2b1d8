//! Workers that panicked or were killed.

use super::{About, Finding, Look, Severity, count, thousands};
use crate::{Ending, Lane};
use contend_trace::signal_name;
use contend_trace::{Death, State, WorkerId};

pub(super) const ID: &str = "crashed";

/// So many are told by name.
const TOLD: usize = 4;

pub(super) fn find(look: &Look<'_>) -> Option<Finding> {
    let crashed: Vec<(WorkerId, &Lane)> = look.model.lanes().filter(|(_, lane)| lane.crashes() > 0).collect();
    let (worker, newest) = crashed.iter().max_by_key(|(_, lane)| lane.last_crash().map(|(at, _)| at))?;
    let (at, how) = newest.last_crash()?;
    let crashes: u64 = crashed.iter().map(|(_, lane)| u64::from(lane.crashes())).sum();
    let how = told(how);
    let name = look.name(*worker);
    let mut sentence = match (crashed.len(), crashes) {
        (1, 1) => format!("{name} {how}."),
        (1, _) => format!("{name} crashed {}; the last time it {how}.", count(crashes, "time")),
        (workers, _) => format!("{} crashed; the last was {name}, which {how}.", count(workers as u64, "worker")),
    };
    let retried: u64 = look.pools().map(|(_, _, pool)| pool.retried()).sum();
    match retried {
        0 => {}
        1 => sentence.push_str(" A task was put back to be done again."),
        _ => sentence.extend([" ", &thousands(retried as i64), " tasks were put back to be done again."]),
    }
    let gone = crashed.iter().filter(|(_, lane)| lane.doing().state == State::Crashed).count();
    let mut names: Vec<&str> = crashed.iter().take(TOLD).map(|(w, _)| look.name(*w)).collect();
    if crashed.len() > TOLD {
        names.push("and more");
    }
    Some(Finding {
        id: ID,
        severity: Severity::Error,
        sentence,
        evidence: format!("{}: {} gone, {} started anew.", names.join(", "), gone, crashed.len() - gone),
        cure: "Look at the log for what it said last.".into(),
        about: Some(About::Worker(*worker)),
        at: Some(at),
    })
}

fn told(how: &Ending) -> String {
    match how {
        Ending::Died(Death::Signal(signal)) => format!("was killed by {}", signal_name(*signal)),
        Ending::Died(Death::Exit(code)) => format!("ended with code {code}"),
        Ending::Died(Death::CutOff) => "was cut off".into(),
        Ending::Killed => "was killed".into(),
        Ending::Panicked | Ending::Finished | Ending::Retired => "panicked".into(),
    }
}
