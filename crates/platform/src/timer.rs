//! Waiting for a descriptor, as one waits for a device.
#![expect(unsafe_code, reason = "letting an event loop watch a descriptor")]

use std::io;
use std::num::NonZeroU64;
use std::os::fd::OwnedFd;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Blocks in `read` on a timer descriptor that becomes ready after `nanos`: to the kernel, and to whoever looks, the
/// thread waits for input as it would for a disk or a server.
///
/// # Errors
/// When there is no descriptor left.
pub fn wait_for_device(nanos: u64) -> io::Result<()> {
    let timer = device(nanos)?;
    rustix::io::retry_on_intr(|| rustix::io::read(&timer, &mut [0_u8; 8]))?;
    Ok(())
}

/// As [`wait_for_device`], for a task: the event loop watches the descriptor, among all that it watches.
///
/// # Errors
/// When there is no descriptor left.
///
/// # Panics
/// Outside an event loop.
pub async fn await_device(nanos: u64) -> io::Result<()> {
    // SAFETY: the descriptor is owned by what watches it, and the same until that is dropped.
    let watched = unsafe { AsyncFd::register_with_interest(device(nanos)?, Interest::READABLE)? };
    watched.readable().await.map(drop)
}

/// A descriptor that becomes ready for reading after `nanos`.
fn device(nanos: u64) -> io::Result<OwnedFd> {
    let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC)?;
    let once = Itimerspec {
        it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
        it_value: Timespec {
            tv_sec: (nanos / 1_000_000_000) as i64,
            tv_nsec: (nanos % 1_000_000_000).max(1) as i64, // all zero would disarm it
        },
    };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &once)?;
    Ok(timer)
}

/// Lets the calling thread's sleeps and timeouts end on time instead of up to 50 µs late.
pub fn exact_sleeps() {
    let _ = rustix::thread::set_current_timer_slack(NonZeroU64::new(1));
}
