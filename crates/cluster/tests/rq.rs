//! Looks at real queues: a Redis server and workers of RQ, started here. Skipped by name where they are absent.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a failed unwrap fails the test; it names skipped tests")]

mod support;

use std::collections::HashMap;
use std::fs;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use contend_cluster::Engine;
use serde_json::Value;

use support::{Ended, Watcher, is_there, python, wait_until};

const JOBS: usize = 200;
const WORKERS: usize = 4;

const MODULE: &str = "
import time
def nap(x):
    time.sleep(0.01)
    if x == 150:
        raise ValueError(x)
    return x
";

const FILL: &str = "
import redis, rq, sys, jobs
queue = rq.Queue('work', connection=redis.Redis.from_url(sys.argv[1]))
for x in range(int(sys.argv[2])):
    queue.enqueue(jobs.nap, x)
";

const TIMES: &str = "
import json, redis, sys
r = redis.Redis.from_url(sys.argv[1])
jobs = []
for key in r.keys('rq:job:*'):
    h = r.hgetall(key)
    jobs.append([h[b'description'].decode(), h[b'status'].decode(), h[b'started_at'].decode(), h[b'ended_at'].decode()])
print(json.dumps(jobs))
";

fn run(directory: &tempfile::TempDir, script: &str, arguments: &[&str]) -> String {
    let output = Command::new(python())
        .current_dir(directory)
        .args(["-c", script])
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn two_hundred_jobs_on_four_workers_are_shown_at_their_times_and_nothing_is_changed() {
    if !is_there("redis-server", &["--version"]) {
        eprintln!("skipped: there is no redis-server");
        return;
    }
    if !is_there(&python(), &["-c", "import rq, redis"]) {
        eprintln!("skipped: {} has no packages rq and redis (CONTEND_TEST_PYTHON names another one)", python());
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("jobs.py"), MODULE).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("redis://:s3cret@127.0.0.1:{port}/0");
    let _server = Ended(
        Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--requirepass", "s3cret"])
            .args(["--save", "", "--dir"])
            .arg(directory.path())
            .stdout(Stdio::null())
            .spawn()
            .unwrap(),
    );
    let configuration = || {
        let script = "import json, redis, sys; print(json.dumps(redis.Redis.from_url(sys.argv[1]).config_get('*')))";
        run(&directory, script, &[&url])
    };
    wait_until("the server answers", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    let before = configuration();

    let watcher = Watcher::start(Engine::Rq, &url);
    let sink = watcher.sink.clone();
    let worker = || {
        let mut command = Command::new(python());
        command.current_dir(&directory).args(["-m", "rq.cli", "worker", "--url", &url, "-q", "work"]);
        Ended(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    };
    let mut workers: Vec<_> = (0..WORKERS).map(|_| worker()).collect();
    wait_until("four workers are seen", || sink.count("begin") == WORKERS);
    run(&directory, FILL, &[&url, &JOBS.to_string()]);
    wait_until("all jobs have ended", || {
        assert!(!watcher.is_finished(), "looking has ended");
        sink.count("finish") >= JOBS
    });
    let after = configuration();
    let times: Vec<[String; 4]> = serde_json::from_str(&run(&directory, TIMES, &[&url])).unwrap();
    watcher.stop().unwrap();
    workers.clear();

    assert_eq!(before, after, "the server's configuration");
    check_times(&sink.lines(), &times);
    assert!(!sink.text().contains("s3cret"));
}

/// Each job's length by its events is that of its record, and failures are failures.
fn check_times(lines: &[Value], times: &[[String; 4]]) {
    let mut shown: HashMap<u64, (String, u64)> = HashMap::new();
    let mut lengths = HashMap::new();
    for line in lines {
        let Some(number) = line["o"].as_u64() else { continue };
        let at = line["t"].as_u64().unwrap();
        match line["k"].as_str() {
            Some("start") => drop(shown.insert(number, (line["n"].as_str().unwrap().to_owned(), at))),
            Some("finish") => {
                let (name, start) = shown.remove(&number).expect("a start before each end");
                lengths.insert(name, (at - start, line["ok"].as_bool().unwrap()));
            }
            _ => {}
        }
    }
    assert_eq!(times.len(), JOBS);
    let micros = |text: &str| -> i64 {
        // Times of one day: hours, minutes, seconds with a fraction.
        let clock = text.split('T').nth(1).unwrap().trim_end_matches('Z');
        let parts: Vec<f64> = clock.split(':').map(|part| part.parse().unwrap()).collect();
        ((parts[0] * 3600.0 + parts[1] * 60.0 + parts[2]) * 1e6).round() as i64
    };
    let close = times.iter().filter(|[name, status, started, ended]| {
        let Some((length, ok)) = lengths.get(name) else { return false };
        assert_eq!(*ok, status == "finished", "{name}");
        let expected = (micros(ended) - micros(started)).rem_euclid(86_400_000_000);
        let length = i64::try_from(*length / 1000).unwrap();
        let is_close = (length - expected).abs() < 5000;
        if !is_close {
            eprintln!("{name}: shown {length} us, in its record {expected} us");
        }
        is_close
    });
    let close = close.count();
    assert!(close * 100 >= JOBS * 99, "{close} of {JOBS} jobs at their times");
}
