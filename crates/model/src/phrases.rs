//! Phrases of findings that the dashboard and reports use too: lists of names, and how many workers are stuck.

/// `a, b and c`. Of a longer list, the first six and the number of the others.
pub fn join_names(names: &[&str]) -> String {
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

/// `It is stuck forever.`, `Both are stuck forever.`, for `n` workers that the sentence before names.
pub fn stuck_forever_sentence(n: usize) -> String {
    match n {
        0 | 1 => "It is stuck forever.".to_owned(),
        2 => "Both are stuck forever.".to_owned(),
        n => format!("All {n} are stuck forever."),
    }
}

/// The same after a sentence that names `named` of the `n` workers.
pub fn all_stuck_sentence(named: usize, n: usize) -> String {
    if named >= n { stuck_forever_sentence(n) } else { format!("In all, {n} workers are stuck forever.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(
            [&["a"][..], &["a", "b"], &["a", "b", "c"], &["a"; 9]].map(join_names),
            ["a", "a and b", "a, b and c", "a, a, a, a, a, a and 3 more"]
        );
    }
}
