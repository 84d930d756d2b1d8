//! Exit codes of the program, and the errors that lead to them.

use std::process::ExitCode;

use super::output::OutputError;

/// The exit code of a process that a signal ended is the signal's number plus this, as in a shell.
const SIGNAL_BASE: u8 = 128;
const SIGPIPE: u8 = 13;

/// The outcome of a command that was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExitOutcome {
    Done,
    /// The run failed, or an expectation was not met.
    Failed,
    /// A scenario has mistakes, which have been printed.
    Mistakes,
    /// contend reported a finding named by `--fail-on`.
    FindingMade,
    /// The program that was run ended with this code.
    Program(u8),
    /// This signal ended the program.
    Signal(i32),
}

impl From<ExitOutcome> for ExitCode {
    fn from(outcome: ExitOutcome) -> Self {
        Self::from(match outcome {
            ExitOutcome::Done => 0,
            ExitOutcome::Failed => 1,
            ExitOutcome::Mistakes => 2,
            ExitOutcome::FindingMade => 3,
            ExitOutcome::Program(code) => code,
            ExitOutcome::Signal(number) => SIGNAL_BASE.saturating_add(u8::try_from(number).unwrap_or(0)),
        })
    }
}

/// The reason why a command could not be carried out. `main` prints it.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// A mistake in the command line or in a scenario; the text names it and the fix.
    #[error("{0}")]
    Usage(String),
    /// The system refused something, or the run failed.
    #[error("{0}")]
    Run(String),
    /// The configuration has mistakes, rendered with excerpts.
    #[error("{0}")]
    Mistakes(String),
    #[error(transparent)]
    Output(#[from] OutputError),
}

impl CliError {
    /// Returns whether the program ends without a message: the reader of its output has closed the pipe.
    pub(super) fn is_quiet(&self) -> bool {
        matches!(self, Self::Output(OutputError::Closed))
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Usage(_) | Self::Mistakes(_) => 2,
            Self::Run(_) | Self::Output(OutputError::Failed(_)) => 1,
            Self::Output(OutputError::Closed) => SIGNAL_BASE + SIGPIPE,
        })
    }
}
