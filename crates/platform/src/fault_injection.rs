//! Ways to die, for tests: how the terminal looks after a death that cannot be brought about from outside.
//!
//! Not part of a release. `CONTEND_FAULT` names one; `SIGUSR2` brings it about, wherever the program is at that moment.
#![expect(unsafe_code, reason = "faults are what it is about")]

use std::alloc::{Layout, handle_alloc_error};
use std::hint::black_box;
use std::process::{abort, exit};

/// The environment variable that names the fault.
const FAULT: &str = "CONTEND_FAULT";

/// The signal that brings it about.
pub const FAULT_SIGNAL: i32 = libc::SIGUSR2;

/// What a test asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InjectedFault {
    Segfault,
    Abort,
    StackOverflow,
    Allocation,
    Exit,
    Panic,
    /// In the thread that listens to signals.
    ThreadPanic,
    DropPanic,
    /// One in a destructor that runs because of another.
    DoublePanic,
}

/// The fault that this process is to have, if any.
pub fn requested_fault() -> Option<InjectedFault> {
    Some(match std::env::var(FAULT).ok()?.as_str() {
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

struct Brittle;

impl Drop for Brittle {
    fn drop(&mut self) {
        panic!("asked to panic in a destructor");
    }
}

/// Has it.
///
/// # Panics
/// If that is the fault.
pub fn trigger_fault(fault: InjectedFault) {
    match fault {
        // SAFETY: there is none; the kernel ends the process here.
        InjectedFault::Segfault => unsafe { std::ptr::write_volatile(black_box(8) as *mut u8, 1) },
        InjectedFault::Abort => abort(),
        InjectedFault::StackOverflow => drop(black_box(overflow(black_box(1)))),
        InjectedFault::Allocation => handle_alloc_error(Layout::new::<[u64; 1 << 20]>()),
        InjectedFault::Exit => exit(7),
        InjectedFault::Panic | InjectedFault::ThreadPanic => panic!("asked to panic"),
        InjectedFault::DropPanic => drop(Brittle),
        InjectedFault::DoublePanic => {
            let _brittle = Brittle;
            panic!("asked to panic twice");
        }
    }
}

fn overflow(depth: u64) -> u64 {
    let room = black_box([depth; 512]);
    if depth == 0 { 0 } else { overflow(depth + 1) + room[black_box(3)] }
}
