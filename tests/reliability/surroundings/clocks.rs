//! Clocks with another origin, clocks that jump, and clocks that stand still.

use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{fs, thread};

use contend::platform::Clock;
use serde_json::Value;

use super::{RunOutput, Sandbox};
use crate::support::pty::Pty;
use crate::support::{is_running, parent_of, report_skipped, send_signal, state_of};

/// Tasks that are due every 10 ms.
const ARRIVALS: &str = "pool w of=threads workers=2 queue=100000 { arrive rate=\"100/s\"; task { compute \"1ms\" } }\n";

/// Threads of a runner whose pool works: its own, the feeder and two workers.
const MIN_RUNNING_THREADS: usize = 4;

/// Returns the number of threads of a process, 0 if it has ended.
fn thread_count(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count)
}

/// Returns the duration of a run by this process's clock, and its report.
fn timed(run: impl FnOnce() -> RunOutput) -> (f64, Value) {
    let start = Instant::now();
    let ran = run();
    (start.elapsed().as_secs_f64(), ran.report())
}

/// Asserts that no time in the report exceeds the run, and that no event was out of order.
fn assert_is_sound(took: f64, report: &Value) {
    let elapsed = report["elapsed_s"].as_f64().expect("a number");
    assert!(elapsed > 0.0 && elapsed <= took, "{elapsed} s of {took}");
    assert_eq!(report["events"]["anomalies"], 0, "{}", report["events"]);
    assert_eq!(report["events"]["lost"], 0, "{}", report["events"]);
    for time in ["/locks/0/wait_ms/max", "/locks/0/held_ms/max", "/pools/0/service_ms/max", "/pools/0/response_ms/max"]
    {
        let longest = report.pointer(time).and_then(Value::as_f64).unwrap_or(0.0);
        assert!(longest <= took * 1e3, "{time}: {longest} ms of {took} s");
    }
}

#[test]
fn run_duration_is_right_in_a_time_namespace() {
    let place = Sandbox::new();
    let uptime = fs::read_to_string("/proc/uptime").expect("Linux");
    let uptime: f64 = uptime.split('.').next().and_then(|secs| secs.parse().ok()).expect("a number");
    for offset in [1e9, -(uptime - 1.0)] {
        let offset = (offset as i64).to_string();
        let around = ["unshare", "--time", "--monotonic", &offset, "--boottime", &offset, "--fork", "--kill-child"];
        if !place.is_supported("run_duration_is_right_in_a_time_namespace", &around, "true") {
            return;
        }
        // Without /sys the program cannot tell whether the cycle counter is reliable, and uses the kernel's clock.
        let by_the_kernel = [&around[..], &["unshare", "--mount"]].concat();
        for (around, made) in [(&around[..], "true"), (&by_the_kernel, "mount -t tmpfs none /sys")] {
            for args in [&["lock-contention"][..], &["lock-contention", "--as", "processes"], &["process-pool"]] {
                let args = [&["run"], args, &["--json", "--for", "1s"]].concat();
                let (took, report) = timed(|| place.run(around, made, &args));
                assert_is_sound(took, &report);
            }
        }
    }
}

/// Simulates, for the program, a suspend of this many seconds, `delay` seconds from now.
#[cfg(debug_assertions)]
fn suspend_setup(delay: u64, seconds: i64) -> String {
    let moment = Clock::Monotonic.ticks() + delay * 1_000_000_000;
    format!("export CONTEND_SLEEP={moment}:{}", seconds * 1_000_000_000)
}

#[test]
#[cfg(debug_assertions)]
fn suspended_time_does_not_count_as_run_time() {
    let place = Sandbox::new();
    let arrivals = place.scenario(ARRIVALS);
    for seconds in [8 * 3_600, 30, -60] {
        for args in [&["lock-contention"][..], &["lock-contention", "--as", "processes"], &[&arrivals]] {
            let args = [&["run"], args, &["--json", "--for", "2s"]].concat();
            let (took, report) = timed(|| place.run(&[], &suspend_setup(1, seconds), &args));
            assert_is_sound(took, &report);
            let due = report.pointer("/pools/0/submitted").and_then(Value::as_f64).unwrap_or(0.0);
            assert!(due <= took * 100.0 + 1.0, "{due} tasks at 100 a second in {took} s");
        }
    }
}

#[test]
#[cfg(debug_assertions)]
fn dashboard_reports_a_suspend_and_continues() {
    let place = Sandbox::new();
    let mut tty = place.terminal(&[], &suspend_setup(6, 8 * 3_600 + 30), &["run", "--no-ask", "lock-contention"]);
    tty.wait_for_text("suspended 8 h 00 min");
    tty.wait_for_text("LIVE");
    let text = tty.text();
    assert!(!text.contains("8h00m") && !text.contains("anomal"), "{text}");
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_no_process_left();
}

/// Returns the processes of a run once two looks agree: one that starts another exists twice for a moment.
fn settled_family(tty: &mut Pty) -> Vec<u32> {
    let mut family = tty.process_ids();
    loop {
        tty.read_for(Duration::from_millis(50));
        let again = tty.process_ids();
        if std::mem::replace(&mut family, again.clone()) == again {
            return again;
        }
    }
}

#[test]
fn stopping_and_continuing_all_processes_is_only_a_late_frame() {
    let place = Sandbox::new();
    let arrivals = place.scenario(ARRIVALS);
    for args in [&["run", &arrivals][..], &["run", "--no-ask", "lock-contention", "--as", "processes"]] {
        let mut tty = place.terminal(&[], "true", args);
        tty.wait_for_text("LIVE");
        let family = settled_family(&mut tty);
        for round in 0..3 {
            for pid in family.iter().rev() {
                send_signal(*pid, "STOP");
            }
            let start = Instant::now();
            while family.iter().any(|pid| state_of(*pid) != Some('T')) {
                let states = || family.iter().map(|pid| (*pid, state_of(*pid))).collect::<Vec<_>>();
                assert!(start.elapsed() < Duration::from_mins(1), "round {round}: {:?} do not stop", states());
            }
            for pid in &family {
                send_signal(*pid, "CONT");
            }
            let sent = tty.sent().len();
            while tty.sent().len() == sent {
                tty.read_for(Duration::from_millis(20));
                assert!(start.elapsed() < Duration::from_mins(1), "round {round}: nothing is drawn any more");
            }
        }
        assert!(family.iter().all(|pid| is_running(*pid)), "{}", tty.text());
        assert!(!tty.text().contains("anomal"), "{}", tty.text());
        tty.type_keys("q");
        assert!(tty.wait().success());
        tty.assert_no_process_left();
    }
}

/// The stop is longer than ten seconds, as with a closed laptop.
#[test]
#[ignore = "stops a run for twelve seconds"]
fn arrivals_missed_during_a_stop_do_not_come_in_a_burst() {
    let place = Sandbox::new();
    let arrivals = place.scenario(ARRIVALS);
    for asleep in [2, 12] {
        let start = Instant::now();
        let mut tty = place.terminal(&[], "true", &["run", &arrivals, "--headless", "--for", "15s", "--json"]);
        let runner = loop {
            let family = tty.process_ids();
            let is_runner = |pid: &u32| parent_of(*pid).is_some_and(|parent| family.contains(&parent));
            if let Some(runner) = family.iter().copied().find(is_runner) {
                break runner;
            }
            assert!(start.elapsed() < Duration::from_mins(1), "no process has started");
        };
        while thread_count(runner) < MIN_RUNNING_THREADS {
            assert!(start.elapsed() < Duration::from_mins(1), "no worker has started");
        }
        send_signal(runner, "STOP");
        thread::sleep(Duration::from_secs(asleep));
        send_signal(runner, "CONT");
        tty.wait();
        let said = String::from_utf8_lossy(tty.sent()).into_owned();
        let json = said.find('{').map_or("", |begin| &said[begin..]); // after the progress line
        let report: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {said}"));
        let due = report["pools"][0]["submitted"].as_f64().expect("a number");
        let all = report["elapsed_s"].as_f64().expect("a number") * 100.0;
        println!("stopped for {asleep} s: {due} tasks of {all:.0}");
        let are_made_up_for = due > all * 0.7;
        assert_eq!(are_made_up_for, asleep < 10, "{due} of {all} after {asleep} s");
    }
}

/// The machine's time of day, restored on drop.
struct TimeOfDay {
    old: Duration,
    since: Instant,
}

impl TimeOfDay {
    fn now() -> Self {
        let old = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
        Self { old, since: Instant::now() }
    }

    /// Advances the time of day. Returns whether that was allowed.
    fn set(&self, on: i64) -> bool {
        let now = (self.old + self.since.elapsed()).as_secs_f64() + on as f64;
        let set = Command::new("date").args(["-s", &format!("@{now:.6}")]).output();
        set.is_ok_and(|output| output.status.success())
    }
}

impl Drop for TimeOfDay {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// Two processes, one of which spends half its time in timed-out waits; and tasks that are due every 10 ms.
const TIMED: &str = "\
mutex till\n\
process keeper { forever { lock till { sleep \"60ms\" }; sleep \"20ms\" } }\n\
process guest { forever { try-lock till timeout=\"20ms\" { compute \"1ms\" } } }\n\
pool w of=threads workers=2 queue=100000 { arrive rate=\"100/s\"; task { compute \"1ms\" } }\n";

#[test]
#[ignore = "sets the time of day of the whole machine for some seconds"]
fn setting_the_time_of_day_has_no_effect() {
    let clock = TimeOfDay::now();
    if !clock.set(0) {
        return report_skipped("setting_the_time_of_day_has_no_effect", "root, and a clock that can be set");
    }
    let place = Sandbox::new();
    let timed_lock = place.scenario(TIMED);
    for on in [3_600, -3_600] {
        for args in [&[&*timed_lock][..], &["lock-contention", "--as", "processes"]] {
            let args = [&["run"], args, &["--json", "--for", "3s"]].concat();
            let (took, report) = timed(|| {
                thread::scope(|scope| {
                    let run = scope.spawn(|| place.run(&[], "true", &args));
                    for on in [on, 0, on] {
                        thread::sleep(Duration::from_millis(700));
                        assert!(clock.set(on), "it could be set before");
                    }
                    run.join().expect("it does not panic")
                })
            });
            assert!(clock.set(0), "it could be set before");
            assert_is_sound(took, &report);
            assert!(took < 3_000.0, "it ends when its time is over, not an hour later");
            let due = report.pointer("/pools/0/submitted").and_then(Value::as_f64);
            let is_sound = due.is_none_or(|due| (50.0..=took * 100.0 + 1.0).contains(&due));
            assert!(is_sound, "{due:?} tasks at 100 a second in {took} s");
            println!("set {on} s on, back, and on again: {took:.3} s for 3 s, {due:?} tasks");
        }
    }
    let mut tty = place.terminal(&[], "true", &["run", &timed_lock]);
    tty.wait_for_text("LIVE");
    for on in [3_600, -3_600, 0] {
        assert!(clock.set(on), "it could be set before");
        let sent = tty.sent().len();
        let start = Instant::now();
        while tty.sent().len() < sent + 2_000 {
            tty.read_for(Duration::from_millis(20));
            assert!(start.elapsed() < Duration::from_mins(1), "nothing is drawn any more: {}", tty.text());
        }
    }
    let text = tty.text();
    assert!(!text.contains("anomal") && !text.contains("suspended"), "{text}");
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_no_process_left();
}
