//! Every cause of death in every mode of the dashboard: the terminal is restored, and no process is left.
//!
//! The default test covers every cause and every mode, but not every pair. The ignored test covers all pairs;
//! `cargo test --test terminal deaths -- --ignored --nocapture` prints its figures.

#![allow(clippy::print_stdout, reason = "the figures of the long form")]

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::pty::{Pty, screen_shows};
use portable_pty::CommandBuilder;

/// A way to end the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Quit,
    ControlC,
    /// A signal from another process.
    Signal(&'static str),
    /// An injected fault, by its `CONTEND_FAULT` name.
    Fault(&'static str),
    /// `SIGSTOP`, then `SIGKILL`.
    KilledWhileStopped,
    /// `SIGKILL` after its guardian was killed and replaced.
    Unguarded,
    /// The terminal is closed.
    Closed,
}

use Cause::{Closed, ControlC, Fault, KilledWhileStopped, Quit, Signal, Unguarded};

const CAUSES: [Cause; 19] = [
    Quit,
    ControlC,
    Signal("INT"),
    Signal("TERM"),
    Signal("HUP"),
    Signal("QUIT"),
    Signal("KILL"),
    Fault("segfault"),
    Fault("abort"),
    Fault("stack-overflow"),
    Fault("allocation"),
    Fault("panic"),
    Fault("thread-panic"),
    Fault("drop-panic"),
    Fault("double-panic"),
    Closed,
    Fault("exit"),
    KilledWhileStopped,
    Unguarded,
];

/// A mode of the dashboard: the arguments to start with, the text to wait for, the keys to press then, and the text
/// that they lead to.
#[derive(Debug, Clone, Copy)]
struct Mode {
    name: &'static str,
    args: &'static [&'static str],
    first: &'static str,
    keys: &'static str,
    then: &'static str,
    /// The keys that quit from this mode.
    quit: &'static str,
}

const LIVE: Mode = Mode {
    name: "live run",
    args: &["run", "--no-ask", "lock-contention", "--as", "processes"],
    first: "teller-4",
    keys: "",
    then: "LIVE",
    quit: "q",
};

const TUNING: Mode = Mode {
    name: "tuning",
    args: &["tune", "tune-cpu", "--over", "1..4", "--anyway"],
    first: "◐",
    keys: "",
    then: "",
    quit: "q",
};

const MODES: [Mode; 13] = [
    Mode { name: "picker", args: &[], first: "thread-pool", keys: "", then: "", quit: "q" },
    Mode { name: "filter", args: &[], first: "thread-pool", keys: "/dead", then: "deadlock", quit: "\x1bq" },
    Mode {
        name: "question",
        args: &["run", "account-race"],
        first: "Choose with a number",
        keys: "",
        then: "",
        quit: "q",
    },
    LIVE,
    Mode { name: "frozen", keys: " ", then: "FROZEN", ..LIVE },
    Mode { name: "cursor", keys: "h", then: "│", ..LIVE },
    Mode { name: "help", keys: "?", then: "Show this help", quit: "\x1bq", ..LIVE },
    Mode { name: "about", keys: "i", then: "WATCH", quit: "\x1bq", ..LIVE },
    Mode { name: "completed", args: &["run", "--no-ask", "account-race"], first: "COMPLETED", then: "", ..LIVE },
    Mode { name: "deadlocked", args: &["run", "--no-ask", "deadlock"], first: "stuck forever", then: "", ..LIVE },
    TUNING,
    Mode { name: "tuned run", keys: "\r", then: "RECORDED", quit: "\x1bq", ..TUNING },
    Mode { name: "mistakes", args: &["run", "--watch", "FILE"], first: "mistakes", then: "", quit: "\x1bq", ..LIVE },
];

/// Creates a scenario file with mistakes.
fn file() -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".kdl").tempfile().expect("a file");
    std::fs::write(&file, "thread w { nothing }").expect("it is written");
    file
}

fn enter(mode: Mode, cause: Cause, file: &Path) -> Pty {
    let program = env!("CARGO_BIN_EXE_contend");
    let args: Vec<String> = mode.args.iter().map(|arg| arg.replace("FILE", &file.to_string_lossy())).collect();
    let mut command = if cause == Closed {
        // In a terminal made by `script`, which vanishes when `script` is killed.
        let mut command = CommandBuilder::new("script");
        let quoted: Vec<String> = args.iter().map(|arg| format!("'{arg}'")).collect();
        command.args(["-qfec", &format!("exec '{program}' {}", quoted.join(" ")), "/dev/null"]);
        command
    } else {
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command
    };
    if let Fault(fault) = cause {
        command.env("CONTEND_FAULT", fault);
    }
    let mut tty = Pty::start(command, 40, 120);
    tty.wait_for_text(mode.first);
    tty.type_keys(mode.keys);
    tty.wait_for(mode.then, |screen| screen_shows(screen, mode.then));
    tty
}

fn end_and_check(mode: Mode, cause: Cause, file: &Path) {
    let mut tty = enter(mode, cause, file);
    match cause {
        Quit => tty.type_keys(mode.quit),
        ControlC => tty.type_keys("\x03"),
        Signal(name) => tty.send_signal(name),
        Fault(_) => tty.send_signal("USR2"),
        KilledWhileStopped => {
            tty.send_signal("STOP");
            tty.send_signal("KILL");
        }
        Unguarded => {
            let first = tty.guardian_pid().expect("a guardian");
            crate::support::kill(first);
            tty.wait_for("another guardian", |_| true);
            crate::support::poll_until("a new guardian", || tty.guardian_pid().is_some_and(|pid| pid != first));
            tty.send_signal("KILL");
        }
        Closed => tty.send_signal("KILL"),
    }
    let status = tty.wait();
    assert_eq!(status.success(), cause == Quit, "{cause:?} in {}: {status:?}", mode.name);
    if cause != Closed {
        tty.wait_for_terminal_restored();
    }
    tty.assert_no_process_left();
}

fn end_and_check_all(pairs: impl Iterator<Item = (Mode, Cause)>) {
    let file = file();
    let (begun, mut deaths) = (Instant::now(), 0);
    for (mode, cause) in pairs {
        println!("{cause:?} in {}", mode.name);
        end_and_check(mode, cause, file.path());
        deaths += 1;
    }
    println!("{deaths} deaths, terminal intact after each, 0 survivors, {:.0?}", begun.elapsed());
}

#[test]
fn terminal_is_restored_for_each_cause_and_each_mode() {
    end_and_check_all(CAUSES.iter().enumerate().map(|(i, cause)| (MODES[i % MODES.len()], *cause)));
}

#[test]
#[ignore = "the whole matrix takes minutes"]
fn terminal_is_restored_for_every_cause_in_every_mode() {
    end_and_check_all(MODES.iter().flat_map(|mode| CAUSES.iter().map(|cause| (*mode, *cause))));
}

/// Bash restores little itself: without a guardian it would print its prompt on the alternate screen.
#[test]
fn shell_prompt_returns_after_a_killed_dashboard() {
    let mut tty = crate::dashboard_in_shell();
    let shell = tty.pid();
    let dashboard =
        tty.process_ids().into_iter().find(|pid| crate::support::parent_of(*pid) == Some(shell)).expect("a dashboard");
    crate::support::kill(dashboard);
    tty.wait_for("the shell's screen", |s| !s.alternate_screen() && !s.hide_cursor());
    tty.type_keys("stty -a | grep -c ' -echo '; echo still-$((40+2))-here\r");
    tty.wait_for_text("still-42-here");
    tty.type_keys("exit\r");
    tty.wait();
    tty.assert_no_process_left();
}

#[test]
fn terminal_is_restored_after_kills_at_random_startup_instants() {
    kill_at_random_instants(12);
}

#[test]
#[ignore = "a thousand starts take minutes"]
fn terminal_is_restored_after_a_thousand_kills_during_startup() {
    kill_at_random_instants(1_000);
}

/// Kills a dashboard at random instants of its first 80 ms: before, while and after it sets up the terminal.
fn kill_at_random_instants(times: usize) {
    let mut random = fastrand::Rng::with_seed(7);
    for i in 0..times {
        let mut tty = Pty::contend(&["run", "--no-ask", "deadlock", "--as", "processes"], 24, 80);
        let instant = Instant::now() + Duration::from_micros(random.u64(0..80_000));
        while Instant::now() < instant {
            std::thread::yield_now();
        }
        println!("kill {i} of {times}");
        tty.send_signal("KILL");
        tty.wait();
        tty.wait_for_terminal_restored();
        tty.assert_no_process_left();
    }
}

/// The forked runner, stopped forever, keeps the pipe to the guardian open.
#[test]
#[cfg(debug_assertions)]
fn terminal_is_restored_while_the_forked_runner_holds_the_guardian_pipe() {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_contend"));
    command.args(["run", "--no-ask", "deadlock"]);
    command.env("CONTEND_FAULT", "stop@launch");
    let mut tty = Pty::start(command, 24, 80);
    let since = Instant::now();
    while !tty.process_ids().into_iter().any(|pid| crate::support::state_of(pid) == Some('T')) {
        assert!(since.elapsed() < Duration::from_mins(1), "no process is stopped");
        tty.read_for(Duration::from_millis(5));
    }
    tty.send_signal("KILL");
    tty.wait();
    tty.wait_for_terminal_restored();
    tty.assert_no_process_left();
}

/// The terminal cannot be protected from a killer of every guardian, but the screen must warn.
#[test]
fn warning_is_shown_when_every_guardian_is_killed() {
    let mut tty = enter(LIVE, Quit, Path::new(""));
    assert!(!tty.text().contains("unguarded"));
    let since = Instant::now();
    while !tty.text().contains("unguarded") {
        assert!(since.elapsed() < Duration::from_mins(1), "{}", tty.text());
        tty.guardian_pid().into_iter().for_each(crate::support::kill);
        tty.read_for(Duration::from_millis(20));
    }
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_terminal_restored();
    tty.assert_no_process_left();
}

/// A terminal that reads nothing delays neither the keys nor the end, and the guardian does not wait for it forever.
#[test]
fn program_ends_while_the_terminal_stops_reading() {
    for end in ["q", "TERM", "KILL"] {
        let mut tty = enter(LIVE, Quit, Path::new(""));
        tty.set_stalled(true);
        for _ in 0..30 {
            tty.type_keys("\x0c"); // full redraws, until the terminal's buffer is full
            std::thread::park_timeout(Duration::from_millis(20));
        }
        let since = Instant::now();
        if end == "q" {
            tty.type_keys("q");
        } else {
            tty.send_signal(end);
        }
        tty.wait_without_reading();
        tty.assert_no_process_left();
        println!("{end}: gone within {:.1?}", since.elapsed());
        tty.set_stalled(false);
    }
}

#[test]
fn any_window_size_is_accepted() {
    let mut tty = enter(LIVE, Quit, Path::new(""));
    for (rows, cols) in [(u16::MAX, u16::MAX), (1, u16::MAX), (u16::MAX, 1), (300, 1_000), (0, 0)] {
        tty.set_size_unseen(rows, cols);
    }
    tty.set_size_unseen(40, 120);
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.wait_for_terminal_restored();
}

/// Without `SIGHUP` only errors on the terminal show that it is gone.
#[test]
fn program_that_ignores_sighup_ends_when_the_terminal_vanishes() {
    let mut command = CommandBuilder::new("script");
    let program = env!("CARGO_BIN_EXE_contend");
    command.args(["-qfec", &format!("trap '' HUP; exec '{program}' run --no-ask lock-contention"), "/dev/null"]);
    let mut tty = Pty::start(command, 24, 80);
    tty.wait_for_text("teller-4");
    tty.send_signal("KILL");
    tty.wait();
    tty.assert_no_process_left();
}
