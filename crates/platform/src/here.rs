//! A value that is of use on one thread only, and may be carried through others.
#![expect(unsafe_code, reason = "what is carried is neither looked at nor dropped anywhere else")]

use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT: AtomicU64 = AtomicU64::new(1);

thread_local! {
    /// The calling thread's number: never given twice.
    static ME: u64 = NEXT.fetch_add(1, Ordering::Relaxed); // Relaxed: numbers differ, that is all
}

/// A value that belongs to the thread that made it. Who carries it elsewhere can do nothing with it: dropped there, it is
/// left as it is.
pub struct Here<T> {
    value: ManuallyDrop<T>,
    thread: u64,
}

// SAFETY: the value is only ever given out or dropped on the thread that put it in, and nothing else looks at it.
unsafe impl<T> Send for Here<T> {}

impl<T> fmt::Debug for Here<T> {
    /// Without the value: this may be another thread.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Here").field("thread", &self.thread).finish_non_exhaustive()
    }
}

impl<T> Here<T> {
    pub fn new(value: T) -> Self {
        Self { value: ManuallyDrop::new(value), thread: me() }
    }

    /// The value, on the thread that it belongs to.
    pub fn take(mut self) -> Option<T> {
        let home = std::mem::take(&mut self.thread) == me();
        // SAFETY: on its own thread, and no longer its own: `thread` is 0 now, so `drop` leaves it.
        home.then(|| unsafe { ManuallyDrop::take(&mut self.value) })
    }
}

impl<T> Drop for Here<T> {
    fn drop(&mut self) {
        if self.thread == me() {
            // SAFETY: on its own thread, once.
            unsafe { ManuallyDrop::drop(&mut self.value) };
        }
    }
}

fn me() -> u64 {
    ME.with(|me| *me)
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn a_value_is_not_looked_at_elsewhere() {
        struct Private;
        impl fmt::Debug for Private {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                panic!("it was looked at");
            }
        }
        let shown = format!("{:?}", Here::new(Private));
        assert!(shown.starts_with("Here"), "{shown}");
    }

    #[test]
    fn a_value_comes_out_where_it_went_in_and_nowhere_else() {
        let value = Rc::new(7);
        let (here, there, dropped) =
            (Here::new(Rc::clone(&value)), Here::new(Rc::clone(&value)), Here::new(Rc::clone(&value)));
        assert_eq!(here.take().as_deref(), Some(&7));
        let nothing = std::thread::scope(|scope| {
            let other = scope.spawn(move || {
                drop(dropped);
                there.take().is_none()
            });
            other.join()
        });
        assert!(nothing.expect("it does not panic"));
        assert_eq!(Rc::strong_count(&value), 3, "what went elsewhere is left as it was");
        drop(Here::new(Rc::clone(&value)));
        assert_eq!(Rc::strong_count(&value), 3);
    }
}
