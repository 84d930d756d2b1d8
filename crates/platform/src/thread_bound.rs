//! A value that only one thread can use, in a container that may move between threads.
#![expect(unsafe_code, reason = "the value is neither read nor dropped on another thread")]

use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT_NUMBER: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// The calling thread's number, which is never used again.
    static THREAD_NUMBER: u64 = NEXT_NUMBER.fetch_add(1, Ordering::Relaxed); // Relaxed: only the number matters
}

/// A value that belongs to the thread that created it. Another thread can only move it; dropped there, the value leaks.
pub struct ThreadBound<T> {
    value: ManuallyDrop<T>,
    thread: u64,
}

// SAFETY: the value is returned or dropped only on the thread that put it in, and read nowhere.
unsafe impl<T> Send for ThreadBound<T> {}

impl<T> fmt::Debug for ThreadBound<T> {
    /// Omits the value: this may be another thread.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadBound").field("thread", &self.thread).finish_non_exhaustive()
    }
}

impl<T> ThreadBound<T> {
    pub fn new(value: T) -> Self {
        Self { value: ManuallyDrop::new(value), thread: thread_number() }
    }

    /// Returns the value on the thread that it belongs to, and `None` on others.
    pub fn take(mut self) -> Option<T> {
        let is_owner = std::mem::take(&mut self.thread) == thread_number();
        // SAFETY: on its own thread; `thread` is 0 now, so `drop` does not drop the value again.
        is_owner.then(|| unsafe { ManuallyDrop::take(&mut self.value) })
    }
}

impl<T> Drop for ThreadBound<T> {
    fn drop(&mut self) {
        if self.thread == thread_number() {
            // SAFETY: on its own thread, once.
            unsafe { ManuallyDrop::drop(&mut self.value) };
        }
    }
}

fn thread_number() -> u64 {
    THREAD_NUMBER.with(|number| *number)
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn debug_does_not_read_the_value() {
        struct Private;
        impl fmt::Debug for Private {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                panic!("the value was read");
            }
        }
        let shown = format!("{:?}", ThreadBound::new(Private));
        assert!(shown.starts_with("ThreadBound"), "{shown}");
    }

    #[test]
    fn value_is_returned_and_dropped_only_on_its_own_thread() {
        let value = Rc::new(7);
        let (here, there, dropped) = (
            ThreadBound::new(Rc::clone(&value)),
            ThreadBound::new(Rc::clone(&value)),
            ThreadBound::new(Rc::clone(&value)),
        );
        assert_eq!(here.take().as_deref(), Some(&7));
        let nothing = std::thread::scope(|scope| {
            let other = scope.spawn(move || {
                drop(dropped);
                there.take().is_none()
            });
            other.join()
        });
        assert!(nothing.expect("it does not panic"));
        assert_eq!(Rc::strong_count(&value), 3, "values moved to another thread leak");
        drop(ThreadBound::new(Rc::clone(&value)));
        assert_eq!(Rc::strong_count(&value), 3);
    }
}
