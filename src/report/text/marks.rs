//! The marks in the text report.

use super::{number_table, write_section};
use crate::report::Report;
use crate::report::table::TextFormat;
use crate::trace::format::{format_count, format_stamp};

/// Most marks that are listed one by one; more are listed by their texts.
const MAX_LISTED: usize = 12;

pub(super) fn write(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let (model, registry) = (report.model, report.model.registry());
    let marks = model.named_marks();
    if marks.len() <= MAX_LISTED && model.named_mark_total() == marks.len() as u64 {
        let mut table = number_table(&["mark", "at", "by"]);
        for mark in &marks {
            let worker = mark.worker.map_or("you", |worker| registry.worker_name(worker));
            table.push_row([mark.text.clone().into_owned(), format_stamp(mark.at), worker.to_owned()].map(Into::into));
        }
        return write_section(out, text_format, "Marks", &table);
    }
    let mut table = number_table(&["mark", "times", "first at", "last at"]);
    for mark in model.mark_counts() {
        let times = format_count(mark.count);
        table
            .push_row([mark.text.to_owned(), times, format_stamp(mark.first), format_stamp(mark.last)].map(Into::into));
    }
    for mark in marks.iter().filter(|mark| mark.worker.is_none()) {
        let at = format_stamp(mark.at);
        table.push_row([mark.text.clone().into_owned(), "1".to_owned(), at.clone(), at].map(Into::into));
    }
    write_section(out, text_format, "Marks", &table);
}
