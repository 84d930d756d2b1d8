//! Every cause of death in every mode of the dashboard: the terminal is as it was, and nobody is left.
//!
//! The whole matrix is the long form (`cargo test --test terminal deaths -- --ignored --nocapture` prints its figures). The short one
//! has every cause and every mode, but not every pair.

#![allow(clippy::print_stdout, reason = "the figures of the long form")]

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::pty::{Pty, screen_shows};
use portable_pty::CommandBuilder;

/// How a program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Quit,
    ControlC,
    /// A signal from outside.
    Signal(&'static str),
    /// A fault inside, by the name that the program knows it by.
    Fault(&'static str),
    /// A stop from outside, then `SIGKILL`.
    KilledWhileStopped,
    /// Its guardian is killed first.
    Unguarded,
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

/// What the dashboard is showing: how it is started, the text to wait for, the keys to press then, the text they lead to.
#[derive(Debug, Clone, Copy)]
struct Mode {
    name: &'static str,
    args: &'static [&'static str],
    first: &'static str,
    keys: &'static str,
    then: &'static str,
    /// The keys that quit from here.
    quit: &'static str,
}

const LIVE: Mode = Mode {
    name: "live run",
    args: &["run", "--no-ask", "lock-contention", "--as", "processes"],
    first: "teller-4",
    keys: "",
    then: "live",
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
    Mode { name: "picker", args: &[], first: "lock-contention", keys: "", then: "", quit: "q" },
    Mode { name: "filter", args: &[], first: "lock-contention", keys: "/dead", then: "deadlock", quit: "\x1bq" },
    Mode {
        name: "question",
        args: &["run", "account-race"],
        first: "Choose with a number",
        keys: "",
        then: "",
        quit: "q",
    },
    LIVE,
    Mode { name: "frozen", keys: " ", then: "frozen", ..LIVE },
    Mode { name: "cursor", keys: "h", then: "│", ..LIVE },
    Mode { name: "help", keys: "?", then: "Show this help", quit: "\x1bq", ..LIVE },
    Mode { name: "about", keys: "i", then: "Watch", quit: "\x1bq", ..LIVE },
    Mode { name: "completed", args: &["run", "--no-ask", "account-race"], first: "completed", then: "", ..LIVE },
    Mode { name: "deadlocked", args: &["run", "--no-ask", "deadlock"], first: "stuck forever", then: "", ..LIVE },
    TUNING,
    Mode { name: "tuned run", keys: "\r", then: "recorded", quit: "\x1bq", ..TUNING },
    Mode { name: "mistakes", args: &["run", "--watch", "FILE"], first: "mistakes", then: "", quit: "\x1bq", ..LIVE },
];

/// A file with mistakes.
fn file() -> tempfile::NamedTempFile {
    let file = tempfile::Builder::new().suffix(".kdl").tempfile().expect("a file");
    std::fs::write(&file, "thread w { nothing }").expect("it is written");
    file
}

fn enter(mode: Mode, cause: Cause, file: &Path) -> Pty {
    let program = env!("CARGO_BIN_EXE_contend");
    let args: Vec<String> = mode.args.iter().map(|arg| arg.replace("FILE", &file.to_string_lossy())).collect();
    let mut command = if cause == Closed {
        // In a terminal of its own, that vanishes with whoever made it.
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

fn die(mode: Mode, cause: Cause, file: &Path) {
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
            while tty.guardian_pid().is_none_or(|pid| pid == first) {
                std::thread::yield_now();
            }
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

fn die_all(pairs: impl Iterator<Item = (Mode, Cause)>) {
    let file = file();
    let (begun, mut deaths) = (Instant::now(), 0);
    for (mode, cause) in pairs {
        println!("{cause:?} in {}", mode.name);
        die(mode, cause, file.path());
        deaths += 1;
    }
    println!("{deaths} deaths, terminal intact after each, 0 survivors, {:.0?}", begun.elapsed());
}

#[test]
fn every_cause_and_every_mode() {
    die_all(CAUSES.iter().enumerate().map(|(i, cause)| (MODES[i % MODES.len()], *cause)));
}

#[test]
#[ignore = "the whole matrix takes minutes"]
fn every_cause_in_every_mode() {
    die_all(MODES.iter().flat_map(|mode| CAUSES.iter().map(|cause| (*mode, *cause))));
}

/// Bash itself mends little: without a guardian it would print its prompt into our alternate screen.
#[test]
fn a_shell_has_its_terminal_back_from_a_dashboard_that_was_killed() {
    let mut shell = CommandBuilder::new("bash");
    shell.args(["--norc", "--noprofile", "-i"]);
    shell.env("PS1", "shell> ");
    let mut tty = Pty::start(shell, 24, 100);
    tty.wait_for_text("shell>");
    tty.type_keys(&format!("{} run --no-ask lock-contention\r", env!("CARGO_BIN_EXE_contend")));
    tty.wait_for_text("teller-3");
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
fn a_start_that_is_cut_short_leaves_the_terminal_as_it_was() {
    killed_at_random(12);
}

#[test]
#[ignore = "a thousand starts take minutes"]
fn a_thousand_starts_that_are_cut_short() {
    killed_at_random(1_000);
}

/// Kills a dashboard at random instants of its first 80 ms: before it has the terminal, while it takes it, and after.
fn killed_at_random(times: usize) {
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

/// What the guardian is told by is still open in the copy, which is stopped for ever.
#[test]
#[cfg(debug_assertions)]
fn a_terminal_is_given_back_though_the_runner_is_still_a_copy_of_the_killed() {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_contend"));
    command.args(["run", "--no-ask", "deadlock"]);
    command.env("CONTEND_FAULT", "stop@launch");
    let mut tty = Pty::start(command, 24, 80);
    let since = Instant::now();
    while !tty.process_ids().into_iter().any(|pid| crate::support::state_of(pid) == Some('T')) {
        assert!(since.elapsed() < Duration::from_mins(1), "nobody is stopped");
        tty.read_for(Duration::from_millis(5));
    }
    tty.send_signal("KILL");
    tty.wait();
    tty.wait_for_terminal_restored();
    tty.assert_no_process_left();
}

/// One who kills every guardian has the last word, but it is said.
#[test]
fn that_nobody_guards_the_terminal_any_more_is_on_screen() {
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

/// A terminal that reads nothing holds up neither the keys nor the end, and no guardian waits for it for ever.
#[test]
fn a_terminal_that_stops_reading_holds_up_no_end() {
    for end in ["q", "TERM", "KILL"] {
        let mut tty = enter(LIVE, Quit, Path::new(""));
        tty.set_stalled(true);
        for _ in 0..30 {
            tty.type_keys("\x0c"); // whole frames, until the terminal takes no more of them
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
fn a_window_may_claim_any_size() {
    let mut tty = enter(LIVE, Quit, Path::new(""));
    for (rows, cols) in [(u16::MAX, u16::MAX), (1, u16::MAX), (u16::MAX, 1), (300, 1_000), (0, 0)] {
        tty.set_size_unseen(rows, cols);
    }
    tty.set_size_unseen(40, 120);
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.wait_for_terminal_restored();
}

/// Without `SIGHUP` only the terminal itself tells that it is gone.
#[test]
fn a_terminal_that_vanishes_ends_a_program_that_hears_no_hangup() {
    let mut command = CommandBuilder::new("script");
    let program = env!("CARGO_BIN_EXE_contend");
    command.args(["-qfec", &format!("trap '' HUP; exec '{program}' run --no-ask lock-contention"), "/dev/null"]);
    let mut tty = Pty::start(command, 24, 80);
    tty.wait_for_text("teller-4");
    tty.send_signal("KILL");
    tty.wait();
    tty.assert_no_process_left();
}
