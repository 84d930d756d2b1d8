//! The workers: what each did with its time.

use anstyle::Style;

use crate::model::Shares;
use crate::report::Report;
use crate::report::table::{Align, Cell, Look, Table, state_style};
use crate::report::words::{count, ending, percent};
use crate::trace::{Span, State};

/// Above this number workers of one group share a row.
const ROWS: usize = 16;

/// Width of the bar of letters, in columns.
const LEAST_BAR: usize = 10;
const MOST_BAR: usize = 40;

/// What is said of one worker, or of a group of them.
struct Row {
    name: String,
    workers: usize,
    /// Tasks it ended, if it is one of a pool's.
    tasks: Option<u64>,
    /// How it ended; `mixed` for a group that did not end as one.
    ended: String,
    shares: Shares,
}

pub(super) fn write(report: &Report<'_>, look: Look, out: &mut String) {
    let rows = rows(report);
    let bare = table(&rows, 0);
    if bare.is_empty() {
        return;
    }
    let bar = bare.room(look).clamp(LEAST_BAR, MOST_BAR);
    look.heading(out, "Workers");
    table(&rows, bar).render(look, out);
    legend(&rows, look, out);
}

fn rows(report: &Report<'_>) -> Vec<Row> {
    let fold = report.workers().count() > ROWS;
    let mut rows: Vec<(String, Row)> = Vec::new();
    for (_, info, lane) in report.workers() {
        let one = Row {
            name: info.name.clone(),
            workers: 1,
            tasks: info.pool.map(|_| lane.tasks()),
            ended: lane.ended().as_ref().map(ending).unwrap_or_default(),
            shares: lane.totals(report.at),
        };
        match rows.iter_mut().find(|(group, _)| fold && *group == info.group) {
            Some((_, row)) => row.join(&one),
            None => rows.push((info.group.clone(), one)),
        }
    }
    let named = |(group, row): (String, Row)| match row.workers {
        1 => row,
        n => Row { name: format!("{n} × {group}"), ..row },
    };
    rows.into_iter().map(named).collect()
}

impl Row {
    fn join(&mut self, other: &Self) {
        self.workers += other.workers;
        self.tasks = self.tasks.zip(other.tasks).map(|(mine, theirs)| mine.saturating_add(theirs));
        self.shares.add(&other.shares);
        if self.ended != other.ended {
            "mixed".clone_into(&mut self.ended);
        }
    }
}

fn table(rows: &[Row], bar: usize) -> Table {
    let (tasks, ends) = (rows.iter().any(|row| row.tasks.is_some()), rows.iter().any(|row| !row.ended.is_empty()));
    let mut columns = vec![("name", Align::Left)];
    columns.extend(tasks.then_some(("tasks", Align::Right)));
    columns.extend(ends.then_some(("ended", Align::Left)));
    columns.extend([("shares", Align::Left), ("most of it", Align::Left)]);
    let mut table = Table::new(&columns);
    for row in rows {
        let mut cells: Vec<Cell> = vec![row.name.as_str().into()];
        cells.extend(tasks.then(|| row.tasks.map(count).unwrap_or_default().into()));
        cells.extend(ends.then(|| row.ended.as_str().into()));
        cells.extend([letters(&row.shares, bar), most(&row.shares)]);
        table.row(cells);
    }
    table
}

/// Time by state as a bar of letters: every state gets its part of the cells, and what is left over goes to those that
/// were rounded down most.
fn letters(shares: &Shares, cells: usize) -> Cell {
    let mut parts: Vec<(State, usize, f64)> = alive()
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
    let mut bar = Cell::default();
    for (state, whole, _) in parts {
        bar.push(state.letter().to_string().repeat(whole), state_style(state));
    }
    bar
}

/// The two states that took most time, in words.
fn most(shares: &Shares) -> Cell {
    let mut states: Vec<State> = alive().filter(|state| shares.get(*state) > 0).collect();
    states.sort_by_key(|state| std::cmp::Reverse(shares.get(*state)));
    let mut cell = Cell::default();
    for (at, state) in states.into_iter().take(2).enumerate() {
        cell.push(if at > 0 { ", " } else { "" }, Style::new());
        cell.push(format!("{} {}", state.word(), percent(shares.share(state))), Style::new());
    }
    let gap = shares.get(State::Gap);
    if gap > 0 {
        let part = Span(gap).share_of(Span(shares.alive().saturating_add(gap)));
        cell.push(format!("; {} not known, events were lost", percent(part)), Style::new());
    }
    cell
}

/// What the letters that occur mean.
fn legend(rows: &[Row], look: Look, out: &mut String) {
    let met: Vec<String> = alive()
        .filter(|state| rows.iter().any(|row| row.shares.get(*state) > 0))
        .map(|state| format!("{} {}", state.letter(), state.word()))
        .collect();
    let order = if met.len() > 1 { "; not in order of time" } else { "" };
    out.push_str("  ");
    look.wrap(out, &format!("{}{order}", met.join(", ")), 2, 2, Style::new().dimmed());
}

fn alive() -> impl Iterator<Item = State> {
    State::ALL.into_iter().filter(|state| state.is_alive())
}
