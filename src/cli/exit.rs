//! How the program ends: exit codes, and the errors that lead to them.

use std::process::ExitCode;

use super::output::OutputError;

/// What a process that a signal ends is said to have returned, plus this.
const SIGNAL_BASE: u8 = 128;
const SIGPIPE: u8 = 13;

/// How the program ended when nothing failed on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExitOutcome {
    Done,
    /// The run failed, or an expectation was not seen.
    Failed,
    /// A scenario has mistakes, which have been shown.
    Mistakes,
    /// A finding named by `--fail-on` was made.
    FindingMade,
    /// Ended by this signal.
    Signal(i32),
}

impl From<ExitOutcome> for ExitCode {
    fn from(outcome: ExitOutcome) -> Self {
        Self::from(match outcome {
            ExitOutcome::Done => 0,
            ExitOutcome::Failed => 1,
            ExitOutcome::Mistakes => 2,
            ExitOutcome::FindingMade => 3,
            ExitOutcome::Signal(number) => SIGNAL_BASE.saturating_add(u8::try_from(number).unwrap_or(0)),
        })
    }
}

/// Why a command could not be carried out. Shown once, by `main`.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// The command line or a scenario is wrong; says what and how to put it right.
    #[error("{0}")]
    Usage(String),
    /// The system or the run did not do its part.
    #[error("{0}")]
    Run(String),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl CliError {
    /// Whether there is anything to tell: a reader that has gone away wants to hear nothing.
    pub(super) fn is_quiet(&self) -> bool {
        matches!(self, Self::Output(OutputError::Closed))
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) => 2,
            Self::Run(_) | Self::Output(OutputError::Failed(_)) => 1,
            Self::Output(OutputError::Closed) => SIGNAL_BASE + SIGPIPE,
        })
    }
}
