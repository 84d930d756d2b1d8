//! Every step of the scenario language, one family of steps a file. `dispatch` selects the function of a step.

mod attempt;
mod choose;
mod command;
mod conditions;
mod counter;
mod counter_client;
mod dispatch;
mod end_process;
mod event_loop;
mod http_get;
mod life;
mod limit;
mod loops;
mod mark;
mod memory;
mod mutex;
mod pictures;
mod pipe;
mod pool;
mod queue;
mod real_work;
mod rwlock;
mod select;
mod semaphore;
mod signal;
mod time;
