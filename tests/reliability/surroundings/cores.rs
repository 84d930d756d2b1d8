//! Cores that a run may not use, and cores that go offline.

use std::fs;
use std::path::PathBuf;

use super::{Group, Sandbox};
use crate::support::pty::screen_shows;
use crate::support::report_skipped;

/// Returns the first core that this process may use.
fn first_core() -> String {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).expect("it is said");
    list.trim().split([',', '-']).next().expect("one at least").to_owned()
}

#[test]
fn report_counts_one_core_when_pinned_to_one() {
    let place = Sandbox::new();
    let around = ["taskset", "-c", &first_core()];
    if place.is_supported("report_counts_one_core_when_pinned_to_one", &around, "true") {
        let said = place.run(&around, "true", &["run", "oversubscription", "--for", "2s"]).output_text();
        assert!(said.contains("workers compete for 1 core and spend"), "{said}");
    }
}

#[test]
fn dashboard_shows_one_core_when_pinned_to_one() {
    let place = Sandbox::new();
    let around = ["taskset", "-c", &first_core()];
    if place.is_supported("dashboard_shows_one_core_when_pinned_to_one", &around, "true") {
        let mut tty = place.terminal(&around, "true", &["run", "--no-ask", "oversubscription"]);
        tty.wait_for("one core", |s| screen_shows(s, "1 core ") || screen_shows(s, "1 of "));
        tty.wait_for_text("compete for 1 core");
        tty.type_keys("q");
        assert!(tty.wait().success());
        tty.assert_no_process_left();
    }
}

#[test]
fn report_counts_half_a_core_under_a_cpu_quota() {
    let Some(group) = Group::new("report_counts_half_a_core_under_a_cpu_quota") else { return };
    group.set_quota(0.5);
    let place = Sandbox::new();
    let spin = place.scenario("thread spin count=40 { forever { compute \"10ms\" } }\n");
    let report = place.run(&[], &group.enter(), &["run", &spin, "--json", "--for", "2s"]).report();
    assert_eq!(report["machine"]["quota"], 0.5);
    let text = report["findings"].to_string();
    assert!(text.contains("compete for 0.5 cores"), "{text}");
    let mut tty = place.terminal(&[], &group.enter(), &["run", &spin]);
    tty.wait_for("the first line says it", |s| screen_shows(s, "0.5 of "));
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_no_process_left();
}

/// A core that is set online again on drop.
struct Offline(PathBuf);

impl Offline {
    fn set(&self, online: bool) -> bool {
        fs::write(&self.0, if online { "1" } else { "0" }).is_ok()
    }
}

impl Drop for Offline {
    fn drop(&mut self) {
        self.set(true);
    }
}

#[test]
#[ignore = "takes a core from the whole machine for a second"]
fn core_that_goes_offline_and_returns_is_followed() {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let last = Offline(format!("/sys/devices/system/cpu/cpu{}/online", cores - 1).into());
    if cores < 2 || !last.set(true) {
        return report_skipped("core_that_goes_offline_and_returns_is_followed", "root, and a core to spare");
    }
    let place = Sandbox::new();
    let mut tty = place.terminal(&[], "true", &["run", "--no-ask", "oversubscription"]);
    let plural = |cores: usize| format!("{cores} core{} ", if cores == 1 { "" } else { "s" });
    tty.wait_for("all cores", |s| screen_shows(s, &plural(cores)));
    for _ in 0..2 {
        assert!(last.set(false), "it can be taken away");
        tty.wait_for("one is gone", |s| screen_shows(s, &plural(cores - 1)));
        assert!(last.set(true), "it can be brought back");
        tty.wait_for("it is back", |s| screen_shows(s, &plural(cores)));
    }
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_no_process_left();
}
