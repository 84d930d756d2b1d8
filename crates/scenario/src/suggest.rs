//! Finds the known word nearest to a misspelled one, and joins words into a list.

/// Returns the nearest known word if it is near enough: about one typing error in three letters.
pub fn suggest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // The distance costs time proportional to the product of the lengths.
    let short: String = word.chars().take(64).collect();
    let max_distance = short.chars().count() / 3 + 1;
    known
        .into_iter()
        .filter(|candidate| *candidate != word)
        .map(|candidate| (strsim::damerau_levenshtein(&short, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= max_distance && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Lists alternatives in backquotes: `a`, `b` or `c`.
pub(super) fn any_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    join_words(words, "or")
}

/// Lists words in backquotes: `a`, `b` and `c`.
pub(super) fn all_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    join_words(words, "and")
}

fn join_words<'a>(words: impl IntoIterator<Item = &'a str>, conjunction: &str) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => "none".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} {conjunction} {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misspellings_get_a_suggestion_and_others_none() {
        let known = ["philosophers", "deadlock", "thread-pool"];
        assert_eq!(suggest("philosphers", known), Some("philosophers"));
        assert_eq!(suggest("dedlock", known), Some("deadlock"));
        assert_eq!(suggest("zzz", known), None);
        assert_eq!(suggest("", ["a"]), None);
    }

    #[test]
    fn word_lists_end_with_and_or_or() {
        assert_eq!(any_of(["a"]), "`a`");
        assert_eq!(any_of(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(all_of(["a", "b"]), "`a` and `b`");
        assert_eq!(all_of([]), "none");
    }
}
