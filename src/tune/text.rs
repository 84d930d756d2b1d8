//! The text report of a tuning: the answer, the curve with its intervals, time by state, and the command to repeat it.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::answer::LevelStatus;
use super::curve::{LIVE_STATES, Level};
use super::decide::{level_status, ratio_to_best};
use super::demands::Goal;
use super::estimates::estimate_workers;
use super::scalability_law::Usl;
use super::summary::{TuningSubject, caveats, headline, summary_sentences};
use super::tuning::Tuning;
use super::work_unit::WorkUnit;
use crate::report::TextFormat;
use crate::report::table::{Align, TextCell, TextTable, state_style};
use crate::trace::format::{format_percent, format_rate_value};
use crate::trace::{Span, State};

mod arrivals;
mod theory;

/// Width of the longest bar.
const BAR_WIDTH: usize = 24;

/// Returns the whole report, with a newline at the end. `again` is the command that repeats the tuning.
pub fn tuning_text(tuning: &Tuning, subject: &TuningSubject<'_>, again: &str, text_format: TextFormat) -> String {
    let mut out = String::new();
    out.push_str(&text_format.paint(&headline(tuning, subject), Style::new().bold()));
    out.push('\n');
    for sentence in summary_sentences(tuning, subject) {
        out.push_str("  ");
        text_format.write_wrapped(&mut out, &sentence, 2, 2, Style::new());
    }
    for doubt in caveats(tuning, subject) {
        out.push_str("  ");
        text_format.write_wrapped(&mut out, &doubt, 2, 2, Style::new().fg_color(Some(AnsiColor::Yellow.into())));
    }
    match subject.demands.goal {
        Goal::MaxThroughput => write_curve(tuning, subject, text_format, &mut out),
        Goal::Arrivals(rate) => arrivals::write_arrivals_table(tuning, subject, rate, text_format, &mut out),
    }
    theory::write_theory_table(tuning, subject, text_format, &mut out);
    write_time_by_state(tuning, subject, text_format, &mut out);
    write_open_loop(tuning, subject, text_format, &mut out);
    write_estimates(tuning, subject, text_format, &mut out);
    text_format.write_heading(&mut out, "Run again");
    out.push_str("  ");
    out.push_str(again);
    out.push('\n');
    out
}

fn write_curve(tuning: &Tuning, subject: &TuningSubject<'_>, text_format: TextFormat, out: &mut String) {
    let mut columns = vec![
        (subject.knob.name.as_str(), Align::Right),
        ("per second", Align::Right),
        ("±", Align::Right),
        ("of best", Align::Right),
        ("", Align::Left),
    ];
    columns.extend(time_columns(subject.work).iter().map(|name| (*name, Align::Right)));
    columns.extend([("cores", Align::Right), ("memory", Align::Right), ("runs", Align::Right)]);
    let mut table = TextTable::new(&columns);
    let Some(best) = tuning.curve.best() else { return };
    let top = tuning
        .curve
        .working_levels()
        .filter_map(|level| Some(level.interval()?.high.max(level.throughput())))
        .fold(best.throughput(), f64::max);
    for level in tuning.curve.levels() {
        table.push_row(level_row(tuning, level, subject, top));
    }
    text_format.write_heading(out, &format!("{}s a second", capitalize(subject.work.word())));
    table.render(text_format, out);
}

/// Returns the columns of times: of tasks, and of a whole run of a program.
const fn time_columns(work: &WorkUnit) -> &'static [&'static str] {
    match work {
        WorkUnit::Runs => &["a run"],
        WorkUnit::ProgramTasks => &["p50", "p99", "a run"],
        _ => &["p50", "p99"],
    }
}

fn level_row(tuning: &Tuning, level: &Level, subject: &TuningSubject<'_>, top: f64) -> Vec<TextCell> {
    let name = TextCell::from(subject.knob.format_value(level.value));
    if !level.is_working() {
        let why = level.failures.first().map_or("disturbed every time", String::as_str);
        let mut cells = vec![name, TextCell::from("-"), TextCell::default(), TextCell::default()];
        cells.push(TextCell::styled(why, Style::new().fg_color(Some(AnsiColor::Red.into()))));
        return cells;
    }
    let part =
        tuning.curve.best().and_then(|best| ratio_to_best(level, best)).map(|found| format_percent(found.estimate));
    let width = super::stats::relative_uncertainty(&level.throughputs()).map(format_percent);
    let style = status_style(level_status(&tuning.curve, level, &subject.demands));
    let service = level.percentiles(|repetition| repetition.service);
    let time = |ns: Option<f64>| TextCell::from(ns.map_or_else(|| "-".to_owned(), |ns| Span(ns as u64).to_string()));
    let is_answer = tuning.recommended_level().is_some_and(|answer| answer.value.total_cmp(&level.value).is_eq());
    let mut bar = TextCell::styled(throughput_bar(level, top), style);
    if is_answer {
        bar.push(" <", Style::new().bold());
    }
    let run_time = level.mean_run_secs().map(|secs| secs * 1e9);
    let times = time_columns(subject.work).iter().map(|column| match *column {
        "p50" => time(service.map(|service| service.p50)),
        "p99" => time(service.map(|service| service.p99)),
        _ => time(run_time),
    });
    let mut cells = vec![
        name,
        TextCell::from(format_rate_value(level.throughput())),
        TextCell::from(width.unwrap_or_else(|| "-".to_owned())),
        TextCell::from(part.unwrap_or_else(|| "-".to_owned())),
        bar,
    ];
    cells.extend(times);
    cells.extend([
        TextCell::from(format!("{:.2}", level.mean(|repetition| repetition.cores_used))),
        TextCell::from(format!("{:.0} MiB", level.mean(|repetition| repetition.memory as f64) / 1_048_576.0)),
        TextCell::from(level.repetitions.len().to_string()),
    ]);
    cells
}

const fn status_style(standing: LevelStatus) -> Style {
    match standing {
        LevelStatus::Sufficient => Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green))),
        LevelStatus::Undecided => Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow))),
        LevelStatus::Worse | LevelStatus::Unacceptable => Style::new(),
    }
}

/// Returns a bar as long as the throughput, with its interval at the end: `██████├──┤`.
fn throughput_bar(level: &Level, top: f64) -> String {
    let cells = |value: f64| ((value / top * BAR_WIDTH as f64).round() as usize).min(BAR_WIDTH);
    let middle = level.throughput();
    let (low, high) = level.interval().map_or((middle, middle), |found| (found.low.max(0.0), found.high));
    let (low, high) = (cells(low), cells(high));
    if high <= low + 1 {
        return format!("{:<BAR_WIDTH$}", "█".repeat(cells(middle).max(1)));
    }
    let line = format!("{}├{}┤", "█".repeat(low), "─".repeat(high - low - 2));
    format!("{line:<BAR_WIDTH$}")
}

/// Writes the time by state for each unit of work, at every level.
fn write_time_by_state(tuning: &Tuning, subject: &TuningSubject<'_>, text_format: TextFormat, out: &mut String) {
    let shown: Vec<State> = LIVE_STATES
        .into_iter()
        .filter(|state| tuning.curve.working_levels().any(|level| level.time_by_state().0.share(*state) > 0.01))
        .collect();
    let mut columns = vec![(subject.knob.name.as_str(), Align::Right)];
    columns.extend(shown.iter().map(|state| (state.word(), Align::Right)));
    columns.extend([("", Align::Left), ("switches", Align::Right)]);
    let mut table = TextTable::new(&columns);
    for level in tuning.curve.working_levels() {
        let (spent, done) = level.time_by_state();
        let each = |state: State| Span(spent.get(state) / done.max(1));
        let mut cells = vec![TextCell::from(subject.knob.format_value(level.value))];
        cells.extend(shown.iter().map(|state| TextCell::from(each(*state).to_string())));
        let mut bar = TextCell::default();
        for state in &shown {
            let width = (spent.share(*state) * BAR_WIDTH as f64).round() as usize;
            bar.push(state.letter().to_string().repeat(width), state_style(*state));
        }
        cells.push(bar);
        cells.push(TextCell::from(format!(
            "{:.1}",
            level.mean(|repetition| repetition.switches.0 + repetition.switches.1)
        )));
        table.push_row(cells);
    }
    if !table.is_empty() {
        text_format.write_heading(out, &format!("Workers' time for each {}", subject.work.word()));
        table.render(text_format, out);
    }
}

fn write_open_loop(tuning: &Tuning, subject: &TuningSubject<'_>, text_format: TextFormat, out: &mut String) {
    let columns = [
        ("load", Align::Right),
        ("per second", Align::Right),
        ("done", Align::Right),
        ("p50", Align::Right),
        ("p90", Align::Right),
        ("p99", Align::Right),
        ("max", Align::Right),
    ];
    let mut table = TextTable::new(&columns);
    for loaded in &tuning.open_loop {
        let mut cells = vec![
            TextCell::from(format_percent(loaded.load_share)),
            TextCell::from(format_rate_value(loaded.offered_rate)),
        ];
        match loaded.repetition.as_ref().and_then(|repetition| Some((repetition, repetition.response?))) {
            Some((repetition, response)) => {
                cells.push(TextCell::from(format_rate_value(repetition.throughput)));
                let times = [response.p50, response.p90, response.p99, response.max];
                cells.extend(times.map(|ns| TextCell::from(Span(ns as u64).to_string())));
            }
            None => cells.push(TextCell::from("failed")),
        }
        table.push_row(cells);
    }
    if let Some(first) = tuning.open_loop.first() {
        text_format.write_heading(
            out,
            &format!("Response time with {}, from the intended start", subject.level_name(first.level)),
        );
        table.render(text_format, out);
    }
}

/// Writes the estimates of formulas, for comparison with the measured answer.
fn write_estimates(tuning: &Tuning, subject: &TuningSubject<'_>, text_format: TextFormat, out: &mut String) {
    if subject.knob.name != "workers" || subject.work.is_of_program() {
        return; // the formulas know nothing of a program's own threads
    }
    let Some(lowest) = tuning.curve.working_levels().next() else { return };
    let estimates = estimate_workers(lowest, subject.usable_cores);
    if estimates.is_empty() {
        return;
    }
    text_format
        .write_heading(out, &format!("Estimates from formulas, based on {} alone", subject.level_name(lowest.value)));
    for estimate in estimates {
        let mut line = String::new();
        let _ = write!(line, "{:.1} workers: {}", estimate.workers, estimate.sentence);
        out.push_str("  ");
        text_format.write_wrapped(out, &line, 2, 4, Style::new());
    }
    let points: Vec<(f64, f64)> =
        tuning.curve.working_levels().map(|level| (level.value, level.throughput())).collect();
    let declines = tuning.curve.best().zip(points.last()).is_some_and(|(best, last)| last.1 < best.throughput() * 0.9);
    if let Some((law, peak)) = Usl::fit(&points).filter(|_| declines).and_then(|law| Some((law, law.peak_workers()?))) {
        let line = format!(
            "{peak:.1} workers: peak of the universal scalability law (contention {:.3}, \
             coherency {:.5}, R2 {:.3}); often wrong by factors",
            law.sigma, law.kappa, law.r2
        );
        out.push_str("  ");
        text_format.write_wrapped(out, &line, 2, 4, Style::new());
    }
}

fn capitalize(text: &str) -> String {
    text[..1].to_uppercase() + &text[1..]
}
