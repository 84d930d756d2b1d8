//! Runs futures on a plain thread, which blocks where a task would give its thread back; catches and describes panics.

use std::cell::Cell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

thread_local! {
    /// When the future that blocks this thread wants to be polled again, if no wake-up comes earlier.
    static NEXT_POLL: Cell<NextPoll> = const { Cell::new(NextPoll::NotBlocked) };
}

#[derive(Debug, Clone, Copy)]
enum NextPoll {
    /// No future blocks this thread.
    NotBlocked,
    AtWakeUp,
    At(Instant),
}

/// Marks the thread as blocked by a future until it is dropped.
struct BlockedThread {
    outer: NextPoll,
}

impl BlockedThread {
    #[inline]
    fn new() -> Self {
        Self { outer: NEXT_POLL.replace(NextPoll::AtWakeUp) }
    }
}

impl Drop for BlockedThread {
    #[inline]
    fn drop(&mut self) {
        NEXT_POLL.set(self.outer);
    }
}

/// Wakes a parked thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end on this thread. A future that never waits costs no more than a call.
#[inline]
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let _blocked = BlockedThread::new();
    if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return output;
    }
    // The future has registered a waker that does nothing; polling it again registers the right one.
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        NEXT_POLL.set(NextPoll::AtWakeUp);
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        match NEXT_POLL.get() {
            NextPoll::At(at) => thread::park_timeout(at.saturating_duration_since(Instant::now())),
            NextPoll::NotBlocked | NextPoll::AtWakeUp => thread::park(),
        }
    }
}

/// Returns the output of a future, or `None` at `deadline`. A thread keeps the time itself: the timer of an event loop
/// stands still while one of its tasks computes.
pub async fn until<F: Future>(deadline: Instant, future: F) -> Option<F::Output> {
    if matches!(NEXT_POLL.get(), NextPoll::NotBlocked) {
        return tokio::time::timeout_at(deadline.into(), future).await.ok();
    }
    let mut future = pin!(future);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        if Instant::now() >= deadline {
            return Poll::Ready(None);
        }
        NEXT_POLL.set(NextPoll::At(match NEXT_POLL.get() {
            NextPoll::At(earlier) => earlier.min(deadline),
            NextPoll::NotBlocked | NextPoll::AtWakeUp => deadline,
        }));
        Poll::Pending
    })
    .await
}

/// Returns the output of a future, or its panic.
pub async fn catch_panic<F: Future>(future: F) -> thread::Result<F::Output> {
    let mut future = pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(poll) => poll.map(Ok),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}

/// Describes a panic by its message.
pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::time::Duration;

    use super::*;

    /// Without an event loop: nothing but the thread itself could end the wait.
    #[test]
    fn blocked_thread_keeps_the_time_of_a_deadline_itself() {
        let deadline = |millis| Instant::now() + Duration::from_millis(millis);
        assert_eq!(block_on(until(deadline(5), pending::<()>())), None);
        assert_eq!(block_on(until(deadline(3_600_000), until(deadline(5), pending::<()>()))), Some(None));
        assert_eq!(block_on(until(deadline(3_600_000), async { 3 })), Some(3));
        let nested = async {
            assert_eq!(block_on(until(deadline(1), pending::<()>())), None);
            until(deadline(5), pending::<()>()).await
        };
        assert_eq!(block_on(nested), None, "a block inside a block");
    }
}
