//! `contend export`: writes a recording in the form of another program.

use std::io;
use std::path::PathBuf;

use super::args::{ExportArgs, ExportTarget};
use super::exit::{CliError, ExitOutcome};
use super::output;
use super::record::open_recording;
use crate::export::{self, ExportFormat, PictureFormat, PictureOptions};
use crate::platform::limits::describe_io_error;
use crate::scenario::sanitize;
use crate::trace::format::{format_bytes, format_counted};
use crate::trace::{Span, Stamp};

pub(super) fn export_recording(args: &ExportArgs) -> Result<ExitOutcome, CliError> {
    match args.to {
        ExportTarget::Perfetto => {
            export_trace(args, ExportFormat::Perfetto, "perfetto-trace", "open it at https://ui.perfetto.dev")
        }
        ExportTarget::Chrome => {
            export_trace(args, ExportFormat::Chrome, "json", "open it in chrome://tracing or https://ui.perfetto.dev")
        }
        ExportTarget::Csv => {
            export_trace(args, ExportFormat::Csv, "csv", "a directory with one table for each kind of data")
        }
        ExportTarget::Cast => export_picture(args, PictureFormat::Cast, "cast", "play it with asciinema play"),
        ExportTarget::Svg => export_picture(args, PictureFormat::Svg, "svg", "open it in a browser"),
    }
}

fn export_trace(
    args: &ExportArgs,
    format: ExportFormat,
    extension: &str,
    reader: &str,
) -> Result<ExitOutcome, CliError> {
    let mut recording = open_recording(&args.file)?;
    let (path, name) = output_path(args, extension)?;
    let counts = export::export(&mut recording, format, &path).map_err(|error| cannot_export(&name, &error))?;
    let slices = format_counted(counts.states + counts.holds + counts.tasks, "span");
    let values = format_counted(counts.depths + counts.values + counts.loads, "value");
    output::print_stderr(&format!("{name}: {slices}, {values}; {reader}\n"));
    Ok(ExitOutcome::Done)
}

fn export_picture(
    args: &ExportArgs,
    format: PictureFormat,
    extension: &str,
    reader: &str,
) -> Result<ExitOutcome, CliError> {
    if args.at.is_some() && format == PictureFormat::Cast {
        return Err(CliError::Usage("a session has no single moment; for a picture of one: --to svg --at TIME".into()));
    }
    let mut recording = open_recording(&args.file)?;
    let (path, name) = output_path(args, extension)?;
    let at = args.at.map(|at| Stamp::default() + Span::from(at));
    let options = PictureOptions { format, size: args.size, speed: args.speed, at, max_bytes: args.max_size };
    let picture = export::export_picture(&mut recording, &options, &path)
        .map_err(|error| cannot_export(&name, &error))?
        .ok_or_else(|| CliError::Usage("it is not the recording of a scenario".to_owned()))?;
    let frames = format_counted(picture.frames as u64, "frame");
    output::print_stderr(&format!("{name}: {frames}, {}; {reader}\n", format_bytes(picture.bytes)));
    Ok(ExitOutcome::Done)
}

/// Returns the path of the export, and its name for messages.
fn output_path(args: &ExportArgs, extension: &str) -> Result<(PathBuf, String), CliError> {
    let path = args.output.clone().unwrap_or_else(|| args.file.with_extension(extension));
    if is_same_file(&path, &args.file) {
        return Err(CliError::Usage(
            "the export would overwrite the recording; name another file with --output".into(),
        ));
    }
    let name = sanitize(&path.display().to_string());
    Ok((path, name))
}

fn cannot_export(name: &str, error: &io::Error) -> CliError {
    CliError::Run(format!("cannot export to {name}: {}", describe_io_error(error)))
}

fn is_same_file(a: &PathBuf, b: &PathBuf) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
