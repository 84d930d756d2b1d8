//! The levels beside what arrives: what each can do, what that leaves to spare, and how long tasks take.

use anstyle::{AnsiColor, Style};

use super::colour;
use crate::report::Look;
use crate::report::table::{Align, Cell, Table};
use crate::report::words::{percent, rate};
use crate::trace::Span;
use crate::tune::arrivals::{growth, headroom};
use crate::tune::curve::Level;
use crate::tune::decide::{Standing, standing};
use crate::tune::stats::{mean, uncertainty};
use crate::tune::told::Subject;
use crate::tune::tuning::Tuning;

pub(super) fn table(tuning: &Tuning, subject: &Subject<'_>, due: f64, look: Look, out: &mut String) {
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
    let mut table = Table::new(&columns);
    for level in tuning.curve.levels() {
        table.row(row(tuning, level, subject, due));
    }
    if !table.is_empty() {
        look.heading(
            out,
            &format!(
                "{}s a second, and response times with {} arriving",
                super::capital(subject.work.word()),
                rate(due)
            ),
        );
        table.render(look, out);
    }
}

fn row(tuning: &Tuning, level: &Level, subject: &Subject<'_>, due: f64) -> Vec<Cell> {
    let name = Cell::from(subject.knob.show(level.value));
    if !level.works() {
        let why = level.failures.first().map_or("disturbed each time", String::as_str);
        let mut cells = vec![name, Cell::from("-")];
        cells.extend((0..5).map(|_| Cell::default()));
        cells.push(Cell::styled(why, Style::new().fg_color(Some(AnsiColor::Red.into()))));
        return cells;
    }
    let or_dash = |text: Option<String>| Cell::from(text.unwrap_or_else(|| "-".to_owned()));
    let arriving = level.arriving();
    let time = |of: fn(&crate::tune::Percentiles) -> f64| arriving.as_ref().map(|all| Span(of(all) as u64).to_string());
    let grows: Vec<f64> = level.steady.iter().map(|one| growth(one, due)).collect();
    let stands = standing(&tuning.curve, level, &subject.demands);
    let word = match stands {
        Standing::Enough => "keeps up",
        Standing::Worse => "falls behind",
        Standing::Undecided if level.steady.is_empty() => "not tried further",
        Standing::Undecided => "not certain",
        Standing::Refused => "too late, or too large",
    };
    let mut verdict = Cell::styled(word, colour(stands));
    if tuning.recommended().is_some_and(|answer| answer.value.total_cmp(&level.value).is_eq()) {
        verdict.push(" <", Style::new().bold());
    }
    let spare = headroom(level, due);
    vec![
        name,
        Cell::from(rate(level.throughput())),
        or_dash(uncertainty(&level.throughputs()).map(percent)),
        or_dash((spare > 0.0).then(|| percent(spare))),
        or_dash((!grows.is_empty()).then(|| format!("+{}", rate(mean(&grows).max(0.0) * due)))),
        or_dash(time(|all| all.p50)),
        or_dash(time(|all| all.p99)),
        verdict,
        Cell::from((level.repetitions.len() + level.steady.len()).to_string()),
    ]
}
