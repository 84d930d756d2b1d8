//! `contend diff`: compares runs with runs.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::args::DiffArgs;
use super::exit::{CliError, ExitOutcome};
use super::output::{self, Colours};
use super::record::describe_open_error;
use super::report_output::text_format;
use crate::diff::{self, RunReport, Side};
use crate::model::FindingOptions;
use crate::platform::limits::describe_io_error;
use crate::recording::{FILE_MAGIC, OpenError, Recording};
use crate::report::{self, RecordedRun};
use crate::scenario::{sanitize, special_file_kind};

/// Largest JSON report that is read: that of some hundred thousand workers.
const MAX_REPORT_BYTES: u64 = 1 << 30;

pub(super) fn compare_runs(args: &DiffArgs, colours: Colours) -> Result<ExitOutcome, CliError> {
    let (a, b) = sides(args)?;
    let comparison = diff::compare(read_side("A", a)?, read_side("B", b)?);
    let limit = args.fail_if_worse.map(|percent| percent / 100.0);
    let worse = limit.map(|limit| diff::find_worsenings(&comparison, limit));
    let text = if args.json {
        diff::comparison_json(&comparison, limit, worse.as_deref().unwrap_or_default())
            .map_err(|error| CliError::Run(format!("cannot write the comparison: {error}")))?
    } else {
        diff::comparison_text(&comparison, worse.as_deref(), text_format(colours))
    };
    output::print_stdout(&text)?;
    Ok(if worse.is_some_and(|worse| !worse.is_empty()) { ExitOutcome::Failed } else { ExitOutcome::Done })
}

/// Returns the files of both sides.
fn sides(args: &DiffArgs) -> Result<(&[PathBuf], &[PathBuf]), CliError> {
    match (&args.files[..], &args.with[..]) {
        ([a, b], []) => Ok((std::slice::from_ref(a), std::slice::from_ref(b))),
        (a, b) if !b.is_empty() => Ok((a, b)),
        ([_], []) => Err(CliError::Usage("name what to compare it with: contend diff A B".to_owned())),
        _ => Err(CliError::Usage(
            "which of these are runs B? Put --with before them: contend diff A1 A2 --with B1 B2".to_owned(),
        )),
    }
}

fn read_side(label: &str, paths: &[PathBuf]) -> Result<Side, CliError> {
    let mut runs = Vec::new();
    for path in paths {
        for file in files_in(path)? {
            runs.push((sanitize(&file.display().to_string()), read_run(&file)?));
        }
    }
    Side::new(runs).map_err(|error| CliError::Usage(format!("runs {label}: {error}")))
}

/// Returns the recordings and reports in a directory in the order of their names, or the file itself.
fn files_in(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error: std::io::Error| unreadable(path, &describe_io_error(&error));
    let mut files = Vec::new();
    for entry in path.read_dir().map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|extension| extension == "contend" || extension == "json") {
            refuse_special_file(&file)?;
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(self::unreadable(path, "the directory has neither recordings (.contend) nor reports (.json)"));
    }
    Ok(files)
}

/// Refuses a file in a directory that is not a regular file: reading it could wait forever.
fn refuse_special_file(file: &Path) -> Result<(), CliError> {
    let data = std::fs::metadata(file).map_err(|error| unreadable(file, &describe_io_error(&error)))?;
    match special_file_kind(data.mode()) {
        Some(kind) => Err(unreadable(file, &format!("it is {kind}; a directory is compared by its regular files"))),
        None => Ok(()),
    }
}

/// Reads a recording or a report.
fn read_run(path: &Path) -> Result<RunReport, CliError> {
    let json = match Recording::open(path) {
        Ok(mut recording) => {
            let replayed = RecordedRun::replay(&mut recording, FindingOptions::default())
                .map_err(|error| unreadable(path, &describe_io_error(&error)))?
                .ok_or_else(|| unreadable(path, "it is not the recording of a scenario"))?;
            if replayed.begins_at.is_some() {
                return Err(unreadable(path, "the beginning of its run is missing, so its figures are too low"));
            }
            if recording.damage().is_some() {
                let until = replayed.run.ended_at.as_secs_f64();
                let name = sanitize(&path.display().to_string());
                output::print_stderr(&format!("{name} is damaged; its run is compared up to {until:.3} s\n"));
            }
            let json = replayed.with_report(report::report_json);
            json.map_err(|error| CliError::Run(format!("cannot write the report: {error}")))?
        }
        Err(OpenError::NotARecording | OpenError::SpecialFile(_)) => read_text(path)?,
        Err(error) => return Err(unreadable(path, &describe_open_error(&error))),
    };
    RunReport::from_json(&json).map_err(|error| unreadable(path, &error.to_string()))
}

/// Reads a report, also from a pipe. Of anything else, no more than its first bytes, if they show it.
fn read_text(path: &Path) -> Result<String, CliError> {
    let no_report = || unreadable(path, "it is neither a recording nor a report");
    let failed = |error: std::io::Error| unreadable(path, &describe_io_error(&error));
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let start = file.fill_buf().map_err(failed)?;
    if start.starts_with(&FILE_MAGIC) {
        return Err(unreadable(path, "a recording cannot be read from a pipe; save it as a file first"));
    }
    if start.contains(&0) {
        return Err(no_report());
    }
    let mut bytes = Vec::new();
    file.take(MAX_REPORT_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_REPORT_BYTES {
        return Err(no_report());
    }
    String::from_utf8(bytes).map_err(|_| no_report())
}

fn unreadable(path: &Path, why: &str) -> CliError {
    CliError::Usage(format!("{} cannot be compared: {why}", sanitize(&path.display().to_string())))
}
