//! The program. Runner and worker processes are this same binary, told by their first argument.

fn main() {
    let mut args = std::env::args().skip(1);
    match (args.next().as_deref(), args.next()) {
        (Some(contend::engine::RUNNER), _) => contend::engine::runner_main(),
        (Some(contend::engine::WORKER), Some(lane)) => contend::engine::worker_main(&lane),
        _ => {}
    }
}
