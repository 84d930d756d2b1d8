//! Texts of the band, shortened by whole sentences and clauses so that nothing is cut inside of one.

use crate::report::text_width::wrap_paragraph;

/// Returns the lines of a text whose first line has `first` columns and the others `width`. If there is no room for all
/// of them, later sentences and clauses are left out, as long as one remains.
pub(in crate::tui::draw) fn wrap_clauses(text: &str, first: usize, width: usize, room: usize) -> Vec<String> {
    let whole = wrap_paragraph(text, first, width);
    if whole.len() <= room {
        return whole;
    }
    let mut shorter = beginnings(text).map(|beginning| wrap_paragraph(&beginning, first, width));
    shorter.find(|lines| lines.len() <= room).unwrap_or(whole)
}

/// Least words before a colon that say something without what follows it.
const MIN_WORDS_BEFORE_COLON: usize = 4;

/// Returns the beginnings of a text that are sentences of their own, the longest first: up to a full stop, a semicolon,
/// a colon or another way to do it.
fn beginnings(text: &str) -> impl Iterator<Item = String> {
    let is_end = |at: &usize| {
        let (before, after) = text.split_at(*at);
        let clause = before.rsplit(['.', ';', ':']).next().unwrap_or(before);
        match after.split_once(' ') {
            Some(("." | ";", _)) => true,
            Some((":", _)) => clause.split_whitespace().count() >= MIN_WORDS_BEFORE_COLON,
            Some((",", rest)) => rest.starts_with("or "),
            _ => false,
        }
    };
    let mut ends: Vec<usize> = text.match_indices(['.', ';', ':', ',']).map(|(at, _)| at).filter(is_end).collect();
    ends.reverse();
    ends.into_iter().map(move |end| format!("{}.", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIX: &str = "Hold it for less time, or split it; more workers only wait longer.";

    #[test]
    fn clauses_that_have_no_room_are_left_out() {
        assert_eq!(wrap_clauses(FIX, 80, 80, 1), [FIX]);
        assert_eq!(wrap_clauses(FIX, 50, 50, 1), ["Hold it for less time, or split it."]);
        assert_eq!(wrap_clauses(FIX, 30, 30, 1), ["Hold it for less time."]);
        let sentence = "It is held 9.5 % of the time; 8 wait. Ceiling: 429/s.";
        assert_eq!(wrap_clauses(sentence, 40, 40, 1), ["It is held 9.5 % of the time; 8 wait."]);
        assert_eq!(wrap_clauses(sentence, 30, 30, 1), ["It is held 9.5 % of the time."]);
        let ring = "5 workers wait for each other in a ring: one holds a. Cost: 5.";
        assert_eq!(wrap_clauses(ring, 58, 58, 1), ["5 workers wait for each other in a ring: one holds a."]);
        assert_eq!(wrap_clauses(ring, 45, 45, 1), ["5 workers wait for each other in a ring."]);
    }

    #[test]
    fn text_without_a_shorter_sentence_stays_whole() {
        assert_eq!(wrap_clauses(FIX, 20, 20, 1).join(" "), FIX);
        assert_eq!(wrap_clauses("", 20, 20, 0), wrap_paragraph("", 20, 20));
    }
}
