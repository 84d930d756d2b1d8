//! The free space on a thread's stack.
#![expect(unsafe_code, reason = "asking the thread library for the bounds of the stack")]

use std::cell::Cell;

thread_local! {
    /// The lowest address of the calling thread's stack, once it is known; 0 where the system does not say.
    static LOWEST: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Returns how many bytes are free on the calling thread's stack. `None` where the system does not say.
pub fn stack_left() -> Option<usize> {
    let lowest = LOWEST.get().unwrap_or_else(|| {
        let lowest = lowest_address().unwrap_or(0);
        LOWEST.set(Some(lowest));
        lowest
    });
    let here = 0_u8;
    (lowest > 0).then(|| (&raw const here).addr().saturating_sub(lowest))
}

fn lowest_address() -> Option<usize> {
    let (mut lowest, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: plain data, made by the first call, read by the second and freed by the third.
    let result = unsafe {
        let mut attributes = std::mem::zeroed();
        if libc::pthread_getattr_np(libc::pthread_self(), &raw mut attributes) != 0 {
            return None;
        }
        let result = libc::pthread_attr_getstack(&raw const attributes, &raw mut lowest, &raw mut size);
        libc::pthread_attr_destroy(&raw mut attributes);
        result
    };
    (result == 0 && !lowest.is_null()).then(|| lowest.addr())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deeper(levels: usize) -> Option<usize> {
        let here = std::hint::black_box([levels as u8; 4096]);
        let left = if levels == 0 { stack_left() } else { deeper(levels - 1) };
        std::hint::black_box(here);
        left
    }

    #[test]
    fn free_stack_shrinks_with_each_call() {
        let measure = || (stack_left(), deeper(10), deeper(20));
        let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(measure).expect("a thread");
        let (Some(first), Some(second), Some(third)) = thread.join().expect("it does not panic") else {
            panic!("the bounds of a stack are known");
        };
        assert!(first <= 2 << 20 && first > 512 << 10, "{first}");
        assert!(second + 10 * 4096 <= first && third + 10 * 4096 <= second, "{first} {second} {third}");
    }
}
