//! Options about findings.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::model::{FindingOptions, Threshold, Thresholds};
use crate::scenario::suggest;
use crate::trace::FindingId;

/// Options that choose the reported findings.
#[derive(Debug, Args)]
pub(in crate::cli) struct FindingArgs {
    /// Do not list this finding; can be repeated. Reports and the dashboard say how many are muted
    #[arg(
        long,
        value_name = "FINDING",
        value_parser = PossibleValuesParser::new(FindingId::IDS).try_map(|id| finding_with_id(&id)),
        help_heading = "Findings",
    )]
    pub(in crate::cli) mute: Vec<FindingId>,
    #[arg(
        long,
        value_name = "FINDING=VALUE",
        value_parser = parse_threshold,
        help = threshold_help(),
        help_heading = "Findings",
    )]
    pub(in crate::cli) threshold: Vec<ThresholdSetting>,
}

/// A threshold with a permitted value.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct ThresholdSetting {
    threshold: &'static Threshold,
    value: f64,
}

impl FindingArgs {
    /// Returns what the options ask for. Of two values for one threshold, the later counts.
    pub(in crate::cli) fn options(&self) -> FindingOptions {
        let mut thresholds = Thresholds::DEFAULT;
        for setting in &self.threshold {
            thresholds = thresholds.with(setting.threshold, setting.value).unwrap_or(thresholds);
        }
        let mut muted = self.mute.clone();
        muted.sort_unstable();
        muted.dedup();
        FindingOptions { muted, thresholds }
    }
}

fn threshold_help() -> String {
    let defaults = Threshold::ALL.iter().map(|one| format!("{}={}", one.id(), one.format_argument(one.default)));
    format!(
        "Set the threshold of a finding, such as lock-bound=60%; can be repeated (see docs/findings.md) [defaults: {}]",
        defaults.collect::<Vec<_>>().join(", ")
    )
}

fn finding_with_id(id: &str) -> Result<FindingId, String> {
    FindingId::ALL.into_iter().find(|finding| finding.as_str() == id).ok_or_else(|| format!("no finding `{id}`"))
}

/// Reads `lock-bound=60%`.
fn parse_threshold(text: &str) -> Result<ThresholdSetting, String> {
    let (id, value) = text.split_once('=').map_or((text, None), |(id, value)| (id, Some(value)));
    let Some(threshold) = Threshold::of(id) else { return Err(without_threshold(id)) };
    let read = threshold.parse(value.unwrap_or_default(), read_seconds).map_err(|error| error.0)?;
    Ok(ThresholdSetting { threshold, value: read })
}

/// Returns why a finding has no threshold: it does not exist, or it rests on facts.
fn without_threshold(id: &str) -> String {
    let ids = || Threshold::ALL.iter().map(Threshold::id);
    if FindingId::IDS.contains(&id) {
        return format!(
            "`{id}` rests on facts and has no threshold; --mute {id} hides it. Findings with a threshold: {}",
            ids().collect::<Vec<_>>().join(", ")
        );
    }
    match suggest(id, ids()) {
        Some(nearest) => format!("there is no finding `{id}`; did you mean `{nearest}`?"),
        None => {
            format!("there is no finding `{id}`; findings with a threshold: {}", ids().collect::<Vec<_>>().join(", "))
        }
    }
}

fn read_seconds(text: &str) -> Option<f64> {
    let seconds = text.strip_suffix('s').and_then(|number| number.parse().ok());
    seconds.or_else(|| humantime::parse_duration(text).ok().map(|time| time.as_secs_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        parse_threshold(text).map_or_else(|error| error, |setting| format!("accepted: {setting:?}"))
    }

    #[test]
    fn default_of_every_threshold_is_read_from_the_help() {
        for threshold in Threshold::ALL {
            let text = format!("{}={}", threshold.id(), threshold.format_argument(threshold.default));
            assert!(threshold_help().contains(&text), "{text}");
            let read = parse_threshold(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let options = FindingArgs { mute: Vec::new(), threshold: vec![read] }.options();
            assert_eq!(options.thresholds, Thresholds::DEFAULT, "{text}");
        }
    }

    #[test]
    fn mistakes_in_thresholds_name_the_cure() {
        assert_eq!(error("lock-bonud=3%"), "there is no finding `lock-bonud`; did you mean `lock-bound`?");
        assert!(error("zzz=1").starts_with("there is no finding `zzz`; findings with a threshold: livelock, "));
        assert!(error("deadlock=3").starts_with("`deadlock` rests on facts and has no threshold; --mute deadlock "));
        let range = "the threshold of `starved` is a time from 10ms to 1h, such as starved=500ms";
        for text in ["starved", "starved=", "starved=3", "starved=1ms", "starved=2h", "starved=inf", "starved=NaNs"] {
            assert_eq!(error(text), range, "{text}");
        }
        for text in ["starved=2s", "starved=0.5s", "starved=1m", "starved=20ms"] {
            assert!(parse_threshold(text).is_ok(), "{text}: {}", error(text));
        }
    }

    #[test]
    fn later_of_two_values_counts_and_findings_are_muted_once() {
        let threshold = ["starved=2s", "starved=3s"].map(|text| parse_threshold(text).expect("permitted")).to_vec();
        let mute = vec![FindingId::Starved, FindingId::Convoy, FindingId::Starved];
        let options = FindingArgs { mute, threshold }.options();
        assert_eq!(options.muted, [FindingId::Convoy, FindingId::Starved]);
        assert_eq!(
            options.thresholds.changed().map(|(one, value)| (one.id(), value)).collect::<Vec<_>>(),
            [("starved", 3.0)]
        );
    }
}
