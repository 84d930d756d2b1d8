//! Work that is what it says, on numbers, bytes and files.

use std::fmt::Display;
use std::hint::black_box;
use std::io::{Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::actor::{Actor, Flow, Halt};
use crate::recorder::Recorder;
use crate::{picture, sieve};
use contend_scenario::{Expr, Real};
use contend_trace::State;

/// Bytes that are hashed, read and written at once.
const PIECE: usize = 64 << 10;
/// Bytes of a file that are read at once: few enough pieces for an event before and after each.
const READ: usize = 1 << 20;

impl Actor {
    pub fn real(&mut self, work: &Real) -> Flow {
        match work {
            Real::Primes(up_to) => {
                black_box(sieve::primes(up_to.eval(self).clamp(2.0, 1e8) as usize));
                Ok(())
            }
            Real::Hash(Some(bytes)) => {
                black_box(hash_of(self.bytes(bytes)));
                Ok(())
            }
            Real::Hash(None) => self.hash_file(),
            Real::ReadFile => self.read_file("read-file", |piece| _ = black_box(piece)),
            Real::WriteFile(bytes) => {
                let bytes = self.bytes(bytes);
                self.write_file(bytes)
            }
            Real::Grayscale => self.picture("grayscale", picture::grey),
        }
    }

    pub fn thumbnail(&mut self, sizes: &[u32]) -> Flow {
        self.picture("thumbnail", |file, out, pen| picture::thumbnails(file, out, sizes, pen))
    }

    fn picture<E: Display>(
        &mut self,
        word: &str,
        work: impl FnOnce(&Path, Option<&Path>, &mut Recorder<'_>) -> Result<(), E>,
    ) -> Flow {
        let (file, run) = (self.path(word)?, self.run);
        work(file, run.job.out(), &mut self.pen).map_err(|e| Halt::Failed(format!("{}: {e}", file.display())))
    }

    fn bytes(&self, bytes: &Expr) -> usize {
        bytes.eval(self).clamp(0.0, 1_073_741_824.0) as usize
    }

    /// The task's file.
    fn path(&self, word: &str) -> Result<&'static Path, Halt> {
        let run = self.run;
        self.file()
            .and_then(|number| run.job.file(number))
            .ok_or_else(|| Halt::Failed(format!("this task has no file: `{word}` needs a pool that is fed with files")))
    }

    fn hash_file(&mut self) -> Flow {
        let mut hash = Sha256::new();
        self.read_file("hash", |piece| hash.update(piece))?;
        black_box(hash.finalize());
        Ok(())
    }

    /// Reads the task's file piece by piece, however long it is.
    fn read_file(&mut self, word: &str, mut with: impl FnMut(&[u8])) -> Flow {
        let path = self.path(word)?;
        let mut file = self.io_on(path, || std::fs::File::open(path))?;
        let mut piece = vec![0; READ];
        loop {
            let read = self.io_on(path, || file.read(&mut piece))?;
            if read == 0 {
                return Ok(());
            }
            with(&piece[..read]);
            if self.must_leave() {
                return Err(Halt::Asked);
            }
        }
    }

    /// Each worker has one file that it writes anew each time.
    fn write_file(&mut self, bytes: usize) -> Flow {
        let Some(scratch) = self.run.job.scratch() else {
            return Err(Halt::Failed("there is no directory to write to".into()));
        };
        let path = scratch.join(format!("written-{}", self.me().0));
        let piece = vec![0x5a; PIECE.min(bytes)];
        self.io_on(&path, || {
            let mut file = std::fs::File::create(&path)?;
            let mut left = bytes;
            while left > 0 {
                let n = left.min(piece.len());
                file.write_all(&piece[..n])?;
                left -= n;
            }
            file.sync_data()
        })
    }

    fn io_on<T>(&mut self, path: &Path, what: impl FnOnce() -> std::io::Result<T>) -> Result<T, Halt> {
        self.pen.block(State::Io, None);
        let result = what();
        self.pen.resume();
        result.map_err(|e| Halt::Failed(format!("{}: {e}", path.display())))
    }
}

/// SHA-256 of so many equal bytes, as if they were read piece by piece.
fn hash_of(bytes: usize) -> [u8; 32] {
    let piece = vec![0x5a; PIECE.min(bytes)];
    let mut hash = Sha256::new();
    let mut left = bytes;
    while left > 0 {
        let n = left.min(PIECE);
        hash.update(&piece[..n]);
        left -= n;
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_in_pieces_is_the_hash_of_the_whole() {
        for bytes in [0, 1, PIECE, PIECE * 2 + 7] {
            assert_eq!(hash_of(bytes), <[u8; 32]>::from(Sha256::digest(vec![0x5a; bytes])), "{bytes}");
        }
    }
}
