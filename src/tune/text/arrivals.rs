//! The table of levels for tasks that arrive at a rate: capacity, spare capacity, backlog and response times.

use anstyle::{AnsiColor, Style};

use super::status_style;
use crate::report::TextFormat;
use crate::report::table::{Align, TextCell, TextTable};
use crate::trace::Span;
use crate::trace::format::{format_percent, format_rate};
use crate::tune::answer::LevelStatus;
use crate::tune::arrivals::{backlog_growth, headroom};
use crate::tune::curve::Level;
use crate::tune::decide::level_status;
use crate::tune::stats::{mean, relative_uncertainty};
use crate::tune::summary::TuningSubject;
use crate::tune::tuning::Tuning;

pub(super) fn write_arrivals_table(
    tuning: &Tuning,
    subject: &TuningSubject<'_>,
    due: f64,
    text_format: TextFormat,
    out: &mut String,
) {
    let columns = [
        (subject.knob.name.as_str(), Align::Right),
        ("can do", Align::Right),
        ("±", Align::Right),
        ("to spare", Align::Right),
        ("backlog", Align::Right),
        ("p50", Align::Right),
        ("p99", Align::Right),
        ("", Align::Left),
        ("runs", Align::Right),
    ];
    let mut table = TextTable::new(&columns);
    for level in tuning.curve.levels() {
        table.push_row(arrivals_row(tuning, level, subject, due));
    }
    if !table.is_empty() {
        text_format.write_heading(
            out,
            &format!(
                "{}s a second, and response times with {} arriving",
                super::capitalize(subject.work.word()),
                format_rate(due)
            ),
        );
        table.render(text_format, out);
    }
}

fn arrivals_row(tuning: &Tuning, level: &Level, subject: &TuningSubject<'_>, due: f64) -> Vec<TextCell> {
    let name = TextCell::from(subject.knob.format_value(level.value));
    if !level.is_working() {
        let why = level.failures.first().map_or("disturbed every time", String::as_str);
        let mut cells = vec![name, TextCell::from("-")];
        cells.extend((0..5).map(|_| TextCell::default()));
        cells.push(TextCell::styled(why, Style::new().fg_color(Some(AnsiColor::Red.into()))));
        return cells;
    }
    let or_dash = |text: Option<String>| TextCell::from(text.unwrap_or_else(|| "-".to_owned()));
    let arriving = level.arrival_response();
    let time = |of: fn(&crate::tune::RepetitionPercentiles) -> f64| {
        arriving.as_ref().map(|all| Span(of(all) as u64).to_string())
    };
    let grows: Vec<f64> = level.arrival_repetitions.iter().map(|one| backlog_growth(one, due)).collect();
    let status = level_status(&tuning.curve, level, &subject.demands);
    let word = match status {
        LevelStatus::Sufficient => "keeps up",
        LevelStatus::Worse => "falls behind",
        LevelStatus::Undecided if level.arrival_repetitions.is_empty() => "not tried further",
        LevelStatus::Undecided => "unclear",
        LevelStatus::Unacceptable => "over a limit",
    };
    let mut status_cell = TextCell::styled(word, status_style(status));
    if tuning.recommended_level().is_some_and(|answer| answer.value.total_cmp(&level.value).is_eq()) {
        status_cell.push(" <", Style::new().bold());
    }
    let spare = headroom(level, due);
    vec![
        name,
        TextCell::from(format_rate(level.throughput())),
        or_dash(relative_uncertainty(&level.throughputs()).map(format_percent)),
        or_dash((spare > 0.0).then(|| format_percent(spare))),
        or_dash((!grows.is_empty()).then(|| format!("+{}", format_rate(mean(&grows).max(0.0) * due)))),
        or_dash(time(|all| all.p50)),
        or_dash(time(|all| all.p99)),
        status_cell,
        TextCell::from((level.repetitions.len() + level.arrival_repetitions.len()).to_string()),
    ]
}
