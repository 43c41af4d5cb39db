//! The one way out: a stream whose reader may go away.

use std::io::{self, ErrorKind, Write};

/// A stream to print to. If its reader closes it, as `head` does, the rest is dropped without a word: the reader has what
/// it wanted, and the exit code still says what the command found.
#[derive(Debug)]
pub struct Out<W: Write> {
    to: W,
    closed: bool,
}

impl<W: Write> Out<W> {
    /// Prints to a writer.
    pub fn new(to: W) -> Self {
        Self { to, closed: false }
    }

    /// Prints a text and flushes it.
    ///
    /// # Errors
    /// What the system says, such as that the disk is full; not that the reader went away.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        self.print_bytes(text.as_bytes())
    }

    /// Prints bytes as they are and flushes them.
    ///
    /// # Errors
    /// As [`Out::print`].
    pub fn print_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.closed || bytes.is_empty() {
            return Ok(());
        }
        match self.to.write_all(bytes).and_then(|()| self.to.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes nothing, for a reason.
    struct Refusing(ErrorKind);

    impl Write for Refusing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_a_normal_end() {
        let mut out = Out::new(Refusing(ErrorKind::BrokenPipe));
        assert!(out.print("x").is_ok() && out.closed && out.print("y").is_ok());
    }

    #[test]
    fn a_full_disk_is_not() {
        assert!(Out::new(Refusing(ErrorKind::StorageFull)).print("x").is_err());
    }
}
