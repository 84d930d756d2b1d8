//! Who costs whom: how long each worker waited for each other one, in ms for each second, as a heat map.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::super::run_view::{RunView, Selection};
use super::super::theme::{Role, Theme};
use super::{SeparatePane, text, worker_name};
use crate::model::{PairCost, WaiterCosts, WhoCostsWhom};
use crate::report::text_width::{truncate_name, wrap_text};
use crate::trace::format::{compact_count, compact_duration, compact_percent, format_tenths};
use crate::trace::{Registry, State, WorkerId};

pub(super) const PANE: SeparatePane = SeparatePane {
    title: |view| {
        let costs = view.costs();
        let when = if view.shows_part_of_run() {
            format!("{} to {}", view.format_moment(costs.from), view.format_moment(costs.to))
        } else {
            format!("last {}", compact_duration(costs.to.span_since(costs.from)))
        };
        format!("WHO COSTS WHOM  ms/s, {when}; waiter down, holder across").into()
    },
    lines: |view| MIN_LINES + view.figures.workers().count().clamp(2, MAX_ROWS),
    draw: |view, theme, area, buf| CostsPane { view, theme }.draw(area, buf),
};

/// Lines besides those of the waiters: a title, the holders, the rest, a blank line, and two of words.
const MIN_LINES: usize = 6;

/// Columns of one holder: fewer if that makes room for all of them.
const CELL_WIDTHS: [u16; 2] = [6, 5];

/// Columns of one holder where rows are two lines high.
const LARGE_CELL_WIDTH: u16 = 9;

/// Columns of the sum at the right.
const SUM_WIDTH: u16 = 7;

/// Most columns of a waiter's name.
const MAX_NAME_WIDTH: u16 = 18;

/// Most waiters with a row.
const MAX_ROWS: usize = 16;

/// Returns the lines by which the rows would be higher if there is room for rows two lines high.
pub(super) fn lines_of_large_rows(view: &RunView, width: u16) -> usize {
    let workers = view.figures.workers().count();
    let registry = view.shown_model().registry();
    let longest = view.figures.workers().map(|id| registry.worker_name(id).width()).max().unwrap_or(0);
    let name_width = (longest as u16).clamp(6, MAX_NAME_WIDTH).min(width / 3);
    let room = width.saturating_sub(3 + name_width + SUM_WIDTH);
    if usize::from(room / LARGE_CELL_WIDTH) >= workers { workers.min(MAX_ROWS) } else { 0 }
}

struct CostsPane<'a> {
    view: &'a RunView,
    theme: Theme,
}

/// What the matrix shows, and where.
struct Matrix {
    waiters: Vec<(WorkerId, WaiterCosts)>,
    holders: Vec<WorkerId>,
    /// The cost of each pair, row by row.
    cells: Vec<u64>,
    /// Waiters without a row, and what they waited.
    hidden: (usize, u64),
    /// Holders without a column.
    hidden_holders: usize,
    /// The greatest cost of a pair.
    hottest: u64,
    name_width: u16,
    cell_width: u16,
    /// Lines of a row.
    row_height: usize,
}

impl CostsPane<'_> {
    fn draw(&self, area: Rect, buf: &mut Buffer) {
        let costs = self.view.costs();
        if costs.total_ns() == 0 {
            let words = "No worker waited for what another one held";
            text::put_line(buf, area, words, self.theme.faint_style());
            return;
        }
        let by_holder = costs.by_holder();
        let mut words = self.describe_greatest(&costs, &by_holder, area.width);
        // The matrix comes first: at least four rows of it.
        words.truncate(usize::from(area.height.saturating_sub(7)));
        let below = u16::try_from(words.len()).unwrap_or(u16::MAX);
        let matrix = self.matrix(&costs, &by_holder, area.width, usize::from(area.height.saturating_sub(1 + below)));
        self.draw_heads(&matrix, text::nth_line(area, 0), buf);
        for (i, row) in matrix.waiters.iter().enumerate() {
            let first = 1 + i * matrix.row_height;
            for line in first..first + matrix.row_height {
                self.draw_heat(&matrix, i, text::nth_line(area, line), buf);
            }
            self.draw_row(&costs, &matrix, (i, row), text::nth_line(area, first), buf);
        }
        let mut used = matrix.waiters.len() * matrix.row_height + 1;
        if matrix.hidden.0 > 0 {
            let (count, ns) = matrix.hidden;
            let more = format!("{} {count} more: {} in all", self.theme.ellipsis(), self.figure(&costs, ns));
            text::put_line(buf, text::nth_line(area, used), &more, self.theme.faint_style());
            used += 1;
        }
        let gap = usize::from(usize::from(area.height) > used + words.len());
        for (i, line) in words.iter().enumerate() {
            text::put_line(buf, text::nth_line(area, used + gap + i), line, self.theme.faint_style());
        }
    }

    /// Chooses the rows and columns that have room: those that matter most, in the order of the workers.
    fn matrix(&self, costs: &WhoCostsWhom, by_holder: &[(WorkerId, u64)], width: u16, lines: usize) -> Matrix {
        let registry = self.view.shown_model().registry();
        let mut waiters = costs.waiters.clone();
        waiters.retain(|(waiter, _)| self.view.matches_filter(registry.worker_name(*waiter)));
        waiters.sort_by_key(|(worker, of)| (std::cmp::Reverse(of.total_ns), *worker));
        let room = lines.min(MAX_ROWS);
        let shown = if waiters.len() > room { room.saturating_sub(1) } else { waiters.len() };
        let hidden = (waiters.len() - shown, waiters[shown..].iter().map(|(_, of)| of.total_ns).sum());
        waiters.truncate(shown);
        waiters.sort_by_key(|(worker, _)| *worker);
        let longest = waiters.iter().map(|(worker, _)| registry.worker_name(*worker).width()).max().unwrap_or(0);
        let name_width = (longest as u16).clamp(6, MAX_NAME_WIDTH).min(width / 3);
        let room = width.saturating_sub(2 + name_width + SUM_WIDTH);
        let is_large = 2 * waiters.len() <= lines && usize::from(room / LARGE_CELL_WIDTH) >= by_holder.len();
        let row_height = if is_large { 2 } else { 1 };
        let fitting = CELL_WIDTHS.into_iter().find(|cell| usize::from(room / cell) >= by_holder.len());
        let cell_width = if is_large { LARGE_CELL_WIDTH } else { fitting.unwrap_or(CELL_WIDTHS[0]) };
        let columns = usize::from(room / cell_width);
        let mut holders: Vec<WorkerId> = by_holder.iter().map(|(holder, _)| *holder).collect();
        let hidden_holders = holders.len().saturating_sub(columns);
        holders.truncate(columns);
        holders.sort_unstable();
        let mut cells = vec![0; waiters.len() * holders.len()];
        for pair in &costs.pairs {
            let row = waiters.binary_search_by_key(&pair.waiter, |(worker, _)| *worker);
            if let (Ok(row), Ok(column)) = (row, holders.binary_search(&pair.holder)) {
                cells[row * holders.len() + column] = pair.total_ns();
            }
        }
        let hottest = costs.pairs.first().map_or(0, PairCost::total_ns);
        Matrix { waiters, holders, cells, hidden, hidden_holders, hottest, name_width, cell_width, row_height }
    }

    /// Returns the place of a holder's column.
    fn cell(matrix: &Matrix, line: Rect, column: usize) -> Rect {
        let x = line.x + worker_name::MARK_WIDTH + matrix.name_width + 1 + column as u16 * matrix.cell_width;
        Rect { x: x.min(line.right()), width: matrix.cell_width.min(line.right().saturating_sub(x)), ..line }
    }

    fn draw_heads(&self, matrix: &Matrix, line: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let registry = self.view.shown_model().registry();
        for (i, holder) in matrix.holders.iter().enumerate() {
            let at = Self::cell(matrix, line, i);
            let name =
                truncate_name(short_name(registry, *holder), usize::from(matrix.cell_width) - 2, theme.ellipsis());
            let pad = (matrix.cell_width - 1).saturating_sub(1 + name.width() as u16);
            let at = Rect { x: at.x + pad, width: at.width.saturating_sub(pad), ..at };
            let rest = worker_name::put_mark(buf, at, theme, *holder);
            text::put_line(buf, rest, &name, theme.faint_style());
        }
        let at = Self::cell(matrix, line, matrix.holders.len());
        let at = Rect { width: SUM_WIDTH.min(line.right().saturating_sub(at.x)), ..at };
        text::put_right(buf, at, "all", theme.faint_style());
        if matrix.hidden_holders > 0 {
            let more = format!("{} +{}", theme.ellipsis(), matrix.hidden_holders);
            let name = Rect { width: matrix.name_width + 1, ..line };
            text::put_right(buf, name, &more, theme.faint_style());
        }
    }

    /// Draws a line of the areas of a row's cells.
    fn draw_heat(&self, matrix: &Matrix, row: usize, line: Rect, buf: &mut Buffer) {
        for i in 0..matrix.holders.len() {
            let ns = matrix.cells[row * matrix.holders.len() + i];
            if ns > 0 {
                let at = Self::cell(matrix, line, i);
                let style = self.theme.heat(ns as f64 / matrix.hottest.max(1) as f64);
                text::put_line(buf, at, &" ".repeat(usize::from(at.width)), style);
            }
        }
    }

    fn draw_row(
        &self,
        costs: &WhoCostsWhom,
        matrix: &Matrix,
        (row, (waiter, of)): (usize, &(WorkerId, WaiterCosts)),
        line: Rect,
        buf: &mut Buffer,
    ) {
        let theme = self.theme;
        let name = self.view.shown_model().registry().worker_name(*waiter);
        let width = usize::from(matrix.name_width);
        worker_name::put_worker(buf, line, theme, (*waiter, name), width);
        if self.view.selection == Some(Selection::Lane(*waiter)) {
            let at = Rect { x: line.x + 1, width: matrix.name_width, ..line };
            text::put_line(buf, at, &truncate_name(name, width, theme.ellipsis()), theme.selection_style());
        }
        for (i, holder) in matrix.holders.iter().enumerate() {
            let at = Self::cell(matrix, line, i);
            let ns = matrix.cells[row * matrix.holders.len() + i];
            let heat = ns as f64 / matrix.hottest.max(1) as f64;
            let (words, style) = match ns {
                0 if waiter == holder => ("\u{b7}".to_owned(), theme.fg(Role::Faint)),
                0 => ("0".to_owned(), theme.fg(Role::Guide)),
                _ => (self.figure(costs, ns), theme.heat(heat)),
            };
            text::put_line(buf, at, &format!("{words:>width$} ", width = usize::from(matrix.cell_width) - 1), style);
        }
        let at = Self::cell(matrix, line, matrix.holders.len());
        let at = Rect { width: SUM_WIDTH.min(line.right().saturating_sub(at.x)), ..at };
        text::put_right(buf, at, &self.figure(costs, of.total_ns), theme.strong_style());
    }

    /// Returns a time in ms for each second, with a digit after the point where it is small.
    #[expect(clippy::unused_self, reason = "reads better beside the other methods")]
    fn figure(&self, costs: &WhoCostsWhom, ns: u64) -> String {
        let value = costs.ms_per_second(ns);
        match value {
            1_000.5.. => compact_count(value as u64),
            9.95.. => format!("{value:.0}"),
            _ => format_tenths(value),
        }
    }

    /// Says which worker costs most, and what the matrix leaves out.
    fn describe_greatest(&self, costs: &WhoCostsWhom, by_holder: &[(WorkerId, u64)], width: u16) -> Vec<String> {
        let registry = self.view.shown_model().registry();
        let mut lines = Vec::new();
        let is_listed = |worker| self.view.matches_filter(registry.worker_name(worker));
        if let Some((holder, total)) = by_holder.iter().find(|(holder, _)| is_listed(*holder)) {
            let of = costs.pairs.iter().filter(|pair| pair.holder == *holder);
            let sum = |part: fn(&PairCost) -> u64| -> u64 { of.clone().map(part).sum() };
            let share = |ns: u64| compact_percent(ns as f64 / (*total).max(1) as f64);
            let running = share(sum(|pair| pair.holder_times.get(State::Running)));
            let ready = share(sum(|pair| pair.holder_times.get(State::Ready)));
            let waiting = share(sum(PairCost::holder_waiting_ns));
            lines.push(format!(
                "The costliest is {}: while others wait for it, it runs {running}, is ready without a core {ready}, \
                 and waits itself {waiting}.",
                registry.worker_name(*holder)
            ));
        }
        let sum = |of: fn(&WaiterCosts) -> u64| -> u64 { costs.waiters.iter().map(|(_, waiter)| of(waiter)).sum() };
        let parts = [
            ("lock free, not taken yet", sum(|waiter| waiter.handoff_ns)),
            ("wait over, not running yet", sum(|waiter| waiter.wakeup_ns)),
            ("small pairs", sum(|waiter| waiter.others_ns)),
            ("unknown", sum(|waiter| waiter.unknown_ns)),
        ];
        let parts = parts.iter().filter(|(_, ns)| *ns > 0);
        let parts: Vec<String> = parts.map(|(word, ns)| format!("{word} {}", self.figure(costs, *ns))).collect();
        if !parts.is_empty() {
            lines.push(format!("Besides, in ms/s: {}.", parts.join("; ")));
        }
        lines.iter().flat_map(|line| wrap_text(line, width)).collect()
    }
}

/// Returns the number of a worker within its group, or its name if it has none.
fn short_name(registry: &Registry, worker: WorkerId) -> &str {
    let name = registry.worker_name(worker);
    let group = registry.worker(worker).map_or("", |info| info.group.as_str());
    let number = name.strip_prefix(group).and_then(|rest| rest.strip_prefix('-')).filter(|rest| !rest.is_empty());
    number.unwrap_or(name)
}
