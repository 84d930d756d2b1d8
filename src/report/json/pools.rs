//! Pools and their results in the JSON report.

use serde::Serialize;

use super::durations::DurationsJson;
use crate::report::Report;
use crate::trace::Stamp;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct PoolJson<'a> {
    name: &'a str,
    #[cfg_attr(test, schemars(extend("enum" = ["thread", "process", "async", "dask"])))]
    of: &'static str,
    workers: u32,
    submitted: u64,
    done: u64,
    failed: u64,
    rejected: u64,
    retried: u64,
    cancelled: u64,
    lost: u64,
    open: u64,
    stolen: u64,
    /// Tasks that workers ran while they waited for a result.
    helped: u64,
    unseen: u64,
    results: Option<ResultsJson>,
    throughput_per_s: f64,
    service_ms: DurationsJson,
    response_ms: DurationsJson,
    utilization: f64,
    handover: f64,
}

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct ResultsJson {
    there: u64,
    read: u64,
    gave_up: u64,
    held_max: u32,
    first_there_s: Option<f64>,
    first_read_s: Option<f64>,
}

impl From<&crate::model::Results> for ResultsJson {
    fn from(results: &crate::model::Results) -> Self {
        let (there, read) = results.first_times();
        Self {
            there: results.unread().put_count(),
            read: results.read_count(),
            gave_up: results.timeouts(),
            held_max: results.unread().max_depth(),
            first_there_s: there.map(Stamp::as_secs_f64),
            first_read_s: read.map(Stamp::as_secs_f64),
        }
    }
}

pub(super) fn pools<'a>(report: &Report<'a>) -> Vec<PoolJson<'a>> {
    let pool = |(info, pool): (&'a crate::trace::PoolInfo, &'a crate::model::Pool)| PoolJson {
        name: &info.name,
        of: info.worker_kind.word(),
        workers: pool.worker_count(),
        submitted: pool.submitted(),
        done: pool.done(),
        failed: pool.failed(),
        rejected: pool.rejected(),
        retried: pool.retried(),
        cancelled: pool.cancelled(),
        lost: pool.lost(),
        open: pool.open_tasks(),
        stolen: pool.stolen(),
        helped: pool.helped(),
        unseen: pool.unread_failures(),
        results: info.results.and_then(|id| report.model.results(id)).map(ResultsJson::from),
        throughput_per_s: report.throughput(pool),
        service_ms: pool.service_times().into(),
        response_ms: pool.response_times().into(),
        utilization: pool.utilization(Stamp::default(), report.ended_at, report.ended_at),
        handover: report.handover_share(pool),
    };
    report.pools().map(pool).collect()
}
