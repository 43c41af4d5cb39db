//! How the results of `lint` look, in every format.
//!
//! A [`FileReport`] is what came out of one configuration, cut loose from its texts. One [`Writer`] a requested output takes
//! them one after the other and writes as it goes, so that ten thousand files need no more memory than one; a [`Summary`]
//! counts along and ends each output. What is shown and what is not was decided when the report was made.
//!
//! To add a format: its module, and a line in [`Format`].

mod checkstyle;
mod concise;
pub(super) mod escape;
mod file;
mod format;
mod github;
mod gitlab;
mod html;
mod human;
mod json;
mod junit;
mod markdown;
mod sarif;
mod summary;

pub use file::{Detail, Examined, Fate, FileReport, JudgedAs, SuppressedLine, Suppression, SuppressionKind};
pub use format::{Format, Output, Settings, Writer};
pub use summary::{Skipped, Summary};
