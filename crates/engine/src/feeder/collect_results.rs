//! Reads the results of a batch: in the order of the tasks, or as they are completed.

use std::time::{Duration, Instant};

use crate::block_on::block_on;
use crate::context::RunContext;
use crate::pool::result_store::{Promise, ResultStore};
use crate::step_runner::StepRunner;
use contend_scenario::ResultDelivery;
use contend_trace::{Notice, PoolId};

/// Reads the promised results. Gives up at the feed's timeout, counted from `began`; the pool runs the tasks all the
/// same.
pub(super) fn collect_results(
    run: &'static RunContext,
    pool: usize,
    promises: &[Promise],
    began: Instant,
    step_runner: &mut StepRunner,
) {
    let Some(results) = run.results(PoolId::from(pool)).filter(|_| !promises.is_empty()) else { return };
    let timeout = run.scenario.pools[pool].timeout.as_ref().map(|timeout| timeout.eval(step_runner) as u64);
    let deadline = timeout.map(|nanos| began + Duration::from_nanos(nanos));
    let ordered = run.plan.pools[pool].delivery == Some(ResultDelivery::Ordered);
    let mut failed = 0_u64;
    for (read, promise) in promises.iter().enumerate() {
        let result = read_result(results, *promise, ordered, deadline, step_runner);
        failed += u64::from(result == Some(false));
        if result.is_none() {
            let message = format!("timeout after {read} of {} results", promises.len());
            run.send_notice(Notice::TaskFailed { worker: step_runner.id(), message });
            if ordered {
                promises[read..].iter().for_each(|promise| results.forget(*promise, &mut step_runner.recorder));
            }
            break;
        }
    }
    if failed > 0 {
        let message = format!("{failed} of the results were failures");
        run.send_notice(Notice::TaskFailed { worker: step_runner.id(), message });
    }
}

fn read_result(
    results: ResultStore,
    promise: Promise,
    ordered: bool,
    deadline: Option<Instant>,
    step_runner: &mut StepRunner,
) -> Option<bool> {
    let recorder = &mut step_runner.recorder;
    if ordered {
        block_on(results.read(promise, deadline, recorder))
    } else {
        block_on(results.read_next(deadline, recorder))
    }
}
