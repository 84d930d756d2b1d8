//! Classifies a word outside of quotes as text, number or keyword.

use crate::quantity;

/// Keywords, which KDL 1 wrote without the `#`.
const KEYWORDS: [&str; 6] = ["true", "false", "null", "inf", "-inf", "nan"];

/// The class of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// Text that needs no quotes and can be a name.
    Text,
    /// A number or a keyword, which can only be a value.
    Value,
}

/// Returns the class of a word, or its mistake and the fix.
pub(crate) fn classify_word(word: &str) -> Result<Word, (String, String)> {
    if let Some(keyword) = word.strip_prefix('#') {
        if KEYWORDS.contains(&keyword) {
            return Ok(Word::Value);
        }
        return Err((format!("unknown keyword `{word}`"), format!("write one of #{}", KEYWORDS.join(" #"))));
    }
    if KEYWORDS.contains(&word) {
        return Err((format!("the keyword `{word}` needs a `#`"), format!("write #{word}, or \"{word}\" for a text")));
    }
    if !begins_like_a_number(word) {
        return Ok(Word::Text);
    }
    if is_number(word) {
        return Ok(Word::Value);
    }
    let help = if quantity::parse(word).is_ok() {
        format!("put a number with a unit in quotes: \"{word}\"")
    } else {
        format!("put a word that begins with a digit in quotes: \"{word}\"")
    };
    Err((format!("`{word}` is not a number"), help))
}

fn unsigned(word: &str) -> &str {
    word.strip_prefix(['+', '-']).unwrap_or(word)
}

fn begins_like_a_number(word: &str) -> bool {
    let digits = unsigned(word);
    let digits = digits.strip_prefix('.').unwrap_or(digits);
    digits.starts_with(|c: char| c.is_ascii_digit())
}

/// Returns whether a word is a KDL number: `0x1f`, `0o17`, `0b101`, `1_000`, `1.5e-3`.
fn is_number(word: &str) -> bool {
    let word = unsigned(word);
    let radix = [("0x", 16), ("0o", 8), ("0b", 2)]
        .into_iter()
        .find_map(|(prefix, radix)| word.strip_prefix(prefix).map(|digits| (digits, radix)));
    if let Some((digits, radix)) = radix {
        // More digits would overflow the parser's integers.
        return digits.len() <= 30 && all_digits(digits, radix);
    }
    let (mantissa, exponent) = word.split_once(['e', 'E']).map_or((word, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').map_or((mantissa, None), |(w, f)| (w, Some(f)));
    word.len() <= 38
        && all_digits(whole, 10)
        && fraction.is_none_or(|fraction| all_digits(fraction, 10))
        && exponent.is_none_or(|exponent| all_digits(unsigned(exponent), 10))
}

/// Returns whether a text is a digit followed by digits and `_`.
fn all_digits(text: &str, radix: u32) -> bool {
    text.starts_with(|c: char| c.is_digit(radix)) && text.chars().all(|c| c.is_digit(radix) || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_classified_as_text_value_or_mistake() {
        for text in ["a", "$gap", "a-b", "i+1", "-", "--x", "std", "λ", "."] {
            assert_eq!(classify_word(text), Ok(Word::Text), "{text}");
        }
        for value in ["5", "-5", "+5", "1_000", "1.5", "1e300", "1.5e-3", "0x1f", "0b1_0", "#true", "#nan"] {
            assert_eq!(classify_word(value), Ok(Word::Value), "{value}");
        }
        for wrong in ["5ms", "1.", ".5", "1..2", "0xg", "true", "nan", "#maybe", "1e", "5_x"] {
            assert!(classify_word(wrong).is_err(), "{wrong}");
        }
    }
}
