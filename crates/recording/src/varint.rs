//! Integers of variable length: LEB128, seven bits a byte, the low ones first; signed ones in zigzag order.

/// Appends a number in 1 to 10 bytes.
pub fn write_unsigned(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// Appends the difference between two numbers, modulo 2^64.
pub fn write_difference(bytes: &mut Vec<u8>, from: u64, to: u64) {
    let difference = to.wrapping_sub(from) as i64;
    write_unsigned(bytes, ((difference << 1) ^ (difference >> 63)) as u64);
}

/// Reads a number from the front of `bytes`. Returns `None` if they end too early or the number has more than 64 bits.
pub fn read_unsigned(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let bits = u64::from(byte & 0x7f);
        if shift == 63 && bits > 1 {
            return None;
        }
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// Reads what [`write_difference`] wrote, and returns `from` plus the difference.
pub fn read_difference(bytes: &mut &[u8], from: u64) -> Option<u64> {
    let zigzag = read_unsigned(bytes)?;
    let difference = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
    Some(from.wrapping_add(difference as u64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_and_differences_are_read_as_written(number: u64, from: u64) {
            let mut bytes = Vec::new();
            write_unsigned(&mut bytes, number);
            write_difference(&mut bytes, from, number);
            let mut rest = bytes.as_slice();
            prop_assert_eq!(read_unsigned(&mut rest), Some(number));
            prop_assert_eq!(read_difference(&mut rest, from), Some(number));
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn cut_numbers_are_refused(number: u64, cut in 0_usize..10) {
            let mut bytes = Vec::new();
            write_unsigned(&mut bytes, number);
            if cut < bytes.len() {
                prop_assert_eq!(read_unsigned(&mut &bytes[..cut]), None);
            }
        }
    }

    #[test]
    fn small_differences_take_one_byte() {
        let mut bytes = Vec::new();
        for (from, to) in [(5, 5), (5, 6), (6, 5), (0, 63), (u64::MAX, 0)] {
            write_difference(&mut bytes, from, to);
        }
        assert_eq!(bytes.len(), 5);
    }
}
