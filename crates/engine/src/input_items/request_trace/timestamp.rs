//! Dates and times of ISO 8601 and RFC 3339: `2026-05-01T12:00:00.5+02:00`.

/// Parses a date and time as nanoseconds since 1970, and whether it has a time zone; without one it counts as UTC.
/// Returns `None` if the text does not begin like a date.
///
/// # Errors
/// If it begins like a date, but is none.
pub(super) fn parse_timestamp(text: &str) -> Result<Option<(i128, bool)>, String> {
    let bytes = text.as_bytes();
    let is_date = bytes.len() >= 8 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-';
    if !is_date {
        return Ok(None);
    }
    let wrong = || {
        let clean: String = contend_scenario::sanitize(text).chars().take(40).collect();
        format!("`{clean}` is not a time: write it as 2026-05-01T12:00:00.5Z or 2026-05-01T14:00:00+02:00")
    };
    parse(text).map(Some).ok_or_else(wrong)
}

fn parse(text: &str) -> Option<(i128, bool)> {
    let (date, rest) = (text.get(..10)?, text.get(10..)?);
    let time = rest.strip_prefix(['T', 't', ' '])?;
    let [year, month, day] = numbers(date, '-')?;
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return None;
    }
    let (time, offset_minutes) = split_zone(time)?;
    let (clock, fraction) = time.split_once(['.', ',']).unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(clock, ':')?;
    // A leap second has the number 60.
    if hour > 23 || minute > 59 || second > 60 || fraction.is_empty() || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let digits = &fraction[..fraction.len().min(9)];
    let nanos = digits.parse::<i128>().ok()? * 10_i128.pow(9 - digits.len() as u32);
    let minutes = days_since_1970(year, month, day) * 1_440 + hour * 60 + minute - offset_minutes.unwrap_or(0);
    Some((i128::from(minutes * 60 + second) * 1_000_000_000 + nanos, offset_minutes.is_some()))
}

/// Splits the time zone off; returns its offset in minutes, if there is one.
fn split_zone(time: &str) -> Option<(&str, Option<i64>)> {
    if let Some(utc) = time.strip_suffix(['Z', 'z']) {
        return Some((utc.trim_end(), Some(0)));
    }
    let Some(at) = time.rfind(['+', '-']) else { return Some((time, None)) };
    let (clock, zone) = time.split_at(at);
    let (sign, zone) = zone.split_at(1);
    let digits: String = zone.chars().filter(|c| *c != ':').collect();
    if !(digits.len() == 4 || digits.len() == 2) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = (digits[..2].parse::<i64>().ok()?, digits[2..].parse::<i64>().unwrap_or(0));
    let offset = hours * 60 + minutes;
    (hours <= 23 && minutes <= 59).then_some((clock.trim_end(), Some(if sign == "-" { -offset } else { offset })))
}

/// Parses three numbers with this sign between them; the last two have two digits.
fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let parts: Vec<&str> = text.split(separator).collect();
    let [first, second, third] = parts.as_slice() else { return None };
    let number = |part: &str, most: usize| {
        let fits = !part.is_empty() && part.len() <= most && part.bytes().all(|byte| byte.is_ascii_digit());
        if fits { part.parse().ok() } else { None }
    };
    Some([number(first, 4)?, number(second, 2)?, number(third, 2)?])
}

const fn is_leap_year(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let years_before = year - 1;
    let leap_days = years_before / 4 - years_before / 100 + years_before / 400;
    let months: i64 = (1..month).map(|month| days_in_month(year, month)).sum();
    years_before * 365 + leap_days + months + day - 1 - 719_162
}
