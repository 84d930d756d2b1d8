//! `contend schema`: the JSON Schemas of what the program prints as JSON.

use clap::ValueEnum;

use super::exit::{CliError, ExitOutcome};
use super::output;

/// What a schema describes.
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
}

impl SchemaKind {
    const fn schema(self) -> &'static str {
        match self {
            Self::Report => include_str!("../../docs/schema/report.json"),
            Self::Tests => include_str!("../../docs/schema/tests.json"),
            Self::Tune => include_str!("../../docs/schema/tune.json"),
            Self::List => include_str!("../../docs/schema/list.json"),
        }
    }
}

pub(super) fn print_schema(of: SchemaKind) -> Result<ExitOutcome, CliError> {
    output::print_stdout(of.schema())?;
    Ok(ExitOutcome::Done)
}
