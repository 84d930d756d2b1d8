//! `contend schema`: prints the JSON Schemas of the program's JSON output.

use clap::ValueEnum;

use super::exit::{CliError, ExitOutcome};
use super::output::print_stdout;

/// A JSON output that has a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaKind {
    /// `contend run --json`
    Report,
    /// `contend test --json`
    Tests,
    /// `contend tune --json`
    Tune,
    /// `contend list --json`
    List,
    /// `contend check --json`
    Check,
    /// `contend diff --json`
    Diff,
    /// `contend doctor --json`
    Doctor,
}

impl SchemaKind {
    const fn schema(self) -> &'static str {
        match self {
            Self::Report => include_str!("../../docs/schema/report.json"),
            Self::Tests => include_str!("../../docs/schema/tests.json"),
            Self::Tune => include_str!("../../docs/schema/tune.json"),
            Self::List => include_str!("../../docs/schema/list.json"),
            Self::Check => include_str!("../../docs/schema/check.json"),
            Self::Diff => include_str!("../../docs/schema/diff.json"),
            Self::Doctor => include_str!("../../docs/schema/doctor.json"),
        }
    }
}

pub(super) fn print_schema(output: SchemaKind) -> Result<ExitOutcome, CliError> {
    print_stdout(output.schema())?;
    Ok(ExitOutcome::Done)
}
