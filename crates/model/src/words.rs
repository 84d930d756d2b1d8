//! Lists of names in sentences.

/// `a, b and c`; after the first six only how many more.
pub fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 6;
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        names if names.len() > SHOWN + 1 => {
            format!("{} and {} more", names[..SHOWN].join(", "), names.len() - SHOWN)
        }
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What becomes of so many that wait forever: `It is stuck forever.`
pub fn stuck_forever(n: usize) -> String {
    match n {
        0 | 1 => "It is stuck forever.".to_owned(),
        2 => "Both are stuck forever.".to_owned(),
        n => format!("All {n} are stuck forever."),
    }
}

/// The same after a sentence that speaks of `told` of them.
pub fn stuck_in_all(told: usize, n: usize) -> String {
    if told >= n { stuck_forever(n) } else { format!("In all, {n} workers are stuck forever.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(
            [&["a"][..], &["a", "b"], &["a", "b", "c"], &["a"; 9]].map(listed),
            ["a", "a and b", "a, b and c", "a, a, a, a, a, a and 3 more"]
        );
    }
}
