//! The range in which the clock frequency of the cores changes.

use std::fs;
use std::path::Path;

/// The directory of the frequency policies. A guest of a hypervisor has none.
const POLICIES: &str = "/sys/devices/system/cpu/cpufreq";

/// Returns the lowest and highest frequency, in Hz, between which a governor other than `performance` changes the clock
/// of the cores. `None` if the frequency is fixed or the system does not say.
pub fn cpu_frequency_range() -> Option<(f64, f64)> {
    range_of(Path::new(POLICIES))
}

fn range_of(policies: &Path) -> Option<(f64, f64)> {
    let ranges = fs::read_dir(policies).ok()?.filter_map(|entry| {
        let policy = entry.ok()?.path();
        let read = |name: &str| fs::read_to_string(policy.join(name)).ok();
        let kilohertz = |name: &str| Some(read(name)?.trim().parse::<f64>().ok()? * 1e3);
        if read("scaling_governor")?.trim() == "performance" {
            return None;
        }
        Some((kilohertz("scaling_min_freq")?, kilohertz("scaling_max_freq")?))
    });
    let (least, most) = ranges.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)))?;
    (least < most).then_some((least, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_covers_the_cores_whose_governor_follows_the_load() {
        let place = tempfile::tempdir().expect("a directory");
        let policy = |name: &str, governor: &str, least: &str, most: &str| {
            let path = place.path().join(name);
            fs::create_dir(&path).expect("a directory");
            for (file, text) in [("governor", governor), ("min_freq", least), ("max_freq", most)] {
                fs::write(path.join(format!("scaling_{file}")), format!("{text}\n")).expect("a file");
            }
        };
        assert_eq!(range_of(place.path()), None, "no policies");
        policy("policy0", "performance", "800000", "3400000");
        assert_eq!(range_of(place.path()), None, "a fixed frequency");
        policy("policy1", "schedutil", "400000", "1800000");
        policy("policy2", "powersave", "800000", "3000000");
        policy("policy3", "powersave", "nonsense", "9000000");
        assert_eq!(range_of(place.path()), Some((4e8, 3e9)));
        assert_eq!(range_of(&place.path().join("nowhere")), None);
    }
}
