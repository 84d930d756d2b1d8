//! The texts of `-V` and `--version`.

use std::sync::LazyLock;

/// The version alone: `0.1.0`.
pub(super) const SHORT: &str = env!("CARGO_PKG_VERSION");

/// Returns version, commit and its date (only in optimised builds from a repository), and target:
/// `0.1.0 (4ee610c3a 2026-11-30, x86_64-unknown-linux-gnu)`.
pub(super) fn long_version() -> &'static str {
    static LONG: LazyLock<String> = LazyLock::new(|| {
        let built: Vec<&str> = [option_env!("CONTEND_COMMIT"), option_env!("CONTEND_TARGET")]
            .into_iter()
            .flatten()
            .filter(|part| !part.is_empty())
            .collect();
        if built.is_empty() { SHORT.to_owned() } else { format!("{SHORT} ({})", built.join(", ")) }
    });
    &LONG
}
