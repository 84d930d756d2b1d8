//! Scripts that use Dask and joblib as they are.

use std::fs;

use serde_json::Value;

use super::{contend, names_in, python_with};

/// Runs a script with `--on dask` to its end. Returns what it printed and the report.
fn run_on_dask(python: &std::path::Path, text: &str) -> (String, Value) {
    let (directory, temporary) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let script = directory.path().join("script.py");
    fs::write(&script, text).expect("written");
    let mut run = contend(python, temporary.path());
    let ran = run.args(["run", "--on", "dask", "--workers", "2", "--json", "--for", "90s"]).arg(&script).output();
    let ran = ran.expect("contend starts");
    let printed = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{printed}");
    assert_eq!(names_in(temporary.path()), Vec::<String>::new(), "temporary files are left");
    (printed, serde_json::from_slice(&ran.stdout).expect("a report"))
}

fn tasks_done(report: &Value) -> u64 {
    let pools = report["pools"].as_array().expect("pools");
    let dask = pools.iter().find(|pool| pool["name"] == "dask").unwrap_or_else(|| panic!("no pool in {report:#}"));
    dask["tasks"]["done"].as_u64().or_else(|| dask["done"].as_u64()).unwrap_or_else(|| panic!("no tasks in {dask:#}"))
}

#[test]
fn plain_code_for_distributed_runs_unchanged() {
    let Some(python) = python_with(&["distributed"], "plain_code_for_distributed_runs_unchanged") else { return };
    let (printed, report) = run_on_dask(
        &python,
        "
from distributed import Client, as_completed, wait
def square(x):
    return x * x
def fail(x):
    raise ValueError(x)
if __name__ == '__main__':
    with Client() as client:
        print('workers', len(client.scheduler_info()['workers']))
        squares = client.map(square, range(20), pure=False)
        print('gathered', client.gather(squares)[-1])
        print('sum', client.submit(sum, squares).result())
        print('completed', sum(future.result() for future in as_completed(client.map(square, range(5), pure=False))))
        broken = client.submit(fail, 7)
        wait([broken])
        print('failed', repr(broken.exception()))
",
    );
    for line in ["workers 2", "gathered 361", "sum 2470", "completed 30", "failed ValueError(7)"] {
        assert!(printed.lines().any(|found| found == line), "{line} is not in\n{printed}");
    }
    assert_eq!(tasks_done(&report), 26, "20 squares, a sum, 5 squares; the failure is counted apart");
    let workers = report["workers"].as_array().expect("workers");
    let of_cluster = workers.iter().filter(|worker| worker["name"].as_str().is_some_and(|name| name.contains('/')));
    assert_eq!(of_cluster.clone().count(), 2, "{workers:#?}");
    for worker in of_cluster {
        assert_eq!(worker["ended"], "finished", "it was there to the end: {worker:#}");
    }
}

#[test]
fn joblib_runs_unchanged_on_dask() {
    let Some(python) = python_with(&["distributed", "joblib"], "joblib_runs_unchanged_on_dask") else { return };
    let (printed, report) = run_on_dask(
        &python,
        "
from joblib import Parallel, delayed
def square(x):
    return x * x
if __name__ == '__main__':
    print('squares', Parallel(n_jobs=4)(delayed(square)(n) for n in range(10)))
",
    );
    assert!(printed.contains("squares [0, 1, 4, 9, 16, 25, 36, 49, 64, 81]"), "{printed}");
    assert!(tasks_done(&report) >= 1, "joblib may put several calls into one task");
}
