//! Exports of recordings for other programs: Perfetto, the Chrome trace viewer, tables; and pictures of the dashboard.

mod cast;
mod chrome;
mod csv;
mod frame;
mod item;
mod lock_slots;
mod perfetto;
mod screen;
mod svg;
mod timeline;

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek};
use std::path::Path;

use crate::recording::Recording;

pub use frame::WrittenPicture;
pub use item::{ExportCounts, Handover, Item};
pub use screen::{PictureFormat, PictureOptions, export_picture};
pub use timeline::{Timeline, for_each_item};

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A protobuf trace for `ui.perfetto.dev`.
    Perfetto,
    /// Trace events in JSON for `chrome://tracing`, Speedscope and others.
    Chrome,
    /// A directory with a table of comma-separated values for each kind of data.
    Csv,
}

/// Writes a recording to `path` in another form. Returns the kind of export.
///
/// # Errors
/// If the recording cannot be read, or the export not written.
pub fn export<R: Read + Seek>(
    recording: &mut Recording<R>,
    format: ExportFormat,
    path: &Path,
) -> io::Result<ExportCounts> {
    let file = || File::create(path).map(BufWriter::new);
    match format {
        ExportFormat::Perfetto => perfetto::write(recording, file()?),
        ExportFormat::Chrome => chrome::write(recording, file()?),
        ExportFormat::Csv => csv::write(recording, path),
    }
}
