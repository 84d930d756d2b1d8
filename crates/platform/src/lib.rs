//! The operating system behind small functions: processes, pipes, timers, scheduling, limits and the terminal.
//!
//! All `unsafe` code outside of `contend-shm` is in this crate. It uses rustix where it can, and libc for the calls
//! that rustix lacks: `fork`, `wait4` with resource usage, `dup2` onto a chosen number, robust mutexes, signal
//! dispositions and masks, `setitimer`, `sched_setattr`, the bounds of a thread's stack, the CPU clock of another
//! process, `_exit`, and `getsid` and `getpgid`, which may return 0.
//!
//! contend runs on Linux only. A port would have to replace:
//!
//! | need | Linux facility | module |
//! |---|---|---|
//! | shared memory and waits on its words | sealed memfd, futex | crate `contend-shm` |
//! | a child dies with its parent | `PR_SET_PDEATHSIG`, besides end-of-file on its standard input | `child` |
//! | orphans become children of this process | `PR_SET_CHILD_SUBREAPER` | `process` |
//! | processes by session, group, parent or environment | `/proc/PID` | `process`, `process_tag` |
//! | waiting for a process beside other descriptors | pidfd | `command`, `guardian_channel` |
//! | the running program, even if its file was replaced | `/proc/self/exe` | `child` |
//! | what a thread of another process waits for | `/proc/PID/task/TID/syscall`, `wchan` and `stat` | `thread_activity` |
//! | run-queue delay of a thread | `/proc/PID/task/TID/schedstat` | `sched` |
//! | core, niceness and policy of one thread | `sched_setaffinity`, `setpriority`, `sched_setattr` | `sched` |
//! | a fair share for a session with many threads | autogroups | `sched` |
//! | CPU time, memory, context switches | `/proc`, CPU clocks | `usage` |
//! | online cores | `/sys/devices/system/cpu/online` | `core_load`, `machine` |
//! | quotas and limits | control groups, `/proc/sys` | `control_group`, `limits` |
//! | clock frequency | `/sys/devices/system/cpu/cpufreq` | `frequency` |
//! | time suspended | `CLOCK_BOOTTIME` | `suspension` |
//! | waiting for a device | timerfd | `timer` |
//! | a process ends on time, however busy the cores are | `setitimer` | `timer` |
//! | a pipe of a chosen size | `F_SETPIPE_SZ` | `pipe` |
//!
//! `/proc` may be missing, or may hide other users' processes: functions that read it return `None` instead of a wrong
//! number.

#[cfg(not(target_os = "linux"))]
compile_error!("contend runs on Linux only");

mod child;
mod command;
mod control_group;
mod core_layout;
mod core_load;
mod facilities;
mod fail_point;
#[cfg(debug_assertions)]
pub mod fault_injection;
mod frequency;
mod guardian;
mod guardian_channel;
mod helper_program;
pub mod limits;
mod machine;
mod pipe;
mod process;
mod process_tag;
mod program;
mod robust_mutex;
mod sched;
mod session;
mod stack;
mod suspension;
mod thread_activity;
mod thread_bound;
mod timer;
mod tty;
mod usage;

pub use child::{
    Child, ChildPipes, Exit, Launch, detach_forked_copy, fork_and_wait, has_proc_fds, kill_when_parent_dies,
    reopen_parent_fd, take_inherited_fd,
};
pub use command::{CommandOptions, CommandResult, run_command};
pub use contend_shm::{
    Access, Clock, ClockPair, PAGE_SIZE, Poll, SharedMemory, perform_accesses, thread_id, wait_for_any, wait_once,
    wait_while, wake_all, wake_one,
};
pub use core_layout::{is_virtual_machine, physical_cores};
pub use core_load::CoreLoad;
pub use facilities::{
    check_shared_memory, counts_run_queue_delay, file_system_space, ptrace_scope, shows_system_calls,
};
pub use fail_point::hit_fail_point;
pub use frequency::cpu_frequency_range;
pub use guardian::{CleanupList, GUARDIAN_ARG, TerminalRestore, guardian_main, is_guarded, update_cleanup};
pub use helper_program::{enter_helper, set_helper_program};
pub use machine::{Machine, detect_machine};
pub use pipe::{
    PipeContent, Transfer, bytes_in_pipe, content_of_pipe, create_pipe, read_some, readable_indices,
    wait_until_any_readable, wait_until_readable, wait_until_writable, write_some,
};
pub use process::{
    allow_many_files, become_subreaper, close_on_exec_pipe, exit_now, has_proc, ignore_file_size_signal,
    kill_adopted_group, kill_descendants, kill_escaped_children, kill_group, kill_process, kill_process_of_session,
    process_exists, process_start_time, process_tree, reset_signals, set_process_name, terminate_with_parent,
};
pub use process_tag::new_process_tag;
pub use program::{ProgramLaunch, ProgramOutput};
pub use robust_mutex::{LockOutcome, ROBUST_MUTEX_WORDS, RobustMutex};
pub use sched::{
    LowPriority, SchedStat, ThreadStat, add_niceness, is_autogroup_active, lower_session_share, pin_to_core,
    request_instant_wakeups, request_short_slices, thread_cpu_nanos,
};
pub use session::{process_group_of, session_of};
pub use stack::stack_left;
pub use suspension::suspended_nanos;
pub use thread_activity::{
    ThreadActivity, ThreadSleepPlace, ThreadSyscall, is_process_running, session_members, threads_of,
};
pub use thread_bound::ThreadBound;
pub use timer::{END_SIGNAL, end_process_after, minimize_timer_slack, wait_for_device, wait_for_device_async};
pub use tty::{TerminalModes, write_with_timeout};
pub use usage::{
    EndedChildrenUsage, busy_nanos_of_all_cores, context_switches, ended_children_usage, own_cpu_nanos,
    process_cpu_nanos, resident_bytes, session_cpu_nanos,
};
