//! Workers and programs that are killed.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;

use super::{names_in, path_with, python_with};
use crate::support::pty::Pty;
use crate::support::{is_running, kill, poll_until};

/// The longest time between the death of a worker and its mark on the screen.
const MARK_WITHIN: Duration = Duration::from_secs(1);

/// Runs tasks for a while, and writes the numbers of the workers' processes.
const NAPS: &str = "
import os, sys, time
from concurrent.futures import ProcessPoolExecutor
def nap(x):
    time.sleep(0.1)
    return os.getpid()
if __name__ == '__main__':
    with ProcessPoolExecutor() as executor:
        pids = set(executor.map(nap, range(20)))
        with open(sys.argv[1] + '.new', 'w') as file:
            file.write(' '.join(map(str, pids)))
        os.rename(sys.argv[1] + '.new', sys.argv[1])
        print(len(list(executor.map(nap, range(600)))))
";

fn in_terminal(python: &Path, temporary: &Path, arguments: &[&str]) -> Pty {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_contend"));
    command.args(arguments);
    command.env("PATH", path_with(python));
    command.env("CONTEND_PYTHON", python);
    command.env("TMPDIR", temporary);
    Pty::start(command, 40, 120)
}

#[test]
fn dead_dask_worker_is_marked_on_the_screen_within_a_second() {
    let Some(python) = python_with(&["distributed"], "dead_dask_worker_is_marked_on_the_screen_within_a_second") else {
        return;
    };
    let directory = tempfile::tempdir().expect("a directory");
    let (script, pids) = (directory.path().join("naps.py"), directory.path().join("pids"));
    fs::write(&script, NAPS).expect("written");
    let [script, pids_file] = [&script, &pids].map(|path| path.to_str().expect("text"));
    let mut terminal =
        in_terminal(&python, directory.path(), &["run", "--on", "dask", "--workers", "2", script, pids_file]);
    terminal.wait_for("both workers", |screen| {
        let text = screen.contents();
        pids.is_file() && text.contains("worker-0") && text.contains("worker-1") && !text.contains("crashed")
    });
    let workers = fs::read_to_string(&pids).expect("numbers");
    let worker = workers.split(' ').next().and_then(|pid| pid.parse().ok()).expect("a number");
    let killed = Instant::now();
    kill(worker);
    terminal.wait_for("the mark of the dead worker", |screen| screen.contents().contains("crashed"));
    let delay = killed.elapsed();
    assert!(delay < MARK_WITHIN, "after {delay:?}:\n{}", terminal.text());
    println!("a dead worker is marked after {delay:?}");
    terminal.type_keys("q");
}

#[test]
fn killed_tour_of_clusters_leaves_no_process_and_no_directory() {
    let Some(python) = python_with(&["distributed"], "killed_tour_of_clusters_leaves_no_process_and_no_directory")
    else {
        return;
    };
    let directory = tempfile::tempdir().expect("a directory");
    let terminal = in_terminal(&python, directory.path(), &["demo", "cluster"]);
    assert_nothing_is_left_by_a_kill(terminal, directory.path());
}

#[test]
fn killed_run_of_a_script_on_dask_leaves_no_process_and_no_directory() {
    let test = "killed_run_of_a_script_on_dask_leaves_no_process_and_no_directory";
    let Some(python) = python_with(&["distributed"], test) else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let place = tempfile::tempdir().expect("a directory");
    let script = place.path().join("naps.py");
    fs::write(&script, NAPS).expect("written");
    let [script, pids] = [&script, &place.path().join("pids")].map(|path| path.to_string_lossy().into_owned());
    let terminal = in_terminal(&python, directory.path(), &["run", "--on", "dask", "--workers", "2", &script, &pids]);
    assert_nothing_is_left_by_a_kill(terminal, directory.path());
}

/// Waits until the cluster is there, kills contend, and waits until all that it started is gone.
fn assert_nothing_is_left_by_a_kill(mut terminal: Pty, temporary: &Path) {
    let start = Instant::now();
    while workers_in(temporary) < 2 {
        assert!(start.elapsed() < Duration::from_mins(1), "no cluster:\n{}", terminal.text());
        terminal.read_for(Duration::from_millis(50));
    }
    assert!(family(temporary).len() >= 5, "contend, its guardian, a scheduler and two workers at least");
    assert!(!names_in(temporary).is_empty(), "the run has a directory");
    terminal.send_signal("KILL");
    let _ = terminal.wait_without_reading();
    poll_until("all processes are gone", || family(temporary).is_empty());
    poll_until("the temporary directory is empty", || names_in(temporary).is_empty());
}

/// Returns the processes whose environment names this directory: contend and all that it started, whatever other marks
/// they lost.
fn family(temporary: &Path) -> Vec<u32> {
    let mark = temporary.as_os_str().as_bytes();
    let belongs = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.windows(mark.len()).any(|part| part == mark)
    };
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(belongs).filter(|pid| is_running(*pid)).collect()
}

/// Counts the processes that are workers of Dask.
fn workers_in(temporary: &Path) -> usize {
    let is_worker = |pid: &u32| {
        let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&words).contains("distributed.cli.dask_worker")
    };
    family(temporary).iter().filter(|pid| is_worker(pid)).count()
}
