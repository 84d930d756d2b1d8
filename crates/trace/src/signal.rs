//! Names of signals.

/// Returns the name of a signal: `SIGTERM`, or `signal 42` where no name is known.
pub fn signal_name(signal: i32) -> String {
    signal_hook::low_level::signal_name(signal).map_or_else(|| format!("signal {signal}"), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_names() {
        assert_eq!((signal_name(9).as_str(), signal_name(77).as_str()), ("SIGKILL", "signal 77"));
    }
}
