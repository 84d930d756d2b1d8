//! Whoever fed a batch reads its results: in the order of the tasks, or as they come.

use std::time::{Duration, Instant};

use crate::actor::Actor;
use crate::block_on::block_on;
use crate::results::{Promise, Results};
use crate::run::Run;
use contend_scenario::Delivery;
use contend_trace::{Notice, PoolId};

/// Reads the results promised. Where that takes longer than the feed's timeout, counted from `began`, it gives up: the
/// tasks are done all the same.
pub(super) fn collect(run: &'static Run, pool: usize, promises: &[Promise], began: Instant, actor: &mut Actor) {
    let Some(results) = run.results(PoolId::from(pool)).filter(|_| !promises.is_empty()) else { return };
    let timeout = run.scenario.pools[pool].timeout.as_ref().map(|timeout| timeout.eval(actor) as u64);
    let deadline = timeout.map(|nanos| began + Duration::from_nanos(nanos));
    let ordered = run.plan.pools[pool].delivery == Some(Delivery::Ordered);
    let all = promises.len();
    let mut failed = 0_u64;
    for (read, promise) in promises.iter().enumerate() {
        let result = read_one(results, *promise, ordered, deadline, actor);
        failed += u64::from(result == Some(false));
        if result.is_none() {
            let what = format!("the time for the results was over: {read} of {all} were read");
            run.notice(Notice::Failed { worker: actor.me(), what });
            if ordered {
                promises[read..].iter().for_each(|promise| results.forget(*promise, &mut actor.pen));
            }
            break;
        }
    }
    if failed > 0 {
        let what = format!("{failed} of the results were failures");
        run.notice(Notice::Failed { worker: actor.me(), what });
    }
}

fn read_one(
    results: Results,
    promise: Promise,
    ordered: bool,
    deadline: Option<Instant>,
    actor: &mut Actor,
) -> Option<bool> {
    let pen = &mut actor.pen;
    if ordered { block_on(results.read(promise, deadline, pen)) } else { block_on(results.read_next(deadline, pen)) }
}
