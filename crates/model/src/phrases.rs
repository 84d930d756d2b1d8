//! Parts of sentences: lists of names, and how many workers are stuck.

/// Joins names as in `a, b and c`; after the first six, only tells how many more there are.
pub fn join_names(names: &[&str]) -> String {
    const SHOWN: usize = 6;
    match names {
        [] => String::new(),
        [name] => (*name).to_owned(),
        names if names.len() > SHOWN + 1 => {
            format!("{} and {} more", names[..SHOWN].join(", "), names.len() - SHOWN)
        }
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Returns the sentence about `n` stuck workers that were named before: `It is stuck forever.`
pub fn stuck_forever_sentence(n: usize) -> String {
    match n {
        0 | 1 => "It is stuck forever.".to_owned(),
        2 => "Both are stuck forever.".to_owned(),
        n => format!("All {n} are stuck forever."),
    }
}

/// Returns the sentence about `n` stuck workers, of which only `named` were named before.
pub fn all_stuck_sentence(named: usize, n: usize) -> String {
    if named >= n { stuck_forever_sentence(n) } else { format!("In all, {n} workers are stuck forever.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_of_names_are_cut() {
        assert_eq!(
            [&["a"][..], &["a", "b"], &["a", "b", "c"], &["a"; 9]].map(join_names),
            ["a", "a and b", "a, b and c", "a, a, a, a, a, a and 3 more"]
        );
    }
}
