//! Singular and plural of nouns.

use std::borrow::Cow;

/// Returns the form of the noun that follows the number `n`: `worker`, `workers`; `process`, `processes`; `anomaly`,
/// `anomalies`.
pub fn plural(n: u64, noun: &str) -> Cow<'_, str> {
    if n == 1 {
        return Cow::Borrowed(noun);
    }
    let before_y = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    Cow::Owned(match before_y {
        Some(stem) => format!("{stem}ies"),
        None if ["s", "x", "ch", "sh"].iter().any(|end| noun.ends_with(end)) => format!("{noun}es"),
        None => match noun.strip_suffix("fe") {
            Some(stem) => format!("{stem}ves"),
            None => format!("{noun}s"),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_number_one_takes_the_singular() {
        assert_eq!([0, 1, 2].map(|n| plural(n, "time").into_owned()), ["times", "time", "times"]);
        let nouns = ["worker", "process", "anomaly", "day", "mutex", "branch", "life", "more lock"];
        let many = ["workers", "processes", "anomalies", "days", "mutexes", "branches", "lives", "more locks"];
        assert_eq!(nouns.map(|noun| plural(2, noun).into_owned()), many);
    }
}
