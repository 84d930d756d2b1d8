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
#[cfg(debug_assertions)]
pub mod fault;
mod frequency;
mod guardian;
mod here;
mod image;
pub mod limits;
mod load;
mod machine;
mod mark;
mod orders;
mod pipe;
mod place;
mod process;
mod robust;
mod sched;
mod session;
mod stack;
mod suspension;
mod timer;
mod tty;
mod usage;

pub use child::{Child, Exit, Launch, Pipes, die_with, fork_and_wait, inherited, of_parent, shows_descriptors};
pub use command::{Ran, Running, run_command};
pub use contend_shm::{Clock, PAGE, Pair, Shared, wait_once, wait_while, wake_all, wake_one};
pub use frequency::clock_range;
pub use guardian::{Duty, GUARDIAN, Restore, guard, guardian_main, is_guarded};
pub use here::Here;
pub use image::{hand_over, start_helpers_from};
pub use load::CoreLoad;
pub use machine::{Machine, machine};
pub use mark::new_mark;
pub use pipe::{Moved, in_pipe, pipe_of, read_some, readable, until_readable, until_writable, write_some};
pub use place::come_by;
pub use process::{
    allow_many_files, become_subreaper, close_on_exec_pipe, end_descendants, end_with_parent_cleanly, exists, exit_now,
    fail_beyond_file_limit, kill_group, kill_process, reap_adopted, reap_strangers, reset_signals, show_as,
    shows_processes, started, thread_id,
};
pub use robust::{ROBUST_WORDS, Robust, Taken};
pub use sched::{Back, SchedStat, be_prompt, sessions_share, stand_back, stay_on, thread_cpu};
pub use session::{group_of, session_of};
pub use stack::stack_left;
pub use suspension::suspended;
pub use timer::{await_device, exact_sleeps, wait_for_device};
pub use tty::{Modes, write_if_it_reads};
pub use usage::{all_cores_busy, own_cpu, process_cpu, resident, session_cpu, switches};
