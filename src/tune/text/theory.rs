//! The table that compares the levels with queueing theory.

use crate::report::TextFormat;
use crate::report::table::{Align, TextCell, TextTable};
use crate::trace::Span;
use crate::trace::format::{format_percent, format_rate};
use crate::tune::queueing_theory::QueueForecast;
use crate::tune::summary::TuningSubject;
use crate::tune::tuning::Tuning;

pub(super) fn write_theory_table(
    tuning: &Tuning,
    subject: &TuningSubject<'_>,
    text_format: TextFormat,
    out: &mut String,
) {
    let Some(replay) = &subject.replay else { return };
    let columns = [
        (subject.knob.name.as_str(), Align::Right),
        ("busy", Align::Right),
        ("M/M/c wait", Align::Right),
        ("p99", Align::Right),
        ("M/D/c wait", Align::Right),
        ("p99", Align::Right),
        ("measured p99", Align::Right),
    ];
    let mut table = TextTable::new(&columns);
    for level in tuning.curve.working_levels() {
        let servers = level.value as u32;
        let time = |queue: Option<QueueForecast>, of: fn(&QueueForecast) -> f64| {
            let text = queue.as_ref().map(|queue| Span((of(queue) * 1e9) as u64).to_string());
            TextCell::from(text.unwrap_or_else(|| "grows".to_owned()))
        };
        let (exponential, constant) = (replay.load.exponential_service(servers), replay.load.constant_service(servers));
        let measured = level.arrival_response().map(|times| Span(times.p99 as u64).to_string());
        table.push_row(vec![
            TextCell::from(subject.knob.format_value(level.value)),
            TextCell::from(format_percent(replay.load.utilization(servers))),
            time(exponential, |queue| queue.mean_wait),
            time(exponential, |queue| queue.p99_response),
            time(constant, |queue| queue.mean_wait),
            time(constant, |queue| queue.p99_response),
            TextCell::from(measured.unwrap_or_else(|| "-".to_owned())),
        ]);
    }
    if !table.is_empty() {
        let heading = format!(
            "Queueing theory: {} at random times, {} each",
            format_rate(replay.load.arrival_rate),
            Span((replay.load.service_secs * 1e9) as u64)
        );
        text_format.write_heading(out, &heading);
        table.render(text_format, out);
    }
}
