//! Counts primes with the sieve of Eratosthenes over the odd numbers.

/// Returns the number of primes up to and including `up_to`.
pub fn count_primes(up_to: usize) -> usize {
    if up_to < 2 {
        return 0;
    }
    // Position i stands for the number 2 * i + 1; position 0, for the number 2 instead of 1.
    let mut composite = vec![false; up_to.div_ceil(2)];
    let mut count = 0;
    for i in 0..composite.len() {
        if composite[i] {
            continue;
        }
        count += 1;
        let step = 2 * i + 1;
        if i > 0 && step <= up_to / step {
            composite[(step * step - 1) / 2..].iter_mut().step_by(step).for_each(|odd| *odd = true);
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_counted() {
        let counts = [0, 1, 2, 3, 4, 5, 9, 10, 11, 100, 10_000, 1_000_000].map(count_primes);
        assert_eq!(counts, [0, 0, 1, 2, 2, 3, 4, 4, 5, 25, 1_229, 78_498]);
    }
}
