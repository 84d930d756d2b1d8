//! `contend tune --trace`: makes a scenario whose pool replays the user's trace.

use std::path::Path;

use super::exec_scenario::quote;
use crate::cli::args::TuneArgs;
use crate::cli::exit::CliError;
use crate::scenario::{Source, sanitize};
use crate::tune::TraceReplay;

/// Bounds of the `workers` knob's maximum.
const WORKERS: (f64, f64) = (32.0, 1_000.0);

/// Reads the trace and writes the scenario in the scenario language, so that it is checked like any other and can be
/// shown.
///
/// # Errors
/// If the trace cannot be read, or says nothing about a rate.
pub(super) fn trace_source(args: &TuneArgs, path: &Path) -> Result<(Source, TraceReplay), CliError> {
    let shown = sanitize(&path.to_string_lossy());
    let replay = TraceReplay::read(path, args.speed, args.time)
        .map_err(|problem| CliError::Usage(format!("the trace `{shown}`: {problem}")))?;
    Ok((Source { name: "trace".to_owned(), path: None, text: scenario_text(&path.to_string_lossy(), &replay) }, replay))
}

fn scenario_text(path: &str, replay: &TraceReplay) -> String {
    // A name that begins with `$` would be a knob.
    let path = if path.starts_with('$') { format!("./{path}") } else { path.to_owned() };
    let window = replay.window.map_or_else(String::new, |(from, to)| {
        // Nanoseconds are exact.
        format!(" from=\"{:.0}ns\" to=\"{:.0}ns\"", from * 1e9, to * 1e9)
    });
    let most = (replay.load.erlangs() * 2.0 + 10.0).ceil().clamp(WORKERS.0, WORKERS.1);
    format!(
        "title \"A recorded trace\"\n\
         about \"A pool whose tasks arrive and take as long as recorded in a trace.\"\n\
         knob workers 1 min=1 max={most} help=\"workers of the pool\"\n\
         knob work wait of=\"wait compute\" help=\"whether a task waits for as long as recorded, or computes\"\n\
         pool work of=threads workers=$workers queue=1000000 {{\n    \
         batch trace={} speed=\"{:.0}/100\"{window} times=1000000\n    \
         task {{\n        when work=wait {{ io \"service\" }}\n        else {{ compute \"service\" }}\n    }}\n}}\n",
        quote(&path),
        replay.speed * 100.0,
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scenario::check;
    use crate::tune::OfferedLoad;

    #[test]
    fn any_trace_becomes_a_valid_scenario() {
        let load = OfferedLoad { arrival_rate: 400.0, service_secs: 0.05 };
        let whole = TraceReplay {
            total_requests: 3,
            total_secs: 900.0,
            requests: 3,
            window: None,
            load,
            speed: 1.0,
            length: Duration::from_secs(2),
        };
        let part = TraceReplay { window: Some((1.123_456_789, 30_000.5)), speed: 0.25, ..whole };
        let fast = TraceReplay { load: OfferedLoad { arrival_rate: 1e6, ..load }, speed: 1e6, ..whole };
        for path in ["requests.csv", "a \"b\"\\ü\u{1b}.csv", "$x/y.csv"] {
            for replay in [whole, part, fast] {
                let source = Source { name: "trace".to_owned(), path: None, text: scenario_text(path, &replay) };
                let checked = check(&source).unwrap_or_else(|mistakes| panic!("{}\n{mistakes}", source.text));
                assert!(checked.scenario.worker_count_knob().is_some());
            }
        }
    }
}
