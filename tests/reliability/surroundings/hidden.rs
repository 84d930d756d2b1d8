//! Runs without `/proc`, and with a `/proc` that shows only a part.

use super::{RunOutput, Sandbox};

const OWN_MOUNTS: [&str; 2] = ["unshare", "--mount"];

/// An empty `/proc`.
const NO_PROC: &str = "mount -t tmpfs none /proc";

/// A `/proc` with processes only: no load, no memory, no settings.
const PROCESSES_ALONE: &str = "mount -t proc -o subset=pid proc /proc";

/// A `/proc` with the user's own processes only, started as user nobody.
const OWN_ALONE: &str = "mount -t proc -o hidepid=2 proc /proc && ulimit -u 4000 && set -- setpriv --reuid=65534 \
                         --regid=65534 --clear-groups \"$@\"";

/// A run as user nobody without `/proc`.
const NOBODY_WITHOUT: &str = "ulimit -u 4000 && mount -t tmpfs none /proc && set -- setpriv --reuid=65534 \
    --regid=65534 \
                              --clear-groups \"$@\"";

fn run(place: &Sandbox, made: &str, args: &[&str]) -> RunOutput {
    place.run(&OWN_MOUNTS, made, &[&["run"], args, &["--json", "--for", "2s"]].concat())
}

#[test]
fn unknown_figures_are_null_without_proc() {
    let place = Sandbox::new();
    let all: [&[&str]; 5] = [
        &["lock-contention", "--as", "processes"],
        &["lock-contention", "--as", "async"],
        &["thread-pool"],
        &["process-pool"],
        &["hash-files"],
    ];
    for (made, some) in [(NO_PROC, &all[..]), (NOBODY_WITHOUT, &all[..1])] {
        if !place.is_supported("unknown_figures_are_null_without_proc", &OWN_MOUNTS, made) {
            continue;
        }
        for args in some {
            let ran = run(&place, made, args);
            let report = ran.report();
            assert!(report["events"]["recorded"].as_u64() > Some(0), "{args:?}: {}", ran.output_text());
            assert!(report["machine"]["cores"].as_u64() > Some(0), "{args:?}");
            // Tasks record themselves how long their thread waited for a core.
            let is_told = args.contains(&"async");
            assert_eq!(report["cpu"]["run_queue_delay_ms"].is_number(), is_told, "{args:?}: {}", report["cpu"]);
            assert_eq!(report["cpu"]["cores"].as_array().map(Vec::len), Some(0), "{args:?}: {}", report["cpu"]);
            let ready = &report["workers"][0]["share"]["ready"];
            assert!(ready.as_f64() != Some(0.0), "{args:?}: {}", report["workers"]);
        }
    }
}

#[test]
fn commands_are_refused_without_proc_with_the_reason() {
    let place = Sandbox::new();
    if place.is_supported("commands_are_refused_without_proc_with_the_reason", &OWN_MOUNTS, NO_PROC) {
        let ran = run(&place, NO_PROC, &["exec", "--allow-exec"]);
        assert!(
            ran.code() == Some(1) && ran.output_text().contains("`sleep 0.05`: without /proc"),
            "{}",
            ran.output_text()
        );
    }
}

#[test]
fn dashboard_shows_dashes_without_proc_and_leaves_no_process() {
    let place = Sandbox::new();
    if !place.is_supported("dashboard_shows_dashes_without_proc_and_leaves_no_process", &OWN_MOUNTS, NO_PROC) {
        return;
    }
    for end in ["q", "KILL"] {
        let mut tty = place.terminal(&OWN_MOUNTS, NO_PROC, &["run", "--no-ask", "deadlock", "--as", "processes"]);
        tty.wait_for_text("stuck forever");
        let text = tty.text();
        assert!(!text.contains("unguarded") && !text.contains(" 0 cores"), "{text}");
        if end == "q" {
            tty.type_keys("q");
        } else {
            tty.send_signal(end);
        }
        assert_eq!(tty.wait().success(), end == "q");
        tty.assert_no_process_left();
        tty.wait_for_terminal_restored();
    }
    let mut tty = place.terminal(&OWN_MOUNTS, NO_PROC, &["run", "--no-ask", "oversubscription"]);
    tty.wait_for_text("ran or ready, waited");
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_no_process_left();
}

#[test]
fn proc_with_own_processes_only_is_enough() {
    let place = Sandbox::new();
    if !place.is_supported("proc_with_own_processes_only_is_enough", &OWN_MOUNTS, OWN_ALONE) {
        return;
    }
    for args in [&["oversubscription"][..], &["lock-contention", "--as", "processes"], &["exec", "--allow-exec"]] {
        let ran = run(&place, OWN_ALONE, args);
        let report = ran.report();
        assert!(report["cpu"]["run_queue_delay_ms"].is_number(), "{args:?}: {}", ran.output_text());
        assert!(
            report["cpu"]["cores"].as_array().is_some_and(|cores| !cores.is_empty()),
            "{args:?}: {}",
            ran.output_text()
        );
    }
}

#[test]
fn only_load_is_unknown_with_proc_subset_pid() {
    let place = Sandbox::new();
    let name = "only_load_is_unknown_with_proc_subset_pid";
    if place.is_supported(name, &OWN_MOUNTS, PROCESSES_ALONE) {
        let report = run(&place, PROCESSES_ALONE, &["oversubscription"]).report();
        assert!(report["cpu"]["run_queue_delay_ms"].as_f64() > Some(0.0), "{}", report["cpu"]);
        assert_eq!(report["cpu"]["cores"].as_array().map(Vec::len), Some(0), "{}", report["cpu"]);
    }
}
