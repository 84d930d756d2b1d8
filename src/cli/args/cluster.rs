//! The arguments of `contend attach`: a cluster, or a process; and where `--on` sends the pools of a script.

use std::time::Duration;

use clap::Args;
use contend_cluster::Engine;

use super::values::parse_positive_time;
use super::{FindingArgs, RecordArgs, TEMPLATE};
use crate::cli::program::ProgramOptions;
use crate::model::Finding;

const EXAMPLES: &str = "\
Examples:
  contend attach 4711                      threads of a process, from outside
  contend attach rq redis://127.0.0.1:6379/0
  contend attach rq redis://:password@host:6379/0 --headless --for 1m
  contend attach dask http://127.0.0.1:8787
  contend attach ray http://:token@127.0.0.1:8265";

/// The cluster that runs the process pools of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) enum OnCluster {
    /// Workers of Dask on this machine, started for the script.
    Local,
    /// A scheduler of Dask that is there, by its address.
    At(String),
}

/// Reads `dask`, `dask://host:8786` or `tls://host:8786`.
pub(super) fn parse_cluster(text: &str) -> Result<OnCluster, String> {
    let host = |rest: &str, scheme: &str| {
        let is_address =
            rest.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
        if is_address { Ok(OnCluster::At(format!("{scheme}://{rest}"))) } else { Err(()) }
    };
    let parsed = match text.split_once("://") {
        None if text == "dask" => Ok(OnCluster::Local),
        Some(("dask", rest)) => host(rest, "tcp"),
        Some(("tls", rest)) => host(rest, "tls"),
        _ => Err(()),
    };
    parsed.map_err(|()| "write `dask` for workers on this machine, or an address like `dask://host:8786`".to_owned())
}

/// What to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum AttachTarget {
    /// A process, by its number.
    Process(u32),
    Cluster(Engine),
}

fn parse_target(text: &str) -> Result<AttachTarget, String> {
    let known = || Engine::ALL.map(Engine::word).join(", ");
    match (text.parse::<u32>(), Engine::ALL.into_iter().find(|engine| engine.word() == text)) {
        (Ok(pid @ 1..), _) => Ok(AttachTarget::Process(pid)),
        (_, Some(engine)) => Ok(AttachTarget::Cluster(engine)),
        _ => Err(format!("write the number of a process, or what runs a cluster: {}", known())),
    }
}

/// Show a process or a cluster that is there; nothing is changed in it
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = EXAMPLES)]
pub(in crate::cli) struct AttachArgs {
    /// The number of a process, whose threads are shown with those of its children; or what runs a cluster's tasks:
    /// `dask`, `ray` or `rq`
    #[arg(value_name = "PID|ENGINE", value_parser = parse_target)]
    pub(in crate::cli) target: AttachTarget,
    /// Where the cluster is: the dashboard of Dask or Ray, the Redis of RQ. A password in it is never shown nor
    /// recorded
    #[arg(value_name = "URL")]
    pub(in crate::cli) address: Option<String>,
    /// Stop after this time, such as 10s
    #[arg(long = "for", value_name = "TIME", value_parser = parse_positive_time, help_heading = "When to stop")]
    pub(in crate::cli) time: Option<Duration>,
    /// Print a report at the end instead of opening the dashboard [default: if the output is not a terminal]
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) headless: bool,
    /// Print the report as one JSON object (see docs/report.md); implies --headless
    #[arg(long, help_heading = "Output")]
    pub(in crate::cli) json: bool,
    /// Exit with 3 if contend reports this finding; can be repeated
    #[arg(long, value_name = "FINDING", value_parser = Finding::IDS, help_heading = "Output")]
    pub(in crate::cli) fail_on: Vec<String>,
    /// Write the events to the socket of the contend that started this one
    #[arg(long, hide = true)]
    pub(in crate::cli) feed: bool,
    #[command(flatten)]
    pub(in crate::cli) recording: RecordArgs,
    #[command(flatten)]
    pub(in crate::cli) findings: FindingArgs,
}

impl<'a> From<&'a AttachArgs> for ProgramOptions<'a> {
    fn from(args: &'a AttachArgs) -> Self {
        let AttachArgs { headless, json, time, fail_on, recording, findings, .. } = args;
        Self { headless: *headless, json: *json, time: *time, fail_on, recording, findings }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_a_process_and_a_word_is_a_cluster() {
        assert_eq!(parse_target("4711"), Ok(AttachTarget::Process(4711)));
        assert_eq!(parse_target("rq"), Ok(AttachTarget::Cluster(Engine::Rq)));
        for wrong in ["", "0", "-1", "4294967296", "celery"] {
            assert!(parse_target(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn clusters_are_named_by_scheme_host_and_port() {
        assert_eq!(parse_cluster("dask"), Ok(OnCluster::Local));
        assert_eq!(parse_cluster("dask://host:8786"), Ok(OnCluster::At("tcp://host:8786".into())));
        assert_eq!(parse_cluster("tls://host:8786"), Ok(OnCluster::At("tls://host:8786".into())));
        for wrong in ["", "ray", "dask://", "dask://host", "dask://host:x", "http://host:8786"] {
            assert!(parse_cluster(wrong).is_err(), "{wrong}");
        }
    }
}
