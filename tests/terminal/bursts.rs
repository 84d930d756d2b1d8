//! Bursts of input: nothing is left unread, the next key works at once, and afterwards the reader is idle.

use std::time::{Duration, Instant};

use crate::support::pty::Pty;

/// Only a failure takes it.
const DEADLINE: Duration = Duration::from_secs(30);

/// Bytes a terminal sends for these actions, many times over.
fn bursts() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("400 turns of the wheel", [b"\x1b[<65;61;5M".repeat(200), b"\x1b[<64;61;5M".repeat(200)].concat()),
        ("1,000 arrow keys", b"\x1b[D\x1b[C\x1bOB\x1bOA".repeat(250)),
        ("5,000 typed characters", b"zy\xc3\xa4".repeat(1_667)),
        ("24 kB and more at once", b"z\x1b[<64;61;5M\x1b[B".repeat(1_800)),
        ("24 kB of pasted text", [b"\x1b[200~".as_slice(), &b"quit q ".repeat(3_500), b"\x1b[201~"].concat()),
    ]
}

/// A run on screen.
fn live() -> Pty {
    let mut tty = Pty::contend(&["run", "--no-ask", "lock-contention"], 24, 80);
    tty.wait_for_text("teller-3");
    tty
}

/// Nanoseconds that the thread which reads the terminal was on a CPU.
fn reader_ran(tty: &Pty) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{}/task", tty.pid())).expect("it is running");
    let name = |thread: &std::path::PathBuf| std::fs::read_to_string(thread.join("comm")).unwrap_or_default();
    let mut threads = threads.flatten().map(|thread| thread.path());
    let reader = threads.find(|thread| name(thread).trim_end() == "input").expect("it has a reader");
    let times = std::fs::read_to_string(reader.join("schedstat")).unwrap_or_default();
    times.split_whitespace().next().and_then(|ran| ran.parse().ok()).unwrap_or(0)
}

/// Waits until the reader does not run at all for ten looks in a row.
fn until_reader_is_idle(tty: &mut Pty, after: &str) {
    let (start, mut before, mut still) = (Instant::now(), reader_ran(tty), 0);
    while still < 10 {
        assert!(start.elapsed() < DEADLINE, "the reader goes on running after {after}");
        tty.read_for(Duration::from_millis(10));
        let ran = reader_ran(tty);
        still = if ran == before { still + 1 } else { 0 };
        before = ran;
    }
}

#[test]
fn after_a_burst_of_any_kind_the_reader_is_idle_and_q_quits() {
    for (nth, (what, burst)) in bursts().into_iter().enumerate() {
        let piece = if nth % 2 == 0 { 333 } else { burst.len() }; // slowly, cutting sequences in two; and at once
        let mut tty = live();
        for bytes in burst.chunks(piece) {
            tty.send_bytes(bytes);
            tty.read_for(Duration::from_millis(1));
        }
        until_reader_is_idle(&mut tty, what);
        tty.type_keys("q");
        assert!(tty.wait().success(), "{what}, in pieces of {piece}");
        tty.assert_terminal_restored();
        tty.assert_no_process_left();
    }
}

#[test]
fn a_key_right_behind_a_burst_is_not_left_unread() {
    for (what, burst) in bursts() {
        let mut tty = live();
        tty.send_bytes(&[&burst[..], b"q"].concat());
        assert!(tty.wait().success(), "{what}");
        tty.assert_terminal_restored();
    }
}

#[test]
fn a_burst_into_a_terminal_that_stops_reading_holds_up_no_quit() {
    let mut tty = live();
    tty.set_stalled(true);
    for (_, burst) in bursts() {
        tty.send_bytes(&burst);
        tty.send_bytes(b"\x0c"); // a whole frame, of which the terminal takes nothing
    }
    tty.type_keys("q");
    tty.wait_without_reading();
    tty.assert_no_process_left();
    tty.set_stalled(false);
}
