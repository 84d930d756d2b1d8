//! Numbers as one reads them.

use crate::model::Ending;
use crate::trace::signal_name;
use crate::trace::{Death, RunEnd, Span, plural};

/// `8412` is `8,412`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `-8412` is `-8,412`.
pub(crate) fn signed(n: i64) -> String {
    format!("{}{}", if n < 0 { "-" } else { "" }, count(n.unsigned_abs()))
}

/// `0.998` is `99.8 %`. One digit after the point near both ends, where it makes a difference; never rounded to all or
/// nothing when it is neither.
pub(crate) fn percent(share: f64) -> String {
    let value = share * 100.0;
    match value {
        v if !v.is_finite() => "-".to_owned(),
        v if v > 0.0 && v < 0.05 => "< 0.1 %".to_owned(),
        v if v > 99.95 && v < 100.0 => "> 99.9 %".to_owned(),
        v if (v > 0.0 && v < 9.95) || (v > 90.0 && v < 100.0) => format!("{v:.1} %"),
        v => format!("{v:.0} %"),
    }
}

/// A rate with at most three digits that matter.
pub(crate) fn rate(per_second: f64) -> String {
    match per_second {
        r if r >= 99.95 => format!("{}/s", count(r.round() as u64)),
        r if r >= 9.995 => format!("{r:.1}/s"),
        r => format!("{r:.2}/s"),
    }
}

/// A number without digits that say nothing.
pub(crate) fn plain(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `1 lock`, `2 locks`.
pub(crate) fn many(n: u64, thing: &str) -> String {
    format!("{} {}", count(n), plural(n, thing))
}

/// How a run ended, as the end of a sentence that begins with its duration.
pub(crate) fn ended(end: &RunEnd) -> String {
    match end {
        RunEnd::Completed => "every worker came to the end of its steps".to_owned(),
        RunEnd::Time => "the time was over".to_owned(),
        RunEnd::Deadlock => "deadlocked".to_owned(),
        RunEnd::Stall => "stalled: the remaining workers wait forever".to_owned(),
        RunEnd::Stopped => "it was stopped".to_owned(),
        RunEnd::Crashed(how) => format!("the run failed: {how}"),
    }
}

/// How a worker ended, in a word or two.
pub(crate) fn ending(ending: &Ending) -> String {
    match ending {
        Ending::Finished => "finished".to_owned(),
        Ending::Retired => "retired".to_owned(),
        Ending::Panicked => "panicked".to_owned(),
        Ending::Killed => "killed".to_owned(),
        Ending::Died(Death::Exit(code)) => format!("exit {code}"),
        Ending::Died(Death::CutOff) => "cut off".to_owned(),
        Ending::Died(Death::Signal(number)) => signal_name(*number),
    }
}

/// A duration in nanoseconds, or a dash when none was measured.
pub(crate) fn span_or_dash(ns: u64, measured: u64) -> String {
    if measured == 0 { "-".to_owned() } else { Span(ns).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(signed(i64::MIN), "-9,223,372,036,854,775,808");
        assert_eq!(
            [0.0, 0.0001, 0.034, 0.5, 0.998, 0.9999, 1.0, f64::NAN].map(percent),
            ["0 %", "< 0.1 %", "3.4 %", "50 %", "99.8 %", "> 99.9 %", "100 %", "-"]
        );
        assert_eq!([0.5, 12.34, 1234.5].map(rate), ["0.50/s", "12.3/s", "1,235/s"]);
        assert_eq!([2.0, 0.25, 1.0 / 3.0].map(plain), ["2", "0.25", "0.333"]);
        assert_eq!(many(1, "lock") + &many(2, "lock"), "1 lock2 locks");
    }
}
