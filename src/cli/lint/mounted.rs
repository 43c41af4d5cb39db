//! What a container mounts is judged with the container, whose edits cannot reach it. So it is mended first, for itself; then
//! everything is judged as it has become.

#![expect(clippy::disallowed_methods, reason = "paths of different spelling must be compared on the disk")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::super::failure::Failure;
use super::super::terminal::Terminal;
use super::input::Input;
use super::{Ended, Looked, Pass, Run};
use crate::source::{Disk, FileError, Files};

/// The disk, with mended files in the place of what lies there.
#[derive(Default)]
pub(super) struct Mended(BTreeMap<PathBuf, Vec<u8>>);

impl Mended {
    fn get(&self, path: &Path) -> Option<&Vec<u8>> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&std::fs::canonicalize(path).ok()?)
    }

    pub(super) fn holds(&self, path: &Path) -> bool {
        self.get(path).is_some()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Files for Mended {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        self.get(path).map_or_else(|| Disk.read(path), |text| Ok(text.clone()))
    }

    fn names(&self, directory: &Path) -> Vec<String> {
        Disk.names(directory)
    }

    fn is_directory(&self, path: &Path) -> bool {
        Disk.is_directory(path)
    }
}

impl Run<'_> {
    /// Mends what containers mount.
    pub(super) fn mend_mounted(
        &self,
        inputs: &[Input],
        ended: &mut Ended,
        terminal: &mut Terminal,
    ) -> Result<Mended, Failure> {
        let mut mended = Mended::default();
        if !self.context.mends {
            return Ok(mended);
        }
        let mounted = |input: &&Input| matches!(input, Input::File(found) if self.taken.is_mounted(&found.path));
        let looked: Vec<(&Input, Looked)> =
            inputs.par_iter().filter(mounted).map(|input| (input, self.guarded(input, Pass::Mounted))).collect();
        for (input, looked) in looked {
            let (Input::File(found), Looked::Judged { change: Some(change), .. }) = (input, looked) else { continue };
            // What cannot be read is told when it is judged.
            let Ok(whole) = std::fs::canonicalize(&found.path) else { continue };
            ended.mended |= self.carry_out(input, &change, terminal)?;
            // With `--diff` the file stays as it is, and so does what is said of it.
            let text = if self.command.diff { Disk.read(&found.path).ok() } else { Some(change.mended.text) };
            mended.0.extend(text.map(|text| (whole, text)));
        }
        Ok(mended)
    }
}
