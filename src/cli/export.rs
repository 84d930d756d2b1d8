//! `contend export`: writes a recording in the form of another program.

use std::path::PathBuf;

use super::args::{ExportArgs, ExportTarget};
use super::exit::{CliError, ExitOutcome};
use super::output;
use super::record::open_recording;
use crate::export::{self, ExportFormat};
use crate::platform::limits::describe_io_error;
use crate::scenario::sanitize;
use crate::trace::format::{format_count, format_counted};

pub(super) fn export_recording(args: &ExportArgs) -> Result<ExitOutcome, CliError> {
    let mut recording = open_recording(&args.file)?;
    let (format, extension, reader) = match args.to {
        ExportTarget::Perfetto => (ExportFormat::Perfetto, "perfetto-trace", "open it at https://ui.perfetto.dev"),
        ExportTarget::Chrome => {
            (ExportFormat::Chrome, "json", "open it in chrome://tracing or https://ui.perfetto.dev")
        }
        ExportTarget::Csv => (ExportFormat::Csv, "csv", "a directory with one table for each kind of data"),
    };
    let path = args.output.clone().unwrap_or_else(|| args.file.with_extension(extension));
    if is_same_file(&path, &args.file) {
        return Err(CliError::Usage(
            "the export would overwrite the recording; name another file with --output".into(),
        ));
    }
    let name = sanitize(&path.display().to_string());
    let counts = export::export(&mut recording, format, &path)
        .map_err(|error| CliError::Run(format!("cannot export to {name}: {}", describe_io_error(&error))))?;
    let slices = format_count(counts.states + counts.holds + counts.tasks);
    let values = format_counted(counts.depths + counts.values + counts.loads, "value");
    output::print_stderr(&format!("{name}: {slices} spans, {values}; {reader}\n"));
    Ok(ExitOutcome::Done)
}

fn is_same_file(a: &PathBuf, b: &PathBuf) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
