//! Clocks that began elsewhere, leap, or stand still.

use std::fs;
use std::time::{Duration, Instant};

use contend::platform::Clock;
use serde_json::Value;

use super::support::{is_running, signal};
use super::{Place, Ran};

/// Tasks that are due each 10 ms, whatever else happens.
const ARRIVALS: &str = "pool w of=threads workers=2 queue=100000 { arrive rate=\"100/s\"; task { compute \"1ms\" } }\n";

/// How long a run took on our own clock, and what it says of itself.
fn timed(run: impl FnOnce() -> Ran) -> (f64, Value) {
    let start = Instant::now();
    let ran = run();
    (start.elapsed().as_secs_f64(), ran.report())
}

/// No time in it is longer than the run, and nothing was odd.
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
fn in_a_time_namespace_a_run_is_as_long_as_outside() {
    let place = Place::new();
    let uptime = fs::read_to_string("/proc/uptime").expect("Linux");
    let uptime: f64 = uptime.split('.').next().and_then(|secs| secs.parse().ok()).expect("a number");
    for offset in [1e9, -(uptime - 1.0)] {
        let offset = (offset as i64).to_string();
        let around = ["unshare", "--time", "--monotonic", &offset, "--boottime", &offset, "--fork", "--kill-child"];
        if !place.can("in_a_time_namespace_a_run_is_as_long_as_outside", &around, "true") {
            return;
        }
        // Without /sys nobody knows whether the counter can be trusted: then events bear the kernel's own time.
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

/// The machine sleeps for so long a second from now, as far as the program can tell.
#[cfg(debug_assertions)]
fn asleep(seconds: i64) -> String {
    let moment = Clock::Monotonic.ticks() + 1_000_000_000;
    format!("export CONTEND_SLEEP={moment}:{}", seconds * 1_000_000_000)
}

#[test]
#[cfg(debug_assertions)]
fn a_night_asleep_is_no_time_of_the_run() {
    let place = Place::new();
    let arrivals = place.scenario(ARRIVALS);
    for seconds in [8 * 3_600, 30, -60] {
        for args in [&["lock-contention"][..], &["lock-contention", "--as", "processes"], &[&arrivals]] {
            let args = [&["run"], args, &["--json", "--for", "2s"]].concat();
            let (took, report) = timed(|| place.run(&[], &asleep(seconds), &args));
            assert_is_sound(took, &report);
            let due = report.pointer("/pools/0/submitted").and_then(Value::as_f64).unwrap_or(0.0);
            assert!(due <= took * 100.0 + 1.0, "{due} tasks at 100 a second in {took} s");
        }
    }
}

#[test]
#[cfg(debug_assertions)]
fn the_dashboard_says_that_the_machine_was_asleep_and_goes_on() {
    let place = Place::new();
    let mut tty = place.terminal(&[], &asleep(8 * 3_600 + 30), &["run", "--no-ask", "lock-contention"]);
    tty.until_text("suspended 8 h 00 min");
    tty.until_text("live");
    let text = tty.text();
    assert!(!text.contains("8h00m") && !text.contains("anomal"), "{text}");
    tty.keys("q");
    assert!(tty.wait().success());
    tty.assert_nobody_is_left();
}

/// The state of a process: the letter behind its name.
fn state(pid: u32) -> Option<char> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(')').next()?.trim_start().chars().next()
}

#[test]
fn all_stopped_and_continued_is_a_late_frame_and_no_more() {
    let place = Place::new();
    let arrivals = place.scenario(ARRIVALS);
    for args in [&["run", &arrivals][..], &["run", "--no-ask", "lock-contention", "--as", "processes"]] {
        let mut tty = place.terminal(&[], "true", args);
        tty.until_text("live");
        let family = tty.family();
        for round in 0..3 {
            for pid in family.iter().rev() {
                signal(*pid, "STOP");
            }
            let start = Instant::now();
            while family.iter().any(|pid| state(*pid) != Some('T')) {
                assert!(start.elapsed() < Duration::from_secs(10), "round {round}: somebody does not stop");
            }
            for pid in &family {
                signal(*pid, "CONT");
            }
            let sent = tty.sent().len();
            while tty.sent().len() == sent {
                tty.take_for(Duration::from_millis(20));
                assert!(start.elapsed() < Duration::from_secs(30), "round {round}: nothing is drawn any more");
            }
        }
        assert!(family.iter().all(|pid| is_running(*pid)), "{}", tty.text());
        assert!(!tty.text().contains("anomal"), "{}", tty.text());
        tty.keys("q");
        assert!(tty.wait().success());
        tty.assert_nobody_is_left();
    }
}
