//! What a word outside quotes can be: a name, a number, a keyword.

use crate::quantity;

/// Words that KDL 1 knew without a `#`.
const KEYWORDS: [&str; 6] = ["true", "false", "null", "inf", "-inf", "nan"];

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Word {
    /// A text that needs no quotes: it can be a name.
    Text,
    /// A number or a keyword: a value only.
    Value,
}

/// What the word is, or the mistake in it and its cure.
pub(super) fn read(word: &str) -> Result<Word, (String, String)> {
    if let Some(keyword) = word.strip_prefix('#') {
        if KEYWORDS.contains(&keyword) {
            return Ok(Word::Value);
        }
        return Err((format!("`{word}` means nothing"), format!("known are #{}", KEYWORDS.join(" #"))));
    }
    if KEYWORDS.contains(&word) {
        return Err((format!("`{word}` is no text"), format!("write #{word}, or \"{word}\" if it is meant as a text")));
    }
    if !begins_like_a_number(word) {
        return Ok(Word::Text);
    }
    if is_number(word) {
        return Ok(Word::Value);
    }
    let help = if quantity::parse(word).is_ok() {
        format!("a number with a unit is written in quotes: \"{word}\"")
    } else {
        "a word that begins with a digit is written in quotes".to_owned()
    };
    Err((format!("`{word}` is no number"), help))
}

fn unsigned(word: &str) -> &str {
    word.strip_prefix(['+', '-']).unwrap_or(word)
}

fn begins_like_a_number(word: &str) -> bool {
    let digits = unsigned(word);
    let digits = digits.strip_prefix('.').unwrap_or(digits);
    digits.starts_with(|c: char| c.is_ascii_digit())
}

/// KDL's numbers: `0x1f`, `0o17`, `0b101`, `1_000`, `1.5e-3`.
fn is_number(word: &str) -> bool {
    let word = unsigned(word);
    let radix = [("0x", 16), ("0o", 8), ("0b", 2)]
        .into_iter()
        .find_map(|(prefix, radix)| word.strip_prefix(prefix).map(|digits| (digits, radix)));
    if let Some((digits, radix)) = radix {
        // More digits would not fit the parser's integers.
        return digits.len() <= 30 && all_digits(digits, radix);
    }
    let (mantissa, exponent) = word.split_once(['e', 'E']).map_or((word, None), |(m, e)| (m, Some(e)));
    let (whole, part) = mantissa.split_once('.').map_or((mantissa, None), |(w, p)| (w, Some(p)));
    word.len() <= 38
        && all_digits(whole, 10)
        && part.is_none_or(|part| all_digits(part, 10))
        && exponent.is_none_or(|exponent| all_digits(unsigned(exponent), 10))
}

/// At least one digit, then digits and `_`.
fn all_digits(text: &str, radix: u32) -> bool {
    text.starts_with(|c: char| c.is_digit(radix)) && text.chars().all(|c| c.is_digit(radix) || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        for text in ["a", "$gap", "a-b", "i+1", "-", "--x", "std", "λ", "."] {
            assert_eq!(read(text), Ok(Word::Text), "{text}");
        }
        for value in ["5", "-5", "+5", "1_000", "1.5", "1e300", "1.5e-3", "0x1f", "0b1_0", "#true", "#nan"] {
            assert_eq!(read(value), Ok(Word::Value), "{value}");
        }
        for wrong in ["5ms", "1.", ".5", "1..2", "0xg", "true", "nan", "#maybe", "1e", "5_x"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
