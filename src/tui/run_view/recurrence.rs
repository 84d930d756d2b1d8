//! What recurs in a run, and the length of a cell at which it can be seen: a hold of the lock that workers wait for, a
//! task of a pool, a phase of a loop.

use crate::model::{Lane, Model, Pool};
use crate::trace::{PoolId, Span, Stamp, State};
use crate::tui::axis::{round_to_125, round_up_125};

/// Shortest and longest cell that is chosen from the data. Shorter ones show turns that no eye can follow, longer ones
/// take a minute to fill.
const MIN_CELL: Span = Span::from_micros(10);
const MAX_CELL: Span = Span::from_millis(1_000);

/// Cells of one hold: two tell where it begins and ends, and leave room for those of the other workers.
const CELLS_PER_HOLD: u64 = 2;

/// Cells of one task, so that a number of three digits fits into its block.
const CELLS_PER_TASK: u64 = 5;

/// Cells of one phase of a loop, from one beginning of work to the next.
const CELLS_PER_PHASE: u64 = 4;

/// Width of the window over a pool that tasks come to from outside and that has a backlog.
///
/// Such a pool has two scales: a task lasts milliseconds, the backlog grows for seconds, and no window shows both
/// (thread-pool: 21 ms and 5 s, a factor of 240 for 70 columns). Whether the pool keeps up is the question of all these
/// scenarios, and only the trend answers it; the share of work in each lane is visible at any zoom. So the window has
/// the length of the trend, and `]` leads to the tasks. A pool without a backlog shows its tasks.
const TREND_WINDOW: Span = Span::from_millis(6_000);

/// Queued tasks for each worker from which the backlog is what the picture is about.
const BACKLOG_PER_WORKER: usize = 2;

/// Longest time before the present that is looked at, most spans of a lane in it, and most lanes.
const LOOK_BACK: Span = Span::from_millis(10_000);
const MAX_SPANS: usize = 512;
const MAX_LANES: usize = 16;

/// Least halves of a cell of what recurs at which it still can be told from its neighbours.
const READABLE_HALF_CELLS: u64 = 3;

/// What recurs in a run, and how many cells of it the first window shows.
struct RecurringPiece {
    length: Span,
    cells: u64,
}

/// Returns the length of a cell for a window with this many columns. `None` until something has recurred `least` times.
pub(super) fn typical_cell(model: &Model, now: Stamp, columns: u16, least: usize) -> Option<Span> {
    if has_backlog(model) {
        return Some(cell_for(TREND_WINDOW, u64::from(columns)));
    }
    recurring_piece(model, now, least).map(|piece| cell_for(piece.length, piece.cells))
}

/// Whether tasks come to a pool from outside, so that the trend of its backlog may be what the picture is about.
pub(super) fn has_open_pool(model: &Model) -> bool {
    pools(model).any(|(_, pool)| pool.total_tasks().is_none())
}

/// Whether single turns can be seen with cells of this length, as far as the run has any and they are its subject.
pub(super) fn shows_single_turns(model: &Model, now: Stamp, cell: Span) -> bool {
    has_backlog(model)
        || recurring_piece(model, now, 1)
            .is_none_or(|piece| piece.length.0.saturating_mul(2) >= cell.0.saturating_mul(READABLE_HALF_CELLS))
}

fn recurring_piece(model: &Model, now: Stamp, least: usize) -> Option<RecurringPiece> {
    // What recurs under the present settings; those of before a turned knob do not count.
    let (lock_weight, hold) = contended_hold(model, now, least).unzip();
    let (pool_weight, service) = pool_service(model, now, least).unzip();
    let (length, cells) = match (hold, service) {
        (Some(hold), None) => (hold, CELLS_PER_HOLD),
        // A task's time includes its waits for locks.
        (Some(hold), Some(_)) if lock_weight > pool_weight.map(|weight: u64| weight / 2) => (hold, CELLS_PER_HOLD),
        (_, Some(service)) => (service, CELLS_PER_TASK),
        (None, None) => (typical_phase(model, now, least)?, CELLS_PER_PHASE),
    };
    Some(RecurringPiece { length, cells })
}

/// Returns the least length of a cell at which the last change of any worker's state is in the right half of a window
/// up to `now`: workers are often delayed when a run ends, and a window of that delay alone would show no turn.
pub(super) fn cell_with_last_change(model: &Model, now: Stamp, columns: u16) -> Span {
    let changes = model.lanes().filter(|(_, lane)| lane.activity().state.is_alive());
    let last = changes.map(|(_, lane)| lane.activity().since).max().unwrap_or(now);
    let least = now.span_since(last).0.saturating_mul(2) / u64::from(columns.max(1));
    Span(round_up_125(least.max(1)))
}

/// Returns the length of a cell at which the phases of loops can be seen.
pub(super) fn phase_cell(model: &Model, now: Stamp, least: usize) -> Option<Span> {
    typical_phase(model, now, least).map(|phase| cell_for(phase, CELLS_PER_PHASE))
}

fn typical_phase(model: &Model, now: Stamp, least: usize) -> Option<Span> {
    let mut phases = phases(model, now);
    (phases.len() >= least.max(1)).then(|| weighted_median(&mut phases))
}

/// Returns the cell of which about this many make up `whole`, as 1, 2 or 5 times a power of ten.
fn cell_for(whole: Span, cells: u64) -> Span {
    Span(round_to_125(whole.0 / cells.max(1)).clamp(MIN_CELL.0, MAX_CELL.0))
}

/// Whether a pool without a fixed number of tasks has more tasks waiting than its workers are about to take.
fn has_backlog(model: &Model) -> bool {
    pools(model).any(|(id, pool)| {
        let depth = model.registry().pools.get(id.index()).and_then(|info| model.queue(info.queue));
        let most = BACKLOG_PER_WORKER * pool.worker_count() as usize;
        pool.total_tasks().is_none() && depth.is_some_and(|queue| queue.depth() as usize > most)
    })
}

fn pools(model: &Model) -> impl Iterator<Item = (PoolId, &Pool)> {
    (0..model.registry().pools.len()).map(PoolId::from).filter_map(|id| Some((id, model.pool(id)?)))
}

/// Returns the time that workers waited for the lock with the longest waits, and its typical hold. `None` if on average
/// less than a twentieth of a worker waited.
fn contended_hold(model: &Model, now: Stamp, least: usize) -> Option<(u64, Span)> {
    let locks = model.registry().locks().filter_map(|id| model.lock(id));
    let used = locks.filter(|lock| lock.recent_hold_times().count() >= least.max(1) as u64);
    let worst = used.max_by_key(|lock| lock.recent_wait_times().total_ns())?;
    let waited = worst.recent_wait_times().total_ns();
    let holds = worst.recent_hold_times();
    // Many short holds do not hide the few long ones that the others wait for.
    let typical = holds.percentile_ns(50.0).max(holds.total_ns() / holds.count() / 2);
    (waited >= now.span_since(model.settings_start(now)).0 / 20).then_some((waited, Span(typical)))
}

/// Returns the time that the pool with the most work spent on tasks, and the typical time of a task with its hand-over.
fn pool_service(model: &Model, now: Stamp, least: usize) -> Option<(u64, Span)> {
    let times = |pool: &Pool| (pool.recent_tasks().service_times.count(), pool.recent_tasks().service_times.total_ns());
    let used = pools(model).map(|(_, pool)| pool).filter(|pool| times(pool).0 >= least.max(1) as u64);
    let most = used.max_by_key(|pool| times(pool).1)?;
    let times = most.recent_tasks().service_times;
    // Between processes, handing a task over may take longer than the task.
    let handover = most.recent_handover_time(now).handover_ns / times.count();
    Some((times.total_ns(), Span(times.percentile_ns(50.0).saturating_add(handover))))
}

/// Returns the phases of some lanes.
fn phases(model: &Model, now: Stamp) -> Vec<u64> {
    let count = model.lanes().count();
    let some = model.lanes().step_by(count / MAX_LANES + 1);
    let from = now.earlier_by(LOOK_BACK).max(model.settings_start(now));
    some.flat_map(|(_, lane)| lane_phases(lane, from, now)).collect()
}

/// Returns the times from one beginning of work to the next.
fn lane_phases(lane: &Lane, from: Stamp, now: Stamp) -> Vec<u64> {
    let spans = lane.spans(from, now).take(MAX_SPANS);
    let begins: Vec<Stamp> = spans.filter(|span| span.state == State::Running).map(|span| span.since).collect();
    begins.windows(2).map(|pair| pair[1].span_since(pair[0]).0).collect()
}

/// Returns the duration up to which half of all the time is spent, so that many tiny phases between long ones do not
/// count.
fn weighted_median(durations: &mut [u64]) -> Span {
    durations.sort_unstable();
    let whole: u128 = durations.iter().map(|ns| u128::from(*ns)).sum();
    let mut sum = 0;
    let middle = durations.iter().find(|ns| {
        sum += u128::from(**ns);
        2 * sum >= whole
    });
    Span(middle.copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn window_of_a_hold_of_two_milliseconds_is_as_wide_as_a_millisecond_for_each_column() {
        assert_eq!(cell_for(Span::from_micros(2_070), CELLS_PER_HOLD), Span::from_millis(1));
        assert_eq!(cell_for(Span::from_millis(21), CELLS_PER_TASK), Span::from_millis(5));
        assert_eq!(cell_for(TREND_WINDOW, 70), Span::from_millis(100));
    }

    #[test]
    fn tiny_phases_between_long_ones_do_not_count() {
        let mut phases = [vec![1_000; 50], vec![5_000_000; 10]].concat();
        assert_eq!(weighted_median(&mut phases), Span::from_millis(5));
        assert_eq!(weighted_median(&mut []), Span::ZERO);
    }

    proptest! {
        #[test]
        fn cell_is_bounded_and_one_two_or_five_times_a_power_of_ten(whole in 0u64..1 << 50, cells in 0u64..300) {
            let cell = cell_for(Span(whole), cells);
            prop_assert!(MIN_CELL <= cell && cell <= MAX_CELL);
            let mut digits = cell.0;
            while digits.is_multiple_of(10) {
                digits /= 10;
            }
            prop_assert!([1, 2, 5].contains(&digits), "{cell:?}");
        }

        #[test]
        fn ten_times_the_length_gives_ten_times_the_cell(micros in 60u64..100_000, cells in 1u64..6) {
            let (one, ten) = (cell_for(Span(micros * 1_000), cells), cell_for(Span(micros * 10_000), cells));
            prop_assert!(ten.0 == one.0 * 10 || ten == MAX_CELL || one == MIN_CELL, "{one:?} {ten:?}");
        }

        #[test]
        fn what_recurs_is_a_few_cells_wide(micros in 100u64..1_000_000, cells in 1u64..6) {
            let wide = (micros * 1_000) as f64 / cell_for(Span(micros * 1_000), cells).0 as f64;
            prop_assert!(wide >= cells as f64 / 1.6 && wide <= cells as f64 * 1.6, "{wide}");
        }
    }
}
