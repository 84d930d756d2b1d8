//! The single options: name, default, description, and how the value is read.

use std::time::Duration;

use super::Config;
use super::fields::Field;
use crate::scenario::{Mistakes, parse_bytes};

/// Frames per second that can be asked for: more would only use the CPU that the run needs.
const FRAME_RATES: std::ops::RangeInclusive<u32> = 1..=30;

/// Least memory for the history of a run, and least size of a recording, in bytes.
const MIN_SIZE: u64 = 1 << 20;

/// An option of the file.
pub(super) struct OptionSpec {
    /// The table that it stands in; empty for those before the first.
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    /// As it is written in the file.
    pub(super) default: &'static str,
    pub(super) about: &'static str,
    pub(super) read: fn(&Field<'_, '_>, &mut Config, &mut Mistakes),
}

pub(super) const OPTIONS: [OptionSpec; 6] = [
    OptionSpec {
        section: "",
        name: "theme",
        default: "\"auto\"",
        about: "Colours of the dashboard: \"auto\" (dark or light, by the terminal's background), \"dark\", \"light\",\n\
                \"colorblind\", \"high-contrast\", \"ansi\" (the terminal's own sixteen), \"mono\", or one of your own\n\
                (see [themes] below). `--theme` overrides it, and `T` goes through all of them.",
        read: |field, config, mistakes| {
            config.theme = field.text("\"dark\"", mistakes).filter(|name| *name != "auto").map(str::to_owned);
        },
    },
    OptionSpec {
        section: "",
        name: "mouse",
        default: "true",
        about: "Whether the dashboard takes the mouse. Without it, the terminal selects text.",
        read: |field, config, mistakes| config.mouse = field.bool(mistakes).unwrap_or(config.mouse),
    },
    OptionSpec {
        section: "",
        name: "ask",
        default: "true",
        about: "Whether a scenario asks its question before it runs.",
        read: |field, config, mistakes| config.ask = field.bool(mistakes).unwrap_or(config.ask),
    },
    OptionSpec {
        section: "",
        name: "refresh",
        default: "10",
        about: "Frames per second of a moving picture, from 1 to 30. Fewer leave more of the CPU to the run.",
        read: |field, config, mistakes| {
            if let Some(rate) = field.integer(FRAME_RATES, mistakes) {
                config.frame_interval = Duration::from_secs(1) / rate;
            }
        },
    },
    OptionSpec {
        section: "history",
        name: "memory",
        default: "\"32 MiB\"",
        about: "Memory for the events of the run on screen, from which its past is shown again.",
        read: |field, config, mistakes| {
            if let Some(bytes) = read_size(field, "32 MiB", mistakes) {
                config.history.memory = usize::try_from(bytes).unwrap_or(usize::MAX);
            }
        },
    },
    OptionSpec {
        section: "history",
        name: "recording",
        default: "\"1 GiB\"",
        about: "Largest recording that a key starts; it ends there. `--record-limit` sets that of `--record`.",
        read: |field, config, mistakes| {
            if let Some(bytes) = read_size(field, "1 GiB", mistakes) {
                config.history.recording = bytes;
            }
        },
    },
];

fn read_size(field: &Field<'_, '_>, example: &str, mistakes: &mut Mistakes) -> Option<u64> {
    let text = field.text(&format!("\"{example}\""), mistakes)?;
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = parse_bytes(&compact).filter(|bytes| *bytes >= MIN_SIZE);
    if bytes.is_none() {
        let title = format!("`{}` must be a size of at least 1 MiB", field.name);
        mistakes.error(field.span(), title).help(format!("write a number with a unit, such as \"{example}\""));
    }
    bytes
}
