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
pub const SIGNAL: i32 = libc::SIGUSR2;

/// What a test asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
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
pub fn wanted() -> Option<Fault> {
    Some(match std::env::var(FAULT).ok()?.as_str() {
        "segfault" => Fault::Segfault,
        "abort" => Fault::Abort,
        "stack-overflow" => Fault::StackOverflow,
        "allocation" => Fault::Allocation,
        "exit" => Fault::Exit,
        "panic" => Fault::Panic,
        "thread-panic" => Fault::ThreadPanic,
        "drop-panic" => Fault::DropPanic,
        "double-panic" => Fault::DoublePanic,
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
pub fn strike(fault: Fault) {
    match fault {
        // SAFETY: there is none; the kernel ends the process here.
        Fault::Segfault => unsafe { std::ptr::write_volatile(black_box(8) as *mut u8, 1) },
        Fault::Abort => abort(),
        Fault::StackOverflow => drop(black_box(overflow(black_box(1)))),
        Fault::Allocation => handle_alloc_error(Layout::new::<[u64; 1 << 20]>()),
        Fault::Exit => exit(7),
        Fault::Panic | Fault::ThreadPanic => panic!("asked to panic"),
        Fault::DropPanic => drop(Brittle),
        Fault::DoublePanic => {
            let _brittle = Brittle;
            panic!("asked to panic twice");
        }
    }
}

fn overflow(depth: u64) -> u64 {
    let room = black_box([depth; 512]);
    if depth == 0 { 0 } else { overflow(depth + 1) + room[black_box(3)] }
}
