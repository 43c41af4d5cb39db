//! Taking a configuration to another server version: the text is rewritten so that the new version reads what the old one did.
//!
//! Flow: names and values that the target writes otherwise are edited in their lines, what it does not know is commented out,
//! and built-in values that changed are written down. Then both texts are resolved, each by its own version, and compared:
//! what is left over is for a person to decide. A text that the target would refuse is never given out.
//!
//! Of a profile its own file alone is edited: what a layer below says is shared, and is overruled instead.
//!
//! It is a room of its own, for it compares (`plan`) and edits (`syntax`); it judges nothing and writes no file.

mod data;
mod profile;
mod rewrite;
mod toml;

pub use data::Data;
pub use profile::{Refused, rewrite_profile};
pub use rewrite::{Kind, Step, Upgraded, rewrite};
