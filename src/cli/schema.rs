//! `contend schema`: the JSON Schemas of what the program prints as JSON.

use clap::ValueEnum;

use super::failure::{Failure, Outcome};
use super::out;

/// What a schema describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Described {
    /// `contend run --json`
    Report,
    /// `contend test --json`
    Tests,
    /// `contend tune --json`
    Tune,
    /// `contend list --json`
    List,
}

impl Described {
    const fn schema(self) -> &'static str {
        match self {
            Self::Report => include_str!("../../docs/schema/report.json"),
            Self::Tests => include_str!("../../docs/schema/tests.json"),
            Self::Tune => include_str!("../../docs/schema/tune.json"),
            Self::List => include_str!("../../docs/schema/list.json"),
        }
    }
}

pub(super) fn schema(of: Described) -> Result<Outcome, Failure> {
    out::print(of.schema())?;
    Ok(Outcome::Done)
}
