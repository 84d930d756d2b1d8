//! Everything that depends on the system, behind small functions. All `unsafe` of the crate lives here.
//!
//! Linux comes first. What it has and others lack is listed here with its substitute:
//!
//! | here | Linux | elsewhere |
//! |---|---|---|
//! | shared memory | sealed memfd | an unlinked `shm_open` object |
//! | a child dies with its parent | `PR_SET_PDEATHSIG` and end-of-file on its lifeline | end-of-file alone |
//! | run-queue delay | `/proc/PID/task/TID/schedstat` | none: `ready` is not told from `running` |
//! | load of the cores | `/proc/stat` | `sysinfo`, without cores that come and go |
//! | the dashboard on time beside many threads | a session of theirs, or niceness | none |
//! | time spent suspended | `CLOCK_BOOTTIME` | not told |
//! | a thread's core and niceness | `sched_setaffinity`, `setpriority` of a thread | none: as everyone, with a note |
//! | a lock whose owner died | robust `pthread_mutex_t` | `flock`, which the kernel gives back |
//! | waiting for a device | `timerfd` | `poll` with a timeout |
//! | a pipe of a chosen size | `F_SETPIPE_SZ` | the size it has |
//! | waiting for a command | a process descriptor | `kqueue` |
//! | commands of a program that was killed with its runner | known by their environment in `/proc` | by their process group alone |
//! | the running image | `/proc/self/exe`; without `/proc` the file it was started from, and a handshake | `current_exe` and a handshake |
//!
//! Linux without `/proc`, or with one that hides what is not ours, is such an elsewhere: nothing takes a file that is not
//! there for a number.

mod child;
mod command;
mod control_group;
mod core_load;
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
mod robust_mutex;
mod sched;
mod session;
mod stack;
mod suspension;
mod thread_bound;
mod timer;
mod tty;
mod usage;

pub use child::{
    Child, ChildPipes, Exit, Launch, fork_and_wait, has_proc_fds, kill_when_parent_dies, reopen_parent_fd,
    take_inherited_fd,
};
pub use command::{CommandOptions, CommandResult, run_command};
pub use contend_shm::{Clock, ClockPair, PAGE_SIZE, SharedMemory, wait_once, wait_while, wake_all, wake_one};
pub use core_load::CoreLoad;
pub use fail_point::hit_fail_point;
pub use frequency::cpu_frequency_range;
pub use guardian::{CleanupList, GUARDIAN_ARG, TerminalRestore, guardian_main, is_guarded, update_cleanup};
pub use helper_program::{enter_helper, set_helper_program};
pub use machine::{Machine, detect_machine};
pub use pipe::{
    Transfer, bytes_in_pipe, create_pipe, read_some, readable_indices, wait_until_readable, wait_until_writable,
    write_some,
};
pub use process::{
    allow_many_files, become_subreaper, close_on_exec_pipe, exit_now, has_proc, ignore_file_size_signal,
    kill_adopted_group, kill_descendants, kill_escaped_children, kill_group, kill_process, process_exists,
    process_start_time, reset_signals, set_process_name, terminate_with_parent, thread_id,
};
pub use process_tag::new_process_tag;
pub use robust_mutex::{LockOutcome, ROBUST_MUTEX_WORDS, RobustMutex};
pub use sched::{
    LowPriority, SchedStat, add_niceness, is_autogroup_active, pin_to_core, request_short_slices, thread_cpu_nanos,
};
pub use session::{process_group_of, session_of};
pub use stack::stack_left;
pub use suspension::suspended_nanos;
pub use thread_bound::ThreadBound;
pub use timer::{minimize_timer_slack, wait_for_device, wait_for_device_async};
pub use tty::{TerminalModes, write_with_timeout};
pub use usage::{
    busy_nanos_of_all_cores, context_switches, own_cpu_nanos, process_cpu_nanos, resident_bytes, session_cpu_nanos,
};
