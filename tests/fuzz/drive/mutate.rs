//! Mutates inputs by small changes.

use fastrand::Rng;

/// Boundary values.
const EDGES: [u64; 10] =
    [0, 1, 0x7f, 0x80, 0xffff, 0x7fff_ffff, 0x8000_0000, u32::MAX as u64, i64::MAX as u64, u64::MAX];

/// Returns an input of the corpus with a few changes.
pub fn mutate(rng: &mut Rng, corpus: &[Vec<u8>], words: &[String], longest: usize) -> Vec<u8> {
    let parent = rng.usize(..corpus.len());
    let mut bytes = piece(rng, &corpus[parent], longest).to_vec();
    for _ in 0..1 << rng.u32(..4) {
        change(rng, &mut bytes, corpus, words);
        bytes.truncate(longest);
    }
    bytes
}

/// Returns an input, or a random part of it within the size limit.
fn piece<'a>(rng: &mut Rng, of: &'a [u8], longest: usize) -> &'a [u8] {
    let from = rng.usize(..=of.len().saturating_sub(longest));
    &of[from..of.len().min(from + longest)]
}

fn change(rng: &mut Rng, bytes: &mut Vec<u8>, corpus: &[Vec<u8>], words: &[String]) {
    let at = rng.usize(..=bytes.len());
    let end = (at + 1 + rng.usize(..16) * rng.usize(..2)).min(bytes.len());
    match rng.u32(..10) {
        0 if at < end => bytes[at] ^= 1 << rng.u32(..8),
        1 if at < end => bytes[at] = rng.u8(..),
        2 => drop(bytes.drain(at..end)),
        3 => bytes.insert(at, rng.u8(..)),
        4 => {
            let often = bytes[at..end].repeat(rng.usize(2..6));
            drop(bytes.splice(at..end, often));
        }
        5 => {
            let (other, length) = (rng.usize(..corpus.len()), rng.usize(1..=64));
            let part = piece(rng, &corpus[other], length).to_vec();
            drop(bytes.splice(at..end, part));
        }
        6 => {
            let (number, size) = (EDGES[rng.usize(..EDGES.len())], 1 << rng.usize(..4));
            let number = number.wrapping_add(rng.u64(..3)).wrapping_sub(1).to_le_bytes();
            drop(bytes.splice(at..(at + size).min(bytes.len()), number[..size].to_vec()));
        }
        7 if !words.is_empty() => drop(bytes.splice(at..at, words[rng.usize(..words.len())].bytes())),
        8 if !words.is_empty() => drop(bytes.splice(at..end, words[rng.usize(..words.len())].bytes())),
        _ => {
            let part = bytes[at..end].to_vec();
            let to = rng.usize(..=bytes.len());
            drop(bytes.splice(to..to, part));
        }
    }
}
