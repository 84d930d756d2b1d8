//! Data that workers of a scenario's pool fetch from each other.

use serde_json::Value;

use super::{contend, python_with};

#[test]
fn data_that_workers_of_a_pool_fetch_are_reported_without_anomalies() {
    let test = "data_that_workers_of_a_pool_fetch_are_reported_without_anomalies";
    let Some(python) = python_with(&["distributed"], test) else { return };
    let directory = tempfile::tempdir().expect("a directory");
    for needs in ["1", "2", "4"] {
        let mut run = contend(&python, directory.path());
        run.args(["run", "dask-data-movement", "--set", &format!("needs={needs}"), "--json", "--for", "90s"]);
        let ran = run.output().expect("contend starts");
        let report: Value = serde_json::from_slice(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        assert_eq!(report["events"]["anomalies"], 0, "needs={needs}: {report:#}");
        assert_eq!(report["ended"], "completed", "{report:#}");
        let transfers = report["transfers"].as_array().expect("transfers");
        if needs == "1" {
            continue; // a task mostly runs where the one before left its data
        }
        assert!(!transfers.is_empty(), "needs={needs}: {report:#}");
        for transfer in transfers {
            let (count, bytes) = (transfer["count"].as_u64(), transfer["bytes"].as_u64());
            assert!(count.is_some_and(|count| bytes >= Some(count << 20)), "each is 1 MiB at least: {transfer}");
            assert_ne!(transfer["from"], transfer["to"], "{transfer}");
        }
    }
}
