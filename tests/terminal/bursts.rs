//! Bursts of input: all of it is read, the next key works at once, and the reader thread is idle afterwards.

use std::time::{Duration, Instant};

use crate::support::pty::Pty;

/// Reached only on failure.
const DEADLINE: Duration = Duration::from_mins(1);

/// Returns the bytes that a terminal sends for each burst.
fn bursts() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("400 turns of the wheel", [b"\x1b[<65;61;5M".repeat(200), b"\x1b[<64;61;5M".repeat(200)].concat()),
        ("1,000 arrow keys", b"\x1b[D\x1b[C\x1bOB\x1bOA".repeat(250)),
        ("5,000 typed characters", b"JK\xc3\xa4".repeat(1_667)),
        ("24 kB and more at once", b"K\x1b[<64;61;5M\x1b[B".repeat(1_800)),
        ("24 kB of pasted text", [b"\x1b[200~".as_slice(), &b"quit q ".repeat(3_500), b"\x1b[201~"].concat()),
    ]
}

/// Starts a run in the dashboard.
fn start_run() -> Pty {
    let mut tty = Pty::contend(&["run", "--no-ask", "lock-contention"], 24, 80);
    tty.wait_for_text("teller-3");
    tty
}

/// Returns the CPU time of the input thread in nanoseconds.
fn reader_cpu_ns(tty: &Pty) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{}/task", tty.pid())).expect("it is running");
    let name = |thread: &std::path::PathBuf| std::fs::read_to_string(thread.join("comm")).unwrap_or_default();
    let mut threads = threads.flatten().map(|thread| thread.path());
    let reader = threads.find(|thread| name(thread).trim_end() == "input").expect("it has a reader");
    let times = std::fs::read_to_string(reader.join("schedstat")).unwrap_or_default();
    times.split_whitespace().next().and_then(|ran| ran.parse().ok()).unwrap_or(0)
}

/// Waits until the reader uses no CPU time in ten successive intervals.
fn wait_until_reader_is_idle(tty: &mut Pty, after: &str) {
    let (start, mut before, mut idle_count) = (Instant::now(), reader_cpu_ns(tty), 0);
    while idle_count < 10 {
        assert!(start.elapsed() < DEADLINE, "the reader still runs after {after}");
        tty.read_for(Duration::from_millis(10));
        let ran = reader_cpu_ns(tty);
        idle_count = if ran == before { idle_count + 1 } else { 0 };
        before = ran;
    }
}

#[test]
fn input_burst_leaves_the_reader_idle_and_q_quits() {
    for (nth, (what, burst)) in bursts().into_iter().enumerate() {
        let piece = if nth % 2 == 0 { 333 } else { burst.len() }; // in pieces that split escape sequences, or at once
        let mut tty = start_run();
        for bytes in burst.chunks(piece) {
            tty.send_bytes(bytes);
            tty.read_for(Duration::from_millis(1));
        }
        wait_until_reader_is_idle(&mut tty, what);
        tty.type_keys("q");
        assert!(tty.wait().success(), "{what}, in pieces of {piece}");
        tty.assert_terminal_restored();
        tty.assert_no_process_left();
    }
}

#[test]
fn key_directly_after_a_burst_is_read() {
    for (what, burst) in bursts() {
        let mut tty = start_run();
        tty.send_bytes(&[&burst[..], b"q"].concat());
        assert!(tty.wait().success(), "{what}");
        tty.assert_terminal_restored();
    }
}

#[test]
fn quit_works_after_a_burst_while_the_terminal_stops_reading() {
    let mut tty = start_run();
    tty.set_stalled(true);
    for (_, burst) in bursts() {
        tty.send_bytes(&burst);
        tty.send_bytes(b"\x0c"); // asks for a full redraw, which the terminal does not read
    }
    tty.type_keys("q");
    tty.wait_without_reading();
    tty.assert_no_process_left();
    tty.set_stalled(false);
}
