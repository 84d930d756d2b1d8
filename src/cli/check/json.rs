//! `contend check --json`: the mistakes of files with their places, for editors.

use std::ffi::OsString;

use serde::Serialize;

use super::super::exit::{CliError, ExitOutcome};
use super::super::{output, scenario};
use super::check_any;
use crate::scenario::{ListedMistake, ListedPosition, Mistakes, PlacedText, sanitize};

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct CheckJson {
    schema: u32,
    files: Vec<FileJson>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct FileJson {
    file: String,
    ok: bool,
    unreadable: Option<String>,
    mistakes: Vec<MistakeJson>,
    omitted: usize,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct MistakeJson {
    #[cfg_attr(test, schemars(extend("enum" = ["error", "warning"])))]
    severity: &'static str,
    message: String,
    label: Option<String>,
    fix: Option<String>,
    start: PositionJson,
    end: PositionJson,
    related: Vec<RelatedJson>,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RelatedJson {
    label: String,
    start: PositionJson,
    end: PositionJson,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct PositionJson {
    line: usize,
    column: usize,
    utf16: usize,
    byte: usize,
}

/// Checks all files and prints one JSON object.
pub(in crate::cli) fn print_json(files: &[OsString]) -> Result<ExitOutcome, CliError> {
    let files: Vec<FileJson> = files.iter().map(check_file).collect();
    let outcome = if files.iter().all(|file| file.ok) { ExitOutcome::Done } else { ExitOutcome::Mistakes };
    let text = serde_json::to_string_pretty(&CheckJson { schema: 1, files });
    output::print_stdout(&(text.map_err(|error| CliError::Run(error.to_string()))? + "\n"))?;
    Ok(outcome)
}

fn check_file(spec: &OsString) -> FileJson {
    let file = sanitize(&spec.to_string_lossy());
    let source = match scenario::load_scenario(spec) {
        Ok(source) => source,
        Err(failure) => {
            let unreadable = Some(sanitize(&failure.to_string()));
            return FileJson { file, ok: false, unreadable, mistakes: Vec::new(), omitted: 0 };
        }
    };
    let (ok, mistakes): (bool, Option<Mistakes>) = match check_any(&source) {
        Ok(warnings) => (true, warnings),
        Err(mistakes) => (false, Some(mistakes)),
    };
    let listed: Vec<MistakeJson> = mistakes.iter().flat_map(|list| list.list().map(MistakeJson::from)).collect();
    let omitted = mistakes.as_ref().map_or(0, Mistakes::len) - listed.len();
    FileJson { file, ok, unreadable: None, omitted, mistakes: listed }
}

impl From<ListedMistake> for MistakeJson {
    fn from(mistake: ListedMistake) -> Self {
        let PlacedText { start, end, text } = mistake.place;
        Self {
            severity: if mistake.is_error { "error" } else { "warning" },
            message: mistake.message,
            label: (!text.is_empty()).then_some(text),
            fix: mistake.fix,
            start: start.into(),
            end: end.into(),
            related: mistake.related.into_iter().map(RelatedJson::from).collect(),
        }
    }
}

impl From<PlacedText> for RelatedJson {
    fn from(place: PlacedText) -> Self {
        Self { label: place.text, start: place.start.into(), end: place.end.into() }
    }
}

impl From<ListedPosition> for PositionJson {
    fn from(position: ListedPosition) -> Self {
        let ListedPosition { byte, line, column, utf16_column } = position;
        Self { line, column, utf16: utf16_column, byte }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::schema::{SchemaSource, assert_schema_is_current};

    #[test]
    fn check_schema_matches_the_types_and_the_document() {
        assert_schema_is_current::<CheckJson>(&SchemaSource {
            name: "check",
            title: "The mistakes of scenario files",
            document: include_str!("../../../docs/check.md"),
            path_of_row: |path| match path.split_once("end.").or_else(|| path.split_once("related[].start.")) {
                Some((_, member)) => format!("files[].mistakes[].start.{member}"),
                None => path.to_owned(),
            },
        });
    }
}
