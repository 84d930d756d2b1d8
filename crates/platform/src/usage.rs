//! Resource usage: CPU time, memory and context switches of processes and threads, and the busy time of all cores.
//!
//! Almost all of it comes from `/proc`; without `/proc` the functions return `None`.
#![expect(unsafe_code, reason = "the CPU clock of another process, which rustix does not have")]

use std::fs;

use contend_shm::clock_nanos;
use rustix::process::Pid;
use rustix::time::ClockId;

use super::session::session_of;

/// Returns the resident memory of a process in bytes.
pub fn resident_bytes(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
    let pages: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Returns the numbers of voluntary and involuntary context switches of a thread.
pub fn context_switches(pid: u32, tid: u32) -> Option<(u64, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{tid}/status")).ok()?;
    let figure = |name: &str| text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok();
    Some((figure("voluntary_ctxt_switches:")?, figure("nonvoluntary_ctxt_switches:")?))
}

/// Returns for how many nanoseconds all cores together have been busy since boot, including time that a hypervisor
/// took. The resolution is the kernel's clock tick, 10 ms.
pub fn busy_nanos_of_all_cores() -> Option<u64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    let fields: Vec<u64> =
        text.lines().next()?.split_ascii_whitespace().skip(1).map_while(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guest time is part of user time
    let busy = [0, 1, 2, 5, 6, 7].iter().filter_map(|at| fields.get(*at)).sum::<u64>();
    let per_second = rustix::param::clock_ticks_per_second();
    Some(busy * 1_000_000_000 / per_second.max(1))
}

/// Returns the CPU time in nanoseconds of all processes in the session of process `member`, and of their children that
/// have ended: the cost of a run with its commands. The resolution is a clock tick, 10 ms, for each process.
pub fn session_cpu_nanos(member: u32) -> Option<u64> {
    let session = session_of(Pid::from_raw(member.try_into().ok()?)?)?;
    let ticks = fs::read_dir("/proc")
        .ok()?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            entry.file_name().to_str()?.parse::<u32>().ok()?;
            session_ticks(&fs::read_to_string(entry.path().join("stat")).ok()?, session)
        })
        .sum::<u64>();
    Some(ticks * 1_000_000_000 / rustix::param::clock_ticks_per_second().max(1))
}

/// Returns the ticks that a process and its ended children used, if it belongs to the session.
fn session_ticks(stat: &str, session: i32) -> Option<u64> {
    // The name is in parentheses and may contain any character, even parentheses.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    // state ppid pgrp session ... utime stime cutime cstime are fields 3 to 6 and 14 to 17 of proc(5).
    let is_member = fields.get(3)?.parse::<i32>().ok()? == session;
    let used = fields.get(11..15)?;
    is_member.then(|| used.iter().filter_map(|field| field.parse::<u64>().ok()).sum())
}

/// Returns the CPU time in nanoseconds of a process with all its threads, and of its reaped children. Exact for the
/// process, in clock ticks for the children. `None` once the process is gone.
pub fn process_cpu_nanos(pid: u32) -> Option<u64> {
    let own = process_clock(pid)?;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(own + reaped_ticks(&stat)? * 1_000_000_000 / rustix::param::clock_ticks_per_second().max(1))
}

fn process_clock(pid: u32) -> Option<u64> {
    let (mut clock, mut time) = (0, libc::timespec { tv_sec: 0, tv_nsec: 0 });
    // SAFETY: both calls write to a value of the type they expect, which outlives them.
    let exists = unsafe {
        libc::clock_getcpuclockid(pid.try_into().ok()?, &raw mut clock) == 0
            && libc::clock_gettime(clock, &raw mut time) == 0
    };
    exists.then_some(time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
}

/// Returns the ticks that the reaped children of a process used: `cutime` and `cstime`, fields 16 and 17 of proc(5).
fn reaped_ticks(stat: &str) -> Option<u64> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    Some(fields.get(13..15)?.iter().filter_map(|field| field.parse::<u64>().ok()).sum())
}

/// What the children of this process used, and theirs, that have ended and were waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EndedChildrenUsage {
    pub cpu_nanos: u64,
    pub voluntary_switches: u64,
    pub involuntary_switches: u64,
}

/// Returns what all children used that have ended so far.
pub fn ended_children_usage() -> EndedChildrenUsage {
    // SAFETY: all fields are numbers, for which zero is a value; the call writes to them only.
    let used = unsafe {
        let mut used: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut used);
        used
    };
    let nanos = |time: libc::timeval| time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1_000;
    EndedChildrenUsage {
        cpu_nanos: nanos(used.ru_utime) + nanos(used.ru_stime),
        voluntary_switches: used.ru_nvcsw as u64,
        involuntary_switches: used.ru_nivcsw as u64,
    }
}

/// Returns the CPU time of this process with all its threads, in nanoseconds.
pub fn own_cpu_nanos() -> u64 {
    clock_nanos(ClockId::ProcessCPUTime)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_count_when_they_have_ended() {
        let before = ended_children_usage();
        let script = "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done";
        assert!(std::process::Command::new("sh").args(["-c", script]).status().is_ok_and(|status| status.success()));
        let after = ended_children_usage();
        assert!(after.cpu_nanos > before.cpu_nanos, "{before:?} {after:?}");
    }

    #[test]
    fn usage_of_this_process_is_known() {
        let pid = std::process::id();
        assert!(resident_bytes(pid).is_some_and(|bytes| bytes > 100_000));
        assert!(context_switches(pid, pid).is_some());
        assert!(busy_nanos_of_all_cores().is_some_and(|busy| busy > 0));
        assert!(own_cpu_nanos() > 0);
        assert_eq!(resident_bytes(u32::MAX), None);
        assert!(session_cpu_nanos(pid).is_some());
        assert_eq!(session_cpu_nanos(u32::MAX), None);
    }

    #[test]
    fn cpu_time_of_a_process_includes_its_reaped_children() {
        let me = std::process::id();
        let before = process_cpu_nanos(me).expect("our own clock");
        let busy =
            std::process::Command::new("sh").args(["-c", "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done"]).status();
        assert!(busy.is_ok_and(|status| status.success()));
        let after = process_cpu_nanos(me).expect("our own clock");
        assert!(after - before >= 10_000_000, "{} ns", after - before);
        assert_eq!(process_cpu_nanos(u32::MAX), None);
        assert_eq!(reaped_ticks("7 (a ) b) S 1 7 9 0 -1 0 0 0 0 0 10 20 30 40 20 0 1 0 5 6 7"), Some(70));
    }

    #[test]
    fn stat_is_parsed_if_the_name_contains_parentheses() {
        let line = "7 (a ) b) S 1 7 9 0 -1 0 0 0 0 0 10 20 30 40 20 0 1 0 5 6 7";
        assert_eq!(session_ticks(line, 9), Some(100));
        assert_eq!(session_ticks(line, 8), None);
        assert_eq!(session_ticks("7 (a", 9), None);
        assert_eq!(session_ticks("7 (a) S 1 7 9 0", 9), None);
    }
}
