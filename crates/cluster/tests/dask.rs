//! Looks at a real cluster of Dask by its dashboard: started here, on loopback. Skipped by name where it is absent.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failed unwrap fails the test; it names skipped tests")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use contend_cluster::{Engine, limits};
use serde_json::Value;

use support::{Watcher, is_there, python, wait_until};

const TASKS: usize = 200;

/// A cluster that does what each line of its standard input says, and answers with one line.
const CLUSTER: &str = "
import json, os, signal, sys, time
from distributed import Client, LocalCluster
def nap(x):
    time.sleep(0.01)
    return x
def fail(x):
    raise ValueError(x)
if __name__ == '__main__':
    cluster = LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address='127.0.0.1:0', host='127.0.0.1')
    client = Client(cluster)
    scheduler = cluster.scheduler
    kept = []
    print(scheduler.http_server.port, flush=True)
    for line in sys.stdin:
        word = line.split()[0]
        answer = None
        if word == 'map':
            kept.append(client.gather(client.map(nap, range(int(line.split()[1])), pure=False)))
        elif word == 'fail':
            future = client.submit(fail, 1)
            kept.append(future)
            future.exception()
        elif word == 'start':
            kept.append(client.map(time.sleep, [3] * 8, pure=False))
        elif word == 'kill':
            state = max(scheduler.workers.values(), key=lambda worker: len(worker.processing))
            pid = client.run(os.getpid)[state.address]
            os.kill(pid, signal.SIGKILL)
            answer = state.address
        elif word == 'state':
            answer = [sorted(name for name in scheduler.plugins), sorted(scheduler.clients), scheduler.port,
                      sorted(scheduler.tasks), sorted(scheduler.extensions), sorted(scheduler.task_metadata)]
        print(json.dumps(answer), flush=True)
";

struct Cluster {
    process: Child,
    answers: BufReader<std::process::ChildStdout>,
    port: u16,
}

impl Cluster {
    fn start() -> Self {
        let directory = std::env::temp_dir();
        let mut process = Command::new(python())
            .args(["-c", CLUSTER])
            .current_dir(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut answers = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        answers.read_line(&mut line).unwrap();
        let port = line.trim().parse().expect("the port of the dashboard");
        Self { process, answers, port }
    }

    fn ask(&mut self, line: &str) -> Value {
        writeln!(self.process.stdin.as_mut().unwrap(), "{line}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    fn url(&self) -> String {
        format!("http://anna:s3cret@127.0.0.1:{}", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.process.stdin.take()); // it ends its workers
        let _ = self.process.wait();
    }
}

fn is_absent() -> bool {
    let is_absent = !is_there(&python(), &["-c", "import distributed"]);
    if is_absent {
        eprintln!("skipped: {} has no package distributed (CONTEND_TEST_PYTHON names another one)", python());
    }
    is_absent
}

#[test]
fn finished_tasks_are_shown_failed_ones_are_counted_and_nothing_is_changed() {
    if is_absent() {
        return;
    }
    let mut cluster = Cluster::start();
    let before = cluster.ask("state");
    let watcher = Watcher::start(Engine::Dask, &cluster.url());
    let sink = watcher.sink.clone();
    wait_until("two workers of two threads", || sink.count("begin") == 5);
    cluster.ask(&format!("map {TASKS}"));
    wait_until("all tasks have ended", || sink.count("finish") == TASKS);
    cluster.ask("fail");
    wait_until("the failed task is counted", || sink.count("erred") == 1);
    let lines = sink.lines();
    let during = cluster.ask("state");
    watcher.stop().unwrap();
    wait_until("the scheduler has its own plugins only", || {
        let after = cluster.ask("state");
        after[0] == before[0]
            && after[1] == before[1]
            && after[2] == before[2]
            && after[4] == before[4]
            && after[5] == before[5]
    });
    let plugins = during[0].as_array().unwrap();
    assert!(plugins.iter().any(|plugin| plugin == "websocket"), "{plugins:?}");
    assert!(limits(Engine::Dask)[0].contains("finished tasks only"));
    assert!(!sink.text().contains("s3cret"));

    let ok = lines.iter().filter(|line| line["k"] == "finish" && line["ok"] == true).count();
    assert_eq!(ok, TASKS, "a task that failed is not one that was done");
    let lengths: Vec<u64> = lines
        .iter()
        .filter(|line| line["k"] == "start")
        .map(|start| {
            let end = lines.iter().find(|line| line["k"] == "finish" && line["o"] == start["o"]).unwrap();
            end["t"].as_u64().unwrap() - start["t"].as_u64().unwrap()
        })
        .collect();
    assert!(lengths.iter().all(|length| *length >= 10_000_000), "each takes at least its 10 ms: {lengths:?}");
    assert!(lines.iter().filter(|line| line["k"] == "start").all(|line| line["n"] == "nap"));
}

#[test]
fn worker_that_is_killed_with_tasks_is_lost() {
    if is_absent() {
        return;
    }
    let mut cluster = Cluster::start();
    let watcher = Watcher::start(Engine::Dask, &cluster.url());
    let sink = watcher.sink.clone();
    wait_until("two workers of two threads", || sink.count("begin") == 5);
    cluster.ask("start");
    // The workers tell what they execute twice a second, and they are asked once a second.
    std::thread::sleep(std::time::Duration::from_millis(2_500));
    cluster.ask("kill");
    wait_until("both lanes of the killed worker are lost", || {
        sink.lines().iter().filter(|line| line["k"] == "end" && line["ok"] == false).count() == 2
    });
    wait_until("its successor is seen", || sink.count("begin") >= 7);
    watcher.stop().unwrap();
}
