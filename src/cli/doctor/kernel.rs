//! Checks of the cores, of memory, and of the figures that the kernel has.

use std::path::Path;

use super::{Check, Group};
use crate::platform::limits::{free_memory, max_threads, tasks_left};
use crate::platform::{
    Machine, busy_nanos_of_all_cores, check_shared_memory, counts_run_queue_delay, detect_machine, file_system_space,
    has_proc, is_autogroup_active, is_virtual_machine, ptrace_scope, shows_system_calls,
};
use crate::trace::format::format_bytes;

pub(super) fn checks() -> Vec<Check> {
    let mut all = machine_checks(&detect_machine());
    all.extend([processes(), run_queue_delay(), system_calls(), other_processes(), core_load(), autogroups()]);
    all
}

fn machine_checks(machine: &Machine) -> Vec<Check> {
    let kind = if is_virtual_machine() { ", a virtual machine" } else { "" };
    let quota = machine.quota.map_or_else(
        || "no limit of the control group".to_owned(),
        |quota| format!("the control group allows {quota:.1} of them"),
    );
    let cores = format!("{} of {} usable, {quota}{kind}", machine.usable, machine.cores);
    let mut all = vec![
        Check::present(Group::Machine, "system", &machine.os),
        if machine.usable_cores() > 1.0 {
            Check::present(Group::Machine, "several cores", cores)
        } else {
            let without = "Everything; threads take turns, so that little runs at the same time.";
            let fix = "Allow more: taskset -p shows the cores of a process, cpu.max the limit of a container.";
            Check::absent(Group::Machine, "several cores", cores, without, fix)
        },
    ];
    if let Some(memory) = free_memory() {
        let found = format!("{} free: {}", format_bytes(memory.remaining), memory.reason);
        all.push(Check::present(Group::Machine, "memory", found));
    }
    let threads = tasks_left().unwrap_or_else(max_threads);
    let found = format!("{} more: {}", threads.remaining, threads.reason);
    all.push(Check::present(Group::Machine, "threads", found));
    all.extend([shared_memory(), temporary_directory()]);
    all
}

/// Runs share memory without a name; locks of Python's `multiprocessing` are files in `/dev/shm`.
fn shared_memory() -> Check {
    const NAME: &str = "shared memory";
    if let Err(error) = check_shared_memory() {
        let without = "Recordings and reports of other machines; no run can start.";
        let fix = "Allow memfd_create: a sandbox or a seccomp filter refuses it.";
        return Check::absent(Group::Machine, NAME, error.to_string(), without, fix);
    }
    match file_system_space(Path::new("/dev/shm")) {
        Some((size, free)) => {
            let found = format!("/dev/shm has {}, {} of them free", format_bytes(size), format_bytes(free));
            Check::present(Group::Machine, NAME, found)
        }
        None => Check::absent(
            Group::Machine,
            NAME,
            "there is no /dev/shm",
            "Scenarios; scripts that use locks or queues of multiprocessing fail, also without contend.",
            "Mount it: mount -t tmpfs tmpfs /dev/shm, or docker run --shm-size=256m.",
        ),
    }
}

fn temporary_directory() -> Check {
    const NAME: &str = "temporary files";
    let directory = std::env::temp_dir();
    let shown = directory.display();
    match file_system_space(&directory) {
        Some((_, free)) if free >= 64 << 20 => {
            Check::present(Group::Machine, NAME, format!("{shown}, {} free", format_bytes(free)))
        }
        space => Check::absent(
            Group::Machine,
            NAME,
            format!("{shown}, {} free", format_bytes(space.map_or(0, |(_, free)| free))),
            "Scenarios without files; Python programs need up to 64 MB there.",
            "Free some, or name another directory: TMPDIR=DIRECTORY contend …",
        ),
    }
}

fn processes() -> Check {
    const NAME: &str = "/proc";
    if has_proc() {
        Check::present(Group::Kernel, NAME, "processes and their threads are seen")
    } else {
        let without = "Scenarios, without figures of the kernel; programs are not seen from outside.";
        Check::absent(Group::Kernel, NAME, "it is missing or hidden", without, "Mount it: mount -t proc proc /proc")
    }
}

fn run_queue_delay() -> Check {
    const NAME: &str = "run-queue delay";
    if counts_run_queue_delay() {
        return Check::present(Group::Kernel, NAME, "/proc/PID/task/TID/schedstat");
    }
    let without = "Locks, queues and pools; how long workers wait for a core is unknown.";
    let fix = "A kernel with CONFIG_SCHED_INFO, which Linux distributions have; sandboxes such as gVisor do not.";
    Check::absent(Group::Kernel, NAME, "/proc/PID/task/TID/schedstat has no figures", without, fix)
}

fn system_calls() -> Check {
    const NAME: &str = "waits for the GIL";
    if shows_system_calls() {
        return Check::present(Group::Kernel, NAME, "/proc/PID/task/TID/syscall");
    }
    let without = "Python's locks, queues and pools; waits for the GIL are shown as other waits.";
    let fix = "A kernel with CONFIG_HAVE_ARCH_TRACEHOOK, and a sandbox that shows the file.";
    Check::absent(Group::Kernel, NAME, "/proc/PID/task/TID/syscall cannot be read", without, fix)
}

/// Whether `contend attach PID` sees all that it can.
fn other_processes() -> Check {
    const NAME: &str = "attach PID";
    let scope = ptrace_scope().unwrap_or(0);
    let is_allowed = scope == 0 || (scope < 3 && rustix::process::geteuid().is_root());
    let found = format!("ptrace_scope is {scope}");
    if is_allowed {
        return Check::present(Group::Kernel, NAME, found);
    }
    let without = "Threads of running programs with less detail: run, sleep or wait. `contend run` is not affected.";
    Check::absent(Group::Kernel, NAME, found, without, "sudo sysctl kernel.yama.ptrace_scope=0")
}

fn core_load() -> Check {
    const NAME: &str = "load of cores";
    if busy_nanos_of_all_cores().is_some_and(|busy| busy > 0) {
        return Check::present(Group::Kernel, NAME, "/proc/stat");
    }
    let without = "Everything but the load of each core and of other programs.";
    Check::absent(Group::Kernel, NAME, "/proc/stat has no counters", without, "Run outside of this sandbox.")
}

fn autogroups() -> Check {
    const NAME: &str = "autogroups";
    if is_autogroup_active() {
        return Check::present(Group::Kernel, NAME, "a run has a fair share of the cores beside other programs");
    }
    let without = "Everything; workers of large runs get a lower priority instead, so that the dashboard stays quick.";
    let fix = "sudo sysctl kernel.sched_autogroup_enabled=1, outside of control groups with a CPU weight.";
    Check::absent(Group::Kernel, NAME, "the kernel does not use them here", without, fix)
}
