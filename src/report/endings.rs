//! How runs and workers ended, in words.

use crate::model::LifeEnd;
use crate::trace::{DeathCause, RunEnd, signal_name};

/// Describes how a run ended, as the end of a sentence that begins with its duration.
pub(crate) fn describe_run_end(end: &RunEnd) -> String {
    match end {
        RunEnd::Completed => "all workers ended".to_owned(),
        RunEnd::Time => "time limit reached".to_owned(),
        RunEnd::Deadlock => "deadlocked".to_owned(),
        RunEnd::Stall => "stalled: the remaining workers wait forever".to_owned(),
        RunEnd::Stopped => "stopped".to_owned(),
        RunEnd::Crashed(how) => format!("the run failed: {how}"),
    }
}

/// Describes in a word or two how a worker ended.
pub(crate) fn describe_ending(ending: &LifeEnd) -> String {
    match ending {
        LifeEnd::Finished => "finished".to_owned(),
        LifeEnd::Retired => "retired".to_owned(),
        LifeEnd::Cancelled => "cancelled".to_owned(),
        LifeEnd::Panicked => "panicked".to_owned(),
        LifeEnd::FoundDead => "killed".to_owned(),
        LifeEnd::Died(DeathCause::Exit(code)) => format!("exit {code}"),
        LifeEnd::Died(DeathCause::CutOff) => "cut off".to_owned(),
        LifeEnd::Died(DeathCause::Signal(number)) => signal_name(*number),
    }
}
