//! Workers in the text report: how each spent its time, and how it ended.

use anstyle::Style;

use crate::model::StateTimes;
use crate::report::Report;
use crate::report::endings::describe_ending;
use crate::report::table::{Align, TextCell, TextFormat, TextTable, state_style};
use crate::trace::format::{format_count, format_percent};
use crate::trace::{Span, State};

/// Most workers with a row each. With more, the workers of a group share a row.
const MAX_ROWS: usize = 16;

/// Limits of the width of the bar of letters, in columns.
const MIN_BAR_WIDTH: usize = 10;
const MAX_BAR_WIDTH: usize = 40;

/// A row of the table: one worker, or a group of workers.
struct WorkerRow {
    name: String,
    workers: usize,
    /// Ended tasks of a pool worker.
    tasks: Option<u64>,
    /// How it ended; `mixed` for a group whose workers ended differently.
    ended: String,
    shares: StateTimes,
}

pub(super) fn write(report: &Report<'_>, text_format: TextFormat, out: &mut String) {
    let rows = worker_rows(report);
    let bare = worker_table(&rows, 0);
    if bare.is_empty() {
        return;
    }
    let bar = bare.spare_width(text_format).clamp(MIN_BAR_WIDTH, MAX_BAR_WIDTH);
    text_format.write_heading(out, "Workers");
    worker_table(&rows, bar).render(text_format, out);
    write_legend(&rows, text_format, out);
}

fn worker_rows(report: &Report<'_>) -> Vec<WorkerRow> {
    let fold = report.workers().count() > MAX_ROWS;
    let mut rows: Vec<(String, WorkerRow)> = Vec::new();
    for (_, info, lane) in report.workers() {
        let one = WorkerRow {
            name: info.name.clone(),
            workers: 1,
            tasks: info.pool.map(|_| lane.ended_tasks()),
            ended: lane.ending().as_ref().map(describe_ending).unwrap_or_default(),
            shares: lane.total_state_times(report.ended_at),
        };
        match rows.iter_mut().find(|(group, _)| fold && *group == info.group) {
            Some((_, row)) => row.merge(&one),
            None => rows.push((info.group.clone(), one)),
        }
    }
    let named = |(group, row): (String, WorkerRow)| match row.workers {
        1 => row,
        n => WorkerRow { name: format!("{n} × {group}"), ..row },
    };
    rows.into_iter().map(named).chain(gone_rows(report)).collect()
}

/// Returns a row for each group of workers that are gone.
fn gone_rows(report: &Report<'_>) -> impl Iterator<Item = WorkerRow> {
    report.model.gone_workers().map(|(group, gone)| WorkerRow {
        name: format!("{} × {group}", format_count(gone.workers)),
        workers: gone.workers as usize,
        tasks: (gone.ended_tasks > 0).then_some(gone.ended_tasks),
        ended: "gone".to_owned(),
        shares: gone.times,
    })
}

impl WorkerRow {
    fn merge(&mut self, other: &Self) {
        self.workers += other.workers;
        self.tasks = self.tasks.zip(other.tasks).map(|(mine, theirs)| mine.saturating_add(theirs));
        self.shares.add(&other.shares);
        if self.ended != other.ended {
            "mixed".clone_into(&mut self.ended);
        }
    }
}

fn worker_table(rows: &[WorkerRow], bar: usize) -> TextTable {
    let (tasks, ends) = (rows.iter().any(|row| row.tasks.is_some()), rows.iter().any(|row| !row.ended.is_empty()));
    let mut columns = vec![("name", Align::Left)];
    columns.extend(tasks.then_some(("tasks", Align::Right)));
    columns.extend(ends.then_some(("ended", Align::Left)));
    columns.extend([("shares", Align::Left), ("most of it", Align::Left)]);
    let mut table = TextTable::new(&columns);
    for row in rows {
        let mut cells: Vec<TextCell> = vec![row.name.as_str().into()];
        cells.extend(tasks.then(|| row.tasks.map(format_count).unwrap_or_default().into()));
        cells.extend(ends.then(|| row.ended.as_str().into()));
        cells.extend([state_letter_bar(&row.shares, bar), top_states(&row.shares)]);
        table.push_row(cells);
    }
    table
}

/// Returns time by state as a bar of letters: every state gets its share of the cells, and the remaining cells go to
/// the states that were rounded down most.
fn state_letter_bar(shares: &StateTimes, cells: usize) -> TextCell {
    let mut parts: Vec<(State, usize, f64)> = alive_states()
        .map(|state| {
            let due = shares.share(state) * cells as f64;
            (state, due as usize, due.fract())
        })
        .collect();
    let given: usize = parts.iter().map(|(_, whole, _)| whole).sum();
    let mut order: Vec<usize> = (0..parts.len()).filter(|at| parts[*at].2 > 0.0).collect();
    order.sort_by(|a, b| parts[*b].2.total_cmp(&parts[*a].2));
    for at in order.into_iter().take(cells.saturating_sub(given)) {
        parts[at].1 += 1;
    }
    let mut bar = TextCell::default();
    for (state, whole, _) in parts {
        bar.push(state.letter().to_string().repeat(whole), state_style(state));
    }
    bar
}

/// Returns the two states that took most time, in words.
fn top_states(shares: &StateTimes) -> TextCell {
    let mut states: Vec<State> = alive_states().filter(|state| shares.get(*state) > 0).collect();
    states.sort_by_key(|state| std::cmp::Reverse(shares.get(*state)));
    let mut cell = TextCell::default();
    for (at, state) in states.into_iter().take(2).enumerate() {
        cell.push(if at > 0 { ", " } else { "" }, Style::new());
        cell.push(format!("{} {}", state.word(), format_percent(shares.share(state))), Style::new());
    }
    let gap = shares.get(State::Gap);
    if gap > 0 {
        let part = Span(gap).share_of(Span(shares.alive_ns().saturating_add(gap)));
        cell.push(format!("; {} unknown: events were lost", format_percent(part)), Style::new());
    }
    cell
}

/// Writes the meaning of the letters that occur.
fn write_legend(rows: &[WorkerRow], text_format: TextFormat, out: &mut String) {
    let met: Vec<String> = alive_states()
        .filter(|state| rows.iter().any(|row| row.shares.get(*state) > 0))
        .map(|state| format!("{} {}", state.letter(), state.word()))
        .collect();
    let order = if met.len() > 1 { "; totals, not a timeline" } else { "" };
    out.push_str("  ");
    text_format.write_wrapped(out, &format!("{}{order}", met.join(", ")), 2, 2, Style::new().dimmed());
}

fn alive_states() -> impl Iterator<Item = State> {
    State::ALL.into_iter().filter(|state| state.is_alive())
}
