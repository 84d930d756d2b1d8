//! What the system says that processes use: memory, context switches, and the time of all cores together.
//!
//! All from `/proc`. Where there is none the answers are `None` and what rests on them is left out; on macOS
//! `proc_pid_rusage` and `host_statistics` would give the same.

#![cfg_attr(
    target_os = "linux",
    expect(unsafe_code, reason = "the CPU clock of another process, which rustix does not have")
)]

use std::fs;

use rustix::process::Pid;
use rustix::time::{ClockId, clock_gettime};

use super::session::session_of;

/// Bytes of a process that are in memory.
pub fn resident(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// How often a thread gave up its core to wait, and how often it was taken from it.
pub fn switches(pid: u32, tid: u32) -> Option<(u64, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{tid}/status")).ok()?;
    let figure = |name: &str| text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok();
    Some((figure("voluntary_ctxt_switches:")?, figure("nonvoluntary_ctxt_switches:")?))
}

/// Nanoseconds that all cores together have been busy since the system began, what a hypervisor took included. To the
/// kernel's tick: 10 ms.
pub fn all_cores_busy() -> Option<u64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let fields: Vec<u64> =
        text.lines().next()?.split_ascii_whitespace().skip(1).map_while(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guest time is part of user time
    let busy = [0, 1, 2, 5, 6, 7].iter().filter_map(|at| fields.get(*at)).sum::<u64>();
    let per_second = rustix::param::clock_ticks_per_second();
    Some(busy * 1_000_000_000 / per_second.max(1))
}

/// CPU time in nanoseconds of all processes in the session of process `member`, with what their ended children used: what a
/// run and the commands it started cost. To the kernel's tick, 10 ms, for each process.
pub fn session_cpu(member: u32) -> Option<u64> {
    let session = session_of(Pid::from_raw(member.try_into().ok()?)?)?;
    let ticks = fs::read_dir("/proc")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            entry.file_name().to_str()?.parse::<u32>().ok()?;
            ticks_of(&fs::read_to_string(entry.path().join("stat")).ok()?, session)
        })
        .sum::<u64>();
    Some(ticks * 1_000_000_000 / rustix::param::clock_ticks_per_second().max(1))
}

/// Ticks that a process used and its ended children, if it is of the session.
fn ticks_of(stat: &str, session: i32) -> Option<u64> {
    // The name stands in brackets and may hold anything, brackets too.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    // state ppid pgrp session ... utime stime cutime cstime are fields 3 to 6 and 14 to 17 of proc(5).
    let of_session = fields.get(3)?.parse::<i32>().ok()? == session;
    let used = fields.get(11..15)?;
    of_session.then(|| used.iter().filter_map(|field| field.parse::<u64>().ok()).sum())
}

/// CPU time in nanoseconds of a process, all its threads together, and of its children that it has reaped. Exact for the
/// process, to the kernel's tick for the children. `None` once the process is gone.
pub fn process_cpu(pid: u32) -> Option<u64> {
    let own = process_clock(pid)?;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(own + reaped_ticks(&stat)? * 1_000_000_000 / rustix::param::clock_ticks_per_second().max(1))
}

#[cfg(target_os = "linux")]
fn process_clock(pid: u32) -> Option<u64> {
    let (mut clock, mut time) = (0, libc::timespec { tv_sec: 0, tv_nsec: 0 });
    // SAFETY: both calls write to a value of the type they expect, which outlives them.
    let known = unsafe {
        libc::clock_getcpuclockid(pid.try_into().ok()?, &raw mut clock) == 0
            && libc::clock_gettime(clock, &raw mut time) == 0
    };
    known.then_some(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

#[cfg(not(target_os = "linux"))]
const fn process_clock(_: u32) -> Option<u64> {
    None
}

/// Ticks that the reaped children of a process used: `cutime` and `cstime`, fields 16 and 17 of proc(5).
fn reaped_ticks(stat: &str) -> Option<u64> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    Some(fields.get(13..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum())
}

/// CPU time of this process in nanoseconds, all its threads together.
pub fn own_cpu() -> u64 {
    let t = clock_gettime(ClockId::ProcessCPUTime);
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_knows_this_process() {
        let pid = std::process::id();
        assert!(resident(pid).is_some_and(|bytes| bytes > 100_000));
        assert!(switches(pid, pid).is_some());
        assert!(all_cores_busy().is_some_and(|busy| busy > 0));
        assert!(own_cpu() > 0);
        assert_eq!(resident(u32::MAX), None);
        assert!(session_cpu(pid).is_some());
        assert_eq!(session_cpu(u32::MAX), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn cpu_time_of_a_process_includes_its_reaped_children() {
        let me = std::process::id();
        let before = process_cpu(me).expect("our own clock");
        let busy =
            std::process::Command::new("sh").args(["-c", "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done"]).status();
        assert!(busy.is_ok_and(|status| status.success()));
        let after = process_cpu(me).expect("our own clock");
        assert!(after - before >= 10_000_000, "{} ns", after - before);
        assert_eq!(process_cpu(u32::MAX), None);
        assert_eq!(reaped_ticks("7 (a ) b) S 1 7 9 0 -1 0 0 0 0 0 10 20 30 40 20 0 1 0 5 6 7"), Some(70));
    }

    #[test]
    fn a_name_with_brackets_is_no_trouble() {
        let line = "7 (a ) b) S 1 7 9 0 -1 0 0 0 0 0 10 20 30 40 20 0 1 0 5 6 7";
        assert_eq!(ticks_of(line, 9), Some(100));
        assert_eq!(ticks_of(line, 8), None);
        assert_eq!(ticks_of("7 (a", 9), None);
        assert_eq!(ticks_of("7 (a) S 1 7 9 0", 9), None);
    }
}
