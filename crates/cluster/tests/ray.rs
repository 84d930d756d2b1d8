//! Looks at a real cluster of Ray by its dashboard: started here, on loopback. Skipped by name where it is absent.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failed unwrap fails the test; it names skipped tests")]

mod support;

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use contend_cluster::Engine;
use serde_json::Value;

use support::{Watcher, is_there, wait_until};

const TASKS: usize = 40;
const TOKEN: &str = "s3cret-token-of-the-test";

/// A cluster that does what each line of its standard input says, and answers with one line.
const CLUSTER: &str = "
import json, os, ray, signal, sys, time
ray.init(num_cpus=2, include_dashboard=True, dashboard_host='127.0.0.1', dashboard_port=int(sys.argv[1]),
         _node_ip_address='127.0.0.1', log_to_driver=False, object_store_memory=100_000_000)
@ray.remote
def nap(x):
    time.sleep(0.05)
    return x
@ray.remote(max_retries=0)
def fail(x):
    raise ValueError(x)
@ray.remote(max_retries=0)
def die():
    time.sleep(2.5)
    os.kill(os.getpid(), signal.SIGKILL)
print('ready', flush=True)
for line in sys.stdin:
    word = line.split()[0]
    answer = None
    if word == 'nap':
        ray.get([nap.remote(x) for x in range(int(line.split()[1]))])
    elif word == 'state':
        answer = [len(ray.nodes()), sorted(ray.cluster_resources()), ray.get_runtime_context().get_job_id()]
    else:
        try:
            ray.get((fail.remote(1) if word == 'fail' else die.remote()))
        except Exception as error:
            answer = type(error).__name__
    print('answer', json.dumps(answer), flush=True)
";

#[test]
fn tasks_have_their_times_failures_and_dead_workers_are_shown_and_nothing_is_changed() {
    let Ok(python) = env::var("CONTEND_TEST_RAY") else {
        eprintln!("skipped: CONTEND_TEST_RAY names no Python with the package ray[default]");
        return;
    };
    if !is_there(&python, &["-c", "import ray, aiohttp"]) {
        eprintln!("skipped: {python} has no package ray[default]");
        return;
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut cluster = Command::new(&python)
        .args(["-c", CLUSTER, &port.to_string()])
        .envs([("RAY_AUTH_MODE", "token"), ("RAY_AUTH_TOKEN", TOKEN), ("RAY_USAGE_STATS_ENABLED", "0")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut answers = BufReader::new(cluster.stdout.take().unwrap()).lines();
    let mut orders = cluster.stdin.take().unwrap();
    assert!(answers.by_ref().any(|line| line.unwrap() == "ready"));
    let mut ask = |line: &str| -> Value {
        writeln!(orders, "{line}").unwrap();
        // Ray itself prints warnings in between.
        let mut answer = answers.by_ref().filter_map(|line| line.unwrap().strip_prefix("answer ").map(str::to_owned));
        serde_json::from_str(&answer.next().unwrap()).unwrap()
    };
    let before = ask("state");
    let refused = Watcher::start(Engine::Ray, &format!("http://127.0.0.1:{port}")).failure().to_string();
    assert!(refused.contains("token"), "{refused}");

    let watcher = Watcher::start(Engine::Ray, &format!("http://:{TOKEN}@127.0.0.1:{port}"));
    let sink = watcher.sink.clone();
    wait_until("the first look", || sink.count("begin") > 0);
    ask(&format!("nap {TASKS}"));
    assert_eq!(ask("fail"), "RayTaskError(ValueError)");
    assert_eq!(ask("die"), "WorkerCrashedError");
    wait_until("all tasks have ended", || sink.count("finish") == TASKS + 2);
    wait_until("the dead worker is shown", || {
        sink.lines().iter().any(|line| line["k"] == "end" && line["ok"] == false)
    });
    let after = ask("state");
    watcher.stop().unwrap();
    drop(orders);
    cluster.wait().unwrap();

    assert_eq!(before, after);
    assert!(!sink.text().contains(TOKEN));
    let lines = sink.lines();
    let failed = lines.iter().filter(|line| line["k"] == "finish" && line["ok"] == false).count();
    assert_eq!(failed, 2);
    let starts: BTreeMap<u64, u64> = lines
        .iter()
        .filter(|line| line["k"] == "start" && line["n"] == "nap")
        .map(|line| (line["o"].as_u64().unwrap(), line["t"].as_u64().unwrap()))
        .collect();
    assert_eq!(starts.len(), TASKS);
    for line in lines.iter().filter(|line| line["k"] == "finish") {
        if let Some(start) = starts.get(&line["o"].as_u64().unwrap()) {
            assert!(line["t"].as_u64().unwrap() - start >= 49_000_000, "times of a task of 50 ms");
        }
    }
}
