//! The known word that someone probably meant.

/// The nearest of the known words, if one is near enough to be meant: about one slip in three letters.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let short: String = word.chars().take(64).collect(); // the distance takes time by the product of the lengths
    let slips = short.chars().count() / 3 + 1;
    known
        .into_iter()
        .filter(|candidate| *candidate != word)
        .map(|candidate| (strsim::damerau_levenshtein(&short, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= slips && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Words in backquotes, of which one is meant: `a`, `b` or `c`.
pub(super) fn any_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    listed(words, "or")
}

/// Words in backquotes, all of them: `a`, `b` and `c`.
pub(super) fn all_of<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    listed(words, "and")
}

fn listed<'a>(words: impl IntoIterator<Item = &'a str>, joined: &str) -> String {
    let words: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        None => "none".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} {joined} {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_nonsense_is_not() {
        let known = ["philosophers", "deadlock", "thread-pool"];
        assert_eq!(nearest("philosphers", known), Some("philosophers"));
        assert_eq!(nearest("dedlock", known), Some("deadlock"));
        assert_eq!(nearest("zzz", known), None);
        assert_eq!(nearest("", ["a"]), None);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(any_of(["a"]), "`a`");
        assert_eq!(any_of(["a", "b", "c"]), "`a`, `b` or `c`");
        assert_eq!(all_of(["a", "b"]), "`a` and `b`");
        assert_eq!(all_of([]), "none");
    }
}
