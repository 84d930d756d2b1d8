//! How a run or a worker ended, in words.

use crate::model::LifeEnd;
use crate::trace::{DeathCause, RunEnd, signal_name};

/// Says how a run ended, as the end of a sentence that begins with its duration.
pub(crate) fn describe_run_end(end: &RunEnd) -> String {
    match end {
        RunEnd::Completed => "every worker came to the end of its steps".to_owned(),
        RunEnd::Time => "the time was over".to_owned(),
        RunEnd::Deadlock => "deadlocked".to_owned(),
        RunEnd::Stall => "stalled: the remaining workers wait forever".to_owned(),
        RunEnd::Stopped => "it was stopped".to_owned(),
        RunEnd::Crashed(how) => format!("the run failed: {how}"),
    }
}

/// Says in a word or two how a worker ended.
pub(crate) fn describe_ending(ending: &LifeEnd) -> String {
    match ending {
        LifeEnd::Finished => "finished".to_owned(),
        LifeEnd::Retired => "retired".to_owned(),
        LifeEnd::Panicked => "panicked".to_owned(),
        LifeEnd::FoundDead => "killed".to_owned(),
        LifeEnd::Died(DeathCause::Exit(code)) => format!("exit {code}"),
        LifeEnd::Died(DeathCause::CutOff) => "cut off".to_owned(),
        LifeEnd::Died(DeathCause::Signal(number)) => signal_name(*number),
    }
}
