//! A cluster whose clock is days ahead of ours, as that of another machine is: processes in a time namespace of Linux.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::{contend, python_with};
use crate::support::{poll_until, report_skipped};

const TASKS: &str = "
from concurrent.futures import ProcessPoolExecutor
import time
def nap(x):
    time.sleep(0.02)
if __name__ == '__main__':
    with ProcessPoolExecutor() as executor:
        for _ in executor.map(nap, range(60)):
            pass
";

/// Where a process of the cluster runs.
#[derive(Clone, Copy)]
enum Machine {
    Ours,
    /// Its clock is ten days ahead, and it has another id of its start.
    Other,
}

/// A process that ends with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns a command that runs a program there.
fn on(machine: Machine, boot: &Path) -> Command {
    if matches!(machine, Machine::Ours) {
        return Command::new("env");
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "--time", "--monotonic=864000", "--fork", "--kill-child", "sh", "-c"]);
    command.arg("mount --bind \"$0\" /proc/sys/kernel/random/boot_id && exec \"$@\"").arg(boot);
    command
}

fn start(machine: Machine, boot: &Path, python: &Path, words: &[&str]) -> Process {
    let mut command = on(machine, boot);
    command.arg(python).arg("-m").args(words).stdout(Stdio::null()).stderr(Stdio::null());
    Process(command.spawn().expect("it starts"))
}

/// Runs tasks on a cluster of two workers, one of them here; returns the report.
fn run_on_cluster(python: &Path, scheduler: Machine, worker: Machine) -> Value {
    let directory = tempfile::tempdir().expect("a directory");
    let (boot, script) = (directory.path().join("boot"), directory.path().join("tasks.py"));
    fs::write(&boot, "6f0d12b4-0000-4000-8000-000000000001\n").expect("written");
    fs::write(&script, TASKS).expect("written");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let address = format!("tcp://127.0.0.1:{port}");
    let words = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--no-dashboard", "--port"];
    let port_text = port.to_string();
    let _scheduler = start(scheduler, &boot, python, &[&words[..], &[&port_text]].concat());
    poll_until("the scheduler listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    let local = directory.path().to_string_lossy();
    let words = ["distributed.cli.dask_worker", &address, "--host", "127.0.0.1", "--no-nanny", "--no-dashboard"];
    let words = [&words[..], &["--nthreads", "1", "--local-directory", &local]].concat();
    let _workers = [worker, Machine::Ours].map(|machine| start(machine, &boot, python, &words));
    wait_for_workers(python, &address);
    let mut run = contend(python, directory.path());
    run.args(["run", "--on", &format!("dask://127.0.0.1:{port}"), "--json", "--for", "60s"]).arg(&script);
    let ran = run.output().expect("contend starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    serde_json::from_slice(&ran.stdout).expect("a report")
}

fn wait_for_workers(python: &Path, address: &str) {
    let text = format!("from distributed import Client; Client('{address}').wait_for_workers(2, timeout=60)");
    assert!(Command::new(python).args(["-c", &text]).status().is_ok_and(|status| status.success()));
}

/// Asserts that all times of a report lie within its run, which the days between the clocks do not.
fn assert_times_are_ours(report: &Value) {
    assert_eq!(report["events"]["anomalies"], 0, "{report:#}");
    let run = report["elapsed_s"].as_f64().expect("a number") * 1e3;
    let pools = report["pools"].as_array().expect("pools");
    let dask = pools.iter().find(|pool| pool["name"] == "dask").expect("the pool of the cluster");
    assert_eq!(dask["done"], 60, "{dask:#}");
    for figure in ["response_ms", "service_ms"] {
        let longest = dask[figure]["max"].as_f64().unwrap_or_else(|| panic!("no {figure} in {dask:#}"));
        assert!(longest > 0.0 && longest < run, "{figure} of a run of {run} ms: {dask:#}");
    }
}

#[test]
fn clocks_of_other_machines_are_corrected_and_their_error_is_reported() {
    let test = "clocks_of_other_machines_are_corrected_and_their_error_is_reported";
    let Some(python) = python_with(&["distributed"], test) else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let boot = directory.path().join("boot");
    fs::write(&boot, "x\n").expect("written");
    let mut probe = on(Machine::Other, &boot);
    if !probe.arg("true").stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return report_skipped(test, "the right to make a time namespace (root, and `unshare` of util-linux)");
    }
    let cases = [
        (Machine::Ours, Machine::Ours, false),
        (Machine::Ours, Machine::Other, true),
        (Machine::Other, Machine::Ours, true),
        (Machine::Other, Machine::Other, true),
    ];
    for (scheduler, worker, has_error) in cases {
        let report = run_on_cluster(&python, scheduler, worker);
        assert_times_are_ours(&report);
        let error = report["events"]["clock_error_ms"].as_f64().expect("a number");
        assert_eq!(error > 0.0, has_error, "{error} ms");
        assert!(error < 1_000.0, "a question on one machine takes {error} ms");
    }
}
