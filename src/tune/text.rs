//! A tuning as a text: the answer, the curve with its intervals, where the time of a task goes, and how to do it again.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::curve::Level;
use super::decide::{Goal, Standing, against, standing};
use super::priors::priors;
use super::told::{Subject, doubts, headline, sentences};
use super::tuning::Tuning;
use super::usl::Usl;
use crate::report::Look;
use crate::report::table::{Align, Cell, Table, state_style};
use crate::report::words::{percent, rate};
use crate::trace::{Span, State};

mod arrivals;

/// Cells of the widest bar.
const BAR: usize = 24;

/// The whole, with a newline at the end. `again` is the command that does the same once more.
pub fn text(tuning: &Tuning, subject: &Subject<'_>, again: &str, look: Look) -> String {
    let mut out = String::new();
    out.push_str(&look.paint(&headline(tuning, subject), Style::new().bold()));
    out.push('\n');
    for sentence in sentences(tuning, subject) {
        out.push_str("  ");
        look.wrap(&mut out, &sentence, 2, 2, Style::new());
    }
    for doubt in doubts(tuning, subject) {
        out.push_str("  ");
        look.wrap(&mut out, &doubt, 2, 2, Style::new().fg_color(Some(AnsiColor::Yellow.into())));
    }
    match subject.demands.goal {
        Goal::Most => curve(tuning, subject, look, &mut out),
        Goal::Arrivals(rate) => arrivals::table(tuning, subject, rate, look, &mut out),
    }
    time(tuning, subject, look, &mut out);
    loaded(tuning, subject, look, &mut out);
    guesses(tuning, subject, look, &mut out);
    look.heading(&mut out, "Again");
    out.push_str("  ");
    out.push_str(again);
    out.push('\n');
    out
}

fn curve(tuning: &Tuning, subject: &Subject<'_>, look: Look, out: &mut String) {
    let columns = [
        (subject.knob.name.as_str(), Align::Right),
        ("per second", Align::Right),
        ("±", Align::Right),
        ("of best", Align::Right),
        ("", Align::Left),
        ("p50", Align::Right),
        ("p99", Align::Right),
        ("cores", Align::Right),
        ("memory", Align::Right),
        ("runs", Align::Right),
    ];
    let mut table = Table::new(&columns);
    let Some(best) = tuning.curve.best() else { return };
    let top = tuning
        .curve
        .working()
        .filter_map(|level| Some(level.interval()?.high.max(level.throughput())))
        .fold(best.throughput(), f64::max);
    for level in tuning.curve.levels() {
        table.row(row(tuning, level, subject, top));
    }
    look.heading(out, &format!("{}s a second", capital(subject.work.word())));
    table.render(look, out);
}

fn row(tuning: &Tuning, level: &Level, subject: &Subject<'_>, top: f64) -> Vec<Cell> {
    let name = Cell::from(subject.knob.show(level.value));
    if !level.works() {
        let why = level.failures.first().map_or("disturbed each time", String::as_str);
        let mut cells = vec![name, Cell::from("-"), Cell::default(), Cell::default()];
        cells.push(Cell::styled(why, Style::new().fg_color(Some(AnsiColor::Red.into()))));
        return cells;
    }
    let part = tuning.curve.best().and_then(|best| against(level, best)).map(|found| percent(found.estimate));
    let width = super::stats::uncertainty(&level.throughputs()).map(percent);
    let style = colour(standing(&tuning.curve, level, &subject.demands));
    let service = level.percentiles(|repetition| repetition.service);
    let time = |ns: Option<f64>| Cell::from(ns.map_or_else(|| "-".to_owned(), |ns| Span(ns as u64).to_string()));
    let is_answer = tuning.recommended().is_some_and(|answer| answer.value.total_cmp(&level.value).is_eq());
    let mut bar = Cell::styled(bar(level, top), style);
    if is_answer {
        bar.push(" <", Style::new().bold());
    }
    vec![
        name,
        Cell::from(rate(level.throughput()).trim_end_matches("/s")),
        Cell::from(width.unwrap_or_else(|| "-".to_owned())),
        Cell::from(part.unwrap_or_else(|| "-".to_owned())),
        bar,
        time(service.map(|service| service.p50)),
        time(service.map(|service| service.p99)),
        Cell::from(format!("{:.2}", level.mean(|repetition| repetition.cores))),
        Cell::from(format!("{:.0} MiB", level.mean(|repetition| repetition.memory as f64) / 1_048_576.0)),
        Cell::from(level.repetitions.len().to_string()),
    ]
}

const fn colour(standing: Standing) -> Style {
    match standing {
        Standing::Enough => Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green))),
        Standing::Undecided => Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Yellow))),
        Standing::Worse | Standing::Refused => Style::new(),
    }
}

/// A bar as long as the throughput, with its interval at the end: `██████├──┤`.
fn bar(level: &Level, top: f64) -> String {
    let cells = |value: f64| ((value / top * BAR as f64).round() as usize).min(BAR);
    let middle = level.throughput();
    let (low, high) = level.interval().map_or((middle, middle), |found| (found.low.max(0.0), found.high));
    let (low, high) = (cells(low), cells(high));
    if high <= low + 1 {
        return format!("{:<BAR$}", "█".repeat(cells(middle).max(1)));
    }
    let line = format!("{}├{}┤", "█".repeat(low), "─".repeat(high - low - 2));
    format!("{line:<BAR$}")
}

/// Where a worker's time can go as long as it lives, in the order shown.
pub(super) const STATES: [State; 9] = [
    State::Running,
    State::Ready,
    State::Lock,
    State::Io,
    State::Sleep,
    State::Signal,
    State::Full,
    State::Handover,
    State::Empty,
];

/// Where the time of one unit of work goes, at every level.
fn time(tuning: &Tuning, subject: &Subject<'_>, look: Look, out: &mut String) {
    let shown: Vec<State> = STATES
        .into_iter()
        .filter(|state| tuning.curve.working().any(|level| level.spent().0.share(*state) > 0.01))
        .collect();
    let mut columns = vec![(subject.knob.name.as_str(), Align::Right)];
    columns.extend(shown.iter().map(|state| (state.word(), Align::Right)));
    columns.extend([("", Align::Left), ("switches", Align::Right)]);
    let mut table = Table::new(&columns);
    for level in tuning.curve.working() {
        let (spent, done) = level.spent();
        let each = |state: State| Span(spent.get(state) / done.max(1));
        let mut cells = vec![Cell::from(subject.knob.show(level.value))];
        cells.extend(shown.iter().map(|state| Cell::from(each(*state).to_string())));
        let mut bar = Cell::default();
        for state in &shown {
            let width = (spent.share(*state) * BAR as f64).round() as usize;
            bar.push(state.letter().to_string().repeat(width), state_style(*state));
        }
        cells.push(bar);
        cells
            .push(Cell::from(format!("{:.1}", level.mean(|repetition| repetition.switches.0 + repetition.switches.1))));
        table.row(cells);
    }
    if !table.is_empty() {
        look.heading(out, &format!("Workers' time for each {}", subject.work.word()));
        table.render(look, out);
    }
}

fn loaded(tuning: &Tuning, subject: &Subject<'_>, look: Look, out: &mut String) {
    let columns = [
        ("load", Align::Right),
        ("per second", Align::Right),
        ("done", Align::Right),
        ("p50", Align::Right),
        ("p90", Align::Right),
        ("p99", Align::Right),
        ("max", Align::Right),
    ];
    let mut table = Table::new(&columns);
    for loaded in &tuning.loaded {
        let mut cells =
            vec![Cell::from(percent(loaded.load)), Cell::from(rate(loaded.per_second).trim_end_matches("/s"))];
        match loaded.repetition.as_ref().and_then(|repetition| Some((repetition, repetition.response?))) {
            Some((repetition, response)) => {
                cells.push(Cell::from(rate(repetition.throughput).trim_end_matches("/s")));
                let times = [response.p50, response.p90, response.p99, response.max];
                cells.extend(times.map(|ns| Cell::from(Span(ns as u64).to_string())));
            }
            None => cells.push(Cell::from("could not be done")),
        }
        table.row(cells);
    }
    if let Some(first) = tuning.loaded.first() {
        look.heading(out, &format!("Response time with {}, from the intended start", subject.level(first.level)));
        table.render(look, out);
    }
}

/// What formulas would have said, beside what was measured.
fn guesses(tuning: &Tuning, subject: &Subject<'_>, look: Look, out: &mut String) {
    if subject.knob.name != "workers" {
        return;
    }
    let Some(lowest) = tuning.curve.working().next() else { return };
    let priors = priors(lowest, subject.cores);
    if priors.is_empty() {
        return;
    }
    look.heading(out, &format!("What formulas guess from {} alone", subject.level(lowest.value)));
    for prior in priors {
        let mut line = String::new();
        let _ = write!(line, "{:.1} workers: {}", prior.workers, prior.sentence);
        out.push_str("  ");
        look.wrap(out, &line, 2, 4, Style::new());
    }
    let points: Vec<(f64, f64)> = tuning.curve.working().map(|level| (level.value, level.throughput())).collect();
    let declines = tuning.curve.best().zip(points.last()).is_some_and(|(best, last)| last.1 < best.throughput() * 0.9);
    if let Some((law, peak)) = Usl::fit(&points).filter(|_| declines).and_then(|law| Some((law, law.peak()?))) {
        let line = format!(
            "{peak:.1} workers: peak of the universal scalability law (contention {:.3}, coherency {:.5}, R2 {:.3}); often wrong by factors",
            law.sigma, law.kappa, law.r2
        );
        out.push_str("  ");
        look.wrap(out, &line, 2, 4, Style::new());
    }
}

fn capital(text: &str) -> String {
    text[..1].to_uppercase() + &text[1..]
}
