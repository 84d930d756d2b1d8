//! The dashboard in a terminal: what the screen shows, and that quitting restores the terminal and leaves no process.

use crate::support::pty::Pty;
use portable_pty::CommandBuilder;

#[test]
fn picker_starts_a_run_and_q_quits() {
    let mut tty = Pty::contend(&[], 24, 80);
    tty.wait_for_text("thread-pool");
    tty.type_keys("dead");
    tty.wait_for("the list is filtered", |s| s.contents().contains("deadlock") && !s.contents().contains("thumbnails"));
    tty.type_keys("\r");
    tty.wait_for_text("still running after a second?");
    tty.type_keys("2\r");
    tty.wait_for_text("left");
    tty.wait_for_text("stuck forever");
    tty.type_keys(" ");
    tty.wait_for_text("FROZEN");
    tty.type_keys(" ");
    tty.wait_for_text("DEADLOCK");
    tty.wait_for_text("right You guessed: no: both wait forever");
    tty.type_keys("2");
    tty.wait_for_text("LIVE");
    tty.type_keys("?");
    tty.wait_for_text("Freeze the picture");
    tty.type_keys("\x1b");
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_terminal_restored();
    tty.assert_no_process_left();
}

#[test]
fn process_deadlock_is_shown_and_quits_fast() {
    let mut tty = Pty::contend(&["run", "deadlock", "--as", "processes"], 40, 120);
    tty.wait_for_text("stuck forever");
    assert_eq!(tty.process_ids().len(), 5, "dashboard, guardian, runner and two workers");
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_terminal_restored();
    tty.assert_no_process_left();
}

#[test]
fn terminal_is_restored_and_no_process_left_after_signals() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129), ("QUIT", 131)] {
        let mut tty = Pty::contend(&["run", "lock-contention", "--as", "processes"], 24, 80);
        tty.wait_for_text("teller-8");
        tty.send_signal(signal);
        let status = tty.wait();
        assert!(!status.success(), "SIG{signal}");
        let code_or_signal = format!("{status:?}");
        assert!(
            status.exit_code() == code || status.signal().is_some(),
            "the exit status does not tell SIG{signal}: {code_or_signal}"
        );
        tty.assert_terminal_restored();
        tty.assert_no_process_left();
    }
}

#[test]
fn control_c_quits() {
    let mut tty = Pty::contend(&["run", "--no-ask", "thread-pool"], 24, 80);
    tty.wait_for_text("worker-2");
    tty.type_keys("\x03");
    tty.wait();
    tty.assert_terminal_restored();
    tty.assert_no_process_left();
}

#[test]
fn killed_dashboard_leaves_no_process() {
    for scenario in ["lock-contention", "deadlock", "process-pool"] {
        let mut tty = Pty::contend(&["run", scenario, "--as", "processes"], 24, 80);
        tty.wait_for("the run is on", |s| ["LIVE", "DEADLOCK "].iter().any(|word| s.contents().contains(word)));
        tty.send_signal("KILL");
        tty.wait();
        tty.assert_no_process_left();
    }
}

#[test]
fn killed_runner_is_reported_and_the_run_can_restart() {
    let mut tty = Pty::contend(&["run", "--no-ask", "thread-pool"], 24, 100);
    tty.wait_for_text("worker-2");
    let dashboard = tty.pid();
    let is_runner = |pid: &u32| *pid != dashboard && Some(*pid) != tty.guardian_pid();
    let runner = tty.process_ids().into_iter().find(is_runner).expect("a runner");
    crate::support::kill(runner);
    tty.wait_for_text("SIGKILL");
    tty.type_keys("r");
    tty.wait_for("a new run", |s| s.contents().contains("LIVE"));
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_terminal_restored();
    tty.assert_no_process_left();
}

#[test]
fn control_z_suspends_to_the_shell_and_fg_resumes() {
    let mut tty = crate::dashboard_in_shell();
    tty.type_keys("\x1a");
    tty.wait_for("the shell's screen", |s| !s.alternate_screen() && s.contents().contains("Stopped"));
    assert!(!tty.screen().hide_cursor(), "the shell has no cursor");
    tty.type_keys("echo still-$((40+2))-here\r");
    tty.wait_for_text("still-42-here");
    tty.type_keys("fg\r");
    tty.wait_for("the dashboard again", |s| s.alternate_screen() && s.contents().contains("teller-3"));
    tty.type_keys("q");
    tty.wait_for("the shell again", |s| !s.alternate_screen() && s.contents().trim_end().ends_with("shell>"));
    tty.type_keys("exit\r");
    tty.wait();
    tty.assert_no_process_left();
}

#[test]
fn small_windows_and_many_resizes_are_survived() {
    let mut tty = Pty::contend(&["run", "--no-ask", "lock-contention"], 24, 80);
    tty.wait_for_text("teller-1");
    for (rows, cols) in [(1, 1), (0, 0), (2, 200), (200, 2), (10, 3), (60, 200)] {
        tty.resize(rows, cols);
    }
    for i in 0..500 {
        tty.resize(5 + i % 60, 10 + i % 190);
    }
    tty.resize(24, 80);
    tty.wait_for_text("teller-1");
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_terminal_restored();
    tty.assert_no_process_left();
}

#[test]
fn question_is_shown_first_unless_run_options_are_given() {
    let mut tty = Pty::contend(&["run", "account-race"], 24, 80);
    tty.wait_for_text("What is the final");
    tty.wait_for_text("Choose with a number");
    assert_eq!(tty.process_ids().len(), 2, "a dashboard and its guardian: nothing runs yet");
    tty.type_keys("1\r");
    tty.wait_for_text("wrong You guessed: 100.");
    tty.wait_for_text("Measured: counter balance:");
    tty.type_keys("1");
    tty.wait_for_text("with guard=lock: 100");
    tty.type_keys("a");
    tty.wait_for_text("with default knobs: almost nothing");
    tty.type_keys("\x1b");
    tty.type_keys("q");
    assert!(tty.wait().success());
    for args in [["--no-ask", "account-race"], ["--set=window=4ms", "account-race"], ["--for=9s", "account-race"]] {
        let mut tty = Pty::contend(&[&["run"], args.as_slice()].concat(), 24, 80);
        tty.wait_for_text("COMPLETED");
        tty.type_keys("q");
        assert!(tty.wait().success());
    }
}

#[test]
fn run_restarts_when_its_file_is_saved() {
    let directory = tempfile::tempdir().expect("a directory");
    let own = directory.path().join("own.kdl");
    let write = |text: &str| {
        let new = directory.path().join("own.kdl.new");
        std::fs::write(&new, text).expect("it is written");
        std::fs::rename(&new, &own).expect("the file is replaced, as editors do");
    };
    write("thread first { forever { sleep \"1ms\" } }");
    let mut tty = Pty::contend(&["run", &own.to_string_lossy(), "--watch"], 24, 100);
    tty.wait_for_text("first");
    write("thread first { forever { sleeep \"1ms\" } }");
    tty.wait_for_text("own has mistakes");
    tty.wait_for_text("did you mean `sleep`?");
    write("thread second { forever { sleep \"1ms\" } }");
    tty.wait_for("the corrected scenario", |s| s.contents().contains("second") && !s.contents().contains("mistakes"));
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_no_process_left();
    write("thread first { nothing }");
    let mut tty = Pty::contend(&["run", &own.to_string_lossy(), "--watch"], 24, 100);
    tty.wait_for_text("own has mistakes");
    write("thread third { forever { sleep \"1ms\" } }");
    tty.wait_for("the corrected scenario", |s| s.contents().contains("third") && !s.contents().contains("mistakes"));
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_terminal_restored();
}

#[test]
fn dumb_terminal_gets_an_error_with_an_alternative() {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_contend"));
    command.args(["run", "deadlock"]);
    let mut tty = Pty::start_as(command, "dumb", 24, 80);
    let status = tty.wait();
    assert!(!status.success());
    assert!(tty.text().contains("--headless"), "{}", tty.text());
    tty.assert_terminal_restored();
}

#[test]
fn tuning_is_shown_live_and_its_answer_stays_on_the_terminal() {
    let mut tty = Pty::contend(&["tune", "tune-lock", "--over", "1..4", "--anyway"], 40, 120);
    tty.wait_for_text("tasks per second");
    tty.wait_for("a level was measured", |s| s.contents().contains('◐'));
    tty.type_keys("\r");
    tty.wait_for_text("RECORDED");
    tty.wait_for_text("work-1");
    tty.type_keys("\x1b[D");
    tty.type_keys("f");
    tty.type_keys("\x1b");
    tty.wait_for_text("tasks per second");
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_terminal_restored();
    assert!(tty.screen().contents().contains("contend tune tune-lock"), "{}", tty.screen().contents());
    tty.assert_no_process_left();
}

#[test]
fn control_c_ends_a_tuning_with_the_results_so_far() {
    let mut tty = Pty::contend(&["tune", "tune-cpu", "--over", "1..4", "--anyway"], 24, 80);
    tty.wait_for("a level was measured", |s| s.contents().contains('◐'));
    tty.type_keys("\x03");
    assert_eq!(tty.wait().exit_code(), 130);
    tty.assert_terminal_restored();
    tty.assert_no_process_left();
}

#[test]
fn recording_is_played_stepped_through_and_left() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("run.contend");
    let file = file.to_str().expect("the name is UTF-8");
    let mut tty = Pty::contend(&["run", "deadlock", "--for", "1s", "--no-ask", "--record", file], 40, 120);
    tty.wait_for_text("TIME 1.");
    tty.type_keys("q");
    assert!(tty.wait().success());
    let mut tty = Pty::contend(&["replay", file], 40, 120);
    tty.wait_for_text("Recorded run: Space plays");
    tty.wait_for_text("Both are stuck");
    tty.type_keys("0");
    tty.wait_for_text("0.000 s of 1.");
    tty.type_keys(".");
    tty.wait_for_text("starts");
    tty.type_keys("nn"); // the order in which both take the locks may be a finding before they are stuck
    tty.wait_for_text("Both are stuck");
    tty.type_keys("t900ms\r");
    tty.wait_for_text("0.900 s of 1.");
    tty.type_keys("++++++ ");
    tty.wait_for("it plays to the end and pauses", |s| s.contents().contains("\u{2016} 100\u{d7}  1."));
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_terminal_restored();
    tty.assert_no_process_left();
    let mut tty = Pty::contend(&["replay", file, "--from", "0.3s", "--speed", "0.001"], 24, 80);
    tty.wait_for("it plays slowly", |s| s.contents().contains("\u{25b6} 0.001\u{d7}  0.3"));
    tty.type_keys("q");
    assert!(tty.wait().success());
}
