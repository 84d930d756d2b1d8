//! Data that workers fetched from each other, in the JSON report.

use serde::Serialize;

use crate::report::Report;

#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct TransferJson<'a> {
    from: &'a str,
    to: &'a str,
    count: u64,
    bytes: u64,
}

pub(super) fn transfers<'a>(report: &Report<'a>) -> Vec<TransferJson<'a>> {
    let registry = report.model.registry();
    let pairs = report.model.transfers().pairs();
    let transfer = |(from, to, moved): (_, _, crate::model::Moved)| TransferJson {
        from: registry.worker_name(from),
        to: registry.worker_name(to),
        count: moved.count,
        bytes: moved.bytes,
    };
    pairs.into_iter().map(transfer).collect()
}
