//! The threads and event-loop tasks that run workers.

pub mod event_loop;
pub mod forked;
pub mod group_member;
pub mod scheduling;
pub mod thread;
