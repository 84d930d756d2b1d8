//! The time of day, which only names files: it can be set, so that no other time comes from it.

use std::time::SystemTime;

/// Returns the present UTC time for the name of a file: `20261231-235959Z`.
pub(super) fn utc_for_file_name() -> String {
    let time = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    time.chars().filter(|c| !matches!(c, '-' | ':')).map(|c| if c == 'T' { '-' } else { c }).collect()
}
