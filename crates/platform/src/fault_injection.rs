//! Faults for tests: crashes and panics that cannot be caused from outside.
//!
//! Only in debug builds. `CONTEND_FAULT` names the fault, and `SIGUSR2` triggers it at whatever point the program has
//! reached.
#![expect(unsafe_code, reason = "a segmentation fault on purpose")]

use std::alloc::{Layout, handle_alloc_error};
use std::hint::black_box;
use std::process::{abort, exit};

/// The environment variable that names the fault.
const FAULT_VAR: &str = "CONTEND_FAULT";

/// The signal that triggers the fault.
pub const FAULT_SIGNAL: i32 = signal_hook::consts::SIGUSR2;

/// A fault that a test can inject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InjectedFault {
    Segfault,
    Abort,
    StackOverflow,
    Allocation,
    Exit,
    Panic,
    /// A panic in the thread that listens for signals.
    ThreadPanic,
    DropPanic,
    /// A panic in a destructor that runs because of another panic.
    DoublePanic,
}

/// Returns the fault that the environment asks for, if any.
pub fn requested_fault() -> Option<InjectedFault> {
    Some(match std::env::var(FAULT_VAR).ok()?.as_str() {
        "segfault" => InjectedFault::Segfault,
        "abort" => InjectedFault::Abort,
        "stack-overflow" => InjectedFault::StackOverflow,
        "allocation" => InjectedFault::Allocation,
        "exit" => InjectedFault::Exit,
        "panic" => InjectedFault::Panic,
        "thread-panic" => InjectedFault::ThreadPanic,
        "drop-panic" => InjectedFault::DropPanic,
        "double-panic" => InjectedFault::DoublePanic,
        _ => return None,
    })
}

struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic!("asked to panic in a destructor");
    }
}

/// Triggers the fault.
///
/// # Panics
/// If that is the fault.
pub fn trigger_fault(fault: InjectedFault) {
    match fault {
        // SAFETY: none; the kernel kills the process here, which is the purpose.
        InjectedFault::Segfault => unsafe { std::ptr::write_volatile(black_box(8) as *mut u8, 1) },
        InjectedFault::Abort => abort(),
        InjectedFault::StackOverflow => drop(black_box(overflow(black_box(1)))),
        InjectedFault::Allocation => handle_alloc_error(Layout::new::<[u64; 1 << 20]>()),
        InjectedFault::Exit => exit(7),
        InjectedFault::Panic | InjectedFault::ThreadPanic => panic!("asked to panic"),
        InjectedFault::DropPanic => drop(PanicsOnDrop),
        InjectedFault::DoublePanic => {
            let _panics = PanicsOnDrop;
            panic!("asked to panic twice");
        }
    }
}

fn overflow(depth: u64) -> u64 {
    let room = black_box([depth; 512]);
    if depth == 0 { 0 } else { overflow(depth + 1) + room[black_box(3)] }
}
