//! Tours in a terminal: each shipped one to its end without keys, and the presenter's keys.

use crate::support::pty::Pty;

/// Findings that are proven or counted: no load of the machine keeps them from coming.
const CERTAIN: [&str; 4] = ["deadlock", "stall", "crashed", "did not end"];

/// Goes through a tour without keys.
fn run_to_its_end(name: &str) {
    let mut tty = Pty::contend(&["demo", name, "--auto", "--pace", "1000"], 24, 80);
    tty.wait_for("the number of a caption", |screen| screen.contents().contains("1/"));
    let status = tty.wait();
    let text = tty.text();
    assert!(status.exit_code() <= 1, "{name}: {status:?}\n{text}");
    // After the screen, the program prints what did not come in time.
    for line in text.lines().filter(|line| line.starts_with("Scene ")) {
        assert!(line.contains(" within "), "{name}: a scene could not start: {line}");
        assert!(!CERTAIN.iter().any(|finding| line.contains(finding)), "{name}: {line}");
    }
    tty.assert_terminal_restored();
    tty.assert_no_process_left();
}

#[test]
fn main_tour_runs_to_its_end_without_keys() {
    run_to_its_end("five-minutes");
}

#[test]
fn tour_of_pools_runs_to_its_end_without_keys() {
    run_to_its_end("pools");
}

#[test]
fn tour_of_locks_runs_to_its_end_without_keys() {
    run_to_its_end("locks");
}

#[test]
fn tour_of_processes_runs_to_its_end_without_keys() {
    run_to_its_end("processes");
}

#[test]
fn presenter_goes_forward_leaves_and_quits() {
    let mut tty = Pty::contend(&["demo"], 24, 80);
    tty.wait_for_text("One thread.");
    tty.wait_for_text("1/");
    tty.type_keys(" ");
    tty.wait_for_text("Two threads, one lock.");
    tty.resize(40, 120);
    tty.wait_for_text("Two threads, one lock.");
    tty.type_keys("\x1b");
    tty.wait_for("the caption is gone", |screen| !screen.contents().contains("Two threads, one lock."));
    tty.type_keys("B");
    tty.wait_for_text("Two threads, one lock.");
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_terminal_restored();
    tty.assert_no_process_left();
}

#[test]
fn interrupt_during_a_tour_restores_the_terminal() {
    let mut tty = Pty::contend(&["demo", "processes", "--auto"], 24, 80);
    tty.wait_for_text("1/");
    tty.type_keys("\x03");
    assert!(!tty.wait().success());
    tty.assert_terminal_restored();
    tty.assert_no_process_left();
}
