//! Long forms of tests.

/// Returns `some` inputs, or `whole` if the environment has `CONTEND_TESTS=whole`, as `.ci/run` sets it.
pub fn inputs<T>(some: T, whole: T) -> T {
    if std::env::var_os("CONTEND_TESTS").is_some_and(|tests| tests == "whole") { whole } else { some }
}
