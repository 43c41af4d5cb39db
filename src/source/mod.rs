//! Texts, places in them, and where files come from.
//!
//! First room of the house: it imports nothing. A [`Source`] is a named text; a [`Span`] is a place in one; [`Sources`]
//! are the texts of one case (a root file is number 0, what it includes follows). [`Files`] hides whether texts lie on
//! disk or in memory. Nothing here knows what a text means.

mod files;
mod position;
mod text;

pub use files::{Disk, FileError, Files, Instead, MAX_FILE_BYTES, Memory};
pub use position::{Position, Source};
pub(crate) use position::{USUAL_LINE_BYTES, line_starts};
pub use text::{Name, SourceId, Sources, Span};
