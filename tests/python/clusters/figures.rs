//! The figures of docs/cluster.md, measured on a Dask on loopback:
//!
//! ```sh
//! CONTEND_MEASURED=target/release/contend cargo test --test python -- --ignored --nocapture figures_of_dask
//! ```

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;
use serde_json::Value;

use super::{path_with, python_with};
use crate::support::poll_until;
use crate::support::pty::Pty;

/// Submits one task after the other; each writes its number and when it began.
const PACED: &str = "
import os, sys, time
from distributed import Client
def nap(n, file):
    at = time.monotonic_ns()
    with open(file + '.new', 'w') as out:
        out.write(f'{n} {at}')
    os.replace(file + '.new', file)
    time.sleep(0.4)
if __name__ == '__main__':
    with Client() as client:
        time.sleep(1)
        for n in range(200):
            client.submit(nap, n, sys.argv[1], pure=False).result()
            time.sleep(0.31 + n % 10 * 0.01)
";
/// Writes how many empty tasks a second the cluster does.
const BURST: &str = "
import os, sys, time
from distributed import Client
def nothing(n):
    return n
if __name__ == '__main__':
    with Client(sys.argv[1]) as client:
        client.gather(client.map(nothing, range(300), pure=False))
        start = time.perf_counter()
        client.gather(client.map(nothing, range(3000), pure=False))
        rate = 3000 / (time.perf_counter() - start)
        with open(sys.argv[2] + '.new', 'w') as out:
            out.write(str(rate))
        os.rename(sys.argv[2] + '.new', sys.argv[2])
";
const IDLE: &str = "import time\ntime.sleep(600)\n";
const ROUNDS: usize = 7;
const DELAYS: usize = 100;

/// Ends its process with the test.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A scheduler and two workers of one thread, and the scripts.
struct Bench {
    python: PathBuf,
    directory: tempfile::TempDir,
    address: String,
    port: u16,
    _processes: Vec<Process>,
}

impl Bench {
    fn start(python: PathBuf) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        for (name, text) in [("paced.py", PACED), ("burst.py", BURST), ("idle.py", IDLE)] {
            fs::write(directory.path().join(name), text).expect("written");
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let (address, number) = (format!("tcp://127.0.0.1:{port}"), port.to_string());
        let start = |words: &[&str]| {
            let mut command = Command::new(&python);
            command.arg("-m").args(words).stdout(Stdio::null()).stderr(Stdio::null());
            Process(command.spawn().expect("it starts"))
        };
        let scheduler = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--no-dashboard", "--port", &number];
        let mut processes = vec![start(&scheduler)];
        poll_until("the scheduler listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        let local = directory.path().to_string_lossy().into_owned();
        let worker = ["distributed.cli.dask_worker", &address, "--no-nanny", "--no-dashboard", "--nthreads", "1"];
        let worker = [&worker[..], &["--local-directory", &local]].concat();
        processes.extend([start(&worker), start(&worker)]);
        let wait = format!("from distributed import Client; Client('{address}').wait_for_workers(2, timeout=60)");
        assert!(Command::new(&python).args(["-c", &wait]).status().is_ok_and(|status| status.success()));
        Self { python, directory, address, port, _processes: processes }
    }

    fn file(&self, name: &str) -> String {
        self.directory.path().join(name).to_string_lossy().into_owned()
    }

    fn contend(&self, words: &[&str]) -> Pty {
        let mut command = CommandBuilder::new(measured());
        command.args(words);
        command.env("PATH", path_with(&self.python));
        Pty::start(command, 40, 120)
    }

    fn cluster(&self) -> String {
        format!("dask://127.0.0.1:{}", self.port)
    }

    /// Runs the burst by itself, and returns its rate.
    fn bare_rate(&self) -> f64 {
        let (script, file) = (self.file("burst.py"), self.file("rate"));
        assert!(Command::new(&self.python).args([&script, &self.address, &file]).status().is_ok_and(|s| s.success()));
        self.take_rate()
    }

    /// Runs the burst under contend with its dashboard.
    fn rate_under_contend(&self) -> f64 {
        let (script, file) = (self.file("burst.py"), self.file("rate"));
        let mut terminal = self.contend(&["run", "--on", &self.cluster(), &script, &self.address, &file]);
        let start = Instant::now();
        while !Path::new(&file).exists() {
            assert!(start.elapsed() < Duration::from_mins(1), "{}", terminal.text());
            terminal.read_for(Duration::from_millis(20));
        }
        terminal.type_keys("q");
        terminal.wait();
        self.take_rate()
    }

    /// Runs the burst by itself while contend's dashboard shows the cluster.
    fn watched_rate(&self) -> f64 {
        let (script, file) = (self.file("burst.py"), self.file("rate"));
        let mut terminal = self.contend(&["run", "--on", &self.cluster(), &self.file("idle.py")]);
        terminal.wait_for("the workers", |screen| screen.contents().matches("127.0.0.1:").count() >= 2);
        let burst = Command::new(&self.python).args([&script, &self.address, &file]).spawn().expect("it starts");
        let burst = Process(burst);
        while !Path::new(&file).exists() {
            terminal.read_for(Duration::from_millis(20));
        }
        drop(burst);
        terminal.type_keys("q");
        terminal.wait();
        self.take_rate()
    }

    fn take_rate(&self) -> f64 {
        let file = self.file("rate");
        let rate = fs::read_to_string(&file).expect("a rate").parse().expect("a number");
        fs::remove_file(file).expect("removed");
        rate
    }
}

/// The program whose figures are measured.
fn measured() -> PathBuf {
    std::env::var_os("CONTEND_MEASURED").map_or_else(|| env!("CARGO_BIN_EXE_contend").into(), PathBuf::from)
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// Nanoseconds of the clock that Python's `time.monotonic_ns` reads.
fn monotonic() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

fn print_start_to_picture(bench: &Bench) {
    let idle = bench.file("idle.py");
    let cluster = bench.cluster();
    let cases: [(&str, &[&str], &str); 2] = [
        ("a cluster that is there", &["run", "--on", &cluster, &idle], "127.0.0.1:"),
        ("a new cluster of 2 workers", &["run", "--on", "dask", "--workers", "2", &idle], "worker-1/1"),
    ];
    for (name, words, lane) in cases {
        let mut seconds = Vec::new();
        for _ in 0..3 {
            let start = Instant::now();
            let mut terminal = bench.contend(words);
            terminal.wait_for("lanes", |screen| screen.contents().contains(lane));
            seconds.push(start.elapsed().as_secs_f64());
            terminal.type_keys("q");
            terminal.wait();
        }
        println!("start to picture, {name}: {:.2} s, median of 3", median(&mut seconds));
    }
}

/// Measures from the first statement of a task until the screen shows its lane as running.
fn print_delays(bench: &Bench) {
    let (script, stamp) = (bench.file("paced.py"), bench.file("stamp"));
    let mut terminal = bench.contend(&["run", "--on", "dask", "--workers", "1", &script, &stamp]);
    let state = |screen: &vt100::Screen, wanted: &str| {
        let text = screen.contents();
        let row = text.lines().find(|row| row.contains("worker-0/1 "));
        row.is_some_and(|row| row.split_whitespace().nth(1) == Some(wanted))
    };
    let mut delays = Vec::new();
    for n in 0..DELAYS + 5 {
        terminal.wait_for("an idle worker", |screen| state(screen, "e"));
        terminal.wait_for("a task on the screen", |screen| state(screen, "R"));
        let shown = monotonic();
        let text = fs::read_to_string(&stamp).expect("a stamp");
        let (number, at) = text.split_once(' ').expect("number and time");
        if number.parse() != Ok(n) {
            println!("task {n} was not seen: {number}");
            continue;
        }
        delays.push((shown - at.parse::<u64>().expect("nanoseconds")) as f64 / 1e6);
    }
    terminal.type_keys("q");
    terminal.wait();
    delays.drain(..5.min(delays.len()));
    let middle = median(&mut delays);
    let p99 = delays[(delays.len() * 99).div_ceil(100) - 1];
    println!("real start to screen: median {middle:.0} ms, p99 {p99:.0} ms, of {} tasks", delays.len());
}

fn print_rates(bench: &Bench) {
    let mut rates = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        rates[0].push(bench.bare_rate());
        rates[1].push(bench.watched_rate());
        rates[2].push(bench.rate_under_contend());
    }
    let shares = |which: usize| {
        median(&mut (0..ROUNDS).map(|round| 1.0 - rates[which][round] / rates[0][round]).collect::<Vec<_>>())
    };
    let (watched, under) = (shares(1), shares(2));
    let [bare, by_side, inside] = rates.map(|mut rates| median(&mut rates));
    println!("empty tasks, medians of {ROUNDS} turns: {bare:.0}/s unwatched");
    println!("  {by_side:.0}/s watched: {:.0} % less, median of the turns", watched * 100.0);
    println!("  {inside:.0}/s with the script under contend, too: {:.0} % less", under * 100.0);
}

fn print_events(bench: &Bench) {
    let (script, file) = (bench.file("burst.py"), bench.file("rate"));
    let mut run = Command::new(measured());
    run.args(["run", "--on", &bench.cluster(), "--json", "--for", "60s", &script, &bench.address, &file]);
    let ran = run.env("PATH", path_with(&bench.python)).stdin(Stdio::null()).output().expect("contend starts");
    let report: Value = serde_json::from_slice(&ran.stdout).expect("a report");
    let (recorded, lost) = (&report["events"]["recorded"], &report["events"]["lost"]);
    let rate = bench.take_rate();
    let each = recorded.as_f64().expect("a number") / 3300.0;
    println!("{each:.1} events a task, {:.0} events a second at {rate:.0} tasks a second, {lost} lost", each * rate);
}

#[test]
#[ignore = "measures for some minutes, on a machine that should be idle"]
fn figures_of_dask() {
    let Some(python) = python_with(&["distributed"], "figures_of_dask") else { return };
    let bench = Bench::start(python);
    print_start_to_picture(&bench);
    print_events(&bench);
    print_rates(&bench);
    print_delays(&bench);
}
