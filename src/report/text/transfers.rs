//! Data that workers fetched from each other, in the text report.

use super::{number_table, write_section};
use crate::report::Report;
use crate::report::table::TextFormat;
use crate::trace::format::{format_bytes, format_count};

/// Most pairs of workers that are listed. The others are summed.
const MAX_LISTED: usize = 20;

pub(super) fn write(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let (transfers, registry) = (report.model.transfers(), report.model.registry());
    let pairs = transfers.pairs();
    let mut table = number_table(&["from", "to", "transfers", "data"]);
    let (mut count, mut bytes) = (transfers.total().count, transfers.total().bytes);
    for (from, to, moved) in pairs.iter().take(MAX_LISTED) {
        count -= moved.count;
        bytes = bytes.saturating_sub(moved.bytes);
        table.push_row([
            registry.worker_name(*from).into(),
            registry.worker_name(*to).into(),
            format_count(moved.count).into(),
            format_bytes(moved.bytes).into(),
        ]);
    }
    if count > 0 {
        table.push_row(["others".into(), "".into(), format_count(count).into(), format_bytes(bytes).into()]);
    }
    write_section(out, text_format, "Data moved", &table);
}
